/*
 * series_trajectory.c
 *	  point_series as PostGIS trajectories (geometries with M) and back.
 *
 * The idea: PostGIS calls a LINESTRING M a trajectory where M increases, and
 * M is seconds since 1970.  A section is a line; what has one instant is a
 * point, and what knows instants alone a MULTIPOINT:
 *
 *		discrete					MULTIPOINT M
 *		linear, one section			LINESTRING M, of one instant POINT M
 *		linear, several sections	MULTILINESTRING M, GEOMETRYCOLLECTION M where some are points
 *
 * A step series jumps, and no line does.  A double of seconds keeps
 * microseconds up to the year 2242 (2^33 seconds), so until then nothing is
 * lost there and back.
 */
#include "territory.h"

#include <math.h>

#include "fmgr.h"
#include "lib/stringinfo.h"
#include "port/pg_bswap.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "series/point.h"
#include "series/series.h"

#define EWKB_Z 0x80000000
#define EWKB_M 0x40000000
#define EWKB_SRID 0x20000000

enum
{
	WKB_POINT = 1,
	WKB_LINESTRING = 2,
	WKB_MULTIPOINT = 4,
	WKB_MULTILINESTRING = 5,
	WKB_COLLECTION = 7,
};

#define UNIX_EPOCH_OFFSET ((int64) (POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) * SECS_PER_DAY)

/* ---- to a geometry ---- */

static double
epoch_seconds(TimestampTz t)
{
	/* one rounding only: whole seconds are exact, and so is a fraction of microseconds to half an ulp */
	int64		seconds = t / USECS_PER_SEC;
	int64		rest = t % USECS_PER_SEC;

	return (double) (seconds + UNIX_EPOCH_OFFSET) + (double) rest / USECS_PER_SEC;
}

static void
put_head(StringInfo out, const Series *series, int type)
{
	point_ewkb_head(out, type | EWKB_M, series->dims, series->srid);
}

static void
put_count(StringInfo out, int count)
{
	uint32		n = count;

	appendBinaryStringInfo(out, (char *) &n, sizeof n);
}

static void
put_position(StringInfo out, const Series *series, int i)
{
	double		v[SERIES_DIMS + 1];

	for (int d = 0; d < series->dims; d++)
		v[d] = series->v[d][i];
	v[series->dims] = epoch_seconds(series->t[i]);
	point_ewkb_coordinates(out, v, series->dims + 1);
}

/* a point where a section has one instant, else a line */
static void
put_section(StringInfo out, const Series *series, int first, int n)
{
	put_head(out, series, n == 1 ? WKB_POINT : WKB_LINESTRING);
	if (n > 1)
		put_count(out, n);
	for (int i = first; i < first + n; i++)
		put_position(out, series, i);
}

static int
section_end(const Series *series, int first)
{
	int			end = first + 1;

	while (end < series->n && !series->starts[end])
		end++;
	return end;
}

static void
put_sections(StringInfo out, const Series *series, int sections)
{
	bool		lines = true;

	for (int first = 0, end; first < series->n; first = end)
	{
		end = section_end(series, first);
		lines &= end - first > 1;
	}
	put_head(out, series, lines ? WKB_MULTILINESTRING : WKB_COLLECTION);
	put_count(out, sections);
	for (int first = 0, end; first < series->n; first = end)
	{
		end = section_end(series, first);
		put_section(out, series, first, end - first);
	}
}

PG_FUNCTION_INFO_V1(territory_point_series_as_geometry);

Datum
territory_point_series_as_geometry(PG_FUNCTION_ARGS)
{
	Series	   *series = PG_GETARG_SERIES(0);
	int			sections = 0;
	StringInfoData out;

	if (series->interpolation == SERIES_STEP)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("a step point_series is no trajectory"),
						errdetail("Its points jump, and lines do not."),
						errhint("Make a linear or a discrete series of the same instants first.")));
	for (int i = 0; i < series->n; i++)
		sections += series->starts[i];
	initStringInfo(&out);
	if (series->interpolation == SERIES_DISCRETE)
	{
		put_head(&out, series, WKB_MULTIPOINT);
		put_count(&out, series->n);
		for (int i = 0; i < series->n; i++)
			put_section(&out, series, i, 1);
	}
	else if (sections == 1)
		put_section(&out, series, 0, series->n);
	else
		put_sections(&out, series, sections);
	return point_geometry_from_ewkb(&out);
}

/* ---- from a geometry ---- */

typedef struct Reader
{
	const char *at;
	const char *end;
	Series	   *series;			/* made at the first position */
	int32		srid;
} Reader;

