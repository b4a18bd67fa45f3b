/*
 * vector.h
 *	  TerritoryAggregate: grouping and aggregation of one territory table inside
 *	  its scan.
 *
 * The node reads the table itself: hot rows by heap's scan, sealed ones block
 * by block.  What it computes is listed in its custom_scan_tlist, so that core
 * resolves every output expression against it:
 *
 *	  group keys | aggregates | ROW (quals of the rows, quals that depend on no
 *								 row, values to prune by, limits[, ROW (join)], marker)
 *
 * The first two are columns of the node's rows.  The last is null there, and is
 * one entry, which no expression of the query can equal: setrefs would take any
 * entry that equals a part of an output expression for its value.  The marker
 * is a system column of the table: it tells its range table index, which
 * nothing else of a plan carries through setrefs.
 */
#ifndef VECTOR_H
#define VECTOR_H

#include "territory.h"
#include "access/parallel.h"
#include "executor/executor.h"
#include "executor/nodeAgg.h"
#include "nodes/extensible.h"
#include "nodes/pathnodes.h"

#include "scan/scan.h"

/* CustomScan.custom_private: lists, by place */
enum
{
	VECTOR_COUNTS,				/* of group keys, aggregates, quals, quals that depend on no row */
	VECTOR_EQUAL,				/* the operator that makes two group keys one, for each */
	VECTOR_PRUNES,				/* scan.h's prune specs */
	VECTOR_PARTIAL,				/* 1: rows are states of transition functions */
	VECTOR_JOIN,				/* vector_join.h's, or NIL */
	VECTOR_TOP,					/* see vector_top_spec() */
	VECTOR_ORDER,				/* see vector_order_spec() */
};

/* of CustomPath.custom_private */
typedef struct VectorTarget
{
	Index		relid;
	Relids		relids;			/* whose columns expressions may have: the table's, and those that it is joined with */
	struct JoinTarget *join;	/* or NULL */
	List	   *clauses;		/* SortGroupClauses: what the query groups by */
	List	   *keys;			/* their expressions */
	List	   *equal;			/* their operators */
	List	   *aggregates;		/* Aggrefs */
	List	   *quals;			/* in the order in which they are evaluated */
	List	   *once;			/* those that depend on no row */
	List	   *having;
	PathTarget *output;
	bool		partial;		/* states of transition functions are handed out, of a group more than once */
	List	   *top;			/* see vector_top_spec() */
	List	   *limits;			/* LIMIT and OFFSET, where that says that there is a top */
	List	   *order;			/* see vector_order_spec() */
	const char *refusal;		/* why the node cannot do it; NULL: it can */
} VectorTarget;

/* of a target, as far as workers do not matter */
typedef struct VectorEstimate
{
	double		hot_pages;
	double		decoded;		/* rows */
	double		groups;
	Cost		read;			/* all but handing out groups, and ... */
	Cost		join;			/* what every worker does: reading what the table is joined with */
} VectorEstimate;

/* what a key is to a block's rows */
typedef enum KeyForm
{
	KEY_ANY,					/* nothing is known */
	KEY_COLUMN,					/* a column that is told by its zone keys */
	KEY_VALUE,					/* another column */
	KEY_PURE,					/* the same where its column is, which may be of any type */
	KEY_STRETCH,				/* the same for stretches of the column's values */
	KEY_PLACE,					/* a function of a point, known by its coordinates: vector_place.h */
	KEY_JOINED,					/* of the row that is joined */
} KeyForm;

