/*
 * vector_join.c
 *	  Rows of the fact table meet those of the dimension.
 *
 * A block is mostly of one entity, and joins are mostly by entity: where the
 * zone map says that a block has one key, it is looked up once, and a block
 * without partner is not decoded.  Otherwise the rows of a block are sorted by
 * what they meet, so that whatever follows sees rows with one and the same row
 * of the dimension at hand, as if its columns were constants.
 *
 * Quals of the fact table come before the look-up of a row.  A block's key is
 * looked up before them, by equalities of built-in types only, which tell
 * nobody anything.
 */
#include "territory.h"

#include "catalog/pg_opfamily.h"
#include "catalog/pg_type.h"
#include "common/hashfn.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "utils/datum.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/typcache.h"

#include "scan/scan_filter.h"
#include "vector/vector_join.h"

/* ---- begin ---- */

static RowExpr *
join_parts(CustomScan *plan)
{
	List	   *inner = castNode(RowExpr, llast_node(TargetEntry, plan->custom_scan_tlist)->expr)->args;

	return castNode(RowExpr, list_nth(inner, list_length(inner) - 2));
}

static List *
sublist(List *exprs, int first, int n)
{
	return list_truncate(list_copy_tail(exprs, first), n);
}

/* n expressions of the join's part of the plan, as EXPLAIN shows them */
List *
vector_join_part(CustomScan *plan, JoinPart part)
{
	List	   *args = join_parts(plan)->args;
	List	   *numbers = linitial(list_nth(plan->custom_private, VECTOR_JOIN));
	int			nkeys = lsecond_int(numbers);
	int			nquals = lthird_int(numbers);

	switch (part)
	{
		case JOIN_FACTS:
			return sublist(args, 0, nkeys);
		case JOIN_DIMENSIONS:
			return sublist(args, nkeys, nkeys);
		case JOIN_QUALS:
			return sublist(args, 2 * nkeys, nquals);
		default:
			return list_copy_tail(args, 2 * nkeys + nquals);
	}
}

/* is it known once the row of the dimension is? */
static bool
is_fact(Node *node, void *context)
{
	if (node == NULL)
		return false;
	if (IsA(node, Var) && ((Var *) node)->varno != INNER_VAR)
		return true;
	return expression_tree_walker(node, is_fact, context);
}

bool
vector_key_is_joined(Node *key)
{
	return contain_var_clause(key) && !is_fact(key, NULL);
}

/* the column of the table that an expression is, as it is executed; 0: it is none */
AttrNumber
vector_table_column(Node *expr)
{
	return IsA(expr, Var) && ((Var *) expr)->varno != INNER_VAR ? Max(((Var *) expr)->varattno, 0) : 0;
}

static AttrNumber
plain_column(Node *expr)
{
	while (IsA(expr, RelabelType))
		expr = (Node *) ((RelabelType *) expr)->arg;
	return vector_table_column(expr);
}

/* are values equal where the numbers are, of which their bits consist? */
static bool
compares_integers(Oid operator, Oid fact_type, Oid dimension_type)
{
	switch (fact_type)
	{
		case INT2OID:
		case INT4OID:
		case INT8OID:
			return op_in_opfamily(operator, INTEGER_BTREE_FAM_OID);
		case DATEOID:
		case TIMESTAMPOID:
		case TIMESTAMPTZOID:
		case OIDOID:
			return dimension_type == fact_type && operator == lookup_type_cache(fact_type, TYPECACHE_EQ_OPR)->eq_opr;
		default:
			return false;
	}
}

