/*
 * reader.c
 *	  One column of one block of a segment, and nothing else, from its chunks.
 *
 * A segment's data never changes, so it is read regardless of snapshots: the
 * directory entry is what a snapshot shows or hides.  Only pieces that a failed
 * seal left behind under the same number are passed over.
 */
#include "territory.h"

#include "common/int.h"
#include "storage/bufmgr.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

#include "codec/codec_summary.h"
#include "segment/missing.h"
#include "segment/segment.h"
#include "segment/segment_cache.h"

void
segment_damaged(SegmentReader *reader)
{
	ereport(ERROR, (errcode(ERRCODE_DATA_CORRUPTED),
					errmsg("segment %d of \"%s\" is damaged", reader->entry->number,
						   RelationGetRelationName(reader->rel)),
					errhint("Run territory.verify() on the table, and restore it from a backup.")));
}

/* bytes [from, from + len) of a segment's data are to be found in pieces first to last */
typedef struct Range
{
	SegmentReader *reader;
	int64		from;
	int64		len;
	int			last;
	int			expected;		/* the next piece */
	char	   *bytes;
} Range;

static void
take_piece(Range *range, HeapTuple tuple)
{
	int			piece = range->expected++;
	int64		at = (int64) piece * CHUNK_BYTES;
	int			size;
	const char *data = chunk_bytes(range->reader->store, tuple, &size);
	int64		start = Max(range->from, at);
	int64		end = Min(range->from + range->len, at + size);

	if (size > CHUNK_BYTES || (piece < range->last && size != CHUNK_BYTES) ||
		(piece == range->last && end != range->from + range->len))
		segment_damaged(range->reader);
	memcpy(range->bytes + (start - range->from), data + (start - at), end - start);
}

static void
take_pieces_by_index(Range *range)
{
	SegmentReader *reader = range->reader;
	ChunkKey	key = chunk_data_key(reader->entry->number, 0);
	ChunkScan	scan;
	HeapTuple	tuple;

	chunk_scan_begin(&scan, reader->store, SnapshotAny, key.id, key.seq + range->expected, key.seq + range->last);
	while ((tuple = chunk_scan_next(&scan, ForwardScanDirection)) != NULL)
	{
		int			piece = chunk_seq(reader->store, tuple) - key.seq;

		if (chunk_inserter_aborted(tuple))
			continue;
		if (piece != range->expected)
			segment_damaged(reader);
		if (piece < reader->cached->npieces)
			reader->cached->pieces[piece] = tuple->t_self;
		take_piece(range, tuple);
	}
	chunk_scan_end(&scan);
	if (range->expected != range->last + 1)
		segment_damaged(reader);
}

/* the piece by its TID, where it was met before; the caller releases the buffer */
static bool
fetch_piece(SegmentReader *reader, int piece, HeapTuple tuple, Buffer *buffer)
{
	CachedSegment *cached = reader->cached;

	return piece < cached->npieces &&
		chunk_fetch(reader->store, SnapshotAny, &cached->pieces[piece], chunk_data_key(reader->entry->number, piece), tuple,
					buffer);
}

/* palloc'd; by TID where the pieces were met before */
static char *
read_range(SegmentReader *reader, int64 from, int64 len)
{
	Range		range = {reader, from, len};

	range.bytes = MemoryContextAllocHuge(CurrentMemoryContext, len + 1);
	range.expected = from / CHUNK_BYTES;
	range.last = len > 0 ? (from + len - 1) / CHUNK_BYTES : range.expected;
	reader->bytes_read += len;
	while (range.expected <= range.last)
	{
		HeapTupleData tuple;
		Buffer		buffer;

		if (!fetch_piece(reader, range.expected, &tuple, &buffer))
		{
			take_pieces_by_index(&range);
			break;
		}
		take_piece(&range, &tuple);
		ReleaseBuffer(buffer);
	}
	return range.bytes;
}

/*
 * The same where it stands, as long as the buffer is not released: a pinned page
 * is not rearranged.  NULL: it is not in one piece that was met before.
 */
