/*
 * vector_exec.c
 *	  TerritoryAggregate at run time: a pass over the rows fills the groups, then
 *	  they are handed out.
 *
 * Hot rows and sealed ones go through the same quals, keys and transition
 * functions, each row once a pass; hot rows come first, as in a TerritoryScan.
 */
#include "territory.h"

#include "executor/executor.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

#include "am/am.h"
#include "vector/vector_join.h"

static const CustomExecMethods exec_methods;

static Node *
create_state(CustomScan *plan)
{
	VectorState *state = (VectorState *) newNode(sizeof(VectorState), T_CustomScanState);

	state->custom.methods = &exec_methods;
	return (Node *) state;
}

/* ---- begin and end ---- */

/* n expressions of the list from the first on */
static List *
take_expressions(List *exprs, int first, int n)
{
	List	   *taken = NIL;

	for (int i = first; i < first + n; i++)
	{
		Node	   *node = list_nth(exprs, i);

		taken = lappend(taken, IsA(node, TargetEntry) ? (Node *) ((TargetEntry *) node)->expr : node);
	}
	return taken;
}

/* which columns of a sealed row anything reads */
static void
begin_columns(VectorState *state, List *exprs, Index rti)
{
	TupleDesc	desc = RelationGetDescr(state->rel);
	Bitmapset  *attributes = NULL;

	pull_varattnos((Node *) exprs, rti, &attributes);
	state->needs_all = bms_is_member(0 - FirstLowInvalidHeapAttributeNumber, attributes);
	state->columns = palloc(sizeof(AttrNumber) * Max(desc->natts, 1));
	for (int a = 1; a <= desc->natts; a++)
	{
		if (TupleDescAttr(desc, a - 1)->attisdropped ||
			!(state->needs_all || bms_is_member(a - FirstLowInvalidHeapAttributeNumber, attributes)))
			continue;
		state->needed = bms_add_member(state->needed, a);
		state->columns[state->ncolumns++] = a;
	}
	memset(state->sealed_slot->tts_isnull, true, sizeof(bool) * desc->natts);
}

/* what is left to be read of a row that passed quals which vectors decide; NULL: all */
static void
begin_shown(VectorState *state, List *exprs, Index rti)
{
	Bitmapset  *attributes = NULL;

	pull_varattnos((Node *) exprs, rti, &attributes);
	if (bms_is_member(0 - FirstLowInvalidHeapAttributeNumber, attributes))
		return;
	state->shown = bms_make_singleton(0);	/* no column, but not NULL */
	for (int i = bms_next_member(attributes, -1); i >= 0; i = bms_next_member(attributes, i))
		state->shown = bms_add_member(state->shown, Max(i + FirstLowInvalidHeapAttributeNumber, 0));
}

static Bitmapset *
params_of(List *params)
{
	Bitmapset  *ids = NULL;
	ListCell   *lc;

	foreach(lc, params)
		if (lfirst_node(Param, lc)->paramkind == PARAM_EXEC)
			ids = bms_add_member(ids, lfirst_node(Param, lc)->paramid);
	return ids;
}

