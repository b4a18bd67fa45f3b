/*
 * stbox_statistics.c
 *	  Statistics of columns of boxes, and estimates from them.
 *
 * The idea: ANALYZE keeps a sample of the boxes beside core's own statistics, and
 * an operator's selectivity is the share of the sample that it holds of.  Where a
 * query is so narrow that few boxes of the sample, or none, answer it, it is
 * widened until LEAST_FOUND do, and the share is scaled by how much it had to be
 * widened in each dimension.  So an estimate follows how dense the data is near
 * the query, in space and time together, which histograms of each dimension alone
 * would not: measurements crowd in towns, and on roads.
 */
#include "territory.h"

#include <math.h>

#include "access/htup_details.h"
#include "catalog/pg_statistic.h"
#include "commands/vacuum.h"
#include "utils/lsyscache.h"
#include "utils/selfuncs.h"

#include "spacetime/stbox.h"

/* in pg_statistic: kinds from 10000 on are for private use */
#define STATISTIC_KIND_BOX_SAMPLE 10572

#define BOXES_PER_TARGET 20		/* of the sample, for each unit of the statistics target */
#define LEAST_FOUND 6
#define MAX_QUERIES 20			/* of another column, where an estimate is the mean over them */

#define DEFAULT_SELECTIVITY 0.005
#define DIMS 4					/* x, y, z, time */

/* ---- ANALYZE ---- */

/* what core computes, and its own data */
typedef struct Standard
{
	AnalyzeAttrComputeStatsFunc compute;
	void	   *data;
} Standard;

/* every n-th box of ANALYZE's sample, which is a random one */
static void
keep_sample(VacAttrStats *stats, AnalyzeAttrFetchFunc fetch, int rows, int slot)
{
	int			room = Max(stats->minrows / 300, 1) * BOXES_PER_TARGET;
	double		step = Max(1, (double) rows / room);
	MemoryContext before = MemoryContextSwitchTo(stats->anl_context);
	Datum	   *values = palloc(room * sizeof(Datum));
	int			n = 0;

	for (double place = 0; place < rows && n < room; place += step)
	{
		bool		isnull;
		Datum		value = fetch(stats, (int) place, &isnull);

		if (!isnull)
			values[n++] = STBoxGetDatum(stbox_copy(DatumGetSTBox(value)));
	}
	MemoryContextSwitchTo(before);
	stats->stakind[slot] = STATISTIC_KIND_BOX_SAMPLE;
	stats->staop[slot] = InvalidOid;
	stats->stacoll[slot] = InvalidOid;
	stats->stavalues[slot] = values;
	stats->numvalues[slot] = n;
	stats->statypid[slot] = stats->attrtypid;
	stats->statyplen[slot] = sizeof(STBox);
	stats->statypbyval[slot] = false;
	stats->statypalign[slot] = TYPALIGN_DOUBLE;
}

static void
compute(VacAttrStats *stats, AnalyzeAttrFetchFunc fetch, int rows, double total_rows)
{
	Standard   *standard = stats->extra_data;
	int			slot = 0;

	stats->extra_data = standard->data;
	standard->compute(stats, fetch, rows, total_rows);
	stats->extra_data = standard;
	while (slot < STATISTIC_NUM_SLOTS && stats->stakind[slot] != 0)
		slot++;
	if (stats->stats_valid && stats->stanullfrac < 1 && slot < STATISTIC_NUM_SLOTS)
		keep_sample(stats, fetch, rows, slot);
}

PG_FUNCTION_INFO_V1(territory_stbox_analyze);
Datum
territory_stbox_analyze(PG_FUNCTION_ARGS)
{
	VacAttrStats *stats = (VacAttrStats *) PG_GETARG_POINTER(0);
	Standard   *standard;

	if (!std_typanalyze(stats))
		PG_RETURN_BOOL(false);
	standard = palloc(sizeof(Standard));
	standard->compute = stats->compute_stats;
	standard->data = stats->extra_data;
	stats->compute_stats = compute;
	stats->extra_data = standard;
	PG_RETURN_BOOL(true);
}

