/*
 * vector_key_parse.c
 *	  Which expressions of one column are understood.
 *
 * An expression is understood where it is made of core's functions and of
 * constants: the same value of the column then gives the same key.  Functions of
 * which more is known stand in the table below, each with its rule.  They are
 * told by their oid, never by their name, but for our own time_bucket().
 *
 * What core might not evaluate (the branches of CASE, AND, COALESCE) is not
 * evaluated here either, as it might fail.
 */
#include "territory.h"

#include "access/htup_details.h"
#include "access/transam.h"
#include "catalog/pg_language.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "utils/fmgroids.h"
#include "utils/syscache.h"

#include "vector/vector_key.h"

#define NONE NO_ARGUMENT

/* function, rule, then which argument is the source, the param, the zone, the origin */
static const KeyFunction functions[] = {
	{F_TIMESTAMP_TIMESTAMPTZ, RULE_TO_LOCAL, 0, NONE, SESSION_ZONE, NONE},
	{F_TIMEZONE_TEXT_TIMESTAMPTZ, RULE_TO_LOCAL, 1, NONE, 0, NONE},
	{F_TIMEZONE_INTERVAL_TIMESTAMPTZ, RULE_MOVE, 1, NONE, NONE, NONE},
	{F_TIMESTAMPTZ_TIMESTAMP, RULE_FROM_LOCAL, 0, NONE, SESSION_ZONE, NONE},
	{F_TIMEZONE_TEXT_TIMESTAMP, RULE_FROM_LOCAL, 1, NONE, 0, NONE},
	{F_TIMEZONE_INTERVAL_TIMESTAMP, RULE_MOVE, 1, NONE, NONE, NONE},
	{F_TIMESTAMP_DATE, RULE_MOVE, 0, NONE, NONE, NONE},
	{F_TIMESTAMPTZ_DATE, RULE_FROM_LOCAL, 0, NONE, SESSION_ZONE, NONE},
	{F_TIMESTAMP_PL_INTERVAL, RULE_MOVE_INTERVAL, 0, 1, NONE, NONE},
	{F_TIMESTAMP_MI_INTERVAL, RULE_MOVE_INTERVAL, 0, 1, NONE, NONE},
	{F_TIMESTAMPTZ_PL_INTERVAL, RULE_MOVE_INTERVAL, 0, 1, SESSION_ZONE, NONE},
	{F_TIMESTAMPTZ_MI_INTERVAL, RULE_MOVE_INTERVAL, 0, 1, SESSION_ZONE, NONE},

	{F_DATE_TRUNC_TEXT_TIMESTAMP, RULE_TRUNC, 1, 0, NONE, NONE},
	{F_DATE_TRUNC_TEXT_TIMESTAMPTZ, RULE_TRUNC, 1, 0, SESSION_ZONE, NONE},
	{F_DATE_TRUNC_TEXT_TIMESTAMPTZ_TEXT, RULE_TRUNC, 1, 0, 2, NONE},
	{F_EXTRACT_TEXT_TIMESTAMP, RULE_FIELD, 1, 0, NONE, NONE},
	{F_EXTRACT_TEXT_TIMESTAMPTZ, RULE_FIELD, 1, 0, SESSION_ZONE, NONE},
	{F_EXTRACT_TEXT_DATE, RULE_FIELD, 1, 0, NONE, NONE},
	{F_DATE_PART_TEXT_TIMESTAMP, RULE_FIELD, 1, 0, NONE, NONE},
	{F_DATE_PART_TEXT_TIMESTAMPTZ, RULE_FIELD, 1, 0, SESSION_ZONE, NONE},
	{F_TO_CHAR_TIMESTAMP_TEXT, RULE_FORMAT, 0, 1, NONE, NONE},
	{F_TO_CHAR_TIMESTAMPTZ_TEXT, RULE_FORMAT, 0, 1, SESSION_ZONE, NONE},
	{F_DATE_TIMESTAMP, RULE_DAY, 0, NONE, NONE, NONE},
	{F_DATE_TIMESTAMPTZ, RULE_DAY, 0, NONE, SESSION_ZONE, NONE},
	{F_DATE_BIN_INTERVAL_TIMESTAMP_TIMESTAMP, RULE_BIN, 1, 0, NONE, 2},
	{F_DATE_BIN_INTERVAL_TIMESTAMPTZ_TIMESTAMPTZ, RULE_BIN, 1, 0, NONE, 2},

	{F_TIMESTAMP_TIMESTAMP_INT4, RULE_STEP, 0, NONE, NONE, NONE},
	{F_TIMESTAMPTZ_TIMESTAMPTZ_INT4, RULE_STEP, 0, NONE, NONE, NONE},
	{F_TO_TIMESTAMP_FLOAT8, RULE_RISE, 0, NONE, NONE, NONE},
	{F_FLOAT8_NUMERIC, RULE_RISE, 0, NONE, NONE, NONE},
	{F_FLOAT8_INT8, RULE_RISE, 0, NONE, NONE, NONE},
	{F_FLOAT8_INT4, RULE_RISE, 0, NONE, NONE, NONE},
	{F_NUMERIC_FLOAT8, RULE_INEXACT, 0, NONE, NONE, NONE},
	{F_NUMERIC_INT8, RULE_RISE, 0, NONE, NONE, NONE},
	{F_NUMERIC_INT4, RULE_RISE, 0, NONE, NONE, NONE},
	{F_INT8_INT4, RULE_RISE, 0, NONE, NONE, NONE},
	{F_INT4_INT8, RULE_RISE, 0, NONE, NONE, NONE},
	{F_INT8_NUMERIC, RULE_STEP, 0, NONE, NONE, NONE},
	{F_INT4_NUMERIC, RULE_STEP, 0, NONE, NONE, NONE},
	{F_INT8_FLOAT8, RULE_STEP, 0, NONE, NONE, NONE},
	{F_INT4_FLOAT8, RULE_STEP, 0, NONE, NONE, NONE},
	{F_FLOOR_NUMERIC, RULE_STEP, 0, NONE, NONE, NONE},
	{F_CEIL_NUMERIC, RULE_STEP, 0, NONE, NONE, NONE},
	{F_CEILING_NUMERIC, RULE_STEP, 0, NONE, NONE, NONE},
	{F_TRUNC_NUMERIC, RULE_STEP, 0, NONE, NONE, NONE},
	{F_TRUNC_NUMERIC_INT4, RULE_STEP, 0, NONE, NONE, NONE},
	{F_ROUND_NUMERIC, RULE_STEP, 0, NONE, NONE, NONE},
	{F_ROUND_NUMERIC_INT4, RULE_STEP, 0, NONE, NONE, NONE},
	{F_FLOOR_FLOAT8, RULE_STEP, 0, NONE, NONE, NONE},
	{F_CEIL_FLOAT8, RULE_STEP, 0, NONE, NONE, NONE},
	{F_CEILING_FLOAT8, RULE_STEP, 0, NONE, NONE, NONE},
	{F_TRUNC_FLOAT8, RULE_STEP, 0, NONE, NONE, NONE},
	{F_ROUND_FLOAT8, RULE_STEP, 0, NONE, NONE, NONE},

	{F_NUMERIC_ADD, RULE_ADD, 0, NONE, NONE, NONE},
	{F_FLOAT8PL, RULE_ADD, 0, NONE, NONE, NONE},
	{F_INT8PL, RULE_ADD, 0, NONE, NONE, NONE},
	{F_INT4PL, RULE_ADD, 0, NONE, NONE, NONE},
	{F_INT84PL, RULE_ADD, 0, NONE, NONE, NONE},
	{F_INT48PL, RULE_ADD, 0, NONE, NONE, NONE},
	{F_NUMERIC_SUB, RULE_SUBTRACT, 0, 1, NONE, NONE},
	{F_FLOAT8MI, RULE_SUBTRACT, 0, 1, NONE, NONE},
	{F_INT8MI, RULE_SUBTRACT, 0, 1, NONE, NONE},
	{F_INT4MI, RULE_SUBTRACT, 0, 1, NONE, NONE},
	{F_INT84MI, RULE_SUBTRACT, 0, 1, NONE, NONE},
	{F_NUMERIC_MUL, RULE_TIMES, 0, 1, NONE, NONE},
	{F_FLOAT8MUL, RULE_TIMES, 0, 1, NONE, NONE},
	{F_INT8MUL, RULE_TIMES, 0, 1, NONE, NONE},
	{F_INT4MUL, RULE_TIMES, 0, 1, NONE, NONE},
	{F_INT84MUL, RULE_TIMES, 0, 1, NONE, NONE},
	{F_INT48MUL, RULE_TIMES, 0, 1, NONE, NONE},
	{F_FLOAT8DIV, RULE_DIVIDE, 0, 1, NONE, NONE},
	{F_NUMERIC_DIV, RULE_DIVIDE_NUMERIC, 0, 1, NONE, NONE},
	{F_INT8DIV, RULE_DIVIDE_WHOLE, 0, 1, NONE, NONE},
	{F_INT4DIV, RULE_DIVIDE_WHOLE, 0, 1, NONE, NONE},
	{F_INT84DIV, RULE_DIVIDE_WHOLE, 0, 1, NONE, NONE},
	{F_INTERVAL_MUL, RULE_TIMES_INTERVAL, 1, 0, NONE, NONE},
	{F_MUL_D_INTERVAL, RULE_TIMES_INTERVAL, 0, 1, NONE, NONE},

	{F_NUMERIC_GE, RULE_GREATER, 0, 1, NONE, NONE},
	{F_NUMERIC_GT, RULE_GREATER, 0, 1, NONE, NONE},
	{F_NUMERIC_LE, RULE_LESS, 0, 1, NONE, NONE},
	{F_NUMERIC_LT, RULE_LESS, 0, 1, NONE, NONE},
	{F_FLOAT8GE, RULE_GREATER, 0, 1, NONE, NONE},
	{F_FLOAT8GT, RULE_GREATER, 0, 1, NONE, NONE},
	{F_FLOAT8LE, RULE_LESS, 0, 1, NONE, NONE},
	{F_FLOAT8LT, RULE_LESS, 0, 1, NONE, NONE},
	{F_INT8GE, RULE_GREATER, 0, 1, NONE, NONE},
	{F_INT8GT, RULE_GREATER, 0, 1, NONE, NONE},
	{F_INT8LE, RULE_LESS, 0, 1, NONE, NONE},
	{F_INT8LT, RULE_LESS, 0, 1, NONE, NONE},
	{F_INT4GE, RULE_GREATER, 0, 1, NONE, NONE},
	{F_INT4GT, RULE_GREATER, 0, 1, NONE, NONE},
	{F_INT4LE, RULE_LESS, 0, 1, NONE, NONE},
	{F_INT4LT, RULE_LESS, 0, 1, NONE, NONE},
	{F_INT84GE, RULE_GREATER, 0, 1, NONE, NONE},
	{F_INT84GT, RULE_GREATER, 0, 1, NONE, NONE},
	{F_INT84LE, RULE_LESS, 0, 1, NONE, NONE},
	{F_INT84LT, RULE_LESS, 0, 1, NONE, NONE},
	{F_TIMESTAMPTZ_GE, RULE_GREATER, 0, 1, NONE, NONE},
	{F_TIMESTAMPTZ_GT, RULE_GREATER, 0, 1, NONE, NONE},
	{F_TIMESTAMPTZ_LE, RULE_LESS, 0, 1, NONE, NONE},
	{F_TIMESTAMPTZ_LT, RULE_LESS, 0, 1, NONE, NONE},
	{F_TIMESTAMP_GE, RULE_GREATER, 0, 1, NONE, NONE},
	{F_TIMESTAMP_GT, RULE_GREATER, 0, 1, NONE, NONE},
	{F_TIMESTAMP_LE, RULE_LESS, 0, 1, NONE, NONE},
	{F_TIMESTAMP_LT, RULE_LESS, 0, 1, NONE, NONE},
	{F_DATE_GE, RULE_GREATER, 0, 1, NONE, NONE},
	{F_DATE_GT, RULE_GREATER, 0, 1, NONE, NONE},
	{F_DATE_LE, RULE_LESS, 0, 1, NONE, NONE},
	{F_DATE_LT, RULE_LESS, 0, 1, NONE, NONE},
};

