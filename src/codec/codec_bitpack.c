/*
 * codec_bitpack.c
 *	  Unsigned integers packed at a width chosen per 128 values.
 *
 * See codec_bitpack.h for the layout.  A group's width is the one that makes
 * the group smallest, exceptions counted; a histogram of bit lengths gives the
 * size at every width in one pass.
 */
#include "codec/codec_bitpack.h"
#include "codec/codec_lanes.h"

#define EXCEPTIONS_FLAG 0x80

typedef struct GroupPlan
{
	int			width;
	int			exceptions;
	int			high_width;		/* of the exceptions' high bits */
	size_t		size;			/* with the leading byte */
} GroupPlan;

static inline int
bit_length(uint64_t value)
{
	return value == 0 ? 0 : 64 - __builtin_clzll(value);
}

size_t
bits_size(int n, int width)
{
	return ((size_t) n * width + 7) / 8;
}

static void
plan_group(const uint64_t *values, int n, GroupPlan *plan)
{
	uint8_t		counts[65] = {0};
	uint64_t	all = 0;
	int			widest;
	int			wider = 0;

	for (int i = 0; i < n; i++)
	{
		all |= values[i];
		counts[bit_length(values[i])]++;
	}
	widest = bit_length(all);
	plan->width = widest;
	plan->exceptions = 0;
	plan->high_width = 0;
	plan->size = 1 + bits_size(n, widest);
	for (int width = widest - 1; width >= 0; width--)
	{
		size_t		size;

		wider += counts[width + 1];
		size = 1 + bits_size(n, width) + 2 + wider + bits_size(wider, widest - width);
		if (size < plan->size)
		{
			plan->width = width;
			plan->exceptions = wider;
			plan->high_width = widest - width;
			plan->size = size;
		}
		if (2 + (size_t) wider * 9 / 8 >= plan->size)
			break;				/* exceptions alone cost more */
	}
}

static inline uint64_t
low_bits(uint64_t value, int width)
{
	return width == 64 ? value : value & ((UINT64_C(1) << width) - 1);
}

uint8_t *
put_bits(uint8_t *out, const uint64_t *values, int n, int width)
{
	uint64_t	pending = 0;	/* bits not written yet, the oldest lowest */
	int			npending = 0;

	if (width == 0)
		return out;
	for (int i = 0; i < n; i++)
	{
		uint64_t	value = low_bits(values[i], width);

		pending |= value << npending;
		if (npending + width >= 64)
		{
			int			taken = 64 - npending;

			for (int b = 0; b < 8; b++)
				out[b] = (uint8_t) (pending >> 8 * b);
			out += 8;
			pending = taken == 64 ? 0 : value >> taken;
			npending = npending + width - 64;
		}
		else
			npending += width;
	}
	for (; npending > 0; npending -= 8, pending >>= 8)
		*out++ = (uint8_t) pending;
	return out;
}

static inline uint64_t
load64(const uint8_t *at)
{
	uint64_t	value;

	memcpy(&value, at, sizeof value);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	value = __builtin_bswap64(value);
#endif
	return value;
}

/*
 * One function per width: eight values end on a byte, so that offsets and
 * shifts are constants.  Reads up to 8 bytes past the packed bits.
 */
static inline __attribute__((always_inline)) void
unpack_at_width(const uint8_t *in, uint64_t *values, int n, const int width)
{
	const uint64_t mask = (UINT64_C(1) << width) - 1;
	int			i = 0;

#define UNPACK(v) values[i + (v)] = load64(in + (v) * width / 8) >> ((v) * width & 7) & mask
	for (; i + 8 <= n; i += 8, in += width)
	{
		UNPACK(0);
		UNPACK(1);
		UNPACK(2);
		UNPACK(3);
		UNPACK(4);
		UNPACK(5);
		UNPACK(6);
		UNPACK(7);
	}
#undef UNPACK
	for (int bit = 0; i < n; i++, bit += width)
		values[i] = load64(in + (bit >> 3)) >> (bit & 7) & mask;
}

