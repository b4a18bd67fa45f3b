/*
 * series_disk.c
 *	  A series to the bytes of a value and back.
 *
 * The idea: a value is a header, an entry per block (SeriesBlock), the states,
 * then the streams of each block, in order and without gaps:
 *
 *	per 2,048 states: uint32 length, stream of byte strings
 *	per block: the instants; where sections start, unless the series is
 *	discrete; each coordinate, or the numbers of the states: each a uint32
 *	length and a codec stream
 *
 * A value that is stored out of line is not compressed by PostgreSQL (its
 * storage is "external"), so that the header and single blocks are read
 * without the rest.
 *
 * Invariants: what is encoded keeps series.h's promises, and depends on the
 * contents only.  What is decoded is hostile until it is checked: no offset,
 * count or length of it is believed, and what a block holds has to keep within
 * the times and the box of its entry, which others prune by.
 */
#include "territory.h"

#include <math.h>

#include "access/detoast.h"
#include "common/int.h"
#include "utils/memutils.h"

#include "codec/codec_stream.h"
#include "series/series.h"

typedef struct SeriesHeader
{
	int32		vl_len_;
	uint8		version;
	uint8		kind;
	uint8		interpolation;
	uint8		dims;			/* 0 for states */
	int32		srid;
	int32		n;
	int32		num_states;
	uint32		states_length;	/* of their streams */
	/* SeriesBlock blocks[], the states, the blocks' streams */
} SeriesHeader;

StaticAssertDecl(sizeof(SeriesHeader) % 8 == 0 && sizeof(SeriesBlock) % 8 == 0, "blocks are aligned");
StaticAssertDecl(SERIES_BLOCK <= CODEC_VECTOR, "a block is a vector");

#define HEAD_GUESS	1800		/* what is read of a value out of line first: within one chunk */
#define SMALL_VALUE 8192		/* read whole */
#define LANES		8			/* values whose least and greatest are looked for at once */
#define FEW_BLOCKS	4			/* asked for one by one before a value is read whole */

#define blocks_of(n) (((n) + SERIES_BLOCK - 1) / SERIES_BLOCK)

/* ---- encoding ---- */

/* a value that grows; it knows its limit */
typedef struct Room
{
	char	   *data;
	Size		len;
	Size		size;
} Room;

static void
room_reserve(Room *room, Size more)
{
	if (more > MaxAllocSize || room->len + more > MaxAllocSize)
		ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
						errmsg("a series takes at most 1 GB"),
						errhint("Keep one series per month or year.")));
	if (room->len + more <= room->size)
		return;
	room->size = Min(Max(room->size * 2, room->len + more), MaxAllocSize);
	room->data = room->data ? repalloc(room->data, room->size) : palloc(room->size);
}

static void
room_add(Room *room, const void *data, Size len)
{
	room_reserve(room, len);
	memcpy(room->data + room->len, data, len);
	room->len += len;
}

/* where a stream of at most so many bytes is to be written; its length goes before it */
static uint8_t *
stream_begin(Room *room, Size bound)
{
	room_reserve(room, bound + sizeof(uint32));
	return (uint8_t *) room->data + room->len + sizeof(uint32);
}

static void
stream_end(Room *room, Size len)
{
	uint32		length = (uint32) len;

	memcpy(room->data + room->len, &length, sizeof length);
	room->len += sizeof length + len;
}

CODEC_CLONES static bool
all_increase(const TimestampTz *t, int n)
{
	int			odd = 0;

	for (int i = 1; i < n; i++)
		odd |= t[i] <= t[i - 1];
	return !odd;
}

CODEC_CLONES static bool
all_finite(const double *v, int n)
{
	int			odd = 0;

	for (int i = 0; i < n; i++)
		odd |= !(v[i] - v[i] == 0);
	return !odd;
}

CODEC_CLONES static bool
all_between(const double *v, int n, double min, double max)
{
	int			odd = 0;

	for (int i = 0; i < n; i++)
		odd |= !(v[i] >= min) | !(v[i] <= max);
	return !odd;
}

