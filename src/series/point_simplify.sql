-- Moving points: fewer instants, wrong instants, stops.

CREATE FUNCTION territory.simplify(series territory.point_series, metres float8, method text DEFAULT 'douglas_peucker') RETURNS territory.point_series
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 2000 AS 'MODULE_PATHNAME', 'territory_point_simplify';
COMMENT ON FUNCTION territory.simplify(territory.point_series, float8, text) IS
'Fewer instants of a linear series: those left out are nearer than a distance to the line between those kept (douglas_peucker: Douglas and Peucker 1973; it keeps the path), or to where the point would be at their time (synchronous: Meratnia and de By 2004; it keeps the motion, too). Distances are metres on the spheroid where the SRID is geographic (geodesics of PROJ: Karney 2013), else the SRID''s unit; heights count.';

CREATE FUNCTION territory.clean(series territory.point_series, max_speed float8) RETURNS territory.point_series
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1000 AS 'MODULE_PATHNAME', 'territory_point_clean';
COMMENT ON FUNCTION territory.clean(territory.point_series, float8) IS
'The series without fixes that cannot be true: of each section the longest chain of instants that can be followed at no more than a speed, per second: metres on the spheroid where the SRID is geographic (geodesics of PROJ: Karney 2013), else the SRID''s unit.';
