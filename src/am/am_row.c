/*
 * am_row.c
 *	  Single rows by TID: where they are, fetching, locking.
 *
 * A row's versions form a chain as in heap, of hot tuples and sealed rows.  A
 * sealed row's state entry links it to what it became; a hot tuple's t_ctid
 * links it to its next version, or, where it was sealed, to its sealed TID.
 * Only the first of these is known to heap's code: it must never follow a link
 * to a sealed TID, so it never follows any, and this file does.
 */
#include "territory.h"

#include "access/heapam.h"
#include "access/transam.h"
#include "access/xact.h"
#include "storage/bufmgr.h"
#include "storage/lmgr.h"
#include "storage/predicate.h"
#include "utils/snapmgr.h"

#include "am/am.h"
#include "segment/dead_batch.h"
#include "segment/state.h"

/*
 * A lifted tuple carries the current command's id, at which heap would call it
 * invisible: the last one is remembered, and treated as one command older.
 */
static struct
{
	Oid			relid;
	ItemPointerData tid;
	CommandId	cid;
	TransactionId xid;
}			lifted;

void
lifted_remember(Relation rel, ItemPointer tid, CommandId cid)
{
	lifted.relid = RelationGetRelid(rel);
	lifted.tid = *tid;
	lifted.cid = cid;
	lifted.xid = GetCurrentTransactionId();
}

static bool
is_lifted(Relation rel, ItemPointer tid)
{
	return lifted.relid == RelationGetRelid(rel) && ItemPointerIsValid(tid) && ItemPointerEquals(tid, &lifted.tid) &&
		TransactionIdIsCurrentTransactionId(lifted.xid);
}

/* the command id at which heap may touch this hot tuple */
CommandId
lifted_command(Relation rel, ItemPointer tid, CommandId cid)
{
	return is_lifted(rel, tid) && lifted.cid == cid ? cid + 1 : cid;
}

/* ---- where a row is ---- */

/* the row's next version, which is not for us to change: TM_Updated, as heap would say */
static TM_Result
say_updated(Relation rel, const ItemPointerData *next, TM_FailureData *failure)
{
	HeapTupleData tuple;
	Buffer		buffer;

	failure->ctid = *next;
	if (ItemPointerIndicatesMovedPartitions(next))
		return TM_Updated;
	tuple.t_self = *next;
	if (!heap_fetch(rel, SnapshotAny, &tuple, &buffer, false))
		return TM_Deleted;
	failure->xmax = HeapTupleHeaderGetRawXmin(tuple.t_data);
	ReleaseBuffer(buffer);
	return TM_Updated;
}

/* TM_Ok: *tid is where the row is now, unchanged; if sealed, in a segment that stays until we end */
TM_Result
row_settle(Relation rel, ItemPointer tid, CommandId cid, LockWaitPolicy policy, TM_FailureData *failure)
{
	ChunkStore	store;
	StatePlace	place = PLACE_GONE;
	ItemPointerData known = *tid;
	ItemPointerData next;

	if (!tid_is_sealed(tid))
		return TM_Ok;
	if (chunk_store_open(rel, RowExclusiveLock, &store))
	{
		place = state_settle(rel, &store, tid, cid, policy);
		chunk_store_close(&store, NoLock);
	}
	failure->ctid = *tid;
	failure->xmax = InvalidTransactionId;
	failure->cmax = InvalidCommandId;
	failure->traversed = false;
	switch (place)
	{
		case PLACE_SEALED:
		case PLACE_HOT:
			return TM_Ok;
		case PLACE_GONE:
			return TM_Deleted;
		case PLACE_UPDATED:
			next = *tid;
			*tid = known;
			return say_updated(rel, &next, failure);
		case PLACE_BUSY:
			break;
	}
	return state_lock_not_free(rel, policy);
}

/*
 * A sealed row is not there any more, as its state says: because it was only
 * moved, while we waited?  Then *tid is where it is now.
 */
bool
row_moved_on(Relation rel, ItemPointer tid, CommandId cid, LockWaitPolicy policy, TM_FailureData *failure)
{
	TM_FailureData kept = *failure;
	ItemPointerData now = *tid;

	if (row_settle(rel, &now, cid, policy, failure) == TM_Ok && !ItemPointerEquals(&now, tid))
	{
		*tid = now;
		return true;
	}
	*failure = kept;
	return false;
}

