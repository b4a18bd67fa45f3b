-- The atlas knows where and when all segments, hot rows and entities of layers
-- are, whatever happens to their tables.
SET timezone = 'UTC';
CREATE SCHEMA atlas;
SET search_path = atlas, public;

SELECT territory.add_domain('atlas_mobility', 'Mobility'), territory.add_domain('atlas_light', 'Lighting');
CREATE TABLE bus (bus int, t timestamptz, pos geometry(Point, 2154), v float8, PRIMARY KEY (bus, t)) USING territory;
CREATE TABLE lamp (lamp int PRIMARY KEY, place geometry(Point, 4326), kind text);
CREATE TABLE power (lamp int, t timestamp, w float8, PRIMARY KEY (lamp, t)) USING territory;
INSERT INTO bus SELECT b, '2024-01-01'::timestamptz + s * interval '1 min', ST_SetSRID(ST_MakePoint(770000 + b * 100 + s, 6279000 + s), 2154), s
	FROM generate_series(1, 10) b, generate_series(1, 100) s;
INSERT INTO lamp SELECT l, ST_SetSRID(ST_MakePoint(3.87 + l * 0.0001, 43.61), 4326), 'led' FROM generate_series(1, 50) l;

-- what the atlas has of the layers here: all of it, and how much of each
CREATE VIEW atlas AS
SELECT l.layer::regclass::text AS layer, l.entities,
	(SELECT count(*) FROM territory.atlas_segments s WHERE s.layer = l.layer) AS segments,
	(SELECT count(*) FROM territory.atlas_places p WHERE p.layer = l.layer AND kind = 'e') AS entity_rows,
	(SELECT count(*) FROM territory.atlas_places p WHERE p.layer = l.layer AND kind = 'h') AS hot_boxes,
	(SELECT string_agg(difference, '; ') FROM territory.check_atlas(l.layer)) AS differences
FROM territory.atlas_layers l WHERE l.layer IN (SELECT oid FROM pg_class WHERE relnamespace = 'atlas'::regnamespace);

SELECT territory.add_layer('bus', 'atlas_mobility', 'Buses');
SELECT territory.add_layer('lamp', 'atlas_light', 'Lamps');
SELECT territory.add_layer('power', 'atlas_light', 'Power', entity_table => 'lamp', entity_key => 'lamp', entity_position => 'place');
SELECT * FROM atlas ORDER BY 1;

-- what is sealed is in segments, and no longer in boxes of hot rows
SELECT rows, segments FROM territory.seal('bus', '2024-01-01 01:00');
SELECT * FROM atlas WHERE layer = 'bus';
SELECT rows, segments FROM territory.seal('bus');
SELECT * FROM atlas WHERE layer = 'bus';

-- hot rows: early, far, nowhere, never, of a kind that has no box
INSERT INTO bus VALUES (1, '2001-01-01', ST_SetSRID(ST_MakePoint(100000, 6000000), 2154), 1);
INSERT INTO bus VALUES (1, '-infinity', ST_SetSRID(ST_MakePoint(800000, 6900000), 2154), 1), (1, 'infinity', NULL, 1);
INSERT INTO bus VALUES (2, '2030-01-01', 'SRID=2154;POINT EMPTY', 1), (3, '2030-01-01', 'SRID=2154;POINT(NaN 1)', 1);
INSERT INTO power SELECT l, '2024-01-01'::timestamp + h * interval '1 h', 1 FROM generate_series(1, 50) l, generate_series(0, 99) h;
SELECT layer, segments, entity_rows, differences FROM atlas ORDER BY 1;
UPDATE bus SET v = v + 1 WHERE bus = 1;
UPDATE bus SET pos = ST_Translate(pos, 100000, 100000) WHERE bus = 2 AND t < '2024-01-01 00:10';
DELETE FROM bus WHERE bus = 3;
SELECT layer, segments, differences FROM atlas WHERE layer = 'bus';
INSERT INTO bus VALUES (4, '2024-01-01 00:10', ST_SetSRID(ST_MakePoint(900000, 6900000), 2154), 0)
	ON CONFLICT (bus, t) DO UPDATE SET pos = excluded.pos;
