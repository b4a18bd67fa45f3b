/*
 * dead_batch.c
 *	  Rows of one segment that one command deleted, as one state entry.
 *
 * A DELETE of many rows would write a state entry for each.  Instead its dead
 * marks are collected and written as one bitmap a segment, when the command
 * ends or anything else of this backend may look.  Meanwhile a lock on each
 * *stretch* of 2,048 rows that it touches keeps away who wants to lock or change
 * a row there; they wait for the bitmap to be written, not for the transaction
 * to end, and then find the mark as they find any other.
 *
 * Invariants: a row is in a bitmap only if it had no state entry of its own, and
 * gets none while the bitmap may count.  Who holds a stretch waits for nobody:
 * the marks are written before anything that could wait, as far as this backend
 * can know, and only a DELETE at top level, without row triggers and other
 * changes in the same statement, is collected at all.
 *
 * The entry: two bytes for the place of the first bit, two for nothing, four for
 * the command, then the bits.  Its key is the segment and the first dead place.
 */
#include "territory.h"

#include "access/htup_details.h"
#include "access/table.h"
#include "access/xact.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "storage/predicate.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

#include "segment/dead_batch.h"
#include "segment/lock.h"
#include "segment/state.h"

#define MAX_BATCHES 32			/* segments that a command is at, before the first is written */
#define BITMAP_BYTES (SEGMENT_MAX_ROWS / 8)

typedef struct BatchHeader
{
	uint16		first_byte;		/* of the bitmap over the segment's places */
	uint16		unused;
	CommandId	command;
} BatchHeader;

typedef struct Batch
{
	Oid			relid;
	SegmentNumber segment;
	CommandId	command;
	SubTransactionId owner;		/* whose deletes these are */
	SubTransactionId written_in;	/* a subtransaction of its in which they were written, or invalid */
	uint16		stretches;		/* that we hold, as bits */
	int			n;
	uint8		dead[BITMAP_BYTES];
	uint8		taken[BITMAP_BYTES];	/* rows that have an entry already */
} Batch;

static BatchCommand *current;
static Batch *batches[MAX_BATCHES];
static int	nbatches;

static inline bool
bit_is_set(const uint8 *bits, int place)
{
	return (bits[place / 8] >> place % 8 & 1) != 0;
}

static inline void
set_bit(uint8 *bits, int place)
{
	bits[place / 8] |= 1 << place % 8;
}

/* ---- reading ---- */

/* a bitmap's part of the places of a segment; false where the entry is damaged */
static bool
take_apart(ChunkStore *store, HeapTuple tuple, BatchHeader *header, const uint8 **bits, int *nbytes)
{
	int			len;
	const char *bytes = chunk_bytes(store, tuple, &len);

	if (len < (int) sizeof *header)
		return false;
	memcpy(header, bytes, sizeof *header);
	*bits = (const uint8 *) bytes + sizeof *header;
	*nbytes = len - sizeof *header;
	return header->first_byte + *nbytes <= BITMAP_BYTES;
}

static void
begin_scan(ChunkScan *scan, ChunkStore *store, Snapshot snapshot, SegmentNumber segment)
{
	ChunkKey	key = chunk_batch_key(segment, 0);

	chunk_scan_begin(scan, store, snapshot, key.id, key.seq, key.seq + SEGMENT_MAX_ROWS - 1);
}

static HeapTuple
next_bitmap(ChunkScan *scan, BatchHeader *header, const uint8 **bits, int *nbytes)
{
	HeapTuple	tuple = chunk_scan_next(scan, ForwardScanDirection);

	if (tuple && !take_apart(scan->store, tuple, header, bits, nbytes))
		ereport(ERROR, (errcode(ERRCODE_DATA_CORRUPTED),
						errmsg("a state entry of \"%s\" is damaged", RelationGetRelationName(scan->store->toast))));
	return tuple;
}

/* is the row dead by a bitmap that the snapshot shows?  A dirty snapshot tells of its maker */
bool
dead_batch_find(ChunkStore *store, ItemPointer tid, Snapshot snapshot, TransactionId *maker, CommandId *command)
{
	int			place = tid_place(tid);
	BatchHeader header;
	const uint8 *bits;
	int			nbytes;
	ChunkScan	scan;
	HeapTuple	tuple;
	bool		found = false;

	begin_scan(&scan, store, snapshot, tid_segment(tid));
	while (!found && (tuple = next_bitmap(&scan, &header, &bits, &nbytes)) != NULL)
	{
		int			byte = place / 8 - header.first_byte;

		if (byte < 0 || byte >= nbytes || !(bits[byte] >> place % 8 & 1))
			continue;
		found = true;
		*maker = HeapTupleHeaderGetXmin(tuple->t_data);
		*command = header.command;
	}
	chunk_scan_end(&scan);
	if (!found && snapshot->snapshot_type == SNAPSHOT_DIRTY)
		snapshot->xmin = snapshot->xmax = InvalidTransactionId;
	return found;
}

