/*
 * point_target.c
 *	  A geometry that moving points are held against: its edges under a tree of
 *	  boxes, and its areas prepared by GEOS.
 *
 * The idea: GEOS reads the geometry, and says what an area covers; when a
 * motion meets an edge is ours to say, so edges are kept in the order of their
 * rings, EDGE_FAN under a box, EDGE_FAN boxes under a larger one, and so on.
 * A target is made once for all rows of a call whose geometry stays the same.
 *
 * Memory: GEOS allocates with malloc, so a callback of the memory context that
 * the target is in frees it, errors and cancels included.  GEOS reports errors
 * to a handler of ours, which only keeps the message: C++ frames are never
 * jumped over.
 */
#include "territory.h"

#include <geos_c.h>

#include "miscadmin.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "series/point.h"

#define EDGE_FAN	8
#define MAX_LEVELS	12

typedef struct Area
{
	const GEOSPreparedGeometry *prepared;
	PointBox	box;
} Area;

struct PointTarget
{
	int32		srid;
	PointBox	box;
	int			num_edges;
	int			room_edges;
	PointEdge  *edges;
	int			num_levels;		/* of boxes above the edges */
	int			level_size[MAX_LEVELS];
	PointBox   *levels[MAX_LEVELS];
	int			num_areas;
	int			room_areas;
	Area	   *areas;
	int			num_found;
	int			room_found;
	int		   *found;
	GEOSGeometry *geometry;
	bytea	   *source;			/* the geometry as PostGIS stores it */
	MemoryContextCallback callback;
};

static GEOSContextHandle_t geos = NULL;
static char geos_message[256];

/* called within C++: keeps the message and returns */
static void
keep_message(const char *message, void *arg)
{
	strlcpy(geos_message, message, sizeof geos_message);
}

static void
prepare_geos(void)
{
	geos_message[0] = '\0';
	/* what another query was asked to stop for */
	GEOS_interruptCancel();
	if (geos != NULL)
		return;
	geos = GEOS_init_r();
	if (geos == NULL)
		ereport(ERROR, (errcode(ERRCODE_OUT_OF_MEMORY), errmsg("GEOS does not start")));
	GEOSContext_setErrorMessageHandler_r(geos, keep_message, NULL);
	/* notices say nothing that the result does not */
	GEOSContext_setNoticeMessageHandler_r(geos, NULL, NULL);
}

static void
geos_failed(void)
{
	/* a cancel interrupts GEOS, too, where PostGIS asked for it */
	CHECK_FOR_INTERRUPTS();
	ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					errmsg("GEOS cannot work with the geometry: %s", geos_message),
					errhint("ST_IsValidReason tells what is wrong with it.")));
}

static void
free_target(void *arg)
{
	PointTarget *target = arg;

	for (int a = 0; a < target->num_areas; a++)
		if (target->areas[a].prepared != NULL)
			GEOSPreparedGeom_destroy_r(geos, target->areas[a].prepared);
	target->num_areas = 0;
	if (target->geometry != NULL)
		GEOSGeom_destroy_r(geos, target->geometry);
	target->geometry = NULL;
}

/* ---- reading the geometry ---- */

static void
add_edge(PointTarget *target, const double *a, const double *b)
{
	PointEdge  *edge;

	if (target->num_edges == target->room_edges)
	{
		target->room_edges = Max(64, 2 * target->room_edges);
		target->edges = target->edges == NULL ?
			palloc_extended(target->room_edges * sizeof(PointEdge), MCXT_ALLOC_HUGE) :
			repalloc_huge(target->edges, target->room_edges * sizeof(PointEdge));
	}
	edge = &target->edges[target->num_edges++];
	memcpy(edge->a, a, sizeof edge->a);
	memcpy(edge->b, b, sizeof edge->b);
}

