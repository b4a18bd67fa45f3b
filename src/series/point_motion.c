/*
 * point_motion.c
 *	  How far, how fast and where to: length, speed and bearing.
 *
 * A linear series moves straight and at one speed from instant to instant, so
 * speed and bearing are step series: what they are from an instant on holds
 * until the next.  Step and discrete series know no motion: their length is 0,
 * and speed and bearing are null.
 */
#include "territory.h"

#include "fmgr.h"
#include "miscadmin.h"

#include "series/float_series.h"
#include "series/point.h"

#define AT_ONCE 64				/* motions; few enough for plain sums */
#define LANES	8

/* metres from each of some instants to the next, 0 where no motion leads there */
static void
motion_lengths(const PointMetric *metric, const Series *series, int first, int n, double *metres)
{
	point_steps(metric, series, first, n, metres);
	if (memchr(series->starts + first + 1, true, n))
		for (int i = 0; i < n; i++)
			if (series->starts[first + i + 1])
				metres[i] = 0;
}

static double
add_up(const double *metres, int n)
{
	double		sums[LANES] = {0},
				sum = 0;

	for (int i = 0; i < n; i++)
		sums[i % LANES] += metres[i];
	for (int l = 0; l < LANES; l++)
		sum += sums[l];
	return sum;
}

PG_FUNCTION_INFO_V1(territory_point_length);
Datum
territory_point_length(PG_FUNCTION_ARGS)
{
	const Series *series = PG_GETARG_SERIES_VIEW(0);
	const PointMetric *metric = point_metric(series->srid);
	int			motions = series->interpolation == SERIES_LINEAR ? series->n - 1 : 0;
	SeriesSum	sum = {0};
	double		metres[AT_ONCE];

	for (int i = 0; i < motions; i += AT_ONCE)
	{
		int			n = Min(motions - i, AT_ONCE);

		CHECK_FOR_INTERRUPTS();
		motion_lengths(metric, series, i, n, metres);
		series_sum_add(&sum, add_up(metres, n));
	}
	PG_RETURN_FLOAT8(float_checked(series_sum_total(&sum)));
}

/* one value for each motion; it holds to the end of the last motion in a row that has one */
static void
add_motion(Series *result, const Series *series, int i, bool known, double *value, bool *going)
{
	if (known || *going)
		series_add(result, series->t[i], value, !*going);
	*going = known;
}

/* the speeds of n motions from first on */
static void
motion_speeds(const PointMetric *metric, const Series *series, int first, int n, double *speeds)
{
	const TimestampTz *t = series->t + first;

	motion_lengths(metric, series, first, n, speeds);
	for (int i = 0; i < n; i++)
		speeds[i] = speeds[i] / ((double) (t[i + 1] - t[i]) / USECS_PER_SEC);
}

static Series *
speeds_of(const Series *series)
{
	const PointMetric *metric = point_metric(series->srid);
	Series	   *result = series_new(SERIES_FLOAT, SERIES_STEP, 0, 1, series->n);
	int			motions = series->interpolation == SERIES_LINEAR ? series->n - 1 : 0;
	bool		going = false;
	double		speeds[AT_ONCE],
				value = 0;

	for (int i = 0, n; i < motions; i += n)
	{
		n = Min(motions - i, AT_ONCE);
		CHECK_FOR_INTERRUPTS();
		motion_speeds(metric, series, i, n, speeds);
		for (int k = 0; k < n; k++)
		{
			bool		known = !series->starts[i + k + 1];

			if (known)
				value = speeds[k];
			add_motion(result, series, i + k, known, &value, &going);
		}
	}
	add_motion(result, series, series->n - 1, false, &value, &going);
	return result;
}

/* a point that stays where it is has no bearing */
static bool
motion_bearing(const PointMetric *metric, const Series *series, int i, double *bearing)
{
	double		p[SERIES_DIMS],
				q[SERIES_DIMS];

	point_get(series, i, p);
	point_get(series, i + 1, q);
	if (p[0] == q[0] && p[1] == q[1])
		return false;
	*bearing = point_bearing(metric, p, q);
	return true;
}

static Series *
bearings_of(const Series *series)
{
	const PointMetric *metric = point_metric(series->srid);
	Series	   *result = series_new(SERIES_FLOAT, SERIES_STEP, 0, 1, series->n);
	bool		going = false;
	double		value = 0;

	for (int i = 0; i < series->n; i++)
	{
		if (i % 4096 == 0)
			CHECK_FOR_INTERRUPTS();
		add_motion(result, series, i, point_moves(series, i) && motion_bearing(metric, series, i, &value), &value, &going);
	}
	return result;
}

PG_FUNCTION_INFO_V1(territory_point_speed);
Datum
territory_point_speed(PG_FUNCTION_ARGS)
{
	RETURN_SERIES_OR_NULL(speeds_of(PG_GETARG_SERIES_VIEW(0)));
}

PG_FUNCTION_INFO_V1(territory_point_bearing);
Datum
territory_point_bearing(PG_FUNCTION_ARGS)
{
	RETURN_SERIES_OR_NULL(bearings_of(PG_GETARG_SERIES_VIEW(0)));
}
