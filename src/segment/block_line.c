/*
 * block_line.c
 *	  Columns of a block that need not be read, as they are a constant or have a
 *	  constant stride.
 *
 * Zone maps tell constants.  Of a block in order of time they tell the first
 * and the last time; that those between are evenly spaced its bytes tell, which
 * are asked once.  So a sensor that reports once a minute has its times read
 * once a session, and a range of time is found in a block by a division.
 *
 * Invariant: the values are those that decoding gives.
 */
#include "territory.h"

#include "codec/codec_stream.h"
#include "segment/segment.h"

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
	return header->ordered[block] && header->time == attno &&
		segment_block_stride(reader, block, attno, &line->stride);
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
