/*
 * atlas_statement.c
 *	  The statement by which one layer is asked what it has there and then.
 *
 * It names only columns that the caller may read, and is run as him, so that
 * privileges and policies are the server's own.  It asks the layer's own
 * columns first (a box in the positions' SRID, the ends of the period, the keys
 * of entities): these are what segments and indexes answer; what decides is
 * asked of the rows that are left, and is the same for every SRID and type of
 * time.
 */
#include "territory.h"

#include "access/relation.h"
#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

#include "series/point.h"
#include "spacetime/atlas_statement.h"

#define PARAMETER(which) ((which) + 1)

typedef struct Writer
{
	AtlasForm	form;
	const AtlasAnswer *answer;
	AtlasStatement *out;
	StringInfo	text;
	Relation	rel;
	Relation	places;			/* or NULL */
	const char *postgis;		/* its schema, quoted */
	bool		world;			/* the question has a box */
} Writer;

/* ---- rights ---- */

static bool
may_read(Oid relid, AttrNumber attno)
{
	return pg_class_aclcheck(relid, GetUserId(), ACL_SELECT) == ACLCHECK_OK ||
		pg_attribute_aclcheck(relid, attno, GetUserId(), ACL_SELECT) == ACLCHECK_OK;
}

/* without these columns nothing can be said */
static bool
may_ask(const AtlasAnswer *answer)
{
	if (!compat_may_use_schema(get_rel_namespace(answer->relid), GetUserId()))
		return false;
	for (int e = 0; e < answer->nentity; e++)
		if (!may_read(answer->relid, answer->entity[e]))
			return false;
	if (answer->time != InvalidAttrNumber && !may_read(answer->relid, answer->time))
		return false;
	if (answer->position != InvalidAttrNumber)
		return may_read(answer->relid, answer->position);
	return compat_may_use_schema(get_rel_namespace(answer->places), GetUserId()) &&
		may_read(answer->places, answer->places_key) && may_read(answer->places, answer->places_position);
}

/* ---- columns ---- */

static const char *
column_name(Relation rel, AttrNumber attno)
{
	return quote_identifier(NameStr(TupleDescAttr(RelationGetDescr(rel), attno - 1)->attname));
}

static const char *
table_name(Relation rel)
{
	return quote_qualified_identifier(get_namespace_name(RelationGetNamespace(rel)), RelationGetRelationName(rel));
}

static bool
is_entity(const AtlasAnswer *answer, AttrNumber attno)
{
	for (int e = 0; e < answer->nentity; e++)
		if (answer->entity[e] == attno)
			return true;
	return false;
}

/* which of the entity's columns is the key of its place: the one of that name, else the first */
static AttrNumber
join_column(Writer *writer)
{
	const char *key = NameStr(TupleDescAttr(RelationGetDescr(writer->places), writer->answer->places_key - 1)->attname);

	for (int e = 0; e < writer->answer->nentity; e++)
		if (strcmp(NameStr(TupleDescAttr(RelationGetDescr(writer->rel), writer->answer->entity[e] - 1)->attname), key) == 0)
			return writer->answer->entity[e];
	return writer->answer->entity[0];
}

/* the SRID that a position column declares */
static int32
declared_srid(Form_pg_attribute attribute, bool *geography)
{
	HeapTuple	type = SearchSysCache1(TYPEOID, ObjectIdGetDatum(getBaseType(attribute->atttypid)));
	int32		typmod = attribute->atttypmod;
	int32		srid = typmod < 0 ? 0 : ((typmod & 0x0fffff00) - (typmod & 0x10000000)) >> 8;

	*geography = HeapTupleIsValid(type) && strcmp(NameStr(((Form_pg_type) GETSTRUCT(type))->typname), "geography") == 0;
	if (HeapTupleIsValid(type))
		ReleaseSysCache(type);
	return *geography && srid == 0 ? ATLAS_SRID : srid;
}

