/*
 * point_simplify.c
 *	  Fewer instants for the same motion, within a tolerance.
 *
 * The idea: between two instants that are kept, the one farthest from what they
 * alone would say is kept, too, if it is farther than the tolerance (Douglas and
 * Peucker, 1973).  Far is either from the line between the two, which keeps the
 * path, or from where the point would be at that time, which keeps the motion
 * (the synchronised distance of Meratnia and de By, 2004).
 *
 * Invariant: ends of sections are kept, and instants stay as they are.  With a
 * stack of our own: a series may be as long as memory allows.
 */
#include "territory.h"

#include "fmgr.h"
#include "miscadmin.h"
#include "utils/builtins.h"

#include "series/point.h"

/* a series, and what units are worth at each of its instants */
typedef struct Simplifier
{
	const Series *series;
	double		(*scale)[2];	/* NULL: 1 everywhere */
	bool		synchronous;
	bool	   *keep;
} Simplifier;

static void
prepare_scales(Simplifier *simplifier, const PointMetric *metric)
{
	const Series *series = simplifier->series;

	if (!metric->geographic && series->dims == 2)
		return;
	simplifier->scale = palloc_extended(series->n * sizeof *simplifier->scale, MCXT_ALLOC_HUGE);
	for (int i = 0; i < series->n; i++)
		point_scale(metric, series->v[1][i], simplifier->scale[i]);
}

/* where along the stretch from a to b instant i is to be looked for: 0 to 1 */
static double
place_along(const Simplifier *simplifier, int a, int b, int i)
{
	const Series *series = simplifier->series;
	double		along = 0,
				length = 0;

	if (simplifier->synchronous)
		return (double) (series->t[i] - series->t[a]) / (double) (series->t[b] - series->t[a]);
	for (int d = 0; d < series->dims; d++)
	{
		double		unit = d < 2 ? simplifier->scale[i][d] : 1,
					way = (series->v[d][b] - series->v[d][a]) * unit;

		along += (series->v[d][i] - series->v[d][a]) * unit * way;
		length += way * way;
	}
	return length == 0 || along <= 0 ? 0 : along >= length ? 1 : along / length;
}

/* the square of how far instant i is from what a and b say */
static inline double
off_square(const Simplifier *simplifier, int a, int b, int i)
{
	const Series *series = simplifier->series;
	double		u = place_along(simplifier, a, b, i),
				sum = 0;

	for (int d = 0; d < series->dims; d++)
	{
		const double *v = series->v[d];
		double		off = (v[i] - v[a] - u * (v[b] - v[a])) * (d < 2 ? simplifier->scale[i][d] : 1);

		sum += off * off;
	}
	return sum;
}

/* the instant between a and b that is farthest off, if farther than the square says; else -1 */
static int
find_farthest(const Simplifier *simplifier, int a, int b, double most)
{
	int			farthest = -1;

	for (int i = a + 1; i < b; i++)
	{
		double		off = off_square(simplifier, a, b, i);

		if (off > most)
		{
			most = off;
			farthest = i;
		}
	}
	return farthest;
}

/* the same in a plane of two dimensions, which most are: what depends on a and b only is taken out of the loop */
static int
find_farthest_in_plane(const Simplifier *simplifier, int a, int b, double most)
{
	const Series *series = simplifier->series;
	const double *x = series->v[0],
			   *y = series->v[1];
	double		way_x = x[b] - x[a],
				way_y = y[b] - y[a],
				length = way_x * way_x + way_y * way_y,
				time = (double) (series->t[b] - series->t[a]);
	int			farthest = -1;

	for (int i = a + 1; i < b; i++)
	{
		double		off_x = x[i] - x[a],
					off_y = y[i] - y[a],
					u = simplifier->synchronous ? (double) (series->t[i] - series->t[a]) / time :
			length == 0 ? 0 : (off_x * way_x + off_y * way_y) / length,
					off;

		u = u < 0 ? 0 : u > 1 ? 1 : u;
		off_x -= u * way_x;
		off_y -= u * way_y;
		off = off_x * off_x + off_y * off_y;
		if (off > most)
		{
			most = off;
			farthest = i;
		}
	}
	return farthest;
}

/* from one instant that is kept to another, both of one section */
static void
simplify_section(Simplifier *simplifier, int first, int last, double metres)
{
	int			room = 64,
				depth = 0,
				(*stack)[2] = palloc(room * sizeof *stack);

	stack[depth][0] = first;
	stack[depth++][1] = last;
	while (depth > 0)
	{
		int			a = stack[--depth][0],
					b = stack[depth][1],
					farthest;

		CHECK_FOR_INTERRUPTS();
		if (simplifier->scale)
			farthest = find_farthest(simplifier, a, b, metres * metres);
		else
			farthest = find_farthest_in_plane(simplifier, a, b, metres * metres);
		if (farthest < 0)
			continue;
		simplifier->keep[farthest] = true;
		if (depth + 2 > room)
		{
			room *= 2;
			stack = repalloc_huge(stack, room * sizeof *stack);
		}
		stack[depth][0] = farthest;
		stack[depth++][1] = b;
		stack[depth][0] = a;
		stack[depth++][1] = farthest;
	}
	pfree(stack);
}

static bool
method_is_synchronous(const char *method)
{
	if (pg_strcasecmp(method, "synchronous") == 0)
		return true;
	if (pg_strcasecmp(method, "douglas_peucker") != 0)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("unknown method \"%s\"", method),
						errhint("Methods are \"douglas_peucker\" and \"synchronous\".")));
	return false;
}

/* simplify(series, metres, method) */
PG_FUNCTION_INFO_V1(territory_point_simplify);
Datum
territory_point_simplify(PG_FUNCTION_ARGS)
{
	Series	   *series = PG_GETARG_SERIES(0);
	double		metres = PG_GETARG_FLOAT8(1);
	const PointMetric *metric = point_metric(series->srid);
	Simplifier	simplifier = {.series = series};
	Series	   *result;

	simplifier.synchronous = method_is_synchronous(text_to_cstring(PG_GETARG_TEXT_PP(2)));
	if (series->interpolation != SERIES_LINEAR)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("a %s series has no motion to simplify", series_interpolation_name(series->interpolation)),
						errhint("set_interpolation(series, 'linear') makes a motion of it.")));
	point_check_metres(metric, metres, "metres");
	prepare_scales(&simplifier, metric);
	simplifier.keep = palloc0(series->n * sizeof(bool));
	for (int first = 0, i = 0; i < series->n; i++)
	{
		if (point_moves(series, i))
			continue;
		simplifier.keep[first] = simplifier.keep[i] = true;
		simplify_section(&simplifier, first, i, metres);
		first = i + 1;
	}
	result = series_like(series, 0);
	for (int i = 0; i < series->n; i++)
		if (simplifier.keep[i])
			series_add_instant(result, series, i, series->t[i], series->starts[i]);
	PG_RETURN_DATUM(series_expand(result));
}
