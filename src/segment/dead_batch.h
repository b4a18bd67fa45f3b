/*
 * dead_batch.h
 *	  Rows of one segment that one command deleted, as one state entry.
 */
#ifndef DEAD_BATCH_H
#define DEAD_BATCH_H

#include "segment/segment.h"

typedef enum BatchResult
{
	BATCH_NO,					/* take the row by itself */
	BATCH_DELETED,
	BATCH_SELF_MODIFIED,		/* by this command before */
} BatchResult;

/* a command that may collect its deletes; see dead_batch_begin() */
typedef struct BatchCommand
{
	struct BatchCommand *outer;
	bool		allowed;
	int64		not_stretch;	/* rows of this one were taken: it is not tried again; segment * 16 + stretch, or -1 */
} BatchCommand;

extern void dead_batch_begin(BatchCommand *command, bool allowed);
extern void dead_batch_end(BatchCommand *command, bool finished);
extern BatchResult dead_batch_delete(Relation rel, ItemPointer tid, CommandId cid);
extern void dead_batch_flush(void);
extern void dead_batch_init(void);

extern bool dead_batch_find(ChunkStore *store, ItemPointer tid, Snapshot snapshot, TransactionId *maker,
							CommandId *command);
extern uint8 *dead_batch_read(ChunkStore *store, Snapshot snapshot, SegmentEntry *entry, uint8 *dead);

#endif
