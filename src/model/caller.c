/*
 * caller.c
 *	  Writing to the model's tables on behalf of who calls.
 *
 * The tables of the model belong to the extension's owner, and nobody else
 * writes to them.  A function that runs as its owner (SECURITY DEFINER) does
 * not know who called it: it sees that owner, or who logged in.  So each
 * writer is a pair: store_thing(...), in C, which everybody may call, and
 * store_thing_for(caller, ...), which nobody may, with the rules and the
 * writing.  The first runs the second as the owner, and tells it the caller.
 */
#include "territory.h"

#include "access/htup_details.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "parser/parse_func.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

/* what is called, and as whom */
typedef struct
{
	FmgrInfo	function;
	Oid			owner;
} CallerTwin;

/* the function of the same schema, name and arguments, but for _for and the caller before them */
static CallerTwin *
caller_twin(FmgrInfo *flinfo)
{
	HeapTuple	tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(flinfo->fn_oid));
	Form_pg_proc proc;
	CallerTwin *twin;
	Oid			types[FUNC_MAX_ARGS];
	char	   *name;
	Oid			function;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for function %u", flinfo->fn_oid);
	proc = (Form_pg_proc) GETSTRUCT(tuple);
	if (proc->pronargs >= FUNC_MAX_ARGS)
		elog(ERROR, "function %u has too many arguments", flinfo->fn_oid);
	types[0] = REGROLEOID;
	memcpy(&types[1], proc->proargtypes.values, proc->pronargs * sizeof(Oid));
	name = psprintf("%s_for", NameStr(proc->proname));
	function = LookupFuncName(list_make2(makeString(get_namespace_name(proc->pronamespace)), makeString(name)),
							  proc->pronargs + 1, types, false);
	twin = MemoryContextAlloc(flinfo->fn_mcxt, sizeof *twin);
	twin->owner = proc->proowner;
	fmgr_info_cxt(function, &twin->function, flinfo->fn_mcxt);
	ReleaseSysCache(tuple);
	return twin;
}

PG_FUNCTION_INFO_V1(territory_for_caller);
Datum
territory_for_caller(PG_FUNCTION_ARGS)
{
	LOCAL_FCINFO(call, FUNC_MAX_ARGS);
	CallerTwin *twin = fcinfo->flinfo->fn_extra;
	Oid			caller;
	int			context;
	Datum		result;

	if (twin == NULL)
		fcinfo->flinfo->fn_extra = twin = caller_twin(fcinfo->flinfo);
	GetUserIdAndSecContext(&caller, &context);
	InitFunctionCallInfoData(*call, &twin->function, fcinfo->nargs + 1, fcinfo->fncollation, NULL, NULL);
	call->args[0].value = ObjectIdGetDatum(caller);
	call->args[0].isnull = false;
	memcpy(&call->args[1], fcinfo->args, fcinfo->nargs * sizeof(NullableDatum));
	/* an error resets this with the transaction */
	SetUserIdAndSecContext(twin->owner, context | SECURITY_LOCAL_USERID_CHANGE);
	result = FunctionCallInvoke(call);
	SetUserIdAndSecContext(caller, context);
	fcinfo->isnull = call->isnull;
	return result;
}
