/*
 * scan_prune.c
 *	  Prune keys from the values that a scan has now.
 *
 * A value of another type than the column's becomes a key of the column's kind
 * by a conversion that never moves it past a value of the column: pruning
 * compares inclusively, so rounding is allowed and overtaking is not.  What
 * has no such conversion does not prune.  Where nothing is rounded, a strict
 * comparison becomes an inclusive one with the neighbouring key: a day's rows
 * end before the block that begins with the next day.
 */
#include "territory.h"

#include "access/stratnum.h"
#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/lsyscache.h"
#include "utils/timestamp.h"

#include "scan/scan.h"

static bool
is_integer(Oid type)
{
	return type == INT2OID || type == INT4OID || type == INT8OID;
}

static int64
integer_value(Oid type, Datum value)
{
	return type == INT2OID ? DatumGetInt16(value) : type == INT4OID ? DatumGetInt32(value) : DatumGetInt64(value);
}

/* timestamp to the date that it falls on, or false at the ends of time */
static bool
day_of(Timestamp t, DateADT *day)
{
	if (TIMESTAMP_NOT_FINITE(t))
		return false;
	*day = (DateADT) (t / USECS_PER_DAY - (t % USECS_PER_DAY < 0));
	return true;
}

/* the value as a key of the column's zone maps; false where it cannot be compared so */
bool
scan_zone_key(Oid column, Oid type, Datum value, int64 *key)
{
	ZoneKind	kind = column_zone_kind(column);
	int			overflow = 0;

	if (is_integer(column) && is_integer(type))
	{
		*key = integer_value(type, value);
		return true;
	}
	if (column == FLOAT4OID && type == FLOAT8OID)
		value = Float4GetDatum((float4) DatumGetFloat8(value));
	else if (column == FLOAT8OID && type == FLOAT4OID)
		value = Float8GetDatum((float8) DatumGetFloat4(value));
	else if (column == TIMESTAMPTZOID && type == DATEOID)
		value = TimestampTzGetDatum(date2timestamptz_opt_overflow(DatumGetDateADT(value), &overflow));
	else if (column == TIMESTAMPTZOID && type == TIMESTAMPOID)
		value = TimestampTzGetDatum(timestamp2timestamptz_opt_overflow(DatumGetTimestamp(value), &overflow));
	else if (column == TIMESTAMPOID && type == DATEOID)
		value = TimestampGetDatum(date2timestamp_opt_overflow(DatumGetDateADT(value), &overflow));
	else if (column == DATEOID && type == TIMESTAMPOID)
	{
		DateADT		day;

		if (!day_of(DatumGetTimestamp(value), &day))
			return false;
		value = DateADTGetDatum(day);
	}
	else if (column != getBaseType(type))
		return false;
	if (overflow)
		return false;
	*key = column_zone_key(kind, value);
	return true;
}

/* do keys of the column tell all its values apart, and is a value of this type one of them? */
static bool
keys_are_exact(Oid column, Oid type)
{
	ZoneKind	kind = column_zone_kind(column);

	if (kind == ZONE_NUMERIC || kind == ZONE_UUID)
		return false;
	return !(column == FLOAT4OID && type == FLOAT8OID) && !(column == DATEOID && type == TIMESTAMPOID);
}

/* a strict comparison of exact keys as an inclusive one */
static void
make_inclusive(PruneKey *key)
{
	if (key->strategy == BTLessStrategyNumber && key->key > PG_INT64_MIN)
	{
		key->strategy = BTLessEqualStrategyNumber;
		key->key--;
	}
	else if (key->strategy == BTGreaterStrategyNumber && key->key < PG_INT64_MAX)
	{
		key->strategy = BTGreaterEqualStrategyNumber;
		key->key++;
	}
}

/* an integer of another width, as the column's; false where the column cannot hold it */
static bool
widen_integer(Oid column, Oid type, Datum value, Datum *result)
{
	int64		wide = integer_value(type, value);

	if (column == INT8OID)
		*result = Int64GetDatum(wide);
	else if (column == INT4OID && wide == (int32) wide)
		*result = Int32GetDatum((int32) wide);
	else if (column == INT2OID && wide == (int16) wide)
		*result = Int16GetDatum((int16) wide);
	else
		return false;
	return true;
}

/* of column = value; false where that is neither a zone's nor a key set's matter */
static bool
compare_key(PruneKey *key, Oid column, List *spec, Datum value)
{
	Oid			type = list_nth_int(spec, PRUNE_VALUE_TYPE);

	if (list_nth_int(spec, PRUNE_EXACT))
	{
		key->exact = true;
		key->value = value;
	}
	else if (key->strategy == BTEqualStrategyNumber && is_integer(column) && is_integer(type))
		key->exact = widen_integer(column, type, value, &key->value);
	if (key->zone == ZONE_NONE)
		return key->exact;
	if (!scan_zone_key(column, type, value, &key->key))
		return false;
	key->decides = keys_are_exact(column, type);
	if (key->decides)
		make_inclusive(key);
	return true;
}

