/*
 * stbox_text.c
 *	  Boxes as text and in binary.
 *
 *		STBOX X((1,2),(3,4))			x and y: lowest corner, highest corner
 *		STBOX Z((1,2,0),(3,4,10))		x, y and z
 *		STBOX T([2026-01-01 00:00:00+00, 2026-01-02 00:00:00+00))
 *		SRID=2154;STBOX XT(((1,2),(3,4)),[2026-01-01 00:00:00+00, 2026-01-02 00:00:00+00))
 *		SRID=2154;STBOX ZT(((1,2,0),(3,4,10)),[…, …])
 *
 * The notation is MobilityDB's.  Numbers are written with the fewest digits that
 * give them back, instants in ISO 8601 with the offset of the session's time
 * zone, so what is written reads back as the same bytes.
 *
 * Binary: version (1 byte), flags (1), SRID (int32), then min and max of each
 * dimension (float8), then tmin and tmax (int64); parts that are missing are left
 * out.
 */
#include "territory.h"

#include <math.h>

#include "common/shortest_dec.h"
#include "lib/stringinfo.h"
#include "libpq/pqformat.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "series/series.h"
#include "spacetime/stbox.h"

#define BINARY_VERSION 1

/* ---- reading ---- */

static void
fail(const char *text, const char *at, const char *expected)
{
	int			shown = pg_mbcliplen(at, (int) strlen(at), 20);

	ereport(ERROR,
			(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION), errmsg("malformed stbox: %s expected", expected),
			 *at ? errdetail("At character %d, \"%.*s\".", pg_mbstrlen_with_len(text, (int) (at - text)) + 1, shown, at) :
			 errdetail("The text ends."),
			 errhint("Write STBOX X((1,2),(3,4)), STBOX T([instant, instant]) or SRID=2154;STBOX XT(((1,2),(3,4)),[instant, instant]).")));
}

typedef struct Reader
{
	const char *text;
	const char *at;
} Reader;

static void
skip_blanks(Reader *reader)
{
	while (isspace((unsigned char) *reader->at))
		reader->at++;
}

static bool
take(Reader *reader, const char *word)
{
	skip_blanks(reader);
	if (pg_strncasecmp(reader->at, word, strlen(word)) != 0)
		return false;
	reader->at += strlen(word);
	return true;
}

static void
need(Reader *reader, const char *word)
{
	if (!take(reader, word))
		fail(reader->text, reader->at, word);
}

static double
take_number(Reader *reader)
{
	char	   *end;
	double		value;

	skip_blanks(reader);
	errno = 0;
	value = strtod(reader->at, &end);
	if (end == reader->at)
		fail(reader->text, reader->at, "a number");
	if (errno == ERANGE && (value == 0 || isinf(value)))
		ereport(ERROR, (errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
						errmsg("\"%.*s\" is out of range for type double precision", (int) (end - reader->at),
							   reader->at)));
	reader->at = end;
	return value;
}

static int32
take_srid(Reader *reader)
{
	char	   *end;
	long		srid;

	errno = 0;
	srid = strtol(reader->at, &end, 10);
	if (end == reader->at || errno != 0 || srid < 0 || srid > SERIES_MAX_SRID)
		fail(reader->text, reader->at, "an SRID");
	reader->at = end;
	need(reader, ";");
	return (int32) srid;
}

static void
take_corner(Reader *reader, int dims, double *corner)
{
	need(reader, "(");
	for (int d = 0; d < dims; d++)
	{
		if (d > 0)
			need(reader, ",");
		corner[d] = take_number(reader);
	}
	need(reader, ")");
}

static void
take_space(Reader *reader, STBox *box, int32 srid, int dims)
{
	double		min[STBOX_DIMS],
				max[STBOX_DIMS];

	take_corner(reader, dims, min);
	need(reader, ",");
	take_corner(reader, dims, max);
	stbox_set_space(box, srid, dims, min, max);
}

