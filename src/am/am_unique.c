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
 */
#include "territory.h"

#include "access/genam.h"
#include "access/nbtree.h"
#include "access/table.h"
#include "access/xact.h"
#include "catalog/pg_index.h"
#include "catalog/index.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/tuplesort.h"

#include "am/am.h"
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

/*
 * Is the sealed row gone?  Waits for a transaction that is deciding it, and
 * then says so, because everything may have changed.
 */
typedef enum SealedFate
{
	SEALED_ALIVE,
	SEALED_DEAD,
	SEALED_LOOK_AGAIN,
} SealedFate;

static SealedFate
sealed_fate(SealedScan *scan, ItemPointer tid)
{
	SnapshotData dirty;
	StateEntry	state;
	bool		found;

	InitDirtySnapshot(dirty);
	found = state_find(&scan->store, tid, &dirty, &state);
	if (found && state.dead && TransactionIdIsValid(dirty.xmin))
	{
		XactLockTableWait(dirty.xmin, NULL, NULL, XLTW_None);
		return SEALED_LOOK_AGAIN;
	}
	return found && state.dead ? SEALED_DEAD : SEALED_ALIVE;
}

/* does the open scan, pruned to one key, hold that key? */
static bool
find_equal(SealedScan *scan, Relation index, IndexInfo *info, EState *estate, Datum *values, bool *nulls,
		   FmgrInfo *equal, ItemPointer tid)
{
	TupleTableSlot *row = MakeSingleTupleTableSlot(RelationGetDescr(scan->rel), &TTSOpsVirtual);
	bool		found = false;

	sealed_scan_restart(scan, ForwardScanDirection);
	while (!found && sealed_scan_next(scan, ForwardScanDirection))
	{
		Datum		sealed_values[INDEX_MAX_KEYS];
		bool		sealed_nulls[INDEX_MAX_KEYS];

		ExecClearTuple(row);
		sealed_scan_row(scan, row->tts_values, row->tts_isnull);
		ExecStoreVirtualTuple(row);
		if (!form_key(index, info, estate, row, sealed_values, sealed_nulls) ||
			!keys_equal(index, equal, values, nulls, sealed_values, sealed_nulls))
			continue;
		sealed_scan_tid(scan, tid);
		switch (sealed_fate(scan, tid))
		{
			case SEALED_ALIVE:
				found = true;
				break;
			case SEALED_DEAD:
				break;
			case SEALED_LOOK_AGAIN:
				sealed_scan_restart(scan, ForwardScanDirection);
				break;
		}
		ResetPerTupleExprContext(estate);
	}
	ExecDropSingleTupleTableSlot(row);
	return found;
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

/* a unique index, ready to form and compare keys */
typedef struct UniqueIndex
{
	Relation	index;
	IndexInfo  *info;
	FmgrInfo	equal[INDEX_MAX_KEYS];
	Bitmapset  *columns;
	bool		all_columns;
} UniqueIndex;

typedef struct UniqueCheck
{
	Relation	rel;
	MemoryContext context;		/* NULL while nothing had to be decoded, and the rest is not set */
	SealedScan *scan;
	EState	   *estate;
	int			nindexes;
	UniqueIndex *indexes;
} UniqueCheck;

bool
unique_index_is_checked(Relation index)
{
	return index->rd_index->indisunique && index->rd_index->indisready;
}

/* open what decoding and comparing need; false where nothing is sealed any more */
static bool
open_check(UniqueCheck *check)
{
	MemoryContext old;
	List	   *indexes;
	ListCell   *lc;

	if (check->context)
		return check->scan != NULL;
	check->context = AllocSetContextCreate(CurrentMemoryContext, "territory unique check", ALLOCSET_SMALL_SIZES);
	old = MemoryContextSwitchTo(check->context);
	/* Self: what is committed now, and what this transaction sealed */
	check->scan = sealed_scan_begin(check->rel, SnapshotSelf, NULL);
	if (check->scan)
	{
		check->estate = CreateExecutorState();
		indexes = RelationGetIndexList(check->rel);
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
	if (check->scan)
	{
		FreeExecutorState(check->estate);
		sealed_scan_end(check->scan);
	}
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

/* decode what may hold the key: these segments, or all that zones do not exclude */
static bool
look_into_segments(UniqueCheck *check, UniqueIndex *unique, TupleTableSlot *slot, List *segments, bool anywhere,
				   ItemPointer tid, bool report)
{
	Datum		values[INDEX_MAX_KEYS];
	bool		nulls[INDEX_MAX_KEYS];
	PruneKey	keys[INDEX_MAX_KEYS];
	int			nkeys;
	bool		found;

	if (!form_key(unique->index, unique->info, check->estate, slot, values, nulls) ||
		(!unique->info->ii_NullsNotDistinct && any_null(unique->index, nulls)))
		return false;
	check->scan->needed = unique->columns;
	check->scan->all_columns = unique->all_columns;
	nkeys = prune_keys_for(unique->index, values, nulls, keys);
	if (anywhere)
		sealed_scan_prune(check->scan, keys, nkeys);
	else
		sealed_scan_choose(check->scan, keys, nkeys, segments);
	found = find_equal(check->scan, unique->index, unique->info, check->estate, values, nulls, unique->equal, tid);
	if (found && report)
		report_duplicate(check, unique->index, values, nulls);
	ResetPerTupleExprContext(check->estate);
	return found;
}

/* is there a sealed row with a key of the row in slot?  An error, or its TID */
static bool
check_row(UniqueCheck *check, TupleTableSlot *slot, ItemPointer tid, bool report)
{
	SealedKeys *known;
	bool		found = false;

	/* asked for again each time: what compares keys may run anything */
	for (int k = 0; !found && (known = sealed_keys(check->rel)) != NULL && k < sealed_keys_count(known); k++)
	{
		Oid			index = sealed_keys_index(known, k);
		List	   *segments;
		bool		anywhere;

		if (!sealed_keys_may_hold(known, k, check->rel, slot, &segments, &anywhere) || !open_check(check))
			continue;
		for (int i = 0; i < check->nindexes && !found; i++)
			if (RelationGetRelid(check->indexes[i].index) == index)
				found = look_into_segments(check, &check->indexes[i], slot, segments, anywhere, tid, report);
		list_free(segments);
	}
	return found;
}

/* a sealed row that a row in slot would collide with */
bool
unique_find_sealed(Relation rel, TupleTableSlot *slot, ItemPointer tid)
{
	UniqueCheck check;
	bool		found;

	begin_check(&check, rel);
	found = check_row(&check, slot, tid, false);
	end_check(&check);
	return found;
}

/* an error where a sealed row has a unique key of one of these rows */
void
unique_check(Relation rel, TupleTableSlot **slots, int n)
{
	UniqueCheck check;
	ItemPointerData tid;

	begin_check(&check, rel);
	for (int i = 0; i < n; i++)
		(void) check_row(&check, slots[i], &tid, true);
	end_check(&check);
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
