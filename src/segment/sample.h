/*
 * sample.h
 *	  What sealed rows are like, for the planner.
 */
#ifndef SAMPLE_H
#define SAMPLE_H

#include "segment/segment.h"

#define SAMPLE_SIDES 3			/* zone maps of a block: all of it, and its two sides */

extern bool sealed_extent(Relation rel, AttrNumber attno, float *extent);
extern double sealed_block_extent(Relation rel, AttrNumber attno, double sealed_rows);
extern int	sealed_sample(Relation rel, const AttrNumber *attnos, int n, ZoneMap *zones, int most,
						  double *rows_per_block);

#endif
