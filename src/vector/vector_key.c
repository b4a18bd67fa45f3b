/*
 * vector_key.c
 *	  Group keys that are the same for a stretch of a column's values.
 *
 * A bucket of time is asked for once per stretch, not once per row, and a
 * stretch that was found is remembered: every entity has rows in the same ones.
 * Where a key cannot fall while its column rises, what is the same at both ends
 * of a range is so in between, so the ends of a stretch are searched for.
 *
 * Nothing is evaluated that a row could not have: only at values of the column
 * between those of rows, which are no less and no more than what rows were
 * asked for or announced by vector_key_reach().
 */
#include "territory.h"

#include "catalog/pg_type.h"
#include "common/int.h"
#include "nodes/nodeFuncs.h"
#include "utils/datum.h"
#include "utils/fmgroids.h"
#include "utils/fmgrprotos.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "segment/column.h"
#include "vector/vector_join.h"
#include "vector/vector_key.h"

#define MOST_STRETCHES 262144	/* that are remembered of a key: 8 MB */
#define MOST_MOVED 4096			/* of them, to make room for one among them */
#define MOST_POINTS 4096		/* so many of them, at most, where each may be of one value */

/* of one key */
struct KeyMemory
{
	KeyNode    *node;
	Oid			type;			/* of the column */
	ColumnType	column;
	ExprContext *context;		/* for its evaluations ... */
	int64	   *evaluated;		/* ... and their number */
	TupleTableSlot *slot;		/* null but for the column */
	ValueRange	reach;			/* rows have values from here to there; from > to: nothing is known */
	int64		width;			/* of a stretch whose ends were found, or 0 */
	int			n;
	int			size;
	int			last;			/* where the one asked for before stands */
	KeyStretch *stretches;		/* ascending, without overlap */
	MemoryContext constants;
	MemoryContext keys;			/* of those that are passed by reference */
	MemoryContext keys_before;	/* of those forgotten last: who asked still has one */
};

/* ---- which keys are stretches ---- */

/* which column makes the key, and how */
KeyForm
vector_key_form(Node *key, AttrNumber *column)
{
	KeyNode    *node;
	Oid			type;

	*column = 0;
	if (vector_key_is_joined(key))
		return KEY_JOINED;
	if (vector_place_parse(key, column))
		return KEY_PLACE;
	node = vector_key_parse(key, column, &type);
	if (node == NULL)
		return KEY_ANY;
	switch (column_zone_kind(type))
	{
		case ZONE_INTEGER:
		case ZONE_OID:
			if (IsA(key, Var))
				return KEY_COLUMN;
			return node->coarse ? KEY_STRETCH : KEY_PURE;
		default:
			return IsA(key, Var) ? KEY_VALUE : KEY_PURE;
	}
}

/* ---- begin ---- */

static KeyMemory *
begin_memory(VectorState *state, VectorKey *key, Node *expr)
{
	KeyMemory  *memory = palloc0(sizeof(KeyMemory));
	TupleDesc	desc = RelationGetDescr(state->rel);

	memory->node = vector_key_parse(expr, &key->column, &memory->type);
	vector_key_begin_node(memory->node, &state->custom.ss.ps);
	column_type_init(&memory->column, TupleDescAttr(desc, key->column - 1));
	memory->evaluated = &state->keys_evaluated;
	memory->context = CreateExprContext(state->custom.ss.ps.state);
	memory->slot = ExecInitExtraTupleSlot(state->custom.ss.ps.state, desc, &TTSOpsVirtual);
	memset(memory->slot->tts_isnull, true, sizeof(bool) * desc->natts);
	memory->constants = AllocSetContextCreate(CurrentMemoryContext, "territory key constants", ALLOCSET_SMALL_SIZES);
	memory->keys = AllocSetContextCreate(CurrentMemoryContext, "territory keys", ALLOCSET_SMALL_SIZES);
	memory->keys_before = AllocSetContextCreate(CurrentMemoryContext, "territory keys", ALLOCSET_SMALL_SIZES);
	return memory;
}

/* an expression that is no group key, of form KEY_STRETCH */
void
vector_key_begin(VectorState *state, VectorKey *key, Node *expr)
{
	key->expr = ExecInitExpr((Expr *) expr, &state->custom.ss.ps);
	key->type = exprType(expr);
	get_typlenbyval(key->type, &key->len, &key->byval);
	key->form = vector_key_form(expr, &key->column);
	Assert(key->form == KEY_STRETCH);
	key->memory = begin_memory(state, key, expr);
}

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
		/* of a type that is a bigint by another name, too */
		key->plain = key->byval && (equality_is_plain(functions[k]) || key->equal.fn_addr == int8eq);
		key->form = vector_key_form(expr, &key->column);
		if (key->form == KEY_STRETCH)
			key->memory = begin_memory(state, key, expr);
		if (key->form == KEY_PLACE)
			key->place = vector_place_begin(state, key, expr);
	}
}

