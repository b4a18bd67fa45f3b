/*
 * metres.c
 *	  Boxes of positions, grown by a distance.
 *
 * The idea: in a projected SRID a distance is in the units of its coordinates.
 * In a geographic one it is in metres on the spheroid, and a way so long changes
 * the latitude by no more than it does at the equator, where a degree of latitude
 * is shortest, and the longitude by no more than along the parallel that is
 * nearest to a pole among those it can reach, where a degree of longitude is
 * shortest.
 *
 * Invariant: what is within the distance of something in the box is in the grown
 * box.  Where a pole is within reach, and where the box goes over the
 * antimeridian, that has all longitudes.
 */
#include "spacetime/metres.h"

#include <math.h>

#include "fmgr.h"

#include "series/point.h"

bool
metres_are_angles(int32 srid)
{
	return point_metric(srid)->geographic;
}

/* 180 degrees in the unit of a geographic SRID */
double
metres_half_turn(int32 srid)
{
	return 180 / point_metric(srid)->degrees;
}

/* a sum, never above (below) the exact one; exact where that is a double; never -0 */
double
metres_add_outwards(double a, double b, double towards)
{
	double		sum = a + b,
				part = sum - a,
				rest = (a - (sum - part)) + (b - part);

	/* NaN, of infinities, is no rest */
	if (towards < 0 ? rest < 0 : rest > 0)
		sum = nextafter(sum, towards);
	return sum + 0.0;
}

/* of x and y; metres from 0 on, infinite ones too */
void
metres_grow(int32 srid, double *min, double *max, double metres)
{
	const PointMetric *metric = point_metric(srid);
	double		half = 180 / metric->degrees,
				pole = half / 2,
				margin[2];
	PointBox	before = {{min[0], min[1]}, {max[0], max[1]}};

	point_margin(metric, min[1], max[1], metres, margin);
	for (int d = 0; d < 2; d++)
	{
		min[d] = metres_add_outwards(min[d], -margin[d], -INFINITY);
		max[d] = metres_add_outwards(max[d], margin[d], INFINITY);
	}
	if (!metric->geographic)
		return;
	if (max[1] >= pole || min[1] <= -pole || min[0] < -half || max[0] > half)
	{
		min[0] = Min(before.min[0], -half);
		max[0] = Max(before.max[0], half);
	}
	/* no further than the poles, unless the box was there already */
	min[1] = Max(min[1], Min(-pole, before.min[1]));
	max[1] = Min(max[1], Max(pole, before.max[1]));
}

PG_FUNCTION_INFO_V1(territory_is_geographic);
Datum
territory_is_geographic(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(metres_are_angles(PG_GETARG_INT32(0)));
}
