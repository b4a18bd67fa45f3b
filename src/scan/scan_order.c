/*
 * scan_order.c
 *	  Sealed rows in a query's order, opening blocks only as the order needs
 *	  them.
 *
 * Zone maps bound the first sort key of every segment and block.  A block is
 * decoded, filtered and sorted into a run when its bound is no later than the
 * first row of all runs, so ORDER BY ... LIMIT opens a few blocks, and a scan
 * in the order of the segments holds one run at a time.
 *
 * Invariant: every sealed row that sorts before the runs' first row has been
 * handed out, and none that is in an unopened block sorts before it.
 *
 * Where too many blocks overlap, or zone maps say nothing about the key, runs
 * would outgrow work_mem: then all that is left goes through a tuplesort, which
 * spills.
 */
#include "territory.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "lib/pairingheap.h"
#include "miscadmin.h"
#include "utils/datum.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/typcache.h"

#include "scan/scan.h"

/* a segment (block < 0) or block that was not opened yet */
typedef struct Pending
{
	pairingheap_node node;
	int64		bound;			/* no row of it sorts before this */
	int			segment;
	int			block;
} Pending;

typedef struct RunRow
{
	Datum	   *keys;
	bool	   *key_nulls;
	Datum	   *values;			/* of the needed columns */
	bool	   *nulls;
	ItemPointerData tid;
} RunRow;

/* the rows of one block that passed, sorted */
typedef struct Run
{
	pairingheap_node node;
	TerritoryScanState *state;
	MemoryContext context;
	RunRow	  **rows;
	int			nrows;
	int			next;
} Run;

typedef struct OrderedRows
{
	MemoryContext context;
	pairingheap *pending;
	pairingheap *runs;
	Run		   *handed;			/* its last row is in the caller's slot */
	int			nneeded;
	AttrNumber *needed;
	TupleTableSlot *work;		/* a candidate row */

	AttrNumber	lead;			/* column of the first sort key that zone maps know, or 0 */
	bool		lead_descending;
	ZoneKind	lead_zone;

	Tuplesortstate *sort;		/* once runs would not fit */
	TupleTableSlot *sort_slot;
} OrderedRows;

/* ---- keys ---- */

void
scan_order_keys(TerritoryScanState *state, TupleTableSlot *slot, Datum *keys, bool *nulls, MemoryContext context)
{
	ExprContext *econtext = state->custom.ss.ps.ps_ExprContext;
	MemoryContext old = MemoryContextSwitchTo(context);

	econtext->ecxt_scantuple = slot;
	for (int i = 0; i < state->nsorts; i++)
		keys[i] = ExecEvalExpr(state->sorts[i].expr, econtext, &nulls[i]);
	MemoryContextSwitchTo(old);
}

int
scan_order_compare(TerritoryScanState *state, const Datum *a, const bool *a_nulls, const Datum *b,
				   const bool *b_nulls)
{
	for (int i = 0; i < state->nsorts; i++)
	{
		int			order = ApplySortComparator(a[i], a_nulls[i], b[i], b_nulls[i], &state->sorts[i].support);

		if (order != 0)
			return order;
	}
	return 0;
}

/* where a value of the first sort key stands among the bounds */
static int64
key_position(TerritoryScanState *state, OrderedRows *ordered, Datum key, bool isnull)
{
	int64		zone;

	if (isnull)
		return state->sorts[0].support.ssup_nulls_first ? PG_INT64_MIN : PG_INT64_MAX;
	zone = column_zone_key(ordered->lead_zone, key);
	return ordered->lead_descending ? ~zone : zone;
}

static int64
zone_bound(TerritoryScanState *state, OrderedRows *ordered, const ZoneMap *zone)
{
	if (zone == NULL || zone->kind != ordered->lead_zone)
		return PG_INT64_MIN;	/* could be anything */
	if (zone->nulls > 0 && state->sorts[0].support.ssup_nulls_first)
		return PG_INT64_MIN;
	if (!zone->has_values)
		return PG_INT64_MAX;
	return ordered->lead_descending ? ~zone->max : zone->min;
}

