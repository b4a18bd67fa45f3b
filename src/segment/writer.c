/*
 * writer.c
 *	  Rows, in the order in which they are to be sealed, into segments.
 *
 * Rows are held as columns until a segment is full, then cut into blocks,
 * encoded, decoded again and compared, and written: data first, the directory
 * entry last.  Invariant: no entry is written whose data was not seen to decode
 * to the rows that came in.
 */
#include "territory.h"

#include "access/detoast.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/datum.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "codec/codec_summary.h"
#include "segment/keyset.h"
#include "segment/segment.h"
#include "segment/watch.h"

typedef struct WriterColumn
{
	AttrNumber	attno;
	ColumnType	type;
	Datum	   *values;
	bool	   *nulls;
} WriterColumn;

struct SegmentWriter
{
	Relation	rel;
	ChunkStore *store;
	int			ncolumns;
	WriterColumn *columns;
	Layout		layout;
	int			nentity;
	int			entity[LAYOUT_MAX_ENTITY];	/* places in columns */
	int			time;			/* place in columns, or -1 */
	int			max_rows;
	int			rows;
	size_t		bytes;
	SegmentNumber number;
	MemoryContext values;		/* by-reference values of the segment being filled */
	MemoryContext scratch;
	KeySetBuild *keysets;		/* or NULL */
	SegmentWritten written;
	SegmentMeasured measured;	/* then nothing is written */
	void	   *arg;
};

/* what one segment is made of while it is written */
typedef struct SegmentParts
{
	AttrNumber	time;			/* of the layout */
	int			nblocks;
	int64	   *first_row;		/* nblocks + 1 */
	bool	   *ordered;		/* per block */
	bool		all_ordered;
	CutPlace   *cuts;			/* per block: where the other zone's day ends */
	int			ncuts;			/* blocks that are cut */
	StringInfoData header;
	StringInfoData summaries;	/* of blocks and their sides */
	StringInfoData data;
	StringInfoData segment_summaries;
	SegmentEntry *entry;
} SegmentParts;

/* number -1: nothing has been asked yet */
SegmentWriter *
segment_writer_begin(Relation rel, ChunkStore *store, const Layout *layout, SegmentWritten written, void *arg)
{
	TupleDesc	desc = RelationGetDescr(rel);
	SegmentWriter *writer = palloc0(sizeof(SegmentWriter));

	writer->rel = rel;
	writer->store = store;
	writer->max_rows = territory_segment_rows;
	writer->columns = palloc0(sizeof(WriterColumn) * Max(desc->natts, 1));
	writer->layout = *layout;
	writer->time = -1;
	for (int i = 0; i < desc->natts; i++)
	{
		WriterColumn *column = &writer->columns[writer->ncolumns];

		if (TupleDescAttr(desc, i)->attisdropped)
			continue;
		column->attno = i + 1;
		column_type_init(&column->type, TupleDescAttr(desc, i));
		column->values = palloc(sizeof(Datum) * writer->max_rows);
		column->nulls = palloc(sizeof(bool) * writer->max_rows);
		for (int e = 0; e < layout->nentity; e++)
			if (layout->entity[e] == column->attno)
				writer->entity[writer->nentity++] = writer->ncolumns;
		if (layout->time == column->attno)
			writer->time = writer->ncolumns;
		writer->ncolumns++;
	}
	writer->number = -1;
	writer->values = AllocSetContextCreate(CurrentMemoryContext, "territory segment values",
										   ALLOCSET_DEFAULT_SIZES);
	writer->scratch = AllocSetContextCreate(CurrentMemoryContext, "territory segment writer",
											ALLOCSET_DEFAULT_SIZES);
	writer->written = written;
	writer->arg = arg;
	return writer;
}

/* write these key sets as well, and end them */
void
segment_writer_set_keysets(SegmentWriter *writer, KeySetBuild *keysets)
{
	writer->keysets = keysets;
}

