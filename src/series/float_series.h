/*
 * float_series.h
 *	  What the functions of float series share among themselves.
 */
#ifndef FLOAT_SERIES_H
#define FLOAT_SERIES_H

#include "series/series.h"
#include "series/series_time.h"

#define SERIES_BLOCKS_AT_ONCE 16	/* stay in the processor's cache */

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

/* means over buckets of time; the caller tells which, and takes what is known of them */
typedef struct BucketMeans
{
	TimestampTz from;			/* of the bucket that is open; at first, the first */
	TimestampTz to;
	TimestampTz (*floor) (struct BucketMeans *means, TimestampTz t);	/* the beginning of t's bucket */
	TimestampTz (*next) (struct BucketMeans *means, TimestampTz from);	/* that of the bucket after one */
	void		(*put) (struct BucketMeans *means, TimestampTz from, double mean);
	void	   *caller;

	/* the open bucket */
	SeriesSum	area;			/* value x microseconds */
	int64		length;
	SeriesSum	instants;
	int			n;
	/* the instant before, if any */
	TimestampTz before;
	double		value;
	bool		any;
} BucketMeans;

/* float_pair.c */
extern void series_pair_begin(SeriesPair *pair, const Series *a, const Series *b);
extern bool series_pair_next(SeriesPair *pair);

/* float_value.c */
extern double float_checked(double value);
extern void float_refuse_discrete(SeriesInterpolation interpolation, const char *what);
extern double float_mean(const double *values, int n);
extern double float_area(const Series *series, int i, TimestampTz from, TimestampTz to);

/* float_bucket.c */
extern void float_bucket_means(SeriesReader *reader, BucketMeans *means, TimestampTz end);

/* float_simplify.c */
extern Series *float_downsample_minmax(const Series *series, int n);

#endif
