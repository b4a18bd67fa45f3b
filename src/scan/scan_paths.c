/*
 * scan_paths.c
 *	  Every way of reading a territory table becomes a TerritoryScan.
 *
 * Invariant: after our hook no path list of a territory table holds a bare
 * index, index-only or bitmap path.  Those that cannot be wrapped (somebody
 * wants xmin or cmax, which only tuples have) are dropped, and the access
 * method's own sequential scan, which gives whole tuples, takes their place.
 */
#include "territory.h"

#include <math.h>

#include "access/amapi.h"
#include "access/htup_details.h"
#include "access/stratnum.h"
#include "access/table.h"
#include "optimizer/clauses.h"
#include "optimizer/cost.h"
#include "optimizer/optimizer.h"
#include "optimizer/pathnode.h"
#include "optimizer/paths.h"
#include "optimizer/plancat.h"
#include "catalog/pg_type.h"
#include "nodes/nodeFuncs.h"
#include "parser/parsetree.h"
#include "utils/lsyscache.h"
#include "utils/snapmgr.h"
#include "utils/spccache.h"
#include "utils/typcache.h"

#include "scan/scan.h"
#include "segment/sample.h"

/* against cpu_tuple_cost: a decoded value is cheaper than a heap tuple */
#define DECODE_COST_FACTOR 0.5

/* a page without rows, to one that is full */
#define EMPTY_PAGE_COST 0.1

/* against core's sort of all rows, which is as good where all are wanted */
#define ORDERED_COST_FACTOR 1.2

/* of the rows that satisfy a condition on a measure, so many are neighbours in time, about */
#define ROWS_TOGETHER 64

static set_rel_pathlist_hook_type previous_hook;

/* of measures, every block holds about the whole range */
bool
scan_is_measure(Oid type)
{
	return type == FLOAT4OID || type == FLOAT8OID || type == NUMERICOID || type == BOOLOID;
}

/* places of what moves are like them */
bool
scan_spec_is_measure(List *spec)
{
	return list_nth_int(spec, PRUNE_FORM) == PRUNE_BOX || scan_is_measure(list_nth_int(spec, PRUNE_TYPE));
}

/* of rows, those in blocks whose box meets that of the clause's value; boxes are thought of as squares among squares */
static double
share_met(PlannerInfo *root, RelOptInfo *rel, const SealedCost *sealed, Node *clause, AttrNumber attno)
{
	Relation	relation = table_open(planner_rt_fetch(rel->relid, root)->relid, NoLock);
	double		side = sqrt(clause_selectivity(root, clause, rel->relid, JOIN_INNER, NULL)) +
		sealed_block_extent(relation, attno, sealed->rows);

	table_close(relation, NoLock);
	return Min(side * side, 1);
}

/*
 * Sealed rows in blocks that zone maps leave.  Rows are sorted by what is no
 * measure, so such clauses leave their selectivity's share; of what is left, a
 * clause on a measure takes away the blocks in which no row satisfies it.
 */
double
scan_rows_touched(PlannerInfo *root, RelOptInfo *rel, const SealedCost *sealed, List *clauses)
{
	List	   *sorted = NIL,
			   *measures = NIL;
	double		touched,
				blocks,
				met = 1;
	ListCell   *lc;

	foreach(lc, clauses)
	{
		RestrictInfo *info = lfirst_node(RestrictInfo, lc);
		List	   *spec;
		Node	   *value;

		if (!scan_implied_spec(root, rel->relid, (Node *) info->clause, &spec, &value))
			continue;
		if (list_nth_int(spec, PRUNE_FORM) == PRUNE_BOX)
			met = Min(met, share_met(root, rel, sealed, (Node *) info, list_nth_int(spec, PRUNE_ATTNO)));
		else if (scan_is_measure(list_nth_int(spec, PRUNE_TYPE)))
			measures = lappend(measures, info);
		else
			sorted = lappend(sorted, info);
	}
	touched = met * sealed->rows * clauselist_selectivity(root, sorted, rel->relid, JOIN_INNER, NULL);
	blocks = Max(touched / BLOCK_MAX_ROWS, 1);
	if (measures)
		touched *= 1 - exp(-touched * clauselist_selectivity(root, measures, rel->relid, JOIN_INNER, NULL) /
						   (blocks * ROWS_TOGETHER));
	return Max(touched, Min(sealed->rows, BLOCK_MAX_ROWS));
}

