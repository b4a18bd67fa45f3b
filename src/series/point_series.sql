-- point_series: its type and its forms outside.

CREATE TYPE territory.point_series;

CREATE FUNCTION territory.point_series_in(input cstring) RETURNS territory.point_series
	LANGUAGE C STABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_point_series_in';
COMMENT ON FUNCTION territory.point_series_in(cstring) IS 'reads a point_series; not to be called';

CREATE FUNCTION territory.point_series_out(series territory.point_series) RETURNS cstring
	LANGUAGE C STABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_series_out';
COMMENT ON FUNCTION territory.point_series_out(territory.point_series) IS 'writes a point_series, instants in ISO 8601 with the offset of the session''s time zone; not to be called';

CREATE FUNCTION territory.point_series_recv(input internal) RETURNS territory.point_series
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_point_series_recv';
COMMENT ON FUNCTION territory.point_series_recv(internal) IS 'reads a point_series in binary; not to be called';

CREATE FUNCTION territory.point_series_send(series territory.point_series) RETURNS bytea
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_series_send';
COMMENT ON FUNCTION territory.point_series_send(territory.point_series) IS 'A point_series in binary, as drivers get it: the reference describes the bytes.';

-- kept out of line as it is, so that single blocks of a long one are read without the rest
CREATE TYPE territory.point_series (
	INPUT = territory.point_series_in, OUTPUT = territory.point_series_out,
	RECEIVE = territory.point_series_recv, SEND = territory.point_series_send,
	INTERNALLENGTH = VARIABLE, ALIGNMENT = double, STORAGE = external);
COMMENT ON TYPE territory.point_series IS 'a place over time, in two or three dimensions: a bus, a bin lorry';

-- Compared: by start, then end, then bytes.

CREATE FUNCTION territory.point_series_lt(a territory.point_series, b territory.point_series) RETURNS boolean
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_series_lt';
COMMENT ON FUNCTION territory.point_series_lt(territory.point_series, territory.point_series) IS 'the operator < of point_series';

CREATE FUNCTION territory.point_series_le(a territory.point_series, b territory.point_series) RETURNS boolean
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_series_le';
COMMENT ON FUNCTION territory.point_series_le(territory.point_series, territory.point_series) IS 'the operator <= of point_series';

CREATE FUNCTION territory.point_series_eq(a territory.point_series, b territory.point_series) RETURNS boolean
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_series_eq';
COMMENT ON FUNCTION territory.point_series_eq(territory.point_series, territory.point_series) IS 'the operator = of point_series: the same instants, values, sections and interpolation';

CREATE FUNCTION territory.point_series_ge(a territory.point_series, b territory.point_series) RETURNS boolean
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_series_ge';
COMMENT ON FUNCTION territory.point_series_ge(territory.point_series, territory.point_series) IS 'the operator >= of point_series';

CREATE FUNCTION territory.point_series_gt(a territory.point_series, b territory.point_series) RETURNS boolean
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_series_gt';
COMMENT ON FUNCTION territory.point_series_gt(territory.point_series, territory.point_series) IS 'the operator > of point_series';

CREATE FUNCTION territory.point_series_ne(a territory.point_series, b territory.point_series) RETURNS boolean
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_series_ne';
COMMENT ON FUNCTION territory.point_series_ne(territory.point_series, territory.point_series) IS 'the operator <> of point_series';

CREATE FUNCTION territory.point_series_cmp(a territory.point_series, b territory.point_series) RETURNS integer
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_series_cmp';
COMMENT ON FUNCTION territory.point_series_cmp(territory.point_series, territory.point_series) IS 'the order of two point_series, for indexes and sorting: by start, then end, then bytes';

CREATE FUNCTION territory.point_series_hash(series territory.point_series) RETURNS integer
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_series_hash';
COMMENT ON FUNCTION territory.point_series_hash(territory.point_series) IS 'the hash of a point_series';

