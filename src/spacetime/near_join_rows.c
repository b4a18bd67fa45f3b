/*
 * near_join_rows.c
 *	  Rows of both sides of a TerritoryNear: kept ones in batches, probes one by
 *	  one, and whether a pair of them is near.
 *
 * The scan tuple is a pair: columns of the probe, then those of the kept row.
 * Expressions of one side only are evaluated when its columns alone are set.
 */
#include "spacetime/near_join.h"

#include "miscadmin.h"
#include "utils/memutils.h"

#include "spacetime/metres.h"

/* ---- columns ---- */

static void
set_columns(NearSide *side, TupleTableSlot *from, TupleTableSlot *to)
{
	ExecClearTuple(to);
	if (from)
		slot_getallattrs(from);
	for (int i = 0; i < side->ncolumns; i++)
	{
		int			column = side->columns[i];

		to->tts_values[column] = from ? from->tts_values[side->sources[i]] : (Datum) 0;
		to->tts_isnull[column] = from ? from->tts_isnull[side->sources[i]] : true;
	}
	ExecStoreVirtualTuple(to);
}

/* the side's columns of the pair are those of its row */
void
near_show(NearSide *side, TupleTableSlot *from, TupleTableSlot *to)
{
	set_columns(side, from, to);
}

/* the side's columns of the pair are null */
void
near_hide(NearSide *side, TupleTableSlot *to)
{
	set_columns(side, NULL, to);
}

/* ---- where and when a row is ---- */

/* of the side's row in the scan tuple; false: nothing can be near it */
static bool
locate(NearJoinState *state, NearSide *side, bool grow, NearShape *shape, NearBounds *bounds)
{
	ExprContext *econtext = state->custom.ss.ps.ps_ExprContext;
	MemoryContext old = MemoryContextSwitchTo(econtext->ecxt_per_tuple_memory);
	bool		isnull = false;
	Datum		value;

	econtext->ecxt_scantuple = state->custom.ss.ss_ScanTupleSlot;
	if (side->place)
	{
		value = ExecEvalExpr(side->place, econtext, &isnull);
		if (!isnull)
		{
			near_shape(PointerGetDatum(PG_DETOAST_DATUM_PACKED(value)), shape);
			isnull = shape->is_empty || (metres_are_angles(shape->srid) && !near_on_earth(shape));
		}
		if (!isnull)
			near_bounds(shape, grow ? state->metres : 0, bounds->min, bounds->max);
	}
	if (side->instant && !isnull)
	{
		value = ExecEvalExpr(side->instant, econtext, &isnull);
		bounds->from = bounds->to = DatumGetTimestampTz(value);
		if (grow && !isnull)
		{
			bounds->from = near_earliest(DatumGetTimestampTz(value), state->span);
			bounds->to = near_latest(DatumGetTimestampTz(value), state->span);
		}
	}
	MemoryContextSwitchTo(old);
	return !isnull && bounds->from <= bounds->to;
}

/* ---- parameters ---- */

/* the values of now; null ones make nothing near */
void
near_start(NearJoinState *state)
{
	ExprContext *econtext = state->custom.ss.ps.ps_ExprContext;
	bool		isnull = false;
	Datum		value;

	ResetExprContext(econtext);
	state->possible = true;
	if (state->metres_expr)
	{
		value = ExecEvalExprSwitchContext(state->metres_expr, econtext, &isnull);
		state->possible = !isnull;
		state->metres = isnull ? 0 : DatumGetFloat8(value);
		near_check_metres(state->metres);
	}
	if (state->within_expr)
	{
		value = ExecEvalExprSwitchContext(state->within_expr, econtext, &isnull);
		state->possible = state->possible && !isnull;
		state->span.nothing = true;
		if (!isnull)
			state->span = near_span(DatumGetIntervalP(value));
	}
}

/* ---- kept rows ---- */

/* does a kept row matter that nothing can be near? */
static bool
keeps_all(NearJoinState *state)
{
	return state->preserves_kept && state->type != JOIN_SEMI;
}

