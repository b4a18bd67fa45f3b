/*
 * compact.c
 *	  Merge small segments, leave dead rows behind.
 *
 * Segments that hold dead rows, and small ones, are read together, sorted and
 * written anew, in groups of neighbours that fit in memory.  The old segments
 * leave a list of where their rows went: moving a row is no change of it.  An
 * older snapshot goes on seeing the old segments until vacuum removes them.
 *
 * Each old segment is locked against who changes or locks its rows; one that
 * somebody is at is passed over, so nobody is waited for.  More than 1,024 are
 * left to the next call, for the sake of the server's lock table.
 */
#include "territory.h"

#include "access/xact.h"
#include "executor/tuptable.h"
#include "miscadmin.h"
#include "storage/predicate.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

#include "segment/keyset.h"
#include "segment/layout.h"
#include "segment/lock.h"
#include "segment/row_sort.h"
#include "segment/seal.h"
#include "segment/sealed_scan.h"
#include "segment/state.h"
#include "segment/watch.h"

#define GROUP_ROWS (64 * SEGMENT_MAX_ROWS)	/* of the segments that are merged at once */
#define GROUP_SEGMENTS MOVER_MAX_LOCKS

typedef struct Candidate
{
	SegmentEntry *entry;
	int			dead;
	int64		order[2];		/* least entity and time, by zone maps */
	ItemPointerData *went;		/* by place */
} Candidate;

typedef struct Compact
{
	Relation	rel;
	ChunkStore	store;
	Layout		layout;
	Candidate **group;			/* by segment number */
	int			ngroup;
	SegmentWriter *writer;
	ItemPointerData *tids;		/* old ones, of the segment being filled */
	int			ntids;
	CompactResult *result;
} Compact;

/* ---- which segments ---- */

static bool
is_small(const SegmentEntry *entry)
{
	return entry->rows < territory_segment_rows / 2;
}

static int64
zone_min(const SegmentEntry *entry, AttrNumber attno)
{
	for (int z = 0; z < entry->nzones; z++)
		if (entry->zones[z].attno == attno && entry->zones[z].kind != ZONE_NONE && entry->zones[z].has_values)
			return entry->zones[z].min;
	return PG_INT64_MAX;
}

/* are there so many small segments that a seal should merge them? */
static bool
many_are_small(Compact *compact, Directory *directory)
{
	int			small = 0;

	for (int s = 0; s < directory->nsegments && small < COMPACT_SMALL; s++)
	{
		SegmentEntry *entry = directory_entry(directory, &compact->store, SnapshotSelf, s);

		small += is_small(entry);
		if (s >= DIRECTORY_KEPT)
			pfree(entry);
	}
	return small == COMPACT_SMALL;
}

/* what is worth rewriting and nobody is at, locked */
static List *
find_candidates(Compact *compact, Directory *directory, bool small_only)
{
	List	   *candidates = NIL;

	for (int s = 0; s < directory->nsegments && list_length(candidates) < MOVER_MAX_LOCKS; s++)
	{
		SegmentEntry *entry = directory_entry(directory, &compact->store, SnapshotSelf, s);
		Candidate  *candidate;

		CHECK_FOR_INTERRUPTS();
		if (!is_small(entry) && (small_only || state_count_dead(&compact->store, SnapshotSelf, entry) == 0))
			continue;
		if (!segment_lock_exclusive_if_free(compact->rel, entry->number))
		{
			compact->result->busy++;
			continue;
		}
		candidate = palloc0(sizeof(Candidate));
		candidate->entry = entry;
		candidate->dead = state_count_dead(&compact->store, SnapshotSelf, entry);	/* now that nobody adds to them */
		candidate->order[0] = compact->layout.nentity > 0 ? zone_min(entry, compact->layout.entity[0]) : 0;
		candidate->order[1] = zone_min(entry, compact->layout.time);
		candidates = lappend(candidates, candidate);
	}
	return candidates;
}

static int
compare_order(const ListCell *a, const ListCell *b)
{
	const Candidate *x = lfirst(a);
	const Candidate *y = lfirst(b);

	for (int i = 0; i < 2; i++)
		if (x->order[i] != y->order[i])
			return x->order[i] < y->order[i] ? -1 : 1;
	return x->entry->number < y->entry->number ? -1 : 1;
}

static int
compare_number(const void *a, const void *b)
{
	const Candidate *x = *(Candidate *const *) a;
	const Candidate *y = *(Candidate *const *) b;

	return x->entry->number < y->entry->number ? -1 : x->entry->number > y->entry->number;
}

/* ---- rewriting a group ---- */

static void
note_written(SegmentEntry *entry, void *arg)
{
	Compact    *compact = arg;

	for (int i = 0; i < compact->ntids; i++)
	{
		SegmentEntry key = {.number = tid_segment(&compact->tids[i])};
		Candidate	wanted = {.entry = &key};
		Candidate  *pointer = &wanted;
		Candidate **old = bsearch(&pointer, compact->group, compact->ngroup, sizeof(Candidate *), compare_number);

		tid_set_sealed(&(*old)->went[tid_place(&compact->tids[i])], entry->number, i);
	}
	compact->ntids = 0;
	compact->result->rows += entry->rows;
	compact->result->segments_after++;
	compact->result->bytes_after += entry->data_len;
}

static void
write_row(Compact *compact, TupleTableSlot *slot, const ItemPointerData *tid)
{
	CHECK_FOR_INTERRUPTS();
	compact->tids[compact->ntids++] = *tid;
	segment_writer_add(compact->writer, slot);
}

