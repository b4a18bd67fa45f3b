/*
 * float_sparkline.c
 *	  A float series as a line of text.
 *
 * Each character is a stretch of the same length, its height the mean over
 * time then, between the lowest and the highest of these means; a blank where
 * nothing is known.
 */
#include "territory.h"

#include "fmgr.h"
#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"

#include "series/float_series.h"
#include "series/series_time.h"

#define HEIGHTS 8
#define MOST_CHARACTERS 10000

/* U+2581 to U+2588, in UTF-8 */
static const char *const blocks[HEIGHTS] = {
	"\xe2\x96\x81", "\xe2\x96\x82", "\xe2\x96\x83", "\xe2\x96\x84",
	"\xe2\x96\x85", "\xe2\x96\x86", "\xe2\x96\x87", "\xe2\x96\x88",
};

/* one that is always the same is in the middle */
static int
height_of(double value, double low, double high)
{
	if (high == low)
		return HEIGHTS / 2 - 1;
	return Min((int) ((value / 2 - low / 2) / (high / 2 - low / 2) * HEIGHTS), HEIGHTS - 1);
}

static void
find_means(const Series *series, int width, double *means, bool *known)
{
	TimestampTz start = series->t[0];
	double		length = (double) (series->t[series->n - 1] - start) + 1;
	int			place = 0;

	for (int c = 0; c < width; c++)
	{
		TimestampTz from = start + (TimestampTz) (length * c / width),
					to = start + (TimestampTz) (length * (c + 1) / width);

		known[c] = false;
		if (to > from)
			means[c] = float_bucket_average(series, &place, from, to, &known[c]);
	}
}

PG_FUNCTION_INFO_V1(territory_float_sparkline);
Datum
territory_float_sparkline(PG_FUNCTION_ARGS)
{
	Series	   *series = PG_GETARG_SERIES(0);
	int			width = PG_GETARG_INT32(1);
	double	   *means;
	bool	   *known;
	double		low = 0,
				high = 0;
	bool		any = false;
	StringInfoData line;

	if (width < 1 || width > MOST_CHARACTERS)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("a sparkline cannot have %d characters", width),
						errhint("Give a width from 1 to %d.", MOST_CHARACTERS)));
	means = palloc(sizeof(double) * width);
	known = palloc(sizeof(bool) * width);
	find_means(series, width, means, known);
	for (int c = 0; c < width; c++)
		if (known[c])
		{
			low = any ? Min(low, means[c]) : means[c];
			high = any ? Max(high, means[c]) : means[c];
			any = true;
		}
	initStringInfo(&line);
	for (int c = 0; c < width; c++)
		appendStringInfoString(&line, known[c] ? blocks[height_of(means[c], low, high)] : " ");
	/* in another encoding that lacks them this is an error that says so */
	PG_RETURN_TEXT_P(cstring_to_text(pg_any_to_server(line.data, line.len, PG_UTF8)));
}
