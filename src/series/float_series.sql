-- float_series: its type and its forms outside.

CREATE TYPE territory.float_series;

CREATE FUNCTION territory.float_series_in(input cstring) RETURNS territory.float_series
	LANGUAGE C STABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_float_series_in';
COMMENT ON FUNCTION territory.float_series_in(cstring) IS 'reads a float_series; not to be called';

CREATE FUNCTION territory.float_series_out(series territory.float_series) RETURNS cstring
	LANGUAGE C STABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_series_out';
COMMENT ON FUNCTION territory.float_series_out(territory.float_series) IS 'writes a float_series, instants in ISO 8601 with the offset of the session''s time zone; not to be called';

CREATE FUNCTION territory.float_series_recv(input internal) RETURNS territory.float_series
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_float_series_recv';
COMMENT ON FUNCTION territory.float_series_recv(internal) IS 'reads a float_series in binary; not to be called';

CREATE FUNCTION territory.float_series_send(series territory.float_series) RETURNS bytea
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_series_send';
COMMENT ON FUNCTION territory.float_series_send(territory.float_series) IS 'A float_series in binary, as drivers get it: the reference describes the bytes.';

-- kept out of line as it is, so that single blocks of a long one are read without the rest
CREATE TYPE territory.float_series (
	INPUT = territory.float_series_in, OUTPUT = territory.float_series_out,
	RECEIVE = territory.float_series_recv, SEND = territory.float_series_send,
	INTERNALLENGTH = VARIABLE, ALIGNMENT = double, STORAGE = external);
COMMENT ON TYPE territory.float_series IS 'a number over time: temperature, level, speed';
