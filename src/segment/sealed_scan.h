/*
 * sealed_scan.h
 *	  Sealed rows of a table, one at a time, as a snapshot shows them.
 */
#ifndef SEALED_SCAN_H
#define SEALED_SCAN_H

#include "nodes/bitmapset.h"
#include "port/atomics.h"
#include "segment/segment.h"

struct SealedScan;

/* flags in scan->dead (NULL: none is yet; see sealed_scan_dead()) more rows of the open block; how many are left */
typedef int (*SealedFilter) (struct SealedScan *scan, void *arg);

typedef struct SealedScan
{
	Relation	rel;
	TupleDesc	desc;			/* rel's, or what it was before the ALTER TYPE that is rewriting it */
	ChunkStore	store;
	Snapshot	snapshot;
	Snapshot	directory_snapshot; /* snapshot, or a dirty one: segments in progress are met, not read */
	bool		met_unsettled;	/* since the last restart */
	Directory  *directory;		/* NULL: to be read at the next restart */
	bool		directory_whole;	/* it holds every segment, whatever the keys are ... */
	uint8	   *excluded;		/* ... and these are excluded by them */
	MemoryContext directory_context;
	Bitmapset  *needed;			/* attribute numbers to decode; NULL: all */
	bool		all_columns;
	Bitmapset  *shown;			/* of these, what sealed_scan_row() gives; NULL: all */
	bool		late;			/* what only rows that are left show is decoded by sealed_scan_show() */
	bool		wanted_known;
	int			nwanted;
	int		   *wanted;			/* columns to show, from 0 */
	ColumnType *types;			/* per column, of desc */
	TupleDesc	types_desc;
	SealedFilter filter;
	void	   *filter_arg;
	int			nkeys;
	PruneKey   *keys;
	const PruneKey *cut;		/* one more for rows, whatever filter there is; or NULL */
	pg_atomic_uint32 *shared;	/* parallel: the next segment, by place in the directory */
	bool		any_state;
	bool		rescanned;

	/* where we are */
	int			segment;		/* place in the directory; -1 before, nsegments after */
	int			block;
	int			row;			/* in the block */
	SegmentReader reader;
	bool		segment_open;
	bool		block_open;
	bool		block_shown;	/* all wanted columns of the open block are decoded */
	uint8	   *blocks_out;		/* of the open segment, by the keys; NULL: not asked yet */
	uint8	   *dead_bitmaps;	/* of the open segment; NULL: they say nothing */
	int			asked_whole;	/* blocks of it that sealed_scan_block_whole() was asked of */
	uint8	   *segment_dead;	/* of all its rows, from the second one on; or NULL */
	uint8	   *dead;			/* of the open block: rows that are dead or excluded by the keys; or NULL */
	int			first_left;		/* rows of it before this are flagged ... */
	int			end_left;		/* ... and those from this on */
	bool		lent;			/* dead is somebody's flags, for a while: it says nothing of which rows are wanted */
	Datum	  **values;			/* per attribute, of the open block; NULL: not decoded */
	bool	  **nulls;
	ColumnPoints **points;		/* the same as coordinates; NULL: not decoded so */
	bool		hands_over;		/* blocks are to be handed over; else the next one has this place: */
	Datum	  **value_room;
	bool	  **null_room;

	MemoryContext context;		/* the scan */
	MemoryContext segment_context;
	MemoryContext block_context;

	/* counters for EXPLAIN */
	int64		segments_read;
	int64		segments_pruned;
	int64		blocks_read;
	int64		blocks_pruned;
} SealedScan;

extern SealedScan *sealed_scan_begin(Relation rel, Snapshot snapshot, pg_atomic_uint32 *shared);
extern void sealed_scan_need(SealedScan *scan, Bitmapset *attributes, bool all);
extern void sealed_scan_show_only(SealedScan *scan, Bitmapset *attributes);
extern void sealed_scan_prune(SealedScan *scan, PruneKey *keys, int nkeys);
extern void sealed_scan_choose(SealedScan *scan, PruneKey *keys, int nkeys, List *parts);
extern void sealed_scan_forget(SealedScan *scan);
extern void sealed_scan_restart(SealedScan *scan, ScanDirection direction);
extern bool sealed_scan_next(SealedScan *scan, ScanDirection direction);
extern void sealed_scan_take(SealedScan *scan, SegmentEntry **entries, int n);
extern SegmentEntry *sealed_scan_next_segment(SealedScan *scan);
extern bool sealed_scan_segment_whole(SealedScan *scan, SegmentEntry *entry);
extern bool sealed_scan_block_whole(SealedScan *scan);
extern void sealed_scan_open_segment(SealedScan *scan);
extern bool sealed_scan_next_block(SealedScan *scan);
extern void sealed_scan_open_block(SealedScan *scan);
extern void sealed_scan_seek_segment(SealedScan *scan, int segment);
extern void sealed_scan_seek_block(SealedScan *scan, int segment, int block);
extern bool sealed_scan_next_in_block(SealedScan *scan);
extern int	sealed_scan_rows(SealedScan *scan, int *rows);
extern int	sealed_scan_block_rows(SealedScan *scan);
extern uint8 *sealed_scan_dead(SealedScan *scan);
extern void sealed_scan_decode(SealedScan *scan, int column);
extern const ColumnPoints *sealed_scan_points(SealedScan *scan, int column);
extern const bool *sealed_scan_nulls(SealedScan *scan, int column);
extern void sealed_scan_show(SealedScan *scan);
extern MemoryContext sealed_scan_hand_over(SealedScan *scan, MemoryContext parent);
extern const uint8 *sealed_scan_blocks_out(SealedScan *scan);
extern void sealed_scan_end(SealedScan *scan);

extern void sealed_scan_tid(SealedScan *scan, ItemPointer tid);
extern HeapTuple sealed_scan_tuple(SealedScan *scan);
extern void sealed_scan_row(SealedScan *scan, Datum *values, bool *nulls);
extern void sealed_totals(Relation rel, Snapshot snapshot, DirectoryTotals *totals);

/* sealed_pass.c */
extern int	sealed_scan_left(SealedScan *scan);
extern int	sealed_scan_pass_key(SealedScan *scan, const PruneKey *key, uint8 *out);

/* directory_totals.c */
extern SegmentEntry *sealed_sum_about(Relation rel);
extern void sealed_totals_about(Relation rel, DirectoryTotals *totals);

/* sealed_fetch.c */
extern void sealed_fetch_forget(void);
extern HeapTuple sealed_form_tuple(Relation rel, TupleDesc desc, Datum *values, bool *nulls, ItemPointer tid);
extern HeapTuple sealed_fetch(Relation rel, ItemPointer tid, Snapshot snapshot);

#endif
