/*
 * codec_summary.h
 *	  What a vector's values add up to: range, sum, squares.
 *
 * The same values give the same summary, bit for bit, on every machine: the
 * order of the additions is written down, and nothing is fused (the build says
 * -ffp-contract=off).  territory.verify() compares what it recomputes with what
 * is stored.
 */
#ifndef CODEC_SUMMARY_H
#define CODEC_SUMMARY_H

#include "codec/codec.h"

typedef __int128 CodecInt128;

typedef struct IntegerSummary
{
	int64_t		min;
	int64_t		max;
	CodecInt128 sum;
	CodecInt128 squares;		/* of the values */
	bool		has_squares;	/* else they would not fit */
} IntegerSummary;

/* min and max are keys as codec_float_key() makes them */
typedef struct FloatSummary
{
	int64_t		min;
	int64_t		max;
	bool		negative_zero;	/* some value is -0, which has the key of 0 */
	bool		finite;			/* sum and second moment, and so all values */
	double		sum;
	double		m2;				/* sum of (value - mean) ^ 2 */
} FloatSummary;

/* NaN sorts last and all NaNs are equal; -0 equals 0 */
static inline int64_t
codec_float_key(double value)
{
	union
	{
		double		value;
		int64_t		bits;
	}			u = {value};

	if (value != value)
		return INT64_MAX;
	return u.bits >= 0 ? u.bits : (int64_t) ((uint64_t) INT64_MIN - (uint64_t) u.bits);
}

static inline double
codec_float_of_key(int64_t key)
{
	union
	{
		int64_t		bits;
		double		value;
	}			u = {key >= 0 ? key : (int64_t) ((uint64_t) INT64_MIN - (uint64_t) key)};

	return u.value;
}

/* of n > 0 values */
extern void codec_summary_int64(const int64_t *values, int n, IntegerSummary *summary);
extern void codec_summary_float64(const double *values, int n, FloatSummary *summary);

/* of n > 0 finite values, as codec_summary_float64() adds them; the results may be infinite */
extern double codec_sum_float64(const double *values, int n);
extern double codec_m2_float64(const double *values, int n, double mean);

/* of n > 0 values that are not NaN; of 0 and -0, either */
extern double codec_extreme_float64(const double *values, int n, bool greatest);

/* second moment of two sets of values together (Chan, Golub and LeVeque) */
extern double codec_merge_m2(double n1, double sum1, double m2_1, double n2, double sum2, double m2_2);

#endif
