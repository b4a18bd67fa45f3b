/*
 * layout.c
 *	  Which columns of a table say who, when and where.
 *
 * What set_layout() stored wins, column by column; the rest is detected: time
 * is the first timestamptz, timestamp or date column, entity the other columns
 * of the primary key, position the first PostGIS column.  A primary key that
 * leaves the time out names rows, not entities: then, and without one, entity
 * is the other columns of the first index that holds the time and another
 * column.  A stored column is known by name and attribute number: the number
 * follows renames, the name follows dump and restore, which give the table
 * another oid.  The calendar's zone is the stored one, else the session's.  The
 * other zone, whose days summaries tell as well, is the stored one, else UTC;
 * where the calendar is UTC's, what the server, the database, the role or the
 * connection says that sessions begin with.
 */
#include "territory.h"

#include "access/genam.h"
#include "access/table.h"
#include "catalog/namespace.h"
#include "catalog/pg_am.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/snapmgr.h"

#include "segment/column.h"
#include "segment/layout.h"
#include "segment/table.h"

static bool
is_time_type(Oid type)
{
	type = getBaseType(type);
	return type == TIMESTAMPTZOID || type == TIMESTAMPOID || type == DATEOID;
}

/* the plain columns of an index but for time; false where it cannot say who, or says no when */
static bool
entity_of_index(Relation index, Layout *layout)
{
	bool		has_time = false;

	layout->nentity = 0;
	for (int k = 0; k < IndexRelationGetNumberOfKeyAttributes(index); k++)
	{
		AttrNumber	attno = index->rd_index->indkey.values[k];

		if (attno <= 0)
			continue;
		if (attno == layout->time)
			has_time = true;
		else if (layout->nentity < LAYOUT_MAX_ENTITY)
			layout->entity[layout->nentity++] = attno;
	}
	return layout->nentity > 0 && has_time;
}

/* of the primary key, or else of the first index that holds the time column and another one */
static void
detect_entity(Relation rel, Layout *layout)
{
	List	   *indexes = RelationGetIndexList(rel);	/* sets rd_pkindex, which an invalidation resets */
	Oid			primary = rel->rd_pkindex;
	ListCell   *lc;
	bool		found = false;

	if (OidIsValid(primary))
		indexes = lcons_oid(primary, indexes);
	foreach(lc, indexes)
	{
		Relation	index = index_open(lfirst_oid(lc), AccessShareLock);

		found = index->rd_rel->relam == BTREE_AM_OID && entity_of_index(index, layout);
		/* a table without time is sorted by its primary key */
		found = found || (lfirst_oid(lc) == primary && layout->time == InvalidAttrNumber);
		index_close(index, AccessShareLock);
		if (found)
			break;
	}
	if (!found)
		layout->nentity = 0;
	list_free(indexes);
}

/* is its offset from UTC always 0? */
static bool
zone_is_utc(pg_tz *zone)
{
	long		offset;

	return pg_get_timezone_offset(zone, &offset) && offset == 0;
}

static pg_tz *
default_other_zone(pg_tz *zone)
{
	const char *name = zone_is_utc(zone) ? GetConfigOptionResetString("TimeZone") : "UTC";
	pg_tz	   *other = name ? pg_tzset(name) : NULL;

	return other && zone_is_utc(zone) && zone_is_utc(other) ? NULL : other;
}

/* the zone of this name; where there is none, otherwise */
static pg_tz *
stored_zone(HeapTuple row, TupleDesc desc, int column, pg_tz *otherwise)
{
	bool		isnull;
	Datum		name = SPI_getbinval(row, desc, column, &isnull);
	pg_tz	   *zone = isnull ? NULL : pg_tzset(TextDatumGetCString(name));

	return zone ? zone : otherwise;
}

void
layout_detect(Relation rel, Layout *layout)
{
	TupleDesc	desc = RelationGetDescr(rel);

	memset(layout, 0, sizeof *layout);
	layout->zone = session_timezone;
	layout->other_zone = default_other_zone(layout->zone);
	for (int i = 0; i < desc->natts; i++)
	{
		Form_pg_attribute attribute = TupleDescAttr(desc, i);
		ColumnType	type;

		if (attribute->attisdropped)
			continue;
		if (layout->time == InvalidAttrNumber && is_time_type(attribute->atttypid))
			layout->time = i + 1;
		column_type_init(&type, attribute);
		if (layout->position == InvalidAttrNumber && type.kind == COLUMN_POINT)
			layout->position = i + 1;
	}
	detect_entity(rel, layout);
}

