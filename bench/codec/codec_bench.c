/*
 * codec_bench.c
 *	  Bits per value, and nanoseconds per value to encode and to decode, of
 *	  columns as sensors make them.
 *
 * Each column is cut into vectors of 1,440 values (a day of minutes) and each
 * vector is encoded alone, as in a block.  Decoding is timed over all vectors
 * in turn, repeated until it has taken a while; the least of three is given.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "codec/codec.h"

#define VECTOR 1440
#define MAX_VALUES (VECTOR * 200)
#define REPEAT_NS 100e6

typedef enum
{
	INTEGERS,
	DOUBLES,
	FLOATS,
	BOOLEANS,
} Kind;

typedef struct Column
{
	const char *name;
	Kind		kind;
	size_t		n;
	int64_t    *integers;
	double	   *doubles;
	float	   *floats;
	uint8_t    *booleans;
} Column;

static uint64_t seed = 20260101;

static double
uniform(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (double) (seed >> 11) / 9007199254740992.0;
}

static double
normal(void)
{
	double		sum = 0;

	for (int i = 0; i < 6; i++)
		sum += uniform();
	return (sum - 3) * 1.4142135623730951;
}

static double
now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
	return time.tv_sec * 1e9 + time.tv_nsec;
}

static size_t
encode(const Column *column, size_t at, int n, uint8_t *out, size_t cap)
{
	switch (column->kind)
	{
		case INTEGERS:
			return codec_int64_encode(column->integers + at, n, out, cap);
		case DOUBLES:
			return codec_float64_encode(column->doubles + at, n, out, cap);
		case FLOATS:
			return codec_float32_encode(column->floats + at, n, out, cap);
		default:
			return codec_bool_encode(column->booleans + at, n, out, cap);
	}
}

static bool
decode(const Column *column, const uint8_t *in, size_t len, int n, void *values)
{
	switch (column->kind)
	{
		case INTEGERS:
			return codec_int64_decode(in, len, n, values) == CODEC_OK;
		case DOUBLES:
			return codec_float64_decode(in, len, n, values) == CODEC_OK;
		case FLOATS:
			return codec_float32_decode(in, len, n, values) == CODEC_OK;
		default:
			return codec_bool_decode(in, len, n, values) == CODEC_OK;
	}
}

static const char *
stream_name(const Column *column, const uint8_t *in, size_t len)
{
	switch (column->kind)
	{
		case INTEGERS:
			return codec_int64_name(in, len);
		case DOUBLES:
			return codec_float64_name(in, len);
		case FLOATS:
			return codec_float32_name(in, len);
		default:
			return codec_bool_name(in, len);
	}
}

static double total_ns,
			total_columns;

static void
measure(const Column *column)
{
	size_t		nvectors = (column->n + VECTOR - 1) / VECTOR;
	size_t		cap = codec_float64_bound(CODEC_VECTOR) + codec_int64_bound(CODEC_VECTOR);
	uint8_t    *streams = malloc(nvectors * cap);
	size_t	   *lens = malloc(sizeof(size_t) * nvectors);
	static double values[CODEC_VECTOR];
	double		encode_ns = 1e300,
				decode_ns = 1e300;
	size_t		bytes = 0;

	for (int round = 0; round < 3; round++)
	{
		double		start = now();
		int			times;

		for (size_t v = 0; v < nvectors; v++)
			lens[v] = encode(column, v * VECTOR, (int) (column->n - v * VECTOR < VECTOR ? column->n - v * VECTOR : VECTOR),
							 streams + v * cap, cap);
		encode_ns = fmin(encode_ns, now() - start);
		start = now();
		for (times = 0; times == 0 || now() - start < REPEAT_NS; times++)
			for (size_t v = 0; v < nvectors; v++)
				if (!decode(column, streams + v * cap, lens[v],
							(int) (column->n - v * VECTOR < VECTOR ? column->n - v * VECTOR : VECTOR), values))
					abort();
		decode_ns = fmin(decode_ns, (now() - start) / times);
	}
	for (size_t v = 0; v < nvectors; v++)
		bytes += lens[v];
	printf("| %-34s | %-18s | %8zu | %6.2f | %6.2f | %6.2f |\n", column->name,
		   stream_name(column, streams + nvectors / 2 * cap, lens[nvectors / 2]), column->n, bytes * 8.0 / column->n,
		   encode_ns / column->n, decode_ns / column->n);
	fflush(stdout);
	total_ns += decode_ns / column->n;
	total_columns++;
	free(streams);
	free(lens);
}

static Column
new_column(const char *name, Kind kind)
{
	Column		column = {name, kind, MAX_VALUES, NULL, NULL, NULL, NULL};

	column.integers = malloc(sizeof(int64_t) * MAX_VALUES);
	column.doubles = malloc(sizeof(double) * MAX_VALUES);
	column.floats = malloc(sizeof(float) * MAX_VALUES);
	column.booleans = malloc(MAX_VALUES);
	return column;
}

static void
free_column(Column *column)
{
	free(column->integers);
	free(column->doubles);
	free(column->floats);
	free(column->booleans);
}

static double
decimals(double value, double power)
{
	return floor(value * power + 0.5) / power;
}

/* columns that are made up, one after the other */
static bool
make_column(int which, Column *column)
{
	static const struct
	{
		const char *name;
		Kind		kind;
	}			made[] = {{"time, a minute apart", INTEGERS}, {"time, with jitter", INTEGERS}, {"constant integer", INTEGERS},
		{"state, rarely changes", INTEGERS}, {"counter", INTEGERS}, {"random, 10 bits", INTEGERS},
		{"random, with outliers", INTEGERS}, {"counter, speeding up", INTEGERS}, {"random, 64 bits", INTEGERS}, {"temperature, 1 decimal", DOUBLES},
		{"flow, 3 decimals", DOUBLES}, {"meter, 3 decimals, growing", DOUBLES}, {"longitude, constant", DOUBLES},
		{"longitude, moving, 6 decimals", DOUBLES}, {"sine, all digits", DOUBLES}, {"random doubles", DOUBLES},
		{"temperature, float4", FLOATS}, {"random, float4", FLOATS}, {"random booleans", BOOLEANS},
		{"booleans in runs", BOOLEANS}};
	double		walk = 15,
				meter = 1000;

	if (which >= (int) (sizeof made / sizeof made[0]))
		return false;
	*column = new_column(made[which].name, made[which].kind);
	for (int i = 0; i < MAX_VALUES; i++)
	{
		double		phase = 6.283185307 * (i % 1440) / 1440;
		double		flow = 2.5 * (1 + 0.6 * sin(phase - 1.9) + 0.35 * sin(2 * phase - 0.7)) * (1 + 0.1 * normal());
		const int64_t integers[] = {
			i * INT64_C(60000000), i * INT64_C(60000000) + (int64_t) (uniform() * 2000000), 417, i / 700 * 7 % 5,
			i * INT64_C(3) + (int64_t) (uniform() * 3), (int64_t) (uniform() * 1024),
			uniform() < 0.01 ? (int64_t) (uniform() * 1e9) : (int64_t) (uniform() * 100),
			i * INT64_C(3) * i + (int64_t) (uniform() * 4), 0};

		walk += 0.08 * normal() + 0.002 * (15 + 4 * sin(phase - 2.1) - walk);
		meter += fmax(flow, 0) / 60;
		column->integers[i] = which < 8 ? integers[which] : (int64_t) (seed * UINT64_C(0x9e3779b97f4a7c15));
		column->doubles[i] = which == 9 ? decimals(walk, 10) : which == 10 ? decimals(fmax(flow, 0), 1000) :
			which == 11 ? decimals(meter, 1000) : which == 12 ? 5.043217 : which == 13 ? decimals(5 + i * 1e-5 + normal() * 1e-5, 1e6) :
			which == 14 ? sin(i / 100.0) : uniform();
		column->floats[i] = which == 16 ? (float) decimals(walk, 10) : (float) uniform();
		column->booleans[i] = which == 18 ? uniform() < 0.5 : i / 97 % 2 == 0;
	}
	return true;
}

