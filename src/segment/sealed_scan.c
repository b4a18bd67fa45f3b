/*
 * sealed_scan.c
 *	  Sealed rows of a table, one at a time, as a snapshot shows them.
 *
 * A cursor over directory, segment, block and row that moves either way.  It
 * holds one decoded block; the values of a row live until the cursor leaves
 * the block.  A block is decoded only when a row of it is asked for, and only
 * in the columns that were asked for; rows that the prune keys exclude are passed
 * over.
 */
#include "territory.h"

#include "access/htup_details.h"
#include "access/stratnum.h"
#include "access/xact.h"
#include "miscadmin.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

#include "segment/key_mask.h"
#include "segment/sealed_scan.h"
#include "segment/state.h"

/* NULL where the table holds no segment */
SealedScan *
sealed_scan_begin(Relation rel, Snapshot snapshot, pg_atomic_uint32 *shared)
{
	int			natts = RelationGetNumberOfAttributes(rel);
	MemoryContext context,
				old;
	SealedScan *scan;
	ChunkStore	store;

	if (!chunk_store_open(rel, AccessShareLock, &store))
		return NULL;
	if (chunk_store_empty(&store))
	{
		chunk_store_close(&store, AccessShareLock);
		return NULL;
	}
	context = AllocSetContextCreate(CurrentMemoryContext, "territory scan", ALLOCSET_DEFAULT_SIZES);
	old = MemoryContextSwitchTo(context);
	scan = palloc0(sizeof(SealedScan));
	scan->rel = rel;
	scan->desc = RelationGetDescr(rel);
	scan->store = store;
	scan->snapshot = scan->directory_snapshot = snapshot;
	scan->shared = shared;
	scan->all_columns = true;
	scan->context = context;
	scan->segment_context = AllocSetContextCreate(context, "territory segment", ALLOCSET_DEFAULT_SIZES);
	scan->block_context = AllocSetContextCreate(context, "territory block", ALLOCSET_DEFAULT_SIZES);
	scan->directory_context = AllocSetContextCreate(context, "territory directory", ALLOCSET_DEFAULT_SIZES);
	scan->any_state = state_any(&scan->store);
	scan->values = palloc0(sizeof(Datum *) * (natts + 1));
	scan->nulls = palloc0(sizeof(bool *) * (natts + 1));
	scan->points = palloc0(sizeof(ColumnPoints *) * (natts + 1));
	scan->value_room = palloc0(sizeof(Datum *) * (natts + 1));
	scan->null_room = palloc0(sizeof(bool *) * (natts + 1));
	scan->segment = -1;
	MemoryContextSwitchTo(old);
	return scan;
}

void
sealed_scan_end(SealedScan *scan)
{
	chunk_store_close(&scan->store, AccessShareLock);
	MemoryContextDelete(scan->context);
}

/* decode only these attributes, or all; an empty set decodes none.  Takes effect at the next restart. */
void
sealed_scan_need(SealedScan *scan, Bitmapset *attributes, bool all)
{
	scan->all_columns = all;
	scan->needed = attributes;
	scan->wanted_known = false;
}

/* columns that only keys and filters read are decoded where they ask; NULL: show all that is needed */
void
sealed_scan_show_only(SealedScan *scan, Bitmapset *attributes)
{
	scan->shown = attributes;
	scan->wanted_known = false;
}

static void
read_directory(SealedScan *scan, PruneKey *keys, int nkeys)
{
	MemoryContext old;

	MemoryContextReset(scan->directory_context);
	old = MemoryContextSwitchTo(scan->directory_context);
	scan->directory = directory_read(&scan->store, scan->directory_snapshot, keys, nkeys);
	MemoryContextSwitchTo(old);
}

/*
 * Takes effect at the next restart; the keys stay the caller's.  A scan that is
 * pruned again and again (the inner side of a join) holds the whole directory
 * where that is small.  Workers number segments by their place in it, so a
 * shared scan always reads what its keys leave.
 */
void
sealed_scan_prune(SealedScan *scan, PruneKey *keys, int nkeys)
{
	scan->keys = keys;
	scan->nkeys = nkeys;
	if (scan->directory_whole)
		return;
	if (scan->directory && scan->rescanned && scan->shared == NULL &&
		scan->directory->nsegments + scan->directory->pruned <= DIRECTORY_KEPT)
	{
		read_directory(scan, NULL, 0);
		scan->directory_whole = true;
		scan->excluded = MemoryContextAlloc(scan->directory_context, scan->directory->nsegments + 1);
		return;
	}
	scan->rescanned = scan->directory != NULL;
	scan->directory = NULL;
}

