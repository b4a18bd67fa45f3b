/*
 * row_lock.c
 *	  Key-share locks follow a sealed row to its hot version.
 *
 * A foreign key check holds FOR KEY SHARE on its parent until its transaction
 * ends, while others may change the parent's other columns.  Heap keeps such a
 * lock alive by writing the lockers into the xmax of the row's new version.
 * Where the old version is sealed, its locks are in the state entry, and the
 * new version is a heap tuple of the table: its updater carries them over, and
 * who locks the sealed version while that update is in progress locks the hot
 * versions too.
 *
 * Invariant: whoever holds FOR KEY SHARE on a sealed row holds it on every
 * version of the row that was made since, so that none is deleted under it.
 */
#include "territory.h"

#include "access/heapam.h"
#include "access/heapam_xlog.h"
#include "access/htup_details.h"
#include "access/multixact.h"
#include "access/visibilitymap.h"
#include "access/xact.h"
#include "access/xloginsert.h"
#include "miscadmin.h"
#include "storage/bufmgr.h"
#include "storage/lmgr.h"
#include "storage/procarray.h"

#include "segment/row_lock.h"

/* what one more locker would make of a tuple's xmax */
typedef struct NewXmax
{
	TransactionId xmax;
	uint16		infomask;
	uint16		infomask2;
} NewXmax;

typedef enum LockStep
{
	LOCK_STEP_SET,				/* write the new xmax */
	LOCK_STEP_HELD,				/* it is locked as it is */
	LOCK_STEP_WAIT,				/* for somebody who holds a conflicting lock */
	LOCK_STEP_GONE,				/* deleted, or its key changed */
} LockStep;

static void
set_single(NewXmax *new, TransactionId locker)
{
	new->xmax = locker;
	new->infomask = HEAP_XMAX_KEYSHR_LOCK | HEAP_XMAX_LOCK_ONLY;
	new->infomask2 = 0;
}

/* the bits that heap would give to a tuple with this multixact */
static void
set_multi(NewXmax *new, MultiXactId multi)
{
	MultiXactMember *members;
	int			nmembers = GetMultiXactIdMembers(multi, &members, false, false);
	MultiXactStatus strongest = MultiXactStatusForKeyShare;
	bool		updated = false;

	new->xmax = multi;
	new->infomask = HEAP_XMAX_IS_MULTI;
	new->infomask2 = 0;
	for (int i = 0; i < nmembers; i++)
	{
		MultiXactStatus status = members[i].status;

		if (status == MultiXactStatusForUpdate || status == MultiXactStatusUpdate)
			new->infomask2 = HEAP_KEYS_UPDATED;
		updated = updated || ISUPDATE_from_mxstatus(status);
		strongest = Max(strongest, status);
	}
	if (strongest >= MultiXactStatusForNoKeyUpdate)
		new->infomask |= HEAP_XMAX_EXCL_LOCK;
	else if (strongest == MultiXactStatusForShare)
		new->infomask |= HEAP_XMAX_SHR_LOCK;
	else
		new->infomask |= HEAP_XMAX_KEYSHR_LOCK;
	if (!updated)
		new->infomask |= HEAP_XMAX_LOCK_ONLY;
	if (nmembers > 0)
		pfree(members);
}

/* may FOR KEY SHARE stand beside this member? */
static LockStep
beside(TransactionId xid, MultiXactStatus status, TransactionId locker, TransactionId *wait_for)
{
	if (TransactionIdEquals(xid, locker))
		return LOCK_STEP_HELD;
	if ((status != MultiXactStatusForUpdate && status != MultiXactStatusUpdate) ||
		TransactionIdIsCurrentTransactionId(xid))
		return LOCK_STEP_SET;
	if (TransactionIdIsInProgress(xid))
	{
		*wait_for = xid;
		return LOCK_STEP_WAIT;
	}
	return status == MultiXactStatusUpdate && TransactionIdDidCommit(xid) ? LOCK_STEP_GONE : LOCK_STEP_SET;
}

static LockStep
beside_multi(HeapTupleHeader tuple, TransactionId locker, NewXmax *new, TransactionId *wait_for)
{
	MultiXactId multi = HeapTupleHeaderGetRawXmax(tuple);
	MultiXactMember *members;
	int			nmembers = GetMultiXactIdMembers(multi, &members, false, HEAP_XMAX_IS_LOCKED_ONLY(tuple->t_infomask));
	LockStep	step = LOCK_STEP_SET;

	for (int i = 0; i < nmembers && step == LOCK_STEP_SET; i++)
		step = beside(members[i].xid, members[i].status, locker, wait_for);
	if (nmembers > 0)
		pfree(members);
	if (step != LOCK_STEP_SET)
		return step;
	if (nmembers <= 0)
		set_single(new, locker);	/* all of them ended before the oldest that counts */
	else
		set_multi(new, MultiXactIdExpand(multi, locker, MultiXactStatusForKeyShare));
	return step;
}

