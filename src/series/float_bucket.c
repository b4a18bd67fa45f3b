/*
 * float_bucket.c
 *	  Means of a float series over buckets of time, in one pass over its blocks.
 *
 * The idea: instants come in order, some blocks at a time, and what lies between
 * two of them is cut at the ends of buckets.  A mean is weighted by time; where
 * nothing of a bucket lasts (a discrete series, instants alone), it is that of
 * the instants in it.
 *
 * Invariant: the bucket that is open holds the last instant or piece that came,
 * or nothing yet.  A bucket's end is not in it.
 */
#include "territory.h"

#include "miscadmin.h"

#include "series/float_series.h"
#include "series/series_time.h"

/* the bucket that is open, if it is told of anything */
static void
close_bucket(BucketMeans *means)
{
	if (means->length > 0)
		means->put(means, means->from, float_checked(series_sum_total(&means->area) / (double) means->length));
	else if (means->n > 0)
		means->put(means, means->from, float_checked(series_sum_total(&means->instants) / means->n));
	means->area = means->instants = (SeriesSum){0};
	means->length = 0;
	means->n = 0;
}

static void
open_next_bucket(BucketMeans *means)
{
	close_bucket(means);
	means->from = means->to;
	means->to = means->next(means, means->from);
}

/* to the bucket that a time after the open one is in, which is often the next */
static void
open_bucket(BucketMeans *means, TimestampTz t)
{
	open_next_bucket(means);
	if (t >= means->to)
	{
		means->from = means->floor(means, t);
		means->to = means->next(means, means->from);
	}
}

/* a part of a piece that is within the open bucket, its middle value known */
static inline void
add_part(BucketMeans *means, TimestampTz from, TimestampTz to, double middle)
{
	series_sum_add(&means->area, middle * (double) (to - from));
	means->length += to - from;
}

static inline double
middle_value(const Series *series, double begins, double ends)
{
	return series->interpolation == SERIES_STEP ? begins : begins / 2 + ends / 2;
}

/* the piece between two instants, which ends beyond the open bucket or begins before it */
static void
add_cut_piece(BucketMeans *means, const Series *series, TimestampTz t0, double v0, TimestampTz t1, double v1)
{
	bool		step = series->interpolation == SERIES_STEP;
	TimestampTz at = Max(t0, means->from);
	double		value = step || at == t0 ? v0 : series_on_line(t0, v0, t1, v1, at);

	/* the buckets between are left out where only later ones are wanted */
	if (at >= t1)
		return;
	while (t1 > means->to)
	{
		double		ends = step ? v0 : series_on_line(t0, v0, t1, v1, means->to);

		if (means->to > at)
			add_part(means, at, means->to, middle_value(series, value, ends));
		at = Max(at, means->to);
		value = ends;
		open_next_bucket(means);
		CHECK_FOR_INTERRUPTS();
	}
	if (t1 > at)
		add_part(means, at, t1, middle_value(series, value, v1));
}

static void
add_instants(BucketMeans *means, const Series *series)
{
	const double *v = series->v[0];
	TimestampTz before = means->before;
	double		value = means->value;
	bool		any = means->any;

	for (int i = 0; i < series->n; i++)
	{
		TimestampTz t = series->t[i];

		if (any && !series->starts[i] && series->interpolation != SERIES_DISCRETE)
		{
			if (before >= means->from && t <= means->to)
				add_part(means, before, t, middle_value(series, value, v[i]));
			else
				add_cut_piece(means, series, before, value, t, v[i]);
		}
		if (t >= means->to)
			open_bucket(means, t);
		if (means->length == 0 && t >= means->from)
		{
			series_sum_add(&means->instants, v[i]);
			means->n++;
		}
		before = t;
		value = v[i];
		any = true;
	}
	means->before = before;
	means->value = value;
	means->any = any;
}

/* of all buckets from the one that begins at means->from on, to the one that holds the last instant before end */
void
float_bucket_means(SeriesReader *reader, BucketMeans *means, TimestampTz end)
{
	means->to = means->next(means, means->from);
	for (int b = 0; b < reader->num_blocks; b += SERIES_BLOCKS_AT_ONCE)
	{
		int			last = Min(b + SERIES_BLOCKS_AT_ONCE, reader->num_blocks) - 1;
		Series	   *series;

		/* earlier ones hold nothing that is wanted, but for how they go on */
		if (last + 1 < reader->num_blocks && reader->blocks[last + 1].start < means->from)
			continue;
		if (reader->blocks[b].start >= end && means->from >= end)
			break;
		series = series_read(reader, b, last);
		add_instants(means, series);
		series_free(series);
	}
	close_bucket(means);
}