typedef struct KeyParse
{
	AttrNumber	column;
	Oid			type;
	bool		failed;			/* not understood */
	bool		guarded;		/* inside of what may not be evaluated */
	List	   *found;			/* the nodes of the arguments at hand */
} KeyParse;

static KeyNode *parse_node(Node *node, KeyParse *parse);

/* ---- functions ---- */

extern Datum territory_time_bucket(PG_FUNCTION_ARGS);
extern Datum territory_time_bucket_zone(PG_FUNCTION_ARGS);
extern Datum territory_time_bucket_date(PG_FUNCTION_ARGS);

/* is it ours? */
static bool
is_time_bucket(Oid function, int nargs, KeyFunction *found)
{
	HeapTuple	tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(function));
	Form_pg_proc form;
	FmgrInfo	info;
	bool		candidate;

	if (!HeapTupleIsValid(tuple))
		return false;
	form = (Form_pg_proc) GETSTRUCT(tuple);
	candidate = form->prolang == ClanguageId && strcmp(NameStr(form->proname), "time_bucket") == 0;
	ReleaseSysCache(tuple);
	if (!candidate)
		return false;
	fmgr_info(function, &info);
	*found = (KeyFunction){function, RULE_BIN, 1, 0, NONE, nargs > 2 ? 2 : NONE};
	if (info.fn_addr == territory_time_bucket_zone)
	{
		found->zone = 2;
		found->origin = nargs > 3 ? 3 : NONE;
	}
	return info.fn_addr == territory_time_bucket || info.fn_addr == territory_time_bucket_zone ||
		info.fn_addr == territory_time_bucket_date;
}

