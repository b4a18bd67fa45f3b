/*
 * row_instants.h
 *	  The state of aggregates over rows that depend on the order of time.
 *
 * See row_instants.c.  An aggregate has a take function, which is its batch
 * function and, through row_add(), its transition function, and a final
 * function that begins with row_instants_sorted().
 */
#ifndef ROW_INSTANTS_H
#define ROW_INSTANTS_H

#include "territory.h"
#include "datatype/timestamp.h"
#include "fmgr.h"

#include "vector/vector_batch.h"

/* sums are added up from sums of so many terms, so that errors of a million of them do not pile up */
#define ROW_PART 512

#define ROW_CHUNK 256			/* rows that a take function turns into instants at once */

/* what an aggregate was told besides its rows: the same in all rows of a group */
typedef struct RowOptions
{
	bool		linear;			/* between instants; else a value holds until the next */
	double		number;			/* maximum of a counter, threshold, or microseconds of an interval */
} RowOptions;

/* the state of an aggregate, in row_instants.c */
typedef struct RowState RowState;

/* the instants of a state in order of time, each of its own */
typedef struct RowInstants
{
	RowOptions	options;
	int64		n;				/* at least 1 */
	TimestampTz *t;
	double	   *v;				/* NULL: there are none */
} RowInstants;

/* reads the options of a row from the aggregate's arguments */
typedef void (*RowOptionsFunction) (const BatchArgument *args, int row, RowOptions *options);

/* row_instants.c */
extern MemoryContext row_state_context(FunctionCallInfo call);
extern Datum row_add(FunctionCallInfo call, BatchFunction take);
extern RowState *row_instants_take(FunctionCallInfo call, RowState *state, const RowOptions *options,
									  const double *v, const bool *v_nulls, const TimestampTz *t, const bool *t_nulls,
									  int n);
extern RowState *row_instants_take_args(FunctionCallInfo call, RowState *state, const BatchArgument *args, int n,
										   int noptions, RowOptionsFunction read);
extern const RowInstants *row_instants_sorted(FunctionCallInfo call);
extern void row_check_finite(double value);
extern void row_refuse_null(const char *argument);
extern bool row_interpolation(const BatchArgument *arg, int row);
extern double row_duration(const BatchArgument *arg, int row, const char *argument);
extern Datum row_interval(double microseconds);

/* all files of rows: their batches */
extern void row_init(void);
extern void row_weighted_init(void);
extern void row_counter_init(void);
extern void row_state_init(void);
extern void row_gap_init(void);
extern void row_exceedance_init(void);
extern void row_first_last_init(void);
extern void row_stats_init(void);
extern void row_histogram_init(void);

#endif