static void
begin_aggregate(CustomScanState *node, EState *estate, int eflags)
{
	VectorState *state = (VectorState *) node;
	PlanState  *ps = &node->ss.ps;
	CustomScan *plan = (CustomScan *) ps->plan;
	List	   *tlist = plan->custom_scan_tlist;
	List	   *counts = list_nth(plan->custom_private, VECTOR_COUNTS);
	List	   *inner = castNode(RowExpr, llast_node(TargetEntry, tlist)->expr)->args;
	Index		rti = llast_node(Var, inner)->varno;
	const TupleTableSlotOps *ops = ps->scanops;
	bool		fixed = ps->scanopsfixed;
	int			nouter;			/* of inner, after the values to prune by */
	List	   *keys,
			   *aggregates,
			   *quals,
			   *all_quals,
			   *values,
			   *read,
			   *others;
	int			first_value;

	state->rel = compat_range_table_relation(estate, rti);
	if (!relation_is_territory(state->rel))
		elog(ERROR, "\"%s\" is no territory table any more", RelationGetRelationName(state->rel));
	state->nkeys = list_nth_int(counts, 0);
	state->naggregates = list_nth_int(counts, 1);
	state->nquals = list_nth_int(counts, 2);
	state->nonce = list_nth_int(counts, 3);
	state->partial = linitial_int(list_nth(plan->custom_private, VECTOR_PARTIAL));
	state->params = params_of(plan->custom_exprs);
	keys = take_expressions(tlist, 0, state->nkeys);
	aggregates = take_expressions(tlist, state->nkeys, state->naggregates);
	quals = all_quals = take_expressions(inner, 0, state->nquals);
	first_value = state->nquals + state->nonce;

	state->row_context = CreateExprContext(estate);
	state->sealed_slot = ExecInitExtraTupleSlot(estate, RelationGetDescr(state->rel), &TTSOpsVirtual);
	state->hot_slot = table_slot_create(state->rel, &estate->es_tupleTable);
	read = list_concat(list_concat(list_copy(keys), aggregates), quals);
	nouter = 1;

	/* these expressions meet rows of the table in two kinds of slots, not the node's own */
	ps->scanops = NULL;
	ps->scanopsfixed = false;
	if (plan->custom_plans)
	{
		nouter++;
		vector_join_begin(state, plan, rti, eflags, &read, &keys, &aggregates);
	}
	begin_columns(state, read, rti);
	if (state->join)
		vector_join_begin_columns(state);
	state->quals = ExecInitQual(quals, ps);
	state->once = ExecInitQual(take_expressions(inner, state->nquals, state->nonce), ps);
	if (state->join == NULL && list_nth(plan->custom_private, VECTOR_TOP) == NIL)
		quals = vector_quals_begin(state, quals, rti);
	if (state->join == NULL)
		begin_shown(state, list_concat_copy(list_concat(list_copy(keys), aggregates),
											list_difference_ptr(all_quals, quals)), rti);
	if (quals != NIL)
		state->filter = scan_filter_begin(quals, rti, ps);
	vector_keys_begin(state, keys, list_nth(plan->custom_private, VECTOR_EQUAL));
	others = list_concat(list_difference_ptr(all_quals, quals), aggregates);
	if (state->join)
		others = list_concat(list_concat(others, vector_join_part(plan, JOIN_QUALS)), vector_join_part(plan, JOIN_FACTS));
	vector_columns_begin(state, keys, others, quals, rti);
	vector_groups_begin(state);
	vector_aggregates_begin(state, aggregates, rti);
	if (state->join == NULL)
	{
		Bitmapset  *of_keys = NULL;

		pull_varattnos((Node *) keys, rti, &of_keys);
		state->point_columns = vector_batch_point_columns(state, of_keys, rti);
	}
	values = take_expressions(inner, first_value, list_length(inner) - first_value - nouter);
	state->prune_specs = list_nth(plan->custom_private, VECTOR_PRUNES);
	state->prune_values = scan_prune_values(state->prune_specs, values, ps);
	state->prune_context = AllocSetContextCreate(CurrentMemoryContext, "territory prune keys",
												 ALLOCSET_SMALL_SIZES);
	if (state->filter)
		scan_filter_imply(state->filter, all_quals, state->prune_specs, state->prune_values);
	vector_top_begin(state, list_nth(plan->custom_private, VECTOR_TOP), values);
	vector_order_begin(state, list_nth(plan->custom_private, VECTOR_ORDER));
	vector_summaries_begin(state, keys, aggregates);
	ps->scanops = ops;
	ps->scanopsfixed = fixed;
}

static void
end_aggregate(CustomScanState *node)
{
	VectorState *state = (VectorState *) node;

	if (state->hot_scan)
		table_endscan(state->hot_scan);
	if (state->sealed)
		sealed_scan_end(state->sealed);
	if (state->join)
		vector_join_end(state);
	vector_order_end(state);
}

/* groups that are all there, and depend on nothing that changed, are handed out again */
static void
rescan(CustomScanState *node)
{
	VectorState *state = (VectorState *) node;
	bool		all = state->filled && state->low == 0 && state->width == ALL_HASHES && !state->partial;

	for (int a = 0; a < state->naggregates; a++)
		all = all && !state->aggregates[a].final_modifies;

	if (state->join)
		all = vector_join_rescan(state) && all;
	vector_order_restart(state);
	state->done = false;
	state->next = 0;
	if (all && !bms_overlap(node->ss.ps.chgParam, state->params))
		return;
	state->filled = false;
	state->stage = STAGE_START;
	state->low = 0;
}