/* write nothing, but tell what each column takes; the store may be NULL then */
void
segment_writer_measure(SegmentWriter *writer, SegmentMeasured measured)
{
	writer->measured = measured;
}

/* a copy that is neither compressed nor out of line; adds its size to *bytes */
static Datum
copy_value(const ColumnType *type, Datum value, size_t *bytes)
{
	if (type->byval)
	{
		*bytes += type->len;
		return value;
	}
	if (type->len == -1)
	{
		struct varlena *original = (struct varlena *) DatumGetPointer(value);
		struct varlena *plain = pg_detoast_datum_packed(original);
		Size		size = VARSIZE_ANY(plain);

		*bytes += size;
		if (plain != original)
			return PointerGetDatum(plain);
	}
	else
		*bytes += datumGetSize(value, false, type->len);
	return datumCopy(value, false, type->len);
}

static bool
same_entity(SegmentWriter *writer, int a, int b)
{
	for (int e = 0; e < writer->nentity; e++)
	{
		WriterColumn *column = &writer->columns[writer->entity[e]];

		if (column->nulls[a] != column->nulls[b])
			return false;
		if (!column->nulls[a] && !column_values_equal(&column->type, column->values[a], column->values[b]))
			return false;
	}
	return true;
}

/* the blocks, which are known by now, at the other zone's midnight */
static void
cut_sides(SegmentWriter *writer, SegmentParts *parts, BlockRows *rows)
{
	parts->cuts = palloc0(sizeof(CutPlace) * parts->nblocks);
	if (rows->time_type != TIMESTAMPTZOID || writer->layout.other_zone == NULL)
		return;
	rows->zone = writer->layout.other_zone;
	for (int b = 0; b < parts->nblocks; b++)
	{
		if (parts->ordered[b])
			parts->cuts[b] = block_cut(rows, parts->first_row[b], parts->first_row[b + 1]);
		parts->ncuts += parts->cuts[b].rows > 0;
	}
}

/* cut the segment into blocks, and see which of them are one entity's rows in order of time */
static void
cut_blocks(SegmentWriter *writer, SegmentParts *parts)
{
	WriterColumn *time = writer->time >= 0 ? &writer->columns[writer->time] : NULL;
	bool	   *breaks = palloc0(sizeof(bool) * (writer->rows + 1));
	BlockRows	rows = {.rows = writer->rows, .run_starts = breaks, .zone = writer->layout.zone};

	for (int i = 1; i < writer->rows; i++)
		breaks[i] = writer->nentity > 0 && !same_entity(writer, i - 1, i);
	if (time)
	{
		/* dates and timestamps are 64-bit integers as Datums */
		rows.times = (const int64 *) time->values;
		rows.time_nulls = time->nulls;
		rows.time_type = time->type.type;
	}
	parts->first_row = palloc(sizeof(int64) * (writer->rows + 1));
	parts->nblocks = blocks_cut(&rows, parts->first_row);
	parts->ordered = palloc(sizeof(bool) * parts->nblocks);
	parts->all_ordered = time != NULL && !time->nulls[0];
	for (int i = 0; time && i < writer->rows; i++)
		breaks[i] = breaks[i] || time->nulls[i] ||
			(i > 0 && (int64) time->values[i] < (int64) time->values[i - 1]);
	for (int b = 0; b < parts->nblocks; b++)
	{
		int			first = parts->first_row[b];

		parts->ordered[b] = time != NULL && !time->nulls[first];
		for (int i = first + 1; i < parts->first_row[b + 1]; i++)
			parts->ordered[b] = parts->ordered[b] && !breaks[i];
		parts->all_ordered = parts->all_ordered && parts->ordered[b] && (b == 0 || !breaks[first]);
	}
	cut_sides(writer, parts, &rows);
	pfree(breaks);
}

