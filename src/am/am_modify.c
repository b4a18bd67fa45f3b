/*
 * am_modify.c
 *	  Fetch, insert, update, delete and lock, by TID.
 *
 * A hot TID goes to heap.  A sealed TID goes to its state entry: deleting marks
 * it dead, updating marks it dead and inserts the new version hot.  Where the
 * table is logically decoded, and for ON CONFLICT, the row is first *lifted*:
 * marked dead with its unchanged copy inserted hot, with its index entries but
 * undecoded, so that heap's own code makes the real change.
 *
 * A lifted tuple carries the current command's id, at which heap would call it
 * invisible; lifted_by_command remembers the last one, and the callbacks below
 * treat it as one command older.
 */
#include "territory.h"

#include "access/heapam.h"
#include "access/xact.h"
#include "catalog/catalog.h"
#include "executor/executor.h"
#include "pgstat.h"
#include "storage/bufmgr.h"
#include "storage/predicate.h"
#include "utils/datum.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

#include "am/am.h"
#include "segment/state.h"

static struct
{
	Oid			relid;
	ItemPointerData tid;
	CommandId	cid;
	TransactionId xid;
}			lifted_by_command;

static bool
is_lifted(Relation rel, ItemPointer tid)
{
	return lifted_by_command.relid == RelationGetRelid(rel) && ItemPointerIsValid(tid) &&
		ItemPointerEquals(tid, &lifted_by_command.tid) &&
		TransactionIdIsCurrentTransactionId(lifted_by_command.xid);
}

/* the command id at which heap may touch this hot tuple */
static CommandId
command_for(Relation rel, ItemPointer tid, CommandId cid)
{
	return is_lifted(rel, tid) && lifted_by_command.cid == cid ? cid + 1 : cid;
}

/* ---- fetch ---- */

