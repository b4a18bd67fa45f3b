/*
 * vector_choice.c
 *	  Arguments that conditions choose, on vectors: FILTER of an aggregate, and
 *	  CASE among columns and constants, which is how many tools write it.
 *
 * count(*) FILTER (WHERE c), sum(CASE WHEN c THEN x ELSE 0 END): the conditions
 * are evaluated by scan_filter.c on the columns of a block, then each run of
 * rows takes from each row's source what is not null, without a hole, so that
 * the kernel sees a plain vector.
 *
 * As in core, a condition is asked only of rows that pass the query's own, and
 * of those that no earlier branch took.  Where scan_filter.c does not decide
 * all conditions, the aggregate is evaluated row by row.
 */
#include "territory.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"

#include "vector/vector_join.h"

/* where the argument of a row comes from; the last has no condition, and takes the rest */
typedef struct Source
{
	ScanFilter *when;
	AttrNumber	column;			/* or 0: a constant, */
	Datum		value;
	bool		isnull;
} Source;

struct VectorChoice
{
	bool		decided;		/* by vectors, with the parameters of now */
	int			nsources;
	Source	   *sources;
	uint8		chosen[BLOCK_MAX_ROWS]; /* the source of each row of the block */
	uint8		hidden[BLOCK_MAX_ROWS]; /* rows that are not to be asked */
	uint8		failed[BLOCK_MAX_ROWS];
};

/* ---- begin ---- */

/* NULL stands for the null of a missing ELSE */
static bool
source_of(Expr *expr, Source *source)
{
	source->isnull = expr == NULL;
	if (expr == NULL)
		return true;
	if (IsA(expr, Const))
	{
		source->value = ((Const *) expr)->constvalue;
		source->isnull = ((Const *) expr)->constisnull;
		return true;
	}
	source->column = vector_table_column((Node *) expr);
	return source->column > 0;
}

/* a column of a table that ours is joined with */
static bool
reads_another(Node *node, void *rti)
{
	if (node == NULL)
		return false;
	if (IsA(node, Var))
		return ((Var *) node)->varno != (int) *(Index *) rti;
	return expression_tree_walker(node, reads_another, rti);
}

static bool
add_source(VectorChoice *choice, Expr *when, Expr *then, Index rti, PlanState *parent)
{
	Source	   *source = &choice->sources[choice->nsources];

	if (choice->nsources == PG_UINT8_MAX || !source_of(then, source))
		return false;
	if (when)
	{
		if (contain_volatile_functions((Node *) when) || reads_another((Node *) when, &rti))
			return false;
		source->when = scan_filter_begin(make_ands_implicit(when), rti, parent);
	}
	choice->nsources++;
	return true;
}

static bool
add_case(VectorChoice *choice, CaseExpr *expr, Index rti, PlanState *parent)
{
	ListCell   *lc;

	if (expr->arg)
		return false;
	foreach(lc, expr->args)
	{
		CaseWhen   *when = lfirst_node(CaseWhen, lc);

		if (!add_source(choice, when->expr, when->result, rti, parent))
			return false;
	}
	return add_source(choice, NULL, expr->defresult, rti, parent);
}

/* of an aggregate with a kernel, whose argument is NULL where it counts rows; NULL: conditions choose nothing here */
VectorChoice *
vector_choice_begin(Expr *filter, Expr *argument, Index rti, PlanState *parent)
{
	VectorChoice *choice;
	bool		is_case = argument && IsA(argument, CaseExpr);
	int			most = is_case ? list_length(((CaseExpr *) argument)->args) + 1 : 2;
	bool		good;

	if (is_case == (filter != NULL))
		return NULL;
	choice = palloc0(sizeof(VectorChoice));
	choice->sources = palloc0(sizeof(Source) * most);
	if (is_case)
		good = add_case(choice, (CaseExpr *) argument, rti, parent);
	else
		good = add_source(choice, filter, argument ? argument : (Expr *) makeBoolConst(true, false), rti, parent) &&
			add_source(choice, NULL, NULL, rti, parent);
	return good ? choice : NULL;
}

