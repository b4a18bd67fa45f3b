/*
 * directory_cache.c
 *	  The members of closed groups, kept by a backend so that look-ups by key read
 *	  only entries that may match.
 *
 * A group is kept with every version of its members that exists, whoever sees
 * it, so what is kept serves to exclude for any snapshot; what it does not
 * exclude is read again with the snapshot.
 *
 * Invariant: a closed group never gets another segment, so what is kept stays a
 * superset, until the numbers are used again.  That takes the removal of all
 * these segments before, which is told as a change of the TOAST relation and
 * drops what is kept of it.
 */
#include "territory.h"

#include "utils/hsearch.h"
#include "utils/inval.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

#include "segment/segment.h"

#define CACHE_MAX_BYTES (6 * 1024 * 1024)	/* then it starts anew */

typedef struct GroupKey
{
	Oid			toast;
	int32		level;
	int32		number;
} GroupKey;

typedef struct CachedGroup
{
	GroupKey	key;
	int			n;
	SegmentEntry **members;		/* by number, without summaries; NULL: not read yet */
	ItemPointer tids;			/* where each of them stands */
} CachedGroup;

static HTAB *groups;
static MemoryContext context;
static Size bytes;
static List *relations;			/* TOAST relations that anything is kept of */

static void
start_anew(void)
{
	if (context)
		MemoryContextReset(context);
	else
		context = AllocSetContextCreate(CacheMemoryContext, "territory directory", ALLOCSET_DEFAULT_SIZES);
	groups = NULL;
	relations = NIL;
	bytes = 0;
}

static void
drop_relation(Datum arg, Oid relid)
{
	if (groups && (!OidIsValid(relid) || list_member_oid(relations, relid)))
		start_anew();
}

static void
make_cache(void)
{
	static bool registered = false;
	HASHCTL		control = {.keysize = sizeof(GroupKey), .entrysize = sizeof(CachedGroup)};

	if (!registered)
	{
		CacheRegisterRelcacheCallback(drop_relation, (Datum) 0);
		registered = true;
	}
	start_anew();
	control.hcxt = context;
	groups = hash_create("territory directory groups", 256, &control, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
}

static void
keep_members(CachedGroup *group, List *entries, List *tids)
{
	MemoryContext old = MemoryContextSwitchTo(context);
	ListCell   *lc;

	group->n = 0;
	group->members = palloc(sizeof(SegmentEntry *) * (list_length(entries) + 1));
	group->tids = palloc(sizeof(ItemPointerData) * (list_length(entries) + 1));
	relations = list_append_unique_oid(relations, group->key.toast);
	foreach(lc, entries)
	{
		SegmentEntry *entry = lfirst(lc);
		Size		size = SEGMENT_ENTRY_SIZE(entry->nzones);

		group->members[group->n] = palloc(size);
		memcpy(group->members[group->n], entry, size);
		group->tids[group->n++] = *(ItemPointer) list_nth(tids, foreach_current_index(lc));
		bytes += size + 2 * sizeof(void *) + sizeof(ItemPointerData);
	}
	MemoryContextSwitchTo(old);
}

/* every version of the members of a closed group, and where they stand; valid until the next call */
SegmentEntry **
directory_cached_members(ChunkStore *store, int level, int32 number, int *n, ItemPointer *tids)
{
	GroupKey	key = {RelationGetRelid(store->toast), level, number};
	CachedGroup *group;

	if (groups == NULL || bytes > CACHE_MAX_BYTES)
		make_cache();
	group = hash_search(groups, &key, HASH_FIND, NULL);
	if (group == NULL)
	{
		List	   *places = NIL;
		List	   *entries = directory_level(store, SnapshotAny, level - 1, number << DIRECTORY_SHIFT,
											  ((number + 1) << DIRECTORY_SHIFT) - 1, &places);
		bool		found;

		if (groups == NULL)
			make_cache();
		group = hash_search(groups, &key, HASH_ENTER, &found);
		group->n = 0;
		keep_members(group, entries, places);
		list_free_deep(entries);
		list_free_deep(places);
	}
	*n = group->n;
	*tids = group->tids;
	return group->members;
}