static const char *
borrow_range(SegmentReader *reader, int64 from, int64 len, Buffer *buffer)
{
	int			piece = from / CHUNK_BYTES;
	int64		at = from - (int64) piece * CHUNK_BYTES;
	HeapTupleData tuple;
	const char *data;
	int			size;

	if (len == 0 || (from + len - 1) / CHUNK_BYTES != piece || !fetch_piece(reader, piece, &tuple, buffer))
		return NULL;
	data = chunk_bytes(reader->store, &tuple, &size);
	if (at + len > size)
		segment_damaged(reader);
	reader->bytes_read += len;
	return data + at;
}

/* what is left of the header while it is taken apart */
typedef struct HeaderCursor
{
	SegmentReader *reader;
	const char *at;
	const char *end;
} HeaderCursor;

static void
take_bytes(HeaderCursor *cursor, void *target, size_t len)
{
	if (len > (size_t) (cursor->end - cursor->at))
		segment_damaged(cursor->reader);
	memcpy(target, cursor->at, len);
	cursor->at += len;
}

static uint16
take_uint16(HeaderCursor *cursor)
{
	uint16		value;

	take_bytes(cursor, &value, sizeof value);
	return value;
}

static int64 *
take_integers(HeaderCursor *cursor, int n)
{
	int64	   *values = palloc(sizeof(int64) * (n + 1));

	if (!take_integer_stream(&cursor->at, cursor->end, n, values))
		segment_damaged(cursor->reader);
	return values;
}

static int64 *
take_keys(HeaderCursor *cursor, ZoneKind kind, int n)
{
	int64	   *keys;
	double	   *values;

	if (!zone_kind_is_float(kind))
		return take_integers(cursor, n);
	keys = palloc(sizeof(int64) * n);
	values = palloc(sizeof(double) * n);
	if (!take_float_stream(&cursor->at, cursor->end, n, values))
		segment_damaged(cursor->reader);
	for (int i = 0; i < n; i++)
		keys[i] = codec_float_key(values[i]);
	pfree(values);
	return keys;
}

/* n things of this size where the header is kept */
static void *
keep(SegmentReader *reader, int n, size_t size)
{
	return MemoryContextAllocZero(reader->cached->context, Max(n, 1) * size);
}

static bool
has_sides(const SegmentReader *reader)
{
	return reader->entry->format == SEGMENT_FORMAT_SIDES;
}

static void
skip_stream(HeaderCursor *cursor)
{
	uint16		len = take_uint16(cursor);

	if (len > cursor->end - cursor->at)
		segment_damaged(cursor->reader);
	cursor->at += len;
}

static void
take_layout(HeaderCursor *cursor, BlockHeader *header)
{
	SegmentReader *reader = cursor->reader;
	SegmentEntry *entry = reader->entry;
	int64	   *rows = take_integers(cursor, header->nblocks);
	int64	   *ordered = take_integers(cursor, header->nblocks);
	uint16		zone_len;

	header->first_row = keep(reader, header->nblocks + 1, sizeof(int));
	header->ordered = keep(reader, header->nblocks, sizeof(bool));
	for (int b = 0; b < header->nblocks; b++)
	{
		if (rows[b] <= 0 || rows[b] > BLOCK_MAX_ROWS || rows[b] > entry->rows - header->first_row[b])
			segment_damaged(reader);
		header->first_row[b + 1] = header->first_row[b] + rows[b];
		header->ordered[b] = ordered[b] != 0;
	}
	if (header->first_row[header->nblocks] != entry->rows)
		segment_damaged(reader);
	take_bytes(cursor, &header->all_ordered, sizeof header->all_ordered);
	header->nentity = take_uint16(cursor);
	if (header->nentity > LAYOUT_MAX_ENTITY)
		segment_damaged(reader);
	for (int e = 0; e < header->nentity; e++)
		header->entity[e] = take_uint16(cursor);
	header->time = take_uint16(cursor);
	zone_len = take_uint16(cursor);
	if (zone_len > TZ_STRLEN_MAX)
		segment_damaged(reader);
	take_bytes(cursor, header->zone, zone_len);
	header->zone[zone_len] = '\0';
	if (has_sides(reader))
	{
		header->packed_cuts = cursor->at;
		for (int s = 0; s < 3; s++)
			skip_stream(cursor);
	}
	pfree(rows);
	pfree(ordered);
}

