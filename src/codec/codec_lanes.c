/*
 * codec_lanes.c
 *	  Decimals to doubles, and running sums, eight lanes at once.
 *
 * Invariant: every variant of a loop gives the same bits as its plain one.
 */
#include "codec/codec_lanes.h"

const double codec_powers[CODEC_MAX_DECIMALS + 1] = {
	1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18
};

/* ---- decimals ---- */

/* integers that codec_small_double() takes leave this below twice the limit, or-ed */
#define TOO_LARGE(integer) ((uint64_t) (integer) + CODEC_SMALL_LIMIT)

CODEC_CLONES static bool
divide_small(const int64_t *integers, int n, double power, double *values)
{
	uint64_t	all = 0;

	for (int i = 0; i < n; i++)
	{
		values[i] = codec_small_double(integers[i]) / power;
		all |= TOO_LARGE(integers[i]);
	}
	return all < 2 * CODEC_SMALL_LIMIT;
}

#if CODEC_LANES
static const double inverses[CODEC_MAX_DECIMALS + 1] = {
	1e-0, 1e-1, 1e-2, 1e-3, 1e-4, 1e-5, 1e-6, 1e-7, 1e-8, 1e-9, 1e-10, 1e-11, 1e-12, 1e-13, 1e-14, 1e-15, 1e-16,
	1e-17, 1e-18
};

/*
 * Division by its correctly rounded inverse and one correction (Markstein): a
 * third of the time.  It gives the quotient as division rounds it, since
 *	- integers have 51 bits and powers 42 (5^18), so the rest is exact: a
 *	  multiple of the quotient's last place times 2^d, at most 2 * 5^d of them;
 *	- what is added up misses the true quotient by 2^-52 of a last place, while
 *	  no true quotient is nearer to the middle of two doubles than 2^-43.
 */
static inline __attribute__((always_inline)) bool
divide_fused(const int64_t *integers, int n, double power, double inverse, double *values)
{
	uint64_t	all = 0;

	for (int i = 0; i < n; i++)
	{
		double		integer = codec_small_double(integers[i]);
		double		quotient = integer * inverse;
		double		rest = __builtin_fma(-quotient, power, integer);

		values[i] = __builtin_fma(rest, inverse, quotient);
		all |= TOO_LARGE(integers[i]);
	}
	return all < 2 * CODEC_SMALL_LIMIT;
}

CODEC_AVX512 static bool
divide_avx512(const int64_t *integers, int n, double power, double inverse, double *values)
{
	return divide_fused(integers, n, power, inverse, values);
}

CODEC_AVX2_FMA static bool
divide_avx2(const int64_t *integers, int n, double power, double inverse, double *values)
{
	return divide_fused(integers, n, power, inverse, values);
}
#endif

void
codec_decimals_to_doubles(const int64_t *integers, int n, int d, double *values)
{
	const double power = codec_powers[d];
	bool		small;

#if CODEC_LANES
	if (codec_has_avx512())
		small = divide_avx512(integers, n, power, inverses[d], values);
	else if (codec_has_fma())
		small = divide_avx2(integers, n, power, inverses[d], values);
	else
#endif
		small = divide_small(integers, n, power, values);
	if (!small)
		for (int i = 0; i < n; i++)
			values[i] = (double) integers[i] / power;
}

/* ---- running sums ---- */

#if CODEC_LANES
#if defined(__clang__) || __GNUC__ >= 12
#define SHUFFLE(a, b, ...) __builtin_shufflevector(a, b, __VA_ARGS__)
#else
#define SHUFFLE(a, b, ...) __builtin_shuffle(a, b, (Lanes){__VA_ARGS__})
#endif

CODEC_AVX512 static inline Lanes
load_lanes(const uint64_t *values)
{
	return *(const LanesInMemory *) values;
}

CODEC_AVX512 static inline void
store_lanes(uint64_t *values, Lanes lanes)
{
	*(LanesInMemory *) values = lanes;
}

