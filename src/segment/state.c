/*
 * state.c
 *	  What happened to single sealed rows since they were sealed.
 *
 * See state.h for anchors and dead marks.  Invariant: at most one live chain of
 * versions exists per row; it is started under the lock of the row's stretch,
 * held just long enough to look and insert.
 *
 * Whoever looks has this command's collected dead marks written first.
 */
#include "territory.h"

#include "access/heapam.h"
#include "access/htup_details.h"
#include "access/xact.h"
#include "miscadmin.h"
#include "storage/bufmgr.h"
#include "storage/lmgr.h"
#include "storage/procarray.h"
#include "utils/fmgroids.h"
#include "utils/snapmgr.h"

#include "segment/dead_batch.h"
#include "segment/lock.h"
#include "segment/row_lock.h"
#include "segment/state.h"

static void
damaged(ChunkStore *store)
{
	ereport(ERROR, (errcode(ERRCODE_DATA_CORRUPTED),
					errmsg("a state entry of \"%s\" is damaged", RelationGetRelationName(store->toast)),
					errhint("Restore the table from a backup.")));
}

static void
entry_from_tuple(ChunkStore *store, HeapTuple tuple, StateEntry *entry)
{
	int			len;
	const char *bytes = chunk_bytes(store, tuple, &len);

	if (len != sizeof *entry)
		damaged(store);
	memcpy(entry, bytes, sizeof *entry);
	if (entry->dead > 1 || entry->moved > MOVED_KEY_KEPT)
		damaged(store);
}

/* has any row of this table ever been deleted, updated or locked while sealed? */
bool
state_any(ChunkStore *store)
{
	ScanKeyData keys[2];
	IndexScanDesc scan;
	bool		any;

	if (chunk_store_empty(store))
		return false;
	ScanKeyInit(&keys[0], 1, BTGreaterEqualStrategyNumber, F_OIDGE, ObjectIdGetDatum(CHUNK_STATE_FIRST));
	ScanKeyInit(&keys[1], 1, BTLessStrategyNumber, F_OIDLT, ObjectIdGetDatum(CHUNK_DATA_FIRST));
	scan = compat_index_beginscan(store->toast, store->index, SnapshotAny, 2);
	index_rescan(scan, keys, 2, NULL, 0);
	any = index_getnext_tid(scan, ForwardScanDirection) != NULL;
	index_endscan(scan);
	return any;
}

/* flags for rows first .. first + rows - 1 of a segment from their own entries, or NULL where none is dead */
static uint8 *
read_dead_entries(ChunkStore *store, Snapshot snapshot, SegmentEntry *entry, int first, int rows)
{
	ChunkKey	key = chunk_state_key(entry->number, first);
	uint8	   *dead = NULL;
	ChunkScan	scan;
	HeapTuple	tuple;

	chunk_scan_begin(&scan, store, snapshot, key.id, key.seq, key.seq + rows - 1);
	while ((tuple = chunk_scan_next(&scan, ForwardScanDirection)) != NULL)
	{
		StateEntry	state;

		entry_from_tuple(store, tuple, &state);
		if (!state.dead)
			continue;
		if (dead == NULL)
			dead = palloc0(rows);
		dead[chunk_seq(store, tuple) - key.seq] = 1;
	}
	chunk_scan_end(&scan);
	return dead;
}

/* a flag per row that the snapshot sees dead, or NULL where none is */
uint8 *
state_read_dead(ChunkStore *store, Snapshot snapshot, SegmentEntry *entry)
{
	dead_batch_flush();
	return dead_batch_read(store, snapshot, entry, read_dead_entries(store, snapshot, entry, 0, entry->rows));
}

int
state_count_dead(ChunkStore *store, Snapshot snapshot, SegmentEntry *entry)
{
	uint8	   *dead = state_read_dead(store, snapshot, entry);
	int			count = 0;

	for (int i = 0; dead && i < entry->rows; i++)
		count += dead[i];
	if (dead)
		pfree(dead);
	return count;
}

/*
 * The same in two steps, for who may want few of the rows: what bitmaps say of
 * the segment, then, given that, all that is said of some rows.
 */