bool
series_span_too_long(TimestampTz from, TimestampTz to)
{
	int64		span;

	return pg_sub_s64_overflow(to, from, &span) || span > SERIES_MAX_SPAN;
}

void
series_check_span(TimestampTz from, TimestampTz to, const char *what)
{
	if (series_span_too_long(from, to))
		ereport(ERROR, (errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
						errmsg("%s spans more than %d years", what, SERIES_MAX_YEARS),
						errdetail("It starts at %s and ends at %s.", series_instant_text(from), series_instant_text(to)),
						errhint("Look for wrong times, and leave them out.")));
}

static void
check_instants(const Series *series)
{
	TimestampTz first = series->t[0];
	TimestampTz last = series->t[series->n - 1];

	if (IS_VALID_TIMESTAMP(first) && IS_VALID_TIMESTAMP(last) && all_increase(series->t, series->n))
		return;
	for (int i = 0; i < series->n; i++)
	{
		if (TIMESTAMP_NOT_FINITE(series->t[i]) || !IS_VALID_TIMESTAMP(series->t[i]))
			ereport(ERROR, (errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
							errmsg("an instant of a %s has to be finite", series_type_name(series->kind))));
		if (i > 0 && series->t[i] <= series->t[i - 1])
			ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
							errmsg("instants of a %s have to increase", series_type_name(series->kind)),
							errdetail("%s is followed by %s.", series_instant_text(series->t[i - 1]),
									  series_instant_text(series->t[i])),
							errhint("The aggregate %s(t, …) takes rows in any order.",
									series_type_name(series->kind))));
	}
}

static void
check_numbers(const Series *series)
{
	for (int d = 0; d < series->dims; d++)
	{
		const double *v = series->v[d];
		int			i = 0;

		if (all_finite(v, series->n))
			continue;
		while (isfinite(v[i]))
			i++;
		ereport(ERROR, (errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
						errmsg("a %s holds finite numbers only", series_type_name(series->kind)),
						errdetail("At %s it has %s.", series_instant_text(series->t[i]), isnan(v[i]) ? "NaN" : "infinity"),
						errhint("Leave such instants out, and let a section end there.")));
	}
}

void
series_check(const Series *series)
{
	if (series->n <= 0)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("a %s has at least one instant", series_type_name(series->kind)),
						errhint("Where nothing is known, use null.")));
	if (series->kind == SERIES_STATE && series->interpolation == SERIES_LINEAR)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("states are not interpolated linearly"),
						errhint("Use \"step\" or \"discrete\".")));
	check_instants(series);
	series_check_span(series->t[0], series->t[series->n - 1], psprintf("a %s", series_type_name(series->kind)));
	if (series->kind != SERIES_STATE)
		check_numbers(series);
}

/* states as the value numbers them: map[code] is a state's number there, or -1; returns their number */
static int
number_states(const Series *series, int32 *map, text **states)
{
	int			count = 0;

	for (int s = 0; s < series->num_states; s++)
		map[s] = -1;
	for (int i = 0; i < series->n; i++)
	{
		int32		code = series->codes[i];

		if (code < 0 || code >= series->num_states)
			elog(ERROR, "territory: state %d of %d", code, series->num_states);
		if (map[code] < 0)
		{
			states[count] = series->states[code];
			map[code] = count++;
		}
	}
	return count;
}

static void
encode_states(Room *room, text **states, int count)
{
	uint64_t	offsets[CODEC_VECTOR + 1];

	for (int first = 0; first < count; first += CODEC_VECTOR)
	{
		int			n = Min(count - first, CODEC_VECTOR);
		Room		data = {0};
		Size		bound;
		uint8_t    *out;

		offsets[0] = 0;
		for (int s = 0; s < n; s++)
			offsets[s + 1] = offsets[s] + VARSIZE_ANY_EXHDR(states[first + s]);
		room_reserve(&data, offsets[n] + 1);
		for (int s = 0; s < n; s++)
			room_add(&data, VARDATA_ANY(states[first + s]), VARSIZE_ANY_EXHDR(states[first + s]));
		bound = codec_bytes_bound(n, data.len);
		/* the bound is far above what is written, and must not refuse it */
		out = MemoryContextAllocHuge(CurrentMemoryContext, bound);
		bound = codec_bytes_encode((uint8_t *) data.data, offsets, n, out, bound);
		memcpy(stream_begin(room, bound), out, bound);
		stream_end(room, bound);
		pfree(out);
		pfree(data.data);
	}
}

