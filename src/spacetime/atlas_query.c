/*
 * atlas_query.c
 *	  around(), inside() and situation(): what all layers have somewhere.
 *
 * The atlas says which layers can matter, and each of them is then asked by one
 * statement of its own, under the caller's privileges and policies.  So what is
 * given is the union of what the caller would get of each layer by himself; a
 * layer that he may not read is passed over.
 *
 * Plans are kept by the text of the statement, which names only what the caller
 * may read; the plan cache sees to policies, roles and changed tables.
 */
#include "territory.h"

#include <math.h>

#include "access/relation.h"
#include "catalog/namespace.h"
#include "catalog/pg_collation_d.h"
#include "catalog/pg_operator_d.h"
#include "catalog/pg_type.h"
#include "common/hashfn.h"
#include "executor/spi.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "parser/parse_func.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/hsearch.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rangetypes.h"
#include "utils/syscache.h"
#include "utils/tuplesort.h"
#include "utils/typcache.h"

#include "series/point.h"
#include "spacetime/atlas_statement.h"

#define MAX_PLANS 512			/* then they are made anew */
#define FETCH_ROWS 1000
#define DEGREE_METRES 110000.0	/* no degree of latitude is shorter */
#define MAX_LATITUDE 88.0
#define TIMESTAMPTZ_LESS 1322	/* the operator */
#define CIRCUMFERENCE 40100000.0

/* what is asked, and who is told */
typedef struct Asking
{
	AtlasForm	form;
	AtlasQuestion question;
	Datum		values[ATLAS_NPARAMETERS];
	char		nulls[ATLAS_NPARAMETERS];
	ReturnSetInfo *result;
	Tuplesortstate *sort;		/* of around() */
	TupleTableSlot *slot;		/* a row of the result */
} Asking;

/* ---- plans ---- */

typedef struct PlanKey
{
	uint64		hash[2];		/* of the text */
	Oid			types[2];		/* of geometries and of keys */
} PlanKey;

typedef struct KeptPlan
{
	PlanKey		key;
	SPIPlanPtr	plan;
} KeptPlan;

static HTAB *plans;
static int	depth;				/* a plan that is being run is not freed */

static void
forget_plans(void)
{
	HASH_SEQ_STATUS status;
	KeptPlan   *kept;

	hash_seq_init(&status, plans);
	while ((kept = hash_seq_search(&status)) != NULL)
		if (kept->plan)
			SPI_freeplan(kept->plan);
	hash_destroy(plans);
	plans = NULL;
}

static Oid
postgis_type(const char *name)
{
	return GetSysCacheOid2(TYPENAMENSP, Anum_pg_type_oid, CStringGetDatum(name), ObjectIdGetDatum(point_postgis_schema()));
}