#define WIDTHS_OF_8(do, w) do(w) do(w + 1) do(w + 2) do(w + 3) do(w + 4) do(w + 5) do(w + 6) do(w + 7)

#define CASE(w) \
	case w: \
		unpack_at_width(in, values, n, w); \
		break;

static void
unpack_narrow(const uint8_t *in, uint64_t *values, int n, int width)
{
	switch (width)
	{
		WIDTHS_OF_8(CASE, 1)
		WIDTHS_OF_8(CASE, 9)
		WIDTHS_OF_8(CASE, 17)
		WIDTHS_OF_8(CASE, 25)
		WIDTHS_OF_8(CASE, 33)
		WIDTHS_OF_8(CASE, 41)
		WIDTHS_OF_8(CASE, 49)
	}
}

#undef CASE

#if CODEC_LANES
#define SHARED_WIDTH 15			/* four values and where they start within a byte fit a word */

/*
 * Eight values from a word, or from two: each lane shifts its own out.  Not
 * more than the plain loop reads, which does what is left.
 */
static inline __attribute__((always_inline)) int
unpack_lanes(const uint8_t *in, uint64_t *values, int n, int width)
{
	const uint64_t w = (uint64_t) width;
	const uint64_t mask = (UINT64_C(1) << width) - 1;
	int			i = 0;

	if (width <= 8)
	{
		const Lanes shifts = {0, w, 2 * w, 3 * w, 4 * w, 5 * w, 6 * w, 7 * w};

		for (; i + 8 <= n; i += 8, in += width)
			*(LanesInMemory *) (values + i) = ((load64(in) - (Lanes){0}) >> shifts) & mask;
	}
	else
	{
		const uint64_t half = 4 * w & 7;
		const Lanes shifts = {0, w, 2 * w, 3 * w, half, half + w, half + 2 * w, half + 3 * w};

		for (; i + 8 <= n; i += 8, in += width)
		{
			uint64_t	a = load64(in),
						b = load64(in + width / 2);
			const Lanes words = {a, a, a, a, b, b, b, b};

			*(LanesInMemory *) (values + i) = (words >> shifts) & mask;
		}
	}
	return i;
}

CODEC_AVX512 static int
unpack_avx512(const uint8_t *in, uint64_t *values, int n, int width)
{
	return unpack_lanes(in, values, n, width);
}

CODEC_AVX2 static int
unpack_avx2(const uint8_t *in, uint64_t *values, int n, int width)
{
	return unpack_lanes(in, values, n, width);
}
#endif

/* 57 bits and more do not fit one unaligned load; reads up to 9 bytes past */
static void
unpack_wide(const uint8_t *in, uint64_t *values, int n, int width)
{
	for (int i = 0; i < n; i++)
	{
		uint32_t	bit = (uint32_t) i * (uint32_t) width;
		int			shift = bit & 7;
		uint64_t	value = load64(in + (bit >> 3)) >> shift;

		if (shift > 0)
			value |= (uint64_t) in[(bit >> 3) + 8] << (64 - shift);
		values[i] = low_bits(value, width);
	}
}

#define UNPACK_SLACK 16

static void
unpack(const uint8_t *in, uint64_t *values, int n, int width)
{
	int			done = 0;

#if CODEC_LANES
	if (width <= SHARED_WIDTH && codec_has_avx512())
		done = unpack_avx512(in, values, n, width);
	else if (width <= SHARED_WIDTH && codec_has_avx2())
		done = unpack_avx2(in, values, n, width);
#endif
	if (width <= 56)
		unpack_narrow(in + done / 8 * width, values + done, n - done, width);
	else
		unpack_wide(in, values, n, width);
}

