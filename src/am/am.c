/*
 * am.c
 *	  The table access method `territory`: heap's routine with our callbacks.
 *
 * Invariant: a hot row is an ordinary heap tuple in the table's main fork, so
 * every callback that we do not override is heap's and stays right.
 */
#include "territory.h"

#include "access/heapam.h"
#include "fmgr.h"

#include "am/am.h"

const TableAmRoutine *heap_methods;
TableAmRoutine territory_methods;

extern void am_init(void);

void
am_init(void)
{
	heap_methods = GetHeapamTableAmRoutine();
	territory_methods = *heap_methods;
	am_scan_install(&territory_methods);
	am_analyze_install(&territory_methods);
	am_row_install(&territory_methods);
	am_modify_install(&territory_methods);
	am_index_install(&territory_methods);
	am_rewrite_install(&territory_methods);
	am_ddl_install(&territory_methods);
	am_modify_init();
	am_bulk_init();
	am_rewrite_init();
	am_ddl_init();
}

PG_FUNCTION_INFO_V1(territory_handler);
Datum
territory_handler(PG_FUNCTION_ARGS)
{
	PG_RETURN_POINTER(&territory_methods);
}
