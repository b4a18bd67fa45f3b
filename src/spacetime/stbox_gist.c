/*
 * stbox_gist.c
 *	  The GiST class of boxes, with distances for nearest-neighbour queries.
 *
 * The idea: keys as in stbox_key.h.  Which page a box goes to is told by the
 * volume that its key would gain: units of space and time multiply all volumes
 * alike, so none has to be weighed against the other.  A page is cut across a
 * dimension in which both halves overlap little for its extent.
 */
#include "territory.h"

#include <float.h>
#include <math.h>

#include "access/gist.h"
#include "common/hashfn.h"
#include "utils/sortsupport.h"

#include "spacetime/stbox_key.h"

/* what has no extent counts as this: in SRID units, and in seconds */
#define LEAST_SPACE 1e-5
#define LEAST_TIME 1.0
#define MOST	1e30

/* a dimension whose halves overlap by so much more of its extent will do, too */
#define NEARLY_AS_GOOD 0.1

/* dimensions of a key: x, y, z, time */
#define KEY_DIMS 4

static bool
has_dim(const STBox *key, int d)
{
	return (key->flags & (d == 3 ? STBOX_HAS_T : d == 2 ? STBOX_HAS_Z : STBOX_HAS_X)) != 0;
}

static double
seconds(TimestampTz t)
{
	return TIMESTAMP_IS_NOBEGIN(t) ? -MOST : TIMESTAMP_IS_NOEND(t) ? MOST : t / 1e6;
}

static void
get_range(const STBox *key, int d, double *min, double *max)
{
	*min = d == 3 ? seconds(key->tmin) : Max(key->min[d], -MOST);
	*max = d == 3 ? seconds(key->tmax) : Min(key->max[d], MOST);
}

static double
volume(const STBox *key)
{
	double		result = 1;

	for (int d = 0; d < KEY_DIMS; d++)
	{
		double		min,
					max;

		if (!has_dim(key, d))
			continue;
		get_range(key, d, &min, &max);
		result *= max - min + (d == 3 ? LEAST_TIME : LEAST_SPACE);
	}
	return result;
}

/* ---- search ---- */

PG_FUNCTION_INFO_V1(territory_stbox_gist_consistent);
Datum
territory_stbox_gist_consistent(PG_FUNCTION_ARGS)
{
	GISTENTRY  *entry = (GISTENTRY *) PG_GETARG_POINTER(0);
	const STBox *query = PG_GETARG_STBOX(1);
	STBoxRelation relation = PG_GETARG_UINT16(2);
	bool	   *recheck = (bool *) PG_GETARG_POINTER(4);
	const STBox *key = DatumGetSTBox(entry->key);

	*recheck = false;
	PG_RETURN_BOOL(GIST_LEAF(entry) ? stbox_holds(relation, key, query) : stbox_key_may_hold(relation, key, query));
}

PG_FUNCTION_INFO_V1(territory_stbox_gist_distance);
Datum
territory_stbox_gist_distance(PG_FUNCTION_ARGS)
{
	GISTENTRY  *entry = (GISTENTRY *) PG_GETARG_POINTER(0);
	const STBox *query = PG_GETARG_STBOX(1);
	bool	   *recheck = (bool *) PG_GETARG_POINTER(4);
	const STBox *key = DatumGetSTBox(entry->key);

	*recheck = false;
	PG_RETURN_FLOAT8(GIST_LEAF(entry) ? stbox_distance(key, query) : stbox_key_distance(key, query));
}

/* ---- insertion ---- */

PG_FUNCTION_INFO_V1(territory_stbox_gist_union);
Datum
territory_stbox_gist_union(PG_FUNCTION_ARGS)
{
	GistEntryVector *entries = (GistEntryVector *) PG_GETARG_POINTER(0);
	int		   *size = (int *) PG_GETARG_POINTER(1);
	STBox	   *key = stbox_copy(DatumGetSTBox(entries->vector[0].key));

	for (int i = 1; i < entries->n; i++)
		stbox_key_add(key, DatumGetSTBox(entries->vector[i].key));
	*size = sizeof(STBox);
	PG_RETURN_STBOX(key);
}

PG_FUNCTION_INFO_V1(territory_stbox_gist_same);
Datum
territory_stbox_gist_same(PG_FUNCTION_ARGS)
{
	bool	   *result = (bool *) PG_GETARG_POINTER(2);

	*result = memcmp(PG_GETARG_STBOX(0), PG_GETARG_STBOX(1), sizeof(STBox)) == 0;
	PG_RETURN_POINTER(result);
}

/*
 * The gain in volume, on a scale that a float holds: a gain, then, where there
 * is none, the volume itself.  Boxes with other parts or another SRID belong
 * elsewhere.
 */
