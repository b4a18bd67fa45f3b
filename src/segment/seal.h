/*
 * seal.h
 *	  Moving rows between the heap and segments.
 */
#ifndef SEAL_H
#define SEAL_H

#include "territory.h"
#include "segment/layout.h"
#include "storage/block.h"
#include "utils/timestamp.h"

typedef struct SealResult
{
	int64		rows;
	int64		segments;
	int64		heap_bytes;
	int64		sealed_bytes;
} SealResult;

/* blocks of the heap, in their order */
typedef struct BlockRun
{
	BlockNumber first;
	BlockNumber count;
} BlockRun;

typedef struct BlockRuns
{
	int			nruns;
	BlockRun   *runs;
} BlockRuns;

/* rows for segments: gathered, sorted by the layout, written */
typedef struct SegmentLoad SegmentLoad;

typedef void (*SegmentLoadCheck) (TupleTableSlot *slot, void *arg);

extern SegmentLoad *segment_load_begin(Relation rel, Relation layout_of, int memory);
extern const Layout *segment_load_layout(SegmentLoad *load);
extern void segment_load_add(SegmentLoad *load, TupleTableSlot *slot);
extern void segment_load_end(SegmentLoad *load, SegmentLoadCheck check, void *arg, SealResult *result);

extern TimestampTz seal_time(Oid type, Datum value);
extern bool seal_time_is_before(Relation rel, AttrNumber time, TupleTableSlot *slot, TimestampTz before);
extern void seal_check_constraints(Relation rel);
extern Relation seal_check_table(Oid relid, LOCKMODE lockmode, const char *function);
extern Relation seal_open_table(Oid relid, const char *function);
extern bool seal_row_is_too_large(Relation rel, TupleTableSlot *slot);
extern void seal_rows(Relation rel, bool all, TimestampTz before, const BlockRuns *blocks, SealResult *result);

#define COMPACT_SMALL 16		/* small segments that seal() lets pile up before it merges them */

typedef struct CompactResult
{
	int64		rows;
	int64		dead_rows;
	int64		segments_before;
	int64		segments_after;
	int64		bytes_before;
	int64		bytes_after;
	int64		busy;			/* segments that somebody was at */
} CompactResult;

extern void compact_segments(Relation rel, bool small_only, CompactResult *result);
extern int64 unseal_rows(Relation rel, TimestampTz from, TimestampTz to);

#endif
