/*
 * stbox_spgist.c
 *	  The SP-GiST class of boxes: a k-d tree over their corners.
 *
 * The idea: a box is a point of eight coordinates, the two ends of x, y, z and
 * time, and the tree cuts this space in two at a time.  A part that a box lacks
 * has its ends at -Infinity and Infinity: only a region that reaches to both may
 * hold such boxes, so elsewhere pruning counts on the part.  Instants are
 * doubles here, so no test at an inner node is strict; leaves are tested exactly.
 *
 * A cut takes the next coordinate in turn that divides its boxes well, or the
 * best one.  Boxes that no coordinate tells apart stay together.
 */
#include "territory.h"

#include <math.h>

#include "access/spgist.h"
#include "catalog/pg_type.h"
#include "utils/geo_decls.h"

#include "spacetime/stbox.h"

#define CORNERS 8				/* minima at even places, maxima at odd ones */
#define TIME_DIM 3

typedef struct Region
{
	double		low[CORNERS];
	double		high[CORNERS];
} Region;

static double
instant(TimestampTz t)
{
	return TIMESTAMP_IS_NOBEGIN(t) ? -INFINITY : TIMESTAMP_IS_NOEND(t) ? INFINITY : (double) t;
}

static bool
has_dim(const STBox *box, int d)
{
	return d == TIME_DIM ? stbox_has(box, STBOX_HAS_T) : d < stbox_dims(box);
}

static double
corner(const STBox *box, int c)
{
	int			d = c / 2;
	bool		max = c % 2 != 0;

	if (!has_dim(box, d))
		return max ? INFINITY : -INFINITY;
	if (d == TIME_DIM)
		return instant(max ? box->tmax : box->tmin);
	return max ? box->max[d] : box->min[d];
}

PG_FUNCTION_INFO_V1(territory_stbox_spgist_config);
Datum
territory_stbox_spgist_config(PG_FUNCTION_ARGS)
{
	spgConfigOut *config = (spgConfigOut *) PG_GETARG_POINTER(1);

	/* which coordinate is cut, and where */
	config->prefixType = POINTOID;
	config->labelType = VOIDOID;
	config->canReturnData = true;
	config->longValuesOK = false;
	PG_RETURN_VOID();
}

/* ---- insertion ---- */

PG_FUNCTION_INFO_V1(territory_stbox_spgist_choose);
Datum
territory_stbox_spgist_choose(PG_FUNCTION_ARGS)
{
	spgChooseIn *in = (spgChooseIn *) PG_GETARG_POINTER(0);
	spgChooseOut *out = (spgChooseOut *) PG_GETARG_POINTER(1);
	const Point *cut = DatumGetPointP(in->prefixDatum);

	out->resultType = spgMatchNode;
	out->result.matchNode.restDatum = in->leafDatum;
	out->result.matchNode.levelAdd = 1;
	/* where all are the same, any node will do, and core takes one */
	if (!in->allTheSame)
		out->result.matchNode.nodeN = corner(DatumGetSTBox(in->leafDatum), (int) cut->x) >= cut->y;
	PG_RETURN_VOID();
}

static int
compare_doubles(const void *a, const void *b)
{
	double		x = *(const double *) a,
				y = *(const double *) b;

	return x < y ? -1 : x > y;
}

/* how many are below the cut; 0 where the coordinate divides nothing */
static int
find_cut(const spgPickSplitIn *in, int c, double *values, double *cut)
{
	int			n = in->nTuples,
				below = n / 2;

	for (int i = 0; i < n; i++)
		values[i] = corner(DatumGetSTBox(in->datums[i]), c);
	qsort(values, n, sizeof(double), compare_doubles);
	while (below > 0 && values[below - 1] == values[below])
		below--;
	if (below == 0)
		for (below = n / 2; below < n && values[below] == values[0];)
			below++;
	if (below == n)
		return 0;
	*cut = values[below];
	return below;
}

