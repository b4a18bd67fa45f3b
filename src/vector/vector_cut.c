/*
 * vector_cut.c
 *	  How blocks were cut into runs of one group, so that the next ones need not
 *	  be.
 *
 * Entities report at the same times, or nearly so: the blocks of all of them are
 * cut into the same buckets, at the same rows.  A *cut* is where that was, for
 * blocks of so many rows between two times, and the keys of each run.  It holds
 * for a block where the first and the last row of each run are seen to lie in
 * the stretch that has the run's key: its rows are in the order of time.
 *
 * Where constant keys are the same, too, so are the groups, which are remembered
 * beside the cut, as long as that turns out to be useful.
 *
 * All of it lives with the groups: in the table's memory, until that is reset,
 * and only where every group is in the table.
 */
#include "territory.h"

#include "miscadmin.h"
#include "utils/datum.h"
#include "utils/memutils.h"

#include "vector/vector_join.h"
#include "vector/vector_key.h"

#define MOST_MEMORY ((Size) 4 * 1024 * 1024)
#define LEAST_MEMORY ((Size) 256 * 1024)	/* with less, nothing is remembered */
#define CUT_BUCKETS 512
#define GROUPS_BUCKETS 4096
#define MOST_TRUST 2000			/* so many blocks whose groups were not remembered, and none are any more */
#define TRUST_WON 4				/* by one whose groups were */

/* of blocks that a cut holds for, with the same constant keys: those of the first run's group */
typedef struct CutGroups
{
	struct CutGroups *next;		/* in the same bucket */
	const RunCut *cut;
	uint32		hash;
	GroupRun	runs[FLEXIBLE_ARRAY_MEMBER];
} CutGroups;

struct CutMemory
{
	Size		room;			/* that is left */
	int			trust;			/* in remembering groups */
	/* of the block at hand */
	AttrNumber	time;			/* the column by which all rising keys rise */
	bool		even;			/* its rows are equally far from each other in time, and the first ... */
	int64		first;			/* ... and the last of those taken are these */
	int64		last;
	uint32		hash;			/* of the constant keys */
	RunCut	  **cuts;
	CutGroups **groups;
};

void
vector_cuts_begin(VectorState *state)
{
	state->cuts = palloc0(sizeof(CutMemory));
}

/* the table of groups is empty, and so is its memory */
void
vector_cuts_reset(VectorState *state)
{
	CutMemory  *memory = state->cuts;

	memset(memory, 0, sizeof *memory);
	memory->trust = MOST_TRUST;
	memory->room = Min(get_hash_memory_limit() / 8, MOST_MEMORY);
	if (memory->room < LEAST_MEMORY)
		memory->room = 0;
}

static bool
charge(CutMemory *memory, Size size)
{
	if (size > memory->room)
		return false;
	memory->room -= size;
	return true;
}

/* NULL where the room is used up */
static void *
take_room(VectorState *state, Size size)
{
	return charge(state->cuts, size) ? MemoryContextAlloc(state->table_context, size) : NULL;
}

static bool
begin_buckets(VectorState *state)
{
	CutMemory  *memory = state->cuts;

	if (memory->cuts)
		return true;
	if (memory->room == 0)
		return false;
	memory->cuts = take_room(state, sizeof(RunCut *) * CUT_BUCKETS);
	memory->groups = take_room(state, sizeof(CutGroups *) * GROUPS_BUCKETS);
	memset(memory->cuts, 0, sizeof(RunCut *) * CUT_BUCKETS);
	memset(memory->groups, 0, sizeof(CutGroups *) * GROUPS_BUCKETS);
	return true;
}

/* may the block at hand, whose keys are constant or rise, be cut as another was? */
bool
vector_cuts_apply(VectorState *state)
{
	CutMemory  *memory = state->cuts;

	memory->time = 0;
	memory->even = false;
	for (int k = 0; k < state->nkeys; k++)
		if (state->keys[k].rising)
			memory->time = state->keys[k].column;
	/* rows whose group is of another pass are no run */
	return memory->time > 0 && state->taken.together && state->width == ALL_HASHES && begin_buckets(state);
}

/* ---- where a block is cut ---- */

