/*
 * series_aggregate.c
 *	  The aggregates float_series(t, value …), state_series(t, state …) and
 *	  point_series(t, position …): rows to a series.
 *
 * The idea: a row costs an append to arrays; the rows of a sealed block come
 * together (vector_batch.h) and cost a copy.  What makes a series of them is
 * series_build.c's.
 *
 * Rows without a time or a value count for nothing; where there is no other,
 * the result is null.  The options say the same in each row.
 */
#include "territory.h"

#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "series/series_build.h"
#include "series/series_point.h"
#include "vector/vector_batch.h"

/* of the transition functions, behind the state */
#define ARG_TIME 1
#define ARG_VALUE 2
#define ARG_INTERPOLATION 3
#define ARG_MAX_GAP 4
#define ARG_GRANULARITY 5

extern void series_init(void);

/* the state, and the options as the rows said them last */
typedef struct State
{
	SeriesBuilder *builder;
	bool		told[ARG_GRANULARITY + 1];
	text	   *interpolation;
	Interval	max_gap;
	double		granularity;
} State;

static MemoryContext
state_context(FunctionCallInfo fcinfo)
{
	MemoryContext context;

	if (!AggCheckCallContext(fcinfo, &context))
		elog(ERROR, "aggregate function called in non-aggregate context");
	return context;
}

/* ---- options ---- */

static SeriesOptions
read_options(const NullableDatum *args, int nargs, SeriesKind kind)
{
	SeriesOptions options = {kind == SERIES_STATE ? SERIES_STEP : SERIES_LINEAR, PG_INT64_MAX, 0};

	if (nargs > ARG_INTERPOLATION && !args[ARG_INTERPOLATION].isnull)
		options.interpolation = series_interpolation(TextDatumGetCString(args[ARG_INTERPOLATION].value));
	if (nargs > ARG_MAX_GAP && !args[ARG_MAX_GAP].isnull)
		options.max_gap = builder_max_gap(DatumGetIntervalP(args[ARG_MAX_GAP].value));
	if (nargs > ARG_GRANULARITY && !args[ARG_GRANULARITY].isnull)
	{
		options.granularity = DatumGetFloat8(args[ARG_GRANULARITY].value);
		if (!(options.granularity > 0) || options.granularity > 1e6)
			ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
							errmsg("granularity has to be greater than zero and at most 1e6 metres"),
							errhint("0.01 keeps centimetres; null keeps positions as they are.")));
	}
	return options;
}

static void
remember_options(State *state, const NullableDatum *args, int nargs, MemoryContext context)
{
	MemoryContext old = MemoryContextSwitchTo(context);

	for (int a = ARG_INTERPOLATION; a < nargs; a++)
		state->told[a] = !args[a].isnull;
	if (nargs > ARG_INTERPOLATION && state->told[ARG_INTERPOLATION])
		state->interpolation = DatumGetTextPCopy(args[ARG_INTERPOLATION].value);
	if (nargs > ARG_MAX_GAP && state->told[ARG_MAX_GAP])
		state->max_gap = *DatumGetIntervalP(args[ARG_MAX_GAP].value);
	if (nargs > ARG_GRANULARITY && state->told[ARG_GRANULARITY])
		state->granularity = DatumGetFloat8(args[ARG_GRANULARITY].value);
	MemoryContextSwitchTo(old);
}

/* does this row say what the last one said, word for word? */
static bool
same_words(const State *state, const NullableDatum *args, int nargs)
{
	for (int a = ARG_INTERPOLATION; a < nargs; a++)
		if (state->told[a] == args[a].isnull)
			return false;
	if (nargs > ARG_INTERPOLATION && state->told[ARG_INTERPOLATION])
	{
		text	   *word = DatumGetTextPP(args[ARG_INTERPOLATION].value);

		if (VARSIZE_ANY_EXHDR(word) != VARSIZE_ANY_EXHDR(state->interpolation) ||
			memcmp(VARDATA_ANY(word), VARDATA_ANY(state->interpolation), VARSIZE_ANY_EXHDR(word)) != 0)
			return false;
	}
	if (nargs > ARG_MAX_GAP && state->told[ARG_MAX_GAP] &&
		memcmp(DatumGetIntervalP(args[ARG_MAX_GAP].value), &state->max_gap, sizeof(Interval)) != 0)
		return false;
	return !(nargs > ARG_GRANULARITY && state->told[ARG_GRANULARITY]) ||
		DatumGetFloat8(args[ARG_GRANULARITY].value) == state->granularity;
}

