/*
 * vector_top.c
 *	  GROUP BY bucket ORDER BY bucket DESC LIMIT n, without the rows of other
 *	  buckets.
 *
 * Where the first sort key is a group key that rises with a column, and every
 * group becomes a row, only rows of the n best buckets matter.  Segments and
 * blocks are taken from that end on; the groups that there are by then tell the
 * n-th best bucket, and that tells a *cut*: rows beyond it in the column belong
 * to worse buckets.  The cut is one more prune key, so directory, headers and
 * decoded rows are passed over by what does that anyway.
 *
 * Invariant: a group of the n best buckets is complete.  Others may miss rows,
 * and are not handed out.  In a pass over a part of the groups, the n best of
 * that part are complete; they hold all of its groups that are among the n best
 * of all.
 */
#include "territory.h"

#include "access/stratnum.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/clauses.h"
#include "optimizer/cost.h"
#include "optimizer/optimizer.h"
#include "optimizer/tlist.h"
#include "pgtime.h"
#include "utils/date.h"
#include "utils/lsyscache.h"
#include "utils/selfuncs.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"
#include "utils/typcache.h"

#include "vector/vector.h"
#include "vector/vector_key.h"

/* for the planner: of a limit that is not known yet, and of blocks that hold the end of the best buckets */
#define UNKNOWN_LIMIT_SHARE 0.1
#define LEAST_SHARE 0.02

#define MOST_BUCKETS 10000		/* that are kept in order */
#define MARGIN (10 * USECS_PER_DAY)

/* how the key depends on its column */
typedef enum TopRule
{
	TOP_COLUMN,					/* it is the column */
	TOP_RISES,					/* it never falls while that rises */
	TOP_LOCAL,					/* the same, by the local time of the session's zone */
	TOP_ZONED,					/* by that of some zone */
	TOP_ASK,					/* vector_key.c knows for which values it does */
} TopRule;

typedef struct VectorTop
{
	int			key;			/* the group key */
	bool		descending;
	bool		nulls_first;
	TopRule		rule;
	ZoneKind	zone;			/* of the key */
	ExprState  *limit;
	ExprState  *offset;			/* or NULL */
	int64		wanted;			/* buckets; 0: all */
	int64	   *best;			/* positions of the best buckets met, the best first */
	int64		nbest;
	int64		looked_at;		/* groups */
	PruneKey   *keys;			/* the scan's own, then the cut */
	int			nkeys;			/* of the scan's own */
	bool		has_ends;
	int64		first;			/* of finite values of sealed rows, that on the side of the best ... */
	int64		last;			/* ... and that on the other */
	int64		cut_for;		/* the position that the cut was made for */
	bool		has_cut;
} VectorTop;

/* a segment, by its place in the directory */
typedef struct Candidate
{
	int64		bound;			/* position of its best value */
	int			place;
} Candidate;

/* ---- of plan trees ---- */

static bool
is_plain_limit(Node *limit)
{
	return !contain_var_clause(limit) && !contain_subplans(limit) && !contain_volatile_functions(limit);
}

static TopRule
rule_of(Node *key, AttrNumber *column)
{
	Oid			type;
	KeyNode    *node = vector_key_parse(key, column, &type);

	if (node->rule == RULE_COLUMN)
		return TOP_COLUMN;
	if (node->nargs != 1 || node->args[0]->rule != RULE_COLUMN ||
		(node->rule != RULE_TRUNC && node->rule != RULE_BIN && node->rule != RULE_DAY))
		return TOP_ASK;
	if (node->session_zone)
		return TOP_LOCAL;
	return node->zone.expr ? TOP_ZONED : TOP_RISES;
}

/*
 * Which key, whether it falls, whether nulls come first, how many limits
 * there are, and by which rule the key rises; NIL where not all groups that the node gives are rows.
 */
