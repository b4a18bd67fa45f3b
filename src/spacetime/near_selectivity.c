/*
 * near_selectivity.c
 *	  How many pairs are near.
 *
 * The idea: of times, the ends of a column's histogram tell over how long its
 * rows are spread; of places, PostGIS's two-dimensional histogram (statistic of
 * kind 103: sides, extent, counts and a value per cell) how many are in which
 * part of its extent.  Pairs are taken as independent, rows as spread evenly over
 * the time, or over their cell.
 */
#include "spacetime/near.h"

#include <math.h>

#include "catalog/pg_statistic.h"
#include "catalog/pg_type.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "utils/lsyscache.h"
#include "utils/selfuncs.h"

#include "scan/scan.h"
#include "spacetime/metres.h"

#define DEFAULT_IN_TIME 0.005
#define DEFAULT_IN_SPACE 0.001

/* a value of PostGIS's statistics, by place */
enum
{
	STATS_DIMENSIONS = 0,
	STATS_SIZE = 1,				/* cells, of four dimensions */
	STATS_MIN = 5,
	STATS_MAX = 9,
	STATS_FEATURES = 16,		/* in the histogram */
	STATS_VALUES = 19,
};

#define STATS_KIND_2D 103

/* of a value that is known when the query is planned */
static bool
known_value(PlannerInfo *root, Node *node, Datum *value)
{
	Node	   *constant = estimate_expression_value(root, node);

	if (!IsA(constant, Const) || ((Const *) constant)->constisnull)
		return false;
	*value = ((Const *) constant)->constvalue;
	return true;
}

/* ---- in time ---- */

/* from when to when there are values, in microseconds */
static bool
time_range(PlannerInfo *root, Node *node, int varrelid, double *low, double *high)
{
	VariableStatData variable;
	AttStatsSlot slot;
	Datum		value;
	bool		known = false;

	if (known_value(root, node, &value))
	{
		*low = *high = (double) DatumGetTimestampTz(value);
		return true;
	}
	examine_variable(root, node, varrelid, &variable);
	if (HeapTupleIsValid(variable.statsTuple) && variable.acl_ok &&
		get_attstatsslot(&slot, variable.statsTuple, STATISTIC_KIND_HISTOGRAM, InvalidOid, ATTSTATSSLOT_VALUES))
	{
		if (slot.nvalues > 1 && slot.valuetype == TIMESTAMPTZOID)
		{
			*low = (double) DatumGetTimestampTz(slot.values[0]);
			*high = (double) DatumGetTimestampTz(slot.values[slot.nvalues - 1]);
			known = true;
		}
		free_attstatsslot(&slot);
	}
	ReleaseVariableStats(variable);
	return known;
}

double
near_time_selectivity(PlannerInfo *root, List *args, int varrelid)
{
	double		low[2],
				high[2],
				span,
				both;
	Datum		within;
	NearSpan	near;

	if (!known_value(root, lthird(args), &within))
		return DEFAULT_IN_TIME;
	near = near_span(DatumGetIntervalP(within));
	if (near.nothing)
		return 0;
	for (int i = 0; i < 2; i++)
		if (!time_range(root, list_nth(args, i), varrelid, &low[i], &high[i]))
			return DEFAULT_IN_TIME;
	span = Max((double) near.most, 1);
	both = Min(high[0], high[1]) - Max(low[0], low[1]) + 2 * span;
	if (both <= 0)
		return 0;
	return Min(2 * span / Max(high[0] - low[0], 2 * span) * both / Max(high[1] - low[1], both), 1);
}

/* ---- in space ---- */

typedef struct Histogram
{
	AttStatsSlot slot;
	int			size[2];
	double		min[2];
	double		side[2];		/* of a cell */
	double		features;
	float	   *values;
} Histogram;

static bool
read_histogram(PlannerInfo *root, Node *node, int varrelid, Histogram *histogram)
{
	VariableStatData variable;
	bool		known;
	float	   *numbers;

	examine_variable(root, node, varrelid, &variable);
	known = HeapTupleIsValid(variable.statsTuple) && variable.acl_ok &&
		get_attstatsslot(&histogram->slot, variable.statsTuple, STATS_KIND_2D, InvalidOid, ATTSTATSSLOT_NUMBERS);
	ReleaseVariableStats(variable);
	if (!known)
		return false;
	numbers = histogram->slot.numbers;
	known = histogram->slot.nnumbers > STATS_VALUES && numbers[STATS_DIMENSIONS] == 2 && numbers[STATS_FEATURES] > 0;
	for (int d = 0; d < 2 && known; d++)
	{
		histogram->size[d] = (int) numbers[STATS_SIZE + d];
		histogram->min[d] = numbers[STATS_MIN + d];
		known = histogram->size[d] > 0 && isfinite(histogram->min[d]) && isfinite(numbers[STATS_MAX + d]);
		if (known)
			histogram->side[d] = Max(numbers[STATS_MAX + d] - numbers[STATS_MIN + d], 0) / histogram->size[d];
	}
	known = known && histogram->slot.nnumbers >= STATS_VALUES + (int64) histogram->size[0] * histogram->size[1];
	if (known)
	{
		histogram->features = numbers[STATS_FEATURES];
		histogram->values = numbers + STATS_VALUES;
	}
	else
		free_attstatsslot(&histogram->slot);
	return known;
}

