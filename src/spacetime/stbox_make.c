/*
 * stbox_make.c
 *	  Boxes of geometries, periods and series, and what a box is made of.
 *
 * What is nowhere or never (an empty geometry, an empty period) has no box:
 * NULL.
 */
#include "territory.h"

#include <math.h>

#include "utils/timestamp.h"

#include "series/point.h"
#include "spacetime/stbox.h"

static STBox *
new_box(void)
{
	return palloc0(sizeof(STBox));
}

PG_FUNCTION_INFO_V1(territory_stbox_of_geometry);
Datum
territory_stbox_of_geometry(PG_FUNCTION_ARGS)
{
	STBox	   *box = new_box();

	if (!stbox_set_geometry(box, PG_GETARG_DATUM(0)))
		PG_RETURN_NULL();
	PG_RETURN_STBOX(box);
}

PG_FUNCTION_INFO_V1(territory_stbox_of_period);
Datum
territory_stbox_of_period(PG_FUNCTION_ARGS)
{
	STBox	   *box = new_box();

	if (!stbox_set_period(box, PG_GETARG_DATUM(0)))
		PG_RETURN_NULL();
	PG_RETURN_STBOX(box);
}

PG_FUNCTION_INFO_V1(territory_stbox_of_geometry_period);
Datum
territory_stbox_of_geometry_period(PG_FUNCTION_ARGS)
{
	STBox	   *box = new_box();

	if (!stbox_set_geometry(box, PG_GETARG_DATUM(0)) || !stbox_set_period(box, PG_GETARG_DATUM(1)))
		PG_RETURN_NULL();
	PG_RETURN_STBOX(box);
}

PG_FUNCTION_INFO_V1(territory_stbox_of_geometry_instant);
Datum
territory_stbox_of_geometry_instant(PG_FUNCTION_ARGS)
{
	STBox	   *box = new_box();
	TimestampTz t = PG_GETARG_TIMESTAMPTZ(1);

	if (!stbox_set_geometry(box, PG_GETARG_DATUM(0)))
		PG_RETURN_NULL();
	stbox_set_time(box, t, true, t, true);
	PG_RETURN_STBOX(box);
}

/* ---- of series: their headers are read only ---- */

static Datum
of_series(FunctionCallInfo fcinfo, SeriesKind kind)
{
	STBox	   *box = new_box();
	SeriesReader *reader = series_open(PG_GETARG_DATUM(0), kind);

	stbox_set_time(box, reader->start, true, reader->end, true);
	if (kind == SERIES_POINT)
	{
		double		min[STBOX_DIMS] = {INFINITY, INFINITY, INFINITY},
					max[STBOX_DIMS] = {-INFINITY, -INFINITY, -INFINITY};

		for (int b = 0; b < reader->num_blocks; b++)
			for (int d = 0; d < reader->dims; d++)
			{
				min[d] = Min(min[d], reader->blocks[b].min[d]);
				max[d] = Max(max[d], reader->blocks[b].max[d]);
			}
		stbox_set_space(box, reader->srid, reader->dims, min, max);
	}
	PG_RETURN_STBOX(box);
}

PG_FUNCTION_INFO_V1(territory_stbox_of_float_series);
Datum
territory_stbox_of_float_series(PG_FUNCTION_ARGS)
{
	return of_series(fcinfo, SERIES_FLOAT);
}

PG_FUNCTION_INFO_V1(territory_stbox_of_state_series);
Datum
territory_stbox_of_state_series(PG_FUNCTION_ARGS)
{
	return of_series(fcinfo, SERIES_STATE);
}

PG_FUNCTION_INFO_V1(territory_stbox_of_point_series);
Datum
territory_stbox_of_point_series(PG_FUNCTION_ARGS)
{
	return of_series(fcinfo, SERIES_POINT);
}

/* ---- what a box is made of ---- */

static Datum
coordinate(FunctionCallInfo fcinfo, int d, bool max)
{
	const STBox *box = PG_GETARG_STBOX(0);

	if (stbox_dims(box) <= d)
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(max ? box->max[d] : box->min[d]);
}

#define COORDINATE(name, d, max) \
	PG_FUNCTION_INFO_V1(name); \
	Datum \
	name(PG_FUNCTION_ARGS) \
	{ \
		return coordinate(fcinfo, d, max); \
	} \
	extern Datum name(PG_FUNCTION_ARGS)

COORDINATE(territory_stbox_x_min, 0, false);
COORDINATE(territory_stbox_x_max, 0, true);
COORDINATE(territory_stbox_y_min, 1, false);
COORDINATE(territory_stbox_y_max, 1, true);
COORDINATE(territory_stbox_z_min, 2, false);
COORDINATE(territory_stbox_z_max, 2, true);

PG_FUNCTION_INFO_V1(territory_stbox_t_min);
Datum
territory_stbox_t_min(PG_FUNCTION_ARGS)
{
	const STBox *box = PG_GETARG_STBOX(0);

	if (!stbox_has(box, STBOX_HAS_T))
		PG_RETURN_NULL();
	PG_RETURN_TIMESTAMPTZ(box->tmin);
}

PG_FUNCTION_INFO_V1(territory_stbox_t_max);
Datum
territory_stbox_t_max(PG_FUNCTION_ARGS)
{
	const STBox *box = PG_GETARG_STBOX(0);

	if (!stbox_has(box, STBOX_HAS_T))
		PG_RETURN_NULL();
	PG_RETURN_TIMESTAMPTZ(box->tmax);
}

PG_FUNCTION_INFO_V1(territory_stbox_srid);
Datum
territory_stbox_srid(PG_FUNCTION_ARGS)
{
	const STBox *box = PG_GETARG_STBOX(0);

	if (!stbox_has(box, STBOX_HAS_X))
		PG_RETURN_NULL();
	PG_RETURN_INT32(box->srid);
}

PG_FUNCTION_INFO_V1(territory_stbox_time_span);
Datum
territory_stbox_time_span(PG_FUNCTION_ARGS)
{
	const STBox *box = PG_GETARG_STBOX(0);

	if (!stbox_has(box, STBOX_HAS_T))
		PG_RETURN_NULL();
	PG_RETURN_DATUM(stbox_period(box));
}

PG_FUNCTION_INFO_V1(territory_stbox_as_geometry);
Datum
territory_stbox_as_geometry(PG_FUNCTION_ARGS)
{
	const STBox *box = PG_GETARG_STBOX(0);

	if (!stbox_has(box, STBOX_HAS_X))
		PG_RETURN_NULL();
	PG_RETURN_DATUM(stbox_geometry(box));
}

/* ---- larger ---- */

PG_FUNCTION_INFO_V1(territory_stbox_expand);
Datum
territory_stbox_expand(PG_FUNCTION_ARGS)
{
	STBox	   *box = stbox_copy(PG_GETARG_STBOX(0));
	const Interval *duration = PG_GETARG_INTERVAL_P(2);
	double		length = duration->day * (double) USECS_PER_DAY + duration->time;

	if (duration->month != 0)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("duration cannot have months or years"),
						errhint("Their length is not fixed: give days (of 24 hours), hours or smaller units.")));
	/* beyond all of time in any case */
	stbox_expand(box, PG_GETARG_FLOAT8(1), (int64) Max(Min(length, 9e18), -9e18));
	PG_RETURN_STBOX(box);
}
