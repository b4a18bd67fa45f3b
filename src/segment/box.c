/*
 * box.c
 *	  Boxes of geometries, compared as PostGIS's operators compare them.
 *
 * Its operators && @ ~ compare boxes of floats, which are rounded outwards from
 * the doubles of the coordinates and cut off at the largest float.  A geometry of
 * several points holds its box; a point's is computed.  Rounding is monotone, so
 * instead of the coordinates of each row it is the value's box that is moved: a
 * point passes where its doubles lie strictly between two doubles.
 *
 * Invariant: what is told here of a row is what the operator says of it.  Where
 * that is in doubt (NaN, which to PostGIS is now nowhere, now everywhere; a box that was
 * dropped; a form of before version 3), the operator's function is called.
 */
#include "territory.h"

#include <float.h>
#include <math.h>

#include "access/detoast.h"

#include "codec/codec_stream.h"
#include "segment/box.h"
#include "segment/point.h"

typedef enum BoxKnown
{
	BOX_UNKNOWN,				/* PostGIS has to tell */
	BOX_EMPTY,					/* there is none */
	BOX_KNOWN,
} BoxKnown;

#define GEOMETRY_LEAST 12		/* bytes of an empty one: SRID and flags, type, count */

static float
round_down(double value)
{
	float		result;

	if (value >= FLT_MAX)
		return FLT_MAX;
	if (value <= -FLT_MAX)
		return -FLT_MAX;
	result = (float) value;
	return result > value ? nextafterf(result, -INFINITY) : result;
}

static float
round_up(double value)
{
	return -round_down(-value);
}

/* of xmin, ymin, xmax, ymax */
void
box_round_outwards(const double *corners, float *box)
{
	box[0] = round_down(corners[0]);
	box[1] = round_down(corners[1]);
	box[2] = round_up(corners[2]);
	box[3] = round_up(corners[3]);
}

/* the box of n points at these bytes; false where one is NaN */
static bool
box_of_points(const char *bytes, int n, int dimensions, float *box)
{
	double		corners[4] = {INFINITY, INFINITY, -INFINITY, -INFINITY};

	for (int i = 0; i < n; i++)
	{
		double		point[2];

		memcpy(point, bytes + (size_t) i * dimensions * sizeof(double), sizeof point);
		if (isnan(point[0]) || isnan(point[1]))
			return false;
		for (int d = 0; d < 2; d++)
		{
			corners[d] = Min(corners[d], point[d]);
			corners[2 + d] = Max(corners[2 + d], point[d]);
		}
	}
	box_round_outwards(corners, box);
	return true;
}

/* of a geometry after its length word, as PostGIS serializes it */
static BoxKnown
box_of_geometry(const char *bytes, size_t len, float *box)
{
	uint8		flags = len >= GEOMETRY_LEAST ? bytes[3] : 0;
	size_t		at = flags & GEOMETRY_EXTENDED ? 12 : 4;
	int			dimensions = 2 + ((flags & GEOMETRY_HAS_Z) != 0) + ((flags & GEOMETRY_HAS_M) != 0);
	uint32		head[2];		/* type, and how many points, rings or parts */

	if (!(flags & GEOMETRY_VERSION_2) || (flags & GEOMETRY_GEODETIC))
		return BOX_UNKNOWN;
	if (flags & GEOMETRY_HAS_BOX)
	{
		float		ends[4];	/* xmin, xmax, ymin, ymax */

		if (len < at + sizeof ends)
			return BOX_UNKNOWN;
		memcpy(ends, bytes + at, sizeof ends);
		for (int c = 0; c < 4; c++)
			box[c / 2 + c % 2 * 2] = ends[c];
		return isfinite(ends[0]) && isfinite(ends[1]) && isfinite(ends[2]) && isfinite(ends[3]) ? BOX_KNOWN : BOX_UNKNOWN;
	}
	if (len < at + sizeof head)
		return BOX_UNKNOWN;
	memcpy(head, bytes + at, sizeof head);
	at += sizeof head;
	if (head[1] == 0)
		return BOX_EMPTY;
	if ((head[0] != GEOMETRY_POINT && head[0] != GEOMETRY_LINE) ||
		head[1] != (len - at) / (dimensions * sizeof(double)))
		return BOX_UNKNOWN;
	return box_of_points(bytes + at, head[1], dimensions, box) ? BOX_KNOWN : BOX_UNKNOWN;
}

/* ---- keys ---- */

