/*
 * series_build.c
 *	  A series in the making, from instants in any order.
 *
 * The idea: instants are collected as they come, and sorted once at the end;
 * where they come in order, as sealed rows do, nothing is sorted.
 *
 * The rule for an instant that comes twice has to give the same whatever the
 * order and the number of workers: equal values are one; of different ones the
 * greatest stays (of states the last in the order of bytes, of points the one
 * with the greatest x, then y, then z).
 *
 * Invariant: finishing, or finishing twice, changes what the builder holds but
 * not what it stands for.
 */
#include "territory.h"

#include <math.h>

#include "common/int.h"
#include "libpq/pqformat.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "codec/codec_summary.h"
#include "series/point.h"
#include "series/series_build.h"

#define METRES_PER_DEGREE 111319.49079327358	/* of the equator of WGS 84 */
#define MAX_SCALED 9007199254740992.0	/* 2^53 */

/* ---- collecting ---- */

/* in the current memory context */
SeriesBuilder *
builder_new(SeriesKind kind, const SeriesOptions *options, int32 srid, int dims)
{
	SeriesBuilder *builder = palloc(sizeof(SeriesBuilder));

	builder->options = *options;
	builder->series = series_new(kind, options->interpolation, srid, dims, 1);
	builder->sorted = true;
	return builder;
}

static inline void
note_order(SeriesBuilder *builder, TimestampTz t)
{
	const Series *series = builder->series;

	if (series->n > 0 && t <= series->t[series->n - 1])
		builder->sorted = false;
}

void
builder_add(SeriesBuilder *builder, TimestampTz t, const double *v)
{
	note_order(builder, t);
	series_add(builder->series, t, v, false);
}

void
builder_add_state(SeriesBuilder *builder, TimestampTz t, const text *state)
{
	note_order(builder, t);
	series_add_state(builder->series, t, state, false);
}

/* a state's number in another series, mapped once */
static int32
map_state(Series *to, const Series *from, int32 code, int32 *map)
{
	if (map[code] < 0)
		map[code] = series_state_code(to, from->states[code]);
	return map[code];
}

void
builder_combine(SeriesBuilder *builder, const SeriesBuilder *other)
{
	Series	   *to = builder->series;
	const Series *from = other->series;
	Size		n = from->n;

	series_check_space(builder->series, from->srid, from->dims);
	if (n == 0)
		return;
	note_order(builder, from->t[0]);
	builder->sorted &= other->sorted;
	if (to->n + from->n > to->room)
		series_reserve(to, Max(to->n + from->n, Min(to->room * 2, SERIES_MAX_INSTANTS)));
	memcpy(to->t + to->n, from->t, n * sizeof(TimestampTz));
	if (to->kind == SERIES_STATE)
	{
		int32	   *map = palloc_extended(from->num_states * sizeof(int32), MCXT_ALLOC_HUGE);

		memset(map, -1, from->num_states * sizeof(int32));
		for (Size i = 0; i < n; i++)
			to->codes[to->n + i] = map_state(to, from, from->codes[i], map);
		pfree(map);
	}
	else
		for (int d = 0; d < to->dims; d++)
			memcpy(to->v[d] + to->n, from->v[d], n * sizeof(double));
	to->n += from->n;
}

/* ---- finishing ---- */

typedef struct Place
{
	TimestampTz t;
	int32		i;
} Place;

/* two neighbouring runs, of equal instants the first run's first */
static void
merge_runs(const Place *from, int first, int second, int end, Place *to)
{
	int			a = first,
				b = second;

	for (int i = first; i < end; i++)
		to[i] = b == end || (a < second && from[a].t <= from[b].t) ? from[a++] : from[b++];
}

/*
 * By time.  Rows come in runs that are sorted (of a worker, of a segment, of a
 * day), which are found and merged two by two: a few runs cost a few copies.
 */
static Place *
sort_places(Place *places, Place *spare, int n)
{
	int		   *ends = palloc_extended((n + 1) * sizeof(int), MCXT_ALLOC_HUGE);	/* ends[r]: where run r ends */
	int			runs = 0;

	for (int i = 1; i <= n; i++)
		if (i == n || places[i].t < places[i - 1].t)
			ends[runs++] = i;
	while (runs > 1)
	{
		Place	   *sorted = spare;
		int			merged = 0;

		CHECK_FOR_INTERRUPTS();
		for (int r = 0; r < runs; r += 2)
		{
			int			last = Min(r + 1, runs - 1);
			int			end = ends[last];

			merge_runs(places, r == 0 ? 0 : ends[merged - 1], ends[r], end, sorted);
			ends[merged++] = end;
		}
		spare = places;
		places = sorted;
		runs = merged;
	}
	pfree(ends);
	return places;
}

