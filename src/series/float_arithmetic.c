/*
 * float_arithmetic.c
 *	  Sums, differences, products and quotients of two float series, and of one
 *	  and a number.
 *
 * Two series meet at the union of their instants, where both are known.  The
 * result is discrete if one of them is, a step series if both are, else linear.
 * Between instants it is then what the operation gives there, but for products
 * and quotients of lines, which are curves: lines lead from value to value (for
 * a product of two, at most a quarter of the product of their changes in that
 * piece from the curve).  Where a step series jumps while the other is a line,
 * a section ends a microsecond before, with the values of then, and another
 * begins.
 */
#include "territory.h"

#include "fmgr.h"
#include "utils/float.h"

#include "series/float_series.h"
#include "series/series_time.h"

static void
divided_by_zero(TimestampTz t, const char *when)
{
	ereport(ERROR, (errcode(ERRCODE_DIVISION_BY_ZERO), errmsg("division by zero"),
					errdetail("The divisor is 0 %s %s.", when, series_instant_text(t)),
					errhint("Divide where it is not near 0: territory.at(divisor, territory.when_above(divisor, 0.001)).")));
}

static double
operate(char operation, double a, double b, TimestampTz t)
{
	switch (operation)
	{
		case '+':
			return float_checked(a + b);
		case '-':
			return float_checked(a - b);
		case '*':
			return float_checked(a * b);
		default:
			if (b == 0)
				divided_by_zero(t, "at");
			return float_checked(a / b);
	}
}

/* a quotient of lines has a pole where the divisor passes 0 */
static void
check_pole(double before, double after, TimestampTz t)
{
	if ((before < 0 && after > 0) || (before > 0 && after < 0))
		divided_by_zero(t, "before");
}

/* ---- two series ---- */

static SeriesInterpolation
combined_interpolation(const Series *a, const Series *b)
{
	if (a->interpolation == SERIES_DISCRETE || b->interpolation == SERIES_DISCRETE)
		return SERIES_DISCRETE;
	return a->interpolation == SERIES_STEP && b->interpolation == SERIES_STEP ? SERIES_STEP : SERIES_LINEAR;
}

static Series *
combine(const Series *a, const Series *b, char operation)
{
	Series	   *result = series_new(SERIES_FLOAT, combined_interpolation(a, b), 0, 1, Max(a->n, b->n));
	SeriesPair	pair;
	double		divisor = 0;

	series_pair_begin(&pair, a, b);
	while (series_pair_next(&pair))
	{
		double		value = operate(operation, pair.value[0], pair.value[1], pair.t);
		bool		goes_on = pair.goes_on;

		if (goes_on && operation == '/' && b->interpolation == SERIES_LINEAR)
			check_pole(divisor, pair.left[1], pair.t);
		divisor = pair.value[1];
		/* a jump in a line */
		if (goes_on && result->interpolation == SERIES_LINEAR &&
			(pair.left[0] != pair.value[0] || pair.left[1] != pair.value[1]))
		{
			double		before = operate(operation, pair.before[0], pair.before[1], pair.t - 1);

			if (result->t[result->n - 1] < pair.t - 1)
				series_add(result, pair.t - 1, &before, false);
			goes_on = false;
		}
		series_add(result, pair.t, &value, !goes_on);
	}
	return result;
}

static Datum
combine_arguments(FunctionCallInfo fcinfo, char operation)
{
	RETURN_SERIES_OR_NULL(combine(PG_GETARG_SERIES(0), PG_GETARG_SERIES(1), operation));
}

/* ---- a series and a number ---- */

static double
number_argument(FunctionCallInfo fcinfo, int argument)
{
	double		number = PG_GETARG_FLOAT8(argument);

	if (!isfinite(number))
		ereport(ERROR, (errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE), errmsg("a float_series holds finite numbers only"),
						errdetail("The number is %s.", isnan(number) ? "NaN" : "infinity")));
	return number;
}

static Datum
with_number(FunctionCallInfo fcinfo, int series_argument, char operation)
{
	Series	   *series = PG_GETARG_SERIES(series_argument);
	double		number = number_argument(fcinfo, 1 - series_argument);
	double	   *v = series->v[0];
	bool		poles = operation == '/' && series_argument == 1 && series->interpolation == SERIES_LINEAR;

	for (int i = 0; poles && i + 1 < series->n; i++)
		if (series_goes_on(series, i))
			check_pole(v[i], v[i + 1], series->t[i + 1]);
	for (int i = 0; i < series->n; i++)
		v[i] = series_argument == 0 ? operate(operation, v[i], number, series->t[i]) :
			operate(operation, number, v[i], series->t[i]);
	PG_RETURN_SERIES_ON(series);
}

#define OPERATION(name, operation) \
	PG_FUNCTION_INFO_V1(territory_float_##name); \
	PG_FUNCTION_INFO_V1(territory_float_##name##_number); \
	PG_FUNCTION_INFO_V1(territory_number_##name##_float); \
	Datum territory_float_##name(PG_FUNCTION_ARGS) { return combine_arguments(fcinfo, operation); } \
	Datum territory_float_##name##_number(PG_FUNCTION_ARGS) { return with_number(fcinfo, 0, operation); } \
	Datum territory_number_##name##_float(PG_FUNCTION_ARGS) { return with_number(fcinfo, 1, operation); }

OPERATION(add, '+');
OPERATION(subtract, '-');
OPERATION(multiply, '*');
OPERATION(divide, '/');

PG_FUNCTION_INFO_V1(territory_float_negate);
Datum
territory_float_negate(PG_FUNCTION_ARGS)
{
	Series	   *series = PG_GETARG_SERIES(0);

	for (int i = 0; i < series->n; i++)
		series->v[0][i] = -series->v[0][i];
	PG_RETURN_SERIES_ON(series);
}
