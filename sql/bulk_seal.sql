-- territory.bulk_seal: COPY and INSERT ... SELECT write straight into segments.
-- Tables are unlogged because logged ones take the ordinary path where wal_level is logical.
SET client_min_messages = warning;
SET timezone = 'UTC';
SET territory.segment_rows = 500;
SET territory.bulk_seal = on;
CREATE VIEW status AS SELECT relation, segments, sealed_rows, hot_rows FROM territory.table_status ORDER BY relation::text;
CREATE TABLE source AS SELECT e, '2026-01-01'::timestamptz + i * interval '1 hour' AS t, (e * 7 + i) / 4.0 AS v, 'n' || i % 3 AS note
FROM generate_series(1, 300) i, generate_series(1, 4) e;
CREATE UNLOGGED TABLE l (e int, t timestamptz, v numeric, note text DEFAULT 'none', d numeric GENERATED ALWAYS AS (v * 2) STORED,
	PRIMARY KEY (e, t)) USING territory;
CREATE INDEX ON l (v);
CREATE INDEX ON l USING gin (string_to_array(note, ','));
INSERT INTO l SELECT * FROM source;
TABLE status;
SELECT count(*), sum(v), sum(d), min(t), max(t) FROM l;
SELECT * FROM l WHERE e = 3 AND t = '2026-01-05 10:00';
SELECT count(*) FROM l WHERE v BETWEEN 20 AND 22;
SELECT bool_and(ok), sum(rows) FROM territory.verify('l');
-- one row, and rows that are written down, stay hot
INSERT INTO l VALUES (9, '2026-01-01', 1);
INSERT INTO l VALUES (9, '2026-01-02', 1), (9, '2026-01-03', 1);
TABLE status;
-- unique keys: against hot rows, against sealed ones, within the load; nothing is left of what failed
INSERT INTO l SELECT 9, '2026-01-01'::timestamptz + i * interval '1 day', 1 FROM generate_series(-5, 1) i;
INSERT INTO l SELECT e, t + interval '299 hours', v FROM source WHERE e = 2;
INSERT INTO l SELECT 10, t FROM source;
INSERT INTO l SELECT e, t FROM source WHERE false;
TABLE status;
COPY l (e, t, v) FROM stdin;
11	2026-02-01	1
11	2026-02-02	2
\.
COPY l (e, t, v) FROM stdin;
12	2026-02-01	1
12	2026-02-01	2
\.
COPY l (e, t, v) FROM stdin;
12	2026-02-01	1
12	2026-02-02	two
\.
TABLE status;
SELECT count(*), sum(v) FROM l;
-- the transaction that loads sees its rows in its next statement, and may change them
BEGIN;
INSERT INTO l SELECT 13, '2026-01-01'::timestamptz + i * interval '1 hour', i FROM generate_series(1, 10) i;
SELECT count(*) FROM l WHERE e = 13;
UPDATE l SET v = v + 100 WHERE e = 13 AND v > 8;
DELETE FROM l WHERE e = 13 AND v < 3;
SAVEPOINT a;
INSERT INTO l SELECT 14, '2026-01-01'::timestamptz + i * interval '1 hour', i FROM generate_series(1, 10) i;
INSERT INTO l SELECT 13, '2026-01-01'::timestamptz + i * interval '1 hour', i FROM generate_series(3, 4) i;
ROLLBACK TO a;
INSERT INTO l SELECT 15, '2026-01-01'::timestamptz + i * interval '1 hour', i FROM generate_series(1, 10) i;
COMMIT;
SELECT e, count(*), sum(v) FROM l WHERE e > 12 GROUP BY e ORDER BY e;
BEGIN;
INSERT INTO l SELECT 16, '2026-01-01'::timestamptz + i * interval '1 hour', i FROM generate_series(1, 10) i;
ROLLBACK;
SELECT count(*) FROM l WHERE e = 16;
-- checks
ALTER TABLE l ADD CHECK (v < 1000);
INSERT INTO l SELECT 17, '2026-01-01'::timestamptz + i * interval '1 hour', i FROM generate_series(995, 1005) i;
INSERT INTO l SELECT NULL, t FROM source;
SELECT count(*) FROM l WHERE e = 17 OR e IS NULL;
-- a few rows into the midst of many
CREATE UNLOGGED TABLE m (e int, t int, PRIMARY KEY (e, t)) USING territory;
INSERT INTO m SELECT i % 10, i * 2 FROM generate_series(1, 50000) i;
INSERT INTO m SELECT 5, i * 20000 + 1 FROM generate_series(1, 4) i;
INSERT INTO m SELECT 5, i * 20000 + CASE i WHEN 3 THEN 10 ELSE 3 END FROM generate_series(1, 4) i;
DELETE FROM m WHERE t = 60010;
INSERT INTO m SELECT 5, i * 20000 + CASE i WHEN 3 THEN 10 ELSE 3 END FROM generate_series(1, 4) i;
SELECT count(*) FROM m;
-- a unique key that does not lead with the sort order, a partial one, one on an expression
CREATE UNLOGGED TABLE k (e int, t timestamptz, u uuid UNIQUE, n text COLLATE "C", PRIMARY KEY (e, t)) USING territory;
CREATE UNIQUE INDEX k_partial ON k (t) WHERE n = 'one';
CREATE UNIQUE INDEX k_lower ON k (lower(n)) WHERE e > 100;
INSERT INTO k SELECT i, '2026-01-01', md5(i::text)::uuid, 'x' FROM generate_series(1, 600) i;
INSERT INTO k SELECT i, '2026-01-02', md5((i % 600)::text)::uuid FROM generate_series(601, 1300) i;
INSERT INTO k SELECT i, '2026-01-02', md5(i::text)::uuid FROM generate_series(600, 1300) i;
INSERT INTO k SELECT i, '2026-01-02', NULL FROM generate_series(601, 1300) i;
INSERT INTO k SELECT i, '2026-01-03', NULL, CASE WHEN i < 3 THEN 'one' END FROM generate_series(1, 4) i;
INSERT INTO k SELECT i, '2026-01-03', NULL, CASE WHEN i < 2 THEN 'one' END FROM generate_series(1, 4) i;
INSERT INTO k SELECT i, '2026-01-03', NULL, 'one' FROM generate_series(5, 5) i;
INSERT INTO k SELECT i, '2026-01-04', NULL, CASE i WHEN 101 THEN 'Ab' WHEN 103 THEN 'aB' END FROM generate_series(100, 104) i;
SELECT count(*), count(u), count(n) FROM k;
CREATE UNLOGGED TABLE n (a int, b text, UNIQUE NULLS NOT DISTINCT (b, a)) USING territory;
INSERT INTO n SELECT i, NULL FROM generate_series(1, 3) i;
INSERT INTO n SELECT i, NULL FROM generate_series(3, 5) i;
INSERT INTO n SELECT NULL, 'x' FROM generate_series(1, 2) i;
SELECT count(*) FROM n;
-- what must be seen row by row is inserted row by row
CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	RAISE WARNING '% %: % rows', TG_WHEN, TG_LEVEL, (SELECT count(*) FROM w);
	RETURN NEW;
