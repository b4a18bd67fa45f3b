/*
 * scan_guard.c
 *	  No plan may read a territory table through an index alone.
 *
 * Indexes hold hot rows only.  Our planner hook wraps every index path, but
 * another extension may add paths after us, or build plans without the
 * planner; such a plan would lose the sealed rows silently.  Here it fails.
 */
#include "territory.h"

#include "executor/executor.h"
#include "nodes/nodeFuncs.h"

#include "scan/scan.h"

static ExecutorStart_hook_type previous_start;

static bool
guard_node(PlanState *node, void *context)
{
	if (node == NULL)
		return false;
	if (IsA(node, CustomScanState) && ((CustomScanState *) node)->methods->CustomName == scan_methods.CustomName)
		return false;			/* below it index scans are in their place */
	if (IsA(node, IndexScanState) || IsA(node, IndexOnlyScanState) || IsA(node, BitmapHeapScanState))
	{
		Relation	rel = ((ScanState *) node)->ss_currentRelation;

		if (rel && relation_is_territory(rel))
			ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
							errmsg("a plan reads territory table \"%s\" through an index without its sealed rows",
								   RelationGetRelationName(rel)),
							errhint("Another extension made this plan; turn it off for this query, or set enable_indexscan, enable_indexonlyscan and enable_bitmapscan off.")));
	}
	return planstate_tree_walker(node, guard_node, context);
}

static void
guard_start(QueryDesc *query, int eflags)
{
	if (previous_start)
		previous_start(query, eflags);
	else
		standard_ExecutorStart(query, eflags);
	guard_node(query->planstate, NULL);
}

void
scan_guard_init(void)
{
	previous_start = ExecutorStart_hook;
	ExecutorStart_hook = guard_start;
}
