/*
 * float_resample.c
 *	  Series at regular instants: the beginnings of buckets of time, by the
 *	  calendar of a time zone if need be.
 *
 * The instants are those that territory.time_bucket() gives (time_grid.h), so
 * a day has 23 or 25 hours where summer time begins or ends.  One pass: both
 * the instants of the series and the grid rise.
 *
 *	  previous	what the last instant before said; fills gaps, between sections and
 *				after the end too
 *	  linear	on the line between the instants around it; fills gaps between them
 *	  average	over the bucket that begins there, weighted by time where the
 *				series goes on between instants; fills nothing
 *	  none		what the series itself is then; fills nothing
 */
#include "territory.h"

#include "fmgr.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "series/float_series.h"
#include "series/series_time.h"
#include "vector/time_grid.h"

#define INTERRUPTS_EVERY 0xffff /* buckets */

typedef enum ResampleMethod
{
	RESAMPLE_PREVIOUS,
	RESAMPLE_LINEAR,
	RESAMPLE_AVERAGE,
	RESAMPLE_NONE,
} ResampleMethod;

typedef struct Resample
{
	TimeGrid	grid;
	ResampleMethod method;
	TimestampTz from;			/* grid instants at or after this, before that */
	TimestampTz to;
	double		max_gap;		/* microseconds; 0 is any */
} Resample;

static const char *const method_names[] = {"previous", "linear", "average", "none"};

static ResampleMethod
resample_method(SeriesKind kind, const char *name)
{
	for (int m = RESAMPLE_PREVIOUS; m <= RESAMPLE_NONE; m++)
		if (pg_strcasecmp(name, method_names[m]) == 0)
		{
			if ((kind == SERIES_STATE && m == RESAMPLE_LINEAR) || (kind != SERIES_FLOAT && m == RESAMPLE_AVERAGE))
				ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
								errmsg("a %s cannot be resampled by method \"%s\"", series_type_name(kind), name),
								errhint("Use \"previous\" or \"none\".")));
			return (ResampleMethod) m;
		}
	ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("unknown method \"%s\"", name),
					errhint("Methods are \"previous\", \"linear\", \"average\" and \"none\".")));
}

/* ---- means of buckets ---- */

typedef struct Averages
{
	Resample   *resample;
	Series	   *result;
	TimestampTz next;			/* the bucket after the last that was put */
} Averages;

static TimestampTz
floor_of_grid(BucketMeans *means, TimestampTz t)
{
	return time_grid_floor(&((Averages *) means->caller)->resample->grid, t);
}

static TimestampTz
next_of_grid(BucketMeans *means, TimestampTz from)
{
	return time_grid_next(&((Averages *) means->caller)->resample->grid, from);
}

/* goes on with the section where the bucket before was put, too */
static void
put_average(BucketMeans *means, TimestampTz from, double mean)
{
	Averages   *averages = means->caller;

	if (from < averages->resample->to)
		series_add(averages->result, from, &mean, from != averages->next);
	averages->next = means->to;
}

static Series *
resample_averages(SeriesReader *reader, Resample *resample)
{
	Averages	averages = {resample, series_new(SERIES_FLOAT, SERIES_STEP, 0, 1, 0), DT_NOBEGIN};
	BucketMeans means = {.floor = floor_of_grid, .next = next_of_grid, .put = put_average, .caller = &averages};
	TimestampTz from = Max(resample->from, reader->start);

	means.from = time_grid_floor(&resample->grid, from);
	if (means.from < resample->from)
		means.from = time_grid_next(&resample->grid, means.from);
	float_bucket_means(reader, &means, resample->to);
	return averages.result;
}

/* ---- values at instants ---- */

/* adds what the series is at t by the method, instant i being the last at or before t */
static bool
add_at(Series *result, const Series *series, const Resample *resample, int i, TimestampTz t, bool starts)
{
	bool		between = i + 1 < series->n && series->t[i] < t;
	double		v[SERIES_DIMS];

	if (resample->method == RESAMPLE_PREVIOUS)
	{
		if (resample->max_gap > 0 && (double) (t - series->t[i]) > resample->max_gap)
			return false;
		series_add_instant(result, series, i, t, starts);
		return true;
	}
	if (series->t[i] == t)
	{
		series_add_instant(result, series, i, t, starts);
		return true;
	}
	if (resample->method == RESAMPLE_NONE)
	{
		if (series_goes_on(series, i))
			series_add_between(result, series, i, t, starts);
		return series_goes_on(series, i);
	}
	if (!between || (resample->max_gap > 0 && (double) (series->t[i + 1] - series->t[i]) > resample->max_gap))
		return false;
	for (int d = 0; d < series->dims; d++)
		v[d] = series_on_line(series->t[i], series->v[d][i], series->t[i + 1], series->v[d][i + 1], t);
	series_add(result, t, v, starts);
	return true;
}

