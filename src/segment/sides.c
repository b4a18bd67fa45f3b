/*
 * sides.c
 *	  What the two sides of a block add up to that is cut at another zone's
 *	  midnight, and these summaries as bytes.
 *
 * Most of it follows from the block's summary: one side has its least value,
 * one its greatest, and the sums of both are its sum.  So what is kept is what
 * does not follow.  Sums of floats do not follow to the bit: those of the side
 * with fewer rows are kept, from which those of the other are told, but for the
 * distance of the true bits from what was told.
 *
 * Invariant: what comes out is what summary_compute() says of the rows of the
 * side, bit for bit, as far as it is known of the block as well.  Of a side,
 * neither ends, squares nor bounds are told, and nothing of decimals that are
 * not all shown alike.
 */
#include "territory.h"

#include "codec/codec_summary.h"
#include "segment/decimal.h"
#include "segment/segment.h"
#include "segment/summary.h"

#define SIDE_FLAGS (SUMMARY_RANGE | SUMMARY_SUM)

/* flags of both sides, and which side's extremes are the block's, as one integer */
#define AFTER_HAS_MIN 1
#define AFTER_HAS_MAX 2
#define FLAGS_BEFORE(word) (((word) >> 2) & 3)
#define FLAGS_AFTER(word) (((word) >> 4) & 3)
#define SIDES_WORD_END 64

static bool
kind_has_sides(uint8 kind)
{
	return kind == SUMMARY_INTEGER || kind == SUMMARY_DECIMAL || kind == SUMMARY_FLOAT;
}

/* what is not known of a side is zero */
static void
keep_known(ColumnSummary *side, int flags)
{
	side->flags &= flags;
	if (!(side->flags & SUMMARY_RANGE))
		side->min.i = side->max.i = 0;
	if (!(side->flags & SUMMARY_SUM))
	{
		side->sum = 0;
		side->fsum = side->m2 = 0;
	}
	side->first.i = side->last.i = 0;
	side->squares = 0;
	memset(side->box, 0, sizeof side->box);
}

/* what may be known of the sides of a block */
static int
flags_of_sides(const ColumnSummary *block)
{
	if (block->kind == SUMMARY_DECIMAL && !(block->flags & SUMMARY_RANGE))
		return 0;
	return kind_has_sides(block->kind) ? block->flags & SIDE_FLAGS : 0;
}

static void
begin_side(const ColumnSummary *block, int64 rows, int64 values, ColumnSummary *side)
{
	memset(side, 0, sizeof *side);
	side->attno = block->attno;
	side->kind = block->kind;
	side->zone = block->zone;
	side->rows = rows;
	side->values = values;
}

/* of n > 0 rows of a block */
void
side_compute(const ColumnType *type, const ColumnSummary *block, const Datum *values, const bool *nulls, int n,
			 ColumnSummary *side)
{
	int			count = 0;

	if (kind_has_sides(block->kind))
	{
		summary_compute(type, block->attno, values, nulls, n, true, side, NULL);
		keep_known(side, flags_of_sides(block));
		if (side->flags == 0)
			side->scale = 0;
		return;
	}
	for (int i = 0; i < n; i++)
		count += !nulls[i];
	begin_side(block, n, count, side);
}

/* ---- extremes ---- */

/*
 * Is one extreme of the block that of the side after the cut?  Then other is the
 * one before, else that after; what is not known is the block's, and not looked at.
 */
static bool
after_has_extreme(const ColumnSummary *sides, SummaryValue before, SummaryValue after, SummaryValue block,
				  SummaryValue *other)
{
	if (!(sides[0].flags & SUMMARY_RANGE) || before.i == block.i)
	{
		*other = sides[1].flags & SUMMARY_RANGE ? after : block;
		return false;
	}
	Assert(!(sides[1].flags & SUMMARY_RANGE) || after.i == block.i);
	*other = before;
	return true;
}

