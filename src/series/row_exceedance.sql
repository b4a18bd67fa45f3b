-- How long and how far values are above a threshold.

CREATE TYPE territory.exceedance AS (duration interval, area float8);
COMMENT ON TYPE territory.exceedance IS 'How long a value was above a threshold, and the area between value and threshold meanwhile, in the value''s unit times seconds.';

CREATE FUNCTION territory.row_exceedance_add(kept internal, value float8, t timestamptz, threshold float8) RETURNS internal
	LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_row_exceedance_add';
COMMENT ON FUNCTION territory.row_exceedance_add(internal, float8, timestamptz, float8) IS 'Transition of aggregates over rows: a value, its time, and a threshold.';
CREATE FUNCTION territory.row_exceedance_add(kept internal, value float8, t timestamptz, threshold float8, interpolation text) RETURNS internal
	LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_row_exceedance_add_interpolated';
COMMENT ON FUNCTION territory.row_exceedance_add(internal, float8, timestamptz, float8, text) IS 'Transition of aggregates over rows: a value, its time, a threshold, and how values run between rows.';
CREATE FUNCTION territory.row_exceedance(internal) RETURNS territory.exceedance
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_row_exceedance';
COMMENT ON FUNCTION territory.row_exceedance(internal) IS 'Result of exceedance().';

CREATE AGGREGATE territory.exceedance(value float8, t timestamptz, threshold float8) (SFUNC = territory.row_exceedance_add, STYPE = internal, SSPACE = 1024,
	FINALFUNC = territory.row_exceedance, COMBINEFUNC = territory.row_instants_combine, SERIALFUNC = territory.row_instants_serial,
	DESERIALFUNC = territory.row_instants_deserial, PARALLEL = SAFE);
COMMENT ON AGGREGATE territory.exceedance(float8, timestamptz, float8) IS
'How long a value was above a threshold, in hours, minutes and seconds, and the area above it, in the value''s unit times seconds; each value holds from its row to the next. Rows may come in any order; of rows of the same time the one with the greatest value counts; nulls are left out, and NaN and infinite values are refused (22023).';
CREATE AGGREGATE territory.exceedance(value float8, t timestamptz, threshold float8, interpolation text) (SFUNC = territory.row_exceedance_add, STYPE = internal, SSPACE = 1024,
	FINALFUNC = territory.row_exceedance, COMBINEFUNC = territory.row_instants_combine, SERIALFUNC = territory.row_instants_serial,
	DESERIALFUNC = territory.row_instants_deserial, PARALLEL = SAFE);
COMMENT ON AGGREGATE territory.exceedance(float8, timestamptz, float8, text) IS
'How long a value was above a threshold, in hours, minutes and seconds, and the area above it, in the value''s unit times seconds; interpolation says how it runs between rows: step or linear, which counts from and to where it crosses the threshold. Rows may come in any order; of rows of the same time the one with the greatest value counts; nulls are left out, and NaN and infinite values are refused (22023).';
