/*
 * row_pieces.c
 *	  Instants in little memory: what aggregates over rows keep of a run of rows.
 *
 * The idea: rows of a sensor mostly come at a regular step, with a few decimals,
 * and near each other.  So a piece keeps times as a step, or as numbers of
 * seconds from the first, and values as whole numbers of some decimal from the
 * smallest, in 1, 2, 4 or 8 bytes each: 1 or 2 bytes a row instead of 16, for a
 * few operations a row, which the codecs of src/codec, with all that they try,
 * would take ten times.
 *
 * Invariant: what is decoded is what was encoded, bit for bit; values that are
 * no such decimals are kept as they are.
 */
#include "territory.h"

#include "utils/memutils.h"

#include "codec/codec_stream.h"
#include "series/row_pieces.h"

/* beyond which a double does not tell all whole numbers; also what the rounding below needs */
#define MOST_WHOLE 2251799813685248.0

static const double powers[] = {1, 10, 100, 1000, 10000, 100000, 1000000};

/* ---- numbers of few bytes ---- */

static int
width_of(uint64 range)
{
	return range == 0 ? 0 : range <= PG_UINT8_MAX ? 1 : range <= PG_UINT16_MAX ? 2 : range <= PG_UINT32_MAX ? 4 : 8;
}

/* numbers - least, in so many bytes each */
CODEC_CLONES static void
put_numbers(char *to, const int64 *numbers, int n, int64 least, int width)
{
	switch (width)
	{
		case 0:
			break;
		case 1:
			for (int i = 0; i < n; i++)
				((uint8 *) to)[i] = (uint8) ((uint64) numbers[i] - (uint64) least);
			break;
		case 2:
			for (int i = 0; i < n; i++)
				((uint16 *) to)[i] = (uint16) ((uint64) numbers[i] - (uint64) least);
			break;
		case 4:
			for (int i = 0; i < n; i++)
				((uint32 *) to)[i] = (uint32) ((uint64) numbers[i] - (uint64) least);
			break;
		default:
			for (int i = 0; i < n; i++)
				((uint64 *) to)[i] = (uint64) numbers[i] - (uint64) least;
	}
}

CODEC_CLONES static void
get_numbers(const char *from, int64 *numbers, int n, int64 least, int width)
{
	switch (width)
	{
		case 0:
			for (int i = 0; i < n; i++)
				numbers[i] = least;
			break;
		case 1:
			for (int i = 0; i < n; i++)
				numbers[i] = least + ((const uint8 *) from)[i];
			break;
		case 2:
			for (int i = 0; i < n; i++)
				numbers[i] = least + ((const uint16 *) from)[i];
			break;
		case 4:
			for (int i = 0; i < n; i++)
				numbers[i] = least + ((const uint32 *) from)[i];
			break;
		default:
			for (int i = 0; i < n; i++)
				numbers[i] = (int64) ((uint64) least + ((const uint64 *) from)[i]);
	}
}

/* ---- times ---- */

static bool
all_divisible(const int64 *t, int n, int64 unit)
{
	int			rest = 0;

	for (int i = 1; i < n; i++)
		rest |= (t[i] - t[0]) % unit != 0;
	return !rest;
}

CODEC_CLONES static bool
is_regular(const int64 *t, int n)
{
	int64		step = n > 1 ? t[1] - t[0] : 0;
	int64		odd = 0;

	for (int i = 2; i < n; i++)
		odd |= (t[i] - t[i - 1]) ^ step;
	return odd == 0;
}

/* how times, which do not decrease, are kept; what is put is into numbers */
static void
plan_times(RowPiece *piece, const int64 *t, int n, int64 *numbers)
{
	piece->t = t[0];
	piece->t_width = 0;
	if (is_regular(t, n))
	{
		piece->t_unit = n > 1 ? t[1] - t[0] : 0;
		return;
	}
	piece->t_unit = all_divisible(t, n, USECS_PER_SEC) ? USECS_PER_SEC : all_divisible(t, n, 1000) ? 1000 : 1;
	piece->t_width = width_of((uint64) (t[n - 1] - t[0]) / piece->t_unit);
	for (int i = 0; i < n; i++)
		numbers[i] = (t[i] - t[0]) / piece->t_unit;
}

/* ---- values ---- */

/*
 * Values as whole numbers of 10 ^ -decimals; false: not all are.  Adding a large
 * number rounds to whole ones, and leaves them in the bits of the sum.
 */
