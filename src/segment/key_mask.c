/*
 * key_mask.c
 *	  Rows of a decoded block by the zone keys of one column.
 *
 * A byte per row says whether it is out.  The loops have no branch, so that the
 * compiler makes vectors of them.
 */
#include "territory.h"

#include "access/stratnum.h"

#include "codec/codec_stream.h"
#include "codec/codec_summary.h"
#include "segment/key_mask.h"

CODEC_CLONES static void
mask_nulls(const bool *nulls, int n, uint8 *out)
{
	for (int i = 0; i < n; i++)
		out[i] |= nulls[i];
}

/* low <= high, so one comparison of unsigned distances does */
CODEC_CLONES static void
mask_integers(const Datum *values, int n, uint64 low, uint64 width, uint8 *out)
{
	for (int i = 0; i < n; i++)
		out[i] |= (uint64) values[i] - low > width;
}

CODEC_CLONES static void
mask_floats(const double *values, int n, int64 low, int64 high, uint8 *out)
{
	for (int i = 0; i < n; i++)
	{
		int64		key = codec_float_key(values[i]);

		out[i] |= (key < low) | (key > high);
	}
}

void
key_mask_range(ZoneKind zone, const Datum *values, const bool *nulls, int n, int64 low, int64 high, uint8 *out)
{
	if (low > high)
	{
		memset(out, true, n);
		return;
	}
	switch (zone)
	{
		case ZONE_INTEGER:
			mask_integers(values, n, (uint64) low, (uint64) high - (uint64) low, out);
			break;
		case ZONE_FLOAT8:
			mask_floats((const double *) values, n, low, high, out);
			break;
		default:
			for (int i = 0; i < n; i++)
			{
				int64		key = nulls && nulls[i] ? 0 : column_zone_key(zone, values[i]);

				out[i] |= (key < low) | (key > high);
			}
	}
	if (nulls)
		mask_nulls(nulls, n, out);
}

static bool
is_among(const int64 *keys, int nkeys, int64 key)
{
	int			low = 0;
	int			high = nkeys;

	while (low < high)
	{
		int			middle = (low + high) / 2;

		if (keys[middle] < key)
			low = middle + 1;
		else
			high = middle;
	}
	return low < nkeys && keys[low] == key;
}

/* keys are ascending; neighbours are often equal, so the last answer is asked first */
void
key_mask_any(ZoneKind zone, const Datum *values, const bool *nulls, int n, const int64 *keys, int nkeys, uint8 *out)
{
	bool		known = false;
	bool		among = false;
	Datum		last = 0;

	for (int i = 0; i < n; i++)
	{
		if (out[i])
			continue;
		if (nulls && nulls[i])
		{
			out[i] = true;
			continue;
		}
		if (!known || values[i] != last)
		{
			among = is_among(keys, nkeys, column_zone_key(zone, values[i]));
			last = values[i];
			known = true;
		}
		out[i] = !among;
	}
}

/* how many of these ascending integers are below, or with or_equal not above, this */
static int
count_below(const Datum *values, int n, int64 bound, bool or_equal)
{
	int			low = 0;
	int			high = n;

	while (low < high)
	{
		int			middle = (low + high) / 2;
		int64		value = (int64) values[middle];

		if (value < bound || (or_equal && value == bound))
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* of integers that ascend, without nulls, those from low to high are *first to *end - 1 */
void
key_mask_sorted(const Datum *values, int n, int64 low, int64 high, int *first, int *end)
{
	*first = count_below(values, n, low, false);
	*end = Max(*first, count_below(values, n, high, true));
}

CODEC_CLONES int
key_mask_left(const uint8 *out, int n)
{
	int			left = 0;

	for (int i = 0; i < n; i++)
		left += !out[i];
	return left;
}

/* the range that a comparison leaves; of = ANY, where all its keys lie */
bool
key_mask_limits(const PruneKey *key, int64 *low, int64 *high)
{
	if (key->is_null_test || key->zone == ZONE_NONE)
		return false;
	if (key->nkeys > 0)
	{
		*low = key->keys[0];
		*high = key->keys[key->nkeys - 1];
		return true;
	}
	prune_key_range(key, low, high);
	if (!key->decides)
		return true;
	/* where a strict comparison stayed one, nothing lies beyond its key */
	if (key->strategy == BTLessStrategyNumber || key->strategy == BTGreaterStrategyNumber)
	{
		*low = PG_INT64_MAX;
		*high = PG_INT64_MIN;
	}
	return true;
}

/* the keys of = ANY from low to high: how many, and the first */
int
key_mask_among(const PruneKey *key, int64 low, int64 high, const int64 **first)
{
	int			begin = prune_keys_below(key, low);
	int			end = high < PG_INT64_MAX ? prune_keys_below(key, high + 1) : key->nkeys;

	*first = key->keys + begin;
	return end - begin;
}
