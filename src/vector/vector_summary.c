/*
 * vector_summary.c
 *	  Blocks and whole segments answered from their summaries.
 *
 * A summary stands for its rows where all of these are proved: every row is
 * alive for the snapshot, every row passes the quals, all rows are of one
 * group, and the summary knows what each aggregate needs.  It is added to the
 * states that transition functions keep, so blocks that are answered and
 * rows that are read may follow each other in any order.
 *
 * Where a block is of two groups, or only some of its rows pass, its two sides
 * may do: each of them passes as a whole, or not at all.
 */
#include "territory.h"

#include <math.h>

#include "access/htup_details.h"
#include "catalog/pg_aggregate.h"
#include "catalog/pg_type.h"
#include "datatype/timestamp.h"
#include "miscadmin.h"
#include "nodes/nodeFuncs.h"
#include "pgtime.h"
#include "utils/array.h"
#include "utils/date.h"
#include "utils/float.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/syscache.h"
#include "utils/timestamp.h"

#include "segment/decimal.h"
#include "vector/vector_join.h"

/* ---- what summaries can do, of plan trees ---- */

/* does a summary know what this aggregate needs? */
static bool
has_summary(Aggref *ref)
{
	Oid			type;
	Kernel		kernel = vector_kernel_of(ref, &type);

	return ref->aggfilter == NULL &&
		(kernel == KERNEL_ROWS || (kernel != KERNEL_NONE && vector_column_argument(ref) != NULL));
}

/* can any block be answered? */
bool
vector_may_summarise(List *keys, List *aggregates, int nquals, int nprunes)
{
	AttrNumber	column;
	ListCell   *lc;

	if (nprunes < nquals)
		return false;
	foreach(lc, keys)
	{
		KeyForm		form = vector_key_form(lfirst(lc), &column);

		if (form == KEY_ANY || form == KEY_PURE)
			return false;
	}
	foreach(lc, aggregates)
		if (!has_summary(lfirst_node(Aggref, lc)))
			return false;
	return true;
}

void
vector_summaries_begin(VectorState *state, List *keys, List *aggregates)
{
	state->summaries = vector_may_summarise(keys, aggregates, state->nquals - state->nstretch_quals,
											 list_length(state->prune_specs)) &&
		(state->join == NULL || state->join->quals == NULL);
	for (int a = 0; a < state->naggregates; a++)
		if (state->aggregates[a].kernel == KERNEL_NONE)
			state->summaries = false;
}

/* ---- what is proved of some rows ---- */

static int64
rows_of(SummedRows *rows)
{
	int		   *first;

	if (rows->reader == NULL)
		return rows->entry->rows;
	first = &rows->reader->header->first_row[rows->block];
	if (rows->side == BLOCK_BEFORE)
		return segment_block_cut(rows->reader, rows->block);
	if (rows->side == BLOCK_AFTER)
		return first[1] - first[0] - segment_block_cut(rows->reader, rows->block);
	return first[1] - first[0];
}

/* of a block or one of its sides; false where it holds nothing of the column */
static bool
zone_of(SummedRows *rows, AttrNumber attno, ZoneMap *zone)
{
	if (rows->side == BLOCK_WHOLE)
		return segment_block_zone(rows->reader, rows->block, attno, zone);
	return segment_side_zone(rows->reader, rows->block, rows->side, attno, zone);
}

/* a zone map that tells all of a column's values, which are not null */
bool
vector_full_zone(VectorState *state, SummedRows *rows, AttrNumber attno, ZoneMap *zone)
{
	Oid			type = getBaseType(TupleDescAttr(RelationGetDescr(state->rel), attno - 1)->atttypid);

	if (rows->reader)
	{
		if (!zone_of(rows, attno, zone))
			return false;
	}
	else
	{
		int			z = 0;

		while (z < rows->entry->nzones && rows->entry->zones[z].attno != attno)
			z++;
		if (z == rows->entry->nzones)
			return false;
		*zone = rows->entry->zones[z];
	}
	return zone->kind != ZONE_NONE && zone->kind == column_zone_kind(type) && zone->has_values && zone->nulls == 0;
}

