/*
 * status.c
 *	  What a table holds, hot and sealed: segments() and what table_status shows.
 *
 * Times of a segment come from its zone maps, entities from the first and the
 * last of its rows, which are sorted by the layout that they were sealed with.
 * Who reads under row-level security is told neither.
 */
#include "territory.h"

#include "access/heapam.h"
#include "access/table.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "storage/bufmgr.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rls.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "segment/layout.h"
#include "segment/seal.h"
#include "segment/sealed_scan.h"
#include "segment/table.h"

#define HOT_PAGES_READ 1000		/* to count hot rows; where there are more, they are estimated from so many */

/* ---- segments() ---- */

#define SEGMENTS_COLUMNS 11

typedef struct Described
{
	Relation	rel;
	SealedScan *scan;
	bool		ranges;			/* the caller may see values */
	AttrNumber	time;
	Oid			time_type;
} Described;

static int
dead_rows(SealedScan *scan, SegmentEntry *entry)
{
	return scan->any_state ? state_count_dead(&scan->store, scan->snapshot, entry) : 0;
}

static Datum
time_of_key(Described *described, int64 key)
{
	if (described->time_type == DATEOID)
		return TimestampTzGetDatum(seal_time(DATEOID, DateADTGetDatum((DateADT) key)));
	return TimestampTzGetDatum(seal_time(described->time_type, Int64GetDatum(key)));
}

/* from and to, or nulls */
static void
time_range(Described *described, const SegmentEntry *entry, Datum *values, bool *nulls)
{
	nulls[0] = nulls[1] = true;
	for (int z = 0; z < entry->nzones && described->time != InvalidAttrNumber; z++)
	{
		const ZoneMap *zone = &entry->zones[z];

		if (zone->attno != described->time || zone->kind != ZONE_INTEGER || !zone->has_values)
			continue;
		values[0] = time_of_key(described, zone->min);
		values[1] = time_of_key(described, zone->max);
		nulls[0] = nulls[1] = false;
	}
}

/* of one row of a block, as text */
static void
value_text(Described *described, SegmentReader *reader, AttrNumber attno, int block, bool last, Datum *value,
		   bool *isnull)
{
	int			rows = reader->header->first_row[block + 1] - reader->header->first_row[block];
	Datum	   *values = palloc(sizeof(Datum) * rows);
	bool	   *nulls = palloc(sizeof(bool) * rows);
	int			row = last ? rows - 1 : 0;
	Oid			out;
	bool		varlena;

	segment_read_column(reader, block, attno, values, nulls);
	getTypeOutputInfo(TupleDescAttr(RelationGetDescr(described->rel), attno - 1)->atttypid, &out, &varlena);
	*isnull = nulls[row];
	if (!*isnull)
		*value = CStringGetTextDatum(OidOutputFunctionCall(out, values[row]));
}

/* from and to of the leading entity column, or nulls */
static void
entity_range(Described *described, SegmentEntry *entry, Datum *values, bool *nulls)
{
	SegmentReader reader;
	AttrNumber	attno;

	nulls[0] = nulls[1] = true;
	segment_reader_open(&reader, described->rel, &described->scan->store, entry, CurrentMemoryContext);
	if (reader.header->nentity == 0)
		return;
	attno = reader.header->entity[0];
	if (TupleDescAttr(RelationGetDescr(described->rel), attno - 1)->attisdropped)
		return;
	value_text(described, &reader, attno, 0, false, &values[0], &nulls[0]);
	value_text(described, &reader, attno, reader.header->nblocks - 1, true, &values[1], &nulls[1]);
}

static void
describe_columns(Described *described)
{
	TupleDesc	desc = RelationGetDescr(described->rel);
	Layout		layout;

	layout_read(described->rel, &layout);
	described->time = layout.time;
	if (layout.time != InvalidAttrNumber)
		described->time_type = getBaseType(TupleDescAttr(desc, layout.time - 1)->atttypid);
}

static void
put_segment(Described *described, SegmentEntry *entry, ReturnSetInfo *set)
{
	Datum		values[SEGMENTS_COLUMNS];
	bool		nulls[SEGMENTS_COLUMNS] = {false};

	values[0] = Int32GetDatum(entry->number);
	values[1] = Int32GetDatum(entry->rows);
	values[2] = Int32GetDatum(dead_rows(described->scan, entry));
	values[3] = Int32GetDatum(entry->nblocks);
	values[4] = Int64GetDatum(entry->heap_bytes);
	values[5] = Int64GetDatum(entry->data_len);
	nulls[6] = nulls[7] = nulls[8] = nulls[9] = true;
	if (described->ranges)
	{
		time_range(described, entry, &values[6], &nulls[6]);
		entity_range(described, entry, &values[8], &nulls[8]);
	}
	values[10] = TimestampTzGetDatum(entry->sealed_at);
	tuplestore_putvalues(set->setResult, set->setDesc, values, nulls);
}

