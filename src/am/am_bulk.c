/*
 * am_bulk.c
 *	  territory.bulk_seal: COPY and INSERT ... SELECT write straight into segments.
 *
 * The callbacks that insert hand their rows over; each table's rows are sorted
 * aside and written when the statement ends, before its AFTER STATEMENT
 * triggers where it is an INSERT.  The executor goes on to insert index entries
 * for what it believes are heap tuples: these rows bear a sealed TID, and the
 * indexes' insert function, wrapped, passes over such TIDs.
 *
 * A table whose rows something else must see one by one (a foreign key, a
 * trigger, RETURNING, logical decoding, a serializable reader) takes the
 * ordinary path, and so does a row that is too large.
 *
 * Invariant: a load belongs to one statement of one subtransaction, and is
 * written or lost with it; a transaction that still has one does not commit.
 */
#include "territory.h"

#include "access/amapi.h"
#include "access/genam.h"
#include "access/heapam.h"
#include "access/table.h"
#include "access/xact.h"
#include "catalog/catalog.h"
#include "catalog/partition.h"
#include "commands/trigger.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "nodes/parsenodes.h"
#include "pgstat.h"
#include "storage/lmgr.h"
#include "tcop/pquery.h"
#include "tcop/utility.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

#include "am/am.h"
#include "segment/lock.h"
#include "segment/seal.h"

/* a statement that is being executed, while bulk_seal is on */
typedef struct BulkStatement
{
	struct BulkStatement *outer;
	bool		copy;
	EState	   *estate;			/* of an INSERT ... SELECT */
} BulkStatement;

/* what a statement loads into one table */
typedef struct BulkLoad
{
	struct BulkLoad *next;
	BulkStatement *statement;	/* NULL: a COPY that began before the library was there */
	SubTransactionId subid;
	Oid			relid;
	Relation	rel;
	SegmentLoad *load;			/* NULL: the table takes the ordinary path */
	UniqueBatch *unique;
	int64		rows;
	MemoryContext context;
} BulkLoad;

static BulkStatement *current;
static BulkLoad *loads;

static ExecutorRun_hook_type previous_run;
static ProcessUtility_hook_type previous_utility;

/* ---- indexes hold hot rows only ---- */

/* an index access method's routine that passes over sealed rows */
typedef struct HotIndexRoutine
{
	IndexAmRoutine routine;
	aminsert_function insert;
} HotIndexRoutine;

static bool
insert_if_hot(Relation index, Datum *values, bool *nulls, ItemPointer tid, Relation heap, IndexUniqueCheck check,
			  bool unchanged, IndexInfo *info)
{
	HotIndexRoutine *hot = (HotIndexRoutine *) index->rd_indam;

	if (tid_is_sealed(tid))
		return true;
	return hot->insert(index, values, nulls, tid, heap, check, unchanged, info);
}

/* for as long as the relcache keeps the index; the executor holds it open during its statement */
static void
pass_over_sealed(Relation index)
{
	HotIndexRoutine *hot;

	if (index->rd_indam->aminsert == insert_if_hot)
		return;
	hot = MemoryContextAlloc(index->rd_indexcxt, sizeof(HotIndexRoutine));
	hot->routine = *index->rd_indam;
	hot->insert = index->rd_indam->aminsert;
	hot->routine.aminsert = insert_if_hot;
	index->rd_indam = &hot->routine;
}

/* true where an index holds a constraint that only hot rows are seen by */
static bool
prepare_indexes(Relation rel)
{
	List	   *indexes = RelationGetIndexList(rel);
	ListCell   *lc;
	bool		hot_only = false;

	foreach(lc, indexes)
	{
		Relation	index = index_open(lfirst_oid(lc), RowExclusiveLock);

		hot_only = hot_only || index->rd_index->indisexclusion || !index->rd_index->indimmediate;
		pass_over_sealed(index);
		index_close(index, NoLock);
	}
	list_free(indexes);
	return hot_only;
}

/* ---- which tables ---- */

