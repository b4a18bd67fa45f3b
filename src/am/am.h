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

	/* ANALYZE */
	BlockNumber analyze_blocks;
	bool		analyze_hot_done;
	int			analyze_end;	/* segments of this pseudo-block end here */
} TerritoryScanDesc;

/* am_scan.c */
extern TableScanDesc territory_scan_begin(Relation rel, Snapshot snapshot, int nkeys, ScanKey key,
										  ParallelTableScanDesc parallel, uint32 flags);
extern TableScanDesc territory_scan_hot(Relation rel, Snapshot snapshot, ParallelTableScanDesc parallel);
extern void territory_scan_end(TableScanDesc scan);
extern bool scan_came_sealed(Oid relid);
extern void am_scan_install(TableAmRoutine *methods);
extern void am_store_tuple(HeapTuple tuple, TupleTableSlot *slot);

/* am_modify.c */
extern void am_modify_install(TableAmRoutine *methods);

/* am_unique.c */
extern bool unique_find_sealed(Relation rel, TupleTableSlot *slot, ItemPointer tid);
extern void unique_check(Relation rel, TupleTableSlot **slots, int n);
extern void unique_verify_new_index(Relation rel, Relation index, IndexInfo *info, Snapshot snapshot);

extern bool unique_index_is_checked(Relation index);

/* am_sealed_keys.c */
typedef struct SealedKeys SealedKeys;

extern SealedKeys *sealed_keys(Relation rel);
extern int	sealed_keys_count(SealedKeys *known);
extern Oid	sealed_keys_index(SealedKeys *known, int key);
extern bool sealed_keys_may_hold(SealedKeys *known, int number, Relation rel, TupleTableSlot *slot, List **segments,
								 bool *anywhere);

/* am_rewrite.c */
extern bool rewrite_takes(Relation rel, TupleTableSlot *slot);
extern void am_rewrite_install(TableAmRoutine *methods);
extern void am_rewrite_init(void);

/* am_ddl.c */
extern void am_ddl_install(TableAmRoutine *methods);
extern void am_ddl_init(void);

#endif
