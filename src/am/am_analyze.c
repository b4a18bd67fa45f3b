/*
 * am_analyze.c
 *	  ANALYZE: a sample of the sealed rows comes with the first hot page.
 *
 * Core chooses hot pages and keeps some of the rows that these give.  Decoding
 * all that is sealed would take as long as history is, so sealed rows are
 * passed over at random and only blocks that hold a chosen row are decoded.
 * Hot rows are then passed over at a rate that keeps both kinds in proportion.
 *
 * Invariant: the count of living rows is exact for sealed ones, since planning
 * takes what is not sealed to be hot.  Every hot page stands for an equal part
 * of them, whichever pages are chosen.
 */
#include "territory.h"

#include <math.h>

#include "access/heapam.h"
#include "commands/vacuum.h"
#include "common/pg_prng.h"
#include "miscadmin.h"
#include "storage/bufmgr.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

#include "am/am.h"
#include "segment/state.h"

#define ROWS_PER_TARGET 300		/* as core's analyze.c samples */
#define LEAST_TARGET 300		/* a column may have a larger target than the default */

#define scan_of(s) ((TerritoryScanDesc *) (s))

static int64
living_rows(SealedScan *sealed)
{
	int64		living = 0;

	for (int s = 0; s < sealed->directory->nsegments; s++)
	{
		SegmentEntry *entry = directory_entry(sealed->directory, &sealed->store, sealed->snapshot, s);
		uint8	   *dead = sealed->any_state ? state_read_dead(&sealed->store, sealed->snapshot, entry) : NULL;

		CHECK_FOR_INTERRUPTS();
		living += entry->rows;
		for (int i = 0; dead && i < entry->rows; i++)
			living -= dead[i];
		if (dead)
			pfree(dead);
	}
	return living;
}

/* how many rows are passed over before the next that is given */
static int64
rows_to_skip(double rate)
{
	if (rate >= 1)
		return 0;
	return (int64) (log(1.0 - pg_prng_double(&pg_global_prng_state)) / log(1.0 - rate));
}

/*
 * Core reads a share of the hot pages; sealed rows are given at a rate that is
 * no higher, and hot rows at the one that brings both to the same.
 */
static void
prepare(TerritoryScanDesc *scan)
{
	BlockNumber pages = RelationGetNumberOfBlocks(scan->base.rs_rd);
	double		share = Min(1.0, (double) ROWS_PER_TARGET * default_statistics_target / pages);
	double		wanted = (double) ROWS_PER_TARGET * Max(default_statistics_target, LEAST_TARGET);
	MemoryContext old = MemoryContextSwitchTo(scan->context);
	int64		living = 0;

	scan->sealed = sealed_scan_begin(scan->base.rs_rd, SnapshotSelf, NULL);
	scan->sealed_ready = true;
	if (scan->sealed)
	{
		sealed_scan_restart(scan->sealed, ForwardScanDirection);
		living = living_rows(scan->sealed);
	}
	MemoryContextSwitchTo(old);
	scan->analyze_ready = true;
	scan->analyze_living = (double) living / pages;
	scan->analyze_sealed_rate = Min(share, wanted / Max(living, 1));
	scan->analyze_hot_rate = living > 0 ? scan->analyze_sealed_rate / share : 1;
	scan->analyze_skip = rows_to_skip(scan->analyze_sealed_rate);
}

/* the segment that holds the next row to be given is opened, and only that */
static bool
enter_segment(TerritoryScanDesc *scan)
{
	SealedScan *sealed = scan->sealed;

	while (++sealed->segment < sealed->directory->nsegments)
	{
		SegmentEntry *entry = directory_entry(sealed->directory, &sealed->store, sealed->snapshot, sealed->segment);

		if (scan->analyze_skip < entry->rows)
		{
			sealed_scan_seek_segment(sealed, sealed->segment);
			scan->analyze_row = 0;
			return true;
		}
		scan->analyze_skip -= entry->rows;
	}
	sealed->segment = sealed->directory->nsegments - 1;
	return false;
}

static bool
next_sealed(TerritoryScanDesc *scan)
{
	SealedScan *sealed = scan->sealed;

	for (;;)
	{
		int		   *first_row;
		int			block;
		int64		row;

		if (!sealed->segment_open && !enter_segment(scan))
			return false;
		row = scan->analyze_row + scan->analyze_skip;
		if (row >= sealed->reader.entry->rows)
		{
			scan->analyze_skip = row - sealed->reader.entry->rows;
			sealed->segment_open = sealed->block_open = false;
			continue;
		}
		scan->analyze_row = row + 1;
		scan->analyze_skip = rows_to_skip(scan->analyze_sealed_rate);
		first_row = sealed->reader.header->first_row;
		block = Max(sealed->block, 0);
		while (first_row[block + 1] <= row)
			block++;
		if (!sealed->block_open || block != sealed->block)
			sealed_scan_seek_block(sealed, sealed->segment, block);
		sealed->row = row - first_row[block];
		if (sealed->dead == NULL || !sealed->dead[sealed->row])
			return true;
	}
}

static bool
territory_scan_analyze_next_block(TableScanDesc s, ANALYZE_BLOCK_PARAMS)
{
	TerritoryScanDesc *scan = scan_of(s);

	if (!scan->analyze_ready)
		prepare(scan);
	scan->analyze_in_page = true;
	return heap_methods->scan_analyze_next_block(scan->hot, ANALYZE_BLOCK_ARGS);
}

static bool
territory_scan_analyze_next_tuple(TableScanDesc s, TransactionId oldest, double *live, double *dead,
								  TupleTableSlot *slot)
{
	TerritoryScanDesc *scan = scan_of(s);

	while (scan->analyze_in_page)
	{
		if (!heap_methods->scan_analyze_next_tuple(scan->hot, oldest, live, dead, slot))
		{
			scan->analyze_in_page = false;
			*live += scan->analyze_living;
		}
		else if (scan->analyze_hot_rate >= 1 ||
				 pg_prng_double(&pg_global_prng_state) < scan->analyze_hot_rate)
			return true;
	}
	if (scan->sealed == NULL || !next_sealed(scan))
	{
		ExecClearTuple(slot);
		return false;
	}
	am_store_sealed(scan->sealed, slot);
	return true;
}

void
am_analyze_install(TableAmRoutine *methods)
{
	methods->scan_analyze_next_block = territory_scan_analyze_next_block;
	methods->scan_analyze_next_tuple = territory_scan_analyze_next_tuple;
}