uint8 *
state_read_dead_bitmaps(ChunkStore *store, Snapshot snapshot, SegmentEntry *entry)
{
	dead_batch_flush();
	return dead_batch_read(store, snapshot, entry, NULL);
}

uint8 *
state_read_dead_rows(ChunkStore *store, Snapshot snapshot, SegmentEntry *entry, const uint8 *bitmaps, int first,
					 int rows)
{
	uint8	   *dead = read_dead_entries(store, snapshot, entry, first, rows);

	if (bitmaps && dead == NULL)
		dead = palloc0(rows);
	for (int i = 0; bitmaps && i < rows; i++)
		dead[i] |= bitmaps[first + i];
	return dead;
}

static bool
find_in_batch(ChunkStore *store, ItemPointer tid, Snapshot snapshot, StateEntry *entry, ItemPointer at,
			  TransactionId *maker)
{
	TransactionId by;
	CommandId	command;

	if (!dead_batch_find(store, tid, snapshot, &by, &command))
		return false;
	memset(entry, 0, sizeof *entry);
	entry->dead = true;
	entry->command = command;
	if (at)
		ItemPointerSetInvalid(at);
	if (maker)
		*maker = by;
	return true;
}

/*
 * The newest entry of a row as the snapshot shows it; its TID (invalid: it is one
 * of many rows in a bitmap) and who made it, if asked.
 *
 * Snapshots that are no MVCC ones may miss an entry while it is being replaced:
 * the index was read before the new version was there, and the old one's tuple
 * after its replacer had committed.  An entry is replaced once, so who looks
 * twice finds it.
 */
static bool
find_version(ChunkStore *store, ItemPointer tid, Snapshot snapshot, StateEntry *entry, ItemPointer at,
			 TransactionId *maker)
{
	ChunkKey	key = chunk_state_key(tid_segment(tid), tid_place(tid));
	ChunkScan	scan;
	HeapTuple	tuple;
	bool		found;

	dead_batch_flush();
	chunk_scan_begin(&scan, store, snapshot, key.id, key.seq, key.seq);
	tuple = chunk_scan_next(&scan, ForwardScanDirection);
	found = tuple != NULL;
	if (found)
	{
		entry_from_tuple(store, tuple, entry);
		if (at)
			*at = tuple->t_self;
		if (maker)
			*maker = HeapTupleHeaderGetXmin(tuple->t_data);
	}
	chunk_scan_end(&scan);
	return found || find_in_batch(store, tid, snapshot, entry, at, maker);
}

bool
state_find(ChunkStore *store, ItemPointer tid, Snapshot snapshot, StateEntry *entry)
{
	return find_version(store, tid, snapshot, entry, NULL, NULL);
}

/* the entries of a segment that nobody else changes now, by place; zero where there is none */
StateEntry *
state_read_entries(ChunkStore *store, SegmentNumber segment, int rows)
{
	ChunkKey	key = chunk_state_key(segment, 0);
	StateEntry *entries = palloc0(sizeof(StateEntry) * rows);
	ChunkScan	scan;
	HeapTuple	tuple;

	chunk_scan_begin(&scan, store, SnapshotSelf, key.id, key.seq, key.seq + rows - 1);
	while ((tuple = chunk_scan_next(&scan, ForwardScanDirection)) != NULL)
		entry_from_tuple(store, tuple, &entries[chunk_seq(store, tuple) - key.seq]);
	chunk_scan_end(&scan);
	return entries;
}

/*
 * Is the row alive, as HeapTupleSatisfiesDirty would have it: whose fate
 * another transaction holds lives, and snapshot->xmax tells whose.
 */
bool
state_alive_dirty(Relation rel, ItemPointer tid, Snapshot snapshot)
{
	ChunkStore	store;
	StateEntry	state;
	bool		dead;

	if (!chunk_store_open(rel, AccessShareLock, &store))
		return false;
	InitDirtySnapshot(*snapshot);
	snapshot->xmin = snapshot->xmax = InvalidTransactionId;
	snapshot->speculativeToken = 0;
	dead = state_find(&store, tid, snapshot, &state) && state.dead;
	if (dead && TransactionIdIsValid(snapshot->xmin))
	{
		snapshot->xmax = snapshot->xmin;
		dead = false;
	}
	snapshot->xmin = InvalidTransactionId;
	chunk_store_close(&store, AccessShareLock);
	return !dead;
}

