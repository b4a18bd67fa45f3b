/*
 * unseal.c
 *	  Move sealed rows back into the heap.
 *
 * Each segment is locked against who changes its rows before they are read, to
 * the end of the transaction.  One whose every row goes is removed and leaves a
 * list of where they went; of another one, the rows that go are marked dead with
 * a link each.  Moving rows is no change: it is not decoded, it fires no trigger,
 * and who knows a row by its sealed TID finds it by these links.
 */
#include "territory.h"

#include "access/heapam.h"
#include "access/xact.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "storage/predicate.h"
#include "utils/date.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "catalog/pg_type.h"

#include "segment/keyset.h"
#include "segment/layout.h"
#include "segment/lock.h"
#include "segment/seal.h"
#include "segment/sealed_scan.h"
#include "segment/state.h"
#include "segment/watch.h"

typedef struct Unseal
{
	Relation	rel;
	Layout		layout;
	TimestampTz from;
	TimestampTz to;
	bool		everything;
	EState	   *estate;
	ResultRelInfo *info;
	TupleTableSlot *slot;
	ChunkStore	store;
	int64		rows;
} Unseal;

static bool
row_in_range(Unseal *unseal, Datum value, bool isnull)
{
	Oid			type;

	if (unseal->everything)
		return true;
	if (isnull)
		return false;
	type = getBaseType(TupleDescAttr(RelationGetDescr(unseal->rel), unseal->layout.time - 1)->atttypid);
	if (type == DATEOID)
		return date_cmp_timestamptz_internal(DatumGetDateADT(value), unseal->from) >= 0 &&
			date_cmp_timestamptz_internal(DatumGetDateADT(value), unseal->to) < 0;
	if (type == TIMESTAMPOID)
		return timestamp_cmp_timestamptz_internal(DatumGetTimestamp(value), unseal->from) >= 0 &&
			timestamp_cmp_timestamptz_internal(DatumGetTimestamp(value), unseal->to) < 0;
	return DatumGetTimestampTz(value) >= unseal->from && DatumGetTimestampTz(value) < unseal->to;
}

static void
insert_hot(Unseal *unseal)
{
	watch_hot(unseal->rel, &unseal->slot, 1);
	heap_methods->tuple_insert(unseal->rel, unseal->slot, GetCurrentCommandId(true), HEAP_INSERT_NO_LOGICAL,
							   NULL);
	if (unseal->info->ri_NumIndices > 0)
		compat_insert_index_tuples(unseal->info, unseal->slot, unseal->estate);
	ResetPerTupleExprContext(unseal->estate);
	unseal->rows++;
}

/* the row left its segment, which keeps other rows; nobody else can be changing it */
static void
mark_moved(Unseal *unseal, ItemPointer sealed)
{
	ItemPointerData anchor;
	TM_FailureData failure;

	if (state_lock_row(unseal->rel, &unseal->store, sealed, LockTupleExclusive, LockWaitBlock, &failure,
					   &anchor, NULL) != TM_Ok ||
		state_mark_dead(unseal->rel, &unseal->store, &anchor, sealed, MOVED_UNCHANGED, &unseal->slot->tts_tid,
						GetCurrentCommandId(true)) != TM_Ok)
		elog(ERROR, "territory: a sealed row changed while it was unsealed");
}

/* insert the rows of a locked segment that are in the range; where each went into went */
static bool
insert_rows(Unseal *unseal, SealedScan *scan, ItemPointerData *went)
{
	TupleTableSlot *slot = unseal->slot;
	bool		whole = true;

	for (bool more = sealed_scan_next(scan, ForwardScanDirection); more; more = sealed_scan_next(scan, ForwardScanDirection))
	{
		ItemPointerData sealed;

		CHECK_FOR_INTERRUPTS();
		ExecClearTuple(slot);
		sealed_scan_row(scan, slot->tts_values, slot->tts_isnull);
		ExecStoreVirtualTuple(slot);
		sealed_scan_tid(scan, &sealed);
		if (!unseal->everything &&
			!row_in_range(unseal, slot->tts_values[unseal->layout.time - 1],
						  slot->tts_isnull[unseal->layout.time - 1]))
		{
			whole = false;
			continue;
		}
		insert_hot(unseal);
		went[tid_place(&sealed)] = slot->tts_tid;
	}
	return whole;
}