static MultiXactStatus
status_of_single(HeapTupleHeader tuple)
{
	bool		keys = (tuple->t_infomask2 & HEAP_KEYS_UPDATED) != 0;

	if (!HEAP_XMAX_IS_LOCKED_ONLY(tuple->t_infomask))
		return keys ? MultiXactStatusUpdate : MultiXactStatusNoKeyUpdate;
	if (HEAP_XMAX_IS_KEYSHR_LOCKED(tuple->t_infomask))
		return MultiXactStatusForKeyShare;
	if (HEAP_XMAX_IS_SHR_LOCKED(tuple->t_infomask))
		return MultiXactStatusForShare;
	return keys ? MultiXactStatusForUpdate : MultiXactStatusForNoKeyUpdate;
}

/* the tuple's page is locked */
static LockStep
add_locker(HeapTupleHeader tuple, TransactionId locker, NewXmax *new, TransactionId *wait_for)
{
	TransactionId xmax = HeapTupleHeaderGetRawXmax(tuple);
	MultiXactStatus status;
	LockStep	step;

	if (tuple->t_infomask & HEAP_XMAX_INVALID)
	{
		set_single(new, locker);
		return LOCK_STEP_SET;
	}
	if (tuple->t_infomask & HEAP_XMAX_IS_MULTI)
		return beside_multi(tuple, locker, new, wait_for);
	status = status_of_single(tuple);
	step = beside(xmax, status, locker, wait_for);
	if (step != LOCK_STEP_SET)
		return step;
	if (TransactionIdIsInProgress(xmax) || (ISUPDATE_from_mxstatus(status) && TransactionIdDidCommit(xmax)))
		set_multi(new, MultiXactIdCreate(xmax, status, locker, MultiXactStatusForKeyShare));
	else
		set_single(new, locker);
	return step;
}

/* write the new xmax, as heap does when it locks the versions of a row */
static void
write_xmax(Relation rel, Buffer buffer, Buffer map, HeapTuple tuple, const NewXmax *new)
{
	HeapTupleHeader header = tuple->t_data;
	bool		thawed = PageIsAllVisible(BufferGetPage(buffer)) &&
		visibilitymap_clear(rel, BufferGetBlockNumber(buffer), map, VISIBILITYMAP_ALL_FROZEN);

	START_CRIT_SECTION();
	HeapTupleHeaderSetXmax(header, new->xmax);
	header->t_infomask &= ~HEAP_XMAX_BITS;
	header->t_infomask2 &= ~HEAP_KEYS_UPDATED;
	header->t_infomask |= new->infomask;
	header->t_infomask2 |= new->infomask2;
	MarkBufferDirty(buffer);
	if (RelationNeedsWAL(rel))
	{
		xl_heap_lock_updated record;
		XLogRecPtr	at;

		record.xmax = new->xmax;
		record.offnum = ItemPointerGetOffsetNumber(&tuple->t_self);
		record.infobits_set = 0;
		if (new->infomask & HEAP_XMAX_IS_MULTI)
			record.infobits_set |= XLHL_XMAX_IS_MULTI;
		if (new->infomask & HEAP_XMAX_LOCK_ONLY)
			record.infobits_set |= XLHL_XMAX_LOCK_ONLY;
		if (new->infomask & HEAP_XMAX_EXCL_LOCK)
			record.infobits_set |= XLHL_XMAX_EXCL_LOCK;
		if (new->infomask & HEAP_XMAX_KEYSHR_LOCK)
			record.infobits_set |= XLHL_XMAX_KEYSHR_LOCK;
		if (new->infomask2 & HEAP_KEYS_UPDATED)
			record.infobits_set |= XLHL_KEYS_UPDATED;
		record.flags = thawed ? XLH_LOCK_ALL_FROZEN_CLEARED : 0;
		XLogBeginInsert();
		XLogRegisterBuffer(0, buffer, REGBUF_STANDARD);
		XLogRegisterData((char *) &record, SizeOfHeapLockUpdated);
		at = XLogInsert(RM_HEAP2_ID, XLOG_HEAP2_LOCK_UPDATED);
		PageSetLSN(BufferGetPage(buffer), at);
	}
	END_CRIT_SECTION();
}

