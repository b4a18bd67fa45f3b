/*
 * last_plan.c
 *	  From a TerritoryLast path to its plan.
 *
 * The plan is a scan of the table: its target list reads columns of the rows
 * that won.  What is evaluated on other rows stands in custom_exprs.
 */
#include "territory.h"

#include "last/last.h"

static Plan *
plan_last(PlannerInfo *root, RelOptInfo *rel, CustomPath *path, List *tlist, List *clauses, List *children)
{
	LastTarget *target = linitial(path->custom_private);
	CustomScan *scan = makeNode(CustomScan);
	List	   *exprs = copyObject(target->quals);
	List	   *specs = scan_prune_specs(root, target->relid, target->quals, &exprs);

	scan->scan.plan.targetlist = tlist;
	scan->scan.scanrelid = target->relid;
	scan->flags = path->flags;
	scan->custom_exprs = exprs;
	scan->custom_private = list_make5(target->keys, target->equal, target->sorts,
									  list_make1_int(list_length(target->quals)), specs);
	scan->methods = &last_methods;
	return &scan->scan.plan;
}

const CustomPathMethods last_path_methods = {
	.CustomName = "TerritoryLast",
	.PlanCustomPath = plan_last,
};