/* heap says that a hot tuple is not the row any more: because it was sealed, to failure->ctid? */
bool
row_was_sealed(TM_Result result, TM_FailureData *failure)
{
	return result == TM_Updated && tid_is_sealed(&failure->ctid) &&
		!ItemPointerIndicatesMovedPartitions(&failure->ctid) &&
		(TransactionIdIsCurrentTransactionId(failure->xmax) || TransactionIdDidCommit(failure->xmax));
}

/* ---- fetch ---- */

bool
row_fetch_version(Relation rel, ItemPointer tid, Snapshot snapshot, TupleTableSlot *slot)
{
	MemoryContext old;
	HeapTuple	tuple;

	if (!tid_is_sealed(tid))
		return heap_methods->tuple_fetch_row_version(rel, tid, snapshot, slot);
	if (IsMVCCSnapshot(snapshot))
		PredicateLockRelation(rel, snapshot);
	old = MemoryContextSwitchTo(slot->tts_mcxt);
	tuple = sealed_fetch(rel, tid, snapshot);
	MemoryContextSwitchTo(old);
	if (tuple == NULL)
		return false;
	am_store_tuple(tuple, slot);
	return true;
}

static bool
territory_tuple_tid_valid(TableScanDesc s, ItemPointer tid)
{
	return tid_is_sealed(tid) || heap_methods->tuple_tid_valid(((TerritoryScanDesc *) s)->hot, tid);
}

/* of a sealed row */
bool
row_visible(Relation rel, ItemPointer tid, Snapshot snapshot)
{
	HeapTuple	tuple = sealed_fetch(rel, tid, snapshot);

	if (tuple == NULL)
		return false;
	heap_freetuple(tuple);
	return true;
}

/* the next version of a hot tuple into *tid, which becomes *latest where the snapshot shows it; false at the end */
static bool
next_version(Relation rel, Snapshot snapshot, ItemPointer tid, TransactionId *prior, ItemPointer latest)
{
	HeapTupleData tuple;
	Buffer		buffer;
	bool		more = false;

	tuple.t_self = *tid;
	if (!heap_fetch(rel, SnapshotAny, &tuple, &buffer, false))
		return false;
	LockBuffer(buffer, BUFFER_LOCK_SHARE);
	if (!TransactionIdIsValid(*prior) || TransactionIdEquals(*prior, HeapTupleHeaderGetXmin(tuple.t_data)))
	{
		if (HeapTupleSatisfiesVisibility(&tuple, snapshot, buffer))
			*latest = *tid;
		more = !(tuple.t_data->t_infomask & HEAP_XMAX_INVALID) && !HeapTupleHeaderIsOnlyLocked(tuple.t_data) &&
			!HeapTupleHeaderIndicatesMovedPartitions(tuple.t_data) &&
			!ItemPointerEquals(&tuple.t_self, &tuple.t_data->t_ctid);
		*tid = tuple.t_data->t_ctid;
		*prior = more ? HeapTupleHeaderGetUpdateXid(tuple.t_data) : InvalidTransactionId;
	}
	UnlockReleaseBuffer(buffer);
	return more;
}

/* heap's rule: the newest version that the snapshot shows */
static void
territory_get_latest_tid(TableScanDesc s, ItemPointer latest)
{
	Relation	rel = s->rs_rd;
	ItemPointerData tid = *latest;
	TransactionId prior = InvalidTransactionId;

	while (!tid_is_sealed(&tid))
		if (!next_version(rel, s->rs_snapshot, &tid, &prior, latest))
			return;
	if (row_visible(rel, &tid, s->rs_snapshot))
		*latest = tid;
}

static bool
territory_tuple_satisfies_snapshot(Relation rel, TupleTableSlot *slot, Snapshot snapshot)
{
	if (tid_is_sealed(&slot->tts_tid))
		return row_visible(rel, &slot->tts_tid, snapshot);
	return (is_lifted(rel, &slot->tts_tid) && IsMVCCSnapshot(snapshot)) ||
		heap_methods->tuple_satisfies_snapshot(rel, slot, snapshot);
}

/* ---- lock ---- */

static TM_Result
lock_sealed(Relation rel, ItemPointer tid, TupleTableSlot *slot, LockTupleMode mode, LockWaitPolicy policy,
			TM_FailureData *failure)
{
	ChunkStore	store;
	ItemPointerData anchor;
	TM_Result	result;

	if (!chunk_store_open(rel, RowExclusiveLock, &store))
		return TM_Deleted;
	result = state_lock_row(rel, &store, tid, mode, policy, failure, &anchor, NULL);
	chunk_store_close(&store, NoLock);
	if (result == TM_Ok || result == TM_SelfModified)
		row_fetch_version(rel, tid, SnapshotAny, slot);
	return result;
}

