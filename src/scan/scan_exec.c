/*
 * scan_exec.c
 *	  TerritoryScan at run time: hot rows, then sealed ones, or both merged into
 *	  one order.
 *
 * Hot rows come filtered from a core index plan, or unfiltered from heap's own
 * scan; every qual is evaluated exactly once on each row that reaches it.  The
 * slot handed up always carries the row's TID, sealed or hot: UPDATE, FOR
 * UPDATE and WHERE CURRENT OF take it from there.
 */
#include "territory.h"

#include "access/parallel.h"
#include "access/xact.h"
#include "executor/executor.h"
#include "executor/nodeCustom.h"
#include "miscadmin.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "storage/predicate.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

#include "am/am.h"
#include "scan/scan.h"
#include "scan/scan_sort.h"

static const CustomExecMethods exec_methods;

static Node *
create_state(CustomScan *plan)
{
	TerritoryScanState *state = (TerritoryScanState *) newNode(sizeof(TerritoryScanState), T_CustomScanState);

	state->custom.methods = &exec_methods;
	return (Node *) state;
}

/* ---- begin and end ---- */

static void
begin_sorts(TerritoryScanState *state, List *specs, List *exprs)
{
	state->nsorts = list_length(specs);
	state->sorts = palloc0(sizeof(ScanSort) * Max(state->nsorts, 1));
	for (int i = 0; i < state->nsorts; i++)
	{
		List	   *spec = list_nth(specs, i);
		Node	   *expr = list_nth(exprs, i);
		ScanSort   *sort = &state->sorts[i];

		sort->expr = ExecInitExpr((Expr *) expr, &state->custom.ss.ps);
		sort->type = exprType(expr);
		sort->operator = list_nth_oid(spec, SORT_OPERATOR);
		sort->support.ssup_cxt = CurrentMemoryContext;
		sort->support.ssup_collation = list_nth_oid(spec, SORT_COLLATION);
		sort->support.ssup_nulls_first = list_nth_oid(spec, SORT_NULLS_FIRST) != 0;
		PrepareSortSupportFromOrderingOp(sort->operator, &sort->support);
	}
}

/*
 * nodeCustom.c compiled projection for a virtual slot, but hot rows of a scan
 * without child, and the row that EvalPlanQual hands in, come in the table's
 * own kind of slot.  Compile again without that assumption.
 */
static void
compile_for_any_slot(TerritoryScanState *state, Index scanrelid)
{
	ScanState  *scan = &state->custom.ss;

	scan->ps.scanopsfixed = false;
	scan->ps.scanops = NULL;
	scan->ps.scanopsset = true;
	scan->ps.ps_ProjInfo = NULL;
	ExecAssignScanProjectionInfoWithVarno(scan, scanrelid);
	state->filter = ExecInitQual(state->filter_exprs, &scan->ps);
}

/* core may have replaced, after the plan was made, a column that nobody reads by a null */
static void
begin_columns(TerritoryScanState *state, CustomScan *plan)
{
	int			nsorts = list_length(list_nth(plan->custom_private, PRIVATE_SORTS));
	List	   *sorts = list_copy_tail(plan->custom_exprs, list_length(plan->custom_exprs) - nsorts);
	Bitmapset  *read = NULL;
	bool		whole;
	ListCell   *lc;

	pull_varattnos((Node *) plan->scan.plan.targetlist, plan->scan.scanrelid, &read);
	pull_varattnos((Node *) sorts, plan->scan.scanrelid, &read);
	state->shown = bms_make_singleton(0);
	for (int i = bms_next_member(read, -1); i >= 0; i = bms_next_member(read, i))
		state->shown = bms_add_member(state->shown, Max(i + FirstLowInvalidHeapAttributeNumber, 0));
	if (bms_is_member(0 - FirstLowInvalidHeapAttributeNumber, read))
		state->shown = NULL;
	pull_varattnos((Node *) plan->custom_exprs, plan->scan.scanrelid, &read);
	whole = bms_is_member(0 - FirstLowInvalidHeapAttributeNumber, read);
	foreach(lc, list_nth(plan->custom_private, PRIVATE_COLUMNS))
	{
		AttrNumber	attno = lfirst_int(lc);

		state->columns[state->ncolumns++] = attno;
		if (attno > 0 && (whole || bms_is_member(attno - FirstLowInvalidHeapAttributeNumber, read)))
			state->needed = bms_add_member(state->needed, attno);
	}
}

