/*
 * vector_qual.c
 *	  Conditions that hold, or fail, for whole stretches of a column's values.
 *
 * t::date = '2026-03-29' is the same for all of a day: it is asked once for the
 * day, not for each row, and not at all of the rows of a block that is of one
 * day.  These conditions are evaluated after all others, so none is taken that
 * has to hide rows from a function that could tell of them, or fail for them.
 */
#include "territory.h"

#include "nodes/nodeFuncs.h"
#include "optimizer/clauses.h"

#include "vector/vector.h"

/* does a condition, which is no comparison of the column itself, hold for stretches of one? */
bool
vector_qual_is_stretch(Expr *qual, Index relid)
{
	AttrNumber	column;
	List	   *spec;
	Node	   *value;

	return !scan_prune_spec(NULL, relid, (Node *) qual, &spec, &value) &&
		vector_key_form((Node *) qual, &column) == KEY_STRETCH;
}

/* takes those that it can decide, and gives the others, in their order */
List *
vector_quals_begin(VectorState *state, List *quals, Index relid)
{
	List	   *others = NIL;
	List	   *ours = NIL;
	ListCell   *lc;

	for (int i = list_length(quals) - 1; i >= 0; i--)
	{
		Expr	   *qual = list_nth(quals, i);

		if (vector_qual_is_stretch(qual, relid) && !contain_leaked_vars((Node *) others))
			ours = lcons(qual, ours);
		else
			others = lcons(qual, others);
	}
	state->stretch_quals = palloc0(sizeof(VectorKey) * Max(list_length(ours), 1));
	foreach(lc, ours)
		vector_key_begin(state, &state->stretch_quals[state->nstretch_quals++], lfirst(lc));
	return others;
}

/* ---- rows of a decoded block ---- */

static bool
holds_at(VectorState *state, VectorKey *qual, int row)
{
	Datum		result;
	bool		isnull;

	if (state->sealed->nulls[qual->column - 1][row])
	{
		vector_store_row(state, row);
		result = ExecEvalExprSwitchContext(qual->expr, state->row_context, &isnull);
		return !isnull && DatumGetBool(result);
	}
	result = state->sealed->values[qual->column - 1][row];
	if (DatumGetInt64(result) < qual->here.from || DatumGetInt64(result) > qual->here.to)
		vector_key_stretch(qual, DatumGetInt64(result), &qual->here);
	return !qual->here.isnull && DatumGetBool(qual->here.key);
}

/* leaves those for which every condition holds */
void
vector_quals_filter(VectorState *state, BlockRowsTaken *taken)
{
	int			before = taken->n;

	for (int q = 0; q < state->nstretch_quals; q++)
	{
		VectorKey  *qual = &state->stretch_quals[q];
		int			n = 0;

		qual->rising = false;
		qual->here.from = 1;
		qual->here.to = 0;
		vector_announce_values(state, qual);
		for (int i = 0; i < taken->n; i++)
			if (holds_at(state, qual, taken->rows[i]))
				taken->rows[n++] = taken->rows[i];
		taken->n = n;
	}
	InstrCountFiltered2(&state->custom, before - taken->n);
}

/* ---- rows that are alive and pass all other conditions, as their zone maps tell of them ---- */

QualsAnswer
vector_quals_judge(VectorState *state, SummedRows *rows)
{
	QualsAnswer answer = QUALS_HOLD;

	for (int q = 0; q < state->nstretch_quals && answer != QUALS_FAIL; q++)
	{
		VectorKey  *qual = &state->stretch_quals[q];
		ZoneMap		zone;
		Datum		result;
		bool		isnull;

		if (!vector_full_zone(state, rows, qual->column, &zone) ||
			!vector_key_between(qual, zone.min, zone.max, &result, &isnull))
			return QUALS_UNKNOWN;
		if (isnull || !DatumGetBool(result))
			answer = QUALS_FAIL;
	}
	return answer;
}
