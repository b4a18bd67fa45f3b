/*
 * point_metric.c
 *	  Distances and bearings between positions: in metres on the spheroid where
 *	  the SRID is geographic, else in the SRID's own unit.
 *
 * The idea: whether an SRID is geographic, and on which spheroid, is what PROJ
 * says of its entry in spatial_ref_sys, asked once per backend and SRID (a
 * change of the entry is seen by new connections, as it is with PostGIS).
 * Geodesics are PROJ's own (C. Karney, Algorithms for geodesics, 2013).  Fixes
 * of a vehicle are metres apart, and a geodesic's series costs more than
 * everything else together, so up to NEAR metres the distance is that of the
 * plane at the middle latitude with the terms of the next order (Gauss'
 * mid-latitude method), whose error there is below 1e-9 of it.
 */
#include "postgres.h"

#include <geodesic.h>
#include <math.h>
#include <proj.h>

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "utils/builtins.h"
#include "utils/hsearch.h"
#include "utils/memutils.h"

#include "codec/codec_stream.h"
#include "series/point.h"

#define NEAR 3000.0				/* metres up to which the middle latitude's plane is exact enough */
#define STEEP 80.0				/* degrees of latitude from which it is not used: meridians converge */
#define RADIANS (M_PI / 180)
#define GRID	(1.0 / 64)
#define SURE_GRID (GRID * 0.499)	/* a latitude so near to a knot is nearest to it */

static HTAB *metrics = NULL;
static PJ_CONTEXT *proj_context = NULL;

/* does PROJ know the definition, and is it geographic? */
static bool
read_definition(const char *definition, PointMetric *metric)
{
	PJ		   *crs = proj_create(proj_context, definition);
	PJ		   *part;
	PJ_TYPE		type;

	if (crs == NULL)
		return false;
	while ((type = proj_get_type(crs)) == PJ_TYPE_BOUND_CRS || type == PJ_TYPE_COMPOUND_CRS)
	{
		part = type == PJ_TYPE_BOUND_CRS ? proj_get_source_crs(proj_context, crs) :
			proj_crs_get_sub_crs(proj_context, crs, 0);
		proj_destroy(crs);
		if ((crs = part) == NULL)
			return false;
	}
	metric->geographic = type == PJ_TYPE_GEOGRAPHIC_2D_CRS || type == PJ_TYPE_GEOGRAPHIC_3D_CRS;
	if (metric->geographic)
	{
		PJ		   *ellipsoid = proj_get_ellipsoid(proj_context, crs);
		PJ		   *axes = proj_crs_get_coordinate_system(proj_context, crs);
		double		polar,
					inverse,
					unit = RADIANS;

		if (ellipsoid == NULL ||
			!proj_ellipsoid_get_parameters(proj_context, ellipsoid, &metric->radius, &polar, NULL, &inverse))
			metric->geographic = false;
		else
			metric->flattening = inverse == 0 ? 0 : 1 / inverse;
		if (axes != NULL)
			proj_cs_get_axis_info(proj_context, axes, 0, NULL, NULL, NULL, &unit, NULL, NULL, NULL);
		/* exactly 1 where the unit is a degree */
		metric->degrees = fabs(unit / RADIANS - 1) < 1e-9 ? 1 : unit / RADIANS;
		proj_destroy(ellipsoid);
		proj_destroy(axes);
	}
	proj_destroy(crs);
	return true;
}

/* spatial_ref_sys' srtext, proj4text and authority, those that are not null; NIL: the SRID is not known */
List *
point_srid_definitions(int32 srid)
{
	static const char query[] =
		"SELECT pg_catalog.unnest(ARRAY[srtext, proj4text OPERATOR(pg_catalog.||) ' +type=crs', pg_catalog.concat(auth_name, ':', auth_srid)]) "
		"FROM %s.spatial_ref_sys WHERE srid OPERATOR(pg_catalog.=) $1";
	Oid			type = INT4OID;
	Datum		value = Int32GetDatum(srid);
	char	   *schema = get_namespace_name(point_postgis_schema());
	MemoryContext outer = CurrentMemoryContext;
	List	   *definitions = NIL;

	SPI_connect();
	if (SPI_execute_with_args(psprintf(query, quote_identifier(schema)), 1, &type, &value, NULL, true, 0) != SPI_OK_SELECT)
		elog(ERROR, "could not read spatial_ref_sys");
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		char	   *definition = SPI_getvalue(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 1);
		MemoryContext inner = MemoryContextSwitchTo(outer);

		if (definition != NULL)
			definitions = lappend(definitions, pstrdup(definition));
		MemoryContextSwitchTo(inner);
	}
	SPI_finish();
	return definitions;
}

/* whichever PROJ understands first */
static bool
read_srid(int32 srid, PointMetric *metric)
{
	ListCell   *lc;

	foreach(lc, point_srid_definitions(srid))
		if (read_definition(lfirst(lc), metric))
			return true;
	return false;
}