/* a point's, line's or ring's coordinates as edges */
static void
add_sequence(PointTarget *target, const GEOSGeometry *part)
{
	const GEOSCoordSequence *sequence = GEOSGeom_getCoordSeq_r(geos, part);
	unsigned int size;
	double		p[2],
				q[2];

	if (sequence == NULL || !GEOSCoordSeq_getSize_r(geos, sequence, &size))
		geos_failed();
	for (unsigned int i = 0; i < size; i++)
	{
		if (!GEOSCoordSeq_getXY_r(geos, sequence, i, &q[0], &q[1]))
			geos_failed();
		if (!isfinite(q[0]) || !isfinite(q[1]))
			ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
							errmsg("the geometry has a coordinate that is not finite")));
		if (size == 1)
			add_edge(target, q, q);
		else if (i > 0)
			add_edge(target, p, q);
		memcpy(p, q, sizeof p);
	}
}

static void
add_area(PointTarget *target, const GEOSGeometry *polygon)
{
	int			first = target->num_edges;
	Area	   *area;

	add_sequence(target, GEOSGetExteriorRing_r(geos, polygon));
	if (target->num_areas == target->room_areas)
	{
		target->room_areas = Max(4, 2 * target->room_areas);
		target->areas = target->areas == NULL ? palloc(target->room_areas * sizeof(Area)) :
			repalloc(target->areas, target->room_areas * sizeof(Area));
	}
	area = &target->areas[target->num_areas];
	area->prepared = GEOSPrepare_r(geos, polygon);
	if (area->prepared == NULL)
		geos_failed();
	target->num_areas++;
	point_box_none(&area->box);
	for (int e = first; e < target->num_edges; e++)
	{
		point_box_add(&area->box, target->edges[e].a);
		point_box_add(&area->box, target->edges[e].b);
	}
	for (int hole = 0; hole < GEOSGetNumInteriorRings_r(geos, polygon); hole++)
		add_sequence(target, GEOSGetInteriorRingN_r(geos, polygon, hole));
}

static void
refuse_curves(void)
{
	ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
					errmsg("curves and surfaces in space are not supported"),
					errhint("ST_CurveToLine makes lines of curves, ST_Force2D and ST_Collect polygons of surfaces.")));
}

static void
refuse_type(const GEOSGeometry *part)
{
	char	   *name = GEOSGeomType_r(geos, part);
	char	   *copy = pstrdup(name == NULL ? "geometry" : name);

	GEOSFree_r(geos, name);
	ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					errmsg("a Polygon or MultiPolygon is needed, not a %s", copy),
					errhint("ST_Buffer makes an area of a point or line; when_within() takes any geometry.")));
}

static void
add_part(PointTarget *target, const GEOSGeometry *part, bool areas_only)
{
	if (GEOSisEmpty_r(geos, part) == 1)
		return;
	check_stack_depth();
	switch (GEOSGeomTypeId_r(geos, part))
	{
		case GEOS_POINT:
		case GEOS_LINESTRING:
		case GEOS_LINEARRING:
			if (areas_only)
				refuse_type(part);
			add_sequence(target, part);
			break;
		case GEOS_POLYGON:
			add_area(target, part);
			break;
		case GEOS_MULTIPOINT:
		case GEOS_MULTILINESTRING:
		case GEOS_MULTIPOLYGON:
		case GEOS_GEOMETRYCOLLECTION:
			for (int i = 0; i < GEOSGetNumGeometries_r(geos, part); i++)
				add_part(target, GEOSGetGeometryN_r(geos, part, i), areas_only);
			break;
		default:
			refuse_curves();
	}
}

/* GEOS' own word depends on its version */
static void
check_type(const bytea *ewkb)
{
	const char *bytes = VARDATA_ANY(ewkb);

	/* the type's lowest byte: after the byte order, or at the end of the word */
	if (VARSIZE_ANY_EXHDR(ewkb) < 5 || (uint8) bytes[bytes[0] == 1 ? 1 : 4] > GEOS_GEOMETRYCOLLECTION)
		refuse_curves();
}

/* ---- the tree ---- */

static void
make_level(PointTarget *target, int level, int below)
{
	int			size = (below + EDGE_FAN - 1) / EDGE_FAN;
	PointBox   *boxes = palloc_extended(size * sizeof(PointBox), MCXT_ALLOC_HUGE);

	for (int b = 0; b < size; b++)
	{
		point_box_none(&boxes[b]);
		for (int i = b * EDGE_FAN; i < Min(below, (b + 1) * EDGE_FAN); i++)
		{
			point_box_add(&boxes[b], level == 0 ? target->edges[i].a : target->levels[level - 1][i].min);
			point_box_add(&boxes[b], level == 0 ? target->edges[i].b : target->levels[level - 1][i].max);
		}
	}
	target->levels[level] = boxes;
	target->level_size[level] = size;
}

