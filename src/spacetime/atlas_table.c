/*
 * atlas_table.c
 *	  Read and write the atlas' tables.
 *
 * Nobody has a right on them: they tell where things are that a caller may not
 * see.  So they are read here, by their indexes, and not by statements; their
 * rows are ordinary rows that come and go with the transaction that writes them.
 */
#include "territory.h"

#include "access/genam.h"
#include "access/heapam.h"
#include "access/relscan.h"
#include "access/table.h"
#include "access/tableam.h"
#include "catalog/indexing.h"
#include "catalog/namespace.h"
#include "catalog/pg_am_d.h"
#include "catalog/pg_collation_d.h"
#include "catalog/pg_type_d.h"
#include "executor/tuptable.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/snapmgr.h"

#include "spacetime/atlas.h"

static const char *const names[] = {"atlas_layers", "atlas_segments", "atlas_places"};

/* NULL: this version of the extension has none, or there is no extension */
Relation
atlas_open(AtlasTable table, LOCKMODE lockmode)
{
	Oid			schema = get_namespace_oid("territory", true);
	Oid			relid = OidIsValid(schema) ? get_relname_relid(names[table], schema) : InvalidOid;

	return OidIsValid(relid) ? table_open(relid, lockmode) : NULL;
}

static Relation
open_surely(AtlasTable table, LOCKMODE lockmode)
{
	Relation	atlas = atlas_open(table, lockmode);

	if (atlas == NULL)
		ereport(ERROR, (errcode(ERRCODE_UNDEFINED_TABLE), errmsg("table territory.%s does not exist", names[table]),
						errhint("It is part of extension territory: ALTER EXTENSION territory UPDATE.")));
	return atlas;
}

static Oid
index_of(Relation atlas, Oid am)
{
	List	   *indexes = RelationGetIndexList(atlas);
	Oid			found = InvalidOid;
	ListCell   *lc;

	foreach(lc, indexes)
	{
		Relation	index = index_open(lfirst_oid(lc), AccessShareLock);

		if (index->rd_rel->relam == am)
			found = lfirst_oid(lc);
		index_close(index, AccessShareLock);
	}
	list_free(indexes);
	if (!OidIsValid(found))
		elog(ERROR, "territory: \"%s\" has lost an index", RelationGetRelationName(atlas));
	return found;
}

/* rows of a relation; the first column is always the relation, keys are of those after it */
SysScanDesc
atlas_scan(Relation atlas, Snapshot snapshot, Oid relid, int nkeys, ScanKey keys)
{
	ScanKeyData all[3];

	Assert(nkeys < 3);
	ScanKeyInit(&all[0], 1, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(relid));
	for (int k = 0; k < nkeys; k++)
		all[k + 1] = keys[k];
	return systable_beginscan(atlas, index_of(atlas, BTREE_AM_OID), true, snapshot, nkeys + 1, all);
}

/* NULL where there is none */
STBox *
atlas_get_box(HeapTuple tuple, AttrNumber column, Relation atlas)
{
	bool		isnull;
	Datum		value = heap_getattr(tuple, column, RelationGetDescr(atlas), &isnull);

	return isnull ? NULL : DatumGetSTBox(value);
}

char
atlas_get_kind(HeapTuple tuple, Relation atlas)
{
	bool		isnull;

	return DatumGetChar(heap_getattr(tuple, Anum_atlas_places_kind, RelationGetDescr(atlas), &isnull));
}

static void
insert_row(AtlasTable table, Datum *values, bool *nulls)
{
	Relation	atlas = open_surely(table, RowExclusiveLock);
	HeapTuple	tuple = heap_form_tuple(RelationGetDescr(atlas), values, nulls);

	CatalogTupleInsert(atlas, tuple);
	heap_freetuple(tuple);
	table_close(atlas, RowExclusiveLock);
}

void
atlas_insert_segment(Oid relid, SegmentNumber segment, const STBox *box)
{
	Datum		values[Natts_atlas_segments];
	bool		nulls[Natts_atlas_segments] = {false};

	values[Anum_atlas_segments_layer - 1] = ObjectIdGetDatum(relid);
	values[Anum_atlas_segments_segment - 1] = Int32GetDatum(segment);
	values[Anum_atlas_segments_box - 1] = STBoxGetDatum(box);
	insert_row(ATLAS_SEGMENTS, values, nulls);
}

