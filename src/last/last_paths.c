/*
 * last_paths.c
 *	  When may a TerritoryLast find the rows of a DISTINCT, and what does it cost?
 *
 * Only where DISTINCT stands on the columns of one territory table, and what
 * is sorted by within a group are columns, the first of which zone maps know.
 * Everything else is core's, over a TerritoryScan.
 */
#include "territory.h"

#include <math.h>

#include "access/table.h"
#include "miscadmin.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/clauses.h"
#include "optimizer/cost.h"
#include "optimizer/optimizer.h"
#include "optimizer/pathnode.h"
#include "optimizer/paths.h"
#include "optimizer/planner.h"
#include "optimizer/restrictinfo.h"
#include "optimizer/tlist.h"
#include "parser/parsetree.h"
#include "utils/lsyscache.h"
#include "utils/selfuncs.h"
#include "utils/snapmgr.h"
#include "utils/typcache.h"

#include "last/last.h"
#include "vector/vector.h"

/* of a value that its block's summary tells, against decoding its block */
#define SHARE_OF_SUMMARY 0.2
/* against cpu_tuple_cost */
#define DECODED_ROW 0.5
/* against cpu_operator_cost: a value is compared with a winner's */
#define VALUE_COST 0.2
#define GROUP_BYTES 160
/* columns of few values, which soon are all known */
#define FEW_GROUPS 64
#define SHARE_OF_FEW_GROUPS 0.01

static create_upper_paths_hook_type previous_hook;

/* ---- what the node can answer ---- */

/* anything that a scan of this table cannot evaluate, or evaluates for fewer rows than it shows */
static bool
is_foreign(Node *node, Index *relid)
{
	if (node == NULL)
		return false;
	if (IsA(node, Var))
		return ((Var *) node)->varno != *relid || ((Var *) node)->varlevelsup != 0;
	if (IsA(node, PlaceHolderVar) || IsA(node, Aggref) || IsA(node, WindowFunc) || IsA(node, GroupingFunc) ||
		IsA(node, CurrentOfExpr))
		return true;
	return expression_tree_walker(node, is_foreign, (void *) relid);
}

static bool
can_evaluate(Node *node, Index relid)
{
	return !is_foreign(node, &relid) && !contain_volatile_functions(node) && !expression_returns_set(node);
}

static Var *
clause_column(PlannerInfo *root, SortGroupClause *clause, Index relid)
{
	Node	   *expr = get_sortgroupclause_expr(clause, root->processed_tlist);
	Var		   *var = (Var *) expr;

	if (!IsA(expr, Var) || var->varno != relid || var->varattno <= 0 || var->varlevelsup != 0)
		return NULL;
	return var;
}

static bool
add_keys(PlannerInfo *root, LastTarget *target)
{
	ListCell   *lc;

	foreach(lc, root->parse->distinctClause)
	{
		SortGroupClause *clause = lfirst_node(SortGroupClause, lc);
		Var		   *column = clause_column(root, clause, target->relid);

		if (column == NULL || !clause->hashable)
			return false;
		target->keys = lappend_int(target->keys, column->varattno);
		target->equal = lappend_oid(target->equal, clause->eqop);
		target->key_exprs = lappend(target->key_exprs, column);
	}
	return target->keys != NIL;
}

static bool
zones_know_order(Oid operator, Oid type)
{
	Oid			opfamily;
	bool		descending;

	type = getBaseType(type);
	return column_zone_kind(type) != ZONE_NONE && compat_ordering_op(operator, &opfamily, &descending) &&
		opfamily == lookup_type_cache(type, TYPECACHE_BTREE_OPFAMILY)->btree_opf;
}

/* what ORDER BY says beyond the DISTINCT columns */
static bool
add_sorts(PlannerInfo *root, LastTarget *target)
{
	Query	   *parse = root->parse;
	ListCell   *lc;

	if (!parse->hasDistinctOn)
		return true;			/* rows of a group are all alike */
	foreach(lc, parse->sortClause)
	{
		SortGroupClause *clause = lfirst_node(SortGroupClause, lc);
		Var		   *column;

		if (get_sortgroupref_clause_noerr(clause->tleSortGroupRef, parse->distinctClause))
			continue;
		column = clause_column(root, clause, target->relid);
		if (column == NULL || (target->sorts == NIL && !zones_know_order(clause->sortop, column->vartype)))
			return false;
		target->sorts = lappend(target->sorts, list_make3_oid((Oid) column->varattno, clause->sortop,
															  (Oid) clause->nulls_first));
	}
	return true;
}

static bool
add_quals(PlannerInfo *root, RelOptInfo *rel, LastTarget *target)
{
	ListCell   *lc;

	foreach(lc, rel->baserestrictinfo)
	{
		RestrictInfo *info = lfirst_node(RestrictInfo, lc);

		if (info->pseudoconstant || !can_evaluate((Node *) info->clause, target->relid))
			return false;
	}
	target->quals = vector_ordered_quals(root, rel->baserestrictinfo);
	return true;
}

/* NULL where the node cannot answer the query */
static LastTarget *
make_target(PlannerInfo *root, RelOptInfo *rel, PathTarget *output)
{
	LastTarget *target = palloc0(sizeof(LastTarget));

	target->relid = rel->relid;
	if (!add_keys(root, target) || !add_sorts(root, target) || !can_evaluate((Node *) output->exprs, rel->relid) ||
		!add_quals(root, rel, target))
		return NULL;
	return target;
}

/* ---- cost ---- */