static void
make_tree(PointTarget *target)
{
	int			below = target->num_edges;

	while (target->num_levels == 0 || below > 1)
	{
		if (target->num_levels == MAX_LEVELS)
			elog(ERROR, "territory: a geometry with too many edges");
		make_level(target, target->num_levels, below);
		below = target->level_size[target->num_levels++];
	}
	target->box = target->levels[target->num_levels - 1][0];
}

static PointTarget *
make_target(const bytea *source, bool areas_only)
{
	PointTarget *target = palloc0(sizeof(PointTarget));
	bytea	   *ewkb = point_geometry_to_ewkb(PointerGetDatum(source));
	GEOSWKBReader *reader;

	check_type(ewkb);
	prepare_geos();
	target->callback.func = free_target;
	target->callback.arg = target;
	MemoryContextRegisterResetCallback(CurrentMemoryContext, &target->callback);
	reader = GEOSWKBReader_create_r(geos);
	if (reader == NULL)
		geos_failed();
	target->geometry = GEOSWKBReader_read_r(geos, reader, (unsigned char *) VARDATA_ANY(ewkb), VARSIZE_ANY_EXHDR(ewkb));
	GEOSWKBReader_destroy_r(geos, reader);
	if (target->geometry == NULL)
		geos_failed();
	target->srid = GEOSGetSRID_r(geos, target->geometry);
	add_part(target, target->geometry, areas_only);
	if (target->num_edges == 0)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("the geometry is empty"),
						errhint("Leave rows without a place out: WHERE NOT ST_IsEmpty(…).")));
	make_tree(target);
	target->source = palloc(VARSIZE(source));
	memcpy(target->source, source, VARSIZE(source));
	pfree(ewkb);
	return target;
}

/* the target of an argument, kept from call to call while the geometry stays the same */
PointTarget *
point_target(FunctionCallInfo fcinfo, int arg, bool areas_only)
{
	typedef struct Kept
	{
		MemoryContext context;
		PointTarget *target;
	} Kept;
	Kept	   *kept = fcinfo->flinfo->fn_extra;
	struct varlena *source = PG_DETOAST_DATUM(PG_GETARG_DATUM(arg));
	MemoryContext outer;

	if (kept == NULL)
	{
		kept = MemoryContextAllocZero(fcinfo->flinfo->fn_mcxt, sizeof(Kept));
		kept->context = AllocSetContextCreate(fcinfo->flinfo->fn_mcxt, "territory geometry", ALLOCSET_SMALL_SIZES);
		fcinfo->flinfo->fn_extra = kept;
	}
	if (kept->target == NULL || VARSIZE(kept->target->source) != VARSIZE(source) ||
		memcmp(kept->target->source, source, VARSIZE(source)) != 0)
	{
		kept->target = NULL;
		MemoryContextReset(kept->context);
		outer = MemoryContextSwitchTo(kept->context);
		kept->target = make_target(source, areas_only);
		MemoryContextSwitchTo(outer);
	}
	return kept->target;
}

int32
point_target_srid(const PointTarget *target)
{
	return target->srid;
}

const PointBox *
point_target_box(const PointTarget *target)
{
	return &target->box;
}

bool
point_target_has_area(const PointTarget *target)
{
	return target->num_areas > 0;
}

/* ---- questions ---- */

static bool
prepared_covers(const GEOSPreparedGeometry *prepared, const double *p)
{
	GEOSGeometry *point = GEOSGeom_createPointFromXY_r(geos, p[0], p[1]);
	char		result;

	if (point == NULL)
		geos_failed();
	/* of a point and an area, the border included */
	result = GEOSPreparedIntersects_r(geos, prepared, point);
	GEOSGeom_destroy_r(geos, point);
	if (result == 2)
		geos_failed();
	return result == 1;
}

