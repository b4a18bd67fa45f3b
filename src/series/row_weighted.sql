-- Averages and integrals over time.

CREATE FUNCTION territory.row_values_add(kept internal, value float8, t timestamptz) RETURNS internal
	LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_row_values_add';
COMMENT ON FUNCTION territory.row_values_add(internal, float8, timestamptz) IS 'Transition of aggregates over rows: a value and its time.';
CREATE FUNCTION territory.row_values_add(kept internal, value float8, t timestamptz, interpolation text) RETURNS internal
	LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_row_values_add_interpolated';
COMMENT ON FUNCTION territory.row_values_add(internal, float8, timestamptz, text) IS 'Transition of aggregates over rows: a value, its time, and how values run between rows.';
CREATE FUNCTION territory.row_values_add(kept internal, value float8, t timestamptz, interpolation text, per interval) RETURNS internal
	LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_row_values_add_per';
COMMENT ON FUNCTION territory.row_values_add(internal, float8, timestamptz, text, interval) IS 'Transition of aggregates over rows: a value, its time, how values run between rows, and the unit of time.';
CREATE FUNCTION territory.row_time_weighted_average(internal) RETURNS float8
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_row_time_weighted_average';
COMMENT ON FUNCTION territory.row_time_weighted_average(internal) IS 'Result of time_weighted_average().';
CREATE FUNCTION territory.row_integral(internal) RETURNS float8
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_row_integral';
COMMENT ON FUNCTION territory.row_integral(internal) IS 'Result of integral().';

CREATE AGGREGATE territory.time_weighted_average(value float8, t timestamptz) (SFUNC = territory.row_values_add, STYPE = internal, SSPACE = 1024,
	FINALFUNC = territory.row_time_weighted_average, COMBINEFUNC = territory.row_instants_combine, SERIALFUNC = territory.row_instants_serial,
	DESERIALFUNC = territory.row_instants_deserial, PARALLEL = SAFE);
COMMENT ON AGGREGATE territory.time_weighted_average(float8, timestamptz) IS
'The mean of a value over time: each value weighs as long as it holds, from its row to the next (the last row only ends the time). One row gives its value. Rows may come in any order; of rows of the same time the one with the greatest value counts; nulls are left out, and NaN and infinite values are refused (22023).';
CREATE AGGREGATE territory.time_weighted_average(value float8, t timestamptz, interpolation text) (SFUNC = territory.row_values_add, STYPE = internal, SSPACE = 1024,
	FINALFUNC = territory.row_time_weighted_average, COMBINEFUNC = territory.row_instants_combine, SERIALFUNC = territory.row_instants_serial,
	DESERIALFUNC = territory.row_instants_deserial, PARALLEL = SAFE);
COMMENT ON AGGREGATE territory.time_weighted_average(float8, timestamptz, text) IS
'The mean of a value over time, from the first row to the last; interpolation says how it runs between rows: step (it holds until the next row) or linear. One row gives its value. Rows may come in any order; of rows of the same time the one with the greatest value counts; nulls are left out, and NaN and infinite values are refused (22023).';
CREATE AGGREGATE territory.integral(value float8, t timestamptz) (SFUNC = territory.row_values_add, STYPE = internal, SSPACE = 1024,
	FINALFUNC = territory.row_integral, COMBINEFUNC = territory.row_instants_combine, SERIALFUNC = territory.row_instants_serial,
	DESERIALFUNC = territory.row_instants_deserial, PARALLEL = SAFE);
COMMENT ON AGGREGATE territory.integral(float8, timestamptz) IS
'The area under a value over time, in the value''s unit times seconds: each value holds from its row to the next. One row gives 0. Rows may come in any order; of rows of the same time the one with the greatest value counts; nulls are left out, and NaN and infinite values are refused (22023).';
CREATE AGGREGATE territory.integral(value float8, t timestamptz, interpolation text) (SFUNC = territory.row_values_add, STYPE = internal, SSPACE = 1024,
	FINALFUNC = territory.row_integral, COMBINEFUNC = territory.row_instants_combine, SERIALFUNC = territory.row_instants_serial,
	DESERIALFUNC = territory.row_instants_deserial, PARALLEL = SAFE);
COMMENT ON AGGREGATE territory.integral(float8, timestamptz, text) IS
'The area under a value over time, in the value''s unit times seconds; interpolation says how it runs between rows: step (it holds until the next row) or linear (trapezoids). One row gives 0. Rows may come in any order; of rows of the same time the one with the greatest value counts; nulls are left out, and NaN and infinite values are refused (22023).';
CREATE AGGREGATE territory.integral(value float8, t timestamptz, interpolation text, per interval) (SFUNC = territory.row_values_add, STYPE = internal, SSPACE = 1024,
	FINALFUNC = territory.row_integral, COMBINEFUNC = territory.row_instants_combine, SERIALFUNC = territory.row_instants_serial,
	DESERIALFUNC = territory.row_instants_deserial, PARALLEL = SAFE);
COMMENT ON AGGREGATE territory.integral(float8, timestamptz, text, interval) IS
'The area under a value over time, in the value''s unit times per: of kW per 1 hour it is kWh, of m3/h per 1 hour it is m3; a day of per has 24 hours, months are refused (22023). interpolation: step or linear. One row gives 0. Rows may come in any order; of rows of the same time the one with the greatest value counts; nulls are left out, and NaN and infinite values are refused (22023).';