static const ZoneMap *
segment_zone(const SegmentEntry *entry, AttrNumber attno)
{
	for (int z = 0; z < entry->nzones; z++)
		if (entry->zones[z].attno == attno)
			return &entry->zones[z];
	return NULL;
}

/* ---- what is not open ---- */

static int
compare_pending(const pairingheap_node *a, const pairingheap_node *b, void *arg)
{
	int64		x = pairingheap_const_container(Pending, node, a)->bound;
	int64		y = pairingheap_const_container(Pending, node, b)->bound;

	return x < y ? 1 : x > y ? -1 : 0;	/* the heap gives its greatest first */
}

static void
add_pending(OrderedRows *ordered, int64 bound, int segment, int block)
{
	Pending    *pending = palloc(sizeof(Pending));

	pending->bound = bound;
	pending->segment = segment;
	pending->block = block;
	pairingheap_add(ordered->pending, &pending->node);
}

static Pending *
first_pending(OrderedRows *ordered)
{
	if (pairingheap_is_empty(ordered->pending))
		return NULL;
	return pairingheap_container(Pending, node, pairingheap_first(ordered->pending));
}

static void
open_pending_segment(TerritoryScanState *state, OrderedRows *ordered, int segment)
{
	SealedScan *sealed = state->sealed;

	sealed_scan_seek_segment(sealed, segment);
	for (int b = 0; b < sealed->reader.header->nblocks; b++)
	{
		ZoneMap		zone;
		bool		known;

		if (segment_block_excluded(&sealed->reader, b, sealed->keys, sealed->nkeys))
		{
			sealed->blocks_pruned++;
			continue;
		}
		known = ordered->lead && segment_block_zone(&sealed->reader, b, ordered->lead, &zone);
		add_pending(ordered, zone_bound(state, ordered, known ? &zone : NULL), segment, b);
	}
}

/* ---- runs ---- */

static int
compare_run_rows(const void *a, const void *b, void *arg)
{
	const RunRow *x = *(RunRow *const *) a;
	const RunRow *y = *(RunRow *const *) b;

	return scan_order_compare(arg, x->keys, x->key_nulls, y->keys, y->key_nulls);
}

static int
compare_runs(const pairingheap_node *a, const pairingheap_node *b, void *arg)
{
	const Run  *x = pairingheap_const_container(Run, node, a);
	const Run  *y = pairingheap_const_container(Run, node, b);

	return -compare_run_rows(&x->rows[x->next], &y->rows[y->next], arg);
}

static RunRow *
copy_row(TerritoryScanState *state, OrderedRows *ordered, TupleTableSlot *slot)
{
	TupleDesc	desc = slot->tts_tupleDescriptor;
	int			n = state->nsorts + ordered->nneeded;
	RunRow	   *row = palloc(MAXALIGN(sizeof(RunRow)) + n * (sizeof(Datum) + sizeof(bool)));

	row->keys = (Datum *) ((char *) row + MAXALIGN(sizeof(RunRow)));
	row->values = row->keys + state->nsorts;
	row->key_nulls = (bool *) (row->keys + n);
	row->nulls = row->key_nulls + state->nsorts;
	for (int i = 0; i < ordered->nneeded; i++)
	{
		int			a = ordered->needed[i] - 1;
		Form_pg_attribute att = TupleDescAttr(desc, a);

		row->nulls[i] = slot->tts_isnull[a];
		if (row->nulls[i])
			row->values[i] = 0;
		else
		{
			row->values[i] = datumCopy(slot->tts_values[a], att->attbyval, att->attlen);
			slot->tts_values[a] = row->values[i];	/* keys may point into the row */
		}
	}
	row->tid = slot->tts_tid;
	scan_order_keys(state, slot, row->keys, row->key_nulls, CurrentMemoryContext);
	return row;
}

/* rows are sealed by time, so who wants the latest first has them exactly backwards */
static void
sort_run(TerritoryScanState *state, Run *run)
{
	RunRow	  **rows = run->rows;
	int			n = run->nrows;
	int			falling = 1;

	while (falling < n && compare_run_rows(&rows[falling - 1], &rows[falling], state) > 0)
		falling++;
	if (falling < n)
	{
		qsort_arg(rows, n, sizeof(RunRow *), compare_run_rows, state);
		return;
	}
	for (int i = 0; i < n / 2; i++)
	{
		RunRow	   *row = rows[i];

		rows[i] = rows[n - 1 - i];
		rows[n - 1 - i] = row;
	}
}

