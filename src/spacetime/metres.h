/*
 * metres.h
 *	  Boxes of positions, grown by a distance.
 */
#ifndef METRES_H
#define METRES_H

#include "postgres.h"

/* geographic: the SRID's coordinates are angles, whose longitudes end where they begin */
extern bool metres_are_angles(int32 srid);
extern double metres_half_turn(int32 srid);
extern double metres_add_outwards(double a, double b, double towards);
extern void metres_grow(int32 srid, double *min, double *max, double metres);

#endif
