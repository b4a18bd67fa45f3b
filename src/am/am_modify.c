/*
 * am_modify.c
 *	  Insert, update and delete.
 *
 * A hot TID goes to heap.  A sealed TID goes to its state entry: deleting marks
 * it dead, updating marks it dead and inserts the new version hot.  Where the
 * table is logically decoded, and for ON CONFLICT, the row is first *lifted*:
 * marked dead with its unchanged copy inserted hot, with its index entries but
 * undecoded, so that heap's own code makes the real change.
 *
 * Sealing, unsealing, compacting and lifting a row is no change of it: who knows
 * it by its former TID is led to the present one (row_settle, row_was_sealed)
 * and never told that it was updated, unless its snapshot keeps showing it where
 * it was (moved_since).
 */
#include "territory.h"

#include "access/genam.h"
#include "access/heapam.h"
#include "access/transam.h"
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
#include "segment/dead_batch.h"
#include "segment/lock.h"
#include "segment/state.h"
#include "segment/watch.h"

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
 * The new version of a row that we had locked is locked by us as well.  That
 * changes nothing but what RETURNING xmax tells: after an upsert, whether the
 * row was there.
 */
static void
carry_lock(Relation rel, TupleTableSlot *slot, CommandId cid)
{
	HeapTupleHeader ours = ((HeapTupleTableSlot *) slot)->tuple->t_data;
	HeapTupleData tuple;
	TM_FailureData failure;
	Buffer		buffer;

	tuple.t_self = slot->tts_tid;
	if (heap_lock_tuple(rel, &tuple, cid + 1, LockTupleNoKeyExclusive, LockWaitBlock, false, &buffer,
						&failure) != TM_Ok)
		elog(ERROR, "territory: could not lock a row's new version");
	ours->t_infomask = (ours->t_infomask & ~HEAP_XMAX_BITS) | (tuple.t_data->t_infomask & HEAP_XMAX_BITS);
	HeapTupleHeaderSetXmax(ours, HeapTupleHeaderGetRawXmax(tuple.t_data));
	ReleaseBuffer(buffer);
}

/*
 * Mark a settled sealed row dead; with a slot, insert what takes its place
 * first, whose options are heap_insert's.  One that was moved without a slot
 * went to another partition, and says so to who waits for it.
 */
static TM_Result
replace_sealed(Relation rel, ItemPointer tid, CommandId cid, bool wait, TM_FailureData *failure,
			   TupleTableSlot *new_slot, StateMoved moved, LockTupleMode mode, int options)
{
	ChunkStore	store;
	ItemPointerData anchor;
	ItemPointerData elsewhere;
	bool		locked;
	TM_Result	result;

	if (!chunk_store_open(rel, RowExclusiveLock, &store))
		return TM_Deleted;
	CheckForSerializableConflictIn(rel, NULL, InvalidBlockNumber);
	result = state_lock_row(rel, &store, tid, mode, wait ? LockWaitBlock : LockWaitSkip, failure, &anchor,
							new_slot ? &locked : NULL);
	if (result == TM_WouldBlock)
		result = TM_BeingModified;
	if (result == TM_Ok)
	{
		if (new_slot)
		{
			watch_hot(rel, &new_slot, 1);
			heap_methods->tuple_insert(rel, new_slot, cid, options, NULL);
		}
		if (new_slot && locked && (TTS_IS_HEAPTUPLE(new_slot) || TTS_IS_BUFFERTUPLE(new_slot)))
			carry_lock(rel, new_slot, cid);
		ItemPointerSetMovedPartitions(&elsewhere);
		result = state_mark_dead(rel, &store, &anchor, tid, moved, new_slot ? &new_slot->tts_tid : &elsewhere, cid);
		if (result != TM_Ok)
			elog(ERROR, "territory: unexpected result %d on a locked state entry", result);
	}
	chunk_store_close(&store, NoLock);
	return result;
}

/*
 * Make a sealed row hot, unchanged.  On TM_Ok *hot is its tuple, which the rest
 * of this command may lock, update or delete at lifted_command().
 */
