/*
 * vector_block.c
 *	  The rows of a decoded block: which pass, of which group each is, and then
 *	  one aggregate after the other.
 *
 * Comparisons of a column with a value are made on its zone keys, where these
 * tell all that the comparison asks; other quals are core's expressions on one
 * row after the other, and so are keys that are not columns.
 */
#include "territory.h"

#include "codec/codec_summary.h"
#include "vector/vector_join.h"

/* the cursor's row, in the slot: only columns that are needed, the others stay null */
void
vector_store_row(VectorState *state, int row)
{
	SealedScan *sealed = state->sealed;
	TupleTableSlot *slot = state->sealed_slot;

	ExecClearTuple(slot);
	for (int i = 0; i < state->ncolumns; i++)
	{
		int			a = state->columns[i] - 1;

		slot->tts_values[a] = sealed->values[a][row];
		slot->tts_isnull[a] = sealed->nulls[a][row];
	}
	ExecStoreVirtualTuple(slot);
	ResetExprContext(state->row_context);
	state->row_context->ecxt_scantuple = slot;
}

/* ---- quals ---- */

static bool
satisfies(int64 value, const PruneKey *key)
{
	switch (key->strategy)
	{
		case BTLessStrategyNumber:
			return value < key->key;
		case BTLessEqualStrategyNumber:
			return value <= key->key;
		case BTEqualStrategyNumber:
			return value == key->key;
		case BTGreaterEqualStrategyNumber:
			return value >= key->key;
		default:
			return value > key->key;
	}
}

static void
filter_by_key(VectorState *state, const PruneKey *key, BlockRowsTaken *taken)
{
	const Datum *values = state->sealed->values[key->attno - 1];
	const bool *nulls = state->sealed->nulls[key->attno - 1];
	int			n = 0;

	for (int i = 0; i < taken->n; i++)
	{
		int			row = taken->rows[i];

		if (!nulls[row] && satisfies(column_zone_key(key->zone, values[row]), key))
			taken->rows[n++] = row;
	}
	taken->n = n;
}

static void
filter_by_expressions(VectorState *state, BlockRowsTaken *taken)
{
	int			n = 0;

	for (int i = 0; i < taken->n; i++)
	{
		vector_store_row(state, taken->rows[i]);
		if (ExecQual(state->quals, state->row_context))
			taken->rows[n++] = taken->rows[i];
	}
	taken->n = n;
}

/* do the zone keys of a column, as the table has it now, decide every qual? */
static bool
keys_decide(VectorState *state)
{
	if (state->nprune_keys != state->nquals)
		return false;
	for (int k = 0; k < state->nprune_keys; k++)
		if (!state->prune_keys[k].decides || state->prune_keys[k].is_null_test || state->prune_keys[k].nkeys > 0)
			return false;
	return true;
}

static void
filter_rows(VectorState *state, BlockRowsTaken *taken)
{
	int			before = taken->n;

	if (state->quals == NULL)
		return;
	if (keys_decide(state))
		for (int k = 0; k < state->nprune_keys; k++)
			filter_by_key(state, &state->prune_keys[k], taken);
	else
		filter_by_expressions(state, taken);
	InstrCountFiltered2(&state->custom, before - taken->n);
}

/* ---- groups ---- */

/*
 * A key that starts at this value of its column, and where it ends as far as a
 * few tries tell: what is the same at both ends of a range is so in between.
 */
static void
start_run(VectorState *state, int k, KeyRun *run, int64 value, Datum key)
{
	int64		width = run->known && value > run->from ? value - run->from : run->last - value + 1;

	run->known = true;
	run->from = run->to = value;
	run->key = key;
	for (int tries = 0; tries < 4 && width > 1; tries++, width /= 2)
	{
		int64		end = Min(value + width - 1, run->last);
		bool		isnull;

		if (end > value && vector_key_at(state, k, Int64GetDatum(end), &isnull) == key && !isnull)
		{
			run->to = end;
			break;
		}
	}
}