static void
check_same_options(const SeriesOptions *a, const SeriesOptions *b)
{
	if (a->interpolation != b->interpolation || a->max_gap != b->max_gap || a->granularity != b->granularity)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("the options of a series are the same in all rows"),
						errhint("Write interpolation, max_gap and granularity as constants.")));
}

/* the state for a row that counts: a new one if need be, else one whose options are checked */
static State *
take_options(State *state, const NullableDatum *args, int nargs, SeriesKind kind, int32 srid, int dims,
			 MemoryContext context)
{
	SeriesOptions options;

	if (state && (nargs <= ARG_INTERPOLATION || same_words(state, args, nargs)))
		return state;
	options = read_options(args, nargs, kind);
	if (!state)
	{
		MemoryContext old = MemoryContextSwitchTo(context);

		state = palloc0(sizeof(State));
		state->builder = builder_new(kind, &options, srid, dims);
		MemoryContextSwitchTo(old);
	}
	else
		check_same_options(&options, &state->builder->options);
	remember_options(state, args, nargs, context);
	return state;
}

/* ---- one row ---- */

static bool
row_counts(FunctionCallInfo fcinfo)
{
	return !PG_ARGISNULL(ARG_TIME) && !PG_ARGISNULL(ARG_VALUE);
}

static State *
state_argument(FunctionCallInfo fcinfo)
{
	return PG_ARGISNULL(0) ? NULL : (State *) PG_GETARG_POINTER(0);
}

/* what a transition function gives back */
static Datum
state_result(FunctionCallInfo fcinfo, State *state)
{
	if (!state)
		PG_RETURN_NULL();
	PG_RETURN_POINTER(state);
}

PG_FUNCTION_INFO_V1(territory_float_series_add);
PG_FUNCTION_INFO_V1(territory_state_series_add);
PG_FUNCTION_INFO_V1(territory_point_series_add);

Datum
territory_float_series_add(PG_FUNCTION_ARGS)
{
	MemoryContext context = state_context(fcinfo);
	State	   *state = state_argument(fcinfo);
	double		value;

	if (!row_counts(fcinfo))
		return state_result(fcinfo, state);
	value = PG_GETARG_FLOAT8(ARG_VALUE);
	state = take_options(state, fcinfo->args, PG_NARGS(), SERIES_FLOAT, 0, 1, context);
	builder_add(state->builder, PG_GETARG_TIMESTAMPTZ(ARG_TIME), &value);
	PG_RETURN_POINTER(state);
}

Datum
territory_state_series_add(PG_FUNCTION_ARGS)
{
	MemoryContext context = state_context(fcinfo);
	State	   *state = state_argument(fcinfo);
	text	   *value;

	if (!row_counts(fcinfo))
		return state_result(fcinfo, state);
	value = PG_GETARG_TEXT_PP(ARG_VALUE);
	state = take_options(state, fcinfo->args, PG_NARGS(), SERIES_STATE, 0, 1, context);
	builder_add_state(state->builder, PG_GETARG_TIMESTAMPTZ(ARG_TIME), value);
	PG_FREE_IF_COPY(value, ARG_VALUE);
	PG_RETURN_POINTER(state);
}

Datum
territory_point_series_add(PG_FUNCTION_ARGS)
{
	MemoryContext context = state_context(fcinfo);
	State	   *state = state_argument(fcinfo);
	double		v[SERIES_DIMS];
	int			dims;
	int32		srid;

	if (!row_counts(fcinfo) || !series_position(PG_GETARG_DATUM(ARG_VALUE), &dims, &srid, v))
		return state_result(fcinfo, state);
	state = take_options(state, fcinfo->args, PG_NARGS(), SERIES_POINT, srid, dims, context);
	series_check_space(state->builder->series, srid, dims);
	builder_add(state->builder, PG_GETARG_TIMESTAMPTZ(ARG_TIME), v);
	PG_RETURN_POINTER(state);
}

/* ---- the rows of a block ---- */

/* a row's arguments, for its options */
static void
row_arguments(const BatchArgument *args, int nargs, int i, NullableDatum *row)
{
	for (int a = ARG_TIME; a < nargs; a++)
	{
		row[a].isnull = batch_null(&args[a - 1], i);
		row[a].value = row[a].isnull ? (Datum) 0 : batch_value(&args[a - 1], i);
	}
}

