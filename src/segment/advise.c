/*
 * advise.c
 *	  territory.advise(): what a table would take if it were sealed, column by
 *	  column, without sealing anything.
 *
 * A sample goes through the writer itself, which then tells what it would have
 * written.  Neighbours in (entity, time) decide how well a column packs, so the
 * sample holds, from several stretches of the heap, all rows of a few entities:
 * a stretch with many entities is read on until a few of them gave enough rows.
 */
#include "territory.h"

#include "access/detoast.h"
#include "access/heapam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "executor/tuptable.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "storage/bufmgr.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/hsearch.h"
#include "utils/memutils.h"
#include "utils/rls.h"
#include "utils/snapmgr.h"
#include "utils/tuplesort.h"

#include "segment/layout.h"
#include "segment/row_sort.h"
#include "segment/seal.h"
#include "segment/sealed_scan.h"
#include "segment/table.h"

#define STRETCHES 4
#define ENTITIES_IN_STRETCH 4	/* at least, where it has so many */
#define MAX_READ_FOR_ONE 64		/* rows read for a row of the sample, at most */

typedef struct ColumnAdvice
{
	int64		heap_bytes;
	int64		sealed_bytes;
	const char *codec;			/* of a segment's first block, preferably one with values */
} ColumnAdvice;

typedef struct Advice
{
	Relation	rel;
	Layout		layout;
	Snapshot	snapshot;
	RowSort    *sort;		/* or NULL: in the order of arrival */
	SegmentWriter *writer;
	int			wanted;			/* rows */
	int64		rows;
	int64		heap_bytes;		/* of whole tuples */
	int64		sealed_bytes;	/* of whole segments */
	ColumnAdvice *columns;		/* by attribute number less one */
} Advice;

/* ---- what rows take ---- */

/* as heap stores a value; one that came out of a segment may lack its short header */
static int64
stored_size(Form_pg_attribute attribute, Datum value)
{
	struct varlena *pointer = (struct varlena *) DatumGetPointer(value);

	if (attribute->attlen > 0)
		return attribute->attlen;
	if (attribute->attlen == -2)
		return strlen(DatumGetCString(value)) + 1;
	if (attribute->attstorage != TYPSTORAGE_PLAIN && VARATT_CAN_MAKE_SHORT(pointer))
		return VARATT_CONVERTED_SHORT_SIZE(pointer);
	return toast_datum_size(value);
}

static void
add_row(Advice *advice, TupleTableSlot *slot)
{
	TupleDesc	desc = RelationGetDescr(advice->rel);
	int64		header = SizeofHeapTupleHeader;
	bool		nulls = false;

	slot_getallattrs(slot);
	if (seal_row_is_too_large(advice->rel, slot))
		return;
	for (int i = 0; i < desc->natts; i++)
	{
		Form_pg_attribute attribute = TupleDescAttr(desc, i);
		int64		size;

		nulls = nulls || slot->tts_isnull[i];
		if (attribute->attisdropped || slot->tts_isnull[i])
			continue;
		size = stored_size(attribute, slot->tts_values[i]);
		advice->columns[i].heap_bytes += size;
		if (attribute->attlen == -1 && VARATT_IS_EXTERNAL(DatumGetPointer(slot->tts_values[i])))
			advice->heap_bytes += size;
	}
	if (nulls)
		header += BITMAPLEN(desc->natts);
	advice->heap_bytes += sizeof(ItemIdData) +
		MAXALIGN(MAXALIGN(header) + heap_compute_data_size(desc, slot->tts_values, slot->tts_isnull));
	advice->rows++;
	if (advice->sort)
		row_sort_add(advice->sort, slot, NULL);
	else
		segment_writer_add(advice->writer, slot);
}

static void
measure_column(AttrNumber attno, int64 bytes, const char *codec, void *arg)
{
	ColumnAdvice *column = &((Advice *) arg)->columns[attno - 1];

	column->sealed_bytes += bytes;
	if (column->codec == NULL || strcmp(column->codec, "null") == 0)
		column->codec = codec;
}

/* with the directory entry, and what pages leave unused */
static void
measure_segment(SegmentEntry *entry, void *arg)
{
	((Advice *) arg)->sealed_bytes += entry->data_len * BLCKSZ / CHUNK_BYTES + SEGMENT_ENTRY_SIZE(entry->nzones);
}

/* ---- the sample ---- */

static uint32
entity_hash(Advice *advice, TupleTableSlot *slot)
{
	uint32		hash = 0;

	for (int e = 0; e < advice->layout.nentity; e++)
	{
		Form_pg_attribute attribute = TupleDescAttr(RelationGetDescr(advice->rel), advice->layout.entity[e] - 1);
		bool		isnull;
		Datum		value = slot_getattr(slot, advice->layout.entity[e], &isnull);

		hash = hash * 31 + (isnull ? 0 : datum_image_hash(value, attribute->attbyval, attribute->attlen));
	}
	return hash;
}

