/*
 * watch.h
 *	  Who is told what happens to a table's rows.
 *
 * The rooms above keep indexes of their own over segments and hot rows; each
 * change here is told in the transaction that makes it, once for each segment
 * and once for each row that becomes hot.
 */
#ifndef SEGMENT_WATCH_H
#define SEGMENT_WATCH_H

#include "segment/segment.h"

typedef struct SegmentWatch
{
	void		(*hot) (Relation rel, TupleTableSlot **slots, int n);	/* rows are about to be hot */
	void		(*written) (Relation rel, const SegmentEntry *entry);	/* a segment was */
	void		(*removed) (Relation rel, SegmentNumber segment);
	void		(*sealed) (Relation rel, bool whole);	/* a seal is done; it looked at all hot rows */
	void		(*emptied) (Relation rel, Oid file);	/* nothing is left, and rows to come go into this file */
	void		(*copied) (Relation from, Oid file);	/* all rows and segments, as they are, into this file */
} SegmentWatch;

extern SegmentWatch segment_watch;

static inline void
watch_hot(Relation rel, TupleTableSlot **slots, int n)
{
	if (segment_watch.hot)
		segment_watch.hot(rel, slots, n);
}

#endif