static void
begin_key(VectorState *state, int k, Node *fact, Node *dimension, Oid operator, List **read)
{
	VectorJoin *join = state->join;
	Oid			left,
				right,
				family;
	RegProcedure left_hash,
				right_hash;
	Oid			fact_type,
				dimension_type;

	if (!get_op_hash_functions(operator, &left_hash, &right_hash) ||
		!get_compatible_hash_operators(operator, &left, &right))
		elog(ERROR, "operator %u cannot be hashed", operator);
	join->facts[k] = ExecInitExpr((Expr *) fact, &state->custom.ss.ps);
	join->fact_columns[k] = plain_column(fact);
	if (join->fact_columns[k] == 0)
		*read = lappend(*read, fact);
	join->dimensions[k] = ExecInitExpr((Expr *) dimension, &state->custom.ss.ps);
	fmgr_info(left_hash, &join->fact_hash[k]);
	fmgr_info(right_hash, &join->dimension_hash[k]);
	vector_check_may_execute(get_opcode(operator), GetUserId(), OBJECT_FUNCTION);
	fmgr_info(get_opcode(operator), &join->equal[k]);
	fmgr_info(get_opcode(right), &join->same[k]);
	op_input_types(operator, &fact_type, &dimension_type);
	join->dimension_types[k] = dimension_type;
	get_typlenbyval(exprType(dimension), &join->key_len[k], &join->key_byval[k]);
	family = lookup_type_cache(fact_type, TYPECACHE_BTREE_OPFAMILY)->btree_opf;
	join->ordered[k] = OidIsValid(family) && get_op_opfamily_strategy(operator, family) == BTEqualStrategyNumber;
	join->fact_types[k] = fact_type;
	join->integers = join->integers && compares_integers(operator, fact_type, dimension_type);
}

static void
begin_keys(VectorState *state, CustomScan *plan, List *columns, List **read)
{
	VectorJoin *join = state->join;
	List	   *private = list_nth(plan->custom_private, VECTOR_JOIN);
	List	   *facts = vector_join_part(plan, JOIN_FACTS);
	List	   *dimensions = vector_join_rewrite(vector_join_part(plan, JOIN_DIMENSIONS), columns);
	int			n = join->nkeys = list_length(facts);

	join->facts = palloc(sizeof(ExprState *) * Max(n, 1));
	join->fact_columns = palloc(sizeof(AttrNumber) * Max(n, 1));
	join->dimensions = palloc(sizeof(ExprState *) * Max(n, 1));
	join->dimension_types = palloc(sizeof(Oid) * Max(n, 1));
	join->key_len = palloc(sizeof(int16) * Max(n, 1));
	join->key_byval = palloc(sizeof(bool) * Max(n, 1));
	join->ordered = palloc(sizeof(bool) * Max(n, 1));
	join->fact_hash = palloc0(sizeof(FmgrInfo) * Max(n, 1));
	join->dimension_hash = palloc0(sizeof(FmgrInfo) * Max(n, 1));
	join->equal = palloc0(sizeof(FmgrInfo) * Max(n, 1));
	join->same = palloc0(sizeof(FmgrInfo) * Max(n, 1));
	join->collations = palloc(sizeof(Oid) * Max(n, 1));
	join->values = palloc0(sizeof(Datum) * Max(n, 1));
	join->fact_types = palloc(sizeof(Oid) * Max(n, 1));
	join->integers = n > 0 && n <= INDEX_MAX_KEYS;
	join->prune_keys = palloc0(sizeof(PruneKey) * 2 * Max(n, 1));
	for (int k = 0; k < n; k++)
	{
		join->collations[k] = list_nth_oid(list_nth(private, JOIN_COLLATIONS), k);
		begin_key(state, k, list_nth(facts, k), list_nth(dimensions, k),
				  list_nth_oid(list_nth(private, JOIN_OPERATORS), k), read);
	}
}

static bool
collect_params(Node *node, Bitmapset **params)
{
	if (node == NULL)
		return false;
	if (IsA(node, Param) && ((Param *) node)->paramkind == PARAM_EXEC)
		*params = bms_add_member(*params, ((Param *) node)->paramid);
	return expression_tree_walker(node, collect_params, (void *) params);
}

/*
 * With the node's expressions compiled for any slot.  Group keys and aggregates
 * become what is executed; what the join reads of whole rows is added to *read.
 */
