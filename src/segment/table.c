/*
 * table.c
 *	  Open the table that a function of ours was called with, or say why not.
 *
 * Every function asks here, so that one mistake has one message.  Nothing is
 * changed before all is checked.
 */
#include "territory.h"

#include "access/relation.h"
#include "catalog/catalog.h"
#include "catalog/pg_class.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/lsyscache.h"
#include "utils/rls.h"

#include "segment/table.h"

Oid
table_argument(FunctionCallInfo fcinfo, const char *function)
{
	if (PG_ARGISNULL(0))
		ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("%s needs a table", function)));
	return PG_GETARG_OID(0);
}

/* before a lock is taken that would be in the way of others */
void
table_check_owner(Oid relid)
{
	char	   *name = get_rel_name(relid);

	if (name == NULL)
		ereport(ERROR, (errcode(ERRCODE_UNDEFINED_TABLE), errmsg("relation with OID %u does not exist", relid)));
	if (!relation_is_owned(relid, GetUserId()))
		aclcheck_error(ACLCHECK_NOT_OWNER, OBJECT_TABLE, name);
}

/* a table with rows of its own, of any access method */
Relation
table_open_any(Oid relid, LOCKMODE lockmode, const char *function)
{
	Relation	rel = try_relation_open(relid, lockmode);

	if (rel == NULL)
		ereport(ERROR, (errcode(ERRCODE_UNDEFINED_TABLE), errmsg("relation with OID %u does not exist", relid)));
	if (rel->rd_rel->relkind == RELKIND_PARTITIONED_TABLE)
		ereport(ERROR, (errcode(ERRCODE_WRONG_OBJECT_TYPE),
						errmsg("\"%s\" is partitioned", RelationGetRelationName(rel)),
						errhint("Call %s on each of its partitions.", function)));
	if (rel->rd_rel->relkind != RELKIND_RELATION && rel->rd_rel->relkind != RELKIND_MATVIEW)
		ereport(ERROR, (errcode(ERRCODE_WRONG_OBJECT_TYPE),
						errmsg("\"%s\" is not a table", RelationGetRelationName(rel)),
						errdetail_relkind_not_supported(rel->rd_rel->relkind)));
	if (RELATION_IS_OTHER_TEMP(rel))
		ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
						errmsg("\"%s\" is a temporary table of another session", RelationGetRelationName(rel)),
						errhint("Call %s in the session that made it.", function)));
	return rel;
}

Relation
table_open_ours(Oid relid, LOCKMODE lockmode, const char *function)
{
	Relation	rel = table_open_any(relid, lockmode, function);

	if (IsCatalogRelation(rel))
		ereport(ERROR, (errcode(ERRCODE_WRONG_OBJECT_TYPE),
						errmsg("\"%s\" is a system catalog", RelationGetRelationName(rel))));
	if (!relation_is_territory(rel))
		ereport(ERROR, (errcode(ERRCODE_WRONG_OBJECT_TYPE),
						errmsg("\"%s\" is not a territory table", RelationGetRelationName(rel)),
						errhint("Use ALTER TABLE ... SET ACCESS METHOD territory first.")));
	return rel;
}

void
table_check_readable(Relation rel)
{
	if (pg_class_aclcheck(RelationGetRelid(rel), GetUserId(), ACL_SELECT) != ACLCHECK_OK)
		aclcheck_error(ACLCHECK_NO_PRIV, OBJECT_TABLE, RelationGetRelationName(rel));
}

/* for functions that tell values of rows that a policy may hide from the caller */
void
table_check_all_rows_readable(Relation rel, const char *function)
{
	table_check_readable(rel);
	if (check_enable_rls(RelationGetRelid(rel), InvalidOid, true) == RLS_ENABLED)
		ereport(ERROR, (errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
						errmsg("row-level security of \"%s\" applies to you", RelationGetRelationName(rel)),
						errhint("%s tells of all rows: ask the table's owner, or a role with BYPASSRLS.", function)));
}
