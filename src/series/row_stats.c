/*
 * row_stats.c
 *	  stats: number, sum, moments and extremes of values, as one value that can be
 *	  kept in a column and added up later.
 *
 * The idea: a state of fixed size from which mean, variance, skewness and
 * kurtosis follow, and two of which make the one of both sets (Pebay 2008,
 * "Formulas for robust, one-pass parallel computation of covariances and
 * arbitrary-order statistical moments", SAND2008-6212).  Moments are centred on
 * the mean, so that they do not cancel out.  A vector is summed in two passes,
 * then merged.
 *
 * Invariants of every stats, checked where one is read: there is at least one
 * value; all numbers are finite; min <= max; even moments are not negative.
 */
#include "territory.h"

#include <math.h>

#include "libpq/pqformat.h"
#include "utils/builtins.h"
#include "utils/float.h"
#include "utils/memutils.h"

#include "series/row_instants.h"

PG_FUNCTION_INFO_V1(territory_stats_in);
PG_FUNCTION_INFO_V1(territory_stats_out);
PG_FUNCTION_INFO_V1(territory_stats_recv);
PG_FUNCTION_INFO_V1(territory_stats_send);
PG_FUNCTION_INFO_V1(territory_row_stats_add);
PG_FUNCTION_INFO_V1(territory_row_stats_rollup);
PG_FUNCTION_INFO_V1(territory_row_stats_combine);
PG_FUNCTION_INFO_V1(territory_row_stats_serial);
PG_FUNCTION_INFO_V1(territory_row_stats_deserial);
PG_FUNCTION_INFO_V1(territory_row_stats);
PG_FUNCTION_INFO_V1(territory_stats_num_values);
PG_FUNCTION_INFO_V1(territory_stats_sum_value);
PG_FUNCTION_INFO_V1(territory_stats_mean);
PG_FUNCTION_INFO_V1(territory_stats_min_value);
PG_FUNCTION_INFO_V1(territory_stats_max_value);
PG_FUNCTION_INFO_V1(territory_stats_sample_variance);
PG_FUNCTION_INFO_V1(territory_stats_sample_stddev);
PG_FUNCTION_INFO_V1(territory_stats_skewness);
PG_FUNCTION_INFO_V1(territory_stats_kurtosis);

/* the type stats, as it lies on disk */
typedef struct Stats
{
	int64		n;
	double		sum;
	double		min;
	double		max;
	double		m2;				/* sums of powers of distances from the mean */
	double		m3;
	double		m4;
} Stats;

StaticAssertDecl(sizeof(Stats) == 56, "CREATE TYPE stats says INTERNALLENGTH = 56");

#define PG_GETARG_STATS(i) ((const Stats *) PG_GETARG_POINTER(i))

/* ---- moments ---- */

static void
check_range(const Stats *stats)
{
	if (!isfinite(stats->sum) || !isfinite(stats->m2) || !isfinite(stats->m3) || !isfinite(stats->m4))
		float_overflow_error();
}

static void
merge(Stats *a, const Stats *b)
{
	double		na = (double) a->n;
	double		nb = (double) b->n;
	double		n = na + nb;
	double		delta = b->sum / nb - a->sum / na;
	double		step = delta / n;
	double		m2 = delta * step * na * nb;
	double		m3 = m2 * step * (na - nb) + 3 * step * (na * b->m2 - nb * a->m2);
	double		m4 = m2 * step * step * (na * na - na * nb + nb * nb) +
		6 * step * step * (na * na * b->m2 + nb * nb * a->m2) + 4 * step * (na * b->m3 - nb * a->m3);

	a->m4 += b->m4 + m4;
	a->m3 += b->m3 + m3;
	a->m2 += b->m2 + m2;
	a->n += b->n;
	a->sum += b->sum;
	a->min = Min(a->min, b->min);
	a->max = Max(a->max, b->max);
	check_range(a);
}

/* of at least one value, all finite */
static void
summarise(const double *values, int n, Stats *stats)
{
	double		mean;

	memset(stats, 0, sizeof(Stats));
	stats->n = n;
	stats->min = stats->max = values[0];
	for (int i = 0; i < n; i++)
	{
		stats->sum += values[i];
		stats->min = Min(stats->min, values[i]);
		stats->max = Max(stats->max, values[i]);
	}
	mean = stats->sum / n;
	for (int i = 0; i < n; i++)
	{
		double		apart = values[i] - mean;
		double		square = apart * apart;

		stats->m2 += square;
		stats->m3 += square * apart;
		stats->m4 += square * square;
	}
	check_range(stats);
}

/* ---- rows ---- */

static Stats *
add_stats(FunctionCallInfo call, Stats *state, const Stats *more)
{
	MemoryContext context = row_state_context(call);

	if (state)
		merge(state, more);
	else
		state = memcpy(MemoryContextAlloc(context, sizeof(Stats)), more, sizeof(Stats));
	return state;
}

