/*
 * scan_pending.c
 *	  Segments and blocks that a scan in order did not open yet, by what bounds
 *	  their rows.
 *
 * A heap gives the one with the least bound.  The blocks of an opened segment
 * are a list, sorted once, of which the heap holds the next: where a few of them
 * are wanted, the others cost nothing.
 */
#include "territory.h"

#include "utils/memutils.h"

#include "scan/scan_pending.h"

static int
compare_pending(const pairingheap_node *a, const pairingheap_node *b, void *arg)
{
	int64		x = pairingheap_const_container(Pending, node, a)->bound;
	int64		y = pairingheap_const_container(Pending, node, b)->bound;

	return x < y ? 1 : x > y ? -1 : 0;	/* the heap gives its greatest first */
}

/* in the current memory context */
PendingSet *
scan_pending_begin(void)
{
	PendingSet *set = palloc(sizeof(PendingSet));

	set->heap = pairingheap_allocate(compare_pending, NULL);
	set->context = SlabContextCreate(CurrentMemoryContext, "territory order's segments", SLAB_DEFAULT_BLOCK_SIZE,
									 sizeof(Pending));
	set->list_context = AllocSetContextCreate(CurrentMemoryContext, "territory order's blocks", ALLOCSET_DEFAULT_SIZES);
	return set;
}

Pending *
scan_pending_add(PendingSet *set, int64 bound, int segment, int block)
{
	Pending    *pending = MemoryContextAlloc(set->context, sizeof(Pending));

	pending->bound = bound;
	pending->segment = segment;
	pending->block = block;
	pending->more = NULL;
	pending->skip = 0;
	pending->again = false;
	pairingheap_add(set->heap, &pending->node);
	return pending;
}

/* empty, with room for so many blocks */
PendingBlocks *
scan_pending_list(PendingSet *set, int nblocks)
{
	PendingBlocks *list = MemoryContextAlloc(set->list_context,
											 offsetof(PendingBlocks, blocks) + sizeof(PendingBlock) * nblocks);

	list->n = list->next = 0;
	return list;
}

/* the next block of the list, which ends with its last */
static void
add_next_of(PendingSet *set, int segment, PendingBlocks *list)
{
	const PendingBlock *next = &list->blocks[list->next];
	Pending    *pending = scan_pending_add(set, next->bound, segment, next->block);

	if (++list->next < list->n)
		pending->more = list;
	else
		pfree(list);
}

static int
compare_blocks(const void *a, const void *b)
{
	const PendingBlock *x = a;
	const PendingBlock *y = b;

	if (x->bound != y->bound)
		return x->bound < y->bound ? -1 : 1;
	return x->block - y->block;
}

/* blocks mostly come in order of their bounds, or exactly backwards */
static void
sort_blocks(PendingBlock *blocks, int n)
{
	int			falling = 1;
	int			rising = 1;

	while (rising < n && blocks[rising - 1].bound <= blocks[rising].bound)
		rising++;
	if (rising >= n)
		return;
	while (falling < n && blocks[falling - 1].bound > blocks[falling].bound)
		falling++;
	if (falling < n)
	{
		qsort(blocks, n, sizeof(PendingBlock), compare_blocks);
		return;
	}
	for (int i = 0; i < n / 2; i++)
	{
		PendingBlock block = blocks[i];

		blocks[i] = blocks[n - 1 - i];
		blocks[n - 1 - i] = block;
	}
}

/* the list becomes the set's */
void
scan_pending_add_list(PendingSet *set, int segment, PendingBlocks *list)
{
	sort_blocks(list->blocks, list->n);
	if (list->n > 0)
		add_next_of(set, segment, list);
	else
		pfree(list);
}

/* NULL where there is none */
const Pending *
scan_pending_first(PendingSet *set)
{
	return pairingheap_is_empty(set->heap) ? NULL :
		pairingheap_container(Pending, node, pairingheap_first(set->heap));
}

/* the first, taken out */
Pending
scan_pending_take(PendingSet *set)
{
	Pending    *first = pairingheap_container(Pending, node, pairingheap_remove_first(set->heap));
	Pending		taken = *first;

	pfree(first);
	if (taken.more)
		add_next_of(set, taken.segment, taken.more);
	return taken;
}

void
scan_pending_reset(PendingSet *set)
{
	pairingheap_reset(set->heap);
	MemoryContextReset(set->context);
	MemoryContextReset(set->list_context);
}

void
scan_pending_end(PendingSet *set)
{
	MemoryContextDelete(set->context);
	MemoryContextDelete(set->list_context);
	pairingheap_free(set->heap);
	pfree(set);
}
