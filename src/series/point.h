/*
 * point.h
 *	  Moving points: what the functions on point_series share.
 *
 * A series is walked in pieces: stretches of time over which the point moves
 * straight at one speed (linear), stays (step), or is known at one instant
 * only.  Everything measured is measured per piece, in a plane: the SRID's own
 * where it is projected, else one tangent to the spheroid beside the piece,
 * whose results are then made exact with geodesics.
 */
#ifndef POINT_H
#define POINT_H

#include "series/series_time.h"

#include "fmgr.h"
#include "lib/stringinfo.h"
#include "nodes/pg_list.h"

/* ---- metres: point_metric.c ---- */

/* how coordinates of an SRID are measured; lives as long as the backend */
typedef struct PointMetric
{
	int32		srid;
	bool		geographic;		/* else the plane's own unit is the result's */
	double		degrees;		/* of a unit of longitude or latitude */
	double		radius;			/* of the ellipsoid's equator, in metres */
	double		flattening;
	double		square;			/* of the eccentricity */
	struct geod_geodesic *geodesic;
} PointMetric;

/* beyond it the tangent plane no longer finds what is near */
#define POINT_MAX_METRES 100000.0

extern const PointMetric *point_metric(int32 srid);
extern List *point_srid_definitions(int32 srid);
extern double point_metres(const PointMetric *metric, const double *p, const double *q, int dims);
extern void point_steps(const PointMetric *metric, const Series *series, int first, int n, double *metres);
extern double point_bearing(const PointMetric *metric, const double *p, const double *q);
extern void point_scale(const PointMetric *metric, double y, double *scale);
extern void point_margin(const PointMetric *metric, double ymin, double ymax, double metres, double *margin);
extern void point_check_metres(const PointMetric *metric, double metres, const char *name);
extern void point_check_same_srid(int32 a, int32 b);

/* ---- PostGIS: point_geometry.c ---- */

extern Oid	point_postgis_schema(void);
extern Datum point_geometry_from_ewkb(StringInfo ewkb);
extern bytea *point_geometry_to_ewkb(Datum geometry);
extern void point_ewkb_head(StringInfo out, int type, int dims, int32 srid);
extern void point_ewkb_coordinates(StringInfo out, const double *p, int dims);
extern Datum point_geometry_of(const double *p, int dims, int32 srid);

/* ---- pieces: point_walk.c ---- */

typedef struct PointPiece
{
	TimestampTz start;
	TimestampTz end;
	bool		open;			/* its end is not part of it (step) */
	int			index;			/* of the instant at or before its start */
	double		p[SERIES_DIMS]; /* where it starts */
	double		q[SERIES_DIMS]; /* where it ends */
} PointPiece;

typedef struct PointWalk
{
	const Series *series;
	int			next;			/* the instant that the next piece starts at */
	int			stop;			/* pieces of instants before this one only */
	TimestampTz from;			/* pieces are cut to this time, both ends included */
	TimestampTz to;
} PointWalk;

extern void point_walk_start(PointWalk *walk, const Series *series, TimestampTz from, TimestampTz to);
extern bool point_walk_next(PointWalk *walk, PointPiece *piece);

/* a part u of the way through a piece */
static inline void
point_place(const PointPiece *piece, double u, double *p)
{
	for (int d = 0; d < SERIES_DIMS; d++)
		p[d] = piece->p[d] + u * (piece->q[d] - piece->p[d]);
}

/* how many parts a piece is cut to, each short enough for a tangent plane */
extern int	point_cuts(const PointMetric *metric, const PointPiece *piece);
extern void point_cut(const PointPiece *piece, int k, int n, PointPiece *part);

/* where two series are known at once, piece by piece, both cut to the time that they share */
typedef struct PointPairWalk
{
	PointWalk	walks[2];
	PointPiece	pieces[2];
	bool		ended;
} PointPairWalk;

