-- How long something was in a state.

CREATE FUNCTION territory.row_state_add(kept internal, state text, t timestamptz, wanted text) RETURNS internal
	LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_row_state_add';
COMMENT ON FUNCTION territory.row_state_add(internal, text, timestamptz, text) IS 'Transition of aggregates over rows: a state, its time, and the one asked for.';
CREATE FUNCTION territory.row_state_add(kept internal, state text, t timestamptz, up_states text[]) RETURNS internal
	LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_row_state_add_any';
COMMENT ON FUNCTION territory.row_state_add(internal, text, timestamptz, text[]) IS 'Transition of aggregates over rows: a state, its time, and those asked for.';
CREATE FUNCTION territory.row_state_duration(internal) RETURNS interval
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_row_state_duration';
COMMENT ON FUNCTION territory.row_state_duration(internal) IS 'Result of state_duration().';
CREATE FUNCTION territory.row_availability(internal) RETURNS float8
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_row_availability';
COMMENT ON FUNCTION territory.row_availability(internal) IS 'Result of availability().';

CREATE AGGREGATE territory.state_duration(state text, t timestamptz, wanted text) (SFUNC = territory.row_state_add, STYPE = internal, SSPACE = 1024,
	FINALFUNC = territory.row_state_duration, COMBINEFUNC = territory.row_instants_combine, SERIALFUNC = territory.row_instants_serial,
	DESERIALFUNC = territory.row_instants_deserial, PARALLEL = SAFE);
COMMENT ON AGGREGATE territory.state_duration(text, timestamptz, text) IS
'How long the state was the wanted one, in hours, minutes and seconds: a state holds from its row to the next, the last row only ends the time. States are compared byte by byte. Rows may come in any order; of rows of the same time one with such a state counts; rows whose state or time is null are left out.';
CREATE AGGREGATE territory.state_duration(state text, t timestamptz, up_states text[]) (SFUNC = territory.row_state_add, STYPE = internal, SSPACE = 1024,
	FINALFUNC = territory.row_state_duration, COMBINEFUNC = territory.row_instants_combine, SERIALFUNC = territory.row_instants_serial,
	DESERIALFUNC = territory.row_instants_deserial, PARALLEL = SAFE);
COMMENT ON AGGREGATE territory.state_duration(text, timestamptz, text[]) IS
'How long the state was one of up_states, in hours, minutes and seconds: a state holds from its row to the next, the last row only ends the time. States are compared byte by byte. Rows may come in any order; of rows of the same time one with such a state counts; rows whose state or time is null are left out.';
CREATE AGGREGATE territory.availability(state text, t timestamptz, up_states text[]) (SFUNC = territory.row_state_add, STYPE = internal, SSPACE = 1024,
	FINALFUNC = territory.row_availability, COMBINEFUNC = territory.row_instants_combine, SERIALFUNC = territory.row_instants_serial,
	DESERIALFUNC = territory.row_instants_deserial, PARALLEL = SAFE);
COMMENT ON AGGREGATE territory.availability(text, timestamptz, text[]) IS
'The share, from 0 to 1, of the time from the first row to the last in which the state was one of up_states; a state holds from its row to the next. Null of one row. Rows may come in any order; of rows of the same time one with such a state counts; rows whose state or time is null are left out.';
