/*
 * vector_buckets.c
 *	  How many groups a query has, and whether they go together with the blocks:
 *	  estimates from zone maps, for the planner.
 *
 * Statistics know nothing of date_bin(t).  But zone maps tell the range of t,
 * and the expression's constants tell the width of a bucket; and a few blocks of
 * a segment show whether they lie within buckets.  The expression itself is not
 * evaluated: it may fail for values that the query's conditions exclude.
 */
#include "territory.h"

#include <math.h>

#include "access/table.h"
#include "catalog/pg_type.h"
#include "datatype/timestamp.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/cost.h"
#include "optimizer/optimizer.h"
#include "optimizer/restrictinfo.h"
#include "parser/parsetree.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/selfuncs.h"
#include "utils/timestamp.h"

#include "segment/sample.h"
#include "vector/vector_buckets.h"
#include "vector/vector_join.h"

#define BLOCKS_TRIED 8
#define FEW_ROWS 10000			/* are decoded in less time than blocks are looked at for it */
#define BLOCK_ROWS 1400			/* where nothing is known: about a day of minutes */

/* ---- how wide is a bucket? ---- */

/* buckets of time, as far as constants tell */
typedef struct Grid
{
	double		width;			/* in microseconds; 0: not known */
	double		origin;			/* of one bucket */
	bool		has_origin;
	bool		interval;		/* an interval tells the width, a unit's name does not count */
	bool		epoch;			/* seconds are counted */
	pg_tz	   *zone;			/* that the expression names, or NULL: the session's */
} Grid;

static bool
is_time(Oid type)
{
	return type == TIMESTAMPTZOID || type == TIMESTAMPOID;
}

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

static void
take_text(const char *text, Grid *grid)
{
	pg_tz	   *zone;

	if (pg_strcasecmp(text, "epoch") == 0)
		grid->epoch = true;
	else if (unit_width(text) == 0 && (zone = pg_tzset(text)) != NULL)
		grid->zone = zone;
}

static void
take_constant(Const *constant, Grid *grid)
{
	bool		interval = constant->consttype == INTERVALOID;
	double		width;

	if (constant->consttype == TEXTOID)
		take_text(text_to_cstring(DatumGetTextPP(constant->constvalue)), grid);
	if (is_time(constant->consttype))
	{
		grid->origin = (double) DatumGetTimestamp(constant->constvalue);
		grid->has_origin = true;
		return;
	}
	width = constant_width(constant, grid->epoch);
	if (width < 1 || (grid->interval && !interval))
		return;
	if (grid->width == 0 || width < grid->width || (interval && !grid->interval))
		grid->width = width;
	grid->interval = grid->interval || interval;
}

/* the narrowest unit that the expression names: 5 minutes, of date_trunc('hour', t) + interval '5 minutes' * ... */
static bool
find_grid(Node *node, Grid *grid)
{
	if (node == NULL)
		return false;
	if (IsA(node, Const))
	{
		if (!((Const *) node)->constisnull)
			take_constant((Const *) node, grid);
		return false;
	}
	return expression_tree_walker(node, find_grid, (void *) grid);
}

