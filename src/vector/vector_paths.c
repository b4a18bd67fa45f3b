/*
 * vector_paths.c
 *	  Where a TerritoryAggregate may stand in a plan.
 *
 * Only a query over one territory table, with nothing between its scan and its
 * grouping but a join with what is small, gets such a path, or one over the
 * parent of partitions.  Whatever the node does not do gives no path, and core's
 * aggregation over a TerritoryScan answers, which says why.
 */
#include "territory.h"

#include "nodes/nodeFuncs.h"
#include "optimizer/clauses.h"
#include "optimizer/cost.h"
#include "optimizer/optimizer.h"
#include "optimizer/pathnode.h"
#include "optimizer/paths.h"
#include "optimizer/planner.h"
#include "optimizer/prep.h"
#include "optimizer/tlist.h"
#include "parser/parsetree.h"

#include "vector/vector_join.h"

static create_upper_paths_hook_type previous_hook;

/* ---- paths ---- */

static CustomPath *
make_path(RelOptInfo *grouped, VectorTarget *target)
{
	CustomPath *path = makeNode(CustomPath);

	path->path.pathtype = T_CustomScan;
	path->path.parent = grouped;
	path->path.pathtarget = target->output;
	path->path.parallel_safe = grouped->consider_parallel;
	path->flags = CUSTOMPATH_SUPPORT_PROJECTION;
	path->methods = &vector_path_methods;
	path->custom_private = list_make1(target);
	if (target->join)
	{
		path->custom_paths = list_make1(target->join->path);
		path->path.parallel_safe = path->path.parallel_safe && target->join->path->parallel_safe;
	}
	return path;
}

Path *
vector_path(PlannerInfo *root, RelOptInfo *rel, RelOptInfo *grouped, const SealedCost *sealed, VectorTarget *target)
{
	VectorEstimate estimate = vector_estimate(root, rel, sealed, target);
	CustomPath *path = make_path(grouped, target);

	if (target->top)
		vector_top_estimate(root, rel, target, &estimate);
	vector_cost_path(root, target, &estimate, 0, target->aggregates ? AGGSPLIT_SIMPLE : AGGSPLIT_INITIAL_SERIAL,
					 &path->path);
	if (target->order)
		path->path.pathkeys = root->sort_pathkeys;
	return &path->path;
}

/* workers that each aggregate what they read; NULL where they would not help */
Path *
vector_gather_path(PlannerInfo *root, RelOptInfo *rel, RelOptInfo *grouped, const SealedCost *sealed,
				   VectorTarget *target)
{
	VectorTarget *partial = vector_target_partial(target);
	VectorEstimate estimate;
	int			workers;
	CustomPath *path;
	double		rows;

	if (partial == NULL || !grouped->consider_parallel)
		return NULL;
	estimate = vector_estimate(root, rel, sealed, partial);
	workers = vector_workers(rel, &estimate);
	if (workers <= 0)
		return NULL;
	path = make_path(grouped, partial);
	path->path.parallel_aware = true;
	path->path.parallel_workers = workers;
	vector_cost_path(root, partial, &estimate, workers, AGGSPLIT_INITIAL_SERIAL, &path->path);
	/* each process may meet all groups */
	rows = path->path.rows * (workers + (parallel_leader_participation ? 1 : 0));
	return (Path *) create_gather_path(root, grouped, &path->path, partial->output, NULL, &rows);
}

/* and core's aggregation of their states */
static void
add_parallel_path(PlannerInfo *root, RelOptInfo *rel, RelOptInfo *grouped, const SealedCost *sealed,
				  VectorTarget *target, double groups)
{
	Path	   *gather = vector_gather_path(root, rel, grouped, sealed, target);
	AggClauseCosts costs = {0};

	if (gather == NULL)
		return;
	get_agg_clause_costs(root, AGGSPLIT_FINAL_DESERIAL, &costs);
	add_path(grouped, (Path *) create_agg_path(root, grouped, gather, target->output,
											   target->keys ? AGG_HASHED : AGG_PLAIN,
											   target->aggregates ? AGGSPLIT_FINAL_DESERIAL : AGGSPLIT_SIMPLE,
											   target->clauses, target->having, &costs, groups));
}

/* NULL, or why the node does not answer even so */
static const char *
add_paths(PlannerInfo *root, RelOptInfo *rel, RelOptInfo *input, RelOptInfo *grouped, const SealedCost *sealed,
		  List *clauses, PathTarget *output, List *having, bool splits)
{
	VectorTarget *target = vector_target(root, rel, input, clauses, output, having);
	Path	   *path;

	if (target->refusal)
		return target->refusal;
	target->top = vector_top_spec(root, target);
	target->order = vector_order_spec(root, target);
	path = vector_path(root, rel, grouped, sealed, target);
	add_path(grouped, path);
	/* what costs no more than starting workers is not worth the estimate */
	if (splits && path->total_cost > parallel_setup_cost)
		add_parallel_path(root, rel, grouped, sealed, target, path->rows);
	return "another plan was estimated cheaper";
}

/* an aggregation for each set, one after the other; NULL, or why not */
static const char *
add_sets(PlannerInfo *root, RelOptInfo *rel, RelOptInfo *grouped, const SealedCost *sealed, List *having)
{
	const char *refusal = vector_refuse_sets(root, grouped->reltarget, having);
	List	   *paths = NIL;
	ListCell   *lc;

	if (refusal)
		return refusal;
	foreach(lc, root->parse->groupingSets)
	{
		List	   *set = lfirst(lc);
		PathTarget *output = copy_pathtarget(grouped->reltarget);
		VectorTarget *target;

		output->exprs = (List *) vector_for_set(root, set, (Node *) output->exprs);
		target = vector_target(root, rel, rel, vector_set_clauses(root, set), output,
							   (List *) vector_for_set(root, set, (Node *) having));
		if (target->refusal)
			return target->refusal;
		paths = lcons(vector_path(root, rel, grouped, sealed, target), paths);	/* the finest first: upper nodes show its keys */
	}
	add_path(grouped, (Path *) create_append_path(root, grouped, paths, NIL, NIL, NULL, 0, false, -1));
	return "another plan was estimated cheaper";
}

