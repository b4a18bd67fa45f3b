/*
 * functions.c
 *	  The SQL face of sealing: seal, unseal, verify, what the layout is.
 *
 * Each function checks who asks and for what before it touches anything, so
 * that bad input changes nothing.
 */
#include "territory.h"

#include "access/relation.h"
#include "access/table.h"
#include "access/xact.h"
#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/memutils.h"
#include "utils/resowner.h"
#include "utils/snapmgr.h"

#include "segment/layout.h"
#include "segment/seal.h"
#include "segment/sealed_scan.h"
#include "segment/segment_cache.h"
#include "segment/table.h"

static TupleDesc
result_desc(FunctionCallInfo fcinfo)
{
	TupleDesc	desc;

	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	return BlessTupleDesc(desc);
}

PG_FUNCTION_INFO_V1(territory_seal);
Datum
territory_seal(PG_FUNCTION_ARGS)
{
	Oid			relid = table_argument(fcinfo, "territory.seal()");
	bool		all = PG_ARGISNULL(1);
	TimestampTz before = all ? 0 : PG_GETARG_TIMESTAMPTZ(1);
	Relation	rel;
	SealResult	result;
	Datum		values[4];
	bool		nulls[4] = {false, false, false, false};

	if (!all && before > GetCurrentTimestamp())
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("\"before\" is in the future"),
						errhint("Leave it out to seal all rows.")));
	rel = seal_open_table(relid, "territory.seal()");
	seal_rows(rel, all, before, NULL, &result);
	table_close(rel, NoLock);
	values[0] = Int64GetDatum(result.rows);
	values[1] = Int64GetDatum(result.segments);
	values[2] = Int64GetDatum(result.heap_bytes);
	values[3] = Int64GetDatum(result.sealed_bytes);
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(result_desc(fcinfo), values, nulls)));
}

PG_FUNCTION_INFO_V1(territory_compact);
Datum
territory_compact(PG_FUNCTION_ARGS)
{
	Relation	rel = seal_open_table(table_argument(fcinfo, "territory.compact()"), "territory.compact()");
	CompactResult result;
	Datum		values[7];
	bool		nulls[7] = {false};

	if (IsolationUsesXactSnapshot())
		ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
						errmsg("cannot compact in a transaction that keeps its snapshot"),
						errhint("Use READ COMMITTED.")));
	compact_segments(rel, false, &result);
	table_close(rel, NoLock);
	values[0] = Int64GetDatum(result.rows);
	values[1] = Int64GetDatum(result.dead_rows);
	values[2] = Int64GetDatum(result.segments_before);
	values[3] = Int64GetDatum(result.segments_after);
	values[4] = Int64GetDatum(result.bytes_before);
	values[5] = Int64GetDatum(result.bytes_after);
	values[6] = Int64GetDatum(result.busy);
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(result_desc(fcinfo), values, nulls)));
}

PG_FUNCTION_INFO_V1(territory_unseal);
Datum
territory_unseal(PG_FUNCTION_ARGS)
{
	Oid			relid = table_argument(fcinfo, "territory.unseal()");
	TimestampTz from = PG_ARGISNULL(1) ? DT_NOBEGIN : PG_GETARG_TIMESTAMPTZ(1);
	TimestampTz to = PG_ARGISNULL(2) ? DT_NOEND : PG_GETARG_TIMESTAMPTZ(2);
	Relation	rel;
	Oid			caller;
	int			context,
				settings;
	int64		rows;

	if (from >= to)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("the end of the period to unseal must come after its start")));
	rel = seal_open_table(relid, "territory.unseal()");
	/* index expressions and predicates are the owner's, and run with no more rights than the owner's */
	GetUserIdAndSecContext(&caller, &context);
	SetUserIdAndSecContext(rel->rd_rel->relowner, context | SECURITY_RESTRICTED_OPERATION);
	settings = NewGUCNestLevel();
	rows = unseal_rows(rel, from, to);
	AtEOXact_GUC(false, settings);
	SetUserIdAndSecContext(caller, context);
	table_close(rel, NoLock);
	PG_RETURN_INT64(rows);
}

