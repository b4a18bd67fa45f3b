/*
 * sides.c
 *	  What the two sides of a block add up to that is cut at another zone's
 *	  midnight, and these summaries as bytes.
 *
 * Most of it follows from the block's summary: one side has its least value,
 * one its greatest, and the sums of both are its sum.  So what is kept is what
 * does not follow.  Sums of floats do not follow to the bit: those of the side
 * with fewer rows are kept, from which those of the other are told, but for the
 * distance of the true bits from what was told.
 *
 * Nothing is kept of the column that rows are in order of: the cut tells it.
 *
 * Invariant: what comes out is what summary_compute() says of the rows of the
 * side, bit for bit, as far as it is known of the block as well.  Of a side,
 * neither ends, squares nor bounds are told, and nothing of decimals that are
 * not all shown alike.
 */
#include "territory.h"

#include "codec/codec_summary.h"
#include "segment/decimal.h"
#include "segment/segment.h"
#include "segment/summary.h"

#define SIDE_FLAGS (SUMMARY_RANGE | SUMMARY_SUM)

/* flags of both sides, and which side's extremes are the block's, as one integer */
#define AFTER_HAS_MIN 1
#define AFTER_HAS_MAX 2
#define FLAGS_BEFORE(word) (((word) >> 2) & 3)
#define FLAGS_AFTER(word) (((word) >> 4) & 3)
#define SIDES_WORD_END 64

static bool
kind_has_sides(uint8 kind)
{
	return kind == SUMMARY_INTEGER || kind == SUMMARY_DECIMAL || kind == SUMMARY_FLOAT;
}

/* what is not known of a side is zero */
static void
keep_known(ColumnSummary *side, int flags)
{
	side->flags &= flags;
	if (!(side->flags & SUMMARY_RANGE))
		side->min.i = side->max.i = 0;
	if (!(side->flags & SUMMARY_SUM))
	{
		side->sum = 0;
		side->fsum = side->m2 = 0;
	}
	if (side->flags == 0)
		side->scale = 0;
}

/* what may be known of the sides of a block */
static int
flags_of_sides(const ColumnSummary *block)
{
	if (block->kind == SUMMARY_DECIMAL && !(block->flags & SUMMARY_RANGE))
		return 0;
	return kind_has_sides(block->kind) ? block->flags & SIDE_FLAGS : 0;
}

static void
begin_side(const ColumnSummary *block, int64 rows, int64 values, ColumnSummary *side)
{
	memset(side, 0, sizeof *side);
	side->attno = block->attno;
	side->kind = block->kind;
	side->zone = block->zone;
	side->rows = rows;
	side->values = values;
}

/* of n > 0 rows of a block */
void
side_compute(const ColumnType *type, const ColumnSummary *block, const Datum *values, const bool *nulls, int n,
			 ColumnSummary *side)
{
	int			count = 0;

	if (kind_has_sides(block->kind))
	{
		summary_compute(type, block->attno, values, nulls, n, true, side, NULL);
		side->first.i = side->last.i = 0;
		side->squares = 0;
		keep_known(side, flags_of_sides(block));
		return;
	}
	for (int i = 0; i < n; i++)
		count += !nulls[i];
	begin_side(block, n, count, side);
}

/* ---- extremes ---- */

/*
 * Is one extreme of the block that of the side after the cut?  Then other is the
 * one before, else that after; what is not known is the block's, and not looked at.
 */
static bool
after_has_extreme(const ColumnSummary *sides, SummaryValue before, SummaryValue after, SummaryValue block,
				  SummaryValue *other)
{
	if (!(sides[0].flags & SUMMARY_RANGE) || before.i == block.i)
	{
		*other = sides[1].flags & SUMMARY_RANGE ? after : block;
		return false;
	}
	Assert(!(sides[1].flags & SUMMARY_RANGE) || after.i == block.i);
	*other = before;
	return true;
}

typedef struct Extremes
{
	int64		word;
	SummaryValue min;			/* of the side that has not the block's */
	SummaryValue max;
} Extremes;

static Extremes
extremes_of(const ColumnSummary *block, const ColumnSummary *sides)
{
	Extremes	extremes = {0};

	extremes.word = (sides[0].flags & SIDE_FLAGS) << 2 | (sides[1].flags & SIDE_FLAGS) << 4;
	if (after_has_extreme(sides, sides[0].min, sides[1].min, block->min, &extremes.min))
		extremes.word |= AFTER_HAS_MIN;
	if (after_has_extreme(sides, sides[0].max, sides[1].max, block->max, &extremes.max))
		extremes.word |= AFTER_HAS_MAX;
	return extremes;
}

