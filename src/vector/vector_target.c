/*
 * vector_target.c
 *	  What a TerritoryAggregate has to compute for a query, and why it cannot.
 *
 * The node evaluates the query's group keys and the arguments of its aggregates
 * on rows of one table; all else of the output is made of these by core's
 * expressions.  What the node does not do is refused here, with the reason that
 * EXPLAIN shows; the texts stand in the reference.
 */
#include "territory.h"

#include "catalog/pg_aggregate.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/appendinfo.h"
#include "optimizer/clauses.h"
#include "optimizer/cost.h"
#include "optimizer/optimizer.h"
#include "optimizer/planner.h"
#include "optimizer/restrictinfo.h"
#include "optimizer/tlist.h"

#include "vector/vector_join.h"

/* ---- expressions on rows ---- */

/* true, for callers that say what is wrong */
bool
vector_refuse(VectorTarget *target, const char *refusal)
{
	if (target->refusal == NULL)
		target->refusal = refusal;
	return true;
}

/* columns of the table, or of what it is joined with, and nothing that the node's plain expressions cannot hold */
static bool
is_foreign(Node *node, VectorTarget *target)
{
	if (node == NULL)
		return false;
	if (IsA(node, Var))
	{
		Var		   *var = (Var *) node;

		if (!bms_is_member(var->varno, target->relids) || var->varlevelsup != 0)
			return vector_refuse(target, "expression of another level of the query");
		return var->varattno < 0 && vector_refuse(target, "system column");
	}
	if (IsA(node, SubPlan) || IsA(node, AlternativeSubPlan))
		return vector_refuse(target, "subquery in an expression");
	if (IsA(node, PlaceHolderVar) || IsA(node, GroupingFunc) || IsA(node, WindowFunc) || IsA(node, CurrentOfExpr))
		return vector_refuse(target, "expression of another level of the query");
	return expression_tree_walker(node, is_foreign, (void *) target);
}

bool
vector_can_evaluate(Node *node, VectorTarget *target)
{
	if (is_foreign(node, target))
		return false;
	if (contain_volatile_functions(node))
		return !vector_refuse(target, "volatile function");
	if (expression_returns_set(node))
		return !vector_refuse(target, "set-returning function");
	return true;
}

static bool
can_aggregate(Aggref *aggref, VectorTarget *target)
{
	if (aggref->aggkind != AGGKIND_NORMAL || aggref->aggdirectargs)
		return !vector_refuse(target, "ordered-set aggregate");
	if (aggref->aggdistinct)
		return !vector_refuse(target, "DISTINCT inside an aggregate");
	if (aggref->aggorder)
		return !vector_refuse(target, "ORDER BY inside an aggregate");
	if (aggref->aggsplit != AGGSPLIT_SIMPLE || aggref->agglevelsup != 0)
		return !vector_refuse(target, "expression of another level of the query");
	return vector_can_evaluate((Node *) aggref, target);
}

/* collects aggregates; true where an expression needs more than them and the group keys */
static bool
needs_more(Node *node, VectorTarget *target)
{
	if (node == NULL)
		return false;
	if (list_member(target->keys, node))
		return false;
	if (IsA(node, Aggref))
	{
		if (!can_aggregate((Aggref *) node, target))
			return true;
		target->aggregates = list_append_unique(target->aggregates, node);
		return false;
	}
	if (IsA(node, Var))
		return !(target->join && vector_join_add_key((Var *) node, target)) &&
			vector_refuse(target, "column that is not grouped by");
	if (IsA(node, PlaceHolderVar) || IsA(node, GroupingFunc))
		return vector_refuse(target, "expression of another level of the query");
	return expression_tree_walker(node, needs_more, (void *) target);
}

static bool
add_keys(PlannerInfo *root, VectorTarget *target, List *clauses)
{
	ListCell   *lc;

	foreach(lc, clauses)
	{
		SortGroupClause *clause = lfirst_node(SortGroupClause, lc);
		Node	   *key = get_sortgroupclause_expr(clause, root->processed_tlist);

		if (!clause->hashable)
			return !vector_refuse(target, "key of a type that cannot be hashed");
		if (!vector_can_evaluate(key, target))
			return false;
		target->keys = lappend(target->keys, key);
		target->equal = lappend_oid(target->equal, clause->eqop);
	}
	target->clauses = clauses;
	return true;
}

/* ---- quals, in core's order ---- */

/* one that cannot leak may come early, if it is cheap */
static Index
effective_level(RestrictInfo *info, Cost cost)
{
	return info->leakproof && cost < 10 * cpu_operator_cost ? 0 : info->security_level;
}

/*
 * By security level, then by cost, then as written: a row-level policy is
 * evaluated before anything that could tell of rows that it hides.
 */
