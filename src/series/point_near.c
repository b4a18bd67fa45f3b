/*
 * point_near.c
 *	  When a moving point is near a geometry, when it is inside, and how far it
 *	  is from it.
 *
 * The idea: the motion of a piece and each edge that the tree of the target
 * gives for it are solved in a plane (point_kernel.c).  In a geographic SRID
 * that is the tangent plane at the middle latitude of the two, motions longer
 * than 5 km are cut for it, and what it gives is made exact by
 * geodesics: an end of a period by the secant method, a distance by measuring
 * it.  Edges are straight in longitude and latitude there, as motions are.
 *
 * Heights are not looked at.  Times are rounded to the microsecond.
 */
#include "territory.h"

#include "fmgr.h"
#include "miscadmin.h"
#include "utils/timestamp.h"

#include "series/point.h"

/* a target, and how to measure */
typedef struct Near
{
	PointTarget *target;
	const PointMetric *metric;
	double		metres;
	double	   *parts;			/* intervals of u, two numbers each */
	int			num_parts;
	int			room_parts;
} Near;

static Near
begin_near(FunctionCallInfo fcinfo, const SeriesReader *reader, double metres, bool areas_only)
{
	Near		near = {.target = point_target(fcinfo, 1, areas_only), .metres = metres, .room_parts = 16};

	point_check_same_srid(reader->srid, point_target_srid(near.target));
	near.metric = areas_only ? NULL : point_metric(reader->srid);
	if (near.metric)
		point_check_metres(near.metric, metres, "metres");
	near.parts = palloc(near.room_parts * 2 * sizeof(double));
	return near;
}

static void
add_part(Near *near, double from, double to)
{
	if (near->num_parts == near->room_parts)
	{
		near->room_parts *= 2;
		near->parts = repalloc_huge(near->parts, near->room_parts * 2 * sizeof(double));
	}
	near->parts[2 * near->num_parts] = from;
	near->parts[2 * near->num_parts++ + 1] = to;
}

static int
compare_parts(const void *a, const void *b)
{
	const double *x = a,
			   *y = b;

	return x[0] < y[0] ? -1 : x[0] > y[0] ? 1 : x[1] < y[1] ? -1 : x[1] > y[1];
}

/* the intervals of a piece as periods, in order */
static void
flush_parts(Near *near, const PointPiece *piece, PeriodSet *set)
{
	if (near->num_parts == 0)
		return;
	qsort(near->parts, near->num_parts, 2 * sizeof(double), compare_parts);
	for (int i = 0; i < near->num_parts; i++)
	{
		TimestampTz from = point_instant(piece->start, piece->end, near->parts[2 * i]),
					to = point_instant(piece->start, piece->end, near->parts[2 * i + 1]);

		periods_add(set, from, true, to, !(piece->open && to == piece->end));
	}
	near->num_parts = 0;
}

static PointBox
piece_box(const double *p, const double *q)
{
	PointBox	box;

	point_box_none(&box);
	point_box_add(&box, p);
	point_box_add(&box, q);
	return box;
}

/* ---- inside ---- */

static int
compare_doubles(const void *a, const void *b)
{
	double		x = *(const double *) a,
				y = *(const double *) b;

	return x < y ? -1 : x > y;
}

/*
 * The intervals over which a piece is in an area: between two neighbours of the
 * places where it meets an edge it is all inside or all outside.  *inside says
 * how the piece before it ended (-1: not known, or not where this one starts),
 * and is told how this one ends.
 */
static void
piece_inside(Near *near, const PointPiece *piece, int *inside)
{
	static const double none[2] = {0, 0};
	PointBox	box = piece_box(piece->p, piece->q);
	int			found = point_stays(piece) ? 0 : point_target_search(near->target, &box, none);
	double	   *meets,
				u[2],
				middle[SERIES_DIMS];
	int			n = 0;

	if (found == 0)
	{
		/* no edge is near, so all of it is where its start is */
		if (*inside < 0)
			*inside = point_target_covers(near->target, piece->p);
		if (*inside)
			add_part(near, 0, 1);
		return;
	}
	meets = palloc((2 * (Size) found + 2) * sizeof(double));
	meets[n++] = 0;
	meets[n++] = 1;
	for (int e = 0; e < found; e++)
	{
		int			count = kernel_crossings(piece->p, piece->q, point_target_found(near->target, e), u);

		for (int i = 0; i < count; i++)
		{
			meets[n++] = u[i];
			add_part(near, u[i], u[i]);
		}
		/* along an edge it is on the border */
		if (count == 2)
			add_part(near, u[0], u[1]);
	}
	qsort(meets, n, sizeof(double), compare_doubles);
	for (int i = 0; i + 1 < n; i++)
	{
		if (meets[i] == meets[i + 1])
			continue;
		point_place(piece, (meets[i] + meets[i + 1]) / 2, middle);
		if (point_target_covers(near->target, middle))
			add_part(near, meets[i], meets[i + 1]);
	}
	pfree(meets);
	*inside = -1;
}

