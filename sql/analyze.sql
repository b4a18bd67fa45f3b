-- ANALYZE: a bounded sample of the sealed rows, in proportion to the hot ones, and an exact count.
SET client_min_messages = warning;
CREATE UNLOGGED TABLE big (e int, n int, kind text) USING territory WITH (autovacuum_enabled = off);
INSERT INTO big SELECT i % 1000, i, 'sealed ' || i % 4 FROM generate_series(1, 200000) i;
SELECT rows FROM territory.seal('big');
VACUUM big;
INSERT INTO big SELECT i % 1000, i, 'hot' FROM generate_series(1, 50000) i;
DELETE FROM big WHERE n <= 100 AND kind <> 'hot';
ANALYZE big;
SELECT reltuples FROM pg_class WHERE oid = 'big'::regclass;
SELECT attname, null_frac, CASE WHEN attname <> 'n' THEN n_distinct END AS n_distinct,
	abs(round((most_common_freqs[array_position(most_common_vals::text::text[], 'hot')])::numeric, 4) - 0.2) < 0.02 AS hot_share
FROM pg_stats WHERE tablename = 'big' ORDER BY attname;
SELECT n_distinct < -0.5 AS distinct, abs(least(abs(n_distinct), 1) - 0.8) < 0.2 AS about
FROM pg_stats WHERE tablename = 'big' AND attname = 'n';
-- few rows: all of them are looked at
CREATE TABLE small (e int, n int) USING territory WITH (autovacuum_enabled = off);
INSERT INTO small SELECT i % 10, i FROM generate_series(1, 5000) i;
SELECT rows FROM territory.seal('small');
VACUUM small;
ANALYZE small;
SELECT reltuples, relpages FROM pg_class WHERE oid = 'small'::regclass;
SELECT attname, n_distinct FROM pg_stats WHERE tablename = 'small' ORDER BY 1;
-- all sealed rows are dead
DELETE FROM small;
ANALYZE small;
SELECT reltuples FROM pg_class WHERE oid = 'small'::regclass;
DROP TABLE big, small;

-- a heap of mostly empty pages, after a first seal: hot rows are found by the index where that costs less than all these pages
CREATE TABLE emptied (sensor int NOT NULL, t timestamptz NOT NULL, v float8, note text, PRIMARY KEY (sensor, t)) USING territory;
INSERT INTO emptied SELECT s, '2026-01-01 00:00+00'::timestamptz + i * interval '1 hour', i, 'a note of some length, so that there are pages'
FROM generate_series(1, 2000) i, generate_series(1, 20) s;
SELECT rows FROM territory.seal('emptied', '2026-03-25 00:00+00');
VACUUM ANALYZE emptied;
EXPLAIN (COSTS OFF) SELECT * FROM emptied WHERE sensor = 3 AND t > '2026-03-25 03:00+00';
EXPLAIN (COSTS OFF) SELECT date_trunc('day', t), avg(v) FROM emptied GROUP BY 1;
DROP TABLE emptied;
