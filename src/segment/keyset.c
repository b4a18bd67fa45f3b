/*
 * keyset.c
 *	  Where a key may be sealed, by its hash: see keyset.h.
 *
 * Who writes segments sorts the hashes of their keys as well, bounded by
 * maintenance_work_mem, and writes a key set when it ends.  A key set before it
 * that is not larger is taken in, so that there are few: the logarithm of the
 * number of seals.  Of a hash as many bits are kept as fit into four bytes
 * beside the piece, which is implied, and the part; with 1,000 full segments one
 * look-up in 100 names a part that does not hold the key.
 *
 * Only whole segments count: rows that died, or segments that were removed
 * since, cost a look in vain.
 */
#include "territory.h"

#include "access/genam.h"
#include "access/heapam.h"
#include "access/htup_details.h"
#include "access/xact.h"
#include "catalog/pg_operator.h"
#include "catalog/pg_type.h"
#include "common/hashfn.h"
#include "miscadmin.h"
#include "storage/bufmgr.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/tuplesort.h"
#include "utils/typcache.h"

#include "segment/keyset.h"

#define PART_BITS 28			/* of a packed key, the low ones */
#define PART_MASK ((1 << PART_BITS) - 1)
#define KEYSET_MAX_SEGMENTS 4096	/* the more, the fewer bits are left for the hash */
#define KEYSET_MAX_KEYS 28000000	/* of a merged one */
#define PIECE_MAX_KEYS ((CHUNK_BYTES - (int) sizeof(uint32) * 2) / (int) sizeof(uint32))
#define PIECE_KEYS 1700			/* on average; hashes scatter */
#define PIECE_OVERFULL PG_UINT32_MAX

/* a piece; keys are sorted */
typedef struct Piece
{
	uint32		crc;			/* of what follows */
	uint32		nkeys;			/* or PIECE_OVERFULL: it holds none, and any part may hold the key */
	uint32		keys[PIECE_MAX_KEYS];
} Piece;

#define PIECE_SIZE(n) ((int) sizeof(uint32) * (2 + (n)))

/* ---- hashing ---- */

/* false where the key's columns cannot be hashed as the index compares them */
bool
key_hash_init(KeyHash *hash, Relation rel, Relation index)
{
	memset(hash, 0, sizeof *hash);
	hash->ncolumns = IndexRelationGetNumberOfKeyAttributes(index);
	if (hash->ncolumns > KEYSET_MAX_COLUMNS || index->rd_index->indnullsnotdistinct)
		return false;
	for (int k = 0; k < hash->ncolumns; k++)
	{
		AttrNumber	attno = index->rd_index->indkey.values[k];
		Oid			equal = get_opfamily_member(index->rd_opfamily[k], index->rd_opcintype[k],
												index->rd_opcintype[k], BTEqualStrategyNumber);
		TypeCacheEntry *type;

		if (attno <= 0)
			return false;
		hash->attnos[k] = attno;
		hash->types[k] = getBaseType(TupleDescAttr(RelationGetDescr(rel), attno - 1)->atttypid);
		hash->collations[k] = index->rd_indcollation[k];
		type = lookup_type_cache(hash->types[k], TYPECACHE_EQ_OPR | TYPECACHE_HASH_EXTENDED_PROC);
		if (!OidIsValid(type->hash_extended_proc) || type->eq_opr != equal ||
			(OidIsValid(hash->collations[k]) && !get_collation_isdeterministic(hash->collations[k])))
			return false;
		fmgr_info(type->hash_extended_proc, &hash->functions[k]);
	}
	return true;
}

/* of the values of the key's columns, in their order; false where one is null: equal to nothing */
bool
key_hash_value(KeyHash *hash, const Datum *values, const bool *nulls, uint64 *result)
{
	uint64		combined = 0;

	for (int k = 0; k < hash->ncolumns; k++)
	{
		if (nulls[k])
			return false;
		combined = hash_combine64(combined,
								  DatumGetUInt64(FunctionCall2Coll(&hash->functions[k], hash->collations[k],
																   values[k], UInt64GetDatum(0))));
	}
	*result = combined >> (64 - KEYSET_HASH_BITS);
	return true;
}

