/*
 * state.h
 *	  What happened to single sealed rows since they were sealed.
 *
 * One entry per row that was deleted, updated or locked, under the row's state
 * key.  An *anchor* says nothing about its row; it is a tuple for heap's own
 * row locks to hold on to, inserted frozen, so that it is there for everyone
 * at once whatever becomes of its inserter.  A *dead mark* is an anchor's next
 * version (or a first one): who sees it sees the row deleted.  Concurrency is
 * heap's: who wants to change a sealed row updates its anchor.
 */
#ifndef STATE_H
#define STATE_H

#include "segment/segment.h"

typedef struct StateEntry
{
	uint8		dead;			/* 0: an anchor */
	uint8		moved;			/* the row lives on at forward */
	ItemPointerData forward;	/* a heap TID of the same table */
	CommandId	command;		/* that marked the row dead, for its own transaction to know */
} StateEntry;

extern TM_Result state_lock_row(Relation rel, ChunkStore *store, ItemPointer tid, CommandId cid,
								LockTupleMode mode, LockWaitPolicy policy, TM_FailureData *failure,
								ItemPointer anchor);
extern TM_Result state_mark_dead(Relation rel, ChunkStore *store, ItemPointer anchor, ItemPointer tid,
								 ItemPointer forward, CommandId command);
extern bool state_find(ChunkStore *store, ItemPointer tid, Snapshot snapshot, StateEntry *entry);
extern void state_insert_dead(ChunkStore *store, SegmentNumber segment, int place, ItemPointer forward);

#endif