/* how the state of an aggregate is kept: by its own transition function, or natively, for kernels and summaries */
typedef enum Kernel
{
	KERNEL_NONE,				/* a transition state: AggregateValue */
	KERNEL_ROWS,				/* count(*): CountState */
	KERNEL_VALUES,				/* count(x): CountState */
	KERNEL_TOTAL,				/* sum of small integers: TotalState */
	KERNEL_MEAN,				/* their mean: TotalState */
	KERNEL_FLOAT_TOTAL,			/* sum of float8: FloatState */
	KERNEL_MOMENTS,				/* mean and variance of floats: MomentState */
	KERNEL_LEAST,				/* ExtremeState */
	KERNEL_GREATEST,			/* ExtremeState */
	KERNEL_WIDE_TOTAL,			/* sum of bigint and numeric: WideState */
	KERNEL_WIDE_MEAN,			/* their mean: WideState */
	KERNEL_PAIRS,				/* correlation and regression of two floats: PairState; in batches */
} Kernel;

/* rows that have one summary: a segment, or a block of the open one, or a side of that */
typedef struct SummedRows
{
	SegmentEntry *entry;
	SegmentReader *reader;		/* NULL: the whole segment */
	int			block;
	BlockSide	side;
	bool		asked_alive;	/* whether all of them are: that is known, once it was asked for */
	bool		alive;
} SummedRows;

/* of one aggregate without a kernel in one group */
typedef struct AggregateValue
{
	Datum		value;
	bool		isnull;
	bool		untouched;		/* a strict transition takes its first value from the next row */
} AggregateValue;

typedef struct CountState
{
	int64		n;
} CountState;

typedef struct TotalState
{
	int64		n;
	int64		sum;			/* wraps, as the aggregates' own does */
} TotalState;

typedef struct FloatState
{
	double		sum;
	bool		known;
} FloatState;

/* number, sum, and sum of squared distances from the mean, as float8_accum() keeps them */
typedef struct MomentState
{
	double		n;
	double		sum;
	double		m2;				/* where only the mean is asked for, it may be too small */
} MomentState;

/* number, sums and second moments, in the order in which float8_regr_accum() keeps them */
typedef struct PairState
{
	double		n;
	double		sum_x;
	double		m2_x;
	double		sum_y;
	double		m2_y;
	double		m_xy;
} PairState;

/* see vector_wide.c */
typedef struct WideState
{
	int64		n;
	int128		sum;			/* times 10 ^ scale */
	int			scale;
	int			display;		/* decimals to show, at least */
	Datum		rest;			/* a numeric to add, or 0 */
} WideState;

typedef struct ExtremeState
{
	Datum		value;
	bool		known;
} ExtremeState;

typedef struct VectorChoice VectorChoice;

/* one aggregate of the query */
typedef struct VectorAggregate
{
	Aggref	   *ref;
	AggStatePerTransData *per_trans;	/* what AggGetAggref() answers from */
	int			nargs;
	ExprState **args;
	AttrNumber *columns;		/* per argument: the column that it is, or 0 */
	bool		plain_columns;	/* all arguments are columns */
	ExprState  *filter;
	VectorChoice *choice;		/* of the argument, by conditions; or NULL */
	FmgrInfo	transition;
	FunctionCallInfo call;
	Datum		initial;
	bool		initial_null;
	int16		state_len;
	bool		state_byval;
	bool		has_final;
	FmgrInfo	finalfn;
	int			nfinal;			/* arguments of finalfn */
	bool		final_modifies; /* a state is good for one result only */
	int16		result_len;
	bool		result_byval;
	Kernel		kernel;
	Oid			input_type;		/* of the values that a kernel takes */
	bool		mean_only;		/* KERNEL_MOMENTS: nothing but the mean is asked for */
	struct AggregateBatch *batch;	/* of one that takes many rows at once, not by vector_kernel(); or NULL */
	Size		offset;			/* of its state in a group */
	MemoryContext memory;		/* what a state points to lives here */
} VectorAggregate;

/* values of a group key, as far as a few evaluations told */
typedef struct KeyStretch
{
	int64		from;			/* from here ... */
	int64		to;				/* ... to here the key's column gives this key */
	Datum		key;
	bool		isnull;
} KeyStretch;

typedef struct KeyMemory KeyMemory;
typedef struct PlaceMemory PlaceMemory;