CODEC_CLONES static bool
as_whole(const double *v, int n, int decimals, int64 *numbers)
{
	const double power = powers[decimals];
	const double large = MOST_WHOLE * 3;
	int64		odd = 0;

	for (int i = 0; i < n; i++)
	{
		double		sum = v[i] * power + large;
		double		whole = sum - large;
		double		back = whole / power;
		int64		bits,
					is,
					was;

		memcpy(&bits, &sum, sizeof bits);
		memcpy(&is, &back, sizeof is);
		memcpy(&was, &v[i], sizeof was);
		numbers[i] = bits;
		odd |= (is ^ was) | -(int64) (whole >= MOST_WHOLE) | -(int64) (whole <= -MOST_WHOLE);
	}
	if (odd)
		return false;
	for (int i = 0; i < n; i++)
		numbers[i] -= INT64CONST(0x4338000000000000);	/* bits of large */
	return true;
}

/* how values are kept; as numbers, if they can be */
static void
plan_values(RowPiece *piece, const double *v, int n, int64 *numbers)
{
	int64		most;

	piece->v_least = 0;
	piece->v_width = ROW_PIECE_RAW;
	for (piece->decimals = 0; piece->decimals < lengthof(powers); piece->decimals++)
	{
		/* one value tells of most scales that they are too coarse */
		if (as_whole(v, 1, piece->decimals, numbers) && as_whole(v, n, piece->decimals, numbers))
			break;
	}
	if (piece->decimals == lengthof(powers))
		return;
	piece->v_least = most = numbers[0];
	for (int i = 1; i < n; i++)
	{
		piece->v_least = Min(piece->v_least, numbers[i]);
		most = Max(most, numbers[i]);
	}
	piece->v_width = width_of((uint64) most - (uint64) piece->v_least);
}

CODEC_CLONES static void
divide_numbers(const int64 *numbers, int n, double power, double *v)
{
	for (int i = 0; i < n; i++)
		v[i] = (double) numbers[i] / power;
}

/* ---- pieces ---- */

/* at most ROW_PIECE_MAX instants whose times do not decrease; v may be NULL */
RowPiece *
row_piece_encode(MemoryContext context, const int64 *t, const double *v, int n)
{
	int64		times[ROW_PIECE_MAX];
	int64		numbers[ROW_PIECE_MAX];
	RowPiece	plan = {0};
	RowPiece   *piece;
	char	   *at;

	Assert(n > 0 && n <= ROW_PIECE_MAX);
	plan.n = n;
	plan.end = t[n - 1];
	plan_times(&plan, t, n, times);
	if (v)
		plan_values(&plan, v, n, numbers);
	else
		plan.v_width = ROW_PIECE_NONE;
	piece = MemoryContextAlloc(context, row_piece_size(&plan));
	memcpy(piece, &plan, sizeof(RowPiece));
	at = (char *) (piece + 1);
	if (plan.v_width == ROW_PIECE_RAW)
		memcpy(at, v, n * sizeof(double));
	else if (plan.v_width != ROW_PIECE_NONE)
		put_numbers(at, numbers, n, plan.v_least, plan.v_width);
	put_numbers(at + row_piece_values_size(&plan), times, n, 0, plan.t_width);
	return piece;
}

/* v is not written where the piece has no values */
void
row_piece_decode(const RowPiece *piece, int64 *t, double *v)
{
	const char *at = (const char *) (piece + 1);
	int			n = piece->n;

	if (piece->v_width == ROW_PIECE_RAW)
		memcpy(v, at, n * sizeof(double));
	else if (piece->v_width != ROW_PIECE_NONE)
	{
		const double power = powers[piece->decimals];
		int64		numbers[ROW_PIECE_MAX];

		get_numbers(at, numbers, n, piece->v_least, piece->v_width);
		divide_numbers(numbers, n, power, v);
	}
	if (piece->t_width == 0)
		for (int i = 0; i < n; i++)
			t[i] = piece->t + i * piece->t_unit;
	else
	{
		get_numbers(at + row_piece_values_size(piece), t, n, 0, piece->t_width);
		for (int i = 0; i < n; i++)
			t[i] = piece->t + t[i] * piece->t_unit;
	}
}

/* may these bytes be a piece? */
bool
row_piece_valid(const RowPiece *piece, Size size)
{
	return size >= sizeof(RowPiece) && piece->n > 0 && piece->n <= ROW_PIECE_MAX &&
		piece->decimals <= lengthof(powers) && (piece->decimals < lengthof(powers) || piece->v_width >= ROW_PIECE_RAW) &&
		size >= row_piece_size(piece);
}
