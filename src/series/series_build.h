/*
 * series_build.h
 *	  A series in the making, from instants in any order.
 */
#ifndef SERIES_BUILD_H
#define SERIES_BUILD_H

#include "series/series.h"

#include "datatype/timestamp.h"
#include "lib/stringinfo.h"

/* how instants become a series */
typedef struct SeriesOptions
{
	SeriesInterpolation interpolation;
	int64		max_gap;		/* microseconds; a longer one ends a section; INT64_MAX: none does */
	double		granularity;	/* metres; 0: as it is */
} SeriesOptions;

typedef struct SeriesBuilder
{
	SeriesOptions options;
	Series	   *series;			/* made with the first instant */
	bool		sorted;			/* its instants increase */
} SeriesBuilder;

extern SeriesBuilder *builder_new(SeriesKind kind, const SeriesOptions *options, int32 srid, int dims);
extern void builder_add(SeriesBuilder *builder, TimestampTz t, const double *v);
extern void builder_add_state(SeriesBuilder *builder, TimestampTz t, const text *state);
extern void builder_combine(SeriesBuilder *builder, const SeriesBuilder *other);
extern void builder_finish(SeriesBuilder *builder);
extern bytea *builder_serialize(const SeriesBuilder *builder);
extern SeriesBuilder *builder_deserialize(bytea *value);
extern int64 builder_max_gap(const Interval *interval);

#endif
