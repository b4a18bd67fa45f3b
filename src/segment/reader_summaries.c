/*
 * reader_summaries.c
 *	  What the blocks of an open segment add up to, and the sides of those that
 *	  are cut.
 *
 * All blocks of a column are taken out together when the first is asked for, and
 * stay as long as the segment is open; where blocks are cut stays with the
 * header.  Whoever asks for no sides reads none of them.
 */
#include "territory.h"

#include "utils/memutils.h"

#include "codec/codec_summary.h"
#include "segment/segment.h"
#include "segment/segment_cache.h"

/* all blocks' summaries of a column, from its bytes */
static void
read_summaries(SegmentReader *reader, const HeaderColumn *column)
{
	BlockHeader *header = reader->header;
	MemoryContext old = MemoryContextSwitchTo(reader->context);
	ColumnSummary *summaries = palloc0(sizeof(ColumnSummary) * header->nblocks);
	char	   *bytes = segment_read_bytes(reader, column->summary_offset, column->summary_len, column->summary_crc);
	ColumnType	type;

	column_type_init(&type, TupleDescAttr(reader->desc, column->attno - 1));
	type.zone = column->zone;
	for (int b = 0; b < header->nblocks; b++)
	{
		ColumnSummary *summary = &summaries[b];

		summary->attno = column->attno;
		summary->kind = summary_kind(&type);
		summary->zone = column->zone;
		summary->rows = header->first_row[b + 1] - header->first_row[b];
		summary->values = summary->rows - column->nulls[b];
		if (summary->kind == SUMMARY_INTEGER)
		{
			summary->min.i = column->min[b];
			summary->max.i = column->max[b];
		}
		else if (summary->kind == SUMMARY_FLOAT)
		{
			summary->min.f = codec_float_of_key(column->min[b]);
			summary->max.f = codec_float_of_key(column->max[b]);
		}
	}
	if (!summaries_decode(bytes, column->summary_len, header->nblocks, summaries))
		segment_damaged(reader);
	if (reader->summaries == NULL)
		reader->summaries = palloc0(sizeof(ColumnSummary *) * (reader->entry->natts + 1));
	reader->summaries[column->attno] = summaries;
	pfree(bytes);
	MemoryContextSwitchTo(old);
}

/* of all blocks; NULL where they hold nothing of the column: it was added later */
static const ColumnSummary *
block_summaries(SegmentReader *reader, AttrNumber attno)
{
	const HeaderColumn *column = segment_column(reader, attno);

	if (column == NULL || TupleDescAttr(reader->desc, attno - 1)->attisdropped)
		return NULL;
	if (reader->summaries == NULL || reader->summaries[attno] == NULL)
		read_summaries(reader, column);
	return reader->summaries[attno];
}

/* false where the block holds nothing of the column: it was added later */
bool
segment_block_summary(SegmentReader *reader, int block, AttrNumber attno, ColumnSummary *summary)
{
	const ColumnSummary *summaries = block_summaries(reader, attno);

	if (summaries)
		*summary = summaries[block];
	return summaries != NULL;
}

/* ---- the sides of blocks that are cut ---- */

static int64 *
take_numbers(SegmentReader *reader, const char **at, int n)
{
	int64	   *values = palloc(sizeof(int64) * (n + 1));

	if (!take_integer_stream(at, reader->header->end, n, values))
		segment_damaged(reader);
	return values;
}

static void
unpack_cuts(SegmentReader *reader)
{
	BlockHeader *header = reader->header;
	const HeaderColumn *time = segment_column(reader, header->time);
	const char *at = header->packed_cuts;
	int64	   *rows = take_numbers(reader, &at, header->nblocks);
	CutPlace   *cuts = MemoryContextAllocZero(reader->cached->context, sizeof(CutPlace) * header->nblocks);
	int64	   *before,
			   *apart;
	int			n = 0;

	for (int b = 0; b < header->nblocks; b++)
		n += rows[b] != 0;
	before = take_numbers(reader, &at, n);
	apart = take_numbers(reader, &at, n);
	n = 0;
	for (int b = 0; b < header->nblocks; b++)
	{
		CutPlace   *cut = &cuts[b];

		if (rows[b] == 0)
			continue;
		cut->rows = rows[b];
		cut->before = before[n];
		cut->after = (int64) ((uint64) before[n] + (uint64) apart[n]);
		n++;
		if (rows[b] < 0 || rows[b] >= header->first_row[b + 1] - header->first_row[b] || !header->ordered[b] ||
			time == NULL || cut->before < time->min[b] || cut->after < cut->before || cut->after > time->max[b])
			segment_damaged(reader);
	}
	pfree(rows);
	pfree(before);
	pfree(apart);
	header->cuts = cuts;
	segment_cache_grown(reader->cached);
}

