/*
 * column.h
 *	  A vector of Datums of one type to a codec stream and back.
 */
#ifndef COLUMN_H
#define COLUMN_H

#include "territory.h"
#include "access/tupdesc.h"
#include "lib/stringinfo.h"

/* how the values of a stream are laid out; on disk, never renumber */
typedef enum ColumnKind
{
	COLUMN_INTEGER = 1,			/* any pass-by-value type, sign-extended */
	COLUMN_FLOAT8 = 2,
	COLUMN_FLOAT4 = 3,
	COLUMN_BOOLEAN = 4,
	COLUMN_DECIMAL = 5,			/* numerics that are 64-bit integers of one scale */
	COLUMN_POINT = 6,			/* PostGIS points: one header, coordinates as floats */
	COLUMN_BYTES = 7,			/* anything else, without varlena headers */
} ColumnKind;

/* how values map to 64-bit keys that sort as the type's default btree order does */
typedef enum ZoneKind
{
	ZONE_NONE = 0,
	ZONE_INTEGER,
	ZONE_FLOAT8,
	ZONE_FLOAT4,
	ZONE_NUMERIC,
	ZONE_UUID,
	ZONE_OID,
} ZoneKind;

/* kinds whose keys are those of a double */
#define zone_kind_is_float(kind) ((kind) == ZONE_FLOAT8 || (kind) == ZONE_FLOAT4 || (kind) == ZONE_NUMERIC)

typedef struct ColumnType
{
	Oid			type;			/* base type: domains are looked through */
	int16		len;
	bool		byval;
	char		align;
	ColumnKind	kind;			/* the first to try */
	ZoneKind	zone;
} ColumnType;

/* what a point's SRID, flags, type and count take after its length word */
#define POINT_HEADER 12
#define POINT_MAX_DIMENSIONS 4

/* points that share all but their coordinates */
typedef struct ColumnPoints
{
	char		header[POINT_HEADER];
	int			dimensions;
	double	   *coordinates[POINT_MAX_DIMENSIONS];
} ColumnPoints;

extern void column_type_init(ColumnType *column, Form_pg_attribute attribute);
extern ZoneKind column_zone_kind(Oid type);
extern int64 column_zone_key(ZoneKind kind, Datum value);

extern void column_encode(const ColumnType *column, const Datum *values, const bool *nulls, int n,
						  StringInfo out);
extern void column_decode(const ColumnType *column, const char *in, int len, int n, Datum *values,
						  bool *nulls);
extern bool column_stride(const char *in, int len, int n, int64 *first, int64 *stride);
extern bool column_to_decimals(const Datum *values, int n, int64 *numbers, int64 *displays, int *scale);
extern bool column_all_equal(const int64 *values, int n);
extern bool column_decode_coordinates(const char *in, int len, int n, ColumnPoints *points, bool *nulls);
extern Datum column_integer_datum(const ColumnType *column, int64 value);
extern const char *column_value_bytes(const ColumnType *column, Datum value, size_t *len, struct varlena **copy);
extern bool column_values_equal(const ColumnType *column, Datum a, Datum b);
extern const char *column_stream_name(const char *in, int len);
extern void column_encode_doubles(const double *values, int n, StringInfo out);
extern void column_corrupt(void);

/* column_points.c */
extern bool column_geometry_box(const ColumnType *column, Datum value, double *box);
extern bool column_encode_points(const ColumnType *column, const Datum *values, int n, StringInfo out);
extern void column_take_points(const char *in, size_t len, int n, int room, ColumnPoints *points);
extern bool column_points_plain(const ColumnPoints *points);
extern Datum column_build_point(const ColumnPoints *points, int row);
extern void column_build_points(const ColumnPoints *points, const bool *nulls, const uint8 *out, int n,
								Datum *values);

#endif