static void
encode_doubles(Room *room, const double *values, int n)
{
	Size		bound = codec_float64_bound(n);

	stream_end(room, codec_float64_encode(values, n, stream_begin(room, bound), bound));
}

static void
encode_integers(Room *room, const int64_t *values, int n)
{
	Size		bound = codec_int64_bound(n);

	stream_end(room, codec_int64_encode(values, n, stream_begin(room, bound), bound));
}

/* the same but for the signs of zeros */
CODEC_CLONES static void
find_range(const double *values, int n, double *min, double *max)
{
	double		low[LANES],
				high[LANES];
	int			i = 0;

	for (int l = 0; l < LANES; l++)
		low[l] = high[l] = values[0];
	for (; i + LANES <= n; i += LANES)
		for (int l = 0; l < LANES; l++)
		{
			low[l] = values[i + l] < low[l] ? values[i + l] : low[l];
			high[l] = values[i + l] > high[l] ? values[i + l] : high[l];
		}
	for (; i < n; i++)
	{
		low[0] = values[i] < low[0] ? values[i] : low[0];
		high[0] = values[i] > high[0] ? values[i] : high[0];
	}
	for (int l = 1; l < LANES; l++)
	{
		low[0] = low[l] < low[0] ? low[l] : low[0];
		high[0] = high[l] > high[0] ? high[l] : high[0];
	}
	*min = low[0];
	*max = high[0];
}

/* the least and the greatest; of zeros, the negative one is the lesser */
static void
find_bounds(const double *values, int n, double *min, double *max)
{
	find_range(values, n, min, max);
	for (int i = 0; *min == 0 && !signbit(*min) && i < n; i++)
		if (values[i] == 0 && signbit(values[i]))
			*min = values[i];
	for (int i = 0; *max == 0 && signbit(*max) && i < n; i++)
		if (values[i] == 0 && !signbit(values[i]))
			*max = values[i];
}

/* what an entry says of a block besides where it lies */
void
series_bound_block(const Series *series, int first, int n, SeriesBlock *block)
{
	memset(block, 0, sizeof *block);
	block->start = series->t[first];
	block->end = series->t[first + n - 1];
	for (int d = 0; d < series->dims && series->kind != SERIES_STATE; d++)
		find_bounds(series->v[d] + first, n, &block->min[d], &block->max[d]);
}

/* one block at the end of the room; map renumbers states */
static void
encode_block(Room *room, const Series *series, int first, int n, const int32 *map, SeriesBlock *block)
{
	series_bound_block(series, first, n, block);
	block->offset = (uint32) room->len;
	encode_integers(room, (const int64_t *) series->t + first, n);
	if (series->interpolation != SERIES_DISCRETE)
	{
		Size		bound = codec_bool_bound(n);
		uint8_t    *out = stream_begin(room, bound);

		stream_end(room, codec_bool_encode((const uint8_t *) series->starts + first, n, out, bound));
	}
	if (series->kind == SERIES_STATE)
	{
		int64_t		codes[SERIES_BLOCK];

		for (int i = 0; i < n; i++)
			codes[i] = map[series->codes[first + i]];
		encode_integers(room, codes, n);
	}
	else
		for (int d = 0; d < series->dims; d++)
			encode_doubles(room, series->v[d] + first, n);
	block->length = (uint32) (room->len - block->offset);
}

static void
fill_header(SeriesHeader *header, const Series *series, int n, int num_states, Size states_length)
{
	memset(header, 0, sizeof *header);
	header->version = SERIES_VERSION;
	header->kind = series->kind;
	header->interpolation = series->interpolation;
	header->dims = series->kind == SERIES_STATE ? 0 : series->dims;
	header->srid = series->srid;
	header->n = n;
	header->num_states = num_states;
	header->states_length = (uint32) states_length;
}

