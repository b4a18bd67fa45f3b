/*
 * vector_order.c
 *	  Groups in the order that the query asks for, where all sort keys are group
 *	  keys.
 *
 * Groups that are all in the table are sorted by number, see
 * vector_order_groups.c: a row is made when it is handed out, not before it is
 * sorted.  Where they need several passes, or more than work_mem to be sorted,
 * their rows go through core's tuplesort.
 */
#include "territory.h"

#include "executor/executor.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/paths.h"
#include "optimizer/tlist.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/typcache.h"

#include "vector/vector_order.h"

/* a group's, while groups are sorted by number; and where values of a key are compared */
#define SORT_BYTES 48
#define COMPARE_BYTES 64

/* of VECTOR_ORDER, for each sort key */
enum
{
	ORDER_OPERATOR,
	ORDER_COLLATION,
	ORDER_NULLS_FIRST,
	ORDER_KEY,
};

/* ---- of plan trees ---- */

/* which group key a sort key is, and the type that it is compared as; -1: none */
static int
key_of(VectorTarget *target, PathKey *pathkey, Oid *type)
{
	ListCell   *lc;

	if (pathkey->pk_eclass->ec_has_volatile)
		return -1;
	foreach(lc, target->keys)
	{
		ListCell   *member;

		foreach(member, pathkey->pk_eclass->ec_members)
		{
			EquivalenceMember *em = lfirst_node(EquivalenceMember, member);

			if (em->em_is_child || !equal(em->em_expr, lfirst(lc)))
				continue;
			*type = em->em_datatype;
			return foreach_current_index(lc);
		}
	}
	return -1;
}

/* how the query's order is made of group keys, for each of its sort keys; NIL: it is not */
List *
vector_order_spec(PlannerInfo *root, VectorTarget *target)
{
	List	   *spec = NIL;
	ListCell   *lc;

	if (root->parse->hasWindowFuncs || root->parse->setOperations)
		return NIL;
	foreach(lc, root->sort_pathkeys)
	{
		PathKey    *pathkey = lfirst_node(PathKey, lc);
		Oid			type;
		int			k = key_of(target, pathkey, &type);
		Oid			operator = k >= 0 ? pathkey_operator(pathkey, type) : InvalidOid;

		/* groups are those of an equality that this order knows */
		if (!OidIsValid(operator) || !op_in_opfamily(list_nth_oid(target->equal, k), pathkey->pk_opfamily))
			return NIL;
		spec = lappend(spec, list_make4_oid(operator, pathkey->pk_eclass->ec_collation,
											(Oid) pathkey->pk_nulls_first, (Oid) k));
	}
	return spec;
}

/* ---- begin ---- */

static void
begin_key(VectorState *state, int i, List *spec)
{
	VectorOrder *order = state->order;
	OrderKey   *sorted = &order->keys[i];
	Oid			opfamily;
	Oid			type;

	sorted->key = (int) list_nth_oid(spec, ORDER_KEY);
	order->columns[i] = sorted->key + 1;
	order->operators[i] = list_nth_oid(spec, ORDER_OPERATOR);
	order->collations[i] = list_nth_oid(spec, ORDER_COLLATION);
	order->nulls_first[i] = (bool) list_nth_oid(spec, ORDER_NULLS_FIRST);
	sorted->compare.ssup_cxt = CurrentMemoryContext;
	sorted->compare.ssup_collation = order->collations[i];
	sorted->compare.ssup_nulls_first = order->nulls_first[i];
	sorted->compare.ssup_attno = order->columns[i];
	PrepareSortSupportFromOrderingOp(order->operators[i], &sorted->compare);
	if (!compat_ordering_op(order->operators[i], &opfamily, &sorted->descending))
		elog(ERROR, "operator %u orders nothing", order->operators[i]);
	type = getBaseType(state->keys[sorted->key].type);
	sorted->zone = ZONE_NONE;
	if (opfamily != lookup_type_cache(type, TYPECACHE_BTREE_OPFAMILY)->btree_opf)
		return;
	sorted->zone = column_zone_kind(type);
	if (sorted->zone == ZONE_NUMERIC || sorted->zone == ZONE_UUID)
		sorted->zone = ZONE_NONE;	/* their zone keys merge values */
}

void
vector_order_begin(VectorState *state, List *specs)
{
	VectorOrder *order;

	if (specs == NIL)
		return;
	state->order = order = palloc0(sizeof(VectorOrder));
	order->n = list_length(specs);
	order->keys = palloc0(sizeof(OrderKey) * order->n);
	order->columns = palloc(sizeof(AttrNumber) * order->n);
	order->operators = palloc(sizeof(Oid) * order->n);
	order->collations = palloc(sizeof(Oid) * order->n);
	order->nulls_first = palloc(sizeof(bool) * order->n);
	for (int i = 0; i < order->n; i++)
		begin_key(state, i, list_nth(specs, i));
}

