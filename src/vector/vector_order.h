/*
 * vector_order.h
 *	  The order in which a TerritoryAggregate hands out its groups.
 */
#ifndef VECTOR_ORDER_H
#define VECTOR_ORDER_H

#include "utils/sortsupport.h"
#include "utils/tuplesort.h"

#include "vector/vector.h"

/* one sort key, which is a group key */
typedef struct OrderKey
{
	int			key;
	bool		descending;
	ZoneKind	zone;			/* ZONE_NONE: only compare tells the order of its values */
	SortSupportData compare;
} OrderKey;

struct VectorOrder
{
	int			n;
	OrderKey   *keys;
	AttrNumber *columns;		/* the same, as tuplesort wants it */
	Oid		   *operators;
	Oid		   *collations;
	bool	   *nulls_first;
	uint32	   *numbers;		/* of the groups that are in the table, in order; NULL: they were not sorted */
	bool		decided;		/* whether they are, or ... */
	bool		sorts_rows;		/* ... rows are, by ... */
	Tuplesortstate *sort;
	TupleTableSlot *sorted;		/* a row of it */
};

/* vector_order_groups.c */
extern bool vector_order_groups(VectorState *state, uint32 *numbers);

#endif
