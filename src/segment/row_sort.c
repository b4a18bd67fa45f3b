/*
 * row_sort.c
 *	  Rows in the order of a layout: by entity, then by time.
 *
 * The idea: sealing needs an entity's rows together and in order of time, but
 * not entities in any order that SQL knows.  So keys are made of 64-bit words
 * that compare as unsigned integers (a text's is its first bytes and a hash),
 * and are sorted by radix, word by word from the last one.  Rows come in order
 * of time mostly, and a word that is in order already costs one look at it: of
 * a day's readings only the entity's ten bits are sorted.
 *
 * Rows are kept as the by-value columns at fixed places, then the others as
 * they came (compressed and toasted ones stay so).  Those that outgrow the
 * memory are written as sorted runs to a temporary file, and merged.
 *
 * Invariant: rows with equal keys come out in the order in which they came in.
 */
#include "territory.h"

#include "access/detoast.h"
#include "commands/tablespace.h"
#include "common/hashfn.h"
#include "lib/binaryheap.h"
#include "miscadmin.h"
#include "port/pg_bitutils.h"
#include "storage/buffile.h"
#include "utils/datum.h"
#include "utils/memutils.h"

#include "segment/column.h"
#include "segment/row_sort.h"

#define CHUNK_SIZE (1024 * 1024)
#define RADIX_BITS 11
#define RADIX_SIZE (1 << RADIX_BITS)
#define PREFETCH 16				/* rows ahead */
#define MIN_RUN_BUFFER (8 * 1024)
#define MAX_RUN_BUFFER (1024 * 1024)
#define TEXT_WORDS 3

/* a row: this, key words, by-value columns, null bitmap, by-reference columns */
typedef struct SortedRow
{
	uint32		size;			/* of all, a multiple of MAXIMUM_ALIGNOF */
	ItemPointerData tid;
	uint16		has_nulls;
	uint32		unused;
	uint64		words[FLEXIBLE_ARRAY_MEMBER];
} SortedRow;

typedef struct SortColumn
{
	int			attribute;		/* from 0 */
	int16		len;
	bool		byval;
	int			offset;			/* of a by-value column, in the row */
} SortColumn;

typedef struct KeyColumn
{
	int			attribute;
	ColumnType	type;
	int			nwords;
} KeyColumn;

typedef struct SortEntry
{
	uint64		key;			/* the word that is being sorted */
	SortedRow  *row;
} SortEntry;

typedef struct Chunk
{
	struct Chunk *next;
	size_t		size;
	size_t		used;
	char		rows[FLEXIBLE_ARRAY_MEMBER];
} Chunk;

/* sorted rows in the temporary file, and those of them that were read */
typedef struct Run
{
	int			fileno;
	off_t		offset;
	size_t		left;			/* bytes in the file */
	char	   *buffer;
	size_t		capacity;
	size_t		at;
	size_t		filled;
} Run;

struct RowSort
{
	MemoryContext context;
	MemoryContext rows_context;
	TupleDesc	desc;
	int			nkeys;
	KeyColumn	keys[LAYOUT_MAX_ENTITY + 1];
	int			nwords;
	int			ncolumns;
	SortColumn *columns;		/* by-value first */
	int			nbyval;
	int			bitmap;			/* offsets in the row */
	int			first_reference;
	Datum	   *flat;			/* values of a row that has expanded objects */
	MemoryContext flat_context;

	size_t		memory;
	size_t		used;
	Chunk	   *chunks;			/* in order of arrival */
	Chunk	   *last_chunk;
	size_t		nrows;
	SortEntry  *entries;
	size_t		next;

	BufFile    *file;
	size_t		file_bytes;		/* of the run being written */
	int			nruns;
	Run		   *runs;
	binaryheap *merge;
	Run		   *handed;			/* its first row is the caller's */
};

/* ---- what a row looks like ---- */

