/*
 * near_join.h
 *	  TerritoryNear: a join of two sets of rows by near_in_space(), by
 *	  near_in_time() or by both.
 *
 * The rows of one side, the *kept* ones, are put in the cells of a grid that
 * their grown bounds meet; each row of the other side, the *probes*, then looks in the
 * cell where it is.  Neither side needs an index.  Kept rows that do not fit in
 * memory are taken in batches, over which the probes are read again and again.
 */
#ifndef NEAR_JOIN_H
#define NEAR_JOIN_H

#include "spacetime/near.h"

#include "executor/executor.h"
#include "nodes/extensible.h"
#include "utils/tuplestore.h"

/* ---- rows in a grid: near_grid.c ---- */

/* a row's place and time: bounds, grown where the row is kept */
typedef struct NearBounds
{
	double		min[2];
	double		max[2];
	TimestampTz from;
	TimestampTz to;
} NearBounds;

typedef struct NearRow
{
	MinimalTuple tuple;
	NearBounds	bounds;
	NearShape	shape;
	bool		placed;			/* something may be near it */
	bool		matched;
} NearRow;

typedef struct NearGrid NearGrid;

typedef struct NearProbe
{
	const NearBounds *bounds;
	int32		first[3];		/* cells that it meets */
	int32		last[3];
	int32		cell[3];		/* the one at hand */
	int32		next;			/* entry of the cell, or row, to look at; -1: none */
	enum
	{
		PROBE_CELLS,
		PROBE_WIDE,				/* rows that meet too many cells to be put in them */
		PROBE_ALL,				/* it meets too many cells to look into them */
		PROBE_DONE,
	}			part;
} NearProbe;

extern NearGrid *near_grid_create(MemoryContext context, bool in_space, bool in_time);
extern void near_grid_reset(NearGrid *grid);
extern NearRow *near_grid_add(NearGrid *grid);
extern Size near_grid_size(const NearGrid *grid);
extern int	near_grid_rows(const NearGrid *grid);
extern NearRow *near_grid_row(const NearGrid *grid, int i);
extern MemoryContext near_grid_context(const NearGrid *grid);
extern void near_grid_build(NearGrid *grid);
extern void near_grid_look(NearGrid *grid, NearProbe *probe, const NearBounds *bounds);
extern NearRow *near_grid_next(NearGrid *grid, NearProbe *probe);

/* ---- the node ---- */

/* CustomScan.custom_private: a list of integers, by place, and lists of what each scan column is of its child */
enum
{
	NEAR_PRIVATE_NUMBERS,
	NEAR_PRIVATE_PROBE,			/* per scan column: the probes' column, or 0 */
	NEAR_PRIVATE_KEPT,
};

/* custom_exprs begins with the call in space, if there is one, the call in time, likewise; then quals of pairs */
enum
{
	NEAR_JOIN_TYPE,
	NEAR_PRESERVES_KEPT,		/* of outer and semi-joins, the side whose rows matter is the kept one */
	NEAR_SPACE_ARG,				/* which argument the probe gives; -1: there is no such call */
	NEAR_TIME_ARG,
};

/* CustomPath.custom_private: the numbers, the two calls, quals of pairs, quals of what comes out */
enum
{
	NEAR_PATH_NUMBERS,
	NEAR_PATH_CALLS,
	NEAR_PATH_QUALS,
	NEAR_PATH_FILTER,
};

typedef struct NearSide
{
	PlanState  *child;
	int			ncolumns;		/* of the scan tuple that are this side's */
	int		   *columns;		/* in the scan tuple, from 0 */
	int		   *sources;		/* in the child's, from 0 */
	ExprState  *place;
	ExprState  *instant;
} NearSide;

typedef struct NearJoinState
{
	CustomScanState custom;
	JoinType	type;
	bool		preserves_kept;
	bool		preserves_probe;
	NearSide	probe;
	NearSide	kept;
	ExprState  *space;			/* the calls as they are, for pairs that are no points */
	ExprState  *metres_expr;
	ExprState  *within_expr;
	ExprState  *quals;
	List	   *calls;			/* for EXPLAIN */

	/* for the parameters of now */
	bool		started;
	bool		possible;		/* something may be near something */
	double		metres;
	NearSpan	span;

	NearGrid   *grid;
	TupleTableSlot *kept_slot;
	bool		kept_done;

	/* probes of batches after the first */
	Tuplestorestate *probes;
	TupleTableSlot *probe_slot;
	bool		first_batch;
	int64		probe_number;
	uint8	   *probe_matched;	/* a bit for each */
	int64		probe_capacity;

	bool		have_probe;
	bool		probe_has_match;
	NearProbe	looking;
	NearBounds	probe_bounds;
	NearShape	probe_shape;
	bool		probe_placed;
	int			unmatched;		/* the kept row to look at next, after the probes; -1: not yet */

	int64		batches;		/* counters, for EXPLAIN */
	int64		rows_kept;
	int64		pairs;
} NearJoinState;

/* near_join_paths.c */
extern const CustomPathMethods near_path_methods;

/* near_join_plan.c */
extern Plan *near_plan(PlannerInfo *root, RelOptInfo *rel, CustomPath *path, List *tlist, List *clauses,
					   List *children);

/* near_join.c */
extern const CustomScanMethods near_scan_methods;

/* near_join_rows.c */
extern void near_start(NearJoinState *state);
extern bool near_fill_batch(NearJoinState *state);
extern bool near_next_probe(NearJoinState *state);
extern void near_rewind_probes(NearJoinState *state);
extern bool near_pair(NearJoinState *state, NearRow *row);
extern void near_show(NearSide *side, TupleTableSlot *from, TupleTableSlot *to);
extern void near_hide(NearSide *side, TupleTableSlot *to);

#endif
