/*
 * tile.c
 *	  Positions and moving points in the coordinates of a map tile.
 *
 * A tile of zoom z is a square of Web Mercator, 1 / 2^z of the world wide; its
 * own coordinates run from its upper left corner, extent units to the right and
 * down.  Whatever SRID positions have, they go through the same projection to
 * the world, so that layers in Lambert-93 and in WGS 84 meet on the map.
 *
 * A trace is what a moving point drew: lines of instants that fall on different
 * units, each with its time.  Pieces of the line that do not meet the tile are
 * left out; those that do are whole, their ends may lie outside.
 */
#include "territory.h"

#include <math.h>

#include "funcapi.h"
#include "utils/builtins.h"

#include "segment/point.h"
#include "series/point.h"
#include "spacetime/cell.h"

#define EWKB_LINE 2
#define TRACE_COLUMNS 5

/* beyond, an end of a line is moved along it: renderers count in small integers */
#define FARTHEST 32768.0

typedef struct TileMap
{
	Tile		tile;
	double		extent;
	double		buffer;
	int32		srid;
	CellMap    *map;
	/* a point of PostGIS' form, whose coordinates are at its end */
	struct varlena *point;
} TileMap;

/* an error where there is no such tile */
static void
tile_check(int z, int x, int y)
{
	if (z < 0 || z > CELL_MAX_ZOOM)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("zoom %d is not between 0 and %d", z, CELL_MAX_ZOOM)));
	if (x < 0 || y < 0 || x >= 1 << z || y >= 1 << z)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("there is no tile %d/%d/%d", z, x, y),
						errhint("At zoom %d, x and y are between 0 and %d.", z, (1 << z) - 1)));
}

/* the tile of the arguments that follow the first, and the map from an SRID to it, kept from call to call */
static TileMap *
tile_map(FunctionCallInfo fcinfo, int32 srid)
{
	TileMap    *map = fcinfo->flinfo->fn_extra;
	int			z = PG_GETARG_INT32(1),
				x = PG_GETARG_INT32(2),
				y = PG_GETARG_INT32(3),
				extent = PG_GETARG_INT32(4),
				buffer = PG_GETARG_INT32(5);
	MemoryContext old;

	if (map && map->srid == srid && map->tile.z == z && map->tile.x == (uint32) x && map->tile.y == (uint32) y &&
		map->extent == extent && map->buffer == buffer)
		return map;
	tile_check(z, x, y);
	if (extent < 1 || extent > FARTHEST || buffer < 0 || buffer > extent)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("a tile of %d units with %d around it cannot be made", extent, buffer),
						errhint("The extent is between 1 and %d, the buffer between 0 and the extent.", (int) FARTHEST)));
	old = MemoryContextSwitchTo(fcinfo->flinfo->fn_mcxt);
	map = palloc0(sizeof(TileMap));
	map->tile = (Tile){z, x, y};
	map->extent = extent;
	map->buffer = buffer;
	map->srid = srid;
	map->map = cell_map_make(srid, z);
	fcinfo->flinfo->fn_extra = map;
	MemoryContextSwitchTo(old);
	return map;
}

/* false where there is no such place on the map */
static bool
tile_place(const TileMap *map, const double *p, double *q)
{
	double		world[2];
	double		tiles = ldexp(1, map->tile.z);

	cell_map_world(map->map, p[0], p[1], world);
	if (!isfinite(world[0]) || !isfinite(world[1]))
		return false;
	q[0] = (world[0] * tiles - map->tile.x) * map->extent;
	q[1] = (world[1] * tiles - map->tile.y) * map->extent;
	return true;
}

/* ---- points ---- */

static Datum
tile_point_of(FunctionCallInfo fcinfo, TileMap *map, const double *q)
{
	struct varlena *point;
	Size		size;
	int			dims;
	double		v[POINT_MAX_DIMENSIONS];

	if (map->point == NULL)
	{
		MemoryContext old = MemoryContextSwitchTo(fcinfo->flinfo->fn_mcxt);
		double		one[2] = {1, 2};

		point = (struct varlena *) DatumGetPointer(point_geometry_of(one, 2, 0));
		MemoryContextSwitchTo(old);
		if (VARSIZE(point) != VARHDRSZ + POINT_HEADER + 2 * sizeof(double) ||
			geometry_read_point(VARDATA(point), VARSIZE(point) - VARHDRSZ, &dims, v) != POINT_FOUND ||
			dims != 2 || v[0] != 1 || v[1] != 2)
			elog(ERROR, "PostGIS keeps points in an unknown form");
		map->point = point;
	}
	size = VARSIZE(map->point);
	point = palloc(size);
	memcpy(point, map->point, size - 2 * sizeof(double));
	memcpy((char *) point + size - 2 * sizeof(double), q, 2 * sizeof(double));
	return PointerGetDatum(point);
}

PG_FUNCTION_INFO_V1(territory_tile_point);
Datum
territory_tile_point(PG_FUNCTION_ARGS)
{
	Datum		geometry = PG_GETARG_DATUM(0);
	int32		srid;
	double		p[2];
	TileMap    *map;

	if (!cell_read_point(geometry, &srid, p))
		PG_RETURN_NULL();
	map = tile_map(fcinfo, srid);
	if (!tile_place(map, p, p))
		PG_RETURN_NULL();
	p[0] = rint(p[0]);
	p[1] = rint(p[1]);
	for (int c = 0; c < 2; c++)
		if (p[c] < -map->buffer || p[c] > map->extent + map->buffer)
			PG_RETURN_NULL();
	PG_RETURN_DATUM(tile_point_of(fcinfo, map, p));
}

