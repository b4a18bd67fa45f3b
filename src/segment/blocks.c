/*
 * blocks.c
 *	  Where the blocks of a segment begin.
 *
 * A block that lies inside one entity and one calendar unit is answered from
 * its summary when a dashboard groups by that unit or a coarser one.  So the
 * run of an entity is cut at the ends of months; a month of more rows than a
 * block has, at the ends of its days; such a day, at its hours; and such an
 * hour, wherever a block is full.
 *
 * But a block costs bytes of its own, so units of few rows are put together:
 * neighbours that are both below BLOCK_MIN_ROWS fill a block as far as it goes
 * (144 readings a day: fourteen days), and entities of few rows share one.
 *
 * A dashboard may count days in another zone, whose midnight lies within the
 * block: then what each of its two sides adds up to is kept as well (sides.c).
 *
 * Where the cuts fall is a matter of speed alone: whoever uses a summary looks
 * at the own range of times of the block, or of its side.
 */
#include "territory.h"

#include "catalog/pg_type.h"
#include "datatype/timestamp.h"
#include "utils/date.h"
#include "utils/datetime.h"
#include "utils/timestamp.h"

#include "segment/blocks.h"

typedef enum CalendarUnit
{
	UNIT_MONTH,
	UNIT_DAY,
	UNIT_HOUR,
	UNIT_NONE,
} CalendarUnit;

typedef struct Cutter
{
	const BlockRows *rows;
	int64	   *first_row;
	int			nblocks;
	int			start;			/* of the open block */
	int			run_start;		/* of the entity's rows that are being added */
	int			last_piece;		/* rows of the piece added last */
} Cutter;

/* ---- the calendar ---- */

/* the first day of the month after a Julian day's */
static int
next_month(int julian)
{
	int			year,
				month,
				day;

	j2date(julian, &year, &month, &day);
	return month == 12 ? date2j(year + 1, 1, 1) : date2j(year, month + 1, 1);
}

/* the end of the unit that holds a time, both in microseconds of local time since 2000 */
static int64
local_unit_end(int64 local, CalendarUnit unit)
{
	int64		step = unit == UNIT_HOUR ? USECS_PER_HOUR : USECS_PER_DAY;
	int64		begin = local - ((local % step) + step) % step;

	if (unit != UNIT_MONTH)
		return begin + step;
	return (int64) (next_month((int) (begin / USECS_PER_DAY) + POSTGRES_EPOCH_JDATE) - POSTGRES_EPOCH_JDATE) * USECS_PER_DAY;
}

/* local time as an instant; in the hour that a clock is set back or forward, either of the possible ones */
static int64
instant_of_local(int64 local, pg_tz *zone)
{
	struct pg_tm tm;
	fsec_t		fsec;
	int			offset;

	if (timestamp2tm(local, NULL, &tm, &fsec, NULL, NULL) != 0)
		return local;
	offset = DetermineTimeZoneOffset(&tm, zone);
	return local + (int64) offset * USECS_PER_SEC;
}

/* the end of the unit that holds a finite time, in the column's own terms; never before the time */
static int64
unit_end(const BlockRows *rows, int64 time, CalendarUnit unit)
{
	struct pg_tm tm;
	fsec_t		fsec;
	int			offset;
	Timestamp	local;
	int64		end;

	if (rows->time_type == DATEOID)
		return unit == UNIT_MONTH ? next_month(time + POSTGRES_EPOCH_JDATE) - POSTGRES_EPOCH_JDATE : time + 1;
	if (rows->time_type == TIMESTAMPOID)
		return local_unit_end(time, unit);
	if (timestamp2tm(time, &offset, &tm, &fsec, NULL, rows->zone) != 0)
		return PG_INT64_MAX;
	local = time - (int64) offset * USECS_PER_SEC;
	/* hours are counted from the time on, as clocks change at full hours */
	if (unit == UNIT_HOUR)
		return time + (local_unit_end(local, unit) - local);
	end = instant_of_local(local_unit_end(local, unit), rows->zone);
	return end > time ? end : time + 1;
}

static bool
time_is_finite(const BlockRows *rows, int64 time)
{
	if (rows->time_type == DATEOID)
		return !DATE_NOT_FINITE((DateADT) time) && IS_VALID_DATE((DateADT) time);
	return !TIMESTAMP_NOT_FINITE(time) && IS_VALID_TIMESTAMP(time);
}

