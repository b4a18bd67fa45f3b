/*
 * scan_sort.h
 *	  Rows of a TerritoryScan through a tuplesort, by its sort keys.
 */
#ifndef SCAN_SORT_H
#define SCAN_SORT_H

#include "scan/scan.h"

typedef struct ScanSorter ScanSorter;

extern ScanSorter *scan_sorter_begin(TerritoryScanState *state);
extern void scan_sorter_put(ScanSorter *sorter, const Datum *keys, const bool *key_nulls, const Datum *row,
							const bool *row_nulls, ItemPointer tid);
extern void scan_sorter_perform(ScanSorter *sorter);
extern bool scan_sorter_next(ScanSorter *sorter, TupleTableSlot *slot, Datum *keys, bool *key_nulls);
extern void scan_sorter_end(ScanSorter *sorter);

#endif
