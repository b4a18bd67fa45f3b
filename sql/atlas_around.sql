-- around(), inside() and situation() give what the plain union of the layers
-- gives: hot and sealed rows, Lambert-93 and degrees, under every role.
SET timezone = 'Europe/Paris';
SET client_min_messages = warning;
CREATE SCHEMA around;
SET search_path = around, public;

SELECT territory.add_domain('around_move', 'Mobility'), territory.add_domain('around_light', 'Lighting');
CREATE TABLE bus (line text, bus int, t timestamptz, pos geometry(Point, 2154), "Speed (km/h)" float8, PRIMARY KEY (line, bus, t)) USING territory;
CREATE TABLE taxi (taxi int, t timestamptz, pos geometry(Point, 4326), free boolean, PRIMARY KEY (taxi, t)) USING territory;
CREATE TABLE bike (bike int, t timestamp, pos geography(Point), PRIMARY KEY (bike, t)) USING territory;
CREATE TABLE lamp (lamp int PRIMARY KEY, place geometry(Point, 2154), kind text);
CREATE TABLE power (lamp int, t timestamptz, w float8, PRIMARY KEY (lamp, t)) USING territory;
CREATE TABLE tree (tree text PRIMARY KEY, place geometry(Point, 4326)) USING territory;
CREATE TABLE works (works int PRIMARY KEY, d date, area geometry(Polygon, 2154));
CREATE TABLE report (id int, t timestamptz, pos geometry, PRIMARY KEY (id, t)) USING territory;
CREATE TABLE event (t timestamptz, pos geometry(Point, 4326), what text) USING territory;
CREATE VIEW slow_bus AS SELECT line, bus, t, pos FROM bus WHERE "Speed (km/h)" < 20;

-- 4 km by 4 km, from 2024-03-30 on for two days, one of which has 23 hours
CREATE FUNCTION somewhere(i int) RETURNS geometry LANGUAGE sql IMMUTABLE AS
	$$SELECT ST_SetSRID(ST_MakePoint(769000 + hashint4(i)::bigint % 2000, 6278000 + hashint4(i + 1000000)::bigint % 2000), 2154)$$;
CREATE FUNCTION sometime(i int) RETURNS timestamptz LANGUAGE sql IMMUTABLE AS
	$$SELECT '2024-03-30 00:00:00+01'::timestamptz + (hashint4(i + 2000000)::bigint % 86400 + 86400) * interval '1 s'$$;
INSERT INTO bus SELECT 'L' || i % 3, i % 10, sometime(i), somewhere(i), i % 60 FROM generate_series(1, 2000) i;
INSERT INTO taxi SELECT i % 20, sometime(i), ST_Transform(somewhere(i), 4326), i % 2 = 0 FROM generate_series(1, 2000) i;
INSERT INTO bike SELECT i % 20, sometime(i)::timestamp, ST_Transform(somewhere(i), 4326)::geography FROM generate_series(1, 1000) i ON CONFLICT DO NOTHING;
INSERT INTO lamp SELECT i, somewhere(i), 'led' FROM generate_series(1, 300) i;
INSERT INTO power SELECT i % 310, sometime(i), i FROM generate_series(1, 5000) i ON CONFLICT DO NOTHING;
INSERT INTO tree SELECT 'tree ' || i, ST_Transform(somewhere(i), 4326) FROM generate_series(1, 300) i;
INSERT INTO works SELECT i, '2024-03-29'::date + i % 4, ST_Buffer(somewhere(i), 100) FROM generate_series(1, 100) i;
INSERT INTO report SELECT i, sometime(i), CASE i % 4 WHEN 0 THEN NULL WHEN 1 THEN somewhere(i) WHEN 2 THEN ST_Transform(somewhere(i), 4326) ELSE ST_SetSRID(somewhere(i), 0) END
	FROM generate_series(1, 500) i;
INSERT INTO event SELECT sometime(i), ST_Transform(somewhere(i), 4326), 'what ' || i FROM generate_series(1, 500) i;

