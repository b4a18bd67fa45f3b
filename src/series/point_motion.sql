-- Moving points: how far, how fast and where to.

CREATE FUNCTION territory.length(series territory.point_series) RETURNS float8
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 200 AS 'MODULE_PATHNAME', 'territory_point_length';
COMMENT ON FUNCTION territory.length(territory.point_series) IS
'How far the point moved: metres on the spheroid where the SRID is geographic (geodesics of PROJ: Karney 2013), else the SRID''s unit; heights count. 0 for step and discrete series. Error for an SRID that spatial_ref_sys does not know.';

CREATE FUNCTION territory.speed(series territory.point_series) RETURNS territory.float_series
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 500 AS 'MODULE_PATHNAME', 'territory_point_speed';
COMMENT ON FUNCTION territory.speed(territory.point_series) IS
'The speed of each motion, per second: metres on the spheroid where the SRID is geographic (geodesics of PROJ: Karney 2013), else the SRID''s unit; heights count. A step series: a value holds from an instant to the next, the last one repeats the one before it. Null where the series knows no motion (step, discrete, single instants).';

CREATE FUNCTION territory.bearing(series territory.point_series) RETURNS territory.float_series
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 500 AS 'MODULE_PATHNAME', 'territory_point_bearing';
COMMENT ON FUNCTION territory.bearing(territory.point_series) IS
'Where each motion leads, in degrees clockwise from north (of the geodesic at its start where the SRID is geographic, else from the y axis), 0 to below 360. A step series like speed(); where the point stays there is none, so a section ends there. Null where it never moves.';
