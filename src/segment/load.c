/*
 * load.c
 *	  Rows straight into segments, without ever being heap tuples.
 *
 * Rows are gathered in a tuplesort bounded by maintenance_work_mem, in the
 * layout's order, and written when the load ends.  Nobody else can see the
 * table's new rows before that: the caller rewrites a table that only it has.
 */
#include "territory.h"

#include "access/xact.h"
#include "catalog/toasting.h"
#include "executor/tuptable.h"
#include "miscadmin.h"

#include "segment/seal.h"
#include "segment/segment.h"

struct SegmentLoad
{
	Relation	rel;
	ChunkStore	store;
	SegmentWriter *writer;
	Tuplesortstate *sort;		/* or NULL: in the order of arrival */
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

/* in the current memory context, which must outlive the load; layout_of is rel, or the table that rel will replace */
SegmentLoad *
segment_load_begin(Relation rel, Relation layout_of)
{
	SegmentLoad *load = palloc0(sizeof(SegmentLoad));
	Layout		layout;

	if (!OidIsValid(rel->rd_rel->reltoastrelid))
	{
		AlterTableCreateToastTable(RelationGetRelid(rel), (Datum) 0, AccessExclusiveLock);
		CommandCounterIncrement();
	}
	layout_read(layout_of, &layout);
	load->rel = rel;
	if (!chunk_store_open(rel, RowExclusiveLock, &load->store))
		elog(ERROR, "territory: \"%s\" has no TOAST relation", RelationGetRelationName(rel));
	load->writer = segment_writer_begin(rel, &load->store, layout.nentity, layout.entity, count_segment,
										&load->result);
	segment_writer_add_keysets(load->writer, layout_of, layout_sorted_by(&layout));
	load->sort = seal_begin_sort(rel, &layout, RelationGetDescr(rel));
	return load;
}

void
segment_load_add(SegmentLoad *load, TupleTableSlot *slot)
{
	if (load->sort)
		tuplesort_puttupleslot(load->sort, slot);
	else
		segment_writer_add(load->writer, slot);
}

void
segment_load_end(SegmentLoad *load, SealResult *result)
{
	if (load->sort)
	{
		TupleTableSlot *slot = MakeSingleTupleTableSlot(RelationGetDescr(load->rel), &TTSOpsMinimalTuple);

		tuplesort_performsort(load->sort);
		while (tuplesort_gettupleslot(load->sort, true, false, slot, NULL))
		{
			CHECK_FOR_INTERRUPTS();
			segment_writer_add(load->writer, slot);
		}
		ExecDropSingleTupleTableSlot(slot);
		tuplesort_end(load->sort);
	}
	segment_writer_end(load->writer);
	chunk_store_close(&load->store, NoLock);
	if (result)
		*result = load->result;
	pfree(load);
}
