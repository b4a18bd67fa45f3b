/*
 * stbox.c
 *	  Boxes in space and time: making them, and how two of them lie.
 *
 * The idea: each relation is asked dimension by dimension, of those that both
 * boxes have.  Space is closed at both ends; time as its ends say.
 */
#include "territory.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "common/int.h"
#include "utils/rangetypes.h"
#include "utils/timestamp.h"
#include "utils/typcache.h"

#include "series/point.h"
#include "spacetime/metres.h"
#include "spacetime/stbox.h"

/* ---- making ---- */

void
stbox_init(STBox *box)
{
	memset(box, 0, sizeof *box);
}

STBox *
stbox_copy(const STBox *box)
{
	STBox	   *copy = palloc(sizeof(STBox));

	*copy = *box;
	return copy;
}

static void
check_range(double min, double max, int d)
{
	static const char axes[] = "xyz";

	if (isnan(min) || isnan(max))
		ereport(ERROR, (errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
						errmsg("%c of an stbox cannot be NaN", axes[d]),
						errhint("ST_IsValidReason tells what is wrong with a geometry.")));
	if (min > max)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("%c of an stbox must not end before it begins", axes[d]),
						errdetail("It begins at %g and ends at %g.", min, max),
						errhint("Give the lowest corner first, then the highest.")));
	if (min == INFINITY || max == -INFINITY)
		ereport(ERROR, (errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
						errmsg("%c of an stbox lies in the infinite", axes[d]),
						errhint("It may begin at -Infinity and end at Infinity.")));
}

void
stbox_set_space(STBox *box, int32 srid, int dims, const double *min, const double *max)
{
	if (srid < 0 || srid > SERIES_MAX_SRID)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("SRID %d of an stbox is out of range", srid),
						errhint("It is from 0 (unknown) to %d.", SERIES_MAX_SRID)));
	for (int d = 0; d < dims; d++)
	{
		check_range(min[d], max[d], d);
		/* -0 becomes 0 */
		box->min[d] = min[d] + 0.0;
		box->max[d] = max[d] + 0.0;
	}
	box->srid = srid;
	box->flags |= dims > 2 ? STBOX_HAS_X | STBOX_HAS_Z : STBOX_HAS_X;
}

void
stbox_set_time(STBox *box, TimestampTz tmin, bool tmin_included, TimestampTz tmax, bool tmax_included)
{
	if (tmin > tmax)
		ereport(ERROR, (errcode(ERRCODE_DATA_EXCEPTION),
						errmsg("time of an stbox must not end before it begins"),
						errhint("Give the earlier instant first.")));
	if (tmin == tmax && !(tmin_included && tmax_included))
		ereport(ERROR, (errcode(ERRCODE_DATA_EXCEPTION),
						errmsg("time of an stbox must not be empty"),
						errhint("An instant alone is [t, t].")));
	box->tmin = tmin;
	box->tmax = tmax;
	box->flags |= STBOX_HAS_T | (tmin_included ? STBOX_TMIN_INCLUDED : 0) | (tmax_included ? STBOX_TMAX_INCLUDED : 0);
}

bool
stbox_set_period(STBox *box, Datum tstzrange)
{
	PeriodSet  *set = periods_of_range(tstzrange);
	const Period *period = set->periods;
	bool		found = set->n > 0;

	if (found)
		stbox_set_time(box, period->from, period->from_included, period->to, period->to_included);
	pfree(set->periods);
	pfree(set);
	return found;
}

/* an end at -infinity or infinity that is included is none */
Datum
stbox_period(const STBox *box)
{
	TypeCacheEntry *type = lookup_type_cache(TSTZRANGEOID, TYPECACHE_RANGE_INFO);
	RangeBound	lower = {.val = TimestampTzGetDatum(box->tmin), .lower = true};
	RangeBound	upper = {.val = TimestampTzGetDatum(box->tmax)};

	lower.inclusive = (box->flags & STBOX_TMIN_INCLUDED) != 0;
	upper.inclusive = (box->flags & STBOX_TMAX_INCLUDED) != 0;
	lower.infinite = lower.inclusive && TIMESTAMP_IS_NOBEGIN(box->tmin);
	upper.infinite = upper.inclusive && TIMESTAMP_IS_NOEND(box->tmax);
	return RangeTypePGetDatum(compat_make_range(type, &lower, &upper));
}