static void
lay_out_columns(RowSort *sort)
{
	TupleDesc	desc = sort->desc;
	int			offset = offsetof(SortedRow, words) + sort->nwords * sizeof(uint64);

	sort->columns = palloc0(sizeof(SortColumn) * Max(desc->natts, 1));
	/* widest first, so that each is aligned */
	for (int len = 8; len > 0; len /= 2)
		for (int a = 0; a < desc->natts; a++)
		{
			Form_pg_attribute attribute = TupleDescAttr(desc, a);

			if (attribute->attisdropped || !attribute->attbyval || attribute->attlen != len)
				continue;
			sort->columns[sort->ncolumns++] = (SortColumn){a, attribute->attlen, true, offset};
			offset += len;
		}
	sort->nbyval = sort->ncolumns;
	for (int a = 0; a < desc->natts; a++)
		if (!TupleDescAttr(desc, a)->attisdropped && !TupleDescAttr(desc, a)->attbyval)
			sort->columns[sort->ncolumns++] = (SortColumn){a, TupleDescAttr(desc, a)->attlen, false, 0};
	sort->bitmap = offset;
	sort->first_reference = MAXALIGN(offset + (desc->natts + 7) / 8);
}

static void
add_key(RowSort *sort, AttrNumber attno)
{
	KeyColumn  *key = &sort->keys[sort->nkeys];

	for (int k = 0; k < sort->nkeys; k++)
		if (sort->keys[k].attribute == attno - 1)
			return;
	key->attribute = attno - 1;
	column_type_init(&key->type, TupleDescAttr(sort->desc, attno - 1));
	key->nwords = key->type.byval ? 1 : TEXT_WORDS;
	sort->nwords += key->nwords;
	sort->nkeys++;
}

/* NULL where the layout gives no order; memory is in kB */
RowSort *
row_sort_begin(TupleDesc desc, const Layout *layout, int memory)
{
	MemoryContext context,
				old;
	RowSort    *sort;

	if (layout->nentity == 0 && layout->time == InvalidAttrNumber)
		return NULL;
	context = AllocSetContextCreate(CurrentMemoryContext, "territory sort", ALLOCSET_DEFAULT_SIZES);
	old = MemoryContextSwitchTo(context);
	sort = palloc0(sizeof(RowSort));
	sort->context = context;
	sort->rows_context = AllocSetContextCreate(context, "territory sorted rows", ALLOCSET_DEFAULT_SIZES);
	sort->desc = desc;
	sort->memory = (size_t) memory * 1024;
	for (int e = 0; e < layout->nentity; e++)
		add_key(sort, layout->entity[e]);
	if (layout->time != InvalidAttrNumber)
		add_key(sort, layout->time);
	lay_out_columns(sort);
	sort->flat = palloc(sizeof(Datum) * Max(desc->natts, 1));
	sort->flat_context = AllocSetContextCreate(context, "territory flat values", ALLOCSET_SMALL_SIZES);
	MemoryContextSwitchTo(old);
	return sort;
}

void
row_sort_end(RowSort *sort)
{
	if (sort->file)
		BufFileClose(sort->file);
	MemoryContextDelete(sort->context);
}

/* ---- rows in ---- */

static uint64
first_bytes(const char *bytes, size_t len)
{
	uint64		word = 0;

	for (size_t i = 0; i < sizeof word; i++)
		word = word << 8 | (i < len ? (uint8) bytes[i] : 0);
	return word;
}

static void
key_words(const KeyColumn *key, Datum value, bool isnull, uint64 *words)
{
	if (isnull)
		for (int w = 0; w < key->nwords; w++)
			words[w] = PG_UINT64_MAX;
	else if (key->type.byval)
	{
		int64		number = key->type.zone == ZONE_NONE ? (int64) value : column_zone_key(key->type.zone, value);

		words[0] = (uint64) number ^ UINT64CONST(0x8000000000000000);
	}
	else
	{
		size_t		len;
		struct varlena *copy;
		const char *bytes = column_value_bytes(&key->type, value, &len, &copy);

		words[0] = first_bytes(bytes, len);
		words[1] = len > 8 ? first_bytes(bytes + 8, len - 8) : 0;
		words[2] = hash_bytes_extended((const unsigned char *) bytes, len, 0);
		if (copy)
			pfree(copy);
	}
}

