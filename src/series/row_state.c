/*
 * row_state.c
 *	  How long something was in a state, from rows that tell its state.
 *
 * The idea: only one question is asked of a state, whether it is one of those
 * wanted.  So an instant keeps 1 or 0 instead of the text, and a state holds
 * from its row to the next: the last row of a group has no duration.
 *
 * Of rows of the same time, one with a wanted state counts: 1 is greater.
 */
#include "territory.h"

#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "series/row_instants.h"

PG_FUNCTION_INFO_V1(territory_row_state_add);
PG_FUNCTION_INFO_V1(territory_row_state_add_any);
PG_FUNCTION_INFO_V1(territory_row_state_duration);
PG_FUNCTION_INFO_V1(territory_row_availability);

/* states that count */
typedef struct Wanted
{
	int			n;
	Datum	   *states;			/* texts */
	Datum		before;			/* a state looked at, which equal neighbours often share; 0: none yet */
	bool		was_wanted;
} Wanted;

static bool
is_wanted(Wanted *wanted, Datum state)
{
	text	   *is;

	if (wanted->before == state && state != (Datum) 0)
		return wanted->was_wanted;
	is = DatumGetTextPP(state);
	wanted->before = state;
	wanted->was_wanted = false;
	for (int i = 0; i < wanted->n && !wanted->was_wanted; i++)
	{
		text	   *one = DatumGetTextPP(wanted->states[i]);

		wanted->was_wanted = VARSIZE_ANY_EXHDR(one) == VARSIZE_ANY_EXHDR(is) &&
			memcmp(VARDATA_ANY(one), VARDATA_ANY(is), VARSIZE_ANY_EXHDR(one)) == 0;
	}
	return wanted->was_wanted;
}

/* states and times, from row start on */
static RowState *
take_some(FunctionCallInfo call, RowState *state, const BatchArgument *args, Wanted *wanted, int start, int n)
{
	RowOptions	options = {0};
	double		v[ROW_CHUNK];
	bool		v_nulls[ROW_CHUNK];
	TimestampTz t[ROW_CHUNK];
	bool		t_nulls[ROW_CHUNK];

	for (int i = 0; i < n; i++)
	{
		v_nulls[i] = batch_null(&args[0], start + i);
		v[i] = !v_nulls[i] && is_wanted(wanted, batch_value(&args[0], start + i));
		t_nulls[i] = batch_null(&args[1], start + i);
		t[i] = DatumGetTimestampTz(batch_value(&args[1], start + i));
	}
	return row_instants_take(call, state, &options, v, v_nulls, t, t_nulls, n);
}

static void *
take_state(FunctionCallInfo call, void *state, const BatchArgument *args, int n)
{
	for (int i = 0, some; i < n; i += some)
	{
		Datum		one = batch_value(&args[2], i);
		Wanted		wanted = {1, &one};

		if (batch_null(&args[2], i))
			row_refuse_null("wanted");
		some = args[2].constant ? Min(n - i, ROW_CHUNK) : 1;
		state = take_some(call, state, args, &wanted, i, some);
	}
	return state;
}

/* its texts; none of them is null */
static void
read_states(const BatchArgument *arg, int row, Wanted *wanted)
{
	ArrayType  *array;
	bool	   *nulls;

	if (batch_null(arg, row))
		row_refuse_null("up_states");
	array = DatumGetArrayTypeP(batch_value(arg, row));
	deconstruct_array(array, TEXTOID, -1, false, TYPALIGN_INT, &wanted->states, &nulls, &wanted->n);
	for (int i = 0; i < wanted->n; i++)
		if (nulls[i])
			row_refuse_null("an element of up_states");
}

static void *
take_state_any(FunctionCallInfo call, void *state, const BatchArgument *args, int n)
{
	Wanted		wanted = {0};

	for (int i = 0, some; i < n; i += some)
	{
		if (i == 0 || !args[2].constant)
			read_states(&args[2], i, &wanted);
		wanted.before = (Datum) 0;
		some = args[2].constant ? Min(n - i, ROW_CHUNK) : 1;
		state = take_some(call, state, args, &wanted, i, some);
	}
	return state;
}

Datum
territory_row_state_add(PG_FUNCTION_ARGS)
{
	return row_add(fcinfo, take_state);
}

Datum
territory_row_state_add_any(PG_FUNCTION_ARGS)
{
	return row_add(fcinfo, take_state_any);
}

void
row_state_init(void)
{
	vector_batch_register("territory_row_state_add", territory_row_state_add, take_state);
	vector_batch_register("territory_row_state_add_any", territory_row_state_add_any, take_state_any);
}

/* ---- results ---- */

/* microseconds */
static int64
time_wanted(const RowInstants *state)
{
	int64		sum = 0;

	for (int64 i = 1; i < state->n; i++)
		if (state->v[i - 1] > 0)
			sum += state->t[i] - state->t[i - 1];
	return sum;
}

Datum
territory_row_state_duration(PG_FUNCTION_ARGS)
{
	return row_interval((double) time_wanted(row_instants_sorted(fcinfo)));
}

Datum
territory_row_availability(PG_FUNCTION_ARGS)
{
	const RowInstants *state = row_instants_sorted(fcinfo);

	if (state->n == 1)
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8((double) time_wanted(state) / (double) (state->t[state->n - 1] - state->t[0]));
}