static int
compare_keys(const void *a, const void *b)
{
	int64		x = *(const int64 *) a;
	int64		y = *(const int64 *) b;

	return x < y ? -1 : x > y;
}

/* ascending, each once; how many are left */
int
scan_sort_keys(int64 *keys, int n)
{
	int			distinct = 0;

	qsort(keys, n, sizeof(int64), compare_keys);
	for (int i = 0; i < n; i++)
		if (i == 0 || keys[i] != keys[distinct - 1])
			keys[distinct++] = keys[i];
	return distinct;
}

/* false: the clause passes no row at all; *usable tells whether key says anything */
static bool
any_key(PruneKey *key, Oid column, Datum array, bool *usable)
{
	ArrayType  *values = DatumGetArrayTypeP(array);
	Oid			type = ARR_ELEMTYPE(values);
	int16		len;
	bool		byval;
	char		align;
	Datum	   *datums;
	bool	   *nulls;
	int			n;

	get_typlenbyvalalign(type, &len, &byval, &align);
	deconstruct_array(values, type, len, byval, align, &datums, &nulls, &n);
	key->keys = palloc(sizeof(int64) * Max(n, 1));
	for (int i = 0; i < n; i++)
	{
		if (nulls[i])
		{
			key->any_null = true;	/* equal to nothing */
			continue;
		}
		if (!scan_zone_key(column, type, datums[i], &key->keys[key->nkeys]))
		{
			*usable = false;
			return true;
		}
		key->nkeys++;
	}
	*usable = true;
	key->decides = keys_are_exact(column, type);
	key->nkeys = scan_sort_keys(key->keys, key->nkeys);
	return key->nkeys > 0;
}

/* do keys tell all about a comparison of these types? */
bool
scan_prune_decides(List *spec)
{
	Oid			column = list_nth_int(spec, PRUNE_TYPE);

	if (list_nth_int(spec, PRUNE_FORM) == PRUNE_BOX)
		return !list_nth_int(spec, PRUNE_LOSSY);
	return column_zone_kind(column) != ZONE_NONE && keys_are_exact(column, list_nth_int(spec, PRUNE_VALUE_TYPE));
}

/*
 * The key of a clause and its value, which is not null, in the current memory
 * context; *usable tells whether it says anything.  False: no row passes.
 */
bool
scan_prune_key(List *spec, Datum value, PruneKey *key, bool *usable)
{
	Oid			column = list_nth_int(spec, PRUNE_TYPE);

	memset(key, 0, sizeof *key);
	key->attno = list_nth_int(spec, PRUNE_ATTNO);
	key->zone = column_zone_kind(column);
	key->strategy = list_nth_int(spec, PRUNE_STRATEGY);
	if (list_nth_int(spec, PRUNE_FORM) == PRUNE_ANY)
		return any_key(key, column, value, usable);
	if (list_nth_int(spec, PRUNE_FORM) == PRUNE_BOX)
	{
		*usable = scan_box_key(spec, value, key);
		return true;
	}
	*usable = compare_key(key, column, spec, value);
	return true;
}

/*
 * The keys for the parameters' values of now, in the current memory context.
 * False: a comparison with null or with no value at all lets no row pass.
 */
static bool
make_keys(List *specs, ExprState **values, ExprContext *econtext, PruneKey **keys, int *nkeys)
{
	int			nspecs = list_length(specs);
	int			n = 0;

	*keys = palloc0(sizeof(PruneKey) * Max(nspecs, 1));
	for (int i = 0; i < nspecs; i++)
	{
		List	   *spec = list_nth(specs, i);
		PruneKey   *key = &(*keys)[n];
		bool		isnull,
					usable;
		Datum		value;

		if (list_nth_int(spec, PRUNE_FORM) == PRUNE_NULL)
		{
			memset(key, 0, sizeof *key);
			key->attno = list_nth_int(spec, PRUNE_ATTNO);
			key->is_null_test = true;
			n++;
			continue;
		}
		value = ExecEvalExprSwitchContext(values[i], econtext, &isnull);
		if (isnull || !scan_prune_key(spec, value, key, &usable))
			return false;		/* the operators are strict */
		if (usable)
			n++;
	}
	*nkeys = n;
	return true;
}

/* the same, in a memory context whose keys of before go */
bool
scan_prune_keys(List *specs, ExprState **values, ExprContext *econtext, MemoryContext context, PruneKey **keys,
				int *nkeys)
{
	MemoryContext old;
	bool		possible;

	MemoryContextReset(context);
	old = MemoryContextSwitchTo(context);
	possible = make_keys(specs, values, econtext, keys, nkeys);
	MemoryContextSwitchTo(old);
	return possible;
}

/* for each spec its value's expression, or NULL where it has none */
ExprState **
scan_prune_values(List *specs, List *values, PlanState *parent)
{
	ExprState **states = palloc0(sizeof(ExprState *) * Max(list_length(specs), 1));
	int			next = 0;

	for (int i = 0; i < list_length(specs); i++)
		if (list_nth_int(list_nth(specs, i), PRUNE_FORM) != PRUNE_NULL)
			states[i] = ExecInitExpr(list_nth(values, next++), parent);
	return states;
}