END $$;
CREATE UNLOGGED TABLE w (a int PRIMARY KEY, b int) USING territory;
CREATE UNLOGGED TABLE child (a int REFERENCES w) USING territory;
SET client_min_messages = notice;
INSERT INTO w SELECT i, i FROM generate_series(1, 10) i;
INSERT INTO child SELECT i FROM generate_series(1, 10) i;
INSERT INTO child SELECT 11 FROM generate_series(1, 2);
INSERT INTO w SELECT i, i FROM generate_series(11, 12) i RETURNING a;
INSERT INTO w SELECT i, i FROM generate_series(11, 13) i ON CONFLICT (a) DO UPDATE SET b = -1;
CREATE TRIGGER after_statement AFTER INSERT ON w FOR EACH STATEMENT EXECUTE FUNCTION note();
INSERT INTO w SELECT i, i FROM generate_series(21, 22) i;
COPY w FROM stdin;
23	1
24	1
\.
DROP TRIGGER after_statement ON w;
CREATE TRIGGER before_row BEFORE INSERT ON w FOR EACH ROW EXECUTE FUNCTION note();
INSERT INTO w SELECT i, i FROM generate_series(31, 32) i;
DROP TRIGGER before_row ON w;
CREATE TRIGGER after_row AFTER INSERT ON w FOR EACH ROW EXECUTE FUNCTION note();
INSERT INTO w SELECT i, i FROM generate_series(41, 42) i;
DROP TRIGGER after_row ON w;
BEGIN ISOLATION LEVEL SERIALIZABLE;
INSERT INTO w SELECT i, i FROM generate_series(51, 52) i;
COMMIT;
BEGIN ISOLATION LEVEL REPEATABLE READ;
INSERT INTO w SELECT i, i FROM generate_series(61, 62) i;
SELECT count(*) FROM w WHERE a > 60;
COMMIT;
TABLE status;
SELECT a, b FROM w ORDER BY a;
CREATE UNLOGGED TABLE x (a int4range, EXCLUDE USING gist (a WITH &&)) USING territory;
INSERT INTO x SELECT int4range(i, i + 2) FROM generate_series(1, 9) i;
INSERT INTO x SELECT int4range(i, i + 1) FROM generate_series(1, 9) i;
CREATE UNLOGGED TABLE y (a int UNIQUE DEFERRABLE INITIALLY DEFERRED) USING territory;
INSERT INTO y SELECT i / 2 FROM generate_series(1, 9) i;
INSERT INTO y SELECT i FROM generate_series(1, 9) i;
TABLE status;
SET client_min_messages = warning;
-- a WITH that changes tables: all of it the ordinary way
WITH inserted AS (INSERT INTO m SELECT 100, i FROM generate_series(1, 3) i RETURNING t, ctid < '(2147483648,0)' AS hot)
INSERT INTO k (e, t) SELECT t + 5000, '2026-02-01' FROM inserted WHERE hot;
SELECT relation, hot_rows FROM status WHERE relation IN ('k'::regclass, 'm'::regclass);
-- a function of the statement that inserts by itself, and one that catches an error
CREATE FUNCTION nested(i int) RETURNS int LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO n VALUES (100 + i, 'nested');
	BEGIN
		INSERT INTO n SELECT 200 + i, 'nested' FROM generate_series(1, i);
	EXCEPTION WHEN unique_violation THEN NULL;
	END;
	RETURN i;
