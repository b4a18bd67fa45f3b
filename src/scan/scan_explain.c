/*
 * scan_explain.c
 *	  What a TerritoryScan says about itself: how sealed rows are filtered,
 *	  pruned and ordered, and with ANALYZE how much of them was read.
 */
#include "territory.h"

#include "commands/explain.h"
#include "nodes/makefuncs.h"
#include "utils/ruleutils.h"
#include "utils/snapmgr.h"

#include "scan/scan.h"

static void
show_pruned_columns(TerritoryScanState *state, ExplainState *es)
{
	TupleDesc	desc = RelationGetDescr(state->custom.ss.ss_currentRelation);
	List	   *names = NIL;
	Bitmapset  *seen = NULL;
	ListCell   *lc;

	foreach(lc, state->prune_specs)
	{
		int			attno = list_nth_int(lfirst(lc), PRUNE_ATTNO);

		if (bms_is_member(attno, seen))
			continue;
		seen = bms_add_member(seen, attno);
		names = lappend(names, NameStr(TupleDescAttr(desc, attno - 1)->attname));
	}
	if (names)
		ExplainPropertyList("Pruned By", names, es);
}

/* a child that checks quals itself shows its own; the sealed rows get all of them */
static void
show_filter(TerritoryScanState *state, List *ancestors, ExplainState *es)
{
	CustomScanState *node = &state->custom;
	List	   *context;

	if (state->filter_exprs == NIL)
		return;
	context = set_deparse_context_plan(es->deparse_cxt, node->ss.ps.plan, ancestors);
	ExplainPropertyText(state->child ? "Sealed Filter" : "Filter",
						deparse_expression((Node *) make_ands_explicit(state->filter_exprs), context,
										   es->verbose, false), es);
	if (es->analyze && node->ss.ps.instrument && node->ss.ps.instrument->nfiltered1 > 0)
		ExplainPropertyFloat(state->child ? "Sealed Rows Removed by Filter" : "Rows Removed by Filter", NULL,
							 node->ss.ps.instrument->nfiltered1 / Max(node->ss.ps.instrument->nloops, 1), 0, es);
}

static void
show_why(CustomScanState *node, ExplainState *es)
{
	List	   *why = list_nth(castNode(CustomScan, node->ss.ps.plan)->custom_private, PRIVATE_WHY);

	if (why)
		ExplainPropertyText("Not vectorised", strVal(linitial(why)), es);
}

/* with BUFFERS: of headers, summaries and streams; headers that this backend keeps are not read again */
void
scan_explain_bytes(int64 bytes, ExplainState *es)
{
	if (es->buffers)
		ExplainPropertyInteger("Sealed Bytes Read", NULL, bytes, es);
}

/*
 * Of a node that a worker ran alone, below Gather (Single Copy), core brings back
 * times and rows; what else is counted stays with the worker.
 */
bool
scan_explain_elsewhere(CustomScanState *node, bool ran_here, ExplainState *es)
{
	if (ran_here || node->ss.ps.plan->parallel_aware || node->ss.ps.worker_instrument == NULL)
		return false;
	ExplainPropertyText("Counters", "of a worker, which does not report them", es);
	return true;
}

static bool
has_segments(Relation rel)
{
	DirectoryTotals totals;

	sealed_totals(rel, SnapshotSelf, &totals);
	return totals.segments > 0;
}

void
scan_explain(CustomScanState *node, List *ancestors, ExplainState *es)
{
	TerritoryScanState *state = (TerritoryScanState *) node;
	ScanShared	zero = {0};
	ScanShared *counts = &state->local;
	SealedScan	none = {0};
	SealedScan *sealed = state->sealed ? state->sealed : &none;
	bool		shared = memcmp(counts, &zero, sizeof zero) != 0;
	int64		summed;

	show_filter(state, ancestors, es);
	show_pruned_columns(state, es);
	show_why(node, es);
	if (!es->analyze || scan_explain_elsewhere(node, state->sealed || state->hot_scan || state->hot_rows > 0, es))
		return;
	ExplainPropertyInteger("Segments Read", NULL, shared ? (int64) counts->segments_read.value : sealed->segments_read, es);
	ExplainPropertyInteger("Segments Pruned", NULL, shared ? (int64) counts->segments_pruned.value : sealed->segments_pruned, es);
	ExplainPropertyInteger("Blocks Read", NULL, shared ? (int64) counts->blocks_read.value : sealed->blocks_read, es);
	ExplainPropertyInteger("Blocks Pruned", NULL, shared ? (int64) counts->blocks_pruned.value : sealed->blocks_pruned, es);
	summed = shared ? (int64) counts->blocks_summed.value : state->blocks_summed;
	if (summed > 0)
		ExplainPropertyInteger("Blocks Answered from Summaries", NULL, summed, es);
	/* a table of which nothing is sealed is explained as a heap table, nearly */
	if (!has_segments(node->ss.ss_currentRelation))
		return;
	ExplainPropertyInteger("Rows Hot", NULL, shared ? (int64) counts->hot_rows.value : state->hot_rows, es);
	scan_explain_bytes(shared ? (int64) counts->bytes_read.value : sealed->reader.bytes_read, es);
}
