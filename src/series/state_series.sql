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
