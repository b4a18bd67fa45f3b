/*
 * am_scan.c
 *	  Sequential, TID range and sample scans: heap's rows, then the sealed ones.
 *
 * Forward, a scan gives hot rows and then sealed rows by segment; backward the
 * reverse.  Index and bitmap scans of the AM see hot rows only: our planner
 * hook adds the sealed ones.
 */
#include "territory.h"

#include "access/heapam.h"
#include "access/tsmapi.h"
#include "nodes/execnodes.h"
#include "pgstat.h"
#include "storage/bufmgr.h"
#include "storage/predicate.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

#include "am/am.h"

#define scan_of(s) ((TerritoryScanDesc *) (s))

/* ---- parallel scans: heap's state, then a counter of segments ---- */

static Size
counter_offset(Relation rel)
{
	return MAXALIGN(heap_methods->parallelscan_estimate(rel));
}

static Size
territory_parallelscan_estimate(Relation rel)
{
	return counter_offset(rel) + MAXALIGN(sizeof(pg_atomic_uint32));
}

static pg_atomic_uint32 *
counter_of(Relation rel, ParallelTableScanDesc parallel)
{
	return (pg_atomic_uint32 *) ((char *) parallel + counter_offset(rel));
}

static Size
territory_parallelscan_initialize(Relation rel, ParallelTableScanDesc parallel)
{
	heap_methods->parallelscan_initialize(rel, parallel);
	pg_atomic_init_u32(counter_of(rel, parallel), 0);
	return territory_parallelscan_estimate(rel);
}

static void
territory_parallelscan_reinitialize(Relation rel, ParallelTableScanDesc parallel)
{
	heap_methods->parallelscan_reinitialize(rel, parallel);
	pg_atomic_write_u32(counter_of(rel, parallel), 0);
}

/* ---- sequential scans ---- */

TableScanDesc
territory_scan_begin(Relation rel, Snapshot snapshot, int nkeys, ScanKey key, ParallelTableScanDesc parallel,
					 uint32 flags)
{
	TerritoryScanDesc *scan = palloc0(sizeof(TerritoryScanDesc));

	scan->context = CurrentMemoryContext;
	scan->hot = heap_methods->scan_begin(rel, snapshot, nkeys, key, parallel, flags & ~SO_TEMP_SNAPSHOT);
	RelationIncrementReferenceCount(rel);
	scan->base = *scan->hot;	/* relation, snapshot, keys */
	scan->base.rs_flags = flags;
	scan->with_sealed = (flags & (SO_TYPE_SEQSCAN | SO_TYPE_TIDRANGESCAN)) != 0 &&
		snapshot && snapshot->snapshot_type != SNAPSHOT_ANY;
	if (parallel)
		scan->shared = counter_of(rel, parallel);
	return &scan->base;
}

/* a sequential scan of the hot rows only */
TableScanDesc
territory_scan_hot(Relation rel, Snapshot snapshot, ParallelTableScanDesc parallel)
{
	TableScanDesc scan = parallel ? table_beginscan_parallel(rel, parallel) :
		table_beginscan(rel, snapshot, 0, NULL);

	scan_of(scan)->with_sealed = false;
	return scan;
}

void
territory_scan_end(TableScanDesc s)
{
	TerritoryScanDesc *scan = scan_of(s);

	if (scan->sealed)
		sealed_scan_end(scan->sealed);
	if (scan->hot)
		heap_methods->scan_end(scan->hot);
	if (s->rs_flags & SO_TEMP_SNAPSHOT)
		UnregisterSnapshot(s->rs_snapshot);
	RelationDecrementReferenceCount(s->rs_rd);
	pfree(scan);
}

static void
territory_scan_rescan(TableScanDesc s, ScanKey key, bool set_params, bool allow_strat, bool allow_sync,
					  bool allow_pagemode)
{
	TerritoryScanDesc *scan = scan_of(s);

	scan->hot->rs_snapshot = s->rs_snapshot;
	heap_methods->scan_rescan(scan->hot, key, set_params, allow_strat, allow_sync, allow_pagemode);
	if (scan->sealed)
		sealed_scan_restart(scan->sealed, ForwardScanDirection);
	scan->in_sealed = false;
}

/*
 * The sealed rows' cursor, at the end that the direction starts from.  While
 * ALTER TABLE rewrites, the relation has its new columns already, and the slot
 * those that the rows have.
 */
static void
enter_sealed(TerritoryScanDesc *scan, ScanDirection direction, TupleDesc desc)
{
	if (!scan->sealed_ready)
	{
		MemoryContext old = MemoryContextSwitchTo(scan->context);

		scan->sealed = sealed_scan_begin(scan->base.rs_rd, scan->base.rs_snapshot, scan->shared);
		scan->sealed_ready = true;
		MemoryContextSwitchTo(old);
		if (scan->sealed && IsMVCCSnapshot(scan->base.rs_snapshot))
			PredicateLockRelation(scan->base.rs_rd, scan->base.rs_snapshot);	/* heap locks page by page in TID ranges */
	}
	if (scan->sealed)
	{
		scan->sealed->desc = desc;
		sealed_scan_restart(scan->sealed, direction);
	}
	scan->in_sealed = true;
}