PG_FUNCTION_INFO_V1(territory_segments);
Datum
territory_segments(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *set = (ReturnSetInfo *) fcinfo->resultinfo;
	Oid			relid = table_argument(fcinfo, "territory.segments()");
	Described	described = {0};
	MemoryContext context,
				old;

	described.rel = table_open_ours(relid, AccessShareLock, "territory.segments()");
	table_check_readable(described.rel);
	InitMaterializedSRF(fcinfo, 0);
	described.ranges = check_enable_rls(relid, InvalidOid, true) != RLS_ENABLED;
	describe_columns(&described);
	context = AllocSetContextCreate(CurrentMemoryContext, "territory segments", ALLOCSET_DEFAULT_SIZES);
	described.scan = sealed_scan_begin(described.rel, GetActiveSnapshot(), NULL);
	if (described.scan)
		sealed_scan_restart(described.scan, ForwardScanDirection);
	for (int s = 0; described.scan && s < described.scan->directory->nsegments; s++)
	{
		CHECK_FOR_INTERRUPTS();
		old = MemoryContextSwitchTo(context);
		put_segment(&described, directory_entry(described.scan->directory, &described.scan->store,
												described.scan->snapshot, s), set);
		MemoryContextSwitchTo(old);
		MemoryContextReset(context);
	}
	if (described.scan)
		sealed_scan_end(described.scan);
	table_close(described.rel, AccessShareLock);
	return (Datum) 0;
}

/* ---- table_totals() ---- */

/* exact, or from pages evenly spread where there are many */
static int64
count_hot_rows(Relation rel, Snapshot snapshot)
{
	BlockNumber nblocks = RelationGetNumberOfBlocks(rel);
	TupleTableSlot *slot = table_slot_create(rel, NULL);
	TableScanDesc scan = heap_methods->scan_begin(rel, snapshot, 0, NULL, NULL,
												  SO_TYPE_SEQSCAN | SO_ALLOW_STRAT | SO_ALLOW_PAGEMODE);
	int			reads = nblocks > HOT_PAGES_READ ? HOT_PAGES_READ : 1;
	double		rows = 0;

	for (int i = 0; i < reads; i++)
	{
		CHECK_FOR_INTERRUPTS();
		if (i > 0)
			heap_methods->scan_rescan(scan, NULL, false, false, false, false);
		if (reads > 1)
			heap_setscanlimits(scan, (BlockNumber) ((uint64) nblocks * i / reads), 1);
		while (heap_methods->scan_getnextslot(scan, ForwardScanDirection, slot))
			rows++;
	}
	heap_methods->scan_end(scan);
	ExecDropSingleTupleTableSlot(slot);
	return reads > 1 ? rint(rows / reads * nblocks) : rows;
}

typedef struct Totals
{
	int64		segments;
	int64		rows;			/* alive */
	int64		heap_bytes;
	int64		sealed_bytes;
	TimestampTz last_seal;
} Totals;

static void
sum_segments(Relation rel, Totals *totals)
{
	SealedScan *scan = sealed_scan_begin(rel, GetActiveSnapshot(), NULL);

	memset(totals, 0, sizeof *totals);
	if (scan == NULL)
		return;
	sealed_scan_restart(scan, ForwardScanDirection);
	for (int s = 0; s < scan->directory->nsegments; s++)
	{
		SegmentEntry *entry = directory_entry(scan->directory, &scan->store, scan->snapshot, s);

		CHECK_FOR_INTERRUPTS();
		totals->rows += entry->rows - dead_rows(scan, entry);
		totals->heap_bytes += entry->heap_bytes;
		totals->sealed_bytes += entry->data_len;
		totals->last_seal = totals->segments++ == 0 ? entry->sealed_at : Max(totals->last_seal, entry->sealed_at);
		if (s >= DIRECTORY_KEPT)
			pfree(entry);
	}
	sealed_scan_end(scan);
}

PG_FUNCTION_INFO_V1(territory_table_totals);
Datum
territory_table_totals(PG_FUNCTION_ARGS)
{
	Relation	rel = table_open_ours(table_argument(fcinfo, "territory.table_totals()"), AccessShareLock,
									  "territory.table_totals()");
	TupleDesc	desc;
	Totals		totals;
	Datum		values[6];
	bool		nulls[6] = {false};

	table_check_readable(rel);
	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "territory: return type must be a row type");
	sum_segments(rel, &totals);
	values[0] = Int64GetDatum(count_hot_rows(rel, GetActiveSnapshot()));
	values[1] = Int64GetDatum(totals.segments);
	values[2] = Int64GetDatum(totals.rows);
	values[3] = Int64GetDatum(totals.heap_bytes);
	values[4] = Int64GetDatum(totals.sealed_bytes);
	values[5] = TimestampTzGetDatum(totals.last_seal);
	nulls[5] = totals.segments == 0;
	table_close(rel, AccessShareLock);
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc), values, nulls)));
}