SELECT layer, segments, differences FROM atlas WHERE layer = 'bus';
MERGE INTO bus USING (VALUES (5, timestamptz '2024-01-01 00:10'), (77, '1999-01-01')) n(bus, t) ON bus.bus = n.bus AND bus.t = n.t
	WHEN MATCHED THEN UPDATE SET pos = ST_SetSRID(ST_MakePoint(200000, 6200000), 2154)
	WHEN NOT MATCHED THEN INSERT VALUES (n.bus, n.t, ST_SetSRID(ST_MakePoint(300000, 6300000), 2154), 0);
SELECT layer, segments, differences FROM atlas WHERE layer = 'bus';
SELECT rows > 0 AS compacted FROM territory.compact('bus');
SELECT layer, segments, differences FROM atlas WHERE layer = 'bus';
SELECT rows FROM territory.seal('power');
SELECT rows FROM territory.seal('bus');
SELECT territory.unseal('bus', '2024-01-01 00:30', '2024-01-01 01:00');
SELECT layer, segments, differences FROM atlas ORDER BY 1;
SELECT territory.unseal('bus');
SELECT layer, segments, differences FROM atlas WHERE layer = 'bus';
SET territory.segment_rows = 100;
SELECT segments FROM territory.seal('bus');
RESET territory.segment_rows;
SELECT layer, segments, differences FROM atlas WHERE layer = 'bus';

-- straight into segments, which a table that is logically decoded does not let
CREATE UNLOGGED TABLE tram (tram int, d date, pos geometry(Point, 4326), PRIMARY KEY (tram, d)) USING territory;
SELECT territory.add_layer('tram', 'atlas_mobility', 'Trams');
SET territory.bulk_seal = on;
INSERT INTO tram SELECT b, '2025-01-01'::date + s, ST_SetSRID(ST_MakePoint(3.8, 43.6 + s * 0.01), 4326)
	FROM generate_series(1, 10) b, generate_series(1, 10) s;
COPY tram FROM STDIN;
1	2025-06-01	SRID=4326;POINT(4 43)
2	2025-06-01	SRID=4326;POINT(4 43)
\.
RESET territory.bulk_seal;
SELECT layer, segments, hot_boxes, differences FROM atlas WHERE layer = 'tram';

-- entities
UPDATE lamp SET place = ST_Translate(place, 0.001, 0) WHERE lamp < 10;
UPDATE lamp SET lamp = 1000 WHERE lamp = 49;
UPDATE lamp SET kind = 'sodium';
UPDATE lamp SET place = NULL WHERE lamp = 48;
DELETE FROM lamp WHERE lamp = 50;
INSERT INTO lamp VALUES (51, 'SRID=4326;POINT(3 43)'), (52, 'SRID=4326;POINT EMPTY'), (53, NULL);
SELECT * FROM atlas WHERE layer = 'lamp';
BEGIN;
SET LOCAL session_replication_role = replica;
DELETE FROM lamp WHERE lamp < 10;
COMMIT;
SELECT * FROM atlas WHERE layer = 'lamp';
BEGIN;
TRUNCATE lamp;
SELECT * FROM atlas WHERE layer = 'lamp';
ROLLBACK;
SELECT * FROM atlas WHERE layer = 'lamp';
-- turned off, they tell nothing: the atlas makes them anew
ALTER TABLE lamp DISABLE TRIGGER ALL;
DELETE FROM lamp WHERE lamp = 51;
ALTER TABLE lamp ENABLE TRIGGER ALL;
SELECT * FROM atlas WHERE layer = 'lamp';

