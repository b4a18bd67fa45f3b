/*
 * float_chart.c
 *	  Float series as a chart: a standalone SVG document.
 *
 * Nothing in it refers to anything outside it, and every text is escaped, so
 * that it opens in a browser as it is.  Ticks of time are beginnings of
 * buckets in the session's time zone.  A series of more instants than its
 * chart has pixels is drawn by its extremes.
 */
#include "territory.h"

#include "fmgr.h"
#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"
#include "utils/xml.h"

#include "series/float_series.h"
#include "series/series_time.h"
#include "vector/time_grid.h"

#define LEAST_SIZE 100			/* pixels */
#define MOST_SIZE 10000
#define CHARACTER 7				/* about so wide, at the font's size */
#define LINE 16					/* of text */
#define EDGE 10
#define ONE_VALUE 1e-13			/* part of a value that does not show */
#define NO_VALUE 1e-300			/* as good as 0 */
#define TICK_HEIGHT 40			/* pixels for a tick of values */
#define TICK_WIDTH 80			/* and for one of time */
#define MOST_SERIES 100

/* told apart by people who see colours differently, too (Okabe and Ito 2008) */
static const char *const colours[] = {"#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000",
									  "#999999"};

typedef struct Chart
{
	StringInfoData svg;
	int			width;
	int			height;
	int			num_series;
	Series	  **series;			/* NULL where there is none */
	char	  **labels;			/* NULL: no legend */
	char	   *title;			/* or NULL */
	char	   *unit;			/* or NULL */
	/* of the plot, in pixels */
	double		left,
				right,
				top,
				bottom;
	/* what it shows */
	TimestampTz from,
				to;
	double		low,
				high;
	double		step;			/* from tick to tick */
} Chart;

static void
append_escaped(StringInfo svg, const char *text)
{
	for (const unsigned char *c = (const unsigned char *) text; *c; c++)
		switch (*c)
		{
			case '&':
				appendStringInfoString(svg, "&amp;");
				break;
			case '<':
				appendStringInfoString(svg, "&lt;");
				break;
			case '>':
				appendStringInfoString(svg, "&gt;");
				break;
			case '"':
				appendStringInfoString(svg, "&quot;");
				break;
			default:
				/* others of these are no characters of XML, and neither are U+FFFE and U+FFFF */
				if (*c < ' ')
					appendStringInfoChar(svg, ' ');
				else if (c[0] == 0xef && c[1] == 0xbf && c[2] >= 0xbe && GetDatabaseEncoding() == PG_UTF8)
				{
					appendStringInfoChar(svg, '?');
					c += 2;
				}
				else
					appendStringInfoChar(svg, *c);
		}
}

static void
append_text(Chart *chart, double x, double y, const char *attributes, const char *text)
{
	appendStringInfo(&chart->svg, "<text x=\"%.1f\" y=\"%.1f\"%s>", x, y, attributes);
	append_escaped(&chart->svg, text);
	appendStringInfoString(&chart->svg, "</text>\n");
}

/* within the picture */
static void
append_centred(Chart *chart, double x, double y, const char *attributes, const char *text)
{
	double		half = strlen(text) * CHARACTER / 2.0;

	x = Max(Min(x, chart->width - half), half);
	append_text(chart, x, y, psprintf(" text-anchor=\"middle\"%s", attributes), text);
}

static double
chart_x(const Chart *chart, TimestampTz t)
{
	return chart->left + (double) (t - chart->from) / (double) (chart->to - chart->from) * (chart->right - chart->left);
}

static double
chart_y(const Chart *chart, double v)
{
	return chart->bottom - (v - chart->low) / (chart->high - chart->low) * (chart->bottom - chart->top);
}

/* ---- what is shown ---- */