static void
end_sort(VectorOrder *order)
{
	if (order->sort == NULL)
		return;
	tuplesort_end(order->sort);
	ExecDropSingleTupleTableSlot(order->sorted);
	order->sort = NULL;
	order->sorted = NULL;
}

void
vector_order_end(VectorState *state)
{
	if (state->order)
		end_sort(state->order);
}

/* the groups will be handed out from the first on */
void
vector_order_restart(VectorState *state)
{
	if (state->order == NULL)
		return;
	end_sort(state->order);
	state->order->decided = false;
}

/* the groups of a pass, which may have been sorted, go */
void
vector_order_forget(VectorState *state)
{
	if (state->order)
		state->order->numbers = NULL;
}

/* ---- rows out ---- */

static Size
bytes_of_group(const VectorOrder *order)
{
	Size		bytes = SORT_BYTES;

	for (int i = 0; i < order->n; i++)
		if (order->keys[i].zone == ZONE_NONE)
			bytes = SORT_BYTES + COMPARE_BYTES;
	return bytes;
}

/* the first pass is complete; all: there is no other.  Can its groups be handed out by number? */
static bool
sort_groups(VectorState *state, bool all)
{
	VectorOrder *order = state->order;
	int64		n = state->table.n;

	if (order->numbers)
		return true;
	if (!all || n > work_mem * (int64) 1024 / (int64) bytes_of_group(order))
		return false;
	order->numbers = MemoryContextAlloc(state->table_context, sizeof(uint32) * Max(n, 1));
	if (vector_order_groups(state, order->numbers))
		return true;
	order->numbers = NULL;
	return false;
}

/* are rows to be asked for by vector_order_next_row()?  Asked when the first pass is complete. */
bool
vector_order_sorts_rows(VectorState *state, bool all)
{
	VectorOrder *order = state->order;

	if (!order->decided)
		order->sorts_rows = !sort_groups(state, all);
	order->decided = true;
	return order->sorts_rows;
}

/* rows of groups, as they come, into a tuplesort */
static void
sort_rows(VectorState *state, TupleTableSlot *slot)
{
	VectorOrder *order = state->order;
	ExprContext *context = state->custom.ss.ps.ps_ExprContext;
	TupleDesc	desc = slot->tts_tupleDescriptor;
	VectorGroup *group;

	order->sort = tuplesort_begin_heap(desc, order->n, order->columns, order->operators, order->collations,
									   order->nulls_first, work_mem, NULL, TUPLESORT_NONE);
	order->sorted = MakeSingleTupleTableSlot(desc, &TTSOpsMinimalTuple);
	while ((group = vector_next(state)) != NULL)
	{
		CHECK_FOR_INTERRUPTS();
		ResetExprContext(context);
		vector_store_group(state, group, slot);
		tuplesort_puttupleslot(order->sort, slot);
	}
	tuplesort_performsort(order->sort);
	ExecClearTuple(slot);
}

/* the next row, into the node's slot; false at the end */
bool
vector_order_next_row(VectorState *state, TupleTableSlot *slot)
{
	VectorOrder *order = state->order;
	int			natts = slot->tts_tupleDescriptor->natts;

	if (order->sort == NULL)
	{
		MemoryContext old = MemoryContextSwitchTo(state->custom.ss.ps.state->es_query_cxt);

		sort_rows(state, slot);
		MemoryContextSwitchTo(old);
	}
	ExecClearTuple(slot);
	if (!tuplesort_gettupleslot(order->sort, true, false, order->sorted, NULL))
		return false;
	slot_getallattrs(order->sorted);
	memcpy(slot->tts_values, order->sorted->tts_values, sizeof(Datum) * natts);
	memcpy(slot->tts_isnull, order->sorted->tts_isnull, sizeof(bool) * natts);
	ExecStoreVirtualTuple(slot);
	return true;
}

/* of the groups that are in the table; NULL: as they were met */
uint32 *
vector_order_numbers(VectorState *state)
{
	return state->order->numbers;
}

/* for EXPLAIN: the group keys, each with its options */
List *
vector_order_keys(VectorState *state)
{
	List	   *keys = NIL;

	for (int i = 0; state->order && i < state->order->n; i++)
	{
		OrderKey   *key = &state->order->keys[i];
		bool		nulls_first = state->order->nulls_first[i];

		keys = lappend(keys, list_make2(makeInteger(key->key),
										makeString(psprintf("%s%s", key->descending ? " DESC" : "",
															nulls_first == key->descending ? "" :
															nulls_first ? " NULLS FIRST" : " NULLS LAST"))));
	}
	return keys;
}
