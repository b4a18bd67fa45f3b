/*
 * vector_join.h
 *	  A TerritoryAggregate over a join: rows of the territory table look up the
 *	  rows of everything else, which is small.
 *
 * The territory table is the *fact* table of the join, the rest its *dimension*:
 * a child plan, read once into a hash table by the join's keys.  Expressions
 * find columns of the fact table in the scan tuple, as without a join, and those
 * of the dimension's row at hand in the inner tuple (INNER_VAR).
 */
#ifndef VECTOR_JOIN_H
#define VECTOR_JOIN_H

#include "vector/vector.h"

/* VECTOR_JOIN of CustomScan.custom_private: lists, by place; NIL: no join */
enum
{
	JOIN_NUMBERS,				/* JoinType, number of keys, number of quals of pairs */
	JOIN_OPERATORS,				/* fact = dimension, for each key */
	JOIN_COLLATIONS,
};

/* is there something for rows without partner? */
#define JOIN_KEEPS_ALL(type) ((type) == JOIN_LEFT || (type) == JOIN_ANTI)

/* of the plan's row of what the join needs */
typedef enum JoinPart
{
	JOIN_FACTS,
	JOIN_DIMENSIONS,
	JOIN_QUALS,
	JOIN_COLUMNS,
} JoinPart;

/* of VectorTarget */
typedef struct JoinTarget
{
	JoinType	type;			/* JOIN_INNER, JOIN_LEFT, JOIN_SEMI, JOIN_ANTI */
	Relids		others;			/* the dimension's relations */
	Path	   *path;			/* ... and how it is read */
	List	   *facts;			/* per key: an expression over the fact table, */
	List	   *dimensions;		/* ... one over the dimension, */
	List	   *operators;		/* ... and their equality */
	List	   *collations;
	List	   *quals;			/* of pairs of rows, once the keys are equal */
	double		rows;			/* of the join, estimated */
	double		pairs;			/* of which the quals are asked */
	double		read;			/* the share of the fact table's rows that may have a partner */
} JoinTarget;

/* one row of the dimension */
typedef struct JoinRow
{
	struct JoinRow *next;		/* with the same keys */
	Datum	   *values;			/* its columns */
	bool	   *nulls;
	Datum	   *keys;			/* group keys that are its own, or NULL before they are asked for */
	bool	   *key_nulls;
} JoinRow;

/* a group key that rows of the dimension share */
typedef struct PlacedKey
{
	struct PlacedKey *next;		/* in the same bucket */
	int			key;			/* which */
	uint32		hash;
	Datum		value;
} PlacedKey;

/* all rows with the same keys */
typedef struct JoinEntry
{
	struct JoinEntry *next;		/* in the same bucket */
	uint32		hash;
	JoinRow    *rows;
	int			mark;			/* its place among the entries of the block at hand, or -1 */
	Datum		keys[FLEXIBLE_ARRAY_MEMBER];
} JoinEntry;