static void
set_extremes(const ColumnSummary *block, const Extremes *extremes, ColumnSummary *sides)
{
	bool		after_min = extremes->word & AFTER_HAS_MIN;
	bool		after_max = extremes->word & AFTER_HAS_MAX;

	sides[after_min].min = block->min;
	sides[!after_min].min = extremes->min;
	sides[after_max].max = block->max;
	sides[!after_max].max = extremes->max;
	sides[0].flags = FLAGS_BEFORE(extremes->word);
	sides[1].flags = FLAGS_AFTER(extremes->word);
}

/* ---- the blocks that are cut, of all blocks ---- */

typedef struct CutBlocks
{
	int			n;
	int		   *places;
	const ColumnSummary *blocks;	/* of all blocks, as those of sides, by place */
	ColumnSummary *sides;		/* two for each */
	Extremes   *extremes;		/* of those that are cut */
	int64	   *integers[4];
	double	   *floats[4];
} CutBlocks;

static void
begin_cut_blocks(CutBlocks *cut, const ColumnSummary *blocks, const ColumnSummary *sides, const CutPlace *cuts,
				 int nblocks)
{
	char	   *room = palloc(nblocks * (sizeof(int) + sizeof(Extremes) + 4 * sizeof(int64) + 4 * sizeof(double)));

	cut->n = 0;
	cut->blocks = blocks;
	cut->sides = (ColumnSummary *) sides;
	cut->extremes = (Extremes *) room;
	for (int f = 0; f < 4; f++)
	{
		cut->integers[f] = (int64 *) (cut->extremes + nblocks) + f * nblocks;
		cut->floats[f] = (double *) (cut->integers[0] + 4 * nblocks) + f * nblocks;
	}
	cut->places = (int *) (cut->floats[0] + 4 * nblocks);
	for (int b = 0; b < nblocks; b++)
		if (cuts[b].rows > 0)
			cut->places[cut->n++] = b;
}

static void
end_cut_blocks(CutBlocks *cut)
{
	pfree(cut->extremes);
}

#define CUT_BLOCK(cut, i) (&(cut)->blocks[(cut)->places[i]])
#define CUT_SIDES(cut, i) (&(cut)->sides[2 * (cut)->places[i]])

static void
append_fields(CutBlocks *cut, int nfloats, int nintegers, StringInfo out)
{
	for (int f = 0; f < nfloats; f++)
		append_floats(out, cut->floats[f], cut->n);
	for (int f = 0; f < nintegers; f++)
		append_integers(out, cut->integers[f], cut->n);
}

static bool
take_fields(CutBlocks *cut, int nfloats, int nintegers, const char **at, const char *end)
{
	for (int f = 0; f < nfloats; f++)
		if (!take_float_stream(at, end, cut->n, cut->floats[f]))
			return false;
	for (int f = 0; f < nintegers; f++)
		if (!take_integer_stream(at, end, cut->n, cut->integers[f]))
			return false;
	return true;
}

/* ---- integers and decimals ---- */

static void
encode_integers(CutBlocks *cut, StringInfo out)
{
	for (int i = 0; i < cut->n; i++)
	{
		const ColumnSummary *block = CUT_BLOCK(cut, i);
		const ColumnSummary *before = &CUT_SIDES(cut, i)[0];
		uint128		above = (uint128) before->sum - (uint128) (int128) block->min.i * (uint128) before->values;

		if (!(before->flags & SUMMARY_SUM))
			above = 0;
		cut->integers[0][i] = (int64) ((uint64) cut->extremes[i].min.i - (uint64) block->min.i);
		cut->integers[1][i] = (int64) ((uint64) block->max.i - (uint64) cut->extremes[i].max.i);
		cut->integers[2][i] = (int64) above;
		cut->integers[3][i] = (int64) (above >> 64);
	}
	append_fields(cut, 0, 4, out);
}

static void
set_integer_sums(const ColumnSummary *block, uint128 above, ColumnSummary *sides)
{
	if (sides[0].flags & SUMMARY_SUM)
		sides[0].sum = (int128) (above + (uint128) (int128) block->min.i * (uint128) sides[0].values);
	if (sides[1].flags & SUMMARY_SUM)
		sides[1].sum = (int128) ((uint128) block->sum - (uint128) sides[0].sum);
}