/* in quotes or not */
static TimestampTz
take_instant(Reader *reader)
{
	const char *stop = ",])";
	Size		len;
	char	   *word;
	TimestampTz t;
	bool		quoted = take(reader, "\"");

	skip_blanks(reader);
	len = strcspn(reader->at, quoted ? "\"" : stop);
	if (len == 0 || len > MAXDATELEN)
		fail(reader->text, reader->at, "an instant");
	word = pnstrdup(reader->at, len);
	t = DatumGetTimestampTz(DirectFunctionCall3(timestamptz_in, CStringGetDatum(word), ObjectIdGetDatum(InvalidOid),
												Int32GetDatum(-1)));
	pfree(word);
	reader->at += len;
	if (quoted)
		need(reader, "\"");
	return t;
}

static void
take_time(Reader *reader, STBox *box)
{
	TimestampTz tmin,
				tmax;
	bool		tmin_included = take(reader, "["),
				tmax_included;

	if (!tmin_included && !take(reader, "("))
		fail(reader->text, reader->at, "[ or (");
	tmin = take_instant(reader);
	need(reader, ",");
	tmax = take_instant(reader);
	tmax_included = take(reader, "]");
	if (!tmax_included && !take(reader, ")"))
		fail(reader->text, reader->at, "] or )");
	stbox_set_time(box, tmin, tmin_included, tmax, tmax_included);
}

PG_FUNCTION_INFO_V1(territory_stbox_in);
Datum
territory_stbox_in(PG_FUNCTION_ARGS)
{
	Reader		reader = {.text = PG_GETARG_CSTRING(0)};
	STBox	   *box = palloc(sizeof(STBox));
	int32		srid = 0;
	int			dims;
	bool		timed;
	const char *parts;

	stbox_init(box);
	reader.at = reader.text;
	if (take(&reader, "SRID="))
		srid = take_srid(&reader);
	need(&reader, "STBOX");
	skip_blanks(&reader);
	parts = reader.at;
	dims = take(&reader, "X") ? 2 : take(&reader, "Z") ? 3 : 0;
	timed = take(&reader, "T");
	if (dims == 0 && !timed)
		fail(reader.text, parts, "X, Z, T, XT or ZT");
	if (dims == 0 && srid != 0)
		fail(reader.text, parts, "X or Z, which have an SRID,");
	need(&reader, "(");
	if (dims > 0 && timed)
	{
		need(&reader, "(");
		take_space(&reader, box, srid, dims);
		need(&reader, ")");
		need(&reader, ",");
	}
	else if (dims > 0)
		take_space(&reader, box, srid, dims);
	if (timed)
		take_time(&reader, box);
	need(&reader, ")");
	skip_blanks(&reader);
	if (*reader.at)
		fail(reader.text, reader.at, "the end");
	PG_RETURN_STBOX(box);
}

/* ---- writing ---- */

static void
put_corner(StringInfo out, const double *corner, int dims)
{
	for (int d = 0; d < dims; d++)
	{
		appendStringInfoChar(out, d == 0 ? '(' : ',');
		enlargeStringInfo(out, DOUBLE_SHORTEST_DECIMAL_LEN);
		out->len += double_to_shortest_decimal_buf(corner[d], out->data + out->len);
	}
	appendStringInfoChar(out, ')');
}

static void
put_instant(StringInfo out, TimestampTz t)
{
	char		buffer[MAXDATELEN + 1];
	struct pg_tm tm;
	fsec_t		fraction;
	int			offset;
	const char *zone;

	if (TIMESTAMP_NOT_FINITE(t))
		EncodeSpecialTimestamp(t, buffer);
	else if (timestamp2tm(t, &offset, &tm, &fraction, &zone, NULL) == 0)
		EncodeDateTime(&tm, fraction, true, offset, zone, USE_ISO_DATES, buffer);
	else
		ereport(ERROR, (errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE), errmsg("timestamp out of range")));
	appendStringInfoString(out, buffer);
}

