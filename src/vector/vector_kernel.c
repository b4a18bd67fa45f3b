/*
 * vector_kernel.c
 *	  States and transitions of common aggregates over vectors of values.
 *
 * A kernel's state is native, and becomes what the aggregate's own transition
 * function would have made when it is handed out.  Integers and extremes come
 * out the same bit for bit.  Floats are summed in lanes, with compensation, so
 * that the error is no larger than that of one addition after the other; where
 * that meets NaN, infinities, overflow or a zero whose sign matters, values are
 * taken one by one, as the aggregate's functions do.
 */
#include "territory.h"

#include <math.h>

#include "catalog/pg_aggregate.h"
#include "catalog/pg_type.h"
#include "nodes/nodeFuncs.h"
#include "utils/array.h"
#include "utils/float.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

#include "codec/codec_summary.h"
#include "vector/vector_join.h"

#define FEW 8					/* values that lanes do not help */
#define STATES_AHEAD 8			/* that are on their way to the processor while one is added to */
#define FEW_SUMMED 24			/* nor where all that is asked for is their sum */

/* ---- which aggregates ---- */

static void
functions_of(Aggref *ref, Oid *transition, Oid *final)
{
	HeapTuple	tuple = SearchSysCache1(AGGFNOID, ObjectIdGetDatum(ref->aggfnoid));

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for aggregate %u", ref->aggfnoid);
	*transition = ((Form_pg_aggregate) GETSTRUCT(tuple))->aggtransfn;
	*final = ((Form_pg_aggregate) GETSTRUCT(tuple))->aggfinalfn;
	ReleaseSysCache(tuple);
}

/* states that only final functions of core can read: a kernel must give the result itself */
static Kernel
kernel_of_wide(Aggref *ref, Oid final)
{
	if (ref->aggsplit != AGGSPLIT_SIMPLE)
		return KERNEL_NONE;
	switch (final)
	{
		case F_NUMERIC_POLY_SUM:
		case F_NUMERIC_SUM:
			return KERNEL_WIDE_TOTAL;
		case F_NUMERIC_POLY_AVG:
		case F_NUMERIC_AVG:
			return KERNEL_WIDE_MEAN;
		default:
			return KERNEL_NONE;
	}
}

/* the column that is the only argument, or NULL */
Var *
vector_column_argument(Aggref *ref)
{
	Expr	   *expr;

	if (list_length(ref->args) != 1)
		return NULL;
	expr = linitial_node(TargetEntry, ref->args)->expr;
	/* of a domain */
	while (IsA(expr, RelabelType) &&
		   getBaseType(exprType((Node *) expr)) == getBaseType(exprType((Node *) ((RelabelType *) expr)->arg)))
		expr = ((RelabelType *) expr)->arg;
	return vector_table_column((Node *) expr) > 0 ? (Var *) expr : NULL;
}