SELECT territory.add_layer(rel, 'around_move', rel::text) FROM unnest('{bus,taxi,bike,slow_bus,report,event}'::regclass[]) rel;
SELECT territory.add_layer('works', 'around_move', 'Works', entity_columns => '{works}');
SELECT territory.add_layer('lamp', 'around_light', 'Lamps'), territory.add_layer('tree', 'around_light', 'Trees'),
	territory.add_layer('power', 'around_light', 'Power', entity_table => 'lamp', entity_key => 'lamp', entity_position => 'place');
SELECT layer::regclass, entities FROM territory.atlas_layers WHERE layer IN (SELECT oid FROM pg_class WHERE relnamespace = 'around'::regnamespace) ORDER BY 1;
SELECT rel, entity_columns, time_column, position_column, entity_table FROM territory.layers WHERE domain LIKE 'around%' ORDER BY rel::text;

-- the judge: every row of every layer, with its instant and place
CREATE VIEW everything AS
SELECT 'around_move' AS domain, 'bus'::regclass AS layer, ROW(line, bus)::text AS entity, t, pos AS place, jsonb_build_object('Speed (km/h)', "Speed (km/h)") AS data FROM bus
UNION ALL SELECT 'around_move', 'taxi', taxi::text, t, pos, jsonb_build_object('free', free) FROM taxi
UNION ALL SELECT 'around_move', 'bike', bike::text, t::timestamptz, pos::geometry, '{}' FROM bike
UNION ALL SELECT 'around_move', 'works', works::text, d::timestamptz, area, '{}' FROM works
UNION ALL SELECT 'around_move', 'report', id::text, t, pos, '{}' FROM report WHERE ST_SRID(pos) <> 0
UNION ALL SELECT 'around_move', 'event', NULL, t, pos, jsonb_build_object('what', what) FROM event
UNION ALL SELECT 'around_light', 'lamp', lamp::text, NULL, place, jsonb_build_object('kind', kind) FROM lamp
UNION ALL SELECT 'around_light', 'tree', tree, NULL, place, '{}' FROM tree
UNION ALL SELECT 'around_light', 'power', p.lamp::text, t, place, jsonb_build_object('w', w) FROM power p JOIN lamp USING (lamp);

-- rows that one has and the other has not, over many places and periods
CREATE FUNCTION compare_around(places int, OUT rows bigint, OUT missing bigint, OUT too_many bigint) LANGUAGE plpgsql AS $$
DECLARE
	center geometry;
	radius float8;
	period tstzrange;
