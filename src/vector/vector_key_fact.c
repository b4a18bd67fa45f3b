/*
 * vector_key_fact.c
 *	  What is known of an expression around one value of its column.
 *
 * Two things are told of every part of the expression: for which values of the
 * column it is the same, and from which to which it never falls.  A part of
 * the calendar is the same within a unit, as long as the zone keeps its offset;
 * what is added up of parts that rise, rises where all of them do.  All of it
 * is proved, nothing is tried out; what is not known is told to be the value
 * alone.
 *
 * Who asks has evaluated the whole expression at this value before, so that
 * what is evaluated here cannot fail.
 */
#include "territory.h"

#include <math.h>

#include "access/transam.h"
#include "catalog/pg_type.h"
#include "common/int.h"
#include "miscadmin.h"
#include "parser/scansup.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/datetime.h"
#include "utils/float.h"
#include "utils/fmgroids.h"
#include "utils/fmgrprotos.h"
#include "utils/formatting.h"
#include "utils/numeric.h"

#include "vector/vector_key.h"

#define UNIX_EPOCH ((int64) (UNIX_EPOCH_JDATE - POSTGRES_EPOCH_JDATE) * USECS_PER_DAY)

typedef struct KeyPlace
{
	int64		value;			/* of the column */
	ExprContext *context;		/* of a row that has it */
	MemoryContext constants;	/* where those of the pass live */
} KeyPlace;

static const ValueRange ever = {MIN_TIMESTAMP, END_TIMESTAMP - 1};
static const double unknown = -INFINITY;
static const ValueRange ever_at_all = {PG_INT64_MIN, PG_INT64_MAX};

static KeyFact fact_of(KeyNode *node, KeyPlace *place);

/* ---- begin ---- */

static void
begin_constant(KeyConstant *constant, PlanState *parent)
{
	if (constant->expr)
		constant->state = ExecInitExpr(constant->expr, parent);
}

void
vector_key_begin_node(KeyNode *node, PlanState *parent)
{
	if (node->rule != RULE_COLUMN &&
		(node->type == TIMESTAMPOID || node->type == TIMESTAMPTZOID || node->type == DATEOID))
		node->state = ExecInitExpr(node->expr, parent);
	begin_constant(&node->param, parent);
	begin_constant(&node->zone, parent);
	begin_constant(&node->origin, parent);
	for (int i = 0; i < node->nargs; i++)
		vector_key_begin_node(node->args[i], parent);
}

/* parameters and the session's zone may have changed */
void
vector_key_reset_node(KeyNode *node)
{
	node->param.known = node->zone.known = node->origin.known = false;
	node->stretch.zone = node->target.zone = NULL;
	for (int i = 0; i < node->nargs; i++)
		vector_key_reset_node(node->args[i]);
}

/* ---- values ---- */

/* false where there is none, or it is null */
static bool
constant_value(KeyConstant *constant, KeyPlace *place, Datum *value)
{
	if (constant->expr == NULL)
		return false;
	if (!constant->known)
	{
		MemoryContext old = MemoryContextSwitchTo(place->constants);

		constant->value = ExecEvalExpr(constant->state, place->context, &constant->isnull);
		constant->known = true;
		MemoryContextSwitchTo(old);
	}
	*value = constant->value;
	return !constant->isnull;
}

/* a node's time in microseconds; false where it has none, or no finite one */
static bool
time_of(KeyNode *node, KeyPlace *place, Timestamp *result)
{
	Datum		value = Int64GetDatum(place->value);
	bool		isnull = false;

	if (node->rule != RULE_COLUMN)
	{
		if (node->state == NULL)
			return false;
		value = ExecEvalExprSwitchContext(node->state, place->context, &isnull);
		if (isnull)
			return false;
	}
	if (node->type == DATEOID)
	{
		*result = (int64) DatumGetDateADT(value) * USECS_PER_DAY;
		return !DATE_NOT_FINITE(DatumGetDateADT(value));
	}
	*result = DatumGetTimestamp(value);
	return (node->type == TIMESTAMPOID || node->type == TIMESTAMPTZOID) && !TIMESTAMP_NOT_FINITE(*result);
}

static ValueRange
intersect(ValueRange a, ValueRange b)
{
	return (ValueRange){Max(a.from, b.from), Min(a.to, b.to)};
}