CREATE FUNCTION territory.point_series_hash_extended(series territory.point_series, seed bigint) RETURNS bigint
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_series_hash_extended';
COMMENT ON FUNCTION territory.point_series_hash_extended(territory.point_series, bigint) IS 'the hash of a point_series, with a seed';

CREATE OPERATOR territory.< (
	FUNCTION = territory.point_series_lt, LEFTARG = territory.point_series, RIGHTARG = territory.point_series,
	COMMUTATOR = OPERATOR(territory.>), NEGATOR = OPERATOR(territory.>=), RESTRICT = scalarltsel, JOIN = scalarltjoinsel);

CREATE OPERATOR territory.<= (
	FUNCTION = territory.point_series_le, LEFTARG = territory.point_series, RIGHTARG = territory.point_series,
	COMMUTATOR = OPERATOR(territory.>=), NEGATOR = OPERATOR(territory.>), RESTRICT = scalarlesel, JOIN = scalarlejoinsel);

CREATE OPERATOR territory.= (
	FUNCTION = territory.point_series_eq, LEFTARG = territory.point_series, RIGHTARG = territory.point_series,
	COMMUTATOR = OPERATOR(territory.=), NEGATOR = OPERATOR(territory.<>), RESTRICT = eqsel, JOIN = eqjoinsel, HASHES, MERGES);

CREATE OPERATOR territory.>= (
	FUNCTION = territory.point_series_ge, LEFTARG = territory.point_series, RIGHTARG = territory.point_series,
	COMMUTATOR = OPERATOR(territory.<=), NEGATOR = OPERATOR(territory.<), RESTRICT = scalargesel, JOIN = scalargejoinsel);

CREATE OPERATOR territory.> (
	FUNCTION = territory.point_series_gt, LEFTARG = territory.point_series, RIGHTARG = territory.point_series,
	COMMUTATOR = OPERATOR(territory.<), NEGATOR = OPERATOR(territory.<=), RESTRICT = scalargtsel, JOIN = scalargtjoinsel);

CREATE OPERATOR territory.<> (
	FUNCTION = territory.point_series_ne, LEFTARG = territory.point_series, RIGHTARG = territory.point_series,
	COMMUTATOR = OPERATOR(territory.<>), NEGATOR = OPERATOR(territory.=), RESTRICT = neqsel, JOIN = neqjoinsel);

CREATE OPERATOR CLASS territory.point_series_ops DEFAULT FOR TYPE territory.point_series USING btree AS
	OPERATOR 1 territory.<,
	OPERATOR 2 territory.<=,
	OPERATOR 3 territory.=,
	OPERATOR 4 territory.>=,
	OPERATOR 5 territory.>,
	FUNCTION 1 territory.point_series_cmp(territory.point_series, territory.point_series);

CREATE OPERATOR CLASS territory.point_series_hash_ops DEFAULT FOR TYPE territory.point_series USING hash AS
	OPERATOR 1 territory.=,
	FUNCTION 1 territory.point_series_hash(territory.point_series),
	FUNCTION 2 territory.point_series_hash_extended(territory.point_series, bigint);

-- Rows to a series.

CREATE FUNCTION territory.point_series_add(so_far internal, t timestamptz, pos geometry) RETURNS internal
	LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_point_series_add';
COMMENT ON FUNCTION territory.point_series_add(internal, timestamptz, geometry) IS 'a step of the aggregate point_series; not to be called';

CREATE FUNCTION territory.point_series_add(so_far internal, t timestamptz, pos geometry, interpolation text) RETURNS internal
	LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_point_series_add';
COMMENT ON FUNCTION territory.point_series_add(internal, timestamptz, geometry, text) IS 'a step of the aggregate point_series; not to be called';

CREATE FUNCTION territory.point_series_add(so_far internal, t timestamptz, pos geometry, interpolation text, max_gap interval) RETURNS internal
	LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_point_series_add';
COMMENT ON FUNCTION territory.point_series_add(internal, timestamptz, geometry, text, interval) IS 'a step of the aggregate point_series; not to be called';

