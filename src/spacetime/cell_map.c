/*
 * cell_map.c
 *	  From positions of an SRID to cells of a zoom.
 *
 * Where a position is in the world of Web Mercator takes PROJ, a sine and a
 * logarithm; a cell takes that only roughly.  So the plane of the SRID is cut
 * into squares, and what is asked of one often is told by a bilinear function
 * between its corners.  How far that is off is measured at SAMPLES * SAMPLES
 * places of the square; it is trusted up to TRUST times as far from the border
 * of a cell, and what is nearer is computed in full.  Projections are smooth at
 * the scale of a square; where PROJ chooses among several operations by place,
 * or a sample lies at the end of the world, everything is computed in full.
 *
 * Invariant: the cell of a position is that of the full computation, whatever
 * was asked before.
 */
#include "territory.h"

#include <math.h>

#include "common/hashfn.h"

#include "spacetime/cell.h"

#define WORLD_HALF 20037508.342789244	/* metres of Web Mercator's sphere, from its middle */
#define MOST_LATITUDE 89.0		/* beyond it, as at it: far outside of the map */
#define SAMPLES 5
#define TRUST 4
#define LEAST_ERROR 1e-13		/* of the world: of the arithmetic */
#define MOST_ERROR 0.1			/* of a cell: a square that tells less is of no use */
#define NSQUARES 1024			/* that are remembered */
#define FEW 16					/* positions that are computed before a square is looked at */
#define LARGEST_LOG2 16			/* of a square's side in metres */
#define SMALLEST_LOG2 6

typedef struct Square
{
	bool		used;
	bool		known;
	bool		useful;
	int			asked;
	double		column;			/* its corner, in sides */
	double		row;
	double		f[2][4];		/* x and y of the world, times cells: 1, u, v, uv */
	double		error[2];
} Square;

struct CellMap
{
	int32		srid;
	int			zoom;
	double		cells;			/* of the zoom, in x and in y */
	const Reprojection *reprojection;	/* NULL: it is degrees, or metres of Web Mercator */
	bool		has_squares;
	double		per_side;		/* 1 / the side of a square */
	int			asked;
	Square	   *squares;
	Square	   *last;			/* of them, or NULL */
	int			tile[2];		/* the last one ... */
	Cell		cell;			/* ... and its cell, or 0 */
};

/* ---- in full ---- */

/* x and y of the world, from 0 to 1; or not finite */
void
cell_map_world(const CellMap *map, double x, double y, double *world)
{
	double		p[2] = {x, y},
				sine;

	if (map->srid == 3857)
	{
		world[0] = (x + WORLD_HALF) / (2 * WORLD_HALF);
		world[1] = (WORLD_HALF - y) / (2 * WORLD_HALF);
		return;
	}
	if (map->reprojection)
		reproject(map->reprojection, p);
	world[0] = p[0] / 360 + 0.5;
	world[1] = p[1];
	if (!isfinite(p[1]))
		return;
	sine = sin(Min(Max(p[1], -MOST_LATITUDE), MOST_LATITUDE) * M_PI / 180);
	world[1] = 0.5 - 0.25 * log((1 + sine) / (1 - sine)) / M_PI;
}

/* around the world in x, to its end in y */
static Cell
cell_of_world(const CellMap *map, const double *world)
{
	double		x = floor((world[0] - floor(world[0])) * map->cells);
	double		y = Min(Max(floor(world[1] * map->cells), 0), map->cells - 1);

	return cell_of_tile(map->zoom, (uint32) x & (((uint32) 1 << map->zoom) - 1), (uint32) y);
}

static Cell
cell_in_full(const CellMap *map, double x, double y)
{
	double		world[2];

	if (!isfinite(x) || !isfinite(y))
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("a position with a coordinate that is not finite has no cell")));
	cell_map_world(map, x, y, world);
	if (!isfinite(world[0]) || !isfinite(world[1]))
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("the position %g %g of SRID %d is nowhere on the globe", x, y, map->srid),
						errhint("Coordinates are east, then north; ST_SetSRID corrects an SRID that is not theirs.")));
	return cell_of_world(map, world);
}

/* ---- squares ---- */

