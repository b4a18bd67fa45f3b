/*
 * scan_plan.c
 *	  From a TerritoryScan path to its plan: what to read, to check, to prune
 *	  by and to sort by.
 *
 * Everything that is evaluated on sealed rows stands in custom_exprs, so that
 * core replaces parameters in it and tracks what it depends on: first all
 * quals, then the values that zone maps are compared with, then the sort keys.
 */
#include "territory.h"

#include "access/stratnum.h"
#include "access/sysattr.h"
#include "access/table.h"
#include "catalog/pg_am.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/clauses.h"
#include "optimizer/optimizer.h"
#include "optimizer/pathnode.h"
#include "optimizer/paths.h"
#include "optimizer/restrictinfo.h"
#include "parser/parsetree.h"
#include "utils/lsyscache.h"
#include "utils/typcache.h"

#include "scan/scan.h"

static bool
has_system_columns(Bitmapset *attributes)
{
	int			member = -1;

	while ((member = bms_next_member(attributes, member)) >= 0)
	{
		int			attno = member + FirstLowInvalidHeapAttributeNumber;

		if (attno < 0 && attno != SelfItemPointerAttributeNumber && attno != TableOidAttributeNumber)
			return true;
	}
	return false;
}

/* does the query ask for what only a stored tuple has? */
bool
scan_needs_system_columns(RelOptInfo *rel)
{
	Bitmapset  *attributes = NULL;
	ListCell   *lc;

	for (int a = rel->min_attr; a < 0; a++)
		if (!bms_is_empty(rel->attr_needed[a - rel->min_attr]))
			attributes = bms_add_member(attributes, a - FirstLowInvalidHeapAttributeNumber);
	foreach(lc, rel->baserestrictinfo)
		pull_varattnos((Node *) lfirst_node(RestrictInfo, lc)->clause, rel->relid, &attributes);
	foreach(lc, rel->joininfo)
		pull_varattnos((Node *) lfirst_node(RestrictInfo, lc)->clause, rel->relid, &attributes);
	return has_system_columns(attributes);
}

static Var *
plain_column(Node *node, Index relid)
{
	while (node && IsA(node, RelabelType))
		node = (Node *) ((RelabelType *) node)->arg;
	if (node && IsA(node, Var) && ((Var *) node)->varno == relid && ((Var *) node)->varattno > 0 &&
		((Var *) node)->varlevelsup == 0)
		return (Var *) node;
	return NULL;
}

/* is op of the column's default order?  0 if not, else its strategy */
static int
order_strategy(Oid op, Oid type)
{
	TypeCacheEntry *entry = lookup_type_cache(type, TYPECACHE_BTREE_OPFAMILY);

	return OidIsValid(entry->btree_opf) ? get_op_opfamily_strategy(op, entry->btree_opf) : 0;
}

/* equality by which key sets hash? */
static bool
is_own_equality(Oid op, Oid collation, Oid type)
{
	return op == lookup_type_cache(type, TYPECACHE_EQ_OPR)->eq_opr &&
		(!OidIsValid(collation) || get_collation_isdeterministic(collation));
}

static bool
has_unique_key(PlannerInfo *root, Index relid, AttrNumber attno)
{
	ListCell   *lc;

	if (root == NULL)
		return false;			/* the executor asks about zone maps alone */
	foreach(lc, find_base_rel(root, relid)->indexlist)
	{
		IndexOptInfo *index = lfirst_node(IndexOptInfo, lc);

		for (int k = 0; index->unique && k < index->nkeycolumns; k++)
			if (index->indexkeys[k] == attno)
				return true;
	}
	return false;
}

static bool
has_column_of(Node *node, Index relid)
{
	Bitmapset  *attributes = NULL;

	pull_varattnos(node, relid, &attributes);
	return !bms_is_empty(attributes);
}