static bool
decode_integers(CutBlocks *cut, const char **at, const char *end)
{
	if (!take_fields(cut, 0, 4, at, end))
		return false;
	for (int i = 0; i < cut->n; i++)
	{
		const ColumnSummary *block = CUT_BLOCK(cut, i);
		ColumnSummary *sides = CUT_SIDES(cut, i);

		cut->extremes[i].min.i = (int64) ((uint64) block->min.i + (uint64) cut->integers[0][i]);
		cut->extremes[i].max.i = (int64) ((uint64) block->max.i - (uint64) cut->integers[1][i]);
		set_extremes(block, &cut->extremes[i], sides);
		set_integer_sums(block, (uint128) (uint64) cut->integers[3][i] << 64 | (uint64) cut->integers[2][i], sides);
		sides[0].scale = sides[1].scale = block->scale;
	}
	return true;
}

/* ---- floats ---- */

/* the side whose sums are kept: that of fewer rows */
static int
kept_side(const ColumnSummary *sides)
{
	return sides[1].rows < sides[0].rows;
}

/* the sums of the other side, as those of the block and of the side that is kept tell, about */
static void
tell_sums(const ColumnSummary *block, const ColumnSummary *kept, const ColumnSummary *other, double *sum, double *m2)
{
	double		n1 = kept->values;
	double		n2 = other->values;

	*sum = block->fsum - kept->fsum;
	*m2 = block->m2;
	if (n1 > 0 && n2 > 0)
		*m2 = block->m2 - codec_merge_m2(n1, kept->fsum, kept->m2, n2, *sum, 0);
	if (!(*m2 > 0))
		*m2 = 0;
}

/* between the bits of two floats, and back */
static int64
bits_apart(double value, double from)
{
	uint64		a,
				b;

	memcpy(&a, &value, sizeof a);
	memcpy(&b, &from, sizeof b);
	return (int64) (a - b);
}

static double
bits_away(double from, int64 distance)
{
	uint64		bits;
	double		value;

	memcpy(&bits, &from, sizeof bits);
	bits += (uint64) distance;
	memcpy(&value, &bits, sizeof value);
	return value;
}

static void
encode_floats(CutBlocks *cut, StringInfo out)
{
	for (int i = 0; i < cut->n; i++)
	{
		const ColumnSummary *sides = CUT_SIDES(cut, i);
		int			kept = kept_side(sides);
		double		sum = sides[!kept].fsum;
		double		m2 = sides[!kept].m2;

		cut->floats[0][i] = cut->extremes[i].min.f;
		cut->floats[1][i] = cut->extremes[i].max.f;
		cut->floats[2][i] = sides[kept].fsum;
		cut->floats[3][i] = sides[kept].m2;
		if (sides[!kept].flags & SUMMARY_SUM)
			tell_sums(CUT_BLOCK(cut, i), &sides[kept], &sides[!kept], &sum, &m2);
		cut->integers[0][i] = bits_apart(sides[!kept].fsum, sum);
		cut->integers[1][i] = bits_apart(sides[!kept].m2, m2);
	}
	append_fields(cut, 4, 2, out);
}

static bool
decode_floats(CutBlocks *cut, const char **at, const char *end)
{
	if (!take_fields(cut, 4, 2, at, end))
		return false;
	for (int i = 0; i < cut->n; i++)
	{
		ColumnSummary *sides = CUT_SIDES(cut, i);
		int			kept = kept_side(sides);
		double		sum,
					m2;

		cut->extremes[i].min.f = cut->floats[0][i];
		cut->extremes[i].max.f = cut->floats[1][i];
		set_extremes(CUT_BLOCK(cut, i), &cut->extremes[i], sides);
		sides[kept].fsum = cut->floats[2][i];
		sides[kept].m2 = cut->floats[3][i];
		if (!(sides[!kept].flags & SUMMARY_SUM))
			continue;
		tell_sums(CUT_BLOCK(cut, i), &sides[kept], &sides[!kept], &sum, &m2);
		sides[!kept].fsum = bits_away(sum, cut->integers[0][i]);
		sides[!kept].m2 = bits_away(m2, cut->integers[1][i]);
	}
	return true;
}

/* ---- all of a column ---- */

