/*
 * point_path.c
 *	  Series decoded once for all calls of a query that get them again, with a
 *	  box for every few instants.
 *
 * The idea: a question about pairs (which vehicles met?) gives each series to a
 * function hundreds of times.  What a call decodes is kept in the memory of the
 * function's call site, up to work_mem; beyond that all of it is forgotten, and
 * begins anew.
 *
 * Invariant: a value is known again by what cannot mean another: for a value
 * out of line its place in the TOAST table, which stays its own as long as a
 * snapshot sees it; for others all its bytes.
 */
#include "territory.h"

#include "access/detoast.h"
#include "common/hashfn.h"
#include "miscadmin.h"
#include "utils/hsearch.h"
#include "utils/memutils.h"

#include "series/point.h"

/* a value out of line; for each argument, besides, the last one that was not */
typedef struct KeptKey
{
	Oid			toast_relation;
	Oid			value;
} KeptKey;

typedef struct KeptPath
{
	KeptKey		key;
	PointPath	path;
} KeptPath;

typedef struct Inline
{
	MemoryContext context;
	struct varlena *value;
	PointPath	path;
} Inline;

typedef struct PathCache
{
	MemoryContext context;		/* the paths of values out of line, and their table */
	HTAB	   *table;
	Size		bytes;
	Inline		last[2];
} PathCache;

static PathCache *
path_cache(FunctionCallInfo fcinfo)
{
	PathCache  *cache = fcinfo->flinfo->fn_extra;
	MemoryContext parent = fcinfo->flinfo->fn_mcxt;

	if (cache == NULL)
	{
		cache = MemoryContextAllocZero(parent, sizeof(PathCache));
		cache->context = AllocSetContextCreate(parent, "territory paths", ALLOCSET_DEFAULT_SIZES);
		for (int i = 0; i < 2; i++)
			cache->last[i].context = AllocSetContextCreate(parent, "territory path", ALLOCSET_DEFAULT_SIZES);
		fcinfo->flinfo->fn_extra = cache;
	}
	return cache;
}

/* a path of a value, in the current memory context */
static void
make_path(Datum value, PointPath *path)
{
	Series	   *series = series_decode(value);

	path->series = series;
	path->num_runs = (series->n + POINT_RUN - 1) / POINT_RUN;
	path->runs = palloc_extended(path->num_runs * sizeof(PointBox), MCXT_ALLOC_HUGE);
	for (int r = 0; r < path->num_runs; r++)
	{
		PointBox   *box = &path->runs[r];

		point_box_none(box);
		for (int i = r * POINT_RUN; i <= Min((r + 1) * POINT_RUN, series->n - 1); i++)
		{
			double		p[2] = {series->v[0][i], series->v[1][i]};

			point_box_add(box, p);
		}
	}
}

static const PointPath *
path_out_of_line(PathCache *cache, Datum value)
{
	struct varatt_external pointer;
	HASHCTL		control = {.keysize = sizeof(KeptKey), .entrysize = sizeof(KeptPath)};
	KeptKey		key = {0};
	KeptPath  *entry;
	PointPath	path;
	MemoryContext outer;

	VARATT_EXTERNAL_GET_POINTER(pointer, (struct varlena *) DatumGetPointer(value));
	key.toast_relation = pointer.va_toastrelid;
	key.value = pointer.va_valueid;
	entry = cache->table ? hash_search(cache->table, &key, HASH_FIND, NULL) : NULL;
	if (entry)
		return &entry->path;
	/* the other argument's path may be in use, so only what comes after both is forgotten */
	outer = MemoryContextSwitchTo(cache->context);
	make_path(value, &path);
	MemoryContextSwitchTo(outer);
	if (cache->table == NULL)
	{
		control.hcxt = cache->context;
		cache->table = hash_create("territory paths", 64, &control, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	}
	entry = hash_search(cache->table, &key, HASH_ENTER, NULL);
	entry->path = path;
	cache->bytes += path.series->room * (sizeof(TimestampTz) + sizeof(bool) + path.series->dims * sizeof(double)) +
		path.num_runs * sizeof(PointBox);
	return &entry->path;
}

static const PointPath *
path_inline(Inline *last, Datum value)
{
	struct varlena *bytes = PG_DETOAST_DATUM(value);
	MemoryContext outer;

	if (last->value && VARSIZE(last->value) == VARSIZE(bytes) && memcmp(last->value, bytes, VARSIZE(bytes)) == 0)
		return &last->path;
	last->value = NULL;
	MemoryContextReset(last->context);
	outer = MemoryContextSwitchTo(last->context);
	make_path(PointerGetDatum(bytes), &last->path);
	last->value = palloc(VARSIZE(bytes));
	memcpy(last->value, bytes, VARSIZE(bytes));
	MemoryContextSwitchTo(outer);
	return &last->path;
}

/* the paths of the first two arguments, valid until the next call */
void
point_paths(FunctionCallInfo fcinfo, const PointPath **paths)
{
	PathCache  *cache = path_cache(fcinfo);

	if (cache->bytes > (Size) work_mem * 1024)
	{
		MemoryContextReset(cache->context);
		cache->table = NULL;
		cache->bytes = 0;
	}
	for (int arg = 0; arg < 2; arg++)
	{
		Datum		value = PG_GETARG_DATUM(arg);

		if (VARATT_IS_EXTERNAL_ONDISK(DatumGetPointer(value)))
			paths[arg] = path_out_of_line(cache, value);
		else
			paths[arg] = path_inline(&cache->last[arg], value);
	}
}