/* ---- within a distance ---- */

/* what units are worth between a place and the edge */
static void
scale_beside(const Near *near, const double *p, const PointEdge *edge, double *scale)
{
	double		nearest[2];

	point_scale(near->metric, p[1], scale);
	if (!near->metric->geographic)
		return;
	kernel_nearest_on_edge(p, edge, scale, nearest);
	point_scale(near->metric, (p[1] + nearest[1]) / 2, scale);
}

/* the distance from where a piece is at u to an edge, on the spheroid */
static double
distance_at(const Near *near, const PointPiece *piece, double u, const PointEdge *edge)
{
	double		p[SERIES_DIMS],
				nearest[2],
				scale[2];

	point_place(piece, u, p);
	scale_beside(near, p, edge, scale);
	kernel_nearest_on_edge(p, edge, scale, nearest);
	return point_metres(near->metric, p, nearest, 2);
}

/* an end of an interval, where it is within the piece, moved to where the geodesic has the length */
static double
refine_end(const Near *near, const PointPiece *piece, double u, const PointEdge *edge)
{
	double		error;

	if (!near->metric->geographic || u <= 0 || u >= 1)
		return u;
	error = distance_at(near, piece, u, edge) - near->metres;
	for (int i = 0; i < 4 && fabs(error) > 1e-6; i++)
	{
		double		step = u < 0.5 ? 1e-3 : -1e-3,
					slope = (distance_at(near, piece, u + step, edge) - near->metres - error) / step,
					next = u - error / slope,
					rest;

		/* where a distance hardly changes, no end is better than another */
		if (!(next > 0 && next < 1 && fabs(next - u) < 0.1))
			break;
		rest = distance_at(near, piece, next, edge) - near->metres;
		if (fabs(rest) >= fabs(error))
			break;
		u = next;
		error = rest;
	}
	return u;
}

/* a piece short enough for its plane, its u from base on being a part of the whole's */
static void
part_within(Near *near, const PointPiece *piece, double base, double share)
{
	PointBox	box = piece_box(piece->p, piece->q);
	double		margin[2],
				middle[SERIES_DIMS],
				scale[2],
				u[2];
	int			found;

	point_margin(near->metric, box.min[1], box.max[1], near->metres, margin);
	if (!point_boxes_meet(point_target_box(near->target), &box, margin))
		return;
	found = point_target_search(near->target, &box, margin);
	point_place(piece, 0.5, middle);
	for (int e = 0; e < found; e++)
	{
		const PointEdge *edge = point_target_found(near->target, e);

		scale_beside(near, middle, edge, scale);
		if (!kernel_within(piece->p, piece->q, edge, scale, near->metres, u))
			continue;
		u[0] = refine_end(near, piece, u[0], edge);
		u[1] = refine_end(near, piece, u[1], edge);
		if (u[0] <= u[1])
			add_part(near, base + u[0] * share, base + u[1] * share);
	}
}

static void
piece_within(Near *near, const PointPiece *piece)
{
	int			n = point_cuts(near->metric, piece);
	PointPiece	part;

	for (int k = 0; k < n; k++)
	{
		point_cut(piece, k, n, &part);
		part_within(near, &part, (double) k / n, 1.0 / n);
	}
}

/* what units of the target's box have to be looked at besides */
static void
target_margin(const Near *near, double *margin)
{
	const PointBox *box = point_target_box(near->target);

	point_margin(near->metric, box->min[1], box->max[1], near->metres, margin);
}

/* may the pieces of the next POINT_RUN instants matter?  If not, the walk is past them. */
static bool
run_matters(const Near *near, PointWalk *walk, const double *margin)
{
	const Series *series = walk->series;
	int			end = Min(walk->next + POINT_RUN, series->n - 1);
	PointBox	box;

	point_box_none(&box);
	for (int i = walk->next; i <= end; i++)
	{
		double		p[2] = {series->v[0][i], series->v[1][i]};

		point_box_add(&box, p);
	}
	if (point_boxes_meet(point_target_box(near->target), &box, margin))
		return true;
	walk->next += POINT_RUN;
	return false;
}

