/*
 * series_time.c
 *	  What holds for series of every kind: when they begin and end, what they
 *	  are at an instant or during periods, how they go on between instants.
 *
 * What is asked of the whole (its span, its number of instants) reads the header
 * only; what is asked of a time reads the blocks around it.
 *
 * A series has no excluded ends.  Where a period that it is cut to leaves its
 * end out, the cut series ends there with the value that it comes near to (the
 * limit from the left), so that it keeps its length.
 */
#include "territory.h"

#include "catalog/pg_type.h"
#include "common/int.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/rangetypes.h"
#include "utils/timestamp.h"

#include "series/point.h"
#include "series/series_time.h"

/* one function of SQL's for each kind */
#define FOR_EACH_KIND(name) \
	PG_FUNCTION_INFO_V1(territory_float_series_##name); \
	PG_FUNCTION_INFO_V1(territory_state_series_##name); \
	PG_FUNCTION_INFO_V1(territory_point_series_##name); \
	Datum territory_float_series_##name(PG_FUNCTION_ARGS) { return name(fcinfo, SERIES_FLOAT); } \
	Datum territory_state_series_##name(PG_FUNCTION_ARGS) { return name(fcinfo, SERIES_STATE); } \
	Datum territory_point_series_##name(PG_FUNCTION_ARGS) { return name(fcinfo, SERIES_POINT); }

/* ---- instants taken over from another series ---- */

Series *
series_like(const Series *series, int room)
{
	return series_new(series->kind, series->interpolation, series->srid, series->dims, room);
}

/* at a time of its own */
void
series_add_instant(Series *series, const Series *source, int i, TimestampTz t, bool starts)
{
	double		v[SERIES_DIMS];

	if (source->kind == SERIES_STATE)
	{
		series_add_state(series, t, source->states[source->codes[i]], starts);
		return;
	}
	for (int d = 0; d < source->dims; d++)
		v[d] = source->v[d][i];
	series_add(series, t, v, starts);
}

/* what the source is at t, in the piece that begins at instant i, or at its end as a limit */
void
series_add_between(Series *series, const Series *source, int i, TimestampTz t, bool starts)
{
	double		v[SERIES_DIMS];

	if (source->kind == SERIES_STATE)
	{
		series_add_instant(series, source, i, t, starts);
		return;
	}
	for (int d = 0; d < source->dims; d++)
		v[d] = series_between(source, d, i, t);
	series_add(series, t, v, starts);
}

/* the blocks that tell what a series is from one time to another; NULL: it is nothing then */
Series *
series_read_around(SeriesReader *reader, TimestampTz from, TimestampTz to)
{
	int			first = Max(series_find_block(reader, from), 0);
	int			last = series_find_block(reader, to);

	if (from > reader->end || to < reader->start)
		return NULL;
	/* and how it goes on after the block */
	if (to > reader->blocks[last].end)
		last = Min(last + 1, reader->num_blocks - 1);
	/* nothing is after the end of a block, and all of the next one is later */
	if (from > reader->blocks[first].end && reader->interpolation == SERIES_DISCRETE)
		first = Min(first + 1, last);
	return series_read(reader, first, last);
}

/* ---- of the whole ---- */

static Datum
start_time(FunctionCallInfo fcinfo, SeriesKind kind)
{
	return TimestampTzGetDatum(series_open(PG_GETARG_DATUM(0), kind)->start);
}

static Datum
end_time(FunctionCallInfo fcinfo, SeriesKind kind)
{
	return TimestampTzGetDatum(series_open(PG_GETARG_DATUM(0), kind)->end);
}

static Datum
num_instants(FunctionCallInfo fcinfo, SeriesKind kind)
{
	return Int32GetDatum(series_open(PG_GETARG_DATUM(0), kind)->n);
}

static Datum
interpolation(FunctionCallInfo fcinfo, SeriesKind kind)
{
	SeriesReader *reader = series_open(PG_GETARG_DATUM(0), kind);

	return CStringGetTextDatum(series_interpolation_name(reader->interpolation));
}

static Datum
time_span(FunctionCallInfo fcinfo, SeriesKind kind)
{
	SeriesReader *reader = series_open(PG_GETARG_DATUM(0), kind);
	Period		span = {reader->start, reader->end, true, true};

	return period_range(&span);
}

/* when it is known */
static PeriodSet *
series_spans(const Series *series)
{
	PeriodSet  *set = periods_new();

	for (int i = 0; i < series->n; i++)
	{
		int			first = i;

		while (series_goes_on(series, i))
			i++;
		periods_add(set, series->t[first], true, series->t[i], true);
	}
	return set;
}

static Datum
time_spans(FunctionCallInfo fcinfo, SeriesKind kind)
{
	return periods_multirange(series_spans(PG_GETARG_SERIES(0)));
}

FOR_EACH_KIND(start_time);
FOR_EACH_KIND(end_time);
FOR_EACH_KIND(num_instants);
FOR_EACH_KIND(interpolation);
FOR_EACH_KIND(time_span);
FOR_EACH_KIND(time_spans);

/* ---- at an instant ---- */

/* the instant whose value, or whose piece, tells what the series is at t; or -1 */
static int
known_at(const Series *series, TimestampTz t)
{
	int			i = series_find(series, t);

	return i >= 0 && (series->t[i] == t || series_goes_on(series, i)) ? i : -1;
}

/* of a float series */
static bool
series_value_at(const Series *series, TimestampTz t, double *value)
{
	int			i = known_at(series, t);

	if (i >= 0)
		*value = series_between(series, 0, i, t);
	return i >= 0;
}

PG_FUNCTION_INFO_V1(territory_float_value_at);
Datum
territory_float_value_at(PG_FUNCTION_ARGS)
{
	SeriesReader *reader = series_open(PG_GETARG_DATUM(0), SERIES_FLOAT);
	TimestampTz t = PG_GETARG_TIMESTAMPTZ(1);
	Series	   *series = series_read_around(reader, t, t);
	double		value;

	if (series == NULL || !series_value_at(series, t, &value))
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(value);
}

PG_FUNCTION_INFO_V1(territory_state_value_at);
Datum
territory_state_value_at(PG_FUNCTION_ARGS)
{
	SeriesReader *reader = series_open(PG_GETARG_DATUM(0), SERIES_STATE);
	TimestampTz t = PG_GETARG_TIMESTAMPTZ(1);
	Series	   *series = series_read_around(reader, t, t);
	int			i = series ? known_at(series, t) : -1;

	if (i < 0)
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(series->states[series->codes[i]]);
}

/* ---- during periods ---- */

/* the limit from the left at a time that the piece after instant i reaches */
static void
add_end(Series *result, const Series *series, int i, TimestampTz t)
{
	if (result->t[result->n - 1] < t)
		series_add_between(result, series, i, t, false);
}

/* two periods leave out the instant between them: the first ends a microsecond earlier */
static void
make_way(Series *result, const Series *series, TimestampTz t)
{
	int			last = result->n - 1;

	if (last < 0 || result->t[last] < t)
		return;
	if (result->starts[last] || result->t[last - 1] == t - 1)
		result->n--;
	else
	{
		result->n--;
		series_add_between(result, series, series_find(series, t - 1), t - 1, false);
	}
}

static void
add_period(Series *result, const Series *series, const Period *period)
{
	int			i = series_find(series, period->from);
	bool		starts = true;

	/* how it begins, where that is within the series */
	if (i >= 0 && period->from_included && series->t[i] == period->from)
	{
		make_way(result, series, period->from);
		series_add_instant(result, series, i, period->from, true);
		starts = false;
	}
	else if (series_goes_on(series, i) && (period->to > period->from))
	{
		make_way(result, series, period->from);
		series_add_between(result, series, i, period->from, true);
		starts = false;
	}
	else if (i >= 0 && series_goes_on(series, i))
	{
		series_add_between(result, series, i, period->from, true);
		return;
	}
	for (i++; i < series->n && (series->t[i] < period->to || (series->t[i] == period->to && period->to_included)); i++)
	{
		series_add_instant(result, series, i, series->t[i], starts || series->starts[i]);
		starts = false;
	}
	/* how it ends */
	if (!starts && series_goes_on(series, i - 1))
		add_end(result, series, i - 1, period->to);
}

/* the series during the periods; one without instants where it is nothing then */
static Series *
series_at(const Series *series, const PeriodSet *set)
{
	Series	   *result = series_like(series, 0);

	for (int p = 0; p < set->n; p++)
	{
		CHECK_FOR_INTERRUPTS();
		if (set->periods[p].from > series->t[series->n - 1])
			break;
		if (set->periods[p].to >= series->t[0])
			add_period(result, series, &set->periods[p]);
	}
	return result;
}

static Datum
at_periods(FunctionCallInfo fcinfo, SeriesReader *reader, const PeriodSet *set)
{
	Series	   *series;

	if (set->n == 0)
		PG_RETURN_NULL();
	series = series_read_around(reader, set->periods[0].from, set->periods[set->n - 1].to);
	if (series == NULL)
		PG_RETURN_NULL();
	RETURN_SERIES_OR_NULL(series_at(series, set));
}

static Datum
at_range(FunctionCallInfo fcinfo, SeriesKind kind)
{
	return at_periods(fcinfo, series_open(PG_GETARG_DATUM(0), kind), periods_of_range(PG_GETARG_DATUM(1)));
}

static Datum
at_multirange(FunctionCallInfo fcinfo, SeriesKind kind)
{
	return at_periods(fcinfo, series_open(PG_GETARG_DATUM(0), kind), periods_of_multirange(PG_GETARG_DATUM(1)));
}

FOR_EACH_KIND(at_range);
FOR_EACH_KIND(at_multirange);

/* ---- between instants ---- */

/* an interval without months, in microseconds: days have 24 hours; more than nothing */
double
series_fixed_interval(const Interval *interval, const char *what)
{
	double		length = interval->day * (double) USECS_PER_DAY + interval->time;

	if (interval->month != 0)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("%s cannot have months or years", what),
						errhint("Their length is not fixed: give days (of 24 hours), hours or smaller units.")));
	if (length <= 0)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("%s must be greater than zero", what),
						errhint("Give an interval such as '1 hour'.")));
	return length;
}

