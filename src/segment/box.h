/*
 * box.h
 *	  Boxes of geometries, compared as PostGIS's operators compare them.
 */
#ifndef BOX_H
#define BOX_H

#include "territory.h"
#include "fmgr.h"

/* column op value, both as boxes */
typedef enum BoxTest
{
	BOX_OVERLAPS = 1,			/* && */
	BOX_CONTAINS,				/* ~ */
	BOX_WITHIN,					/* @ */
} BoxTest;

typedef struct BoxKey
{
	BoxTest		test;
	bool		never;			/* the value is empty: nothing passes */
	float		box[4];			/* of the value: xmin, ymin, xmax, ymax; finite */
	double		low[2];			/* a point passes strictly between these ... */
	double		high[2];		/* ... NaN: there is no such limit */
	int32		srid;			/* of the value, where rows of another have to pass; else -1 */
	FmgrInfo   *function;		/* the operator's, for what boxes do not tell; NULL: that passes */
	Datum		value;
} BoxKey;

extern void box_round_outwards(const double *corners, float *box);
extern bool box_key_init(BoxKey *key, BoxTest test, const char *bytes, size_t len);
extern bool box_key_excludes(const BoxKey *key, const float *box);
extern bool box_key_holds(const BoxKey *key, const float *box);
extern bool box_key_passes_value(const BoxKey *key, Datum value);
extern bool box_key_mask_points(const BoxKey *key, const double *x, const double *y, int n, uint8 *out);

#endif