void
vector_join_begin(VectorState *state, CustomScan *plan, Index rti, int eflags, List **read, List **keys,
				  List **aggregates)
{
	EState	   *estate = state->custom.ss.ps.state;
	List	   *columns = vector_join_part(plan, JOIN_COLUMNS);
	List	   *quals;
	VectorJoin *join;

	state->join = join = palloc0(sizeof(VectorJoin));
	join->type = linitial_int(linitial(list_nth(plan->custom_private, VECTOR_JOIN)));
	join->child = ExecInitNode(linitial(plan->custom_plans), estate,
							   eflags & ~(EXEC_FLAG_BACKWARD | EXEC_FLAG_MARK));
	state->custom.custom_ps = list_make1(join->child);
	join->desc = ExecGetResultType(join->child);
	join->ncolumns = join->desc->natts;
	join->slot = ExecInitExtraTupleSlot(estate, join->desc, &TTSOpsVirtual);
	join->spill_slot = ExecInitExtraTupleSlot(estate, join->desc, &TTSOpsMinimalTuple);
	join->context = AllocSetContextCreate(CurrentMemoryContext, "territory join", ALLOCSET_DEFAULT_SIZES);
	collect_params((Node *) vector_join_part(plan, JOIN_DIMENSIONS), &join->params);
	collect_params((Node *) *keys, &join->params);
	*keys = vector_join_rewrite(*keys, columns);
	*aggregates = vector_join_rewrite(*aggregates, columns);
	*read = list_concat(*read, vector_join_part(plan, JOIN_QUALS));
	begin_keys(state, plan, columns, read);
	quals = vector_join_rewrite(vector_join_part(plan, JOIN_QUALS), columns);
	join->quals = ExecInitQual(quals, &state->custom.ss.ps);
	if (quals)
		join->filter = scan_filter_begin(quals, rti, &state->custom.ss.ps);
	join->no_row.values = palloc0(sizeof(Datum) * Max(join->ncolumns, 1));
	join->no_row.nulls = palloc(sizeof(bool) * Max(join->ncolumns, 1));
	memset(join->no_row.nulls, true, sizeof(bool) * join->ncolumns);
	join->unmatched.rows = &join->no_row;
	join->unmatched.mark = -1;
	join->met = palloc(sizeof(JoinEntry *) * BLOCK_MAX_ROWS);
	join->entries = palloc(sizeof(JoinEntry *) * BLOCK_MAX_ROWS);
	join->first = palloc(sizeof(int) * (BLOCK_MAX_ROWS + 1));
	join->sorted = palloc(sizeof(int) * BLOCK_MAX_ROWS);
}

/* join keys that nobody else reads are columns, too, but come last: most blocks don't need them */
void
vector_join_begin_columns(VectorState *state)
{
	VectorJoin *join = state->join;

	join->ncolumns_settled = state->ncolumns;
	for (int k = 0; k < join->nkeys; k++)
	{
		AttrNumber	attno = join->fact_columns[k];

		if (attno <= 0 || bms_is_member(attno, state->needed))
			continue;
		state->needed = bms_add_member(state->needed, attno);
		state->columns[state->ncolumns++] = attno;
	}
	join->ncolumns_all = state->ncolumns;
}

/* ---- the row at hand ---- */

/* columns of the dimension are these from now on */
static void
set_row(VectorState *state, JoinRow *row)
{
	VectorJoin *join = state->join;
	TupleTableSlot *slot = join->slot;

	if (join->row == row)
		return;
	ExecClearTuple(slot);
	memcpy(slot->tts_values, row->values, sizeof(Datum) * join->ncolumns);
	memcpy(slot->tts_isnull, row->nulls, sizeof(bool) * join->ncolumns);
	ExecStoreVirtualTuple(slot);
	join->row = row;
}

static Datum
copy_key(VectorJoin *join, const VectorKey *key, Datum value)
{
	MemoryContext old = MemoryContextSwitchTo(join->context);

	value = datumCopy(value, key->byval, key->len);
	MemoryContextSwitchTo(old);
	return value;
}

