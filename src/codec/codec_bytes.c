/*
 * codec_bytes.c
 *	  Byte strings: constant, dictionary, zstd, raw.
 *
 * A stream begins with its decoded size, so that the caller can own the
 * memory.  Lengths, and codes into a dictionary, are integer streams, so fixed
 * lengths and sorted or rare values cost next to nothing.
 */
#include <stdlib.h>
#include <zstd.h>

#include "codec/codec_bitpack.h"

/* on disk: never renumber */
enum
{
	BYTES_EMPTY = 0,
	BYTES_CONSTANT = 1,			/* one value */
	BYTES_DICTIONARY = 2,		/* number, codes, then the values as a stream */
	BYTES_RAW = 3,				/* lengths, data */
	BYTES_ZSTD = 4,				/* lengths, zstd frame of the data */
};

#define MAX_DECODED ((uint64_t) 1 << 30)
#define ZSTD_LEVEL 3
#define ZSTD_MIN 64				/* bytes below which a frame does not pay */
#define SLOTS 4096				/* of the hash table; twice the values, so that probes are short */

static size_t
start_bound(void)
{
	return STREAM_START_MAX + VARINT_MAX;
}

size_t
codec_bytes_bound(int n, size_t data_len)
{
	/* a dictionary is chosen only where it is smaller than raw, but is tried in the same buffer */
	return 2 * (start_bound() + VARINT_MAX + codec_int64_bound(n)) + VARINT_MAX + ZSTD_compressBound(data_len) +
		data_len;
}

static size_t
encode_plain(const uint8_t *data, const uint64_t *offsets, int n, uint8_t *out, size_t cap)
{
	int64_t		lengths[CODEC_VECTOR];
	size_t		len = n > 0 ? offsets[n] : 0;
	uint8_t    *at;
	uint8_t    *encoding = out;
	uint8_t		stream[STREAM_START_MAX + 2 * VARINT_MAX + PACKED_BOUND(CODEC_VECTOR)];
	size_t		size,
				packed;

	for (int i = 0; i < n; i++)
		lengths[i] = (int64_t) (offsets[i + 1] - offsets[i]);
	at = put_varint(put_start(out, BYTES_RAW, n), len);
	size = codec_int64_encode(lengths, n, stream, sizeof stream);
	at = put_varint(at, size);
	memcpy(at, stream, size);
	at += size;
	if (len >= ZSTD_MIN)
	{
		packed = ZSTD_compress(at, cap - (size_t) (at - out), data, len, ZSTD_LEVEL);
		if (!ZSTD_isError(packed) && packed < len)
		{
			*encoding = BYTES_ZSTD;
			return (size_t) (at - out) + packed;
		}
	}
	if (len > 0)
		memcpy(at, data, len);
	return (size_t) (at - out) + len;
}

static uint64_t
hash_bytes(const uint8_t *data, size_t len)
{
	uint64_t	hash = len * UINT64_C(0x9e3779b97f4a7c15) + 1;

	for (; len >= 8; data += 8, len -= 8)
	{
		uint64_t	word;

		memcpy(&word, data, 8);
		hash = (hash ^ word) * UINT64_C(0xff51afd7ed558ccd);
		hash ^= hash >> 32;
	}
	for (; len > 0; data++, len--)
		hash = (hash ^ *data) * UINT64_C(0x100000001b3);
	hash ^= hash >> 29;
	return hash * UINT64_C(0xc4ceb9fe1a85ec53) >> 20;
}

/* codes of all values in order of first appearance; firsts[code] is where it appeared */
static int
number_values(const uint8_t *data, const uint64_t *offsets, int n, int64_t *codes, int *firsts)
{
	int16_t		slots[SLOTS];
	int			distinct = 0;

	memset(slots, -1, sizeof slots);
	for (int i = 0; i < n; i++)
	{
		const uint8_t *value = data + offsets[i];
		size_t		len = offsets[i + 1] - offsets[i];
		size_t		slot = hash_bytes(value, len) % SLOTS;

		for (;; slot = (slot + 1) % SLOTS)
		{
			int			code = slots[slot];
			int			first;

			if (code < 0)
			{
				slots[slot] = (int16_t) distinct;
				firsts[distinct] = i;
				codes[i] = distinct++;
				break;
			}
			first = firsts[code];
			if (offsets[first + 1] - offsets[first] == len && memcmp(data + offsets[first], value, len) == 0)
			{
				codes[i] = code;
				break;
			}
		}
	}
	return distinct;
}