static void
begin_scan(CustomScanState *node, EState *estate, int eflags)
{
	TerritoryScanState *state = (TerritoryScanState *) node;
	CustomScan *plan = (CustomScan *) node->ss.ps.plan;
	Relation	rel = node->ss.ss_currentRelation;
	TupleDesc	desc = RelationGetDescr(rel);
	List	   *exprs = plan->custom_exprs;
	List	   *sort_specs = list_nth(plan->custom_private, PRIVATE_SORTS);
	int			nfilters = linitial_int(list_nth(plan->custom_private, PRIVATE_NFILTERS));

	if (!relation_is_territory(rel))
		elog(ERROR, "\"%s\" is no territory table any more", RelationGetRelationName(rel));
	state->columns = palloc(sizeof(AttrNumber) * (desc->natts + FirstLowInvalidHeapAttributeNumber * -1 + 1));
	begin_columns(state, plan);
	state->filter_exprs = list_truncate(list_copy(exprs), nfilters);
	state->prune_specs = list_nth(plan->custom_private, PRIVATE_PRUNES);
	state->prune_values = scan_prune_values(state->prune_specs, list_copy_tail(exprs, nfilters), &node->ss.ps);
	compile_for_any_slot(state, plan->scan.scanrelid);
	begin_sorts(state, sort_specs, list_copy_tail(exprs, list_length(exprs) - list_length(sort_specs)));
	if (state->filter_exprs)
	{
		state->vectors = scan_filter_begin(state->filter_exprs, plan->scan.scanrelid, &node->ss.ps);
		scan_filter_imply(state->vectors, state->filter_exprs, state->prune_specs, state->prune_values);
	}
	state->rest_columns = palloc(sizeof(int) * Max(desc->natts, 1));
	state->prune_context = AllocSetContextCreate(CurrentMemoryContext, "territory prune keys",
												 ALLOCSET_SMALL_SIZES);
	if (plan->custom_plans)
	{
		state->child = ExecInitNode(linitial(plan->custom_plans), estate,
									state->nsorts ? eflags & ~(EXEC_FLAG_BACKWARD | EXEC_FLAG_MARK) : eflags);
		node->custom_ps = list_make1(state->child);
	}
	else
		state->hot_slot = table_slot_create(rel, &estate->es_tupleTable);
	state->sealed_head = node->ss.ss_ScanTupleSlot;
	/* here EvalPlanQual fetches rows by TID, as the table stores them */
	if (estate->es_epq_active)
		node->ss.ss_ScanTupleSlot = table_slot_create(rel, &estate->es_tupleTable);
	if (state->nsorts)
	{
		state->hot_head = ExecInitExtraTupleSlot(estate, desc, &TTSOpsVirtual);
		state->hot_keys = palloc(sizeof(Datum) * state->nsorts);
		state->hot_nulls = palloc(sizeof(bool) * state->nsorts);
		state->sealed_keys = palloc(sizeof(Datum) * state->nsorts);
		state->sealed_nulls = palloc(sizeof(bool) * state->nsorts);
		state->hot_context = AllocSetContextCreate(CurrentMemoryContext, "territory hot row's keys",
												   ALLOCSET_SMALL_SIZES);
	}
}

static void
close_sealed(TerritoryScanState *state)
{
	if (state->sealed)
		sealed_scan_end(state->sealed);
	state->sealed = NULL;
	state->sealed_ready = false;
}

static void
end_hot_sort(TerritoryScanState *state)
{
	if (state->hot_sorter == NULL)
		return;
	ExecClearTuple(state->hot_head);
	scan_sorter_end(state->hot_sorter);
	state->hot_sorter = NULL;
}

static void
end_scan(CustomScanState *node)
{
	TerritoryScanState *state = (TerritoryScanState *) node;

	end_hot_sort(state);
	scan_order_end(state);
	if (state->child)
		ExecEndNode(state->child);
	if (state->hot_scan)
		table_endscan(state->hot_scan);
	close_sealed(state);
}

