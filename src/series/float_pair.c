/*
 * float_pair.c
 *	  Two float series side by side, at the union of their instants.
 *
 * An instant counts where both series are known: at an instant of one of them,
 * what the other is in between.  A discrete series is known at its own instants
 * only, so that two of them meet at those that they share.
 */
#include "territory.h"

#include "series/float_series.h"
#include "series/series_time.h"

void
series_pair_begin(SeriesPair *pair, const Series *a, const Series *b)
{
	*pair = (SeriesPair){.a = a, .b = b, .i = -1, .j = -1};
}

static TimestampTz
next_instant(const Series *series, int i)
{
	return i + 1 < series->n ? series->t[i + 1] : DT_NOEND;
}

static bool
known_here(const Series *series, int i, TimestampTz t)
{
	return i >= 0 && (series->t[i] == t || series_goes_on(series, i));
}

/* the next instant where both are known; false: there is none */
bool
series_pair_next(SeriesPair *pair)
{
	const Series *a = pair->a,
			   *b = pair->b;

	for (;;)
	{
		TimestampTz next_a = next_instant(a, pair->i),
					next_b = next_instant(b, pair->j);
		TimestampTz t = Min(next_a, next_b);

		if (t == DT_NOEND)
			return false;
		pair->goes_on = series_goes_on(a, pair->i) && series_goes_on(b, pair->j);
		if (pair->goes_on)
		{
			pair->before[0] = series_between(a, 0, pair->i, t - 1);
			pair->before[1] = series_between(b, 0, pair->j, t - 1);
			pair->left[0] = series_between(a, 0, pair->i, t);
			pair->left[1] = series_between(b, 0, pair->j, t);
		}
		pair->i += next_a == t;
		pair->j += next_b == t;
		if (known_here(a, pair->i, t) && known_here(b, pair->j, t))
		{
			pair->t = t;
			pair->value[0] = series_between(a, 0, pair->i, t);
			pair->value[1] = series_between(b, 0, pair->j, t);
			return true;
		}
	}
}
