/*
 * series_json.c
 *	  Series as OGC Moving Features JSON (OGC 19-045r3, "MF-JSON") and back.
 *
 * The idea: what the standard has is written as it says, what it lacks as
 * MobilityDB writes it, and both are read:
 *
 *	- a point_series is a MovingPoint; of several sections, a
 *	  MovingGeometryCollection, whose prisms are the sections;
 *	- a float_series is a MovingFloat and a state_series a MovingText, with
 *	  "sequences" where there are several sections; read besides: an element of
 *	  temporalProperties ("ParametricValues") that has one Measure, or one Text,
 *	  in which a null value ends a section;
 *	- a Feature is read for its temporalGeometry.
 *
 * Instants are written in UTC, so that a series is the same document
 * everywhere; strings without an offset are read in the session's time zone,
 * numbers are milliseconds since 1970.  A document that names no CRS is in
 * CRS84, which is SRID 4326; SRIDs are EPSG codes, as PostGIS has them, and
 * coordinates are never swapped (the standard's rule).
 */
#include "territory.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "common/shortest_dec.h"
#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/json.h"
#include "utils/jsonb.h"
#include "utils/numeric.h"
#include "utils/timestamp.h"

#include "series/series.h"

#define CRS84 "urn:ogc:def:crs:OGC:1.3:CRS84"
#define CRS84_SRID 4326

static const char *const moving_types[] = {NULL, "MovingFloat", "MovingText", "MovingPoint"};
static const char *const mf_interpolations[] = {"Discrete", "Step", "Linear"};

/* ---- writing ---- */

static void
put_instants(StringInfo out, const Series *series, int first, int n)
{
	char		instant[MAXDATELEN + 1];
	const int	utc = 0;

	for (int i = first; i < first + n; i++)
	{
		size_t		len;

		JsonEncodeDateTime(instant, TimestampTzGetDatum(series->t[i]), TIMESTAMPTZOID, &utc);
		len = strlen(instant);
		if (len > 6 && strcmp(instant + len - 6, "+00:00") == 0)
			strcpy(instant + len - 6, "Z");
		appendStringInfo(out, "%s\"%s\"", i == first ? "" : ", ", instant);
	}
}

static void
put_number(StringInfo out, double value)
{
	enlargeStringInfo(out, DOUBLE_SHORTEST_DECIMAL_LEN);
	out->len += double_to_shortest_decimal_buf(value, out->data + out->len);
}

static void
put_values(StringInfo out, const Series *series, int first, int n)
{
	for (int i = first; i < first + n; i++)
	{
		if (i > first)
			appendStringInfoString(out, ", ");
		if (series->kind == SERIES_FLOAT)
			put_number(out, series->v[0][i]);
		else if (series->kind == SERIES_STATE)
			escape_json(out, text_to_cstring(series->states[series->codes[i]]));
		else
			for (int d = 0; d < series->dims; d++)
			{
				appendStringInfoString(out, d == 0 ? "[" : ", ");
				put_number(out, series->v[d][i]);
				if (d == series->dims - 1)
					appendStringInfoChar(out, ']');
			}
	}
}

/* "datetimes" and values of some instants */
static void
put_part(StringInfo out, const Series *series, int first, int n)
{
	appendStringInfoString(out, "\"datetimes\": [");
	put_instants(out, series, first, n);
	appendStringInfo(out, "], \"%s\": [", series->kind == SERIES_POINT ? "coordinates" : "values");
	put_values(out, series, first, n);
	appendStringInfoString(out, "]");
}

static void
put_sections(StringInfo out, const Series *series)
{
	bool		point = series->kind == SERIES_POINT;
	const char *interpolation = mf_interpolations[series->interpolation];

	appendStringInfo(out, "\"%s\": [", point ? "prisms" : "sequences");
	for (int first = 0, end; first < series->n; first = end)
	{
		for (end = first + 1; end < series->n && !series->starts[end];)
			end++;
		appendStringInfoString(out, first == 0 ? "{" : ", {");
		if (point)
			appendStringInfo(out, "\"type\": \"MovingPoint\", \"interpolation\": \"%s\", ", interpolation);
		put_part(out, series, first, end - first);
		appendStringInfoChar(out, '}');
	}
	appendStringInfoChar(out, ']');
}