static void
rescan(CustomScanState *node)
{
	TerritoryScanState *state = (TerritoryScanState *) node;

	if (state->child)
	{
		if (node->ss.ps.chgParam)
			UpdateChangedParamSet(state->child, node->ss.ps.chgParam);
		if (state->child->chgParam == NULL)
			ExecReScan(state->child);
	}
	if (state->hot_scan)
		table_rescan(state->hot_scan, NULL);
	state->in_sealed = state->sealed_ready = false;
	state->hot_ahead = state->sealed_ahead = state->hot_done = state->sealed_done = false;
	end_hot_sort(state);
	scan_order_restart(state);
	ExecScanReScan(&node->ss);
}

/* ---- sealed rows ---- */

/*
 * By key sets, where they know the key that is asked for; else by zone maps.
 * Workers would not choose alike, so a shared scan goes by zone maps.
 */
void
scan_aim_sealed(SealedScan *sealed, PruneKey *keys, int nkeys)
{
	List	   *parts;
	int64		segments;

	if (sealed->shared == NULL &&
		sealed_keys_choose(sealed->rel, &sealed->store, sealed->snapshot, keys, nkeys, &parts, &segments))
	{
		sealed_scan_choose(sealed, keys, nkeys, parts);
		sealed->segments_pruned += Max(segments - sealed->directory->nsegments, 0);
		list_free(parts);
	}
	else
		sealed_scan_prune(sealed, keys, nkeys);
}

/* quals for the parameters' values of now */
static void
start_filter(TerritoryScanState *state)
{
	Bitmapset  *columns;

	if (state->vectors == NULL)
		return;
	scan_filter_start(state->vectors, state->custom.ss.ps.ps_ExprContext);
	state->rest = scan_filter_rest(state->vectors);
	columns = scan_filter_rest_columns(state->vectors);
	state->nrest_columns = bms_is_member(0, columns) ? -1 : 0;
	for (int a = bms_next_member(columns, 0); state->nrest_columns >= 0 && a >= 0; a = bms_next_member(columns, a))
		state->rest_columns[state->nrest_columns++] = a - 1;
	sealed_scan_show_only(state->sealed, state->nrest_columns < 0 ? NULL : state->shown);
}

static bool
begin_sealed(TerritoryScanState *state)
{
	EState	   *estate = state->custom.ss.ps.state;
	MemoryContext old = MemoryContextSwitchTo(estate->es_query_cxt);

	state->sealed = sealed_scan_begin(state->custom.ss.ss_currentRelation, estate->es_snapshot,
									  state->shared && !state->nsorts ? &state->shared->next_segment : NULL);
	MemoryContextSwitchTo(old);
	if (state->sealed == NULL)
		return false;
	sealed_scan_need(state->sealed, state->needed, false);
	state->sealed->late = true;
	state->sealed->hands_over = state->nsorts > 0;
	if (state->vectors)
		scan_filter_attach(state->vectors, state->sealed);
	if (state->child)
		PredicateLockRelation(state->custom.ss.ss_currentRelation, estate->es_snapshot);
	return true;
}

/*
 * Point the sealed cursor before its first row, pruned by the parameters'
 * values of now.  False where no sealed row can pass.
 */
bool
scan_open_sealed(TerritoryScanState *state)
{
	PruneKey   *keys;
	int			nkeys;

	if (state->sealed_ready)
		return state->sealed_possible;
	state->sealed_ready = true;
	state->sealed_possible = false;
	/* in order, one worker takes all segments */
	if (state->nsorts && state->shared && pg_atomic_fetch_add_u32(&state->shared->next_segment, 1) > 0)
		return false;
	if (state->sealed == NULL && !begin_sealed(state))
		return false;
	state->sealed_possible = scan_prune_keys(state->prune_specs, state->prune_values,
											 state->custom.ss.ps.ps_ExprContext, state->prune_context, &keys, &nkeys);
	if (!state->sealed_possible)
		return false;
	scan_aim_sealed(state->sealed, keys, nkeys);
	start_filter(state);
	sealed_scan_restart(state->sealed, ForwardScanDirection);
	return true;
}

