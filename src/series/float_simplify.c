/*
 * float_simplify.c
 *	  Fewer instants, or calmer ones: what a series looks like.
 *
 *	  simplify			Douglas and Peucker 1973, the distance being that of values
 *						at the same time
 *	  downsample_lttb	largest triangle three buckets, Steinarsson 2013
 *	  downsample_minmax	the extremes of each of so many stretches of equal length
 *	  smooth			centred moving average: over time where the series goes on
 *						between its instants, else over instants
 *
 * Instants are kept as they are, and a section starts where one started among
 * those that were left out.
 */
#include "territory.h"

#include "fmgr.h"
#include "miscadmin.h"
#include "utils/float.h"
#include "utils/timestamp.h"

#include "series/float_series.h"
#include "series/series_time.h"

/* ---- the instants to keep ---- */

static Series *
kept_instants(const Series *series, const bool *keep)
{
	Series	   *result = series_like(series, 0);
	bool		starts = true;

	for (int i = 0; i < series->n; i++)
	{
		starts |= series->starts[i];
		if (!keep[i])
			continue;
		series_add(result, series->t[i], &series->v[0][i], starts);
		starts = false;
	}
	return result;
}

static bool *
new_flags(int n)
{
	return MemoryContextAllocExtended(CurrentMemoryContext, sizeof(bool) * n, MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
}

/* ---- Douglas-Peucker ---- */

typedef struct Stretch
{
	int			first;
	int			last;
} Stretch;

/* the instant between two that is farthest from their line, or -1 if none is beyond tolerance */
static int
farthest(const Series *series, Stretch stretch, double tolerance)
{
	const TimestampTz *t = series->t;
	const double *v = series->v[0];
	double		most = tolerance;
	int			found = -1;

	for (int i = stretch.first + 1; i < stretch.last; i++)
	{
		double		distance = fabs(v[i] - series_on_line(t[stretch.first], v[stretch.first], t[stretch.last],
														  v[stretch.last], t[i]));

		if (distance > most)
		{
			most = distance;
			found = i;
		}
	}
	return found;
}

/* the longer part waits, so the stack stays small */
static void
keep_of_stretch(const Series *series, Stretch whole, double tolerance, bool *keep)
{
	Stretch		stack[64];
	int			depth = 0;

	keep[whole.first] = keep[whole.last] = true;
	stack[depth++] = whole;
	while (depth > 0)
	{
		Stretch		stretch = stack[--depth];
		int			middle = farthest(series, stretch, tolerance);
		Stretch		left = {stretch.first, middle},
					right = {middle, stretch.last};
		bool		left_is_longer = middle - stretch.first > stretch.last - middle;

		CHECK_FOR_INTERRUPTS();
		if (middle < 0)
			continue;
		keep[middle] = true;
		Assert(depth + 2 <= (int) lengthof(stack));
		stack[depth++] = left_is_longer ? left : right;
		stack[depth++] = left_is_longer ? right : left;
	}
}

/* the last instant of the section that starts at first; a discrete series is one */
static int
section_end(const Series *series, int first)
{
	int			last = first;

	if (series->interpolation == SERIES_DISCRETE)
		return series->n - 1;
	while (series_goes_on(series, last))
		last++;
	return last;
}

/* where the value has moved away from the one kept last */
static void
keep_of_steps(const Series *series, Stretch stretch, double tolerance, bool *keep)
{
	int			kept = stretch.first;

	keep[stretch.first] = keep[stretch.last] = true;
	for (int i = stretch.first + 1; i < stretch.last; i++)
		if (fabs(series->v[0][i] - series->v[0][kept]) > tolerance)
		{
			keep[i] = true;
			kept = i;
		}
}

PG_FUNCTION_INFO_V1(territory_float_simplify);
Datum
territory_float_simplify(PG_FUNCTION_ARGS)
{
	Series	   *series = PG_GETARG_SERIES(0);
	double		tolerance = PG_GETARG_FLOAT8(1);
	bool	   *keep = new_flags(series->n);

	if (!(tolerance >= 0))
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("tolerance must not be negative"),
						errhint("Give a number in the unit of the series.")));
	for (int i = 0; i < series->n; i++)
	{
		Stretch		section = {i, section_end(series, i)};

		if (series->interpolation == SERIES_STEP)
			keep_of_steps(series, section, tolerance, keep);
		else
			keep_of_stretch(series, section, tolerance, keep);
		i = section.last;
	}
	PG_RETURN_SERIES_ON(kept_instants(series, keep));
}

