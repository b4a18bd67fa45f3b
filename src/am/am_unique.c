/*
 * am_unique.c
 *	  Unique keys hold across hot and sealed rows.
 *
 * btree sees hot rows only, so every insert looks for an equal sealed key
 * first.  am_sealed_keys.c decides most of it: a key newer than all that is
 * sealed, or in no key set, costs a comparison or a look into a few pages.  What
 * it leaves is decoded in the key's columns and compared with the index's own
 * operators; a row whose fate another transaction holds is waited for, as
 * btree does.
 *
 * Who checks has entered the gate (segment/lock.c) and looks at the directory
 * entries of seals in progress, too.  A key found there may still be a hot row's,
 * which the index knows: that row decides.
 *
 * The reason for its length: checks of single rows, of batches and of new
 * indexes form and compare keys alike.
 */
#include "territory.h"

#include "access/genam.h"
#include "access/itup.h"
#include "access/nbtree.h"
#include "access/table.h"
#include "access/xact.h"
#include "catalog/pg_index.h"
#include "catalog/index.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "storage/bufmgr.h"
#include "storage/lmgr.h"
#include "utils/datum.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/tuplesort.h"
#include "utils/typcache.h"

#include "am/am.h"
#include "segment/lock.h"
#include "segment/state.h"

/* an index entry of the row in slot; false where a predicate leaves it out */
static bool
form_key(Relation index, IndexInfo *info, EState *estate, TupleTableSlot *slot, Datum *values, bool *nulls)
{
	ExprContext *econtext = GetPerTupleExprContext(estate);

	econtext->ecxt_scantuple = slot;
	if (info->ii_Predicate != NIL)
	{
		if (info->ii_PredicateState == NULL)
			info->ii_PredicateState = ExecPrepareQual(info->ii_Predicate, estate);
		if (!ExecQual(info->ii_PredicateState, econtext))
			return false;
	}
	FormIndexDatum(info, slot, estate, values, nulls);
	return true;
}

static bool
keys_equal(Relation index, FmgrInfo *equal, Datum *values1, bool *nulls1, Datum *values2, bool *nulls2)
{
	for (int i = 0; i < IndexRelationGetNumberOfKeyAttributes(index); i++)
	{
		if (nulls1[i] != nulls2[i])
			return false;
		if (!nulls1[i] &&
			!DatumGetBool(FunctionCall2Coll(&equal[i], index->rd_indcollation[i], values1[i], values2[i])))
			return false;
	}
	return true;
}

static void
lookup_equal_functions(Relation index, FmgrInfo *equal)
{
	for (int i = 0; i < IndexRelationGetNumberOfKeyAttributes(index); i++)
	{
		Oid			operator = get_opfamily_member(index->rd_opfamily[i], index->rd_opcintype[i],
												   index->rd_opcintype[i], BTEqualStrategyNumber);

		fmgr_info(get_opcode(operator), &equal[i]);
	}
}

/* zone keys for the plain columns of an index key */
static int
prune_keys_for(Relation index, Datum *values, bool *nulls, PruneKey *keys)
{
	int			n = 0;

	for (int i = 0; i < IndexRelationGetNumberOfKeyAttributes(index); i++)
	{
		AttrNumber	attno = index->rd_index->indkey.values[i];
		ZoneKind	zone;

		if (attno <= 0)
			continue;
		memset(&keys[n], 0, sizeof keys[n]);
		keys[n].attno = attno;
		if (nulls[i])
		{
			keys[n++].is_null_test = true;
			continue;
		}
		zone = column_zone_kind(getBaseType(index->rd_opcintype[i]));
		if (zone == ZONE_NONE)
			continue;
		keys[n].zone = zone;
		keys[n].strategy = BTEqualStrategyNumber;
		keys[n++].key = column_zone_key(zone, values[i]);
	}
	return n;
}

/* which columns an index's key and predicate read; NULL in *all_columns' favour */
static Bitmapset *
key_columns(Relation index, IndexInfo *info, bool *all_columns)
{
	Bitmapset  *columns = NULL;

	*all_columns = info->ii_Expressions != NIL || info->ii_Predicate != NIL;
	for (int i = 0; i < IndexRelationGetNumberOfKeyAttributes(index); i++)
		if (index->rd_index->indkey.values[i] > 0)
			columns = bms_add_member(columns, index->rd_index->indkey.values[i]);
	return columns;
}

/* a unique index, ready to form and compare keys */
typedef struct UniqueIndex
{
	Relation	index;
	IndexInfo  *info;
	FmgrInfo	equal[INDEX_MAX_KEYS];
	Bitmapset  *columns;
	bool		all_columns;
} UniqueIndex;