/* a dead mark on a row that nobody else can know yet */
void
state_insert_dead(ChunkStore *store, SegmentNumber segment, int place)
{
	StateEntry	entry;

	memset(&entry, 0, sizeof entry);
	entry.dead = true;
	chunk_insert(store, chunk_state_key(segment, place), &entry, sizeof entry, 0, NULL);
}

/* ---- where the row is ---- */

/* is the segment there, and does it stay there until we end?  False without waiting where policy says so */
bool
state_hold_segment(Relation rel, ChunkStore *store, SegmentNumber segment, LockWaitPolicy policy, bool *alive)
{
	SegmentEntry *entry;

	if (segment_lock_alive(rel, segment))
	{
		*alive = true;
		return true;
	}
	if (policy == LockWaitBlock)
		segment_lock_share(rel, segment);
	else if (!segment_lock_share_if_free(rel, segment))
		return false;
	entry = directory_find(store, SnapshotSelf, segment);
	*alive = entry != NULL;
	if (entry)
	{
		segment_lock_set_alive(segment);
		pfree(entry);
	}
	return true;
}

/*
 * Follow a row that was moved unchanged, by unseal, compact or a lift, to where
 * it is now.  One that the current command lifted stays what it was before: the
 * command knows it by the sealed TID.
 */
StatePlace
state_settle(Relation rel, ChunkStore *store, ItemPointer tid, CommandId cid, LockWaitPolicy policy)
{
	while (tid_is_sealed(tid))
	{
		StateEntry	entry;
		TransactionId maker;
		bool		alive;

		CHECK_FOR_INTERRUPTS(); /* damaged links could lead in a circle */
		if (!state_hold_segment(rel, store, tid_segment(tid), policy, &alive))
			return PLACE_BUSY;
		if (!alive)
		{
			bool		updated;

			if (!relocated_find(store, tid, tid, &updated))
				return PLACE_GONE;
			if (updated)
				return PLACE_UPDATED;
			continue;
		}
		if (!find_version(store, tid, SnapshotSelf, &entry, NULL, &maker) || entry.moved != MOVED_UNCHANGED ||
			(entry.command == cid && TransactionIdIsCurrentTransactionId(maker)))
			return PLACE_SEALED;
		if (!ItemPointerIsValid(&entry.forward))
			damaged(store);
		*tid = entry.forward;
	}
	return PLACE_HOT;
}

/* ---- locking and changing ---- */

/*
 * Make sure that the row has an entry; frozen, so that all see it at once.
 * *made: it has one since now, at *at.  A bitmap in progress that takes the row is
 * waited for: false where policy forbids it.
 */
static bool
ensure_anchor(Relation rel, ChunkStore *store, ItemPointer tid, LockWaitPolicy policy, ItemPointer at, bool *made)
{
	Oid			relid = RelationGetRelid(rel);
	SegmentNumber segment = tid_segment(tid);
	int			stretch = tid_place(tid) / TID_BLOCK_ROWS;

	for (;;)
	{
		StateEntry	entry;
		SnapshotData dirty;

		dead_batch_flush();
		InitDirtySnapshot(dirty);
		if (policy == LockWaitBlock)
			stretch_lock(relid, segment, stretch);
		else if (!stretch_lock_if_free(relid, segment, stretch))
			return false;
		/* twice: the first look may miss an entry that is being replaced */
		*made = !find_version(store, tid, &dirty, &entry, at, NULL) &&
			!find_version(store, tid, &dirty, &entry, at, NULL);
		if (*made)
		{
			memset(&entry, 0, sizeof entry);
			chunk_insert(store, chunk_state_key(segment, tid_place(tid)), &entry, sizeof entry, HEAP_INSERT_FROZEN, at);
		}
		stretch_unlock(relid, segment, stretch);
		if (*made || ItemPointerIsValid(at) || !TransactionIdIsValid(dirty.xmin))
			return true;
		if (policy == LockWaitBlock)
			XactLockTableWait(dirty.xmin, rel, tid, XLTW_Lock);
		else if (!compat_try_wait_for_xid(dirty.xmin))
			return false;
	}
}