/* add the rows that bitmaps show dead to flags by place, made if there are none */
uint8 *
dead_batch_read(ChunkStore *store, Snapshot snapshot, SegmentEntry *entry, uint8 *dead)
{
	BatchHeader header;
	const uint8 *bits;
	int			nbytes;
	ChunkScan	scan;

	begin_scan(&scan, store, snapshot, entry->number);
	while (next_bitmap(&scan, &header, &bits, &nbytes) != NULL)
	{
		int			first = header.first_byte * 8;
		int			end = Min(first + nbytes * 8, entry->rows);

		if (dead == NULL)
			dead = palloc0(entry->rows);
		for (int place = first; place < end; place++)
			dead[place] |= bits[(place - first) / 8] >> place % 8 & 1;
	}
	chunk_scan_end(&scan);
	return dead;
}

/* ---- writing ---- */

static void
write_batch(Batch *batch)
{
	Relation	rel = table_open(batch->relid, NoLock);
	int			first = 0;
	int			last = BITMAP_BYTES - 1;
	int			place;
	BatchHeader header;
	ChunkStore	store;
	char		entry[sizeof header + BITMAP_BYTES];

	while (batch->dead[first] == 0)
		first++;
	while (batch->dead[last] == 0)
		last--;
	for (place = first * 8; !bit_is_set(batch->dead, place);)
		place++;
	memset(&header, 0, sizeof header);
	header.first_byte = first;
	header.command = batch->command;
	memcpy(entry, &header, sizeof header);
	memcpy(entry + sizeof header, batch->dead + first, last - first + 1);
	if (!chunk_store_open(rel, RowExclusiveLock, &store))
		elog(ERROR, "territory: \"%s\" has no TOAST relation", RelationGetRelationName(rel));
	/* for a function that the command calls, it was done when the command did it */
	chunk_insert_of(&store, chunk_batch_key(batch->segment, place), entry, sizeof header + last - first + 1,
					batch->command, 0, NULL);
	chunk_store_close(&store, NoLock);
	table_close(rel, NoLock);
}

static void
release_stretches(Batch *batch)
{
	for (int stretch = 0; stretch < TID_BLOCKS_PER_SEGMENT; stretch++)
		if (batch->stretches >> stretch & 1)
			stretch_unlock(batch->relid, batch->segment, stretch);
}

/* a subtransaction of the owner's only writes: should it fail, the marks are to be written again */
static void
finish_batch(int b)
{
	Batch	   *batch = batches[b];

	if (batch->n > 0 && batch->written_in == InvalidSubTransactionId)
	{
		write_batch(batch);
		batch->written_in = GetCurrentSubTransactionId();
	}
	if (GetCurrentSubTransactionId() != batch->owner)
		return;
	release_stretches(batch);
	batches[b] = batches[--nbatches];
	pfree(batch);
}

/* all marks are where everybody looks for them */
void
dead_batch_flush(void)
{
	for (int b = nbatches - 1; b >= 0; b--)
		finish_batch(b);
}

/* ---- collecting ---- */

static Batch *
find_batch(Oid relid, SegmentNumber segment)
{
	for (int b = nbatches - 1; b >= 0; b--)
		if (batches[b]->segment == segment && batches[b]->relid == relid)
			return batches[b];
	return NULL;
}

static Batch *
add_batch(Oid relid, SegmentNumber segment, CommandId cid)
{
	Batch	   *batch;

	if (nbatches == MAX_BATCHES)
		dead_batch_flush();
	batch = MemoryContextAllocZero(TopTransactionContext, sizeof(Batch));
	batch->relid = relid;
	batch->segment = segment;
	batch->command = cid;
	batch->owner = GetCurrentSubTransactionId();
	batches[nbatches++] = batch;
	return batch;
}

/* which rows of the stretch have entries, whoever made them */
static void
note_taken(ChunkStore *store, Batch *batch, int stretch)
{
	ChunkKey	key = chunk_state_key(batch->segment, stretch * TID_BLOCK_ROWS);
	SegmentEntry whole = {.number = batch->segment, .rows = SEGMENT_MAX_ROWS};
	SnapshotData dirty;
	ChunkScan	scan;
	HeapTuple	tuple;
	uint8	   *dead;

	InitDirtySnapshot(dirty);
	/* twice: one look may miss an entry that is being replaced, see find_version() */
	for (int look = 0; look < 2; look++)
	{
		chunk_scan_begin(&scan, store, &dirty, key.id, key.seq, key.seq + TID_BLOCK_ROWS - 1);
		while ((tuple = chunk_scan_next(&scan, ForwardScanDirection)) != NULL)
			set_bit(batch->taken, stretch * TID_BLOCK_ROWS + chunk_seq(store, tuple) - key.seq);
		chunk_scan_end(&scan);
	}
	dead = dead_batch_read(store, &dirty, &whole, NULL);
	for (int place = stretch * TID_BLOCK_ROWS; dead && place < (stretch + 1) * TID_BLOCK_ROWS; place++)
		if (dead[place])
			set_bit(batch->taken, place);
	if (dead)
		pfree(dead);
}

