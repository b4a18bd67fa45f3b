/*
 * near_join_plan.c
 *	  From a TerritoryNear path to its plan.
 *
 * The scan tuple has what any expression of the node reads.  Later versions of
 * PostgreSQL tell a column of the side that an outer join may leave without a
 * row before the join from the same after it.  Here it is one column, as it is
 * after the join, since that is what nodes above ask for; pairs are asked with it.
 */
#include "spacetime/near_join.h"

#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "optimizer/restrictinfo.h"

/* is it the same column, whatever outer joins make of it? */
static bool
is_same(Node *a, Node *b)
{
	if (nodeTag(a) != nodeTag(b))
		return false;
	if (IsA(a, Var))
		return ((Var *) a)->varno == ((Var *) b)->varno && ((Var *) a)->varattno == ((Var *) b)->varattno &&
			((Var *) a)->varlevelsup == ((Var *) b)->varlevelsup;
	return IsA(a, PlaceHolderVar) && ((PlaceHolderVar *) a)->phid == ((PlaceHolderVar *) b)->phid;
}

/* of these columns, the one that it is; NULL: none */
static Node *
find_column(List *columns, Node *node)
{
	ListCell   *lc;

	foreach(lc, columns)
		if (is_same(lfirst(lc), node))
			return lfirst(lc);
	return NULL;
}

/* the child's column that this is; 0: none */
static int
column_of(Plan *child, Node *node)
{
	ListCell   *lc;

	foreach(lc, child->targetlist)
		if (is_same((Node *) lfirst_node(TargetEntry, lc)->expr, node))
			return lfirst_node(TargetEntry, lc)->resno;
	return 0;
}

/* add columns that the expressions read and that are not among these */
static List *
add_columns(List *columns, List *exprs)
{
	ListCell   *lc;

	foreach(lc, pull_var_clause((Node *) exprs, PVC_INCLUDE_PLACEHOLDERS))
		if (find_column(columns, lfirst(lc)) == NULL)
			columns = lappend(columns, lfirst(lc));
	return columns;
}

/* the expression with its columns as they are in the list */
static Node *
with_columns(Node *node, void *columns)
{
	if (node == NULL)
		return NULL;
	if (IsA(node, Var) || IsA(node, PlaceHolderVar))
	{
		Node	   *column = find_column(columns, node);

		if (column)
			return copyObject(column);
	}
	return expression_tree_mutator(node, with_columns, columns);
}

Plan *
near_plan(PlannerInfo *root, RelOptInfo *rel, CustomPath *path, List *tlist, List *clauses, List *children)
{
	CustomScan *scan = makeNode(CustomScan);
	List	   *pairs = list_concat_copy(list_nth(path->custom_private, NEAR_PATH_CALLS),
										 list_nth(path->custom_private, NEAR_PATH_QUALS));
	List	   *filter = list_nth(path->custom_private, NEAR_PATH_FILTER);
	List	   *columns;
	List	   *sources[2] = {NIL, NIL};
	ListCell   *lc;

	/* a projection above may put another target list in the place of ours */
	columns = add_columns(NIL, list_concat_copy(rel->reltarget->exprs, tlist));
	columns = add_columns(add_columns(columns, filter), pairs);
	foreach(lc, columns)
	{
		Node	   *column = lfirst(lc);
		int			probe = column_of(linitial(children), column);
		int			kept = probe ? 0 : column_of(lsecond(children), column);

		if (probe == 0 && kept == 0)
			elog(ERROR, "a column of a near join is in neither of its sides");
		scan->custom_scan_tlist = lappend(scan->custom_scan_tlist,
										  makeTargetEntry(copyObject((Expr *) column), foreach_current_index(lc) + 1, NULL, false));
		sources[0] = lappend_int(sources[0], probe);
		sources[1] = lappend_int(sources[1], kept);
	}
	scan->scan.plan.targetlist = tlist;
	scan->scan.plan.qual = copyObject(filter);
	scan->flags = path->flags;
	scan->custom_plans = children;
	scan->custom_exprs = (List *) with_columns((Node *) pairs, columns);
	scan->custom_private = list_make3(list_nth(path->custom_private, NEAR_PATH_NUMBERS), sources[0], sources[1]);
	scan->methods = &near_scan_methods;
	return &scan->scan.plan;
}
