/*
 * seal_batches.c
 *	  CALL territory.seal_in_batches(): history sealed piece by piece.
 *
 * One pass over the heap notes, for each batch of the calendar, in which blocks
 * it has rows; then each batch is sealed from those blocks in a transaction of
 * its own.  So the work does not grow with the number of batches, unless every
 * block holds rows of many of them.  What is written meanwhile is found by a
 * last pass.  The notes are hints: a batch looks at every row again, and a row
 * that moved is left to that pass.
 *
 * Batches begin at midnight in the table's own time zone and are counted from a
 * fixed day, so that a call that goes on where another stopped has the same.
 */
#include "territory.h"

#include "access/heapam.h"
#include "access/table.h"
#include "access/xact.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "pgtime.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/datetime.h"
#include "utils/hsearch.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/portal.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "segment/layout.h"
#include "segment/seal.h"

#define MAX_BATCHES 100000
#define OLDEST_FINITE (INT64CONST(-2191453) * USECS_PER_DAY)	/* 4000 BC: what is older goes with the first batch */
#define FIRST_BATCH PG_INT64_MIN

/* key first, for the hash table */
typedef struct Batch
{
	int64		number;			/* counted from the origin */
	TimestampTz end;
	int64		rows;
	BlockRuns	blocks;
	int			allocated;
} Batch;

typedef struct BatchPlan
{
	Oid			relid;
	TimestampTz before;
	Interval	step;
	pg_tz	   *zone;
	TimestampTz origin;
	AttrNumber	time;
	Oid			time_type;
	MemoryContext context;
	HTAB	   *found;
	int			nbatches;
	Batch	  **batches;		/* in order of time */
	int64		rows;
	int64		nruns;
	BlockNumber gap;			/* blocks that a run may take along for nothing */

	/* the batch of the last row, and between which times it lies */
	Batch	   *last;
	TimestampTz last_start;
	TimestampTz last_end;
} BatchPlan;

/* ---- the calendar ---- */

/* in the plan's time zone, whatever the session's is */
static TimestampTz
batch_start(BatchPlan *plan, int64 number)
{
	pg_tz	   *session = session_timezone;
	Interval	span = {plan->step.time * number, plan->step.day * number, plan->step.month * number};
	TimestampTz start = 0;

	session_timezone = plan->zone;
	PG_TRY();
	{
		start = DatumGetTimestampTz(DirectFunctionCall2(timestamptz_pl_interval,
														TimestampTzGetDatum(plan->origin),
														IntervalPGetDatum(&span)));
	}
	PG_FINALLY();
	{
		session_timezone = session;
	}
	PG_END_TRY();
	return start;
}

/* which batch a finite time is in; about right by arithmetic, then by the calendar */
static int64
batch_number(BatchPlan *plan, TimestampTz time, TimestampTz *start, TimestampTz *end)
{
	double		span = plan->step.month * 30.436875 * USECS_PER_DAY + plan->step.day * (double) USECS_PER_DAY +
		plan->step.time;
	int64		number = floor((time - plan->origin) / span);

	while ((*start = batch_start(plan, number)) > time)
		number--;
	while ((*end = batch_start(plan, number + 1)) <= time)
	{
		*start = *end;
		number++;
	}
	return number;
}

/* midnight at the beginning of 2000, or of its first Monday where batches are weeks */
static TimestampTz
batch_origin(pg_tz *zone, const Interval *step)
{
	bool		weeks = step->month == 0 && step->time == 0 && step->day % 7 == 0;
	struct pg_tm tm = {0};
	int			offset;
	TimestampTz origin;

	tm.tm_year = 2000;
	tm.tm_mon = 1;
	tm.tm_mday = weeks ? 3 : 1;
	offset = DetermineTimeZoneOffset(&tm, zone);
	if (tm2timestamp(&tm, 0, &offset, &origin) != 0)
		elog(ERROR, "territory: no midnight in 2000");
	return origin;
}

/* ---- which blocks hold rows of which batch ---- */

static Batch *
find_batch(BatchPlan *plan, TimestampTz time)
{
	int64		number = FIRST_BATCH;
	bool		found;

	if (plan->last && time >= plan->last_start && time < plan->last_end)
		return plan->last;
	if (time < OLDEST_FINITE)
	{
		plan->last_start = DT_NOBEGIN;
		plan->last_end = OLDEST_FINITE;
	}
	else
		number = batch_number(plan, time, &plan->last_start, &plan->last_end);
	plan->last = hash_search(plan->found, &number, HASH_ENTER, &found);
	if (!found)
	{
		memset(plan->last, 0, sizeof(Batch));
		plan->last->number = number;
		plan->last->end = Min(plan->last_end, plan->before);
		if (++plan->nbatches > MAX_BATCHES)
			ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
							errmsg("rows to be sealed fall into more than %d batches", MAX_BATCHES),
							errhint("Make \"batch\" longer.")));
	}
	return plan->last;
}