static void
open_run(TerritoryScanState *state, OrderedRows *ordered, int segment, int block)
{
	SealedScan *sealed = state->sealed;
	MemoryContext context = AllocSetContextCreate(ordered->context, "territory run", ALLOCSET_DEFAULT_SIZES);
	MemoryContext old;
	Run		   *run;

	sealed_scan_seek_block(sealed, segment, block);
	old = MemoryContextSwitchTo(context);
	run = palloc0(sizeof(Run));
	run->context = context;
	run->rows = palloc(sizeof(RunRow *) * BLOCK_MAX_ROWS);
	while (sealed_scan_next_in_block(sealed))
		if (scan_sealed_row_passes(state, ordered->work))
			run->rows[run->nrows++] = copy_row(state, ordered, ordered->work);
	MemoryContextSwitchTo(old);
	if (run->nrows == 0)
	{
		MemoryContextDelete(context);
		return;
	}
	sort_run(state, run);
	pairingheap_add(ordered->runs, &run->node);
}

/* ---- through a tuplesort: columns are the sort keys, the TID, the needed columns ---- */

static TupleDesc
sort_descriptor(TerritoryScanState *state, OrderedRows *ordered)
{
	TupleDesc	table = RelationGetDescr(state->custom.ss.ss_currentRelation);
	TupleDesc	desc = CreateTemplateTupleDesc(state->nsorts + 1 + ordered->nneeded);

	for (int i = 0; i < state->nsorts; i++)
		TupleDescInitEntry(desc, i + 1, NULL, state->sorts[i].type, -1, 0);
	TupleDescInitEntry(desc, state->nsorts + 1, NULL, TIDOID, -1, 0);
	for (int i = 0; i < ordered->nneeded; i++)
		TupleDescCopyEntry(desc, state->nsorts + 2 + i, table, ordered->needed[i]);
	return desc;
}

static void
put_into_sort(TerritoryScanState *state, OrderedRows *ordered, RunRow *row)
{
	TupleTableSlot *slot = ordered->sort_slot;
	int			n = state->nsorts;

	ExecClearTuple(slot);
	memcpy(slot->tts_values, row->keys, sizeof(Datum) * n);
	memcpy(slot->tts_isnull, row->key_nulls, sizeof(bool) * n);
	slot->tts_values[n] = PointerGetDatum(&row->tid);
	slot->tts_isnull[n] = false;
	memcpy(slot->tts_values + n + 1, row->values, sizeof(Datum) * ordered->nneeded);
	memcpy(slot->tts_isnull + n + 1, row->nulls, sizeof(bool) * ordered->nneeded);
	ExecStoreVirtualTuple(slot);
	tuplesort_puttupleslot(ordered->sort, slot);
}

static void
put_run_into_sort(TerritoryScanState *state, OrderedRows *ordered, Run *run)
{
	for (; run->next < run->nrows; run->next++)
		put_into_sort(state, ordered, run->rows[run->next]);
	if (run != ordered->handed)
		MemoryContextDelete(run->context);
}

static void
start_sort(TerritoryScanState *state, OrderedRows *ordered)
{
	MemoryContext old = MemoryContextSwitchTo(ordered->context);
	TupleDesc	desc = sort_descriptor(state, ordered);
	AttrNumber *columns = palloc(sizeof(AttrNumber) * state->nsorts);
	Oid		   *operators = palloc(sizeof(Oid) * state->nsorts);
	Oid		   *collations = palloc(sizeof(Oid) * state->nsorts);
	bool	   *nulls_first = palloc(sizeof(bool) * state->nsorts);

	for (int i = 0; i < state->nsorts; i++)
	{
		columns[i] = i + 1;
		operators[i] = state->sorts[i].operator;
		collations[i] = state->sorts[i].support.ssup_collation;
		nulls_first[i] = state->sorts[i].support.ssup_nulls_first;
	}
	ordered->sort = tuplesort_begin_heap(desc, state->nsorts, columns, operators, collations, nulls_first,
										 work_mem, NULL, TUPLESORT_NONE);
	ordered->sort_slot = MakeSingleTupleTableSlot(desc, &TTSOpsMinimalTuple);
	MemoryContextSwitchTo(old);
}

