/*
 * am_ddl.c
 *	  Index builds, rewrites, vacuum and estimates.
 *
 * Core's heap code refuses a relation of another access method, so it is run
 * with rd_tableam set to heap's for the time of the call, and set again when
 * the relcache rebuilds the entry meanwhile.
 */
#include "territory.h"

#include "access/heapam.h"
#include "access/heaptoast.h"
#include "access/multixact.h"
#include "access/parallel.h"
#include "access/rewriteheap.h"
#include "access/table.h"
#include "access/visibilitymap.h"
#include "access/xact.h"
#include "access/xloginsert.h"
#include "catalog/index.h"
#include "catalog/pg_am.h"
#include "commands/vacuum.h"
#include "miscadmin.h"
#include "nodes/execnodes.h"
#include "storage/bufmgr.h"
#include "storage/lmgr.h"
#include "storage/procarray.h"
#include "utils/datum.h"
#include "utils/inval.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"

#include "am/am.h"
#include "segment/missing.h"
#include "segment/sealed_scan.h"
#include "segment/state.h"
#include "segment/watch.h"

/* ---- running heap's code on a relation of ours ---- */

static Relation heap_for_now;

static void
keep_heap(Datum arg, Oid relid)
{
	if (heap_for_now && (!OidIsValid(relid) || relid == RelationGetRelid(heap_for_now)))
		heap_for_now->rd_tableam = heap_methods;
}

#define AS_HEAP_BEGIN(rel) \
	do { \
		Relation outer_ = heap_for_now; \
		(rel)->rd_tableam = heap_methods; \
		heap_for_now = (rel); \
		PG_TRY(); \
		{

#define AS_HEAP_END(rel) \
		} \
		PG_FINALLY(); \
		{ \
			heap_for_now = outer_; \
			(rel)->rd_tableam = &territory_methods; \
		} \
		PG_END_TRY(); \
	} while (0)

/* ---- indexes: of hot rows ---- */

static bool
has_segments(Relation rel)
{
	DirectoryTotals sealed;

	sealed_totals(rel, SnapshotSelf, &sealed);
	return sealed.rows > 0;
}

/* does the constraint hold already, so that only the index is made anew? */
static bool
constraint_holds(Relation rel, Relation index)
{
	return ReindexIsProcessingIndex(RelationGetRelid(index)) && index->rd_index->indisvalid &&
		relation_new_since(rel) == InvalidSubTransactionId;
}

/*
 * A new unique index or exclusion constraint must hold for sealed rows too.  A
 * parallel build asks once, in its first worker, with the snapshot that all of
 * it goes by; without one the table is locked against writers.
 */
static void
check_new_constraint(Relation rel, Relation index, IndexInfo *info, TableScanDesc s)
{
	Snapshot	snapshot = NULL;

	if (!(info->ii_Unique || info->ii_ExclusionOps) || constraint_holds(rel, index) ||
		(s && ParallelWorkerNumber != 0) || !has_segments(rel))
		return;
	if (info->ii_ExclusionOps || !index->rd_index->indimmediate)
		ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
						errmsg("cannot add %s constraint \"%s\": table \"%s\" has sealed rows",
							   info->ii_ExclusionOps ? "exclusion" : "deferrable", RelationGetRelationName(index),
							   RelationGetRelationName(rel)),
						errhint("Unseal the table with territory.unseal() first.")));
	if (s == NULL && info->ii_Concurrent)
		snapshot = RegisterSnapshot(GetTransactionSnapshot());
	unique_verify_new_index(rel, index, info,
							snapshot ? snapshot : s && IsMVCCSnapshot(s->rs_snapshot) ? s->rs_snapshot : SnapshotSelf);
	if (snapshot)
		UnregisterSnapshot(snapshot);
}

