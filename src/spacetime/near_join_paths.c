/*
 * near_join_paths.c
 *	  Where a TerritoryNear may join two relations, and what that costs.
 *
 * Each side's cheapest path is taken, either may be the one that is kept.
 * Nested loops over indexes and zone maps stay core's own paths, and win where
 * one side has few rows.
 */
#include "spacetime/near_join.h"

#include <math.h>

#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/clauses.h"
#include "optimizer/cost.h"
#include "optimizer/optimizer.h"
#include "optimizer/pathnode.h"
#include "optimizer/paths.h"
#include "optimizer/restrictinfo.h"
#include "utils/guc.h"

#include "compat.h"

/* per kept row, besides its tuple */
#define KEPT_BYTES 300
/* pairs whose boxes are compared, per pair that is near */
#define PAIRS_COMPARED 8

bool		near_enable_join = true;

static set_join_pathlist_hook_type previous_hook;

/* by what a pair of relations is near, which of their arguments belongs to the outer one, and what else is asked */
typedef struct NearClauses
{
	RestrictInfo *space;
	RestrictInfo *time;
	int			space_outer;
	int			time_outer;
	List	   *joined;			/* RestrictInfos of the above */
	List	   *quals;			/* expressions */
	List	   *filter;
} NearClauses;

/* ---- clauses ---- */

/* which argument is the outer relation's, where each relation has one; else -1 */
static int
outer_argument(PlannerInfo *root, FuncExpr *call, RelOptInfo *outer, RelOptInfo *inner)
{
	Relids		first = pull_varnos(root, linitial(call->args));
	Relids		second = pull_varnos(root, lsecond(call->args));

	if (bms_is_empty(first) || bms_is_empty(second) || !bms_is_empty(pull_varnos(root, lthird(call->args))) ||
		contain_volatile_functions((Node *) call) || contain_subplans((Node *) call))
		return -1;
	if (bms_is_subset(first, outer->relids) && bms_is_subset(second, inner->relids))
		return 0;
	return bms_is_subset(second, outer->relids) && bms_is_subset(first, inner->relids) ? 1 : -1;
}

/* may the clause be asked before the others? */
static bool
may_come_first(RestrictInfo *info, List *others)
{
	ListCell   *lc;

	foreach(lc, others)
		if (lfirst_node(RestrictInfo, lc)->security_level < info->security_level && !info->leakproof)
			return false;
	return true;
}

static bool
find_clauses(PlannerInfo *root, RelOptInfo *joined, RelOptInfo *outer, RelOptInfo *inner, JoinType type,
			 List *restrictlist, NearClauses *clauses)
{
	List	   *rest = NIL;
	ListCell   *lc;

	memset(clauses, 0, sizeof *clauses);
	clauses->space_outer = clauses->time_outer = -1;
	foreach(lc, restrictlist)
	{
		RestrictInfo *info = lfirst_node(RestrictInfo, lc);
		NearKind	kind = near_kind((Node *) info->clause);
		int			arg = kind == NEAR_NEITHER || (IS_OUTER_JOIN(type) && RINFO_IS_PUSHED_DOWN(info, joined->relids)) ||
			!may_come_first(info, restrictlist) ? -1 : outer_argument(root, (FuncExpr *) info->clause, outer, inner);

		if (info->pseudoconstant)
			return false;
		if (arg >= 0 && kind == NEAR_IN_SPACE && clauses->space == NULL)
		{
			clauses->space = info;
			clauses->space_outer = arg;
		}
		else if (arg >= 0 && kind == NEAR_IN_TIME && clauses->time == NULL)
		{
			clauses->time = info;
			clauses->time_outer = arg;
		}
		else
		{
			rest = lappend(rest, info);
			continue;
		}
		clauses->joined = lappend(clauses->joined, info);
	}
	if (clauses->joined == NIL)
		return false;
	if (IS_OUTER_JOIN(type))
		extract_actual_join_clauses(rest, joined->relids, &clauses->quals, &clauses->filter);
	else
		clauses->quals = extract_actual_clauses(rest, false);
	return true;
}

/* ---- costs ---- */

