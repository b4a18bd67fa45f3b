/*
 * last_block.c
 *	  Winners among sealed rows: segments by what their zone maps promise, the
 *	  best first, and of each only the blocks that may hold a better row.
 *
 * What zone maps tell of a block's groups decides how much of it is read:
 *
 *	  nothing	its groups are known, and none can gain from it
 *	  nothing	it is one group's, in order of time, whole, and passes: the row
 *				at its end wins
 *	  a few columns, row by row, else
 */
#include "territory.h"

#include "miscadmin.h"
#include "utils/memutils.h"

#include "last/last.h"

/* a segment, by its place in the directory */
typedef struct Candidate
{
	int64		bound;
	int			place;
} Candidate;

/* zone maps of a segment, or of a block of the open one */
typedef struct ZoneSource
{
	SegmentEntry *entry;
	SegmentReader *reader;		/* NULL: the whole segment */
	int			block;
} ZoneSource;

static bool
find_zone(const ZoneSource *source, AttrNumber attno, ZoneMap *zone)
{
	if (source->reader)
		return segment_block_zone(source->reader, source->block, attno, zone);
	for (int z = 0; z < source->entry->nzones; z++)
		if (source->entry->zones[z].attno == attno)
		{
			*zone = source->entry->zones[z];
			return true;
		}
	return false;
}

static int64
source_bound(LastState *state, const ZoneSource *source)
{
	ZoneMap		zone;

	if (state->nsorts > 0 && find_zone(source, state->sorts[0].attno, &zone))
		return last_bound(state, &zone);
	return last_bound(state, NULL);
}

/* ---- groups that zone maps tell ---- */

#define KEYS_TRIED 64

/* of the k-th key, whose rows are all null or all values: its range; false where they are not, or it is not known */
static bool
key_range(LastState *state, const ZoneSource *source, int k, ColumnType *type, ZoneMap *zone)
{
	if (!state->key_exact[k] || !find_zone(source, state->keys[k], zone))
		return false;
	column_type_init(type, TupleDescAttr(RelationGetDescr(state->rel), state->keys[k] - 1));
	return zone->kind == type->zone && !(zone->has_values && zone->nulls > 0);
}

/* all rows are one group's, whose keys come into key_slot */
static bool
load_one_group(LastState *state, const ZoneSource *source)
{
	TupleTableSlot *slot = state->key_slot;

	ExecClearTuple(slot);
	for (int k = 0; k < state->nkeys; k++)
	{
		ColumnType	type;
		ZoneMap		zone;

		if (!key_range(state, source, k, &type, &zone) || (zone.has_values && zone.min != zone.max))
			return false;
		slot->tts_isnull[k] = !zone.has_values;
		slot->tts_values[k] = zone.has_values ? column_integer_datum(&type, zone.min) : (Datum) 0;
	}
	ExecStoreVirtualTuple(slot);
	return true;
}

/*
 * The same, where zone maps cannot tell keys, but the rows are known to be one
 * entity's: then any row's keys are all rows'.  They live until the next block.
 */
static bool
load_one_entity(LastState *state, const ZoneSource *source)
{
	SegmentReader *reader = source->reader;
	BlockHeader *header = reader->header;
	TupleTableSlot *slot = state->key_slot;
	MemoryContext old;

	if (!header->ordered[source->block])
		return false;
	for (int k = 0; k < state->nkeys; k++)
	{
		int			e = 0;

		while (e < header->nentity && header->entity[e] != state->keys[k])
			e++;
		if (e == header->nentity)
			return false;
	}
	ExecClearTuple(slot);
	old = MemoryContextSwitchTo(state->key_context);
	for (int k = 0; k < state->nkeys; k++)
	{
		int			rows = header->first_row[source->block + 1] - header->first_row[source->block];
		Datum	   *values = palloc(sizeof(Datum) * rows);
		bool	   *nulls = palloc(sizeof(bool) * rows);

		segment_read_column(reader, source->block, state->keys[k], values, nulls);
		slot->tts_values[k] = values[0];
		slot->tts_isnull[k] = nulls[0];
	}
	MemoryContextSwitchTo(old);
	ExecStoreVirtualTuple(slot);
	return true;
}

