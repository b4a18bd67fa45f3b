/*
 * point.h
 *	  Points as PostGIS serializes them, behind their length word: three bytes
 *	  of SRID, flags, type, number of points, coordinates.
 *
 * The idea: a point's coordinates are read where they lie.  Nothing of PostGIS
 * is called or linked.
 */
#ifndef SEGMENT_POINT_H
#define SEGMENT_POINT_H

#include "territory.h"

/* SRID, flags, type, count */
#define POINT_HEADER 12
#define POINT_MAX_DIMENSIONS 4

/* type of a geometry */
#define GEOMETRY_POINT 1
#define GEOMETRY_LINE 2

/* flags, the fourth byte */
#define GEOMETRY_HAS_Z 0x01
#define GEOMETRY_HAS_M 0x02
#define GEOMETRY_HAS_BOX 0x04
#define GEOMETRY_GEODETIC 0x08
#define GEOMETRY_EXTENDED 0x10
#define GEOMETRY_VERSION_2 0x40

typedef enum PointFound
{
	POINT_NONE,					/* another geometry */
	POINT_EMPTY,
	POINT_FOUND,
} PointFound;

static inline int32
geometry_srid(const char *bytes)
{
	const uint8 *b = (const uint8 *) bytes;
	uint32		srid = (uint32) b[0] << 16 | (uint32) b[1] << 8 | b[2];

	/* 21 bits, the highest is the sign */
	return (int32) (srid << 11) >> 11;
}

/* two dimensions or three: what a point measures (M) is left out */
static inline PointFound
geometry_read_point(const char *bytes, size_t len, int *dims, double *v)
{
	uint8		flags = len >= POINT_HEADER ? bytes[3] : 0;
	size_t		at = 4;
	uint32		head[2];		/* type and number of points */

	if ((flags & GEOMETRY_VERSION_2) && (flags & GEOMETRY_EXTENDED))
		at += 8;
	*dims = flags & GEOMETRY_HAS_Z ? 3 : 2;
	if (flags & GEOMETRY_HAS_BOX)
		at += 2 * sizeof(float) * (*dims + ((flags & GEOMETRY_HAS_M) != 0));
	if (len < at + sizeof head)
		return POINT_NONE;
	memcpy(head, bytes + at, sizeof head);
	at += sizeof head;
	if (head[0] != GEOMETRY_POINT || head[1] > 1)
		return POINT_NONE;
	if (head[1] == 0)
		return POINT_EMPTY;
	if (len < at + *dims * sizeof(double))
		return POINT_NONE;
	memcpy(v, bytes + at, *dims * sizeof(double));
	return POINT_FOUND;
}

#endif
