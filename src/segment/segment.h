/*
 * segment.h
 *	  Sealed rows on disk and in memory.
 *
 * A segment is a directory entry (its zone maps) and data (block header, then
 * one stream per column and block, column by column), both immutable, plus the
 * state entries of rows that were deleted, updated or locked since.
 * docs/internals.md describes each field.
 */
#ifndef SEGMENT_H
#define SEGMENT_H

#include "territory.h"
#include "access/attnum.h"
#include "access/stratnum.h"
#include "executor/tuptable.h"
#include "utils/snapshot.h"

#include "segment/box.h"
#include "segment/chunk.h"
#include "segment/blocks.h"
#include "segment/column.h"
#include "segment/layout.h"
#include "segment/summary.h"

#define SEGMENT_FORMAT 1
#define SEGMENT_FORMAT_SIDES 2	/* of a segment with blocks that are cut: their sides have summaries */
#define SEGMENT_MAX_ZONES 64
#define SEGMENT_MAX_BYTES (16 * 1024 * 1024)	/* of raw values, before a segment is closed early */
#define SEGMENT_MAX_ROW_BYTES (128 * 1024 * 1024)	/* rows above this stay hot */

/* of one column over one segment or block */
typedef struct ZoneMap
{
	int16		attno;
	uint8		kind;			/* ZoneKind that made the keys */
	uint8		has_values;		/* else every row is null, and min and max say nothing */
	int32		nulls;
	int64		min;
	int64		max;
} ZoneMap;

/* to: of the rows of both */
static inline void
zone_merge(ZoneMap *to, const ZoneMap *from)
{
	if (from->has_values)
	{
		to->min = to->has_values ? Min(to->min, from->min) : from->min;
		to->max = to->has_values ? Max(to->max, from->max) : from->max;
		to->has_values = true;
	}
	to->nulls += from->nulls;
}

/*
 * A directory entry, as on disk; zones follow, then the summaries of these
 * columns, then a CRC-32C of all before it.
 * Level 0 is a segment.  Level 1 and above sum up 64 numbers of the level below:
 * their zones hold every segment of the group.
 */
typedef struct SegmentEntry
{
	uint16		format;
	uint16		nzones;
	int16		natts;			/* columns that the table had when this was sealed */
	int16		level;
	SegmentNumber number;		/* of the segment, or of the group in its level */
	int32		segments;		/* in the group; 1 for a segment */
	int64		rows;
	int64		data_len;
	int64		heap_bytes;		/* what these rows took as heap tuples, about */
	int64		sealed_at;		/* when this was written, as a timestamptz; of a group, the last */
	uint32		header_len;		/* of the block header at the start of the data; 0 for a group, as what follows */
	uint32		header_crc;
	int32		nblocks;
	uint32		summary_len;	/* of the summaries after the zones; 0 for a group */
	ZoneMap		zones[FLEXIBLE_ARRAY_MEMBER];
} SegmentEntry;

#define SEGMENT_ENTRY_SIZE(nzones) (offsetof(SegmentEntry, zones) + (nzones) * sizeof(ZoneMap))

static inline size_t
segment_entry_size(const SegmentEntry *entry)
{
	return SEGMENT_ENTRY_SIZE(entry->nzones) + entry->summary_len;
}

/* what a reader found in the directory */
typedef struct Directory
{
	int			nsegments;		/* that may hold rows of interest, by number */
	int64		pruned;			/* segments that cannot */
	SegmentNumber *numbers;
	SegmentEntry **entries;		/* of the first DIRECTORY_KEPT of them; see directory_entry() */
	uint16	   *parts;			/* of each, the bits of its parts that are of interest; NULL: all */
	List	   *columns;		/* of directory_zones.c */
	MemoryContext context;
} Directory;

#define DIRECTORY_KEPT 4096		/* entries held in memory by a scan; the others are read again one by one */

typedef struct DirectoryTotals
{
	int64		segments;
	int64		rows;			/* dead ones included */
	int64		bytes;
} DirectoryTotals;

/* one column's streams in a segment's data; of what a backend keeps, every byte counts */
typedef struct HeaderColumn
{
	AttrNumber	attno;
	ZoneKind	zone;
	uint32	   *offsets;		/* nblocks + 1, into the data */
	int32	   *nulls;			/* per block */
	int64	   *min;			/* per block, where zone says so */
	int64	   *max;
	int64	   *strides;		/* per block, or NULL: see segment_block_stride() */
	const char *crc;			/* per block, unaligned */
	const char *packed;			/* nulls, min and max in the header's bytes; NULL once they were taken out */
	uint32		summary_offset;
	uint32		summary_len;
	uint32		summary_crc;
	uint32		sides_len;		/* of the summaries of sides, which follow those of blocks */
	uint32		sides_crc;
	float	   *boxes;			/* per block, xmin, ymin, xmax, ymax; NULL before they are asked for */
} HeaderColumn;

