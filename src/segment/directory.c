/*
 * directory.c
 *	  Which segments a table has, and what each cannot contain.
 *
 * An entry is one chunk under CHUNK_DIRECTORY with the segment's number as its
 * seq.  Whoever adds or removes entries holds ShareUpdateExclusiveLock on the
 * table; readers see what their snapshot shows.
 */
#include "territory.h"

#include "access/stratnum.h"
#include "port/pg_crc32c.h"
#include "utils/snapmgr.h"

#include "segment/segment.h"

static pg_crc32c
bytes_crc(const void *bytes, size_t len)
{
	pg_crc32c	crc;

	INIT_CRC32C(crc);
	COMP_CRC32C(crc, bytes, len);
	FIN_CRC32C(crc);
	return crc;
}

static SegmentEntry *
entry_from_tuple(ChunkStore *store, HeapTuple tuple)
{
	int			len;
	const char *bytes = chunk_bytes(store, tuple, &len);
	SegmentEntry *entry = palloc(len);
	pg_crc32c	crc;

	memcpy(entry, bytes, len);
	if (len < (int) (SEGMENT_ENTRY_SIZE(0) + sizeof crc) || entry->nzones > SEGMENT_MAX_ZONES ||
		len != (int) (SEGMENT_ENTRY_SIZE(entry->nzones) + sizeof crc) ||
		(memcpy(&crc, bytes + len - sizeof crc, sizeof crc), crc != bytes_crc(bytes, len - sizeof crc)) ||
		entry->number != chunk_seq(store, tuple) || entry->rows <= 0 || entry->rows > SEGMENT_MAX_ROWS)
		ereport(ERROR, (errcode(ERRCODE_DATA_CORRUPTED),
						errmsg("directory entry %d of \"%s\" is damaged", chunk_seq(store, tuple),
							   RelationGetRelationName(store->toast)),
						errhint("Restore the table from a backup, or unseal what territory.verify() finds whole.")));
	if (entry->format != SEGMENT_FORMAT)
		ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
						errmsg("segment %d has format %d, which this version does not read", entry->number,
							   entry->format),
						errhint("Install the version of territory that wrote it, or a later one.")));
	return entry;
}

/* every segment that the snapshot shows, in the current memory context */
Directory *
directory_read(ChunkStore *store, Snapshot snapshot)
{
	Directory  *directory = palloc0(sizeof(Directory));
	int			room = 16;
	ChunkScan	scan;
	HeapTuple	tuple;

	directory->segments = palloc(sizeof(SegmentEntry *) * room);
	if (chunk_store_empty(store))
		return directory;
	chunk_scan_begin(&scan, store, snapshot, CHUNK_DIRECTORY, 0, PG_INT32_MAX);
	while ((tuple = chunk_scan_next(&scan, ForwardScanDirection)) != NULL)
	{
		if (directory->nsegments == room)
			directory->segments = repalloc(directory->segments, sizeof(SegmentEntry *) * (room *= 2));
		directory->segments[directory->nsegments++] = entry_from_tuple(store, tuple);
	}
	chunk_scan_end(&scan);
	return directory;
}

/* NULL where the snapshot does not show it */
SegmentEntry *
directory_find(ChunkStore *store, Snapshot snapshot, SegmentNumber number)
{
	SegmentEntry *entry = NULL;
	ChunkScan	scan;
	HeapTuple	tuple;

	chunk_scan_begin(&scan, store, snapshot, CHUNK_DIRECTORY, number, number);
	if ((tuple = chunk_scan_next(&scan, ForwardScanDirection)) != NULL)
		entry = entry_from_tuple(store, tuple);
	chunk_scan_end(&scan);
	return entry;
}

/*
 * The number after the last one that the index still holds, dead or alive:
 * a number comes back only when vacuum has removed every trace of its segment.
 * When the numbers run out, the first gap is taken.
 */
