/*
 * summary.h
 *	  What the values of a column over a block or a segment add up to.
 */
#ifndef SUMMARY_H
#define SUMMARY_H

#include "territory.h"
#include "access/attnum.h"
#include "lib/stringinfo.h"

#include "segment/blocks.h"
#include "segment/column.h"

/* what a column's type lets us say; on disk, never renumber */
typedef enum SummaryKind
{
	SUMMARY_NONE = 0,			/* how many, and how many nulls */
	SUMMARY_INTEGER = 1,		/* types with ZONE_INTEGER and ZONE_OID */
	SUMMARY_DECIMAL = 2,		/* numeric: integers of one scale */
	SUMMARY_FLOAT = 3,
	SUMMARY_BOX = 4,			/* geometries */
} SummaryKind;

/* what is known; none of it where there is no value */
#define SUMMARY_RANGE	1		/* min and max are values of the column */
#define SUMMARY_SUM		2		/* floats: the second moment, too */
#define SUMMARY_SQUARES 4		/* integers and decimals */
#define SUMMARY_ENDS	8		/* first and last, and whether the end rows are null */
#define SUMMARY_FIRST_NULL 16	/* the first row is null; first is that of the first value */
#define SUMMARY_LAST_NULL 32
#define SUMMARY_BOUNDS	64		/* every value lies in the box */

typedef union SummaryValue
{
	int64		i;				/* decimals: times 10 ^ scale */
	double		f;				/* float4 as float8 */
} SummaryValue;

typedef struct ColumnSummary
{
	AttrNumber	attno;
	uint8		kind;			/* SummaryKind */
	uint8		zone;			/* ZoneKind: differs from the column's where the type changed since */
	uint8		scale;			/* of decimals */
	uint8		flags;
	int16		unused;			/* zero */
	int64		rows;
	int64		values;			/* rows that are not null */
	SummaryValue min;			/* a NaN may be another NaN */
	SummaryValue max;
	SummaryValue first;			/* by row, and so by time where SUMMARY_ENDS is set */
	SummaryValue last;
	int128		sum;			/* integers; decimals times 10 ^ scale */
	int128		squares;		/* of these integers */
	double		fsum;			/* floats */
	double		m2;				/* floats: sum of (value - mean) ^ 2 */
	double		box[4];			/* xmin, ymin, xmax, ymax */
} ColumnSummary;

struct ZoneMap;

/* rows of a block; where it is cut, its sides */
typedef enum BlockSide
{
	BLOCK_WHOLE,
	BLOCK_BEFORE,				/* the cut */
	BLOCK_AFTER,
} BlockSide;

extern SummaryKind summary_kind(const ColumnType *type);
extern void summary_compute(const ColumnType *type, AttrNumber attno, const Datum *values, const bool *nulls, int n,
							bool ordered, ColumnSummary *summary, struct ZoneMap *zone);
extern void summary_merge(ColumnSummary *to, const ColumnSummary *from, bool ordered);
extern bool summary_equal(const ColumnSummary *a, const ColumnSummary *b);

/* streams of one column over all blocks of a segment; rows, values and zones are the header's */
extern void summaries_encode(const ColumnSummary *summaries, int nblocks, StringInfo out);
extern bool summaries_decode(const char *in, size_t len, int nblocks, ColumnSummary *summaries);

/* sides.c: of blocks and their sides, two for each */
extern void side_compute(const ColumnType *type, const ColumnSummary *block, const Datum *values, const bool *nulls,
						 int n, ColumnSummary *side);
extern void sides_encode(const ColumnSummary *blocks, const ColumnSummary *sides, const CutPlace *cuts, int nblocks,
						 StringInfo out);
extern bool sides_decode(const char *in, size_t len, const ColumnSummary *blocks, const CutPlace *cuts, int nblocks,
						 ColumnSummary *sides);
extern void sides_of_times(const ColumnSummary *blocks, const CutPlace *cuts, int nblocks, ColumnSummary *sides);

/* one summary of a segment, in its directory entry */
#define SUMMARY_MAX_BYTES 80

extern void summary_put(StringInfo out, const ColumnSummary *summary);
extern bool summary_take(const char **at, const char *end, ColumnSummary *summary);

/* integers onto out, and back; what follows is left */
extern void append_integers(StringInfo out, const int64 *values, int n);
extern void append_floats(StringInfo out, const double *values, int n);
extern bool take_integer_stream(const char **at, const char *end, int n, int64 *values);
extern bool take_float_stream(const char **at, const char *end, int n, double *values);

#endif