/* the columns that the rest of the quals reads, of the cursor's row */
static void
store_rest_columns(TerritoryScanState *state, TupleTableSlot *slot)
{
	SealedScan *sealed = state->sealed;

	if (state->nrest_columns < 0)
	{
		sealed_scan_row(sealed, slot->tts_values, slot->tts_isnull);
		return;
	}
	memset(slot->tts_isnull, true, sizeof(bool) * slot->tts_tupleDescriptor->natts);
	for (int i = 0; i < state->nrest_columns; i++)
	{
		int			a = state->rest_columns[i];

		sealed_scan_decode(sealed, a);
		slot->tts_values[a] = sealed->values[a][sealed->row];
		slot->tts_isnull[a] = sealed->nulls[a][sealed->row];
	}
}

/* does the cursor's row pass the quals that vectors leave?  Nothing of it stays in the slot. */
bool
scan_rest_passes(TerritoryScanState *state, TupleTableSlot *slot)
{
	ExprContext *econtext = state->custom.ss.ps.ps_ExprContext;
	bool		passes;

	if (state->rest == NULL)
		return true;
	ExecClearTuple(slot);
	store_rest_columns(state, slot);
	ExecStoreVirtualTuple(slot);
	sealed_scan_tid(state->sealed, &slot->tts_tid);
	slot->tts_tableOid = RelationGetRelid(state->custom.ss.ss_currentRelation);
	ResetExprContext(econtext);
	econtext->ecxt_scantuple = slot;
	passes = ExecQual(state->rest, econtext);
	if (!passes)
		InstrCountFiltered1(&state->custom, 1);
	ExecClearTuple(slot);
	return passes;
}

static void
store_sealed_row(TerritoryScanState *state, TupleTableSlot *slot)
{
	ExecClearTuple(slot);
	sealed_scan_row(state->sealed, slot->tts_values, slot->tts_isnull);
	ExecStoreVirtualTuple(slot);
	sealed_scan_tid(state->sealed, &slot->tts_tid);
	slot->tts_tableOid = RelationGetRelid(state->custom.ss.ss_currentRelation);
}

/* rows that never came to be asked */
void
scan_count_removed(TerritoryScanState *state)
{
	int64		removed = state->vectors ? scan_filter_removed(state->vectors) : 0;

	if (removed == state->vectors_removed)
		return;
	InstrCountFiltered1(&state->custom, removed - state->vectors_removed);
	state->vectors_removed = removed;
}

/* the next sealed row that passes the quals, in a virtual slot of the table's columns */
bool
scan_next_sealed(TerritoryScanState *state, ScanDirection direction, TupleTableSlot *slot)
{
	bool		found = false;

	while (!found && state->sealed_possible && sealed_scan_next(state->sealed, direction))
		found = scan_rest_passes(state, slot);
	if (found)
		store_sealed_row(state, slot);
	scan_count_removed(state);
	return found;
}

/* ---- hot rows ---- */

/* a row of the child, laid out as a row of the table; its values live until the child's next row */
static TupleTableSlot *
next_of_child(TerritoryScanState *state, TupleTableSlot *slot)
{
	TupleTableSlot *row = ExecProcNode(state->child);

	if (TupIsNull(row))
		return NULL;
	state->hot_rows++;
	ExecClearTuple(slot);
	memset(slot->tts_isnull, true, slot->tts_tupleDescriptor->natts * sizeof(bool));
	slot_getallattrs(row);
	for (int i = 0; i < state->ncolumns; i++)
	{
		AttrNumber	attno = state->columns[i];

		if (attno <= 0)
			continue;
		slot->tts_values[attno - 1] = row->tts_values[i];
		slot->tts_isnull[attno - 1] = row->tts_isnull[i];
	}
	ExecStoreVirtualTuple(slot);
	if (IsA(state->child, IndexOnlyScanState))
		slot->tts_tid = ((IndexOnlyScanState *) state->child)->ioss_ScanDesc->xs_heaptid;
	else
		slot->tts_tid = ((ScanState *) state->child)->ss_ScanTupleSlot->tts_tid;
	slot->tts_tableOid = RelationGetRelid(state->custom.ss.ss_currentRelation);
	return slot;
}