CREATE FUNCTION territory.point_series_add(so_far internal, t timestamptz, pos geometry, interpolation text, max_gap interval, granularity float8) RETURNS internal
	LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_point_series_add';
COMMENT ON FUNCTION territory.point_series_add(internal, timestamptz, geometry, text, interval, float8) IS 'a step of the aggregate point_series; not to be called';

CREATE FUNCTION territory.point_series_finish(internal) RETURNS territory.point_series
	LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_series_finish';
COMMENT ON FUNCTION territory.point_series_finish(internal) IS 'the end of the aggregate point_series; not to be called';

CREATE AGGREGATE territory.point_series(t timestamptz, pos geometry) (
	SFUNC = territory.point_series_add, STYPE = internal, FINALFUNC = territory.point_series_finish,
	COMBINEFUNC = territory.series_combine,
	SERIALFUNC = territory.series_serialize, DESERIALFUNC = territory.series_deserialize, PARALLEL = SAFE);
COMMENT ON AGGREGATE territory.point_series(timestamptz, geometry) IS
'A series of the positions of rows in any order in one section, linear. Of an instant that comes twice, the position with the greatest x, then y, then z, stays. Rows without a time or a position, or with an empty one, count for nothing; M is left out. Errors: other geometries than points, several SRIDs or dimensions, NaN or infinite coordinates and times.';

CREATE AGGREGATE territory.point_series(t timestamptz, pos geometry, interpolation text) (
	SFUNC = territory.point_series_add, STYPE = internal, FINALFUNC = territory.point_series_finish,
	COMBINEFUNC = territory.series_combine,
	SERIALFUNC = territory.series_serialize, DESERIALFUNC = territory.series_deserialize, PARALLEL = SAFE);
COMMENT ON AGGREGATE territory.point_series(timestamptz, geometry, text) IS
'A series of the positions of rows in any order. interpolation is discrete, step or linear. Of an instant that comes twice, the position with the greatest x, then y, then z, stays. Rows without a time or a position, or with an empty one, count for nothing; M is left out. Errors: other geometries than points, several SRIDs or dimensions, NaN or infinite coordinates and times.';

CREATE AGGREGATE territory.point_series(t timestamptz, pos geometry, interpolation text, max_gap interval) (
	SFUNC = territory.point_series_add, STYPE = internal, FINALFUNC = territory.point_series_finish,
	COMBINEFUNC = territory.series_combine,
	SERIALFUNC = territory.series_serialize, DESERIALFUNC = territory.series_deserialize, PARALLEL = SAFE);
COMMENT ON AGGREGATE territory.point_series(timestamptz, geometry, text, interval) IS
'A series of the positions of rows in any order. interpolation is discrete, step or linear; a section ends where the next row is more than max_gap later (days of 24 hours). Of an instant that comes twice, the position with the greatest x, then y, then z, stays. Rows without a time or a position, or with an empty one, count for nothing; M is left out. Errors: other geometries than points, several SRIDs or dimensions, NaN or infinite coordinates and times.';

CREATE AGGREGATE territory.point_series(t timestamptz, pos geometry, interpolation text, max_gap interval, granularity float8) (
	SFUNC = territory.point_series_add, STYPE = internal, FINALFUNC = territory.point_series_finish,
	COMBINEFUNC = territory.series_combine,
	SERIALFUNC = territory.series_serialize, DESERIALFUNC = territory.series_deserialize, PARALLEL = SAFE);
COMMENT ON AGGREGATE territory.point_series(timestamptz, geometry, text, interval, float8) IS
'A series of the positions of rows in any order. interpolation is discrete, step or linear; a section ends where the next row is more than max_gap later (days of 24 hours); coordinates are rounded to the power of ten of their unit that is at most granularity metres. Of an instant that comes twice, the position with the greatest x, then y, then z, stays. Rows without a time or a position, or with an empty one, count for nothing; M is left out. Errors: other geometries than points, several SRIDs or dimensions, NaN or infinite coordinates and times.';

