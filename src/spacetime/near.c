/*
 * near.c
 *	  near_in_space() and near_in_time(), of which near() is made.
 *
 * The idea: points, which nearly all geometries of layers are, are read where
 * they lie, and their distance is measured here.  All else is asked of PostGIS,
 * as are points whose distance is as good as the limit: so the answer is that of
 * ST_DWithin(), on geographies where the SRID is geographic.
 *
 * Invariant: what is near has bounds that meet.  So a place that is not on the
 * Earth (beyond 180 degrees of longitude or 90 of latitude), which a geography
 * would move there, is near nothing.
 */
#include "spacetime/near.h"

#include <float.h>
#include <geodesic.h>
#include <math.h>

#include "catalog/pg_type.h"
#include "parser/parse_func.h"
#include "utils/builtins.h"
#include "utils/datetime.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

#include "segment/box.h"
#include "segment/point.h"
#include "spacetime/metres.h"

/* of the limit: a distance that differs from it by less is PostGIS's to compare */
#define NEAR_DOUBT 1e-7

/* edges of a geography are geodesics of the spheroid, not arcs of the sphere */
#define NEAR_BULGE_SLACK 1.02

/* ---- shapes ---- */

/* geometry lies in memory as a whole, behind a length word of either kind */
void
near_shape(Datum geometry, NearShape *shape)
{
	struct varlena *plain = (struct varlena *) DatumGetPointer(geometry);
	const char *bytes = VARDATA_ANY(plain);
	size_t		len = VARSIZE_ANY_EXHDR(plain);
	double		v[POINT_MAX_DIMENSIONS];
	BoxKey		key;
	int			dims;

	memset(shape, 0, sizeof *shape);
	shape->srid = geometry_srid(bytes);
	if (geometry_read_point(bytes, len, &dims, v) == POINT_FOUND)
	{
		shape->is_point = shape->is_bounded = isfinite(v[0]) && isfinite(v[1]);
		for (int d = 0; d < 2; d++)
			shape->min[d] = shape->max[d] = v[d];
	}
	else if (box_key_init(&key, BOX_OVERLAPS, bytes, len))
	{
		shape->is_empty = key.never;
		shape->is_bounded = !key.never;
		for (int d = 0; d < 2 && !key.never; d++)
		{
			shape->min[d] = key.box[d];
			shape->max[d] = key.box[2 + d];
		}
	}
}

/* the latitude that an edge between meridians so far apart reaches, of two ends that reach this one (radians) */
static double
bulge(double latitude, double width)
{
	double		top = atan2(sin(latitude), cos(latitude) * cos(width / 2));

	return latitude + (top - latitude) * NEAR_BULGE_SLACK;
}

/* edges are the shortest ways, which lead nearer to the pole than their ends are */
static void
add_bulge(const NearShape *shape, double *min, double *max)
{
	double		half = metres_half_turn(shape->srid),
				radians = M_PI / half,
				width = (max[0] - min[0]) * radians;

	if (shape->is_point)
		return;
	if (!(width < M_PI * 0.99))
	{
		min[0] = -half;
		min[1] = -half / 2;
		max[0] = half;
		max[1] = half / 2;
		return;
	}
	if (max[1] > 0)
		max[1] = bulge(max[1] * radians, width) / radians;
	if (min[1] < 0)
		min[1] = -bulge(-min[1] * radians, width) / radians;
}

/* a box that meets that of all that is near; of a shape that is not empty */
void
near_bounds(const NearShape *shape, double metres, double *min, double *max)
{
	for (int d = 0; d < 2; d++)
	{
		min[d] = shape->is_bounded ? shape->min[d] : -FLT_MAX;
		max[d] = shape->is_bounded ? shape->max[d] : FLT_MAX;
	}
	if (!shape->is_bounded || (shape->is_point && metres == 0))
		return;
	if (metres_are_angles(shape->srid))
		add_bulge(shape, min, max);
	if (metres > 0)
		metres_grow(shape->srid, min, max, metres);
}

void
near_check_metres(double metres)
{
	if (isnan(metres) || metres < 0)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("metres must be a number from 0 on, not %g", metres)));
}

/* ---- PostGIS ---- */

static void
look_up(FmgrInfo *function, const char *name, int nargs, const Oid *types, MemoryContext context)
{
	char	   *schema = get_namespace_name(point_postgis_schema());
	List	   *qualified = list_make2(makeString(schema), makeString(pstrdup(name)));

	fmgr_info_cxt(LookupFuncName(qualified, nargs, types, false), function, context);
}

