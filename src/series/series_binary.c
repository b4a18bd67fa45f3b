/*
 * series_binary.c
 *	  Series as drivers get and give them in binary.
 *
 * The idea: a plain format, big-endian as PostgreSQL's own, that any language
 * reads in a few lines, whatever our codecs become:
 *
 *		uint8	version: 1
 *		uint8	interpolation: 0 discrete, 1 step, 2 linear
 *		uint8	dimensions: 1 of floats, 0 of states, 2 or 3 of points
 *		int32	SRID, 0 where there is none
 *		int32	number of instants, then of each:
 *			int64	microseconds since 2000-01-01 00:00:00 UTC
 *			uint8	1 where a section starts, else 0
 *			float8 per dimension, or the state: int32 length, text in the client's encoding
 *
 * Invariant: a client's bytes are hostile.  Counts are compared with what is
 * there before anything is allocated, and series_encode has the last word.
 */
#include "territory.h"

#include "fmgr.h"
#include "libpq/pqformat.h"
#include "utils/builtins.h"

#include "series/series.h"

#define BINARY_VERSION 1

static void
fail(SeriesKind kind, const char *what)
{
	ereport(ERROR, (errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
					errmsg("malformed %s in binary: %s", series_type_name(kind), what),
					errhint("The format is that of %s_send, which the reference describes.",
							series_type_name(kind))));
}

static Series *
receive_header(StringInfo in, SeriesKind kind, int *n)
{
	int			interpolation,
				dims,
				srid,
				least;
	bool		ok;

	if (pq_getmsgbyte(in) != BINARY_VERSION)
		fail(kind, "its version is unknown");
	interpolation = pq_getmsgbyte(in);
	dims = pq_getmsgbyte(in);
	srid = (int32) pq_getmsgint(in, 4);
	*n = (int32) pq_getmsgint(in, 4);
	if (interpolation > SERIES_LINEAR)
		fail(kind, "its interpolation is unknown");
	ok = kind == SERIES_POINT ? dims == 2 || dims == 3 : dims == (kind == SERIES_FLOAT);
	if (!ok)
		fail(kind, "its dimensions are wrong");
	if (srid < 0 || srid > SERIES_MAX_SRID || (kind != SERIES_POINT && srid != 0))
		fail(kind, "its SRID is wrong");
	least = 9 + (kind == SERIES_STATE ? 4 : dims * 8);
	if (*n < 0 || *n > (in->len - in->cursor) / least)
		fail(kind, "it is shorter than it says");
	return series_new(kind, interpolation, srid, Max(dims, 1), *n);
}

static void
receive_state(StringInfo in, Series *series, TimestampTz t, bool starts)
{
	int			len = (int32) pq_getmsgint(in, 4);
	int			bytes;
	char	   *string;
	text	   *state;

	if (len < 0 || len > in->len - in->cursor)
		fail(series->kind, "a state is longer than what is there");
	string = pq_getmsgtext(in, len, &bytes);
	state = cstring_to_text_with_len(string, bytes);
	series_add_state(series, t, state, starts);
	pfree(state);
	pfree(string);
}

static Datum
series_recv(FunctionCallInfo fcinfo, SeriesKind kind)
{
	StringInfo	in = (StringInfo) PG_GETARG_POINTER(0);
	int			n;
	Series	   *series = receive_header(in, kind, &n);

	for (int i = 0; i < n; i++)
	{
		TimestampTz t = pq_getmsgint64(in);
		int			starts = pq_getmsgbyte(in);

		if (starts > 1 || (i == 0 && !starts))
			fail(kind, "its sections are wrong");
		if (kind == SERIES_STATE)
			receive_state(in, series, t, starts);
		else
		{
			double		v[SERIES_DIMS];

			for (int d = 0; d < series->dims; d++)
				v[d] = pq_getmsgfloat8(in);
			series_add(series, t, v, starts);
		}
	}
	PG_RETURN_SERIES(series);
}

PG_FUNCTION_INFO_V1(territory_float_series_recv);
PG_FUNCTION_INFO_V1(territory_state_series_recv);
PG_FUNCTION_INFO_V1(territory_point_series_recv);
PG_FUNCTION_INFO_V1(territory_series_send);

Datum
territory_float_series_recv(PG_FUNCTION_ARGS)
{
	return series_recv(fcinfo, SERIES_FLOAT);
}

Datum
territory_state_series_recv(PG_FUNCTION_ARGS)
{
	return series_recv(fcinfo, SERIES_STATE);
}

Datum
territory_point_series_recv(PG_FUNCTION_ARGS)
{
	return series_recv(fcinfo, SERIES_POINT);
}

Datum
territory_series_send(PG_FUNCTION_ARGS)
{
	Series	   *series = PG_GETARG_SERIES(0);
	StringInfoData out;

	pq_begintypsend(&out);
	pq_sendbyte(&out, BINARY_VERSION);
	pq_sendbyte(&out, series->interpolation);
	pq_sendbyte(&out, series->kind == SERIES_STATE ? 0 : series->dims);
	pq_sendint32(&out, series->srid);
	pq_sendint32(&out, series->n);
	for (int i = 0; i < series->n; i++)
	{
		pq_sendint64(&out, series->t[i]);
		pq_sendbyte(&out, series->starts[i]);
		if (series->kind == SERIES_STATE)
		{
			text	   *state = series->states[series->codes[i]];

			compat_send_counted_text(&out, VARDATA_ANY(state), VARSIZE_ANY_EXHDR(state));
		}
		else
			for (int d = 0; d < series->dims; d++)
				pq_sendfloat8(&out, series->v[d][i]);
	}
	PG_RETURN_BYTEA_P(pq_endtypsend(&out));
}
