/*
 * load.c
 *	  Rows straight into segments, without ever being heap tuples.
 *
 * Rows are gathered in the layout's order in a sort that is bounded by the
 * memory it was given, and written when the load ends, so that a load that
 * waits costs a table no more than that.  Until then nobody sees a row of it:
 * who rewrites a table has it for himself, who adds to one sees to the locks.
 */
#include "territory.h"

#include "access/xact.h"
#include "catalog/toasting.h"
#include "executor/tuptable.h"
#include "miscadmin.h"
#include "utils/tuplestore.h"

#include "segment/keyset.h"
#include "segment/row_sort.h"
#include "segment/seal.h"
#include "segment/segment.h"

struct SegmentLoad
{
	Relation	rel;
	ChunkStore	store;
	Layout		layout;
	KeySetBuild *keysets;
	RowSort    *sort;			/* or NULL: in the order of arrival */
	Tuplestorestate *arrived;
	SealResult	result;
};

static void
count_segment(SegmentEntry *entry, void *arg)
{
	SealResult *result = arg;

	result->rows += entry->rows;
	result->segments++;
	result->heap_bytes += entry->heap_bytes;
	result->sealed_bytes += entry->data_len;
}

/*
 * In the current memory context, which must outlive the load; layout_of is
 * rel, or the table that rel will replace.  Memory is in kB.
 */
SegmentLoad *
segment_load_begin(Relation rel, Relation layout_of, int memory)
{
	SegmentLoad *load = palloc0(sizeof(SegmentLoad));

	if (!OidIsValid(rel->rd_rel->reltoastrelid))
	{
		AlterTableCreateToastTable(RelationGetRelid(rel), (Datum) 0, AccessExclusiveLock);
		CommandCounterIncrement();
	}
	layout_read(layout_of, &load->layout);
	load->rel = rel;
	if (!chunk_store_open(rel, RowExclusiveLock, &load->store))
		elog(ERROR, "territory: \"%s\" has no TOAST relation", RelationGetRelationName(rel));
	load->keysets = keyset_build_begin(rel, layout_of, &load->store, layout_sorted_by(&load->layout));
	load->sort = row_sort_begin(RelationGetDescr(rel), &load->layout, memory);
	if (load->sort == NULL)
		load->arrived = tuplestore_begin_heap(false, false, memory);
	return load;
}

const Layout *
segment_load_layout(SegmentLoad *load)
{
	return &load->layout;
}

void
segment_load_add(SegmentLoad *load, TupleTableSlot *slot)
{
	if (load->sort)
		row_sort_add(load->sort, slot, NULL);
	else
		tuplestore_puttupleslot(load->arrived, slot);
}

static bool
next_row(SegmentLoad *load, TupleTableSlot *slot)
{
	CHECK_FOR_INTERRUPTS();
	return load->sort ? row_sort_next(load->sort, slot, NULL) :
		tuplestore_gettupleslot(load->arrived, true, false, slot);
}

/* each row is shown to check, which may be NULL, before it is written */
void
segment_load_end(SegmentLoad *load, SegmentLoadCheck check, void *arg, SealResult *result)
{
	TupleTableSlot *slot = MakeSingleTupleTableSlot(RelationGetDescr(load->rel),
													load->sort ? &TTSOpsVirtual : &TTSOpsMinimalTuple);
	SegmentWriter *writer = segment_writer_begin(load->rel, &load->store, &load->layout, count_segment, &load->result);

	segment_writer_set_keysets(writer, load->keysets);
	if (load->sort)
		row_sort_perform(load->sort);
	while (next_row(load, slot))
	{
		if (check)
			check(slot, arg);
		segment_writer_add(writer, slot);
	}
	segment_writer_end(writer);
	ExecDropSingleTupleTableSlot(slot);
	if (load->sort)
		row_sort_end(load->sort);
	else
		tuplestore_end(load->arrived);
	chunk_store_close(&load->store, NoLock);
	if (result)
		*result = load->result;
	pfree(load);
}