/* the doubles that end what rounds down to a float of at most limit */
static double
end_of_down(float limit)
{
	return limit >= FLT_MAX ? NAN : nextafterf(limit, INFINITY);
}

static double
end_of_up(float limit)
{
	return -end_of_down(-limit);
}

/* the last double below all that rounds down to no less than limit */
static double
before_down(float limit)
{
	return limit <= -FLT_MAX ? NAN : nextafter(limit, -INFINITY);
}

static double
after_up(float limit)
{
	return -before_down(-limit);
}

/* False: the value's box does not tell which rows pass */
bool
box_key_init(BoxKey *key, BoxTest test, const char *bytes, size_t len)
{
	BoxKnown	known = box_of_geometry(bytes, len, key->box);

	key->test = test;
	key->never = known == BOX_EMPTY;
	key->srid = -1;
	key->function = NULL;
	key->value = (Datum) 0;
	for (int d = 0; known == BOX_KNOWN && d < 2; d++)
	{
		float		min = key->box[d];
		float		max = key->box[2 + d];

		/* rounded down, a point is its box's minimum; rounded up, its maximum */
		switch (test)
		{
			case BOX_OVERLAPS:
				key->low[d] = end_of_up(min);
				key->high[d] = end_of_down(max);
				break;
			case BOX_CONTAINS:
				key->low[d] = end_of_up(max);
				key->high[d] = end_of_down(min);
				break;
			case BOX_WITHIN:
				key->low[d] = before_down(min);
				key->high[d] = after_up(max);
				break;
		}
	}
	return known != BOX_UNKNOWN;
}

/* can nothing in the box pass?  NaN: it is not known */
bool
box_key_excludes(const BoxKey *key, const float *box)
{
	if (key->never)
		return true;
	if (key->test == BOX_CONTAINS)
		return box[0] > key->box[0] || box[1] > key->box[1] || box[2] < key->box[2] || box[3] < key->box[3];
	return box[0] > key->box[2] || box[1] > key->box[3] || box[2] < key->box[0] || box[3] < key->box[1];
}

/* does all pass that lies in the box? */
bool
box_key_holds(const BoxKey *key, const float *box)
{
	return !key->never && key->test != BOX_CONTAINS && box[0] >= key->box[0] && box[1] >= key->box[1] &&
		box[2] <= key->box[2] && box[3] <= key->box[3];
}

/* of the value's own box */
static bool
box_passes(const BoxKey *key, const float *box)
{
	if (key->test == BOX_WITHIN)
		return box[0] >= key->box[0] && box[1] >= key->box[1] && box[2] <= key->box[2] && box[3] <= key->box[3];
	return !box_key_excludes(key, box);
}

/* of a geometry that is not null */
bool
box_key_passes_value(const BoxKey *key, Datum value)
{
	struct varlena *plain = PG_DETOAST_DATUM_PACKED(value);
	const char *bytes = VARDATA_ANY(plain);
	size_t		len = VARSIZE_ANY_EXHDR(plain);
	float		box[4];
	BoxKnown	known = box_of_geometry(bytes, len, box);
	bool		passes;

	if (key->srid >= 0 && len >= GEOMETRY_LEAST && geometry_srid(bytes) != key->srid)
		passes = true;
	else if (known == BOX_KNOWN)
		passes = !key->never && box_passes(key, box);
	else if (known == BOX_EMPTY)
		passes = false;
	else
		passes = key->function == NULL || DatumGetBool(FunctionCall2(key->function, value, key->value));
	if (PointerGetDatum(plain) != value)
		pfree(plain);
	return passes;
}

CODEC_CLONES static uint8
mask_points(const BoxKey *key, const double *x, const double *y, int n, uint8 *out)
{
	const double low_x = key->low[0],
				low_y = key->low[1],
				high_x = key->high[0],
				high_y = key->high[1];
	uint8		odd = false;

	for (int i = 0; i < n; i++)
	{
		uint8		nan = (x[i] != x[i]) | (y[i] != y[i]);

		out[i] |= ((x[i] <= low_x) | (x[i] >= high_x) | (y[i] <= low_y) | (y[i] >= high_y)) & !nan;
		odd |= nan;
	}
	return odd;
}

/*
 * Flag in out, besides what is flagged already, points that do not pass.  True:
 * some have a coordinate that is NaN, and have not been looked at.
 */
bool
box_key_mask_points(const BoxKey *key, const double *x, const double *y, int n, uint8 *out)
{
	if (key->never)
	{
		memset(out, true, n);
		return false;
	}
	return mask_points(key, x, y, n, out);
}