static void *
take_stats(FunctionCallInfo call, void *state, const BatchArgument *args, int n)
{
	double		values[ROW_CHUNK];

	for (int i = 0; i < n;)
	{
		Stats		more;
		int			some = 0;

		for (; i < n && some < ROW_CHUNK; i++)
			if (!batch_null(&args[0], i))
				values[some++] = DatumGetFloat8(batch_value(&args[0], i));
		if (some == 0)
			break;
		for (int v = 0; v < some; v++)
			row_check_finite(values[v]);
		summarise(values, some, &more);
		state = add_stats(call, state, &more);
	}
	return state;
}

static void *
take_rollup(FunctionCallInfo call, void *state, const BatchArgument *args, int n)
{
	for (int i = 0; i < n; i++)
		if (!batch_null(&args[0], i))
			state = add_stats(call, state, (const Stats *) DatumGetPointer(batch_value(&args[0], i)));
	return state;
}

Datum
territory_row_stats_add(PG_FUNCTION_ARGS)
{
	return row_add(fcinfo, take_stats);
}

Datum
territory_row_stats_rollup(PG_FUNCTION_ARGS)
{
	return row_add(fcinfo, take_rollup);
}

void
row_stats_init(void)
{
	vector_batch_register("territory_row_stats_add", territory_row_stats_add, take_stats);
	vector_batch_register("territory_row_stats_rollup", territory_row_stats_rollup, take_rollup);
}

Datum
territory_row_stats_combine(PG_FUNCTION_ARGS)
{
	Stats	   *state = PG_ARGISNULL(0) ? NULL : (Stats *) PG_GETARG_POINTER(0);

	if (!PG_ARGISNULL(1))
		state = add_stats(fcinfo, state, PG_GETARG_STATS(1));
	if (state == NULL)
		PG_RETURN_NULL();
	PG_RETURN_POINTER(state);
}

Datum
territory_row_stats(PG_FUNCTION_ARGS)
{
	row_state_context(fcinfo);
	PG_RETURN_POINTER(memcpy(palloc(sizeof(Stats)), PG_GETARG_STATS(0), sizeof(Stats)));
}

/* ---- binary form ---- */

static bytea *
send_stats(const Stats *stats)
{
	StringInfoData out;

	pq_begintypsend(&out);
	pq_sendint64(&out, stats->n);
	pq_sendfloat8(&out, stats->sum);
	pq_sendfloat8(&out, stats->min);
	pq_sendfloat8(&out, stats->max);
	pq_sendfloat8(&out, stats->m2);
	pq_sendfloat8(&out, stats->m3);
	pq_sendfloat8(&out, stats->m4);
	return pq_endtypsend(&out);
}

static Stats *
check_stats(Stats *stats)
{
	if (stats->n < 1 || !isfinite(stats->min) || !isfinite(stats->max) || !isfinite(stats->sum) ||
		!isfinite(stats->m2) || !isfinite(stats->m3) || !isfinite(stats->m4) ||
		stats->min > stats->max || stats->m2 < 0 || stats->m4 < 0)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("no values can have these stats"),
						errhint("They hold at least one value, min_value is at most max_value, m2 and m4 are not less than 0.")));
	return stats;
}

static Stats *
receive_stats(StringInfo in)
{
	Stats	   *stats = palloc(sizeof(Stats));

	stats->n = pq_getmsgint64(in);
	stats->sum = pq_getmsgfloat8(in);
	stats->min = pq_getmsgfloat8(in);
	stats->max = pq_getmsgfloat8(in);
	stats->m2 = pq_getmsgfloat8(in);
	stats->m3 = pq_getmsgfloat8(in);
	stats->m4 = pq_getmsgfloat8(in);
	return check_stats(stats);
}

Datum
territory_stats_recv(PG_FUNCTION_ARGS)
{
	PG_RETURN_POINTER(receive_stats((StringInfo) PG_GETARG_POINTER(0)));
}

Datum
territory_stats_send(PG_FUNCTION_ARGS)
{
	PG_RETURN_BYTEA_P(send_stats(PG_GETARG_STATS(0)));
}

Datum
territory_row_stats_serial(PG_FUNCTION_ARGS)
{
	row_state_context(fcinfo);
	PG_RETURN_BYTEA_P(send_stats(PG_GETARG_STATS(0)));
}

Datum
territory_row_stats_deserial(PG_FUNCTION_ARGS)
{
	bytea	   *bytes = PG_GETARG_BYTEA_PP(0);
	StringInfoData in;
	Stats	   *stats;

	row_state_context(fcinfo);
	initStringInfo(&in);
	appendBinaryStringInfo(&in, VARDATA_ANY(bytes), VARSIZE_ANY_EXHDR(bytes));
	stats = receive_stats(&in);
	pq_getmsgend(&in);
	PG_RETURN_POINTER(stats);
}

