/*
 * codec_bool.c
 *	  Booleans and null flags: constant, bitmap or runs.
 */
#include "codec/codec_bitpack.h"

/* on disk: never renumber */
enum
{
	BOOL_CONSTANT = 1,			/* the value */
	BOOL_BITMAP = 2,
	BOOL_RUNS = 3,				/* the first value; lengths - 1 of the runs as an integer stream */
};

size_t
codec_bool_bound(int n)
{
	return STREAM_START_MAX + 1 + VARINT_MAX + ((size_t) n + 7) / 8;
}

static uint8_t *
put_bitmap(uint8_t *out, const uint8_t *values, int n)
{
	for (int i = 0; i < n; i += 8)
	{
		uint8_t		byte = 0;

		for (int b = 0; b < 8 && i + b < n; b++)
			byte |= (uint8_t) ((values[i + b] != 0) << b);
		*out++ = byte;
	}
	return out;
}

/* 0 where runs come out no smaller than limit */
static size_t
encode_runs(const uint8_t *values, int n, int runs, size_t limit, uint8_t *out)
{
	int64_t		lengths[CODEC_VECTOR];
	uint8_t		stream[2 * STREAM_START_MAX + 2 * VARINT_MAX + 1 + VARINT_MAX + PACKED_BOUND(CODEC_VECTOR)];
	uint8_t    *at = put_start(stream, BOOL_RUNS, n);
	int			r = 0;

	lengths[0] = 0;
	for (int i = 1; i < n; i++)
	{
		if ((values[i] != 0) == (values[i - 1] != 0))
			lengths[r]++;
		else
			lengths[++r] = 0;
	}
	*at++ = values[0] != 0;
	at = put_varint(at, (uint64_t) runs);
	at += codec_int64_encode(lengths, runs, at, codec_int64_bound(runs));
	if ((size_t) (at - stream) >= limit)
		return 0;
	memcpy(out, stream, (size_t) (at - stream));
	return (size_t) (at - stream);
}

/* 0 where n or cap is out of bounds */
size_t
codec_bool_encode(const uint8_t *values, int n, uint8_t *out, size_t cap)
{
	size_t		bitmap_size = 1 + varint_size((uint64_t) n) + ((size_t) n + 7) / 8;
	uint8_t    *at;
	int			runs = 1;

	if (n < 0 || n > CODEC_VECTOR || cap < codec_bool_bound(n))
		return 0;
	for (int i = 1; i < n; i++)
		runs += (values[i] != 0) != (values[i - 1] != 0);
	if (runs == 1)
	{
		at = put_start(out, BOOL_CONSTANT, n);
		*at++ = n > 0 && values[0] != 0;
		return (size_t) (at - out);
	}
	if (runs <= n / 8)
	{
		size_t		size = encode_runs(values, n, runs, bitmap_size, out);

		if (size > 0)
			return size;
	}
	at = put_bitmap(put_start(out, BOOL_BITMAP, n), values, n);
	return (size_t) (at - out);
}

/* a byte's bits as eight bytes of 0 or 1 */
static inline void
spread_bits(uint8_t byte, uint8_t *values)
{
	uint64_t	spread = (uint64_t) byte * UINT64_C(0x0101010101010101) & UINT64_C(0x8040201008040201);

	/* adding 127 carries into a byte's highest bit where some bit is set */
	spread = (spread + UINT64_C(0x7f7f7f7f7f7f7f7f)) >> 7 & UINT64_C(0x0101010101010101);
	for (int b = 0; b < 8; b++)
		values[b] = (uint8_t) (spread >> 8 * b);
}

static bool
decode_bitmap(Cursor *cursor, int n, uint8_t *values)
{
	if (cursor_left(cursor) != ((size_t) n + 7) / 8)
		return false;
	for (int i = 0; i + 8 <= n; i += 8)
		spread_bits(cursor->at[i / 8], values + i);
	for (int i = n & ~7; i < n; i++)
		values[i] = cursor->at[i / 8] >> (i % 8) & 1;
	/* the last byte's spare bits say nothing, so they are zero */
	return n % 8 == 0 || cursor->at[n / 8] >> (n % 8) == 0;
}

static bool
decode_runs(Cursor *cursor, int n, uint8_t *values)
{
	int64_t		lengths[CODEC_VECTOR];
	uint64_t	runs;
	uint8_t		value;
	int			at = 0;

	if (!take_byte(cursor, &value) || value > 1 || !take_varint(cursor, &runs) || runs > (uint64_t) n ||
		codec_int64_decode(cursor->at, cursor_left(cursor), (int) runs, lengths) != CODEC_OK)
		return false;
	for (int r = 0; r < (int) runs; r++, value = !value)
	{
		if (lengths[r] < 0 || lengths[r] >= n - at)
			return false;
		memset(values + at, value, (size_t) lengths[r] + 1);
		at += (int) lengths[r] + 1;
	}
	return at == n;
}

CodecStatus
codec_bool_decode(const uint8_t *in, size_t len, int n, uint8_t *values)
{
	Cursor		cursor = {in, in + len};
	uint8_t		encoding,
				value;
	bool		ok = false;

	if (n < 0 || n > CODEC_VECTOR || !take_start(&cursor, &encoding, n))
		return CODEC_CORRUPT;
	switch (encoding)
	{
		case BOOL_CONSTANT:
			ok = take_byte(&cursor, &value) && value <= 1 && cursor.at == cursor.end;
			if (ok)
				memset(values, value, (size_t) n);
			break;
		case BOOL_BITMAP:
			ok = decode_bitmap(&cursor, n, values);
			break;
		case BOOL_RUNS:
			ok = decode_runs(&cursor, n, values);
			break;
	}
	return ok ? CODEC_OK : CODEC_CORRUPT;
}

const char *
codec_bool_name(const uint8_t *in, size_t len)
{
	static const char *const names[] = {"unknown", "constant", "bitmap", "run-length"};

	return len > 0 && in[0] <= BOOL_RUNS ? names[in[0]] : names[0];
}