/* decode a segment whole; the error's text, or NULL where it is sound */
static char *
verify_segment(SealedScan *scan, int place, int64 *rows)
{
	MemoryContext old = CurrentMemoryContext;
	ResourceOwner owner = CurrentResourceOwner;
	char	   *volatile problem = NULL;
	int			all = scan->directory->nsegments;

	*rows = 0;
	BeginInternalSubTransaction(NULL);
	MemoryContextSwitchTo(old);
	PG_TRY();
	{
		segment_cache_forget();	/* what stands on disk is in question */
		sealed_scan_restart(scan, ForwardScanDirection);
		scan->segment = place - 1;
		scan->directory->nsegments = place + 1;
		while (sealed_scan_next(scan, ForwardScanDirection))
			(*rows)++;
		sealed_scan_seek_segment(scan, place);
		segment_verify(&scan->reader);
		ReleaseCurrentSubTransaction();
	}
	PG_CATCH();
	{
		ErrorData  *error;

		MemoryContextSwitchTo(old);
		error = CopyErrorData();
		FlushErrorState();
		RollbackAndReleaseCurrentSubTransaction();
		if (error->sqlerrcode == ERRCODE_QUERY_CANCELED || error->sqlerrcode == ERRCODE_ADMIN_SHUTDOWN)
			ReThrowError(error);
		problem = error->message;
	}
	PG_END_TRY();
	MemoryContextSwitchTo(old);
	CurrentResourceOwner = owner;
	scan->directory->nsegments = all;
	return problem;
}

PG_FUNCTION_INFO_V1(territory_verify);
Datum
territory_verify(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *set = (ReturnSetInfo *) fcinfo->resultinfo;
	Relation	rel = table_open_ours(table_argument(fcinfo, "territory.verify()"), AccessShareLock,
									 "territory.verify()");
	SealedScan *scan;

	table_check_readable(rel);
	InitMaterializedSRF(fcinfo, 0);
	scan = sealed_scan_begin(rel, GetActiveSnapshot(), NULL);
	if (scan)
		sealed_scan_restart(scan, ForwardScanDirection);
	for (int s = 0; scan && s < scan->directory->nsegments; s++)
	{
		int64		rows;
		char	   *problem = verify_segment(scan, s, &rows);
		Datum		values[4];
		bool		nulls[4] = {false};

		values[0] = Int32GetDatum(scan->directory->numbers[s]);
		values[1] = Int64GetDatum(rows);
		values[2] = BoolGetDatum(problem == NULL);
		nulls[3] = problem == NULL;
		values[3] = problem ? CStringGetTextDatum(problem) : (Datum) 0;
		tuplestore_putvalues(set->setResult, set->setDesc, values, nulls);
	}
	if (scan)
		sealed_scan_end(scan);
	table_close(rel, AccessShareLock);
	return (Datum) 0;
}

PG_FUNCTION_INFO_V1(territory_detected_layout);
Datum
territory_detected_layout(PG_FUNCTION_ARGS)
{
	Oid			relid = table_argument(fcinfo, "territory.layout()");
	Relation	rel = try_relation_open(relid, AccessShareLock);
	TupleDesc	desc;
	Layout		layout;
	Datum		entity[LAYOUT_MAX_ENTITY];
	Datum		values[3];
	bool		nulls[3];
	Datum		result;

	if (rel == NULL)
		ereport(ERROR, (errcode(ERRCODE_UNDEFINED_TABLE), errmsg("relation with OID %u does not exist", relid)));
	desc = RelationGetDescr(rel);
	layout_detect(rel, &layout);
	for (int i = 0; i < layout.nentity; i++)
		entity[i] = NameGetDatum(&TupleDescAttr(desc, layout.entity[i] - 1)->attname);
	nulls[0] = layout.nentity == 0;
	values[0] = PointerGetDatum(construct_array(entity, layout.nentity, NAMEOID, NAMEDATALEN, false,
												TYPALIGN_CHAR));
	nulls[1] = layout.time == InvalidAttrNumber;
	values[1] = nulls[1] ? (Datum) 0 : NameGetDatum(&TupleDescAttr(desc, layout.time - 1)->attname);
	nulls[2] = layout.position == InvalidAttrNumber;
	values[2] = nulls[2] ? (Datum) 0 : NameGetDatum(&TupleDescAttr(desc, layout.position - 1)->attname);
	/* the names are the open relation's */
	result = HeapTupleGetDatum(heap_form_tuple(result_desc(fcinfo), values, nulls));
	table_close(rel, NoLock);
	PG_RETURN_DATUM(result);
}