/* where no row is null, that is known anyway */
static bool
any_null(const CutBlocks *cut)
{
	for (int i = 0; i < cut->n; i++)
		if (CUT_BLOCK(cut, i)->values < CUT_BLOCK(cut, i)->rows)
			return true;
	return false;
}

void
sides_encode(const ColumnSummary *blocks, const ColumnSummary *sides, const CutPlace *cuts, int nblocks, StringInfo out)
{
	uint8		kind = blocks[0].kind;
	CutBlocks	cut;

	begin_cut_blocks(&cut, blocks, sides, cuts, nblocks);
	if (any_null(&cut))
	{
		for (int i = 0; i < cut.n; i++)
			cut.integers[0][i] = CUT_SIDES(&cut, i)->rows - CUT_SIDES(&cut, i)->values;
		append_fields(&cut, 0, 1, out);
	}
	if (kind_has_sides(kind))
	{
		for (int i = 0; i < cut.n; i++)
		{
			cut.extremes[i] = extremes_of(CUT_BLOCK(&cut, i), CUT_SIDES(&cut, i));
			cut.integers[0][i] = cut.extremes[i].word;
		}
		append_fields(&cut, 0, 1, out);
		if (kind == SUMMARY_FLOAT)
			encode_floats(&cut, out);
		else
			encode_integers(&cut, out);
	}
	end_cut_blocks(&cut);
}

static bool
take_nulls(CutBlocks *cut, const CutPlace *cuts, const char **at, const char *end)
{
	bool		any = any_null(cut);

	if (any && !take_fields(cut, 0, 1, at, end))
		return false;
	for (int i = 0; i < cut->n; i++)
	{
		const ColumnSummary *block = CUT_BLOCK(cut, i);
		ColumnSummary *sides = CUT_SIDES(cut, i);
		int			before = cuts[cut->places[i]].rows;
		int64		nulls = any ? cut->integers[0][i] : 0;

		if (nulls < 0 || nulls > before || nulls > block->rows - block->values ||
			block->rows - block->values - nulls > block->rows - before)
			return false;
		begin_side(block, before, before - nulls, &sides[0]);
		begin_side(block, block->rows - before, block->values - sides[0].values, &sides[1]);
	}
	return true;
}

static bool
take_words(CutBlocks *cut, const char **at, const char *end)
{
	if (!take_fields(cut, 0, 1, at, end))
		return false;
	for (int i = 0; i < cut->n; i++)
	{
		cut->extremes[i].word = cut->integers[0][i];
		if (cut->extremes[i].word < 0 || cut->extremes[i].word >= SIDES_WORD_END)
			return false;
	}
	return true;
}

/* two of sides for each block; what they are of blocks that are not cut is not said */
bool
sides_decode(const char *in, size_t len, const ColumnSummary *blocks, const CutPlace *cuts, int nblocks,
			 ColumnSummary *sides)
{
	const char *at = in;
	const char *end = in + len;
	uint8		kind = blocks[0].kind;
	CutBlocks	cut;
	bool		ok;

	begin_cut_blocks(&cut, blocks, sides, cuts, nblocks);
	ok = take_nulls(&cut, cuts, &at, end);
	if (ok && kind_has_sides(kind))
	{
		ok = take_words(&cut, &at, end) &&
			(kind == SUMMARY_FLOAT ? decode_floats(&cut, &at, end) : decode_integers(&cut, &at, end));
		for (int i = 0; ok && i < cut.n; i++)
			for (int s = 0; s < 2; s++)
				keep_known(&CUT_SIDES(&cut, i)[s], flags_of_sides(CUT_BLOCK(&cut, i)));
	}
	end_cut_blocks(&cut);
	return ok && at == end;
}

/* of the column that the rows of blocks are in order of */
void
sides_of_times(const ColumnSummary *blocks, const CutPlace *cuts, int nblocks, ColumnSummary *sides)
{
	for (int b = 0; b < nblocks; b++)
	{
		ColumnSummary *side = &sides[2 * b];
		int64		after = blocks[b].rows - cuts[b].rows;

		if (cuts[b].rows == 0)
			continue;
		begin_side(&blocks[b], cuts[b].rows, cuts[b].rows, &side[0]);
		begin_side(&blocks[b], after, after, &side[1]);
		side[0].flags = side[1].flags = SUMMARY_RANGE;
		side[0].min = blocks[b].min;
		side[0].max.i = cuts[b].before;
		side[1].min.i = cuts[b].after;
		side[1].max = blocks[b].max;
	}
}
