/*
 * near_join.c
 *	  TerritoryNear at run time.
 *
 * Invariant: what comes out is what a nested loop over both sides gives, in
 * another order.  An outer join knows that a row met nothing when all of the
 * other side was looked at: a kept row at the end of its batch, a probe in the
 * last batch, so of probes that met something in a batch before a bit is kept.
 */
#include "spacetime/near_join.h"

#include "commands/explain.h"
#include "executor/nodeCustom.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "utils/memutils.h"
#include "utils/ruleutils.h"

#include "compat.h"

static const CustomExecMethods exec_methods;

static Node *
create_state(CustomScan *plan)
{
	NearJoinState *state = (NearJoinState *) newNode(sizeof(NearJoinState), T_CustomScanState);

	state->custom.methods = &exec_methods;
	return (Node *) state;
}

/* ---- begin and end ---- */

/* sources: per scan column the child's column, or 0 */
static void
begin_side(NearSide *side, List *sources, PlanState *child)
{
	ListCell   *lc;

	side->child = child;
	side->columns = palloc(sizeof(int) * Max(list_length(sources), 1));
	side->sources = palloc(sizeof(int) * Max(list_length(sources), 1));
	foreach(lc, sources)
	{
		if (lfirst_int(lc) == 0)
			continue;
		side->columns[side->ncolumns] = foreach_current_index(lc);
		side->sources[side->ncolumns++] = lfirst_int(lc) - 1;
	}
}

/* of the calls in space and in time, whose arguments are evaluated one by one */
static void
begin_calls(NearJoinState *state, CustomScan *plan, List *numbers)
{
	PlanState  *ps = &state->custom.ss.ps;
	int			in_space = list_nth_int(numbers, NEAR_SPACE_ARG);
	int			in_time = list_nth_int(numbers, NEAR_TIME_ARG);
	List	   *exprs = plan->custom_exprs;
	int			ncalls = 0;

	if (in_space >= 0)
	{
		FuncExpr   *call = list_nth_node(FuncExpr, exprs, ncalls++);

		state->space = ExecInitExpr((Expr *) call, ps);
		state->probe.place = ExecInitExpr(list_nth(call->args, in_space), ps);
		state->kept.place = ExecInitExpr(list_nth(call->args, 1 - in_space), ps);
		state->metres_expr = ExecInitExpr(lthird(call->args), ps);
	}
	if (in_time >= 0)
	{
		FuncExpr   *call = list_nth_node(FuncExpr, exprs, ncalls++);

		state->probe.instant = ExecInitExpr(list_nth(call->args, in_time), ps);
		state->kept.instant = ExecInitExpr(list_nth(call->args, 1 - in_time), ps);
		state->within_expr = ExecInitExpr(lthird(call->args), ps);
	}
	state->calls = list_truncate(list_copy(exprs), ncalls);
	state->quals = ExecInitQual(list_copy_tail(exprs, ncalls), ps);
}

static void
restart(NearJoinState *state)
{
	state->started = state->kept_done = state->have_probe = false;
	state->first_batch = true;
	state->probe_number = -1;
	state->unmatched = -1;
	if (state->probes)
		tuplestore_end(state->probes);
	state->probes = NULL;
	if (state->probe_matched)
		memset(state->probe_matched, 0, state->probe_capacity / 8);
}

static void
begin_join(CustomScanState *node, EState *estate, int eflags)
{
	NearJoinState *state = (NearJoinState *) node;
	CustomScan *plan = (CustomScan *) node->ss.ps.plan;
	List	   *numbers = list_nth(plan->custom_private, NEAR_PRIVATE_NUMBERS);
	PlanState  *children[2];

	eflags &= ~(EXEC_FLAG_BACKWARD | EXEC_FLAG_MARK | EXEC_FLAG_REWIND);
	for (int i = 0; i < 2; i++)
		children[i] = ExecInitNode(list_nth(plan->custom_plans, i), estate, eflags);
	node->custom_ps = list_make2(children[0], children[1]);
	state->type = list_nth_int(numbers, NEAR_JOIN_TYPE);
	state->preserves_kept = state->type != JOIN_INNER && list_nth_int(numbers, NEAR_PRESERVES_KEPT);
	state->preserves_probe = state->type != JOIN_INNER && !state->preserves_kept;
	begin_side(&state->probe, list_nth(plan->custom_private, NEAR_PRIVATE_PROBE), children[0]);
	begin_side(&state->kept, list_nth(plan->custom_private, NEAR_PRIVATE_KEPT), children[1]);
	begin_calls(state, plan, numbers);
	state->probe_slot = ExecInitExtraTupleSlot(estate, ExecGetResultType(children[0]), &TTSOpsMinimalTuple);
	state->kept_slot = ExecInitExtraTupleSlot(estate, ExecGetResultType(children[1]), &TTSOpsMinimalTuple);
	state->grid = near_grid_create(estate->es_query_cxt, state->probe.place != NULL, state->probe.instant != NULL);
	memset(node->ss.ss_ScanTupleSlot->tts_isnull, true,
		   node->ss.ss_ScanTupleSlot->tts_tupleDescriptor->natts * sizeof(bool));
	restart(state);
}

