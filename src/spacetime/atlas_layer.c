/*
 * atlas_layer.c
 *	  Which layers the atlas knows completely, and their segments.
 *
 * A row of atlas_layers is a promise: for who sees it, every segment, hot row
 * or entity of the relation is in the atlas.  It names the file that holds the
 * relation's rows, so that a rewrite breaks the promise by itself; a layer
 * without one may be anywhere, and is always looked at.
 *
 * Segments are told by segment_watch in the transaction that writes or removes
 * them, for relations of which there is such a row.  Invariant: the row comes
 * under a lock that waits for all writers, and its coming invalidates what
 * backends cache of the relation.
 */
#include "territory.h"

#include "access/relation.h"
#include "access/table.h"
#include "access/xact.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "storage/lmgr.h"
#include "utils/date.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"

#include "segment/summary.h"
#include "segment/watch.h"
#include "spacetime/atlas.h"

#define EXTENT_MARGIN 0.1		/* of its size, which an extent grows by at once */

/* what the snapshot of now says of the relation's present file; NULL: nothing, or that it has entities */
static bool
read_known(Relation rel, AtlasLayer *layer)
{
	return atlas_layer_read(RelationGetRelid(rel), SnapshotSelf, layer) && !layer->entities &&
		layer->file == relphysical_number(relation_physical(rel));
}

/* ---- segments ---- */

static bool
time_range(const AtlasLayer *layer, Relation rel, const SegmentEntry *entry, TimestampTz *from, TimestampTz *to)
{
	Oid			type = atlas_time_type(rel, layer->time);

	*from = DT_NOBEGIN;
	*to = DT_NOEND;
	for (int z = 0; z < entry->nzones && layer->time != InvalidAttrNumber; z++)
	{
		const ZoneMap *zone = &entry->zones[z];

		if (zone->attno != layer->time || zone->kind != ZONE_INTEGER)
			continue;
		if (!zone->has_values)
			return false;
		*from = atlas_time(type, type == DATEOID ? DateADTGetDatum((DateADT) zone->min) : TimestampTzGetDatum(zone->min));
		*to = atlas_time(type, type == DATEOID ? DateADTGetDatum((DateADT) zone->max) : TimestampTzGetDatum(zone->max));
	}
	return true;
}

/* false: no row of it has a time and a place */
bool
atlas_segment_box(const AtlasLayer *layer, Relation rel, const SegmentEntry *entry, STBox *box)
{
	TimestampTz from,
				to;
	ColumnSummary summary;
	double	   *place = NULL;

	if (!time_range(layer, rel, entry, &from, &to))
		return false;
	if (layer->position != InvalidAttrNumber && segment_summary(entry, layer->position, &summary))
	{
		if (summary.values == 0)
			return false;
		if (summary.flags & SUMMARY_BOUNDS)
			place = summary.box;
	}
	atlas_box_of_place(box, layer->srid, place, atlas_time_type(rel, layer->time), from, to);
	return true;
}

/* grown, so that what comes next is in it as well; nothing ends an extent's time */
static void
grow_extent(STBox *box)
{
	if (box->min[0] != ATLAS_OFF_THE_MAP)
		for (int d = 0; d < 2; d++)
		{
			double		margin = (box->max[d] - box->min[d]) * EXTENT_MARGIN;

			box->min[d] -= margin;
			box->max[d] += margin;
		}
	box->tmax = DT_NOEND;
	if (!TIMESTAMP_NOT_FINITE(box->tmin))
		box->tmin -= USECS_PER_DAY;
}