static bool
all_pass(VectorState *state, SummedRows *rows)
{
	/* a qual without a key of its own proves nothing */
	if (state->nprune_keys != state->nquals - state->nstretch_quals)
		return false;
	for (int k = 0; k < state->nprune_keys; k++)
	{
		PruneKey   *key = &state->prune_keys[k];
		ZoneMap		zone;

		if (!vector_full_zone(state, rows, key->attno, &zone) || !zone_satisfies(&zone, key))
			return false;
	}
	return true;
}

/* of the block that the cursor stands at */
bool
vector_block_zone(VectorState *state, AttrNumber attno, ZoneMap *zone)
{
	Form_pg_attribute att = TupleDescAttr(RelationGetDescr(state->rel), attno - 1);

	return segment_block_zone(&state->sealed->reader, state->sealed->block, attno, zone) &&
		zone->kind == column_zone_kind(getBaseType(att->atttypid));
}

/* a column that is not told by its zone keys: that it is constant is known of blocks, its value is read */
static bool
entity_value(VectorState *state, SummedRows *rows, int k)
{
	AttrNumber	attno = state->keys[k].column;
	Datum	   *values;
	bool	   *nulls;

	if (rows->reader == NULL || !vector_column_is_constant(state, attno))
		return false;
	values = palloc(sizeof(Datum) * BLOCK_MAX_ROWS);
	nulls = palloc(sizeof(bool) * BLOCK_MAX_ROWS);
	segment_read_column(rows->reader, rows->block, attno, values, nulls);
	state->key_values[k] = values[0];
	state->key_nulls[k] = nulls[0];
	return true;
}

/* have all rows the same value in this column, and which? */
bool
vector_one_value(VectorState *state, SummedRows *rows, AttrNumber attno, Datum *value)
{
	ColumnType	type;
	ZoneMap		zone;

	if (!vector_full_zone(state, rows, attno, &zone) || zone.min != zone.max ||
		(zone.kind != ZONE_INTEGER && zone.kind != ZONE_OID))
		return false;
	column_type_init(&type, TupleDescAttr(RelationGetDescr(state->rel), attno - 1));
	*value = column_integer_datum(&type, zone.min);
	return true;
}

/* the k-th key of all rows, into key_values */
static bool
one_key(VectorState *state, SummedRows *rows, int k)
{
	VectorKey  *key = &state->keys[k];
	ZoneMap		zone;

	state->key_nulls[k] = false;
	switch (key->form)
	{
		case KEY_JOINED:
			state->key_values[k] = vector_join_key(state, k, &state->key_nulls[k]);
			return true;
		case KEY_COLUMN:
			return vector_one_value(state, rows, key->column, &state->key_values[k]);
		case KEY_VALUE:
			return entity_value(state, rows, k);
		default:
			return vector_full_zone(state, rows, key->column, &zone) &&
				vector_key_between(key, zone.min, zone.max, &state->key_values[k], &state->key_nulls[k]);
	}
}

static bool
one_group(VectorState *state, SummedRows *rows)
{
	for (int k = 0; k < state->nkeys; k++)
		if (!one_key(state, rows, k))
			return false;
	return true;
}

/* ---- what the summary gives ---- */

static bool
stored_summary(SummedRows *rows, AttrNumber attno, ColumnSummary *summary)
{
	if (rows->reader == NULL)
		return segment_summary(rows->entry, attno, summary);
	if (rows->side == BLOCK_WHOLE)
		return segment_block_summary(rows->reader, rows->block, attno, summary);
	return segment_side_summary(rows->reader, rows->block, rows->side, attno, summary);
}

static bool
summary_of(VectorState *state, SummedRows *rows, VectorAggregate *agg, ColumnSummary *summary)
{
	AttrNumber	attno = agg->columns[0];
	Oid			type = getBaseType(TupleDescAttr(RelationGetDescr(state->rel), attno - 1)->atttypid);

	if (!stored_summary(rows, attno, summary))
		return false;
	if (summary->zone != column_zone_kind(type))
		return false;
	if (summary->values == 0)
		return true;
	switch (agg->kernel)
	{
		case KERNEL_VALUES:
			return true;
		case KERNEL_TOTAL:
		case KERNEL_MEAN:
			return summary->kind == SUMMARY_INTEGER && (summary->flags & SUMMARY_SUM) &&
				summary->sum >= PG_INT64_MIN && summary->sum <= PG_INT64_MAX;
		case KERNEL_WIDE_TOTAL:
		case KERNEL_WIDE_MEAN:
			return (summary->kind == SUMMARY_INTEGER || summary->kind == SUMMARY_DECIMAL) &&
				(summary->flags & SUMMARY_SUM);
		case KERNEL_FLOAT_TOTAL:
		case KERNEL_MOMENTS:
			return summary->kind == SUMMARY_FLOAT && (summary->flags & SUMMARY_SUM);
		case KERNEL_LEAST:
		case KERNEL_GREATEST:
			return summary->kind != SUMMARY_NONE && (summary->flags & SUMMARY_RANGE);
		default:
			return false;
	}
}

