-- Two moving points.

CREATE FUNCTION territory.distance(a territory.point_series, b territory.point_series) RETURNS territory.float_series
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 2000 AS 'MODULE_PATHNAME', 'territory_point_pair_distance';
COMMENT ON FUNCTION territory.distance(territory.point_series, territory.point_series) IS
'The distance of two points over time, where both are known: metres on the spheroid where the SRID is geographic (geodesics of PROJ: Karney 2013), else the SRID''s unit; heights count where both have them. Two linear series get an instant where they are closest within each stretch (the square of their distance is a quadratic of time), so that least values are exact; between instants the value is what a straight line says. With a discrete series, at its instants. Null where they are never known at once; error for a step and a linear series, or for two SRIDs.';

CREATE FUNCTION territory.nearest_approach(a territory.point_series, b territory.point_series, OUT instant timestamptz, OUT distance float8) RETURNS record
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 2000 AS 'MODULE_PATHNAME', 'territory_point_nearest_approach';
COMMENT ON FUNCTION territory.nearest_approach(territory.point_series, territory.point_series) IS
'When two points are closest, the first time, and how far apart they are then: metres on the spheroid where the SRID is geographic (geodesics of PROJ: Karney 2013), else the SRID''s unit; heights count where both have them. Nulls where they are never known at once.';

CREATE FUNCTION territory.ever_within(a territory.point_series, b territory.point_series, metres float8) RETURNS boolean
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1000 AS 'MODULE_PATHNAME', 'territory_point_pair_ever_within';
COMMENT ON FUNCTION territory.ever_within(territory.point_series, territory.point_series, float8) IS
'Are two points ever within a distance of each other at one time: metres on the spheroid where the SRID is geographic (geodesics of PROJ: Karney 2013), else the SRID''s unit (at most 100 km); heights count where both have them. Boxes of few instants are compared first, and what is decoded is kept for the next pairs, up to work_mem.';
