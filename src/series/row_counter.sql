-- What meters counted.

CREATE FUNCTION territory.row_counter_add(kept internal, value float8, t timestamptz) RETURNS internal
	LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_row_counter_add';
COMMENT ON FUNCTION territory.row_counter_add(internal, float8, timestamptz) IS 'Transition of aggregates over rows: a reading of a meter and its time.';
CREATE FUNCTION territory.row_counter_add(kept internal, value float8, t timestamptz, maximum float8) RETURNS internal
	LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_row_counter_add_maximum';
COMMENT ON FUNCTION territory.row_counter_add(internal, float8, timestamptz, float8) IS 'Transition of aggregates over rows: a reading of a meter, its time, and where the meter rolls over.';
CREATE FUNCTION territory.row_counter_delta(internal) RETURNS float8
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_row_counter_delta';
COMMENT ON FUNCTION territory.row_counter_delta(internal) IS 'Result of counter_delta().';
CREATE FUNCTION territory.row_counter_rate(internal) RETURNS float8
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_row_counter_rate';
COMMENT ON FUNCTION territory.row_counter_rate(internal) IS 'Result of counter_rate().';

CREATE AGGREGATE territory.counter_delta(value float8, t timestamptz) (SFUNC = territory.row_counter_add, STYPE = internal, SSPACE = 1024,
	FINALFUNC = territory.row_counter_delta, COMBINEFUNC = territory.row_instants_combine, SERIALFUNC = territory.row_instants_serial,
	DESERIALFUNC = territory.row_instants_deserial, PARALLEL = SAFE);
COMMENT ON AGGREGATE territory.counter_delta(float8, timestamptz) IS
'What a meter counted from the first row to the last; a reading smaller than the one before says that the meter was reset, and counts from zero. One row gives 0. A negative reading is refused (22023). Rows may come in any order; of rows of the same time the one with the greatest value counts; nulls are left out, and NaN and infinite values are refused (22023).';
CREATE AGGREGATE territory.counter_delta(value float8, t timestamptz, maximum float8) (SFUNC = territory.row_counter_add, STYPE = internal, SSPACE = 1024,
	FINALFUNC = territory.row_counter_delta, COMBINEFUNC = territory.row_instants_combine, SERIALFUNC = territory.row_instants_serial,
	DESERIALFUNC = territory.row_instants_deserial, PARALLEL = SAFE);
COMMENT ON AGGREGATE territory.counter_delta(float8, timestamptz, float8) IS
'What a meter counted from the first row to the last; a reading smaller than the one before says that it rolled over at maximum, which is what it counts to before it shows 0 again (100000 for five digits); a reading of maximum or more is refused (22023). One row gives 0. A negative reading is refused (22023). Rows may come in any order; of rows of the same time the one with the greatest value counts; nulls are left out, and NaN and infinite values are refused (22023).';
CREATE AGGREGATE territory.counter_rate(value float8, t timestamptz) (SFUNC = territory.row_counter_add, STYPE = internal, SSPACE = 1024,
	FINALFUNC = territory.row_counter_rate, COMBINEFUNC = territory.row_instants_combine, SERIALFUNC = territory.row_instants_serial,
	DESERIALFUNC = territory.row_instants_deserial, PARALLEL = SAFE);
COMMENT ON AGGREGATE territory.counter_rate(float8, timestamptz) IS
'What a meter counted per second from the first row to the last, resets counting from zero; null of one row. Times 3600 it is per hour. A negative reading is refused (22023). Rows may come in any order; of rows of the same time the one with the greatest value counts; nulls are left out, and NaN and infinite values are refused (22023).';
CREATE AGGREGATE territory.counter_rate(value float8, t timestamptz, maximum float8) (SFUNC = territory.row_counter_add, STYPE = internal, SSPACE = 1024,
	FINALFUNC = territory.row_counter_rate, COMBINEFUNC = territory.row_instants_combine, SERIALFUNC = territory.row_instants_serial,
	DESERIALFUNC = territory.row_instants_deserial, PARALLEL = SAFE);
COMMENT ON AGGREGATE territory.counter_rate(float8, timestamptz, float8) IS
'What a meter counted per second from the first row to the last, rolling over at maximum; null of one row. Times 3600 it is per hour. A negative reading is refused (22023). Rows may come in any order; of rows of the same time the one with the greatest value counts; nulls are left out, and NaN and infinite values are refused (22023).';
