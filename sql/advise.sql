-- territory.advise() predicts what seal() then gives.
SET client_min_messages = notice;
SET timezone = 'UTC';
CREATE TABLE plain (e int, t timestamptz, v float8, q int, n numeric(8, 2), s text, p geometry(Point, 4326), b boolean, nothing int,
	PRIMARY KEY (e, t));
INSERT INTO plain SELECT e, '2026-01-01'::timestamptz + i * interval '5 min' + e % 7 * interval '1 s',
	round((20 + 5 * sin(i / 50.0 + e) + (e * 7919 + i * 104729) % 1000 / 1000.0)::numeric, 1)::float8, (e * 31 + i * 17) % 4, i % 1000 / 4.0,
	'state ' || i / 100 % 5, ST_SetSRID(ST_Point(3.8 + e / 1000.0, 43.6), 4326), i % 10 = 0, NULL
FROM generate_series(1, 1000) i, generate_series(1, 120) e;
CREATE TABLE advice AS SELECT * FROM territory.advise('plain');
SELECT column_name, type, codec, heap_bytes_per_value, ratio > 2 AS smaller FROM advice;
SELECT count(*) FROM territory.advise(rel => 'plain', sample_rows => 2000);
-- what seal gives is within a tenth of it, whatever the order of the rows
CREATE TABLE ours (LIKE plain INCLUDING ALL) USING territory;
INSERT INTO ours SELECT * FROM plain ORDER BY e, t;
SELECT abs(a.sealed_bytes_per_value / (SELECT sealed_bytes_per_value FROM advice WHERE column_name IS NULL) - 1) < 0.1 AS same_in_order
FROM territory.advise('ours') a WHERE column_name IS NULL;
SELECT abs(a.sealed_bytes_per_value / (s.sealed_bytes / s.rows::numeric) - 1) < 0.1 AS sealed_as_said,
	abs(a.heap_bytes_per_value / (pg_relation_size('plain') / s.rows::numeric) - 1) < 0.1 AS heap_as_is
FROM territory.seal('ours') s, advice a WHERE a.column_name IS NULL;
-- nothing but sealed rows, and some of each
SELECT abs(a.sealed_bytes_per_value / b.sealed_bytes_per_value - 1) < 0.1 AS same_sealed
FROM territory.advise('ours') a, advice b WHERE a.column_name IS NULL AND b.column_name IS NULL;
SELECT territory.unseal('ours', '2026-01-02') > 0;
SELECT abs(a.sealed_bytes_per_value / b.sealed_bytes_per_value - 1) < 0.2 AS same_mixed
FROM territory.advise('ours') a, advice b WHERE a.column_name IS NULL AND b.column_name IS NULL;
-- nothing was sealed by asking
SELECT a.amname FROM pg_class c JOIN pg_am a ON a.oid = c.relam WHERE c.oid = 'plain'::regclass;
-- no time, no order, no column, no row, long values
CREATE TABLE odd (a text, b text);
SELECT * FROM territory.advise('odd');
INSERT INTO odd SELECT repeat(md5(i::text), 200), 'constant' FROM generate_series(1, 500) i;
SELECT column_name, heap_bytes_per_value > 100 AS large FROM territory.advise('odd');
ALTER TABLE odd DROP COLUMN a;
SELECT column_name, type, codec FROM territory.advise('odd');
CREATE TABLE empty ();
INSERT INTO empty DEFAULT VALUES;
SELECT column_name, type, codec FROM territory.advise('empty');
BEGIN READ ONLY;
SELECT count(*) FROM territory.advise('plain');
COMMIT;
-- refusals
SELECT territory.advise(NULL);
SELECT territory.advise('plain', NULL);
SELECT territory.advise('plain', 0);
SELECT territory.advise(0);
CREATE VIEW v AS SELECT 1 AS a;
SELECT territory.advise('v');
CREATE TABLE parted (a int) PARTITION BY LIST (a);
SELECT territory.advise('parted');
CREATE ROLE regress_territory_reader;
SET ROLE regress_territory_reader;
SELECT territory.advise('plain');
RESET ROLE;
GRANT SELECT (e, t, v) ON plain TO regress_territory_reader;
SET ROLE regress_territory_reader;
SELECT territory.advise('plain');
RESET ROLE;
GRANT SELECT (e, t, v, q, n, s, p, b, nothing) ON plain TO regress_territory_reader;
SET ROLE regress_territory_reader;
SELECT count(*) FROM territory.advise('plain');
RESET ROLE;
ALTER TABLE plain ENABLE ROW LEVEL SECURITY;
SET ROLE regress_territory_reader;
SELECT territory.advise('plain');
RESET ROLE;
SELECT count(*) FROM territory.advise('plain');
DROP TABLE plain, ours, advice, odd, empty, parted;
DROP VIEW v;
DROP ROLE regress_territory_reader;
