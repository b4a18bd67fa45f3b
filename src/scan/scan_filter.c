/*
 * scan_filter.c
 *	  Quals of a scan evaluated on decoded vectors of a block.
 *
 * Comparisons with values that zone keys tell apart, = ANY, IS NULL, booleans,
 * tests of boxes, built-in operators on one column, and AND, OR and NOT of these
 * become a tree;
 * a tree gives two bytes a row, is true and is false (neither: null).  Columns
 * are decoded as trees ask for them, and a column whose zone map answers is not.
 * Other quals are left to core's evaluation, row by row, of the rows that pass;
 * where such a qual implies a test of boxes, or comparisons, those hide rows first.
 *
 * Invariant: a row that an earlier qual hides is shown to no function that may
 * tell of it.  Trees of zone keys call none; a tree that calls an operator which
 * is not leakproof, or tests boxes, is used only where all quals before it are
 * trees, or no qual of the query hides rows from others.
 */
#include "territory.h"

#include "access/htup_details.h"
#include "access/stratnum.h"
#include "access/sysattr.h"
#include "access/transam.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "common/hashfn.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/clauses.h"
#include "optimizer/optimizer.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/syscache.h"

#include "codec/codec_stream.h"
#include "scan/scan.h"
#include "scan/scan_filter.h"
#include "segment/key_mask.h"

#define CALL_CACHE 64			/* distinct values whose answer is remembered */

typedef enum FilterKind
{
	FILTER_KEY,					/* column op value, by zone keys */
	FILTER_NULL,				/* column IS NULL */
	FILTER_CALL,				/* column op value, by the operator's function */
	FILTER_AND,
	FILTER_OR,
	FILTER_NOT,
	FILTER_SURE,				/* null counts as false */
} FilterKind;

typedef struct FilterNode
{
	FilterKind	kind;
	List	   *args;
	int			column;			/* from 0 */
	bool		leaky;			/* calls a function that is not leakproof */

	/* FILTER_KEY and FILTER_CALL */
	ExprState  *value;			/* NULL: a comparison with true */
	bool		value_null;		/* and so it is null for every row */

	List	   *spec;
	PruneKey	key;
	bool		usable;			/* key says something of the values of now */
	bool		nothing;		/* = ANY of nothing: false even for null */

	FunctionCallInfo call;
	bool		column_first;
} FilterNode;

typedef struct FilterClause
{
	Expr	   *expr;
	FilterNode *node;			/* NULL: not ours */
	bool		decided;		/* by node, with the values of now */
	bool		guarded;		/* there may be quals that hide rows from it */
	bool		early;			/* no such qual is left to core, with the values of now */
	List	   *implied;		/* FilterNodes: conditions that hold wherever the clause does */
} FilterClause;

struct ScanFilter
{
	PlanState  *parent;
	Index		relid;
	MemoryContext context;
	MemoryContext value_context;	/* of the values of now */
	int			nclauses;
	FilterClause *clauses;
	List	   *quals;
	bool		has_subplans;	/* they are compiled as a whole */

	/* what is left to core */
	bool		rest_known;
	Bitmapset  *rest_members;	/* clauses */
	ExprState  *rest;
	Bitmapset  *rest_columns;
	int64		removed;
};

/* of each row of a block */
typedef struct Truth
{
	uint8	   *yes;
	uint8	   *no;
} Truth;

/* ---- from expressions ---- */

static FilterNode *make_node(ScanFilter *filter, Node *expr);

static FilterNode *
new_node(FilterKind kind, List *args)
{
	FilterNode *node = palloc0(sizeof(FilterNode));
	ListCell   *lc;

	node->kind = kind;
	node->args = args;
	foreach(lc, args)
		node->leaky = node->leaky || ((FilterNode *) lfirst(lc))->leaky;
	return node;
}

static Var *
plain_column(ScanFilter *filter, Node *node)
{
	while (node && IsA(node, RelabelType))
		node = (Node *) ((RelabelType *) node)->arg;
	if (node && IsA(node, Var) && ((Var *) node)->varno == filter->relid && ((Var *) node)->varattno > 0)
		return (Var *) node;
	return NULL;
}

/* does the value stay the same for all rows? */
static bool
is_value(Node *node)
{
	if (IsA(node, Var) && ((Var *) node)->varno == INNER_VAR)
		return true;			/* of the row that a join has at hand */
	return !contain_var_clause(node) && !contain_volatile_functions(node) && !contain_subplans(node);
}

