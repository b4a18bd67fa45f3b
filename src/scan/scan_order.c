/*
 * scan_order.c
 *	  Sealed rows in a query's order, opening blocks only as the order needs
 *	  them.
 *
 * Zone maps bound the first sort key of every segment and block.  A block is
 * decoded, filtered and sorted into a run when a row of it may sort before the
 * first row of all runs, so ORDER BY ... LIMIT opens a few blocks, and a scan in
 * the order of the segments holds one run at a time.  Rows of a block that are
 * sealed in the order that is asked for, or exactly backwards, need no sort.
 *
 * Invariant: every sealed row that sorts before the runs' first row has been
 * handed out, and none that is in an unopened block sorts before it.
 *
 * Before the first row is handed out, a block all of whose rows pass, in the
 * order that is asked for, is not decoded: its end row, as far as that is known
 * without, is a run by itself, and the block is pending again behind it.  So the
 * last row of an entity, LIMIT 1, needs no decoding.
 *
 * Where many blocks overlap, runs outgrow work_mem: then they are put aside, and
 * opened again when their next row is due.  Once as many were opened again as
 * there are blocks, or where zone maps say nothing about the key, all that is
 * left goes through a tuplesort, which spills.
 */
#include "territory.h"

#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "optimizer/optimizer.h"
#include "utils/datum.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/typcache.h"

#include "scan/scan.h"
#include "scan/scan_pending.h"
#include "scan/scan_sort.h"

/*
 * The rows of one block that passed, in order; the block's memory is the run's.
 * Or the first of them alone, as if the block had no other row.
 */
typedef struct Run
{
	pairingheap_node node;
	TerritoryScanState *state;
	MemoryContext context;		/* NULL: the run is one piece of memory, but for values by reference */
	bool		alone;			/* more rows of the block are to come */
	Datum	  **values;			/* per attribute, by row of the block; NULL where nobody reads it */
	bool	  **nulls;
	Datum	  **keys;			/* per sort key, by row of the block */
	bool	  **key_nulls;
	ItemPointerData first;		/* the TID of row 0 */
	int			segment;
	int			block;
	int			nrows;
	int		   *rows;
	int			next;
} Run;

/* what is known of a sort key */
typedef struct OrderKey
{
	AttrNumber	attno;			/* a column in its type's default order, or 0 */
	bool		descending;
} OrderKey;

