/*
 * vector_key.h
 *	  What is known of a group key that is an expression of one column.
 */
#ifndef VECTOR_KEY_H
#define VECTOR_KEY_H

#include "territory.h"
#include "executor/executor.h"
#include "pgtime.h"
#include "utils/timestamp.h"

/* both ends included */
typedef struct ValueRange
{
	int64		from;
	int64		to;
} ValueRange;

typedef enum CalendarUnit
{
	UNIT_INSTANT,				/* no two times are in one */
	UNIT_MILLISECOND,
	UNIT_SECOND,
	UNIT_MINUTE,
	UNIT_HOUR,
	UNIT_DAY,
	UNIT_WEEK,					/* from Monday */
	UNIT_SUNDAY_WEEK,
	UNIT_MONTH,
	UNIT_QUARTER,
	UNIT_YEAR,
	UNIT_ERA,					/* from the year 1 on */
	UNIT_EVER,
} CalendarUnit;

/* where a time zone keeps its offset from UTC */
typedef struct ZoneStretch
{
	const pg_tz *zone;			/* NULL: nothing is known yet */
	ValueRange	range;
	ValueRange	inner;			/* where, besides, core reads local times as these */
	int64		offset;			/* microseconds east */
} ZoneStretch;

/* how an expression depends on what it is made of */
typedef enum KeyRule
{
	RULE_COLUMN,
	RULE_PURE,					/* the same for the same arguments */

	/* a time that moves with the argument's */
	RULE_MOVE,
	RULE_MOVE_INTERVAL,
	RULE_TO_LOCAL,
	RULE_FROM_LOCAL,

	/* what a unit of the calendar decides */
	RULE_TRUNC,
	RULE_FIELD,
	RULE_FORMAT,
	RULE_DAY,
	RULE_BIN,

	/* never falls where the arguments rise */
	RULE_RISE,
	RULE_STEP,					/* and is made of steps */
	RULE_INEXACT,				/* a number that is shown with digits as it comes */
	RULE_ADD,
	RULE_SUBTRACT,				/* a constant */
	RULE_TIMES,					/* a positive constant */
	RULE_DIVIDE,				/* by a positive constant */
	RULE_DIVIDE_NUMERIC,
	RULE_DIVIDE_WHOLE,
	RULE_ADD_INTERVAL,
	RULE_TIMES_INTERVAL,
	RULE_GREATER,				/* than a constant, or equal to it */
	RULE_LESS,
} KeyRule;

#define NO_ARGUMENT (-1)
#define SESSION_ZONE (-2)

/* a function of core that has a rule, and which of its arguments is what */
typedef struct KeyFunction
{
	Oid			function;
	KeyRule		rule;
	int			source;			/* the argument that may depend on the column */
	int			param;			/* a unit, a format, a number or an interval */
	int			zone;			/* or SESSION_ZONE */
	int			origin;
} KeyFunction;

/* a constant of the query, evaluated when it is first needed */
typedef struct KeyConstant
{
	Expr	   *expr;			/* NULL: there is none */
	Oid			type;
	ExprState  *state;
	bool		known;
	bool		isnull;
	Datum		value;
} KeyConstant;

/* a part of the key's expression that depends on the column */
typedef struct KeyNode
{
	KeyRule		rule;
	Oid			function;		/* that is called, if one is */
	Expr	   *expr;
	Oid			type;
	bool		coarse;			/* its value stays where the column's changes */
	int			nargs;			/* those that depend on the column */
	struct KeyNode **args;
	ExprState  *state;			/* its value; NULL where nobody asks for it */
	bool		session_zone;
	KeyConstant param;
	KeyConstant zone;
	KeyConstant origin;
	ZoneStretch stretch;		/* of the zone, at the time asked for last */
	ZoneStretch target;			/* and at that time moved */
} KeyNode;

/* what is known of a node around a value of the column */
typedef struct KeyFact
{
	ValueRange	same;			/* there it is the same */
	ValueRange	rises;			/* there it never falls; at least where it is the same */
	ValueRange	moves;			/* there it is a time that moves with the column ... */
	int64		scale;			/* ... by so many microseconds for one; 0: nowhere */
	double		least;			/* where it rises, it is not less, and has no more digits where it is more; or -infinity */
	bool		falls;			/* where it rises, it does not, but never rises */
	bool		clock;			/* an interval without months and days */
} KeyFact;

/* vector_calendar.c */
extern bool calendar_stretch(CalendarUnit unit, Timestamp local, ValueRange *range);
extern bool zone_stretch(pg_tz *zone, TimestampTz at, ZoneStretch *stretch);

/* time_bucket.c */
extern ValueRange time_bucket_stretch(const Interval *interval, Timestamp local, const Timestamp *origin);

/* vector_key_parse.c */
extern KeyNode *vector_key_parse(Node *expr, AttrNumber *column, Oid *type);

/* vector_key_fact.c */
extern void vector_key_begin_node(KeyNode *node, PlanState *parent);
extern void vector_key_reset_node(KeyNode *node);
extern bool vector_key_field_is_coarse(text *unit);
extern KeyFact vector_key_fact(KeyNode *node, Oid type, int64 value, ExprContext *context,
							   MemoryContext constants);

#endif
