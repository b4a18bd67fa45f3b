/*
 * stbox.h
 *	  A box in space and time: ranges of x, y and, it may be, z in an SRID, and
 *	  a range of time; either part may be missing.
 *
 * The idea: two boxes are compared in the dimensions that both have.  A part
 * that a box lacks is not restricted, so a union has the parts only that both
 * have.  Boxes without a common dimension have no relation: every predicate
 * is false of them, and they are infinitely far apart.
 *
 * Invariants of every value, checked wherever one is made or read:
 *	- it has space or time; z only with x and y; min <= max;
 *	- no NaN, no -0.0; a minimum may be -Infinity and a maximum Infinity, where
 *	  the box has no end on that side;
 *	- a range of time is not empty: both ends are included where they are
 *	  equal.  A range without a lower (upper) end includes -infinity
 *	  (infinity), which are instants like others;
 *	- what is missing is 0, so equal boxes have equal bytes.
 */
#ifndef STBOX_H
#define STBOX_H

#include "territory.h"

#include "fmgr.h"
#include "datatype/timestamp.h"

#define STBOX_DIMS 3			/* x, y, z */

/* flags; on disk, never renumber */
#define STBOX_HAS_X			0x01	/* x and y, with an SRID */
#define STBOX_HAS_Z			0x02
#define STBOX_HAS_T			0x04
#define STBOX_TMIN_INCLUDED	0x08
#define STBOX_TMAX_INCLUDED	0x10
#define STBOX_PARTS			(STBOX_HAS_X | STBOX_HAS_Z | STBOX_HAS_T)

/* on disk, 72 bytes, aligned as double */
typedef struct STBox
{
	int32		srid;			/* of x, y, z; 0 says unknown */
	uint32		flags;
	double		min[STBOX_DIMS];
	double		max[STBOX_DIMS];
	TimestampTz tmin;
	TimestampTz tmax;
} STBox;

/* strategies of the index classes, and what stbox_holds() tells; on disk (catalogs), never renumber */
typedef enum STBoxRelation
{
	STBOX_LEFT = 1,				/* <<  */
	STBOX_OVERLEFT = 2,			/* &<  */
	STBOX_OVERLAPS = 3,			/* &&  */
	STBOX_OVERRIGHT = 4,		/* &>  */
	STBOX_RIGHT = 5,			/* >>  */
	STBOX_SAME = 6,				/* ~=  */
	STBOX_CONTAINS = 7,			/* @>  */
	STBOX_CONTAINED = 8,		/* <@  */
	STBOX_OVERBELOW = 9,		/* &<| */
	STBOX_BELOW = 10,			/* <<| */
	STBOX_ABOVE = 11,			/* |>> */
	STBOX_OVERABOVE = 12,		/* |&> */
	STBOX_DISTANCE = 15,		/* <-> */
	STBOX_ADJACENT = 17,		/* -|- */
	STBOX_EQUAL = 18,			/* =   */
	STBOX_BEFORE = 28,			/* <<# */
	STBOX_OVERBEFORE = 29,		/* &<# */
	STBOX_AFTER = 30,			/* #>> */
	STBOX_OVERAFTER = 31,		/* #&> */
	STBOX_FRONT = 32,			/* <</ */
	STBOX_OVERFRONT = 33,		/* &</ */
	STBOX_BACK = 34,			/* />> */
	STBOX_OVERBACK = 35,		/* /&> */
} STBoxRelation;

#define DatumGetSTBox(datum) ((STBox *) DatumGetPointer(datum))
#define STBoxGetDatum(box) PointerGetDatum(box)
#define PG_GETARG_STBOX(i) DatumGetSTBox(PG_GETARG_DATUM(i))
#define PG_RETURN_STBOX(box) PG_RETURN_POINTER(box)

static inline bool
stbox_has(const STBox *box, uint32 parts)
{
	return (box->flags & parts) == parts;
}

static inline int
stbox_dims(const STBox *box)
{
	return box->flags & STBOX_HAS_Z ? 3 : box->flags & STBOX_HAS_X ? 2 : 0;
}

/*
 * Ends of ranges of time, compared as ranges compare them: what is below 0 lies
 * before.  A lower end that is not included lies after its instant, an upper
 * one before.
 */
static inline int
stbox_cmp_lower(const STBox *a, const STBox *b)
{
	if (a->tmin != b->tmin)
		return a->tmin < b->tmin ? -1 : 1;
	return (int) !(a->flags & STBOX_TMIN_INCLUDED) - (int) !(b->flags & STBOX_TMIN_INCLUDED);
}

static inline int
stbox_cmp_upper(const STBox *a, const STBox *b)
{
	if (a->tmax != b->tmax)
		return a->tmax < b->tmax ? -1 : 1;
	return (int) !(b->flags & STBOX_TMAX_INCLUDED) - (int) !(a->flags & STBOX_TMAX_INCLUDED);
}

/* does a end before b begins, with no instant in common? */
static inline bool
stbox_ends_before(const STBox *a, const STBox *b)
{
	return a->tmax < b->tmin ||
		(a->tmax == b->tmin && !((a->flags & STBOX_TMAX_INCLUDED) && (b->flags & STBOX_TMIN_INCLUDED)));
}

/* stbox.c: making; a part is added to a box whose flags say that it is missing; errors for users */
extern void stbox_init(STBox *box);
extern void stbox_set_space(STBox *box, int32 srid, int dims, const double *min, const double *max);
extern void stbox_set_time(STBox *box, TimestampTz tmin, bool tmin_included, TimestampTz tmax, bool tmax_included);
extern bool stbox_set_period(STBox *box, Datum tstzrange);	/* false: it is empty */
extern Datum stbox_period(const STBox *box);	/* a tstzrange; the box has time */
extern STBox *stbox_copy(const STBox *box);

/* stbox.c: relations; SQLSTATE 22023 where SRIDs differ */
extern void stbox_check_srid(const STBox *a, const STBox *b);
extern bool stbox_holds(STBoxRelation relation, const STBox *a, const STBox *b);
extern double stbox_distance(const STBox *a, const STBox *b);
extern int	stbox_cmp(const STBox *a, const STBox *b);

/* stbox.c: new boxes */
extern void stbox_add(STBox *box, const STBox *other);	/* box becomes the union */
extern bool stbox_intersect(STBox *box, const STBox *other);	/* box becomes the intersection; false: there is none */
extern void stbox_expand(STBox *box, double metres, int64 microseconds);	/* never less than what is that near */

static inline bool
stbox_intersects(const STBox *a, const STBox *b)
{
	return stbox_holds(STBOX_OVERLAPS, a, b);
}

static inline bool
stbox_contains(const STBox *a, const STBox *b)
{
	return stbox_holds(STBOX_CONTAINS, a, b);
}

/* stbox_operators.c */
extern STBoxRelation stbox_relation(Oid function);

/* stbox_geometry.c */
extern bool stbox_set_geometry(STBox *box, Datum geometry);	/* false: it is empty */
extern Datum stbox_geometry(const STBox *box);	/* its rectangle, or what that shrinks to; the box has space */

#endif
