/*
 * vector_cost.c
 *	  What a TerritoryAggregate costs, and how many workers would help it.
 *
 * Three things take time: summaries that answer, blocks that are decoded, and
 * groups that are handed out.  Which share of the blocks is decoded decides
 * about everything else (a query that summaries answer needs no worker, and no
 * compiled expressions), so it is taken from a few blocks of the table.
 *
 * The unit is core's, which reads and passes on a tuple for cpu_tuple_cost:
 * factors were measured against core's aggregation of the same rows.
 */
#include "territory.h"

#include <math.h>

#include "catalog/pg_aggregate.h"
#include "miscadmin.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/cost.h"
#include "optimizer/optimizer.h"
#include "optimizer/pathnode.h"
#include "optimizer/paths.h"
#include "optimizer/prep.h"
#include "optimizer/tlist.h"
#include "utils/syscache.h"

#include "vector/vector.h"
#include "vector/vector_buckets.h"
#include "vector/vector_join.h"

/* in cpu_tuple_cost */
#define SEGMENT_COST 5.0		/* its directory entry is read */
#define BLOCK_COST 5.0			/* a summary is added */

/* in cpu_operator_cost, for each row */
#define VALUE_COST 0.04			/* a column is decoded, compared, or added to a kernel's state */
#define PLACE_COST 0.4			/* coordinates are decoded, and placed */
#define CALL_COST 0.5			/* a function is called for it, beside what its arguments cost */

/* of blocks that summaries may answer, some hold dead rows, or the ends of a range */
#define LEAST_DECODED 0.005
#define DECODED_AT_ENDS 0.2

/* so many decoded rows are a page's work, where workers are counted by pages: ten million take as long as a worker to start */
#define ROWS_PER_PAGE 10000

#define SORT_COST 2.0			/* in cpu_operator_cost, for each group */

#define GROUP_BYTES 48			/* and for each aggregate ... */
#define STATE_BYTES 24			/* unless it says that it takes more */

/* ---- which blocks ---- */

/* may zone maps prove that rows pass? */
static bool
may_summarise(PlannerInfo *root, RelOptInfo *rel, VectorTarget *target)
{
	int			nprunes = 0;
	ListCell   *lc;

	if (target->join && !vector_join_may_summarise(target->join))
		return false;
	foreach(lc, target->quals)
	{
		List	   *spec;
		Node	   *value;

		if (scan_prune_spec(root, rel->relid, lfirst(lc), &spec, &value) &&
			!scan_spec_is_measure(spec))
			nprunes++;
		else if (vector_qual_is_stretch(lfirst(lc), rel->relid))
			nprunes++;
	}
	return vector_may_summarise(vector_join_executed(target, target->keys),
								vector_join_executed(target, target->aggregates), list_length(target->quals), nprunes);
}

/* ---- what a decoded row costs ---- */

static Cost
aggregate_cost(PlannerInfo *root, Aggref *aggref)
{
	Oid			type;
	QualCost	cost;

	if (aggref->aggfilter == NULL && vector_kernel_of(aggref, &type) != KERNEL_NONE &&
		(aggref->args == NIL || vector_column_argument(aggref)))
		return VALUE_COST * cpu_operator_cost;
	if (vector_batch_expected(aggref))
		return VALUE_COST * cpu_operator_cost * list_length(aggref->args);
	cost_qual_eval(&cost, list_make2(aggref->args, aggref->aggfilter), root);
	return cost.per_tuple + CALL_COST * cpu_operator_cost;
}

static Cost
key_cost(PlannerInfo *root, Node *key)
{
	AttrNumber	column;
	QualCost	cost;

	KeyForm		form = vector_key_form(key, &column);

	if (form == KEY_PLACE)
		return PLACE_COST * cpu_operator_cost;
	if (form != KEY_ANY || IsA(key, Var))
		return VALUE_COST * cpu_operator_cost;
	cost_qual_eval_node(&cost, key, root);
	return cost.per_tuple + CALL_COST * cpu_operator_cost;
}

/* conditions are checked on vectors where zone maps can judge them, too */
static Cost
quals_cost(PlannerInfo *root, RelOptInfo *rel, VectorTarget *target)
{
	Cost		each = 0;
	ListCell   *lc;

	foreach(lc, target->quals)
	{
		List	   *spec;
		Node	   *value;
		QualCost	cost;

		cost_qual_eval_node(&cost, lfirst(lc), root);
		if (scan_prune_spec(root, rel->relid, lfirst(lc), &spec, &value) || vector_qual_is_stretch(lfirst(lc), rel->relid))
			each += VALUE_COST * cpu_operator_cost;
		else
			each += cost.per_tuple * scan_share_asked(root, rel, lfirst(lc));
	}
	return each;
}

static int
columns_read(RelOptInfo *rel, VectorTarget *target)
{
	Bitmapset  *attributes = NULL;

	pull_varattnos((Node *) target->keys, rel->relid, &attributes);
	pull_varattnos((Node *) target->aggregates, rel->relid, &attributes);
	pull_varattnos((Node *) target->quals, rel->relid, &attributes);
	return bms_num_members(attributes);
}

