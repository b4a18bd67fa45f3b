/*
 * series_expanded.c
 *	  Series that pass from one function to the next without being encoded.
 *
 * The idea: time_weighted_average(speed(trip)) would encode the speeds to
 * decode them at once, and encoding costs ten times what the rest does.  So a
 * function may return a series as one of PostgreSQL's expanded objects, which
 * holds the arrays.  series_decode() takes a copy of them; whoever else wants
 * the value, be it to store, send, compare or read it by blocks, gets its bytes
 * by detoasting it, as of any expanded object, and they are made then.
 *
 * Invariants: what is expanded has passed series_check(), so that errors come
 * from the function that made it; it is never changed, and is handed out read
 * only.  States are not expanded.
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

/* a copy in the current memory context */
static Series *
copy_series(const Series *series)
{
	Series	   *copy = series_new(series->kind, series->interpolation, series->srid, series->dims, series->n);

	copy->n = series->n;
	memcpy(copy->t, series->t, series->n * sizeof(TimestampTz));
	memcpy(copy->starts, series->starts, series->n * sizeof(bool));
	for (int d = 0; d < series->dims; d++)
		memcpy(copy->v[d], series->v[d], series->n * sizeof(double));
	return copy;
}

/* a series of numbers or points as a value that lives as long as the current memory context */
Datum
series_expand(const Series *series)
{
	MemoryContext context,
				old;
	ExpandedSeries *expanded;

	Assert(series->kind != SERIES_STATE);
	series_check(series);
	context = AllocSetContextCreate(CurrentMemoryContext, "territory series", ALLOCSET_START_SMALL_SIZES);
	expanded = MemoryContextAllocZero(context, sizeof(ExpandedSeries));
	EOH_init_header(&expanded->header, &methods, context);
	expanded->magic = EXPANDED_MAGIC;
	old = MemoryContextSwitchTo(context);
	expanded->series = copy_series(series);
	MemoryContextSwitchTo(old);
	return EOHPGetRODatum(&expanded->header);
}

/* the series of a value that series_expand() made; NULL for any other */
Series *
series_of_expanded(Datum value)
{
	ExpandedSeries *expanded;

	if (!VARATT_IS_EXTERNAL_EXPANDED(DatumGetPointer(value)))
		return NULL;
	expanded = (ExpandedSeries *) DatumGetEOHP(value);
	if (expanded->header.eoh_methods != &methods || expanded->magic != EXPANDED_MAGIC)
		return NULL;
	return copy_series(expanded->series);
}
