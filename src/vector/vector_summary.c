/*
 * vector_summary.c
 *	  Blocks and whole segments answered from their summaries.
 *
 * A summary stands for its rows where all of these are proved: every row is
 * alive for the snapshot, every row passes the quals, all rows are of one
 * group, and the summary knows what each aggregate needs.  It is added to the
 * states that transition functions keep, so blocks that are answered and
 * rows that are read may follow each other in any order.
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

#include "vector/vector.h"

/* rows that have one summary: a segment, or a block of the open one */
typedef struct SummedRows
{
	SegmentEntry *entry;
	SegmentReader *reader;		/* NULL: the whole segment */
	int			block;
} SummedRows;

/* ---- what summaries can do, of plan trees ---- */

static Oid
transition_function(Aggref *ref)
{
	HeapTuple	tuple = SearchSysCache1(AGGFNOID, ObjectIdGetDatum(ref->aggfnoid));
	Oid			function;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for aggregate %u", ref->aggfnoid);
	function = ((Form_pg_aggregate) GETSTRUCT(tuple))->aggtransfn;
	ReleaseSysCache(tuple);
	return function;
}

static Var *
column_argument(Aggref *ref)
{
	Expr	   *expr;

	if (list_length(ref->args) != 1)
		return NULL;
	expr = linitial_node(TargetEntry, ref->args)->expr;
	return IsA(expr, Var) && ((Var *) expr)->varattno > 0 ? (Var *) expr : NULL;
}

static SummaryUse
summary_use(Aggref *ref)
{
	Oid			function = transition_function(ref);

	if (ref->aggfilter)
		return SUMMARY_USELESS;
	if (function == F_INT8INC)
		return ref->args == NIL ? SUMMARY_ROWS : SUMMARY_USELESS;
	if (column_argument(ref) == NULL)
		return SUMMARY_USELESS;
	switch (function)
	{
		case F_INT8INC_ANY:
			return SUMMARY_VALUES;
		case F_INT2_SUM:
		case F_INT4_SUM:
			return SUMMARY_TOTAL;
		case F_INT2_AVG_ACCUM:
		case F_INT4_AVG_ACCUM:
			return SUMMARY_MEAN;
		case F_FLOAT8PL:
			return SUMMARY_FLOAT_TOTAL;
		case F_FLOAT8_ACCUM:
		case F_FLOAT4_ACCUM:
			return SUMMARY_MOMENTS;
		case F_INT2SMALLER:
		case F_INT4SMALLER:
		case F_INT8SMALLER:
		case F_FLOAT4SMALLER:
		case F_FLOAT8SMALLER:
		case F_DATE_SMALLER:
		case F_TIMESTAMP_SMALLER:
		case F_TIMESTAMPTZ_SMALLER:
			return SUMMARY_LEAST;
		case F_INT2LARGER:
		case F_INT4LARGER:
		case F_INT8LARGER:
		case F_FLOAT4LARGER:
		case F_FLOAT8LARGER:
		case F_DATE_LARGER:
		case F_TIMESTAMP_LARGER:
		case F_TIMESTAMPTZ_LARGER:
			return SUMMARY_GREATEST;
		default:
			return SUMMARY_USELESS;
	}
}

static bool
is_constant(Node *node)
{
	return IsA(node, Const) && !((Const *) node)->constisnull;
}

/* which column makes the key, and how; only keys that are passed by value are compared */
static KeyForm
key_form(Node *key, AttrNumber *column)
{
	FuncExpr   *call = (FuncExpr *) key;
	KeyForm		form;
	Node	   *arg;

	*column = 0;
	if (IsA(key, Var) && ((Var *) key)->varattno > 0)
	{
		*column = ((Var *) key)->varattno;
		switch (column_zone_kind(((Var *) key)->vartype))
		{
			case ZONE_INTEGER:
			case ZONE_OID:
				return KEY_COLUMN;
			default:
				return KEY_ANY;
		}
	}
	if (!IsA(key, FuncExpr))
		return KEY_ANY;
	switch (call->funcid)
	{
		case F_DATE_BIN_INTERVAL_TIMESTAMP_TIMESTAMP:
		case F_DATE_BIN_INTERVAL_TIMESTAMPTZ_TIMESTAMPTZ:
			if (!is_constant(linitial(call->args)) || !is_constant(lthird(call->args)))
				return KEY_ANY;
			arg = lsecond(call->args);
			form = KEY_RISING;
			break;
		case F_DATE_TRUNC_TEXT_TIMESTAMP:
		case F_DATE_TRUNC_TEXT_TIMESTAMPTZ:
			if (!is_constant(linitial(call->args)))
				return KEY_ANY;
			arg = lsecond(call->args);
			form = call->funcid == F_DATE_TRUNC_TEXT_TIMESTAMP ? KEY_RISING : KEY_LOCAL;
			break;
		case F_DATE_TIMESTAMP:
		case F_DATE_TIMESTAMPTZ:
			arg = linitial(call->args);
			form = call->funcid == F_DATE_TIMESTAMP ? KEY_RISING : KEY_LOCAL;
			break;
		default:
			return KEY_ANY;
	}
	if (!IsA(arg, Var) || ((Var *) arg)->varattno <= 0)
		return KEY_ANY;
	*column = ((Var *) arg)->varattno;
	return form;
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
		if (key_form(lfirst(lc), &column) == KEY_ANY)
			return false;
	foreach(lc, aggregates)
		if (summary_use(lfirst_node(Aggref, lc)) == SUMMARY_USELESS)
			return false;
	return true;
}

