/*
 * time_bucket.c
 *	  territory.time_bucket(): the beginning of the bucket of time that a value
 *	  is in.
 *
 * Buckets of a fixed length are counted from a Monday, buckets of months from
 * a January.  Where a time zone is given, that is so on its clocks and
 * calendar: a day is one of 23, 24 or 25 hours.  The result is never later than
 * the value.
 */
#include "territory.h"

#include "common/int.h"
#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/timestamp.h"

#include "vector/time_grid.h"
#include "vector/vector_key.h"

/* 2000-01-03, the first Monday: times count from 2000-01-01, which begins a month */
#define MONDAY (2 * USECS_PER_DAY)

#define LAST_YEAR 294000		/* in which all of a year is still a timestamp */

/* length of a bucket: months, or else time */
typedef struct BucketWidth
{
	int32		months;
	int64		usecs;
} BucketWidth;

static BucketWidth
bucket_width(const Interval *interval)
{
	BucketWidth width = {.months = interval->month};

	if (interval->month != 0 && (interval->day != 0 || interval->time != 0))
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("a bucket of months cannot have days or a time besides"),
						errhint("Give months and years only, or weeks, days and smaller units only.")));
	if (pg_mul_s64_overflow(interval->day, USECS_PER_DAY, &width.usecs) ||
		pg_add_s64_overflow(width.usecs, interval->time, &width.usecs))
		ereport(ERROR, (errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE), errmsg("interval out of range")));
	if (width.months < 0 || (width.months == 0 && width.usecs <= 0))
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("the width of a bucket must be greater than zero"),
						errhint("Give an interval such as '5 minutes' or '1 month'.")));
	return width;
}

static int64
default_origin(BucketWidth width)
{
	return width.months > 0 ? 0 : MONDAY;
}

static int64
floor_modulo(int64 value, int64 divisor)
{
	int64		rest = value % divisor;

	return rest < 0 ? rest + divisor : rest;
}

static void
out_of_range(void)
{
	ereport(ERROR, (errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE), errmsg("timestamp out of range")));
}

/* months since the beginning of the year 0, of a timestamp's month, which begins *within before it */
static int
month_of(Timestamp ts, int64 *within)
{
	struct pg_tm tm;
	fsec_t		fsec;

	if (timestamp2tm(ts, NULL, &tm, &fsec, NULL, NULL) != 0)
		out_of_range();
	*within = (((tm.tm_mday - 1) * 24 + tm.tm_hour) * 60 + tm.tm_min) * INT64CONST(60) + tm.tm_sec;
	*within = *within * USECS_PER_SEC + fsec;
	return tm.tm_year * MONTHS_PER_YEAR + tm.tm_mon - 1;
}

static Timestamp
first_of_month(int64 month)
{
	struct pg_tm tm = {0};
	Timestamp	result;

	tm.tm_year = (month - floor_modulo(month, MONTHS_PER_YEAR)) / MONTHS_PER_YEAR;
	tm.tm_mon = floor_modulo(month, MONTHS_PER_YEAR) + 1;
	tm.tm_mday = 1;
	if (!IS_VALID_JULIAN(tm.tm_year, tm.tm_mon, tm.tm_mday) || tm2timestamp(&tm, 0, NULL, &result) != 0)
		out_of_range();
	return result;
}

static Timestamp
bucket_of_months(int32 months, Timestamp ts, Timestamp origin)
{
	int64		within;
	int64		first = month_of(origin, &within);
	int64		month;

	if (within != 0)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("the origin of buckets of months must be the beginning of a month"),
						errhint("Give the first instant of a month, in the time zone of the buckets.")));
	month = month_of(ts, &within);
	return first_of_month(month - floor_modulo(month - first, months));
}

/* of finite values */
static Timestamp
bucket_of(BucketWidth width, Timestamp ts, Timestamp origin)
{
	int64		since;
	Timestamp	result;

	if (TIMESTAMP_NOT_FINITE(origin))
		ereport(ERROR, (errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE), errmsg("origin out of range"),
						errhint("Give a finite origin.")));
	if (width.months > 0)
		return bucket_of_months(width.months, ts, origin);
	if (pg_sub_s64_overflow(ts, floor_modulo(origin, width.usecs), &since) ||
		pg_sub_s64_overflow(ts, floor_modulo(since, width.usecs), &result) || !IS_VALID_TIMESTAMP(result))
		out_of_range();
	return result;
}

