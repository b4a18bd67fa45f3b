/*
 * atlas_follow.c
 *	  What the atlas is to know, by what territory.layers says.
 *
 * A layer of a territory table with a time is known by its segments and hot
 * rows; a plain table with a key and a place, but no time, by its entities, and
 * so is a table that tells where the entities of other layers are.  What else
 * is a layer (views, foreign and partitioned tables, plain tables with a time)
 * the atlas does not know: it is always looked at.
 *
 * The idea: one function makes the atlas what it is to be for a relation, and
 * does nothing where it is.  It is called when a layer changes, and when its
 * table does.
 */
#include "territory.h"

#include "access/relation.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/snapmgr.h"

#include "segment/table.h"
#include "spacetime/atlas.h"

/* what territory.layers says of a relation */
typedef struct LayerRow
{
	bool		is_layer;
	AttrNumber	time;
	AttrNumber	position;
	AttrNumber	entity;			/* its only entity column, or InvalidAttrNumber */
	int32		srid;
	Oid			places;			/* the table that tells where its entities are */
	AttrNumber	source_key;		/* of this relation, where it is such a table ... */
	AttrNumber	source_position;
} LayerRow;

static AttrNumber
get_number(int column, AttrNumber otherwise)
{
	bool		isnull;
	Datum		value = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, column, &isnull);

	return isnull ? otherwise : DatumGetInt16(value);
}

static bool
query(const char *text, Oid relid)
{
	Oid			type = OIDOID;
	Datum		value = ObjectIdGetDatum(relid);

	if (SPI_execute_with_args(text, 1, &type, &value, NULL, true, 1) != SPI_OK_SELECT)
		elog(ERROR, "territory: could not read territory.layers");
	return SPI_processed == 1;
}

/*
 * A table that tells places is known by one key, that of its first layer.  It
 * gets triggers, so its owner has to have let the layer's owner make some.
 */
static void
read_row(Oid relid, LayerRow *row)
{
	bool		isnull;

	memset(row, 0, sizeof *row);
	SPI_connect();
	row->is_layer = query("SELECT territory.column_number(l.rel, l.time_column), territory.column_number(l.rel, l.position_column),"
						  " CASE WHEN pg_catalog.cardinality(l.entity_columns) OPERATOR(pg_catalog.=) 1"
						  " THEN territory.column_number(l.rel, l.entity_columns[1]) END,"
						  " territory.column_srid(l.rel, l.position_column), l.entity_table::pg_catalog.oid"
						  " FROM territory.layers l WHERE l.rel::pg_catalog.oid OPERATOR(pg_catalog.=) $1", relid);
	if (row->is_layer)
	{
		Datum		value;

		row->time = get_number(1, InvalidAttrNumber);
		row->position = get_number(2, InvalidAttrNumber);
		row->entity = get_number(3, InvalidAttrNumber);
		value = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 4, &isnull);
		row->srid = isnull ? 0 : DatumGetInt32(value);
		value = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 5, &isnull);
		row->places = isnull ? InvalidOid : DatumGetObjectId(value);
	}
	if (query("SELECT territory.column_number(l.entity_table, l.entity_key), territory.column_number(l.entity_table, l.entity_position)"
			  " FROM territory.layers l JOIN pg_catalog.pg_class c ON c.oid OPERATOR(pg_catalog.=) l.rel::pg_catalog.oid"
			  " WHERE l.entity_table::pg_catalog.oid OPERATOR(pg_catalog.=) $1"
			  " AND pg_catalog.has_table_privilege(c.relowner, l.entity_table::pg_catalog.oid, 'TRIGGER')"
			  " ORDER BY l.created_at, l.rel::pg_catalog.oid LIMIT 1", relid))
	{
		row->source_key = get_number(1, InvalidAttrNumber);
		row->source_position = get_number(2, InvalidAttrNumber);
	}
	SPI_finish();
}

/* what the atlas is to know of it; false: nothing */
static bool
wanted(Relation rel, const LayerRow *row, AtlasLayer *layer)
{
	bool		plain = rel->rd_rel->relkind == RELKIND_RELATION;

	memset(layer, 0, sizeof *layer);
	layer->relid = RelationGetRelid(rel);
	if (rel->rd_rel->relpersistence == RELPERSISTENCE_TEMP)
		return false;
	layer->entities = plain && (!row->is_layer || row->time == InvalidAttrNumber);
	if (layer->entities && row->is_layer && row->entity != InvalidAttrNumber && row->position != InvalidAttrNumber)
	{
		layer->key = row->entity;
		layer->position = row->position;
		return true;
	}
	if (layer->entities && row->source_key != InvalidAttrNumber && row->source_position != InvalidAttrNumber)
	{
		layer->key = row->source_key;
		layer->position = row->source_position;
		return true;
	}
	layer->entities = false;
	layer->time = row->time;
	layer->position = row->position;
	layer->srid = row->srid;
	/* a layer without a place of its own is told from others by its times */
	return row->is_layer && relation_is_territory(rel) && (plain || rel->rd_rel->relkind == RELKIND_MATVIEW) &&
		(row->time != InvalidAttrNumber || row->position != InvalidAttrNumber);
}