static bool
prune_spec(PlannerInfo *root, Index relid, Node *clause, bool for_index, List **spec, Node **value)
{
	Var		   *column;
	Node	   *other = NULL;
	PruneForm	form;
	Oid			op = InvalidOid,
				type,
				left,
				right = InvalidOid;
	int			strategy = BTEqualStrategyNumber;
	bool		exact = false;
	bool		lossy = false;

	if (IsA(clause, NullTest) && ((NullTest *) clause)->nulltesttype == IS_NULL &&
		!((NullTest *) clause)->argisrow)
	{
		column = plain_column((Node *) ((NullTest *) clause)->arg, relid);
		form = PRUNE_NULL;
	}
	else if (IsA(clause, OpExpr) && list_length(((OpExpr *) clause)->args) == 2)
	{
		OpExpr	   *expr = (OpExpr *) clause;

		op = expr->opno;
		column = plain_column(linitial(expr->args), relid);
		other = lsecond(expr->args);
		if (column == NULL)
		{
			column = plain_column(lsecond(expr->args), relid);
			other = linitial(expr->args);
			op = get_commutator(op);
		}
		form = PRUNE_COMPARE;
	}
	else if (IsA(clause, ScalarArrayOpExpr) && ((ScalarArrayOpExpr *) clause)->useOr)
	{
		ScalarArrayOpExpr *expr = (ScalarArrayOpExpr *) clause;

		op = expr->opno;
		column = plain_column(linitial(expr->args), relid);
		other = lsecond(expr->args);
		form = PRUNE_ANY;
	}
	else
		return false;
	if (column == NULL)
		return false;
	type = getBaseType(column->vartype);
	if (form != PRUNE_NULL)
	{
		BoxTest		test;

		if (!OidIsValid(op) || contain_volatile_functions(other) || contain_subplans(other) ||
			has_column_of(other, relid))
			return false;
		op_input_types(op, &left, &right);
		test = form == PRUNE_COMPARE ? scan_box_test(op, type, for_index, &lossy) : 0;
		if (test)
			form = PRUNE_BOX;
		strategy = test ? test : order_strategy(op, type);
		exact = form == PRUNE_COMPARE && is_own_equality(op, ((OpExpr *) clause)->inputcollid, type);
		if (strategy == 0 || (form == PRUNE_ANY && strategy != BTEqualStrategyNumber) ||
			(!test && column_zone_kind(type) == ZONE_NONE && !(exact && has_unique_key(root, relid, column->varattno))))
			return false;
	}
	*value = other;
	*spec = lappend_int(list_make5_int(column->varattno, type, right, strategy, form), exact);
	*spec = lappend_int(lappend_int(lappend_int(*spec, column->vartypmod), op), lossy);
	return true;
}

/*
 * Can zone maps or key sets judge this clause?  Gives a prune spec and the expression of
 * the value to compare with (NULL where there is none).
 */
bool
scan_prune_spec(PlannerInfo *root, Index relid, Node *clause, List **spec, Node **value)
{
	return prune_spec(root, relid, clause, false, spec, value);
}

/* the same of a condition that an index would be asked for */
bool
scan_condition_spec(PlannerInfo *root, Index relid, Node *condition, List **spec, Node **value)
{
	return prune_spec(root, relid, condition, true, spec, value);
}

/* the same of a clause, or of the first condition that it implies */
bool
scan_implied_spec(PlannerInfo *root, Index relid, Node *clause, List **spec, Node **value)
{
	List	   *implied;

	if (scan_prune_spec(root, relid, clause, spec, value))
		return true;
	implied = scan_implied_conditions(root, relid, clause);
	return implied && scan_condition_spec(root, relid, linitial(implied), spec, value);
}

/* add the spec of a qual, or of a condition that it implies */
static List *
add_spec(PlannerInfo *root, Index relid, Node *clause, int qual, bool implied, List *specs, List **values)
{
	List	   *spec;
	Node	   *value;

	if (!prune_spec(root, relid, clause, implied, &spec, &value))
		return specs;
	if (implied)
		lfirst_int(list_nth_cell(spec, PRUNE_LOSSY)) = true;
	if (value)
		*values = lappend(*values, copyObject(value));
	return lappend(specs, lappend_int(lappend_int(spec, qual), root->qual_security_level > 0));
}

/* the prune specs of these quals; values gets a copy of the expression of each that has one */
List *
scan_prune_specs(PlannerInfo *root, Index relid, List *quals, List **values)
{
	List	   *specs = NIL;
	ListCell   *lc;

	foreach(lc, quals)
	{
		int			qual = foreach_current_index(lc),
					before = list_length(specs);
		ListCell   *condition;

		specs = add_spec(root, relid, lfirst(lc), qual, false, specs, values);
		if (list_length(specs) > before)
			continue;
		foreach(condition, scan_implied_conditions(root, relid, lfirst(lc)))
			specs = add_spec(root, relid, lfirst(condition), qual, true, specs, values);
	}
	return specs;
}