/* does this transaction hold a lock on the row? */
static bool
is_locked_by_us(ChunkStore *store, ItemPointer tid)
{
	ChunkKey	key = chunk_state_key(tid_segment(tid), tid_place(tid));
	ChunkScan	scan;
	HeapTuple	tuple;
	bool		ours = false;

	chunk_scan_begin(&scan, store, SnapshotSelf, key.id, key.seq, key.seq);
	if ((tuple = chunk_scan_next(&scan, ForwardScanDirection)) != NULL)
		ours = !(tuple->t_data->t_infomask & (HEAP_XMAX_INVALID | HEAP_XMAX_IS_MULTI)) &&
			TransactionIdIsCurrentTransactionId(HeapTupleHeaderGetRawXmax(tuple->t_data));
	chunk_scan_end(&scan);
	return ours;
}

/* the row's lock cannot be had without waiting: an error, unless policy is to skip it */
TM_Result
state_lock_not_free(Relation rel, LockWaitPolicy policy)
{
	if (policy == LockWaitError)
		ereport(ERROR, (errcode(ERRCODE_LOCK_NOT_AVAILABLE),
						errmsg("could not obtain lock on row in relation \"%s\"", RelationGetRelationName(rel))));
	return TM_WouldBlock;
}

/*
 * A key-share lock on an anchor that another transaction is replacing by a dead
 * mark has to hold on the row's hot version, too.  False: look at the row again.
 */
static bool
follow_update(Relation rel, ChunkStore *store, HeapTuple anchor, Buffer buffer)
{
	HeapTupleHeader header = anchor->t_data;
	TransactionId updater = InvalidTransactionId;
	HeapTupleData mark;
	Buffer		mark_buffer;
	StateEntry	entry;

	LockBuffer(buffer, BUFFER_LOCK_SHARE);
	if (!(header->t_infomask & HEAP_XMAX_INVALID) && !HEAP_XMAX_IS_LOCKED_ONLY(header->t_infomask))
		updater = HeapTupleHeaderGetUpdateXid(header);
	mark.t_self = header->t_ctid;
	LockBuffer(buffer, BUFFER_LOCK_UNLOCK);
	if (!TransactionIdIsValid(updater) || TransactionIdDidAbort(updater))
		return true;
	if (!TransactionIdIsInProgress(updater))
		return !TransactionIdDidCommit(updater);
	if (!heap_fetch(store->toast, SnapshotAny, &mark, &mark_buffer, false))
		return true;
	memset(&entry, 0, sizeof entry);
	if (TransactionIdEquals(HeapTupleHeaderGetXmin(mark.t_data), updater))
		entry_from_tuple(store, &mark, &entry);
	ReleaseBuffer(mark_buffer);
	return entry.moved == MOVED_NOT || ItemPointerIndicatesMovedPartitions(&entry.forward) ||
		row_lock_follow(rel, &entry.forward, updater);
}

/*
 * Lock a settled sealed row as heap_lock_tuple would.  On TM_Ok *anchor is the
 * entry that we hold, and *was_ours, if asked, whether we held it before.  On
 * TM_Updated failure->ctid is where the row lives on.
 */
