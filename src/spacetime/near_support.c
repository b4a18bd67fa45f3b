/*
 * near_support.c
 *	  near_in_space() and near_in_time() as conditions of indexes and zone maps.
 *
 * The idea: near() is an SQL function, which the planner replaces by the two, so
 * that a place and a time that come from different tables are conditions of
 * their own.  Each then says which operators it implies on either of its sides:
 * && with a grown box, and two comparisons with the ends of a span of time.  A
 * time beside a value is these comparisons, for which columns have statistics,
 * so it is replaced by them.
 *
 * Invariant: what is implied holds for each pair that is near, and comparisons of
 * times say neither more nor less than the function does.
 */
#include "spacetime/near.h"

#include "access/stratnum.h"
#include "catalog/pg_type.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "nodes/supportnodes.h"
#include "optimizer/clauses.h"
#include "optimizer/optimizer.h"
#include "parser/parse_func.h"
#include "utils/lsyscache.h"
#include "utils/typcache.h"

#include "scan/scan.h"
#include "segment/point.h"
#include "spacetime/metres.h"

#define GEOMETRY_MULTIPOINT 4

NearKind
near_kind(Node *clause)
{
	FuncExpr   *call = (FuncExpr *) clause;
	char	   *symbol;

	if (!IsA(clause, FuncExpr) || list_length(call->args) != 3 || call->funcresulttype != BOOLOID)
		return NEAR_NEITHER;
	symbol = scan_c_symbol(call->funcid);
	if (symbol == NULL)
		return NEAR_NEITHER;
	return strcmp(symbol, "territory_near_in_space") == 0 ? NEAR_IN_SPACE :
		strcmp(symbol, "territory_near_in_time") == 0 ? NEAR_IN_TIME : NEAR_NEITHER;
}

/* a call of a function that stands beside this one */
static Expr *
call_beside(Oid beside, const char *name, Oid result, List *args)
{
	char	   *schema = get_namespace_name(get_func_namespace(beside));
	Oid			types[3];
	ListCell   *lc;

	foreach(lc, args)
		types[foreach_current_index(lc)] = exprType(lfirst(lc));
	return (Expr *) makeFuncExpr(LookupFuncName(list_make2(makeString(schema), makeString(pstrdup(name))),
												list_length(args), types, false),
								 result, args, InvalidOid, InvalidOid, COERCE_EXPLICIT_CALL);
}

/* ---- in time ---- */

/* column >= near_earliest(other, within) AND column <= near_latest(other, within), or NIL: the family has no such operators */
static List *
time_conditions(PlannerInfo *root, FuncExpr *call, int arg, Oid opfamily)
{
	Oid			order = lookup_type_cache(TIMESTAMPTZOID, TYPECACHE_BTREE_OPFAMILY)->btree_opf;
	Oid			from = get_opfamily_member(order, TIMESTAMPTZOID, TIMESTAMPTZOID, BTGreaterEqualStrategyNumber);
	Oid			to = get_opfamily_member(order, TIMESTAMPTZOID, TIMESTAMPTZOID, BTLessEqualStrategyNumber);
	Expr	   *column = list_nth(call->args, arg);
	List	   *args = list_make2(list_nth(call->args, 1 - arg), lthird(call->args));
	Node	   *first,
			   *last;

	if (OidIsValid(opfamily) && (!op_in_opfamily(from, opfamily) || !op_in_opfamily(to, opfamily)))
		return NIL;
	first = (Node *) call_beside(call->funcid, "near_earliest", TIMESTAMPTZOID, args);
	last = (Node *) call_beside(call->funcid, "near_latest", TIMESTAMPTZOID, copyObject(args));
	first = eval_const_expressions(root, first);
	last = eval_const_expressions(root, last);
	return list_make2(make_opclause(from, BOOLOID, false, column, (Expr *) first, InvalidOid, InvalidOid),
					  make_opclause(to, BOOLOID, false, copyObject(column), (Expr *) last, InvalidOid, InvalidOid));
}