static bool
is_as_wanted(Relation rel, const AtlasLayer *layer)
{
	AtlasLayer	known;

	return atlas_layer_read(layer->relid, SnapshotSelf, &known) && known.entities == layer->entities &&
		known.time == layer->time && known.position == layer->position && known.key == layer->key &&
		known.srid == layer->srid &&
		known.file == relphysical_number(relation_physical(rel)) &&
		(!known.entities || atlas_entity_is_watched(rel));
}

static void
make_as_wanted(Oid relid, AtlasLayer *layer)
{
	Relation	rel = relation_open(relid, ShareRowExclusiveLock);

	atlas_entity_watch(relid, layer->entities);
	atlas_rebuild(rel, layer);
	relation_close(rel, NoLock);
	CommandCounterIncrement();
}

static void
make_unknown(Oid relid, Relation rel)
{
	AtlasLayer	known;

	if (!atlas_layer_read(relid, SnapshotSelf, &known))
		return;
	if (rel && known.entities)
		atlas_entity_watch(relid, false);
	atlas_forget(relid);
	CommandCounterIncrement();
}

/* the same for who checks the atlas; the relation is open */
bool
atlas_wanted(Relation rel, AtlasLayer *layer)
{
	LayerRow	row;

	read_row(RelationGetRelid(rel), &row);
	return wanted(rel, &row, layer);
}

/* a layer, or a table that tells where entities of layers are */
static bool
is_told_of(Oid relid)
{
	bool		told;

	SPI_connect();
	told = query("SELECT FROM territory.layers l WHERE l.rel::pg_catalog.oid OPERATOR(pg_catalog.=) $1"
				 " OR l.entity_table::pg_catalog.oid OPERATOR(pg_catalog.=) $1 LIMIT 1", relid);
	SPI_finish();
	return told;
}

/* anew: even where nothing seems to have changed.  Returns the table of its entities' places, where it names one */
static Oid
follow(Oid relid, bool anew)
{
	Relation	rel = try_relation_open(relid, AccessShareLock);
	LayerRow	row = {0};
	AtlasLayer	layer;
	bool		known = false;

	if (rel)
	{
		read_row(relid, &row);
		known = wanted(rel, &row, &layer);
	}
	if (!known)
		make_unknown(relid, rel);
	else if (anew || !is_as_wanted(rel, &layer))
		make_as_wanted(relid, &layer);
	if (rel)
		relation_close(rel, NoLock);
	return row.places;
}

static void
follow_all(Oid relid, bool anew)
{
	Oid			places = follow(relid, anew);

	if (OidIsValid(places) && places != relid)
		(void) follow(places, anew);
}

/* called by triggers of ours only: it asks nobody's rights */
PG_FUNCTION_INFO_V1(territory_atlas_follow);
Datum
territory_atlas_follow(PG_FUNCTION_ARGS)
{
	follow_all(PG_GETARG_OID(0), false);
	PG_RETURN_VOID();
}

/* the relation of the argument, or all layers; each has to be the caller's */
List *
atlas_argument(FunctionCallInfo fcinfo, const char *function)
{
	MemoryContext context = CurrentMemoryContext;
	List	   *relids = NIL;
	ListCell   *lc;

	if (!PG_ARGISNULL(0))
	{
		table_check_owner(PG_GETARG_OID(0));
		if (!is_told_of(PG_GETARG_OID(0)))
			ereport(ERROR, (errcode(ERRCODE_UNDEFINED_OBJECT),
							errmsg("\"%s\" is not a layer", get_rel_name(PG_GETARG_OID(0))),
							errhint("%s is for layers and the tables of their entities: see territory.layers.", function)));
		return list_make1_oid(PG_GETARG_OID(0));
	}
	SPI_connect();
	if (SPI_execute("SELECT l.rel::pg_catalog.oid FROM territory.layers l ORDER BY 1", true, 0) != SPI_OK_SELECT)
		elog(ERROR, "territory: could not read territory.layers");
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		bool		isnull;
		Oid			relid = DatumGetObjectId(SPI_getbinval(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 1, &isnull));
		MemoryContext old = MemoryContextSwitchTo(context);

		relids = lappend_oid(relids, relid);
		MemoryContextSwitchTo(old);
	}
	SPI_finish();
	foreach(lc, relids)
		if (get_rel_name(lfirst_oid(lc)))
			table_check_owner(lfirst_oid(lc));
	return relids;
}

PG_FUNCTION_INFO_V1(territory_rebuild_atlas);
Datum
territory_rebuild_atlas(PG_FUNCTION_ARGS)
{
	List	   *relids;
	ListCell   *lc;

	PreventCommandIfReadOnly("territory.rebuild_atlas()");
	relids = atlas_argument(fcinfo, "territory.rebuild_atlas()");
	foreach(lc, relids)
		follow_all(lfirst_oid(lc), true);
	PG_RETURN_VOID();
}