/* when a point is in an area of the target, or, if so asked, within the distance of it */
static Datum
near_periods(SeriesReader *reader, Near *near, const double *margin, bool within)
{
	PeriodSet  *set = periods_new();
	bool		areas = !within || point_target_has_area(near->target);
	Series	   *series;
	int			block = 0;

	while ((series = point_read_near(reader, &block, point_target_box(near->target), margin)) != NULL)
	{
		PointWalk	walk;
		PointPiece	piece;
		int			inside = -1;

		point_walk_start(&walk, series, DT_NOBEGIN, DT_NOEND);
		for (;;)
		{
			if (walk.next % 1024 == 0)
				CHECK_FOR_INTERRUPTS();
			if (walk.next % POINT_RUN == 0 && walk.next < series->n && !run_matters(near, &walk, margin))
			{
				inside = -1;
				continue;
			}
			if (!point_walk_next(&walk, &piece))
				break;
			if (series->starts[piece.index] || series->interpolation != SERIES_LINEAR)
				inside = -1;
			if (within)
				piece_within(near, &piece);
			if (areas)
				piece_inside(near, &piece, &inside);
			flush_parts(near, &piece, set);
		}
		series_free(series);
	}
	return periods_multirange(set);
}

PG_FUNCTION_INFO_V1(territory_point_when_inside);
Datum
territory_point_when_inside(PG_FUNCTION_ARGS)
{
	static const double none[2] = {0, 0};
	SeriesReader *reader = series_open(PG_GETARG_DATUM(0), SERIES_POINT);
	Near		near = begin_near(fcinfo, reader, 0, true);

	PG_RETURN_DATUM(near_periods(reader, &near, none, false));
}

PG_FUNCTION_INFO_V1(territory_point_when_within);
Datum
territory_point_when_within(PG_FUNCTION_ARGS)
{
	SeriesReader *reader = series_open(PG_GETARG_DATUM(0), SERIES_POINT);
	Near		near = begin_near(fcinfo, reader, PG_GETARG_FLOAT8(2), false);
	double		margin[2];

	target_margin(&near, margin);
	PG_RETURN_DATUM(near_periods(reader, &near, margin, true));
}

/* ---- ever ---- */

static bool
part_ever(const Near *near, const PointPiece *piece)
{
	PointBox	box = piece_box(piece->p, piece->q);
	double		margin[2],
				middle[SERIES_DIMS],
				scale[2],
				u;
	int			found;

	point_margin(near->metric, box.min[1], box.max[1], near->metres, margin);
	found = point_target_search(near->target, &box, margin);
	point_place(piece, 0.5, middle);
	for (int e = 0; e < found; e++)
	{
		const PointEdge *edge = point_target_found(near->target, e);
		double		distance;

		scale_beside(near, middle, edge, scale);
		distance = kernel_closest(piece->p, piece->q, edge, scale, &u);
		if (near->metric->geographic && distance > 0)
			distance = distance_at(near, piece, u, edge);
		if (distance <= near->metres)
			return true;
	}
	return false;
}

static bool
series_ever(const Near *near, const Series *series, TimestampTz from, TimestampTz to)
{
	PointWalk	walk;
	PointPiece	piece,
				part;
	bool		first = true;

	point_walk_start(&walk, series, from, to);
	while (point_walk_next(&walk, &piece))
	{
		int			n = point_cuts(near->metric, &piece);

		if (piece.index % 1024 == 0)
			CHECK_FOR_INTERRUPTS();
		/* from outside, the inside is reached across an edge */
		if ((first || series->starts[piece.index] || series->interpolation != SERIES_LINEAR) &&
			point_target_covers(near->target, piece.p))
			return true;
		first = false;
		for (int k = 0; k < n; k++)
		{
			point_cut(&piece, k, n, &part);
			if (part_ever(near, &part))
				return true;
		}
	}
	return false;
}

