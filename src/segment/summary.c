/*
 * summary.c
 *	  What the values of a column over a block or a segment add up to.
 *
 * The idea: an aggregate over a block that lies wholly inside one group is
 * answered from here, without decoding.  So nothing may be told that differs
 * from what decoding would give: a sum that overflows or meets NaN or an
 * infinity, a least value that could be 0 or -0, decimals of several scales
 * are *not known*, and the block is decoded.
 *
 * Invariant: the same rows give the same summary bit for bit, so that verify()
 * can compare; a segment's is its blocks' merged in order.
 */
#include "territory.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "fmgr.h"

#include "codec/codec_summary.h"
#include "segment/decimal.h"
#include "segment/segment.h"
#include "segment/summary.h"

SummaryKind
summary_kind(const ColumnType *type)
{
	if (type->kind == COLUMN_POINT)
		return SUMMARY_BOX;
	switch (type->zone)
	{
		case ZONE_INTEGER:
		case ZONE_OID:
			return SUMMARY_INTEGER;
		case ZONE_FLOAT8:
		case ZONE_FLOAT4:
			return SUMMARY_FLOAT;
		case ZONE_NUMERIC:
			return SUMMARY_DECIMAL;
		default:
			return SUMMARY_NONE;
	}
}

/* ---- from values ---- */

/* times have no sum; a boolean's is how many are true */
static bool
type_has_sum(Oid type)
{
	return type == INT2OID || type == INT4OID || type == INT8OID || type == BOOLOID;
}

static void
set_integers(ColumnSummary *summary, const int64 *numbers, bool sums)
{
	IntegerSummary sum;

	codec_summary_int64((const int64_t *) numbers, summary->values, &sum);
	summary->flags |= SUMMARY_RANGE | SUMMARY_ENDS;
	summary->min.i = sum.min;
	summary->max.i = sum.max;
	summary->first.i = numbers[0];
	summary->last.i = numbers[summary->values - 1];
	if (!sums)
		return;
	summary->flags |= SUMMARY_SUM;
	summary->sum = sum.sum;
	if (sum.has_squares)
		summary->flags |= SUMMARY_SQUARES;
	summary->squares = sum.squares;
}

static void
compute_integers(const ColumnType *type, const Datum *dense, ColumnSummary *summary, ZoneMap *zone)
{
	int64	   *numbers = palloc(sizeof(int64) * summary->values);

	for (int i = 0; i < summary->values; i++)
		numbers[i] = type->zone == ZONE_OID ? (int64) DatumGetObjectId(dense[i]) : (int64) dense[i];
	set_integers(summary, numbers, type_has_sum(type->type));
	zone->min = summary->min.i;
	zone->max = summary->max.i;
	pfree(numbers);
}

static void
compute_floats(const ColumnType *type, const Datum *dense, ColumnSummary *summary, ZoneMap *zone)
{
	double	   *numbers = palloc(sizeof(double) * summary->values);
	FloatSummary sum;

	for (int i = 0; i < summary->values; i++)
		numbers[i] = type->zone == ZONE_FLOAT8 ? DatumGetFloat8(dense[i]) : (double) DatumGetFloat4(dense[i]);
	codec_summary_float64(numbers, summary->values, &sum);
	zone->min = sum.min;
	zone->max = sum.max;
	summary->min.f = codec_float_of_key(sum.min);
	summary->max.f = codec_float_of_key(sum.max);
	if (!sum.negative_zero || (sum.min != 0 && sum.max != 0))
		summary->flags |= SUMMARY_RANGE;
	/* a sum of nothing but -0 is -0, or 0, as the aggregate starts */
	if (sum.finite && !(sum.negative_zero && sum.min == 0 && sum.max == 0))
	{
		summary->flags |= SUMMARY_SUM;
		summary->fsum = sum.sum;
		summary->m2 = sum.m2;
	}
	summary->flags |= SUMMARY_ENDS;
	summary->first.f = numbers[0];
	summary->last.f = numbers[summary->values - 1];
	pfree(numbers);
}

static void
compute_keys(const ColumnType *type, const Datum *dense, int n, ZoneMap *zone)
{
	zone->min = zone->max = column_zone_key(type->zone, dense[0]);
	for (int i = 1; i < n; i++)
	{
		int64		key = column_zone_key(type->zone, dense[i]);

		zone->min = Min(zone->min, key);
		zone->max = Max(zone->max, key);
	}
}

