/*
 * vector_kernel.c
 *	  Transitions of common aggregates over the decoded rows of a block.
 *
 * A kernel keeps the very state that the aggregate's transition function keeps,
 * and changes it as that function would, row by row in the same order: results
 * are the same bit for bit, and rows may come through either.
 */
#include "territory.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/float.h"

#include "vector/vector.h"

/* the rows of a block that passed, and the group of each */
static inline AggregateValue *
state_of(const BlockRowsTaken *taken, int i, int a)
{
	return &taken->groups[i][a];
}

static void
count_rows(const BlockRowsTaken *taken, int a, const bool *nulls)
{
	for (int i = 0; i < taken->n; i++)
	{
		AggregateValue *state = state_of(taken, i, a);

		if (nulls == NULL || !nulls[taken->rows[i]])
			state->value = Int64GetDatum(DatumGetInt64(state->value) + 1);
	}
}

static void
total_integers(const BlockRowsTaken *taken, int a, const Datum *values, const bool *nulls, bool small)
{
	for (int i = 0; i < taken->n; i++)
	{
		AggregateValue *state = state_of(taken, i, a);
		int			row = taken->rows[i];
		int64		sum = state->isnull ? 0 : DatumGetInt64(state->value);

		if (nulls[row])
			continue;
		state->value = Int64GetDatum(sum + (small ? DatumGetInt16(values[row]) : DatumGetInt32(values[row])));
		state->isnull = false;
	}
}

static void
mean_integers(const BlockRowsTaken *taken, int a, const Datum *values, const bool *nulls, bool small)
{
	for (int i = 0; i < taken->n; i++)
	{
		int			row = taken->rows[i];
		int64	   *counts;

		if (nulls[row])
			continue;
		counts = (int64 *) ARR_DATA_PTR((ArrayType *) DatumGetPointer(state_of(taken, i, a)->value));
		counts[0]++;
		counts[1] += small ? DatumGetInt16(values[row]) : DatumGetInt32(values[row]);
	}
}

static void
total_floats(const BlockRowsTaken *taken, int a, const Datum *values, const bool *nulls)
{
	for (int i = 0; i < taken->n; i++)
	{
		AggregateValue *state = state_of(taken, i, a);
		int			row = taken->rows[i];

		if (nulls[row])
			continue;
		if (state->untouched)
		{
			state->value = values[row];
			state->isnull = state->untouched = false;
		}
		else if (!state->isnull)
			state->value = Float8GetDatum(float8_pl(DatumGetFloat8(state->value), DatumGetFloat8(values[row])));
	}
}

/* number, sum, and sum of squared distances from the mean (Youngs and Cramer 1971), as float8_accum() keeps them */
static inline void
add_moment(double *moments, double value)
{
	double		before = moments[0];
	double		n = before + 1;
	double		sum = moments[1] + value;
	double		squares = moments[2];

	if (before > 0)
	{
		double		apart = value * n - sum;

		squares += apart * apart / (n * before);
		if (isinf(sum) || isinf(squares))
		{
			if (!isinf(moments[1]) && !isinf(value))
				float_overflow_error();
			squares = get_float8_nan();
		}
	}
	else if (isnan(value) || isinf(value))
		squares = get_float8_nan();
	moments[0] = n;
	moments[1] = sum;
	moments[2] = squares;
}

static void
moments(const BlockRowsTaken *taken, int a, const Datum *values, const bool *nulls, bool real)
{
	for (int i = 0; i < taken->n; i++)
	{
		int			row = taken->rows[i];

		if (!nulls[row])
			add_moment((double *) ARR_DATA_PTR((ArrayType *) DatumGetPointer(state_of(taken, i, a)->value)),
					   real ? (double) DatumGetFloat4(values[row]) : DatumGetFloat8(values[row]));
	}
}

/* Datums of integers, dates and times are their values */
static inline bool
precedes(Oid type, Datum a, Datum b)
{
	switch (type)
	{
		case INT2OID:
			return DatumGetInt16(a) < DatumGetInt16(b);
		case INT4OID:
		case DATEOID:
			return DatumGetInt32(a) < DatumGetInt32(b);
		case FLOAT4OID:
			return float4_lt(DatumGetFloat4(a), DatumGetFloat4(b));
		case FLOAT8OID:
			return float8_lt(DatumGetFloat8(a), DatumGetFloat8(b));
		default:
			return DatumGetInt64(a) < DatumGetInt64(b);
	}
}

/* of equal values (0 and -0) the later one stays, as with the functions of core */
static inline void
extreme(const BlockRowsTaken *taken, int a, const Datum *values, const bool *nulls, Oid type, bool greatest)
{
	for (int i = 0; i < taken->n; i++)
	{
		AggregateValue *state = state_of(taken, i, a);
		int			row = taken->rows[i];
		Datum		value = values[row];

		if (nulls[row])
			continue;
		if (state->untouched)
		{
			state->value = value;
			state->isnull = state->untouched = false;
		}
		else if (!state->isnull && !(greatest ? precedes(type, value, state->value) : precedes(type, state->value, value)))
			state->value = value;
	}
}

static void
extreme_of_type(const BlockRowsTaken *taken, int a, const Datum *values, const bool *nulls, Oid type, bool greatest)
{
	/* with the type constant in each, the comparison is inlined */
	switch (type)
	{
		case INT2OID:
			extreme(taken, a, values, nulls, INT2OID, greatest);
			break;
		case INT4OID:
		case DATEOID:
			extreme(taken, a, values, nulls, INT4OID, greatest);
			break;
		case FLOAT4OID:
			extreme(taken, a, values, nulls, FLOAT4OID, greatest);
			break;
		case FLOAT8OID:
			extreme(taken, a, values, nulls, FLOAT8OID, greatest);
			break;
		default:
			extreme(taken, a, values, nulls, INT8OID, greatest);
	}
}

/* false: this aggregate has no kernel */
bool
vector_kernel(VectorState *state, int a, const BlockRowsTaken *taken)
{
	VectorAggregate *agg = &state->aggregates[a];
	SealedScan *sealed = state->sealed;
	int			column = agg->use > SUMMARY_ROWS ? agg->columns[0] - 1 : 0;
	const Datum *values = agg->use > SUMMARY_ROWS ? sealed->values[column] : NULL;
	const bool *nulls = agg->use > SUMMARY_ROWS ? sealed->nulls[column] : NULL;

	switch (agg->use)
	{
		case SUMMARY_USELESS:
			return false;
		case SUMMARY_ROWS:
		case SUMMARY_VALUES:
			count_rows(taken, a, nulls);
			break;
		case SUMMARY_TOTAL:
			total_integers(taken, a, values, nulls, agg->column_type == INT2OID);
			break;
		case SUMMARY_MEAN:
			mean_integers(taken, a, values, nulls, agg->column_type == INT2OID);
			break;
		case SUMMARY_FLOAT_TOTAL:
			total_floats(taken, a, values, nulls);
			break;
		case SUMMARY_MOMENTS:
			moments(taken, a, values, nulls, agg->column_type == FLOAT4OID);
			break;
		case SUMMARY_LEAST:
			extreme_of_type(taken, a, values, nulls, agg->column_type, false);
			break;
		case SUMMARY_GREATEST:
			extreme_of_type(taken, a, values, nulls, agg->column_type, true);
			break;
	}
	return true;
}