/* one group key */
typedef struct VectorKey
{
	ExprState  *expr;
	Oid			type;
	int16		len;
	bool		byval;
	bool		plain;			/* equal values have equal bits, or are in the same place */
	bool		placed;			/* equal values are in the same place, which outlives the groups */
	Oid			collation;
	FmgrInfo	equal;
	FmgrInfo	hash;
	KeyForm		form;
	AttrNumber	column;			/* that it depends on, unless form is KEY_ANY */
	KeyMemory  *memory;			/* of KEY_STRETCH: vector_key.c */
	PlaceMemory *place;			/* of KEY_PLACE: vector_place.c */

	/* of the block at hand, in vector_block.c */
	bool		constant;		/* its column has one value, so that it has one, too */
	bool		rising;			/* its column rises from row to row, and it is known by stretches */
	KeyStretch	here;			/* of the row at hand */
} VectorKey;

/* a group: its keys, which of them are null, then a state for each aggregate; see VectorState's offsets */
typedef struct VectorGroup VectorGroup;

typedef struct GroupSlot
{
	uint32		hash;
	uint32		group;			/* its number + 1, or 0 */
} GroupSlot;

/* the groups of a pass, in the order in which they were met */
typedef struct GroupTable
{
	int64		n;
	uint32	   *successors;		/* number + 1 of the group looked up after it the last time, or 0 */
	int64		last;			/* number of the group looked up last */
	int			trust;			/* in successors */
	char	  **chunks;			/* GROUPS_PER_CHUNK each */
	GroupSlot  *slots;
	uint32		nslots;
} GroupTable;

/* neighbours among the rows of a block that are taken, of one group */
typedef struct GroupRun
{
	VectorGroup *group;
	int			n;
} GroupRun;

/* of the block at hand: the rows that pass, and their groups */
typedef struct BlockRowsTaken
{
	int			n;
	bool		dense;			/* all rows of the block */
	bool		together;		/* all from the first to the last */
	int			rows[BLOCK_MAX_ROWS];
	int			nruns;
	const GroupRun *runs;		/* these, or what is remembered */
	GroupRun	own_runs[BLOCK_MAX_ROWS];
} BlockRowsTaken;

/* where blocks of some times are cut into runs: vector_cut.c */
typedef struct RunCut
{
	struct RunCut *next;		/* in the same bucket */
	int64		first;			/* times of the first ... */
	int64		last;			/* ... and the last row */
	int			rows;
	bool		even;			/* it holds where these are equally far from each other in time */
	int			nruns;
	int		   *ends;			/* of each run, the row after it */
	struct ValueRange *stretches;	/* of each, times that have its keys */
	NullableDatum *keys;		/* of each, all keys; only those that rise are set */
} RunCut;

typedef struct CutMemory CutMemory;
typedef struct VectorOrder VectorOrder;

/* of the processes of a parallel query */
typedef enum VectorSharing
{
	SHARING_UNDECIDED,
	SHARING_ALL,				/* each reads what no other does */
	SHARING_ONE,				/* one of them reads everything */
} VectorSharing;

/* where a pass over the rows stands */
typedef enum VectorStage
{
	STAGE_START,
	STAGE_HOT,
	STAGE_SEGMENTS,				/* between two of them */
	STAGE_BLOCKS,				/* of the open segment */
	STAGE_END,
} VectorStage;

