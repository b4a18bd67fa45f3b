-- The first and the last value.

CREATE FUNCTION territory.row_first_add(kept internal, value anyelement, t timestamptz) RETURNS internal
	LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_row_first_add';
COMMENT ON FUNCTION territory.row_first_add(internal, anyelement, timestamptz) IS 'Transition of aggregates over rows: a value and its time, for first().';
CREATE FUNCTION territory.row_first_add(kept internal, value anyelement, t timestamp) RETURNS internal
	LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_row_first_add';
COMMENT ON FUNCTION territory.row_first_add(internal, anyelement, timestamp) IS 'Transition of aggregates over rows: a value and its time, for first().';
CREATE FUNCTION territory.row_first_add(kept internal, value anyelement, t date) RETURNS internal
	LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_row_first_add_date';
COMMENT ON FUNCTION territory.row_first_add(internal, anyelement, date) IS 'Transition of aggregates over rows: a value and its time, for first().';
CREATE FUNCTION territory.row_first_combine(internal, internal) RETURNS internal
	LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_row_first_combine';
COMMENT ON FUNCTION territory.row_first_combine(internal, internal) IS 'Two states of first() make one.';
CREATE FUNCTION territory.row_last_add(kept internal, value anyelement, t timestamptz) RETURNS internal
	LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_row_last_add';
COMMENT ON FUNCTION territory.row_last_add(internal, anyelement, timestamptz) IS 'Transition of aggregates over rows: a value and its time, for last().';
CREATE FUNCTION territory.row_last_add(kept internal, value anyelement, t timestamp) RETURNS internal
	LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_row_last_add';
COMMENT ON FUNCTION territory.row_last_add(internal, anyelement, timestamp) IS 'Transition of aggregates over rows: a value and its time, for last().';
CREATE FUNCTION territory.row_last_add(kept internal, value anyelement, t date) RETURNS internal
	LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_row_last_add_date';
COMMENT ON FUNCTION territory.row_last_add(internal, anyelement, date) IS 'Transition of aggregates over rows: a value and its time, for last().';
CREATE FUNCTION territory.row_last_combine(internal, internal) RETURNS internal
	LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_row_last_combine';
COMMENT ON FUNCTION territory.row_last_combine(internal, internal) IS 'Two states of last() make one.';
CREATE FUNCTION territory.row_end_serial(internal) RETURNS bytea
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_row_end_serial';
COMMENT ON FUNCTION territory.row_end_serial(internal) IS 'The state of first() and last(), as bytes.';
CREATE FUNCTION territory.row_end_deserial(bytea, internal) RETURNS internal
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_row_end_deserial';
COMMENT ON FUNCTION territory.row_end_deserial(bytea, internal) IS 'The state of first() and last(), from its bytes.';
CREATE FUNCTION territory.row_end(kept internal, value anyelement, t timestamptz) RETURNS anyelement
	LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_row_end';
COMMENT ON FUNCTION territory.row_end(internal, anyelement, timestamptz) IS 'Result of first() and last().';
CREATE FUNCTION territory.row_end(kept internal, value anyelement, t timestamp) RETURNS anyelement
	LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_row_end';
COMMENT ON FUNCTION territory.row_end(internal, anyelement, timestamp) IS 'Result of first() and last().';
CREATE FUNCTION territory.row_end(kept internal, value anyelement, t date) RETURNS anyelement
	LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_row_end';
COMMENT ON FUNCTION territory.row_end(internal, anyelement, date) IS 'Result of first() and last().';

CREATE AGGREGATE territory.first(value anyelement, t timestamptz) (SFUNC = territory.row_first_add, STYPE = internal, SSPACE = 128,
	FINALFUNC = territory.row_end, FINALFUNC_EXTRA, COMBINEFUNC = territory.row_first_combine, SERIALFUNC = territory.row_end_serial,
	DESERIALFUNC = territory.row_end_deserial, PARALLEL = SAFE);
COMMENT ON AGGREGATE territory.first(anyelement, timestamptz) IS
'The value of the earliest row; rows whose value or time is null are left out. Of rows of the same time the one with the greatest value counts: by the default order of its type, else by its bytes. Rows may come in any order.';
CREATE AGGREGATE territory.first(value anyelement, t timestamp) (SFUNC = territory.row_first_add, STYPE = internal, SSPACE = 128,
	FINALFUNC = territory.row_end, FINALFUNC_EXTRA, COMBINEFUNC = territory.row_first_combine, SERIALFUNC = territory.row_end_serial,
	DESERIALFUNC = territory.row_end_deserial, PARALLEL = SAFE);
COMMENT ON AGGREGATE territory.first(anyelement, timestamp) IS
'The value of the earliest row; rows whose value or time is null are left out. Of rows of the same time the one with the greatest value counts: by the default order of its type, else by its bytes. Rows may come in any order.';
CREATE AGGREGATE territory.first(value anyelement, t date) (SFUNC = territory.row_first_add, STYPE = internal, SSPACE = 128,
	FINALFUNC = territory.row_end, FINALFUNC_EXTRA, COMBINEFUNC = territory.row_first_combine, SERIALFUNC = territory.row_end_serial,
	DESERIALFUNC = territory.row_end_deserial, PARALLEL = SAFE);
COMMENT ON AGGREGATE territory.first(anyelement, date) IS
'The value of the earliest row; rows whose value or time is null are left out. Of rows of the same time the one with the greatest value counts: by the default order of its type, else by its bytes. Rows may come in any order.';
CREATE AGGREGATE territory.last(value anyelement, t timestamptz) (SFUNC = territory.row_last_add, STYPE = internal, SSPACE = 128,
	FINALFUNC = territory.row_end, FINALFUNC_EXTRA, COMBINEFUNC = territory.row_last_combine, SERIALFUNC = territory.row_end_serial,
	DESERIALFUNC = territory.row_end_deserial, PARALLEL = SAFE);
COMMENT ON AGGREGATE territory.last(anyelement, timestamptz) IS
'The value of the latest row; rows whose value or time is null are left out. Of rows of the same time the one with the greatest value counts: by the default order of its type, else by its bytes. Rows may come in any order.';
CREATE AGGREGATE territory.last(value anyelement, t timestamp) (SFUNC = territory.row_last_add, STYPE = internal, SSPACE = 128,
	FINALFUNC = territory.row_end, FINALFUNC_EXTRA, COMBINEFUNC = territory.row_last_combine, SERIALFUNC = territory.row_end_serial,
	DESERIALFUNC = territory.row_end_deserial, PARALLEL = SAFE);
COMMENT ON AGGREGATE territory.last(anyelement, timestamp) IS
'The value of the latest row; rows whose value or time is null are left out. Of rows of the same time the one with the greatest value counts: by the default order of its type, else by its bytes. Rows may come in any order.';
CREATE AGGREGATE territory.last(value anyelement, t date) (SFUNC = territory.row_last_add, STYPE = internal, SSPACE = 128,
	FINALFUNC = territory.row_end, FINALFUNC_EXTRA, COMBINEFUNC = territory.row_last_combine, SERIALFUNC = territory.row_end_serial,
	DESERIALFUNC = territory.row_end_deserial, PARALLEL = SAFE);
COMMENT ON AGGREGATE territory.last(anyelement, date) IS
'The value of the latest row; rows whose value or time is null are left out. Of rows of the same time the one with the greatest value counts: by the default order of its type, else by its bytes. Rows may come in any order.';
