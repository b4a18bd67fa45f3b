/*
 * point_position.c
 *	  Where a moving point is, and where it was: positions and trajectories
 *	  as geometries.
 *
 * A position reads the blocks around its instant.
 * Positions between two instants are on the straight line between them in the
 * SRID's coordinates, of longitude and latitude, too.
 */
#include "territory.h"

#include "fmgr.h"
#include "utils/timestamp.h"

#include "series/point.h"

/* types of WKB */
#define WKB_LINESTRING 2
#define WKB_MULTI 3				/* what is added for many of a type */
#define WKB_COLLECTION 7

PG_FUNCTION_INFO_V1(territory_point_position_at);
Datum
territory_point_position_at(PG_FUNCTION_ARGS)
{
	SeriesReader *reader = series_open(PG_GETARG_DATUM(0), SERIES_POINT);
	TimestampTz t = PG_GETARG_TIMESTAMPTZ(1);
	Series	   *series = series_read_around(reader, t, t);
	int			i = series ? series_find(series, t) : -1;
	double		p[SERIES_DIMS];

	if (i < 0 || (series->t[i] != t && !series_goes_on(series, i)))
		PG_RETURN_NULL();
	for (int d = 0; d < series->dims; d++)
		p[d] = series_between(series, d, i, t);
	PG_RETURN_DATUM(point_geometry_of(p, series->dims, series->srid));
}

/* ---- trajectories ---- */

/* lines and points of one geometry, in the order of time */
typedef struct Parts
{
	int			dims;
	int			num[WKB_LINESTRING + 1];	/* by type */
	StringInfoData coordinates;	/* of all parts */
	int			num_parts;
	int			room;
	int		   *sizes;			/* of each part; 1 is a point */
} Parts;

static bool
same_place(const Series *series, int i, int j)
{
	for (int d = 0; d < series->dims; d++)
		if (series->v[d][i] != series->v[d][j])
			return false;
	return true;
}

static void
begin_part(Parts *parts)
{
	if (parts->num_parts == parts->room)
	{
		parts->room *= 2;
		parts->sizes = repalloc_huge(parts->sizes, parts->room * sizeof(int));
	}
	parts->sizes[parts->num_parts++] = 0;
}

/* the path of each section of a linear series; else each place that is not the one before it */
static void
collect_parts(const Series *series, Parts *parts)
{
	int			last = -1;
	double		p[SERIES_DIMS];

	for (int i = 0; i < series->n; i++)
	{
		bool		begins = series->interpolation == SERIES_LINEAR ? series->starts[i] : true;

		if (last >= 0 && same_place(series, i, last) && (!begins || series->interpolation != SERIES_LINEAR))
			continue;
		if (begins)
			begin_part(parts);
		point_get(series, i, p);
		point_ewkb_coordinates(&parts->coordinates, p, series->dims);
		parts->sizes[parts->num_parts - 1]++;
		last = i;
	}
	for (int part = 0; part < parts->num_parts; part++)
		parts->num[parts->sizes[part] == 1 ? 1 : WKB_LINESTRING]++;
}

/* each part as a geometry */
static void
write_parts(StringInfo out, const Parts *parts, int32 srid)
{
	const char *coordinates = parts->coordinates.data;

	for (int part = 0; part < parts->num_parts; part++)
	{
		int			size = parts->sizes[part];
		int			type = size == 1 ? 1 : WKB_LINESTRING;
		int			bytes = size * parts->dims * sizeof(double);

		point_ewkb_head(out, type, parts->dims, srid);
		if (type == WKB_LINESTRING)
			appendBinaryStringInfo(out, (char *) &size, sizeof size);
		appendBinaryStringInfo(out, coordinates, bytes);
		coordinates += bytes;
	}
}

PG_FUNCTION_INFO_V1(territory_point_trajectory);
Datum
territory_point_trajectory(PG_FUNCTION_ARGS)
{
	Series	   *series = PG_GETARG_SERIES(0);
	Parts		parts = {.dims = series->dims, .room = 16};
	StringInfoData out;

	initStringInfo(&parts.coordinates);
	parts.sizes = palloc(parts.room * sizeof(int));
	collect_parts(series, &parts);
	initStringInfo(&out);
	if (parts.num_parts == 1)
		write_parts(&out, &parts, series->srid);
	else
	{
		bool		mixed = parts.num[1] > 0 && parts.num[WKB_LINESTRING] > 0;
		int			type = parts.num[1] > 0 ? 1 : WKB_LINESTRING;

		point_ewkb_head(&out, mixed ? WKB_COLLECTION : type + WKB_MULTI, parts.dims, series->srid);
		appendBinaryStringInfo(&out, (char *) &parts.num_parts, sizeof(int));
		write_parts(&out, &parts, series->srid);
	}
	PG_RETURN_DATUM(point_geometry_from_ewkb(&out));
}
