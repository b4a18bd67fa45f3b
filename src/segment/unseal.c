/*
 * unseal.c
 *	  Move sealed rows back into the heap.
 *
 * A segment whose every row goes is removed whole; of another one, the rows
 * that go are marked dead with a forward TID.  Moving rows is no change: it is
 * not decoded, and it fires no trigger.
 */
#include "territory.h"

#include "access/heapam.h"
#include "access/xact.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "utils/date.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "catalog/pg_type.h"

#include "segment/keyset.h"
#include "segment/layout.h"
#include "segment/seal.h"
#include "segment/sealed_scan.h"
#include "segment/state.h"

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
	heap_methods->tuple_insert(unseal->rel, unseal->slot, GetCurrentCommandId(true), HEAP_INSERT_NO_LOGICAL,
							   NULL);
	if (unseal->info->ri_NumIndices > 0)
		list_free(ExecInsertIndexTuples(unseal->info, unseal->slot, unseal->estate, false, false, NULL, NIL));
	ResetPerTupleExprContext(unseal->estate);
	unseal->rows++;
}

/* the row left its segment, which keeps other rows */
static void
mark_moved(Unseal *unseal, ItemPointer sealed)
{
	ItemPointerData anchor;
	TM_FailureData failure;

	if (state_lock_row(unseal->rel, &unseal->store, sealed, GetCurrentCommandId(true), LockTupleExclusive,
					   LockWaitBlock, &failure, &anchor) != TM_Ok ||
		state_mark_dead(&unseal->store, &anchor, sealed, &unseal->slot->tts_tid,
						GetCurrentCommandId(true)) != TM_Ok)
		elog(ERROR, "territory: a sealed row changed while it was unsealed");
}

static void
unseal_segment(Unseal *unseal, SealedScan *scan)
{
	SegmentNumber number = scan->directory->numbers[scan->segment];
	int			here = scan->segment;
	bool		whole = true;

	/* rows of this segment, from the one that the scan stands on */
	do
	{
		TupleTableSlot *slot = unseal->slot;
		ItemPointerData sealed;

		CHECK_FOR_INTERRUPTS();
		ExecClearTuple(slot);
		sealed_scan_row(scan, slot->tts_values, slot->tts_isnull);
		if (!unseal->everything &&
			!row_in_range(unseal, slot->tts_values[unseal->layout.time - 1],
						  slot->tts_isnull[unseal->layout.time - 1]))
		{
			whole = false;
			continue;
		}
		ExecStoreVirtualTuple(slot);
		sealed_scan_tid(scan, &sealed);
		insert_hot(unseal);
		if (!unseal->everything)
			mark_moved(unseal, &sealed);
	} while (sealed_scan_next(scan, ForwardScanDirection) && scan->segment == here);
	if (whole && !unseal->everything)
		directory_delete(&unseal->store, number);
}

/* everything where from is -infinity and to is infinity; returns the rows moved */
int64
unseal_rows(Relation rel, TimestampTz from, TimestampTz to)
{
	Unseal		unseal;
	Snapshot	snapshot;
	SealedScan *scan;

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
	/* writers wait, so that no row changes between this snapshot and the end of its segment */
	LockRelationOid(RelationGetRelid(rel), ShareRowExclusiveLock);
	snapshot = RegisterSnapshot(GetLatestSnapshot());
	scan = sealed_scan_begin(rel, snapshot, NULL);
	if (scan != NULL && chunk_store_open(rel, RowExclusiveLock, &unseal.store))
	{
		bool		more;

		unseal.estate = CreateExecutorState();
		unseal.info = makeNode(ResultRelInfo);
		unseal.slot = MakeSingleTupleTableSlot(RelationGetDescr(rel), &TTSOpsVirtual);
		InitResultRelInfo(unseal.info, rel, 1, NULL, 0);
		ExecOpenIndices(unseal.info, false);
		sealed_scan_restart(scan, ForwardScanDirection);
		for (more = sealed_scan_next(scan, ForwardScanDirection); more;
			 more = scan->segment < scan->directory->nsegments)
			unseal_segment(&unseal, scan);
		/* all of them, so those whose rows are all dead, too */
		for (int s = 0; unseal.everything && s < scan->directory->nsegments; s++)
			directory_delete(&unseal.store, scan->directory->numbers[s]);
		keyset_remove_empty(&unseal.store);
		ExecCloseIndices(unseal.info);
		ExecDropSingleTupleTableSlot(unseal.slot);
		FreeExecutorState(unseal.estate);
		chunk_store_close(&unseal.store, NoLock);
	}
	if (scan)
		sealed_scan_end(scan);
	UnregisterSnapshot(snapshot);
	return unseal.rows;
}