/* the one copy of a key that is shared by all that equal it */
static Datum
place_key(VectorState *state, int k, Datum value)
{
	VectorJoin *join = state->join;
	VectorKey  *key = &state->keys[k];
	uint32		hash = DatumGetUInt32(FunctionCall1Coll(&key->hash, key->collation, value));
	PlacedKey **bucket = &join->placed[hash_combine(hash, k) & (join->nplaced - 1)];
	PlacedKey  *placed;

	for (placed = *bucket; placed; placed = placed->next)
		if (placed->key == k && placed->hash == hash &&
			DatumGetBool(FunctionCall2Coll(&key->equal, key->collation, placed->value, value)))
			return placed->value;
	placed = MemoryContextAlloc(join->context, sizeof(PlacedKey));
	placed->key = k;
	placed->hash = hash;
	placed->value = copy_key(join, key, value);
	placed->next = *bucket;
	*bucket = placed;
	return placed->value;
}

/* group keys that are the dimension's own, evaluated once for each of its rows */
static void
evaluate_keys(VectorState *state, JoinRow *row)
{
	VectorJoin *join = state->join;
	Datum	   *keys = MemoryContextAllocZero(join->context, sizeof(Datum) * state->nkeys);
	bool	   *nulls = MemoryContextAllocZero(join->context, sizeof(bool) * state->nkeys);

	for (int k = 0; k < state->nkeys; k++)
	{
		Datum		value;

		if (state->keys[k].form != KEY_JOINED)
			continue;
		value = ExecEvalExprSwitchContext(state->keys[k].expr, state->row_context, &nulls[k]);
		if (!nulls[k])
			keys[k] = state->keys[k].placed ? place_key(state, k, value) : copy_key(join, &state->keys[k], value);
	}
	row->keys = keys;
	row->key_nulls = nulls;
}

/* a KEY_JOINED key of the row at hand; it lives as long as the batch */
Datum
vector_join_key(VectorState *state, int k, bool *isnull)
{
	JoinRow    *row = state->join->row;

	if (row->keys == NULL)
		evaluate_keys(state, row);
	*isnull = row->key_nulls[k];
	return row->keys[k];
}

/* ---- hot rows ---- */

/* what the row at hand meets, by expressions, in the row's memory context */
static JoinEntry *
find_by_expressions(VectorState *state)
{
	VectorJoin *join = state->join;

	for (int k = 0; k < join->nkeys; k++)
	{
		bool		isnull;

		join->values[k] = ExecEvalExpr(join->facts[k], state->row_context, &isnull);
		if (isnull)
			return vector_join_unmatched(join);
	}
	return vector_join_find(join, join->values);
}

/* a row that passed the quals, in its memory context; false: the table of groups is full */
bool
vector_join_take_row(VectorState *state, TupleTableSlot *slot)
{
	VectorJoin *join = state->join;
	JoinEntry  *entry = find_by_expressions(state);

	for (JoinRow *row = entry ? entry->rows : NULL; row; row = row->next)
	{
		set_row(state, row);
		if (join->quals && !ExecQual(join->quals, state->row_context))
			continue;
		if (!vector_add_row(state, slot))
			return false;
	}
	return true;
}

/* ---- blocks ---- */

/* do all rows of a segment or block have one key, by its zone maps, and then: what do they meet?  True: nothing. */
static bool
settle(VectorState *state, SummedRows *rows)
{
	VectorJoin *join = state->join;

	join->settled = NULL;
	join->is_settled = false;
	for (int k = 0; k < join->nkeys; k++)
		if (!join->ordered[k] || join->fact_columns[k] == 0 ||
			!vector_one_value(state, rows, join->fact_columns[k], &join->values[k]))
			return false;
	join->settled = vector_join_find(join, join->values);
	join->is_settled = true;
	return join->settled == NULL;
}

/* a segment that is not opened; like a zone map, it may exclude all rows */
bool
vector_join_skips_segment(VectorState *state, SegmentEntry *entry)
{
	VectorJoin *join = state->join;
	SummedRows	rows = {.entry = entry};

	if (!zone_excludes(entry->zones, entry->nzones, join->prune_keys, join->nprune_keys) && !settle(state, &rows))
		return false;
	state->sealed->segments_pruned++;
	return true;
}