/*
 * One of how many entities of a stretch to take?  So many that a few of those
 * that its first rows belong to are left, but not so many that the stretch is
 * read to its end for a quarter of the rows wanted.  *first: the hash of one.
 */
static int
entities_apart(Advice *advice, TableScanDesc scan, TupleTableSlot *slot, BlockRun stretch, int wanted,
			   uint32 *first)
{
	HASHCTL		control = {.keysize = sizeof(uint32), .entrysize = sizeof(uint32), .hcxt = CurrentMemoryContext};
	HTAB	   *seen = hash_create("territory entities", 1024, &control, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	BlockNumber at = stretch.first;
	int64		apart;
	double		rows;			/* in the stretch, for each that is wanted */
	int			n;

	for (n = 0; n < wanted && heap_methods->scan_getnextslot(scan, ForwardScanDirection, slot); n++)
	{
		uint32		hash = entity_hash(advice, slot);

		CHECK_FOR_INTERRUPTS();
		if (n == 0)
			*first = hash;
		hash_search(seen, &hash, HASH_ENTER, NULL);
		at = ItemPointerGetBlockNumber(&slot->tts_tid);
	}
	apart = hash_get_num_entries(seen) / ENTITIES_IN_STRETCH;
	hash_destroy(seen);
	rows = stretch.count / (double) (at - stretch.first + 1);
	if (n < wanted || rows < 1.5)
		return 1;
	return Max(Min(Min(apart, MAX_READ_FOR_ONE), (int64) (4 * rows)), 1);
}

static void
sample_stretch(Advice *advice, TableScanDesc scan, TupleTableSlot *slot, BlockRun stretch, int wanted)
{
	uint32		hash = 0;
	int			apart;

	heap_methods->scan_rescan(scan, NULL, false, false, false, false);
	heap_setscanlimits(scan, stretch.first, stretch.count);
	apart = entities_apart(advice, scan, slot, stretch, wanted, &hash);
	heap_methods->scan_rescan(scan, NULL, false, false, false, false);
	heap_setscanlimits(scan, stretch.first, stretch.count);
	for (int64 read = 0, end = advice->rows + wanted;
		 advice->rows < end && read < (int64) wanted * MAX_READ_FOR_ONE; read++)
	{
		CHECK_FOR_INTERRUPTS();
		if (!heap_methods->scan_getnextslot(scan, ForwardScanDirection, slot))
			break;
		if (apart == 1 || entity_hash(advice, slot) % apart == hash % apart)
			add_row(advice, slot);
	}
}

/* a small table whole */
static void
sample_heap(Advice *advice)
{
	TupleTableSlot *slot = MakeSingleTupleTableSlot(RelationGetDescr(advice->rel), &TTSOpsBufferHeapTuple);
	TableScanDesc scan = heap_methods->scan_begin(advice->rel, advice->snapshot, 0, NULL, NULL,
												  SO_TYPE_SEQSCAN | SO_ALLOW_STRAT | SO_ALLOW_PAGEMODE);
	BlockNumber nblocks = RelationGetNumberOfBlocks(advice->rel);
	int			stretches = nblocks > (BlockNumber) advice->wanted / MaxHeapTuplesPerPage ? STRETCHES : 1;

	for (int s = 0; s < stretches; s++)
	{
		BlockRun	stretch = {(uint64) nblocks * s / stretches, 0};

		stretch.count = (uint64) nblocks * (s + 1) / stretches - stretch.first;
		/* what one stretch did not give, the next ones may */
		if (stretch.count > 0 && advice->rows < advice->wanted)
			sample_stretch(advice, scan, slot, stretch, (advice->wanted - advice->rows - 1) / (stretches - s) + 1);
	}
	heap_methods->scan_end(scan);
	ExecDropSingleTupleTableSlot(slot);
}

static void
sample_sealed(Advice *advice)
{
	SealedScan *scan = sealed_scan_begin(advice->rel, advice->snapshot, NULL);
	TupleTableSlot *slot = MakeSingleTupleTableSlot(RelationGetDescr(advice->rel), &TTSOpsVirtual);

	if (scan)
		sealed_scan_restart(scan, ForwardScanDirection);
	while (scan && advice->rows < advice->wanted && sealed_scan_next(scan, ForwardScanDirection))
	{
		CHECK_FOR_INTERRUPTS();
		ExecClearTuple(slot);
		sealed_scan_row(scan, slot->tts_values, slot->tts_isnull);
		ExecStoreVirtualTuple(slot);
		add_row(advice, slot);
	}
	if (scan)
		sealed_scan_end(scan);
	ExecDropSingleTupleTableSlot(slot);
}

static void
measure(Advice *advice)
{
	advice->columns = palloc0(sizeof(ColumnAdvice) * (RelationGetNumberOfAttributes(advice->rel) + 1));
	advice->snapshot = GetActiveSnapshot();
	advice->writer = segment_writer_begin(advice->rel, NULL, &advice->layout, measure_segment, advice);
	segment_writer_measure(advice->writer, measure_column);
	advice->sort = row_sort_begin(RelationGetDescr(advice->rel), &advice->layout, maintenance_work_mem);
	sample_heap(advice);
	/* rows of both kinds have few neighbours among those of the other */
	if (relation_is_territory(advice->rel) && advice->rows < advice->wanted / 2)
		sample_sealed(advice);
	if (advice->sort)
	{
		TupleTableSlot *slot = MakeSingleTupleTableSlot(RelationGetDescr(advice->rel), &TTSOpsVirtual);

		row_sort_perform(advice->sort);
		while (row_sort_next(advice->sort, slot, NULL))
		{
			CHECK_FOR_INTERRUPTS();
			segment_writer_add(advice->writer, slot);
		}
		ExecDropSingleTupleTableSlot(slot);
		row_sort_end(advice->sort);
	}
	segment_writer_end(advice->writer);
}

/* ---- the answer ---- */

/* the caller must be allowed to read every row and every column */
static void
check_may_read(Relation rel)
{
	Oid			relid = RelationGetRelid(rel);

	if (pg_class_aclcheck(relid, GetUserId(), ACL_SELECT) != ACLCHECK_OK &&
		pg_attribute_aclcheck_all(relid, GetUserId(), ACL_SELECT, ACLMASK_ALL) != ACLCHECK_OK)
		aclcheck_error(ACLCHECK_NO_PRIV, OBJECT_TABLE, RelationGetRelationName(rel));
	if (check_enable_rls(relid, InvalidOid, true) == RLS_ENABLED)
		ereport(ERROR, (errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
						errmsg("row-level security of \"%s\" applies to you", RelationGetRelationName(rel)),
						errhint("territory.advise() reads rows of every kind: ask the table's owner, or a role with BYPASSRLS.")));
}

static Datum
rounded(double value, int digits)
{
	return DirectFunctionCall2(numeric_round, DirectFunctionCall1(float8_numeric, Float8GetDatum(value)),
							   Int32GetDatum(digits));
}

static void
put_sizes(Advice *advice, int64 heap_bytes, int64 sealed_bytes, Datum *values, bool *nulls, ReturnSetInfo *set)
{
	values[3] = rounded(heap_bytes / (double) advice->rows, 3);
	values[4] = rounded(sealed_bytes / (double) advice->rows, 3);
	nulls[5] = sealed_bytes == 0;
	values[5] = nulls[5] ? (Datum) 0 : rounded(heap_bytes / (double) sealed_bytes, 1);
	tuplestore_putvalues(set->setResult, set->setDesc, values, nulls);
}

static void
put_advice(Advice *advice, ReturnSetInfo *set)
{
	TupleDesc	desc = RelationGetDescr(advice->rel);

	for (int i = 0; i < desc->natts; i++)
	{
		Form_pg_attribute attribute = TupleDescAttr(desc, i);
		ColumnAdvice *column = &advice->columns[i];
		Datum		values[6];
		bool		nulls[6] = {false};

		if (attribute->attisdropped)
			continue;
		values[0] = NameGetDatum(&attribute->attname);
		values[1] = CStringGetTextDatum(format_type_with_typemod(attribute->atttypid, attribute->atttypmod));
		values[2] = CStringGetTextDatum(column->codec);
		put_sizes(advice, column->heap_bytes, column->sealed_bytes, values, nulls, set);
	}
	{
		Datum		values[6];
		bool		nulls[6] = {true, true, true, false, false, false};

		put_sizes(advice, advice->heap_bytes, advice->sealed_bytes, values, nulls, set);
	}
}

PG_FUNCTION_INFO_V1(territory_advise);
Datum
territory_advise(PG_FUNCTION_ARGS)
{
	Oid			relid = table_argument(fcinfo, "territory.advise()");
	Advice		advice = {0};

	if (PG_ARGISNULL(1) || PG_GETARG_INT32(1) < 1)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("\"sample_rows\" must be at least 1")));
	advice.wanted = PG_GETARG_INT32(1);
	advice.rel = table_open_any(relid, AccessShareLock, "territory.advise()");
	check_may_read(advice.rel);
	if (advice.rel->rd_tableam != heap_methods && !relation_is_territory(advice.rel))
		ereport(ERROR, (errcode(ERRCODE_WRONG_OBJECT_TYPE),
						errmsg("\"%s\" is neither a heap table nor a territory table",
							   RelationGetRelationName(advice.rel))));
	InitMaterializedSRF(fcinfo, 0);
	layout_read(advice.rel, &advice.layout);
	measure(&advice);
	if (advice.rows > 0)
		put_advice(&advice, (ReturnSetInfo *) fcinfo->resultinfo);
	else
		ereport(NOTICE, (errmsg("\"%s\" has no rows to judge by", RelationGetRelationName(advice.rel))));
	table_close(advice.rel, AccessShareLock);
	return (Datum) 0;
}
