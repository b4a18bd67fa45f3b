/*
 * summary_disk.c
 *	  Summaries as bytes: of all blocks of a column together, and of a segment.
 *
 * Of a column's blocks, each field is one codec stream, which makes what is
 * alike cost next to nothing.  Sums of integers are kept from the least value,
 * as are squares: both are small where the values are alike.  What the block
 * header holds anyway (rows, nulls, zone maps) is not repeated.
 */
#include "territory.h"

#include "codec/codec.h"
#include "codec/codec_summary.h"
#include "segment/decimal.h"
#include "segment/segment.h"
#include "segment/summary.h"

/* ---- streams with their length before them ---- */

void
append_integers(StringInfo out, const int64 *values, int n)
{
	size_t		bound = codec_int64_bound(n);
	uint16		len;

	enlargeStringInfo(out, bound + sizeof len);
	len = codec_int64_encode((const int64_t *) values, n, (uint8_t *) out->data + out->len + sizeof len, bound);
	memcpy(out->data + out->len, &len, sizeof len);
	out->len += sizeof len + len;
	out->data[out->len] = '\0';
}

void
append_floats(StringInfo out, const double *values, int n)
{
	size_t		bound = codec_float64_bound(n);
	uint16		len;

	enlargeStringInfo(out, bound + sizeof len);
	len = codec_float64_encode(values, n, (uint8_t *) out->data + out->len + sizeof len, bound);
	memcpy(out->data + out->len, &len, sizeof len);
	out->len += sizeof len + len;
	out->data[out->len] = '\0';
}

static bool
take_stream(const char **at, const char *end, const uint8_t **stream, uint16 *len)
{
	if (end - *at < (ptrdiff_t) sizeof *len)
		return false;
	memcpy(len, *at, sizeof *len);
	if (end - *at < (ptrdiff_t) (sizeof *len + *len))
		return false;
	*stream = (const uint8_t *) *at + sizeof *len;
	*at += sizeof *len + *len;
	return true;
}

bool
take_integer_stream(const char **at, const char *end, int n, int64 *values)
{
	const uint8_t *stream;
	uint16		len;

	return take_stream(at, end, &stream, &len) && codec_int64_decode(stream, len, n, (int64_t *) values) == CODEC_OK;
}

bool
take_float_stream(const char **at, const char *end, int n, double *values)
{
	const uint8_t *stream;
	uint16		len;

	return take_stream(at, end, &stream, &len) && codec_float64_decode(stream, len, n, values) == CODEC_OK;
}

/* ---- all blocks of a column ---- */

/* sums from the least value on; unsigned, as they wrap on the way and fit in the end */
static void
sums_from_min(const ColumnSummary *summary, uint128 *above, uint128 *squares)
{
	uint128		min = (uint128) (int128) summary->min.i;

	*above = *squares = 0;
	if (summary->flags & SUMMARY_SUM)
		*above = (uint128) summary->sum - min * (uint128) summary->values;
	if (summary->flags & SUMMARY_SQUARES)
		*squares = (uint128) summary->squares - 2 * min * *above - min * min * (uint128) summary->values;
}

static void
sums_to_zero(ColumnSummary *summary, uint128 above, uint128 squares)
{
	uint128		min = (uint128) (int128) summary->min.i;

	if (summary->flags & SUMMARY_SUM)
		summary->sum = (int128) (above + min * (uint128) summary->values);
	if (summary->flags & SUMMARY_SQUARES)
		summary->squares = (int128) (squares + 2 * min * above + min * min * (uint128) summary->values);
}

static void
encode_integer_sums(const ColumnSummary *summaries, int nblocks, StringInfo out)
{
	int64	   *fields[6];

	for (int f = 0; f < 6; f++)
		fields[f] = palloc(sizeof(int64) * nblocks);
	for (int b = 0; b < nblocks; b++)
	{
		const ColumnSummary *summary = &summaries[b];
		bool		ends = (summary->flags & SUMMARY_ENDS) != 0;
		uint128		above,
					squares;

		sums_from_min(summary, &above, &squares);
		fields[0][b] = (int64) above;
		fields[1][b] = (int64) (above >> 64);
		fields[2][b] = (int64) squares;
		fields[3][b] = (int64) (squares >> 64);
		fields[4][b] = ends ? (int64) ((uint64) summary->first.i - (uint64) summary->min.i) : 0;
		fields[5][b] = ends ? (int64) ((uint64) summary->max.i - (uint64) summary->last.i) : 0;
	}
	for (int f = 0; f < 6; f++)
	{
		append_integers(out, fields[f], nblocks);
		pfree(fields[f]);
	}
}

