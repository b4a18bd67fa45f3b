/*
 * vector_buckets.c
 *	  How many groups a query has, and whether they go together with the blocks:
 *	  estimates from zone maps, for the planner.
 *
 * Statistics know nothing of date_bin(t).  But zone maps tell the range of t,
 * and the expression tells the width of a bucket; and in a few blocks of a
 * segment it is tried whether the first row is of the same group as the last,
 * which is what the node will try in every block.
 */
#include "territory.h"

#include "access/table.h"
#include "catalog/pg_type.h"
#include "datatype/timestamp.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/cost.h"
#include "optimizer/optimizer.h"
#include "optimizer/restrictinfo.h"
#include "parser/parsetree.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/selfuncs.h"

#include "segment/sample.h"
#include "vector/vector_buckets.h"

#define BLOCKS_TRIED 8
#define BLOCK_ROWS 1400			/* where nothing is known: about a day of minutes */

/* ---- how wide is a bucket? ---- */

typedef struct WidthContext
{
	double		width;			/* in microseconds; 0: not known */
	bool		interval;		/* an interval says so, a unit's name does not count */
	bool		epoch;			/* seconds are counted */
} WidthContext;

static double
unit_width(const char *unit)
{
	static const struct
	{
		const char *unit;
		double		width;
	}			units[] = {
		{"second", USECS_PER_SEC}, {"minute", USECS_PER_MINUTE}, {"hour", USECS_PER_HOUR}, {"day", USECS_PER_DAY},
		{"week", USECS_PER_DAY * 7.0}, {"month", USECS_PER_DAY * 30.4}, {"quarter", USECS_PER_DAY * 91.3},
		{"year", USECS_PER_DAY * 365.25},
	};

	for (int i = 0; i < lengthof(units); i++)
		if (pg_strncasecmp(unit, units[i].unit, strlen(units[i].unit)) == 0)
			return units[i].width;
	return 0;
}

static double
constant_width(Const *constant, bool epoch)
{
	switch (constant->consttype)
	{
		case INTERVALOID:
			{
				Interval   *interval = DatumGetIntervalP(constant->constvalue);

				return interval->time + (interval->day + interval->month * 30.4) * USECS_PER_DAY;
			}
		case TEXTOID:
			return unit_width(text_to_cstring(DatumGetTextPP(constant->constvalue)));
		case INT4OID:
			return epoch ? DatumGetInt32(constant->constvalue) * (double) USECS_PER_SEC : 0;
		case FLOAT8OID:
			return epoch ? DatumGetFloat8(constant->constvalue) * USECS_PER_SEC : 0;
		case NUMERICOID:
			return epoch ? DatumGetFloat8(DirectFunctionCall1(numeric_float8_no_overflow, constant->constvalue)) *
				USECS_PER_SEC : 0;
		default:
			return 0;
	}
}

/* the narrowest unit that the expression names: 5 minutes, of date_trunc('hour', t) + interval '5 minutes' * ... */
static bool
find_width(Node *node, WidthContext *context)
{
	if (node == NULL)
		return false;
	if (IsA(node, Const) && !((Const *) node)->constisnull)
	{
		Const	   *constant = (Const *) node;
		double		width;

		if (constant->consttype == TEXTOID)
			context->epoch = context->epoch ||
				pg_strcasecmp(text_to_cstring(DatumGetTextPP(constant->constvalue)), "epoch") == 0;
		width = constant_width(constant, context->epoch);
		if (width < 1 || (context->interval && constant->consttype == TEXTOID))
			return false;
		if (context->width == 0 || width < context->width || (constant->consttype == INTERVALOID && !context->interval))
			context->width = width;
		context->interval = context->interval || constant->consttype == INTERVALOID;
		return false;
	}
	return expression_tree_walker(node, find_width, (void *) context);
}

static double
bucket_width(Node *key)
{
	WidthContext context = {0};

	find_width(key, &context);
	if (context.width == 0 && exprType(key) == DATEOID)
		return USECS_PER_DAY;
	return context.width;
}

/* ---- how many groups? ---- */

/* the only column of the expression, or 0 */
static AttrNumber
only_column(Node *node, Index relid)
{
	Bitmapset  *attributes = NULL;
	int			member;

	pull_varattnos(node, relid, &attributes);
	if (!bms_get_singleton_member(attributes, &member))
		return 0;
	return Max(member + FirstLowInvalidHeapAttributeNumber, 0);
}

/* what the query's conditions leave of a column's range */
static double
range_left(PlannerInfo *root, RelOptInfo *rel, AttrNumber attno)
{
	List	   *clauses = NIL;
	ListCell   *lc;

	foreach(lc, rel->baserestrictinfo)
		if (only_column((Node *) lfirst_node(RestrictInfo, lc)->clause, rel->relid) == attno)
			clauses = lappend(clauses, lfirst(lc));
	return clauselist_selectivity(root, clauses, rel->relid, JOIN_INNER, NULL);
}

static bool
is_time(Oid type)
{
	return type == TIMESTAMPTZOID || type == TIMESTAMPOID;
}

/* within some thousand years, where no function of time fails */
static bool
is_ordinary(const ZoneMap *zone)
{
	const int64 years = 2000 * (365 * USECS_PER_DAY);

	return zone->min > -years && zone->max < 3 * years;
}

/* buckets of time in the range that the table holds; 0: the key is none */
static double
number_of_buckets(PlannerInfo *root, RelOptInfo *rel, Node *key, TupleDesc desc, const SegmentEntry *all)
{
	AttrNumber	attno = only_column(key, rel->relid);
	double		width;

	if (attno <= 0 || IsA(key, Var) || !is_time(getBaseType(TupleDescAttr(desc, attno - 1)->atttypid)))
		return 0;
	width = bucket_width(key);
	for (int z = 0; width >= 1 && z < all->nzones; z++)
	{
		const ZoneMap *zone = &all->zones[z];

		if (zone->attno == attno && zone->has_values && is_ordinary(zone))
			return ((double) zone->max - zone->min) * range_left(root, rel, attno) / width + 1;
	}
	return 0;
}

