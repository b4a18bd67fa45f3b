/*
 * vector_buckets.h
 *	  How many groups a query has, and whether they go together with the blocks.
 */
#ifndef VECTOR_BUCKETS_H
#define VECTOR_BUCKETS_H

#include "vector/vector.h"

typedef struct BucketEstimate
{
	double		groups;
	double		share_mixed;	/* of blocks, that hold rows of several groups */
	double		block_rows;
} BucketEstimate;

extern BucketEstimate vector_buckets(PlannerInfo *root, RelOptInfo *rel, VectorTarget *target, bool sample);

#endif
