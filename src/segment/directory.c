/*
 * directory.c
 *	  Which segments a table has, and what each cannot contain.
 *
 * An entry per segment, and above them three levels of groups of 64, whose zone
 * maps hold all below them: a look-up by key reads a few groups and the
 * segments of those that may match, however many segments there are.  A group
 * is *closed*, which is to say its entry is written, by the seal that goes past
 * its last number.  Numbers that no closed group covers are looked up one level
 * below, so a missing group costs time only.
 *
 * Invariant: whoever sees a group's entry sees no segment in it that its zones
 * do not hold.  So a closed group never gets another segment: numbers only grow
 * past closed groups.  Entries are never changed; what a snapshot shows is the
 * directory of that snapshot.
 *
 * Whoever adds or removes entries holds ShareUpdateExclusiveLock on the table.
 * The change is told to other backends as a change of the TOAST relation, so
 * that what they keep of the directory can be known to be stale; to this one by
 * directory_changes().
 */
#include "territory.h"

#include "access/genam.h"
#include "access/tableam.h"
#include "access/transam.h"
#include "access/xact.h"
#include "miscadmin.h"
#include "storage/bufmgr.h"
#include "storage/procarray.h"
#include "storage/sinval.h"
#include "utils/fmgroids.h"
#include "utils/inval.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

#include "segment/lock.h"
#include "segment/segment.h"
#include "segment/segment_cache.h"

#define DIRECTORY_TOP (DIRECTORY_LEVELS - 1)
#define GROUP_SIZE (1 << DIRECTORY_SHIFT)

static SegmentEntry *
entry_from_tuple(ChunkStore *store, HeapTuple tuple, int level)
{
	int			len;
	const char *bytes = chunk_bytes(store, tuple, &len);
	SegmentEntry *entry = palloc(len);
	pg_crc32c	crc;

	memcpy(entry, bytes, len);
	if (len < (int) (SEGMENT_ENTRY_SIZE(0) + sizeof crc) || entry->nzones > SEGMENT_MAX_ZONES ||
		entry->summary_len > CHUNK_BYTES || len != (int) (segment_entry_size(entry) + sizeof crc) ||
		(memcpy(&crc, bytes + len - sizeof crc, sizeof crc), crc != chunk_crc(bytes, len - sizeof crc)) ||
		entry->number != chunk_seq(store, tuple) || entry->level != level || entry->rows <= 0 ||
		(level == 0 && entry->rows > SEGMENT_MAX_ROWS))
		ereport(ERROR, (errcode(ERRCODE_DATA_CORRUPTED),
						errmsg("directory entry %d of level %d of \"%s\" is damaged", chunk_seq(store, tuple), level,
							   RelationGetRelationName(store->toast)),
						errhint("Restore the table from a backup, or unseal what territory.verify() finds whole.")));
	if (entry->format != SEGMENT_FORMAT && (level > 0 || entry->format != SEGMENT_FORMAT_SIDES))
		ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
						errmsg("segment %d has format %d, which this version does not read", entry->number,
							   entry->format),
						errhint("Install the version of territory that wrote it, or a later one.")));
	return entry;
}

/* ---- reading ---- */

/* entries of one level with numbers first to last, that the snapshot shows; tids, unless NULL: where they stand */
List *
directory_level(ChunkStore *store, Snapshot snapshot, int level, int32 first, int32 last, List **tids)
{
	List	   *entries = NIL;
	ChunkScan	scan;
	HeapTuple	tuple;

	chunk_scan_begin(&scan, store, snapshot, CHUNK_DIRECTORY + level, first, last);
	while ((tuple = chunk_scan_next(&scan, ForwardScanDirection)) != NULL)
	{
		entries = lappend(entries, entry_from_tuple(store, tuple, level));
		if (tids)
		{
			ItemPointer tid = palloc(sizeof(ItemPointerData));

			*tid = tuple->t_self;
			*tids = lappend(*tids, tid);
		}
	}
	chunk_scan_end(&scan);
	return entries;
}

static bool
is_committed(HeapTuple tuple)
{
	TransactionId xmin = HeapTupleHeaderGetRawXmin(tuple->t_data);

	if (HeapTupleHeaderXminCommitted(tuple->t_data))
		return true;
	return !HeapTupleHeaderXminInvalid(tuple->t_data) && !TransactionIdIsCurrentTransactionId(xmin) &&
		!TransactionIdIsInProgress(xmin) && TransactionIdDidCommit(xmin);
}