BEGIN
	rows := 0; missing := 0; too_many := 0;
	DROP TABLE IF EXISTS judged;
	CREATE TEMP TABLE judged AS SELECT *, ST_Transform(place, 4326)::geography AS globe, ST_Transform(place, 4326) AS p4326,
		ST_Transform(place, 2154) AS p2154 FROM everything;
	FOR i IN 1 .. places LOOP
		center := CASE WHEN i % 2 = 0 THEN somewhere(i * 7) ELSE ST_Transform(somewhere(i * 7), 4326) END;
		radius := i * 37 % 500;
		period := tstzrange(sometime(i * 11), sometime(i * 11) + i * interval '11 min', CASE i % 3 WHEN 0 THEN '[]' WHEN 1 THEN '()' ELSE '[)' END);
		IF i % 7 = 0 THEN
			period := tstzrange(NULL, upper(period));
		END IF;
		DECLARE
			r bigint; m bigint; o bigint;
			world geography := ST_Transform(center, 4326)::geography;
		BEGIN
			WITH found AS MATERIALIZED (SELECT f.domain, f.layer, f.entity, f.t, ST_AsText(f.place, 4) AS place, round(f.distance_m::numeric, 3) AS distance, f.data
					FROM territory.around(center, radius, period) f WHERE f.layer <> 'slow_bus'::regclass),
				judge AS MATERIALIZED (SELECT e.domain, e.layer, e.entity, e.t, ST_AsText(CASE WHEN ST_SRID(center) = 4326 THEN p4326 ELSE p2154 END, 4) AS place,
					round(ST_Distance(globe, world)::numeric, 3) AS distance, e.data
					FROM judged e WHERE (e.t IS NULL OR e.t <@ period) AND ST_DWithin(globe, world, radius))
			SELECT (SELECT count(*) FROM judge), (SELECT count(*) FROM (TABLE judge EXCEPT ALL TABLE found) x),
				(SELECT count(*) FROM (TABLE found EXCEPT ALL TABLE judge) x) INTO r, m, o;
			rows := rows + r; missing := missing + m; too_many := too_many + o;
			WITH area AS MATERIALIZED (SELECT ST_Buffer(center, radius * CASE WHEN i % 2 = 0 THEN 1 ELSE 1e-5 END) AS a),
				found AS MATERIALIZED (SELECT f.domain, f.layer, f.entity, f.t, ST_AsText(f.place, 4) AS place, f.data
					FROM area, territory.inside(a, period) f WHERE f.layer <> 'slow_bus'::regclass),
				judge AS MATERIALIZED (SELECT e.domain, e.layer, e.entity, e.t, ST_AsText(here, 4) AS place, e.data
					FROM judged e, area, LATERAL (SELECT CASE WHEN ST_SRID(a) = 4326 THEN p4326 ELSE p2154 END) h(here)
					WHERE (e.t IS NULL OR e.t <@ period) AND ST_Intersects(here, a))
			SELECT (SELECT count(*) FROM judge), (SELECT count(*) FROM (TABLE judge EXCEPT ALL TABLE found) x),
				(SELECT count(*) FROM (TABLE found EXCEPT ALL TABLE judge) x) INTO r, m, o;
			rows := rows + r; missing := missing + m; too_many := too_many + o;
			WITH area AS MATERIALIZED (SELECT ST_Buffer(center, radius * CASE WHEN i % 2 = 0 THEN 2 ELSE 2e-5 END) AS a),
				found AS MATERIALIZED (SELECT f.domain, f.layer, f.entity, f.t, ST_AsText(f.place, 4) AS place, f.data
					FROM area, territory.situation(a, upper(period)) f WHERE f.layer <> 'slow_bus'::regclass),
				last AS MATERIALIZED (SELECT DISTINCT ON (layer, entity) * FROM judged
					WHERE (t IS NULL OR t <= upper(period)) AND place IS NOT NULL ORDER BY layer, entity, t DESC),
				judge AS MATERIALIZED (SELECT e.domain, e.layer, e.entity, e.t, ST_AsText(here, 4) AS place, e.data
					FROM last e, area, LATERAL (SELECT CASE WHEN ST_SRID(a) = 4326 THEN p4326 ELSE p2154 END) h(here)
					WHERE ST_Intersects(here, a))
			SELECT (SELECT count(*) FROM judge), (SELECT count(*) FROM (TABLE judge EXCEPT ALL TABLE found) x),
				(SELECT count(*) FROM (TABLE found EXCEPT ALL TABLE judge) x) INTO r, m, o;
			rows := rows + r; missing := missing + m; too_many := too_many + o;
		END;
	END LOOP;
END $$;

