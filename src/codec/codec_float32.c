/*
 * codec_float32.c
 *	  Floats: as decimals, or as integers bit by bit.
 *
 * As codec_float64.c, in double arithmetic: integer / 10^d, rounded to float,
 * gives the float that the decimal was read as.
 */
#include <math.h>

#include "codec/codec_bitpack.h"
#include "codec/codec_lanes.h"

/* on disk: never renumber */
enum
{
	FLOAT_BITS = 1,
	FLOAT_DECIMAL = 2,
	FLOAT_RAW = 4,
};

#define MAX_DECIMALS 10
#define SAMPLE 32
#define MAX_INTEGER 1099511627776.0		/* 2^40 */

size_t
codec_float32_bound(int n)
{
	return STREAM_START_MAX + 2 * VARINT_MAX + (size_t) n * 7 + codec_int64_bound(n);
}

static inline uint32_t
bits_of(float value)
{
	uint32_t	bits;

	memcpy(&bits, &value, sizeof bits);
	return bits;
}

static inline float
of_bits(uint32_t bits)
{
	float		value;

	memcpy(&value, &bits, sizeof value);
	return value;
}

static inline bool
is_decimal(float value, double power, int64_t *integer)
{
	double		scaled = (double) value * power;

	if (!(scaled > -MAX_INTEGER && scaled < MAX_INTEGER))
		return false;
	*integer = (int64_t) nearbyint(scaled);
	return bits_of((float) ((double) *integer / power)) == bits_of(value);
}

static int
choose_decimals(const float *values, int n)
{
	int			step = n > SAMPLE ? n / SAMPLE : 1;
	int			best = -1;
	int			best_kept = n > SAMPLE ? SAMPLE / 2 : n / 2;
	int			sampled = (n + step - 1) / step;

	for (int d = 0; d <= MAX_DECIMALS && best_kept < sampled; d++)
	{
		int			kept = 0;
		int64_t		integer;

		for (int i = 0; i < n; i += step)
			kept += is_decimal(values[i], codec_powers[d], &integer);
		if (kept > best_kept)
			best = d, best_kept = kept;
	}
	return best;
}

static uint8_t *
put_float(uint8_t *out, uint32_t bits)
{
	for (int b = 0; b < 4; b++)
		*out++ = (uint8_t) (bits >> 8 * b);
	return out;
}

static bool
take_float(Cursor *cursor, float *value)
{
	uint32_t	bits = 0;

	if (cursor_left(cursor) < 4)
		return false;
	for (int b = 0; b < 4; b++)
		bits |= (uint32_t) *cursor->at++ << 8 * b;
	*value = of_bits(bits);
	return true;
}

static size_t
encode_decimal(const float *values, int n, uint8_t *out)
{
	int			d = choose_decimals(values, n);
	int64_t		integers[CODEC_VECTOR];
	int			bad[CODEC_VECTOR];
	uint8_t    *at = out;
	int			exceptions = 0,
				last = 0;

	if (d < 0)
		return 0;
	for (int i = 0; i < n; i++)
		if (!is_decimal(values[i], codec_powers[d], &integers[i]))
		{
			bad[exceptions++] = i;
			integers[i] = i > 0 ? integers[i - 1] : 0;
		}
	if (exceptions > n / 2)
		return 0;
	at = put_start(at, FLOAT_DECIMAL, n);
	*at++ = (uint8_t) d;
	at = put_varint(at, (uint64_t) exceptions);
	for (int e = 0; e < exceptions; e++)
	{
		at = put_varint(at, (uint64_t) (bad[e] - last));
		at = put_float(at, bits_of(values[bad[e]]));
		last = bad[e];
	}
	at += codec_int64_encode(integers, n, at, codec_int64_bound(n));
	return (size_t) (at - out);
}

CODEC_CLONES static void
narrow(const double *doubles, int n, float *values)
{
	for (int i = 0; i < n; i++)
		values[i] = (float) doubles[i];
}

