/*
 * last.h
 *	  TerritoryLast: one row per entity, the first in an order, found from zone
 *	  maps.
 *
 * It answers SELECT DISTINCT ON (entity) ... ORDER BY entity, t DESC, with any
 * columns for entity and time, and SELECT DISTINCT, which is the same without
 * an order.  A group is a combination of the DISTINCT columns; of each, the
 * table of groups knows the best row so far, its *winner*.  A block, and with it
 * a segment, is passed over where zone maps tell that it holds no better row
 * for any of its groups.
 */
#ifndef LAST_H
#define LAST_H

#include "territory.h"
#include "executor/executor.h"
#include "nodes/extensible.h"
#include "nodes/pathnodes.h"
#include "utils/sortsupport.h"

#include "scan/scan.h"

/* CustomScan.custom_private: lists, by place.  custom_exprs: the quals, then a value for each prune spec. */
enum
{
	LAST_KEYS,					/* attribute numbers of the DISTINCT columns */
	LAST_EQUAL,					/* the operator that makes two of them one, for each */
	LAST_SORTS,					/* what is sorted by within a group: see below */
	LAST_NQUALS,
	LAST_PRUNES,				/* scan.h's prune specs */
};

/* a sort is a list of oids, by place */
enum
{
	LAST_SORT_ATTNO,
	LAST_SORT_OPERATOR,
	LAST_SORT_NULLS_FIRST,
};

/* of CustomPath.custom_private */
typedef struct LastTarget
{
	Index		relid;
	List	   *keys;			/* as LAST_KEYS to LAST_SORTS */
	List	   *equal;
	List	   *sorts;
	List	   *key_exprs;
	List	   *quals;			/* in the order in which they are evaluated */
} LastTarget;

typedef struct LastSort
{
	AttrNumber	attno;
	SortSupportData support;
	int16		len;
	bool		byval;
} LastSort;

/* the best row of a group so far */
typedef struct LastWinner
{
	int64		position;		/* of its first sort key; less is better, see last_position() */
	ItemPointerData tid;
	NullableDatum sorts[FLEXIBLE_ARRAY_MEMBER]; /* its sort keys */
} LastWinner;

typedef struct LastState
{
	CustomScanState custom;
	Relation	rel;

	/* rows */
	ExprState  *quals;
	int			nquals;
	int			ncolumns;		/* what decides: keys, sort keys, columns of quals */
	AttrNumber *columns;
	Bitmapset  *needed;			/* the same */
	int			noutputs;		/* what is handed up */
	AttrNumber *outputs;
	TupleTableSlot *hot_slot;
	TupleTableSlot *sealed_slot;
	TableScanDesc hot_scan;
	SealedScan *sealed;
	List	   *prune_specs;
	ExprState **prune_values;
	PruneKey   *prune_keys;
	int			nprune_keys;
	MemoryContext prune_context;

	/* order within a group */
	int			nsorts;
	LastSort   *sorts;
	ZoneKind	lead_zone;		/* of the first sort key */
	bool		descending;

	/* groups */
	int			nkeys;
	AttrNumber *keys;
	bool	   *key_exact;		/* equal keys are the same, and zone maps tell them */
	bool		keys_byval;
	bool		only_keys;		/* nothing else is handed up */
	Oid		   *key_equal;		/* functions */
	FmgrInfo   *key_hash;
	Oid		   *key_collations;
	AttrNumber *key_columns;
	TupleTableSlot *key_slot;	/* of the row, or the block, at hand */
	TupleTableSlot *group_slot;
	TupleHashTable table;
	MemoryContext table_context;
	MemoryContext hash_context; /* reset for every look-up */
	MemoryContext key_context;	/* reset for every block */
	int64		ngroups;
	LastWinner *found;			/* of found_keys, or NULL */
	Datum	   *found_keys;
	bool	   *found_nulls;
	uint64		low;			/* of all groups, those whose hash is in [low, low + width) are in the table */
	uint64		width;

	/* winners, in the order of their TIDs, the last first */
	bool		filled;
	TupleHashEntry *entries;
	int64		next;
	SegmentNumber open_segment; /* of sealed, or -1 */
	int			open_block;		/* or -1: values are those of this block */
	Datum	  **values;
	bool	  **nulls;
	MemoryContext block_context;

	/* counters, for EXPLAIN */
	int64		hot_rows;
	int64		segments_skipped;
	int64		blocks_skipped;
	int64		rows_summed;
	int64		passes;
} LastState;

/* last_paths.c */
extern void last_init(void);

/* last_plan.c */
extern const CustomPathMethods last_path_methods;

/* last_exec.c */
extern const CustomScanMethods last_methods;

/* last_group.c */
extern void last_groups_begin(LastState *state, List *equal);
extern void last_groups_reset(LastState *state);
extern void last_forget_found(LastState *state);
extern LastWinner *last_find(LastState *state, bool *of_pass);
extern bool last_take(LastState *state, LastWinner *winner, int64 position, const NullableDatum *sorts,
					  ItemPointer tid);
extern int64 last_position(LastState *state, Datum value, bool isnull);
extern int64 last_bound(LastState *state, const ZoneMap *zone);
extern bool last_may_beat(LastState *state, const LastWinner *winner, int64 bound);
extern bool last_beats(LastState *state, const LastWinner *winner, int64 position, const NullableDatum *sorts);
extern void last_collect(LastState *state);

/* last_block.c */
extern bool last_take_sealed(LastState *state);

/* last_output.c */
extern bool last_next(LastState *state, TupleTableSlot *slot);

/* last_explain.c */
extern void last_explain(CustomScanState *node, List *ancestors, ExplainState *es);

#endif
