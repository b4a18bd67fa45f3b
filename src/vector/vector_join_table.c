/*
 * vector_join_table.c
 *	  The dimension of a join as a hash table, within hash_mem.
 *
 * Rows with the same keys form one entry, so that what looks up a key finds all
 * its partners at once.  A dimension that turns out not to fit goes to a file,
 * and the fact table is read once for every range of hashes that does: all
 * partners of a row are in one range, and whoever is of another is passed over.
 * Rows whose keys are null have no partner.
 */
#include "territory.h"

#include "catalog/pg_type.h"
#include "common/hashfn.h"
#include "miscadmin.h"
#include "utils/datum.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/tuplestore.h"

#include "vector/vector_join.h"

#define NARROWEST ((uint64) 1 << 12)	/* rows of so few hashes are kept, whatever it takes */
#define ROWS_PER_CHECK 64
#define MAX_PRUNE_KEYS 4096		/* above, only their range prunes */

/* ---- look-up ---- */

static inline int64
integer_of(Oid type, Datum value)
{
	switch (type)
	{
		case INT2OID:
			return DatumGetInt16(value);
		case INT4OID:
		case DATEOID:
			return DatumGetInt32(value);
		case OIDOID:
			return DatumGetObjectId(value);
		default:
			return DatumGetInt64(value);
	}
}

/* keys as the entries have them, and their hash */
static inline uint32
to_integers(VectorJoin *join, const Oid *types, const Datum *values, Datum *integers)
{
	uint64		hash = 0;

	for (int k = 0; k < join->nkeys; k++)
	{
		integers[k] = (Datum) integer_of(types[k], values[k]);
		hash = (hash ^ (uint64) integers[k]) * UINT64CONST(0xff51afd7ed558ccd);
		hash ^= hash >> 32;
	}
	return (uint32) ((hash * UINT64CONST(0xc4ceb9fe1a85ec53)) >> 32);
}

static uint32
hash_keys(VectorJoin *join, FmgrInfo *functions, const Datum *values)
{
	uint32		hash = 0;

	for (int k = 0; k < join->nkeys; k++)
		hash = hash_combine(hash, DatumGetUInt32(FunctionCall1Coll(&functions[k], join->collations[k], values[k])));
	return murmurhash32(hash);
}

/* values are not null */
static bool
keys_equal(VectorJoin *join, FmgrInfo *functions, const Datum *values, const JoinEntry *entry)
{
	for (int k = 0; k < join->nkeys; k++)
		if (!DatumGetBool(FunctionCall2Coll(&functions[k], join->collations[k], values[k], entry->keys[k])))
			return false;
	return true;
}

static bool
in_table(VectorJoin *join, uint32 hash)
{
	return hash >= join->low && hash < join->low + join->width;
}

/* what has no partner: nothing, or a row of nulls, once */
JoinEntry *
vector_join_unmatched(VectorJoin *join)
{
	return JOIN_KEEPS_ALL(join->type) && join->low == 0 ? &join->unmatched : NULL;
}

/* of keys of the fact table; NULL: there is none in this batch */
static JoinEntry *
look_up(VectorJoin *join, const Datum *values, uint32 *hash)
{
	JoinEntry  *entry;

	if (join->integers)
	{
		Datum		integers[INDEX_MAX_KEYS];

		*hash = to_integers(join, join->fact_types, values, integers);
		for (entry = join->buckets[*hash & (join->nbuckets - 1)]; entry; entry = entry->next)
			if (entry->hash == *hash && memcmp(entry->keys, integers, sizeof(Datum) * join->nkeys) == 0)
				return entry;
		return NULL;
	}
	*hash = hash_keys(join, join->fact_hash, values);
	for (entry = join->buckets[*hash & (join->nbuckets - 1)]; entry; entry = entry->next)
		if (entry->hash == *hash && keys_equal(join, join->equal, values, entry))
			return entry;
	return NULL;
}

/* what a row with these keys is joined with, in the memory context of a row; NULL: nothing of this batch */
JoinEntry *
vector_join_find(VectorJoin *join, const Datum *values)
{
	uint32		hash;
	JoinEntry  *entry = look_up(join, values, &hash);

	if (entry)
		return join->type == JOIN_ANTI ? NULL : entry;
	return JOIN_KEEPS_ALL(join->type) && in_table(join, hash) ? &join->unmatched : NULL;
}

