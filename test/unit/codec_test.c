/*
 * codec_test.c
 *	  Encode, decode, compare, over many distributions; then hostile streams.
 *
 * Each case is one distribution at one size.  Truncated and flipped streams
 * must end in an error or in some n values, never in a crash: build with
 * sanitizers (make check does) to see reads and writes out of bounds.
 */
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "codec/codec.h"
#include "codec/codec_lanes.h"
#include "codec/codec_summary.h"

static int	passed,
			failed;
static uint64_t seed = 42;

static uint64_t
next_random(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed;
}

static void
check(bool ok, const char *what, int distribution, int n)
{
	if (ok)
		passed++;
	else
	{
		failed++;
		printf("not ok: %s, distribution %d, %d values\n", what, distribution, n);
	}
}

/* a stream cut short, lengthened, flipped or asked for another number never crashes, and a cut one is refused */
#define HOSTILE(name, type) \
static bool \
hostile_##name(const uint8_t *stream, size_t len, int n) \
{ \
	type	   *values = malloc(sizeof(type) * (CODEC_VECTOR + 1)); \
	bool		ok = true; \
 \
	for (size_t cut = 0; cut < len; cut += 1 + len / 50) \
	{ \
		uint8_t    *exact = malloc(cut + 1); \
 \
		memcpy(exact, stream, cut); \
		ok = ok && codec_##name##_decode(exact, cut, n, values) == CODEC_CORRUPT; \
		free(exact); \
	} \
	for (int i = 0; i < 200; i++) \
	{ \
		uint8_t    *flipped = malloc(len); \
 \
		memcpy(flipped, stream, len); \
		for (int flips = next_random() % 4; flips >= 0; flips--) \
			flipped[next_random() % len] = (uint8_t) next_random(); \
		(void) codec_##name##_decode(flipped, len, n, values); \
		free(flipped); \
	} \
	ok = ok && (n == CODEC_VECTOR || codec_##name##_decode(stream, len, n + 1, values) == CODEC_CORRUPT); \
	ok = ok && (n == 0 || codec_##name##_decode(stream, len, n - 1, values) == CODEC_CORRUPT); \
	free(values); \
	return ok; \
}

HOSTILE(int64, int64_t)
HOSTILE(float64, double)
HOSTILE(float32, float)
HOSTILE(bool, uint8_t)

static const int sizes[] = {0, 1, 2, 3, 7, 8, 127, 128, 129, 255, 256, 1000, 2047, 2048};

#define NSIZES ((int) (sizeof sizes / sizeof sizes[0]))

#define ROUND_TRIP(name, type, distribution, n, values) \
do { \
	size_t		bound = codec_##name##_bound(n); \
	uint8_t    *stream = malloc(bound); \
	type	   *back = malloc(sizeof(type) * (n + 1)); \
	size_t		len = codec_##name##_encode(values, n, stream, bound); \
 \
	check(len > 0 && len <= bound, #name " fits its bound", distribution, n); \
	check(codec_##name##_decode(stream, len, n, back) == CODEC_OK && \
		  memcmp(back, values, sizeof(type) * n) == 0, #name " identity", distribution, n); \
	check(hostile_##name(stream, len, n), #name " hostile", distribution, n); \
	check(strcmp(codec_##name##_name(stream, len), "unknown") != 0, #name " has a name", distribution, n); \
	free(stream); \
	free(back); \
} while (0)

#define INT_DISTRIBUTIONS 16

static int64_t
make_int(int distribution, int i, int64_t previous)
{
	switch (distribution)
	{
		case 0:
			return 7;
		case 1:
			return INT64_MIN + (int64_t) i * 60000000;
		case 2:
			return (int64_t) next_random();
		case 3:
			return (int64_t) (next_random() % 100);
		case 4:
			return previous + (int64_t) (next_random() % 7) - 3;
		case 5:
			return i % 2 ? INT64_MAX : INT64_MIN;
		case 6:
			return i / 100;
		case 7:
			return next_random() % 50 ? 5 : (int64_t) next_random();
		case 8:
			return (int64_t) i * i;
		case 9:
			return (int64_t) (UINT64_C(1) << (i % 64));
		case 10:
			return -(int64_t) i * 1000 + (i % 97 == 0);
		case 11:
			return i % 300 < 2 ? INT64_MAX : 0;
		case 12:
			return (int64_t) (next_random() >> (next_random() % 64));
		case 13:
			return previous + (next_random() % 20 == 0 ? 1000000 : 1);
		case 14:
			return next_random() % 2 ? -1 : 0;
		default:
			return INT64_MAX - i;
	}
}

static void
test_int64(void)
{
	int64_t		values[CODEC_VECTOR];

	for (int d = 0; d < INT_DISTRIBUTIONS; d++)
		for (int s = 0; s < NSIZES; s++)
		{
			int64_t		previous = 1000;

			for (int i = 0; i < sizes[s]; i++)
				previous = values[i] = make_int(d, i, previous);
			ROUND_TRIP(int64, int64_t, d, sizes[s], values);
		}
}

#define FLOAT_DISTRIBUTIONS 14

static double
make_float(int distribution, int i, double previous)
{
	uint64_t	bits = next_random();
	double		any;

	memcpy(&any, &bits, sizeof any);
	switch (distribution)
	{
		case 0:
			return 21.5;
		case 1:
			return (double) (int) (next_random() % 1000) / 10;
		case 2:
			return any;
		case 3:
			return (double) next_random() / 1.8446744073709552e19;
		case 4:
			return i % 3 == 0 ? NAN : i % 3 == 1 ? -0.0 : INFINITY;
		case 5:
			return previous + (double) (next_random() % 11) / 1000;
		case 6:
			return next_random() % 20 ? (double) (next_random() % 100) / 100 : any;
		case 7:
			return (double) (i / 50);
		case 8:
			return i % 2 ? DBL_MAX : DBL_MIN / 4;
		case 9:
			return sin(i / 100.0);
		case 10:
			return (double) (int64_t) next_random();
		case 11:
			return 9007199254740992.0 + i;
		case 12:
			return 4503599627370496.0 / 3 + i * 0.001;
		default:
			return i % 100 == 99 ? -0.0 : 0.0;
	}
}

static void
test_floats(void)
{
	double		doubles[CODEC_VECTOR];
	float		floats[CODEC_VECTOR];

	for (int d = 0; d < FLOAT_DISTRIBUTIONS; d++)
		for (int s = 0; s < NSIZES; s++)
		{
			double		previous = 0;

			for (int i = 0; i < sizes[s]; i++)
			{
				previous = doubles[i] = make_float(d, i, previous);
				floats[i] = (float) doubles[i];
			}
			ROUND_TRIP(float64, double, d, sizes[s], doubles);
			if (d == 2)
				for (int i = 0; i < sizes[s]; i++)
				{
					uint32_t	bits = (uint32_t) next_random();

					memcpy(&floats[i], &bits, sizeof bits);
				}
			ROUND_TRIP(float32, float, d, sizes[s], floats);
		}
}

static void
test_sign_extend(void)
{
	int64_t		values[CODEC_VECTOR],
				originals[CODEC_VECTOR];
	bool		ok = true;

	for (int i = 0; i < CODEC_VECTOR; i++)
		originals[i] = values[i] = (int64_t) (next_random() >> i % 64);
	codec_sign_extend(values, CODEC_VECTOR, 32);
	for (int i = 0; i < CODEC_VECTOR; i++)
		ok = ok && values[i] == (int32_t) originals[i];
	memcpy(values, originals, sizeof values);
	codec_sign_extend(values, CODEC_VECTOR, 16);
	for (int i = 0; i < CODEC_VECTOR; i++)
		ok = ok && values[i] == (int16_t) originals[i];
	check(ok, "signs are extended", 0, CODEC_VECTOR);
}

/* a stride that a stream is said to have is that of its values; streams that have one say so, unless they are cut or of another number */
static void
test_stride(void)
{
	for (int d = 0; d < INT_DISTRIBUTIONS; d++)
		for (int s = 0; s < NSIZES; s++)
		{
			int			n = sizes[s];
			int64_t		values[CODEC_VECTOR];
			uint8_t		stream[CODEC_VECTOR * 16 + 1024];
			size_t		len;
			int64_t		first,
						stride;
			bool		even = n > 0;
			bool		said;
			bool		ok = true;

			for (int i = 0; i < n; i++)
				values[i] = make_int(d, i, i > 0 ? values[i - 1] : 1000);
			for (int i = 2; i < n; i++)
				even = even && (uint64_t) values[i] - (uint64_t) values[i - 1] == (uint64_t) values[1] - (uint64_t) values[0];
			len = codec_int64_encode(values, n, stream, sizeof stream);
			said = codec_int64_stride(stream, len, n, &first, &stride);
			for (int i = 0; said && i < n; i++)
				ok = ok && values[i] == (int64_t) ((uint64_t) first + (uint64_t) i * (uint64_t) stride);
			for (size_t cut = 0; cut < len && cut < 64; cut++)
				ok = ok && !codec_int64_stride(stream, cut, n, &first, &stride);
			ok = ok && !codec_int64_stride(stream, len, n + 1, &first, &stride) &&
				!codec_int64_stride(stream, len, -1, &first, &stride) && !codec_int64_stride(stream, len, CODEC_VECTOR + 1, &first, &stride);
			check(len > 0 && said == even && ok, "a stride is known", d, n);
		}
}

/* the quotients that division gives, of integers near every power of two, of few digits and of many */
static void
test_decimals(void)
{
	int64_t		integers[CODEC_VECTOR];
	double		values[CODEC_VECTOR];

	for (int d = 0; d <= CODEC_MAX_DECIMALS; d++)
		for (int round = 0; round < 200; round++)
		{
			int			n = 1 + (int) (next_random() % CODEC_VECTOR);
			int			bits = round < 64 ? round : (int) (next_random() % 52);
			bool		ok = true;

			for (int i = 0; i < n; i++)
			{
				integers[i] = (int64_t) (next_random() >> (63 - bits % 63));
				if (i % 3 == 0)
					integers[i] = (INT64_C(1) << bits % 63) - 8 + i % 16;
				if (i % 2 == 0)
					integers[i] = -integers[i];
			}
			codec_decimals_to_doubles(integers, n, d, values);
			for (int i = 0; i < n; i++)
			{
				volatile double power = codec_powers[d];
				double		quotient = (double) integers[i] / power;

				ok = ok && memcmp(&quotient, &values[i], sizeof quotient) == 0;
			}
			check(ok, "decimals are divided", d, n);
		}
}

static void
test_bool(void)
{
	uint8_t		values[CODEC_VECTOR];

	for (int d = 0; d < 5; d++)
		for (int s = 0; s < NSIZES; s++)
		{
			for (int i = 0; i < sizes[s]; i++)
				values[i] = d == 0 ? 0 : d == 1 ? 1 : d == 2 ? next_random() % 2 : d == 3 ? i > sizes[s] / 2 : i % 500 == 3;
			ROUND_TRIP(bool, uint8_t, d, sizes[s], values);
		}
}

/* ---- byte strings ---- */

static size_t
make_string(int distribution, int i, uint8_t *out)
{
	size_t		len = 0;

	switch (distribution)
	{
		case 0:
			break;
		case 1:
			len = (size_t) sprintf((char *) out, "always");
			break;
		case 2:
			len = (size_t) sprintf((char *) out, "state %d", (int) (next_random() % 5));
			break;
		case 3:
			for (; len < 16; len++)
				out[len] = (uint8_t) next_random();
			break;
		case 4:
			for (size_t want = next_random() % 300; len < want; len++)
				out[len] = (uint8_t) next_random();
			break;
		case 5:
			len = (size_t) sprintf((char *) out, "a sentence that repeats itself, number %d", i);
			break;
		case 6:
			len = i == 3 ? 20000 : 0;
			memset(out, 'x', len);
			break;
		default:
			out[0] = (uint8_t) (i / 100);
			len = 1;
	}
	return len;
}

static void
test_one_bytes(int d, int n)
{
	uint8_t    *data = malloc((size_t) n * 400 + 30000);
	uint64_t   *offsets = malloc(sizeof(uint64_t) * (n + 1));
	uint64_t   *back_offsets = malloc(sizeof(uint64_t) * (CODEC_VECTOR + 2));
	size_t		bound,
				len,
				size = 0;
	uint8_t    *stream,
			   *back;
	bool		hostile = true;

	offsets[0] = 0;
	for (int i = 0; i < n; i++)
		offsets[i + 1] = offsets[i] + make_string(d, i, data + offsets[i]);
	bound = codec_bytes_bound(n, offsets[n]);
	stream = malloc(bound);
	len = codec_bytes_encode(data, offsets, n, stream, bound);
	check(len > 0 && len <= bound, "bytes fits its bound", d, n);
	check(codec_bytes_decoded_size(stream, len, n, &size) == CODEC_OK && size == offsets[n],
		  "bytes size", d, n);
	back = malloc(size + 1);
	check(codec_bytes_decode(stream, len, n, back, size, back_offsets) == CODEC_OK &&
		  memcmp(back, data, size) == 0 && memcmp(back_offsets, offsets, sizeof(uint64_t) * (n + 1)) == 0,
		  "bytes identity", d, n);
	check(size == 0 || codec_bytes_decode(stream, len, n, back, size - 1, back_offsets) == CODEC_NO_SPACE,
		  "bytes refuses a small buffer", d, n);
	for (int i = 0; i < 300; i++)
	{
		size_t		cut = i < 100 ? next_random() % len : len;
		uint8_t    *bad = malloc(cut + 1);
		size_t		bad_size;

		memcpy(bad, stream, cut);
		for (int flips = next_random() % 4; cut > 0 && flips >= 0 && i >= 100; flips--)
			bad[next_random() % cut] = (uint8_t) next_random();
		if (codec_bytes_decoded_size(bad, cut, n, &bad_size) == CODEC_OK && bad_size < 10000000)
		{
			uint8_t    *room = malloc(bad_size + 1);

			if (codec_bytes_decode(bad, cut, n, room, bad_size, back_offsets) == CODEC_OK && i < 100)
				hostile = false;
			free(room);
		}
		free(bad);
	}
	check(hostile, "bytes hostile", d, n);
	free(data);
	free(offsets);
	free(back_offsets);
	free(stream);
	free(back);
}

/* ---- summaries ---- */

static void
test_integer_summary(int d, int n)
{
	int64_t		values[CODEC_VECTOR];
	IntegerSummary summary;
	int64_t		previous = 1000,
				min = INT64_MAX,
				max = INT64_MIN;
	CodecInt128 sum = 0,
				squares = 0;
	bool		fits = true;

	for (int i = 0; i < n; i++)
	{
		CodecInt128 square;

		previous = values[i] = make_int(d, i, previous);
		min = values[i] < min ? values[i] : min;
		max = values[i] > max ? values[i] : max;
		sum += values[i];
		square = (CodecInt128) values[i] * values[i];
		fits = fits && !__builtin_add_overflow(squares, square, &squares);
	}
	codec_summary_int64(values, n, &summary);
	check(summary.min == min && summary.max == max && summary.sum == sum, "integer summary", d, n);
	check(summary.has_squares ? fits && summary.squares == squares : max > 100000000 || min < -100000000,
		  "integer squares", d, n);
}

/* the error of the sum is a few times that of one addition */
static void
test_float_summary(int d, int n)
{
	double		values[CODEC_VECTOR];
	FloatSummary summary;
	double		previous = 0;
	int64_t		min = INT64_MAX,
				max = INT64_MIN;
	long double sum = 0,
				total = 0,
				m2 = 0,
				mean;
	bool		finite = true,
				negative_zero = false,
				keys = true;

	for (int i = 0; i < n; i++)
	{
		int64_t		key;

		previous = values[i] = make_float(d, i, previous);
		key = codec_float_key(values[i]);
		keys = keys && (isnan(values[i]) ? key == INT64_MAX : codec_float_of_key(key) == values[i]);
		keys = keys && (i == 0 || isnan(values[i]) || isnan(values[i - 1]) ||
						(values[i - 1] < values[i]) == (codec_float_key(values[i - 1]) < key));
		min = key < min ? key : min;
		max = key > max ? key : max;
		finite = finite && isfinite(values[i]);
		negative_zero = negative_zero || (values[i] == 0 && signbit(values[i]));
		sum += values[i];
		total += fabsl(values[i]);
	}
	mean = sum / n;
	for (int i = 0; i < n; i++)
		m2 += (values[i] - mean) * (values[i] - mean);
	codec_summary_float64(values, n, &summary);
	check(keys, "float keys", d, n);
	check(summary.min == min && summary.max == max && summary.negative_zero == negative_zero, "float range", d, n);
	if (!finite || m2 > 1e300L || total > 1e300L)
		return;
	check(summary.finite, "float summary is finite", d, n);
	check(fabsl(summary.sum - sum) <= 8 * DBL_EPSILON * total, "float sum", d, n);
	check(fabsl(summary.m2 - m2) <= 1e-12L * (m2 + total * DBL_EPSILON * total), "float second moment", d, n);
}

static void
test_extremes(int n)
{
	double		values[CODEC_VECTOR];
	double		least,
				greatest;

	for (int i = 0; i < n; i++)
		values[i] = (double) (int64_t) next_random() / 1e7;
	least = greatest = values[0];
	for (int i = 1; i < n; i++)
	{
		least = fmin(least, values[i]);
		greatest = fmax(greatest, values[i]);
	}
	check(codec_extreme_float64(values, n, false) == least, "least of doubles", 0, n);
	check(codec_extreme_float64(values, n, true) == greatest, "greatest of doubles", 0, n);
}

static void
test_merge(void)
{
	double		values[2000];
	FloatSummary all,
				part;
	double		sum,
				m2;

	for (int i = 0; i < 2000; i++)
		values[i] = 20 + sin(i) * i;
	codec_summary_float64(values, 2000, &all);
	codec_summary_float64(values, 100, &part);
	sum = part.sum;
	m2 = part.m2;
	for (int at = 100; at < 2000; at += 100)
	{
		codec_summary_float64(values + at, 100, &part);
		m2 = codec_merge_m2(at, sum, m2, 100, part.sum, part.m2);
		sum += part.sum;
	}
	check(fabs(m2 - all.m2) < 1e-9 * all.m2 && fabs(sum - all.sum) < 1e-9 * fabs(all.sum), "merge", 0, 2000);
}

/* verify() compares on one machine what another has stored */
static void
test_same_everywhere(void)
{
	double		values[1440];
	uint64_t	state = 1;
	uint64_t	bits[2];
	FloatSummary summary;

	for (int i = 0; i < 1440; i++)
	{
		state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
		values[i] = (double) (int64_t) (state >> 20) / 1e7;
	}
	codec_summary_float64(values, 1440, &summary);
	memcpy(&bits[0], &summary.sum, sizeof bits[0]);
	memcpy(&bits[1], &summary.m2, sizeof bits[1]);
	check(bits[0] == UINT64_C(0x41d356f6d92a377c) && bits[1] == UINT64_C(0x42f52cd8e0a507d6), "summary is the same everywhere", 0, 1440);
}

static void
test_summaries(void)
{
	test_same_everywhere();

	for (int s = 1; s < NSIZES; s++)
	{
		for (int d = 0; d < INT_DISTRIBUTIONS; d++)
			test_integer_summary(d, sizes[s]);
		for (int d = 0; d < FLOAT_DISTRIBUTIONS; d++)
			test_float_summary(d, sizes[s]);
	}
	for (int n = 1; n < 70; n++)
		test_extremes(n);
	test_extremes(CODEC_VECTOR);
	test_merge();
}

int
main(void)
{
	test_int64();
	test_stride();
	test_floats();
	test_decimals();
	test_sign_extend();
	test_bool();
	for (int d = 0; d < 8; d++)
		for (int s = 0; s < NSIZES; s++)
			test_one_bytes(d, sizes[s]);
	test_summaries();
	printf("%d passed, %d failed\n", passed, failed);
	return failed > 0;
}