/* everything that was not handed out goes into the sort */
static void
sort_the_rest(TerritoryScanState *state, OrderedRows *ordered)
{
	TupleTableSlot *virtual;

	start_sort(state, ordered);
	virtual = MakeSingleTupleTableSlot(ordered->sort_slot->tts_tupleDescriptor, &TTSOpsVirtual);
	ExecDropSingleTupleTableSlot(ordered->sort_slot);
	ordered->sort_slot = virtual;
	while (!pairingheap_is_empty(ordered->runs))
		put_run_into_sort(state, ordered, pairingheap_container(Run, node, pairingheap_remove_first(ordered->runs)));
	while (!pairingheap_is_empty(ordered->pending))
	{
		Pending    *pending = pairingheap_container(Pending, node, pairingheap_remove_first(ordered->pending));

		if (pending->block < 0)
			open_pending_segment(state, ordered, pending->segment);
		else
			open_run(state, ordered, pending->segment, pending->block);
		pfree(pending);
		if (!pairingheap_is_empty(ordered->runs))
			put_run_into_sort(state, ordered,
							  pairingheap_container(Run, node, pairingheap_remove_first(ordered->runs)));
	}
	tuplesort_performsort(ordered->sort);
	ordered->sort_slot = MakeSingleTupleTableSlot(virtual->tts_tupleDescriptor, &TTSOpsMinimalTuple);
	ExecDropSingleTupleTableSlot(virtual);
}

/* ---- begin, next, end ---- */

/* does the first sort key order a column by what its zone maps bound? */
static void
find_lead(TerritoryScanState *state, OrderedRows *ordered)
{
	ExprState  *expr = state->sorts[0].expr;
	Expr	   *node = expr->expr;
	Oid			opfamily;
	bool		descending;

	while (IsA(node, RelabelType))
		node = ((RelabelType *) node)->arg;
	if (!IsA(node, Var) || ((Var *) node)->varattno <= 0)
		return;
	ordered->lead_zone = column_zone_kind(getBaseType(((Var *) node)->vartype));
	if (ordered->lead_zone == ZONE_NONE ||
		!compat_ordering_op(state->sorts[0].operator, &opfamily, &descending) ||
		opfamily != lookup_type_cache(getBaseType(((Var *) node)->vartype), TYPECACHE_BTREE_OPFAMILY)->btree_opf)
		return;
	ordered->lead = ((Var *) node)->varattno;
	ordered->lead_descending = descending;
}

