/*
 * float_series.h
 *	  What the functions of float series share among themselves.
 */
#ifndef FLOAT_SERIES_H
#define FLOAT_SERIES_H

#include "series/series.h"

/* two series at the union of their instants */
typedef struct SeriesPair
{
	const Series *a;
	const Series *b;
	int			i;				/* the last instant of each at or before t */
	int			j;
	TimestampTz t;				/* where both are known */
	double		value[2];
	bool		goes_on;		/* both are known from the instant before to this; and then: */
	double		left[2];		/* their limits from the left */
	double		before[2];		/* what they are a microsecond before */
} SeriesPair;

/* float_pair.c */
extern void series_pair_begin(SeriesPair *pair, const Series *a, const Series *b);
extern bool series_pair_next(SeriesPair *pair);

/* float_value.c */
extern double float_checked(double value);
extern void float_refuse_discrete(SeriesInterpolation interpolation, const char *what);
extern double float_mean(const double *values, int n);
extern double float_area(const Series *series, int i, TimestampTz from, TimestampTz to);
extern double float_time_weighted_average(const Series *series);

/* float_resample.c */
extern double float_bucket_average(const Series *series, int *place, TimestampTz from, TimestampTz to, bool *known);

/* float_simplify.c */
extern Series *float_downsample_minmax(const Series *series, int n);

#endif
