/*
 * segment_cache.h
 *	  Headers of segments that this backend read lately, and where their data is.
 */
#ifndef SEGMENT_CACHE_H
#define SEGMENT_CACHE_H

#include "lib/ilist.h"
#include "segment/segment.h"

typedef struct CachedSegmentKey
{
	RelPhysical toast;
	SegmentNumber number;
} CachedSegmentKey;

typedef struct CachedSegment
{
	CachedSegmentKey key;
	dlist_node	lru;
	MemoryContext context;		/* holds this and all below */
	Size		bytes;
	int			pins;			/* readers that use it */
	bool		dropped;		/* by the last of them it is freed */

	/* of the directory entry that it was read for */
	int64		rows;
	int64		data_len;
	int64		sealed_at;
	uint32		header_len;
	uint32		header_crc;
	int16		natts;

	BlockHeader *header;
	struct BlockEnds **ends;	/* per attribute, of block_ends.c; NULL: not asked for yet */
	int			npieces;
	ItemPointerData *pieces;	/* of the data, as far as they were met; never to be believed without a look */
} CachedSegment;

extern CachedSegment *segment_cache_get(ChunkStore *store, const SegmentEntry *entry);
extern CachedSegment *segment_cache_make(ChunkStore *store, const SegmentEntry *entry);
extern void segment_cache_keep(CachedSegment *segment);
extern void segment_cache_grown(CachedSegment *segment);
extern void segment_cache_release(CachedSegment *segment);
extern void segment_cache_forget(void);

#endif
