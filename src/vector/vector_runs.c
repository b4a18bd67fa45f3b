/*
 * vector_runs.c
 *	  Which group each row of a decoded block is of, as runs of neighbours.
 *
 * Mostly, every key of a block is constant but a bucket of time, which rises:
 * then constant keys are looked at once, and where a run ends is guessed from
 * the one before it, and bisected.  What was found is remembered for blocks of
 * the same times, see vector_cut.c.  Otherwise each row is compared with the one
 * before it.
 */
#include "territory.h"

#include "vector/vector_join.h"

/* ---- keys ---- */

/* how the keys behave in this block, as headers tell; false where some key has to be looked at on every row */
static bool
begin_keys(VectorState *state)
{
	SealedScan *sealed = state->sealed;
	BlockHeader *header = sealed->reader.header;
	bool		all = true;

	for (int k = 0; k < state->nkeys; k++)
	{
		VectorKey  *key = &state->keys[k];
		ZoneMap		zone;

		key->constant = key->form == KEY_JOINED ||
			(key->form != KEY_ANY && vector_column_is_constant(state, key->column));
		if (key->form == KEY_PLACE)
			key->constant = vector_place_begin_block(state, key) || key->constant;
		key->rising = key->form == KEY_STRETCH && !key->constant && header->ordered[sealed->block] &&
			header->time == key->column && vector_block_zone(state, key->column, &zone) && zone.nulls == 0 &&
			zone.has_values;
		key->here.from = 1;
		key->here.to = 0;
		all = all && (key->constant || key->rising);
		if (key->form == KEY_JOINED)
			state->key_values[k] = vector_join_key(state, k, &state->key_nulls[k]);
	}
	return all;
}

/* a key that the row's column tells; false where it has to be evaluated */
static bool
load_known_key(VectorState *state, int k, int row)
{
	VectorKey  *key = &state->keys[k];
	Datum		value;
	bool		isnull;

	if (key->form == KEY_ANY || key->form == KEY_PURE)
		return false;
	if (key->form == KEY_JOINED)
		return true;			/* begin_keys() put it there */
	if (key->form == KEY_PLACE)
	{
		state->key_values[k] = vector_place_value(key, row, &state->key_nulls[k]);
		return true;
	}
	value = state->sealed->values[key->column - 1][row];
	isnull = state->sealed->nulls[key->column - 1][row];
	if (key->form == KEY_STRETCH)
	{
		if (isnull)
			return false;
		if (DatumGetInt64(value) < key->here.from || DatumGetInt64(value) > key->here.to)
			vector_key_stretch(key, DatumGetInt64(value), &key->here);
		value = key->here.key;
		isnull = key->here.isnull;
	}
	state->key_values[k] = value;
	state->key_nulls[k] = isnull;
	return true;
}

/* the keys of a row into key_values; those that are evaluated come last, since others use the slot for themselves */
static void
load_keys(VectorState *state, int row)
{
	bool		all = true;

	ResetExprContext(state->row_context);
	for (int k = 0; k < state->nkeys; k++)
		all = load_known_key(state, k, row) && all;
	if (all)
		return;
	vector_store_row(state, row);
	for (int k = 0; k < state->nkeys; k++)
	{
		VectorKey  *key = &state->keys[k];

		if (key->form == KEY_ANY || key->form == KEY_PURE ||
			(key->form == KEY_STRETCH && state->sealed->nulls[key->column - 1][row]))
		{
			state->key_values[k] = ExecEvalExprSwitchContext(key->expr, state->row_context, &state->key_nulls[k]);
			state->keys_evaluated++;
		}
	}
}

/* of a row within a block whose other keys are constant, and were loaded with its first row */
static inline void
load_rising_keys(VectorState *state, int row)
{
	for (int k = 0; k < state->nkeys; k++)
		if (state->keys[k].rising)
			load_known_key(state, k, row);
}

