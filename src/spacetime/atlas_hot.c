/*
 * atlas_hot.c
 *	  Where and when a layer's hot rows can be: boxes that hold them all.
 *
 * The boxes are rows of atlas_places that are only ever added, so that writers
 * never wait for each other: who makes a row hot that no box holds which he
 * knows adds a box that holds it, and much around it, in his transaction.  A
 * backend knows the boxes that were committed when it looked, and its own.
 *
 * Boxes go only under a lock that nobody can have who wrote to the table and has
 * not ended: when a transaction that sealed is about to commit, and can have it
 * at once.  That invalidates what backends keep of the table, and so what they
 * know of the boxes; who writes locks the table first, and so learns of it.
 *
 * Invariant: who sees a hot row with his snapshot sees a box that holds it,
 * since the box was committed with the row, or before it was looked for.  But
 * a transaction that keeps its snapshot may have written a row into a box that
 * it does not see: it has to take all boxes for granted.
 */
#include "territory.h"

#include <math.h>

#include "access/relation.h"
#include "access/table.h"
#include "access/xact.h"
#include "executor/tuptable.h"
#include "storage/bufmgr.h"
#include "storage/lmgr.h"
#include "utils/hsearch.h"
#include "utils/inval.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

#include "spacetime/atlas.h"

#define KNOWN_BOXES 8
#define LEAST_MARGIN_DEGREES 0.01	/* about a kilometre */
#define LEAST_MARGIN_UNITS 1000.0
#define SHRINK_PAGES 8192		/* of hot rows, which a seal that did not read them all would read for this */

/* as rows are compared with it */
typedef struct HotBox
{
	bool		placed;			/* else it holds all places */
	double		place[4];
	TimestampTz from;
	TimestampTz to;
} HotBox;

typedef struct HotLayer
{
	Oid			relid;
	bool		valid;
	bool		known;			/* the atlas knows all segments and hot rows */
	bool		entities;		/* it knows all entities */
	AtlasLayer	layer;
	Oid			time_type;
	bool		geographic;
	int			nboxes;
	HotBox		boxes[KNOWN_BOXES];
} HotLayer;

static HTAB *layers;
static bool added;				/* boxes in this transaction */
static List *sealed;			/* by this transaction: relations that are layers ... */
static List *sealed_whole;		/* ... and of which it looked at all hot rows */

static void shrink_sealed(void);

static void
forget(Datum arg, Oid relid)
{
	HASH_SEQ_STATUS status;
	HotLayer   *layer;

	if (layers == NULL)
		return;
	if (OidIsValid(relid))
	{
		layer = hash_search(layers, &relid, HASH_FIND, NULL);
		if (layer)
			layer->valid = false;
		return;
	}
	hash_seq_init(&status, layers);
	while ((layer = hash_seq_search(&status)) != NULL)
		layer->valid = false;
}

/* boxes that are not committed are not to be known any longer */
static void
end_transaction(XactEvent event, void *arg)
{
	if (event == XACT_EVENT_PRE_COMMIT && sealed)
		shrink_sealed();
	if (event != XACT_EVENT_PARALLEL_PRE_COMMIT)
		sealed = sealed_whole = NIL;	/* with their memory */
	if (!added)
		return;
	if (event == XACT_EVENT_ABORT || event == XACT_EVENT_PREPARE)
		forget((Datum) 0, InvalidOid);
	if (event == XACT_EVENT_ABORT || event == XACT_EVENT_PREPARE || event == XACT_EVENT_COMMIT)
		added = false;
}

static void
end_subtransaction(SubXactEvent event, SubTransactionId mine, SubTransactionId parent, void *arg)
{
	if (event == SUBXACT_EVENT_ABORT_SUB && added)
		forget((Datum) 0, InvalidOid);
}

void
atlas_hot_init(void)
{
	CacheRegisterRelcacheCallback(forget, (Datum) 0);
	RegisterXactCallback(end_transaction, NULL);
	RegisterSubXactCallback(end_subtransaction, NULL);
}

