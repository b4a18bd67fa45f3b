/*
 * time_grid.h
 *	  The beginnings of buckets of time, one after the other: those that
 *	  territory.time_bucket() gives.
 */
#ifndef TIME_GRID_H
#define TIME_GRID_H

#include "territory.h"
#include "datatype/timestamp.h"
#include "pgtime.h"

#include "vector/vector_key.h"

typedef struct TimeGrid
{
	int32		months;			/* the width: months, or else time */
	int64		usecs;
	Datum		zone;			/* text; 0 is UTC, or the session's */
	bool		session;		/* by the session's zone */
	pg_tz	   *region;			/* NULL where the zone is an offset */
	ZoneStretch stretch;
} TimeGrid;

/* by a time zone's clocks and calendar, or by UTC where zone is NULL */
extern void time_grid_begin(TimeGrid *grid, const Interval *width, text *zone);

/* by the session's time zone */
extern void time_grid_begin_session(TimeGrid *grid, const Interval *width);

/* the last beginning at or before a finite time */
extern TimestampTz time_grid_floor(TimeGrid *grid, TimestampTz at);

/* the beginning after one; DT_NOEND after the last that there is */
extern TimestampTz time_grid_next(TimeGrid *grid, TimestampTz begins);

/* what the clocks of the zone show */
extern Timestamp time_grid_local(TimeGrid *grid, TimestampTz at);

#endif
