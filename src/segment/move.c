/*
 * move.c
 *	  Deleting hot rows that now live in segments, each with a link to where it
 *	  lives on.
 *
 * The link is the deleted tuple's t_ctid, as for an updated tuple, but with the
 * row's sealed TID.  So it lives exactly as long as somebody may need it: who
 * met the hot row, perhaps waiting for the seal to end, goes on with the sealed
 * one.  Heap's code never follows the link: am_modify.c does.
 *
 * Rows are deleted in the order of the heap, a page at a time under one record
 * of generic WAL, which logical decoding passes over: moving a row is no change.
 * A page that the visibility map calls all-visible gets its first row deleted
 * by heap itself, which keeps the map right.
 *
 * Invariant: nothing here waits for another transaction.  A row that somebody
 * is changing or has locked stays hot, and its sealed copy is marked dead.  So
 * do rows of a page that somebody keeps pinned: heap's row locks may be about to
 * read a link there, and must not meet one of ours (see lock_hot()).
 */
#include "territory.h"

#include "access/generic_xlog.h"
#include "access/heapam.h"
#include "access/heaptoast.h"
#include "access/htup_details.h"
#include "access/multixact.h"
#include "access/xact.h"
#include "catalog/pg_operator_d.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "port/pg_bitutils.h"
#include "storage/bufmgr.h"
#include "utils/tuplesort.h"

#include "segment/move.h"
#include "segment/state.h"

#define OFFSET_BITS 11			/* of a heap TID's offset: 32 kB pages hold 1,165 rows */
#define PLACE_BITS 15
#define MIN_BLOCK_BITS 16		/* a small table may grow before its rows are read */
#define MAX_PINNED_PAGES 1024	/* that are tried again */
#define PINNED_ATTEMPTS 20

/*
 * A row is one integer, which sorts as its heap TID does: heap block, offset,
 * ordinal of its segment in this seal, place.
 */
struct MovedRows
{
	Relation	rel;
	Tuplesortstate *sort;
	int			ordinal_bits;
	SegmentNumber first;		/* ordinals count from here; -1: none yet */
};

typedef struct MovedRow
{
	OffsetNumber offset;
	bool		external;		/* has values out of line, to be deleted */
	SegmentNumber segment;
	int			place;
} MovedRow;

MovedRows *
moved_rows_begin(Relation rel, int sort_memory)
{
	MovedRows  *moved = palloc0(sizeof(MovedRows));
	int			block_bits = pg_leftmost_one_pos32(Max(RelationGetNumberOfBlocks(rel), 1)) + 1;

	moved->rel = rel;
	moved->first = -1;
	moved->ordinal_bits = 63 - Max(block_bits, MIN_BLOCK_BITS) - OFFSET_BITS - PLACE_BITS;
	moved->sort = tuplesort_begin_datum(INT8OID, Int8LessOperator, InvalidOid, false, sort_memory, NULL,
										TUPLESORT_NONE);
	return moved;
}

/* segments come in the order of their numbers */
void
moved_rows_add(MovedRows *moved, ItemPointer hot, SegmentNumber segment, int place)
{
	int64		ordinal;
	int64		row = ItemPointerGetBlockNumber(hot);

	if (moved->first < 0)
		moved->first = segment;
	ordinal = segment - moved->first;
	if (ordinal >> moved->ordinal_bits != 0)
		ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
						errmsg("\"%s\" is too large to be sealed at once", RelationGetRelationName(moved->rel)),
						errhint("Seal it in steps, with \"before\" or territory.seal_in_batches().")));
	row = row << OFFSET_BITS | ItemPointerGetOffsetNumber(hot);
	row = row << moved->ordinal_bits | ordinal;
	tuplesort_putdatum(moved->sort, Int64GetDatum(row << PLACE_BITS | place), false);
}

static BlockNumber
unpack(const MovedRows *moved, int64 row, MovedRow *out)
{
	out->external = false;
	out->place = row & ((1 << PLACE_BITS) - 1);
	row >>= PLACE_BITS;
	out->segment = moved->first + (row & ((INT64CONST(1) << moved->ordinal_bits) - 1));
	row >>= moved->ordinal_bits;
	out->offset = row & ((1 << OFFSET_BITS) - 1);
	return row >> OFFSET_BITS;
}

/* NULL where the page has no such tuple */
static HeapTupleHeader
tuple_on_page(Page page, OffsetNumber offset, ItemId *item)
{
	*item = NULL;
	if (offset > PageGetMaxOffsetNumber(page))
		return NULL;
	*item = PageGetItemId(page, offset);
	return ItemIdIsNormal(*item) ? (HeapTupleHeader) PageGetItem(page, *item) : NULL;
}

/* may the tuple be deleted now, without waiting for anybody? */
static bool
is_free(Relation rel, Buffer buffer, BlockNumber block, OffsetNumber offset, CommandId cid)
{
	HeapTupleData tuple;
	ItemId		item;

	tuple.t_data = tuple_on_page(BufferGetPage(buffer), offset, &item);
	if (tuple.t_data == NULL)
		return false;
	tuple.t_len = ItemIdGetLength(item);
	tuple.t_tableOid = RelationGetRelid(rel);
	ItemPointerSet(&tuple.t_self, block, offset);
	return HeapTupleSatisfiesUpdate(&tuple, cid, buffer) == TM_Ok;
}

