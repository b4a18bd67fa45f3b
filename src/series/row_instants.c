/*
 * row_instants.c
 *	  Rows of one group as an array of instants: the state that every aggregate
 *	  shares whose result depends on the order of time.
 *
 * The idea: rows come in any order, from several workers, from hot rows and
 * from sealed blocks.  Any row may fall between two that came before, so
 * nothing can be added up before the last one is there.  The state keeps each
 * instant, in pieces of neighbours that take one or two bytes a row where rows
 * are regular and have few decimals, 16 at most (row_pieces.c); when the result
 * is asked for, pieces that do not overlap only have to be put one after the
 * other, others are sorted.
 *
 * Invariants:
 * - The result depends on the set of rows only, not on their order, nor on
 *	 how they were dealt to workers: the same to the last bit.
 * - A row whose value or time is null is no row.  Values are finite, times are
 *	 finite.  Of rows of the same time the one with the greatest value counts.
 * - Memory is that of the instants of the groups at hand, as with array_agg(),
 *	 whatever work_mem is, and 16 bytes a row of one group, for its result.
 *	 Between workers a group's pieces take at most 1 GB.
 */
#include "territory.h"

#include <math.h>

#include "libpq/pqformat.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "codec/codec_stream.h"
#include "series/row_instants.h"
#include "series/row_pieces.h"
#include "series/series.h"

#define MOST_ARGUMENTS 8
/* of a tail: with its head, so many instants fill a power of two of bytes, to which the allocator rounds up */
#define FIRST_ROOM 3
#define MOST_IN_TAIL 31			/* with more it becomes a piece, which is a quarter as large */
#define MOST_AT_ONCE (128 * 1024)	/* so that what is allocated is near what is used, which work_mem limits */
#define FEW 8					/* so many are no piece of their own */

PG_FUNCTION_INFO_V1(territory_row_instants_combine);
PG_FUNCTION_INFO_V1(territory_row_instants_serial);
PG_FUNCTION_INFO_V1(territory_row_instants_deserial);

/* ---- arguments ---- */

/* where states live */
MemoryContext
row_state_context(FunctionCallInfo call)
{
	MemoryContext context;

	if (!AggCheckCallContext(call, &context))
		elog(ERROR, "this function belongs to an aggregate, and is not called by itself");
	return context;
}

/* a transition function is a batch of one row */
Datum
row_add(FunctionCallInfo call, BatchFunction take)
{
	BatchArgument args[MOST_ARGUMENTS];
	void	   *state = call->args[0].isnull ? NULL : DatumGetPointer(call->args[0].value);

	Assert(call->nargs <= MOST_ARGUMENTS);
	for (int i = 1; i < call->nargs; i++)
	{
		args[i - 1] = (BatchArgument){.values = &call->args[i].value};
		if (call->args[i].isnull)
			args[i - 1].nulls = &call->args[i].isnull;
	}
	state = take(call, state, args, 1);
	call->isnull = state == NULL;
	return PointerGetDatum(state);
}

void
row_refuse_null(const char *argument)
{
	ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("%s must not be null", argument)));
}

void
row_check_finite(double value)
{
	if (!isfinite(value))
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("a value is %s", isnan(value) ? "NaN" : "infinite"),
						errhint("Leave such rows out: FILTER (WHERE value < 'Infinity' AND value > '-Infinity').")));
}

static bool
row_all_finite(const double *values, int n)
{
	int			odd = 0;

	for (int i = 0; i < n; i++)
		odd |= !(values[i] - values[i] == 0);
	return !odd;
}

/* is it linear? */
bool
row_interpolation(const BatchArgument *arg, int row)
{
	text	   *name;

	if (batch_null(arg, row))
		row_refuse_null("interpolation");
	name = DatumGetTextPP(batch_value(arg, row));
	if (VARSIZE_ANY_EXHDR(name) == 6 && memcmp(VARDATA_ANY(name), "linear", 6) == 0)
		return true;
	if (VARSIZE_ANY_EXHDR(name) != 4 || memcmp(VARDATA_ANY(name), "step", 4) != 0)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("unknown interpolation \"%s\"", text_to_cstring(name)),
						errhint("Between rows, values are \"step\" or \"linear\".")));
	return false;
}