/* ---- so many instants ---- */

/* the mean instant of some, in time since the first of the series */
static void
mean_instant(const Series *series, int first, int end, double *x, double *y)
{
	double		sum_x = 0,
				sum_y = 0;

	for (int i = first; i < end; i++)
	{
		sum_x += (double) (series->t[i] - series->t[0]);
		sum_y += series->v[0][i];
	}
	*x = sum_x / (end - first);
	*y = sum_y / (end - first);
}

static int
largest_triangle(const Series *series, int before, int first, int end, double x, double y)
{
	double		bx = (double) (series->t[before] - series->t[0]),
				by = series->v[0][before];
	double		most = -1;
	int			found = first;

	for (int i = first; i < end; i++)
	{
		double		area = fabs((bx - x) * (series->v[0][i] - by) -
								(bx - (double) (series->t[i] - series->t[0])) * (y - by));

		if (area > most)
		{
			most = area;
			found = i;
		}
	}
	return found;
}

/* first and last, and of each bucket between them what spans the largest triangle with its neighbours */
static void
keep_lttb(const Series *series, int n, bool *keep)
{
	double		width = n > 2 ? (double) (series->n - 2) / (n - 2) : 0;
	int			before = 0;

	keep[0] = keep[series->n - 1] = true;
	for (int b = 0; b < n - 2; b++)
	{
		int			first = (int) (b * width) + 1,
					end = (int) ((b + 1) * width) + 1,
					next_end = Min((int) ((b + 2) * width) + 1, series->n);
		double		x,
					y;

		mean_instant(series, Min(end, series->n - 1), Max(next_end, end + 1), &x, &y);
		before = largest_triangle(series, before, first, end, x, y);
		keep[before] = true;
	}
}

static int
instants_argument(FunctionCallInfo fcinfo)
{
	int			n = PG_GETARG_INT32(1);

	if (n < 2)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("a series cannot be brought down to %d instants", n),
						errhint("Give 2 or more.")));
	return n;
}

PG_FUNCTION_INFO_V1(territory_float_downsample_lttb);
Datum
territory_float_downsample_lttb(PG_FUNCTION_ARGS)
{
	Series	   *series = PG_GETARG_SERIES(0);
	int			n = instants_argument(fcinfo);
	bool	   *keep;

	if (series->n <= n)
		PG_RETURN_SERIES_ON(series);
	keep = new_flags(series->n);
	keep_lttb(series, n, keep);
	PG_RETURN_SERIES_ON(kept_instants(series, keep));
}

/* at most n instants: the extremes of n / 2 stretches of the same length */
Series *
float_downsample_minmax(const Series *series, int n)
{
	const double *v = series->v[0];
	double		length = (double) (series->t[series->n - 1] - series->t[0]) + 1;
	bool	   *keep = new_flags(series->n);
	int			i = 0;

	while (i < series->n)
	{
		int			stretch = (int) ((double) (series->t[i] - series->t[0]) / length * (n / 2));
		int			min = i,
					max = i;

		for (i++; i < series->n && (int) ((double) (series->t[i] - series->t[0]) / length * (n / 2)) == stretch; i++)
		{
			if (v[i] < v[min])
				min = i;
			if (v[i] > v[max])
				max = i;
		}
		keep[min] = keep[max] = true;
	}
	return kept_instants(series, keep);
}

