/*
 * lock.c
 *	  The heavyweight locks by which writers, seals and movers of sealed rows
 *	  stay out of each other's way.
 *
 * All are object locks of a class that no catalog is, the table itself, so that
 * deadlock detection, lock_timeout, pg_locks and two-phase commit need nothing
 * from us.  (Core asserts of tuple and page locks that they are held briefly.)
 *
 * The *gate*: who inserts into a unique index enters it (share mode, to the end
 * of the transaction) before looking for an equal sealed key.  A seal shows its
 * directory entries first, uncommitted, and then waits, holding nothing, until
 * all who are in the gate have ended; only then it deletes the hot rows.  So an
 * inserter either keeps the seal from deleting, and finds an equal key in the
 * index, or entered later, and finds the entry in the directory: the seal
 * announces its entries before it waits, so that what others keep of the
 * directory is read again.  Nobody ever waits to enter, and the seal waits for
 * nobody once it has begun to delete.  A bulk load, whose keys no index holds,
 * closes the gate while it checks and writes them.
 *
 * Who writes a new version of a row whose keys stay as they are need not keep a
 * seal waiting.  But a bulk load that found the key in no index, before that
 * version's entries were made, must not find the old version dead afterwards:
 * such a writer passes by a *side door* (share mode, to the end of the
 * transaction), unless in the gate already, and a bulk load closes it first.
 *
 * A *stretch*, 2,048 rows of a segment, is locked for a moment by who gives a row
 * of it its first state entry, and by a DELETE that collects its dead marks until
 * it writes them (dead_batch.c).
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

/* what is locked: pg_locks shows it as objsubid, and the segment as objid */
typedef enum LockKind
{
	LOCK_SEGMENT = 1,
	LOCK_GATE,
	LOCK_ALL_SEGMENTS,
	LOCK_SIDE_DOOR,
	LOCK_STRETCH,				/* objid is the segment's number times 16, and which of its stretches */
} LockKind;

#define MAX_SEGMENT_LOCKS 64	/* of one table and transaction, before one lock stands for all */

static void
set_tag(LOCKTAG *tag, Relation rel, LockKind kind, SegmentNumber segment)
{
	SET_LOCKTAG_OBJECT(*tag, rel->rd_lockInfo.lockRelId.dbId, RelationGetRelid(rel), segment, kind);
}

static bool
lock_acquire(Relation rel, LockKind kind, SegmentNumber segment, LOCKMODE mode, bool wait)
{
	LOCKTAG		tag;

	set_tag(&tag, rel, kind, segment);
	return LockAcquire(&tag, mode, false, !wait) != LOCKACQUIRE_NOT_AVAIL;
}

/* ---- the gate ---- */

void
gate_enter(Relation rel)
{
	(void) lock_acquire(rel, LOCK_GATE, 0, ShareLock, true);
}

/* to write a row's new version with the keys that it had */
void
gate_pass_by(Relation rel)
{
	LOCKTAG		gate;

	set_tag(&gate, rel, LOCK_GATE, 0);
	if (!compat_lock_is_held(&gate, ShareLock))
		(void) lock_acquire(rel, LOCK_SIDE_DOOR, 0, ShareLock, true);
}

/* wait for all who are in the gate or passed by it, and let nobody until the end of this transaction */
void
gate_close(Relation rel)
{
	(void) lock_acquire(rel, LOCK_SIDE_DOOR, 0, ExclusiveLock, true);
	(void) lock_acquire(rel, LOCK_GATE, 0, ExclusiveLock, true);
}

