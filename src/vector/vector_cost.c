/*
 * vector_cost.c
 *	  What a TerritoryAggregate costs, and how many workers would help it.
 *
 * Three things take time: summaries that answer, blocks that are decoded, and
 * groups that are handed out.  Which share of the blocks is decoded decides
 * about everything else: a query that summaries answer needs no worker.
 */
#include "territory.h"

#include "nodes/nodeFuncs.h"
#include "optimizer/cost.h"
#include "optimizer/optimizer.h"
#include "optimizer/pathnode.h"
#include "optimizer/paths.h"
#include "optimizer/prep.h"
#include "utils/selfuncs.h"

#include "vector/vector.h"

/* against core's: a row is not handed from node to node */
#define TRANSITION_COST_FACTOR 0.5

/* the share of blocks that are decoded although summaries may answer: ends of ranges, of groups, deleted rows */
#define SHARE_DECODED 0.05
#define SHARE_DECODED_GROUPED 0.5

/* so many decoded rows are a page's work, where workers are counted by pages */
#define ROWS_PER_PAGE 200

/* as far as zone maps may prove that rows pass: see scan_sealed_cost() */
static double
decoded_share(PlannerInfo *root, RelOptInfo *rel, VectorTarget *target)
{
	int			nprunes = 0;
	ListCell   *lc;

	foreach(lc, target->quals)
	{
		List	   *spec;
		Node	   *value;

		if (scan_prune_spec(root, rel->relid, lfirst(lc), &spec, &value) &&
			!scan_is_measure(list_nth_int(spec, PRUNE_TYPE)))
			nprunes++;
	}
	if (!vector_may_summarise(target->keys, target->aggregates, list_length(target->quals), nprunes))
		return 1;
	return target->keys ? SHARE_DECODED_GROUPED : SHARE_DECODED;
}

static double
number_of_groups(PlannerInfo *root, VectorTarget *target, double rows)
{
	return target->keys ? estimate_num_groups(root, target->keys, rows, NULL, NULL) : 1;
}

VectorEstimate
vector_estimate(PlannerInfo *root, RelOptInfo *rel, const SealedCost *sealed, VectorTarget *target)
{
	VectorEstimate estimate;
	double		hot = Max(rel->tuples - sealed->rows, 0);
	QualCost	keys;

	estimate.hot_pages = Max((double) rel->pages - sealed->pages, 0) * Min(hot / Max(rel->tuples, 1), 1);
	estimate.share = decoded_share(root, rel, target);
	estimate.groups = number_of_groups(root, target, rel->rows);
	estimate.decoded = rel->rows * estimate.share;
	cost_qual_eval(&keys, target->keys, root);
	/* as a TerritoryScan estimates its hot part */
	estimate.read = estimate.hot_pages * seq_page_cost +
		hot * (cpu_tuple_cost + rel->baserestrictcost.per_tuple) +
		scan_sealed_cost(root, rel, sealed, NULL) * estimate.share;
	estimate.keys = keys.startup +
		estimate.decoded * TRANSITION_COST_FACTOR *
		(keys.per_tuple + list_length(target->keys) * cpu_operator_cost);
	return estimate;
}

/* 0: no worker would help */
int
vector_workers(RelOptInfo *rel, const VectorEstimate *estimate)
{
	return compute_parallel_worker(rel, estimate->hot_pages + estimate->decoded / ROWS_PER_PAGE, -1,
								   max_parallel_workers_per_gather);
}

/* with so many workers, 0 for none; split says whether the path's rows are states or results */
void
vector_cost_path(PlannerInfo *root, VectorTarget *target, const VectorEstimate *estimate, int workers,
				 AggSplit split, Path *path)
{
	double		divisor = workers;
	double		groups = estimate->groups;
	AggClauseCosts costs = {0};
	QualCost	having;
	Cost		cost;

	if (workers > 0 && parallel_leader_participation)
		divisor += Max(1.0 - 0.3 * workers, 0);
	divisor = Max(divisor, 1);
	get_agg_clause_costs(root, split, &costs);
	cost_qual_eval(&having, target->having, root);
	cost = (estimate->read + estimate->keys +
			estimate->decoded * TRANSITION_COST_FACTOR * costs.transCost.per_tuple) / divisor +
		costs.transCost.startup + costs.finalCost.startup + having.startup +
		groups * (costs.finalCost.per_tuple + having.per_tuple);
	path->startup_cost = cost;
	path->total_cost = cost + groups * cpu_tuple_cost;
	if (target->having)
		groups *= clauselist_selectivity(root, target->having, 0, JOIN_INNER, NULL);
	path->rows = clamp_row_est(groups);
	path_disable_seqscan(path); /* it reads all hot rows */
}
