/*
 * stbox_extent.c
 *	  The aggregate extent(): the smallest box around all rows.
 *
 * The state is a box, without any part until the first row.
 */
#include "territory.h"

#include "utils/timestamp.h"

#include "spacetime/stbox.h"

/* the state, made at the first call; NULL where that has nothing to add */
static STBox *
get_state(FunctionCallInfo fcinfo, bool *first)
{
	MemoryContext context;

	if (!AggCheckCallContext(fcinfo, &context))
		elog(ERROR, "an aggregate's function was called as if it were another");
	*first = PG_ARGISNULL(0);
	return *first ? MemoryContextAllocZero(context, sizeof(STBox)) : (STBox *) PG_GETARG_POINTER(0);
}

static Datum
keep(FunctionCallInfo fcinfo, const STBox *box)
{
	bool		first;
	STBox	   *state = get_state(fcinfo, &first);

	if (first)
		*state = *box;
	else
		stbox_add(state, box);
	PG_RETURN_POINTER(state);
}

static Datum
as_before(FunctionCallInfo fcinfo)
{
	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	PG_RETURN_DATUM(PG_GETARG_DATUM(0));
}

/* a state and a box, or two states */
PG_FUNCTION_INFO_V1(territory_stbox_extent_add);
Datum
territory_stbox_extent_add(PG_FUNCTION_ARGS)
{
	if (PG_ARGISNULL(1))
		return as_before(fcinfo);
	return keep(fcinfo, PG_GETARG_STBOX(1));
}

PG_FUNCTION_INFO_V1(territory_stbox_extent_add_place);
Datum
territory_stbox_extent_add_place(PG_FUNCTION_ARGS)
{
	STBox		box;

	stbox_init(&box);
	if (PG_ARGISNULL(1) || PG_ARGISNULL(2) || !stbox_set_geometry(&box, PG_GETARG_DATUM(1)))
		return as_before(fcinfo);
	stbox_set_time(&box, PG_GETARG_TIMESTAMPTZ(2), true, PG_GETARG_TIMESTAMPTZ(2), true);
	return keep(fcinfo, &box);
}

PG_FUNCTION_INFO_V1(territory_stbox_extent_serial);
Datum
territory_stbox_extent_serial(PG_FUNCTION_ARGS)
{
	bytea	   *bytes = palloc(VARHDRSZ + sizeof(STBox));

	SET_VARSIZE(bytes, VARHDRSZ + sizeof(STBox));
	memcpy(VARDATA(bytes), PG_GETARG_POINTER(0), sizeof(STBox));
	PG_RETURN_BYTEA_P(bytes);
}

/* only ever of what another worker of this server wrote */
PG_FUNCTION_INFO_V1(territory_stbox_extent_deserial);
Datum
territory_stbox_extent_deserial(PG_FUNCTION_ARGS)
{
	bytea	   *bytes = PG_GETARG_BYTEA_PP(0);
	STBox	   *state = palloc(sizeof(STBox));

	if (VARSIZE_ANY_EXHDR(bytes) != sizeof(STBox))
		elog(ERROR, "malformed state of extent()");
	memcpy(state, VARDATA_ANY(bytes), sizeof(STBox));
	PG_RETURN_POINTER(state);
}

PG_FUNCTION_INFO_V1(territory_stbox_extent);
Datum
territory_stbox_extent(PG_FUNCTION_ARGS)
{
	PG_RETURN_STBOX(stbox_copy(PG_GETARG_STBOX(0)));
}