/* 0 where there is no memory to gather the values in */
static size_t
encode_dictionary(const uint8_t *data, const uint64_t *offsets, int n, const int64_t *codes, const int *firsts,
				  int distinct, uint8_t *out, size_t cap)
{
	uint64_t	value_offsets[CODEC_VECTOR + 1];
	size_t		len = 0;
	uint8_t    *values;
	uint8_t    *at;
	uint8_t		stream[STREAM_START_MAX + 2 * VARINT_MAX + PACKED_BOUND(CODEC_VECTOR)];
	size_t		size;

	for (int v = 0; v < distinct; v++)
		len += offsets[firsts[v] + 1] - offsets[firsts[v]];
	values = malloc(len + 1);
	if (values == NULL)
		return 0;
	value_offsets[0] = 0;
	for (int v = 0; v < distinct; v++)
	{
		size_t		value_len = offsets[firsts[v] + 1] - offsets[firsts[v]];

		memcpy(values + value_offsets[v], data + offsets[firsts[v]], value_len);
		value_offsets[v + 1] = value_offsets[v] + value_len;
	}
	at = put_varint(put_start(out, BYTES_DICTIONARY, n), offsets[n]);
	at = put_varint(at, (uint64_t) distinct);
	size = codec_int64_encode(codes, n, stream, sizeof stream);
	at = put_varint(at, size);
	memcpy(at, stream, size);
	at += size;
	at += encode_plain(values, value_offsets, distinct, at, cap - (size_t) (at - out));
	free(values);
	return (size_t) (at - out);
}

/* 0 where n or cap is out of bounds */
size_t
codec_bytes_encode(const uint8_t *data, const uint64_t *offsets, int n, uint8_t *out, size_t cap)
{
	int64_t		codes[CODEC_VECTOR];
	int			firsts[CODEC_VECTOR];
	uint8_t    *other;
	size_t		size,
				best;
	int			distinct;

	if (n < 0 || n > CODEC_VECTOR || cap < codec_bytes_bound(n, n > 0 ? offsets[n] : 0))
		return 0;
	if (n == 0)
		return (size_t) (put_varint(put_start(out, BYTES_EMPTY, 0), 0) - out);
	distinct = number_values(data, offsets, n, codes, firsts);
	if (distinct == 1)
	{
		uint8_t    *at = put_varint(put_start(out, BYTES_CONSTANT, n), offsets[n]);
		size_t		len = offsets[1];

		if (len > 0)
			memcpy(at, data, len);
		return (size_t) (at - out) + len;
	}
	best = encode_plain(data, offsets, n, out, cap);
	if (distinct > n / 2)
		return best;
	other = malloc(cap);
	if (other == NULL)
		return best;
	size = encode_dictionary(data, offsets, n, codes, firsts, distinct, other, cap);
	if (size > 0 && size < best)
		memcpy(out, other, best = size);
	free(other);
	return best;
}

/* ---- back ---- */

static bool
take_bytes_start(Cursor *cursor, int n, uint8_t *encoding, uint64_t *size)
{
	return n >= 0 && n <= CODEC_VECTOR && take_start(cursor, encoding, n) && take_varint(cursor, size) &&
		*size < MAX_DECODED;
}

CodecStatus
codec_bytes_decoded_size(const uint8_t *in, size_t len, int n, size_t *data_len)
{
	Cursor		cursor = {in, in + len};
	uint8_t		encoding;
	uint64_t	size;

	if (!take_bytes_start(&cursor, n, &encoding, &size))
		return CODEC_CORRUPT;
	/* what the bytes at hand cannot become is refused before memory is asked for */
	if ((encoding == BYTES_RAW || encoding == BYTES_EMPTY) && size > len)
		return CODEC_CORRUPT;
	if ((encoding == BYTES_CONSTANT) && size != (uint64_t) n * cursor_left(&cursor))
		return CODEC_CORRUPT;
	*data_len = size;
	return CODEC_OK;
}

static bool
decode_lengths(Cursor *cursor, int n, uint64_t total, uint64_t *offsets)
{
	int64_t		lengths[CODEC_VECTOR];
	Cursor		part;

	if (!take_part(cursor, &part) || codec_int64_decode(part.at, cursor_left(&part), n, lengths) != CODEC_OK)
		return false;
	offsets[0] = 0;
	for (int i = 0; i < n; i++)
	{
		if (lengths[i] < 0 || (uint64_t) lengths[i] > total - offsets[i])
			return false;
		offsets[i + 1] = offsets[i] + (uint64_t) lengths[i];
	}
	return offsets[n] == total;
}