/* the values of a finite value's bucket; not all of them at the end of time */
ValueRange
time_bucket_stretch(const Interval *interval, Timestamp local, const Timestamp *origin)
{
	BucketWidth width = bucket_width(interval);
	ValueRange	range;
	int64		within;

	range.from = bucket_of(width, local, origin ? *origin : default_origin(width));
	if (width.months > 0)
	{
		int64		next = month_of(range.from, &within) + width.months;

		range.to = next / MONTHS_PER_YEAR < LAST_YEAR ? first_of_month(next) - 1 : local;
	}
	else if (pg_add_s64_overflow(range.from, width.usecs - 1, &range.to))
		range.to = local;
	return range;
}

/* what the clocks of a zone show; of the session's, where zone is 0 */
static Timestamp
to_local(Datum zone, TimestampTz ts)
{
	if (zone == 0)
		return DatumGetTimestamp(DirectFunctionCall1(timestamptz_timestamp, TimestampTzGetDatum(ts)));
	return DatumGetTimestamp(DirectFunctionCall2(timestamptz_zone, zone, TimestampTzGetDatum(ts)));
}

static TimestampTz
from_local(Datum zone, Timestamp local)
{
	if (zone == 0)
		return DatumGetTimestampTz(DirectFunctionCall1(timestamp_timestamptz, TimestampGetDatum(local)));
	return DatumGetTimestampTz(DirectFunctionCall2(timestamp_zone, zone, TimestampGetDatum(local)));
}

/*
 * On the clocks of a zone.  Where these show a bucket's beginning twice, it is
 * the second time for values after that, and the first for those before.
 */
static TimestampTz
bucket_in_zone(BucketWidth width, TimestampTz ts, Datum zone, Timestamp origin)
{
	Timestamp	local = to_local(zone, ts);
	Timestamp	begins = bucket_of(width, local, origin);
	TimestampTz result = from_local(zone, begins);

	if (result > ts)
	{
		result = ts - (local - begins);
		if (!IS_VALID_TIMESTAMP(result))
			out_of_range();
	}
	return result;
}

/* ---- one bucket after the other ---- */

void
time_grid_begin(TimeGrid *grid, const Interval *interval, text *zone)
{
	BucketWidth width = bucket_width(interval);

	*grid = (TimeGrid){.months = width.months, .usecs = width.usecs, .zone = PointerGetDatum(zone)};
	if (zone && compat_decode_zone(text_to_cstring(zone), &grid->region) != ZONE_IS_REGION)
		grid->region = NULL;
}

void
time_grid_begin_session(TimeGrid *grid, const Interval *interval)
{
	time_grid_begin(grid, interval, NULL);
	grid->session = true;
	grid->region = session_timezone;
}

/* has it clocks and a calendar other than UTC's? */
static bool
has_zone(const TimeGrid *grid)
{
	return grid->session || grid->zone != 0;
}

Timestamp
time_grid_local(TimeGrid *grid, TimestampTz at)
{
	if (!has_zone(grid))
		return at;
	if (grid->region && zone_stretch(grid->region, at, &grid->stretch))
		return at + grid->stretch.offset;
	return to_local(grid->zone, at);
}

TimestampTz
time_grid_floor(TimeGrid *grid, TimestampTz at)
{
	BucketWidth width = {grid->months, grid->usecs};

	if (has_zone(grid))
		return bucket_in_zone(width, at, grid->zone, default_origin(width));
	return bucket_of(width, at, default_origin(width));
}

/* on the clocks of UTC or of a zone, without asking whether they show it twice */
static TimestampTz
next_on_clocks(TimeGrid *grid, TimestampTz begins)
{
	BucketWidth width = {grid->months, grid->usecs};
	Timestamp	local;
	int64		within;

	local = bucket_of(width, time_grid_local(grid, begins), default_origin(width));
	if (grid->months > 0)
		local = first_of_month((int64) month_of(local, &within) + grid->months);
	else
		local += grid->usecs;
	return has_zone(grid) ? from_local(grid->zone, local) : local;
}