/* ---- the rows of a pass ---- */

/* stand before the first sealed row; false where none can pass */
static bool
open_sealed(VectorState *state)
{
	EState	   *estate = state->custom.ss.ps.state;
	PruneKey   *keys;
	int			nkeys;

	if (state->sealed == NULL)
	{
		MemoryContext old = MemoryContextSwitchTo(estate->es_query_cxt);

		state->sealed = sealed_scan_begin(state->rel, estate->es_snapshot, vector_next_segment(state));
		MemoryContextSwitchTo(old);
		if (state->sealed == NULL)
			return false;
		sealed_scan_need(state->sealed, state->needed, false);
		state->sealed->late = true; /* see vector_block.c */
		scan_filter_attach(state->filter, state->sealed);
	}
	if (!scan_prune_keys(state->prune_specs, state->prune_values, state->custom.ss.ps.ps_ExprContext,
						 state->prune_context, &keys, &nkeys))
		return false;
	state->prune_keys = keys;
	state->nprune_keys = nkeys;
	if (state->filter)
	{
		scan_filter_start(state->filter, state->custom.ss.ps.ps_ExprContext);
		sealed_scan_show_only(state->sealed, scan_filter_rest(state->filter) ? NULL : state->shown);
	}
	vector_aggregates_restart(state);
	if (state->join)
		vector_join_aim(state, keys, nkeys);
	else
	{
		scan_aim_sealed(state->sealed, keys, nkeys);
		sealed_scan_restart(state->sealed, ForwardScanDirection);
	}
	return true;
}

/* stand before the first hot row, or at the end where no row can have a partner */
static void
start_rows(VectorState *state)
{
	state->stage = STAGE_END;
	if (state->join && !vector_join_reads(state))
		return;
	if (state->hot_scan == NULL)
		state->hot_scan = territory_scan_hot(state->rel, state->custom.ss.ps.state->es_snapshot, NULL);
	else
		table_rescan(state->hot_scan, NULL);
	state->stage = STAGE_HOT;
}

/* all rows were met; once more, by the next part of what they are joined with */
static void
end_rows(VectorState *state)
{
	state->stage = STAGE_END;
	while (state->stage == STAGE_END && state->join && vector_join_next_batch(state))
		start_rows(state);
}

/* the rows of a stage, until it ends or groups fill the memory */
static void
take_hot_rows(VectorState *state, bool *full)
{
	while (!*full && !state->overfull)
	{
		CHECK_FOR_INTERRUPTS();
		if (!table_scan_getnextslot(state->hot_scan, ForwardScanDirection, state->hot_slot))
		{
			if (open_sealed(state))
				state->stage = STAGE_SEGMENTS;
			else
				end_rows(state);
			return;
		}
		state->hot_rows++;
		*full = !vector_take_row(state, state->hot_slot);
	}
}

static void
take_segments(VectorState *state, bool *full)
{
	while (!*full && !state->overfull)
	{
		SegmentEntry *entry = sealed_scan_next_segment(state->sealed);

		if (entry == NULL)
		{
			end_rows(state);
			return;
		}
		if ((state->join && vector_join_skips_segment(state, entry)) || vector_answer_segment(state, entry, full))
			continue;
		sealed_scan_open_segment(state->sealed);
		state->stage = STAGE_BLOCKS;
		return;
	}
}

static void
take_blocks(VectorState *state, bool *full)
{
	while (!*full && !state->overfull)
	{
		CHECK_FOR_INTERRUPTS();
		if (!sealed_scan_next_block(state->sealed))
		{
			state->stage = STAGE_SEGMENTS;
			return;
		}
		if (!(state->join && vector_join_skips_block(state)) && !vector_answer_block(state, full))
			*full = !vector_take_block(state);
	}
}

/* from where the pass stands; false: the table of groups is full, and the pass has to be a narrower one */
static bool
take_rows(VectorState *state)
{
	bool		full = false;

	state->overfull = false;
	while (!full && !state->overfull && state->stage != STAGE_END)
	{
		if (state->stage == STAGE_HOT)
			take_hot_rows(state, &full);
		else if (vector_top_applies(state))
		{
			full = !vector_top_take_sealed(state);
			state->stage = STAGE_END;
		}
		else if (state->stage == STAGE_SEGMENTS)
			take_segments(state, &full);
		else
			take_blocks(state, &full);
	}
	return !full;
}