/* was this tuple deleted by clear_all_visible() just now? */
static bool
is_deleted_by_us(HeapTupleHeader tuple, TransactionId xid, CommandId cid)
{
	return tuple && !(tuple->t_infomask & (HEAP_XMAX_INVALID | HEAP_XMAX_IS_MULTI | HEAP_XMAX_LOCK_ONLY)) &&
		HeapTupleHeaderGetRawXmax(tuple) == xid && HeapTupleHeaderGetCmax(tuple) == cid;
}

/* as heap_delete does to a tuple that nobody else holds, and the link */
static void
mark_moved(HeapTupleHeader tuple, TransactionId xid, CommandId cid, const MovedRow *row)
{
	bool		iscombo;

	if (!is_deleted_by_us(tuple, xid, cid))
	{
		HeapTupleHeaderAdjustCmax(tuple, &cid, &iscombo);
		tuple->t_infomask &= ~(HEAP_XMAX_BITS | HEAP_MOVED);
		tuple->t_infomask2 |= HEAP_KEYS_UPDATED;
		HeapTupleHeaderClearHotUpdated(tuple);
		HeapTupleHeaderSetXmax(tuple, xid);
		HeapTupleHeaderSetCmax(tuple, cid, iscombo);
	}
	tid_set_sealed(&tuple->t_ctid, row->segment, row->place);
}

/*
 * The map is heap's affair: one of its own deletes clears the page's bit, on
 * standbys too.  That row has no link until its page is ours; should that never
 * be, who waits for it is told that it went elsewhere, and tries again.
 */
static void
clear_all_visible(Relation rel, BlockNumber block, const MovedRow *rows, int n, CommandId cid)
{
	char		identity = rel->rd_rel->relreplident;
	ItemPointerData tid;
	TM_FailureData failure;

	PG_TRY();
	{
		/* without an identity a delete is not decoded */
		rel->rd_rel->relreplident = REPLICA_IDENTITY_NOTHING;
		for (int i = 0; i < n; i++)
		{
			ItemPointerSet(&tid, block, rows[i].offset);
			if (heap_delete(rel, &tid, cid, InvalidSnapshot, false, &failure, true) == TM_Ok)
				break;
		}
	}
	PG_FINALLY();
	{
		rel->rd_rel->relreplident = identity;
	}
	PG_END_TRY();
}

static void
delete_toasted_values(Relation rel, BlockNumber block, const MovedRow *rows, int n)
{
	Buffer		buffer = ReadBuffer(rel, block);

	for (int i = 0; i < n; i++)
	{
		HeapTupleData tuple;
		ItemId		item;

		if (!rows[i].external)
			continue;
		tuple.t_data = tuple_on_page(BufferGetPage(buffer), rows[i].offset, &item);
		tuple.t_len = ItemIdGetLength(item);
		tuple.t_tableOid = RelationGetRelid(rel);
		ItemPointerSet(&tuple.t_self, block, rows[i].offset);
		heap_toast_delete(rel, &tuple, false);
	}
	ReleaseBuffer(buffer);
}

/* rows of one page: those that can be deleted into gone, the others come to the front of rows */
static int
sort_out(Relation rel, Buffer buffer, BlockNumber block, MovedRow *rows, int *n, CommandId cid, MovedRow *gone)
{
	int			ngone = 0;
	int			left = 0;

	for (int i = 0; i < *n; i++)
	{
		ItemId		item;
		HeapTupleHeader tuple = tuple_on_page(BufferGetPage(buffer), rows[i].offset, &item);

		if (is_free(rel, buffer, block, rows[i].offset, cid))
		{
			rows[i].external = (tuple->t_infomask & HEAP_HASEXTERNAL) != 0;
			gone[ngone++] = rows[i];
			pgstat_count_heap_delete(rel);
		}
		else if (is_deleted_by_us(tuple, GetCurrentTransactionId(), cid))
			gone[ngone++] = rows[i];	/* heap saw to its values */
		else
			rows[left++] = rows[i];
	}
	*n = left;
	return ngone;
}

/*
 * Delete rows of one page.  Those that were not come to the front of rows, and
 * *n is the number of them.  False where somebody has the page pinned.
 */
