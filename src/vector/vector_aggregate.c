/*
 * vector_aggregate.c
 *	  Aggregates: by a kernel, or by their own transition and final functions.
 *
 * What a user's aggregate gets is what core's node gives it: the same calls, a
 * context that AggCheckCallContext() knows, states that live until the group is
 * handed out, and no call at all where a strict function would see a null.
 */
#include "territory.h"

#include "access/htup_details.h"
#include "catalog/objectaccess.h"
#include "catalog/pg_aggregate.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "parser/parse_agg.h"
#include "parser/parse_coerce.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/expandeddatum.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/syscache.h"

#include "codec/codec_summary.h"
#include "vector/vector_join.h"

/* ---- begin ---- */

void
vector_check_may_execute(Oid function, Oid role, ObjectType kind)
{
	AclResult	result = compat_function_aclcheck(function, role);

	if (result != ACLCHECK_OK)
		aclcheck_error(result, kind, get_func_name(function));
	InvokeFunctionExecuteHook(function);
}

static Oid
function_owner(Oid function)
{
	HeapTuple	tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(function));
	Oid			owner;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for function %u", function);
	owner = ((Form_pg_proc) GETSTRUCT(tuple))->proowner;
	ReleaseSysCache(tuple);
	return owner;
}

/* what makes of a state what is handed out: a result, or of a state in memory its bytes; or none */
static Oid
finishing_function(Aggref *ref, Form_pg_aggregate form)
{
	if (!DO_AGGSPLIT_SKIPFINAL(ref->aggsplit))
		return form->aggfinalfn;
	return ref->aggtranstype == INTERNALOID ? form->aggserialfn : InvalidOid;
}

/* the user may call the aggregate, and its owner the functions that it is made of */
static void
check_permissions(Aggref *ref, Form_pg_aggregate form)
{
	Oid			owner = function_owner(ref->aggfnoid);
	Oid			finishing = finishing_function(ref, form);

	vector_check_may_execute(ref->aggfnoid, GetUserId(), OBJECT_AGGREGATE);
	vector_check_may_execute(form->aggtransfn, owner, OBJECT_FUNCTION);
	if (OidIsValid(finishing))
		vector_check_may_execute(finishing, owner, OBJECT_FUNCTION);
}

static void
begin_initial(VectorAggregate *agg, HeapTuple tuple)
{
	Datum		source = SysCacheGetAttr(AGGFNOID, tuple, Anum_pg_aggregate_agginitval, &agg->initial_null);
	Oid			input,
				param;

	if (agg->initial_null)
		return;
	getTypeInputInfo(agg->ref->aggtranstype, &input, &param);
	agg->initial = OidInputFunctionCall(input, TextDatumGetCString(source), param, -1);
}

static void
begin_transition(VectorAggregate *agg, Form_pg_aggregate form, Oid *types, int ntypes, AggState *aggstate)
{
	Aggref	   *ref = agg->ref;
	Expr	   *expr;

	build_aggregate_transfn_expr(types, ntypes, 0, ref->aggvariadic, ref->aggtranstype, ref->inputcollid,
								 form->aggtransfn, InvalidOid, &expr, NULL);
	fmgr_info(form->aggtransfn, &agg->transition);
	fmgr_info_set_expr((Node *) expr, &agg->transition);
	agg->call = palloc0(SizeForFunctionCallInfo(agg->nargs + 1));
	InitFunctionCallInfoData(*agg->call, &agg->transition, agg->nargs + 1, ref->inputcollid, (Node *) aggstate, NULL);
	if (agg->transition.fn_strict && agg->initial_null &&
		(agg->nargs == 0 || !IsBinaryCoercible(types[0], ref->aggtranstype)))
		ereport(ERROR, (errcode(ERRCODE_INVALID_FUNCTION_DEFINITION),
						errmsg("aggregate %u needs to have compatible input type and transition type",
							   ref->aggfnoid)));
}

