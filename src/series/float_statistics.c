/*
 * float_statistics.c
 *	  How two float series go together, and which values of one are out of the
 *	  ordinary.
 */
#include "territory.h"

#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/float.h"
#include "utils/timestamp.h"

#include "series/float_series.h"
#include "series/series_time.h"
#include "vector/time_grid.h"

#define GRID_LIMIT 10000000		/* instants, and lags to one side */

/* ---- Pearson's r ---- */

/* of n pairs; false where it is not defined: fewer than two, or one side never changes */
static bool
pearson(const double *x, const double *y, int n, double *r)
{
	double		mean_x,
				mean_y;
	SeriesSum	xx = {0},
				yy = {0},
				xy = {0};
	double		spread;

	if (n < 2)
		return false;
	mean_x = float_mean(x, n);
	mean_y = float_mean(y, n);
	for (int i = 0; i < n; i++)
	{
		double		dx = x[i] - mean_x,
					dy = y[i] - mean_y;

		series_sum_add(&xx, dx * dx);
		series_sum_add(&yy, dy * dy);
		series_sum_add(&xy, dx * dy);
	}
	spread = sqrt(series_sum_total(&xx)) * sqrt(series_sum_total(&yy));
	if (spread == 0)
		return false;
	*r = Max(-1, Min(1, float_checked(series_sum_total(&xy) / spread)));
	return true;
}

static double *
new_numbers(int n)
{
	return palloc_extended(sizeof(double) * Max(n, 1), MCXT_ALLOC_HUGE);
}

PG_FUNCTION_INFO_V1(territory_float_correlation);
Datum
territory_float_correlation(PG_FUNCTION_ARGS)
{
	Series	   *a = PG_GETARG_SERIES(0),
			   *b = PG_GETARG_SERIES(1);
	int			room = a->n + b->n;
	double	   *x = new_numbers(room),
			   *y = new_numbers(room);
	SeriesPair	pair;
	int			n = 0;
	double		r;

	series_pair_begin(&pair, a, b);
	while (series_pair_next(&pair))
	{
		x[n] = pair.value[0];
		y[n++] = pair.value[1];
	}
	if (!pearson(x, y, n, &r))
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(r);
}

/* ---- with a lag ---- */

/* the values of a series at n instants of a grid, NaN where it is not known */
static double *
values_on_grid(const Series *series, TimestampTz from, TimestampTz step, int n)
{
	double	   *values = new_numbers(n);
	int			i = series_find(series, from);

	for (int g = 0; g < n; g++)
	{
		TimestampTz t = from + g * step;

		while (i + 1 < series->n && series->t[i + 1] <= t)
			i++;
		if (i >= 0 && (series->t[i] == t || series_goes_on(series, i)))
			values[g] = series_between(series, 0, i, t);
		else
			values[g] = get_float8_nan();
	}
	return values;
}

/* the pairs of a's values and b's so many instants later */
static int
lagged_pairs(const double *a, const double *b, int n, int lag, double *x, double *y)
{
	int			pairs = 0;

	for (int g = Max(0, -lag); g < n && g + lag < n; g++)
		if (!isnan(a[g]) && !isnan(b[g + lag]))
		{
			x[pairs] = a[g];
			y[pairs++] = b[g + lag];
		}
	return pairs;
}

static void
put_lags(FunctionCallInfo fcinfo, const double *a, const double *b, int n, int max_lag, TimestampTz step)
{
	ReturnSetInfo *set = (ReturnSetInfo *) fcinfo->resultinfo;
	double	   *x = new_numbers(n),
			   *y = new_numbers(n);

	InitMaterializedSRF(fcinfo, 0);
	for (int lag = -max_lag; lag <= max_lag; lag++)
	{
		int			pairs = lagged_pairs(a, b, n, lag, x, y);
		Interval   *interval = palloc0(sizeof(Interval));
		Datum		values[3];
		bool		nulls[3] = {false};
		double		r = 0;

		CHECK_FOR_INTERRUPTS();
		interval->time = lag * step;
		nulls[1] = !pearson(x, y, pairs, &r);
		values[0] = IntervalPGetDatum(interval);
		values[1] = Float8GetDatum(r);
		values[2] = Int32GetDatum(pairs);
		tuplestore_putvalues(set->setResult, set->setDesc, values, nulls);
		pfree(interval);
	}
}

/* a, b, max_lag, step */
PG_FUNCTION_INFO_V1(territory_float_cross_correlation);
Datum
territory_float_cross_correlation(PG_FUNCTION_ARGS)
{
	Series	   *a = PG_GETARG_SERIES(0),
			   *b = PG_GETARG_SERIES(1);
	Interval   *max_lag = PG_GETARG_INTERVAL_P(2);
	double		step = series_fixed_interval(PG_GETARG_INTERVAL_P(3), "step");
	double		lags = max_lag->day == 0 && max_lag->time == 0 && max_lag->month == 0 ? 0 :
		floor(series_fixed_interval(max_lag, "max_lag") / step);
	TimeGrid	grid;
	TimestampTz from = Min(a->t[0], b->t[0]),
				to = Max(a->t[a->n - 1], b->t[b->n - 1]);
	double		n;

	float_refuse_discrete(a->interpolation, "cross-correlation");
	float_refuse_discrete(b->interpolation, "cross-correlation");
	time_grid_begin(&grid, PG_GETARG_INTERVAL_P(3), NULL);
	from = time_grid_floor(&grid, from);
	n = floor(((double) to - (double) from) / step) + 1;
	if (n > GRID_LIMIT || lags > GRID_LIMIT)
		ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
						errmsg("%.0f instants and %.0f lags are too many", n, lags),
						errhint("Use a longer step, or a shorter max_lag; %d is the most of each.", GRID_LIMIT)));
	put_lags(fcinfo, values_on_grid(a, from, (TimestampTz) step, (int) n),
			 values_on_grid(b, from, (TimestampTz) step, (int) n), (int) n, (int) lags, (TimestampTz) step);
	return (Datum) 0;
}

