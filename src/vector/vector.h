/*
 * vector.h
 *	  TerritoryAggregate: grouping and aggregation of one territory table inside
 *	  its scan.
 *
 * The node reads the table itself: hot rows by heap's scan, sealed ones block
 * by block.  What it computes is listed in its custom_scan_tlist, so that core
 * resolves every output expression against it:
 *
 *	  group keys | aggregates | ROW (quals of the rows, values to prune by, marker)
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
#include "executor/executor.h"
#include "executor/nodeAgg.h"
#include "nodes/extensible.h"
#include "nodes/pathnodes.h"

#include "scan/scan.h"

/* CustomScan.custom_private: lists, by place */
enum
{
	VECTOR_COUNTS,				/* of group keys, aggregates, quals */
	VECTOR_EQUAL,				/* the operator that makes two group keys one, for each */
	VECTOR_PRUNES,				/* scan.h's prune specs */
};

/* of CustomPath.custom_private */
typedef struct VectorTarget
{
	Index		relid;
	List	   *keys;			/* group keys */
	List	   *equal;			/* their operators */
	List	   *aggregates;		/* Aggrefs */
	List	   *quals;			/* in the order in which they are evaluated */
	List	   *having;
} VectorTarget;

/* what the state of an aggregate of a column is, so that summaries and kernels may change it */
typedef enum SummaryUse
{
	SUMMARY_USELESS,
	SUMMARY_ROWS,				/* count(*) */
	SUMMARY_VALUES,				/* count(x) */
	SUMMARY_TOTAL,				/* a state that is the sum of small integers */
	SUMMARY_MEAN,				/* one that is their number and their sum */
	SUMMARY_FLOAT_TOTAL,
	SUMMARY_MOMENTS,			/* floats: number, sum, second moment */
	SUMMARY_LEAST,
	SUMMARY_GREATEST,
} SummaryUse;

/* a key that is the same for all rows of a block where it is so at both ends of a column's range */
typedef enum KeyForm
{
	KEY_ANY,					/* nothing is known */
	KEY_COLUMN,					/* the column itself */
	KEY_RISING,					/* never falls while the column rises */
	KEY_LOCAL,					/* the same, while the session's time zone keeps its offset from UTC */
} KeyForm;

/* of one aggregate in one group */
typedef struct AggregateValue
{
	Datum		value;
	bool		isnull;
	bool		untouched;		/* a strict transition takes its first value from the next row */
} AggregateValue;

/* one aggregate of the query */
typedef struct VectorAggregate
{
	Aggref	   *ref;
	AggStatePerTransData *per_trans;	/* what AggGetAggref() answers from */
	int			nargs;
	ExprState **args;
	AttrNumber *columns;		/* per argument: the column that it is, or 0 */
	ExprState  *filter;
	FmgrInfo	transition;
	FunctionCallInfo call;
	Datum		initial;
	bool		initial_null;
	int16		state_len;
	bool		state_byval;
	bool		has_final;
	FmgrInfo	finalfn;
	int			nfinal;			/* arguments of finalfn */
	int16		result_len;
	bool		result_byval;
	SummaryUse	use;
	Oid			column_type;	/* of the column that is its argument, where use is not SUMMARY_USELESS or _ROWS */
} VectorAggregate;

/* of a key that rises with its column: where in the block at hand it is known */
typedef struct KeyRun
{
	bool		rises;			/* in this block */
	bool		known;
	int64		from;			/* from here ... */
	int64		to;				/* ... to here it is this */
	Datum		key;
	int64		width;			/* of the run before, to guess by */
	int64		last;			/* value of the column in the block */
} KeyRun;

/* rows of a decoded block that go into groups */
typedef struct BlockRowsTaken
{
	int			n;
	int			rows[BLOCK_MAX_ROWS];
	AggregateValue *groups[BLOCK_MAX_ROWS];
} BlockRowsTaken;

