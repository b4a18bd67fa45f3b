/*
 * atlas_project.c
 *	  Boxes of one SRID as boxes of EPSG:4326, and back.
 *
 * What a projection makes of a box has curved sides.  So points along the sides
 * are projected, and the box around them grows by a margin that is far more
 * than the sides bend between two of them, and than two versions of a datum's
 * parameters differ.  Where that does not tell (a pole or the antimeridian is
 * near, PROJ does not know the SRID, a point is outside of it), nothing does.
 *
 * Invariant: what lies in the box lies in the box that is given, by PostGIS's
 * own ST_Transform(); else there is none, and the caller takes everywhere.
 */
#include "territory.h"

#include <math.h>
#include <proj.h>

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "utils/builtins.h"
#include "utils/hsearch.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

#include "series/point.h"
#include "spacetime/atlas.h"

#define SIDE_STEPS 32			/* points along a side */
#define MARGIN 0.02				/* of the box's size */
#define MARGIN_DEGREES 1e-4		/* and at least so much: 11 m */
#define MARGIN_UNITS 20.0		/* of a projection: metres, mostly */
#define MAX_LATITUDE 88.0

typedef struct Projection
{
	int32		srid;
	bool		geographic;
	PJ		   *pj;				/* to EPSG:4326, longitude first; NULL: not known */
} Projection;

static HTAB *projections;
static PJ_CONTEXT *context;

static bool
make_projection(const char *definition, Projection *out)
{
	PJ		   *pj = proj_create_crs_to_crs(context, definition, "EPSG:4326", NULL);
	PJ		   *source;

	if (pj == NULL)
		return false;
	out->pj = proj_normalize_for_visualization(context, pj);
	proj_destroy(pj);
	if (out->pj == NULL)
		return false;
	source = proj_create(context, definition);
	if (source)
	{
		PJ_TYPE		type = proj_get_type(source);

		out->geographic = type == PJ_TYPE_GEOGRAPHIC_2D_CRS || type == PJ_TYPE_GEOGRAPHIC_3D_CRS;
		proj_destroy(source);
	}
	return true;
}

/* as PostGIS does: the authority's definition, else the text, else the old text */
static void
read_projection(Projection *out)
{
	static const char query[] =
		"SELECT pg_catalog.unnest(ARRAY[pg_catalog.concat(auth_name, ':', auth_srid), srtext, proj4text OPERATOR(pg_catalog.||) ' +type=crs']) "
		"FROM %s.spatial_ref_sys WHERE srid OPERATOR(pg_catalog.=) $1";
	Oid			type = INT4OID;
	Datum		value = Int32GetDatum(out->srid);
	char	   *schema = get_namespace_name(point_postgis_schema());

	SPI_connect();
	if (SPI_execute_with_args(psprintf(query, quote_identifier(schema)), 1, &type, &value, NULL, true, 0) != SPI_OK_SELECT)
		elog(ERROR, "could not read spatial_ref_sys");
	for (uint64 i = 0; i < SPI_processed && out->pj == NULL; i++)
	{
		char	   *definition = SPI_getvalue(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 1);

		if (definition)
			(void) make_projection(definition, out);
	}
	SPI_finish();
}

static Projection *
find_projection(int32 srid)
{
	Projection *found;
	Projection	made = {.srid = srid};

	if (projections == NULL)
	{
		HASHCTL		control = {.keysize = sizeof(int32), .entrysize = sizeof(Projection), .hcxt = TopMemoryContext};

		context = proj_context_create();
		proj_log_level(context, PJ_LOG_NONE);
		projections = hash_create("territory projections", 16, &control, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	}
	found = hash_search(projections, &srid, HASH_FIND, NULL);
	if (found)
		return found;
	read_projection(&made);
	found = hash_search(projections, &srid, HASH_ENTER, NULL);
	*found = made;
	return found;
}

/* is its unit a degree? */
bool
atlas_srid_is_geographic(int32 srid)
{
	return srid == ATLAS_SRID || find_projection(srid)->geographic;
}

/* within what a map shows of the world without doubt */
static bool
is_plain(const double *box)
{
	return box[0] >= -180 && box[2] <= 180 && box[1] >= -MAX_LATITUDE && box[3] <= MAX_LATITUDE;
}

static void
add_point(double x, double y, PJ *pj, PJ_DIRECTION direction, double *out, bool *ok)
{
	PJ_COORD	point = proj_trans(pj, direction, proj_coord(x, y, 0, 0));

	if (!isfinite(point.xy.x) || !isfinite(point.xy.y) || proj_errno(pj) != 0)
	{
		proj_errno_reset(pj);
		*ok = false;
		return;
	}
	out[0] = Min(out[0], point.xy.x);
	out[1] = Min(out[1], point.xy.y);
	out[2] = Max(out[2], point.xy.x);
	out[3] = Max(out[3], point.xy.y);
}

static bool
project(PJ *pj, PJ_DIRECTION direction, const double *in, double *out)
{
	bool		ok = true;
	double		width = in[2] - in[0];
	double		height = in[3] - in[1];

	out[0] = out[1] = INFINITY;
	out[2] = out[3] = -INFINITY;
	for (int i = 0; i <= SIDE_STEPS && ok; i++)
	{
		double		x = in[0] + width * i / SIDE_STEPS;
		double		y = in[1] + height * i / SIDE_STEPS;

		add_point(x, in[1], pj, direction, out, &ok);
		add_point(x, in[3], pj, direction, out, &ok);
		add_point(in[0], y, pj, direction, out, &ok);
		add_point(in[2], y, pj, direction, out, &ok);
		if (width <= 0 && height <= 0)
			break;
	}
	return ok;
}

static void
grow(double *box, double least)
{
	double		margin[2] = {(box[2] - box[0]) * MARGIN + least, (box[3] - box[1]) * MARGIN + least};

	for (int d = 0; d < 2; d++)
	{
		box[d] -= margin[d];
		box[2 + d] += margin[d];
	}
}

static bool
is_finite_box(const double *box)
{
	return isfinite(box[0]) && isfinite(box[1]) && isfinite(box[2]) && isfinite(box[3]);
}

/* xmin, ymin, xmax, ymax of an SRID as degrees; false: anywhere */
bool
atlas_box_to_world(int32 srid, const double *in, double *out)
{
	Projection *projection;

	if (!is_finite_box(in))
		return false;
	if (srid == ATLAS_SRID)
	{
		memcpy(out, in, 4 * sizeof(double));
		return true;
	}
	projection = srid > 0 ? find_projection(srid) : NULL;
	if (projection == NULL || projection->pj == NULL || (projection->geographic && !is_plain(in)) ||
		!project(projection->pj, PJ_FWD, in, out))
		return false;
	grow(out, MARGIN_DEGREES);
	/* more than half a turn: it may be the other half */
	return is_plain(out) && out[2] - out[0] < 180;
}

/* degrees as an SRID's xmin, ymin, xmax, ymax; false: anywhere */
bool
atlas_box_from_world(int32 srid, const double *in, double *out)
{
	Projection *projection;

	if (!is_finite_box(in))
		return false;
	if (srid == ATLAS_SRID)
	{
		memcpy(out, in, 4 * sizeof(double));
		return true;
	}
	projection = srid > 0 ? find_projection(srid) : NULL;
	if (projection == NULL || projection->pj == NULL || !is_plain(in) || in[2] - in[0] >= 180 ||
		!project(projection->pj, PJ_INV, in, out))
		return false;
	grow(out, projection->geographic ? MARGIN_DEGREES : MARGIN_UNITS);
	return !projection->geographic || is_plain(out);
}
