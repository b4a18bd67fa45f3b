-- TerritoryAggregate for grouping sets, SELECT DISTINCT and DISTINCT inside aggregates: the same results as a heap twin.
SET client_min_messages = warning;
SET timezone = 'Europe/Paris';
SET extra_float_digits = 0;
SET enable_indexscan = off; SET enable_bitmapscan = off;
-- each set reads the heap, which is not vacuumed here: as if it were in memory
SET seq_page_cost = 0.1;
CREATE TABLE a_heap (sensor int NOT NULL, t timestamptz NOT NULL, i2 int2, i4 int4, i8 int8, f4 float4, f8 float8, n numeric, k text,
	nothing int) WITH (autovacuum_enabled = off);
CREATE TABLE a (LIKE a_heap) USING territory WITH (autovacuum_enabled = off);
INSERT INTO a_heap SELECT s, '2026-03-01 00:00+01'::timestamptz + i * interval '20 min', i % 7 - 3, i * s, 1::int8 << (i % 60),
	i / 4.0, CASE WHEN i % 11 = 0 THEN NULL ELSE i / 8.0 END, CASE WHEN i % 5 > 0 THEN i / 100.0 END, 'k' || i % 4, NULL
FROM generate_series(1, 8) s, generate_series(1, 2000) i;
INSERT INTO a SELECT * FROM a_heap;
SELECT rows, segments FROM territory.seal('a', '2026-03-28 00:00');
DELETE FROM a WHERE sensor = 3 AND i4 % 2 = 0; DELETE FROM a_heap WHERE sensor = 3 AND i4 % 2 = 0;
UPDATE a SET f8 = '-0' WHERE i4 = 40; UPDATE a_heap SET f8 = '-0' WHERE i4 = 40;
UPDATE a SET f8 = 0, n = 1.50 WHERE i4 = 48; UPDATE a_heap SET f8 = 0, n = 1.50 WHERE i4 = 48;
ANALYZE a;
-- a query on both tables: the rows that differ, and whether the node answered
CREATE FUNCTION twin(query text, OUT differ bigint, OUT groups bigint, OUT node boolean) LANGUAGE plpgsql AS $$
DECLARE
	heap text := replace(query, 'TABLE', 'a_heap');
	ours text := replace(query, 'TABLE', 'a');
	line text;
BEGIN
	node := false;
	FOR line IN EXECUTE 'EXPLAIN ' || ours LOOP
		node := node OR line LIKE '%TerritoryAggregate%';
	END LOOP;
	EXECUTE format('SELECT count(*) FROM ((SELECT whole::text FROM (%1$s) whole EXCEPT ALL SELECT whole::text FROM (%2$s) whole) UNION ALL
		(SELECT whole::text FROM (%2$s) whole EXCEPT ALL SELECT whole::text FROM (%1$s) whole)) d', heap, ours) INTO differ;
	EXECUTE format('SELECT count(*) FROM (%s) x', ours) INTO groups;