typedef struct VectorState
{
	CustomScanState custom;
	Relation	rel;
	int			nkeys;
	int			naggregates;
	int			nquals;
	int			nonce;
	struct VectorJoin *join;	/* or NULL */

	/* rows */
	ExprContext *row_context;	/* reset for every row */
	ExprState  *quals;			/* of hot rows */
	int			nstretch_quals;
	VectorKey  *stretch_quals;	/* of sealed rows: vector_qual.c */
	ScanFilter *filter;			/* the same of sealed ones, or NULL */
	ExprState  *once;
	Bitmapset  *needed;
	bool		needs_all;		/* a whole row is asked for */
	Bitmapset  *shown;			/* of needed, what not only quals read */
	int			ncolumns;		/* sealed ones to copy into the slot */
	AttrNumber *columns;
	Bitmapset  *key_columns;	/* of them, those that only keys read which headers may tell */
	Bitmapset  *qual_columns;	/* those that quals read */
	Bitmapset  *point_columns;	/* positions of which only coordinates, and quals, are asked */
	TupleTableSlot *sealed_slot;
	TupleTableSlot *hot_slot;
	TableScanDesc hot_scan;
	SealedScan *sealed;
	List	   *prune_specs;
	ExprState **prune_values;
	MemoryContext prune_context;

	/* groups */
	VectorKey  *keys;
	Datum	   *key_values;		/* of the row at hand */
	bool	   *key_nulls;
	Size		nulls_offset;	/* in a group */
	Size		group_size;
	GroupTable	table;
	MemoryContext table_context;
	VectorGroup *last;			/* the group found last, or NULL */
	VectorGroup *ungrouped;
	int64		next;			/* group to hand out */

	/* of all groups, those whose hash is in [low, low + width) are in the table */
	uint64		low;
	uint64		width;

	/* aggregates */
	VectorAggregate *aggregates;
	AggState   *aggstate;		/* for transition functions only: not a node that runs */
	ExprContext *state_context; /* transition states live as long as the table */

	VectorStage stage;
	bool		partial;		/* groups that fill the memory are handed out, and the pass goes on */
	bool		overfull;		/* they do */
	bool		filled;			/* the table holds a pass's groups */
	bool		done;
	Bitmapset  *params;			/* that groups depend on */

	/* blocks that are answered from their summaries */
	bool		summaries;		/* such blocks may be */
	uint8	   *zone_kinds;		/* per attribute: its ZoneKind + 1, or 0: nobody has asked */
	PruneKey   *prune_keys;
	int			nprune_keys;
	BlockRowsTaken taken;		/* of the block at hand */
	CutMemory  *cuts;
	Datum		input_values[BLOCK_MAX_ROWS];	/* of one aggregate, of the rows taken */
	bool		input_nulls[BLOCK_MAX_ROWS];
	int64		segments_summed;
	int64		blocks_summed;

	struct VectorTop *top;		/* NULL: all groups are wanted */
	VectorOrder *order;			/* NULL: in any order */

	int64		hot_rows;		/* counters, for EXPLAIN */
	int64		keys_evaluated;
	int64		passes;

	/* workers that each aggregate what they read */
	struct VectorShared *shared;
	ScanShared	scanned;		/* what all of them read, once they have */
} VectorState;

#define ALL_HASHES ((uint64) 1 << 32)	/* the width of a pass over all groups */

#define group_keys(group) ((Datum *) (group))
#define group_nulls(state, group) ((bool *) (group) + (state)->nulls_offset)
#define group_state(agg, group) ((void *) ((char *) (group) + (agg)->offset))

/* vector_target.c */
extern VectorTarget *vector_target(PlannerInfo *root, RelOptInfo *rel, RelOptInfo *input, List *clauses,
								   PathTarget *output, List *having);
extern bool vector_can_evaluate(Node *node, VectorTarget *target);
extern bool vector_refuse(VectorTarget *target, const char *refusal);
extern bool vector_target_add_key(VectorTarget *target, Node *key, SortGroupClause *clause);
extern VectorTarget *vector_target_partial(VectorTarget *whole);
extern VectorTarget *vector_target_of_child(PlannerInfo *root, VectorTarget *of_parent, RelOptInfo *parent,
											RelOptInfo *child);
extern List *vector_ordered_quals(PlannerInfo *root, List *infos);

/* vector_sets.c */
extern const char *vector_refuse_sets(PlannerInfo *root, PathTarget *output, List *having);
extern List *vector_set_clauses(PlannerInfo *root, List *set);
extern Node *vector_for_set(PlannerInfo *root, List *set, Node *expressions);

