/*
 * row_first_last.c
 *	  The value of the earliest or the latest row, of any type.
 *
 * The idea: the state is one row, which a better one replaces.  A block's rows
 * are compared by time alone, and only the value of the best is looked at.
 *
 * Invariant: the result depends on the set of rows only.  Of rows of the same
 * time the one with the greatest value counts: by its type's default order,
 * else, and where that calls two of them equal, by its bytes.
 *
 * Between processes a value travels as it lies in memory, under its type's
 * name, and that of an enum as its label: numbers of types and of enums' values
 * differ between servers of a distributed table.  (Not in its binary form,
 * which is in the client's encoding: a worker has another one than its leader.)
 * An array or a record with types that users made is good on one server only.
 */
#include "territory.h"

#include "catalog/pg_type.h"
#include "libpq/pqformat.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/datum.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"
#include "utils/typcache.h"

#include "series/row_instants.h"

PG_FUNCTION_INFO_V1(territory_row_first_add);
PG_FUNCTION_INFO_V1(territory_row_first_add_date);
PG_FUNCTION_INFO_V1(territory_row_last_add);
PG_FUNCTION_INFO_V1(territory_row_last_add_date);
PG_FUNCTION_INFO_V1(territory_row_first_combine);
PG_FUNCTION_INFO_V1(territory_row_last_combine);
PG_FUNCTION_INFO_V1(territory_row_end_serial);
PG_FUNCTION_INFO_V1(territory_row_end_deserial);
PG_FUNCTION_INFO_V1(territory_row_end);

/* a row at an end of time */
typedef struct EndRow
{
	Oid			type;
	int16		len;
	bool		byval;
	bool		known;			/* the row is there, as it is outside of the functions that take rows */
	int64		t;				/* of dates the day */
	Datum		value;			/* never null, never toasted */
} EndRow;

/* ---- which row counts ---- */

static int
compare_bytes(const EndRow *row, Datum a, Datum b)
{
	const char *bytes_a = DatumGetPointer(a);
	const char *bytes_b = DatumGetPointer(b);
	Size		size_a = row->len;
	Size		size_b = row->len;
	int			order;

	if (row->byval)
		return a < b ? -1 : a > b;
	if (row->len == -1)
	{
		struct varlena *plain_a = PG_DETOAST_DATUM_PACKED(a);
		struct varlena *plain_b = PG_DETOAST_DATUM_PACKED(b);

		bytes_a = VARDATA_ANY(plain_a);
		bytes_b = VARDATA_ANY(plain_b);
		size_a = VARSIZE_ANY_EXHDR(plain_a);
		size_b = VARSIZE_ANY_EXHDR(plain_b);
	}
	order = memcmp(bytes_a, bytes_b, Min(size_a, size_b));
	return order != 0 ? order : size_a < size_b ? -1 : size_a > size_b;
}

/* of rows of the same time */
static bool
is_greater(FunctionCallInfo call, const EndRow *row, Datum a, Datum b)
{
	TypeCacheEntry *type = lookup_type_cache(row->type, TYPECACHE_CMP_PROC_FINFO);
	int			order = 0;

	if (OidIsValid(type->cmp_proc_finfo.fn_oid))
		order = DatumGetInt32(FunctionCall2Coll(&type->cmp_proc_finfo, call->fncollation, a, b));
	return (order != 0 ? order : compare_bytes(row, a, b)) > 0;
}

/* does a row with this time and value take the place of the one that is there? */
static bool
replaces(FunctionCallInfo call, const EndRow *row, bool latest, int64 t, Datum value)
{
	if (t != row->t)
		return latest ? t > row->t : t < row->t;
	return is_greater(call, row, value, row->value);
}

/* a value that outlives the row, without compression and references */
static Datum
keep_value(MemoryContext context, const EndRow *row, Datum value)
{
	MemoryContext old = MemoryContextSwitchTo(context);

	if (row->len == -1)
		value = PointerGetDatum(PG_DETOAST_DATUM_COPY(value));
	else
		value = datumCopy(value, row->byval, row->len);
	MemoryContextSwitchTo(old);
	return value;
}