static void
prepare_cache(void)
{
	HASHCTL		control = {.keysize = sizeof(int32), .entrysize = sizeof(PointMetric)};

	if (proj_context == NULL)
	{
		proj_context = proj_context_create();
		proj_log_level(proj_context, PJ_LOG_NONE);
	}
	if (metrics == NULL)
	{
		control.hcxt = TopMemoryContext;
		metrics = hash_create("territory metrics of SRIDs", 16, &control, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	}
}

/* the SRID's metric; an unknown SRID (0) is a plane */
const PointMetric *
point_metric(int32 srid)
{
	static const PointMetric *last = NULL;
	PointMetric *kept;
	PointMetric metric = {.srid = srid, .degrees = 1};

	if (last != NULL && last->srid == srid)
		return last;
	prepare_cache();
	kept = hash_search(metrics, &srid, HASH_FIND, NULL);
	if (kept == NULL)
	{
		if (srid != 0 && !read_srid(srid, &metric))
			ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
							errmsg("SRID %d is not known, so neither is its unit", srid),
							errhint("Add it to spatial_ref_sys, or give the positions the right SRID with ST_SetSRID.")));
		if (metric.geographic)
		{
			metric.square = metric.flattening * (2 - metric.flattening);
			metric.geodesic = MemoryContextAlloc(TopMemoryContext, sizeof *metric.geodesic);
			geod_init(metric.geodesic, metric.radius, metric.flattening);
		}
		kept = hash_search(metrics, &srid, HASH_ENTER, NULL);
		*kept = metric;
	}
	return last = kept;
}

/*
 * Sine and cosine of a latitude, to the last digit or two.  A vehicle stays in
 * its town: those of the nearest knot of a grid of GRID radians are kept, and
 * turned by the rest, which is small enough for the first terms of the series.
 * What is given depends on the latitude only, not on what was asked before.
 */
typedef struct Knot
{
	double		latitude;
	double		sine;
	double		cosine;
} Knot;

#define knot_near(latitude) (rint((latitude) / GRID) * GRID)

static Knot
knot_of(double latitude)
{
	static Knot kept = {0, 0, 1};
	double		near = knot_near(latitude);

	if (near != kept.latitude)
		kept = (Knot){near, sin(near), cos(near)};
	return kept;
}

/* metres per unit of x and of y at a latitude, which is near the knot */
static pg_attribute_always_inline void
scale_at(const PointMetric *metric, Knot knot, double latitude, double *scale)
{
	double		unit = metric->degrees * RADIANS,
				d = latitude - knot.latitude,
				q = d * d,
				s = d * (1 - q / 6 * (1 - q / 20 * (1 - q / 42))),
				c = 1 - q / 2 * (1 - q / 12 * (1 - q / 30 * (1 - q / 56))),
				sine = knot.sine * c + knot.cosine * s,
				cosine = knot.cosine * c - knot.sine * s,
				w = 1 - metric->square * sine * sine,
				normal = metric->radius / sqrt(w) * unit;

	scale[0] = normal * Max(cosine, 0);
	scale[1] = normal * (1 - metric->square) / w;
}

/* metres per unit of x and of y around a latitude; 1 and 1 in a plane */
void
point_scale(const PointMetric *metric, double y, double *scale)
{
	double		latitude = y * (metric->degrees * RADIANS);

	scale[0] = scale[1] = 1;
	if (metric->geographic)
		scale_at(metric, knot_of(latitude), latitude, scale);
}

/* how many units of x and y are certainly no less than so many metres, between two latitudes */
void
point_margin(const PointMetric *metric, double ymin, double ymax, double metres, double *margin)
{
	double		far,
				scale[2];

	margin[0] = margin[1] = metres;
	if (!metric->geographic)
		return;
	/* a degree of latitude is shortest at the equator, one of longitude towards the poles */
	point_scale(metric, 0, scale);
	margin[1] = metres / scale[1] * 1.01;
	far = Max(fabs(ymin), fabs(ymax)) + margin[1];
	point_scale(metric, far, scale);
	margin[0] = far * metric->degrees >= 89.9 ? 360 / metric->degrees : metres / scale[0] * 1.01;
}

static void
check_latitude(const PointMetric *metric, const double *p)
{
	if (fabs(p[1] * metric->degrees) > 90)
		ereport(ERROR, (errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
						errmsg("latitude %g is out of range in SRID %d", p[1], metric->srid),
						errhint("Positions are longitude, then latitude.")));
}

static double
geodesic_distance(const PointMetric *metric, const double *p, const double *q)
{
	double		metres;

	check_latitude(metric, p);
	check_latitude(metric, q);
	geod_inverse(metric->geodesic, p[1] * metric->degrees, p[0] * metric->degrees,
				 q[1] * metric->degrees, q[0] * metric->degrees, &metres, NULL, NULL);
	return metres;
}

/*
 * The square of a short distance: Pythagoras' at the middle latitude, then the
 * fourth-order terms of the haversine, written about that latitude.
 */
