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
	state->zone_kinds = palloc0(RelationGetNumberOfAttributes(state->rel) + 1);
}

/* what zone maps of the column tell now */
static ZoneKind
zone_kind_of(VectorState *state, AttrNumber attno)
{
	if (state->zone_kinds[attno] == 0)
		state->zone_kinds[attno] = column_zone_kind(getBaseType(TupleDescAttr(RelationGetDescr(state->rel), attno - 1)->atttypid)) + 1;
	return state->zone_kinds[attno] - 1;
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

static bool
zone_of(SummedRows *rows, AttrNumber attno, ZoneMap *zone)
{
	if (rows->reader)
		return segment_side_zone(rows->reader, rows->block, rows->side, attno, zone);
	for (int z = 0; z < rows->entry->nzones; z++)
		if (rows->entry->zones[z].attno == attno)
		{
			*zone = rows->entry->zones[z];
			return true;
		}
	return false;
}

/* a zone map that tells all of a column's values, which are not null */
bool
vector_full_zone(VectorState *state, SummedRows *rows, AttrNumber attno, ZoneMap *zone)
{
	return zone_of(rows, attno, zone) && zone->kind != ZONE_NONE && zone->kind == zone_kind_of(state, attno) &&
		zone->has_values && zone->nulls == 0;
}

/* does every row pass a test of boxes? */
static bool
box_holds(SummedRows *rows, const PruneKey *key)
{
	ZoneMap		zone;
	float		own[4];
	const float *box;

	if (!key->decides || !zone_of(rows, key->attno, &zone) || zone.nulls > 0)
		return false;
	if (rows->reader)
		box = segment_block_box(rows->reader, rows->block, key->attno);
	else
		box = segment_box(rows->entry, key->attno, own) ? own : NULL;
	return box && box_key_holds(key->box, box);
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

		if (key->box ? !box_holds(rows, key) :
			!vector_full_zone(state, rows, key->attno, &zone) || !zone_satisfies(&zone, key))
			return false;
	}
	return true;
}

/* of the block that the cursor stands at */
bool
vector_block_zone(VectorState *state, AttrNumber attno, ZoneMap *zone)
{
	return segment_block_zone(&state->sealed->reader, state->sealed->block, attno, zone) &&
		zone->kind == zone_kind_of(state, attno);
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

/* a function of a position: where it is the same in the whole box */
static bool
place_key(VectorState *state, SummedRows *rows, int k)
{
	VectorKey  *key = &state->keys[k];
	const float *box = NULL;
	float		own[4];
	ZoneMap		zone;

	if (!zone_of(rows, key->column, &zone) || zone.nulls > 0)
		return false;
	if (rows->reader)
		box = segment_block_box(rows->reader, rows->block, key->column);
	else if (segment_box(rows->entry, key->column, own))
		box = own;
	return box && vector_place_in_box(state, key, box, &state->key_values[k]);
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
		case KEY_PLACE:
			return place_key(state, rows, k);
		default:
			return vector_full_zone(state, rows, key->column, &zone) &&
				vector_key_between(key, zone.min, zone.max, &state->key_values[k], &state->key_nulls[k]);
	}
}

/* are all rows of one group, as far as this table tells? */
static bool
own_keys_are_one(VectorState *state, SummedRows *rows)
{
	for (int k = 0; k < state->nkeys; k++)
		if (state->keys[k].form != KEY_JOINED && state->keys[k].form != KEY_VALUE && !one_key(state, rows, k))
			return false;
	/* those that are read come last */
	for (int k = 0; k < state->nkeys; k++)
		if (state->keys[k].form == KEY_VALUE && !one_key(state, rows, k))
			return false;
	return true;
}

/* ---- what the summary gives ---- */

