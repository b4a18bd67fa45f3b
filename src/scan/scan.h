/*
 * scan.h
 *	  TerritoryScan: hot rows from a core plan or from heap, and the sealed rows
 *	  that the same query would have found.
 *
 * Indexes know hot rows only.  So every index path of a territory table becomes
 * the child of a TerritoryScan, which adds the sealed rows, and every
 * sequential path becomes a TerritoryScan without child, which reads the heap
 * itself and needs to decode neither the segments nor the columns that the
 * query cannot use.
 */
#ifndef SCAN_H
#define SCAN_H

#include "territory.h"
#include "executor/executor.h"
#include "nodes/extensible.h"
#include "nodes/pathnodes.h"
#include "utils/sortsupport.h"
#include "utils/tuplesort.h"

#include "scan/scan_filter.h"
#include "segment/sealed_scan.h"

/* CustomScan.custom_private: lists, by place */
enum
{
	PRIVATE_COLUMNS,			/* attribute numbers, as the child's target list has them */
	PRIVATE_NFILTERS,			/* custom_exprs begin with so many quals ... */
	PRIVATE_PRUNES,				/* ... go on with a value for each of these ... */
	PRIVATE_SORTS,				/* ... and end with a sort key for each of these */
	PRIVATE_WHY,				/* a string: why the query is not vectorised; or nothing */
};

/* a prune spec is a list of integers, by place */
enum
{
	PRUNE_ATTNO,
	PRUNE_TYPE,					/* of the column */
	PRUNE_VALUE_TYPE,
	PRUNE_STRATEGY,				/* btree's */
	PRUNE_FORM,
	PRUNE_EXACT,				/* 1: = by the column's own equality */
	PRUNE_TYPMOD,				/* of the column */
	PRUNE_OPERATOR,
	PRUNE_LOSSY,				/* 1: rows that pass are to be asked the qual itself, which implies this */
	PRUNE_QUAL,					/* the qual's place; of scan_prune_specs() only, as what follows */
	PRUNE_GUARDED,				/* 1: some quals hide rows from others */
};

typedef enum PruneForm
{
	PRUNE_COMPARE,				/* column op value */
	PRUNE_ANY,					/* column = ANY (array) */
	PRUNE_NULL,					/* column IS NULL; no value */
	PRUNE_BOX,					/* column op value by their boxes; strategy is a BoxTest */
} PruneForm;

/* a sort spec is a list of oids, by place */
enum
{
	SORT_OPERATOR,
	SORT_COLLATION,
	SORT_NULLS_FIRST,
};

/* what workers share, besides heap's scan */
typedef struct ScanShared
{
	pg_atomic_uint32 next_segment;
	pg_atomic_uint64 segments_read;
	pg_atomic_uint64 segments_pruned;
	pg_atomic_uint64 blocks_read;
	pg_atomic_uint64 blocks_pruned;
	pg_atomic_uint64 bytes_read;
	pg_atomic_uint64 hot_rows;	/* these two of TerritoryScan; others count their own */
	pg_atomic_uint64 blocks_summed;
} ScanShared;

typedef struct ScanSort
{
	ExprState  *expr;
	SortSupportData support;
	Oid			operator;
	Oid			type;
} ScanSort;

typedef struct TerritoryScanState
{
	CustomScanState custom;
	PlanState  *child;			/* or NULL: hot_scan */
	TableScanDesc hot_scan;
	TupleTableSlot *hot_slot;	/* of hot_scan */
	int			ncolumns;		/* of the child's rows */
	AttrNumber *columns;
	Bitmapset  *needed;			/* attributes that anybody reads */
	Bitmapset  *shown;			/* of these, what the quals alone do not read; 0 stands for none */
	List	   *filter_exprs;
	ExprState  *filter;
	ScanFilter *vectors;		/* the same for sealed rows, or NULL: there are no quals */
	ExprState  *rest;			/* what they leave to ask */
	int			nrest_columns;	/* which it reads, from 0; -1: all */
	int		   *rest_columns;
	int64		vectors_removed;	/* rows counted so far */

	List	   *prune_specs;
	ExprState **prune_values;

	SealedScan *sealed;
	bool		sealed_ready;	/* the next two hold for the parameters of now */
	bool		sealed_possible;	/* some sealed row may pass */
	bool		in_sealed;

	int			nsorts;			/* > 0: rows come in this order */
	ScanSort   *sorts;
	struct OrderedRows *ordered;	/* NULL before the first sealed row is wanted */
	struct ScanSorter *hot_sorter;	/* without child: of hot rows, NULL before the first is wanted */
	bool		hot_ahead;		/* hot_head holds the next hot row */
	bool		sealed_ahead;	/* sealed_head holds the next sealed row */
	bool		hot_done;
	int64		hot_rows;		/* that were looked at */
	int64		blocks_summed;	/* whose end row came from summaries */
	bool		sealed_done;	/* no sealed row is left: hot ones need no comparing */
	TupleTableSlot *hot_head;
	TupleTableSlot *sealed_head;
	Datum	   *hot_keys;
	bool	   *hot_nulls;
	Datum	   *sealed_keys;
	bool	   *sealed_nulls;
	MemoryContext hot_context;
	MemoryContext prune_context;

	ScanShared *shared;
	ScanShared	local;			/* counters, for EXPLAIN */
} TerritoryScanState;