/* the extents that a layer has hold this box, all of them or the one */
static void
cover(Oid relid, const STBox *box)
{
	Relation	atlas = atlas_open(ATLAS_PLACES, AccessShareLock);
	SysScanDesc scan = atlas_scan(atlas, SnapshotSelf, relid, 0, NULL);
	STBox		extent = *box;
	bool		covered = false;
	HeapTuple	tuple;

	while (!covered && (tuple = systable_getnext(scan)) != NULL)
	{
		STBox	   *known = atlas_get_box(tuple, Anum_atlas_places_box, atlas);

		if (atlas_get_kind(tuple, atlas) != PLACE_EXTENT)
			continue;
		covered = stbox_contains(known, box);
		/* what is off the map stays apart from what is on it */
		if ((known->min[0] == ATLAS_OFF_THE_MAP) == (box->min[0] == ATLAS_OFF_THE_MAP))
			stbox_add(&extent, known);
	}
	systable_endscan(scan);
	table_close(atlas, AccessShareLock);
	if (covered)
		return;
	grow_extent(&extent);
	atlas_insert_place(relid, NULL, PLACE_EXTENT, &extent, NULL);
}

static void
add_segment(const AtlasLayer *layer, Relation rel, const SegmentEntry *entry)
{
	STBox		box;

	if (!atlas_segment_box(layer, rel, entry, &box))
		return;
	atlas_insert_segment(layer->relid, entry->number, &box);
	cover(layer->relid, &box);
}

static void
segment_written(Relation rel, const SegmentEntry *entry)
{
	const AtlasLayer *layer = atlas_known(rel);

	if (layer)
		add_segment(layer, rel, entry);
}

static void
segment_removed(Relation rel, SegmentNumber segment)
{
	if (atlas_known(rel))
		atlas_delete_segment(RelationGetRelid(rel), segment);
}

/* ---- files ---- */

static void
delete_all(Oid relid)
{
	atlas_delete(ATLAS_SEGMENTS, relid);
	atlas_delete(ATLAS_PLACES, relid);
}

static void
set_file(Relation rel, Oid file, bool emptied)
{
	AtlasLayer	layer;

	if (OidIsValid(rel->rd_rel->relrewrite) || !OidIsValid(RelationGetRelid(rel)) || !read_known(rel, &layer))
		return;
	if (emptied)
		delete_all(layer.relid);
	layer.file = file;
	atlas_layer_write(&layer);
}

static void
table_emptied(Relation rel, Oid file)
{
	set_file(rel, file, true);
}

static void
table_copied(Relation rel, Oid file)
{
	set_file(rel, file, false);
}

/* ---- making it ---- */

static void
add_segments(const AtlasLayer *layer, Relation rel)
{
	ChunkStore	store;
	Directory  *directory;

	if (!relation_is_territory(rel) || !chunk_store_open(rel, AccessShareLock, &store))
		return;
	directory = directory_read(&store, SnapshotSelf, NULL, 0);
	for (int s = 0; s < directory->nsegments; s++)
	{
		CHECK_FOR_INTERRUPTS();
		add_segment(layer, rel, directory_entry(directory, &store, SnapshotSelf, s));
	}
	chunk_store_close(&store, AccessShareLock);
}

/* all anew; rel is locked against whoever writes to it, to the end of the transaction */
void
atlas_rebuild(Relation rel, AtlasLayer *layer)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "territory atlas", ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(context);

	layer->relid = RelationGetRelid(rel);
	layer->file = relphysical_number(relation_physical(rel));
	delete_all(layer->relid);
	if (layer->entities)
		atlas_entity_rebuild(rel, layer);
	else
	{
		add_segments(layer, rel);
		atlas_hot_rebuild(rel, layer);
	}
	atlas_layer_write(layer);
	MemoryContextSwitchTo(old);
	MemoryContextDelete(context);
}

void
atlas_forget(Oid relid)
{
	delete_all(relid);
	atlas_delete(ATLAS_LAYERS, relid);
	/* not where the relation was just dropped */
	if (SearchSysCacheExists1(RELOID, ObjectIdGetDatum(relid)))
		CacheInvalidateRelcacheByRelid(relid);
}

void
atlas_init(void)
{
	segment_watch.hot = atlas_hot_rows;
	segment_watch.written = segment_written;
	segment_watch.removed = segment_removed;
	segment_watch.sealed = atlas_hot_sealed;
	segment_watch.emptied = table_emptied;
	segment_watch.copied = table_copied;
	atlas_hot_init();
}
