/*
 * row_exceedance.c
 *	  How long and how far values are above a threshold.
 *
 * The idea: as row_weighted.c, of what is above the threshold only.  A line
 * that crosses it counts from or to where it crosses; a value that equals the
 * threshold is not above it.
 */
#include "territory.h"

#include <math.h>

#include "access/htup_details.h"
#include "funcapi.h"
#include "utils/float.h"

#include "series/row_instants.h"

PG_FUNCTION_INFO_V1(territory_row_exceedance_add);
PG_FUNCTION_INFO_V1(territory_row_exceedance_add_interpolated);
PG_FUNCTION_INFO_V1(territory_row_exceedance);

/* ---- rows ---- */

static void
read_threshold(const BatchArgument *args, int row, RowOptions *options)
{
	if (batch_null(&args[2], row))
		row_refuse_null("threshold");
	options->number = DatumGetFloat8(batch_value(&args[2], row));
	if (!isfinite(options->number))
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("threshold must be a finite number")));
}

static void
read_threshold_interpolation(const BatchArgument *args, int row, RowOptions *options)
{
	read_threshold(args, row, options);
	options->linear = row_interpolation(&args[3], row);
}

static void *
take_exceedance(FunctionCallInfo call, void *state, const BatchArgument *args, int n)
{
	return row_instants_take_args(call, state, args, n, 1, read_threshold);
}

static void *
take_exceedance_interpolated(FunctionCallInfo call, void *state, const BatchArgument *args, int n)
{
	return row_instants_take_args(call, state, args, n, 2, read_threshold_interpolation);
}

Datum
territory_row_exceedance_add(PG_FUNCTION_ARGS)
{
	return row_add(fcinfo, take_exceedance);
}

Datum
territory_row_exceedance_add_interpolated(PG_FUNCTION_ARGS)
{
	return row_add(fcinfo, take_exceedance_interpolated);
}

void
row_exceedance_init(void)
{
	vector_batch_register("territory_row_exceedance_add", territory_row_exceedance_add, take_exceedance);
	vector_batch_register("territory_row_exceedance_add_interpolated", territory_row_exceedance_add_interpolated,
						  take_exceedance_interpolated);
}

/* ---- result ---- */

/* of a line between two values, relative to the threshold: which share of it is above, and its mean height over all of it */
static void
line_above(double from, double to, double *share, double *height)
{
	double		high = Max(from, to);
	double		low = Min(from, to);

	*share = high <= 0 ? 0 : low >= 0 ? 1 : high / (high - low);
	*height = high <= 0 ? 0 : low >= 0 ? from / 2 + to / 2 : high / 2 * *share;
}

/* microseconds, and value times microseconds, of the steps that end at instants from one on, before another */
static void
add_exceedance(const RowInstants *state, int64 from, int64 to, double *duration, double *area)
{
	double		threshold = state->options.number;
	double		part_duration = 0;
	double		part_area = 0;

	for (int64 i = from; i < to; i++)
	{
		double		step = (double) (state->t[i] - state->t[i - 1]);
		double		above = state->v[i - 1] - threshold;
		double		share = above > 0;
		double		height = Max(above, 0);

		if (state->options.linear)
			line_above(above, state->v[i] - threshold, &share, &height);
		part_duration += share * step;
		part_area += height * step;
	}
	*duration += part_duration;
	*area += part_area;
}

Datum
territory_row_exceedance(PG_FUNCTION_ARGS)
{
	const RowInstants *state = row_instants_sorted(fcinfo);
	double		duration = 0;
	double		area = 0;
	TupleDesc	desc;
	Datum		values[2];
	bool		nulls[2] = {false, false};

	for (int64 i = 1; i < state->n; i += ROW_PART)
		add_exceedance(state, i, Min(i + ROW_PART, state->n), &duration, &area);
	if (!isfinite(area))
		float_overflow_error();
	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "exceedance has no composite result");
	values[0] = row_interval(duration);
	values[1] = Float8GetDatum(area / USECS_PER_SEC);
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc), values, nulls)));
}