/* a boolean column as a comparison with true */
static FilterNode *
boolean_node(ScanFilter *filter, Node *expr)
{
	Var		   *column = plain_column(filter, expr);
	FilterNode *node;

	if (column == NULL || getBaseType(column->vartype) != BOOLOID)
		return NULL;
	node = new_node(FILTER_KEY, NIL);
	node->column = column->varattno - 1;
	node->key.attno = column->varattno;
	node->key.zone = ZONE_INTEGER;
	node->key.strategy = BTEqualStrategyNumber;
	node->key.key = true;
	node->key.decides = true;
	node->usable = true;
	return node;
}

static FilterNode *
key_node(ScanFilter *filter, Node *expr)
{
	List	   *spec;
	Node	   *value;
	FilterNode *node;

	if (!scan_prune_spec(NULL, filter->relid, expr, &spec, &value) || value == NULL || !is_value(value))
		return NULL;
	node = new_node(FILTER_KEY, NIL);
	node->column = list_nth_int(spec, PRUNE_ATTNO) - 1;
	node->leaky = list_nth_int(spec, PRUNE_FORM) == PRUNE_BOX;
	node->spec = spec;
	node->value = ExecInitExpr((Expr *) value, filter->parent);
	return node;
}

/* the same with the negated operator: x <> 1, x <> ALL ('{1,2}') */
static FilterNode *
negated_key_node(ScanFilter *filter, Node *expr)
{
	FilterNode *node = NULL;
	Oid			negator;

	if (IsA(expr, OpExpr) && list_length(((OpExpr *) expr)->args) == 2)
	{
		negator = get_negator(((OpExpr *) expr)->opno);
		if (OidIsValid(negator))
		{
			OpExpr	   *copy = copyObject((OpExpr *) expr);

			copy->opno = negator;
			copy->opfuncid = get_opcode(negator);
			node = key_node(filter, (Node *) copy);
		}
	}
	else if (IsA(expr, ScalarArrayOpExpr) && !((ScalarArrayOpExpr *) expr)->useOr)
	{
		negator = get_negator(((ScalarArrayOpExpr *) expr)->opno);
		if (OidIsValid(negator))
		{
			ScalarArrayOpExpr *copy = copyObject((ScalarArrayOpExpr *) expr);

			copy->opno = negator;
			copy->opfuncid = get_opcode(negator);
			copy->useOr = true;
			node = key_node(filter, (Node *) copy);
		}
	}
	return node ? new_node(FILTER_NOT, list_make1(node)) : NULL;
}

/* built in, strict and without side effects: nothing else is called for rows that the query may never ask for */
static bool
may_call(Oid function, bool *leakproof)
{
	HeapTuple	tuple;
	Form_pg_proc proc;
	bool		result;

	if (function >= FirstNormalObjectId)
		return false;
	tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(function));
	if (!HeapTupleIsValid(tuple))
		return false;
	proc = (Form_pg_proc) GETSTRUCT(tuple);
	result = proc->proisstrict && proc->provolatile == PROVOLATILE_IMMUTABLE && !proc->proretset &&
		proc->prorettype == BOOLOID && proc->pronargs == 2;
	*leakproof = proc->proleakproof;
	ReleaseSysCache(tuple);
	return result;
}

static FilterNode *
call_node(ScanFilter *filter, Node *expr)
{
	OpExpr	   *op = (OpExpr *) expr;
	FilterNode *node;
	Var		   *column;
	Node	   *value;
	bool		first,
				leakproof;
	FmgrInfo   *function;

	if (!IsA(expr, OpExpr) || list_length(op->args) != 2 || !may_call(op->opfuncid, &leakproof))
		return NULL;
	column = plain_column(filter, linitial(op->args));
	first = column != NULL;
	if (!first)
		column = plain_column(filter, lsecond(op->args));
	value = first ? lsecond(op->args) : linitial(op->args);
	if (column == NULL || !is_value(value))
		return NULL;
	node = new_node(FILTER_CALL, NIL);
	node->leaky = !leakproof;
	node->column = column->varattno - 1;
	node->column_first = first;
	node->value = ExecInitExpr((Expr *) value, filter->parent);
	function = palloc0(sizeof(FmgrInfo));
	fmgr_info(op->opfuncid, function);
	fmgr_info_set_expr(expr, function);
	node->call = palloc0(SizeForFunctionCallInfo(2));
	InitFunctionCallInfoData(*node->call, function, 2, op->inputcollid, NULL, NULL);
	return node;
}

