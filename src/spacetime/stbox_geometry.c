/*
 * stbox_geometry.c
 *	  Boxes of geometries, and geometries of boxes.
 *
 * The idea: coordinates are read where PostGIS stores them, in double
 * precision; the box that it keeps beside them is of floats, rounded outwards,
 * and not needed.  M is left out.  An arc counts with the extremes of its circle
 * that lie on it.
 *
 * Invariant: nothing is read beyond the value, whatever its counts say.
 */
#include "territory.h"

#include <math.h>

#include "miscadmin.h"

#include "segment/point.h"
#include "series/point.h"
#include "spacetime/stbox.h"

/* types of a geometry, as stored */
#define GEOMETRY_POLYGON 3
#define GEOMETRY_CIRCULAR 8
#define GEOMETRY_TRIANGLE 14
#define GEOMETRY_LAST 15

/* types of WKB, as written */
#define WKB_LINESTRING 2
#define WKB_POLYGON 3

typedef struct Extent
{
	const char *at;				/* what is not read yet */
	const char *end;
	int			stride;			/* coordinates of a point, M included */
	int			dims;
	bool		found;			/* a point */
	double		min[STBOX_DIMS];
	double		max[STBOX_DIMS];
} Extent;

static void
damaged(void)
{
	ereport(ERROR, (errcode(ERRCODE_DATA_CORRUPTED), errmsg("a geometry is shorter than it says"),
					errhint("Restore the row from a backup.")));
}

static uint32
take_count(Extent *extent)
{
	uint32		count;

	if (extent->end - extent->at < (ptrdiff_t) sizeof count)
		damaged();
	memcpy(&count, extent->at, sizeof count);
	extent->at += sizeof count;
	return count;
}

static void
add_place(Extent *extent, const double *p, int dims)
{
	for (int d = 0; d < dims; d++)
	{
		if (isnan(p[d]))
			ereport(ERROR, (errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
							errmsg("a geometry with a coordinate that is NaN has no box")));
		extent->min[d] = Min(extent->min[d], p[d]);
		extent->max[d] = Max(extent->max[d], p[d]);
	}
	extent->found = true;
}

/*
 * The arc from a over b to c reaches an extreme of its circle where that is on
 * b's side of the chord from a to c.  Where a and c are one place, it is a whole
 * circle, b opposite.
 */
static void
add_arc(Extent *extent, const double *a, const double *b, const double *c)
{
	double		bx = b[0] - a[0],
				by = b[1] - a[1],
				cx = c[0] - a[0],
				cy = c[1] - a[1],
				det = 2 * (bx * cy - by * cx),
				x = bx / 2,
				y = by / 2,
				radius;
	bool		circle = cx == 0 && cy == 0;

	if (!circle)
	{
		/* a straight line has no extremes but its ends */
		if (det == 0)
			return;
		x = (cy * (bx * bx + by * by) - by * (cx * cx + cy * cy)) / det;
		y = (bx * (cx * cx + cy * cy) - cx * (bx * bx + by * by)) / det;
	}
	radius = hypot(x, y);
	for (int k = 0; k < 4; k++)
	{
		double		ex = x + (k == 0 ? radius : k == 1 ? -radius : 0),
					ey = y + (k == 2 ? radius : k == 3 ? -radius : 0),
					place[2] = {a[0] + ex, a[1] + ey};

		if (circle || (cx * ey - cy * ex > 0) == (cx * by - cy * bx > 0))
			add_place(extent, place, 2);
	}
}

static void
take_points(Extent *extent, uint64 count, bool arcs)
{
	Size		width = extent->stride * sizeof(double);
	double		p[3][STBOX_DIMS];

	if (count > (Size) (extent->end - extent->at) / width)
		damaged();
	for (uint64 i = 0; i < count; i++, extent->at += width)
	{
		memcpy(p[2], extent->at, extent->dims * sizeof(double));
		add_place(extent, p[2], extent->dims);
		if (arcs && i >= 2 && i % 2 == 0)
			add_arc(extent, p[0], p[1], p[2]);
		memcpy(p[0], p[1], sizeof p[0]);
		memcpy(p[1], p[2], sizeof p[1]);
	}
}

