/*
 * atlas_box.c
 *	  The boxes that the atlas keeps: degrees and instants.
 *
 * What has no known place lies off the map, at a longitude that there is none
 * of; who asks about a place asks about that one besides.
 *
 * A column of type timestamp or date tells instants only in a session's time
 * zone: its box holds them for every zone.
 */
#include "territory.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "utils/date.h"
#include "utils/lsyscache.h"

#include "segment/column.h"
#include "segment/point.h"
#include "spacetime/atlas.h"

static void
clean(double *values, int n)
{
	for (int i = 0; i < n; i++)
		values[i] += 0.0;		/* -0 */
}

/* place NULL: off the map where the SRID is the atlas', else no place at all */
void
atlas_box_make(STBox *box, int32 srid, const double *place, TimestampTz from, TimestampTz to)
{
	double		corners[4] = {ATLAS_OFF_THE_MAP, ATLAS_OFF_THE_MAP, ATLAS_OFF_THE_MAP, ATLAS_OFF_THE_MAP};

	stbox_init(box);
	if (place)
		memcpy(corners, place, sizeof corners);
	clean(corners, 4);
	if (place || srid == ATLAS_SRID)
		stbox_set_space(box, srid, 2, corners, corners + 2);
	stbox_set_time(box, from, true, to, true);
}

static TimestampTz
shift(TimestampTz time, int64 by)
{
	return TIMESTAMP_NOT_FINITE(time) ? time : time + by;
}

/* of values as they are stored; place NULL: anywhere */
void
atlas_box_of_place(STBox *box, int32 srid, const double *place, Oid time_type, TimestampTz from, TimestampTz to)
{
	double		world[4];

	if (OidIsValid(time_type) && time_type != TIMESTAMPTZOID)
	{
		from = shift(from, -USECS_PER_DAY);
		to = shift(to, USECS_PER_DAY);
	}
	atlas_box_make(box, ATLAS_SRID, place && atlas_box_to_world(srid, place, world) ? world : NULL, from, to);
}

/* the base type of a time column, or InvalidOid where there is none */
Oid
atlas_time_type(Relation rel, AttrNumber time)
{
	return time == InvalidAttrNumber ? InvalidOid : getBaseType(TupleDescAttr(RelationGetDescr(rel), time - 1)->atttypid);
}

/* as microseconds that compare as the values do */
TimestampTz
atlas_time(Oid type, Datum value)
{
	int			overflow;

	if (type == DATEOID)
		return date2timestamp_opt_overflow(DatumGetDateADT(value), &overflow);
	return DatumGetTimestampTz(value);
}

/* false where its box is not known */
bool
atlas_geometry_box(Datum geometry, int32 *srid, double *box)
{
	struct varlena *plain = PG_DETOAST_DATUM_PACKED(geometry);
	ColumnType	type = {.kind = COLUMN_POINT, .len = -1, .align = TYPALIGN_DOUBLE};

	*srid = VARSIZE_ANY_EXHDR(plain) >= POINT_HEADER ? geometry_srid(VARDATA_ANY(plain)) : 0;
	return column_geometry_box(&type, PointerGetDatum(plain), box) && !isnan(box[0]) && !isnan(box[1]) &&
		!isnan(box[2]) && !isnan(box[3]);
}

/* at any time */
void
atlas_entity_box(Datum geometry, STBox *box)
{
	int32		srid;
	double		place[4];
	bool		known = atlas_geometry_box(geometry, &srid, place);

	atlas_box_of_place(box, srid, known ? place : NULL, InvalidOid, DT_NOBEGIN, DT_NOEND);
}