/* microseconds of an interval that is longer than nothing, and always the same */
double
row_duration(const BatchArgument *arg, int row, const char *argument)
{
	Interval   *span;
	double		duration;

	if (batch_null(arg, row))
		row_refuse_null(argument);
	span = DatumGetIntervalP(batch_value(arg, row));
	if (span->month != 0)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("%s has months or years, which are not always of the same length", argument),
						errhint("Say it in days or less; a day is taken for 24 hours.")));
	duration = (double) span->day * USECS_PER_DAY + (double) span->time;
	if (duration <= 0)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("%s must be greater than zero", argument)));
	return duration;
}

/* hours, minutes and seconds, without days, so that it is exact */
Datum
row_interval(double microseconds)
{
	Interval   *span = palloc0(sizeof(Interval));

	span->time = (int64) rint(microseconds);
	return IntervalPGetDatum(span);
}

/* ---- instants in memory ---- */

typedef struct Instant
{
	TimestampTz t;
	double		v;
} Instant;

/* the one that counts comes last; of 0 and -0 it is 0 */
static inline int
compare_instants(const Instant *a, const Instant *b)
{
	if (a->t != b->t)
		return a->t < b->t ? -1 : 1;
	if (a->v != b->v)
		return a->v < b->v ? -1 : 1;
	return (int) !signbit(a->v) - (int) !signbit(b->v);
}

#define ST_SORT sort_instants
#define ST_ELEMENT_TYPE Instant
#define ST_COMPARE(a, b) compare_instants(a, b)
#define ST_SCOPE static
#define ST_DEFINE
#define ST_DECLARE
#define ST_CHECK_FOR_INTERRUPTS
#include "lib/sort_template.h"

/* of one group */
struct RowState
{
	RowOptions	options;
	int64		n;				/* instants, with those of the tail */
	bool		valued;
	RowPiece   *pieces;			/* newest first */
	struct RowTail *tail;		/* instants that came one by one; NULL: none did */
};

typedef struct RowTail
{
	int			n;
	int			room;
	Instant		instants[FLEXIBLE_ARRAY_MEMBER];
} RowTail;

/*
 * Where states and pieces live, which are many, small and never freed one by
 * one: in a context below that of the aggregate's states, which rounds no size
 * up.  It is found as one of the first children; others may stand before it.
 */
static MemoryContext
arena(MemoryContext context)
{
	static const char *const name = "territory instants";
	MemoryContext child = context->firstchild;

	for (int i = 0; child && i < 8; i++, child = child->nextchild)
		if (child->name == name)
			return child;
	return GenerationContextCreate(context, name, ALLOCSET_SMALL_MINSIZE, ALLOCSET_SMALL_INITSIZE, MOST_AT_ONCE);
}

static RowState *
new_state(MemoryContext context, const RowOptions *options, bool valued)
{
	RowState   *state = MemoryContextAllocZero(arena(context), sizeof(RowState));

	state->options = *options;
	state->valued = valued;
	return state;
}

static void
check_options(const RowOptions *a, const RowOptions *b)
{
	if (a->linear != b->linear || a->number != b->number)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("an option of an aggregate differs between rows of a group"),
						errhint("Only the first arguments, which are measured, may come from columns.")));
}

static void
check_time(TimestampTz t)
{
	if (TIMESTAMP_NOT_FINITE(t))
		ereport(ERROR, (errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE), errmsg("a time is infinite"),
						errhint("Leave such rows out: FILTER (WHERE isfinite(t)).")));
}

/* instants in order, without two of the same time: how many are left */
static int64
sort(Instant *instants, int64 n)
{
	int64		left = 0;

	sort_instants(instants, n);
	for (int64 i = 0; i < n; i++)
	{
		if (left > 0 && instants[left - 1].t == instants[i].t)
			left--;
		instants[left++] = instants[i];
	}
	return left;
}