static void
find_calls(NearCalls *calls, MemoryContext context)
{
	Datum		schema = ObjectIdGetDatum(point_postgis_schema());
	Oid			types[4] = {0, 0, FLOAT8OID, BOOLOID};

	if (calls->found)
		return;
	types[0] = types[1] = GetSysCacheOid2(TYPENAMENSP, Anum_pg_type_oid, CStringGetDatum("geometry"), schema);
	look_up(&calls->plane, "st_dwithin", 3, types, context);
	look_up(&calls->to_geography, "geography", 1, types, context);
	types[0] = types[1] = GetSysCacheOid2(TYPENAMENSP, Anum_pg_type_oid, CStringGetDatum("geography"), schema);
	look_up(&calls->spheroid, "st_dwithin", 4, types, context);
	calls->found = true;
}

static bool
ask_postgis(Datum a, Datum b, double metres, bool geographic, NearCalls *calls, MemoryContext context)
{
	find_calls(calls, context);
	if (!geographic)
		return DatumGetBool(FunctionCall3(&calls->plane, a, b, Float8GetDatum(metres)));
	a = FunctionCall1(&calls->to_geography, a);
	b = FunctionCall1(&calls->to_geography, b);
	return DatumGetBool(FunctionCall4(&calls->spheroid, a, b, Float8GetDatum(metres), BoolGetDatum(true)));
}

/* ---- in space ---- */

bool
near_on_earth(const NearShape *shape)
{
	double		half = metres_half_turn(shape->srid);

	return !shape->is_bounded || (shape->min[0] >= -half && shape->max[0] <= half &&
								  shape->min[1] >= -half / 2 && shape->max[1] <= half / 2);
}

static bool
bounds_meet(const NearShape *a, const NearShape *b, double metres)
{
	double		amin[2],
				amax[2],
				bmin[2],
				bmax[2];

	near_bounds(a, metres, amin, amax);
	near_bounds(b, 0, bmin, bmax);
	return amin[0] <= bmax[0] && bmin[0] <= amax[0] && amin[1] <= bmax[1] && bmin[1] <= amax[1];
}

/* are two points near, as far as PostGIS has not to be asked?  False: it has to */
bool
near_points_decided(const NearShape *a, const NearShape *b, double metres, bool *near)
{
	const PointMetric *metric;
	double		distance;

	if (!a->is_point || !b->is_point || a->srid != b->srid)
		return false;
	metric = point_metric(a->srid);
	if (metric->geographic && (!near_on_earth(a) || !near_on_earth(b)))
		return !(*near = false);
	distance = point_metres(metric, a->min, b->min, 2);
	*near = distance < metres;
	return fabs(distance - metres) > NEAR_DOUBT * metres;
}

bool
near_shapes_near(const NearShape *a, Datum geom_a, const NearShape *b, Datum geom_b, double metres,
				 NearCalls *calls, MemoryContext context)
{
	const PointMetric *metric;
	bool		near;

	point_check_same_srid(a->srid, b->srid);
	if (a->is_empty || b->is_empty)
		return false;
	if (near_points_decided(a, b, metres, &near))
		return near;
	metric = point_metric(a->srid);
	if (metric->geographic && (!near_on_earth(a) || !near_on_earth(b)))
		return false;
	if (a->is_bounded && b->is_bounded && !bounds_meet(a, b, metres))
		return false;
	/* nothing is farther than this, and PostGIS takes no infinite distance for an area on the spheroid */
	if (metric->geographic)
		metres = Min(metres, 4 * metric->radius);
	return ask_postgis(geom_a, geom_b, metres, metric->geographic, calls, context);
}

PG_FUNCTION_INFO_V1(territory_near_in_space);
Datum
territory_near_in_space(PG_FUNCTION_ARGS)
{
	Datum		a = PointerGetDatum(PG_DETOAST_DATUM_PACKED(PG_GETARG_DATUM(0))),
				b = PointerGetDatum(PG_DETOAST_DATUM_PACKED(PG_GETARG_DATUM(1)));
	double		metres = PG_GETARG_FLOAT8(2);
	NearShape	shapes[2];

	near_check_metres(metres);
	if (fcinfo->flinfo->fn_extra == NULL)
		fcinfo->flinfo->fn_extra = MemoryContextAllocZero(fcinfo->flinfo->fn_mcxt, sizeof(NearCalls));
	near_shape(a, &shapes[0]);
	near_shape(b, &shapes[1]);
	PG_RETURN_BOOL(near_shapes_near(&shapes[0], a, &shapes[1], b, metres, fcinfo->flinfo->fn_extra,
									fcinfo->flinfo->fn_mcxt));
}