/* what does not change from row to row, and may be asked twice */
static bool
is_plain_value(Node *node)
{
	return !contain_var_clause(node) && !contain_volatile_functions(node) && !contain_subplans(node) &&
		!contain_agg_clause(node) && !contain_window_function(node);
}

static Node *
simplify_time(SupportRequestSimplify *request)
{
	FuncExpr   *call = request->fcall;
	int			arg;

	if (list_length(call->args) != 3 || !is_plain_value(lthird(call->args)))
		return NULL;
	arg = is_plain_value(linitial(call->args)) ? 1 : 0;
	if (!is_plain_value(list_nth(call->args, 1 - arg)) || !IsA(list_nth(call->args, arg), Var))
		return NULL;
	return (Node *) make_andclause(time_conditions(request->root, call, arg, InvalidOid));
}

/* ---- in space ---- */

/* all values of this type modifier are points */
static bool
is_points(int32 typmod)
{
	int			type = typmod < 0 ? 0 : (typmod & 0xFC) >> 2;

	return type == GEOMETRY_POINT || type == GEOMETRY_MULTIPOINT;
}

/* geometry && near_box(other, metres), or NIL */
static List *
space_conditions(FuncExpr *call, int arg, Oid opfamily)
{
	Node	   *column = list_nth(call->args, arg);
	Oid			type = getBaseType(exprType(column));
	int32		typmod = exprTypmod(column);
	Oid			op = get_opfamily_member(opfamily, type, type, RTOverlapStrategyNumber);
	bool		lossy;
	bool		has_edges = !is_points(typmod);
	List	   *args;

	if (!OidIsValid(op) || scan_box_test(op, type, true, &lossy) != BOX_OVERLAPS || lossy)
		return NIL;
	/* no box tells where such edges lead */
	if (has_edges && scan_srid_of_typmod(typmod) != 0 && metres_are_angles(scan_srid_of_typmod(typmod)))
		return NIL;
	args = list_make3(list_nth(call->args, 1 - arg), lthird(call->args), makeBoolConst(has_edges, false));
	return list_make1(make_opclause(op, BOOLOID, false, (Expr *) column,
									call_beside(call->funcid, "near_box", type, args), InvalidOid, InvalidOid));
}

/* ---- requests ---- */

static List *
index_conditions(SupportRequestIndexCondition *request)
{
	FuncExpr   *call = (FuncExpr *) request->node;
	NearKind	kind = near_kind(request->node);

	if (kind == NEAR_NEITHER || request->indexarg > 1 ||
		!is_pseudo_constant_for_index(request->root, list_nth(call->args, 1 - request->indexarg), request->index) ||
		!is_pseudo_constant_for_index(request->root, lthird(call->args), request->index))
		return NIL;
	request->lossy = kind == NEAR_IN_SPACE;
	return kind == NEAR_IN_SPACE ? space_conditions(call, request->indexarg, request->opfamily) :
		time_conditions(request->root, call, request->indexarg, request->opfamily);
}

static Node *
selectivity(SupportRequestSelectivity *request)
{
	if (list_length(request->args) != 3)
		return NULL;
	if (exprType(linitial(request->args)) == TIMESTAMPTZOID)
		request->selectivity = near_time_selectivity(request->root, request->args, request->varRelid);
	else
		request->selectivity = near_space_selectivity(request->root, request->args, request->varRelid);
	return (Node *) request;
}

PG_FUNCTION_INFO_V1(territory_near_support);
Datum
territory_near_support(PG_FUNCTION_ARGS)
{
	Node	   *request = (Node *) PG_GETARG_POINTER(0);
	Node	   *result = NULL;

	if (IsA(request, SupportRequestSimplify) &&
		near_kind((Node *) ((SupportRequestSimplify *) request)->fcall) == NEAR_IN_TIME)
		result = simplify_time((SupportRequestSimplify *) request);
	else if (IsA(request, SupportRequestIndexCondition))
		result = (Node *) index_conditions((SupportRequestIndexCondition *) request);
	else if (IsA(request, SupportRequestSelectivity))
		result = selectivity((SupportRequestSelectivity *) request);
	PG_RETURN_POINTER(result);
}