static size_t
reference_size(const SortColumn *column, Datum value)
{
	return column->len == -1 ? VARSIZE_ANY(DatumGetPointer(value)) : datumGetSize(value, false, column->len);
}

/* the slot's values, but expanded objects, which live in memory only, as they are stored */
static const Datum *
flat_values(RowSort *sort, TupleTableSlot *slot)
{
	const Datum *values = slot->tts_values;

	for (int c = sort->nbyval; c < sort->ncolumns; c++)
	{
		int			a = sort->columns[c].attribute;
		MemoryContext old;

		if (sort->columns[c].len != -1 || slot->tts_isnull[a] ||
			!VARATT_IS_EXTERNAL_EXPANDED(DatumGetPointer(slot->tts_values[a])))
			continue;
		if (values == slot->tts_values)
		{
			MemoryContextReset(sort->flat_context);
			memcpy(sort->flat, slot->tts_values, sizeof(Datum) * sort->desc->natts);
			values = sort->flat;
		}
		old = MemoryContextSwitchTo(sort->flat_context);
		sort->flat[a] = PointerGetDatum(detoast_attr((struct varlena *) DatumGetPointer(slot->tts_values[a])));
		MemoryContextSwitchTo(old);
	}
	return values;
}

static size_t
row_size(RowSort *sort, const Datum *values, const bool *nulls)
{
	size_t		size = sort->first_reference;

	for (int c = sort->nbyval; c < sort->ncolumns; c++)
	{
		int			a = sort->columns[c].attribute;

		if (!nulls[a])
			size += MAXALIGN(reference_size(&sort->columns[c], values[a]));
	}
	return size;
}

static void
store_value(SortedRow *row, const SortColumn *column, Datum value)
{
	char	   *at = (char *) row + column->offset;

	switch (column->len)
	{
		case 8:
			*(int64 *) at = DatumGetInt64(value);
			break;
		case 4:
			*(int32 *) at = DatumGetInt32(value);
			break;
		case 2:
			*(int16 *) at = DatumGetInt16(value);
			break;
		default:
			*at = DatumGetChar(value);
	}
}

static void
fill_row(RowSort *sort, SortedRow *row, const Datum *values, const bool *nulls, const ItemPointerData *tid)
{
	uint64	   *words = row->words;
	uint8	   *bitmap = (uint8 *) row + sort->bitmap;
	char	   *at = (char *) row + sort->first_reference;

	if (tid)
		row->tid = *tid;
	else
		ItemPointerSetInvalid(&row->tid);
	row->has_nulls = false;
	row->unused = 0;
	for (int k = 0; k < sort->nkeys; words += sort->keys[k++].nwords)
		key_words(&sort->keys[k], values[sort->keys[k].attribute], nulls[sort->keys[k].attribute], words);
	memset(bitmap, 0, sort->first_reference - sort->bitmap);
	for (int c = 0; c < sort->ncolumns; c++)
	{
		const SortColumn *column = &sort->columns[c];
		Datum		value = values[column->attribute];

		if (nulls[column->attribute])
		{
			row->has_nulls = true;
			bitmap[column->attribute / 8] |= 1 << column->attribute % 8;
			if (column->byval)
				store_value(row, column, (Datum) 0);
		}
		else if (column->byval)
			store_value(row, column, value);
		else
		{
			size_t		size = reference_size(column, value);

			memcpy(at, DatumGetPointer(value), size);
			memset(at + size, 0, MAXALIGN(size) - size);
			at += MAXALIGN(size);
		}
	}
}