/* rows of a block before its cut; 0: it has none */
int
segment_block_cut(SegmentReader *reader, int block)
{
	BlockHeader *header = reader->header;

	if (header->packed_cuts == NULL)
		return 0;
	if (header->cuts == NULL)
		unpack_cuts(reader);
	return header->cuts[block].rows;
}

/* summaries of the sides of all blocks that are cut, from the column's bytes */
static void
read_sides(SegmentReader *reader, const HeaderColumn *column, const ColumnSummary *summaries)
{
	BlockHeader *header = reader->header;
	MemoryContext old = MemoryContextSwitchTo(reader->context);
	ColumnSummary *sides = palloc(sizeof(ColumnSummary) * header->nblocks * 2);

	if (column->attno == header->time)
		sides_of_times(summaries, header->cuts, header->nblocks, sides);
	else
	{
		char	   *bytes = segment_read_bytes(reader, (int64) column->summary_offset + column->summary_len, column->sides_len,
										 column->sides_crc);

		if (!sides_decode(bytes, column->sides_len, summaries, header->cuts, header->nblocks, sides))
			segment_damaged(reader);
		pfree(bytes);
	}
	if (reader->sides == NULL)
		reader->sides = palloc0(sizeof(ColumnSummary *) * (reader->entry->natts + 1));
	reader->sides[column->attno] = sides;
	MemoryContextSwitchTo(old);
}

/* of a block, or of a side of one that is cut, as long as the segment is open; NULL as block_summaries() */
const ColumnSummary *
segment_side_summary(SegmentReader *reader, int block, BlockSide side, AttrNumber attno)
{
	const ColumnSummary *summaries;

	if (attno > reader->entry->natts)
		return NULL;			/* it was added later */
	if (side != BLOCK_WHOLE && reader->sides && reader->sides[attno])
		return &reader->sides[attno][2 * block + (side == BLOCK_AFTER)];
	summaries = block_summaries(reader, attno);
	if (summaries == NULL || side == BLOCK_WHOLE)
		return summaries ? &summaries[block] : NULL;
	if (segment_block_cut(reader, block) == 0)
		elog(ERROR, "territory: block %d of segment %d has one summary", block, reader->entry->number);
	read_sides(reader, segment_column(reader, attno), summaries);
	return &reader->sides[attno][2 * block + (side == BLOCK_AFTER)];
}

/* of a side of a block that is cut: a zone map that holds its values, and may be the block's */
static void
narrow_zone(SegmentReader *reader, int block, BlockSide side, ZoneMap *zone)
{
	const CutPlace *cut = &reader->header->cuts[block];
	const ColumnSummary *summary;

	if (zone->attno == reader->header->time)
	{
		if (side == BLOCK_BEFORE)
			zone->max = cut->before;
		else
			zone->min = cut->after;
		return;
	}
	summary = segment_side_summary(reader, block, side, zone->attno);
	if (summary == NULL || !(summary->flags & SUMMARY_RANGE))
		return;
	if (summary->kind == SUMMARY_INTEGER)
	{
		zone->min = summary->min.i;
		zone->max = summary->max.i;
	}
	else if (summary->kind == SUMMARY_FLOAT)
	{
		zone->min = codec_float_key(summary->min.f);
		zone->max = codec_float_key(summary->max.f);
	}
}

/* of a block, or of a side of one that is cut; there, nulls may be more than there are */
bool
segment_side_zone(SegmentReader *reader, int block, BlockSide side, AttrNumber attno, ZoneMap *zone)
{
	if (!segment_block_zone(reader, block, attno, zone))
		return false;
	if (side != BLOCK_WHOLE && zone->kind != ZONE_NONE && zone->nulls == 0 && zone->min < zone->max)
		narrow_zone(reader, block, side, zone);
	return true;
}