/* the block that the cursor stands at */
bool
vector_join_skips_block(VectorState *state)
{
	SealedScan *sealed = state->sealed;
	SummedRows	rows = {.entry = sealed->reader.entry, .reader = &sealed->reader, .block = sealed->block};

	if (!settle(state, &rows))
		return false;
	sealed->blocks_pruned++;
	return true;
}

/*
 * Stand before the first segment, pruned by the table's own keys and by those
 * of the dimension.  What several processes share is the place of a segment in
 * a list that must be the same for all of them: that is made by the former only.
 */
void
vector_join_aim(VectorState *state, PruneKey *keys, int nkeys)
{
	VectorJoin *join = state->join;
	SealedScan *sealed = state->sealed;
	PruneKey   *all = MemoryContextAlloc(state->prune_context,
										 sizeof(PruneKey) * Max(nkeys + join->nprune_keys, 1));

	memcpy(all, keys, sizeof(PruneKey) * nkeys);
	memcpy(all + nkeys, join->prune_keys, sizeof(PruneKey) * join->nprune_keys);
	scan_aim_sealed(sealed, all, sealed->shared ? nkeys : nkeys + join->nprune_keys);
	sealed_scan_restart(sealed, ForwardScanDirection);
	sealed->nkeys = nkeys + join->nprune_keys;
}

/* may any row of the table be joined with this part of the dimension, by this process? */
bool
vector_join_reads(VectorState *state)
{
	VectorJoin *join = state->join;

	return !join->idle && (join->nentries > 0 || JOIN_KEEPS_ALL(join->type));
}

/* of a row of the open block, in the row's memory context */
static JoinEntry *
find_by_columns(VectorState *state, int row)
{
	VectorJoin *join = state->join;
	SealedScan *sealed = state->sealed;

	for (int k = 0; k < join->nkeys; k++)
	{
		int			column = join->fact_columns[k] - 1;

		if (column < 0)
		{
			vector_store_row(state, row);
			return find_by_expressions(state);
		}
		if (sealed->nulls[column][row])
			return vector_join_unmatched(join);
		join->values[k] = sealed->values[column][row];
	}
	return vector_join_find(join, join->values);
}

/* neighbours are often alike */
static inline bool
same_keys(VectorState *state, int row, int other)
{
	VectorJoin *join = state->join;
	SealedScan *sealed = state->sealed;

	for (int k = 0; k < join->nkeys; k++)
	{
		int			column = join->fact_columns[k] - 1;

		if (sealed->nulls[column][row] != sealed->nulls[column][other] ||
			(!sealed->nulls[column][row] && sealed->values[column][row] != sealed->values[column][other]))
			return false;
	}
	return true;
}

/* the entries of all rows taken; those without are dropped */
static void
find_entries(VectorState *state, BlockRowsTaken *taken)
{
	VectorJoin *join = state->join;
	bool		comparable = join->integers;
	JoinEntry  *last = NULL;
	int			before = -1;
	int			n = 0;

	for (int k = 0; k < join->nkeys; k++)
		comparable = comparable && join->fact_columns[k] > 0;
	for (int i = 0; i < taken->n; i++)
	{
		int			row = taken->rows[i];

		if (!comparable || before < 0 || !same_keys(state, row, before))
		{
			MemoryContext old = MemoryContextSwitchTo(state->row_context->ecxt_per_tuple_memory);

			ResetExprContext(state->row_context);
			last = find_by_columns(state, row);
			MemoryContextSwitchTo(old);
		}
		before = row;
		if (last == NULL)
			continue;
		taken->rows[n] = row;
		join->entries[n++] = last;
	}
	taken->n = n;
}

