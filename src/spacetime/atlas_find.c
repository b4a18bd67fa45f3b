/*
 * atlas_find.c
 *	  Which layers, and which of their entities, can have something there and
 *	  then.
 *
 * The atlas is asked once for all layers: what it finds counts for those that
 * it knows completely, and the others are always looked at.  A layer that it
 * finds nothing of is not so much as locked.
 *
 * Everything is read with the caller's snapshot, with which the layers are
 * read afterwards: what the atlas does not show to it, they do not, either.
 */
#include "territory.h"

#include "access/htup_details.h"
#include "access/xact.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/hsearch.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"

#include "spacetime/atlas.h"

/* what the atlas has of a relation there and then */
typedef struct Finding
{
	Oid			relid;
	bool		known;			/* completely */
	AtlasLayer	layer;
	bool		on_the_map;		/* segments or hot rows */
	bool		off_the_map;
	bool		nameless;		/* an entity whose key is not kept */
	List	   *keys;			/* of entities */
} Finding;

typedef struct Search
{
	const AtlasQuestion *question;
	HTAB	   *findings;
	bool		off_the_map;	/* what is being looked for */
	Finding    *last;
} Search;

static Finding *
finding_of(Search *search, Oid relid)
{
	bool		found;

	if (search->last && search->last->relid == relid)
		return search->last;
	search->last = hash_search(search->findings, &relid, HASH_ENTER, &found);
	if (!found)
	{
		memset(search->last, 0, sizeof(Finding));
		search->last->relid = relid;
	}
	return search->last;
}

/* ---- asking the atlas ---- */

static Oid
relid_of(HeapTuple tuple, Relation atlas)
{
	bool		isnull;

	return DatumGetObjectId(heap_getattr(tuple, 1, RelationGetDescr(atlas), &isnull));
}

static void
note(Search *search, Oid relid)
{
	Finding    *finding = finding_of(search, relid);

	if (search->off_the_map)
		finding->off_the_map = true;
	else
		finding->on_the_map = true;
}

static bool
note_segment(HeapTuple tuple, Relation atlas, void *arg)
{
	note(arg, relid_of(tuple, atlas));
	return true;
}

static bool
note_place(HeapTuple tuple, Relation atlas, void *arg)
{
	Search	   *search = arg;
	char		kind = atlas_get_kind(tuple, atlas);
	Finding    *finding;
	bool		isnull;
	Datum		key;

	if (kind == PLACE_HOT || (kind == PLACE_EXTENT && search->question->last))
		note(search, relid_of(tuple, atlas));
	if (kind != PLACE_ENTITY)
		return true;
	finding = finding_of(search, relid_of(tuple, atlas));
	key = heap_getattr(tuple, Anum_atlas_places_entity, RelationGetDescr(atlas), &isnull);
	if (isnull)
		finding->nameless = true;
	else
		finding->keys = lappend(finding->keys, TextDatumGetCString(key));
	return true;
}

/* extents take the place of segments where everything before counts */
static void
look(Search *search, const double *place, Snapshot snapshot)
{
	STBox		box;

	atlas_box_make(&box, ATLAS_SRID, place, search->question->from, search->question->to);
	if (!search->question->last)
		atlas_overlapping(ATLAS_SEGMENTS, snapshot, &box, note_segment, search);
	atlas_overlapping(ATLAS_PLACES, snapshot, &box, note_place, search);
}

/* a relation may have got another file, or children, without the atlas' knowing */
static bool
is_still_known(const AtlasLayer *layer)
{
	HeapTuple	tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(layer->relid));
	Form_pg_class form;
	bool		known;

	if (!HeapTupleIsValid(tuple))
		return false;
	form = (Form_pg_class) GETSTRUCT(tuple);
	known = !form->relhassubclass && (layer->entities || form->relfilenode == layer->file);
	ReleaseSysCache(tuple);
	return known;
}