static bool
territory_fetch_row_version(Relation rel, ItemPointer tid, Snapshot snapshot, TupleTableSlot *slot)
{
	MemoryContext old;
	HeapTuple	tuple;

	if (!tid_is_sealed(tid))
		return heap_methods->tuple_fetch_row_version(rel, tid, snapshot, slot);
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

static void
territory_get_latest_tid(TableScanDesc s, ItemPointer tid)
{
	if (!tid_is_sealed(tid))
		heap_methods->tuple_get_latest_tid(((TerritoryScanDesc *) s)->hot, tid);
}

static bool
territory_tuple_satisfies_snapshot(Relation rel, TupleTableSlot *slot, Snapshot snapshot)
{
	HeapTuple	tuple;

	if (!tid_is_sealed(&slot->tts_tid))
		return (is_lifted(rel, &slot->tts_tid) && IsMVCCSnapshot(snapshot)) ||
			heap_methods->tuple_satisfies_snapshot(rel, slot, snapshot);
	tuple = sealed_fetch(rel, &slot->tts_tid, snapshot);
	if (tuple)
		heap_freetuple(tuple);
	return tuple != NULL;
}

/* ---- change a sealed row ---- */

/* heap's rule: FOR NO KEY UPDATE unless a column of a unique index changes */
static LockTupleMode
update_lock_mode(Relation rel, ItemPointer tid, TupleTableSlot *new_slot)
{
	Bitmapset  *keys = RelationGetIndexAttrBitmap(rel, INDEX_ATTR_BITMAP_KEY);
	LockTupleMode mode = LockTupleNoKeyExclusive;
	HeapTuple	old = bms_is_empty(keys) ? NULL : sealed_fetch(rel, tid, SnapshotAny);
	int			x = -1;

	while (old && (x = bms_next_member(keys, x)) >= 0)
	{
		AttrNumber	attno = x + FirstLowInvalidHeapAttributeNumber;
		Form_pg_attribute attribute;
		bool		null1,
					null2;
		Datum		value1,
					value2;

		if (attno <= 0)
			mode = LockTupleExclusive;
		else
		{
			attribute = TupleDescAttr(RelationGetDescr(rel), attno - 1);
			value1 = heap_getattr(old, attno, RelationGetDescr(rel), &null1);
			value2 = slot_getattr(new_slot, attno, &null2);
			if (null1 != null2 ||
				(!null1 && !datum_image_eq(value1, value2, attribute->attbyval, attribute->attlen)))
				mode = LockTupleExclusive;
		}
	}
	if (old)
		heap_freetuple(old);
	bms_free(keys);
	return mode;
}

/*
 * Mark a sealed row dead; with a slot, insert what takes its place first.
 * Options are heap_insert's.
 */
static TM_Result
replace_sealed(Relation rel, ItemPointer tid, CommandId cid, bool wait, TM_FailureData *failure,
			   TupleTableSlot *new_slot, LockTupleMode mode, int options)
{
	ChunkStore	store;
	ItemPointerData anchor;
	TM_Result	result;

	if (!chunk_store_open(rel, RowExclusiveLock, &store))
		return TM_Deleted;
	CheckForSerializableConflictIn(rel, NULL, InvalidBlockNumber);
	result = state_lock_row(rel, &store, tid, cid, mode, wait ? LockWaitBlock : LockWaitSkip, failure, &anchor);
	if (result == TM_WouldBlock)
		result = TM_BeingModified;
	if (result == TM_Ok)
	{
		if (new_slot)
			heap_methods->tuple_insert(rel, new_slot, cid, options, NULL);
		result = state_mark_dead(&store, &anchor, tid, new_slot ? &new_slot->tts_tid : NULL, cid);
		if (result != TM_Ok)
			elog(ERROR, "territory: unexpected result %d on a locked state entry", result);
	}
	chunk_store_close(&store, NoLock);
	return result;
}

/*
 * Make a sealed row hot, unchanged.  On TM_Ok *hot is its tuple, which the rest
 * of this command may lock, update or delete at command_for().
 */
static TM_Result
lift_row(Relation rel, ItemPointer tid, CommandId cid, bool wait, TM_FailureData *failure, ItemPointer hot)
{
	TupleTableSlot *slot = table_slot_create(rel, NULL);
	TM_Result	result;

	if (!territory_fetch_row_version(rel, tid, SnapshotAny, slot))
		elog(ERROR, "territory: sealed row (%u,%u) of \"%s\" not found", ItemPointerGetBlockNumberNoCheck(tid),
			 ItemPointerGetOffsetNumberNoCheck(tid), RelationGetRelationName(rel));
	result = replace_sealed(rel, tid, cid, wait, failure, slot, LockTupleExclusive, HEAP_INSERT_NO_LOGICAL);
	if (result == TM_Ok)
	{
		EState	   *estate = CreateExecutorState();
		ResultRelInfo *info = makeNode(ResultRelInfo);

		InitResultRelInfo(info, rel, 1, NULL, 0);
		ExecOpenIndices(info, false);
		if (info->ri_NumIndices > 0)
			list_free(ExecInsertIndexTuples(info, slot, estate, false, false, NULL, NIL));
		ExecCloseIndices(info);
		FreeExecutorState(estate);
		/* toasted values were inserted by the current command, and heap is about to delete them */
		(void) GetCurrentCommandId(true);
		CommandCounterIncrement();
		(void) GetCurrentCommandId(true);
		*hot = slot->tts_tid;
		lifted_by_command.relid = RelationGetRelid(rel);
		lifted_by_command.tid = slot->tts_tid;
		lifted_by_command.cid = cid;
		lifted_by_command.xid = GetCurrentTransactionId();
	}
	ExecDropSingleTupleTableSlot(slot);
	return result;
}

static TM_Result
territory_tuple_delete(Relation rel, ItemPointer tid, CommandId cid, Snapshot snapshot, Snapshot crosscheck,
					   bool wait, TM_FailureData *failure, bool changing_partition)
{
	TM_Result	result;
	ItemPointerData hot;

	if (!tid_is_sealed(tid))
		return heap_methods->tuple_delete(rel, tid, command_for(rel, tid, cid), snapshot, crosscheck, wait,
										  failure, changing_partition);
	if (!RelationIsLogicallyLogged(rel))
	{
		result = replace_sealed(rel, tid, cid, wait, failure, NULL, LockTupleExclusive, 0);
		if (result == TM_Ok)
			pgstat_count_heap_delete(rel);
		return result;
	}
	result = lift_row(rel, tid, cid, wait, failure, &hot);
	if (result != TM_Ok)
		return result;
	return heap_methods->tuple_delete(rel, &hot, cid + 1, snapshot, crosscheck, wait, failure,
									  changing_partition);
}

static TM_Result
territory_tuple_update(Relation rel, ItemPointer tid, TupleTableSlot *slot, CommandId cid, Snapshot snapshot,
					   Snapshot crosscheck, bool wait, TM_FailureData *failure, LockTupleMode *mode,
					   bool *update_indexes)
{
	TM_Result	result;
	ItemPointerData hot;

	if (!tid_is_sealed(tid))
	{
		result = heap_methods->tuple_update(rel, tid, slot, command_for(rel, tid, cid), snapshot, crosscheck,
											wait, failure, mode, update_indexes);
		if (result == TM_Ok)
			unique_check(rel, &slot, 1);
		return result;
	}
	*mode = update_lock_mode(rel, tid, slot);
	if (!RelationIsLogicallyLogged(rel))
	{
		result = replace_sealed(rel, tid, cid, wait, failure, slot, *mode, 0);
		*update_indexes = result == TM_Ok;
	}
	else
	{
		result = lift_row(rel, tid, cid, wait, failure, &hot);
		if (result == TM_Ok)
			result = heap_methods->tuple_update(rel, &hot, slot, cid + 1, snapshot, crosscheck, wait, failure,
												mode, update_indexes);
	}
	if (result == TM_Ok)
		unique_check(rel, &slot, 1);
	return result;
}

/* a sealed row that moved: lock the version that the mover left hot */
static TM_Result
lock_forward(Relation rel, ItemPointer tid, Snapshot snapshot, TupleTableSlot *slot, CommandId cid,
			 LockTupleMode mode, LockWaitPolicy policy, uint8 flags, TM_FailureData *failure)
{
	TransactionId mover = failure->xmax;
	HeapTupleData tuple;
	Buffer		buffer;
	bool		same = false;
	TM_Result	result;

	tuple.t_self = failure->ctid;
	if (heap_fetch(rel, SnapshotAny, &tuple, &buffer, false))
	{
		same = TransactionIdEquals(HeapTupleHeaderGetXmin(tuple.t_data), mover) ||
			HeapTupleHeaderXminFrozen(tuple.t_data);
		ReleaseBuffer(buffer);
	}
	if (!same)
		return TM_Deleted;
	*tid = tuple.t_self;
	result = heap_methods->tuple_lock(rel, tid, snapshot, slot, cid, mode, policy, flags, failure);
	failure->traversed = true;
	return result;
}

static TM_Result
territory_tuple_lock(Relation rel, ItemPointer tid, Snapshot snapshot, TupleTableSlot *slot, CommandId cid,
					 LockTupleMode mode, LockWaitPolicy policy, uint8 flags, TM_FailureData *failure)
{
	ChunkStore	store;
	ItemPointerData anchor;
	TM_Result	result;

	/* ExecCopySlot keeps a materialised row's TID in t_self only */
	if (!ItemPointerIsValid(tid) && !TTS_EMPTY(slot) && TTS_IS_BUFFERTUPLE(slot) &&
		((BufferHeapTupleTableSlot *) slot)->base.tuple)
		*tid = ((BufferHeapTupleTableSlot *) slot)->base.tuple->t_self;
	if (!tid_is_sealed(tid))
		return heap_methods->tuple_lock(rel, tid, snapshot, slot, command_for(rel, tid, cid), mode, policy,
										flags, failure);
	failure->traversed = false;
	if (!chunk_store_open(rel, RowExclusiveLock, &store))
		return TM_Deleted;
	result = state_lock_row(rel, &store, tid, cid, mode, policy, failure, &anchor);
	chunk_store_close(&store, NoLock);
	if (result == TM_Updated && (flags & TUPLE_LOCK_FLAG_FIND_LAST_VERSION))
		return lock_forward(rel, tid, snapshot, slot, cid, mode, policy, flags, failure);
	if (result == TM_Ok || result == TM_SelfModified)
		territory_fetch_row_version(rel, tid, SnapshotAny, slot);
	return result;
}

/* ---- insert ---- */

static void
territory_tuple_insert(Relation rel, TupleTableSlot *slot, CommandId cid, int options, BulkInsertState bistate)
{
	if (OidIsValid(rel->rd_rel->relrewrite))
	{
		if (rewrite_takes(rel, slot))
			return;
	}
	else
		unique_check(rel, &slot, 1);
	heap_methods->tuple_insert(rel, slot, cid, options, bistate);
}

/* ON CONFLICT: a sealed row in the way is lifted, and the executor finds it in the index */
static void
territory_tuple_insert_speculative(Relation rel, TupleTableSlot *slot, CommandId cid, int options,
								   BulkInsertState bistate, uint32 token)
{
	ItemPointerData sealed,
				hot;
	TM_FailureData failure;

	while (unique_find_sealed(rel, slot, &sealed))
		if (lift_row(rel, &sealed, cid, true, &failure, &hot) == TM_Ok)
			break;
	heap_methods->tuple_insert_speculative(rel, slot, cid, options, bistate, token);
}

static void
territory_multi_insert(Relation rel, TupleTableSlot **slots, int n, CommandId cid, int options,
					   BulkInsertState bistate)
{
	unique_check(rel, slots, n);
	heap_methods->multi_insert(rel, slots, n, cid, options, bistate);
}

void
am_modify_install(TableAmRoutine *methods)
{
	methods->tuple_fetch_row_version = territory_fetch_row_version;
	methods->tuple_tid_valid = territory_tuple_tid_valid;
	methods->tuple_get_latest_tid = territory_get_latest_tid;
	methods->tuple_satisfies_snapshot = territory_tuple_satisfies_snapshot;
	methods->tuple_insert = territory_tuple_insert;
	methods->tuple_insert_speculative = territory_tuple_insert_speculative;
	methods->multi_insert = territory_multi_insert;
	methods->tuple_delete = territory_tuple_delete;
	methods->tuple_update = territory_tuple_update;
	methods->tuple_lock = territory_tuple_lock;
}
