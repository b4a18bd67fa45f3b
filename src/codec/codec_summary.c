/*
 * codec_summary.c
 *	  What a vector's values add up to: range, sum, squares.
 *
 * Integers are summed from the least value, so that the sums of all but wild
 * vectors stay within 64 bits and vectorise.  Floats are summed in eight lanes
 * over 128 values, whose sums are added with compensation (Neumaier): the
 * error does not grow with the number of values.
 */
#include <math.h>

#include "codec/codec_lanes.h"
#include "codec/codec_summary.h"

#define LANES 8
#define CHUNK 128

/* ---- integers ---- */

CODEC_CLONES static void
integer_range(const int64_t *values, int n, int64_t *least, int64_t *greatest)
{
	int64_t		min = values[0];
	int64_t		max = values[0];

	for (int i = 1; i < n; i++)
	{
		min = values[i] < min ? values[i] : min;
		max = values[i] > max ? values[i] : max;
	}
	*least = min;
	*greatest = max;
}

/* where no value is 2^26 above min, and there are 2,048 values at most */
CODEC_CLONES static void
narrow_sums(const int64_t *values, int n, uint64_t min, uint64_t *sum, uint64_t *squares)
{
	uint64_t	s = 0;
	uint64_t	q = 0;

	for (int i = 0; i < n; i++)
	{
		uint64_t	above = (uint32_t) ((uint64_t) values[i] - min);

		s += above;
		q += above * above;
	}
	*sum = s;
	*squares = q;
}

void
codec_summary_int64(const int64_t *values, int n, IntegerSummary *summary)
{
	uint64_t	min,
				range;
	unsigned __int128 sum = 0,
				squares = 0;
	CodecInt128 twice,
				base;

	integer_range(values, n, &summary->min, &summary->max);
	min = (uint64_t) summary->min;
	range = (uint64_t) summary->max - min;
	if (range < UINT64_C(1) << 26)
	{
		uint64_t	narrow_sum,
					narrow_squares;

		narrow_sums(values, n, min, &narrow_sum, &narrow_squares);
		sum = narrow_sum;
		squares = narrow_squares;
	}
	else
		for (int i = 0; i < n; i++)
		{
			uint64_t	above = (uint64_t) values[i] - min;

			sum += above;
			squares += range >> 57 == 0 ? (unsigned __int128) above * above : 0;
		}
	summary->sum = (CodecInt128) sum + (CodecInt128) summary->min * n;
	/* squares of the values: those above min + 2 min sum + n min^2 */
	summary->has_squares = range >> 57 == 0 &&
		!__builtin_mul_overflow((CodecInt128) sum, (CodecInt128) summary->min * 2, &twice) &&
		!__builtin_mul_overflow((CodecInt128) summary->min * summary->min, (CodecInt128) n, &base) &&
		!__builtin_add_overflow(twice, base, &base) &&
		!__builtin_add_overflow((CodecInt128) squares, base, &summary->squares);
	if (!summary->has_squares)
		summary->squares = 0;
}

/* ---- floats ---- */

CODEC_CLONES static void
float_range(const double *values, int n, int64_t *least, int64_t *greatest, bool *negative_zero)
{
	const int64_t infinity = INT64_C(0x7ff0000000000000);
	int64_t		min = INT64_MAX;
	int64_t		max = INT64_MIN;
	int64_t		zeros = 0;

	for (int i = 0; i < n; i++)
	{
		int64_t		bits;
		int64_t		key;

		memcpy(&bits, &values[i], sizeof bits);
		key = bits >= 0 ? bits : (int64_t) ((uint64_t) INT64_MIN - (uint64_t) bits);
		key = (bits & INT64_MAX) > infinity ? INT64_MAX : key;
		zeros |= bits == INT64_MIN;
		min = key < min ? key : min;
		max = key > max ? key : max;
	}
	*least = min;
	*greatest = max;
	*negative_zero = zeros != 0;
}

typedef struct Compensated
{
	double		sum;
	double		lost;
} Compensated;

static inline void
add_compensated(Compensated *to, double value)
{
	double		sum = to->sum + value;

	to->lost += fabs(to->sum) >= fabs(value) ? (to->sum - sum) + value : (value - sum) + to->sum;
	to->sum = sum;
}

static inline double
add_lanes(const double *lanes)
{
	return ((lanes[0] + lanes[1]) + (lanes[2] + lanes[3])) + ((lanes[4] + lanes[5]) + (lanes[6] + lanes[7]));
}

#if CODEC_LANES
/*
 * Whole lanes from values[i] on; returns where the plain loop goes on.  The
 * additions are the same, and none is fused.
 */
