-- state_series: its type and its forms outside.

CREATE TYPE territory.state_series;

CREATE FUNCTION territory.state_series_in(input cstring) RETURNS territory.state_series
	LANGUAGE C STABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_state_series_in';
COMMENT ON FUNCTION territory.state_series_in(cstring) IS 'reads a state_series; not to be called';

CREATE FUNCTION territory.state_series_out(series territory.state_series) RETURNS cstring
	LANGUAGE C STABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_series_out';
COMMENT ON FUNCTION territory.state_series_out(territory.state_series) IS 'writes a state_series, instants in ISO 8601 with the offset of the session''s time zone; not to be called';

CREATE FUNCTION territory.state_series_recv(input internal) RETURNS territory.state_series
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_state_series_recv';
COMMENT ON FUNCTION territory.state_series_recv(internal) IS 'reads a state_series in binary; not to be called';

CREATE FUNCTION territory.state_series_send(series territory.state_series) RETURNS bytea
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_series_send';
COMMENT ON FUNCTION territory.state_series_send(territory.state_series) IS 'A state_series in binary, as drivers get it: the reference describes the bytes.';

-- kept out of line as it is, so that single blocks of a long one are read without the rest
CREATE TYPE territory.state_series (
	INPUT = territory.state_series_in, OUTPUT = territory.state_series_out,
	RECEIVE = territory.state_series_recv, SEND = territory.state_series_send,
	INTERNALLENGTH = VARIABLE, ALIGNMENT = double, STORAGE = external);
COMMENT ON TYPE territory.state_series IS 'a state over time, one of few texts: open or closed, the colour of a light';

-- Compared: by start, then end, then bytes.

CREATE FUNCTION territory.state_series_lt(a territory.state_series, b territory.state_series) RETURNS boolean
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_series_lt';
COMMENT ON FUNCTION territory.state_series_lt(territory.state_series, territory.state_series) IS 'the operator < of state_series';

CREATE FUNCTION territory.state_series_le(a territory.state_series, b territory.state_series) RETURNS boolean
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_series_le';
COMMENT ON FUNCTION territory.state_series_le(territory.state_series, territory.state_series) IS 'the operator <= of state_series';

CREATE FUNCTION territory.state_series_eq(a territory.state_series, b territory.state_series) RETURNS boolean
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_series_eq';
COMMENT ON FUNCTION territory.state_series_eq(territory.state_series, territory.state_series) IS 'the operator = of state_series: the same instants, values, sections and interpolation';

CREATE FUNCTION territory.state_series_ge(a territory.state_series, b territory.state_series) RETURNS boolean
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_series_ge';
COMMENT ON FUNCTION territory.state_series_ge(territory.state_series, territory.state_series) IS 'the operator >= of state_series';

CREATE FUNCTION territory.state_series_gt(a territory.state_series, b territory.state_series) RETURNS boolean
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_series_gt';
COMMENT ON FUNCTION territory.state_series_gt(territory.state_series, territory.state_series) IS 'the operator > of state_series';

CREATE FUNCTION territory.state_series_ne(a territory.state_series, b territory.state_series) RETURNS boolean
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_series_ne';
COMMENT ON FUNCTION territory.state_series_ne(territory.state_series, territory.state_series) IS 'the operator <> of state_series';

CREATE FUNCTION territory.state_series_cmp(a territory.state_series, b territory.state_series) RETURNS integer
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_series_cmp';
COMMENT ON FUNCTION territory.state_series_cmp(territory.state_series, territory.state_series) IS 'the order of two state_series, for indexes and sorting: by start, then end, then bytes';

CREATE FUNCTION territory.state_series_hash(series territory.state_series) RETURNS integer
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_series_hash';
COMMENT ON FUNCTION territory.state_series_hash(territory.state_series) IS 'the hash of a state_series';

CREATE FUNCTION territory.state_series_hash_extended(series territory.state_series, seed bigint) RETURNS bigint
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_series_hash_extended';
COMMENT ON FUNCTION territory.state_series_hash_extended(territory.state_series, bigint) IS 'the hash of a state_series, with a seed';

