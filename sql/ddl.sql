-- DDL on tables with sealed rows: columns, types, indexes, rewrites, truncation, copies, partitions.
SET client_min_messages = warning;
SET timezone = 'UTC';
SET territory.segment_rows = 500;
CREATE TABLE d (e int, t timestamptz, v numeric(8, 2), gone text, PRIMARY KEY (e, t)) USING territory;
INSERT INTO d SELECT x, '2026-01-01'::timestamptz + i * interval '1 hour', i / 4.0, 'g' || i FROM generate_series(1, 5) x, generate_series(1, 300) i;
SELECT rows FROM territory.seal('d');
ALTER TABLE d ADD COLUMN c int DEFAULT 5, ADD COLUMN n text;
SELECT count(*), sum(c), count(n) FROM d;
ALTER TABLE d DROP COLUMN gone;
ALTER TABLE d RENAME COLUMN v TO val;
SELECT * FROM d WHERE e = 2 ORDER BY t LIMIT 2;
ALTER TABLE d ALTER COLUMN val TYPE float8;
SELECT sum(val), pg_typeof(min(val)) FROM d;
SELECT rows FROM territory.seal('d');
ALTER TABLE d ALTER COLUMN n TYPE varchar(10);
ALTER TABLE d ALTER COLUMN n TYPE text;
SELECT count(*), sum(val) FROM d;
ALTER TABLE d ADD CHECK (val >= 0);
ALTER TABLE d ADD CHECK (val > 1);
ALTER TABLE d ALTER COLUMN val SET NOT NULL;
ALTER TABLE d ADD COLUMN id bigint GENERATED ALWAYS AS IDENTITY;
SELECT count(DISTINCT id) FROM d;
SELECT rows FROM territory.seal('d');
-- indexes, vacuum, cluster
CREATE INDEX d_t ON d (t);
CREATE INDEX CONCURRENTLY d_val ON d (val);
REINDEX TABLE d;
VACUUM d;
VACUUM FREEZE d;
ANALYZE d;
DELETE FROM d WHERE e = 1;
VACUUM FULL d;
SELECT count(*), sum(val) FROM d;
CLUSTER d USING d_t;
SELECT count(*), sum(val) FROM d;
SELECT segments > 0, sealed_rows, ratio > 0 FROM territory.table_status WHERE relation = 'd'::regclass;
-- out and in again
ALTER TABLE d SET ACCESS METHOD heap;
SELECT count(*), sum(val) FROM d;
ALTER TABLE d SET ACCESS METHOD territory;
SELECT rows FROM territory.seal('d');
SELECT count(*), sum(val) FROM d;
-- truncate
BEGIN;
TRUNCATE d;
SELECT count(*) FROM d;
INSERT INTO d(e, t, val) VALUES (1, '2026-01-01', 1);
SELECT rows FROM territory.seal('d');
SELECT count(*) FROM d;
ROLLBACK;
SELECT count(*) FROM d;
-- in place, where the table is as new as what it holds
BEGIN;
CREATE TABLE fresh (k int PRIMARY KEY, v text) USING territory;
INSERT INTO fresh SELECT i, 'old ' || i FROM generate_series(1, 10) i;
SELECT rows FROM territory.seal('fresh');
SELECT v FROM fresh WHERE k = 3 FOR UPDATE;
TRUNCATE fresh;
INSERT INTO fresh SELECT i, 'new ' || i FROM generate_series(1, 10) i;
SELECT rows FROM territory.seal('fresh');
UPDATE fresh SET k = k WHERE k = 4 RETURNING v;
INSERT INTO fresh VALUES (5, '') ON CONFLICT (k) DO UPDATE SET v = fresh.v RETURNING v;
COMMIT;
SELECT count(*), min(v), max(v) FROM fresh;
DROP TABLE fresh;
-- copies
CREATE TABLE d2 USING territory AS SELECT * FROM d;
SELECT count(*) FROM d2;
CREATE MATERIALIZED VIEW m USING territory AS SELECT e, count(*) FROM d GROUP BY e;
SELECT rows FROM territory.seal('m');
REFRESH MATERIALIZED VIEW m;
SELECT * FROM m ORDER BY e;
COPY (SELECT e, val FROM d ORDER BY e, t LIMIT 2) TO stdout;
ALTER TABLE d2 RENAME TO d3;
SELECT rows FROM territory.seal('d3');
SELECT count(*) FROM d3;
-- partitions
CREATE TABLE p (e int, t timestamptz, v int, PRIMARY KEY (e, t)) PARTITION BY RANGE (t);
CREATE TABLE p1 PARTITION OF p FOR VALUES FROM ('2026-01-01') TO ('2026-02-01') USING territory;
CREATE TABLE p2 PARTITION OF p FOR VALUES FROM ('2026-02-01') TO ('2026-03-01') USING territory;
INSERT INTO p SELECT 1, '2026-01-10'::timestamptz + i * interval '1 day', i FROM generate_series(1, 40) i;
SELECT rows FROM territory.seal('p1');
UPDATE p SET t = t + interval '20 days 1 hour' WHERE v = 15;
SELECT tableoid::regclass, count(*) FROM p GROUP BY 1 ORDER BY 1;
SELECT v FROM p WHERE e = 1 ORDER BY t DESC LIMIT 3;
SELECT territory.seal('p');
-- inheritance
CREATE TABLE child (extra int) INHERITS (d) USING territory;
INSERT INTO child(e, t, val, id, extra) VALUES (9, '2026-01-01', 5, 0, 1);
SELECT rows FROM territory.seal('child');
SELECT count(*) FROM d WHERE e >= 5;
UPDATE d SET val = val + 1 WHERE e = 9;
SELECT val, extra FROM child;
DROP TABLE d, d3, p CASCADE;
-- VACUUM gives back what a seal emptied, and ANALYZE still finds the sealed rows
CREATE TEMP TABLE emptied (a int, b text) USING territory;
INSERT INTO emptied SELECT i, 'row ' || i FROM generate_series(1, 10000) i;
SELECT rows FROM territory.seal('emptied');
VACUUM emptied;
SELECT pg_relation_size('emptied') / current_setting('block_size')::int AS pages;
VACUUM ANALYZE emptied;
SELECT pg_relation_size('emptied') / current_setting('block_size')::int AS pages, reltuples FROM pg_class WHERE oid = 'emptied'::regclass;
INSERT INTO emptied VALUES (0, 'hot');
SELECT count(*), sum(a) FROM emptied;
DROP TABLE emptied;
-- so it does after what leaves no hot page
CREATE TEMP TABLE emptied (a int, b text) USING territory;
INSERT INTO emptied SELECT i, 'row ' || i FROM generate_series(1, 1000) i;
SELECT rows FROM territory.seal('emptied');
VACUUM FULL emptied;
ANALYZE emptied;
SELECT reltuples, (SELECT n_distinct FROM pg_stats WHERE tablename = 'emptied' AND attname = 'a') FROM pg_class WHERE oid = 'emptied'::regclass;
ALTER TABLE emptied ALTER a TYPE bigint;
ANALYZE emptied;
SELECT reltuples, (SELECT n_distinct FROM pg_stats WHERE tablename = 'emptied' AND attname = 'a') FROM pg_class WHERE oid = 'emptied'::regclass;
DROP TABLE emptied;
-- a subtransaction that fails in an expression does not end the rewrite that it is part of
CREATE FUNCTION quotient(i int) RETURNS int LANGUAGE plpgsql AS $$
BEGIN RETURN 100 / (i % 3); EXCEPTION WHEN division_by_zero THEN RETURN 0; END $$;
CREATE TABLE rewritten (a int) USING territory;
INSERT INTO rewritten SELECT generate_series(1, 8);
SELECT rows FROM territory.seal('rewritten');
ALTER TABLE rewritten ALTER a TYPE bigint USING quotient(a);
SELECT count(*), sum(a) FROM rewritten;
SELECT sum(rows) FROM territory.segments('rewritten');
DROP TABLE rewritten;
DROP FUNCTION quotient;
-- columns that came after the seal keep their values where core forgets them
CREATE TABLE came_late (k int PRIMARY KEY, t timestamptz) USING territory;
INSERT INTO came_late SELECT k, '2026-01-01'::timestamptz + k * interval '1 hour' FROM generate_series(1, 100) k;
SELECT rows FROM territory.seal('came_late');
ALTER TABLE came_late ADD n int DEFAULT 7, ADD nothing int, ADD label text DEFAULT 'here', ADD long text DEFAULT repeat('abc', 10000),
	ADD id uuid DEFAULT '00000000-0000-0000-0000-000000000001', ADD gone int DEFAULT 1;
