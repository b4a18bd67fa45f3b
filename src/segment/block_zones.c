/*
 * block_zones.c
 *	  Which blocks of a segment prune keys exclude, by what its header tells of
 *	  each.
 *
 * The bounds of a column stand in arrays, so that a key is compared with many
 * blocks in one loop; it says what zone_excludes() says of each.  Boxes are in
 * summaries, and stay with the header once a key asked for them.
 */
#include "territory.h"

#include <math.h>

#include "access/stratnum.h"

#include "codec/codec_stream.h"
#include "segment/segment.h"
#include "segment/segment_cache.h"

/* kept with the header; NaN where a box is not known */
static void
know_boxes(SegmentReader *reader, HeaderColumn *column)
{
	int			nblocks = reader->header->nblocks;
	float	   *boxes = MemoryContextAlloc(reader->cached->context, sizeof(float) * 4 * nblocks);

	for (int b = 0; b < nblocks; b++)
	{
		ColumnSummary summary;

		if (segment_block_summary(reader, b, column->attno, &summary) && (summary.flags & SUMMARY_BOUNDS))
			box_round_outwards(summary.box, &boxes[4 * b]);
		else
			for (int c = 0; c < 4; c++)
				boxes[4 * b + c] = NAN;
	}
	column->boxes = boxes;
	segment_cache_grown(reader->cached);
}

/* where all values of a block lie that are not null: xmin, ymin, xmax, ymax; NULL: it holds nothing of the column */
const float *
segment_block_box(SegmentReader *reader, int block, AttrNumber attno)
{
	HeaderColumn *column = attno <= reader->entry->natts ? reader->header->by_attno[attno] : NULL;

	if (column == NULL)
		return NULL;
	if (column->boxes == NULL)
		know_boxes(reader, column);
	return column->boxes + 4 * block;
}

/* of a whole segment; false where that is not known */
bool
segment_box(const SegmentEntry *entry, AttrNumber attno, float *box)
{
	ColumnSummary summary;

	if (!segment_summary(entry, attno, &summary) || !(summary.flags & SUMMARY_BOUNDS))
		return false;
	box_round_outwards(summary.box, box);
	return true;
}

CODEC_CLONES static void
exclude_without_values(const int32 *nulls, const int *first_row, int n, uint8 *out)
{
	for (int b = 0; b < n; b++)
		out[b] |= nulls[b] >= first_row[b + 1] - first_row[b];
}

/* zone_excludes() of blocks first to first + n - 1, by what stands in the header, in flags */
static void
exclude_by_key(const BlockHeader *header, const HeaderColumn *column, int first, int n, const PruneKey *key, uint8 *out)
{
	int64		low,
				high;

	if (key->is_null_test)
	{
		for (int b = 0; b < n; b++)
			out[b] |= column->nulls[first + b] == 0;
		return;
	}
	exclude_without_values(column->nulls + first, header->first_row + first, n, out);
	if (column->zone != key->zone || key->zone == ZONE_NONE)
		return;
	if (key->nkeys > 0)
	{
		for (int b = 0; b < n; b++)
			out[b] = out[b] || !prune_key_within(key, column->min[first + b], column->max[first + b]);
		return;
	}
	prune_key_range(key, &low, &high);
	zones_exclude_range(column->min + first, column->max + first, n, low, high, out);
}

static void
exclude_by_box(const float *boxes, int n, const BoxKey *key, uint8 *out)
{
	for (int b = 0; b < n; b++)
		out[b] = out[b] || box_key_excludes(key, boxes + 4 * b);
}

static void
exclude_blocks(SegmentReader *reader, int first, int n, const PruneKey *keys, int nkeys, uint8 *out)
{
	memset(out, false, n);
	for (int k = 0; k < nkeys; k++)
	{
		const HeaderColumn *column = segment_column(reader, keys[k].attno);

		if (column == NULL)
			continue;
		exclude_by_key(reader->header, column, first, n, &keys[k], out);
		if (keys[k].box)
			exclude_by_box(segment_block_box(reader, first, keys[k].attno), n, keys[k].box, out);
	}
}

bool
segment_block_excluded(SegmentReader *reader, int block, const PruneKey *keys, int nkeys)
{
	uint8		out;

	exclude_blocks(reader, block, 1, keys, nkeys, &out);
	return out;
}

/* the same of all blocks, in flags */
void
segment_exclude_blocks(SegmentReader *reader, const PruneKey *keys, int nkeys, uint8 *out)
{
	exclude_blocks(reader, 0, reader->header->nblocks, keys, nkeys, out);
}
