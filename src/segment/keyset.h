/*
 * keyset.h
 *	  Where a key may be sealed, by its hash.
 *
 * A *key set* is the sorted hashes of one unique key over a run of segments,
 * each with the *part* that it came from (2,048 places of a segment, as one block
 * number of sealed TIDs has), four bytes a key, cut into pieces of one chunk by
 * hash: a look-up reads one piece.
 *
 * Invariant: whoever sees a key set sees no segment between its first and last
 * number whose keys it does not hold.  Segments in no key set are looked up
 * otherwise, so a missing one costs time only.
 */
#ifndef KEYSET_H
#define KEYSET_H

#include "territory.h"
#include "fmgr.h"

#include "segment/segment.h"

#define KEYSET_MAX_COLUMNS 8
#define KEYSET_HASH_BITS 35		/* with 28 of a part's number, a positive int8 */

/* how the columns of a unique key are hashed */
typedef struct KeyHash
{
	int			ncolumns;
	AttrNumber	attnos[KEYSET_MAX_COLUMNS];
	Oid			types[KEYSET_MAX_COLUMNS];
	Oid			collations[KEYSET_MAX_COLUMNS];
	FmgrInfo	functions[KEYSET_MAX_COLUMNS];
} KeyHash;

/* as on disk, before a CRC-32C */
typedef struct KeySetEntry
{
	uint16		format;
	uint16		ncolumns;
	int16		attnos[KEYSET_MAX_COLUMNS];
	Oid			types[KEYSET_MAX_COLUMNS];
	SegmentNumber first;
	SegmentNumber last;
	int64		keys;
	int32		pieces;
	uint8		hash_bits;		/* of KEYSET_HASH_BITS, the highest */
	uint8		part_bits;
	uint16		unused;			/* zero */
} KeySetEntry;

/* one that was read */
typedef struct KeySet
{
	KeySetEntry entry;
	int			slot;
	ItemPointerData *tids;		/* of pieces seen already */
} KeySet;

extern bool key_hash_init(KeyHash *hash, Relation rel, Relation index);
extern bool key_hash_value(KeyHash *hash, const Datum *values, const bool *nulls, uint64 *result);

/* building: by whoever writes segments */
typedef struct KeySetBuild KeySetBuild;

extern KeySetBuild *keyset_build_begin(Relation rel, Relation indexes_of, ChunkStore *store, AttrNumber sorted_by);
extern void keyset_build_segment(KeySetBuild *build, SegmentNumber number, int rows, Datum **values, bool **nulls);
extern void keyset_build_end(KeySetBuild *build);

extern void segment_writer_set_keysets(SegmentWriter *writer, KeySetBuild *keysets);

/* looking up */
extern List *keyset_read(ChunkStore *store, Snapshot snapshot, const KeyHash *hash);
extern bool keyset_probe(ChunkStore *store, KeySet *set, uint64 hash, List **parts);

extern void keyset_remove_empty(ChunkStore *store);

#endif