static bool
decode_integer_sums(const char **at, const char *end, int nblocks, ColumnSummary *summaries)
{
	int64	   *fields[6];
	bool		ok = true;

	for (int f = 0; f < 6; f++)
	{
		fields[f] = palloc(sizeof(int64) * nblocks);
		ok = ok && take_integer_stream(at, end, nblocks, fields[f]);
	}
	for (int b = 0; ok && b < nblocks; b++)
	{
		ColumnSummary *summary = &summaries[b];

		sums_to_zero(summary, (uint128) (uint64) fields[1][b] << 64 | (uint64) fields[0][b],
					 (uint128) (uint64) fields[3][b] << 64 | (uint64) fields[2][b]);
		if (summary->flags & SUMMARY_ENDS)
		{
			summary->first.i = (int64) ((uint64) summary->min.i + (uint64) fields[4][b]);
			summary->last.i = (int64) ((uint64) summary->max.i - (uint64) fields[5][b]);
		}
	}
	for (int f = 0; f < 6; f++)
		pfree(fields[f]);
	return ok;
}

static void
encode_decimal_ranges(const ColumnSummary *summaries, int nblocks, StringInfo out)
{
	int64	   *field = palloc(sizeof(int64) * nblocks);

	for (int b = 0; b < nblocks; b++)
		field[b] = summaries[b].scale;
	append_integers(out, field, nblocks);
	for (int b = 0; b < nblocks; b++)
		field[b] = summaries[b].min.i;
	append_integers(out, field, nblocks);
	for (int b = 0; b < nblocks; b++)
		field[b] = summaries[b].max.i;
	append_integers(out, field, nblocks);
	pfree(field);
}

static bool
decode_decimal_ranges(const char **at, const char *end, int nblocks, ColumnSummary *summaries)
{
	int64	   *scales = palloc(sizeof(int64) * nblocks);
	int64	   *min = palloc(sizeof(int64) * nblocks);
	int64	   *max = palloc(sizeof(int64) * nblocks);
	bool		ok = take_integer_stream(at, end, nblocks, scales) && take_integer_stream(at, end, nblocks, min) &&
		take_integer_stream(at, end, nblocks, max);

	for (int b = 0; ok && b < nblocks; b++)
	{
		ok = scales[b] >= 0 && scales[b] <= DECIMAL_MAX_SCALE;
		summaries[b].scale = scales[b];
		summaries[b].min.i = min[b];
		summaries[b].max.i = max[b];
	}
	pfree(scales);
	pfree(min);
	pfree(max);
	return ok;
}

/* offsets in ColumnSummary of the doubles that a kind keeps; returns how many */
static int
float_fields(uint8 kind, size_t *offsets)
{
	if (kind == SUMMARY_FLOAT)
	{
		offsets[0] = offsetof(ColumnSummary, fsum);
		offsets[1] = offsetof(ColumnSummary, m2);
		offsets[2] = offsetof(ColumnSummary, first.f);
		offsets[3] = offsetof(ColumnSummary, last.f);
		return 4;
	}
	if (kind != SUMMARY_BOX)
		return 0;
	for (int d = 0; d < 4; d++)
		offsets[d] = offsetof(ColumnSummary, box) + d * sizeof(double);
	return 4;
}

void
summaries_encode(const ColumnSummary *summaries, int nblocks, StringInfo out)
{
	uint8		kind = summaries[0].kind;
	int64	   *flags = palloc(sizeof(int64) * nblocks);
	double	   *field = palloc(sizeof(double) * nblocks);
	size_t		offsets[4];
	int			nfloats = float_fields(kind, offsets);

	if (kind != SUMMARY_NONE)
	{
		for (int b = 0; b < nblocks; b++)
			flags[b] = summaries[b].flags;
		append_integers(out, flags, nblocks);
	}
	if (kind == SUMMARY_DECIMAL)
		encode_decimal_ranges(summaries, nblocks, out);
	if (kind == SUMMARY_DECIMAL || kind == SUMMARY_INTEGER)
		encode_integer_sums(summaries, nblocks, out);
	for (int f = 0; f < nfloats; f++)
	{
		for (int b = 0; b < nblocks; b++)
			memcpy(&field[b], (const char *) &summaries[b] + offsets[f], sizeof(double));
		append_floats(out, field, nblocks);
	}
	pfree(flags);
	pfree(field);
}

