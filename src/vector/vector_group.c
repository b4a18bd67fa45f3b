/*
 * vector_group.c
 *	  The table of groups, within hash_mem.
 *
 * A group's keys and states lie together, groups one after the other in the
 * order in which they are met, which is that of entities and time.  Entities
 * have their buckets of time in the same order, so the group after the last one
 * is mostly that which followed it before: no hash is needed to find it.
 *
 * Where the groups do not fit, the table takes those whose hash lies in a
 * range, hands them out, and the rows are read again for the next range: sealed
 * rows cost little to read twice, and a group is never in two places.  A range
 * that turns out to be too wide is halved, and read from its beginning.
 */
#include "territory.h"

#include "executor/executor.h"
#include "miscadmin.h"
#include "utils/datum.h"
#include "utils/memutils.h"

#include "vector/vector_join.h"

#define NARROWEST ((uint64) 1 << 12)	/* what so few hashes hold is kept, whatever it takes */
#define GROUPS_PER_CHUNK 256
#define FIRST_SLOTS 256
#define GROUPS_AHEAD 16			/* that are on their way to the processor while one is handed out */
#define MOST_TRUST 1000			/* so many wrong successors in a row, and none is tried any more */
#define HASH_START UINT64CONST(0x9e3779b97f4a7c15)

void
vector_groups_begin(VectorState *state)
{
	state->low = 0;
	state->width = ALL_HASHES;
	state->key_values = palloc0(sizeof(Datum) * Max(state->nkeys, 1));
	state->key_nulls = palloc0(sizeof(bool) * Max(state->nkeys, 1));
	state->nulls_offset = sizeof(Datum) * state->nkeys;
	state->table_context = AllocSetContextCreate(CurrentMemoryContext, "territory groups", ALLOCSET_DEFAULT_SIZES);
	vector_cuts_begin(state);
}

/* ---- the table ---- */

static inline VectorGroup *
group_at(VectorState *state, int64 number)
{
	return (VectorGroup *) (state->table.chunks[number / GROUPS_PER_CHUNK] +
							(number % GROUPS_PER_CHUNK) * state->group_size);
}

/* one of table.n, in the order in which they were met */
VectorGroup *
vector_group_at(VectorState *state, int64 number)
{
	return group_at(state, number);
}

/* room for one more; what was given out before stays where it is */
static VectorGroup *
add_group(VectorState *state)
{
	GroupTable *table = &state->table;
	MemoryContext context = state->table_context;
	int64		number = table->n;
	int64		chunk = number / GROUPS_PER_CHUNK;

	if (number % GROUPS_PER_CHUNK == 0)
	{
		/* arrays double when a power of two is full */
		if (chunk == 0)
		{
			table->chunks = MemoryContextAlloc(context, sizeof(char *));
			table->successors = MemoryContextAlloc(context, sizeof(uint32) * GROUPS_PER_CHUNK);
		}
		else if ((chunk & (chunk - 1)) == 0)
		{
			table->chunks = repalloc_huge(table->chunks, sizeof(char *) * chunk * 2);
			table->successors = repalloc_huge(table->successors, sizeof(uint32) * GROUPS_PER_CHUNK * chunk * 2);
		}
		table->chunks[chunk] = MemoryContextAlloc(context, state->group_size * GROUPS_PER_CHUNK);
	}
	table->successors[number] = 0;
	table->n++;
	return group_at(state, number);
}

static void
place(GroupTable *table, GroupSlot slot)
{
	uint32		mask = table->nslots - 1;
	uint32		at = slot.hash & mask;

	while (table->slots[at].group != 0)
		at = (at + 1) & mask;
	table->slots[at] = slot;
}

