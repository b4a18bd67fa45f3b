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

#include "access/sysattr.h"
#include "optimizer/optimizer.h"

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

		/* what only quals read that are decided already may not be decoded */
		slot->tts_isnull[a] = true;
		if (sealed->values[a] == NULL)
			continue;
		slot->tts_values[a] = sealed->values[a][row];
		slot->tts_isnull[a] = sealed->nulls[a][row];
	}
	ExecStoreVirtualTuple(slot);
	ResetExprContext(state->row_context);
	state->row_context->ecxt_scantuple = slot;
}

/* ---- columns ---- */

/* may a key be told without its column being decoded? */
static bool
is_told_by_headers(const VectorKey *key)
{
	return key->form == KEY_COLUMN || key->form == KEY_STRETCH || key->form == KEY_PLACE;
}

/* is it a column of points, whose coordinates are a key's? */
static bool
is_place(VectorState *state, AttrNumber attno)
{
	for (int k = 0; k < state->nkeys; k++)
		if (state->keys[k].form == KEY_PLACE && state->keys[k].column == attno)
			return true;
	return false;
}

/* quals: those that are not stretches; others: all that reads rows but these and keys */
void
vector_columns_begin(VectorState *state, List *keys, List *others, List *quals, Index rti)
{
	Bitmapset  *attributes = NULL;
	Bitmapset  *of_quals = NULL;

	pull_varattnos((Node *) others, rti, &attributes);
	for (int k = 0; k < state->nkeys; k++)
		if (!is_told_by_headers(&state->keys[k]))
			pull_varattnos(list_nth(keys, k), rti, &attributes);
	pull_varattnos((Node *) quals, rti, &of_quals);
	for (int k = 0; k < state->nkeys; k++)
	{
		VectorKey  *key = &state->keys[k];

		if (is_told_by_headers(key) &&
			!bms_is_member(0 - FirstLowInvalidHeapAttributeNumber, attributes) &&
			!bms_is_member(key->column - FirstLowInvalidHeapAttributeNumber, attributes))
			state->key_columns = bms_add_member(state->key_columns, key->column);
	}
	for (int i = bms_next_member(of_quals, -1); i >= 0; i = bms_next_member(of_quals, i))
		state->qual_columns = bms_add_member(state->qual_columns, Max(i + FirstLowInvalidHeapAttributeNumber, 0));
}

/* is all decided that quals ask of this column in the open block? */
static bool
done_with_quals(VectorState *state, AttrNumber attno)
{
	return state->filter == NULL || scan_filter_rest(state->filter) == NULL ||
		!(bms_is_member(attno, state->qual_columns) || bms_is_member(0, state->qual_columns));
}

/* may headers tell all that is asked of this column in the open block? */
static bool
only_for_keys(VectorState *state, AttrNumber attno)
{
	return bms_is_member(attno, state->key_columns) && !(state->join && !state->join->is_settled) &&
		done_with_quals(state, attno);
}

/* are coordinates all that is asked of this column, and is it sealed as such?  They are decoded then. */
static bool
only_coordinates(VectorState *state, AttrNumber attno)
{
	const ColumnPoints *points;

	if (!bms_is_member(attno, state->point_columns) || !done_with_quals(state, attno))
		return false;
	points = sealed_scan_points(state->sealed, attno - 1);
	return points && column_points_plain(points);
}

/* decode what rows of the open block are asked for, but for keys that headers may tell */
static void
show_columns(VectorState *state)
{
	SealedScan *sealed = state->sealed;

	if (state->join)
		state->ncolumns = state->join->is_settled ? state->join->ncolumns_settled : state->join->ncolumns_all;
	for (int c = 0; c < state->ncolumns; c++)
		if ((sealed->shown == NULL || bms_is_member(state->columns[c], sealed->shown)) &&
			!only_for_keys(state, state->columns[c]) && !only_coordinates(state, state->columns[c]))
		{
			/* its coordinates first, of which geometries are made, else they are lost to keys */
			if (is_place(state, state->columns[c]))
				sealed_scan_points(sealed, state->columns[c] - 1);
			sealed_scan_decode(sealed, state->columns[c] - 1);
		}
}

/* ... and these; places are decoded as their keys need them */
void
vector_show_keys(VectorState *state)
{
	for (int c = 0; c < state->ncolumns; c++)
		if (bms_is_member(state->columns[c], state->key_columns) && !is_place(state, state->columns[c]))
			sealed_scan_decode(state->sealed, state->columns[c] - 1);
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

	for (int i = 0; i < taken->n; i += key->rising || key->constant ? Max(taken->n - 1, 1) : 1)
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

/* the rows of taken, each joined with the row at hand if there is a join; false: the table of groups is full */
bool
vector_take_passed(VectorState *state)
{
	const int  *first_row = state->sealed->reader.header->first_row + state->sealed->block;

	state->taken.dense = state->taken.n == first_row[1] - first_row[0];
	if (!vector_find_runs(state))
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
	if (taken->n > 0)
		show_columns(state);
	filter_rows(state, taken);
	if (state->nstretch_quals > 0 && taken->n > 0)
		vector_quals_filter(state, taken);
	if (taken->n == 0)
		return true;
	return state->join ? vector_join_take_rows(state) : vector_take_passed(state);
}