/* rows, entry by entry, in the order in which entries come first; how many entries */
static int
sort_by_entry(VectorJoin *join, const BlockRowsTaken *taken)
{
	int			next[BLOCK_MAX_ROWS];
	int			n = 0;

	for (int i = 0; i < taken->n; i++)
	{
		JoinEntry  *entry = join->entries[i];

		if (entry->mark < 0)
		{
			entry->mark = n;
			join->met[n] = entry;
			next[n++] = 0;
		}
		next[entry->mark]++;
	}
	join->first[0] = 0;
	for (int e = 0; e < n; e++)
	{
		join->first[e + 1] = join->first[e] + next[e];
		next[e] = join->first[e];
	}
	for (int i = 0; i < taken->n; i++)
		join->sorted[next[join->entries[i]->mark]++] = taken->rows[i];
	for (int e = 0; e < n; e++)
		join->met[e]->mark = -1;
	return n;
}

/*
 * With the columns of the row at hand as constants.  Rows that are not taken are
 * flagged before, and so shown to no operator.  False: some qual is not known on
 * vectors.
 */
static bool
filter_by_vectors(VectorState *state, BlockRowsTaken *taken)
{
	VectorJoin *join = state->join;
	SealedScan *sealed = state->sealed;
	int			rows = sealed_scan_block_rows(sealed);
	int			n = 0;
	MemoryContext old;

	if (join->filter == NULL)
		return false;
	ResetExprContext(state->row_context);
	old = MemoryContextSwitchTo(state->row_context->ecxt_per_tuple_memory);
	scan_filter_start(join->filter, state->row_context);
	if (scan_filter_rest(join->filter))
		join->filter = NULL;
	else
	{
		uint8	   *hidden = palloc(rows);

		vector_hide_others(taken, hidden, rows);
		scan_filter_mark(join->filter, sealed, hidden);
		for (int i = 0; i < taken->n; i++)
			if (!hidden[taken->rows[i]])
				taken->rows[n++] = taken->rows[i];
		taken->n = n;
	}
	MemoryContextSwitchTo(old);
	return join->filter != NULL;
}

static void
filter_pairs(VectorState *state, BlockRowsTaken *taken)
{
	int			n = 0;

	if (filter_by_vectors(state, taken))
		return;
	for (int i = 0; i < taken->n; i++)
	{
		vector_store_row(state, taken->rows[i]);
		if (ExecQual(state->join->quals, state->row_context))
			taken->rows[n++] = taken->rows[i];
	}
	taken->n = n;
}

/* rows that meet one entry, with each of its rows; they are n of join->sorted.  False: the table of groups is full. */
static bool
take_entry(VectorState *state, JoinEntry *entry, const int *rows, int n)
{
	BlockRowsTaken *taken = &state->taken;

	for (JoinRow *row = entry->rows; row; row = row->next)
	{
		set_row(state, row);
		taken->n = n;
		if (rows != taken->rows)
			memcpy(taken->rows, rows, sizeof(int) * n);
		if (state->join->quals)
			filter_pairs(state, taken);
		if (taken->n > 0 && !vector_take_passed(state))
			return false;
	}
	return true;
}

/* rows of the open block that passed the quals; false: the table of groups is full */
bool
vector_join_take_rows(VectorState *state)
{
	VectorJoin *join = state->join;
	BlockRowsTaken *taken = &state->taken;
	int			n;

	if (join->is_settled)
	{
		if (join->settled == NULL)
			return true;
		if (join->settled->rows->next == NULL)
			return take_entry(state, join->settled, taken->rows, taken->n);
		memcpy(join->sorted, taken->rows, sizeof(int) * taken->n);
		return take_entry(state, join->settled, join->sorted, taken->n);
	}
	find_entries(state, taken);
	n = sort_by_entry(join, taken);
	for (int e = 0; e < n; e++)
		if (!take_entry(state, join->met[e], join->sorted + join->first[e], join->first[e + 1] - join->first[e]))
			return false;
	return true;
}

/* ---- summaries ---- */

/* the n-th partner of rows whose key is settled, at hand; false: no more */
bool
vector_join_next_partner(VectorState *state, JoinRow **row)
{
	*row = *row ? (*row)->next : state->join->settled ? state->join->settled->rows : NULL;
	if (*row)
		set_row(state, *row);
	return *row != NULL;
}