PG_FUNCTION_INFO_V1(territory_stbox_spgist_picksplit);
Datum
territory_stbox_spgist_picksplit(PG_FUNCTION_ARGS)
{
	spgPickSplitIn *in = (spgPickSplitIn *) PG_GETARG_POINTER(0);
	spgPickSplitOut *out = (spgPickSplitOut *) PG_GETARG_POINTER(1);
	int			n = in->nTuples,
				best = 0;
	double	   *values = palloc(n * sizeof(double));
	Point	   *cut = palloc0(sizeof(Point));

	/* the next in turn that leaves a third on either side will do */
	for (int k = 0; k < CORNERS && best < n / 3; k++)
	{
		int			c = (in->level + k) % CORNERS,
					below;
		double		at = 0;

		below = find_cut(in, c, values, &at);
		if (Min(below, n - below) > best || (best == 0 && below > 0))
		{
			best = Min(below, n - below);
			cut->x = c;
			cut->y = at;
		}
	}
	out->hasPrefix = true;
	out->prefixDatum = PointPGetDatum(cut);
	out->nNodes = 2;
	out->nodeLabels = NULL;
	out->mapTuplesToNodes = palloc(n * sizeof(int));
	out->leafTupleDatums = palloc(n * sizeof(Datum));
	for (int i = 0; i < n; i++)
	{
		/* all in one node: they cannot be told apart, and core marks it */
		out->mapTuplesToNodes[i] = best > 0 && corner(DatumGetSTBox(in->datums[i]), (int) cut->x) >= cut->y;
		out->leafTupleDatums[i] = in->datums[i];
	}
	PG_RETURN_VOID();
}

/* ---- search ---- */

/* may a box of the region lie so along dimension d? */
static bool
may_lie(STBoxRelation relation, const Region *region, const STBox *query, int d)
{
	const double *low = region->low + 2 * d,
			   *high = region->high + 2 * d;
	double		min = corner(query, 2 * d),
				max = corner(query, 2 * d + 1);

	switch (relation)
	{
		case STBOX_CONTAINS:
			return low[0] <= min && high[1] >= max;
		case STBOX_CONTAINED:
			return high[0] >= min && low[1] <= max && low[0] <= max && high[1] >= min;
		case STBOX_SAME:
		case STBOX_EQUAL:
			return low[0] <= min && high[0] >= min && low[1] <= max && high[1] >= max;
		case STBOX_LEFT:
			return low[1] <= min;
		case STBOX_OVERLEFT:
			return low[1] <= max;
		case STBOX_OVERRIGHT:
			return high[0] >= min;
		case STBOX_RIGHT:
			return high[0] >= max;
		default:				/* that meet */
			return low[0] <= max && high[1] >= min;
	}
}

static bool
may_lack(const Region *region, int d)
{
	return region->low[2 * d] == -INFINITY && region->high[2 * d + 1] == INFINITY;
}

/* relations along one axis, as those along x */
static STBoxRelation
along_axis(STBoxRelation relation, int *d)
{
	static const struct
	{
		STBoxRelation relation;
		int			d;
		STBoxRelation along_x;
	}			axes[] = {
		{STBOX_LEFT, 0, STBOX_LEFT},
		{STBOX_OVERLEFT, 0, STBOX_OVERLEFT},
		{STBOX_OVERRIGHT, 0, STBOX_OVERRIGHT},
		{STBOX_RIGHT, 0, STBOX_RIGHT},
		{STBOX_BELOW, 1, STBOX_LEFT},
		{STBOX_OVERBELOW, 1, STBOX_OVERLEFT},
		{STBOX_OVERABOVE, 1, STBOX_OVERRIGHT},
		{STBOX_ABOVE, 1, STBOX_RIGHT},
		{STBOX_FRONT, 2, STBOX_LEFT},
		{STBOX_OVERFRONT, 2, STBOX_OVERLEFT},
		{STBOX_OVERBACK, 2, STBOX_OVERRIGHT},
		{STBOX_BACK, 2, STBOX_RIGHT},
		{STBOX_BEFORE, TIME_DIM, STBOX_LEFT},
		{STBOX_OVERBEFORE, TIME_DIM, STBOX_OVERLEFT},
		{STBOX_OVERAFTER, TIME_DIM, STBOX_OVERRIGHT},
		{STBOX_AFTER, TIME_DIM, STBOX_RIGHT},
	};

	for (int i = 0; i < lengthof(axes); i++)
		if (axes[i].relation == relation)
		{
			*d = axes[i].d;
			return axes[i].along_x;
		}
	*d = -1;
	return relation;
}

static bool
region_may_hold(STBoxRelation relation, const Region *region, const STBox *query)
{
	int			axis;
	STBoxRelation along = along_axis(relation, &axis);

	if (axis >= 0)
		return has_dim(query, axis) && may_lie(along, region, query, axis);
	for (int d = 0; d <= TIME_DIM; d++)
		if (has_dim(query, d) && !may_lack(region, d) && !may_lie(relation, region, query, d))
			return false;
	return true;
}

