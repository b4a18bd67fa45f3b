/*
 * territory.h
 *	  What every room shares: which relations are ours, and the TIDs of sealed
 *	  rows.
 *
 * A sealed row's TID is its segment's number and its place in the segment:
 * block 0x80000000 + segment * 16 + place / 2048, offset 1 + place % 2048.
 * Heap never reaches these block numbers in a table that holds segments, and
 * offsets stay clear of the two magic ones.
 */
#ifndef TERRITORY_H
#define TERRITORY_H

#include "postgres.h"

#include "access/tableam.h"
#include "storage/itemptr.h"
#include "utils/rel.h"

#include "compat.h"

#define SEALED_FIRST_BLOCK ((BlockNumber) 0x80000000)
#define SEGMENT_MAX_ROWS 32768
#define TID_BLOCK_ROWS 2048
#define TID_BLOCKS_PER_SEGMENT (SEGMENT_MAX_ROWS / TID_BLOCK_ROWS)
#define SEGMENT_MAX_NUMBER 0x7fffffe	/* 27 bits, the last TID block stays valid */

typedef int32 SegmentNumber;

static inline bool
tid_is_sealed(const ItemPointerData *tid)
{
	BlockNumber block = ItemPointerGetBlockNumberNoCheck(tid);

	return block >= SEALED_FIRST_BLOCK && block != InvalidBlockNumber;
}

static inline void
tid_set_sealed(ItemPointer tid, SegmentNumber segment, int place)
{
	ItemPointerSet(tid,
				   SEALED_FIRST_BLOCK + (BlockNumber) segment * TID_BLOCKS_PER_SEGMENT + place / TID_BLOCK_ROWS,
				   1 + place % TID_BLOCK_ROWS);
}

static inline SegmentNumber
tid_segment(const ItemPointerData *tid)
{
	return (ItemPointerGetBlockNumberNoCheck(tid) - SEALED_FIRST_BLOCK) / TID_BLOCKS_PER_SEGMENT;
}

static inline int
tid_place(const ItemPointerData *tid)
{
	return (ItemPointerGetBlockNumberNoCheck(tid) - SEALED_FIRST_BLOCK) % TID_BLOCKS_PER_SEGMENT * TID_BLOCK_ROWS +
		ItemPointerGetOffsetNumberNoCheck(tid) - 1;
}

/* a part of a segment: the rows of one block number of sealed TIDs */
static inline int32
segment_part(SegmentNumber segment, int place)
{
	return segment * TID_BLOCKS_PER_SEGMENT + place / TID_BLOCK_ROWS;
}

/* am/am.c */
extern const TableAmRoutine *heap_methods;
extern TableAmRoutine territory_methods;

#define relation_is_territory(rel) ((rel)->rd_tableam == &territory_methods)

/* settings, territory.c */
extern int	territory_segment_rows;
extern bool territory_bulk_seal;
extern bool territory_enable_aggregate;
extern bool territory_seal_each_statement;

#endif
