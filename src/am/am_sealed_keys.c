/*
 * am_sealed_keys.c
 *	  What a backend keeps of sealed unique keys, to know fast that a new key is
 *	  none of them.
 *
 * Per table: the zones of all that is sealed, which let keys newer than all of
 * it pass; the summit of the directory; and for keys that zones cannot find
 * (uuid, random id) the key sets, with the segments that are in none.
 *
 * It is kept across transactions.  Invariant: what it leaves out came after
 * the asker entered the gate (segment/lock.c), so that whoever seals it waits for
 * the asker.  It is read with a dirty snapshot, and read again when the directory
 * was changed: by other backends, which announce that as a change of the TOAST
 * relation before they wait at the gate, and again when they commit; or by this
 * one, which directory_changes() tells at once.  Key sets are those of committed
 * seals; segments in progress are among those that are in none.
 */
#include "territory.h"

#include "access/genam.h"
#include "access/stratnum.h"
#include "catalog/pg_index.h"
#include "utils/hsearch.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

#include "am/am.h"
#include "segment/keyset.h"
#include "segment/lock.h"

#define KEPT_TABLES 32
#define KEPT_UNCOVERED 1024		/* segments in no key set; with more, key sets do not help */

typedef struct SealedKey
{
	Oid			index;
	int			ncolumns;
	AttrNumber	attnos[INDEX_MAX_KEYS]; /* 0: an expression */
	ZoneKind	zones[INDEX_MAX_KEYS];
	bool		nulls_equal;
	bool		hashed;			/* the next three hold */
	KeyHash		hash;
	List	   *sets;
	Directory  *uncovered;
} SealedKey;

struct SealedKeys
{
	Oid			relid;
	Oid			toast;
	bool		stale;
	bool		wanted;			/* some key is unique */
	bool		read;			/* the rest is set */
	uint64		changes;		/* directory_changes() when it was read */
	MemoryContext context;
	SegmentEntry *all;			/* NULL: nothing is sealed */
	Directory  *summit;
	int			nkeys;
	SealedKey  *keys;
};

static HTAB *tables;

static void
mark_stale(Datum arg, Oid relid)
{
	HASH_SEQ_STATUS status;
	SealedKeys *known;

	hash_seq_init(&status, tables);
	while ((known = hash_seq_search(&status)) != NULL)
		if (!OidIsValid(relid) || relid == known->relid || relid == known->toast)
			known->stale = true;
}

static void
drop(SealedKeys *known)
{
	Oid			relid = known->relid;

	if (known->context)
		MemoryContextDelete(known->context);
	(void) hash_search(tables, &relid, HASH_REMOVE, NULL);
}

static void
drop_all(void)
{
	HASH_SEQ_STATUS status;
	SealedKeys *known;

	hash_seq_init(&status, tables);
	while ((known = hash_seq_search(&status)) != NULL)
		drop(known);
}

/* ---- reading what there is ---- */

static void
read_columns(SealedKey *key, Relation rel, Relation index)
{
	key->index = RelationGetRelid(index);
	key->nulls_equal = index->rd_index->indnullsnotdistinct;
	key->ncolumns = IndexRelationGetNumberOfKeyAttributes(index);
	for (int k = 0; k < key->ncolumns; k++)
	{
		key->attnos[k] = Max(index->rd_index->indkey.values[k], 0);
		key->zones[k] = key->attnos[k] == 0 ? ZONE_NONE : column_zone_kind(getBaseType(index->rd_opcintype[k]));
	}
}

/* the segments between key sets, and before and after them */
static void
read_uncovered(SealedKey *key, ChunkStore *store, Snapshot dirty)
{
	SegmentNumber next = 0;

	key->uncovered = NULL;
	for (int i = 0; i <= list_length(key->sets); i++)
	{
		KeySet	   *set = i < list_length(key->sets) ? list_nth(key->sets, i) : NULL;
		SegmentNumber end = set ? set->entry.first - 1 : SEGMENT_MAX_NUMBER;
		Directory  *between;

		if (next <= end)
		{
			between = directory_between(store, dirty, next, end);
			if (key->uncovered == NULL)
				key->uncovered = between;
			else
				directory_append(key->uncovered, between);
		}
		if (set)
			next = set->entry.last + 1;
		if (key->uncovered && key->uncovered->nsegments > KEPT_UNCOVERED)
		{
			key->hashed = false;
			return;
		}
	}
}