typedef struct BlockHeader
{
	int			nblocks;
	int		   *first_row;		/* nblocks + 1 */
	bool	   *ordered;		/* per block: rows of one entity, by time */
	bool		all_ordered;	/* the whole segment is */
	const char *packed_cuts;	/* where they stand in the header's bytes; NULL: no block is cut */
	CutPlace   *cuts;			/* per block; NULL until they are asked for */
	int			nentity;		/* the layout that the rows were sealed by */
	AttrNumber	entity[LAYOUT_MAX_ENTITY];
	AttrNumber	time;
	char		zone[TZ_STRLEN_MAX + 1];	/* of the calendar that blocks were cut by */
	int			ncolumns;
	HeaderColumn *columns;
	HeaderColumn **by_attno;	/* natts + 1 of the entry; NULL where there is none */
	const char *end;			/* of the header's bytes */
} BlockHeader;

/* what pruning compares: column op constant, both as zone keys */
typedef struct PruneKey
{
	AttrNumber	attno;
	ZoneKind	zone;
	int			strategy;		/* btree strategy number */
	int64		key;
	bool		is_null_test;	/* strategy unused: column IS NULL */
	bool		decides;		/* a value's zone key tells whether the value satisfies the clause */
	int			nkeys;			/* strategy equal only: = ANY of these, ascending, when > 0 */
	int64	   *keys;
	bool		any_null;		/* one of these is null */
	bool		exact;			/* the column equals value by its type's own equality; while the caller holds it */
	Datum		value;
	const BoxKey *box;			/* column op value, both as boxes; zone and what compares are unused */
} PruneKey;

/* the keys that a comparison with one leaves, its own among them */
static inline void
prune_key_range(const PruneKey *key, int64 *low, int64 *high)
{
	bool		below = key->strategy == BTLessStrategyNumber || key->strategy == BTLessEqualStrategyNumber;
	bool		above = key->strategy == BTGreaterStrategyNumber || key->strategy == BTGreaterEqualStrategyNumber;

	*low = below ? PG_INT64_MIN : key->key;
	*high = above ? PG_INT64_MAX : key->key;
}

/* directory.c */
extern List *directory_level(ChunkStore *store, Snapshot snapshot, int level, int32 first, int32 last,
							 List **tids);
extern List *directory_settled(ChunkStore *store, SegmentNumber first, List **tids, SegmentNumber *next);
extern Directory *directory_read(ChunkStore *store, Snapshot snapshot, const PruneKey *keys, int nkeys);
extern SegmentEntry *directory_entry(Directory *directory, ChunkStore *store, Snapshot snapshot, int place);
extern Directory *directory_first(ChunkStore *store, Snapshot snapshot);
extern Directory *directory_choose(ChunkStore *store, Snapshot snapshot, List *parts, const PruneKey *keys, int nkeys);
extern Directory *directory_between(ChunkStore *store, Snapshot snapshot, SegmentNumber first, SegmentNumber last);
extern void directory_append(Directory *directory, const Directory *more);
extern SegmentEntry *directory_summit(ChunkStore *store, Snapshot snapshot, Directory **summit);
extern SegmentEntry *directory_sum(ChunkStore *store, Snapshot snapshot);
extern uint64 directory_changes(void);
extern void directory_announce(Relation rel);
extern void directory_truncated(Relation rel);
extern void directory_totals(ChunkStore *store, Snapshot snapshot, DirectoryTotals *totals);
extern SegmentEntry *directory_find(ChunkStore *store, Snapshot snapshot, SegmentNumber number);
extern SegmentNumber directory_next_number(ChunkStore *store);
extern void directory_close_groups(ChunkStore *store, SegmentNumber next);
extern void directory_insert(ChunkStore *store, SegmentEntry *entry);
extern void directory_delete(ChunkStore *store, SegmentNumber number);
extern void directory_refresh_groups(ChunkStore *store, const SegmentNumber *numbers, int n);

/* directory_zones.c */
extern int	prune_keys_below(const PruneKey *key, int64 value);
extern bool prune_key_within(const PruneKey *key, int64 min, int64 max);
extern bool zone_satisfies(const ZoneMap *zone, const PruneKey *key);
extern bool zone_excludes(const ZoneMap *zones, int nzones, const PruneKey *keys, int nkeys);
extern bool segment_excluded(const SegmentEntry *entry, const PruneKey *keys, int nkeys);
extern void zones_exclude_range(const int64 *min, const int64 *max, int n, int64 low, int64 high, uint8 *out);
extern void directory_exclude(Directory *directory, const PruneKey *keys, int nkeys, uint8 *out);

/* directory_cache.c */
typedef struct KeptEntries
{
	int			n;
	SegmentEntry **members;		/* every version, by number, of summaries only those that tell boxes */
	ItemPointer tids;			/* where each of them stands */
} KeptEntries;