/* the place as a geometry that has its SRID, and in EPSG:4326 where world */
static void
append_place(Writer *writer, bool world)
{
	bool		own = writer->answer->position != InvalidAttrNumber;
	Relation	rel = own ? writer->rel : writer->places;
	AttrNumber	attno = own ? writer->answer->position : writer->answer->places_position;
	bool		geography;
	int32		srid = declared_srid(TupleDescAttr(RelationGetDescr(rel), attno - 1), &geography);
	char	   *place = psprintf("%s.%s", own ? "a" : "p", column_name(rel, attno));

	if (geography)
		place = psprintf("%s::%s.geometry", place, writer->postgis);
	if (srid == 0 && writer->answer->srid > 0)
		place = psprintf("CASE WHEN %s.st_srid(%s) = 0 THEN %s.st_setsrid(%s, %d) ELSE %s END", writer->postgis, place,
						 writer->postgis, place, writer->answer->srid, place);
	else if (srid == 0)
		/* nobody knows where it is */
		place = psprintf("CASE WHEN %s.st_srid(%s) <> 0 THEN %s END", writer->postgis, place, place);
	if (world && srid != ATLAS_SRID)
		appendStringInfo(writer->text, "%s.st_transform(%s, %d)", writer->postgis, place, ATLAS_SRID);
	else if (!world)
		appendStringInfo(writer->text, "%s.st_transform(%s, $%d)", writer->postgis, place, PARAMETER(ATLAS_SRID_GIVEN));
	else
		appendStringInfoString(writer->text, place);
}

/* the question's box in the SRID that the positions declare; a geography's operators compare other boxes */
static bool
find_native_box(Writer *writer, const AtlasQuestion *question)
{
	bool		own = writer->answer->position != InvalidAttrNumber;
	Relation	rel = own ? writer->rel : writer->places;
	AttrNumber	attno = own ? writer->answer->position : writer->answer->places_position;
	bool		geography;

	writer->out->srid = declared_srid(TupleDescAttr(RelationGetDescr(rel), attno - 1), &geography);
	return question->placed && !geography && atlas_box_from_world(writer->out->srid, question->place, writer->out->native);
}

static void
append_entity(Writer *writer)
{
	const AtlasAnswer *answer = writer->answer;

	if (answer->nentity == 0)
		appendStringInfoString(writer->text, "NULL::pg_catalog.text");
	else if (answer->nentity == 1)
		appendStringInfo(writer->text, "a.%s::pg_catalog.text", column_name(writer->rel, answer->entity[0]));
	else
	{
		appendStringInfoString(writer->text, "ROW(");
		for (int e = 0; e < answer->nentity; e++)
			appendStringInfo(writer->text, "%sa.%s", e > 0 ? ", " : "", column_name(writer->rel, answer->entity[e]));
		appendStringInfoString(writer->text, ")::pg_catalog.text");
	}
}

static void
append_instant(Writer *writer)
{
	if (writer->answer->time == InvalidAttrNumber)
		appendStringInfoString(writer->text, "NULL::pg_catalog.timestamptz");
	else
		appendStringInfo(writer->text, "a.%s::pg_catalog.timestamptz", column_name(writer->rel, writer->answer->time));
}

static bool
is_data(Writer *writer, AttrNumber attno)
{
	return !TupleDescAttr(RelationGetDescr(writer->rel), attno - 1)->attisdropped && attno != writer->answer->time &&
		attno != writer->answer->position && !is_entity(writer->answer, attno) && may_read(writer->answer->relid, attno);
}

/* every other column that the caller may read; a function takes a hundred arguments */
static void
append_data(Writer *writer)
{
	int			n = 0;

	for (AttrNumber attno = 1; attno <= RelationGetNumberOfAttributes(writer->rel); attno++)
	{
		Form_pg_attribute attribute = TupleDescAttr(RelationGetDescr(writer->rel), attno - 1);

		if (!is_data(writer, attno))
			continue;
		if (n % 50 == 0)
			appendStringInfo(writer->text, "%spg_catalog.jsonb_build_object(", n > 0 ? ") OPERATOR(pg_catalog.||) " : "");
		appendStringInfo(writer->text, "%s%s, a.%s", n % 50 == 0 ? "" : ", ", quote_literal_cstr(NameStr(attribute->attname)),
						 column_name(writer->rel, attno));
		n++;
	}
	appendStringInfoString(writer->text, n > 0 ? ")" : "'{}'::pg_catalog.jsonb");
}

/* those that the rest of the statement asks for */
static void
append_columns(Writer *writer)
{
	bool		any = false;

	for (AttrNumber attno = 1; attno <= RelationGetNumberOfAttributes(writer->rel); attno++)
		if (is_data(writer, attno) || attno == writer->answer->time || attno == writer->answer->position ||
			is_entity(writer->answer, attno))
		{
			appendStringInfo(writer->text, "%sa.%s", any ? ", " : "", column_name(writer->rel, attno));
			any = true;
		}
}