static void spill(RowSort *sort);

/* room for one more row, after what is held has been written away if there is no more */
static SortedRow *
new_row(RowSort *sort, size_t size)
{
	Chunk	   *chunk = sort->last_chunk;
	SortedRow  *row;

	if (chunk == NULL || chunk->size - chunk->used < size)
	{
		size_t		wanted = Max(Min(CHUNK_SIZE, sort->memory / 8), size);

		if (sort->nrows > 0 && sort->used + wanted + sort->nrows * 2 * sizeof(SortEntry) > sort->memory)
			spill(sort);
		chunk = MemoryContextAllocHuge(sort->rows_context, offsetof(Chunk, rows) + wanted);
		chunk->next = NULL;
		chunk->size = wanted;
		chunk->used = 0;
		if (sort->last_chunk)
			sort->last_chunk->next = chunk;
		else
			sort->chunks = chunk;
		sort->last_chunk = chunk;
		sort->used += wanted;
	}
	row = (SortedRow *) (chunk->rows + chunk->used);
	chunk->used += size;
	sort->nrows++;
	return row;
}

/* tid may be NULL */
void
row_sort_add(RowSort *sort, TupleTableSlot *slot, const ItemPointerData *tid)
{
	const Datum *values;
	size_t		size;
	SortedRow  *row;

	slot_getallattrs(slot);
	values = flat_values(sort, slot);
	size = row_size(sort, values, slot->tts_isnull);
	if (size > PG_UINT32_MAX / 2)
		ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED), errmsg("a row is too large to sort")));
	row = new_row(sort, size);
	row->size = size;
	fill_row(sort, row, values, slot->tts_isnull, tid);
}

/* ---- sorting what is in memory ---- */

/* the key word of every entry; false where they are in order already */
static bool
load_words(SortEntry *entries, size_t n, int word, uint64 *least, uint64 *bits)
{
	bool		in_order = true;
	uint64		min = PG_UINT64_MAX;
	uint64		all = 0;

	for (size_t i = 0; i < n; i++)
	{
		if (i + PREFETCH < n)
			__builtin_prefetch(&entries[i + PREFETCH].row->words[word]);
		entries[i].key = entries[i].row->words[word];
		min = Min(min, entries[i].key);
		in_order = in_order && (i == 0 || entries[i - 1].key <= entries[i].key);
	}
	if (in_order)
		return false;
	for (size_t i = 0; i < n; i++)
		all |= entries[i].key - min;
	*least = min;
	*bits = all;
	return true;
}

static void
radix_pass(const SortEntry *from, SortEntry *to, size_t n, uint64 least, int shift)
{
	size_t		starts[RADIX_SIZE] = {0};
	size_t		start = 0;

	for (size_t i = 0; i < n; i++)
		starts[(from[i].key - least) >> shift & (RADIX_SIZE - 1)]++;
	for (int d = 0; d < RADIX_SIZE; d++)
	{
		size_t		count = starts[d];

		starts[d] = start;
		start += count;
	}
	for (size_t i = 0; i < n; i++)
		to[starts[(from[i].key - least) >> shift & (RADIX_SIZE - 1)]++] = from[i];
}

/* all rows in memory, in order, in sort->entries */
static void
sort_rows(RowSort *sort)
{
	size_t		n = sort->nrows;
	SortEntry  *entries = MemoryContextAllocHuge(sort->rows_context, sizeof(SortEntry) * (n + 1));
	SortEntry  *other = MemoryContextAllocHuge(sort->rows_context, sizeof(SortEntry) * (n + 1));
	size_t		filled = 0;

	for (Chunk *chunk = sort->chunks; chunk; chunk = chunk->next)
		for (size_t at = 0; at < chunk->used; at += ((SortedRow *) (chunk->rows + at))->size)
			entries[filled++].row = (SortedRow *) (chunk->rows + at);
	for (int word = sort->nwords - 1; word >= 0; word--)
	{
		uint64		least,
					bits;
		int			width;

		CHECK_FOR_INTERRUPTS();
		if (!load_words(entries, n, word, &least, &bits))
			continue;
		width = pg_leftmost_one_pos64(bits) + 1;
		for (int shift = pg_rightmost_one_pos64(bits); shift < width; shift += RADIX_BITS)
		{
			SortEntry  *sorted = other;

			radix_pass(entries, sorted, n, least, shift);
			other = entries;
			entries = sorted;
		}
	}
	pfree(other);
	sort->entries = entries;
	sort->next = 0;
}