static void
begin_final(VectorAggregate *agg, Form_pg_aggregate form, Oid *types)
{
	Aggref	   *ref = agg->ref;
	Oid			function = finishing_function(ref, form);
	Expr	   *expr;

	get_typlenbyval(ref->aggtype, &agg->result_len, &agg->result_byval);
	agg->has_final = OidIsValid(function);
	agg->final_modifies = form->aggfinalmodify != AGGMODIFY_READ_ONLY;
	if (!agg->has_final)
		return;
	if (DO_AGGSPLIT_SKIPFINAL(ref->aggsplit))
	{
		agg->nfinal = 1;
		build_aggregate_serialfn_expr(function, &expr);
	}
	else
	{
		agg->nfinal = form->aggfinalextra ? agg->nargs + 1 : 1;
		build_aggregate_finalfn_expr(types, agg->nfinal, ref->aggtranstype, ref->aggtype, ref->inputcollid, function,
									 &expr);
	}
	fmgr_info(function, &agg->finalfn);
	fmgr_info_set_expr((Node *) expr, &agg->finalfn);
}

static void
begin_arguments(VectorAggregate *agg, PlanState *parent)
{
	ListCell   *lc;

	agg->nargs = list_length(agg->ref->args);
	agg->args = palloc0(sizeof(ExprState *) * Max(agg->nargs, 1));
	agg->columns = palloc0(sizeof(AttrNumber) * Max(agg->nargs, 1));
	agg->plain_columns = true;
	foreach(lc, agg->ref->args)
	{
		Expr	   *expr = lfirst_node(TargetEntry, lc)->expr;
		int			i = foreach_current_index(lc);

		agg->args[i] = ExecInitExpr(expr, parent);
		agg->columns[i] = vector_table_column((Node *) expr);
		agg->plain_columns = agg->plain_columns && agg->columns[i] > 0;
	}
	if (vector_column_argument(agg->ref))
		agg->columns[0] = vector_column_argument(agg->ref)->varattno;
	agg->filter = ExecInitExpr(agg->ref->aggfilter, parent);
}

/* is the state that is handed out that of another aggregate, too?  Core combines such states once for both. */
static bool
shares_state(Aggref *ref, List *all)
{
	ListCell   *lc;

	foreach(lc, all)
		if (lfirst(lc) != ref && DO_AGGSPLIT_SKIPFINAL(ref->aggsplit) &&
			lfirst_node(Aggref, lc)->aggtransno == ref->aggtransno)
			return true;
	return false;
}

static void
begin_aggregate(VectorState *state, VectorAggregate *agg, Aggref *ref, List *all, Index rti)
{
	HeapTuple	tuple = SearchSysCache1(AGGFNOID, ObjectIdGetDatum(ref->aggfnoid));
	Form_pg_aggregate form;
	Oid			types[FUNC_MAX_ARGS];
	int			ntypes;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for aggregate %u", ref->aggfnoid);
	form = (Form_pg_aggregate) GETSTRUCT(tuple);
	agg->ref = ref;
	agg->per_trans = palloc0(sizeof(AggStatePerTransData));
	agg->per_trans->aggref = ref;
	check_permissions(ref, form);
	ntypes = get_aggregate_argtypes(ref, types);
	get_typlenbyval(ref->aggtranstype, &agg->state_len, &agg->state_byval);
	begin_arguments(agg, &state->custom.ss.ps);
	begin_initial(agg, tuple);
	begin_transition(agg, form, types, ntypes, state->aggstate);
	begin_final(agg, form, types);
	agg->kernel = vector_kernel_of(ref, &agg->input_type);
	vector_kernel_check(agg);
	if (!shares_state(ref, all))
		vector_kernel_know_final(agg, form->aggfinalfn);
	ReleaseSysCache(tuple);
	if (agg->kernel == KERNEL_NONE || agg->kernel == KERNEL_PAIRS)
		vector_batch_begin(state, agg);
	else
		agg->choice = vector_choice_begin(ref->aggfilter,
										  ref->args ? linitial_node(TargetEntry, ref->args)->expr : NULL, rti,
										  &state->custom.ss.ps);
}