/* ever_within(series, geom, metres [, during]) */
PG_FUNCTION_INFO_V1(territory_point_ever_within);
Datum
territory_point_ever_within(PG_FUNCTION_ARGS)
{
	SeriesReader *reader = series_open(PG_GETARG_DATUM(0), SERIES_POINT);
	Near		near = begin_near(fcinfo, reader, PG_GETARG_FLOAT8(2), false);
	TimestampTz from = DT_NOBEGIN,
				to = DT_NOEND;
	double		margin[2];
	Series	   *series;
	int			block = 0;

	if (PG_NARGS() > 3)
	{
		if (!point_get_period(PG_GETARG_DATUM(3), &from, &to))
			PG_RETURN_BOOL(false);
		series = series_read_around(reader, from, to);
		PG_RETURN_BOOL(series != NULL && series_ever(&near, series, from, to));
	}
	target_margin(&near, margin);
	while ((series = point_read_near(reader, &block, point_target_box(near.target), margin)) != NULL)
		if (series_ever(&near, series, from, to))
			PG_RETURN_BOOL(true);
	PG_RETURN_BOOL(false);
}

/* ---- distance ---- */

/* where within a short piece it is closest to the target, if that is nearer than *best */
static void
part_closest(const Near *near, const PointPiece *piece, double base, double share, double *best, double *at)
{
	PointBox	box = piece_box(piece->p, piece->q);
	double		margin[2],
				middle[SERIES_DIMS],
				scale[2],
				u;
	int			found;

	/* no edge farther than what is known can be nearer */
	point_margin(near->metric, box.min[1], box.max[1], *best * 1.001, margin);
	found = point_target_search(near->target, &box, margin);
	point_place(piece, 0.5, middle);
	for (int e = 0; e < found; e++)
	{
		const PointEdge *edge = point_target_found(near->target, e);
		double		distance;

		scale_beside(near, middle, edge, scale);
		distance = kernel_closest(piece->p, piece->q, edge, scale, &u);
		if (near->metric->geographic && distance > 0)
			distance = distance_at(near, piece, u, edge);
		if (distance < *best)
		{
			*best = distance;
			*at = base + u * share;
		}
	}
}

/* the instants at which a piece meets an area, with 0; were there any? */
static bool
add_zeros(Near *near, const PointPiece *piece, Series *result)
{
	const double zero = 0;
	int			inside = -1,
				n;

	piece_inside(near, piece, &inside);
	n = near->num_parts;
	qsort(near->parts, n, 2 * sizeof(double), compare_parts);
	near->num_parts = 0;
	for (int i = 0; i < 2 * n; i++)
	{
		TimestampTz t = point_instant(piece->start, piece->end, near->parts[i]);

		if (t > result->t[result->n - 1] && t < piece->end)
			series_add(result, t, &zero, false);
	}
	return n > 0;
}

/*
 * A motion: its start, and the instants at which it enters and leaves areas, or
 * at which it is closest.  Its end is the next one's start.
 */
static void
piece_distances(Near *near, const PointPiece *piece, double first, double last, Series *result, bool starts)
{
	double		best = Min(first, last),
				at = 0;
	int			n;
	TimestampTz t;

	series_add(result, piece->start, &first, starts);
	if (piece->start == piece->end || point_stays(piece) ||
		(point_target_has_area(near->target) && add_zeros(near, piece, result)))
		return;
	n = point_cuts(near->metric, piece);
	for (int k = 0; k < n; k++)
	{
		PointPiece	part;

		point_cut(piece, k, n, &part);
		part_closest(near, &part, (double) k / n, 1.0 / n, &best, &at);
	}
	t = point_instant(piece->start, piece->end, at);
	if (t > piece->start && t < piece->end)
		series_add(result, t, &best, false);
}

PG_FUNCTION_INFO_V1(territory_point_distance_to);
Datum
territory_point_distance_to(PG_FUNCTION_ARGS)
{
	SeriesReader *reader = series_open(PG_GETARG_DATUM(0), SERIES_POINT);
	Near		near = begin_near(fcinfo, reader, 0, false);
	Series	   *series = series_read(reader, 0, reader->num_blocks - 1);
	Series	   *result = series_new(SERIES_FLOAT, series->interpolation, 0, 1, series->n);
	PointPiece	piece = {0};
	double		last;

	point_get(series, 0, piece.q);
	last = point_target_distance(near.target, near.metric, piece.q);
	for (int i = 0; i < series->n; i++)
	{
		double		first = last;

		if (i % 1024 == 0)
			CHECK_FOR_INTERRUPTS();
		memcpy(piece.p, piece.q, sizeof piece.p);
		piece.start = piece.end = series->t[i];
		if (i + 1 < series->n)
		{
			point_get(series, i + 1, piece.q);
			last = point_target_distance(near.target, near.metric, piece.q);
			if (point_moves(series, i))
				piece.end = series->t[i + 1];
		}
		piece_distances(&near, &piece, first, last, result, series->starts[i]);
	}
	PG_RETURN_DATUM(series_expand(result));
}