static void
add_run(Batch *batch, BlockRun run, BlockNumber gap)
{
	BlockRun   *last = batch->blocks.nruns > 0 ? &batch->blocks.runs[batch->blocks.nruns - 1] : NULL;

	if (last && run.first <= last->first + last->count + gap)
	{
		last->count = run.first + run.count - last->first;
		return;
	}
	if (batch->blocks.nruns == batch->allocated)
	{
		batch->allocated = Max(4, batch->allocated * 2);
		batch->blocks.runs = batch->blocks.runs == NULL ?
			MemoryContextAllocHuge(CurrentMemoryContext, sizeof(BlockRun) * batch->allocated) :
			repalloc_huge(batch->blocks.runs, sizeof(BlockRun) * batch->allocated);
	}
	batch->blocks.runs[batch->blocks.nruns++] = run;
}

/* fewer and longer runs, so that the notes stay within maintenance_work_mem */
static void
coarsen(BatchPlan *plan)
{
	HASH_SEQ_STATUS status;
	Batch	   *batch;

	plan->gap = plan->gap * 2 + 1;
	plan->nruns = 0;
	hash_seq_init(&status, plan->found);
	while ((batch = hash_seq_search(&status)) != NULL)
	{
		int			n = batch->blocks.nruns;

		batch->blocks.nruns = 0;
		for (int r = 0; r < n; r++)
			add_run(batch, batch->blocks.runs[r], plan->gap);
		plan->nruns += batch->blocks.nruns;
	}
}

static void
note_row(BatchPlan *plan, TimestampTz time, BlockNumber block)
{
	Batch	   *batch = find_batch(plan, time);
	BlockRun	run = {block, 1};
	int			before = batch->blocks.nruns;

	batch->rows++;
	plan->rows++;
	add_run(batch, run, plan->gap);
	plan->nruns += batch->blocks.nruns - before;
	while (plan->nruns * sizeof(BlockRun) > (Size) maintenance_work_mem * 1024 && plan->nruns > 2 * plan->nbatches)
		coarsen(plan);
}

static int
batch_order(const void *a, const void *b)
{
	int64		x = (*(Batch *const *) a)->number;
	int64		y = (*(Batch *const *) b)->number;

	return x < y ? -1 : x > y;
}

static void
scan_heap(BatchPlan *plan, Relation rel)
{
	Snapshot	snapshot = RegisterSnapshot(GetLatestSnapshot());
	TupleTableSlot *slot = table_slot_create(rel, NULL);
	TableScanDesc scan = heap_methods->scan_begin(rel, snapshot, 0, NULL, NULL,
												  SO_TYPE_SEQSCAN | SO_ALLOW_STRAT | SO_ALLOW_PAGEMODE);

	while (heap_methods->scan_getnextslot(scan, ForwardScanDirection, slot))
	{
		bool		isnull;
		Datum		value = slot_getattr(slot, plan->time, &isnull);
		TimestampTz time = isnull ? DT_NOEND : seal_time(plan->time_type, value);

		CHECK_FOR_INTERRUPTS();
		if (!isnull && time < plan->before)
			note_row(plan, time, ItemPointerGetBlockNumber(&slot->tts_tid));
	}
	heap_methods->scan_end(scan);
	ExecDropSingleTupleTableSlot(slot);
	UnregisterSnapshot(snapshot);
}

static void
find_batches(BatchPlan *plan, Relation rel)
{
	HASHCTL		control = {.keysize = sizeof(int64), .entrysize = sizeof(Batch), .hcxt = plan->context};
	MemoryContext old = MemoryContextSwitchTo(plan->context);
	HASH_SEQ_STATUS status;
	Batch	   *batch;
	int			n = 0;

	plan->found = hash_create("territory batches", 256, &control, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	scan_heap(plan, rel);
	plan->batches = palloc(sizeof(Batch *) * (plan->nbatches + 1));
	hash_seq_init(&status, plan->found);
	while ((batch = hash_seq_search(&status)) != NULL)
		plan->batches[n++] = batch;
	qsort(plan->batches, n, sizeof(Batch *), batch_order);
	MemoryContextSwitchTo(old);
}

/* ---- what was asked for ---- */

static pg_tz *
layout_zone(Oid relid)
{
	Oid			types[1] = {OIDOID};
	Datum		arguments[1] = {ObjectIdGetDatum(relid)};
	pg_tz	   *zone = NULL;

	if (SPI_execute_with_args("SELECT time_zone FROM territory.layout($1::pg_catalog.regclass)", 1, types,
							  arguments, NULL, true, 1) == SPI_OK_SELECT && SPI_processed == 1)
	{
		char	   *name = SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1);

		zone = name ? pg_tzset(name) : NULL;
	}
	return zone ? zone : session_timezone;
}