/* so many slots, of which at most two thirds are taken */
static void
resize_slots(VectorState *state, uint32 nslots)
{
	GroupTable *table = &state->table;
	GroupSlot  *before = table->slots;
	uint32		nbefore = table->nslots;

	table->slots = MemoryContextAllocExtended(state->table_context, sizeof(GroupSlot) * nslots,
											  MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	table->nslots = nslots;
	for (uint32 i = 0; i < nbefore; i++)
		if (before[i].group != 0)
			place(table, before[i]);
	if (before)
		pfree(before);
}

/* no group yet */
void
vector_groups_reset(VectorState *state)
{
	ReScanExprContext(state->state_context);
	vector_order_forget(state);
	MemoryContextReset(state->table_context);
	memset(&state->table, 0, sizeof state->table);
	state->table.trust = MOST_TRUST;
	state->last = NULL;
	state->next = 0;
	vector_keys_reset(state);
	vector_cuts_reset(state);
	if (state->nkeys == 0)
	{
		state->ungrouped = add_group(state);
		vector_aggregates_start(state, state->ungrouped);
	}
	else
		resize_slots(state, FIRST_SLOTS);
}

static bool
is_full(VectorState *state)
{
	if (state->width <= NARROWEST || state->table.n % GROUPS_PER_CHUNK != 0 ||
		MemoryContextMemAllocated(state->table_context, true) +
		MemoryContextMemAllocated(state->state_context->ecxt_per_tuple_memory, true) <= get_hash_memory_limit())
		return false;
	/* partial groups may be handed out after this row or block, and begun anew */
	state->overfull = state->partial;
	return !state->partial;
}

/* ---- keys ---- */

/* of what is passed by value and shorter than a Datum, the bits that count */
static inline Datum
plain_key(const VectorKey *key, Datum value)
{
	switch (key->len)
	{
		case 1:
			return CharGetDatum(DatumGetChar(value));
		case 2:
			return Int16GetDatum(DatumGetInt16(value));
		case 4:
			return Int32GetDatum(DatumGetInt32(value));
		default:
			return value;
	}
}

/* bits that are near each other come out far apart, both ends of the hash alike */
static inline uint64
mix(uint64 hash, uint64 value)
{
	hash = (hash ^ value) * UINT64CONST(0xff51afd7ed558ccd);
	return hash ^ hash >> 32;
}

static uint32
hash_keys(VectorState *state)
{
	uint64		hash = HASH_START;

	for (int k = 0; k < state->nkeys; k++)
	{
		VectorKey  *key = &state->keys[k];
		uint64		bits = 0;

		if (!state->key_nulls[k])
			bits = key->plain ? state->key_values[k] :
				(uint64) DatumGetUInt32(FunctionCall1Coll(&key->hash, key->collation, state->key_values[k]));
		hash = mix(hash + k, bits);
	}
	hash *= UINT64CONST(0xc4ceb9fe1a85ec53);
	return (uint32) (hash >> 32);
}

/* are they the group's to the bit?  Then they are equal, whatever the type. */
static bool
group_has_same_keys(VectorState *state, VectorGroup *group)
{
	const bool *nulls = group_nulls(state, group);

	for (int k = 0; k < state->nkeys; k++)
	{
		Datum		mine = group_keys(group)[k];

		if (nulls[k] != state->key_nulls[k])
			return false;
		if (nulls[k] || mine == state->key_values[k])
			continue;
		if (state->keys[k].byval || !datumIsEqual(mine, state->key_values[k], false, state->keys[k].len))
			return false;
		vector_key_lives_on(state, k, state->key_values[k], mine);
	}
	return true;
}

static bool
group_has_keys(VectorState *state, VectorGroup *group)
{
	const bool *nulls = group_nulls(state, group);

	for (int k = 0; k < state->nkeys; k++)
	{
		VectorKey  *key = &state->keys[k];

		if (nulls[k] != state->key_nulls[k])
			return false;
		if (nulls[k] || group_keys(group)[k] == state->key_values[k])
			continue;
		if (key->plain ||
			!DatumGetBool(FunctionCall2Coll(&key->equal, key->collation, group_keys(group)[k], state->key_values[k])))
			return false;
	}
	return true;
}

static void
make_group(VectorState *state, uint32 hash)
{
	GroupTable *table = &state->table;
	VectorGroup *group;
	bool	   *nulls;

	if (table->n + 1 > (int64) table->nslots / 3 * 2)
	{
		if (table->nslots >= (uint32) 1 << 31)
			ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED), errmsg("too many groups")));
		resize_slots(state, table->nslots * 2);
	}
	place(table, (GroupSlot){hash, table->n + 1});
	group = add_group(state);
	nulls = group_nulls(state, group);
	for (int k = 0; k < state->nkeys; k++)
	{
		VectorKey  *key = &state->keys[k];
		MemoryContext old;

		nulls[k] = state->key_nulls[k];
		group_keys(group)[k] = nulls[k] ? (Datum) 0 : state->key_values[k];
		if (nulls[k] || key->byval || key->placed)
			continue;
		old = MemoryContextSwitchTo(state->table_context);
		group_keys(group)[k] = datumCopy(state->key_values[k], false, key->len);
		MemoryContextSwitchTo(old);
	}
	vector_aggregates_start(state, group);
}

