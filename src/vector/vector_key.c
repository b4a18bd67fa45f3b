/*
 * vector_key.c
 *	  Group keys that are the same for a stretch of a column's values.
 *
 * A bucket of time is asked for once per stretch, not once per row: where a key
 * cannot fall while its column rises, what is the same at both ends of a
 * stretch is so in between.  What is not known to be so is evaluated on every
 * row.
 */
#include "territory.h"

#include "datatype/timestamp.h"
#include "miscadmin.h"
#include "nodes/nodeFuncs.h"
#include "pgtime.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/timestamp.h"

#include "vector/vector.h"

#define MOST_TRIES 4			/* to find the end of a stretch */

/* ---- which keys are stretches ---- */

static bool
is_constant(Node *node)
{
	return IsA(node, Const) && !((Const *) node)->constisnull;
}

/* which column makes the key, and how; only keys that are passed by value are compared */
KeyForm
vector_key_form(Node *key, AttrNumber *column)
{
	FuncExpr   *call = (FuncExpr *) key;
	KeyForm		form;
	Node	   *arg;

	*column = 0;
	if (IsA(key, Var) && ((Var *) key)->varattno > 0)
	{
		*column = ((Var *) key)->varattno;
		switch (column_zone_kind(((Var *) key)->vartype))
		{
			case ZONE_INTEGER:
			case ZONE_OID:
				return KEY_COLUMN;
			default:
				return KEY_ANY;
		}
	}
	if (!IsA(key, FuncExpr))
		return KEY_ANY;
	switch (call->funcid)
	{
		case F_DATE_BIN_INTERVAL_TIMESTAMP_TIMESTAMP:
		case F_DATE_BIN_INTERVAL_TIMESTAMPTZ_TIMESTAMPTZ:
			if (!is_constant(linitial(call->args)) || !is_constant(lthird(call->args)))
				return KEY_ANY;
			arg = lsecond(call->args);
			form = KEY_RISING;
			break;
		case F_DATE_TRUNC_TEXT_TIMESTAMP:
		case F_DATE_TRUNC_TEXT_TIMESTAMPTZ:
			if (!is_constant(linitial(call->args)))
				return KEY_ANY;
			arg = lsecond(call->args);
			form = call->funcid == F_DATE_TRUNC_TEXT_TIMESTAMP ? KEY_RISING : KEY_LOCAL;
			break;
		case F_DATE_TIMESTAMP:
		case F_DATE_TIMESTAMPTZ:
			arg = linitial(call->args);
			form = call->funcid == F_DATE_TIMESTAMP ? KEY_RISING : KEY_LOCAL;
			break;
		default:
			return KEY_ANY;
	}
	if (!IsA(arg, Var) || ((Var *) arg)->varattno <= 0)
		return KEY_ANY;
	*column = ((Var *) arg)->varattno;
	return form;
}

/* ---- begin ---- */

/* is equality of the type that of its bits? */
static bool
equality_is_plain(Oid function)
{
	switch (function)
	{
		case F_INT2EQ:
		case F_INT4EQ:
		case F_INT8EQ:
		case F_OIDEQ:
		case F_BOOLEQ:
		case F_CHAREQ:
		case F_DATE_EQ:
		case F_TIME_EQ:
		case F_TIMESTAMP_EQ:
		case F_TIMESTAMPTZ_EQ:
		case F_ENUM_EQ:
			return true;
		default:
			return false;
	}
}

void
vector_keys_begin(VectorState *state, List *exprs, List *equal)
{
	Oid		   *operators = palloc(sizeof(Oid) * Max(state->nkeys, 1));
	Oid		   *functions;
	FmgrInfo   *hashes;

	state->keys = palloc0(sizeof(VectorKey) * Max(state->nkeys, 1));
	state->keys_plain = true;
	for (int k = 0; k < state->nkeys; k++)
		operators[k] = list_nth_oid(equal, k);
	execTuplesHashPrepare(state->nkeys, operators, &functions, &hashes);
	for (int k = 0; k < state->nkeys; k++)
	{
		VectorKey  *key = &state->keys[k];
		Node	   *expr = list_nth(exprs, k);

		key->expr = ExecInitExpr((Expr *) expr, &state->custom.ss.ps);
		key->type = exprType(expr);
		key->collation = exprCollation(expr);
		get_typlenbyval(key->type, &key->len, &key->byval);
		fmgr_info(functions[k], &key->equal);
		key->hash = hashes[k];
		key->plain = key->byval && equality_is_plain(functions[k]);
		key->form = vector_key_form(expr, &key->column);
		state->keys_plain = state->keys_plain && key->plain;
	}
}

