/*
 * float_when.c
 *	  When a float series is above, below or between numbers.
 *
 * The idea: a microsecond is in the result if and only if value_at() there is.
 * Within a piece that can change once for each number, and is found by
 * bisection.  Where the bound itself is not in (above, below), the period ends
 * at the last microsecond that is not in, left out; where it is (between), at the
 * last that is, kept.  A line that is at the number but for rounding counts as
 * being at it: from 3.2 to 2.6 it is 2.8 after two thirds of its way, though
 * these doubles make it a little more.
 *
 * Blocks whose box shows that nothing of them and of their neighbours is in are
 * not decoded.
 */
#include "territory.h"

#include <float.h>

#include "fmgr.h"
#include "miscadmin.h"
#include "utils/float.h"

#include "series/series_time.h"

/* low <= value <= high, or without the equal signs */
typedef struct ValueBand
{
	double		low;
	double		high;
	bool		bounds_included;
} ValueBand;

/* of a line: how far from a number rounding alone may bring it, and far less than it moves in a microsecond */
static double
rounding(const Series *series, int i)
{
	const double *v = series->v[0] + i;
	double		moves = fabs(v[1] / 2 - v[0] / 2) * 2 / (double) (series->t[i + 1] - series->t[i]);

	return Min(4 * DBL_EPSILON * Max(fabs(v[0]), fabs(v[1])), moves / 100);
}

/* the value of a line between its ends */
static double
value_on_line(const Series *series, int i, const ValueBand *band, TimestampTz t)
{
	double		value = series_between(series, 0, i, t);
	double		tolerance = rounding(series, i);

	if (fabs(value - band->low) <= tolerance)
		return band->low;
	return fabs(value - band->high) <= tolerance ? band->high : value;
}

static bool
in_band(const ValueBand *band, double value)
{
	return band->bounds_included ? value >= band->low && value <= band->high : value > band->low && value < band->high;
}

/* the first microsecond after from, up to to, where a line is in the band, or no longer on this side of it */
static TimestampTz
first_where(const Series *series, int i, const ValueBand *band, TimestampTz from, TimestampTz to, bool in)
{
	while (to - from > 1)
	{
		TimestampTz middle = from + (to - from) / 2;

		if (in_band(band, value_on_line(series, i, band, middle)) == in)
			to = middle;
		else
			from = middle;
	}
	return to;
}

/* of a line that is out of the band at both its ends: a microsecond in it; false: it has none */
static bool
find_within(const Series *series, int i, const ValueBand *band, TimestampTz *at)
{
	TimestampTz from = series->t[i],
				to = series->t[i + 1];
	const double *v = series->v[0];
	bool		rises = v[i] < v[i + 1];
	double		entry = rises ? band->low : band->high;

	if (Max(v[i], v[i + 1]) < band->low || Min(v[i], v[i + 1]) > band->high)
		return false;
	/* the first microsecond beyond the bound that it meets first */
	while (to - from > 1)
	{
		TimestampTz middle = from + (to - from) / 2;
		double		value = value_on_line(series, i, band, middle);
		bool		beyond = in_band(band, value) || (rises ? value > entry : value < entry);

		if (beyond)
			to = middle;
		else
			from = middle;
	}
	*at = to;
	return to < series->t[i + 1] && in_band(band, value_on_line(series, i, band, to));
}

/* from the last microsecond that is out, or the first that is in */
static void
add_line(PeriodSet *set, const Series *series, int i, const ValueBand *band)
{
	TimestampTz from = series->t[i],
				to = series->t[i + 1];
	bool		first = in_band(band, series->v[0][i]),
				last = in_band(band, series->v[0][i + 1]);
	bool		included = band->bounds_included;

	if (first && last)
	{
		periods_add(set, from, true, to, true);
		return;
	}
	if (!first && !last)
	{
		TimestampTz inner;

		if (!find_within(series, i, band, &inner))
			return;
		to = first_where(series, i, band, inner, to, false);
		periods_add(set, included ? inner : inner - 1, included, included ? to - 1 : to, included);
	}
	else if (first)
	{
		to = first_where(series, i, band, from, to, false);
		periods_add(set, from, true, included ? to - 1 : to, included);
	}
	else
	{
		from = first_where(series, i, band, from, to, true);
		periods_add(set, included ? from : from - 1, included, to, true);
	}
}

