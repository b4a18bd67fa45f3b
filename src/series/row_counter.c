/*
 * row_counter.c
 *	  What a meter counted, from its readings in rows.
 *
 * The idea: a meter only counts up.  A reading that is smaller than the one
 * before says that it began again: from zero, where it was reset or replaced;
 * after its maximum, where that is told and it rolled over.
 */
#include "territory.h"

#include <math.h>

#include "utils/float.h"

#include "series/row_instants.h"

PG_FUNCTION_INFO_V1(territory_row_counter_add);
PG_FUNCTION_INFO_V1(territory_row_counter_add_maximum);
PG_FUNCTION_INFO_V1(territory_row_counter_delta);
PG_FUNCTION_INFO_V1(territory_row_counter_rate);

/* ---- rows ---- */

static void *
take_counter(FunctionCallInfo call, void *state, const BatchArgument *args, int n)
{
	return row_instants_take_args(call, state, args, n, 0, NULL);
}

static void
read_maximum(const BatchArgument *args, int row, RowOptions *options)
{
	if (batch_null(&args[2], row))
		row_refuse_null("maximum");
	options->number = DatumGetFloat8(batch_value(&args[2], row));
	if (!(options->number > 0) || isinf(options->number))
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("maximum must be a number greater than zero"),
						errhint("It is what the meter counts to before it shows 0 again: 100000 for five digits.")));
}

static void *
take_counter_maximum(FunctionCallInfo call, void *state, const BatchArgument *args, int n)
{
	return row_instants_take_args(call, state, args, n, 1, read_maximum);
}

Datum
territory_row_counter_add(PG_FUNCTION_ARGS)
{
	return row_add(fcinfo, take_counter);
}

Datum
territory_row_counter_add_maximum(PG_FUNCTION_ARGS)
{
	return row_add(fcinfo, take_counter_maximum);
}

void
row_counter_init(void)
{
	vector_batch_register("territory_row_counter_add", territory_row_counter_add, take_counter);
	vector_batch_register("territory_row_counter_add_maximum", territory_row_counter_add_maximum,
						  take_counter_maximum);
}

/* ---- results ---- */

static void
check_reading(double reading, double maximum)
{
	if (reading < 0)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("a meter reads %g, which is less than zero", reading),
						errhint("What may fall is no counter; its change is last(value, t) - first(value, t).")));
	if (maximum > 0 && reading >= maximum)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("a meter reads %g, which its maximum of %g does not allow", reading, maximum),
						errhint("maximum is what the meter counts to before it shows 0 again.")));
}

/* by readings from one on, before another */
static double
counted_by(const RowInstants *state, int64 from, int64 to)
{
	double		maximum = state->options.number;	/* 0: unknown */
	double		sum = 0;

	for (int64 i = from; i < to; i++)
	{
		double		change = state->v[i] - state->v[i - 1];

		check_reading(state->v[i], maximum);
		sum += change >= 0 ? change : maximum > 0 ? change + maximum : state->v[i];
	}
	return sum;
}

static double
counted(const RowInstants *state)
{
	double		sum = 0;

	check_reading(state->v[0], state->options.number);
	for (int64 i = 1; i < state->n; i += ROW_PART)
		sum += counted_by(state, i, Min(i + ROW_PART, state->n));
	if (!isfinite(sum))
		float_overflow_error();
	return sum;
}

Datum
territory_row_counter_delta(PG_FUNCTION_ARGS)
{
	PG_RETURN_FLOAT8(counted(row_instants_sorted(fcinfo)));
}

/* per second */
Datum
territory_row_counter_rate(PG_FUNCTION_ARGS)
{
	const RowInstants *state = row_instants_sorted(fcinfo);
	double		sum = counted(state);

	if (state->n == 1)
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(sum * USECS_PER_SEC / (double) (state->t[state->n - 1] - state->t[0]));
}