/* a look-up ended here */
static VectorGroup *
remember_group(VectorState *state, int64 number)
{
	GroupTable *table = &state->table;

	if (state->last)
		table->successors[table->last] = number + 1;
	table->last = number;
	return state->last = group_at(state, number);
}

/* of what is compared by its bits, only those that count are left in key_values */
static void
trim_keys(VectorState *state)
{
	for (int k = 0; k < state->nkeys; k++)
		if (state->keys[k].plain && !state->keys[k].placed)
			state->key_values[k] = plain_key(&state->keys[k], state->key_values[k]);
}

static VectorGroup *
look_up(VectorState *state, uint32 hash, bool *full)
{
	GroupTable *table = &state->table;
	uint32		mask = table->nslots - 1;

	if (hash < state->low || hash >= state->low + state->width)
		return NULL;
	for (uint32 at = hash & mask; table->slots[at].group != 0; at = (at + 1) & mask)
	{
		int64		number = table->slots[at].group - 1;

		if (table->slots[at].hash == hash && group_has_keys(state, group_at(state, number)))
			return remember_group(state, number);
	}
	make_group(state, hash);
	*full = is_full(state);
	return remember_group(state, table->n - 1);
}

/*
 * The group of key_values.  *full: it is new and found no room.  NULL: the
 * group is not of this pass.
 */
VectorGroup *
vector_find_group(VectorState *state, bool *full)
{
	GroupTable *table = &state->table;

	if (state->nkeys == 0)
		return state->ungrouped;
	trim_keys(state);
	if (state->last && table->trust >= 0)
	{
		uint32		successor = table->successors[table->last];

		if (group_has_same_keys(state, state->last))
			return state->last;
		if (successor > 0 && group_has_same_keys(state, group_at(state, successor - 1)))
		{
			table->trust = MOST_TRUST;
			table->last = successor - 1;
			return state->last = group_at(state, successor - 1);
		}
		table->trust -= successor > 0;
	}
	return look_up(state, hash_keys(state), full);
}

/*
 * The same in two steps, for who asks for many groups: the hash of key_values,
 * whose slot is on its way to the processor while others are hashed ...
 */
uint32
vector_announce_group(VectorState *state)
{
	uint32		hash;

	trim_keys(state);
	hash = hash_keys(state);
	__builtin_prefetch(&state->table.slots[hash & (state->table.nslots - 1)]);
	return hash;
}

/* ... and, with the same key_values again, the group */
VectorGroup *
vector_find_announced(VectorState *state, uint32 hash, bool *full)
{
	trim_keys(state);
	return look_up(state, hash, full);
}

/* ---- rows in and out ---- */

/* a row that passed, in its memory context; false: the table is full */
bool
vector_add_row(VectorState *state, TupleTableSlot *slot)
{
	VectorGroup *group;
	bool		full = false;

	for (int k = 0; k < state->nkeys; k++)
	{
		VectorKey  *key = &state->keys[k];

		state->key_values[k] = key->form == KEY_JOINED ? vector_join_key(state, k, &state->key_nulls[k]) :
			ExecEvalExpr(key->expr, state->row_context, &state->key_nulls[k]);
		state->keys_evaluated += key->form != KEY_COLUMN && key->form != KEY_VALUE && key->form != KEY_JOINED;
	}
	group = vector_find_group(state, &full);
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

/* the groups of a pass, one after the other; NULL at the end */
VectorGroup *
vector_next_group(VectorState *state)
{
	uint32	   *numbers = state->order ? vector_order_numbers(state) : NULL;
	int64		n = state->table.n;

	if (state->next >= n)
		return NULL;
	if (numbers == NULL)
		return group_at(state, state->next++);
	/* neighbours in order are far from each other in memory */
	if (state->next + GROUPS_AHEAD < n)
		__builtin_prefetch(group_at(state, numbers[state->next + GROUPS_AHEAD]));
	return group_at(state, numbers[state->next++]);
}

/* a group's row, of which the slot's first columns are */
void
vector_group_row(VectorState *state, VectorGroup *group, TupleTableSlot *slot)
{
	memcpy(slot->tts_values, group_keys(group), sizeof(Datum) * state->nkeys);
	memcpy(slot->tts_isnull, group_nulls(state, group), sizeof(bool) * state->nkeys);
	vector_aggregates_finish(state, group, slot->tts_values + state->nkeys, slot->tts_isnull + state->nkeys);
}
