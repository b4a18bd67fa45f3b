/*
 * series_text.c
 *	  Series as text, in the notation that moving values have in the field:
 *
 *		[1.5@2026-01-01T00:00:00+00:00, 2@2026-01-01T00:10:00+00:00]	a section
 *		{[…], […]}														several
 *		{1@…, 2@…}														instants alone: discrete
 *		Interp=Step;[…]		SRID=2154;[POINT(1 2)@…, POINT(3 4)@…]		["open"@…]
 *
 * The idea: one reader and one writer, which ask the kind for a value only.
 * Instants are written in ISO 8601 with the offset of the session's time zone,
 * whatever DateStyle says, and floats with the fewest digits that give them
 * back; what is written reads back as the same bytes.
 *
 * Invariant: an error says at which character of the text it was met.
 */
#include "territory.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "common/shortest_dec.h"
#include "fmgr.h"
#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/json.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "series/series.h"

typedef struct Reader
{
	SeriesKind	kind;
	const char *text;
	const char *at;
	Series	   *series;			/* made at the first value, once its dimensions are known */
	SeriesInterpolation interpolation;
	bool		interpolation_told;
	int32		srid;
	StringInfoData word;		/* a state or an instant without its quotes */
} Reader;

/* ---- reading ---- */

static void
say_where(void *argument)
{
	Reader	   *reader = argument;

	errcontext("%s, at character %d", series_type_name(reader->kind),
			   pg_mbstrlen_with_len(reader->text, (int) (reader->at - reader->text)) + 1);
}

static void
fail(const Reader *reader, const char *expected, const char *hint)
{
	int			shown = pg_mbcliplen(reader->at, (int) strlen(reader->at), 20);

	ereport(ERROR, (errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
					errmsg("malformed %s: %s expected", series_type_name(reader->kind), expected),
					*reader->at ? errdetail("At \"%.*s\".", shown, reader->at) : errdetail("The text ends."),
					errhint("%s", hint ? hint :
							"Write [value@instant, …] for a section, {[…], […]} for several, {value@instant, …} for instants alone.")));
}

static void
skip_blanks(Reader *reader)
{
	while (isspace((unsigned char) *reader->at))
		reader->at++;
}

static bool
take(Reader *reader, char c)
{
	skip_blanks(reader);
	if (*reader->at != c)
		return false;
	reader->at++;
	return true;
}

static bool
take_word(Reader *reader, const char *word)
{
	skip_blanks(reader);
	if (pg_strncasecmp(reader->at, word, strlen(word)) != 0)
		return false;
	reader->at += strlen(word);
	return true;
}

/* a string in double quotes, where backslashes make the next character plain */
static void
take_quoted(Reader *reader)
{
	resetStringInfo(&reader->word);
	reader->at++;
	for (; *reader->at != '"'; reader->at++)
	{
		if (*reader->at == '\\')
			reader->at++;
		if (!*reader->at)
			fail(reader, "a closing double quote", "Within quotes, write \\\" for a quote and \\\\ for a backslash.");
		appendStringInfoCharMacro(&reader->word, *reader->at);
	}
	reader->at++;
}

static double
take_number(Reader *reader)
{
	char	   *end;
	double		value;

	skip_blanks(reader);
	errno = 0;
	value = strtod(reader->at, &end);
	if (end == reader->at)
		fail(reader, "a number", NULL);
	if (errno == ERANGE && (value == 0 || isinf(value)))
		ereport(ERROR, (errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
						errmsg("\"%.*s\" is out of range for type double precision", (int) (end - reader->at),
							   reader->at),
						errhint("A series holds numbers of type double precision.")));
	if (!isfinite(value))
		ereport(ERROR, (errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
						errmsg("a %s holds finite numbers only", series_type_name(reader->kind)),
						errhint("Leave such instants out, and let a section end there.")));
	reader->at = end;
	return value;
}

static int32
take_srid(Reader *reader)
{
	char	   *end;
	long		srid;

	errno = 0;
	srid = strtol(reader->at, &end, 10);
	if (end == reader->at || *end != ';' || errno != 0 || srid < 0 || srid > SERIES_MAX_SRID)
		fail(reader, "an SRID and a semicolon", "Write SRID=2154;[POINT(1 2)@instant, …].");
	reader->at = end + 1;
	return (int32) srid;
}

static void
take_prefixes(Reader *reader)
{
	for (;;)
	{
		if (reader->kind == SERIES_POINT && take_word(reader, "SRID="))
			reader->srid = take_srid(reader);
		else if (take_word(reader, "Interp="))
		{
			const char *end = strchr(reader->at, ';');
			char	   *name;

			if (!end)
				fail(reader, "an interpolation and a semicolon", "Write Interp=Step;[…].");
			name = pnstrdup(reader->at, end - reader->at);
			reader->interpolation = series_interpolation(name);
			reader->interpolation_told = true;
			reader->at = end + 1;
			pfree(name);
		}
		else
			return;
	}
}