CREATE OPERATOR territory.< (
	FUNCTION = territory.state_series_lt, LEFTARG = territory.state_series, RIGHTARG = territory.state_series,
	COMMUTATOR = OPERATOR(territory.>), NEGATOR = OPERATOR(territory.>=), RESTRICT = scalarltsel, JOIN = scalarltjoinsel);

CREATE OPERATOR territory.<= (
	FUNCTION = territory.state_series_le, LEFTARG = territory.state_series, RIGHTARG = territory.state_series,
	COMMUTATOR = OPERATOR(territory.>=), NEGATOR = OPERATOR(territory.>), RESTRICT = scalarlesel, JOIN = scalarlejoinsel);

CREATE OPERATOR territory.= (
	FUNCTION = territory.state_series_eq, LEFTARG = territory.state_series, RIGHTARG = territory.state_series,
	COMMUTATOR = OPERATOR(territory.=), NEGATOR = OPERATOR(territory.<>), RESTRICT = eqsel, JOIN = eqjoinsel, HASHES, MERGES);

CREATE OPERATOR territory.>= (
	FUNCTION = territory.state_series_ge, LEFTARG = territory.state_series, RIGHTARG = territory.state_series,
	COMMUTATOR = OPERATOR(territory.<=), NEGATOR = OPERATOR(territory.<), RESTRICT = scalargesel, JOIN = scalargejoinsel);

CREATE OPERATOR territory.> (
	FUNCTION = territory.state_series_gt, LEFTARG = territory.state_series, RIGHTARG = territory.state_series,
	COMMUTATOR = OPERATOR(territory.<), NEGATOR = OPERATOR(territory.<=), RESTRICT = scalargtsel, JOIN = scalargtjoinsel);

CREATE OPERATOR territory.<> (
	FUNCTION = territory.state_series_ne, LEFTARG = territory.state_series, RIGHTARG = territory.state_series,
	COMMUTATOR = OPERATOR(territory.<>), NEGATOR = OPERATOR(territory.=), RESTRICT = neqsel, JOIN = neqjoinsel);

CREATE OPERATOR CLASS territory.state_series_ops DEFAULT FOR TYPE territory.state_series USING btree AS
	OPERATOR 1 territory.<,
	OPERATOR 2 territory.<=,
	OPERATOR 3 territory.=,
	OPERATOR 4 territory.>=,
	OPERATOR 5 territory.>,
	FUNCTION 1 territory.state_series_cmp(territory.state_series, territory.state_series);

CREATE OPERATOR CLASS territory.state_series_hash_ops DEFAULT FOR TYPE territory.state_series USING hash AS
	OPERATOR 1 territory.=,
	FUNCTION 1 territory.state_series_hash(territory.state_series),
	FUNCTION 2 territory.state_series_hash_extended(territory.state_series, bigint);

-- Rows to a series.

CREATE FUNCTION territory.state_series_add(so_far internal, t timestamptz, state text) RETURNS internal
	LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_state_series_add';
COMMENT ON FUNCTION territory.state_series_add(internal, timestamptz, text) IS 'a step of the aggregate state_series; not to be called';

CREATE FUNCTION territory.state_series_add(so_far internal, t timestamptz, state text, interpolation text) RETURNS internal
	LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_state_series_add';
COMMENT ON FUNCTION territory.state_series_add(internal, timestamptz, text, text) IS 'a step of the aggregate state_series; not to be called';

CREATE FUNCTION territory.state_series_add(so_far internal, t timestamptz, state text, interpolation text, max_gap interval) RETURNS internal
	LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_state_series_add';
COMMENT ON FUNCTION territory.state_series_add(internal, timestamptz, text, text, interval) IS 'a step of the aggregate state_series; not to be called';

CREATE FUNCTION territory.state_series_finish(internal) RETURNS territory.state_series
	LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_series_finish';
COMMENT ON FUNCTION territory.state_series_finish(internal) IS 'the end of the aggregate state_series; not to be called';

CREATE AGGREGATE territory.state_series(t timestamptz, state text) (
	SFUNC = territory.state_series_add, STYPE = internal, FINALFUNC = territory.state_series_finish,
	COMBINEFUNC = territory.series_combine,
	SERIALFUNC = territory.series_serialize, DESERIALFUNC = territory.series_deserialize, PARALLEL = SAFE);
