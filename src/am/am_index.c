/*
 * am_index.c
 *	  ON CONFLICT finds the sealed row in its way.
 *
 * Before it inserts, the executor asks each arbiter index with a dirty snapshot
 * whether the key is taken, and decides by the answer which row to update, or
 * to do nothing.  An index knows hot rows only, so the amgettuple of a unique
 * index of ours, in its relcache entry, is replaced by one that adds the sealed
 * row with that key; the AM's fetch by index then serves it.  The replication
 * worker's look-up by key goes the same way.
 *
 * The executor, and that worker, make a slot for the table just before they
 * open the index, and so call us: that is when the entry is looked after, since
 * invalidation may have rebuilt it at any earlier moment.  What slips through
 * meets the check of the insert itself.
 *
 * Scans with another snapshot, those of plans and of core's own business, are
 * left as they are.
 */
#include "territory.h"

#include "access/amapi.h"
#include "access/genam.h"
#include "access/relscan.h"
#include "access/skey.h"
#include "catalog/pg_am.h"
#include "utils/rel.h"
#include "utils/relcache.h"
#include "utils/snapmgr.h"

#include "am/am.h"
#include "segment/state.h"

static amgettuple_function btree_gettuple;
static amrescan_function btree_rescan;

/* the sealed row, if any, that the scan keys' equality finds */
static bool
find_sealed(IndexScanDesc scan)
{
	Relation	index = scan->indexRelation;
	int			nkeys = IndexRelationGetNumberOfKeyAttributes(index);
	Datum		values[INDEX_MAX_KEYS];
	bool		nulls[INDEX_MAX_KEYS];

	if (scan->numberOfKeys != nkeys)
		return false;
	for (int i = 0; i < nkeys; i++)
	{
		ScanKey		key = &scan->keyData[i];

		if (key->sk_attno != i + 1 || key->sk_strategy != BTEqualStrategyNumber)
			return false;
		values[i] = key->sk_argument;
		nulls[i] = (key->sk_flags & SK_ISNULL) != 0;
	}
	return unique_find_key(scan->heapRelation, index, values, nulls, &scan->xs_heaptid);
}

/* nothing was returned yet: core leaves this unset */
static void
rescan_with_sealed(IndexScanDesc scan, ScanKey keys, int nkeys, ScanKey orderbys, int norderbys)
{
	btree_rescan(scan, keys, nkeys, orderbys, norderbys);
	ItemPointerSetInvalid(&scan->xs_heaptid);
}

static bool
gettuple_with_sealed(IndexScanDesc scan, ScanDirection direction)
{
	/* the sealed row comes last, and there is one at most */
	if (ItemPointerIsValid(&scan->xs_heaptid) && tid_is_sealed(&scan->xs_heaptid))
		return false;
	if (btree_gettuple(scan, direction))
		return true;
	if (scan->heapRelation == NULL || scan->xs_snapshot == NULL ||
		scan->xs_snapshot->snapshot_type != SNAPSHOT_DIRTY || !relation_is_territory(scan->heapRelation))
		return false;
	scan->kill_prior_tuple = false;
	scan->xs_recheck = false;
	return find_sealed(scan);
}

/* what of the table's unique indexes ON CONFLICT may ask */
static void
look_after_indexes(Relation rel)
{
	List	   *indexes = RelationGetIndexList(rel);
	ListCell   *lc;

	foreach(lc, indexes)
	{
		Relation	index = RelationIdGetRelation(lfirst_oid(lc));

		if (index == NULL)
			continue;
		if (index->rd_index->indisunique && index->rd_rel->relam == BTREE_AM_OID &&
			index->rd_indam->amgettuple != gettuple_with_sealed)
		{
			btree_gettuple = index->rd_indam->amgettuple;
			btree_rescan = index->rd_indam->amrescan;
			index->rd_indam->amrescan = rescan_with_sealed;
			index->rd_indam->amgettuple = gettuple_with_sealed;
		}
		RelationClose(index);
	}
	list_free(indexes);
}

static const TupleTableSlotOps *
territory_slot_callbacks(Relation rel)
{
	if (rel->rd_rel->relhasindex && OidIsValid(rel->rd_rel->reltoastrelid))
		look_after_indexes(rel);
	return heap_methods->slot_callbacks(rel);
}

static bool
territory_index_fetch_tuple(IndexFetchTableData *fetch, ItemPointer tid, Snapshot snapshot, TupleTableSlot *slot,
							bool *call_again, bool *all_dead)
{
	HeapTuple	tuple;
	MemoryContext old;

	if (!tid_is_sealed(tid))
		return heap_methods->index_fetch_tuple(fetch, tid, snapshot, slot, call_again, all_dead);
	*call_again = false;
	if (all_dead)
		*all_dead = false;
	if (!state_alive_dirty(fetch->rel, tid, snapshot))
		return false;
	old = MemoryContextSwitchTo(slot->tts_mcxt);
	tuple = sealed_fetch(fetch->rel, tid, SnapshotAny);
	MemoryContextSwitchTo(old);
	if (tuple == NULL)
		return false;
	am_store_tuple(tuple, slot);
	return true;
}

void
am_index_install(TableAmRoutine *methods)
{
	methods->slot_callbacks = territory_slot_callbacks;
	methods->index_fetch_tuple = territory_index_fetch_tuple;
}