/* are the DISTINCT columns among those that rows were sealed by? */
static bool
keys_are_entity(PlannerInfo *root, LastTarget *target)
{
	Relation	rel = table_open(planner_rt_fetch(target->relid, root)->relid, NoLock);
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "territory segment's header",
												  ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(context);
	ChunkStore	store;
	bool		among = false;

	if (chunk_store_open(rel, AccessShareLock, &store))
	{
		Directory  *first = directory_first(&store, SnapshotSelf);

		if (first->nsegments > 0)
		{
			SegmentReader reader;
			BlockHeader *header;
			ListCell   *lc;

			segment_reader_open(&reader, rel, &store, first->entries[0], CurrentMemoryContext);
			header = reader.header;
			among = true;
			foreach(lc, target->keys)
			{
				int			e = 0;

				while (e < header->nentity && header->entity[e] != lfirst_int(lc))
					e++;
				among = among && e < header->nentity;
			}
		}
		chunk_store_close(&store, AccessShareLock);
	}
	MemoryContextSwitchTo(old);
	MemoryContextDelete(context);
	table_close(rel, NoLock);
	return among;
}

/* zone maps of other columns tell which groups a block may hold, where they are numbers */
static bool
keys_are_numbers(LastTarget *target)
{
	ListCell   *lc;

	foreach(lc, target->key_exprs)
	{
		ZoneKind	kind = column_zone_kind(getBaseType(exprType(lfirst(lc))));

		if (kind != ZONE_INTEGER && kind != ZONE_OID)
			return false;
	}
	return true;
}

/* of sealed rows that may be wanted, the share that is read to find the winners */
static double
share_read(RelOptInfo *rel, const SealedCost *sealed, LastTarget *target, double groups)
{
	double		rows = Max(sealed->rows / groups, 1);	/* of a group */
	double		block = Min(rows, BLOCK_MAX_ROWS);
	double		passing = Max(rel->rows / Max(rel->tuples, 1), 1e-9);
	double		blocks = Max(1 / (block * passing), 1);

	return Min(blocks * block / rows, 1) * (target->quals ? 1 : SHARE_OF_SUMMARY);
}

static void
cost_path(PlannerInfo *root, RelOptInfo *rel, const SealedCost *sealed, LastTarget *target, CustomPath *path)
{
	double		hot = Max(rel->tuples - sealed->rows, 0);
	double		groups = clamp_row_est(estimate_num_groups(root, target->key_exprs, rel->rows, NULL, NULL));
	double		share = keys_are_entity(root, target) ? share_read(rel, sealed, target, groups) :
		groups <= FEW_GROUPS && keys_are_numbers(target) ? SHARE_OF_FEW_GROUPS : 1;
	double		passes = ceil(groups * GROUP_BYTES / get_hash_memory_limit());
	double		touched = scan_rows_touched(root, rel, sealed, rel->baserestrictinfo);
	double		left = touched / sealed->rows;
	Cost		cost;

	/* as a TerritoryScan estimates its hot part */
	cost = scan_hot_pages(root, rel, sealed) * seq_page_cost +
		hot * (cpu_tuple_cost + rel->baserestrictcost.per_tuple);
	cost += sealed->segments * 0.1 * cpu_operator_cost + Max(sealed->segments * left, 1) * SEGMENT_OPEN_COST * cpu_tuple_cost +
		sealed->pages * left * share * seq_page_cost + sealed->quals.startup +
		touched * share * (cpu_tuple_cost * DECODED_ROW + sealed->quals.per_tuple);
	cost += (hot + touched * share) * VALUE_COST * cpu_operator_cost * (list_length(target->keys) + list_length(target->sorts));
	path->path.startup_cost = cost * Max(passes, 1);
	path->path.rows = groups;
	path->path.total_cost = path->path.startup_cost + path->path.pathtarget->cost.startup +
		groups * (cpu_tuple_cost + path->path.pathtarget->cost.per_tuple +
				  list_length(path->path.pathtarget->exprs) * cpu_tuple_cost);
}

static void
add_last_path(PlannerInfo *root, RelOptInfo *rel, RelOptInfo *output)
{
	PathTarget *wanted = root->upper_targets[UPPERREL_DISTINCT];
	LastTarget *target;
	CustomPath *path;
	SealedCost	sealed;

	/* where nothing is sealed, plans are those of a heap table */
	if (!scan_is_territory(planner_rt_fetch(rel->relid, root), &sealed) || sealed.rows <= 0 ||
		scan_needs_system_columns(rel))
		return;
	target = make_target(root, rel, wanted);
	if (target == NULL)
		return;
	sealed.quals = rel->baserestrictcost;
	path = makeNode(CustomPath);
	path->path.pathtype = T_CustomScan;
	path->path.parent = output;
	path->path.pathtarget = wanted;
	path->flags = CUSTOMPATH_SUPPORT_PROJECTION;
	path->methods = &last_path_methods;
	path->custom_private = list_make1(target);
	cost_path(root, rel, &sealed, target, path);
	path_disable_seqscan(&path->path);	/* it reads all hot rows */
	add_path(output, &path->path);
}

static void
upper_paths(PlannerInfo *root, UpperRelationKind stage, RelOptInfo *input, RelOptInfo *output, void *extra)
{
	Query	   *parse = root->parse;

	if (previous_hook)
		previous_hook(root, stage, input, output, extra);
	if (stage != UPPERREL_DISTINCT || !territory_enable_aggregate || parse->hasTargetSRFs || parse->rowMarks)
		return;
	if (input->reloptkind != RELOPT_BASEREL || input->rtekind != RTE_RELATION || IS_DUMMY_REL(input))
		return;
	if (!enable_hashagg && !parse->hasDistinctOn)
		return;
	add_last_path(root, input, output);
}

void
last_init(void)
{
	RegisterCustomScanMethods(&last_methods);
	previous_hook = create_upper_paths_hook;
	create_upper_paths_hook = upper_paths;
}
