/*
 * lock.h
 *	  The heavyweight locks by which writers, seals and movers of sealed rows
 *	  stay out of each other's way.
 */
#ifndef SEGMENT_LOCK_H
#define SEGMENT_LOCK_H

#include "territory.h"

extern void gate_enter(Relation rel);
extern void gate_close(Relation rel);
extern void gate_wait(Relation rel);

extern void segment_lock_share(Relation rel, SegmentNumber segment);
extern bool segment_lock_share_if_free(Relation rel, SegmentNumber segment);
extern bool segment_lock_alive(Relation rel, SegmentNumber segment);
extern void segment_lock_set_alive(SegmentNumber segment);
extern void segment_lock_forget(void);
extern void segment_lock_exclusive(Relation rel, SegmentNumber segment);
extern bool segment_lock_exclusive_if_free(Relation rel, SegmentNumber segment);
extern void segment_lock_movers(Relation rel);
extern bool segment_lock_movers_if_free(Relation rel);

extern void stretch_lock(Oid relid, SegmentNumber segment, int stretch);
extern bool stretch_lock_if_free(Oid relid, SegmentNumber segment, int stretch);
extern void stretch_unlock(Oid relid, SegmentNumber segment, int stretch);

#endif