static double
number_of_groups(PlannerInfo *root, RelOptInfo *rel, List *keys, TupleDesc desc, const SegmentEntry *all)
{
	double		groups = 1;
	List	   *others = NIL;
	ListCell   *lc;

	foreach(lc, keys)
	{
		double		buckets = all ? number_of_buckets(root, rel, lfirst(lc), desc, all) : 0;

		if (buckets > 0)
			groups *= buckets;
		else
			others = lappend(others, lfirst(lc));
	}
	if (others)
		groups *= estimate_num_groups(root, others, rel->rows, NULL, NULL);
	return clamp_row_est(Min(groups, rel->rows));
}

/* ---- are blocks of one group? ---- */

typedef struct ValueContext
{
	AttrNumber	attno;
	Const	   *value;
} ValueContext;

static Node *
with_value(Node *node, ValueContext *context)
{
	if (node == NULL)
		return NULL;
	if (IsA(node, Var))
		return (Node *) context->value;
	return expression_tree_mutator(node, with_value, (void *) context);
}

/* the key where its column has this value; NULL where that is not known now */
static Const *
key_at(PlannerInfo *root, Node *key, Form_pg_attribute att, int64 value)
{
	ColumnType	type;
	ValueContext context = {.attno = att->attnum};
	Node	   *result;

	column_type_init(&type, att);
	context.value = makeConst(att->atttypid, att->atttypmod, att->attcollation, att->attlen,
							  column_integer_datum(&type, value), false, att->attbyval);
	result = estimate_expression_value(root, with_value(key, &context));
	return IsA(result, Const) ? (Const *) result : NULL;
}

/*
 * Nothing that could fail is evaluated here: the values are those of rows that
 * the query may not see.
 */
static bool
cannot_fail(Node *key)
{
	FuncExpr   *call = (FuncExpr *) key;

	if (!IsA(key, FuncExpr))
		return false;
	switch (call->funcid)
	{
		case F_DATE_TRUNC_TEXT_TIMESTAMP:
		case F_DATE_TRUNC_TEXT_TIMESTAMPTZ:
			return bucket_width(linitial(call->args)) > 0 && IsA(lsecond(call->args), Var);
		case F_DATE_TIMESTAMP:
		case F_DATE_TIMESTAMPTZ:
			return IsA(linitial(call->args), Var);
		default:
			return false;
	}
}

/* the same bucket, by its width alone? */
static bool
is_one_bucket(Node *key, const ZoneMap *zone)
{
	int64		width = bucket_width(key);

	return width > 0 && zone->min / width == zone->max / width;
}

static bool
is_one_group(PlannerInfo *root, List *keys, TupleDesc desc, const AttrNumber *attnos, const ZoneMap *zones)
{
	ListCell   *lc;

	foreach(lc, keys)
	{
		const ZoneMap *zone = &zones[foreach_current_index(lc)];
		Form_pg_attribute att = TupleDescAttr(desc, attnos[foreach_current_index(lc)] - 1);
		Const	   *first,
				   *last;

		if (zone->kind == ZONE_NONE || !zone->has_values || zone->nulls > 0)
			return false;
		if (zone->min == zone->max)
			continue;
		if (IsA(lfirst(lc), Var) || !is_time(getBaseType(att->atttypid)) || !is_ordinary(zone))
			return false;
		if (!cannot_fail(lfirst(lc)))
		{
			if (!is_one_bucket(lfirst(lc), zone))
				return false;
			continue;
		}
		first = key_at(root, lfirst(lc), att, zone->min);
		last = key_at(root, lfirst(lc), att, zone->max);
		if (first == NULL || last == NULL || !equal(first, last))
			return false;
	}
	return true;
}

static double
share_mixed(PlannerInfo *root, List *keys, Relation relation, double *block_rows)
{
	int			nkeys = list_length(keys);
	AttrNumber *attnos = palloc(sizeof(AttrNumber) * Max(nkeys, 1));
	ZoneMap    *zones = palloc0(sizeof(ZoneMap) * Max(nkeys, 1) * BLOCKS_TRIED);
	int			nblocks;
	int			mixed = 0;

	for (int k = 0; k < nkeys; k++)
		vector_key_form(list_nth(keys, k), &attnos[k]);
	nblocks = sealed_sample(relation, attnos, nkeys, zones, BLOCKS_TRIED, block_rows);
	for (int b = 0; b < nblocks; b++)
		mixed += !is_one_group(root, keys, RelationGetDescr(relation), attnos, &zones[b * nkeys]);
	return nblocks > 0 ? (double) mixed / nblocks : 1;
}

/* sample: blocks of one group may be answered from summaries, so it matters whether they are */
BucketEstimate
vector_buckets(PlannerInfo *root, RelOptInfo *rel, VectorTarget *target, bool sample)
{
	BucketEstimate estimate = {.groups = 1, .block_rows = BLOCK_ROWS};
	Relation	relation;

	if (target->keys == NIL)
		return estimate;
	relation = table_open(planner_rt_fetch(rel->relid, root)->relid, NoLock);
	estimate.groups = number_of_groups(root, rel, target->keys, RelationGetDescr(relation), sealed_summit(relation));
	if (sample)
		estimate.share_mixed = share_mixed(root, target->keys, relation, &estimate.block_rows);
	table_close(relation, NoLock);
	return estimate;
}