/* with the parameters of a pass over the rows */
void
vector_choice_start(VectorChoice *choice, ExprContext *econtext)
{
	choice->decided = true;
	for (int s = 0; s < choice->nsources - 1 && choice->decided; s++)
	{
		scan_filter_start(choice->sources[s].when, econtext);
		choice->decided = scan_filter_rest(choice->sources[s].when) == NULL;
	}
}

/* ---- blocks ---- */

/* flags the rows of a block that are not taken */
void
vector_hide_others(const BlockRowsTaken *taken, uint8 *hidden, int rows)
{
	memset(hidden, taken->n < rows, rows);
	for (int i = 0; taken->n < rows && i < taken->n; i++)
		hidden[taken->rows[i]] = false;
}

static void
choose(VectorState *state, VectorChoice *choice)
{
	int			rows = sealed_scan_block_rows(state->sealed);
	int			last = choice->nsources - 1;

	vector_hide_others(&state->taken, choice->hidden, rows);
	memset(choice->chosen, last, rows);
	for (int s = 0; s < last; s++)
	{
		memcpy(choice->failed, choice->hidden, rows);
		scan_filter_mark(choice->sources[s].when, state->sealed, choice->failed);
		for (int i = 0; i < rows; i++)
		{
			bool		takes = !choice->hidden[i] & !choice->failed[i];

			choice->chosen[i] = takes ? s : choice->chosen[i];
			choice->hidden[i] |= takes;
		}
	}
}

/* see vector_is_tame(); of a float8 */
static bool
is_tame(VectorState *state, const Source *source)
{
	if (source->column > 0)
		return vector_is_tame(state, source->column);
	return source->isnull || fabs(DatumGetFloat8(source->value)) < 1e150;
}

/* of the taken rows from i to end: what is not null, into values; how many */
static int
collect(VectorState *state, const VectorChoice *choice, const Datum **from, const bool **null, const int *mask, int i,
		int end, Datum *values)
{
	const int  *rows = state->taken.rows;
	int			n = 0;

	for (; i < end; i++)
	{
		int			source = choice->chosen[rows[i]];
		int			at = rows[i] & mask[source];

		values[n] = from[source][at];
		n += !null[source][at];
	}
	return n;
}

/* the rows taken of a block into an aggregate with a kernel; false where vectors do not decide */
bool
vector_choice_take_block(VectorState *state, VectorAggregate *agg)
{
	VectorChoice *choice = agg->choice;
	const BlockRowsTaken *taken = &state->taken;
	const Datum **from;
	const bool **null;
	int		   *mask;
	bool		tame = agg->input_type == FLOAT8OID;

	if (!choice->decided)
		return false;
	ResetExprContext(state->row_context);
	from = palloc(sizeof *from * choice->nsources);
	null = palloc(sizeof *null * choice->nsources);
	mask = palloc(sizeof *mask * choice->nsources);
	choose(state, choice);
	for (int s = 0; s < choice->nsources; s++)
	{
		const Source *source = &choice->sources[s];

		tame = tame && is_tame(state, source);
		if (source->column > 0)
			sealed_scan_decode(state->sealed, source->column - 1);
		from[s] = source->column > 0 ? state->sealed->values[source->column - 1] : &source->value;
		null[s] = source->column > 0 ? state->sealed->nulls[source->column - 1] : &source->isnull;
		mask[s] = source->column > 0 ? -1 : 0;
	}
	for (int r = 0, i = 0; r < taken->nruns; i += taken->runs[r++].n)
	{
		int			n = collect(state, choice, from, null, mask, i, i + taken->runs[r].n, state->input_values);

		if (n > 0)
			vector_kernel(agg, group_state(agg, taken->runs[r].group), state->input_values, NULL, n, tame);
	}
	return true;
}
