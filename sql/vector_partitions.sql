-- Partitions are aggregated one by one, whatever their access method is, and core combines their states.
SET client_min_messages = warning;
SET timezone = 'Europe/Paris';
SET extra_float_digits = 0;
CREATE TABLE q_heap (sensor int, t timestamptz NOT NULL, v float8, n numeric, k text);
INSERT INTO q_heap SELECT NULLIF(s, 7), '2026-01-01 00:00+01'::timestamptz + i * interval '1 h', CASE WHEN i % 9 > 0 THEN i / 8.0 END, i / 100.0, 'k' || i % 3
FROM generate_series(1, 20) s, generate_series(1, 2000) i;
-- columns of a partition may lie otherwise; one is a heap table, one is hot, one has partitions itself
CREATE TABLE q (sensor int, t timestamptz NOT NULL, v float8, n numeric, k text) PARTITION BY RANGE (t);
CREATE TABLE q_1 (k text, gone int, v float8, t timestamptz NOT NULL, n numeric, sensor int) USING territory;
ALTER TABLE q_1 DROP COLUMN gone;
ALTER TABLE q ATTACH PARTITION q_1 FOR VALUES FROM ('2026-01-01') TO ('2026-01-20');
CREATE TABLE q_2 PARTITION OF q FOR VALUES FROM ('2026-01-20') TO ('2026-02-01') USING territory;
CREATE TABLE q_3 PARTITION OF q FOR VALUES FROM ('2026-02-01') TO ('2026-02-10') USING heap;
CREATE TABLE q_4 PARTITION OF q FOR VALUES FROM ('2026-02-10') TO ('2026-02-15') USING territory;
CREATE TABLE q_5 PARTITION OF q FOR VALUES FROM ('2026-02-15') TO ('2026-04-01') PARTITION BY LIST (k);
CREATE TABLE q_51 PARTITION OF q_5 FOR VALUES IN ('k0', 'k1') USING territory;
CREATE TABLE q_52 PARTITION OF q_5 DEFAULT USING territory;
INSERT INTO q SELECT * FROM q_heap;
SELECT rows FROM territory.seal('q_1', '2026-01-19 00:00');
SELECT rows FROM territory.seal('q_2');
SELECT rows FROM territory.seal('q_51');
SELECT rows FROM territory.seal('q_52');
DELETE FROM q WHERE sensor = 3 AND n < 5; DELETE FROM q_heap WHERE sensor = 3 AND n < 5;
ANALYZE q, q_heap;
CREATE FUNCTION twin(query text, OUT differ bigint, OUT groups bigint, OUT nodes int) LANGUAGE plpgsql AS $$
DECLARE
	heap text := replace(query, 'TABLE', 'q_heap');
	ours text := replace(query, 'TABLE', 'q');
	line text;
BEGIN
	nodes := 0;
	FOR line IN EXECUTE 'EXPLAIN ' || ours LOOP
		nodes := nodes + (line LIKE '%TerritoryAggregate%')::int;
	END LOOP;
	EXECUTE format('SELECT count(*) FROM ((SELECT whole::text FROM (%1$s) whole EXCEPT ALL SELECT whole::text FROM (%2$s) whole) UNION ALL
		(SELECT whole::text FROM (%2$s) whole EXCEPT ALL SELECT whole::text FROM (%1$s) whole)) d', heap, ours) INTO differ;
	EXECUTE format('SELECT count(*) FROM (%s) x', ours) INTO groups;
END $$;
CREATE TABLE queries (id int GENERATED ALWAYS AS IDENTITY, query text);
INSERT INTO queries (query) VALUES
	('SELECT count(*), sum(n), avg(n), min(v), max(t), min(k) FROM TABLE'),
	('SELECT sensor, count(*), sum(n), stddev(n) FROM TABLE GROUP BY sensor'),
	('SELECT date_trunc(''day'', t), k, count(v), avg(sensor) + 1, max(length(k)) FROM TABLE GROUP BY 1, 2 HAVING count(*) > 5'),
	('SELECT sensor % 3, count(*) FILTER (WHERE v > 10), bool_or(k = ''k1'') FROM TABLE WHERE t >= ''2026-01-10'' AND t < ''2026-02-12'' AND sensor > 4 GROUP BY 1'),
	('SELECT k, count(*) FROM TABLE WHERE k = ''k2'' GROUP BY k'),
	('SELECT count(*), max(v) FROM TABLE WHERE t < ''2020-01-01'''),
	('SELECT k, count(*) FROM TABLE x WHERE x IS NOT NULL GROUP BY k'),
	('SELECT x, (SELECT sum(n) FROM TABLE WHERE sensor = x AND t > ''2026-01-15'') FROM generate_series(1, 3) x'),
	('SELECT x, c FROM generate_series(1, 3) x, LATERAL (SELECT k || x, count(*) FROM TABLE WHERE sensor > x * 5 GROUP BY 1) c'),
	('SELECT k, count(DISTINCT sensor) FROM TABLE GROUP BY k'),
	('SELECT k, sensor, count(*) FROM TABLE GROUP BY ROLLUP (k, sensor)'),
	('SELECT DISTINCT sensor FROM TABLE'),
	('SELECT k, json_array_length(json_agg(v)) FROM TABLE GROUP BY k'),
	('SELECT x.k, count(*) FROM TABLE x JOIN TABLE y USING (sensor, t) GROUP BY 1');
SELECT id, twin.* FROM queries, twin(query) ORDER BY id;
EXPLAIN (COSTS OFF) SELECT k, count(*), avg(v) FROM q GROUP BY k HAVING count(*) > 3 ORDER BY k;
SET enable_partitionwise_aggregate = on; SET enable_partitionwise_join = on;
SELECT id, twin.* FROM queries, twin(query) WHERE differ <> 0 ORDER BY id;
RESET enable_partitionwise_aggregate; RESET enable_partitionwise_join;
SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0;
SELECT id, twin.* FROM queries, twin(query) WHERE differ <> 0 ORDER BY id;
SET plan_cache_mode = force_generic_plan;
PREPARE part(timestamptz, text) AS SELECT k || $2, count(*), sum(n) FROM q WHERE t < $1 GROUP BY 1 ORDER BY 1;
EXECUTE part('2026-01-21', 'x');
EXECUTE part('2026-03-21', 'y');
-- a policy on the parent holds for its partitions
CREATE ROLE partition_reader;
GRANT SELECT ON q TO partition_reader;
ALTER TABLE q ENABLE ROW LEVEL SECURITY;
CREATE POLICY two ON q USING (sensor = 2);
SET ROLE partition_reader;
SELECT k, count(*), min(sensor), max(sensor) FROM q GROUP BY k ORDER BY k;
RESET ROLE;
DROP TABLE q, q_heap, queries;
DROP FUNCTION twin;
DROP ROLE partition_reader;