/* of a group */
static double
group_bytes(VectorTarget *target)
{
	double		bytes = GROUP_BYTES;
	ListCell   *lc;

	foreach(lc, target->aggregates)
	{
		HeapTuple	tuple = SearchSysCache1(AGGFNOID, ObjectIdGetDatum(lfirst_node(Aggref, lc)->aggfnoid));

		if (!HeapTupleIsValid(tuple))
			elog(ERROR, "territory: cache lookup failed for aggregate %u", lfirst_node(Aggref, lc)->aggfnoid);
		bytes += Max(STATE_BYTES, ((Form_pg_aggregate) GETSTRUCT(tuple))->aggtransspace);
		ReleaseSysCache(tuple);
	}
	return bytes;
}

/* of rows that pass */
static Cost
grouping_cost(PlannerInfo *root, VectorTarget *target)
{
	Cost		each = target->keys ? VALUE_COST * cpu_operator_cost : 0;
	ListCell   *lc;

	foreach(lc, vector_join_executed(target, target->keys))
		each += key_cost(root, lfirst(lc));
	foreach(lc, vector_join_executed(target, target->aggregates))
		each += aggregate_cost(root, lfirst_node(Aggref, lc));
	return each;
}

/* ---- all of it ---- */

VectorEstimate
vector_estimate(PlannerInfo *root, RelOptInfo *rel, const SealedCost *sealed, VectorTarget *target)
{
	VectorEstimate estimate;
	double		hot = Max(rel->tuples - sealed->rows, 0);
	double		passing = Min(rel->rows / Max(rel->tuples, 1), 1);
	bool		summarise = may_summarise(root, rel, target);
	BucketEstimate buckets = vector_buckets(root, rel, target, summarise);
	double		touched = scan_rows_touched(root, rel, sealed, rel->baserestrictinfo) *
		(target->join ? target->join->read : 1);
	double		segments = Max(sealed->segments * touched / Max(sealed->rows, 1), 1);
	double		share = 1;
	double		rows = rel->rows;		/* that are grouped */
	Cost		grouping;

	if (summarise)
	{
		share = Max(buckets.share_mixed, LEAST_DECODED);
		if (target->quals)
			share += (1 - share) * DECODED_AT_ENDS;
	}
	if (target->join)
		rows = target->join->rows;
	else
		rows = Min(rows, touched);
	grouping = grouping_cost(root, target);
	estimate.groups = buckets.groups;
	estimate.hot_pages = scan_hot_pages(root, rel, sealed);
	estimate.decoded = touched * share + hot;
	/* as a TerritoryScan estimates its hot part */
	estimate.read = estimate.hot_pages * seq_page_cost +
		hot * (cpu_tuple_cost + rel->baserestrictcost.per_tuple + passing * grouping);
	/* by the directory, or by blocks' summaries, or row by row */
	estimate.read += sealed->segments * 0.1 * cpu_operator_cost;
	if (target->keys == NIL && summarise && target->quals == NIL)
		estimate.read += segments * SEGMENT_COST * cpu_tuple_cost;
	else
		estimate.read += segments * SEGMENT_OPEN_COST * cpu_tuple_cost +
			touched * (1 - share) / buckets.block_rows * BLOCK_COST * cpu_tuple_cost;
	estimate.read += share * (touched / Max(sealed->rows, 1) * sealed->pages * seq_page_cost +
							  touched * (columns_read(rel, target) * VALUE_COST * cpu_operator_cost +
										 quals_cost(root, rel, target)) +
							  rows * grouping);
	estimate.join = 0;
	if (target->join)
		vector_join_cost(target->join, rel, &estimate);
	/* states are handed out where groups fill the memory, results wait for the next pass */
	if (!target->partial)
		estimate.read *= ceil(estimate.groups * group_bytes(target) / get_hash_memory_limit());
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

	if (workers > 0 && parallel_leader_participation)
		divisor += Max(1.0 - 0.3 * workers, 0);
	divisor = Max(divisor, 1);
	get_agg_clause_costs(root, split, &costs);
	cost_qual_eval(&having, target->having, root);
	path->startup_cost = estimate->read / divisor + estimate->join + costs.transCost.startup + costs.finalCost.startup + having.startup +
		target->output->cost.startup;
	if (target->order)
		path->startup_cost += groups * SORT_COST * cpu_operator_cost;
	path->total_cost = path->startup_cost + groups * (costs.finalCost.per_tuple + having.per_tuple + cpu_tuple_cost);
	if (target->having)
		groups *= clauselist_selectivity(root, target->having, 0, JOIN_INNER, NULL);
	path->rows = clamp_row_est(groups);
	path->total_cost += path->rows * target->output->cost.per_tuple;
	path_disable_seqscan(path); /* it reads all hot rows */
}