/* ---- boxes ---- */

static bool
holds(const HotBox *box, const HotBox *row)
{
	if (row->from < box->from || row->to > box->to)
		return false;
	return !box->placed ||
		(row->placed && row->place[0] >= box->place[0] && row->place[1] >= box->place[1] &&
		 row->place[2] <= box->place[2] && row->place[3] <= box->place[3]);
}

static void
widen(HotBox *box, const HotBox *by)
{
	box->from = Min(box->from, by->from);
	box->to = Max(box->to, by->to);
	box->placed = box->placed && by->placed;
	for (int d = 0; d < 2; d++)
	{
		box->place[d] = Min(box->place[d], by->place[d]);
		box->place[2 + d] = Max(box->place[2 + d], by->place[2 + d]);
	}
}

static HotBox
box_of_native(const STBox *native)
{
	HotBox		box = {.from = native->tmin, .to = native->tmax, .placed = stbox_has(native, STBOX_HAS_X)};

	for (int d = 0; d < 2 && box.placed; d++)
	{
		box.place[d] = native->min[d];
		box.place[2 + d] = native->max[d];
	}
	return box;
}

static void
insert_box(const AtlasLayer *layer, Oid time_type, const HotBox *box)
{
	STBox		native,
				world;
	const double *place = box->placed ? box->place : NULL;

	atlas_box_make(&native, 0, place, box->from, box->to);
	atlas_box_of_place(&world, layer->srid, place, time_type, box->from, box->to);
	atlas_insert_place(layer->relid, NULL, PLACE_HOT, &world, &native);
}

/* where and when a row is; false: it has no time, or no place */
static bool
box_of_row(const AtlasLayer *layer, Oid time_type, TupleTableSlot *slot, HotBox *box)
{
	bool		isnull;
	Datum		value;
	int32		srid;

	box->from = DT_NOBEGIN;
	box->to = DT_NOEND;
	box->placed = false;
	if (layer->time != InvalidAttrNumber)
	{
		value = slot_getattr(slot, layer->time, &isnull);
		if (isnull)
			return false;
		box->from = box->to = atlas_time(time_type, value);
	}
	if (layer->position != InvalidAttrNumber)
	{
		value = slot_getattr(slot, layer->position, &isnull);
		if (isnull)
			return false;
		box->placed = atlas_geometry_box(value, &srid, box->place) && layer->srid != 0 && srid == layer->srid &&
			isfinite(box->place[0]) && isfinite(box->place[1]) && isfinite(box->place[2]) && isfinite(box->place[3]);
	}
	return true;
}

/* ---- what this backend knows ---- */

static void
read_boxes(HotLayer *known)
{
	Relation	atlas = atlas_open(ATLAS_PLACES, AccessShareLock);
	SysScanDesc scan = atlas_scan(atlas, SnapshotSelf, known->relid, 0, NULL);
	HeapTuple	tuple;

	while (known->nboxes < KNOWN_BOXES && (tuple = systable_getnext(scan)) != NULL)
		if (atlas_get_kind(tuple, atlas) == PLACE_HOT)
			known->boxes[known->nboxes++] = box_of_native(atlas_get_box(tuple, Anum_atlas_places_native, atlas));
	systable_endscan(scan);
	table_close(atlas, AccessShareLock);
}

static void
read_layer(HotLayer *known, Relation rel)
{
	known->valid = true;		/* what is told meanwhile makes it invalid again */
	known->nboxes = 0;
	known->entities = known->known = false;
	if (!atlas_layer_read(known->relid, SnapshotSelf, &known->layer))
		return;
	known->entities = known->layer.entities;
	known->known = !known->entities && known->layer.file == relphysical_number(relation_physical(rel));
	if (!known->known)
		return;
	known->time_type = atlas_time_type(rel, known->layer.time);
	known->geographic = known->layer.srid > 0 && atlas_srid_is_geographic(known->layer.srid);
	read_boxes(known);
}