/* ---- columns of real data: the numbers in a field of a file ---- */

static const struct
{
	const char *name;
	const char *file;
	int			field;			/* from 1 */
	Kind		kind;
}			real[] = {
	{"Cambridge: kWh per hour", "cambridge_estates_energy/fixture_12buildings_2018_hourly.csv.gz", 4, DOUBLES},
	{"Cook farm: soil moisture", "cookfarm_soil_moisture/cookfarm.csv.gz", 2, DOUBLES},
	{"Cook farm: easting", "cookfarm_soil_moisture/cookfarm.csv.gz", 3, DOUBLES},
	{"Cook farm: NDRE", "cookfarm_soil_moisture/cookfarm.csv.gz", 8, DOUBLES},
	{"Ferrara: inflow, L/s", "ferrara_bwdf_dma/InflowData.csv.gz", 4, DOUBLES},
	{"Ferrara: air temperature", "ferrara_bwdf_dma/WeatherData.csv.gz", 3, DOUBLES},
	{"Ferrara: humidity", "ferrara_bwdf_dma/WeatherData.csv.gz", 4, DOUBLES},
	{"Châteaubourg: cars per hour", "chateaubourg_telraam/fixture_2segments_2022_hourly.csv.gz", 8, DOUBLES},
};

static bool
read_column(const char *folder, int which, Column *column)
{
	char		command[4096];
	char		line[256];
	FILE	   *pipe;

	*column = new_column(real[which].name, real[which].kind);
	column->n = 0;
	snprintf(command, sizeof command, "gzip -dc '%s/%s' 2>/dev/null | tail -n +2 | cut -d, -f%d", folder, real[which].file,
			 real[which].field);
	pipe = popen(command, "r");
	while (pipe && column->n < MAX_VALUES && fgets(line, sizeof line, pipe))
	{
		char	   *end;
		double		value = strtod(line, &end);

		if (end != line)
			column->doubles[column->n++] = value;
	}
	if (pipe)
		pclose(pipe);
	return column->n > 0;
}

int
main(int argc, char **argv)
{
	Column		column;

	printf("| column | codec | values | bits per value | ns to encode | ns to decode |\n");
	printf("| --- | --- | ---: | ---: | ---: | ---: |\n");
	for (int which = 0; make_column(which, &column); which++)
	{
		measure(&column);
		free_column(&column);
	}
	if (argc < 2)
		printf("no real data: TERRITORY_DATA says nothing\n");
	for (int which = 0; argc > 1 && which < (int) (sizeof real / sizeof real[0]); which++)
	{
		if (read_column(argv[1], which, &column))
			measure(&column);
		else
			printf("skipped: %s is not in %s\n", real[which].file, argv[1]);
		free_column(&column);
	}
	printf("mean of the columns: %.2f ns per value decoded\n", total_ns / total_columns);
	return 0;
}