static double
territory_index_build_range_scan(Relation rel, Relation index, IndexInfo *info, bool allow_sync,
								 bool anyvisible, bool progress, BlockNumber start, BlockNumber nblocks,
								 IndexBuildCallback callback, void *callback_state, TableScanDesc s)
{
	volatile double tuples = 0;
	TableScanDesc hot = s ? ((TerritoryScanDesc *) s)->hot : NULL;

	check_new_constraint(rel, index, info, s);
	AS_HEAP_BEGIN(rel);
	tuples = heap_methods->index_build_range_scan(rel, index, info, allow_sync, anyvisible, progress, start,
												  nblocks, callback, callback_state, hot);
	AS_HEAP_END(rel);
	if (s)
	{
		((TerritoryScanDesc *) s)->hot = NULL;	/* heap ended it */
		territory_scan_end(s);
	}
	return tuples;
}

static void
territory_index_validate_scan(Relation rel, Relation index, IndexInfo *info, Snapshot snapshot,
							  ValidateIndexState *state)
{
	AS_HEAP_BEGIN(rel);
	heap_methods->index_validate_scan(rel, index, info, snapshot, state);
	AS_HEAP_END(rel);
}

/* a page for ANALYZE to hang sealed rows on: an empty one, where the table has none */
void
am_add_first_page(Relation rel)
{
	Buffer		buffer;

	LockRelationForExtension(rel, ExclusiveLock);
	if (RelationGetNumberOfBlocks(rel) > 0)
	{
		UnlockRelationForExtension(rel, ExclusiveLock);
		return;
	}
	buffer = ReadBufferExtended(rel, MAIN_FORKNUM, P_NEW, RBM_ZERO_AND_LOCK, NULL);
	START_CRIT_SECTION();
	PageInit(BufferGetPage(buffer), BufferGetPageSize(buffer), 0);
	MarkBufferDirty(buffer);
	if (RelationNeedsWAL(rel))
		log_newpage_buffer(buffer, true);
	END_CRIT_SECTION();
	UnlockReleaseBuffer(buffer);
	UnlockRelationForExtension(rel, ExclusiveLock);
}

/* ---- VACUUM FULL and CLUSTER: hot rows by heap, our chunks as they are ---- */

/* core forgets them as soon as the rows are copied */
static void
keep_missing_values(Relation from, Relation to)
{
	ChunkStore	store;

	if (!chunk_store_open(to, AccessExclusiveLock, &store))
		return;
	missing_keep(RelationGetDescr(from), &store);
	chunk_store_close(&store, NoLock);
}

static Oid
chunk_id(Relation toast, HeapTuple tuple)
{
	bool		isnull;

	return DatumGetObjectId(fastgetattr(tuple, 1, RelationGetDescr(toast), &isnull));
}

/* links to hot rows are void: these have new TIDs */
static Datum
without_link(Datum chunk)
{
	struct varlena *value = (struct varlena *) DatumGetPointer(datumCopy(chunk, false, -1));
	StateEntry	entry;

	if (VARSIZE_ANY_EXHDR(value) != sizeof entry)
		return chunk;
	memcpy(&entry, VARDATA_ANY(value), sizeof entry);
	entry.moved = MOVED_NOT;
	memcpy(VARDATA_ANY(value), &entry, sizeof entry);
	return PointerGetDatum(value);
}

/* copy one tuple with its xmin and xmax, unless nobody can see it any more */
static void
rewrite_chunk(RewriteState rewrite, Relation toast, HeapTuple tuple, Buffer buffer, TransactionId oldest)
{
	Datum		values[3];
	bool		nulls[3];
	bool		dead;
	HeapTuple	copy;

	LockBuffer(buffer, BUFFER_LOCK_SHARE);
	dead = HeapTupleSatisfiesVacuum(tuple, oldest, buffer) == HEAPTUPLE_DEAD;
	LockBuffer(buffer, BUFFER_LOCK_UNLOCK);
	if (dead)
	{
		rewrite_heap_dead_tuple(rewrite, tuple);
		return;
	}
	heap_deform_tuple(tuple, RelationGetDescr(toast), values, nulls);
	if (DatumGetObjectId(values[0]) >= CHUNK_STATE_FIRST && DatumGetObjectId(values[0]) < CHUNK_BATCH_FIRST)
		values[2] = without_link(values[2]);
	copy = heap_form_tuple(RelationGetDescr(toast), values, nulls);
	rewrite_heap_tuple(rewrite, tuple, copy);
	heap_freetuple(copy);
}