/* do equal keys of joined rows stand in one place as long as there are groups? */
void
vector_keys_placed(VectorState *state, bool placed)
{
	for (int k = 0; k < state->nkeys; k++)
	{
		VectorKey  *key = &state->keys[k];

		if (key->form == KEY_JOINED)
			key->plain = key->placed = placed;
	}
}

/* no stretch is remembered */
static void
forget(KeyMemory *memory)
{
	MemoryContext keys = memory->keys_before;

	MemoryContextReset(keys);
	memory->keys_before = memory->keys;
	memory->keys = keys;
	memory->n = memory->last = 0;
}

static void
reset_memory(KeyMemory *memory)
{
	if (memory == NULL)
		return;
	forget(memory);
	memory->reach = (ValueRange){PG_INT64_MAX, PG_INT64_MIN};
	vector_key_reset_node(memory->node);
	MemoryContextReset(memory->constants);
}

/* parameters or the session's time zone may have changed */
void
vector_keys_reset(VectorState *state)
{
	for (int k = 0; k < state->nkeys; k++)
	{
		reset_memory(state->keys[k].memory);
		if (state->keys[k].place)
			vector_place_reset(state->keys[k].place);
	}
	for (int q = 0; q < state->nstretch_quals; q++)
		reset_memory(state->stretch_quals[q].memory);
}

/* the key of rows with values of the column from one to the other will be asked for */
void
vector_key_reach(VectorKey *key, int64 from, int64 to)
{
	ValueRange *reach = &key->memory->reach;
	ValueRange	finite = {PG_INT64_MIN, PG_INT64_MAX};

	/* between a time and infinity, there are times that no sum has room for */
	if (key->memory->type == TIMESTAMPOID || key->memory->type == TIMESTAMPTZOID)
		finite = (ValueRange){MIN_TIMESTAMP, END_TIMESTAMP - 1};
	else if (key->memory->type == DATEOID)
		finite = (ValueRange){PG_INT32_MIN + 1, PG_INT32_MAX - 1};
	if (from >= finite.from && from <= finite.to)
	{
		reach->from = Min(reach->from, from);
		reach->to = Max(reach->to, from);
	}
	if (to >= finite.from && to <= finite.to)
	{
		reach->from = Min(reach->from, to);
		reach->to = Max(reach->to, to);
	}
}

/* ---- evaluations ---- */

/* a key where its column has this value, whatever the others have; it lives until the next one */
static Datum
key_at(VectorKey *key, int64 value, bool *isnull)
{
	KeyMemory  *memory = key->memory;
	TupleTableSlot *slot = memory->slot;

	(*memory->evaluated)++;
	ResetExprContext(memory->context);
	ExecClearTuple(slot);
	slot->tts_values[key->column - 1] = column_integer_datum(&memory->column, value);
	slot->tts_isnull[key->column - 1] = false;
	ExecStoreVirtualTuple(slot);
	memory->context->ecxt_scantuple = slot;
	return ExecEvalExprSwitchContext(key->expr, memory->context, isnull);
}

/* to the bit */
static bool
same_key(const VectorKey *key, Datum a, Datum b)
{
	return key->byval ? a == b : datum_image_eq(a, b, false, key->len);
}

static bool
is_same_at(VectorKey *key, const KeyStretch *stretch, int64 value)
{
	bool		isnull;
	Datum		other = key_at(key, value, &isnull);

	return !isnull && same_key(key, other, stretch->key);
}

/* ---- the ends of a stretch ---- */

/*
 * The key is the same from one value on, in the direction of sign, for how
 * many more values?  Of at most so many, among which it changes once or not at
 * all, and of them only multiples of step are looked at; guess: of just so many.
 */
static uint64
same_for(VectorKey *key, const KeyStretch *stretch, int64 from, int sign, uint64 most, uint64 guess, uint64 step)
{
	uint64		low = 0;		/* for so many steps, it is */
	uint64		high = most / step + 1; /* for so many it is not, or more than that are not asked for */
	uint64		stride = Max(key->memory->width / step / 16, 1);
	bool		ended = false;

#define IS_SAME(n) is_same_at(key, stretch, (int64) ((uint64) from + (sign > 0 ? (n) * step : -((n) * step))))
	guess /= step;
	if (guess < high)
	{
		if (guess > 0 && !IS_SAME(guess))
		{
			high = guess;
			ended = true;
		}
		else if (guess + 1 == high || !IS_SAME(guess + 1))
			return guess * step;
		else
			low = guess + 1;
	}
	while (high - low > 1)
	{
		uint64		next = ended ? low + (high - low) / 2 : Min(low + stride, high - 1);

		stride *= 2;
		if (IS_SAME(next))
			low = next;
		else
		{
			high = next;
			ended = true;
		}
	}
#undef IS_SAME
	return low * step;
}

