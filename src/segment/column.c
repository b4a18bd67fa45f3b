/*
 * column.c
 *	  A vector of Datums of one type to a codec stream and back.
 *
 * The idea: the codecs know integers, floats, booleans and byte strings; this
 * file says which of them a PostgreSQL type is.  A stream starts with the
 * layout that its values really took, so that decoding needs the type's length
 * and alignment only, never a catalog:
 *
 *	byte 0		ColumnKind
 *	byte 1		nulls: 0 none, 1 all, 2 flags follow
 *	[2 bytes	length of the null flags' stream, then the stream]
 *	the values that are not null, as one codec stream, after the layout's own
 *	header (see docs/internals.md)
 *
 * Invariant: column_decode(column_encode(v)) gives values that are equal to v
 * byte for byte, but for varlena headers (short, compressed or toasted values
 * come back plain).
 */
#include "territory.h"

#include <math.h>

#include "access/detoast.h"
#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/numeric.h"
#include "utils/uuid.h"

#include "codec/codec.h"
#include "codec/codec_summary.h"
#include "segment/column.h"
#include "segment/decimal.h"
#include "segment/point.h"
#include "segment/summary.h"

#define NULLS_NONE 0
#define NULLS_ALL 1
#define NULLS_FLAGS 2

#define DISPLAYS_FOLLOW 255		/* decimals are shown with more digits or fewer, value by value */

static bool
type_is_postgis_geometry(Oid type)
{
	char	   *name;
	bool		result;

	if (type < FirstNormalObjectId)
		return false;
	name = format_type_extended(type, -1, FORMAT_TYPE_ALLOW_INVALID);
	result = strcmp(name, "geometry") == 0 || strcmp(name, "geography") == 0 ||
		strstr(name, ".geometry") != NULL || strstr(name, ".geography") != NULL;
	pfree(name);
	return result;
}

void
column_type_init(ColumnType *column, Form_pg_attribute attribute)
{
	column->type = getBaseType(attribute->atttypid);
	column->len = attribute->attlen;
	column->byval = attribute->attbyval;
	column->align = attribute->attalign;
	column->zone = column_zone_kind(column->type);
	switch (column->type)
	{
		case FLOAT8OID:
			column->kind = COLUMN_FLOAT8;
			break;
		case FLOAT4OID:
			column->kind = COLUMN_FLOAT4;
			break;
		case BOOLOID:
			column->kind = COLUMN_BOOLEAN;
			break;
		case NUMERICOID:
			column->kind = COLUMN_DECIMAL;
			break;
		default:
			if (column->byval)
				column->kind = COLUMN_INTEGER;
			else if (type_is_postgis_geometry(column->type))
				column->kind = COLUMN_POINT;
			else
				column->kind = COLUMN_BYTES;
	}
}

/*
 * Types whose btree order we can follow in 64 bits.  A key may merge values
 * (uuid's second half, numeric's last digits), never reorder them.
 */
ZoneKind
column_zone_kind(Oid type)
{
	switch (type)
	{
		case INT2OID:
		case INT4OID:
		case INT8OID:
		case DATEOID:
		case TIMEOID:
		case TIMESTAMPOID:
		case TIMESTAMPTZOID:
		case BOOLOID:
			return ZONE_INTEGER;
		case OIDOID:
			return ZONE_OID;
		case FLOAT8OID:
			return ZONE_FLOAT8;
		case FLOAT4OID:
			return ZONE_FLOAT4;
		case NUMERICOID:
			return ZONE_NUMERIC;
		case UUIDOID:
			return ZONE_UUID;
		default:
			return ZONE_NONE;
	}
}

