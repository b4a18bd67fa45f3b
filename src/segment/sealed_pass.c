/*
 * sealed_pass.c
 *	  Rows of the open block that prune keys let pass.
 *
 * What zone maps and boxes tell of the whole block comes first; else the key's
 * column is decoded, points as coordinates only.
 */
#include "territory.h"

#include <math.h>

#include "segment/key_mask.h"
#include "segment/point.h"
#include "segment/sealed_scan.h"

/* how many rows of the open block are not flagged */
int
sealed_scan_left(SealedScan *scan)
{
	if (scan->dead == NULL)
		return sealed_scan_block_rows(scan);
	return key_mask_left(scan->dead + scan->first_left, scan->end_left - scan->first_left);
}

static int
rows_left(SealedScan *scan, const uint8 *out, int rows)
{
	return out ? key_mask_left(out, rows) : sealed_scan_left(scan);
}

/* rows first to end - 1 are left of those that a key asks of */
static int
pass_between(SealedScan *scan, int first, int end, uint8 *out)
{
	int			rows = sealed_scan_block_rows(scan);
	uint8	   *flags = out ? out : scan->dead;

	memset(flags, true, first);
	memset(flags + end, true, rows - end);
	if (out)
		return key_mask_left(out + first, end - first);
	scan->first_left = Min(Max(scan->first_left, first), rows);
	scan->end_left = Max(Min(scan->end_left, end), scan->first_left);
	return sealed_scan_left(scan);
}

/* the same where the column ascends, without nulls */
static int
pass_sorted(SealedScan *scan, int column, int64 low, int64 high, uint8 *out)
{
	BlockLine	line;
	int			first,
				end;

	if (scan->values[column] == NULL && segment_block_line(&scan->reader, scan->block, column + 1, &line))
		block_line_between(&line, low, high, &first, &end);
	else
	{
		sealed_scan_decode(scan, column);
		key_mask_sorted(scan->values[column], sealed_scan_block_rows(scan), low, high, &first, &end);
	}
	return pass_between(scan, first, end, out);
}

/* all rows that are left are out */
static int
pass_none(SealedScan *scan, uint8 *out)
{
	memset(out ? out : scan->dead, true, sealed_scan_block_rows(scan));
	if (out == NULL)
		scan->end_left = scan->first_left;
	return 0;
}

static void
mask_nulls(const bool *nulls, int rows, uint8 *out)
{
	for (int i = 0; i < rows; i++)
		out[i] |= nulls[i];
}

/* places one by one */
static void
mask_values(SealedScan *scan, const PruneKey *key, uint8 *out)
{
	int			rows = sealed_scan_block_rows(scan);
	int			column = key->attno - 1;

	sealed_scan_decode(scan, column);
	for (int i = 0; i < rows; i++)
		if (!out[i])
			out[i] = scan->nulls[column][i] || !box_key_passes_value(key->box, scan->values[column][i]);
}

static void
mask_points(SealedScan *scan, const PruneKey *key, const ColumnPoints *points, bool some_null, uint8 *out)
{
	int			rows = sealed_scan_block_rows(scan);
	const double *x = points->coordinates[0];
	const double *y = points->coordinates[1];

	if (some_null)
		mask_nulls(scan->nulls[key->attno - 1], rows, out);
	if (key->box->srid >= 0 && geometry_srid(points->header) != key->box->srid)
		return;
	if (!box_key_mask_points(key->box, x, y, rows, out))
		return;
	for (int i = 0; i < rows; i++)
		if (!out[i] && (isnan(x[i]) || isnan(y[i])))
			out[i] = !box_key_passes_value(key->box, column_build_point(points, i));
}

/* the same of places and boxes */
static int
pass_box(SealedScan *scan, const PruneKey *key, uint8 *out)
{
	int			rows = sealed_scan_block_rows(scan);
	const float *box = segment_block_box(&scan->reader, scan->block, key->attno);
	const ColumnPoints *points;
	ZoneMap		zone;
	bool		some_null = !segment_block_zone(&scan->reader, scan->block, key->attno, &zone) || zone.nulls > 0;
	uint8	   *flags;

	if (box && box_key_holds(key->box, box) && !some_null)
		return rows_left(scan, out, rows);
	flags = out ? out : sealed_scan_dead(scan);
	if (box && box_key_excludes(key->box, box))
		return pass_none(scan, out);
	points = sealed_scan_points(scan, key->attno - 1);
	if (points)
		mask_points(scan, key, points, some_null, flags);
	else
		mask_values(scan, key, flags);
	return rows_left(scan, out, rows);
}

/*
 * Flag the rows that a key excludes, as zone maps do for blocks, in out (NULL:
 * in the block's own flags); how many are left there.
 */
int
sealed_scan_pass_key(SealedScan *scan, const PruneKey *key, uint8 *out)
{
	int			rows = sealed_scan_block_rows(scan);
	int			column = key->attno - 1;
	BlockHeader *header = scan->reader.header;
	const bool *nulls;
	const int64 *keys;
	int64		low,
				high;
	int			nkeys;
	ZoneMap		zone;
	bool		known;
	uint8	   *flags;

	if (key->box)
		return pass_box(scan, key, out);
	/* keys of numerics cost more than the qual, and those of another type say nothing of the values */
	if (key->zone == ZONE_NUMERIC || !key_mask_limits(key, &low, &high) ||
		column_zone_kind(scan->types[column].type) != key->zone)
		return rows_left(scan, out, rows);
	keys = key->keys;
	nkeys = key->nkeys;
	known = segment_block_zone(&scan->reader, scan->block, key->attno, &zone) && zone.kind == key->zone;
	if (known && nkeys > 0 && zone.has_values)
	{
		nkeys = key_mask_among(key, zone.min, zone.max, &keys);
		if (nkeys == 1)
			low = high = keys[0];
	}
	if (known && zone.nulls == 0 && (key->nkeys == 0 || nkeys == 1) && zone.min >= low && zone.max <= high)
		return rows_left(scan, out, rows);
	flags = out ? out : sealed_scan_dead(scan);
	if (known && zone.has_values &&
		(key->nkeys > 0 ? nkeys == 0 : zone.max < low || zone.min > high))
		return pass_none(scan, out);
	if (nkeys <= 1 && header->ordered[scan->block] && header->time == key->attno && key->zone == ZONE_INTEGER)
		return pass_sorted(scan, column, low, high, out);
	sealed_scan_decode(scan, column);
	nulls = known && zone.nulls == 0 ? NULL : scan->nulls[column];
	if (nkeys > 1)
		key_mask_any(key->zone, scan->values[column], nulls, rows, keys, nkeys, flags);
	else
		key_mask_range(key->zone, scan->values[column], nulls, rows, low, high, flags);
	return rows_left(scan, out, rows);
}