/* ---- the hook ---- */

/* one table, which may be joined with others, and nothing else between it and its grouping */
static const char *
refuse_query(PlannerInfo *root, RelOptInfo *input)
{
	if (!territory_enable_aggregate)
		return "territory.enable_aggregate is off";
	if (input->reloptkind != RELOPT_BASEREL && input->reloptkind != RELOPT_JOINREL)
		return "partitioned table";
	if (root->parse->rowMarks)
		return "row locks";
	return NULL;
}

static const char *
group(PlannerInfo *root, RelOptInfo *rel, RelOptInfo *input, RelOptInfo *grouped, const SealedCost *sealed,
	  GroupPathExtraData *extra)
{
	Query	   *parse = root->parse;

	if (parse->groupClause && !enable_hashagg)
		return "enable_hashagg is off";
	if (parse->groupingSets && rel != input)
		return "grouping sets over a join";
	if (parse->groupingSets)
		return add_sets(root, rel, grouped, sealed, (List *) extra->havingQual);
	if (vector_add_distinct_paths(root, rel, input, grouped, sealed, (List *) extra->havingQual))
		return "another plan was estimated cheaper";
	return add_paths(root, rel, input, grouped, sealed, parse->groupClause, grouped->reltarget,
					 (List *) extra->havingQual, (extra->flags & GROUPING_CAN_PARTIAL_AGG) != 0);
}

static const char *
group_partitions(PlannerInfo *root, RelOptInfo *input, RelOptInfo *grouped, GroupPathExtraData *extra)
{
	Query	   *parse = root->parse;

	if (!IS_PARTITIONED_REL(input) || parse->groupingSets || !(extra->flags & GROUPING_CAN_PARTIAL_AGG))
		return "partitioned table";
	if (parse->groupClause && !enable_hashagg)
		return "enable_hashagg is off";
	return vector_add_partitions_path(root, input, grouped, parse->groupClause, (List *) extra->havingQual);
}

/* SELECT DISTINCT of rows is a grouping without aggregates */
static const char *
distinct(PlannerInfo *root, RelOptInfo *rel, RelOptInfo *input, RelOptInfo *distinct_rel, const SealedCost *sealed)
{
	Query	   *parse = root->parse;

	if (parse->hasDistinctOn)
		return "DISTINCT ON";
	if (!enable_hashagg)
		return "enable_hashagg is off";
	return add_paths(root, rel, input, distinct_rel, sealed, parse->distinctClause,
					 root->upper_targets[UPPERREL_DISTINCT], NIL, true);
}

/* sealed rows of the query's territory tables are read one by one: tell why */
static void
explain_scans(PlannerInfo *root, RelOptInfo *input, const char *reason)
{
	for (int i = 1; i < root->simple_rel_array_size; i++)
	{
		RelOptInfo *rel = root->simple_rel_array[i];
		SealedCost	sealed;

		/* a partition belongs to the table that the query names */
		if (rel && (bms_is_member(i, input->relids) || bms_overlap(rel->top_parent_relids, input->relids)) &&
			scan_is_territory(planner_rt_fetch(i, root), &sealed) && sealed.rows > 0)
			scan_say_why(rel, reason);
	}
}

static bool
is_of_rows(Query *parse)
{
	return !parse->hasAggs && !parse->groupClause && !parse->groupingSets && !parse->havingQual &&
		!parse->hasWindowFuncs;
}

static void
upper_paths(PlannerInfo *root, UpperRelationKind stage, RelOptInfo *input, RelOptInfo *output, void *extra)
{
	RelOptInfo *rel = input;
	const char *reason;
	SealedCost	sealed;

	if (previous_hook)
		previous_hook(root, stage, input, output, extra);
	if (!(stage == UPPERREL_GROUP_AGG ? extra != NULL : stage == UPPERREL_DISTINCT && is_of_rows(root->parse)) ||
		IS_DUMMY_REL(input) || bms_is_empty(input->relids))
		return;
	reason = refuse_query(root, input);
	if (reason == NULL && input->reloptkind == RELOPT_BASEREL && planner_rt_fetch(input->relid, root)->inh)
		reason = stage == UPPERREL_GROUP_AGG ? group_partitions(root, input, output, extra) : "partitioned table";
	else if (reason == NULL)
	{
		if (input->reloptkind == RELOPT_JOINREL)
			rel = vector_join_fact(root, input);
		/* where nothing is sealed, plans are those of a heap table */
		if (rel == NULL)
			explain_scans(root, input, "partitioned table");
		if (rel == NULL || !scan_is_territory(planner_rt_fetch(rel->relid, root), &sealed) || sealed.rows <= 0)
			return;
		sealed.quals = rel->baserestrictcost;
		reason = stage == UPPERREL_GROUP_AGG ? group(root, rel, input, output, &sealed, extra) :
			distinct(root, rel, input, output, &sealed);
	}
	explain_scans(root, rel, reason);
}

void
vector_init(void)
{
	RegisterCustomScanMethods(&vector_methods);
	previous_hook = create_upper_paths_hook;
	create_upper_paths_hook = upper_paths;
}