CODEC_AVX2 static int
squares_avx2(const double *values, int i, int end, double mean, double *squares, double *sums)
{
	const __m256d means = _mm256_set1_pd(mean);
	__m256d		s[2] = {_mm256_loadu_pd(sums), _mm256_loadu_pd(sums + 4)};
	__m256d		q[2] = {_mm256_loadu_pd(squares), _mm256_loadu_pd(squares + 4)};

	for (; i + LANES <= end; i += LANES)
		for (int half = 0; half < 2; half++)
		{
			__m256d		d = _mm256_sub_pd(_mm256_loadu_pd(values + i + half * 4), means);

			q[half] = _mm256_add_pd(q[half], _mm256_mul_pd(d, d));
			s[half] = _mm256_add_pd(s[half], d);
		}
	for (int half = 0; half < 2; half++)
	{
		_mm256_storeu_pd(sums + half * 4, s[half]);
		_mm256_storeu_pd(squares + half * 4, q[half]);
	}
	return i;
}

#define EXTREME_LANES 16

/* of n >= EXTREME_LANES values */
CODEC_AVX2 static double
extreme_avx2(const double *values, int n, bool greatest)
{
	__m256d		best[4];
	double		lanes[EXTREME_LANES];
	double		extreme;

	for (int b = 0; b < 4; b++)
		best[b] = _mm256_loadu_pd(values + n - EXTREME_LANES + b * 4);
	if (greatest)
		for (int i = 0; i + EXTREME_LANES <= n; i += EXTREME_LANES)
			for (int b = 0; b < 4; b++)
				best[b] = _mm256_max_pd(best[b], _mm256_loadu_pd(values + i + b * 4));
	else
		for (int i = 0; i + EXTREME_LANES <= n; i += EXTREME_LANES)
			for (int b = 0; b < 4; b++)
				best[b] = _mm256_min_pd(best[b], _mm256_loadu_pd(values + i + b * 4));
	for (int b = 0; b < 4; b++)
		_mm256_storeu_pd(lanes + b * 4, best[b]);
	extreme = lanes[0];
	for (int l = 1; l < EXTREME_LANES; l++)
		if (greatest ? lanes[l] > extreme : lanes[l] < extreme)
			extreme = lanes[l];
	return extreme;
}
#endif

CODEC_CLONES double
codec_sum_float64(const double *values, int n)
{
	Compensated total = {0, 0};

	for (int start = 0; start < n; start += CHUNK)
	{
		double		lanes[LANES] = {0};
		int			end = n - start < CHUNK ? n : start + CHUNK;
		int			i = start;

		for (; i + LANES <= end; i += LANES)
			for (int l = 0; l < LANES; l++)
				lanes[l] += values[i + l];
		for (int l = 0; i < end; i++, l++)
			lanes[l] += values[i];
		add_compensated(&total, add_lanes(lanes));
	}
	return total.sum + total.lost;
}

/* the rounding of the mean is taken out again: sum of d^2 - (sum of d)^2 / n */
double
codec_m2_float64(const double *values, int n, double mean)
{
	Compensated total = {0, 0};
	double		off = 0;

	for (int start = 0; start < n; start += CHUNK)
	{
		double		squares[LANES] = {0};
		double		sums[LANES] = {0};
		int			end = n - start < CHUNK ? n : start + CHUNK;
		int			i = start;

#if CODEC_LANES
		if (codec_has_avx2())
			i = squares_avx2(values, i, end, mean, squares, sums);
#endif
		for (; i + LANES <= end; i += LANES)
			for (int l = 0; l < LANES; l++)
			{
				double		d = values[i + l] - mean;

				squares[l] += d * d;
				sums[l] += d;
			}
		for (int l = 0; i < end; i++, l++)
		{
			double		d = values[i] - mean;

			squares[l] += d * d;
			sums[l] += d;
		}
		add_compensated(&total, add_lanes(squares));
		off += add_lanes(sums);
	}
	return total.sum + total.lost - off * off / n;
}

double
codec_extreme_float64(const double *values, int n, bool greatest)
{
	double		extreme = values[0];

#if CODEC_LANES
	if (n >= EXTREME_LANES && codec_has_avx2())
		return extreme_avx2(values, n, greatest);
#endif
	for (int i = 1; i < n; i++)
		if (greatest ? values[i] > extreme : values[i] < extreme)
			extreme = values[i];
	return extreme;
}

void
codec_summary_float64(const double *values, int n, FloatSummary *summary)
{
	memset(summary, 0, sizeof *summary);
	float_range(values, n, &summary->min, &summary->max, &summary->negative_zero);
	summary->finite = isfinite(codec_float_of_key(summary->min)) && isfinite(codec_float_of_key(summary->max));
	if (!summary->finite)
		return;
	summary->sum = codec_sum_float64(values, n);
	summary->m2 = summary->min == summary->max ? 0 : codec_m2_float64(values, n, summary->sum / n);
	if (summary->m2 < 0)
		summary->m2 = 0;
	summary->finite = isfinite(summary->sum) && isfinite(summary->m2);
	if (!summary->finite)
		summary->sum = summary->m2 = 0;
}

double
codec_merge_m2(double n1, double sum1, double m2_1, double n2, double sum2, double m2_2)
{
	double		apart = sum1 / n1 - sum2 / n2;

	return m2_1 + m2_2 + n1 * n2 * apart * apart / (n1 + n2);
}