void
vector_aggregates_begin(VectorState *state, List *exprs, Index rti)
{
	EState	   *estate = state->custom.ss.ps.state;
	ListCell   *lc;

	state->state_context = CreateWorkExprContext(estate);
	state->aggstate = makeNode(AggState);
	state->aggstate->ss.ps.state = estate;
	state->aggstate->curaggcontext = state->state_context;
	state->aggstate->tmpcontext = state->row_context;
	state->aggregates = palloc0(sizeof(VectorAggregate) * Max(state->naggregates, 1));
	state->group_size = MAXALIGN(state->nulls_offset + sizeof(bool) * state->nkeys);
	foreach(lc, exprs)
	{
		VectorAggregate *agg = &state->aggregates[foreach_current_index(lc)];

		begin_aggregate(state, agg, lfirst_node(Aggref, lc), exprs, rti);
		agg->memory = state->state_context->ecxt_per_tuple_memory;
		agg->offset = state->group_size;
		state->group_size += MAXALIGN(vector_kernel_state_size(agg));
	}
}

/* before a pass over the rows, with the parameters of now */
void
vector_aggregates_restart(VectorState *state)
{
	for (int a = 0; a < state->naggregates; a++)
		if (state->aggregates[a].choice)
			vector_choice_start(state->aggregates[a].choice, state->custom.ss.ps.ps_ExprContext);
}

/* ---- rows ---- */

/* the states of a group without rows */
void
vector_aggregates_start(VectorState *state, VectorGroup *group)
{
	MemoryContext old = MemoryContextSwitchTo(state->state_context->ecxt_per_tuple_memory);

	for (int a = 0; a < state->naggregates; a++)
	{
		VectorAggregate *agg = &state->aggregates[a];
		AggregateValue *value = group_state(agg, group);

		if (agg->kernel != KERNEL_NONE)
		{
			vector_kernel_start(agg, value);
			continue;
		}
		value->isnull = value->untouched = agg->initial_null;
		value->value = agg->initial_null ? (Datum) 0 : datumCopy(agg->initial, agg->state_byval, agg->state_len);
	}
	MemoryContextSwitchTo(old);
}

/* the new state outlives the row, the old one goes */
static void
replace_state(VectorState *state, VectorAggregate *agg, AggregateValue *group, Datum value, bool isnull)
{
	MemoryContext context = state->state_context->ecxt_per_tuple_memory;

	if (isnull)
		value = (Datum) 0;
	else if (!(DatumIsReadWriteExpandedObject(value, false, agg->state_len) &&
			   MemoryContextGetParent(DatumGetEOHP(value)->eoh_context) == context))
	{
		MemoryContext old = MemoryContextSwitchTo(context);

		value = datumCopy(value, agg->state_byval, agg->state_len);
		MemoryContextSwitchTo(old);
	}
	if (!group->isnull)
	{
		if (DatumIsReadWriteExpandedObject(group->value, false, agg->state_len))
			DeleteExpandedObject(group->value);
		else
			pfree(DatumGetPointer(group->value));
	}
	group->value = value;
}

static void
call_transition(VectorState *state, VectorAggregate *agg, AggregateValue *group)
{
	FunctionCallInfo call = agg->call;
	Datum		value;

	call->args[0].value = group->value;
	call->args[0].isnull = group->isnull;
	call->isnull = false;
	state->aggstate->curpertrans = agg->per_trans;
	value = FunctionCallInvoke(call);
	if (!agg->state_byval && DatumGetPointer(value) != DatumGetPointer(group->value))
		replace_state(state, agg, group, value, call->isnull);
	else
		group->value = value;
	group->isnull = call->isnull;
}

/* the arguments for this row; false where a strict transition is not called */
static bool
load_arguments(VectorState *state, VectorAggregate *agg, TupleTableSlot *slot)
{
	NullableDatum *args = agg->call->args;
	bool		strict = agg->transition.fn_strict;

	for (int i = 0; i < agg->nargs; i++)
	{
		AttrNumber	column = agg->columns[i];

		if (column > 0)
			args[i + 1].value = slot_getattr(slot, column, &args[i + 1].isnull);
		else
			args[i + 1].value = ExecEvalExpr(agg->args[i], state->row_context, &args[i + 1].isnull);
	}
	for (int i = 0; strict && i < agg->nargs; i++)
		if (args[i + 1].isnull)
			return false;
	return true;
}

/* the call's arguments into a state without a kernel, as a row's */
static void
take_arguments(VectorState *state, VectorAggregate *agg, AggregateValue *value)
{
	if (agg->transition.fn_strict && value->untouched)
	{
		MemoryContext old = MemoryContextSwitchTo(state->state_context->ecxt_per_tuple_memory);

		value->value = datumCopy(agg->call->args[1].value, agg->state_byval, agg->state_len);
		value->isnull = value->untouched = false;
		MemoryContextSwitchTo(old);
	}
	else if (!(agg->transition.fn_strict && value->isnull))
		call_transition(state, agg, value);
}