static void
copy_reserved_chunks(Oid from, Oid to, TransactionId oldest, TransactionId freeze_xid, MultiXactId cutoff_multi)
{
	Relation	source = table_open(from, AccessExclusiveLock);
	Relation	target = table_open(to, AccessExclusiveLock);
	TupleTableSlot *slot = table_slot_create(source, NULL);
	ReindexParams reindex = {0};
	RewriteState rewrite;
	TableScanDesc scan;

	FlushRelationBuffers(target);	/* toasted values came through shared buffers, a rewrite goes past them */
	rewrite = begin_heap_rewrite(source, target, oldest, freeze_xid, cutoff_multi);
	scan = table_beginscan(source, SnapshotAny, 0, NULL);
	while (table_scan_getnextslot(scan, ForwardScanDirection, slot))
	{
		BufferHeapTupleTableSlot *buffered = (BufferHeapTupleTableSlot *) slot;

		CHECK_FOR_INTERRUPTS();
		/* who was to be led from a removed segment to a hot row cannot be any more */
		if (chunk_id(source, buffered->base.tuple) < CHUNK_MOVED_FIRST)
			rewrite_chunk(rewrite, source, buffered->base.tuple, buffered->buffer, oldest);
	}
	table_endscan(scan);
	ExecDropSingleTupleTableSlot(slot);
	end_heap_rewrite(rewrite);
	table_close(source, NoLock);
	table_close(target, NoLock);
	CommandCounterIncrement();
	compat_reindex_relation(to, 0, &reindex);
}

static void
territory_copy_for_cluster(Relation from, Relation to, Relation index, bool sort, TransactionId oldest,
						   TransactionId *freeze_xid, MultiXactId *cutoff_multi, double *num, double *vacuumed,
						   double *recent)
{
	bool		segments = has_segments(from);

	AS_HEAP_BEGIN(from);
	heap_methods->relation_copy_for_cluster(from, to, index, sort, oldest, freeze_xid, cutoff_multi, num,
											vacuumed, recent);
	AS_HEAP_END(from);
	if (segments)
	{
		keep_missing_values(from, to);
		copy_reserved_chunks(from->rd_rel->reltoastrelid, to->rd_rel->reltoastrelid, oldest, *freeze_xid,
							 *cutoff_multi);
		am_add_first_page(to);
	}
	if (segment_watch.copied)
		segment_watch.copied(from, relphysical_number(relation_physical(to)));
}

/* ---- the rest ---- */

/* of a table that is new in this transaction, or temporary: in place, so that what is kept of its segments looks valid */
static void
territory_nontransactional_truncate(Relation rel)
{
	heap_methods->relation_nontransactional_truncate(rel);
	sealed_fetch_forget();
	directory_truncated(rel);
	if (segment_watch.emptied)
		segment_watch.emptied(rel, relphysical_number(relation_physical(rel)));
}

/* TRUNCATE, too: the rows that the table had are left behind */
static void
territory_set_new_file(Relation rel, const RelPhysical *file, char persistence, TransactionId *freeze_xid,
					   MultiXactId *min_multi)
{
	heap_methods->compat_set_new_file(rel, file, persistence, freeze_xid, min_multi);
	if (segment_watch.emptied)
		segment_watch.emptied(rel, relphysical_number(*file));
}

/* SET TABLESPACE */
static void
territory_copy_data(Relation rel, const RelPhysical *file)
{
	heap_methods->relation_copy_data(rel, file);
	if (segment_watch.copied)
		segment_watch.copied(rel, relphysical_number(*file));
}

