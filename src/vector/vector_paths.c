/*
 * vector_paths.c
 *	  Where a TerritoryAggregate may stand in a plan.
 *
 * Only a query over one territory table, with nothing between its scan and its
 * grouping, gets such a path.  Whatever the node does not do gives no path, and
 * core's aggregation over a TerritoryScan answers, which says why.
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

#include "vector/vector.h"

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
	return path;
}

Path *
vector_path(PlannerInfo *root, RelOptInfo *rel, RelOptInfo *grouped, const SealedCost *sealed, VectorTarget *target)
{
	VectorEstimate estimate = vector_estimate(root, rel, sealed, target);
	CustomPath *path = make_path(grouped, target);

	vector_cost_path(root, target, &estimate, 0, target->aggregates ? AGGSPLIT_SIMPLE : AGGSPLIT_INITIAL_SERIAL,
					 &path->path);
	return &path->path;
}

/* workers that each aggregate what they read; NULL where they would not help */
Path *
vector_gather_path(PlannerInfo *root, RelOptInfo *rel, RelOptInfo *grouped, const SealedCost *sealed,
				   VectorTarget *target)
{
	VectorEstimate estimate = vector_estimate(root, rel, sealed, target);
	int			workers = grouped->consider_parallel ? vector_workers(rel, &estimate) : 0;
	VectorTarget *partial;
	CustomPath *path;
	double		rows;

	if (workers <= 0)
		return NULL;
	partial = vector_target_partial(target);
	path = make_path(grouped, partial);
	path->path.parallel_aware = true;
	path->path.parallel_workers = workers;
	vector_cost_path(root, partial, &estimate, workers, AGGSPLIT_INITIAL_SERIAL, &path->path);
	rows = path->path.rows * workers;
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
add_paths(PlannerInfo *root, RelOptInfo *rel, RelOptInfo *grouped, const SealedCost *sealed, List *clauses,
		  PathTarget *output, List *having, bool splits)
{
	VectorTarget *target = vector_target(root, rel, clauses, output, having);
	Path	   *path;

	if (target->refusal)
		return target->refusal;
	path = vector_path(root, rel, grouped, sealed, target);
	add_path(grouped, path);
	if (splits)
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
		target = vector_target(root, rel, vector_set_clauses(root, set), output,
							   (List *) vector_for_set(root, set, (Node *) having));
		if (target->refusal)
			return target->refusal;
		paths = lcons(vector_path(root, rel, grouped, sealed, target), paths);	/* the finest first: upper nodes show its keys */
	}
	add_path(grouped, (Path *) create_append_path(root, grouped, paths, NIL, NIL, NULL, 0, false, -1));
	return "another plan was estimated cheaper";
}

/* ---- the hook ---- */

/* one table, with nothing between it and its grouping */
static const char *
refuse_query(PlannerInfo *root, RelOptInfo *input)
{
	if (!territory_enable_aggregate)
		return "territory.enable_aggregate is off";
	if (input->reloptkind == RELOPT_JOINREL)
		return "more than one table";
	if (input->reloptkind != RELOPT_BASEREL || planner_rt_fetch(input->relid, root)->inh)
		return "partitioned table";
	if (root->parse->rowMarks)
		return "row locks";
	return NULL;
}

static const char *
group(PlannerInfo *root, RelOptInfo *input, RelOptInfo *grouped, const SealedCost *sealed,
	  GroupPathExtraData *extra)
{
	Query	   *parse = root->parse;

	if (parse->groupClause && !enable_hashagg)
		return "enable_hashagg is off";
	if (parse->groupingSets)
		return add_sets(root, input, grouped, sealed, (List *) extra->havingQual);
	if (vector_add_distinct_paths(root, input, grouped, sealed, (List *) extra->havingQual))
		return "another plan was estimated cheaper";
	return add_paths(root, input, grouped, sealed, parse->groupClause, grouped->reltarget,
					 (List *) extra->havingQual, (extra->flags & GROUPING_CAN_PARTIAL_AGG) != 0);
}

/* SELECT DISTINCT of rows is a grouping without aggregates */
static const char *
distinct(PlannerInfo *root, RelOptInfo *input, RelOptInfo *distinct_rel, const SealedCost *sealed)
{
	Query	   *parse = root->parse;

	if (parse->hasDistinctOn)
		return "DISTINCT ON";
	if (!enable_hashagg)
		return "enable_hashagg is off";
	return add_paths(root, input, distinct_rel, sealed, parse->distinctClause,
					 root->upper_targets[UPPERREL_DISTINCT], NIL, true);
}

/* sealed rows of the query's territory tables are read one by one: tell why */
static void
explain_scans(PlannerInfo *root, RelOptInfo *input, const char *reason)
{
	for (int i = 1; i < root->simple_rel_array_size; i++)
	{
		RelOptInfo *rel = root->simple_rel_array[i];

		/* a partition belongs to the table that the query names */
		if (rel && (bms_is_member(i, input->relids) || bms_overlap(rel->top_parent_relids, input->relids)))
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
	const char *reason;
	SealedCost	sealed;

	if (previous_hook)
		previous_hook(root, stage, input, output, extra);
	if (!(stage == UPPERREL_GROUP_AGG ? extra != NULL : stage == UPPERREL_DISTINCT && is_of_rows(root->parse)) ||
		IS_DUMMY_REL(input) || bms_is_empty(input->relids))
		return;
	reason = refuse_query(root, input);
	if (reason == NULL)
	{
		/* where nothing is sealed, plans are those of a heap table */
		if (!scan_is_territory(planner_rt_fetch(input->relid, root), &sealed) || sealed.rows <= 0)
			return;
		sealed.quals = input->baserestrictcost;
		reason = stage == UPPERREL_GROUP_AGG ? group(root, input, output, &sealed, extra) :
			distinct(root, input, output, &sealed);
	}
	explain_scans(root, input, reason);
}

void
vector_init(void)
{
	RegisterCustomScanMethods(&vector_methods);
	previous_hook = create_upper_paths_hook;
	create_upper_paths_hook = upper_paths;
}