List *
vector_ordered_quals(PlannerInfo *root, List *infos)
{
	int			n = list_length(infos);
	RestrictInfo **sorted = palloc(sizeof(RestrictInfo *) * Max(n, 1));
	Cost	   *costs = palloc(sizeof(Cost) * Max(n, 1));
	List	   *quals = NIL;

	for (int i = 0; i < n; i++)
	{
		RestrictInfo *info = list_nth_node(RestrictInfo, infos, i);
		QualCost	cost;
		Index		level;
		int			at;

		cost_qual_eval_node(&cost, (Node *) info, root);
		level = effective_level(info, cost.per_tuple);
		for (at = i; at > 0; at--)
		{
			Index		before = effective_level(sorted[at - 1], costs[at - 1]);

			if (before < level || (before == level && costs[at - 1] <= cost.per_tuple))
				break;
			sorted[at] = sorted[at - 1];
			costs[at] = costs[at - 1];
		}
		sorted[at] = info;
		costs[at] = cost.per_tuple;
	}
	for (int i = 0; i < n; i++)
		quals = lappend(quals, sorted[i]->clause);
	return quals;
}

static bool
add_quals(PlannerInfo *root, RelOptInfo *rel, VectorTarget *target)
{
	List	   *of_rows = NIL;
	ListCell   *lc;

	foreach(lc, rel->baserestrictinfo)
	{
		RestrictInfo *info = lfirst_node(RestrictInfo, lc);

		if (!vector_can_evaluate((Node *) info->clause, target))
			return false;
		if (info->pseudoconstant)
			target->once = lappend(target->once, info->clause);
		else
			of_rows = lappend(of_rows, info);
	}
	target->quals = vector_ordered_quals(root, of_rows);
	return true;
}

/* one more, which no clause of the query is; false: the node cannot */
bool
vector_target_add_key(VectorTarget *target, Node *key, SortGroupClause *clause)
{
	if (!clause->hashable || !vector_can_evaluate(key, target))
		return false;
	if (list_member(target->keys, key))
		return true;
	target->keys = lappend(target->keys, key);
	target->equal = lappend_oid(target->equal, clause->eqop);
	add_column_to_pathtarget(target->output, (Expr *) key, 0);
	return true;
}

/*
 * For grouping by these clauses; where the node cannot do it, the result has a
 * refusal.
 */
VectorTarget *
vector_target(PlannerInfo *root, RelOptInfo *rel, RelOptInfo *input, List *clauses, PathTarget *output, List *having)
{
	VectorTarget *target = palloc0(sizeof(VectorTarget));

	target->relid = rel->relid;
	target->relids = rel->relids;
	target->having = having;
	target->output = output;
	if ((rel != input && !vector_join_target(root, input, rel, target)) ||
		!add_keys(root, target, clauses) || !add_quals(root, rel, target) ||
		needs_more((Node *) output->exprs, target) || needs_more((Node *) having, target) ||
		!vector_join_gives(target))
		Assert(target->refusal);
	return target;
}

/* the same up to states of transition functions, to be combined by core's aggregation; NULL: not in workers */
VectorTarget *
vector_target_partial(VectorTarget *whole)
{
	VectorTarget *target = palloc(sizeof(VectorTarget));
	ListCell   *lc;

	memcpy(target, whole, sizeof(VectorTarget));
	target->partial = true;
	if (whole->join && (target->join = vector_join_partial(whole->join)) == NULL)
		return NULL;
	target->having = target->top = target->limits = target->order = NIL;
	target->aggregates = NIL;
	target->output = create_empty_pathtarget();
	foreach(lc, target->keys)
	{
		int			i = foreach_current_index(lc);

		add_column_to_pathtarget(target->output, lfirst(lc), i >= list_length(target->clauses) ? 0 :
								 list_nth_node(SortGroupClause, target->clauses, i)->tleSortGroupRef);
	}
	foreach(lc, whole->aggregates)
	{
		Aggref	   *aggref = copyObject(lfirst_node(Aggref, lc));

		mark_partial_aggref(aggref, AGGSPLIT_INITIAL_SERIAL);
		target->aggregates = lappend(target->aggregates, aggref);
		add_column_to_pathtarget(target->output, (Expr *) aggref, 0);
	}
	return target;
}

/* the same for one of the tables that the parent's rows are in */
VectorTarget *
vector_target_of_child(PlannerInfo *root, VectorTarget *of_parent, RelOptInfo *parent, RelOptInfo *child)
{
	VectorTarget *target = palloc(sizeof(VectorTarget));

	memcpy(target, of_parent, sizeof(VectorTarget));
	target->relid = child->relid;
	target->relids = child->relids;
	target->keys = (List *) compat_adjust_for_child(root, (Node *) of_parent->keys, child, parent);
	target->aggregates = (List *) compat_adjust_for_child(root, (Node *) of_parent->aggregates, child, parent);
	target->output = copy_pathtarget(of_parent->output);
	target->output->exprs = (List *) compat_adjust_for_child(root, (Node *) of_parent->output->exprs, child, parent);
	target->quals = target->once = NIL;
	add_quals(root, child, target);
	return target;
}