/* lock a page, with the map's page at hand where a change of it would need that */
static void
lock_page(Relation rel, Buffer buffer, Buffer *map)
{
	BlockNumber block = BufferGetBlockNumber(buffer);

	if (PageIsAllVisible(BufferGetPage(buffer)))
		visibilitymap_pin(rel, block, map);
	LockBuffer(buffer, BUFFER_LOCK_EXCLUSIVE);
	while (PageIsAllVisible(BufferGetPage(buffer)) && !visibilitymap_pin_ok(block, *map))
	{
		LockBuffer(buffer, BUFFER_LOCK_UNLOCK);
		visibilitymap_pin(rel, block, map);
		LockBuffer(buffer, BUFFER_LOCK_EXCLUSIVE);
	}
}

/*
 * Give one version to the locker, if creator made it.  Then *at and *creator
 * name the next version, or *at is not valid: a link to a sealed row is what a
 * seal left that failed, for who seals a version in the end deletes it, which
 * is LOCK_STEP_GONE; and a row that went to another partition is elsewhere.
 */
static LockStep
lock_version(Relation rel, ItemPointer at, TransactionId *creator, TransactionId locker)
{
	HeapTupleData tuple;
	Buffer		buffer;
	Buffer		map = InvalidBuffer;
	LockStep	step = LOCK_STEP_HELD;
	TransactionId wait_for;
	NewXmax		new;

	tuple.t_self = *at;
	if (!heap_fetch(rel, SnapshotAny, &tuple, &buffer, false))
	{
		ItemPointerSetInvalid(at);	/* its creator failed, and it was pruned */
		return step;
	}
	for (;;)
	{
		HeapTupleHeader header = tuple.t_data;

		CHECK_FOR_INTERRUPTS();
		lock_page(rel, buffer, &map);
		ItemPointerSetInvalid(at);
		if (!TransactionIdEquals(HeapTupleHeaderGetXmin(header), *creator) || TransactionIdDidAbort(*creator))
			break;
		step = add_locker(header, locker, &new, &wait_for);
		if (step == LOCK_STEP_WAIT)
		{
			LockBuffer(buffer, BUFFER_LOCK_UNLOCK);
			XactLockTableWait(wait_for, rel, &tuple.t_self, XLTW_LockUpdated);
			continue;
		}
		if (step == LOCK_STEP_GONE)
			break;
		if (!(header->t_infomask & HEAP_XMAX_INVALID) && !HeapTupleHeaderIsOnlyLocked(header) &&
			!ItemPointerEquals(&header->t_ctid, &tuple.t_self) &&
			!HeapTupleHeaderIndicatesMovedPartitions(header) && !tid_is_sealed(&header->t_ctid))
		{
			*creator = HeapTupleHeaderGetUpdateXid(header);
			*at = header->t_ctid;
		}
		if (step == LOCK_STEP_SET)
			write_xmax(rel, buffer, map, &tuple, &new);
		break;
	}
	UnlockReleaseBuffer(buffer);
	if (BufferIsValid(map))
		ReleaseBuffer(map);
	return step;
}

/* of the hot version that updater made of a sealed row, and all later ones; false where the row is gone */
static bool
lock_versions(Relation rel, ItemPointer hot, TransactionId updater, TransactionId locker)
{
	ItemPointerData at = *hot;

	MultiXactIdSetOldestMember();
	while (ItemPointerIsValid(&at))
		if (lock_version(rel, &at, &updater, locker) == LOCK_STEP_GONE)
			return false;
	return true;
}

/*
 * We locked a sealed row FOR KEY SHARE while updater was making its hot version.
 * False: look at the row again.
 */
bool
row_lock_follow(Relation rel, ItemPointer hot, TransactionId updater)
{
	return lock_versions(rel, hot, updater, GetCurrentTransactionId());
}

/* we made hot of a sealed row: who had locked the row holds hot as well; mark bears heap's list of them */
void
row_lock_carry(Relation rel, HeapTupleHeader mark, ItemPointer hot)
{
	TransactionId xmax = HeapTupleHeaderGetRawXmax(mark);
	MultiXactMember *members;
	int			nmembers;

	if ((mark->t_infomask & HEAP_XMAX_INVALID) || !TransactionIdIsValid(xmax))
		return;
	if (!(mark->t_infomask & HEAP_XMAX_IS_MULTI))
	{
		if (!TransactionIdIsCurrentTransactionId(xmax))
			lock_versions(rel, hot, HeapTupleHeaderGetRawXmin(mark), xmax);
		return;
	}
	nmembers = GetMultiXactIdMembers(xmax, &members, false, true);
	for (int i = 0; i < nmembers; i++)
		if (!TransactionIdIsCurrentTransactionId(members[i].xid) && TransactionIdIsInProgress(members[i].xid))
			lock_versions(rel, hot, HeapTupleHeaderGetRawXmin(mark), members[i].xid);
	if (nmembers > 0)
		pfree(members);
}