/* instants first to last - 1, and the pieces that begin there */
static void
add_instants(PeriodSet *set, const Series *series, const ValueBand *band)
{
	for (int i = 0; i < series->n; i++)
	{
		bool		goes_on = series_goes_on(series, i);
		TimestampTz t = series->t[i];

		if (goes_on && series->interpolation == SERIES_LINEAR)
			add_line(set, series, i, band);
		else if (in_band(band, series->v[0][i]))
			periods_add(set, t, true, goes_on ? series->t[i + 1] : t, !goes_on);
	}
}

static bool
block_is_out(const SeriesReader *reader, int b, const ValueBand *band)
{
	const SeriesBlock *block = &reader->blocks[b];

	return b < 0 || b >= reader->num_blocks || block->max[0] < band->low || block->min[0] > band->high ||
		(!band->bounds_included && (block->max[0] == band->low || block->min[0] == band->high));
}

static bool
skip_block(const SeriesReader *reader, int b, const ValueBand *band)
{
	return block_is_out(reader, b - 1, band) && block_is_out(reader, b, band) && block_is_out(reader, b + 1, band);
}

/*
 * A line from a block below the band to one above it crosses it, whatever is
 * in the blocks: both are read.
 */
static bool
crosses_after(const SeriesReader *reader, int b, const ValueBand *band)
{
	return b >= 0 && b + 1 < reader->num_blocks && reader->interpolation == SERIES_LINEAR &&
		Max(reader->blocks[b].max[0], reader->blocks[b + 1].max[0]) >= band->low &&
		Min(reader->blocks[b].min[0], reader->blocks[b + 1].min[0]) <= band->high;
}

static Datum
when_in_band(Datum value, const ValueBand *band)
{
	SeriesReader *reader = series_open(value, SERIES_FLOAT);
	PeriodSet  *set = periods_new();
	int			b = 0;

	while (b < reader->num_blocks)
	{
		int			first = b;

		CHECK_FOR_INTERRUPTS();
		while (b < reader->num_blocks && (!skip_block(reader, b, band) || crosses_after(reader, b - 1, band) ||
										  crosses_after(reader, b, band)))
			b++;
		if (b > first)
			add_instants(set, series_read(reader, first, b - 1), band);
		b++;
	}
	return periods_multirange(set);
}

static double
finite_or_infinite(double x)
{
	if (isnan(x))
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("a float_series cannot be compared with NaN"),
						errhint("Give a number, or '-infinity' or 'infinity'.")));
	return x;
}

PG_FUNCTION_INFO_V1(territory_float_when_above);
Datum
territory_float_when_above(PG_FUNCTION_ARGS)
{
	ValueBand	band = {finite_or_infinite(PG_GETARG_FLOAT8(1)), get_float8_infinity(), false};

	return when_in_band(PG_GETARG_DATUM(0), &band);
}

PG_FUNCTION_INFO_V1(territory_float_when_below);
Datum
territory_float_when_below(PG_FUNCTION_ARGS)
{
	ValueBand	band = {-get_float8_infinity(), finite_or_infinite(PG_GETARG_FLOAT8(1)), false};

	return when_in_band(PG_GETARG_DATUM(0), &band);
}

PG_FUNCTION_INFO_V1(territory_float_when_between);
Datum
territory_float_when_between(PG_FUNCTION_ARGS)
{
	ValueBand	band = {finite_or_infinite(PG_GETARG_FLOAT8(1)), finite_or_infinite(PG_GETARG_FLOAT8(2)), true};

	return when_in_band(PG_GETARG_DATUM(0), &band);
}