PG_FUNCTION_INFO_V1(territory_stbox_gist_penalty);
Datum
territory_stbox_gist_penalty(PG_FUNCTION_ARGS)
{
	const STBox *key = DatumGetSTBox(((GISTENTRY *) PG_GETARG_POINTER(0))->key);
	const STBox *added = DatumGetSTBox(((GISTENTRY *) PG_GETARG_POINTER(1))->key);
	float	   *penalty = (float *) PG_GETARG_POINTER(2);
	STBox		sum = *key;
	double		before = volume(key),
				gain;

	stbox_key_add(&sum, added);
	gain = volume(&sum) - before;
	if (((key->flags ^ added->flags) & STBOX_PARTS) || ((sum.flags & ~key->flags) & STBOX_SRIDS_DIFFER))
		*penalty = FLT_MAX / 2;
	else if (gain > 0)
		*penalty = (float) Min(1e-20 + pow(gain, 0.25), FLT_MAX / 4);
	else
		*penalty = (float) (1e-20 * (1 - 1 / (1 + pow(before, 0.25))));
	PG_RETURN_POINTER(penalty);
}

/* ---- splitting a page ---- */

typedef struct Place
{
	double		center;
	double		min;
	double		max;
	OffsetNumber offset;
} Place;

static int
compare_places(const void *a, const void *b)
{
	const Place *pa = a,
			   *pb = b;

	return pa->center < pb->center ? -1 : pa->center > pb->center ? 1 : (int) pa->offset - (int) pb->offset;
}

static void
sort_along(const GistEntryVector *entries, int d, Place *places, int n)
{
	for (int i = 0; i < n; i++)
	{
		Place	   *place = &places[i];

		place->offset = FirstOffsetNumber + i;
		get_range(DatumGetSTBox(entries->vector[place->offset].key), d, &place->min, &place->max);
		place->center = place->min / 2 + place->max / 2;
	}
	qsort(places, n, sizeof(Place), compare_places);
}

/*
 * Where to cut: 0.3 to 0.7 of the page, least overlap for its extent, and what is
 * nearer the middle where that is alike.  Infinite where there is no extent.
 */
static double
best_cut(const Place *places, int n, double *highest, int *cut)
{
	double		lowest = INFINITY,
				least = INFINITY,
				best = INFINITY;
	int			first = Max(1, n * 3 / 10),
				last = Min(n - 1, n - n * 3 / 10);

	/* highest[i]: of places before i; lowest: of those from i on */
	highest[0] = -INFINITY;
	for (int i = 0; i < n; i++)
	{
		highest[i + 1] = Max(highest[i], places[i].max);
		least = Min(least, places[i].min);
	}
	for (int i = n - 1; i >= first && highest[n] > least; i--)
	{
		double		extent = highest[n] - least,
					cost;

		lowest = Min(lowest, places[i].min);
		if (i > last)
			continue;
		cost = Max(0, highest[i] - lowest) / extent + 0.1 * fabs(2.0 * i / n - 1);
		if (cost < best)
		{
			best = cost;
			*cut = i;
		}
	}
	return best;
}

/* boxes of other parts or another SRID go to another page; 0 where all are alike */
static int
sort_by_kind(const GistEntryVector *entries, Place *places, int n)
{
	int			cut = 0;

	for (int i = 0; i < n; i++)
	{
		const STBox *key = DatumGetSTBox(entries->vector[FirstOffsetNumber + i].key);

		places[i].offset = FirstOffsetNumber + i;
		places[i].center = (key->flags & STBOX_PARTS) * (double) (1 << 21) + key->srid;
	}
	qsort(places, n, sizeof(Place), compare_places);
	for (int i = 1; i < n; i++)
		if (places[i].center != places[i - 1].center && (cut == 0 || abs(2 * i - n) < abs(2 * cut - n)))
			cut = i;
	return cut;
}

/*
 * All are of one kind: across a dimension in which the halves overlap little for
 * its extent.  Where several do, each gets its turn, which the key tells: a page
 * that is always cut in time, because all instants are whole hours, would cover
 * the whole town.
 */
static int
sort_by_overlap(const GistEntryVector *entries, Place *places, int n)
{
	const STBox *first = DatumGetSTBox(entries->vector[FirstOffsetNumber].key);
	double	   *highest = palloc((n + 1) * sizeof(double));
	double		costs[KEY_DIMS],
				least = INFINITY;
	int			cuts[KEY_DIMS],
				chosen[KEY_DIMS],
				num_chosen = 0,
				d;

	for (d = 0; d < KEY_DIMS; d++)
	{
		costs[d] = INFINITY;
		if (!has_dim(first, d))
			continue;
		sort_along(entries, d, places, n);
		costs[d] = best_cut(places, n, highest, &cuts[d]);
		least = Min(least, costs[d]);
	}
	for (d = 0; d < KEY_DIMS; d++)
		if (costs[d] < INFINITY && costs[d] <= least + NEARLY_AS_GOOD)
			chosen[num_chosen++] = d;
	/* all at one place and instant; places are sorted */
	if (num_chosen == 0)
		return n / 2;
	d = chosen[DatumGetUInt32(hash_any((const unsigned char *) first, sizeof(STBox))) % num_chosen];
	sort_along(entries, d, places, n);
	return cuts[d];
}

