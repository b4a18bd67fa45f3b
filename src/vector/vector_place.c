/*
 * vector_place.c
 *	  Group keys that are functions of a position, on vectors of coordinates.
 *
 * Points that are not kept as coordinates (an empty one is among them, or
 * several SRIDs) are evaluated row by row, as core would.
 *
 * Invariant: only rows that pass are asked for, so an error is one that reading
 * them one by one would meet.
 */
#include "territory.h"

#include <math.h>

#include "executor/executor.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "utils/lsyscache.h"

#include "segment/column.h"
#include "segment/point.h"
#include "segment/sample.h"
#include "vector/vector_join.h"
#include "vector/vector_place.h"

#define MOST_PLACES 8
#define MOST_OTHERS 3

typedef struct RegisteredPlace
{
	const char *symbol;
	PGFunction	function;
	PlaceValues values;
	PlaceBox	box;
	PlaceCount	count;
} RegisteredPlace;

static RegisteredPlace places[MOST_PLACES];
static int	nplaces = 0;

/* of one key */
struct PlaceMemory
{
	const RegisteredPlace *place;
	FmgrInfo	function;
	int			nothers;
	ExprState  *exprs[MOST_OTHERS];
	bool		known;			/* the others were evaluated, and ... */
	bool		is_null;		/* ... one of them is null, so that every key is */
	Datum		others[MOST_OTHERS];
	int32		srid;			/* of every point of the column, or 0 */
	Datum		values[BLOCK_MAX_ROWS];
	bool		nulls[BLOCK_MAX_ROWS];
	bool		one;			/* of the block at hand: all rows have this one */
	Datum		one_value;
	bool		one_null;
};

void
vector_place_register(const char *symbol, PGFunction function, PlaceValues values, PlaceBox box, PlaceCount count)
{
	if (nplaces == MOST_PLACES)
		elog(ERROR, "too many functions of places");
	places[nplaces++] = (RegisteredPlace){symbol, function, values, box, count};
}

/* ---- which keys ---- */

/* the function itself, called directly (no SET, no SECURITY DEFINER); or NULL */
static const RegisteredPlace *
find_place(Oid function)
{
	char	   *symbol = scan_c_symbol(function);
	FmgrInfo	info;

	for (int i = 0; symbol && i < nplaces; i++)
		if (strcmp(places[i].symbol, symbol) == 0)
		{
			fmgr_info(function, &info);
			return info.fn_addr == places[i].function && info.fn_strict ? &places[i] : NULL;
		}
	return NULL;
}

/* and the column; or NULL */
static const RegisteredPlace *
parse_place(Node *key, AttrNumber *column)
{
	FuncExpr   *call = (FuncExpr *) key;
	List	   *others;
	Node	   *first;
	ListCell   *lc;

	if (!IsA(key, FuncExpr) || call->args == NIL || list_length(call->args) > MOST_OTHERS + 1)
		return NULL;
	first = linitial(call->args);
	while (IsA(first, RelabelType))
		first = (Node *) ((RelabelType *) first)->arg;
	*column = vector_table_column(first);
	if (*column <= 0)
		return NULL;
	others = list_copy_tail(call->args, 1);
	foreach(lc, others)
		if (!get_typbyval(exprType(lfirst(lc))))
			return NULL;
	if (contain_var_clause((Node *) others) || contain_volatile_functions((Node *) others))
		return NULL;
	return find_place(call->funcid);
}

bool
vector_place_parse(Node *key, AttrNumber *column)
{
	AttrNumber	found = 0;

	if (parse_place(key, &found) == NULL)
		return false;
	*column = found;
	return true;
}

/* what PostGIS's type modifier says: bits 8 to 28 are the SRID */
static int32
srid_of_typmod(int32 typmod)
{
	if (typmod < 0)
		return 0;
	return ((typmod & 0x0FFFFF00) - (typmod & 0x10000000)) >> 8;
}

/*
 * For the planner: how many groups can a key make, as the boxes of some
 * segments tell?  0: it is not known.
 */
double
vector_place_groups(Node *key, Relation rel)
{
	AttrNumber	column;
	const RegisteredPlace *place = parse_place(key, &column);
	Datum		others[MOST_OTHERS];
	float		box[4];
	int32		srid;
	ListCell   *lc;

	if (place == NULL || vector_key_is_joined(key))
		return 0;
	srid = srid_of_typmod(TupleDescAttr(RelationGetDescr(rel), column - 1)->atttypmod);
	for_each_from(lc, ((FuncExpr *) key)->args, 1)
	{
		Const	   *other = lfirst(lc);

		if (!IsA(other, Const) || other->constisnull)
			return 0;
		others[foreach_current_index(lc) - 1] = other->constvalue;
	}
	return srid != 0 && sealed_extent(rel, column, box) ? place->count(others, srid, box) : 0;
}