static bool
find_function(Oid function, int nargs, KeyFunction *found)
{
	if (function >= FirstNormalObjectId)
		return is_time_bucket(function, nargs, found);
	for (int i = 0; i < lengthof(functions); i++)
		if (functions[i].function == function)
		{
			*found = functions[i];
			return true;
		}
	return false;
}

static bool
is_foreign_function(Oid function, void *context)
{
	return function >= FirstNormalObjectId;
}

/* ---- nodes ---- */

static KeyNode *
make_node(KeyRule rule, Node *expr, List *args)
{
	KeyNode    *node = palloc0(sizeof(KeyNode));
	ListCell   *lc;

	node->rule = rule;
	node->expr = (Expr *) expr;
	node->type = exprType(expr);
	node->nargs = list_length(args);
	node->args = palloc(sizeof(KeyNode *) * Max(node->nargs, 1));
	node->coarse = true;
	foreach(lc, args)
	{
		KeyNode    *arg = lfirst(lc);

		node->args[foreach_current_index(lc)] = arg;
		node->coarse = node->coarse && arg->coarse;
	}
	return node;
}

static void
set_constant(KeyConstant *constant, List *args, int i)
{
	if (i < 0)
		return;
	constant->expr = list_nth(args, i);
	constant->type = exprType((Node *) constant->expr);
}