extern void directory_cached_members(ChunkStore *store, int level, int32 number, KeptEntries *kept);
extern bool directory_cached_end(ChunkStore *store, SegmentNumber first, KeptEntries *kept, SegmentNumber *next);

/* writer.c */
typedef struct SegmentWriter SegmentWriter;
typedef void (*SegmentWritten) (SegmentEntry *entry, void *arg);
typedef void (*SegmentMeasured) (AttrNumber attno, int64 bytes, const char *codec, void *arg);

extern SegmentWriter *segment_writer_begin(Relation rel, ChunkStore *store, const Layout *layout,
										   SegmentWritten written, void *arg);
extern void segment_writer_measure(SegmentWriter *writer, SegmentMeasured measured);
extern void segment_writer_add(SegmentWriter *writer, TupleTableSlot *slot);
extern void segment_writer_end(SegmentWriter *writer);

/* reader.c */
typedef struct SegmentReader
{
	Relation	rel;
	TupleDesc	desc;			/* types of the columns; rel's, unless a rewrite is changing them */
	ChunkStore *store;
	SegmentEntry *entry;
	BlockHeader *header;
	struct CachedSegment *cached;	/* holds header; pinned while the context of opening lasts */
	ColumnType *types;			/* per attribute, where the caller keeps them; type 0: not known yet */
	MemoryContext context;		/* that it was opened in */
	ColumnSummary **summaries;	/* per attribute and block, once they were asked for */
	ColumnSummary **sides;		/* per attribute, block and side, the same; set where the block is cut */
	int64		bytes_read;
} SegmentReader;

extern void segment_damaged(SegmentReader *reader);
extern char *segment_read_bytes(SegmentReader *reader, int64 from, uint32 len, uint32 crc);
extern const HeaderColumn *segment_column(SegmentReader *reader, AttrNumber attno);
extern void segment_reader_open(SegmentReader *reader, Relation rel, ChunkStore *store, SegmentEntry *entry,
								MemoryContext context);
extern bool segment_block_zone(SegmentReader *reader, int block, AttrNumber attno, ZoneMap *zone);
extern bool segment_block_stride(SegmentReader *reader, int block, AttrNumber attno, int64 *stride);
extern bool segment_summary(const SegmentEntry *entry, AttrNumber attno, ColumnSummary *summary);
extern int	segment_block_of(SegmentReader *reader, int place);
extern void segment_read_column(SegmentReader *reader, int block, AttrNumber attno, Datum *values, bool *nulls);
extern bool segment_read_points(SegmentReader *reader, int block, AttrNumber attno, ColumnPoints *points, bool *nulls);

/* block_zones.c */
extern const float *segment_block_box(SegmentReader *reader, int block, AttrNumber attno);
extern bool segment_box(const SegmentEntry *entry, AttrNumber attno, float *box);
extern bool segment_block_excluded(SegmentReader *reader, int block, const PruneKey *keys, int nkeys);
extern void segment_exclude_blocks(SegmentReader *reader, const PruneKey *keys, int nkeys, uint8 *out);

/* values of a block that are first, first + stride, first + 2 * stride ... */
typedef struct BlockLine
{
	int64		first;
	int64		stride;			/* >= 0 */
	int			rows;
} BlockLine;

/* block_line.c */
extern bool segment_block_line(SegmentReader *reader, int block, AttrNumber attno, BlockLine *line);
extern void block_line_fill(const BlockLine *line, Datum *values);
extern void block_line_between(const BlockLine *line, int64 low, int64 high, int *first, int *end);

/* block_ends.c */
extern bool segment_block_end(SegmentReader *reader, int block, AttrNumber attno, bool last, Datum *value,
							  bool *isnull);

/* reader_summaries.c */
extern bool segment_block_summary(SegmentReader *reader, int block, AttrNumber attno, ColumnSummary *summary);
extern int	segment_block_cut(SegmentReader *reader, int block);
extern bool segment_side_zone(SegmentReader *reader, int block, BlockSide side, AttrNumber attno, ZoneMap *zone);
extern const ColumnSummary *segment_side_summary(SegmentReader *reader, int block, BlockSide side, AttrNumber attno);

/* verify.c */
extern void segment_verify(SegmentReader *reader);

/* state.c */
extern uint8 *state_read_dead(ChunkStore *store, Snapshot snapshot, SegmentEntry *entry);
extern int	state_count_dead(ChunkStore *store, Snapshot snapshot, SegmentEntry *entry);
extern uint8 *state_read_dead_bitmaps(ChunkStore *store, Snapshot snapshot, SegmentEntry *entry);
extern uint8 *state_read_dead_rows(ChunkStore *store, Snapshot snapshot, SegmentEntry *entry, const uint8 *bitmaps,
								   int first, int rows);
extern bool state_any(ChunkStore *store);

#endif