static void
begin_ordered(TerritoryScanState *state)
{
	MemoryContext context = AllocSetContextCreate(state->custom.ss.ps.state->es_query_cxt, "territory order",
												  ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(context);
	OrderedRows *ordered = palloc0(sizeof(OrderedRows));
	int			member = -1;

	ordered->context = context;
	ordered->pending = pairingheap_allocate(compare_pending, NULL);
	ordered->runs = pairingheap_allocate(compare_runs, state);
	ordered->needed = palloc(sizeof(AttrNumber) * (bms_num_members(state->needed) + 1));
	while ((member = bms_next_member(state->needed, member)) >= 0)
		ordered->needed[ordered->nneeded++] = member;
	ordered->work = MakeSingleTupleTableSlot(RelationGetDescr(state->custom.ss.ss_currentRelation), &TTSOpsVirtual);
	find_lead(state, ordered);
	if (scan_open_sealed(state))
		for (int s = 0; s < state->sealed->directory->nsegments; s++)
		{
			SegmentEntry *entry = directory_entry(state->sealed->directory, &state->sealed->store,
												  state->sealed->snapshot, s);

			if (zone_excludes(entry->zones, entry->nzones, state->sealed->keys, state->sealed->nkeys))
				state->sealed->segments_pruned++;
			else
				add_pending(ordered, zone_bound(state, ordered, ordered->lead ? segment_zone(entry, ordered->lead) : NULL),
						s, -1);
		}
	MemoryContextSwitchTo(old);
	state->ordered = ordered;
}

/* open what may hold a row that sorts before the runs' first */
static void
open_due(TerritoryScanState *state, OrderedRows *ordered)
{
	Pending    *pending;

	while ((pending = first_pending(ordered)) != NULL)
	{
		MemoryContext old;

		if (!pairingheap_is_empty(ordered->runs) && ordered->lead)
		{
			Run		   *run = pairingheap_container(Run, node, pairingheap_first(ordered->runs));
			RunRow	   *first = run->rows[run->next];

			if (pending->bound > key_position(state, ordered, first->keys[0], first->key_nulls[0]))
				return;
		}
		pairingheap_remove_first(ordered->pending);
		old = MemoryContextSwitchTo(ordered->context);
		if (pending->block < 0)
			open_pending_segment(state, ordered, pending->segment);
		else
			open_run(state, ordered, pending->segment, pending->block);
		pfree(pending);
		MemoryContextSwitchTo(old);
		if (MemoryContextMemAllocated(ordered->context, true) > (Size) work_mem * 1024)
		{
			sort_the_rest(state, ordered);
			return;
		}
	}
}

/* a row into the caller's head slot and keys */
static void
hand_out(TerritoryScanState *state, OrderedRows *ordered, const Datum *keys, const bool *key_nulls,
		 const Datum *values, const bool *nulls, ItemPointer tid)
{
	TupleTableSlot *slot = state->sealed_head;

	ExecClearTuple(slot);
	memset(slot->tts_isnull, true, slot->tts_tupleDescriptor->natts * sizeof(bool));
	for (int i = 0; i < ordered->nneeded; i++)
	{
		slot->tts_values[ordered->needed[i] - 1] = values[i];
		slot->tts_isnull[ordered->needed[i] - 1] = nulls[i];
	}
	ExecStoreVirtualTuple(slot);
	slot->tts_tid = *tid;
	slot->tts_tableOid = RelationGetRelid(state->custom.ss.ss_currentRelation);
	memcpy(state->sealed_keys, keys, sizeof(Datum) * state->nsorts);
	memcpy(state->sealed_nulls, key_nulls, sizeof(bool) * state->nsorts);
}

static bool
next_of_sort(TerritoryScanState *state, OrderedRows *ordered)
{
	TupleTableSlot *slot = ordered->sort_slot;
	int			n = state->nsorts;

	if (!tuplesort_gettupleslot(ordered->sort, true, false, slot, NULL))
		return false;
	slot_getallattrs(slot);
	hand_out(state, ordered, slot->tts_values, slot->tts_isnull, slot->tts_values + n + 1,
			 slot->tts_isnull + n + 1, (ItemPointer) DatumGetPointer(slot->tts_values[n]));
	return true;
}

/* the next sealed row into sealed_head and sealed_keys; it lives until the next call */
bool
scan_order_next(TerritoryScanState *state)
{
	OrderedRows *ordered;
	Run		   *run;
	RunRow	   *row;

	if (state->ordered == NULL)
		begin_ordered(state);
	ordered = state->ordered;
	if (ordered->sort == NULL)
	{
		if (ordered->handed && ordered->handed->next == ordered->handed->nrows)
		{
			MemoryContextDelete(ordered->handed->context);
			ordered->handed = NULL;
		}
		open_due(state, ordered);
	}
	if (ordered->sort)
		return next_of_sort(state, ordered);
	if (pairingheap_is_empty(ordered->runs))
		return false;
	run = pairingheap_container(Run, node, pairingheap_remove_first(ordered->runs));
	row = run->rows[run->next++];
	hand_out(state, ordered, row->keys, row->key_nulls, row->values, row->nulls, &row->tid);
	if (run->next < run->nrows)
		pairingheap_add(ordered->runs, &run->node);
	ordered->handed = run;
	return true;
}

void
scan_order_end(TerritoryScanState *state)
{
	OrderedRows *ordered = state->ordered;

	if (ordered == NULL)
		return;
	ExecClearTuple(state->sealed_head);
	ExecDropSingleTupleTableSlot(ordered->work);
	if (ordered->sort)
	{
		ExecDropSingleTupleTableSlot(ordered->sort_slot);
		tuplesort_end(ordered->sort);
	}
	MemoryContextDelete(ordered->context);
	state->ordered = NULL;
}
