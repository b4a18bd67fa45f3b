/*
 * column_points.c
 *	  PostGIS points as vectors of coordinates, and back.
 *
 * The points of a block mostly share all but their coordinates: SRID, flags and
 * shape are written once, and each dimension is a vector of floats, which is also
 * what conditions on places are evaluated on.  Geometries are built of the rows
 * that are left.
 *
 * Invariant: what is built is what was taken apart, byte for byte.
 */
#include "territory.h"

#include <math.h>

#include "codec/codec.h"
#include "segment/box.h"
#include "segment/column.h"
#include "segment/point.h"

#define POINT_SIZE(dimensions) (VARHDRSZ + POINT_HEADER + (dimensions) * sizeof(double))

StaticAssertDecl((VARHDRSZ + POINT_HEADER) % sizeof(double) == 0, "points keep their alignment");

/*
 * Where a geometry lies (xmin, ymin, xmax, ymax), where that can be read off its
 * serialized form: a point's coordinates, or the box that PostGIS keeps, whose
 * floats are rounded outwards.  Of geography: points, in degrees.
 */
bool
column_geometry_box(const ColumnType *column, Datum value, double *box)
{
	size_t		len;
	struct varlena *copy;
	const char *bytes = column_value_bytes(column, value, &len, &copy);
	uint8		flags = len >= POINT_HEADER ? bytes[3] : 0;
	uint32		head[2];		/* type and number of points */
	bool		known = false;

	if ((flags & GEOMETRY_VERSION_2) && (flags & GEOMETRY_HAS_BOX) && !(flags & GEOMETRY_GEODETIC))
	{
		size_t		at = flags & GEOMETRY_EXTENDED ? 12 : 4;
		float		corners[4]; /* xmin, xmax, ymin, ymax */

		known = len >= at + sizeof corners;
		if (known)
			memcpy(corners, bytes + at, sizeof corners);
		for (int c = 0; known && c < 4; c++)
			box[c / 2 + c % 2 * 2] = corners[c];
	}
	else if ((flags & GEOMETRY_VERSION_2) && !(flags & (GEOMETRY_HAS_BOX | GEOMETRY_EXTENDED)))
	{
		memcpy(head, bytes + 4, sizeof head);
		known = head[0] == GEOMETRY_POINT && head[1] == 1 && len >= POINT_HEADER + 2 * sizeof(double);
		if (known)
		{
			memcpy(box, bytes + POINT_HEADER, 2 * sizeof(double));
			memcpy(box + 2, box, 2 * sizeof(double));
		}
	}
	if (copy)
		pfree(copy);
	for (int c = 0; known && c < 4; c++)
		known = !isnan(box[c]);
	return known;
}

/* ---- to a stream ---- */

/* points of one SRID and shape as coordinates; false if they are not */
bool
column_encode_points(const ColumnType *column, const Datum *values, int n, StringInfo out)
{
	char		header[POINT_HEADER];
	size_t		first_len = 0;
	int			dimensions = 0;
	double	   *coordinates = NULL;
	bool		fits = n > 0;

	for (int i = 0; fits && i < n; i++)
	{
		size_t		len;
		struct varlena *copy;
		const char *bytes = column_value_bytes(column, values[i], &len, &copy);

		if (i == 0)
		{
			uint32		count;

			first_len = len;
			fits = len >= POINT_HEADER + 2 * sizeof(double) &&
				len <= POINT_HEADER + POINT_MAX_DIMENSIONS * sizeof(double) &&
				(len - POINT_HEADER) % sizeof(double) == 0;
			if (fits)
			{
				memcpy(header, bytes, POINT_HEADER);
				memcpy(&count, header + 4, sizeof count);
				fits = count == 1;	/* type: a point */
				dimensions = (len - POINT_HEADER) / sizeof(double);
				coordinates = palloc(sizeof(double) * dimensions * n);
			}
		}
		fits = fits && len == first_len && memcmp(header, bytes, POINT_HEADER) == 0;
		for (int d = 0; fits && d < dimensions; d++)
			memcpy(&coordinates[(size_t) d * n + i], bytes + POINT_HEADER + d * sizeof(double), sizeof(double));
		if (copy)
			pfree(copy);
	}
	if (fits)
	{
		appendBinaryStringInfo(out, header, POINT_HEADER);
		appendStringInfoChar(out, (char) dimensions);
		for (int d = 0; d < dimensions; d++)
		{
			int			at = out->len;
			uint32		len;

			appendBinaryStringInfo(out, "\0\0\0\0", sizeof len);
			column_encode_doubles(coordinates + (size_t) d * n, n, out);
			len = out->len - at - sizeof len;
			memcpy(out->data + at, &len, sizeof len);
		}
	}
	if (coordinates)
		pfree(coordinates);
	return fits;
}

/* ---- from a stream ---- */

/* n points, into vectors that have room for more */
void
column_take_points(const char *in, size_t len, int n, int room, ColumnPoints *points)
{
	size_t		at = POINT_HEADER + 1;

	if (len < at)
		column_corrupt();
	memcpy(points->header, in, POINT_HEADER);
	points->dimensions = in[POINT_HEADER];
	if (points->dimensions < 2 || points->dimensions > POINT_MAX_DIMENSIONS)
		column_corrupt();
	for (int d = 0; d < points->dimensions; d++)
	{
		uint32		stream;

		if (len - at < sizeof stream)
			column_corrupt();
		memcpy(&stream, in + at, sizeof stream);
		at += sizeof stream;
		points->coordinates[d] = palloc(sizeof(double) * (room + 1));
		if (stream > len - at ||
			codec_float64_decode((const uint8_t *) in + at, stream, n, points->coordinates[d]) != CODEC_OK)
			column_corrupt();
		at += stream;
	}
	if (at != len)
		column_corrupt();
}

/* does PostGIS read the coordinates as we do? */
bool
column_points_plain(const ColumnPoints *points)
{
	uint8		flags = points->header[3];
	uint32		head[2];

	memcpy(head, points->header + 4, sizeof head);
	return head[0] == GEOMETRY_POINT && head[1] == 1 && (flags & GEOMETRY_VERSION_2) &&
		!(flags & (GEOMETRY_HAS_BOX | GEOMETRY_GEODETIC | GEOMETRY_EXTENDED));
}

static void
build_point(const ColumnPoints *points, int row, char *room)
{
	SET_VARSIZE(room, POINT_SIZE(points->dimensions));
	memcpy(room + VARHDRSZ, points->header, POINT_HEADER);
	for (int d = 0; d < points->dimensions; d++)
		memcpy(room + VARHDRSZ + POINT_HEADER + d * sizeof(double), &points->coordinates[d][row], sizeof(double));
}

Datum
column_build_point(const ColumnPoints *points, int row)
{
	char	   *room = palloc(POINT_SIZE(points->dimensions));

	build_point(points, row, room);
	return PointerGetDatum(room);
}

/* of n rows those that are neither null nor flagged as out (NULL: none is); 0 at the others */
void
column_build_points(const ColumnPoints *points, const bool *nulls, const uint8 *out, int n, Datum *values)
{
	size_t		size = POINT_SIZE(points->dimensions);
	int			left = n;
	char	   *room;

	for (int i = 0; i < n; i++)
		left -= (nulls && nulls[i]) || (out && out[i]);
	room = palloc(size * (left + 1));
	for (int i = 0; i < n; i++)
	{
		values[i] = (Datum) 0;
		if ((nulls && nulls[i]) || (out && out[i]))
			continue;
		build_point(points, i, room);
		values[i] = PointerGetDatum(room);
		room += size;
	}
}
