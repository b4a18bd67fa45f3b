/*
 * lock.c
 *	  The heavyweight locks by which writers, seals and movers of sealed rows
 *	  stay out of each other's way.
 *
 * All are tuple locks on offsets that no row has, so that deadlock detection,
 * lock_timeout, pg_locks and two-phase commit need nothing from us.
 *
 * The *gate*: who inserts into a unique index enters it (share mode, to the end
 * of the transaction) before looking for an equal sealed key.  A seal shows its
 * directory entries first, uncommitted, and then waits, holding nothing, until
 * all who are in the gate have ended; only then it deletes the hot rows.  So an
 * inserter either keeps the seal from deleting, and finds an equal key in the
 * index, or entered later, and finds the entry in the directory: the seal
 * announces its entries before it waits, so that what others keep of the
 * directory is read again.  Nobody ever waits to enter, and the seal waits for
 * nobody once it has begun to delete.
 *
 * A *segment's lock*: share mode for who changes or locks rows of it, exclusive
 * for who takes its rows elsewhere (unseal, compact).  A transaction that holds
 * many goes over to one lock for all of them.
 */
#include "territory.h"

#include "access/xact.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "storage/proc.h"

#include "segment/lock.h"
#include "segment/segment.h"

#define OFFSET_SEGMENT (TID_BLOCK_ROWS + 1)
#define OFFSET_GATE (TID_BLOCK_ROWS + 2)
#define OFFSET_ALL_SEGMENTS (TID_BLOCK_ROWS + 3)

#define MAX_SEGMENT_LOCKS 64	/* of one table and transaction, before one lock stands for all */

/* ---- the gate ---- */

static void
gate_tid(ItemPointer tid)
{
	ItemPointerSet(tid, SEALED_FIRST_BLOCK, OFFSET_GATE);
}

void
gate_enter(Relation rel)
{
	ItemPointerData tid;

	gate_tid(&tid);
	LockTuple(rel, &tid, ShareLock);
}

/* until all who are in the gate now have ended; who enters meanwhile does not count */
void
gate_wait(Relation rel)
{
	LOCKTAG		tag;

	directory_announce(rel);
	SET_LOCKTAG_TUPLE(tag, rel->rd_lockInfo.lockRelId.dbId, rel->rd_lockInfo.lockRelId.relId, SEALED_FIRST_BLOCK,
					  OFFSET_GATE);
	WaitForLockers(tag, ExclusiveLock, false);
}

/* ---- segments ---- */

/*
 * The segment locks of this transaction on the table that it last touched.
 * Forgotten when a subtransaction aborts, since that may have released some.
 */
static struct
{
	LocalTransactionId lxid;
	Oid			relid;
	int			n;
	SegmentNumber segments[MAX_SEGMENT_LOCKS];
	bool		all;
	SegmentNumber alive;		/* seen to exist since we hold its lock, or -1 */
}			held;

static bool callback_registered = false;

void
segment_lock_forget(void)
{
	held.relid = InvalidOid;
}

static void
forget_held(SubXactEvent event, SubTransactionId mine, SubTransactionId parent, void *arg)
{
	if (event == SUBXACT_EVENT_ABORT_SUB)
		segment_lock_forget();
}

static void
segment_tid(ItemPointer tid, SegmentNumber segment)
{
	tid_set_sealed(tid, segment, 0);
	ItemPointerSetOffsetNumber(tid, OFFSET_SEGMENT);
}

static bool
held_is_of(Relation rel)
{
	return held.relid == RelationGetRelid(rel) && held.lxid == my_local_xid();
}

static bool
is_held(SegmentNumber segment)
{
	if (held.all)
		return true;
	for (int i = held.n - 1; i >= 0; i--)
		if (held.segments[i] == segment)
			return true;
	return false;
}

static bool
lock_share(Relation rel, SegmentNumber segment, bool wait)
{
	ItemPointerData tid;

	if (!callback_registered)
	{
		RegisterSubXactCallback(forget_held, NULL);
		callback_registered = true;
	}
	if (!held_is_of(rel))
	{
		memset(&held, 0, sizeof held);
		held.relid = RelationGetRelid(rel);
		held.lxid = my_local_xid();
		held.alive = -1;
	}
	if (is_held(segment))
		return true;
	if (held.n == MAX_SEGMENT_LOCKS)
		ItemPointerSet(&tid, SEALED_FIRST_BLOCK, OFFSET_ALL_SEGMENTS);
	else
		segment_tid(&tid, segment);
	if (wait)
		LockTuple(rel, &tid, ShareLock);
	else if (!ConditionalLockTuple(rel, &tid, ShareLock))
		return false;
	if (held.n == MAX_SEGMENT_LOCKS)
		held.all = true;
	else
		held.segments[held.n++] = segment;
	return true;
}

/* to the end of the transaction */
void
segment_lock_share(Relation rel, SegmentNumber segment)
{
	(void) lock_share(rel, segment, true);
}

bool
segment_lock_share_if_free(Relation rel, SegmentNumber segment)
{
	return lock_share(rel, segment, false);
}

/* do we hold its lock and know that it exists? */
bool
segment_lock_alive(Relation rel, SegmentNumber segment)
{
	return held_is_of(rel) && held.alive == segment;
}

/* of the table whose segment was locked last */
void
segment_lock_set_alive(SegmentNumber segment)
{
	held.alive = segment;
}

/* before the first segment_lock_exclusive*() of a transaction */
void
segment_lock_movers(Relation rel)
{
	ItemPointerData tid;

	ItemPointerSet(&tid, SEALED_FIRST_BLOCK, OFFSET_ALL_SEGMENTS);
	LockTuple(rel, &tid, RowExclusiveLock);
}

void
segment_lock_exclusive(Relation rel, SegmentNumber segment)
{
	ItemPointerData tid;

	segment_tid(&tid, segment);
	LockTuple(rel, &tid, ExclusiveLock);
}

bool
segment_lock_exclusive_if_free(Relation rel, SegmentNumber segment)
{
	ItemPointerData tid;

	segment_tid(&tid, segment);
	return ConditionalLockTuple(rel, &tid, ExclusiveLock);
}
