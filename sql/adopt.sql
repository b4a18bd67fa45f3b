-- Rewrites keep history sealed, and a heap table becomes ours in one rewrite.
SET client_min_messages = warning;
SET timezone = 'UTC';
SET territory.segment_rows = 500;
CREATE TABLE h (e int, t timestamptz, v numeric(8, 2), note text, PRIMARY KEY (e, t));
CREATE INDEX h_t ON h (t);
INSERT INTO h SELECT x, '2026-01-01'::timestamptz + i * interval '1 hour', i / 4.0, repeat('n' || i, i % 5 * 1000)
FROM generate_series(1, 5) x, generate_series(1, 300) i;
CREATE TABLE copy AS SELECT * FROM h;
CREATE VIEW different AS SELECT count(*) FROM
	((SELECT x::text FROM h x EXCEPT ALL SELECT x::text FROM copy x) UNION ALL (SELECT x::text FROM copy x EXCEPT ALL SELECT x::text FROM h x)) d;
SELECT rows, segments FROM territory.adopt('h', '2026-01-08');
SELECT * FROM different;
SELECT segments, sealed_rows, hot_bytes > 0 FROM territory.table_status WHERE relation = 'h'::regclass;
SELECT count(*), max(v) FROM h WHERE e = 3 AND t BETWEEN '2026-01-07 20:00' AND '2026-01-08 04:00';
INSERT INTO h VALUES (3, '2026-01-02 00:00');
INSERT INTO h VALUES (3, '2026-01-10 00:00');
SELECT territory.adopt('h');
-- rewrites: what was sealed is sealed again, what was hot stays hot
ALTER TABLE h ALTER COLUMN v TYPE numeric(10, 2);
ALTER TABLE copy ALTER COLUMN v TYPE numeric(10, 2);
SELECT * FROM different;
SELECT segments, sealed_rows FROM territory.table_status WHERE relation = 'h'::regclass;
ALTER TABLE h ALTER COLUMN e TYPE bigint;
SELECT * FROM different;
SELECT segments, sealed_rows FROM territory.table_status WHERE relation = 'h'::regclass;
INSERT INTO h VALUES (3, '2026-01-02 00:00');
ALTER TABLE h ALTER COLUMN e TYPE bigint USING 1;
SELECT * FROM different;
ALTER TABLE h ADD COLUMN r float8 DEFAULT random();
SELECT count(DISTINCT r) > 1000 FROM h;
SELECT sealed_rows FROM territory.table_status WHERE relation = 'h'::regclass;
ALTER TABLE h DROP COLUMN r;
SELECT * FROM different;
ALTER TABLE h SET UNLOGGED;
ALTER TABLE h SET LOGGED;
SELECT * FROM different;
SELECT sealed_rows FROM territory.table_status WHERE relation = 'h'::regclass;
ALTER TABLE h SET ACCESS METHOD heap;
SELECT * FROM different;
SELECT rows FROM territory.adopt('h');
SELECT * FROM different;
SELECT bool_and(ok), sum(rows) FROM territory.verify('h');
-- an adoption that rolls back
ALTER TABLE h SET ACCESS METHOD heap;
BEGIN;
SELECT rows FROM territory.adopt('h');
ROLLBACK;
SELECT amname FROM pg_class c JOIN pg_am a ON a.oid = relam WHERE c.oid = 'h'::regclass;
SELECT * FROM different;
-- a table of plain integers has no TOAST relation yet
CREATE TABLE ints (a int, b int);
INSERT INTO ints SELECT i, i % 10 FROM generate_series(1, 1200) i;
SELECT rows, segments FROM territory.adopt('ints');
SELECT count(*), sum(a), sum(b) FROM ints;
-- refusals
SELECT territory.adopt(NULL);
SELECT territory.adopt(0);
SELECT territory.adopt('ints');
SELECT territory.adopt('different');
SELECT territory.adopt('pg_class');
SELECT territory.adopt('copy', 'infinity');
CREATE TABLE timeless (a int);
SELECT territory.adopt('timeless', '2026-01-01');
CREATE TABLE excluding (r int4range, EXCLUDE USING gist (r WITH &&));
SELECT territory.adopt('excluding');
CREATE TABLE parted (a int) PARTITION BY LIST (a);
SELECT territory.adopt('parted');
CREATE ROLE regress_territory_nobody;
SET ROLE regress_territory_nobody;
SELECT territory.adopt('timeless');
RESET ROLE;
DROP ROLE regress_territory_nobody;
DROP TABLE h, copy, ints, timeless, excluding, parted CASCADE;
