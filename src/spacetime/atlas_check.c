/*
 * atlas_check.c
 *	  Does the atlas hold what it says it does?
 *
 * Everything is read with one snapshot, so that writers may go on meanwhile.
 * A box that is larger than it has to be is no difference; one that leaves out
 * anything is, and so is one of what is not there.
 */
#include "territory.h"

#include "access/relation.h"
#include "executor/tuptable.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/snapmgr.h"

#include "spacetime/atlas.h"

typedef struct Check
{
	ReturnSetInfo *result;
	Relation	rel;
	AtlasLayer	layer;
	Snapshot	snapshot;
} Check;

/* a row of the atlas */
typedef struct Kept
{
	SegmentNumber segment;
	char	   *key;			/* of an entity; "" where it is not kept */
	STBox		box;
} Kept;

typedef struct KeptRows
{
	int			n;
	Kept	   *rows;
} KeptRows;

static void difference(Check *check, const char *format, ...) pg_attribute_printf(2, 3);

static void
difference(Check *check, const char *format, ...)
{
	StringInfoData text;
	Datum		values[2];
	bool		nulls[2] = {false, false};
	va_list		args;

	initStringInfo(&text);
	for (;;)
	{
		int			needed;

		va_start(args, format);
		needed = appendStringInfoVA(&text, format, args);
		va_end(args);
		if (needed == 0)
			break;
		enlargeStringInfo(&text, needed);
	}
	values[0] = ObjectIdGetDatum(check->layer.relid);
	values[1] = CStringGetTextDatum(text.data);
	tuplestore_putvalues(check->result->setResult, check->result->setDesc, values, nulls);
}

static Kept *
keep(KeptRows *rows)
{
	if (rows->n == 0)
		rows->rows = palloc(sizeof(Kept) * 64);
	else if (rows->n >= 64 && (rows->n & (rows->n - 1)) == 0)
		rows->rows = repalloc_huge(rows->rows, sizeof(Kept) * rows->n * 2);
	memset(&rows->rows[rows->n], 0, sizeof(Kept));
	return &rows->rows[rows->n++];
}

/* boxes of places of this kind; of hot rows, as they are compared with rows */
static KeptRows
read_places(Check *check, char kind)
{
	Relation	atlas = atlas_open(ATLAS_PLACES, AccessShareLock);
	SysScanDesc scan = atlas_scan(atlas, check->snapshot, check->layer.relid, 0, NULL);
	KeptRows	rows = {0};
	HeapTuple	tuple;

	while ((tuple = systable_getnext(scan)) != NULL)
	{
		Kept	   *row;
		bool		isnull;
		Datum		key;

		if (atlas_get_kind(tuple, atlas) != kind)
			continue;
		row = keep(&rows);
		row->box = *atlas_get_box(tuple, kind == PLACE_HOT ? Anum_atlas_places_native : Anum_atlas_places_box, atlas);
		key = heap_getattr(tuple, Anum_atlas_places_entity, RelationGetDescr(atlas), &isnull);
		row->key = isnull ? "" : TextDatumGetCString(key);
	}
	systable_endscan(scan);
	relation_close(atlas, AccessShareLock);
	return rows;
}

static KeptRows
read_segments(Check *check)
{
	Relation	atlas = atlas_open(ATLAS_SEGMENTS, AccessShareLock);
	SysScanDesc scan = atlas_scan(atlas, check->snapshot, check->layer.relid, 0, NULL);
	KeptRows	rows = {0};
	HeapTuple	tuple;

	while ((tuple = systable_getnext(scan)) != NULL)
	{
		Kept	   *row = keep(&rows);
		bool		isnull;

		row->segment = DatumGetInt32(heap_getattr(tuple, Anum_atlas_segments_segment, RelationGetDescr(atlas), &isnull));
		row->box = *atlas_get_box(tuple, Anum_atlas_segments_box, atlas);
	}
	systable_endscan(scan);
	relation_close(atlas, AccessShareLock);
	return rows;
}

static bool
is_held(const KeptRows *rows, const STBox *box)
{
	for (int i = 0; i < rows->n; i++)
	{
		const STBox *kept = &rows->rows[i].box;

		/* hot rows without a place are held by boxes without one */
		if (stbox_has(box, STBOX_HAS_X) ? stbox_contains(kept, box) :
			!stbox_has(kept, STBOX_HAS_X) && stbox_contains(kept, box))
			return true;
	}
	return false;
}

/* ---- segments and hot rows ---- */

static void
check_segment(Check *check, const SegmentEntry *entry, KeptRows *kept, const KeptRows *extents)
{
	STBox		box;
	bool		any = atlas_segment_box(&check->layer, check->rel, entry, &box);
	int			found = 0;

	for (int i = 0; i < kept->n; i++)
	{
		if (kept->rows[i].segment != entry->number)
			continue;
		kept->rows[i].segment = -1;
		if (found++ == 0 && any && !stbox_contains(&kept->rows[i].box, &box))
			difference(check, "segment %d lies elsewhere than the atlas says", entry->number);
	}
	if (found != (any ? 1 : 0))
		difference(check, "segment %d is in the atlas %d times", entry->number, found);
	if (any && !is_held(extents, &box))
		difference(check, "segment %d lies beyond the layer's extent", entry->number);
}