/* decode what was encoded and compare */
static void
verify_stream(const WriterColumn *column, const char *stream, int len, int first, int n)
{
	Datum	   *values = palloc(sizeof(Datum) * n);
	bool	   *nulls = palloc(sizeof(bool) * n);

	column_decode(&column->type, stream, len, n, values, nulls);
	for (int i = 0; i < n; i++)
		if (nulls[i] != column->nulls[first + i] ||
			(!nulls[i] && !column_values_equal(&column->type, values[i], column->values[first + i])))
			elog(ERROR, "territory: column %d did not decode to the rows that were sealed", column->attno);
}

/* keys of floats are kept as the floats they stand for, which are decimals often */
static void
append_keys(StringInfo header, ZoneKind kind, const int64 *keys, int n)
{
	double	   *values;

	if (!zone_kind_is_float(kind))
	{
		append_integers(header, keys, n);
		return;
	}
	values = palloc(sizeof(double) * n);
	for (int i = 0; i < n; i++)
		values[i] = codec_float_of_key(keys[i]);
	append_floats(header, values, n);
	pfree(values);
}

/* length and checksum */
static void
append_check(StringInfo header, StringInfo bytes)
{
	uint32		len = bytes->len;
	uint32		crc = chunk_crc(bytes->data, bytes->len);

	appendBinaryStringInfo(header, (char *) &len, sizeof len);
	appendBinaryStringInfo(header, (char *) &crc, sizeof crc);
}

/* what the header says of a column, but for its summaries */
static void
write_column_header(const WriterColumn *column, const ZoneMap *zones, const int64 *lens, const uint32 *crcs,
					int nblocks, StringInfo header)
{
	uint16		attno = column->attno;
	uint16		zone_kind = column->type.zone;
	int64	   *field = palloc(sizeof(int64) * nblocks);

	appendBinaryStringInfo(header, (char *) &attno, sizeof attno);
	appendBinaryStringInfo(header, (char *) &zone_kind, sizeof zone_kind);
	append_integers(header, lens, nblocks);
	for (int b = 0; b < nblocks; b++)
		field[b] = zones[b].nulls;
	append_integers(header, field, nblocks);
	if (zone_kind != ZONE_NONE)
	{
		for (int b = 0; b < nblocks; b++)
			field[b] = zones[b].min;
		append_keys(header, zone_kind, field, nblocks);
		for (int b = 0; b < nblocks; b++)
			field[b] = zones[b].max;
		append_keys(header, zone_kind, field, nblocks);
	}
	appendBinaryStringInfo(header, (char *) crcs, sizeof(uint32) * nblocks);
	pfree(field);
}

/* of the sides of those blocks that are cut, as bytes that were seen to decode */
static void
encode_sides(const WriterColumn *column, const ColumnSummary *summaries, const ColumnSummary *sides,
			 const SegmentParts *parts, StringInfo out)
{
	int			nblocks = parts->nblocks;
	ColumnSummary *decoded = palloc(sizeof(ColumnSummary) * nblocks * 2);

	if (column->attno == parts->time)
		sides_of_times(summaries, parts->cuts, nblocks, decoded);
	else
	{
		sides_encode(summaries, sides, parts->cuts, nblocks, out);
		if (!sides_decode(out->data, out->len, summaries, parts->cuts, nblocks, decoded))
			elog(ERROR, "territory: the summaries of column %d do not decode", column->attno);
	}
	for (int s = 0; s < 2 * nblocks; s++)
		if (parts->cuts[s / 2].rows > 0 && !summary_equal(&sides[s], &decoded[s]))
			elog(ERROR, "territory: a summary of column %d did not decode to what was computed", column->attno);
	pfree(decoded);
}

/* of all blocks, and then of their sides, where any is cut */
static void
write_summaries(const WriterColumn *column, const ColumnSummary *summaries, const ColumnSummary *sides,
				SegmentParts *parts)
{
	StringInfoData bytes;

	initStringInfo(&bytes);
	summaries_encode(summaries, parts->nblocks, &bytes);
	append_check(&parts->header, &bytes);
	appendBinaryStringInfo(&parts->summaries, bytes.data, bytes.len);
	if (parts->ncuts == 0)
		return;
	resetStringInfo(&bytes);
	encode_sides(column, summaries, sides, parts, &bytes);
	append_check(&parts->header, &bytes);
	appendBinaryStringInfo(&parts->summaries, bytes.data, bytes.len);
}