static bool
find_extent(Chart *chart)
{
	bool		any = false;

	for (int s = 0; s < chart->num_series; s++)
	{
		const Series *series = chart->series[s];

		for (int i = 0; series && i < series->n; i++)
		{
			double		v = series->v[0][i];

			chart->low = any ? Min(chart->low, v) : v;
			chart->high = any ? Max(chart->high, v) : v;
			chart->from = any ? Min(chart->from, series->t[i]) : series->t[i];
			chart->to = any ? Max(chart->to, series->t[i]) : series->t[i];
			any = true;
		}
	}
	/* one instant, or one value, is in the middle */
	if (any && chart->from == chart->to)
	{
		chart->from -= USECS_PER_HOUR / 2;
		chart->to += USECS_PER_HOUR / 2;
	}
	if (any)
	{
		double		most = Max(fabs(chart->low), fabs(chart->high));

		series_check_span(chart->from, chart->to, "a chart");
		/* values whose labels would not differ are one, too */
		if (chart->high - chart->low <= most * ONE_VALUE || most < NO_VALUE)
		{
			double		around = most < NO_VALUE ? 1 : most / 10;

			chart->low -= around;
			chart->high += around;
		}
	}
	return any;
}

/* 1, 2 or 5 times a power of ten: the least that is not less */
static double
round_step(double least)
{
	double		power = pow(10, floor(log10(least)));

	for (int t = 0; t < 3; t++)
	{
		static const int times[] = {1, 2, 5};

		if (times[t] * power >= least * (1 - 1e-9))
			return times[t] * power;
	}
	return 10 * power;
}

/* values from tick to tick */
static void
choose_values(Chart *chart)
{
	double		ticks = Max(2, floor((chart->bottom - chart->top) / TICK_HEIGHT));

	chart->step = round_step(float_checked(chart->high - chart->low) / ticks);
	chart->low = floor(chart->low / chart->step + 1e-9) * chart->step;
	chart->high = ceil(chart->high / chart->step - 1e-9) * chart->step;
}

static char *
value_label(const Chart *chart, double value)
{
	int			decimals = (int) -floor(log10(chart->step) + 1e-9);

	if (fabs(value) < chart->step / 2)
		value = 0;				/* and not -0 */
	if (decimals > 6 || Max(fabs(chart->low), fabs(chart->high)) >= 1e9)
		return psprintf("%.6g", value);
	return psprintf("%.*f", Max(decimals, 0), value);
}

static int
num_value_ticks(const Chart *chart)
{
	return (int) rint((chart->high - chart->low) / chart->step);
}

/* ---- layout ---- */

static int
legend_lines(const Chart *chart)
{
	int			lines = 1;
	double		x = EDGE;

	for (int s = 0; chart->labels && s < chart->num_series; s++)
	{
		double		width = 30 + CHARACTER * pg_mbstrlen(chart->labels[s]);

		if (x > EDGE && x + width > chart->width - EDGE)
		{
			x = EDGE;
			lines++;
		}
		x += width;
	}
	return chart->labels ? lines : 0;
}

static void
lay_out(Chart *chart)
{
	int			longest = 0;

	chart->top = EDGE + (chart->title ? LINE + 6 : 0) + (chart->unit ? LINE : 0);
	chart->bottom = chart->height - EDGE - 2 * LINE - legend_lines(chart) * (LINE + 2);
	if (chart->bottom < chart->top + TICK_HEIGHT)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("a chart of %d pixels' height has no room for its plot", chart->height),
						errhint("Make it higher, or leave out labels, title or unit.")));
	choose_values(chart);
	for (int tick = 0; tick <= num_value_ticks(chart); tick++)
		longest = Max(longest, (int) strlen(value_label(chart, chart->low + tick * chart->step)));
	chart->left = EDGE + 6 + CHARACTER * longest;
	chart->right = chart->width - EDGE - TICK_WIDTH / 4;
	if (chart->right < chart->left + TICK_WIDTH)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("a chart of %d pixels' width has no room for its plot", chart->width),
						errhint("Make it wider.")));
}

/* ---- axes ---- */