/* back to the beginning; before is the stretch that is known before this one, or NULL */
static void
find_from(VectorKey *key, KeyStretch *stretch, ValueRange within, const KeyStretch *before, uint64 step)
{
	int64		width = key->memory->width;
	uint64		most;
	uint64		guess = 0;

	if (before && before->to >= within.from)
	{
		if (!before->isnull && same_key(key, before->key, stretch->key))
		{
			stretch->from = before->to + 1;
			return;
		}
		within.from = before->to + 1;
	}
	if (within.from >= stretch->from)
		return;
	most = (uint64) stretch->from - (uint64) within.from;
	if (width > 0)
		guess = before ? ((uint64) stretch->from - (uint64) before->to - 1) % width : Min(width / 2, most);
	stretch->from -= same_for(key, stretch, stretch->from, -1, most, guess, step);
}

static void
find_to(VectorKey *key, KeyStretch *stretch, ValueRange within, const KeyStretch *after, uint64 step)
{
	int64		width = key->memory->width;
	uint64		known = (uint64) stretch->to - (uint64) stretch->from + 1;
	uint64		most;

	if (after && after->from <= within.to)
	{
		if (!after->isnull && same_key(key, after->key, stretch->key))
		{
			stretch->to = after->from - 1;
			return;
		}
		within.to = after->from - 1;
	}
	if (within.to <= stretch->to)
		return;
	most = (uint64) within.to - (uint64) stretch->to;
	stretch->to += same_for(key, stretch, stretch->to, 1, most, width > known ? width - known : 0, step);
}

/* its ends as far as rows reach, between the stretches that are known beside it */
static void
find_ends(VectorKey *key, KeyStretch *stretch, const KeyFact *fact, const KeyStretch *before, const KeyStretch *after)
{
	KeyMemory  *memory = key->memory;
	ValueRange	within = {Max(fact->rises.from, memory->reach.from), Min(fact->rises.to, memory->reach.to)};
	uint64		step = (uint64) fact->same.to - (uint64) fact->same.from + 1;

	if (fact->rises.from < fact->same.from)
		find_from(key, stretch, within, before, step);
	if (fact->rises.to > fact->same.to)
		find_to(key, stretch, within, after, step);
	if (stretch->from > memory->reach.from && stretch->to < memory->reach.to &&
		pg_sub_s64_overflow(stretch->to, stretch->from - 1, &memory->width))
		memory->width = 0;
}

/* ---- what is remembered ---- */

