/*
 * series_period.c
 *	  Sets of periods, to and from PostgreSQL's ranges and multiranges of time.
 *
 * Invariant: the periods of a set are in order, and two of them have an instant
 * between them that is in neither.
 */
#include "territory.h"

#include "catalog/pg_type.h"
#include "utils/multirangetypes.h"
#include "utils/rangetypes.h"
#include "utils/timestamp.h"
#include "utils/typcache.h"

#include "series/series_time.h"

#define FIRST_ROOM 16

PeriodSet *
periods_new(void)
{
	PeriodSet  *set = palloc0(sizeof(PeriodSet));

	set->room = FIRST_ROOM;
	set->periods = palloc(sizeof(Period) * set->room);
	return set;
}

/* in order; goes on with the last period where there is nothing between */
void
periods_add(PeriodSet *set, TimestampTz from, bool from_included, TimestampTz to, bool to_included)
{
	Period	   *last = set->n > 0 ? &set->periods[set->n - 1] : NULL;

	if (from > to || (from == to && !(from_included && to_included)))
		return;
	if (last && (last->to > from || (last->to == from && (last->to_included || from_included))))
	{
		if (to > last->to || (to == last->to && to_included))
		{
			last->to = to;
			last->to_included = to_included;
		}
		return;
	}
	if (set->n == set->room)
	{
		set->room *= 2;
		set->periods = repalloc_huge(set->periods, sizeof(Period) * set->room);
	}
	set->periods[set->n++] = (Period){from, to, from_included, to_included};
}

static TypeCacheEntry *
range_type(void)
{
	return lookup_type_cache(TSTZRANGEOID, TYPECACHE_RANGE_INFO);
}

static void
add_range(PeriodSet *set, const RangeType *range)
{
	RangeBound	lower,
				upper;
	bool		empty;

	range_deserialize(range_type(), range, &lower, &upper, &empty);
	if (empty)
		return;
	periods_add(set, lower.infinite ? DT_NOBEGIN : DatumGetTimestampTz(lower.val), lower.infinite || lower.inclusive,
				upper.infinite ? DT_NOEND : DatumGetTimestampTz(upper.val), upper.infinite || upper.inclusive);
}

PeriodSet *
periods_of_range(Datum range)
{
	PeriodSet  *set = periods_new();

	add_range(set, DatumGetRangeTypeP(range));
	return set;
}

PeriodSet *
periods_of_multirange(Datum multirange)
{
	PeriodSet  *set = periods_new();
	int32		count;
	RangeType **ranges;

	multirange_deserialize(range_type(), DatumGetMultirangeTypeP(multirange), &count, &ranges);
	for (int r = 0; r < count; r++)
		add_range(set, ranges[r]);
	return set;
}

static RangeBound
range_bound(TimestampTz at, bool included, bool lower)
{
	return (RangeBound){.val = TimestampTzGetDatum(at), .inclusive = included, .lower = lower};
}

Datum
period_range(const Period *period)
{
	RangeBound	lower = range_bound(period->from, period->from_included, true);
	RangeBound	upper = range_bound(period->to, period->to_included, false);

	return RangeTypePGetDatum(compat_make_range(range_type(), &lower, &upper));
}

Datum
periods_multirange(const PeriodSet *set)
{
	RangeType **ranges = palloc(sizeof(RangeType *) * Max(set->n, 1));

	for (int p = 0; p < set->n; p++)
		ranges[p] = DatumGetRangeTypeP(period_range(&set->periods[p]));
	return MultirangeTypePGetDatum(make_multirange(TSTZMULTIRANGEOID, range_type(), set->n, ranges));
}
