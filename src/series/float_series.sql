-- float_series: its type and its forms outside.

CREATE TYPE territory.float_series;

CREATE FUNCTION territory.float_series_in(input cstring) RETURNS territory.float_series
	LANGUAGE C STABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_float_series_in';
COMMENT ON FUNCTION territory.float_series_in(cstring) IS 'reads a float_series; not to be called';

CREATE FUNCTION territory.float_series_out(series territory.float_series) RETURNS cstring
	LANGUAGE C STABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_series_out';
COMMENT ON FUNCTION territory.float_series_out(territory.float_series) IS 'writes a float_series, instants in ISO 8601 with the offset of the session''s time zone; not to be called';

CREATE FUNCTION territory.float_series_recv(input internal) RETURNS territory.float_series
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_float_series_recv';
COMMENT ON FUNCTION territory.float_series_recv(internal) IS 'reads a float_series in binary; not to be called';

CREATE FUNCTION territory.float_series_send(series territory.float_series) RETURNS bytea
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_series_send';
COMMENT ON FUNCTION territory.float_series_send(territory.float_series) IS 'A float_series in binary, as drivers get it: the reference describes the bytes.';

-- kept out of line as it is, so that single blocks of a long one are read without the rest
CREATE TYPE territory.float_series (
	INPUT = territory.float_series_in, OUTPUT = territory.float_series_out,
	RECEIVE = territory.float_series_recv, SEND = territory.float_series_send,
	INTERNALLENGTH = VARIABLE, ALIGNMENT = double, STORAGE = external);
COMMENT ON TYPE territory.float_series IS 'a number over time: temperature, level, speed';

-- Compared: by start, then end, then bytes.

CREATE FUNCTION territory.float_series_lt(a territory.float_series, b territory.float_series) RETURNS boolean
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_series_lt';
COMMENT ON FUNCTION territory.float_series_lt(territory.float_series, territory.float_series) IS 'the operator < of float_series';

CREATE FUNCTION territory.float_series_le(a territory.float_series, b territory.float_series) RETURNS boolean
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_series_le';
COMMENT ON FUNCTION territory.float_series_le(territory.float_series, territory.float_series) IS 'the operator <= of float_series';

CREATE FUNCTION territory.float_series_eq(a territory.float_series, b territory.float_series) RETURNS boolean
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_series_eq';
COMMENT ON FUNCTION territory.float_series_eq(territory.float_series, territory.float_series) IS 'the operator = of float_series: the same instants, values, sections and interpolation';

CREATE FUNCTION territory.float_series_ge(a territory.float_series, b territory.float_series) RETURNS boolean
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_series_ge';
COMMENT ON FUNCTION territory.float_series_ge(territory.float_series, territory.float_series) IS 'the operator >= of float_series';

CREATE FUNCTION territory.float_series_gt(a territory.float_series, b territory.float_series) RETURNS boolean
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_series_gt';
COMMENT ON FUNCTION territory.float_series_gt(territory.float_series, territory.float_series) IS 'the operator > of float_series';

CREATE FUNCTION territory.float_series_ne(a territory.float_series, b territory.float_series) RETURNS boolean
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_series_ne';
COMMENT ON FUNCTION territory.float_series_ne(territory.float_series, territory.float_series) IS 'the operator <> of float_series';

CREATE FUNCTION territory.float_series_cmp(a territory.float_series, b territory.float_series) RETURNS integer
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_series_cmp';
COMMENT ON FUNCTION territory.float_series_cmp(territory.float_series, territory.float_series) IS 'the order of two float_series, for indexes and sorting: by start, then end, then bytes';

CREATE FUNCTION territory.float_series_hash(series territory.float_series) RETURNS integer
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_series_hash';
COMMENT ON FUNCTION territory.float_series_hash(territory.float_series) IS 'the hash of a float_series';

CREATE FUNCTION territory.float_series_hash_extended(series territory.float_series, seed bigint) RETURNS bigint
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_series_hash_extended';
COMMENT ON FUNCTION territory.float_series_hash_extended(territory.float_series, bigint) IS 'the hash of a float_series, with a seed';

CREATE OPERATOR territory.< (
	FUNCTION = territory.float_series_lt, LEFTARG = territory.float_series, RIGHTARG = territory.float_series,
	COMMUTATOR = OPERATOR(territory.>), NEGATOR = OPERATOR(territory.>=), RESTRICT = scalarltsel, JOIN = scalarltjoinsel);