/* ---- runs ---- */

static void
forget_rows(RowSort *sort)
{
	MemoryContextReset(sort->rows_context);
	sort->chunks = sort->last_chunk = NULL;
	sort->entries = NULL;
	sort->nrows = 0;
	sort->used = 0;
}

static void
spill(RowSort *sort)
{
	MemoryContext old = MemoryContextSwitchTo(sort->context);
	Run		   *run;

	if (sort->file == NULL)
	{
		PrepareTempTablespaces();
		sort->file = BufFileCreateTemp(false);
		sort->runs = palloc(sizeof(Run));
	}
	else if ((sort->nruns & (sort->nruns - 1)) == 0)
		sort->runs = repalloc(sort->runs, sizeof(Run) * sort->nruns * 2);
	run = &sort->runs[sort->nruns++];
	memset(run, 0, sizeof *run);
	BufFileTell(sort->file, &run->fileno, &run->offset);
	sort_rows(sort);
	for (size_t i = 0; i < sort->nrows; i++)
	{
		SortedRow  *row = sort->entries[i].row;

		if (i + PREFETCH < sort->nrows)
			__builtin_prefetch(sort->entries[i + PREFETCH].row);
		BufFileWrite(sort->file, row, row->size);
		run->left += row->size;
	}
	forget_rows(sort);
	MemoryContextSwitchTo(old);
	CHECK_FOR_INTERRUPTS();
}

/* size bytes, at least, from where the run stands */
static void
fill_buffer(RowSort *sort, Run *run, size_t size)
{
	size_t		wanted;

	if (run->capacity < size)
	{
		char	   *buffer = MemoryContextAllocHuge(sort->context, size);

		memcpy(buffer, run->buffer + run->at, run->filled - run->at);
		pfree(run->buffer);
		run->buffer = buffer;
		run->capacity = size;
	}
	else
		memmove(run->buffer, run->buffer + run->at, run->filled - run->at);
	run->filled -= run->at;
	run->at = 0;
	wanted = Min(run->capacity - run->filled, run->left);
	if (BufFileSeek(sort->file, run->fileno, run->offset, SEEK_SET) != 0 ||
		BufFileRead(sort->file, run->buffer + run->filled, wanted) != wanted)
		ereport(ERROR, (errcode_for_file_access(), errmsg("could not read rows that were written to sort them: %m")));
	BufFileTell(sort->file, &run->fileno, &run->offset);
	run->left -= wanted;
	run->filled += wanted;
}

/* the first row of a run that was not handed out, or NULL */
static SortedRow *
run_row(RowSort *sort, Run *run)
{
	uint32		size;

	if (run->filled - run->at < sizeof(SortedRow))
	{
		if (run->left == 0)
			return NULL;
		fill_buffer(sort, run, sizeof(SortedRow));
	}
	size = ((SortedRow *) (run->buffer + run->at))->size;
	if (run->filled - run->at < size)
		fill_buffer(sort, run, size);
	return (SortedRow *) (run->buffer + run->at);
}