/* vector_cost.c */
extern VectorEstimate vector_estimate(PlannerInfo *root, RelOptInfo *rel, const SealedCost *sealed,
									  VectorTarget *target);
extern int	vector_workers(RelOptInfo *rel, const VectorEstimate *estimate);
extern void vector_cost_path(PlannerInfo *root, VectorTarget *target, const VectorEstimate *estimate, int workers,
							 AggSplit split, Path *path);

/* vector_partitions.c */
extern const char *vector_add_partitions_path(PlannerInfo *root, RelOptInfo *parent, RelOptInfo *grouped,
											  List *clauses, List *having);

/* vector_distinct.c */
extern bool vector_add_distinct_paths(PlannerInfo *root, RelOptInfo *rel, RelOptInfo *input, RelOptInfo *grouped,
									  const SealedCost *sealed, List *having);

/* vector_paths.c */
extern Path *vector_path(PlannerInfo *root, RelOptInfo *rel, RelOptInfo *grouped, const SealedCost *sealed,
						 VectorTarget *target);
extern Path *vector_gather_path(PlannerInfo *root, RelOptInfo *rel, RelOptInfo *grouped, const SealedCost *sealed,
								VectorTarget *target);
extern void vector_init(void);

/* vector_plan.c */
extern const CustomPathMethods vector_path_methods;

/* vector_exec.c */
extern const CustomScanMethods vector_methods;
extern VectorGroup *vector_next(VectorState *state);
extern void vector_store_group(VectorState *state, VectorGroup *group, TupleTableSlot *slot);

/* vector_parallel.c */
extern Size vector_estimate_dsm(CustomScanState *node, ParallelContext *pcxt);
extern void vector_initialize_dsm(CustomScanState *node, ParallelContext *pcxt, void *coordinate);
extern void vector_reinitialize_dsm(CustomScanState *node, ParallelContext *pcxt, void *coordinate);
extern void vector_initialize_worker(CustomScanState *node, shm_toc *toc, void *coordinate);
extern pg_atomic_uint32 *vector_next_segment(VectorState *state);
extern void vector_deal_again(VectorState *state);
extern VectorSharing vector_share(VectorState *state, VectorSharing wish, bool *mine);
extern void vector_shutdown(CustomScanState *node);

/* vector_group.c */
extern void vector_groups_begin(VectorState *state);
extern void vector_groups_reset(VectorState *state);
extern bool vector_take_row(VectorState *state, TupleTableSlot *slot);
extern bool vector_add_row(VectorState *state, TupleTableSlot *slot);
extern VectorGroup *vector_find_group(VectorState *state, bool *full);
extern uint32 vector_announce_group(VectorState *state);
extern VectorGroup *vector_find_announced(VectorState *state, uint32 hash, bool *full);
extern VectorGroup *vector_group_at(VectorState *state, int64 number);
extern VectorGroup *vector_next_group(VectorState *state);
extern void vector_group_row(VectorState *state, VectorGroup *group, TupleTableSlot *slot);

/* vector_top.c */
extern List *vector_top_spec(PlannerInfo *root, VectorTarget *target);
extern void vector_top_estimate(PlannerInfo *root, RelOptInfo *rel, VectorTarget *target, VectorEstimate *estimate);
extern void vector_top_begin(VectorState *state, List *spec, List *values);
extern void vector_top_reset(VectorState *state);
extern bool vector_top_drops(VectorState *state, VectorGroup *group);
extern bool vector_top_key(VectorState *state, int *key, bool *descending, int64 *wanted);
extern bool vector_top_applies(VectorState *state);
extern bool vector_top_take_sealed(VectorState *state);

