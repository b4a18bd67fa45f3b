/*
 * near_grid.c
 *	  Rows in the cells of a grid of x, y and time.
 *
 * The idea: a cell is as large as a row's grown bounds are on average, so a row
 * is in about eight of them and a probe that is a point in one.  Rows that would
 * be in many cells stand in a list of their own, which each probe looks at.
 *
 * Invariant: a probe meets each row whose bounds meet its own once.  One that
 * looks into several cells meets a row in that in which the least corner of what
 * they share lies.  Numbers of cells never decrease with the coordinate, so that
 * rounding takes nothing out of reach.
 */
#include "spacetime/near_join.h"

#include <math.h>

#include "utils/memutils.h"

#define GRID_MAX_CELLS 64		/* of a row, or of a probe */
#define GRID_CELLS (1 << 20)	/* about so many per axis, at most */
#define GRID_LIMIT (1 << 30)

typedef struct GridEntry
{
	int32		cell[3];
	int32		row;
	int32		next;
} GridEntry;

struct NearGrid
{
	MemoryContext context;		/* all of this batch */
	bool		used[3];		/* is the axis one? */
	int			nrows;
	int			rows_capacity;
	NearRow   **rows;			/* pieces of GRID_PIECE */
	Size		size;

	double		origin[3];
	double		width[3];
	NearBounds	all;			/* of the rows that are placed */
	uint32		mask;
	int32	   *heads;
	int			nentries;
	int			entries_capacity;
	GridEntry  *entries;
	int			nwide;
	int32	   *wide;
};

#define GRID_PIECE 1024

NearGrid *
near_grid_create(MemoryContext parent, bool in_space, bool in_time)
{
	NearGrid   *grid = MemoryContextAllocZero(parent, sizeof(NearGrid));

	grid->context = AllocSetContextCreate(parent, "territory near grid", ALLOCSET_DEFAULT_SIZES);
	grid->used[0] = grid->used[1] = in_space;
	grid->used[2] = in_time;
	return grid;
}

void
near_grid_reset(NearGrid *grid)
{
	MemoryContextReset(grid->context);
	grid->nrows = grid->rows_capacity = grid->nentries = grid->entries_capacity = grid->nwide = 0;
	grid->rows = NULL;
	grid->heads = NULL;
	grid->entries = NULL;
	grid->size = 0;
}

MemoryContext
near_grid_context(const NearGrid *grid)
{
	return grid->context;
}

/* bytes, the entries of cells that are not made yet included */
Size
near_grid_size(const NearGrid *grid)
{
	return MemoryContextMemAllocated(grid->context, false) + (Size) grid->nrows * 8 * (sizeof(GridEntry) + sizeof(int32));
}

int
near_grid_rows(const NearGrid *grid)
{
	return grid->nrows;
}

NearRow *
near_grid_row(const NearGrid *grid, int i)
{
	return &grid->rows[i / GRID_PIECE][i % GRID_PIECE];
}

/* zeroed */
NearRow *
near_grid_add(NearGrid *grid)
{
	int			piece = grid->nrows / GRID_PIECE;

	if (grid->nrows % GRID_PIECE == 0)
	{
		if (piece >= grid->rows_capacity)
		{
			MemoryContext old = MemoryContextSwitchTo(grid->context);

			grid->rows_capacity = Max(64, grid->rows_capacity * 2);
			grid->rows = grid->rows ? repalloc_huge(grid->rows, grid->rows_capacity * sizeof(NearRow *)) :
				palloc(grid->rows_capacity * sizeof(NearRow *));
			MemoryContextSwitchTo(old);
		}
		grid->rows[piece] = MemoryContextAllocZero(grid->context, GRID_PIECE * sizeof(NearRow));
	}
	return near_grid_row(grid, grid->nrows++);
}

/* ---- cells ---- */

static double
least(const NearBounds *bounds, int axis)
{
	return axis < 2 ? bounds->min[axis] : (double) bounds->from;
}

static double
greatest(const NearBounds *bounds, int axis)
{
	return axis < 2 ? bounds->max[axis] : (double) bounds->to;
}

static int32
cell_of(const NearGrid *grid, int axis, double value)
{
	double		cell = floor((value - grid->origin[axis]) / grid->width[axis]);

	return cell < -GRID_LIMIT ? -GRID_LIMIT : cell > GRID_LIMIT ? GRID_LIMIT : (int32) cell;
}