/* so large that what a bilinear function is off is little of a cell */
static void
choose_side(CellMap *map)
{
	double		metres = sqrt(2 * WORLD_HALF / map->cells * 1e5);
	int			log2_metres = Min(Max((int) rint(log2(metres)), SMALLEST_LOG2), LARGEST_LOG2);
	bool		degrees = map->reprojection == NULL || reprojection_from_degrees(map->reprojection);

	/* a degree is some 2^17 metres */
	map->per_side = ldexp(1, (degrees ? 17 : 0) - log2_metres);
}

static double
bilinear(const double *f, double u, double v)
{
	return f[0] + f[1] * u + (f[2] + f[3] * u) * v;
}

/* the world at the samples; false where it ends */
static bool
sample(const CellMap *map, const Square *square, double world[SAMPLES][SAMPLES][2])
{
	for (int j = 0; j < SAMPLES; j++)
		for (int i = 0; i < SAMPLES; i++)
		{
			double	   *w = world[j][i];

			cell_map_world(map, (square->column + (double) i / (SAMPLES - 1)) / map->per_side,
					(square->row + (double) j / (SAMPLES - 1)) / map->per_side, w);
			if (!(w[0] > 0 && w[0] < 1 && w[1] > 0 && w[1] < 1))
				return false;
		}
	return true;
}

static void
learn(const CellMap *map, Square *square)
{
	double		world[SAMPLES][SAMPLES][2];

	square->known = true;
	square->useful = sample(map, square, world);
	for (int c = 0; square->useful && c < 2; c++)
	{
		double		corner = world[0][0][c],
					east = world[0][SAMPLES - 1][c],
					north = world[SAMPLES - 1][0][c],
					f[4] = {corner, east - corner, north - corner,
			world[SAMPLES - 1][SAMPLES - 1][c] - east - north + corner},
					error = 0;

		for (int j = 0; j < SAMPLES; j++)
			for (int i = 0; i < SAMPLES; i++)
				error = Max(error, fabs(world[j][i][c] - bilinear(f, (double) i / (SAMPLES - 1), (double) j / (SAMPLES - 1))));
		error = (TRUST * error + LEAST_ERROR) * map->cells;
		square->useful = error < MOST_ERROR;
		square->error[c] = error;
		for (int k = 0; k < 4; k++)
			square->f[c][k] = f[k] * map->cells;
	}
}

/* the square of a position, which may be one that nothing is known of */
static Square *
find_square(CellMap *map, double column, double row)
{
	Square	   *square;
	uint32		hash;

	if (map->squares == NULL)
		map->squares = MemoryContextAllocZero(GetMemoryChunkContext(map), sizeof(Square) * NSQUARES);
	hash = murmurhash32((uint32) (int32) column) + (uint32) (int32) row * 0x9E3779B1U;
	square = &map->squares[(hash >> 7) % NSQUARES];
	if (!square->used || square->column != column || square->row != row)
		*square = (Square){.used = true, .column = column, .row = row};
	return square;
}

/* the tile at a place of a square; false where a border is near */
static inline bool
tile_in_square(const Square *square, double u, double v, int *tile)
{
	double		x = bilinear(square->f[0], u, v),
				y = bilinear(square->f[1], u, v);

	/* of a useful square, all are within the world; what is less than 0 by an error is near a border */
	tile[0] = (int) x;
	tile[1] = (int) y;
	x -= tile[0];
	y -= tile[1];
	return x > square->error[0] && x < 1 - square->error[0] && y > square->error[1] && y < 1 - square->error[1];
}

/* ---- what is asked ---- */

/* in the current memory context */
CellMap *
cell_map_make(int32 srid, int zoom)
{
	CellMap    *map = palloc0(sizeof(CellMap));

	cell_check_zoom(zoom);
	map->srid = srid;
	map->zoom = zoom;
	map->cells = ldexp(1, zoom);
	if (srid != 4326 && srid != 3857)
		map->reprojection = reprojection(srid, 4326);
	map->has_squares = srid != 3857 && (map->reprojection == NULL || reprojection_is_one(map->reprojection));
	choose_side(map);
	return map;
}