static bool
is_deleted(HeapTuple tuple)
{
	return !(tuple->t_data->t_infomask & HEAP_XMAX_INVALID) && !HEAP_XMAX_IS_LOCKED_ONLY(tuple->t_data->t_infomask) &&
		TransactionIdDidCommit(HeapTupleHeaderGetRawXmax(tuple->t_data));
}

/*
 * Every version of segments' entries with numbers from first on, up to the last
 * that is known to be committed.  While that leaves a trace, every other entry
 * that comes has a greater number.  Entries that are gone count no segment.
 */
List *
directory_settled(ChunkStore *store, SegmentNumber first, List **tids, SegmentNumber *next)
{
	List	   *entries = NIL;
	int			settled = 0;
	ChunkScan	scan;
	HeapTuple	tuple;

	*next = first;
	chunk_scan_begin(&scan, store, SnapshotAny, CHUNK_DIRECTORY, first, SEGMENT_MAX_NUMBER);
	while ((tuple = chunk_scan_next(&scan, ForwardScanDirection)) != NULL)
	{
		ItemPointer tid = palloc(sizeof(ItemPointerData));
		SegmentEntry *entry = entry_from_tuple(store, tuple, 0);
		bool		committed = is_committed(tuple);

		*tid = tuple->t_self;
		entries = lappend(entries, entry);
		*tids = lappend(*tids, tid);
		if (!committed || is_deleted(tuple))
			entry->segments = 0;
		if (!committed)
			continue;
		settled = list_length(entries);
		*next = chunk_seq(store, tuple) + 1;
	}
	chunk_scan_end(&scan);
	*tids = list_truncate(*tids, settled);
	return list_truncate(entries, settled);
}

/* a walk over all segments that may match */
typedef struct Walk
{
	ChunkStore *store;
	Snapshot	snapshot;
	const PruneKey *keys;
	int			nkeys;
	int			lowest;			/* level that is not gone below */
	void		(*visit) (SegmentEntry *entry, void *arg);
	void	   *arg;
	int64		pruned;
} Walk;

static void walk_level(Walk *walk, int level, int32 first, int32 last);

/*
 * A segment has one entry, which is never replaced, so what is kept of it knows
 * where it stands.  Groups are replaced.
 */
static bool
may_fetch(Walk *walk, int level)
{
	return level == 0 && IsMVCCSnapshot(walk->snapshot) && !IsolationIsSerializable();
}

static void
visit_at(Walk *walk, int32 number, ItemPointer tid)
{
	HeapTupleData tuple;
	Buffer		buffer;
	SegmentEntry *entry;

	if (!chunk_fetch(walk->store, walk->snapshot, tid, chunk_directory_key(0, number), &tuple, &buffer))
		return;
	entry = entry_from_tuple(walk->store, &tuple, 0);
	ReleaseBuffer(buffer);
	if (segment_excluded(entry, walk->keys, walk->nkeys))
		walk->pruned += entry->segments;
	else
		walk->visit(entry, walk->arg);
	pfree(entry);
}

/*
 * Entries of one level with numbers from first to last, of which every version is
 * kept, as the snapshot shows them: those that are not excluded by what is kept.
 */
static void
walk_kept(Walk *walk, int level, int32 first, int32 last, const KeptEntries *kept)
{
	int32		left[GROUP_SIZE];
	ItemPointerData at[GROUP_SIZE];
	int			nleft = 0;
	int64		pruned = 0;
	bool		fetch = may_fetch(walk, level);

	for (int i = 0; i < kept->n && nleft < GROUP_SIZE;)
	{
		int32		member = kept->members[i]->number;
		int32		segments = kept->members[i]->segments;
		bool		excluded = true;
		int			version = i;

		for (; i < kept->n && kept->members[i]->number == member; i++)
			excluded = excluded && segment_excluded(kept->members[i], walk->keys, walk->nkeys);
		fetch = fetch && i == version + 1;
		if (excluded)
			pruned += segments;
		else
		{
			at[nleft] = kept->tids[version];
			left[nleft++] = member;
		}
	}
	if (nleft >= GROUP_SIZE || (!fetch && nleft > GROUP_SIZE / 4))
	{
		walk_level(walk, level, first, last);
		return;
	}
	walk->pruned += pruned;
	for (int i = 0; i < nleft; i++)
		if (fetch)
			visit_at(walk, left[i], &at[i]);
		else
			walk_level(walk, level, left[i], left[i]);
}