static void
read_sets(SealedKey *key, Relation rel, Relation index, ChunkStore *store, Snapshot dirty)
{
	key->hashed = key_hash_init(&key->hash, rel, index);
	if (!key->hashed)
		return;
	key->sets = keyset_read(store, SnapshotSelf, &key->hash);
	key->hashed = key->sets != NIL;
	if (key->hashed)
		read_uncovered(key, store, dirty);
}

static void
read_keys(SealedKeys *known, Relation rel, ChunkStore *store, Snapshot dirty)
{
	List	   *indexes = RelationGetIndexList(rel);
	ListCell   *lc;

	known->keys = palloc0(sizeof(SealedKey) * (list_length(indexes) + 1));
	foreach(lc, indexes)
	{
		Relation	index = index_open(lfirst_oid(lc), AccessShareLock);

		if (unique_index_is_checked(index))
		{
			SealedKey  *key = &known->keys[known->nkeys++];

			read_columns(key, rel, index);
			read_sets(key, rel, index, store, dirty);
		}
		index_close(index, AccessShareLock);
	}
	list_free(indexes);
}

static bool
any_unique_index(Relation rel)
{
	List	   *indexes = RelationGetIndexList(rel);
	ListCell   *lc;
	bool		any = false;

	foreach(lc, indexes)
	{
		Relation	index = index_open(lfirst_oid(lc), AccessShareLock);

		any = any || unique_index_is_checked(index);
		index_close(index, AccessShareLock);
	}
	list_free(indexes);
	return any;
}

static void
read_table(SealedKeys *known, Relation rel)
{
	MemoryContext old;
	ChunkStore	store;
	SnapshotData dirty;

	InitDirtySnapshot(dirty);
	known->context = AllocSetContextCreate(CacheMemoryContext, "territory sealed keys", ALLOCSET_SMALL_SIZES);
	old = MemoryContextSwitchTo(known->context);
	if (chunk_store_open(rel, AccessShareLock, &store))
	{
		if (!chunk_store_empty(&store))
			known->all = directory_summit(&store, &dirty, &known->summit);
		if (known->all)
			read_keys(known, rel, &store, &dirty);
		chunk_store_close(&store, AccessShareLock);
	}
	MemoryContextSwitchTo(old);
}

/* what is known of the table, be it only whether a key is unique */
static SealedKeys *
find_table(Relation rel)
{
	Oid			relid = RelationGetRelid(rel);
	SealedKeys *known;

	if (tables == NULL)
	{
		HASHCTL		control = {.keysize = sizeof(Oid), .entrysize = sizeof(SealedKeys)};

		tables = hash_create("territory sealed keys", KEPT_TABLES, &control, HASH_ELEM | HASH_BLOBS);
		CacheRegisterRelcacheCallback(mark_stale, (Datum) 0);
	}
	known = hash_search(tables, &relid, HASH_FIND, NULL);
	if (known && !known->stale)
		return known;
	if (known)
		drop(known);
	if (hash_get_num_entries(tables) >= KEPT_TABLES)
		drop_all();
	/* entered before anything is read, so that a change meanwhile marks it; wanted, should this fail */
	known = hash_search(tables, &relid, HASH_ENTER, NULL);
	memset((char *) known + sizeof(Oid), 0, sizeof(SealedKeys) - sizeof(Oid));
	known->toast = rel->rd_rel->reltoastrelid;
	known->wanted = true;
	known->wanted = any_unique_index(rel);
	return known;
}

/* has the table a unique index? */
bool
sealed_keys_wanted(Relation rel)
{
	return rel->rd_rel->relhasindex && find_table(rel)->wanted;
}

