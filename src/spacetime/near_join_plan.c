/*
 * near_join_plan.c
 *	  From a TerritoryNear path to its plan.
 *
 * The scan tuple has what any expression of the node reads.  A column of the
 * side that an outer join may leave without a row is there twice where versions
 * of PostgreSQL tell the two apart: as it is before, and after.
 */
#include "spacetime/near_join.h"

#include "nodes/makefuncs.h"
#include "optimizer/optimizer.h"
#include "optimizer/restrictinfo.h"

/* the child's column that this is, whatever outer joins make of it; 0: none */
static int
column_of(Plan *child, Node *node)
{
	ListCell   *lc;

	foreach(lc, child->targetlist)
	{
		TargetEntry *entry = lfirst_node(TargetEntry, lc);

		if (nodeTag(entry->expr) != nodeTag(node))
			continue;
		if (IsA(node, Var) && ((Var *) entry->expr)->varno == ((Var *) node)->varno &&
			((Var *) entry->expr)->varattno == ((Var *) node)->varattno)
			return entry->resno;
		if (IsA(node, PlaceHolderVar) && ((PlaceHolderVar *) entry->expr)->phid == ((PlaceHolderVar *) node)->phid)
			return entry->resno;
	}
	return 0;
}

/* columns of the children that the expressions read; a placeholder that is computed here stands for what it reads */
static List *
columns_read(List *children, Node *exprs, List *columns)
{
	ListCell   *lc;

	foreach(lc, pull_var_clause(exprs, PVC_INCLUDE_PLACEHOLDERS))
	{
		Node	   *node = lfirst(lc);

		if (column_of(linitial(children), node) || column_of(lsecond(children), node))
			columns = list_append_unique(columns, node);
		else if (IsA(node, PlaceHolderVar))
			columns = columns_read(children, (Node *) ((PlaceHolderVar *) node)->phexpr, columns);
		else
			elog(ERROR, "a column of a near join is in neither of its sides");
	}
	return columns;
}

Plan *
near_plan(PlannerInfo *root, RelOptInfo *rel, CustomPath *path, List *tlist, List *clauses, List *children)
{
	CustomScan *scan = makeNode(CustomScan);
	List	   *calls = list_nth(path->custom_private, NEAR_PATH_CALLS);
	List	   *quals = list_nth(path->custom_private, NEAR_PATH_QUALS);
	List	   *filter = list_nth(path->custom_private, NEAR_PATH_FILTER);
	List	   *all = list_concat(list_concat(list_copy(tlist), calls), list_concat(list_copy(quals), filter));
	List	   *sources[2] = {NIL, NIL};
	ListCell   *lc;

	/* a projection above may put another target list in the place of ours */
	all = list_concat(all, rel->reltarget->exprs);
	foreach(lc, columns_read(children, (Node *) all, NIL))
	{
		Expr	   *column = lfirst(lc);
		int			probe = column_of(linitial(children), (Node *) column);

		scan->custom_scan_tlist = lappend(scan->custom_scan_tlist,
										  makeTargetEntry((Expr *) copyObject(column), foreach_current_index(lc) + 1, NULL, false));
		sources[0] = lappend_int(sources[0], probe);
		sources[1] = lappend_int(sources[1], probe ? 0 : column_of(lsecond(children), (Node *) column));
	}
	scan->scan.plan.targetlist = tlist;
	scan->scan.plan.qual = copyObject(filter);
	scan->flags = path->flags;
	scan->custom_plans = children;
	scan->custom_exprs = copyObject(list_concat(list_copy(calls), quals));
	scan->custom_private = list_make3(list_nth(path->custom_private, NEAR_PATH_NUMBERS), sources[0], sources[1]);
	scan->methods = &near_scan_methods;
	return &scan->scan.plan;
}
