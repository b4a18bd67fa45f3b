/*
 * compat.h
 *	  Every test of PostgreSQL's version, and nothing else.
 *
 * The idea: the code is written once, against these names.  Where a version
 * differs, the name stands for that version's own call, so that a new release
 * is met by reading this file.
 */
#ifndef TERRITORY_COMPAT_H
#define TERRITORY_COMPAT_H

#include "postgres.h"

#include "access/genam.h"
#include "access/heapam.h"
#include "access/htup.h"
#include "access/multixact.h"
#include "access/stratnum.h"
#include "access/transam.h"
#include "catalog/index.h"
#include "commands/vacuum.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "nodes/pathnodes.h"
#include "optimizer/cost.h"
#include "parser/scansup.h"
#include "pgtime.h"
#include "utils/acl.h"
#include "utils/datetime.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

#if PG_VERSION_NUM < 150000
#error "territory needs PostgreSQL 15 or later"
#endif

#if PG_VERSION_NUM >= 160000
#include "varatt.h"
#endif
#if PG_VERSION_NUM >= 180000
#include "commands/explain_format.h"
#include "commands/explain_state.h"
#endif

/* ---- catalogs ---- */

/* a relation's physical identity, which a rewrite or TRUNCATE changes */
#if PG_VERSION_NUM >= 160000
#define RelPhysical RelFileLocator
#define relation_physical(rel) ((rel)->rd_locator)
#define relphysical_equals(a, b) RelFileLocatorEquals(a, b)
#define relation_new_since(rel) ((rel)->rd_firstRelfilelocatorSubid)
#define relphysical_number(physical) ((physical).relNumber)
#define compat_set_new_file relation_set_new_filelocator
#else
#define RelPhysical RelFileNode
#define relation_physical(rel) ((rel)->rd_node)
#define relphysical_equals(a, b) RelFileNodeEquals(a, b)
#define relation_new_since(rel) ((rel)->rd_firstRelfilenodeSubid)
#define relphysical_number(physical) ((physical).relNode)
#define compat_set_new_file relation_set_new_filenode
#endif

#if PG_VERSION_NUM < 160000
static inline Datum
SysCacheGetAttrNotNull(int cache, HeapTuple tuple, AttrNumber attribute)
{
	bool		isnull;
	Datum		value = SysCacheGetAttr(cache, tuple, attribute, &isnull);

	if (isnull)
		elog(ERROR, "unexpected null in catalog cache %d, column %d", cache, attribute);
	return value;
}
#endif

#if PG_VERSION_NUM >= 160000
#include "catalog/pg_class.h"
#include "catalog/pg_namespace.h"
#define relation_is_owned(relid, role) object_ownercheck(RelationRelationId, relid, role)
#define compat_may_use_schema(schema, role) (object_aclcheck(NamespaceRelationId, schema, role, ACL_USAGE) == ACLCHECK_OK)
#else
#define relation_is_owned(relid, role) pg_class_ownercheck(relid, role)
#define compat_may_use_schema(schema, role) (pg_namespace_aclcheck(schema, role, ACL_USAGE) == ACLCHECK_OK)
#endif

#if PG_VERSION_NUM >= 170000
#define compat_reindex_relation(relid, flags, params) reindex_relation(NULL, relid, flags, params)
#else
#define compat_reindex_relation(relid, flags, params) reindex_relation(relid, flags, params)
#endif

/* what VACUUM stores about a table; transaction ids stay as they are */
static inline void
compat_update_relstats(Relation rel, BlockNumber pages, double tuples, BlockNumber visible, BlockNumber frozen)
{
#if PG_VERSION_NUM >= 180000
	vac_update_relstats(rel, pages, tuples, visible, frozen, rel->rd_rel->relhasindex, InvalidTransactionId,
						InvalidMultiXactId, NULL, NULL, false);
#else
	vac_update_relstats(rel, pages, tuples, visible, rel->rd_rel->relhasindex, InvalidTransactionId,
						InvalidMultiXactId, NULL, NULL, false);
#endif
}

/* ---- locks ---- */

#if PG_VERSION_NUM >= 180000
#define compat_try_wait_for_xid(xid) ConditionalXactLockTableWait(xid, false)
#else
#define compat_try_wait_for_xid(xid) ConditionalXactLockTableWait(xid)
#endif

/* ---- tuples and their index entries ---- */