/* of rows whose blocks are decoded, to how many a qual is put that vectors don't decide: tests of boxes come first */
double
scan_share_asked(PlannerInfo *root, RelOptInfo *rel, Node *qual)
{
	List	   *spec;
	Node	   *value;

	if (scan_prune_spec(root, rel->relid, qual, &spec, &value))
		return list_nth_int(spec, PRUNE_FORM) == PRUNE_BOX && !list_nth_int(spec, PRUNE_LOSSY) ? 0 : 1;
	return scan_implied_conditions(root, rel->relid, qual) ? clause_selectivity(root, qual, rel->relid, JOIN_INNER, NULL) : 1;
}

/* core's figure for the quals of a row, without what vectors spare */
static Cost
quals_cost(PlannerInfo *root, RelOptInfo *rel, const SealedCost *sealed)
{
	Cost		each = sealed->quals.per_tuple;
	ListCell   *lc;

	foreach(lc, rel->baserestrictinfo)
	{
		RestrictInfo *info = lfirst_node(RestrictInfo, lc);
		double		share = scan_share_asked(root, rel, (Node *) info->clause);
		QualCost	cost;

		if (share >= 1)
			continue;
		cost_qual_eval_node(&cost, (Node *) info->clause, root);
		each -= cost.per_tuple * (1 - share);
	}
	return Max(each, 0);
}

Cost
scan_sealed_cost(PlannerInfo *root, RelOptInfo *rel, const SealedCost *sealed, ParamPathInfo *param)
{
	List	   *clauses = rel->baserestrictinfo;
	double		touched;

	if (sealed->rows <= 0)
		return 0;
	if (param)
		clauses = list_concat_copy(clauses, param->ppi_clauses);
	touched = scan_rows_touched(root, rel, sealed, clauses);
	return sealed->segments * 0.1 * cpu_operator_cost +
		Max(sealed->segments * touched / sealed->rows, 1) * SEGMENT_OPEN_COST * cpu_tuple_cost +
		sealed->pages * (touched / sealed->rows) * seq_page_cost +
		sealed->quals.startup +
		touched * (cpu_tuple_cost * DECODE_COST_FACTOR + quals_cost(root, rel, sealed));
}

/* child is a core path to be run for the hot rows, or NULL; model gives rows, order and parameters */
static CustomPath *
make_scan_path(RelOptInfo *rel, Path *model, Path *child)
{
	CustomPath *path = makeNode(CustomPath);

	path->path.pathtype = T_CustomScan;
	path->path.parent = rel;
	path->path.pathtarget = rel->reltarget;
	path->path.param_info = model->param_info;
	path->path.parallel_aware = model->parallel_aware;
	path->path.parallel_safe = model->parallel_safe;
	path->path.parallel_workers = model->parallel_workers;
	path->path.rows = model->rows;
	path_copy_disabled(&path->path, model);
	path->path.startup_cost = model->startup_cost;
	path->path.total_cost = model->total_cost;
	path->flags = CUSTOMPATH_SUPPORT_PROJECTION;
	if (child)
		path->custom_paths = list_make1(child);
	path->methods = &scan_path_methods;
	return path;
}

static bool
supports_backward(Path *path)
{
	return IsA(path, IndexPath) && !path->parallel_aware &&
		GetIndexAmRoutineByAmId(((IndexPath *) path)->indexinfo->relam, false)->amcanbackward;
}

/*
 * A qual that a partial index's predicate implies is not checked again by the
 * core path, so its columns may be missing from the index; sealed rows need
 * them.
 */
static Path *
with_all_columns(Path *path)
{
	IndexPath  *copy;

	if (path->pathtype != T_IndexOnlyScan || ((IndexPath *) path)->indexinfo->indpred == NIL)
		return path;
	copy = makeNode(IndexPath);
	memcpy(copy, path, sizeof(IndexPath));
	copy->path.pathtype = T_IndexScan;
	return &copy->path;
}

/* is the clause one by which a row is not later than anything sealed? */
static bool
ends_before_hot(PlannerInfo *root, RelOptInfo *rel, Node *clause, const SegmentEntry *all)
{
	List	   *spec;
	Node	   *value;
	Oid			type;

	if (!scan_prune_spec(root, rel->relid, clause, &spec, &value) || list_nth_int(spec, PRUNE_FORM) != PRUNE_COMPARE ||
		list_nth_int(spec, PRUNE_STRATEGY) > BTEqualStrategyNumber)
		return false;
	type = list_nth_int(spec, PRUNE_TYPE);
	value = estimate_expression_value(root, value);
	if ((type != TIMESTAMPTZOID && type != TIMESTAMPOID) || !IsA(value, Const) || ((Const *) value)->constisnull ||
		((Const *) value)->consttype != type)
		return false;
	for (int z = 0; z < all->nzones; z++)
		if (all->zones[z].attno == list_nth_int(spec, PRUNE_ATTNO))
			return all->zones[z].has_values && DatumGetTimestamp(((Const *) value)->constvalue) <= all->zones[z].max;
	return false;
}