/* a piece of instants in any order, which are sorted in place */
static RowPiece *
piece_of(MemoryContext context, Instant *instants, int n, bool valued)
{
	int64		t[ROW_PIECE_MAX];
	double		v[ROW_PIECE_MAX];

	n = (int) sort(instants, n);
	for (int i = 0; i < n; i++)
	{
		t[i] = instants[i].t;
		v[i] = instants[i].v;
	}
	return row_piece_encode(context, t, valued ? v : NULL, n);
}

static void
add_piece(RowState *state, RowPiece *piece)
{
	piece->next = state->pieces;
	state->pieces = piece;
	state->n += piece->n;
}

/* the tail becomes a piece */
static void
end_tail(MemoryContext context, RowState *state)
{
	RowTail    *tail = state->tail;

	state->n -= tail->n;
	add_piece(state, piece_of(arena(context), tail->instants, tail->n, state->valued));
	tail->n = 0;
}

/* room for one more */
static RowTail *
tail_with_room(MemoryContext context, RowState *state)
{
	RowTail    *tail = state->tail;
	int			room;

	if (tail && tail->n < tail->room)
		return tail;
	if (tail && tail->room == MOST_IN_TAIL)
	{
		end_tail(context, state);
		return tail;
	}
	room = tail ? tail->room * 2 + 1 : FIRST_ROOM;
	tail = MemoryContextAlloc(context, offsetof(RowTail, instants) + room * sizeof(Instant));
	tail->n = 0;
	if (state->tail)
	{
		memcpy(tail, state->tail, offsetof(RowTail, instants) + state->tail->n * sizeof(Instant));
		pfree(state->tail);
	}
	tail->room = room;
	return state->tail = tail;
}

static inline void
append_instant(MemoryContext context, RowState *state, TimestampTz t, const double *v)
{
	RowTail    *tail;

	check_time(t);
	if (v)
		row_check_finite(*v);
	tail = tail_with_room(context, state);
	tail->instants[tail->n].t = t;
	tail->instants[tail->n++].v = v ? *v : 0;
	state->n++;
}

CODEC_CLONES static bool
is_sorted(const TimestampTz *t, int n)
{
	int			odd = 0;

	for (int i = 1; i < n; i++)
		odd |= t[i] <= t[i - 1];
	return !odd;
}

/* many, none of them null, at most ROW_PIECE_MAX */
static void
append_instants(MemoryContext context, RowState *state, const TimestampTz *t, const double *v, int n)
{
	Instant    *instants;

	if (v && !row_all_finite(v, n))
		for (int i = 0; i < n; i++)
			row_check_finite(v[i]);
	if (is_sorted(t, n))
	{
		check_time(t[0]);
		check_time(t[n - 1]);
		add_piece(state, row_piece_encode(arena(context), t, v, n));
		return;
	}
	instants = palloc(n * sizeof(Instant));
	for (int i = 0; i < n; i++)
	{
		check_time(t[i]);
		instants[i].t = t[i];
		instants[i].v = v ? v[i] : 0;
	}
	add_piece(state, piece_of(arena(context), instants, n, state->valued));
	pfree(instants);
}

/* how many, at most so many, have no null, from row i on */
static int
rows_until_null(const bool *v_nulls, const bool *t_nulls, int i, int most)
{
	int			n = 0;

	while (n < most && !(v_nulls && v_nulls[i + n]) && !(t_nulls && t_nulls[i + n]))
		n++;
	return n;
}

/* rows into a state, which is made for the first that counts; v is NULL where times are all there is, nulls where none is */
RowState *
row_instants_take(FunctionCallInfo call, RowState *state, const RowOptions *options, const double *v,
				  const bool *v_nulls, const TimestampTz *t, const bool *t_nulls, int n)
{
	MemoryContext context = row_state_context(call);

	if (state)
		check_options(&state->options, options);
	for (int i = 0, some; i < n; i += some)
	{
		some = Min(n - i, ROW_PIECE_MAX);
		if (v_nulls || t_nulls)
			some = rows_until_null(v_nulls, t_nulls, i, some);
		if (some == 0)
		{
			some = 1;
			continue;
		}
		if (state == NULL)
			state = new_state(context, options, v != NULL);
		if (some < FEW)
			for (int k = i; k < i + some; k++)
				append_instant(context, state, t[k], v ? v + k : NULL);
		else
			append_instants(context, state, t + i, v ? v + i : NULL, some);
	}
	return state;
}