static void
start_pass(VectorState *state)
{
	ExprContext *context = state->custom.ss.ps.ps_ExprContext;

	state->passes++;
	ResetExprContext(context);
	state->stage = STAGE_END;
	if (!ExecQual(state->once, context))
		return;
	if (state->join)
		vector_join_first_batch(state);
	start_rows(state);
	if (state->stage == STAGE_END)
		end_rows(state);
}

/* all groups of the pass, narrower and narrower ones until they fit; or those of some of its rows */
static void
fill(VectorState *state)
{
	for (;;)
	{
		if (!state->partial || state->stage == STAGE_START)
			start_pass(state);
		vector_groups_reset(state);
		vector_top_reset(state);
		if (take_rows(state))
			break;
		state->width /= 2;
	}
	state->filled = true;
}

/* ---- rows out ---- */

/* the next group, or NULL; ungrouped aggregates are one group, with rows or without */
VectorGroup *
vector_next(VectorState *state)
{
	while (!state->done)
	{
		VectorGroup *group;

		if (!state->filled)
			fill(state);
		while ((group = vector_next_group(state)) != NULL)
			if (!vector_top_drops(state, group))
				return group;
		if (state->partial)
		{
			state->filled = false;
			state->done = state->stage == STAGE_END;
			continue;
		}
		state->done = state->nkeys == 0 || state->low + state->width >= ALL_HASHES;
		if (state->done)
			break;
		state->low += state->width;
		state->filled = false;
	}
	return NULL;
}

/* a group's row into the node's slot, with what it points to in the row's memory */
void
vector_store_group(VectorState *state, VectorGroup *group, TupleTableSlot *slot)
{
	ExprContext *context = state->custom.ss.ps.ps_ExprContext;
	MemoryContext old = MemoryContextSwitchTo(context->ecxt_per_tuple_memory);

	ExecClearTuple(slot);
	memset(slot->tts_isnull, true, sizeof(bool) * slot->tts_tupleDescriptor->natts);
	vector_group_row(state, group, slot);
	ExecStoreVirtualTuple(slot);
	MemoryContextSwitchTo(old);
}

/* false at the end */
static bool
next_row(VectorState *state, TupleTableSlot *slot)
{
	VectorGroup *group;

	if (state->order && !state->done && !state->filled)
		fill(state);
	if (state->order && vector_order_sorts_rows(state, state->low == 0 && state->width == ALL_HASHES))
		return vector_order_next_row(state, slot);
	group = vector_next(state);
	if (group)
		vector_store_group(state, group, slot);
	return group != NULL;
}

static TupleTableSlot *
exec_aggregate(CustomScanState *node)
{
	VectorState *state = (VectorState *) node;
	ExprContext *context = node->ss.ps.ps_ExprContext;
	TupleTableSlot *slot = node->ss.ss_ScanTupleSlot;

	for (;;)
	{
		CHECK_FOR_INTERRUPTS();
		ResetExprContext(context);
		if (!next_row(state, slot))
			return ExecClearTuple(slot);
		context->ecxt_scantuple = slot;
		if (!ExecQual(node->ss.ps.qual, context))
		{
			InstrCountFiltered1(node, 1);
			continue;
		}
		return node->ss.ps.ps_ProjInfo ? ExecProject(node->ss.ps.ps_ProjInfo) : slot;
	}
}

static const CustomExecMethods exec_methods = {
	.CustomName = "TerritoryAggregate",
	.BeginCustomScan = begin_aggregate,
	.ExecCustomScan = exec_aggregate,
	.EndCustomScan = end_aggregate,
	.ReScanCustomScan = rescan,
	.EstimateDSMCustomScan = vector_estimate_dsm,
	.InitializeDSMCustomScan = vector_initialize_dsm,
	.ReInitializeDSMCustomScan = vector_reinitialize_dsm,
	.InitializeWorkerCustomScan = vector_initialize_worker,
	.ShutdownCustomScan = vector_shutdown,
	.ExplainCustomScan = vector_explain,
};

const CustomScanMethods vector_methods = {
	.CustomName = "TerritoryAggregate",
	.CreateCustomScanState = create_state,
};