/* does the tuple link to a sealed row?  Of a page that is pinned */
static bool
is_linked_to_sealed(Buffer buffer, ItemPointer tid)
{
	Page		page = BufferGetPage(buffer);
	OffsetNumber offset = ItemPointerGetOffsetNumber(tid);
	bool		result = false;

	LockBuffer(buffer, BUFFER_LOCK_SHARE);
	if (offset <= PageGetMaxOffsetNumber(page) && ItemIdIsNormal(PageGetItemId(page, offset)))
	{
		ItemPointerData link = ((HeapTupleHeader) PageGetItem(page, PageGetItemId(page, offset)))->t_ctid;

		result = tid_is_sealed(&link) && !ItemPointerIndicatesMovedPartitions(&link);
	}
	LockBuffer(buffer, BUFFER_LOCK_UNLOCK);
	return result;
}

/* who is updating the tuple that we hold a lock on, which does not keep him away? */
static TransactionId
updater_of(TupleTableSlot *slot)
{
	HeapTupleHeader tuple = ((BufferHeapTupleTableSlot *) slot)->base.tuple->t_data;

	return (tuple->t_infomask & HEAP_XMAX_INVALID) || HEAP_XMAX_IS_LOCKED_ONLY(tuple->t_infomask) ?
		InvalidTransactionId : HeapTupleHeaderGetUpdateXid(tuple);
}

static bool
wait_for_updater(Relation rel, TransactionId updater, ItemPointer tid, LockWaitPolicy policy)
{
	if (policy == LockWaitBlock)
		XactLockTableWait(updater, rel, tid, XLTW_Lock);
	else if (!compat_try_wait_for_xid(updater))
	{
		(void) state_lock_not_free(rel, policy);
		return false;
	}
	return true;
}

/*
 * Where an update is in progress that our lock does not conflict with, heap
 * locks the later versions too, and for that it follows the tuple's link.  A
 * seal puts no link to a sealed row on a page that we have pinned.  If there is
 * one already, a seal is in progress or has failed; should somebody be updating
 * the tuple in the end, we wait for him instead.
 */
static TM_Result
lock_hot(Relation rel, ItemPointer tid, Snapshot snapshot, TupleTableSlot *slot, CommandId cid, LockTupleMode mode,
		 LockWaitPolicy policy, uint8 flags, TM_FailureData *failure)
{
	Buffer		buffer = ReadBuffer(rel, ItemPointerGetBlockNumber(tid));
	TransactionId updater;
	TM_Result	result;

	cid = lifted_command(rel, tid, cid);
	flags &= TUPLE_LOCK_FLAG_LOCK_UPDATE_IN_PROGRESS;
	if (flags == 0 || !is_linked_to_sealed(buffer, tid))
		result = heap_methods->tuple_lock(rel, tid, snapshot, slot, cid, mode, policy, flags, failure);
	else
	{
		result = heap_methods->tuple_lock(rel, tid, snapshot, slot, cid, mode, policy, 0, failure);
		if (result == TM_Ok && TransactionIdIsValid(updater = updater_of(slot)))
			result = wait_for_updater(rel, updater, tid, policy) ?
				heap_methods->tuple_lock(rel, tid, snapshot, slot, cid, mode, policy, 0, failure) : TM_WouldBlock;
	}
	ReleaseBuffer(buffer);
	return result;
}

/* one version, wherever it is now; *tid says where */
static TM_Result
lock_version(Relation rel, ItemPointer tid, Snapshot snapshot, TupleTableSlot *slot, CommandId cid,
			 LockTupleMode mode, LockWaitPolicy policy, uint8 flags, TM_FailureData *failure)
{
	for (;;)
	{
		TM_Result	result = row_settle(rel, tid, cid, policy, failure);

		if (result != TM_Ok)
			return result;
		if (tid_is_sealed(tid))
		{
			result = lock_sealed(rel, tid, slot, mode, policy, failure);
			if (result == TM_Updated && row_moved_on(rel, tid, cid, policy, failure))
				continue;
			return result;
		}
		result = lock_hot(rel, tid, snapshot, slot, cid, mode, policy, flags, failure);
		if (!row_was_sealed(result, failure))
			return result;
		*tid = failure->ctid;
	}
}

