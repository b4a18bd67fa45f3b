/*
 * stbox_operators.c
 *	  Operators of boxes, and the functions that btree and hash classes ask for.
 */
#include "territory.h"

#include "common/hashfn.h"

#include "spacetime/stbox.h"

#define RELATION(name, relation) \
	PG_FUNCTION_INFO_V1(name); \
	Datum \
	name(PG_FUNCTION_ARGS) \
	{ \
		PG_RETURN_BOOL(stbox_holds(relation, PG_GETARG_STBOX(0), PG_GETARG_STBOX(1))); \
	} \
	extern Datum name(PG_FUNCTION_ARGS)

RELATION(territory_stbox_left, STBOX_LEFT);
RELATION(territory_stbox_overleft, STBOX_OVERLEFT);
RELATION(territory_stbox_overlaps, STBOX_OVERLAPS);
RELATION(territory_stbox_overright, STBOX_OVERRIGHT);
RELATION(territory_stbox_right, STBOX_RIGHT);
RELATION(territory_stbox_same, STBOX_SAME);
RELATION(territory_stbox_contains, STBOX_CONTAINS);
RELATION(territory_stbox_contained, STBOX_CONTAINED);
RELATION(territory_stbox_overbelow, STBOX_OVERBELOW);
RELATION(territory_stbox_below, STBOX_BELOW);
RELATION(territory_stbox_above, STBOX_ABOVE);
RELATION(territory_stbox_overabove, STBOX_OVERABOVE);
RELATION(territory_stbox_adjacent, STBOX_ADJACENT);
RELATION(territory_stbox_before, STBOX_BEFORE);
RELATION(territory_stbox_overbefore, STBOX_OVERBEFORE);
RELATION(territory_stbox_after, STBOX_AFTER);
RELATION(territory_stbox_overafter, STBOX_OVERAFTER);
RELATION(territory_stbox_front, STBOX_FRONT);
RELATION(territory_stbox_overfront, STBOX_OVERFRONT);
RELATION(territory_stbox_back, STBOX_BACK);
RELATION(territory_stbox_overback, STBOX_OVERBACK);

/* which relation an operator's function tells */
STBoxRelation
stbox_relation(Oid function)
{
	static const struct
	{
		PGFunction	function;
		STBoxRelation relation;
	}			relations[] = {
		{territory_stbox_left, STBOX_LEFT},
		{territory_stbox_overleft, STBOX_OVERLEFT},
		{territory_stbox_overlaps, STBOX_OVERLAPS},
		{territory_stbox_overright, STBOX_OVERRIGHT},
		{territory_stbox_right, STBOX_RIGHT},
		{territory_stbox_same, STBOX_SAME},
		{territory_stbox_contains, STBOX_CONTAINS},
		{territory_stbox_contained, STBOX_CONTAINED},
		{territory_stbox_overbelow, STBOX_OVERBELOW},
		{territory_stbox_below, STBOX_BELOW},
		{territory_stbox_above, STBOX_ABOVE},
		{territory_stbox_overabove, STBOX_OVERABOVE},
		{territory_stbox_adjacent, STBOX_ADJACENT},
		{territory_stbox_before, STBOX_BEFORE},
		{territory_stbox_overbefore, STBOX_OVERBEFORE},
		{territory_stbox_after, STBOX_AFTER},
		{territory_stbox_overafter, STBOX_OVERAFTER},
		{territory_stbox_front, STBOX_FRONT},
		{territory_stbox_overfront, STBOX_OVERFRONT},
		{territory_stbox_back, STBOX_BACK},
		{territory_stbox_overback, STBOX_OVERBACK},
	};
	FmgrInfo	info;

	fmgr_info(function, &info);
	for (int i = 0; i < lengthof(relations); i++)
		if (relations[i].function == info.fn_addr)
			return relations[i].relation;
	elog(ERROR, "function %u tells no relation of boxes", function);
}

PG_FUNCTION_INFO_V1(territory_stbox_distance);
Datum
territory_stbox_distance(PG_FUNCTION_ARGS)
{
	PG_RETURN_FLOAT8(stbox_distance(PG_GETARG_STBOX(0), PG_GETARG_STBOX(1)));
}

/* ---- order ---- */

#define COMPARISON(name, test) \
	PG_FUNCTION_INFO_V1(name); \
	Datum \
	name(PG_FUNCTION_ARGS) \
	{ \
		PG_RETURN_BOOL(stbox_cmp(PG_GETARG_STBOX(0), PG_GETARG_STBOX(1)) test 0); \
	} \
	extern Datum name(PG_FUNCTION_ARGS)

COMPARISON(territory_stbox_lt, <);
COMPARISON(territory_stbox_le, <=);
COMPARISON(territory_stbox_eq, ==);
COMPARISON(territory_stbox_ne, !=);
COMPARISON(territory_stbox_ge, >=);
COMPARISON(territory_stbox_gt, >);

PG_FUNCTION_INFO_V1(territory_stbox_cmp);
Datum
territory_stbox_cmp(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT32(stbox_cmp(PG_GETARG_STBOX(0), PG_GETARG_STBOX(1)));
}

/* equal boxes have equal bytes */
PG_FUNCTION_INFO_V1(territory_stbox_hash);
Datum
territory_stbox_hash(PG_FUNCTION_ARGS)
{
	return hash_any((const unsigned char *) PG_GETARG_STBOX(0), sizeof(STBox));
}

PG_FUNCTION_INFO_V1(territory_stbox_hash_extended);
Datum
territory_stbox_hash_extended(PG_FUNCTION_ARGS)
{
	return hash_any_extended((const unsigned char *) PG_GETARG_STBOX(0), sizeof(STBox), PG_GETARG_INT64(1));
}

/* ---- union and intersection ---- */

PG_FUNCTION_INFO_V1(territory_stbox_union);
Datum
territory_stbox_union(PG_FUNCTION_ARGS)
{
	STBox	   *box = stbox_copy(PG_GETARG_STBOX(0));

	stbox_add(box, PG_GETARG_STBOX(1));
	PG_RETURN_STBOX(box);
}

PG_FUNCTION_INFO_V1(territory_stbox_intersection);
Datum
territory_stbox_intersection(PG_FUNCTION_ARGS)
{
	STBox	   *box = stbox_copy(PG_GETARG_STBOX(0));

	if (!stbox_intersect(box, PG_GETARG_STBOX(1)))
		PG_RETURN_NULL();
	PG_RETURN_STBOX(box);
}