/* decimals to a greater scale; what no longer fits is no longer known */
static void
rescale(ColumnSummary *summary, int scale)
{
	int64		factor = 1;
	int128		sum,
				squares;

	for (int s = summary->scale; s < scale; s++)
		factor *= 10;
	summary->scale = scale;
	if (__builtin_mul_overflow(summary->min.i, factor, &summary->min.i) ||
		__builtin_mul_overflow(summary->max.i, factor, &summary->max.i))
		summary->flags &= ~SUMMARY_RANGE;
	if (__builtin_mul_overflow(summary->first.i, factor, &summary->first.i) ||
		__builtin_mul_overflow(summary->last.i, factor, &summary->last.i))
		summary->flags &= ~SUMMARY_ENDS;
	if (__builtin_mul_overflow(summary->sum, (int128) factor, &sum))
		summary->flags &= ~(SUMMARY_SUM | SUMMARY_SQUARES);
	if (__builtin_mul_overflow(summary->squares, (int128) factor, &squares) ||
		__builtin_mul_overflow(squares, (int128) factor, &squares))
		summary->flags &= ~SUMMARY_SQUARES;
	summary->sum = sum;
	summary->squares = squares;
}

/*
 * As the aggregates show them: a sum has the most decimals of its values.  Of
 * values with several, which of two equal ones is the least is not known.
 */
static void
set_decimals(ColumnSummary *summary, const int64 *numbers, const int64 *displays, int scale)
{
	int			display = 0;
	bool		one_display = column_all_equal(displays, summary->values);

	for (int i = 0; i < summary->values; i++)
		display = Max(display, (int) displays[i]);
	if (display > DECIMAL_MAX_SCALE)
		return;
	set_integers(summary, numbers, true);
	if (!one_display)
		summary->flags &= ~(SUMMARY_RANGE | SUMMARY_ENDS);
	summary->scale = scale;
	rescale(summary, display);
}

static void
compute_decimals(const ColumnType *type, const Datum *dense, ColumnSummary *summary, ZoneMap *zone)
{
	int64	   *numbers = palloc(sizeof(int64) * summary->values);
	int64	   *displays = palloc(sizeof(int64) * summary->values);
	int			scale;

	if (column_to_decimals(dense, summary->values, numbers, displays, &scale))
	{
		int64		min = numbers[0];
		int64		max = numbers[0];
		Datum		ends[2];
		char		room[2][DECIMAL_MAX_SIZE];

		for (int i = 1; i < summary->values; i++)
		{
			min = Min(min, numbers[i]);
			max = Max(max, numbers[i]);
		}
		ends[0] = decimal_datum(min, scale, scale, room[0]);
		ends[1] = decimal_datum(max, scale, scale, room[1]);
		compute_keys(type, ends, 2, zone);
		set_decimals(summary, numbers, displays, scale);
	}
	else
		compute_keys(type, dense, summary->values, zone);
	pfree(numbers);
	pfree(displays);
}

static void
compute_box(const ColumnType *type, const Datum *dense, ColumnSummary *summary)
{
	for (int i = 0; i < summary->values; i++)
	{
		double		box[4];

		if (!column_geometry_box(type, dense[i], box))
		{
			memset(summary->box, 0, sizeof summary->box);
			summary->flags &= ~SUMMARY_BOUNDS;
			return;
		}
		for (int d = 0; d < 2; d++)
		{
			summary->box[d] = i == 0 ? box[d] : Min(summary->box[d], box[d]);
			summary->box[2 + d] = i == 0 ? box[2 + d] : Max(summary->box[2 + d], box[2 + d]);
		}
		summary->flags |= SUMMARY_BOUNDS;
	}
}

/* what is not known is zero, so that equal summaries have equal bytes */
static void
clear_unknown(ColumnSummary *summary)
{
	if (!(summary->flags & SUMMARY_RANGE))
		summary->min.i = summary->max.i = 0;
	if (!(summary->flags & SUMMARY_ENDS))
		summary->first.i = summary->last.i = 0;
	if (!(summary->flags & SUMMARY_SUM))
	{
		summary->sum = 0;
		summary->fsum = summary->m2 = 0;
	}
	if (!(summary->flags & SUMMARY_SQUARES))
		summary->squares = 0;
	if (!(summary->flags & SUMMARY_BOUNDS))
		memset(summary->box, 0, sizeof summary->box);
}