/* parameters or the session's time zone may have changed */
void
vector_keys_reset(VectorState *state)
{
	for (int k = 0; k < state->nkeys; k++)
		state->keys[k].known = false;
}

/* ---- stretches ---- */

/* does the session's time zone keep its offset from one time to the other? */
static bool
one_offset(TimestampTz from, TimestampTz to)
{
	pg_time_t	start,
				boundary;
	long		before,
				after;
	int			before_dst,
				after_dst;
	int			found;

	if (TIMESTAMP_NOT_FINITE(from) || TIMESTAMP_NOT_FINITE(to))
		return from == to;
	start = timestamptz_to_time_t(from) - 1;
	found = pg_next_dst_boundary(&start, &before, &before_dst, &boundary, &after, &after_dst, session_timezone);
	return found == 0 || (found == 1 && boundary > timestamptz_to_time_t(to) + 1);
}

/* a key where its column has this value, whatever the others have */
static Datum
key_at(VectorState *state, VectorKey *key, Datum value, bool *isnull)
{
	TupleTableSlot *slot = state->sealed_slot;

	ExecClearTuple(slot);
	slot->tts_values[key->column - 1] = value;
	slot->tts_isnull[key->column - 1] = false;
	ExecStoreVirtualTuple(slot);
	state->row_context->ecxt_scantuple = slot;
	return ExecEvalExprSwitchContext(key->expr, state->row_context, isnull);
}

/* what is the same at both ends is so in between */
static bool
may_bisect(VectorKey *key, int64 from, int64 to)
{
	if (TIMESTAMP_NOT_FINITE(from) || TIMESTAMP_NOT_FINITE(to))
		return from == to;
	return key->form == KEY_RISING || (key->form == KEY_LOCAL && one_offset(from, to));
}

static void
find_stretch(VectorState *state, VectorKey *key, int64 value)
{
	KeyStretch *stretch = &key->stretch;
	int64		width = key->known && stretch->to > stretch->from ? stretch->to - stretch->from : USECS_PER_DAY;

	stretch->from = stretch->to = value;
	stretch->key = key_at(state, key, Int64GetDatum(value), &stretch->isnull);
	key->known = key->byval;
	for (int tries = 0; key->plain && !stretch->isnull && tries < MOST_TRIES && width > 0; tries++, width /= 2)
	{
		int64		end;
		bool		isnull;

		if (pg_add_s64_overflow(value, width, &end) || !may_bisect(key, value, end))
			continue;
		if (key_at(state, key, Int64GetDatum(end), &isnull) == stretch->key && !isnull)
		{
			stretch->to = end;
			break;
		}
	}
}

/*
 * What a key is at this value of its column, and as far around it as a few
 * evaluations tell.  A key that is passed by reference lives until the next
 * row.
 */
void
vector_key_stretch(VectorState *state, int k, int64 value, KeyStretch *stretch)
{
	VectorKey  *key = &state->keys[k];

	if (!key->known || value < key->stretch.from || value > key->stretch.to)
		find_stretch(state, key, value);
	*stretch = key->stretch;
}

/* is the key the same, and which, for all values of its column from one to the other? */
bool
vector_key_between(VectorState *state, int k, int64 from, int64 to, Datum *value, bool *isnull)
{
	VectorKey  *key = &state->keys[k];
	KeyStretch	first,
				last;

	if (key->form == KEY_ANY || key->form == KEY_COLUMN || !key->plain)
		return false;
	vector_key_stretch(state, k, from, &first);
	*value = first.key;
	*isnull = first.isnull;
	if (first.to >= to)
		return true;
	if (!may_bisect(key, from, to))
		return false;
	vector_key_stretch(state, k, to, &last);
	return !first.isnull && !last.isnull && first.key == last.key;
}