static bool
same_key(const KeySetEntry *entry, const KeyHash *hash)
{
	if (entry->ncolumns != hash->ncolumns)
		return false;
	for (int k = 0; k < hash->ncolumns; k++)
		if (entry->attnos[k] != hash->attnos[k] || entry->types[k] != hash->types[k])
			return false;
	return true;
}

/* ---- which piece, and where in it ---- */

static int
piece_of(const KeySetEntry *entry, uint64 hash)
{
	return (int) ((hash * (uint64) entry->pieces) >> entry->hash_bits);
}

/* the least hash of a piece */
static uint64
piece_start(const KeySetEntry *entry, int piece)
{
	return (((uint64) piece << entry->hash_bits) + entry->pieces - 1) / entry->pieces;
}

/* as many bits of the hash as leave room for the part */
static void
choose_bits(KeySetEntry *entry, int at_most)
{
	int64		parts = ((int64) entry->last - entry->first + 1) * TID_BLOCKS_PER_SEGMENT;

	entry->part_bits = 0;
	while ((INT64CONST(1) << entry->part_bits) < parts)
		entry->part_bits++;
	entry->hash_bits = at_most;
	while (((((uint64) 1 << entry->hash_bits) / entry->pieces + 1) << entry->part_bits) > PG_UINT32_MAX)
		entry->hash_bits--;
}

static void
damaged(ChunkStore *store, SegmentNumber last)
{
	ereport(ERROR, (errcode(ERRCODE_DATA_CORRUPTED),
					errmsg("the key set that ends with segment %d of \"%s\" is damaged", last,
						   RelationGetRelationName(store->toast)),
					errhint("Rewrite the table with ALTER TABLE ... SET ACCESS METHOD heap and back.")));
}

static const Piece *
check_piece(ChunkStore *store, HeapTuple tuple, SegmentNumber last)
{
	int			len;
	const Piece *piece = (const Piece *) chunk_bytes(store, tuple, &len);

	if (len < PIECE_SIZE(0) ||
		len != PIECE_SIZE(piece->nkeys == PIECE_OVERFULL ? 0 : Min(piece->nkeys, PIECE_MAX_KEYS)) ||
		piece->crc != chunk_crc(&piece->nkeys, len - sizeof piece->crc))
		damaged(store, last);
	return piece;
}

/* ---- reading ---- */

static KeySet *
set_from_tuple(ChunkStore *store, HeapTuple tuple, int slot)
{
	int			len;
	const char *bytes = chunk_bytes(store, tuple, &len);
	KeySet	   *set = palloc0(sizeof(KeySet));
	pg_crc32c	crc;

	if (len != sizeof set->entry + sizeof crc ||
		(memcpy(&crc, bytes + sizeof set->entry, sizeof crc), crc != chunk_crc(bytes, sizeof set->entry)))
		damaged(store, chunk_seq(store, tuple));
	memcpy(&set->entry, bytes, sizeof set->entry);
	set->slot = slot;
	return set;
}

static int
set_order(const ListCell *a, const ListCell *b)
{
	return ((KeySet *) lfirst(a))->entry.last < ((KeySet *) lfirst(b))->entry.last ? -1 : 1;
}

/* the key sets of a key, or of any (NULL), that the snapshot shows, by number */
List *
keyset_read(ChunkStore *store, Snapshot snapshot, const KeyHash *hash)
{
	List	   *sets = NIL;

	for (int slot = 0; slot < KEYSET_SLOTS; slot++)
	{
		ChunkScan	scan;
		HeapTuple	tuple;

		chunk_scan_begin(&scan, store, snapshot, CHUNK_KEYSET + slot, 0, PG_INT32_MAX);
		while ((tuple = chunk_scan_next(&scan, ForwardScanDirection)) != NULL)
		{
			KeySet	   *set = set_from_tuple(store, tuple, slot);

			if (set->entry.format == SEGMENT_FORMAT && (hash == NULL || same_key(&set->entry, hash)))
				sets = lappend(sets, set);
			else
				pfree(set);
		}
		chunk_scan_end(&scan);
	}
	list_sort(sets, set_order);
	return sets;
}

