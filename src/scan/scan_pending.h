/*
 * scan_pending.h
 *	  Segments and blocks that a scan in order did not open yet, by what bounds
 *	  their rows.
 */
#ifndef SCAN_PENDING_H
#define SCAN_PENDING_H

#include "territory.h"
#include "lib/pairingheap.h"

typedef struct PendingBlock
{
	int64		bound;
	int			block;
} PendingBlock;

/* of one segment */
typedef struct PendingBlocks
{
	int			n;
	int			next;
	PendingBlock blocks[FLEXIBLE_ARRAY_MEMBER];
} PendingBlocks;

/* a segment (block < 0) or block */
typedef struct Pending
{
	pairingheap_node node;
	int64		bound;			/* no row of it sorts before this */
	int			segment;
	int			block;
	PendingBlocks *more;		/* of the segment, which come one by one behind this; or NULL */
	int			skip;			/* so many rows of it were handed out */
	bool		again;			/* it was open before */
} Pending;

typedef struct PendingSet
{
	pairingheap *heap;
	MemoryContext context;		/* of members */
	MemoryContext list_context;
} PendingSet;

extern PendingSet *scan_pending_begin(void);
extern Pending *scan_pending_add(PendingSet *set, int64 bound, int segment, int block);
extern PendingBlocks *scan_pending_list(PendingSet *set, int nblocks);
extern void scan_pending_add_list(PendingSet *set, int segment, PendingBlocks *list);
extern const Pending *scan_pending_first(PendingSet *set);
extern Pending scan_pending_take(PendingSet *set);
extern void scan_pending_reset(PendingSet *set);
extern void scan_pending_end(PendingSet *set);

#endif