PG_FUNCTION_INFO_V1(territory_series_as_mfjson);

Datum
territory_series_as_mfjson(PG_FUNCTION_ARGS)
{
	Series	   *series = PG_GETARG_SERIES(0);
	bool		point = series->kind == SERIES_POINT;
	bool		several = false;
	StringInfoData out;

	for (int i = 1; i < series->n && series->interpolation != SERIES_DISCRETE && !several; i++)
		several = series->starts[i];
	initStringInfo(&out);
	appendStringInfo(&out, "{\"type\": \"%s\", ", point && several ? "MovingGeometryCollection" :
					 moving_types[series->kind]);
	if (point && series->srid == CRS84_SRID)
		appendStringInfoString(&out, "\"crs\": {\"type\": \"Name\", \"properties\": {\"name\": \"" CRS84 "\"}}, ");
	else if (point)
		appendStringInfo(&out, "\"crs\": {\"type\": \"Name\", \"properties\": {\"name\": \"urn:ogc:def:crs:EPSG::%d\"}}, ",
						 series->srid);
	if (!(point && several))
		appendStringInfo(&out, "\"interpolation\": \"%s\", ", mf_interpolations[series->interpolation]);
	if (several)
		put_sections(&out, series);
	else
		put_part(&out, series, 0, series->n);
	appendStringInfoChar(&out, '}');
	return DirectFunctionCall1(jsonb_in, CStringGetDatum(out.data));
}

/* ---- reading ---- */

typedef struct Reader
{
	SeriesKind	kind;
	bool		told;			/* the interpolation */
	SeriesInterpolation interpolation;
	int32		srid;
	Series	   *series;
} Reader;

static void
fail(const Reader *reader, const char *what, const char *hint)
{
	static const char *const hints[] = {NULL,
		"Give {\"type\": \"MovingFloat\", \"datetimes\": […], \"values\": […], \"interpolation\": \"Linear\"}.",
		"Give {\"type\": \"MovingText\", \"datetimes\": […], \"values\": […], \"interpolation\": \"Step\"}.",
		"Give {\"type\": \"MovingPoint\", \"datetimes\": […], \"coordinates\": [[x, y], …], \"interpolation\": \"Linear\"}.",
	};

	ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					errmsg("not the MF-JSON of a %s: %s", series_type_name(reader->kind), what),
					errhint("%s", hint ? hint : hints[reader->kind])));
}

/* a member that is there and not null, else NULL */
static JsonbValue *
member(JsonbContainer *object, const char *name)
{
	JsonbValue *value = getKeyJsonValueFromContainer(object, name, (int) strlen(name), NULL);

	return value && value->type != jbvNull ? value : NULL;
}

static bool
is_string(const JsonbValue *value, const char *string)
{
	return value && value->type == jbvString && value->val.string.len == (int) strlen(string) &&
		memcmp(value->val.string.val, string, value->val.string.len) == 0;
}

static JsonbContainer *
object_member(const Reader *reader, JsonbContainer *object, const char *name)
{
	JsonbValue *value = member(object, name);

	if (!value || value->type != jbvBinary || !JsonContainerIsObject(value->val.binary.data))
		fail(reader, psprintf("it has no object \"%s\"", name), NULL);
	return value->val.binary.data;
}

static JsonbContainer *
array_member(const Reader *reader, JsonbContainer *object, const char *name)
{
	JsonbValue *value = member(object, name);

	if (!value || value->type != jbvBinary || !JsonContainerIsArray(value->val.binary.data) ||
		JsonContainerSize(value->val.binary.data) == 0)
		fail(reader, psprintf("it has no array \"%s\" with elements", name), NULL);
	return value->val.binary.data;
}

static void
tell_interpolation(Reader *reader, SeriesInterpolation interpolation)
{
	if (reader->told && reader->interpolation != interpolation)
		fail(reader, "its parts have several interpolations", "Make a series of each.");
	if (reader->kind == SERIES_STATE && interpolation == SERIES_LINEAR)
		fail(reader, "texts are not interpolated linearly", NULL);
	reader->told = true;
	reader->interpolation = interpolation;
}