/* is any row of the segment in the range?  Of one that is only partly in it, who changes other rows is waited for, too */
static bool
may_hold_rows(Unseal *unseal, SegmentEntry *entry)
{
	for (int z = 0; z < entry->nzones; z++)
	{
		ZoneMap    *zone = &entry->zones[z];
		Oid			type;

		if (unseal->everything || zone->attno != unseal->layout.time || zone->kind != ZONE_INTEGER)
			continue;
		if (!zone->has_values)
			return false;
		type = getBaseType(TupleDescAttr(RelationGetDescr(unseal->rel), zone->attno - 1)->atttypid);
		return type != TIMESTAMPTZOID || (zone->max >= unseal->from && zone->min < unseal->to);
	}
	return true;
}

/* true where nothing is left of the segment */
static bool
unseal_segment(Unseal *unseal, SegmentNumber number)
{
	bool		whole;
	SegmentEntry *entry;
	ItemPointerData *went;
	Snapshot	snapshot;
	SealedScan *scan;

	snapshot = RegisterSnapshot(GetLatestSnapshot());
	entry = directory_find(&unseal->store, snapshot, number);
	scan = sealed_scan_begin(unseal->rel, snapshot, NULL);
	if (entry == NULL || scan == NULL)
		elog(ERROR, "territory: segment %d vanished while it was unsealed", number);
	went = palloc0(sizeof(ItemPointerData) * entry->rows);
	sealed_scan_take(scan, &entry, 1);
	whole = insert_rows(unseal, scan, went);
	if (whole)
	{
		relocated_write(&unseal->store, number, went, entry->rows);
		directory_delete(&unseal->store, number);
		if (segment_watch.removed)
			segment_watch.removed(unseal->rel, number);
	}
	else
		for (int place = 0; place < entry->rows; place++)
		{
			ItemPointerData sealed;

			if (!ItemPointerIsValid(&went[place]))
				continue;
			tid_set_sealed(&sealed, number, place);
			unseal->slot->tts_tid = went[place];
			mark_moved(unseal, &sealed);
		}
	sealed_scan_end(scan);
	UnregisterSnapshot(snapshot);
	pfree(went);
	pfree(entry);
	return whole;
}

/* everything where from is -infinity and to is infinity; returns the rows moved */
int64
unseal_rows(Relation rel, TimestampTz from, TimestampTz to)
{
	Unseal		unseal;

	memset(&unseal, 0, sizeof unseal);
	unseal.rel = rel;
	unseal.from = from;
	unseal.to = to;
	unseal.everything = TIMESTAMP_IS_NOBEGIN(from) && TIMESTAMP_IS_NOEND(to);
	layout_read(rel, &unseal.layout);
	if (!unseal.everything && unseal.layout.time == InvalidAttrNumber)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("\"%s\" has no time column", RelationGetRelationName(rel)),
						errhint("Unseal everything by leaving out the times.")));
	if (IsolationUsesXactSnapshot())
		ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
						errmsg("cannot unseal in a transaction that keeps its snapshot"),
						errhint("Use READ COMMITTED.")));
	if (chunk_store_open(rel, RowExclusiveLock, &unseal.store))
	{
		Directory  *directory;
		SegmentNumber *segments;
		SegmentNumber *gone;
		int			nsegments = 0;
		int			ngone = 0;

		relocated_forget_old(rel, &unseal.store);
		directory = directory_read(&unseal.store, SnapshotSelf, NULL, 0);
		segments = palloc(sizeof(SegmentNumber) * Max(directory->nsegments, 1));
		gone = palloc(sizeof(SegmentNumber) * Max(directory->nsegments, 1));
		for (int s = 0; s < directory->nsegments; s++)
			if (may_hold_rows(&unseal, directory_entry(directory, &unseal.store, SnapshotSelf, s)))
				segments[nsegments++] = directory->numbers[s];
		segment_lock_exclusive_all(rel, segments, nsegments);
		unseal.estate = CreateExecutorState();
		unseal.info = makeNode(ResultRelInfo);
		unseal.slot = MakeSingleTupleTableSlot(RelationGetDescr(rel), &TTSOpsVirtual);
		InitResultRelInfo(unseal.info, rel, 1, NULL, 0);
		ExecOpenIndices(unseal.info, false);
		for (int s = 0; s < nsegments; s++)
			if (unseal_segment(&unseal, segments[s]))
				gone[ngone++] = segments[s];
		directory_refresh_groups(&unseal.store, gone, ngone);
		keyset_remove_empty(&unseal.store);
		ExecCloseIndices(unseal.info);
		ExecDropSingleTupleTableSlot(unseal.slot);
		FreeExecutorState(unseal.estate);
		chunk_store_close(&unseal.store, NoLock);
		TransferPredicateLocksToHeapRelation(rel);
	}
	return unseal.rows;
}
