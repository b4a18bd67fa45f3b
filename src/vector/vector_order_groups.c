/*
 * vector_order_groups.c
 *	  Numbers of groups, sorted by their keys.
 *
 * Sort keys come one after the other, the least important first, each by a
 * stable radix sort of 64 bit ranks: groups come in the order of entities and
 * time, so that many a pass finds its ranks in order, and there are as many
 * passes as the ranks have digits.  The rank of an integer, a time or a float is
 * its distance from the least; of other types, values that are equal get one
 * rank, and only these are compared with each other.
 */
#include "territory.h"

#include "executor/executor.h"
#include "port/pg_bitutils.h"
#include "utils/datum.h"
#include "utils/memutils.h"

#include "vector/vector_order.h"

#define DIGIT_BITS 11
#define DIGITS (1 << DIGIT_BITS)
#define FIRST_VALUES 64			/* in the dictionary */
#define NO_VALUE PG_UINT32_MAX	/* null */

typedef struct RankedGroup
{
	uint64		rank;
	uint32		group;
} RankedGroup;

/* values that are not equal, in the order in which they were met */
typedef struct Dictionary
{
	VectorKey  *key;
	uint32		n;
	uint32		room;
	Datum	   *values;
	uint32	   *hashes;
	uint32	   *slots;			/* number + 1, twice as many as there is room for */
} Dictionary;

typedef struct ComparedValue
{
	Datum		value;
	uint32		number;
} ComparedValue;

/* ---- ranks of values that can only be compared ---- */

static void
place(Dictionary *values, uint32 number)
{
	uint32		mask = values->room * 2 - 1;
	uint32		at = values->hashes[number] & mask;

	while (values->slots[at] != 0)
		at = (at + 1) & mask;
	values->slots[at] = number + 1;
}