/*
 * The tuple of a piece, in a pinned buffer; found by key the first time, by its
 * TID then.  False where it is gone: another set has taken this one in.
 */
static bool
fetch_piece(ChunkStore *store, KeySet *set, int number, HeapTuple result, Buffer *buffer)
{
	ChunkKey	key = chunk_keyset_data_key(set->slot, set->entry.last, number);
	ItemPointer tid;
	bool		isnull;

	if (set->tids == NULL)
		set->tids = MemoryContextAllocZero(GetMemoryChunkContext(set), sizeof(ItemPointerData) * set->entry.pieces);
	tid = &set->tids[number];
	if (!ItemPointerIsValid(tid))
	{
		ChunkScan	scan;
		HeapTuple	tuple;

		chunk_scan_begin(&scan, store, SnapshotAny, key.id, key.seq, key.seq);
		while ((tuple = chunk_scan_next(&scan, ForwardScanDirection)) != NULL && chunk_inserter_aborted(tuple))
			;
		if (tuple)
		{
			(void) check_piece(store, tuple, set->entry.last);
			*tid = tuple->t_self;
		}
		chunk_scan_end(&scan);
		if (!ItemPointerIsValid(tid))
			return false;
	}
	result->t_self = *tid;
	if (!heap_fetch(store->toast, SnapshotAny, result, buffer, false))
		return false;
	if (DatumGetObjectId(fastgetattr(result, 1, RelationGetDescr(store->toast), &isnull)) == key.id &&
		chunk_seq(store, result) == key.seq)
		return true;
	ReleaseBuffer(*buffer);
	return false;
}

/* the first of the sorted keys that is not less */
static uint32
first_not_less(const uint32 *keys, uint32 n, uint32 key)
{
	uint32		low = 0;

	while (low < n)
	{
		uint32		middle = (low + n) / 2;

		if (keys[middle] < key)
			low = middle + 1;
		else
			n = middle;
	}
	return low;
}

/* the parts that may hold the key, as segment_part() numbers them, appended; false where the set is gone */
bool
keyset_probe(ChunkStore *store, KeySet *set, uint64 hash, List **parts)
{
	const KeySetEntry *entry = &set->entry;
	uint64		kept = hash >> (KEYSET_HASH_BITS - entry->hash_bits);
	int			number = piece_of(entry, kept);
	uint32		low = (uint32) (kept - piece_start(entry, number)) << entry->part_bits;
	uint32		mask = ((uint32) 1 << entry->part_bits) - 1;
	HeapTupleData tuple;
	Buffer		buffer;
	const Piece *piece;
	int			len;

	if (!fetch_piece(store, set, number, &tuple, &buffer))
		return false;
	piece = (const Piece *) chunk_bytes(store, &tuple, &len);
	if (piece->nkeys == PIECE_OVERFULL)
		for (int32 p = segment_part(entry->first, 0); p < segment_part(entry->last + 1, 0); p++)
			*parts = lappend_int(*parts, p);
	else
		for (uint32 i = first_not_less(piece->keys, piece->nkeys, low);
			 i < piece->nkeys && piece->keys[i] <= (low | mask); i++)
			*parts = lappend_int(*parts, segment_part(entry->first, 0) + (piece->keys[i] & mask));
	ReleaseBuffer(buffer);
	return true;
}

/* ---- building ---- */

typedef struct BuildKey
{
	KeyHash		hash;
	Tuplesortstate *sort;		/* of hashes with the part in the low bits */
	int64		n;
	ZoneKind	zone;			/* of a key of one column; ZONE_NONE of others */
	int64		min;
	int64		max;
} BuildKey;

struct KeySetBuild
{
	ChunkStore *store;
	MemoryContext context;
	int			nkeys;
	BuildKey	keys[KEYSET_SLOTS];
	SegmentNumber first;
	SegmentNumber last;
	int64		rows;			/* in the sorts */
	bool		broken;			/* numbers did not follow each other */
};

static void
begin_sort(KeySetBuild *build, BuildKey *key)
{
	MemoryContext old = MemoryContextSwitchTo(build->context);

	key->n = 0;
	key->sort = tuplesort_begin_datum(INT8OID, Int8LessOperator, InvalidOid, false,
									  Max(maintenance_work_mem / 8, 64), NULL, TUPLESORT_NONE);
	MemoryContextSwitchTo(old);
}

