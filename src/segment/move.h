/*
 * move.h
 *	  Deleting hot rows that now live in segments, each with a link to where it
 *	  lives on.
 */
#ifndef MOVE_H
#define MOVE_H

#include "segment/segment.h"

typedef struct MovedRows MovedRows;

extern MovedRows *moved_rows_begin(Relation rel, int sort_memory);
extern void moved_rows_add(MovedRows *moved, ItemPointer hot, SegmentNumber segment, int place);
extern int64 moved_rows_delete(MovedRows *moved, ChunkStore *store);
extern void moved_rows_end(MovedRows *moved);

#endif