/* ---- begin ---- */

/* is a state that is an array laid out as its transition function expects it? */
static bool
array_has(Datum value, Oid type, int n)
{
	ArrayType  *array = DatumGetArrayTypeP(value);

	return ARR_NDIM(array) == 1 && ARR_DIMS(array)[0] == n && !ARR_HASNULL(array) && ARR_ELEMTYPE(array) == type &&
		VARSIZE(array) == ARR_OVERHEAD_NONULLS(1) + n * sizeof(int64);
}

/* of a user's aggregate, too, whose initial state may be any */
static bool
state_is_usable(VectorAggregate *agg)
{
	switch (agg->use)
	{
		case SUMMARY_ROWS:
		case SUMMARY_VALUES:
			return agg->state_byval && !agg->initial_null;
		case SUMMARY_MEAN:
			return !agg->initial_null && array_has(agg->initial, INT8OID, 2);
		case SUMMARY_MOMENTS:
			return !agg->initial_null && array_has(agg->initial, FLOAT8OID, 3);
		default:
			return agg->state_byval;
	}
}

void
vector_summaries_begin(VectorState *state, List *keys, List *aggregates)
{
	state->key_forms = palloc(sizeof(KeyForm) * Max(state->nkeys, 1));
	state->key_sources = palloc(sizeof(AttrNumber) * Max(state->nkeys, 1));
	state->key_runs = palloc0(sizeof(KeyRun) * Max(state->nkeys, 1));
	for (int k = 0; k < state->nkeys; k++)
		state->key_forms[k] = key_form(list_nth(keys, k), &state->key_sources[k]);
	state->summaries = vector_may_summarise(keys, aggregates, state->nquals, list_length(state->prune_specs));
	for (int a = 0; a < state->naggregates; a++)
	{
		VectorAggregate *agg = &state->aggregates[a];
		Aggref	   *ref = list_nth_node(Aggref, aggregates, a);

		agg->use = summary_use(ref);
		if (agg->use > SUMMARY_ROWS)
			agg->column_type = column_argument(ref)->vartype;
		if (agg->use != SUMMARY_USELESS && !state_is_usable(agg))
			agg->use = SUMMARY_USELESS;
		if (agg->use == SUMMARY_USELESS)
			state->summaries = false;
	}
}

/* ---- what is proved of some rows ---- */

static int64
rows_of(SummedRows *rows)
{
	int		   *first;

	if (rows->reader == NULL)
		return rows->entry->rows;
	first = &rows->reader->header->first_row[rows->block];
	return first[1] - first[0];
}

