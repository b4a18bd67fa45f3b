/*
 * vector_group.c
 *	  The table of groups, within hash_mem.
 *
 * Where the groups do not fit, the table takes those whose hash lies in a
 * range, hands them out, and the rows are read again for the next range: sealed
 * rows cost little to read twice, and a group is never in two places.  A range
 * that turns out to be too wide is halved, and read from its beginning.
 */
#include "territory.h"

#include "executor/executor.h"
#include "miscadmin.h"
#include "nodes/nodeFuncs.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

#include "vector/vector_join.h"

#define NARROWEST ((uint64) 1 << 12)	/* what so few hashes hold is kept, whatever it takes */
#define GROUPS_PER_CHECK 64

void
vector_groups_begin(VectorState *state, List *exprs, List *equal)
{
	EState	   *estate = state->custom.ss.ps.state;
	TupleDesc	desc = CreateTemplateTupleDesc(Max(state->nkeys, 1));
	Oid		   *operators = palloc(sizeof(Oid) * Max(state->nkeys, 1));
	ListCell   *lc;

	state->low = 0;
	state->width = (uint64) 1 << 32;
	if (state->nkeys == 0)
		return;
	state->keys = palloc(sizeof(ExprState *) * state->nkeys);
	state->key_columns = palloc(sizeof(AttrNumber) * state->nkeys);
	state->key_collations = palloc(sizeof(Oid) * state->nkeys);
	state->last_keys = palloc0(sizeof(Datum) * state->nkeys);
	state->last_nulls = palloc0(sizeof(bool) * state->nkeys);
	state->keys_byval = true;
	foreach(lc, exprs)
	{
		Node	   *expr = lfirst(lc);
		int			i = foreach_current_index(lc);

		state->keys[i] = ExecInitExpr((Expr *) expr, &state->custom.ss.ps);
		state->key_columns[i] = i + 1;
		state->key_collations[i] = exprCollation(expr);
		operators[i] = list_nth_oid(equal, i);
		/* a key of a joined row is where that row is */
		state->keys_byval = state->keys_byval && (get_typbyval(exprType(expr)) || vector_key_is_joined(expr));
		TupleDescInitEntry(desc, i + 1, "key", exprType(expr), exprTypmod(expr), 0);
		TupleDescInitEntryCollation(desc, i + 1, exprCollation(expr));
	}
	execTuplesHashPrepare(state->nkeys, operators, &state->key_equal, &state->key_hash);
	state->key_slot = ExecInitExtraTupleSlot(estate, desc, &TTSOpsVirtual);
	state->group_slot = ExecInitExtraTupleSlot(estate, desc, &TTSOpsMinimalTuple);
	state->table_context = AllocSetContextCreate(CurrentMemoryContext, "territory groups", ALLOCSET_DEFAULT_SIZES);
	state->hash_context = AllocSetContextCreate(CurrentMemoryContext, "territory group look-up",
												ALLOCSET_SMALL_SIZES);
}

/* no group yet */
void
vector_groups_reset(VectorState *state)
{
	Size		size = sizeof(AggregateValue) * state->naggregates;
	MemoryContext old;

	ReScanExprContext(state->state_context);
	state->last = NULL;
	state->ngroups = 0;
	if (state->nkeys == 0)
	{
		if (state->ungrouped == NULL)
			state->ungrouped = MemoryContextAlloc(state->custom.ss.ps.state->es_query_cxt, Max(size, 1));
		vector_aggregates_start(state, state->ungrouped);
		return;
	}
	ExecClearTuple(state->group_slot);
	MemoryContextReset(state->table_context);
	old = MemoryContextSwitchTo(state->table_context);
	state->table = compat_build_group_table(&state->custom.ss.ps, state->key_slot->tts_tupleDescriptor,
											state->nkeys, state->key_columns, state->key_equal, state->key_hash,
											state->key_collations, size, state->table_context,
											state->hash_context);
	MemoryContextSwitchTo(old);
}

static bool
is_full(VectorState *state)
{
	return state->width > NARROWEST && state->ngroups % GROUPS_PER_CHECK == 0 &&
		MemoryContextMemAllocated(state->table_context, true) +
		MemoryContextMemAllocated(state->state_context->ecxt_per_tuple_memory, true) > get_hash_memory_limit();
}