/* every column of the table that the expressions read, as Vars; a whole-row Var stands for all */
static List *
columns_read(RelOptInfo *rel, RangeTblEntry *rte, List *exprs)
{
	Bitmapset  *seen = NULL;
	List	   *columns = NIL;
	bool		whole = false;
	ListCell   *lc;

	foreach(lc, pull_var_clause((Node *) exprs, PVC_RECURSE_AGGREGATES | PVC_RECURSE_WINDOWFUNCS |
								PVC_RECURSE_PLACEHOLDERS))
	{
		Var		   *var = lfirst_node(Var, lc);
		int			member = var->varattno - FirstLowInvalidHeapAttributeNumber;

		if (var->varno != rel->relid || var->varlevelsup != 0 || bms_is_member(member, seen))
			continue;
		seen = bms_add_member(seen, member);
		if (var->varattno == 0)
			whole = true;
		else
			columns = lappend(columns, copyObject(var));
	}
	if (whole)
	{
		Relation	relation = table_open(rte->relid, NoLock);
		TupleDesc	desc = RelationGetDescr(relation);

		for (int a = 0; a < desc->natts; a++)
		{
			Form_pg_attribute att = TupleDescAttr(desc, a);

			if (!att->attisdropped && !bms_is_member(att->attnum - FirstLowInvalidHeapAttributeNumber, seen))
				columns = lappend(columns, makeVar(rel->relid, att->attnum, att->atttypid, att->atttypmod,
												   att->attcollation, 0));
		}
		table_close(relation, NoLock);
	}
	return columns;
}

/* the expression of ours that a path key sorts by, or NULL */
Expr *
scan_sort_expression(RelOptInfo *rel, PathKey *key, Oid *type)
{
	ListCell   *lc;

	foreach(lc, compat_eclass_members(key->pk_eclass, rel))
	{
		EquivalenceMember *member = lfirst_node(EquivalenceMember, lc);

		if (!member->em_is_const && !bms_is_empty(member->em_relids) &&
			bms_is_subset(member->em_relids, rel->relids))
		{
			*type = member->em_datatype;
			return member->em_expr;
		}
	}
	return NULL;
}

/* the core plan's target list becomes our columns; nothing else of it changes */
static Plan *
hot_plan(Plan *child, List *columns)
{
	List	   *targets = NIL;
	ListCell   *lc;

	if (IsA(child, Result) && child->lefttree)
		child = child->lefttree;	/* a gate of constant quals: ours stands above us already */
	foreach(lc, columns)
		targets = lappend(targets, makeTargetEntry(lfirst(lc), list_length(targets) + 1, NULL, false));
	child->targetlist = targets;
	return child;
}

Plan *
scan_plan(PlannerInfo *root, RelOptInfo *rel, CustomPath *path, List *tlist, List *clauses, List *children)
{
	CustomScan *scan = makeNode(CustomScan);
	List	   *quals = extract_actual_clauses(clauses, false);
	List	   *exprs = list_copy(quals);
	List	   *prunes,
			   *sorts = NIL,
			   *attnos = NIL,
			   *columns;
	ListCell   *lc;

	prunes = scan_prune_specs(root, rel->relid, quals, &exprs);
	foreach(lc, path->path.pathkeys)
	{
		PathKey    *key = lfirst_node(PathKey, lc);
		Oid			type;
		Expr	   *expr = scan_sort_expression(rel, key, &type);
		Oid			op = expr ? pathkey_operator(key, type) : InvalidOid;

		if (!OidIsValid(op))
			elog(ERROR, "no operator for a sort key of a territory scan");
		exprs = lappend(exprs, copyObject(expr));
		sorts = lappend(sorts, list_make3_oid(op, key->pk_eclass->ec_collation, (Oid) key->pk_nulls_first));
	}
	columns = columns_read(rel, planner_rt_fetch(rel->relid, root),
						   list_concat(list_copy(rel->reltarget->exprs), list_concat(list_copy(tlist), exprs)));
	foreach(lc, columns)
		attnos = lappend_int(attnos, lfirst_node(Var, lc)->varattno);

	scan->scan.plan.targetlist = tlist;
	scan->scan.scanrelid = rel->relid;
	scan->flags = path->flags;
	if (children)
		scan->custom_plans = list_make1(hot_plan(linitial(children), columns));
	scan->custom_exprs = exprs;
	scan->custom_private = list_make5(attnos, list_make1_int(list_length(quals)), prunes, sorts,
										  path->custom_private);
	scan->methods = &scan_methods;
	return &scan->scan.plan;
}