/* ---- relations ---- */

void
stbox_check_srid(const STBox *a, const STBox *b)
{
	if (a->srid != b->srid && (a->flags & b->flags & STBOX_HAS_X))
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("boxes have SRID %d and SRID %d", a->srid, b->srid),
						errhint("Make both of geometries with one SRID: ST_Transform converts them.")));
}

static inline int
common_dims(const STBox *a, const STBox *b)
{
	uint32		both = a->flags & b->flags;

	return both & STBOX_HAS_Z ? 3 : both & STBOX_HAS_X ? 2 : 0;
}

static bool
overlaps(const STBox *a, const STBox *b, int dims, bool timed)
{
	for (int d = 0; d < dims; d++)
		if (a->min[d] > b->max[d] || b->min[d] > a->max[d])
			return false;
	return !timed || !(stbox_ends_before(a, b) || stbox_ends_before(b, a));
}

static bool
contains(const STBox *a, const STBox *b, int dims, bool timed)
{
	for (int d = 0; d < dims; d++)
		if (a->min[d] > b->min[d] || a->max[d] < b->max[d])
			return false;
	return !timed || (stbox_cmp_lower(a, b) <= 0 && stbox_cmp_upper(a, b) >= 0);
}

/* is there an end of one and a beginning of the other, with nothing within both? */
static bool
touches_in(double amin, double amax, double bmin, double bmax)
{
	return (amax == bmin || bmax == amin) && !(amin == bmin && amax == bmax);
}

/*
 * Adjacent boxes meet at their borders only: they meet in every dimension, and
 * in one at least with what bounds them.  In time, ends that are equal meet
 * where one of them is included.
 */
static bool
adjacent(const STBox *a, const STBox *b, int dims, bool timed)
{
	bool		touch = false;

	for (int d = 0; d < dims; d++)
	{
		if (a->min[d] > b->max[d] || b->min[d] > a->max[d])
			return false;
		touch |= touches_in(a->min[d], a->max[d], b->min[d], b->max[d]);
	}
	if (!timed)
		return touch;
	for (int order = 0; order < 2; order++)
	{
		const STBox *first = order == 0 ? a : b,
				   *second = order == 0 ? b : a;

		if (first->tmax < second->tmin)
			return false;
		if (first->tmax == second->tmin && !(a->tmin == b->tmin && a->tmax == b->tmax))
		{
			if (!(first->flags & STBOX_TMAX_INCLUDED) && !(second->flags & STBOX_TMIN_INCLUDED))
				return false;
			touch = true;
		}
	}
	return touch;
}

/* along an axis: 0 left, 1 not further right than, 2 not further left than, 3 right */
static bool
lies(const STBox *a, const STBox *b, int d, int where)
{
	if (!(a->flags & b->flags & (d == 2 ? STBOX_HAS_Z : STBOX_HAS_X)))
		return false;
	switch (where)
	{
		case 0:
			return a->max[d] < b->min[d];
		case 1:
			return a->max[d] <= b->max[d];
		case 2:
			return a->min[d] >= b->min[d];
		default:
			return a->min[d] > b->max[d];
	}
}

static bool
lies_in_time(const STBox *a, const STBox *b, int where)
{
	if (!(a->flags & b->flags & STBOX_HAS_T))
		return false;
	switch (where)
	{
		case 0:
			return stbox_ends_before(a, b);
		case 1:
			return stbox_cmp_upper(a, b) <= 0;
		case 2:
			return stbox_cmp_lower(a, b) >= 0;
		default:
			return stbox_ends_before(b, a);
	}
}