/*
 * Does the row keep others from its key?  A transaction that is deciding it is
 * waited for; then everything may have changed.
 */
typedef enum RowFate
{
	ROW_ALIVE,
	ROW_DEAD,
	ROW_LOOK_AGAIN,
} RowFate;

/* was another transaction taking the segment's rows elsewhere, to delete them there perhaps?  It has ended now */
static bool
segment_is_going(SealedScan *scan, SegmentNumber segment)
{
	SnapshotData dirty;
	SegmentEntry *entry;

	InitDirtySnapshot(dirty);
	dirty.xmax = InvalidTransactionId;
	entry = directory_find(&scan->store, &dirty, segment);
	if (entry == NULL)
		return true;
	pfree(entry);
	if (!TransactionIdIsValid(dirty.xmax))
		return false;
	XactLockTableWait(dirty.xmax, NULL, NULL, XLTW_None);
	return true;
}

static RowFate
sealed_fate(SealedScan *scan, ItemPointer tid)
{
	SnapshotData dirty;
	StateEntry	state;
	TransactionId decider;
	bool		found;

	InitDirtySnapshot(dirty);
	/* twice: the first look may miss an entry that is being replaced */
	found = state_find(&scan->store, tid, &dirty, &state) || state_find(&scan->store, tid, &dirty, &state);
	/* a mark being made is seen as itself, or as the anchor that it replaces; who removes a mark decides nothing */
	decider = TransactionIdIsValid(dirty.xmin) || (found && state.dead) ? dirty.xmin : dirty.xmax;
	if (found && TransactionIdIsValid(decider))
	{
		XactLockTableWait(decider, scan->rel, tid, XLTW_InsertIndex);
		return ROW_LOOK_AGAIN;
	}
	if (found && state.dead)
		return ROW_DEAD;
	return segment_is_going(scan, tid_segment(tid)) ? ROW_LOOK_AGAIN : ROW_ALIVE;
}

/*
 * The hot row of a key that may be in a segment in progress, other than the one
 * in slot.  A seal that has deleted it waits for nobody, so it can be waited for.
 * Where there is none, no sealed copy of it will be alive.
 */
static RowFate
hot_fate(SealedScan *scan, UniqueIndex *unique, TupleTableSlot *slot, Datum *values, bool *nulls)
{
	int			n = IndexRelationGetNumberOfKeyAttributes(unique->index);
	ScanKeyData keys[INDEX_MAX_KEYS];
	SnapshotData dirty;
	TupleTableSlot *hot = table_slot_create(scan->rel, NULL);
	IndexScanDesc hot_scan;
	TransactionId other = InvalidTransactionId;
	RowFate		fate = ROW_DEAD;

	for (int i = 0; i < n; i++)
		ScanKeyEntryInitialize(&keys[i], nulls[i] ? SK_ISNULL | SK_SEARCHNULL : 0, i + 1, BTEqualStrategyNumber,
							   InvalidOid, unique->index->rd_indcollation[i], unique->equal[i].fn_oid, values[i]);
	InitDirtySnapshot(dirty);
	hot_scan = compat_index_beginscan(scan->rel, unique->index, &dirty, n);
	index_rescan(hot_scan, keys, n, NULL, 0);
	while (fate == ROW_DEAD && index_getnext_slot(hot_scan, ForwardScanDirection, hot))
	{
		if (ItemPointerIsValid(&slot->tts_tid) && ItemPointerEquals(&hot->tts_tid, &slot->tts_tid))
			continue;
		other = TransactionIdIsValid(dirty.xmin) ? dirty.xmin : dirty.xmax;
		fate = TransactionIdIsValid(other) ? ROW_LOOK_AGAIN : ROW_ALIVE;
	}
	index_endscan(hot_scan);
	ExecDropSingleTupleTableSlot(hot);
	if (fate == ROW_LOOK_AGAIN)
		XactLockTableWait(other, NULL, NULL, XLTW_None);
	return fate;
}

