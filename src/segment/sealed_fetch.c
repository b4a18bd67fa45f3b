/*
 * sealed_fetch.c
 *	  One sealed row by its TID.
 *
 * Triggers, EvalPlanQual and updates ask for neighbours one by one, so the block
 * of the last row fetched is kept, decoded, until the end of the transaction.
 */
#include "territory.h"

#include "access/htup_details.h"
#include "access/xact.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

#include "segment/sealed_scan.h"
#include "segment/state.h"

/* the block that was fetched */
static struct
{
	MemoryContext context;
	RelPhysical physical;
	Oid			relid;
	SegmentNumber segment;
	int			natts;
	int			first,
				rows;
	Datum	  **values;
	bool	  **nulls;
}			fetched;

static bool fetched_callback_registered = false;

static void
forget_fetched(XactEvent event, void *arg)
{
	if (fetched.context)
		MemoryContextDelete(fetched.context);
	memset(&fetched, 0, sizeof fetched);
}

/* numbers of segments begin anew in the storage that the table has already */
void
sealed_fetch_forget(void)
{
	forget_fetched(XACT_EVENT_COMMIT, NULL);
}

/*
 * A sealed row as a tuple that heap stored and froze: heap_form_tuple leaves
 * the marks of a composite value, which a stored tuple must not bear.
 */
HeapTuple
sealed_form_tuple(Relation rel, TupleDesc desc, Datum *values, bool *nulls, ItemPointer tid)
{
	HeapTuple	tuple = heap_form_tuple(desc, values, nulls);
	HeapTupleHeader header = tuple->t_data;

	header->t_infomask &= ~HEAP_XACT_MASK;
	header->t_infomask |= HEAP_XMIN_FROZEN | HEAP_XMAX_INVALID;
	HeapTupleHeaderSetXmin(header, FrozenTransactionId);
	HeapTupleHeaderSetXmax(header, InvalidTransactionId);
	HeapTupleHeaderSetCmin(header, FirstCommandId);
	header->t_ctid = tuple->t_self = *tid;
	tuple->t_tableOid = RelationGetRelid(rel);
	return tuple;
}

static bool
load_fetched(Relation rel, ItemPointer tid)
{
	ChunkStore	store;
	SegmentEntry *entry;
	SegmentReader reader;
	MemoryContext context,
				old;
	int			place = tid_place(tid);
	int			block;

	if (!chunk_store_open(rel, AccessShareLock, &store))
		return false;
	forget_fetched(XACT_EVENT_COMMIT, NULL);
	context = AllocSetContextCreate(TopTransactionContext, "territory fetched block", ALLOCSET_DEFAULT_SIZES);
	old = MemoryContextSwitchTo(context);
	entry = directory_find(&store, SnapshotAny, tid_segment(tid));
	if (entry && place < entry->rows)
	{
		fetched.context = context;
		fetched.natts = RelationGetNumberOfAttributes(rel);
		segment_reader_open(&reader, rel, &store, entry, context);
		block = segment_block_of(&reader, place);
		fetched.first = reader.header->first_row[block];
		fetched.rows = reader.header->first_row[block + 1] - fetched.first;
		fetched.values = palloc0(sizeof(Datum *) * (fetched.natts + 1));
		fetched.nulls = palloc0(sizeof(bool *) * (fetched.natts + 1));
		for (int a = 0; a < fetched.natts; a++)
		{
			if (TupleDescAttr(RelationGetDescr(rel), a)->attisdropped)
				continue;
			fetched.values[a] = palloc(sizeof(Datum) * fetched.rows);
			fetched.nulls[a] = palloc(sizeof(bool) * fetched.rows);
			segment_read_column(&reader, block, a + 1, fetched.values[a], fetched.nulls[a]);
		}
		/* last, so that an error leaves nothing half loaded */
		fetched.physical = relation_physical(rel);
		fetched.relid = RelationGetRelid(rel);
		fetched.segment = tid_segment(tid);
	}
	MemoryContextSwitchTo(old);
	chunk_store_close(&store, AccessShareLock);
	if (fetched.relid == InvalidOid)
		MemoryContextDelete(context);
	return fetched.relid != InvalidOid;
}

static bool
fetched_holds(Relation rel, ItemPointer tid)
{
	int			place = tid_place(tid);

	/* numbers of segments begin anew where TRUNCATE or ALTER TABLE gave the table new storage */
	return fetched.relid == RelationGetRelid(rel) && relphysical_equals(fetched.physical, relation_physical(rel)) &&
		fetched.segment == tid_segment(tid) && place >= fetched.first && place < fetched.first + fetched.rows &&
		fetched.natts == RelationGetNumberOfAttributes(rel);
}

/* is the row alive for the snapshot? */
static bool
row_visible(Relation rel, ItemPointer tid, Snapshot snapshot)
{
	ChunkStore	store;
	StateEntry	state;
	SegmentEntry *entry;
	bool		visible;

	if (!chunk_store_open(rel, AccessShareLock, &store))
		return false;
	entry = directory_find(&store, snapshot, tid_segment(tid));
	visible = entry != NULL && tid_place(tid) < entry->rows &&
		!(state_find(&store, tid, snapshot, &state) && state.dead);
	chunk_store_close(&store, AccessShareLock);
	return visible;
}

/* NULL where the snapshot does not show it; SnapshotAny fetches dead rows too */
HeapTuple
sealed_fetch(Relation rel, ItemPointer tid, Snapshot snapshot)
{
	int			row;
	Datum	   *values;
	bool	   *nulls;
	HeapTuple	tuple;

	if (snapshot->snapshot_type != SNAPSHOT_ANY && !row_visible(rel, tid, snapshot))
		return NULL;
	if (!fetched_callback_registered)
	{
		RegisterXactCallback(forget_fetched, NULL);
		fetched_callback_registered = true;
	}
	if (!fetched_holds(rel, tid) && !load_fetched(rel, tid))
		return NULL;
	row = tid_place(tid) - fetched.first;
	values = palloc(sizeof(Datum) * (fetched.natts + 1));
	nulls = palloc(sizeof(bool) * (fetched.natts + 1));
	for (int a = 0; a < fetched.natts; a++)
	{
		nulls[a] = fetched.values[a] == NULL || TupleDescAttr(RelationGetDescr(rel), a)->attisdropped ||
			fetched.nulls[a][row];
		values[a] = nulls[a] ? (Datum) 0 : fetched.values[a][row];
	}
	tuple = sealed_form_tuple(rel, RelationGetDescr(rel), values, nulls, tid);
	pfree(values);
	pfree(nulls);
	return tuple;
}
