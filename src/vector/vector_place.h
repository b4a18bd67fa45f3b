/*
 * vector_place.h
 *	  Group keys that are functions of a position: the cell of a place.
 *
 * A key f(point column, what depends on no row ...) is evaluated on a block's
 * decoded coordinates, and where f is the same in all of the block's box, not
 * at all.  To give f this, in the file of its C function:
 *
 *		values	f of some rows, whose coordinates are at these places of x and y
 *		box		is f the same of all points in this box (xmin, ymin, xmax, ymax),
 *				and which?
 *		count	for the planner: how many has it in such a box, at most?  0: it is
 *				not known, or an error, which planning must not meet
 *
 * function is f's own, for fn_extra, others are f's arguments after the first,
 * none of which is null; f is strict, gives null of an empty point and of no
 * other, looks at x, y and SRID only, and its type is passed by value.
 */
#ifndef VECTOR_PLACE_H
#define VECTOR_PLACE_H

#include "territory.h"
#include "fmgr.h"
#include "nodes/execnodes.h"

typedef void (*PlaceValues) (FmgrInfo *function, const Datum *others, int32 srid, const double *x, const double *y,
							 const int *rows, int n, Datum *values);
typedef bool (*PlaceBox) (FmgrInfo *function, const Datum *others, int32 srid, const float *box, Datum *value);

typedef double (*PlaceCount) (const Datum *others, int32 srid, const float *box);

extern void vector_place_register(const char *symbol, PGFunction function, PlaceValues values, PlaceBox box, PlaceCount count);

#endif
