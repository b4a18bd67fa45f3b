/*
 * series_point.h
 *	  Positions of PostGIS as coordinates of a series.
 */
#ifndef SERIES_POINT_H
#define SERIES_POINT_H

#include "series/series.h"

#include "segment/point.h"

/* a position; false where it is empty */
static inline bool
series_position(Datum position, int *dims, int32 *srid, double *v)
{
	struct varlena *plain = PG_DETOAST_DATUM_PACKED(position);
	PointFound	found = geometry_read_point(VARDATA_ANY(plain), VARSIZE_ANY_EXHDR(plain), dims, v);

	if (found == POINT_NONE)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("a point_series is made of points"),
						errhint("ST_Centroid or ST_PointOnSurface gives a point of another geometry.")));
	*srid = geometry_srid(VARDATA_ANY(plain));
	if ((Pointer) plain != DatumGetPointer(position))
		pfree(plain);
	return found == POINT_FOUND;
}

#endif