/* what the open scan, pruned to one key, says about that key; *tid is the sealed row, where it is one */
static RowFate
find_equal(SealedScan *scan, UniqueIndex *unique, EState *estate, TupleTableSlot *slot, Datum *values, bool *nulls,
		   ItemPointer tid)
{
	TupleTableSlot *row = MakeSingleTupleTableSlot(RelationGetDescr(scan->rel), &TTSOpsVirtual);
	RowFate		fate = ROW_DEAD;

	sealed_scan_restart(scan, ForwardScanDirection);
	while (fate == ROW_DEAD && sealed_scan_next(scan, ForwardScanDirection))
	{
		Datum		sealed_values[INDEX_MAX_KEYS];
		bool		sealed_nulls[INDEX_MAX_KEYS];

		ExecClearTuple(row);
		sealed_scan_row(scan, row->tts_values, row->tts_isnull);
		ExecStoreVirtualTuple(row);
		if (form_key(unique->index, unique->info, estate, row, sealed_values, sealed_nulls) &&
			keys_equal(unique->index, unique->equal, values, nulls, sealed_values, sealed_nulls))
		{
			sealed_scan_tid(scan, tid);
			fate = sealed_fate(scan, tid);
		}
		ResetPerTupleExprContext(estate);
	}
	ExecDropSingleTupleTableSlot(row);
	if (fate == ROW_DEAD && scan->met_unsettled)
	{
		fate = hot_fate(scan, unique, slot, values, nulls);
		ItemPointerSetInvalid(tid);
	}
	return fate;
}

static bool
any_null(Relation index, bool *nulls)
{
	for (int i = 0; i < IndexRelationGetNumberOfKeyAttributes(index); i++)
		if (nulls[i])
			return true;
	return false;
}

/* ---- a check, for one row or for many of one command ---- */

typedef struct UniqueCheck
{
	Relation	rel;
	MemoryContext context;		/* NULL while nothing had to be decoded, and the rest is not set */
	SealedScan *scan;
	SnapshotData dirty;			/* shows segments in progress; the rows' states are seen by Self */
	EState	   *estate;
	EState	   *sealed_estate;	/* of sealed rows' keys: reset while the looked-for key is held */
	int			nindexes;
	UniqueIndex *indexes;
} UniqueCheck;

bool
unique_index_is_checked(Relation index)
{
	return index->rd_index->indisunique && index->rd_index->indisready;
}

/* in the check's memory context */
static void
open_unique_indexes(UniqueCheck *check)
{
	List	   *indexes = RelationGetIndexList(check->rel);
	ListCell   *lc;

	check->estate = CreateExecutorState();
	check->sealed_estate = CreateExecutorState();
	check->indexes = palloc0(sizeof(UniqueIndex) * list_length(indexes));
	foreach(lc, indexes)
	{
		UniqueIndex *unique = &check->indexes[check->nindexes];

		unique->index = index_open(lfirst_oid(lc), AccessShareLock);
		if (!unique_index_is_checked(unique->index))
		{
			index_close(unique->index, AccessShareLock);
			continue;
		}
		unique->info = BuildIndexInfo(unique->index);
		unique->columns = key_columns(unique->index, unique->info, &unique->all_columns);
		lookup_equal_functions(unique->index, unique->equal);
		check->nindexes++;
	}
}

/* open what decoding and comparing need; false where nothing is sealed any more */
static bool
open_check(UniqueCheck *check)
{
	MemoryContext old;

	if (check->context)
		return check->scan != NULL;
	check->context = AllocSetContextCreate(CurrentMemoryContext, "territory unique check", ALLOCSET_SMALL_SIZES);
	old = MemoryContextSwitchTo(check->context);
	InitDirtySnapshot(check->dirty);
	check->scan = sealed_scan_begin(check->rel, SnapshotSelf, NULL);
	if (check->scan)
	{
		check->scan->directory_snapshot = &check->dirty;
		check->scan->any_state = false; /* sealed_fate() asks about the one row that matters */
		open_unique_indexes(check);
	}
	MemoryContextSwitchTo(old);
	return check->scan != NULL;
}

static void
begin_check(UniqueCheck *check, Relation rel)
{
	memset(check, 0, sizeof *check);
	check->rel = rel;
}

static void
end_check(UniqueCheck *check)
{
	if (check->context == NULL)
		return;
	for (int i = 0; i < check->nindexes; i++)
		index_close(check->indexes[i].index, AccessShareLock);
	if (check->estate)
	{
		FreeExecutorState(check->estate);
		FreeExecutorState(check->sealed_estate);
	}
	if (check->scan)
		sealed_scan_end(check->scan);
	MemoryContextDelete(check->context);
}

static void
report_duplicate(UniqueCheck *check, Relation index, Datum *values, bool *nulls)
{
	char	   *key = BuildIndexValueDescription(index, values, nulls);

	ereport(ERROR, (errcode(ERRCODE_UNIQUE_VIOLATION),
					errmsg("duplicate key value violates unique constraint \"%s\"", RelationGetRelationName(index)),
					key ? errdetail("Key %s already exists.", key) : 0,
					errtableconstraint(check->rel, RelationGetRelationName(index))));
}