/* these parts of segments only (sorts them), whatever else there is; takes effect at the next restart */
void
sealed_scan_choose(SealedScan *scan, PruneKey *keys, int nkeys, List *parts)
{
	MemoryContext old;

	scan->keys = keys;
	scan->nkeys = nkeys;
	MemoryContextReset(scan->directory_context);
	old = MemoryContextSwitchTo(scan->directory_context);
	scan->directory = directory_choose(&scan->store, scan->directory_snapshot, parts, keys, nkeys);
	MemoryContextSwitchTo(old);
	scan->directory_whole = scan->rescanned = false;
}

/* the directory may have changed: read it again at the next restart */
void
sealed_scan_forget(SealedScan *scan)
{
	scan->directory = NULL;
	scan->directory_whole = false;
}

/* forward: before the first row; backward: after the last */
void
sealed_scan_restart(SealedScan *scan, ScanDirection direction)
{
	if (scan->directory == NULL)
	{
		read_directory(scan, scan->keys, scan->nkeys);
		scan->segments_pruned += scan->directory->pruned;
	}
	if (scan->directory_whole)
	{
		directory_exclude(scan->directory, scan->keys, scan->nkeys, scan->excluded);
		scan->segments_pruned += scan->directory->nsegments - key_mask_left(scan->excluded, scan->directory->nsegments);
	}
	scan->segment = ScanDirectionIsBackward(direction) ? scan->directory->nsegments : -1;
	scan->segment_open = scan->block_open = false;
	scan->met_unsettled = false;
}

/* with a dirty snapshot: was the segment's maker seen to commit? */
static bool
is_settled(SealedScan *scan)
{
	SegmentEntry *entry = directory_find(&scan->store, scan->directory_snapshot,
										 scan->directory->numbers[scan->segment]);

	if (entry == NULL)
		return false;			/* failed meanwhile */
	pfree(entry);
	if (!TransactionIdIsValid(scan->directory_snapshot->xmin))
		return true;
	scan->met_unsettled = true;
	return false;
}

/* an entry that lives as long as the open segment, at least */
static SegmentEntry *
entry_at(SealedScan *scan, int segment)
{
	MemoryContext old = MemoryContextSwitchTo(scan->segment_context);
	SegmentEntry *entry = directory_entry(scan->directory, &scan->store, scan->directory_snapshot, segment);

	MemoryContextSwitchTo(old);
	return entry;
}

/* what is the same for all blocks */
static void
know_columns(SealedScan *scan)
{
	if (scan->types_desc != scan->desc)
	{
		scan->types = MemoryContextAllocZero(scan->context, sizeof(ColumnType) * (scan->desc->natts + 1));
		scan->wanted = MemoryContextAlloc(scan->context, sizeof(int) * (scan->desc->natts + 1));
		scan->types_desc = scan->desc;
		scan->wanted_known = false;
	}
	if (scan->wanted_known)
		return;
	scan->nwanted = 0;
	for (int a = 0; a < scan->desc->natts; a++)
		if (!TupleDescAttr(scan->desc, a)->attisdropped &&
			(scan->all_columns || bms_is_member(a + 1, scan->needed)))
		{
			if (!OidIsValid(scan->types[a].type))
				column_type_init(&scan->types[a], TupleDescAttr(scan->desc, a));
			if (scan->shown == NULL || bms_is_member(a + 1, scan->shown))
				scan->wanted[scan->nwanted++] = a;
		}
	scan->wanted_known = true;
}

static void
open_segment(SealedScan *scan, ScanDirection direction)
{
	know_columns(scan);
	MemoryContextReset(scan->block_context);
	MemoryContextReset(scan->segment_context);
	segment_reader_open(&scan->reader, scan->rel, &scan->store, entry_at(scan, scan->segment), scan->segment_context);
	scan->reader.desc = scan->desc;
	scan->reader.types = scan->types;
	scan->blocks_out = scan->dead_bitmaps = scan->segment_dead = NULL;
	scan->asked_whole = 0;
	if (scan->any_state)
	{
		MemoryContext old = MemoryContextSwitchTo(scan->segment_context);

		scan->dead_bitmaps = state_read_dead_bitmaps(&scan->store, scan->snapshot, scan->reader.entry);
		MemoryContextSwitchTo(old);
	}
	scan->block = ScanDirectionIsBackward(direction) ? scan->reader.header->nblocks : -1;
	scan->segment_open = true;
	scan->segments_read++;
}