List *
vector_top_spec(PlannerInfo *root, VectorTarget *target)
{
	Query	   *parse = root->parse;
	SortGroupClause *clause;
	Node	   *expr;
	KeyForm		form;
	AttrNumber	column;
	Oid			opfamily;
	bool		descending;
	TopRule		rule;
	int			k = 0;

	if (target->join || parse->limitCount == NULL || parse->sortClause == NIL || parse->hasWindowFuncs || parse->hasTargetSRFs ||
		parse->havingQual || target->having || parse->setOperations ||
		(parse->distinctClause && target->clauses != parse->distinctClause))
		return NIL;
	if (!is_plain_limit(parse->limitCount) || !is_plain_limit(parse->limitOffset))
		return NIL;
	clause = linitial_node(SortGroupClause, parse->sortClause);
	expr = get_sortgroupclause_expr(clause, root->processed_tlist);
	while (k < list_length(target->keys) && !equal(list_nth(target->keys, k), expr))
		k++;
	form = vector_key_form(expr, &column);
	if (k == list_length(target->keys) || (form != KEY_COLUMN && form != KEY_STRETCH) ||
		column_zone_kind(getBaseType(exprType(expr))) == ZONE_NONE ||
		!compat_ordering_op(clause->sortop, &opfamily, &descending) ||
		opfamily != lookup_type_cache(getBaseType(exprType(expr)), TYPECACHE_BTREE_OPFAMILY)->btree_opf)
		return NIL;
	/* vector_key.c knows of stretches only */
	rule = rule_of(expr, &column);
	if (rule == TOP_ASK && form != KEY_STRETCH)
		return NIL;
	target->limits = list_make1(parse->limitCount);
	if (parse->limitOffset)
		target->limits = lappend(target->limits, parse->limitOffset);
	return list_make5_int(k, descending, clause->nulls_first, list_length(target->limits), rule);
}

/* as many values of the key as LIMIT and OFFSET say */
static double
values_wanted(PlannerInfo *root, VectorTarget *target, double values)
{
	double		wanted = 0;
	ListCell   *lc;

	foreach(lc, target->limits)
	{
		Const	   *limit = (Const *) estimate_expression_value(root, lfirst(lc));

		if (!IsA(limit, Const))
			return values * UNKNOWN_LIMIT_SHARE;
		if (!limit->constisnull)
			wanted += Max(DatumGetInt64(limit->constvalue), 0);
		else if (foreach_current_index(lc) == 0)
			return values;
	}
	return wanted;
}

/* what is left to read, and of groups */
void
vector_top_estimate(PlannerInfo *root, RelOptInfo *rel, VectorTarget *target, VectorEstimate *estimate)
{
	List	   *key = list_make1(list_nth(target->keys, linitial_int(target->top)));
	double		values = Max(estimate_num_groups(root, key, rel->rows, NULL, NULL), 1);
	double		share = Min(values_wanted(root, target, values) / values, 1);

	estimate->groups = clamp_row_est(estimate->groups * share);
	share = Min(share + LEAST_SHARE, 1);
	estimate->decoded *= share;
	estimate->read = estimate->read * share + estimate->hot_pages * seq_page_cost;
}

/* ---- begin ---- */

/* values end with the limits */
void
vector_top_begin(VectorState *state, List *spec, List *values)
{
	VectorTop  *top;
	List	   *limits;

	if (spec == NIL)
		return;
	state->top = top = palloc0(sizeof(VectorTop));
	top->key = linitial_int(spec);
	top->descending = lsecond_int(spec);
	top->nulls_first = lthird_int(spec);
	top->rule = list_nth_int(spec, 4);
	top->zone = column_zone_kind(getBaseType(state->keys[top->key].type));
	limits = list_copy_tail(values, list_length(values) - lfourth_int(spec));
	top->limit = ExecInitExpr(linitial(limits), &state->custom.ss.ps);
	if (list_length(limits) > 1)
		top->offset = ExecInitExpr(lsecond(limits), &state->custom.ss.ps);
}

/* 0 where it limits nothing, or LIMIT itself is to complain */
static int64
evaluate_limit(VectorState *state, ExprState *expr)
{
	bool		isnull;
	Datum		value = ExecEvalExprSwitchContext(expr, state->custom.ss.ps.ps_ExprContext, &isnull);

	return isnull ? 0 : Max(DatumGetInt64(value), 0);
}

/* before a pass */
void
vector_top_reset(VectorState *state)
{
	VectorTop  *top = state->top;
	int64		offset;

	if (top == NULL)
		return;
	top->wanted = evaluate_limit(state, top->limit);
	offset = top->offset ? evaluate_limit(state, top->offset) : 0;
	if (top->wanted > MOST_BUCKETS || offset > MOST_BUCKETS - top->wanted)
		top->wanted = 0;
	else if (top->wanted > 0)
		top->wanted += offset;
	top->best = MemoryContextAlloc(state->table_context, sizeof(int64) * (top->wanted + 1));
	top->nbest = top->looked_at = 0;
	top->has_cut = top->has_ends = false;
}