/*
 * Core costs an index as if it held all rows that the query finds, but it holds
 * the hot ones only.  Those are mostly later than all that is sealed: a query
 * that ends before finds few of them, any other as many as there are.
 */
static double
share_hot(PlannerInfo *root, RelOptInfo *rel, const SealedCost *sealed, Oid relid)
{
	double		hot = Max(rel->tuples - sealed->rows, 0);
	double		share = Min(hot / Max(rel->rows, 1), 1);
	Relation	relation;
	SegmentEntry *all;
	ListCell   *lc;

	if (sealed->rows <= 0)
		return 1;
	if (hot == 0 || rel->baserestrictinfo == NIL)
		return share;
	relation = table_open(relid, NoLock);
	all = sealed_sum_about(relation);
	table_close(relation, NoLock);
	foreach(lc, rel->baserestrictinfo)
		if (all && ends_before_hot(root, rel, (Node *) lfirst_node(RestrictInfo, lc)->clause, all))
			return Min(share, hot / Max(rel->tuples, 1));
	return share;
}

/*
 * An index path gives up to two: in the index's order, and in none.  Without
 * sealed rows the order costs nothing, and plans are those of a heap table.
 */
static List *
wrap_index_path(PlannerInfo *root, RelOptInfo *rel, const SealedCost *sealed, Path *child, List *paths)
{
	Cost		cost = scan_sealed_cost(root, rel, sealed, child->param_info);
	int			divisor = Max(child->parallel_workers, 1);
	CustomPath *path;

	child = with_all_columns(child);
	path = make_scan_path(rel, child, child);
	path->path.total_cost = child->startup_cost + (child->total_cost - child->startup_cost) * sealed->hot_share +
		cost / divisor;
	if (supports_backward(child))
		path->flags |= CUSTOMPATH_SUPPORT_BACKWARD_SCAN;
	if (sealed->rows > 0 || child->pathkeys == NIL)
		paths = lappend(paths, path);
	if (child->pathkeys)
	{
		double		rows = Max(path->path.rows, 2.0);
		Cost		sort = sealed->rows > 0 ? rows * log(rows) / M_LN2 * 2.0 * cpu_operator_cost : 0;

		path = make_scan_path(rel, child, child);
		path->path.pathkeys = child->pathkeys;
		/* blocks are opened as the order needs them, so little of it comes before the first row */
		path->path.startup_cost += Min(cost, sealed->segments * cpu_operator_cost + BLOCK_MAX_ROWS * cpu_tuple_cost);
		/* one of several workers adds all sealed rows */
		path->path.total_cost = child->startup_cost + (child->total_cost - child->startup_cost) * sealed->hot_share +
			cost + sort;
		path->path.total_cost = Max(path->path.total_cost, path->path.startup_cost);
		paths = lappend(paths, path);
	}
	return paths;
}

/*
 * Of the heap, all of which a scan of hot rows reads: as many as these rows
 * fill, and those that a seal emptied, which take little as long as they are
 * in memory, where the pages of a table that is looked at all day mostly are.
 */
double
scan_hot_pages(PlannerInfo *root, RelOptInfo *rel, const SealedCost *sealed)
{
	double		pages = Max((double) rel->pages - sealed->pages, 0);
	double		hot = Max(rel->tuples - sealed->rows, 0);
	int32		width = get_relation_data_width(planner_rt_fetch(rel->relid, root)->relid,
												rel->attr_widths - rel->min_attr);
	double		full = ceil(hot * (MAXALIGN(width) + MAXALIGN(SizeofHeapTupleHeader) + sizeof(ItemIdData)) / BLCKSZ);

	return pages <= full ? pages : full + (pages - full) * EMPTY_PAGE_COST;
}

/* the part of a sequential scan that reads hot rows: core counts pages whole, and shares out the work on rows among workers */
static Cost
hot_cost(PlannerInfo *root, RelOptInfo *rel, const SealedCost *sealed, Path *seqscan)
{
	double		hot = Max(rel->tuples - sealed->rows, 0);
	Cost		run = seqscan->total_cost - seqscan->startup_cost - seqscan_disable_cost();
	double		page_cost;

	get_tablespace_page_costs(rel->reltablespace, NULL, &page_cost);
	return scan_hot_pages(root, rel, sealed) * page_cost +
		Max(run - rel->pages * page_cost, 0) * Min(hot / Max(rel->tuples, 1), 1);
}