/* one by one: options that depend on rows, states, and whatever is rare */
static State *
take_row(FunctionCallInfo call, State *state, const BatchArgument *args, int i, SeriesKind kind)
{
	MemoryContext context = state_context(call);
	int			nargs = call->nargs;
	NullableDatum row[ARG_GRANULARITY + 1];
	TimestampTz t;
	double		v[SERIES_DIMS];
	int			dims = 1;
	int32		srid = 0;

	if (batch_null(&args[0], i) || batch_null(&args[1], i))
		return state;
	t = DatumGetTimestampTz(batch_value(&args[0], i));
	if (kind == SERIES_POINT && !series_position(batch_value(&args[1], i), &dims, &srid, v))
		return state;
	if (!state || nargs > ARG_INTERPOLATION)
	{
		row_arguments(args, nargs, i, row);
		state = take_options(state, row, nargs, kind, srid, dims, context);
	}
	switch (kind)
	{
		case SERIES_FLOAT:
			v[0] = DatumGetFloat8(batch_value(&args[1], i));
			builder_add(state->builder, t, v);
			break;
		case SERIES_STATE:
			builder_add_state(state->builder, t, DatumGetTextPP(batch_value(&args[1], i)));
			break;
		case SERIES_POINT:
			series_check_space(state->builder->series, srid, dims);
			builder_add(state->builder, t, v);
			break;
	}
	return state;
}

/* have all rows the same options? */
static bool
same_options(const BatchArgument *args, int nargs)
{
	for (int a = ARG_INTERPOLATION; a < nargs; a++)
		if (!args[a - 1].constant)
			return false;
	return true;
}

/* may rows after the first be taken without a look at their options and nulls? */
static bool
plain_rows(const BatchArgument *args, int nargs)
{
	return !(args[0].nulls || args[0].constant || args[1].nulls || args[1].constant) && same_options(args, nargs);
}

static void
add_times(SeriesBuilder *builder, const TimestampTz *t, int n)
{
	Series	   *series = builder->series;
	TimestampTz last = series->n > 0 ? series->t[series->n - 1] : t[0] - 1;
	bool		sorted = true;

	if (series->n + n > series->room)
		series_reserve(series, Max(series->n + n, Min(series->room * 2, SERIES_MAX_INSTANTS)));
	for (int i = 0; i < n; i++)
	{
		sorted &= t[i] > last;
		last = t[i];
	}
	builder->sorted &= sorted;
	memcpy(series->t + series->n, t, n * sizeof(TimestampTz));
}

static void *
take_floats(FunctionCallInfo call, void *argument, const BatchArgument *args, int n)
{
	State	   *state = argument;
	bool		plain = plain_rows(args, call->nargs);
	Series	   *series;

	if (!plain)
	{
		for (int i = 0; i < n; i++)
			state = take_row(call, state, args, i, SERIES_FLOAT);
		return state;
	}
	state = take_row(call, state, args, 0, SERIES_FLOAT);
	series = state->builder->series;
	add_times(state->builder, (const TimestampTz *) args[0].values + 1, n - 1);
	memcpy(series->v[0] + series->n, args[1].values + 1, (n - 1) * sizeof(double));
	series->n += n - 1;
	return state;
}

static void *
take_states(FunctionCallInfo call, void *argument, const BatchArgument *args, int n)
{
	State	   *state = argument;
	bool		plain = plain_rows(args, call->nargs);
	Series	   *series;
	int			i = 0;

	for (; i < n && !(plain && state); i++)
		state = take_row(call, state, args, i, SERIES_STATE);
	if (i == n)
		return state;
	series = state->builder->series;
	add_times(state->builder, (const TimestampTz *) args[0].values + i, n - i);
	for (int j = i; j < n; j++)
	{
		/* equal neighbours often are one value */
		if (j > i && args[1].values[j] == args[1].values[j - 1])
			series->codes[series->n] = series->codes[series->n - 1];
		else
			series->codes[series->n] = series_state_code(series, DatumGetTextPP(args[1].values[j]));
		series->n++;
	}
	return state;
}

/* a row's position where it lies as the one before it did; header is that one's */
static inline bool
read_alike(const char *value, const char *header, int dims, double *v)
{
	/* the length first: a short value ends before its header would */
	if (memcmp(value, header, VARHDRSZ) != 0 || memcmp(value, header, VARHDRSZ + POINT_HEADER) != 0)
		return false;
	memcpy(v, value + VARHDRSZ + POINT_HEADER, dims * sizeof(double));
	return true;
}