static bool
key_has_column(const KeyHash *hash, AttrNumber attno)
{
	for (int k = 0; k < hash->ncolumns; k++)
		if (hash->attnos[k] == attno)
			return true;
	return false;
}

/*
 * For the unique indexes of indexes_of, which is rel or the table that rel will
 * replace.  A key that holds the column that rows are sorted by first is found
 * by zone maps, and needs none.
 */
KeySetBuild *
keyset_build_begin(Relation rel, Relation indexes_of, ChunkStore *store, AttrNumber sorted_by)
{
	KeySetBuild *build = palloc0(sizeof(KeySetBuild));
	List	   *indexes = RelationGetIndexList(indexes_of);
	ListCell   *lc;

	build->store = store;
	build->context = CurrentMemoryContext;
	build->first = -1;
	foreach(lc, indexes)
	{
		Relation	index = index_open(lfirst_oid(lc), AccessShareLock);
		BuildKey   *key = &build->keys[build->nkeys];

		if (build->nkeys < KEYSET_SLOTS && index->rd_index->indisunique && index->rd_index->indisready &&
			key_hash_init(&key->hash, rel, index) && !key_has_column(&key->hash, sorted_by))
		{
			key->zone = key->hash.ncolumns == 1 ? column_zone_kind(key->hash.types[0]) : ZONE_NONE;
			begin_sort(build, key);
			build->nkeys++;
		}
		index_close(index, AccessShareLock);
	}
	list_free(indexes);
	return build;
}

static int64
pack_key(uint64 hash, int32 part)
{
	return (int64) (hash << PART_BITS | (part & PART_MASK));
}

static void
add_key(BuildKey *key, int32 part, const Datum *values, const bool *nulls)
{
	uint64		hash;

	if (!key_hash_value(&key->hash, values, nulls, &hash))
		return;
	tuplesort_putdatum(key->sort, Int64GetDatum(pack_key(hash, part)), false);
	if (key->zone == ZONE_INTEGER)
	{
		int64		zone = column_zone_key(key->zone, values[0]);

		key->min = key->n == 0 ? zone : Min(key->min, zone);
		key->max = key->n == 0 ? zone : Max(key->max, zone);
	}
	key->n++;
}

/* a sequence, or nearly: new keys come above all others, and zone maps know that */
static bool
key_is_dense(const BuildKey *key)
{
	return key->zone == ZONE_INTEGER && key->n > 0 && (uint64) (key->max - key->min) < (uint64) key->n * 4;
}

/* has any segment ever stood between two numbers, both exclusive? */
static bool
any_segment_between(ChunkStore *store, SegmentNumber low, SegmentNumber high)
{
	ChunkScan	scan;
	bool		any;

	if (low + 1 > high - 1)
		return false;
	chunk_scan_begin(&scan, store, SnapshotAny, CHUNK_DIRECTORY, low + 1, high - 1);
	any = chunk_scan_next(&scan, ForwardScanDirection) != NULL;
	chunk_scan_end(&scan);
	return any;
}

/* all keys of a set into the sort */
static void
take_in_keys(ChunkStore *store, KeySet *set, BuildKey *key)
{
	const KeySetEntry *entry = &set->entry;
	ChunkKey	at = chunk_keyset_data_key(set->slot, entry->last, 0);
	uint32		mask = ((uint32) 1 << entry->part_bits) - 1;
	ChunkScan	scan;
	HeapTuple	tuple;

	chunk_scan_begin(&scan, store, SnapshotSelf, at.id, at.seq, at.seq + entry->pieces - 1);
	while ((tuple = chunk_scan_next(&scan, ForwardScanDirection)) != NULL)
	{
		const Piece *piece = check_piece(store, tuple, entry->last);
		uint64		start = piece_start(entry, chunk_seq(store, tuple) - at.seq);

		CHECK_FOR_INTERRUPTS();
		for (uint32 i = 0; i < piece->nkeys; i++)
		{
			uint64		hash = start + (piece->keys[i] >> entry->part_bits);

			hash <<= KEYSET_HASH_BITS - entry->hash_bits;
			tuplesort_putdatum(key->sort,
							   Int64GetDatum(pack_key(hash, segment_part(entry->first, 0) + (piece->keys[i] & mask))),
							   false);
		}
	}
	chunk_scan_end(&scan);
}