/* ---- building ---- */

static void
empty_table(VectorJoin *join)
{
	MemoryContextReset(join->context);
	join->nbuckets = 256;
	join->nentries = 0;
	join->buckets = MemoryContextAllocZero(join->context, sizeof(JoinEntry *) * join->nbuckets);
	join->row = NULL;
	join->no_row.keys = NULL;
}

static void
grow(VectorJoin *join)
{
	uint32		n = join->nbuckets * 4;
	JoinEntry **buckets = MemoryContextAllocExtended(join->context, sizeof(JoinEntry *) * n,
													 MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);

	for (uint32 b = 0; b < join->nbuckets; b++)
	{
		JoinEntry  *entry = join->buckets[b];

		while (entry)
		{
			JoinEntry  *next = entry->next;

			entry->next = buckets[entry->hash & (n - 1)];
			buckets[entry->hash & (n - 1)] = entry;
			entry = next;
		}
	}
	pfree(join->buckets);
	join->buckets = buckets;
	join->nbuckets = n;
}

/* of keys of the dimension, in the table's memory context */
static JoinEntry *
find_or_add(VectorJoin *join, const Datum *values, uint32 hash)
{
	JoinEntry  *entry;

	for (entry = join->buckets[hash & (join->nbuckets - 1)]; entry; entry = entry->next)
		if (entry->hash == hash &&
			(join->integers ? memcmp(entry->keys, values, sizeof(Datum) * join->nkeys) == 0 :
			 keys_equal(join, join->same, values, entry)))
			return entry;
	if (join->nentries >= join->nbuckets)
		grow(join);
	entry = palloc(offsetof(JoinEntry, keys) + sizeof(Datum) * join->nkeys);
	entry->hash = hash;
	entry->rows = NULL;
	entry->mark = -1;
	for (int k = 0; k < join->nkeys; k++)
		entry->keys[k] = join->integers ? values[k] :
			datumCopy(values[k], join->key_byval[k], join->key_len[k]);
	entry->next = join->buckets[hash & (join->nbuckets - 1)];
	join->buckets[hash & (join->nbuckets - 1)] = entry;
	join->nentries++;
	return entry;
}

static void
add_row(VectorJoin *join, JoinEntry *entry, TupleTableSlot *slot)
{
	JoinRow    *row;

	if ((join->type == JOIN_SEMI || join->type == JOIN_ANTI) && entry->rows)
		return;					/* one partner is as good as many */
	row = palloc0(sizeof(JoinRow));
	row->values = palloc(sizeof(Datum) * Max(join->ncolumns, 1));
	row->nulls = palloc(sizeof(bool) * Max(join->ncolumns, 1));
	for (int c = 0; c < join->ncolumns; c++)
	{
		Form_pg_attribute att = TupleDescAttr(join->desc, c);

		row->nulls[c] = slot->tts_isnull[c];
		row->values[c] = row->nulls[c] ? (Datum) 0 : datumCopy(slot->tts_values[c], att->attbyval, att->attlen);
	}
	row->next = entry->rows;
	entry->rows = row;
}

/* false: a key is null */
static bool
load_keys(VectorState *state, TupleTableSlot *slot, uint32 *hash)
{
	VectorJoin *join = state->join;
	ExprContext *context = state->row_context;

	context->ecxt_innertuple = slot;
	for (int k = 0; k < join->nkeys; k++)
	{
		bool		isnull;

		join->values[k] = ExecEvalExpr(join->dimensions[k], context, &isnull);
		if (isnull)
			return false;
	}
	if (join->integers)
		*hash = to_integers(join, join->dimension_types, join->values, join->values);
	else
		*hash = hash_keys(join, join->dimension_hash, join->values);
	return true;
}