/* does every group that there may be have a winner already that nothing from bound on beats? */
static bool
is_settled(LastState *state, const ZoneSource *source, int64 bound)
{
	TupleTableSlot *slot = state->key_slot;
	int			ranged = -1;
	ColumnType	type,
				ranged_type;
	ZoneMap		zone,
				range;

	ExecClearTuple(slot);
	for (int k = 0; k < state->nkeys; k++)
	{
		if (!key_range(state, source, k, &type, &zone))
			return false;
		slot->tts_isnull[k] = !zone.has_values;
		slot->tts_values[k] = zone.has_values ? column_integer_datum(&type, zone.min) : (Datum) 0;
		if (!zone.has_values || zone.min == zone.max)
			continue;
		if (ranged >= 0 || zone.max >= zone.min + KEYS_TRIED || zone.max > PG_INT64_MAX - KEYS_TRIED)
			return false;
		ranged = k;
		range = zone;
		ranged_type = type;
	}
	ExecStoreVirtualTuple(slot);
	for (int64 value = ranged < 0 ? 0 : range.min; value <= (ranged < 0 ? 0 : range.max); value++)
	{
		LastWinner *winner;
		bool		of_pass;

		if (ranged >= 0)
			slot->tts_values[ranged] = column_integer_datum(&ranged_type, value);
		winner = last_find(state, &of_pass);
		if (of_pass && (winner == NULL || last_may_beat(state, winner, bound)))
			return false;
	}
	return true;
}

/* ---- blocks without decoding ---- */

static bool
all_pass(LastState *state, const ZoneSource *source)
{
	if (state->nprune_keys != state->nquals)
		return false;			/* a qual without a key of its own proves nothing */
	for (int i = 0; i < state->nprune_keys; i++)
	{
		ZoneMap		zone;

		if (!find_zone(source, state->prune_keys[i].attno, &zone) || !zone_satisfies(&zone, &state->prune_keys[i]))
			return false;
	}
	return true;
}

/* the best row of the block, if its place and its sort key are plain; the block is one group's */
static bool
best_at_end(LastState *state, const ZoneSource *source, int *row, NullableDatum *sort)
{
	BlockHeader *header = source->reader->header;
	int			b = source->block;
	ZoneMap		zone;
	ColumnType	type;

	if (state->nsorts > 1 || !all_pass(state, source))
		return false;
	*row = 0;
	if (state->nsorts == 1)
	{
		column_type_init(&type, TupleDescAttr(RelationGetDescr(state->rel), state->sorts[0].attno - 1));
		if (!header->ordered[b] || header->time != state->sorts[0].attno || type.zone != ZONE_INTEGER ||
			!find_zone(source, header->time, &zone) || zone.kind != type.zone || !zone.has_values || zone.nulls > 0)
			return false;
		if (state->descending)
			*row = header->first_row[b + 1] - header->first_row[b] - 1;
		sort->isnull = false;
		sort->value = column_integer_datum(&type, state->descending ? zone.max : zone.min);
	}
	return sealed_scan_block_whole(state->sealed);
}

/* ---- blocks row by row ---- */

/* the row into the slot, as far as anything decides by it */
static void
store_row(LastState *state, int row)
{
	SealedScan *sealed = state->sealed;
	TupleTableSlot *slot = state->sealed_slot;

	ExecClearTuple(slot);
	for (int i = 0; i < state->ncolumns; i++)
	{
		int			a = state->columns[i] - 1;

		slot->tts_values[a] = sealed->values[a][row];
		slot->tts_isnull[a] = sealed->nulls[a][row];
	}
	ExecStoreVirtualTuple(slot);
}

