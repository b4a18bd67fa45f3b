/*
 * directory_cache.c
 *	  The members of closed groups, and the segments behind them, kept by a
 *	  backend so that look-ups by key read only entries that may match.
 *
 * A group is kept with every version of its members that exists, whoever sees
 * it, so what is kept serves to exclude for any snapshot; what it does not
 * exclude is read again with the snapshot.
 *
 * Invariant: a closed group never gets another segment, nor do numbers up to a
 * committed one, so what is kept stays a superset, until the numbers are used
 * again.  That takes the removal of all these segments before, which is told
 * as a change of the TOAST relation and drops what is kept of it; and it takes
 * locks that whoever removes them holds until he told.  So who takes notice of
 * what was told, and then looks here, is not misled.
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
	GroupKey	key;			/* level 0: segments from this number on, which are in no group ... */
	SegmentNumber next;			/* ... and those before this one */
	KeptEntries kept;
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

/*
 * Without summaries, but for those that tell boxes: nothing else is excluded by
 * them.  In the current memory context.
 */
static SegmentEntry *
copy_member(const SegmentEntry *entry)
{
	const char *at = (const char *) entry + SEGMENT_ENTRY_SIZE(entry->nzones);
	const char *end = at + entry->summary_len;
	ColumnSummary summary;
	StringInfoData boxes;
	SegmentEntry *copy;

	initStringInfo(&boxes);
	while (at < end && summary_take(&at, end, &summary))
		if (summary.flags & SUMMARY_BOUNDS)
			summary_put(&boxes, &summary);
	copy = palloc(SEGMENT_ENTRY_SIZE(entry->nzones) + boxes.len);
	memcpy(copy, entry, SEGMENT_ENTRY_SIZE(entry->nzones));
	memcpy((char *) copy + SEGMENT_ENTRY_SIZE(entry->nzones), boxes.data, boxes.len);
	copy->summary_len = boxes.len;
	pfree(boxes.data);
	return copy;
}

static void
keep_members(CachedGroup *group, List *entries, List *tids)
{
	MemoryContext old = MemoryContextSwitchTo(context);
	KeptEntries *kept = &group->kept;
	ListCell   *lc;

	kept->members = palloc(sizeof(SegmentEntry *) * (list_length(entries) + 1));
	kept->tids = palloc(sizeof(ItemPointerData) * (list_length(entries) + 1));
	relations = list_append_unique_oid(relations, group->key.toast);
	foreach(lc, entries)
	{
		SegmentEntry *member = copy_member(lfirst(lc));

		kept->members[kept->n] = member;
		kept->tids[kept->n++] = *(ItemPointer) list_nth(tids, foreach_current_index(lc));
		bytes += segment_entry_size(member) + 2 * sizeof(void *) + sizeof(ItemPointerData);
	}
	MemoryContextSwitchTo(old);
}

/* valid until the next call */
static CachedGroup *
get_group(ChunkStore *store, int level, int32 number)
{
	GroupKey	key = {RelationGetRelid(store->toast), level, number};
	CachedGroup *group;
	List	   *places = NIL;
	List	   *entries;
	SegmentNumber next = 0;
	bool		found;

	if (groups == NULL || bytes > CACHE_MAX_BYTES)
		make_cache();
	group = hash_search(groups, &key, HASH_FIND, NULL);
	if (group)
		return group;
	if (level > 0)
		entries = directory_level(store, SnapshotAny, level - 1, number << DIRECTORY_SHIFT,
								  ((number + 1) << DIRECTORY_SHIFT) - 1, &places);
	else
		entries = directory_settled(store, number, &places, &next);
	if (groups == NULL)
		make_cache();
	group = hash_search(groups, &key, HASH_ENTER, &found);
	group->next = next;
	memset(&group->kept, 0, sizeof(KeptEntries));
	keep_members(group, entries, places);
	list_free_deep(entries);
	list_free_deep(places);
	return group;
}

/* the members of a closed group; valid until the next call */
void
directory_cached_members(ChunkStore *store, int level, int32 number, KeptEntries *kept)
{
	*kept = get_group(store, level, number)->kept;
}

/* segments from first on, which is in no closed group, and before *next; false: nothing is kept of them */
bool
directory_cached_end(ChunkStore *store, SegmentNumber first, KeptEntries *kept, SegmentNumber *next)
{
	CachedGroup *group = get_group(store, 0, first);

	*kept = group->kept;
	*next = group->next;
	return kept->n > 0;
}
