/*
 * chunk.h
 *	  Rows of the table's TOAST relation under reserved ids: the key space.
 *
 * Core never assigns a chunk_id below FirstNormalObjectId, so these rows can
 * not meet a toasted value.  A key is (chunk_id, chunk_seq); chunk_seq has 31
 * bits.  With S a segment's number (27 bits), R a row's place in it (15 bits)
 * and P a piece of its data (16 bits):
 *
 *	directory	id 1 + level			seq S >> 6 * level		(levels 0 to 3)
 *	key sets	id 8 + slot				seq S of the last segment (slots 0 to 2)
 *	missing		id 16					seq attribute number << 16 | P
 *	their data	id 1024 + 1024 * slot + (S >> 17)	seq (S & 0x1ffff) << 14 | P
 *	state		id 4096 + (S >> 16)		seq (S & 0xffff) << 15 | R
 *	batch		id 6144 + (S >> 16)		seq (S & 0xffff) << 15 | R
 *	data		id 8192 + (S >> 15)		seq (S & 0x7fff) << 16 | P
 *	moved		id 12288 + (S >> 15)	seq (S & 0x7fff) << 16 | P
 */
#ifndef CHUNK_H
#define CHUNK_H

#include "territory.h"
#include "access/genam.h"
#include "port/pg_crc32c.h"
#include "storage/buf.h"
#include "utils/snapshot.h"

#define CHUNK_DIRECTORY ((Oid) 1)
#define DIRECTORY_LEVELS 4
#define DIRECTORY_SHIFT 6		/* 64 entries of a level make one of the next */
#define CHUNK_KEYSET ((Oid) 8)
#define CHUNK_MISSING ((Oid) 16)
#define CHUNK_KEYSET_DATA ((Oid) 1024)
#define KEYSET_SLOTS 3			/* unique keys of a table that can have key sets */
#define KEYSET_MAX_PIECES 16384
#define CHUNK_STATE_FIRST ((Oid) 4096)
#define CHUNK_BATCH_FIRST ((Oid) 6144)
#define CHUNK_DATA_FIRST ((Oid) 8192)
#define CHUNK_MOVED_FIRST ((Oid) 12288)
#define CHUNK_RESERVED_END ((Oid) 16384)

#define CHUNK_BYTES 8064		/* a data chunk fills a page */
#define CHUNK_MAX_PIECES 65536

typedef struct ChunkKey
{
	Oid			id;
	int32		seq;
} ChunkKey;

static inline ChunkKey
chunk_directory_key(int level, int32 number)
{
	ChunkKey	key = {CHUNK_DIRECTORY + level, number};

	return key;
}

static inline ChunkKey
chunk_missing_key(AttrNumber attno, int piece)
{
	ChunkKey	key = {CHUNK_MISSING, (int32) attno << 16 | piece};

	return key;
}

static inline ChunkKey
chunk_state_key(SegmentNumber segment, int place)
{
	ChunkKey	key = {CHUNK_STATE_FIRST + (segment >> 16), (segment & 0xffff) << 15 | place};

	return key;
}

static inline ChunkKey
chunk_batch_key(SegmentNumber segment, int place)
{
	ChunkKey	key = {CHUNK_BATCH_FIRST + (segment >> 16), (segment & 0xffff) << 15 | place};

	return key;
}

static inline ChunkKey
chunk_data_key(SegmentNumber segment, int piece)
{
	ChunkKey	key = {CHUNK_DATA_FIRST + (segment >> 15), (segment & 0x7fff) << 16 | piece};

	return key;
}

static inline ChunkKey
chunk_keyset_key(int slot, SegmentNumber last)
{
	ChunkKey	key = {CHUNK_KEYSET + slot, last};

	return key;
}

static inline ChunkKey
chunk_keyset_data_key(int slot, SegmentNumber last, int piece)
{
	ChunkKey	key = {CHUNK_KEYSET_DATA + 1024 * slot + (last >> 17), (last & 0x1ffff) << 14 | piece};

	return key;
}

static inline ChunkKey
chunk_moved_key(SegmentNumber segment, int piece)
{
	ChunkKey	key = {CHUNK_MOVED_FIRST + (segment >> 15), (segment & 0x7fff) << 16 | piece};

	return key;
}

/* the checksum of all that is written into chunks: CRC-32C */
static inline pg_crc32c
chunk_crc(const void *bytes, size_t len)
{
	pg_crc32c	crc;

	INIT_CRC32C(crc);
	COMP_CRC32C(crc, bytes, len);
	FIN_CRC32C(crc);
	return crc;
}

/* the open TOAST relation of a table and its index */
typedef struct ChunkStore
{
	Relation	toast;
	Relation	index;
	LOCKMODE	lockmode;
	BlockNumber blocks;			/* the TOAST relation has so many, at least; never less while it is open */
} ChunkStore;

typedef struct ChunkScan
{
	IndexScanDesc scan;
	TupleTableSlot *slot;
	ScanKeyData keys[3];
	ChunkStore *store;
} ChunkScan;

extern bool chunk_store_open(Relation rel, LOCKMODE lockmode, ChunkStore *store);
extern void chunk_store_close(ChunkStore *store, LOCKMODE lockmode);
extern bool chunk_store_empty(ChunkStore *store);

extern void chunk_insert(ChunkStore *store, ChunkKey key, const void *data, int len, int options,
						 ItemPointer tid);
extern void chunk_insert_of(ChunkStore *store, ChunkKey key, const void *data, int len, CommandId command,
							int options, ItemPointer tid);
extern void chunk_delete(ChunkStore *store, ItemPointer tid);
extern void chunk_delete_range(ChunkStore *store, Oid id, int32 first, int32 last);
extern bool chunk_inserter_aborted(HeapTuple tuple);

extern void chunk_scan_begin(ChunkScan *scan, ChunkStore *store, Snapshot snapshot, Oid id, int32 first,
							 int32 last);
extern HeapTuple chunk_scan_next(ChunkScan *scan, ScanDirection direction);
extern void chunk_scan_end(ChunkScan *scan);
extern bool chunk_fetch(ChunkStore *store, Snapshot snapshot, ItemPointer tid, ChunkKey key, HeapTuple tuple,
						Buffer *buffer);

extern int32 chunk_seq(ChunkStore *store, HeapTuple tuple);
extern const char *chunk_bytes(ChunkStore *store, HeapTuple tuple, int *len);

#endif
