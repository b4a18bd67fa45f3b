/*
 * point_walk.c
 *	  A point series as pieces, one series or two at once.
 *
 * The idea: each instant begins one piece.  It leads straight to the next
 * instant (linear), keeps its position until just before it (step), or is
 * alone: the end of a section, whose position holds at that instant.  Of a
 * linear section the last instant begins no piece, the motion to it has it.
 *
 * Invariant: pieces come in order of time, and together hold every instant at
 * which the series is known, within the time asked for, and no other.
 */
#include "territory.h"

#include "series/point.h"

#define LONG_METRES 5000.0		/* of a motion in a tangent plane */
#define SHORT_DEGREES 0.03		/* certainly less */
#define MAX_CUTS 10000			/* of one motion: more than halfway around the Earth */

void
point_walk_start(PointWalk *walk, const Series *series, TimestampTz from, TimestampTz to)
{
	int			first = from <= series->t[0] ? 0 : series_find(series, from);

	/* the end of a section is the end of the motion that leads there */
	if (first > 0 && series->interpolation == SERIES_LINEAR && !series->starts[first])
		first--;
	*walk = (PointWalk){.series = series, .next = first, .stop = series->n, .from = from, .to = to};
}

/* where the point is at an instant of a piece */
static void
point_piece_at(const PointPiece *piece, TimestampTz t, int dims, double *at)
{
	if (t <= piece->start || t >= piece->end)
	{
		memcpy(at, t <= piece->start ? piece->p : piece->q, SERIES_DIMS * sizeof(double));
		return;
	}
	at[2] = 0;
	for (int d = 0; d < dims; d++)
		at[d] = series_on_line(piece->start, piece->p[d], piece->end, piece->q[d], t);
}

int
point_cuts(const PointMetric *metric, const PointPiece *piece)
{
	double		metres;

	if (!metric->geographic || (fabs(piece->q[0] - piece->p[0]) * metric->degrees < SHORT_DEGREES &&
								fabs(piece->q[1] - piece->p[1]) * metric->degrees < SHORT_DEGREES))
		return 1;
	metres = point_metres(metric, piece->p, piece->q, 2);
	return metres <= LONG_METRES ? 1 : (int) Min(ceil(metres / LONG_METRES), MAX_CUTS);
}

/* part k of n of a piece's way; its time stays that of the whole */
void
point_cut(const PointPiece *piece, int k, int n, PointPiece *part)
{
	*part = *piece;
	if (k > 0)
		point_place(piece, (double) k / n, part->p);
	if (k + 1 < n)
		point_place(piece, (double) (k + 1) / n, part->q);
}

/* what of a piece lies in the time asked for */
static bool
cut_piece(const PointWalk *walk, PointPiece *piece)
{
	PointPiece	whole = *piece;
	bool		late = piece->end < walk->from || (piece->open && piece->end == walk->from);

	if (late || piece->start > walk->to)
		return false;
	if (piece->start < walk->from)
	{
		point_piece_at(&whole, walk->from, walk->series->dims, piece->p);
		piece->start = walk->from;
	}
	if (piece->end > walk->to)
	{
		point_piece_at(&whole, walk->to, walk->series->dims, piece->q);
		piece->end = walk->to;
		piece->open = false;
	}
	return true;
}

bool
point_walk_next(PointWalk *walk, PointPiece *piece)
{
	const Series *series = walk->series;

	while (walk->next < walk->stop)
	{
		int			i = walk->next++;
		bool		last = i + 1 >= series->n || series->starts[i + 1];

		if (series->t[i] > walk->to)
			break;
		/* the end of a linear section was the end of a motion */
		if (last && series->interpolation == SERIES_LINEAR && !series->starts[i])
			continue;
		piece->index = i;
		piece->start = series->t[i];
		piece->end = last ? series->t[i] : series->t[i + 1];
		piece->open = !last && series->interpolation == SERIES_STEP;
		point_get(series, i, piece->p);
		point_get(series, !last && series->interpolation == SERIES_LINEAR ? i + 1 : i, piece->q);
		if ((piece->start >= walk->from && piece->end <= walk->to) || cut_piece(walk, piece))
			return true;
	}
	walk->next = walk->stop;
	return false;
}

void
point_pair_start(PointPairWalk *pair, const Series *a, const Series *b)
{
	TimestampTz from = Max(a->t[0], b->t[0]);
	TimestampTz to = Min(a->t[a->n - 1], b->t[b->n - 1]);

	point_walk_start(&pair->walks[0], a, from, to);
	point_walk_start(&pair->walks[1], b, from, to);
	point_pair_restart(pair);
}

/* with the walks as they are */
void
point_pair_restart(PointPairWalk *pair)
{
	pair->ended = !point_walk_next(&pair->walks[0], &pair->pieces[0]) ||
		!point_walk_next(&pair->walks[1], &pair->pieces[1]);
}

/* does the time of two pieces overlap?  If so, both are cut to what they share */
static bool
share(const PointPiece *pieces, const PointWalk *walks, PointPiece *a, PointPiece *b)
{
	TimestampTz start = Max(pieces[0].start, pieces[1].start);
	TimestampTz end = Min(pieces[0].end, pieces[1].end);
	PointPiece *cut[] = {a, b};
	bool		open = (pieces[0].open && pieces[0].end == end) || (pieces[1].open && pieces[1].end == end);

	if (start > end || (start == end && open))
		return false;
	for (int i = 0; i < 2; i++)
	{
		*cut[i] = pieces[i];
		if (start > pieces[i].start)
			point_piece_at(&pieces[i], start, walks[i].series->dims, cut[i]->p);
		if (end < pieces[i].end)
			point_piece_at(&pieces[i], end, walks[i].series->dims, cut[i]->q);
		cut[i]->start = start;
		cut[i]->end = end;
		cut[i]->open = open;
	}
	return true;
}

static bool
advance(PointPairWalk *pair, int which)
{
	return point_walk_next(&pair->walks[which], &pair->pieces[which]);
}

/*
 * The next stretch over which both are known.  Neighbouring stretches of
 * linear series share an instant.
 */
bool
point_pair_next(PointPairWalk *pair, PointPiece *a, PointPiece *b)
{
	while (!pair->ended)
	{
		bool		found = share(pair->pieces, pair->walks, a, b);
		const PointPiece *first = &pair->pieces[0],
				   *second = &pair->pieces[1];

		/* what ends first is done with; an end that one of two has is for the other's next piece */
		if (first->end == second->end && first->open == second->open)
			pair->ended = !advance(pair, 0) || !advance(pair, 1);
		else if (first->end < second->end || (first->end == second->end && first->open))
			pair->ended = !advance(pair, 0);
		else
			pair->ended = !advance(pair, 1);
		if (found)
			return true;
	}
	return false;
}
