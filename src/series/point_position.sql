-- Moving points: where they are, and where they were.

CREATE FUNCTION territory.position_at(series territory.point_series, t timestamptz) RETURNS geometry
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 20 AS 'MODULE_PATHNAME', 'territory_point_position_at';
COMMENT ON FUNCTION territory.position_at(territory.point_series, timestamptz) IS
'Where the point is at an instant, as a Point with the SRID of the series: on the straight line between two instants (linear, in the coordinates of the SRID), or where it was last (step); null where nothing is known. Reads the blocks around the instant only.';

CREATE FUNCTION territory.trajectory(series territory.point_series) RETURNS geometry
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 200 AS 'MODULE_PATHNAME', 'territory_point_trajectory';
COMMENT ON FUNCTION territory.trajectory(territory.point_series) IS
'The path of the point: a LineString for one section, a MultiLineString for several; where it never moves, and of step and discrete series, a Point or MultiPoint; a GeometryCollection of both, in the order of time. Heights are kept, repeated positions are not.';