/* ---- conditions ---- */

static void
append_keys(Writer *writer, const char *condition, const char *alias, Relation rel, AttrNumber attno)
{
	if (TupleDescAttr(RelationGetDescr(rel), attno - 1)->atttypid == writer->out->key_type)
		appendStringInfo(writer->text, "%s%s.%s = ANY ($%d)", condition, alias, column_name(rel, attno),
						 PARAMETER(ATLAS_KEYS));
}

/* on the layer alone; every one begins with AND */
static void
append_layer_conditions(Writer *writer)
{
	const AtlasAnswer *answer = writer->answer;
	StringInfo	text = writer->text;

	if (answer->time != InvalidAttrNumber)
	{
		const char *time = column_name(writer->rel, answer->time);
		Oid			type = atlas_time_type(writer->rel, answer->time);

		if (type == TIMESTAMPTZOID && writer->form == ATLAS_SITUATION)
			appendStringInfo(text, " AND a.%s OPERATOR(pg_catalog.<=) $%d", time, PARAMETER(ATLAS_TO));
		else if (type == TIMESTAMPTZOID)
			appendStringInfo(text, " AND a.%s OPERATOR(pg_catalog.>=) $%d AND a.%s OPERATOR(pg_catalog.<=) $%d", time,
							 PARAMETER(ATLAS_FROM), time, PARAMETER(ATLAS_TO));
		else
			/* more on either side, for what is told twice in autumn; a date is its midnight */
			appendStringInfo(text, " AND a.%s OPERATOR(pg_catalog.>=) ($%d::pg_catalog.timestamp OPERATOR(pg_catalog.-) '1 day'::pg_catalog.interval)"
							 " AND a.%s OPERATOR(pg_catalog.<=) ($%d::pg_catalog.timestamp OPERATOR(pg_catalog.+) '1 day'::pg_catalog.interval)",
							 time, PARAMETER(ATLAS_FROM), time, PARAMETER(ATLAS_TO));
		if (type != TIMESTAMPTZOID || writer->form != ATLAS_SITUATION)
			appendStringInfo(text, " AND a.%s::pg_catalog.timestamptz OPERATOR(pg_catalog.<@) $%d", time,
							 PARAMETER(ATLAS_PERIOD));
	}
	if (answer->position == InvalidAttrNumber)
	{
		if (answer->restricted)
			append_keys(writer, " AND ", "a", writer->rel, join_column(writer));
		return;
	}
	if (writer->form == ATLAS_SITUATION && answer->time != InvalidAttrNumber)
		appendStringInfo(text, " AND a.%s IS NOT NULL", column_name(writer->rel, answer->position));
	else if (writer->out->boxed)
		appendStringInfo(text, " AND a.%s OPERATOR(%s.&&) $%d", column_name(writer->rel, answer->position),
						 writer->postgis, PARAMETER(ATLAS_NATIVE_BOX));
	if (answer->restricted)
		append_keys(writer, " AND ", "a", writer->rel, answer->entity[0]);
}

/* the layer, or of each entity its last row */
static void
append_rows(Writer *writer)
{
	const AtlasAnswer *answer = writer->answer;
	StringInfo	text = writer->text;

	if (writer->form != ATLAS_SITUATION || answer->time == InvalidAttrNumber)
	{
		appendStringInfo(text, "%s a", table_name(writer->rel));
		return;
	}
	appendStringInfoString(text, "(SELECT ");
	if (answer->nentity > 0)
	{
		appendStringInfoString(text, "DISTINCT ON (");
		for (int e = 0; e < answer->nentity; e++)
			appendStringInfo(text, "%sa.%s", e > 0 ? ", " : "", column_name(writer->rel, answer->entity[e]));
		appendStringInfoString(text, ") ");
	}
	append_columns(writer);
	appendStringInfo(text, " FROM %s a WHERE true", table_name(writer->rel));
	append_layer_conditions(writer);
	appendStringInfoString(text, " ORDER BY ");
	for (int e = 0; e < answer->nentity; e++)
		appendStringInfo(text, "a.%s, ", column_name(writer->rel, answer->entity[e]));
	appendStringInfo(text, "a.%s DESC%s) a", column_name(writer->rel, answer->time), answer->nentity > 0 ? "" : " LIMIT 1");
}

