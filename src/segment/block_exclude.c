/*
 * block_exclude.c
 *	  Which blocks of an open segment cannot hold a row that keys let pass.
 *
 * All blocks are asked at once, key by key, by the arrays that stand in the
 * segment's header: ranges of zone maps, numbers of nulls, boxes.
 */
#include "territory.h"

#include "access/stratnum.h"

#include "codec/codec_stream.h"
#include "segment/segment.h"

CODEC_CLONES static void
exclude_without_values(const int32 *nulls, const int *first_row, int n, uint8 *out)
{
	for (int b = 0; b < n; b++)
		out[b] |= nulls[b] >= first_row[b + 1] - first_row[b];
}

CODEC_CLONES static void
exclude_range(const int64 *min, const int64 *max, int n, int64 low, int64 high, uint8 *out)
{
	for (int b = 0; b < n; b++)
		out[b] |= (min[b] > high) | (max[b] < low);
}

/* zone_excludes() of blocks first to first + n - 1, by what stands in the header, in flags */
static void
exclude_by_key(const BlockHeader *header, const HeaderColumn *column, int first, int n, const PruneKey *key, uint8 *out)
{
	int64		low = PG_INT64_MIN,
				high = PG_INT64_MAX;

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
	if (key->strategy != BTLessStrategyNumber && key->strategy != BTLessEqualStrategyNumber)
		low = key->key;
	if (key->strategy != BTGreaterStrategyNumber && key->strategy != BTGreaterEqualStrategyNumber)
		high = key->key;
	exclude_range(column->min + first, column->max + first, n, low, high, out);
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