int64
column_zone_key(ZoneKind kind, Datum value)
{
	switch (kind)
	{
		case ZONE_INTEGER:
			return (int64) value;
		case ZONE_OID:
			return (int64) DatumGetObjectId(value);
		case ZONE_FLOAT8:
			return codec_float_key(DatumGetFloat8(value));
		case ZONE_FLOAT4:
			return codec_float_key(DatumGetFloat4(value));
		case ZONE_NUMERIC:
			return codec_float_key(DatumGetFloat8(DirectFunctionCall1(numeric_float8_no_overflow, value)));
		case ZONE_UUID:
			{
				uint64		head = 0;

				for (int i = 0; i < 8; i++)
					head = head << 8 | DatumGetUUIDP(value)->data[i];
				return (int64) (head ^ UINT64CONST(0x8000000000000000));
			}
		case ZONE_NONE:
			break;
	}
	elog(ERROR, "territory: no zone key for this type");
	return 0;
}

/* the bytes of a by-reference value without its header; *copy is to be freed */
const char *
column_value_bytes(const ColumnType *column, Datum value, size_t *len, struct varlena **copy)
{
	struct varlena *plain;

	*copy = NULL;
	if (column->len > 0)
	{
		*len = column->len;
		return DatumGetPointer(value);
	}
	if (column->len == -2)
	{
		*len = strlen(DatumGetCString(value)) + 1;
		return DatumGetPointer(value);
	}
	plain = pg_detoast_datum_packed((struct varlena *) DatumGetPointer(value));
	if (plain != (struct varlena *) DatumGetPointer(value))
		*copy = plain;
	*len = VARSIZE_ANY_EXHDR(plain);
	return VARDATA_ANY(plain);
}

bool
column_values_equal(const ColumnType *column, Datum a, Datum b)
{
	size_t		la,
				lb;
	struct varlena *ca,
			   *cb;
	const char *pa,
			   *pb;
	bool		equal;

	if (column->byval)
		return a == b;
	pa = column_value_bytes(column, a, &la, &ca);
	pb = column_value_bytes(column, b, &lb, &cb);
	equal = la == lb && memcmp(pa, pb, la) == 0;
	if (ca)
		pfree(ca);
	if (cb)
		pfree(cb);
	return equal;
}

/* room for a stream at the end of out */
static uint8_t *
reserve(StringInfo out, size_t bound)
{
	if (bound > MaxAllocSize / 2)
		ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
						errmsg("values are too large to seal together")));
	enlargeStringInfo(out, (int) bound);
	return (uint8_t *) out->data + out->len;
}

static void
encode_integers(const Datum *values, int n, StringInfo out)
{
	int64_t    *numbers = palloc(sizeof(int64_t) * (n + 1));
	size_t		bound = codec_int64_bound(n);
	uint8_t    *room = reserve(out, bound);

	for (int i = 0; i < n; i++)
		numbers[i] = (int64_t) values[i];
	out->len += codec_int64_encode(numbers, n, room, bound);
	pfree(numbers);
}

void
column_encode_doubles(const double *values, int n, StringInfo out)
{
	size_t		bound = codec_float64_bound(n);
	uint8_t    *room = reserve(out, bound);

	out->len += codec_float64_encode(values, n, room, bound);
}

static void
encode_float8(const Datum *values, int n, StringInfo out)
{
	double	   *numbers = palloc(sizeof(double) * (n + 1));

	for (int i = 0; i < n; i++)
		numbers[i] = DatumGetFloat8(values[i]);
	column_encode_doubles(numbers, n, out);
	pfree(numbers);
}

static void
encode_float4(const Datum *values, int n, StringInfo out)
{
	float	   *numbers = palloc(sizeof(float) * (n + 1));
	size_t		bound = codec_float32_bound(n);
	uint8_t    *room = reserve(out, bound);

	for (int i = 0; i < n; i++)
		numbers[i] = DatumGetFloat4(values[i]);
	out->len += codec_float32_encode(numbers, n, room, bound);
	pfree(numbers);
}

static void
encode_booleans(const Datum *values, int n, StringInfo out)
{
	uint8_t    *flags = palloc(n + 1);
	size_t		bound = codec_bool_bound(n);
	uint8_t    *room = reserve(out, bound);

	for (int i = 0; i < n; i++)
		flags[i] = DatumGetBool(values[i]);
	out->len += codec_bool_encode(flags, n, room, bound);
	pfree(flags);
}

