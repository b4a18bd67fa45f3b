/*
 * vector_join_paths.c
 *	  Which joins may a TerritoryAggregate do itself?
 *
 * Those of one territory table, the largest, with anything else that is small:
 * the others' own path, made by core, becomes a child of the node.  Every
 * clause that core would check at this join is either an equality that can be
 * hashed, fact = dimension, or a qual of pairs; one that is neither, or an outer
 * join of another shape, leaves the query to core.
 */
#include "territory.h"

#include "access/htup_details.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/cost.h"
#include "optimizer/optimizer.h"
#include "optimizer/pathnode.h"
#include "optimizer/paths.h"
#include "optimizer/restrictinfo.h"
#include "parser/parsetree.h"
#include "utils/lsyscache.h"
#include "utils/selfuncs.h"
#include "utils/typcache.h"

#include "vector/vector_join.h"

#define MOST_COMBINATIONS 20000
#define LOOK_UP_COST 0.1		/* in cpu_operator_cost, for each row: most blocks are looked up once */

/* ---- the two sides ---- */

/* the largest territory table of the join that holds sealed rows, or NULL */
RelOptInfo *
vector_join_fact(PlannerInfo *root, RelOptInfo *input)
{
	RelOptInfo *fact = NULL;
	int			rti = -1;

	while ((rti = bms_next_member(input->relids, rti)) >= 0)
	{
		RelOptInfo *rel = root->simple_rel_array[rti];	/* none for an outer join */
		SealedCost	sealed;

		if (rel == NULL || rel->reloptkind != RELOPT_BASEREL || rel->rtekind != RTE_RELATION ||
			(fact && fact->tuples >= rel->tuples) ||
			!scan_is_territory(planner_rt_fetch(rti, root), &sealed) || sealed.rows <= 0)
			continue;
		fact = rel;
	}
	return fact;
}

/*
 * What joins the two.  Outer and semi-joins that can be made among the others
 * alone are theirs.  False: another shape.
 */
static bool
find_type(PlannerInfo *root, RelOptInfo *fact, JoinTarget *join)
{
	SpecialJoinInfo *outermost = NULL;
	ListCell   *lc;

	join->type = JOIN_INNER;
	foreach(lc, root->join_info_list)
	{
		SpecialJoinInfo *info = lfirst_node(SpecialJoinInfo, lc);

		if (!bms_is_member(fact->relid, info->min_lefthand) && !bms_is_member(fact->relid, info->min_righthand))
			continue;
		if (outermost || (info->jointype != JOIN_LEFT && info->jointype != JOIN_SEMI && info->jointype != JOIN_ANTI))
			return false;
		outermost = info;
	}
	if (outermost == NULL)
		return true;
	join->type = outermost->jointype;
	join->others = bms_del_member(join->others, (int) compat_outer_join_relid(outermost));
	return bms_equal(outermost->syn_lefthand, fact->relids) && bms_equal(outermost->syn_righthand, join->others);
}

static RelOptInfo *
rel_of(PlannerInfo *root, Relids relids)
{
	int			rti;

	return bms_get_singleton_member(relids, &rti) ? find_base_rel(root, rti) : find_join_rel(root, relids);
}

/* relations that core joined, out of two sets of them; NULL: it saw no reason to */
static RelOptInfo *
joined_by_core(PlannerInfo *root, List *rels, RelOptInfo *rel, RelOptInfo **partner)
{
	ListCell   *lc;

	foreach(lc, rels)
	{
		RelOptInfo *joined = find_join_rel(root, bms_union(rel->relids, ((RelOptInfo *) lfirst(lc))->relids));

		*partner = lfirst(lc);
		if (joined && *partner != rel)
			return joined;
	}
	return NULL;
}

/*
 * Relations that nothing but the fact table joins: all combinations of their
 * rows.  Only where that leaves little to look up, and all joins are inner ones.
 */
static RelOptInfo *
all_combinations(PlannerInfo *root, Relids relids)
{
	List	   *rels = NIL;
	double		rows = 1;
	RelOptInfo *all = NULL;
	int			rti = -1;
	ListCell   *lc;

	if (root->join_info_list != NIL || root->hasLateralRTEs)
		return NULL;
	while ((rti = bms_next_member(relids, rti)) >= 0)
	{
		RelOptInfo *rel = find_base_rel(root, rti);
		RelOptInfo *partner;
		RelOptInfo *joined;

		while ((joined = joined_by_core(root, rels, rel, &partner)) != NULL)
		{
			rels = list_delete_ptr(rels, partner);
			rel = joined;
		}
		rels = lappend(rels, rel);
	}
	foreach(lc, rels)
		rows *= ((RelOptInfo *) lfirst(lc))->rows;
	if (rows > MOST_COMBINATIONS)
		return NULL;
	foreach(lc, rels)
	{
		all = all ? make_join_rel(root, all, lfirst(lc)) : lfirst(lc);
		if (all == NULL || all->pathlist == NIL)
			return NULL;
		if (all != lfirst(lc))
			set_cheapest(all);
	}
	return all;
}