static void
check_step(const Interval *step)
{
	if (step->month < 0 || step->day < 0 || step->time < 0 || (step->month == 0 && step->day == 0 && step->time == 0))
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("\"batch\" must be a positive interval")));
}

static void
read_arguments(FunctionCallInfo fcinfo, BatchPlan *plan)
{
	if (PG_ARGISNULL(0))
		ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
						errmsg("territory.seal_in_batches() needs a table")));
	if (PG_ARGISNULL(1) || PG_ARGISNULL(2))
		ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
						errmsg("territory.seal_in_batches() needs \"before\" and \"batch\""),
						errhint("To seal all rows at once, use territory.seal().")));
	plan->relid = PG_GETARG_OID(0);
	plan->before = PG_GETARG_TIMESTAMPTZ(1);
	plan->step = *PG_GETARG_INTERVAL_P(2);
	check_step(&plan->step);
	if (plan->before > GetCurrentTimestamp())
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("\"before\" is in the future")));
	if (((CallContext *) fcinfo->context)->atomic)
		ereport(ERROR, (errcode(ERRCODE_ACTIVE_SQL_TRANSACTION),
						errmsg("territory.seal_in_batches() commits, and cannot run inside a transaction block or a function"),
						errhint("Call it by itself, or use territory.seal().")));
}

static void
plan_batches(BatchPlan *plan)
{
	Relation	rel = seal_check_table(plan->relid, AccessShareLock, "territory.seal_in_batches()");
	Layout		layout;

	layout_read(rel, &layout);
	if (layout.time == InvalidAttrNumber)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("\"%s\" has no time column", RelationGetRelationName(rel)),
						errhint("Seal all rows with territory.seal(), or name the column with territory.set_layout().")));
	seal_check_constraints(rel);
	plan->time = layout.time;
	plan->time_type = getBaseType(TupleDescAttr(RelationGetDescr(rel), layout.time - 1)->atttypid);
	plan->zone = layout_zone(plan->relid);
	plan->origin = batch_origin(plan->zone, &plan->step);
	find_batches(plan, rel);
	table_close(rel, NoLock);
}

/* ---- batch by batch ---- */

/* in a transaction of its own */
static int64
seal_batch(BatchPlan *plan, TimestampTz end, const BlockRuns *blocks)
{
	Relation	rel;
	SealResult	result;

	PushActiveSnapshot(GetTransactionSnapshot());
	rel = seal_open_table(plan->relid, "territory.seal_in_batches()");
	seal_rows(rel, false, end, blocks, &result);
	table_close(rel, NoLock);
	PopActiveSnapshot();
	SPI_commit();
	return result.rows;
}

static void
report_progress(BatchPlan *plan, int batch, int64 rows, TimestampTz started)
{
	double		seconds = Max(GetCurrentTimestamp() - started, 1) / (double) USECS_PER_SEC;
	double		rate = rows / seconds;

	ereport(NOTICE, (errmsg("batch %d of %d: rows before %s are sealed, " INT64_FORMAT " of about " INT64_FORMAT
							" rows, %.0f rows/s, %.0f s left", batch, plan->nbatches,
							timestamptz_to_str(plan->batches[batch - 1]->end), rows, Max(plan->rows, rows), rate,
							rate > 0 ? Max(plan->rows - rows, 0) / rate : 0.0)));
}

PG_FUNCTION_INFO_V1(territory_seal_in_batches);
Datum
territory_seal_in_batches(PG_FUNCTION_ARGS)
{
	BatchPlan	plan;
	TimestampTz started = GetCurrentTimestamp();
	int64		rows = 0;

	memset(&plan, 0, sizeof plan);
	read_arguments(fcinfo, &plan);
	SPI_connect_ext(SPI_OPT_NONATOMIC);
	plan.context = AllocSetContextCreate(PortalContext, "territory batches", ALLOCSET_DEFAULT_SIZES);
	plan_batches(&plan);
	SPI_commit();
	for (int b = 0; b < plan.nbatches; b++)
	{
		rows += seal_batch(&plan, plan.batches[b]->end, &plan.batches[b]->blocks);
		report_progress(&plan, b + 1, rows, started);
	}
	rows += seal_batch(&plan, plan.before, NULL);
	ereport(NOTICE, (errmsg("sealed " INT64_FORMAT " rows of \"%s\"", rows, get_rel_name(plan.relid))));
	MemoryContextDelete(plan.context);
	SPI_finish();
	PG_RETURN_VOID();
}
