/*
 * vector_calendar.c
 *	  Which times belong together: in a unit of the calendar, and between two
 *	  changes of a zone's offset from UTC.
 *
 * A range that is told may be smaller than the whole, never larger.
 */
#include "territory.h"

#include "utils/datetime.h"

#include "vector/vector_key.h"

#define EPOCH_SECONDS ((int64) (POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) * SECS_PER_DAY)
#define LOOK_BACK ((pg_time_t) 400 * SECS_PER_DAY)	/* for the change before */
#define CLOSE_CHANGES ((pg_time_t) 2 * SECS_PER_DAY)	/* core takes changes to be further apart when it reads local times */
#define EARLY_JULIAN 1000		/* near the first day there is, nothing is told */

/* ---- calendar ---- */

static int64
floor_to(int64 value, int64 unit, int64 from)
{
	int64		rest = (value - from) % unit;

	return value - (rest < 0 ? rest + unit : rest);
}

static ValueRange
fixed_unit(Timestamp local, int64 unit, int64 from)
{
	int64		begin = floor_to(local, unit, from);

	return (ValueRange){begin, begin + unit - 1};
}

static Timestamp
first_of_month(int year, int month)
{
	return (int64) (date2j(year, month, 1) - POSTGRES_EPOCH_JDATE) * USECS_PER_DAY;
}

/* so many months, counted from January */
static bool
some_months(Timestamp local, int unit, ValueRange *range)
{
	int			julian = floor_to(local, USECS_PER_DAY, 0) / USECS_PER_DAY + POSTGRES_EPOCH_JDATE;
	int			year,
				month,
				day;

	if (julian < EARLY_JULIAN)
		return false;
	j2date(julian, &year, &month, &day);
	month -= (month - 1) % unit;
	range->from = first_of_month(year, month);
	month += unit;
	if (month > MONTHS_PER_YEAR)
	{
		month -= MONTHS_PER_YEAR;
		year++;
	}
	range->to = first_of_month(year, month) - 1;
	return true;
}

/* the unit that a finite local time is in */
bool
calendar_stretch(CalendarUnit unit, Timestamp local, ValueRange *range)
{
	switch (unit)
	{
		case UNIT_INSTANT:
			return false;
		case UNIT_MILLISECOND:
			*range = fixed_unit(local, 1000, 0);
			return true;
		case UNIT_SECOND:
			*range = fixed_unit(local, USECS_PER_SEC, 0);
			return true;
		case UNIT_MINUTE:
			*range = fixed_unit(local, USECS_PER_MINUTE, 0);
			return true;
		case UNIT_HOUR:
			*range = fixed_unit(local, USECS_PER_HOUR, 0);
			return true;
		case UNIT_DAY:
			*range = fixed_unit(local, USECS_PER_DAY, 0);
			return true;
		case UNIT_WEEK:
			*range = fixed_unit(local, 7 * USECS_PER_DAY, 2 * USECS_PER_DAY);
			return true;
		case UNIT_SUNDAY_WEEK:
			*range = fixed_unit(local, 7 * USECS_PER_DAY, USECS_PER_DAY);
			return true;
		case UNIT_MONTH:
			return some_months(local, 1, range);
		case UNIT_QUARTER:
			return some_months(local, 3, range);
		case UNIT_YEAR:
			return some_months(local, MONTHS_PER_YEAR, range);
		case UNIT_ERA:
			*range = (ValueRange){first_of_month(1, 1), END_TIMESTAMP - 1};
			return local >= range->from;
		case UNIT_EVER:
			*range = (ValueRange){MIN_TIMESTAMP, END_TIMESTAMP - 1};
			return true;
	}
	return false;
}

/* ---- zones ---- */

typedef struct ZoneChange
{
	pg_time_t	at;
	long		before;			/* offset in seconds */
	long		after;
} ZoneChange;

/* 1: the change that follows a time, 0: none does, and before is set; -1: who knows */
static int
next_change(pg_tz *zone, pg_time_t after, ZoneChange *change)
{
	int			before_dst,
				after_dst;
	int			found = pg_next_dst_boundary(&after, &change->before, &before_dst, &change->at, &change->after, &after_dst,
											 zone);

	/* at the last change that is listed, core does not see those that follow by rule */
	if (found == 0)
	{
		after++;
		found = pg_next_dst_boundary(&after, &change->before, &before_dst, &change->at, &change->after, &after_dst,
									 zone);
	}
	return found;
}

static int64
to_timestamp(pg_time_t seconds)
{
	return (seconds - EPOCH_SECONDS) * USECS_PER_SEC;
}

/* the offset of now, as core tells it */
static bool
offset_at(pg_tz *zone, TimestampTz at, long *offset)
{
	struct pg_tm tm;
	fsec_t		fsec;
	int			tz;

	if (timestamp2tm(at, &tz, &tm, &fsec, NULL, zone) != 0)
		return false;
	*offset = -tz;
	return true;
}

/* of a finite time; kept, where it is that of the call before */
bool
zone_stretch(pg_tz *zone, TimestampTz at, ZoneStretch *stretch)
{
	pg_time_t	now = floor_to(at, USECS_PER_SEC, 0) / USECS_PER_SEC + EPOCH_SECONDS;
	pg_time_t	from = now - LOOK_BACK;
	pg_time_t	margin = CLOSE_CHANGES;
	ZoneChange	change = {0};
	pg_time_t	looked = from;
	long		offset;
	int			found;

	if (stretch->zone == zone && at >= stretch->range.from && at <= stretch->range.to)
		return true;
	stretch->zone = NULL;
	while ((found = next_change(zone, looked, &change)) == 1 && change.at <= now)
	{
		margin = change.at - from < CLOSE_CHANGES ? CLOSE_CHANGES : 0;
		from = change.at;
		looked = from + 1;
	}
	if (found < 0 || !offset_at(zone, at, &offset) || offset != change.before)
		return false;
	stretch->zone = zone;
	stretch->offset = offset * USECS_PER_SEC;
	stretch->range.from = to_timestamp(from);
	stretch->inner.from = to_timestamp(from + margin);
	stretch->range.to = stretch->inner.to = END_TIMESTAMP - 1;
	if (found == 1)
	{
		stretch->range.to = to_timestamp(change.at) - 1;
		/* what is shown twice is read as the second time */
		stretch->inner.to = to_timestamp(change.at - Max(change.before - change.after, 0)) - 1;
	}
	return true;
}