/* the others' cheapest path, which needs nothing of the fact table; they may be joined in any order */
static bool
find_path(PlannerInfo *root, VectorTarget *target)
{
	JoinTarget *join = target->join;
	RelOptInfo *rel = rel_of(root, join->others);
	ListCell   *lc;

	if (rel == NULL && join->type == JOIN_INNER)
		rel = all_combinations(root, join->others);
	if (rel == NULL || IS_DUMMY_REL(rel) || rel->cheapest_total_path == NULL)
		return !vector_refuse(target, "join of tables that nothing else joins");
	join->path = rel->cheapest_total_path;
	if (!bms_is_empty(rel->lateral_relids) || !bms_is_empty(PATH_REQ_OUTER(join->path)))
		return !vector_refuse(target, "lateral join");
	foreach(lc, join->path->pathtarget->exprs)
		if (!IsA(lfirst(lc), Var) || ((Var *) lfirst(lc))->varattno <= 0)
			return !vector_refuse(target, "expression of another level of the query");
	return true;
}

/* does it fit in memory, by estimate?  What does not at run time is read in batches. */
static bool
is_small(RelOptInfo *fact, const JoinTarget *join)
{
	PathTarget *target = join->path->pathtarget;
	double		bytes = sizeof(JoinRow) + sizeof(JoinEntry) + 32 + target->width +
		list_length(target->exprs) * (sizeof(Datum) + sizeof(bool));

	return join->path->rows * bytes < get_hash_memory_limit() && join->path->rows < fact->tuples / 4;
}

/* ---- clauses ---- */

/* a clause that is fact = dimension, by an equality that can be hashed */
static bool
add_key(const RestrictInfo *info, RelOptInfo *fact, JoinTarget *join)
{
	OpExpr	   *clause = (OpExpr *) info->clause;
	Oid			operator,
				left,
				right;
	RegProcedure left_hash,
				right_hash;
	bool		turned;

	if (!IsA(clause, OpExpr) || !OidIsValid(info->hashjoinoperator) || list_length(clause->args) != 2 ||
		bms_is_empty(info->left_relids) || bms_is_empty(info->right_relids))
		return false;
	turned = !bms_is_subset(info->left_relids, fact->relids);
	if (!bms_is_subset(turned ? info->right_relids : info->left_relids, fact->relids) ||
		!bms_is_subset(turned ? info->left_relids : info->right_relids, join->others))
		return false;
	operator = turned ? get_commutator(clause->opno) : clause->opno;
	if (!OidIsValid(operator) || !op_strict(operator) ||
		!get_op_hash_functions(operator, &left_hash, &right_hash) ||
		!get_compatible_hash_operators(operator, &left, &right))
		return false;
	join->facts = lappend(join->facts, turned ? lsecond(clause->args) : linitial(clause->args));
	join->dimensions = lappend(join->dimensions, turned ? linitial(clause->args) : lsecond(clause->args));
	join->operators = lappend_oid(join->operators, operator);
	join->collations = lappend_oid(join->collations, clause->inputcollid);
	return true;
}

/*
 * Clauses of the ON of an outer join decide what has a partner, those above it
 * which rows stay; a semi-join's pairs are never seen.
 */
static bool
add_clauses(PlannerInfo *root, RelOptInfo *input, RelOptInfo *fact, VectorTarget *target)
{
	JoinTarget *join = target->join;
	RelOptInfo *others = join->path->parent;
	List	   *infos = list_union_ptr(fact->joininfo, others->joininfo);
	List	   *pairs = NIL;
	List	   *keys = NIL;
	ListCell   *lc;

	infos = list_concat(infos, compat_join_implied_equalities(root, input->relids, join->others, fact));
	foreach(lc, infos)
	{
		RestrictInfo *info = lfirst_node(RestrictInfo, lc);
		bool		above = JOIN_KEEPS_ALL(join->type) && RINFO_IS_PUSHED_DOWN(info, input->relids);

		if (info->pseudoconstant || compat_is_clone(info) ||
			!vector_can_evaluate((Node *) info->clause, target))
			return !vector_refuse(target, "condition without columns");
		if (!above && add_key(info, fact, join))
		{
			keys = lappend(keys, info);
			continue;
		}
		if (join->type != JOIN_INNER && !above)
			return !vector_refuse(target, "condition of an outer join or semi-join that is no equality");
		pairs = lappend(pairs, info);
	}
	join->quals = vector_ordered_quals(root, pairs);
	join->pairs = fact->rows * join->path->rows * clauselist_selectivity(root, keys, 0, JOIN_INNER, NULL);
	return true;
}

/* does the child give every column of the others that the expressions ask for? */
static bool
gives_all(JoinTarget *join, List *exprs)
{
	List	   *columns = join->path->pathtarget->exprs;
	ListCell   *lc;

	foreach(lc, pull_var_clause((Node *) exprs, PVC_RECURSE_AGGREGATES))
	{
		Var		   *var = lfirst_node(Var, lc);
		ListCell   *other;
		bool		given = !bms_is_member(var->varno, join->others);

		foreach(other, columns)
			given = given || (lfirst_node(Var, other)->varno == var->varno &&
							  lfirst_node(Var, other)->varattno == var->varattno);
		if (!given)
			return false;
	}
	return true;
}

