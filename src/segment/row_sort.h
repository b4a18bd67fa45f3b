/*
 * row_sort.h
 *	  Rows in the order of a layout.
 */
#ifndef ROW_SORT_H
#define ROW_SORT_H

#include "executor/tuptable.h"
#include "segment/layout.h"

typedef struct RowSort RowSort;

extern RowSort *row_sort_begin(TupleDesc desc, const Layout *layout, int memory);
extern void row_sort_add(RowSort *sort, TupleTableSlot *slot, const ItemPointerData *tid);
extern void row_sort_perform(RowSort *sort);
extern bool row_sort_next(RowSort *sort, TupleTableSlot *slot, ItemPointer tid);
extern void row_sort_end(RowSort *sort);

#endif