/*
 * The value of kept, the first num_kept blocks of another value (whose streams
 * begin at streams), and of the series after them; n instants in all.
 */
static struct varlena *
assemble(const Series *series, int n, const SeriesBlock *kept, int num_kept, const char *streams,
		 const int32 *map, text **states, int num_states)
{
	int			num_blocks = blocks_of(n);
	SeriesHeader header;
	SeriesBlock *blocks;
	Size		states_at = sizeof header + (Size) num_blocks * sizeof(SeriesBlock);
	Room		room = {0};

	if (num_blocks > 0 && states_at > MaxAllocSize / 2)
		elog(ERROR, "territory: %d blocks in a series", num_blocks);
	room_reserve(&room, states_at + Max(series->n, 64));
	memset(room.data, 0, states_at);
	room.len = states_at;
	encode_states(&room, states, num_states);
	fill_header(&header, series, n, num_states, room.len - states_at);
	blocks = palloc0((Size) num_blocks * sizeof(SeriesBlock));
	if (num_kept > 0)
	{
		Size		shift = room.len - kept[0].offset;

		memcpy(blocks, kept, num_kept * sizeof(SeriesBlock));
		for (int b = 0; b < num_kept; b++)
			blocks[b].offset += (uint32) shift; /* wraps where it goes backwards */
		room_add(&room, streams, kept[num_kept - 1].offset + kept[num_kept - 1].length - kept[0].offset);
	}
	for (int b = num_kept, first = 0; b < num_blocks; b++, first += SERIES_BLOCK)
		encode_block(&room, series, first, Min(series->n - first, SERIES_BLOCK), map, &blocks[b]);
	memcpy(room.data, &header, sizeof header);
	memcpy(room.data + sizeof header, blocks, (Size) num_blocks * sizeof(SeriesBlock));
	pfree(blocks);
	if (room.size > room.len + 1024)
		room.data = repalloc(room.data, room.len);
	SET_VARSIZE(room.data, room.len);
	return (struct varlena *) room.data;
}

struct varlena *
series_encode(const Series *series)
{
	int32	   *map = NULL;
	text	  **states = NULL;
	int			num_states = 0;
	struct varlena *value;

	series_check(series);
	if (series->interpolation != SERIES_DISCRETE && !series->starts[0])
		elog(ERROR, "territory: a series whose first section has no start");
	if (series->kind == SERIES_STATE)
	{
		map = palloc_extended(series->num_states * sizeof(int32), MCXT_ALLOC_HUGE);
		states = palloc_extended(series->num_states * sizeof(text *), MCXT_ALLOC_HUGE);
		num_states = number_states(series, map, states);
	}
	value = assemble(series, series->n, NULL, 0, NULL, map, states, num_states);
	if (map)
	{
		pfree(map);
		pfree(states);
	}
	return value;
}

/* ---- decoding ---- */

static void
corrupt(const char *what)
{
	ereport(ERROR, (errcode(ERRCODE_DATA_CORRUPTED),
					errmsg("a stored series is damaged: %s", what),
					errhint("Restore the value from a backup.")));
}

static void
check_header(const SeriesHeader *header, uint32 size)
{
	bool		ok;

	if (size < sizeof(SeriesHeader))
		corrupt("it is too short");
	if (header->version != SERIES_VERSION)
		corrupt("its version is unknown");
	switch (header->kind)
	{
		case SERIES_FLOAT:
			ok = header->dims == 1 && header->srid == 0 && header->num_states == 0;
			break;
		case SERIES_STATE:
			ok = header->dims == 0 && header->srid == 0 && header->num_states > 0 &&
				header->num_states <= header->n && header->interpolation != SERIES_LINEAR;
			break;
		case SERIES_POINT:
			ok = (header->dims == 2 || header->dims == 3) && header->num_states == 0 && header->srid >= 0 &&
				header->srid <= SERIES_MAX_SRID;
			break;
		default:
			ok = false;
	}
	if (!ok || header->interpolation > SERIES_LINEAR || header->n < 1 || header->n > SERIES_MAX_INSTANTS ||
		(header->num_states == 0) != (header->states_length == 0))
		corrupt("its header is wrong");
	if (header->states_length > size ||
		sizeof(SeriesHeader) + (Size) blocks_of(header->n) * sizeof(SeriesBlock) + header->states_length > size)
		corrupt("it is shorter than its header says");
}