/* a segment's header is read, in cpu_tuple_cost */
#define SEGMENT_OPEN_COST 50.0

/* what sealed rows cost, in units of the planner */
typedef struct SealedCost
{
	double		rows;			/* sealed rows of the table */
	int64		segments;
	double		pages;
	QualCost	quals;
	double		hot_share;		/* of rows that the query finds, that an index finds */
} SealedCost;

/* scan_paths.c */
extern bool scan_is_territory(RangeTblEntry *rte, SealedCost *sealed);
extern bool scan_is_measure(Oid type);
extern bool scan_spec_is_measure(List *spec);
extern double scan_share_asked(PlannerInfo *root, RelOptInfo *rel, Node *qual);
extern double scan_rows_touched(PlannerInfo *root, RelOptInfo *rel, const SealedCost *sealed, List *clauses);
extern double scan_hot_pages(PlannerInfo *root, RelOptInfo *rel, const SealedCost *sealed);
extern Cost scan_sealed_cost(PlannerInfo *root, RelOptInfo *rel, const SealedCost *sealed, ParamPathInfo *param);
extern void scan_say_why(RelOptInfo *rel, const char *reason);
extern void scan_paths_init(void);
extern const CustomPathMethods scan_path_methods;

/* scan_plan.c */
extern Plan *scan_plan(PlannerInfo *root, RelOptInfo *rel, CustomPath *path, List *tlist, List *clauses,
					   List *children);
extern Expr *scan_sort_expression(RelOptInfo *rel, PathKey *key, Oid *type);
extern List *scan_prune_specs(PlannerInfo *root, Index relid, List *quals, List **values);
extern bool scan_prune_spec(PlannerInfo *root, Index relid, Node *clause, List **spec, Node **value);
extern bool scan_condition_spec(PlannerInfo *root, Index relid, Node *condition, List **spec, Node **value);
extern bool scan_implied_spec(PlannerInfo *root, Index relid, Node *clause, List **spec, Node **value);
extern bool scan_needs_system_columns(RelOptInfo *rel);

/* scan_prune.c */
extern bool scan_zone_key(Oid column, Oid type, Datum value, int64 *key);
extern int	scan_sort_keys(int64 *keys, int n);
extern bool scan_prune_decides(List *spec);
extern bool scan_prune_key(List *spec, Datum value, PruneKey *key, bool *usable);
extern bool scan_prune_keys(List *specs, ExprState **values, ExprContext *econtext, MemoryContext context,
							PruneKey **keys, int *nkeys);
extern ExprState **scan_prune_values(List *specs, List *values, PlanState *parent);

/* scan_box.c */
extern char *scan_c_symbol(Oid function);
extern BoxTest scan_box_test(Oid op, Oid type, bool for_index, bool *lossy);
extern List *scan_implied_conditions(PlannerInfo *root, Index relid, Node *clause);
extern int32 scan_srid_of_typmod(int32 typmod);
extern bool scan_box_key(List *spec, Datum value, PruneKey *key);
extern void scan_box_may_call(List *spec, Datum value, PruneKey *key);

/* scan_exec.c */
extern const CustomScanMethods scan_methods;
extern bool scan_next_sealed(TerritoryScanState *state, ScanDirection direction, TupleTableSlot *slot);
extern bool scan_rest_passes(TerritoryScanState *state, TupleTableSlot *slot);
extern void scan_count_removed(TerritoryScanState *state);
extern void scan_aim_sealed(SealedScan *sealed, PruneKey *keys, int nkeys);
extern bool scan_open_sealed(TerritoryScanState *state);

/* scan_parallel.c */
extern Size scan_shared_size(Relation rel, Snapshot snapshot);
extern void scan_shared_begin(ScanShared *shared, Relation rel, Snapshot snapshot);
extern void scan_shared_restart(ScanShared *shared, Relation rel);
extern TableScanDesc scan_shared_hot(ScanShared *shared, Relation rel, Snapshot snapshot);
extern void scan_shared_count(ScanShared *shared, SealedScan *sealed);
extern void scan_shared_sum(ScanShared *sum, ScanShared *shared);

/* scan_order.c */
extern bool scan_order_next(TerritoryScanState *state);
extern void scan_order_restart(TerritoryScanState *state);
extern void scan_order_end(TerritoryScanState *state);
extern AttrNumber scan_order_column(Expr *expr);
extern void scan_order_keys(TerritoryScanState *state, TupleTableSlot *slot, Datum *keys, bool *nulls,
							MemoryContext context);
extern int	scan_order_compare(TerritoryScanState *state, const Datum *a, const bool *a_nulls, const Datum *b,
							   const bool *b_nulls);

/* scan_explain.c */
extern void scan_explain(CustomScanState *node, List *ancestors, ExplainState *es);
extern void scan_explain_bytes(int64 bytes, ExplainState *es);
extern bool scan_explain_elsewhere(CustomScanState *node, bool ran_here, ExplainState *es);

/* scan_guard.c */
extern void scan_guard_init(void);

extern void scan_init(void);

#endif