/* until all who are in the gate now have ended; who enters meanwhile does not count */
void
gate_wait(Relation rel)
{
	LOCKTAG		tag;

	directory_announce(rel);
	set_tag(&tag, rel, LOCK_GATE, 0);
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
	bool		all;

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
	all = held.n == MAX_SEGMENT_LOCKS;
	if (!lock_acquire(rel, all ? LOCK_ALL_SEGMENTS : LOCK_SEGMENT, all ? 0 : segment, ShareLock, wait))
		return false;
	if (all)
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

/* before the first segment_lock_exclusive*() of a transaction: who holds the lock for all is waited for */
void
segment_lock_movers(Relation rel)
{
	(void) lock_acquire(rel, LOCK_ALL_SEGMENTS, 0, RowExclusiveLock, true);
}

bool
segment_lock_movers_if_free(Relation rel)
{
	return lock_acquire(rel, LOCK_ALL_SEGMENTS, 0, RowExclusiveLock, false);
}

bool
segment_lock_exclusive_if_free(Relation rel, SegmentNumber segment)
{
	return lock_acquire(rel, LOCK_SEGMENT, segment, ExclusiveLock, false);
}

/* locks of a mover: the first is the one that who holds many segments has in their place */
static bool
lock_for_moving(Relation rel, const SegmentNumber *segments, int which, bool wait)
{
	return which == 0 ? lock_acquire(rel, LOCK_ALL_SEGMENTS, 0, RowExclusiveLock, wait) :
		lock_acquire(rel, LOCK_SEGMENT, segments[which - 1], ExclusiveLock, wait);
}

static void
unlock_for_moving(Relation rel, const SegmentNumber *segments, int which)
{
	LOCKTAG		tag;

	set_tag(&tag, rel, which == 0 ? LOCK_ALL_SEGMENTS : LOCK_SEGMENT, which == 0 ? 0 : segments[which - 1]);
	(void) LockRelease(&tag, which == 0 ? RowExclusiveLock : ExclusiveLock, false);
}

/*
 * All that a mover needs, before it changes anything.  While it waits for one
 * lock it holds none of the others, so that it comes to no deadlock with writers
 * that go from segment to segment in an order of their own.  Very many would fill
 * the server's lock table: then all writers of the table are kept away.
 */
void
segment_lock_exclusive_all(Relation rel, const SegmentNumber *segments, int n)
{
	int			waited = 0;

	if (n > MOVER_MAX_LOCKS)
	{
		LockRelationOid(RelationGetRelid(rel), ExclusiveLock);
		return;
	}
	for (;;)
	{
		int			blocked = 0;

		(void) lock_for_moving(rel, segments, waited, true);
		while (blocked <= n && (blocked == waited || lock_for_moving(rel, segments, blocked, false)))
			blocked++;
		if (blocked > n)
			return;
		for (int i = 0; i < blocked; i++)
			if (i != waited)
				unlock_for_moving(rel, segments, i);
		unlock_for_moving(rel, segments, waited);
		waited = blocked;
	}
}

/* ---- stretches: held while the rows' states are looked at and changed, not longer ---- */

static void
set_stretch_tag(LOCKTAG *tag, Oid relid, SegmentNumber segment, int stretch)
{
	SET_LOCKTAG_OBJECT(*tag, MyDatabaseId, relid, (uint32) segment * TID_BLOCKS_PER_SEGMENT + stretch, LOCK_STRETCH);
}

void
stretch_lock(Oid relid, SegmentNumber segment, int stretch)
{
	LOCKTAG		tag;

	set_stretch_tag(&tag, relid, segment, stretch);
	(void) LockAcquire(&tag, ExclusiveLock, false, false);
}

bool
stretch_lock_if_free(Oid relid, SegmentNumber segment, int stretch)
{
	LOCKTAG		tag;

	set_stretch_tag(&tag, relid, segment, stretch);
	return LockAcquire(&tag, ExclusiveLock, false, true) != LOCKACQUIRE_NOT_AVAIL;
}

void
stretch_unlock(Oid relid, SegmentNumber segment, int stretch)
{
	LOCKTAG		tag;

	set_stretch_tag(&tag, relid, segment, stretch);
	LockRelease(&tag, ExclusiveLock, false);
}
