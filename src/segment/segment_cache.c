/*
 * segment_cache.c
 *	  Headers of segments that this backend read lately, and where their data is.
 *
 * A header costs more to read than the blocks of a narrow query.  What was read
 * of it stays, as long as there is room, and with it the TIDs of the data's
 * pieces, so that they are fetched without the index.
 *
 * Invariant: a cached header serves only a directory entry that agrees with the
 * one it was read for, down to the checksum of the header and the instant of the
 * seal, in the same storage; so numbers may be used again.  Pieces never move,
 * but a TID is a hint: whoever follows it checks what stands there.
 */
#include "territory.h"

#include "utils/hsearch.h"
#include "utils/memutils.h"

#include "segment/segment_cache.h"

#define CACHE_MAX_BYTES (8 * 1024 * 1024)

typedef struct CacheSlot
{
	CachedSegmentKey key;
	CachedSegment *segment;
} CacheSlot;

static HTAB *slots;
static dlist_head used = DLIST_STATIC_INIT(used);	/* most recently first */
static Size bytes;

static void
set_key(CachedSegmentKey *key, ChunkStore *store, const SegmentEntry *entry)
{
	memset(key, 0, sizeof *key);
	key->toast = relation_physical(store->toast);
	key->number = entry->number;
}

/* out of the table; freed once nobody reads it */
static void
drop(CachedSegment *segment)
{
	hash_search(slots, &segment->key, HASH_REMOVE, NULL);
	dlist_delete(&segment->lru);
	bytes -= segment->bytes;
	segment->dropped = true;
	if (segment->pins == 0)
		MemoryContextDelete(segment->context);
}

/*
 * The least recently used goes, and in turn the most recently: whoever reads
 * more segments again and again than there is room for still finds half of them.
 */
static void
make_room(void)
{
	static bool latest = false;

	while (bytes > CACHE_MAX_BYTES && !dlist_is_empty(&used))
	{
		drop(latest ? dlist_head_element(CachedSegment, lru, &used) : dlist_tail_element(CachedSegment, lru, &used));
		latest = !latest;
	}
}

static bool
serves(const CachedSegment *segment, const SegmentEntry *entry)
{
	return segment->rows == entry->rows && segment->data_len == entry->data_len &&
		segment->sealed_at == entry->sealed_at && segment->header_len == entry->header_len &&
		segment->header_crc == entry->header_crc && segment->natts == entry->natts &&
		segment->header->nblocks == entry->nblocks;
}

/* pinned; NULL where it is not there */
CachedSegment *
segment_cache_get(ChunkStore *store, const SegmentEntry *entry)
{
	CachedSegmentKey key;
	CacheSlot  *slot;

	if (slots == NULL)
		return NULL;
	set_key(&key, store, entry);
	slot = hash_search(slots, &key, HASH_FIND, NULL);
	if (slot == NULL)
		return NULL;
	if (!serves(slot->segment, entry))
	{
		drop(slot->segment);
		return NULL;
	}
	slot->segment->pins++;
	dlist_move_head(&used, &slot->segment->lru);
	return slot->segment;
}

/* without a header, in a context of its own under the current one */
CachedSegment *
segment_cache_make(ChunkStore *store, const SegmentEntry *entry)
{
	MemoryContext context = GenerationContextCreate(CurrentMemoryContext, "territory segment header", 0, 2 * 1024,
													4 * 1024);
	CachedSegment *segment = MemoryContextAllocZero(context, sizeof(CachedSegment));

	set_key(&segment->key, store, entry);
	segment->context = context;
	segment->rows = entry->rows;
	segment->data_len = entry->data_len;
	segment->sealed_at = entry->sealed_at;
	segment->header_len = entry->header_len;
	segment->header_crc = entry->header_crc;
	segment->natts = entry->natts;
	segment->npieces = (entry->data_len + CHUNK_BYTES - 1) / CHUNK_BYTES;
	if (segment->npieces < 0 || segment->npieces > CHUNK_MAX_PIECES)
		segment->npieces = 0;
	segment->pieces = MemoryContextAllocZero(context, sizeof(ItemPointerData) * (segment->npieces + 1));
	return segment;
}

/* its header is whole: others may find it; pinned */
void
segment_cache_keep(CachedSegment *segment)
{
	CacheSlot  *slot;
	bool		found;

	if (slots == NULL)
	{
		HASHCTL		control = {.keysize = sizeof(CachedSegmentKey), .entrysize = sizeof(CacheSlot)};

		control.hcxt = CacheMemoryContext;
		slots = hash_create("territory segments", 256, &control, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	}
	make_room();
	slot = hash_search(slots, &segment->key, HASH_ENTER, &found);
	if (found)
	{
		drop(slot->segment);
		slot = hash_search(slots, &segment->key, HASH_ENTER, &found);
	}
	slot->segment = segment;
	segment->pins = 1;
	segment->bytes = MemoryContextMemAllocated(segment->context, true);
	bytes += segment->bytes;
	dlist_push_head(&used, &segment->lru);
	MemoryContextSetParent(segment->context, CacheMemoryContext);
}

/* more of it was read */
void
segment_cache_grown(CachedSegment *segment)
{
	if (segment->dropped)
		return;
	bytes -= segment->bytes;
	segment->bytes = MemoryContextMemAllocated(segment->context, true);
	bytes += segment->bytes;
	make_room();
}

void
segment_cache_release(CachedSegment *segment)
{
	segment->pins--;
	if (segment->dropped && segment->pins == 0)
		MemoryContextDelete(segment->context);
}

/* the storage was emptied in place: numbers begin anew in it */
void
segment_cache_forget(void)
{
	while (!dlist_is_empty(&used))
		drop(dlist_head_element(CachedSegment, lru, &used));
}