/* heap's VACUUM counted hot rows in reltuples */
static void
count_sealed_rows(Relation rel)
{
	DirectoryTotals sealed;
	HeapTuple	tuple;
	BlockNumber visible,
				frozen;

	CommandCounterIncrement();	/* see what heap stored */
	tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(RelationGetRelid(rel)));
	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for relation %u", RelationGetRelid(rel));
	sealed_totals(rel, SnapshotSelf, &sealed);
	visibilitymap_count(rel, &visible, &frozen);
	compat_update_relstats(rel, RelationGetNumberOfBlocks(rel),
						   Max(((Form_pg_class) GETSTRUCT(tuple))->reltuples, 0) + sealed.rows, visible, frozen);
	ReleaseSysCache(tuple);
}

/*
 * What a seal emptied goes back to the file system, but for one page that
 * ANALYZE hangs the sealed rows on.
 */
static void
territory_relation_vacuum(Relation rel, VacuumParams *params, BufferAccessStrategy strategy)
{
	VacuumParams ours = *params;
	bool		segments = has_segments(rel);

	if (segments && RelationGetNumberOfBlocks(rel) <= 1)
		ours.truncate = VACOPTVALUE_DISABLED;
	heap_methods->relation_vacuum(rel, &ours, strategy);
	if (segments)
	{
		am_add_first_page(rel);
		count_sealed_rows(rel);
	}
}

/*
 * Always, but a table that had none, since it came from heap, gets it when it
 * is sealed: not from commands that may not create one.
 */
static bool
territory_relation_needs_toast_table(Relation rel)
{
	return CheckRelationLockedByMe(rel, AccessExclusiveLock, true) || heap_methods->relation_needs_toast_table(rel);
}

static Oid
territory_relation_toast_am(Relation rel)
{
	return HEAP_TABLE_AM_OID;
}

/*
 * heap's estimate from hot pages, and the sealed rows as the directory counts
 * them.  reltuples counts both, and sealing changes their sum little: what is
 * not sealed is hot.
 */
static void
territory_relation_estimate_size(Relation rel, int32 *attr_widths, BlockNumber *pages, double *tuples,
								 double *allvisfrac)
{
	DirectoryTotals sealed;
	float4		counted = rel->rd_rel->reltuples;

	sealed_totals_about(rel, &sealed);
	if (sealed.rows == 0)
	{
		heap_methods->relation_estimate_size(rel, attr_widths, pages, tuples, allvisfrac);
		return;
	}
	/* a heap that was empty when it was counted, and has grown since, says nothing of its density */
	if (counted > sealed.rows || (counted >= 0 && RelationGetNumberOfBlocks(rel) <= Max(rel->rd_rel->relpages, 1)))
		rel->rd_rel->reltuples = Max(counted - sealed.rows, 0);
	else
		rel->rd_rel->reltuples = -1;
	PG_TRY();
	{
		heap_methods->relation_estimate_size(rel, attr_widths, pages, tuples, allvisfrac);
	}
	PG_FINALLY();
	{
		rel->rd_rel->reltuples = counted;
	}
	PG_END_TRY();
	*pages += sealed.bytes / BLCKSZ;
	*tuples += sealed.rows;
}

void
am_ddl_install(TableAmRoutine *methods)
{
	methods->index_build_range_scan = territory_index_build_range_scan;
	methods->index_validate_scan = territory_index_validate_scan;
	methods->relation_nontransactional_truncate = territory_nontransactional_truncate;
	methods->compat_set_new_file = territory_set_new_file;
	methods->relation_copy_data = territory_copy_data;
	methods->relation_copy_for_cluster = territory_copy_for_cluster;
	methods->relation_vacuum = territory_relation_vacuum;
	methods->relation_needs_toast_table = territory_relation_needs_toast_table;
	methods->relation_toast_am = territory_relation_toast_am;
	methods->relation_estimate_size = territory_relation_estimate_size;
}

void
am_ddl_init(void)
{
	CacheRegisterRelcacheCallback(keep_heap, (Datum) 0);
}