/* are the times of the rows taken known without decoding them? */
bool
vector_cuts_even(VectorState *state)
{
	CutMemory  *memory = state->cuts;
	const BlockRowsTaken *taken = &state->taken;
	ZoneMap		zone;
	int64		stride;

	memory->even = vector_block_zone(state, memory->time, &zone) &&
		segment_block_stride(&state->sealed->reader, state->sealed->block, memory->time, &stride);
	if (!memory->even)
		return false;
	memory->first = zone.min + stride * taken->rows[0];
	memory->last = zone.min + stride * taken->rows[taken->n - 1];
	return true;
}

/* the times of the rows taken */
static const int64 *
times(VectorState *state)
{
	return (const int64 *) state->sealed->values[state->cuts->time - 1] + state->taken.rows[0];
}

static RunCut **
cut_bucket(VectorState *state, int64 first, int64 last)
{
	uint64		hash = ((uint64) first * 31 + (uint64) last) * UINT64CONST(0x9e3779b97f4a7c15);

	return &state->cuts->cuts[(hash >> 32) % CUT_BUCKETS];
}

/* does each run lie in its stretch, from its first row to its last? */
static bool
holds(const RunCut *cut, const int64 *at)
{
	bool		beyond = false;
	int			i = 0;

	for (int r = 0; r < cut->nruns; i = cut->ends[r++])
		beyond |= (at[i] < cut->stretches[r].from) | (at[cut->ends[r] - 1] > cut->stretches[r].to);
	return !beyond;
}

/* as vector_cut_find(), by the first and the last time of rows that are equally far from each other */
RunCut *
vector_cut_find_even(VectorState *state)
{
	CutMemory  *memory = state->cuts;
	RunCut	   *cut = *cut_bucket(state, memory->first, memory->last);

	while (cut && !(cut->even && cut->rows == state->taken.n && cut->first == memory->first && cut->last == memory->last))
		cut = cut->next;
	return cut;
}

/* that holds for the rows taken, or NULL */
RunCut *
vector_cut_find(VectorState *state)
{
	const int64 *at = times(state);
	int			n = state->taken.n;
	RunCut	   *cut = *cut_bucket(state, at[0], at[n - 1]);

	for (; cut; cut = cut->next)
		if (cut->rows == n && cut->first == at[0] && cut->last == at[n - 1] && holds(cut, at))
		{
			cut->even = cut->even || state->cuts->even;
			return cut;
		}
	return NULL;
}

/* the keys that rise, of a run; the others stay what they are */
void
vector_cut_load_keys(VectorState *state, const RunCut *cut, int run)
{
	const NullableDatum *keys = cut->keys + run * state->nkeys;

	for (int k = 0; k < state->nkeys; k++)
		if (state->keys[k].rising)
		{
			state->key_values[k] = keys[k].value;
			state->key_nulls[k] = keys[k].isnull;
		}
}

/* of a run that begins with this time; false where there is no room for its keys */
static bool
describe_run(VectorState *state, RunCut *cut, int run, int64 time)
{
	ValueRange *stretch = &cut->stretches[run];

	*stretch = (ValueRange){PG_INT64_MIN, PG_INT64_MAX};
	for (int k = 0; k < state->nkeys; k++)
	{
		VectorKey  *key = &state->keys[k];
		NullableDatum *kept = &cut->keys[run * state->nkeys + k];
		MemoryContext old;

		if (!key->rising)
			continue;
		vector_key_stretch(key, time, &key->here);
		stretch->from = Max(stretch->from, key->here.from);
		stretch->to = Min(stretch->to, key->here.to);
		kept->value = key->here.key;
		kept->isnull = key->here.isnull;
		if (key->byval || kept->isnull)
			continue;
		if (!charge(state->cuts, datumGetSize(kept->value, false, key->len)))
			return false;
		old = MemoryContextSwitchTo(state->table_context);
		kept->value = datumCopy(kept->value, false, key->len);
		MemoryContextSwitchTo(old);
	}
	return true;
}

/* n things for each run of a cut, or NULL */
static void *
take_runs(VectorState *state, const RunCut *cut, Size size)
{
	return take_room(state, MAXALIGN(size * cut->nruns));
}

