/*
 * row_gap.c
 *	  The longest time without a row.
 *
 * The idea: times in order, and the widest step between two of them.  Gaps
 * before the first row and after the last are unknown to an aggregate.  Of gaps
 * of the same length the earliest is the longest.
 */
#include "territory.h"

#include "utils/rangetypes.h"
#include "utils/timestamp.h"
#include "utils/typcache.h"

#include "series/row_instants.h"

PG_FUNCTION_INFO_V1(territory_row_times_add);
PG_FUNCTION_INFO_V1(territory_row_times_add_expected);
PG_FUNCTION_INFO_V1(territory_row_longest_gap);

/* ---- rows ---- */

static void *
take_times(FunctionCallInfo call, void *state, const BatchArgument *args, int n)
{
	RowOptions	options = {0};

	for (int i = 0; args[0].constant && i < n; i++)
		state = row_instants_take(call, state, &options, NULL, NULL, (const TimestampTz *) args[0].values,
								  args[0].nulls, 1);
	if (args[0].constant)
		return state;
	return row_instants_take(call, state, &options, NULL, NULL, (const TimestampTz *) args[0].values, args[0].nulls, n);
}

static void *
take_times_expected(FunctionCallInfo call, void *state, const BatchArgument *args, int n)
{
	bool		same = args[1].constant && !args[0].constant;

	for (int i = 0, some; i < n; i += some)
	{
		RowOptions	options = {0};
		Datum		t = batch_value(&args[0], i);
		bool		isnull = batch_null(&args[0], i);

		options.number = row_duration(&args[1], i, "expected");
		some = same ? n : 1;
		if (same)
			state = row_instants_take(call, state, &options, NULL, NULL, (const TimestampTz *) args[0].values,
									  args[0].nulls, n);
		else
			state = row_instants_take(call, state, &options, NULL, NULL, (const TimestampTz *) &t, &isnull, 1);
	}
	return state;
}

Datum
territory_row_times_add(PG_FUNCTION_ARGS)
{
	return row_add(fcinfo, take_times);
}

Datum
territory_row_times_add_expected(PG_FUNCTION_ARGS)
{
	return row_add(fcinfo, take_times_expected);
}

void
row_gap_init(void)
{
	vector_batch_register("territory_row_times_add", territory_row_times_add, take_times);
	vector_batch_register("territory_row_times_add_expected", territory_row_times_add_expected, take_times_expected);
}

/* ---- result ---- */

/* from the row before the gap to the row after it, both excluded; null where none is longer than expected */
Datum
territory_row_longest_gap(PG_FUNCTION_ARGS)
{
	const RowInstants *state = row_instants_sorted(fcinfo);
	int64		longest = (int64) state->options.number;
	int64		at = 0;
	RangeBound	lower = {0};
	RangeBound	upper = {0};
	TypeCacheEntry *type = lookup_type_cache(TSTZRANGEOID, TYPECACHE_RANGE_INFO);

	for (int64 i = 1; i < state->n; i++)
		if (state->t[i] - state->t[i - 1] > longest)
		{
			longest = state->t[i] - state->t[i - 1];
			at = i;
		}
	if (at == 0)
		PG_RETURN_NULL();
	lower.val = TimestampTzGetDatum(state->t[at - 1]);
	lower.lower = true;
	upper.val = TimestampTzGetDatum(state->t[at]);
	PG_RETURN_RANGE_P(compat_make_range(type, &lower, &upper));
}
