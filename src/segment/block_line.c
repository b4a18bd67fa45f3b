/*
 * block_line.c
 *	  Columns of a block that need not be read, as they are a constant or have a
 *	  constant stride.
 *
 * Zone maps tell constants.  Of a block in order of time they tell the first
 * and the last time; that those between are evenly spaced is learnt when the
 * column is first read, and stays with the segment's header.  So a sensor that
 * reports once a minute has its times read once a session, and a range of time
 * is found in a block by a division.
 *
 * Invariant: the values are those that decoding gives.
 */
#include "territory.h"

#include "common/int.h"
#include "utils/memutils.h"

#include "codec/codec_stream.h"
#include "segment/segment.h"
#include "segment/segment_cache.h"

/* of CachedSegment.strides */
enum
{
	STRIDE_UNKNOWN = 0,
	STRIDE_CONSTANT,
	STRIDE_VARIES,
};

static bool
is_time_in_order(const BlockHeader *header, int block, AttrNumber attno)
{
	return header->ordered[block] && header->time == attno;
}

/* as the column's type is now, keys are its values */
static bool
keys_are_values(SegmentReader *reader, AttrNumber attno)
{
	return reader->types && reader->types[attno - 1].zone == ZONE_INTEGER && reader->types[attno - 1].byval;
}

/* false where only decoding tells */
bool
segment_block_line(SegmentReader *reader, int block, AttrNumber attno, BlockLine *line)
{
	BlockHeader *header = reader->header;
	ZoneMap		zone;

	if (!keys_are_values(reader, attno) || !segment_block_zone(reader, block, attno, &zone) ||
		zone.kind != ZONE_INTEGER || !zone.has_values || zone.nulls > 0)
		return false;
	line->rows = header->first_row[block + 1] - header->first_row[block];
	line->first = zone.min;
	line->stride = 0;
	if (zone.min == zone.max)
		return true;
	if (!is_time_in_order(header, block, attno) || reader->cached->strides == NULL ||
		reader->cached->strides[block] != STRIDE_CONSTANT)
		return false;
	line->stride = (zone.max - zone.min) / (line->rows - 1);
	return true;
}

CODEC_CLONES static bool
have_stride(const Datum *values, int n, uint64 stride)
{
	uint64		off = 0;

	for (int i = 1; i < n; i++)
		off |= (uint64) values[i] - (uint64) values[i - 1] - stride;
	return off == 0;
}

/* the column was decoded */
void
segment_block_learn(SegmentReader *reader, int block, AttrNumber attno, const Datum *values)
{
	CachedSegment *cached = reader->cached;
	int			rows = reader->header->first_row[block + 1] - reader->header->first_row[block];
	int64		span;

	if (!is_time_in_order(reader->header, block, attno) || !keys_are_values(reader, attno) || rows < 2)
		return;
	if (cached->strides == NULL)
	{
		cached->strides = MemoryContextAllocZero(cached->context, reader->header->nblocks);
		segment_cache_grown(cached);
	}
	if (cached->strides[block] != STRIDE_UNKNOWN)
		return;
	cached->strides[block] = STRIDE_VARIES;
	if (!pg_sub_s64_overflow((int64) values[rows - 1], (int64) values[0], &span) && span > 0 &&
		have_stride(values, rows, (uint64) span / (rows - 1)))
		cached->strides[block] = STRIDE_CONSTANT;
}

CODEC_CLONES void
block_line_fill(const BlockLine *line, Datum *values)
{
	const uint64 first = line->first;
	const uint64 stride = line->stride;
	const int	rows = line->rows;

	for (int i = 0; i < rows; i++)
		values[i] = first + (uint64) i * stride;
}

/* rows *first to *end - 1 have values from low to high */
void
block_line_between(const BlockLine *line, int64 low, int64 high, int *first, int *end)
{
	int64		last = line->first + line->stride * (line->rows - 1);
	uint64		stride = Max(line->stride, 1);

	if (low > high || low > last || high < line->first)
	{
		*first = *end = line->rows;
		return;
	}
	*first = low <= line->first ? 0 : ((uint64) low - (uint64) line->first + stride - 1) / stride;
	*end = high >= last ? line->rows : ((uint64) high - (uint64) line->first) / stride + 1;
	*end = Max(*first, *end);
}