/* the share of the fact table's sealed rows that keys of the dimension leave */
static double
share_read(PlannerInfo *root, RelOptInfo *fact, const JoinTarget *join)
{
	double		share = 1;
	ListCell   *lc;

	foreach(lc, join->facts)
	{
		Node	   *expr = lfirst(lc);
		double		distinct;

		if (JOIN_KEEPS_ALL(join->type) || !IsA(expr, Var) || scan_is_measure(getBaseType(exprType(expr))))
			continue;
		distinct = estimate_num_groups(root, list_make1(expr), Max(fact->tuples, 1), NULL, NULL);
		share = Min(share, join->path->rows / Max(distinct, 1));
	}
	return share;
}

/* target->join for the join of fact with the rest of input; false where it is core's matter */
bool
vector_join_target(PlannerInfo *root, RelOptInfo *input, RelOptInfo *fact, VectorTarget *target)
{
	JoinTarget *join = palloc0(sizeof(JoinTarget));

	target->join = join;
	target->relids = input->relids;
	join->others = bms_del_member(bms_copy(input->relids), fact->relid);
	if (!bms_is_empty(fact->lateral_relids))
		return !vector_refuse(target, "lateral join");
	if (!enable_hashjoin)
		return !vector_refuse(target, "enable_hashjoin is off");
	if (!find_type(root, fact, join))
		return !vector_refuse(target, "outer join or semi-join of another form");
	if (!find_path(root, target) || !add_clauses(root, input, fact, target))
		return false;
	if (!is_small(fact, join))
		return !vector_refuse(target, "join with more than fits into memory");
	if (!gives_all(join, join->dimensions) || !gives_all(join, join->quals))
		return !vector_refuse(target, "expression of another level of the query");
	join->rows = input->rows;
	join->read = share_read(root, fact, join);
	return true;
}

/*
 * An output column that is no group key depends on some that are: it is one more,
 * and makes no group more.  Only of the dimension, where a key costs nothing.
 */
bool
vector_join_add_key(Var *column, VectorTarget *target)
{
	RegProcedure hash,
				other_hash;
	TypeCacheEntry *type = lookup_type_cache(column->vartype, TYPECACHE_EQ_OPR | TYPECACHE_HASH_PROC);

	if (target->keys == NIL || !bms_is_member(column->varno, target->join->others) ||
		!vector_can_evaluate((Node *) column, target) ||
		!OidIsValid(type->eq_opr) || !OidIsValid(type->hash_proc) ||
		!get_op_hash_functions(type->eq_opr, &hash, &other_hash))
		return false;
	target->keys = lappend(target->keys, column);
	target->equal = lappend_oid(target->equal, type->eq_opr);
	return true;
}

/* do the group keys and aggregates find their columns? */
bool
vector_join_gives(VectorTarget *target)
{
	if (target->join == NULL || (gives_all(target->join, target->keys) && gives_all(target->join, target->aggregates)))
		return true;
	return !vector_refuse(target, "expression of another level of the query");
}

/* ---- cost ---- */

/* of reading the dimension, and of looking it up: once a block or once a row */
void
vector_join_cost(const JoinTarget *join, RelOptInfo *fact, VectorEstimate *estimate)
{
	QualCost	quals;

	cost_qual_eval(&quals, join->quals, NULL);
	estimate->read += fact->rows * join->read * LOOK_UP_COST * cpu_operator_cost + join->pairs * quals.per_tuple;
	estimate->join = join->path->total_cost + quals.startup +
		join->path->rows * (cpu_tuple_cost + list_length(join->facts) * cpu_operator_cost);
}

/* for workers, each of which reads the dimension; NULL: they cannot */
JoinTarget *
vector_join_partial(const JoinTarget *whole)
{
	Path	   *path = get_cheapest_parallel_safe_total_inner(whole->path->parent->pathlist);
	JoinTarget *join = palloc(sizeof(JoinTarget));

	if (path == NULL)
		return NULL;
	memcpy(join, whole, sizeof(JoinTarget));
	join->path = path;
	return join;
}

/* may a block have one partner, and so one summary for all that the query asks? */
bool
vector_join_may_summarise(const JoinTarget *join)
{
	ListCell   *lc;

	foreach(lc, join->facts)
		if (!IsA(lfirst(lc), Var))
			return false;
	return join->quals == NIL;
}

static bool
has_column_of(Node *node, Index relid)
{
	return bms_is_member(relid, pull_varnos(NULL, node));
}

/* what has to be the same in all rows of a block: the table's own group keys, and the join's */
List *
vector_join_block_keys(const VectorTarget *target)
{
	List	   *keys = NIL;
	ListCell   *lc;

	if (target->join == NULL)
		return target->keys;
	foreach(lc, target->keys)
		if (has_column_of(lfirst(lc), target->relid))
			keys = lappend(keys, lfirst(lc));
	return list_concat(keys, target->join->facts);
}
