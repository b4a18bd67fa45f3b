-- Moving points: where they stayed.

CREATE FUNCTION territory.stops(series territory.point_series, radius float8, duration interval)
	RETURNS TABLE (period tstzrange, geom geometry)
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1000 ROWS 10 AS 'MODULE_PATHNAME', 'territory_point_stops';
COMMENT ON FUNCTION territory.stops(territory.point_series, float8, interval) IS
'Where the point stayed: stretches of instants of a section that are all within a radius of their first and last at least a duration (stay points: Li and others 2008), with their mean position, weighted by time. The radius is in metres on the spheroid where the SRID is geographic, else in its unit. Error for a discrete series.';