/* a row of heap's scan that passes the quals */
static TupleTableSlot *
next_of_heap(TerritoryScanState *state, ScanDirection direction)
{
	EState	   *estate = state->custom.ss.ps.state;
	ExprContext *econtext = state->custom.ss.ps.ps_ExprContext;

	if (state->hot_scan == NULL)
		state->hot_scan = territory_scan_hot(state->custom.ss.ss_currentRelation, estate->es_snapshot, NULL);
	while (table_scan_getnextslot(state->hot_scan, direction, state->hot_slot))
	{
		state->hot_rows++;
		if (state->filter == NULL)
			return state->hot_slot;
		econtext->ecxt_scantuple = state->hot_slot;
		if (ExecQual(state->filter, econtext))
			return state->hot_slot;
		InstrCountFiltered1(&state->custom, 1);
		ResetExprContext(econtext);
	}
	return NULL;
}

static TupleTableSlot *
next_hot(TerritoryScanState *state, ScanDirection direction, TupleTableSlot *slot)
{
	return state->child ? next_of_child(state, slot) : next_of_heap(state, direction);
}

/* ---- one after the other, either way ---- */

/* the slot that ExecScan returns is also where WHERE CURRENT OF looks */
static TupleTableSlot *
hand_up(TerritoryScanState *state, TupleTableSlot *slot)
{
	state->custom.ss.ss_ScanTupleSlot = slot;
	return slot;
}

static TupleTableSlot *
next_unordered(TerritoryScanState *state)
{
	ScanDirection direction = state->custom.ss.ps.state->es_direction;
	bool		backward = ScanDirectionIsBackward(direction);
	TupleTableSlot *virtual = state->sealed_head;
	TupleTableSlot *slot;

	if (!state->in_sealed)
	{
		slot = next_hot(state, direction, virtual);
		if (slot)
			return hand_up(state, slot);
		if (backward)
			return ExecClearTuple(hand_up(state, virtual));
		state->in_sealed = true;
		scan_open_sealed(state);
	}
	if (scan_next_sealed(state, direction, virtual))
		return hand_up(state, virtual);
	if (backward)
	{
		state->in_sealed = false;	/* the hot scan stands at its end */
		slot = next_hot(state, direction, virtual);
		if (slot)
			return hand_up(state, slot);
	}
	return ExecClearTuple(hand_up(state, virtual));
}

/* ---- merged ---- */

/* heap's rows come in no order */
static void
sort_hot_rows(TerritoryScanState *state)
{
	TupleTableSlot *row;

	state->hot_sorter = scan_sorter_begin(state);
	while ((row = next_of_heap(state, ForwardScanDirection)) != NULL)
	{
		CHECK_FOR_INTERRUPTS();
		MemoryContextReset(state->hot_context);
		slot_getallattrs(row);
		scan_order_keys(state, row, state->hot_keys, state->hot_nulls, state->hot_context);
		scan_sorter_put(state->hot_sorter, state->hot_keys, state->hot_nulls, row->tts_values, row->tts_isnull,
						&row->tts_tid);
	}
	scan_sorter_perform(state->hot_sorter);
}

/* the next hot row in the scan's order into hot_head and hot_keys */
static bool
next_hot_in_order(TerritoryScanState *state)
{
	if (state->child == NULL)
	{
		if (state->hot_sorter == NULL)
			sort_hot_rows(state);
		return scan_sorter_next(state->hot_sorter, state->hot_head, state->hot_keys, state->hot_nulls);
	}
	if (next_of_child(state, state->hot_head) == NULL)
		return false;
	MemoryContextReset(state->hot_context);
	scan_order_keys(state, state->hot_head, state->hot_keys, state->hot_nulls, state->hot_context);
	return true;
}

static void
look_ahead(TerritoryScanState *state)
{
	if (!state->hot_ahead && !state->hot_done)
	{
		state->hot_ahead = next_hot_in_order(state);
		state->hot_done = !state->hot_ahead;
	}
	if (!state->sealed_ahead && !state->sealed_done)
	{
		state->sealed_ahead = scan_order_next(state);
		state->sealed_done = !state->sealed_ahead;
	}
}

