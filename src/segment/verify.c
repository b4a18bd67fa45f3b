/*
 * verify.c
 *	  Is what a segment tells of its rows what its rows say?
 *
 * Every block of every column is decoded, which proves the checksums, and its
 * zone map and summary are computed anew and compared, as are the segment's
 * own.  Rows that were deleted since count as they did when they were sealed.
 */
#include "territory.h"

#include "miscadmin.h"
#include "utils/memutils.h"

#include "segment/segment.h"

static void
differs(AttrNumber attno, int block, const char *what)
{
	if (block < 0)
		ereport(ERROR, (errcode(ERRCODE_DATA_CORRUPTED),
						errmsg("the %s of column %d does not tell what its rows say", what, attno),
						errhint("Unseal the segment and seal it again.")));
	ereport(ERROR, (errcode(ERRCODE_DATA_CORRUPTED),
					errmsg("the %s of column %d of block %d does not tell what its rows say", what, attno, block),
					errhint("Unseal the segment and seal it again.")));
}

/* one entity, by time? */
static bool
rows_are_ordered(SegmentReader *reader, int block)
{
	BlockHeader *header = reader->header;
	int			rows = header->first_row[block + 1] - header->first_row[block];
	Datum	   *values = palloc(sizeof(Datum) * rows);
	bool	   *nulls = palloc(sizeof(bool) * rows);

	for (int e = 0; e < header->nentity; e++)
	{
		Form_pg_attribute attribute = TupleDescAttr(reader->desc, header->entity[e] - 1);
		ColumnType	type;

		if (attribute->attisdropped)
			continue;
		column_type_init(&type, attribute);
		segment_read_column(reader, block, header->entity[e], values, nulls);
		for (int i = 1; i < rows; i++)
			if (nulls[i] != nulls[0] || (!nulls[i] && !column_values_equal(&type, values[i], values[0])))
				return false;
	}
	if (TupleDescAttr(reader->desc, header->time - 1)->attisdropped)
		return true;
	segment_read_column(reader, block, header->time, values, nulls);
	for (int i = 0; i < rows; i++)
		if (nulls[i] || (i > 0 && (int64) values[i] < (int64) values[i - 1]))
			return false;
	return true;
}

/* the summaries of both sides of a block that is cut */
static void
verify_sides(SegmentReader *reader, const ColumnType *type, int block, const ColumnSummary *whole, const Datum *values,
			 const bool *nulls)
{
	int			cut = segment_block_cut(reader, block);

	for (BlockSide side = BLOCK_BEFORE; cut > 0 && side <= BLOCK_AFTER; side++)
	{
		int			first = side == BLOCK_BEFORE ? 0 : cut;
		int			n = side == BLOCK_BEFORE ? cut : whole->rows - cut;
		const ColumnSummary *stored;
		ColumnSummary computed;

		side_compute(type, whole, values + first, nulls + first, n, &computed);
		stored = segment_side_summary(reader, block, side, whole->attno);
		if (stored == NULL || !summary_equal(&computed, stored))
			differs(whole->attno, block, "summary of a part");
	}
}

static void
verify_block(SegmentReader *reader, const HeaderColumn *column, const ColumnType *type, int block,
			 ColumnSummary *computed, ZoneMap *zone)
{
	BlockHeader *header = reader->header;
	int			rows = header->first_row[block + 1] - header->first_row[block];
	Datum	   *values = palloc(sizeof(Datum) * rows);
	bool	   *nulls = palloc(sizeof(bool) * rows);
	ColumnSummary stored;
	ZoneMap		stored_zone;

	segment_read_column(reader, block, column->attno, values, nulls);
	if (type->zone != column->zone)
		return;					/* ALTER TYPE has changed what the same bytes mean */
	summary_compute(type, column->attno, values, nulls, rows, header->ordered[block], computed, zone);
	if (!segment_block_zone(reader, block, column->attno, &stored_zone) ||
		memcmp(zone, &stored_zone, sizeof stored_zone) != 0)
		differs(column->attno, block, "zone map");
	if (!segment_block_summary(reader, block, column->attno, &stored) || !summary_equal(computed, &stored))
		differs(column->attno, block, "summary");
	verify_sides(reader, type, block, computed, values, nulls);
}

static void
verify_column(SegmentReader *reader, const HeaderColumn *column, MemoryContext scratch)
{
	ColumnType	type;
	Form_pg_attribute attribute = TupleDescAttr(reader->desc, column->attno - 1);
	ColumnSummary all,
				stored;
	ZoneMap		all_zone;

	if (attribute->attisdropped)
		return;
	column_type_init(&type, attribute);
	for (int b = 0; b < reader->header->nblocks; b++)
	{
		ColumnSummary computed;
		ZoneMap		zone;
		MemoryContext old = MemoryContextSwitchTo(scratch);

		CHECK_FOR_INTERRUPTS();
		verify_block(reader, column, &type, b, &computed, &zone);
		MemoryContextSwitchTo(old);
		MemoryContextReset(scratch);
		if (type.zone != column->zone)
			continue;
		if (b == 0)
			all = computed, all_zone = zone;
		else
		{
			summary_merge(&all, &computed, reader->header->all_ordered);
			zone_merge(&all_zone, &zone);
		}
	}
	if (type.zone != column->zone)
		return;
	if (segment_summary(reader->entry, column->attno, &stored) && !summary_equal(&all, &stored))
		differs(column->attno, -1, "summary");
	for (int z = 0; z < reader->entry->nzones; z++)
		if (reader->entry->zones[z].attno == column->attno &&
			memcmp(&reader->entry->zones[z], &all_zone, sizeof all_zone) != 0)
			differs(column->attno, -1, "zone map");
}

/* an error where it is not */
void
segment_verify(SegmentReader *reader)
{
	MemoryContext scratch = AllocSetContextCreate(CurrentMemoryContext, "territory verify", ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(scratch);

	for (int b = 0; b < reader->header->nblocks; b++)
	{
		if (reader->header->ordered[b] && !rows_are_ordered(reader, b))
			ereport(ERROR, (errcode(ERRCODE_DATA_CORRUPTED),
							errmsg("the rows of block %d are not in the order that it tells", b),
							errhint("Unseal the segment and seal it again.")));
		MemoryContextReset(scratch);
	}
	MemoryContextSwitchTo(old);
	for (int c = 0; c < reader->header->ncolumns; c++)
		verify_column(reader, segment_column(reader, reader->header->columns[c].attno), scratch);
	MemoryContextDelete(scratch);
}