static pg_attribute_always_inline double
near_square(const PointMetric *metric, Knot knot, double latitude, double dx, double dy)
{
	double		unit = metric->degrees * RADIANS,
				scale[2],
				x,
				y,
				sum;

	scale_at(metric, knot, latitude, scale);
	x = dx * scale[0];
	y = dy * scale[1];
	dx *= unit;
	dy *= unit;
	sum = x * x + y * y;
	return sum + (sum * sum / (metric->radius * metric->radius) - y * y * (dy * dy + 3 * dx * dx) - x * x * dx * dx) / 12;
}

/* heights count where there are three dimensions, as in ST_3DLength and ST_Length(geography) */
double
point_metres(const PointMetric *metric, const double *p, const double *q, int dims)
{
	double		dx = q[0] - p[0],
				dy = q[1] - p[1],
				dz = dims > 2 ? q[2] - p[2] : 0,
				middle = (p[1] + q[1]) / 2,
				latitude = middle * (metric->degrees * RADIANS),
				square;

	if (!metric->geographic)
		square = dx * dx + dy * dy;
	else if (fabs(middle * metric->degrees) >= STEEP ||
			 !((square = near_square(metric, knot_of(latitude), latitude, dx, dy)) <= NEAR * NEAR))
	{
		double		metres = geodesic_distance(metric, p, q);

		return dz == 0 ? metres : hypot(metres, dz);
	}
	return sqrt(square + dz * dz);
}

/* ---- many steps of one series ---- */

/* squares of steps in a plane, without heights */
CODEC_CLONES static void
plane_squares(const double *x, const double *y, int n, double *squares)
{
	for (int i = 0; i < n; i++)
	{
		double		dx = x[i + 1] - x[i],
					dy = y[i + 1] - y[i];

		squares[i] = dx * dx + dy * dy;
	}
}

/* the same on a spheroid; false: not all are near, nor all of one knot */
CODEC_CLONES static bool
near_squares(const PointMetric *metric, Knot knot, const double *x, const double *y, int n, double *squares)
{
	const PointMetric same = *metric;
	int			odd = 0;

	for (int i = 0; i < n; i++)
	{
		double		middle = (y[i] + y[i + 1]) / 2,
					latitude = middle * (same.degrees * RADIANS);

		squares[i] = near_square(&same, knot, latitude, x[i + 1] - x[i], y[i + 1] - y[i]);
		odd |= !(fabs(latitude - knot.latitude) <= SURE_GRID) | !(fabs(middle * same.degrees) < STEEP) |
			!(squares[i] <= NEAR * NEAR);
	}
	return !odd;
}

CODEC_CLONES static void
add_heights(const double *z, int n, double *squares)
{
	for (int i = 0; i < n; i++)
		squares[i] += (z[i + 1] - z[i]) * (z[i + 1] - z[i]);
}

CODEC_CLONES static void
take_roots(double *squares, int n)
{
	for (int i = 0; i < n; i++)
		squares[i] = sqrt(squares[i]);
}

/* from some instants to the next of each: what point_metres() gives */
void
point_steps(const PointMetric *metric, const Series *series, int first, int n, double *metres)
{
	const double *x = series->v[0] + first,
			   *y = series->v[1] + first;

	if (!metric->geographic)
		plane_squares(x, y, n, metres);
	else if (!near_squares(metric, knot_of((y[0] + y[n]) / 2 * (metric->degrees * RADIANS)), x, y, n, metres))
	{
		for (int i = 0; i < n; i++)
		{
			double		p[SERIES_DIMS],
						q[SERIES_DIMS];

			point_get(series, first + i, p);
			point_get(series, first + i + 1, q);
			metres[i] = point_metres(metric, p, q, series->dims);
		}
		return;
	}
	if (series->dims > 2)
		add_heights(series->v[2] + first, n, metres);
	take_roots(metres, n);
}

/* degrees clockwise from north (from the y axis in a plane), 0 to below 360 */
double
point_bearing(const PointMetric *metric, const double *p, const double *q)
{
	double		bearing;

	if (metric->geographic)
	{
		check_latitude(metric, p);
		check_latitude(metric, q);
		geod_inverse(metric->geodesic, p[1] * metric->degrees, p[0] * metric->degrees,
					 q[1] * metric->degrees, q[0] * metric->degrees, NULL, &bearing, NULL);
	}
	else
		bearing = atan2(q[0] - p[0], q[1] - p[1]) / RADIANS;
	if (bearing < 0)
		bearing += 360;
	/* -0, and what was a hair below it */
	return bearing >= 360 || bearing == 0 ? 0 : bearing;
}

void
point_check_metres(const PointMetric *metric, double metres, const char *name)
{
	if (isnan(metres) || metres < 0 || isinf(metres))
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("%s must be a number from 0 on, not %g", name, metres)));
	if (metric->geographic && metres > POINT_MAX_METRES)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("%s must be at most %g in the geographic SRID %d", name, POINT_MAX_METRES, metric->srid),
						errhint("Transform positions to a projected SRID for larger ones.")));
}

void
point_check_same_srid(int32 a, int32 b)
{
	if (a != b)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("positions have SRID %d and SRID %d", a, b),
						errhint("Transform one side with ST_Transform.")));
}