/* hold the row's stretch, in a segment that stays; NULL where somebody would have to be waited for */
static Batch *
enter_stretch(Relation rel, Batch *batch, ItemPointer tid, CommandId cid)
{
	int			stretch = tid_place(tid) / TID_BLOCK_ROWS;
	SegmentNumber segment = tid_segment(tid);
	ChunkStore	store;
	bool		alive;

	if (!chunk_store_open(rel, RowExclusiveLock, &store))
		return NULL;
	if (!state_hold_segment(rel, &store, segment, LockWaitSkip, &alive) || !alive ||
		!stretch_lock_if_free(RelationGetRelid(rel), segment, stretch))
		batch = NULL;
	else
	{
		if (batch == NULL)
			batch = add_batch(RelationGetRelid(rel), segment, cid);
		batch->stretches |= 1 << stretch;
		note_taken(&store, batch, stretch);
	}
	chunk_store_close(&store, NoLock);
	return batch;
}

/*
 * Delete a sealed row, if the running command collects its deletes and nobody
 * has ever touched the row.
 */
BatchResult
dead_batch_delete(Relation rel, ItemPointer tid, CommandId cid)
{
	int			place = tid_place(tid);
	int64		stretch = (int64) tid_segment(tid) * TID_BLOCKS_PER_SEGMENT + place / TID_BLOCK_ROWS;
	Batch	   *batch;

	if (current == NULL || !current->allowed || current->not_stretch == stretch)
		return BATCH_NO;
	batch = find_batch(RelationGetRelid(rel), tid_segment(tid));
	if (batch && (batch->written_in != InvalidSubTransactionId || batch->command != cid ||
				  batch->owner != GetCurrentSubTransactionId()))
	{
		dead_batch_flush();
		batch = find_batch(RelationGetRelid(rel), tid_segment(tid));
		if (batch)
			return BATCH_NO;	/* an outer subtransaction's */
	}
	if ((batch == NULL || !(batch->stretches >> place / TID_BLOCK_ROWS & 1)) &&
		(batch = enter_stretch(rel, batch, tid, cid)) == NULL)
		return BATCH_NO;
	if (bit_is_set(batch->dead, place))
		return BATCH_SELF_MODIFIED;
	if (bit_is_set(batch->taken, place))
	{
		current->not_stretch = stretch;
		return BATCH_NO;
	}
	CheckForSerializableConflictIn(rel, NULL, InvalidBlockNumber);
	set_bit(batch->dead, place);
	batch->n++;
	pgstat_count_heap_delete(rel);
	return BATCH_DELETED;
}

/* ---- commands and transactions ---- */

/* a command inside another one may look, and wait, and do anything */
void
dead_batch_begin(BatchCommand *command, bool allowed)
{
	if (current && nbatches > 0)
		dead_batch_flush();
	command->outer = current;
	command->allowed = allowed && current == NULL;
	command->not_stretch = -1;
	current = command;
}

/* finished: it did not fail */
void
dead_batch_end(BatchCommand *command, bool finished)
{
	current = command->outer;
	if (finished && nbatches > 0)
		dead_batch_flush();
}

static void
forget_batches(XactEvent event, void *arg)
{
	switch (event)
	{
		case XACT_EVENT_PRE_COMMIT:
		case XACT_EVENT_PRE_PREPARE:
			dead_batch_flush();
			break;
		default:
			nbatches = 0;		/* with their memory */
			current = NULL;
	}
}

static void
follow_subtransaction(SubXactEvent event, SubTransactionId mine, SubTransactionId parent, void *arg)
{
	if (event == SUBXACT_EVENT_PRE_COMMIT_SUB)
		dead_batch_flush();
	if (event != SUBXACT_EVENT_COMMIT_SUB && event != SUBXACT_EVENT_ABORT_SUB)
		return;
	for (int b = nbatches - 1; b >= 0; b--)
	{
		Batch	   *batch = batches[b];

		if (batch->written_in == mine)
			batch->written_in = event == SUBXACT_EVENT_COMMIT_SUB ? parent : InvalidSubTransactionId;
		if (batch->owner == mine && event == SUBXACT_EVENT_ABORT_SUB)
		{
			batches[b] = batches[--nbatches];	/* its locks went with it */
			pfree(batch);
		}
	}
}

void
dead_batch_init(void)
{
	RegisterXactCallback(forget_batches, NULL);
	RegisterSubXactCallback(follow_subtransaction, NULL);
}