-- rewrites, renames and truncation, and taking them back
BEGIN;
ALTER TABLE bus ALTER v TYPE text;
SELECT layer, segments, differences FROM atlas WHERE layer = 'bus';
ROLLBACK;
SELECT layer, segments, differences FROM atlas WHERE layer = 'bus';
ALTER TABLE bus ALTER v TYPE text;
SELECT layer, segments > 0 AS segments, differences FROM atlas WHERE layer = 'bus';
ALTER TABLE bus RENAME pos TO position_of_bus;
ALTER TABLE bus RENAME TO busses;
SELECT layer, segments > 0 AS segments, differences FROM atlas WHERE layer = 'busses';
ALTER TABLE busses RENAME TO bus;
ALTER TABLE bus ALTER position_of_bus TYPE geometry(Point, 4326) USING ST_Transform(position_of_bus, 4326);
SELECT layer, segments > 0 AS segments, differences FROM atlas WHERE layer = 'bus';
ALTER TABLE lamp ALTER place TYPE geometry(Point, 2154) USING ST_Transform(place, 2154);
SELECT * FROM atlas WHERE layer = 'lamp';
VACUUM FULL bus;
CLUSTER bus USING bus_pkey;
SELECT layer, segments > 0 AS segments, differences FROM atlas WHERE layer = 'bus';
ALTER TABLE bus SET UNLOGGED;
ALTER TABLE bus SET LOGGED;
SELECT layer, segments > 0 AS segments, differences FROM atlas WHERE layer = 'bus';
ALTER TABLE bus SET ACCESS METHOD heap;
SELECT layer FROM atlas ORDER BY 1;
ALTER TABLE bus SET ACCESS METHOD territory;
SELECT territory.seal('bus') IS NOT NULL AS sealed;
SELECT layer, segments > 0 AS segments, differences FROM atlas WHERE layer = 'bus';
BEGIN;
TRUNCATE bus;
INSERT INTO bus VALUES (1, '2001-01-01', 'SRID=4326;POINT(1 43)', 1);
SELECT layer, segments, hot_boxes, differences FROM atlas WHERE layer = 'bus';
ROLLBACK;
SELECT layer, segments > 0 AS segments, differences FROM atlas WHERE layer = 'bus';
BEGIN;
SAVEPOINT a;
INSERT INTO bus VALUES (1, '1990-01-01', 'SRID=4326;POINT(-60 14)', 1);
ROLLBACK TO a;
INSERT INTO bus VALUES (2, '1990-01-01', 'SRID=4326;POINT(-60 14)', 1);
COMMIT;
BEGIN;
INSERT INTO bus VALUES (1, '1980-01-01', 'SRID=4326;POINT(55 -21)', 1);
ROLLBACK;
INSERT INTO bus VALUES (2, '1980-01-01', 'SRID=4326;POINT(55 -21)', 1);
SELECT layer, segments > 0 AS segments, differences FROM atlas WHERE layer = 'bus';
TRUNCATE bus;
SELECT * FROM atlas WHERE layer = 'bus';
-- another position
SELECT territory.set_layout('bus', time_column => 't');
SELECT layer, differences FROM atlas WHERE layer = 'bus';
ALTER TABLE bus DROP COLUMN position_of_bus;
SELECT layer, differences FROM atlas WHERE layer = 'bus';

-- who may ask
CREATE ROLE atlas_clerk;
GRANT USAGE ON SCHEMA atlas TO atlas_clerk;
SET ROLE atlas_clerk;
SELECT territory.rebuild_atlas('atlas.bus');
SELECT territory.rebuild_atlas();
SELECT * FROM territory.check_atlas('atlas.bus');
SELECT * FROM territory.atlas_places;
SELECT territory.atlas_follow('atlas.bus'::regclass::oid);
RESET ROLE;
SELECT territory.rebuild_atlas('territory.layers');
DROP OWNED BY atlas_clerk;
DROP ROLE atlas_clerk;

-- damage is seen, and put right
DELETE FROM territory.atlas_segments WHERE layer = 'power'::regclass;
UPDATE territory.atlas_places SET box = 'SRID=4326;STBOX XT(((0,0),(1,1)),[2001-01-01,2002-01-01])' WHERE entity = '11';
SELECT layer, differences FROM atlas ORDER BY 1;
SELECT territory.rebuild_atlas();
SELECT layer, differences FROM atlas ORDER BY 1;

-- gone
SELECT territory.remove_layer('power');
SELECT layer FROM atlas ORDER BY 1;
DROP TABLE power;
DROP TABLE bus, tram;
SELECT territory.remove_layer('lamp');
SELECT count(*) FROM pg_trigger WHERE tgrelid = 'lamp'::regclass;
SELECT count(*) FROM territory.atlas_layers;
SELECT count(*) FROM territory.atlas_places;
DROP SCHEMA atlas CASCADE;
SELECT territory.remove_domain('atlas_mobility'), territory.remove_domain('atlas_light');
