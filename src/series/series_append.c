/*
 * series_append.c
 *	  append(series, t, value) and append(series, later).
 *
 * The idea: a series that is kept up to date grows at its end.  Its full blocks
 * are copied as they are, and only the last is encoded anew.
 *
 * As in the aggregates, what is null counts for nothing: a null series is one
 * that has not begun.
 */
#include "territory.h"

#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "series/series_build.h"
#include "series/series_point.h"

/* one instant, as the tail of a series */
static Series *
read_instant(FunctionCallInfo fcinfo, SeriesKind kind, SeriesInterpolation interpolation)
{
	double		v[SERIES_DIMS];
	int			dims = 1;
	int32		srid = 0;
	Series	   *tail;

	if (kind == SERIES_FLOAT)
		v[0] = PG_GETARG_FLOAT8(2);
	else if (kind == SERIES_POINT && !series_position(PG_GETARG_DATUM(2), &dims, &srid, v))
		return NULL;
	tail = series_new(kind, interpolation, srid, dims, 1);
	if (kind == SERIES_STATE)
		series_add_state(tail, PG_GETARG_TIMESTAMPTZ(1), PG_GETARG_TEXT_PP(2), false);
	else
		series_add(tail, PG_GETARG_TIMESTAMPTZ(1), v, false);
	return tail;
}

/* is a series' last value that of another's first instant? */
static bool
ends_alike(SeriesReader *reader, const Series *later)
{
	Series	   *last = series_read(reader, reader->num_blocks - 1, reader->num_blocks - 1);
	int			i = last->n - 1;

	if (reader->srid != later->srid || reader->dims != later->dims)
		return false;
	if (later->kind == SERIES_STATE)
	{
		const text *a = last->states[last->codes[i]],
				   *b = later->states[later->codes[0]];

		return VARSIZE_ANY_EXHDR(a) == VARSIZE_ANY_EXHDR(b) &&
			memcmp(VARDATA_ANY(a), VARDATA_ANY(b), VARSIZE_ANY_EXHDR(a)) == 0;
	}
	for (int d = 0; d < later->dims; d++)
		if (memcmp(&last->v[d][i], &later->v[d][0], sizeof(double)) != 0)
			return false;
	return true;
}

static Datum
append_instant(FunctionCallInfo fcinfo, SeriesKind kind)
{
	bool		nothing = PG_ARGISNULL(1) || PG_ARGISNULL(2);
	SeriesReader *reader;
	Series	   *tail;
	int64		gap;

	if (PG_ARGISNULL(0))
	{
		tail = nothing ? NULL : read_instant(fcinfo, kind, kind == SERIES_STATE ? SERIES_STEP : SERIES_LINEAR);
		if (!tail)
			PG_RETURN_NULL();
		tail->starts[0] = true;
		PG_RETURN_SERIES(tail);
	}
	if (nothing)
		PG_RETURN_DATUM(PG_GETARG_DATUM(0));
	reader = series_open(PG_GETARG_DATUM(0), kind);
	tail = read_instant(fcinfo, kind, reader->interpolation);
	if (!tail || (tail->t[0] == reader->end && ends_alike(reader, tail)))
		PG_RETURN_DATUM(PG_GETARG_DATUM(0));
	if (PG_NARGS() > 3 && !PG_ARGISNULL(3))
	{
		gap = builder_max_gap(PG_GETARG_INTERVAL_P(3));
		tail->starts[0] = tail->t[0] > reader->end && (uint64) tail->t[0] - (uint64) reader->end > (uint64) gap;
	}
	PG_RETURN_POINTER(series_append(PG_GETARG_DATUM(0), tail));
}

/* without its first instant, which the series before it ends with */
static Series *
drop_first(const Series *later)
{
	Series	   *rest = series_new(later->kind, later->interpolation, later->srid, later->dims, later->n);

	rest->num_states = later->num_states;
	rest->states = later->states;
	rest->n = later->n - 1;
	memcpy(rest->t, later->t + 1, rest->n * sizeof(TimestampTz));
	memcpy(rest->starts, later->starts + 1, rest->n * sizeof(bool));
	if (later->kind == SERIES_STATE)
		memcpy(rest->codes, later->codes + 1, rest->n * sizeof(int32));
	else
		for (int d = 0; d < later->dims; d++)
			memcpy(rest->v[d], later->v[d] + 1, rest->n * sizeof(double));
	return rest;
}

static Datum
append_series(FunctionCallInfo fcinfo, SeriesKind kind)
{
	SeriesReader *reader;
	Series	   *later;

	if (PG_ARGISNULL(0) && PG_ARGISNULL(1))
		PG_RETURN_NULL();
	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		PG_RETURN_DATUM(PG_GETARG_DATUM(PG_ARGISNULL(0) ? 1 : 0));
	reader = series_open(PG_GETARG_DATUM(0), kind);
	later = PG_GETARG_SERIES(1);
	if (later->t[0] == reader->end && later->interpolation == reader->interpolation && ends_alike(reader, later))
	{
		if (later->n == 1)
			PG_RETURN_DATUM(PG_GETARG_DATUM(0));
		later = drop_first(later);
	}
	PG_RETURN_POINTER(series_append(PG_GETARG_DATUM(0), later));
}

PG_FUNCTION_INFO_V1(territory_float_series_append);
PG_FUNCTION_INFO_V1(territory_state_series_append);
PG_FUNCTION_INFO_V1(territory_point_series_append);
PG_FUNCTION_INFO_V1(territory_float_series_append_series);
PG_FUNCTION_INFO_V1(territory_state_series_append_series);
PG_FUNCTION_INFO_V1(territory_point_series_append_series);

Datum
territory_float_series_append(PG_FUNCTION_ARGS)
{
	return append_instant(fcinfo, SERIES_FLOAT);
}

Datum
territory_state_series_append(PG_FUNCTION_ARGS)
{
	return append_instant(fcinfo, SERIES_STATE);
}

Datum
territory_point_series_append(PG_FUNCTION_ARGS)
{
	return append_instant(fcinfo, SERIES_POINT);
}

Datum
territory_float_series_append_series(PG_FUNCTION_ARGS)
{
	return append_series(fcinfo, SERIES_FLOAT);
}

Datum
territory_state_series_append_series(PG_FUNCTION_ARGS)
{
	return append_series(fcinfo, SERIES_STATE);
}

Datum
territory_point_series_append_series(PG_FUNCTION_ARGS)
{
	return append_series(fcinfo, SERIES_POINT);
}
