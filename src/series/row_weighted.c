/*
 * row_weighted.c
 *	  Averages and integrals over time of values that come in rows.
 *
 * The idea: between two instants a value is known, as a step (the earlier one
 * holds) or as a line; its area is summed over the instants in order.  Nothing
 * is known before the first instant and after the last, so they bound the
 * time that is averaged over.
 */
#include "territory.h"

#include <math.h>

#include "utils/float.h"

#include "series/row_instants.h"

PG_FUNCTION_INFO_V1(territory_row_values_add);
PG_FUNCTION_INFO_V1(territory_row_values_add_interpolated);
PG_FUNCTION_INFO_V1(territory_row_values_add_per);
PG_FUNCTION_INFO_V1(territory_row_time_weighted_average);
PG_FUNCTION_INFO_V1(territory_row_integral);

/* ---- rows ---- */

static void *
take_values(FunctionCallInfo call, void *state, const BatchArgument *args, int n)
{
	return row_instants_take_args(call, state, args, n, 0, NULL);
}

static void
read_interpolation(const BatchArgument *args, int row, RowOptions *options)
{
	options->linear = row_interpolation(&args[2], row);
}

static void *
take_interpolated(FunctionCallInfo call, void *state, const BatchArgument *args, int n)
{
	return row_instants_take_args(call, state, args, n, 1, read_interpolation);
}

static void
read_interpolation_per(const BatchArgument *args, int row, RowOptions *options)
{
	options->linear = row_interpolation(&args[2], row);
	options->number = row_duration(&args[3], row, "per");
}

static void *
take_per(FunctionCallInfo call, void *state, const BatchArgument *args, int n)
{
	return row_instants_take_args(call, state, args, n, 2, read_interpolation_per);
}

Datum
territory_row_values_add(PG_FUNCTION_ARGS)
{
	return row_add(fcinfo, take_values);
}

Datum
territory_row_values_add_interpolated(PG_FUNCTION_ARGS)
{
	return row_add(fcinfo, take_interpolated);
}

Datum
territory_row_values_add_per(PG_FUNCTION_ARGS)
{
	return row_add(fcinfo, take_per);
}

void
row_weighted_init(void)
{
	vector_batch_register("territory_row_values_add", territory_row_values_add, take_values);
	vector_batch_register("territory_row_values_add_interpolated", territory_row_values_add_interpolated,
						  take_interpolated);
	vector_batch_register("territory_row_values_add_per", territory_row_values_add_per, take_per);
}

/* ---- results ---- */

/* value times microseconds, of the steps that end at instants from one on, before another */
static double
area_of(const RowInstants *state, int64 from, int64 to)
{
	const TimestampTz *t = state->t;
	const double *v = state->v;
	double		sum = 0;

	if (state->options.linear)
		for (int64 i = from; i < to; i++)
			sum += (v[i - 1] / 2 + v[i] / 2) * (double) (t[i] - t[i - 1]);
	else
		for (int64 i = from; i < to; i++)
			sum += v[i - 1] * (double) (t[i] - t[i - 1]);
	return sum;
}

static double
area(const RowInstants *state)
{
	double		sum = 0;

	for (int64 i = 1; i < state->n; i += ROW_PART)
		sum += area_of(state, i, Min(i + ROW_PART, state->n));
	if (!isfinite(sum))
		float_overflow_error();
	return sum;
}

Datum
territory_row_time_weighted_average(PG_FUNCTION_ARGS)
{
	const RowInstants *state = row_instants_sorted(fcinfo);

	if (state->n == 1)
		PG_RETURN_FLOAT8(state->v[0]);
	PG_RETURN_FLOAT8(area(state) / (double) (state->t[state->n - 1] - state->t[0]));
}

Datum
territory_row_integral(PG_FUNCTION_ARGS)
{
	const RowInstants *state = row_instants_sorted(fcinfo);

	PG_RETURN_FLOAT8(area(state) / (state->options.number > 0 ? state->options.number : USECS_PER_SEC));
}
