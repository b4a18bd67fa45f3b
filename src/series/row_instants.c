/*
 * row_instants.c
 *	  Rows of one group as an array of instants: the state that every aggregate
 *	  shares whose result depends on the order of time.
 *
 * The idea: rows come in any order, from several workers, from hot rows and
 * from sealed blocks.  Any row may fall between two that came before, so
 * nothing can be added up before the last one is there.  The state keeps each
 * instant, 16 bytes (8 without a value), and sorts them when the result is
 * asked for, which is nothing to do where they came in order.
 *
 * Invariants:
 * - The result depends on the set of rows only, not on their order, nor on
 *	 how they were dealt to workers: the same to the last bit.
 * - A row whose value or time is null is no row.  Values are finite, times are
 *	 finite.  Of rows of the same time the one with the greatest value counts.
 * - Memory is that of the instants of the groups at hand, as with array_agg(),
 *	 whatever work_mem is; between workers a group may have 67 million.
 */
#include "territory.h"

#include <math.h>

#include "libpq/pqformat.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "series/row_instants.h"

#define FIRST_ROOM 8
#define MOST_ARGUMENTS 8

PG_FUNCTION_INFO_V1(territory_row_instants_combine);
PG_FUNCTION_INFO_V1(territory_row_instants_serial);
PG_FUNCTION_INFO_V1(territory_row_instants_deserial);

/* ---- arguments ---- */

/* where states live */
MemoryContext
row_state_context(FunctionCallInfo call)
{
	MemoryContext context;

	if (!AggCheckCallContext(call, &context))
		elog(ERROR, "this function belongs to an aggregate, and is not called by itself");
	return context;
}

/* a transition function is a batch of one row */
Datum
row_add(FunctionCallInfo call, BatchFunction take)
{
	BatchArgument args[MOST_ARGUMENTS];
	void	   *state = call->args[0].isnull ? NULL : DatumGetPointer(call->args[0].value);

	Assert(call->nargs <= MOST_ARGUMENTS);
	for (int i = 1; i < call->nargs; i++)
	{
		args[i - 1].values = &call->args[i].value;
		args[i - 1].nulls = call->args[i].isnull ? &call->args[i].isnull : NULL;
		args[i - 1].constant = false;
	}
	state = take(call, state, args, 1);
	call->isnull = state == NULL;
	return PointerGetDatum(state);
}

void
row_refuse_null(const char *argument)
{
	ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("%s must not be null", argument)));
}

void
row_check_finite(double value)
{
	if (!isfinite(value))
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("a value is %s", isnan(value) ? "NaN" : "infinite"),
						errhint("Leave such rows out: FILTER (WHERE value < 'Infinity' AND value > '-Infinity').")));
}

bool
row_all_finite(const double *values, int n)
{
	int			odd = 0;

	for (int i = 0; i < n; i++)
		odd |= !(values[i] - values[i] == 0);
	return !odd;
}

/* is it linear? */
bool
row_interpolation(const BatchArgument *arg, int row)
{
	text	   *name;

	if (batch_null(arg, row))
		row_refuse_null("interpolation");
	name = DatumGetTextPP(batch_value(arg, row));
	if (VARSIZE_ANY_EXHDR(name) == 6 && memcmp(VARDATA_ANY(name), "linear", 6) == 0)
		return true;
	if (VARSIZE_ANY_EXHDR(name) != 4 || memcmp(VARDATA_ANY(name), "step", 4) != 0)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("unknown interpolation \"%s\"", text_to_cstring(name)),
						errhint("Between rows, values are \"step\" or \"linear\".")));
	return false;
}

/* microseconds of an interval that is longer than nothing, and always the same */
double
row_duration(const BatchArgument *arg, int row, const char *argument)
{
	Interval   *span;
	double		duration;

	if (batch_null(arg, row))
		row_refuse_null(argument);
	span = DatumGetIntervalP(batch_value(arg, row));
	if (span->month != 0)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("%s has months or years, which are not always of the same length", argument),
						errhint("Say it in days or less; a day is taken for 24 hours.")));
	duration = (double) span->day * USECS_PER_DAY + (double) span->time;
	if (duration <= 0)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("%s must be greater than zero", argument)));
	return duration;
}