static void
set_row(MemoryContext context, EndRow *row, int64 t, Datum value)
{
	Datum		kept = keep_value(context, row, value);

	if (row->known && !row->byval)
		pfree(DatumGetPointer(row->value));
	row->known = true;
	row->t = t;
	row->value = kept;
}

/* ---- rows ---- */

static EndRow *
new_row(FunctionCallInfo call, MemoryContext context)
{
	EndRow	   *row = MemoryContextAllocZero(context, sizeof(EndRow));

	row->type = get_fn_expr_argtype(call->flinfo, 1);
	if (!OidIsValid(row->type))
		elog(ERROR, "the type of a value is not known");
	get_typlenbyval(row->type, &row->len, &row->byval);
	return row;
}

static inline int64
time_of(const BatchArgument *arg, int i, bool dates)
{
	return dates ? DatumGetDateADT(batch_value(arg, i)) : DatumGetInt64(batch_value(arg, i));
}

static void *
take_end(FunctionCallInfo call, EndRow *row, const BatchArgument *args, int n, bool latest, bool dates)
{
	MemoryContext context = row_state_context(call);
	int			best = -1;		/* of the batch */
	int64		best_t = 0;

	for (int i = 0; i < n; i++)
	{
		int64		t = time_of(&args[1], i, dates);

		if (batch_null(&args[0], i) || batch_null(&args[1], i))
			continue;
		if (best >= 0 && t != best_t && (t > best_t) != latest)
			continue;
		if (row == NULL)
			row = new_row(call, context);
		if (best >= 0 && t == best_t && !is_greater(call, row, batch_value(&args[0], i), batch_value(&args[0], best)))
			continue;
		best = i;
		best_t = t;
	}
	if (best >= 0 && (!row->known || replaces(call, row, latest, best_t, batch_value(&args[0], best))))
		set_row(context, row, best_t, batch_value(&args[0], best));
	return row;
}

static void *
take_first(FunctionCallInfo call, void *state, const BatchArgument *args, int n)
{
	return take_end(call, state, args, n, false, false);
}

static void *
take_first_date(FunctionCallInfo call, void *state, const BatchArgument *args, int n)
{
	return take_end(call, state, args, n, false, true);
}

static void *
take_last(FunctionCallInfo call, void *state, const BatchArgument *args, int n)
{
	return take_end(call, state, args, n, true, false);
}

static void *
take_last_date(FunctionCallInfo call, void *state, const BatchArgument *args, int n)
{
	return take_end(call, state, args, n, true, true);
}

Datum
territory_row_first_add(PG_FUNCTION_ARGS)
{
	return row_add(fcinfo, take_first);
}

Datum
territory_row_first_add_date(PG_FUNCTION_ARGS)
{
	return row_add(fcinfo, take_first_date);
}

Datum
territory_row_last_add(PG_FUNCTION_ARGS)
{
	return row_add(fcinfo, take_last);
}

Datum
territory_row_last_add_date(PG_FUNCTION_ARGS)
{
	return row_add(fcinfo, take_last_date);
}

void
row_first_last_init(void)
{
	vector_batch_register("territory_row_first_add", territory_row_first_add, take_first);
	vector_batch_register("territory_row_first_add_date", territory_row_first_add_date, take_first_date);
	vector_batch_register("territory_row_last_add", territory_row_last_add, take_last);
	vector_batch_register("territory_row_last_add_date", territory_row_last_add_date, take_last_date);
}

/* ---- states of workers ---- */

static Datum
combine(FunctionCallInfo call, bool latest)
{
	MemoryContext context = row_state_context(call);
	EndRow	   *a = call->args[0].isnull ? NULL : (EndRow *) DatumGetPointer(call->args[0].value);
	const EndRow *b = call->args[1].isnull ? NULL : (EndRow *) DatumGetPointer(call->args[1].value);

	if (a == NULL && b)
	{
		a = MemoryContextAlloc(context, sizeof(EndRow));
		memcpy(a, b, sizeof(EndRow));
		a->value = keep_value(context, b, b->value);
	}
	else if (b && replaces(call, a, latest, b->t, b->value))
		set_row(context, a, b->t, b->value);
	call->isnull = a == NULL;
	return PointerGetDatum(a);
}

