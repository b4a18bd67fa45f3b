/*
 * layout.h
 *	  Which columns of a table say who, when and where.
 */
#ifndef LAYOUT_H
#define LAYOUT_H

#include "territory.h"
#include "pgtime.h"

#define LAYOUT_MAX_ENTITY 8

typedef struct Layout
{
	int			nentity;
	AttrNumber	entity[LAYOUT_MAX_ENTITY];
	AttrNumber	time;			/* or InvalidAttrNumber */
	AttrNumber	position;		/* or InvalidAttrNumber */
	pg_tz	   *zone;			/* of the table's calendar */
	pg_tz	   *other_zone;		/* whose days summaries tell as well, or NULL */
} Layout;

/* the column that rows are sorted by first, or InvalidAttrNumber */
static inline AttrNumber
layout_sorted_by(const Layout *layout)
{
	return layout->nentity > 0 ? layout->entity[0] : layout->time;
}

extern void layout_detect(Relation rel, Layout *layout);
extern void layout_read(Relation rel, Layout *layout);

#endif