static void
append_inner(Writer *writer)
{
	const AtlasAnswer *answer = writer->answer;
	StringInfo	text = writer->text;

	appendStringInfoString(text, "SELECT ");
	append_entity(writer);
	appendStringInfoString(text, " AS entity, ");
	append_instant(writer);
	appendStringInfoString(text, " AS t, ");
	append_place(writer, writer->form == ATLAS_AROUND);
	appendStringInfoString(text, " AS place, ");
	append_data(writer);
	appendStringInfoString(text, " AS data FROM ");
	append_rows(writer);
	if (answer->position == InvalidAttrNumber)
		appendStringInfo(text, " JOIN %s p ON p.%s = a.%s", table_name(writer->places),
						 column_name(writer->places, answer->places_key), column_name(writer->rel, join_column(writer)));
	appendStringInfoString(text, " WHERE true");
	if (writer->form != ATLAS_SITUATION || answer->time == InvalidAttrNumber)
		append_layer_conditions(writer);
	if (answer->position == InvalidAttrNumber && answer->restricted)
		append_keys(writer, " AND ", "p", writer->places, answer->places_key);
	if (answer->position == InvalidAttrNumber && writer->out->boxed)
		appendStringInfo(text, " AND p.%s OPERATOR(%s.&&) $%d", column_name(writer->places, answer->places_position),
						 writer->postgis, PARAMETER(ATLAS_NATIVE_BOX));
	/* what decides is asked of the rows that are left, once each */
	appendStringInfoString(text, " OFFSET 0");
}

static void
append_outer(Writer *writer)
{
	StringInfo	text = writer->text;
	const char *postgis = writer->postgis;

	if (writer->form == ATLAS_AROUND)
	{
		appendStringInfo(text, "SELECT r.entity, r.t, %s.st_transform(r.place, $%d),"
						 " %s.st_distance(r.place::%s.geography, $%d::%s.geography), r.data FROM (", postgis,
						 PARAMETER(ATLAS_SRID_GIVEN), postgis, postgis, PARAMETER(ATLAS_GEOMETRY), postgis);
		append_inner(writer);
		appendStringInfo(text, ") r WHERE %s.st_dwithin(r.place::%s.geography, $%d::%s.geography, $%d)", postgis, postgis,
						 PARAMETER(ATLAS_GEOMETRY), postgis, PARAMETER(ATLAS_METRES));
		/* beyond half a turn a geography begins again, and the atlas does not */
		if (writer->world)
			appendStringInfo(text, " AND r.place OPERATOR(%s.&&) $%d", postgis, PARAMETER(ATLAS_WORLD_BOX));
		return;
	}
	appendStringInfoString(text, "SELECT r.entity, r.t, r.place, NULL::pg_catalog.float8, r.data FROM (");
	append_inner(writer);
	appendStringInfo(text, ") r WHERE %s.st_intersects(r.place, $%d)", postgis, PARAMETER(ATLAS_GEOMETRY));
}

/* false: the caller may not ask it, or it is gone */
bool
atlas_statement(AtlasForm form, const AtlasQuestion *question, const AtlasAnswer *answer, AtlasStatement *out)
{
	Writer		writer = {.form = form, .answer = answer, .out = out, .text = &out->text, .world = question->placed};

	if (!may_ask(answer))
		return false;
	/* who only reads names; the statement locks what it reads */
	writer.rel = try_relation_open(answer->relid, AccessShareLock);
	writer.places = answer->position == InvalidAttrNumber ? try_relation_open(answer->places, AccessShareLock) : NULL;
	initStringInfo(&out->text);
	out->key_type = InvalidOid;
	if (writer.rel && (writer.places || answer->position != InvalidAttrNumber))
	{
		writer.postgis = quote_identifier(get_namespace_name(point_postgis_schema()));
		if (answer->restricted)
			out->key_type = writer.places ?
				TupleDescAttr(RelationGetDescr(writer.places), answer->places_key - 1)->atttypid :
				TupleDescAttr(RelationGetDescr(writer.rel), answer->entity[0] - 1)->atttypid;
		out->boxed = find_native_box(&writer, question);
		append_outer(&writer);
	}
	if (writer.places)
		relation_close(writer.places, AccessShareLock);
	if (writer.rel)
		relation_close(writer.rel, AccessShareLock);
	return out->text.len > 0;
}
