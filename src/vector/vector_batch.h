/*
 * vector_batch.h
 *	  How an aggregate of ours takes many values at once in TerritoryAggregate.
 *
 * An aggregate without a kernel runs its transition function once a row.  One
 * whose transition state is internal may have a *batch* function besides, which
 * takes the rows of one group of a decoded block in one call.  It must leave
 * the state that the transition function would have left, called row by row:
 * both are used, also on one state (hot rows, and rows of queries that the
 * batch cannot serve, come one by one).
 *
 * To give one to an aggregate, in the file of its transition function:
 *
 *		Datum territory_x_add(PG_FUNCTION_ARGS) ...		(internal, float8, timestamptz)
 *
 *		static void *
 *		take_x(FunctionCallInfo call, void *state, const BatchArgument *args, int n)
 *		{
 *			const double *values = (const double *) args[0].values;
 *			const int64 *times = (const int64 *) args[1].values;
 *
 *			if (state == NULL)
 *				state = new_x(call);	-- in AggCheckCallContext()'s context
 *			...
 *			return state;				-- NULL: still none
 *		}
 *
 * and in the init function of its room, called by _PG_init():
 *
 *		vector_batch_register("territory_x_add", territory_x_add, take_x);
 *
 * where the name is the C symbol in CREATE FUNCTION.  That is all.
 *
 * A function that takes positions may have them as coordinates, where they are
 * sealed so, which saves building a geometry of each: it is registered with
 * vector_batch_register_points(), and finds in an argument of geometries either
 * values or, where these are NULL, points, of which row i is at first + i.
 *
 * What holds in a batch function:
 * - args are the aggregate's arguments without the state, of SQL's types, as
 *	 many as SQL passes.  values are Datums: of float8, bigint and times the
 *	 values themselves (cast the pointer), of integer, smallint, date and boolean use
 *	 DatumGet...; of varlena types pointers, which are never compressed or
 *	 external, may have short headers (VARDATA_ANY) and live during the call
 *	 only.  Equal neighbours often have equal pointers.
 * - args[i].constant: the argument depends on no row; values and nulls have one
 *	 entry.  nulls is NULL where no value is null; the value of a null is any.
 * - rows are those that pass WHERE and FILTER, in the order of the block: where
 *	 it is sealed by time, times do not decrease.  Never rely on it.
 * - n is at least 1.  A transition function that is strict gets no batches:
 *	 treat nulls in it.
 * - the current memory context is reset soon; call is that of the transition
 *	 function: AggCheckCallContext(), PG_GET_COLLATION(), get_fn_expr_argtype() and
 *	 call->flinfo->fn_extra work; its arguments are not set.
 */
#ifndef VECTOR_BATCH_H
#define VECTOR_BATCH_H

#include "territory.h"
#include "fmgr.h"
#include "segment/column.h"

typedef struct BatchArgument
{
	const Datum *values;
	const bool *nulls;
	bool		constant;
	const ColumnPoints *points; /* in the place of values, or NULL */
	int			first;			/* row of points */
} BatchArgument;

typedef void *(*BatchFunction) (FunctionCallInfo call, void *state, const BatchArgument *args, int n);

/* is the value of row i null? */
static inline bool
batch_null(const BatchArgument *arg, int i)
{
	return arg->nulls && arg->nulls[arg->constant ? 0 : i];
}

/* of points, a geometry is built */
static inline Datum
batch_value(const BatchArgument *arg, int i)
{
	if (arg->points)
		return column_build_point(arg->points, arg->first + i);
	return arg->values[arg->constant ? 0 : i];
}

extern void vector_batch_register(const char *symbol, PGFunction transition, BatchFunction take);
extern void vector_batch_register_points(const char *symbol, PGFunction transition, BatchFunction take);

#endif
