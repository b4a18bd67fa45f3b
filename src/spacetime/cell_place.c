/*
 * cell_place.c
 *	  The cell of a position: cell(geometry, zoom).
 *
 * What is known of an SRID and a zoom is kept from call to call.  The same
 * function gives TerritoryAggregate the cells of a block's coordinates.
 */
#include "territory.h"

#include "segment/point.h"
#include "series/point.h"
#include "spacetime/cell.h"
#include "vector/vector_place.h"

/* the SRID and coordinates of a point; false: it is empty */
bool
cell_read_point(Datum geometry, int32 *srid, double *p)
{
	struct varlena *point = (struct varlena *) PG_DETOAST_DATUM_PACKED(geometry);
	const char *bytes = VARDATA_ANY(point);
	double		v[3];
	int			dims;

	switch (geometry_read_point(bytes, VARSIZE_ANY_EXHDR(point), &dims, v))
	{
		case POINT_NONE:
			ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
							errmsg("only a point has a cell"),
							errhint("cell_cover() gives the cells of any geometry; ST_Centroid makes a point of it.")));
			break;
		case POINT_EMPTY:
			return false;
		case POINT_FOUND:
			break;
	}
	*srid = geometry_srid(bytes);
	memcpy(p, v, 2 * sizeof(double));
	return true;
}

/* ---- maps, kept from call to call ---- */

typedef struct KeptMap
{
	int32		srid;
	int32		zoom;
	CellMap    *map;
	MemoryContext context;
} KeptMap;

static CellMap *
kept_map(FmgrInfo *function, int32 srid, int32 zoom)
{
	KeptMap    *kept = function->fn_extra;
	MemoryContext outer;

	if (kept != NULL && kept->map != NULL && kept->srid == srid && kept->zoom == zoom)
		return kept->map;
	if (kept == NULL)
	{
		kept = MemoryContextAllocZero(function->fn_mcxt, sizeof(KeptMap));
		kept->context = AllocSetContextCreate(function->fn_mcxt, "territory cells", ALLOCSET_SMALL_SIZES);
		function->fn_extra = kept;
	}
	kept->map = NULL;
	MemoryContextReset(kept->context);
	outer = MemoryContextSwitchTo(kept->context);
	kept->map = cell_map_make(srid, zoom);
	MemoryContextSwitchTo(outer);
	kept->srid = srid;
	kept->zoom = zoom;
	return kept->map;
}

PG_FUNCTION_INFO_V1(territory_cell_of_point);
Datum
territory_cell_of_point(PG_FUNCTION_ARGS)
{
	int32		zoom = PG_GETARG_INT32(1),
				srid;
	double		p[2];

	cell_check_zoom(zoom);
	if (!cell_read_point(PG_GETARG_DATUM(0), &srid, p))
		PG_RETURN_NULL();
	PG_RETURN_CELL(cell_map_point(kept_map(fcinfo->flinfo, srid, zoom), p[0], p[1]));
}

/* ---- many at once ---- */

static void
cells_of_points(FmgrInfo *function, const Datum *others, int32 srid, const double *x, const double *y,
				const int *rows, int n, Datum *cells)
{
	CellMap    *map = kept_map(function, srid, DatumGetInt32(others[0]));

	cell_map_points(map, x, y, rows, n, cells);
}

static bool
cell_of_box(FmgrInfo *function, const Datum *others, int32 srid, const float *box, Datum *value)
{
	Cell		cell;

	if (!cell_map_box(kept_map(function, srid, DatumGetInt32(others[0])), box, &cell))
		return false;
	*value = CellGetDatum(cell);
	return true;
}

static double
count_cells(const Datum *others, int32 srid, const float *box)
{
	int			zoom = DatumGetInt32(others[0]);
	bool		known = srid == 4326 || srid == 3857;

	if (zoom < 0 || zoom > CELL_MAX_ZOOM || (!known && point_srid_definitions(srid) == NIL))
		return 0;
	return cell_map_count(cell_map_make(srid, zoom), box);
}

void
cell_init(void)
{
	vector_place_register("territory_cell_of_point", territory_cell_of_point, cells_of_points, cell_of_box, count_cells);
}