/* the row's key in an index; false where no other row can collide with it */
static bool
must_be_unique(UniqueIndex *unique, EState *estate, TupleTableSlot *slot, Datum *values, bool *nulls)
{
	return form_key(unique->index, unique->info, estate, slot, values, nulls) &&
		(unique->info->ii_NullsNotDistinct || !any_null(unique->index, nulls));
}

/* point the check's scan at what may hold the key: these parts, or all that zones do not exclude */
static void
aim_scan(SealedScan *scan, UniqueIndex *unique, PruneKey *keys, int nkeys, List *parts, bool anywhere)
{
	sealed_scan_need(scan, unique->columns, unique->all_columns);
	if (anywhere)
		sealed_scan_prune(scan, keys, nkeys);
	else
		sealed_scan_choose(scan, keys, nkeys, parts);
}

/* what a sealed row says about one key of the row in slot, by decoding what may hold it */
static RowFate
look_for_key(UniqueCheck *check, int number, TupleTableSlot *slot, ItemPointer tid, bool report)
{
	RowFate		fate;

	do
	{
		/* asked for again each time: who was waited for may have changed everything */
		SealedKeys *known = sealed_keys(check->rel);
		UniqueIndex *unique = NULL;
		Datum		values[INDEX_MAX_KEYS];
		bool		nulls[INDEX_MAX_KEYS];
		PruneKey	keys[INDEX_MAX_KEYS];
		List	   *parts;
		bool		anywhere;
		Oid			index;

		if (known == NULL || number >= sealed_keys_count(known) ||
			!sealed_keys_may_hold_row(known, number, check->rel, slot, &parts, &anywhere))
			return ROW_DEAD;
		index = sealed_keys_index(known, number);
		if (!open_check(check))
			return ROW_DEAD;
		for (int i = 0; i < check->nindexes; i++)
			if (RelationGetRelid(check->indexes[i].index) == index)
				unique = &check->indexes[i];
		fate = ROW_DEAD;
		if (unique && must_be_unique(unique, check->estate, slot, values, nulls))
		{
			aim_scan(check->scan, unique, keys, prune_keys_for(unique->index, values, nulls, keys), parts, anywhere);
			fate = find_equal(check->scan, unique, check->sealed_estate, slot, values, nulls, tid);
			if (fate == ROW_LOOK_AGAIN)
				sealed_scan_forget(check->scan);
			if (fate == ROW_ALIVE && report)
				report_duplicate(check, unique->index, values, nulls);
		}
		list_free(parts);
		ResetPerTupleExprContext(check->estate);
	} while (fate == ROW_LOOK_AGAIN);
	return fate;
}

/*
 * Is there a sealed row with a key of the row in slot?  An error, or its TID.
 * One that is not sealed yet is no sealed row: it is in the index.  *known is
 * sealed_keys(), and is asked for again after anything was decoded, since what
 * compares keys may run anything.
 */
static bool
check_row(UniqueCheck *check, SealedKeys **known, TupleTableSlot *slot, ItemPointer tid, bool report)
{
	for (int k = 0; *known && k < sealed_keys_count(*known); k++)
	{
		List	   *parts;
		bool		anywhere;

		if (!sealed_keys_may_hold_row(*known, k, check->rel, slot, &parts, &anywhere))
			continue;
		list_free(parts);
		if (look_for_key(check, k, slot, tid, report) == ROW_ALIVE && ItemPointerIsValid(tid))
			return true;
		*known = sealed_keys(check->rel);
	}
	return false;
}

/* a sealed row that a row in slot would collide with */
bool
unique_find_sealed(Relation rel, TupleTableSlot *slot, ItemPointer tid)
{
	SealedKeys *known = sealed_keys(rel);
	UniqueCheck check;
	bool		found;

	begin_check(&check, rel);
	found = check_row(&check, &known, slot, tid, false);
	end_check(&check);
	return found;
}

/* an error where a sealed row has a unique key of one of these rows */
void
unique_check(Relation rel, TupleTableSlot **slots, int n)
{
	SealedKeys *known = sealed_keys(rel);
	UniqueCheck check;
	ItemPointerData tid;

	if (known == NULL)
		return;
	begin_check(&check, rel);
	for (int i = 0; i < n; i++)
		(void) check_row(&check, &known, slots[i], &tid, true);
	end_check(&check);
}