extern void point_pair_start(PointPairWalk *pair, const Series *a, const Series *b);
extern void point_pair_restart(PointPairWalk *pair);
extern bool point_pair_next(PointPairWalk *pair, PointPiece *a, PointPiece *b);

static inline void
point_get(const Series *series, int i, double *p)
{
	p[0] = series->v[0][i];
	p[1] = series->v[1][i];
	p[2] = series->dims > 2 ? series->v[2][i] : 0;
}

static inline bool
point_stays(const PointPiece *piece)
{
	return piece->p[0] == piece->q[0] && piece->p[1] == piece->q[1] && piece->p[2] == piece->q[2];
}

/* does a motion lead from instant i to the next? */
static inline bool
point_moves(const Series *series, int i)
{
	return series->interpolation == SERIES_LINEAR && i + 1 < series->n && !series->starts[i + 1];
}

/* ---- reading blocks that matter: point_read.c ---- */

typedef struct PointBox
{
	double		min[2];
	double		max[2];
} PointBox;

static inline bool
point_boxes_meet(const PointBox *a, const PointBox *b, const double *margin)
{
	return a->min[0] - margin[0] <= b->max[0] && b->min[0] - margin[0] <= a->max[0] &&
		a->min[1] - margin[1] <= b->max[1] && b->min[1] - margin[1] <= a->max[1];
}

static inline void
point_box_none(PointBox *box)
{
	box->min[0] = box->min[1] = INFINITY;
	box->max[0] = box->max[1] = -INFINITY;
}

static inline void
point_box_add(PointBox *box, const double *p)
{
	for (int c = 0; c < 2; c++)
	{
		box->min[c] = Min(box->min[c], p[c]);
		box->max[c] = Max(box->max[c], p[c]);
	}
}

extern bool point_get_period(Datum range, TimestampTz *from, TimestampTz *to);
extern Series *point_read_near(SeriesReader *reader, int *block, const PointBox *box, const double *margin);

/* ---- what a moving point is held against: point_target.c ---- */

typedef struct PointEdge
{
	double		a[2];
	double		b[2];			/* as a, where it is a point */
} PointEdge;

typedef struct PointTarget PointTarget;

extern PointTarget *point_target(FunctionCallInfo fcinfo, int arg, bool areas_only);
extern int32 point_target_srid(const PointTarget *target);
extern const PointBox *point_target_box(const PointTarget *target);
extern bool point_target_has_area(const PointTarget *target);
extern bool point_target_covers(const PointTarget *target, const double *p);
extern int	point_target_search(PointTarget *target, const PointBox *box, const double *margin);
extern const PointEdge *point_target_found(const PointTarget *target, int i);
extern double point_target_distance(const PointTarget *target, const PointMetric *metric, const double *p);
extern PointTarget *point_target_of_series(const Series *series);

/* ---- straight motions in a plane: point_kernel.c ---- */

extern double kernel_nearest_on_edge(const double *p, const PointEdge *edge, const double *scale, double *nearest);
extern bool kernel_within(const double *p, const double *q, const PointEdge *edge, const double *scale,
						  double metres, double *u);
extern double kernel_closest(const double *p, const double *q, const PointEdge *edge, const double *scale, double *u);
extern double kernel_closest_pair(const double *d0, const double *d1, const double *scale, int dims);
extern int	kernel_crossings(const double *p, const double *q, const PointEdge *edge, double *u);

/* the instant a part u of the way from start to end */
static inline TimestampTz
point_instant(TimestampTz start, TimestampTz end, double u)
{
	return u <= 0 ? start : u >= 1 ? end : start + (TimestampTz) rint(u * (double) (end - start));
}

/* ---- decoded once for many calls: point_path.c ---- */

#define POINT_RUN 16			/* instants under one box of a path */

/* a series with a box for each POINT_RUN instants, the motion to the next run included */
typedef struct PointPath
{
	Series	   *series;
	int			num_runs;
	PointBox   *runs;
} PointPath;

extern void point_paths(FunctionCallInfo fcinfo, const PointPath **paths);

#endif
