/*
 * row_histogram.c
 *	  How many values fall into each of so many buckets of the same width.
 *
 * The idea: counters, which add up in any order.  Bucket i of n covers
 * low + (i - 1) * width up to, not including, low + i * width; counters 0 and
 * n + 1 are of what is below low, and from high on.
 */
#include "territory.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/memutils.h"

#include "series/row_instants.h"

PG_FUNCTION_INFO_V1(territory_row_histogram_add);
PG_FUNCTION_INFO_V1(territory_row_histogram_combine);
PG_FUNCTION_INFO_V1(territory_row_histogram_serial);
PG_FUNCTION_INFO_V1(territory_row_histogram_deserial);
PG_FUNCTION_INFO_V1(territory_row_histogram);

#define MOST_BUCKETS 100000

typedef struct Histogram
{
	double		low;
	double		high;
	int64		buckets;
	int64		counts[FLEXIBLE_ARRAY_MEMBER];	/* buckets + 2 */
} Histogram;

#define histogram_size(buckets) (offsetof(Histogram, counts) + ((buckets) + 2) * sizeof(int64))

static void
read_bounds(const BatchArgument *args, int row, Histogram *bounds)
{
	if (batch_null(&args[1], row))
		row_refuse_null("low");
	if (batch_null(&args[2], row))
		row_refuse_null("high");
	if (batch_null(&args[3], row))
		row_refuse_null("buckets");
	bounds->low = DatumGetFloat8(batch_value(&args[1], row));
	bounds->high = DatumGetFloat8(batch_value(&args[2], row));
	bounds->buckets = DatumGetInt32(batch_value(&args[3], row));
	if (!isfinite(bounds->high - bounds->low) || bounds->low >= bounds->high)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("a histogram needs finite bounds, low less than high")));
	if (bounds->buckets < 1 || bounds->buckets > MOST_BUCKETS)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("a histogram has from 1 to %d buckets, not " INT64_FORMAT, MOST_BUCKETS,
							   bounds->buckets)));
}

static void
check_bounds(const Histogram *a, const Histogram *b)
{
	if (a->low != b->low || a->high != b->high || a->buckets != b->buckets)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("the bounds of a histogram differ between rows of a group"),
						errhint("Only the value may come from a column.")));
}

/* ---- rows ---- */

static void
count_value(Histogram *state, double value)
{
	int64		at;

	row_check_finite(value);
	if (value < state->low)
		at = 0;
	else if (value >= state->high)
		at = state->buckets + 1;
	else
		at = 1 + Min((int64) (state->buckets * ((value - state->low) / (state->high - state->low))),
					 state->buckets - 1);
	state->counts[at]++;
}

static void *
take_histogram(FunctionCallInfo call, void *kept, const BatchArgument *args, int n)
{
	MemoryContext context = row_state_context(call);
	Histogram  *state = kept;
	bool		same = args[1].constant && args[2].constant && args[3].constant;

	for (int i = 0; i < n; i++)
	{
		Histogram	bounds;

		if (i == 0 || !same)
		{
			read_bounds(args, i, &bounds);
			if (state)
				check_bounds(state, &bounds);
		}
		if (batch_null(&args[0], i))
			continue;
		if (state == NULL)
			state = memcpy(MemoryContextAllocZero(context, histogram_size(bounds.buckets)), &bounds,
						   offsetof(Histogram, counts));
		count_value(state, DatumGetFloat8(batch_value(&args[0], i)));
	}
	return state;
}

Datum
territory_row_histogram_add(PG_FUNCTION_ARGS)
{
	return row_add(fcinfo, take_histogram);
}

void
row_histogram_init(void)
{
	vector_batch_register("territory_row_histogram_add", territory_row_histogram_add, take_histogram);
}

/* ---- states of workers ---- */

Datum
territory_row_histogram_combine(PG_FUNCTION_ARGS)
{
	MemoryContext context = row_state_context(fcinfo);
	Histogram  *a = PG_ARGISNULL(0) ? NULL : (Histogram *) PG_GETARG_POINTER(0);
	const Histogram *b = PG_ARGISNULL(1) ? NULL : (Histogram *) PG_GETARG_POINTER(1);

	if (a == NULL && b == NULL)
		PG_RETURN_NULL();
	if (a == NULL)
		a = memcpy(MemoryContextAlloc(context, histogram_size(b->buckets)), b, histogram_size(b->buckets));
	else if (b)
	{
		check_bounds(a, b);
		for (int64 i = 0; i < a->buckets + 2; i++)
			a->counts[i] += b->counts[i];
	}
	PG_RETURN_POINTER(a);
}

/* between processes of one query: the state as it is */
Datum
territory_row_histogram_serial(PG_FUNCTION_ARGS)
{
	const Histogram *state = (Histogram *) PG_GETARG_POINTER(0);
	Size		size = histogram_size(state->buckets);
	bytea	   *bytes = palloc(VARHDRSZ + size);

	row_state_context(fcinfo);
	SET_VARSIZE(bytes, VARHDRSZ + size);
	memcpy(VARDATA(bytes), state, size);
	PG_RETURN_BYTEA_P(bytes);
}

Datum
territory_row_histogram_deserial(PG_FUNCTION_ARGS)
{
	bytea	   *bytes = PG_GETARG_BYTEA_PP(0);
	Size		size = VARSIZE_ANY_EXHDR(bytes);
	Histogram  *state = palloc(Max(size, sizeof(Histogram)));

	row_state_context(fcinfo);
	memcpy(state, VARDATA_ANY(bytes), size);
	if (size < histogram_size(1) || size != histogram_size(state->buckets))
		elog(ERROR, "the state of an aggregate is damaged");
	PG_RETURN_POINTER(state);
}

/* ---- result ---- */

Datum
territory_row_histogram(PG_FUNCTION_ARGS)
{
	const Histogram *state = (Histogram *) PG_GETARG_POINTER(0);
	int			n = (int) state->buckets + 2;
	Datum	   *counts = palloc(sizeof(Datum) * n);

	row_state_context(fcinfo);
	for (int i = 0; i < n; i++)
		counts[i] = Int64GetDatum(state->counts[i]);
	PG_RETURN_ARRAYTYPE_P(construct_array(counts, n, INT8OID, sizeof(int64), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
}
