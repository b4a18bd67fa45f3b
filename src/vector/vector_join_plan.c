/*
 * vector_join_plan.c
 *	  The join's part of a TerritoryAggregate's plan.
 *
 * In the plan, and so in EXPLAIN, columns of the dimension are those of its
 * relations; the plan lists them in the order in which the child gives them.
 * Only what is executed has them as columns of the inner tuple.
 */
#include "territory.h"

#include "catalog/pg_type.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"

#include "vector/vector_join.h"

/* as one row: keys of the fact table, keys of the dimension, quals of pairs, columns of the child */
Expr *
vector_join_expression(const JoinTarget *join)
{
	RowExpr    *parts = makeNode(RowExpr);

	parts->args = list_concat_copy(join->facts, join->dimensions);
	parts->args = list_concat(parts->args, join->quals);
	parts->args = list_concat(parts->args, join->path->pathtarget->exprs);
	parts->row_typeid = RECORDOID;
	parts->row_format = COERCE_EXPLICIT_CALL;
	parts->location = -1;
	return (Expr *) parts;
}

List *
vector_join_private(const JoinTarget *join)
{
	if (join == NULL)
		return NIL;
	return list_make3(list_make3_int(join->type, list_length(join->facts), list_length(join->quals)),
					  join->operators, join->collations);
}

static Node *
rewrite(Node *node, void *columns)
{
	ListCell   *lc;

	if (node == NULL)
		return NULL;
	if (IsA(node, Var))
	{
		foreach(lc, (List *) columns)
		{
			Var		   *var = (Var *) node;
			Var		   *column = lfirst_node(Var, lc);

			if (column->varno == var->varno && column->varattno == var->varattno)
				return (Node *) makeVar(INNER_VAR, foreach_current_index(lc) + 1, var->vartype, var->vartypmod,
										var->varcollid, 0);
		}
	}
	return expression_tree_mutator(node, rewrite, columns);
}

/* columns of the child become those of the inner tuple */
List *
vector_join_rewrite(List *exprs, List *columns)
{
	return (List *) rewrite((Node *) exprs, columns);
}

/* what will be executed of expressions of the query */
List *
vector_join_executed(const VectorTarget *target, List *exprs)
{
	return target->join ? vector_join_rewrite(exprs, target->join->path->pathtarget->exprs) : exprs;
}

/* fact = dimension, for each key */
List *
vector_join_clauses(CustomScan *plan)
{
	List	   *private = list_nth(plan->custom_private, VECTOR_JOIN);
	List	   *dimensions = vector_join_part(plan, JOIN_DIMENSIONS);
	List	   *clauses = NIL;
	ListCell   *lc;

	foreach(lc, vector_join_part(plan, JOIN_FACTS))
	{
		int			k = foreach_current_index(lc);

		clauses = lappend(clauses, make_opclause(list_nth_oid(list_nth(private, JOIN_OPERATORS), k), BOOLOID, false,
												 lfirst(lc), list_nth(dimensions, k), InvalidOid,
												 list_nth_oid(list_nth(private, JOIN_COLLATIONS), k)));
	}
	return clauses;
}