static TupleTableSlot *
next_ordered(TerritoryScanState *state)
{
	if (state->sealed_done && !state->hot_ahead && state->child)
	{
		TupleTableSlot *slot = state->hot_done ? NULL : next_of_child(state, state->hot_head);

		state->hot_done = slot == NULL;
		return slot ? hand_up(state, slot) : ExecClearTuple(hand_up(state, state->sealed_head));
	}
	look_ahead(state);
	if (state->hot_ahead &&
		(!state->sealed_ahead ||
		 scan_order_compare(state, state->hot_keys, state->hot_nulls, state->sealed_keys, state->sealed_nulls) <= 0))
	{
		state->hot_ahead = false;
		return hand_up(state, state->hot_head);
	}
	if (state->sealed_ahead)
	{
		state->sealed_ahead = false;
		return hand_up(state, state->sealed_head);
	}
	return ExecClearTuple(hand_up(state, state->sealed_head));
}

static TupleTableSlot *
next_row(ScanState *node)
{
	TerritoryScanState *state = (TerritoryScanState *) node;

	return state->nsorts ? next_ordered(state) : next_unordered(state);
}

/* a row that EvalPlanQual brought: whoever found it has checked nothing */
static bool
recheck_row(ScanState *node, TupleTableSlot *slot)
{
	TerritoryScanState *state = (TerritoryScanState *) node;
	ExprContext *econtext = node->ps.ps_ExprContext;

	econtext->ecxt_scantuple = slot;
	return ExecQualAndReset(state->filter, econtext);
}

static TupleTableSlot *
exec_scan(CustomScanState *node)
{
	return ExecScan(&node->ss, next_row, recheck_row);
}

/* ---- parallel ---- */

static Size
estimate_dsm(CustomScanState *node, ParallelContext *pcxt)
{
	return scan_shared_size(node->ss.ss_currentRelation, node->ss.ps.state->es_snapshot);
}

static void
attach_shared(TerritoryScanState *state, void *coordinate)
{
	state->shared = coordinate;
	if (state->child == NULL)
		state->hot_scan = scan_shared_hot(coordinate, state->custom.ss.ss_currentRelation,
										  state->custom.ss.ps.state->es_snapshot);
}

static void
initialize_dsm(CustomScanState *node, ParallelContext *pcxt, void *coordinate)
{
	scan_shared_begin(coordinate, node->ss.ss_currentRelation, node->ss.ps.state->es_snapshot);
	attach_shared((TerritoryScanState *) node, coordinate);
}

static void
reinitialize_dsm(CustomScanState *node, ParallelContext *pcxt, void *coordinate)
{
	scan_shared_restart(coordinate, node->ss.ss_currentRelation);
}

static void
initialize_worker(CustomScanState *node, shm_toc *toc, void *coordinate)
{
	attach_shared((TerritoryScanState *) node, coordinate);
}

/*
 * The shared memory goes away before EXPLAIN asks, and so must what points into
 * it: a Gather that is rescanned after this begins with new shared memory.
 */
static void
shutdown_scan(CustomScanState *node)
{
	TerritoryScanState *state = (TerritoryScanState *) node;

	if (state->shared == NULL)
		return;
	scan_order_end(state);
	if (state->sealed)
		scan_shared_count(state->shared, state->sealed);
	pg_atomic_fetch_add_u64(&state->shared->hot_rows, state->hot_rows);
	pg_atomic_fetch_add_u64(&state->shared->blocks_summed, state->blocks_summed);
	state->hot_rows = state->blocks_summed = 0;
	close_sealed(state);
	if (state->hot_scan)
		table_endscan(state->hot_scan);
	state->hot_scan = NULL;
	state->in_sealed = state->hot_done = state->sealed_done = true;	/* nothing more, before a rescan */
	state->sealed_possible = false;
	if (!IsParallelWorker())
		scan_shared_sum(&state->local, state->shared);
	state->shared = NULL;
}

const CustomScanMethods scan_methods = {
	.CustomName = "TerritoryScan",
	.CreateCustomScanState = create_state,
};

static const CustomExecMethods exec_methods = {
	.CustomName = "TerritoryScan",
	.BeginCustomScan = begin_scan,
	.ExecCustomScan = exec_scan,
	.EndCustomScan = end_scan,
	.ReScanCustomScan = rescan,
	.EstimateDSMCustomScan = estimate_dsm,
	.InitializeDSMCustomScan = initialize_dsm,
	.ReInitializeDSMCustomScan = reinitialize_dsm,
	.InitializeWorkerCustomScan = initialize_worker,
	.ShutdownCustomScan = shutdown_scan,
	.ExplainCustomScan = scan_explain,
};
