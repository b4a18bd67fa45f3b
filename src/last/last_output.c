/*
 * last_output.c
 *	  The winners' rows, once all are known.
 *
 * A winner is known by its TID alone.  A column of its row comes from what the
 * table of groups holds already, else from the block's summary, which knows the
 * values of the first and the last row of a block in order of time, else from
 * the decoded block.  Winners come segment by segment: each is opened once, and
 * of it what a winner needs is read once.
 */
#include "territory.h"

#include "access/table.h"
#include "miscadmin.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

#include "last/last.h"

static void
hot_row(LastState *state, ItemPointer tid, TupleTableSlot *slot)
{
	TupleTableSlot *hot = state->hot_slot;

	if (!table_tuple_fetch_row_version(state->rel, tid, state->custom.ss.ps.state->es_snapshot, hot))
		elog(ERROR, "territory: row (%u,%u) of \"%s\" vanished", ItemPointerGetBlockNumber(tid),
			 ItemPointerGetOffsetNumber(tid), RelationGetRelationName(state->rel));
	for (int i = 0; i < state->noutputs; i++)
	{
		AttrNumber	attno = state->outputs[i];

		slot->tts_values[attno - 1] = slot_getattr(hot, attno, &slot->tts_isnull[attno - 1]);
	}
}

/* ---- sealed rows ---- */

static void
open_segment(LastState *state, SegmentNumber number)
{
	SealedScan *sealed = state->sealed;
	int			low = 0;
	int			high = sealed->directory->nsegments - 1;

	if (state->open_segment == number)
		return;
	while (low < high)
	{
		int			middle = (low + high) / 2;

		if (sealed->directory->numbers[middle] < number)
			low = middle + 1;
		else
			high = middle;
	}
	sealed_scan_seek_segment(sealed, low);
	sealed->segments_read--;	/* a second time */
	Assert(sealed->reader.entry->number == number);
	state->open_segment = number;
	state->open_block = -1;
}

static void
open_block(LastState *state, int block)
{
	if (state->open_block == block)
		return;
	MemoryContextReset(state->block_context);
	memset(state->values, 0, sizeof(Datum *) * RelationGetNumberOfAttributes(state->rel));
	state->open_block = block;
}

/* what the row at the end of a block has, by zone maps and summaries; false where they do not tell */
static bool
end_value(LastState *state, AttrNumber attno, bool last, Datum *value, bool *isnull)
{
	MemoryContext old = MemoryContextSwitchTo(state->block_context);
	bool		known = segment_block_end(&state->sealed->reader, state->open_block, attno, last, value, isnull);

	MemoryContextSwitchTo(old);
	return known;
}

static void
decoded_value(LastState *state, AttrNumber attno, int row, Datum *value, bool *isnull)
{
	BlockHeader *header = state->sealed->reader.header;
	int			a = attno - 1;

	if (state->values[a] == NULL)
	{
		MemoryContext old = MemoryContextSwitchTo(state->block_context);
		int			rows = header->first_row[state->open_block + 1] - header->first_row[state->open_block];

		state->values[a] = palloc(sizeof(Datum) * rows);
		state->nulls[a] = palloc(sizeof(bool) * rows);
		segment_read_column(&state->sealed->reader, state->open_block, attno, state->values[a], state->nulls[a]);
		MemoryContextSwitchTo(old);
	}
	*value = state->values[a][row];
	*isnull = state->nulls[a][row];
}

/* a column that the table of groups holds */
static bool
known_value(LastState *state, AttrNumber attno, const LastWinner *winner, Datum *value, bool *isnull)
{
	for (int k = 0; k < state->nkeys; k++)
		if (state->keys[k] == attno && (state->key_exact[k] || state->only_keys))
		{
			*value = slot_getattr(state->group_slot, k + 1, isnull);
			return true;
		}
	for (int i = 0; i < state->nsorts; i++)
		if (state->sorts[i].attno == attno)
		{
			*value = winner->sorts[i].value;
			*isnull = winner->sorts[i].isnull;
			return true;
		}
	return false;
}

static void
sealed_row(LastState *state, const LastWinner *winner, TupleTableSlot *slot)
{
	SealedScan *sealed = state->sealed;
	int			place = tid_place(&winner->tid);
	bool		at_end = false;
	bool		open = false;
	int			row = 0,
				rows = 0;

	for (int i = 0; i < state->noutputs; i++)
	{
		AttrNumber	attno = state->outputs[i];
		Datum	   *value = &slot->tts_values[attno - 1];
		bool	   *isnull = &slot->tts_isnull[attno - 1];

		if (known_value(state, attno, winner, value, isnull))
			continue;
		if (!open)
		{
			BlockHeader *header;
			int			b;

			open_segment(state, tid_segment(&winner->tid));
			b = segment_block_of(&sealed->reader, place);
			open_block(state, b);
			header = sealed->reader.header;
			row = place - header->first_row[b];
			rows = header->first_row[b + 1] - header->first_row[b];
			at_end = row == 0 || row == rows - 1;
			open = true;
		}
		if (!(at_end && end_value(state, attno, row == rows - 1, value, isnull)))
			decoded_value(state, attno, row, value, isnull);
	}
}

/* the next winner's row; its values live until the next call.  False at the end. */
bool
last_next(LastState *state, TupleTableSlot *slot)
{
	TupleHashEntry entry;
	LastWinner *winner;

	ExecClearTuple(slot);
	if (state->next >= state->ngroups)
		return false;
	entry = state->entries[state->next++];
	winner = compat_group_data(state->table, entry, false, 0, NULL);
	ExecStoreMinimalTuple(compat_group_keys(entry), state->group_slot, false);
	memset(slot->tts_isnull, true, sizeof(bool) * slot->tts_tupleDescriptor->natts);
	if (tid_is_sealed(&winner->tid))
		sealed_row(state, winner, slot);
	else
		hot_row(state, &winner->tid, slot);
	ExecStoreVirtualTuple(slot);
	slot->tts_tid = winner->tid;
	slot->tts_tableOid = RelationGetRelid(state->rel);
	return true;
}
