/*
 * generate.c
 *	  A territory's sensors: one reading a minute each, in order of arrival.
 *
 * usage: generate SENSORS DAYS PARTS FOLDER
 *
 * Writes FOLDER/sensors.csv (sensor_id, lon, lat) and FOLDER/1.csv to
 * FOLDER/PARTS.csv (sensor_id, t, temp, flow, idx, state, lon, lat), each an
 * equal share of the minutes.  What comes afterwards, a hundredth of all that
 * and an hour at least, is in FOLDER/hour.csv (its first hour) and
 * FOLDER/later.csv.  Deterministic: the same arguments give the same bytes.
 *
 * temp wanders slowly about a daily curve (1 decimal), flow follows the
 * day's demand with 10 % of noise (3 decimals), idx is the meter that adds flow
 * up (3 decimals), state changes now and then, lon and lat never.
 */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "random.h"

#define FIRST_MINUTE 1748736000 /* 2025-06-01 00:00 UTC */

typedef struct Sensor
{
	double		lon,
				lat;
	double		usual_temp;
	double		usual_flow;
	double		temp;
	double		meter;
	int			state;
} Sensor;

static uint64_t random_state = 20250601;

/* splitmix64 */
static uint64_t
random_bits(void)
{
	uint64_t	z = (random_state += 0x9E3779B97F4A7C15u);

	z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
	z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
	return z ^ (z >> 31);
}

static void
place_sensors(Sensor *sensors, int n)
{
	for (int i = 0; i < n; i++)
	{
		Sensor	   *sensor = &sensors[i];

		sensor->lon = 4.98 + 0.12 * uniform();
		sensor->lat = 47.28 + 0.08 * uniform();
		sensor->usual_temp = sensor->temp = 12 + 8 * uniform();
		sensor->usual_flow = 0.5 + 4.5 * uniform();
		sensor->meter = floor(10000 * uniform() * 1000) / 1000;
		sensor->state = 0;
	}
}

/* what the day's demand is at this moment of it, against the usual */
static double
demand(double phase)
{
	return fmax(0.05, 1 + 0.6 * sin(phase - 1.9) + 0.35 * sin(2 * phase - 0.7));
}

static void
write_minute(FILE *out, Sensor *sensors, int n, long minute)
{
	double		phase = 2 * M_PI * (double) (minute % 1440) / 1440;
	double		share = demand(phase);
	time_t		seconds = (time_t) (FIRST_MINUTE + minute * 60);
	struct tm	parts;
	char		when[32];

	gmtime_r(&seconds, &parts);
	strftime(when, sizeof when, "%Y-%m-%d %H:%M:00+00", &parts);
	for (int i = 0; i < n; i++)
	{
		Sensor	   *sensor = &sensors[i];
		double		goal = sensor->usual_temp + 4 * sin(phase - 2.1);
		double		flow = sensor->usual_flow * share * (1 + 0.1 * normal());

		flow = floor(fmax(0, flow) * 1000 + 0.5) / 1000;
		sensor->temp += 0.08 * normal() + 0.002 * (goal - sensor->temp);
		sensor->meter += flow / 60; /* an hour's flow, for a minute */
		if (uniform() < 0.0004)
			sensor->state = (int) (5 * uniform());
		fprintf(out, "%d,%s,%.1f,%.3f,%.3f,%d,%.6f,%.6f\n", i + 1, when, sensor->temp, flow, sensor->meter,
				sensor->state, sensor->lon, sensor->lat);
	}
}

static FILE *
create(const char *folder, const char *name)
{
	char		path[4096];
	FILE	   *file;

	snprintf(path, sizeof path, "%s/%s", folder, name);
	file = fopen(path, "w");
	if (file == NULL)
	{
		perror(path);
		exit(1);
	}
	return file;
}

static void
finish(FILE *file)
{
	if (ferror(file) || fclose(file) != 0)
	{
		perror("generate");
		exit(1);
	}
}

static void
write_minutes(const char *folder, const char *name, Sensor *sensors, int n, long from, long to)
{
	FILE	   *out = create(folder, name);

	for (long minute = from; minute < to; minute++)
		write_minute(out, sensors, n, minute);
	finish(out);
}

int
main(int argc, char **argv)
{
	int			n = argc == 5 ? atoi(argv[1]) : 0;
	long		minutes = argc == 5 ? atol(argv[2]) * 1440 : 0;
	int			parts = argc == 5 ? atoi(argv[3]) : 0;
	Sensor	   *sensors;
	FILE	   *out;

	if (n < 1 || minutes < 1 || parts < 1)
	{
		fprintf(stderr, "usage: generate SENSORS DAYS PARTS FOLDER\n");
		return 2;
	}
	sensors = calloc((size_t) n, sizeof(Sensor));
	if (sensors == NULL)
		return 1;
	place_sensors(sensors, n);
	out = create(argv[4], "sensors.csv");
	for (int i = 0; i < n; i++)
		fprintf(out, "%d,%.6f,%.6f\n", i + 1, sensors[i].lon, sensors[i].lat);
	finish(out);
	for (int part = 1; part <= parts; part++)
	{
		char		name[32];

		snprintf(name, sizeof name, "%d.csv", part);
		write_minutes(argv[4], name, sensors, n, minutes * (part - 1) / parts, minutes * part / parts);
	}
	write_minutes(argv[4], "hour.csv", sensors, n, minutes, minutes + 60);
	write_minutes(argv[4], "later.csv", sensors, n, minutes + 60, minutes + minutes / 100);
	free(sensors);
	return 0;
}