static void
draw_values(Chart *chart)
{
	for (int tick = 0; tick <= num_value_ticks(chart); tick++)
	{
		double		value = chart->low + tick * chart->step;
		double		y = chart_y(chart, value);

		appendStringInfo(&chart->svg, "<path d=\"M%.1f %.1fH%.1f\" stroke=\"#ddd\"/>\n", chart->left, y, chart->right);
		append_text(chart, chart->left - 6, y + 4, " text-anchor=\"end\"", value_label(chart, value));
	}
	if (chart->unit)
		append_text(chart, EDGE, chart->top - 8, " fill=\"#555\"", chart->unit);
}

static const int64 time_steps[] = {
	1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000, 20000, 50000, 100000, 200000, 500000,
	USECS_PER_SEC, 2 * USECS_PER_SEC, 5 * USECS_PER_SEC, 10 * USECS_PER_SEC, 15 * USECS_PER_SEC, 30 * USECS_PER_SEC,
	USECS_PER_MINUTE, 2 * USECS_PER_MINUTE, 5 * USECS_PER_MINUTE, 10 * USECS_PER_MINUTE, 15 * USECS_PER_MINUTE,
	30 * USECS_PER_MINUTE, USECS_PER_HOUR, 2 * USECS_PER_HOUR, 3 * USECS_PER_HOUR, 6 * USECS_PER_HOUR,
	12 * USECS_PER_HOUR, USECS_PER_DAY, 2 * USECS_PER_DAY, 7 * USECS_PER_DAY, 14 * USECS_PER_DAY,
};

static const int month_steps[] = {1, 2, 3, 6, 12, 24, 60, 120, 240, 600, 1200, 2400, 6000, 12000, 60000, 240000};

/* the shortest that leaves each tick its width */
static Interval
time_step(const Chart *chart)
{
	double		least = (double) (chart->to - chart->from) / Max(1, floor((chart->right - chart->left) / TICK_WIDTH));
	Interval	step = {0};
	int			m = 0;

	for (int s = 0; s < (int) lengthof(time_steps); s++)
		if ((double) time_steps[s] >= least)
		{
			step.time = time_steps[s];
			return step;
		}
	while (m < (int) lengthof(month_steps) - 1 && month_steps[m] * 30.4 * USECS_PER_DAY < least)
		m++;
	step.month = month_steps[m];
	return step;
}

/* what is told at a tick, and below it where that is not what was told there before */
static void
time_label(const Interval *step, Timestamp local, char *label, char *below, size_t size)
{
	struct pg_tm tm;
	fsec_t		fsec;
	int			year;
	const char *era;

	if (timestamp2tm(local, NULL, &tm, &fsec, NULL, NULL) != 0)
		elog(ERROR, "territory: a time that is none");
	year = tm.tm_year > 0 ? tm.tm_year : 1 - tm.tm_year;
	era = tm.tm_year > 0 ? "" : " BC";
	below[0] = '\0';
	if (step->month >= MONTHS_PER_YEAR)
		snprintf(label, size, "%04d%s", year, era);
	else if (step->month > 0)
		snprintf(label, size, "%04d-%02d%s", year, tm.tm_mon, era);
	else if (step->time >= USECS_PER_DAY)
	{
		snprintf(label, size, "%02d-%02d", tm.tm_mon, tm.tm_mday);
		snprintf(below, size, "%04d%s", year, era);
	}
	else
	{
		if (step->time >= USECS_PER_MINUTE)
			snprintf(label, size, "%02d:%02d", tm.tm_hour, tm.tm_min);
		else if (step->time >= USECS_PER_SEC)
			snprintf(label, size, "%02d:%02d:%02d", tm.tm_hour, tm.tm_min, tm.tm_sec);
		else
			snprintf(label, size, "%02d.%06d", tm.tm_sec, (int) fsec);
		snprintf(below, size, "%04d-%02d-%02d%s", year, tm.tm_mon, tm.tm_mday, era);
	}
}

