/*
 * last_exec.c
 *	  TerritoryLast at run time: a pass over hot rows and what is needed of sealed
 *	  ones finds the winners, then their rows are handed out.
 *
 * Hot rows come first: where the newest of an entity is hot, no sealed block of
 * it is opened.
 */
#include "territory.h"

#include "executor/executor.h"
#include "miscadmin.h"
#include "optimizer/optimizer.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

#include "am/am.h"
#include "last/last.h"

static const CustomExecMethods exec_methods;

static Node *
create_state(CustomScan *plan)
{
	LastState  *state = (LastState *) newNode(sizeof(LastState), T_CustomScanState);

	state->custom.methods = &exec_methods;
	return (Node *) state;
}

/* ---- begin and end ---- */

/* the columns of the table that expressions read, by number */
static AttrNumber *
columns_of(Relation rel, List *exprs, Index rti, Bitmapset **set, int *n)
{
	TupleDesc	desc = RelationGetDescr(rel);
	AttrNumber *columns = palloc(sizeof(AttrNumber) * (desc->natts + 1));
	Bitmapset  *attributes = NULL;
	bool		all;

	pull_varattnos((Node *) exprs, rti, &attributes);
	all = bms_is_member(0 - FirstLowInvalidHeapAttributeNumber, attributes);
	*n = 0;
	for (int a = 1; a <= desc->natts; a++)
		if (!TupleDescAttr(desc, a - 1)->attisdropped &&
			(all || bms_is_member(a, *set) || bms_is_member(a - FirstLowInvalidHeapAttributeNumber, attributes)))
		{
			*set = bms_add_member(*set, a);
			columns[(*n)++] = a;
		}
	return columns;
}

static void
begin_columns(LastState *state, List *quals)
{
	CustomScan *plan = (CustomScan *) state->custom.ss.ps.plan;
	Bitmapset  *outputs = NULL;

	for (int k = 0; k < state->nkeys; k++)
		state->needed = bms_add_member(state->needed, state->keys[k]);
	state->only_keys = true;
	for (int i = 0; i < state->nsorts; i++)
		state->needed = bms_add_member(state->needed, state->sorts[i].attno);
	state->columns = columns_of(state->rel, quals, plan->scan.scanrelid, &state->needed, &state->ncolumns);
	state->outputs = columns_of(state->rel, plan->scan.plan.targetlist, plan->scan.scanrelid, &outputs,
								&state->noutputs);
	for (int k = 0; k < state->nkeys; k++)
		outputs = bms_del_member(outputs, state->keys[k]);
	state->only_keys = bms_is_empty(outputs);
}

static void
begin_sorts(LastState *state, List *specs)
{
	TupleDesc	desc = RelationGetDescr(state->rel);

	state->nsorts = list_length(specs);
	state->sorts = palloc0(sizeof(LastSort) * Max(state->nsorts, 1));
	for (int i = 0; i < state->nsorts; i++)
	{
		List	   *spec = list_nth(specs, i);
		LastSort   *sort = &state->sorts[i];
		Form_pg_attribute att;
		Oid			opfamily;
		bool		descending;

		sort->attno = (AttrNumber) list_nth_oid(spec, LAST_SORT_ATTNO);
		att = TupleDescAttr(desc, sort->attno - 1);
		sort->len = att->attlen;
		sort->byval = att->attbyval;
		sort->support.ssup_cxt = CurrentMemoryContext;
		sort->support.ssup_collation = att->attcollation;
		sort->support.ssup_nulls_first = list_nth_oid(spec, LAST_SORT_NULLS_FIRST) != 0;
		PrepareSortSupportFromOrderingOp(list_nth_oid(spec, LAST_SORT_OPERATOR), &sort->support);
		if (i > 0)
			continue;
		if (!compat_ordering_op(list_nth_oid(spec, LAST_SORT_OPERATOR), &opfamily, &descending))
			elog(ERROR, "operator %u is no ordering operator", list_nth_oid(spec, LAST_SORT_OPERATOR));
		state->descending = descending;
		state->lead_zone = column_zone_kind(getBaseType(att->atttypid));
	}
}