/* the entries of all blocks: in order, without gaps, up to the value's end */
static void
check_blocks(const SeriesReader *reader, uint32 states_length, int stored_dims)
{
	uint64		at = sizeof(SeriesHeader) + (uint64) reader->num_blocks * sizeof(SeriesBlock) + states_length;

	for (int b = 0; b < reader->num_blocks; b++)
	{
		const SeriesBlock *block = &reader->blocks[b];

		if (block->offset != at || block->length > reader->size - at)
			corrupt("its blocks do not follow each other");
		at += block->length;
		if (!IS_VALID_TIMESTAMP(block->start) || !IS_VALID_TIMESTAMP(block->end) || block->start > block->end ||
			(b > 0 && block->start <= block[-1].end))
			corrupt("its blocks are not in order");
		for (int d = 0; d < SERIES_DIMS; d++)
			if (d < stored_dims ? !(isfinite(block->min[d]) && isfinite(block->max[d]) &&
									block->min[d] <= block->max[d]) : block->min[d] != 0 || block->max[d] != 0)
				corrupt("a block has no box");
	}
	if (at != reader->size)
		corrupt("it is longer than its blocks");
	if (series_span_too_long(reader->blocks[0].start, reader->blocks[reader->num_blocks - 1].end))
		corrupt("its blocks are not in order");
}

/* a part of a value out of line, from the value's beginning; data follows a varlena header */
static struct varlena *
fetch_slice(Datum value, uint32 offset, uint32 length)
{
	struct varlena *slice = detoast_attr_slice((struct varlena *) DatumGetPointer(value), offset - VARHDRSZ, length);

	if (VARSIZE(slice) - VARHDRSZ != length)
		corrupt("a part of it is missing");
	return slice;
}

/* the size of a value that single parts can be read of; 0 for another */
static uint32
sliceable_size(Datum value)
{
	struct varlena *attr = (struct varlena *) DatumGetPointer(value);
	struct varatt_external pointer;

	if (!VARATT_IS_EXTERNAL_ONDISK(attr))
		return 0;
	VARATT_EXTERNAL_GET_POINTER(pointer, attr);
	return VARATT_EXTERNAL_IS_COMPRESSED(pointer) || pointer.va_rawsize <= SMALL_VALUE ? 0 : pointer.va_rawsize;
}

SeriesReader *
series_open(Datum value, SeriesKind kind)
{
	const Series *expanded = series_of_expanded(value);
	SeriesReader *reader;
	uint32		size;
	struct varlena *head;
	SeriesHeader *header;
	Size		needed;

	if (expanded && expanded->kind == kind)
		return series_open_expanded(expanded);
	reader = palloc0(sizeof(SeriesReader));
	size = sliceable_size(value);
	reader->value = value;
	if (size == 0)
	{
		head = reader->whole = (struct varlena *) PG_DETOAST_DATUM(value);
		size = VARSIZE(head);
	}
	else
		head = fetch_slice(value, VARHDRSZ, HEAD_GUESS - VARHDRSZ);
	header = (SeriesHeader *) head;
	check_header(header, size);
	if (header->kind != kind)
		corrupt("it is of another kind");
	needed = sizeof(SeriesHeader) + (Size) blocks_of(header->n) * sizeof(SeriesBlock);
	if (!reader->whole && needed > HEAD_GUESS)
		header = (SeriesHeader *) fetch_slice(value, VARHDRSZ, (uint32) needed - VARHDRSZ);
	reader->kind = kind;
	reader->interpolation = header->interpolation;
	reader->srid = header->srid;
	reader->dims = Max(header->dims, 1);
	reader->n = header->n;
	reader->num_blocks = blocks_of(header->n);
	reader->blocks = (const SeriesBlock *) (header + 1);
	reader->num_states = header->num_states;
	reader->size = size;
	check_blocks(reader, header->states_length, header->dims);
	reader->start = reader->blocks[0].start;
	reader->end = reader->blocks[reader->num_blocks - 1].end;
	return reader;
}