/* ---- text form: a JSON object with these members, in this order ---- */

static const char *const members[] = {"sum_value", "min_value", "max_value", "m2", "m3", "m4"};

Datum
territory_stats_out(PG_FUNCTION_ARGS)
{
	const Stats *stats = PG_GETARG_STATS(0);
	const double numbers[] = {stats->sum, stats->min, stats->max, stats->m2, stats->m3, stats->m4};
	StringInfoData out;

	initStringInfo(&out);
	appendStringInfo(&out, "{\"num_values\": " INT64_FORMAT, stats->n);
	for (int i = 0; i < lengthof(members); i++)
		appendStringInfo(&out, ", \"%s\": %s", members[i], float8out_internal(numbers[i]));
	appendStringInfoChar(&out, '}');
	PG_RETURN_CSTRING(out.data);
}

/* after blanks, this text; else NULL */
static const char *
skip(const char *at, const char *expected)
{
	if (at == NULL)
		return NULL;
	while (isspace((unsigned char) *at))
		at++;
	return strncmp(at, expected, strlen(expected)) == 0 ? at + strlen(expected) : NULL;
}

/* "name": */
static const char *
skip_name(const char *at, const char *name)
{
	return skip(skip(skip(skip(at, "\""), name), "\""), ":");
}

static const char *
read_number(const char *at, double *number)
{
	char	   *end;

	if (at == NULL)
		return NULL;
	errno = 0;
	*number = strtod(at, &end);
	/* what underflows is read as well as it can be */
	return end == at || (errno == ERANGE && isinf(*number)) ? NULL : end;
}

static const char *
read_count(const char *at, int64 *count)
{
	char	   *end;

	if (at == NULL)
		return NULL;
	errno = 0;
	*count = strtoll(at, &end, 10);
	return end == at || errno == ERANGE ? NULL : end;
}

Datum
territory_stats_in(PG_FUNCTION_ARGS)
{
	const char *string = PG_GETARG_CSTRING(0);
	const char *at = skip_name(skip(string, "{"), "num_values");
	Stats	   *stats = palloc0(sizeof(Stats));
	double	   *numbers[] = {&stats->sum, &stats->min, &stats->max, &stats->m2, &stats->m3, &stats->m4};

	at = read_count(at, &stats->n);
	for (int i = 0; i < lengthof(members); i++)
		at = read_number(skip_name(skip(at, ","), members[i]), numbers[i]);
	at = skip(skip(at, "}"), "");
	if (at == NULL || *at != '\0')
		ereport(ERROR, (errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
						errmsg("invalid input syntax for type %s: \"%s\"", "stats", string),
						errhint("It is {\"num_values\": n, \"sum_value\": x, \"min_value\": x, \"max_value\": x, \"m2\": x, \"m3\": x, \"m4\": x}.")));
	PG_RETURN_POINTER(check_stats(stats));
}

/* ---- what stats tell ---- */

Datum
territory_stats_num_values(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT64(PG_GETARG_STATS(0)->n);
}

Datum
territory_stats_sum_value(PG_FUNCTION_ARGS)
{
	PG_RETURN_FLOAT8(PG_GETARG_STATS(0)->sum);
}

Datum
territory_stats_mean(PG_FUNCTION_ARGS)
{
	PG_RETURN_FLOAT8(PG_GETARG_STATS(0)->sum / (double) PG_GETARG_STATS(0)->n);
}

Datum
territory_stats_min_value(PG_FUNCTION_ARGS)
{
	PG_RETURN_FLOAT8(PG_GETARG_STATS(0)->min);
}

Datum
territory_stats_max_value(PG_FUNCTION_ARGS)
{
	PG_RETURN_FLOAT8(PG_GETARG_STATS(0)->max);
}

Datum
territory_stats_sample_variance(PG_FUNCTION_ARGS)
{
	const Stats *stats = PG_GETARG_STATS(0);

	if (stats->n < 2)
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(stats->m2 / (double) (stats->n - 1));
}

Datum
territory_stats_sample_stddev(PG_FUNCTION_ARGS)
{
	const Stats *stats = PG_GETARG_STATS(0);

	if (stats->n < 2)
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(sqrt(stats->m2 / (double) (stats->n - 1)));
}

Datum
territory_stats_skewness(PG_FUNCTION_ARGS)
{
	const Stats *stats = PG_GETARG_STATS(0);
	double		variance = stats->m2 / (double) stats->n;

	if (variance == 0)
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(stats->m3 / (double) stats->n / (variance * sqrt(variance)));
}

Datum
territory_stats_kurtosis(PG_FUNCTION_ARGS)
{
	const Stats *stats = PG_GETARG_STATS(0);
	double		variance = stats->m2 / (double) stats->n;

	if (variance == 0)
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(stats->m4 / (double) stats->n / (variance * variance));
}