/* hours, minutes and seconds, without days, so that it is exact */
Datum
row_interval(double microseconds)
{
	Interval   *span = palloc0(sizeof(Interval));

	span->time = (int64) rint(microseconds);
	return IntervalPGetDatum(span);
}

/* ---- instants ---- */

static RowInstants *
new_instants(MemoryContext context, const RowOptions *options)
{
	RowInstants *state = MemoryContextAllocZero(context, sizeof(RowInstants));

	state->options = *options;
	state->sorted = true;
	return state;
}

static void
make_room(MemoryContext context, RowInstants *state, int64 n, bool valued)
{
	int64		room = Max(state->room * 2, FIRST_ROOM);
	Size		each = sizeof(TimestampTz) + (valued ? sizeof(double) : 0);
	TimestampTz *t;

	if (state->n + n <= state->room)
		return;
	/* a batch of a group is often all of it */
	if (room < state->n + n)
		room = state->n + n;
	/* one chunk: times, then values */
	t = MemoryContextAllocHuge(context, room * each);
	if (state->n > 0)
		memcpy(t, state->t, state->n * sizeof(TimestampTz));
	if (valued)
	{
		double	   *v = (double *) (t + room);

		if (state->n > 0)
			memcpy(v, state->v, state->n * sizeof(double));
		state->v = v;
	}
	if (state->t)
		pfree(state->t);
	state->t = t;
	state->room = room;
}

static void
check_options(const RowOptions *a, const RowOptions *b)
{
	if (a->linear != b->linear || a->number != b->number)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("an option of an aggregate differs between rows of a group"),
						errhint("Only the first arguments, which are measured, may come from columns.")));
}

static void
check_time(TimestampTz t)
{
	if (TIMESTAMP_NOT_FINITE(t))
		ereport(ERROR, (errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE), errmsg("a time is infinite"),
						errhint("Leave such rows out: FILTER (WHERE isfinite(t)).")));
}

/* for which there is room */
static inline void
append_instant(RowInstants *state, TimestampTz t, const double *v)
{
	check_time(t);
	if (v)
	{
		row_check_finite(*v);
		state->v[state->n] = *v;
	}
	if (state->n > 0 && t <= state->t[state->n - 1])
		state->sorted = false;
	state->t[state->n++] = t;
}

/* many, none of them null, for which there is room */
static void
append_instants(RowInstants *state, const TimestampTz *t, const double *v, int n)
{
	TimestampTz *to = state->t + state->n;
	int			odd = state->n > 0 && t[0] <= to[-1];

	if (v && !row_all_finite(v, n))
		for (int i = 0; i < n; i++)
			row_check_finite(v[i]);
	for (int i = 0; i < n; i++)
		check_time(t[i]);
	for (int i = 1; i < n; i++)
		odd |= t[i] <= t[i - 1];
	state->sorted = state->sorted && !odd;
	memcpy(to, t, n * sizeof(TimestampTz));
	if (v)
		memcpy(state->v + state->n, v, n * sizeof(double));
	state->n += n;
}

/* rows into a state, which is made for the first that counts; v is NULL where times are all there is, nulls where none is */
RowInstants *
row_instants_take(FunctionCallInfo call, RowInstants *state, const RowOptions *options, const double *v,
				  const bool *v_nulls, const TimestampTz *t, const bool *t_nulls, int n)
{
	MemoryContext context = row_state_context(call);

	if (state == NULL)
	{
		int			i = 0;

		while (i < n && ((v_nulls && v_nulls[i]) || (t_nulls && t_nulls[i])))
			i++;
		if (i == n)
			return NULL;
		state = new_instants(context, options);
	}
	else
		check_options(&state->options, options);
	make_room(context, state, n, v != NULL);
	if (v_nulls == NULL && t_nulls == NULL)
		append_instants(state, t, v, n);
	else
		for (int i = 0; i < n; i++)
			if (!(v_nulls && v_nulls[i]) && !(t_nulls && t_nulls[i]))
				append_instant(state, t[i], v ? v + i : NULL);
	return state;
}

