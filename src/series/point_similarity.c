/*
 * point_similarity.c
 *	  How alike two paths are: Fréchet, Hausdorff and dynamic time warping.
 *
 * Fréchet distance (Eiter and Mannila, Computing discrete Fréchet distance,
 * 1994) and dynamic time warping (Sakoe and Chiba, 1978) match instants with
 * instants, in order, whatever the sections: time and memory are in proportion
 * to n * m and m.  Hausdorff distance goes from the instants of each to the
 * path of the other, as that of GEOS does, through a tree of edges.
 *
 * Of n * m distances on a spheroid each has to be cheap: places become points
 * in space, whose chord tells the geodesic up to CHORD_LIMIT metres within
 * 1e-8 of it; longer ones are measured.
 */
#include "territory.h"

#include "fmgr.h"
#include "miscadmin.h"
#include "utils/timestamp.h"

#include "series/float_series.h"
#include "series/point.h"

#define CHORD_LIMIT 20000.0
#define RADIANS (M_PI / 180)

/* the instants of a series in space; the height apart where the SRID is geographic */
typedef struct Places
{
	const PointMetric *metric;
	const Series *series;
	int			n;
	double		(*at)[4];
} Places;

static void
place_in_space(const PointMetric *metric, const double *p, double *at)
{
	double		latitude = p[1] * metric->degrees * RADIANS,
				longitude = p[0] * metric->degrees * RADIANS,
				normal = metric->radius / sqrt(1 - metric->square * sin(latitude) * sin(latitude));

	at[0] = normal * cos(latitude) * cos(longitude);
	at[1] = normal * cos(latitude) * sin(longitude);
	at[2] = normal * (1 - metric->square) * sin(latitude);
	at[3] = p[2];
}

static Places
make_places(const Series *series, const PointMetric *metric, int dims)
{
	Places		places = {.metric = metric, .series = series, .n = series->n};

	places.at = palloc_extended(series->n * sizeof *places.at, MCXT_ALLOC_HUGE);
	for (int i = 0; i < series->n; i++)
	{
		double		p[SERIES_DIMS];

		point_get(series, i, p);
		if (dims < 3)
			p[2] = 0;
		if (metric->geographic)
			place_in_space(metric, p, places.at[i]);
		else
		{
			memcpy(places.at[i], p, sizeof p);
			places.at[i][3] = 0;
		}
	}
	return places;
}

static double
place_distance(const Places *a, int i, const Places *b, int j)
{
	const double *p = a->at[i],
			   *q = b->at[j];
	double		dx = p[0] - q[0],
				dy = p[1] - q[1],
				dz = p[2] - q[2],
				dh = p[3] - q[3],
				square = dx * dx + dy * dy + dz * dz,
				chord;

	if (!a->metric->geographic)
		return sqrt(square);
	chord = sqrt(square);
	if (chord > CHORD_LIMIT)
	{
		double		from[SERIES_DIMS],
					to[SERIES_DIMS];

		point_get(a->series, i, from);
		point_get(b->series, j, to);
		chord = point_metres(a->metric, from, to, 2);
	}
	else
	{
		double		radius = a->metric->radius * (1 - a->metric->flattening / 3);

		/* an arc is longer than its chord */
		chord *= 1 + square / (24 * radius * radius);
	}
	return dh == 0 ? chord : hypot(chord, dh);
}

/*
 * The least that a way through the matrix of distances costs, from the first
 * pair to the last, forward in both: the largest distance on it (Fréchet) or
 * their sum (warping).  One row is kept.
 */
static double
matrix_way(const Places *a, const Places *b, bool sum)
{
	double	   *row = palloc_extended(b->n * sizeof(double), MCXT_ALLOC_HUGE),
				result;

	for (int i = 0; i < a->n; i++)
	{
		double		corner = INFINITY;	/* the row before, one to the left */

		CHECK_FOR_INTERRUPTS();
		for (int j = 0; j < b->n; j++)
		{
			double		distance = place_distance(a, i, b, j),
						before = corner;

			if (i > 0)
				before = Min(before, row[j]);
			if (j > 0)
				before = Min(before, row[j - 1]);
			if (i == 0 && j == 0)
				before = 0;
			corner = i > 0 ? row[j] : INFINITY;
			row[j] = sum ? before + distance : Max(before, distance);
		}
	}
	result = row[b->n - 1];
	pfree(row);
	return result;
}

static double
matrix_distance(FunctionCallInfo fcinfo, bool sum)
{
	Series	   *a = PG_GETARG_SERIES(0),
			   *b = PG_GETARG_SERIES(1);
	int			dims = Min(a->dims, b->dims);
	const PointMetric *metric;
	Places		places[2];

	point_check_same_srid(a->srid, b->srid);
	metric = point_metric(a->srid);
	places[0] = make_places(a, metric, dims);
	places[1] = make_places(b, metric, dims);
	return matrix_way(&places[0], &places[1], sum);
}

PG_FUNCTION_INFO_V1(territory_point_frechet_distance);
Datum
territory_point_frechet_distance(PG_FUNCTION_ARGS)
{
	PG_RETURN_FLOAT8(float_checked(matrix_distance(fcinfo, false)));
}

PG_FUNCTION_INFO_V1(territory_point_dtw);
Datum
territory_point_dtw(PG_FUNCTION_ARGS)
{
	PG_RETURN_FLOAT8(float_checked(matrix_distance(fcinfo, true)));
}

/* the farthest that an instant of one is from the path of the other */
static double
directed_hausdorff(const PointMetric *metric, const Series *from, const Series *to)
{
	PointTarget *path = point_target_of_series(to);
	double		farthest = 0;

	for (int i = 0; i < from->n; i++)
	{
		double		p[SERIES_DIMS],
					distance;

		if (i % 256 == 0)
			CHECK_FOR_INTERRUPTS();
		point_get(from, i, p);
		distance = point_target_distance(path, metric, p);
		farthest = Max(farthest, distance);
	}
	return farthest;
}

PG_FUNCTION_INFO_V1(territory_point_hausdorff_distance);
Datum
territory_point_hausdorff_distance(PG_FUNCTION_ARGS)
{
	Series	   *a = PG_GETARG_SERIES(0),
			   *b = PG_GETARG_SERIES(1);
	const PointMetric *metric;

	point_check_same_srid(a->srid, b->srid);
	metric = point_metric(a->srid);
	PG_RETURN_FLOAT8(float_checked(Max(directed_hausdorff(metric, a, b), directed_hausdorff(metric, b, a))));
}