static void
draw_times(Chart *chart)
{
	Interval	step = time_step(chart);
	TimeGrid	grid;
	TimestampTz t;
	char		label[64],
				below[64],
				told[64] = "";
	double		last_x = -TICK_WIDTH;

	time_grid_begin_session(&grid, &step);
	for (t = time_grid_floor(&grid, chart->from); t <= chart->to; t = time_grid_next(&grid, t))
	{
		double		x = chart_x(chart, t);

		/* a bucket may be short where summer time begins */
		if (t < chart->from || x - last_x < TICK_WIDTH / 2)
			continue;
		last_x = x;
		time_label(&step, time_grid_local(&grid, t), label, below, sizeof label);
		appendStringInfo(&chart->svg, "<path d=\"M%.1f %.1fv4\" stroke=\"#555\"/>\n", x, chart->bottom);
		append_centred(chart, x, chart->bottom + LINE, "", label);
		if (strcmp(below, told) != 0)
			append_centred(chart, x, chart->bottom + 2 * LINE, " fill=\"#555\"", below);
		strlcpy(told, below, sizeof told);
	}
	appendStringInfo(&chart->svg, "<path d=\"M%.1f %.1fH%.1f\" stroke=\"#555\"/>\n", chart->left, chart->bottom,
					 chart->right);
}

/* ---- series ---- */

static void
draw_point(Chart *chart, const Series *series, int i, const char *colour)
{
	appendStringInfo(&chart->svg, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"2\" fill=\"%s\"/>\n",
					 chart_x(chart, series->t[i]), chart_y(chart, series->v[0][i]), colour);
}

/* a path of the section from first to last */
static void
draw_section(Chart *chart, const Series *series, int first, int last)
{
	StringInfo	svg = &chart->svg;

	for (int i = first; i <= last; i++)
	{
		double		x = chart_x(chart, series->t[i]),
					y = chart_y(chart, series->v[0][i]);

		if (i == first)
			appendStringInfo(svg, "M%.1f %.1f", x, y);
		else if (series->interpolation == SERIES_STEP)
			appendStringInfo(svg, "H%.1fV%.1f", x, y);
		else
			appendStringInfo(svg, "L%.1f %.1f", x, y);
	}
}

static void
draw_series(Chart *chart, const Series *series, const char *colour)
{
	int			most = 2 * (int) (chart->right - chart->left);

	if (series->n > 2 * most)
		series = float_downsample_minmax(series, most);
	appendStringInfo(&chart->svg, "<path fill=\"none\" stroke=\"%s\" stroke-width=\"1.5\" stroke-linejoin=\"round\" d=\"",
					 colour);
	for (int i = 0; i < series->n; i++)
	{
		int			first = i;

		while (series_goes_on(series, i))
			i++;
		if (i > first)
			draw_section(chart, series, first, i);
	}
	appendStringInfoString(&chart->svg, "\"/>\n");
	for (int i = 0; i < series->n; i++)
		if (!series_goes_on(series, i) && !(i > 0 && series_goes_on(series, i - 1)))
			draw_point(chart, series, i, colour);
}

static const char *
colour_of(int s)
{
	return colours[s % lengthof(colours)];
}

static void
draw_legend(Chart *chart)
{
	double		x = EDGE,
				y = chart->bottom + 2 * LINE + LINE + 2;

	for (int s = 0; chart->labels && s < chart->num_series; s++)
	{
		double		width = 30 + CHARACTER * pg_mbstrlen(chart->labels[s]);

		if (x > EDGE && x + width > chart->width - EDGE)
		{
			x = EDGE;
			y += LINE + 2;
		}
		appendStringInfo(&chart->svg, "<path d=\"M%.1f %.1fh14\" stroke=\"%s\" stroke-width=\"3\"/>\n", x, y - 4,
						 colour_of(s));
		append_text(chart, x + 18, y, "", chart->labels[s]);
		x += width;
	}
}

