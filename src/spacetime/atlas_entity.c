/*
 * atlas_entity.c
 *	  Places of entities: one row of atlas_places for each row of a table that
 *	  has a key and a place.
 *
 * The table is any table, so triggers keep what the atlas has of it.  They are
 * for each row and always enabled: the apply worker of logical replication
 * fires no others, and session_replication_role does not keep them from it.
 * They are internal, as those of foreign keys are: no dump holds them, and
 * add_layer() makes them where it is restored.
 */
#include "territory.h"

#include "access/table.h"
#include "catalog/dependency.h"
#include "catalog/pg_extension.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_trigger.h"
#include "commands/extension.h"
#include "commands/trigger.h"
#include "executor/tuptable.h"
#include "parser/parse_func.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/lsyscache.h"
#include "utils/snapmgr.h"

#include "spacetime/atlas.h"

#define MAX_KEY_BYTES 500		/* longer ones are not kept: such an entity may be any */

/* ---- triggers ---- */

static Oid
follow_function(void)
{
	return LookupFuncName(list_make2(makeString("territory"), makeString("atlas_follow_entity")), 0, NULL, false);
}

/* both triggers are there, and fire whatever happens */
bool
atlas_entity_is_watched(Relation rel)
{
	Oid			function = follow_function();
	int			n = 0;

	for (int t = 0; rel->trigdesc && t < rel->trigdesc->numtriggers; t++)
	{
		Trigger    *trigger = &rel->trigdesc->triggers[t];

		if (trigger->tgfoid == function && trigger->tgenabled == TRIGGER_FIRES_ALWAYS)
			n++;
	}
	return n == 2;
}

static void
drop_triggers(Oid relid)
{
	Relation	rel = table_open(relid, ShareRowExclusiveLock);
	Oid			function = follow_function();
	List	   *oids = NIL;
	ListCell   *lc;

	for (int t = 0; rel->trigdesc && t < rel->trigdesc->numtriggers; t++)
		if (rel->trigdesc->triggers[t].tgfoid == function)
			oids = lappend_oid(oids, rel->trigdesc->triggers[t].tgoid);
	table_close(rel, NoLock);
	foreach(lc, oids)
	{
		ObjectAddress trigger;

		ObjectAddressSet(trigger, TriggerRelationId, lfirst_oid(lc));
		performDeletion(&trigger, DROP_RESTRICT, PERFORM_DELETION_INTERNAL | PERFORM_DELETION_QUIETLY);
	}
	if (oids)
		CommandCounterIncrement();
}

/* it goes with the extension, without being asked for */
static void
create_trigger(Oid relid, bool row, int16 events)
{
	CreateTrigStmt *statement = makeNode(CreateTrigStmt);
	ObjectAddress extension,
				trigger;

	statement->trigname = row ? "territory_atlas" : "territory_atlas_truncate";
	statement->row = row;
	statement->timing = TRIGGER_TYPE_AFTER;
	statement->events = events;
	trigger = CreateTriggerFiringOn(statement, NULL, relid, InvalidOid, InvalidOid, InvalidOid, follow_function(),
									InvalidOid, NULL, true, false, TRIGGER_FIRES_ALWAYS);
	ObjectAddressSet(extension, ExtensionRelationId, get_extension_oid("territory", false));
	recordDependencyOn(&trigger, &extension, DEPENDENCY_AUTO_EXTENSION);
	CommandCounterIncrement();
}

void
atlas_entity_watch(Oid relid, bool wanted)
{
	drop_triggers(relid);
	if (!wanted)
		return;
	create_trigger(relid, true, TRIGGER_TYPE_INSERT | TRIGGER_TYPE_UPDATE | TRIGGER_TYPE_DELETE);
	create_trigger(relid, false, TRIGGER_TYPE_TRUNCATE);
}

/* ---- entities ---- */

/* NULL where it is too long to be kept */
char *
atlas_entity_key(Relation rel, AttrNumber key, Datum value)
{
	Oid			output;
	bool		varlena;
	char	   *text;

	getTypeOutputInfo(TupleDescAttr(RelationGetDescr(rel), key - 1)->atttypid, &output, &varlena);
	text = OidOutputFunctionCall(output, value);
	return strlen(text) <= MAX_KEY_BYTES ? text : NULL;
}

