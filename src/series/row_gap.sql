-- The longest time without a row.

CREATE FUNCTION territory.row_times_add(kept internal, t timestamptz) RETURNS internal
	LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_row_times_add';
COMMENT ON FUNCTION territory.row_times_add(internal, timestamptz) IS 'Transition of aggregates over rows: a time.';
CREATE FUNCTION territory.row_times_add(kept internal, t timestamptz, expected interval) RETURNS internal
	LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_row_times_add_expected';
COMMENT ON FUNCTION territory.row_times_add(internal, timestamptz, interval) IS 'Transition of aggregates over rows: a time, and the longest gap that is as expected.';
CREATE FUNCTION territory.row_longest_gap(internal) RETURNS tstzrange
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_row_longest_gap';
COMMENT ON FUNCTION territory.row_longest_gap(internal) IS 'Result of longest_gap().';

CREATE AGGREGATE territory.longest_gap(t timestamptz) (SFUNC = territory.row_times_add, STYPE = internal, SSPACE = 512,
	FINALFUNC = territory.row_longest_gap, COMBINEFUNC = territory.row_instants_combine, SERIALFUNC = territory.row_instants_serial,
	DESERIALFUNC = territory.row_instants_deserial, PARALLEL = SAFE);
COMMENT ON AGGREGATE territory.longest_gap(timestamptz) IS
'The longest time between two neighbouring rows, as a range without these two; of equal ones the earliest; null of fewer than two times. Rows may come in any order; null times are left out, infinite ones refused (22008).';
CREATE AGGREGATE territory.longest_gap(t timestamptz, expected interval) (SFUNC = territory.row_times_add, STYPE = internal, SSPACE = 512,
	FINALFUNC = territory.row_longest_gap, COMBINEFUNC = territory.row_instants_combine, SERIALFUNC = territory.row_instants_serial,
	DESERIALFUNC = territory.row_instants_deserial, PARALLEL = SAFE);
COMMENT ON AGGREGATE territory.longest_gap(timestamptz, interval) IS
'The longest time between two neighbouring rows, as a range without these two, where it is longer than expected, else null; of equal ones the earliest. Months in expected are refused (22023). Rows may come in any order; null times are left out, infinite ones refused (22008).';