static ValueRange
shift(ValueRange range, int64 by)
{
	if (pg_add_s64_overflow(range.from, by, &range.from))
		range.from = by > 0 ? PG_INT64_MAX : PG_INT64_MIN;
	if (pg_add_s64_overflow(range.to, by, &range.to))
		range.to = by > 0 ? PG_INT64_MAX : PG_INT64_MIN;
	return range;
}

/* which values of the column give times in a range, where it moves: the one of now gives t */
static ValueRange
column_range(const KeyFact *moved, KeyPlace *place, Timestamp t, ValueRange times)
{
	int128		below = ((int128) t - times.from) / moved->scale;
	int128		above = ((int128) times.to - t) / moved->scale;
	int128		from = place->value - below;
	int128		to = place->value + above;

	if (t < times.from || t > times.to)
		return (ValueRange){place->value, place->value};
	return (ValueRange){from > moved->moves.from ? (int64) from : moved->moves.from,
						 to < moved->moves.to ? (int64) to : moved->moves.to};
}

/* ---- zones ---- */

/*
 * Where the zone of a node keeps its offset around a time; of a zone that is
 * one offset, everywhere.  False: nothing is known.
 */
static bool
zone_of(KeyNode *node, KeyPlace *place, TimestampTz at, ZoneStretch *stretch)
{
	Datum		name;
	pg_tz	   *zone = session_timezone;

	if (!node->session_zone)
	{
		if (!constant_value(&node->zone, place, &name))
			return false;
		switch (compat_decode_zone(text_to_cstring(DatumGetTextPP(name)), &zone))
		{
			case ZONE_IS_OFFSET:
				stretch->zone = NULL;
				stretch->offset = DatumGetTimestamp(DirectFunctionCall2(timestamptz_zone, name, TimestampTzGetDatum(at))) - at;
				stretch->range = stretch->inner = (ValueRange){MIN_TIMESTAMP, END_TIMESTAMP - 1};
				return true;
			case ZONE_IS_REGION:
				break;
			default:
				return false;
		}
	}
	return zone_stretch(zone, at, stretch);
}

/* ---- times that move ---- */

static void
moves_within(KeyFact *fact, const KeyFact *arg, KeyPlace *place, Timestamp t, ValueRange times)
{
	fact->moves = fact->rises = column_range(arg, place, t, times);
	fact->scale = arg->scale;
}

/* the times around utc that the local time local, with which they move, is read as */
static bool
read_as(KeyNode *node, KeyPlace *place, Timestamp local, TimestampTz utc, ZoneStretch *stretch)
{
	return zone_of(node, place, utc, stretch) && local - utc == stretch->offset &&
		utc >= stretch->inner.from && utc <= stretch->inner.to;
}

/* days are added to the local time, and hours to the time that the sum is read as */
static void
move_by_days(KeyNode *node, KeyPlace *place, const KeyFact *arg, TimestampTz t, const Interval *interval,
			 KeyFact *fact)
{
	int64		sign = node->function == F_TIMESTAMPTZ_MI_INTERVAL ? -1 : 1;
	TimestampTz utc;

	if (!time_of(node, place, &utc) || !zone_of(node, place, t, &node->stretch))
		return;
	utc -= sign * interval->time;
	if (read_as(node, place, t + node->stretch.offset + sign * interval->day * USECS_PER_DAY, utc, &node->target))
		moves_within(fact, arg, place, t, intersect(node->stretch.range, shift(node->target.inner, t - utc)));
}

static void
move_by_interval(KeyNode *node, KeyPlace *place, const KeyFact *arg, Timestamp t, KeyFact *fact)
{
	Datum		param;
	Interval   *interval;

	if (!constant_value(&node->param, place, &param))
		return;
	interval = DatumGetIntervalP(param);
	if (interval->month != 0)
		return;
	if (interval->day == 0 || !node->session_zone)
		moves_within(fact, arg, place, t, ever);
	else
		move_by_days(node, place, arg, t, interval, fact);
}