/* ---- the sample and a query, dimension by dimension ---- */

typedef struct Sample
{
	AttStatsSlot slot;
	int			n;
	double		low[DIMS];		/* of finite ends */
	double		high[DIMS];
} Sample;

typedef struct Near
{
	double		far;			/* the greatest gap, as a share of the sample's extent */
	double		gaps[DIMS];
	double		lengths[DIMS];
} Near;

static bool
has_dim(const STBox *box, int d)
{
	return (box->flags & (d == 3 ? STBOX_HAS_T : d == 2 ? STBOX_HAS_Z : STBOX_HAS_X)) != 0;
}

static void
get_range(const STBox *box, int d, double *min, double *max)
{
	if (d < 3)
	{
		*min = box->min[d];
		*max = box->max[d];
		return;
	}
	*min = TIMESTAMP_IS_NOBEGIN(box->tmin) ? -INFINITY : TIMESTAMP_IS_NOEND(box->tmin) ? INFINITY : (double) box->tmin;
	*max = TIMESTAMP_IS_NOBEGIN(box->tmax) ? -INFINITY : TIMESTAMP_IS_NOEND(box->tmax) ? INFINITY : (double) box->tmax;
}

static bool
open_sample(const VariableStatData *column, Oid function, Sample *sample)
{
	if (!HeapTupleIsValid(column->statsTuple) || !statistic_proc_security_check((VariableStatData *) column, function) ||
		!get_attstatsslot(&sample->slot, column->statsTuple, STATISTIC_KIND_BOX_SAMPLE, InvalidOid, ATTSTATSSLOT_VALUES))
		return false;
	sample->n = sample->slot.nvalues;
	for (int d = 0; d < DIMS; d++)
	{
		sample->low[d] = INFINITY;
		sample->high[d] = -INFINITY;
		for (int i = 0; i < sample->n; i++)
		{
			const STBox *box = DatumGetSTBox(sample->slot.values[i]);
			double		min,
						max;

			if (!has_dim(box, d))
				continue;
			get_range(box, d, &min, &max);
			if (isfinite(min))
				sample->low[d] = Min(sample->low[d], min);
			if (isfinite(max))
				sample->high[d] = Max(sample->high[d], max);
		}
	}
	return sample->n > 0;
}

/* without an end: up to where the sample ends */
static void
clip(const Sample *sample, int d, double *min, double *max)
{
	if (isinf(*min))
		*min = Min(sample->low[d], *max);
	if (isinf(*max))
		*max = Max(sample->high[d], *min);
}

/* how much the query has to grow at its nearer end for the relation to hold along d */
static double
gap_of(STBoxRelation relation, double min, double max, double qmin, double qmax)
{
	double		below,
				above;

	if (relation == STBOX_CONTAINS)
	{
		below = min - qmin;
		above = qmax - max;
	}
	else if (relation == STBOX_CONTAINED)
	{
		below = qmin - min;
		above = max - qmax;
	}
	else
	{
		below = min - qmax;
		above = qmin - max;
	}
	return Max(0, Max(below, above));
}

/* false where the box has no dimension in common */
static bool
get_near(STBoxRelation relation, const Sample *sample, const STBox *box, const STBox *query, Near *near)
{
	bool		common = false;

	near->far = 0;
	for (int d = 0; d < DIMS; d++)
	{
		double		min,
					max,
					qmin,
					qmax,
					extent = sample->high[d] - sample->low[d];

		near->gaps[d] = near->lengths[d] = 0;
		if (!has_dim(box, d) || !has_dim(query, d))
			continue;
		common = true;
		get_range(box, d, &min, &max);
		get_range(query, d, &qmin, &qmax);
		clip(sample, d, &min, &max);
		clip(sample, d, &qmin, &qmax);
		near->gaps[d] = gap_of(relation, min, max, qmin, qmax);
		near->lengths[d] = max - min;
		if (near->gaps[d] > 0)
			near->far = Max(near->far, extent > 0 ? near->gaps[d] / extent : 1);
	}
	return common;
}

