/*
 * cell_geometry.c
 *	  Cells as areas of the map, in degrees of WGS 84.
 *
 * A cell's borders are meridians and parallels, so that in longitude and
 * latitude it is a rectangle, as it is in Web Mercator.
 */
#include "territory.h"

#include <math.h>

#include "series/point.h"
#include "spacetime/cell.h"

#define WGS84_RADIUS 6378137.0
#define WGS84_FLATTENING (1 / 298.257223563)
#define WKB_POLYGON 3

/* of the meridian a part of the world from the west */
static double
longitude_of(double part)
{
	return 360 * part - 180;
}

/* the inverse of Mercator's projection of the sphere */
static double
latitude_of(double part)
{
	return atan(sinh(M_PI * (1 - 2 * part))) * (180 / M_PI);
}

CellBox
cell_box(Tile tile)
{
	double		size = ldexp(1, -tile.z);

	return (CellBox){{longitude_of(tile.x * size), latitude_of((tile.y + 1) * size)},
	{longitude_of((tile.x + 1) * size), latitude_of(tile.y * size)}};
}

/* the rectangle between two corners */
Datum
cell_polygon(const double *min, const double *max, int32 srid)
{
	const double corners[5][2] = {{min[0], min[1]}, {min[0], max[1]}, {max[0], max[1]}, {max[0], min[1]}, {min[0], min[1]}};
	uint32		counts[2] = {1, 5};
	StringInfoData ewkb;

	initStringInfo(&ewkb);
	point_ewkb_head(&ewkb, WKB_POLYGON, 2, srid);
	appendBinaryStringInfo(&ewkb, (char *) &counts[0], sizeof counts[0]);
	appendBinaryStringInfo(&ewkb, (char *) &counts[1], sizeof counts[1]);
	for (int i = 0; i < 5; i++)
		point_ewkb_coordinates(&ewkb, corners[i], 2);
	return point_geometry_from_ewkb(&ewkb);
}

PG_FUNCTION_INFO_V1(territory_cell_geometry);
Datum
territory_cell_geometry(PG_FUNCTION_ARGS)
{
	CellBox		box = cell_box(cell_tile(PG_GETARG_CELL(0)));

	PG_RETURN_DATUM(cell_polygon(box.min, box.max, 4326));
}

/* the middle on the map, which is what is published */
PG_FUNCTION_INFO_V1(territory_cell_center);
Datum
territory_cell_center(PG_FUNCTION_ARGS)
{
	Tile		tile = cell_tile(PG_GETARG_CELL(0));
	double		size = ldexp(1, -tile.z);
	double		middle[2] = {longitude_of((tile.x + 0.5) * size), latitude_of((tile.y + 0.5) * size)};

	PG_RETURN_DATUM(point_geometry_of(middle, 2, 4326));
}

/*
 * The area of the ellipsoid from the equator to a parallel, of a sector of one
 * radian (J. P. Snyder, Map Projections: A Working Manual, 1987, equation 3-12).
 */
static double
area_to(double latitude)
{
	double		square = WGS84_FLATTENING * (2 - WGS84_FLATTENING),
				e = sqrt(square),
				sine = sin(latitude * (M_PI / 180)),
				polar = WGS84_RADIUS * (1 - WGS84_FLATTENING);

	return polar * polar / 2 * (sine / (1 - square * sine * sine) + atanh(e * sine) / e);
}

PG_FUNCTION_INFO_V1(territory_cell_area);
Datum
territory_cell_area(PG_FUNCTION_ARGS)
{
	Tile		tile = cell_tile(PG_GETARG_CELL(0));
	CellBox		box = cell_box(tile);

	PG_RETURN_FLOAT8((area_to(box.max[1]) - area_to(box.min[1])) * 2 * M_PI * ldexp(1, -tile.z));
}
