/*
 * table.h
 *	  Tables that functions of ours are called with.
 */
#ifndef SEGMENT_TABLE_H
#define SEGMENT_TABLE_H

#include "territory.h"
#include "fmgr.h"

extern Oid	table_argument(FunctionCallInfo fcinfo, const char *function);
extern void table_check_owner(Oid relid);
extern Relation table_open_any(Oid relid, LOCKMODE lockmode, const char *function);
extern Relation table_open_ours(Oid relid, LOCKMODE lockmode, const char *function);
extern void table_check_readable(Relation rel);
extern void table_check_all_rows_readable(Relation rel, const char *function);

#endif