/* among the nearest so far, which are in order */
static void
keep_nearest(Near *nearest, int *n, const Near *near)
{
	int			i = *n;

	if (i == LEAST_FOUND)
	{
		if (near->far >= nearest[i - 1].far)
			return;
		i--;
	}
	else
		(*n)++;
	for (; i > 0 && nearest[i - 1].far > near->far; i--)
		nearest[i] = nearest[i - 1];
	nearest[i] = *near;
}

/* over how much of what the query was widened to along d would a box's middle answer the query itself? */
static double
share_of(STBoxRelation relation, const Sample *sample, const STBox *query, const Near *near, int n, int d)
{
	double		gap = 0,
				length = 0,
				min,
				max,
				room;

	for (int i = 0; i < n; i++)
	{
		gap = Max(gap, near[i].gaps[d]);
		length += near[i].lengths[d] / n;
	}
	if (gap == 0)
		return 1;
	get_range(query, d, &min, &max);
	clip(sample, d, &min, &max);
	room = relation == STBOX_CONTAINS ? length - (max - min) :
		relation == STBOX_CONTAINED ? max - min - length : max - min + length;
	room = Max(room, 0);
	return room / (room + 2 * gap);
}

/* the share of a column's boxes which lie so to the query; its NULLs are not counted */
static double
estimate(STBoxRelation relation, const Sample *sample, const STBox *query)
{
	bool		scalable = relation == STBOX_OVERLAPS || relation == STBOX_CONTAINS || relation == STBOX_CONTAINED;
	Near		nearest[LEAST_FOUND];
	int			num_nearest = 0,
				found = 0;
	double		scaled,
				direct;

	for (int i = 0; i < sample->n; i++)
	{
		const STBox *box = DatumGetSTBox(sample->slot.values[i]);
		Near		near;

		/* boxes that a query meets with an error are not counted here */
		if (box->srid != query->srid && (box->flags & query->flags & STBOX_HAS_X))
			continue;
		found += stbox_holds(relation, box, query);
		if (scalable && get_near(relation, sample, box, query, &near))
			keep_nearest(nearest, &num_nearest, &near);
	}
	direct = (double) found / sample->n;
	if (!scalable)
		return found > 0 ? direct : 0.5 / sample->n;
	if (found >= LEAST_FOUND || num_nearest == 0)
		return direct;
	scaled = (double) num_nearest / sample->n;
	for (int d = 0; d < DIMS; d++)
		if (has_dim(query, d))
			scaled *= share_of(relation, sample, query, nearest, num_nearest, d);
	/* the more were found, the more that counts */
	return (direct * found + scaled * (LEAST_FOUND - found)) / LEAST_FOUND;
}

/* the mean over the boxes of another column, or of the same */
static double
mean_estimate(STBoxRelation relation, const Sample *sample, const Sample *queries)
{
	int			n = Min(queries->n, MAX_QUERIES);
	double		sum = 0;

	for (int i = 0; i < n; i++)
		sum += estimate(relation, sample, DatumGetSTBox(queries->slot.values[(int64) i * queries->n / n]));
	return sum / n;
}

static double
share_not_null(const VariableStatData *column)
{
	return HeapTupleIsValid(column->statsTuple) ?
		1 - ((Form_pg_statistic) GETSTRUCT(column->statsTuple))->stanullfrac : 1;
}

/* ---- what the planner calls ---- */

/* a relation of the query to the boxes as one of the boxes to the query; false where none is the same */
static bool
turn_round(STBoxRelation *relation)
{
	static const STBoxRelation pairs[][2] = {
		{STBOX_CONTAINS, STBOX_CONTAINED},
		{STBOX_LEFT, STBOX_RIGHT},
		{STBOX_BELOW, STBOX_ABOVE},
		{STBOX_FRONT, STBOX_BACK},
		{STBOX_BEFORE, STBOX_AFTER},
		{STBOX_OVERLAPS, STBOX_OVERLAPS},
		{STBOX_SAME, STBOX_SAME},
		{STBOX_ADJACENT, STBOX_ADJACENT},
	};

	for (int i = 0; i < lengthof(pairs); i++)
		for (int side = 0; side < 2; side++)
			if (pairs[i][side] == *relation)
			{
				*relation = pairs[i][1 - side];
				return true;
			}
	return false;
}

