/*
 * vector_pairs.c
 *	  The state of corr, covar_* and regr_*: number, sums and second moments of
 *	  pairs of floats.
 *
 * Pairs of a block are measured from their own means, in two passes over
 * vectors, and merged with what is there (Chan, Golub and LeVeque), so that the
 * error is smaller than that of core's recurrence.  Where numbers are not
 * finite, or would not stay so, pairs are taken one by one by that recurrence
 * (Youngs and Cramer 1971), which says when it is an overflow.
 */
#include "territory.h"

#include <math.h>

#include "utils/float.h"

#include "codec/codec_summary.h"
#include "vector/vector.h"
#include "vector/vector_batch.h"

/* does a finite sum, or second moment, of finite numbers overflow? */
static bool
overflows(double result, double before, double value)
{
	return isinf(result) && !isinf(before) && !isinf(value);
}

static void
check_overflow(const PairState *before, const PairState *after, double y, double x)
{
	if (overflows(after->sum_x, before->sum_x, x) || overflows(after->m2_x, before->sum_x, x) ||
		overflows(after->sum_y, before->sum_y, y) || overflows(after->m2_y, before->sum_y, y) ||
		(overflows(after->m_xy, before->sum_x, x) && overflows(after->m_xy, before->sum_y, y)))
		float_overflow_error();
}

void
vector_pairs_add(PairState *state, double y, double x)
{
	PairState	after = *state;

	after.n++;
	after.sum_x += x;
	after.sum_y += y;
	if (state->n > 0)
	{
		double		apart_x = x * after.n - after.sum_x;
		double		apart_y = y * after.n - after.sum_y;
		double		scale = 1.0 / (after.n * state->n);

		after.m2_x += apart_x * apart_x * scale;
		after.m2_y += apart_y * apart_y * scale;
		after.m_xy += apart_x * apart_y * scale;
		check_overflow(state, &after, y, x);
		if (isinf(after.m2_x))
			after.m2_x = get_float8_nan();
		if (isinf(after.m2_y))
			after.m2_y = get_float8_nan();
		if (isinf(after.m_xy))
			after.m_xy = get_float8_nan();
	}
	else
	{
		if (!isfinite(x))
			after.m2_x = after.m_xy = get_float8_nan();
		if (!isfinite(y))
			after.m2_y = after.m_xy = get_float8_nan();
	}
	*state = after;
}

/* of pairs by themselves; the rounding of the means is taken out again */
static PairState
measure(const double *y, const double *x, int n)
{
	PairState	pairs = {n};
	double		mean_x,
				mean_y,
				off_x = 0,
				off_y = 0;

	pairs.sum_x = codec_sum_float64(x, n);
	pairs.sum_y = codec_sum_float64(y, n);
	mean_x = pairs.sum_x / n;
	mean_y = pairs.sum_y / n;
	for (int i = 0; i < n; i++)
	{
		double		dx = x[i] - mean_x;
		double		dy = y[i] - mean_y;

		off_x += dx;
		off_y += dy;
		pairs.m2_x += dx * dx;
		pairs.m2_y += dy * dy;
		pairs.m_xy += dx * dy;
	}
	pairs.m2_x = Max(pairs.m2_x - off_x * off_x / n, 0);
	pairs.m2_y = Max(pairs.m2_y - off_y * off_y / n, 0);
	pairs.m_xy -= off_x * off_y / n;
	return pairs;
}

static PairState
merge(const PairState *a, const PairState *b)
{
	PairState	both = *b;
	double		apart_x,
				apart_y,
				weight;

	if (a->n == 0)
		return both;
	apart_x = a->sum_x / a->n - b->sum_x / b->n;
	apart_y = a->sum_y / a->n - b->sum_y / b->n;
	both.n = a->n + b->n;
	weight = a->n * b->n / both.n;
	both.sum_x = a->sum_x + b->sum_x;
	both.sum_y = a->sum_y + b->sum_y;
	both.m2_x = a->m2_x + b->m2_x + weight * apart_x * apart_x;
	both.m2_y = a->m2_y + b->m2_y + weight * apart_y * apart_y;
	both.m_xy = a->m_xy + b->m_xy + weight * apart_x * apart_y;
	return both;
}

static bool
is_finite(const PairState *pairs)
{
	return isfinite(pairs->sum_x) && isfinite(pairs->sum_y) && isfinite(pairs->m2_x) && isfinite(pairs->m2_y) &&
		isfinite(pairs->m_xy);
}

/* pairs without a null, into vectors without a hole; how many */
static int
collect(const BatchArgument *args, int n, double *y, double *x)
{
	int			kept = 0;

	for (int i = 0; i < n; i++)
	{
		y[kept] = DatumGetFloat8(batch_value(&args[0], i));
		x[kept] = DatumGetFloat8(batch_value(&args[1], i));
		kept += !batch_null(&args[0], i) && !batch_null(&args[1], i);
	}
	return kept;
}

/* vector_batch.h's BatchFunction, of a native state */
void *
vector_pairs_take(FunctionCallInfo call, void *state, const BatchArgument *args, int n)
{
	double		room_y[BLOCK_MAX_ROWS];
	double		room_x[BLOCK_MAX_ROWS];
	const double *y = (const double *) args[0].values;
	const double *x = (const double *) args[1].values;
	PairState	both;

	if (args[0].nulls || args[1].nulls || args[0].constant || args[1].constant)
	{
		n = collect(args, n, room_y, room_x);
		y = room_y;
		x = room_x;
	}
	if (n == 0)
		return state;
	both = measure(y, x, n);
	both = merge(state, &both);
	if (is_finite(&both))
		*(PairState *) state = both;
	else
		for (int i = 0; i < n; i++)
			vector_pairs_add(state, y[i], x[i]);
	return state;
}