/* as far as other backends have told of it */
static SealedKeys *
read_anew(Relation rel)
{
	SealedKeys *known;

	AcceptInvalidationMessages();
	known = find_table(rel);
	if (known->read && known->changes != directory_changes())
	{
		drop(known);
		known = find_table(rel);
	}
	if (!known->read)
	{
		known->changes = directory_changes();
		read_table(known, rel);
		known->read = true;
	}
	return known->all ? known : NULL;
}

/*
 * NULL where no sealed row can be in a new row's way.  Enters the gate.  To be
 * used before anything else happens.
 */
SealedKeys *
sealed_keys(Relation rel)
{
	if (!OidIsValid(rel->rd_rel->reltoastrelid) || !sealed_keys_wanted(rel))
		return NULL;
	gate_enter(rel);
	return read_anew(rel);
}

int
sealed_keys_count(SealedKeys *known)
{
	return known->nkeys;
}

Oid
sealed_keys_index(SealedKeys *known, int key)
{
	return known->keys[key].index;
}

/* ---- asking ---- */

/* zone keys for the plain columns */
static int
prune_keys(const SealedKey *key, const Datum *values, const bool *nulls, PruneKey *prunes)
{
	int			n = 0;

	for (int k = 0; k < key->ncolumns; k++)
	{
		PruneKey   *prune = &prunes[n];

		if (key->attnos[k] == 0 || (!nulls[k] && key->zones[k] == ZONE_NONE))
			continue;
		memset(prune, 0, sizeof *prune);
		prune->attno = key->attnos[k];
		n++;
		if (nulls[k])
		{
			prune->is_null_test = true;
			continue;
		}
		prune->zone = key->zones[k];
		prune->strategy = BTEqualStrategyNumber;
		prune->key = column_zone_key(prune->zone, values[k]);
	}
	return n;
}

static bool
all_excluded(const Directory *directory, const PruneKey *prunes, int n)
{
	for (int i = 0; i < Min(directory->nsegments, DIRECTORY_KEPT); i++)
		if (!zone_excludes(directory->entries[i]->zones, directory->entries[i]->nzones, prunes, n))
			return false;
	return directory->nsegments <= DIRECTORY_KEPT;
}

/* every part of a segment, added */
static List *
add_segment(List *parts, SegmentNumber number)
{
	for (int32 p = segment_part(number, 0); p < segment_part(number + 1, 0); p++)
		parts = lappend_int(parts, p);
	return parts;
}

/* where the key may be, from key sets and the zones of the other segments; false where a key set is gone */
static bool
probe(SealedKey *key, Relation rel, uint64 hash, const PruneKey *prunes, int n, List **parts)
{
	ChunkStore	store;
	ListCell   *lc;
	bool		found = true;

	if (!chunk_store_open(rel, AccessShareLock, &store))
		return true;
	foreach(lc, key->sets)
		found = found && keyset_probe(&store, lfirst(lc), hash, parts);
	chunk_store_close(&store, AccessShareLock);
	for (int i = 0; key->uncovered && i < key->uncovered->nsegments; i++)
	{
		SegmentEntry *entry = key->uncovered->entries[i];

		if (!zone_excludes(entry->zones, entry->nzones, prunes, n))
			*parts = add_segment(*parts, entry->number);
	}
	return found;
}

/*
 * Can a sealed row have this key, whose columns have these values (those of
 * expressions are not looked at)?  Where it can, in these parts of segments, or
 * anywhere where *anywhere says so.
 */
bool
sealed_keys_may_hold(SealedKeys *known, int number, Relation rel, const Datum *values, const bool *nulls,
					 List **parts, bool *anywhere)
{
	SealedKey  *key = &known->keys[number];
	PruneKey	prunes[INDEX_MAX_KEYS];
	uint64		hash;
	int			n;

	*parts = NIL;
	*anywhere = false;
	for (int k = 0; k < key->ncolumns; k++)
		if (key->attnos[k] > 0 && nulls[k] && !key->nulls_equal)
			return false;
	n = prune_keys(key, values, nulls, prunes);
	if (zone_excludes(known->all->zones, known->all->nzones, prunes, n) || all_excluded(known->summit, prunes, n))
		return false;
	if (!key->hashed || !key_hash_value(&key->hash, values, nulls, &hash))
	{
		*anywhere = true;
		return true;
	}
	if (!probe(key, rel, hash, prunes, n, parts))
	{
		/* merged into another, and vacuumed away before we heard of it */
		known->stale = true;
		*anywhere = true;
	}
	return *anywhere || *parts != NIL;
}