static void
move_fact(KeyNode *node, KeyPlace *place, const KeyFact *arg, Timestamp t, KeyFact *fact)
{
	TimestampTz utc;

	switch (node->rule)
	{
		case RULE_MOVE:
			moves_within(fact, arg, place, t, ever);
			break;
		case RULE_MOVE_INTERVAL:
			move_by_interval(node, place, arg, t, fact);
			break;
		case RULE_TO_LOCAL:
			if (zone_of(node, place, t, &node->stretch))
				moves_within(fact, arg, place, t, node->stretch.range);
			break;
		default:
			if (time_of(node, place, &utc) && read_as(node, place, t, utc, &node->stretch))
				moves_within(fact, arg, place, t, shift(node->stretch.inner, node->stretch.offset));
	}
}

/* is a time moved by the same whatever it is? */
static bool
moves_all(KeyNode *node, KeyPlace *place)
{
	Datum		param;
	Timestamp	t;

	switch (node->rule)
	{
		case RULE_MOVE:
			return true;
		case RULE_MOVE_INTERVAL:
			return constant_value(&node->param, place, &param) && DatumGetIntervalP(param)->month == 0 &&
				(DatumGetIntervalP(param)->day == 0 || !node->session_zone);
		case RULE_TO_LOCAL:
		case RULE_FROM_LOCAL:
			return time_of(node->args[0], place, &t) && zone_of(node, place, t, &node->stretch) &&
				node->stretch.zone == NULL;
		default:
			return false;
	}
}

/* ---- parts of the calendar ---- */

typedef struct FieldUnits
{
	int			field;			/* core's */
	CalendarUnit same;			/* within this it is the same */
	CalendarUnit rises;			/* within this it does not fall */
} FieldUnits;

static const FieldUnits field_units[] = {
	{DTK_MICROSEC, UNIT_INSTANT, UNIT_MINUTE},
	{DTK_MILLISEC, UNIT_INSTANT, UNIT_MINUTE},
	{DTK_SECOND, UNIT_INSTANT, UNIT_MINUTE},
	{DTK_MINUTE, UNIT_MINUTE, UNIT_HOUR},
	{DTK_HOUR, UNIT_HOUR, UNIT_DAY},
	{DTK_DAY, UNIT_DAY, UNIT_MONTH},
	{DTK_DOW, UNIT_DAY, UNIT_SUNDAY_WEEK},
	{DTK_ISODOW, UNIT_DAY, UNIT_WEEK},
	{DTK_DOY, UNIT_DAY, UNIT_YEAR},
	{DTK_WEEK, UNIT_WEEK, UNIT_INSTANT},
	{DTK_MONTH, UNIT_MONTH, UNIT_YEAR},
	{DTK_QUARTER, UNIT_QUARTER, UNIT_YEAR},
	{DTK_ISOYEAR, UNIT_WEEK, UNIT_ERA},
	{DTK_YEAR, UNIT_YEAR, UNIT_ERA},
	{DTK_DECADE, UNIT_YEAR, UNIT_ERA},
	{DTK_CENTURY, UNIT_YEAR, UNIT_ERA},
	{DTK_MILLENNIUM, UNIT_YEAR, UNIT_ERA},
	{DTK_TZ, UNIT_EVER, UNIT_INSTANT},
	{DTK_TZ_HOUR, UNIT_EVER, UNIT_INSTANT},
	{DTK_TZ_MINUTE, UNIT_EVER, UNIT_INSTANT},
};

/* what date_trunc() does to fields, but for the names that it does not know */
static const FieldUnits trunc_units[] = {
	{DTK_MILLISEC, UNIT_MILLISECOND, UNIT_INSTANT},
	{DTK_SECOND, UNIT_SECOND, UNIT_INSTANT},
	{DTK_MINUTE, UNIT_MINUTE, UNIT_INSTANT},
	{DTK_HOUR, UNIT_HOUR, UNIT_INSTANT},
	{DTK_DAY, UNIT_DAY, UNIT_INSTANT},
	{DTK_WEEK, UNIT_WEEK, UNIT_INSTANT},
	{DTK_MONTH, UNIT_MONTH, UNIT_INSTANT},
	{DTK_QUARTER, UNIT_QUARTER, UNIT_INSTANT},
	{DTK_YEAR, UNIT_YEAR, UNIT_INSTANT},
	{DTK_DECADE, UNIT_YEAR, UNIT_INSTANT},
	{DTK_CENTURY, UNIT_YEAR, UNIT_INSTANT},
	{DTK_MILLENNIUM, UNIT_YEAR, UNIT_INSTANT},
};

