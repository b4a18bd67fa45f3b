-- What aggregates over rows share: states that keep instants.

CREATE FUNCTION territory.row_instants_combine(internal, internal) RETURNS internal
	LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_row_instants_combine';
COMMENT ON FUNCTION territory.row_instants_combine(internal, internal) IS 'Two states of an aggregate over rows that keeps instants make one.';
CREATE FUNCTION territory.row_instants_serial(internal) RETURNS bytea
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_row_instants_serial';
COMMENT ON FUNCTION territory.row_instants_serial(internal) IS 'The state of an aggregate over rows that keeps instants, as bytes.';
CREATE FUNCTION territory.row_instants_deserial(bytea, internal) RETURNS internal
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_row_instants_deserial';
COMMENT ON FUNCTION territory.row_instants_deserial(bytea, internal) IS 'The state of an aggregate over rows that keeps instants, from its bytes.';