/* when a plain value starts and ends */
void
series_span(struct varlena *value, TimestampTz *start, TimestampTz *end)
{
	const SeriesHeader *header = (const SeriesHeader *) value;
	const SeriesBlock *blocks = (const SeriesBlock *) (header + 1);

	check_header(header, VARSIZE(value));
	*start = blocks[0].start;
	*end = blocks[blocks_of(header->n) - 1].end;
}

/* the next stream, which a uint32 length goes before */
static const uint8_t *
take_stream(const char **at, const char *end, uint32 *length)
{
	const char *stream = *at + sizeof *length;

	if (end - *at < (ptrdiff_t) sizeof *length)
		corrupt("a stream is cut");
	memcpy(length, *at, sizeof *length);
	if (*length > (Size) (end - stream))
		corrupt("a stream is cut");
	*at = stream + *length;
	return (const uint8_t *) stream;
}

static void
decode_states(const char *at, const char *end, int count, text **states)
{
	uint64_t	offsets[CODEC_VECTOR + 1];

	for (int first = 0; first < count; first += CODEC_VECTOR)
	{
		int			n = Min(count - first, CODEC_VECTOR);
		uint32		length;
		const uint8_t *stream = take_stream(&at, end, &length);
		size_t		size;
		uint8_t    *data;

		if (codec_bytes_decoded_size(stream, length, n, &size) != CODEC_OK || size > MaxAllocSize)
			corrupt("its states do not decode");
		data = palloc_extended(size + 1, MCXT_ALLOC_HUGE);
		if (codec_bytes_decode(stream, length, n, data, size, offsets) != CODEC_OK)
			corrupt("its states do not decode");
		for (int s = 0; s < n; s++)
		{
			size_t		len = offsets[s + 1] - offsets[s];

			if (len > MaxAllocSize - VARHDRSZ)
				corrupt("a state is too long");
			states[first + s] = palloc(VARHDRSZ + len);
			SET_VARSIZE(states[first + s], VARHDRSZ + len);
			memcpy(VARDATA(states[first + s]), data + offsets[s], len);
		}
		pfree(data);
	}
	if (at != end)
		corrupt("its states do not decode");
}

/* from a part of the value to its end, within what is there; *copy is to be freed */
static const char *
read_part(SeriesReader *reader, uint32 offset, uint32 length, struct varlena **copy)
{
	*copy = NULL;
	if (reader->whole)
		return (const char *) reader->whole + offset;
	*copy = fetch_slice(reader->value, offset, length);
	return VARDATA(*copy);
}

static void
read_states(SeriesReader *reader)
{
	uint32		offset = sizeof(SeriesHeader) + reader->num_blocks * sizeof(SeriesBlock);
	uint32		length = reader->blocks[0].offset - offset;
	struct varlena *copy;
	const char *at = read_part(reader, offset, length, &copy);
	text	  **states = palloc_extended(reader->num_states * sizeof(text *), MCXT_ALLOC_HUGE);

	decode_states(at, at + length, reader->num_states, states);
	reader->states = states;
	if (copy)
		pfree(copy);
}

static void
check_block(const Series *series, int first, int n, const SeriesBlock *block)
{
	const TimestampTz *t = series->t + first;
	bool		ok = t[0] == block->start && t[n - 1] == block->end && all_increase(t, n);

	for (int d = 0; d < series->dims && series->kind != SERIES_STATE; d++)
		ok = ok && all_between(series->v[d] + first, n, block->min[d], block->max[d]);
	if (!ok)
		corrupt("a block is not what its entry says");
}