/* ---- the n best buckets ---- */

static int64
position(const VectorTop *top, ZoneKind zone, Datum value, bool isnull)
{
	int64		key;

	if (isnull)
		return top->nulls_first ? PG_INT64_MIN : PG_INT64_MAX;
	key = column_zone_key(zone, value);
	return top->descending ? ~key : key;
}

static int64
group_position(VectorState *state, VectorGroup *group)
{
	VectorTop  *top = state->top;

	return position(top, top->zone, group_keys(group)[top->key], group_nulls(state, group)[top->key]);
}

static void
add_bucket(VectorTop *top, int64 at)
{
	int64		low = 0;
	int64		high = top->nbest;

	while (low < high)
	{
		int64		middle = (low + high) / 2;

		if (top->best[middle] < at)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == top->wanted || (low < top->nbest && top->best[low] == at))
		return;
	if (top->nbest < top->wanted)
		top->nbest++;
	memmove(top->best + low + 1, top->best + low, sizeof(int64) * (top->nbest - 1 - low));
	top->best[low] = at;
}

/* is the group none of the n best buckets'? */
bool
vector_top_drops(VectorState *state, VectorGroup *group)
{
	VectorTop  *top = state->top;

	return top && top->wanted > 0 && top->nbest == top->wanted && top->looked_at == state->table.n &&
		group_position(state, group) > top->best[top->nbest - 1];
}

/* ---- the cut ---- */

/* where the key stands for a value of its column */
static int64
position_at(VectorState *state, int64 value)
{
	VectorTop  *top = state->top;
	KeyStretch	stretch;

	vector_key_stretch(&state->keys[top->key], value, &stretch);
	return position(top, top->zone, stretch.key, stretch.isnull);
}

/* so far from a value, to the side of the worst, but not past what rows have */
static int64
step_away(const VectorTop *top, int64 value, uint64 step)
{
	if (top->descending)
		return step > (uint64) value - (uint64) top->last ? top->last : (int64) ((uint64) value - step);
	return step > (uint64) top->last - (uint64) value ? top->last : (int64) ((uint64) value + step);
}

/*
 * The last value of the column, seen from the best end, whose bucket is not
 * worse than this position: of a key that rises, all beyond it are worse.
 * False where none is.
 */
static bool
find_cut(VectorState *state, int64 worst, int64 *cut)
{
	VectorTop  *top = state->top;
	int64		inside = top->first;
	int64		outside = inside;

	if (position_at(state, inside) > worst)
	{
		*cut = top->descending ? inside + 1 : inside - 1;	/* itself, and whatever lies beyond it */
		return true;
	}
	for (uint64 step = 1; position_at(state, outside) <= worst; step = Min(step, PG_UINT64_MAX / 8) * 4)
	{
		inside = outside;
		outside = step_away(top, inside, step);
		if (inside == outside)
			return false;
	}
	while (inside != outside + 1 && inside != outside - 1)
	{
		int64		middle = inside / 2 + outside / 2 + (inside % 2 + outside % 2) / 2;

		if (position_at(state, middle) > worst)
			outside = middle;
		else
			inside = middle;
	}
	*cut = inside;
	return true;
}

/*
 * A local time comes back where a zone changes its offset from UTC, by a few
 * hours.  A cut that lies so far from such a change that no bucket's local time
 * is read by another offset is a cut; else it has to be moved away.
 */
static int64
leave_margin(const VectorTop *top, int64 cut)
{
	ZoneStretch stretch = {0};

	if (top->rule == TOP_LOCAL && zone_stretch(session_timezone, cut, &stretch) &&
		cut - MARGIN >= stretch.range.from && cut <= stretch.range.to - MARGIN)
		return cut;
	return step_away(top, cut, MARGIN);
}

/* beside the ends of time are values that no row can have */
static bool
is_finite(Oid type, int64 value)
{
	if (type == DATEOID)
		return !DATE_NOT_FINITE(value);
	return (type != TIMESTAMPOID && type != TIMESTAMPTZOID) || !TIMESTAMP_NOT_FINITE(value);
}

/* values that sealed rows have, to look for a cut between; all: they are the ends of what these have */
static void
set_ends(VectorState *state, const ZoneMap *ends, bool all)
{
	VectorTop  *top = state->top;

	top->first = top->descending ? ends->max : ends->min;
	top->last = top->descending ? ends->min : ends->max;
	top->has_ends = ends->has_values &&
		(top->rule != TOP_ASK || (all && vector_key_rises(state, top->key, ends->min, ends->max)));
}