/* the name of a field, as core reads it; *epoch: it is that */
static FieldUnits
units_of(text *name, const FieldUnits *units, int n, bool *epoch)
{
	char	   *low = downcase_truncate_identifier(VARDATA_ANY(name), VARSIZE_ANY_EXHDR(name), false);
	int			field;
	int			type = DecodeUnits(0, low, &field);

	if (type == UNKNOWN_FIELD)
		type = DecodeSpecial(0, low, &field);
	*epoch = type == RESERV && field == DTK_EPOCH;
	for (int i = 0; type == UNITS && i < n; i++)
		if (units[i].field == field)
			return units[i];
	return (FieldUnits){0, UNIT_INSTANT, UNIT_INSTANT};
}

bool
vector_key_field_is_coarse(text *unit)
{
	bool		epoch;

	return units_of(unit, field_units, lengthof(field_units), &epoch).same != UNIT_INSTANT;
}

static bool
has(const char *format, const char *part)
{
	return strstr(format, part) != NULL;
}

/* the finest unit that a format of to_char() can show; too fine a one does no harm */
static CalendarUnit
unit_of_format(text *param)
{
	char	   *format = asc_toupper(VARDATA_ANY(param), VARSIZE_ANY_EXHDR(param));
	char	   *month;

	while ((month = strstr(format, "MONTH")) != NULL)
		memset(month, ' ', strlen("MONTH"));
	if (has(format, "US") || has(format, "MS") || has(format, "FF"))
		return UNIT_INSTANT;
	if (has(format, "SS"))
		return UNIT_SECOND;
	if (has(format, "MI"))
		return UNIT_MINUTE;
	if (has(format, "H") || has(format, "AM") || has(format, "PM") || has(format, "A.M") || has(format, "P.M"))
		return UNIT_HOUR;
	if (has(format, "D") || has(format, "J") || has(format, "W") || has(format, "I"))
		return UNIT_DAY;
	return UNIT_MONTH;
}

/* where an argument's time stays within a range of local times; false where the zone tells nothing */
static bool
local_zone(KeyNode *node, KeyPlace *place, Timestamp t, int64 *offset, ValueRange *range)
{
	*offset = 0;
	*range = ever;
	if (!node->session_zone && node->zone.expr == NULL)
		return true;
	if (!zone_of(node, place, t, &node->stretch))
		return false;
	*offset = node->stretch.offset;
	*range = node->stretch.range;
	return true;
}

static void
unit_fact(KeyNode *node, KeyPlace *place, const KeyFact *arg, Timestamp t, FieldUnits units, KeyFact *fact)
{
	int64		offset;
	ValueRange	zone,
				unit;

	if (!local_zone(node, place, t, &offset, &zone))
		return;
	if (calendar_stretch(units.same, t + offset, &unit))
		fact->same = fact->rises = column_range(arg, place, t, intersect(shift(unit, -offset), zone));
	if (calendar_stretch(units.rises, t + offset, &unit))
	{
		fact->rises = column_range(arg, place, t, intersect(shift(unit, -offset), zone));
		fact->least = 0;
	}
}

static void
field_fact(KeyNode *node, KeyPlace *place, const KeyFact *arg, Timestamp t, KeyFact *fact)
{
	Datum		param;
	FieldUnits	units;
	bool		epoch;

	if (!constant_value(&node->param, place, &param))
		return;
	units = units_of(DatumGetTextPP(param), field_units, lengthof(field_units), &epoch);
	if (!epoch)
		unit_fact(node, place, arg, t, units, fact);
	else if (t >= 0)
	{
		fact->rises = column_range(arg, place, t, (ValueRange){0, ever.to});
		fact->least = -UNIX_EPOCH / USECS_PER_SEC;
	}
	else if (t >= UNIX_EPOCH)
	{
		fact->rises = column_range(arg, place, t, (ValueRange){UNIX_EPOCH, -1});
		fact->least = 0;
	}
	else
		fact->rises = column_range(arg, place, t, (ValueRange){ever.from, UNIX_EPOCH - 1});
}