/* the first and last cells that the bounds meet; false: those are too many */
static bool
cells_of(const NearGrid *grid, const NearBounds *bounds, int32 *first, int32 *last)
{
	int64		cells = 1;

	for (int axis = 0; axis < 3; axis++)
	{
		first[axis] = last[axis] = 0;
		if (!grid->used[axis])
			continue;
		first[axis] = cell_of(grid, axis, least(bounds, axis));
		last[axis] = cell_of(grid, axis, greatest(bounds, axis));
		cells *= (int64) last[axis] - first[axis] + 1;
		if (cells > GRID_MAX_CELLS)
			return false;
	}
	return true;
}

static uint32
hash_cell(const NearGrid *grid, const int32 *cell)
{
	uint64		hash = (uint32) cell[0] * UINT64CONST(0x9E3779B97F4A7C15);

	hash = (hash ^ (uint32) cell[1]) * UINT64CONST(0xC2B2AE3D27D4EB4F);
	hash = (hash ^ (uint32) cell[2]) * UINT64CONST(0x165667B19E3779F9);
	return (uint32) (hash >> 32) & grid->mask;
}

/* the next cell between first and last; false after the last */
static bool
next_cell(int32 *cell, const int32 *first, const int32 *last)
{
	for (int axis = 0; axis < 3; axis++)
	{
		if (cell[axis] < last[axis])
		{
			cell[axis]++;
			return true;
		}
		cell[axis] = first[axis];
	}
	return false;
}

/* ---- building ---- */

/* where the cells begin, and how wide they are */
static void
measure(NearGrid *grid)
{
	for (int axis = 0; axis < 3; axis++)
	{
		double		low = INFINITY,
					high = -INFINITY,
					sum = 0;
		int			n = 0;

		for (int i = 0; i < grid->nrows; i++)
		{
			NearRow    *row = near_grid_row(grid, i);

			if (!row->placed)
				continue;
			low = Min(low, least(&row->bounds, axis));
			high = Max(high, greatest(&row->bounds, axis));
			/* those of points: what is wider is in more cells, or in none */
			if (axis == 2 || row->shape.is_point)
			{
				sum += greatest(&row->bounds, axis) - least(&row->bounds, axis);
				n++;
			}
		}
		grid->origin[axis] = isfinite(low) ? low : 0;
		grid->width[axis] = Max(n > 0 ? sum / n : 0, (high - low) / GRID_CELLS);
		if (n == 0)
			grid->width[axis] = (high - low) / sqrt(Max(grid->nrows, 1));
		if (!(grid->width[axis] > 0) || !isfinite(grid->width[axis]))
			grid->width[axis] = 1;
	}
}

static void
add_entry(NearGrid *grid, const int32 *cell, int32 row)
{
	uint32		bucket = hash_cell(grid, cell);
	GridEntry  *entry;

	if (grid->nentries >= grid->entries_capacity)
	{
		grid->entries_capacity *= 2;
		grid->entries = repalloc_huge(grid->entries, (Size) grid->entries_capacity * sizeof(GridEntry));
	}
	entry = &grid->entries[grid->nentries];
	memcpy(entry->cell, cell, sizeof entry->cell);
	entry->row = row;
	entry->next = grid->heads[bucket];
	grid->heads[bucket] = grid->nentries++;
}

static void
add_bounds(NearBounds *all, const NearBounds *bounds)
{
	for (int d = 0; d < 2; d++)
	{
		all->min[d] = Min(all->min[d], bounds->min[d]);
		all->max[d] = Max(all->max[d], bounds->max[d]);
	}
	all->from = Min(all->from, bounds->from);
	all->to = Max(all->to, bounds->to);
}