static bool
any_overfull(ChunkStore *store, KeySet *set)
{
	ChunkKey	at = chunk_keyset_data_key(set->slot, set->entry.last, 0);
	ChunkScan	scan;
	HeapTuple	tuple;
	bool		any = false;

	chunk_scan_begin(&scan, store, SnapshotSelf, at.id, at.seq, at.seq + set->entry.pieces - 1);
	while (!any && (tuple = chunk_scan_next(&scan, ForwardScanDirection)) != NULL)
		any = check_piece(store, tuple, set->entry.last)->nkeys == PIECE_OVERFULL;
	chunk_scan_end(&scan);
	return any;
}

static void
delete_set(ChunkStore *store, KeySet *set)
{
	ChunkKey	at = chunk_keyset_data_key(set->slot, set->entry.last, 0);

	chunk_delete_range(store, CHUNK_KEYSET + set->slot, set->entry.last, set->entry.last);
	chunk_delete_range(store, at.id, at.seq, at.seq + set->entry.pieces - 1);
}

/* sets that end where entry begins and are not larger become part of it; the most bits of hash that are left */
static int
take_in_sets(ChunkStore *store, BuildKey *key, int slot, KeySetEntry *entry)
{
	List	   *sets = keyset_read(store, SnapshotSelf, &key->hash);
	int			bits = KEYSET_HASH_BITS;

	for (int i = list_length(sets) - 1; i >= 0; i--)
	{
		KeySet	   *set = list_nth(sets, i);

		if (set->slot != slot || set->entry.keys > entry->keys ||
			set->entry.keys + entry->keys > KEYSET_MAX_KEYS ||
			entry->last - set->entry.first >= KEYSET_MAX_SEGMENTS ||
			any_segment_between(store, set->entry.last, entry->first) || any_overfull(store, set))
			break;
		take_in_keys(store, set, key);
		delete_set(store, set);
		bits = Min(bits, set->entry.hash_bits);
		entry->first = set->entry.first;
		entry->keys += set->entry.keys;
	}
	list_free_deep(sets);
	return bits;
}

static void
write_piece(ChunkStore *store, int slot, SegmentNumber last, int number, Piece *piece)
{
	int			len = PIECE_SIZE(piece->nkeys == PIECE_OVERFULL ? 0 : piece->nkeys);

	piece->crc = chunk_crc(&piece->nkeys, len - sizeof piece->crc);
	chunk_insert(store, chunk_keyset_data_key(slot, last, number), piece, len, 0, NULL);
	piece->nkeys = 0;
}

static void
add_to_piece(Piece *piece, uint32 key)
{
	if (piece->nkeys == PIECE_OVERFULL || (piece->nkeys > 0 && piece->keys[piece->nkeys - 1] == key))
		return;
	if (piece->nkeys == PIECE_MAX_KEYS)
		piece->nkeys = PIECE_OVERFULL;
	else
		piece->keys[piece->nkeys++] = key;
}

/* the sorted keys, cut into pieces */
static void
write_pieces(ChunkStore *store, BuildKey *key, int slot, const KeySetEntry *entry)
{
	Piece	   *piece = palloc0(sizeof(Piece));
	int			number = 0;
	Datum		packed;
	bool		isnull;

	tuplesort_performsort(key->sort);
	while (tuplesort_next_datum(key->sort, &packed, &isnull))
	{
		uint64		hash = (uint64) DatumGetInt64(packed) >> (PART_BITS + KEYSET_HASH_BITS - entry->hash_bits);
		uint32		offset = ((uint32) DatumGetInt64(packed) - (uint32) segment_part(entry->first, 0)) & PART_MASK;

		CHECK_FOR_INTERRUPTS();
		while (number < piece_of(entry, hash))
			write_piece(store, slot, entry->last, number++, piece);
		add_to_piece(piece, (uint32) (hash - piece_start(entry, number)) << entry->part_bits | offset);
	}
	while (number < entry->pieces)
		write_piece(store, slot, entry->last, number++, piece);
	pfree(piece);
}