/* NULL where it does not tell what the aggregate needs */
static const ColumnSummary *
checked_summary(VectorState *state, VectorAggregate *agg, const ColumnSummary *summary)
{
	bool		told = false;

	if (summary->zone != zone_kind_of(state, agg->columns[0]))
		return NULL;
	if (summary->values == 0)
		return summary;
	switch (agg->kernel)
	{
		case KERNEL_VALUES:
			told = true;
			break;
		case KERNEL_TOTAL:
		case KERNEL_MEAN:
			told = summary->kind == SUMMARY_INTEGER && (summary->flags & SUMMARY_SUM) &&
				summary->sum >= PG_INT64_MIN && summary->sum <= PG_INT64_MAX;
			break;
		case KERNEL_WIDE_TOTAL:
		case KERNEL_WIDE_MEAN:
			told = (summary->kind == SUMMARY_INTEGER || summary->kind == SUMMARY_DECIMAL) &&
				(summary->flags & SUMMARY_SUM);
			break;
		case KERNEL_FLOAT_TOTAL:
		case KERNEL_MOMENTS:
			told = summary->kind == SUMMARY_FLOAT && (summary->flags & SUMMARY_SUM);
			break;
		case KERNEL_LEAST:
		case KERNEL_GREATEST:
			told = summary->kind != SUMMARY_NONE && (summary->flags & SUMMARY_RANGE);
			break;
		default:
			break;
	}
	return told ? summary : NULL;
}

/* in the current memory context, or as long as the segment is open; NULL where something is not known */
static const ColumnSummary *
summary_of(VectorState *state, SummedRows *rows, VectorAggregate *agg)
{
	const ColumnSummary *summary;
	ColumnSummary *own;

	if (rows->reader)
		summary = segment_side_summary(rows->reader, rows->block, rows->side, agg->columns[0]);
	else
	{
		own = palloc(sizeof(ColumnSummary));
		summary = segment_summary(rows->entry, agg->columns[0], own) ? own : NULL;
	}
	return summary ? checked_summary(state, agg, summary) : NULL;
}

static Datum
summary_datum(VectorState *state, VectorAggregate *agg, const ColumnSummary *summary, SummaryValue value)
{
	ColumnType	type;

	switch (zone_kind_of(state, agg->columns[0]))
	{
		case ZONE_FLOAT8:
			return Float8GetDatum(value.f);
		case ZONE_FLOAT4:
			return Float4GetDatum((float4) value.f);
		case ZONE_NUMERIC:
			return decimal_datum(value.i, summary->scale, summary->scale, palloc(DECIMAL_MAX_SIZE));
		default:
			column_type_init(&type, TupleDescAttr(RelationGetDescr(state->rel), agg->columns[0] - 1));
			return column_integer_datum(&type, value.i);
	}
}

/* what one aggregate finds in the summary, into its state */
static void
add_summary(VectorState *state, VectorAggregate *agg, VectorGroup *group, const ColumnSummary *summary, int64 rows)
{
	Datum		extreme = (Datum) 0;

	if (agg->kernel == KERNEL_LEAST && summary->values > 0)
		extreme = summary_datum(state, agg, summary, summary->min);
	else if (agg->kernel == KERNEL_GREATEST && summary->values > 0)
		extreme = summary_datum(state, agg, summary, summary->max);
	vector_kernel_add(agg, group_state(agg, group), summary, extreme, rows);
}

static bool
all_alive(VectorState *state, SummedRows *rows)
{
	if (!rows->asked_alive)
		rows->alive = rows->reader ? sealed_scan_block_whole(state->sealed) :
			sealed_scan_segment_whole(state->sealed, rows->entry);
	rows->asked_alive = true;
	return rows->alive;
}

/* what each aggregate needs, in the current memory context; NULL where something is not known */
static const ColumnSummary **
summaries_of(VectorState *state, SummedRows *rows)
{
	const ColumnSummary **summaries = palloc(sizeof(ColumnSummary *) * Max(state->naggregates, 1));

	for (int a = 0; a < state->naggregates; a++)
	{
		summaries[a] = NULL;
		if (state->aggregates[a].kernel == KERNEL_ROWS)
			continue;
		summaries[a] = summary_of(state, rows, &state->aggregates[a]);
		if (summaries[a] == NULL)
			return NULL;
	}
	return summaries;
}

/* all rows are of the group whose keys are at hand: add what their summaries tell */
static void
add_to_group(VectorState *state, SummedRows *rows, const ColumnSummary **summaries, bool *full)
{
	VectorGroup *group = vector_find_group(state, full);
	int64		n = rows_of(rows);

	for (int a = 0; group && a < state->naggregates; a++)
		add_summary(state, &state->aggregates[a], group, summaries[a], n);
}

/* the same with each row that all of them meet, if there is a join; the table's own keys are at hand */
static void
add_rows(VectorState *state, SummedRows *rows, const ColumnSummary **summaries, bool *full)
{
	JoinRow    *partner = NULL;

	if (state->join == NULL)
		add_to_group(state, rows, summaries, full);
	else
		while (!*full && vector_join_next_partner(state, &partner))
		{
			for (int k = 0; k < state->nkeys; k++)
				if (state->keys[k].form == KEY_JOINED)
					one_key(state, rows, k);
			add_to_group(state, rows, summaries, full);
		}
}

