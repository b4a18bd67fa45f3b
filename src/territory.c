/*
 * territory.c
 *	  The module: settings and hooks.
 *
 * Nothing is preloaded.  Opening a territory table loads the access method's
 * handler, and with it this library, before planning reaches the hooks.
 */
#include "territory.h"

#include "fmgr.h"
#include "utils/guc.h"

PG_MODULE_MAGIC;

int			territory_segment_rows = SEGMENT_MAX_ROWS;
bool		territory_bulk_seal = false;
bool		territory_enable_aggregate = true;

extern void am_init(void);
extern void scan_init(void);
extern void vector_init(void);
extern void last_init(void);
extern void series_init(void);
extern void atlas_init(void);
extern void row_init(void);
extern void near_init(void);
extern void cell_init(void);
extern void seal_each_statement_init(void);
extern void _PG_init(void);

void
_PG_init(void)
{
	am_init();
	scan_init();
	vector_init();
	last_init();
	series_init();
	atlas_init();
	row_init();
	near_init();
	cell_init();
	DefineCustomIntVariable("territory.segment_rows",
							"Most rows in a segment.",
							"Smaller segments prune better and compress less.",
							&territory_segment_rows, SEGMENT_MAX_ROWS, 1, SEGMENT_MAX_ROWS,
							PGC_USERSET, 0, NULL, NULL, NULL);
	DefineCustomBoolVariable("territory.bulk_seal",
							 "COPY and INSERT ... SELECT write straight into segments.",
							 "For loading history: rows are never heap tuples, and indexes hold none of them.",
							 &territory_bulk_seal, false, PGC_USERSET, 0, NULL, NULL, NULL);
	DefineCustomBoolVariable("territory.enable_aggregate",
							 "Lets the planner aggregate inside a scan of a territory table.",
							 "Off: aggregates are PostgreSQL's own, over the rows of a TerritoryScan.",
							 &territory_enable_aggregate, true, PGC_USERSET, GUC_EXPLAIN, NULL, NULL, NULL);
	seal_each_statement_init();
	MarkGUCPrefixReserved("territory");
}