typedef struct VectorJoin
{
	JoinType	type;
	PlanState  *child;
	Bitmapset  *params;			/* of what is evaluated once for each row of the child */
	bool		started;		/* the child was read before */
	int			ncolumns;		/* of the child's rows */
	TupleDesc	desc;
	TupleTableSlot *slot;		/* inner tuple: the row at hand */
	JoinRow    *row;			/* ... which is this one */

	int			nkeys;
	ExprState **facts;
	AttrNumber *fact_columns;	/* per key: the column that it is, or 0 */
	ExprState **dimensions;
	Oid		   *dimension_types;
	int16	   *key_len;		/* of the dimension's keys */
	bool	   *key_byval;
	bool	   *ordered;		/* the equality is that of the column's zone maps, which its owner trusts */
	FmgrInfo   *fact_hash;
	FmgrInfo   *dimension_hash;
	FmgrInfo   *equal;			/* fact = dimension */
	FmgrInfo   *same;			/* dimension = dimension */
	Oid		   *collations;
	bool		integers;		/* all keys are compared as int64, in which form entries have them */
	Oid		   *fact_types;
	ExprState  *quals;
	struct ScanFilter *filter;	/* the same on vectors of a block; NULL: not of all of them */
	Datum	   *values;			/* keys of the row at hand */

	MemoryContext context;		/* all that the table holds */
	JoinEntry **buckets;
	uint32		nbuckets;
	uint32		nentries;
	int64		nrows;
	JoinEntry	unmatched;		/* of JOIN_LEFT and JOIN_ANTI: one row of nulls */
	JoinRow		no_row;
	PlacedKey **placed;
	uint32		nplaced;		/* buckets of these */
	bool		built;			/* for the parameters of now */

	/* where the dimension does not fit: of its hashes, those in [low, low + width) are in the table */
	uint64		low;
	uint64		width;
	uint64		first_width;	/* of the first of these ranges */
	Tuplestorestate *spilled;
	TupleTableSlot *spill_slot;

	/* among several processes */
	bool		alone;			/* this one reads the whole fact table */
	bool		idle;			/* another one does */
	bool		shared;			/* all do: the dimension has to be in memory, as it is in that of the first */

	/* keys to prune the fact table by */
	PruneKey   *prune_keys;
	int			nprune_keys;

	/* all rows of the segment or block at hand meet this, or nothing (NULL) */
	bool		is_settled;
	JoinEntry  *settled;

	int			ncolumns_settled;	/* of the node's columns, the first, which such a block needs */
	int			ncolumns_all;

	/* of the block at hand: its rows by what they meet */
	JoinEntry **met;			/* the entries, each once */
	int		   *first;			/* per entry and one more: place in sorted */
	JoinEntry **entries;		/* per row taken */
	int		   *sorted;			/* rows, entry by entry */

	int64		batches;		/* counter, for EXPLAIN */
} VectorJoin;

/* vector_join_paths.c */
extern bool vector_join_target(PlannerInfo *root, RelOptInfo *input, RelOptInfo *fact, VectorTarget *target);
extern RelOptInfo *vector_join_fact(PlannerInfo *root, RelOptInfo *input);
extern bool vector_join_add_key(Var *column, VectorTarget *target);
extern bool vector_join_gives(VectorTarget *target);
extern void vector_join_cost(const JoinTarget *join, RelOptInfo *fact, VectorEstimate *estimate);
extern JoinTarget *vector_join_partial(const JoinTarget *whole);
extern bool vector_join_may_summarise(const JoinTarget *join);
extern List *vector_join_block_keys(const VectorTarget *target);

/* vector_join_plan.c */
extern Expr *vector_join_expression(const JoinTarget *join);
extern List *vector_join_private(const JoinTarget *join);
extern List *vector_join_rewrite(List *exprs, List *columns);
extern List *vector_join_clauses(CustomScan *plan);
extern List *vector_join_executed(const VectorTarget *target, List *exprs);

/* vector_join_table.c */
extern bool vector_join_rescan(VectorState *state);
extern void vector_join_end(VectorState *state);
extern void vector_join_first_batch(VectorState *state);
extern bool vector_join_next_batch(VectorState *state);
extern JoinEntry *vector_join_find(VectorJoin *join, const Datum *values);
extern JoinEntry *vector_join_unmatched(VectorJoin *join);

/* vector_join.c */
extern List *vector_join_part(CustomScan *plan, JoinPart part);
extern bool vector_key_is_joined(Node *key);
extern AttrNumber vector_table_column(Node *expr);
extern void vector_join_begin(VectorState *state, CustomScan *plan, Index rti, int eflags, List **read, List **keys,
							  List **aggregates);
extern void vector_join_aim(VectorState *state, PruneKey *keys, int nkeys);
extern bool vector_join_reads(VectorState *state);
extern bool vector_join_skips_segment(VectorState *state, SegmentEntry *entry);
extern bool vector_join_skips_block(VectorState *state);
extern void vector_join_begin_columns(VectorState *state);
extern Datum vector_join_key(VectorState *state, int k, bool *isnull);
extern bool vector_join_take_row(VectorState *state, TupleTableSlot *slot);
extern bool vector_join_take_rows(VectorState *state);
extern bool vector_join_next_partner(VectorState *state, JoinRow **row);

#endif