/* what may hold a key of one index, as aim_scan() takes it; false where nothing does */
static bool
key_may_be_sealed(Relation rel, Relation index, Datum *values, bool *nulls, List **parts, bool *anywhere)
{
	SealedKeys *known = sealed_keys(rel);

	for (int k = 0; known && k < sealed_keys_count(known); k++)
		if (sealed_keys_index(known, k) == RelationGetRelid(index))
			return sealed_keys_may_hold(known, k, rel, values, nulls, parts, anywhere);
	*parts = NIL;
	*anywhere = true;
	return known != NULL;
}

/* the living sealed row that has a key in one index, be it dying in another transaction */
bool
unique_find_key(Relation rel, Relation index, Datum *values, bool *nulls, ItemPointer tid)
{
	SealedScan *scan;
	UniqueIndex unique;
	List	   *parts;
	bool		anywhere;
	PruneKey	keys[INDEX_MAX_KEYS];
	EState	   *estate;
	IndexInfo  *info;
	TupleTableSlot *row;
	bool		found = false;

	if (!key_may_be_sealed(rel, index, values, nulls, &parts, &anywhere) ||
		(scan = sealed_scan_begin(rel, SnapshotSelf, NULL)) == NULL)
		return false;
	estate = CreateExecutorState();
	unique.info = info = BuildIndexInfo(index);
	lookup_equal_functions(index, unique.equal);
	unique.columns = key_columns(index, info, &unique.all_columns);
	aim_scan(scan, &unique, keys, prune_keys_for(index, values, nulls, keys), parts, anywhere);
	sealed_scan_restart(scan, ForwardScanDirection);
	row = MakeSingleTupleTableSlot(RelationGetDescr(rel), &TTSOpsVirtual);
	while (!found && sealed_scan_next(scan, ForwardScanDirection))
	{
		SnapshotData dirty;
		Datum		sealed_values[INDEX_MAX_KEYS];
		bool		sealed_nulls[INDEX_MAX_KEYS];

		ExecClearTuple(row);
		sealed_scan_row(scan, row->tts_values, row->tts_isnull);
		ExecStoreVirtualTuple(row);
		if (form_key(index, info, estate, row, sealed_values, sealed_nulls) &&
			keys_equal(index, unique.equal, values, nulls, sealed_values, sealed_nulls))
		{
			sealed_scan_tid(scan, tid);
			found = state_alive_dirty(rel, tid, &dirty);
		}
		ResetPerTupleExprContext(estate);
	}
	ExecDropSingleTupleTableSlot(row);
	FreeExecutorState(estate);
	sealed_scan_end(scan);
	return found;
}

/*
 * A new unique index is built of hot rows only: sort the keys of all rows as
 * the build would, which raises its error at the first two that are equal.
 */
void
unique_verify_new_index(Relation rel, Relation index, IndexInfo *info, Snapshot snapshot)
{
	Tuplesortstate *sort = tuplesort_begin_index_btree(rel, index, true, info->ii_NullsNotDistinct,
													   maintenance_work_mem, NULL, TUPLESORT_NONE);
	EState	   *estate = CreateExecutorState();
	TupleTableSlot *slot = table_slot_create(rel, NULL);
	TableScanDesc scan = table_beginscan(rel, snapshot, 0, NULL);

	info->ii_ExpressionsState = NIL;	/* the build makes its own, in its own memory */
	info->ii_PredicateState = NULL;
	while (table_scan_getnextslot(scan, ForwardScanDirection, slot))
	{
		Datum		values[INDEX_MAX_KEYS];
		bool		nulls[INDEX_MAX_KEYS];

		CHECK_FOR_INTERRUPTS();
		if (form_key(index, info, estate, slot, values, nulls))
			tuplesort_putindextuplevalues(sort, index, &slot->tts_tid, values, nulls);
		ResetPerTupleExprContext(estate);
	}
	table_endscan(scan);
	tuplesort_performsort(sort);
	tuplesort_end(sort);
	ExecDropSingleTupleTableSlot(slot);
	info->ii_ExpressionsState = NIL;
	info->ii_PredicateState = NULL;
	FreeExecutorState(estate);
}

/* ---- many rows that go straight into segments ---- */

