/*
 * codec_int64.c
 *	  Integers: constant, constant stride, frame of reference, delta,
 *	  delta of delta, run-length.
 *
 * All arithmetic wraps in 64 bits, so extremes come back as they were.  Every
 * candidate is a transform to small unsigned integers, whose packed size is
 * computed exactly; only the smallest is written.
 */
#include "codec/codec_bitpack.h"
#include "codec/codec_lanes.h"

/* on disk: never renumber */
enum
{
	INT_EMPTY = 0,
	INT_CONSTANT = 1,			/* value */
	INT_STRIDE = 2,				/* first, stride */
	INT_FRAME = 3,				/* least; packed value - least */
	INT_DELTA = 4,				/* first, least difference; packed difference - least */
	INT_DELTA_ZIGZAG = 5,		/* first; packed zigzag of differences */
	INT_DELTA2 = 6,				/* first, first difference; packed zigzag of second differences */
	INT_RUNS = 7,				/* number of runs; values and lengths - 1 as streams */
};

/* run values and lengths are streams of their own, which are not run-length coded again */
#define RUN_FRACTION 4			/* try runs where they are at most n / 4 */

size_t
codec_int64_bound(int n)
{
	return STREAM_START_MAX + 2 * VARINT_MAX + PACKED_BOUND(n);
}

static uint8_t *
put_signed(uint8_t *out, uint64_t value)
{
	return put_varint(out, zigzag(value));
}

static size_t
signed_size(uint64_t value)
{
	return varint_size(zigzag(value));
}

static bool
take_signed(Cursor *cursor, uint64_t *value)
{
	if (!take_varint(cursor, value))
		return false;
	*value = unzigzag(*value);
	return true;
}

/* ---- what a vector looks like ---- */

typedef struct Shape
{
	int64_t		least;
	int64_t		least_delta;
	bool		constant;
	bool		stride;
	int			runs;
} Shape;

static void
look_at(const int64_t *values, int n, Shape *shape)
{
	uint64_t	stride = n > 1 ? (uint64_t) values[1] - (uint64_t) values[0] : 0;
	uint64_t	off_stride = 0;

	shape->least = values[0];
	shape->least_delta = INT64_MAX;
	shape->runs = 1;
	for (int i = 1; i < n; i++)
	{
		uint64_t	delta = (uint64_t) values[i] - (uint64_t) values[i - 1];

		shape->least = values[i] < shape->least ? values[i] : shape->least;
		shape->least_delta = (int64_t) delta < shape->least_delta ? (int64_t) delta : shape->least_delta;
		shape->runs += delta != 0;
		off_stride |= delta ^ stride;
	}
	shape->constant = shape->runs == 1;
	shape->stride = off_stride == 0;
}

/* ---- transforms: out gets n, n - 1 or n - 2 values ---- */

CODEC_CLONES static void
to_frame(const int64_t *values, int n, uint64_t least, uint64_t *out)
{
	for (int i = 0; i < n; i++)
		out[i] = (uint64_t) values[i] - least;
}

CODEC_CLONES static void
to_delta(const int64_t *values, int n, uint64_t least, uint64_t *out)
{
	for (int i = 1; i < n; i++)
		out[i - 1] = (uint64_t) values[i] - (uint64_t) values[i - 1] - least;
}

CODEC_CLONES static void
to_delta_zigzag(const int64_t *values, int n, uint64_t *out)
{
	for (int i = 1; i < n; i++)
		out[i - 1] = zigzag((uint64_t) values[i] - (uint64_t) values[i - 1]);
}

CODEC_CLONES static void
to_delta2(const int64_t *values, int n, uint64_t *out)
{
	for (int i = 2; i < n; i++)
		out[i - 2] = zigzag((uint64_t) values[i] - 2 * (uint64_t) values[i - 1] + (uint64_t) values[i - 2]);
}

static size_t encode(const int64_t *values, int n, uint8_t *out, bool runs_allowed);