static bool
row_passes(LastState *state, int row)
{
	ExprContext *context = state->custom.ss.ps.ps_ExprContext;

	if (state->quals == NULL)
		return true;
	store_row(state, row);
	ResetExprContext(context);
	context->ecxt_scantuple = state->sealed_slot;
	if (ExecQual(state->quals, context))
		return true;
	InstrCountFiltered1(&state->custom, 1);
	return false;
}

static void
load_keys(LastState *state, int row)
{
	TupleTableSlot *slot = state->key_slot;

	ExecClearTuple(slot);
	for (int k = 0; k < state->nkeys; k++)
	{
		slot->tts_values[k] = state->sealed->values[state->keys[k] - 1][row];
		slot->tts_isnull[k] = state->sealed->nulls[state->keys[k] - 1][row];
	}
	ExecStoreVirtualTuple(slot);
}

static void
load_sorts(LastState *state, int row, NullableDatum *sorts)
{
	for (int i = 0; i < state->nsorts; i++)
	{
		sorts[i].value = state->sealed->values[state->sorts[i].attno - 1][row];
		sorts[i].isnull = state->sealed->nulls[state->sorts[i].attno - 1][row];
	}
}

/* false: the table of groups is full */
static bool
take_row(LastState *state, int row, NullableDatum *sorts)
{
	LastWinner *winner;
	bool		of_pass;
	int64		position = 0;
	ItemPointerData tid;

	load_keys(state, row);
	load_sorts(state, row, sorts);
	if (state->nsorts > 0)
		position = last_position(state, sorts[0].value, sorts[0].isnull);
	winner = last_find(state, &of_pass);
	if (!of_pass || (winner && !last_beats(state, winner, position, sorts)) || !row_passes(state, row))
		return true;
	state->sealed->row = row;
	sealed_scan_tid(state->sealed, &tid);
	return last_take(state, winner, position, sorts, &tid);
}

/* all rows of the block, best first where it is in order */
static bool
take_rows(LastState *state, int block, NullableDatum *sorts)
{
	SealedScan *sealed = state->sealed;
	int			rows = sealed->reader.header->first_row[block + 1] - sealed->reader.header->first_row[block];

	sealed_scan_seek_block(sealed, sealed->segment, block);
	for (int i = 0; i < state->ncolumns; i++)
		if (sealed->values[state->columns[i] - 1] == NULL)
			return true;		/* no row is left, so nothing was decoded */
	for (int i = 0; i < rows; i++)
	{
		int			row = state->descending ? rows - 1 - i : i;

		if (!(sealed->dead && sealed->dead[row]) && !take_row(state, row, sorts))
			return false;
	}
	return true;
}

/* ---- a block, a segment, all of them ---- */

/* the open block, all of the group of key_slot, without decoding; *fits as last_take() says */
static bool
take_end(LastState *state, const ZoneSource *source, NullableDatum *sorts, bool *fits)
{
	SealedScan *sealed = state->sealed;
	int64		position = 0;
	LastWinner *winner;
	bool		of_pass;
	ItemPointerData tid;

	*fits = true;
	winner = last_find(state, &of_pass);
	if (!of_pass || (winner && !last_may_beat(state, winner, source_bound(state, source))))
	{
		state->blocks_skipped++;
		return true;
	}
	if (!best_at_end(state, source, &sealed->row, sorts))
		return false;
	state->rows_summed++;
	if (state->nsorts > 0)
		position = last_position(state, sorts[0].value, sorts[0].isnull);
	sealed_scan_tid(sealed, &tid);
	if (winner == NULL || last_beats(state, winner, position, sorts))
		*fits = last_take(state, winner, position, sorts, &tid);
	return true;
}