static FilterNode *
bool_expr_node(ScanFilter *filter, BoolExpr *expr)
{
	List	   *args = NIL;
	ListCell   *lc;

	foreach(lc, expr->args)
	{
		FilterNode *arg = make_node(filter, lfirst(lc));

		if (arg == NULL)
			return NULL;
		args = lappend(args, arg);
	}
	return new_node(expr->boolop == AND_EXPR ? FILTER_AND : expr->boolop == OR_EXPR ? FILTER_OR : FILTER_NOT, args);
}

static FilterNode *
null_test_node(ScanFilter *filter, NullTest *expr)
{
	Var		   *column = plain_column(filter, (Node *) expr->arg);
	FilterNode *node;

	if (column == NULL || expr->argisrow)
		return NULL;
	node = new_node(FILTER_NULL, NIL);
	node->column = column->varattno - 1;
	return expr->nulltesttype == IS_NULL ? node : new_node(FILTER_NOT, list_make1(node));
}

static FilterNode *
boolean_test_node(ScanFilter *filter, BooleanTest *expr)
{
	FilterNode *node = make_node(filter, (Node *) expr->arg);

	if (node == NULL || expr->booltesttype == IS_UNKNOWN || expr->booltesttype == IS_NOT_UNKNOWN)
		return NULL;
	if (expr->booltesttype == IS_FALSE || expr->booltesttype == IS_NOT_FALSE)
		node = new_node(FILTER_NOT, list_make1(node));
	node = new_node(FILTER_SURE, list_make1(node));
	if (expr->booltesttype == IS_NOT_TRUE || expr->booltesttype == IS_NOT_FALSE)
		node = new_node(FILTER_NOT, list_make1(node));
	return node;
}

/* NULL where the expression is none of ours */
static FilterNode *
make_node(ScanFilter *filter, Node *expr)
{
	FilterNode *node = NULL;

	switch (nodeTag(expr))
	{
		case T_Var:
		case T_RelabelType:
			return boolean_node(filter, expr);
		case T_BoolExpr:
			return bool_expr_node(filter, (BoolExpr *) expr);
		case T_NullTest:
			return null_test_node(filter, (NullTest *) expr);
		case T_BooleanTest:
			return boolean_test_node(filter, (BooleanTest *) expr);
		case T_OpExpr:
		case T_ScalarArrayOpExpr:
			node = key_node(filter, expr);
			if (node == NULL)
				node = negated_key_node(filter, expr);
			/* keys of these merge values */
			if (node == NULL || (node->kind == FILTER_KEY && !scan_prune_decides(node->spec)) ||
				(node->kind == FILTER_NOT && !scan_prune_decides(((FilterNode *) linitial(node->args))->spec)))
			{
				FilterNode *call = call_node(filter, expr);

				node = call ? call : node;
			}
			return node;
		default:
			return NULL;
	}
}

/* relid: how the quals name the table */
ScanFilter *
scan_filter_begin(List *quals, Index relid, PlanState *parent)
{
	ScanFilter *filter = palloc0(sizeof(ScanFilter));
	ListCell   *lc;

	filter->parent = parent;
	filter->relid = relid;
	filter->context = CurrentMemoryContext;
	filter->value_context = AllocSetContextCreate(CurrentMemoryContext, "territory filter values",
												  ALLOCSET_SMALL_SIZES);
	filter->quals = quals;
	filter->clauses = palloc0(sizeof(FilterClause) * Max(list_length(quals), 1));
	foreach(lc, quals)
	{
		FilterClause *clause = &filter->clauses[filter->nclauses++];

		clause->expr = lfirst(lc);
		clause->guarded = true;
		clause->node = make_node(filter, (Node *) clause->expr);
		filter->has_subplans = filter->has_subplans || contain_subplans((Node *) clause->expr);
	}
	return filter;
}

static FilterClause *
clause_of(ScanFilter *filter, Node *qual)
{
	for (int c = 0; c < filter->nclauses; c++)
		if ((Node *) filter->clauses[c].expr == qual)
			return &filter->clauses[c];
	return NULL;
}