/* no box of the region is nearer */
static double
region_distance(const Region *region, const STBox *query)
{
	double		sum = 0;

	if (!stbox_has(query, STBOX_HAS_X) ||
		(stbox_has(query, STBOX_HAS_T) && !may_lie(STBOX_OVERLAPS, region, query, TIME_DIM)))
		return INFINITY;
	for (int d = 0; d < stbox_dims(query); d++)
	{
		double		apart = Max(region->low[2 * d] - query->max[d], query->min[d] - region->high[2 * d + 1]);

		if (apart > 0)
			sum = d == 0 ? apart : hypot(sum, apart);
	}
	return sum;
}

static void
visit(const spgInnerConsistentIn *in, spgInnerConsistentOut *out, int node, const Region *region)
{
	MemoryContext before = MemoryContextSwitchTo(in->traversalMemoryContext);
	Region	   *kept = palloc(sizeof(Region));

	*kept = *region;
	out->nodeNumbers[out->nNodes] = node;
	out->traversalValues[out->nNodes] = kept;
	if (in->norderbys > 0)
	{
		out->distances[out->nNodes] = palloc(in->norderbys * sizeof(double));
		for (int k = 0; k < in->norderbys; k++)
			out->distances[out->nNodes][k] =
				region_distance(region, DatumGetSTBox(in->orderbys[k].sk_argument));
	}
	out->nNodes++;
	MemoryContextSwitchTo(before);
}

PG_FUNCTION_INFO_V1(territory_stbox_spgist_inner);
Datum
territory_stbox_spgist_inner(PG_FUNCTION_ARGS)
{
	spgInnerConsistentIn *in = (spgInnerConsistentIn *) PG_GETARG_POINTER(0);
	spgInnerConsistentOut *out = (spgInnerConsistentOut *) PG_GETARG_POINTER(1);
	const Point *cut = DatumGetPointP(in->prefixDatum);
	Region		whole;

	for (int c = 0; c < CORNERS; c++)
	{
		whole.low[c] = -INFINITY;
		whole.high[c] = INFINITY;
	}
	if (in->traversalValue)
		whole = *(const Region *) in->traversalValue;
	out->nNodes = 0;
	out->nodeNumbers = palloc(in->nNodes * sizeof(int));
	out->traversalValues = palloc(in->nNodes * sizeof(void *));
	out->distances = palloc(in->nNodes * sizeof(double *));
	for (int node = 0; node < in->nNodes; node++)
	{
		Region		region = whole;
		bool		wanted = true;

		if (!in->allTheSame)
		{
			if (node == 0)
				region.high[(int) cut->x] = Min(region.high[(int) cut->x], cut->y);
			else
				region.low[(int) cut->x] = Max(region.low[(int) cut->x], cut->y);
		}
		for (int k = 0; k < in->nkeys && wanted; k++)
			wanted = region_may_hold(in->scankeys[k].sk_strategy, &region, DatumGetSTBox(in->scankeys[k].sk_argument));
		if (wanted)
			visit(in, out, node, &region);
	}
	PG_RETURN_VOID();
}

PG_FUNCTION_INFO_V1(territory_stbox_spgist_leaf);
Datum
territory_stbox_spgist_leaf(PG_FUNCTION_ARGS)
{
	spgLeafConsistentIn *in = (spgLeafConsistentIn *) PG_GETARG_POINTER(0);
	spgLeafConsistentOut *out = (spgLeafConsistentOut *) PG_GETARG_POINTER(1);
	const STBox *box = DatumGetSTBox(in->leafDatum);

	out->recheck = false;
	out->recheckDistances = false;
	out->leafValue = in->leafDatum;
	for (int k = 0; k < in->nkeys; k++)
		if (!stbox_holds(in->scankeys[k].sk_strategy, box, DatumGetSTBox(in->scankeys[k].sk_argument)))
			PG_RETURN_BOOL(false);
	if (in->norderbys > 0)
	{
		out->distances = palloc(in->norderbys * sizeof(double));
		for (int k = 0; k < in->norderbys; k++)
			out->distances[k] = stbox_distance(box, DatumGetSTBox(in->orderbys[k].sk_argument));
	}
	PG_RETURN_BOOL(true);
}
