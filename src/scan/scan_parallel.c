/*
 * scan_parallel.c
 *	  What the processes of a parallel scan share: the place of the next segment,
 *	  heap's state of the hot rows' scan, and counters for EXPLAIN.
 *
 * Heap's state stands right behind ours.  Every process reads the same directory,
 * with the same snapshot and the same keys, so that a place in it means the same
 * segment to all of them.
 */
#include "territory.h"

#include "am/am.h"
#include "scan/scan.h"

static ParallelTableScanDesc
heap_state(ScanShared *shared)
{
	return (ParallelTableScanDesc) ((char *) shared + MAXALIGN(sizeof(ScanShared)));
}

Size
scan_shared_size(Relation rel, Snapshot snapshot)
{
	return MAXALIGN(sizeof(ScanShared)) + table_parallelscan_estimate(rel, snapshot);
}

void
scan_shared_begin(ScanShared *shared, Relation rel, Snapshot snapshot)
{
	pg_atomic_init_u32(&shared->next_segment, 0);
	pg_atomic_init_u64(&shared->segments_read, 0);
	pg_atomic_init_u64(&shared->segments_pruned, 0);
	pg_atomic_init_u64(&shared->blocks_read, 0);
	pg_atomic_init_u64(&shared->blocks_pruned, 0);
	pg_atomic_init_u64(&shared->bytes_read, 0);
	pg_atomic_init_u64(&shared->hot_rows, 0);
	pg_atomic_init_u64(&shared->blocks_summed, 0);
	table_parallelscan_initialize(rel, heap_state(shared), snapshot);
}

/* for a rescan, while no worker runs */
void
scan_shared_restart(ScanShared *shared, Relation rel)
{
	pg_atomic_write_u32(&shared->next_segment, 0);
	table_parallelscan_reinitialize(rel, heap_state(shared));
}

/* this process's scan of hot rows */
TableScanDesc
scan_shared_hot(ScanShared *shared, Relation rel, Snapshot snapshot)
{
	return territory_scan_hot(rel, snapshot, heap_state(shared));
}

/* what this process read, once it has read all */
void
scan_shared_count(ScanShared *shared, SealedScan *sealed)
{
	pg_atomic_fetch_add_u64(&shared->segments_read, sealed->segments_read);
	pg_atomic_fetch_add_u64(&shared->segments_pruned, sealed->segments_pruned);
	pg_atomic_fetch_add_u64(&shared->blocks_read, sealed->blocks_read);
	pg_atomic_fetch_add_u64(&shared->blocks_pruned, sealed->blocks_pruned);
	pg_atomic_fetch_add_u64(&shared->bytes_read, sealed->reader.bytes_read);
}

/* what all processes read, into a struct that outlives the shared one */
void
scan_shared_sum(ScanShared *sum, ScanShared *shared)
{
	sum->segments_read.value += pg_atomic_read_u64(&shared->segments_read);
	sum->segments_pruned.value += pg_atomic_read_u64(&shared->segments_pruned);
	sum->blocks_read.value += pg_atomic_read_u64(&shared->blocks_read);
	sum->blocks_pruned.value += pg_atomic_read_u64(&shared->blocks_pruned);
	sum->bytes_read.value += pg_atomic_read_u64(&shared->bytes_read);
	sum->hot_rows.value += pg_atomic_read_u64(&shared->hot_rows);
	sum->blocks_summed.value += pg_atomic_read_u64(&shared->blocks_summed);
}
