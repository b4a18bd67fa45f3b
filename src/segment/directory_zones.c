/*
 * directory_zones.c
 *	  What zone maps exclude, and which segments of a directory in memory, for a
 *	  scan that is pruned again and again.
 *
 * The bounds of a column stand in two arrays, made when a key first asks for
 * them, so that a key is compared with all segments in one loop; so do boxes in
 * one.  They say what segment_excluded() says of each entry.
 */
#include "territory.h"

#include <math.h>

#include "access/stratnum.h"

#include "codec/codec_stream.h"
#include "segment/segment.h"

/* how many of the keys, which ascend, are below a value */
int
prune_keys_below(const PruneKey *key, int64 value)
{
	int			low = 0;
	int			high = key->nkeys;

	while (low < high)
	{
		int			middle = low + (high - low) / 2;

		if (key->keys[middle] < value)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* does a key of = ANY lie there? */
bool
prune_key_within(const PruneKey *key, int64 min, int64 max)
{
	int			first = prune_keys_below(key, min);

	return first < key->nkeys && key->keys[first] <= max;
}

static bool
zone_excludes_key(const ZoneMap *zone, const PruneKey *key)
{
	if (key->is_null_test)
		return zone->nulls == 0;
	if (!zone->has_values)
		return true;			/* a strict operator on nulls */
	if (zone->kind != key->zone || key->zone == ZONE_NONE)
		return false;			/* the column's type changed since, or has no order */
	if (key->nkeys > 0)
		return !prune_key_within(key, zone->min, zone->max);
	/* keys may merge values, so strict comparisons prune as the others do */
	switch (key->strategy)
	{
		case BTLessStrategyNumber:
		case BTLessEqualStrategyNumber:
			return zone->min > key->key;
		case BTEqualStrategyNumber:
			return zone->min > key->key || zone->max < key->key;
		case BTGreaterEqualStrategyNumber:
		case BTGreaterStrategyNumber:
			return zone->max < key->key;
	}
	return false;
}

/* is every row's value there, and does it pass the clause that the key stands for? */
bool
zone_satisfies(const ZoneMap *zone, const PruneKey *key)
{
	if (!key->decides || key->is_null_test || zone->kind == ZONE_NONE || zone->kind != key->zone ||
		!zone->has_values || zone->nulls > 0)
		return false;
	if (key->nkeys > 0)
		return zone->min == zone->max && prune_key_within(key, zone->min, zone->max);
	switch (key->strategy)
	{
		case BTLessStrategyNumber:
			return zone->max < key->key;
		case BTLessEqualStrategyNumber:
			return zone->max <= key->key;
		case BTEqualStrategyNumber:
			return zone->min == key->key && zone->max == key->key;
		case BTGreaterEqualStrategyNumber:
			return zone->min >= key->key;
		case BTGreaterStrategyNumber:
			return zone->min > key->key;
	}
	return false;
}

/* can no row of these zones pass all keys? */
bool
zone_excludes(const ZoneMap *zones, int nzones, const PruneKey *keys, int nkeys)
{
	for (int k = 0; k < nkeys; k++)
		for (int z = 0; z < nzones; z++)
			if (zones[z].attno == keys[k].attno && zone_excludes_key(&zones[z], &keys[k]))
				return true;
	return false;
}

/* the same of a segment or a group, by boxes, too */
bool
segment_excluded(const SegmentEntry *entry, const PruneKey *keys, int nkeys)
{
	float		box[4];

	if (zone_excludes(entry->zones, entry->nzones, keys, nkeys))
		return true;
	for (int k = 0; k < nkeys; k++)
		if (keys[k].box && segment_box(entry, keys[k].attno, box) && box_key_excludes(keys[k].box, box))
			return true;
	return false;
}

/* ---- all segments of a directory ---- */

typedef struct ZoneColumn
{
	AttrNumber	attno;
	ZoneKind	kind;
	int64	   *min;			/* per segment; above max where no value is there */
	int64	   *max;
	float	   *boxes;			/* per segment four, instead; NaN: not known */
} ZoneColumn;

static void
fill_bounds(const SegmentEntry *entry, AttrNumber attno, ZoneKind kind, int64 *min, int64 *max)
{
	*min = PG_INT64_MIN;
	*max = PG_INT64_MAX;
	for (int z = 0; z < entry->nzones; z++)
	{
		const ZoneMap *zone = &entry->zones[z];

		if (zone->attno != attno)
			continue;
		if (!zone->has_values)
		{
			*min = PG_INT64_MAX;
			*max = PG_INT64_MIN;
		}
		else if (zone->kind == kind)
		{
			*min = zone->min;
			*max = zone->max;
		}
	}
}

static void
fill_boxes(Directory *directory, ZoneColumn *column)
{
	column->boxes = palloc(sizeof(float) * 4 * (directory->nsegments + 1));
	for (int s = 0; s < directory->nsegments; s++)
		if (!segment_box(directory->entries[s], column->attno, &column->boxes[4 * s]))
			for (int c = 0; c < 4; c++)
				column->boxes[4 * s + c] = NAN;
}

/* ZONE_NONE: its boxes */
static ZoneColumn *
zone_column(Directory *directory, AttrNumber attno, ZoneKind kind)
{
	MemoryContext old;
	ZoneColumn *column;
	ListCell   *lc;

	foreach(lc, directory->columns)
	{
		column = lfirst(lc);
		if (column->attno == attno && column->kind == kind)
			return column;
	}
	old = MemoryContextSwitchTo(directory->context);
	column = palloc0(sizeof(ZoneColumn));
	column->attno = attno;
	column->kind = kind;
	if (kind == ZONE_NONE)
		fill_boxes(directory, column);
	else
	{
		column->min = palloc(sizeof(int64) * (directory->nsegments + 1));
		column->max = palloc(sizeof(int64) * (directory->nsegments + 1));
		for (int s = 0; s < directory->nsegments; s++)
			fill_bounds(directory->entries[s], attno, kind, &column->min[s], &column->max[s]);
	}
	directory->columns = lappend(directory->columns, column);
	MemoryContextSwitchTo(old);
	return column;
}

/* flag those of which no value lies from low to high; above its max where there is none */
CODEC_CLONES void
zones_exclude_range(const int64 *min, const int64 *max, int n, int64 low, int64 high, uint8 *out)
{
	for (int s = 0; s < n; s++)
		out[s] |= (min[s] > high) | (max[s] < low) | (min[s] > max[s]);
}

/* flag in out those that cannot hold a row which all keys let pass; every entry has to be in memory */
void
directory_exclude(Directory *directory, const PruneKey *keys, int nkeys, uint8 *out)
{
	int			n = directory->nsegments;

	Assert(n <= DIRECTORY_KEPT);
	memset(out, false, n);
	for (int k = 0; k < nkeys; k++)
	{
		const PruneKey *key = &keys[k];
		int64		low,
					high;
		ZoneColumn *column;

		if (key->box)
		{
			column = zone_column(directory, key->attno, ZONE_NONE);
			for (int s = 0; s < n; s++)
				out[s] |= box_key_excludes(key->box, &column->boxes[4 * s]);
		}
		if (key->is_null_test || key->zone == ZONE_NONE || key->nkeys > 0)
		{
			for (int s = 0; s < n; s++)
				if (!out[s])
					out[s] = zone_excludes(directory->entries[s]->zones, directory->entries[s]->nzones, key, 1);
			continue;
		}
		prune_key_range(key, &low, &high);
		column = zone_column(directory, key->attno, key->zone);
		zones_exclude_range(column->min, column->max, n, low, high, out);
	}
}
