/*
 * compat.h
 *	  Every test of PostgreSQL's version, and nothing else.
 */
#ifndef TERRITORY_COMPAT_H
#define TERRITORY_COMPAT_H

#include "postgres.h"

#include "access/htup.h"

#if PG_VERSION_NUM < 150000
#error "territory needs PostgreSQL 15 or later"
#endif

/* a relation's physical identity, which a rewrite or TRUNCATE changes */
#if PG_VERSION_NUM >= 160000
#define RelPhysical RelFileLocator
#define relation_physical(rel) ((rel)->rd_locator)
#define relphysical_equals(a, b) RelFileLocatorEquals(a, b)
#else
#define RelPhysical RelFileNode
#define relation_physical(rel) ((rel)->rd_node)
#define relphysical_equals(a, b) RelFileNodeEquals(a, b)
#endif

#if PG_VERSION_NUM < 160000
#include "utils/syscache.h"
static inline Datum
SysCacheGetAttrNotNull(int cache, HeapTuple tuple, AttrNumber attribute)
{
	bool		isnull;
	Datum		value = SysCacheGetAttr(cache, tuple, attribute, &isnull);

	if (isnull)
		elog(ERROR, "unexpected null in catalog cache %d, column %d", cache, attribute);
	return value;
}
#endif

/* the executor's run hook */
#if PG_VERSION_NUM >= 180000
#define EXECUTOR_RUN_PARAMETERS QueryDesc *query, ScanDirection direction, uint64 count
#define EXECUTOR_RUN_ARGUMENTS query, direction, count
#else
#define EXECUTOR_RUN_PARAMETERS QueryDesc *query, ScanDirection direction, uint64 count, bool once
#define EXECUTOR_RUN_ARGUMENTS query, direction, count, once
#endif

/* heap_delete, heap_update and index_insert kept their order of arguments since 14 */

#endif