/*
 * The caller has set what the block header holds: attno, kind, zone, rows,
 * values, and min and max but for decimals (zero where there is no value).
 */
bool
summaries_decode(const char *in, size_t len, int nblocks, ColumnSummary *summaries)
{
	const char *at = in;
	const char *end = in + len;
	uint8		kind = summaries[0].kind;
	int64	   *flags = palloc0(sizeof(int64) * nblocks);
	double	   *field = palloc(sizeof(double) * nblocks);
	size_t		offsets[4];
	int			nfloats = float_fields(kind, offsets);
	bool		ok = kind == SUMMARY_NONE || take_integer_stream(&at, end, nblocks, flags);

	for (int b = 0; ok && b < nblocks; b++)
	{
		ok = flags[b] >= 0 && flags[b] < 2 * SUMMARY_BOUNDS;
		summaries[b].flags = flags[b];
		if (!(flags[b] & SUMMARY_RANGE))
			summaries[b].min.i = summaries[b].max.i = 0;
	}
	if (kind == SUMMARY_DECIMAL)
		ok = ok && decode_decimal_ranges(&at, end, nblocks, summaries);
	if (kind == SUMMARY_DECIMAL || kind == SUMMARY_INTEGER)
		ok = ok && decode_integer_sums(&at, end, nblocks, summaries);
	for (int f = 0; ok && f < nfloats; f++)
	{
		ok = take_float_stream(&at, end, nblocks, field);
		for (int b = 0; ok && b < nblocks; b++)
			memcpy((char *) &summaries[b] + offsets[f], &field[b], sizeof(double));
	}
	pfree(flags);
	pfree(field);
	return ok && at == end;
}

/* ---- one summary of a segment ---- */

/* the parts of a summary that follow its head, by what is known */
static int
known_parts(ColumnSummary *summary, void **parts, size_t *sizes)
{
	int			n = 0;
	bool		is_float = summary->kind == SUMMARY_FLOAT;

#define PART(flag, field) \
	if (summary->flags & (flag)) \
		parts[n] = &summary->field, sizes[n++] = sizeof summary->field
	PART(SUMMARY_RANGE, min);
	PART(SUMMARY_RANGE, max);
	PART(SUMMARY_ENDS, first);
	PART(SUMMARY_ENDS, last);
	PART(is_float ? SUMMARY_SUM : 0, fsum);
	PART(is_float ? SUMMARY_SUM : 0, m2);
	PART(is_float ? 0 : SUMMARY_SUM, sum);
	PART(is_float ? 0 : SUMMARY_SQUARES, squares);
	PART(SUMMARY_BOUNDS, box);
#undef PART
	return n;
}

void
summary_put(StringInfo out, const ColumnSummary *summary)
{
	ColumnSummary copy = *summary;
	uint16		attno = summary->attno;
	uint32		values = summary->values;
	void	   *parts[9];
	size_t		sizes[9];
	int			n = known_parts(&copy, parts, sizes);

	appendBinaryStringInfo(out, (char *) &attno, sizeof attno);
	appendStringInfoChar(out, (char) summary->kind);
	appendStringInfoChar(out, (char) summary->zone);
	appendStringInfoChar(out, (char) summary->scale);
	appendStringInfoChar(out, (char) summary->flags);
	appendBinaryStringInfo(out, (char *) &values, sizeof values);
	for (int p = 0; p < n; p++)
		appendBinaryStringInfo(out, parts[p], sizes[p]);
}

#define SUMMARY_HEAD 10

/* all but the number of rows */
bool
summary_take(const char **at, const char *end, ColumnSummary *summary)
{
	uint16		attno;
	uint32		values;
	void	   *parts[9];
	size_t		sizes[9];
	int			n;

	if (end - *at < SUMMARY_HEAD)
		return false;
	memset(summary, 0, sizeof *summary);
	memcpy(&attno, *at, sizeof attno);
	memcpy(&values, *at + 6, sizeof values);
	summary->attno = attno;
	summary->kind = (*at)[2];
	summary->zone = (*at)[3];
	summary->scale = (*at)[4];
	summary->flags = (*at)[5];
	summary->values = values;
	*at += SUMMARY_HEAD;
	n = known_parts(summary, parts, sizes);
	for (int p = 0; p < n; p++)
	{
		if (end - *at < (ptrdiff_t) sizes[p])
			return false;
		memcpy(parts[p], *at, sizes[p]);
		*at += sizes[p];
	}
	return true;
}
