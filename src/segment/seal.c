/*
 * seal.c
 *	  Move rows from the heap into segments.
 *
 * The rows that a fresh snapshot shows are sorted by (entity, time) and written,
 * then deleted from the heap, all in one transaction: an older snapshot goes on
 * seeing the heap rows, a newer one sees the segments, nobody sees both.
 *
 * All segments are written, and who is in the gate (see lock.c) is waited for,
 * before the first row is deleted.  A row that somebody is changing at that
 * moment stays hot: its sealed copy is born dead.
 */
#include "territory.h"

#include "access/detoast.h"
#include "access/heapam.h"
#include "access/table.h"
#include "access/xact.h"
#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "catalog/toasting.h"
#include "commands/tablecmds.h"
#include "executor/tuptable.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "storage/predicate.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

#include "segment/keyset.h"
#include "segment/layout.h"
#include "segment/lock.h"
#include "segment/move.h"
#include "segment/row_sort.h"
#include "segment/seal.h"
#include "segment/segment.h"
#include "segment/table.h"
#include "segment/watch.h"

typedef struct Seal
{
	Relation	rel;
	ChunkStore	store;
	Layout		layout;
	const BlockRuns *blocks;	/* where to look for rows; NULL: everywhere */
	SegmentWriter *writer;
	ItemPointerData *tids;		/* of the rows of the segment being filled */
	int			ntids;
	MovedRows  *moved;
	SealResult *result;
} Seal;

/* constraints that are checked through their index alone would not see sealed rows */
void
seal_check_constraints(Relation rel)
{
	List	   *indexes = RelationGetIndexList(rel);
	ListCell   *lc;

	foreach(lc, indexes)
	{
		Relation	index = index_open(lfirst_oid(lc), AccessShareLock);

		if (index->rd_index->indisexclusion || !index->rd_index->indimmediate)
			ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
							errmsg("cannot seal \"%s\": constraint \"%s\" is %s", RelationGetRelationName(rel),
								   RelationGetRelationName(index),
								   index->rd_index->indisexclusion ? "an exclusion constraint" : "deferrable"),
							errhint("Drop the constraint, or keep the table's rows hot.")));
		index_close(index, AccessShareLock);
	}
	list_free(indexes);
}

/* open it, if rows of it can be moved by the caller, or a clear error */
Relation
seal_check_table(Oid relid, LOCKMODE lockmode, const char *function)
{
	Relation	rel;

	PreventCommandIfReadOnly(function);
	table_check_owner(relid);
	rel = table_open_ours(relid, lockmode, function);
	CheckTableNotInUse(rel, "move rows of");
	return rel;
}

/* opened and locked for moving rows, or a clear error */
Relation
seal_open_table(Oid relid, const char *function)
{
	Relation	rel = seal_check_table(relid, ShareUpdateExclusiveLock, function);

	if (!OidIsValid(rel->rd_rel->reltoastrelid))
	{
		/* came by SET ACCESS METHOD from a heap table that needed none */
		LockRelationOid(relid, AccessExclusiveLock);
		AlterTableCreateToastTable(relid, (Datum) 0, AccessExclusiveLock);
		CommandCounterIncrement();
	}
	return rel;
}

/* a value of a time column; a date, and a time without zone, is the session's */
TimestampTz
seal_time(Oid type, Datum value)
{
	int			overflow;

	if (type == DATEOID)
		return date2timestamptz_opt_overflow(DatumGetDateADT(value), &overflow);
	if (type == TIMESTAMPOID)
		return timestamp2timestamptz_opt_overflow(DatumGetTimestamp(value), &overflow);
	return DatumGetTimestampTz(value);
}

bool
seal_time_is_before(Relation rel, AttrNumber time, TupleTableSlot *slot, TimestampTz before)
{
	Oid			type = TupleDescAttr(RelationGetDescr(rel), time - 1)->atttypid;
	bool		isnull;
	Datum		value = slot_getattr(slot, time, &isnull);

	if (isnull)
		return false;
	if (type == TIMESTAMPTZOID)
		return DatumGetTimestampTz(value) < before;	/* most tables: asked for every row */
	return seal_time(getBaseType(type), value) < before;
}

/* rows above the limit stay hot; external values count with their raw size */
bool
seal_row_is_too_large(Relation rel, TupleTableSlot *slot)
{
	TupleDesc	desc = RelationGetDescr(rel);
	Size		bytes = 0;

	for (int i = 0; i < desc->natts; i++)
	{
		if (TupleDescAttr(desc, i)->attlen == -1 && !slot->tts_isnull[i])
			bytes += toast_raw_datum_size(slot->tts_values[i]);
	}
	return bytes > SEGMENT_MAX_ROW_BYTES;
}

/* a segment was written: remember where its rows went */
static void
note_moved_rows(SegmentEntry *entry, void *arg)
{
	Seal	   *seal = arg;

	for (int i = 0; i < seal->ntids; i++)
		moved_rows_add(seal->moved, &seal->tids[i], entry->number, i);
	seal->ntids = 0;
	seal->result->rows += entry->rows;
	seal->result->segments++;
	seal->result->heap_bytes += entry->heap_bytes;
	seal->result->sealed_bytes += entry->data_len;
}