static TM_Result
lift_row(Relation rel, ItemPointer tid, CommandId cid, bool wait, TM_FailureData *failure, LockTupleMode mode,
		 ItemPointer hot)
{
	TupleTableSlot *slot = table_slot_create(rel, NULL);
	TM_Result	result;

	if (!row_fetch_version(rel, tid, SnapshotAny, slot))
		elog(ERROR, "territory: sealed row (%u,%u) of \"%s\" not found", ItemPointerGetBlockNumberNoCheck(tid),
			 ItemPointerGetOffsetNumberNoCheck(tid), RelationGetRelationName(rel));
	result = replace_sealed(rel, tid, cid, wait, failure, slot, MOVED_UNCHANGED, mode, HEAP_INSERT_NO_LOGICAL);
	if (result == TM_Ok)
	{
		EState	   *estate = CreateExecutorState();
		ResultRelInfo *info = makeNode(ResultRelInfo);

		InitResultRelInfo(info, rel, 1, NULL, 0);
		ExecOpenIndices(info, false);
		if (info->ri_NumIndices > 0)
			compat_insert_index_tuples(info, slot, estate);
		ExecCloseIndices(info);
		FreeExecutorState(estate);
		/* toasted values were inserted by the current command, and heap is about to delete them */
		(void) GetCurrentCommandId(true);
		CommandCounterIncrement();
		(void) GetCurrentCommandId(true);
		*hot = slot->tts_tid;
		lifted_remember(rel, hot, cid);
	}
	ExecDropSingleTupleTableSlot(slot);
	return result;
}

/* what RI asks of a row in a transaction that keeps its snapshot: does crosscheck show it? */
static bool
passes_crosscheck(Relation rel, ItemPointer tid, Snapshot crosscheck, TM_FailureData *failure)
{
	if (crosscheck == InvalidSnapshot || row_visible(rel, tid, crosscheck))
		return true;
	failure->ctid = *tid;
	failure->xmax = InvalidTransactionId;
	failure->cmax = InvalidCommandId;
	return false;
}

static TM_Result
delete_sealed(Relation rel, ItemPointer tid, CommandId cid, Snapshot snapshot, Snapshot crosscheck, bool wait,
			  TM_FailureData *failure, bool changing_partition)
{
	TM_Result	result;
	ItemPointerData hot;

	if (!passes_crosscheck(rel, tid, crosscheck, failure))
		return TM_Updated;
	if (!RelationIsLogicallyLogged(rel))
	{
		result = replace_sealed(rel, tid, cid, wait, failure, NULL, changing_partition ? MOVED_UPDATED : MOVED_NOT,
								LockTupleExclusive, 0);
		if (result == TM_Ok)
			pgstat_count_heap_delete(rel);
		return result;
	}
	result = lift_row(rel, tid, cid, wait, failure, LockTupleExclusive, &hot);
	if (result != TM_Ok)
		return result;
	return heap_methods->tuple_delete(rel, &hot, cid + 1, snapshot, crosscheck, wait, failure,
									  changing_partition);
}

/*
 * A transaction that keeps its snapshot goes on seeing a row where it was, if
 * it was moved since: changing it where it is now would show it both versions.
 */
static bool
moved_since(Relation rel, ItemPointer was, ItemPointer tid, Snapshot snapshot)
{
	HeapTupleData tuple;
	Buffer		buffer;
	TransactionId updater;
	bool		as_was;

	if (!IsolationUsesXactSnapshot() || ItemPointerEquals(was, tid))
		return false;
	if (tid_is_sealed(tid))
		/* what became of it since is told when it is locked */
		return !row_visible(rel, tid, snapshot) && row_visible(rel, tid, SnapshotSelf);
	tuple.t_self = *tid;
	if (!heap_fetch(rel, SnapshotAny, &tuple, &buffer, false))
		return true;
	LockBuffer(buffer, BUFFER_LOCK_SHARE);
	as_was = TransactionIdIsCurrentTransactionId(HeapTupleHeaderGetXmin(tuple.t_data)) ||
		HeapTupleSatisfiesVisibility(&tuple, snapshot, buffer);
	if (!as_was && !(tuple.t_data->t_infomask & HEAP_XMAX_INVALID) && !HeapTupleHeaderIsOnlyLocked(tuple.t_data))
	{
		/* heap says what became of it since */
		updater = HeapTupleHeaderGetUpdateXid(tuple.t_data);
		as_was = !TransactionIdIsCurrentTransactionId(updater) && TransactionIdDidCommit(updater);
	}
	UnlockReleaseBuffer(buffer);
	return !as_was;
}