/* the members of a group that the snapshot shows */
static void
walk_group(Walk *walk, int level, int32 number)
{
	int32		first = number << DIRECTORY_SHIFT;
	int32		last = ((number + 1) << DIRECTORY_SHIFT) - 1;
	KeptEntries kept;

	if (walk->nkeys == 0)
		walk_level(walk, level - 1, first, last);
	else
	{
		directory_cached_members(walk->store, level, number, &kept);
		walk_kept(walk, level - 1, first, last, &kept);
	}
}

/* segments with numbers from first on, which are in no closed group */
static void
walk_open_end(Walk *walk, SegmentNumber first)
{
	SegmentNumber next = first;
	KeptEntries kept;

	if (walk->nkeys > 0 && directory_cached_end(walk->store, first, &kept, &next))
		walk_kept(walk, 0, first, next - 1, &kept);
	walk_level(walk, 0, next, SEGMENT_MAX_NUMBER);
}

/* segments with numbers of this level from first to last */
static void
walk_level(Walk *walk, int level, int32 first, int32 last)
{
	List	   *entries = directory_level(walk->store, walk->snapshot, level, first, last, NULL);
	int32		next = first;
	ListCell   *lc;

	CHECK_FOR_INTERRUPTS();
	foreach(lc, entries)
	{
		SegmentEntry *entry = lfirst(lc);
		int32		number = entry->number;

		if (level > 0 && number > next)
			walk_level(walk, level - 1, next << DIRECTORY_SHIFT, (number << DIRECTORY_SHIFT) - 1);
		next = number + 1;
		if (segment_excluded(entry, walk->keys, walk->nkeys))
			walk->pruned += entry->segments;
		else if (level > 0 && walk->lowest < level)
			walk_group(walk, level, number);
		else
			walk->visit(entry, walk->arg);
		pfree(entry);
	}
	list_free(entries);
	if (level == 0 || next > last)
		return;
	if (level == 1 && last >= SEGMENT_MAX_NUMBER >> DIRECTORY_SHIFT)
		walk_open_end(walk, next << DIRECTORY_SHIFT);
	else
		walk_level(walk, level - 1, next << DIRECTORY_SHIFT,
				   last >= SEGMENT_MAX_NUMBER >> level * DIRECTORY_SHIFT ?
				   SEGMENT_MAX_NUMBER >> (level - 1) * DIRECTORY_SHIFT : ((last + 1) << DIRECTORY_SHIFT) - 1);
}

static void
walk_all(Walk *walk)
{
	if (chunk_store_empty(walk->store))
		return;
	/* what is kept must not be older than a removal that the snapshot may know to be vacuumed */
	AcceptInvalidationMessages();
	walk_level(walk, DIRECTORY_TOP, 0, SEGMENT_MAX_NUMBER >> DIRECTORY_TOP * DIRECTORY_SHIFT);
}

static void
keep_entry(SegmentEntry *entry, void *arg)
{
	Directory  *directory = arg;
	MemoryContext old = MemoryContextSwitchTo(directory->context);

	if (directory->nsegments >= 64 && (directory->nsegments & (directory->nsegments - 1)) == 0)
		directory->numbers = repalloc(directory->numbers, sizeof(SegmentNumber) * directory->nsegments * 2);
	if (directory->nsegments < DIRECTORY_KEPT)
	{
		SegmentEntry *copy = palloc(segment_entry_size(entry));

		memcpy(copy, entry, segment_entry_size(entry));
		if (directory->nsegments >= 64 && (directory->nsegments & (directory->nsegments - 1)) == 0)
			directory->entries = repalloc(directory->entries, sizeof(SegmentEntry *) * directory->nsegments * 2);
		directory->entries[directory->nsegments] = copy;
	}
	directory->numbers[directory->nsegments++] = entry->number;
	MemoryContextSwitchTo(old);
}

static Directory *
make_directory(void)
{
	Directory  *directory = palloc0(sizeof(Directory));

	directory->context = CurrentMemoryContext;
	directory->numbers = palloc(sizeof(SegmentNumber) * 64);
	directory->entries = palloc(sizeof(SegmentEntry *) * 64);
	return directory;
}