bool
sealed_keys_may_hold_row(SealedKeys *known, int number, Relation rel, TupleTableSlot *slot, List **parts,
						 bool *anywhere)
{
	SealedKey  *key = &known->keys[number];
	Datum		values[INDEX_MAX_KEYS];
	bool		nulls[INDEX_MAX_KEYS];

	for (int k = 0; k < key->ncolumns; k++)
	{
		nulls[k] = false;
		values[k] = key->attnos[k] > 0 ? slot_getattr(slot, key->attnos[k], &nulls[k]) : (Datum) 0;
	}
	return sealed_keys_may_hold(known, number, rel, values, nulls, parts, anywhere);
}

/* ---- for readers, who are not in the gate ---- */

/* the values that the columns of a key are to equal; false where one is not compared so */
static bool
key_is_asked_for(const SealedKey *key, const PruneKey *prunes, int nprunes, Datum *values)
{
	for (int k = 0; k < key->ncolumns; k++)
	{
		bool		found = false;

		for (int p = 0; p < nprunes && !found; p++)
		{
			found = prunes[p].exact && prunes[p].attno == key->attnos[k];
			if (found)
				values[k] = prunes[p].value;
		}
		if (!found)
			return false;
	}
	return true;
}

/* the segments that the snapshot shows outside of key sets, added */
static List *
add_uncovered(SealedKey *key, ChunkStore *store, Snapshot snapshot, List *parts)
{
	SegmentNumber next = 0;

	for (int i = 0; i <= list_length(key->sets); i++)
	{
		KeySet	   *set = i < list_length(key->sets) ? list_nth(key->sets, i) : NULL;
		SegmentNumber end = set ? set->entry.first - 1 : SEGMENT_MAX_NUMBER;

		if (next <= end)
		{
			Directory  *between = directory_between(store, snapshot, next, end);

			for (int s = 0; s < between->nsegments; s++)
				parts = add_segment(parts, between->numbers[s]);
		}
		if (set)
			next = set->entry.last + 1;
	}
	return parts;
}

/*
 * The parts that may hold the one key that the prune keys ask for, and maybe some
 * that the snapshot does not show; false where key sets cannot tell.  A key
 * set holds what any snapshot may see between its first and last number.  There
 * are about *segments in all.
 */
bool
sealed_keys_choose(Relation rel, ChunkStore *store, Snapshot snapshot, const PruneKey *prunes, int nprunes,
				   List **parts, int64 *segments)
{
	SealedKeys *known;
	bool		any_exact = false;

	for (int p = 0; p < nprunes; p++)
		any_exact = any_exact || prunes[p].exact;
	if (!any_exact || !sealed_keys_wanted(rel) || (known = read_anew(rel)) == NULL)
		return false;
	for (int i = 0; i < known->nkeys; i++)
	{
		SealedKey  *key = &known->keys[i];
		Datum		values[INDEX_MAX_KEYS];
		bool		nulls[INDEX_MAX_KEYS] = {false};
		uint64		hash;
		bool		found = true;
		ListCell   *lc;

		if (!key->hashed || !key_is_asked_for(key, prunes, nprunes, values))
			continue;
		(void) key_hash_value(&key->hash, values, nulls, &hash);
		*parts = NIL;
		foreach(lc, key->sets)
			found = found && keyset_probe(store, lfirst(lc), hash, parts);
		if (!found)
		{
			known->stale = true;
			return false;
		}
		*parts = add_uncovered(key, store, snapshot, *parts);
		*segments = known->all->segments;
		return true;
	}
	return false;
}