/* entity and native may be NULL */
void
atlas_insert_place(Oid relid, const char *entity, char kind, const STBox *box, const STBox *native)
{
	Datum		values[Natts_atlas_places] = {0};
	bool		nulls[Natts_atlas_places] = {false};

	values[Anum_atlas_places_layer - 1] = ObjectIdGetDatum(relid);
	nulls[Anum_atlas_places_entity - 1] = entity == NULL;
	if (entity)
		values[Anum_atlas_places_entity - 1] = CStringGetTextDatum(entity);
	values[Anum_atlas_places_kind - 1] = CharGetDatum(kind);
	values[Anum_atlas_places_box - 1] = STBoxGetDatum(box);
	nulls[Anum_atlas_places_native - 1] = native == NULL;
	values[Anum_atlas_places_native - 1] = STBoxGetDatum(native);
	insert_row(ATLAS_PLACES, values, nulls);
}

/* all rows of a relation */
void
atlas_delete(AtlasTable table, Oid relid)
{
	Relation	atlas = open_surely(table, RowExclusiveLock);
	SysScanDesc scan = atlas_scan(atlas, SnapshotSelf, relid, 0, NULL);
	HeapTuple	tuple;

	while ((tuple = systable_getnext(scan)) != NULL)
		CatalogTupleDelete(atlas, &tuple->t_self);
	systable_endscan(scan);
	table_close(atlas, RowExclusiveLock);
}

void
atlas_delete_segment(Oid relid, SegmentNumber segment)
{
	Relation	atlas = open_surely(ATLAS_SEGMENTS, RowExclusiveLock);
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	tuple;

	ScanKeyInit(&key, Anum_atlas_segments_segment, BTEqualStrategyNumber, F_INT4EQ, Int32GetDatum(segment));
	scan = atlas_scan(atlas, SnapshotSelf, relid, 1, &key);
	while ((tuple = systable_getnext(scan)) != NULL)
		CatalogTupleDelete(atlas, &tuple->t_self);
	systable_endscan(scan);
	table_close(atlas, RowExclusiveLock);
}

/* all of this kind, entity and box; NULL: of any box.  Of an entity, one of those with its box */
void
atlas_delete_place(Oid relid, char kind, const char *entity, const STBox *box)
{
	Relation	atlas = open_surely(ATLAS_PLACES, RowExclusiveLock);
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	tuple;

	if (entity)
		ScanKeyEntryInitialize(&key, 0, Anum_atlas_places_entity, BTEqualStrategyNumber, TEXTOID, C_COLLATION_OID,
							   F_TEXTEQ, CStringGetTextDatum(entity));
	else
		ScanKeyEntryInitialize(&key, SK_ISNULL | SK_SEARCHNULL, Anum_atlas_places_entity, InvalidStrategy, InvalidOid,
							   InvalidOid, InvalidOid, (Datum) 0);
	scan = atlas_scan(atlas, SnapshotSelf, relid, 1, &key);
	while ((tuple = systable_getnext(scan)) != NULL)
	{
		STBox	   *found = atlas_get_box(tuple, Anum_atlas_places_box, atlas);

		if (atlas_get_kind(tuple, atlas) != kind || (box && memcmp(found, box, sizeof *box) != 0))
			continue;
		CatalogTupleDelete(atlas, &tuple->t_self);
		if (kind == PLACE_ENTITY && box)
			break;
	}
	systable_endscan(scan);
	table_close(atlas, RowExclusiveLock);
}

/* ---- what the atlas knows completely ---- */

static AtlasLayer
layer_of_tuple(HeapTuple tuple, Relation atlas)
{
	Datum		values[Natts_atlas_layers];
	bool		nulls[Natts_atlas_layers];
	AtlasLayer	layer;

	heap_deform_tuple(tuple, RelationGetDescr(atlas), values, nulls);
	layer.relid = DatumGetObjectId(values[Anum_atlas_layers_layer - 1]);
	layer.file = DatumGetObjectId(values[Anum_atlas_layers_file - 1]);
	layer.entities = DatumGetBool(values[Anum_atlas_layers_entities - 1]);
	layer.time = DatumGetInt16(values[Anum_atlas_layers_time - 1]);
	layer.position = DatumGetInt16(values[Anum_atlas_layers_position - 1]);
	layer.key = DatumGetInt16(values[Anum_atlas_layers_key - 1]);
	layer.srid = DatumGetInt32(values[Anum_atlas_layers_srid - 1]);
	return layer;
}