/* the heap gives its greatest first; of equal rows, the earlier run's */
static int
compare_runs(Datum a, Datum b, void *arg)
{
	RowSort    *sort = arg;
	Run		   *x = &sort->runs[DatumGetInt32(a)];
	Run		   *y = &sort->runs[DatumGetInt32(b)];
	const SortedRow *row_x = (SortedRow *) (x->buffer + x->at);
	const SortedRow *row_y = (SortedRow *) (y->buffer + y->at);

	for (int w = 0; w < sort->nwords; w++)
		if (row_x->words[w] != row_y->words[w])
			return row_x->words[w] < row_y->words[w] ? 1 : -1;
	return x < y ? 1 : -1;
}

static void
begin_merge(RowSort *sort)
{
	size_t		capacity = Min(Max(sort->memory / sort->nruns, MIN_RUN_BUFFER), MAX_RUN_BUFFER);
	MemoryContext old = MemoryContextSwitchTo(sort->context);

	capacity &= ~(size_t) (MAXIMUM_ALIGNOF - 1);
	sort->merge = binaryheap_allocate(sort->nruns, compare_runs, sort);
	for (int r = 0; r < sort->nruns; r++)
	{
		sort->runs[r].buffer = palloc(capacity);
		sort->runs[r].capacity = capacity;
		if (run_row(sort, &sort->runs[r]))
			binaryheap_add_unordered(sort->merge, Int32GetDatum(r));
	}
	binaryheap_build(sort->merge);
	MemoryContextSwitchTo(old);
}

static SortedRow *
next_merged(RowSort *sort)
{
	if (sort->handed)
	{
		Run		   *run = sort->handed;

		run->at += ((SortedRow *) (run->buffer + run->at))->size;
		if (run_row(sort, run))
			binaryheap_replace_first(sort->merge, Int32GetDatum(run - sort->runs));
		else
			binaryheap_remove_first(sort->merge);
	}
	if (binaryheap_empty(sort->merge))
	{
		sort->handed = NULL;
		return NULL;
	}
	sort->handed = &sort->runs[DatumGetInt32(binaryheap_first(sort->merge))];
	return (SortedRow *) (sort->handed->buffer + sort->handed->at);
}

/* ---- rows out ---- */

/* no row is added after this */
void
row_sort_perform(RowSort *sort)
{
	if (sort->file == NULL)
	{
		sort_rows(sort);
		return;
	}
	if (sort->nrows > 0)
		spill(sort);
	begin_merge(sort);
}

static Datum
load_value(const SortedRow *row, const SortColumn *column)
{
	return fetch_att((const char *) row + column->offset, true, column->len);
}

/* into a virtual slot, whose row lives until the next call; tid may be NULL */
bool
row_sort_next(RowSort *sort, TupleTableSlot *slot, ItemPointer tid)
{
	SortedRow  *row;
	const uint8 *bitmap;
	const char *at;

	ExecClearTuple(slot);
	if (sort->merge)
		row = next_merged(sort);
	else
	{
		row = sort->next < sort->nrows ? sort->entries[sort->next++].row : NULL;
		if (sort->next + PREFETCH < sort->nrows)
			__builtin_prefetch(sort->entries[sort->next + PREFETCH].row);
	}
	if (row == NULL)
		return false;
	bitmap = (const uint8 *) row + sort->bitmap;
	at = (const char *) row + sort->first_reference;
	memset(slot->tts_isnull, true, sizeof(bool) * sort->desc->natts);
	for (int c = 0; c < sort->ncolumns; c++)
	{
		const SortColumn *column = &sort->columns[c];
		int			a = column->attribute;

		if (row->has_nulls && (bitmap[a / 8] >> a % 8 & 1))
			continue;
		slot->tts_isnull[a] = false;
		if (column->byval)
			slot->tts_values[a] = load_value(row, column);
		else
		{
			slot->tts_values[a] = PointerGetDatum(at);
			at += MAXALIGN(reference_size(column, PointerGetDatum(at)));
		}
	}
	if (tid)
		*tid = row->tid;
	ExecStoreVirtualTuple(slot);
	return true;
}