/* the runs of the block at hand, of which the first has the keys that were loaded first */
void
vector_cut_keep(VectorState *state)
{
	const BlockRowsTaken *taken = &state->taken;
	const int64 *at = times(state);
	RunCut	  **bucket = cut_bucket(state, at[0], at[taken->n - 1]);
	RunCut	   *cut = take_room(state, sizeof(RunCut));
	int			i = 0;

	if (cut == NULL)
		return;
	cut->rows = taken->n;
	cut->first = at[0];
	cut->last = at[taken->n - 1];
	cut->nruns = taken->nruns;
	cut->even = state->cuts->even;
	cut->ends = take_runs(state, cut, sizeof(int));
	cut->stretches = take_runs(state, cut, sizeof(ValueRange));
	cut->keys = take_runs(state, cut, sizeof(NullableDatum) * state->nkeys);
	if (cut->ends == NULL || cut->stretches == NULL || cut->keys == NULL)
		return;
	for (int r = 0; r < cut->nruns; i = cut->ends[r++])
	{
		cut->ends[r] = i + taken->runs[r].n;
		if (!describe_run(state, cut, r, at[i]))
			return;
	}
	/* stretches may have been forgotten, and found anew where rows reach less far */
	if (!holds(cut, at))
		return;
	cut->next = *bucket;
	*bucket = cut;
	vector_cut_keep_groups(state, cut);
}

/* ---- the groups of its runs ---- */

static uint32
hash_constants(VectorState *state)
{
	uint32		hash = 0;

	for (int k = 0; k < state->nkeys; k++)
	{
		const VectorKey *key = &state->keys[k];

		if (key->rising || state->key_nulls[k])
			continue;
		hash = hash * 31 + (key->byval || key->placed ? (uint32) (state->key_values[k] ^ state->key_values[k] >> 32) :
							datum_image_hash(state->key_values[k], false, key->len));
	}
	return hash;
}

/* to the bit */
static bool
has_constants(VectorState *state, VectorGroup *group)
{
	for (int k = 0; k < state->nkeys; k++)
	{
		const VectorKey *key = &state->keys[k];
		Datum		theirs = group_keys(group)[k];

		if (key->rising)
			continue;
		if (group_nulls(state, group)[k] != state->key_nulls[k])
			return false;
		if (state->key_nulls[k] || theirs == state->key_values[k])
			continue;
		if (key->byval || key->placed || !datumIsEqual(theirs, state->key_values[k], false, key->len))
			return false;
	}
	return true;
}

static CutGroups **
groups_bucket(VectorState *state, const RunCut *cut)
{
	CutMemory  *memory = state->cuts;
	uint64		hash = ((uint64) (uintptr_t) cut ^ (uint64) memory->hash << 32) * UINT64CONST(0x9e3779b97f4a7c15);

	return &memory->groups[(hash >> 32) % GROUPS_BUCKETS];
}

/* are the groups of this cut's runs known?  Then they are the block's. */
bool
vector_cut_groups(VectorState *state, const RunCut *cut)
{
	CutMemory  *memory = state->cuts;

	if (memory->trust < 0)
		return false;
	memory->hash = hash_constants(state);
	for (CutGroups *groups = *groups_bucket(state, cut); groups; groups = groups->next)
		if (groups->cut == cut && groups->hash == memory->hash && has_constants(state, groups->runs[0].group))
		{
			memory->trust = Min(memory->trust + TRUST_WON, MOST_TRUST);
			state->taken.runs = groups->runs;
			state->taken.nruns = cut->nruns;
			return true;
		}
	memory->trust--;
	return false;
}

/* the runs of the block at hand are those of the cut; constant keys are still the block's */
void
vector_cut_keep_groups(VectorState *state, const RunCut *cut)
{
	CutMemory  *memory = state->cuts;
	CutGroups  *groups,
			  **bucket;

	if (memory->trust < 0)
		return;
	groups = take_room(state, offsetof(CutGroups, runs) + sizeof(GroupRun) * cut->nruns);
	if (groups == NULL)
		return;
	memory->hash = hash_constants(state);
	bucket = groups_bucket(state, cut);
	groups->cut = cut;
	groups->hash = memory->hash;
	memcpy(groups->runs, state->taken.runs, sizeof(GroupRun) * cut->nruns);
	groups->next = *bucket;
	*bucket = groups;
}