static Datum
summary_datum(VectorState *state, VectorAggregate *agg, const ColumnSummary *summary, SummaryValue value)
{
	ColumnType	type;

	column_type_init(&type, TupleDescAttr(RelationGetDescr(state->rel), agg->columns[0] - 1));
	switch (type.zone)
	{
		case ZONE_FLOAT8:
			return Float8GetDatum(value.f);
		case ZONE_FLOAT4:
			return Float4GetDatum((float4) value.f);
		case ZONE_NUMERIC:
			return decimal_datum(value.i, summary->scale, summary->scale, palloc(DECIMAL_MAX_SIZE));
		default:
			return column_integer_datum(&type, value.i);
	}
}

/* what one aggregate finds in the summary, into its state */
static void
add_summary(VectorState *state, VectorAggregate *agg, VectorGroup *group, const ColumnSummary *summary, int64 rows)
{
	Datum		extreme = (Datum) 0;

	if (summary->values > 0 && agg->kernel == KERNEL_LEAST)
		extreme = summary_datum(state, agg, summary, summary->min);
	else if (summary->values > 0 && agg->kernel == KERNEL_GREATEST)
		extreme = summary_datum(state, agg, summary, summary->max);
	vector_kernel_add(agg, group_state(agg, group), summary, extreme, rows);
}

static bool
all_alive(VectorState *state, SummedRows *rows)
{
	return rows->reader ? sealed_scan_block_whole(state->sealed) : sealed_scan_segment_whole(state->sealed, rows->entry);
}

/* what each aggregate needs, in the current memory context; NULL where something is not known */
static ColumnSummary *
summaries_of(VectorState *state, SummedRows *rows)
{
	ColumnSummary *summaries = palloc0(sizeof(ColumnSummary) * Max(state->naggregates, 1));

	for (int a = 0; a < state->naggregates; a++)
		if (state->aggregates[a].kernel != KERNEL_ROWS && !summary_of(state, rows, &state->aggregates[a], &summaries[a]))
			return NULL;
	return summaries;
}

/* all rows are of one group: add what their summaries tell.  False: they are not. */
static bool
add_to_group(VectorState *state, SummedRows *rows, const ColumnSummary *summaries, bool *full)
{
	VectorGroup *group;

	if (!one_group(state, rows))
		return false;
	group = vector_find_group(state, full);
	for (int a = 0; group && a < state->naggregates; a++)
		add_summary(state, &state->aggregates[a], group, &summaries[a], rows_of(rows));
	return true;
}

/* the same for each row that all of them meet; the table's own keys are one for all or for none of those */
static bool
add_joined(VectorState *state, SummedRows *rows, const ColumnSummary *summaries, bool *full)
{
	JoinRow    *partner = NULL;

	while (!*full && vector_join_next_partner(state, &partner))
		if (!add_to_group(state, rows, summaries, full))
			return false;
	return true;
}

/*
 * False: the rows have to be read.  Keys come last: they are evaluated, and an
 * error of theirs must be that of a row that is there.
 */
static bool
answer(VectorState *state, SummedRows *rows, bool *full)
{
	ColumnSummary *summaries;
	bool		answered = false;
	MemoryContext old;

	if ((state->join && !state->join->is_settled) || !all_pass(state, rows))
		return false;
	ResetExprContext(state->row_context);
	old = MemoryContextSwitchTo(state->row_context->ecxt_per_tuple_memory);
	summaries = summaries_of(state, rows);
	if (summaries && all_alive(state, rows))
		answered = state->join ? add_joined(state, rows, summaries, full) : add_to_group(state, rows, summaries, full);
	MemoryContextSwitchTo(old);
	return answered;
}