static void
keep(NearJoinState *state, TupleTableSlot *slot)
{
	NearShape	shape = {0};
	NearBounds	bounds = {0};
	bool		placed;
	NearRow    *row;
	MemoryContext old;

	ResetExprContext(state->custom.ss.ps.ps_ExprContext);
	near_show(&state->kept, slot, state->custom.ss.ss_ScanTupleSlot);
	placed = state->possible && locate(state, &state->kept, true, &shape, &bounds);
	if (!placed && !keeps_all(state))
		return;
	row = near_grid_add(state->grid);
	row->shape = shape;
	row->bounds = bounds;
	row->placed = placed;
	old = MemoryContextSwitchTo(near_grid_context(state->grid));
	row->tuple = ExecCopySlotMinimalTuple(slot);
	MemoryContextSwitchTo(old);
}

/* the next rows of the kept side, as many as fit in memory; false: there is none */
bool
near_fill_batch(NearJoinState *state)
{
	Size		limit = get_hash_memory_limit();

	near_grid_reset(state->grid);
	while (!state->kept_done)
	{
		TupleTableSlot *slot;

		CHECK_FOR_INTERRUPTS();
		/* at least some, so that probes are not read for nothing */
		if (near_grid_rows(state->grid) >= 1024 && near_grid_size(state->grid) > limit)
			break;
		slot = ExecProcNode(state->kept.child);
		if (TupIsNull(slot))
			state->kept_done = true;
		else
			keep(state, slot);
	}
	near_grid_build(state->grid);
	state->batches++;
	state->rows_kept += near_grid_rows(state->grid);
	return near_grid_rows(state->grid) > 0;
}

/* ---- probes ---- */

/* of the child, kept aside where another batch follows; or of those kept aside */
static TupleTableSlot *
read_probe(NearJoinState *state)
{
	TupleTableSlot *slot;

	if (!state->first_batch)
		return state->probes && tuplestore_gettupleslot(state->probes, true, false, state->probe_slot) ?
			state->probe_slot : NULL;
	slot = ExecProcNode(state->probe.child);
	if (TupIsNull(slot))
		return NULL;
	if (!state->kept_done)
	{
		if (state->probes == NULL)
		{
			MemoryContext old = MemoryContextSwitchTo(state->custom.ss.ps.state->es_query_cxt);

			state->probes = tuplestore_begin_heap(false, false, work_mem);
			MemoryContextSwitchTo(old);
		}
		tuplestore_puttupleslot(state->probes, slot);
	}
	return slot;
}

/* set the pair to the next probe and nothing, and look where it is; false: there is none */
bool
near_next_probe(NearJoinState *state)
{
	TupleTableSlot *pair = state->custom.ss.ss_ScanTupleSlot;
	TupleTableSlot *slot;

	CHECK_FOR_INTERRUPTS();
	slot = read_probe(state);
	if (slot == NULL)
		return false;
	state->probe_number++;
	ResetExprContext(state->custom.ss.ps.ps_ExprContext);
	near_show(&state->probe, slot, pair);
	state->looking.part = PROBE_DONE;
	if (state->possible && locate(state, &state->probe, false, &state->probe_shape, &state->probe_bounds))
		near_grid_look(state->grid, &state->looking, &state->probe_bounds);
	return true;
}

void
near_rewind_probes(NearJoinState *state)
{
	state->first_batch = false;
	state->probe_number = -1;
	if (state->probes)
		tuplestore_rescan(state->probes);
}

/* ---- pairs ---- */

/* are the probe at hand, in the pair, and this row near, and does the pair pass the quals?  Its columns are set then. */
bool
near_pair(NearJoinState *state, NearRow *row)
{
	ExprContext *econtext = state->custom.ss.ps.ps_ExprContext;
	bool		near = true;
	bool		decided = state->space == NULL ||
		near_points_decided(&state->probe_shape, &row->shape, state->metres, &near);

	state->pairs++;
	if (decided && !near)
		return false;
	ExecStoreMinimalTuple(row->tuple, state->kept_slot, false);
	near_show(&state->kept, state->kept_slot, state->custom.ss.ss_ScanTupleSlot);
	ResetExprContext(econtext);
	econtext->ecxt_scantuple = state->custom.ss.ss_ScanTupleSlot;
	if (!decided)
	{
		bool		isnull;

		near = DatumGetBool(ExecEvalExprSwitchContext(state->space, econtext, &isnull)) && !isnull;
	}
	if (near && !ExecQual(state->quals, econtext))
	{
		InstrCountFiltered1(&state->custom, 1);
		return false;
	}
	return near;
}