/*
 * Lens are kept as offsets from the start of this column until all are known;
 * what else is told of each block is taken out by unpack_column().
 */
static void
take_column(HeaderCursor *cursor, HeaderColumn *column, int nblocks)
{
	SegmentReader *reader = cursor->reader;
	int64		offset = 0;
	int64		limit = reader->entry->data_len;
	int64	   *lens;

	column->attno = take_uint16(cursor);
	column->zone = take_uint16(cursor);
	if (column->attno <= 0 || column->attno > reader->entry->natts)
		segment_damaged(reader);
	lens = take_integers(cursor, nblocks);
	column->packed = cursor->at;
	skip_stream(cursor);
	if (column->zone != ZONE_NONE)
	{
		skip_stream(cursor);
		skip_stream(cursor);
	}
	if ((ptrdiff_t) sizeof(uint32) * nblocks > cursor->end - cursor->at)
		segment_damaged(reader);
	column->crc = cursor->at;
	cursor->at += sizeof(uint32) * nblocks;
	take_bytes(cursor, &column->summary_len, sizeof column->summary_len);
	take_bytes(cursor, &column->summary_crc, sizeof column->summary_crc);
	if (has_sides(reader))
	{
		take_bytes(cursor, &column->sides_len, sizeof column->sides_len);
		take_bytes(cursor, &column->sides_crc, sizeof column->sides_crc);
	}
	column->offsets = keep(reader, nblocks + 1, sizeof(uint32));
	for (int b = 0; b < nblocks; b++)
	{
		if (lens[b] < 0 || lens[b] > limit - offset)
			segment_damaged(reader);
		column->offsets[b] = offset;
		offset += lens[b];
	}
	column->offsets[nblocks] = offset;
	pfree(lens);
}

static int64 *
keep_keys(HeaderCursor *cursor, ZoneKind kind, int n)
{
	int64	   *keys = take_keys(cursor, kind, n);
	int64	   *kept = keep(cursor->reader, n, sizeof(int64));

	memcpy(kept, keys, sizeof(int64) * n);
	pfree(keys);
	return kept;
}

static void
unpack_column(SegmentReader *reader, HeaderColumn *column)
{
	int			nblocks = reader->header->nblocks;
	HeaderCursor cursor = {reader, column->packed, reader->header->end};
	int64	   *nulls = take_integers(&cursor, nblocks);
	int32	   *kept = keep(reader, nblocks, sizeof(int32));

	for (int b = 0; b < nblocks; b++)
		kept[b] = nulls[b];
	pfree(nulls);
	column->nulls = kept;
	if (column->zone != ZONE_NONE)
	{
		column->min = keep_keys(&cursor, column->zone, nblocks);
		column->max = keep_keys(&cursor, column->zone, nblocks);
	}
	column->packed = NULL;
	segment_cache_grown(reader->cached);
}

/* the summaries of all columns follow the header, then their blocks */
static void
place_columns(SegmentReader *reader, BlockHeader *header)
{
	int64		limit = reader->entry->data_len;
	int64		offset = reader->entry->header_len;

	for (int c = 0; c < header->ncolumns; c++)
	{
		HeaderColumn *column = &header->columns[c];

		column->summary_offset = offset;
		if ((int64) column->summary_len + column->sides_len > limit - offset)
			segment_damaged(reader);
		offset += (int64) column->summary_len + column->sides_len;
	}
	for (int c = 0; c < header->ncolumns; c++)
	{
		HeaderColumn *column = &header->columns[c];
		int64		len = column->offsets[header->nblocks];

		if (len > limit - offset)
			segment_damaged(reader);
		for (int b = 0; b <= header->nblocks; b++)
			column->offsets[b] += offset;
		offset += len;
	}
	if (offset != limit)
		segment_damaged(reader);
}