/* of a block that begins with row first, on either side of its cut */
static void
compute_sides(const WriterColumn *column, const ColumnSummary *block, int first, int cut, ColumnSummary *sides)
{
	side_compute(&column->type, block, column->values + first, column->nulls + first, cut, &sides[0]);
	side_compute(&column->type, block, column->values + first + cut, column->nulls + first + cut, block->rows - cut,
				 &sides[1]);
}

/* every block of a column, what the header says of it, and its summaries */
static void
write_column(const WriterColumn *column, SegmentParts *parts)
{
	int			nblocks = parts->nblocks;
	int64	   *lens = palloc(sizeof(int64) * nblocks);
	uint32	   *crcs = palloc(sizeof(uint32) * nblocks);
	ZoneMap    *zones = palloc(sizeof(ZoneMap) * nblocks);
	ColumnSummary *summaries = palloc(sizeof(ColumnSummary) * nblocks);
	ColumnSummary *sides = palloc(sizeof(ColumnSummary) * nblocks * 2);
	MemoryContext block = AllocSetContextCreate(CurrentMemoryContext, "territory block", ALLOCSET_DEFAULT_SIZES);

	for (int b = 0; b < nblocks; b++)
	{
		int			first = parts->first_row[b];
		int			n = parts->first_row[b + 1] - first;
		MemoryContext old = MemoryContextSwitchTo(block);
		StringInfoData stream;

		summary_compute(&column->type, column->attno, column->values + first, column->nulls + first, n,
						parts->ordered[b], &summaries[b], &zones[b]);
		if (parts->cuts[b].rows > 0)
			compute_sides(column, &summaries[b], first, parts->cuts[b].rows, &sides[2 * b]);
		initStringInfo(&stream);
		column_encode(&column->type, column->values + first, column->nulls + first, n, &stream);
		verify_stream(column, stream.data, stream.len, first, n);
		MemoryContextSwitchTo(old);
		lens[b] = stream.len;
		crcs[b] = chunk_crc(stream.data, stream.len);
		appendBinaryStringInfo(&parts->data, stream.data, stream.len);
		MemoryContextReset(block);
		CHECK_FOR_INTERRUPTS();
	}
	MemoryContextDelete(block);
	write_column_header(column, zones, lens, crcs, nblocks, &parts->header);
	write_summaries(column, summaries, sides, parts);
	if (parts->entry->nzones < SEGMENT_MAX_ZONES)
	{
		ColumnSummary summary = summaries[0];
		ZoneMap    *zone = &parts->entry->zones[parts->entry->nzones++];

		*zone = zones[0];
		for (int b = 1; b < nblocks; b++)
		{
			zone_merge(zone, &zones[b]);
			summary_merge(&summary, &summaries[b], parts->all_ordered);
		}
		summary_put(&parts->segment_summaries, &summary);
	}
}

/* where blocks are cut; field: room for a number of each */
static void
write_cuts(SegmentParts *parts, int64 *field)
{
	int			n = 0;

	for (int b = 0; b < parts->nblocks; b++)
		field[b] = parts->cuts[b].rows;
	append_integers(&parts->header, field, parts->nblocks);
	for (int b = 0; b < parts->nblocks; b++)
		if (parts->cuts[b].rows > 0)
			field[n++] = parts->cuts[b].before;
	append_integers(&parts->header, field, n);
	n = 0;
	for (int b = 0; b < parts->nblocks; b++)
		if (parts->cuts[b].rows > 0)
			field[n++] = parts->cuts[b].after - parts->cuts[b].before;
	append_integers(&parts->header, field, n);
}

