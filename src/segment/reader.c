/*
 * reader.c
 *	  One column of one block of a segment, and nothing else, from its chunks.
 *
 * A segment's data never changes, so it is read regardless of snapshots: the
 * directory entry is what a snapshot shows or hides.  Only pieces that a failed
 * seal left behind under the same number are passed over.
 */
#include "territory.h"

#include "port/pg_crc32c.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

#include "codec/codec.h"
#include "segment/segment.h"

static void
damaged(SegmentReader *reader)
{
	ereport(ERROR, (errcode(ERRCODE_DATA_CORRUPTED),
					errmsg("segment %d of \"%s\" is damaged", reader->entry->number,
						   RelationGetRelationName(reader->rel)),
					errhint("Run territory.verify() on the table, and restore it from a backup.")));
}

/* bytes [from, from + len) of a segment's data, palloc'd */
static char *
read_range(SegmentReader *reader, int64 from, int64 len)
{
	char	   *bytes = MemoryContextAllocHuge(CurrentMemoryContext, len + 1);
	int			first = from / CHUNK_BYTES;
	int			last = len > 0 ? (from + len - 1) / CHUNK_BYTES : first;
	int			expected = first;
	ChunkKey	key = chunk_data_key(reader->entry->number, 0);
	ChunkScan	scan;
	HeapTuple	tuple;

	chunk_scan_begin(&scan, reader->store, SnapshotAny, key.id, key.seq + first, key.seq + last);
	while ((tuple = chunk_scan_next(&scan, ForwardScanDirection)) != NULL)
	{
		int			piece = chunk_seq(reader->store, tuple) - key.seq;
		int			size;
		const char *data;
		int64		start,
					end;

		if (chunk_inserter_aborted(tuple))
			continue;
		data = chunk_bytes(reader->store, tuple, &size);
		start = Max(from, (int64) piece * CHUNK_BYTES);
		end = Min(from + len, (int64) piece * CHUNK_BYTES + size);
		if (piece != expected || size > CHUNK_BYTES ||
			(piece < last && size != CHUNK_BYTES) || (piece == last && end != from + len))
			damaged(reader);
		memcpy(bytes + (start - from), data + (start - (int64) piece * CHUNK_BYTES), end - start);
		expected++;
	}
	chunk_scan_end(&scan);
	if (expected != last + 1)
		damaged(reader);
	return bytes;
}

static pg_crc32c
range_crc(const char *bytes, size_t len)
{
	pg_crc32c	crc;

	INIT_CRC32C(crc);
	COMP_CRC32C(crc, bytes, len);
	FIN_CRC32C(crc);
	return crc;
}

/* what is left of the header while it is taken apart */
typedef struct HeaderCursor
{
	SegmentReader *reader;
	const char *at;
	size_t		left;
} HeaderCursor;

static void
take_bytes(HeaderCursor *cursor, void *target, size_t len)
{
	if (len > cursor->left)
		damaged(cursor->reader);
	memcpy(target, cursor->at, len);
	cursor->at += len;
	cursor->left -= len;
}

static int64 *
take_integers(HeaderCursor *cursor, int n)
{
	int64	   *values = palloc(sizeof(int64) * (n + 1));
	uint32		len;

	take_bytes(cursor, &len, sizeof len);
	if (len > cursor->left ||
		codec_int64_decode((const uint8_t *) cursor->at, len, n, (int64_t *) values) != CODEC_OK)
		damaged(cursor->reader);
	cursor->at += len;
	cursor->left -= len;
	return values;
}

static void
take_column(HeaderCursor *cursor, HeaderColumn *column, int nblocks, int64 *offset)
{
	uint16		attno,
				zone;
	int64	   *lens;

	take_bytes(cursor, &attno, sizeof attno);
	take_bytes(cursor, &zone, sizeof zone);
	column->attno = attno;
	column->zone = zone;
	lens = take_integers(cursor, nblocks);
	column->nulls = take_integers(cursor, nblocks);
	if (zone != ZONE_NONE)
	{
		column->min = take_integers(cursor, nblocks);
		column->max = take_integers(cursor, nblocks);
	}
	column->crc = palloc(sizeof(uint32) * nblocks);
	take_bytes(cursor, column->crc, sizeof(uint32) * nblocks);
	column->offsets = palloc(sizeof(int64) * (nblocks + 1));
	for (int b = 0; b < nblocks; b++)
	{
		if (lens[b] < 0 || lens[b] > cursor->reader->entry->data_len - *offset)
			damaged(cursor->reader);
		column->offsets[b] = *offset;
		*offset += lens[b];
	}
	column->offsets[nblocks] = *offset;
	pfree(lens);
}