-- Appending.

CREATE FUNCTION territory.append(series territory.point_series, t timestamptz, pos geometry) RETURNS territory.point_series
	LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_point_series_append';
COMMENT ON FUNCTION territory.append(territory.point_series, timestamptz, geometry) IS
'The series with a position after its end, in its last section. A null series begins with it (linear); without a time or a position the series stays as it is, and so it does where it ends with the same. Errors: times before its end, or at its end with another value.';

CREATE FUNCTION territory.append(series territory.point_series, t timestamptz, pos geometry, max_gap interval) RETURNS territory.point_series
	LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_point_series_append';
COMMENT ON FUNCTION territory.append(territory.point_series, timestamptz, geometry, interval) IS
'The series with a position after its end, which begins a section where it is more than max_gap after it (days of 24 hours). Otherwise as append(series, t, pos).';

CREATE FUNCTION territory.append(series territory.point_series, later territory.point_series) RETURNS territory.point_series
	LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_point_series_append_series';
COMMENT ON FUNCTION territory.append(territory.point_series, territory.point_series) IS
'The series with the sections of a later one behind its own; where the later one starts with the instant and value that the series ends with, the two sections are one. Null counts for nothing. Errors: a later series that starts before the end, or at it with another value, or has another interpolation.';

-- OGC Moving Features JSON.

CREATE FUNCTION territory.as_mfjson(series territory.point_series) RETURNS jsonb
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_series_as_mfjson';
COMMENT ON FUNCTION territory.as_mfjson(territory.point_series) IS
'The series in OGC Moving Features JSON (OGC 19-045r3): a MovingPoint, of several sections a MovingGeometryCollection with one prism for each; instants in UTC. The cast to jsonb is the same.';

CREATE FUNCTION territory.point_series_from_mfjson(document jsonb) RETURNS territory.point_series
	LANGUAGE C STABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_point_series_from_mfjson';
COMMENT ON FUNCTION territory.point_series_from_mfjson(jsonb) IS
'The series of a document in OGC Moving Features JSON (OGC 19-045r3): a MovingPoint, a MovingGeometryCollection of them, or a Feature with one; without a crs it is in CRS84, SRID 4326. Instants without an offset are in the session''s time zone, numbers are milliseconds since 1970. The cast from jsonb is the same. Errors: other interpolations than Discrete, Step and Linear; sections without one of their ends; instants that do not increase.';

CREATE CAST (territory.point_series AS jsonb) WITH FUNCTION territory.as_mfjson(territory.point_series);
CREATE CAST (jsonb AS territory.point_series) WITH FUNCTION territory.point_series_from_mfjson(jsonb);

-- PostGIS trajectories.

CREATE FUNCTION territory.as_geometry(series territory.point_series) RETURNS geometry
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_point_series_as_geometry';
COMMENT ON FUNCTION territory.as_geometry(territory.point_series) IS
'The series as a geometry whose M is seconds since 1970 UTC: LINESTRING M, of several sections MULTILINESTRING M (a collection, where some have one instant), of a discrete series MULTIPOINT M. The cast to geometry is the same; trajectory() gives the path without M. Errors: step series, which no line is.';

CREATE FUNCTION territory.point_series_from_geometry(geom geometry) RETURNS territory.point_series
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_point_series_from_geometry';
COMMENT ON FUNCTION territory.point_series_from_geometry(geometry) IS
'The series of a PostGIS trajectory: a geometry of points and lines whose M is seconds since 1970 UTC and increases; lines are linear sections, a MULTIPOINT M is discrete. NULL of an empty geometry. The cast from geometry is the same. Errors: no M, M that does not increase, other geometries.';

CREATE CAST (territory.point_series AS geometry) WITH FUNCTION territory.as_geometry(territory.point_series);
CREATE CAST (geometry AS territory.point_series) WITH FUNCTION territory.point_series_from_geometry(geometry);