/* by the transition function: a user's aggregate may have a kernel, too */
Kernel
vector_kernel_of(Aggref *ref, Oid *input_type)
{
	Oid			transition,
				final;

	*input_type = InvalidOid;
	functions_of(ref, &transition, &final);
	switch (transition)
	{
		case F_INT8INC:
			return ref->args == NIL ? KERNEL_ROWS : KERNEL_NONE;
		case F_INT8INC_ANY:
			return KERNEL_VALUES;
		case F_INT2_SUM:
			*input_type = INT2OID;
			return KERNEL_TOTAL;
		case F_INT4_SUM:
			*input_type = INT4OID;
			return KERNEL_TOTAL;
		case F_INT2_AVG_ACCUM:
			*input_type = INT2OID;
			return KERNEL_MEAN;
		case F_INT4_AVG_ACCUM:
			*input_type = INT4OID;
			return KERNEL_MEAN;
		case F_INT8_AVG_ACCUM:
			*input_type = INT8OID;
			return kernel_of_wide(ref, final);
		case F_NUMERIC_AVG_ACCUM:
			*input_type = NUMERICOID;
			return kernel_of_wide(ref, final);
		case F_FLOAT4PL:
			*input_type = FLOAT4OID;
			return KERNEL_FLOAT_TOTAL;
		case F_FLOAT8PL:
			*input_type = FLOAT8OID;
			return KERNEL_FLOAT_TOTAL;
		case F_FLOAT8_ACCUM:
			*input_type = FLOAT8OID;
			return KERNEL_MOMENTS;
		case F_FLOAT4_ACCUM:
			*input_type = FLOAT4OID;
			return KERNEL_MOMENTS;
		case F_FLOAT8_REGR_ACCUM:
			*input_type = FLOAT8OID;
			return KERNEL_PAIRS;
		case F_BOOLAND_STATEFUNC:
			*input_type = BOOLOID;
			return KERNEL_LEAST;
		case F_NUMERIC_SMALLER:
			*input_type = NUMERICOID;
			return KERNEL_LEAST;
		case F_INT2SMALLER:
			*input_type = INT2OID;
			return KERNEL_LEAST;
		case F_INT4SMALLER:
		case F_DATE_SMALLER:
			*input_type = INT4OID;
			return KERNEL_LEAST;
		case F_INT8SMALLER:
		case F_TIMESTAMP_SMALLER:
		case F_TIMESTAMPTZ_SMALLER:
			*input_type = INT8OID;
			return KERNEL_LEAST;
		case F_FLOAT4SMALLER:
			*input_type = FLOAT4OID;
			return KERNEL_LEAST;
		case F_FLOAT8SMALLER:
			*input_type = FLOAT8OID;
			return KERNEL_LEAST;
		case F_BOOLOR_STATEFUNC:
			*input_type = BOOLOID;
			return KERNEL_GREATEST;
		case F_NUMERIC_LARGER:
			*input_type = NUMERICOID;
			return KERNEL_GREATEST;
		case F_INT2LARGER:
			*input_type = INT2OID;
			return KERNEL_GREATEST;
		case F_INT4LARGER:
		case F_DATE_LARGER:
			*input_type = INT4OID;
			return KERNEL_GREATEST;
		case F_INT8LARGER:
		case F_TIMESTAMP_LARGER:
		case F_TIMESTAMPTZ_LARGER:
			*input_type = INT8OID;
			return KERNEL_GREATEST;
		case F_FLOAT4LARGER:
			*input_type = FLOAT4OID;
			return KERNEL_GREATEST;
		case F_FLOAT8LARGER:
			*input_type = FLOAT8OID;
			return KERNEL_GREATEST;
		default:
			return KERNEL_NONE;
	}
}

/* is this the initial state of core's aggregates: n zeros in an array? */
static bool
starts_with_zeros(const VectorAggregate *agg, Oid type, int n)
{
	ArrayType  *array;

	if (agg->initial_null)
		return false;
	array = DatumGetArrayTypeP(agg->initial);
	if (ARR_NDIM(array) != 1 || ARR_DIMS(array)[0] != n || ARR_HASNULL(array) || ARR_ELEMTYPE(array) != type ||
		VARSIZE(array) != ARR_OVERHEAD_NONULLS(1) + n * sizeof(int64))
		return false;
	for (int i = 0; i < n; i++)
		if (((int64 *) ARR_DATA_PTR(array))[i] != 0)
			return false;
	return true;
}

/* a user's aggregate may begin with any state: without a kernel, then */
void
vector_kernel_check(VectorAggregate *agg)
{
	bool		usual;

	switch (agg->kernel)
	{
		case KERNEL_ROWS:
		case KERNEL_VALUES:
			usual = !agg->initial_null && agg->state_byval;
			break;
		case KERNEL_MEAN:
			usual = starts_with_zeros(agg, INT8OID, 2);
			break;
		case KERNEL_MOMENTS:
			usual = starts_with_zeros(agg, FLOAT8OID, 3);
			break;
		case KERNEL_PAIRS:
			usual = starts_with_zeros(agg, FLOAT8OID, sizeof(PairState) / sizeof(double));
			break;
		case KERNEL_WIDE_TOTAL:
		case KERNEL_WIDE_MEAN:
			usual = agg->initial_null;
			break;
		default:
			usual = agg->initial_null && (agg->state_byval || agg->input_type == NUMERICOID);
	}
	if (!usual)
		agg->kernel = KERNEL_NONE;
}