/* the last instant at or before t, from one that is: by leaps, which double */
static int
last_before(const Series *series, int i, TimestampTz t)
{
	int			leap = 1;

	for (; leap < series->n - i && series->t[i + leap] <= t; leap *= 2)
		i += leap;
	for (; leap > 0; leap /= 2)
		if (leap < series->n - i && series->t[i + leap] <= t)
			i += leap;
	return i;
}

static Series *
resample_instants(const Series *series, Resample *resample)
{
	SeriesInterpolation interpolation = resample->method == RESAMPLE_PREVIOUS ? SERIES_STEP :
		resample->method == RESAMPLE_LINEAR ? SERIES_LINEAR : series->interpolation;
	Series	   *result = series_new(series->kind, interpolation, series->srid, series->dims, 0);
	TimestampTz from = Max(resample->from, series->t[0]);
	TimestampTz t = time_grid_floor(&resample->grid, from);
	int			i = 0;
	int			asked = 0;
	bool		starts = true;

	if (t < from)
		t = time_grid_next(&resample->grid, t);
	for (; t < resample->to; t = time_grid_next(&resample->grid, t))
	{
		int			before = i;

		i = last_before(series, i, t);
		/* where no gap is filled, sections stay apart */
		starts |= resample->method == RESAMPLE_NONE && memchr(series->starts + before + 1, true, i - before) != NULL;
		starts = !add_at(result, series, resample, i, t, starts);
		/* nothing more is coming */
		if (starts && t > series->t[series->n - 1])
			break;
		if ((++asked & INTERRUPTS_EVERY) == 0)
			CHECK_FOR_INTERRUPTS();
	}
	return result;
}

/* ---- functions ---- */

/* before a step that is too short takes all memory */
static void
check_length(const Resample *resample, const SeriesReader *reader)
{
	TimestampTz from = Max(resample->from, reader->start);
	double		n = resample->grid.months > 0 ? 0 : (double) (resample->to - from) / (double) resample->grid.usecs;

	if (n > SERIES_MAX_INSTANTS)
		ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
						errmsg("%.0f instants are too many for a %s", n, series_type_name(reader->kind)),
						errdetail("It has at most %d.", SERIES_MAX_INSTANTS),
						errhint("Use a longer step, or a shorter time: from_time, to_time.")));
}

static bool
resample_arguments(FunctionCallInfo fcinfo, SeriesKind kind, Resample *resample)
{
	for (int a = 0; a < 3; a++)
		if (PG_ARGISNULL(a))
			return false;
	time_grid_begin(&resample->grid, PG_GETARG_INTERVAL_P(1), PG_ARGISNULL(3) ? NULL : PG_GETARG_TEXT_PP(3));
	resample->method = resample_method(kind, text_to_cstring(PG_GETARG_TEXT_PP(2)));
	resample->from = PG_ARGISNULL(4) ? DT_NOBEGIN : PG_GETARG_TIMESTAMPTZ(4);
	resample->to = PG_ARGISNULL(5) ? DT_NOEND : PG_GETARG_TIMESTAMPTZ(5);
	resample->max_gap = PG_ARGISNULL(6) ? 0 : series_fixed_interval(PG_GETARG_INTERVAL_P(6), "max_gap");
	return true;
}

/* series, step, method, timezone, from_time, to_time, max_gap */
static Datum
resample_series(FunctionCallInfo fcinfo, SeriesKind kind)
{
	Resample	resample = {0};
	SeriesReader *reader;
	Series	   *series;

	if (!resample_arguments(fcinfo, kind, &resample))
		PG_RETURN_NULL();
	reader = series_open_whole(PG_GETARG_DATUM(0), kind);
	/* only what goes on by itself goes on after the end */
	if (resample.method != RESAMPLE_PREVIOUS || resample.to == DT_NOEND)
		resample.to = Min(resample.to, reader->end + 1);
	if (resample.from >= resample.to)
		PG_RETURN_NULL();
	check_length(&resample, reader);
	if (resample.method == RESAMPLE_AVERAGE)
		RETURN_SERIES_OR_NULL(resample_averages(reader, &resample));
	series = series_read(reader, 0, reader->num_blocks - 1);
	RETURN_SERIES_OR_NULL(resample_instants(series, &resample));
}

PG_FUNCTION_INFO_V1(territory_float_series_resample);
Datum
territory_float_series_resample(PG_FUNCTION_ARGS)
{
	return resample_series(fcinfo, SERIES_FLOAT);
}

PG_FUNCTION_INFO_V1(territory_state_series_resample);
Datum
territory_state_series_resample(PG_FUNCTION_ARGS)
{
	return resample_series(fcinfo, SERIES_STATE);
}

PG_FUNCTION_INFO_V1(territory_point_series_resample);
Datum
territory_point_series_resample(PG_FUNCTION_ARGS)
{
	return resample_series(fcinfo, SERIES_POINT);
}