CREATE OPERATOR territory.<= (
	FUNCTION = territory.float_series_le, LEFTARG = territory.float_series, RIGHTARG = territory.float_series,
	COMMUTATOR = OPERATOR(territory.>=), NEGATOR = OPERATOR(territory.>), RESTRICT = scalarlesel, JOIN = scalarlejoinsel);

CREATE OPERATOR territory.= (
	FUNCTION = territory.float_series_eq, LEFTARG = territory.float_series, RIGHTARG = territory.float_series,
	COMMUTATOR = OPERATOR(territory.=), NEGATOR = OPERATOR(territory.<>), RESTRICT = eqsel, JOIN = eqjoinsel, HASHES, MERGES);

CREATE OPERATOR territory.>= (
	FUNCTION = territory.float_series_ge, LEFTARG = territory.float_series, RIGHTARG = territory.float_series,
	COMMUTATOR = OPERATOR(territory.<=), NEGATOR = OPERATOR(territory.<), RESTRICT = scalargesel, JOIN = scalargejoinsel);

CREATE OPERATOR territory.> (
	FUNCTION = territory.float_series_gt, LEFTARG = territory.float_series, RIGHTARG = territory.float_series,
	COMMUTATOR = OPERATOR(territory.<), NEGATOR = OPERATOR(territory.<=), RESTRICT = scalargtsel, JOIN = scalargtjoinsel);

CREATE OPERATOR territory.<> (
	FUNCTION = territory.float_series_ne, LEFTARG = territory.float_series, RIGHTARG = territory.float_series,
	COMMUTATOR = OPERATOR(territory.<>), NEGATOR = OPERATOR(territory.=), RESTRICT = neqsel, JOIN = neqjoinsel);

CREATE OPERATOR CLASS territory.float_series_ops DEFAULT FOR TYPE territory.float_series USING btree AS
	OPERATOR 1 territory.<,
	OPERATOR 2 territory.<=,
	OPERATOR 3 territory.=,
	OPERATOR 4 territory.>=,
	OPERATOR 5 territory.>,
	FUNCTION 1 territory.float_series_cmp(territory.float_series, territory.float_series);

CREATE OPERATOR CLASS territory.float_series_hash_ops DEFAULT FOR TYPE territory.float_series USING hash AS
	OPERATOR 1 territory.=,
	FUNCTION 1 territory.float_series_hash(territory.float_series),
	FUNCTION 2 territory.float_series_hash_extended(territory.float_series, bigint);

-- Rows to a series.

CREATE FUNCTION territory.float_series_add(so_far internal, t timestamptz, value float8) RETURNS internal
	LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_float_series_add';
COMMENT ON FUNCTION territory.float_series_add(internal, timestamptz, float8) IS 'a step of the aggregate float_series; not to be called';

CREATE FUNCTION territory.float_series_add(so_far internal, t timestamptz, value float8, interpolation text) RETURNS internal
	LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_float_series_add';
COMMENT ON FUNCTION territory.float_series_add(internal, timestamptz, float8, text) IS 'a step of the aggregate float_series; not to be called';

CREATE FUNCTION territory.float_series_add(so_far internal, t timestamptz, value float8, interpolation text, max_gap interval) RETURNS internal
	LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_float_series_add';
COMMENT ON FUNCTION territory.float_series_add(internal, timestamptz, float8, text, interval) IS 'a step of the aggregate float_series; not to be called';

CREATE FUNCTION territory.float_series_finish(internal) RETURNS territory.float_series
	LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_series_finish';
COMMENT ON FUNCTION territory.float_series_finish(internal) IS 'the end of the aggregate float_series; not to be called';

CREATE FUNCTION territory.series_combine(internal, internal) RETURNS internal
	LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_series_combine';
COMMENT ON FUNCTION territory.series_combine(internal, internal) IS 'a step of the aggregates that make series; not to be called';

CREATE FUNCTION territory.series_serialize(internal) RETURNS bytea
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_series_serialize';
COMMENT ON FUNCTION territory.series_serialize(internal) IS 'a step of the aggregates that make series; not to be called';

CREATE FUNCTION territory.series_deserialize(bytea, internal) RETURNS internal
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_series_deserialize';
COMMENT ON FUNCTION territory.series_deserialize(bytea, internal) IS 'a step of the aggregates that make series; not to be called';

