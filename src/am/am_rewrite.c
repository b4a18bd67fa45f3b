/*
 * am_rewrite.c
 *	  History stays sealed when ALTER TABLE rewrites a table.
 *
 * Core rewrites by scanning the old relation and inserting into a new one that
 * names the old in relrewrite, then swaps the two.  A row that came sealed out
 * of the old relation goes into a segment of the new one; so does every row of
 * a heap table that adopt() is turning into ours, if it is old enough.  Indexes
 * are built after the swap, so no index entry can meet these rows.
 *
 * Invariant: a load ends where the rewrite does, in finish_bulk_insert; if that
 * is never reached the transaction is lost, and the new relation with it.
 */
#include "territory.h"

#include "access/relation.h"
#include "access/table.h"
#include "access/xact.h"
#include "catalog/catalog.h"
#include "commands/tablecmds.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

#include "am/am.h"
#include "segment/seal.h"
#include "segment/table.h"

/* the load of the one rewrite that can be under way */
static struct
{
	Oid			relid;			/* the new relation, or InvalidOid */
	SubTransactionId subid;		/* that rewrites, and ends it by failing */
	SegmentLoad *load;
}			rewriting;

static struct
{
	Oid			relid;			/* the heap table, or InvalidOid */
	SubTransactionId subid;
	bool		all;
	TimestampTz before;
	AttrNumber	time;
	SealResult	result;
}			adopting;

static void
forget_rewrite(XactEvent event, void *arg)
{
	rewriting.relid = InvalidOid;
	adopting.relid = InvalidOid;
}

/* one that an expression of the ALTER TABLE began and caught ends nothing */
static void
forget_rewrite_of_subtransaction(SubXactEvent event, SubTransactionId mine, SubTransactionId parent, void *arg)
{
	if (event != SUBXACT_EVENT_ABORT_SUB)
		return;
	if (rewriting.subid >= mine)
		rewriting.relid = InvalidOid;
	if (adopting.subid >= mine)
		adopting.relid = InvalidOid;
}

static bool
row_goes_into_segment(Relation rel, TupleTableSlot *slot)
{
	Oid			old = rel->rd_rel->relrewrite;

	if (adopting.relid == old)
		return adopting.all || seal_time_is_before(rel, adopting.time, slot, adopting.before);
	return scan_came_sealed(old);
}

/* true where the row was taken, and is not to be inserted into the heap */
bool
rewrite_takes(Relation rel, TupleTableSlot *slot)
{
	if (!row_goes_into_segment(rel, slot))
		return false;
	if (rewriting.relid != RelationGetRelid(rel))
	{
		Relation	old = table_open(rel->rd_rel->relrewrite, NoLock);
		MemoryContext context = MemoryContextSwitchTo(TopTransactionContext);

		rewriting.load = segment_load_begin(rel, old, maintenance_work_mem);
		rewriting.relid = RelationGetRelid(rel);
		rewriting.subid = GetCurrentSubTransactionId();
		MemoryContextSwitchTo(context);
		table_close(old, NoLock);
	}
	segment_load_add(rewriting.load, slot);
	return true;
}

static void
territory_finish_bulk_insert(Relation rel, int options)
{
	SealResult	result;

	if (heap_methods->finish_bulk_insert)
		heap_methods->finish_bulk_insert(rel, options);
	bulk_finish(rel);
	if (rewriting.relid != RelationGetRelid(rel))
		return;
	rewriting.relid = InvalidOid;
	segment_load_end(rewriting.load, NULL, NULL, &result);
	am_add_first_page(rel);
	if (adopting.relid == rel->rd_rel->relrewrite)
		adopting.result = result;
}

/* the heap table to adopt, locked, or a clear error */
static Relation
open_heap_table(Oid relid)
{
	Relation	rel;

	table_check_owner(relid);
	rel = table_open_any(relid, AccessExclusiveLock, "territory.adopt()");
	if (rel->rd_tableam != heap_methods)
		ereport(ERROR, (errcode(ERRCODE_WRONG_OBJECT_TYPE),
						errmsg("\"%s\" is not a heap table", RelationGetRelationName(rel)),
						relation_is_territory(rel) ?
						errhint("It is a territory table already: use territory.seal().") : 0));
	if (IsCatalogRelation(rel))
		ereport(ERROR, (errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
						errmsg("\"%s\" is a system catalog", RelationGetRelationName(rel))));
	seal_check_constraints(rel);
	CheckTableNotInUse(rel, "adopt");
	return rel;
}

PG_FUNCTION_INFO_V1(territory_adopt);
Datum
territory_adopt(PG_FUNCTION_ARGS)
{
	Oid			relid = PG_ARGISNULL(0) ? InvalidOid : PG_GETARG_OID(0);
	TupleDesc	desc;
	Relation	rel;
	Layout		layout;
	char	   *command;
	Datum		values[4];
	bool		nulls[4] = {false};

	if (PG_ARGISNULL(0))
		ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("territory.adopt() needs a table")));
	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "territory: return type must be a row type");
	PreventCommandIfReadOnly("territory.adopt()");
	rel = open_heap_table(relid);
	layout_read(rel, &layout);
	memset(&adopting, 0, sizeof adopting);
	adopting.all = PG_ARGISNULL(1);
	adopting.before = adopting.all ? 0 : PG_GETARG_TIMESTAMPTZ(1);
	adopting.time = layout.time;
	if (!adopting.all && layout.time == InvalidAttrNumber)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("\"%s\" has no time column", RelationGetRelationName(rel)),
						errhint("Adopt all rows by leaving out \"before\".")));
	if (!adopting.all && adopting.before > GetCurrentTimestamp())
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("\"before\" is in the future"),
						errhint("Leave it out to seal all rows.")));
	command = psprintf("ALTER TABLE %s SET ACCESS METHOD territory",
					   quote_qualified_identifier(get_namespace_name(RelationGetNamespace(rel)),
												  RelationGetRelationName(rel)));
	table_close(rel, NoLock);
	adopting.relid = relid;
	adopting.subid = GetCurrentSubTransactionId();
	SPI_connect();
	if (SPI_execute(command, false, 0) != SPI_OK_UTILITY)
		elog(ERROR, "territory: could not change the access method");
	SPI_finish();
	adopting.relid = InvalidOid;
	values[0] = Int64GetDatum(adopting.result.rows);
	values[1] = Int64GetDatum(adopting.result.segments);
	values[2] = Int64GetDatum(adopting.result.heap_bytes);
	values[3] = Int64GetDatum(adopting.result.sealed_bytes);
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc), values, nulls)));
}

void
am_rewrite_install(TableAmRoutine *methods)
{
	methods->finish_bulk_insert = territory_finish_bulk_insert;
}

void
am_rewrite_init(void)
{
	RegisterXactCallback(forget_rewrite, NULL);
	RegisterSubXactCallback(forget_rewrite_of_subtransaction, NULL);
}