/* where the header is kept, its bytes stay, for unpack_column() */
static void
read_header(SegmentReader *reader)
{
	SegmentEntry *entry = reader->entry;
	BlockHeader *header = keep(reader, 1, sizeof(BlockHeader));
	char	   *bytes = keep(reader, entry->header_len, 1);
	char	   *read = read_range(reader, 0, entry->header_len);
	HeaderCursor cursor = {reader, bytes, bytes + entry->header_len};

	memcpy(bytes, read, entry->header_len);
	pfree(read);
	if (chunk_crc(bytes, entry->header_len) != entry->header_crc || entry->nblocks <= 0 ||
		entry->nblocks > CODEC_VECTOR)
		segment_damaged(reader);
	header->nblocks = entry->nblocks;
	header->end = cursor.end;
	take_layout(&cursor, header);
	header->columns = keep(reader, entry->natts, sizeof(HeaderColumn));
	header->by_attno = keep(reader, entry->natts + 1, sizeof(HeaderColumn *));
	while (cursor.at < cursor.end)
	{
		HeaderColumn *column = &header->columns[header->ncolumns];

		if (header->ncolumns == entry->natts)
			segment_damaged(reader);
		take_column(&cursor, column, header->nblocks);
		header->ncolumns++;
		header->by_attno[column->attno] = column;
	}
	place_columns(reader, header);
	reader->cached->header = header;
}

static void
release_cached(void *cached)
{
	segment_cache_release(cached);
}

/* the header stays as long as context, which must outlive the reader's use */
void
segment_reader_open(SegmentReader *reader, Relation rel, ChunkStore *store, SegmentEntry *entry,
					MemoryContext context)
{
	MemoryContext old = MemoryContextSwitchTo(context);
	MemoryContextCallback *callback = palloc(sizeof(MemoryContextCallback));

	reader->rel = rel;
	reader->desc = RelationGetDescr(rel);
	reader->store = store;
	reader->entry = entry;
	reader->context = context;
	reader->types = NULL;
	reader->summaries = reader->sides = NULL;
	reader->cached = segment_cache_get(store, entry);
	if (reader->cached == NULL)
	{
		reader->cached = segment_cache_make(store, entry);
		read_header(reader);
		segment_cache_keep(reader->cached);
	}
	reader->header = reader->cached->header;
	callback->func = release_cached;
	callback->arg = reader->cached;
	MemoryContextRegisterResetCallback(context, callback);
	MemoryContextSwitchTo(old);
}

static HeaderColumn *
find_column(SegmentReader *reader, AttrNumber attno)
{
	HeaderColumn *column = attno <= reader->entry->natts ? reader->header->by_attno[attno] : NULL;

	if (column && column->packed)
		unpack_column(reader, column);
	return column;
}

