-- Vector tiles of layers.
\set VERBOSITY terse
SET TIME ZONE 'UTC';

-- places on a tile, beside PostGIS's own: random places, in three SRIDs, at all zooms
SELECT setseed(0.25);
CREATE TABLE tiles_places AS
SELECT i, ST_SetSRID(ST_MakePoint(-4 + 12 * random(), 42 + 8 * random()), 4326) AS place, (random() * 20)::int AS z FROM generate_series(1, 2000) i;
CREATE TABLE tiles_expected AS
SELECT p.*, tile.x, tile.y, ST_Transform(place, 3857) AS mercator, ST_Transform(place, 2154) AS lambert,
	ST_SetSRID(ST_AsMVTGeom(ST_Transform(place, 3857), ST_TileEnvelope(z, tile.x, tile.y), 4096, 64), 0) AS expected
FROM tiles_places p, LATERAL (SELECT ((ST_X(place) / 360 + 0.5) * 2 ^ z)::int, (2 ^ z * (0.5 - ln(tan(pi() / 4 + radians(ST_Y(place)) / 2)) / (2 * pi())))::int) tile(x, y)
WHERE tile.x < 2 ^ z AND tile.y < 2 ^ z;
-- a place between two units may be rounded to either
SELECT count(*) > 1000 AS many, count(expected) > 300 AS on_tile,
	count(*) FILTER (WHERE (t IS NULL) <> (expected IS NULL)) AS one_only,
	count(*) FILTER (WHERE ST_Distance(t, expected) > 0) AS other_unit,
	count(*) FILTER (WHERE NOT ST_Equals(t, t_mercator)) AS mercator, count(*) FILTER (WHERE NOT ST_Equals(t, t_lambert)) AS lambert
FROM (SELECT *, territory.tile_point(place, z, x, y) AS t, territory.tile_point(mercator, z, x, y) AS t_mercator,
		territory.tile_point(lambert, z, x, y) AS t_lambert FROM tiles_expected) e;
SELECT territory.tile_point('SRID=4326;POINT EMPTY', 0, 0, 0) IS NULL AS of_empty, territory.tile_point(NULL, 0, 0, 0) IS NULL AS of_null;
SELECT territory.tile_point('SRID=4326;LINESTRING(0 0, 1 1)', 0, 0, 0);
SELECT ST_AsText(territory.tile_point('SRID=4326;POINT(0 0)', 0, 0, 0)), ST_AsText(territory.tile_point('SRID=4326;POINT(0 0)', 0, 0, 0, 256, 0));
SELECT territory.tile_point('SRID=4326;POINT(0 0)', 27, 0, 0);
SELECT territory.tile_point('SRID=4326;POINT(0 0)', 2, 4, 0);
SELECT territory.tile_point('SRID=4326;POINT(0 0)', 0, 0, 0, 0, 0);
SELECT territory.tile_point('POINT(0 0)', 0, 0, 0);

-- what a moving point draws: in, out of the tile and in again, where it stays, sections, step
SELECT ST_AsText(line), times, start_time, end_time, points FROM territory.tile_trace(
	'SRID=3857;[POINT(-10000000 0)@2026-01-01 00:00:00+00, POINT(-5000000 0)@2026-01-01 00:01:00+00, POINT(10000000 0)@2026-01-01 00:02:00+00]'::territory.point_series, 1, 0, 0);
SELECT ST_AsText(line), times, points FROM territory.tile_trace(
	'SRID=3857;[POINT(-10000000 1000000)@2026-01-01 00:00:00+00, POINT(-10000000 1000000)@2026-01-01 00:01:00+00]'::territory.point_series, 1, 0, 0);
SELECT ST_AsText(line), times, points FROM territory.tile_trace(
	'SRID=3857;[POINT(-10000000 1000000)@2026-01-01 00:00:00+00, POINT(10000000 1000000)@2026-01-01 00:01:00+00, POINT(10000000 2000000)@2026-01-01 00:02:00+00, POINT(-10000000 2000000)@2026-01-01 00:03:00+00]'::territory.point_series, 2, 0, 1);