static Datum
draw_chart(Chart *chart)
{
	lay_out(chart);
	initStringInfo(&chart->svg);
	appendStringInfo(&chart->svg,
					 "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" viewBox=\"0 0 %d %d\" "
					 "role=\"img\" font-family=\"sans-serif\" font-size=\"12\" fill=\"#222\">\n",
					 chart->width, chart->height, chart->width, chart->height);
	if (chart->title)
	{
		appendStringInfoString(&chart->svg, "<title>");
		append_escaped(&chart->svg, chart->title);
		appendStringInfoString(&chart->svg, "</title>\n");
	}
	appendStringInfo(&chart->svg, "<rect width=\"%d\" height=\"%d\" fill=\"#fff\"/>\n", chart->width, chart->height);
	if (chart->title)
		append_text(chart, EDGE, EDGE + LINE - 2, " font-size=\"15\" font-weight=\"bold\"", chart->title);
	draw_values(chart);
	draw_times(chart);
	for (int s = 0; s < chart->num_series; s++)
		if (chart->series[s])
			draw_series(chart, chart->series[s], colour_of(s));
	draw_legend(chart);
	appendStringInfoString(&chart->svg, "</svg>");
	return PointerGetDatum(cstring_to_text_with_len(chart->svg.data, chart->svg.len));
}

/* ---- functions ---- */

static char *
text_argument(FunctionCallInfo fcinfo, int argument)
{
	return PG_ARGISNULL(argument) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(argument));
}

static int
size_argument(FunctionCallInfo fcinfo, int argument, const char *name)
{
	int			size = PG_ARGISNULL(argument) ? 0 : PG_GETARG_INT32(argument);

	if (size < LEAST_SIZE || size > MOST_SIZE)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("%s must be from %d to %d pixels", name, LEAST_SIZE, MOST_SIZE)));
	return size;
}

/* series, title, unit, width, height */
PG_FUNCTION_INFO_V1(territory_float_chart_svg);
Datum
territory_float_chart_svg(PG_FUNCTION_ARGS)
{
	Chart		chart = {0};
	Series	   *series;

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	series = PG_GETARG_SERIES(0);
	chart.series = &series;
	chart.num_series = 1;
	chart.title = text_argument(fcinfo, 1);
	chart.unit = text_argument(fcinfo, 2);
	chart.width = size_argument(fcinfo, 3, "width");
	chart.height = size_argument(fcinfo, 4, "height");
	find_extent(&chart);
	PG_RETURN_DATUM(draw_chart(&chart));
}

static void
read_labels(Chart *chart, ArrayType *array)
{
	Datum	   *values;
	bool	   *nulls;
	int			n;

	deconstruct_array(array, ARR_ELEMTYPE(array), -1, false, TYPALIGN_INT, &values, &nulls, &n);
	if (n != chart->num_series)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("there are %d labels for %d series", n, chart->num_series),
						errhint("Give one label for each series.")));
	chart->labels = palloc(sizeof(char *) * Max(n, 1));
	for (int s = 0; s < n; s++)
		chart->labels[s] = nulls[s] ? "" : TextDatumGetCString(values[s]);
}

/* series[], labels, title, unit, width, height */
PG_FUNCTION_INFO_V1(territory_float_chart_svg_many);
Datum
territory_float_chart_svg_many(PG_FUNCTION_ARGS)
{
	Chart		chart = {0};
	ArrayType  *array;
	Datum	   *values;
	bool	   *nulls;

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	array = PG_GETARG_ARRAYTYPE_P(0);
	deconstruct_array(array, ARR_ELEMTYPE(array), -1, false, TYPALIGN_DOUBLE, &values, &nulls, &chart.num_series);
	if (chart.num_series > MOST_SERIES)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("a chart shows at most %d series", MOST_SERIES)));
	chart.series = palloc0(sizeof(Series *) * Max(chart.num_series, 1));
	for (int s = 0; s < chart.num_series; s++)
		if (!nulls[s])
			chart.series[s] = series_decode(values[s]);
	if (!PG_ARGISNULL(1))
		read_labels(&chart, PG_GETARG_ARRAYTYPE_P(1));
	chart.title = text_argument(fcinfo, 2);
	chart.unit = text_argument(fcinfo, 3);
	chart.width = size_argument(fcinfo, 4, "width");
	chart.height = size_argument(fcinfo, 5, "height");
	if (!find_extent(&chart))
		PG_RETURN_NULL();
	PG_RETURN_DATUM(draw_chart(&chart));
}