/* sides are few enough for their number to be exact */
static inline bool
is_near(double column, double row)
{
	return fabs(column) < PG_INT32_MAX && fabs(row) < PG_INT32_MAX;
}

/* in the square that was looked at last; false: not there, or near a border */
static inline bool
is_in_last(const CellMap *map, double u, double v, int *tile)
{
	const Square *square = map->last;

	if (square == NULL || !square->useful)
		return false;
	u -= square->column;
	v -= square->row;
	return u >= 0 && u < 1 && v >= 0 && v < 1 && tile_in_square(square, u, v, tile);
}

/* neighbours in a column are mostly of one cell */
static inline Cell
cell_of(CellMap *map, const int *tile)
{
	if (tile[0] != map->tile[0] || tile[1] != map->tile[1] || map->cell == 0)
	{
		map->tile[0] = tile[0];
		map->tile[1] = tile[1];
		map->cell = cell_of_tile(map->zoom, (uint32) tile[0], (uint32) tile[1]);
	}
	return map->cell;
}

static Cell
find_cell(CellMap *map, double x, double y)
{
	double		u = x * map->per_side,
				v = y * map->per_side,
				column = floor(u),
				row = floor(v);
	int			tile[2];
	Square	   *square;

	if (!map->has_squares || map->asked < FEW || !is_near(column, row))
	{
		map->asked = Min(map->asked + 1, FEW);
		return cell_in_full(map, x, y);
	}
	square = find_square(map, column, row);
	if (!square->known && square->asked++ == FEW)
		learn(map, square);
	map->last = square;
	if (square->useful && tile_in_square(square, u - column, v - row, tile))
		return cell_of(map, tile);
	return cell_in_full(map, x, y);
}

Cell
cell_map_point(CellMap *map, double x, double y)
{
	int			tile[2];

	if (is_in_last(map, x * map->per_side, y * map->per_side, tile))
		return cell_of(map, tile);
	return find_cell(map, x, y);
}

/* of the positions at so many places of x and y */
void
cell_map_points(CellMap *map, const double *x, const double *y, const int *places, int n, Datum *cells)
{
	for (int i = 0; i < n; i++)
		cells[i] = CellGetDatum(cell_map_point(map, x[places[i]], y[places[i]]));
}

/* true: every position in the box (xmin, ymin, xmax, ymax) is in this cell */
bool
cell_map_box(CellMap *map, const float *box, Cell *cell)
{
	double		column = floor(box[0] * map->per_side),
				row = floor(box[1] * map->per_side);
	int			first[2],
				tile[2];
	Square	   *square;

	/* at the corners, what a bilinear function gives is least and greatest */
	if (!map->has_squares || !is_near(column, row) || floor(box[2] * map->per_side) != column ||
		floor(box[3] * map->per_side) != row)
		return false;
	square = find_square(map, column, row);
	if (!square->known)
		learn(map, square);
	for (int corner = 0; corner < 4; corner++)
	{
		if (!square->useful ||
			!tile_in_square(square, box[corner & 2] * map->per_side - column, box[(corner & 1) * 2 + 1] * map->per_side - row, tile))
			return false;
		if (corner > 0 && (tile[0] != first[0] || tile[1] != first[1]))
			return false;
		memcpy(first, tile, sizeof first);
	}
	*cell = cell_of_tile(map->zoom, (uint32) tile[0], (uint32) tile[1]);
	return true;
}

/* about how many cells the box meets, by its corners; 0 where they are nowhere */
double
cell_map_count(const CellMap *map, const float *box)
{
	double		least[2] = {INFINITY, INFINITY},
				most[2] = {-INFINITY, -INFINITY};

	for (int corner = 0; corner < 4; corner++)
	{
		double		world[2];

		cell_map_world(map, box[corner & 2], box[(corner & 1) * 2 + 1], world);
		if (!isfinite(world[0]) || !isfinite(world[1]))
			return 0;
		for (int c = 0; c < 2; c++)
		{
			least[c] = Min(least[c], floor(world[c] * map->cells));
			most[c] = Max(most[c], floor(world[c] * map->cells));
		}
	}
	return Min(most[0] - least[0] + 1, map->cells) * Min(most[1] - least[1] + 1, map->cells);
}
