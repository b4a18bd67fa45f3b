/*
 * sample.c
 *	  What sealed rows are like, for the planner: zone maps of a few blocks.
 *
 * They are read from one segment's header, so it costs the same for a hundred
 * segments and for a hundred thousand.  Estimates only: rows may be dead, and a
 * segment in the middle may be unlike the others.
 */
#include "territory.h"

#include <math.h>

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

/* ---- places ---- */

#define EXTENT_SEGMENTS 8		/* tell where the places of a table are, about */
#define EXTENT_BLOCKS 16

/* of segments here and there, together; false: none is known */
static bool
sample_extent(ChunkStore *store, AttrNumber attno, float *extent)
{
	SegmentNumber next = directory_next_number(store);
	bool		known = false;

	for (int i = 0; i < EXTENT_SEGMENTS; i++)
	{
		SegmentEntry *entry = directory_find(store, GetActiveSnapshot(), (int64) next * i / EXTENT_SEGMENTS);
		float		box[4];

		if (entry == NULL || !segment_box(entry, attno, box))
			continue;
		for (int d = 0; d < 2; d++)
		{
			extent[d] = known ? Min(extent[d], box[d]) : box[d];
			extent[2 + d] = known ? Max(extent[2 + d], box[2 + d]) : box[2 + d];
		}
		known = true;
	}
	return known;
}

/* where the places of a column are, about: xmin, ymin, xmax, ymax; false: it is not known */
bool
sealed_extent(Relation rel, AttrNumber attno, float *extent)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "territory extent", ALLOCSET_SMALL_SIZES);
	MemoryContext old = MemoryContextSwitchTo(context);
	ChunkStore	store;
	bool		known = false;

	if (chunk_store_open(rel, AccessShareLock, &store))
	{
		known = !chunk_store_empty(&store) && sample_extent(&store, attno, extent);
		chunk_store_close(&store, AccessShareLock);
	}
	MemoryContextSwitchTo(old);
	MemoryContextDelete(context);
	return known;
}

/* the side of a block's box, of that of the table's, if both were squares of the same area as they are */
static double
relative_side(const float *box, const float *extent)
{
	double		area = 1;

	if (box == NULL || isnan(box[0]))
		return 1;
	for (int d = 0; d < 2; d++)
	{
		double		all = (double) extent[2 + d] - extent[d];

		area *= all > 0 ? Min(((double) box[2 + d] - box[d]) / all, 1) : 0;
	}
	return sqrt(area);
}

static double
measure_blocks(Relation rel, ChunkStore *store, AttrNumber attno)
{
	SegmentEntry *entry = middle_segment(store);
	SegmentReader reader;
	float		extent[4];
	double		sum = 0;
	int			nblocks;

	if (entry == NULL || !sample_extent(store, attno, extent))
		return 1;
	segment_reader_open(&reader, rel, store, entry, CurrentMemoryContext);
	nblocks = Min(entry->nblocks, EXTENT_BLOCKS);
	for (int b = 0; b < nblocks; b++)
		sum += relative_side(segment_block_box(&reader, (int64) b * entry->nblocks / nblocks, attno), extent);
	return sum / nblocks;
}

/*
 * The side of a block's box, of that of all places, on average: 0 where nothing
 * moves, 1 where it is not known.  Each plan asks a few times, so the last answer
 * is kept as long as so many rows are sealed.
 */
double
sealed_block_extent(Relation rel, AttrNumber attno, double sealed_rows)
{
	static struct
	{
		Oid			relid;
		AttrNumber	attno;
		double		rows;
		double		side;
	}			last;
	MemoryContext context,
				old;
	ChunkStore	store;
	double		side = 1;

	if (last.relid == RelationGetRelid(rel) && last.attno == attno && last.rows == sealed_rows)
		return last.side;
	context = AllocSetContextCreate(CurrentMemoryContext, "territory sample", ALLOCSET_DEFAULT_SIZES);
	old = MemoryContextSwitchTo(context);
	if (chunk_store_open(rel, AccessShareLock, &store))
	{
		if (!chunk_store_empty(&store))
			side = measure_blocks(rel, &store, attno);
		chunk_store_close(&store, AccessShareLock);
	}
	MemoryContextSwitchTo(old);
	MemoryContextDelete(context);
	last.relid = RelationGetRelid(rel);
	last.attno = attno;
	last.rows = sealed_rows;
	return last.side = side;
}
