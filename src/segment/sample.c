/*
 * sample.c
 *	  What sealed rows are like, for the planner: zone maps of a few blocks.
 *
 * They are read from one segment's header, so it costs the same for a hundred
 * segments and for a hundred thousand.  Estimates only: rows may be dead, and a
 * segment in the middle may be unlike the others.
 */
#include "territory.h"

#include "utils/memutils.h"
#include "utils/snapmgr.h"

#include "segment/sample.h"

/* a segment near the middle of the numbers in use; NULL: not found by a few tries */
static SegmentEntry *
middle_segment(ChunkStore *store)
{
	SegmentNumber next = directory_next_number(store);

	for (int tries = 0; tries < 8 && next > 0; tries++)
	{
		SegmentEntry *entry;

		next /= 2;
		entry = directory_find(store, GetActiveSnapshot(), next);
		if (entry)
			return entry;
	}
	return NULL;
}

/* of a block as a whole; of its sides, where it is cut, else nothing; n columns each */
static void
sample_block(SegmentReader *reader, int block, const AttrNumber *attnos, int n, ZoneMap *zones)
{
	for (BlockSide side = BLOCK_WHOLE; side <= BLOCK_AFTER; side++)
		for (int a = 0; a < n; a++)
		{
			ZoneMap    *zone = &zones[side * n + a];

			if ((side != BLOCK_WHOLE && segment_block_cut(reader, block) == 0) ||
				!segment_side_zone(reader, block, side, attnos[a], zone))
				zone->kind = ZONE_NONE;
		}
}

/* zone maps of at most so many blocks, SAMPLE_SIDES times n of these columns for each; gives the number of blocks */
int
sealed_sample(Relation rel, const AttrNumber *attnos, int n, ZoneMap *zones, int most, double *rows_per_block)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "territory sample", ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(context);
	ChunkStore	store;
	SegmentEntry *entry;
	int			nblocks = 0;

	if (chunk_store_open(rel, AccessShareLock, &store))
	{
		entry = chunk_store_empty(&store) ? NULL : middle_segment(&store);
		if (entry)
		{
			SegmentReader reader;

			segment_reader_open(&reader, rel, &store, entry, context);
			nblocks = Min(entry->nblocks, most);
			*rows_per_block = (double) entry->rows / entry->nblocks;
			for (int b = 0; b < nblocks; b++)
				sample_block(&reader, (int64) b * entry->nblocks / nblocks, attnos, n, &zones[b * SAMPLE_SIDES * n]);
		}
		chunk_store_close(&store, AccessShareLock);
	}
	MemoryContextSwitchTo(old);
	MemoryContextDelete(context);
	return nblocks;
}