static BlockHeader *
read_header(SegmentReader *reader)
{
	SegmentEntry *entry = reader->entry;
	BlockHeader *header = palloc0(sizeof(BlockHeader));
	char	   *bytes = read_range(reader, 0, entry->header_len);
	HeaderCursor cursor = {reader, bytes, entry->header_len};
	int64		offset = entry->header_len;
	int64	   *rows;

	if (range_crc(bytes, entry->header_len) != entry->header_crc || entry->nblocks <= 0)
		damaged(reader);
	header->nblocks = entry->nblocks;
	header->first_row = palloc(sizeof(int) * (header->nblocks + 1));
	rows = take_integers(&cursor, header->nblocks);
	header->first_row[0] = 0;
	for (int b = 0; b < header->nblocks; b++)
	{
		if (rows[b] <= 0 || rows[b] > BLOCK_MAX_ROWS)
			damaged(reader);
		header->first_row[b + 1] = header->first_row[b] + rows[b];
	}
	if (header->first_row[header->nblocks] != entry->rows)
		damaged(reader);
	header->columns = palloc0(sizeof(HeaderColumn) * Max(entry->natts, 1));
	while (cursor.left > 0)
	{
		if (header->ncolumns == entry->natts)
			damaged(reader);
		take_column(&cursor, &header->columns[header->ncolumns++], header->nblocks, &offset);
	}
	pfree(rows);
	pfree(bytes);
	return header;
}

/* the header is read into context, which must outlive the reader's use */
void
segment_reader_open(SegmentReader *reader, Relation rel, ChunkStore *store, SegmentEntry *entry,
					MemoryContext context)
{
	MemoryContext old = MemoryContextSwitchTo(context);

	reader->rel = rel;
	reader->desc = RelationGetDescr(rel);
	reader->store = store;
	reader->entry = entry;
	reader->context = context;
	reader->header = read_header(reader);
	MemoryContextSwitchTo(old);
}

static HeaderColumn *
find_column(SegmentReader *reader, AttrNumber attno)
{
	for (int c = 0; c < reader->header->ncolumns; c++)
		if (reader->header->columns[c].attno == attno)
			return &reader->header->columns[c];
	return NULL;
}

/* false where the block holds nothing of the column: it was added later */
bool
segment_block_zone(SegmentReader *reader, int block, AttrNumber attno, ZoneMap *zone)
{
	HeaderColumn *column = find_column(reader, attno);
	int			rows = reader->header->first_row[block + 1] - reader->header->first_row[block];

	if (column == NULL)
		return false;
	memset(zone, 0, sizeof *zone);
	zone->attno = attno;
	zone->kind = column->zone;
	zone->nulls = column->nulls[block];
	zone->has_values = zone->nulls < rows;
	if (column->zone != ZONE_NONE)
	{
		zone->min = column->min[block];
		zone->max = column->max[block];
	}
	return true;
}

bool
segment_block_excluded(SegmentReader *reader, int block, const PruneKey *keys, int nkeys)
{
	ZoneMap		zone;

	for (int k = 0; k < nkeys; k++)
		if (segment_block_zone(reader, block, keys[k].attno, &zone) && zone_excludes(&zone, 1, &keys[k], 1))
			return true;
	return false;
}

int
segment_block_of(SegmentReader *reader, int place)
{
	int			low = 0;
	int			high = reader->header->nblocks - 1;

	while (low < high)
	{
		int			middle = (low + high + 1) / 2;

		if (reader->header->first_row[middle] <= place)
			low = middle;
		else
			high = middle - 1;
	}
	return low;
}

/*
 * A column that was added after the seal gives what heap gives: its missing
 * value, or null.  Values are allocated in the current memory context.
 */
void
segment_read_column(SegmentReader *reader, int block, AttrNumber attno, Datum *values, bool *nulls)
{
	int			rows = reader->header->first_row[block + 1] - reader->header->first_row[block];
	HeaderColumn *column = find_column(reader, attno);
	TupleDesc	desc = reader->desc;
	ColumnType	type;
	char	   *bytes;
	int64		len;

	if (column == NULL)
	{
		bool		isnull = true;
		Datum		missing = attno > reader->entry->natts ? getmissingattr(desc, attno, &isnull) : (Datum) 0;

		for (int i = 0; i < rows; i++)
		{
			values[i] = missing;
			nulls[i] = isnull;
		}
		return;
	}
	column_type_init(&type, TupleDescAttr(desc, attno - 1));
	len = column->offsets[block + 1] - column->offsets[block];
	bytes = read_range(reader, column->offsets[block], len);
	if (range_crc(bytes, len) != column->crc[block])
		damaged(reader);
	column_decode(&type, bytes, len, rows, values, nulls);
	pfree(bytes);
}