/* of an aggregate whose arguments are a value, a time, then so many options */
RowState *
row_instants_take_args(FunctionCallInfo call, RowState *state, const BatchArgument *args, int n, int noptions,
					   RowOptionsFunction read)
{
	bool		same = !args[0].constant && !args[1].constant;

	for (int o = 0; o < noptions; o++)
		same = same && args[2 + o].constant;
	for (int i = 0, end; i < n; i = end)
	{
		RowOptions	options = {0};
		Datum		value = batch_value(&args[0], i);
		Datum		t = batch_value(&args[1], i);
		bool		v_null = batch_null(&args[0], i);
		bool		t_null = batch_null(&args[1], i);

		if (read)
			read(args, i, &options);
		end = same ? n : i + 1;
		if (same)
			state = row_instants_take(call, state, &options, (const double *) args[0].values, args[0].nulls,
									  (const TimestampTz *) args[1].values, args[1].nulls, n);
		else
			state = row_instants_take(call, state, &options, (const double *) &value, &v_null,
									  (const TimestampTz *) &t, &t_null, 1);
	}
	return state;
}

/* ---- order ---- */

static int
compare_pieces(const void *a, const void *b)
{
	int64		t_a = (*(RowPiece *const *) a)->t;
	int64		t_b = (*(RowPiece *const *) b)->t;

	return t_a < t_b ? -1 : t_a > t_b;
}

/* all pieces, one after the other in time, as far as they do not overlap: how many */
static int
pieces_in_order(const RowState *state, RowPiece ***pieces)
{
	int			n = 0;

	for (RowPiece *piece = state->pieces; piece; piece = piece->next)
		n++;
	*pieces = palloc(sizeof(RowPiece *) * Max(n, 1));
	n = 0;
	for (RowPiece *piece = state->pieces; piece; piece = piece->next)
		(*pieces)[n++] = piece;
	qsort(*pieces, n, sizeof(RowPiece *), compare_pieces);
	return n;
}

/* what is not in order yet */
static void
sort_all(RowInstants *all, bool valued)
{
	Instant    *instants = MemoryContextAllocHuge(CurrentMemoryContext, all->n * sizeof(Instant));

	for (int64 i = 0; i < all->n; i++)
	{
		instants[i].t = all->t[i];
		instants[i].v = valued ? all->v[i] : 0;
	}
	all->n = sort(instants, all->n);
	for (int64 i = 0; i < all->n; i++)
	{
		all->t[i] = instants[i].t;
		if (valued)
			all->v[i] = instants[i].v;
	}
	pfree(instants);
}

/* the state of a final function: its instants in order, in the current memory context; the state stays as it is */
const RowInstants *
row_instants_sorted(FunctionCallInfo call)
{
	const RowState *state = (RowState *) DatumGetPointer(call->args[0].value);
	RowInstants *all = palloc0(sizeof(RowInstants));
	RowPiece  **pieces;
	int			npieces = pieces_in_order(state, &pieces);
	bool		sorted = true;

	row_state_context(call);
	all->options = state->options;
	all->t = MemoryContextAllocHuge(CurrentMemoryContext, state->n * sizeof(TimestampTz));
	if (state->valued)
		all->v = MemoryContextAllocHuge(CurrentMemoryContext, state->n * sizeof(double));
	for (int p = 0; p < npieces; p++)
	{
		row_piece_decode(pieces[p], all->t + all->n, state->valued ? all->v + all->n : NULL);
		sorted = sorted && (p == 0 || pieces[p - 1]->end < pieces[p]->t);
		all->n += pieces[p]->n;
	}
	for (int i = 0; state->tail && i < state->tail->n; i++)
	{
		const Instant *instant = &state->tail->instants[i];

		sorted = sorted && (all->n == 0 || all->t[all->n - 1] < instant->t);
		all->t[all->n] = instant->t;
		if (state->valued)
			all->v[all->n] = instant->v;
		all->n++;
	}
	Assert(all->n == state->n);
	if (!sorted)
		sort_all(all, state->valued);
	series_check_span(all->t[0], all->t[all->n - 1], "what is aggregated by time");
	return all;
}

