/*
 * vector_plan.c
 *	  From a TerritoryAggregate path to its plan.
 *
 * Everything that is evaluated on rows of the table stands in
 * custom_scan_tlist, which setrefs takes for expressions of base relations.
 * Core looks for parameters in custom_exprs only, so they stand there again: a
 * rescan would miss a change of theirs otherwise.
 */
#include "territory.h"

#include "access/sysattr.h"
#include "catalog/pg_type.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"

#include "vector/vector_join.h"

static bool
collect_params(Node *node, List **params)
{
	if (node == NULL)
		return false;
	if (IsA(node, Param))
		*params = list_append_unique(*params, node);
	return expression_tree_walker(node, collect_params, (void *) params);
}

static List *
append_expressions(List *tlist, List *exprs)
{
	ListCell   *lc;

	foreach(lc, exprs)
		tlist = lappend(tlist, makeTargetEntry(copyObject(lfirst(lc)), list_length(tlist) + 1, NULL, false));
	return tlist;
}

static Plan *
plan_aggregate(PlannerInfo *root, RelOptInfo *rel, CustomPath *path, List *tlist, List *clauses, List *children)
{
	VectorTarget *target = linitial(path->custom_private);
	CustomScan *scan = makeNode(CustomScan);
	Var		   *marker = makeVar(target->relid, TableOidAttributeNumber, OIDOID, -1, InvalidOid, 0);
	RowExpr    *inner = makeNode(RowExpr);
	List	   *values = NIL;
	List	   *specs = scan_prune_specs(root, target->relid, target->quals, &values);
	List	   *all = NIL;

	values = list_concat(values, target->limits);
	inner->args = list_concat(list_concat_copy(target->quals, target->once), values);
	if (target->join)
		inner->args = lappend(inner->args, vector_join_expression(target->join));
	inner->args = lappend(inner->args, marker);
	inner->row_typeid = RECORDOID;
	inner->row_format = COERCE_EXPLICIT_CALL;
	inner->location = -1;
	all = append_expressions(all, target->keys);
	all = append_expressions(all, target->aggregates);
	all = append_expressions(all, list_make1(inner));

	scan->scan.plan.targetlist = tlist;
	scan->scan.plan.qual = copyObject(target->having);
	scan->scan.scanrelid = 0;
	scan->flags = path->flags;
	scan->custom_scan_tlist = all;
	collect_params((Node *) all, &scan->custom_exprs);
	scan->custom_plans = children;
	scan->custom_private = list_make5(list_make4_int(list_length(target->keys), list_length(target->aggregates),
													 list_length(target->quals), list_length(target->once)),
									  target->equal, specs, list_make1_int(target->partial),
									  vector_join_private(target->join));
	scan->custom_private = list_concat(scan->custom_private, list_make2(target->top, target->order));
	scan->methods = &vector_methods;
	return &scan->scan.plan;
}

const CustomPathMethods vector_path_methods = {
	.CustomName = "TerritoryAggregate",
	.PlanCustomPath = plan_aggregate,
};