/* false: it has no key, or no place */
bool
atlas_entity_of_row(Relation rel, const AtlasLayer *layer, TupleTableSlot *slot, char **key, STBox *box)
{
	bool		no_key,
				no_place;
	Datum		value = slot_getattr(slot, layer->key, &no_key);
	Datum		place = slot_getattr(slot, layer->position, &no_place);

	if (no_key || no_place)
		return false;
	*key = atlas_entity_key(rel, layer->key, value);
	atlas_entity_box(place, box);
	return true;
}

static void
add_entity(Relation rel, const AtlasLayer *layer, TupleTableSlot *slot)
{
	char	   *key;
	STBox		box;

	if (atlas_entity_of_row(rel, layer, slot, &key, &box))
		atlas_insert_place(layer->relid, key, PLACE_ENTITY, &box, NULL);
}

static void
remove_entity(Relation rel, const AtlasLayer *layer, TupleTableSlot *slot)
{
	char	   *key;
	STBox		box;

	if (atlas_entity_of_row(rel, layer, slot, &key, &box))
		atlas_delete_place(layer->relid, PLACE_ENTITY, key, &box);
}

/* all of them; rel is locked against whoever writes to it */
void
atlas_entity_rebuild(Relation rel, const AtlasLayer *layer)
{
	TupleTableSlot *slot = table_slot_create(rel, NULL);
	TableScanDesc scan = table_beginscan(rel, SnapshotSelf, 0, NULL);
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "territory entity", ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(context);

	while (table_scan_getnextslot(scan, ForwardScanDirection, slot))
	{
		CHECK_FOR_INTERRUPTS();
		add_entity(rel, layer, slot);
		MemoryContextReset(context);
	}
	MemoryContextSwitchTo(old);
	MemoryContextDelete(context);
	table_endscan(scan);
	ExecDropSingleTupleTableSlot(slot);
}

static bool
same_value(Relation rel, AttrNumber attno, TupleTableSlot *a, TupleTableSlot *b)
{
	Form_pg_attribute attribute = TupleDescAttr(RelationGetDescr(rel), attno - 1);
	bool		null_a,
				null_b;
	Datum		value_a = slot_getattr(a, attno, &null_a);
	Datum		value_b = slot_getattr(b, attno, &null_b);

	return null_a == null_b &&
		(null_a || datum_image_eq(value_a, value_b, attribute->attbyval, attribute->attlen));
}

PG_FUNCTION_INFO_V1(territory_atlas_follow_entity);
Datum
territory_atlas_follow_entity(PG_FUNCTION_ARGS)
{
	TriggerData *data = (TriggerData *) fcinfo->context;
	const AtlasLayer *known;
	AtlasLayer	layer;
	Relation	rel;

	if (!CALLED_AS_TRIGGER(fcinfo))
		ereport(ERROR, (errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
						errmsg("territory.atlas_follow_entity() was not called as a trigger")));
	rel = data->tg_relation;
	known = atlas_known_entities(rel);
	if (known == NULL)
		PG_RETURN_POINTER(NULL);
	layer = *known;
	if (TRIGGER_FIRED_BY_TRUNCATE(data->tg_event))
		atlas_delete(ATLAS_PLACES, layer.relid);
	else if (TRIGGER_FIRED_BY_INSERT(data->tg_event))
		add_entity(rel, &layer, data->tg_trigslot);
	else if (TRIGGER_FIRED_BY_DELETE(data->tg_event))
		remove_entity(rel, &layer, data->tg_trigslot);
	else if (!same_value(rel, layer.key, data->tg_trigslot, data->tg_newslot) ||
			 !same_value(rel, layer.position, data->tg_trigslot, data->tg_newslot))
	{
		remove_entity(rel, &layer, data->tg_trigslot);
		add_entity(rel, &layer, data->tg_newslot);
	}
	PG_RETURN_POINTER(NULL);
}