static void
cost_join(PlannerInfo *root, const NearClauses *clauses, Path *probe, Path *kept, Path *path)
{
	double		near = clauselist_selectivity(root, clauses->joined, 0, JOIN_INNER, NULL) * probe->rows * kept->rows;
	double		compared = near * PAIRS_COMPARED;
	double		bytes = kept->rows * (kept->pathtarget->width + KEPT_BYTES);
	double		batches = ceil(Max(bytes / get_hash_memory_limit(), 1));
	double		pages = probe->rows * (probe->pathtarget->width + 32) / BLCKSZ;
	QualCost	quals;

	cost_qual_eval(&quals, clauses->quals, root);
	path->startup_cost = kept->total_cost + kept->rows * (cpu_tuple_cost + 16 * cpu_operator_cost) + probe->startup_cost +
		quals.startup + path->pathtarget->cost.startup;
	path->total_cost = path->startup_cost + probe->total_cost - probe->startup_cost +
		probe->rows * batches * 4 * cpu_operator_cost + compared * 2 * cpu_operator_cost +
		near * (quals.per_tuple + cpu_tuple_cost) + path->rows * path->pathtarget->cost.per_tuple;
	if (batches > 1)
	{
		/* nothing comes out before the first batch is full, and probes are written, and read again */
		path->startup_cost -= (kept->total_cost - kept->startup_cost) * (1 - 1 / batches);
		path->total_cost += pages * seq_page_cost * (batches + 1) + probe->rows * (batches - 1) * cpu_tuple_cost;
	}
}

/* ---- paths ---- */

static Path *
make_path(PlannerInfo *root, RelOptInfo *joined, JoinType type, const NearClauses *clauses, Path *probe, Path *kept,
		  bool outer_is_kept)
{
	CustomPath *path = makeNode(CustomPath);
	List	   *calls = NIL;
	int			space = clauses->space_outer < 0 ? -1 : clauses->space_outer ^ outer_is_kept;
	int			time = clauses->time_outer < 0 ? -1 : clauses->time_outer ^ outer_is_kept;

	if (clauses->space)
		calls = lappend(calls, clauses->space->clause);
	if (clauses->time)
		calls = lappend(calls, clauses->time->clause);
	path->path.pathtype = T_CustomScan;
	path->path.parent = joined;
	path->path.pathtarget = joined->reltarget;
	path->path.parallel_safe = joined->consider_parallel && probe->parallel_safe && kept->parallel_safe;
	path->path.parallel_workers = probe->parallel_workers;
	path->path.rows = joined->rows * (probe->rows / Max(probe->parent->rows, 1));
	if (probe->parallel_workers == 0)
		path->path.rows = joined->rows;
	path_copy_disabled(&path->path, probe);
	path_add_disabled(&path->path, kept);
	cost_join(root, clauses, probe, kept, &path->path);
	path->flags = CUSTOMPATH_SUPPORT_PROJECTION;
	path->custom_paths = list_make2(probe, kept);
	path->custom_private = list_make4(list_make4_int(type, outer_is_kept, space, time), calls, clauses->quals,
									  clauses->filter);
	path->methods = &near_path_methods;
	return &path->path;
}

static bool
is_free(Path *path)
{
	return path != NULL && bms_is_empty(PATH_REQ_OUTER(path));
}

static void
add_paths(PlannerInfo *root, RelOptInfo *joined, RelOptInfo *outer, RelOptInfo *inner, JoinType type,
		  const NearClauses *clauses)
{
	Path	   *safe;

	if (!is_free(outer->cheapest_total_path) || !is_free(inner->cheapest_total_path))
		return;
	add_path(joined, make_path(root, joined, type, clauses, outer->cheapest_total_path, inner->cheapest_total_path, false));
	/* an inner join comes with its relations in either order */
	if (type != JOIN_INNER)
		add_path(joined, make_path(root, joined, type, clauses, inner->cheapest_total_path, outer->cheapest_total_path, true));
	if (!joined->consider_parallel || outer->partial_pathlist == NIL)
		return;
	safe = get_cheapest_parallel_safe_total_inner(inner->pathlist);
	if (is_free(safe))
		add_partial_path(joined, make_path(root, joined, type, clauses, linitial(outer->partial_pathlist), safe, false));
}

static void
join_paths(PlannerInfo *root, RelOptInfo *joined, RelOptInfo *outer, RelOptInfo *inner, JoinType type,
		   JoinPathExtraData *extra)
{
	NearClauses clauses;

	if (previous_hook)
		previous_hook(root, joined, outer, inner, type, extra);
	if (!near_enable_join || !bms_is_empty(joined->lateral_relids))
		return;
	if (type != JOIN_INNER && type != JOIN_LEFT && type != JOIN_SEMI && type != JOIN_ANTI)
		return;
	if (find_clauses(root, joined, outer, inner, type, extra->restrictlist, &clauses))
		add_paths(root, joined, outer, inner, type, &clauses);
}

const CustomPathMethods near_path_methods = {
	.CustomName = "TerritoryNear",
	.PlanCustomPath = near_plan,
};

void
near_init(void)
{
	RegisterCustomScanMethods(&near_scan_methods);
	previous_hook = set_join_pathlist_hook;
	set_join_pathlist_hook = join_paths;
	DefineCustomBoolVariable("territory.enable_near_join",
							 "Lets the planner join by near() without an index.",
							 "Off: such joins are nested loops, over indexes and zone maps where there are some.",
							 &near_enable_join, true, PGC_USERSET, GUC_EXPLAIN, NULL, NULL, NULL);
}