bool
stbox_holds(STBoxRelation relation, const STBox *a, const STBox *b)
{
	int			dims = common_dims(a, b);
	bool		timed = (a->flags & b->flags & STBOX_HAS_T) != 0;

	if (relation == STBOX_EQUAL)
		return stbox_cmp(a, b) == 0;
	stbox_check_srid(a, b);
	if (dims == 0 && !timed)
		return false;
	switch (relation)
	{
		case STBOX_OVERLAPS:
			return overlaps(a, b, dims, timed);
		case STBOX_CONTAINS:
			return contains(a, b, dims, timed);
		case STBOX_CONTAINED:
			return contains(b, a, dims, timed);
		case STBOX_SAME:
			return contains(a, b, dims, timed) && contains(b, a, dims, timed);
		case STBOX_ADJACENT:
			return adjacent(a, b, dims, timed);
		case STBOX_LEFT:
			return lies(a, b, 0, 0);
		case STBOX_OVERLEFT:
			return lies(a, b, 0, 1);
		case STBOX_OVERRIGHT:
			return lies(a, b, 0, 2);
		case STBOX_RIGHT:
			return lies(a, b, 0, 3);
		case STBOX_BELOW:
			return lies(a, b, 1, 0);
		case STBOX_OVERBELOW:
			return lies(a, b, 1, 1);
		case STBOX_OVERABOVE:
			return lies(a, b, 1, 2);
		case STBOX_ABOVE:
			return lies(a, b, 1, 3);
		case STBOX_FRONT:
			return lies(a, b, 2, 0);
		case STBOX_OVERFRONT:
			return lies(a, b, 2, 1);
		case STBOX_OVERBACK:
			return lies(a, b, 2, 2);
		case STBOX_BACK:
			return lies(a, b, 2, 3);
		case STBOX_BEFORE:
			return lies_in_time(a, b, 0);
		case STBOX_OVERBEFORE:
			return lies_in_time(a, b, 1);
		case STBOX_OVERAFTER:
			return lies_in_time(a, b, 2);
		case STBOX_AFTER:
			return lies_in_time(a, b, 3);
		default:
			elog(ERROR, "unknown relation %d of boxes", relation);
	}
}

/* in the SRID's unit; infinite where they do not meet in time, or have no space in common */
double
stbox_distance(const STBox *a, const STBox *b)
{
	int			dims = common_dims(a, b);
	double		sum = 0;

	stbox_check_srid(a, b);
	if (dims == 0 || !overlaps(a, b, 0, (a->flags & b->flags & STBOX_HAS_T) != 0))
		return INFINITY;
	for (int d = 0; d < dims; d++)
	{
		/* neither a minimum is Infinity nor a maximum -Infinity, so no difference is NaN */
		double		apart = Max(a->min[d] - b->max[d], b->min[d] - a->max[d]);

		if (apart > 0)
			sum = d == 0 ? apart : hypot(sum, apart);
	}
	return sum;
}

/* any order that is one: parts, SRID, beginnings before ends, time first */
int
stbox_cmp(const STBox *a, const STBox *b)
{
	uint32		parts_a = a->flags & STBOX_PARTS,
				parts_b = b->flags & STBOX_PARTS;
	int			order;

	if (parts_a != parts_b)
		return parts_a < parts_b ? -1 : 1;
	if (a->srid != b->srid)
		return a->srid < b->srid ? -1 : 1;
	if ((order = stbox_cmp_lower(a, b)) != 0)
		return order;
	for (int d = 0; d < STBOX_DIMS; d++)
		if (a->min[d] != b->min[d])
			return a->min[d] < b->min[d] ? -1 : 1;
	if ((order = stbox_cmp_upper(a, b)) != 0)
		return order;
	for (int d = 0; d < STBOX_DIMS; d++)
		if (a->max[d] != b->max[d])
			return a->max[d] < b->max[d] ? -1 : 1;
	return 0;
}

/* ---- new boxes ---- */

/* a part that one lacks is not restricted, so the union lacks it */
static void
drop_parts(STBox *box, uint32 parts)
{
	if (!(parts & STBOX_HAS_X))
	{
		box->srid = 0;
		memset(box->min, 0, sizeof box->min);
		memset(box->max, 0, sizeof box->max);
	}
	else if (!(parts & STBOX_HAS_Z))
		box->min[2] = box->max[2] = 0;
	if (!(parts & STBOX_HAS_T))
	{
		box->tmin = box->tmax = 0;
		box->flags &= ~(STBOX_TMIN_INCLUDED | STBOX_TMAX_INCLUDED);
	}
	box->flags &= parts | STBOX_TMIN_INCLUDED | STBOX_TMAX_INCLUDED;
}