/* COPY fires these before it says that it is done */
static bool
copy_has_statement_trigger(Relation rel)
{
	List	   *ancestors = rel->rd_rel->relispartition ? get_partition_ancestors(RelationGetRelid(rel)) : NIL;
	bool		found = rel->trigdesc && rel->trigdesc->trig_insert_after_statement;
	ListCell   *lc;

	foreach(lc, ancestors)
	{
		Relation	ancestor = table_open(lfirst_oid(lc), AccessShareLock);

		found = found || (ancestor->trigdesc && ancestor->trigdesc->trig_insert_after_statement);
		table_close(ancestor, AccessShareLock);
	}
	list_free(ancestors);
	return found;
}

/* why the table takes the ordinary path; NULL where it need not */
static const char *
reason_for_hot(Relation rel, bool copy)
{
	if (!OidIsValid(rel->rd_rel->reltoastrelid))
		return "It was never sealed since it came from another access method.";
	if (RelationIsLogicallyLogged(rel))
		return "Each row is logically decoded (wal_level is logical).";
	if (IsolationIsSerializable())
		return "The transaction is serializable.";
	if (rel->trigdesc && (rel->trigdesc->trig_insert_after_row || rel->trigdesc->trig_insert_new_table))
		return "A foreign key or an AFTER trigger looks at each row.";
	if (copy && copy_has_statement_trigger(rel))
		return "COPY fires an AFTER trigger before its rows would be there.";
	if (prepare_indexes(rel))
		return "It has an exclusion or a deferrable constraint.";
	return NULL;
}

/* ---- loads ---- */

