/*
 * series_expanded.c
 *	  Series that pass from one function to the next without being encoded.
 *
 * The idea: time_weighted_average(speed(trip)) would encode the speeds to
 * decode them at once, and encoding costs ten times what the rest does.  So a
 * function, and an aggregate, may return a series as one of PostgreSQL's expanded
 * objects, which holds the arrays.  series_view() gives them as they are,
 * series_open() and series_decode() what they ask for of them; whoever else wants
 * the value, be it to store, send or compare it, gets its bytes by detoasting it,
 * as of any expanded object, and they are made then.
 *
 * Invariants: what is expanded has passed series_check(), so that errors come
 * from the function that made it; it is never changed, and is handed out read
 * only, so nobody takes it over, and it lives where its arrays do.  States are
 * not expanded.
 */
#include "territory.h"

#include "utils/expandeddatum.h"
#include "utils/memutils.h"

#include "series/series.h"

#define EXPANDED_MAGIC 0x7e551e5

typedef struct ExpandedSeries
{
	ExpandedObjectHeader header;
	int			magic;
	Series	   *series;
	struct varlena *flat;		/* its bytes, once somebody asked for them */
} ExpandedSeries;

static Size
flat_size(ExpandedObjectHeader *header)
{
	ExpandedSeries *expanded = (ExpandedSeries *) header;

	if (expanded->flat == NULL)
	{
		MemoryContext old = MemoryContextSwitchTo(header->eoh_context);

		expanded->flat = series_encode(expanded->series);
		MemoryContextSwitchTo(old);
	}
	return VARSIZE(expanded->flat);
}

static void
flatten(ExpandedObjectHeader *header, void *result, Size size)
{
	Assert(size == flat_size(header));
	memcpy(result, ((ExpandedSeries *) header)->flat, size);
}

static const ExpandedObjectMethods methods = {flat_size, flatten};

/* ---- from a series to a value ---- */

/*
 * A series of numbers or points as a value.  It keeps the series, which nobody
 * may change while the value lives: until the current memory context goes.
 */
Datum
series_expand(Series *series)
{
	ExpandedSeries *expanded = palloc0(sizeof(ExpandedSeries));

	Assert(series->kind != SERIES_STATE);
	series_check(series);
	if (series->interpolation == SERIES_DISCRETE)
		memset(series->starts, true, series->n * sizeof(bool));
	Assert(series->starts[0]);
	EOH_init_header(&expanded->header, &methods, CurrentMemoryContext);
	expanded->magic = EXPANDED_MAGIC;
	expanded->series = series;
	return EOHPGetRODatum(&expanded->header);
}

/* ---- from a value to a series ---- */

/* the series of a value that series_expand() made, not to be changed; NULL for any other */
const Series *
series_of_expanded(Datum value)
{
	ExpandedSeries *expanded;

	if (!VARATT_IS_EXTERNAL_EXPANDED(DatumGetPointer(value)))
		return NULL;
	expanded = (ExpandedSeries *) DatumGetEOHP(value);
	if (expanded->header.eoh_methods != &methods || expanded->magic != EXPANDED_MAGIC)
		return NULL;
	return expanded->series;
}

/* a series to be read only, without a copy where there is one already; it is not to be freed */
const Series *
series_view(Datum value)
{
	const Series *series = series_of_expanded(value);

	return series ? series : series_decode(value);
}

/* a copy of some instants in the current memory context */
Series *
series_copy(const Series *series, int first, int n)
{
	Series	   *copy = series_new(series->kind, series->interpolation, series->srid, series->dims, n);

	copy->n = n;
	memcpy(copy->t, series->t + first, n * sizeof(TimestampTz));
	memcpy(copy->starts, series->starts + first, n * sizeof(bool));
	for (int d = 0; d < series->dims; d++)
		memcpy(copy->v[d], series->v[d] + first, n * sizeof(double));
	return copy;
}

/* a series to be read by blocks, as if it were stored; nothing of it is behind its entries */
SeriesReader *
series_open_expanded(const Series *series)
{
	SeriesReader *reader = palloc0(sizeof(SeriesReader));
	int			num_blocks = (series->n + SERIES_BLOCK - 1) / SERIES_BLOCK;
	SeriesBlock *blocks = palloc0(num_blocks * sizeof(SeriesBlock));

	for (int b = 0; b < num_blocks; b++)
		series_bound_block(series, b * SERIES_BLOCK, Min(series->n - b * SERIES_BLOCK, SERIES_BLOCK), &blocks[b]);
	reader->expanded = series;
	reader->kind = series->kind;
	reader->interpolation = series->interpolation;
	reader->srid = series->srid;
	reader->dims = series->dims;
	reader->n = series->n;
	reader->num_blocks = num_blocks;
	reader->blocks = blocks;
	reader->start = series->t[0];
	reader->end = series->t[series->n - 1];
	return reader;
}

/* of a stored series whose blocks are all going to be read */
SeriesReader *
series_open_whole(Datum value, SeriesKind kind)
{
	return series_open(series_of_expanded(value) ? value : PointerGetDatum(PG_DETOAST_DATUM(value)), kind);
}
