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
 * another oid.  The calendar's zone is the stored one, else the session's.
 */
#include "territory.h"

#include "access/genam.h"
#include "access/table.h"
#include "catalog/namespace.h"
#include "catalog/pg_am.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/snapmgr.h"

#include "segment/column.h"
#include "segment/layout.h"

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

void
layout_detect(Relation rel, Layout *layout)
{
	TupleDesc	desc = RelationGetDescr(rel);

	memset(layout, 0, sizeof *layout);
	layout->zone = session_timezone;
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
	if (SPI_execute_with_args("SELECT r.entity_attnums, r.time_attnum, r.position_attnum, l.time_zone"
							  " FROM territory.resolved_layout($1::regclass) r"
							  " LEFT JOIN territory.layouts l ON l.relation = $1::regclass",
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
		if (!isnull)
			layout->time = DatumGetInt16(value);
		value = SPI_getbinval(row, desc, 3, &isnull);
		if (!isnull)
			layout->position = DatumGetInt16(value);
		value = SPI_getbinval(row, desc, 4, &isnull);
		if (!isnull)
		{
			pg_tz	   *zone = pg_tzset(TextDatumGetCString(value));

			layout->zone = zone ? zone : layout->zone;
		}
	}
	SPI_finish();
}