/* which indexes the executor has to update after tuple_update */
#if PG_VERSION_NUM >= 160000
#define UpdateIndexes TU_UpdateIndexes
#define UPDATE_ALL_INDEXES TU_All
#define UPDATE_NO_INDEXES TU_None
#else
#define UpdateIndexes bool
#define UPDATE_ALL_INDEXES true
#define UPDATE_NO_INDEXES false
#endif

static inline TM_Result
compat_heap_update(Relation rel, ItemPointer old, HeapTuple tuple, CommandId cid, Snapshot crosscheck,
				   bool wait, TM_FailureData *failure, LockTupleMode *mode)
{
#if PG_VERSION_NUM >= 160000
	TU_UpdateIndexes indexes;

	return heap_update(rel, old, tuple, cid, crosscheck, wait, failure, mode, &indexes);
#else
	return heap_update(rel, old, tuple, cid, crosscheck, wait, failure, mode);
#endif
}

/* entries in all open indexes for a row that is new to them */
static inline void
compat_insert_index_tuples(ResultRelInfo *info, TupleTableSlot *slot, EState *estate)
{
#if PG_VERSION_NUM >= 160000
	list_free(ExecInsertIndexTuples(info, slot, estate, false, false, NULL, NIL, false));
#else
	list_free(ExecInsertIndexTuples(info, slot, estate, false, false, NULL, NIL));
#endif
}

/* does a row that is not there yet meet no other in these indexes? */
#if PG_VERSION_NUM >= 180000
#define compat_check_index_constraints(info, slot, estate, conflict, indexes) \
	ExecCheckIndexConstraints(info, slot, estate, conflict, NULL, indexes)
#else
#define compat_check_index_constraints(info, slot, estate, conflict, indexes) \
	ExecCheckIndexConstraints(info, slot, estate, conflict, indexes)
#endif

static inline IndexScanDesc
compat_index_beginscan(Relation heap, Relation index, Snapshot snapshot, int nkeys)
{
#if PG_VERSION_NUM >= 180000
	return index_beginscan(heap, index, snapshot, NULL, nkeys, 0);
#else
	return index_beginscan(heap, index, snapshot, nkeys, 0);
#endif
}

/* ---- callbacks whose arguments changed: declared and passed on by these names ---- */

#if PG_VERSION_NUM >= 170000
#define ANALYZE_BLOCK_PARAMS ReadStream *stream
#define ANALYZE_BLOCK_ARGS stream
#else
#define ANALYZE_BLOCK_PARAMS BlockNumber block, BufferAccessStrategy strategy
#define ANALYZE_BLOCK_ARGS block, strategy
#endif

/* from 18 on heap takes the blocks of a bitmap from the scan itself */
#if PG_VERSION_NUM >= 180000
#define BITMAP_TUPLE_PARAMS TupleTableSlot *slot, bool *recheck, uint64 *lossy, uint64 *exact
#define BITMAP_TUPLE_ARGS slot, recheck, lossy, exact
#else
#define BITMAP_BLOCK_IS_CALLBACK
#define BITMAP_TUPLE_PARAMS TBMIterateResult *block, TupleTableSlot *slot
#define BITMAP_TUPLE_ARGS block, slot
#endif

/* what a kind of scan keeps in its descriptor: the bitmap, the range of TIDs */
#if PG_VERSION_NUM >= 180000
#define scan_min_tid(scan) (&(scan)->st.tidrange.rs_mintid)
#define scan_max_tid(scan) (&(scan)->st.tidrange.rs_maxtid)
#define scan_pass_bitmap(to, from) ((to)->st.rs_tbmiterator = (from)->st.rs_tbmiterator)
#else
#define scan_min_tid(scan) (&(scan)->rs_mintid)
#define scan_max_tid(scan) (&(scan)->rs_maxtid)
#define scan_pass_bitmap(to, from) ((void) 0)
#endif

/* ExecutorRun_hook */
#if PG_VERSION_NUM >= 180000
#define EXECUTOR_RUN_PARAMS QueryDesc *query, ScanDirection direction, uint64 count
#define EXECUTOR_RUN_ARGS query, direction, count
#else
#define EXECUTOR_RUN_PARAMS QueryDesc *query, ScanDirection direction, uint64 count, bool once
#define EXECUTOR_RUN_ARGS query, direction, count, once
#endif

/* ---- planner ---- */

#if PG_VERSION_NUM >= 180000
#define pathkey_operator(key, type) \
	get_opfamily_member_for_cmptype((key)->pk_opfamily, type, type, (key)->pk_cmptype)