/* how the rows were laid out: blocks, and the layout that cut and ordered them */
static void
write_layout(SegmentWriter *writer, SegmentParts *parts)
{
	int64	   *field = palloc(sizeof(int64) * parts->nblocks);
	const Layout *layout = &writer->layout;
	uint16		nentity = layout->nentity;
	uint16		time = layout->time;
	const char *zone = pg_get_timezone_name(layout->zone);
	uint16		zone_len = strlen(zone);

	for (int b = 0; b < parts->nblocks; b++)
		field[b] = parts->first_row[b + 1] - parts->first_row[b];
	append_integers(&parts->header, field, parts->nblocks);
	for (int b = 0; b < parts->nblocks; b++)
		field[b] = parts->ordered[b];
	append_integers(&parts->header, field, parts->nblocks);
	appendStringInfoChar(&parts->header, parts->all_ordered);
	appendBinaryStringInfo(&parts->header, (char *) &nentity, sizeof nentity);
	for (int e = 0; e < layout->nentity; e++)
	{
		uint16		attno = layout->entity[e];

		appendBinaryStringInfo(&parts->header, (char *) &attno, sizeof attno);
	}
	appendBinaryStringInfo(&parts->header, (char *) &time, sizeof time);
	appendBinaryStringInfo(&parts->header, (char *) &zone_len, sizeof zone_len);
	appendBinaryStringInfo(&parts->header, zone, zone_len);
	if (parts->ncuts > 0)
		write_cuts(parts, field);
	pfree(field);
}

/* header and data, seen as one string, into chunks */
static void
write_pieces(SegmentWriter *writer, StringInfo header, StringInfo data)
{
	int64		total = (int64) header->len + data->len;
	char	   *piece = palloc(CHUNK_BYTES);

	if ((total + CHUNK_BYTES - 1) / CHUNK_BYTES > CHUNK_MAX_PIECES)
		ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
						errmsg("a segment of \"%s\" would be too large", RelationGetRelationName(writer->rel)),
						errhint("Set territory.segment_rows lower.")));
	for (int64 at = 0, p = 0; at < total; at += CHUNK_BYTES, p++)
	{
		int			len = Min(CHUNK_BYTES, total - at);
		int			from_header = at < header->len ? Min(len, header->len - at) : 0;

		if (from_header > 0)
			memcpy(piece, header->data + at, from_header);
		if (len > from_header)
			memcpy(piece + from_header, data->data + (at + from_header - header->len), len - from_header);
		chunk_insert(writer->store, chunk_data_key(writer->number, p), piece, len, 0, NULL);
	}
	pfree(piece);
}

/* about what heap would take for these rows */
static int64
heap_estimate(SegmentWriter *writer)
{
	int64		row = sizeof(ItemIdData) + MAXALIGN(SizeofHeapTupleHeader);

	return (int64) writer->rows * row + MAXALIGN(writer->bytes);
}

static void
add_to_keysets(SegmentWriter *writer)
{
	int			natts = RelationGetNumberOfAttributes(writer->rel);
	Datum	  **values = palloc0(sizeof(Datum *) * (natts + 1));
	bool	  **nulls = palloc0(sizeof(bool *) * (natts + 1));

	for (int c = 0; c < writer->ncolumns; c++)
	{
		values[writer->columns[c].attno] = writer->columns[c].values;
		nulls[writer->columns[c].attno] = writer->columns[c].nulls;
	}
	keyset_build_segment(writer->keysets, writer->number, writer->rows, values, nulls);
}

/* header, summaries and data under the next number, and then the entry that tells of them */
static void
insert_segment(SegmentWriter *writer, SegmentParts *parts)
{
	SegmentEntry *entry = parts->entry;

	if (writer->number < 0 || writer->number == SEGMENT_MAX_NUMBER)
		writer->number = directory_next_number(writer->store);
	else
		writer->number++;
	directory_close_groups(writer->store, writer->number);
	entry->number = writer->number;
	write_pieces(writer, &parts->header, &parts->data);
	directory_insert(writer->store, entry);
	if (segment_watch.written)
		segment_watch.written(writer->rel, entry);
	if (writer->keysets)
		add_to_keysets(writer);
}