/* one index's part of a batch */
typedef struct BatchIndex
{
	UniqueIndex *unique;
	bool		hot;			/* the index holds rows to compare with */
	bool		sealed;			/* so do segments, too many to read them all */
	Tuplesortstate *sort;		/* of keys, or NULL: equal ones arrive one after the other */
	bool		any;			/* the last key that came, in last and last_nulls */
	Datum		last[INDEX_MAX_KEYS];
	bool		last_nulls[INDEX_MAX_KEYS];
	MemoryContext last_context;
	int			nzones;			/* what all keys lie in: two bounds for each plain column */
	PruneKey	zones[INDEX_MAX_KEYS * 2];
	bool		seen;			/* zones hold a key */
	bool		unbounded;		/* they do not say it all */
} BatchIndex;

struct UniqueBatch
{
	UniqueCheck check;
	int			memory;			/* of a sort, in kB */
	ResultRelInfo *info;
	int64		rows;
	int64		keys;			/* that were sorted */
	BatchIndex *indexes;
};

#define SEALED_ROWS_READ 10		/* for each row of a batch, rather than looking each up */

/* do the rows of one key of this index follow each other in the layout's order? */
static bool
key_leads_layout(Relation rel, Relation index, const Layout *layout)
{
	Bitmapset  *keys = NULL,
			   *order = NULL;
	int			n = IndexRelationGetNumberOfKeyAttributes(index);
	bool		leads;

	for (int i = 0; i < n; i++)
	{
		AttrNumber	attno = index->rd_index->indkey.values[i];
		Form_pg_attribute attribute;

		if (attno <= 0)
			return false;
		attribute = TupleDescAttr(RelationGetDescr(rel), attno - 1);
		if (index->rd_indcollation[i] != attribute->attcollation ||
			index->rd_opfamily[i] != lookup_type_cache(attribute->atttypid, TYPECACHE_BTREE_OPFAMILY)->btree_opf)
			return false;
		keys = bms_add_member(keys, attno);
	}
	for (int e = 0; e <= layout->nentity && bms_num_members(order) < bms_num_members(keys); e++)
	{
		AttrNumber	attno = e < layout->nentity ? layout->entity[e] : layout->time;
		Oid			type;

		if (attno == InvalidAttrNumber)
			continue;
		type = TupleDescAttr(RelationGetDescr(rel), attno - 1)->atttypid;
		if (OidIsValid(lookup_type_cache(type, TYPECACHE_LT_OPR)->lt_opr))
			order = bms_add_member(order, attno);
	}
	leads = bms_equal(keys, order);
	bms_free(keys);
	bms_free(order);
	return leads;
}

static void
sort_keys(UniqueBatch *batch, BatchIndex *mine)
{
	if (mine->sort == NULL)
		mine->sort = tuplesort_begin_index_btree(batch->check.rel, mine->unique->index, false,
												 mine->unique->info->ii_NullsNotDistinct, batch->memory, NULL,
												 TUPLESORT_NONE);
}

static void
put_key(UniqueBatch *batch, BatchIndex *mine, Datum *values, bool *nulls)
{
	ItemPointerData tid;

	/* any TIDs will do that differ, and are not sealed ones */
	ItemPointerSet(&tid, batch->keys / MaxOffsetNumber, 1 + batch->keys % MaxOffsetNumber);
	batch->keys++;
	tuplesort_putindextuplevalues(mine->sort, mine->unique->index, &tid, values, nulls);
}

/* in the current memory context; NULL where the table has no unique index */
UniqueBatch *
unique_batch_begin(Relation rel, const Layout *layout, int memory)
{
	UniqueBatch *batch;

	if (!sealed_keys_wanted(rel))
		return NULL;
	batch = palloc0(sizeof(UniqueBatch));
	batch->memory = memory;
	batch->check.rel = rel;
	batch->check.context = CurrentMemoryContext;
	open_unique_indexes(&batch->check);
	batch->indexes = palloc0(sizeof(BatchIndex) * batch->check.nindexes);
	for (int i = 0; i < batch->check.nindexes; i++)
	{
		BatchIndex *mine = &batch->indexes[i];

		mine->unique = &batch->check.indexes[i];
		mine->last_context = AllocSetContextCreate(CurrentMemoryContext, "territory key", ALLOCSET_SMALL_SIZES);
		if (!key_leads_layout(rel, mine->unique->index, layout))
			sort_keys(batch, mine);
	}
	return batch;
}