/* series, interpolation, max_gap */
static Datum
set_interpolation(FunctionCallInfo fcinfo, SeriesKind kind)
{
	Series	   *series;
	SeriesInterpolation interpolation;
	double		max_gap = 0;
	bool		was_discrete;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		PG_RETURN_NULL();
	series = PG_GETARG_SERIES(0);
	interpolation = series_interpolation(text_to_cstring(PG_GETARG_TEXT_PP(1)));
	if (!PG_ARGISNULL(2))
		max_gap = series_fixed_interval(PG_GETARG_INTERVAL_P(2), "max_gap");
	was_discrete = series->interpolation == SERIES_DISCRETE;
	series->interpolation = interpolation;
	for (int i = 0; i < series->n; i++)
		series->starts[i] = i == 0 || interpolation == SERIES_DISCRETE || (series->starts[i] && !was_discrete) ||
			(max_gap > 0 && (double) (series->t[i] - series->t[i - 1]) > max_gap);
	PG_RETURN_SERIES(series);
}

FOR_EACH_KIND(set_interpolation);

/* ---- as rows ---- */

static Datum
position_of(const Series *series, int i)
{
	double		p[SERIES_DIMS] = {0};

	for (int d = 0; d < series->dims; d++)
		p[d] = series->v[d][i];
	return point_geometry_of(p, series->dims, series->srid);
}