/* of the rows that were added */
void
near_grid_build(NearGrid *grid)
{
	const NearBounds nothing = {{INFINITY, INFINITY}, {-INFINITY, -INFINITY}, PG_INT64_MAX, PG_INT64_MIN};
	MemoryContext old = MemoryContextSwitchTo(grid->context);
	Size		buckets = 1024;

	while (buckets < (Size) grid->nrows * 8 && buckets < (1u << 26))
		buckets *= 2;
	grid->mask = buckets - 1;
	grid->heads = MemoryContextAllocHuge(grid->context, buckets * sizeof(int32));
	memset(grid->heads, -1, buckets * sizeof(int32));
	grid->entries_capacity = Max(grid->nrows, 16) * 4;
	grid->entries = MemoryContextAllocHuge(grid->context, (Size) grid->entries_capacity * sizeof(GridEntry));
	grid->wide = MemoryContextAllocHuge(grid->context, Max(grid->nrows, 1) * sizeof(int32));
	grid->all = nothing;
	measure(grid);
	for (int i = 0; i < grid->nrows; i++)
	{
		NearRow    *row = near_grid_row(grid, i);
		int32		first[3],
					last[3],
					cell[3];

		if (!row->placed)
			continue;
		add_bounds(&grid->all, &row->bounds);
		if (!cells_of(grid, &row->bounds, first, last))
		{
			grid->wide[grid->nwide++] = i;
			continue;
		}
		memcpy(cell, first, sizeof cell);
		do
			add_entry(grid, cell, i);
		while (next_cell(cell, first, last));
	}
	MemoryContextSwitchTo(old);
}

/* ---- looking ---- */

static bool
meet(const NearGrid *grid, const NearBounds *a, const NearBounds *b)
{
	if (grid->used[2] && (a->from > b->to || b->from > a->to))
		return false;
	return !grid->used[0] || (a->min[0] <= b->max[0] && b->min[0] <= a->max[0] && a->min[1] <= b->max[1] &&
							  b->min[1] <= a->max[1]);
}

/* for the rows whose bounds meet these */
void
near_grid_look(NearGrid *grid, NearProbe *probe, const NearBounds *bounds)
{
	probe->bounds = bounds;
	probe->part = PROBE_DONE;
	if (grid->nrows == 0 || !meet(grid, &grid->all, bounds))
		return;
	if (!cells_of(grid, bounds, probe->first, probe->last))
	{
		probe->part = PROBE_ALL;
		probe->next = 0;
		return;
	}
	memcpy(probe->cell, probe->first, sizeof probe->cell);
	probe->part = PROBE_CELLS;
	probe->next = grid->heads[hash_cell(grid, probe->cell)];
}

/* is the cell at hand the one in which this pair is met? */
static bool
met_here(const NearGrid *grid, const NearProbe *probe, const NearBounds *bounds)
{
	for (int axis = 0; axis < 3; axis++)
		if (grid->used[axis] && probe->first[axis] != probe->last[axis] &&
			cell_of(grid, axis, Max(least(bounds, axis), least(probe->bounds, axis))) != probe->cell[axis])
			return false;
	return true;
}

/* of the cells, one after the other; NULL: there is no more */
static NearRow *
next_of_cells(NearGrid *grid, NearProbe *probe)
{
	for (;;)
	{
		while (probe->next >= 0)
		{
			const GridEntry *entry = &grid->entries[probe->next];
			NearRow    *row;

			probe->next = entry->next;
			if (memcmp(entry->cell, probe->cell, sizeof entry->cell) != 0)
				continue;
			row = near_grid_row(grid, entry->row);
			if (meet(grid, &row->bounds, probe->bounds) && met_here(grid, probe, &row->bounds))
				return row;
		}
		if (!next_cell(probe->cell, probe->first, probe->last))
			return NULL;
		probe->next = grid->heads[hash_cell(grid, probe->cell)];
	}
}

/* NULL: there is no more */
NearRow *
near_grid_next(NearGrid *grid, NearProbe *probe)
{
	if (probe->part == PROBE_CELLS)
	{
		NearRow    *row = next_of_cells(grid, probe);

		if (row)
			return row;
		probe->part = PROBE_WIDE;
		probe->next = 0;
	}
	while (probe->part == PROBE_WIDE && probe->next < grid->nwide)
	{
		NearRow    *row = near_grid_row(grid, grid->wide[probe->next++]);

		if (meet(grid, &row->bounds, probe->bounds))
			return row;
	}
	while (probe->part == PROBE_ALL && probe->next < grid->nrows)
	{
		NearRow    *row = near_grid_row(grid, probe->next++);

		if (row->placed && meet(grid, &row->bounds, probe->bounds))
			return row;
	}
	probe->part = PROBE_DONE;
	return NULL;
}