/* widen the bounds by one key */
static void
widen_zones(BatchIndex *mine, Datum *values, bool *nulls)
{
	PruneKey	keys[INDEX_MAX_KEYS];
	int			n = prune_keys_for(mine->unique->index, values, nulls, keys);

	if (!mine->seen)
		mine->nzones = 0;
	mine->unbounded = mine->unbounded || any_null(mine->unique->index, nulls);
	for (int k = 0; k < n && !mine->unbounded; k++)
	{
		PruneKey   *low = &mine->zones[2 * k];
		PruneKey   *high = &mine->zones[2 * k + 1];

		if (!mine->seen)
		{
			*low = *high = keys[k];
			low->strategy = BTGreaterEqualStrategyNumber;
			high->strategy = BTLessEqualStrategyNumber;
			mine->nzones += 2;
		}
		low->key = Min(low->key, keys[k].key);
		high->key = Max(high->key, keys[k].key);
	}
	mine->seen = true;
}

/* a row as it arrives, in any order */
void
unique_batch_note(UniqueBatch *batch, TupleTableSlot *slot)
{
	Datum		values[INDEX_MAX_KEYS];
	bool		nulls[INDEX_MAX_KEYS];

	for (int i = 0; i < batch->check.nindexes; i++)
		if (must_be_unique(batch->indexes[i].unique, batch->check.estate, slot, values, nulls))
			widen_zones(&batch->indexes[i], values, nulls);
	ResetPerTupleExprContext(batch->check.estate);
	batch->rows++;
}

/* segments that may hold keys of the batch: how many rows do they have? */
static int64
rows_in_range(UniqueBatch *batch, BatchIndex *mine, Snapshot snapshot)
{
	ChunkStore *store = &batch->check.scan->store;
	Directory  *directory = directory_read(store, snapshot, mine->zones, mine->unbounded ? 0 : mine->nzones);
	int64		rows = 0;

	if (directory->nsegments > DIRECTORY_KEPT)
		return PG_INT64_MAX;
	for (int s = 0; s < directory->nsegments; s++)
		rows += directory->entries[s]->rows;
	return rows;
}

/* sort the keys of these segments with those of the batch */
static void
put_sealed_keys(UniqueBatch *batch, BatchIndex *mine)
{
	SealedScan *scan = batch->check.scan;
	TupleTableSlot *row = MakeSingleTupleTableSlot(RelationGetDescr(batch->check.rel), &TTSOpsVirtual);

	sort_keys(batch, mine);
	sealed_scan_need(scan, mine->unique->columns, mine->unique->all_columns);
	sealed_scan_prune(scan, mine->zones, mine->unbounded ? 0 : mine->nzones);
	sealed_scan_restart(scan, ForwardScanDirection);
	while (sealed_scan_next(scan, ForwardScanDirection))
	{
		Datum		values[INDEX_MAX_KEYS];
		bool		nulls[INDEX_MAX_KEYS];

		CHECK_FOR_INTERRUPTS();
		ExecClearTuple(row);
		sealed_scan_row(scan, row->tts_values, row->tts_isnull);
		ExecStoreVirtualTuple(row);
		if (must_be_unique(mine->unique, batch->check.estate, row, values, nulls))
		{
			ItemPointerData tid;

			sealed_scan_tid(scan, &tid);
			tuplesort_putindextuplevalues(mine->sort, mine->unique->index, &tid, values, nulls);
		}
		ResetPerTupleExprContext(batch->check.estate);
	}
	ExecDropSingleTupleTableSlot(row);
}

/*
 * All rows have arrived, and nobody else may write: which rows can be in their
 * way?  The snapshot shows the segments to compare with, but none of the batch.
 */
void
unique_batch_ready(UniqueBatch *batch, Snapshot snapshot)
{
	Relation	rel = batch->check.rel;
	MemoryContext old = MemoryContextSwitchTo(batch->check.context);
	bool		any_hot = false;

	batch->check.scan = sealed_scan_begin(rel, snapshot, NULL);
	for (int i = 0; i < batch->check.nindexes; i++)
	{
		BatchIndex *mine = &batch->indexes[i];
		SealedScan *scan = batch->check.scan;

		/* a btree without a row has its meta page only */
		mine->hot = mine->seen && RelationGetNumberOfBlocks(mine->unique->index) > 1;
		any_hot = any_hot || mine->hot;
		if (scan && mine->seen)
		{
			int64		rows = rows_in_range(batch, mine, snapshot);

			if (rows > 0 && rows / SEALED_ROWS_READ <= batch->rows)
				put_sealed_keys(batch, mine);
			else
				mine->sealed = rows > 0;
		}
	}
	if (any_hot)
	{
		batch->info = makeNode(ResultRelInfo);
		InitResultRelInfo(batch->info, rel, 1, NULL, 0);
		ExecOpenIndices(batch->info, true);
	}
	MemoryContextSwitchTo(old);
}

