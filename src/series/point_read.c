/*
 * point_read.c
 *	  Only those blocks of a point series that matter to a place.
 *
 * The idea: a block's entry holds its box, and the motion from a block to the
 * next keeps within the box of both.  So a block matters when the box of it and
 * a neighbour meets the place, and blocks in a row that matter are read at once.
 *
 * Invariant: whatever of the series is in the box, margin around it included,
 * is in a run that is read.
 */
#include "territory.h"

#include "utils/timestamp.h"

#include "series/point.h"

/* the first and last instant of a range; false where it has none */
bool
point_get_period(Datum range, TimestampTz *from, TimestampTz *to)
{
	const PeriodSet *set = periods_of_range(range);

	if (set->n == 0)
		return false;
	*from = set->periods[0].from;
	*to = set->periods[0].to;
	/* instants are whole microseconds */
	if (!set->periods[0].from_included && *from < DT_NOEND)
		(*from)++;
	if (!set->periods[0].to_included && *to > DT_NOBEGIN)
		(*to)--;
	return *from <= *to;
}

/* does the motion within block b, or from the one before it, meet the box? */
static bool
link_meets(const SeriesReader *reader, int b, const PointBox *box, const double *margin)
{
	PointBox	both;

	if (b < 0 || b > reader->num_blocks)
		return false;
	point_box_none(&both);
	for (int i = Max(b - 1, 0); i <= Min(b, reader->num_blocks - 1); i++)
	{
		point_box_add(&both, reader->blocks[i].min);
		point_box_add(&both, reader->blocks[i].max);
	}
	return point_boxes_meet(&both, box, margin);
}

/* the next run of blocks that matter, from *block on; NULL at the end */
Series *
point_read_near(SeriesReader *reader, int *block, const PointBox *box, const double *margin)
{
	int			first = *block,
				end;

	while (first < reader->num_blocks && !link_meets(reader, first, box, margin) &&
		   !link_meets(reader, first + 1, box, margin))
		first++;
	if (first >= reader->num_blocks)
		return NULL;
	for (end = first + 1; end < reader->num_blocks; end++)
		if (!link_meets(reader, end, box, margin) && !link_meets(reader, end + 1, box, margin))
			break;
	*block = end;
	return series_read(reader, first, end - 1);
}