static bool
decode_decimal(Cursor *cursor, int n, float *values)
{
	int64_t		integers[CODEC_VECTOR];
	double		doubles[CODEC_VECTOR];
	uint64_t	exceptions,
				place = 0;
	uint8_t		d;
	Cursor		patches;

	if (!take_byte(cursor, &d) || d > MAX_DECIMALS || !take_varint(cursor, &exceptions) ||
		exceptions > (uint64_t) n)
		return false;
	patches = *cursor;
	for (uint64_t e = 0; e < exceptions; e++)
	{
		uint64_t	step;
		float		ignored;

		if (!take_varint(cursor, &step) || step >= (uint64_t) n - place || !take_float(cursor, &ignored))
			return false;
		place += step;
	}
	if (codec_int64_decode(cursor->at, cursor_left(cursor), n, integers) != CODEC_OK)
		return false;
	codec_decimals_to_doubles(integers, n, d, doubles);
	narrow(doubles, n, values);
	place = 0;
	for (uint64_t e = 0; e < exceptions; e++)
	{
		uint64_t	step;

		if (!take_varint(&patches, &step))
			return false;
		place += step;
		if (!take_float(&patches, &values[place]))
			return false;
	}
	return true;
}

/* 0 where n or cap is out of bounds */
size_t
codec_float32_encode(const float *values, int n, uint8_t *out, size_t cap)
{
	uint8_t		other[2 * STREAM_START_MAX + 2 * VARINT_MAX + PACKED_BOUND(CODEC_VECTOR)];
	int64_t		bits[CODEC_VECTOR];
	uint8_t    *at;
	size_t		size,
				best;

	if (n < 0 || n > CODEC_VECTOR || cap < codec_float32_bound(n))
		return 0;
	best = encode_decimal(values, n, out);
	if (best == 0 || best > (size_t) n || best < 32)
	{
		for (int i = 0; i < n; i++)
			bits[i] = (int32_t) bits_of(values[i]);
		at = put_start(other, FLOAT_BITS, n);
		at += codec_int64_encode(bits, n, at, codec_int64_bound(n));
		size = (size_t) (at - other);
		if (best == 0 || size < best)
			memcpy(out, other, best = size);
	}
	if (best > (size_t) n * 4 + 1 + varint_size((uint64_t) n))
	{
		at = put_start(out, FLOAT_RAW, n);
		for (int i = 0; i < n; i++)
			at = put_float(at, bits_of(values[i]));
		best = (size_t) (at - out);
	}
	return best;
}

static bool
decode_bits(Cursor *cursor, int n, float *values)
{
	int64_t		bits[CODEC_VECTOR];

	if (codec_int64_decode(cursor->at, cursor_left(cursor), n, bits) != CODEC_OK)
		return false;
	for (int i = 0; i < n; i++)
	{
		if (bits[i] < INT32_MIN || bits[i] > INT32_MAX)
			return false;
		values[i] = of_bits((uint32_t) bits[i]);
	}
	return true;
}

CodecStatus
codec_float32_decode(const uint8_t *in, size_t len, int n, float *values)
{
	Cursor		cursor = {in, in + len};
	uint8_t		encoding;
	bool		ok = false;

	if (n < 0 || n > CODEC_VECTOR || !take_start(&cursor, &encoding, n))
		return CODEC_CORRUPT;
	switch (encoding)
	{
		case FLOAT_BITS:
			ok = decode_bits(&cursor, n, values);
			break;
		case FLOAT_DECIMAL:
			ok = decode_decimal(&cursor, n, values);
			break;
		case FLOAT_RAW:
			ok = true;
			for (int i = 0; ok && i < n; i++)
				ok = take_float(&cursor, &values[i]);
			ok = ok && cursor.at == cursor.end;
			break;
	}
	return ok ? CODEC_OK : CODEC_CORRUPT;
}

const char *
codec_float32_name(const uint8_t *in, size_t len)
{
	Cursor		cursor = {in, in + len};
	uint8_t		encoding;
	uint64_t	n;

	if (!take_byte(&cursor, &encoding) || !take_varint(&cursor, &n))
		return "unknown";
	switch (encoding)
	{
		case FLOAT_BITS:
			return codec_int64_name(cursor.at, cursor_left(&cursor));
		case FLOAT_DECIMAL:
			return "decimal";
		case FLOAT_RAW:
			return "raw";
	}
	return "unknown";
}
