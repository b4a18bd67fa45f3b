/*
 * codec_float64.c
 *	  Doubles: as decimals, as split bit patterns, or as integers bit by bit.
 *
 * Most measured doubles are decimals: integer / 10^d for a small d.  Division
 * is correctly rounded, so integer / 10^d gives the double that the decimal was
 * read as, and the integers go through the integer codec (deltas included).
 * What does not come back bit for bit is an exception, kept whole.  Real
 * doubles share their leading bits: a dictionary of 8 leading patterns and the
 * rest as it is (the idea of ALP-rd).  The method is that of Afroozeh, Kuffo
 * and Boncz, "ALP: Adaptive Lossless floating-Point Compression" (2023), with
 * division in place of their inverse factors.
 */
#include <math.h>

#include "codec/codec_bitpack.h"
#include "codec/codec_lanes.h"

/* on disk: never renumber */
enum
{
	FLOAT_BITS = 1,				/* bit patterns as an integer stream */
	FLOAT_DECIMAL = 2,			/* d, exceptions, integers as a stream */
	FLOAT_SPLIT = 3,			/* leading bits by dictionary, the rest packed */
	FLOAT_RAW = 4,
};

#define SAMPLE 32
#define MAX_INTEGER 9007199254740992.0	/* 2^53 */
#define DICTIONARY 8
#define DICTIONARY_BITS 3
#define MAX_LEADING 16

size_t
codec_float64_bound(int n)
{
	return STREAM_START_MAX + 2 * VARINT_MAX + (size_t) n * 8 + codec_int64_bound(n);
}

static inline uint64_t
bits_of(double value)
{
	uint64_t	bits;

	memcpy(&bits, &value, sizeof bits);
	return bits;
}

/* ---- decimals ---- */

static inline bool
is_decimal(double value, double power, int64_t *integer)
{
	double		scaled = value * power;

	if (!(scaled > -MAX_INTEGER && scaled < MAX_INTEGER))
		return false;
	*integer = (int64_t) nearbyint(scaled);
	return bits_of((double) *integer / power) == bits_of(value);
}