/* the segments that the snapshot shows and the keys do not exclude, in the current memory context */
Directory *
directory_read(ChunkStore *store, Snapshot snapshot, const PruneKey *keys, int nkeys)
{
	Directory  *directory = make_directory();
	Walk		walk = {store, snapshot, keys, nkeys, 0, keep_entry, directory, 0};
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "territory directory walk",
												  ALLOCSET_DEFAULT_SIZES);
	MemoryContext old;

	old = MemoryContextSwitchTo(context);
	walk_all(&walk);
	MemoryContextSwitchTo(old);
	MemoryContextDelete(context);
	directory->pruned = walk.pruned;
	return directory;
}

/*
 * The segments of these parts, in the order of their numbers, that the snapshot
 * shows and the keys do not exclude.
 */
Directory *
directory_choose(ChunkStore *store, Snapshot snapshot, List *parts, const PruneKey *keys, int nkeys)
{
	Directory  *directory = make_directory();
	SegmentNumber seen = -1;
	bool		kept = false;
	ListCell   *lc;

	directory->parts = palloc(sizeof(uint16) * (list_length(parts) + 1));
	list_sort(parts, list_int_cmp);
	foreach(lc, parts)
	{
		SegmentNumber number = lfirst_int(lc) / TID_BLOCKS_PER_SEGMENT;

		if (number != seen)
		{
			SegmentEntry *entry = directory_find(store, snapshot, number);

			seen = number;
			kept = entry && !segment_excluded(entry, keys, nkeys);
			if (kept)
			{
				directory->parts[directory->nsegments] = 0;
				keep_entry(entry, directory);
			}
		}
		if (kept)
			directory->parts[directory->nsegments - 1] |= 1 << lfirst_int(lc) % TID_BLOCKS_PER_SEGMENT;
	}
	return directory;
}

/* the segments with numbers from first to last; the first DIRECTORY_KEPT of them */
Directory *
directory_between(ChunkStore *store, Snapshot snapshot, SegmentNumber first, SegmentNumber last)
{
	Directory  *directory = make_directory();
	ChunkScan	scan;
	HeapTuple	tuple;

	chunk_scan_begin(&scan, store, snapshot, CHUNK_DIRECTORY, first, last);
	while (directory->nsegments < DIRECTORY_KEPT &&
		   (tuple = chunk_scan_next(&scan, ForwardScanDirection)) != NULL)
		keep_entry(entry_from_tuple(store, tuple, 0), directory);
	chunk_scan_end(&scan);
	return directory;
}

/* one segment, or none */
Directory *
directory_first(ChunkStore *store, Snapshot snapshot)
{
	Directory  *directory = make_directory();
	ChunkScan	scan;
	HeapTuple	tuple;

	chunk_scan_begin(&scan, store, snapshot, CHUNK_DIRECTORY, 0, SEGMENT_MAX_NUMBER);
	if ((tuple = chunk_scan_next(&scan, ForwardScanDirection)) != NULL)
		keep_entry(entry_from_tuple(store, tuple, 0), directory);
	chunk_scan_end(&scan);
	return directory;
}

void
directory_append(Directory *directory, const Directory *more)
{
	for (int i = 0; i < Min(more->nsegments, DIRECTORY_KEPT); i++)
		keep_entry(more->entries[i], directory);
}

/* one of them, kept or read again into the current memory context */
SegmentEntry *
directory_entry(Directory *directory, ChunkStore *store, Snapshot snapshot, int place)
{
	SegmentEntry *entry;

	if (place < DIRECTORY_KEPT)
		return directory->entries[place];
	entry = directory_find(store, snapshot, directory->numbers[place]);
	if (entry == NULL)
		elog(ERROR, "territory: segment %d vanished from its directory", directory->numbers[place]);
	return entry;
}

static void
add_totals(SegmentEntry *entry, void *arg)
{
	DirectoryTotals *totals = arg;

	totals->segments += entry->segments;
	totals->rows += entry->rows;
	totals->bytes += entry->data_len;
}

/* of all segments, by groups where there are */
void
directory_totals(ChunkStore *store, Snapshot snapshot, DirectoryTotals *totals)
{
	Walk		walk = {store, snapshot, NULL, 0, DIRECTORY_TOP, add_totals, totals, 0};

	memset(totals, 0, sizeof *totals);
	walk_all(&walk);
}

/* NULL where the snapshot does not show it */
SegmentEntry *
directory_find(ChunkStore *store, Snapshot snapshot, SegmentNumber number)
{
	List	   *entries = directory_level(store, snapshot, 0, number, number, NULL);

	return entries == NIL ? NULL : linitial(entries);
}

