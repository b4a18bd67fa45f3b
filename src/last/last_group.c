/*
 * last_group.c
 *	  The table of groups and their winners, within hash_mem.
 *
 * Positions stand for first sort keys: zone keys, turned over where the order
 * falls, so that the least is the best and a zone map bounds them.  Several
 * values may share a position (numerics, nulls and the ends of time): between
 * those the sort keys themselves decide.
 *
 * Where the groups do not fit, the table takes those whose hash lies in a
 * range, as TerritoryAggregate's does.
 */
#include "territory.h"

#include "executor/executor.h"
#include "miscadmin.h"
#include "utils/datum.h"
#include "utils/memutils.h"

#include "last/last.h"

#define NARROWEST ((uint64) 1 << 12)	/* what so few hashes hold is kept, whatever it takes */
#define GROUPS_PER_CHECK 64

static Size
winner_size(LastState *state)
{
	return offsetof(LastWinner, sorts) + sizeof(NullableDatum) * state->nsorts;
}

void
last_groups_begin(LastState *state, List *equal)
{
	TupleDesc	table = RelationGetDescr(state->rel);
	TupleDesc	desc = CreateTemplateTupleDesc(state->nkeys);
	Oid		   *operators = palloc(sizeof(Oid) * state->nkeys);

	state->low = 0;
	state->width = (uint64) 1 << 32;
	state->key_columns = palloc(sizeof(AttrNumber) * state->nkeys);
	state->key_collations = palloc(sizeof(Oid) * state->nkeys);
	state->key_exact = palloc(sizeof(bool) * state->nkeys);
	state->found_keys = palloc0(sizeof(Datum) * state->nkeys);
	state->found_nulls = palloc0(sizeof(bool) * state->nkeys);
	state->keys_byval = true;
	for (int k = 0; k < state->nkeys; k++)
	{
		Form_pg_attribute att = TupleDescAttr(table, state->keys[k] - 1);
		ColumnType	type;

		column_type_init(&type, att);
		state->key_columns[k] = k + 1;
		state->key_collations[k] = att->attcollation;
		state->key_exact[k] = type.zone == ZONE_INTEGER || type.zone == ZONE_OID;
		state->keys_byval = state->keys_byval && att->attbyval;
		operators[k] = list_nth_oid(equal, k);
		TupleDescCopyEntry(desc, k + 1, table, state->keys[k]);
	}
	execTuplesHashPrepare(state->nkeys, operators, &state->key_equal, &state->key_hash);
	state->key_slot = ExecInitExtraTupleSlot(state->custom.ss.ps.state, desc, &TTSOpsVirtual);
	state->group_slot = ExecInitExtraTupleSlot(state->custom.ss.ps.state, desc, &TTSOpsMinimalTuple);
	state->table_context = AllocSetContextCreate(CurrentMemoryContext, "territory winners", ALLOCSET_DEFAULT_SIZES);
	state->hash_context = AllocSetContextCreate(CurrentMemoryContext, "territory winner look-up",
												ALLOCSET_SMALL_SIZES);
}

/* no group yet */
void
last_groups_reset(LastState *state)
{
	MemoryContext old;

	ExecClearTuple(state->group_slot);
	MemoryContextReset(state->table_context);
	state->found = NULL;
	state->entries = NULL;
	state->ngroups = state->next = 0;
	old = MemoryContextSwitchTo(state->table_context);
	state->table = compat_build_group_table(&state->custom.ss.ps, state->key_slot->tts_tupleDescriptor, state->nkeys,
											state->key_columns, state->key_equal, state->key_hash,
											state->key_collations, winner_size(state), state->table_context,
											state->hash_context);
	MemoryContextSwitchTo(old);
}

static bool
is_full(LastState *state)
{
	return state->width > NARROWEST && state->ngroups % GROUPS_PER_CHECK == 0 &&
		MemoryContextMemAllocated(state->table_context, true) + state->ngroups * sizeof(TupleHashEntry) >
		get_hash_memory_limit();
}

/* keys of the last look-up that found a group are passed by reference, and their memory goes */
void
last_forget_found(LastState *state)
{
	if (!state->keys_byval)
		state->found = NULL;
}

/* are the keys those of the last look-up that found a group?  Equal bits are equal values. */
static bool
are_found_keys(LastState *state)
{
	TupleTableSlot *slot = state->key_slot;

	if (state->found == NULL)
		return false;
	for (int k = 0; k < state->nkeys; k++)
	{
		Form_pg_attribute att = TupleDescAttr(slot->tts_tupleDescriptor, k);

		if (slot->tts_isnull[k] != state->found_nulls[k] ||
			(!slot->tts_isnull[k] &&
			 !(att->attbyval ? slot->tts_values[k] == state->found_keys[k] :
			   datumIsEqual(slot->tts_values[k], state->found_keys[k], false, att->attlen))))
			return false;
	}
	return true;
}

static void
remember(LastState *state, LastWinner *winner)
{
	state->found = winner;
	memcpy(state->found_keys, state->key_slot->tts_values, sizeof(Datum) * state->nkeys);
	memcpy(state->found_nulls, state->key_slot->tts_isnull, sizeof(bool) * state->nkeys);
}