static void
take_polygon(Extent *extent, uint32 rings)
{
	uint64		points = 0;

	/* counts are padded to 8 bytes */
	if (rings > (Size) (extent->end - extent->at) / sizeof(uint32))
		damaged();
	for (uint32 r = 0; r < rings; r++)
		points += take_count(extent);
	if (rings % 2 != 0)
		take_count(extent);
	take_points(extent, points, false);
}

static void
take_geometry(Extent *extent)
{
	uint32		type = take_count(extent);
	uint32		count = take_count(extent);

	check_stack_depth();
	switch (type)
	{
		case GEOMETRY_POINT:
		case GEOMETRY_LINE:
		case GEOMETRY_TRIANGLE:
			take_points(extent, count, false);
			break;
		case GEOMETRY_CIRCULAR:
			take_points(extent, count, true);
			break;
		case GEOMETRY_POLYGON:
			take_polygon(extent, count);
			break;
		default:
			if (type == 0 || type > GEOMETRY_LAST)
				ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
								errmsg("geometries of type %u are not known", type)));
			/* many of one type, or a collection */
			for (uint32 part = 0; part < count; part++)
				take_geometry(extent);
	}
}

/* after its length word: SRID, flags, what may be there (more flags, a box of floats), then the geometry */
static void
read_geometry(Extent *extent, const char *bytes, Size len)
{
	uint8		flags = len >= POINT_HEADER ? bytes[3] : 0;
	int			measured = (flags & GEOMETRY_HAS_M) != 0;

	extent->dims = flags & GEOMETRY_HAS_Z ? 3 : 2;
	extent->stride = extent->dims + measured;
	extent->at = bytes + 4;
	extent->end = bytes + len;
	if ((flags & GEOMETRY_VERSION_2) && (flags & GEOMETRY_EXTENDED))
		extent->at += 8;
	if (flags & GEOMETRY_HAS_BOX)
		extent->at += 2 * sizeof(float) * extent->stride;
	if (len < POINT_HEADER || extent->at > extent->end)
		damaged();
	for (int d = 0; d < STBOX_DIMS; d++)
	{
		extent->min[d] = INFINITY;
		extent->max[d] = -INFINITY;
	}
	take_geometry(extent);
}

bool
stbox_set_geometry(STBox *box, Datum geometry)
{
	struct varlena *plain = PG_DETOAST_DATUM_PACKED(geometry);
	Extent		extent = {0};

	read_geometry(&extent, VARDATA_ANY(plain), VARSIZE_ANY_EXHDR(plain));
	if (extent.found)
		stbox_set_space(box, geometry_srid(VARDATA_ANY(plain)), extent.dims, extent.min, extent.max);
	if ((Pointer) plain != DatumGetPointer(geometry))
		pfree(plain);
	return extent.found;
}

/* as ST_Envelope: a rectangle, or the line or point that it shrinks to */
Datum
stbox_geometry(const STBox *box)
{
	const double *min = box->min,
			   *max = box->max;
	StringInfoData out;
	int			size,
				rings = 1;

	for (int d = 0; d < 2; d++)
		if (isinf(min[d]) || isinf(max[d]))
			ereport(ERROR, (errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
							errmsg("a box without an end in space is no geometry"),
							errhint("Intersect it (*) with one that has ends.")));
	if (min[0] == max[0] && min[1] == max[1])
		return point_geometry_of(min, 2, box->srid);
	initStringInfo(&out);
	size = min[0] == max[0] || min[1] == max[1] ? 2 : 5;
	point_ewkb_head(&out, size == 2 ? WKB_LINESTRING : WKB_POLYGON, 2, box->srid);
	if (size == 5)
		appendBinaryStringInfo(&out, (char *) &rings, sizeof rings);
	appendBinaryStringInfo(&out, (char *) &size, sizeof size);
	for (int i = 0; i < size; i++)
	{
		/* min min, min max, max max, max min, min min */
		bool		right = size == 2 ? i == 1 : i == 2 || i == 3,
					top = size == 2 ? i == 1 : i == 1 || i == 2;
		double		corner[2] = {right ? max[0] : min[0], top ? max[1] : min[1]};

		point_ewkb_coordinates(&out, corner, 2);
	}
	return point_geometry_from_ewkb(&out);
}