PG_FUNCTION_INFO_V1(territory_float_downsample_minmax);
Datum
territory_float_downsample_minmax(PG_FUNCTION_ARGS)
{
	Series	   *series = PG_GETARG_SERIES(0);
	int			n = instants_argument(fcinfo);

	PG_RETURN_SERIES_ON(series->n <= n ? series : float_downsample_minmax(series, n));
}

/* ---- moving average ---- */

/*
 * Sums from the beginning of a section, of values less a middle one so that
 * they stay small, with their rests: differences of them lose next to nothing.
 */
typedef struct RunningSum
{
	double		middle;
	SeriesSum  *sums;			/* before each instant */
} RunningSum;

static double
sum_between(SeriesSum from, SeriesSum to)
{
	return (to.sum - from.sum) + (to.rest - from.rest);
}

static void
smooth_instants(const Series *series, Stretch section, TimestampTz half, RunningSum *running, double *result)
{
	SeriesSum	sum = {0};
	int			low = section.first,
				high = section.first;

	for (int i = section.first; i <= section.last; i++)
	{
		running->sums[i] = sum;
		series_sum_add(&sum, series->v[0][i] - running->middle);
	}
	running->sums[section.last + 1] = sum;
	for (int i = section.first; i <= section.last; i++)
	{
		while (series->t[low] < series->t[i] - half)
			low++;
		while (high <= section.last && series->t[high] <= series->t[i] + half)
			high++;
		result[i] = running->middle + sum_between(running->sums[low], running->sums[high]) / (high - low);
	}
}

/* the area before a time, less the middle's, the piece around it beginning at instant i */
static SeriesSum
area_before(const Series *series, const RunningSum *running, int i, TimestampTz t)
{
	SeriesSum	sum = running->sums[i];

	if (t > series->t[i])
		series_sum_add(&sum, float_area(series, i, series->t[i], t) - running->middle * (double) (t - series->t[i]));
	return sum;
}

static void
smooth_section(const Series *series, Stretch section, TimestampTz half, RunningSum *running, double *result)
{
	SeriesSum	sum = {0};
	int			low = section.first,
				high = section.first;

	for (int i = section.first; i <= section.last; i++)
	{
		running->sums[i] = sum;
		if (i < section.last)
			series_sum_add(&sum, float_area(series, i, series->t[i], series->t[i + 1]) -
						   running->middle * (double) (series->t[i + 1] - series->t[i]));
	}
	for (int i = section.first; i <= section.last; i++)
	{
		TimestampTz from = Max(series->t[i] - half, series->t[section.first]),
					to = Min(series->t[i] + half, series->t[section.last]);

		while (low < section.last && series->t[low + 1] <= from)
			low++;
		while (high < section.last && series->t[high + 1] <= to)
			high++;
		result[i] = from == to ? series->v[0][i] : running->middle +
			sum_between(area_before(series, running, low, from), area_before(series, running, high, to)) /
				(double) (to - from);
	}
}

PG_FUNCTION_INFO_V1(territory_float_smooth);
Datum
territory_float_smooth(PG_FUNCTION_ARGS)
{
	Series	   *series = PG_GETARG_SERIES(0);
	double		width = series_fixed_interval(PG_GETARG_INTERVAL_P(1), "width");
	TimestampTz half = (TimestampTz) Min(width / 2, (double) (series->t[series->n - 1] - series->t[0]));
	RunningSum	running = {.middle = float_mean(series->v[0], series->n)};
	double	   *result = palloc_extended(sizeof(double) * series->n, MCXT_ALLOC_HUGE);

	running.sums = palloc_extended(sizeof(SeriesSum) * ((Size) series->n + 1), MCXT_ALLOC_HUGE);
	for (int i = 0; i < series->n; i++)
	{
		Stretch		section = {i, section_end(series, i)};

		if (series->interpolation == SERIES_DISCRETE)
			smooth_instants(series, section, half, &running, result);
		else
			smooth_section(series, section, half, &running, result);
		i = section.last;
	}
	for (int i = 0; i < series->n; i++)
		series->v[0][i] = float_checked(result[i]);
	PG_RETURN_SERIES_ON(series);
}