/* conditions on stretches, evaluated at values that rows have which pass all others */
static QualsAnswer
judge(VectorState *state, SummedRows *rows)
{
	if (state->nstretch_quals == 0)
		return QUALS_HOLD;
	return all_pass(state, rows) && all_alive(state, rows) ? vector_quals_judge(state, rows) : QUALS_UNKNOWN;
}

/* a segment that is not opened, from its directory entry */
bool
vector_answer_segment(VectorState *state, SegmentEntry *entry, bool *full)
{
	SummedRows	rows = {.entry = entry};
	QualsAnswer quals = judge(state, &rows);

	if (quals == QUALS_FAIL)
	{
		state->sealed->segments_pruned++;
		return true;
	}
	if (quals == QUALS_UNKNOWN || !state->summaries || !answer(state, &rows, full))
		return false;
	state->segments_summed++;
	return true;
}

/* ---- the two sides of a block ---- */

/* no row of the side passes, by its zone maps */
static bool
none_pass(VectorState *state, SummedRows *side)
{
	for (int k = 0; k < state->nprune_keys; k++)
	{
		ZoneMap		zone;

		if (zone_of(side, state->prune_keys[k].attno, &zone) && zone_excludes(&zone, 1, &state->prune_keys[k], 1))
			return true;
	}
	return false;
}

/* are all rows of a side, which are alive and pass, of one group of this table's keys? */
static bool
own_keys_are_one(VectorState *state, SummedRows *side)
{
	for (int k = 0; k < state->nkeys; k++)
		if (state->keys[k].form != KEY_JOINED && !one_key(state, side, k))
			return false;
	return true;
}

/* a side of a block whose rows are all alive: can its summaries stand for it, or are its rows not wanted at all? */
static QualsAnswer
judge_side(VectorState *state, SummedRows *side, ColumnSummary **summaries)
{
	QualsAnswer quals = QUALS_HOLD;

	if (none_pass(state, side))
		return QUALS_FAIL;
	if (!all_pass(state, side))
		return QUALS_UNKNOWN;
	if (state->nstretch_quals > 0)
		quals = vector_quals_judge(state, side);
	if (quals != QUALS_HOLD)
		return quals;
	*summaries = summaries_of(state, side);
	return *summaries && own_keys_are_one(state, side) ? QUALS_HOLD : QUALS_UNKNOWN;
}

/* False: the rows have to be read.  Nothing is added before both sides are known to be answered. */
static bool
answer_sides(VectorState *state, SummedRows *block, bool *full)
{
	SummedRows	sides[2] = {*block, *block};
	ColumnSummary *summaries[2];
	QualsAnswer answers[2];

	for (int s = 0; s < 2; s++)
	{
		sides[s].side = s == 0 ? BLOCK_BEFORE : BLOCK_AFTER;
		answers[s] = judge_side(state, &sides[s], &summaries[s]);
		if (answers[s] == QUALS_UNKNOWN)
			return false;
	}
	for (int s = 0; s < 2 && !*full; s++)
		if (answers[s] == QUALS_HOLD && state->join)
			add_joined(state, &sides[s], summaries[s], full);
		else if (answers[s] == QUALS_HOLD)
			add_to_group(state, &sides[s], summaries[s], full);
	return true;
}

static bool
answer_cut_block(VectorState *state, SummedRows *block, bool *full)
{
	bool		answered;
	MemoryContext old;

	if (segment_block_cut(block->reader, block->block) == 0 || (state->join && !state->join->is_settled) ||
		!all_alive(state, block))
		return false;
	ResetExprContext(state->row_context);
	old = MemoryContextSwitchTo(state->row_context->ecxt_per_tuple_memory);
	answered = answer_sides(state, block, full);
	MemoryContextSwitchTo(old);
	return answered;
}

/* the block that the cursor stands at, from the segment's header */
bool
vector_answer_block(VectorState *state, bool *full)
{
	SealedScan *sealed = state->sealed;
	SummedRows	rows = {.entry = sealed->reader.entry, .reader = &sealed->reader, .block = sealed->block};
	QualsAnswer quals = judge(state, &rows);

	if (quals == QUALS_FAIL)
	{
		sealed->blocks_pruned++;
		return true;
	}
	if (!state->summaries || !((quals == QUALS_HOLD && answer(state, &rows, full)) || answer_cut_block(state, &rows, full)))
		return false;
	state->blocks_summed++;
	return true;
}