/* without a row; false where some constant key is known to rows only */
static bool
load_keys_of_block(VectorState *state)
{
	SealedScan *sealed = state->sealed;
	SummedRows	block = {.entry = sealed->reader.entry, .reader = &sealed->reader, .block = sealed->block};

	for (int k = 0; k < state->nkeys; k++)
	{
		VectorKey  *key = &state->keys[k];
		Datum		value;

		if (key->rising || key->form == KEY_JOINED)
			continue;
		if (key->form == KEY_PLACE && vector_place_is_known(key))
		{
			state->key_values[k] = vector_place_value(key, 0, &state->key_nulls[k]);
			continue;
		}
		if ((key->form != KEY_COLUMN && key->form != KEY_STRETCH) ||
			!vector_one_value(state, &block, key->column, &value))
			return false;
		state->key_nulls[k] = false;
		state->key_values[k] = value;
		if (key->form != KEY_STRETCH)
			continue;
		vector_key_stretch(key, DatumGetInt64(value), &key->here);
		state->key_values[k] = key->here.key;
		state->key_nulls[k] = key->here.isnull;
	}
	return true;
}

/* ---- where a run ends ---- */

/* how many of the taken rows from i on have a value of the rising column in the stretch at hand; guess: about so many */
static int
rows_in_stretch(VectorState *state, const VectorKey *key, int i, int guess)
{
	const BlockRowsTaken *taken = &state->taken;
	const Datum *values = state->sealed->values[key->column - 1];
	int			low = i;		/* in the stretch */
	int			high = taken->n;	/* not in it, or the end */

	if (i + guess < taken->n)
	{
		if (DatumGetInt64(values[taken->rows[i + guess]]) > key->here.to)
			high = i + guess;
		else
			low = i + guess;
		if (low == i && DatumGetInt64(values[taken->rows[i + guess - 1]]) <= key->here.to)
			return guess;
	}
	while (high - low > 1)
	{
		int			middle = low + (high - low) / 2;

		if (DatumGetInt64(values[taken->rows[middle]]) > key->here.to)
			high = middle;
		else
			low = middle;
	}
	return high - i;
}

/* all keys are constant or rise: from one end of a stretch to the next */
static int
run_length(VectorState *state, int i, int guess)
{
	int			n = state->taken.n - i;

	for (int k = 0; k < state->nkeys; k++)
		if (state->keys[k].rising)
			n = Min(n, rows_in_stretch(state, &state->keys[k], i, guess));
	return n;
}

/* does a row have the keys of the one before, as its columns tell at a glance? */
static inline bool
keys_stay(VectorState *state, int before, int row)
{
	for (int k = 0; k < state->nkeys; k++)
	{
		const VectorKey *key = &state->keys[k];
		const Datum *values;
		const bool *nulls;

		if (key->constant)
			continue;
		if (key->form == KEY_ANY)
			return false;
		if (key->form == KEY_PLACE)
		{
			if (!vector_place_stays(key, before, row))
				return false;
			continue;
		}
		values = state->sealed->values[key->column - 1];
		nulls = state->sealed->nulls[key->column - 1];
		if (nulls[row] != nulls[before])
			return false;
		if (nulls[row] || values[row] == values[before])
			continue;
		if (key->form != KEY_STRETCH || DatumGetInt64(values[row]) < key->here.from ||
			DatumGetInt64(values[row]) > key->here.to)
			return false;
	}
	return true;
}

/* as run_length(), where keys may change from row to row */
static int
run_of_same(VectorState *state, int i)
{
	const BlockRowsTaken *taken = &state->taken;
	int			end = i + 1;

	while (end < taken->n && keys_stay(state, taken->rows[end - 1], taken->rows[end]))
		end++;
	return end - i;
}

/* ---- runs ---- */

/* the group of key_values; see vector_find_group() */
static inline VectorGroup *
find_group(VectorState *state, bool *full)
{
	MemoryContext old = MemoryContextSwitchTo(state->row_context->ecxt_per_tuple_memory);
	VectorGroup *group = vector_find_group(state, full);

	MemoryContextSwitchTo(old);
	return group;
}