/* what quals imply among their prune specs, tests of boxes too, of which the filter has some, with their values */
void
scan_filter_imply(ScanFilter *filter, List *quals, List *specs, ExprState **values)
{
	ListCell   *lc;

	foreach(lc, specs)
	{
		List	   *spec = lfirst(lc);
		FilterClause *clause = clause_of(filter, list_nth(quals, list_nth_int(spec, PRUNE_QUAL)));
		FilterNode *node;

		if (clause == NULL || (list_nth_int(spec, PRUNE_FORM) != PRUNE_BOX && !list_nth_int(spec, PRUNE_LOSSY)))
			continue;
		clause->guarded = list_nth_int(spec, PRUNE_GUARDED);
		if (clause->node)
			continue;
		node = new_node(FILTER_KEY, NIL);
		node->column = list_nth_int(spec, PRUNE_ATTNO) - 1;
		node->leaky = true;
		node->spec = spec;
		node->value = values[foreach_current_index(lc)];
		clause->implied = lappend(clause->implied, node);
	}
}

/* ---- the values of now ---- */

/* do keys tell all about a comparison with this value, which is not null? */
static bool
start_key(FilterNode *node, Datum value)
{
	node->nothing = false;
	node->usable = true;
	if (scan_prune_key(node->spec, value, &node->key, &node->usable))
	{
		if (node->usable && node->key.decides && node->key.box)
			scan_box_may_call(node->spec, value, &node->key);
		return node->usable && node->key.decides;
	}
	/* = ANY without a value that could be equal */
	node->value_null = node->key.any_null;
	node->nothing = !node->key.any_null;
	return true;
}

/* does the tree tell all about its rows, with these values? */
static bool
start_node(FilterNode *node, ExprContext *econtext)
{
	ListCell   *lc;
	bool		decides = true;
	Datum		value;

	foreach(lc, node->args)
		decides = start_node(lfirst(lc), econtext) && decides;
	if (node->value == NULL)
		return decides;
	value = ExecEvalExpr(node->value, econtext, &node->value_null);
	if (node->kind == FILTER_CALL)
	{
		NullableDatum *arg = &node->call->args[node->column_first ? 1 : 0];

		arg->value = value;
		arg->isnull = node->value_null;
		return true;
	}
	return node->value_null || start_key(node, value);
}

/* core's evaluation of these clauses; a scan that is started again and again has mostly the same */
static void
compile_rest(ScanFilter *filter, Bitmapset *members)
{
	MemoryContext old = MemoryContextSwitchTo(filter->context);
	List	   *quals = NIL;
	Bitmapset  *attributes = NULL;

	for (int c = 0; c < filter->nclauses; c++)
		if (bms_is_member(c, members))
			quals = lappend(quals, filter->clauses[c].expr);
	if (quals != NIL && filter->has_subplans)
		quals = filter->quals;
	pull_varattnos((Node *) quals, filter->relid, &attributes);
	filter->rest_columns = NULL;
	for (int i = bms_next_member(attributes, -1); i >= 0; i = bms_next_member(attributes, i))
	{
		int			attno = i + FirstLowInvalidHeapAttributeNumber;

		filter->rest_columns = bms_add_member(filter->rest_columns, Max(attno, 0));
	}
	filter->rest = ExecInitQual(quals, filter->parent);
	filter->rest_members = bms_copy(members);
	filter->rest_known = true;
	MemoryContextSwitchTo(old);
}

/* a comparison by itself, or so much of one as its key tells */
static bool
is_key(const FilterNode *node)
{
	return node && node->kind == FILTER_KEY && !node->value_null && !node->nothing && node->usable;
}

/* which clauses are decided by vectors with the parameters of now */
void
scan_filter_start(ScanFilter *filter, ExprContext *econtext)
{
	Bitmapset  *left = NULL;
	MemoryContext old;

	MemoryContextReset(filter->value_context);
	old = MemoryContextSwitchTo(filter->value_context);
	for (int c = 0; c < filter->nclauses; c++)
	{
		FilterClause *clause = &filter->clauses[c];
		ListCell   *lc;

		clause->early = left == NULL || !clause->guarded;
		clause->decided = clause->node && start_node(clause->node, econtext) && (clause->early || !clause->node->leaky);
		foreach(lc, clause->implied)
			start_node(lfirst(lc), econtext);
		if (!clause->decided)
			left = bms_add_member(left, c);
	}
	MemoryContextSwitchTo(old);
	if (!filter->rest_known || !bms_equal(left, filter->rest_members))
		compile_rest(filter, left);
}

/* what is to be asked of the rows that the scan gives: NULL for nothing */
ExprState *
scan_filter_rest(ScanFilter *filter)
{
	return filter->rest;
}

/* the columns that it reads; 0 stands for more than columns */
Bitmapset *
scan_filter_rest_columns(ScanFilter *filter)
{
	return filter->rest_columns;
}