static void
begin_last(CustomScanState *node, EState *estate, int eflags)
{
	LastState  *state = (LastState *) node;
	PlanState  *ps = &node->ss.ps;
	CustomScan *plan = (CustomScan *) ps->plan;
	TupleDesc	desc;
	const TupleTableSlotOps *ops = ps->scanops;
	bool		fixed = ps->scanopsfixed;
	List	   *keys = list_nth(plan->custom_private, LAST_KEYS);
	List	   *quals;

	state->rel = node->ss.ss_currentRelation;
	desc = RelationGetDescr(state->rel);
	if (!relation_is_territory(state->rel))
		elog(ERROR, "\"%s\" is no territory table any more", RelationGetRelationName(state->rel));
	state->nquals = linitial_int(list_nth(plan->custom_private, LAST_NQUALS));
	quals = list_truncate(list_copy(plan->custom_exprs), state->nquals);
	state->nkeys = list_length(keys);
	state->keys = palloc(sizeof(AttrNumber) * state->nkeys);
	for (int k = 0; k < state->nkeys; k++)
		state->keys[k] = list_nth_int(keys, k);
	begin_sorts(state, list_nth(plan->custom_private, LAST_SORTS));
	begin_columns(state, quals);
	state->hot_slot = table_slot_create(state->rel, &estate->es_tupleTable);
	state->sealed_slot = ExecInitExtraTupleSlot(estate, desc, &TTSOpsVirtual);
	memset(state->sealed_slot->tts_isnull, true, sizeof(bool) * desc->natts);
	state->values = palloc0(sizeof(Datum *) * (desc->natts + 1));
	state->nulls = palloc0(sizeof(bool *) * (desc->natts + 1));
	state->prune_context = AllocSetContextCreate(CurrentMemoryContext, "territory prune keys", ALLOCSET_SMALL_SIZES);
	state->block_context = AllocSetContextCreate(CurrentMemoryContext, "territory winner's block",
												 ALLOCSET_DEFAULT_SIZES);
	state->key_context = AllocSetContextCreate(CurrentMemoryContext, "territory block's keys", ALLOCSET_DEFAULT_SIZES);

	/* quals meet rows of the table in two kinds of slots */
	ps->scanops = NULL;
	ps->scanopsfixed = false;
	state->quals = ExecInitQual(quals, ps);
	ps->scanops = ops;
	ps->scanopsfixed = fixed;
	state->prune_specs = list_nth(plan->custom_private, LAST_PRUNES);
	state->prune_values = scan_prune_values(state->prune_specs, list_copy_tail(plan->custom_exprs, state->nquals), ps);
	last_groups_begin(state, list_nth(plan->custom_private, LAST_EQUAL));

	/* WHERE CURRENT OF looks for its table here, and a row of DISTINCT is not to be updated by it */
	node->ss.ss_currentRelation = NULL;
}

static void
end_last(CustomScanState *node)
{
	LastState  *state = (LastState *) node;

	if (state->hot_scan)
		table_endscan(state->hot_scan);
	if (state->sealed)
		sealed_scan_end(state->sealed);
}

static void
rescan(CustomScanState *node)
{
	LastState  *state = (LastState *) node;

	state->filled = false;
	state->low = 0;
	ExecScanReScan(&node->ss);
}

/* ---- the rows of a pass ---- */

