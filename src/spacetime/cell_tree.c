/*
 * cell_tree.c
 *	  Cells above, below and beside a cell.
 *
 * Sets are handed out value by value, as their consumer asks for them: those
 * below a cell may be more than any memory holds.
 */
#include "territory.h"

#include "funcapi.h"

#include "spacetime/cell.h"

#define MOST_STEPS 512			/* beside a cell: a million cells */

/* ---- above ---- */

PG_FUNCTION_INFO_V1(territory_cell_parent);
Datum
territory_cell_parent(PG_FUNCTION_ARGS)
{
	Cell		cell = PG_GETARG_CELL(0);
	int			zoom = PG_NARGS() > 1 ? PG_GETARG_INT32(1) : cell_zoom(cell) - 1;

	if (PG_NARGS() == 1 && zoom < 0)
		PG_RETURN_NULL();
	cell_check_zoom(zoom);
	if (zoom > cell_zoom(cell))
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("a cell of zoom %d has no parent at zoom %d", cell_zoom(cell), zoom),
						errhint("cell_children() gives cells of greater zooms.")));
	PG_RETURN_CELL(cell_ancestor(cell, zoom));
}

PG_FUNCTION_INFO_V1(territory_cell_contains);
Datum
territory_cell_contains(PG_FUNCTION_ARGS)
{
	Cell		parent = PG_GETARG_CELL(0),
				child = PG_GETARG_CELL(1);

	PG_RETURN_BOOL(cell_zoom(parent) <= cell_zoom(child) && cell_ancestor(child, cell_zoom(parent)) == parent);
}

/* ---- below ---- */

static int
zoom_below(FunctionCallInfo fcinfo, Cell cell)
{
	int			zoom = PG_NARGS() > 1 ? PG_GETARG_INT32(1) : cell_zoom(cell) + 1;

	cell_check_zoom(zoom);
	if (zoom < cell_zoom(cell))
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("a cell of zoom %d has no children at zoom %d", cell_zoom(cell), zoom),
						errhint("cell_parent() gives the cell of a smaller zoom.")));
	return zoom;
}

PG_FUNCTION_INFO_V1(territory_cell_range);
Datum
territory_cell_range(PG_FUNCTION_ARGS)
{
	Cell		cell = PG_GETARG_CELL(0);
	int			zoom = zoom_below(fcinfo, cell);
	Cell		first = cell_first_below(cell, zoom);
	uint64		others = (UINT64CONST(1) << (2 * (zoom - cell_zoom(cell)))) - 1;
	Datum		values[2] = {CellGetDatum(first), CellGetDatum(first + others * cell_step(zoom))};
	bool		nulls[2] = {false, false};
	TupleDesc	desc;

	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "cell_range() must return a row");
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc), values, nulls)));
}

typedef struct Children
{
	Cell		next;
	uint64		step;
	uint64		left;
} Children;

PG_FUNCTION_INFO_V1(territory_cell_children);
Datum
territory_cell_children(PG_FUNCTION_ARGS)
{
	FuncCallContext *context;
	Children   *children;

	if (SRF_IS_FIRSTCALL())
	{
		Cell		cell = PG_GETARG_CELL(0);
		int			zoom;

		context = SRF_FIRSTCALL_INIT();
		children = MemoryContextAllocZero(context->multi_call_memory_ctx, sizeof(Children));
		context->user_fctx = children;
		/* the last zoom has none below it */
		if (PG_NARGS() > 1 || cell_zoom(cell) < CELL_MAX_ZOOM)
		{
			zoom = zoom_below(fcinfo, cell);
			children->next = cell_first_below(cell, zoom);
			children->step = cell_step(zoom);
			children->left = UINT64CONST(1) << (2 * (zoom - cell_zoom(cell)));
		}
	}
	context = SRF_PERCALL_SETUP();
	children = context->user_fctx;
	if (children->left == 0)
		SRF_RETURN_DONE(context);
	children->left--;
	children->next += children->step;
	SRF_RETURN_NEXT(context, CellGetDatum(children->next - children->step));
}

/* ---- beside ---- */

/* a square around a tile, row by row; from the east's end on to the west's, but not over the poles */
typedef struct Ring
{
	Tile		middle;
	int64		size;			/* tiles of the world, in x and in y */
	int64		from_x;			/* of the square, each column of the world once */
	int64		to_x;
	int64		to_y;
	int64		x;
	int64		y;
} Ring;

static void
start_ring(Ring *ring, Cell cell, int64 steps)
{
	int64		x,
				y;

	ring->middle = cell_tile(cell);
	x = ring->middle.x;
	y = ring->middle.y;
	ring->size = INT64CONST(1) << ring->middle.z;
	ring->from_x = x - steps;
	ring->to_x = Min(x + steps, ring->from_x + ring->size - 1);
	ring->to_y = Min(y + steps, ring->size - 1);
	ring->x = ring->from_x;
	ring->y = Max(y - steps, 0);
}

PG_FUNCTION_INFO_V1(territory_cell_neighbours);
Datum
territory_cell_neighbours(PG_FUNCTION_ARGS)
{
	FuncCallContext *context;
	Ring	   *ring;

	if (SRF_IS_FIRSTCALL())
	{
		int			steps = PG_NARGS() > 1 ? PG_GETARG_INT32(1) : 1;

		if (steps < 0 || steps > MOST_STEPS)
			ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
							errmsg("k must be from 0 to %d, not %d", MOST_STEPS, steps),
							errhint("cell_cover() gives the cells of an area, and coarser ones where it is large.")));
		context = SRF_FIRSTCALL_INIT();
		ring = MemoryContextAlloc(context->multi_call_memory_ctx, sizeof(Ring));
		start_ring(ring, PG_GETARG_CELL(0), steps);
		context->user_fctx = ring;
	}
	context = SRF_PERCALL_SETUP();
	ring = context->user_fctx;
	while (ring->y <= ring->to_y)
	{
		uint32		x = (uint32) (ring->x & (ring->size - 1));
		uint32		y = (uint32) ring->y;

		if (ring->x++ == ring->to_x)
		{
			ring->x = ring->from_x;
			ring->y++;
		}
		if (x != ring->middle.x || y != ring->middle.y)
			SRF_RETURN_NEXT(context, CellGetDatum(cell_of_tile(ring->middle.z, x, y)));
	}
	SRF_RETURN_DONE(context);
}
