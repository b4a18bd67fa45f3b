-- Sealing and unsealing keep every value of every type.
SET client_min_messages = warning;
SET timezone = 'UTC';
CREATE TABLE every_type (
	id int, t timestamptz, i2 smallint, i8 bigint, f4 real, f8 double precision, n2 numeric(10, 2), n numeric,
	txt text, vc varchar(20), bp char(5), b boolean, d date, ts timestamp, tm time, iv interval, u uuid, by bytea,
	j jsonb, arr int[], pt geometry(Point, 4326), ln geometry, net inet, nm name, o oid,
	PRIMARY KEY (id, t)) USING territory;
INSERT INTO every_type
SELECT i % 10, '2026-03-29 00:00+00'::timestamptz + i * interval '7 min', i % 7 - 3, i * 10000000000, i / 3.0, i / 10.0,
	i / 100.0, i ^ 12, CASE WHEN i % 50 = 0 THEN '' ELSE 'text ' || i % 20 END, 'v' || i, 'b' || i % 3, i % 3 = 0,
	'2026-01-01'::date + i, '2026-01-01'::timestamp + i * interval '1 sec', '00:00'::time + i * interval '1 sec',
	i * interval '1 day', md5(i::text)::uuid, decode(md5(i::text), 'hex'), jsonb_build_object('k', i % 4),
	ARRAY[i, NULL, i + 1], ST_SetSRID(ST_Point(3.8 + i / 1000.0, 43.6), 4326),
	ST_MakeLine(ST_Point(0, 0), ST_Point(i, 1)), ('10.0.0.' || i % 256)::inet, 'n' || i, i
FROM generate_series(1, 1000) i;
INSERT INTO every_type(id, t) VALUES (3, '2027-01-01');
INSERT INTO every_type(id, t, f4, f8, n, ts, d, txt)
VALUES (4, 'infinity', 'NaN', '-Infinity', 'NaN', '-infinity', 'infinity', repeat('long ', 20000)),
	(4, '-infinity', '-0', '-0', 'Infinity', 'infinity', '-infinity', NULL),
	(5, '2027-02-01', 3.4e38, 1e-310, 1e-100, '0001-01-01 BC', '5874897-12-31', E'é\n');
CREATE TABLE before_seal AS SELECT * FROM every_type;
CREATE VIEW different AS
	SELECT 'lost' AS what, left(r, 100) AS r FROM (SELECT x::text AS r FROM before_seal x EXCEPT ALL SELECT y::text FROM every_type y) l
	UNION ALL SELECT 'new', left(r, 100) FROM (SELECT y::text AS r FROM every_type y EXCEPT ALL SELECT x::text FROM before_seal x) n;
