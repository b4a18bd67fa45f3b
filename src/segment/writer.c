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
#include "miscadmin.h"
#include "port/pg_crc32c.h"
#include "utils/datum.h"
#include "utils/memutils.h"

#include "codec/codec.h"
#include "segment/keyset.h"
#include "segment/segment.h"

#define BLOCK_MIN_ROWS 256		/* a change of entity ends a block of at least this many rows */

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
	int			nentity;
	int		   *entity;			/* places in columns */
	int			max_rows;
	int			rows;
	size_t		bytes;
	SegmentNumber number;
	MemoryContext values;		/* by-reference values of the segment being filled */
	MemoryContext scratch;
	KeySetBuild *keysets;		/* or NULL */
	SegmentWritten written;
	void	   *arg;
};

/* number -1: nothing has been asked yet */
SegmentWriter *
segment_writer_begin(Relation rel, ChunkStore *store, int nentity, const AttrNumber *entity,
					 SegmentWritten written, void *arg)
{
	TupleDesc	desc = RelationGetDescr(rel);
	SegmentWriter *writer = palloc0(sizeof(SegmentWriter));

	writer->rel = rel;
	writer->store = store;
	writer->max_rows = territory_segment_rows;
	writer->columns = palloc0(sizeof(WriterColumn) * Max(desc->natts, 1));
	writer->entity = palloc0(sizeof(int) * (nentity + 1));
	for (int i = 0; i < desc->natts; i++)
	{
		WriterColumn *column = &writer->columns[writer->ncolumns];

		if (TupleDescAttr(desc, i)->attisdropped)
			continue;
		column->attno = i + 1;
		column_type_init(&column->type, TupleDescAttr(desc, i));
		column->values = palloc(sizeof(Datum) * writer->max_rows);
		column->nulls = palloc(sizeof(bool) * writer->max_rows);
		for (int e = 0; e < nentity; e++)
			if (entity[e] == column->attno)
				writer->entity[writer->nentity++] = writer->ncolumns;
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

static pg_crc32c
stream_crc(const char *bytes, size_t len)
{
	pg_crc32c	crc;

	INIT_CRC32C(crc);
	COMP_CRC32C(crc, bytes, len);
	FIN_CRC32C(crc);
	return crc;
}

static void
append_integers(StringInfo out, const int64 *values, int n)
{
	size_t		bound = codec_int64_bound(n);
	uint32		len;

	enlargeStringInfo(out, bound + sizeof len);
	len = codec_int64_encode((const int64_t *) values, n, (uint8_t *) out->data + out->len + sizeof len, bound);
	memcpy(out->data + out->len, &len, sizeof len);
	out->len += sizeof len + len;
	out->data[out->len] = '\0';
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

/* where blocks begin, with the number of rows as the last of them */
static int
cut_blocks(SegmentWriter *writer, int64 *first_row)
{
	int			nblocks = 0;
	int			start = 0;

	first_row[0] = 0;
	for (int i = 1; i < writer->rows; i++)
		if (i - start == BLOCK_MAX_ROWS ||
			(i - start >= BLOCK_MIN_ROWS && writer->nentity > 0 && !same_entity(writer, i - 1, i)))
			first_row[++nblocks] = start = i;
	first_row[++nblocks] = writer->rows;
	return nblocks;
}

static void
compute_zone(const WriterColumn *column, int first, int last, ZoneMap *zone)
{
	memset(zone, 0, sizeof *zone);
	zone->attno = column->attno;
	zone->kind = column->type.zone;
	for (int i = first; i < last; i++)
	{
		if (column->nulls[i])
			zone->nulls++;
		else if (zone->kind != ZONE_NONE)
		{
			int64		key = column_zone_key(zone->kind, column->values[i]);

			if (!zone->has_values || key < zone->min)
				zone->min = key;
			if (!zone->has_values || key > zone->max)
				zone->max = key;
			zone->has_values = true;
		}
		else
			zone->has_values = true;
	}
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

/* encode every block of a column onto data; its directory onto header */
static void
write_column(SegmentWriter *writer, const WriterColumn *column, const int64 *first_row, int nblocks,
			 StringInfo header, StringInfo data)
{
	int64	   *lens = palloc(sizeof(int64) * nblocks);
	int64	   *nulls = palloc(sizeof(int64) * nblocks);
	int64	   *mins = palloc(sizeof(int64) * nblocks);
	int64	   *maxs = palloc(sizeof(int64) * nblocks);
	uint32	   *crcs = palloc(sizeof(uint32) * nblocks);
	uint16		attno = column->attno;
	uint16		zone_kind = column->type.zone;
	MemoryContext block = AllocSetContextCreate(CurrentMemoryContext, "territory block", ALLOCSET_DEFAULT_SIZES);

	for (int b = 0; b < nblocks; b++)
	{
		int			first = first_row[b];
		int			n = first_row[b + 1] - first;
		int			at = data->len;
		ZoneMap		zone;
		MemoryContext old = MemoryContextSwitchTo(block);
		StringInfoData stream;

		compute_zone(column, first, first + n, &zone);
		initStringInfo(&stream);
		column_encode(&column->type, column->values + first, column->nulls + first, n, &stream);
		verify_stream(column, stream.data, stream.len, first, n);
		MemoryContextSwitchTo(old);
		appendBinaryStringInfo(data, stream.data, stream.len);
		lens[b] = data->len - at;
		crcs[b] = stream_crc(data->data + at, lens[b]);
		nulls[b] = zone.nulls;
		mins[b] = zone.has_values ? zone.min : 0;
		maxs[b] = zone.has_values ? zone.max : 0;
		MemoryContextReset(block);
		CHECK_FOR_INTERRUPTS();
	}
	MemoryContextDelete(block);
	appendBinaryStringInfo(header, (char *) &attno, sizeof attno);
	appendBinaryStringInfo(header, (char *) &zone_kind, sizeof zone_kind);
	append_integers(header, lens, nblocks);
	append_integers(header, nulls, nblocks);
	if (zone_kind != ZONE_NONE)
	{
		append_integers(header, mins, nblocks);
		append_integers(header, maxs, nblocks);
	}
	appendBinaryStringInfo(header, (char *) crcs, sizeof(uint32) * nblocks);
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

static void
flush_segment(SegmentWriter *writer)
{
	MemoryContext old = MemoryContextSwitchTo(writer->scratch);
	int64	   *first_row = palloc(sizeof(int64) * (writer->rows + 1));
	int64	   *block_rows = palloc(sizeof(int64) * (writer->rows + 1));
	int			nblocks = cut_blocks(writer, first_row);
	StringInfoData header,
				data;
	SegmentEntry *entry = palloc0(SEGMENT_ENTRY_SIZE(SEGMENT_MAX_ZONES));

	for (int b = 0; b < nblocks; b++)
		block_rows[b] = first_row[b + 1] - first_row[b];
	initStringInfo(&header);
	initStringInfo(&data);
	append_integers(&header, block_rows, nblocks);
	for (int c = 0; c < writer->ncolumns; c++)
	{
		write_column(writer, &writer->columns[c], first_row, nblocks, &header, &data);
		if (entry->nzones < SEGMENT_MAX_ZONES)
			compute_zone(&writer->columns[c], 0, writer->rows, &entry->zones[entry->nzones++]);
	}

	if (writer->number < 0 || writer->number == SEGMENT_MAX_NUMBER)
		writer->number = directory_next_number(writer->store);
	else
		writer->number++;
	directory_close_groups(writer->store, writer->number);
	entry->format = SEGMENT_FORMAT;
	entry->segments = 1;
	entry->rows = writer->rows;
	entry->natts = RelationGetNumberOfAttributes(writer->rel);
	entry->nblocks = nblocks;
	entry->header_len = header.len;
	entry->header_crc = stream_crc(header.data, header.len);
	entry->data_len = (int64) header.len + data.len;
	entry->heap_bytes = heap_estimate(writer);
	entry->number = writer->number;
	write_pieces(writer, &header, &data);
	directory_insert(writer->store, entry);
	if (writer->keysets)
		add_to_keysets(writer);
	if (writer->written)
		writer->written(entry, writer->arg);
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
	pfree(writer->entity);
	pfree(writer);
}