/* numerics as integers of the least scale that holds them all; false if they are not */
bool
column_to_decimals(const Datum *values, int n, int64 *numbers, int64 *displays, int *scale)
{
	uint8	   *scales = palloc(n + 1);
	bool		fits = n > 0;

	*scale = 0;
	for (int i = 0; fits && i < n; i++)
	{
		struct varlena *value = (struct varlena *) DatumGetPointer(values[i]);
		struct varlena *plain = pg_detoast_datum_packed(value);
		int			value_scale,
					display;

		fits = decimal_from_numeric(VARDATA_ANY(plain), VARSIZE_ANY_EXHDR(plain), (int64_t *) &numbers[i],
									&value_scale, &display);
		scales[i] = fits ? value_scale : 0;
		displays[i] = display;
		*scale = Max(*scale, scales[i]);
		if (plain != value)
			pfree(plain);
	}
	for (int i = 0; fits && i < n; i++)
		fits = decimal_rescale((int64_t *) &numbers[i], scales[i], *scale);
	pfree(scales);
	return fits;
}

bool
column_all_equal(const int64 *values, int n)
{
	for (int i = 1; i < n; i++)
		if (values[i] != values[0])
			return false;
	return true;
}

static bool
encode_decimals(const Datum *values, int n, StringInfo out)
{
	int64	   *numbers = palloc(sizeof(int64) * (n + 1));
	int64	   *displays = palloc(sizeof(int64) * (n + 1));
	int			scale;
	bool		fits = column_to_decimals(values, n, numbers, displays, &scale);
	size_t		bound = codec_int64_bound(n);

	if (fits)
	{
		bool		one_display = column_all_equal(displays, n);

		appendStringInfoChar(out, (char) scale);
		appendStringInfoChar(out, (char) (one_display ? displays[0] : DISPLAYS_FOLLOW));
		if (!one_display)
			append_integers(out, displays, n);
		out->len += codec_int64_encode((const int64_t *) numbers, n, reserve(out, bound), bound);
	}
	pfree(numbers);
	pfree(displays);
	return fits;
}

static void
encode_bytes(const ColumnType *column, const Datum *values, int n, StringInfo out)
{
	StringInfoData data;
	uint64_t   *offsets = palloc(sizeof(uint64_t) * (n + 1));
	size_t		bound;

	initStringInfo(&data);
	offsets[0] = 0;
	for (int i = 0; i < n; i++)
	{
		size_t		len;
		struct varlena *copy;
		const char *bytes = column_value_bytes(column, values[i], &len, &copy);

		appendBinaryStringInfo(&data, bytes, (int) len);
		offsets[i + 1] = data.len;
		if (copy)
			pfree(copy);
	}
	bound = codec_bytes_bound(n, data.len);
	out->len += codec_bytes_encode((uint8_t *) data.data, offsets, n, reserve(out, bound), bound);
	pfree(data.data);
	pfree(offsets);
}

static void
encode_nulls(const bool *nulls, int n, int nonnull, StringInfo out)
{
	size_t		bound = codec_bool_bound(n);
	uint16		len;
	int			at;

	if (nonnull == n || nonnull == 0)
	{
		appendStringInfoChar(out, nonnull == n ? NULLS_NONE : NULLS_ALL);
		return;
	}
	appendStringInfoChar(out, NULLS_FLAGS);
	at = out->len;
	appendBinaryStringInfo(out, "\0\0", sizeof len);
	len = (uint16) codec_bool_encode((const uint8_t *) nulls, n, reserve(out, bound), bound);
	out->len += len;
	memcpy(out->data + at, &len, sizeof len);
}