/*
 * Do the clocks of the zone show a bucket's beginning, and run on until the
 * next?  Where they skip a beginning, the bucket begins late.
 */
static bool
clocks_run_on(TimeGrid *grid, TimestampTz begins)
{
	return grid->region && zone_stretch(grid->region, begins, &grid->stretch) &&
		begins >= grid->stretch.inner.from && begins + grid->usecs <= grid->stretch.inner.to &&
		floor_modulo(begins + grid->stretch.offset - MONDAY, grid->usecs) == 0;
}

TimestampTz
time_grid_next(TimeGrid *grid, TimestampTz begins)
{
	TimestampTz next,
				before;

	if ((grid->months > 0 && begins > END_TIMESTAMP - (grid->months + 1) * 31 * USECS_PER_DAY) ||
		begins > END_TIMESTAMP - grid->usecs - 2 * USECS_PER_DAY)
		return DT_NOEND;
	if (grid->months == 0 && (!has_zone(grid) || clocks_run_on(grid, begins)))
		return begins + grid->usecs;
	next = next_on_clocks(grid, begins);
	/* a bucket that the clocks show twice begins twice */
	while ((before = time_grid_floor(grid, next - 1)) > begins)
		next = before;
	return next;
}

/* ---- functions ---- */

PG_FUNCTION_INFO_V1(territory_time_bucket);
PG_FUNCTION_INFO_V1(territory_time_bucket_zone);
PG_FUNCTION_INFO_V1(territory_time_bucket_date);

/* of a timestamp, and of a timestamptz by UTC: (width, ts [, origin]) */
Datum
territory_time_bucket(PG_FUNCTION_ARGS)
{
	BucketWidth width = bucket_width(PG_GETARG_INTERVAL_P(0));
	Timestamp	ts = PG_GETARG_TIMESTAMP(1);

	if (TIMESTAMP_NOT_FINITE(ts))
		PG_RETURN_TIMESTAMP(ts);
	PG_RETURN_TIMESTAMP(bucket_of(width, ts, PG_NARGS() > 2 ? PG_GETARG_TIMESTAMP(2) : default_origin(width)));
}

/* (width, timestamptz, timezone [, origin]) */
Datum
territory_time_bucket_zone(PG_FUNCTION_ARGS)
{
	BucketWidth width = bucket_width(PG_GETARG_INTERVAL_P(0));
	TimestampTz ts = PG_GETARG_TIMESTAMPTZ(1);
	Datum		zone = PG_GETARG_DATUM(2);
	Timestamp	origin = default_origin(width);

	if (TIMESTAMP_NOT_FINITE(ts))
		PG_RETURN_TIMESTAMPTZ(ts);
	if (PG_NARGS() > 3)
		origin = DatumGetTimestamp(DirectFunctionCall2(timestamptz_zone, zone, PG_GETARG_DATUM(3)));
	PG_RETURN_TIMESTAMPTZ(bucket_in_zone(width, ts, zone, origin));
}

static Timestamp
date_to_timestamp(DateADT day)
{
	return DatumGetTimestamp(DirectFunctionCall1(date_timestamp, DateADTGetDatum(day)));
}

/* (width, date [, origin]) */
Datum
territory_time_bucket_date(PG_FUNCTION_ARGS)
{
	BucketWidth width = bucket_width(PG_GETARG_INTERVAL_P(0));
	DateADT		day = PG_GETARG_DATEADT(1);
	Timestamp	origin = default_origin(width);

	if (width.usecs % USECS_PER_DAY != 0)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("dates cannot be put into buckets of parts of days"),
						errhint("Give days, weeks, months or years, or cast the date to a timestamp.")));
	if (DATE_NOT_FINITE(day))
		PG_RETURN_DATEADT(day);
	if (PG_NARGS() > 2)
		origin = date_to_timestamp(PG_GETARG_DATEADT(2));
	return DirectFunctionCall1(timestamp_date, TimestampGetDatum(bucket_of(width, date_to_timestamp(day), origin)));
}