/* evaluating it cannot fail */
static bool
is_safe(const KeyConstant *constant)
{
	return constant->expr == NULL || IsA(constant->expr, Const) || IsA(constant->expr, Param);
}

static bool
makes_steps(const KeyNode *node)
{
	switch (node->rule)
	{
		case RULE_FIELD:
			if (IsA(node->param.expr, Const) && !((Const *) node->param.expr)->constisnull)
				return vector_key_field_is_coarse(DatumGetTextPP(((Const *) node->param.expr)->constvalue));
			return true;
		case RULE_TRUNC:
		case RULE_FORMAT:
		case RULE_DAY:
		case RULE_BIN:
		case RULE_STEP:
		case RULE_DIVIDE_WHOLE:
		case RULE_GREATER:
		case RULE_LESS:
			return true;
		default:
			return node->coarse;
	}
}

/* may the rule be used of these arguments, of which nodes are those that depend on the column? */
static bool
rule_applies(const KeyFunction *function, int nargs, KeyNode **nodes)
{
	if (function->rule == RULE_ADD)
		return true;
	for (int i = 0; i < nargs; i++)
		if ((nodes[i] != NULL) != (i == function->source))
			return false;
	return true;
}

/* the same function, but for the places of its arguments */
static void
turn_around(KeyFunction *function, KeyNode **nodes)
{
	if (function->rule == RULE_TIMES && nodes[0] == NULL)
	{
		function->source = 1;
		function->param = 0;
	}
	if ((function->rule == RULE_GREATER || function->rule == RULE_LESS) && nodes[0] == NULL)
	{
		function->rule = function->rule == RULE_GREATER ? RULE_LESS : RULE_GREATER;
		function->source = 1;
		function->param = 0;
	}
	if (function->rule == RULE_ADD && (nodes[0] == NULL || nodes[1] == NULL))
		function->param = nodes[0] == NULL ? 0 : 1;
	if ((function->function == F_TIMESTAMP_PL_INTERVAL || function->function == F_TIMESTAMPTZ_PL_INTERVAL) &&
		nodes[1] != NULL)
		function->rule = RULE_ADD_INTERVAL;
}