void
column_encode(const ColumnType *column, const Datum *values, const bool *nulls, int n, StringInfo out)
{
	Datum	   *dense = palloc(sizeof(Datum) * (n + 1));
	int			count = 0;
	int			kind_at = out->len;

	for (int i = 0; i < n; i++)
		if (!nulls[i])
			dense[count++] = values[i];
	appendStringInfoChar(out, (char) column->kind);
	encode_nulls(nulls, n, count, out);
	switch (column->kind)
	{
		case COLUMN_INTEGER:
			encode_integers(dense, count, out);
			break;
		case COLUMN_FLOAT8:
			encode_float8(dense, count, out);
			break;
		case COLUMN_FLOAT4:
			encode_float4(dense, count, out);
			break;
		case COLUMN_BOOLEAN:
			encode_booleans(dense, count, out);
			break;
		case COLUMN_DECIMAL:
			if (encode_decimals(dense, count, out))
				break;
			out->data[kind_at] = COLUMN_BYTES;
			encode_bytes(column, dense, count, out);
			break;
		case COLUMN_POINT:
			if (column_encode_points(column, dense, count, out))
				break;
			out->data[kind_at] = COLUMN_BYTES;
			encode_bytes(column, dense, count, out);
			break;
		case COLUMN_BYTES:
			encode_bytes(column, dense, count, out);
			break;
	}
	pfree(dense);
}

void
column_corrupt(void)
{
	ereport(ERROR, (errcode(ERRCODE_DATA_CORRUPTED),
					errmsg("a sealed column does not decode"),
					errhint("Run territory.verify() on the table, and restore the segment from a backup.")));
}

/* a sign-extended integer as a Datum of the type's width */
Datum
column_integer_datum(const ColumnType *column, int64 value)
{
	switch (column->len)
	{
		case 1:
			return CharGetDatum((char) value);
		case 2:
			return Int16GetDatum((int16) value);
		case 4:
			return Int32GetDatum((int32) value);
		default:
			return Int64GetDatum(value);
	}
}

StaticAssertDecl(sizeof(Datum) == sizeof(int64_t), "vectors are decoded in place");

static void
decode_integers(const ColumnType *column, const uint8_t *in, size_t len, int n, Datum *values)
{
	if (codec_int64_decode(in, len, n, (int64_t *) values) != CODEC_OK)
		column_corrupt();
	/* what corrupt bytes say above the type's width is not kept */
	if (column->len == 1)
		for (int i = 0; i < n; i++)
			values[i] = CharGetDatum((char) values[i]);
	else if (column->len < (int) sizeof(Datum))
		codec_sign_extend((int64_t *) values, n, column->len * 8);
}

static void
decode_float8(const uint8_t *in, size_t len, int n, Datum *values)
{
	if (codec_float64_decode(in, len, n, (double *) values) != CODEC_OK)
		column_corrupt();
}

static void
decode_float4(const uint8_t *in, size_t len, int n, Datum *values)
{
	float	   *numbers = palloc(sizeof(float) * (n + 1));

	if (codec_float32_decode(in, len, n, numbers) != CODEC_OK)
		column_corrupt();
	for (int i = 0; i < n; i++)
		values[i] = Float4GetDatum(numbers[i]);
	pfree(numbers);
}

static void
decode_booleans(const uint8_t *in, size_t len, int n, Datum *values)
{
	uint8_t    *flags = palloc(n + 1);

	if (codec_bool_decode(in, len, n, flags) != CODEC_OK)
		column_corrupt();
	for (int i = 0; i < n; i++)
		values[i] = BoolGetDatum(flags[i]);
	pfree(flags);
}

static void
decode_decimals(const uint8_t *in, size_t len, int n, Datum *values)
{
	int64	   *numbers = palloc(sizeof(int64) * (n + 1));
	int64	   *displays = palloc(sizeof(int64) * (n + 1));
	char	   *room = palloc((size_t) DECIMAL_MAX_SIZE * (n + 1));
	const char *at = (const char *) in + 2;
	const char *end = (const char *) in + len;

	if (len < 2 || in[0] > DECIMAL_MAX_SCALE)
		column_corrupt();
	for (int i = 0; i < n; i++)
		displays[i] = in[1];
	if ((in[1] == DISPLAYS_FOLLOW && !take_integer_stream(&at, end, n, displays)) ||
		codec_int64_decode((const uint8_t *) at, end - at, n, (int64_t *) numbers) != CODEC_OK)
		column_corrupt();
	for (int i = 0; i < n; i++)
	{
		if (displays[i] < 0 || displays[i] > DECIMAL_MAX_DISPLAY)
			column_corrupt();
		values[i] = decimal_datum(numbers[i], in[0], displays[i], room + (size_t) i * DECIMAL_MAX_SIZE);
	}
	pfree(numbers);
	pfree(displays);
}