static void
take_lower(STBox *box, const STBox *other)
{
	box->tmin = other->tmin;
	box->flags = (box->flags & ~STBOX_TMIN_INCLUDED) | (other->flags & STBOX_TMIN_INCLUDED);
}

static void
take_upper(STBox *box, const STBox *other)
{
	box->tmax = other->tmax;
	box->flags = (box->flags & ~STBOX_TMAX_INCLUDED) | (other->flags & STBOX_TMAX_INCLUDED);
}

void
stbox_add(STBox *box, const STBox *other)
{
	uint32		parts = box->flags & other->flags & STBOX_PARTS;

	stbox_check_srid(box, other);
	if (parts == 0)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("a box in space alone and a box in time alone have no union"),
						errdetail("A union has the parts that both boxes have."),
						errhint("Give both boxes the same parts.")));
	drop_parts(box, parts);
	for (int d = 0; d < stbox_dims(box); d++)
	{
		box->min[d] = Min(box->min[d], other->min[d]);
		box->max[d] = Max(box->max[d], other->max[d]);
	}
	if (parts & STBOX_HAS_T)
	{
		if (stbox_cmp_lower(other, box) < 0)
			take_lower(box, other);
		if (stbox_cmp_upper(other, box) > 0)
			take_upper(box, other);
	}
}

/* has the parts that either has */
bool
stbox_intersect(STBox *box, const STBox *other)
{
	uint32		parts = (box->flags | other->flags) & STBOX_PARTS;

	stbox_check_srid(box, other);
	for (int d = 0; d < stbox_dims(other); d++)
	{
		bool		both = stbox_dims(box) > d;

		box->min[d] = both ? Max(box->min[d], other->min[d]) : other->min[d];
		box->max[d] = both ? Min(box->max[d], other->max[d]) : other->max[d];
		if (box->min[d] > box->max[d])
			return false;
	}
	if (other->flags & STBOX_HAS_X)
		box->srid = other->srid;
	if (other->flags & STBOX_HAS_T)
	{
		bool		both = stbox_has(box, STBOX_HAS_T);

		if (both && (stbox_ends_before(box, other) || stbox_ends_before(other, box)))
			return false;
		if (!both || stbox_cmp_lower(other, box) > 0)
			take_lower(box, other);
		if (!both || stbox_cmp_upper(other, box) < 0)
			take_upper(box, other);
	}
	box->flags |= parts;
	return true;
}

static void
expand_space(STBox *box, double metres)
{
	metres_grow(box->srid, box->min, box->max, metres);
	if (stbox_has(box, STBOX_HAS_Z))
	{
		box->min[2] = metres_add_outwards(box->min[2], -metres, -INFINITY);
		box->max[2] = metres_add_outwards(box->max[2], metres, INFINITY);
	}
}

void
stbox_expand(STBox *box, double metres, int64 microseconds)
{
	if (isnan(metres) || metres < 0)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("metres must be a number from 0 on, not %g", metres)));
	if (microseconds < 0)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("duration must not be negative")));
	if (stbox_has(box, STBOX_HAS_X) && metres > 0)
		expand_space(box, metres);
	if (!stbox_has(box, STBOX_HAS_T) || microseconds == 0)
		return;
	if (!TIMESTAMP_NOT_FINITE(box->tmin) &&
		(pg_sub_s64_overflow(box->tmin, microseconds, &box->tmin) || !IS_VALID_TIMESTAMP(box->tmin)))
	{
		TIMESTAMP_NOBEGIN(box->tmin);
		box->flags |= STBOX_TMIN_INCLUDED;
	}
	if (!TIMESTAMP_NOT_FINITE(box->tmax) &&
		(pg_add_s64_overflow(box->tmax, microseconds, &box->tmax) || !IS_VALID_TIMESTAMP(box->tmax)))
	{
		TIMESTAMP_NOEND(box->tmax);
		box->flags |= STBOX_TMAX_INCLUDED;
	}
}
