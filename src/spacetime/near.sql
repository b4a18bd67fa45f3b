-- What happened near what, in space and in time.

CREATE FUNCTION territory.near_support(internal) RETURNS internal
	LANGUAGE C STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_near_support';
COMMENT ON FUNCTION territory.near_support(internal) IS
'Planning of near_in_space() and near_in_time(): conditions for indexes and zone maps, and how many rows pass.';

CREATE FUNCTION territory.near_box(geom geometry, metres float8, has_edges boolean) RETURNS geometry
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 20 AS 'MODULE_PATHNAME', 'territory_near_box';
COMMENT ON FUNCTION territory.near_box(geometry, float8, boolean) IS
'A rectangle whose box meets that of all that is within so many metres of a geometry (in the units of a SRID that is not geographic), over the poles and the antimeridian too: what near_in_space() asks an index for. With has_edges, others may be more than points: in a geographic SRID their edges leave their boxes, so the rectangle is everywhere. An empty geometry is given back as it is. Error for metres below 0.';

CREATE FUNCTION territory.near_earliest(t timestamptz, within interval) RETURNS timestamptz
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE LEAKPROOF AS 'MODULE_PATHNAME', 'territory_near_earliest';
COMMENT ON FUNCTION territory.near_earliest(timestamptz, interval) IS
'The first instant that near_in_time() finds near t, no earlier than timestamptz can be. A day has 24 hours, a month 30 days. infinity where nothing is near (an interval below 0).';

CREATE FUNCTION territory.near_latest(t timestamptz, within interval) RETURNS timestamptz
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE LEAKPROOF AS 'MODULE_PATHNAME', 'territory_near_latest';
COMMENT ON FUNCTION territory.near_latest(timestamptz, interval) IS
'The last instant that near_in_time() finds near t, no later than timestamptz can be. A day has 24 hours, a month 30 days. -infinity where nothing is near (an interval below 0).';

CREATE FUNCTION territory.near_in_space(geom_a geometry, geom_b geometry, metres float8) RETURNS boolean
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 100 SUPPORT territory.near_support
	AS 'MODULE_PATHNAME', 'territory_near_in_space';
COMMENT ON FUNCTION territory.near_in_space(geometry, geometry, float8) IS
'Are two geometries of any kind within a distance of each other: metres on the spheroid where the SRID is geographic (as ST_DWithin of geographies; edges are the shortest ways), else units of the SRID (as ST_DWithin). Heights are not looked at. False for an empty geometry, and for one that is not on the Earth (beyond 180 degrees of longitude or 90 of latitude). Indexes on either geometry and zone maps are used, and joins by it need none. Error for two SRIDs, an SRID that spatial_ref_sys does not know, metres below 0.';

CREATE FUNCTION territory.near_in_time(t_a timestamptz, t_b timestamptz, within interval) RETURNS boolean
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE LEAKPROOF COST 2 SUPPORT territory.near_support
	AS 'MODULE_PATHNAME', 'territory_near_in_time';
COMMENT ON FUNCTION territory.near_in_time(timestamptz, timestamptz, interval) IS
'Are two instants no farther apart than an interval, as PostgreSQL compares intervals: a day has 24 hours, a month 30 days, in any time zone. An infinite instant is near itself only, and an interval below 0 makes nothing near. Indexes on either time and zone maps are used, and joins by it need none.';

CREATE FUNCTION territory.near(geom_a geometry, t_a timestamptz, geom_b geometry, t_b timestamptz, metres float8, within interval)
	RETURNS boolean LANGUAGE SQL IMMUTABLE PARALLEL SAFE COST 110
	AS 'SELECT territory.near_in_space($1, $3, $5) AND territory.near_in_time($2, $4, $6)';
COMMENT ON FUNCTION territory.near(geometry, timestamptz, geometry, timestamptz, float8, interval) IS
'Are two observations near each other in space and in time: near_in_space(geom_a, geom_b, metres) AND near_in_time(t_a, t_b, within), which it becomes where a query is planned. So it is false where one of them is false, and null where none is and one is unknown. Metres on the spheroid where the SRID is geographic, else units of the SRID; a day has 24 hours, a month 30 days. Indexes and zone maps of either side are used, and joins by it need none. Errors are those of near_in_space().';