/* without child: heap's rows by a scan of ours, sealed rows pruned */
static CustomPath *
replace_seqscan(PlannerInfo *root, RelOptInfo *rel, const SealedCost *sealed, Path *seqscan)
{
	CustomPath *path = make_scan_path(rel, seqscan, NULL);
	double		divisor = Max(seqscan->parallel_workers, 1);

	if (!seqscan->parallel_aware)
		path->flags |= CUSTOMPATH_SUPPORT_BACKWARD_SCAN;
	if (sealed->rows > 0)
		path->path.total_cost = path->path.startup_cost + hot_cost(root, rel, sealed, seqscan) +
			scan_sealed_cost(root, rel, sealed, seqscan->param_info) / divisor + seqscan_disable_cost();
	return path;
}

/* WHERE CURRENT OF can be answered by the TID path only, which core made */
static bool
is_current_of(RelOptInfo *rel)
{
	ListCell   *lc;

	foreach(lc, rel->baserestrictinfo)
		if (IsA(lfirst_node(RestrictInfo, lc)->clause, CurrentOfExpr))
			return true;
	return false;
}

/* the first of the query's sort keys that are expressions of this table, led by a column that zone maps bound */
static List *
ordered_pathkeys(PlannerInfo *root, RelOptInfo *rel)
{
	List	   *pathkeys = NIL;
	ListCell   *lc;

	foreach(lc, root->query_pathkeys)
	{
		PathKey    *key = lfirst_node(PathKey, lc);
		Oid			type,
					opfamily;
		bool		descending;
		Expr	   *expr = scan_sort_expression(rel, key, &type);

		if (expr == NULL || key->pk_eclass->ec_has_volatile || contain_subplans((Node *) expr))
			break;
		if (pathkeys == NIL &&
			(scan_order_column(expr) == 0 || column_zone_kind(getBaseType(exprType((Node *) expr))) == ZONE_NONE ||
			 !compat_ordering_op(pathkey_operator(key, type), &opfamily, &descending) ||
			 opfamily != lookup_type_cache(getBaseType(type), TYPECACHE_BTREE_OPFAMILY)->btree_opf))
			break;
		pathkeys = lappend(pathkeys, key);
	}
	return pathkeys;
}

/*
 * Without an index: blocks as the order needs them, merged with the hot rows,
 * which are sorted first.  For all rows this is a sort that costs a bit more
 * than core's; for a LIMIT it reads a few blocks.
 */
static void
add_ordered_path(PlannerInfo *root, RelOptInfo *rel, const SealedCost *sealed)
{
	Path	   *seqscan;
	CustomPath *path;
	double		hot;
	List	   *pathkeys;

	if (sealed->rows <= 0 || is_current_of(rel) || scan_needs_system_columns(rel))
		return;
	pathkeys = ordered_pathkeys(root, rel);
	if (pathkeys == NIL)
		return;
	seqscan = create_seqscan_path(root, rel, rel->lateral_relids, 0);
	path = replace_seqscan(root, rel, sealed, seqscan);
	path->flags &= ~CUSTOMPATH_SUPPORT_BACKWARD_SCAN;
	path->path.pathkeys = pathkeys;
	path->path.total_cost += ORDERED_COST_FACTOR *
		compat_sort_cost(root, pathkeys, path->path.rows, rel->reltarget->width);
	hot = path->path.rows * Max(rel->tuples - sealed->rows, 0) / Max(rel->tuples, 1);
	path->path.startup_cost += hot_cost(root, rel, sealed, seqscan) +
		compat_sort_cost(root, pathkeys, Max(hot, 1), rel->reltarget->width) +
		sealed->segments * cpu_operator_cost + BLOCK_MAX_ROWS * cpu_tuple_cost;
	path->path.total_cost = Max(path->path.total_cost, path->path.startup_cost);
	add_path(rel, &path->path);
}