static bool
equals_last(BatchIndex *mine, Datum *values, bool *nulls)
{
	return mine->any && keys_equal(mine->unique->index, mine->unique->equal, mine->last, mine->last_nulls, values, nulls);
}

static void
remember_last(BatchIndex *mine, Datum *values, bool *nulls)
{
	TupleDesc	desc = RelationGetDescr(mine->unique->index);
	MemoryContext old;

	MemoryContextReset(mine->last_context);
	old = MemoryContextSwitchTo(mine->last_context);
	for (int k = 0; k < IndexRelationGetNumberOfKeyAttributes(mine->unique->index); k++)
	{
		Form_pg_attribute attribute = TupleDescAttr(desc, k);

		mine->last_nulls[k] = nulls[k];
		mine->last[k] = nulls[k] ? (Datum) 0 : datumCopy(values[k], attribute->attbyval, attribute->attlen);
	}
	mine->any = true;
	MemoryContextSwitchTo(old);
}

/* a row as it is written, in the layout's order; an error where its key is there */
void
unique_batch_row(UniqueBatch *batch, TupleTableSlot *slot)
{
	EState	   *estate = batch->check.estate;
	MemoryContext old = MemoryContextSwitchTo(GetPerTupleMemoryContext(estate));
	ItemPointerData tid;
	bool		sealed = false;

	for (int i = 0; i < batch->check.nindexes; i++)
	{
		BatchIndex *mine = &batch->indexes[i];
		Relation	index = mine->unique->index;
		Datum		values[INDEX_MAX_KEYS];
		bool		nulls[INDEX_MAX_KEYS];

		if (!must_be_unique(mine->unique, estate, slot, values, nulls))
			continue;
		if (mine->hot)
		{
			List	   *only = list_make1_oid(RelationGetRelid(index));

			if (!compat_check_index_constraints(batch->info, slot, estate, &tid, only))
				report_duplicate(&batch->check, index, values, nulls);
			list_free(only);
		}
		if (mine->sort == NULL)
		{
			if (equals_last(mine, values, nulls))
				report_duplicate(&batch->check, index, values, nulls);
			remember_last(mine, values, nulls);
		}
		else
			put_key(batch, mine, values, nulls);
		sealed = sealed || mine->sealed;
	}
	MemoryContextSwitchTo(old);
	ResetPerTupleExprContext(estate);
	if (sealed)
	{
		SealedKeys *known = sealed_keys(batch->check.rel);

		(void) check_row(&batch->check, &known, slot, &tid, true);
	}
}

/* the snapshot showed the sealed row; wait for who is deleting it */
static bool
sealed_key_lives(UniqueBatch *batch, ItemPointer tid)
{
	RowFate		fate;

	do
		fate = sealed_fate(batch->check.scan, tid);
	while (fate == ROW_LOOK_AGAIN);
	return fate == ROW_ALIVE;
}

/* keys of the batch and of sealed rows: an error where two are equal that both live */
static void
compare_sorted(UniqueBatch *batch, BatchIndex *mine)
{
	ItemPointerData last;
	IndexTuple	tuple;

	tuplesort_performsort(mine->sort);
	while ((tuple = tuplesort_getindextuple(mine->sort, true)) != NULL)
	{
		Datum		values[INDEX_MAX_KEYS];
		bool		nulls[INDEX_MAX_KEYS];

		CHECK_FOR_INTERRUPTS();
		index_deform_tuple(tuple, RelationGetDescr(mine->unique->index), values, nulls);
		if (equals_last(mine, values, nulls))
		{
			ItemPointer sealed = tid_is_sealed(&last) ? &last : &tuple->t_tid;

			if (!tid_is_sealed(sealed) || sealed_key_lives(batch, sealed))
				report_duplicate(&batch->check, mine->unique->index, values, nulls);
			if (sealed == &tuple->t_tid)
				continue;		/* it died, the other one goes on */
		}
		remember_last(mine, values, nulls);
		last = tuple->t_tid;
	}
	tuplesort_end(mine->sort);
}

/* an error where two rows of the batch have one key */
void
unique_batch_end(UniqueBatch *batch)
{
	for (int i = 0; i < batch->check.nindexes; i++)
	{
		if (batch->indexes[i].sort)
			compare_sorted(batch, &batch->indexes[i]);
		index_close(batch->check.indexes[i].index, AccessShareLock);
	}
	if (batch->info)
		ExecCloseIndices(batch->info);
	FreeExecutorState(batch->check.estate);
	FreeExecutorState(batch->check.sealed_estate);
	if (batch->check.scan)
		sealed_scan_end(batch->check.scan);
}