static STBox *
fill_side(const GistEntryVector *entries, const Place *places, int n, OffsetNumber *side)
{
	STBox	   *key = stbox_copy(DatumGetSTBox(entries->vector[places[0].offset].key));

	for (int i = 0; i < n; i++)
	{
		side[i] = places[i].offset;
		stbox_key_add(key, DatumGetSTBox(entries->vector[side[i]].key));
	}
	return key;
}

PG_FUNCTION_INFO_V1(territory_stbox_gist_picksplit);
Datum
territory_stbox_gist_picksplit(PG_FUNCTION_ARGS)
{
	GistEntryVector *entries = (GistEntryVector *) PG_GETARG_POINTER(0);
	GIST_SPLITVEC *split = (GIST_SPLITVEC *) PG_GETARG_POINTER(1);
	int			n = entries->n - FirstOffsetNumber;
	Place	   *places = palloc(n * sizeof(Place));
	int			cut = sort_by_kind(entries, places, n);

	if (cut == 0)
		cut = sort_by_overlap(entries, places, n);
	split->spl_left = palloc(n * sizeof(OffsetNumber));
	split->spl_right = palloc(n * sizeof(OffsetNumber));
	split->spl_nleft = cut;
	split->spl_nright = n - cut;
	split->spl_ldatum = STBoxGetDatum(fill_side(entries, places, cut, split->spl_left));
	split->spl_rdatum = STBoxGetDatum(fill_side(entries, places + cut, n - cut, split->spl_right));
	PG_RETURN_POINTER(split);
}

/* ---- building by sorting ---- */

/*
 * The order of a Z curve through the middles in x, y and time.  Space counts as a
 * float does, time in steps of about a minute: over a town and some years both
 * change in about as many bits.
 */
static uint32
ordered_float(double value)
{
	float		f = (float) Max(Min(value, FLT_MAX), -FLT_MAX);
	uint32		bits;

	memcpy(&bits, &f, sizeof bits);
	return bits & 0x80000000 ? ~bits : bits | 0x80000000;
}

static void
middle(const STBox *box, uint32 *place)
{
	double		minutes = box->tmin / 2 / (double) (1 << 26) + box->tmax / 2 / (double) (1 << 26);

	place[0] = ordered_float(box->min[0] / 2 + box->max[0] / 2);
	place[1] = ordered_float(box->min[1] / 2 + box->max[1] / 2);
	place[2] = (uint32) (Max(Min(minutes, 2147483647.0), -2147483648.0) + 2147483648.0);
}

/* compares the coordinate whose highest bit that differs is highest */
static int
compare_on_curve(Datum a, Datum b, SortSupport ssup)
{
	uint32		pa[3],
				pb[3],
				most = 0;
	int			by = 0;

	middle(DatumGetSTBox(a), pa);
	middle(DatumGetSTBox(b), pb);
	for (int d = 0; d < 3; d++)
	{
		uint32		differs = pa[d] ^ pb[d];

		if (most < differs && most < (most ^ differs))
		{
			most = differs;
			by = d;
		}
	}
	return pa[by] < pb[by] ? -1 : pa[by] > pb[by];
}

/* every third bit, of the upper 21 */
static uint64
spread_bits(uint32 value)
{
	uint64		x = value >> 11;

	x = (x | x << 32) & UINT64CONST(0x1f00000000ffff);
	x = (x | x << 16) & UINT64CONST(0x1f0000ff0000ff);
	x = (x | x << 8) & UINT64CONST(0x100f00f00f00f00f);
	x = (x | x << 4) & UINT64CONST(0x10c30c30c30c30c3);
	return (x | x << 2) & UINT64CONST(0x1249249249249249);
}

static Datum
abbreviate(Datum original, SortSupport ssup)
{
	uint32		place[3];

	middle(DatumGetSTBox(original), place);
	return (Datum) (spread_bits(place[0]) << 2 | spread_bits(place[1]) << 1 | spread_bits(place[2]));
}

static bool
keep_abbreviating(int count, SortSupport ssup)
{
	return false;
}

PG_FUNCTION_INFO_V1(territory_stbox_gist_sortsupport);
Datum
territory_stbox_gist_sortsupport(PG_FUNCTION_ARGS)
{
	SortSupport ssup = (SortSupport) PG_GETARG_POINTER(0);

	ssup->comparator = compare_on_curve;
	/* a Datum of 4 bytes holds no code */
	if (ssup->abbreviate && sizeof(Datum) == sizeof(uint64))
	{
		ssup->comparator = ssup_datum_unsigned_cmp;
		ssup->abbrev_converter = abbreviate;
		ssup->abbrev_abort = keep_abbreviating;
		ssup->abbrev_full_comparator = compare_on_curve;
	}
	PG_RETURN_VOID();
}
