/*
 * point_stops.c
 *	  Where a moving point stayed, and fixes that cannot be true.
 *
 * A stop is a stay point (Li, Zheng, Xie, Chen, Liu and Ma: Mining user
 * similarity based on location history, 2008): from an instant on, all those
 * within a radius of it, if they last long enough.  The first that does not
 * belong to a stop begins the search for the next.
 *
 * Cleaning keeps, of each section, the longest chain of instants no two
 * neighbours of which ask for more than the greatest speed.  "Can be reached
 * from" is a partial order, so chains are found as by patience sorting: each
 * instant goes on with the longest that it can be reached from.  So one wrong
 * fix at the beginning does not drop all that are right, nor one in the middle
 * that was just within reach all that come after it.
 */
#include "territory.h"

#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/timestamp.h"

#include "series/point.h"

/* ---- stops ---- */

/* the position of a stretch of instants until some time, weighted by time */
static void
mean_position(const Series *series, int first, int last, TimestampTz until, double *mean)
{
	bool		step = series->interpolation == SERIES_STEP;
	double		whole = (double) (until - series->t[first]);

	for (int d = 0; d < series->dims; d++)
	{
		const double *v = series->v[d];
		SeriesSum	sum = {0};

		/* as differences from the first, which are small */
		for (int i = first; i < (step ? last + 1 : last); i++)
		{
			TimestampTz end = i == last ? until : series->t[i + 1];

			series_sum_add(&sum, ((v[i] + v[step ? i : i + 1]) / 2 - v[first]) * ((double) (end - series->t[i]) / whole));
		}
		mean[d] = v[first] + series_sum_total(&sum);
	}
}

/* the last instant of the section that is within the radius, all between them being so */
static int
stays_until(const PointMetric *metric, const Series *series, int first, double radius)
{
	double		anchor[SERIES_DIMS],
				p[SERIES_DIMS];
	int			i = first;

	point_get(series, first, anchor);
	while (i + 1 < series->n && !series->starts[i + 1])
	{
		point_get(series, i + 1, p);
		if (point_metres(metric, anchor, p, 2) > radius)
			break;
		if (++i % 4096 == 0)
			CHECK_FOR_INTERRUPTS();
	}
	return i;
}

/* until when the position of an instant holds: of a step series, up to the next instant, which is not part of it */
static Period
stop_period(const Series *series, int first, int last)
{
	bool		holds = series->interpolation == SERIES_STEP && series_goes_on(series, last);

	return (Period){series->t[first], series->t[holds ? last + 1 : last], true, !holds};
}

/* stops(series, radius, duration) */
PG_FUNCTION_INFO_V1(territory_point_stops);
Datum
territory_point_stops(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *set = (ReturnSetInfo *) fcinfo->resultinfo;
	Series	   *series = PG_GETARG_SERIES(0);
	double		radius = PG_GETARG_FLOAT8(1),
				duration = series_fixed_interval(PG_GETARG_INTERVAL_P(2), "duration");
	const PointMetric *metric = point_metric(series->srid);
	bool		nulls[2] = {false};

	point_check_metres(metric, radius, "radius");
	if (series->interpolation == SERIES_DISCRETE)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("a discrete series does not say where the point is between its instants"),
						errhint("set_interpolation(series, 'linear') makes a motion of it.")));
	InitMaterializedSRF(fcinfo, 0);
	for (int i = 0; i < series->n;)
	{
		int			last = stays_until(metric, series, i, radius);
		double		mean[SERIES_DIMS];
		Period		period;
		Datum		values[2];

		CHECK_FOR_INTERRUPTS();
		period = stop_period(series, i, last);
		if ((double) (period.to - period.from) < duration)
		{
			i++;
			continue;
		}
		mean_position(series, i, last, period.to, mean);
		values[0] = period_range(&period);
		values[1] = point_geometry_of(mean, series->dims, series->srid);
		tuplestore_putvalues(set->setResult, set->setDesc, values, nulls);
		i = last + 1;
	}
	return (Datum) 0;
}

/* ---- cleaning ---- */

/* instants that end chains of one length, and none longer; so none of them can be reached from another */
typedef struct Level
{
	int			num;
	int			room;
	int		   *instants;		/* in order of time */
} Level;