/* an owned copy of a sealed row's tuple into a slot of any kind */
void
am_store_tuple(HeapTuple tuple, TupleTableSlot *slot)
{
	ItemPointerData tid = tuple->t_self;
	Oid			relid = tuple->t_tableOid;

	ExecForceStoreHeapTuple(tuple, slot, true);
	slot->tts_tid = tid;
	slot->tts_tableOid = relid;
}

void
am_store_sealed(SealedScan *sealed, TupleTableSlot *slot)
{
	MemoryContext old = MemoryContextSwitchTo(slot->tts_mcxt);
	HeapTuple	tuple = sealed_scan_tuple(sealed);

	MemoryContextSwitchTo(old);
	am_store_tuple(tuple, slot);
}

/* where the last row of a sequential scan came from, for the rewrite that is reading it */
static Oid	last_sealed_relid;

bool
scan_came_sealed(Oid relid)
{
	return last_sealed_relid == relid;
}

static bool
territory_scan_getnextslot(TableScanDesc s, ScanDirection direction, TupleTableSlot *slot)
{
	TerritoryScanDesc *scan = scan_of(s);
	bool		backward = ScanDirectionIsBackward(direction);

	if (!scan->with_sealed)
		return heap_methods->scan_getnextslot(scan->hot, direction, slot);
	if (backward && !scan->in_sealed && !((HeapScanDesc) scan->hot)->rs_inited)
		enter_sealed(scan, direction, slot->tts_tupleDescriptor);	/* a scan that starts at its end */
	last_sealed_relid = InvalidOid;
	if (!scan->in_sealed)
	{
		if (heap_methods->scan_getnextslot(scan->hot, direction, slot))
			return true;
		if (backward)
			return false;
		enter_sealed(scan, direction, slot->tts_tupleDescriptor);
	}
	if (scan->sealed && sealed_scan_next(scan->sealed, direction))
	{
		am_store_sealed(scan->sealed, slot);
		pgstat_count_heap_getnext(s->rs_rd);
		last_sealed_relid = RelationGetRelid(s->rs_rd);
		return true;
	}
	if (backward)
	{
		scan->in_sealed = false;	/* heap's scan stands at its end */
		return heap_methods->scan_getnextslot(scan->hot, direction, slot);
	}
	ExecClearTuple(slot);
	return false;
}

/* ---- TID ranges ---- */

static void
territory_scan_set_tidrange(TableScanDesc s, ItemPointer low, ItemPointer high)
{
	ItemPointerCopy(low, scan_min_tid(s));
	ItemPointerCopy(high, scan_max_tid(s));
	heap_methods->scan_set_tidrange(scan_of(s)->hot, low, high);
}

static bool
next_sealed_in_range(TerritoryScanDesc *scan, ScanDirection direction, TupleTableSlot *slot)
{
	while (scan->sealed && sealed_scan_next(scan->sealed, direction))
	{
		ItemPointerData tid;

		sealed_scan_tid(scan->sealed, &tid);
		if (ItemPointerCompare(&tid, scan_min_tid(&scan->base)) < 0 ||
			ItemPointerCompare(&tid, scan_max_tid(&scan->base)) > 0)
			continue;
		am_store_sealed(scan->sealed, slot);
		return true;
	}
	return false;
}

static bool
territory_scan_getnextslot_tidrange(TableScanDesc s, ScanDirection direction, TupleTableSlot *slot)
{
	TerritoryScanDesc *scan = scan_of(s);
	bool		backward = ScanDirectionIsBackward(direction);
	bool		reaches_sealed = ItemPointerGetBlockNumberNoCheck(scan_max_tid(s)) >= SEALED_FIRST_BLOCK;

	if (backward && !scan->in_sealed && reaches_sealed && !((HeapScanDesc) scan->hot)->rs_inited)
		enter_sealed(scan, direction, slot->tts_tupleDescriptor);
	if (!scan->in_sealed)
	{
		if (heap_methods->scan_getnextslot_tidrange(scan->hot, direction, slot))
			return true;
		if (backward || !reaches_sealed)
			return false;
		enter_sealed(scan, direction, slot->tts_tupleDescriptor);
	}
	if (next_sealed_in_range(scan, direction, slot))
		return true;
	if (backward)
	{
		scan->in_sealed = false;
		return heap_methods->scan_getnextslot_tidrange(scan->hot, direction, slot);
	}
	ExecClearTuple(slot);
	return false;
}