/* 0 where runs come out no smaller than limit */
static size_t
encode_runs(const int64_t *values, int n, int runs, size_t limit, uint8_t *out)
{
	int64_t		run_values[CODEC_VECTOR / RUN_FRACTION];
	int64_t		run_lengths[CODEC_VECTOR / RUN_FRACTION];
	uint8_t		part[STREAM_START_MAX + 2 * VARINT_MAX + PACKED_BOUND(CODEC_VECTOR / RUN_FRACTION)];
	uint8_t		parts[2 * sizeof part + 4 * VARINT_MAX];
	uint8_t    *at = parts;
	int			r = 0;
	size_t		len;

	run_values[0] = values[0];
	run_lengths[0] = 0;
	for (int i = 1; i < n; i++)
	{
		if (values[i] == values[i - 1])
			run_lengths[r]++;
		else
		{
			run_values[++r] = values[i];
			run_lengths[r] = 0;
		}
	}
	at = put_start(at, INT_RUNS, n);
	at = put_varint(at, (uint64_t) runs);
	len = encode(run_values, runs, part, false);
	at = put_varint(at, len);
	memcpy(at, part, len);
	at += len;
	len = encode(run_lengths, runs, part, false);
	at = put_varint(at, len);
	memcpy(at, part, len);
	at += len;
	len = (size_t) (at - parts);
	if (len >= limit)
		return 0;
	memcpy(out, parts, len);
	return len;
}

static size_t
encode(const int64_t *values, int n, uint8_t *out, bool runs_allowed)
{
	uint64_t	packed[CODEC_VECTOR];
	uint8_t    *at = out;
	uint64_t	first = n > 0 ? (uint64_t) values[0] : 0;
	uint64_t	second = n > 1 ? (uint64_t) values[1] - first : 0;
	Shape		shape;
	size_t		size,
				best_size;
	int			best = INT_FRAME;

	if (n == 0)
		return (size_t) (put_start(at, INT_EMPTY, 0) - out);
	look_at(values, n, &shape);
	if (shape.constant)
		return (size_t) (put_signed(put_start(at, INT_CONSTANT, n), first) - out);
	if (shape.stride)
		return (size_t) (put_signed(put_signed(put_start(at, INT_STRIDE, n), first), second) - out);

	to_frame(values, n, (uint64_t) shape.least, packed);
	best_size = signed_size((uint64_t) shape.least) + packed_size(packed, n);
	to_delta(values, n, (uint64_t) shape.least_delta, packed);
	size = signed_size(first) + signed_size((uint64_t) shape.least_delta) + packed_size(packed, n - 1);
	if (size < best_size)
		best = INT_DELTA, best_size = size;
	to_delta_zigzag(values, n, packed);
	size = signed_size(first) + packed_size(packed, n - 1);
	if (size < best_size)
		best = INT_DELTA_ZIGZAG, best_size = size;
	to_delta2(values, n, packed);
	size = signed_size(first) + signed_size(second) + packed_size(packed, n - 2);
	if (size < best_size)
		best = INT_DELTA2, best_size = size;
	if (runs_allowed && shape.runs <= n / RUN_FRACTION)
	{
		size = encode_runs(values, n, shape.runs, best_size + 1 + varint_size((uint64_t) n), out);
		if (size > 0)
			return size;
	}

	at = put_start(at, (uint8_t) best, n);
	switch (best)
	{
		case INT_FRAME:
			to_frame(values, n, (uint64_t) shape.least, packed);
			at = put_packed(put_signed(at, (uint64_t) shape.least), packed, n);
			break;
		case INT_DELTA:
			to_delta(values, n, (uint64_t) shape.least_delta, packed);
			at = put_signed(put_signed(at, first), (uint64_t) shape.least_delta);
			at = put_packed(at, packed, n - 1);
			break;
		case INT_DELTA_ZIGZAG:
			to_delta_zigzag(values, n, packed);
			at = put_packed(put_signed(at, first), packed, n - 1);
			break;
		case INT_DELTA2:
			to_delta2(values, n, packed);
			at = put_packed(put_signed(put_signed(at, first), second), packed, n - 2);
			break;
	}
	return (size_t) (at - out);
}

/* 0 where n or cap is out of bounds */
size_t
codec_int64_encode(const int64_t *values, int n, uint8_t *out, size_t cap)
{
	if (n < 0 || n > CODEC_VECTOR || cap < codec_int64_bound(n))
		return 0;
	return encode(values, n, out, true);
}

/* ---- back ---- */

CODEC_CLONES static void
add_to_all(uint64_t *values, int n, uint64_t base)
{
	for (int i = 0; i < n; i++)
		values[i] += base;
}

CODEC_CLONES static void
fill_stride(uint64_t *values, int n, uint64_t first, uint64_t stride)
{
	for (int i = 0; i < n; i++)
		values[i] = first + (uint64_t) i * stride;
}