static void
ask(Search *search)
{
	static const double everywhere[4] = {-1e300, -1e300, 1e300, 1e300};
	HASHCTL		control = {.keysize = sizeof(Oid), .entrysize = sizeof(Finding), .hcxt = CurrentMemoryContext};
	Snapshot	snapshot = GetActiveSnapshot();
	ListCell   *lc;

	search->findings = hash_create("territory findings", 64, &control, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	foreach(lc, atlas_layers_read(snapshot))
	{
		const AtlasLayer *layer = lfirst(lc);
		Finding    *finding = finding_of(search, layer->relid);

		finding->layer = *layer;
		finding->known = is_still_known(layer);
	}
	look(search, search->question->placed ? search->question->place : everywhere, snapshot);
	search->off_the_map = true;
	if (search->question->placed)
		look(search, NULL, snapshot);
}

/* ---- layers ---- */

static AttrNumber
number_of(Oid relid, HeapTuple row, int column)
{
	bool		isnull;
	Datum		name = SPI_getbinval(row, SPI_tuptable->tupdesc, column, &isnull);

	return isnull ? InvalidAttrNumber : get_attnum(relid, NameStr(*DatumGetName(name)));
}

static void
read_entity(AtlasAnswer *answer, HeapTuple row, int column)
{
	bool		isnull;
	Datum		value = SPI_getbinval(row, SPI_tuptable->tupdesc, column, &isnull);
	Datum	   *names;
	int			n;

	if (isnull)
		return;
	deconstruct_array(DatumGetArrayTypeP(value), NAMEOID, NAMEDATALEN, false, TYPALIGN_CHAR, &names, NULL, &n);
	answer->entity = SPI_palloc(sizeof(AttrNumber) * Max(n, 1));
	for (int i = 0; i < n; i++)
	{
		AttrNumber	attno = get_attnum(answer->relid, NameStr(*DatumGetName(names[i])));

		if (attno != InvalidAttrNumber)
			answer->entity[answer->nentity++] = attno;
	}
}

static AtlasAnswer *
read_answer(HeapTuple row)
{
	TupleDesc	desc = SPI_tuptable->tupdesc;
	AtlasAnswer *answer = SPI_palloc(sizeof(AtlasAnswer));
	bool		isnull;
	Datum		value;

	memset(answer, 0, sizeof *answer);
	answer->relid = DatumGetObjectId(SPI_getbinval(row, desc, 1, &isnull));
	value = SPI_getbinval(row, desc, 2, &isnull);
	answer->domain = SPI_palloc(VARSIZE_ANY_EXHDR(DatumGetTextPP(value)) + 1);
	strcpy(answer->domain, TextDatumGetCString(value));
	read_entity(answer, row, 3);
	answer->time = number_of(answer->relid, row, 4);
	answer->position = number_of(answer->relid, row, 5);
	value = SPI_getbinval(row, desc, 6, &isnull);
	answer->srid = isnull ? 0 : DatumGetInt32(value);
	value = SPI_getbinval(row, desc, 7, &isnull);
	answer->places = isnull ? InvalidOid : DatumGetObjectId(value);
	if (OidIsValid(answer->places))
	{
		answer->places_key = number_of(answer->places, row, 8);
		answer->places_position = number_of(answer->places, row, 9);
	}
	return answer;
}

static void
check_domains(Datum domains)
{
	Oid			type = TEXTARRAYOID;

	if (SPI_execute_with_args("SELECT d.code FROM pg_catalog.unnest($1) d(code)"
							  " WHERE NOT EXISTS (SELECT FROM territory.domains t WHERE t.code OPERATOR(pg_catalog.=) d.code)",
							  1, &type, &domains, NULL, true, 1) != SPI_OK_SELECT)
		elog(ERROR, "territory: could not read territory.domains");
	if (SPI_processed > 0)
	{
		char	   *code = SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1);

		ereport(ERROR, (errcode(ERRCODE_UNDEFINED_OBJECT),
						errmsg("domain \"%s\" does not exist", code ? code : "NULL"),
						errhint("See territory.domains.")));
	}
}

