/*
 * cell_cover.c
 *	  The cells that a geometry intersects.
 *
 * From the world's cell down, a cell is held against the geometry's edges that
 * are near it: where none meets it, it is wholly in an area or out of all of
 * them, and so is all that is below it.  Only cells that an edge goes through
 * are looked into.
 */
#include "territory.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "parser/parse_func.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

#include "series/point.h"
#include "spacetime/cell.h"

#define MOST_CELLS 1000000

typedef struct Cover
{
	PointTarget *target;
	int			zoom;
	bool		mixed;
	int64		n;
	int64		room;
	Cell	   *cells;
} Cover;

/* what there is of a cell */
typedef enum CoverPart
{
	COVER_NOTHING,
	COVER_SOME,
	COVER_ALL,					/* every cell of the zoom that it is made up of */
} CoverPart;

/* ---- the geometry ---- */

static Oid
postgis_function(const char *name, int nargs, Oid second)
{
	Oid			schema = point_postgis_schema();
	Oid			types[2] = {GetSysCacheOid2(TYPENAMENSP, Anum_pg_type_oid, CStringGetDatum("geometry"), ObjectIdGetDatum(schema)), second};

	return LookupFuncName(list_make2(makeString(get_namespace_name(schema)), makeString(pstrdup(name))), nargs, types, false);
}

static bool
is_empty(Datum geometry)
{
	return DatumGetBool(OidFunctionCall1(postgis_function("st_isempty", 1, InvalidOid), geometry));
}

/* its corners in longitude and latitude of WGS 84 */
static Datum
in_degrees(Datum geometry)
{
	int32		srid = DatumGetInt32(OidFunctionCall1(postgis_function("st_srid", 1, InvalidOid), geometry));

	if (srid == 4326)
		return geometry;
	if (srid == 0)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("the geometry has no SRID, so it is not known where it is"),
						errhint("Give it one with ST_SetSRID.")));
	return OidFunctionCall2(postgis_function("st_transform", 2, INT4OID), geometry, Int32GetDatum(4326));
}

/* ---- rectangles ---- */

/* does a segment have a point in common with a rectangle? */
static bool
edge_meets(const PointEdge *edge, const PointBox *box)
{
	double		dx = edge->b[0] - edge->a[0],
				dy = edge->b[1] - edge->a[1];
	bool		left = false,
				right = false;

	for (int c = 0; c < 2; c++)
		if (Max(edge->a[c], edge->b[c]) < box->min[c] || Min(edge->a[c], edge->b[c]) > box->max[c])
			return false;
	/* are all corners on one side of it? */
	for (int corner = 0; corner < 4; corner++)
	{
		double		x = (corner & 1 ? box->max[0] : box->min[0]) - edge->a[0],
					y = (corner & 2 ? box->max[1] : box->min[1]) - edge->a[1],
					side = dx * y - dy * x;

		left = left || side >= 0;
		right = right || side <= 0;
	}
	return left && right;
}

static bool
any_edge_meets(PointTarget *target, const PointBox *box)
{
	static const double none[2] = {0, 0};
	int			n = point_target_search(target, box, none);

	for (int i = 0; i < n; i++)
		if (edge_meets(point_target_found(target, i), box))
			return true;
	return false;
}

/* ---- the quadtree ---- */

static void
add_cells(Cover *cover, Cell first, uint64 step, uint64 n)
{
	if (n > MOST_CELLS || cover->n + (int64) n > MOST_CELLS)
		ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
						errmsg("the geometry covers more than %d cells of zoom %d", MOST_CELLS, cover->zoom),
						errhint("Ask for a smaller zoom, or for large cells where they fit: cell_cover(…, mixed => true).")));
	if (cover->n + (int64) n > cover->room)
	{
		cover->room = Max(2 * cover->room, cover->n + (int64) n);
		cover->cells = cover->cells == NULL ? palloc(sizeof(Cell) * cover->room) :
			repalloc_huge(cover->cells, sizeof(Cell) * cover->room);
	}
	for (uint64 i = 0; i < n; i++)
		cover->cells[cover->n++] = first + i * step;
}

/* the cell whole: as itself, or as those of the zoom below it */
static CoverPart
add_whole(Cover *cover, Cell cell)
{
	if (cover->mixed)
		add_cells(cover, cell, 0, 1);
	else
		add_cells(cover, cell_first_below(cell, cover->zoom), cell_step(cover->zoom),
				  UINT64CONST(1) << (2 * (cover->zoom - cell_zoom(cell))));
	return COVER_ALL;
}

static CoverPart
cover_cell(Cover *cover, Cell cell)
{
	int			zoom = cell_zoom(cell),
				whole = 0;
	CellBox		corners = cell_box(cell_tile(cell));
	PointBox	box;
	int64		before = cover->n;
	bool		some = false;

	memcpy(box.min, corners.min, sizeof box.min);
	memcpy(box.max, corners.max, sizeof box.max);
	CHECK_FOR_INTERRUPTS();
	if (!any_edge_meets(cover->target, &box))
	{
		double		middle[2] = {(box.min[0] + box.max[0]) / 2, (box.min[1] + box.max[1]) / 2};

		return point_target_has_area(cover->target) && point_target_covers(cover->target, middle) ?
			add_whole(cover, cell) : COVER_NOTHING;
	}
	if (zoom == cover->zoom)
		return add_whole(cover, cell);
	for (int i = 0; i < 4; i++)
	{
		CoverPart	part = cover_cell(cover, cell_first_below(cell, zoom + 1) + i * cell_step(zoom + 1));

		some = some || part != COVER_NOTHING;
		whole += part == COVER_ALL;
	}
	if (whole == 4 && cover->mixed)
	{
		cover->n = before;
		return add_whole(cover, cell);
	}
	return whole == 4 ? COVER_ALL : some ? COVER_SOME : COVER_NOTHING;
}

PG_FUNCTION_INFO_V1(territory_cell_cover);
Datum
territory_cell_cover(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	Datum		geometry = PG_GETARG_DATUM(0);
	Cover		cover = {.zoom = PG_GETARG_INT32(1), .mixed = PG_GETARG_BOOL(2)};

	cell_check_zoom(cover.zoom);
	InitMaterializedSRF(fcinfo, MAT_SRF_USE_EXPECTED_DESC);
	if (is_empty(geometry))
		return (Datum) 0;
	fcinfo->args[0].value = in_degrees(geometry);
	cover.target = point_target(fcinfo, 0, false);
	cover_cell(&cover, cell_of_tile(0, 0, 0));
	for (int64 i = 0; i < cover.n; i++)
	{
		Datum		value = CellGetDatum(cover.cells[i]);
		bool		isnull = false;

		tuplestore_putvalues(result->setResult, result->setDesc, &value, &isnull);
	}
	return (Datum) 0;
}