SET territory.segment_rows = 300;
SELECT rows, segments FROM territory.seal('every_type', '2026-03-31');
SELECT * FROM different;
SELECT rows, segments FROM territory.seal('every_type');
SELECT * FROM different;
SELECT segment, rows, ok, problem FROM territory.verify('every_type');
SELECT sum(rows), sum(dead_rows), bool_and(sealed_bytes < heap_bytes * 2) FROM territory.segments('every_type');
SELECT rows FROM territory.seal('every_type');
SELECT territory.unseal('every_type', '2026-03-29', '2026-03-30');
SELECT * FROM different;
SELECT rows > 0 FROM territory.seal('every_type');
SELECT * FROM different;
SELECT territory.unseal('every_type');
SELECT * FROM different;
SELECT * FROM territory.segments('every_type');
-- a transaction that rolls back leaves nothing
BEGIN;
SELECT rows FROM territory.seal('every_type');
SELECT * FROM different;
ROLLBACK;
SELECT * FROM different;
SELECT * FROM territory.segments('every_type');
-- savepoints
BEGIN;
SAVEPOINT a;
SELECT rows FROM territory.seal('every_type', '2026-03-30');
ROLLBACK TO a;
SELECT rows FROM territory.seal('every_type', '2026-03-31');
COMMIT;
SELECT * FROM different;
-- no time column, no column at all, no row
CREATE TABLE no_time (a text, b int) USING territory;
INSERT INTO no_time SELECT 'x' || i, i FROM generate_series(1, 700) i;
SELECT rows, segments FROM territory.seal('no_time');
SELECT count(*), sum(b), min(a) FROM no_time;
SELECT territory.seal('no_time', '2026-01-01');
CREATE TABLE no_column () USING territory;
INSERT INTO no_column DEFAULT VALUES;
INSERT INTO no_column DEFAULT VALUES;
SELECT rows FROM territory.seal('no_column');
SELECT count(*) FROM no_column;
CREATE TABLE no_row (a int) USING territory;
SELECT * FROM territory.seal('no_row');
-- temporary and unlogged tables
CREATE TEMP TABLE temporary (a int) USING territory;
INSERT INTO temporary SELECT generate_series(1, 1000);
SELECT rows FROM territory.seal('temporary');
DELETE FROM temporary WHERE a <= 10;
SELECT count(*) FROM temporary;
CREATE UNLOGGED TABLE unlogged (a int) USING territory;
INSERT INTO unlogged SELECT generate_series(1, 1000);
SELECT rows FROM territory.seal('unlogged');
SELECT count(*), sum(a) FROM unlogged;
DROP TABLE every_type, before_seal, no_time, no_column, no_row, temporary, unlogged CASCADE;
-- a segment whose rows were changed before goes whole
CREATE TABLE changed (e int, t timestamptz, PRIMARY KEY (e, t)) USING territory;
INSERT INTO changed SELECT e, '2026-01-01'::timestamptz + i * interval '1 hour' FROM generate_series(1, 3) e, generate_series(1, 200) i;
SET territory.segment_rows = 50;
SELECT rows, segments FROM territory.seal('changed');
DELETE FROM changed WHERE e = 2 OR t <= '2026-01-01 01:00';
SELECT territory.unseal('changed', '2026-01-01', '2026-01-05');
SELECT e, count(*), min(t) FROM changed GROUP BY e ORDER BY e;
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT territory.unseal('changed');
ROLLBACK;
-- groups of 64 segments: closed, read past, emptied, and their numbers not used again while they stand
SET territory.segment_rows = 1;
SELECT rows, segments FROM territory.seal('changed');
SELECT e, count(*), min(t) FROM changed GROUP BY e ORDER BY e;
SELECT count(*) FROM changed WHERE e = 3 AND t = '2026-01-03';
DELETE FROM changed WHERE e = 1;
SELECT territory.unseal('changed', '2026-01-01', '2026-01-03');
SELECT e, count(*), min(t) FROM changed GROUP BY e ORDER BY e;
SELECT rows > 0 FROM territory.seal('changed');
VACUUM changed;
SELECT e, count(*), min(t) FROM changed GROUP BY e ORDER BY e;
SELECT count(*), count(DISTINCT segment), bool_and(ok) FROM territory.verify('changed');
DROP TABLE changed;
-- what segments() and table_status tell
SET datestyle = 'ISO';
SET territory.segment_rows = 32768;
CREATE TABLE told (e text, n int, t date, v int, PRIMARY KEY (e, n, t)) USING territory;
SELECT hot_rows, segments, sealed_rows, sealed_bytes, ratio, last_seal FROM territory.table_status;
INSERT INTO told SELECT 'e' || i % 3, i % 2, '2026-01-01'::date + i / 6, i FROM generate_series(0, 599) i;
SELECT rows, segments FROM territory.seal('told', '2026-02-01');
SELECT rows, segments FROM territory.seal('told', '2026-03-01');
DELETE FROM told WHERE t < '2026-01-11' AND e = 'e1';
SELECT segment, rows, dead_rows, from_time, to_time, from_entity, to_entity, now() - sealed_at < '1 min' AS now FROM territory.segments('told');
SELECT hot_rows, segments, sealed_rows, last_seal = (SELECT max(sealed_at) FROM territory.segments('told')) AS last FROM territory.table_status;
BEGIN;
SELECT rows FROM territory.seal('told');
SELECT hot_rows, segments, sealed_rows FROM territory.table_status;
ROLLBACK;
SELECT hot_rows, segments, sealed_rows FROM territory.table_status;
-- no times, no entities: a layout without, a caller under row-level security
ALTER TABLE told ENABLE ROW LEVEL SECURITY;
CREATE ROLE regress_territory_reader;
GRANT SELECT ON told TO regress_territory_reader;
SET ROLE regress_territory_reader;
SELECT segment, rows, dead_rows, from_time, to_time, from_entity, to_entity FROM territory.segments('told');
SELECT hot_rows, segments, sealed_rows FROM territory.table_status;
RESET ROLE;
REVOKE ALL ON told FROM regress_territory_reader;
GRANT SELECT (e) ON told TO regress_territory_reader;
SET ROLE regress_territory_reader;
SELECT * FROM territory.segments('told');
SELECT count(*) FROM territory.table_status;
RESET ROLE;
DROP TABLE told;
DROP ROLE regress_territory_reader;
CREATE TABLE told (v int) USING territory;
INSERT INTO told SELECT i FROM generate_series(1, 600000) i;
SELECT abs(hot_rows - 600000) < 1000 FROM territory.table_status;
SELECT rows, segments FROM territory.seal('told');
SELECT segment, rows, from_time, to_time, from_entity, to_entity FROM territory.segments('told') LIMIT 1;
SELECT hot_rows, segments, sealed_rows FROM territory.table_status;
DROP TABLE told;
-- the entity is the one that a segment was sealed by
CREATE TABLE told (e int, f text, t date) USING territory;
SELECT territory.set_layout('told', '{f}');
INSERT INTO told SELECT i, 'f' || i % 2, '2026-01-01' FROM generate_series(1, 4) i;
SELECT rows FROM territory.seal('told');
SELECT territory.set_layout('told', '{e}');
SELECT from_entity, to_entity FROM territory.segments('told');
ALTER TABLE told DROP COLUMN f;
SELECT from_entity, to_entity FROM territory.segments('told');
DROP TABLE told;