/* vector_order.c */
extern List *vector_order_spec(PlannerInfo *root, VectorTarget *target);
extern void vector_order_begin(VectorState *state, List *specs);
extern void vector_order_end(VectorState *state);
extern void vector_order_restart(VectorState *state);
extern void vector_order_forget(VectorState *state);
extern bool vector_order_sorts_rows(VectorState *state, bool all);
extern bool vector_order_next_row(VectorState *state, TupleTableSlot *slot);
extern uint32 *vector_order_numbers(VectorState *state);
extern List *vector_order_keys(VectorState *state);

/* what conditions are to some rows, all of them */
typedef enum QualsAnswer
{
	QUALS_UNKNOWN,
	QUALS_HOLD,
	QUALS_FAIL,
} QualsAnswer;

/* vector_qual.c */
extern bool vector_qual_is_stretch(Expr *qual, Index relid);
extern List *vector_quals_begin(VectorState *state, List *quals, Index relid);
extern void vector_quals_filter(VectorState *state, BlockRowsTaken *taken);
extern QualsAnswer vector_quals_judge(VectorState *state, SummedRows *rows);

/* vector_key.c */
extern KeyForm vector_key_form(Node *key, AttrNumber *column);
extern void vector_keys_begin(VectorState *state, List *exprs, List *equal);
extern void vector_keys_placed(VectorState *state, bool placed);
extern void vector_keys_reset(VectorState *state);
extern void vector_key_begin(VectorState *state, VectorKey *key, Node *expr);
extern void vector_key_reach(VectorKey *key, int64 from, int64 to);
extern void vector_key_stretch(VectorKey *key, int64 value, KeyStretch *stretch);
extern bool vector_key_rises(VectorState *state, int k, int64 from, int64 to);
extern void vector_key_lives_on(VectorState *state, int k, Datum key, Datum copy);
extern bool vector_key_between(VectorKey *key, int64 from, int64 to, Datum *value, bool *isnull);

/* vector_place.c */
extern bool vector_place_parse(Node *key, AttrNumber *column);
extern PlaceMemory *vector_place_begin(VectorState *state, VectorKey *key, Node *expr);
extern double vector_place_groups(Node *key, Relation rel);
extern void vector_place_reset(PlaceMemory *memory);
extern bool vector_place_begin_block(VectorState *state, VectorKey *key);
extern bool vector_place_is_known(const VectorKey *key);
extern void vector_place_load(VectorState *state, VectorKey *key);
extern Datum vector_place_value(const VectorKey *key, int row, bool *isnull);
extern bool vector_place_stays(const VectorKey *key, int before, int row);
extern bool vector_place_in_box(VectorState *state, VectorKey *key, const float *box, Datum *value);

/* vector_aggregate.c */
extern void vector_check_may_execute(Oid function, Oid role, ObjectType kind);
extern void vector_aggregates_begin(VectorState *state, List *exprs, Index rti);
extern void vector_aggregates_restart(VectorState *state);
extern void vector_aggregates_start(VectorState *state, VectorGroup *group);
extern bool vector_is_tame(VectorState *state, AttrNumber column);
extern void vector_aggregates_advance(VectorState *state, VectorGroup *group, TupleTableSlot *slot);
extern void vector_aggregates_take_block(VectorState *state);
extern bool vector_aggregate_passes(VectorState *state, VectorAggregate *agg);
extern void vector_aggregates_finish(VectorState *state, VectorGroup *group, Datum *values, bool *nulls);

/* vector_choice.c */
extern void vector_hide_others(const BlockRowsTaken *taken, uint8 *hidden, int rows);
extern VectorChoice *vector_choice_begin(Expr *filter, Expr *argument, Index rti, PlanState *parent);
extern void vector_choice_start(VectorChoice *choice, ExprContext *econtext);
extern bool vector_choice_take_block(VectorState *state, VectorAggregate *agg);

/* vector_batch.c */
extern bool vector_batch_expected(Aggref *ref);
extern void vector_batch_begin(VectorState *state, VectorAggregate *agg);
extern Bitmapset *vector_batch_point_columns(VectorState *state, Bitmapset *others, Index rti);
extern void vector_batch_take_block(VectorState *state, VectorAggregate *agg);

