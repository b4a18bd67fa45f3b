/*
 * row_pieces.h
 *	  Instants in little memory: see row_pieces.c.
 */
#ifndef ROW_PIECES_H
#define ROW_PIECES_H

#include "territory.h"

#define ROW_PIECE_MAX 2048		/* instants */

/* of v_width, besides 0, 1, 2, 4 and 8 */
#define ROW_PIECE_RAW 254		/* values are doubles */
#define ROW_PIECE_NONE 255		/* there are no values */

/* followed by the values, then the times, of so many bytes each */
typedef struct RowPiece
{
	struct RowPiece *next;
	int64		t;				/* the first */
	int64		end;			/* the last */
	int64		t_unit;			/* of t_width 0 the step, else what numbers are of */
	int64		v_least;
	int16		n;
	uint8		t_width;
	uint8		v_width;
	uint8		decimals;
} RowPiece;

static inline Size
row_piece_values_size(const RowPiece *piece)
{
	return piece->v_width == ROW_PIECE_NONE ? 0 :
		TYPEALIGN(8, (Size) piece->n * (piece->v_width == ROW_PIECE_RAW ? sizeof(double) : piece->v_width));
}

static inline Size
row_piece_size(const RowPiece *piece)
{
	return MAXALIGN(sizeof(RowPiece) + row_piece_values_size(piece) + (Size) piece->n * piece->t_width);
}

extern RowPiece *row_piece_encode(MemoryContext context, const int64 *t, const double *v, int n);
extern void row_piece_decode(const RowPiece *piece, int64 *t, double *v);
extern bool row_piece_valid(const RowPiece *piece, Size size);

#endif