-- layers: lamps whose places are in a table of their own, their twin in Lambert-93, buses that move, works without time
CREATE ROLE regress_tiles_city;
CREATE ROLE regress_tiles_guest;
DO $$ BEGIN EXECUTE format('GRANT CREATE ON DATABASE %I TO regress_tiles_city', current_database()); END $$;
CREATE SCHEMA tiles AUTHORIZATION regress_tiles_city;
SET ROLE regress_tiles_city;
SET search_path = tiles, public;
CREATE TABLE lamps (id int PRIMARY KEY, place geometry(Point, 4326), street text);
CREATE TABLE lamps_l93 (id int PRIMARY KEY, place geometry(Point, 2154), street text);
INSERT INTO lamps SELECT i, ST_SetSRID(ST_MakePoint(3.86 + 0.0001 * (i % 50), 43.60 + 0.0001 * (i / 50)), 4326), 'rue ' || i % 7 FROM generate_series(1, 2500) i;
INSERT INTO lamps_l93 SELECT id, ST_Transform(place, 2154), street FROM lamps;
CREATE TABLE lamp_states (lamp int, t timestamptz, watts float8, lit boolean, PRIMARY KEY (lamp, t)) USING territory;
INSERT INTO lamp_states SELECT i, '2026-01-01'::timestamptz + h * interval '1 hour', i % 10 + h, h % 2 = 0 FROM generate_series(1, 2500) i, generate_series(0, 11) h;
SELECT territory.seal('lamp_states');
INSERT INTO lamp_states SELECT i, '2026-01-02', 0, false FROM generate_series(1, 2500, 2) i;
CREATE TABLE lamp_st_l93 (LIKE lamp_states INCLUDING ALL) USING territory;
INSERT INTO lamp_st_l93 SELECT * FROM lamp_states;
CREATE TABLE buses (bus text, t timestamptz, place geometry(Point, 4326), PRIMARY KEY (bus, t)) USING territory;
INSERT INTO buses SELECT 'bus ' || b, '2026-01-01'::timestamptz + m * interval '10 seconds', ST_SetSRID(ST_MakePoint(3.85 + 0.0001 * m + 0.001 * b, 43.60 + 0.0002 * b), 4326)
FROM generate_series(1, 5) b, generate_series(0, 359) m;
SELECT territory.seal('buses');
CREATE TABLE works (id int PRIMARY KEY, name text, area geometry(Polygon, 2154), cost numeric, begins date, secret bytea);
INSERT INTO works SELECT i, 'works ' || i, ST_Buffer(ST_Transform(ST_SetSRID(ST_MakePoint(3.86 + 0.001 * i, 43.602), 4326), 2154), 30), i * 1000.5, '2026-01-01', 'x' FROM generate_series(1, 5) i;
SELECT territory.add_domain('tiles_light', 'Lighting'), territory.add_domain('tiles_bus', 'Buses');
SELECT territory.add_layer('lamp_states', 'tiles_light', 'Lamps', entity_table => 'lamps', entity_key => 'id', entity_position => 'place');
SELECT territory.add_layer('lamp_st_l93', 'tiles_light', 'Lamps in Lambert-93', entity_table => 'lamps_l93', entity_key => 'id', entity_position => 'place');
SELECT territory.add_layer('buses', 'tiles_bus', 'Buses'), territory.add_layer('works', 'tiles_bus', 'Works');

