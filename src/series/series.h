/*
 * series.h
 *	  A section of a time series as one value: float_series, state_series and
 *	  point_series.
 *
 * The idea: the three types are one container.  Instants are cut into blocks
 * of at most SERIES_BLOCK, each encoded column by column with the codecs of
 * src/codec; the header holds an entry per block (time range, box), so a
 * question about one instant or one place reads the header and few blocks,
 * and appending encodes only the last block anew.
 *
 * Invariants of every value, checked wherever one is made (series_encode) and
 * again when one is read from a client or a damaged page:
 *	- at least one instant and at most SERIES_MAX_INSTANTS; instants strictly
 *	  increase, are finite, and span at most SERIES_MAX_SPAN;
 *	- floats and coordinates are finite (-0.0 is kept; NaN and infinities are
 *	  refused); a state is a text without length limit, never null;
 *	- "starts[i]" says that a section starts at instant i: nothing is known
 *	  between instants i - 1 and i.  starts[0] is true.  A discrete series
 *	  knows only its instants: all its starts are true (what a caller says of
 *	  them is not looked at);
 *	- state series are step or discrete, never linear;
 *	- equal contents have equal bytes (so equality, hash and DISTINCT are those
 *	  of bytes): blocks are full but for the last, states are numbered by
 *	  first appearance, and those that no instant has are left out.
 *
 * In step interpolation a value holds from its instant up to the next
 * instant of its section, that one excluded; a section's last value holds at
 * its own instant only.
 */
#ifndef SERIES_H
#define SERIES_H

#include "territory.h"
#include "codec/codec.h"
#include "datatype/timestamp.h"

#define SERIES_BLOCK	1024	/* instants in a block; at most CODEC_VECTOR */
#define SERIES_DIMS		3		/* x, y, z; a float series has one */
#define SERIES_VERSION	1
#define SERIES_MAX_SRID 999999	/* PostGIS' own limit */
#define SERIES_MAX_INSTANTS (1 << 27)	/* more than 4 years of seconds; 2.3 GB once decoded */

/* from the first instant to the last, so that the difference of two instants is a number of microseconds */
#define SERIES_MAX_YEARS 290000
#define SERIES_MAX_SPAN (SERIES_MAX_YEARS * INT64CONST(31557600) * USECS_PER_SEC)

/* on disk, never renumber */
typedef enum SeriesKind
{
	SERIES_FLOAT = 1,
	SERIES_STATE = 2,
	SERIES_POINT = 3,
} SeriesKind;

typedef enum SeriesInterpolation
{
	SERIES_DISCRETE = 0,
	SERIES_STEP = 1,
	SERIES_LINEAR = 2,
} SeriesInterpolation;

/* a series in memory: one array per column, all of n entries */
typedef struct Series
{
	SeriesKind	kind;
	SeriesInterpolation interpolation;
	int32		srid;			/* of points; 0 says unknown, and is all that others have */
	int			dims;			/* 1, or 2 or 3 for points */
	int			n;
	int			room;			/* entries allocated; grown by series_add */
	TimestampTz *t;
	double	   *v[SERIES_DIMS]; /* floats and coordinates; NULL for states */
	int32	   *codes;			/* of states: index into states; else NULL */
	bool	   *starts;
	int			num_states;
	text	  **states;			/* distinct */
	int			num_slots;		/* of series_state_code()'s hash table */
	int32	   *slots;
} Series;

/* on disk, one per block, 8-byte aligned behind the header */
typedef struct SeriesBlock
{
	TimestampTz start;
	TimestampTz end;
	double		min[SERIES_DIMS];	/* of floats and coordinates; 0 where there is none */
	double		max[SERIES_DIMS];
	uint32		offset;			/* of the block's streams, from the beginning of the value */
	uint32		length;
} SeriesBlock;

/* a series that is read block by block */
typedef struct SeriesReader
{
	SeriesKind	kind;
	SeriesInterpolation interpolation;
	int32		srid;
	int			dims;
	int			n;
	TimestampTz start;
	TimestampTz end;
	int			num_blocks;		/* block b holds instants b * SERIES_BLOCK and after */
	const SeriesBlock *blocks;
	int			num_states;
	text	  **states;			/* read at the first block of a state series */
	const Series *expanded;		/* what it was made of, if it never was encoded; else: */
	Datum		value;			/* as it came, toasted or not */
	struct varlena *whole;		/* detoasted, once more than a few blocks were asked for */
	uint32		size;			/* of the whole value */
	int			blocks_read;
} SeriesReader;

/*
 * In memory.  All that a series holds is allocated in the memory context that
 * was current when it was made, wherever it is added to.
 */
extern Series *series_new(SeriesKind kind, SeriesInterpolation interpolation, int32 srid, int dims, int room);
extern void series_reserve(Series *series, int room);
extern void series_add(Series *series, TimestampTz t, const double *v, bool starts);
extern void series_add_state(Series *series, TimestampTz t, const text *state, bool starts);
extern int32 series_state_code(Series *series, const text *state);	/* its number, a new one if need be */
extern int	series_find(const Series *series, TimestampTz t);	/* last instant <= t, or -1 */
extern void series_free(Series *series);
extern void series_check_space(const Series *series, int32 srid, int dims); /* an error where a point's differ */

/* to and from values; the encoder checks the invariants, with errors for users */
extern void series_check(const Series *series);
extern void series_bound_block(const Series *series, int first, int n, SeriesBlock *block);	/* its times and its box */
extern bool series_span_too_long(TimestampTz from, TimestampTz to);
extern void series_check_span(TimestampTz from, TimestampTz to, const char *what);
extern struct varlena *series_encode(const Series *series);
extern struct varlena *series_append(Datum value, const Series *tail);	/* tail may go on with the last section */
extern Series *series_decode(Datum value);
extern void series_span(struct varlena *value, TimestampTz *start, TimestampTz *end);	/* of a detoasted value */
extern SeriesReader *series_open(Datum value, SeriesKind kind);
extern Series *series_read(SeriesReader *reader, int first_block, int last_block);
extern int	series_find_block(const SeriesReader *reader, TimestampTz t);	/* last that starts <= t, or -1 */

/* for the next function only: nothing is encoded unless somebody asks for the bytes (series_expanded.c) */
extern Datum series_expand(Series *series);
extern const Series *series_of_expanded(Datum value);
extern const Series *series_view(Datum value);
extern Series *series_copy(const Series *series, int first, int n);
extern SeriesReader *series_open_expanded(const Series *series);
extern SeriesReader *series_open_whole(Datum value, SeriesKind kind);

/* names of interpolations: "discrete", "step", "linear"; SQLSTATE 22023 for another */
extern SeriesInterpolation series_interpolation(const char *name);
extern const char *series_interpolation_name(SeriesInterpolation interpolation);
extern const char *series_type_name(SeriesKind kind);
extern char *series_instant_text(TimestampTz t);	/* ISO 8601, for errors */

#define PG_GETARG_SERIES(i) series_decode(PG_GETARG_DATUM(i))
#define PG_GETARG_SERIES_VIEW(i) series_view(PG_GETARG_DATUM(i))
#define PG_RETURN_SERIES(series) PG_RETURN_POINTER(series_encode(series))

/* ... to another function, more often than not */
static inline Datum
series_result(Series *series)
{
	return series->kind == SERIES_STATE ? PointerGetDatum(series_encode(series)) : series_expand(series);
}

#define PG_RETURN_SERIES_ON(series) PG_RETURN_DATUM(series_result(series))

#endif