/* final: the function that makes the result of the state in the end, here or elsewhere, and nobody else reads the state */
void
vector_kernel_know_final(VectorAggregate *agg, Oid final)
{
	agg->mean_only = agg->kernel == KERNEL_MOMENTS && final == F_FLOAT8_AVG;
}

/* ---- states ---- */

Size
vector_kernel_state_size(const VectorAggregate *agg)
{
	switch (agg->kernel)
	{
		case KERNEL_ROWS:
		case KERNEL_VALUES:
			return sizeof(CountState);
		case KERNEL_TOTAL:
		case KERNEL_MEAN:
			return sizeof(TotalState);
		case KERNEL_FLOAT_TOTAL:
			return sizeof(FloatState);
		case KERNEL_MOMENTS:
			return sizeof(MomentState);
		case KERNEL_LEAST:
		case KERNEL_GREATEST:
			return sizeof(ExtremeState);
		case KERNEL_PAIRS:
			return sizeof(PairState);
		case KERNEL_WIDE_TOTAL:
		case KERNEL_WIDE_MEAN:
			return sizeof(WideState);
		case KERNEL_NONE:
			break;
	}
	return sizeof(AggregateValue);
}

void
vector_kernel_start(const VectorAggregate *agg, void *state)
{
	memset(state, 0, vector_kernel_state_size(agg));
	if (agg->kernel == KERNEL_ROWS || agg->kernel == KERNEL_VALUES)
		((CountState *) state)->n = DatumGetInt64(agg->initial);
}

/* ---- values, one by one ---- */

/* as float8_accum() does (Youngs and Cramer 1971) */
static inline void
add_moment(MomentState *state, double value)
{
	double		n = state->n + 1;
	double		sum = state->sum + value;
	double		m2 = state->m2;

	if (state->n > 0)
	{
		double		apart = value * n - sum;

		m2 += apart * apart / (n * state->n);
		if (isinf(sum) || isinf(m2))
		{
			if (!isinf(state->sum) && !isinf(value))
				float_overflow_error();
			m2 = get_float8_nan();
		}
	}
	else if (isnan(value) || isinf(value))
		m2 = get_float8_nan();
	state->n = n;
	state->sum = sum;
	state->m2 = m2;
}

static inline void
add_float(FloatState *state, double value)
{
	state->sum = state->known ? float8_pl(state->sum, value) : value;
	state->known = true;
}

