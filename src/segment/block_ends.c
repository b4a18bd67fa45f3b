/*
 * block_ends.c
 *	  The values of a block's first and last row, without decoding the block.
 *
 * Of a block whose rows are one entity's, in order of time, zone maps tell the
 * ends of the time, and of whatever is constant; summaries tell those of other
 * numbers.  The newest row of an entity is asked for again and again, so the
 * ends of a column's blocks are taken out of its summaries once, and stay with
 * the segment's header as long as that is kept.
 *
 * Invariant: what is told is bit for bit what decoding would give; else nothing
 * is told.
 */
#include "territory.h"

#include <math.h>

#include "utils/memutils.h"

#include "segment/decimal.h"
#include "segment/segment.h"
#include "segment/segment_cache.h"

#define ENDS_NO_VALUE 128		/* every row is null; beside the flags of ColumnSummary */

typedef struct BlockEnds
{
	uint8		kind;			/* SummaryKind */
	uint8		zone;			/* ZoneKind */
	uint8	   *flags;			/* per block */
	uint8	   *scales;			/* of decimals; else NULL */
	SummaryValue *ends[2];		/* first, last */
} BlockEnds;

/* of a column that the segment holds */
static BlockEnds *
take_ends(SegmentReader *reader, AttrNumber attno)
{
	CachedSegment *cached = reader->cached;
	int			nblocks = reader->header->nblocks;
	MemoryContext old = MemoryContextSwitchTo(cached->context);
	BlockEnds  *ends = palloc0(sizeof(BlockEnds));

	ends->flags = palloc0(nblocks);
	for (int e = 0; e < 2; e++)
		ends->ends[e] = palloc0(sizeof(SummaryValue) * nblocks);
	MemoryContextSwitchTo(old);
	for (int b = 0; b < nblocks; b++)
	{
		ColumnSummary summary;

		(void) segment_block_summary(reader, b, attno, &summary);
		ends->kind = summary.kind;
		ends->zone = summary.zone;
		ends->flags[b] = (summary.flags & (SUMMARY_ENDS | SUMMARY_FIRST_NULL | SUMMARY_LAST_NULL)) |
			(summary.values == 0 ? ENDS_NO_VALUE : 0);
		ends->ends[0][b] = summary.first;
		ends->ends[1][b] = summary.last;
		if (summary.kind == SUMMARY_DECIMAL && ends->scales == NULL)
			ends->scales = MemoryContextAllocZero(cached->context, nblocks);
		if (ends->scales)
			ends->scales[b] = summary.scale;
	}
	return ends;
}

/* NULL where the segment holds nothing of the column */
static const BlockEnds *
column_ends(SegmentReader *reader, AttrNumber attno)
{
	CachedSegment *cached = reader->cached;

	if (segment_column(reader, attno) == NULL)
		return NULL;
	if (cached->ends == NULL)
		cached->ends = MemoryContextAllocZero(cached->context, sizeof(BlockEnds *) * (cached->natts + 1));
	if (cached->ends[attno] == NULL)
	{
		cached->ends[attno] = take_ends(reader, attno);
		segment_cache_grown(cached);
	}
	return cached->ends[attno];
}

/* what zone maps tell: a constant, or the time of the end row */
static bool
end_of_zone(SegmentReader *reader, const ColumnType *type, int block, AttrNumber attno, bool last, Datum *value)
{
	BlockHeader *header = reader->header;
	ZoneMap		zone;

	if (type->zone != ZONE_INTEGER || !segment_block_zone(reader, block, attno, &zone) || zone.kind != ZONE_INTEGER ||
		!zone.has_values || zone.nulls > 0)
		return false;
	if (zone.min != zone.max && !(header->ordered[block] && header->time == attno))
		return false;
	*value = column_integer_datum(type, last ? zone.max : zone.min);
	return true;
}

static ColumnType *
type_of(SegmentReader *reader, AttrNumber attno, ColumnType *own)
{
	ColumnType *type = reader->types ? &reader->types[attno - 1] : own;

	if (type == own || !OidIsValid(type->type))
		column_type_init(type, TupleDescAttr(reader->desc, attno - 1));
	return type;
}

/*
 * The column's value in the block's first or last row; false where only decoding
 * tells.  What is by reference is allocated in the current memory context.
 */
bool
segment_block_end(SegmentReader *reader, int block, AttrNumber attno, bool last, Datum *value, bool *isnull)
{
	ColumnType	own,
			   *type = type_of(reader, attno, &own);
	const BlockEnds *ends;
	SummaryValue end;

	*isnull = false;
	if (end_of_zone(reader, type, block, attno, last, value))
		return true;
	ends = column_ends(reader, attno);
	if (ends == NULL || ends->zone != type->zone)
		return false;
	*isnull = true;
	*value = (Datum) 0;
	if (ends->flags[block] & ENDS_NO_VALUE)
		return true;
	if (!(ends->flags[block] & SUMMARY_ENDS))
		return false;
	if (ends->flags[block] & (last ? SUMMARY_LAST_NULL : SUMMARY_FIRST_NULL))
		return true;
	*isnull = false;
	end = ends->ends[last ? 1 : 0][block];
	switch ((SummaryKind) ends->kind)
	{
		case SUMMARY_INTEGER:
			*value = column_integer_datum(type, end.i);
			return true;
		case SUMMARY_FLOAT:
			if (type->zone == ZONE_FLOAT8)
				*value = Float8GetDatum(end.f);
			else if (!isnan(end.f)) /* which NaN does not survive being widened */
				*value = Float4GetDatum((float4) end.f);
			else
				return false;
			return true;
		case SUMMARY_DECIMAL:
			*value = decimal_datum(end.i, ends->scales[block], ends->scales[block], palloc(DECIMAL_MAX_SIZE));
			return true;
		default:
			return false;
	}
}
