/*
 * point_pair.c
 *	  Two moving points: how far apart, when they are closest, whether they met.
 *
 * The idea: over a stretch on which both move straight, the square of their
 * distance is a quadratic of time, and has one minimum.  distance() adds that
 * instant, so that its least value is exact, and between instants says what a
 * straight line says.  Whether two points met, and where they are closest, is
 * asked of boxes of few instants first (point_path.c): most pairs of boxes at
 * one time are far apart.
 */
#include "territory.h"

#include "access/htup_details.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/timestamp.h"

#include "series/float_series.h"
#include "series/point.h"

#define TANGENT_NEAR 1000.0		/* metres up to which a tangent plane tells where the least distance is */
#define TANGENT_LIMIT 100000.0	/* metres beyond which a tangent plane excludes nothing */

/* a pair, and the closest that is known of it */
typedef struct Pair
{
	const PointMetric *metric;
	int			dims;
	double		best;			/* what is not nearer is not looked for */
	TimestampTz at;
	bool		found;
} Pair;

static int
pair_dims(const Series *a, const Series *b)
{
	return Min(a->dims, b->dims);
}

static Pair
begin_pair(const Series *a, const Series *b)
{
	point_check_same_srid(a->srid, b->srid);
	return (Pair){.metric = point_metric(a->srid), .dims = pair_dims(a, b), .best = INFINITY};
}

static double
distance_at(const Pair *pair, const PointPiece *a, const PointPiece *b, double u)
{
	double		p[SERIES_DIMS],
				q[SERIES_DIMS];

	point_place(a, u, p);
	point_place(b, u, q);
	return point_metres(pair->metric, p, q, pair->dims);
}

/* the least distance near u on the spheroid: the vertex of the parabola through three squares, twice */
static double
refine_closest(const Pair *pair, const PointPiece *a, const PointPiece *b, double *u)
{
	double		least = distance_at(pair, a, b, *u);

	for (double h = 0.25; h > 0.01; h /= 10)
	{
		double		middle = Min(Max(*u, h), 1 - h),
					left = distance_at(pair, a, b, middle - h),
					centre = distance_at(pair, a, b, middle),
					right = distance_at(pair, a, b, middle + h),
					bend = left * left - 2 * centre * centre + right * right,
					at,
					distance;

		if (bend <= 0)
			break;
		at = middle + h * (left * left - right * right) / (2 * bend);
		at = Min(Max(at, 0), 1);
		distance = distance_at(pair, a, b, at);
		if (distance >= least)
			break;
		least = distance;
		*u = at;
	}
	return least;
}

/* over a stretch short enough for a tangent plane, the u at which two are closest, and how far apart they are then */
static double
stretch_closest(const Pair *pair, const PointPiece *a, const PointPiece *b, double *u)
{
	double		d0[SERIES_DIMS],
				d1[SERIES_DIMS],
				scale[2],
				sum = 0;

	for (int d = 0; d < SERIES_DIMS; d++)
	{
		d0[d] = b->p[d] - a->p[d];
		d1[d] = b->q[d] - a->q[d];
	}
	point_scale(pair->metric, (a->p[1] + b->p[1] + a->q[1] + b->q[1]) / 4, scale);
	*u = kernel_closest_pair(d0, d1, scale, pair->dims);
	for (int d = 0; d < pair->dims; d++)
	{
		double		v = (d0[d] + *u * (d1[d] - d0[d])) * (d < 2 ? scale[d] : 1);

		sum += v * v;
	}
	/* only what may be nearer is measured on the spheroid */
	if (!pair->metric->geographic || (pair->best < TANGENT_LIMIT && sum > pair->best * pair->best * 1.02 + 1e-6))
		return sqrt(sum);
	/* where the two are far apart, no plane is tangent to both */
	return sum < TANGENT_NEAR * TANGENT_NEAR ? distance_at(pair, a, b, *u) : refine_closest(pair, a, b, u);
}

/* a stretch on which both are known; keeps what is nearer than the best */
static void
try_stretch(Pair *pair, const PointPiece *a, const PointPiece *b)
{
	int			n = Max(point_cuts(pair->metric, a), point_cuts(pair->metric, b));

	for (int k = 0; k < n; k++)
	{
		PointPiece	part_a,
					part_b;
		double		u,
					distance;

		if (n > 1)
		{
			point_cut(a, k, n, &part_a);
			point_cut(b, k, n, &part_b);
		}
		distance = n > 1 ? stretch_closest(pair, &part_a, &part_b, &u) : stretch_closest(pair, a, b, &u);
		if (distance < pair->best || (distance == pair->best && !pair->found))
		{
			pair->best = distance;
			pair->at = point_instant(a->start, a->end, (k + u) / n);
			pair->found = true;
		}
	}
}

/* ---- by boxes ---- */

static TimestampTz
run_start(const PointPath *path, int r)
{
	return path->series->t[r * POINT_RUN];
}

static TimestampTz
run_end(const PointPath *path, int r)
{
	return path->series->t[Min((r + 1) * POINT_RUN, path->series->n - 1)];
}

/* the stretches of a run of each, which overlap in time */
static void
try_runs(Pair *pair, const PointPath *a, int run_a, const PointPath *b, int run_b)
{
	PointPairWalk walk;
	PointPiece	pieces[2];
	TimestampTz from = Max(run_start(a, run_a), run_start(b, run_b)),
				to = Min(run_end(a, run_a), run_end(b, run_b));

	walk.walks[0] = (PointWalk){a->series, run_a * POINT_RUN, Min((run_a + 1) * POINT_RUN, a->series->n), from, to};
	walk.walks[1] = (PointWalk){b->series, run_b * POINT_RUN, Min((run_b + 1) * POINT_RUN, b->series->n), from, to};
	point_pair_restart(&walk);
	while (point_pair_next(&walk, &pieces[0], &pieces[1]))
		try_stretch(pair, &pieces[0], &pieces[1]);
}