static void
decode_bytes(const ColumnType *column, const uint8_t *in, size_t len, int n, Datum *values)
{
	size_t		data_len;
	uint64_t   *offsets = palloc(sizeof(uint64_t) * (n + 1));
	char	   *data,
			   *room,
			   *next;
	size_t		total = 0;
	int			header = column->len == -1 ? VARHDRSZ : 0;

	if (codec_bytes_decoded_size(in, len, n, &data_len) != CODEC_OK || data_len > MaxAllocSize * 4)
		column_corrupt();
	data = MemoryContextAllocHuge(CurrentMemoryContext, data_len + 1);
	if (codec_bytes_decode(in, len, n, (uint8_t *) data, data_len, offsets) != CODEC_OK)
		column_corrupt();
	for (int i = 0; i < n; i++)
	{
		if (column->len > 0 && offsets[i + 1] - offsets[i] != (uint64_t) column->len)
			column_corrupt();
		total += MAXALIGN(header + (offsets[i + 1] - offsets[i]));
	}
	next = room = MemoryContextAllocHuge(CurrentMemoryContext, total + 1);
	for (int i = 0; i < n; i++)
	{
		size_t		size = offsets[i + 1] - offsets[i];

		if (header && size + header >= MaxAllocSize)
			column_corrupt();
		if (header)
			SET_VARSIZE(next, size + header);
		memcpy(next + header, data + offsets[i], size);
		if (column->len == -2 && (size == 0 || next[size - 1] != '\0'))
			column_corrupt();
		values[i] = PointerGetDatum(next);
		next += MAXALIGN(header + size);
	}
	pfree(data);
	pfree(offsets);
}

static void
decode_points(const uint8_t *in, size_t len, int n, Datum *values)
{
	ColumnPoints points;

	column_take_points((const char *) in, len, n, n, &points);
	column_build_points(&points, NULL, NULL, n, values);
	for (int d = 0; d < points.dimensions; d++)
		pfree(points.coordinates[d]);
}

/* read the null flags; returns how many bytes they took */
static size_t
decode_nulls(const uint8_t *in, size_t len, int n, bool *nulls, int *nonnull)
{
	uint16		stream;

	switch (in[0])
	{
		case NULLS_NONE:
			memset(nulls, false, n);
			*nonnull = n;
			return 1;
		case NULLS_ALL:
			memset(nulls, true, n);
			*nonnull = 0;
			return 1;
		case NULLS_FLAGS:
			if (len < 1 + sizeof stream)
				column_corrupt();
			memcpy(&stream, in + 1, sizeof stream);
			if (stream > len - 1 - sizeof stream ||
				codec_bool_decode(in + 1 + sizeof stream, stream, n, (uint8_t *) nulls) != CODEC_OK)
				column_corrupt();
			*nonnull = 0;
			for (int i = 0; i < n; i++)
				*nonnull += !nulls[i];
			return 1 + sizeof stream + stream;
	}
	column_corrupt();
	return 0;
}

