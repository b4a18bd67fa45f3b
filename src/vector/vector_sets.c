/*
 * vector_sets.c
 *	  Grouping sets: an aggregation for each set, one after the other.
 *
 * A set's aggregation groups by the set's keys only; the others are nulls in
 * its output, and GROUPING() is a constant.  So a coarse set is answered from
 * summaries even where a fine one is not, and each has all the memory.
 */
#include "territory.h"

#include "catalog/pg_type.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/clauses.h"
#include "optimizer/optimizer.h"
#include "optimizer/tlist.h"

#include "vector/vector.h"

typedef struct SetContext
{
	List	   *set;			/* sort-group references */
	List	   *keys;			/* of all sets */
	List	   *refs;			/* of each key */
} SetContext;

/* a bit for each argument, the last one lowest: it is not in the set */
static Node *
grouping_constant(GroupingFunc *grouping, List *set)
{
	int32		bits = 0;
	ListCell   *lc;

	foreach(lc, grouping->refs)
		bits = bits << 1 | !list_member_int(set, lfirst_int(lc));
	return (Node *) makeConst(INT4OID, -1, InvalidOid, sizeof(int32), Int32GetDatum(bits), false, true);
}

/* an output expression as this set has it; what aggregates see are rows, which have all keys */
static Node *
for_set(Node *node, SetContext *context)
{
	ListCell   *lc;

	if (node == NULL || IsA(node, Aggref))
		return node;
	if (IsA(node, GroupingFunc))
		return grouping_constant((GroupingFunc *) node, context->set);
	foreach(lc, context->keys)
	{
		if (!equal(node, lfirst(lc)))
			continue;
		if (list_member_int(context->set, list_nth_int(context->refs, foreach_current_index(lc))))
			return node;
		return (Node *) makeNullConst(exprType(node), exprTypmod(node), exprCollation(node));
	}
	return expression_tree_mutator(node, for_set, (void *) context);
}

/* NULL, or why sets are not done so */
const char *
vector_refuse_sets(PlannerInfo *root, PathTarget *output, List *having)
{
	ListCell   *lc;

	/* which constants of the output are the key is a matter of core's version */
	foreach(lc, root->parse->groupClause)
		if (IsA(get_sortgroupclause_expr(lfirst_node(SortGroupClause, lc), root->processed_tlist), Const))
			return "grouping sets by a constant";
	/* a subquery's state cannot be shared by several nodes */
	if (contain_subplans((Node *) output->exprs) || contain_subplans((Node *) having))
		return "subquery in an expression";
	return NULL;
}

/* what a set groups by, gives and checks */
List *
vector_set_clauses(PlannerInfo *root, List *set)
{
	List	   *clauses = NIL;
	ListCell   *lc;

	foreach(lc, root->parse->groupClause)
		if (list_member_int(set, lfirst_node(SortGroupClause, lc)->tleSortGroupRef))
			clauses = lappend(clauses, lfirst(lc));
	return clauses;
}

Node *
vector_for_set(PlannerInfo *root, List *set, Node *expressions)
{
	SetContext	context = {.set = set};
	ListCell   *lc;

	foreach(lc, root->parse->groupClause)
	{
		SortGroupClause *clause = lfirst_node(SortGroupClause, lc);

		context.keys = lappend(context.keys, get_sortgroupclause_expr(clause, root->processed_tlist));
		context.refs = lappend_int(context.refs, clause->tleSortGroupRef);
	}
	return for_set(expressions, &context);
}
