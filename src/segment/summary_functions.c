/*
 * summary_functions.c
 *	  territory.summaries(): what is known of sealed rows without decoding them.
 *
 * One row per column of a block, and of a segment as a whole.  What is not
 * known is null.
 */
#include "territory.h"

#include "access/table.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/numeric.h"
#include "utils/snapmgr.h"

#include "segment/decimal.h"
#include "segment/sealed_scan.h"
#include "segment/table.h"

#define SUMMARY_COLUMNS 15

/* a value of the column as text */
static Datum
value_text(Form_pg_attribute attribute, const ColumnSummary *summary, SummaryValue value)
{
	Oid			output;
	bool		is_varlena;
	char		room[DECIMAL_MAX_SIZE];
	ColumnType	type;
	Datum		datum;

	column_type_init(&type, attribute);
	if (summary->kind == SUMMARY_DECIMAL)
		datum = decimal_datum(value.i, summary->scale, summary->scale, room);
	else if (summary->kind == SUMMARY_FLOAT)
		datum = summary->zone == ZONE_FLOAT8 ? Float8GetDatum(value.f) : Float4GetDatum((float4) value.f);
	else
		datum = column_integer_datum(&type, value.i);
	getTypeOutputInfo(attribute->atttypid, &output, &is_varlena);
	return CStringGetTextDatum(OidOutputFunctionCall(output, datum));
}

/* value / 10 ^ scale */
static Datum
int128_numeric(int128 value, int scale)
{
	uint128		left = value < 0 ? -(uint128) value : (uint128) value;
	char		digits[64];
	char	   *at = digits + sizeof digits;

	*--at = '\0';
	for (int d = 0; left > 0 || d <= scale; d++, left /= 10)
	{
		if (d == scale && scale > 0)
			*--at = '.';
		*--at = '0' + (int) (left % 10);
	}
	if (value < 0)
		*--at = '-';
	return DirectFunctionCall3(numeric_in, CStringGetDatum(at), ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1));
}

static void
put_summary(ReturnSetInfo *set, Form_pg_attribute attribute, int segment, int block, const ColumnSummary *summary)
{
	Datum		values[SUMMARY_COLUMNS];
	bool		nulls[SUMMARY_COLUMNS];
	bool		is_float = summary->kind == SUMMARY_FLOAT;
	int			flags = summary->flags;

	memset(nulls, true, sizeof nulls);
#define PUT(place, known, value) \
	if (known) \
		values[place] = (value), nulls[place] = false
	PUT(0, true, Int32GetDatum(segment));
	PUT(1, block >= 0, Int32GetDatum(block));
	PUT(2, true, NameGetDatum(&attribute->attname));
	PUT(3, true, Int64GetDatum(summary->rows));
	PUT(4, true, Int64GetDatum(summary->values));
	PUT(5, flags & SUMMARY_RANGE, value_text(attribute, summary, summary->min));
	PUT(6, flags & SUMMARY_RANGE, value_text(attribute, summary, summary->max));
	PUT(7, (flags & SUMMARY_SUM) && !is_float, int128_numeric(summary->sum, summary->scale));
	PUT(8, (flags & SUMMARY_SQUARES) && !is_float, int128_numeric(summary->squares, 2 * summary->scale));
	PUT(9, (flags & SUMMARY_SUM) && is_float, Float8GetDatum(summary->fsum));
	PUT(10, (flags & SUMMARY_SUM) && is_float, Float8GetDatum(summary->m2));
	PUT(11, flags & SUMMARY_ENDS, value_text(attribute, summary, summary->first));
	PUT(12, flags & SUMMARY_ENDS, value_text(attribute, summary, summary->last));
	PUT(13, flags & SUMMARY_ENDS, BoolGetDatum((flags & SUMMARY_LAST_NULL) != 0));
	if (flags & SUMMARY_BOUNDS)
	{
		Datum		corners[4];

		for (int c = 0; c < 4; c++)
			corners[c] = Float8GetDatum(summary->box[c]);
		PUT(14, true, PointerGetDatum(construct_array(corners, 4, FLOAT8OID, 8, FLOAT8PASSBYVAL, TYPALIGN_DOUBLE)));
	}
#undef PUT
	tuplestore_putvalues(set->setResult, set->setDesc, values, nulls);
}

static void
put_segment(ReturnSetInfo *set, SealedScan *scan)
{
	TupleDesc	desc = RelationGetDescr(scan->rel);
	SegmentReader *reader = &scan->reader;

	for (int a = 0; a < desc->natts; a++)
	{
		Form_pg_attribute attribute = TupleDescAttr(desc, a);
		ColumnSummary summary;

		if (attribute->attisdropped)
			continue;
		if (segment_summary(reader->entry, a + 1, &summary) && summary.zone == column_zone_kind(getBaseType(attribute->atttypid)))
			put_summary(set, attribute, reader->entry->number, -1, &summary);
		for (int b = 0; b < reader->header->nblocks; b++)
			if (segment_block_summary(reader, b, a + 1, &summary) &&
				summary.zone == column_zone_kind(getBaseType(attribute->atttypid)))
				put_summary(set, attribute, reader->entry->number, b, &summary);
	}
}

PG_FUNCTION_INFO_V1(territory_summaries);
Datum
territory_summaries(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *set = (ReturnSetInfo *) fcinfo->resultinfo;
	Relation	rel = table_open_ours(table_argument(fcinfo, "territory.summaries()"), AccessShareLock,
									 "territory.summaries()");
	SealedScan *scan;

	table_check_all_rows_readable(rel, "territory.summaries()");
	InitMaterializedSRF(fcinfo, 0);
	scan = sealed_scan_begin(rel, GetActiveSnapshot(), NULL);
	if (scan)
		sealed_scan_restart(scan, ForwardScanDirection);
	for (int s = 0; scan && s < scan->directory->nsegments; s++)
	{
		CHECK_FOR_INTERRUPTS();
		sealed_scan_seek_segment(scan, s);
		put_segment(set, scan);
	}
	if (scan)
		sealed_scan_end(scan);
	table_close(rel, AccessShareLock);
	return (Datum) 0;
}
