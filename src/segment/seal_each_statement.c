/*
 * seal_each_statement.c
 *	  For tests: seal every row as soon as the statement that wrote it ends.
 *
 * PostgreSQL's own test suites, run with territory.seal_each_statement = on,
 * then read and change sealed rows all the time without knowing it.
 *
 * What a statement writes is known from the result relations of the plans that
 * it runs, and from the parse trees of those utility commands that fill a
 * table without a plan.  Nested statements only add to the list: the outermost
 * one seals.  A table that cannot be sealed now (in use by a cursor, pending
 * triggers, locked by somebody) keeps its rows hot; that never fails the
 * statement.
 */
#include "territory.h"

#include "access/relation.h"
#include "access/xact.h"
#include "catalog/namespace.h"
#include "catalog/pg_inherits.h"
#include "commands/createas.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "nodes/execnodes.h"
#include "storage/lmgr.h"
#include "storage/proc.h"
#include "tcop/utility.h"
#include "utils/guc.h"
#include "utils/memutils.h"
#include "utils/resowner.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"

#include "segment/seal.h"

#define PATIENCE 200			/* milliseconds to wait for whoever is in the way, a prepared transaction maybe */

bool		territory_seal_each_statement = false;

static ExecutorRun_hook_type previous_run;
static ExecutorFinish_hook_type previous_finish;
static ExecutorEnd_hook_type previous_end;
static ProcessUtility_hook_type previous_utility;

static int	depth;				/* of statements that are running */
static List *written;			/* tables that this transaction may have hot rows in */

static void
note_written(Oid relid)
{
	MemoryContext old = MemoryContextSwitchTo(TopMemoryContext);

	written = list_append_unique_oid(written, relid);
	MemoryContextSwitchTo(old);
}

static void
forget_written(XactEvent event, void *arg)
{
	if (event == XACT_EVENT_COMMIT || event == XACT_EVENT_ABORT || event == XACT_EVENT_PREPARE)
	{
		list_free(written);
		written = NIL;
		depth = 0;
	}
}

/* as its owner, since who may insert may not be who may seal */
static void
seal_one(Oid relid)
{
	Relation	rel;
	Oid			user;
	int			context;
	SealResult	result;
	bool		ours;

	if (!ConditionalLockRelationOid(relid, ShareUpdateExclusiveLock))
		return;
	rel = try_relation_open(relid, NoLock);
	if (rel == NULL)
		return;
	ours = (rel->rd_rel->relkind == RELKIND_RELATION || rel->rd_rel->relkind == RELKIND_MATVIEW) &&
		relation_is_territory(rel) && OidIsValid(rel->rd_rel->reltoastrelid) && !RELATION_IS_OTHER_TEMP(rel);
	GetUserIdAndSecContext(&user, &context);
	SetUserIdAndSecContext(rel->rd_rel->relowner, context);
	relation_close(rel, NoLock);
	if (ours)
	{
		rel = seal_open_table(relid, "territory.seal_each_statement");
		seal_rows(rel, true, 0, NULL, &result);
		relation_close(rel, NoLock);
	}
	SetUserIdAndSecContext(user, context);
}

/* what says that the table cannot be sealed now; any other error is one */
static bool
refuses(int code)
{
	return code == ERRCODE_LOCK_NOT_AVAILABLE || code == ERRCODE_T_R_DEADLOCK_DETECTED ||
		code == ERRCODE_OBJECT_IN_USE || code == ERRCODE_FEATURE_NOT_SUPPORTED ||
		code == ERRCODE_T_R_SERIALIZATION_FAILURE;
}

/* in a subtransaction, so that a table that refuses is left as it was */
static void
try_to_seal(Oid relid)
{
	MemoryContext context = CurrentMemoryContext;
	ResourceOwner owner = CurrentResourceOwner;
	int			timeout = LockTimeout;

	BeginInternalSubTransaction(NULL);
	LockTimeout = PATIENCE;
	PG_TRY();
	{
		seal_one(relid);
		ReleaseCurrentSubTransaction();
	}
	PG_CATCH();
	{
		ErrorData  *error;

		MemoryContextSwitchTo(context);
		error = CopyErrorData();
		FlushErrorState();
		RollbackAndReleaseCurrentSubTransaction();
		LockTimeout = timeout;
		MemoryContextSwitchTo(context);
		CurrentResourceOwner = owner;
		if (!refuses(error->sqlerrcode))
			ReThrowError(error);
		elog(DEBUG1, "territory: table %u stays hot: %s", relid, error->message);
		FreeErrorData(error);
	}
	PG_END_TRY();
	LockTimeout = timeout;
	MemoryContextSwitchTo(context);
	CurrentResourceOwner = owner;
}

static void
seal_written(void)
{
	List	   *relids = written;
	bool		snapshot = !ActiveSnapshotSet();
	ListCell   *lc;

	written = NIL;				/* sealing runs statements, too */
	if (relids == NIL)
		return;
	if (XactReadOnly || IsInParallelMode() || RecoveryInProgress() || !IsTransactionState())
	{
		list_free(relids);
		return;
	}
	CommandCounterIncrement();
	if (snapshot)
		PushActiveSnapshot(GetTransactionSnapshot());
	depth++;
	foreach(lc, relids)
		try_to_seal(lfirst_oid(lc));
	depth--;
	if (snapshot)
		PopActiveSnapshot();
	CommandCounterIncrement();
	list_free(relids);
	list_free(written);
	written = NIL;
}