/* false: the table of groups is full */
static bool
take_hot_row(LastState *state, TupleTableSlot *row, NullableDatum *sorts)
{
	ExprContext *context = state->custom.ss.ps.ps_ExprContext;
	TupleTableSlot *keys = state->key_slot;
	LastWinner *winner;
	bool		of_pass;
	int64		position = 0;

	ExecClearTuple(keys);
	for (int k = 0; k < state->nkeys; k++)
		keys->tts_values[k] = slot_getattr(row, state->keys[k], &keys->tts_isnull[k]);
	ExecStoreVirtualTuple(keys);
	for (int i = 0; i < state->nsorts; i++)
		sorts[i].value = slot_getattr(row, state->sorts[i].attno, &sorts[i].isnull);
	if (state->nsorts > 0)
		position = last_position(state, sorts[0].value, sorts[0].isnull);
	last_forget_found(state);
	winner = last_find(state, &of_pass);
	if (!of_pass || (winner && !last_beats(state, winner, position, sorts)))
		return true;
	ResetExprContext(context);
	context->ecxt_scantuple = row;
	if (state->quals && !ExecQual(state->quals, context))
	{
		InstrCountFiltered1(&state->custom, 1);
		return true;
	}
	return last_take(state, winner, position, sorts, &row->tts_tid);
}

static bool
take_hot_rows(LastState *state)
{
	Snapshot	snapshot = state->custom.ss.ps.state->es_snapshot;
	NullableDatum *sorts = palloc(sizeof(NullableDatum) * (state->nsorts + 1));
	bool		fits = true;

	if (state->hot_scan == NULL)
		state->hot_scan = territory_scan_hot(state->rel, snapshot, NULL);
	else
		table_rescan(state->hot_scan, NULL);
	while (fits && table_scan_getnextslot(state->hot_scan, ForwardScanDirection, state->hot_slot))
	{
		CHECK_FOR_INTERRUPTS();
		state->hot_rows++;
		fits = take_hot_row(state, state->hot_slot, sorts);
	}
	pfree(sorts);
	return fits;
}

/* stand before the first sealed row; false where none can pass */
static bool
open_sealed(LastState *state)
{
	EState	   *estate = state->custom.ss.ps.state;

	if (state->sealed == NULL)
	{
		MemoryContext old = MemoryContextSwitchTo(estate->es_query_cxt);

		state->sealed = sealed_scan_begin(state->rel, estate->es_snapshot, NULL);
		MemoryContextSwitchTo(old);
		if (state->sealed == NULL)
			return false;
		sealed_scan_need(state->sealed, state->needed, false);
	}
	if (!scan_prune_keys(state->prune_specs, state->prune_values, state->custom.ss.ps.ps_ExprContext,
						 state->prune_context, &state->prune_keys, &state->nprune_keys))
		return false;
	scan_aim_sealed(state->sealed, state->prune_keys, state->nprune_keys);
	sealed_scan_restart(state->sealed, ForwardScanDirection);
	return true;
}

/* all winners of the pass; of narrower and narrower ones until they fit */
static void
fill(LastState *state)
{
	for (;;)
	{
		state->passes++;
		last_groups_reset(state);
		if (take_hot_rows(state) && (!open_sealed(state) || last_take_sealed(state)))
			break;
		state->width /= 2;
	}
	last_collect(state);
	state->open_segment = state->open_block = -1;
	state->filled = true;
}

/* ---- rows out ---- */

static TupleTableSlot *
next_row(ScanState *node)
{
	LastState  *state = (LastState *) node;
	TupleTableSlot *slot = node->ss_ScanTupleSlot;

	for (;;)
	{
		CHECK_FOR_INTERRUPTS();
		if (!state->filled)
			fill(state);
		if (last_next(state, slot))
			return slot;
		if (state->low + state->width >= (uint64) 1 << 32)
			return slot;
		state->low += state->width;
		state->filled = false;
	}
}

/* no row comes from elsewhere: DISTINCT locks none */
static bool
recheck_row(ScanState *node, TupleTableSlot *slot)
{
	return true;
}

static TupleTableSlot *
exec_last(CustomScanState *node)
{
	return ExecScan(&node->ss, next_row, recheck_row);
}

static const CustomExecMethods exec_methods = {
	.CustomName = "TerritoryLast",
	.BeginCustomScan = begin_last,
	.ExecCustomScan = exec_last,
	.EndCustomScan = end_last,
	.ReScanCustomScan = rescan,
	.ExplainCustomScan = last_explain,
};

const CustomScanMethods last_methods = {
	.CustomName = "TerritoryLast",
	.CreateCustomScanState = create_state,
};
