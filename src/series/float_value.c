/*
 * float_value.c
 *	  Numbers that a float series comes down to: extremes, means, integral, and
 *	  what a counter counted.
 *
 * Extremes are read from the boxes in the header: no value lies outside the
 * values of the instants around it.  Everything that is summed is summed with
 * the rests of additions (SeriesSum).
 */
#include "territory.h"

#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/float.h"
#include "utils/timestamp.h"

#include "series/float_series.h"
#include "series/series_time.h"

/* an error of its own for what overflows, as core's float8 has */
double
float_checked(double value)
{
	if (!isfinite(value))
		float_overflow_error();
	return value;
}

/* what can be said only of what goes on between its instants */
void
float_refuse_discrete(SeriesInterpolation interpolation, const char *what)
{
	if (interpolation == SERIES_DISCRETE)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("a discrete float_series has no %s", what),
						errdetail("Nothing is known between its instants."),
						errhint("Say how it goes on there: territory.set_interpolation(series, 'linear').")));
}

/* ---- extremes ---- */

PG_FUNCTION_INFO_V1(territory_float_min_value);
Datum
territory_float_min_value(PG_FUNCTION_ARGS)
{
	SeriesReader *reader = series_open(PG_GETARG_DATUM(0), SERIES_FLOAT);
	double		min = reader->blocks[0].min[0];

	for (int b = 1; b < reader->num_blocks; b++)
		min = Min(min, reader->blocks[b].min[0]);
	PG_RETURN_FLOAT8(min);
}

PG_FUNCTION_INFO_V1(territory_float_max_value);
Datum
territory_float_max_value(PG_FUNCTION_ARGS)
{
	SeriesReader *reader = series_open(PG_GETARG_DATUM(0), SERIES_FLOAT);
	double		max = reader->blocks[0].max[0];

	for (int b = 1; b < reader->num_blocks; b++)
		max = Max(max, reader->blocks[b].max[0]);
	PG_RETURN_FLOAT8(max);
}

/* ---- means and areas ---- */

/* of so many instants; of equal values it is that value */
double
float_mean(const double *values, int n)
{
	SeriesSum	sum = {0};

	for (int i = 0; i < n; i++)
		series_sum_add(&sum, values[i]);
	return float_checked(series_sum_total(&sum) / n);
}

/* of the piece that begins at instant i, from one time in it to another: value x microseconds */
double
float_area(const Series *series, int i, TimestampTz from, TimestampTz to)
{
	double		begins = series_between(series, 0, i, from);
	double		middle = begins;

	if (series->interpolation == SERIES_LINEAR)
		middle = begins / 2 + series_between(series, 0, i, to) / 2;
	return middle * (double) (to - from);
}

/* all of a series, some blocks at a time */
typedef struct Totals
{
	SeriesInterpolation interpolation;
	SeriesSum	area;			/* of its pieces, value x microseconds */
	int64		length;			/* of them */
	SeriesSum	values;
	int			n;
} Totals;

static void
add_totals(Totals *totals, const Series *series, TimestampTz before, double value)
{
	const double *v = series->v[0];
	bool		step = series->interpolation == SERIES_STEP;

	for (int i = 0; i < series->n; i++)
	{
		if (!series->starts[i])
		{
			TimestampTz lasts = series->t[i] - before;

			series_sum_add(&totals->area, (step ? value : value / 2 + v[i] / 2) * (double) lasts);
			totals->length += lasts;
		}
		series_sum_add(&totals->values, v[i]);
		before = series->t[i];
		value = v[i];
	}
}

static Totals
total_up(Datum value)
{
	const Series *whole = series_of_expanded(value);
	SeriesReader *reader;
	Totals		totals = {0};
	TimestampTz before = 0;
	double		last = 0;

	/* made by the function before, and never encoded */
	if (whole)
	{
		totals.interpolation = whole->interpolation;
		totals.n = whole->n;
		add_totals(&totals, whole, before, last);
		return totals;
	}
	reader = series_open_whole(value, SERIES_FLOAT);
	totals.interpolation = reader->interpolation;
	totals.n = reader->n;
	for (int b = 0; b < reader->num_blocks; b += SERIES_BLOCKS_AT_ONCE)
	{
		Series	   *series = series_read(reader, b, Min(b + SERIES_BLOCKS_AT_ONCE, reader->num_blocks) - 1);

		add_totals(&totals, series, before, last);
		before = series->t[series->n - 1];
		last = series->v[0][series->n - 1];
		series_free(series);
	}
	return totals;
}

PG_FUNCTION_INFO_V1(territory_float_average_value);
Datum
territory_float_average_value(PG_FUNCTION_ARGS)
{
	Totals		totals = total_up(PG_GETARG_DATUM(0));

	PG_RETURN_FLOAT8(float_checked(series_sum_total(&totals.values) / totals.n));
}

/* where it never lasts, each instant counts as one */
PG_FUNCTION_INFO_V1(territory_float_time_weighted_average);
Datum
territory_float_time_weighted_average(PG_FUNCTION_ARGS)
{
	Totals		totals = total_up(PG_GETARG_DATUM(0));

	if (totals.length == 0)
		PG_RETURN_FLOAT8(float_checked(series_sum_total(&totals.values) / totals.n));
	PG_RETURN_FLOAT8(float_checked(series_sum_total(&totals.area) / (double) totals.length));
}

PG_FUNCTION_INFO_V1(territory_float_integral);
Datum
territory_float_integral(PG_FUNCTION_ARGS)
{
	double		per = series_fixed_interval(PG_GETARG_INTERVAL_P(1), "per");
	Totals		totals = total_up(PG_GETARG_DATUM(0));

	float_refuse_discrete(totals.interpolation, "integral");
	PG_RETURN_FLOAT8(float_checked(series_sum_total(&totals.area) / per));
}