END $$;
INSERT INTO n SELECT nested(i), 'outer' FROM generate_series(1, 3) i;
SELECT b, count(*), sum(a) FROM n WHERE a IS NOT NULL AND b IS NOT NULL GROUP BY b ORDER BY b;
INSERT INTO n SELECT nested(i), 'nested' FROM generate_series(101, 103) i;
SELECT count(*) FROM n;
-- partitions, more of them than COPY keeps buffers for; a view; a row of the table itself
CREATE TABLE p (e int, t timestamptz, PRIMARY KEY (e, t)) PARTITION BY LIST (e);
DO $$ BEGIN FOR i IN 0 .. 49 LOOP EXECUTE format('CREATE UNLOGGED TABLE p%s PARTITION OF p FOR VALUES IN (%s) USING territory', i, i); END LOOP; END $$;
INSERT INTO p SELECT i % 50, '2026-01-01'::timestamptz + i * interval '1 min' FROM generate_series(0, 9999) i;
SELECT count(*), sum(segments), sum(sealed_rows), sum(hot_rows) FROM status WHERE relation::text ~ '^p\d';
COPY p FROM PROGRAM $$awk 'BEGIN { for (i = 0; i < 10000; i++) printf("%d\t2027-01-%02d %02d:%02d+00\n", i % 50, 1 + i / 1440, i % 1440 / 60, i % 60) }'$$;
SELECT count(*), sum(segments), sum(sealed_rows), sum(hot_rows) FROM status WHERE relation::text ~ '^p\d';
COPY p FROM PROGRAM $$awk 'BEGIN { for (i = 0; i < 2000; i++) printf("%d\t2027-01-%02d %02d:%02d+00\n", i % 50, 1 + i / 1440, i % 1440 / 60, i % 60) }'$$;
SELECT count(*) FROM p;
CREATE VIEW pv AS SELECT e, t FROM p WHERE t > '2027-06-01' WITH CHECK OPTION;
INSERT INTO pv SELECT i, '2028-01-01' FROM generate_series(1, 5) i;
INSERT INTO pv SELECT i, '2026-06-01' FROM generate_series(1, 5) i;
INSERT INTO p SELECT e, t + interval '5 years' FROM p WHERE e < 2;
SELECT count(*) FROM p;
-- no order, no column, values out of line
CREATE UNLOGGED TABLE o (a text, j jsonb) USING territory;
INSERT INTO o SELECT repeat(md5(i::text), 200), jsonb_build_object('i', i) FROM generate_series(1, 50) i;
CREATE UNLOGGED TABLE o2 (LIKE o) USING territory;
INSERT INTO o2 SELECT * FROM o;
SELECT count(*), count(DISTINCT md5(a)), sum((j->>'i')::int) FROM o2;
CREATE UNLOGGED TABLE z () USING territory;
INSERT INTO z SELECT FROM generate_series(1, 10);
SELECT count(*) FROM z;
-- as a temporary table, unlogged, truncated, frozen
CREATE TEMP TABLE tmp (a int) USING territory;
INSERT INTO tmp SELECT generate_series(1, 1000);
CREATE UNLOGGED TABLE unlogged (a int) USING territory;
INSERT INTO unlogged SELECT generate_series(1, 1000);
SELECT (SELECT count(*) FROM tmp), (SELECT count(*) FROM unlogged);
BEGIN;
TRUNCATE unlogged;
COPY unlogged FROM stdin;
1
2
\.
COMMIT;
TABLE unlogged;
BEGIN;
TRUNCATE unlogged;
COPY unlogged FROM stdin WITH (FREEZE);
1
2
3
\.
COMMIT;
TABLE unlogged;
PREPARE load AS INSERT INTO o SELECT 'p' || i FROM generate_series(1, $1) i;
EXECUTE load(3);
EXECUTE load(4);
EXPLAIN (COSTS off) EXECUTE load(5);
SELECT count(*) FROM o WHERE a LIKE 'p%';
-- whatever the wal_level is
CREATE TABLE logged (a int PRIMARY KEY) USING territory;
INSERT INTO logged SELECT generate_series(1, 1000);
INSERT INTO logged SELECT generate_series(1000, 1001);
SELECT current_setting('wal_level') = 'logical' AS logical, segments = 0 AS hot FROM status WHERE relation = 'logged'::regclass \gset
SELECT count(*), :'logical' = :'hot' AS as_expected FROM logged;
-- off again
RESET territory.bulk_seal;
INSERT INTO o SELECT 'q' || i FROM generate_series(1, 3) i;
SELECT relation, segments, sealed_rows, hot_rows > 0 AS hot FROM status WHERE relation IN ('o'::regclass, 'tmp'::regclass, 'unlogged'::regclass) ORDER BY relation::text;
DROP TABLE l, m, k, n, child, w, x, y, p, o, o2, z, tmp, unlogged, logged, source CASCADE;
DROP FUNCTION note, nested;
-- as the first statement of a connection
CREATE UNLOGGED TABLE first (e int PRIMARY KEY, v int) USING territory;
\c -
SET territory.bulk_seal = on;
COPY first FROM stdin;
1	1
2	1
\.
\c -
SET territory.bulk_seal = on;
COPY first FROM stdin;
3	1
1	1
\.
\c -
SET territory.bulk_seal = on;
INSERT INTO first SELECT i, i FROM generate_series(5, 6) i;
SELECT count(*) FROM first;
SELECT segments, sealed_rows, hot_rows FROM territory.table_status ORDER BY relation::text;
DROP TABLE first;
DROP VIEW status;