static Datum
unnest(FunctionCallInfo fcinfo, SeriesKind kind)
{
	ReturnSetInfo *set = (ReturnSetInfo *) fcinfo->resultinfo;
	Series	   *series = PG_GETARG_SERIES(0);
	bool		nulls[2] = {false};

	InitMaterializedSRF(fcinfo, 0);
	for (int i = 0; i < series->n; i++)
	{
		Datum		values[2] = {TimestampTzGetDatum(series->t[i])};

		if (kind == SERIES_FLOAT)
			values[1] = Float8GetDatum(series->v[0][i]);
		else if (kind == SERIES_STATE)
			values[1] = PointerGetDatum(series->states[series->codes[i]]);
		else
			values[1] = position_of(series, i);
		tuplestore_putvalues(set->setResult, set->setDesc, values, nulls);
	}
	return (Datum) 0;
}

FOR_EACH_KIND(unnest);

/* ---- lengths of time ---- */

PG_FUNCTION_INFO_V1(territory_duration);
Datum
territory_duration(PG_FUNCTION_ARGS)
{
	PeriodSet  *set = periods_of_multirange(PG_GETARG_DATUM(0));
	Interval   *length = palloc0(sizeof(Interval));
	int64		span;

	for (int p = 0; p < set->n; p++)
	{
		if (TIMESTAMP_NOT_FINITE(set->periods[p].from) || TIMESTAMP_NOT_FINITE(set->periods[p].to))
			ereport(ERROR, (errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
							errmsg("the duration of a period without an end is infinite"),
							errhint("Cut the periods to those of interest: periods * tstzmultirange(tstzrange(…)).")));
		if (pg_sub_s64_overflow(set->periods[p].to, set->periods[p].from, &span) ||
			pg_add_s64_overflow(length->time, span, &length->time))
			ereport(ERROR, (errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE), errmsg("interval out of range")));
	}
	/* days of 24 hours, as the difference of two times */
	PG_RETURN_DATUM(DirectFunctionCall1(interval_justify_hours, IntervalPGetDatum(length)));
}