/* false: the table of groups is full */
static bool
take_block(LastState *state, int block, NullableDatum *sorts)
{
	SealedScan *sealed = state->sealed;
	ZoneSource	source = {.entry = sealed->reader.entry, .reader = &sealed->reader, .block = block};
	bool		fits;

	if (segment_block_excluded(&sealed->reader, block, sealed->keys, sealed->nkeys))
	{
		sealed->blocks_pruned++;
		return true;
	}
	sealed->block = block;
	last_forget_found(state);
	MemoryContextReset(state->key_context);
	if (load_one_group(state, &source) || load_one_entity(state, &source))
	{
		if (take_end(state, &source, sorts, &fits))
			return fits;
	}
	else if (is_settled(state, &source, source_bound(state, &source)))
	{
		state->blocks_skipped++;
		return true;
	}
	last_forget_found(state);
	return take_rows(state, block, sorts);
}

static bool
take_segment(LastState *state, int place, NullableDatum *sorts)
{
	SealedScan *sealed = state->sealed;
	int			nblocks;

	sealed_scan_seek_segment(sealed, place);
	nblocks = sealed->reader.header->nblocks;
	for (int b = 0; b < nblocks; b++)
	{
		CHECK_FOR_INTERRUPTS();
		if (!take_block(state, state->descending ? nblocks - 1 - b : b, sorts))
			return false;
	}
	return true;
}

static int
compare_candidates(const void *a, const void *b)
{
	const Candidate *x = a;
	const Candidate *y = b;

	if (x->bound != y->bound)
		return x->bound < y->bound ? -1 : 1;
	return x->place < y->place ? -1 : x->place > y->place;
}

/* segments that are not pruned, best first */
static Candidate *
order_segments(LastState *state, int *n)
{
	SealedScan *sealed = state->sealed;
	int			nsegments = sealed->directory->nsegments;
	Candidate  *candidates = MemoryContextAllocHuge(state->prune_context, sizeof(Candidate) * (nsegments + 1));
	MemoryContext scratch = AllocSetContextCreate(CurrentMemoryContext, "territory segment's entry",
												  ALLOCSET_SMALL_SIZES);
	MemoryContext old = MemoryContextSwitchTo(scratch);

	*n = 0;
	for (int s = 0; s < nsegments; s++)
	{
		ZoneSource	source = {.entry = directory_entry(sealed->directory, &sealed->store, sealed->snapshot, s)};

		CHECK_FOR_INTERRUPTS();
		if (segment_excluded(source.entry, sealed->keys, sealed->nkeys))
			sealed->segments_pruned++;
		else
		{
			candidates[*n].bound = source_bound(state, &source);
			candidates[(*n)++].place = s;
		}
		MemoryContextReset(scratch);
	}
	MemoryContextSwitchTo(old);
	MemoryContextDelete(scratch);
	qsort(candidates, *n, sizeof(Candidate), compare_candidates);
	return candidates;
}

/* the sealed cursor stands before its first row; false: the table of groups is full */
bool
last_take_sealed(LastState *state)
{
	SealedScan *sealed = state->sealed;
	NullableDatum *sorts = palloc(sizeof(NullableDatum) * (state->nsorts + 1));
	MemoryContext scratch = AllocSetContextCreate(CurrentMemoryContext, "territory segment's entry",
												  ALLOCSET_SMALL_SIZES);
	int			n;
	Candidate  *candidates = order_segments(state, &n);
	bool		fits = true;

	for (int c = 0; fits && c < n; c++)
	{
		ZoneSource	source = {0};
		MemoryContext old = MemoryContextSwitchTo(scratch);

		source.entry = directory_entry(sealed->directory, &sealed->store, sealed->snapshot, candidates[c].place);
		MemoryContextSwitchTo(old);
		if (is_settled(state, &source, candidates[c].bound))
			state->segments_skipped++;
		else
			fits = take_segment(state, candidates[c].place, sorts);
		MemoryContextReset(scratch);
	}
	MemoryContextDelete(scratch);
	pfree(candidates);
	pfree(sorts);
	return fits;
}