-- a tile is what PostGIS makes of the same rows; of few entities (zoom 17) and many (zoom 12)
CREATE FUNCTION lamps_by_hand(z int, x int, y int, at timestamptz) RETURNS bytea LANGUAGE sql AS $$
	SELECT ST_AsMVT(q, 'tiles.lamp_states', 4096, 'place') FROM (
		SELECT ST_AsMVTGeom(ST_Transform(l.place, 3857), ST_TileEnvelope(z, x, y), 4096, 64) AS place, l.id AS lamp,
			date_part('epoch', s.t) AS t, s.watts, s.lit
		FROM lamps l LEFT JOIN LATERAL (SELECT * FROM lamp_states s WHERE s.lamp = l.id AND s.t <= at ORDER BY s.t DESC LIMIT 1) s ON true
		WHERE l.place && ST_Transform(ST_Expand(ST_TileEnvelope(z, x, y), 100000), 4326)) q WHERE place IS NOT NULL $$;
SELECT z, at, length(territory.tile(z, x, y, 'lamp_states', at => at)) = length(lamps_by_hand(z, x, y, at)) AS same_length,
	length(lamps_by_hand(z, x, y, at)) > 100 AS something
FROM (VALUES (12, 2091, 1495), (17, 66942, 47860)) t(z, x, y), unnest('{2026-01-01 05:30, 2026-01-03}'::timestamptz[]) at ORDER BY 1, 2;
-- the same of places in Lambert-93, but for the layer's name
SELECT z, show, replace(encode(territory.tile(z, x, y, 'lamp_states', show, at => '2026-01-03', span => '3 days', value => 'watts'), 'escape'), 'tiles.lamp_states', '') =
	replace(encode(territory.tile(z, x, y, 'lamp_st_l93', show, at => '2026-01-03', span => '3 days', value => 'watts'), 'escape'), 'tiles.lamp_st_l93', '') AS same
FROM (VALUES (12, 2091, 1495), (17, 66942, 47860)) t(z, x, y), unnest('{points,cells}'::text[]) show ORDER BY 1, 2;
-- what cells tell
SELECT ST_AsText(place), cell, count, value FROM (SELECT 1) one, LATERAL (SELECT territory.cell(l.place, 15) AS c, count(*), avg(s.watts) AS value
	FROM lamps l JOIN lamp_states s ON s.lamp = l.id WHERE s.t BETWEEN '2026-01-01' AND '2026-01-03' GROUP BY 1) c,
	LATERAL (SELECT c::text AS cell, territory.cell_center(c) AS place) p ORDER BY cell;
SELECT length(territory.tile(12, 2091, 1495, 'lamp_states', 'cells', at => '2026-01-03', span => '3 days', value => 'watts', cell_zoom => 15)) > 100 AS something;
-- traces; several layers; a whole domain; only some columns; null means all that there are
SELECT length(territory.tile(12, 2091, 1495, 'buses', 'traces', at => '2026-01-01 00:30', span => '30 minutes')) > 100 AS traces;
SELECT territory.tile(12, 2091, 1495, 'buses, works', at => '2026-01-03') = territory.tile(12, 2091, 1495, 'tiles_bus', at => '2026-01-03') AS same,
	territory.tile(12, 2091, 1495, 'buses', at => '2026-01-03') || territory.tile(12, 2091, 1495, 'tiles.works', at => '2026-01-03')
		= territory.tile(12, 2091, 1495, 'tiles_bus', at => '2026-01-03') AS joined;
SELECT position('\x73656372' in territory.tile(12, 2091, 1495, 'works')) AS secret, position('cost'::bytea in territory.tile(12, 2091, 1495, 'works')) > 0 AS cost,
	position('cost'::bytea in territory.tile(12, 2091, 1495, 'works', columns => 'name, begins')) AS no_cost;
SELECT length(territory.tile(12, 0, 0)) AS elsewhere;