/* each lane and those before it */
CODEC_AVX512 static inline Lanes
running_sum(Lanes lanes)
{
	const Lanes zero = {0};

	lanes += SHUFFLE(zero, lanes, 7, 8, 9, 10, 11, 12, 13, 14);
	lanes += SHUFFLE(zero, lanes, 6, 7, 8, 9, 10, 11, 12, 13);
	return lanes + SHUFFLE(zero, lanes, 4, 5, 6, 7, 8, 9, 10, 11);
}

CODEC_AVX512 static inline Lanes
last_lane(Lanes lanes)
{
	return SHUFFLE(lanes, lanes, 7, 7, 7, 7, 7, 7, 7, 7);
}

CODEC_AVX512 static inline Lanes
unzigzag_lanes(Lanes lanes)
{
	return lanes >> 1 ^ -(lanes & 1);
}

/*
 * These do whole lanes from values[from] on, and say where they stopped; sum
 * (and delta) are those of the value before, and of the last one done.
 */
CODEC_AVX512 static inline int
sum_lanes(uint64_t *values, int from, int n, uint64_t *sum, uint64_t least, bool zigzag)
{
	Lanes		total = *sum - (Lanes){0};

	for (; from + 8 <= n; from += 8)
	{
		Lanes		deltas = load_lanes(values + from);

		deltas = running_sum(zigzag ? unzigzag_lanes(deltas) : deltas + least);
		store_lanes(values + from, deltas + total);
		total += last_lane(deltas);
	}
	*sum = total[0];
	return from;
}

CODEC_AVX512 static int
sum_deltas_avx512(uint64_t *values, int from, int n, uint64_t *sum, uint64_t least)
{
	return sum_lanes(values, from, n, sum, least, false);
}

CODEC_AVX512 static int
sum_delta_zigzag_avx512(uint64_t *values, int from, int n, uint64_t *sum)
{
	return sum_lanes(values, from, n, sum, 0, true);
}

CODEC_AVX512 static int
sum_delta2_avx512(uint64_t *values, int from, int n, uint64_t *sum, uint64_t *delta)
{
	Lanes		total = *sum - (Lanes){0};
	Lanes		total_delta = *delta - (Lanes){0};

	for (; from + 8 <= n; from += 8)
	{
		Lanes		changes = running_sum(unzigzag_lanes(load_lanes(values + from)));
		Lanes		deltas = running_sum(changes + total_delta);

		store_lanes(values + from, deltas + total);
		total += last_lane(deltas);
		total_delta += last_lane(changes);
	}
	*sum = total[0];
	*delta = total_delta[0];
	return from;
}
#endif

void
codec_sum_deltas(uint64_t *values, int n, uint64_t first, uint64_t least)
{
	uint64_t	sum = first;
	int			i = 1;

	values[0] = first;
#if CODEC_LANES
	if (codec_has_avx512())
		i = sum_deltas_avx512(values, i, n, &sum, least);
#endif
	for (; i < n; i++)
		values[i] = sum += values[i] + least;
}

void
codec_sum_delta_zigzag(uint64_t *values, int n, uint64_t first)
{
	uint64_t	sum = first;
	int			i = 1;

	values[0] = first;
#if CODEC_LANES
	if (codec_has_avx512())
		i = sum_delta_zigzag_avx512(values, i, n, &sum);
#endif
	for (; i < n; i++)
		values[i] = sum += unzigzag(values[i]);
}

void
codec_sum_delta2(uint64_t *values, int n, uint64_t first, uint64_t delta)
{
	uint64_t	sum = first + delta;
	int			i = 2;

	values[0] = first;
	values[1] = sum;
#if CODEC_LANES
	if (codec_has_avx512())
		i = sum_delta2_avx512(values, i, n, &sum, &delta);
#endif
	for (; i < n; i++)
	{
		delta += unzigzag(values[i]);
		values[i] = sum += delta;
	}
}
