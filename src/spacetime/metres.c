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

/* of x and y; metres from 0 on, infinite ones too */
void
metres_grow(int32 srid, double *min, double *max, double metres)
{
	const PointMetric *metric = point_metric(srid);
	double		half = 180 / metric->degrees,
				margin[2];

	point_margin(metric, min[1], max[1], metres, margin);
	for (int d = 0; d < 2; d++)
	{
		min[d] -= margin[d];
		max[d] += margin[d];
	}
	if (!metric->geographic)
		return;
	min[1] = Max(min[1], -half / 2);
	max[1] = Min(max[1], half / 2);
	if (min[0] < -half || max[0] > half)
	{
		min[0] = -half;
		max[0] = half;
	}
}
