/*
 * scan_filter.h
 *	  Quals of a scan evaluated on decoded vectors of a block.
 *
 * Begin it with the quals in the order in which core evaluates them, start it
 * with the parameters of every rescan, attach it to the sealed scan.  Rows that
 * the scan then gives pass all quals but those of scan_filter_rest().
 */
#ifndef SCAN_FILTER_H
#define SCAN_FILTER_H

#include "territory.h"
#include "executor/executor.h"

#include "segment/sealed_scan.h"

typedef struct ScanFilter ScanFilter;

extern ScanFilter *scan_filter_begin(List *quals, Index relid, PlanState *parent);
extern void scan_filter_imply(ScanFilter *filter, List *quals, List *specs, ExprState **values);
extern void scan_filter_start(ScanFilter *filter, ExprContext *econtext);
extern void scan_filter_mark(ScanFilter *filter, SealedScan *scan, uint8 *hidden);
extern void scan_filter_attach(ScanFilter *filter, SealedScan *scan);
extern ExprState *scan_filter_rest(ScanFilter *filter);
extern Bitmapset *scan_filter_rest_columns(ScanFilter *filter);
extern int64 scan_filter_removed(ScanFilter *filter);

#endif
