/*
 * vector_aggregate.c
 *	  Aggregates by their own transition and final functions.
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

#include "vector/vector_join.h"

/* ---- begin ---- */

static void
check_may_execute(Oid function, Oid role, ObjectType kind)
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

/* the user may call the aggregate, and its owner the functions that it is made of */
static void
check_permissions(Aggref *ref, Form_pg_aggregate form)
{
	Oid			owner = function_owner(ref->aggfnoid);

	check_may_execute(ref->aggfnoid, GetUserId(), OBJECT_AGGREGATE);
	check_may_execute(form->aggtransfn, owner, OBJECT_FUNCTION);
	if (OidIsValid(form->aggfinalfn))
		check_may_execute(form->aggfinalfn, owner, OBJECT_FUNCTION);
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
	Expr	   *expr;

	get_typlenbyval(ref->aggtype, &agg->result_len, &agg->result_byval);
	agg->has_final = OidIsValid(form->aggfinalfn);
	if (!agg->has_final)
		return;
	agg->nfinal = form->aggfinalextra ? agg->nargs + 1 : 1;
	build_aggregate_finalfn_expr(types, agg->nfinal, ref->aggtranstype, ref->aggtype, ref->inputcollid,
								 form->aggfinalfn, &expr);
	fmgr_info(form->aggfinalfn, &agg->finalfn);
	fmgr_info_set_expr((Node *) expr, &agg->finalfn);
}

static void
begin_arguments(VectorAggregate *agg, PlanState *parent)
{
	ListCell   *lc;

	agg->nargs = list_length(agg->ref->args);
	agg->args = palloc0(sizeof(ExprState *) * Max(agg->nargs, 1));
	agg->columns = palloc0(sizeof(AttrNumber) * Max(agg->nargs, 1));
	foreach(lc, agg->ref->args)
	{
		Expr	   *expr = lfirst_node(TargetEntry, lc)->expr;
		int			i = foreach_current_index(lc);

		agg->args[i] = ExecInitExpr(expr, parent);
		agg->columns[i] = vector_table_column((Node *) expr);
	}
	agg->filter = ExecInitExpr(agg->ref->aggfilter, parent);
}

static void
begin_aggregate(VectorState *state, VectorAggregate *agg, Aggref *ref)
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
	ReleaseSysCache(tuple);
}

void
vector_aggregates_begin(VectorState *state, List *exprs)
{
	EState	   *estate = state->custom.ss.ps.state;
	ListCell   *lc;

	state->state_context = CreateExprContext(estate);
	state->aggstate = makeNode(AggState);
	state->aggstate->ss.ps.state = estate;
	state->aggstate->curaggcontext = state->state_context;
	state->aggstate->tmpcontext = state->row_context;
	state->aggregates = palloc0(sizeof(VectorAggregate) * Max(state->naggregates, 1));
	foreach(lc, exprs)
		begin_aggregate(state, &state->aggregates[foreach_current_index(lc)], lfirst_node(Aggref, lc));
}

/* ---- rows ---- */

/* the states of a group without rows */
void
vector_aggregates_start(VectorState *state, AggregateValue *group)
{
	MemoryContext old = MemoryContextSwitchTo(state->state_context->ecxt_per_tuple_memory);

	for (int a = 0; a < state->naggregates; a++)
	{
		VectorAggregate *agg = &state->aggregates[a];

		group[a].isnull = group[a].untouched = agg->initial_null;
		group[a].value = agg->initial_null ? (Datum) 0 :
			datumCopy(agg->initial, agg->state_byval, agg->state_len);
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

/* the call's arguments into the state, as a row's */
void
vector_aggregate_take(VectorState *state, VectorAggregate *agg, AggregateValue *group)
{
	if (agg->transition.fn_strict && group->untouched)
	{
		MemoryContext old = MemoryContextSwitchTo(state->state_context->ecxt_per_tuple_memory);

		group->value = datumCopy(agg->call->args[1].value, agg->state_byval, agg->state_len);
		group->isnull = group->untouched = false;
		MemoryContextSwitchTo(old);
	}
	else if (!(agg->transition.fn_strict && group->isnull))
		call_transition(state, agg, group);
}

/* in the row's memory context */
void
vector_aggregate_advance(VectorState *state, VectorAggregate *agg, AggregateValue *value, TupleTableSlot *slot)
{
	bool		isnull;

	if (agg->filter && (!DatumGetBool(ExecEvalExpr(agg->filter, state->row_context, &isnull)) || isnull))
		return;
	if (load_arguments(state, agg, slot))
		vector_aggregate_take(state, agg, value);
}

void
vector_aggregates_advance(VectorState *state, AggregateValue *group, TupleTableSlot *slot)
{
	for (int a = 0; a < state->naggregates; a++)
		vector_aggregate_advance(state, &state->aggregates[a], &group[a], slot);
}

/* ---- results ---- */

static Datum
finish_one(VectorState *state, VectorAggregate *agg, AggregateValue *group, bool *isnull)
{
	LOCAL_FCINFO(call, FUNC_MAX_ARGS);
	Datum		value = MakeExpandedObjectReadOnly(group->value, group->isnull, agg->state_len);
	Datum		result;

	*isnull = group->isnull;
	if (!agg->has_final)
		return value;
	*isnull = true;
	if (agg->finalfn.fn_strict && (group->isnull || agg->nfinal > 1))
		return (Datum) 0;
	InitFunctionCallInfoData(*call, &agg->finalfn, agg->nfinal, agg->ref->inputcollid, (Node *) state->aggstate, NULL);
	call->args[0].value = value;
	call->args[0].isnull = group->isnull;
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
vector_aggregates_finish(VectorState *state, AggregateValue *group, Datum *values, bool *nulls)
{
	for (int a = 0; a < state->naggregates; a++)
		values[a] = finish_one(state, &state->aggregates[a], &group[a], &nulls[a]);
}
