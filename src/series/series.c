/*
 * series.c
 *	  Series in memory: made instant by instant, found in by time.
 *
 * The idea: a series grows as arrays do, in the memory context that it was made
 * in, so that an aggregate may add to it from a shorter one.
 *
 * Invariant: nothing is checked here.  Callers add in the order that they mean;
 * series_encode refuses what is no series.
 */
#include "territory.h"

#include "catalog/pg_type.h"
#include "common/hashfn.h"
#include "utils/json.h"
#include "utils/memutils.h"

#include "series/series.h"

#define FIRST_ROOM 64

static void *
resize(MemoryContext context, void *array, Size size)
{
	return array ? repalloc_huge(array, size) : MemoryContextAllocHuge(context, size);
}

/* room for so many instants, at least */
void
series_reserve(Series *series, int room)
{
	MemoryContext context = GetMemoryChunkContext(series);
	Size		n = Max(room, FIRST_ROOM);

	if (room > SERIES_MAX_INSTANTS)
		ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
						errmsg("a %s has at most %d instants", series_type_name(series->kind), SERIES_MAX_INSTANTS),
						errhint("Keep one series per month or year.")));
	if (room <= series->room)
		return;
	series->t = resize(context, series->t, n * sizeof(TimestampTz));
	series->starts = resize(context, series->starts, n * sizeof(bool));
	if (series->kind == SERIES_STATE)
		series->codes = resize(context, series->codes, n * sizeof(int32));
	else
		for (int d = 0; d < series->dims; d++)
			series->v[d] = resize(context, series->v[d], n * sizeof(double));
	series->room = (int) n;
}

Series *
series_new(SeriesKind kind, SeriesInterpolation interpolation, int32 srid, int dims, int room)
{
	Series	   *series = palloc0(sizeof(Series));

	Assert(kind == SERIES_POINT ? dims == 2 || dims == 3 : srid == 0);
	series->kind = kind;
	series->interpolation = interpolation;
	series->srid = srid;
	series->dims = kind == SERIES_POINT ? dims : 1;
	series_reserve(series, Max(room, 1));
	return series;
}

/* the place of one more instant */
static int
next_place(Series *series)
{
	if (series->n == series->room)
		series_reserve(series, series->n == SERIES_MAX_INSTANTS ? series->n + 1 :
					   Min(series->n * 2, SERIES_MAX_INSTANTS));
	return series->n++;
}

void
series_add(Series *series, TimestampTz t, const double *v, bool starts)
{
	int			i = next_place(series);

	series->t[i] = t;
	series->starts[i] = starts;
	for (int d = 0; d < series->dims; d++)
		series->v[d][i] = v[d];
}

static bool
texts_equal(const text *a, const text *b)
{
	return VARSIZE_ANY_EXHDR(a) == VARSIZE_ANY_EXHDR(b) &&
		memcmp(VARDATA_ANY(a), VARDATA_ANY(b), VARSIZE_ANY_EXHDR(a)) == 0;
}

static uint32
text_slot(const text *state, int num_slots)
{
	return hash_bytes((const unsigned char *) VARDATA_ANY(state), VARSIZE_ANY_EXHDR(state)) & (num_slots - 1);
}

/* a table of numbers + 1, at most half full, 0 being free */
static void
rehash_states(Series *series)
{
	MemoryContext context = GetMemoryChunkContext(series);
	int			num_slots = FIRST_ROOM;
	text	  **states;

	while (num_slots < 4 * series->num_states)
		num_slots *= 2;
	/* one entry for each slot that may be taken before the next call */
	states = MemoryContextAllocHuge(context, (Size) num_slots / 2 * sizeof(text *));
	if (series->num_states > 0)
		memcpy(states, series->states, series->num_states * sizeof(text *));
	/* before the first table, the states are those of a value that was read */
	if (series->slots)
	{
		pfree(series->slots);
		pfree(series->states);
	}
	series->states = states;
	series->slots = MemoryContextAllocExtended(context, (Size) num_slots * sizeof(int32),
											   MCXT_ALLOC_ZERO | MCXT_ALLOC_HUGE);
	series->num_slots = num_slots;
	for (int s = 0; s < series->num_states; s++)
	{
		uint32		slot = text_slot(series->states[s], num_slots);

		while (series->slots[slot])
			slot = (slot + 1) & (num_slots - 1);
		series->slots[slot] = s + 1;
	}
}