static void
make_room(Dictionary *values)
{
	values->room = values->room == 0 ? FIRST_VALUES : values->room * 2;
	values->values = values->values ? repalloc_huge(values->values, sizeof(Datum) * values->room) :
		palloc(sizeof(Datum) * values->room);
	values->hashes = values->hashes ? repalloc_huge(values->hashes, sizeof(uint32) * values->room) :
		palloc(sizeof(uint32) * values->room);
	if (values->slots)
		pfree(values->slots);
	values->slots = palloc_extended(sizeof(uint32) * 2 * values->room, MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	for (uint32 i = 0; i < values->n; i++)
		place(values, i);
}

static uint32
number_of(Dictionary *values, Datum value)
{
	VectorKey  *key = values->key;
	uint32		hash,
				mask;

	/* the last one again, to the bit? */
	if (values->n > 0 && (value == values->values[values->n - 1] ||
						  (!key->byval && datumIsEqual(value, values->values[values->n - 1], false, key->len))))
		return values->n - 1;
	hash = DatumGetUInt32(FunctionCall1Coll(&key->hash, key->collation, value));
	if (values->n == values->room)
		make_room(values);
	mask = values->room * 2 - 1;
	for (uint32 at = hash & mask; values->slots[at] != 0; at = (at + 1) & mask)
	{
		uint32		number = values->slots[at] - 1;

		if (values->hashes[number] == hash &&
			DatumGetBool(FunctionCall2Coll(&key->equal, key->collation, values->values[number], value)))
			return number;
	}
	values->values[values->n] = value;
	values->hashes[values->n] = hash;
	place(values, values->n);
	return values->n++;
}

static int
compare_values(const void *a, const void *b, void *arg)
{
	return ApplySortComparator(((const ComparedValue *) a)->value, false, ((const ComparedValue *) b)->value, false,
							   arg);
}

/* of each value of the dictionary, its place in the order */
static uint32 *
ranks_of_values(Dictionary *values, SortSupport compare)
{
	ComparedValue *sorted = palloc_extended(sizeof(ComparedValue) * Max(values->n, 1), MCXT_ALLOC_HUGE);
	uint32	   *ranks = palloc_extended(sizeof(uint32) * Max(values->n, 1), MCXT_ALLOC_HUGE);

	for (uint32 i = 0; i < values->n; i++)
		sorted[i] = (ComparedValue){values->values[i], i};
	qsort_arg(sorted, values->n, sizeof(ComparedValue), compare_values, compare);
	for (uint32 i = 0; i < values->n; i++)
		ranks[sorted[i].number] = i > 0 && compare_values(&sorted[i - 1], &sorted[i], compare) == 0 ?
			ranks[sorted[i - 1].number] : i;
	pfree(sorted);
	return ranks;
}

static void
rank_compared(VectorState *state, const OrderKey *order, uint64 *ranks)
{
	Dictionary	values = {.key = &state->keys[order->key]};
	uint32	   *of_values;
	uint64		null_rank;
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "territory order", ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(context);

	make_room(&values);
	for (int64 g = 0; g < state->table.n; g++)
	{
		VectorGroup *group = vector_group_at(state, g);

		ranks[g] = group_nulls(state, group)[order->key] ? NO_VALUE :
			number_of(&values, group_keys(group)[order->key]);
	}
	of_values = ranks_of_values(&values, (SortSupport) &order->compare);
	null_rank = order->compare.ssup_nulls_first ? 0 : (uint64) values.n + 1;
	for (int64 g = 0; g < state->table.n; g++)
		ranks[g] = ranks[g] == NO_VALUE ? null_rank : (uint64) of_values[ranks[g]] + 1;
	MemoryContextSwitchTo(old);
	MemoryContextDelete(context);
}

/* ---- ranks of numbers ---- */

/* false: they do not fit into 64 bits beside that of null */
static bool
rank_numbers(VectorState *state, const OrderKey *order, uint64 *ranks)
{
	int64		min = PG_INT64_MAX;
	int64		max = PG_INT64_MIN;
	uint64		span,
				any = 0;
	int			shift;
	bool		nulls = false;

	for (int64 g = 0; g < state->table.n; g++)
	{
		VectorGroup *group = vector_group_at(state, g);
		int64		key;

		if (group_nulls(state, group)[order->key])
		{
			nulls = true;
			continue;
		}
		key = column_zone_key(order->zone, group_keys(group)[order->key]);
		ranks[g] = (uint64) key;
		min = Min(min, key);
		max = Max(max, key);
	}
	span = min <= max ? (uint64) max - (uint64) min : 0;
	if (nulls && span >= PG_UINT64_MAX - 1)
		return false;
	for (int64 g = 0; g < state->table.n; g++)
		if (!nulls || !group_nulls(state, vector_group_at(state, g))[order->key])
			any |= ranks[g] = ranks[g] - (uint64) min;
	/* times are multiples of much */
	shift = any ? pg_rightmost_one_pos64(any) : 0;
	span >>= shift;
	for (int64 g = 0; g < state->table.n; g++)
		if (nulls && group_nulls(state, vector_group_at(state, g))[order->key])
			ranks[g] = order->compare.ssup_nulls_first ? 0 : span + 2;
		else
			ranks[g] = (order->descending ? span - (ranks[g] >> shift) : ranks[g] >> shift) + (nulls ? 1 : 0);
	return true;
}

/* ---- the sort ---- */

/* stable; sorted and room change places */
static void
sort_by_digit(RankedGroup **sorted, RankedGroup **room, int64 n, int shift)
{
	RankedGroup *from = *sorted;
	RankedGroup *to = *room;
	uint32		next[DIGITS] = {0};
	uint32		sum = 0;

	for (int64 i = 0; i < n; i++)
		next[(from[i].rank >> shift) % DIGITS]++;
	for (int d = 0; d < DIGITS; d++)
	{
		uint32		count = next[d];

		next[d] = sum;
		sum += count;
	}
	for (int64 i = 0; i < n; i++)
		to[next[(from[i].rank >> shift) % DIGITS]++] = from[i];
	*sorted = to;
	*room = from;
}

static void
sort_by_rank(RankedGroup **sorted, RankedGroup **room, int64 n, const uint64 *ranks)
{
	RankedGroup *all = *sorted;
	uint64		any = 0;
	bool		ascend = true;

	for (int64 i = 0; i < n; i++)
	{
		all[i].rank = ranks[all[i].group];
		any |= all[i].rank;
		ascend &= i == 0 || all[i].rank >= all[i - 1].rank;
	}
	if (ascend)
		return;
	for (int shift = 0; shift < 64 && any >> shift != 0; shift += DIGIT_BITS)
		sort_by_digit(sorted, room, n, shift);
}

/* the numbers of all groups in order; false: they cannot be sorted here */
bool
vector_order_groups(VectorState *state, uint32 *numbers)
{
	VectorOrder *order = state->order;
	int64		n = state->table.n;
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "territory order", ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(context);
	RankedGroup *sorted = palloc_extended(sizeof(RankedGroup) * Max(n, 1), MCXT_ALLOC_HUGE);
	RankedGroup *room = palloc_extended(sizeof(RankedGroup) * Max(n, 1), MCXT_ALLOC_HUGE);
	uint64	   *ranks = palloc_extended(sizeof(uint64) * Max(n, 1), MCXT_ALLOC_HUGE);
	bool		done = true;

	for (int64 i = 0; i < n; i++)
		sorted[i].group = i;
	for (int k = order->n - 1; done && k >= 0; k--)
	{
		if (order->keys[k].zone == ZONE_NONE)
			rank_compared(state, &order->keys[k], ranks);
		else
			done = rank_numbers(state, &order->keys[k], ranks);
		if (done)
			sort_by_rank(&sorted, &room, n, ranks);
	}
	for (int64 i = 0; done && i < n; i++)
		numbers[i] = sorted[i].group;
	MemoryContextSwitchTo(old);
	MemoryContextDelete(context);
	return done;
}
