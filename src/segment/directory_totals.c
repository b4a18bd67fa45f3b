/*
 * directory_totals.c
 *	  How much of a table is sealed, about, for the planner.
 *
 * Each plan asks twice, and most tables have not changed since the last one.
 * What was counted is kept until the table's directory changes: others tell by a
 * change of its TOAST relation, after they committed, this backend by
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

typedef struct KeptTotals
{
	Oid			toast;
	uint64		changes;		/* directory_changes() when they were counted */
	DirectoryTotals totals;
} KeptTotals;

static HTAB *kept;

static void
drop_totals(Datum arg, Oid relid)
{
	if (kept == NULL)
		return;
	if (OidIsValid(relid))
		hash_search(kept, &relid, HASH_REMOVE, NULL);
	else
	{
		hash_destroy(kept);
		kept = NULL;
	}
}

static void
keep_totals(Oid toast, const DirectoryTotals *totals)
{
	static bool registered = false;
	HASHCTL		control = {.keysize = sizeof(Oid), .entrysize = sizeof(KeptTotals)};
	KeptTotals *entry;

	if (!registered)
		CacheRegisterRelcacheCallback(drop_totals, (Datum) 0);
	registered = true;
	if (kept && hash_get_num_entries(kept) >= KEPT_TABLES)
		drop_totals((Datum) 0, InvalidOid);
	if (kept == NULL)
	{
		control.hcxt = CacheMemoryContext;
		kept = hash_create("territory totals", 64, &control, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	}
	entry = hash_search(kept, &toast, HASH_ENTER, NULL);
	entry->changes = directory_changes();
	entry->totals = *totals;
}

/* of what is committed, and of this transaction's own */
void
sealed_totals_about(Relation rel, DirectoryTotals *totals)
{
	Oid			toast = rel->rd_rel->reltoastrelid;
	KeptTotals *entry = kept && OidIsValid(toast) ? hash_search(kept, &toast, HASH_FIND, NULL) : NULL;

	if (entry && entry->changes == directory_changes())
	{
		*totals = entry->totals;
		return;
	}
	sealed_totals(rel, SnapshotSelf, totals);
	if (OidIsValid(toast))
		keep_totals(toast, totals);
}