PG_FUNCTION_INFO_V1(territory_stbox_out);
Datum
territory_stbox_out(PG_FUNCTION_ARGS)
{
	const STBox *box = PG_GETARG_STBOX(0);
	int			dims = stbox_dims(box);
	bool		timed = stbox_has(box, STBOX_HAS_T);
	StringInfoData out;

	initStringInfo(&out);
	if (box->srid != 0)
		appendStringInfo(&out, "SRID=%d;", box->srid);
	appendStringInfo(&out, "STBOX %s%s(", dims == 3 ? "Z" : dims == 2 ? "X" : "", timed ? "T" : "");
	if (dims > 0)
	{
		appendStringInfoString(&out, timed ? "(" : "");
		put_corner(&out, box->min, dims);
		appendStringInfoChar(&out, ',');
		put_corner(&out, box->max, dims);
		appendStringInfoString(&out, timed ? ")," : "");
	}
	if (timed)
	{
		appendStringInfoChar(&out, box->flags & STBOX_TMIN_INCLUDED ? '[' : '(');
		put_instant(&out, box->tmin);
		appendStringInfoString(&out, ", ");
		put_instant(&out, box->tmax);
		appendStringInfoChar(&out, box->flags & STBOX_TMAX_INCLUDED ? ']' : ')');
	}
	appendStringInfoChar(&out, ')');
	PG_RETURN_CSTRING(out.data);
}

/* ---- binary ---- */

static void
refuse(const char *what)
{
	ereport(ERROR, (errcode(ERRCODE_INVALID_BINARY_REPRESENTATION), errmsg("malformed binary stbox: %s", what),
					errhint("The reference describes the bytes.")));
}

static TimestampTz
receive_instant(StringInfo in)
{
	TimestampTz t = pq_getmsgint64(in);

	if (!TIMESTAMP_NOT_FINITE(t) && !IS_VALID_TIMESTAMP(t))
		ereport(ERROR, (errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE), errmsg("timestamp out of range")));
	return t;
}

PG_FUNCTION_INFO_V1(territory_stbox_recv);
Datum
territory_stbox_recv(PG_FUNCTION_ARGS)
{
	StringInfo	in = (StringInfo) PG_GETARG_POINTER(0);
	STBox	   *box = palloc(sizeof(STBox));
	int			flags,
				dims;
	int32		srid;

	stbox_init(box);
	if (pq_getmsgbyte(in) != BINARY_VERSION)
		refuse("its version is not known");
	flags = pq_getmsgbyte(in);
	dims = flags & STBOX_HAS_Z ? 3 : flags & STBOX_HAS_X ? 2 : 0;
	if ((flags & ~(STBOX_PARTS | STBOX_TMIN_INCLUDED | STBOX_TMAX_INCLUDED)) || !(flags & STBOX_PARTS) ||
		(dims == 3 && !(flags & STBOX_HAS_X)) ||
		(!(flags & STBOX_HAS_T) && (flags & (STBOX_TMIN_INCLUDED | STBOX_TMAX_INCLUDED))))
		refuse("its flags are wrong");
	srid = (int32) pq_getmsgint(in, 4);
	if (dims == 0 && srid != 0)
		refuse("it has an SRID, but no space");
	if (dims > 0)
	{
		double		min[STBOX_DIMS],
					max[STBOX_DIMS];

		for (int d = 0; d < dims; d++)
		{
			min[d] = pq_getmsgfloat8(in);
			max[d] = pq_getmsgfloat8(in);
		}
		stbox_set_space(box, srid, dims, min, max);
	}
	if (flags & STBOX_HAS_T)
	{
		TimestampTz tmin = receive_instant(in),
					tmax = receive_instant(in);

		stbox_set_time(box, tmin, (flags & STBOX_TMIN_INCLUDED) != 0, tmax, (flags & STBOX_TMAX_INCLUDED) != 0);
	}
	PG_RETURN_STBOX(box);
}

PG_FUNCTION_INFO_V1(territory_stbox_send);
Datum
territory_stbox_send(PG_FUNCTION_ARGS)
{
	const STBox *box = PG_GETARG_STBOX(0);
	StringInfoData out;

	pq_begintypsend(&out);
	pq_sendbyte(&out, BINARY_VERSION);
	pq_sendbyte(&out, box->flags);
	pq_sendint32(&out, box->srid);
	for (int d = 0; d < stbox_dims(box); d++)
	{
		pq_sendfloat8(&out, box->min[d]);
		pq_sendfloat8(&out, box->max[d]);
	}
	if (stbox_has(box, STBOX_HAS_T))
	{
		pq_sendint64(&out, box->tmin);
		pq_sendint64(&out, box->tmax);
	}
	PG_RETURN_BYTEA_P(pq_endtypsend(&out));
}
