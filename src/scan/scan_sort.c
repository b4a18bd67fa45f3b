/*
 * scan_sort.c
 *	  Rows of a TerritoryScan through a tuplesort, by its sort keys.
 *
 * A sorted tuple is the sort keys, the TID and the columns that anybody reads,
 * in this order.  It keeps to work_mem and spills.
 */
#include "territory.h"

#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/memutils.h"

#include "scan/scan_sort.h"

struct ScanSorter
{
	TerritoryScanState *state;
	MemoryContext context;
	int			nneeded;
	AttrNumber *needed;
	Tuplesortstate *sort;
	TupleTableSlot *in;
	TupleTableSlot *out;
};

static TupleDesc
sort_descriptor(ScanSorter *sorter)
{
	TerritoryScanState *state = sorter->state;
	TupleDesc	table = RelationGetDescr(state->custom.ss.ss_currentRelation);
	TupleDesc	desc = CreateTemplateTupleDesc(state->nsorts + 1 + sorter->nneeded);

	for (int i = 0; i < state->nsorts; i++)
		TupleDescInitEntry(desc, i + 1, NULL, state->sorts[i].type, -1, 0);
	TupleDescInitEntry(desc, state->nsorts + 1, NULL, TIDOID, -1, 0);
	for (int i = 0; i < sorter->nneeded; i++)
		TupleDescCopyEntry(desc, state->nsorts + 2 + i, table, sorter->needed[i]);
	return desc;
}

ScanSorter *
scan_sorter_begin(TerritoryScanState *state)
{
	MemoryContext context = AllocSetContextCreate(state->custom.ss.ps.state->es_query_cxt, "territory sort",
												  ALLOCSET_SMALL_SIZES);
	MemoryContext old = MemoryContextSwitchTo(context);
	ScanSorter *sorter = palloc0(sizeof(ScanSorter));
	AttrNumber *columns = palloc(sizeof(AttrNumber) * state->nsorts);
	Oid		   *operators = palloc(sizeof(Oid) * state->nsorts);
	Oid		   *collations = palloc(sizeof(Oid) * state->nsorts);
	bool	   *nulls_first = palloc(sizeof(bool) * state->nsorts);
	int			member = -1;
	TupleDesc	desc;

	sorter->state = state;
	sorter->context = context;
	sorter->needed = palloc(sizeof(AttrNumber) * (bms_num_members(state->needed) + 1));
	while ((member = bms_next_member(state->needed, member)) >= 0)
		sorter->needed[sorter->nneeded++] = member;
	for (int i = 0; i < state->nsorts; i++)
	{
		columns[i] = i + 1;
		operators[i] = state->sorts[i].operator;
		collations[i] = state->sorts[i].support.ssup_collation;
		nulls_first[i] = state->sorts[i].support.ssup_nulls_first;
	}
	desc = sort_descriptor(sorter);
	sorter->sort = tuplesort_begin_heap(desc, state->nsorts, columns, operators, collations, nulls_first, work_mem,
										NULL, TUPLESORT_NONE);
	sorter->in = MakeSingleTupleTableSlot(desc, &TTSOpsVirtual);
	sorter->out = MakeSingleTupleTableSlot(desc, &TTSOpsMinimalTuple);
	MemoryContextSwitchTo(old);
	return sorter;
}

/* row: by attribute of the table */
void
scan_sorter_put(ScanSorter *sorter, const Datum *keys, const bool *key_nulls, const Datum *row,
				const bool *row_nulls, ItemPointer tid)
{
	TupleTableSlot *slot = sorter->in;
	int			n = sorter->state->nsorts;

	ExecClearTuple(slot);
	memcpy(slot->tts_values, keys, sizeof(Datum) * n);
	memcpy(slot->tts_isnull, key_nulls, sizeof(bool) * n);
	slot->tts_values[n] = PointerGetDatum(tid);
	slot->tts_isnull[n] = false;
	for (int i = 0; i < sorter->nneeded; i++)
	{
		slot->tts_values[n + 1 + i] = row[sorter->needed[i] - 1];
		slot->tts_isnull[n + 1 + i] = row_nulls[sorter->needed[i] - 1];
	}
	ExecStoreVirtualTuple(slot);
	tuplesort_puttupleslot(sorter->sort, slot);
}

void
scan_sorter_perform(ScanSorter *sorter)
{
	tuplesort_performsort(sorter->sort);
}

/* into a virtual slot of the table's columns; lives until the next call */
bool
scan_sorter_next(ScanSorter *sorter, TupleTableSlot *slot, Datum *keys, bool *key_nulls)
{
	TupleTableSlot *out = sorter->out;
	int			n = sorter->state->nsorts;

	if (!tuplesort_gettupleslot(sorter->sort, true, false, out, NULL))
		return false;
	slot_getallattrs(out);
	ExecClearTuple(slot);
	memset(slot->tts_isnull, true, slot->tts_tupleDescriptor->natts * sizeof(bool));
	for (int i = 0; i < sorter->nneeded; i++)
	{
		slot->tts_values[sorter->needed[i] - 1] = out->tts_values[n + 1 + i];
		slot->tts_isnull[sorter->needed[i] - 1] = out->tts_isnull[n + 1 + i];
	}
	ExecStoreVirtualTuple(slot);
	slot->tts_tid = *(ItemPointer) DatumGetPointer(out->tts_values[n]);
	slot->tts_tableOid = RelationGetRelid(sorter->state->custom.ss.ss_currentRelation);
	memcpy(keys, out->tts_values, sizeof(Datum) * n);
	memcpy(key_nulls, out->tts_isnull, sizeof(bool) * n);
	return true;
}

void
scan_sorter_end(ScanSorter *sorter)
{
	ExecDropSingleTupleTableSlot(sorter->in);
	ExecDropSingleTupleTableSlot(sorter->out);
	tuplesort_end(sorter->sort);
	MemoryContextDelete(sorter->context);
}