/* an object's interpolation, where it tells one: a name, or (in the draft of the standard) an array of one */
static void
read_interpolation(Reader *reader, JsonbContainer *object)
{
	JsonbValue *value = member(object, "interpolation");

	if (!value && (value = member(object, "interpolations")) && value->type == jbvBinary &&
		JsonContainerIsArray(value->val.binary.data) && JsonContainerSize(value->val.binary.data) == 1)
		value = getIthJsonbValueFromContainer(value->val.binary.data, 0);
	if (!value)
		return;
	for (int i = SERIES_DISCRETE; i <= SERIES_LINEAR; i++)
		if (is_string(value, mf_interpolations[i]))
		{
			tell_interpolation(reader, (SeriesInterpolation) i);
			return;
		}
	fail(reader, "its interpolation is another", "Interpolations are \"Discrete\", \"Step\" and \"Linear\".");
}

/* the code at the end of urn:ogc:def:crs:EPSG::2154, http://www.opengis.net/def/crs/EPSG/0/2154, EPSG:2154 … */
static int32
srid_of_name(const Reader *reader, const JsonbValue *name)
{
	char	   *string = pnstrdup(name->val.string.val, name->val.string.len);
	char	   *code = string + strlen(string);
	long		srid;

	if (strlen(string) >= 5 && pg_strcasecmp(code - 5, "CRS84") == 0)
		return CRS84_SRID;
	while (code > string && isdigit((unsigned char) code[-1]))
		code--;
	srid = *code ? strtol(code, NULL, 10) : -1;
	if (srid < 0 || srid > SERIES_MAX_SRID || !strcasestr(string, "EPSG"))
		fail(reader, psprintf("its CRS \"%s\" is not known", string),
			 "Name an EPSG code, as in \"urn:ogc:def:crs:EPSG::2154\", or CRS84.");
	return (int32) srid;
}

static void
read_crs(Reader *reader, JsonbContainer *object)
{
	JsonbContainer *properties;
	JsonbValue *name;

	if (reader->kind != SERIES_POINT || !member(object, "crs"))
		return;
	properties = object_member(reader, object_member(reader, object, "crs"), "properties");
	name = member(properties, "name");
	if (!name)
		name = member(properties, "href");
	if (!name || name->type != jbvString)
		fail(reader, "its CRS has no name", "Name an EPSG code, as in \"urn:ogc:def:crs:EPSG::2154\", or CRS84.");
	reader->srid = srid_of_name(reader, name);
}

/* YYYY-MM-DD…: not "now", nor an order of day and month that DateStyle tells */
static bool
begins_with_date(const char *string, int len)
{
	int			year = 0;

	while (year < len && string[year] >= '0' && string[year] <= '9')
		year++;
	return year >= 4 && len >= year + 6 && string[year] == '-' && string[year + 3] == '-';
}

static TimestampTz
read_instant(const Reader *reader, const JsonbValue *value)
{
	if (value->type == jbvString && begins_with_date(value->val.string.val, value->val.string.len))
		return DatumGetTimestampTz(DirectFunctionCall3(timestamptz_in,
													   CStringGetDatum(pnstrdup(value->val.string.val, value->val.string.len)),
													   ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1)));
	if (value->type == jbvNumeric)
	{
		double		t = DatumGetFloat8(DirectFunctionCall1(numeric_float8_no_overflow,
														   NumericGetDatum(value->val.numeric))) * 1000;

		t -= (double) (POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) * USECS_PER_DAY;
		if (t > (double) MIN_TIMESTAMP && t < (double) END_TIMESTAMP)
			return (TimestampTz) rint(t);
	}
	fail(reader, "an element of \"datetimes\" is not an instant",
		 "Give RFC 3339 strings, or milliseconds since 1970.");
	return 0;
}

static double
read_number(const Reader *reader, const JsonbValue *value)
{
	if (!value || value->type != jbvNumeric)
		fail(reader, "a value is not a number", NULL);
	return DatumGetFloat8(DirectFunctionCall1(numeric_float8, NumericGetDatum(value->val.numeric)));
}