static void
check_segments(Check *check)
{
	KeptRows	kept = read_segments(check);
	KeptRows	extents = read_places(check, PLACE_EXTENT);
	ChunkStore	store;

	if (relation_is_territory(check->rel) && chunk_store_open(check->rel, AccessShareLock, &store))
	{
		Directory  *directory = directory_read(&store, check->snapshot, NULL, 0);

		for (int s = 0; s < directory->nsegments; s++)
		{
			CHECK_FOR_INTERRUPTS();
			check_segment(check, directory_entry(directory, &store, check->snapshot, s), &kept, &extents);
		}
		chunk_store_close(&store, AccessShareLock);
	}
	for (int i = 0; i < kept.n; i++)
		if (kept.rows[i].segment >= 0)
			difference(check, "segment %d is in the atlas, and not in the table", kept.rows[i].segment);
}

static void
check_hot_rows(Check *check)
{
	KeptRows	kept = read_places(check, PLACE_HOT);
	TupleTableSlot *slot = table_slot_create(check->rel, NULL);
	TableScanDesc scan = heap_methods->scan_begin(check->rel, check->snapshot, 0, NULL, NULL,
												  SO_TYPE_SEQSCAN | SO_ALLOW_STRAT | SO_ALLOW_PAGEMODE);
	int64		missing = 0;

	while (heap_methods->scan_getnextslot(scan, ForwardScanDirection, slot))
	{
		STBox		box;

		CHECK_FOR_INTERRUPTS();
		if (atlas_row_box(check->rel, &check->layer, slot, &box) && !is_held(&kept, &box))
			missing++;
	}
	heap_methods->scan_end(scan);
	ExecDropSingleTupleTableSlot(slot);
	if (missing > 0)
		difference(check, INT64_FORMAT " hot rows lie where the atlas says that there are none", missing);
}

/* ---- entities ---- */

static int
compare_kept(const void *a, const void *b)
{
	const Kept *x = a;
	const Kept *y = b;
	int			order = strcmp(x->key, y->key);

	return order != 0 ? order : memcmp(&x->box, &y->box, sizeof(STBox));
}

static void
check_entities(Check *check)
{
	KeptRows	kept = read_places(check, PLACE_ENTITY);
	KeptRows	found = {0};
	TupleTableSlot *slot = table_slot_create(check->rel, NULL);
	TableScanDesc scan = table_beginscan(check->rel, check->snapshot, 0, NULL);
	int			i = 0,
				j = 0;

	while (table_scan_getnextslot(scan, ForwardScanDirection, slot))
	{
		char	   *key;
		STBox		box;

		CHECK_FOR_INTERRUPTS();
		if (atlas_entity_of_row(check->rel, &check->layer, slot, &key, &box))
		{
			Kept	   *row = keep(&found);

			row->key = key ? key : "";
			row->box = box;
		}
	}
	table_endscan(scan);
	ExecDropSingleTupleTableSlot(slot);
	if (kept.n > 0)
		qsort(kept.rows, kept.n, sizeof(Kept), compare_kept);
	if (found.n > 0)
		qsort(found.rows, found.n, sizeof(Kept), compare_kept);
	while (i < kept.n || j < found.n)
	{
		int			order = i == kept.n ? 1 : j == found.n ? -1 : compare_kept(&kept.rows[i], &found.rows[j]);

		if (order < 0 && kept.rows[i].key[0] != '\0')
			difference(check, "entity %s is in the atlas, and not there in the table", kept.rows[i].key);
		if (order > 0)
			difference(check, "entity %s is not in the atlas where the table has it", found.rows[j].key);
		i += order <= 0;
		j += order >= 0;
	}
}

/* ---- all of it ---- */

static void
check_layer(Check *check)
{
	AtlasLayer	wanted;
	bool		known;
	bool		want = atlas_wanted(check->rel, &wanted);

	known = atlas_layer_read(RelationGetRelid(check->rel), check->snapshot, &check->layer);
	check->layer.relid = RelationGetRelid(check->rel);
	if (!want && !known)
		return;
	if (!known || !want || check->layer.entities != wanted.entities || check->layer.time != wanted.time ||
		check->layer.position != wanted.position || check->layer.key != wanted.key || check->layer.srid != wanted.srid ||
		(!wanted.entities && check->layer.file != relphysical_number(relation_physical(check->rel))) ||
		(wanted.entities && !atlas_entity_is_watched(check->rel)))
		difference(check, "the atlas does not know all of it");
	else if (wanted.entities)
		check_entities(check);
	else
	{
		check_segments(check);
		check_hot_rows(check);
	}
}

PG_FUNCTION_INFO_V1(territory_check_atlas);
Datum
territory_check_atlas(PG_FUNCTION_ARGS)
{
	List	   *relids = atlas_argument(fcinfo, "territory.check_atlas()");
	ListCell   *lc;
	Check		check;

	InitMaterializedSRF(fcinfo, 0);
	memset(&check, 0, sizeof check);
	check.result = (ReturnSetInfo *) fcinfo->resultinfo;
	foreach(lc, relids)
	{
		check.rel = try_relation_open(lfirst_oid(lc), AccessShareLock);
		if (check.rel == NULL)
			continue;
		check.snapshot = RegisterSnapshot(IsolationUsesXactSnapshot() ? GetActiveSnapshot() : GetLatestSnapshot());
		check_layer(&check);
		UnregisterSnapshot(check.snapshot);
		relation_close(check.rel, AccessShareLock);
	}
	return (Datum) 0;
}