PG_FUNCTION_INFO_V1(territory_near_box);
Datum
territory_near_box(PG_FUNCTION_ARGS)
{
	Datum		geometry = PointerGetDatum(PG_DETOAST_DATUM_PACKED(PG_GETARG_DATUM(0)));
	double		metres = PG_GETARG_FLOAT8(1),
				min[2],
				max[2];
	bool		has_edges = PG_GETARG_BOOL(2);
	const uint32 counts[2] = {1, 5};
	NearShape	shape;
	StringInfoData ewkb;

	near_check_metres(metres);
	near_shape(geometry, &shape);
	if (shape.is_empty)
		PG_RETURN_DATUM(geometry);
	near_bounds(&shape, metres, min, max);
	if (has_edges && metres_are_angles(shape.srid))
		for (int d = 0; d < 2; d++)
		{
			min[d] = -FLT_MAX;
			max[d] = FLT_MAX;
		}
	for (int d = 0; d < 2; d++)
	{
		min[d] = Max(min[d], -FLT_MAX);
		max[d] = Min(max[d], FLT_MAX);
	}
	initStringInfo(&ewkb);
	point_ewkb_head(&ewkb, 3, 2, shape.srid);
	appendBinaryStringInfo(&ewkb, (const char *) counts, sizeof counts);
	for (int i = 0; i < 5; i++)
	{
		double		corner[2] = {i == 1 || i == 2 ? max[0] : min[0], i == 2 || i == 3 ? max[1] : min[1]};

		point_ewkb_coordinates(&ewkb, corner, 2);
	}
	PG_RETURN_DATUM(point_geometry_from_ewkb(&ewkb));
}

/* ---- in time ---- */

/* as PostgreSQL compares intervals: a day has 24 hours, a month 30 days */
NearSpan
near_span(const Interval *within)
{
	__int128	span = (__int128) ((int64) within->month * DAYS_PER_MONTH + within->day) * USECS_PER_DAY + within->time;
	NearSpan	result;

	result.nothing = span < 0;
	result.most = span > PG_UINT64_MAX ? PG_UINT64_MAX : (uint64) span;
	return result;
}

/* the first instant that is near t, or, where nothing is, one that is after near_latest() */
TimestampTz
near_earliest(TimestampTz t, NearSpan span)
{
	if (span.nothing)
		return DT_NOEND;
	if (TIMESTAMP_NOT_FINITE(t))
		return t;
	return (uint64) t - (uint64) MIN_TIMESTAMP < span.most ? MIN_TIMESTAMP : (TimestampTz) ((uint64) t - span.most);
}

TimestampTz
near_latest(TimestampTz t, NearSpan span)
{
	if (span.nothing)
		return DT_NOBEGIN;
	if (TIMESTAMP_NOT_FINITE(t))
		return t;
	return (uint64) (END_TIMESTAMP - 1) - (uint64) t < span.most ? END_TIMESTAMP - 1 :
		(TimestampTz) ((uint64) t + span.most);
}

PG_FUNCTION_INFO_V1(territory_near_in_time);
Datum
territory_near_in_time(PG_FUNCTION_ARGS)
{
	TimestampTz a = PG_GETARG_TIMESTAMPTZ(0),
				b = PG_GETARG_TIMESTAMPTZ(1);
	NearSpan	span = near_span(PG_GETARG_INTERVAL_P(2));

	PG_RETURN_BOOL(b >= near_earliest(a, span) && b <= near_latest(a, span));
}

PG_FUNCTION_INFO_V1(territory_near_earliest);
Datum
territory_near_earliest(PG_FUNCTION_ARGS)
{
	PG_RETURN_TIMESTAMPTZ(near_earliest(PG_GETARG_TIMESTAMPTZ(0), near_span(PG_GETARG_INTERVAL_P(1))));
}

PG_FUNCTION_INFO_V1(territory_near_latest);
Datum
territory_near_latest(PG_FUNCTION_ARGS)
{
	PG_RETURN_TIMESTAMPTZ(near_latest(PG_GETARG_TIMESTAMPTZ(0), near_span(PG_GETARG_INTERVAL_P(1))));
}