static void
decode_starts(const char **at, const char *end, Series *series, int first, int n)
{
	uint32		length;
	const uint8_t *stream;

	if (series->interpolation == SERIES_DISCRETE)
	{
		memset(series->starts + first, true, n);
		return;
	}
	stream = take_stream(at, end, &length);
	if (codec_bool_decode(stream, length, n, (uint8_t *) series->starts + first) != CODEC_OK)
		corrupt("a block does not decode");
}

/* a block's streams to the end of the series, which has room */
static void
decode_block(const char *at, const SeriesBlock *block, Series *series, int n)
{
	const char *end = at + block->length;
	int			first = series->n;
	uint32		length;
	const uint8_t *stream = take_stream(&at, end, &length);

	if (codec_int64_decode(stream, length, n, (int64_t *) series->t + first) != CODEC_OK)
		corrupt("a block does not decode");
	decode_starts(&at, end, series, first, n);
	if (series->kind == SERIES_STATE)
	{
		int64_t		codes[SERIES_BLOCK];

		stream = take_stream(&at, end, &length);
		if (codec_int64_decode(stream, length, n, codes) != CODEC_OK)
			corrupt("a block does not decode");
		for (int i = 0; i < n; i++)
		{
			if (codes[i] < 0 || codes[i] >= series->num_states)
				corrupt("a state has no name");
			series->codes[first + i] = (int32) codes[i];
		}
	}
	else
		for (int d = 0; d < series->dims; d++)
		{
			stream = take_stream(&at, end, &length);
			if (codec_float64_decode(stream, length, n, series->v[d] + first) != CODEC_OK)
				corrupt("a block does not decode");
		}
	if (at != end)
		corrupt("a block does not decode");
	check_block(series, first, n, block);
	series->n += n;
}

/* the instants of some consecutive blocks; that the first may not start a section says what is before them */
Series *
series_read(SeriesReader *reader, int first_block, int last_block)
{
	const SeriesBlock *blocks = reader->blocks;
	int			count = last_block - first_block + 1;
	int			n = Min(reader->n - first_block * SERIES_BLOCK, count * SERIES_BLOCK);
	uint32		offset = blocks[first_block].offset;
	Series	   *series;
	struct varlena *copy;
	const char *bytes;

	Assert(first_block >= 0 && count > 0 && last_block < reader->num_blocks);
	reader->blocks_read += count;
	if (reader->expanded)
		return series_copy(reader->expanded, first_block * SERIES_BLOCK, n);
	if (!reader->whole && reader->blocks_read > Max(FEW_BLOCKS, reader->num_blocks / 4))
		reader->whole = (struct varlena *) PG_DETOAST_DATUM(reader->value);
	if (reader->kind == SERIES_STATE && !reader->states)
		read_states(reader);
	series = series_new(reader->kind, reader->interpolation, reader->srid, reader->dims, n);
	series->num_states = reader->num_states;
	series->states = reader->states;
	bytes = read_part(reader, offset, blocks[last_block].offset + blocks[last_block].length - offset, &copy);
	for (int b = first_block; b <= last_block; b++)
		decode_block(bytes + (blocks[b].offset - offset), &blocks[b], series,
					 Min(reader->n - b * SERIES_BLOCK, SERIES_BLOCK));
	if (first_block == 0 && !series->starts[0])
		corrupt("its first section has no start");
	if (copy)
		pfree(copy);
	return series;
}

Series *
series_decode(Datum value)
{
	struct varlena *whole;
	SeriesReader *reader;
	Series	   *series;
	const Series *expanded = series_of_expanded(value);

	if (expanded)
		return series_copy(expanded, 0, expanded->n);
	whole = (struct varlena *) PG_DETOAST_DATUM(value);
	if (VARSIZE(whole) < sizeof(SeriesHeader))
		corrupt("it is too short");
	reader = series_open(PointerGetDatum(whole), ((SeriesHeader *) whole)->kind);
	series = series_read(reader, 0, reader->num_blocks - 1);
	pfree(reader);
	if (whole != (struct varlena *) DatumGetPointer(value))
		pfree(whole);
	return series;
}

