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
	/* halves do not overflow, but those of the least numbers vanish */
	double		half = isinf(high - low) ? 0.5 : 1;

	if (high == low)
		return HEIGHTS / 2 - 1;
	return Min((int) ((value * half - low * half) / (high * half - low * half) * HEIGHTS), HEIGHTS - 1);
}

/* the stretches, and what is known of them */
typedef struct Line
{
	TimestampTz start;
	double		length;			/* microseconds */
	int			width;
	double	   *means;
	bool	   *known;
} Line;

static TimestampTz
begin_of(const Line *line, int character)
{
	return line->start + (TimestampTz) (line->length * character / line->width);
}

static int
character_at(const Line *line, TimestampTz t)
{
	int			c = Min((int) ((double) (t - line->start) / line->length * line->width), line->width - 1);

	while (c + 1 < line->width && begin_of(line, c + 1) <= t)
		c++;
	while (c > 0 && begin_of(line, c) > t)
		c--;
	return c;
}

static TimestampTz
floor_of_line(BucketMeans *means, TimestampTz t)
{
	const Line *line = means->caller;

	return begin_of(line, character_at(line, t));
}

/* of several stretches without any length, the last one counts */
static TimestampTz
next_of_line(BucketMeans *means, TimestampTz from)
{
	const Line *line = means->caller;
	int			c = character_at(line, from) + 1;

	return c < line->width ? begin_of(line, c) : DT_NOEND;
}

static void
put_mean(BucketMeans *means, TimestampTz from, double mean)
{
	Line	   *line = means->caller;
	int			c = character_at(line, from);

	line->means[c] = mean;
	line->known[c] = true;
}

static void
find_means(SeriesReader *reader, Line *line)
{
	BucketMeans means = {.from = reader->start, .floor = floor_of_line, .next = next_of_line, .put = put_mean,
						 .caller = line};

	line->start = reader->start;
	line->length = (double) (reader->end - reader->start) + 1;
	line->means = palloc0(sizeof(double) * line->width);
	line->known = palloc0(sizeof(bool) * line->width);
	float_bucket_means(reader, &means, DT_NOEND);
}

PG_FUNCTION_INFO_V1(territory_float_sparkline);
Datum
territory_float_sparkline(PG_FUNCTION_ARGS)
{
	Line		line = {.width = PG_GETARG_INT32(1)};
	double		low = 0,
				high = 0;
	bool		any = false;
	StringInfoData text;

	if (line.width < 1 || line.width > MOST_CHARACTERS)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("a sparkline cannot have %d characters", line.width),
						errhint("Give a width from 1 to %d.", MOST_CHARACTERS)));
	find_means(series_open_whole(PG_GETARG_DATUM(0), SERIES_FLOAT), &line);
	for (int c = 0; c < line.width; c++)
		if (line.known[c])
		{
			low = any ? Min(low, line.means[c]) : line.means[c];
			high = any ? Max(high, line.means[c]) : line.means[c];
			any = true;
		}
	initStringInfo(&text);
	for (int c = 0; c < line.width; c++)
		appendStringInfoString(&text, line.known[c] ? blocks[height_of(line.means[c], low, high)] : " ");
	/* in another encoding that lacks them this is an error that says so */
	PG_RETURN_TEXT_P(cstring_to_text(pg_any_to_server(text.data, text.len, PG_UTF8)));
}