TM_Result
state_lock_row(Relation rel, ChunkStore *store, ItemPointer tid, LockTupleMode mode, LockWaitPolicy policy,
			   TM_FailureData *failure, ItemPointer anchor, bool *was_ours)
{
	ItemPointerData made_at;
	bool		made;

	if (!ensure_anchor(rel, store, tid, policy, &made_at, &made))
		return state_lock_not_free(rel, policy);
	if (was_ours)
		*was_ours = !made && is_locked_by_us(store, tid);
	for (;;)
	{
		StateEntry	entry;
		HeapTupleData tuple;
		Buffer		buffer;
		TransactionId maker;
		TM_Result	result;
		bool		dead;

		CHECK_FOR_INTERRUPTS();

		/*
		 * Where a dead mark was not seen since its maker was going on, and the
		 * maker committed before the anchor was looked at, neither is found.
		 */
		if (made)
		{
			memset(&entry, 0, sizeof entry);
			tuple.t_self = made_at;
			made = false;
		}
		else if (!find_version(store, tid, SnapshotSelf, &entry, &tuple.t_self, &maker))
			continue;
		dead = entry.dead;
		if (!ItemPointerIsValid(&tuple.t_self))
		{
			failure->ctid = *tid;
			failure->xmax = maker;
			failure->traversed = false;
			failure->cmax = TransactionIdIsCurrentTransactionId(maker) ? entry.command : InvalidCommandId;
			return TransactionIdIsCurrentTransactionId(maker) ? TM_SelfModified : TM_Deleted;
		}
		/* heap's error of NOWAIT would name the TOAST relation */
		result = heap_lock_tuple(store->toast, &tuple, GetCurrentCommandId(true), mode,
								 policy == LockWaitError ? LockWaitSkip : policy, false, &buffer, failure);
		if (result == TM_Ok || (dead && (result == TM_Invisible || result == TM_SelfModified)))
		{
			TransactionId xmin = HeapTupleHeaderGetRawXmin(tuple.t_data);
			bool		ours = TransactionIdIsCurrentTransactionId(xmin);
			bool		again = !dead && mode == LockTupleKeyShare && !follow_update(rel, store, &tuple, buffer);

			ReleaseBuffer(buffer);
			if (again)
				continue;
			if (!dead)
			{
				*anchor = tuple.t_self;
				return TM_Ok;
			}
			/* an older snapshot's FOR KEY SHARE, which an update of other columns does not trouble */
			if (mode == LockTupleKeyShare && entry.moved == MOVED_KEY_KEPT && !ours &&
				row_lock_follow(rel, &entry.forward, xmin))
			{
				*anchor = tuple.t_self;
				return TM_Ok;
			}
			failure->ctid = entry.moved ? entry.forward : *tid;
			failure->xmax = xmin;
			failure->cmax = ours ? entry.command : InvalidCommandId;
			failure->traversed = false;
			if (ours)
				return TM_SelfModified;
			return entry.moved ? TM_Updated : TM_Deleted;
		}
		ReleaseBuffer(buffer);
		if (result == TM_WouldBlock)
			return state_lock_not_free(rel, policy);
		if (result == TM_Invisible || result == TM_SelfModified)
			CommandCounterIncrement();	/* our own anchor version of this command */
		else if (result != TM_Updated && result != TM_Deleted)
			return result;
		/* else a newer version exists now: look again */
	}
}

/*
 * The row that *anchor stands for, locked by us, is dead by this command, as
 * the executor knows it: its number, at which the next version is inserted too,
 * may be an earlier one by now, and a cursor in between must not see both.
 */
TM_Result
state_mark_dead(Relation rel, ChunkStore *store, ItemPointer anchor, ItemPointer tid, StateMoved moved,
				ItemPointer forward, CommandId command)
{
	ChunkKey	key = chunk_state_key(tid_segment(tid), tid_place(tid));
	StateEntry	entry;
	char		payload[VARHDRSZ + sizeof entry];
	Datum		values[3];
	bool		nulls[3] = {false, false, false};
	HeapTuple	tuple;
	TM_FailureData failure;
	LockTupleMode mode;
	TM_Result	result;

	memset(&entry, 0, sizeof entry);
	entry.dead = true;
	entry.moved = moved;
	if (moved != MOVED_NOT)
		entry.forward = *forward;
	entry.command = command;
	SET_VARSIZE(payload, sizeof payload);
	memcpy(payload + VARHDRSZ, &entry, sizeof entry);
	values[0] = ObjectIdGetDatum(key.id);
	values[1] = Int32GetDatum(key.seq);
	values[2] = PointerGetDatum(payload);
	tuple = heap_form_tuple(RelationGetDescr(store->toast), values, nulls);
	result = compat_heap_update(store->toast, anchor, tuple, command, InvalidSnapshot, true, &failure, &mode);
	if (result == TM_Ok && !HeapTupleIsHeapOnly(tuple))
		index_insert(store->index, values, nulls, &tuple->t_self, store->toast, UNIQUE_CHECK_YES, false, NULL);
	if (result == TM_Ok && moved != MOVED_NOT && !ItemPointerIndicatesMovedPartitions(forward))
		row_lock_carry(rel, tuple->t_data, forward);
	heap_freetuple(tuple);
	return result;
}