#else
#define pathkey_operator(key, type) get_opfamily_member((key)->pk_opfamily, type, type, (key)->pk_strategy)
#endif

/* a disabled path costs more, or is counted as disabled */
#if PG_VERSION_NUM >= 180000
#define path_copy_disabled(to, from) ((to)->disabled_nodes = (from)->disabled_nodes)
#define path_add_disabled(to, from) ((to)->disabled_nodes += (from)->disabled_nodes)
#define seqscan_disable_cost() 0
#define path_disable_seqscan(path) ((path)->disabled_nodes = enable_seqscan ? 0 : 1)
#else
#define path_copy_disabled(to, from) ((void) 0)
#define path_add_disabled(to, from) ((void) 0)
#define seqscan_disable_cost() (enable_seqscan ? 0 : disable_cost)
#define path_disable_seqscan(path) \
	((path)->startup_cost += seqscan_disable_cost(), (path)->total_cost += seqscan_disable_cost())
#endif

/* clauses by which two relations' equivalence classes meet at their join, which is an inner or a semi-join */
#if PG_VERSION_NUM >= 160000
#define compat_join_implied_equalities(root, join_relids, outer_relids, inner_rel) \
	generate_join_implied_equalities(root, join_relids, outer_relids, inner_rel, NULL)
#define compat_outer_join_relid(sjinfo) ((sjinfo)->ojrelid)
#define compat_is_clone(info) ((info)->has_clone || (info)->is_clone)
#else
#define compat_join_implied_equalities(root, join_relids, outer_relids, inner_rel) \
	generate_join_implied_equalities(root, join_relids, outer_relids, inner_rel)
#define compat_outer_join_relid(sjinfo) 0
#define compat_is_clone(info) false
#endif

/* what sorting so many rows costs, besides reading them, whether core may sort or not */
static inline Cost
compat_sort_cost(PlannerInfo *root, List *pathkeys, double rows, int width)
{
	Path		sort;

#if PG_VERSION_NUM >= 180000
	cost_sort(&sort, root, pathkeys, 0, 0, rows, width, 0, work_mem, -1);
	return sort.total_cost;
#else
	cost_sort(&sort, root, pathkeys, 0, rows, width, 0, work_mem, -1);
	return sort.total_cost - (enable_sort ? 0 : disable_cost);
#endif
}

/* the members of an equivalence class that can belong to a base relation */
static inline List *
compat_eclass_members(EquivalenceClass *eclass, RelOptInfo *rel)
{
#if PG_VERSION_NUM >= 180000
	if (eclass->ec_childmembers && rel->relid < eclass->ec_childmembers_size)
		return list_concat_copy(eclass->ec_members, eclass->ec_childmembers[rel->relid]);
#endif
	return eclass->ec_members;
}

/* an ordering operator's family and direction; false where it orders nothing */
static inline bool
compat_ordering_op(Oid operator, Oid *opfamily, bool *descending)
{
	Oid			opcintype;
#if PG_VERSION_NUM >= 180000
	CompareType order;
#else
	int16		order;
#endif

	if (!get_ordering_op_properties(operator, opfamily, &opcintype, &order))
		return false;
#if PG_VERSION_NUM >= 180000
	*descending = order == COMPARE_GT;
#else
	*descending = order == BTGreaterStrategyNumber;
#endif
	return true;
}

/* an expression on the parent of partitions as one on a partition */
#if PG_VERSION_NUM >= 160000
#define compat_adjust_for_child(root, node, child, parent) \
	adjust_appendrel_attrs_multilevel(root, node, child, parent)
#else
#define compat_adjust_for_child(root, node, child, parent) \
	adjust_appendrel_attrs_multilevel(root, node, (child)->relids, (parent)->relids)
#endif

/* a plan that was pruned at the executor's start asks for no relation of it */
#if PG_VERSION_NUM >= 180000
#define compat_range_table_relation(estate, rti) ExecGetRangeTableRelation(estate, rti, false)
#else
#define compat_range_table_relation(estate, rti) ExecGetRangeTableRelation(estate, rti)
#endif

/* ---- aggregates ---- */

#if PG_VERSION_NUM >= 160000
#include "catalog/pg_proc.h"
#define compat_function_aclcheck(function, role) object_aclcheck(ProcedureRelationId, function, role, ACL_EXECUTE)
#else
#define compat_function_aclcheck(function, role) pg_proc_aclcheck(function, role, ACL_EXECUTE)
#endif

/* ---- ranges ---- */

