/*
 * state_when.c
 *	  When a state series is in a state, or in one of several.
 */
#include "territory.h"

#include "catalog/pg_collation.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "series/series_time.h"

/* which of the series' states are wanted */
static bool *
wanted_states(const Series *series, ArrayType *states)
{
	bool	   *wanted = palloc0(sizeof(bool) * Max(series->num_states, 1));
	Datum	   *values;
	bool	   *nulls;
	int			n;

	deconstruct_array(states, TEXTOID, -1, false, TYPALIGN_INT, &values, &nulls, &n);
	for (int v = 0; v < n; v++)
		for (int s = 0; !nulls[v] && s < series->num_states; s++)
			if (DatumGetBool(DirectFunctionCall2Coll(texteq, C_COLLATION_OID, values[v],
													 PointerGetDatum(series->states[s]))))
				wanted[s] = true;
	return wanted;
}

PG_FUNCTION_INFO_V1(territory_state_when_state);
Datum
territory_state_when_state(PG_FUNCTION_ARGS)
{
	Series	   *series = series_decode(PG_GETARG_DATUM(0));
	bool	   *wanted = wanted_states(series, PG_GETARG_ARRAYTYPE_P(1));
	PeriodSet  *set = periods_new();

	for (int i = 0; i < series->n; i++)
		if (wanted[series->codes[i]])
		{
			bool		goes_on = series_goes_on(series, i);

			periods_add(set, series->t[i], true, goes_on ? series->t[i + 1] : series->t[i], !goes_on);
		}
	return periods_multirange(set);
}
