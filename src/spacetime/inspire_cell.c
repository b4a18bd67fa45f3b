/*
 * inspire_cell.c
 *	  Cells of the statistical grids of INSPIRE: squares of so many metres in a
 *	  projected coordinate system, named by their corner in the south-west.
 *
 * Source: INSPIRE Data Specification on Statistical Units, Technical Guidelines
 * (grid cell codes); INSEE names its carreaux so.
 */
#include "territory.h"

#include <math.h>

#include "utils/builtins.h"

#include "series/point.h"
#include "spacetime/cell.h"

#define MOST_METRES 1000000		/* of a cell's side */
#define MOST_COORDINATE 1e9

static void
check_size(int size)
{
	if (size < 1 || size > MOST_METRES)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("size must be from 1 to %d metres, not %d", MOST_METRES, size)));
}

/* grids are of metres */
static void
check_grid(int32 srid)
{
	if (srid <= 0 || point_metric(srid)->geographic)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("SRID %d is not projected, so it has no grid of metres", srid),
						errhint("3035 is the grid of Europe.")));
}

PG_FUNCTION_INFO_V1(territory_inspire_cell);
Datum
territory_inspire_cell(PG_FUNCTION_ARGS)
{
	int32		size = PG_GETARG_INT32(1),
				grid = PG_GETARG_INT32(2),
				srid;
	double		p[2];

	check_size(size);
	check_grid(grid);
	if (!cell_read_point(PG_GETARG_DATUM(0), &srid, p))
		PG_RETURN_NULL();
	if (isfinite(p[0]) && isfinite(p[1]) && srid != grid)
		reproject(reprojection(srid, grid), p);
	/* NaN, too */
	if (!(p[0] >= 0 && p[0] < MOST_COORDINATE && p[1] >= 0 && p[1] < MOST_COORDINATE))
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("the point lies outside of the grid of SRID %d", grid),
						errhint("The grid of Europe is that of SRID 3035; others have their own.")));
	PG_RETURN_TEXT_P(cstring_to_text(psprintf("CRS%dRES%dmN" INT64_FORMAT "E" INT64_FORMAT, grid, size,
											  (int64) floor(p[1] / size) * size, (int64) floor(p[0] / size) * size)));
}

/* what stands before a number, and the number; false: it does not */
static bool
take_number(const char **id, const char *before, int64 most, int64 *number)
{
	const char *start;

	if (strncmp(*id, before, strlen(before)) != 0)
		return false;
	start = *id += strlen(before);
	for (*number = 0; **id >= '0' && **id <= '9'; (*id)++)
		if ((*number = *number * 10 + (**id - '0')) > most)
			return false;
	/* one way to write each */
	return *id > start && (*start != '0' || *id == start + 1);
}

PG_FUNCTION_INFO_V1(territory_inspire_cell_geometry);
Datum
territory_inspire_cell_geometry(PG_FUNCTION_ARGS)
{
	char	   *id = text_to_cstring(PG_GETARG_TEXT_PP(0));
	const char *rest = id;
	int64		grid,
				size,
				north,
				east;

	if (!take_number(&rest, "CRS", 999999, &grid) || !take_number(&rest, "RES", MOST_METRES, &size) ||
		!take_number(&rest, "mN", (int64) MOST_COORDINATE, &north) ||
		!take_number(&rest, "E", (int64) MOST_COORDINATE, &east) || *rest != '\0' ||
		size == 0 || north % size != 0 || east % size != 0)
		ereport(ERROR, (errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
						errmsg("\"%s\" is not the identifier of a cell of INSPIRE's grid", id),
						errhint("It is written as CRS3035RES200mN2471400E3871200: the SRID, the size in metres, the corner in the south-west, which the size divides.")));
	PG_RETURN_DATUM(cell_polygon((double[2]){(double) east, (double) north},
								 (double[2]){(double) (east + size), (double) (north + size)}, (int32) grid));
}