-- the ETag follows what is shown
SELECT etag = md5(mvt) AS md5, mvt = territory.tile(12, 2092, 1495, 'buses', at => '2026-01-03') AS same FROM territory.tile_etag(12, 2092, 1495, '{"layers": "buses", "at": "2026-01-03", "unknown": 1}');
SELECT etag AS before FROM territory.tile_etag(12, 2092, 1495, '{"layers": "buses", "at": "2026-01-03"}') \gset
UPDATE buses SET t = t + interval '1 second' WHERE bus = 'bus 3' AND t = '2026-01-01 00:59:50';
SELECT etag <> :'before' AS changed FROM territory.tile_etag(12, 2092, 1495, '{"layers": "buses", "at": "2026-01-03"}');
SELECT length(mvt) > 0 AS of_null FROM territory.tile_etag(12, 2092, 1495, NULL);
SELECT (obj_description('territory.tile_etag(int, int, int, json)'::regprocedure)::json)->>'name' AS tilejson;

-- only what the caller may see
RESET ROLE;
SET ROLE regress_tiles_guest;
SET search_path = public;
SELECT length(territory.tile(12, 2091, 1495, at => '2026-01-03')) AS nothing;
SELECT territory.tile(12, 2091, 1495, 'tiles.buses');
RESET ROLE;
GRANT USAGE ON SCHEMA tiles TO regress_tiles_guest;
GRANT SELECT (bus, t, place) ON tiles.buses TO regress_tiles_guest;
GRANT SELECT (id, area, name) ON tiles.works TO regress_tiles_guest;
ALTER TABLE tiles.buses ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON tiles.buses FOR SELECT TO regress_tiles_guest USING (bus = 'bus 2');
SET ROLE regress_tiles_guest;
SELECT position('bus 2'::bytea in tile) > 0 AS bus_2, position('bus 3'::bytea in tile) AS bus_3, position('cost'::bytea in tile) AS cost,
	position('lamp'::bytea in tile) AS lamps FROM territory.tile(12, 2092, 1495, at => '2026-01-03') tile;
SELECT position('bus 3'::bytea in territory.tile(12, 2091, 1495, 'tiles.buses', 'traces', at => '2026-01-01 00:30')) AS bus_3,
	position('bus 2'::bytea in territory.tile(12, 2091, 1495, 'tiles.buses', 'traces', at => '2026-01-01 00:30')) > 0 AS bus_2;
RESET ROLE;
SET ROLE regress_tiles_city;
SET search_path = tiles, public;

-- errors
SELECT territory.tile(12, 4096, 0, 'buses');
SELECT territory.tile(-1, 0, 0, 'buses');
SELECT territory.tile(NULL, 0, 0, 'buses');
SELECT territory.tile(12, 0, 0, 'nothing');
SELECT territory.tile(12, 0, 0, 'lamps');
SELECT territory.tile(12, 0, 0, 'buses', 'lines');
SELECT territory.tile(12, 0, 0, 'works', 'traces');
SELECT territory.tile(12, 0, 0, 'lamp_states', 'cells', value => 'nothing');
SELECT territory.tile(12, 0, 0, 'lamp_states', 'cells', value => 'watts', statistic => 'median');
SELECT territory.tile(12, 0, 0, 'lamp_states', 'cells', cell_zoom => 11);
SELECT territory.tile(12, 0, 0, 'lamp_states', span => '-1 hour');
SELECT territory.tile(12, 2091, 1495, 'lamp_states', max_features => 10);
SELECT territory.tile(12, 2091, 1495, 'lamp_states', max_features => 0);

RESET ROLE;
RESET search_path;
SELECT territory.remove_layer(rel) FROM territory.layers WHERE domain LIKE 'tiles\_%';
SELECT territory.remove_domain('tiles_light'), territory.remove_domain('tiles_bus');
SET client_min_messages = warning;
DROP SCHEMA tiles CASCADE;
DROP TABLE tiles_places, tiles_expected;
DO $$ BEGIN EXECUTE format('REVOKE CREATE ON DATABASE %I FROM regress_tiles_city', current_database()); END $$;
DROP ROLE regress_tiles_city, regress_tiles_guest;