static int
read_coordinates(const Reader *reader, const JsonbValue *value, double *v)
{
	JsonbContainer *position = value->type == jbvBinary ? value->val.binary.data : NULL;
	int			dims = position && JsonContainerIsArray(position) ? JsonContainerSize(position) : 0;

	if (dims < 2 || dims > 3)
		fail(reader, "a position is not an array of two or three numbers", NULL);
	for (int d = 0; d < dims; d++)
		v[d] = read_number(reader, getIthJsonbValueFromContainer(position, d));
	return dims;
}

/* does a section go on where the one before it ended? */
static bool
repeats_last(const Series *series, TimestampTz t, const double *v)
{
	if (series->n == 0 || t != series->t[series->n - 1])
		return false;
	for (int d = 0; d < series->dims; d++)
		if (v[d] != series->v[d][series->n - 1])
			return false;
	return true;
}

/* one instant and its value; false where that is null */
static bool
read_value(Reader *reader, TimestampTz t, const JsonbValue *value, bool starts)
{
	double		v[SERIES_DIMS];
	int			dims = 1;
	text	   *state = NULL;

	if (value->type == jbvNull && reader->kind != SERIES_POINT)
		return false;
	if (reader->kind == SERIES_FLOAT)
		v[0] = read_number(reader, value);
	else if (reader->kind == SERIES_POINT)
		dims = read_coordinates(reader, value, v);
	else if (value->type == jbvString)
		state = cstring_to_text_with_len(value->val.string.val, value->val.string.len);
	else if (value->type == jbvBool)
		state = cstring_to_text(value->val.boolean ? "true" : "false");
	else
		fail(reader, "a value is not a text", NULL);
	if (!reader->series)
		reader->series = series_new(reader->kind, reader->interpolation, reader->srid, dims, 64);
	series_check_space(reader->series, reader->srid, dims);
	if (state)
		series_add_state(reader->series, t, state, starts);
	else if (!(starts && repeats_last(reader->series, t, v)))
		series_add(reader->series, t, v, starts);
	return true;
}

/* the next element of an array; false at its end */
static bool
next_element(JsonbIterator **at, JsonbValue *value)
{
	JsonbIteratorToken token = JsonbIteratorNext(at, value, true);

	if (token == WJB_BEGIN_ARRAY)
		token = JsonbIteratorNext(at, value, true);
	return token == WJB_ELEM;
}

/* a section: the instants of one object and the values of another, which may be the same */
static void
read_part(Reader *reader, JsonbContainer *times, JsonbContainer *values)
{
	const char *name = reader->kind == SERIES_POINT ? "coordinates" : "values";
	JsonbContainer *datetimes = array_member(reader, times, "datetimes");
	JsonbContainer *array = array_member(reader, values, name);
	JsonbIterator *at_time = JsonbIteratorInit(datetimes);
	JsonbIterator *at_value = JsonbIteratorInit(array);
	JsonbValue *closed;
	JsonbValue	t,
				value;
	bool		starts = true;

	if (JsonContainerSize(datetimes) != JsonContainerSize(array))
		fail(reader, psprintf("\"datetimes\" and \"%s\" are not of one length", name), NULL);
	if (((closed = member(times, "lower_inc")) && closed->type == jbvBool && !closed->val.boolean) ||
		((closed = member(times, "upper_inc")) && closed->type == jbvBool && !closed->val.boolean))
		fail(reader, "an end of a section does not belong to it", "Give sections with both their ends.");
	while (next_element(&at_time, &t) && next_element(&at_value, &value))
		starts = !read_value(reader, read_instant(reader, &t), &value, starts);
}

/* an object with its own instants and values, or with "sequences" of them */
static void
read_moving(Reader *reader, JsonbContainer *object)
{
	JsonbContainer *sequences;

	read_interpolation(reader, object);
	if (!member(object, "sequences"))
	{
		read_part(reader, object, object);
		return;
	}
	sequences = array_member(reader, object, "sequences");
	for (uint32 i = 0; i < JsonContainerSize(sequences); i++)
	{
		JsonbValue *part = getIthJsonbValueFromContainer(sequences, i);

		if (part->type != jbvBinary || !JsonContainerIsObject(part->val.binary.data))
			fail(reader, "an element of \"sequences\" is not an object", NULL);
		read_part(reader, part->val.binary.data, part->val.binary.data);
	}
}

