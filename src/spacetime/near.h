/*
 * near.h
 *	  near(): what the functions, their planning and the join by them share.
 */
#ifndef NEAR_H
#define NEAR_H

#include "postgres.h"

#include "fmgr.h"
#include "nodes/pathnodes.h"
#include "utils/timestamp.h"

#include "series/point.h"

/* ---- near.c ---- */

/* what is known of a geometry without asking PostGIS */
typedef struct NearShape
{
	int32		srid;
	bool		is_point;		/* one, of finite coordinates: min */
	bool		is_empty;
	bool		is_bounded;		/* min and max hold it */
	double		min[2];
	double		max[2];
} NearShape;

/* functions of PostGIS, looked up when first needed */
typedef struct NearCalls
{
	FmgrInfo	plane;			/* ST_DWithin(geometry, geometry, metres) */
	FmgrInfo	to_geography;
	FmgrInfo	spheroid;		/* ST_DWithin(geography, geography, metres, true) */
	bool		found;
} NearCalls;

/* how far apart in time: microseconds; below 0 nothing is near, not even itself */
typedef struct NearSpan
{
	bool		nothing;
	uint64		most;
} NearSpan;

extern void near_shape(Datum geometry, NearShape *shape);
extern void near_bounds(const NearShape *shape, double metres, double *min, double *max);
extern bool near_on_earth(const NearShape *shape);
extern bool near_points_decided(const NearShape *a, const NearShape *b, double metres, bool *near);
extern void near_check_metres(double metres);
extern bool near_shapes_near(const NearShape *a, Datum geom_a, const NearShape *b, Datum geom_b, double metres,
							 NearCalls *calls, MemoryContext context);
extern NearSpan near_span(const Interval *within);
extern TimestampTz near_earliest(TimestampTz t, NearSpan span);
extern TimestampTz near_latest(TimestampTz t, NearSpan span);

/* ---- near_support.c ---- */

typedef enum NearKind
{
	NEAR_NEITHER,
	NEAR_IN_SPACE,
	NEAR_IN_TIME,
} NearKind;

extern NearKind near_kind(Node *clause);

/* ---- near_selectivity.c ---- */

extern double near_space_selectivity(PlannerInfo *root, List *args, int varrelid);
extern double near_time_selectivity(PlannerInfo *root, List *args, int varrelid);

extern bool near_enable_join;
extern void near_init(void);

#endif