/*
 * TM_Ok where failure->ctid is the version that failure->xmax made of a row.
 * One that this command made itself is not for it to lock.
 */
static TM_Result
check_next_version(Relation rel, CommandId cid, TM_FailureData *failure)
{
	HeapTupleData tuple;
	Buffer		buffer;
	TM_Result	result = TM_Ok;

	tuple.t_self = failure->ctid;
	if (!heap_fetch(rel, SnapshotAny, &tuple, &buffer, false))
		return TM_Deleted;
	if (!TransactionIdEquals(HeapTupleHeaderGetRawXmin(tuple.t_data), failure->xmax))
		result = TM_Deleted;
	else if (TransactionIdIsCurrentTransactionId(failure->xmax) && HeapTupleHeaderGetCmin(tuple.t_data) >= cid)
	{
		failure->cmax = HeapTupleHeaderGetCmin(tuple.t_data);
		result = TM_SelfModified;
	}
	ReleaseBuffer(buffer);
	return result;
}

/*
 * We met a version that this transaction has changed already.  As heap does,
 * tell which command made the last one: the executor lets its own go.
 */
static TM_Result
find_own_change(Relation rel, ItemPointer tid, TM_FailureData *failure)
{
	HeapTupleData tuple;
	Buffer		buffer;

	tuple.t_self = *tid;
	while (!tid_is_sealed(&tuple.t_self) && heap_fetch(rel, SnapshotAny, &tuple, &buffer, false))
	{
		HeapTupleHeader header = tuple.t_data;
		ItemPointerData next = header->t_ctid;
		bool		changed = !(header->t_infomask & HEAP_XMAX_INVALID) && !HeapTupleHeaderIsOnlyLocked(header) &&
			TransactionIdIsCurrentTransactionId(HeapTupleHeaderGetUpdateXid(header));

		if (TransactionIdIsCurrentTransactionId(HeapTupleHeaderGetXmin(header)))
			failure->cmax = HeapTupleHeaderGetCmin(header);
		ReleaseBuffer(buffer);
		if (!changed)
			break;
		if (ItemPointerEquals(&next, &tuple.t_self))
			return TM_Deleted;
		if (ItemPointerIndicatesMovedPartitions(&next))
			break;
		tuple.t_self = next;
	}
	return TM_SelfModified;
}

static TM_Result
territory_tuple_lock(Relation rel, ItemPointer tid, Snapshot snapshot, TupleTableSlot *slot, CommandId cid,
					 LockTupleMode mode, LockWaitPolicy policy, uint8 flags, TM_FailureData *failure)
{
	bool		traversed = false;
	TM_Result	result;

	dead_batch_flush();			/* heap may wait */
	/* ExecCopySlot keeps a materialised row's TID in t_self only */
	if (!ItemPointerIsValid(tid) && !TTS_EMPTY(slot) && TTS_IS_BUFFERTUPLE(slot) &&
		((BufferHeapTupleTableSlot *) slot)->base.tuple)
		*tid = ((BufferHeapTupleTableSlot *) slot)->base.tuple->t_self;
	for (;;)
	{
		result = lock_version(rel, tid, snapshot, slot, cid, mode, policy, flags, failure);
		if (result != TM_Updated || !(flags & TUPLE_LOCK_FLAG_FIND_LAST_VERSION))
			break;
		if (ItemPointerIndicatesMovedPartitions(&failure->ctid))
			ereport(ERROR, (errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
							errmsg("tuple to be locked was already moved to another partition due to concurrent update")));
		traversed = true;
		result = check_next_version(rel, cid, failure);
		if (result != TM_Ok)
			break;
		*tid = failure->ctid;
	}
	if (result == TM_SelfModified && traversed && ItemPointerIsValid(tid))
		result = find_own_change(rel, tid, failure);
	failure->traversed = traversed;
	return result;
}

void
am_row_install(TableAmRoutine *methods)
{
	methods->tuple_fetch_row_version = row_fetch_version;
	methods->tuple_tid_valid = territory_tuple_tid_valid;
	methods->tuple_get_latest_tid = territory_get_latest_tid;
	methods->tuple_satisfies_snapshot = territory_tuple_satisfies_snapshot;
	methods->tuple_lock = territory_tuple_lock;
}