static void
add_row(Seal *seal, TupleTableSlot *slot, const ItemPointerData *tid)
{
	seal->tids[seal->ntids++] = *tid;
	segment_writer_add(seal->writer, slot);
}

/* the whole heap at once, or one run of blocks after the other, as far as they are still there */
static bool
next_run(Seal *seal, TableScanDesc scan, int r)
{
	BlockNumber nblocks = ((HeapScanDesc) scan)->rs_nblocks;

	if (seal->blocks == NULL)
		return r == 0;
	if (r >= seal->blocks->nruns || seal->blocks->runs[r].first >= nblocks)
		return false;
	if (r > 0)
		heap_methods->scan_rescan(scan, NULL, false, false, false, false);
	heap_setscanlimits(scan, seal->blocks->runs[r].first,
					   Min(seal->blocks->runs[r].count, nblocks - seal->blocks->runs[r].first));
	return true;
}

static void
write_rows(Seal *seal, bool all, TimestampTz before, Snapshot snapshot)
{
	TupleTableSlot *slot = table_slot_create(seal->rel, NULL);
	RowSort    *sort = row_sort_begin(RelationGetDescr(seal->rel), &seal->layout,
									  Max(maintenance_work_mem / 4 * 3, 64));
	TableScanDesc scan = heap_methods->scan_begin(seal->rel, snapshot, 0, NULL, NULL,
												  SO_TYPE_SEQSCAN | SO_ALLOW_STRAT | SO_ALLOW_PAGEMODE);

	for (int r = 0; next_run(seal, scan, r); r++)
	{
		while (heap_methods->scan_getnextslot(scan, ForwardScanDirection, slot))
		{
			CHECK_FOR_INTERRUPTS();
			if (!all && !seal_time_is_before(seal->rel, seal->layout.time, slot, before))
				continue;
			slot_getallattrs(slot);
			if (seal_row_is_too_large(seal->rel, slot))
				continue;
			if (sort)
				row_sort_add(sort, slot, &slot->tts_tid);
			else
				add_row(seal, slot, &slot->tts_tid);
		}
	}
	heap_methods->scan_end(scan);
	if (sort)
	{
		TupleTableSlot *sorted = MakeSingleTupleTableSlot(RelationGetDescr(seal->rel), &TTSOpsVirtual);
		ItemPointerData tid;

		row_sort_perform(sort);
		while (row_sort_next(sort, sorted, &tid))
		{
			CHECK_FOR_INTERRUPTS();
			add_row(seal, sorted, &tid);
		}
		ExecDropSingleTupleTableSlot(sorted);
		row_sort_end(sort);
	}
	segment_writer_end(seal->writer);
	ExecDropSingleTupleTableSlot(slot);
}

/* of these blocks, unless blocks is NULL; the table is locked by seal_open_table() */
void
seal_rows(Relation rel, bool all, TimestampTz before, const BlockRuns *blocks, SealResult *result)
{
	Seal		seal;
	CompactResult tidied;
	Snapshot	snapshot;

	seal_check_constraints(rel);
	memset(result, 0, sizeof *result);
	memset(&seal, 0, sizeof seal);
	seal.rel = rel;
	seal.blocks = blocks;
	seal.result = result;
	layout_read(rel, &seal.layout);
	if (!all && seal.layout.time == InvalidAttrNumber)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("\"%s\" has no time column", RelationGetRelationName(rel)),
						errhint("Seal all rows by leaving out \"before\", or name the column with territory.set_layout().")));
	if (!IsolationUsesXactSnapshot())
		compact_segments(rel, true, &tidied);
	if (!chunk_store_open(rel, RowExclusiveLock, &seal.store))
		elog(ERROR, "territory: \"%s\" has no TOAST relation", RelationGetRelationName(rel));
	seal.tids = palloc(sizeof(ItemPointerData) * territory_segment_rows);
	seal.writer = segment_writer_begin(rel, &seal.store, &seal.layout, note_moved_rows, &seal);
	segment_writer_set_keysets(seal.writer, keyset_build_begin(rel, rel, &seal.store,
															   layout_sorted_by(&seal.layout)));
	seal.moved = moved_rows_begin(rel, Max(maintenance_work_mem / 4, 64));
	/* a transaction that keeps its snapshot must not meet rows here that it does not see */
	snapshot = RegisterSnapshot(IsolationUsesXactSnapshot() ? GetActiveSnapshot() : GetLatestSnapshot());
	write_rows(&seal, all, before, snapshot);
	CommandCounterIncrement();
	gate_wait(rel);
	result->rows -= moved_rows_delete(seal.moved, &seal.store);
	moved_rows_end(seal.moved);
	UnregisterSnapshot(snapshot);
	TransferPredicateLocksToHeapRelation(rel);
	chunk_store_close(&seal.store, NoLock);
	if (segment_watch.sealed)
		segment_watch.sealed(rel, blocks == NULL);
	pfree(seal.tids);
}