CREATE AGGREGATE territory.float_series(t timestamptz, value float8) (
	SFUNC = territory.float_series_add, STYPE = internal, FINALFUNC = territory.float_series_finish,
	COMBINEFUNC = territory.series_combine,
	SERIALFUNC = territory.series_serialize, DESERIALFUNC = territory.series_deserialize, PARALLEL = SAFE);
COMMENT ON AGGREGATE territory.float_series(timestamptz, float8) IS
'A series of the numbers of rows in any order in one section, linear. Of an instant that comes twice, the greatest value stays. Rows without a time or a value count for nothing. Errors: NaN or infinite values and times.';

CREATE AGGREGATE territory.float_series(t timestamptz, value float8, interpolation text) (
	SFUNC = territory.float_series_add, STYPE = internal, FINALFUNC = territory.float_series_finish,
	COMBINEFUNC = territory.series_combine,
	SERIALFUNC = territory.series_serialize, DESERIALFUNC = territory.series_deserialize, PARALLEL = SAFE);
COMMENT ON AGGREGATE territory.float_series(timestamptz, float8, text) IS
'A series of the numbers of rows in any order. interpolation is discrete, step or linear. Of an instant that comes twice, the greatest value stays. Rows without a time or a value count for nothing. Errors: NaN or infinite values and times.';

CREATE AGGREGATE territory.float_series(t timestamptz, value float8, interpolation text, max_gap interval) (
	SFUNC = territory.float_series_add, STYPE = internal, FINALFUNC = territory.float_series_finish,
	COMBINEFUNC = territory.series_combine,
	SERIALFUNC = territory.series_serialize, DESERIALFUNC = territory.series_deserialize, PARALLEL = SAFE);
COMMENT ON AGGREGATE territory.float_series(timestamptz, float8, text, interval) IS
'A series of the numbers of rows in any order. interpolation is discrete, step or linear; a section ends where the next row is more than max_gap later (days of 24 hours). Of an instant that comes twice, the greatest value stays. Rows without a time or a value count for nothing. Errors: NaN or infinite values and times.';

-- Appending.

CREATE FUNCTION territory.append(series territory.float_series, t timestamptz, value float8) RETURNS territory.float_series
	LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_float_series_append';
COMMENT ON FUNCTION territory.append(territory.float_series, timestamptz, float8) IS
'The series with a value after its end, in its last section. A null series begins with it (linear); without a time or a value the series stays as it is, and so it does where it ends with the same. Errors: times before its end, or at its end with another value.';

CREATE FUNCTION territory.append(series territory.float_series, t timestamptz, value float8, max_gap interval) RETURNS territory.float_series
	LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_float_series_append';
COMMENT ON FUNCTION territory.append(territory.float_series, timestamptz, float8, interval) IS
'The series with a value after its end, which begins a section where it is more than max_gap after it (days of 24 hours). Otherwise as append(series, t, value).';

CREATE FUNCTION territory.append(series territory.float_series, later territory.float_series) RETURNS territory.float_series
	LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_float_series_append_series';
COMMENT ON FUNCTION territory.append(territory.float_series, territory.float_series) IS
'The series with the sections of a later one behind its own; where the later one starts with the instant and value that the series ends with, the two sections are one. Null counts for nothing. Errors: a later series that starts before the end, or at it with another value, or has another interpolation.';

-- OGC Moving Features JSON.

CREATE FUNCTION territory.as_mfjson(series territory.float_series) RETURNS jsonb
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_series_as_mfjson';
COMMENT ON FUNCTION territory.as_mfjson(territory.float_series) IS
'The series in OGC Moving Features JSON (OGC 19-045r3): a MovingFloat, with "sequences" for several sections; instants in UTC. The cast to jsonb is the same.';

CREATE FUNCTION territory.float_series_from_mfjson(document jsonb) RETURNS territory.float_series
	LANGUAGE C STABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_float_series_from_mfjson';
COMMENT ON FUNCTION territory.float_series_from_mfjson(jsonb) IS
'The series of a document in OGC Moving Features JSON (OGC 19-045r3): a MovingFloat, with "sequences" or not, or ParametricValues with one Measure. Instants without an offset are in the session''s time zone, numbers are milliseconds since 1970. The cast from jsonb is the same. Errors: other interpolations than Discrete, Step and Linear; sections without one of their ends; instants that do not increase.';

CREATE CAST (territory.float_series AS jsonb) WITH FUNCTION territory.as_mfjson(territory.float_series);
CREATE CAST (jsonb AS territory.float_series) WITH FUNCTION territory.float_series_from_mfjson(jsonb);