static SPIPlanPtr
plan_of(const AtlasStatement *statement)
{
	Oid			geometry = postgis_type("geometry");
	Oid			keys = OidIsValid(statement->key_type) ? get_array_type(statement->key_type) : TEXTARRAYOID;
	Oid			types[ATLAS_NPARAMETERS] = {geometry, geometry, geometry, TSTZRANGEOID, TIMESTAMPTZOID, TIMESTAMPTZOID,
	FLOAT8OID, INT4OID, keys};
	PlanKey		key = {.types = {geometry, keys}};
	KeptPlan   *kept;
	bool		found;

	if (plans && depth == 1 && hash_get_num_entries(plans) >= MAX_PLANS)
		forget_plans();
	if (plans == NULL)
	{
		HASHCTL		control = {.keysize = sizeof(PlanKey), .entrysize = sizeof(KeptPlan), .hcxt = TopMemoryContext};

		plans = hash_create("territory atlas plans", 64, &control, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	}
	for (int h = 0; h < 2; h++)
		key.hash[h] = hash_bytes_extended((const unsigned char *) statement->text.data, statement->text.len, h);
	kept = hash_search(plans, &key, HASH_ENTER, &found);
	if (!found)
		kept->plan = NULL;
	if (kept->plan == NULL)
	{
		SPIPlanPtr	plan = SPI_prepare_cursor(statement->text.data, ATLAS_NPARAMETERS, types, CURSOR_OPT_GENERIC_PLAN);

		if (plan == NULL || SPI_keepplan(plan) != 0)
			elog(ERROR, "territory: could not plan");
		/* planning may have asked the atlas, too */
		kept = hash_search(plans, &key, HASH_ENTER, &found);
		kept->plan = plan;
	}
	return kept->plan;
}

/* ---- one layer ---- */

static Datum
keys_of(const AtlasAnswer *answer, Oid type)
{
	Datum	   *keys = palloc(sizeof(Datum) * Max(answer->nkeys, 1));
	Oid			input,
				parameter;
	FmgrInfo	function;
	int16		len;
	bool		byval;
	char		align;

	getTypeInputInfo(type, &input, &parameter);
	fmgr_info(input, &function);
	for (int k = 0; k < answer->nkeys; k++)
		keys[k] = InputFunctionCall(&function, answer->keys[k], parameter, -1);
	get_typlenbyvalalign(type, &len, &byval, &align);
	return PointerGetDatum(construct_array(keys, answer->nkeys, type, len, byval, align));
}

static Datum
box_geometry(int32 srid, const double *place)
{
	STBox		box;

	atlas_box_make(&box, srid, place, DT_NOBEGIN, DT_NOEND);
	return stbox_geometry(&box);
}

static void
give_row(Asking *asking, const AtlasAnswer *answer, HeapTuple row, TupleDesc desc)
{
	TupleTableSlot *slot = asking->slot;
	int			column = 0;

	ExecClearTuple(slot);
	memset(slot->tts_isnull, 0, sizeof(bool) * slot->tts_tupleDescriptor->natts);
	slot->tts_values[column++] = CStringGetTextDatum(answer->domain);
	slot->tts_values[column++] = ObjectIdGetDatum(answer->relid);
	for (int c = 1; c <= 5; c++)
	{
		if (c == 4 && asking->form != ATLAS_AROUND)
			continue;
		slot->tts_values[column] = SPI_getbinval(row, desc, c, &slot->tts_isnull[column]);
		column++;
	}
	ExecStoreVirtualTuple(slot);
	if (asking->sort)
		tuplesort_puttupleslot(asking->sort, slot);
	else
		tuplestore_puttupleslot(asking->result->setResult, slot);
}

static void
ask_layer(Asking *asking, const AtlasAnswer *answer)
{
	AtlasStatement statement;
	Portal		portal;

	if (!atlas_statement(asking->form, &asking->question, answer, &statement))
		return;
	asking->nulls[ATLAS_NATIVE_BOX] = statement.boxed ? ' ' : 'n';
	if (statement.boxed)
		asking->values[ATLAS_NATIVE_BOX] = box_geometry(statement.srid, statement.native);
	asking->nulls[ATLAS_KEYS] = answer->restricted ? ' ' : 'n';
	if (answer->restricted)
		asking->values[ATLAS_KEYS] = keys_of(answer, statement.key_type);
	portal = SPI_cursor_open(NULL, plan_of(&statement), asking->values, asking->nulls, true);
	do
	{
		SPI_cursor_fetch(portal, true, FETCH_ROWS);
		for (uint64 i = 0; i < SPI_processed; i++)
			give_row(asking, answer, SPI_tuptable->vals[i], SPI_tuptable->tupdesc);
		SPI_freetuptable(SPI_tuptable);
	} while (SPI_processed == FETCH_ROWS);
	SPI_cursor_close(portal);
}

static void
ask_layers(Asking *asking, List *answers)
{
	MemoryContext context;
	ListCell   *lc;

	SPI_connect();
	context = AllocSetContextCreate(CurrentMemoryContext, "territory atlas layer", ALLOCSET_DEFAULT_SIZES);
	depth++;
	PG_TRY();
	{
		foreach(lc, answers)
		{
			MemoryContext old = MemoryContextSwitchTo(context);

			ask_layer(asking, lfirst(lc));
			MemoryContextSwitchTo(old);
			MemoryContextReset(context);
		}
	}
	PG_FINALLY();
	{
		depth--;
	}
	PG_END_TRY();
	SPI_finish();
}

/* nearest first; then by time and entity, so that the order is always the same */
static void
begin_sort(Asking *asking)
{
	AttrNumber	columns[] = {6, 4, 3};
	Oid			operators[] = {Float8LessOperator, TIMESTAMPTZ_LESS, TextLessOperator};
	Oid			collations[] = {InvalidOid, InvalidOid, C_COLLATION_OID};
	bool		nulls_first[] = {false, false, false};

	asking->sort = tuplesort_begin_heap(asking->result->setDesc, lengthof(columns), columns, operators, collations,
										nulls_first, work_mem, NULL, TUPLESORT_NONE);
}

static void
end_sort(Asking *asking)
{
	TupleTableSlot *sorted = MakeSingleTupleTableSlot(asking->result->setDesc, &TTSOpsMinimalTuple);

	tuplesort_performsort(asking->sort);
	while (tuplesort_gettupleslot(asking->sort, true, false, sorted, NULL))
		tuplestore_puttupleslot(asking->result->setResult, sorted);
	ExecDropSingleTupleTableSlot(sorted);
	tuplesort_end(asking->sort);
}

static void
answer(FunctionCallInfo fcinfo, Asking *asking, int domains)
{
	List	   *answers = atlas_find(&asking->question, PG_ARGISNULL(domains) ? (Datum) 0 : PG_GETARG_DATUM(domains),
									 PG_ARGISNULL(domains));

	asking->slot = MakeSingleTupleTableSlot(asking->result->setDesc, &TTSOpsVirtual);
	if (asking->form == ATLAS_AROUND)
		begin_sort(asking);
	ask_layers(asking, answers);
	if (asking->sort)
		end_sort(asking);
	ExecDropSingleTupleTableSlot(asking->slot);
}

/* ---- what is asked ---- */

static void
begin(FunctionCallInfo fcinfo, AtlasForm form, Asking *asking)
{
	memset(asking, 0, sizeof *asking);
	memset(asking->nulls, 'n', sizeof asking->nulls);
	asking->form = form;
	InitMaterializedSRF(fcinfo, 0);
	asking->result = (ReturnSetInfo *) fcinfo->resultinfo;
}

static void
set(Asking *asking, AtlasParameter parameter, Datum value)
{
	asking->values[parameter] = value;
	asking->nulls[parameter] = ' ';
}

/* false: there is no such instant */
static bool
set_period(Asking *asking, Datum period, bool isnull)
{
	TypeCacheEntry *type = lookup_type_cache(TSTZRANGEOID, TYPECACHE_RANGE_INFO);
	RangeBound	lower = {.infinite = true, .inclusive = false, .lower = true};
	RangeBound	upper = {.infinite = true, .inclusive = false, .lower = false};
	bool		empty = false;

	if (!isnull)
		range_deserialize(type, DatumGetRangeTypeP(period), &lower, &upper, &empty);
	asking->question.from = lower.infinite ? DT_NOBEGIN : DatumGetTimestampTz(lower.val);
	asking->question.to = upper.infinite ? DT_NOEND : DatumGetTimestampTz(upper.val);
	/* the statement goes a day beyond */
	if (asking->form != ATLAS_SITUATION && !TIMESTAMP_NOT_FINITE(asking->question.from) &&
		asking->question.from < MIN_TIMESTAMP + 3 * USECS_PER_DAY)
		asking->question.from = DT_NOBEGIN;
	if (asking->form != ATLAS_SITUATION && !TIMESTAMP_NOT_FINITE(asking->question.to) &&
		asking->question.to >= END_TIMESTAMP - 3 * USECS_PER_DAY)
		asking->question.to = DT_NOEND;
	set(asking, ATLAS_PERIOD, isnull ? RangeTypePGetDatum(compat_make_range(type, &lower, &upper)) : period);
	set(asking, ATLAS_FROM, TimestampTzGetDatum(asking->question.from));
	set(asking, ATLAS_TO, TimestampTzGetDatum(asking->question.to));
	return !empty;
}

/* its SRID, which it has to have */
static int32
set_srid(Asking *asking, Datum geometry, const char *name)
{
	double		box[4];
	int32		srid;

	(void) atlas_geometry_box(geometry, &srid, box);
	if (srid <= 0)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("%s has no SRID", name),
						errhint("Say where it is: ST_SetSRID(geometry, 4326), for degrees.")));
	set(asking, ATLAS_SRID_GIVEN, Int32GetDatum(srid));
	return srid;
}

