/*
 * series_time.h
 *	  What functions of series share: values between instants, and sets of
 *	  periods.
 *
 * A piece is what lies between an instant and the next of its section.  The
 * value in it is that of its first instant (step) or interpolated (linear), and
 * interpolation never falls where it rises: so what is found by bisection over
 * microseconds is what value_at() gives at each of them.
 */
#ifndef SERIES_TIME_H
#define SERIES_TIME_H

#include <math.h>

#include "series/series.h"

#define RETURN_SERIES_OR_NULL(series) \
	do { \
		Series	   *result_ = (series); \
		if (result_ == NULL || result_->n == 0) \
			PG_RETURN_NULL(); \
		PG_RETURN_SERIES_ON(result_); \
	} while (0)

/* a set of periods: in order, apart from each other */
typedef struct Period
{
	TimestampTz from;			/* DT_NOBEGIN where it has no beginning */
	TimestampTz to;				/* DT_NOEND where it has no end */
	bool		from_included;
	bool		to_included;
} Period;

typedef struct PeriodSet
{
	int			n;
	int			room;
	Period	   *periods;
} PeriodSet;

/* a sum whose error does not grow with the number of values (Neumaier 1974) */
typedef struct SeriesSum
{
	double		sum;
	double		rest;
} SeriesSum;

static inline void
series_sum_add(SeriesSum *sum, double value)
{
	double		total = sum->sum + value;

	if (fabs(sum->sum) >= fabs(value))
		sum->rest += (sum->sum - total) + value;
	else
		sum->rest += (value - total) + sum->sum;
	sum->sum = total;
}

static inline double
series_sum_total(const SeriesSum *sum)
{
	return sum->sum + sum->rest;
}

/* is anything known between instant i and the next? */
static inline bool
series_goes_on(const Series *series, int i)
{
	return i >= 0 && i + 1 < series->n && !series->starts[i + 1] && series->interpolation != SERIES_DISCRETE;
}

/* on the line between two instants; never beyond its ends, never falling where it rises */
static inline double
series_on_line(TimestampTz t0, double v0, TimestampTz t1, double v1, TimestampTz t)
{
	double		share = (double) (t - t0) / (double) (t1 - t0);
	double		value = v0 + (v1 - v0) * share;

	/* the difference of very large numbers */
	if (!isfinite(value))
		value = 2 * (v0 / 2 + (v1 / 2 - v0 / 2) * share);
	return Max(Min(value, Max(v0, v1)), Min(v0, v1));
}

/* coordinate d within the piece that begins at instant i, or at its end as a limit */
static inline double
series_between(const Series *series, int d, int i, TimestampTz t)
{
	const double *v = series->v[d];

	if (series->interpolation != SERIES_LINEAR || t == series->t[i])
		return v[i];
	if (t == series->t[i + 1])
		return v[i + 1];
	return series_on_line(series->t[i], v[i], series->t[i + 1], v[i + 1], t);
}

/* series_period.c */
extern PeriodSet *periods_new(void);
extern void periods_add(PeriodSet *set, TimestampTz from, bool from_included, TimestampTz to, bool to_included);
extern PeriodSet *periods_of_range(Datum range);
extern PeriodSet *periods_of_multirange(Datum multirange);
extern Datum period_range(const Period *period);
extern Datum periods_multirange(const PeriodSet *set);

/* series_time.c */
extern Series *series_like(const Series *series, int room);
extern void series_add_instant(Series *series, const Series *source, int i, TimestampTz t, bool starts);
extern void series_add_between(Series *series, const Series *source, int i, TimestampTz t, bool starts);
extern Series *series_read_around(SeriesReader *reader, TimestampTz from, TimestampTz to);
extern double series_fixed_interval(const Interval *interval, const char *what);

#endif