/* ---- states of workers ---- */

Datum
territory_row_instants_combine(PG_FUNCTION_ARGS)
{
	MemoryContext context = row_state_context(fcinfo);
	RowState   *a = PG_ARGISNULL(0) ? NULL : (RowState *) PG_GETARG_POINTER(0);
	const RowState *b = PG_ARGISNULL(1) ? NULL : (RowState *) PG_GETARG_POINTER(1);

	if (b)
	{
		if (a == NULL)
			a = new_state(context, &b->options, b->valued);
		check_options(&a->options, &b->options);
		for (const RowPiece *piece = b->pieces; piece; piece = piece->next)
		{
			Size		size = row_piece_size(piece);

			add_piece(a, memcpy(MemoryContextAlloc(arena(context), size), piece, size));
		}
		for (int i = 0; b->tail && i < b->tail->n; i++)
			append_instant(context, a, b->tail->instants[i].t, b->valued ? &b->tail->instants[i].v : NULL);
	}
	if (a == NULL)
		PG_RETURN_NULL();
	PG_RETURN_POINTER(a);
}

/* between processes of one query: RowState, then its pieces, as they are */
Datum
territory_row_instants_serial(PG_FUNCTION_ARGS)
{
	const RowState *state = (RowState *) PG_GETARG_POINTER(0);
	RowPiece   *tail = NULL;
	Size		size = VARHDRSZ + sizeof(RowState);
	char	   *bytes;
	char	   *at;

	row_state_context(fcinfo);
	if (state->tail && state->tail->n > 0)
	{
		Instant		instants[MOST_IN_TAIL];

		memcpy(instants, state->tail->instants, state->tail->n * sizeof(Instant));
		tail = piece_of(CurrentMemoryContext, instants, state->tail->n, state->valued);
		tail->next = state->pieces;
	}
	for (const RowPiece *piece = tail ? tail : state->pieces; piece; piece = piece->next)
		size += row_piece_size(piece);
	if (!AllocSizeIsValid(size))
		ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
						errmsg("a group has too many rows (" INT64_FORMAT ") for parallel workers", state->n),
						errhint("Group by shorter times, or SET max_parallel_workers_per_gather = 0.")));
	bytes = palloc(size);
	SET_VARSIZE(bytes, size);
	at = VARDATA(bytes);
	memcpy(at, state, sizeof(RowState));
	at += sizeof(RowState);
	for (const RowPiece *piece = tail ? tail : state->pieces; piece; piece = piece->next)
	{
		memcpy(at, piece, row_piece_size(piece));
		at += row_piece_size(piece);
	}
	PG_RETURN_BYTEA_P(bytes);
}

Datum
territory_row_instants_deserial(PG_FUNCTION_ARGS)
{
	bytea	   *bytes = PG_GETARG_BYTEA_PP(0);
	Size		size = VARSIZE_ANY_EXHDR(bytes);
	char	   *at = palloc(Max(size, sizeof(RowState)));
	char	   *end = at + size;
	RowState   *state = (RowState *) at;

	row_state_context(fcinfo);
	memcpy(at, VARDATA_ANY(bytes), size);
	if (size <= sizeof(RowState))
		elog(ERROR, "the state of an aggregate is damaged");
	state->n = 0;
	state->pieces = NULL;
	state->tail = NULL;
	for (at += sizeof(RowState); at < end; at += row_piece_size((RowPiece *) at))
	{
		if (!row_piece_valid((RowPiece *) at, end - at))
			elog(ERROR, "the state of an aggregate is damaged");
		add_piece(state, (RowPiece *) at);
	}
	PG_RETURN_POINTER(state);
}

/* ---- all families ---- */

void
row_init(void)
{
	row_weighted_init();
	row_counter_init();
	row_state_init();
	row_gap_init();
	row_exceedance_init();
	row_first_last_init();
	row_stats_init();
	row_histogram_init();
}
