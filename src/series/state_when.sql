-- State series: when they are in a state.

CREATE FUNCTION territory.when_state(series territory.state_series, VARIADIC states text[]) RETURNS tstzmultirange
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_state_when_state';
COMMENT ON FUNCTION territory.when_state(territory.state_series, text[]) IS
'When the series is in a state, or in one of several; empty where it never is.';