typedef struct Extremes
{
	int64		word;
	SummaryValue min;			/* of the side that has not the block's */
	SummaryValue max;
} Extremes;

static Extremes
extremes_of(const ColumnSummary *block, const ColumnSummary *sides)
{
	Extremes	extremes = {0};

	extremes.word = (sides[0].flags & SIDE_FLAGS) << 2 | (sides[1].flags & SIDE_FLAGS) << 4;
	if (after_has_extreme(sides, sides[0].min, sides[1].min, block->min, &extremes.min))
		extremes.word |= AFTER_HAS_MIN;
	if (after_has_extreme(sides, sides[0].max, sides[1].max, block->max, &extremes.max))
		extremes.word |= AFTER_HAS_MAX;
	return extremes;
}

static void
set_extremes(const ColumnSummary *block, const Extremes *extremes, ColumnSummary *sides)
{
	bool		after_min = extremes->word & AFTER_HAS_MIN;
	bool		after_max = extremes->word & AFTER_HAS_MAX;

	sides[after_min].min = block->min;
	sides[!after_min].min = extremes->min;
	sides[after_max].max = block->max;
	sides[!after_max].max = extremes->max;
	sides[0].flags = FLAGS_BEFORE(extremes->word);
	sides[1].flags = FLAGS_AFTER(extremes->word);
}

/* ---- integers and decimals ---- */

static void
encode_integers(const ColumnSummary *blocks, const ColumnSummary *sides, const Extremes *extremes, int n,
				StringInfo out)
{
	int64	   *fields[4];

	for (int f = 0; f < 4; f++)
		fields[f] = palloc(sizeof(int64) * n);
	for (int b = 0; b < n; b++)
	{
		const ColumnSummary *before = &sides[2 * b];
		uint128		above = (uint128) before->sum - (uint128) (int128) blocks[b].min.i * (uint128) before->values;

		if (!(before->flags & SUMMARY_SUM))
			above = 0;
		fields[0][b] = (int64) ((uint64) extremes[b].min.i - (uint64) blocks[b].min.i);
		fields[1][b] = (int64) ((uint64) blocks[b].max.i - (uint64) extremes[b].max.i);
		fields[2][b] = (int64) above;
		fields[3][b] = (int64) (above >> 64);
	}
	for (int f = 0; f < 4; f++)
	{
		append_integers(out, fields[f], n);
		pfree(fields[f]);
	}
}

static void
set_integer_sums(const ColumnSummary *block, uint128 above, ColumnSummary *sides)
{
	if (sides[0].flags & SUMMARY_SUM)
		sides[0].sum = (int128) (above + (uint128) (int128) block->min.i * (uint128) sides[0].values);
	if (sides[1].flags & SUMMARY_SUM)
		sides[1].sum = (int128) ((uint128) block->sum - (uint128) sides[0].sum);
}

static bool
decode_integers(const char **at, const char *end, int n, const ColumnSummary *blocks, Extremes *extremes,
				ColumnSummary *sides)
{
	int64	   *fields[4];
	bool		ok = true;

	for (int f = 0; f < 4; f++)
	{
		fields[f] = palloc(sizeof(int64) * n);
		ok = ok && take_integer_stream(at, end, n, fields[f]);
	}
	for (int b = 0; ok && b < n; b++)
	{
		extremes[b].min.i = (int64) ((uint64) blocks[b].min.i + (uint64) fields[0][b]);
		extremes[b].max.i = (int64) ((uint64) blocks[b].max.i - (uint64) fields[1][b]);
		set_extremes(&blocks[b], &extremes[b], &sides[2 * b]);
		set_integer_sums(&blocks[b], (uint128) (uint64) fields[3][b] << 64 | (uint64) fields[2][b], &sides[2 * b]);
		for (int s = 0; s < 2; s++)
			if (sides[2 * b + s].flags != 0)
				sides[2 * b + s].scale = blocks[b].scale;
	}
	for (int f = 0; f < 4; f++)
		pfree(fields[f]);
	return ok;
}