static HotLayer *
find_layer(Relation rel)
{
	static HotLayer *last;
	Oid			relid = RelationGetRelid(rel);
	bool		found;

	if (layers == NULL)
	{
		HASHCTL		control = {.keysize = sizeof(Oid), .entrysize = sizeof(HotLayer), .hcxt = TopMemoryContext};

		layers = hash_create("territory layers", 64, &control, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	}
	if (last == NULL || last->relid != relid)
	{
		last = hash_search(layers, &relid, HASH_ENTER, &found);
		if (!found)
			last->valid = false;
	}
	if (!last->valid)
		read_layer(last, rel);
	return last;
}

/* the layer that a relation is, where the atlas knows all its segments and hot rows; rel is locked */
const AtlasLayer *
atlas_known(Relation rel)
{
	HotLayer   *known;

	/* a relation that a rewrite fills becomes known when it took the old one's place */
	if (OidIsValid(rel->rd_rel->relrewrite))
		return NULL;
	known = find_layer(rel);
	return known->known ? &known->layer : NULL;
}

/* the same where it knows all entities */
const AtlasLayer *
atlas_known_entities(Relation rel)
{
	HotLayer   *known = find_layer(rel);

	return known->entities ? &known->layer : NULL;
}

/* ---- rows that become hot ---- */

static TimestampTz
step(TimestampTz time, int64 by)
{
	return TIMESTAMP_NOT_FINITE(time) ? time : time + by;
}

/*
 * On the sides where it holds more than before: by half its size and more.
 * What goes on to now has no end.
 */
static void
widen_generously(HotBox *box, const HotBox *before, bool geographic)
{
	double		least = geographic ? LEAST_MARGIN_DEGREES : LEAST_MARGIN_UNITS;
	TimestampTz now = GetCurrentTimestamp();
	TimestampTz until = Min(box->to, now);
	int64		span = USECS_PER_DAY;

	if (!TIMESTAMP_NOT_FINITE(box->from) && !TIMESTAMP_NOT_FINITE(until) && until > box->from)
		span = Max((until - box->from) / 2, USECS_PER_DAY);

	if (before == NULL || box->from < before->from)
		box->from = step(box->from, -span);
	if (before == NULL || box->to > before->to)
		box->to = box->to > now - USECS_PER_DAY ? DT_NOEND : step(box->to, span);
	for (int d = 0; d < 2 && box->placed; d++)
	{
		double		margin = Max((box->place[2 + d] - box->place[d]) / 2, least);

		if (before == NULL || box->place[d] < before->place[d])
			box->place[d] -= margin;
		if (before == NULL || box->place[2 + d] > before->place[2 + d])
			box->place[2 + d] += margin;
	}
}

static void
add_box(HotLayer *known, const HotBox *rows)
{
	HotBox		box = *rows;
	HotBox	   *before = known->nboxes > 0 ? &known->boxes[0] : NULL;

	/* on from the greatest that is known, whose place is the first */
	if (before)
		widen(&box, before);
	widen_generously(&box, before, known->geographic);
	if (known->nboxes < KNOWN_BOXES)
		known->nboxes++;
	memmove(&known->boxes[1], &known->boxes[0], sizeof(HotBox) * (known->nboxes - 1));
	known->boxes[0] = box;
	added = true;
	insert_box(&known->layer, known->time_type, &box);
}

void
atlas_hot_rows(Relation rel, TupleTableSlot **slots, int n)
{
	HotLayer   *known;
	HotBox		missing;
	bool		any = false;

	if (OidIsValid(rel->rd_rel->relrewrite))
		return;
	known = find_layer(rel);
	if (!known->known)
		return;
	for (int i = 0; i < n; i++)
	{
		HotBox		row;
		bool		held = false;

		if (!box_of_row(&known->layer, known->time_type, slots[i], &row))
			continue;
		for (int b = 0; b < known->nboxes && !held; b++)
			held = holds(&known->boxes[b], &row);
		if (held)
			continue;
		if (any)
			widen(&missing, &row);
		else
			missing = row;
		any = true;
	}
	if (any)
		add_box(known, &missing);
}

/* ---- fewer ---- */

/* what holds all hot rows; false where there is none */
static bool
box_of_table(Relation rel, const AtlasLayer *layer, HotBox *box)
{
	Oid			time_type = atlas_time_type(rel, layer->time);
	TupleTableSlot *slot = table_slot_create(rel, NULL);
	TableScanDesc scan = heap_methods->scan_begin(rel, SnapshotSelf, 0, NULL, NULL,
												  SO_TYPE_SEQSCAN | SO_ALLOW_STRAT | SO_ALLOW_SYNC);
	bool		any = false;

	while (heap_methods->scan_getnextslot(scan, ForwardScanDirection, slot))
	{
		HotBox		row;

		CHECK_FOR_INTERRUPTS();
		if (!box_of_row(layer, time_type, slot, &row))
			continue;
		if (any)
			widen(box, &row);
		else
			*box = row;
		any = true;
	}
	heap_methods->scan_end(scan);
	ExecDropSingleTupleTableSlot(slot);
	return any;
}

/* rel is locked against whoever writes to it, and no box is there */
void
atlas_hot_rebuild(Relation rel, const AtlasLayer *layer)
{
	HotBox		box;

	if (!box_of_table(rel, layer, &box))
		return;
	widen_generously(&box, NULL, layer->srid > 0 && atlas_srid_is_geographic(layer->srid));
	added = true;
	insert_box(layer, atlas_time_type(rel, layer->time), &box);
}

/* boxes that hold what is still hot, and not what is sealed by now */
static void
shrink(Relation rel, bool whole)
{
	const AtlasLayer *layer = atlas_known(rel);
	AtlasLayer	copy;

	if (layer == NULL || (!whole && RelationGetNumberOfBlocks(rel) > SHRINK_PAGES) ||
		!ConditionalLockRelation(rel, ShareRowExclusiveLock))
		return;
	copy = *layer;
	atlas_delete_place(copy.relid, PLACE_HOT, NULL, NULL);
	atlas_hot_rebuild(rel, &copy);
	CacheInvalidateRelcache(rel);
}

/* the very end of a transaction that sealed: what keeps writers away from here on does so for a moment */
static void
shrink_sealed(void)
{
	bool		snapshot = !ActiveSnapshotSet();
	ListCell   *lc;

	if (snapshot)
		PushActiveSnapshot(GetTransactionSnapshot());
	foreach(lc, sealed)
	{
		Relation	rel = try_relation_open(lfirst_oid(lc), AccessShareLock);

		if (rel && relation_is_territory(rel))
			shrink(rel, list_member_oid(sealed_whole, lfirst_oid(lc)));
		if (rel)
			relation_close(rel, NoLock);
	}
	if (snapshot)
		PopActiveSnapshot();
}

void
atlas_hot_sealed(Relation rel, bool whole)
{
	MemoryContext old;

	if (atlas_known(rel) == NULL || IsolationUsesXactSnapshot())
		return;
	old = MemoryContextSwitchTo(TopTransactionContext);
	sealed = list_append_unique_oid(sealed, RelationGetRelid(rel));
	if (whole)
		sealed_whole = list_append_unique_oid(sealed_whole, RelationGetRelid(rel));
	MemoryContextSwitchTo(old);
}

/* as it is compared with what insert_box() keeps; false: it is nowhere, or never */
bool
atlas_row_box(Relation rel, const AtlasLayer *layer, TupleTableSlot *slot, STBox *native)
{
	HotBox		box;

	if (!box_of_row(layer, atlas_time_type(rel, layer->time), slot, &box))
		return false;
	atlas_box_make(native, 0, box.placed ? box.place : NULL, box.from, box.to);
	return true;
}
