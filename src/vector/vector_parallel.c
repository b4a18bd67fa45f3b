/*
 * vector_parallel.c
 *	  Workers that each aggregate what they read, as states for core's
 *	  aggregation above the Gather.
 *
 * Hot pages and segments are dealt out as a TerritoryScan's are: ours is a
 * ScanShared behind a few counters.
 */
#include "territory.h"

#include "vector/vector_join.h"

typedef struct VectorShared
{
	pg_atomic_uint32 sharing;	/* VectorSharing, as the first process has it */
	pg_atomic_uint64 segments_summed;
	pg_atomic_uint64 blocks_summed;
	pg_atomic_uint64 hot_rows;
	pg_atomic_uint64 keys_evaluated;
} VectorShared;

static ScanShared *
scan_part(VectorShared *shared)
{
	return (ScanShared *) ((char *) shared + MAXALIGN(sizeof(VectorShared)));
}

Size
vector_estimate_dsm(CustomScanState *node, ParallelContext *pcxt)
{
	return MAXALIGN(sizeof(VectorShared)) +
		scan_shared_size(((VectorState *) node)->rel, node->ss.ps.state->es_snapshot);
}

static void
attach(VectorState *state, VectorShared *shared)
{
	state->shared = shared;
	state->hot_scan = scan_shared_hot(scan_part(shared), state->rel, state->custom.ss.ps.state->es_snapshot);
}

void
vector_initialize_dsm(CustomScanState *node, ParallelContext *pcxt, void *coordinate)
{
	VectorState *state = (VectorState *) node;
	VectorShared *shared = coordinate;

	pg_atomic_init_u32(&shared->sharing, SHARING_UNDECIDED);
	pg_atomic_init_u64(&shared->segments_summed, 0);
	pg_atomic_init_u64(&shared->blocks_summed, 0);
	pg_atomic_init_u64(&shared->hot_rows, 0);
	pg_atomic_init_u64(&shared->keys_evaluated, 0);
	scan_shared_begin(scan_part(shared), state->rel, node->ss.ps.state->es_snapshot);
	attach(state, shared);
}

void
vector_reinitialize_dsm(CustomScanState *node, ParallelContext *pcxt, void *coordinate)
{
	pg_atomic_write_u32(&((VectorShared *) coordinate)->sharing, SHARING_UNDECIDED);
	scan_shared_restart(scan_part(coordinate), ((VectorState *) node)->rel);
}

void
vector_initialize_worker(CustomScanState *node, shm_toc *toc, void *coordinate)
{
	attach((VectorState *) node, coordinate);
}

/* from where this process takes segments; NULL: it takes them all */
pg_atomic_uint32 *
vector_next_segment(VectorState *state)
{
	return state->shared && !(state->join && state->join->alone) ? &scan_part(state->shared)->next_segment : NULL;
}

/* again a scan of what is dealt out */
void
vector_deal_again(VectorState *state)
{
	if (state->sealed)
		sealed_scan_end(state->sealed);
	if (state->hot_scan)
		table_endscan(state->hot_scan);
	state->sealed = NULL;
	attach(state, state->shared);
}

/* do all processes read, each what no other does?  The first one's wish holds for all; *mine: this was the first. */
VectorSharing
vector_share(VectorState *state, VectorSharing wish, bool *mine)
{
	uint32		sharing = SHARING_UNDECIDED;

	*mine = pg_atomic_compare_exchange_u32(&state->shared->sharing, &sharing, wish);
	return *mine ? wish : (VectorSharing) sharing;
}

/* the sum of all processes replaces this one's number */
static void
sum_up(pg_atomic_uint64 *sum, int64 *number)
{
	*number += pg_atomic_fetch_add_u64(sum, *number);
}

/*
 * The shared memory goes away before EXPLAIN asks, and so must what points into
 * it.  Workers are through when the leader comes here, unless a LIMIT stopped it.
 */
void
vector_shutdown(CustomScanState *node)
{
	VectorState *state = (VectorState *) node;
	VectorShared *shared = state->shared;

	if (shared == NULL)
		return;
	sum_up(&shared->segments_summed, &state->segments_summed);
	sum_up(&shared->blocks_summed, &state->blocks_summed);
	sum_up(&shared->hot_rows, &state->hot_rows);
	sum_up(&shared->keys_evaluated, &state->keys_evaluated);
	if (state->sealed)
	{
		scan_shared_count(scan_part(shared), state->sealed);
		sealed_scan_end(state->sealed);
	}
	scan_shared_sum(&state->scanned, scan_part(shared));
	if (state->hot_scan)
		table_endscan(state->hot_scan);
	state->sealed = NULL;
	state->hot_scan = NULL;
	state->shared = NULL;
	state->done = true;			/* before a rescan */
}