/* the row after those from first on that lie in the same unit */
static int
piece_end(const BlockRows *rows, int first, int last, CalendarUnit unit)
{
	int64		time = rows->times[first];
	int64		end;
	int			i = first + 1;

	if (rows->time_nulls[first] || !time_is_finite(rows, time))
	{
		while (i < last && rows->time_nulls[i] == rows->time_nulls[first] && rows->times[i] == time)
			i++;
		return i;
	}
	end = unit_end(rows, time, unit);
	while (i < last && !rows->time_nulls[i] && rows->times[i] >= time && rows->times[i] < end)
		i++;
	return i;
}

/*
 * Would the whole unit fit a block?  The rows at hand may be a part of it (the
 * first days of a month), so their rate counts.
 */
static bool
unit_fits(const BlockRows *rows, int first, int last, CalendarUnit unit)
{
	double		length = unit == UNIT_HOUR ? 1 : unit == UNIT_DAY ? HOURS_PER_DAY : HOURS_PER_DAY * DAYS_PER_MONTH;
	double		span;

	if (last - first > BLOCK_MAX_ROWS)
		return false;
	if (last - first < 2 || rows->time_nulls[first] || !time_is_finite(rows, rows->times[first]))
		return true;
	length *= rows->time_type == DATEOID ? 1.0 / HOURS_PER_DAY : (double) USECS_PER_HOUR;
	span = (double) rows->times[last - 1] - rows->times[first];
	return span <= 0 || (last - first - 1) * length <= span * BLOCK_MAX_ROWS;
}

/* ---- cutting ---- */

static void
cut_at(Cutter *cutter, int row)
{
	if (row > cutter->start)
		cutter->first_row[++cutter->nblocks] = cutter->start = row;
}

/* rows of one entity that are not to be cut further, if they fit a block */
static void
add_piece(Cutter *cutter, int first, int last)
{
	int			open = first - cutter->start;
	int			piece = last - first;
	bool		both_small = cutter->last_piece < BLOCK_MIN_ROWS && piece < BLOCK_MIN_ROWS;

	if (open + piece > BLOCK_MAX_ROWS || (open >= BLOCK_MIN_ROWS && !both_small))
		cut_at(cutter, first);
	while (last - cutter->start > BLOCK_MAX_ROWS)
		cut_at(cutter, cutter->start + BLOCK_MAX_ROWS);
	cutter->last_piece = piece;
}

static void
add_rows(Cutter *cutter, int first, int last, CalendarUnit unit)
{
	if (unit == UNIT_HOUR && cutter->rows->time_type == DATEOID)
		unit = UNIT_NONE;
	if (unit == UNIT_NONE)
	{
		add_piece(cutter, first, last);
		return;
	}
	while (first < last)
	{
		int			end = piece_end(cutter->rows, first, last, unit);

		if (unit_fits(cutter->rows, first, end, unit))
			add_piece(cutter, first, end);
		else
		{
			/* small pieces on either side of the coarser unit's ends don't share a block */
			cutter->last_piece = BLOCK_MAX_ROWS;
			add_rows(cutter, first, end, unit + 1);
			cutter->last_piece = BLOCK_MAX_ROWS;
		}
		first = end;
	}
}

static void
add_run(Cutter *cutter, int first, int last)
{
	/* an open block that is full enough, or the end of a run that has others, ends here */
	if (first - cutter->start >= BLOCK_MIN_ROWS || cutter->start > cutter->run_start)
		cut_at(cutter, first);
	cutter->run_start = first;
	cutter->last_piece = 0;
	add_rows(cutter, first, last, cutter->rows->times ? UNIT_MONTH : UNIT_NONE);
}

/* the first row of each block, and the number of rows after the last; returns the number of blocks */
int
blocks_cut(const BlockRows *rows, int64 *first_row)
{
	Cutter		cutter = {.rows = rows, .first_row = first_row};
	int			first = 0;

	first_row[0] = 0;
	for (int i = 1; i <= rows->rows; i++)
		if (i == rows->rows || rows->run_starts[i])
		{
			add_run(&cutter, first, i);
			first = i;
		}
	cut_at(&cutter, rows->rows);
	return cutter.nblocks;
}

/*
 * Where ends the coarsest unit of rows' calendar that ends among the rows of a
 * block?  Nowhere, if more than one does.
 */
CutPlace
block_cut(const BlockRows *rows, int first, int last)
{
	CutPlace	cut = {0};

	for (int unit = UNIT_MONTH; unit < UNIT_NONE && cut.rows == 0; unit++)
	{
		int			end = piece_end(rows, first, last, unit);

		if (end == last)
			continue;
		if (piece_end(rows, end, last, unit) < last)
			break;
		cut.rows = end - first;
		cut.before = rows->times[end - 1];
		cut.after = rows->times[end];
	}
	return cut;
}