/* rows that vectors hid since the filter began */
int64
scan_filter_removed(ScanFilter *filter)
{
	return filter->removed;
}

/* ---- blocks ---- */

static void evaluate(FilterNode *node, SealedScan *scan, Truth *truth);

static Truth
new_truth(int rows)
{
	Truth		truth = {palloc(rows), palloc(rows)};

	return truth;
}

static void
set_all(Truth *truth, int rows, bool yes, bool no)
{
	memset(truth->yes, yes, rows);
	memset(truth->no, no, rows);
}

CODEC_CLONES static void
invert(const uint8 *out, int n, Truth *truth)
{
	for (int i = 0; i < n; i++)
	{
		truth->yes[i] = !out[i];
		truth->no[i] = out[i];
	}
}

CODEC_CLONES static void
join_and(Truth *a, const Truth *b, int n)
{
	for (int i = 0; i < n; i++)
	{
		a->yes[i] &= b->yes[i];
		a->no[i] |= b->no[i];
	}
}

CODEC_CLONES static void
join_or(Truth *a, const Truth *b, int n)
{
	for (int i = 0; i < n; i++)
	{
		a->yes[i] |= b->yes[i];
		a->no[i] &= b->no[i];
	}
}

CODEC_CLONES static void
flag_others(const uint8 *yes, int n, uint8 *dead)
{
	for (int i = 0; i < n; i++)
		dead[i] |= !yes[i];
}

CODEC_CLONES static void
flag_not(const bool *nulls, int n, uint8 *no)
{
	for (int i = 0; i < n; i++)
		no[i] &= !nulls[i];
}

static void
evaluate_key(FilterNode *node, SealedScan *scan, Truth *truth)
{
	int			rows = sealed_scan_block_rows(scan);
	ZoneMap		zone;
	uint8	   *out;

	if (node->nothing)
		set_all(truth, rows, false, true);
	else if (node->value_null)
		set_all(truth, rows, false, false);
	else
	{
		out = palloc0(rows);
		sealed_scan_pass_key(scan, &node->key, out);
		invert(out, rows, truth);
		if (node->key.any_null)
			memset(truth->no, false, rows);
		else if (!segment_block_zone(&scan->reader, scan->block, node->column + 1, &zone) || zone.nulls > 0)
			flag_not(sealed_scan_nulls(scan, node->column), rows, truth->no);
	}
}

static void
evaluate_null(FilterNode *node, SealedScan *scan, Truth *truth)
{
	int			rows = sealed_scan_block_rows(scan);
	const bool *nulls;
	ZoneMap		zone;

	if (segment_block_zone(&scan->reader, scan->block, node->column + 1, &zone) &&
		(zone.nulls == 0 || zone.nulls == rows))
	{
		set_all(truth, rows, zone.nulls > 0, zone.nulls == 0);
		return;
	}
	nulls = sealed_scan_nulls(scan, node->column);
	for (int i = 0; i < rows; i++)
	{
		truth->yes[i] = nulls[i];
		truth->no[i] = !truth->yes[i];
	}
}

/* answers to values that came lately; neighbours are often equal */
typedef struct CallCache
{
	bool		used[CALL_CACHE];
	bool		answers[CALL_CACHE];
	Datum		values[CALL_CACHE];
} CallCache;

static bool
call(FilterNode *node, Datum value)
{
	node->call->args[node->column_first ? 0 : 1].value = value;
	node->call->args[node->column_first ? 0 : 1].isnull = false;
	node->call->isnull = false;
	return DatumGetBool(FunctionCallInvoke(node->call)) && !node->call->isnull;
}

/* of plain varlenas only: others are compared faster than looked up */
static bool
call_cached(FilterNode *node, CallCache *cache, Datum value)
{
	const char *bytes = VARDATA_ANY(DatumGetPointer(value));
	int			len = VARSIZE_ANY_EXHDR(DatumGetPointer(value));
	int			place;
	Datum		there;

	if (VARATT_IS_COMPRESSED(DatumGetPointer(value)) || VARATT_IS_EXTERNAL(DatumGetPointer(value)))
		return call(node, value);
	place = hash_bytes((const unsigned char *) bytes, len) % CALL_CACHE;
	there = cache->values[place];
	if (cache->used[place] && VARSIZE_ANY_EXHDR(DatumGetPointer(there)) == (Size) len &&
		memcmp(VARDATA_ANY(DatumGetPointer(there)), bytes, len) == 0)
		return cache->answers[place];
	cache->used[place] = true;
	cache->values[place] = value;
	return cache->answers[place] = call(node, value);
}