/* ---- numbers ---- */

/* the greatest key that the index still holds among some ids, dead or alive */
static bool
last_key(ChunkStore *store, Oid first_id, Oid end_id, ChunkKey *key)
{
	ScanKeyData keys[2];
	IndexScanDesc scan;
	TupleTableSlot *slot = table_slot_create(store->toast, NULL);
	bool		found;

	ScanKeyInit(&keys[0], 1, BTGreaterEqualStrategyNumber, F_OIDGE, ObjectIdGetDatum(first_id));
	ScanKeyInit(&keys[1], 1, BTLessStrategyNumber, F_OIDLT, ObjectIdGetDatum(end_id));
	scan = compat_index_beginscan(store->toast, store->index, SnapshotAny, 2);
	index_rescan(scan, keys, 2, NULL, 0);
	found = index_getnext_slot(scan, BackwardScanDirection, slot);
	if (found)
	{
		bool		isnull;

		key->id = DatumGetObjectId(slot_getattr(slot, 1, &isnull));
		key->seq = DatumGetInt32(slot_getattr(slot, 2, &isnull));
	}
	index_endscan(scan);
	ExecDropSingleTupleTableSlot(slot);
	return found;
}

/* no trace of this number or a greater one is left: entry, closed group, key set, state, data or where its rows went */
static int64
number_after_all(ChunkStore *store)
{
	int64		next = 0;
	ChunkKey	key;

	for (int level = 0; level < DIRECTORY_LEVELS; level++)
		if (last_key(store, CHUNK_DIRECTORY + level, CHUNK_DIRECTORY + level + 1, &key))
			next = Max(next, ((int64) key.seq + 1) << level * DIRECTORY_SHIFT);
	for (int slot = 0; slot < KEYSET_SLOTS; slot++)
	{
		Oid			data = chunk_keyset_data_key(slot, 0, 0).id;

		if (last_key(store, CHUNK_KEYSET + slot, CHUNK_KEYSET + slot + 1, &key))
			next = Max(next, (int64) key.seq + 1);
		if (last_key(store, data, data + 1024, &key))
			next = Max(next, ((int64) (key.id - data) << 17 | key.seq >> 14) + 1);
	}
	if (last_key(store, CHUNK_STATE_FIRST, CHUNK_BATCH_FIRST, &key))
		next = Max(next, ((int64) (key.id - CHUNK_STATE_FIRST) << 16 | key.seq >> 15) + 1);
	if (last_key(store, CHUNK_BATCH_FIRST, CHUNK_DATA_FIRST, &key))
		next = Max(next, ((int64) (key.id - CHUNK_BATCH_FIRST) << 16 | key.seq >> 15) + 1);
	if (last_key(store, CHUNK_DATA_FIRST, CHUNK_MOVED_FIRST, &key))
		next = Max(next, ((int64) (key.id - CHUNK_DATA_FIRST) << 15 | key.seq >> 16) + 1);
	if (last_key(store, CHUNK_MOVED_FIRST, CHUNK_RESERVED_END, &key))
		next = Max(next, ((int64) (key.id - CHUNK_MOVED_FIRST) << 15 | key.seq >> 16) + 1);
	return next;
}

/*
 * A number comes back only when vacuum has removed every trace of it and of all
 * greater ones.  134 million of them, of up to 32,768 rows, outlast the 32 TB
 * that a TOAST relation can have.
 */
SegmentNumber
directory_next_number(ChunkStore *store)
{
	int64		next = number_after_all(store);

	if (next > SEGMENT_MAX_NUMBER)
		ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
						errmsg("\"%s\" has no segment number left", RelationGetRelationName(store->toast)),
						errhint("Rewrite the table with ALTER TABLE ... SET ACCESS METHOD heap and back.")));
	return next;
}

/* ---- writing ---- */

static struct
{
	uint64		count;
	bool		any;			/* in this transaction */
	Oid			told;			/* the TOAST relation last told of ... */
	SubTransactionId told_in;	/* ... and by whom: an abort would take it back */
}			changes;

/* grows with every change that this backend makes or takes back, to any directory */
uint64
directory_changes(void)
{
	return changes.count;
}

static void
forget_changes(XactEvent event, void *arg)
{
	if (changes.any)
		changes.count++;
	changes.any = false;
	changes.told = InvalidOid;
}

