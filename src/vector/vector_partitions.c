/*
 * vector_partitions.c
 *	  A table's partitions, each aggregated by itself, and core's aggregation of
 *	  their states.
 *
 * Partitions of another access method, and those of which nothing is sealed, get
 * core's partial aggregation over their own cheapest path.
 */
#include "territory.h"

#include "nodes/nodeFuncs.h"
#include "optimizer/cost.h"
#include "optimizer/optimizer.h"
#include "optimizer/pathnode.h"
#include "optimizer/prep.h"
#include "optimizer/tlist.h"
#include "parser/parsetree.h"

#include "vector/vector_buckets.h"

/* the tables that the parent's rows are in; *ours: some of them have sealed rows */
static List *
find_leaves(PlannerInfo *root, RelOptInfo *parent, bool *ours)
{
	List	   *leaves = NIL;

	*ours = false;
	for (int i = 1; i < root->simple_rel_array_size; i++)
	{
		RelOptInfo *rel = root->simple_rel_array[i];
		SealedCost	sealed;

		if (rel == NULL || rel->reloptkind != RELOPT_OTHER_MEMBER_REL ||
			!bms_equal(rel->top_parent_relids, parent->relids) || IS_DUMMY_REL(rel) || planner_rt_fetch(i, root)->inh)
			continue;
		if (rel->rtekind != RTE_RELATION || rel->cheapest_total_path == NULL)
			return NIL;
		leaves = lappend(leaves, rel);
		*ours = *ours || (scan_is_territory(planner_rt_fetch(i, root), &sealed) && sealed.rows > 0);
	}
	return leaves;
}

/* the leaf's rows, their group keys marked: core marks none of a key that a condition makes constant */
static Path *
marked_path(PlannerInfo *root, RelOptInfo *leaf, VectorTarget *target)
{
	Path	   *path = leaf->cheapest_total_path;
	PathTarget *marked = create_empty_pathtarget();
	ListCell   *lc;

	foreach(lc, target->keys)
	{
		SortGroupClause *clause = list_nth_node(SortGroupClause, target->clauses, foreach_current_index(lc));

		add_column_to_pathtarget(marked, lfirst(lc), clause->tleSortGroupRef);
	}
	add_new_columns_to_pathtarget(marked, path->pathtarget->exprs);
	set_pathtarget_cost_width(root, marked);
	return (Path *) create_projection_path(root, leaf, path, marked);
}

/* states of a leaf's rows; NULL where neither the node nor core's hashing gives them */
static Path *
leaf_path(PlannerInfo *root, RelOptInfo *parent, RelOptInfo *leaf, RelOptInfo *grouped, VectorTarget *partial)
{
	VectorTarget *target = vector_target_of_child(root, partial, parent, leaf);
	SealedCost	sealed;
	AggClauseCosts costs = {0};
	double		groups;

	if (scan_is_territory(planner_rt_fetch(leaf->relid, root), &sealed) && sealed.rows > 0 && target->refusal == NULL)
	{
		sealed.quals = leaf->baserestrictcost;
		return vector_path(root, leaf, grouped, &sealed, target);
	}
	groups = vector_buckets(root, leaf, target, false).groups;
	get_agg_clause_costs(root, AGGSPLIT_INITIAL_SERIAL, &costs);
	return (Path *) create_agg_path(root, grouped, marked_path(root, leaf, target), target->output,
									target->keys ? AGG_HASHED : AGG_PLAIN,
									target->aggregates ? AGGSPLIT_INITIAL_SERIAL : AGGSPLIT_SIMPLE,
									target->clauses, NIL, &costs, groups);
}

/* NULL, or why not */
const char *
vector_add_partitions_path(PlannerInfo *root, RelOptInfo *parent, RelOptInfo *grouped, List *clauses, List *having)
{
	bool		ours;
	List	   *leaves = find_leaves(root, parent, &ours);
	VectorTarget *target,
			   *partial;
	List	   *paths = NIL;
	AggClauseCosts costs = {0};
	double		groups = 1;
	ListCell   *lc;
	AppendPath *append;

	if (leaves == NIL || !ours)
		return "partitioned table";
	target = vector_target(root, parent, parent, clauses, grouped->reltarget, having);
	if (target->refusal)
		return target->refusal;
	partial = vector_target_partial(target);
	foreach(lc, leaves)
	{
		Path	   *path = leaf_path(root, parent, lfirst(lc), grouped, partial);

		groups = Max(groups, path->rows);
		paths = lappend(paths, path);
	}
	append = create_append_path(root, grouped, paths, NIL, NIL, NULL, 0, false, -1);
	append->path.pathtarget = partial->output;
	get_agg_clause_costs(root, AGGSPLIT_FINAL_DESERIAL, &costs);
	add_path(grouped, (Path *) create_agg_path(root, grouped, &append->path, target->output,
											   target->keys ? AGG_HASHED : AGG_PLAIN,
											   target->aggregates ? AGGSPLIT_FINAL_DESERIAL : AGGSPLIT_SIMPLE,
											   clauses, having, &costs, groups));
	return "another plan was estimated cheaper";
}