/* a MovingGeometryCollection: each prism is a section, or several */
static void
read_prisms(Reader *reader, JsonbContainer *object)
{
	JsonbContainer *prisms = array_member(reader, object, "prisms");

	for (uint32 i = 0; i < JsonContainerSize(prisms); i++)
	{
		JsonbValue *prism = getIthJsonbValueFromContainer(prisms, i);
		JsonbContainer *part = prism->type == jbvBinary ? prism->val.binary.data : NULL;

		if (!part || !JsonContainerIsObject(part) || !is_string(member(part, "type"), "MovingPoint"))
			fail(reader, "a prism is not a MovingPoint", NULL);
		if (!member(part, "interpolation") && !member(part, "interpolations"))
			tell_interpolation(reader, SERIES_LINEAR);
		read_moving(reader, part);
	}
}

/* ParametricValues: the one member that is a Measure, or a Text */
static void
read_parametric(Reader *reader, JsonbContainer *object)
{
	const char *wanted = reader->kind == SERIES_FLOAT ? "Measure" : "Text";
	JsonbIterator *at = JsonbIteratorInit(object);
	JsonbContainer *found = NULL;
	JsonbIteratorToken token;
	JsonbValue	value;

	while ((token = JsonbIteratorNext(&at, &value, true)) != WJB_DONE)
		if (token == WJB_VALUE && value.type == jbvBinary && JsonContainerIsObject(value.val.binary.data) &&
			is_string(member(value.val.binary.data, "type"), wanted))
		{
			if (found)
				fail(reader, psprintf("it has several properties of type \"%s\"", wanted), "Take one out of it first.");
			found = value.val.binary.data;
		}
	if (!found)
		fail(reader, psprintf("it has no property of type \"%s\"", wanted), NULL);
	reader->interpolation = SERIES_DISCRETE;
	read_interpolation(reader, found);
	read_part(reader, object, found);
}

static void
read_document(Reader *reader, JsonbContainer *object)
{
	JsonbValue *type;

	if (!JsonContainerIsObject(object))
		fail(reader, "it is not an object", NULL);
	read_crs(reader, object);
	type = member(object, "type");
	if (reader->kind == SERIES_POINT && is_string(type, "Feature"))
	{
		object = object_member(reader, object, "temporalGeometry");
		read_crs(reader, object);
		type = member(object, "type");
	}
	if (is_string(type, moving_types[reader->kind]))
		read_moving(reader, object);
	else if (reader->kind == SERIES_POINT && is_string(type, "MovingGeometryCollection"))
		read_prisms(reader, object);
	else if (reader->kind != SERIES_POINT && !type && member(object, "datetimes"))
		read_parametric(reader, object);
	else
		fail(reader, type && type->type == jbvString ?
			 psprintf("its type is \"%s\"", pnstrdup(type->val.string.val, type->val.string.len)) : "it has no type",
			 NULL);
}

static Datum
from_mfjson(FunctionCallInfo fcinfo, SeriesKind kind)
{
	Reader		reader = {kind, false, kind == SERIES_STATE ? SERIES_STEP : SERIES_LINEAR,
		kind == SERIES_POINT ? CRS84_SRID : 0, NULL};

	read_document(&reader, &PG_GETARG_JSONB_P(0)->root);
	if (!reader.series)
		fail(&reader, "all its values are null", NULL);
	PG_RETURN_SERIES(reader.series);
}

PG_FUNCTION_INFO_V1(territory_float_series_from_mfjson);
PG_FUNCTION_INFO_V1(territory_state_series_from_mfjson);
PG_FUNCTION_INFO_V1(territory_point_series_from_mfjson);

Datum
territory_float_series_from_mfjson(PG_FUNCTION_ARGS)
{
	return from_mfjson(fcinfo, SERIES_FLOAT);
}

Datum
territory_state_series_from_mfjson(PG_FUNCTION_ARGS)
{
	return from_mfjson(fcinfo, SERIES_STATE);
}

Datum
territory_point_series_from_mfjson(PG_FUNCTION_ARGS)
{
	return from_mfjson(fcinfo, SERIES_POINT);
}