int
sealed_scan_block_rows(SealedScan *scan)
{
	return scan->reader.header->first_row[scan->block + 1] - scan->reader.header->first_row[scan->block];
}

/* room for a column of the open block, from 0; its nulls are in place then */
static Datum *
make_room(SealedScan *scan, int column)
{
	int			rows = sealed_scan_block_rows(scan);

	if (scan->hands_over)
	{
		if (scan->points[column] == NULL)
			scan->nulls[column] = MemoryContextAlloc(scan->block_context, sizeof(bool) * rows);
		return MemoryContextAlloc(scan->block_context, sizeof(Datum) * rows);
	}
	if (scan->value_room[column] == NULL)
	{
		scan->value_room[column] = MemoryContextAlloc(scan->context, sizeof(Datum) * BLOCK_MAX_ROWS);
		scan->null_room[column] = MemoryContextAlloc(scan->context, sizeof(bool) * BLOCK_MAX_ROWS);
	}
	scan->nulls[column] = scan->null_room[column];
	return scan->value_room[column];
}

/*
 * A column of the open block, from 0, into values and nulls, unless it is there.
 * Of points that are coordinates already, only rows that are left are built.
 */
void
sealed_scan_decode(SealedScan *scan, int column)
{
	Datum	   *values;
	BlockLine	line;
	MemoryContext old;

	if (scan->values[column])
		return;
	values = make_room(scan, column);
	old = MemoryContextSwitchTo(scan->block_context);
	if (scan->points[column])
		column_build_points(scan->points[column], scan->nulls[column], scan->lent ? NULL : scan->dead,
							sealed_scan_block_rows(scan), values);
	else if (segment_block_line(&scan->reader, scan->block, column + 1, &line))
	{
		block_line_fill(&line, values);
		memset(scan->nulls[column], false, line.rows);
	}
	else
		segment_read_column(&scan->reader, scan->block, column + 1, values, scan->nulls[column]);
	scan->values[column] = values;
	MemoryContextSwitchTo(old);
}

/* the same as coordinates, where it is points that share all else; else NULL.  They say nothing at nulls. */
const ColumnPoints *
sealed_scan_points(SealedScan *scan, int column)
{
	MemoryContext old;
	ColumnPoints points;

	if (scan->points[column] || scan->values[column])
		return scan->points[column];
	make_room(scan, column);
	old = MemoryContextSwitchTo(scan->block_context);
	if (segment_read_points(&scan->reader, scan->block, column + 1, &points, scan->nulls[column]))
	{
		scan->points[column] = palloc(sizeof points);
		*scan->points[column] = points;
	}
	MemoryContextSwitchTo(old);
	return scan->points[column];
}

/* of all rows, whatever is decoded of them */
const bool *
sealed_scan_nulls(SealedScan *scan, int column)
{
	if (scan->points[column] == NULL)
		sealed_scan_decode(scan, column);
	return scan->nulls[column];
}

static void
forget_columns(SealedScan *scan)
{
	memset(scan->values, 0, sizeof(Datum *) * scan->desc->natts);
	memset(scan->points, 0, sizeof(ColumnPoints *) * scan->desc->natts);
	scan->dead = NULL;
}

/* all columns that were asked for */
void
sealed_scan_show(SealedScan *scan)
{
	if (scan->block_shown)
		return;
	for (int i = 0; i < scan->nwanted; i++)
		sealed_scan_decode(scan, scan->wanted[i]);
	scan->block_shown = true;
}

/* the memory of the open block becomes the caller's, and the block is left */
MemoryContext
sealed_scan_hand_over(SealedScan *scan, MemoryContext parent)
{
	MemoryContext context = scan->block_context;

	MemoryContextSetParent(context, parent);
	scan->block_context = AllocSetContextCreate(scan->context, "territory block", ALLOCSET_DEFAULT_SIZES);
	forget_columns(scan);
	scan->block_open = false;
	return context;
}