/* the fewest decimals that keep the most of a sample; -1 where few are decimals at all */
static int
choose_decimals(const double *values, int n)
{
	int			step = n > SAMPLE ? n / SAMPLE : 1;
	int			best = -1;
	int			best_kept = n > SAMPLE ? SAMPLE / 2 : n / 2;
	int			sampled = 0;

	for (int i = 0; i < n; i += step)
		sampled++;
	for (int d = 0; d <= CODEC_MAX_DECIMALS && best_kept < sampled; d++)
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

/* integers of all values, an exception's being its neighbour's; returns the exceptions */
CODEC_CLONES static int
to_decimal(const double *values, int n, double power, int64_t *integers, uint8_t *bad)
{
	int			exceptions = 0;

	for (int i = 0; i < n; i++)
	{
		double		scaled = values[i] * power;
		bool		in_range = scaled > -MAX_INTEGER && scaled < MAX_INTEGER;
		double		rounded = in_range ? scaled + 6755399441055744.0 - 6755399441055744.0 : 0;
		double		back;

		if (in_range && (scaled > 2251799813685248.0 || scaled < -2251799813685248.0))
			rounded = nearbyint(scaled);	/* the addition rounds only up to 2^51 */
		back = rounded / power;
		integers[i] = (int64_t) rounded;
		bad[i] = memcmp(&back, &values[i], sizeof back) != 0;
		exceptions += bad[i];
	}
	return exceptions;
}

static void
fill_exceptions(int64_t *integers, const uint8_t *bad, int n)
{
	int64_t		last = 0;

	for (int i = 0; i < n; i++)
		if (!bad[i])
		{
			last = integers[i];
			break;
		}
	for (int i = 0; i < n; i++)
	{
		if (bad[i])
			integers[i] = last;
		last = integers[i];
	}
}

static uint8_t *
put_double(uint8_t *out, uint64_t bits)
{
	for (int b = 0; b < 8; b++)
		*out++ = (uint8_t) (bits >> 8 * b);
	return out;
}

static bool
take_double(Cursor *cursor, double *value)
{
	uint64_t	bits = 0;

	if (cursor_left(cursor) < 8)
		return false;
	for (int b = 0; b < 8; b++)
		bits |= (uint64_t) *cursor->at++ << 8 * b;
	memcpy(value, &bits, sizeof bits);
	return true;
}

/* 0 where decimals do not pay */
static size_t
encode_decimal(const double *values, int n, uint8_t *out)
{
	int			d = choose_decimals(values, n);
	int64_t		integers[CODEC_VECTOR];
	uint8_t		bad[CODEC_VECTOR];
	uint8_t    *at = out;
	int			exceptions,
				last = 0;

	if (d < 0)
		return 0;
	exceptions = to_decimal(values, n, codec_powers[d], integers, bad);
	if (exceptions > n / 2)
		return 0;
	fill_exceptions(integers, bad, n);
	at = put_start(at, FLOAT_DECIMAL, n);
	*at++ = (uint8_t) d;
	at = put_varint(at, (uint64_t) exceptions);
	for (int i = 0; i < n && exceptions > 0; i++)
		if (bad[i])
		{
			at = put_varint(at, (uint64_t) (i - last));
			at = put_double(at, bits_of(values[i]));
			last = i;
		}
	at += codec_int64_encode(integers, n, at, codec_int64_bound(n));
	return (size_t) (at - out);
}

static bool
decode_decimal(Cursor *cursor, int n, double *values)
{
	int64_t		integers[CODEC_VECTOR];
	uint64_t	exceptions;
	uint8_t		d;
	Cursor		patches;
	uint64_t	at = 0;
	double		ignored;

	if (!take_byte(cursor, &d) || d > CODEC_MAX_DECIMALS || !take_varint(cursor, &exceptions) ||
		exceptions > (uint64_t) n)
		return false;
	patches = *cursor;
	for (uint64_t e = 0; e < exceptions; e++)
	{
		uint64_t	step;

		if (!take_varint(cursor, &step) || step >= (uint64_t) n - at || !take_double(cursor, &ignored))
			return false;
		at += step;
	}
	if (codec_int64_decode(cursor->at, cursor_left(cursor), n, integers) != CODEC_OK)
		return false;
	codec_decimals_to_doubles(integers, n, d, values);
	at = 0;
	for (uint64_t e = 0; e < exceptions; e++)
	{
		uint64_t	step;

		if (!take_varint(&patches, &step))
			return false;
		at += step;
		if (!take_double(&patches, &values[at]))
			return false;
	}
	return true;
}

/* ---- split patterns ---- */

typedef struct Split
{
	int			leading;		/* bits */
	int			nentries;
	uint64_t	entries[DICTIONARY];
	int			exceptions;
} Split;

static int
find_entry(const Split *split, uint64_t pattern)
{
	for (int e = 0; e < split->nentries; e++)
		if (split->entries[e] == pattern)
			return e;
	return -1;
}

/* the most frequent leading patterns of a sample, and the sample's exceptions */
static void
plan_split(const uint64_t *bits, int n, int leading, Split *split)
{
	uint64_t	patterns[SAMPLE * 4];
	int			counts[SAMPLE * 4];
	int			npatterns = 0;
	int			sampled = 0;
	int			step = n > SAMPLE * 4 ? (n + SAMPLE * 4 - 1) / (SAMPLE * 4) : 1;

	for (int i = 0; i < n; i += step)
	{
		uint64_t	pattern = bits[i] >> (64 - leading);
		int			p = 0;

		while (p < npatterns && patterns[p] != pattern)
			p++;
		if (p == npatterns)
		{
			patterns[npatterns] = pattern;
			counts[npatterns++] = 0;
		}
		counts[p]++;
		sampled++;
	}
	split->leading = leading;
	split->nentries = 0;
	split->exceptions = sampled;
	while (split->nentries < DICTIONARY && split->nentries < npatterns)
	{
		int			most = 0;

		for (int p = 1; p < npatterns; p++)
			if (counts[p] > counts[most])
				most = p;
		split->entries[split->nentries++] = patterns[most];
		split->exceptions -= counts[most];
		counts[most] = 0;
	}
}

static size_t
encode_split(const uint64_t *bits, int n, uint8_t *out)
{
	uint64_t	codes[CODEC_VECTOR];
	int64_t		wrong[CODEC_VECTOR];	/* patterns that the dictionary lacks */
	uint8_t		bad[CODEC_VECTOR];
	uint8_t    *at = out;
	Split		best = {0};
	double		best_bits = 64;
	int			exceptions = 0,
				last = 0;

	for (int leading = 4; leading <= MAX_LEADING; leading++)
	{
		Split		split;
		int			sampled = n > SAMPLE * 4 ? n / ((n + SAMPLE * 4 - 1) / (SAMPLE * 4)) : n;
		double		value_bits;

		plan_split(bits, n, leading, &split);
		value_bits = 64 - leading + DICTIONARY_BITS + 24.0 * split.exceptions / sampled;
		if (value_bits < best_bits)
			best = split, best_bits = value_bits;
	}
	if (best.leading == 0)
		return 0;
	for (int i = 0; i < n; i++)
	{
		int			entry = find_entry(&best, bits[i] >> (64 - best.leading));

		bad[i] = entry < 0;
		codes[i] = entry < 0 ? 0 : (uint64_t) entry;
		if (bad[i])
			wrong[exceptions++] = (int64_t) (bits[i] >> (64 - best.leading));
	}
	if ((size_t) exceptions * 24 + (size_t) n * (64 - best.leading + DICTIONARY_BITS) >= (size_t) n * 64)
		return 0;
	at = put_start(at, FLOAT_SPLIT, n);
	*at++ = (uint8_t) best.leading;
	*at++ = (uint8_t) best.nentries;
	for (int e = 0; e < best.nentries; e++)
		at = put_varint(at, best.entries[e]);
	at = put_varint(at, (uint64_t) exceptions);
	for (int i = 0, e = 0; i < n && e < exceptions; i++)
		if (bad[i])
		{
			at = put_varint(at, (uint64_t) (i - last));
			at = put_varint(at, (uint64_t) wrong[e++]);
			last = i;
		}
	at = put_bits(at, codes, n, DICTIONARY_BITS);
	at = put_bits(at, bits, n, 64 - best.leading);
	return (size_t) (at - out);
}

static bool
decode_split(Cursor *cursor, int n, double *values)
{
	uint64_t	bits[CODEC_VECTOR];
	uint64_t	codes[CODEC_VECTOR];
	uint64_t	entries[DICTIONARY] = {0};
	uint64_t	exceptions,
				place = 0;
	uint8_t		leading,
				nentries;
	Cursor		patches;

	if (!take_byte(cursor, &leading) || leading < 1 || leading > MAX_LEADING ||
		!take_byte(cursor, &nentries) || nentries > DICTIONARY)
		return false;
	for (int e = 0; e < nentries; e++)
		if (!take_varint(cursor, &entries[e]) || entries[e] >> leading != 0)
			return false;
	if (!take_varint(cursor, &exceptions) || exceptions > (uint64_t) n)
		return false;
	patches = *cursor;
	for (uint64_t e = 0; e < exceptions; e++)
	{
		uint64_t	step,
					pattern;

		if (!take_varint(cursor, &step) || step >= (uint64_t) n - place || !take_varint(cursor, &pattern) ||
			pattern >> leading != 0)
			return false;
		place += step;
	}
	if (!take_bits(cursor, codes, n, DICTIONARY_BITS) || !take_bits(cursor, bits, n, 64 - leading) ||
		cursor->at != cursor->end)
		return false;
	for (int i = 0; i < n; i++)
		bits[i] |= entries[codes[i]] << (64 - leading);
	place = 0;
	for (uint64_t e = 0; e < exceptions; e++)
	{
		uint64_t	step,
					pattern;

		if (!take_varint(&patches, &step) || !take_varint(&patches, &pattern))
			return false;
		place += step;
		bits[place] = (bits[place] & (UINT64_MAX >> leading)) | pattern << (64 - leading);
	}
	memcpy(values, bits, sizeof(double) * n);
	return true;
}

/* ---- all ---- */

static size_t
encode_raw(const double *values, int n, uint8_t *out)
{
	uint8_t    *at = put_start(out, FLOAT_RAW, n);

	for (int i = 0; i < n; i++)
		at = put_double(at, bits_of(values[i]));
	return (size_t) (at - out);
}

static bool
decode_raw(Cursor *cursor, int n, double *values)
{
	for (int i = 0; i < n; i++)
		if (!take_double(cursor, &values[i]))
			return false;
	return cursor->at == cursor->end;
}

/* 0 where n or cap is out of bounds */
size_t
codec_float64_encode(const double *values, int n, uint8_t *out, size_t cap)
{
	uint8_t		other[STREAM_START_MAX + 2 * VARINT_MAX + CODEC_VECTOR * 8 + STREAM_START_MAX + 2 * VARINT_MAX +
					  PACKED_BOUND(CODEC_VECTOR)];
	int64_t		bits[CODEC_VECTOR];
	uint8_t    *at;
	size_t		size,
				best;

	if (n < 0 || n > CODEC_VECTOR || cap < codec_float64_bound(n))
		return 0;
	best = encode_decimal(values, n, out);
	/* decimals that took under half of the raw size are not beaten by bit patterns, save constants and runs */
	memcpy(bits, values, sizeof(double) * n);
	if (best == 0 || best > (size_t) n * 3 || best < 32)
	{
		at = put_start(other, FLOAT_BITS, n);
		at += codec_int64_encode(bits, n, at, codec_int64_bound(n));
		size = (size_t) (at - other);
		if (best == 0 || size < best)
			memcpy(out, other, best = size);
		if (best > (size_t) n * 5)
		{
			size = encode_split((uint64_t *) bits, n, other);
			if (size > 0 && size < best)
				memcpy(out, other, best = size);
		}
	}
	if (best > (size_t) n * 8 + 1 + varint_size((uint64_t) n))
		best = encode_raw(values, n, out);
	return best;
}

CodecStatus
codec_float64_decode(const uint8_t *in, size_t len, int n, double *values)
{
	Cursor		cursor = {in, in + len};
	uint8_t		encoding;
	bool		ok = false;

	if (n < 0 || n > CODEC_VECTOR || !take_start(&cursor, &encoding, n))
		return CODEC_CORRUPT;
	switch (encoding)
	{
		case FLOAT_BITS:
			return codec_int64_decode(cursor.at, cursor_left(&cursor), n, (int64_t *) values);
		case FLOAT_DECIMAL:
			ok = decode_decimal(&cursor, n, values);
			break;
		case FLOAT_SPLIT:
			ok = decode_split(&cursor, n, values);
			break;
		case FLOAT_RAW:
			ok = decode_raw(&cursor, n, values);
			break;
	}
	return ok ? CODEC_OK : CODEC_CORRUPT;
}

const char *
codec_float64_name(const uint8_t *in, size_t len)
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
		case FLOAT_SPLIT:
			return "split doubles";
		case FLOAT_RAW:
			return "raw";
	}
	return "unknown";
}
