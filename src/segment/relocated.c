/*
 * relocated.c
 *	  Where the rows of a segment went that is no more.
 *
 * Unseal and compact take all rows of a segment elsewhere and remove it.  Who
 * knows such a row by its old TID, because a snapshot showed it there, finds
 * the new one in a list by place: vectors of 512 TIDs, each a 64-bit integer
 * (block << 16 | offset, 0 where the row was deleted).  Where the row had been
 * updated, it is the TID of its next version, and bit 48 says so.  A vector is a
 * chunk under the segment's "moved" keys: two bytes for the number of rows, then
 * a stream of integers.
 *
 * Invariant: the list is there as long as a snapshot may show the segment, and
 * the segment's number does not come back before the list is gone.
 */
#include "territory.h"

#include "access/htup_details.h"
#include "access/transam.h"
#include "access/xact.h"
#include "storage/procarray.h"
#include "utils/fmgroids.h"
#include "utils/snapmgr.h"

#include "codec/codec.h"
#include "segment/state.h"

#define VECTOR_ROWS 512
#define UPDATED_BIT (INT64CONST(1) << 48)

static int64
tid_number(const ItemPointerData *tid)
{
	return (int64) ItemPointerGetBlockNumberNoCheck(tid) << 16 | ItemPointerGetOffsetNumberNoCheck(tid);
}

/* of a row that did not come along: dead, but maybe as another version */
static int64
dead_row_number(const StateEntry *entry)
{
	if (!entry->dead || entry->moved == MOVED_NOT)
		return 0;
	return tid_number(&entry->forward) | (entry->moved == MOVED_UNCHANGED ? 0 : UPDATED_BIT);
}

/* tids[place], invalid where the row was dead; n is the segment's rows, whose states are still there */
void
relocated_write(ChunkStore *store, SegmentNumber segment, const ItemPointerData *tids, int n)
{
	size_t		bound = codec_int64_bound(VECTOR_ROWS);
	char	   *bytes = palloc(sizeof(uint16) + bound);
	StateEntry *states = state_read_entries(store, segment, n);

	for (int first = 0; first < n; first += VECTOR_ROWS)
	{
		int64_t		vector[VECTOR_ROWS];
		uint16		count = Min(VECTOR_ROWS, n - first);
		size_t		len;

		for (int i = 0; i < count; i++)
		{
			const ItemPointerData *tid = &tids[first + i];

			vector[i] = ItemPointerIsValid(tid) ? tid_number(tid) : dead_row_number(&states[first + i]);
		}
		memcpy(bytes, &count, sizeof count);
		len = codec_int64_encode(vector, count, (uint8_t *) bytes + sizeof count, bound);
		chunk_insert(store, chunk_moved_key(segment, first / VECTOR_ROWS), bytes, sizeof count + len, 0, NULL);
	}
	pfree(states);
	pfree(bytes);
}

static bool
decode_vector(const char *bytes, int len, int64_t *vector)
{
	uint16		count;

	if (len < (int) sizeof count)
		return false;
	memcpy(&count, bytes, sizeof count);
	return count <= VECTOR_ROWS &&
		codec_int64_decode((const uint8_t *) bytes + sizeof count, len - sizeof count, count, vector) == CODEC_OK;
}

/* false where nothing is known of it; *now may be tid; *updated: that is its next version */
bool
relocated_find(ChunkStore *store, ItemPointer tid, ItemPointer now, bool *updated)
{
	int			place = tid_place(tid);
	ChunkKey	key = chunk_moved_key(tid_segment(tid), place / VECTOR_ROWS);
	int64_t		vector[VECTOR_ROWS] = {0};
	int64_t		value;
	ChunkScan	scan;
	HeapTuple	tuple;

	chunk_scan_begin(&scan, store, SnapshotSelf, key.id, key.seq, key.seq);
	if ((tuple = chunk_scan_next(&scan, ForwardScanDirection)) != NULL)
	{
		int			len;
		const char *bytes = chunk_bytes(store, tuple, &len);

		if (!decode_vector(bytes, len, vector))
			ereport(ERROR, (errcode(ERRCODE_DATA_CORRUPTED),
							errmsg("the list of rows that left segment %d of \"%s\" is damaged", tid_segment(tid),
								   RelationGetRelationName(store->toast))));
	}
	chunk_scan_end(&scan);
	value = vector[place % VECTOR_ROWS];
	if (value == 0)
		return false;
	*updated = (value & UPDATED_BIT) != 0;
	ItemPointerSet(now, (BlockNumber) (value >> 16 & 0xffffffff), (OffsetNumber) (value & 0xffff));
	return true;
}

/* remove the lists that no snapshot needs any more */
void
relocated_forget_old(Relation rel, ChunkStore *store)
{
	TransactionId oldest = GetOldestNonRemovableTransactionId(rel);
	ScanKeyData keys[2];
	IndexScanDesc scan;
	TupleTableSlot *slot = table_slot_create(store->toast, NULL);

	ScanKeyInit(&keys[0], 1, BTGreaterEqualStrategyNumber, F_OIDGE, ObjectIdGetDatum(CHUNK_MOVED_FIRST));
	ScanKeyInit(&keys[1], 1, BTLessStrategyNumber, F_OIDLT, ObjectIdGetDatum(CHUNK_RESERVED_END));
	scan = compat_index_beginscan(store->toast, store->index, SnapshotSelf, 2);
	index_rescan(scan, keys, 2, NULL, 0);
	while (index_getnext_slot(scan, ForwardScanDirection, slot))
	{
		TransactionId xmin = HeapTupleHeaderGetXmin(((BufferHeapTupleTableSlot *) slot)->base.tuple->t_data);

		if (!TransactionIdIsNormal(xmin) || TransactionIdPrecedes(xmin, oldest))
			chunk_delete(store, &slot->tts_tid);
	}
	index_endscan(scan);
	ExecDropSingleTupleTableSlot(slot);
}