/* the flags of the open block, to be written to */
uint8 *
sealed_scan_dead(SealedScan *scan)
{
	if (scan->dead == NULL)
		scan->dead = MemoryContextAllocZero(scan->block_context, sealed_scan_block_rows(scan));
	return scan->dead;
}

static int
pass_over_dead(SealedScan *scan, int rows)
{
	uint8	   *dead = state_read_dead_rows(&scan->store, scan->snapshot, scan->reader.entry, scan->dead_bitmaps,
											scan->reader.header->first_row[scan->block], rows);

	if (dead == NULL)
		return scan->dead ? key_mask_left(scan->dead, rows) : rows;
	if (scan->dead == NULL)
		scan->dead = dead;
	else
		for (int i = 0; i < rows; i++)
			scan->dead[i] |= dead[i];
	return sealed_scan_left(scan);
}

/*
 * Columns that keys and the filter speak of are decoded first.  Where they leave
 * no row, or none that is alive, no other is.
 */
static void
open_block(SealedScan *scan, ScanDirection direction)
{
	int			rows = sealed_scan_block_rows(scan);
	int			left = rows;
	MemoryContext old;

	MemoryContextReset(scan->block_context);
	old = MemoryContextSwitchTo(scan->block_context);
	forget_columns(scan);
	scan->first_left = 0;
	scan->end_left = rows;
	scan->block_shown = false;
	for (int k = 0; scan->filter == NULL && k < scan->nkeys && left > 0; k++)
		if (scan->all_columns || bms_is_member(scan->keys[k].attno, scan->needed))
			left = sealed_scan_pass_key(scan, &scan->keys[k], NULL);
	if (scan->cut && left > 0)
		left = sealed_scan_pass_key(scan, scan->cut, NULL);
	if (scan->any_state && left > 0)
		left = pass_over_dead(scan, rows);
	if (scan->filter && left > 0)
		left = scan->filter(scan, scan->filter_arg);
	if (left == 0 && scan->dead == NULL)
		memset(sealed_scan_dead(scan), true, rows);
	if (left > 0 && !scan->late)
		sealed_scan_show(scan);
	MemoryContextSwitchTo(old);
	scan->row = ScanDirectionIsBackward(direction) ? rows : -1;
	scan->block_open = true;
	scan->blocks_read++;
}

/* move to the next segment that may hold rows, which is not opened; false at the end */
static bool
advance_segment(SealedScan *scan, ScanDirection direction)
{
	for (;;)
	{
		CHECK_FOR_INTERRUPTS();
		if (scan->shared)
		{
			uint32		mine = pg_atomic_fetch_add_u32(scan->shared, 1);	/* Min() would take two */

			scan->segment = Min(mine, (uint32) scan->directory->nsegments);
		}
		else if (ScanDirectionIsBackward(direction))
			scan->segment = Max(scan->segment - 1, -1);
		else
			scan->segment = Min(scan->segment + 1, scan->directory->nsegments);
		if (scan->segment < 0 || scan->segment >= scan->directory->nsegments)
			return false;
		if (scan->directory_whole && scan->excluded[scan->segment])
			continue;
		if (scan->directory_snapshot != scan->snapshot && !is_settled(scan))
			continue;
		return true;
	}
}

/* blocks of the open segment that the keys exclude, in flags */
const uint8 *
sealed_scan_blocks_out(SealedScan *scan)
{
	if (scan->blocks_out == NULL)
	{
		scan->blocks_out = MemoryContextAlloc(scan->segment_context, scan->reader.header->nblocks);
		segment_exclude_blocks(&scan->reader, scan->keys, scan->nkeys, scan->blocks_out);
	}
	return scan->blocks_out;
}

/* has the block no row of a part of interest? */
static bool
parts_exclude(SealedScan *scan, int block)
{
	uint16	   *parts = scan->directory->parts;
	int			first = scan->reader.header->first_row[block] / TID_BLOCK_ROWS;
	int			last = (scan->reader.header->first_row[block + 1] - 1) / TID_BLOCK_ROWS;

	if (parts == NULL)
		return false;
	for (int p = first; p <= last; p++)
		if (parts[scan->segment] & 1 << p)
			return false;
	return true;
}

