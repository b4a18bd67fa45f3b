/*
 * vector_batch.c
 *	  Aggregates of ours that take the rows of a group in a block at once.
 *
 * Which aggregates: core's of pairs (vector_pairs.c), and those whose transition
 * function is registered, and called directly (no SET, no SECURITY DEFINER).  Their arguments become vectors: a
 * column as it is decoded, or of positions the coordinates that these are sealed as; a cast of a number's column to float8, value by
 * value; an expression of a type passed by value, row by row; what depends on
 * no row, once a block.  Another argument, say a function that makes a text,
 * leaves the aggregate to its transition function.
 *
 * Invariant: a row's arguments are evaluated at most once, and only if it
 * passes the aggregate's FILTER, as when rows come one by one.
 */
#include "territory.h"

#include "access/htup_details.h"
#include "catalog/pg_aggregate.h"
#include "catalog/pg_type.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "utils/fmgroids.h"
#include "utils/fmgrprotos.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/syscache.h"

#include "vector/vector_batch.h"
#include "vector/vector_join.h"

#define MOST_BATCHES 32
#define MOST_ARGUMENTS 8

typedef struct RegisteredBatch
{
	const char *symbol;
	PGFunction	transition;
	BatchFunction take;
	bool		takes_points;
} RegisteredBatch;

static RegisteredBatch batches[MOST_BATCHES];
static int	nbatches = 0;

/* where the values of an argument come from */
typedef enum SourceKind
{
	SOURCE_COLUMN,
	SOURCE_CAST,				/* a column's number, as float8 */
	SOURCE_CONSTANT,
	SOURCE_EVALUATED,
} SourceKind;

typedef struct BatchSource
{
	SourceKind	kind;
	AttrNumber	column;
	Oid			cast;			/* function */
	Datum	   *values;			/* room for those that are not the block's own */
	bool	   *nulls;
	ColumnPoints points;		/* some of a block's */
} BatchSource;

typedef struct AggregateBatch
{
	BatchFunction take;
	bool		takes_points;
	bool		by_row;			/* some argument, or the filter, is evaluated */
	BatchSource sources[MOST_ARGUMENTS];
	BatchArgument args[MOST_ARGUMENTS];
	int		   *rows;			/* of the block, that pass the filter */
	int		   *counts;			/* of them in each run */
} AggregateBatch;

/* ---- which aggregates ---- */

void
vector_batch_register(const char *symbol, PGFunction transition, BatchFunction take)
{
	if (nbatches == MOST_BATCHES)
		elog(ERROR, "too many batch functions");
	batches[nbatches].symbol = symbol;
	batches[nbatches].transition = transition;
	batches[nbatches].takes_points = false;
	batches[nbatches++].take = take;
}

void
vector_batch_register_points(const char *symbol, PGFunction transition, BatchFunction take)
{
	vector_batch_register(symbol, transition, take);
	batches[nbatches - 1].takes_points = true;
}

/* of an argument; false: its values cannot be a vector */
static bool
source_of(Expr *expr, BatchSource *source)
{
	memset(source, 0, sizeof(BatchSource));
	if (!contain_var_clause((Node *) expr) && !contain_volatile_functions((Node *) expr))
	{
		source->kind = SOURCE_CONSTANT;
		return true;
	}
	while (IsA(expr, RelabelType))
		expr = ((RelabelType *) expr)->arg;
	source->column = vector_table_column((Node *) expr);
	if (source->column > 0)
		return true;			/* SOURCE_COLUMN */
	if (IsA(expr, FuncExpr))
	{
		source->cast = ((FuncExpr *) expr)->funcid;
		switch (source->cast)
		{
			case F_FLOAT8_INT2:
			case F_FLOAT8_INT4:
			case F_FLOAT8_INT8:
			case F_FLOAT8_FLOAT4:
			case F_FLOAT8_NUMERIC:
				source->kind = SOURCE_CAST;
				source->column = vector_table_column(linitial(((FuncExpr *) expr)->args));
				if (source->column > 0)
					return true;
		}
	}
	source->kind = SOURCE_EVALUATED;
	return get_typbyval(exprType((Node *) expr));
}

static bool
sources_of(Aggref *ref, BatchSource *sources)
{
	ListCell   *lc;

	if (list_length(ref->args) > MOST_ARGUMENTS || ref->args == NIL)
		return false;
	foreach(lc, ref->args)
		if (!source_of(lfirst_node(TargetEntry, lc)->expr, &sources[foreach_current_index(lc)]))
			return false;
	return true;
}