typedef struct VectorState
{
	CustomScanState custom;
	Relation	rel;
	int			nkeys;
	int			naggregates;
	int			nquals;

	/* rows */
	ExprContext *row_context;	/* reset for every row */
	ExprState  *quals;
	Bitmapset  *needed;
	bool		needs_all;		/* a whole row is asked for */
	int			ncolumns;		/* sealed ones to copy into the slot */
	AttrNumber *columns;
	TupleTableSlot *sealed_slot;
	TupleTableSlot *hot_slot;
	TableScanDesc hot_scan;
	SealedScan *sealed;
	List	   *prune_specs;
	ExprState **prune_values;
	MemoryContext prune_context;

	/* groups */
	ExprState **keys;
	TupleTableSlot *key_slot;	/* of the row at hand */
	TupleTableSlot *group_slot; /* of a group that is handed out */
	Oid		   *key_equal;		/* functions */
	FmgrInfo   *key_hash;
	Oid		   *key_collations;
	AttrNumber *key_columns;
	bool		keys_byval;
	TupleHashTable table;
	MemoryContext table_context;
	MemoryContext hash_context; /* reset for every look-up */
	int64		ngroups;		/* in the table */
	AggregateValue *last;			/* the group of key_slot's row, or NULL */
	Datum	   *last_keys;
	bool	   *last_nulls;

	/* of all groups, those whose hash is in [low, low + width) are in the table */
	uint64		low;
	uint64		width;

	/* aggregates */
	VectorAggregate *aggregates;
	AggState   *aggstate;		/* for transition functions only: not a node that runs */
	ExprContext *state_context; /* transition states live as long as the table */
	AggregateValue *ungrouped;

	bool		filled;			/* the table holds a pass's groups */
	bool		done;
	TupleHashIterator iterator;

	/* blocks that are answered from their summaries */
	bool		summaries;		/* such blocks may be */
	KeyForm    *key_forms;
	AttrNumber *key_sources;	/* the column that each key depends on */
	KeyRun	   *key_runs;
	PruneKey   *prune_keys;
	int			nprune_keys;
	BlockRowsTaken taken;		/* of the block at hand */
	int64		segments_summed;
	int64		blocks_summed;

	int64		hot_rows;		/* counters, for EXPLAIN */
	int64		passes;
} VectorState;

/* vector_paths.c */
extern List *vector_ordered_quals(PlannerInfo *root, List *infos);
extern void vector_init(void);

/* vector_plan.c */
extern const CustomPathMethods vector_path_methods;

/* vector_exec.c */
extern const CustomScanMethods vector_methods;

/* vector_group.c */
extern void vector_groups_begin(VectorState *state, List *exprs, List *equal);
extern void vector_groups_reset(VectorState *state);
extern bool vector_take_row(VectorState *state, TupleTableSlot *slot);
extern AggregateValue *vector_find_group(VectorState *state, bool *full);
extern void vector_group_row(VectorState *state, TupleHashEntry entry, TupleTableSlot *slot);

/* vector_aggregate.c */
extern void vector_aggregates_begin(VectorState *state, List *exprs);
extern void vector_aggregates_start(VectorState *state, AggregateValue *group);
extern void vector_aggregate_advance(VectorState *state, VectorAggregate *agg, AggregateValue *value,
									 TupleTableSlot *slot);
extern void vector_aggregates_advance(VectorState *state, AggregateValue *group, TupleTableSlot *slot);
extern void vector_aggregate_take(VectorState *state, VectorAggregate *agg, AggregateValue *value);
extern void vector_aggregates_finish(VectorState *state, AggregateValue *group, Datum *values, bool *nulls);

/* vector_block.c */
extern bool vector_take_block(VectorState *state);

/* vector_kernel.c */
extern bool vector_kernel(VectorState *state, int a, const BlockRowsTaken *taken);

/* vector_summary.c */
extern bool vector_may_summarise(List *keys, List *aggregates, int nquals, int nprunes);
extern void vector_summaries_begin(VectorState *state, List *keys, List *aggregates);
extern Datum vector_key_at(VectorState *state, int k, Datum value, bool *isnull);
extern void vector_runs_begin(VectorState *state);
extern bool vector_answer_segment(VectorState *state, SegmentEntry *entry, bool *full);
extern bool vector_answer_block(VectorState *state, bool *full);

/* vector_explain.c */
extern void vector_explain(CustomScanState *node, List *ancestors, ExplainState *es);

#endif
