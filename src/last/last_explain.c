/*
 * last_explain.c
 *	  What a TerritoryLast says about itself: what it keeps one row of, in which
 *	  order, and with ANALYZE how much of the table it did not read.
 */
#include "territory.h"

#include "commands/explain.h"
#include "nodes/makefuncs.h"
#include "utils/ruleutils.h"

#include "last/last.h"

static char *
column_name(LastState *state, AttrNumber attno)
{
	return NameStr(TupleDescAttr(RelationGetDescr(state->rel), attno - 1)->attname);
}

static void
show_keys(LastState *state, ExplainState *es)
{
	List	   *names = NIL;

	for (int k = 0; k < state->nkeys; k++)
		names = lappend(names, column_name(state, state->keys[k]));
	ExplainPropertyList("One Row Per", names, es);
}

static void
show_sorts(LastState *state, ExplainState *es)
{
	List	   *names = NIL;

	for (int i = 0; i < state->nsorts; i++)
	{
		Oid			opfamily;
		bool		descending;
		bool		nulls_first = state->sorts[i].support.ssup_nulls_first;
		List	   *specs = list_nth(((CustomScan *) state->custom.ss.ps.plan)->custom_private, LAST_SORTS);

		if (!compat_ordering_op(list_nth_oid(list_nth(specs, i), LAST_SORT_OPERATOR), &opfamily, &descending))
			continue;
		names = lappend(names, psprintf("%s%s%s", column_name(state, state->sorts[i].attno), descending ? " DESC" : "",
										nulls_first == descending ? "" : nulls_first ? " NULLS FIRST" : " NULLS LAST"));
	}
	if (names)
		ExplainPropertyList("First By", names, es);
}

static void
show_filter(LastState *state, List *ancestors, ExplainState *es)
{
	CustomScan *plan = (CustomScan *) state->custom.ss.ps.plan;
	Instrumentation *instrument = state->custom.ss.ps.instrument;
	List	   *quals = list_truncate(list_copy(plan->custom_exprs), state->nquals);

	if (quals == NIL)
		return;
	ExplainPropertyText("Filter",
						deparse_expression((Node *) make_ands_explicit(quals),
										   set_deparse_context_plan(es->deparse_cxt, &plan->scan.plan, ancestors),
										   es->verbose, false), es);
	if (es->analyze && instrument && instrument->nfiltered1 > 0)
		ExplainPropertyFloat("Rows Removed by Filter", NULL, instrument->nfiltered1 / Max(instrument->nloops, 1), 0, es);
}

void
last_explain(CustomScanState *node, List *ancestors, ExplainState *es)
{
	LastState  *state = (LastState *) node;
	SealedScan	none = {0};
	SealedScan *sealed = state->sealed ? state->sealed : &none;

	show_keys(state, es);
	show_sorts(state, es);
	show_filter(state, ancestors, es);
	if (!es->analyze)
		return;
	ExplainPropertyInteger("Segments Read", NULL, sealed->segments_read, es);
	ExplainPropertyInteger("Segments Pruned", NULL, sealed->segments_pruned, es);
	ExplainPropertyInteger("Segments Passed Over", NULL, state->segments_skipped, es);
	ExplainPropertyInteger("Blocks Read", NULL, sealed->blocks_read, es);
	ExplainPropertyInteger("Blocks Pruned", NULL, sealed->blocks_pruned, es);
	ExplainPropertyInteger("Blocks Passed Over", NULL, state->blocks_skipped, es);
	ExplainPropertyInteger("Blocks Answered from Summaries", NULL, state->rows_summed, es);
	ExplainPropertyInteger("Rows Hot", NULL, state->hot_rows, es);
	scan_explain_bytes(sealed->reader.bytes_read, es);
	if (state->passes > 1)
		ExplainPropertyInteger("Passes", NULL, state->passes, es);
}
