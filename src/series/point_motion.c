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

/* what the motion from an instant to the next is worth */
static double
motion_length(const PointMetric *metric, const Series *series, int i)
{
	double		p[SERIES_DIMS],
				q[SERIES_DIMS];

	point_get(series, i, p);
	point_get(series, i + 1, q);
	return point_metres(metric, p, q, series->dims);
}

/* the motions from some instants; few enough for a plain sum */
static double
lengths(const PointMetric *metric, const Series *series, int first, int end)
{
	double		sum = 0;

	for (int i = first; i < end; i++)
		if (point_moves(series, i))
			sum += motion_length(metric, series, i);
	return sum;
}

PG_FUNCTION_INFO_V1(territory_point_length);
Datum
territory_point_length(PG_FUNCTION_ARGS)
{
	Series	   *series = PG_GETARG_SERIES(0);
	const PointMetric *metric = point_metric(series->srid);
	SeriesSum	sum = {0};

	for (int i = 0; i < series->n; i += 64)
	{
		CHECK_FOR_INTERRUPTS();
		series_sum_add(&sum, lengths(metric, series, i, Min(i + 64, series->n)));
	}
	series_free(series);
	PG_RETURN_FLOAT8(float_checked(series_sum_total(&sum)));
}

static double
motion_speed(const PointMetric *metric, const Series *series, int i)
{
	return motion_length(metric, series, i) / ((double) (series->t[i + 1] - series->t[i]) / USECS_PER_SEC);
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

/* one value per motion, which holds to the end of the last motion in a row that has one */
static Series *
of_motions(const Series *series, bool bearing)
{
	const PointMetric *metric = point_metric(series->srid);
	Series	   *result = series_new(SERIES_FLOAT, SERIES_STEP, 0, 1, series->n);
	bool		going = false;
	double		value = 0;

	for (int i = 0; i < series->n; i++)
	{
		bool		known = point_moves(series, i);

		if (i % 4096 == 0)
			CHECK_FOR_INTERRUPTS();
		if (known && bearing)
			known = motion_bearing(metric, series, i, &value);
		else if (known)
			value = motion_speed(metric, series, i);
		if (known || going)
			series_add(result, series->t[i], &value, !going);
		going = known;
	}
	return result;
}

PG_FUNCTION_INFO_V1(territory_point_speed);
Datum
territory_point_speed(PG_FUNCTION_ARGS)
{
	RETURN_EXPANDED_OR_NULL(of_motions(PG_GETARG_SERIES(0), false));
}

PG_FUNCTION_INFO_V1(territory_point_bearing);
Datum
territory_point_bearing(PG_FUNCTION_ARGS)
{
	RETURN_EXPANDED_OR_NULL(of_motions(PG_GETARG_SERIES(0), true));
}