static void
end_join(CustomScanState *node)
{
	NearJoinState *state = (NearJoinState *) node;

	if (state->probes)
		tuplestore_end(state->probes);
	state->probes = NULL;
	ExecEndNode(state->probe.child);
	ExecEndNode(state->kept.child);
}

static void
rescan_join(CustomScanState *node)
{
	NearJoinState *state = (NearJoinState *) node;
	PlanState  *children[2] = {state->probe.child, state->kept.child};

	for (int i = 0; i < 2; i++)
	{
		if (node->ss.ps.chgParam)
			UpdateChangedParamSet(children[i], node->ss.ps.chgParam);
		if (children[i]->chgParam == NULL)
			ExecReScan(children[i]);
	}
	restart(state);
}

/* ---- probes that met something in another batch ---- */

static bool
probe_was_matched(NearJoinState *state)
{
	int64		n = state->probe_number;

	return n < state->probe_capacity && (state->probe_matched[n / 8] & 1 << n % 8);
}

static void
note_match(NearJoinState *state)
{
	int64		n = state->probe_number;

	state->probe_has_match = true;
	/* with one batch nobody asks */
	if (!state->preserves_probe || (state->first_batch && state->kept_done))
		return;
	if (n >= state->probe_capacity)
	{
		int64		capacity = Max(state->probe_capacity * 2, Max(8192, (n / 8 + 1) * 8));
		uint8	   *bits = MemoryContextAllocExtended(state->custom.ss.ps.state->es_query_cxt, capacity / 8,
													  MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);

		if (state->probe_matched)
		{
			memcpy(bits, state->probe_matched, state->probe_capacity / 8);
			pfree(state->probe_matched);
		}
		state->probe_matched = bits;
		state->probe_capacity = capacity;
	}
	state->probe_matched[n / 8] |= 1 << n % 8;
}

/* ---- rows ---- */

/* the pair, if it passes what is asked of the join's rows; else NULL */
static TupleTableSlot *
hand_up(NearJoinState *state)
{
	PlanState  *ps = &state->custom.ss.ps;
	ExprContext *econtext = ps->ps_ExprContext;

	ResetExprContext(econtext);
	econtext->ecxt_scantuple = state->custom.ss.ss_ScanTupleSlot;
	if (!ExecQual(ps->qual, econtext))
	{
		InstrCountFiltered2(ps, 1);
		return NULL;
	}
	return ps->ps_ProjInfo ? ExecProject(ps->ps_ProjInfo) : state->custom.ss.ss_ScanTupleSlot;
}

/* is the row still of interest to the probe at hand? */
static bool
may_count(NearJoinState *state, NearRow *row)
{
	return !state->preserves_kept || state->type == JOIN_LEFT || !row->matched;
}

/* the next pair of the probe at hand; or NULL: it has no more */
static TupleTableSlot *
next_pair(NearJoinState *state)
{
	NearRow    *row;

	while ((row = near_grid_next(state->grid, &state->looking)) != NULL)
	{
		TupleTableSlot *result = NULL;

		if (!may_count(state, row) || !near_pair(state, row))
			continue;
		row->matched = true;
		note_match(state);
		if (state->type != JOIN_ANTI)
			result = hand_up(state);
		if (state->preserves_probe && state->type != JOIN_LEFT)
			state->looking.part = PROBE_DONE;
		if (result)
			return result;
	}
	return NULL;
}

/* the probe at hand met nothing, in any batch: the pair of it and nothing, or NULL */
static TupleTableSlot *
end_of_probe(NearJoinState *state)
{
	state->have_probe = false;
	if (!state->preserves_probe || state->type == JOIN_SEMI || !state->kept_done || state->probe_has_match)
		return NULL;
	near_hide(&state->kept, state->custom.ss.ss_ScanTupleSlot);
	return hand_up(state);
}