/* what set_layout() stored, through the function that resolves it */
void
layout_read(Relation rel, Layout *layout)
{
	Oid			types[1] = {OIDOID};
	Datum		arguments[1] = {ObjectIdGetDatum(RelationGetRelid(rel))};
	bool		isnull;

	layout_detect(rel, layout);
	SPI_connect();
	if (SPI_execute_with_args("SELECT r.entity_attnums, r.time_attnum, r.position_attnum, l.time_zone,"
							  " l.other_zone FROM territory.resolved_layout($1::pg_catalog.regclass) r"
							  " LEFT JOIN territory.layouts l ON l.relation::pg_catalog.oid OPERATOR(pg_catalog.=) $1",
							  1, types, arguments, NULL, true, 1) == SPI_OK_SELECT && SPI_processed == 1)
	{
		HeapTuple	row = SPI_tuptable->vals[0];
		TupleDesc	desc = SPI_tuptable->tupdesc;
		Datum		value = SPI_getbinval(row, desc, 1, &isnull);

		if (!isnull)
		{
			Datum	   *attnums;
			int			n;

			deconstruct_array(DatumGetArrayTypeP(value), INT2OID, 2, true, TYPALIGN_SHORT, &attnums, NULL, &n);
			layout->nentity = Min(n, LAYOUT_MAX_ENTITY);
			for (int i = 0; i < layout->nentity; i++)
				layout->entity[i] = DatumGetInt16(attnums[i]);
		}
		value = SPI_getbinval(row, desc, 2, &isnull);
		if (!isnull && is_time_type(TupleDescAttr(RelationGetDescr(rel), DatumGetInt16(value) - 1)->atttypid))
			layout->time = DatumGetInt16(value);
		value = SPI_getbinval(row, desc, 3, &isnull);
		if (!isnull)
			layout->position = DatumGetInt16(value);
		layout->zone = stored_zone(row, desc, 4, layout->zone);
		layout->other_zone = stored_zone(row, desc, 5, default_other_zone(layout->zone));
	}
	SPI_finish();
}

/* as the owner of territory.layouts, who alone may write to it */
static void
write_layout(Oid *types, Datum *values, const char *nulls, int n)
{
	Oid			layouts = get_relname_relid("layouts", get_namespace_oid("territory", false));
	Relation	rel = table_open(layouts, RowExclusiveLock);
	Oid			caller;
	int			context;

	GetUserIdAndSecContext(&caller, &context);
	SetUserIdAndSecContext(rel->rd_rel->relowner, context | SECURITY_LOCAL_USERID_CHANGE);
	SPI_connect();
	/* those of temporary tables that went with their sessions, which no trigger tells, go too */
	SPI_execute_with_args("DELETE FROM territory.layouts l WHERE l.relation = $1"
						  " OR NOT EXISTS (SELECT FROM pg_class c WHERE c.oid = l.relation)",
						  1, types, values, nulls, false, 0);
	SPI_execute_with_args("INSERT INTO territory.layouts"
						  " VALUES ($1, $1::oid, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
						  n, types, values, nulls, false, 0);
	SPI_finish();
	SetUserIdAndSecContext(caller, context);
	table_close(rel, NoLock);
}

/*
 * Who calls is asked here: a function that runs as its owner would see that
 * owner, or who logged in, and neither needs to be the caller.
 */
PG_FUNCTION_INFO_V1(territory_store_layout);
Datum
territory_store_layout(PG_FUNCTION_ARGS)
{
	Oid			types[] = {REGCLASSOID, NAMEARRAYOID, INT2ARRAYOID, NAMEOID, INT2OID, NAMEOID, INT2OID, TEXTOID,
	TEXTOID, REGCLASSOID, NAMEOID, NAMEOID};
	Datum		values[lengthof(types)];
	char		nulls[lengthof(types)];

	table_check_owner(table_argument(fcinfo, "territory.set_layout()"));
	for (int i = 0; i < lengthof(types); i++)
	{
		values[i] = PG_GETARG_DATUM(i);
		nulls[i] = PG_ARGISNULL(i) ? 'n' : ' ';
	}
	write_layout(types, values, nulls, lengthof(types));
	PG_RETURN_VOID();
}