/* of an aggregate whose arguments are a value, a time, then so many options */
RowInstants *
row_instants_take_args(FunctionCallInfo call, RowInstants *state, const BatchArgument *args, int n, int noptions,
					   RowOptionsFunction read)
{
	bool		same = !args[0].constant && !args[1].constant;

	for (int o = 0; o < noptions; o++)
		same = same && args[2 + o].constant;
	for (int i = 0, end; i < n; i = end)
	{
		RowOptions	options = {0};
		Datum		value = batch_value(&args[0], i);
		Datum		t = batch_value(&args[1], i);
		bool		v_null = batch_null(&args[0], i);
		bool		t_null = batch_null(&args[1], i);

		if (read)
			read(args, i, &options);
		end = same ? n : i + 1;
		if (same)
			state = row_instants_take(call, state, &options, (const double *) args[0].values, args[0].nulls,
									  (const TimestampTz *) args[1].values, args[1].nulls, n);
		else
			state = row_instants_take(call, state, &options, (const double *) &value, &v_null,
									  (const TimestampTz *) &t, &t_null, 1);
	}
	return state;
}

/* ---- order ---- */

typedef struct Instant
{
	TimestampTz t;
	double		v;
} Instant;

/* the one that counts comes last; of 0 and -0 it is 0 */
static inline int
compare_instants(const Instant *a, const Instant *b)
{
	if (a->t != b->t)
		return a->t < b->t ? -1 : 1;
	if (a->v != b->v)
		return a->v < b->v ? -1 : 1;
	return (int) !signbit(a->v) - (int) !signbit(b->v);
}

static inline int
compare_times(const TimestampTz *a, const TimestampTz *b)
{
	return *a < *b ? -1 : *a > *b;
}

#define ST_SORT sort_instants
#define ST_ELEMENT_TYPE Instant
#define ST_COMPARE(a, b) compare_instants(a, b)
#define ST_SCOPE static
#define ST_DEFINE
#define ST_DECLARE
#define ST_CHECK_FOR_INTERRUPTS
#include "lib/sort_template.h"

#define ST_SORT sort_times
#define ST_ELEMENT_TYPE TimestampTz
#define ST_COMPARE(a, b) compare_times(a, b)
#define ST_SCOPE static
#define ST_DEFINE
#define ST_DECLARE
#define ST_CHECK_FOR_INTERRUPTS
#include "lib/sort_template.h"

static void
sort_valued(RowInstants *state)
{
	Instant    *instants = MemoryContextAllocHuge(CurrentMemoryContext, state->n * sizeof(Instant));
	int64		n = 0;

	for (int64 i = 0; i < state->n; i++)
	{
		instants[i].t = state->t[i];
		instants[i].v = state->v[i];
	}
	sort_instants(instants, state->n);
	for (int64 i = 0; i < state->n; i++)
	{
		if (n > 0 && state->t[n - 1] == instants[i].t)
			n--;
		state->t[n] = instants[i].t;
		state->v[n++] = instants[i].v;
	}
	state->n = n;
	pfree(instants);
}

static void
sort_unvalued(RowInstants *state)
{
	int64		n = 0;

	sort_times(state->t, state->n);
	for (int64 i = 0; i < state->n; i++)
		if (n == 0 || state->t[n - 1] != state->t[i])
			state->t[n++] = state->t[i];
	state->n = n;
}

/*
 * The state of a final function, in order.  What it stands for stays the same,
 * so more rows may follow, as in a window frame that grows.
 */