static List *
replace_paths(PlannerInfo *root, RelOptInfo *rel, const SealedCost *sealed, List *old)
{
	bool		tuples_needed = scan_needs_system_columns(rel);
	List	   *paths = NIL;
	ListCell   *lc;

	foreach(lc, old)
	{
		Path	   *path = lfirst(lc);

		switch (path->pathtype)
		{
			case T_IndexScan:
			case T_IndexOnlyScan:
			case T_BitmapHeapScan:
				if (!tuples_needed)
					paths = wrap_index_path(root, rel, sealed, path, paths);
				break;
			case T_SeqScan:
				paths = lappend(paths, tuples_needed ? path :
								&replace_seqscan(root, rel, sealed, path)->path);
				break;
			default:
				paths = lappend(paths, path);
		}
	}
	return paths;
}

/* a plain territory table, and what is sealed of it */
bool
scan_is_territory(RangeTblEntry *rte, SealedCost *sealed)
{
	Relation	relation;
	bool		ours;
	DirectoryTotals totals;

	memset(sealed, 0, sizeof *sealed);
	if (rte->rtekind != RTE_RELATION || rte->inh || rte->tablesample ||
		(rte->relkind != RELKIND_RELATION && rte->relkind != RELKIND_MATVIEW))
		return false;
	relation = table_open(rte->relid, NoLock);
	ours = relation_is_territory(relation);
	if (ours)
	{
		sealed_totals_about(relation, &totals);
		sealed->rows = totals.rows;
		sealed->segments = totals.segments;
		sealed->pages = (double) totals.bytes / BLCKSZ;
	}
	table_close(relation, NoLock);
	return ours;
}

static void
set_paths(PlannerInfo *root, RelOptInfo *rel, Index rti, RangeTblEntry *rte)
{
	SealedCost	sealed;
	List	   *whole,
			   *partial;
	ListCell   *lc;

	if (previous_hook)
		previous_hook(root, rel, rti, rte);
	if (IS_DUMMY_REL(rel) || !scan_is_territory(rte, &sealed))
		return;
	sealed.quals = rel->baserestrictcost;
	sealed.hot_share = share_hot(root, rel, &sealed, rte->relid);

	/* add_path threw away paths that cost more than a wrapped path will: sequential ones come back */
	whole = rel->pathlist;
	if (!is_current_of(rel))
		whole = lappend(whole, create_seqscan_path(root, rel, rel->lateral_relids, 0));
	partial = rel->partial_pathlist;
	if (rel->consider_parallel && rel->lateral_relids == NULL)
	{
		int			workers = compute_parallel_worker(rel, rel->pages, -1, max_parallel_workers_per_gather);

		if (workers > 0)
			partial = lappend(partial, create_seqscan_path(root, rel, NULL, workers));
	}
	rel->pathlist = rel->partial_pathlist = NIL;
	foreach(lc, replace_paths(root, rel, &sealed, whole))
		add_path(rel, lfirst(lc));
	add_ordered_path(root, rel, &sealed);
	foreach(lc, replace_paths(root, rel, &sealed, partial))
		add_partial_path(rel, lfirst(lc));
}

/* the scan that a path stands on, where nothing else is between them than what upper planning may add */
static Path *
path_below(Path *path)
{
	switch (nodeTag(path))
	{
		case T_ProjectSetPath:
			return ((ProjectSetPath *) path)->subpath;
		case T_ProjectionPath:
			return ((ProjectionPath *) path)->subpath;
		case T_GatherPath:
			return ((GatherPath *) path)->subpath;
		case T_GatherMergePath:
			return ((GatherMergePath *) path)->subpath;
		case T_SortPath:
		case T_IncrementalSortPath:
			return ((SortPath *) path)->subpath;
		default:
			return NULL;
	}
}

/* for EXPLAIN: why the query over this table is not answered by a TerritoryAggregate */
void
scan_say_why(RelOptInfo *rel, const char *reason)
{
	ListCell   *lc;

	foreach(lc, list_concat_copy(rel->pathlist, rel->partial_pathlist))
	{
		Path	   *path = lfirst(lc);
		Path	   *below;

		while ((below = path_below(path)) != NULL)
			path = below;
		if (IsA(path, CustomPath) && ((CustomPath *) path)->methods == &scan_path_methods)
			((CustomPath *) path)->custom_private = list_make1(makeString(pstrdup(reason)));
	}
}

const CustomPathMethods scan_path_methods = {
	.CustomName = "TerritoryScan",
	.PlanCustomPath = scan_plan,
};

void
scan_paths_init(void)
{
	previous_hook = set_rel_pathlist_hook;
	set_rel_pathlist_hook = set_paths;
}

void
scan_init(void)
{
	RegisterCustomScanMethods(&scan_methods);
	scan_paths_init();
	scan_guard_init();
}