Datum
territory_row_first_combine(PG_FUNCTION_ARGS)
{
	return combine(fcinfo, false);
}

Datum
territory_row_last_combine(PG_FUNCTION_ARGS)
{
	return combine(fcinfo, true);
}

/* a type, and its name between processes; kept between calls */
typedef struct Transport
{
	Oid			type;
	char	   *name;
	bool		is_enum;
} Transport;

static Transport *
transport_of(FunctionCallInfo call, Oid type)
{
	Transport  *transport = call->flinfo->fn_extra;
	MemoryContext context = call->flinfo->fn_mcxt;

	if (transport && transport->type == type)
		return transport;
	transport = MemoryContextAllocZero(context, sizeof(Transport));
	transport->name = MemoryContextStrdup(context, format_type_be_qualified(type));
	transport->type = type;
	transport->is_enum = get_typtype(getBaseType(type)) == TYPTYPE_ENUM;
	call->flinfo->fn_extra = transport;
	return transport;
}

/* name of the type, time, value */
Datum
territory_row_end_serial(PG_FUNCTION_ARGS)
{
	const EndRow *row = (EndRow *) PG_GETARG_POINTER(0);
	Transport  *transport = transport_of(fcinfo, row->type);
	StringInfoData out;

	row_state_context(fcinfo);
	pq_begintypsend(&out);
	appendBinaryStringInfo(&out, transport->name, strlen(transport->name) + 1);
	pq_sendint64(&out, row->t);
	if (transport->is_enum)
	{
		char	   *label = DatumGetCString(DirectFunctionCall1(enum_out, row->value));

		appendBinaryStringInfo(&out, label, strlen(label) + 1);
	}
	else if (row->byval)
		pq_sendint64(&out, (int64) row->value);
	else
		appendBinaryStringInfo(&out, DatumGetPointer(row->value), datumGetSize(row->value, false, row->len));
	PG_RETURN_BYTEA_P(pq_endtypsend(&out));
}

/* the type of this name */
static Oid
type_named(FunctionCallInfo call, const char *name)
{
	Transport  *transport = call->flinfo->fn_extra;

	if (transport && strcmp(transport->name, name) == 0)
		return transport->type;
	return DatumGetObjectId(DirectFunctionCall1(regtypein, CStringGetDatum(name)));
}

static Datum
receive_value(Transport *transport, const EndRow *row, StringInfo in)
{
	int			size = in->len - in->cursor;

	if (transport->is_enum)
		return DirectFunctionCall2(enum_in, CStringGetDatum(pq_getmsgrawstring(in)),
								   ObjectIdGetDatum(getBaseType(transport->type)));
	if (row->byval)
		return (Datum) pq_getmsgint64(in);
	return PointerGetDatum(memcpy(palloc(size), pq_getmsgbytes(in, size), size));
}

Datum
territory_row_end_deserial(PG_FUNCTION_ARGS)
{
	bytea	   *bytes = PG_GETARG_BYTEA_PP(0);
	EndRow	   *row = palloc0(sizeof(EndRow));
	StringInfoData in;

	row_state_context(fcinfo);
	initStringInfo(&in);
	appendBinaryStringInfo(&in, VARDATA_ANY(bytes), VARSIZE_ANY_EXHDR(bytes));
	row->type = type_named(fcinfo, pq_getmsgrawstring(&in));
	get_typlenbyval(row->type, &row->len, &row->byval);
	row->known = true;
	row->t = pq_getmsgint64(&in);
	row->value = receive_value(transport_of(fcinfo, row->type), row, &in);
	pq_getmsgend(&in);
	PG_RETURN_POINTER(row);
}

/* ---- result ---- */

Datum
territory_row_end(PG_FUNCTION_ARGS)
{
	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	PG_RETURN_DATUM(((EndRow *) PG_GETARG_POINTER(0))->value);
}
