/*
 * directory_zones.c
 *	  Which segments of a directory in memory prune keys exclude, for a scan that
 *	  is pruned again and again.
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

CODEC_CLONES static void
exclude_range(const int64 *min, const int64 *max, int n, int64 low, int64 high, uint8 *out)
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
		int64		low = PG_INT64_MIN,
					high = PG_INT64_MAX;
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
		if (key->strategy != BTLessStrategyNumber && key->strategy != BTLessEqualStrategyNumber)
			low = key->key;
		if (key->strategy != BTGreaterStrategyNumber && key->strategy != BTGreaterEqualStrategyNumber)
			high = key->key;
		column = zone_column(directory, key->attno, key->zone);
		exclude_range(column->min, column->max, n, low, high, out);
	}
}
