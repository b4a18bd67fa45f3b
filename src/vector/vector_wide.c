/*
 * vector_wide.c
 *	  Sums and extremes of numeric and bigint, whose results are numeric.
 *
 * The sum of decimals is one 128-bit integer and a scale, as segments hold
 * them.  What has no such form (NaN, infinities, very long numbers), or what
 * would overflow it, goes by numeric's own addition into a part of its own; the
 * two are put together at the end.  Both are exact, so the result is the one
 * that the aggregates of core give, digit by digit.
 */
#include "territory.h"

#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/fmgrprotos.h"
#include "utils/memutils.h"
#include "utils/numeric.h"

#include "segment/decimal.h"
#include "vector/vector.h"

#define DIGITS_MAX 40			/* of a 128-bit integer */

static Datum
add_numerics(Datum a, Datum b)
{
	return DirectFunctionCall2(numeric_add, a, b);
}

/* value / 10 ^ scale, shown with display decimals */
static Datum
numeric_of(int128 value, int scale, int display)
{
	char		digits[DIGITS_MAX + DECIMAL_MAX_DISPLAY];
	char		text[2 * sizeof digits];
	uint128		magnitude = value < 0 ? -(uint128) value : (uint128) value;
	int			n = 0;
	char	   *at = text;

	/* the last digit first; trailing zeros up to what is shown */
	for (int i = scale; i < display; i++)
		digits[n++] = '0';
	for (; magnitude > 0 || n <= display; magnitude /= 10)
		digits[n++] = '0' + (int) (magnitude % 10);
	if (value < 0)
		*at++ = '-';
	while (n > 0)
	{
		*at++ = digits[--n];
		if (n == display && n > 0)
			*at++ = '.';
	}
	*at = '\0';
	return DirectFunctionCall3(numeric_in, CStringGetDatum(text), ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1));
}

/* a numeric into the part that is no integer */
static void
add_rest(const VectorAggregate *agg, WideState *state, Datum value)
{
	Datum		sum = state->rest ? add_numerics(state->rest, value) : value;
	MemoryContext old = MemoryContextSwitchTo(agg->memory);

	if (state->rest)
		pfree(DatumGetPointer(state->rest));
	state->rest = datumCopy(sum, false, -1);
	MemoryContextSwitchTo(old);
}

/* make room in the integer */
static void
spill(const VectorAggregate *agg, WideState *state)
{
	if (state->sum != 0)
		add_rest(agg, state, numeric_of(state->sum, state->scale, Max(state->display, state->scale)));
	state->sum = 0;
	state->scale = 0;
}

static bool
scale_up(int128 *value, int from, int to)
{
	for (int s = from; s < to; s++)
		if (__builtin_mul_overflow(*value, (int128) 10, value))
			return false;
	return true;
}

/* an integer of a scale that may be shown with more decimals */
static void
add_decimal(const VectorAggregate *agg, WideState *state, int128 value, int scale, int display)
{
	int128		sum = state->sum;

	if (scale > state->scale)
	{
		if (!scale_up(&sum, state->scale, scale))
		{
			spill(agg, state);
			sum = 0;
		}
		state->scale = scale;
	}
	else if (!scale_up(&value, scale, state->scale))
	{
		spill(agg, state);
		sum = 0;
		for (int s = scale; s < state->scale; s++)
			value /= 10;
		state->scale = scale;
	}
	state->display = Max(state->display, display);
	if (__builtin_add_overflow(sum, value, &state->sum))
	{
		state->sum = sum;
		spill(agg, state);
		state->sum = value;
		state->scale = scale;
	}
}

static void
add_numeric(const VectorAggregate *agg, WideState *state, Datum value)
{
	struct varlena *plain = pg_detoast_datum_packed((struct varlena *) DatumGetPointer(value));
	int64_t		number;
	int			scale,
				display;

	if (decimal_from_numeric(VARDATA_ANY(plain), VARSIZE_ANY_EXHDR(plain), &number, &scale, &display))
		add_decimal(agg, state, number, scale, display);
	else
		add_rest(agg, state, PointerGetDatum(plain));
	if ((Pointer) plain != DatumGetPointer(value))
		pfree(plain);
}

/* values into a sum, in a memory context that is reset soon */
void
vector_wide_add(const VectorAggregate *agg, WideState *state, const Datum *values, const bool *nulls, int n)
{
	if (agg->input_type == INT8OID)
	{
		int128		sum = 0;

		for (int i = 0; i < n; i++)
			if (nulls == NULL || !nulls[i])
			{
				sum += DatumGetInt64(values[i]);
				state->n++;
			}
		add_decimal(agg, state, sum, 0, 0);
		return;
	}
	for (int i = 0; i < n; i++)
		if (nulls == NULL || !nulls[i])
		{
			add_numeric(agg, state, values[i]);
			state->n++;
		}
}

void
vector_wide_add_summary(const VectorAggregate *agg, WideState *state, const ColumnSummary *summary)
{
	state->n += summary->values;
	add_decimal(agg, state, summary->sum, summary->scale, summary->scale);
}

/* the sum or the mean, in the current memory context */
Datum
vector_wide_result(const VectorAggregate *agg, const WideState *state, bool *isnull)
{
	Datum		total;

	*isnull = state->n == 0;
	if (*isnull)
		return (Datum) 0;
	total = numeric_of(state->sum, state->scale, state->display);
	if (state->rest)
		total = add_numerics(total, state->rest);
	if (agg->kernel == KERNEL_WIDE_TOTAL)
		return total;
	return DirectFunctionCall2(numeric_div, total, NumericGetDatum(int64_to_numeric(state->n)));
}

/* of equal values the later one stays, as numeric_smaller() and numeric_larger() do */
void
vector_wide_extreme(const VectorAggregate *agg, ExtremeState *state, Datum value)
{
	MemoryContext old;

	if (state->known)
	{
		int			order = DatumGetInt32(DirectFunctionCall2(numeric_cmp, state->value, value));

		if (agg->kernel == KERNEL_LEAST ? order < 0 : order > 0)
			return;
		pfree(DatumGetPointer(state->value));
	}
	old = MemoryContextSwitchTo(agg->memory);
	state->value = datumCopy(value, false, -1);
	state->known = true;
	MemoryContextSwitchTo(old);
}