static void
fill_entry(SegmentWriter *writer, SegmentParts *parts)
{
	SegmentEntry *entry = parts->entry;

	entry->format = parts->ncuts > 0 ? SEGMENT_FORMAT_SIDES : SEGMENT_FORMAT;
	entry->segments = 1;
	entry->rows = writer->rows;
	entry->natts = RelationGetNumberOfAttributes(writer->rel);
	entry->nblocks = parts->nblocks;
	entry->header_len = parts->header.len;
	entry->header_crc = chunk_crc(parts->header.data, parts->header.len);
	appendBinaryStringInfo(&parts->header, parts->summaries.data, parts->summaries.len);
	entry->data_len = (int64) parts->header.len + parts->data.len;
	entry->heap_bytes = heap_estimate(writer);
	entry->summary_len = parts->segment_summaries.len;
	memcpy((char *) entry + SEGMENT_ENTRY_SIZE(entry->nzones), parts->segment_summaries.data, entry->summary_len);
	entry->sealed_at = GetCurrentTimestamp();
}

static void
flush_segment(SegmentWriter *writer)
{
	MemoryContext old = MemoryContextSwitchTo(writer->scratch);
	SegmentParts parts;

	memset(&parts, 0, sizeof parts);
	initStringInfo(&parts.header);
	initStringInfo(&parts.summaries);
	initStringInfo(&parts.data);
	initStringInfo(&parts.segment_summaries);
	parts.time = writer->layout.time;
	parts.entry = palloc0(SEGMENT_ENTRY_SIZE(SEGMENT_MAX_ZONES) + SEGMENT_MAX_ZONES * SUMMARY_MAX_BYTES);
	cut_blocks(writer, &parts);
	write_layout(writer, &parts);
	for (int c = 0; c < writer->ncolumns; c++)
	{
		int64		before = parts.header.len + parts.summaries.len + parts.data.len;
		int			at = parts.data.len;

		write_column(&writer->columns[c], &parts);
		if (writer->measured)
			writer->measured(writer->columns[c].attno,
							 parts.header.len + parts.summaries.len + parts.data.len - before,
							 column_stream_name(parts.data.data + at, parts.data.len - at), writer->arg);
	}
	fill_entry(writer, &parts);
	if (!writer->measured)
		insert_segment(writer, &parts);
	if (writer->written)
		writer->written(parts.entry, writer->arg);
	MemoryContextSwitchTo(old);
	MemoryContextReset(writer->scratch);
	MemoryContextReset(writer->values);
	writer->rows = 0;
	writer->bytes = 0;
}

void
segment_writer_add(SegmentWriter *writer, TupleTableSlot *slot)
{
	MemoryContext old;

	slot_getallattrs(slot);
	old = MemoryContextSwitchTo(writer->values);
	for (int c = 0; c < writer->ncolumns; c++)
	{
		WriterColumn *column = &writer->columns[c];
		bool		isnull = slot->tts_isnull[column->attno - 1];

		column->nulls[writer->rows] = isnull;
		column->values[writer->rows] = isnull ? (Datum) 0 :
			copy_value(&column->type, slot->tts_values[column->attno - 1], &writer->bytes);
	}
	MemoryContextSwitchTo(old);
	writer->rows++;
	if (writer->rows == writer->max_rows || writer->bytes >= SEGMENT_MAX_BYTES)
		flush_segment(writer);
}

void
segment_writer_end(SegmentWriter *writer)
{
	if (writer->rows > 0)
		flush_segment(writer);
	if (writer->keysets)
		keyset_build_end(writer->keysets);
	MemoryContextDelete(writer->values);
	MemoryContextDelete(writer->scratch);
	for (int c = 0; c < writer->ncolumns; c++)
	{
		pfree(writer->columns[c].values);
		pfree(writer->columns[c].nulls);
	}
	pfree(writer->columns);
	pfree(writer);
}