/* for the planner: will this aggregate take batches, and without evaluating anything row by row? */
bool
vector_batch_expected(Aggref *ref)
{
	BatchSource sources[MOST_ARGUMENTS];
	HeapTuple	tuple;
	Oid			transition,
				type;
	char	   *symbol;
	bool		known = false;

	if (ref->aggfilter || !sources_of(ref, sources))
		return false;
	for (int i = 0; i < list_length(ref->args); i++)
		if (sources[i].kind == SOURCE_EVALUATED)
			return false;
	if (vector_kernel_of(ref, &type) == KERNEL_PAIRS)
		return true;
	tuple = SearchSysCache1(AGGFNOID, ObjectIdGetDatum(ref->aggfnoid));
	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for aggregate %u", ref->aggfnoid);
	transition = ((Form_pg_aggregate) GETSTRUCT(tuple))->aggtransfn;
	ReleaseSysCache(tuple);
	symbol = scan_c_symbol(transition);
	for (int i = 0; i < nbatches && symbol && !known; i++)
		known = strcmp(symbol, batches[i].symbol) == 0;
	return known;
}

/* sets agg->batch, where the aggregate takes batches */
void
vector_batch_begin(VectorState *state, VectorAggregate *agg)
{
	AggregateBatch *batch;
	BatchSource sources[MOST_ARGUMENTS];
	int			i = 0;

	while (i < nbatches && batches[i].transition != agg->transition.fn_addr)
		i++;
	if (agg->kernel == KERNEL_NONE && (i == nbatches || agg->transition.fn_strict || !agg->initial_null ||
									   agg->ref->aggtranstype != INTERNALOID))
		return;
	if (!sources_of(agg->ref, sources))
		return;
	batch = agg->batch = palloc0(sizeof(AggregateBatch));
	batch->take = agg->kernel == KERNEL_PAIRS ? vector_pairs_take : batches[i].take;
	batch->takes_points = agg->kernel == KERNEL_NONE && batches[i].takes_points;
	batch->by_row = agg->filter != NULL;
	memcpy(batch->sources, sources, sizeof sources);
	for (i = 0; i < agg->nargs; i++)
	{
		BatchSource *source = &batch->sources[i];
		int			room = source->kind == SOURCE_CONSTANT ? 1 : BLOCK_MAX_ROWS;

		batch->by_row = batch->by_row || source->kind == SOURCE_EVALUATED;
		batch->args[i].constant = source->kind == SOURCE_CONSTANT;
		source->values = palloc(sizeof(Datum) * room);
		source->nulls = palloc(sizeof(bool) * room);
	}
	if (batch->by_row)
	{
		batch->rows = palloc(sizeof(int) * BLOCK_MAX_ROWS);
		batch->counts = palloc(sizeof(int) * BLOCK_MAX_ROWS);
	}
}

/*
 * Columns of positions that nothing reads but aggregates which take coordinates,
 * and quals; others are those of the table's columns that keys read.
 */
Bitmapset *
vector_batch_point_columns(VectorState *state, Bitmapset *others, Index rti)
{
	Bitmapset  *columns = NULL;

	for (int a = 0; a < state->naggregates; a++)
	{
		VectorAggregate *agg = &state->aggregates[a];

		if (agg->batch == NULL || !agg->batch->takes_points || agg->batch->by_row)
		{
			pull_varattnos((Node *) agg->ref, rti, &others);
			continue;
		}
		for (int c = 0; c < agg->nargs; c++)
			if (agg->batch->sources[c].kind == SOURCE_COLUMN)
				columns = bms_add_member(columns, agg->batch->sources[c].column);
	}
	for (int i = bms_next_member(others, -1); i >= 0; i = bms_next_member(others, i))
		columns = bms_del_member(columns, Max(i + FirstLowInvalidHeapAttributeNumber, 0));
	return bms_is_member(0 - FirstLowInvalidHeapAttributeNumber, others) ? NULL : columns;
}

/* ---- vectors ---- */

/* rows that pass the filter, and the arguments of these that are evaluated; how many */
static int
evaluate_rows(VectorState *state, VectorAggregate *agg)
{
	const BlockRowsTaken *taken = &state->taken;
	AggregateBatch *batch = agg->batch;
	int			n = 0;

	for (int r = 0, i = 0; r < taken->nruns; r++)
	{
		int			before = n;

		for (int end = i + taken->runs[r].n; i < end; i++)
		{
			vector_store_row(state, taken->rows[i]);
			if (!vector_aggregate_passes(state, agg))
				continue;
			for (int c = 0; c < agg->nargs; c++)
				if (batch->sources[c].kind == SOURCE_EVALUATED)
					batch->sources[c].values[n] = ExecEvalExpr(agg->args[c], state->row_context,
															   &batch->sources[c].nulls[n]);
			batch->rows[n++] = taken->rows[i];
		}
		batch->counts[r] = n - before;
	}
	return n;
}