/* ---- plans ---- */

static void
seal_hook_run(EXECUTOR_RUN_PARAMS)
{
	depth++;
	PG_TRY();
	{
		if (previous_run)
			previous_run(EXECUTOR_RUN_ARGS);
		else
			standard_ExecutorRun(EXECUTOR_RUN_ARGS);
	}
	PG_FINALLY();
	{
		depth--;
	}
	PG_END_TRY();
}

static void
seal_hook_finish(QueryDesc *query)
{
	depth++;
	PG_TRY();
	{
		if (previous_finish)
			previous_finish(query);
		else
			standard_ExecutorFinish(query);
	}
	PG_FINALLY();
	{
		depth--;
	}
	PG_END_TRY();
}

static void
note_result_relations(List *infos)
{
	ListCell   *lc;

	foreach(lc, infos)
	{
		Relation	rel = ((ResultRelInfo *) lfirst(lc))->ri_RelationDesc;

		if (rel && relation_is_territory(rel))
			note_written(RelationGetRelid(rel));
	}
}

/*
 * A query that only reads may belong to a cursor that COMMIT closes, too late
 * for sealing; what functions wrote in it waits for the next statement.
 */
static void
seal_hook_end(QueryDesc *query)
{
	bool		reads = query->operation == CMD_SELECT && !query->plannedstmt->hasModifyingCTE;

	if (territory_seal_each_statement && query->estate)
	{
		note_result_relations(query->estate->es_opened_result_relations);
		note_result_relations(query->estate->es_tuple_routing_result_relations);
	}
	if (previous_end)
		previous_end(query);
	else
		standard_ExecutorEnd(query);
	if (territory_seal_each_statement && depth == 0 && !(reads && IsTransactionBlock()))
		seal_written();
}

/* ---- utility commands ---- */

static void
note_filled(RangeVar *name)
{
	Oid			relid = name ? RangeVarGetRelid(name, NoLock, true) : InvalidOid;
	ListCell   *lc;

	if (OidIsValid(relid))
		foreach(lc, find_all_inheritors(relid, NoLock, NULL))
			note_written(lfirst_oid(lc));
}

static void
note_utility(Node *statement)
{
	if (IsA(statement, CopyStmt) && ((CopyStmt *) statement)->is_from)
		note_filled(((CopyStmt *) statement)->relation);
	else if (IsA(statement, CreateTableAsStmt))
		note_filled(((CreateTableAsStmt *) statement)->into->rel);
	else if (IsA(statement, RefreshMatViewStmt))
		note_filled(((RefreshMatViewStmt *) statement)->relation);
}

static void
seal_hook_utility(PlannedStmt *planned, const char *source, bool readonly, ProcessUtilityContext context,
				  ParamListInfo params, QueryEnvironment *environment, DestReceiver *receiver,
				  QueryCompletion *completion)
{
	Node	   *statement = planned->utilityStmt;

	if (territory_seal_each_statement && depth == 0 && IsA(statement, TransactionStmt) &&
		(((TransactionStmt *) statement)->kind == TRANS_STMT_COMMIT ||
		 ((TransactionStmt *) statement)->kind == TRANS_STMT_PREPARE) && IsTransactionState())
		seal_written();
	depth++;
	PG_TRY();
	{
		if (previous_utility)
			previous_utility(planned, source, readonly, context, params, environment, receiver, completion);
		else
			standard_ProcessUtility(planned, source, readonly, context, params, environment, receiver, completion);
	}
	PG_FINALLY();
	{
		depth = Max(depth - 1, 0);	/* a transaction that ended meanwhile set it to 0 */
	}
	PG_END_TRY();
	if (!territory_seal_each_statement || IsA(statement, TransactionStmt) || !IsTransactionState())
		return;
	note_utility(statement);
	if (depth == 0)
		seal_written();
}

/* nobody else pays for this: the hooks come with the first "on" */
static void
assign_seal_each_statement(bool on, void *extra)
{
	static bool hooked = false;

	if (!on || hooked)
		return;
	hooked = true;
	previous_run = ExecutorRun_hook;
	ExecutorRun_hook = seal_hook_run;
	previous_finish = ExecutorFinish_hook;
	ExecutorFinish_hook = seal_hook_finish;
	previous_end = ExecutorEnd_hook;
	ExecutorEnd_hook = seal_hook_end;
	previous_utility = ProcessUtility_hook;
	ProcessUtility_hook = seal_hook_utility;
	RegisterXactCallback(forget_written, NULL);
}

extern void seal_each_statement_init(void);

void
seal_each_statement_init(void)
{
	DefineCustomBoolVariable("territory.seal_each_statement",
							 "For tests: seals all rows of the tables that a statement wrote when it ends.", NULL,
							 &territory_seal_each_statement, false, PGC_SUSET,
							 GUC_NOT_IN_SAMPLE | GUC_NO_SHOW_ALL, NULL, assign_seal_each_statement, NULL);
}