static void
bin_fact(KeyNode *node, KeyPlace *place, const KeyFact *arg, Timestamp t, KeyFact *fact)
{
	bool		core = node->function < FirstNormalObjectId;
	Datum		param,
				value,
				zone_name;
	Timestamp	origin = 0;
	bool		has_origin = constant_value(&node->origin, place, &value);
	int64		offset;
	ValueRange	zone,
				bin;

	if (!constant_value(&node->param, place, &param) || !local_zone(node, place, t, &offset, &zone))
		return;
	if (has_origin && node->origin.type == DATEOID)
		origin = (int64) DatumGetDateADT(value) * USECS_PER_DAY;
	else if (has_origin && constant_value(&node->zone, place, &zone_name))
		origin = DatumGetTimestamp(DirectFunctionCall2(timestamptz_zone, zone_name, value));
	else if (has_origin)
		origin = DatumGetTimestamp(value);
	bin = time_bucket_stretch(DatumGetIntervalP(param), t + offset, has_origin ? &origin : NULL);
	/* before the origin, some releases of date_bin() put the first value of a bin into the one before */
	if (core && bin.from < origin && t > bin.from)
		bin.from++;
	else if (core && bin.from < origin)
		return;
	fact->same = fact->rises = column_range(arg, place, t, intersect(shift(bin, -offset), zone));
}

static void
calendar_fact(KeyNode *node, KeyPlace *place, const KeyFact *arg, Timestamp t, KeyFact *fact)
{
	FieldUnits	units = {0, UNIT_DAY, UNIT_INSTANT};
	Datum		param;
	bool		epoch;

	switch (node->rule)
	{
		case RULE_FIELD:
			field_fact(node, place, arg, t, fact);
			return;
		case RULE_BIN:
			bin_fact(node, place, arg, t, fact);
			return;
		case RULE_TRUNC:
			if (!constant_value(&node->param, place, &param))
				return;
			units = units_of(DatumGetTextPP(param), trunc_units, lengthof(trunc_units), &epoch);
			break;
		case RULE_FORMAT:
			if (!constant_value(&node->param, place, &param))
				return;
			units.same = unit_of_format(DatumGetTextPP(param));
			break;
		default:
			break;
	}
	unit_fact(node, place, arg, t, units, fact);
}

/* ---- numbers and sums ---- */

/* about; not a number where it is none, or an infinite one */
static double
number_of(KeyConstant *constant, KeyPlace *place)
{
	Datum		value;
	double		number = get_float8_nan();

	if (!constant_value(constant, place, &value))
		return number;
	switch (constant->type)
	{
		case INT2OID:
			number = DatumGetInt16(value);
			break;
		case INT4OID:
			number = DatumGetInt32(value);
			break;
		case INT8OID:
			number = DatumGetInt64(value);
			break;
		case FLOAT8OID:
			number = DatumGetFloat8(value);
			break;
		case NUMERICOID:
			number = DatumGetFloat8(DirectFunctionCall1(numeric_float8_no_overflow, value));
			break;
		default:
			break;
	}
	return isinf(number) ? get_float8_nan() : number;
}

/* an interval of hours, minutes and seconds */
static bool
is_clock(KeyConstant *constant, KeyPlace *place)
{
	Datum		value;

	return constant_value(constant, place, &value) && DatumGetIntervalP(value)->month == 0 &&
		DatumGetIntervalP(value)->day == 0 && DatumGetIntervalP(value)->time > 0;
}

/*
 * Does it rise where its arguments do?  The quotient of two numerics is rounded
 * to more digits the smaller it is; where it is not negative, and its dividend
 * has no fewer digits the smaller it is, no smaller one can be rounded past a
 * greater one.
 */
static bool
rises_with(KeyNode *node, KeyPlace *place, const KeyFact *args)
{
	switch (node->rule)
	{
		case RULE_RISE:
		case RULE_STEP:
		case RULE_INEXACT:
		case RULE_ADD:
		case RULE_SUBTRACT:
		case RULE_GREATER:
		case RULE_LESS:
			return true;
		case RULE_TIMES:
		case RULE_DIVIDE:
		case RULE_DIVIDE_WHOLE:
			return number_of(&node->param, place) > 0;
		case RULE_DIVIDE_NUMERIC:
			return args->least >= 0 && number_of(&node->param, place) > 0;
		case RULE_TIMES_INTERVAL:
			return is_clock(&node->param, place);
		case RULE_ADD_INTERVAL:
			for (int i = 0; i < node->nargs; i++)
				if (node->args[i]->type == INTERVALOID && !args[i].clock)
					return false;
			return true;
		default:
			return false;
	}
}