/* of the rows of b, the share that is in a box: of the cells that it meets, the part that it meets */
static double
share_in(const Histogram *b, const double *min, const double *max)
{
	int			from[2],
				to[2];
	double		sum = 0;

	for (int d = 0; d < 2; d++)
	{
		double		side = Max(b->side[d], 1e-300),
					first = (min[d] - b->min[d]) / side,
					last = (max[d] - b->min[d]) / side;

		if (last < 0 || first > b->size[d])
			return 0;
		from[d] = (int) Max(floor(first), 0);
		to[d] = (int) Min(floor(last), b->size[d] - 1);
	}
	for (int y = from[1]; y <= to[1]; y++)
		for (int x = from[0]; x <= to[0]; x++)
		{
			double		part = 1;

			for (int d = 0; d < 2; d++)
			{
				double		cell = b->min[d] + (d == 0 ? x : y) * b->side[d],
							overlap = Min(max[d], cell + b->side[d]) - Max(min[d], cell);

				if (b->side[d] > 0)
					part *= Max(Min(overlap / b->side[d], 1), 0);
			}
			sum += part * b->values[x + y * b->size[0]];
		}
	return Min(sum / b->features, 1);
}

/* a circle in the middle of each cell of a, its square rather, counts the rows of b */
static double
share_of_pairs(const Histogram *a, const Histogram *b, int32 srid, double metres)
{
	double		sum = 0;

	for (int y = 0; y < a->size[1]; y++)
		for (int x = 0; x < a->size[0]; x++)
		{
			double		value = a->values[x + y * a->size[0]],
						min[2] = {a->min[0] + (x + 0.5) * a->side[0], a->min[1] + (y + 0.5) * a->side[1]},
						max[2] = {min[0], min[1]};

			if (!(value > 0))
				continue;
			metres_grow(srid, min, max, metres);
			sum += value * share_in(b, min, max);
		}
	return Min(sum / a->features * M_PI / 4, 1);
}

/* one side is a value: of the other's rows, those in its grown box */
static double
share_of_one(PlannerInfo *root, Node *node, Datum value, double metres, int varrelid)
{
	NearShape	shape;
	double		min[2],
				max[2];
	Histogram	histogram;
	double		share;

	near_shape(PointerGetDatum(PG_DETOAST_DATUM(value)), &shape);
	if (shape.is_empty)
		return 0;
	if (!read_histogram(root, node, varrelid, &histogram))
		return DEFAULT_IN_SPACE;
	near_bounds(&shape, metres, min, max);
	share = share_in(&histogram, min, max);
	free_attstatsslot(&histogram.slot);
	return share;
}

double
near_space_selectivity(PlannerInfo *root, List *args, int varrelid)
{
	Datum		distance;
	double		metres,
				share = DEFAULT_IN_SPACE;
	Histogram	histograms[2];
	bool		known[2];
	int32		srid;

	if (!known_value(root, lthird(args), &distance))
		return share;
	metres = DatumGetFloat8(distance);
	if (!(metres >= 0))
		return share;
	for (int i = 0; i < 2; i++)
	{
		Datum		value;

		if (known_value(root, list_nth(args, i), &value))
			return share_of_one(root, list_nth(args, 1 - i), value, metres, varrelid);
	}
	srid = Max(scan_srid_of_typmod(exprTypmod(linitial(args))), scan_srid_of_typmod(exprTypmod(lsecond(args))));
	for (int i = 0; i < 2; i++)
		known[i] = read_histogram(root, list_nth(args, i), varrelid, &histograms[i]);
	if (known[0] && known[1])
		share = share_of_pairs(&histograms[0], &histograms[1], srid, metres);
	for (int i = 0; i < 2; i++)
		if (known[i])
			free_attstatsslot(&histograms[i].slot);
	return share;
}