static Datum
to_world(Datum geometry, int32 srid)
{
	Oid			types[2] = {postgis_type("geometry"), INT4OID};
	List	   *name = list_make2(makeString(get_namespace_name(point_postgis_schema())), makeString("st_transform"));

	if (srid == ATLAS_SRID)
		return geometry;
	return OidFunctionCall2(LookupFuncName(name, 2, types, false), geometry, Int32GetDatum(ATLAS_SRID));
}

/* what lies within metres of a box lies in this one; false: it may be anywhere */
static bool
expand(double *place, double metres)
{
	double		latitude = Max(fabs(place[1]), fabs(place[3])) + metres / DEGREE_METRES;
	double		by[2];

	if (metres > CIRCUMFERENCE / 4 || latitude > MAX_LATITUDE)
		return false;
	by[0] = metres / (DEGREE_METRES * cos(latitude * M_PI / 180)) * 1.01;
	by[1] = metres / DEGREE_METRES;
	for (int d = 0; d < 2; d++)
	{
		place[d] -= by[d];
		place[2 + d] += by[d];
	}
	return place[0] >= -180 && place[2] <= 180;
}

PG_FUNCTION_INFO_V1(territory_around);
Datum
territory_around(PG_FUNCTION_ARGS)
{
	Asking		asking;
	double		metres;
	int32		srid;
	Datum		center;

	begin(fcinfo, ATLAS_AROUND, &asking);
	if (PG_ARGISNULL(0) || PG_ARGISNULL(1) || !set_period(&asking, PG_GETARG_DATUM(2), PG_ARGISNULL(2)))
		return (Datum) 0;
	metres = PG_GETARG_FLOAT8(1);
	if (!(metres >= 0) || isinf(metres))
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("radius_m cannot be %g", metres),
						errhint("Give metres, 0 or more.")));
	srid = set_srid(&asking, PG_GETARG_DATUM(0), "center");
	center = to_world(PG_GETARG_DATUM(0), srid);
	asking.question.placed = atlas_geometry_box(center, &srid, asking.question.place) &&
		expand(asking.question.place, metres);
	set(&asking, ATLAS_GEOMETRY, center);
	set(&asking, ATLAS_METRES, Float8GetDatum(metres));
	if (asking.question.placed)
		set(&asking, ATLAS_WORLD_BOX, box_geometry(ATLAS_SRID, asking.question.place));
	answer(fcinfo, &asking, 3);
	return (Datum) 0;
}