static void
sort_column(void *column, Size width, const Place *places, int n, void *spare)
{
	if (width == sizeof(int64))
		for (int i = 0; i < n; i++)
			((int64 *) spare)[i] = ((int64 *) column)[places[i].i];
	else
		for (int i = 0; i < n; i++)
			((int32 *) spare)[i] = ((int32 *) column)[places[i].i];
	memcpy(column, spare, n * width);
}

static void
sort_instants(Series *series)
{
	Place	   *rooms[2];
	Place	   *places;
	void	   *spare;

	for (int r = 0; r < 2; r++)
		rooms[r] = palloc_extended(series->n * sizeof(Place), MCXT_ALLOC_HUGE);
	places = rooms[0];
	for (int i = 0; i < series->n; i++)
	{
		places[i].t = series->t[i];
		places[i].i = i;
	}
	places = sort_places(rooms[0], rooms[1], series->n);
	spare = places == rooms[0] ? rooms[1] : rooms[0];
	sort_column(series->t, sizeof(int64), places, series->n, spare);
	if (series->kind == SERIES_STATE)
		sort_column(series->codes, sizeof(int32), places, series->n, spare);
	else
		for (int d = 0; d < series->dims; d++)
			sort_column(series->v[d], sizeof(int64), places, series->n, spare);
	pfree(rooms[0]);
	pfree(rooms[1]);
}

/* the order in which the greatest of several values of an instant stays; NaN is the greatest, and -0 below 0 */
static int
compare_doubles(double a, double b)
{
	int64		ka = codec_float_key(a),
				kb = codec_float_key(b);

	if (ka != kb)
		return ka < kb ? -1 : 1;
	return (int) signbit(b) - (int) signbit(a);
}

static int
compare_values(const Series *series, int a, int b)
{
	if (series->kind == SERIES_STATE)
	{
		const text *ta = series->states[series->codes[a]],
				   *tb = series->states[series->codes[b]];
		int			la = VARSIZE_ANY_EXHDR(ta),
					lb = VARSIZE_ANY_EXHDR(tb);
		int			order = memcmp(VARDATA_ANY(ta), VARDATA_ANY(tb), Min(la, lb));

		return order != 0 ? order : la - lb;
	}
	for (int d = 0; d < series->dims; d++)
	{
		int			order = compare_doubles(series->v[d][a], series->v[d][b]);

		if (order != 0)
			return order;
	}
	return 0;
}

static void
move_instant(Series *series, int to, int from)
{
	series->t[to] = series->t[from];
	if (series->kind == SERIES_STATE)
		series->codes[to] = series->codes[from];
	else
		for (int d = 0; d < series->dims; d++)
			series->v[d][to] = series->v[d][from];
}

/* one value for each instant of a sorted series */
static void
drop_duplicates(Series *series)
{
	int			kept = 0;

	for (int i = 1; i < series->n; i++)
	{
		if (series->t[i] != series->t[kept])
			kept++;
		else if (compare_values(series, i, kept) <= 0)
			continue;
		if (i != kept)
			move_instant(series, kept, i);
	}
	series->n = kept + 1;
}

/*
 * Coordinates to the power of ten of their unit that is at most the granularity,
 * so that none moves by more than half of it.  Degrees are taken as long as they
 * are at the equator.
 */
static void
round_coordinates(Series *series, double granularity)
{
	double		unit = point_metric(series->srid)->geographic ? METRES_PER_DEGREE : 1;

	for (int d = 0; d < series->dims; d++)
	{
		/* altitudes are in metres */
		int			decimals = (int) ceil(log10((d < 2 ? unit : 1) / granularity) - 1e-9);
		double		power = pow(10, abs(decimals));

		for (int i = 0; i < series->n; i++)
		{
			double		value = series->v[d][i];
			double		scaled = decimals < 0 ? value / power : value * power;

			/* larger ones have no such digits, and infinities are told of later */
			if (fabs(scaled) < MAX_SCALED)
				series->v[d][i] = (decimals < 0 ? rint(scaled) * power : rint(scaled) / power) + 0.0;	/* no -0 */
		}
	}
}

/* the series is sorted, without duplicates, and cut into sections; it may be added to afterwards */
void
builder_finish(SeriesBuilder *builder)
{
	Series	   *series = builder->series;
	int64		max_gap = builder->options.max_gap;

	if (series->kind == SERIES_POINT && builder->options.granularity > 0)
		round_coordinates(series, builder->options.granularity);
	if (!builder->sorted)
	{
		sort_instants(series);
		drop_duplicates(series);
		builder->sorted = true;
	}
	if ((uint64) series->t[series->n - 1] - (uint64) series->t[0] <= (uint64) max_gap)
		memset(series->starts, false, series->n * sizeof(bool));
	else
		for (int i = 1; i < series->n; i++)
			series->starts[i] = (uint64) series->t[i] - (uint64) series->t[i - 1] > (uint64) max_gap;
	series->starts[0] = true;
}

