/*
 * vector_paths.c
 *	  When may a TerritoryAggregate do the grouping, and what does it cost?
 *
 * Only a query over one territory table, with nothing between its scan and its
 * grouping, gets such a path.  Whatever the node does not do gives no path, and
 * core's aggregation over a TerritoryScan answers.
 */
#include "territory.h"

#include "catalog/pg_aggregate.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/clauses.h"
#include "optimizer/cost.h"
#include "optimizer/optimizer.h"
#include "optimizer/pathnode.h"
#include "optimizer/paths.h"
#include "optimizer/planner.h"
#include "optimizer/prep.h"
#include "optimizer/restrictinfo.h"
#include "optimizer/tlist.h"
#include "parser/parsetree.h"
#include "utils/selfuncs.h"

#include "vector/vector.h"

/* against core's: a row is not handed from node to node */
#define TRANSITION_COST_FACTOR 0.5

/* the share of blocks that are decoded although summaries may answer: ends of ranges, of groups, deleted rows */
#define SHARE_DECODED 0.05
#define SHARE_DECODED_GROUPED 0.5

static create_upper_paths_hook_type previous_hook;

/* ---- what the node can compute ---- */

/* columns of this table, and nothing that the node's plain expressions cannot hold */
static bool
is_foreign(Node *node, Index *relid)
{
	if (node == NULL)
		return false;
	if (IsA(node, Var))
	{
		Var		   *var = (Var *) node;

		return var->varno != *relid || var->varattno < 0 || var->varlevelsup != 0;
	}
	if (IsA(node, PlaceHolderVar) || IsA(node, SubPlan) || IsA(node, AlternativeSubPlan) ||
		IsA(node, GroupingFunc) || IsA(node, WindowFunc) || IsA(node, CurrentOfExpr))
		return true;
	return expression_tree_walker(node, is_foreign, (void *) relid);
}

bool
vector_can_evaluate(Node *node, Index relid)
{
	return !is_foreign(node, &relid) && !contain_volatile_functions(node) &&
		!expression_returns_set(node);
}

static bool
can_aggregate(Aggref *aggref)
{
	return aggref->aggkind == AGGKIND_NORMAL && aggref->aggsplit == AGGSPLIT_SIMPLE &&
		aggref->agglevelsup == 0 && aggref->aggorder == NIL && aggref->aggdistinct == NIL &&
		aggref->aggdirectargs == NIL;
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
		if (!can_aggregate((Aggref *) node) || !vector_can_evaluate(node, target->relid))
			return true;
		target->aggregates = list_append_unique(target->aggregates, node);
		return false;
	}
	if (IsA(node, Var) || IsA(node, PlaceHolderVar) || IsA(node, GroupingFunc))
		return true;
	return expression_tree_walker(node, needs_more, (void *) target);
}

static bool
add_keys(PlannerInfo *root, VectorTarget *target)
{
	ListCell   *lc;

	foreach(lc, root->parse->groupClause)
	{
		SortGroupClause *clause = lfirst_node(SortGroupClause, lc);
		Node	   *key = get_sortgroupclause_expr(clause, root->processed_tlist);

		if (!clause->hashable || !vector_can_evaluate(key, target->relid))
			return false;
		target->keys = lappend(target->keys, key);
		target->equal = lappend_oid(target->equal, clause->eqop);
	}
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
	ListCell   *lc;

	foreach(lc, rel->baserestrictinfo)
	{
		RestrictInfo *info = lfirst_node(RestrictInfo, lc);

		if (info->pseudoconstant || !vector_can_evaluate((Node *) info->clause, target->relid))
			return false;
	}
	target->quals = vector_ordered_quals(root, rel->baserestrictinfo);
	return true;
}

/* NULL where the node cannot answer the query */
static VectorTarget *
make_target(PlannerInfo *root, RelOptInfo *rel, RelOptInfo *grouped, List *having)
{
	VectorTarget *target = palloc0(sizeof(VectorTarget));

	target->relid = rel->relid;
	target->having = having;
	if (!add_keys(root, target) || !add_quals(root, rel, target) ||
		needs_more((Node *) grouped->reltarget->exprs, target) || needs_more((Node *) having, target))
		return NULL;
	target->top = vector_top_spec(root, target);
	return target;
}