/* a zone map that tells all of a column's values, which are not null */
static bool
full_zone(VectorState *state, SummedRows *rows, AttrNumber attno, ZoneMap *zone)
{
	Oid			type = getBaseType(TupleDescAttr(RelationGetDescr(state->rel), attno - 1)->atttypid);

	if (rows->reader)
	{
		if (!segment_block_zone(rows->reader, rows->block, attno, zone))
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
	if (state->nprune_keys != state->nquals)
		return false;
	for (int k = 0; k < state->nprune_keys; k++)
	{
		PruneKey   *key = &state->prune_keys[k];
		ZoneMap		zone;

		if (!full_zone(state, rows, key->attno, &zone) || !zone_satisfies(&zone, key))
			return false;
	}
	return true;
}

/* does the session's time zone keep its offset from one time to the other? */
static bool
one_offset(TimestampTz from, TimestampTz to)
{
	pg_time_t	start,
				boundary;
	long		before,
				after;
	int			before_dst,
				after_dst;
	int			found;

	if (TIMESTAMP_NOT_FINITE(from) || TIMESTAMP_NOT_FINITE(to))
		return from == to;
	start = timestamptz_to_time_t(from) - 1;
	found = pg_next_dst_boundary(&start, &before, &before_dst, &boundary, &after, &after_dst, session_timezone);
	return found == 0 || (found == 1 && boundary > timestamptz_to_time_t(to) + 1);
}

/* a key where its column has this value, whatever the others have */
Datum
vector_key_at(VectorState *state, int k, Datum value, bool *isnull)
{
	TupleTableSlot *slot = state->sealed_slot;
	AttrNumber	attno = state->key_sources[k];

	ExecClearTuple(slot);
	slot->tts_values[attno - 1] = value;
	slot->tts_isnull[attno - 1] = false;
	ExecStoreVirtualTuple(slot);
	state->row_context->ecxt_scantuple = slot;
	return ExecEvalExprSwitchContext(state->keys[k], state->row_context, isnull);
}

/* which keys rise with their column in the block that the cursor stands at */
void
vector_runs_begin(VectorState *state)
{
	SealedScan *sealed = state->sealed;
	SummedRows	rows = {.entry = sealed->reader.entry, .reader = &sealed->reader, .block = sealed->block};

	for (int k = 0; k < state->nkeys; k++)
	{
		KeyRun	   *run = &state->key_runs[k];
		ZoneMap		zone;

		run->known = run->rises = false;
		if ((state->key_forms[k] != KEY_RISING && state->key_forms[k] != KEY_LOCAL) ||
			!full_zone(state, &rows, state->key_sources[k], &zone) ||
			TIMESTAMP_NOT_FINITE(zone.min) || TIMESTAMP_NOT_FINITE(zone.max))
			continue;
		run->rises = state->key_forms[k] == KEY_RISING || one_offset(zone.min, zone.max);
		run->last = zone.max;
	}
}

/* the k-th key of all rows, into key_slot */
static bool
one_key(VectorState *state, SummedRows *rows, int k)
{
	Form_pg_attribute att = TupleDescAttr(RelationGetDescr(state->rel), state->key_sources[k] - 1);
	TupleTableSlot *slot = state->key_slot;
	ColumnType	type;
	ZoneMap		zone;
	Datum		first,
				last;
	bool		isnull,
				last_null;

	if (!full_zone(state, rows, att->attnum, &zone))
		return false;
	column_type_init(&type, att);
	first = column_integer_datum(&type, zone.min);
	last = column_integer_datum(&type, zone.max);
	slot->tts_isnull[k] = false;
	if (state->key_forms[k] == KEY_COLUMN)
	{
		slot->tts_values[k] = first;
		return zone.min == zone.max;
	}
	if (state->key_forms[k] == KEY_LOCAL && !one_offset(zone.min, zone.max))
		return false;
	slot->tts_values[k] = first = vector_key_at(state, k, first, &isnull);
	last = vector_key_at(state, k, last, &last_null);
	return !isnull && !last_null && first == last;
}

static bool
one_group(VectorState *state, SummedRows *rows)
{
	if (state->nkeys == 0)
		return true;
	ExecClearTuple(state->key_slot);
	for (int k = 0; k < state->nkeys; k++)
		if (!one_key(state, rows, k))
			return false;
	ExecStoreVirtualTuple(state->key_slot);
	return true;
}

/* ---- what the summary gives ---- */

static bool
summary_of(VectorState *state, SummedRows *rows, VectorAggregate *agg, ColumnSummary *summary)
{
	AttrNumber	attno = agg->columns[0];
	Oid			type = getBaseType(TupleDescAttr(RelationGetDescr(state->rel), attno - 1)->atttypid);

	if (rows->reader ? !segment_block_summary(rows->reader, rows->block, attno, summary) :
		!segment_summary(rows->entry, attno, summary))
		return false;
	if (summary->zone != column_zone_kind(type))
		return false;
	if (summary->values == 0)
		return true;
	switch (agg->use)
	{
		case SUMMARY_VALUES:
			return true;
		case SUMMARY_TOTAL:
		case SUMMARY_MEAN:
			return summary->kind == SUMMARY_INTEGER && (summary->flags & SUMMARY_SUM) &&
				summary->sum >= PG_INT64_MIN && summary->sum <= PG_INT64_MAX;
		case SUMMARY_FLOAT_TOTAL:
		case SUMMARY_MOMENTS:
			return summary->kind == SUMMARY_FLOAT && (summary->flags & SUMMARY_SUM);
		case SUMMARY_LEAST:
		case SUMMARY_GREATEST:
			return (summary->kind == SUMMARY_INTEGER || summary->kind == SUMMARY_FLOAT) &&
				(summary->flags & SUMMARY_RANGE);
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
		default:
			return column_integer_datum(&type, value.i);
	}
}

static void
take_value(VectorState *state, VectorAggregate *agg, AggregateValue *group, Datum value)
{
	agg->call->args[1].value = value;
	agg->call->args[1].isnull = false;
	vector_aggregate_take(state, agg, group);
}

/* two sets' numbers, sums and second moments (Chan, Golub and LeVeque 1983) */
static void
add_moments(AggregateValue *group, const ColumnSummary *summary)
{
	float8	   *moments = (float8 *) ARR_DATA_PTR(DatumGetArrayTypeP(group->value));
	double		n = moments[0];
	double		sum = moments[1];

	moments[0] += summary->values;
	moments[1] += summary->fsum;
	if (n == 0)
		moments[2] = summary->m2;
	else
	{
		double		apart = sum / n - summary->fsum / summary->values;

		moments[2] += summary->m2 + n * summary->values * apart * apart / moments[0];
	}
	if ((isinf(moments[1]) || isinf(moments[2])) && !isinf(sum))
		float_overflow_error();
}

static void
add_mean(AggregateValue *group, const ColumnSummary *summary)
{
	int64	   *counts = (int64 *) ARR_DATA_PTR(DatumGetArrayTypeP(group->value));

	counts[0] += summary->values;
	counts[1] += (int64) summary->sum;
}

static void
add_summary(VectorState *state, VectorAggregate *agg, AggregateValue *group, const ColumnSummary *summary, int64 rows)
{
	if (agg->use == SUMMARY_ROWS)
	{
		group->value = Int64GetDatum(DatumGetInt64(group->value) + rows);
		return;
	}
	if (summary->values == 0)
		return;
	switch (agg->use)
	{
		case SUMMARY_VALUES:
			group->value = Int64GetDatum(DatumGetInt64(group->value) + summary->values);
			break;
		case SUMMARY_TOTAL:
			group->value = Int64GetDatum((group->isnull ? 0 : DatumGetInt64(group->value)) + (int64) summary->sum);
			group->isnull = false;
			break;
		case SUMMARY_MEAN:
			add_mean(group, summary);
			break;
		case SUMMARY_FLOAT_TOTAL:
			take_value(state, agg, group, Float8GetDatum(summary->fsum));
			break;
		case SUMMARY_MOMENTS:
			add_moments(group, summary);
			break;
		case SUMMARY_LEAST:
			take_value(state, agg, group, summary_datum(state, agg, summary, summary->min));
			break;
		case SUMMARY_GREATEST:
			take_value(state, agg, group, summary_datum(state, agg, summary, summary->max));
			break;
		default:
			Assert(false);
	}
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
		if (state->aggregates[a].use != SUMMARY_ROWS && !summary_of(state, rows, &state->aggregates[a], &summaries[a]))
			return NULL;
	return summaries;
}

/*
 * False: the rows have to be read.  Keys come last: they are evaluated, and an
 * error of theirs must be that of a row that is there.
 */
static bool
answer(VectorState *state, SummedRows *rows, bool *full)
{
	ColumnSummary *summaries;
	AggregateValue *group = state->ungrouped;
	bool		answered = false;
	MemoryContext old;

	if (!all_pass(state, rows))
		return false;
	ResetExprContext(state->row_context);
	old = MemoryContextSwitchTo(state->row_context->ecxt_per_tuple_memory);
	summaries = summaries_of(state, rows);
	if (summaries && all_alive(state, rows) && one_group(state, rows))
	{
		answered = true;
		if (state->nkeys > 0)
			group = vector_find_group(state, full);
		for (int a = 0; group && a < state->naggregates; a++)
			add_summary(state, &state->aggregates[a], &group[a], &summaries[a], rows_of(rows));
	}
	MemoryContextSwitchTo(old);
	return answered;
}

/* a segment that is not opened, from its directory entry */
bool
vector_answer_segment(VectorState *state, SegmentEntry *entry, bool *full)
{
	SummedRows	rows = {.entry = entry};

	if (!state->summaries || !answer(state, &rows, full))
		return false;
	state->segments_summed++;
	return true;
}

/* the block that the cursor stands at, from the segment's header */
bool
vector_answer_block(VectorState *state, bool *full)
{
	SealedScan *sealed = state->sealed;
	SummedRows	rows = {.entry = sealed->reader.entry, .reader = &sealed->reader, .block = sealed->block};

	if (!state->summaries || !answer(state, &rows, full))
		return false;
	state->blocks_summed++;
	return true;
}