/* what the function gives lives as long as the block, so it should give nothing but a boolean */
static void
evaluate_call(FilterNode *node, SealedScan *scan, Truth *truth)
{
	int			rows = sealed_scan_block_rows(scan);
	bool		varlena = scan->types[node->column].len == -1;
	CallCache  *cache = palloc0(sizeof(CallCache));
	const Datum *values;
	const bool *nulls;

	set_all(truth, rows, false, false);
	if (node->value_null)
		return;
	sealed_scan_decode(scan, node->column);
	values = scan->values[node->column];
	nulls = scan->nulls[node->column];
	for (int i = 0; i < rows; i++)
	{
		if ((scan->dead && scan->dead[i]) || nulls[i])
			continue;
		truth->yes[i] = varlena ? call_cached(node, cache, values[i]) : call(node, values[i]);
		truth->no[i] = !truth->yes[i];
	}
}

static void
evaluate_list(FilterNode *node, SealedScan *scan, Truth *truth)
{
	int			rows = sealed_scan_block_rows(scan);
	ListCell   *lc;

	evaluate(linitial(node->args), scan, truth);
	for_each_from(lc, node->args, 1)
	{
		Truth		more = new_truth(rows);

		evaluate(lfirst(lc), scan, &more);
		if (node->kind == FILTER_AND)
			join_and(truth, &more, rows);
		else
			join_or(truth, &more, rows);
	}
}

static void
evaluate(FilterNode *node, SealedScan *scan, Truth *truth)
{
	uint8	   *yes;

	switch (node->kind)
	{
		case FILTER_KEY:
			evaluate_key(node, scan, truth);
			break;
		case FILTER_NULL:
			evaluate_null(node, scan, truth);
			break;
		case FILTER_CALL:
			evaluate_call(node, scan, truth);
			break;
		case FILTER_AND:
		case FILTER_OR:
			evaluate_list(node, scan, truth);
			break;
		case FILTER_NOT:
			evaluate(linitial(node->args), scan, truth);
			yes = truth->yes;
			truth->yes = truth->no;
			truth->no = yes;
			break;
		case FILTER_SURE:
			evaluate(linitial(node->args), scan, truth);
			memset(truth->no, false, sealed_scan_block_rows(scan));
			flag_others(truth->yes, sealed_scan_block_rows(scan), truth->no);
			break;
	}
}

/* sealed_scan.h's SealedFilter */
static int
filter_block(SealedScan *scan, void *arg)
{
	ScanFilter *filter = arg;
	int			rows = sealed_scan_block_rows(scan);
	int			before = scan->dead ? key_mask_left(scan->dead, rows) : rows;
	int			left = before;

	for (int c = 0; c < filter->nclauses && left > 0; c++)
	{
		FilterClause *clause = &filter->clauses[c];
		ListCell   *lc;

		foreach(lc, clause->implied)
			if (clause->early && is_key(lfirst(lc)))
				left = sealed_scan_pass_key(scan, &((FilterNode *) lfirst(lc))->key, NULL);
		if (is_key(clause->node) && (clause->early || !clause->node->leaky))
			left = sealed_scan_pass_key(scan, &clause->node->key, NULL);
		else if (clause->decided)
		{
			Truth		truth = new_truth(rows);

			evaluate(clause->node, scan, &truth);
			if (memchr(truth.yes, false, rows) == NULL)
				continue;
			flag_others(truth.yes, rows, sealed_scan_dead(scan));
			left = key_mask_left(scan->dead, rows);
		}
	}
	filter->removed += before - left;
	return left;
}

/*
 * Flags in hidden, among the rows of the open block that it does not flag, those
 * that a decided clause hides.  What the scan knows of its own rows stays.
 */
void
scan_filter_mark(ScanFilter *filter, SealedScan *scan, uint8 *hidden)
{
	uint8	   *dead = scan->dead;
	int			first = scan->first_left;
	int			end = scan->end_left;

	scan->dead = hidden;
	scan->first_left = 0;
	scan->end_left = sealed_scan_block_rows(scan);
	scan->lent = true;
	filter_block(scan, filter);
	scan->lent = false;
	scan->dead = dead;
	scan->first_left = first;
	scan->end_left = end;
}

/* the scan passes over rows that a decided clause hides; without filter, over those that its keys exclude */
void
scan_filter_attach(ScanFilter *filter, SealedScan *scan)
{
	scan->filter = filter ? filter_block : NULL;
	scan->filter_arg = filter;
}