static Datum
cast_to_float(Oid cast, Datum value)
{
	switch (cast)
	{
		case F_FLOAT8_INT2:
			return Float8GetDatum(DatumGetInt16(value));
		case F_FLOAT8_INT4:
			return Float8GetDatum(DatumGetInt32(value));
		case F_FLOAT8_INT8:
			return Float8GetDatum((double) DatumGetInt64(value));
		case F_FLOAT8_FLOAT4:
			return Float8GetDatum(DatumGetFloat4(value));
		default:
			return DirectFunctionCall1(numeric_float8, value);
	}
}

/* coordinates of these rows, from the first of points on */
static void
gather_points(BatchSource *source, const ColumnPoints *all, const int *rows, int n)
{
	ColumnPoints *points = &source->points;

	memcpy(points->header, all->header, POINT_HEADER);
	points->dimensions = all->dimensions;
	for (int d = 0; d < all->dimensions; d++)
	{
		points->coordinates[d] = palloc(sizeof(double) * n);
		for (int i = 0; i < n; i++)
			points->coordinates[d][i] = all->coordinates[d][rows[i]];
	}
}

/* the values of a column in some rows, gathered unless these are neighbours in the block */
static void
column_values(VectorState *state, AggregateBatch *batch, BatchSource *source, const int *rows, int n, BatchArgument *arg)
{
	SealedScan *sealed = state->sealed;
	const Datum *all = sealed->values[source->column - 1];
	const bool *all_nulls = sealed->nulls[source->column - 1];
	bool		together = rows == state->taken.rows && state->taken.together;

	arg->values = all ? all + rows[0] : NULL;
	arg->nulls = all_nulls + rows[0];
	arg->points = all ? NULL : sealed->points[source->column - 1];
	arg->first = rows[0];
	Assert(arg->values || (arg->points && batch->takes_points));
	if (!together)
	{
		for (int i = 0; i < n; i++)
			source->nulls[i] = all_nulls[rows[i]];
		arg->nulls = source->nulls;
	}
	if (source->kind == SOURCE_CAST)
	{
		for (int i = 0; i < n; i++)
			if (!arg->nulls[i])
				source->values[i] = cast_to_float(source->cast, all[rows[i]]);
		arg->values = source->values;
	}
	else if (!together && arg->points)
	{
		gather_points(source, arg->points, rows, n);
		arg->points = &source->points;
		arg->first = 0;
	}
	else if (!together)
	{
		for (int i = 0; i < n; i++)
			source->values[i] = all[rows[i]];
		arg->values = source->values;
	}
}

static void
load_argument(VectorState *state, VectorAggregate *agg, int c, const int *rows, int n)
{
	BatchSource *source = &agg->batch->sources[c];
	BatchArgument *arg = &agg->batch->args[c];

	if (source->kind == SOURCE_COLUMN || source->kind == SOURCE_CAST)
		column_values(state, agg->batch, source, rows, n, arg);
	else
	{
		if (source->kind == SOURCE_CONSTANT)
			source->values[0] = ExecEvalExpr(agg->args[c], state->row_context, &source->nulls[0]);
		arg->values = source->values;
		arg->nulls = source->nulls;
	}
	if (memchr(arg->nulls, true, arg->constant ? 1 : n) == NULL)
		arg->nulls = NULL;
}

/* the block's taken rows into their groups, in the memory context of a row */
void
vector_batch_take_block(VectorState *state, VectorAggregate *agg)
{
	const BlockRowsTaken *taken = &state->taken;
	AggregateBatch *batch = agg->batch;
	const int  *rows = batch->by_row ? batch->rows : taken->rows;
	int			n = batch->by_row ? evaluate_rows(state, agg) : taken->n;
	BatchArgument args[MOST_ARGUMENTS];

	if (n == 0)
		return;
	ResetExprContext(state->row_context);
	for (int c = 0; c < agg->nargs; c++)
		load_argument(state, agg, c, rows, n);
	memcpy(args, batch->args, sizeof args);
	state->aggstate->curpertrans = agg->per_trans;
	for (int r = 0; r < taken->nruns; r++)
	{
		AggregateValue *value = group_state(agg, taken->runs[r].group);
		int			count = batch->by_row ? batch->counts[r] : taken->runs[r].n;
		void	   *kept;

		if (count == 0)
			continue;
		if (agg->kernel != KERNEL_NONE)
			batch->take(agg->call, value, args, count);
		else
		{
			kept = batch->take(agg->call, value->isnull ? NULL : DatumGetPointer(value->value), args, count);
			value->value = PointerGetDatum(kept);
			value->isnull = kept == NULL;
		}
		for (int c = 0; c < agg->nargs; c++)
		{
			if (args[c].constant)
				continue;
			if (args[c].points)
				args[c].first += count;
			else
				args[c].values += count;
			if (args[c].nulls)
				args[c].nulls += count;
		}
	}
}