static BulkLoad *
begin_load(Relation rel, BulkStatement *statement, bool copy)
{
	MemoryContext context = AllocSetContextCreate(CurTransactionContext, "territory bulk load",
												  ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(context);
	BulkLoad   *bulk = palloc0(sizeof(BulkLoad));
	const char *reason = reason_for_hot(rel, copy);
	int			memory = maintenance_work_mem;

	/* several partitions share it, the later ones with less */
	for (BulkLoad *other = loads; other; other = other->next)
		memory -= other->load ? memory / 4 : 0;
	bulk->context = context;
	bulk->statement = statement;
	bulk->subid = GetCurrentSubTransactionId();
	bulk->relid = RelationGetRelid(rel);
	if (reason)
		ereport(NOTICE, (errmsg("rows of \"%s\" do not go straight into segments", RelationGetRelationName(rel)),
						 errdetail_internal("%s", reason)));
	else
	{
		bulk->rel = table_open(bulk->relid, NoLock);
		bulk->load = segment_load_begin(bulk->rel, bulk->rel, Max(memory, 64));
		bulk->unique = unique_batch_begin(bulk->rel, segment_load_layout(bulk->load), Max(memory, 64));
	}
	bulk->next = loads;
	loads = bulk;
	MemoryContextSwitchTo(old);
	return bulk;
}

static BulkLoad *
load_for(Relation rel, BulkStatement *statement, bool copy)
{
	for (BulkLoad *bulk = loads; bulk; bulk = bulk->next)
		if (bulk->relid == RelationGetRelid(rel) && bulk->statement == statement)
			return bulk;
	return begin_load(rel, statement, copy);
}

/* take one row, unless it has to be hot */
static bool
add_row(BulkLoad *bulk, TupleTableSlot *slot)
{
	slot_getallattrs(slot);
	if (seal_row_is_too_large(bulk->rel, slot))
		return false;
	if (bulk->unique)
		unique_batch_note(bulk->unique, slot);
	segment_load_add(bulk->load, slot);
	bulk->rows++;
	/* where it will be is not known yet; that it is sealed, indexes must know */
	tid_set_sealed(&slot->tts_tid, SEGMENT_MAX_NUMBER, 0);
	return true;
}

/*
 * Until the end of the transaction nobody else changes the directory, and where
 * keys are unique nobody adds one.
 */
static void
lock_for_writing(Relation rel, bool unique)
{
	LockRelationOid(RelationGetRelid(rel), ShareUpdateExclusiveLock);
	if (unique)
		gate_close(rel);
}

static void
check_row(TupleTableSlot *slot, void *arg)
{
	unique_batch_row(arg, slot);
}

static void
write_load(BulkLoad *bulk)
{
	MemoryContext old = MemoryContextSwitchTo(bulk->context);

	if (bulk->rows > 0)
	{
		Snapshot	snapshot;

		lock_for_writing(bulk->rel, bulk->unique != NULL);
		CommandCounterIncrement();	/* the snapshot shows what this command wrote before */
		snapshot = RegisterSnapshot(GetLatestSnapshot());
		if (bulk->unique)
			unique_batch_ready(bulk->unique, snapshot);
		segment_load_end(bulk->load, bulk->unique ? check_row : NULL, bulk->unique, NULL);
		if (bulk->unique)
			unique_batch_end(bulk->unique);
		UnregisterSnapshot(snapshot);
		am_add_first_page(bulk->rel);
		pgstat_count_heap_insert(bulk->rel, bulk->rows);
	}
	else if (bulk->load)
	{
		segment_load_end(bulk->load, NULL, NULL, NULL);
		if (bulk->unique)
			unique_batch_end(bulk->unique);
	}
	if (bulk->rel)
		table_close(bulk->rel, NoLock);
	MemoryContextSwitchTo(old);
	MemoryContextDelete(bulk->context);
}

/* a load of this statement, of this table where one is given: the one with the least oid, so that locks are taken in one order */
static BulkLoad **
least_load(BulkStatement *statement, Oid relid)
{
	BulkLoad  **least = NULL;

	for (BulkLoad **link = &loads; *link; link = &(*link)->next)
		if ((*link)->statement == statement && (relid == InvalidOid || (*link)->relid == relid) &&
			(least == NULL || (*link)->relid < (*least)->relid))
			least = link;
	return least;
}

static void
write_loads(BulkStatement *statement, Oid relid)
{
	BulkLoad  **link;

	while ((link = least_load(statement, relid)) != NULL)
	{
		BulkLoad   *bulk = *link;

		*link = bulk->next;
		write_load(bulk);
	}
}

/* ---- what the callbacks ask ---- */

/* a row of the INSERT ... SELECT that is being executed, and not of a function in it */
bool
bulk_takes(Relation rel, TupleTableSlot *slot, CommandId cid, int options)
{
	BulkLoad   *bulk;

	if (current == NULL || current->estate == NULL || current->estate->es_output_cid != cid || options != 0)
		return false;
	bulk = load_for(rel, current, false);
	return bulk->load && add_row(bulk, slot);
}

/* COPY as the first statement of a connection, which loaded the library */
static bool
portal_copies(void)
{
	PlannedStmt *statement;

	if (!ActivePortal || list_length(ActivePortal->stmts) != 1)
		return false;
	statement = linitial_node(PlannedStmt, ActivePortal->stmts);
	return statement->utilityStmt && IsA(statement->utilityStmt, CopyStmt);
}

/* rows of a COPY; those that have to be hot are left, and counted */
int
bulk_takes_many(Relation rel, TupleTableSlot **slots, int n, TupleTableSlot **left, int options)
{
	BulkLoad   *bulk = NULL;
	int			nleft = 0;

	if (territory_bulk_seal && !(options & HEAP_INSERT_FROZEN) && (current ? current->copy : portal_copies()))
		bulk = load_for(rel, current, true);
	for (int i = 0; i < n; i++)
		if (bulk == NULL || bulk->load == NULL || !add_row(bulk, slots[i]))
			left[nleft++] = slots[i];
	return nleft;
}

/* COPY is done with a table; where we know the statement, it may come back to it */
void
bulk_finish(Relation rel)
{
	if (current == NULL)
		write_loads(NULL, RelationGetRelid(rel));
}

/* ---- statements ---- */

/* INSERT ... SELECT of rows that nothing else looks at */
static bool
inserts_many(QueryDesc *query)
{
	ModifyTable *plan = (ModifyTable *) query->plannedstmt->planTree;
	Plan	   *source;

	/* a WITH that changes tables shares our executor state */
	if (query->operation != CMD_INSERT || !IsA(plan, ModifyTable) || query->plannedstmt->hasModifyingCTE ||
		plan->returningLists != NIL || plan->onConflictAction != ONCONFLICT_NONE ||
		((ModifyTableState *) query->planstate)->mt_transition_capture != NULL)
		return false;
	source = outerPlan(plan);
	return !IsA(source, ValuesScan) && !(IsA(source, Result) && outerPlan(source) == NULL);
}

static void
run_executor(EXECUTOR_RUN_PARAMETERS)
{
	if (previous_run)
		previous_run(EXECUTOR_RUN_ARGUMENTS);
	else
		standard_ExecutorRun(EXECUTOR_RUN_ARGUMENTS);
}

static void
bulk_executor_run(EXECUTOR_RUN_PARAMETERS)
{
	BulkStatement statement = {current, false, NULL};

	if (!territory_bulk_seal && current == NULL)
	{
		run_executor(EXECUTOR_RUN_ARGUMENTS);
		return;
	}
	if (territory_bulk_seal && inserts_many(query))
		statement.estate = query->estate;
	current = &statement;
	PG_TRY();
	{
		run_executor(EXECUTOR_RUN_ARGUMENTS);
		statement.estate = NULL;
		write_loads(&statement, InvalidOid);
	}
	PG_FINALLY();
	{
		current = statement.outer;
	}
	PG_END_TRY();
}

static void
run_utility(PlannedStmt *planned, const char *text, bool read_only, ProcessUtilityContext context,
			ParamListInfo params, QueryEnvironment *environment, DestReceiver *dest, QueryCompletion *completion)
{
	if (previous_utility)
		previous_utility(planned, text, read_only, context, params, environment, dest, completion);
	else
		standard_ProcessUtility(planned, text, read_only, context, params, environment, dest, completion);
}

static void
bulk_utility(PlannedStmt *planned, const char *text, bool read_only, ProcessUtilityContext context,
			 ParamListInfo params, QueryEnvironment *environment, DestReceiver *dest, QueryCompletion *completion)
{
	BulkStatement statement = {current, true, NULL};

	if (!territory_bulk_seal || !IsA(planned->utilityStmt, CopyStmt))
	{
		run_utility(planned, text, read_only, context, params, environment, dest, completion);
		return;
	}
	current = &statement;
	PG_TRY();
	{
		run_utility(planned, text, read_only, context, params, environment, dest, completion);
		write_loads(&statement, InvalidOid);
	}
	PG_FINALLY();
	{
		current = statement.outer;
	}
	PG_END_TRY();
}

/* ---- transactions ---- */

static void
end_transaction(XactEvent event, void *arg)
{
	switch (event)
	{
		case XACT_EVENT_PRE_COMMIT:
		case XACT_EVENT_PRE_PREPARE:
			if (loads)
				elog(ERROR, "territory: a bulk load was not written");
			break;
		case XACT_EVENT_ABORT:
		case XACT_EVENT_PARALLEL_ABORT:
			loads = NULL;		/* with their memory */
			break;
		default:
			break;
	}
}

static void
end_subtransaction(SubXactEvent event, SubTransactionId mine, SubTransactionId parent, void *arg)
{
	if (event != SUBXACT_EVENT_ABORT_SUB)
		return;
	while (loads && loads->subid >= mine)
		loads = loads->next;
}

void
am_bulk_init(void)
{
	previous_run = ExecutorRun_hook;
	ExecutorRun_hook = bulk_executor_run;
	previous_utility = ProcessUtility_hook;
	ProcessUtility_hook = bulk_utility;
	RegisterXactCallback(end_transaction, NULL);
	RegisterSubXactCallback(end_subtransaction, NULL);
}