/* ---- cost ---- */

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

static void
cost_path(PlannerInfo *root, RelOptInfo *rel, const SealedCost *sealed, VectorTarget *target, CustomPath *path)
{
	double		hot = Max(rel->tuples - sealed->rows, 0);
	double		share = decoded_share(root, rel, target);
	double		groups = target->keys ? estimate_num_groups(root, target->keys, rel->rows, NULL, NULL) : 1;
	double		top = target->top ? vector_top_share(root, rel, target) : 1;
	AggClauseCosts costs;
	QualCost	keys,
				having;
	Cost		cost;

	memset(&costs, 0, sizeof costs);
	get_agg_clause_costs(root, AGGSPLIT_SIMPLE, &costs);
	cost_qual_eval(&keys, target->keys, root);
	cost_qual_eval(&having, target->having, root);

	share *= top;
	groups *= top;
	/* as a TerritoryScan estimates its hot part */
	cost = Max((double) rel->pages - sealed->pages, 0) * seq_page_cost * Min(hot / Max(rel->tuples, 1), 1) +
		hot * (cpu_tuple_cost + rel->baserestrictcost.per_tuple) +
		scan_sealed_cost(root, rel, sealed, NULL) * share;
	cost += costs.transCost.startup + keys.startup +
		rel->rows * TRANSITION_COST_FACTOR * share *
		(costs.transCost.per_tuple + keys.per_tuple + list_length(target->keys) * cpu_operator_cost);
	cost += costs.finalCost.startup + having.startup + groups * (costs.finalCost.per_tuple + having.per_tuple);
	path->path.startup_cost = cost;
	path->path.total_cost = cost + groups * cpu_tuple_cost;
	if (target->having)
		groups *= clauselist_selectivity(root, target->having, 0, JOIN_INNER, NULL);
	path->path.rows = clamp_row_est(groups);
}

static void
add_aggregate_path(PlannerInfo *root, RelOptInfo *rel, RelOptInfo *grouped, GroupPathExtraData *extra)
{
	VectorTarget *target;
	CustomPath *path;
	SealedCost	sealed;

	/* where nothing is sealed, plans are those of a heap table */
	if (!scan_is_territory(planner_rt_fetch(rel->relid, root), &sealed) || sealed.rows <= 0)
		return;
	target = make_target(root, rel, grouped, (List *) extra->havingQual);
	if (target == NULL)
		return;
	sealed.quals = rel->baserestrictcost;
	path = makeNode(CustomPath);
	path->path.pathtype = T_CustomScan;
	path->path.parent = grouped;
	path->path.pathtarget = grouped->reltarget;
	path->flags = CUSTOMPATH_SUPPORT_PROJECTION;
	path->methods = &vector_path_methods;
	path->custom_private = list_make1(target);
	cost_path(root, rel, &sealed, target, path);
	path_disable_seqscan(&path->path);	/* it reads all hot rows */
	add_path(grouped, &path->path);
}

static void
upper_paths(PlannerInfo *root, UpperRelationKind stage, RelOptInfo *input, RelOptInfo *output, void *extra)
{
	Query	   *parse = root->parse;
	GroupPathExtraData *grouping = extra;

	if (previous_hook)
		previous_hook(root, stage, input, output, extra);
	if (stage != UPPERREL_GROUP_AGG || !territory_enable_aggregate || extra == NULL)
		return;
	if (input->reloptkind != RELOPT_BASEREL || input->rtekind != RTE_RELATION || IS_DUMMY_REL(input))
		return;
	if (parse->hasTargetSRFs || parse->groupingSets || parse->rowMarks)
		return;
	if (parse->groupClause && (!(grouping->flags & GROUPING_CAN_USE_HASH) || !enable_hashagg))
		return;
	add_aggregate_path(root, input, output, grouping);
}

void
vector_init(void)
{
	RegisterCustomScanMethods(&vector_methods);
	previous_hook = create_upper_paths_hook;
	create_upper_paths_hook = upper_paths;
}
