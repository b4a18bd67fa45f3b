/*
 * stbox_key.c
 *	  What index classes keep of many boxes, and what can be told of it.
 *
 * Invariant: what stbox_key_may_hold() denies holds of no box under the key, as
 * stbox_holds() tells it.
 */
#include "territory.h"

#include <math.h>

#include "spacetime/stbox_key.h"

/* ends are kept with what includes them, so that a key of one box is that box */
static void
add_time(STBox *key, const STBox *other)
{
	if (!stbox_has(key, STBOX_HAS_T) || stbox_cmp_lower(other, key) < 0)
	{
		key->tmin = other->tmin;
		key->flags = (key->flags & ~STBOX_TMIN_INCLUDED) | (other->flags & STBOX_TMIN_INCLUDED);
	}
	if (!stbox_has(key, STBOX_HAS_T) || stbox_cmp_upper(other, key) > 0)
	{
		key->tmax = other->tmax;
		key->flags = (key->flags & ~STBOX_TMAX_INCLUDED) | (other->flags & STBOX_TMAX_INCLUDED);
	}
}

bool
stbox_key_add(STBox *key, const STBox *other)
{
	STBox		before = *key;
	uint32		lacking = ~(key->flags & other->flags) & STBOX_PARTS;

	for (int d = 0; d < stbox_dims(other); d++)
	{
		bool		both = d < stbox_dims(key);

		key->min[d] = both ? Min(key->min[d], other->min[d]) : other->min[d];
		key->max[d] = both ? Max(key->max[d], other->max[d]) : other->max[d];
	}
	if (key->flags & other->flags & STBOX_HAS_X)
	{
		if (key->srid != other->srid)
			key->flags |= STBOX_SRIDS_DIFFER;
	}
	else if (other->flags & STBOX_HAS_X)
		key->srid = other->srid;
	if (other->flags & STBOX_HAS_T)
		add_time(key, other);
	key->flags |= STBOX_SOME_WITHOUT(lacking) | (other->flags & ~(STBOX_TMIN_INCLUDED | STBOX_TMAX_INCLUDED));
	return memcmp(&before, key, sizeof before) != 0;
}

/* ---- what may hold under a key ---- */

/* may a range within kmin .. kmax have that relation to qmin .. qmax? */
static inline bool
may_range(STBoxRelation relation, double kmin, double kmax, double qmin, double qmax)
{
	if (relation == STBOX_CONTAINS || relation == STBOX_SAME || relation == STBOX_EQUAL)
		return kmin <= qmin && kmax >= qmax;
	return kmin <= qmax && qmin <= kmax;
}

static bool
may_space(STBoxRelation relation, const STBox *key, const STBox *query)
{
	int			dims = stbox_dims(query);

	if (!stbox_has(key, STBOX_HAS_Z) || (key->flags & STBOX_SOME_WITHOUT(STBOX_HAS_Z)))
		dims = Min(dims, 2);
	for (int d = 0; d < dims; d++)
		if (!may_range(relation, key->min[d], key->max[d], query->min[d], query->max[d]))
			return false;
	return true;
}

static bool
may_time(STBoxRelation relation, const STBox *key, const STBox *query)
{
	switch (relation)
	{
		case STBOX_CONTAINS:
		case STBOX_SAME:
		case STBOX_EQUAL:
			return stbox_cmp_lower(key, query) <= 0 && stbox_cmp_upper(key, query) >= 0;
		case STBOX_ADJACENT:
			return key->tmin <= query->tmax && query->tmin <= key->tmax;
		default:
			return !(stbox_ends_before(key, query) || stbox_ends_before(query, key));
	}
}

/* along an axis; where as lies() in stbox.c has it */
static bool
may_lie(const STBox *key, const STBox *query, int d, int where)
{
	if (!(key->flags & query->flags & (d == 2 ? STBOX_HAS_Z : STBOX_HAS_X)))
		return false;
	switch (where)
	{
		case 0:
			return key->min[d] < query->min[d];
		case 1:
			return key->min[d] <= query->max[d];
		case 2:
			return key->max[d] >= query->min[d];
		default:
			return key->max[d] > query->max[d];
	}
}