static KeyNode *
parse_call(Node *call, Oid oid, List *args, KeyParse *parse)
{
	KeyNode   **nodes = palloc0(sizeof(KeyNode *) * Max(list_length(args), 1));
	List	   *found = NIL;
	KeyFunction function = {0};
	KeyNode    *node;
	ListCell   *lc;
	bool		known = find_function(oid, list_length(args), &function);

	if (!known && is_foreign_function(oid, NULL))
		parse->failed = true;
	foreach(lc, args)
	{
		KeyNode    *arg = parse->failed ? NULL : parse_node(lfirst(lc), parse);

		nodes[foreach_current_index(lc)] = arg;
		if (arg)
			found = lappend(found, arg);
	}
	if (parse->failed || found == NIL)
		return NULL;
	node = make_node(RULE_PURE, call, found);
	node->function = oid;
	if (!known)
		return node;
	turn_around(&function, nodes);
	if (function.rule == RULE_ADD_INTERVAL)
		node->rule = parse->guarded ? RULE_PURE : RULE_ADD_INTERVAL;
	else if (rule_applies(&function, list_length(args), nodes))
	{
		set_constant(&node->param, args, function.param);
		set_constant(&node->zone, args, function.zone);
		set_constant(&node->origin, args, function.origin);
		node->session_zone = function.zone == SESSION_ZONE;
		if (!parse->guarded || (is_safe(&node->param) && is_safe(&node->zone) && is_safe(&node->origin) &&
								function.rule != RULE_BIN && (node->args[0]->rule == RULE_COLUMN || function.rule >= RULE_RISE)))
			node->rule = function.rule;
	}
	node->coarse = makes_steps(node);
	return node;
}

/* for expression_tree_walker: what a node is made of */
static bool
parse_part(Node *part, void *context)
{
	KeyParse   *parse = context;
	KeyNode    *node;

	if (part == NULL || parse->failed)
		return false;
	if (IsA(part, List))
		return expression_tree_walker(part, parse_part, context);
	node = parse_node(part, parse);
	if (node)
		parse->found = lappend(parse->found, node);
	return false;
}

static KeyNode *
parse_parts(Node *node, KeyParse *parse, bool guarded)
{
	KeyParse	parts = *parse;

	parts.guarded = parse->guarded || guarded;
	parts.found = NIL;
	if (check_functions_in_node(node, is_foreign_function, NULL) || exprType(node) >= FirstNormalObjectId)
		parts.failed = true;
	else
		expression_tree_walker(node, parse_part, (void *) &parts);
	parse->failed = parts.failed;
	parse->column = parts.column;
	parse->type = parts.type;
	if (parse->failed || parts.found == NIL)
		return NULL;
	return make_node(RULE_PURE, node, parts.found);
}

static KeyNode *
parse_column(Var *var, KeyParse *parse)
{
	KeyNode    *node;

	if (var->varattno <= 0 || var->varno == INNER_VAR || (parse->column != 0 && parse->column != var->varattno))
	{
		parse->failed = true;
		return NULL;
	}
	parse->column = var->varattno;
	parse->type = var->vartype;
	node = make_node(RULE_COLUMN, (Node *) var, NIL);
	node->coarse = var->vartype != TIMESTAMPOID && var->vartype != TIMESTAMPTZOID;
	return node;
}

/* NULL where the expression does not depend on a column, or is not understood */
static KeyNode *
parse_node(Node *node, KeyParse *parse)
{
	switch (nodeTag(node))
	{
		case T_Const:
		case T_Param:
		case T_SQLValueFunction:
		case T_CaseTestExpr:
			return NULL;
		case T_Var:
			return parse_column((Var *) node, parse);
		case T_RelabelType:
			return parse_node((Node *) ((RelabelType *) node)->arg, parse);
		case T_FuncExpr:
			return parse_call(node, ((FuncExpr *) node)->funcid, ((FuncExpr *) node)->args, parse);
		case T_OpExpr:
			set_opfuncid((OpExpr *) node);
			return parse_call(node, ((OpExpr *) node)->opfuncid, ((OpExpr *) node)->args, parse);
		case T_CoerceViaIO:
		case T_DistinctExpr:
		case T_NullIfExpr:
		case T_ScalarArrayOpExpr:
		case T_NullTest:
		case T_BooleanTest:
		case T_MinMaxExpr:
		case T_ArrayExpr:
			return parse_parts(node, parse, false);
		case T_BoolExpr:
		case T_CaseExpr:
		case T_CoalesceExpr:
			return parse_parts(node, parse, true);
		default:
			parse->failed = true;
			return NULL;
	}
}

/* what is known of an expression of one column; NULL where that is nothing */
KeyNode *
vector_key_parse(Node *expr, AttrNumber *column, Oid *type)
{
	KeyParse	parse = {0};
	KeyNode    *node = parse_node(expr, &parse);

	*column = parse.column;
	*type = parse.type;
	return parse.failed ? NULL : node;
}