/* ---- floats ---- */

/* the side whose sums are kept: that of fewer rows */
static int
kept_side(const ColumnSummary *sides)
{
	return sides[1].rows < sides[0].rows;
}

/* the sums of the other side, as those of the block and of the side that is kept tell, about */
static void
tell_sums(const ColumnSummary *block, const ColumnSummary *kept, const ColumnSummary *other, double *sum, double *m2)
{
	double		n1 = kept->values;
	double		n2 = other->values;

	*sum = block->fsum - kept->fsum;
	*m2 = block->m2;
	if (n1 > 0 && n2 > 0)
		*m2 = block->m2 - codec_merge_m2(n1, kept->fsum, kept->m2, n2, *sum, 0);
	if (!(*m2 > 0))
		*m2 = 0;
}

/* between the bits of two floats, and back */
static int64
bits_apart(double value, double from)
{
	uint64		a,
				b;

	memcpy(&a, &value, sizeof a);
	memcpy(&b, &from, sizeof b);
	return (int64) (a - b);
}

static double
bits_away(double from, int64 distance)
{
	uint64		bits;
	double		value;

	memcpy(&bits, &from, sizeof bits);
	bits += (uint64) distance;
	memcpy(&value, &bits, sizeof value);
	return value;
}

static void
encode_floats(const ColumnSummary *blocks, const ColumnSummary *sides, const Extremes *extremes, int n, StringInfo out)
{
	double	   *fields[4];
	int64	   *apart[2];

	for (int f = 0; f < 4; f++)
		fields[f] = palloc(sizeof(double) * n);
	for (int f = 0; f < 2; f++)
		apart[f] = palloc0(sizeof(int64) * n);
	for (int b = 0; b < n; b++)
	{
		int			kept = kept_side(&sides[2 * b]);
		const ColumnSummary *few = &sides[2 * b + kept];
		const ColumnSummary *many = &sides[2 * b + !kept];
		double		sum,
					m2;

		fields[0][b] = extremes[b].min.f;
		fields[1][b] = extremes[b].max.f;
		fields[2][b] = few->fsum;
		fields[3][b] = few->m2;
		if (!(many->flags & SUMMARY_SUM))
			continue;
		tell_sums(&blocks[b], few, many, &sum, &m2);
		apart[0][b] = bits_apart(many->fsum, sum);
		apart[1][b] = bits_apart(many->m2, m2);
	}
	for (int f = 0; f < 4; f++)
	{
		append_floats(out, fields[f], n);
		pfree(fields[f]);
	}
	for (int f = 0; f < 2; f++)
	{
		append_integers(out, apart[f], n);
		pfree(apart[f]);
	}
}

static void
set_float_sums(const ColumnSummary *block, double sum, double m2, const int64 *apart, ColumnSummary *sides)
{
	int			kept = kept_side(sides);
	ColumnSummary *many = &sides[!kept];

	sides[kept].fsum = sum;
	sides[kept].m2 = m2;
	if (!(many->flags & SUMMARY_SUM))
		return;
	tell_sums(block, &sides[kept], many, &sum, &m2);
	many->fsum = bits_away(sum, apart[0]);
	many->m2 = bits_away(m2, apart[1]);
}

static bool
decode_floats(const char **at, const char *end, int n, const ColumnSummary *blocks, Extremes *extremes,
			  ColumnSummary *sides)
{
	double	   *fields[4];
	int64	   *apart[2];
	bool		ok = true;

	for (int f = 0; f < 4; f++)
	{
		fields[f] = palloc(sizeof(double) * n);
		ok = ok && take_float_stream(at, end, n, fields[f]);
	}
	for (int f = 0; f < 2; f++)
	{
		apart[f] = palloc(sizeof(int64) * n);
		ok = ok && take_integer_stream(at, end, n, apart[f]);
	}
	for (int b = 0; ok && b < n; b++)
	{
		extremes[b].min.f = fields[0][b];
		extremes[b].max.f = fields[1][b];
		set_extremes(&blocks[b], &extremes[b], &sides[2 * b]);
		set_float_sums(&blocks[b], fields[2][b], fields[3][b], (int64[]) {apart[0][b], apart[1][b]}, &sides[2 * b]);
	}
	for (int f = 0; f < 4; f++)
		pfree(fields[f]);
	for (int f = 0; f < 2; f++)
		pfree(apart[f]);
	return ok;
}

