/*
 * row_lock.h
 *	  Key-share locks follow a sealed row to its hot version.
 */
#ifndef ROW_LOCK_H
#define ROW_LOCK_H

#include "territory.h"
#include "access/htup.h"

extern void row_lock_carry(Relation rel, HeapTupleHeader mark, ItemPointer hot);
extern bool row_lock_follow(Relation rel, ItemPointer hot, TransactionId updater);

#endif