/* of n > 0 rows; ordered: they are one entity's, in order of time.  Zone may be NULL */
void
summary_compute(const ColumnType *type, AttrNumber attno, const Datum *values, const bool *nulls, int n,
				bool ordered, ColumnSummary *summary, ZoneMap *zone)
{
	Datum	   *dense = palloc(sizeof(Datum) * n);
	ZoneMap		unasked;
	int			count = 0;

	if (zone == NULL)
		zone = &unasked;
	for (int i = 0; i < n; i++)
		if (!nulls[i])
			dense[count++] = values[i];
	memset(summary, 0, sizeof *summary);
	memset(zone, 0, sizeof *zone);
	summary->attno = zone->attno = attno;
	summary->kind = summary_kind(type);
	summary->zone = zone->kind = type->zone;
	summary->rows = n;
	summary->values = count;
	zone->nulls = n - count;
	zone->has_values = count > 0;
	if (count > 0)
		switch ((SummaryKind) summary->kind)
		{
			case SUMMARY_INTEGER:
				compute_integers(type, dense, summary, zone);
				break;
			case SUMMARY_FLOAT:
				compute_floats(type, dense, summary, zone);
				break;
			case SUMMARY_DECIMAL:
				compute_decimals(type, dense, summary, zone);
				break;
			case SUMMARY_BOX:
				compute_box(type, dense, summary);
				break;
			case SUMMARY_NONE:
				if (type->zone != ZONE_NONE)
					compute_keys(type, dense, count, zone);
				break;
		}
	if (!ordered)
		summary->flags &= ~SUMMARY_ENDS;
	if (summary->flags & SUMMARY_ENDS)
		summary->flags |= (nulls[0] ? SUMMARY_FIRST_NULL : 0) | (nulls[n - 1] ? SUMMARY_LAST_NULL : 0);
	clear_unknown(summary);
	pfree(dense);
}

/* ---- merging ---- */

static void
merge_integers(ColumnSummary *to, const ColumnSummary *from)
{
	int128		sum,
				squares;

	to->min.i = Min(to->min.i, from->min.i);
	to->max.i = Max(to->max.i, from->max.i);
	if (__builtin_add_overflow(to->sum, from->sum, &sum))
		to->flags &= ~(SUMMARY_SUM | SUMMARY_SQUARES);
	if (__builtin_add_overflow(to->squares, from->squares, &squares))
		to->flags &= ~SUMMARY_SQUARES;
	to->sum = sum;
	to->squares = squares;
}

static void
merge_floats(ColumnSummary *to, const ColumnSummary *from)
{
	if (codec_float_key(from->min.f) < codec_float_key(to->min.f))
		to->min = from->min;
	if (codec_float_key(from->max.f) > codec_float_key(to->max.f))
		to->max = from->max;
	if (!(to->flags & SUMMARY_SUM))
		return;
	to->m2 = codec_merge_m2(to->values, to->fsum, to->m2, from->values, from->fsum, from->m2);
	to->fsum += from->fsum;
	if (!isfinite(to->fsum) || !isfinite(to->m2))
		to->flags &= ~SUMMARY_SUM;
}

static void
merge_values(ColumnSummary *to, const ColumnSummary *more)
{
	ColumnSummary from = *more;

	/* single values keep the decimals that they are shown with */
	if (from.scale != to->scale)
		from.flags &= ~(SUMMARY_RANGE | SUMMARY_ENDS);
	if (from.scale < to->scale)
		rescale(&from, to->scale);
	else if (from.scale > to->scale)
		rescale(to, from.scale);
	to->flags &= from.flags | SUMMARY_FIRST_NULL;
	switch ((SummaryKind) to->kind)
	{
		case SUMMARY_INTEGER:
		case SUMMARY_DECIMAL:
			merge_integers(to, &from);
			break;
		case SUMMARY_FLOAT:
			merge_floats(to, &from);
			break;
		case SUMMARY_BOX:
			for (int d = 0; d < 2; d++)
			{
				to->box[d] = Min(to->box[d], from.box[d]);
				to->box[2 + d] = Max(to->box[2 + d], from.box[2 + d]);
			}
			break;
		case SUMMARY_NONE:
			break;
	}
	to->last = from.last;
	to->values += from.values;
}

/* add the rows that follow; ordered: both together are one entity's, in order of time */
void
summary_merge(ColumnSummary *to, const ColumnSummary *from, bool ordered)
{
	int64		rows = to->rows + from->rows;
	bool		first_null = to->values < to->rows && (to->values == 0 || (to->flags & SUMMARY_FIRST_NULL));
	bool		last_null = from->values < from->rows && (from->values == 0 || (from->flags & SUMMARY_LAST_NULL));

	if (to->values == 0)
	{
		first_null = first_null || (from->flags & SUMMARY_FIRST_NULL);
		*to = *from;
	}
	else if (from->values > 0)
		merge_values(to, from);
	to->rows = rows;
	to->flags &= ~(SUMMARY_FIRST_NULL | SUMMARY_LAST_NULL);
	if (!ordered)
		to->flags &= ~SUMMARY_ENDS;
	else if (to->flags & SUMMARY_ENDS)
		to->flags |= (first_null ? SUMMARY_FIRST_NULL : 0) | (last_null ? SUMMARY_LAST_NULL : 0);
	clear_unknown(to);
}

bool
summary_equal(const ColumnSummary *a, const ColumnSummary *b)
{
	return memcmp(a, b, sizeof *a) == 0;
}
