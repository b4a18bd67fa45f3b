/*
 * cell.h
 *	  Cells of the quadtree of Web Mercator tiles, as Quadbin writes them in 64
 *	  bits.
 *
 * From the highest bit: 0, 1 (the header), three bits of mode (1: a cell), two
 * of nothing, five of zoom, then 52 of the tile's x and y interleaved (Morton's
 * curve, y's bit before x's), left-aligned, and ones where a zoom has none.
 * Cells of one zoom are so in Morton's order, in which what is below a cell is a
 * range.
 *
 * Source: the Quadbin specification, https://docs.carto.com (Spatial indexes).
 */
#ifndef SPACETIME_CELL_H
#define SPACETIME_CELL_H

#include "territory.h"
#include "fmgr.h"

#define CELL_MAX_ZOOM 26
#define CELL_HEADER UINT64CONST(0x4800000000000000)
#define CELL_HEADER_MASK UINT64CONST(0xFE00000000000000)
#define CELL_TAIL UINT64CONST(0x000FFFFFFFFFFFFF)

typedef uint64 Cell;

#define DatumGetCell(value) ((Cell) DatumGetInt64(value))
#define CellGetDatum(cell) Int64GetDatum((int64) (cell))
#define PG_GETARG_CELL(n) DatumGetCell(PG_GETARG_DATUM(n))
#define PG_RETURN_CELL(cell) return CellGetDatum(cell)

typedef struct Tile
{
	int			z;
	uint32		x;				/* from the west */
	uint32		y;				/* from the north */
} Tile;

/* xmin, ymin, xmax, ymax in degrees */
typedef struct CellBox
{
	double		min[2];
	double		max[2];
} CellBox;

static inline int
cell_zoom(Cell cell)
{
	return (int) (cell >> 52 & 31);
}

/* the bits of the place that a zoom does not have */
static inline uint64
cell_tail(int zoom)
{
	return CELL_TAIL >> (2 * zoom);
}

static inline bool
cell_is_valid(Cell cell)
{
	return (cell & CELL_HEADER_MASK) == CELL_HEADER && cell_zoom(cell) <= CELL_MAX_ZOOM &&
		(cell & cell_tail(cell_zoom(cell))) == cell_tail(cell_zoom(cell));
}

/* bits to every second place */
static inline uint64
cell_spread(uint64 bits)
{
	bits = (bits | bits << 16) & UINT64CONST(0x0000FFFF0000FFFF);
	bits = (bits | bits << 8) & UINT64CONST(0x00FF00FF00FF00FF);
	bits = (bits | bits << 4) & UINT64CONST(0x0F0F0F0F0F0F0F0F);
	bits = (bits | bits << 2) & UINT64CONST(0x3333333333333333);
	return (bits | bits << 1) & UINT64CONST(0x5555555555555555);
}

static inline uint32
cell_gather(uint64 bits)
{
	bits &= UINT64CONST(0x5555555555555555);
	bits = (bits | bits >> 1) & UINT64CONST(0x3333333333333333);
	bits = (bits | bits >> 2) & UINT64CONST(0x0F0F0F0F0F0F0F0F);
	bits = (bits | bits >> 4) & UINT64CONST(0x00FF00FF00FF00FF);
	bits = (bits | bits >> 8) & UINT64CONST(0x0000FFFF0000FFFF);
	return (uint32) (bits | bits >> 16);
}

static inline Cell
cell_of_tile(int z, uint32 x, uint32 y)
{
	return CELL_HEADER | (uint64) z << 52 | (cell_spread(x) | cell_spread(y) << 1) << (52 - 2 * z) | cell_tail(z);
}

static inline Tile
cell_tile(Cell cell)
{
	int			z = cell_zoom(cell);
	uint64		bits = (cell & CELL_TAIL) >> (52 - 2 * z);

	return (Tile){z, cell_gather(bits), cell_gather(bits >> 1)};
}

/* at the same zoom or above it */
static inline Cell
cell_ancestor(Cell cell, int zoom)
{
	return CELL_HEADER | (uint64) zoom << 52 | (cell & CELL_TAIL) | cell_tail(zoom);
}

/* the first of those below a cell, at the same zoom or below it; they follow one after the other */
static inline Cell
cell_first_below(Cell cell, int zoom)
{
	return CELL_HEADER | (uint64) zoom << 52 | ((cell & CELL_TAIL) ^ cell_tail(cell_zoom(cell))) | cell_tail(zoom);
}

/* from one cell of a zoom to the next in Morton's order */
static inline uint64
cell_step(int zoom)
{
	return UINT64CONST(1) << (52 - 2 * zoom);
}

/* cell.c */
extern void cell_check_zoom(int zoom);

/* cell_geometry.c */
extern CellBox cell_box(Tile tile);
extern Datum cell_polygon(const double *min, const double *max, int32 srid);

/* reproject.c: from one SRID to another, as long as the backend lives */
typedef struct Reprojection Reprojection;

extern const Reprojection *reprojection(int32 from, int32 to);
extern bool reprojection_is_one(const Reprojection *reprojection);
extern bool reprojection_from_degrees(const Reprojection *reprojection);
extern void reproject(const Reprojection *reprojection, double *p);

/* cell_map.c: from positions of an SRID to cells of a zoom */
typedef struct CellMap CellMap;

extern CellMap *cell_map_make(int32 srid, int zoom);
extern void cell_map_world(const CellMap *map, double x, double y, double *world);
extern Cell cell_map_point(CellMap *map, double x, double y);
extern void cell_map_points(CellMap *map, const double *x, const double *y, const int *places, int n, Datum *cells);
extern bool cell_map_box(CellMap *map, const float *box, Cell *cell);
extern double cell_map_count(const CellMap *map, const float *box);

/* cell_place.c */
extern bool cell_read_point(Datum geometry, int32 *srid, double *p);
extern void cell_init(void);

#endif