static LastWinner *
look_up(LastState *state, bool *isnew, bool *of_pass)
{
	TupleHashEntry entry;
	LastWinner *winner = NULL;
	uint32		hash;

	MemoryContextReset(state->hash_context);
	hash = TupleHashTableHash(state->table, state->key_slot);
	*of_pass = hash >= state->low && hash < state->low + state->width;
	if (!*of_pass)
		return NULL;
	entry = LookupTupleHashEntryHash(state->table, state->key_slot, isnew, hash);
	if (entry)
		winner = compat_group_data(state->table, entry, isnew && *isnew, winner_size(state), state->table_context);
	if (winner)
		remember(state, winner);
	return winner;
}

/* the winner of the group whose keys are in key_slot; NULL: none yet, or the group is of another pass */
LastWinner *
last_find(LastState *state, bool *of_pass)
{
	*of_pass = true;
	if (are_found_keys(state))
		return state->found;
	return look_up(state, NULL, of_pass);
}

static void
forget_sorts(LastState *state, LastWinner *winner)
{
	for (int i = 0; i < state->nsorts; i++)
		if (!state->sorts[i].byval && !winner->sorts[i].isnull)
			pfree(DatumGetPointer(winner->sorts[i].value));
}

/*
 * A row wins the group of key_slot, which had this winner, or none.  False:
 * there is no room for the group.
 */
bool
last_take(LastState *state, LastWinner *winner, int64 position, const NullableDatum *sorts, ItemPointer tid)
{
	bool		fits = true;
	MemoryContext old;

	if (winner)
		forget_sorts(state, winner);
	else
	{
		bool		isnew,
					of_pass;

		winner = look_up(state, &isnew, &of_pass);
		Assert(of_pass && isnew);
		state->ngroups++;
		fits = !is_full(state);
	}
	old = MemoryContextSwitchTo(state->table_context);
	winner->position = position;
	winner->tid = *tid;
	for (int i = 0; i < state->nsorts; i++)
	{
		winner->sorts[i].isnull = sorts[i].isnull;
		winner->sorts[i].value = sorts[i].isnull ? (Datum) 0 :
			datumCopy(sorts[i].value, state->sorts[i].byval, state->sorts[i].len);
	}
	MemoryContextSwitchTo(old);
	return fits;
}

/* ---- order ---- */

int64
last_position(LastState *state, Datum value, bool isnull)
{
	int64		key;

	if (state->nsorts == 0)
		return 0;
	if (isnull)
		return state->sorts[0].support.ssup_nulls_first ? PG_INT64_MIN : PG_INT64_MAX;
	key = column_zone_key(state->lead_zone, value);
	return state->descending ? ~key : key;
}

/* no row of the zone of the first sort key has a better position; zone may be NULL */
int64
last_bound(LastState *state, const ZoneMap *zone)
{
	if (state->nsorts == 0)
		return 0;
	if (zone == NULL || zone->kind != state->lead_zone)
		return PG_INT64_MIN;	/* could be anything */
	if (zone->nulls > 0 && state->sorts[0].support.ssup_nulls_first)
		return PG_INT64_MIN;
	if (!zone->has_values)
		return PG_INT64_MAX;
	return state->descending ? ~zone->max : zone->min;
}

/* may rows from this position on hold a better one? */
bool
last_may_beat(LastState *state, const LastWinner *winner, int64 bound)
{
	if (state->nsorts == 0 || bound > winner->position)
		return false;
	/* whoever is equal to the winner in all that is sorted by does not beat it */
	return bound < winner->position || state->nsorts > 1 ||
		!(state->lead_zone == ZONE_INTEGER || state->lead_zone == ZONE_OID) ||
		bound == PG_INT64_MIN || bound == PG_INT64_MAX;
}

bool
last_beats(LastState *state, const LastWinner *winner, int64 position, const NullableDatum *sorts)
{
	if (position != winner->position)
		return position < winner->position;
	for (int i = 0; i < state->nsorts; i++)
	{
		int			order = ApplySortComparator(sorts[i].value, sorts[i].isnull, winner->sorts[i].value,
												winner->sorts[i].isnull, &state->sorts[i].support);

		if (order != 0)
			return order < 0;
	}
	return false;
}

/* ---- the pass is over ---- */

static int
compare_entries(const void *a, const void *b, void *arg)
{
	LastState  *state = arg;
	LastWinner *x = compat_group_data(state->table, *(TupleHashEntry *) a, false, 0, NULL);
	LastWinner *y = compat_group_data(state->table, *(TupleHashEntry *) b, false, 0, NULL);

	return ItemPointerCompare(&y->tid, &x->tid);
}

/*
 * All groups in the order of their winners' TIDs: segment by segment, then hot
 * ones.  Backwards: segments that were looked at last are those that the
 * backend still has the headers of.
 */
void
last_collect(LastState *state)
{
	TupleHashIterator iterator;
	TupleHashEntry entry;
	int64		n = 0;

	state->entries = MemoryContextAllocHuge(state->table_context, sizeof(TupleHashEntry) * (state->ngroups + 1));
	InitTupleHashIterator(state->table, &iterator);
	while ((entry = ScanTupleHashTable(state->table, &iterator)) != NULL)
		state->entries[n++] = entry;
	Assert(n == state->ngroups);
	qsort_arg(state->entries, n, sizeof(TupleHashEntry), compare_entries, state);
	state->next = 0;
}