typedef struct OrderedRows
{
	MemoryContext context;		/* of runs */
	PendingSet *pending;		/* counts not among what is held in runs */
	pairingheap *runs;
	Run		   *handed;			/* its last row is in the caller's slot */
	TupleTableSlot *work;		/* a candidate row */

	OrderKey   *keys;
	AttrNumber	lead;			/* column of the first sort key that zone maps know, or 0 */
	ZoneKind	lead_zone;
	bool		lead_alone;		/* equal lead keys are equal rows, to the order */

	bool		open;			/* for the parameters of now */
	bool		begun;			/* a row was handed out */
	bool		may_reopen;		/* the same rows pass again */
	int64		blocks;			/* of all segments */
	int64		reopened;
	ScanSorter *sorter;			/* once runs would not fit */
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
	return ordered->keys[0].descending ? ~zone : zone;
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
	return ordered->keys[0].descending ? ~zone->max : zone->min;
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

static void
open_pending_segment(TerritoryScanState *state, OrderedRows *ordered, int segment)
{
	SealedScan *sealed = state->sealed;
	const uint8 *out;
	PendingBlocks *list;
	int			nblocks;

	sealed_scan_seek_segment(sealed, segment);
	nblocks = sealed->reader.header->nblocks;
	out = sealed_scan_blocks_out(sealed);
	list = scan_pending_list(ordered->pending, nblocks);
	for (int b = 0; b < nblocks; b++)
	{
		ZoneMap		zone;
		bool		known;

		if (out[b])
			continue;
		known = ordered->lead && segment_block_zone(&sealed->reader, b, ordered->lead, &zone);
		list->blocks[list->n].bound = zone_bound(state, ordered, known ? &zone : NULL);
		list->blocks[list->n++].block = b;
	}
	sealed->blocks_pruned += nblocks - list->n;
	scan_pending_add_list(ordered->pending, segment, list);
}

/* ---- runs ---- */

static int
compare_rows(const Run *a, int row_a, const Run *b, int row_b)
{
	TerritoryScanState *state = a->state;

	for (int i = 0; i < state->nsorts; i++)
	{
		int			order = ApplySortComparator(a->keys[i][row_a], a->key_nulls[i][row_a], b->keys[i][row_b],
												b->key_nulls[i][row_b], &state->sorts[i].support);

		if (order != 0)
			return order;
	}
	return 0;
}

static int
compare_in_run(const void *a, const void *b, void *arg)
{
	return compare_rows(arg, *(const int *) a, arg, *(const int *) b);
}

static int
compare_runs(const pairingheap_node *a, const pairingheap_node *b, void *arg)
{
	const Run  *x = pairingheap_const_container(Run, node, a);
	const Run  *y = pairingheap_const_container(Run, node, b);

	return -compare_rows(x, x->rows[x->next], y, y->rows[y->next]);
}

/* keys that are no columns, of the rows that passed */
static void
evaluate_key(Run *run, int k, TupleTableSlot *work, int rows)
{
	TerritoryScanState *state = run->state;
	ExprContext *econtext = state->custom.ss.ps.ps_ExprContext;

	run->keys[k] = palloc(sizeof(Datum) * rows);
	run->key_nulls[k] = palloc(sizeof(bool) * rows);
	for (int i = 0; i < run->nrows; i++)
	{
		int			row = run->rows[i];

		state->sealed->row = row;
		ExecClearTuple(work);
		sealed_scan_row(state->sealed, work->tts_values, work->tts_isnull);
		ExecStoreVirtualTuple(work);
		sealed_scan_tid(state->sealed, &work->tts_tid);
		work->tts_tableOid = RelationGetRelid(state->custom.ss.ss_currentRelation);
		econtext->ecxt_scantuple = work;
		run->keys[k][row] = ExecEvalExpr(state->sorts[k].expr, econtext, &run->key_nulls[k][row]);
	}
}

static void
take_keys(Run *run, OrderedRows *ordered, int rows)
{
	TerritoryScanState *state = run->state;

	run->keys = palloc(sizeof(Datum *) * state->nsorts);
	run->key_nulls = palloc(sizeof(bool *) * state->nsorts);
	for (int k = 0; k < state->nsorts; k++)
	{
		AttrNumber	attno = scan_order_column(state->sorts[k].expr->expr);

		if (attno > 0)
		{
			run->keys[k] = run->values[attno - 1];
			run->key_nulls[k] = run->nulls[attno - 1];
		}
		else
			evaluate_key(run, k, ordered->work, rows);
	}
}

/*
 * Rows of one entity by time are in the order of the first key that is the time,
 * where all keys before it are the entity's and none comes after it: 1, or
 * exactly backwards: -1; else nothing is known: 0.
 */
static int
sealed_order(OrderedRows *ordered, SealedScan *sealed, int nsorts)
{
	BlockHeader *header = sealed->reader.header;
	OrderKey   *last = &ordered->keys[nsorts - 1];

	if (!header->ordered[sealed->block] || last->attno == 0 || last->attno != header->time)
		return 0;
	for (int k = 0; k < nsorts - 1; k++)
	{
		bool		is_entity = false;

		for (int e = 0; e < header->nentity; e++)
			is_entity = is_entity || (ordered->keys[k].attno != 0 && ordered->keys[k].attno == header->entity[e]);
		if (!is_entity)
			return 0;
	}
	return last->descending ? -1 : 1;
}

static void
reverse(int *rows, int n)
{
	for (int i = 0; i < n / 2; i++)
	{
		int			row = rows[i];

		rows[i] = rows[n - 1 - i];
		rows[n - 1 - i] = row;
	}
}

/* rows that come in order, or exactly backwards, need no sort */
static void
sort_run(Run *run, int order)
{
	int			n = run->nrows;
	int			rising = 1,
				falling = 1;

	if (order == 0)
	{
		while (rising < n && compare_rows(run, run->rows[rising - 1], run, run->rows[rising]) <= 0)
			rising++;
		while (rising < n && falling < n && compare_rows(run, run->rows[falling - 1], run, run->rows[falling]) > 0)
			falling++;
		order = rising >= n ? 1 : falling >= n ? -1 : 0;
	}
	if (order < 0)
		reverse(run->rows, n);
	else if (order == 0)
		qsort_arg(run->rows, n, sizeof(int), compare_in_run, run);
}

/* which rows of the open block pass all quals */
static void
take_rows(TerritoryScanState *state, OrderedRows *ordered, Run *run)
{
	SealedScan *sealed = state->sealed;

	run->rows = palloc(sizeof(int) * sealed_scan_block_rows(sealed));
	if (state->rest == NULL)
		run->nrows = sealed_scan_rows(sealed, run->rows);
	while (state->rest && sealed_scan_next_in_block(sealed))
		if (scan_rest_passes(state, ordered->work))
			run->rows[run->nrows++] = sealed->row;
}

static void
end_run(Run *run)
{
	TerritoryScanState *state = run->state;

	if (run->context)
	{
		MemoryContextDelete(run->context);
		return;
	}
	for (int i = 0; i < state->sealed->nwanted; i++)
	{
		int			a = state->sealed->wanted[i];

		if (!state->sealed->types[a].byval && !run->nulls[a][0])
			pfree(DatumGetPointer(run->values[a][0]));
	}
	pfree(run);
}

/* a run of one row, in one piece of memory, whose values are to be filled in */
static Run *
make_lone_run(TerritoryScanState *state, OrderedRows *ordered, int segment, int block)
{
	int			natts = state->sealed->desc->natts;
	int			nsorts = state->nsorts;
	Size		size = MAXALIGN(sizeof(Run)) + (2 * natts + 2 * nsorts + natts) * sizeof(void *) + MAXALIGN(natts) +
		sizeof(int);
	char	   *at = MemoryContextAllocZero(ordered->context, size);
	Run		   *run = (Run *) at;
	Datum	   *values;
	bool	   *nulls;

	run->state = state;
	run->alone = true;
	run->segment = segment;
	run->block = block;
	run->nrows = 1;
	at += MAXALIGN(sizeof(Run));
	run->values = (Datum **) at;
	run->nulls = (bool **) (at += natts * sizeof(void *));
	run->keys = (Datum **) (at += natts * sizeof(void *));
	run->key_nulls = (bool **) (at += nsorts * sizeof(void *));
	values = (Datum *) (at += nsorts * sizeof(void *));
	nulls = (bool *) (at += natts * sizeof(Datum));
	run->rows = (int *) (at + MAXALIGN(natts));
	for (int i = 0; i < state->sealed->nwanted; i++)
	{
		int			a = state->sealed->wanted[i];

		run->values[a] = &values[a];
		run->nulls[a] = &nulls[a];
	}
	for (int k = 0; k < nsorts; k++)
	{
		run->keys[k] = run->values[ordered->keys[k].attno - 1];
		run->key_nulls[k] = run->nulls[ordered->keys[k].attno - 1];
	}
	return run;
}

/*
 * The end row of the open block, all of whose rows pass and come in order: from
 * zone maps and summaries, a column that these do not know from the column.
 */
static void
open_at_end(TerritoryScanState *state, OrderedRows *ordered, int segment, int block, bool last)
{
	SealedScan *sealed = state->sealed;
	Run		   *run = make_lone_run(state, ordered, segment, block);
	bool		decoded = false;
	MemoryContext old = MemoryContextSwitchTo(ordered->context);

	sealed->row = last ? sealed_scan_block_rows(sealed) - 1 : 0;
	sealed_scan_tid(sealed, &run->first);
	for (int i = 0; i < sealed->nwanted; i++)
	{
		int			a = sealed->wanted[i];

		if (segment_block_end(&sealed->reader, block, a + 1, last, run->values[a], run->nulls[a]))
			continue;
		decoded = true;
		sealed_scan_decode(sealed, a);
		*run->nulls[a] = sealed->nulls[a][sealed->row];
		if (!*run->nulls[a])
			*run->values[a] = datumCopy(sealed->values[a][sealed->row], sealed->types[a].byval, sealed->types[a].len);
	}
	MemoryContextSwitchTo(old);
	if (!decoded)
	{
		state->blocks_summed++;
		sealed->blocks_read--;
	}
	pairingheap_add(ordered->runs, &run->node);
}

/* the rows of the block behind a run that is alone and was handed out, none of which sorts before that */
static void
add_rest_of_block(TerritoryScanState *state, OrderedRows *ordered, Run *run)
{
	Pending    *pending = scan_pending_add(ordered->pending, ordered->lead == 0 ? PG_INT64_MIN :
									  key_position(state, ordered, *run->keys[0], *run->key_nulls[0]),
									  run->segment, run->block);

	pending->skip = 1;
}

static void
open_run(TerritoryScanState *state, OrderedRows *ordered, int segment, int block, int skip)
{
	SealedScan *sealed = state->sealed;
	MemoryContext old;
	Run		   *run;
	int			order;

	sealed_scan_seek_block(sealed, segment, block);
	order = sealed_order(ordered, sealed, state->nsorts);
	if (!ordered->begun && skip == 0 && order != 0 && state->rest == NULL && sealed->dead == NULL &&
		sealed_scan_block_rows(sealed) > 1)
	{
		open_at_end(state, ordered, segment, block, order < 0);
		return;
	}
	old = MemoryContextSwitchTo(sealed->block_context);
	run = palloc0(sizeof(Run));
	run->state = state;
	run->segment = segment;
	run->block = block;
	run->next = skip;
	take_rows(state, ordered, run);
	if (run->nrows > skip)
	{
		int			natts = sealed->desc->natts;

		sealed_scan_show(sealed);
		run->values = palloc(sizeof(Datum *) * natts);
		run->nulls = palloc(sizeof(bool *) * natts);
		memcpy(run->values, sealed->values, sizeof(Datum *) * natts);
		memcpy(run->nulls, sealed->nulls, sizeof(bool *) * natts);
		take_keys(run, ordered, sealed_scan_block_rows(sealed));
		sort_run(run, order);
		sealed->row = 0;
		sealed_scan_tid(sealed, &run->first);
		run->context = sealed_scan_hand_over(sealed, ordered->context);
		pairingheap_add(ordered->runs, &run->node);
	}
	MemoryContextSwitchTo(old);
	scan_count_removed(state);
}

/* a row of the run by attribute, into a slot of the table's columns */
static void
store_row(Run *run, int row, TupleTableSlot *slot)
{
	SealedScan *sealed = run->state->sealed;

	ExecClearTuple(slot);
	memset(slot->tts_isnull, true, slot->tts_tupleDescriptor->natts * sizeof(bool));
	for (int i = 0; i < sealed->nwanted; i++)
	{
		int			a = sealed->wanted[i];

		slot->tts_values[a] = run->values[a][row];
		slot->tts_isnull[a] = run->nulls[a][row];
	}
	ExecStoreVirtualTuple(slot);
	tid_set_sealed(&slot->tts_tid, tid_segment(&run->first), tid_place(&run->first) + row);
	slot->tts_tableOid = RelationGetRelid(run->state->custom.ss.ss_currentRelation);
}

static void
load_keys(const Run *run, int row, Datum *keys, bool *nulls)
{
	for (int k = 0; k < run->state->nsorts; k++)
	{
		keys[k] = run->keys[k][row];
		nulls[k] = run->key_nulls[k][row];
	}
}

/* ---- when runs do not fit ---- */

/* forget all rows but those of the first run: each is pending again, from its next row on */
static void
put_runs_aside(TerritoryScanState *state, OrderedRows *ordered)
{
	Run		   *first = pairingheap_container(Run, node, pairingheap_remove_first(ordered->runs));

	while (!pairingheap_is_empty(ordered->runs))
	{
		Run		   *run = pairingheap_container(Run, node, pairingheap_remove_first(ordered->runs));
		int			row = run->rows[run->next];
		Pending    *pending;

		pending = scan_pending_add(ordered->pending, key_position(state, ordered, run->keys[0][row], run->key_nulls[0][row]),
							  run->segment, run->block);
		pending->skip = run->next;
		pending->again = true;
		if (run != ordered->handed)
			end_run(run);
	}
	pairingheap_add(ordered->runs, &first->node);
}

static void
put_run_into_sort(TerritoryScanState *state, OrderedRows *ordered, Run *run)
{
	Datum	   *keys = palloc(sizeof(Datum) * state->nsorts);
	bool	   *nulls = palloc(sizeof(bool) * state->nsorts);

	for (; run->next < run->nrows; run->next++)
	{
		int			row = run->rows[run->next];

		store_row(run, row, ordered->work);
		load_keys(run, row, keys, nulls);
		scan_sorter_put(ordered->sorter, keys, nulls, ordered->work->tts_values, ordered->work->tts_isnull,
						&ordered->work->tts_tid);
	}
	pfree(keys);
	pfree(nulls);
	if (run->alone)
		add_rest_of_block(state, ordered, run);
	if (run != ordered->handed)
		end_run(run);
}

static void
open_first_pending(TerritoryScanState *state, OrderedRows *ordered)
{
	Pending		pending = scan_pending_take(ordered->pending);

	if (pending.block < 0)
		open_pending_segment(state, ordered, pending.segment);
	else
		open_run(state, ordered, pending.segment, pending.block, pending.skip);
	if (pending.again)
		ordered->reopened++;
}

/* everything that was not handed out goes into the sort */
static void
sort_the_rest(TerritoryScanState *state, OrderedRows *ordered)
{
	ordered->sorter = scan_sorter_begin(state);
	for (;;)
	{
		while (!pairingheap_is_empty(ordered->runs))
			put_run_into_sort(state, ordered,
							  pairingheap_container(Run, node, pairingheap_remove_first(ordered->runs)));
		if (scan_pending_first(ordered->pending) == NULL)
			break;
		open_first_pending(state, ordered);
	}
	scan_sorter_perform(ordered->sorter);
}

/* ---- begin, next, end ---- */

/* the column that an expression is, or 0 */
AttrNumber
scan_order_column(Expr *expr)
{
	while (IsA(expr, RelabelType))
		expr = ((RelabelType *) expr)->arg;
	return IsA(expr, Var) && ((Var *) expr)->varattno > 0 ? ((Var *) expr)->varattno : 0;
}

static void
know_keys(TerritoryScanState *state, OrderedRows *ordered)
{
	TupleDesc	desc = RelationGetDescr(state->custom.ss.ss_currentRelation);

	ordered->keys = palloc0(sizeof(OrderKey) * state->nsorts);
	for (int k = 0; k < state->nsorts; k++)
	{
		OrderKey   *key = &ordered->keys[k];
		AttrNumber	attno = scan_order_column(state->sorts[k].expr->expr);
		Oid			opfamily;
		TypeCacheEntry *type;

		if (attno == 0 || !compat_ordering_op(state->sorts[k].operator, &opfamily, &key->descending))
			continue;
		type = lookup_type_cache(getBaseType(TupleDescAttr(desc, attno - 1)->atttypid), TYPECACHE_BTREE_OPFAMILY);
		if (opfamily == type->btree_opf)
			key->attno = attno;
	}
	if (ordered->keys[0].attno == 0)
		return;
	ordered->lead_zone = column_zone_kind(getBaseType(TupleDescAttr(desc, ordered->keys[0].attno - 1)->atttypid));
	if (ordered->lead_zone != ZONE_NONE)
		ordered->lead = ordered->keys[0].attno;
	ordered->lead_alone = state->nsorts == 1 &&
		(ordered->lead_zone == ZONE_INTEGER || ordered->lead_zone == ZONE_OID || ordered->lead_zone == ZONE_FLOAT8 ||
		 ordered->lead_zone == ZONE_FLOAT4);
}

/* the first segment from this on that the keys do not exclude; at the end, as many as there are */
static int
next_segment(SealedScan *sealed, int segment)
{
	int			n = sealed->directory->nsegments;
	const uint8 *next;

	if (!sealed->directory_whole || segment >= n)
		return segment;
	next = memchr(sealed->excluded + segment, false, n - segment);
	return next ? next - sealed->excluded : n;
}

/* what the directory does not keep of a segment is read, and forgotten again */
static void
add_segments(TerritoryScanState *state, OrderedRows *ordered)
{
	SealedScan *sealed = state->sealed;
	MemoryContext scratch = NULL;
	MemoryContext old = CurrentMemoryContext;

	for (int s = next_segment(sealed, 0); s < sealed->directory->nsegments; s = next_segment(sealed, s + 1))
	{
		SegmentEntry *entry;

		CHECK_FOR_INTERRUPTS();
		if (s >= DIRECTORY_KEPT)
		{
			if (scratch == NULL)
				scratch = AllocSetContextCreate(ordered->context, "territory segment's entry", ALLOCSET_SMALL_SIZES);
			MemoryContextReset(scratch);
			MemoryContextSwitchTo(scratch);
		}
		entry = directory_entry(sealed->directory, &sealed->store, sealed->snapshot, s);
		scan_pending_add(ordered->pending, zone_bound(state, ordered, ordered->lead ? segment_zone(entry, ordered->lead) : NULL), s,
					-1);
		ordered->blocks += entry->nblocks;
	}
	MemoryContextSwitchTo(old);
	if (scratch)
		MemoryContextDelete(scratch);
}

static void
begin_ordered(TerritoryScanState *state)
{
	MemoryContext query = state->custom.ss.ps.state->es_query_cxt;
	MemoryContext old = MemoryContextSwitchTo(query);
	OrderedRows *ordered = palloc0(sizeof(OrderedRows));

	ordered->context = AllocSetContextCreate(query, "territory order", ALLOCSET_DEFAULT_SIZES);
	ordered->pending = scan_pending_begin();
	ordered->runs = pairingheap_allocate(compare_runs, NULL);
	ordered->work = MakeSingleTupleTableSlot(RelationGetDescr(state->custom.ss.ss_currentRelation), &TTSOpsVirtual);
	know_keys(state, ordered);
	ordered->may_reopen = ordered->lead > 0 && !contain_volatile_functions((Node *) state->filter_exprs);
	MemoryContextSwitchTo(old);
	state->ordered = ordered;
}

/* may an unopened segment or block hold a row that has to come before this one, the first of all runs? */
static bool
is_due(TerritoryScanState *state, OrderedRows *ordered, const Pending *pending, const Run *run)
{
	int			row = run->rows[run->next];
	int64		here;

	if (ordered->lead == 0)
		return true;
	here = key_position(state, ordered, run->keys[0][row], run->key_nulls[0][row]);
	if (pending->bound != here)
		return pending->bound < here;
	/* of equals any may come first; at the ends, bounds stand for nulls and the unknown, too */
	return !ordered->lead_alone || here == PG_INT64_MIN || here == PG_INT64_MAX;
}

/* open what may hold a row that sorts before the runs' first */
static void
open_due(TerritoryScanState *state, OrderedRows *ordered)
{
	const Pending *pending;

	while ((pending = scan_pending_first(ordered->pending)) != NULL)
	{
		if (!pairingheap_is_empty(ordered->runs) &&
			!is_due(state, ordered, pending, pairingheap_container(Run, node, pairingheap_first(ordered->runs))))
			return;
		open_first_pending(state, ordered);
		if (MemoryContextMemAllocated(ordered->context, true) <= (Size) work_mem * 1024)
			continue;
		if (!ordered->may_reopen || ordered->reopened > ordered->blocks)
		{
			sort_the_rest(state, ordered);
			return;
		}
		if (!pairingheap_is_empty(ordered->runs))
			put_runs_aside(state, ordered);
	}
}

/* the next sealed row into sealed_head and sealed_keys; it lives until the next call */
bool
scan_order_next(TerritoryScanState *state)
{
	OrderedRows *ordered;
	Run		   *run;
	int			row;

	if (state->ordered == NULL)
		begin_ordered(state);
	ordered = state->ordered;
	if (!ordered->open)
	{
		ordered->open = true;
		if (scan_open_sealed(state))
			add_segments(state, ordered);
	}
	if (ordered->sorter == NULL)
	{
		if (ordered->handed && ordered->handed->next == ordered->handed->nrows)
		{
			end_run(ordered->handed);
			ordered->handed = NULL;
		}
		open_due(state, ordered);
	}
	if (ordered->sorter)
		return scan_sorter_next(ordered->sorter, state->sealed_head, state->sealed_keys, state->sealed_nulls);
	if (pairingheap_is_empty(ordered->runs))
		return false;
	run = pairingheap_container(Run, node, pairingheap_remove_first(ordered->runs));
	row = run->rows[run->next++];
	store_row(run, row, state->sealed_head);
	load_keys(run, row, state->sealed_keys, state->sealed_nulls);
	if (run->next < run->nrows)
		pairingheap_add(ordered->runs, &run->node);
	else if (run->alone)
		add_rest_of_block(state, ordered, run);
	ordered->begun = true;
	ordered->handed = run;
	return true;
}

/* back to before the first row, with other parameters */
void
scan_order_restart(TerritoryScanState *state)
{
	OrderedRows *ordered = state->ordered;

	if (ordered == NULL)
		return;
	ExecClearTuple(state->sealed_head);
	ExecClearTuple(ordered->work);
	if (ordered->sorter)
		scan_sorter_end(ordered->sorter);
	ordered->sorter = NULL;
	ordered->handed = NULL;
	ordered->open = ordered->begun = false;
	ordered->blocks = ordered->reopened = 0;
	scan_pending_reset(ordered->pending);
	pairingheap_reset(ordered->runs);
	MemoryContextReset(ordered->context);
}

void
scan_order_end(TerritoryScanState *state)
{
	OrderedRows *ordered = state->ordered;

	if (ordered == NULL)
		return;
	scan_order_restart(state);
	ExecDropSingleTupleTableSlot(ordered->work);
	scan_pending_end(ordered->pending);
	MemoryContextDelete(ordered->context);
	state->ordered = NULL;
}