/* is the row's group that of the row before?  Equal bits are equal values. */
static bool
is_last_group(VectorState *state)
{
	TupleTableSlot *slot = state->key_slot;

	if (state->last == NULL)
		return false;
	for (int i = 0; i < state->nkeys; i++)
		if (slot->tts_isnull[i] != state->last_nulls[i] ||
			(!slot->tts_isnull[i] && slot->tts_values[i] != state->last_keys[i]))
			return false;
	return true;
}

static void
remember_group(VectorState *state, AggregateValue *group)
{
	if (!state->keys_byval)
		return;
	state->last = group;
	memcpy(state->last_keys, state->key_slot->tts_values, sizeof(Datum) * state->nkeys);
	memcpy(state->last_nulls, state->key_slot->tts_isnull, sizeof(bool) * state->nkeys);
}

/*
 * The group of the keys in key_slot.  *full: it is new and found no room.  NULL
 * without that: the group is not of this pass.
 */
AggregateValue *
vector_find_group(VectorState *state, bool *full)
{
	TupleTableSlot *slot = state->key_slot;
	Size		size = sizeof(AggregateValue) * state->naggregates;
	TupleHashEntry entry;
	AggregateValue *group;
	uint32		hash;
	bool		isnew;

	if (is_last_group(state))
		return state->last;
	MemoryContextReset(state->hash_context);
	hash = TupleHashTableHash(state->table, slot);
	if (hash < state->low || hash >= state->low + state->width)
		return NULL;
	entry = LookupTupleHashEntryHash(state->table, slot, &isnew, hash);
	group = compat_group_data(state->table, entry, isnew, size, state->table_context);
	if (isnew)
	{
		vector_aggregates_start(state, group);
		state->ngroups++;
		*full = is_full(state);
	}
	remember_group(state, group);
	return group;
}

static void
evaluate_keys(VectorState *state)
{
	TupleTableSlot *slot = state->key_slot;

	ExecClearTuple(slot);
	for (int i = 0; i < state->nkeys; i++)
		slot->tts_values[i] = state->key_forms[i] == KEY_JOINED ? vector_join_key(state, i, &slot->tts_isnull[i]) :
			ExecEvalExpr(state->keys[i], state->row_context, &slot->tts_isnull[i]);
	ExecStoreVirtualTuple(slot);
}

/* a row that passed, in its memory context; false: the table is full */
bool
vector_add_row(VectorState *state, TupleTableSlot *slot)
{
	AggregateValue *group = state->ungrouped;
	bool		full = false;

	if (state->nkeys > 0)
	{
		evaluate_keys(state);
		group = vector_find_group(state, &full);
	}
	if (group && !full)
		vector_aggregates_advance(state, group, slot);
	return !full;
}

/* false: the table is full, and the pass has to be a narrower one */
bool
vector_take_row(VectorState *state, TupleTableSlot *slot)
{
	ExprContext *context = state->row_context;
	MemoryContext old;
	bool		taken;

	ResetExprContext(context);
	context->ecxt_scantuple = slot;
	if (state->quals && !ExecQual(state->quals, context))
	{
		InstrCountFiltered2(&state->custom, 1);
		return true;
	}
	old = MemoryContextSwitchTo(context->ecxt_per_tuple_memory);
	taken = state->join ? vector_join_take_row(state, slot) : vector_add_row(state, slot);
	MemoryContextSwitchTo(old);
	return taken;
}

/* a group's row, of which the slot's first columns are */
void
vector_group_row(VectorState *state, TupleHashEntry entry, TupleTableSlot *slot)
{
	AggregateValue *group = state->ungrouped;

	if (entry)
	{
		TupleTableSlot *keys = state->group_slot;

		ExecStoreMinimalTuple(compat_group_keys(entry), keys, false);
		slot_getallattrs(keys);
		memcpy(slot->tts_values, keys->tts_values, sizeof(Datum) * state->nkeys);
		memcpy(slot->tts_isnull, keys->tts_isnull, sizeof(bool) * state->nkeys);
		group = compat_group_data(state->table, entry, false, 0, NULL);
	}
	vector_aggregates_finish(state, group, slot->tts_values + state->nkeys, slot->tts_isnull + state->nkeys);
}