/* the row of row_context counts for this aggregate */
bool
vector_aggregate_passes(VectorState *state, VectorAggregate *agg)
{
	bool		isnull;

	return agg->filter == NULL || (DatumGetBool(ExecEvalExpr(agg->filter, state->row_context, &isnull)) && !isnull);
}

/* the row of row_context into a group, in the row's memory context */
static void
advance(VectorState *state, VectorAggregate *agg, VectorGroup *group, TupleTableSlot *slot)
{
	NullableDatum *args = agg->call->args;

	if (!vector_aggregate_passes(state, agg) || !load_arguments(state, agg, slot))
		return;
	if (agg->kernel == KERNEL_NONE)
		take_arguments(state, agg, group_state(agg, group));
	else if (agg->kernel == KERNEL_PAIRS)
		vector_pairs_add(group_state(agg, group), DatumGetFloat8(args[1].value), DatumGetFloat8(args[2].value));
	else
		vector_kernel(agg, group_state(agg, group), &args[1].value, agg->nargs > 0 ? &args[1].isnull : NULL, 1, false);
}

void
vector_aggregates_advance(VectorState *state, VectorGroup *group, TupleTableSlot *slot)
{
	for (int a = 0; a < state->naggregates; a++)
		advance(state, &state->aggregates[a], group, slot);
}

/* ---- blocks ---- */

/* of an aggregate whose arguments are columns and whose rows all count */
static void
advance_columns(VectorState *state, VectorAggregate *agg)
{
	const BlockRowsTaken *taken = &state->taken;
	NullableDatum *args = agg->call->args;
	int			i = 0;

	for (int r = 0; r < taken->nruns; r++)
		for (int end = i + taken->runs[r].n; i < end; i++)
		{
			bool		some_null = false;

			for (int c = 0; c < agg->nargs; c++)
			{
				args[c + 1].value = state->sealed->values[agg->columns[c] - 1][taken->rows[i]];
				args[c + 1].isnull = state->sealed->nulls[agg->columns[c] - 1][taken->rows[i]];
				some_null = some_null || args[c + 1].isnull;
			}
			if (some_null && agg->transition.fn_strict)
				continue;
			ResetExprContext(state->row_context);
			take_arguments(state, agg, group_state(agg, taken->runs[r].group));
		}
}

/* of one that needs the whole row */
static void
advance_rows(VectorState *state, VectorAggregate *agg)
{
	const BlockRowsTaken *taken = &state->taken;
	int			i = 0;

	for (int r = 0; r < taken->nruns; r++)
		for (int end = i + taken->runs[r].n; i < end; i++)
		{
			vector_store_row(state, taken->rows[i]);
			advance(state, agg, taken->runs[r].group, state->sealed_slot);
		}
}

/* the argument of an aggregate with a kernel, of every row that is taken; a row that does not count is null */
static void
evaluate_input(VectorState *state, VectorAggregate *agg, Datum *values, bool *nulls)
{
	const BlockRowsTaken *taken = &state->taken;

	for (int i = 0; i < taken->n; i++)
	{
		vector_store_row(state, taken->rows[i]);
		values[i] = (Datum) 0;
		nulls[i] = !vector_aggregate_passes(state, agg);
		if (nulls[i] || agg->nargs == 0)
			continue;
		if (agg->columns[0] > 0)
			values[i] = slot_getattr(state->sealed_slot, agg->columns[0], &nulls[i]);
		else
			values[i] = ExecEvalExpr(agg->args[0], state->row_context, &nulls[i]);
	}
}

static void
gather_input(VectorState *state, int column, Datum *values, bool *nulls)
{
	const BlockRowsTaken *taken = &state->taken;
	const Datum *all = state->sealed->values[column];
	const bool *all_nulls = state->sealed->nulls[column];

	for (int i = 0; i < taken->n; i++)
	{
		values[i] = all[taken->rows[i]];
		nulls[i] = all_nulls[taken->rows[i]];
	}
}