/* of kept rows that met nothing, the next; NULL: there is no more in this batch */
static TupleTableSlot *
next_unmatched(NearJoinState *state)
{
	if (!state->preserves_kept || state->type == JOIN_SEMI)
		return NULL;
	while (++state->unmatched < near_grid_rows(state->grid))
	{
		NearRow    *row = near_grid_row(state->grid, state->unmatched);
		TupleTableSlot *result;

		if (row->matched)
			continue;
		near_hide(&state->probe, state->custom.ss.ss_ScanTupleSlot);
		ExecStoreMinimalTuple(row->tuple, state->kept_slot, false);
		near_show(&state->kept, state->kept_slot, state->custom.ss.ss_ScanTupleSlot);
		result = hand_up(state);
		if (result)
			return result;
	}
	state->unmatched = near_grid_rows(state->grid);
	return NULL;
}

/* the next probe of this batch that is worth looking at; false: there is none */
static bool
take_probe(NearJoinState *state)
{
	while (near_next_probe(state))
	{
		state->probe_has_match = state->preserves_probe && probe_was_matched(state);
		/* it was given already, or never will be */
		if (state->probe_has_match && state->type != JOIN_LEFT)
			continue;
		return state->have_probe = true;
	}
	return false;
}

/* begin, or go on with the next kept rows; false: there are none */
static bool
next_batch(NearJoinState *state)
{
	if (!state->started)
	{
		state->started = true;
		near_start(state);
		/* without kept rows, probes matter only by themselves */
		return near_fill_batch(state) || state->preserves_probe;
	}
	if (state->kept_done)
		return false;
	near_fill_batch(state);
	near_rewind_probes(state);
	state->unmatched = -1;
	return true;
}

static TupleTableSlot *
exec_join(CustomScanState *node)
{
	NearJoinState *state = (NearJoinState *) node;
	TupleTableSlot *result;

	if (!state->started && !next_batch(state))
		return NULL;
	for (;;)
	{
		if (state->unmatched < 0 && (state->have_probe || take_probe(state)))
		{
			result = next_pair(state);
			if (result == NULL)
				result = end_of_probe(state);
		}
		else
		{
			result = next_unmatched(state);
			if (result == NULL && !next_batch(state))
				return NULL;
		}
		if (result)
			return result;
	}
}

/* ---- EXPLAIN ---- */

static const char *
join_name(JoinType type)
{
	return type == JOIN_LEFT ? "Left" : type == JOIN_SEMI ? "Semi" : type == JOIN_ANTI ? "Anti" : "Inner";
}

static void
explain_join(CustomScanState *node, List *ancestors, ExplainState *es)
{
	NearJoinState *state = (NearJoinState *) node;
	CustomScan *plan = (CustomScan *) node->ss.ps.plan;
	List	   *context = set_deparse_context_plan(es->deparse_cxt, (Plan *) plan, ancestors);
	List	   *quals = list_copy_tail(plan->custom_exprs, list_length(state->calls));

	ExplainPropertyText("Join Type", join_name(state->type), es);
	if (state->type != JOIN_INNER)
		ExplainPropertyText("Preserved", state->preserves_kept ? "kept rows" : "probes", es);
	ExplainPropertyText("Near Cond", deparse_expression((Node *) make_ands_explicit(state->calls), context, true, false), es);
	if (quals)
		ExplainPropertyText("Join Filter", deparse_expression((Node *) make_ands_explicit(quals), context, true, false), es);
	if (!es->analyze)
		return;
	ExplainPropertyInteger("Rows Kept", NULL, state->rows_kept, es);
	ExplainPropertyInteger("Pairs Compared", NULL, state->pairs, es);
	if (state->batches > 1 || es->format != EXPLAIN_FORMAT_TEXT)
		ExplainPropertyInteger("Batches", NULL, state->batches, es);
}

static const CustomExecMethods exec_methods = {
	.CustomName = "TerritoryNear",
	.BeginCustomScan = begin_join,
	.ExecCustomScan = exec_join,
	.EndCustomScan = end_join,
	.ReScanCustomScan = rescan_join,
	.ExplainCustomScan = explain_join,
};

const CustomScanMethods near_scan_methods = {
	.CustomName = "TerritoryNear",
	.CreateCustomScanState = create_state,
};