/* PostGIS wrote it: what does not fit is a bug */
static void
take(Reader *reader, void *to, size_t size)
{
	if ((size_t) (reader->end - reader->at) < size)
		elog(ERROR, "territory: EWKB ends early");
	memcpy(to, reader->at, size);
	reader->at += size;
}

static uint32
take_word(Reader *reader, bool swap)
{
	uint32		word;

	take(reader, &word, sizeof word);
	return swap ? pg_bswap32(word) : word;
}

static TimestampTz
instant_of(double seconds)
{
	double		whole = floor(seconds);
	double		micros = rint((seconds - whole) * USECS_PER_SEC);

	whole -= UNIX_EPOCH_OFFSET;
	if (!(whole > (double) MIN_TIMESTAMP / USECS_PER_SEC && whole < (double) END_TIMESTAMP / USECS_PER_SEC))
		ereport(ERROR, (errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
						errmsg("M of a trajectory is out of the range of times"),
						errhint("M is seconds since 1970-01-01 00:00:00 UTC.")));
	return (TimestampTz) whole * USECS_PER_SEC + (TimestampTz) micros;
}

static void
take_position(Reader *reader, bool swap, int dims, bool starts)
{
	uint64		bits[SERIES_DIMS + 1];
	double		v[SERIES_DIMS + 1];
	Series	   *series;
	TimestampTz t;

	take(reader, bits, (dims + 1) * sizeof(double));
	for (int d = 0; swap && d <= dims; d++)
		bits[d] = pg_bswap64(bits[d]);
	memcpy(v, bits, sizeof v);
	/* an empty point is written as NaNs */
	if (isnan(v[0]) && isnan(v[1]))
		return;
	if (!reader->series)
		reader->series = series_new(SERIES_POINT, SERIES_LINEAR, reader->srid, dims, 64);
	series = reader->series;
	t = instant_of(v[dims]);
	/* a line that begins where the one before it ended goes on with it */
	if (starts && series->n > 0 && t == series->t[series->n - 1] && v[0] == series->v[0][series->n - 1] &&
		v[1] == series->v[1][series->n - 1] && (dims == 2 || v[2] == series->v[2][series->n - 1]))
		return;
	series_add(series, t, v, starts);
}

static void
take_geometry(Reader *reader, bool outermost)
{
	uint8		order;
	uint32		type,
				base;
	bool		swap;
	int			dims;

	take(reader, &order, 1);
#ifdef WORDS_BIGENDIAN
	swap = order != 0;
#else
	swap = order != 1;
#endif
	type = take_word(reader, swap);
	if (type & EWKB_SRID)
		reader->srid = (int32) take_word(reader, swap);
	base = type & 0xff;
	if (base != WKB_POINT && base != WKB_LINESTRING &&
		!(outermost && (base == WKB_MULTIPOINT || base == WKB_MULTILINESTRING || base == WKB_COLLECTION)))
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("a trajectory is made of points and lines"),
						errhint("Give a LINESTRING M, a MULTILINESTRING M, a POINT M, a MULTIPOINT M or a collection of points and lines.")));
	if (!(type & EWKB_M))
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("a trajectory has M, the seconds since 1970-01-01 00:00:00 UTC"),
						errhint("ST_AddMeasure gives it to a line whose speed is even.")));
	dims = type & EWKB_Z ? 3 : 2;
	if (base == WKB_POINT)
		take_position(reader, swap, dims, true);
	else
	{
		uint32		n = take_word(reader, swap);

		for (uint32 i = 0; i < n; i++)
			if (base == WKB_LINESTRING)
				take_position(reader, swap, dims, i == 0);
			else
				take_geometry(reader, false);
	}
	if (outermost && base == WKB_MULTIPOINT && reader->series)
		reader->series->interpolation = SERIES_DISCRETE;
}

PG_FUNCTION_INFO_V1(territory_point_series_from_geometry);

Datum
territory_point_series_from_geometry(PG_FUNCTION_ARGS)
{
	bytea	   *ewkb = point_geometry_to_ewkb(PG_GETARG_DATUM(0));
	Reader		reader = {VARDATA_ANY(ewkb), VARDATA_ANY(ewkb) + VARSIZE_ANY_EXHDR(ewkb), NULL, 0};

	take_geometry(&reader, true);
	if (!reader.series)
		PG_RETURN_NULL();
	for (int i = 1; i < reader.series->n; i++)
		if (reader.series->t[i] <= reader.series->t[i - 1])
			ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
							errmsg("M of a trajectory has to increase"),
							errdetail("%s is followed by %s.", series_instant_text(reader.series->t[i - 1]),
									  series_instant_text(reader.series->t[i])),
							errhint("ST_IsValidTrajectory tells; the aggregate point_series(t, pos) takes points in any order.")));
	PG_RETURN_SERIES(reader.series);
}