/* do finite bounds, whose squares are finite as well, hold all values of a column in this block? */
bool
vector_is_tame(VectorState *state, AttrNumber column)
{
	const int64 bound = codec_float_key(1e150);
	ZoneMap		zone;

	return vector_block_zone(state, column, &zone) && zone.kind == ZONE_FLOAT8 && zone.has_values &&
		zone.min > -bound && zone.max < bound;
}

/* the block's taken rows into their groups, of one aggregate with a kernel */
static void
run_kernel(VectorState *state, VectorAggregate *agg)
{
	const BlockRowsTaken *taken = &state->taken;
	int			column = agg->columns[0] - 1;
	Datum	   *values = NULL;
	bool	   *nulls = NULL;
	bool		tame = agg->input_type == FLOAT8OID && column >= 0 && vector_is_tame(state, agg->columns[0]);

	if (agg->filter || (agg->nargs > 0 && column < 0))
		evaluate_input(state, agg, values = state->input_values, nulls = state->input_nulls);
	else if (column >= 0 && taken->together)
	{
		values = state->sealed->values[column] + taken->rows[0];
		nulls = state->sealed->nulls[column] + taken->rows[0];
	}
	else if (column >= 0)
		gather_input(state, column, values = state->input_values, nulls = state->input_nulls);
	if (nulls && memchr(nulls, true, taken->n) == NULL)
		nulls = NULL;
	vector_kernel_runs(agg, taken, values, nulls, tame);
}

/* the runs of the block that the cursor stands at */
void
vector_aggregates_take_block(VectorState *state)
{
	MemoryContext old = MemoryContextSwitchTo(state->row_context->ecxt_per_tuple_memory);

	for (int a = 0; a < state->naggregates; a++)
	{
		VectorAggregate *agg = &state->aggregates[a];

		if (agg->choice && vector_choice_take_block(state, agg))
			continue;
		/* a numeric that an expression made does not outlive its row */
		if (agg->batch)
			vector_batch_take_block(state, agg);
		else if (agg->kernel != KERNEL_NONE && agg->kernel != KERNEL_PAIRS && (agg->columns[0] > 0 || agg->input_type != NUMERICOID))
			run_kernel(state, agg);
		else if (agg->kernel == KERNEL_NONE && agg->plain_columns && agg->filter == NULL)
			advance_columns(state, agg);
		else
			advance_rows(state, agg);
	}
	MemoryContextSwitchTo(old);
}

/* ---- results ---- */

static Datum
finish_one(VectorState *state, VectorAggregate *agg, VectorGroup *group, bool *isnull)
{
	LOCAL_FCINFO(call, FUNC_MAX_ARGS);
	AggregateValue *kept = group_state(agg, group);
	Datum		value;
	bool		value_null;
	Datum		result;

	if (agg->kernel == KERNEL_NONE)
	{
		value = MakeExpandedObjectReadOnly(kept->value, kept->isnull, agg->state_len);
		value_null = kept->isnull;
	}
	else if (vector_kernel_result(agg, kept, &result, isnull))
		return result;
	else
		value = vector_kernel_datum(agg, kept, &value_null);
	*isnull = value_null;
	if (!agg->has_final)
		return value;
	*isnull = true;
	if (agg->finalfn.fn_strict && (value_null || agg->nfinal > 1))
		return (Datum) 0;
	InitFunctionCallInfoData(*call, &agg->finalfn, agg->nfinal, agg->ref->inputcollid, (Node *) state->aggstate, NULL);
	call->args[0].value = value;
	call->args[0].isnull = value_null;
	for (int i = 1; i < agg->nfinal; i++)
	{
		call->args[i].value = (Datum) 0;
		call->args[i].isnull = true;
	}
	state->aggstate->curpertrans = agg->per_trans;
	result = FunctionCallInvoke(call);
	*isnull = call->isnull;
	return *isnull ? (Datum) 0 : MakeExpandedObjectReadOnly(result, false, agg->result_len);
}

/* in the memory context of the result row */
void
vector_aggregates_finish(VectorState *state, VectorGroup *group, Datum *values, bool *nulls)
{
	for (int a = 0; a < state->naggregates; a++)
		values[a] = finish_one(state, &state->aggregates[a], group, &nulls[a]);
}
