-- Reading: pruning, order, parallel scans, TIDs, samples.
SET client_min_messages = warning;
SET timezone = 'Europe/Paris';
SET territory.segment_rows = 1000;
-- EXPLAIN ANALYZE without what only some versions say
CREATE FUNCTION plan_of(query text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	line text;
BEGIN
	FOR line IN EXECUTE 'EXPLAIN (ANALYZE, BUFFERS OFF, COSTS OFF, TIMING OFF, SUMMARY OFF) ' || query
	LOOP
		CONTINUE WHEN line LIKE '%Index Searches: %';
		RETURN NEXT regexp_replace(line, 'rows=(\d+)\.00', 'rows=\1');
	END LOOP;
END $$;
CREATE TABLE s (sensor int, t timestamptz, v float8, kind text, PRIMARY KEY (sensor, t))
	USING territory WITH (autovacuum_enabled = off);
CREATE INDEX ON s (t);
CREATE INDEX ON s (kind) WHERE v > 50;
INSERT INTO s SELECT x, '2026-03-28 00:00+01'::timestamptz + i * interval '15 min', (i * x) % 100, 'k' || i % 3
FROM generate_series(1, 20) x, generate_series(1, 400) i;
SELECT rows, segments FROM territory.seal('s', '2026-04-01 00:00');
ANALYZE s;
-- pruning by constants, parameters, arrays, joins
SET enable_bitmapscan = off;
SELECT plan_of($$SELECT * FROM s WHERE sensor = 7 AND t = '2026-03-30 00:00'$$);
SELECT * FROM s WHERE sensor = 7 AND t = '2026-03-30 00:00';
SELECT count(*), sum(v) FROM s WHERE sensor = ANY (ARRAY[3, 5, NULL]) AND t >= '2026-03-29'::date;
SELECT count(*) FROM s WHERE sensor = NULL::int;
SELECT count(*) FROM s WHERE sensor = ANY ('{}'::int[]);
SELECT count(*) FROM s WHERE sensor IS NULL OR kind IS NULL;
SELECT count(*) FROM s WHERE sensor IS NULL;
SELECT count(*) FROM s WHERE 5 > sensor AND sensor >= 2::bigint AND v < 10::real;
PREPARE q(int, timestamptz) AS SELECT count(*), max(v) FROM s WHERE sensor = $1 AND t < $2;
SET plan_cache_mode = force_generic_plan;
EXECUTE q(4, '2026-03-29 04:00');
EXECUTE q(5, NULL);
RESET plan_cache_mode;
SELECT x, (SELECT max(t) FROM s WHERE s.sensor = x) FROM generate_series(18, 21) x;
SELECT x, l.* FROM generate_series(1, 20, 9) x, LATERAL (SELECT t, v FROM s WHERE sensor = x ORDER BY t DESC LIMIT 2) l ORDER BY x, t DESC;
SET enable_hashjoin = off; SET enable_mergejoin = off;
SELECT sum(v) FROM generate_series(3, 6) x JOIN s ON s.sensor = x WHERE t < '2026-03-28 12:00';
RESET enable_hashjoin; RESET enable_mergejoin;
-- order: hot and sealed rows merged, both ways, with few blocks opened
SELECT plan_of($$SELECT sensor, t, v FROM s WHERE sensor = 3 ORDER BY t LIMIT 3$$);
SELECT sensor, t, v FROM s ORDER BY t DESC, sensor LIMIT 4;
SELECT sensor, t, v FROM s WHERE v > 98 ORDER BY sensor DESC, t DESC LIMIT 5;
SET enable_sort = off;
SELECT count(*), bool_and(later) FROM (SELECT (sensor, t) > lag((sensor, t)) OVER (ORDER BY sensor, t) AS later FROM s) x;
SET work_mem = 64;
SELECT md5(string_agg(sensor || ' ' || t, ',')) = (SELECT md5(string_agg(sensor || ' ' || t, ',' ORDER BY t, sensor)) FROM s) FROM
	(SELECT sensor, t FROM s ORDER BY t, sensor) x;
RESET work_mem; RESET enable_sort;
SET enable_seqscan = off; SET enable_bitmapscan = on; SET enable_indexscan = off;
SELECT count(*), sum(sensor) FROM s WHERE t BETWEEN '2026-03-31 22:00' AND '2026-04-01 02:00';
SELECT count(*) FROM s WHERE kind = 'k1' AND v > 60;
SET enable_indexscan = on; SET enable_bitmapscan = off;
SELECT count(*) FROM s WHERE kind = 'k1' AND v > 60;
SELECT kind, count(*) FROM s WHERE v > 60 GROUP BY kind ORDER BY kind;
RESET enable_seqscan; RESET enable_bitmapscan; RESET enable_indexscan;
-- system columns, whole rows, TIDs
SELECT tableoid::regclass, count(*), bool_and(xmin::text::bigint > 0) FROM s GROUP BY 1;
SELECT s FROM s WHERE sensor = 2 ORDER BY t LIMIT 1;
SELECT sensor, t FROM s WHERE ctid = (SELECT ctid FROM s WHERE sensor = 2 AND t = '2026-03-30 00:00');
SELECT count(*) FROM s a JOIN s b ON a.ctid = b.ctid;
-- parallel
SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0;
SET min_parallel_index_scan_size = 0; SET max_parallel_workers_per_gather = 2;
ALTER TABLE s SET (parallel_workers = 2);
SET territory.enable_aggregate = off;
EXPLAIN (COSTS OFF) SELECT count(*), sum(v) FROM s WHERE v > 10;
SELECT count(*), sum(v) FROM s WHERE v > 10;
SET enable_seqscan = off;
SELECT count(*), sum(v) FROM s WHERE t > '2026-03-31 12:00';
RESET enable_seqscan;
RESET territory.enable_aggregate;
RESET max_parallel_workers_per_gather;
-- samples and statistics
SELECT count(*) BETWEEN 3000 AND 5000 FROM s TABLESAMPLE BERNOULLI (50) REPEATABLE (1);
SELECT count(*) = 8000 FROM s TABLESAMPLE SYSTEM (100);
SELECT count(*) FROM s TABLESAMPLE SYSTEM (0);
-- SYSTEM leaves out sealed blocks as it leaves out pages
CREATE TABLE blocks (a int) USING territory;
INSERT INTO blocks SELECT generate_series(1, 50000);
SELECT rows FROM territory.seal('blocks');
SELECT count(*) BETWEEN 5000 AND 45000 FROM blocks TABLESAMPLE SYSTEM (50) REPEATABLE (1);
SELECT count(DISTINCT n) > 3 AS choices_differ, bool_or(n = 50000) AS all_rows FROM (SELECT (SELECT count(*) FROM blocks TABLESAMPLE SYSTEM (50) REPEATABLE (x)) FROM generate_series(1, 9) x) s (n);
DROP TABLE blocks;
SELECT reltuples BETWEEN 6000 AND 10000 FROM pg_class WHERE oid = 's'::regclass;
SELECT attname, n_distinct FROM pg_stats WHERE tablename = 's' AND attname IN ('sensor', 'kind') ORDER BY 1;
-- a column that nothing asks for is not decoded, and count(*) needs none
SELECT count(*) FROM s;
DROP TABLE s;
-- what is known of many segments leaves room for the order
CREATE TABLE many (t timestamptz, v text) USING territory WITH (autovacuum_enabled = off);
CREATE INDEX ON many (t);
SET territory.segment_rows = 1;
INSERT INTO many SELECT '2026-01-01'::timestamptz + i * interval '1 minute', repeat('x', 100) FROM generate_series(1, 5000) i;
SELECT segments FROM territory.seal('many');
ANALYZE many;
SET work_mem = '256kB';
SET enable_sort = off;
SELECT plan_of('SELECT * FROM many ORDER BY t DESC LIMIT 2');
RESET enable_sort;
RESET work_mem;
DROP TABLE many;
DROP FUNCTION plan_of;
