-- Moving points: how alike two paths are.

CREATE FUNCTION territory.frechet_distance(a territory.point_series, b territory.point_series) RETURNS float8
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 50000 AS 'MODULE_PATHNAME', 'territory_point_frechet_distance';
COMMENT ON FUNCTION territory.frechet_distance(territory.point_series, territory.point_series) IS
'The discrete Fréchet distance of two series (Eiter and Mannila 1994): metres on the spheroid where the SRID is geographic (geodesics of PROJ: Karney 2013), else the SRID''s unit; heights count where both have them. Matches instants in their order, whatever their times and sections; takes time in proportion to the product of their numbers.';

CREATE FUNCTION territory.hausdorff_distance(a territory.point_series, b territory.point_series) RETURNS float8
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 5000 AS 'MODULE_PATHNAME', 'territory_point_hausdorff_distance';
COMMENT ON FUNCTION territory.hausdorff_distance(territory.point_series, territory.point_series) IS
'The farthest that an instant of one series is from the path of the other, as ST_HausdorffDistance of their trajectories: metres on the spheroid where the SRID is geographic (geodesics of PROJ: Karney 2013), else the SRID''s unit. Heights are not looked at.';

CREATE FUNCTION territory.dtw(a territory.point_series, b territory.point_series) RETURNS float8
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 50000 AS 'MODULE_PATHNAME', 'territory_point_dtw';
COMMENT ON FUNCTION territory.dtw(territory.point_series, territory.point_series) IS
'Dynamic time warping of two series (Sakoe and Chiba 1978): the least sum of distances over all ways of matching their instants in order, each at least once: metres on the spheroid where the SRID is geographic (geodesics of PROJ: Karney 2013), else the SRID''s unit; heights count where both have them. Takes time in proportion to the product of their numbers.';