static TM_Result
territory_tuple_delete(Relation rel, ItemPointer otid, CommandId cid, Snapshot snapshot, Snapshot crosscheck,
					   bool wait, TM_FailureData *failure, bool changing_partition)
{
	ItemPointerData tid = *otid;

	if (tid_is_sealed(&tid) && crosscheck == InvalidSnapshot && !RelationIsLogicallyLogged(rel))
		switch (dead_batch_delete(rel, &tid, cid))
		{
			case BATCH_DELETED:
				return TM_Ok;
			case BATCH_SELF_MODIFIED:
				failure->ctid = tid;
				failure->xmax = GetCurrentTransactionId();
				failure->cmax = cid;
				failure->traversed = false;
				return TM_SelfModified;
			case BATCH_NO:
				break;
		}
	dead_batch_flush();			/* heap may wait */
	for (;;)
	{
		TM_Result	result = row_settle(rel, &tid, cid, wait ? LockWaitBlock : LockWaitSkip, failure);

		if (result != TM_Ok)
			return result;
		if (moved_since(rel, otid, &tid, snapshot))
			return TM_Updated;
		if (tid_is_sealed(&tid))
		{
			result = delete_sealed(rel, &tid, cid, snapshot, crosscheck, wait, failure, changing_partition);
			if (result == TM_Updated && row_moved_on(rel, &tid, cid, wait ? LockWaitBlock : LockWaitSkip, failure))
				continue;
			return result;
		}
		result = heap_methods->tuple_delete(rel, &tid, lifted_command(rel, &tid, cid), snapshot, crosscheck, wait,
											failure, changing_partition);
		if (!row_was_sealed(result, failure))
			return result;
		tid = failure->ctid;
	}
}

static TM_Result
update_sealed(Relation rel, ItemPointer tid, TupleTableSlot *slot, CommandId cid, Snapshot snapshot,
			  Snapshot crosscheck, bool wait, TM_FailureData *failure, LockTupleMode *mode, UpdateIndexes *update_indexes)
{
	TM_Result	result;
	ItemPointerData hot;

	*mode = update_lock_mode(rel, tid, slot);
	if (!passes_crosscheck(rel, tid, crosscheck, failure))
		return TM_Updated;
	if (!RelationIsLogicallyLogged(rel))
	{
		result = replace_sealed(rel, tid, cid, wait, failure, slot,
								*mode == LockTupleNoKeyExclusive ? MOVED_KEY_KEPT : MOVED_UPDATED, *mode, 0);
		*update_indexes = result == TM_Ok ? UPDATE_ALL_INDEXES : UPDATE_NO_INDEXES;
		return result;
	}
	result = lift_row(rel, tid, cid, wait, failure, *mode, &hot);
	if (result != TM_Ok)
		return result;
	watch_hot(rel, &slot, 1);
	return heap_methods->tuple_update(rel, &hot, slot, cid + 1, snapshot, crosscheck, wait, failure, mode,
									  update_indexes);
}

/*
 * While no key changed, which the lock's mode tells, the new version's keys can
 * be no other row's; but the mode does not speak of partial and expression
 * indexes.
 */
static void
check_new_version(Relation rel, TupleTableSlot *slot, LockTupleMode mode)
{
	bool		beyond = mode != LockTupleNoKeyExclusive;
	bool		unique = false;
	List	   *indexes = beyond ? NIL : RelationGetIndexList(rel);
	ListCell   *lc;

	foreach(lc, indexes)
	{
		Relation	index = index_open(lfirst_oid(lc), AccessShareLock);

		unique = unique || index->rd_index->indisunique;
		beyond = beyond || (index->rd_index->indisunique &&
							(!index->rd_index->indimmediate || RelationGetIndexExpressions(index) != NIL ||
							 RelationGetIndexPredicate(index) != NIL));
		index_close(index, AccessShareLock);
	}
	list_free(indexes);
	if (beyond)
		unique_check(rel, &slot, 1);
	else if (unique)
		gate_pass_by(rel);
}

