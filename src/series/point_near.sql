-- Moving points and geometries: near, inside, how far.

CREATE FUNCTION territory.when_within(series territory.point_series, geom geometry, metres float8) RETURNS tstzmultirange
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 2000 AS 'MODULE_PATHNAME', 'territory_point_when_within';
COMMENT ON FUNCTION territory.when_within(territory.point_series, geometry, float8) IS
'When the point is within a distance of a geometry of any kind (in an area: 0), to the microsecond. Heights are not looked at. In a geographic SRID, edges and motions are straight in longitude and latitude, and distances are metres on the spheroid (at most 100 km). Error for an empty geometry, another SRID, a negative distance.';

CREATE FUNCTION territory.when_inside(series territory.point_series, area geometry) RETURNS tstzmultirange
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 2000 AS 'MODULE_PATHNAME', 'territory_point_when_inside';
COMMENT ON FUNCTION territory.when_inside(territory.point_series, geometry) IS
'When the point is in a Polygon or MultiPolygon, its border included, to the microsecond. Error for any other geometry, an empty one, another SRID.';

CREATE FUNCTION territory.ever_within(series territory.point_series, geom geometry, metres float8) RETURNS boolean
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1000 AS 'MODULE_PATHNAME', 'territory_point_ever_within';
COMMENT ON FUNCTION territory.ever_within(territory.point_series, geometry, float8) IS
'Is the point ever within a distance of a geometry? Reads the blocks whose boxes are near only. Heights are not looked at. In a geographic SRID, edges and motions are straight in longitude and latitude, and distances are metres on the spheroid (at most 100 km).';

CREATE FUNCTION territory.ever_within(series territory.point_series, geom geometry, metres float8, during tstzrange) RETURNS boolean
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 500 AS 'MODULE_PATHNAME', 'territory_point_ever_within';
COMMENT ON FUNCTION territory.ever_within(territory.point_series, geometry, float8, tstzrange) IS
'Is the point within a distance of a geometry at some time of a period? Reads the blocks of the period only. Heights are not looked at. In a geographic SRID, edges and motions are straight in longitude and latitude, and distances are metres on the spheroid (at most 100 km).';

CREATE FUNCTION territory.distance(series territory.point_series, geom geometry) RETURNS territory.float_series
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 2000 AS 'MODULE_PATHNAME', 'territory_point_distance_to';
COMMENT ON FUNCTION territory.distance(territory.point_series, geometry) IS
'The distance to a geometry over time, 0 in an area. A linear series gets an instant where a motion is closest, or enters or leaves an area, so that the least values are exact; between instants the value is what a straight line says. Heights are not looked at. In a geographic SRID, edges and motions are straight in longitude and latitude, and distances are metres on the spheroid.';