/*
 * The rows taken, as runs.  Rows whose group is of another pass are dropped.
 * False: the table is full.
 */
static bool
find_runs(VectorState *state, bool jumps)
{
	BlockRowsTaken *taken = &state->taken;
	GroupRun   *runs = taken->own_runs;
	int			nruns = 0;
	int			kept = 0;
	int			guess = 1;
	bool		full = false;

	for (int i = 0, n; i < taken->n; i += n)
	{
		VectorGroup *group;

		if (jumps)
			load_rising_keys(state, taken->rows[i]);
		else
			load_keys(state, taken->rows[i]);
		group = find_group(state, &full);
		if (full)
			return false;
		n = jumps ? run_length(state, i, guess) : run_of_same(state, i);
		guess = n;
		if (group == NULL)
			continue;
		if (kept < i)
			memmove(taken->rows + kept, taken->rows + i, sizeof(int) * n);
		kept += n;
		if (!jumps && nruns > 0 && runs[nruns - 1].group == group)
			runs[nruns - 1].n += n;
		else
			runs[nruns++] = (GroupRun){group, n};
	}
	if (kept < taken->n)
		taken->dense = taken->together = false;
	taken->n = kept;
	taken->nruns = nruns;
	return true;
}

/* the same, where rows are cut as those of a block before, at the same places */
static bool
find_cut_runs(VectorState *state, const RunCut *cut)
{
	BlockRowsTaken *taken = &state->taken;
	MemoryContext old = MemoryContextSwitchTo(state->row_context->ecxt_per_tuple_memory);
	uint32		hashes[BLOCK_MAX_ROWS];
	bool		full = false;
	int			i = 0;

	for (int r = 0; r < cut->nruns; r++)
	{
		vector_cut_load_keys(state, cut, r);
		hashes[r] = vector_announce_group(state);
	}
	for (int r = 0; r < cut->nruns && !full; i = cut->ends[r++])
	{
		vector_cut_load_keys(state, cut, r);
		taken->own_runs[r] = (GroupRun){vector_find_announced(state, hashes[r], &full), cut->ends[r] - i};
	}
	taken->nruns = cut->nruns;
	MemoryContextSwitchTo(old);
	return !full;
}

/* where the groups are known, too, they are not looked up; false: the table is full */
static bool
take_cut(VectorState *state, RunCut *cut)
{
	if (vector_cut_groups(state, cut))
		return true;
	if (!find_cut_runs(state, cut))
		return false;
	vector_cut_keep_groups(state, cut);
	return true;
}

/* false: the table of groups is full */
bool
vector_find_runs(VectorState *state)
{
	BlockRowsTaken *taken = &state->taken;
	bool		jumps = begin_keys(state);
	bool		cuts = false;
	RunCut	   *cut = NULL;

	taken->together = taken->rows[taken->n - 1] - taken->rows[0] == taken->n - 1;
	taken->runs = taken->own_runs;
	ResetExprContext(state->row_context);
	if (jumps && (cuts = vector_cuts_apply(state)) && vector_cuts_even(state) && load_keys_of_block(state))
		cut = vector_cut_find_even(state);
	if (cut)
		return take_cut(state, cut);
	vector_show_keys(state);
	for (int k = 0; k < state->nkeys; k++)
		if (state->keys[k].form == KEY_STRETCH)
			vector_announce_values(state, &state->keys[k]);
		else if (state->keys[k].form == KEY_PLACE)
			vector_place_load(state, &state->keys[k]);
	if (!jumps)
		return find_runs(state, false);
	load_keys(state, taken->rows[0]);
	if (cuts && (cut = vector_cut_find(state)) != NULL)
		return take_cut(state, cut);
	if (!find_runs(state, true))
		return false;
	if (cuts)
		vector_cut_keep(state);
	return true;
}