/* days are of 24 hours */
int64
builder_max_gap(const Interval *interval)
{
	int64		gap;

	if (interval->month != 0)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("max_gap has no months or years"),
						errhint("Say it in days, of 24 hours each, or less.")));
	if (pg_mul_s64_overflow(interval->day, USECS_PER_DAY, &gap) ||
		pg_add_s64_overflow(gap, interval->time, &gap) || gap <= 0)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("max_gap has to be greater than zero")));
	return gap;
}

/* ---- between processes ---- */

bytea *
builder_serialize(const SeriesBuilder *builder)
{
	const Series *series = builder->series;
	Size		n = series->n;
	Size		size = sizeof(SeriesOptions) + 64 + n * (sizeof(TimestampTz) + Max(series->dims * sizeof(double), 4));
	StringInfoData out;

	for (int s = 0; s < series->num_states; s++)
		size += VARSIZE_ANY(series->states[s]) + sizeof(int32);
	if (size > MaxAllocSize - 1)
		ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
						errmsg("a %s in the making takes more than 1 GB", series_type_name(series->kind)),
						errhint("Keep one series per month or year, or set max_parallel_workers_per_gather to 0.")));
	pq_begintypsend(&out);
	enlargeStringInfo(&out, (int) size);
	pq_sendbytes(&out, (const char *) &builder->options, sizeof(SeriesOptions));
	pq_sendbyte(&out, series->kind);
	pq_sendbyte(&out, series->dims);
	pq_sendbyte(&out, builder->sorted);
	pq_sendint32(&out, series->srid);
	pq_sendint32(&out, series->n);
	pq_sendint32(&out, series->num_states);
	pq_sendbytes(&out, (const char *) series->t, n * sizeof(TimestampTz));
	if (series->kind == SERIES_STATE)
		pq_sendbytes(&out, (const char *) series->codes, n * sizeof(int32));
	else
		for (int d = 0; d < series->dims; d++)
			pq_sendbytes(&out, (const char *) series->v[d], n * sizeof(double));
	for (int s = 0; s < series->num_states; s++)
	{
		pq_sendint32(&out, VARSIZE_ANY_EXHDR(series->states[s]));
		pq_sendbytes(&out, VARDATA_ANY(series->states[s]), VARSIZE_ANY_EXHDR(series->states[s]));
	}
	return pq_endtypsend(&out);
}

static void
take_states(StringInfo in, Series *series, int num_states)
{
	for (int s = 0; s < num_states; s++)
	{
		int			len = (int) pq_getmsgint(in, 4);
		const char *bytes = pq_getmsgbytes(in, len);
		text	   *state = palloc(VARHDRSZ + len);

		SET_VARSIZE(state, VARHDRSZ + len);
		memcpy(VARDATA(state), bytes, len);
		if (series_state_code(series, state) != s)
			elog(ERROR, "territory: a state comes twice");
		pfree(state);
	}
	for (int i = 0; i < series->n; i++)
		if (series->codes[i] < 0 || series->codes[i] >= num_states)
			elog(ERROR, "territory: state %d of %d", series->codes[i], num_states);
}

/* in the current memory context */
SeriesBuilder *
builder_deserialize(bytea *value)
{
	StringInfoData in = {.data = VARDATA_ANY(value), .len = VARSIZE_ANY_EXHDR(value)};
	SeriesOptions options;
	SeriesKind	kind;
	int			dims,
				n,
				num_states;
	int32		srid;
	bool		sorted;
	SeriesBuilder *builder;
	Series	   *series;

	pq_copymsgbytes(&in, (char *) &options, sizeof options);
	kind = pq_getmsgbyte(&in);
	dims = pq_getmsgbyte(&in);
	sorted = pq_getmsgbyte(&in);
	srid = (int32) pq_getmsgint(&in, 4);
	n = (int) pq_getmsgint(&in, 4);
	num_states = (int) pq_getmsgint(&in, 4);
	if (kind < SERIES_FLOAT || kind > SERIES_POINT || dims < 1 || dims > SERIES_DIMS || n < 0 || n > in.len)
		elog(ERROR, "territory: malformed state of a series in the making");
	builder = builder_new(kind, &options, srid, dims);
	builder->sorted = sorted;
	series = builder->series;
	series_reserve(series, n);
	series->n = n;
	pq_copymsgbytes(&in, (char *) series->t, n * (int) sizeof(TimestampTz));
	if (kind == SERIES_STATE)
	{
		pq_copymsgbytes(&in, (char *) series->codes, n * (int) sizeof(int32));
		take_states(&in, series, num_states);
	}
	else
		for (int d = 0; d < dims; d++)
			pq_copymsgbytes(&in, (char *) series->v[d], n * (int) sizeof(double));
	return builder;
}
