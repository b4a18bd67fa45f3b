/*
 * state.h
 *	  What happened to single sealed rows since they were sealed.
 *
 * One entry per row that was deleted, updated or locked, under the row's state
 * key.  An *anchor* says nothing about its row; it is a tuple for heap's own
 * row locks to hold on to, inserted frozen, so that it is there for everyone
 * at once whatever becomes of its inserter.  A *dead mark* is an anchor's next
 * version (or a first one): who sees it sees the row deleted.  Concurrency is
 * heap's: who wants to change a sealed row updates its anchor.  Rows without an
 * entry that a command deletes in great number share one (dead_batch.c).
 *
 * A segment whose rows all moved elsewhere leaves a list of where (relocated.c).
 */
#ifndef STATE_H
#define STATE_H

#include "segment/segment.h"

/* does a dead row live on at its forward TID?  On disk, never renumber */
typedef enum StateMoved
{
	MOVED_NOT = 0,				/* deleted */
	MOVED_UPDATED = 1,			/* as its next version */
	MOVED_UNCHANGED = 2,		/* as itself: lifted or unsealed, which is no change */
	MOVED_KEY_KEPT = 3,			/* as its next version, whose keys are the same */
} StateMoved;

typedef struct StateEntry
{
	uint8		dead;			/* 0: an anchor */
	uint8		moved;			/* StateMoved */
	ItemPointerData forward;	/* a heap TID of the same table, or heap's mark for another partition */
	CommandId	command;		/* that marked the row dead, for its own transaction to know */
} StateEntry;

/* where a row is that somebody knows by a sealed TID */
typedef enum StatePlace
{
	PLACE_SEALED,				/* there, in a segment that stays until we end */
	PLACE_HOT,					/* in the heap now, unchanged */
	PLACE_GONE,
	PLACE_UPDATED,				/* its next version is */
	PLACE_BUSY,					/* cannot tell without waiting */
} StatePlace;

extern bool state_hold_segment(Relation rel, ChunkStore *store, SegmentNumber segment, LockWaitPolicy policy,
							   bool *alive);
extern StatePlace state_settle(Relation rel, ChunkStore *store, ItemPointer tid, CommandId cid,
							   LockWaitPolicy policy);
extern TM_Result state_lock_not_free(Relation rel, LockWaitPolicy policy);
extern TM_Result state_lock_row(Relation rel, ChunkStore *store, ItemPointer tid, LockTupleMode mode,
								LockWaitPolicy policy, TM_FailureData *failure, ItemPointer anchor,
								bool *was_ours);
extern TM_Result state_mark_dead(Relation rel, ChunkStore *store, ItemPointer anchor, ItemPointer tid,
								 StateMoved moved, ItemPointer forward, CommandId command);
extern bool state_find(ChunkStore *store, ItemPointer tid, Snapshot snapshot, StateEntry *entry);
extern StateEntry *state_read_entries(ChunkStore *store, SegmentNumber segment, int rows);
extern bool state_alive_dirty(Relation rel, ItemPointer tid, Snapshot snapshot);
extern void state_insert_dead(ChunkStore *store, SegmentNumber segment, int place);

/* relocated.c */
extern void relocated_write(ChunkStore *store, SegmentNumber segment, const ItemPointerData *tids, int n);
extern bool relocated_find(ChunkStore *store, ItemPointer tid, ItemPointer now, bool *updated);
extern void relocated_forget_old(Relation rel, ChunkStore *store);

#endif