SegmentNumber
directory_next_number(ChunkStore *store)
{
	SegmentNumber next = 0;
	ChunkScan	scan;
	HeapTuple	tuple;

	chunk_scan_begin(&scan, store, SnapshotAny, CHUNK_DIRECTORY, 0, PG_INT32_MAX);
	if ((tuple = chunk_scan_next(&scan, BackwardScanDirection)) != NULL)
		next = chunk_seq(store, tuple) + 1;
	chunk_scan_end(&scan);
	if (next <= SEGMENT_MAX_NUMBER)
		return next;

	next = 0;
	chunk_scan_begin(&scan, store, SnapshotAny, CHUNK_DIRECTORY, 0, PG_INT32_MAX);
	while ((tuple = chunk_scan_next(&scan, ForwardScanDirection)) != NULL && chunk_seq(store, tuple) <= next)
		next = chunk_seq(store, tuple) + 1;
	chunk_scan_end(&scan);
	if (next > SEGMENT_MAX_NUMBER)
		ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
						errmsg("\"%s\" has no segment number left", RelationGetRelationName(store->toast)),
						errhint("Run territory.compact() on the table, then VACUUM it.")));
	return next;
}

void
directory_insert(ChunkStore *store, SegmentEntry *entry)
{
	size_t		len = SEGMENT_ENTRY_SIZE(entry->nzones);
	char	   *bytes = palloc(len + sizeof(pg_crc32c));
	pg_crc32c	crc;

	memcpy(bytes, entry, len);
	crc = bytes_crc(bytes, len);
	memcpy(bytes + len, &crc, sizeof crc);
	chunk_insert(store, chunk_directory_key(entry->number), bytes, len + sizeof crc, 0, NULL);
	pfree(bytes);
}

static void
delete_range(ChunkStore *store, Snapshot snapshot, Oid id, int32 first, int32 last)
{
	ChunkScan	scan;
	HeapTuple	tuple;

	chunk_scan_begin(&scan, store, snapshot, id, first, last);
	while ((tuple = chunk_scan_next(&scan, ForwardScanDirection)) != NULL)
		chunk_delete(store, &tuple->t_self);
	chunk_scan_end(&scan);
}

/* a segment's entry, data and state */
void
directory_delete(ChunkStore *store, SegmentNumber number, Snapshot snapshot)
{
	ChunkKey	key = chunk_state_key(number, 0);

	delete_range(store, snapshot, CHUNK_DIRECTORY, number, number);
	delete_range(store, snapshot, key.id, key.seq, key.seq + SEGMENT_MAX_ROWS - 1);
	key = chunk_data_key(number, 0);
	delete_range(store, snapshot, key.id, key.seq, key.seq + CHUNK_MAX_PIECES - 1);
}

static bool
zone_excludes_key(const ZoneMap *zone, const PruneKey *key)
{
	if (key->is_null_test)
		return zone->nulls == 0;
	if (!zone->has_values)
		return true;			/* a strict operator on nulls */
	if (zone->kind != key->zone)
		return false;			/* the column's type changed since */
	if (key->nkeys > 0)
	{
		for (int i = 0; i < key->nkeys; i++)
			if (key->keys[i] >= zone->min && key->keys[i] <= zone->max)
				return false;
		return true;
	}
	/* keys may merge values, so strict comparisons prune as the others do */
	switch (key->strategy)
	{
		case BTLessStrategyNumber:
		case BTLessEqualStrategyNumber:
			return zone->min > key->key;
		case BTEqualStrategyNumber:
			return zone->min > key->key || zone->max < key->key;
		case BTGreaterEqualStrategyNumber:
		case BTGreaterStrategyNumber:
			return zone->max < key->key;
	}
	return false;
}

/* can no row of these zones pass all keys? */
bool
zone_excludes(const ZoneMap *zones, int nzones, const PruneKey *keys, int nkeys)
{
	for (int k = 0; k < nkeys; k++)
		for (int z = 0; z < nzones; z++)
			if (zones[z].attno == keys[k].attno && zone_excludes_key(&zones[z], &keys[k]))
				return true;
	return false;
}
