-- point_series: its type and its forms outside.

CREATE TYPE territory.point_series;

CREATE FUNCTION territory.point_series_in(input cstring) RETURNS territory.point_series
	LANGUAGE C STABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_point_series_in';
COMMENT ON FUNCTION territory.point_series_in(cstring) IS 'reads a point_series; not to be called';

CREATE FUNCTION territory.point_series_out(series territory.point_series) RETURNS cstring
	LANGUAGE C STABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_series_out';
COMMENT ON FUNCTION territory.point_series_out(territory.point_series) IS 'writes a point_series, instants in ISO 8601 with the offset of the session''s time zone; not to be called';

CREATE FUNCTION territory.point_series_recv(input internal) RETURNS territory.point_series
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_point_series_recv';
COMMENT ON FUNCTION territory.point_series_recv(internal) IS 'reads a point_series in binary; not to be called';

CREATE FUNCTION territory.point_series_send(series territory.point_series) RETURNS bytea
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_series_send';
COMMENT ON FUNCTION territory.point_series_send(territory.point_series) IS 'A point_series in binary, as drivers get it: the reference describes the bytes.';

-- kept out of line as it is, so that single blocks of a long one are read without the rest
CREATE TYPE territory.point_series (
	INPUT = territory.point_series_in, OUTPUT = territory.point_series_out,
	RECEIVE = territory.point_series_recv, SEND = territory.point_series_send,
	INTERNALLENGTH = VARIABLE, ALIGNMENT = double, STORAGE = external);
COMMENT ON TYPE territory.point_series IS 'a place over time, in two or three dimensions: a bus, a bin lorry';