/* the last block that starts at or before t, or -1 */
int
series_find_block(const SeriesReader *reader, TimestampTz t)
{
	int			low = 0,
				high = reader->num_blocks;

	while (low < high)
	{
		int			middle = (low + high) / 2;

		if (reader->blocks[middle].start <= t)
			low = middle + 1;
		else
			high = middle;
	}
	return low - 1;
}

/* ---- appending ---- */

/* the last block, where it is not full, with the tail behind it */
static Series *
join_tail(SeriesReader *reader, const Series *tail)
{
	int			partial = reader->n % SERIES_BLOCK;
	Series	   *series;
	int			last = reader->num_blocks - 1;

	if (partial)
		series = series_read(reader, last, last);
	else
	{
		if (reader->kind == SERIES_STATE)
			read_states(reader);
		series = series_new(tail->kind, tail->interpolation, tail->srid, tail->dims, tail->n);
		series->num_states = reader->num_states;
		series->states = reader->states;
	}
	series_reserve(series, series->n + tail->n);
	memcpy(series->t + series->n, tail->t, tail->n * sizeof(TimestampTz));
	memcpy(series->starts + series->n, tail->starts, tail->n * sizeof(bool));
	if (tail->kind == SERIES_STATE)
	{
		int32	   *map = palloc_extended(tail->num_states * sizeof(int32), MCXT_ALLOC_HUGE);

		for (int s = 0; s < tail->num_states; s++)
			map[s] = -1;
		for (int i = 0; i < tail->n; i++)
		{
			if (map[tail->codes[i]] < 0)
				map[tail->codes[i]] = series_state_code(series, tail->states[tail->codes[i]]);
			series->codes[series->n + i] = map[tail->codes[i]];
		}
		pfree(map);
	}
	else
		for (int d = 0; d < tail->dims; d++)
			memcpy(series->v[d] + series->n, tail->v[d], tail->n * sizeof(double));
	series->n += tail->n;
	return series;
}

/*
 * The value with a tail of later instants, whose first goes on with the value's
 * last section unless it starts one.  Full blocks are copied as they are.
 */
struct varlena *
series_append(Datum value, const Series *tail)
{
	SeriesReader *reader = series_open(PointerGetDatum(PG_DETOAST_DATUM(value)), tail->kind);
	int			num_kept = reader->n / SERIES_BLOCK;
	Series	   *series;
	int32	   *map = NULL;

	if (reader->interpolation != tail->interpolation)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("what is appended to a %s has its interpolation", series_type_name(tail->kind)),
						errdetail("It is %s, and what is appended %s.",
								  series_interpolation_name(reader->interpolation),
								  series_interpolation_name(tail->interpolation)),
						errhint("Make both with the same interpolation.")));
	series_check_space(tail, reader->srid, reader->dims);
	series_check(tail);
	if (tail->t[0] <= reader->end)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("what is appended to a %s comes after its end", series_type_name(tail->kind)),
						errdetail("The series ends at %s, and what is appended starts at %s.",
								  series_instant_text(reader->end), series_instant_text(tail->t[0])),
						errhint("Make the series anew, of rows in any order, with the aggregate %s(t, …).",
								series_type_name(tail->kind))));
	series_check_span(reader->start, tail->t[tail->n - 1], psprintf("a %s", series_type_name(tail->kind)));
	if ((int64) reader->n + tail->n > SERIES_MAX_INSTANTS)
		series_reserve(series_new(tail->kind, tail->interpolation, tail->srid, tail->dims, 1),
					   SERIES_MAX_INSTANTS + 1);
	series = join_tail(reader, tail);
	if (series->kind == SERIES_STATE)
	{
		map = palloc_extended(series->num_states * sizeof(int32), MCXT_ALLOC_HUGE);
		for (int s = 0; s < series->num_states; s++)
			map[s] = s;
	}
	return assemble(series, num_kept * SERIES_BLOCK + series->n, reader->blocks, num_kept,
					(const char *) reader->whole + reader->blocks[0].offset, map, series->states,
					series->num_states);
}