/* is a position in one of the areas, or on its border? */
bool
point_target_covers(const PointTarget *target, const double *p)
{
	for (int a = 0; a < target->num_areas; a++)
	{
		const PointBox *box = &target->areas[a].box;

		if (p[0] >= box->min[0] && p[0] <= box->max[0] && p[1] >= box->min[1] && p[1] <= box->max[1] &&
			prepared_covers(target->areas[a].prepared, p))
			return true;
	}
	return false;
}

static void
search_level(PointTarget *target, int level, int first, int end, const PointBox *box, const double *margin)
{
	for (int i = first; i < end; i++)
	{
		if (level >= 0)
		{
			int			below = level == 0 ? target->num_edges : target->level_size[level - 1];

			if (point_boxes_meet(&target->levels[level][i], box, margin))
				search_level(target, level - 1, i * EDGE_FAN, Min(below, (i + 1) * EDGE_FAN), box, margin);
			continue;
		}
		if (target->num_found == target->room_found)
		{
			MemoryContext context = GetMemoryChunkContext(target);

			target->room_found = Max(64, 2 * target->room_found);
			target->found = target->found == NULL ? MemoryContextAlloc(context, target->room_found * sizeof(int)) :
				repalloc_huge(target->found, target->room_found * sizeof(int));
		}
		target->found[target->num_found++] = i;
	}
}

/* how many edges may be within a margin of a box; they are there until the next search */
int
point_target_search(PointTarget *target, const PointBox *box, const double *margin)
{
	target->num_found = 0;
	search_level(target, target->num_levels - 1, 0, 1, box, margin);
	return target->num_found;
}

const PointEdge *
point_target_found(const PointTarget *target, int i)
{
	return &target->edges[target->found[i]];
}

/* the square of the least distance from p to a box */
static double
box_square(const PointBox *box, const double *p, const double *scale)
{
	double		sum = 0;

	for (int c = 0; c < 2; c++)
	{
		double		d = Max(Max(box->min[c] - p[c], p[c] - box->max[c]), 0) * scale[c];

		sum += d * d;
	}
	return sum;
}

static void
nearest_level(const PointTarget *target, int level, int first, int end, const double *p, const double *scale,
			  double *best, double *nearest)
{
	for (int i = first; i < end; i++)
	{
		double		distance,
					place[2];

		if (level >= 0)
		{
			int			below = level == 0 ? target->num_edges : target->level_size[level - 1];

			if (box_square(&target->levels[level][i], p, scale) < *best * *best)
				nearest_level(target, level - 1, i * EDGE_FAN, Min(below, (i + 1) * EDGE_FAN), p, scale, best, nearest);
			continue;
		}
		distance = kernel_nearest_on_edge(p, &target->edges[i], scale, place);
		if (distance < *best)
		{
			*best = distance;
			memcpy(nearest, place, sizeof place);
		}
	}
}

/* the distance from a position to the geometry, 0 in an area */
double
point_target_distance(const PointTarget *target, const PointMetric *metric, const double *p)
{
	double		nearest[2],
				scale[2],
				best = INFINITY;

	if (point_target_covers(target, p))
		return 0;
	point_scale(metric, p[1], scale);
	nearest_level(target, target->num_levels - 1, 0, 1, p, scale, &best, nearest);
	if (metric->geographic)
	{
		/* in the plane between the two, which may find another place */
		point_scale(metric, (p[1] + nearest[1]) / 2, scale);
		best = INFINITY;
		nearest_level(target, target->num_levels - 1, 0, 1, p, scale, &best, nearest);
	}
	return point_metres(metric, p, nearest, 2);
}

/* the path of a series: its motions, and the instants that none leads from or to */
PointTarget *
point_target_of_series(const Series *series)
{
	PointTarget *target = palloc0(sizeof(PointTarget));
	PointWalk	walk;
	PointPiece	piece;

	target->srid = series->srid;
	point_walk_start(&walk, series, DT_NOBEGIN, DT_NOEND);
	while (point_walk_next(&walk, &piece))
		add_edge(target, piece.p, piece.q);
	make_tree(target);
	return target;
}