static List *
read_answers(Datum domains, bool all_domains)
{
	static SPIPlanPtr plan;
	Oid			type = TEXTARRAYOID;
	char		nulls[1] = {all_domains ? 'n' : ' '};
	MemoryContext caller = CurrentMemoryContext;
	List	   *answers = NIL;

	SPI_connect();
	if (!all_domains)
		check_domains(domains);
	if (plan == NULL)
	{
		plan = SPI_prepare("SELECT l.rel::pg_catalog.oid, l.domain, l.entity_columns, l.time_column, l.position_column,"
						   " l.srid, l.entity_table::pg_catalog.oid, l.entity_key, l.entity_position"
						   " FROM territory.layers l WHERE $1 IS NULL OR l.domain OPERATOR(pg_catalog.=) ANY ($1)"
						   " ORDER BY l.domain, l.rel::pg_catalog.oid", 1, &type);
		if (plan == NULL || SPI_keepplan(plan) != 0)
			elog(ERROR, "territory: could not plan");
	}
	if (SPI_execute_plan(plan, &domains, nulls, true, 0) != SPI_OK_SELECT)
		elog(ERROR, "territory: could not read territory.layers");
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		AtlasAnswer *answer = read_answer(SPI_tuptable->vals[i]);
		MemoryContext old = MemoryContextSwitchTo(caller);

		answers = lappend(answers, answer);
		MemoryContextSwitchTo(old);
	}
	SPI_finish();
	return answers;
}

/* ---- the layers that matter ---- */

/* the entities of a table that the atlas knows; false: there is none */
static bool
restrict_to_entities(AtlasAnswer *answer, const Finding *finding, AttrNumber key, AttrNumber position)
{
	ListCell   *lc;

	if (finding == NULL || !finding->known || !finding->layer.entities || finding->layer.key != key ||
		finding->layer.position != position || finding->nameless)
		return true;
	answer->restricted = true;
	answer->keys = palloc(sizeof(char *) * Max(list_length(finding->keys), 1));
	foreach(lc, finding->keys)
		answer->keys[answer->nkeys++] = lfirst(lc);
	return answer->nkeys > 0;
}

/* can it have anything there and then? */
static bool
matters(AtlasAnswer *answer, HTAB *findings)
{
	const Finding *own = hash_search(findings, &answer->relid, HASH_FIND, NULL);
	const Finding *places = hash_search(findings, &answer->places, HASH_FIND, NULL);
	bool		told = own && own->known && !own->layer.entities && own->layer.time == answer->time &&
		own->layer.position == answer->position;

	/* it may have written rows into boxes that it does not see */
	if (IsolationUsesXactSnapshot() && TransactionIdIsValid(GetTopTransactionIdIfAny()))
		told = false;
	if (answer->position != InvalidAttrNumber)
	{
		if (told)
			return own->on_the_map || own->off_the_map;
		return answer->time != InvalidAttrNumber || answer->nentity != 1 ||
			restrict_to_entities(answer, own, answer->entity[0], answer->position);
	}
	if (answer->places_key == InvalidAttrNumber || answer->places_position == InvalidAttrNumber || answer->nentity == 0)
		return false;			/* it has no place */
	if (told && !own->on_the_map && !own->off_the_map)
		return false;
	return restrict_to_entities(answer, places, answer->places_key, answer->places_position);
}

/* AtlasAnswers, by domain; those that have nothing there and then are left out */
List *
atlas_find(const AtlasQuestion *question, Datum domains, bool all_domains)
{
	Search		search = {.question = question};
	List	   *answers = read_answers(domains, all_domains);
	ListCell   *lc;

	ask(&search);
	foreach(lc, answers)
		if (!matters(lfirst(lc), search.findings))
			answers = foreach_delete_current(answers, lc);
	return answers;
}
