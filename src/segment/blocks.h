/*
 * blocks.h
 *	  Where the blocks of a segment begin.
 */
#ifndef BLOCKS_H
#define BLOCKS_H

#include "territory.h"
#include "pgtime.h"

#define BLOCK_MAX_ROWS 2048
#define BLOCK_MIN_ROWS 256		/* what a block has at least, but for the last of a run or segment */

/* the rows of a segment, as the cutter sees them */
typedef struct BlockRows
{
	int			rows;
	const bool *run_starts;		/* another entity begins; never asked for row 0 */
	const int64 *times;			/* or NULL: no calendar */
	const bool *time_nulls;
	Oid			time_type;
	pg_tz	   *zone;			/* of a timestamptz */
} BlockRows;

/* where another calendar's unit ends in a block whose rows are in order of time */
typedef struct CutPlace
{
	int			rows;			/* before it; 0: nowhere */
	int64		before;			/* time of the last of them */
	int64		after;			/* and of the next row */
} CutPlace;

extern int	blocks_cut(const BlockRows *rows, int64 *first_row);
extern CutPlace block_cut(const BlockRows *rows, int first, int last);

#endif