static void
best_margin(const Pair *pair, const PointBox *box, double *margin)
{
	if (pair->best > TANGENT_LIMIT && pair->metric->geographic)
		margin[0] = margin[1] = INFINITY;
	else
		point_margin(pair->metric, box->min[1], box->max[1], pair->best, margin);
}

/* the first run that ends at or after a time */
static int
first_run(const PointPath *path, TimestampTz t)
{
	int			i = series_find(path->series, t);

	return i <= 0 ? 0 : (i - 1) / POINT_RUN;
}

/* looks for what is nearer than the best, or at first as near; with any, the first that is found will do */
static void
try_paths(Pair *pair, const PointPath *a, const PointPath *b, bool any)
{
	int			i = first_run(a, b->series->t[0]),
				j = first_run(b, a->series->t[0]);
	double		margin[2] = {INFINITY, INFINITY},
				margin_for = INFINITY;
	int			margin_run = -1;

	for (int steps = 0; i < a->num_runs && j < b->num_runs; steps++)
	{
		TimestampTz end_a = run_end(a, i),
					end_b = run_end(b, j);

		if (steps % 4096 == 0)
			CHECK_FOR_INTERRUPTS();
		if (margin_for != pair->best || (pair->metric->geographic && margin_run != i))
		{
			best_margin(pair, &a->runs[i], margin);
			margin_for = pair->best;
			margin_run = i;
		}
		if (run_start(a, i) <= end_b && run_start(b, j) <= end_a &&
			point_boxes_meet(&a->runs[i], &b->runs[j], margin))
		{
			try_runs(pair, a, i, b, j);
			if (any && pair->found)
				return;
		}
		if (end_a <= end_b)
			i++;
		if (end_b <= end_a)
			j++;
	}
}

PG_FUNCTION_INFO_V1(territory_point_pair_ever_within);
Datum
territory_point_pair_ever_within(PG_FUNCTION_ARGS)
{
	const PointPath *paths[2];
	Pair		pair;
	double		metres = PG_GETARG_FLOAT8(2);

	point_paths(fcinfo, paths);
	pair = begin_pair(paths[0]->series, paths[1]->series);
	point_check_metres(pair.metric, metres, "metres");
	pair.best = metres;
	try_paths(&pair, paths[0], paths[1], true);
	PG_RETURN_BOOL(pair.found);
}

/* null where the two are never known at once */
PG_FUNCTION_INFO_V1(territory_point_nearest_approach);
Datum
territory_point_nearest_approach(PG_FUNCTION_ARGS)
{
	const PointPath *paths[2];
	Pair		pair;
	TupleDesc	desc;
	Datum		values[2];
	bool		nulls[2] = {false};

	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	point_paths(fcinfo, paths);
	pair = begin_pair(paths[0]->series, paths[1]->series);
	try_paths(&pair, paths[0], paths[1], false);
	nulls[0] = nulls[1] = !pair.found;
	values[0] = TimestampTzGetDatum(pair.at);
	values[1] = Float8GetDatum(pair.found ? float_checked(pair.best) : 0);
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc), values, nulls)));
}

/* ---- distance over time ---- */

static SeriesInterpolation
pair_interpolation(const Series *a, const Series *b)
{
	if (a->interpolation == SERIES_DISCRETE || b->interpolation == SERIES_DISCRETE)
		return SERIES_DISCRETE;
	if (a->interpolation != b->interpolation)
		ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
						errmsg("the distance between a step and a linear series is neither"),
						errhint("Give both the same interpolation with set_interpolation().")));
	return a->interpolation;
}

/* what is there already is not added again; starts is for the first that is added */
static void
add_distance(Series *result, TimestampTz t, double distance, bool *starts)
{
	if (result->n > 0 && result->t[result->n - 1] >= t)
		return;
	series_add(result, t, &distance, *starts);
	*starts = result->interpolation == SERIES_DISCRETE;
}

static void
add_stretch(Pair *pair, const PointPiece *a, const PointPiece *b, Series *result, bool starts)
{
	add_distance(result, a->start, point_metres(pair->metric, a->p, b->p, pair->dims), &starts);
	if (result->interpolation != SERIES_LINEAR || a->start == a->end)
		return;
	pair->best = INFINITY;
	pair->found = false;
	try_stretch(pair, a, b);
	if (pair->at > a->start && pair->at < a->end)
		add_distance(result, pair->at, pair->best, &starts);
	add_distance(result, a->end, point_metres(pair->metric, a->q, b->q, pair->dims), &starts);
}

PG_FUNCTION_INFO_V1(territory_point_pair_distance);
Datum
territory_point_pair_distance(PG_FUNCTION_ARGS)
{
	Series	   *a = PG_GETARG_SERIES(0),
			   *b = PG_GETARG_SERIES(1),
			   *result;
	Pair		pair = begin_pair(a, b);
	PointPairWalk walk;
	PointPiece	pieces[2];
	TimestampTz end = DT_NOBEGIN;

	result = series_new(SERIES_FLOAT, pair_interpolation(a, b), 0, 1, Max(a->n, b->n));
	point_pair_start(&walk, a, b);
	while (point_pair_next(&walk, &pieces[0], &pieces[1]))
	{
		if (result->n % 1024 == 0)
			CHECK_FOR_INTERRUPTS();
		add_stretch(&pair, &pieces[0], &pieces[1], result,
					pieces[0].start > end || result->interpolation == SERIES_DISCRETE);
		end = pieces[0].end;
	}
	RETURN_SERIES_OR_NULL(result);
}