static void
write_set(KeySetBuild *build, int slot)
{
	BuildKey   *key = &build->keys[slot];
	char		bytes[sizeof(KeySetEntry) + sizeof(pg_crc32c)];
	KeySetEntry entry;
	pg_crc32c	crc;
	int			bits;

	memset(&entry, 0, sizeof entry);
	entry.format = SEGMENT_FORMAT;
	entry.ncolumns = key->hash.ncolumns;
	memcpy(entry.attnos, key->hash.attnos, sizeof entry.attnos);
	memcpy(entry.types, key->hash.types, sizeof entry.types);
	entry.first = build->first;
	entry.last = build->last;
	entry.keys = key->n;
	bits = take_in_sets(build->store, key, slot, &entry);
	entry.pieces = Min(entry.keys / PIECE_KEYS + 1, KEYSET_MAX_PIECES);
	choose_bits(&entry, bits);
	write_pieces(build->store, key, slot, &entry);
	memcpy(bytes, &entry, sizeof entry);
	crc = chunk_crc(&entry, sizeof entry);
	memcpy(bytes + sizeof entry, &crc, sizeof crc);
	chunk_insert(build->store, chunk_keyset_key(slot, entry.last), bytes, sizeof bytes, 0, NULL);
}

static void
write_sets(KeySetBuild *build)
{
	if (build->nkeys == 0 || build->first < 0)
		return;
	CommandCounterIncrement();	/* sets that this command wrote may be taken in */
	for (int slot = 0; slot < build->nkeys; slot++)
		if (!build->broken && !key_is_dense(&build->keys[slot]))
			write_set(build, slot);
}

/* the rows of a segment, column by column; arrays by attribute number */
void
keyset_build_segment(KeySetBuild *build, SegmentNumber number, int rows, Datum **values, bool **nulls)
{
	if (build->first < 0)
		build->first = number;
	else if (number != build->last + 1)
		build->broken = true;
	build->last = number;
	for (int i = 0; i < build->nkeys; i++)
	{
		BuildKey   *key = &build->keys[i];

		for (int row = 0; row < rows; row++)
		{
			Datum		key_values[KEYSET_MAX_COLUMNS];
			bool		key_nulls[KEYSET_MAX_COLUMNS];

			for (int k = 0; k < key->hash.ncolumns; k++)
			{
				key_values[k] = values[key->hash.attnos[k]][row];
				key_nulls[k] = nulls[key->hash.attnos[k]][row];
			}
			add_key(key, segment_part(number, row), key_values, key_nulls);
		}
	}
	build->rows += rows;
	if (build->rows < KEYSET_MAX_KEYS - SEGMENT_MAX_ROWS && build->last - build->first + 1 < KEYSET_MAX_SEGMENTS)
		return;
	write_sets(build);
	for (int i = 0; i < build->nkeys; i++)
	{
		tuplesort_end(build->keys[i].sort);
		begin_sort(build, &build->keys[i]);
	}
	build->rows = 0;
	build->first = -1;
	build->broken = false;
}

/* write what was gathered, after the last segment */
void
keyset_build_end(KeySetBuild *build)
{
	write_sets(build);
	for (int i = 0; i < build->nkeys; i++)
		tuplesort_end(build->keys[i].sort);
	pfree(build);
}

/* forget the sets none of whose segments is left */
void
keyset_remove_empty(ChunkStore *store)
{
	List	   *sets;
	ListCell   *lc;

	CommandCounterIncrement();
	sets = keyset_read(store, SnapshotSelf, NULL);
	foreach(lc, sets)
	{
		KeySet	   *set = lfirst(lc);
		ChunkScan	scan;
		bool		any;

		chunk_scan_begin(&scan, store, SnapshotSelf, CHUNK_DIRECTORY, set->entry.first, set->entry.last);
		any = chunk_scan_next(&scan, ForwardScanDirection) != NULL;
		chunk_scan_end(&scan);
		if (!any)
			delete_set(store, set);
	}
	list_free_deep(sets);
}