/* ---- traces ---- */

typedef struct Trace
{
	const TileMap *map;
	ReturnSetInfo *set;
	int			n;
	int			room;
	double	   *at;				/* x and y, in turn */
	TimestampTz *t;
} Trace;

static void
trace_add(Trace *trace, const double *q, TimestampTz t)
{
	if (trace->n > 0 && trace->at[2 * trace->n - 2] == q[0] && trace->at[2 * trace->n - 1] == q[1])
		return;
	if (trace->n == trace->room)
	{
		trace->room = Max(64, 2 * trace->room);
		trace->at = trace->at ? repalloc_huge(trace->at, 2 * trace->room * sizeof(double)) :
			palloc(2 * trace->room * sizeof(double));
		trace->t = trace->t ? repalloc_huge(trace->t, trace->room * sizeof(TimestampTz)) :
			palloc(trace->room * sizeof(TimestampTz));
	}
	trace->at[2 * trace->n] = q[0];
	trace->at[2 * trace->n + 1] = q[1];
	trace->t[trace->n++] = t;
}

static double
epoch(TimestampTz t)
{
	return (double) t / USECS_PER_SEC + (POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) * (double) SECS_PER_DAY;
}

/* what was drawn so far, as a line, and a new one begins; a single place is a point */
static void
trace_end(Trace *trace)
{
	StringInfoData ewkb,
				times;
	Datum		values[TRACE_COLUMNS];
	bool		nulls[TRACE_COLUMNS] = {false};
	uint32		count = trace->n;

	if (trace->n == 0)
		return;
	initStringInfo(&ewkb);
	point_ewkb_head(&ewkb, trace->n > 1 ? EWKB_LINE : 1, 2, 0);
	if (trace->n > 1)
		appendBinaryStringInfo(&ewkb, (char *) &count, sizeof count);
	initStringInfo(&times);
	for (int i = 0; i < trace->n; i++)
	{
		point_ewkb_coordinates(&ewkb, &trace->at[2 * i], 2);
		appendStringInfo(&times, "%s%.0f", i == 0 ? "[" : ",", floor(epoch(trace->t[i])));
	}
	appendStringInfoChar(&times, ']');
	values[0] = point_geometry_from_ewkb(&ewkb);
	values[1] = PointerGetDatum(cstring_to_text_with_len(times.data, times.len));
	values[2] = Int64GetDatum((int64) floor(epoch(trace->t[0])));
	values[3] = Int64GetDatum((int64) floor(epoch(trace->t[trace->n - 1])));
	values[4] = Int32GetDatum(trace->n);
	tuplestore_putvalues(trace->set->setResult, trace->set->setDesc, values, nulls);
	pfree(times.data);
	pfree(ewkb.data);
	trace->n = 0;
}

static bool
meets_tile(const TileMap *map, const double *a, const double *b)
{
	for (int c = 0; c < 2; c++)
		if (Max(a[c], b[c]) < -map->buffer || Min(a[c], b[c]) > map->extent + map->buffer)
			return false;
	return true;
}

/* the end of a line from a to b, on whole units and not too far away; how much of the way it is */
static double
bounded_end(const double *a, const double *b, double *end)
{
	double		u = 1;

	for (int c = 0; c < 2; c++)
		if (fabs(b[c]) > FARTHEST && fabs(a[c]) < FARTHEST)
			u = Min(u, (copysign(FARTHEST, b[c]) - a[c]) / (b[c] - a[c]));
	for (int c = 0; c < 2; c++)
		end[c] = rint(Min(Max(a[c] + u * (b[c] - a[c]), -FARTHEST), FARTHEST));
	return u;
}

static void
trace_piece(Trace *trace, const double *a, TimestampTz start, const double *b, TimestampTz end)
{
	double		from[2],
				to[2];
	TimestampTz first,
				last;

	if (!meets_tile(trace->map, a, b))
	{
		trace_end(trace);
		return;
	}
	first = point_instant(end, start, bounded_end(b, a, from));
	last = point_instant(start, end, bounded_end(a, b, to));
	trace_add(trace, from, first);
	trace_add(trace, to, last);
}

static void
trace_series(Trace *trace, const Series *series)
{
	double		before[2] = {0, 0};
	bool		known = false;

	for (int i = 0; i < series->n; i++)
	{
		double		p[SERIES_DIMS],
					q[2];
		bool		moved = known && i > 0 && point_moves(series, i - 1);

		CHECK_FOR_INTERRUPTS();
		point_get(series, i, p);
		known = tile_place(trace->map, p, q);
		if (!moved || !known)
			trace_end(trace);
		if (known && moved)
			trace_piece(trace, before, series->t[i - 1], q, series->t[i]);
		/* one that stays where it is, or is known for an instant only */
		else if (known && !point_moves(series, i))
			trace_piece(trace, q, series->t[i], q, series->t[i]);
		before[0] = q[0];
		before[1] = q[1];
	}
	trace_end(trace);
}

PG_FUNCTION_INFO_V1(territory_tile_trace);
Datum
territory_tile_trace(PG_FUNCTION_ARGS)
{
	Series	   *series = PG_GETARG_SERIES(0);
	Trace		trace = {0};

	InitMaterializedSRF(fcinfo, 0);
	trace.set = (ReturnSetInfo *) fcinfo->resultinfo;
	trace.map = tile_map(fcinfo, series->srid);
	trace_series(&trace, series);
	return (Datum) 0;
}
