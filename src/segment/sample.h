/*
 * sample.h
 *	  What sealed rows are like, for the planner.
 */
#ifndef SAMPLE_H
#define SAMPLE_H

#include "segment/segment.h"

extern SegmentEntry *sealed_summit(Relation rel);
extern int	sealed_sample(Relation rel, const AttrNumber *attnos, int n, ZoneMap *zones, int most,
						  double *rows_per_block);

#endif