static TM_Result
territory_tuple_update(Relation rel, ItemPointer otid, TupleTableSlot *slot, CommandId cid, Snapshot snapshot,
					   Snapshot crosscheck, bool wait, TM_FailureData *failure, LockTupleMode *mode,
					   UpdateIndexes *update_indexes)
{
	ItemPointerData tid = *otid;
	TM_Result	result;

	for (;;)
	{
		result = row_settle(rel, &tid, cid, wait ? LockWaitBlock : LockWaitSkip, failure);
		if (result != TM_Ok)
			return result;
		if (moved_since(rel, otid, &tid, snapshot))
			return TM_Updated;
		if (tid_is_sealed(&tid))
		{
			result = update_sealed(rel, &tid, slot, cid, snapshot, crosscheck, wait, failure, mode, update_indexes);
			if (result == TM_Updated && row_moved_on(rel, &tid, cid, wait ? LockWaitBlock : LockWaitSkip, failure))
				continue;
			break;
		}
		watch_hot(rel, &slot, 1);
		result = heap_methods->tuple_update(rel, &tid, slot, lifted_command(rel, &tid, cid), snapshot, crosscheck,
											wait, failure, mode, update_indexes);
		if (!row_was_sealed(result, failure))
			break;
		tid = failure->ctid;
	}
	if (result == TM_Ok)
		check_new_version(rel, slot, *mode);
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
	else if (bulk_takes(rel, slot, cid, options))
		return;
	else
		unique_check(rel, &slot, 1);
	watch_hot(rel, &slot, 1);
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
		if (row_settle(rel, &sealed, cid, LockWaitBlock, &failure) == TM_Ok && tid_is_sealed(&sealed) &&
			lift_row(rel, &sealed, cid, true, &failure, LockTupleNoKeyExclusive, &hot) == TM_Ok)
			break;
	watch_hot(rel, &slot, 1);
	heap_methods->tuple_insert_speculative(rel, slot, cid, options, bistate, token);
}

static void
territory_multi_insert(Relation rel, TupleTableSlot **slots, int n, CommandId cid, int options,
					   BulkInsertState bistate)
{
	TupleTableSlot **hot = palloc(sizeof(TupleTableSlot *) * n);

	n = bulk_takes_many(rel, slots, n, hot, options);
	if (n > 0)
	{
		unique_check(rel, hot, n);
		watch_hot(rel, hot, n);
		heap_methods->multi_insert(rel, hot, n, cid, options, bistate);
	}
	pfree(hot);
}

/* ---- DELETE of many sealed rows ---- */

static ExecutorRun_hook_type previous_run;

/* does it lock rows of other tables, and so may wait? */
static bool
locks_rows(PlannedStmt *plan)
{
	ListCell   *lc;

	foreach(lc, plan->rowMarks)
		if (RowMarkRequiresRowShareLock(lfirst_node(PlanRowMark, lc)->markType))
			return true;
	return false;
}

/*
 * A DELETE that does nothing else, so that its dead marks can be collected.
 * Rows of another access method, a partition's maybe, are waited for without
 * our knowing.
 */
static bool
only_deletes(QueryDesc *query)
{
	ModifyTableState *state = (ModifyTableState *) query->planstate;

	if (query->operation != CMD_DELETE || query->plannedstmt->hasModifyingCTE || !IsA(state, ModifyTableState) ||
		locks_rows(query->plannedstmt))
		return false;
	for (int i = 0; i < state->mt_nrels; i++)
	{
		ResultRelInfo *result = &state->resultRelInfo[i];

		if (!relation_is_territory(result->ri_RelationDesc) ||
			(result->ri_TrigDesc && result->ri_TrigDesc->trig_delete_before_row))
			return false;
	}
	return true;
}

static void
modify_executor_run(EXECUTOR_RUN_PARAMETERS)
{
	BatchCommand command;
	volatile bool finished = false;

	dead_batch_begin(&command, only_deletes(query));
	PG_TRY();
	{
		if (previous_run)
			previous_run(EXECUTOR_RUN_ARGUMENTS);
		else
			standard_ExecutorRun(EXECUTOR_RUN_ARGUMENTS);
		finished = true;
	}
	PG_FINALLY();
	{
		dead_batch_end(&command, finished);
	}
	PG_END_TRY();
}

void
am_modify_init(void)
{
	previous_run = ExecutorRun_hook;
	ExecutorRun_hook = modify_executor_run;
	dead_batch_init();
}

void
am_modify_install(TableAmRoutine *methods)
{
	methods->tuple_insert = territory_tuple_insert;
	methods->tuple_insert_speculative = territory_tuple_insert_speculative;
	methods->multi_insert = territory_multi_insert;
	methods->tuple_delete = territory_tuple_delete;
	methods->tuple_update = territory_tuple_update;
}
