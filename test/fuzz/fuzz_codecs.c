/*
 * fuzz_codecs.c
 *	  One input, every codec: decode it as a hostile stream, and encode it as
 *	  values that must come back bit for bit.
 *
 * Built with -fsanitize=fuzzer it is a libFuzzer target (make fuzz); AFL++'s
 * afl-clang-fast builds it as it is.  With STANDALONE it brings its own main()
 * that feeds a fixed series of random, encoded and damaged inputs (make check).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "codec/codec.h"
#include "codec/codec_summary.h"

#define FAIL(what) (fprintf(stderr, "%s\n", what), abort())

extern int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define TRY(name, type, data, size, n) \
do { \
	type	   *values = malloc(sizeof(type) * CODEC_VECTOR); \
	type	   *back = malloc(sizeof(type) * CODEC_VECTOR); \
	size_t		bound = codec_##name##_bound(CODEC_VECTOR); \
	uint8_t    *stream = malloc(bound); \
	size_t		len; \
	int			count; \
\
	if (codec_##name##_decode(data, size, n, values) == CODEC_OK) \
	{ \
		/* what decodes can be encoded again */ \
		len = codec_##name##_encode(values, n, stream, bound); \
		if (len == 0 || codec_##name##_decode(stream, len, n, back) != CODEC_OK || \
			memcmp(values, back, sizeof(type) * n) != 0) \
			FAIL(#name ": decoded values do not come back"); \
	} \
	count = (int) (size / sizeof(type) < CODEC_VECTOR ? size / sizeof(type) : CODEC_VECTOR); \
	memcpy(values, data, sizeof(type) * count); \
	if (NORMAL_##name) \
		for (int i = 0; i < count; i++) \
			((uint8_t *) values)[i] &= 1; \
	len = codec_##name##_encode(values, count, stream, bound); \
	if (len == 0 || len > codec_##name##_bound(count)) \
		FAIL(#name ": does not fit its bound"); \
	if (codec_##name##_decode(stream, len, count, back) != CODEC_OK || \
		memcmp(values, back, sizeof(type) * count) != 0) \
		FAIL(#name ": values do not come back"); \
	(void) codec_##name##_name(data, size); \
	free(values); \
	free(back); \
	free(stream); \
} while (0)

#define NORMAL_int64 0
#define NORMAL_float64 0
#define NORMAL_float32 0
#define NORMAL_bool 1

static void
try_bytes(const uint8_t *data, size_t size, int n)
{
	uint64_t   *offsets = malloc(sizeof(uint64_t) * (CODEC_VECTOR + 1));
	uint64_t   *back_offsets = malloc(sizeof(uint64_t) * (CODEC_VECTOR + 1));
	size_t		decoded;
	int			count = 0;
	size_t		bound,
				len;
	uint8_t    *stream,
			   *back;

	if (codec_bytes_decoded_size(data, size, n, &decoded) == CODEC_OK && decoded < (1 << 22))
	{
		back = malloc(decoded + 1);
		(void) codec_bytes_decode(data, size, n, back, decoded, offsets);
		free(back);
	}
	/* strings that end where a byte of the input says so */
	offsets[0] = 0;
	for (size_t at = 0; at < size && count < CODEC_VECTOR; count++)
	{
		at += 1 + data[at] % 16;
		offsets[count + 1] = at < size ? at : size;
	}
	bound = codec_bytes_bound(count, offsets[count]);
	stream = malloc(bound);
	len = codec_bytes_encode(data, offsets, count, stream, bound);
	if (len == 0 || codec_bytes_decoded_size(stream, len, count, &decoded) != CODEC_OK ||
		decoded != offsets[count])
		FAIL("bytes: size does not come back");
	back = malloc(decoded + 1);
	if (codec_bytes_decode(stream, len, count, back, decoded, back_offsets) != CODEC_OK ||
		memcmp(back, data, decoded) != 0 || memcmp(offsets, back_offsets, sizeof(uint64_t) * (count + 1)) != 0)
		FAIL("bytes: values do not come back");
	(void) codec_bytes_name(data, size);
	free(back);
	free(stream);
	free(offsets);
	free(back_offsets);
}

/* any bits as numbers: what is summed up says the same twice, and lies between its ends */
static void
try_summaries(const uint8_t *data, size_t size)
{
	int			n = (int) (size / 8 < CODEC_VECTOR ? size / 8 : CODEC_VECTOR);
	int64_t    *integers = malloc(sizeof(int64_t) * (n + 1));
	double	   *floats = malloc(sizeof(double) * (n + 1));
	IntegerSummary integer;
	FloatSummary one,
				two;

	memcpy(integers, data, (size_t) n * 8);
	memcpy(floats, data, (size_t) n * 8);
	if (n > 0)
	{
		codec_summary_int64(integers, n, &integer);
		if (integer.min > integer.max || integer.sum < (CodecInt128) integer.min * n ||
			integer.sum > (CodecInt128) integer.max * n || (integer.has_squares && integer.squares < 0))
			FAIL("integer summary is out of bounds");
		codec_summary_float64(floats, n, &one);
		codec_summary_float64(floats, n, &two);
		if (memcmp(&one, &two, sizeof one) != 0 || one.min > one.max || (one.finite && !(one.m2 >= 0)))
			FAIL("float summary is out of bounds");
	}
	free(integers);
	free(floats);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int			n;

	if (size < 3)
		return 0;
	n = (data[0] | data[1] << 8) % (CODEC_VECTOR + 1);
	data += 2;
	size -= 2;
	TRY(int64, int64_t, data, size, n);
	TRY(float64, double, data, size, n);
	TRY(float32, float, data, size, n);
	TRY(bool, uint8_t, data, size, n);
	try_bytes(data, size, n);
	try_summaries(data, size);
	return 0;
}

#ifdef STANDALONE
#define INPUTS 6000

static uint64_t seed = 2026;

static uint64_t
next_random(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed;
}

/* a valid stream of random small steps, damaged a little */
static size_t
damaged_stream(uint8_t *out)
{
	int64_t		values[CODEC_VECTOR];
	double		doubles[CODEC_VECTOR];
	int			n = (int) (next_random() % 300);
	int			range = 1 << next_random() % 20;
	size_t		len;

	for (int i = 0; i < n; i++)
	{
		values[i] = (i > 0 ? values[i - 1] : 0) + (int64_t) (next_random() % range) * (next_random() % 4 > 0);
		doubles[i] = (double) values[i] / 100;
	}
	out[0] = (uint8_t) n;
	out[1] = (uint8_t) (n >> 8);
	len = next_random() % 2 ? codec_int64_encode(values, n, out + 2, codec_int64_bound(n)) :
		codec_float64_encode(doubles, n, out + 2, codec_float64_bound(n));
	for (int flips = (int) (next_random() % 3); flips > 0; flips--)
		out[2 + next_random() % len] = (uint8_t) next_random();
	return 2 + (next_random() % 4 ? len : next_random() % len);
}

int
main(void)
{
	uint8_t    *input = malloc(1 << 17);

	for (int i = 0; i < INPUTS; i++)
	{
		size_t		size;
		uint8_t    *exact;

		if (i % 2)
			size = damaged_stream(input);
		else
		{
			size = 3 + next_random() % 3000;
			for (size_t b = 0; b < size; b++)
				input[b] = (uint8_t) (next_random() % (i % 4 ? 256 : 5));
		}
		exact = malloc(size);
		memcpy(exact, input, size);
		LLVMFuzzerTestOneInput(exact, size);
		free(exact);
	}
	free(input);
	printf("%d passed, 0 failed\n", INPUTS);
	return 0;
}
#endif