bool
take_bits(Cursor *cursor, uint64_t *values, int n, int width)
{
	uint8_t		padded[PACK_GROUP * 8 + UNPACK_SLACK];
	size_t		size = bits_size(n, width);

	if (width > 64 || size > cursor_left(cursor))
		return false;
	if (width == 0)
		memset(values, 0, sizeof(uint64_t) * n);
	else if (cursor_left(cursor) >= size + UNPACK_SLACK)
		unpack(cursor->at, values, n, width);
	else
	{
		/* the last values' loads would pass the end: a multiple of 8 values ends on a byte */
		int			done = n > PACK_GROUP ? (n - PACK_GROUP) & ~7 : 0;
		size_t		at = bits_size(done, width);

		if (done > 0 && size - at >= UNPACK_SLACK)
			unpack(cursor->at, values, done, width);
		else
			done = 0, at = 0;
		for (; done < n; done += PACK_GROUP, at = bits_size(done, width))
		{
			int			count = n - done < PACK_GROUP ? n - done : PACK_GROUP;

			memcpy(padded, cursor->at + at, bits_size(count, width));
			memset(padded + bits_size(count, width), 0, UNPACK_SLACK);
			unpack(padded, values + done, count, width);
		}
	}
	cursor->at += size;
	return true;
}

size_t
packed_size(const uint64_t *values, int n)
{
	size_t		size = 0;

	for (int start = 0; start < n; start += PACK_GROUP)
	{
		GroupPlan	plan;

		plan_group(values + start, n - start < PACK_GROUP ? n - start : PACK_GROUP, &plan);
		size += plan.size;
	}
	return size;
}

static uint8_t *
put_exceptions(uint8_t *out, const uint64_t *values, int n, const GroupPlan *plan)
{
	uint64_t	high[PACK_GROUP];
	int			found = 0;

	*out++ = (uint8_t) plan->exceptions;
	*out++ = (uint8_t) plan->high_width;
	for (int i = 0; i < n; i++)
		if (bit_length(values[i]) > plan->width)
		{
			high[found++] = values[i] >> plan->width;
			*out++ = (uint8_t) i;
		}
	return put_bits(out, high, found, plan->high_width);
}

uint8_t *
put_packed(uint8_t *out, const uint64_t *values, int n)
{
	for (int start = 0; start < n; start += PACK_GROUP)
	{
		int			count = n - start < PACK_GROUP ? n - start : PACK_GROUP;
		GroupPlan	plan;

		plan_group(values + start, count, &plan);
		*out++ = (uint8_t) (plan.width | (plan.exceptions ? EXCEPTIONS_FLAG : 0));
		out = put_bits(out, values + start, count, plan.width);
		if (plan.exceptions)
			out = put_exceptions(out, values + start, count, &plan);
	}
	return out;
}

static bool
take_exceptions(Cursor *cursor, uint64_t *values, int n, int width)
{
	uint64_t	high[PACK_GROUP];
	uint8_t		count,
				high_width;
	const uint8_t *places;

	if (!take_byte(cursor, &count) || !take_byte(cursor, &high_width) || count == 0 || count > n ||
		high_width == 0 || high_width + width > 64 || cursor_left(cursor) < count)
		return false;
	places = cursor->at;
	cursor->at += count;
	if (!take_bits(cursor, high, count, high_width))
		return false;
	for (int i = 0; i < count; i++)
	{
		if (places[i] >= n || (i > 0 && places[i] <= places[i - 1]))
			return false;
		values[places[i]] |= high[i] << width;
	}
	return true;
}

bool
take_packed(Cursor *cursor, uint64_t *values, int n)
{
	for (int start = 0; start < n; start += PACK_GROUP)
	{
		int			count = n - start < PACK_GROUP ? n - start : PACK_GROUP;
		uint8_t		head;
		int			width;

		if (!take_byte(cursor, &head))
			return false;
		width = head & ~EXCEPTIONS_FLAG;
		if (!take_bits(cursor, values + start, count, width))
			return false;
		if ((head & EXCEPTIONS_FLAG) && !take_exceptions(cursor, values + start, count, width))
			return false;
	}
	return true;
}
