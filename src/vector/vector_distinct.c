/*
 * vector_distinct.c
 *	  count(DISTINCT x), and other aggregates of the different values of one
 *	  expression.
 *
 * The node groups by x, too, which leaves each value once for a group; core's
 * aggregation above sees these few rows instead of all, and still looks for
 * doubles itself.  So states that workers hand out twice do no harm, and
 * min(x) and max(x) may stand beside.  Any other aggregate needs every row.
 */
#include "territory.h"

#include "catalog/pg_aggregate.h"
#include "catalog/pg_type.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/cost.h"
#include "optimizer/optimizer.h"
#include "optimizer/pathnode.h"
#include "optimizer/paths.h"
#include "optimizer/prep.h"
#include "optimizer/tlist.h"
#include "utils/lsyscache.h"

#include "vector/vector_buckets.h"

typedef struct DistinctContext
{
	List	   *keys;
	Node	   *value;			/* x; NULL: not met yet */
	SortGroupClause *clause;	/* of DISTINCT x */
} DistinctContext;

/* are all equal values of the type one?  0 and -0 are two, and so are 1.0 and 1.00. */
static bool
equal_is_same(Oid type)
{
	return type != FLOAT4OID && type != FLOAT8OID && type != NUMERICOID;
}

/* the same for each value once as for all of them? */
static bool
is_of_values(Aggref *aggref, Oid type)
{
	Oid			input;
	Kernel		kernel = vector_kernel_of(aggref, &input);

	if (aggref->aggdistinct)
		return kernel == KERNEL_VALUES || equal_is_same(type);
	return (kernel == KERNEL_LEAST || kernel == KERNEL_GREATEST) && equal_is_same(type);
}

static bool
takes_value(Aggref *aggref, DistinctContext *context)
{
	Node	   *value;

	if (aggref->aggkind != AGGKIND_NORMAL || aggref->aggfilter || list_length(aggref->args) != 1 ||
		list_length(aggref->aggdistinct) > 1)
		return false;
	value = (Node *) linitial_node(TargetEntry, aggref->args)->expr;
	if (!is_of_values(aggref, getBaseType(exprType(value))))
		return false;
	if (context->value && !equal(value, context->value))
		return false;
	context->value = value;
	if (aggref->aggdistinct)
		context->clause = linitial_node(SortGroupClause, aggref->aggdistinct);
	return true;
}

/* true where an expression needs more than the keys and aggregates of one value */
static bool
needs_more(Node *node, DistinctContext *context)
{
	if (node == NULL || list_member(context->keys, node))
		return false;
	if (IsA(node, Aggref))
		return !takes_value((Aggref *) node, context);
	if (IsA(node, Var) || IsA(node, PlaceHolderVar) || IsA(node, GroupingFunc))
		return true;
	return expression_tree_walker(node, needs_more, (void *) context);
}

/* core's aggregation of rows that hold each value once */
static void
add_path_above(PlannerInfo *root, RelOptInfo *grouped, Path *path, List *clauses, List *having, double groups)
{
	AggClauseCosts costs = {0};

	get_agg_clause_costs(root, AGGSPLIT_SIMPLE, &costs);
	if (root->group_pathkeys)
		path = (Path *) create_sort_path(root, grouped, path, root->group_pathkeys, -1.0);
	add_path(grouped, (Path *) create_agg_path(root, grouped, path, grouped->reltarget,
											   clauses ? AGG_SORTED : AGG_PLAIN, AGGSPLIT_SIMPLE, clauses, having,
											   &costs, groups));
}

/* false: this is no such query */
bool
vector_add_distinct_paths(PlannerInfo *root, RelOptInfo *rel, RelOptInfo *input, RelOptInfo *grouped,
						  const SealedCost *sealed, List *having)
{
	List	   *clauses = root->parse->groupClause;
	DistinctContext context = {get_sortgrouplist_exprs(clauses, root->processed_tlist)};
	PathTarget *output = create_empty_pathtarget();
	VectorTarget *target;
	double		groups;
	ListCell   *lc;
	Path	   *path;

	if (needs_more((Node *) grouped->reltarget->exprs, &context) || needs_more((Node *) having, &context) ||
		context.clause == NULL || !enable_hashagg || !grouping_is_sortable(clauses))
		return false;
	foreach(lc, context.keys)
		add_column_to_pathtarget(output, lfirst(lc), list_nth_node(SortGroupClause, clauses,
																   foreach_current_index(lc))->tleSortGroupRef);
	target = vector_target(root, rel, input, clauses, output, NIL);
	if (target->refusal)
		return false;
	groups = vector_buckets(root, rel, target, false).groups;
	if (!vector_target_add_key(target, context.value, context.clause))
		return false;
	set_pathtarget_cost_width(root, output);
	path = vector_path(root, rel, grouped, sealed, target);
	add_path_above(root, grouped, path, clauses, having, groups);
	if (path->total_cost > parallel_setup_cost && (path = vector_gather_path(root, rel, grouped, sealed, target)) != NULL)
		add_path_above(root, grouped, path, clauses, having, groups);
	return true;
}