static bool
reachable(const PointMetric *metric, const Series *series, int from, int to, double max_speed)
{
	double		p[SERIES_DIMS],
				q[SERIES_DIMS],
				seconds = (double) (series->t[to] - series->t[from]) / USECS_PER_SEC;

	point_get(series, from, p);
	point_get(series, to, q);
	return point_metres(metric, p, q, series->dims) <= max_speed * seconds;
}

/* the first instant of a level that i can be reached from, or -1 */
static int
reached_from(const PointMetric *metric, const Series *series, const Level *level, int i, double max_speed)
{
	for (int k = 0; k < level->num; k++)
	{
		if (k % 4096 == 4095)
			CHECK_FOR_INTERRUPTS();
		if (reachable(metric, series, level->instants[k], i, max_speed))
			return level->instants[k];
	}
	return -1;
}

static void
level_add(Level *level, int i)
{
	if (level->num == level->room)
	{
		level->room = level->room * 2 + 1;
		if (level->instants)
			level->instants = repalloc_huge(level->instants, level->room * sizeof(int));
		else
			level->instants = palloc(level->room * sizeof(int));
	}
	level->instants[level->num++] = i;
}

/*
 * The level of the longest chain that instant i can go on with, or -1; from is
 * that chain's end.  What is reached from an instant is reached from all before
 * it in its chain, so a level that i is reached from has such ones below it: up
 * to there in steps that double, then between two of them in halves.
 */
static int
find_level(const PointMetric *metric, const Series *series, const Level *levels, int num, int i, double max_speed,
		   int *from)
{
	int			reached = -1,
				not_reached = num,
				step = 1;

	*from = -1;
	while (not_reached - reached > 1)
	{
		int			try = reached < 0 ? Max(not_reached - step, 0) : reached + (not_reached - reached) / 2;
		int			end = reached_from(metric, series, &levels[try], i, max_speed);

		if (end >= 0)
		{
			reached = try;
			*from = end;
		}
		else
			not_reached = try;
		step *= 2;
	}
	return reached;
}

/* marks the longest chain of a section in keep; before[i] goes back along chains; levels has room for each instant */
static void
clean_section(const PointMetric *metric, const Series *series, int first, int last, double max_speed,
			  int *before, Level *levels, bool *keep)
{
	int			num = 0;

	for (int i = first; i <= last; i++)
	{
		int			level = find_level(metric, series, levels, num, i, max_speed, &before[i]) + 1;

		CHECK_FOR_INTERRUPTS();
		if (level == num)
			levels[num++] = (Level){0};
		level_add(&levels[level], i);
	}
	/* of several that are the longest, the one that ended first */
	for (int i = levels[num - 1].instants[0]; i >= 0; i = before[i])
		keep[i] = true;
	for (int level = 0; level < num; level++)
		pfree(levels[level].instants);
}

/* clean(series, max_speed) */
PG_FUNCTION_INFO_V1(territory_point_clean);
Datum
territory_point_clean(PG_FUNCTION_ARGS)
{
	Series	   *series = PG_GETARG_SERIES(0),
			   *result = series_like(series, 0);
	double		max_speed = PG_GETARG_FLOAT8(1);
	const PointMetric *metric = point_metric(series->srid);
	int		   *before = palloc_extended(series->n * sizeof(int), MCXT_ALLOC_HUGE);
	Level	   *levels = palloc_extended(series->n * sizeof(Level), MCXT_ALLOC_HUGE);
	bool	   *keep = palloc0(series->n * sizeof(bool)),
				starts = true;

	if (isnan(max_speed) || max_speed <= 0)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("max_speed must be greater than zero, not %g", max_speed)));
	/* the instants of a discrete series are one motion as far as speed goes */
	for (int first = 0, i = 0; i < series->n; i++)
	{
		if (i + 1 < series->n && (!series->starts[i + 1] || series->interpolation == SERIES_DISCRETE))
			continue;
		clean_section(metric, series, first, i, max_speed, before, levels, keep);
		first = i + 1;
	}
	for (int i = 0; i < series->n; i++)
	{
		starts |= series->starts[i];
		if (!keep[i])
			continue;
		series_add_instant(result, series, i, series->t[i], starts);
		starts = false;
	}
	PG_RETURN_DATUM(series_expand(result));
}