COMMENT ON AGGREGATE territory.state_series(timestamptz, text) IS
'A series of the states of rows in any order in one section, step. Of an instant that comes twice, the last state in the order of bytes stays. Rows without a time or a state count for nothing. Errors: infinite times.';

CREATE AGGREGATE territory.state_series(t timestamptz, state text, interpolation text) (
	SFUNC = territory.state_series_add, STYPE = internal, FINALFUNC = territory.state_series_finish,
	COMBINEFUNC = territory.series_combine,
	SERIALFUNC = territory.series_serialize, DESERIALFUNC = territory.series_deserialize, PARALLEL = SAFE);
COMMENT ON AGGREGATE territory.state_series(timestamptz, text, text) IS
'A series of the states of rows in any order. interpolation is discrete or step. Of an instant that comes twice, the last state in the order of bytes stays. Rows without a time or a state count for nothing. Errors: infinite times.';

CREATE AGGREGATE territory.state_series(t timestamptz, state text, interpolation text, max_gap interval) (
	SFUNC = territory.state_series_add, STYPE = internal, FINALFUNC = territory.state_series_finish,
	COMBINEFUNC = territory.series_combine,
	SERIALFUNC = territory.series_serialize, DESERIALFUNC = territory.series_deserialize, PARALLEL = SAFE);
COMMENT ON AGGREGATE territory.state_series(timestamptz, text, text, interval) IS
'A series of the states of rows in any order. interpolation is discrete or step; a section ends where the next row is more than max_gap later (days of 24 hours). Of an instant that comes twice, the last state in the order of bytes stays. Rows without a time or a state count for nothing. Errors: infinite times.';

-- Appending.

CREATE FUNCTION territory.append(series territory.state_series, t timestamptz, state text) RETURNS territory.state_series
	LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_state_series_append';
COMMENT ON FUNCTION territory.append(territory.state_series, timestamptz, text) IS
'The series with a state after its end, in its last section. A null series begins with it (step); without a time or a state the series stays as it is, and so it does where it ends with the same. Errors: times before its end, or at its end with another value.';

CREATE FUNCTION territory.append(series territory.state_series, t timestamptz, state text, max_gap interval) RETURNS territory.state_series
	LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_state_series_append';
COMMENT ON FUNCTION territory.append(territory.state_series, timestamptz, text, interval) IS
'The series with a state after its end, which begins a section where it is more than max_gap after it (days of 24 hours). Otherwise as append(series, t, state).';

CREATE FUNCTION territory.append(series territory.state_series, later territory.state_series) RETURNS territory.state_series
	LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_state_series_append_series';
COMMENT ON FUNCTION territory.append(territory.state_series, territory.state_series) IS
'The series with the sections of a later one behind its own; where the later one starts with the instant and value that the series ends with, the two sections are one. Null counts for nothing. Errors: a later series that starts before the end, or at it with another value, or has another interpolation.';

-- OGC Moving Features JSON.

CREATE FUNCTION territory.as_mfjson(series territory.state_series) RETURNS jsonb
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_series_as_mfjson';
COMMENT ON FUNCTION territory.as_mfjson(territory.state_series) IS
'The series in OGC Moving Features JSON (OGC 19-045r3): a MovingText, with "sequences" for several sections; instants in UTC. The cast to jsonb is the same.';

CREATE FUNCTION territory.state_series_from_mfjson(document jsonb) RETURNS territory.state_series
	LANGUAGE C STABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_state_series_from_mfjson';
COMMENT ON FUNCTION territory.state_series_from_mfjson(jsonb) IS
'The series of a document in OGC Moving Features JSON (OGC 19-045r3): a MovingText, with "sequences" or not, or ParametricValues with one Text. Instants without an offset are in the session''s time zone, numbers are milliseconds since 1970. The cast from jsonb is the same. Errors: other interpolations than Discrete, Step and Linear; sections without one of their ends; instants that do not increase.';

CREATE CAST (territory.state_series AS jsonb) WITH FUNCTION territory.as_mfjson(territory.state_series);
CREATE CAST (jsonb AS territory.state_series) WITH FUNCTION territory.state_series_from_mfjson(jsonb);