/* POINT(1 2), POINT Z (1 2 3), or with an SRID of its own before; returns its dimensions */
static int
take_point(Reader *reader, double *v)
{
	static const char hint[] = "Write POINT(1 2) or POINT Z (1 2 3).";
	int			dims = 2;

	if (take_word(reader, "SRID="))
	{
		int32		srid = take_srid(reader);

		if (reader->series == NULL && reader->srid == 0)
			reader->srid = srid;
		else if (srid != reader->srid)
			ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
							errmsg("points of a point_series have one SRID"),
							errdetail("It has %d and %d.", reader->srid, srid),
							errhint("Use ST_Transform first.")));
	}
	if (!take_word(reader, "POINT"))
		fail(reader, "POINT", hint);
	if (take_word(reader, "Z"))
		dims = 3;
	if (!take(reader, '('))
		fail(reader, "(", hint);
	for (int d = 0; d < dims; d++)
		v[d] = take_number(reader);
	if (!take(reader, ')'))
		fail(reader, ")", hint);
	return dims;
}

static TimestampTz
take_instant(Reader *reader)
{
	skip_blanks(reader);
	if (*reader->at == '"')
		take_quoted(reader);
	else
	{
		Size		len = strcspn(reader->at, ",]})");

		while (len > 0 && isspace((unsigned char) reader->at[len - 1]))
			len--;
		if (len == 0)
			fail(reader, "an instant", NULL);
		resetStringInfo(&reader->word);
		appendBinaryStringInfo(&reader->word, reader->at, (int) len);
		reader->at += len;
	}
	return DatumGetTimestampTz(DirectFunctionCall3(timestamptz_in, CStringGetDatum(reader->word.data),
												   ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1)));
}

static void
check_instant(const Reader *reader, TimestampTz t)
{
	const Series *series = reader->series;

	if (TIMESTAMP_NOT_FINITE(t))
		ereport(ERROR, (errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
						errmsg("an instant of a %s has to be finite", series_type_name(reader->kind))));
	if (series->n > 0 && t <= series->t[series->n - 1])
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("instants of a %s have to increase", series_type_name(reader->kind)),
						errdetail("%s is followed by %s.", series_instant_text(series->t[series->n - 1]),
								  series_instant_text(t)),
						errhint("The aggregate %s(t, …) takes rows in any order.",
								series_type_name(reader->kind))));
}

/* value@instant */
static void
take_value(Reader *reader, bool starts)
{
	double		v[SERIES_DIMS];
	int			dims = 1;
	text	   *state = NULL;
	TimestampTz t;

	skip_blanks(reader);
	if (reader->kind == SERIES_FLOAT)
		v[0] = take_number(reader);
	else if (reader->kind == SERIES_POINT)
		dims = take_point(reader, v);
	else
	{
		if (*reader->at != '"')
			fail(reader, "a state in double quotes", "Write [\"open\"@instant, \"closed\"@instant].");
		take_quoted(reader);
		state = cstring_to_text_with_len(reader->word.data, reader->word.len);
	}
	if (!take(reader, '@'))
		fail(reader, "@", NULL);
	t = take_instant(reader);
	if (!reader->series)
		reader->series = series_new(reader->kind, reader->interpolation, reader->srid, dims, 64);
	if (dims != reader->series->dims)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("points of a point_series are all of two dimensions or all of three"),
						errhint("Use ST_Force2D or ST_Force3D first.")));
	check_instant(reader, t);
	if (state)
	{
		series_add_state(reader->series, t, state, starts);
		pfree(state);
	}
	else
		series_add(reader->series, t, v, starts);
}

/* after [ */
static void
take_section(Reader *reader)
{
	bool		starts = true;

	do
	{
		take_value(reader, starts);
		starts = false;
	} while (take(reader, ','));
	skip_blanks(reader);
	if (*reader->at == ')')
		fail(reader, "]", "Both ends of a section belong to it.");
	if (!take(reader, ']'))
		fail(reader, ", or ]", NULL);
}

static void
take_body(Reader *reader)
{
	if (take(reader, '['))
	{
		if (reader->interpolation == SERIES_DISCRETE)
			fail(reader, "{ instead of [", "A discrete series has no sections.");
		take_section(reader);
		return;
	}
	if (!take(reader, '{'))
		fail(reader, "[ or {", NULL);
	skip_blanks(reader);
	if (*reader->at == '[')
	{
		if (reader->interpolation == SERIES_DISCRETE)
			fail(reader, "a value", "A discrete series has no sections.");
		do
		{
			if (!take(reader, '['))
				fail(reader, "[", NULL);
			take_section(reader);
		} while (take(reader, ','));
	}
	else
	{
		if (reader->interpolation_told && reader->interpolation != SERIES_DISCRETE)
			fail(reader, "[", "Instants alone are discrete.");
		reader->interpolation = SERIES_DISCRETE;
		do
			take_value(reader, true);
		while (take(reader, ','));
	}
	if (!take(reader, '}'))
		fail(reader, ", or }", NULL);
}