static void
take_dimension_row(VectorState *state, TupleTableSlot *slot)
{
	VectorJoin *join = state->join;
	MemoryContext old;
	uint32		hash;

	ResetExprContext(state->row_context);
	slot_getallattrs(slot);
	old = MemoryContextSwitchTo(state->row_context->ecxt_per_tuple_memory);
	if (load_keys(state, slot, &hash) && in_table(join, hash))
	{
		MemoryContextSwitchTo(join->context);
		add_row(join, find_or_add(join, join->values, hash), slot);
	}
	MemoryContextSwitchTo(old);
}

/* NULL at the end */
static TupleTableSlot *
next_of_child(VectorJoin *join)
{
	TupleTableSlot *slot = ExecProcNode(join->child);

	CHECK_FOR_INTERRUPTS();
	return TupIsNull(slot) ? NULL : slot;
}

static bool
is_full(VectorJoin *join)
{
	return join->width > NARROWEST && !join->shared && join->nrows++ % ROWS_PER_CHECK == ROWS_PER_CHECK - 1 &&
		MemoryContextMemAllocated(join->context, true) > get_hash_memory_limit();
}

static void
forget_spilled(VectorJoin *join)
{
	if (join->spilled)
		tuplestore_end(join->spilled);
	join->spilled = NULL;
}

/* what the table holds goes to a file, and so does what the child has not given yet */
static void
spill(VectorState *state)
{
	VectorJoin *join = state->join;
	MemoryContext old = MemoryContextSwitchTo(state->custom.ss.ps.state->es_query_cxt);
	TupleTableSlot *slot;

	join->spilled = tuplestore_begin_heap(false, false, work_mem);
	MemoryContextSwitchTo(old);
	for (uint32 b = 0; b < join->nbuckets; b++)
		for (JoinEntry *entry = join->buckets[b]; entry; entry = entry->next)
			for (JoinRow *row = entry->rows; row; row = row->next)
				tuplestore_putvalues(join->spilled, join->desc, row->values, row->nulls);
	empty_table(join);
	while ((slot = next_of_child(join)) != NULL)
		tuplestore_puttupleslot(join->spilled, slot);
}

/* the rows of [low, low + width), made narrower until they fit */
static void
load_spilled(VectorState *state)
{
	VectorJoin *join = state->join;
	bool		full;

	do
	{
		empty_table(join);
		full = false;
		tuplestore_rescan(join->spilled);
		while (!full && tuplestore_gettupleslot(join->spilled, true, false, join->spill_slot))
		{
			CHECK_FOR_INTERRUPTS();
			take_dimension_row(state, join->spill_slot);
			full = is_full(join);
		}
		if (full)
			join->width /= 2;
	} while (full);
	ExecClearTuple(join->spill_slot);
}

static void
load_child(VectorState *state)
{
	VectorJoin *join = state->join;
	TupleTableSlot *slot;

	if (join->started)
		ExecReScan(join->child);
	join->started = true;
	empty_table(join);
	while ((slot = next_of_child(join)) != NULL)
	{
		take_dimension_row(state, slot);
		if (!is_full(join))
			continue;
		spill(state);
		join->width /= 2;
		load_spilled(state);
		return;
	}
}

/* ---- keys to prune by ---- */

static void
add_prune_key(VectorJoin *join, AttrNumber attno, ZoneKind zone, int strategy, int64 value)
{
	PruneKey   *key = &join->prune_keys[join->nprune_keys++];

	memset(key, 0, sizeof *key);
	key->attno = attno;
	key->zone = zone;
	key->strategy = strategy;
	key->key = value;
}

/* what the k-th key of a row with a partner must be */
static void
prune_by(VectorState *state, int k)
{
	VectorJoin *join = state->join;
	AttrNumber	attno = join->fact_columns[k];
	Oid			column;
	int64	   *keys;
	int			n = 0;
	int			distinct;

	if (attno <= 0 || !join->ordered[k] || join->nentries == 0)
		return;
	column = getBaseType(TupleDescAttr(RelationGetDescr(state->rel), attno - 1)->atttypid);
	if (column_zone_kind(column) == ZONE_NONE)
		return;
	keys = MemoryContextAllocHuge(join->context, sizeof(int64) * join->nentries);
	for (uint32 b = 0; b < join->nbuckets; b++)
		for (JoinEntry *entry = join->buckets[b]; entry; entry = entry->next, n++)
		{
			if (join->integers)
				keys[n] = (int64) entry->keys[k];
			else if (!scan_zone_key(column, join->dimension_types[k], entry->keys[k], &keys[n]))
			{
				pfree(keys);
				return;
			}
		}
	distinct = scan_sort_keys(keys, n);
	if (distinct > MAX_PRUNE_KEYS)
	{
		add_prune_key(join, attno, column_zone_kind(column), BTGreaterEqualStrategyNumber, keys[0]);
		add_prune_key(join, attno, column_zone_kind(column), BTLessEqualStrategyNumber, keys[distinct - 1]);
		pfree(keys);
		return;
	}
	add_prune_key(join, attno, column_zone_kind(column), BTEqualStrategyNumber, keys[0]);
	join->prune_keys[join->nprune_keys - 1].nkeys = distinct;
	join->prune_keys[join->nprune_keys - 1].keys = keys;
}