/* where its arguments, all together, are not less than so much */
static double
least_of(KeyNode *node, KeyPlace *place, double args)
{
	double		number = 0;

	if (node->param.expr)
		number = number_of(&node->param, place);
	switch (node->rule)
	{
		case RULE_RISE:
		case RULE_STEP:
			return floor(args);
		case RULE_ADD:
		case RULE_SUBTRACT:
			args += node->rule == RULE_ADD ? number : -number;
			/* what is said of a double is said of it but roughly */
			return isnan(args) ? unknown : args - 1 - fabs(number) / 1000000;
		case RULE_TIMES:
		case RULE_DIVIDE:
		case RULE_DIVIDE_NUMERIC:
		case RULE_DIVIDE_WHOLE:
			return args >= 0 ? 0 : unknown;
		default:
			return unknown;
	}
}

/* one that the same arguments give the same, and perhaps more */
static void
sum_fact(KeyNode *node, KeyPlace *place, KeyFact *fact)
{
	KeyFact    *args = palloc(sizeof(KeyFact) * node->nargs);
	ValueRange	rises = ever_at_all;
	double		least = 0;
	bool		falls = false;

	fact->same = ever_at_all;
	for (int i = 0; i < node->nargs; i++)
	{
		args[i] = fact_of(node->args[i], place);
		fact->same = intersect(fact->same, args[i].same);
		rises = intersect(rises, args[i].rises);
		least += args[i].least;
		falls = falls || args[i].falls;
	}
	fact->rises = fact->same;
	if (falls || !rises_with(node, place, args))
		return;
	fact->rises = rises;
	fact->falls = node->rule == RULE_LESS;
	fact->clock = node->rule == RULE_TIMES_INTERVAL;
	fact->least = least_of(node, place, least);
}

/* ---- all of it ---- */

static KeyFact
column_fact(KeyNode *node, KeyPlace *place)
{
	KeyFact		fact = {.same = {place->value, place->value}, .least = unknown};

	switch (node->type)
	{
		case TIMESTAMPOID:
		case TIMESTAMPTZOID:
			fact.rises = fact.moves = ever;
			fact.scale = 1;
			break;
		case DATEOID:
			fact.rises = fact.moves = (ValueRange){ever.from / USECS_PER_DAY, ever.to / USECS_PER_DAY};
			fact.scale = USECS_PER_DAY;
			break;
		default:
			if (place->value < 0)
				fact.rises = (ValueRange){PG_INT64_MIN, -1};
			else
			{
				fact.rises = (ValueRange){0, PG_INT64_MAX};
				fact.least = 0;
			}
	}
	return fact;
}

static KeyFact
fact_of(KeyNode *node, KeyPlace *place)
{
	KeyFact		fact = {.least = unknown};
	KeyFact		arg;
	Timestamp	t;

	if (node->rule == RULE_COLUMN)
		return column_fact(node, place);
	if (node->rule == RULE_PURE || node->rule >= RULE_RISE)
	{
		sum_fact(node, place, &fact);
		return fact;
	}
	arg = fact_of(node->args[0], place);
	fact.same = fact.rises = arg.same;
	if (arg.scale == 0 && moves_all(node, place))
		fact.rises = arg.rises;
	if (arg.scale == 0 || !time_of(node->args[0], place, &t))
		return fact;
	if (node->rule <= RULE_FROM_LOCAL)
		move_fact(node, place, &arg, t, &fact);
	else
		calendar_fact(node, place, &arg, t, &fact);
	return fact;
}

/* of a row's value in the context's slot, of which the expression was evaluated without an error */
KeyFact
vector_key_fact(KeyNode *node, Oid type, int64 value, ExprContext *context, MemoryContext constants)
{
	KeyPlace	place = {.value = value, .context = context, .constants = constants};
	KeyFact		fact = {.same = {value, value}, .rises = {value, value}};
	MemoryContext old;

	if (((type == TIMESTAMPOID || type == TIMESTAMPTZOID) && TIMESTAMP_NOT_FINITE(value)) ||
		(type == DATEOID && DATE_NOT_FINITE((DateADT) value)))
		return fact;
	old = MemoryContextSwitchTo(context->ecxt_per_tuple_memory);
	fact = fact_of(node, &place);
	MemoryContextSwitchTo(old);
	return fact;
}
