/*
 * series_compare.c
 *	  Series compared: equal, in order, hashed.
 *
 * The idea: equal contents have equal bytes, so equality and hash are those of
 * bytes.  The order is by start, then end, then bytes: series of one day sort
 * by when they begin, and the rest only has to be the same everywhere.
 */
#include "territory.h"

#include "access/detoast.h"
#include "common/hashfn.h"
#include "fmgr.h"

#include "series/series.h"

static int
compare_series(FunctionCallInfo fcinfo)
{
	struct varlena *a = PG_GETARG_VARLENA_P(0);
	struct varlena *b = PG_GETARG_VARLENA_P(1);
	TimestampTz start_a,
				end_a,
				start_b,
				end_b;
	int			order;

	series_span(a, &start_a, &end_a);
	series_span(b, &start_b, &end_b);
	if (start_a != start_b)
		order = start_a < start_b ? -1 : 1;
	else if (end_a != end_b)
		order = end_a < end_b ? -1 : 1;
	else
	{
		Size		size_a = VARSIZE(a),
					size_b = VARSIZE(b);

		order = memcmp(VARDATA(a), VARDATA(b), Min(size_a, size_b) - VARHDRSZ);
		if (order == 0)
			order = size_a < size_b ? -1 : size_a > size_b;
	}
	PG_FREE_IF_COPY(a, 0);
	PG_FREE_IF_COPY(b, 1);
	return order;
}

/* sizes are known before values are fetched */
static bool
series_equal(FunctionCallInfo fcinfo)
{
	struct varlena *a,
			   *b;
	bool		equal;

	if (toast_raw_datum_size(PG_GETARG_DATUM(0)) != toast_raw_datum_size(PG_GETARG_DATUM(1)))
		return false;
	a = PG_GETARG_VARLENA_PP(0);
	b = PG_GETARG_VARLENA_PP(1);
	equal = memcmp(VARDATA_ANY(a), VARDATA_ANY(b), VARSIZE_ANY_EXHDR(a)) == 0;
	PG_FREE_IF_COPY(a, 0);
	PG_FREE_IF_COPY(b, 1);
	return equal;
}

PG_FUNCTION_INFO_V1(territory_series_eq);
PG_FUNCTION_INFO_V1(territory_series_ne);
PG_FUNCTION_INFO_V1(territory_series_lt);
PG_FUNCTION_INFO_V1(territory_series_le);
PG_FUNCTION_INFO_V1(territory_series_ge);
PG_FUNCTION_INFO_V1(territory_series_gt);
PG_FUNCTION_INFO_V1(territory_series_cmp);
PG_FUNCTION_INFO_V1(territory_series_hash);
PG_FUNCTION_INFO_V1(territory_series_hash_extended);

Datum
territory_series_eq(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(series_equal(fcinfo));
}

Datum
territory_series_ne(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(!series_equal(fcinfo));
}

Datum
territory_series_lt(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(compare_series(fcinfo) < 0);
}

Datum
territory_series_le(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(compare_series(fcinfo) <= 0);
}

Datum
territory_series_ge(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(compare_series(fcinfo) >= 0);
}

Datum
territory_series_gt(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(compare_series(fcinfo) > 0);
}

Datum
territory_series_cmp(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT32(compare_series(fcinfo));
}

Datum
territory_series_hash(PG_FUNCTION_ARGS)
{
	struct varlena *value = PG_GETARG_VARLENA_PP(0);
	uint32		hash = hash_bytes((const unsigned char *) VARDATA_ANY(value), VARSIZE_ANY_EXHDR(value));

	PG_FREE_IF_COPY(value, 0);
	PG_RETURN_UINT32(hash);
}

Datum
territory_series_hash_extended(PG_FUNCTION_ARGS)
{
	struct varlena *value = PG_GETARG_VARLENA_PP(0);
	uint64		hash = hash_bytes_extended((const unsigned char *) VARDATA_ANY(value), VARSIZE_ANY_EXHDR(value),
										   PG_GETARG_INT64(1));

	PG_FREE_IF_COPY(value, 0);
	PG_RETURN_UINT64(hash);
}