/* move to the next block of the open segment that may hold rows, which is not decoded */
static bool
advance_block(SealedScan *scan, ScanDirection direction)
{
	int			step = ScanDirectionIsBackward(direction) ? -1 : 1;
	const uint8 *out = sealed_scan_blocks_out(scan);

	for (;;)
	{
		scan->block += step;
		if (scan->block < 0 || scan->block >= scan->reader.header->nblocks)
			return false;
		if (!out[scan->block] && !parts_exclude(scan, scan->block))
			return true;
		scan->blocks_pruned++;
	}
}

static bool
previous_in_block(SealedScan *scan)
{
	for (scan->row = Min(scan->row, scan->end_left) - 1; scan->row >= scan->first_left; scan->row--)
		if (scan->dead == NULL || !scan->dead[scan->row])
			return true;
	return false;
}

bool
sealed_scan_next(SealedScan *scan, ScanDirection direction)
{
	int			step = ScanDirectionIsBackward(direction) ? -1 : 1;

	for (;;)
	{
		if (scan->block_open)
		{
			if (step > 0 ? sealed_scan_next_in_block(scan) : previous_in_block(scan))
				return true;
			scan->block_open = false;
		}
		if (scan->segment_open)
		{
			if (advance_block(scan, direction))
			{
				open_block(scan, direction);
				continue;
			}
			scan->segment_open = false;
		}
		if (!advance_segment(scan, direction))
			return false;
		open_segment(scan, direction);
	}
}

/* ---- for callers that choose the segments, or the blocks, themselves ---- */

/* the entry of the next segment, which is not read; it lives until the next call.  NULL at the end. */
SegmentEntry *
sealed_scan_next_segment(SealedScan *scan)
{
	scan->segment_open = scan->block_open = false;
	MemoryContextReset(scan->segment_context);
	return advance_segment(scan, ForwardScanDirection) ? entry_at(scan, scan->segment) : NULL;
}

/* is every row of that segment alive for the snapshot? */
bool
sealed_scan_segment_whole(SealedScan *scan, SegmentEntry *entry)
{
	MemoryContext old;
	bool		whole;

	if (!scan->any_state)
		return true;
	old = MemoryContextSwitchTo(scan->segment_context);
	whole = state_read_dead(&scan->store, scan->snapshot, entry) == NULL;
	MemoryContextSwitchTo(old);
	return whole;
}

/* before the first block of that segment */
void
sealed_scan_open_segment(SealedScan *scan)
{
	open_segment(scan, ForwardScanDirection);
}

/* the next block of the open segment, which is not decoded */
bool
sealed_scan_next_block(SealedScan *scan)
{
	return advance_block(scan, ForwardScanDirection);
}

/* is every row of that block alive for the snapshot?  Who asks of several blocks of a segment asks of most. */
bool
sealed_scan_block_whole(SealedScan *scan)
{
	int			rows = sealed_scan_block_rows(scan);
	int			first = scan->reader.header->first_row[scan->block];
	SegmentEntry *entry = scan->reader.entry;
	MemoryContext old;
	uint8	   *dead = NULL;

	if (!scan->any_state)
		return true;
	old = MemoryContextSwitchTo(scan->segment_context);
	if (scan->asked_whole == 0)
		dead = state_read_dead_rows(&scan->store, scan->snapshot, entry, scan->dead_bitmaps, first, rows);
	else if (scan->asked_whole == 1)
		scan->segment_dead = state_read_dead_rows(&scan->store, scan->snapshot, entry, scan->dead_bitmaps, 0, entry->rows);
	if (scan->asked_whole > 0 && scan->segment_dead)
		dead = scan->segment_dead + first;
	scan->asked_whole++;
	MemoryContextSwitchTo(old);
	return dead == NULL || memchr(dead, true, rows) == NULL;
}

/* before the first row of that block */
void
sealed_scan_open_block(SealedScan *scan)
{
	open_block(scan, ForwardScanDirection);
}

/* stand before the first row of these segments, whose entries must outlive the scan */
void
sealed_scan_take(SealedScan *scan, SegmentEntry **entries, int n)
{
	MemoryContext old;

	Assert(n <= DIRECTORY_KEPT);
	MemoryContextReset(scan->directory_context);
	old = MemoryContextSwitchTo(scan->directory_context);
	scan->directory = palloc0(sizeof(Directory));
	scan->directory->context = scan->directory_context;
	scan->directory->nsegments = n;
	scan->directory->entries = entries;
	scan->directory->numbers = palloc(sizeof(SegmentNumber) * n);
	for (int s = 0; s < n; s++)
		scan->directory->numbers[s] = entries[s]->number;
	MemoryContextSwitchTo(old);
	sealed_scan_restart(scan, ForwardScanDirection);
}