-- all hot
SELECT * FROM compare_around(20);
-- hot and sealed
SELECT count(*) FROM unnest('{bus,taxi,bike,power,tree,report}'::regclass[]) rel, territory.seal(rel, CASE WHEN rel <> 'tree'::regclass THEN '2024-03-31 12:00'::timestamptz END);
SELECT * FROM compare_around(20);
-- written to since
DELETE FROM taxi WHERE taxi = 3;
UPDATE taxi SET pos = ST_Transform(somewhere(taxi), 4326), free = NOT free WHERE taxi = 4;
UPDATE bus SET t = t + interval '1 h' WHERE bus = 4;
UPDATE lamp SET place = somewhere(lamp + 500) WHERE lamp % 3 = 0;
DELETE FROM lamp WHERE lamp % 10 = 0;
INSERT INTO power SELECT i % 310, sometime(i), i FROM generate_series(9000, 9500) i ON CONFLICT DO NOTHING;
SELECT * FROM compare_around(20);
SELECT * FROM territory.check_atlas();
-- all sealed, in small segments
SET territory.segment_rows = 100;
SELECT count(*) FROM unnest('{bus,taxi,bike,power,report,event}'::regclass[]) rel, territory.seal(rel);
RESET territory.segment_rows;
SELECT * FROM compare_around(20);
SELECT * FROM territory.check_atlas();
-- in a transaction that keeps its snapshot, over its own rows
BEGIN ISOLATION LEVEL REPEATABLE READ;
INSERT INTO taxi VALUES (99, '2024-03-31 12:00', ST_Transform(somewhere(7), 4326), true), (99, '2001-01-01', 'SRID=4326;POINT(1 2)', true);
SELECT layer, entity, t FROM territory.around('SRID=4326;POINT(1 2)', 10, NULL);
SELECT * FROM compare_around(5);
ROLLBACK;
-- what the atlas does not know is looked at
DELETE FROM territory.atlas_layers WHERE layer = 'taxi'::regclass OR layer = 'lamp'::regclass;
SELECT * FROM compare_around(10);
SELECT territory.rebuild_atlas();
SELECT * FROM compare_around(10);
ALTER TABLE taxi SET ACCESS METHOD heap;
SELECT * FROM compare_around(5);
CREATE TABLE taxi_child () INHERITS (power);
INSERT INTO taxi_child VALUES (1, '1999-01-01', 1);
SELECT layer, t FROM lamp, territory.around(place, 1, '[1990-01-01,2000-01-01]') WHERE lamp.lamp = 1;
DROP TABLE taxi_child;

-- nearest first; the view is a layer like others
SELECT bool_and(distance_m >= before) FROM (SELECT distance_m, lag(distance_m, 1, 0.0) OVER (ROWS UNBOUNDED PRECEDING) AS before
	FROM territory.around(somewhere(1), 1000, NULL)) a;
SELECT count(*) = (SELECT count(*) FROM slow_bus WHERE ST_DWithin(pos, somewhere(1), 300) AND t <@ tstzrange('2024-03-31', '2024-04-01'))
	FROM territory.around(somewhere(1), 300, tstzrange('2024-03-31', '2024-04-01')) WHERE layer = 'slow_bus'::regclass;
SELECT DISTINCT domain, layer FROM territory.inside(ST_MakeEnvelope(760000, 6270000, 780000, 6290000, 2154), NULL, '{around_light}') ORDER BY 2;

-- who sees what: a role without rights, one with some columns, one under a policy
CREATE ROLE around_reader;
GRANT USAGE ON SCHEMA around TO around_reader;
SET ROLE around_reader;
SELECT layer, count(*) FROM territory.around(somewhere(1), 500, NULL) GROUP BY 1;
RESET ROLE;
GRANT SELECT (line, bus, t, pos) ON bus TO around_reader;
GRANT SELECT ON power TO around_reader;
GRANT SELECT (lamp) ON lamp TO around_reader;
SET ROLE around_reader;
SELECT layer, count(*) > 10 AS some, min(data::text), max(data::text) FROM territory.around(somewhere(1), 500, NULL) GROUP BY 1 ORDER BY 1;
SELECT layer, count(*) > 10 AS some FROM territory.situation(ST_Buffer(somewhere(1), 1000)) GROUP BY 1 ORDER BY 1;
RESET ROLE;
GRANT SELECT (place) ON lamp TO around_reader;
ALTER TABLE power ENABLE ROW LEVEL SECURITY;
CREATE POLICY even ON power TO around_reader USING (lamp % 2 = 0);
ALTER TABLE lamp ENABLE ROW LEVEL SECURITY;
CREATE POLICY third ON lamp TO around_reader USING (lamp % 3 = 0);
SET ROLE around_reader;
SELECT layer, count(*) > 10 AS some, bool_and(layer <> 'power'::regclass OR entity::int % 6 = 0) AS only_those FROM territory.around(somewhere(1), 1000, NULL) GROUP BY 1 ORDER BY 1;
SELECT layer, count(*) > 5 AS some, bool_and(layer <> 'power'::regclass OR entity::int % 6 = 0) AS only_those, max(data::text) ~ 'kind' AS kinds
	FROM territory.situation(ST_Buffer(somewhere(1), 1000)) GROUP BY 1 ORDER BY 1;