/* another side that is not constant: the other column's boxes, else boxes like those of this column */
static double
estimate_of_unknown(PlannerInfo *root, STBoxRelation relation, Node *other, Oid function, const Sample *sample)
{
	VariableStatData column;
	Sample		queries;
	double		result;

	examine_variable(root, other, 0, &column);
	if (open_sample(&column, function, &queries))
	{
		result = mean_estimate(relation, sample, &queries) * share_not_null(&column);
		free_attstatsslot(&queries.slot);
	}
	else
		result = mean_estimate(relation, sample, sample);
	ReleaseVariableStats(column);
	return result;
}

PG_FUNCTION_INFO_V1(territory_stbox_sel);
Datum
territory_stbox_sel(PG_FUNCTION_ARGS)
{
	PlannerInfo *root = (PlannerInfo *) PG_GETARG_POINTER(0);
	Oid			function = get_opcode(PG_GETARG_OID(1));
	STBoxRelation relation = stbox_relation(function);
	VariableStatData column;
	Sample		sample;
	Node	   *other;
	bool		column_on_left;
	double		result = DEFAULT_SELECTIVITY;

	if (!get_restriction_variable(root, (List *) PG_GETARG_POINTER(2), PG_GETARG_INT32(3), &column, &other,
								  &column_on_left))
		PG_RETURN_FLOAT8(result);
	if (IsA(other, Const) && ((Const *) other)->constisnull)
		result = 0;
	else if ((column_on_left || turn_round(&relation)) && open_sample(&column, function, &sample))
	{
		result = IsA(other, Const) ? estimate(relation, &sample, DatumGetSTBox(((Const *) other)->constvalue)) :
			estimate_of_unknown(root, relation, other, function, &sample);
		result *= share_not_null(&column);
		free_attstatsslot(&sample.slot);
	}
	ReleaseVariableStats(column);
	CLAMP_PROBABILITY(result);
	PG_RETURN_FLOAT8(result);
}

/* of all pairs; what one side does not tell, boxes like those of the other stand for */
static double
estimate_pairs(STBoxRelation relation, Oid function, const VariableStatData *left, const VariableStatData *right)
{
	Sample		boxes,
				queries;
	bool		left_told = open_sample(left, function, &boxes),
				right_told = open_sample(right, function, &queries);
	double		result = DEFAULT_SELECTIVITY;

	if (left_told)
		result = mean_estimate(relation, &boxes, right_told ? &queries : &boxes);
	else if (right_told && turn_round(&relation))
		result = mean_estimate(relation, &queries, &queries);
	if (left_told)
		free_attstatsslot(&boxes.slot);
	if (right_told)
		free_attstatsslot(&queries.slot);
	return result * share_not_null(left) * share_not_null(right);
}

PG_FUNCTION_INFO_V1(territory_stbox_joinsel);
Datum
territory_stbox_joinsel(PG_FUNCTION_ARGS)
{
	PlannerInfo *root = (PlannerInfo *) PG_GETARG_POINTER(0);
	Oid			function = get_opcode(PG_GETARG_OID(1));
	SpecialJoinInfo *join = (SpecialJoinInfo *) PG_GETARG_POINTER(4);
	VariableStatData left,
				right;
	bool		reversed;
	double		result;

	get_join_variables(root, (List *) PG_GETARG_POINTER(2), join, &left, &right, &reversed);
	result = estimate_pairs(stbox_relation(function), function, &left, &right);
	if (join->jointype == JOIN_SEMI || join->jointype == JOIN_ANTI)
	{
		/* of rows that have a partner at all */
		const RelOptInfo *inner = reversed ? left.rel : right.rel;

		if (inner != NULL)
			result *= Max(inner->rows, 1);
	}
	ReleaseVariableStats(left);
	ReleaseVariableStats(right);
	CLAMP_PROBABILITY(result);
	PG_RETURN_FLOAT8(result);
}