static bool decode(Cursor *cursor, int n, uint64_t *values, bool runs_allowed);

static bool
decode_runs(Cursor *cursor, int n, uint64_t *values)
{
	uint64_t	run_values[CODEC_VECTOR / RUN_FRACTION];
	uint64_t	run_lengths[CODEC_VECTOR / RUN_FRACTION];
	uint64_t	runs;
	Cursor		part;
	int			at = 0;

	if (!take_varint(cursor, &runs) || runs > CODEC_VECTOR / RUN_FRACTION ||
		!take_part(cursor, &part) || !decode(&part, (int) runs, run_values, false) ||
		!take_part(cursor, &part) || !decode(&part, (int) runs, run_lengths, false))
		return false;
	for (int r = 0; r < (int) runs; r++)
	{
		if (run_lengths[r] >= (uint64_t) (n - at))
			return false;
		for (int end = at + (int) run_lengths[r]; at <= end; at++)
			values[at] = run_values[r];
	}
	return at == n;
}

static bool
decode(Cursor *cursor, int n, uint64_t *values, bool runs_allowed)
{
	uint8_t		encoding;
	uint64_t	first = 0,
				second = 0;

	if (!take_start(cursor, &encoding, n))
		return false;
	if (encoding == INT_EMPTY)
		return n == 0 && cursor->at == cursor->end;
	if (n == 0)
		return false;
	if (encoding == INT_RUNS)
		return runs_allowed && decode_runs(cursor, n, values) && cursor->at == cursor->end;
	if (!take_signed(cursor, &first))
		return false;
	switch (encoding)
	{
		case INT_CONSTANT:
			fill_stride(values, n, first, 0);
			break;
		case INT_STRIDE:
			if (!take_signed(cursor, &second))
				return false;
			fill_stride(values, n, first, second);
			break;
		case INT_FRAME:
			if (!take_packed(cursor, values, n))
				return false;
			add_to_all(values, n, first);
			break;
		case INT_DELTA:
			if (!take_signed(cursor, &second) || !take_packed(cursor, values + 1, n - 1))
				return false;
			codec_sum_deltas(values, n, first, second);
			break;
		case INT_DELTA_ZIGZAG:
			if (!take_packed(cursor, values + 1, n - 1))
				return false;
			codec_sum_delta_zigzag(values, n, first);
			break;
		case INT_DELTA2:
			if (n < 2 || !take_signed(cursor, &second) || !take_packed(cursor, values + 2, n - 2))
				return false;
			codec_sum_delta2(values, n, first, second);
			break;
		default:
			return false;
	}
	return cursor->at == cursor->end;
}

CodecStatus
codec_int64_decode(const uint8_t *in, size_t len, int n, int64_t *values)
{
	Cursor		cursor = {in, in + len};

	if (n < 0 || n > CODEC_VECTOR || !decode(&cursor, n, (uint64_t *) values, true))
		return CODEC_CORRUPT;
	return CODEC_OK;
}

/* false where the stream is not seen at once to hold n values, each as far from the one before */
bool
codec_int64_stride(const uint8_t *in, size_t len, int n, int64_t *first, int64_t *stride)
{
	Cursor		cursor = {in, in + len};
	uint8_t		encoding;
	uint64_t	start,
				step = 0;

	if (n <= 0 || n > CODEC_VECTOR || !take_start(&cursor, &encoding, n) ||
		(encoding != INT_CONSTANT && encoding != INT_STRIDE) || !take_signed(&cursor, &start) ||
		(encoding == INT_STRIDE && !take_signed(&cursor, &step)) || cursor.at != cursor.end)
		return false;
	*first = (int64_t) start;
	*stride = (int64_t) step;
	return true;
}

/* signed integers of so many bits, from the low ones; what is above them may be anything */
CODEC_CLONES void
codec_sign_extend(int64_t *values, int n, int bits)
{
	const uint64_t sign = UINT64_C(1) << (bits - 1);
	const uint64_t mask = 2 * sign - 1;

	for (int i = 0; i < n; i++)
		values[i] = (int64_t) ((((uint64_t) values[i] & mask) ^ sign) - sign);
}

const char *
codec_int64_name(const uint8_t *in, size_t len)
{
	static const char *const names[] = {"empty", "constant", "stride", "frame of reference", "delta",
	"delta", "delta of delta", "run-length"};

	return len > 0 && in[0] <= INT_RUNS ? names[in[0]] : "unknown";
}
