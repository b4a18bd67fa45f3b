/*
 * chunk.c
 *	  Read and write our rows of a table's TOAST relation.
 *
 * The idea: segments are ordinary rows of an ordinary heap with an ordinary
 * unique index, so that crash recovery, standbys, freezing, vacuum, tablespaces
 * and pg_upgrade need nothing from us.  Unlike core's toast reader we read with
 * the caller's snapshot: a seal becomes visible at one instant.
 */
#include "territory.h"

#include "access/heapam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/transam.h"
#include "access/xact.h"
#include "catalog/index.h"
#include "executor/tuptable.h"
#include "storage/bufmgr.h"
#include "utils/fmgroids.h"

#include "segment/chunk.h"

/* false where the table has no TOAST relation, and so no segment */
bool
chunk_store_open(Relation rel, LOCKMODE lockmode, ChunkStore *store)
{
	List	   *indexes;

	if (!OidIsValid(rel->rd_rel->reltoastrelid))
		return false;
	store->toast = table_open(rel->rd_rel->reltoastrelid, lockmode);
	indexes = RelationGetIndexList(store->toast);
	if (indexes == NIL)
	{
		table_close(store->toast, lockmode);
		return false;
	}
	store->index = index_open(linitial_oid(indexes), lockmode);
	store->lockmode = lockmode;
	store->blocks = 0;
	list_free(indexes);
	return true;
}

void
chunk_store_close(ChunkStore *store, LOCKMODE lockmode)
{
	index_close(store->index, lockmode);
	table_close(store->toast, lockmode);
}

/* also the answer during TRUNCATE, whose REINDEX asks while the index is stale */
bool
chunk_store_empty(ChunkStore *store)
{
	store->blocks = RelationGetNumberOfBlocks(store->toast);
	return store->blocks == 0;
}

void
chunk_insert(ChunkStore *store, ChunkKey key, const void *data, int len, int options, ItemPointer tid)
{
	chunk_insert_of(store, key, data, len, GetCurrentCommandId(true), options, tid);
}

/* as the work of this command, which may be an earlier one */
void
chunk_insert_of(ChunkStore *store, ChunkKey key, const void *data, int len, CommandId command, int options,
				ItemPointer tid)
{
	struct varlena *value = palloc(len + VARHDRSZ);
	Datum		values[3];
	bool		nulls[3] = {false, false, false};
	HeapTuple	tuple;

	SET_VARSIZE(value, len + VARHDRSZ);
	memcpy(VARDATA(value), data, len);
	values[0] = ObjectIdGetDatum(key.id);
	values[1] = Int32GetDatum(key.seq);
	values[2] = PointerGetDatum(value);
	tuple = heap_form_tuple(RelationGetDescr(store->toast), values, nulls);
	heap_insert(store->toast, tuple, command, HEAP_INSERT_NO_LOGICAL | options, NULL);
	index_insert(store->index, values, nulls, &tuple->t_self, store->toast, UNIQUE_CHECK_YES, false, NULL);
	if (tid)
		*tid = tuple->t_self;
	heap_freetuple(tuple);
	pfree(value);
}

void
chunk_delete(ChunkStore *store, ItemPointer tid)
{
	simple_heap_delete(store->toast, tid);
}

/* what is there now, whoever sees it */
void
chunk_delete_range(ChunkStore *store, Oid id, int32 first, int32 last)
{
	ChunkScan	scan;
	HeapTuple	tuple;

	chunk_scan_begin(&scan, store, SnapshotSelf, id, first, last);
	while ((tuple = chunk_scan_next(&scan, ForwardScanDirection)) != NULL)
		chunk_delete(store, &tuple->t_self);
	chunk_scan_end(&scan);
}

/* of data that never changes and is read regardless of snapshots, only this must be passed over */
bool
chunk_inserter_aborted(HeapTuple tuple)
{
	HeapTupleHeader header = tuple->t_data;
	TransactionId xmin;

	if (HeapTupleHeaderXminCommitted(header))
		return false;
	if (HeapTupleHeaderXminInvalid(header))
		return true;
	xmin = HeapTupleHeaderGetRawXmin(header);
	return !TransactionIdIsCurrentTransactionId(xmin) && !TransactionIdDidCommit(xmin);
}