static bool
may_lie_in_time(const STBox *key, const STBox *query, int where)
{
	if (!(key->flags & query->flags & STBOX_HAS_T))
		return false;
	switch (where)
	{
		case 0:
			return key->tmin <= query->tmin;
		case 1:
			return key->tmin <= query->tmax;
		case 2:
			return key->tmax >= query->tmin;
		default:
			return key->tmax >= query->tmax;
	}
}

/* relations that look at all dimensions which a box under the key has in common with the query */
static bool
may_all(STBoxRelation relation, const STBox *key, const STBox *query)
{
	uint32		both = key->flags & query->flags;
	bool		space = (both & STBOX_HAS_X) && may_space(relation, key, query);
	bool		time = (both & STBOX_HAS_T) && may_time(relation, key, query);
	bool		spaceless = !(both & STBOX_HAS_X) || (key->flags & STBOX_SOME_WITHOUT(STBOX_HAS_X));
	bool		timeless = !(both & STBOX_HAS_T) || (key->flags & STBOX_SOME_WITHOUT(STBOX_HAS_T));

	return (space && (time || timeless)) || (spaceless && time);
}

/* what is equal has the same parts */
static bool
may_equal(const STBox *key, const STBox *query)
{
	uint32		parts = query->flags & STBOX_PARTS;

	return stbox_has(key, parts) &&
		(!(parts & STBOX_HAS_X) || ((key->srid == query->srid || (key->flags & STBOX_SRIDS_DIFFER)) &&
									may_space(STBOX_EQUAL, key, query))) &&
		(!(parts & STBOX_HAS_T) || may_time(STBOX_EQUAL, key, query));
}

static void
check_srid(const STBox *key, const STBox *query)
{
	if (!(key->flags & STBOX_SRIDS_DIFFER))
		stbox_check_srid(key, query);
}

bool
stbox_key_may_hold(STBoxRelation relation, const STBox *key, const STBox *query)
{
	if (relation == STBOX_EQUAL)
		return may_equal(key, query);
	check_srid(key, query);
	switch (relation)
	{
		case STBOX_OVERLAPS:
		case STBOX_CONTAINS:
		case STBOX_CONTAINED:
		case STBOX_SAME:
		case STBOX_ADJACENT:
			return may_all(relation, key, query);
		case STBOX_LEFT:
			return may_lie(key, query, 0, 0);
		case STBOX_OVERLEFT:
			return may_lie(key, query, 0, 1);
		case STBOX_OVERRIGHT:
			return may_lie(key, query, 0, 2);
		case STBOX_RIGHT:
			return may_lie(key, query, 0, 3);
		case STBOX_BELOW:
			return may_lie(key, query, 1, 0);
		case STBOX_OVERBELOW:
			return may_lie(key, query, 1, 1);
		case STBOX_OVERABOVE:
			return may_lie(key, query, 1, 2);
		case STBOX_ABOVE:
			return may_lie(key, query, 1, 3);
		case STBOX_FRONT:
			return may_lie(key, query, 2, 0);
		case STBOX_OVERFRONT:
			return may_lie(key, query, 2, 1);
		case STBOX_OVERBACK:
			return may_lie(key, query, 2, 2);
		case STBOX_BACK:
			return may_lie(key, query, 2, 3);
		case STBOX_BEFORE:
			return may_lie_in_time(key, query, 0);
		case STBOX_OVERBEFORE:
			return may_lie_in_time(key, query, 1);
		case STBOX_OVERAFTER:
			return may_lie_in_time(key, query, 2);
		case STBOX_AFTER:
			return may_lie_in_time(key, query, 3);
		default:
			elog(ERROR, "unknown relation %d of boxes", relation);
	}
}

double
stbox_key_distance(const STBox *key, const STBox *query)
{
	STBox		narrowed = *key;

	/* what some lack brings nobody further away */
	if (key->flags & STBOX_SOME_WITHOUT(STBOX_HAS_T))
		narrowed.flags &= ~STBOX_HAS_T;
	if (key->flags & STBOX_SOME_WITHOUT(STBOX_HAS_Z))
		narrowed.flags &= ~STBOX_HAS_Z;
	if (key->flags & STBOX_SRIDS_DIFFER)
		narrowed.srid = query->srid;
	return stbox_distance(&narrowed, query);
}