/* rows of one block, whose positions have one SRID and shape; neither times nor positions are null */
static void
add_coordinates(SeriesBuilder *builder, const BatchArgument *args, int i, int n)
{
	Series	   *series = builder->series;
	const ColumnPoints *points = args[1].points;

	add_times(builder, (const TimestampTz *) args[0].values + i, n);
	for (int d = 0; d < series->dims; d++)
		memcpy(series->v[d] + series->n, points->coordinates[d] + args[1].first + i, n * sizeof(double));
	series->n += n;
}

/* positions as coordinates, stretch by stretch between nulls, of which the first row is looked at whole */
static State *
take_coordinates(FunctionCallInfo call, State *state, const BatchArgument *args, int n)
{
	for (int i = 0, end; i < n; i = end)
	{
		end = i + 1;
		if (batch_null(&args[0], i) || batch_null(&args[1], i))
			continue;
		while (end < n && !batch_null(&args[0], end) && !batch_null(&args[1], end))
			end++;
		state = take_row(call, state, args, i, SERIES_POINT);
		if (end > i + 1)
			add_coordinates(state->builder, args, i + 1, end - i - 1);
	}
	return state;
}

static void *
take_points(FunctionCallInfo call, void *argument, const BatchArgument *args, int n)
{
	State	   *state = argument;
	bool		plain = !args[1].points && plain_rows(args, call->nargs);
	const char *header = NULL;

	if (args[1].points && !args[0].constant && same_options(args, call->nargs))
		return take_coordinates(call, state, args, n);
	for (int i = 0; i < n; i++)
	{
		const char *value = plain ? DatumGetPointer(args[1].values[i]) : NULL;
		int			before = state ? state->builder->series->n : 0;
		double		v[SERIES_DIMS];

		if (header && read_alike(value, header, state->builder->series->dims, v))
		{
			builder_add(state->builder, DatumGetTimestampTz(args[0].values[i]), v);
			continue;
		}
		state = take_row(call, state, args, i, SERIES_POINT);
		/* a header that the next may share: that of a plain point with a long length word */
		header = plain && state && state->builder->series->n > before && !VARATT_IS_SHORT(value) &&
			!(value[VARHDRSZ + 3] & (GEOMETRY_HAS_BOX | GEOMETRY_EXTENDED)) ? value : NULL;
	}
	return state;
}

void
series_init(void)
{
	vector_batch_register("territory_float_series_add", territory_float_series_add, take_floats);
	vector_batch_register("territory_state_series_add", territory_state_series_add, take_states);
	vector_batch_register_points("territory_point_series_add", territory_point_series_add, take_points);
}

/* ---- the rest of an aggregate ---- */

PG_FUNCTION_INFO_V1(territory_series_combine);
PG_FUNCTION_INFO_V1(territory_series_serialize);
PG_FUNCTION_INFO_V1(territory_series_deserialize);
PG_FUNCTION_INFO_V1(territory_series_finish);

Datum
territory_series_combine(PG_FUNCTION_ARGS)
{
	MemoryContext context = state_context(fcinfo);
	State	   *state = state_argument(fcinfo);
	State	   *other = PG_ARGISNULL(1) ? NULL : (State *) PG_GETARG_POINTER(1);

	if (!other)
		return state_result(fcinfo, state);
	if (!state)
	{
		MemoryContext old = MemoryContextSwitchTo(context);

		state = palloc0(sizeof(State));
		state->builder = builder_new(other->builder->series->kind, &other->builder->options,
									 other->builder->series->srid, other->builder->series->dims);
		MemoryContextSwitchTo(old);
	}
	check_same_options(&state->builder->options, &other->builder->options);
	builder_combine(state->builder, other->builder);
	PG_RETURN_POINTER(state);
}

Datum
territory_series_serialize(PG_FUNCTION_ARGS)
{
	state_context(fcinfo);
	PG_RETURN_BYTEA_P(builder_serialize(((State *) PG_GETARG_POINTER(0))->builder));
}

Datum
territory_series_deserialize(PG_FUNCTION_ARGS)
{
	State	   *state;

	state_context(fcinfo);
	state = palloc0(sizeof(State));
	state->builder = builder_deserialize(PG_GETARG_BYTEA_PP(0));
	PG_RETURN_POINTER(state);
}

Datum
territory_series_finish(PG_FUNCTION_ARGS)
{
	State	   *state = state_argument(fcinfo);

	if (!state)
		PG_RETURN_NULL();
	builder_finish(state->builder);
	/* a group's state gets no more rows and outlives its result; that of a window goes on */
	if (AggCheckCallContext(fcinfo, NULL) == AGG_CONTEXT_AGGREGATE)
		PG_RETURN_SERIES_ON(state->builder->series);
	PG_RETURN_SERIES(state->builder->series);
}