/* vector_block.c */
extern void vector_store_row(VectorState *state, int row);
extern void vector_columns_begin(VectorState *state, List *keys, List *others, List *quals, Index rti);
extern void vector_show_keys(VectorState *state);
extern void vector_announce_values(VectorState *state, VectorKey *key);
extern bool vector_column_is_constant(VectorState *state, AttrNumber attno);
extern bool vector_take_block(VectorState *state);
extern bool vector_take_passed(VectorState *state);

/* vector_runs.c */
extern bool vector_find_runs(VectorState *state);

/* vector_cut.c */
extern void vector_cuts_begin(VectorState *state);
extern void vector_cuts_reset(VectorState *state);
extern bool vector_cuts_apply(VectorState *state);
extern bool vector_cuts_even(VectorState *state);
extern RunCut *vector_cut_find_even(VectorState *state);
extern RunCut *vector_cut_find(VectorState *state);
extern void vector_cut_load_keys(VectorState *state, const RunCut *cut, int run);
extern void vector_cut_keep(VectorState *state);
extern bool vector_cut_groups(VectorState *state, const RunCut *cut);
extern void vector_cut_keep_groups(VectorState *state, const RunCut *cut);

/* vector_kernel.c */
extern Kernel vector_kernel_of(Aggref *ref, Oid *input_type);
extern Var *vector_column_argument(Aggref *ref);
extern void vector_kernel_check(VectorAggregate *agg);
extern void vector_kernel_know_final(VectorAggregate *agg, Oid final);
extern Size vector_kernel_state_size(const VectorAggregate *agg);
extern void vector_kernel_start(const VectorAggregate *agg, void *state);
extern void vector_kernel(const VectorAggregate *agg, void *state, const Datum *values, const bool *nulls, int n,
						  bool tame);
extern void vector_kernel_runs(const VectorAggregate *agg, const BlockRowsTaken *taken, const Datum *values,
							   const bool *nulls, bool tame);
extern void vector_kernel_add(const VectorAggregate *agg, void *state, const ColumnSummary *summary, Datum extreme,
							  int64 rows);
extern Datum vector_kernel_datum(const VectorAggregate *agg, const void *state, bool *isnull);
extern bool vector_kernel_result(const VectorAggregate *agg, const void *state, Datum *result, bool *isnull);

/* vector_pairs.c */
struct BatchArgument;
extern void vector_pairs_add(PairState *state, double y, double x);
extern void *vector_pairs_take(FunctionCallInfo call, void *state, const struct BatchArgument *args, int n);

/* vector_wide.c */
extern void vector_wide_add(const VectorAggregate *agg, WideState *state, const Datum *values, const bool *nulls,
							int n);
extern void vector_wide_add_summary(const VectorAggregate *agg, WideState *state, const ColumnSummary *summary);
extern Datum vector_wide_result(const VectorAggregate *agg, const WideState *state, bool *isnull);
extern void vector_wide_extreme(const VectorAggregate *agg, ExtremeState *state, Datum value);

/* vector_summary.c */
extern bool vector_may_summarise(List *keys, List *aggregates, int nquals, int nprunes);
extern void vector_summaries_begin(VectorState *state, List *keys, List *aggregates);
extern bool vector_full_zone(VectorState *state, SummedRows *rows, AttrNumber attno, ZoneMap *zone);
extern bool vector_one_value(VectorState *state, SummedRows *rows, AttrNumber attno, Datum *value);
extern bool vector_block_zone(VectorState *state, AttrNumber attno, ZoneMap *zone);
extern bool vector_answer_segment(VectorState *state, SegmentEntry *entry, bool *full);
extern bool vector_answer_block(VectorState *state, bool *full);

/* vector_explain.c */
extern void vector_explain(CustomScanState *node, List *ancestors, ExplainState *es);

#endif
