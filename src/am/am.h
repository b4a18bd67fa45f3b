/*
 * am.h
 *	  The table access method's callbacks, room by room.
 *
 * Hot rows are heap tuples and heap's own code handles them; each callback here
 * does what sealed rows need besides.
 */
#ifndef TERRITORY_AM_H
#define TERRITORY_AM_H

#include "territory.h"
#include "access/relscan.h"
#include "nodes/execnodes.h"
#include "segment/layout.h"
#include "segment/sealed_scan.h"

/* what a scan of ours adds to heap's */
typedef struct TerritoryScanDesc
{
	TableScanDescData base;
	TableScanDesc hot;			/* heap's scan */
	MemoryContext context;
	pg_atomic_uint32 *shared;	/* parallel: next segment */
	bool		with_sealed;
	bool		in_sealed;
	bool		sealed_ready;	/* sealed was opened, maybe to nothing */
	SealedScan *sealed;

	/* TABLESAMPLE */
	BlockNumber sample_blocks;	/* sealed blocks met so far */
	BlockNumber sample_choice;	/* the last that the method chose */
	BlockNumber sample_bound;	/* no sealed block has this number */

	/* ANALYZE: see am_analyze.c */
	bool		analyze_ready;
	bool		analyze_in_page;
	double		analyze_living; /* living sealed rows for each hot page */
	double		analyze_hot_rate;	/* which share of the rows read is given */
	double		analyze_sealed_rate;
	int64		analyze_skip;	/* sealed rows to pass over before the next that is given */
	int64		analyze_row;	/* in the open segment */
} TerritoryScanDesc;

/* am_scan.c */
extern TableScanDesc territory_scan_begin(Relation rel, Snapshot snapshot, int nkeys, ScanKey key,
										  ParallelTableScanDesc parallel, uint32 flags);
extern TableScanDesc territory_scan_hot(Relation rel, Snapshot snapshot, ParallelTableScanDesc parallel);
extern void territory_scan_end(TableScanDesc scan);
extern bool scan_came_sealed(Oid relid);
extern void am_scan_install(TableAmRoutine *methods);
extern void am_store_tuple(HeapTuple tuple, TupleTableSlot *slot);
extern void am_store_sealed(SealedScan *sealed, TupleTableSlot *slot);

/* am_analyze.c */
extern void am_analyze_install(TableAmRoutine *methods);

/* am_row.c */
extern void lifted_remember(Relation rel, ItemPointer tid, CommandId cid);
extern CommandId lifted_command(Relation rel, ItemPointer tid, CommandId cid);
extern TM_Result row_settle(Relation rel, ItemPointer tid, CommandId cid, LockWaitPolicy policy,
							TM_FailureData *failure);
extern bool row_moved_on(Relation rel, ItemPointer tid, CommandId cid, LockWaitPolicy policy,
						 TM_FailureData *failure);
extern bool row_was_sealed(TM_Result result, TM_FailureData *failure);
extern bool row_visible(Relation rel, ItemPointer tid, Snapshot snapshot);
extern bool row_fetch_version(Relation rel, ItemPointer tid, Snapshot snapshot, TupleTableSlot *slot);
extern void am_row_install(TableAmRoutine *methods);

/* am_modify.c */
extern void am_modify_install(TableAmRoutine *methods);
extern void am_modify_init(void);

/* am_unique.c */
extern bool unique_find_sealed(Relation rel, TupleTableSlot *slot, ItemPointer tid);
extern bool unique_index_is_checked(Relation index);
extern void unique_check(Relation rel, TupleTableSlot **slots, int n);
extern bool unique_find_key(Relation rel, Relation index, Datum *values, bool *nulls, ItemPointer tid);
extern void unique_verify_new_index(Relation rel, Relation index, IndexInfo *info, Snapshot snapshot);

typedef struct UniqueBatch UniqueBatch;

extern UniqueBatch *unique_batch_begin(Relation rel, const Layout *layout, int memory);
extern void unique_batch_note(UniqueBatch *batch, TupleTableSlot *slot);
extern void unique_batch_ready(UniqueBatch *batch, Snapshot snapshot);
extern void unique_batch_row(UniqueBatch *batch, TupleTableSlot *slot);
extern void unique_batch_end(UniqueBatch *batch);

/* am_sealed_keys.c */
typedef struct SealedKeys SealedKeys;

extern bool sealed_keys_wanted(Relation rel);
extern SealedKeys *sealed_keys(Relation rel);
extern int	sealed_keys_count(SealedKeys *known);
extern Oid	sealed_keys_index(SealedKeys *known, int key);
extern bool sealed_keys_may_hold(SealedKeys *known, int number, Relation rel, const Datum *values, const bool *nulls,
								 List **parts, bool *anywhere);
extern bool sealed_keys_choose(Relation rel, ChunkStore *store, Snapshot snapshot, const PruneKey *prunes, int nprunes,
							   List **parts, int64 *segments);
extern bool sealed_keys_may_hold_row(SealedKeys *known, int number, Relation rel, TupleTableSlot *slot,
									 List **parts, bool *anywhere);

/* am_bulk.c */
extern bool bulk_takes(Relation rel, TupleTableSlot *slot, CommandId cid, int options);
extern int	bulk_takes_many(Relation rel, TupleTableSlot **slots, int n, TupleTableSlot **left, int options);
extern void bulk_finish(Relation rel);
extern void am_bulk_init(void);

/* am_index.c */
extern void am_index_install(TableAmRoutine *methods);

/* am_rewrite.c */
extern bool rewrite_takes(Relation rel, TupleTableSlot *slot);
extern void am_rewrite_install(TableAmRoutine *methods);
extern void am_rewrite_init(void);

/* am_ddl.c */
extern void am_add_first_page(Relation rel);
extern void am_ddl_install(TableAmRoutine *methods);
extern void am_ddl_init(void);

#endif