bool
atlas_layer_read(Oid relid, Snapshot snapshot, AtlasLayer *layer)
{
	Relation	atlas = atlas_open(ATLAS_LAYERS, AccessShareLock);
	SysScanDesc scan;
	HeapTuple	tuple;

	if (atlas == NULL)
		return false;
	scan = atlas_scan(atlas, snapshot, relid, 0, NULL);
	tuple = systable_getnext(scan);
	if (tuple)
		*layer = layer_of_tuple(tuple, atlas);
	systable_endscan(scan);
	table_close(atlas, AccessShareLock);
	return tuple != NULL;
}

/* of all relations */
List *
atlas_layers_read(Snapshot snapshot)
{
	Relation	atlas = open_surely(ATLAS_LAYERS, AccessShareLock);
	SysScanDesc scan = systable_beginscan(atlas, InvalidOid, false, snapshot, 0, NULL);
	List	   *layers = NIL;
	HeapTuple	tuple;

	while ((tuple = systable_getnext(scan)) != NULL)
	{
		AtlasLayer *layer = palloc(sizeof *layer);

		*layer = layer_of_tuple(tuple, atlas);
		layers = lappend(layers, layer);
	}
	systable_endscan(scan);
	table_close(atlas, AccessShareLock);
	return layers;
}

/* in the place of what is said of the relation; who caches that is told */
void
atlas_layer_write(const AtlasLayer *layer)
{
	Datum		values[Natts_atlas_layers];
	bool		nulls[Natts_atlas_layers] = {false};

	atlas_delete(ATLAS_LAYERS, layer->relid);
	values[Anum_atlas_layers_layer - 1] = ObjectIdGetDatum(layer->relid);
	values[Anum_atlas_layers_file - 1] = ObjectIdGetDatum(layer->file);
	values[Anum_atlas_layers_entities - 1] = BoolGetDatum(layer->entities);
	values[Anum_atlas_layers_time - 1] = Int16GetDatum(layer->time);
	values[Anum_atlas_layers_position - 1] = Int16GetDatum(layer->position);
	values[Anum_atlas_layers_key - 1] = Int16GetDatum(layer->key);
	values[Anum_atlas_layers_srid - 1] = Int32GetDatum(layer->srid);
	insert_row(ATLAS_LAYERS, values, nulls);
	CacheInvalidateRelcacheByRelid(layer->relid);
}

/* ---- by place and time ---- */

/* each row whose box overlaps, until found says that it has seen enough */
void
atlas_overlapping(AtlasTable table, Snapshot snapshot, STBox *box,
				  bool (*found) (HeapTuple tuple, Relation atlas, void *arg), void *arg)
{
	Relation	atlas = open_surely(table, AccessShareLock);
	Relation	index = index_open(index_of(atlas, GIST_AM_OID), AccessShareLock);
	AttrNumber	column = table == ATLAS_SEGMENTS ? Anum_atlas_segments_box : Anum_atlas_places_box;
	Oid			type = index->rd_opcintype[0];
	Oid			operator = get_opfamily_member(index->rd_opfamily[0], type, type, STBOX_OVERLAPS);
	TupleTableSlot *slot = table_slot_create(atlas, NULL);
	IndexScanDesc scan = compat_index_beginscan(atlas, index, snapshot, 1);
	ScanKeyData key;

	ScanKeyEntryInitialize(&key, 0, 1, STBOX_OVERLAPS, InvalidOid, InvalidOid, get_opcode(operator), STBoxGetDatum(box));
	index_rescan(scan, &key, 1, NULL, 0);
	while (index_getnext_slot(scan, ForwardScanDirection, slot))
	{
		HeapTuple	tuple = ((BufferHeapTupleTableSlot *) slot)->base.tuple;

		CHECK_FOR_INTERRUPTS();
		if (stbox_intersects(atlas_get_box(tuple, column, atlas), box) && !found(tuple, atlas, arg))
			break;
	}
	index_endscan(scan);
	ExecDropSingleTupleTableSlot(slot);
	index_close(index, AccessShareLock);
	table_close(atlas, AccessShareLock);
}