/* a key that rises with its column, evaluated only where it is not known yet */
static Datum
rising_key(VectorState *state, int k, int64 value, bool *isnull)
{
	KeyRun	   *run = &state->key_runs[k];
	Datum		key;

	*isnull = false;
	if (run->known && value >= run->from && value <= run->to)
		return run->key;
	ResetExprContext(state->row_context);
	key = vector_key_at(state, k, Int64GetDatum(value), isnull);
	if (*isnull)
		return key;
	if (run->known && key == run->key)
	{
		run->from = Min(run->from, value);
		run->to = Max(run->to, value);
	}
	else
		start_run(state, k, run, value, key);
	return key;
}

/* what the row alone tells, before expressions take the slot */
static bool
load_known_keys(VectorState *state, int row)
{
	TupleTableSlot *slot = state->key_slot;
	bool		all = true;

	for (int k = 0; k < state->nkeys; k++)
	{
		int			source = state->key_sources[k] - 1;

		if (state->key_forms[k] == KEY_COLUMN)
		{
			slot->tts_values[k] = state->sealed->values[source][row];
			slot->tts_isnull[k] = state->sealed->nulls[source][row];
		}
		else if (state->key_forms[k] == KEY_JOINED)
			slot->tts_values[k] = vector_join_key(state, k, &slot->tts_isnull[k]);
		else if (state->key_runs[k].rises)
			slot->tts_values[k] = rising_key(state, k, DatumGetInt64(state->sealed->values[source][row]),
											 &slot->tts_isnull[k]);
		else
			all = false;
	}
	return all;
}

static void
load_keys(VectorState *state, int row)
{
	TupleTableSlot *slot = state->key_slot;

	ExecClearTuple(slot);
	if (!load_known_keys(state, row))
	{
		vector_store_row(state, row);
		for (int k = 0; k < state->nkeys; k++)
			if (state->key_forms[k] != KEY_COLUMN && state->key_forms[k] != KEY_JOINED && !state->key_runs[k].rises)
				slot->tts_values[k] = ExecEvalExprSwitchContext(state->keys[k], state->row_context,
																&slot->tts_isnull[k]);
	}
	ExecStoreVirtualTuple(slot);
}

/* the group of each row; rows whose group is of another pass are dropped.  False: the table is full. */
static bool
find_groups(VectorState *state, BlockRowsTaken *taken)
{
	int			n = 0;
	bool		full = false;

	for (int i = 0; i < taken->n; i++)
	{
		AggregateValue *group = state->ungrouped;

		if (state->nkeys > 0)
		{
			load_keys(state, taken->rows[i]);
			group = vector_find_group(state, &full);
		}
		if (full)
			return false;
		if (group == NULL)
			continue;
		taken->rows[n] = taken->rows[i];
		taken->groups[n++] = group;
	}
	taken->n = n;
	return true;
}

/* ---- aggregates ---- */

/* by their transition functions: those without a kernel */
static void
advance_rows(VectorState *state, const BlockRowsTaken *taken)
{
	for (int i = 0; i < taken->n; i++)
	{
		MemoryContext old;

		vector_store_row(state, taken->rows[i]);
		old = MemoryContextSwitchTo(state->row_context->ecxt_per_tuple_memory);
		for (int a = 0; a < state->naggregates; a++)
			if (state->aggregates[a].use == SUMMARY_USELESS)
				vector_aggregate_advance(state, &state->aggregates[a], &taken->groups[i][a], state->sealed_slot);
		MemoryContextSwitchTo(old);
	}
}

/* rows that passed, each joined with the row at hand if there is a join; false: the table of groups is full */
bool
vector_take_passed(VectorState *state, BlockRowsTaken *taken)
{
	bool		others = false;

	vector_runs_begin(state);
	if (!find_groups(state, taken))
		return false;
	for (int a = 0; a < state->naggregates; a++)
		others = !vector_kernel(state, a, taken) || others;
	if (others)
		advance_rows(state, taken);
	return true;
}

/* the block that the cursor stands at; false: the table of groups is full */
bool
vector_take_block(VectorState *state)
{
	SealedScan *sealed = state->sealed;
	BlockRowsTaken *taken = &state->taken;

	sealed_scan_open_block(sealed);
	taken->n = 0;
	while (sealed_scan_next_in_block(sealed))
		taken->rows[taken->n++] = sealed->row;
	filter_rows(state, taken);
	if (taken->n == 0)
		return true;
	return state->join ? vector_join_take_rows(state, taken) : vector_take_passed(state, taken);
}