RESET ROLE;
REVOKE USAGE ON SCHEMA around FROM around_reader;
SET ROLE around_reader;
SELECT count(*) FROM territory.situation('SRID=2154;POLYGON((760000 6270000,760000 6290000,780000 6290000,780000 6270000,760000 6270000))');
RESET ROLE;

-- names that need quotes, times that need more
CREATE TABLE "a ""quoted"" layer" ("the key" "char" PRIMARY KEY, "the ""place" geometry(Point, 4326), "select" int);
INSERT INTO "a ""quoted"" layer" VALUES ('x', 'SRID=4326;POINT(3.9 43.6)', 1);
SELECT territory.add_layer('"a ""quoted"" layer"', 'around_light', 'Quoted');
SELECT layer, entity, ST_AsText(place), distance_m, data FROM territory.around('SRID=4326;POINT(3.9 43.6)', 1, NULL, '{around_light}');
SELECT count(*) > 0 AS some FROM territory.around(somewhere(1), 100, '[4713-01-01 BC,infinity]');
SELECT count(*) FROM territory.around(somewhere(1), 100, 'empty');
SELECT count(*) FROM territory.around(NULL, 100, NULL);
SELECT count(*) FROM territory.around(somewhere(1), NULL, NULL);
SELECT count(*) FROM territory.inside(NULL, NULL);
SELECT count(*) FROM territory.situation(NULL);
SELECT count(*) FROM territory.situation(somewhere(1), NULL);
SELECT count(*) > 0 AS whole_world FROM territory.around(somewhere(1), 30000000, NULL);
INSERT INTO event VALUES ('2024-03-31', 'SRID=4326;POINT(-179.999 0)', 'far');
SELECT entity, round(distance_m) FROM territory.around('SRID=4326;POINT(179.999 0)', 1000, NULL);
SELECT count(*) FROM territory.around('SRID=4326;POINT(0 90)', 1000, NULL);
SELECT count(*) FROM territory.around('SRID=4326;POINT EMPTY', 1000, NULL);
-- prepared and in a cursor
PREPARE near(geometry) AS SELECT count(*) > 0 FROM territory.around($1, 200, NULL);
EXECUTE near(somewhere(1));
EXECUTE near('SRID=4326;POINT(0 0)');
BEGIN;
DECLARE c CURSOR FOR SELECT layer FROM territory.around('SRID=4326;POINT(3.9 43.6)', 1, NULL, '{around_light}');
DELETE FROM "a ""quoted"" layer";
FETCH ALL c;
SELECT layer FROM territory.around('SRID=4326;POINT(3.9 43.6)', 1, NULL, '{around_light}');
ROLLBACK;

-- errors
SELECT * FROM territory.around('POINT(1 1)', 100, NULL);
SELECT * FROM territory.inside('POINT(1 1)', NULL);
SELECT * FROM territory.around(somewhere(1), -1, NULL);
SELECT * FROM territory.around(somewhere(1), 'NaN', NULL);
SELECT * FROM territory.around(somewhere(1), 1, NULL, '{nowhere}');

SELECT count(territory.remove_layer(rel)::text) FROM territory.layers WHERE domain IN ('around_move', 'around_light');
DROP OWNED BY around_reader;
DROP SCHEMA around CASCADE;
DROP ROLE around_reader;
SELECT territory.remove_domain('around_move'), territory.remove_domain('around_light');
