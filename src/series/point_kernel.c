/*
 * point_kernel.c
 *	  Straight motions and straight edges in a plane.
 *
 * A motion leads from p to q at one speed, u being the part of it that is
 * done; an edge is a segment, or a point.  scale gives what a unit of x and y
 * is worth, so that one code serves planes and the tangent plane of a
 * spheroid.  Whatever is within a distance of a segment is convex, so a motion
 * is within it during one interval; GEOS has no time and knows none of this.
 */
#include "postgres.h"

#include <math.h>

#include "series/point.h"

/* the square of the distance from p to an edge, and the place on the edge */
static double
nearest_square(const double *p, const PointEdge *edge, const double *scale, double *part)
{
	double		ex = (edge->b[0] - edge->a[0]) * scale[0],
				ey = (edge->b[1] - edge->a[1]) * scale[1],
				px = (p[0] - edge->a[0]) * scale[0],
				py = (p[1] - edge->a[1]) * scale[1],
				length = ex * ex + ey * ey,
				s = length > 0 ? (px * ex + py * ey) / length : 0;

	s = s < 0 ? 0 : s > 1 ? 1 : s;
	*part = s;
	px -= s * ex;
	py -= s * ey;
	return px * px + py * py;
}

double
kernel_nearest_on_edge(const double *p, const PointEdge *edge, const double *scale, double *nearest)
{
	double		s,
				square = nearest_square(p, edge, scale, &s);

	for (int c = 0; c < 2; c++)
		nearest[c] = s <= 0 ? edge->a[c] : s >= 1 ? edge->b[c] : edge->a[c] + s * (edge->b[c] - edge->a[c]);
	return sqrt(square);
}

/* the u at which low <= start + u * change <= high; false where there is none */
static bool
linear_between(double start, double change, double low, double high, double *u)
{
	double		u0,
				u1;

	if (change == 0)
		return start >= low && start <= high;
	u0 = (low - start) / change;
	u1 = (high - start) / change;
	u[0] = Max(u[0], Min(u0, u1));
	u[1] = Min(u[1], Max(u0, u1));
	return u[0] <= u[1];
}

/* the u at which a motion that starts at (x, y) is within a distance of the origin */
static bool
within_origin(double x, double y, double dx, double dy, double metres, double *u)
{
	double		a = dx * dx + dy * dy,
				b = x * dx + y * dy,
				c = x * x + y * y - metres * metres,
				root;

	if (a == 0)
		return c <= 0;
	root = b * b - a * c;
	if (root < 0)
		return false;
	root = sqrt(root);
	/* the larger of the two in size first, the other by Vieta, so that none cancels */
	if (b > 0)
	{
		u[0] = Max(u[0], (-b - root) / a);
		u[1] = Min(u[1], c / (-b - root));
	}
	else
	{
		u[1] = Min(u[1], (-b + root) / a);
		u[0] = Max(u[0], -b + root == 0 ? 0 : c / (-b + root));
	}
	return u[0] <= u[1];
}

static void
widen(double *u, const double *by)
{
	u[0] = Min(u[0], by[0]);
	u[1] = Max(u[1], by[1]);
}

/*
 * The interval of u, cut to [0, 1], over which the motion is within a distance
 * of an edge: of its two ends, or beside it.
 */
bool
kernel_within(const double *p, const double *q, const PointEdge *edge, const double *scale, double metres, double *u)
{
	double		px = (p[0] - edge->a[0]) * scale[0],
				py = (p[1] - edge->a[1]) * scale[1],
				dx = (q[0] - p[0]) * scale[0],
				dy = (q[1] - p[1]) * scale[1],
				ex = (edge->b[0] - edge->a[0]) * scale[0],
				ey = (edge->b[1] - edge->a[1]) * scale[1],
				length = sqrt(ex * ex + ey * ey),
				part[2] = {0, 1};

	u[0] = INFINITY;
	u[1] = -INFINITY;
	if (within_origin(px, py, dx, dy, metres, part))
		widen(u, part);
	if (length > 0)
	{
		part[0] = 0;
		part[1] = 1;
		if (within_origin(px - ex, py - ey, dx, dy, metres, part))
			widen(u, part);
		ex /= length;
		ey /= length;
		part[0] = 0;
		part[1] = 1;
		if (linear_between(px * ex + py * ey, dx * ex + dy * ey, 0, length, part) &&
			linear_between(px * ey - py * ex, dx * ey - dy * ex, -metres, metres, part))
			widen(u, part);
	}
	return u[0] <= u[1];
}

/* twice the area of a triangle: on which side of the line from a to b c lies */
static double
side(const double *a, const double *b, const double *c)
{
	return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]);
}

/* where c lies along the motion from p to q */
static double
along(const double *p, const double *q, const double *c)
{
	int			d = fabs(q[0] - p[0]) >= fabs(q[1] - p[1]) ? 0 : 1;

	return q[d] == p[d] ? 0 : (c[d] - p[d]) / (q[d] - p[d]);
}

/*
 * The u at which a motion meets an edge: none, one, or the two ends of what it
 * has in common with an edge on its line.
 */
int
kernel_crossings(const double *p, const double *q, const PointEdge *edge, double *u)
{
	double		a = side(p, q, edge->a),
				b = side(p, q, edge->b),
				start = side(edge->a, edge->b, p),
				end = side(edge->a, edge->b, q);

	/* what stays crosses nothing */
	if (p[0] == q[0] && p[1] == q[1])
		return 0;
	if ((a > 0 && b > 0) || (a < 0 && b < 0) || (start > 0 && end > 0) || (start < 0 && end < 0))
		return 0;
	if (a == 0 && b == 0)
	{
		double		u0 = along(p, q, edge->a),
					u1 = along(p, q, edge->b);

		u[0] = Max(0, Min(u0, u1));
		u[1] = Min(1, Max(u0, u1));
		return u[0] > u[1] ? 0 : u[0] == u[1] ? 1 : 2;
	}
	u[0] = start == end ? 0 : start / (start - end);
	return 1;
}

/* the least distance from a motion to an edge, and the u at which it is reached */
double
kernel_closest(const double *p, const double *q, const PointEdge *edge, const double *scale, double *u)
{
	PointEdge	motion = {.a = {p[0], p[1]}, .b = {q[0], q[1]}};
	double		ignored,
				part[2],
				best = nearest_square(p, edge, scale, &ignored),
				square;

	*u = 0;
	if (kernel_crossings(p, q, edge, part) > 0)
	{
		*u = part[0];
		return 0;
	}
	square = nearest_square(q, edge, scale, &ignored);
	if (square < best)
	{
		best = square;
		*u = 1;
	}
	square = nearest_square(edge->a, &motion, scale, part);
	if (square < best)
	{
		best = square;
		*u = part[0];
	}
	square = nearest_square(edge->b, &motion, scale, part);
	if (square < best)
	{
		best = square;
		*u = part[0];
	}
	return sqrt(best);
}

/* the u at which two motions are closest, from their difference at the start and at the end */
double
kernel_closest_pair(const double *d0, const double *d1, const double *scale, int dims)
{
	double		change = 0,
				toward = 0;

	for (int d = 0; d < dims; d++)
	{
		double		unit = d < 2 ? scale[d] : 1,
					v = (d1[d] - d0[d]) * unit;

		change += v * v;
		toward -= v * d0[d] * unit;
	}
	return toward <= 0 ? 0 : toward >= change ? 1 : toward / change;
}