static void
write_rows(Compact *compact, SealedScan *scan)
{
	TupleDesc	desc = RelationGetDescr(compact->rel);
	RowSort    *sort = row_sort_begin(desc, &compact->layout, Max(maintenance_work_mem / 4 * 3, 64));
	TupleTableSlot *slot = MakeSingleTupleTableSlot(desc, &TTSOpsVirtual);
	ItemPointerData tid;

	while (sealed_scan_next(scan, ForwardScanDirection))
	{
		ExecClearTuple(slot);
		sealed_scan_row(scan, slot->tts_values, slot->tts_isnull);
		ExecStoreVirtualTuple(slot);
		sealed_scan_tid(scan, &tid);
		if (sort)
			row_sort_add(sort, slot, &tid);
		else
			write_row(compact, slot, &tid);
	}
	if (sort)
	{
		row_sort_perform(sort);
		while (row_sort_next(sort, slot, &tid))
			write_row(compact, slot, &tid);
		row_sort_end(sort);
	}
	ExecDropSingleTupleTableSlot(slot);
}

static void
rewrite_group(Compact *compact)
{
	SegmentEntry **entries = palloc(sizeof(SegmentEntry *) * compact->ngroup);
	Snapshot	snapshot = RegisterSnapshot(GetLatestSnapshot());
	SealedScan *scan = sealed_scan_begin(compact->rel, snapshot, NULL);
	SegmentNumber *numbers;

	qsort(compact->group, compact->ngroup, sizeof(Candidate *), compare_number);
	for (int i = 0; i < compact->ngroup; i++)
	{
		entries[i] = compact->group[i]->entry;
		compact->group[i]->went = palloc0(sizeof(ItemPointerData) * entries[i]->rows);
		compact->result->segments_before++;
		compact->result->dead_rows += compact->group[i]->dead;
		compact->result->bytes_before += entries[i]->data_len;
	}
	compact->tids = palloc(sizeof(ItemPointerData) * territory_segment_rows);
	compact->writer = segment_writer_begin(compact->rel, &compact->store, &compact->layout, note_written, compact);
	segment_writer_set_keysets(compact->writer, keyset_build_begin(compact->rel, compact->rel, &compact->store,
																   layout_sorted_by(&compact->layout)));
	sealed_scan_take(scan, entries, compact->ngroup);
	write_rows(compact, scan);
	segment_writer_end(compact->writer);
	sealed_scan_end(scan);
	UnregisterSnapshot(snapshot);
	numbers = palloc(sizeof(SegmentNumber) * compact->ngroup);
	for (int i = 0; i < compact->ngroup; i++)
	{
		numbers[i] = entries[i]->number;
		relocated_write(&compact->store, numbers[i], compact->group[i]->went, entries[i]->rows);
		directory_delete(&compact->store, numbers[i]);
		if (segment_watch.removed)
			segment_watch.removed(compact->rel, numbers[i]);
	}
	directory_refresh_groups(&compact->store, numbers, compact->ngroup);
}

/* one segment without dead rows would only be copied */
static void
finish_group(Compact *compact)
{
	MemoryContext context,
				old;

	if (compact->ngroup > 1 || (compact->ngroup == 1 && compact->group[0]->dead > 0))
	{
		context = AllocSetContextCreate(CurrentMemoryContext, "territory compact group", ALLOCSET_DEFAULT_SIZES);
		old = MemoryContextSwitchTo(context);
		rewrite_group(compact);
		MemoryContextSwitchTo(old);
		MemoryContextDelete(context);
	}
	compact->ngroup = 0;
}

static void
rewrite_candidates(Compact *compact, List *candidates)
{
	int64		rows = 0;
	ListCell   *lc;

	compact->group = palloc(sizeof(Candidate *) * GROUP_SEGMENTS);
	list_sort(candidates, compare_order);
	foreach(lc, candidates)
	{
		Candidate  *candidate = lfirst(lc);

		if (compact->ngroup == GROUP_SEGMENTS || rows + candidate->entry->rows > GROUP_ROWS)
		{
			finish_group(compact);
			rows = 0;
		}
		compact->group[compact->ngroup++] = candidate;
		rows += candidate->entry->rows;
	}
	finish_group(compact);
	keyset_remove_empty(&compact->store);
	directory_announce(compact->rel);	/* who looks from now on sees the old segments, the new ones, or both */
	TransferPredicateLocksToHeapRelation(compact->rel);
}

/*
 * The table is locked by seal_open_table().  With small_only, which is how a
 * seal tidies up, only small segments are merged, if there are many of them and
 * without waiting for anybody.
 */
void
compact_segments(Relation rel, bool small_only, CompactResult *result)
{
	Compact		compact;
	Directory  *directory;

	memset(result, 0, sizeof *result);
	memset(&compact, 0, sizeof compact);
	compact.rel = rel;
	compact.result = result;
	if (!chunk_store_open(rel, RowExclusiveLock, &compact.store))
		return;
	relocated_forget_old(rel, &compact.store);
	if (!small_only)
		segment_lock_movers(rel);
	directory = directory_read(&compact.store, SnapshotSelf, NULL, 0);
	if (!small_only || (many_are_small(&compact, directory) && segment_lock_movers_if_free(rel)))
	{
		layout_read(rel, &compact.layout);
		rewrite_candidates(&compact, find_candidates(&compact, directory, small_only));
	}
	chunk_store_close(&compact.store, NoLock);
}