static void
forget_changes_of_subtransaction(SubXactEvent event, SubTransactionId mine, SubTransactionId parent, void *arg)
{
	if (event != SUBXACT_EVENT_ABORT_SUB)
		return;
	if (changes.any)
		changes.count++;
	changes.told = InvalidOid;
}

static void
tell_change(ChunkStore *store)
{
	static bool registered = false;

	if (!registered)
	{
		RegisterXactCallback(forget_changes, NULL);
		RegisterSubXactCallback(forget_changes_of_subtransaction, NULL);
		registered = true;
	}
	changes.count++;
	changes.any = true;
	if (changes.told == RelationGetRelid(store->toast) && changes.told_in == GetCurrentSubTransactionId())
		return;
	CacheInvalidateRelcache(store->toast);
	changes.told = RelationGetRelid(store->toast);
	changes.told_in = GetCurrentSubTransactionId();
}

/* all entries went at once, with the storage that held them */
void
directory_truncated(Relation rel)
{
	segment_lock_forget();
	segment_cache_forget();
	changes.count++;
	if (OidIsValid(rel->rd_rel->reltoastrelid))
		CacheInvalidateRelcacheByRelid(rel->rd_rel->reltoastrelid);
}

/*
 * Tell now, and not at the end of this transaction, that there are entries in
 * progress which who looks with a dirty snapshot should see.
 */
void
directory_announce(Relation rel)
{
	SharedInvalidationMessage message;

	if (!OidIsValid(rel->rd_rel->reltoastrelid))
		return;
	memset(&message, 0, sizeof message);
	message.rc.id = SHAREDINVALRELCACHE_ID;
	message.rc.dbId = MyDatabaseId;
	message.rc.relId = rel->rd_rel->reltoastrelid;
	SendSharedInvalidMessages(&message, 1);
}

void
directory_insert(ChunkStore *store, SegmentEntry *entry)
{
	size_t		len = segment_entry_size(entry);
	char	   *bytes = palloc(len + sizeof(pg_crc32c));
	pg_crc32c	crc;

	memcpy(bytes, entry, len);
	crc = chunk_crc(bytes, len);
	memcpy(bytes + len, &crc, sizeof crc);
	chunk_insert(store, chunk_directory_key(entry->level, entry->number), bytes, len + sizeof crc, 0, NULL);
	tell_change(store);
	pfree(bytes);
}

/* widen group by one entry of the level below */
static void
add_to_group(SegmentEntry *group, const SegmentEntry *entry)
{
	bool		first = group->segments == 0;
	int			kept = 0;

	group->segments += entry->segments;
	group->rows += entry->rows;
	group->data_len += entry->data_len;
	group->heap_bytes += entry->heap_bytes;
	group->sealed_at = Max(group->sealed_at, entry->sealed_at);
	group->natts = Max(group->natts, entry->natts);
	if (first)
	{
		group->nzones = entry->nzones;
		memcpy(group->zones, entry->zones, sizeof(ZoneMap) * entry->nzones);
		return;
	}
	/* a zone says something about the group only where every member has it, of one kind */
	for (int g = 0; g < group->nzones; g++)
	{
		ZoneMap		zone = group->zones[g];
		const ZoneMap *other = NULL;

		for (int z = 0; z < entry->nzones && other == NULL; z++)
			if (entry->zones[z].attno == zone.attno && entry->zones[z].kind == zone.kind)
				other = &entry->zones[z];
		if (other == NULL)
			continue;
		if (other->has_values)
		{
			zone.min = zone.has_values ? Min(zone.min, other->min) : other->min;
			zone.max = zone.has_values ? Max(zone.max, other->max) : other->max;
			zone.has_values = true;
		}
		zone.nulls = Min((int64) zone.nulls + other->nulls, PG_INT32_MAX);
		group->zones[kept++] = zone;
	}
	group->nzones = kept;
}

/*
 * Few entries that stand for all segments, and one that stands for them: no
 * segment holds what its zones exclude.  NULL where there is no segment.
 */
SegmentEntry *
directory_summit(ChunkStore *store, Snapshot snapshot, Directory **summit)
{
	Directory  *directory = *summit = make_directory();
	Walk		walk = {store, snapshot, NULL, 0, DIRECTORY_TOP, keep_entry, directory, 0};
	SegmentEntry *all = palloc0(SEGMENT_ENTRY_SIZE(SEGMENT_MAX_ZONES));

	walk_all(&walk);
	for (int i = 0; i < directory->nsegments; i++)
		add_to_group(all, directory_entry(directory, store, snapshot, i));
	return directory->nsegments > 0 ? all : NULL;
}