#if PG_VERSION_NUM >= 160000
#define compat_make_range(typcache, lower, upper) make_range(typcache, lower, upper, false, NULL)
#else
#define compat_make_range(typcache, lower, upper) make_range(typcache, lower, upper, false)
#endif

/* ---- time zones ---- */

typedef enum ZoneNameKind
{
	ZONE_IS_UNKNOWN,			/* or an abbreviation whose meaning depends on the time */
	ZONE_IS_OFFSET,				/* an abbreviation of one offset from UTC */
	ZONE_IS_REGION,
} ZoneNameKind;

/* what functions with a time zone take its name for */
static inline ZoneNameKind
compat_decode_zone(const char *name, pg_tz **zone)
{
	int			offset;
#if PG_VERSION_NUM >= 160000
	int			kind = DecodeTimezoneName(name, &offset, zone);

	return kind == TZNAME_FIXED_OFFSET ? ZONE_IS_OFFSET : kind == TZNAME_ZONE ? ZONE_IS_REGION : ZONE_IS_UNKNOWN;
#else
	int			kind = DecodeTimezoneAbbrev(0, downcase_truncate_identifier(name, strlen(name), false), &offset, zone);

	if (kind == TZ || kind == DTZ)
		return ZONE_IS_OFFSET;
	*zone = kind == DYNTZ ? NULL : pg_tzset(name);
	return *zone ? ZONE_IS_REGION : ZONE_IS_UNKNOWN;
#endif
}

/* a table of groups, each with so many bytes of ours */
static inline TupleHashTable
compat_build_group_table(PlanState *parent, TupleDesc desc, int nkeys, AttrNumber *keys, const Oid *equal,
						 FmgrInfo *hash, Oid *collations, Size additional, MemoryContext context,
						 MemoryContext temporary)
{
#if PG_VERSION_NUM >= 180000
	return BuildTupleHashTable(parent, desc, &TTSOpsVirtual, nkeys, keys, equal, hash, collations, 256,
							   additional, context, context, temporary, false);
#else
	return BuildTupleHashTableExt(parent, desc, nkeys, keys, equal, hash, collations, 256, additional, context,
								  context, temporary, false);
#endif
}

/* the bytes of ours, of a group that is new or not */
static inline void *
compat_group_data(TupleHashTable table, TupleHashEntry entry, bool isnew, Size additional, MemoryContext context)
{
#if PG_VERSION_NUM >= 180000
	return TupleHashEntryGetAdditional(table, entry);
#else
	if (isnew)
		entry->additional = MemoryContextAlloc(context, Max(additional, 1));
	return entry->additional;
#endif
}

#if PG_VERSION_NUM >= 180000
#define compat_group_keys(entry) TupleHashEntryGetTuple(entry)
#else
#define compat_group_keys(entry) ((entry)->firstTuple)
#endif

/* ---- executor, transactions and sorting ---- */

/* the executor's run hook */
#if PG_VERSION_NUM >= 180000
#define EXECUTOR_RUN_PARAMETERS QueryDesc *query, ScanDirection direction, uint64 count
#define EXECUTOR_RUN_ARGUMENTS query, direction, count
#else
#define EXECUTOR_RUN_PARAMETERS QueryDesc *query, ScanDirection direction, uint64 count, bool once
#define EXECUTOR_RUN_ARGUMENTS query, direction, count, once
#endif

#if PG_VERSION_NUM >= 170000
#define compat_lock_is_held(tag, mode) LockHeldByMe(tag, mode, false)
#else
#define compat_lock_is_held(tag, mode) LockHeldByMe(tag, mode)
#endif

/* the local part of our virtual transaction id */
#if PG_VERSION_NUM >= 170000
#define my_local_xid() (MyProc->vxid.lxid)
#else
#define my_local_xid() (MyProc->lxid)
#endif

#if PG_VERSION_NUM >= 160000
#define tuplesort_next_datum(sort, value, isnull) tuplesort_getdatum(sort, true, false, value, isnull, NULL)
#else
#define tuplesort_next_datum(sort, value, isnull) tuplesort_getdatum(sort, true, value, isnull, NULL)
#endif

/* ---- the wire ---- */

/* text in the client's encoding, its length before it */
#if PG_VERSION_NUM >= 170000
#define compat_send_counted_text(buffer, text, len) pq_sendcountedtext(buffer, text, len)
#else
#define compat_send_counted_text(buffer, text, len) pq_sendcountedtext(buffer, text, len, false)
#endif

#endif
