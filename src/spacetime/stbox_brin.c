/*
 * stbox_brin.c
 *	  The BRIN inclusion class of boxes: a key (stbox_key.h) per range of blocks.
 *
 * Core's own inclusion class would ask for operators of unions, where boxes that
 * lack a part, or have another SRID, cannot be merged; keys can.
 */
#include "territory.h"

#include "access/brin_internal.h"
#include "access/brin_tuple.h"
#include "access/skey.h"
#include "utils/typcache.h"

#include "spacetime/stbox_key.h"

PG_FUNCTION_INFO_V1(territory_stbox_brin_opcinfo);
Datum
territory_stbox_brin_opcinfo(PG_FUNCTION_ARGS)
{
	BrinOpcInfo *info = palloc0(SizeofBrinOpcInfo(1));

	info->oi_nstored = 1;
	info->oi_regular_nulls = true;
	info->oi_typcache[0] = lookup_type_cache(PG_GETARG_OID(0), 0);
	PG_RETURN_POINTER(info);
}

PG_FUNCTION_INFO_V1(territory_stbox_brin_add_value);
Datum
territory_stbox_brin_add_value(PG_FUNCTION_ARGS)
{
	BrinValues *column = (BrinValues *) PG_GETARG_POINTER(1);
	const STBox *box = PG_GETARG_STBOX(2);

	if (column->bv_allnulls)
	{
		column->bv_values[0] = STBoxGetDatum(stbox_copy(box));
		column->bv_allnulls = false;
		PG_RETURN_BOOL(true);
	}
	PG_RETURN_BOOL(stbox_key_add(DatumGetSTBox(column->bv_values[0]), box));
}

PG_FUNCTION_INFO_V1(territory_stbox_brin_consistent);
Datum
territory_stbox_brin_consistent(PG_FUNCTION_ARGS)
{
	const BrinValues *column = (const BrinValues *) PG_GETARG_POINTER(1);
	ScanKey		key = (ScanKey) PG_GETARG_POINTER(2);

	PG_RETURN_BOOL(stbox_key_may_hold(key->sk_strategy, DatumGetSTBox(column->bv_values[0]),
									  DatumGetSTBox(key->sk_argument)));
}

PG_FUNCTION_INFO_V1(territory_stbox_brin_union);
Datum
territory_stbox_brin_union(PG_FUNCTION_ARGS)
{
	BrinValues *a = (BrinValues *) PG_GETARG_POINTER(1);
	const BrinValues *b = (const BrinValues *) PG_GETARG_POINTER(2);

	PG_RETURN_BOOL(stbox_key_add(DatumGetSTBox(a->bv_values[0]), DatumGetSTBox(b->bv_values[0])));
}