const RowInstants *
row_instants_sorted(FunctionCallInfo call)
{
	RowInstants *state = (RowInstants *) DatumGetPointer(call->args[0].value);

	row_state_context(call);
	if (!state->sorted && state->v)
		sort_valued(state);
	else if (!state->sorted)
		sort_unvalued(state);
	state->sorted = true;
	return state;
}

/* ---- states of workers ---- */

Datum
territory_row_instants_combine(PG_FUNCTION_ARGS)
{
	MemoryContext context = row_state_context(fcinfo);
	RowInstants *a = PG_ARGISNULL(0) ? NULL : (RowInstants *) PG_GETARG_POINTER(0);
	const RowInstants *b = PG_ARGISNULL(1) ? NULL : (RowInstants *) PG_GETARG_POINTER(1);

	if (b)
	{
		if (a == NULL)
			a = new_instants(context, &b->options);
		check_options(&a->options, &b->options);
		make_room(context, a, b->n, b->v != NULL);
		a->sorted = a->sorted && b->sorted && (a->n == 0 || a->t[a->n - 1] < b->t[0]);
		memcpy(a->t + a->n, b->t, b->n * sizeof(TimestampTz));
		if (b->v)
			memcpy(a->v + a->n, b->v, b->n * sizeof(double));
		a->n += b->n;
	}
	if (a == NULL)
		PG_RETURN_NULL();
	PG_RETURN_POINTER(a);
}

/* between processes of one query: RowInstants as it is, then times, then values */
Datum
territory_row_instants_serial(PG_FUNCTION_ARGS)
{
	const RowInstants *state = (RowInstants *) PG_GETARG_POINTER(0);
	Size		times = state->n * sizeof(TimestampTz);
	Size		values = state->v ? state->n * sizeof(double) : 0;
	Size		size = VARHDRSZ + sizeof(RowInstants) + times + values;
	char	   *bytes;
	char	   *at;

	row_state_context(fcinfo);
	if (!AllocSizeIsValid(size))
		ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
						errmsg("a group has too many rows (" INT64_FORMAT ") for parallel workers", state->n),
						errhint("Group by shorter times, or SET max_parallel_workers_per_gather = 0.")));
	bytes = palloc(size);
	SET_VARSIZE(bytes, size);
	at = VARDATA(bytes);
	memcpy(at, state, sizeof(RowInstants));
	memcpy(at += sizeof(RowInstants), state->t, times);
	if (state->v)
		memcpy(at + times, state->v, values);
	PG_RETURN_BYTEA_P(bytes);
}

Datum
territory_row_instants_deserial(PG_FUNCTION_ARGS)
{
	bytea	   *bytes = PG_GETARG_BYTEA_PP(0);
	const char *at = VARDATA_ANY(bytes);
	Size		size = VARSIZE_ANY_EXHDR(bytes);
	RowInstants *state = palloc(sizeof(RowInstants));
	Size		each;

	row_state_context(fcinfo);
	if (size < sizeof(RowInstants))
		elog(ERROR, "the state of an aggregate is damaged");
	memcpy(state, at, sizeof(RowInstants));
	each = sizeof(TimestampTz) + (state->v ? sizeof(double) : 0);
	if (state->n <= 0 || (size - sizeof(RowInstants)) / each != state->n || (size - sizeof(RowInstants)) % each != 0)
		elog(ERROR, "the state of an aggregate is damaged");
	state->room = state->n;
	state->t = palloc(size - sizeof(RowInstants));
	memcpy(state->t, at + sizeof(RowInstants), size - sizeof(RowInstants));
	if (state->v)
		state->v = (double *) (state->t + state->n);
	PG_RETURN_POINTER(state);
}

/* ---- all families ---- */

void
row_init(void)
{
	row_weighted_init();
	row_counter_init();
	row_state_init();
	row_gap_init();
	row_exceedance_init();
	row_first_last_init();
	row_stats_init();
	row_histogram_init();
}
