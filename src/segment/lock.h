/*
 * lock.h
 *	  The heavyweight locks by which writers, seals and movers of sealed rows
 *	  stay out of each other's way.
 */
#ifndef SEGMENT_LOCK_H
#define SEGMENT_LOCK_H

#include "territory.h"

#define MOVER_MAX_LOCKS 1024	/* of single segments */

extern void gate_enter(Relation rel);
extern void gate_pass_by(Relation rel);
extern void gate_close(Relation rel);
extern void gate_wait(Relation rel);

extern void segment_lock_share(Relation rel, SegmentNumber segment);
extern bool segment_lock_share_if_free(Relation rel, SegmentNumber segment);
extern bool segment_lock_alive(Relation rel, SegmentNumber segment);
extern void segment_lock_set_alive(SegmentNumber segment);
extern void segment_lock_forget(void);
extern bool segment_lock_exclusive_if_free(Relation rel, SegmentNumber segment);
extern void segment_lock_exclusive_all(Relation rel, const SegmentNumber *segments, int n);
extern void segment_lock_movers(Relation rel);
extern bool segment_lock_movers_if_free(Relation rel);

extern void stretch_lock(Oid relid, SegmentNumber segment, int stretch);
extern bool stretch_lock_if_free(Oid relid, SegmentNumber segment, int stretch);
extern void stretch_unlock(Oid relid, SegmentNumber segment, int stretch);

#endif