static bool
delete_on_page(Relation rel, BlockNumber block, MovedRow *rows, int *n, CommandId cid)
{
	TransactionId xid = GetCurrentTransactionId();
	Buffer		buffer = ReadBuffer(rel, block);
	MovedRow   *gone = palloc(sizeof(MovedRow) * *n);
	int			ngone = 0;
	bool		locked;

	MultiXactIdSetOldestMember();
	locked = ConditionalLockBufferForCleanup(buffer);
	if (locked && PageIsAllVisible(BufferGetPage(buffer)))
	{
		LockBuffer(buffer, BUFFER_LOCK_UNLOCK);
		clear_all_visible(rel, block, rows, *n, cid);
		locked = ConditionalLockBufferForCleanup(buffer);
	}
	/* still all-visible: no row of ours is free */
	if (locked && !PageIsAllVisible(BufferGetPage(buffer)))
		ngone = sort_out(rel, buffer, block, rows, n, cid, gone);
	if (ngone > 0)
	{
		GenericXLogState *state = GenericXLogStart(rel);
		Page		image = GenericXLogRegisterBuffer(state, buffer, 0);
		ItemId		item;

		for (int i = 0; i < ngone; i++)
			mark_moved(tuple_on_page(image, gone[i].offset, &item), xid, cid, &gone[i]);
		PageSetPrunable(image, xid);
		GenericXLogFinish(state);
	}
	if (locked)
		LockBuffer(buffer, BUFFER_LOCK_UNLOCK);
	ReleaseBuffer(buffer);
	delete_toasted_values(rel, block, gone, ngone);
	pfree(gone);
	return locked;
}

/* a page that was pinned when its turn came */
typedef struct PinnedPage
{
	BlockNumber block;
	int			n;
	MovedRow	rows[FLEXIBLE_ARRAY_MEMBER];
} PinnedPage;

/* of one page; the number of rows: one that heap deleted for the map's sake is sealed */
static int64
keep_hot(MovedRows *moved, ChunkStore *store, BlockNumber block, const MovedRow *rows, int n)
{
	Buffer		buffer = ReadBuffer(moved->rel, block);
	bool	   *sealed = palloc(sizeof(bool) * Max(n, 1));
	int64		kept = 0;

	LockBuffer(buffer, BUFFER_LOCK_SHARE);
	for (int i = 0; i < n; i++)
	{
		ItemId		item;
		HeapTupleHeader tuple = tuple_on_page(BufferGetPage(buffer), rows[i].offset, &item);

		sealed[i] = is_deleted_by_us(tuple, GetCurrentTransactionId(), GetCurrentCommandId(true));
	}
	UnlockReleaseBuffer(buffer);
	for (int i = 0; i < n; i++)
	{
		if (sealed[i])
			continue;
		state_insert_dead(store, rows[i].segment, rows[i].place);
		kept++;
	}
	pfree(sealed);
	return kept;
}

/* the number of rows that stay hot so far; a pinned page is added to *pinned */
static int64
finish_page(MovedRows *moved, ChunkStore *store, BlockNumber block, MovedRow *rows, int n, List **pinned)
{
	CHECK_FOR_INTERRUPTS();
	if (n == 0)
		return 0;
	if (!delete_on_page(moved->rel, block, rows, &n, GetCurrentCommandId(true)) &&
		list_length(*pinned) < MAX_PINNED_PAGES)
	{
		PinnedPage *page = palloc(offsetof(PinnedPage, rows) + sizeof(MovedRow) * n);

		page->block = block;
		page->n = n;
		memcpy(page->rows, rows, sizeof(MovedRow) * n);
		*pinned = lappend(*pinned, page);
		return 0;
	}
	return keep_hot(moved, store, block, rows, n);
}

/* pins are short as a rule: try again, for a short time */
static int64
finish_pinned_pages(MovedRows *moved, ChunkStore *store, List *pinned)
{
	int64		kept = 0;
	ListCell   *lc;

	for (int attempt = 1; attempt <= PINNED_ATTEMPTS && pinned != NIL; attempt++)
	{
		pg_usleep(attempt * 1000L);
		foreach(lc, pinned)
		{
			PinnedPage *page = lfirst(lc);

			CHECK_FOR_INTERRUPTS();
			if (!delete_on_page(moved->rel, page->block, page->rows, &page->n, GetCurrentCommandId(true)))
				continue;
			kept += keep_hot(moved, store, page->block, page->rows, page->n);
			pinned = foreach_delete_current(pinned, lc);
		}
	}
	foreach(lc, pinned)
	{
		PinnedPage *page = lfirst(lc);

		kept += keep_hot(moved, store, page->block, page->rows, page->n);
	}
	return kept;
}

/* the number of rows that stay hot */
int64
moved_rows_delete(MovedRows *moved, ChunkStore *store)
{
	MovedRow   *rows = palloc(sizeof(MovedRow) << OFFSET_BITS);
	BlockNumber block = InvalidBlockNumber;
	List	   *pinned = NIL;
	int			n = 0;
	int64		kept = 0;
	Datum		value;
	bool		isnull;

	tuplesort_performsort(moved->sort);
	while (tuplesort_next_datum(moved->sort, &value, &isnull))
	{
		MovedRow	row;
		BlockNumber its = unpack(moved, DatumGetInt64(value), &row);

		if (its != block)
		{
			kept += finish_page(moved, store, block, rows, n, &pinned);
			block = its;
			n = 0;
		}
		rows[n++] = row;
	}
	kept += finish_page(moved, store, block, rows, n, &pinned);
	kept += finish_pinned_pages(moved, store, pinned);
	pfree(rows);
	return kept;
}

void
moved_rows_end(MovedRows *moved)
{
	tuplesort_end(moved->sort);
	pfree(moved);
}