/* as far as the groups that there are tell */
static void
move_cut(VectorState *state)
{
	VectorTop  *top = state->top;
	VectorKey  *key = &state->keys[top->key];
	PruneKey   *prune = &top->keys[top->nkeys];
	int64		worst,
				cut;

	for (; top->looked_at < state->table.n; top->looked_at++)
		add_bucket(top, group_position(state, vector_group_at(state, top->looked_at)));
	if (top->nbest < top->wanted || !top->has_ends)
		return;
	worst = top->best[top->nbest - 1];
	if ((top->has_cut && top->cut_for == worst) || worst == PG_INT64_MIN || worst == PG_INT64_MAX)
		return;
	top->cut_for = worst;
	if (top->rule == TOP_COLUMN)
		cut = top->descending ? ~worst : worst;
	else if (!find_cut(state, worst, &cut))
		return;
	if (top->rule == TOP_LOCAL || top->rule == TOP_ZONED)
		cut = leave_margin(top, cut);
	memset(prune, 0, sizeof *prune);
	prune->attno = key->column;
	prune->zone = column_zone_kind(getBaseType(TupleDescAttr(RelationGetDescr(state->rel), key->column - 1)->atttypid));
	prune->strategy = top->descending ? BTGreaterEqualStrategyNumber : BTLessEqualStrategyNumber;
	prune->key = cut;
	prune->decides = true;
	top->has_cut = true;
}

/* ---- sealed rows ---- */

static int64
zone_bound(const VectorTop *top, const ZoneMap *zone)
{
	if (zone->nulls > 0 && top->nulls_first)
		return PG_INT64_MIN;
	if (!zone->has_values)
		return PG_INT64_MAX;
	return top->descending ? ~zone->max : zone->min;
}

/* with the cut, but where nulls come first: a prune key passes over them */
static void
set_keys(VectorState *state, bool nulls)
{
	VectorTop  *top = state->top;
	bool		cut = top->has_cut && !(nulls && top->nulls_first);

	state->sealed->keys = top->keys;
	state->sealed->nkeys = top->nkeys + (cut ? 1 : 0);
	state->sealed->cut = cut ? &top->keys[top->nkeys] : NULL;
}

static const ZoneMap *
segment_zone(const SegmentEntry *entry, AttrNumber attno, ZoneKind kind)
{
	for (int z = 0; z < entry->nzones; z++)
		if (entry->zones[z].attno == attno && entry->zones[z].kind == kind)
			return &entry->zones[z];
	return NULL;
}

/* widen by what is finite of a zone; false where not all is */
static bool
merge_finite(ZoneMap *ends, const ZoneMap *zone, Oid type)
{
	int64		values[2] = {zone->min, zone->max};
	bool		all = true;

	for (int i = 0; i < 2; i++)
	{
		ZoneMap		value = {.has_values = true, .min = values[i], .max = values[i]};

		if (is_finite(type, values[i]))
			zone_merge(ends, &value);
		else
			all = false;
	}
	return all;
}

static int
compare_candidates(const void *a, const void *b)
{
	const Candidate *x = a;
	const Candidate *y = b;

	if (x->bound != y->bound)
		return x->bound < y->bound ? -1 : 1;
	return x->place < y->place ? -1 : x->place > y->place;
}

/* all segments, the best first */
static Candidate *
order_segments(VectorState *state, ZoneKind kind)
{
	VectorTop  *top = state->top;
	SealedScan *sealed = state->sealed;
	int			n = sealed->directory->nsegments;
	Candidate  *candidates = MemoryContextAllocHuge(state->prune_context, sizeof(Candidate) * (n + 1));
	MemoryContext scratch = AllocSetContextCreate(CurrentMemoryContext, "territory segment's entry",
												  ALLOCSET_SMALL_SIZES);
	MemoryContext old = MemoryContextSwitchTo(scratch);
	Oid			type = getBaseType(TupleDescAttr(RelationGetDescr(state->rel), state->keys[top->key].column - 1)->atttypid);
	ZoneMap		ends = {0};
	bool		all = true;

	for (int s = 0; s < n; s++)
	{
		SegmentEntry *entry = directory_entry(sealed->directory, &sealed->store, sealed->snapshot, s);
		const ZoneMap *zone = segment_zone(entry, state->keys[top->key].column, kind);

		CHECK_FOR_INTERRUPTS();
		candidates[s].place = s;
		candidates[s].bound = zone ? zone_bound(top, zone) : PG_INT64_MIN;
		all = all && zone;
		if (zone && zone->has_values)
			all = merge_finite(&ends, zone, type) && all;
		MemoryContextReset(scratch);
	}
	MemoryContextSwitchTo(old);
	MemoryContextDelete(scratch);
	set_ends(state, &ends, all);
	qsort(candidates, n, sizeof(Candidate), compare_candidates);
	return candidates;
}

