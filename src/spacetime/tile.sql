-- What a map tile shows, in the tile's own coordinates.  The tiles themselves are the model's: they are of layers.

CREATE FUNCTION territory.tile_point(place geometry, z integer, x integer, y integer, extent integer DEFAULT 4096,
	buffer integer DEFAULT 64) RETURNS geometry
	LANGUAGE C STABLE STRICT PARALLEL SAFE COST 20 AS 'MODULE_PATHNAME', 'territory_tile_point';
COMMENT ON FUNCTION territory.tile_point(geometry, integer, integer, integer, integer, integer) IS
'A point, of any SRID, in the whole coordinates of a map tile (Web Mercator, z/x/y from the upper left), as ST_AsMVT takes it; null where it lies outside the tile and its buffer, or is empty; an error for other geometries.';

CREATE FUNCTION territory.tile_trace(series territory.point_series, z integer, x integer, y integer,
	extent integer DEFAULT 4096, buffer integer DEFAULT 64,
	OUT line geometry, OUT times text, OUT start_time bigint, OUT end_time bigint, OUT points integer) RETURNS SETOF record
	LANGUAGE C STABLE STRICT PARALLEL SAFE COST 500 ROWS 2 AS 'MODULE_PATHNAME', 'territory_tile_trace';
COMMENT ON FUNCTION territory.tile_trace(territory.point_series, integer, integer, integer, integer, integer) IS
'What a moving point drew on a map tile: a line for each stretch of time that it was in or beside the tile, in the tile''s coordinates, and the time of each of its points, as a JSON array of seconds since 1970 (UTC). A point that stayed, or is known at an instant only, is a point.';