static void
make_prune_keys(VectorState *state)
{
	VectorJoin *join = state->join;

	join->nprune_keys = 0;
	if (JOIN_KEEPS_ALL(join->type))
		return;
	for (int k = 0; k < join->nkeys; k++)
		prune_by(state, k);
}

/* ---- batches ---- */

static void
finish_batch(VectorState *state)
{
	VectorJoin *join = state->join;

	state->row_context->ecxt_innertuple = join->slot;
	join->batches++;
	join->nplaced = join->nbuckets;
	join->placed = MemoryContextAllocExtended(join->context, sizeof(PlacedKey *) * join->nplaced,
											  MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	vector_keys_placed(state, join->spilled == NULL);
	make_prune_keys(state);
}

/*
 * Several processes cannot deal out the rows of the fact table more than once.
 * Where the first of them finds that the dimension does not fit, it goes on
 * alone; where it fits, it has to fit for all.
 */
static void
share_work(VectorState *state)
{
	VectorJoin *join = state->join;
	VectorSharing sharing;
	bool		mine;

	join->idle = false;
	if (state->shared == NULL || join->alone)
		return;
	sharing = vector_share(state, join->spilled ? SHARING_ONE : SHARING_ALL, &mine);
	if (sharing == SHARING_ALL && join->spilled)
	{
		join->shared = true;
		join->low = 0;
		join->width = ALL_HASHES;
		load_spilled(state);
		forget_spilled(join);
	}
	else if (sharing == SHARING_ONE && mine)
	{
		/* scans of its own take the place of the shared ones */
		join->alone = true;
		table_endscan(state->hot_scan);
		state->hot_scan = NULL;
	}
	else if (sharing == SHARING_ONE)
		join->idle = true;
}

/* before every pass over the fact table's groups; a table that holds everything stays */
void
vector_join_first_batch(VectorState *state)
{
	VectorJoin *join = state->join;

	if (join->built && join->spilled == NULL)
	{
		share_work(state);
		return;
	}
	join->low = 0;
	join->width = ALL_HASHES;
	if (join->built)
	{
		join->width = join->first_width;
		load_spilled(state);
	}
	else
		load_child(state);
	join->first_width = join->width;
	join->built = true;
	share_work(state);
	finish_batch(state);
}

/* false: the fact table has met all of the dimension, or another process lets it */
bool
vector_join_next_batch(VectorState *state)
{
	VectorJoin *join = state->join;

	if (join->idle || join->low + join->width >= ALL_HASHES)
		return false;
	join->low += join->width;
	load_spilled(state);
	finish_batch(state);
	return true;
}

/* for other values of parameters, perhaps; false: the child depends on them, and will be read again */
bool
vector_join_rescan(VectorState *state)
{
	VectorJoin *join = state->join;
	PlanState  *ps = &state->custom.ss.ps;

	if (join->alone)
	{
		vector_deal_again(state);
		join->alone = false;
	}
	if (ps->chgParam)
		UpdateChangedParamSet(join->child, ps->chgParam);
	if (join->child->chgParam == NULL && !bms_overlap(ps->chgParam, join->params))
		return true;
	join->built = join->shared = false;
	forget_spilled(join);
	return false;
}

void
vector_join_end(VectorState *state)
{
	forget_spilled(state->join);
	ExecEndNode(state->join->child);
}