/* false: the table of groups is full */
static bool
take_block(VectorState *state, int block, ZoneKind kind)
{
	SealedScan *sealed = state->sealed;
	ZoneMap		zone;
	bool		full = false;

	CHECK_FOR_INTERRUPTS();
	sealed->block = block;
	set_keys(state, !segment_block_zone(&sealed->reader, block, state->keys[state->top->key].column, &zone) ||
			 zone.kind != kind || zone.nulls > 0);
	if (segment_block_excluded(&sealed->reader, block, sealed->keys, sealed->nkeys))
	{
		sealed->blocks_pruned++;
		return true;
	}
	if (!vector_answer_block(state, &full))
		full = !vector_take_block(state);
	if (!full)
		move_cut(state);
	return !full;
}

static bool
take_segment(VectorState *state, int place, ZoneKind kind)
{
	SealedScan *sealed = state->sealed;
	int			nblocks;

	sealed_scan_seek_segment(sealed, place);
	nblocks = sealed->reader.header->nblocks;
	for (int b = 0; b < nblocks; b++)
		if (!take_block(state, state->top->descending ? nblocks - 1 - b : b, kind))
			return false;
	return true;
}

/* a segment that the cut leaves, or not; false: the table of groups is full */
static bool
take_candidate(VectorState *state, int place, ZoneKind kind, MemoryContext scratch)
{
	SealedScan *sealed = state->sealed;
	MemoryContext old = MemoryContextSwitchTo(scratch);
	SegmentEntry *entry = directory_entry(sealed->directory, &sealed->store, sealed->snapshot, place);
	const ZoneMap *zone = segment_zone(entry, state->keys[state->top->key].column, kind);
	bool		full = false;

	MemoryContextSwitchTo(old);
	set_keys(state, zone == NULL || zone->nulls > 0);
	if (segment_excluded(entry, sealed->keys, sealed->nkeys))
	{
		sealed->segments_pruned++;
		return true;
	}
	if (!vector_answer_segment(state, entry, &full))
		return take_segment(state, place, kind);
	if (!full)
		move_cut(state);
	return !full;
}

/* for EXPLAIN; false where all groups are wanted */
bool
vector_top_key(VectorState *state, int *key, bool *descending, int64 *wanted)
{
	VectorTop  *top = state->top;

	if (top == NULL)
		return false;
	*key = top->key;
	*descending = top->descending;
	*wanted = top->wanted;
	return true;
}

/* does this pass go from the best end on? */
bool
vector_top_applies(VectorState *state)
{
	return state->top && state->top->wanted > 0 && state->sealed->shared == NULL;
}

/* the sealed cursor stands before its first row; false: the table of groups is full */
bool
vector_top_take_sealed(VectorState *state)
{
	VectorTop  *top = state->top;
	SealedScan *sealed = state->sealed;
	int			attno = state->keys[top->key].column;
	ZoneKind	kind = column_zone_kind(getBaseType(TupleDescAttr(RelationGetDescr(state->rel), attno - 1)->atttypid));
	Candidate  *candidates = order_segments(state, kind);
	MemoryContext scratch = AllocSetContextCreate(CurrentMemoryContext, "territory segment's entry",
												  ALLOCSET_SMALL_SIZES);
	bool		fits = true;

	top->nkeys = sealed->nkeys;
	top->keys = MemoryContextAlloc(state->prune_context, sizeof(PruneKey) * (top->nkeys + 1));
	memcpy(top->keys, sealed->keys, sizeof(PruneKey) * top->nkeys);
	move_cut(state);			/* by hot rows */
	for (int c = 0; fits && c < sealed->directory->nsegments; c++)
	{
		fits = take_candidate(state, candidates[c].place, kind, scratch);
		MemoryContextReset(scratch);
	}
	sealed->cut = NULL;
	MemoryContextDelete(scratch);
	pfree(candidates);
	return fits;
}