/* ---- all blocks of a column that are cut ---- */

/* where no row is null, that is known anyway */
static bool
any_null(const ColumnSummary *blocks, int n)
{
	for (int b = 0; b < n; b++)
		if (blocks[b].values < blocks[b].rows)
			return true;
	return false;
}

void
sides_encode(const ColumnSummary *blocks, const ColumnSummary *sides, int n, StringInfo out)
{
	uint8		kind = blocks[0].kind;
	int64	   *field = palloc(sizeof(int64) * n);
	Extremes   *extremes = palloc(sizeof(Extremes) * n);

	if (any_null(blocks, n))
	{
		for (int b = 0; b < n; b++)
			field[b] = sides[2 * b].rows - sides[2 * b].values;
		append_integers(out, field, n);
	}
	if (kind_has_sides(kind))
	{
		for (int b = 0; b < n; b++)
		{
			extremes[b] = extremes_of(&blocks[b], &sides[2 * b]);
			field[b] = extremes[b].word;
		}
		append_integers(out, field, n);
		if (kind == SUMMARY_FLOAT)
			encode_floats(blocks, sides, extremes, n, out);
		else
			encode_integers(blocks, sides, extremes, n, out);
	}
	pfree(field);
	pfree(extremes);
}

static bool
take_nulls(const char **at, const char *end, int n, const ColumnSummary *blocks, ColumnSummary *sides)
{
	int64	   *nulls = palloc0(sizeof(int64) * n);
	bool		ok = !any_null(blocks, n) || take_integer_stream(at, end, n, nulls);

	for (int b = 0; ok && b < n; b++)
	{
		int64		before = sides[2 * b].rows;
		int64		values = before - nulls[b];

		ok = nulls[b] >= 0 && values >= 0 && values <= blocks[b].values && blocks[b].values - values <= blocks[b].rows - before;
		begin_side(&blocks[b], before, values, &sides[2 * b]);
		begin_side(&blocks[b], blocks[b].rows - before, blocks[b].values - values, &sides[2 * b + 1]);
	}
	pfree(nulls);
	return ok;
}

static bool
take_words(const char **at, const char *end, int n, Extremes *extremes)
{
	int64	   *words = palloc(sizeof(int64) * n);
	bool		ok = take_integer_stream(at, end, n, words);

	for (int b = 0; ok && b < n; b++)
	{
		ok = words[b] >= 0 && words[b] < SIDES_WORD_END;
		extremes[b].word = words[b];
	}
	pfree(words);
	return ok;
}

/* the caller has set how many rows are on the side before each cut, and what is known of the blocks */
bool
sides_decode(const char *in, size_t len, int n, const ColumnSummary *blocks, ColumnSummary *sides)
{
	const char *at = in;
	const char *end = in + len;
	uint8		kind = blocks[0].kind;
	Extremes   *extremes = palloc0(sizeof(Extremes) * n);
	bool		ok = take_nulls(&at, end, n, blocks, sides);

	if (ok && kind_has_sides(kind))
	{
		ok = take_words(&at, end, n, extremes) &&
			(kind == SUMMARY_FLOAT ? decode_floats(&at, end, n, blocks, extremes, sides) :
			 decode_integers(&at, end, n, blocks, extremes, sides));
		for (int b = 0; ok && b < 2 * n; b++)
			keep_known(&sides[b], flags_of_sides(&blocks[b / 2]));
	}
	pfree(extremes);
	return ok && at == end;
}