/* ---- out of the ordinary ---- */

#define HOURS_OF_WEEK (DAYS_PER_WEEK * HOURS_PER_DAY)
#define DAYS_PER_WEEK 7
#define FEWEST 3				/* instants that tell what is ordinary */

/* of values that are normally distributed, these times the standard deviation is ... */
#define MEDIAN_DEVIATION 0.6745 /* ... the median of absolute deviations from the median */
#define MEAN_DEVIATION 0.797885 /* ... and their mean */

/* what is ordinary in an hour of the week */
typedef struct Ordinary
{
	int			n;
	double	   *values;
	double		median;
	double		deviation;		/* as a standard deviation; 0 where nothing can be said */
} Ordinary;

static int
compare_numbers(const void *a, const void *b)
{
	double		x = *(const double *) a,
				y = *(const double *) b;

	return x < y ? -1 : x > y;
}

static double
median(double *values, int n)
{
	qsort(values, n, sizeof(double), compare_numbers);
	return n % 2 ? values[n / 2] : values[n / 2 - 1] / 2 + values[n / 2] / 2;
}

/* takes its values apart */
static void
find_ordinary(Ordinary *ordinary)
{
	double		deviation;

	if (ordinary->n < FEWEST)
		return;
	ordinary->median = median(ordinary->values, ordinary->n);
	for (int i = 0; i < ordinary->n; i++)
		ordinary->values[i] = fabs(ordinary->values[i] - ordinary->median);
	deviation = median(ordinary->values, ordinary->n);
	ordinary->deviation = deviation > 0 ? deviation / MEDIAN_DEVIATION :
		float_mean(ordinary->values, ordinary->n) / MEAN_DEVIATION;
}

/* Monday's first hour is 0 */
static int
hour_of_week(Timestamp local)
{
	int64		hours = local / USECS_PER_HOUR - (local % USECS_PER_HOUR < 0);
	/* 2000-01-01 was a Saturday */
	int64		hour = (hours + 5 * HOURS_PER_DAY) % HOURS_OF_WEEK;

	return (int) (hour < 0 ? hour + HOURS_OF_WEEK : hour);
}

static Ordinary *
learn_ordinary(const Series *series, const uint8 *hours)
{
	Ordinary   *ordinary = palloc0(sizeof(Ordinary) * HOURS_OF_WEEK);

	for (int i = 0; i < series->n; i++)
		ordinary[hours[i]].n++;
	for (int h = 0; h < HOURS_OF_WEEK; h++)
	{
		ordinary[h].values = new_numbers(ordinary[h].n);
		ordinary[h].n = 0;
	}
	for (int i = 0; i < series->n; i++)
	{
		Ordinary   *hour = &ordinary[hours[i]];

		hour->values[hour->n++] = series->v[0][i];
	}
	for (int h = 0; h < HOURS_OF_WEEK; h++)
		find_ordinary(&ordinary[h]);
	return ordinary;
}

/* series, threshold, timezone */
PG_FUNCTION_INFO_V1(territory_float_anomalies);
Datum
territory_float_anomalies(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *set = (ReturnSetInfo *) fcinfo->resultinfo;
	Series	   *series = PG_GETARG_SERIES(0);
	double		threshold = PG_GETARG_FLOAT8(1);
	Interval	hour = {.time = USECS_PER_HOUR};
	TimeGrid	grid;
	uint8	   *hours = palloc_extended(series->n, MCXT_ALLOC_HUGE);
	Ordinary   *ordinary;

	if (!(threshold > 0))
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("threshold must be greater than zero"),
						errhint("It is a number of standard deviations: 3.5 is usual.")));
	time_grid_begin(&grid, &hour, PG_GETARG_TEXT_PP(2));
	for (int i = 0; i < series->n; i++)
		hours[i] = hour_of_week(time_grid_local(&grid, series->t[i]));
	ordinary = learn_ordinary(series, hours);
	InitMaterializedSRF(fcinfo, 0);
	for (int i = 0; i < series->n; i++)
	{
		const Ordinary *usual = &ordinary[hours[i]];
		double		score = usual->deviation > 0 ? (series->v[0][i] - usual->median) / usual->deviation : 0;
		Datum		values[4];
		bool		nulls[4] = {false};

		if (fabs(score) <= threshold)
			continue;
		values[0] = TimestampTzGetDatum(series->t[i]);
		values[1] = Float8GetDatum(series->v[0][i]);
		values[2] = Float8GetDatum(usual->median);
		values[3] = Float8GetDatum(score);
		tuplestore_putvalues(set->setResult, set->setDesc, values, nulls);
	}
	return (Datum) 0;
}
