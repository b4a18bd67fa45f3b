/*
 * cell.c
 *	  The type cell: its forms outside, and what is read off its bits.
 *
 * A cell is kept as the bigint that Quadbin publishes, so that it is compared
 * and hashed by bigint's own functions.
 *
 * Invariant: no other bits than those of a cell are ever a value of the type.
 */
#include "territory.h"

#include "funcapi.h"
#include "libpq/pqformat.h"
#include "utils/builtins.h"

#include "spacetime/cell.h"

void
cell_check_zoom(int zoom)
{
	if (zoom < 0 || zoom > CELL_MAX_ZOOM)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("zoom must be from 0 to %d, not %d", CELL_MAX_ZOOM, zoom)));
}

static void
check_tile(int z, int64 x, int64 y)
{
	cell_check_zoom(z);
	if (x < 0 || x >> z != 0 || y < 0 || y >> z != 0)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("zoom %d has no tile " INT64_FORMAT "/" INT64_FORMAT, z, x, y),
						errhint("x and y are from 0 to 2^zoom - 1.")));
}

/* ---- in and out ---- */

static void
refuse_text(const char *text)
{
	ereport(ERROR, (errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
					errmsg("invalid input syntax for type %s: \"%s\"", "territory.cell", text),
					errhint("A cell is written as a number, as 0x and 16 hexadecimal digits, or as z/x/y.")));
}

/* digits of a base from *text on, which they move; so many at least one, and of at most 64 bits */
static bool
read_digits(const char **text, int base, uint64 *value)
{
	const char *start = *text;

	for (*value = 0;; (*text)++)
	{
		char		c = pg_tolower((unsigned char) **text);
		int			digit = c >= '0' && c <= '9' ? c - '0' : base > 10 && c >= 'a' && c <= 'f' ? c - 'a' + 10 : base;

		if (digit == base)
			return *text > start;
		if (*value > (PG_UINT64_MAX - digit) / base)
			return false;
		*value = *value * base + digit;
	}
}

static bool
read_cell(const char *text, uint64 *value)
{
	uint64		part[3];

	while (isspace((unsigned char) *text))
		text++;
	if (text[0] == '0' && (text[1] == 'x' || text[1] == 'X'))
	{
		text += 2;
		if (!read_digits(&text, 16, value))
			return false;
	}
	else if (!read_digits(&text, 10, value))
		return false;
	else if (*text == '/')
	{
		part[0] = *value;
		for (int i = 1; i < 3; i++)
			if (*text++ != '/' || !read_digits(&text, 10, &part[i]))
				return false;
		check_tile((int) Min(part[0], PG_INT32_MAX), (int64) Min(part[1], PG_INT64_MAX), (int64) Min(part[2], PG_INT64_MAX));
		*value = cell_of_tile((int) part[0], (uint32) part[1], (uint32) part[2]);
	}
	while (isspace((unsigned char) *text))
		text++;
	return *text == '\0';
}

static Cell
checked(uint64 value, int error)
{
	if (!cell_is_valid(value))
		ereport(ERROR, (errcode(error),
						errmsg(INT64_FORMAT " is not a cell", (int64) value),
						errhint("A cell is a Quadbin index of mode 1 and zoom 0 to %d.", CELL_MAX_ZOOM)));
	return value;
}

PG_FUNCTION_INFO_V1(territory_cell_in);
Datum
territory_cell_in(PG_FUNCTION_ARGS)
{
	const char *text = PG_GETARG_CSTRING(0);
	uint64		value;

	if (!read_cell(text, &value))
		refuse_text(text);
	PG_RETURN_CELL(checked(value, ERRCODE_INVALID_TEXT_REPRESENTATION));
}

PG_FUNCTION_INFO_V1(territory_cell_recv);
Datum
territory_cell_recv(PG_FUNCTION_ARGS)
{
	StringInfo	buffer = (StringInfo) PG_GETARG_POINTER(0);

	PG_RETURN_CELL(checked((uint64) pq_getmsgint64(buffer), ERRCODE_INVALID_BINARY_REPRESENTATION));
}

PG_FUNCTION_INFO_V1(territory_cell_of_bigint);
Datum
territory_cell_of_bigint(PG_FUNCTION_ARGS)
{
	PG_RETURN_CELL(checked((uint64) PG_GETARG_INT64(0), ERRCODE_INVALID_PARAMETER_VALUE));
}

/* ---- tiles ---- */

PG_FUNCTION_INFO_V1(territory_cell_of_tile);
Datum
territory_cell_of_tile(PG_FUNCTION_ARGS)
{
	int			z = PG_GETARG_INT32(0),
				x = PG_GETARG_INT32(1),
				y = PG_GETARG_INT32(2);

	check_tile(z, x, y);
	PG_RETURN_CELL(cell_of_tile(z, x, y));
}

PG_FUNCTION_INFO_V1(territory_cell_tile);
Datum
territory_cell_tile(PG_FUNCTION_ARGS)
{
	Tile		tile = cell_tile(PG_GETARG_CELL(0));
	Datum		values[3] = {Int32GetDatum(tile.z), Int32GetDatum(tile.x), Int32GetDatum(tile.y)};
	bool		nulls[3] = {false, false, false};
	TupleDesc	desc;

	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "cell_tile() must return a row");
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc), values, nulls)));
}

PG_FUNCTION_INFO_V1(territory_cell_zoom);
Datum
territory_cell_zoom(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT32(cell_zoom(PG_GETARG_CELL(0)));
}
