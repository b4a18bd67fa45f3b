/*
 * vector_block.c
 *	  The rows of a decoded block: which pass, of which group each is, and then
 *	  one aggregate after the other.
 *
 * Quals are evaluated on vectors as the block is opened, as far as scan_filter.c
 * can; others are core's expressions on one row after the other, and so are keys
 * that are not columns.
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

/* the quals that vectors do not decide */
static void
filter_rows(VectorState *state, BlockRowsTaken *taken)
{
	ExprState  *rest = state->filter ? scan_filter_rest(state->filter) : NULL;
	int			n = 0;

	if (rest == NULL)
		return;
	for (int i = 0; i < taken->n; i++)
	{
		vector_store_row(state, taken->rows[i]);
		if (ExecQual(rest, state->row_context))
			taken->rows[n++] = taken->rows[i];
	}
	InstrCountFiltered2(&state->custom, taken->n - n);
	taken->n = n;
}

/* ---- groups ---- */

/* between which values of its column a key will be asked for */
void
vector_announce_values(VectorState *state, VectorKey *key)
{
	const BlockRowsTaken *taken = &state->taken;
	const Datum *values = state->sealed->values[key->column - 1];
	const bool *nulls = state->sealed->nulls[key->column - 1];
	int64		from = PG_INT64_MAX;
	int64		to = PG_INT64_MIN;

	for (int i = 0; i < taken->n; i += key->rising ? Max(taken->n - 1, 1) : 1)
	{
		int			row = taken->rows[i];
		int64		value = DatumGetInt64(values[row]);

		if (nulls[row])
			continue;
		from = Min(from, value);
		to = Max(to, value);
	}
	if (from <= to)
		vector_key_reach(key, from, to);
}

/* has a column one value in this block, as far as that is known without decoding? */
bool
vector_column_is_constant(VectorState *state, AttrNumber attno)
{
	BlockHeader *header = state->sealed->reader.header;
	ZoneMap		zone;

	for (int e = 0; header->ordered[state->sealed->block] && e < header->nentity; e++)
		if (header->entity[e] == attno)
			return true;
	if (!vector_block_zone(state, attno, &zone) || !zone.has_values || zone.nulls > 0 || zone.min != zone.max)
		return false;
	switch (zone.kind)
	{
		case ZONE_INTEGER:
		case ZONE_OID:
			return true;
		case ZONE_FLOAT8:
		case ZONE_FLOAT4:
			/* 0 and -0 are not the same, and may be kept apart or not */
			return zone.min != codec_float_key(0.0) && zone.min != codec_float_key(-0.0);
		default:
			return false;
	}
}

/* how the keys behave in this block; false where some key has to be looked at on every row */
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
		key->rising = key->form == KEY_STRETCH && !key->constant && header->ordered[sealed->block] &&
			header->time == key->column && vector_block_zone(state, key->column, &zone) && zone.nulls == 0 &&
			zone.has_values;
		key->here.from = 1;
		key->here.to = 0;
		all = all && (key->constant || key->rising);
		if (key->form == KEY_STRETCH)
			vector_announce_values(state, key);
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

/*
 * Runs of rows of one group.  Rows whose group is of another pass are dropped.
 * False: the table is full.
 */
static bool
find_runs(VectorState *state)
{
	BlockRowsTaken *taken = &state->taken;
	bool		jumps = begin_keys(state);
	int			kept = 0;
	int			guess = 1;
	bool		full = false;

	taken->nruns = 0;
	for (int i = 0, n; i < taken->n; i += n)
	{
		VectorGroup *group;
		GroupRun   *run = &taken->runs[taken->nruns];
		MemoryContext old;

		load_keys(state, taken->rows[i]);
		old = MemoryContextSwitchTo(state->row_context->ecxt_per_tuple_memory);
		group = vector_find_group(state, &full);
		MemoryContextSwitchTo(old);
		if (full)
			return false;
		n = jumps ? run_length(state, i, guess) : run_of_same(state, i);
		guess = n;
		if (group == NULL)
			continue;
		if (kept < i)
		{
			memmove(taken->rows + kept, taken->rows + i, sizeof(int) * n);
			taken->dense = false;
		}
		kept += n;
		if (taken->nruns > 0 && run[-1].group == group)
			run[-1].n += n;
		else
		{
			run->group = group;
			run->n = n;
			taken->nruns++;
		}
	}
	if (kept < taken->n)
		taken->dense = false;
	taken->n = kept;
	return true;
}

/* the rows of taken, each joined with the row at hand if there is a join; false: the table of groups is full */
bool
vector_take_passed(VectorState *state)
{
	const int  *first_row = state->sealed->reader.header->first_row + state->sealed->block;

	state->taken.dense = state->taken.n == first_row[1] - first_row[0];
	if (!find_runs(state))
		return false;
	vector_aggregates_take_block(state);
	return true;
}

/* the block that the cursor stands at; false: the table of groups is full */
bool
vector_take_block(VectorState *state)
{
	SealedScan *sealed = state->sealed;
	BlockRowsTaken *taken = &state->taken;
	int64		removed = state->filter ? scan_filter_removed(state->filter) : 0;

	sealed_scan_open_block(sealed);
	if (state->filter)
		InstrCountFiltered2(&state->custom, scan_filter_removed(state->filter) - removed);
	taken->n = sealed_scan_rows(sealed, taken->rows);
	if (state->join && taken->n > 0)
		vector_join_show(state);
	filter_rows(state, taken);
	if (state->nstretch_quals > 0 && taken->n > 0)
		vector_quals_filter(state, taken);
	if (taken->n == 0)
		return true;
	return state->join ? vector_join_take_rows(state) : vector_take_passed(state);
}
