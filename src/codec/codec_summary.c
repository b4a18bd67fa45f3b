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

#include "codec/codec_stream.h"
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
CODEC_CLONES double
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

CODEC_CLONES double
codec_extreme_float64(const double *values, int n, bool greatest)
{
	double		lanes[LANES];
	double		best = values[0];
	int			i = 0;

	for (int l = 0; l < LANES; l++)
		lanes[l] = best;
	if (greatest)
	{
		for (; i + LANES <= n; i += LANES)
			for (int l = 0; l < LANES; l++)
				lanes[l] = values[i + l] > lanes[l] ? values[i + l] : lanes[l];
		for (; i < n; i++)
			best = values[i] > best ? values[i] : best;
		for (int l = 0; l < LANES; l++)
			best = lanes[l] > best ? lanes[l] : best;
	}
	else
	{
		for (; i + LANES <= n; i += LANES)
			for (int l = 0; l < LANES; l++)
				lanes[l] = values[i + l] < lanes[l] ? values[i + l] : lanes[l];
		for (; i < n; i++)
			best = values[i] < best ? values[i] : best;
		for (int l = 0; l < LANES; l++)
			best = lanes[l] < best ? lanes[l] : best;
	}
	return best;
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
