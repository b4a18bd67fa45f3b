/*
 * vector_explain.c
 *	  What a TerritoryAggregate says about itself: what it groups by, computes
 *	  and checks, and with ANALYZE how much of the table it read.
 *
 * "Filter" is core's line, and that of HAVING, as at core's own aggregation;
 * the quals of the table's rows are "Row Filter".
 */
#include "territory.h"

#include "commands/explain.h"
#include "nodes/makefuncs.h"
#include "utils/ruleutils.h"

#include "vector/vector_join.h"

/* n entries of the scan's target list, deparsed */
static List *
deparse_entries(CustomScanState *node, int first, int n, List *ancestors, ExplainState *es)
{
	CustomScan *plan = (CustomScan *) node->ss.ps.plan;
	List	   *context = set_deparse_context_plan(es->deparse_cxt, &plan->scan.plan, ancestors);
	List	   *names = NIL;

	for (int i = first; i < first + n; i++)
		names = lappend(names, deparse_expression((Node *) list_nth_node(TargetEntry, plan->custom_scan_tlist, i)->expr,
												  context, es->verbose, false));
	return names;
}

static void
show_row_filter(VectorState *state, List *ancestors, ExplainState *es)
{
	CustomScanState *node = &state->custom;
	CustomScan *plan = (CustomScan *) node->ss.ps.plan;
	List	   *context = set_deparse_context_plan(es->deparse_cxt, &plan->scan.plan, ancestors);
	List	   *inner = castNode(RowExpr, llast_node(TargetEntry, plan->custom_scan_tlist)->expr)->args;
	List	   *once = list_copy_tail(list_truncate(list_copy(inner), state->nquals + state->nonce), state->nquals);
	List	   *quals = list_truncate(list_copy(inner), state->nquals);

	if (once)
		ExplainPropertyText("One-Time Filter", deparse_expression((Node *) make_ands_explicit(once), context,
																  es->verbose, false), es);
	if (quals == NIL)
		return;
	ExplainPropertyText("Row Filter", deparse_expression((Node *) make_ands_explicit(quals), context, es->verbose,
														 false), es);
	if (es->analyze && node->ss.ps.instrument && node->ss.ps.instrument->nfiltered2 > 0)
		ExplainPropertyFloat("Rows Removed by Row Filter", NULL,
							 node->ss.ps.instrument->nfiltered2 / Max(node->ss.ps.instrument->nloops, 1), 0, es);
}

/* the group key whose best values are all that is wanted */
static void
show_top(VectorState *state, List *ancestors, ExplainState *es)
{
	int			key;
	bool		descending;
	int64		wanted;

	if (!vector_top_key(state, &key, &descending, &wanted))
		return;
	ExplainPropertyText("Best First", psprintf("%s%s", (char *) linitial(deparse_entries(&state->custom, key, 1, ancestors, es)),
											   descending ? " DESC" : ""), es);
	if (es->analyze && wanted > 0)
		ExplainPropertyInteger("Values Wanted", NULL, wanted, es);
}

/* of groups that come in order, as core's Sort shows it */
static void
show_order(VectorState *state, List *ancestors, ExplainState *es)
{
	List	   *names = NIL;
	ListCell   *lc;

	foreach(lc, vector_order_keys(state))
	{
		List	   *key = lfirst(lc);
		List	   *name = deparse_entries(&state->custom, intVal(linitial(key)), 1, ancestors, es);

		names = lappend(names, psprintf("%s%s", (char *) linitial(name), strVal(lsecond(key))));
	}
	if (names)
		ExplainPropertyList("Sort Key", names, es);
}

/* how rows of the table find those of the child */
static void
show_join(VectorState *state, List *ancestors, ExplainState *es)
{
	static const char *const names[] = {[JOIN_INNER] = "Inner", [JOIN_LEFT] = "Left", [JOIN_SEMI] = "Semi",
	[JOIN_ANTI] = "Anti"};
	CustomScanState *node = &state->custom;
	CustomScan *plan = (CustomScan *) node->ss.ps.plan;
	VectorJoin *join = state->join;
	List	   *context = set_deparse_context_plan(es->deparse_cxt, &plan->scan.plan, ancestors);
	List	   *clauses = vector_join_clauses(plan);
	List	   *quals = vector_join_part(plan, JOIN_QUALS);

	ExplainPropertyText("Join Type", names[join->type], es);
	if (clauses)
		ExplainPropertyText("Join Cond", deparse_expression((Node *) make_ands_explicit(clauses), context, true, false),
							es);
	if (quals)
		ExplainPropertyText("Join Filter", deparse_expression((Node *) make_ands_explicit(quals), context, true, false),
							es);
	if (es->analyze && join->batches > 1)
		ExplainPropertyInteger("Join Batches", NULL, join->batches, es);
}

void
vector_explain(CustomScanState *node, List *ancestors, ExplainState *es)
{
	VectorState *state = (VectorState *) node;
	SealedScan	none = {0};
	SealedScan *sealed = state->sealed ? state->sealed : &none;
	ScanShared *others = &state->scanned;

	ExplainPropertyText("Table", RelationGetRelationName(state->rel), es);
	if (state->nkeys > 0)
		ExplainPropertyList("Group Key", deparse_entries(node, 0, state->nkeys, ancestors, es), es);
	if (state->naggregates > 0)
		ExplainPropertyList("Aggregates", deparse_entries(node, state->nkeys, state->naggregates, ancestors, es), es);
	show_order(state, ancestors, es);
	show_row_filter(state, ancestors, es);
	show_top(state, ancestors, es);
	if (state->join)
		show_join(state, ancestors, es);
	if (!es->analyze || scan_explain_elsewhere(node, state->passes > 0, es))
		return;
	ExplainPropertyInteger("Segments Read", NULL, sealed->segments_read + (int64) others->segments_read.value, es);
	ExplainPropertyInteger("Segments Pruned", NULL, sealed->segments_pruned + (int64) others->segments_pruned.value, es);
	ExplainPropertyInteger("Blocks Read", NULL, sealed->blocks_read + (int64) others->blocks_read.value, es);
	ExplainPropertyInteger("Blocks Pruned", NULL, sealed->blocks_pruned + (int64) others->blocks_pruned.value, es);
	ExplainPropertyInteger("Segments Answered from Summaries", NULL, state->segments_summed, es);
	ExplainPropertyInteger("Blocks Answered from Summaries", NULL, state->blocks_summed, es);
	ExplainPropertyInteger("Rows Hot", NULL, state->hot_rows, es);
	scan_explain_bytes(sealed->reader.bytes_read + (int64) others->bytes_read.value, es);
	if (state->nkeys > 0)
		ExplainPropertyInteger("Keys Evaluated", NULL, state->keys_evaluated, es);
	if (state->passes > 1)
		ExplainPropertyInteger("Passes", NULL, state->passes, es);
}