static Datum
series_in(FunctionCallInfo fcinfo, SeriesKind kind)
{
	Reader		reader = {.kind = kind, .text = PG_GETARG_CSTRING(0)};
	ErrorContextCallback callback = {.previous = error_context_stack, .callback = say_where, .arg = &reader};

	reader.at = reader.text;
	reader.interpolation = kind == SERIES_STATE ? SERIES_STEP : SERIES_LINEAR;
	initStringInfo(&reader.word);
	error_context_stack = &callback;
	take_prefixes(&reader);
	if (kind == SERIES_STATE && reader.interpolation == SERIES_LINEAR)
		fail(&reader, "Interp=Step or Interp=Discrete", "States are not interpolated linearly.");
	take_body(&reader);
	skip_blanks(&reader);
	if (*reader.at)
		fail(&reader, "the end", NULL);
	error_context_stack = callback.previous;
	PG_RETURN_SERIES(reader.series);
}

/* ---- writing ---- */

static void
put_double(StringInfo out, double value)
{
	enlargeStringInfo(out, DOUBLE_SHORTEST_DECIMAL_LEN);
	out->len += double_to_shortest_decimal_buf(value, out->data + out->len);
}

static void
put_state(StringInfo out, const text *state)
{
	const char *bytes = VARDATA_ANY(state);

	appendStringInfoChar(out, '"');
	for (int i = 0; i < (int) VARSIZE_ANY_EXHDR(state); i++)
	{
		if (bytes[i] == '"' || bytes[i] == '\\')
			appendStringInfoCharMacro(out, '\\');
		appendStringInfoCharMacro(out, bytes[i]);
	}
	appendStringInfoChar(out, '"');
}

static void
put_instant(StringInfo out, const Series *series, int i)
{
	char		instant[MAXDATELEN + 1];

	switch (series->kind)
	{
		case SERIES_FLOAT:
			put_double(out, series->v[0][i]);
			break;
		case SERIES_STATE:
			put_state(out, series->states[series->codes[i]]);
			break;
		case SERIES_POINT:
			appendStringInfoString(out, series->dims == 3 ? "POINT Z (" : "POINT(");
			for (int d = 0; d < series->dims; d++)
			{
				if (d > 0)
					appendStringInfoCharMacro(out, ' ');
				put_double(out, series->v[d][i]);
			}
			appendStringInfoCharMacro(out, ')');
			break;
	}
	appendStringInfoCharMacro(out, '@');
	appendStringInfoString(out, JsonEncodeDateTime(instant, TimestampTzGetDatum(series->t[i]), TIMESTAMPTZOID, NULL));
}

static Datum
series_out(FunctionCallInfo fcinfo)
{
	Series	   *series = PG_GETARG_SERIES(0);
	bool		discrete = series->interpolation == SERIES_DISCRETE;
	bool		braces = discrete;
	StringInfoData out;

	for (int i = 1; i < series->n && !braces; i++)
		braces = series->starts[i];
	initStringInfo(&out);
	if (series->srid != 0)
		appendStringInfo(&out, "SRID=%d;", series->srid);
	if (series->interpolation == SERIES_STEP && series->kind != SERIES_STATE)
		appendStringInfoString(&out, "Interp=Step;");
	if (braces)
		appendStringInfoChar(&out, '{');
	for (int i = 0; i < series->n; i++)
	{
		bool		starts = !discrete && series->starts[i];

		CHECK_FOR_INTERRUPTS();
		if (i > 0)
			appendStringInfoString(&out, starts ? "], " : ", ");
		if (starts)
			appendStringInfoCharMacro(&out, '[');
		put_instant(&out, series, i);
	}
	if (!discrete)
		appendStringInfoChar(&out, ']');
	if (braces)
		appendStringInfoChar(&out, '}');
	PG_RETURN_CSTRING(out.data);
}

PG_FUNCTION_INFO_V1(territory_float_series_in);
PG_FUNCTION_INFO_V1(territory_state_series_in);
PG_FUNCTION_INFO_V1(territory_point_series_in);
PG_FUNCTION_INFO_V1(territory_series_out);

Datum
territory_float_series_in(PG_FUNCTION_ARGS)
{
	return series_in(fcinfo, SERIES_FLOAT);
}

Datum
territory_state_series_in(PG_FUNCTION_ARGS)
{
	return series_in(fcinfo, SERIES_STATE);
}

Datum
territory_point_series_in(PG_FUNCTION_ARGS)
{
	return series_in(fcinfo, SERIES_POINT);
}

Datum
territory_series_out(PG_FUNCTION_ARGS)
{
	return series_out(fcinfo);
}
