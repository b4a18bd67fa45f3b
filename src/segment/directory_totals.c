/*
 * directory_totals.c
 *	  How much of a table is sealed, and within which bounds, about, for the
 *	  planner.
 *
 * Each plan asks a few times, and most tables have not changed since the last
 * one.  What was summed up is kept until the table's directory changes: others
 * tell by a change of its TOAST relation, after they committed, this backend by
 * directory_changes().  A plan may so miss a seal that commits this instant;
 * nothing but its cost depends on it.
 */
#include "territory.h"

#include "utils/hsearch.h"
#include "utils/inval.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

#include "segment/sealed_scan.h"

#define KEPT_TABLES 1024		/* then it starts anew */

typedef struct KeptSum
{
	Oid			toast;
	uint64		changes;		/* directory_changes() when it was made */
	SegmentEntry *sum;			/* stands for all segments; NULL: there is none */
} KeptSum;

static HTAB *kept;
static MemoryContext context;	/* of kept, and of sums */

static void
drop_sums(Datum arg, Oid relid)
{
	KeptSum    *entry;

	if (kept == NULL)
		return;
	if (!OidIsValid(relid))
	{
		MemoryContextReset(context);
		kept = NULL;
		return;
	}
	entry = hash_search(kept, &relid, HASH_REMOVE, NULL);
	if (entry && entry->sum)
		pfree(entry->sum);
}

static SegmentEntry *
copy_entry(const SegmentEntry *entry, MemoryContext target)
{
	SegmentEntry *copy;

	if (entry == NULL)
		return NULL;
	copy = MemoryContextAlloc(target, segment_entry_size(entry));
	memcpy(copy, entry, segment_entry_size(entry));
	return copy;
}

static void
keep_sum(Oid toast, const SegmentEntry *sum)
{
	HASHCTL		control = {.keysize = sizeof(Oid), .entrysize = sizeof(KeptSum)};
	KeptSum    *entry;
	bool		found;

	if (context == NULL)
	{
		context = AllocSetContextCreate(CacheMemoryContext, "territory totals", ALLOCSET_DEFAULT_SIZES);
		CacheRegisterRelcacheCallback(drop_sums, (Datum) 0);
	}
	if (kept && hash_get_num_entries(kept) >= KEPT_TABLES)
		drop_sums((Datum) 0, InvalidOid);
	if (kept == NULL)
	{
		control.hcxt = context;
		kept = hash_create("territory totals", 64, &control, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	}
	entry = hash_search(kept, &toast, HASH_ENTER, &found);
	if (found && entry->sum)
		pfree(entry->sum);
	entry->changes = directory_changes();
	entry->sum = NULL;
	entry->sum = copy_entry(sum, context);
}

/*
 * An entry that stands for all segments, in the current memory context; NULL
 * where nothing is sealed.  Of what is committed, and of this transaction's own.
 */
SegmentEntry *
sealed_sum_about(Relation rel)
{
	Oid			toast = rel->rd_rel->reltoastrelid;
	KeptSum    *entry = kept && OidIsValid(toast) ? hash_search(kept, &toast, HASH_FIND, NULL) : NULL;
	SegmentEntry *sum = NULL;
	ChunkStore	store;

	if (entry && entry->changes == directory_changes())
		return copy_entry(entry->sum, CurrentMemoryContext);
	if (!chunk_store_open(rel, AccessShareLock, &store))
		return NULL;
	if (!chunk_store_empty(&store))
		sum = directory_sum(&store, SnapshotSelf);
	chunk_store_close(&store, AccessShareLock);
	keep_sum(toast, sum);
	return sum;
}

void
sealed_totals_about(Relation rel, DirectoryTotals *totals)
{
	SegmentEntry *sum = sealed_sum_about(rel);

	memset(totals, 0, sizeof *totals);
	if (sum == NULL)
		return;
	totals->segments = sum->segments;
	totals->rows = sum->rows;
	totals->bytes = sum->data_len;
	pfree(sum);
}