/*
 * False: the rows have to be read.  Keys are evaluated for rows that are there
 * and pass: an error of theirs is one that reading the rows would meet.
 */
static bool
answer(VectorState *state, SummedRows *rows, bool *full)
{
	const ColumnSummary **summaries = NULL;
	MemoryContext old;

	if ((state->join && !state->join->is_settled) || !all_pass(state, rows))
		return false;
	ResetExprContext(state->row_context);
	old = MemoryContextSwitchTo(state->row_context->ecxt_per_tuple_memory);
	if (all_alive(state, rows) && own_keys_are_one(state, rows))
		summaries = summaries_of(state, rows);
	if (summaries)
		add_rows(state, rows, summaries, full);
	MemoryContextSwitchTo(old);
	return summaries != NULL;
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

		if (segment_side_zone(side->reader, side->block, side->side, state->prune_keys[k].attno, &zone) &&
			zone_excludes(&zone, 1, &state->prune_keys[k], 1))
			return true;
	}
	return false;
}

/* what is proved of one side */
typedef struct SideAnswer
{
	SummedRows	rows;
	QualsAnswer quals;			/* of all of its rows */
	const ColumnSummary **summaries;
	Datum	   *keys;			/* of the group */
	bool	   *key_nulls;
} SideAnswer;

/* of a block whose rows are all alive; QUALS_UNKNOWN where the rows have to be read */
static QualsAnswer
judge_side(VectorState *state, SideAnswer *side)
{
	QualsAnswer quals = QUALS_HOLD;

	if (none_pass(state, &side->rows))
		return QUALS_FAIL;
	if (!all_pass(state, &side->rows))
		return QUALS_UNKNOWN;
	if (state->nstretch_quals > 0)
		quals = vector_quals_judge(state, &side->rows);
	if (quals != QUALS_HOLD)
		return quals;
	if (!own_keys_are_one(state, &side->rows))
		return QUALS_UNKNOWN;
	side->keys = palloc(sizeof(Datum) * Max(state->nkeys, 1));
	side->key_nulls = palloc(sizeof(bool) * Max(state->nkeys, 1));
	memcpy(side->keys, state->key_values, sizeof(Datum) * state->nkeys);
	memcpy(side->key_nulls, state->key_nulls, sizeof(bool) * state->nkeys);
	side->summaries = summaries_of(state, &side->rows);
	return side->summaries ? QUALS_HOLD : QUALS_UNKNOWN;
}

static void
add_side(VectorState *state, SideAnswer *side, bool *full)
{
	for (int k = 0; k < state->nkeys; k++)
	{
		state->key_values[k] = side->keys[k];
		state->key_nulls[k] = side->key_nulls[k];
		/* what the other side's key has overwritten is asked for once more */
		if (!state->keys[k].byval && state->keys[k].form == KEY_STRETCH)
			one_key(state, &side->rows, k);
	}
	add_rows(state, &side->rows, side->summaries, full);
}

/* False: the rows have to be read.  Nothing is added before both sides are known to be answered. */
static bool
answer_sides(VectorState *state, SummedRows *block, bool *full)
{
	SideAnswer	sides[2];

	for (int s = 0; s < 2; s++)
	{
		sides[s].rows = *block;
		sides[s].rows.side = s == 0 ? BLOCK_BEFORE : BLOCK_AFTER;
		sides[s].quals = judge_side(state, &sides[s]);
		if (sides[s].quals == QUALS_UNKNOWN)
			return false;
	}
	for (int s = 0; s < 2 && !*full; s++)
		if (sides[s].quals == QUALS_HOLD)
			add_side(state, &sides[s], full);
	return true;
}

static bool
answer_cut_block(VectorState *state, SummedRows *block, bool *full)
{
	bool		answered;
	MemoryContext old;

	if (segment_block_cut(block->reader, block->block) == 0 || (state->join && !state->join->is_settled))
		return false;
	ResetExprContext(state->row_context);
	old = MemoryContextSwitchTo(state->row_context->ecxt_per_tuple_memory);
	answered = all_alive(state, block) && answer_sides(state, block, full);
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