ALTER TABLE came_late DROP gone;
VACUUM FULL came_late;
ALTER TABLE came_late ALTER n SET DEFAULT 8, ADD later numeric DEFAULT 1.50;
CLUSTER came_late USING came_late_pkey;
SELECT n, nothing, label, md5(long), id, later, count(*) FROM came_late GROUP BY 1, 2, 3, 4, 5, 6;
SELECT count(*) FROM came_late WHERE n = 8 OR label IS NULL OR n IS NULL;
SELECT rows, ok, problem FROM territory.verify('came_late');
UPDATE came_late SET n = 9 WHERE k <= 10;
SELECT rows, dead_rows FROM territory.compact('came_late');
SELECT n, label, md5(long), later, count(*) FROM came_late GROUP BY 1, 2, 3, 4 ORDER BY n;
SELECT territory.unseal('came_late');
SELECT n, label, md5(long), later, count(*) FROM came_late GROUP BY 1, 2, 3, 4 ORDER BY n;
DROP TABLE came_late;

-- a table that came from heap without a TOAST relation
CREATE TABLE narrow (k int PRIMARY KEY, v int) USING heap;
INSERT INTO narrow SELECT n, n FROM generate_series(1, 100) n;
ALTER TABLE narrow SET ACCESS METHOD territory;
ALTER TABLE narrow SET WITHOUT CLUSTER;
ALTER TABLE narrow ALTER k SET STATISTICS 10;
SELECT rows FROM territory.seal('narrow');
ALTER TABLE narrow SET WITHOUT CLUSTER;
SELECT sum(v) FROM narrow;
DROP TABLE narrow;