static void
add_to_sum(SegmentEntry *entry, void *arg)
{
	add_to_group(arg, entry);
}

/* an entry that stands for all segments, by groups where there are; NULL where there is no segment */
SegmentEntry *
directory_sum(ChunkStore *store, Snapshot snapshot)
{
	SegmentEntry *all = palloc0(SEGMENT_ENTRY_SIZE(SEGMENT_MAX_ZONES));
	Walk		walk = {store, snapshot, NULL, 0, DIRECTORY_TOP, add_to_sum, all, 0};

	walk_all(&walk);
	return all->segments > 0 ? all : NULL;
}

static void
close_group(ChunkStore *store, int level, int32 number)
{
	List	   *members = directory_level(store, SnapshotSelf, level - 1, number << DIRECTORY_SHIFT,
									 ((number + 1) << DIRECTORY_SHIFT) - 1, NULL);
	SegmentEntry *group = palloc0(SEGMENT_ENTRY_SIZE(SEGMENT_MAX_ZONES));
	ListCell   *lc;

	foreach(lc, members)
		add_to_group(group, lfirst(lc));
	if (members != NIL)
	{
		group->format = SEGMENT_FORMAT;
		group->level = level;
		group->number = number;
		directory_insert(store, group);
		CommandCounterIncrement();
	}
	pfree(group);
	list_free_deep(members);
}

/*
 * Close the groups that end before next and are still open.  Of the level
 * below, all groups in them are closed or empty by then.
 */
void
directory_close_groups(ChunkStore *store, SegmentNumber next)
{
	for (int level = 1; level < DIRECTORY_LEVELS; level++)
	{
		int32		end = next >> level * DIRECTORY_SHIFT;
		int32		first = 0;
		ChunkScan	scan;
		HeapTuple	last;

		chunk_scan_begin(&scan, store, SnapshotSelf, CHUNK_DIRECTORY + level, 0, PG_INT32_MAX);
		if ((last = chunk_scan_next(&scan, BackwardScanDirection)) != NULL)
			first = chunk_seq(store, last) + 1;
		chunk_scan_end(&scan);
		for (int32 number = first; number < end; number++)
			close_group(store, level, number);
	}
}

/*
 * A segment's entry, data and state; the groups that hold it are to be refreshed
 * once all are gone that go.  The caller holds its lock exclusively, so that no
 * row of it is changing.
 */
void
directory_delete(ChunkStore *store, SegmentNumber number)
{
	ChunkKey	key = chunk_state_key(number, 0);

	segment_lock_forget();
	tell_change(store);
	CommandCounterIncrement();	/* rows that this command marked, too */
	chunk_delete_range(store, CHUNK_DIRECTORY, number, number);
	chunk_delete_range(store, key.id, key.seq, key.seq + SEGMENT_MAX_ROWS - 1);
	key = chunk_batch_key(number, 0);
	chunk_delete_range(store, key.id, key.seq, key.seq + SEGMENT_MAX_ROWS - 1);
	key = chunk_data_key(number, 0);
	chunk_delete_range(store, key.id, key.seq, key.seq + CHUNK_MAX_PIECES - 1);
	CommandCounterIncrement();
}

static bool
level_has(ChunkStore *store, int level, int32 number)
{
	ChunkScan	scan;
	bool		found;

	chunk_scan_begin(&scan, store, SnapshotSelf, CHUNK_DIRECTORY + level, number, number);
	found = chunk_scan_next(&scan, ForwardScanDirection) != NULL;
	chunk_scan_end(&scan);
	return found;
}

/* closed groups that held segments which are gone sum up what is left, or go, too; numbers are ascending */
void
directory_refresh_groups(ChunkStore *store, const SegmentNumber *numbers, int n)
{
	for (int level = 1; level < DIRECTORY_LEVELS; level++)
	{
		int32		done = -1;

		for (int i = 0; i < n; i++)
		{
			int32		group = numbers[i] >> level * DIRECTORY_SHIFT;

			CHECK_FOR_INTERRUPTS();
			if (group == done || !level_has(store, level, group))
				continue;
			done = group;
			chunk_delete_range(store, CHUNK_DIRECTORY + level, group, group);
			CommandCounterIncrement();
			close_group(store, level, group);
		}
	}
}