PlaceMemory *
vector_place_begin(VectorState *state, VectorKey *key, Node *expr)
{
	PlaceMemory *memory = palloc0(sizeof(PlaceMemory));
	FuncExpr   *call = (FuncExpr *) expr;

	memory->place = parse_place(expr, &key->column);
	fmgr_info(call->funcid, &memory->function);
	fmgr_info_set_expr(expr, &memory->function);
	memory->nothers = list_length(call->args) - 1;
	for (int i = 0; i < memory->nothers; i++)
		memory->exprs[i] = ExecInitExpr(list_nth(call->args, i + 1), &state->custom.ss.ps);
	memory->srid = srid_of_typmod(TupleDescAttr(RelationGetDescr(state->rel), key->column - 1)->atttypmod);
	return memory;
}

/* parameters may have changed */
void
vector_place_reset(PlaceMemory *memory)
{
	memory->known = memory->one = false;
}

/* ---- values ---- */

static void
know_others(VectorState *state, PlaceMemory *memory)
{
	if (memory->known)
		return;
	memory->is_null = false;
	for (int i = 0; i < memory->nothers; i++)
	{
		bool		isnull;

		/* passed by value: integers */
		memory->others[i] = ExecEvalExprSwitchContext(memory->exprs[i], state->row_context, &isnull);
		memory->is_null = memory->is_null || isnull;
	}
	memory->known = true;
}

/* by core's expression */
static void
evaluate_rows(VectorState *state, VectorKey *key)
{
	const BlockRowsTaken *taken = &state->taken;
	PlaceMemory *memory = key->place;

	for (int i = 0; i < taken->n; i++)
	{
		int			row = taken->rows[i];

		vector_store_row(state, row);
		memory->values[row] = ExecEvalExprSwitchContext(key->expr, state->row_context, &memory->nulls[row]);
	}
	state->keys_evaluated += taken->n;
}

static void
evaluate_points(VectorState *state, PlaceMemory *memory, const ColumnPoints *points, const bool *nulls)
{
	const BlockRowsTaken *taken = &state->taken;
	int			rows[BLOCK_MAX_ROWS];
	Datum		values[BLOCK_MAX_ROWS];
	int			n = 0;

	know_others(state, memory);
	for (int i = 0; i < taken->n; i++)
	{
		int			row = taken->rows[i];

		memory->nulls[row] = memory->is_null || nulls[row];
		if (!memory->nulls[row])
			rows[n++] = row;
	}
	if (n == 0)
		return;
	memory->place->values(&memory->function, memory->others, geometry_srid(points->header), points->coordinates[0],
						  points->coordinates[1], rows, n, values);
	for (int i = 0; i < n; i++)
		memory->values[rows[i]] = values[i];
}

/* of the rows taken of the block at hand, unless one is known to be that of all of them */
void
vector_place_load(VectorState *state, VectorKey *key)
{
	SealedScan *sealed = state->sealed;
	PlaceMemory *memory = key->place;
	const ColumnPoints *points;
	int			row = state->taken.rows[0];

	if (memory->one)
		return;
	points = sealed_scan_points(sealed, key->column - 1);
	if (points && column_points_plain(points))
		evaluate_points(state, memory, points, sealed->nulls[key->column - 1]);
	else
	{
		sealed_scan_decode(sealed, key->column - 1);
		evaluate_rows(state, key);
	}
	memory->one = key->constant;
	memory->one_value = memory->values[row];
	memory->one_null = memory->nulls[row];
}

Datum
vector_place_value(const VectorKey *key, int row, bool *isnull)
{
	const PlaceMemory *memory = key->place;

	*isnull = memory->one ? memory->one_null : memory->nulls[row];
	return memory->one ? memory->one_value : memory->values[row];
}

/* do two rows have the same? */
bool
vector_place_stays(const VectorKey *key, int before, int row)
{
	const PlaceMemory *memory = key->place;

	return memory->one || (memory->nulls[before] == memory->nulls[row] &&
						   (memory->nulls[row] || memory->values[before] == memory->values[row]));
}

/* ---- boxes ---- */

/* is it the same in a box that holds all points of some rows, which pass? */
bool
vector_place_in_box(VectorState *state, VectorKey *key, const float *box, Datum *value)
{
	PlaceMemory *memory = key->place;

	if (memory->srid == 0 || !isfinite(box[0]) || !isfinite(box[1]) || !isfinite(box[2]) || !isfinite(box[3]))
		return false;
	know_others(state, memory);
	return !memory->is_null &&
		memory->place->box(&memory->function, memory->others, memory->srid, box, value);
}

/* a block is begun: do all of its rows have one? */
bool
vector_place_begin_block(VectorState *state, VectorKey *key)
{
	SealedScan *sealed = state->sealed;
	PlaceMemory *memory = key->place;
	const float *box;
	ZoneMap		zone;

	memory->one = false;
	memory->one_null = false;
	if (memory->srid == 0 || !segment_block_zone(&sealed->reader, sealed->block, key->column, &zone) || zone.nulls > 0)
		return false;
	box = segment_block_box(&sealed->reader, sealed->block, key->column);
	memory->one = box && vector_place_in_box(state, key, box, &memory->one_value);
	return memory->one;
}

bool
vector_place_is_known(const VectorKey *key)
{
	return key->place->one;
}