/* the first stretch that ends at a value or after it */
static int
first_not_before(const KeyMemory *memory, int64 value)
{
	int			low = 0;
	int			high = memory->n;

	while (low < high)
	{
		int			middle = low + (high - low) / 2;

		if (memory->stretches[middle].to < value)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool
holds(const KeyMemory *memory, int i, int64 value)
{
	return i < memory->n && value >= memory->stretches[i].from && value <= memory->stretches[i].to;
}

/* does one stretch go on where the other ends? */
static bool
joins(const VectorKey *key, const KeyStretch *before, const KeyStretch *after)
{
	return before->to + 1 == after->from && before->isnull == after->isnull &&
		(before->isnull || same_key(key, before->key, after->key));
}

static void
insert_stretch(KeyMemory *memory, int i, const KeyStretch *stretch)
{
	if (memory->n == memory->size)
	{
		memory->size = memory->size == 0 ? 64 : memory->size * 2;
		memory->stretches = memory->stretches == NULL ?
			MemoryContextAlloc(GetMemoryChunkContext(memory), sizeof(KeyStretch) * memory->size) :
			repalloc(memory->stretches, sizeof(KeyStretch) * memory->size);
	}
	memmove(memory->stretches + i + 1, memory->stretches + i, sizeof(KeyStretch) * (memory->n - i));
	memory->stretches[i] = *stretch;
	memory->n++;
}

/* as the i-th, or as a part of those beside it */
static void
remember(VectorKey *key, int i, KeyStretch *stretch)
{
	KeyMemory  *memory = key->memory;
	KeyStretch *all = memory->stretches;

	if (i > 0 && joins(key, &all[i - 1], stretch))
	{
		all[--i].to = stretch->to;
		if (i + 1 < memory->n && joins(key, &all[i], &all[i + 1]))
		{
			all[i].to = all[i + 1].to;
			memmove(all + i + 1, all + i + 2, sizeof(KeyStretch) * (--memory->n - i - 1));
		}
	}
	else if (i < memory->n && joins(key, stretch, &all[i]))
		all[i].from = stretch->from;
	else
	{
		if (!key->byval && !stretch->isnull)
		{
			MemoryContext old = MemoryContextSwitchTo(memory->keys);

			stretch->key = datumCopy(stretch->key, false, key->len);
			MemoryContextSwitchTo(old);
		}
		insert_stretch(memory, i, stretch);
	}
	memory->last = i;
	*stretch = memory->stretches[i];
}

/* ---- what is asked for ---- */

static void
find_stretch(VectorKey *key, int64 value, KeyStretch *stretch)
{
	KeyMemory  *memory = key->memory;
	const KeyStretch *before,
			   *after;
	KeyFact		fact;
	Datum		own;
	int			i;

	i = first_not_before(memory, value);
	if (memory->n >= MOST_STRETCHES || memory->n - i > MOST_MOVED)
	{
		forget(memory);
		i = 0;
	}
	before = i > 0 ? &memory->stretches[i - 1] : NULL;
	after = i < memory->n ? &memory->stretches[i] : NULL;
	stretch->key = key_at(key, value, &stretch->isnull);
	fact = vector_key_fact(memory->node, memory->type, value, memory->context, memory->constants);
	stretch->from = before ? Max(fact.same.from, before->to + 1) : fact.same.from;
	stretch->to = after ? Min(fact.same.to, after->from - 1) : fact.same.to;
	if (stretch->from == stretch->to && fact.rises.from == fact.rises.to && memory->n >= MOST_POINTS)
		return;
	if (stretch->isnull)
	{
		remember(key, i, stretch);
		return;
	}
	/* evaluations elsewhere would overwrite it */
	own = stretch->key = datumCopy(stretch->key, key->byval, key->len);
	find_ends(key, stretch, &fact, before, after);
	remember(key, i, stretch);
	if (!key->byval)
		pfree(DatumGetPointer(own));
}

/*
 * What a key is at the value that a row has in its column, and the range around
 * it that is known to have the same key, in every bit.  A key that is passed by
 * reference lives until the next call for this key.
 */
void
vector_key_stretch(VectorKey *key, int64 value, KeyStretch *stretch)
{
	KeyMemory  *memory = key->memory;

	if (!holds(memory, memory->last, value) && !holds(memory, ++memory->last, value))
		memory->last = first_not_before(memory, value);
	if (holds(memory, memory->last, value))
	{
		*stretch = memory->stretches[memory->last];
		return;
	}
	vector_key_reach(key, value, value);
	find_stretch(key, value, stretch);
}

/* does the key never fall from one value of its column to the other, both of which rows have? */
bool
vector_key_rises(VectorState *state, int k, int64 from, int64 to)
{
	VectorKey  *key = &state->keys[k];
	KeyMemory  *memory = key->memory;
	KeyFact		fact;
	bool		isnull;

	if (memory == NULL)
		return false;			/* nothing is known of it */
	key_at(key, from, &isnull);
	fact = vector_key_fact(memory->node, memory->type, from, memory->context, memory->constants);
	return fact.rises.from <= from && fact.rises.to >= to && !fact.falls;
}

/*
 * A key that is passed by reference has a copy that lives until the next reset:
 * from now on the stretch has that, and who compares finds the same pointer.
 */
void
vector_key_lives_on(VectorState *state, int k, Datum key, Datum copy)
{
	VectorKey  *asked = &state->keys[k];
	KeyMemory  *memory = asked->memory;

	if (memory == NULL)
		return;
	if (memory->last < memory->n && memory->stretches[memory->last].key == key)
		memory->stretches[memory->last].key = copy;
	if (asked->here.key == key)
		asked->here.key = copy;
}

/* is the key the same, and which, for all values of its column from one to the other, which rows have? */
bool
vector_key_between(VectorKey *key, int64 from, int64 to, Datum *value, bool *isnull)
{
	KeyStretch	first,
				last;

	if (key->memory == NULL)
		return false;
	vector_key_reach(key, from, to);
	vector_key_stretch(key, from, &first);
	if (first.to < to)
	{
		int64		evaluated = *key->memory->evaluated;

		/* stretches that are found may grow together */
		vector_key_stretch(key, to, &last);
		if (*key->memory->evaluated > evaluated)
			vector_key_stretch(key, from, &first);
	}
	*value = first.key;
	*isnull = first.isnull;
	return first.to >= to;
}