void
chunk_scan_begin(ChunkScan *scan, ChunkStore *store, Snapshot snapshot, Oid id, int32 first, int32 last)
{
	scan->store = store;
	ScanKeyInit(&scan->keys[0], 1, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(id));
	ScanKeyInit(&scan->keys[1], 2, BTGreaterEqualStrategyNumber, F_INT4GE, Int32GetDatum(first));
	ScanKeyInit(&scan->keys[2], 2, BTLessEqualStrategyNumber, F_INT4LE, Int32GetDatum(last));
	scan->slot = table_slot_create(store->toast, NULL);
	scan->scan = compat_index_beginscan(store->toast, store->index, snapshot, 3);
	index_rescan(scan->scan, scan->keys, 3, NULL, 0);
}

static void
damaged(ChunkStore *store, HeapTuple tuple)
{
	ereport(ERROR, (errcode(ERRCODE_DATA_CORRUPTED),
					errmsg("row (%u,%u) of \"%s\" is damaged", ItemPointerGetBlockNumberNoCheck(&tuple->t_self),
						   ItemPointerGetOffsetNumberNoCheck(&tuple->t_self), RelationGetRelationName(store->toast)),
					errdetail("It is part of what was sealed."),
					errhint("Restore the table from a backup.")));
}

/* callers take the key for a place in their arrays, so what the index says is not enough */
static bool
has_key(ChunkStore *store, HeapTuple tuple, Oid id, int32 first, int32 last)
{
	TupleDesc	desc = RelationGetDescr(store->toast);
	bool		isnull;
	int32		seq;

	if (HeapTupleHasNulls(tuple) || HeapTupleHeaderGetNatts(tuple->t_data) != desc->natts)
		return false;
	seq = chunk_seq(store, tuple);
	return DatumGetObjectId(fastgetattr(tuple, 1, desc, &isnull)) == id && seq >= first && seq <= last;
}

/* the tuple is valid until the next call */
HeapTuple
chunk_scan_next(ChunkScan *scan, ScanDirection direction)
{
	HeapTuple	tuple;

	if (!index_getnext_slot(scan->scan, direction, scan->slot))
		return NULL;
	tuple = ((BufferHeapTupleTableSlot *) scan->slot)->base.tuple;
	if (!has_key(scan->store, tuple, DatumGetObjectId(scan->keys[0].sk_argument),
				 DatumGetInt32(scan->keys[1].sk_argument), DatumGetInt32(scan->keys[2].sk_argument)))
		damaged(scan->store, tuple);
	return tuple;
}

void
chunk_scan_end(ChunkScan *scan)
{
	index_endscan(scan->scan);
	ExecDropSingleTupleTableSlot(scan->slot);
}

/*
 * What stands at this TID, where the snapshot shows it, it bears the key and its
 * maker did not fail; the caller releases the buffer.
 */
bool
chunk_fetch(ChunkStore *store, Snapshot snapshot, ItemPointer tid, ChunkKey key, HeapTuple tuple, Buffer *buffer)
{
	if (!ItemPointerIsValid(tid))
		return false;
	if (ItemPointerGetBlockNumber(tid) >= store->blocks)
	{
		store->blocks = RelationGetNumberOfBlocks(store->toast);
		if (ItemPointerGetBlockNumber(tid) >= store->blocks)
			return false;
	}
	tuple->t_self = *tid;
	if (!heap_fetch(store->toast, snapshot, tuple, buffer, false))
		return false;
	if (has_key(store, tuple, key.id, key.seq, key.seq) && !chunk_inserter_aborted(tuple))
		return true;
	ReleaseBuffer(*buffer);
	return false;
}

int32
chunk_seq(ChunkStore *store, HeapTuple tuple)
{
	bool		isnull;

	return DatumGetInt32(fastgetattr(tuple, 2, RelationGetDescr(store->toast), &isnull));
}

const char *
chunk_bytes(ChunkStore *store, HeapTuple tuple, int *len)
{
	bool		isnull;
	struct varlena *value = (struct varlena *)
		DatumGetPointer(heap_getattr(tuple, 3, RelationGetDescr(store->toast), &isnull));
	ptrdiff_t	room = isnull ? 0 : (char *) tuple->t_data + tuple->t_len - (char *) value;

	/* never compressed nor moved out, and within its tuple */
	if (room < VARHDRSZ || VARATT_IS_EXTERNAL(value) || VARATT_IS_COMPRESSED(value) ||
		(ptrdiff_t) VARSIZE_ANY(value) < VARHDRSZ || (ptrdiff_t) VARSIZE_ANY(value) > room)
		damaged(store, tuple);
	*len = VARSIZE_ANY_EXHDR(value);
	return VARDATA_ANY(value);
}