END $$;
CREATE TABLE queries (id int GENERATED ALWAYS AS IDENTITY, query text);
INSERT INTO queries (query) VALUES
	('SELECT k, sensor, count(*) FROM TABLE GROUP BY ROLLUP (k, sensor)'),
	('SELECT k, sensor, i2, count(*), avg(f4), grouping(k), grouping(sensor, i2), grouping(k,sensor,i2)+1 FROM TABLE GROUP BY CUBE (k, sensor, i2)'),
	('SELECT date_trunc(''day'', t), sensor, count(*), sum(i4), max(sensor) FROM TABLE GROUP BY GROUPING SETS ((1), (2), (), ()) HAVING count(*) > 10 and (sensor is null or sensor > 2)'),
	('SELECT coalesce(k, ''all'') || ''x'', count(*) FILTER (where sensor > 3), sensor + 1 FROM TABLE WHERE t > ''2026-03-29'' GROUP BY ROLLUP (k, sensor) HAVING grouping(k) = 0 or sum(i4) > 3'),
	('SELECT k, count(*) FROM TABLE WHERE sensor > 100 GROUP BY ROLLUP (k)'),
	('SELECT count(*) FROM TABLE WHERE sensor > 100 GROUP BY GROUPING SETS ((), ())'),
	('SELECT 1 FROM TABLE GROUP BY GROUPING SETS ((), (k))'),
	('SELECT k, sensor, count(*), (SELECT 5) FROM TABLE GROUP BY GROUPING SETS ((k, sensor))'),
	('SELECT k, sensor, count(*), (SELECT max(i4) FROM TABLE y WHERE y.sensor = x.sensor) FROM TABLE x GROUP BY ROLLUP (k, sensor)'),
	('SELECT 5, k, count(*) FROM TABLE GROUP BY ROLLUP (1, k)'),
	('SELECT sensor, sensor + 1, sensor + 1 + i2, count(*) FROM TABLE GROUP BY CUBE (sensor, sensor + 1, i2)'),
	('SELECT x, (SELECT string_agg(y::text, '','' ORDER BY y) FROM (SELECT k, count(*) c, sensor + x FROM TABLE WHERE sensor = x GROUP BY ROLLUP (k, sensor + x)) y) FROM generate_series(1, 5) x'),
	('SELECT k, rank() OVER (PARTITION BY grouping(k) ORDER BY sum(i4)), count(*) FROM TABLE GROUP BY ROLLUP (k, sensor)'),
	('SELECT k, generate_series(1, 3), count(*) FROM TABLE GROUP BY k'),
	('SELECT generate_series(1, 3), count(*) FROM TABLE GROUP BY 1'),
	('SELECT DISTINCT k, generate_series(1, 2) FROM TABLE'),
	('SELECT DISTINCT k, count(*) FROM TABLE GROUP BY k, sensor'),
	('SELECT DISTINCT sensor FROM TABLE ORDER BY sensor LIMIT 3'),
	('SELECT DISTINCT k || ''x'', i2 + 1 FROM TABLE WHERE sensor < 4'),
	('SELECT DISTINCT x FROM TABLE x WHERE sensor = 2'),
	('SELECT DISTINCT ON (k) k FROM TABLE'),
	('SELECT count(*) FROM (SELECT DISTINCT sensor, t FROM TABLE) x'),
	('SELECT DISTINCT sensor, count(*) OVER () FROM TABLE'),
	('SELECT k FROM TABLE UNION SELECT k || ''x'' FROM TABLE'),
	('SELECT s FROM (SELECT sensor + 1 AS s, k FROM TABLE) q GROUP BY ROLLUP (s, k)'),
	('SELECT count(DISTINCT k) FROM TABLE'),
	('SELECT count(DISTINCT sensor), min(sensor), max(sensor) FROM TABLE WHERE t > ''2026-03-29'''),
	('SELECT k, count(DISTINCT sensor), sum(DISTINCT sensor) + 1, avg(DISTINCT sensor) FROM TABLE GROUP BY k'),
	('SELECT k, count(DISTINCT sensor), sum(sensor) FROM TABLE GROUP BY k'),
	('SELECT k, count(DISTINCT sensor), count(DISTINCT i2) FROM TABLE GROUP BY k'),
	('SELECT date_trunc(''day'', t), count(DISTINCT sensor) FROM TABLE GROUP BY 1 HAVING count(DISTINCT sensor) > 3 AND max(sensor) > 2'),
	('SELECT date_trunc(''day'', t) + interval ''1 h'', k, array_agg(DISTINCT i2), string_agg(DISTINCT k, '','') FROM TABLE GROUP BY date_trunc(''day'', t), k'),
	('SELECT k, array_agg(DISTINCT i2 ORDER BY i2 DESC) FROM TABLE GROUP BY k'),
	('SELECT k, count(DISTINCT k), count(DISTINCT f8) FROM TABLE GROUP BY k'),
	('SELECT k, count(DISTINCT k) FROM TABLE GROUP BY k'),
	('SELECT count(DISTINCT f8), min(f8), max(f8) FROM TABLE'),
	('SELECT count(DISTINCT nothing), sum(DISTINCT nothing) FROM TABLE'),
	('SELECT sensor, count(DISTINCT n) FROM TABLE WHERE sensor = 3 GROUP BY sensor'),
	('SELECT sensor, k, count(DISTINCT n) FROM TABLE WHERE k = ''k1'' GROUP BY sensor, k ORDER BY k, sensor'),
	('SELECT count(DISTINCT n) FILTER (WHERE sensor > 3) FROM TABLE'),
	('SELECT count(DISTINCT upper(k) || sensor) FROM TABLE'),
	('SELECT count(DISTINCT x) FROM TABLE x'),
	('SELECT count(DISTINCT (sensor, k)) FROM TABLE'),
	('SELECT k, count(DISTINCT sensor) FROM TABLE GROUP BY ROLLUP (k)'),
	('SELECT x, (SELECT count(DISTINCT sensor % x) FROM TABLE WHERE sensor > x) FROM generate_series(1, 4) x'),
	('SELECT x, c FROM generate_series(1, 4) x, LATERAL (SELECT k, count(DISTINCT sensor) + x FROM TABLE WHERE sensor > x GROUP BY k) c'),
	('SELECT count(DISTINCT sensor) FROM TABLE WHERE sensor > 100'),
	('SELECT k, count(DISTINCT sensor) FROM TABLE WHERE sensor > 100 GROUP BY k'),
	('SELECT count(DISTINCT sensor), (SELECT count(*) FROM TABLE) FROM TABLE'),
	('SELECT sum(DISTINCT i4 * 2) / count(DISTINCT i4 * 2) FROM TABLE'),
	('SELECT count(DISTINCT random() > 2) FROM TABLE'),
	('SELECT k, rank() OVER (ORDER BY count(DISTINCT sensor)) FROM TABLE GROUP BY k');
SELECT id, twin.* FROM queries, twin(query) ORDER BY id;
-- grouping sets one by one cost a scan for each: where a scan is cheap against a row's way through core's aggregation
-- a plan without how it is sorted, of which later versions make more
CREATE FUNCTION grouped(query text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	line text;
BEGIN
	FOR line IN EXECUTE 'EXPLAIN (COSTS OFF) ' || query LOOP
		IF line !~ 'Sort' THEN RETURN NEXT line; END IF;
	END LOOP;
END $$;
EXPLAIN (VERBOSE, COSTS OFF) SELECT k, sensor, count(*), grouping(k) FROM a GROUP BY ROLLUP (k, sensor) ORDER BY k, sensor, grouping(k);
SELECT grouped($$SELECT k, count(DISTINCT sensor), max(sensor) FROM a GROUP BY k ORDER BY k$$);
SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0; SET max_parallel_workers_per_gather = 2;
ALTER TABLE a SET (parallel_workers = 2);
SELECT id, twin.* FROM queries, twin(query) WHERE differ <> 0 ORDER BY id;
SELECT grouped($$SELECT k || 'x', count(DISTINCT sensor), max(sensor) FROM a GROUP BY 1$$);
DROP TABLE a, a_heap, queries;
DROP FUNCTION twin, grouped;