static bool
decode_plain(Cursor *cursor, uint8_t encoding, int n, uint8_t *data, uint64_t size, uint64_t *offsets)
{
	if (n == 0 || !decode_lengths(cursor, n, size, offsets))
		return false;
	if (encoding == BYTES_RAW)
	{
		if (cursor_left(cursor) != size)
			return false;
		if (size > 0)
			memcpy(data, cursor->at, size);
		return true;
	}
	return ZSTD_getFrameContentSize(cursor->at, cursor_left(cursor)) == size &&
		ZSTD_findFrameCompressedSize(cursor->at, cursor_left(cursor)) == cursor_left(cursor) &&
		ZSTD_decompress(data, size, cursor->at, cursor_left(cursor)) == size;
}

static bool
decode_dictionary(Cursor *cursor, int n, uint8_t *data, uint64_t size, uint64_t *offsets)
{
	int64_t		codes[CODEC_VECTOR];
	uint64_t	value_offsets[CODEC_VECTOR + 1];
	uint64_t	distinct,
				values_size;
	uint8_t		encoding;
	uint8_t    *values;
	Cursor		part;
	bool		ok = true;

	if (!take_varint(cursor, &distinct) || distinct > CODEC_VECTOR || !take_part(cursor, &part) ||
		codec_int64_decode(part.at, cursor_left(&part), n, codes) != CODEC_OK ||
		!take_bytes_start(cursor, (int) distinct, &encoding, &values_size) ||
		(encoding != BYTES_RAW && encoding != BYTES_ZSTD) || values_size > size)
		return false;
	values = malloc(values_size + 1);
	if (values == NULL)
		return false;
	ok = decode_plain(cursor, encoding, (int) distinct, values, values_size, value_offsets);
	offsets[0] = 0;
	for (int i = 0; ok && i < n; i++)
	{
		uint64_t	len;

		ok = codes[i] >= 0 && (uint64_t) codes[i] < distinct;
		if (!ok)
			break;
		len = value_offsets[codes[i] + 1] - value_offsets[codes[i]];
		ok = len <= size - offsets[i];
		if (!ok)
			break;
		memcpy(data + offsets[i], values + value_offsets[codes[i]], len);
		offsets[i + 1] = offsets[i] + len;
	}
	free(values);
	return ok && offsets[n] == size;
}

static bool
decode_constant(Cursor *cursor, int n, uint8_t *data, uint64_t size, uint64_t *offsets)
{
	size_t		len = cursor_left(cursor);

	if (n == 0 || size != (uint64_t) n * len)
		return false;
	offsets[0] = 0;
	for (int i = 0; i < n; i++)
	{
		if (len > 0)
			memcpy(data + offsets[i], cursor->at, len);
		offsets[i + 1] = offsets[i] + len;
	}
	return true;
}

CodecStatus
codec_bytes_decode(const uint8_t *in, size_t len, int n, uint8_t *data, size_t data_cap, uint64_t *offsets)
{
	Cursor		cursor = {in, in + len};
	uint8_t		encoding;
	uint64_t	size;
	bool		ok = false;

	if (!take_bytes_start(&cursor, n, &encoding, &size))
		return CODEC_CORRUPT;
	if (size > data_cap)
		return CODEC_NO_SPACE;
	switch (encoding)
	{
		case BYTES_EMPTY:
			offsets[0] = 0;
			ok = n == 0 && size == 0 && cursor.at == cursor.end;
			break;
		case BYTES_CONSTANT:
			ok = decode_constant(&cursor, n, data, size, offsets);
			break;
		case BYTES_DICTIONARY:
			ok = decode_dictionary(&cursor, n, data, size, offsets);
			break;
		case BYTES_RAW:
		case BYTES_ZSTD:
			ok = decode_plain(&cursor, encoding, n, data, size, offsets);
			break;
	}
	return ok ? CODEC_OK : CODEC_CORRUPT;
}

const char *
codec_bytes_name(const uint8_t *in, size_t len)
{
	static const char *const names[] = {"empty", "constant", "dictionary", "raw", "zstd"};

	return len > 0 && in[0] <= BYTES_ZSTD ? names[in[0]] : "unknown";
}