static void
set_area(Asking *asking, Datum area)
{
	int32		srid = set_srid(asking, area, "area");
	double		box[4];

	asking->question.placed = atlas_geometry_box(area, &srid, box) && atlas_box_to_world(srid, box, asking->question.place);
	set(asking, ATLAS_GEOMETRY, area);
}

PG_FUNCTION_INFO_V1(territory_inside);
Datum
territory_inside(PG_FUNCTION_ARGS)
{
	Asking		asking;

	begin(fcinfo, ATLAS_INSIDE, &asking);
	if (PG_ARGISNULL(0) || !set_period(&asking, PG_GETARG_DATUM(1), PG_ARGISNULL(1)))
		return (Datum) 0;
	set_area(&asking, PG_GETARG_DATUM(0));
	answer(fcinfo, &asking, 2);
	return (Datum) 0;
}

PG_FUNCTION_INFO_V1(territory_situation);
Datum
territory_situation(PG_FUNCTION_ARGS)
{
	TypeCacheEntry *type = lookup_type_cache(TSTZRANGEOID, TYPECACHE_RANGE_INFO);
	RangeBound	lower = {.infinite = true, .lower = true};
	RangeBound	upper = {.inclusive = true};
	Asking		asking;

	begin(fcinfo, ATLAS_SITUATION, &asking);
	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		return (Datum) 0;
	upper.val = PG_GETARG_DATUM(1);
	asking.question.last = true;
	(void) set_period(&asking, RangeTypePGetDatum(compat_make_range(type, &lower, &upper)), false);
	set_area(&asking, PG_GETARG_DATUM(0));
	answer(fcinfo, &asking, 2);
	return (Datum) 0;
}