/* Datums of integers, dates and times are their values */
static inline bool
precedes(Oid type, Datum a, Datum b)
{
	switch (type)
	{
		case BOOLOID:
			return DatumGetBool(a) < DatumGetBool(b);
		case INT2OID:
			return DatumGetInt16(a) < DatumGetInt16(b);
		case INT4OID:
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
take_extreme(ExtremeState *state, Oid type, bool greatest, Datum value)
{
	if (!state->known || !(greatest ? precedes(type, value, state->value) : precedes(type, state->value, value)))
		state->value = value;
	state->known = true;
}

static inline double
float_of(const VectorAggregate *agg, Datum value)
{
	return agg->input_type == FLOAT4OID ? (double) DatumGetFloat4(value) : DatumGetFloat8(value);
}

static void
take_one(const VectorAggregate *agg, void *state, Datum value)
{
	switch (agg->kernel)
	{
		case KERNEL_ROWS:
		case KERNEL_VALUES:
			((CountState *) state)->n++;
			break;
		case KERNEL_TOTAL:
		case KERNEL_MEAN:
			((TotalState *) state)->n++;
			((TotalState *) state)->sum += agg->input_type == INT2OID ? DatumGetInt16(value) : DatumGetInt32(value);
			break;
		case KERNEL_FLOAT_TOTAL:
			add_float(state, float_of(agg, value));
			break;
		case KERNEL_MOMENTS:
			add_moment(state, float_of(agg, value));
			break;
		case KERNEL_LEAST:
		case KERNEL_GREATEST:
			if (agg->input_type == NUMERICOID)
				vector_wide_extreme(agg, state, value);
			else
				take_extreme(state, agg->input_type, agg->kernel == KERNEL_GREATEST, value);
			break;
		default:
			Assert(false);
	}
}

static void
take_each(const VectorAggregate *agg, void *state, const Datum *values, const bool *nulls, int n)
{
	for (int i = 0; i < n; i++)
		if (nulls == NULL || !nulls[i])
			take_one(agg, state, values[i]);
}

/* ---- vectors without nulls ---- */

static int64
sum_integers(Oid type, const Datum *values, int n)
{
	int64		sum = 0;

	if (type == INT2OID)
		for (int i = 0; i < n; i++)
			sum += DatumGetInt16(values[i]);
	else
		for (int i = 0; i < n; i++)
			sum += DatumGetInt32(values[i]);
	return sum;
}

/* finite values whose squares are finite, too */
static void
add_tame_moments(const VectorAggregate *agg, MomentState *state, const double *values, int n)
{
	double		sum = 0;

	if (n < FEW)
		for (int i = 0; i < n; i++)
			sum += values[i];
	else
		sum = codec_sum_float64(values, n);
	if (!agg->mean_only)
	{
		double		m2 = codec_m2_float64(values, n, sum / n);

		state->m2 = state->n > 0 ? codec_merge_m2(state->n, state->sum, state->m2, n, sum, m2) : m2;
	}
	state->n += n;
	state->sum += sum;
}

static void
take_moments(const VectorAggregate *agg, MomentState *state, const Datum *values, int n, bool tame)
{
	if (!tame || agg->input_type != FLOAT8OID || !isfinite(state->sum) || !isfinite(state->m2) ||
		(n < FEW && !agg->mean_only))
		take_each(agg, state, values, NULL, n);
	else
		add_tame_moments(agg, state, (const double *) values, n);
}

static void
take_float_total(const VectorAggregate *agg, FloatState *state, const Datum *values, int n, bool tame)
{
	double		sum = tame && agg->input_type == FLOAT8OID ? codec_sum_float64((const double *) values, n) : 0;

	/* the sum of -0 and -0 is -0 */
	if (sum == 0 || !isfinite(state->sum))
		take_each(agg, state, values, NULL, n);
	else
		add_float(state, sum);
}

/* the type is constant at each call, so that the comparison is inlined */
static inline void
take_extremes_of(ExtremeState *state, Oid type, bool greatest, const Datum *values, int n)
{
	ExtremeState best = *state;

	for (int i = 0; i < n; i++)
		take_extreme(&best, type, greatest, values[i]);
	*state = best;
}

static void
take_extremes(const VectorAggregate *agg, ExtremeState *state, const Datum *values, int n, bool tame)
{
	bool		greatest = agg->kernel == KERNEL_GREATEST;

	switch (agg->input_type)
	{
		case INT2OID:
			take_extremes_of(state, INT2OID, greatest, values, n);
			break;
		case INT4OID:
			take_extremes_of(state, INT4OID, greatest, values, n);
			break;
		case FLOAT4OID:
			take_extremes_of(state, FLOAT4OID, greatest, values, n);
			break;
		case BOOLOID:
		case NUMERICOID:
			take_each(agg, state, values, NULL, n);
			break;
		case FLOAT8OID:
			{
				double		extreme = tame ? codec_extreme_float64((const double *) values, n, greatest) : 0;

				/* of 0 and -0, the later one */
				if (extreme == 0)
					take_extremes_of(state, FLOAT8OID, greatest, values, n);
				else
					take_extreme(state, FLOAT8OID, greatest, Float8GetDatum(extreme));
				break;
			}
		default:
			take_extremes_of(state, INT8OID, greatest, values, n);
	}
}

static int
count_values(const bool *nulls, int n)
{
	int			count = 0;

	for (int i = 0; i < n; i++)
		count += !nulls[i];
	return count;
}

static void
take_all(const VectorAggregate *agg, void *state, const Datum *values, int n, bool tame)
{
	switch (agg->kernel)
	{
		case KERNEL_TOTAL:
		case KERNEL_MEAN:
			((TotalState *) state)->n += n;
			((TotalState *) state)->sum += sum_integers(agg->input_type, values, n);
			break;
		case KERNEL_FLOAT_TOTAL:
			take_float_total(agg, state, values, n, tame);
			break;
		case KERNEL_MOMENTS:
			take_moments(agg, state, values, n, tame);
			break;
		case KERNEL_LEAST:
		case KERNEL_GREATEST:
			take_extremes(agg, state, values, n, tame);
			break;
		default:
			Assert(false);
	}
}

/*
 * Values into a state; nulls may be NULL where there are none, values where the
 * kernel only counts.  tame: float values are finite, and so are their squares.
 */
void
vector_kernel(const VectorAggregate *agg, void *state, const Datum *values, const bool *nulls, int n, bool tame)
{
	if (agg->kernel == KERNEL_ROWS || agg->kernel == KERNEL_VALUES)
	{
		((CountState *) state)->n += nulls ? count_values(nulls, n) : n;
		return;
	}
	if (agg->kernel == KERNEL_WIDE_TOTAL || agg->kernel == KERNEL_WIDE_MEAN)
		vector_wide_add(agg, state, values, nulls, n);
	else if (nulls)
		take_each(agg, state, values, nulls, n);
	else
		take_all(agg, state, values, n, tame);
}

/* ---- runs ---- */

/* so few values that what adding them loses is less than what adding each to the state would */
static inline double
sum_few(const double *values, int n)
{
	double		even = 0;
	double		odd = 0;
	int			i = 0;

	for (; i + 2 <= n; i += 2)
	{
		even += values[i];
		odd += values[i + 1];
	}
	return i < n ? even + odd + values[i] : even + odd;
}

/* tame values of which only the mean is asked for */
static void
take_means(const VectorAggregate *agg, const BlockRowsTaken *taken, const double *values)
{
	for (int r = 0; r < taken->nruns; r++)
	{
		MomentState *state = group_state(agg, taken->runs[r].group);
		int			n = taken->runs[r].n;

		if (r + STATES_AHEAD < taken->nruns)
			__builtin_prefetch(group_state(agg, taken->runs[r + STATES_AHEAD].group), true);
		state->sum += n < FEW_SUMMED ? sum_few(values, n) : codec_sum_float64(values, n);
		state->n += n;
		values += n;
	}
}

static void
count_rows(const VectorAggregate *agg, const BlockRowsTaken *taken)
{
	for (int r = 0; r < taken->nruns; r++)
		((CountState *) group_state(agg, taken->runs[r].group))->n += taken->runs[r].n;
}

/* as vector_kernel(), of all runs of a block, which may be many and short */
void
vector_kernel_runs(const VectorAggregate *agg, const BlockRowsTaken *taken, const Datum *values, const bool *nulls,
				   bool tame)
{
	if (nulls == NULL && (agg->kernel == KERNEL_ROWS || agg->kernel == KERNEL_VALUES))
		count_rows(agg, taken);
	else if (nulls == NULL && tame && agg->mean_only && agg->input_type == FLOAT8OID)
		take_means(agg, taken, (const double *) values);
	else
		for (int r = 0, i = 0; r < taken->nruns; i += taken->runs[r++].n)
			vector_kernel(agg, group_state(agg, taken->runs[r].group), values ? values + i : NULL,
						  nulls ? nulls + i : NULL, taken->runs[r].n, tame);
}

/* ---- summaries ---- */

static void
add_summed_moments(MomentState *state, const ColumnSummary *summary)
{
	double		before = state->sum;

	state->m2 = state->n > 0 ?
		codec_merge_m2(state->n, state->sum, state->m2, summary->values, summary->fsum, summary->m2) : summary->m2;
	state->n += summary->values;
	state->sum += summary->fsum;
	if ((isinf(state->sum) || isinf(state->m2)) && !isinf(before))
		float_overflow_error();
}

/* a summary of so many rows; extreme: its least or greatest value, where that is what is asked for */
void
vector_kernel_add(const VectorAggregate *agg, void *state, const ColumnSummary *summary, Datum extreme, int64 rows)
{
	if (agg->kernel == KERNEL_ROWS)
	{
		((CountState *) state)->n += rows;
		return;
	}
	if (summary->values == 0)
		return;
	switch (agg->kernel)
	{
		case KERNEL_VALUES:
			((CountState *) state)->n += summary->values;
			break;
		case KERNEL_TOTAL:
		case KERNEL_MEAN:
			((TotalState *) state)->n += summary->values;
			((TotalState *) state)->sum += (int64) summary->sum;
			break;
		case KERNEL_FLOAT_TOTAL:
			add_float(state, summary->fsum);
			break;
		case KERNEL_MOMENTS:
			add_summed_moments(state, summary);
			break;
		case KERNEL_LEAST:
		case KERNEL_GREATEST:
			take_one(agg, state, extreme);
			break;
		case KERNEL_WIDE_TOTAL:
		case KERNEL_WIDE_MEAN:
			vector_wide_add_summary(agg, state, summary);
			break;
		default:
			Assert(false);
	}
}

/* ---- results ---- */

static Datum
array_state(Oid type, const void *elements, int n)
{
	ArrayType  *array = palloc0(ARR_OVERHEAD_NONULLS(1) + n * sizeof(int64));

	SET_VARSIZE(array, ARR_OVERHEAD_NONULLS(1) + n * sizeof(int64));
	array->ndim = 1;
	array->dataoffset = 0;
	array->elemtype = type;
	ARR_DIMS(array)[0] = n;
	ARR_LBOUND(array)[0] = 1;
	memcpy(ARR_DATA_PTR(array), elements, n * sizeof(int64));
	return PointerGetDatum(array);
}

static Datum
float_total(const VectorAggregate *agg, double sum)
{
	if (agg->input_type == FLOAT8OID)
		return Float8GetDatum(sum);
	if (isinf((float4) sum) && !isinf(sum))
		float_overflow_error();
	return Float4GetDatum((float4) sum);
}

/* the transition state that the aggregate's function would have made, in the current memory context */
Datum
vector_kernel_datum(const VectorAggregate *agg, const void *state, bool *isnull)
{
	*isnull = false;
	switch (agg->kernel)
	{
		case KERNEL_ROWS:
		case KERNEL_VALUES:
			return Int64GetDatum(((const CountState *) state)->n);
		case KERNEL_TOTAL:
			*isnull = ((const TotalState *) state)->n == 0;
			return Int64GetDatum(((const TotalState *) state)->sum);
		case KERNEL_MEAN:
			return array_state(INT8OID, state, 2);
		case KERNEL_FLOAT_TOTAL:
			*isnull = !((const FloatState *) state)->known;
			return float_total(agg, ((const FloatState *) state)->sum);
		case KERNEL_MOMENTS:
			return array_state(FLOAT8OID, state, 3);
		case KERNEL_PAIRS:
			return array_state(FLOAT8OID, state, sizeof(PairState) / sizeof(double));
		case KERNEL_LEAST:
		case KERNEL_GREATEST:
			*isnull = !((const ExtremeState *) state)->known;
			return ((const ExtremeState *) state)->value;
		default:
			elog(ERROR, "this aggregate has no transition state that can be shown");
	}
}

/* the final function's result, where the state tells it; else false */
bool
vector_kernel_result(const VectorAggregate *agg, const void *state, Datum *result, bool *isnull)
{
	const MomentState *moments = state;

	if (agg->kernel == KERNEL_WIDE_TOTAL || agg->kernel == KERNEL_WIDE_MEAN)
	{
		*result = vector_wide_result(agg, state, isnull);
		return true;
	}
	if (!agg->mean_only || !agg->has_final)
		return false;
	*isnull = moments->n == 0;
	*result = *isnull ? (Datum) 0 : Float8GetDatum(moments->sum / moments->n);
	return true;
}