/* ---- bitmap scans: hot rows only ---- */

#ifdef BITMAP_BLOCK_IS_CALLBACK
static bool
territory_scan_bitmap_next_block(TableScanDesc s, TBMIterateResult *block)
{
	scan_of(s)->hot->rs_snapshot = s->rs_snapshot;
	return heap_methods->scan_bitmap_next_block(scan_of(s)->hot, block);
}
#endif

static bool
territory_scan_bitmap_next_tuple(TableScanDesc s, BITMAP_TUPLE_PARAMS)
{
	scan_of(s)->hot->rs_snapshot = s->rs_snapshot;
	scan_pass_bitmap(scan_of(s)->hot, s);
	return heap_methods->scan_bitmap_next_tuple(scan_of(s)->hot, BITMAP_TUPLE_ARGS);
}

/*
 * TABLESAMPLE: after the last hot block each sealed block of 2,048 rows is
 * offered to the method as one page more.
 */
static int
rows_of_block(SealedScan *sealed)
{
	return sealed->reader.header->first_row[sealed->block + 1] - sealed->reader.header->first_row[sealed->block];
}

/*
 * SYSTEM judges a page by its number alone, so it is asked again, now for
 * sealed blocks numbered from 0.  A method that goes by what it gave before
 * (SYSTEM_ROWS) has chosen among all pages that it knew, and gets every block.
 */
static bool
sample_takes_block(TerritoryScanDesc *scan, SampleScanState *state)
{
	const TsmRoutine *method = state->tsmroutine;
	BlockNumber here = scan->sample_blocks++;
	DirectoryTotals sealed;

	if (method->NextSampleBlock == NULL || !method->repeatable_across_scans)
		return true;
	if (here == 0)
	{
		sealed_totals(scan->base.rs_rd, scan->base.rs_snapshot, &sealed);
		scan->sample_bound = Min(sealed.rows, MaxBlockNumber);	/* no block is empty */
	}
	if (here == 0 || scan->sample_choice < here)
		scan->sample_choice = method->NextSampleBlock(state, scan->sample_bound);
	return scan->sample_choice == here;
}

static bool
territory_scan_sample_next_block(TableScanDesc s, SampleScanState *state)
{
	TerritoryScanDesc *scan = scan_of(s);

	if (!scan->in_sealed)
	{
		if (heap_methods->scan_sample_next_block(scan->hot, state))
			return true;
		enter_sealed(scan, ForwardScanDirection, RelationGetDescr(s->rs_rd));
		scan->sample_blocks = 0;
	}
	while (scan->sealed && sealed_scan_next(scan->sealed, ForwardScanDirection))
	{
		if (sample_takes_block(scan, state))
			return true;
		scan->sealed->row = rows_of_block(scan->sealed) - 1;
	}
	return false;
}

static bool
territory_scan_sample_next_tuple(TableScanDesc s, SampleScanState *state, TupleTableSlot *slot)
{
	TerritoryScanDesc *scan = scan_of(s);
	SealedScan *sealed = scan->sealed;
	ItemPointerData tid;
	int			rows;

	if (!scan->in_sealed)
		return heap_methods->scan_sample_next_tuple(scan->hot, state, slot);
	rows = rows_of_block(sealed);
	sealed_scan_tid(sealed, &tid);
	for (;;)
	{
		OffsetNumber offset = state->tsmroutine->NextSampleTuple(state, ItemPointerGetBlockNumber(&tid), rows);

		if (!OffsetNumberIsValid(offset))
		{
			sealed->row = rows - 1;	/* on to the next block */
			ExecClearTuple(slot);
			return false;
		}
		if (sealed->dead && sealed->dead[offset - 1])
			continue;
		sealed->row = offset - 1;
		am_store_sealed(sealed, slot);
		return true;
	}
}

void
am_scan_install(TableAmRoutine *methods)
{
	methods->parallelscan_estimate = territory_parallelscan_estimate;
	methods->parallelscan_initialize = territory_parallelscan_initialize;
	methods->parallelscan_reinitialize = territory_parallelscan_reinitialize;
	methods->scan_begin = territory_scan_begin;
	methods->scan_end = territory_scan_end;
	methods->scan_rescan = territory_scan_rescan;
	methods->scan_getnextslot = territory_scan_getnextslot;
	methods->scan_set_tidrange = territory_scan_set_tidrange;
	methods->scan_getnextslot_tidrange = territory_scan_getnextslot_tidrange;
#ifdef BITMAP_BLOCK_IS_CALLBACK
	methods->scan_bitmap_next_block = territory_scan_bitmap_next_block;
#endif
	methods->scan_bitmap_next_tuple = territory_scan_bitmap_next_tuple;
	methods->scan_sample_next_block = territory_scan_sample_next_block;
	methods->scan_sample_next_tuple = territory_scan_sample_next_tuple;
}