/* NULL where the segment holds nothing of it */
const HeaderColumn *
segment_column(SegmentReader *reader, AttrNumber attno)
{
	return find_column(reader, attno);
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

/* palloc'd; as long as that and with this checksum */
char *
segment_read_bytes(SegmentReader *reader, int64 from, uint32 len, uint32 crc)
{
	char	   *bytes = read_range(reader, from, len);

	if (chunk_crc(bytes, len) != crc)
		segment_damaged(reader);
	return bytes;
}

/* of all rows; false where the entry tells nothing of the column: it was added later, or there are too many */
bool
segment_summary(const SegmentEntry *entry, AttrNumber attno, ColumnSummary *summary)
{
	const char *at = (const char *) entry + SEGMENT_ENTRY_SIZE(entry->nzones);
	const char *end = at + entry->summary_len;

	while (at < end)
	{
		if (!summary_take(&at, end, summary))
			ereport(ERROR, (errcode(ERRCODE_DATA_CORRUPTED),
							errmsg("the summary of segment %d is damaged", entry->number),
							errhint("Restore the table from a backup.")));
		summary->rows = entry->rows;
		if (summary->attno == attno)
			return true;
	}
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

/* the stream of a block, as long as it is not released */
typedef struct BlockStream
{
	const char *bytes;
	int64		len;
	char	   *copy;			/* or it stands in a buffer: */
	Buffer		buffer;
} BlockStream;

static void
take_stream(SegmentReader *reader, int block, const HeaderColumn *column, BlockStream *stream)
{
	uint32		crc;

	stream->len = column->offsets[block + 1] - column->offsets[block];
	stream->copy = NULL;
	memcpy(&crc, column->crc + block * sizeof crc, sizeof crc);
	stream->bytes = borrow_range(reader, column->offsets[block], stream->len, &stream->buffer);
	if (stream->bytes == NULL)
		stream->bytes = stream->copy = read_range(reader, column->offsets[block], stream->len);
	if (chunk_crc(stream->bytes, stream->len) != crc)
		segment_damaged(reader);
}

static void
release_stream(BlockStream *stream)
{
	if (stream->copy)
		pfree(stream->copy);
	else
		ReleaseBuffer(stream->buffer);
}

/*
 * A column of PostGIS points as coordinates, allocated in the current memory
 * context, which say nothing at nulls.  False: the block holds something else.
 */
bool
segment_read_points(SegmentReader *reader, int block, AttrNumber attno, ColumnPoints *points, bool *nulls)
{
	int			rows = reader->header->first_row[block + 1] - reader->header->first_row[block];
	HeaderColumn *column = find_column(reader, attno);
	BlockStream stream;
	bool		plain;

	if (column == NULL)
		return false;
	take_stream(reader, block, column, &stream);
	plain = column_decode_coordinates(stream.bytes, stream.len, rows, points, nulls);
	release_stream(&stream);
	return plain;
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
	ColumnType	own,
			   *type = reader->types ? &reader->types[attno - 1] : &own;
	BlockStream stream;

	if (column == NULL)
	{
		bool		isnull = true;
		Datum		missing = (Datum) 0;

		if (attno > reader->entry->natts)
		{
			missing = getmissingattr(desc, attno, &isnull);
			isnull = isnull && !missing_find(reader->store, TupleDescAttr(desc, attno - 1), &missing);
		}
		for (int i = 0; i < rows; i++)
		{
			values[i] = missing;
			nulls[i] = isnull;
		}
		return;
	}
	if (type == &own || !OidIsValid(type->type))
		column_type_init(type, TupleDescAttr(desc, attno - 1));
	take_stream(reader, block, column, &stream);
	column_decode(type, stream.bytes, stream.len, rows, values, nulls);
	release_stream(&stream);
}

#define NO_STRIDE (-1)

/* of an integer column that has no null in a block */
static int64
find_stride(SegmentReader *reader, HeaderColumn *column, int block)
{
	int			rows = reader->header->first_row[block + 1] - reader->header->first_row[block];
	BlockStream stream;
	int64		first,
				stride,
				last;
	bool		even;

	take_stream(reader, block, column, &stream);
	even = column_stride(stream.bytes, stream.len, rows, &first, &stride);
	release_stream(&stream);
	if (!even || first != column->min[block] || stride <= 0 || pg_mul_s64_overflow(stride, rows - 1, &last) ||
		pg_add_s64_overflow(first, last, &last) || last != column->max[block])
		return NO_STRIDE;
	return stride;
}

/*
 * Do values rise from the block's least to its greatest, each as far from the
 * one before?  Its bytes are asked once: the answer is kept with the header.
 */
bool
segment_block_stride(SegmentReader *reader, int block, AttrNumber attno, int64 *stride)
{
	HeaderColumn *column = find_column(reader, attno);

	if (column == NULL || column->zone != ZONE_INTEGER || column->nulls[block] > 0)
		return false;
	if (column->strides == NULL)
	{
		column->strides = keep(reader, reader->header->nblocks, sizeof(int64));
		segment_cache_grown(reader->cached);
	}
	if (column->strides[block] == 0)
		column->strides[block] = find_stride(reader, column, block);
	*stride = column->strides[block];
	return *stride != NO_STRIDE;
}