/* the number of a state (plain, not toasted), which is copied where it is new */
int32
series_state_code(Series *series, const text *state)
{
	uint32		slot;
	text	   *copy;

	if (series->num_states * 2 >= series->num_slots)
		rehash_states(series);
	slot = text_slot(state, series->num_slots);
	for (; series->slots[slot]; slot = (slot + 1) & (series->num_slots - 1))
		if (texts_equal(series->states[series->slots[slot] - 1], state))
			return series->slots[slot] - 1;
	copy = MemoryContextAlloc(GetMemoryChunkContext(series), VARHDRSZ + VARSIZE_ANY_EXHDR(state));
	SET_VARSIZE(copy, VARHDRSZ + VARSIZE_ANY_EXHDR(state));
	memcpy(VARDATA(copy), VARDATA_ANY(state), VARSIZE_ANY_EXHDR(state));
	series->states[series->num_states] = copy;
	series->slots[slot] = ++series->num_states;
	return series->num_states - 1;
}

void
series_add_state(Series *series, TimestampTz t, const text *state, bool starts)
{
	int32		code;
	int			i;

	/* states last */
	if (series->n > 0 && texts_equal(series->states[series->codes[series->n - 1]], state))
		code = series->codes[series->n - 1];
	else
		code = series_state_code(series, state);
	i = next_place(series);
	series->t[i] = t;
	series->starts[i] = starts;
	series->codes[i] = code;
}

/* the last instant at or before t, or -1 */
int
series_find(const Series *series, TimestampTz t)
{
	int			low = 0,
				high = series->n;

	while (low < high)
	{
		int			middle = low + (high - low) / 2;

		if (series->t[middle] <= t)
			low = middle + 1;
		else
			high = middle;
	}
	return low - 1;
}

/* the texts of states stay until their memory context goes */
void
series_free(Series *series)
{
	pfree(series->t);
	pfree(series->starts);
	for (int d = 0; d < SERIES_DIMS; d++)
		if (series->v[d])
			pfree(series->v[d]);
	if (series->codes)
		pfree(series->codes);
	if (series->slots)
	{
		pfree(series->states);
		pfree(series->slots);
	}
	pfree(series);
}

/* points are all of one SRID and of two dimensions or three */
void
series_check_space(const Series *series, int32 srid, int dims)
{
	if (srid != series->srid)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("points of a point_series have one SRID"),
						errdetail("There are %d and %d.", Min(series->srid, srid), Max(series->srid, srid)),
						errhint("Use ST_Transform first.")));
	if (dims != series->dims)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("points of a point_series are all of two dimensions or all of three"),
						errhint("Use ST_Force2D or ST_Force3D first.")));
}

/* ---- names ---- */

static const char *const interpolation_names[] = {"discrete", "step", "linear"};

SeriesInterpolation
series_interpolation(const char *name)
{
	for (int i = SERIES_DISCRETE; i <= SERIES_LINEAR; i++)
		if (pg_strcasecmp(name, interpolation_names[i]) == 0)
			return (SeriesInterpolation) i;
	ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					errmsg("unknown interpolation \"%s\"", name),
					errhint("Interpolations are \"discrete\", \"step\" and \"linear\".")));
}

const char *
series_interpolation_name(SeriesInterpolation interpolation)
{
	return interpolation_names[interpolation];
}

const char *
series_type_name(SeriesKind kind)
{
	return kind == SERIES_FLOAT ? "float_series" : kind == SERIES_STATE ? "state_series" : "point_series";
}

/* an instant in ISO 8601, with the offset of the session's time zone */
char *
series_instant_text(TimestampTz t)
{
	return JsonEncodeDateTime(palloc(MAXDATELEN + 1), TimestampTzGetDatum(t), TIMESTAMPTZOID, NULL);
}