/* open a segment by its place in the directory */
void
sealed_scan_seek_segment(SealedScan *scan, int segment)
{
	scan->segment = segment;
	open_segment(scan, ForwardScanDirection);
}

/* stand before the first row of a block */
void
sealed_scan_seek_block(SealedScan *scan, int segment, int block)
{
	CHECK_FOR_INTERRUPTS();
	if (!scan->segment_open || scan->segment != segment)
	{
		scan->segment = segment;
		open_segment(scan, ForwardScanDirection);
		scan->segments_read--;	/* a second time */
	}
	scan->block = block;
	open_block(scan, ForwardScanDirection);
}

bool
sealed_scan_next_in_block(SealedScan *scan)
{
	int			end = scan->end_left;
	const uint8 *next;

	scan->row = Max(scan->row + 1, scan->first_left);
	if (scan->dead == NULL || scan->row >= end)
		return scan->row < end;
	next = memchr(scan->dead + scan->row, false, end - scan->row);
	scan->row = next ? next - scan->dead : end;
	return next != NULL;
}

/* 0, 1, 2 ...: the rows of a block that has lost none, made once a backend */
static const int *
all_rows(void)
{
	static int	rows[BLOCK_MAX_ROWS];

	if (rows[BLOCK_MAX_ROWS - 1] == 0)
		for (int i = 0; i < BLOCK_MAX_ROWS; i++)
			rows[i] = i;
	return rows;
}

/* all rows of the open block that are of interest; how many */
int
sealed_scan_rows(SealedScan *scan, int *rows)
{
	int			all = sealed_scan_block_rows(scan);
	int			n = 0;

	if (scan->dead == NULL)
	{
		memcpy(rows, all_rows(), sizeof(int) * all);
		return all;
	}
	all = scan->end_left;
	for (int i = scan->first_left; i < all;)
	{
		uint64		eight = 0;

		if (i + 8 <= all)
			memcpy(&eight, scan->dead + i, sizeof eight);
		if (eight == UINT64CONST(0x0101010101010101))
		{
			i += 8;
			continue;
		}
		for (int end = Min(i + 8, all); i < end; i++)
		{
			rows[n] = i;
			n += !scan->dead[i];
		}
	}
	return n;
}

void
sealed_scan_tid(SealedScan *scan, ItemPointer tid)
{
	tid_set_sealed(tid, scan->reader.entry->number,
				   scan->reader.header->first_row[scan->block] + scan->row);
}

/* the current row; columns that were not asked for come as nulls */
void
sealed_scan_row(SealedScan *scan, Datum *values, bool *nulls)
{
	int			row = scan->row;

	sealed_scan_show(scan);
	memset(nulls, true, sizeof(bool) * scan->desc->natts);
	for (int i = 0; i < scan->nwanted; i++)
	{
		int			a = scan->wanted[i];

		nulls[a] = scan->nulls[a][row];
		values[a] = nulls[a] ? (Datum) 0 : scan->values[a][row];
	}
}

/* the current row as a heap tuple in the current memory context */
HeapTuple
sealed_scan_tuple(SealedScan *scan)
{
	int			natts = scan->desc->natts;
	Datum	   *values = palloc(sizeof(Datum) * (natts + 1));
	bool	   *nulls = palloc(sizeof(bool) * (natts + 1));
	ItemPointerData tid;
	HeapTuple	tuple;

	sealed_scan_row(scan, values, nulls);
	sealed_scan_tid(scan, &tid);
	tuple = sealed_form_tuple(scan->rel, scan->desc, values, nulls, &tid);
	pfree(values);
	pfree(nulls);
	return tuple;
}

/* an upper bound of what is sealed */
void
sealed_totals(Relation rel, Snapshot snapshot, DirectoryTotals *totals)
{
	ChunkStore	store;

	memset(totals, 0, sizeof *totals);
	if (!chunk_store_open(rel, AccessShareLock, &store))
		return;
	directory_totals(&store, snapshot, totals);
	chunk_store_close(&store, AccessShareLock);
}