/* ---- changes ---- */

/* the slope of each piece, from its instant on; the last of a section has that of the piece before */
PG_FUNCTION_INFO_V1(territory_float_derivative);
Datum
territory_float_derivative(PG_FUNCTION_ARGS)
{
	Series	   *series = PG_GETARG_SERIES(0);
	double		per = series_fixed_interval(PG_GETARG_INTERVAL_P(1), "per");
	Series	   *result = series_new(SERIES_FLOAT, SERIES_STEP, 0, 1, series->n);
	double		slope = 0;

	if (series->interpolation != SERIES_LINEAR)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("a float_series with interpolation \"%s\" has no derivative",
							   series_interpolation_name(series->interpolation)),
						errhint("Say that it goes on in lines: territory.set_interpolation(series, 'linear').")));
	for (int i = 0; i < series->n; i++)
	{
		bool		begins = series_goes_on(series, i);

		if (begins)
			slope = float_checked((series->v[0][i + 1] - series->v[0][i]) /
								  (double) (series->t[i + 1] - series->t[i]) * per);
		if (begins || (i > 0 && series_goes_on(series, i - 1)))
			series_add(result, series->t[i], &slope, series->starts[i]);
	}
	RETURN_SERIES_OR_NULL(result);
}

PG_FUNCTION_INFO_V1(territory_float_delta);
Datum
territory_float_delta(PG_FUNCTION_ARGS)
{
	SeriesReader *reader = series_open(PG_GETARG_DATUM(0), SERIES_FLOAT);
	Series	   *ends = series_read(reader, reader->num_blocks - 1, reader->num_blocks - 1);
	double		last = ends->v[0][ends->n - 1];

	if (reader->num_blocks > 1)
		ends = series_read(reader, 0, 0);
	PG_RETURN_FLOAT8(float_checked(last - ends->v[0][0]));
}

/* what a counter counted between two readings; it fell because it was set to 0, or rolled over */
static double
counted(double before, double after, const double *maximum)
{
	if (after >= before)
		return after - before;
	return maximum ? *maximum - before + after : after;
}

/* checked against the readings: a counter is neither negative nor beyond where it rolls over */
static void
check_counter(const Series *series, const double *maximum)
{
	for (int i = 0; i < series->n; i++)
		if (series->v[0][i] < 0 || (maximum && series->v[0][i] >= *maximum))
			ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
							errmsg("%s at %s is no reading of the counter", float8out_internal(series->v[0][i]),
								   series_instant_text(series->t[i])),
							maximum ? errdetail("It shows 0 at %s.", float8out_internal(*maximum)) :
							errdetail("A counter is never negative.")));
}

static bool
counter_maximum(FunctionCallInfo fcinfo, int argument, double *maximum)
{
	if (PG_ARGISNULL(argument))
		return false;
	*maximum = PG_GETARG_FLOAT8(argument);
	if (!(*maximum > 0) || !isfinite(*maximum))
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("maximum must be greater than zero"),
						errhint("Give what the counter counts to before it shows 0 again, such as 100000 for five digits.")));
	return true;
}

static double
count_all(const Series *series, const double *maximum)
{
	SeriesSum	sum = {0};

	check_counter(series, maximum);
	for (int i = 1; i < series->n; i++)
		series_sum_add(&sum, counted(series->v[0][i - 1], series->v[0][i], maximum));
	return float_checked(series_sum_total(&sum));
}

/* series, maximum */
PG_FUNCTION_INFO_V1(territory_float_counter_delta);
Datum
territory_float_counter_delta(PG_FUNCTION_ARGS)
{
	double		maximum;
	bool		rolls;

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	rolls = counter_maximum(fcinfo, 1, &maximum);
	PG_RETURN_FLOAT8(count_all(PG_GETARG_SERIES(0), rolls ? &maximum : NULL));
}

/* series, per, maximum */
PG_FUNCTION_INFO_V1(territory_float_rate);
Datum
territory_float_rate(PG_FUNCTION_ARGS)
{
	double		maximum,
				per;
	bool		rolls;
	Series	   *series;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		PG_RETURN_NULL();
	per = series_fixed_interval(PG_GETARG_INTERVAL_P(1), "per");
	rolls = counter_maximum(fcinfo, 2, &maximum);
	series = PG_GETARG_SERIES(0);
	if (series->n == 1)
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(float_checked(count_all(series, rolls ? &maximum : NULL) /
								   (double) (series->t[series->n - 1] - series->t[0]) * per));
}

/* series, counter, maximum: the change since the instant before, which may be of the section before */
PG_FUNCTION_INFO_V1(territory_float_deltas);
Datum
territory_float_deltas(PG_FUNCTION_ARGS)
{
	double		maximum;
	bool		rolls,
				counter;
	Series	   *series,
			   *result;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		PG_RETURN_NULL();
	series = PG_GETARG_SERIES(0);
	counter = PG_GETARG_BOOL(1);
	rolls = counter_maximum(fcinfo, 2, &maximum);
	if (counter)
		check_counter(series, rolls ? &maximum : NULL);
	else if (rolls)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("only a counter rolls over"),
						errhint("Give counter => true as well.")));
	result = series_new(SERIES_FLOAT, SERIES_DISCRETE, 0, 1, series->n);
	for (int i = 1; i < series->n; i++)
	{
		double		before = series->v[0][i - 1];
		double		after = series->v[0][i];
		double		change = float_checked(counter ? counted(before, after, rolls ? &maximum : NULL) : after - before);

		series_add(result, series->t[i], &change, true);
	}
	RETURN_SERIES_OR_NULL(result);
}