/* of a key that is made of a column of this type, about where it has this value */
static Grid
grid_of(Node *key, Oid type, int64 value)
{
	Grid		grid = {0};

	find_grid(key, &grid);
	if (grid.width == 0 && exprType(key) == DATEOID)
		grid.width = USECS_PER_DAY;
	/* local midnight, as it is then */
	if (!grid.has_origin && !grid.epoch && type == TIMESTAMPTZOID && !TIMESTAMP_NOT_FINITE(value))
	{
		struct pg_tm tm;
		fsec_t		fsec;
		int			west;

		if (timestamp2tm(value, &west, &tm, &fsec, NULL, grid.zone) == 0)
			grid.origin = west * (double) USECS_PER_SEC;
	}
	return grid;
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

/* buckets of time in the range that the table holds; 0: the key is none */
static double
number_of_buckets(PlannerInfo *root, RelOptInfo *rel, Node *key, TupleDesc desc, const SegmentEntry *all)
{
	AttrNumber	attno = only_column(key, rel->relid);
	double		width;

	if (attno <= 0 || IsA(key, Var) || !is_time(getBaseType(TupleDescAttr(desc, attno - 1)->atttypid)))
		return 0;
	width = grid_of(key, TIMESTAMPOID, 0).width;
	for (int z = 0; width >= 1 && z < all->nzones; z++)
	{
		const ZoneMap *zone = &all->zones[z];

		if (zone->attno == attno && zone->has_values && !TIMESTAMP_NOT_FINITE(zone->min) &&
			!TIMESTAMP_NOT_FINITE(zone->max))
			return ((double) zone->max - zone->min) * range_left(root, rel, attno) / width + 1;
	}
	return 0;
}

static double
number_of_groups(PlannerInfo *root, RelOptInfo *rel, const VectorTarget *target, Relation relation,
				 const SegmentEntry *all)
{
	TupleDesc	desc = RelationGetDescr(relation);
	double		rows = target->join ? target->join->rows : rel->rows;
	double		groups = 1;
	List	   *others = NIL;
	ListCell   *lc;

	foreach(lc, target->keys)
	{
		double		buckets = all ? number_of_buckets(root, rel, lfirst(lc), desc, all) : 0;
		double		places = all && buckets == 0 ? vector_place_groups(lfirst(lc), relation) : 0;

		/* no more than there are positions */
		if (places > 0)
			buckets = Min(places, estimate_num_groups(root, list_make1(lfirst(lc)), rows, NULL, NULL));
		if (buckets > 0)
			groups *= buckets;
		else
			others = lappend(others, lfirst(lc));
	}
	if (others)
		groups *= estimate_num_groups(root, others, rows, NULL, NULL);
	return clamp_row_est(Min(groups, rows));
}

/* ---- are blocks of one group? ---- */

/* how likely a block with this range of a key's column is of several groups */
static double
chance_mixed(Node *key, Oid type, const ZoneMap *zone)
{
	Grid		grid;
	double		span = (double) zone->max - zone->min;

	if (zone->kind == ZONE_NONE || !zone->has_values || zone->nulls > 0)
		return 1;
	if (span == 0)
		return 0;
	if (IsA(key, Var) || !is_time(type))
		return 1;
	grid = grid_of(key, type, zone->min);
	if (grid.width < 1 || span >= grid.width)
		return 1;
	/* weeks, months and years begin on no grid */
	if (grid.width > USECS_PER_DAY)
		return span / grid.width;
	return floor((zone->min - grid.origin) / grid.width) != floor((zone->max - grid.origin) / grid.width);
}

/* of some rows with these zone maps: is any key not the same for all? */
static double
chance_any_mixed(List *keys, const AttrNumber *attnos, TupleDesc desc, const ZoneMap *zones)
{
	double		chance = 0;

	for (int k = 0; k < list_length(keys); k++)
		chance = Max(chance, chance_mixed(list_nth(keys, k), getBaseType(TupleDescAttr(desc, attnos[k] - 1)->atttypid),
										  &zones[k]));
	return chance;
}

/* neither the whole block is of one group, nor is each of its sides */
static double
share_mixed(List *keys, Relation relation, double *block_rows)
{
	TupleDesc	desc = RelationGetDescr(relation);
	int			nkeys = list_length(keys);
	AttrNumber *attnos = palloc(sizeof(AttrNumber) * Max(nkeys, 1));
	ZoneMap    *zones = palloc0(sizeof(ZoneMap) * Max(nkeys, 1) * SAMPLE_SIDES * BLOCKS_TRIED);
	int			nblocks;
	double		mixed = 0;

	for (int k = 0; k < nkeys; k++)
		vector_key_form(list_nth(keys, k), &attnos[k]);
	nblocks = sealed_sample(relation, attnos, nkeys, zones, BLOCKS_TRIED, block_rows);
	for (int b = 0; b < nblocks; b++)
	{
		double		chances[SAMPLE_SIDES];

		for (int s = 0; s < SAMPLE_SIDES; s++)
			chances[s] = chance_any_mixed(keys, attnos, desc, &zones[(b * SAMPLE_SIDES + s) * nkeys]);
		mixed += Min(chances[BLOCK_WHOLE], Max(chances[BLOCK_BEFORE], chances[BLOCK_AFTER]));
	}
	return nblocks > 0 ? mixed / nblocks : 1;
}

/* sample: blocks of one group may be answered from summaries, so it matters whether they are */
BucketEstimate
vector_buckets(PlannerInfo *root, RelOptInfo *rel, VectorTarget *target, bool sample)
{
	BucketEstimate estimate = {.groups = 1, .block_rows = BLOCK_ROWS};
	Relation	relation;

	if (target->keys == NIL && target->join == NULL)
		return estimate;
	relation = table_open(planner_rt_fetch(rel->relid, root)->relid, NoLock);
	if (target->keys)
		estimate.groups = number_of_groups(root, rel, target, relation, sealed_sum_about(relation));
	if (sample)
		estimate.share_mixed = rel->rows <= FEW_ROWS ? 1 :
			share_mixed(vector_join_block_keys(target), relation, &estimate.block_rows);
	table_close(relation, NoLock);
	return estimate;
}