/* values of by-reference types are allocated in the current memory context */
void
column_decode(const ColumnType *column, const char *in, int len, int n, Datum *values, bool *nulls)
{
	const uint8_t *bytes = (const uint8_t *) in;
	size_t		used;
	size_t		rest;
	int			count;

	if (len < 2)
		column_corrupt();
	used = 1 + decode_nulls(bytes + 1, len - 1, n, nulls, &count);
	rest = len - used;
	switch (bytes[0])
	{
		case COLUMN_INTEGER:
			if (!column->byval)
				column_corrupt();
			decode_integers(column, bytes + used, rest, count, values);
			break;
		case COLUMN_FLOAT8:
			if (!column->byval || column->len != 8)
				column_corrupt();
			decode_float8(bytes + used, rest, count, values);
			break;
		case COLUMN_FLOAT4:
			if (!column->byval || column->len != 4)
				column_corrupt();
			decode_float4(bytes + used, rest, count, values);
			break;
		case COLUMN_BOOLEAN:
			if (!column->byval || column->len != 1)
				column_corrupt();
			decode_booleans(bytes + used, rest, count, values);
			break;
		case COLUMN_DECIMAL:
			if (column->len != -1)
				column_corrupt();
			decode_decimals(bytes + used, rest, count, values);
			break;
		case COLUMN_POINT:
			if (column->len != -1)
				column_corrupt();
			decode_points(bytes + used, rest, count, values);
			break;
		case COLUMN_BYTES:
			if (column->byval)
				column_corrupt();
			decode_bytes(column, bytes + used, rest, count, values);
			break;
		default:
			column_corrupt();
	}
	/* spread the dense values over the nulls, from the end */
	if (count < n)
		for (int i = n - 1, from = count; i >= 0; i--)
			values[i] = nulls[i] ? (Datum) 0 : values[--from];
}

/*
 * Points as coordinates, which say nothing at nulls.  False: PostGIS may see
 * something else in the stream than plain points.
 */
bool
column_decode_coordinates(const char *in, int len, int n, ColumnPoints *points, bool *nulls)
{
	size_t		used;
	int			count;

	if (len < 2)
		column_corrupt();
	if (in[0] != COLUMN_POINT)
		return false;
	used = 1 + decode_nulls((const uint8_t *) in + 1, len - 1, n, nulls, &count);
	column_take_points(in + used, len - used, count, n, points);
	for (int d = 0; count < n && d < points->dimensions; d++)
		for (int i = n - 1, from = count; i >= 0; i--)
			points->coordinates[d][i] = nulls[i] ? 0 : points->coordinates[d][--from];
	return column_points_plain(points);
}

/* of integers without nulls: is each as far from the one before, as their encoding says? */
bool
column_stride(const char *in, int len, int n, int64 *first, int64 *stride)
{
	const uint8_t *bytes = (const uint8_t *) in;

	if (len < 2)
		column_corrupt();
	return bytes[0] == COLUMN_INTEGER && bytes[1] == NULLS_NONE &&
		codec_int64_stride(bytes + 2, len - 2, n, (int64_t *) first, (int64_t *) stride);
}

static const char *
decimals_name(const uint8_t *in, size_t len)
{
	size_t		used = 2;
	uint16		stream;

	if (len >= used + sizeof stream && in[1] == DISPLAYS_FOLLOW)
	{
		memcpy(&stream, in + used, sizeof stream);
		used += sizeof stream + stream;
	}
	return used < len ? codec_int64_name(in + used, len - used) : "unknown";
}

/* the name of the encoding that a stream took, for advise() */
const char *
column_stream_name(const char *in, int len)
{
	const uint8_t *bytes = (const uint8_t *) in;
	size_t		used = 2;

	if (bytes[1] == NULLS_ALL)
		return "null";
	if (bytes[1] == NULLS_FLAGS)
	{
		uint16		stream;

		memcpy(&stream, in + 2, sizeof stream);
		used += sizeof stream + stream;
	}
	switch (bytes[0])
	{
		case COLUMN_INTEGER:
			return codec_int64_name(bytes + used, len - used);
		case COLUMN_DECIMAL:
			return decimals_name(bytes + used, len - used);
		case COLUMN_FLOAT8:
			return codec_float64_name(bytes + used, len - used);
		case COLUMN_FLOAT4:
			return codec_float32_name(bytes + used, len - used);
		case COLUMN_BOOLEAN:
			return codec_bool_name(bytes + used, len - used);
		case COLUMN_POINT:
			return "point";
		default:
			return codec_bytes_name(bytes + used, len - used);
	}
}
