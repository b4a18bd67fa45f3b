/*
 * point_geometry.c
 *	  Geometries in and out, as extended WKB, through PostGIS's own functions.
 *
 * The idea: how PostGIS stores a geometry is PostGIS's; EWKB is what it and
 * GEOS promise to read and write.  Where PostGIS is, is looked up once per
 * backend, and again when a function or type changed.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/pg_extension.h"
#include "catalog/pg_type.h"
#include "parser/parse_func.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/inval.h"

#include "series/point.h"

#define EWKB_Z		0x80000000
#define EWKB_SRID	0x20000000

/* forgotten when pg_proc changes, as it does when PostGIS comes, goes or is upgraded */
static struct
{
	bool		watched;
	Oid			schema;
	FmgrInfo	from_ewkb;
	FmgrInfo	to_ewkb;
} postgis;

static void
forget_postgis(Datum arg, int cache, uint32 hash)
{
	postgis.schema = InvalidOid;
}

static Oid
extension_schema(const char *name)
{
	Relation	rel = table_open(ExtensionRelationId, AccessShareLock);
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	tuple;
	Oid			schema = InvalidOid;

	ScanKeyInit(&key, Anum_pg_extension_extname, BTEqualStrategyNumber, F_NAMEEQ, CStringGetDatum(name));
	scan = systable_beginscan(rel, ExtensionNameIndexId, true, NULL, 1, &key);
	tuple = systable_getnext(scan);
	if (HeapTupleIsValid(tuple))
		schema = ((Form_pg_extension) GETSTRUCT(tuple))->extnamespace;
	systable_endscan(scan);
	table_close(rel, AccessShareLock);
	if (!OidIsValid(schema))
		ereport(ERROR, (errcode(ERRCODE_UNDEFINED_OBJECT), errmsg("extension \"%s\" is not installed", name),
						errhint("CREATE EXTENSION %s.", name)));
	return schema;
}

/* a function that takes one value */
static void
look_up(FmgrInfo *function, const char *schema, const char *name, Oid type)
{
	Oid			oid = LookupFuncName(list_make2(makeString(pstrdup(schema)), makeString(pstrdup(name))), 1, &type, false);

	fmgr_info_cxt(oid, function, TopMemoryContext);
}

static void
find_postgis(void)
{
	char	   *schema;
	Oid			found,
				geometry;

	if (OidIsValid(postgis.schema))
		return;
	if (!postgis.watched)
	{
		CacheRegisterSyscacheCallback(PROCOID, forget_postgis, 0);
		postgis.watched = true;
	}
	found = extension_schema("postgis");
	schema = get_namespace_name(found);
	geometry = GetSysCacheOid2(TYPENAMENSP, Anum_pg_type_oid, CStringGetDatum("geometry"), ObjectIdGetDatum(found));
	look_up(&postgis.from_ewkb, schema, "st_geomfromewkb", BYTEAOID);
	look_up(&postgis.to_ewkb, schema, "st_asewkb", geometry);
	/* only now: an error leaves nothing half found */
	postgis.schema = found;
}

Oid
point_postgis_schema(void)
{
	find_postgis();
	return postgis.schema;
}

/* ewkb begins with room for a bytea's length word */
Datum
point_geometry_from_ewkb(StringInfo ewkb)
{
	FmgrInfo	function;

	find_postgis();
	/* what is called may have postgis forgotten */
	function = postgis.from_ewkb;
	SET_VARSIZE(ewkb->data, ewkb->len);
	return FunctionCall1(&function, PointerGetDatum(ewkb->data));
}

bytea *
point_geometry_to_ewkb(Datum geometry)
{
	FmgrInfo	function;

	find_postgis();
	function = postgis.to_ewkb;
	return DatumGetByteaPP(FunctionCall1(&function, geometry));
}

/* a header in this machine's byte order; the first of a value is preceded by its length word */
void
point_ewkb_head(StringInfo out, int type, int dims, int32 srid)
{
	uint32		word = type | (dims > 2 ? EWKB_Z : 0);
	char		order = 1;

#ifdef WORDS_BIGENDIAN
	order = 0;
#endif
	if (out->len == 0)
	{
		appendBinaryStringInfo(out, "\0\0\0\0", VARHDRSZ);
		if (srid != 0)
			word |= EWKB_SRID;
	}
	appendBinaryStringInfo(out, &order, 1);
	appendBinaryStringInfo(out, (char *) &word, sizeof word);
	if (word & EWKB_SRID)
		appendBinaryStringInfo(out, (char *) &srid, sizeof srid);
}

void
point_ewkb_coordinates(StringInfo out, const double *p, int dims)
{
	appendBinaryStringInfo(out, (const char *) p, dims * sizeof(double));
}

Datum
point_geometry_of(const double *p, int dims, int32 srid)
{
	StringInfoData ewkb;

	initStringInfo(&ewkb);
	point_ewkb_head(&ewkb, 1, dims, srid);
	point_ewkb_coordinates(&ewkb, p, dims);
	return point_geometry_from_ewkb(&ewkb);
}
