-- TerritoryAggregate by several workers, whose states core combines: the same results as a heap twin.
SET client_min_messages = warning;
SET timezone = 'Europe/Paris';
SET territory.segment_rows = 500;
SET extra_float_digits = 0;
CREATE TABLE v_heap (sensor int, t timestamptz NOT NULL, i2 int2, i4 int4, i8 int8, f4 float4, f8 float8, n numeric, k text,
	nothing int) WITH (autovacuum_enabled = off, parallel_workers = 0);
CREATE TABLE v (LIKE v_heap) USING territory WITH (autovacuum_enabled = off, parallel_workers = 2);
INSERT INTO v_heap SELECT s, '2026-03-28 00:00+01'::timestamptz + i * interval '20 min', i % 7 - 3, i * s, 1::int8 << (i % 60),
	i / 4.0, CASE WHEN i % 11 = 0 THEN NULL ELSE i / 8.0 END, CASE WHEN i % 5 > 0 THEN i / 100.0 END, 'k' || i % 4, NULL
FROM generate_series(1, 8) s, generate_series(1, 300) i;
INSERT INTO v SELECT * FROM v_heap;
SELECT rows, segments FROM territory.seal('v', '2026-03-31 00:00');
DELETE FROM v WHERE sensor = 3 AND i4 % 2 = 0; DELETE FROM v_heap WHERE sensor = 3 AND i4 % 2 = 0;
UPDATE v SET sensor = NULL, f8 = 'NaN' WHERE sensor = 5 AND i2 = 0; UPDATE v_heap SET sensor = NULL, f8 = 'NaN' WHERE sensor = 5 AND i2 = 0;
ANALYZE v;
-- workers cost nothing
SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0; SET max_parallel_workers_per_gather = 2;
-- a query on both tables: the rows that differ, and whether workers aggregated
CREATE FUNCTION twin(query text, OUT differ bigint, OUT groups bigint, OUT parallel boolean) LANGUAGE plpgsql AS $$
DECLARE
	heap text := replace(query, 'TABLE', 'v_heap');
	ours text := replace(query, 'TABLE', 'v');
	line text;
BEGIN
	parallel := false;
	FOR line IN EXECUTE 'EXPLAIN ' || ours LOOP
		parallel := parallel OR line LIKE '%Parallel Custom Scan (TerritoryAggregate)%';
	END LOOP;
	EXECUTE format('CREATE TEMPORARY TABLE h AS SELECT whole::text FROM (%s) whole', heap);
	EXECUTE format('CREATE TEMPORARY TABLE o AS SELECT whole::text FROM (%s) whole', ours);
	SELECT count(*) INTO differ FROM ((TABLE h EXCEPT ALL TABLE o) UNION ALL (TABLE o EXCEPT ALL TABLE h)) d;
	SELECT count(*) INTO groups FROM o;
	DROP TABLE h, o;
END $$;
CREATE TABLE queries (id int GENERATED ALWAYS AS IDENTITY, query text);
INSERT INTO queries (query) VALUES
	('SELECT count(*), count(n), count(f8), count(nothing), sum(nothing), avg(nothing), min(nothing) FROM TABLE WHERE k <> ''x'''),
	('SELECT sum(i2), sum(i4), sum(i8), sum(f4), sum(n), avg(i2), avg(i4), avg(i8), avg(f4), avg(n) FROM TABLE WHERE k <> ''x'''),
	('SELECT min(i2), max(i2), min(i8), max(i8), min(f4), max(f4), min(f8), max(f8), min(n), max(n), min(t), max(t), min(k), max(k) FROM TABLE WHERE i2 < 2'),
	('SELECT stddev(i4), variance(i8), stddev_pop(n), bool_and(i4 > 0), bit_or(i8), bit_and(i2), sum(i4) FILTER (WHERE i2 > 0) FROM TABLE WHERE k <> ''x'''),
	-- one transition for several aggregates
	('SELECT k, avg(f8), round(stddev(f8)::numeric, 6), avg(f4), round(variance(f4)::numeric, 6), round(corr(f8, f4)::numeric, 6) FROM TABLE WHERE sensor <> 5 GROUP BY k'),
	('SELECT sensor % 2, avg(f8), round(stddev(f8)::numeric, 6), round(var_pop(f8)::numeric, 6) FROM TABLE WHERE f8 < 1000 AND k <> ''x'' GROUP BY 1'),
	('SELECT sensor % 2, avg(f8), count(f8) FROM TABLE WHERE f8 < 1000 AND k <> ''x'' GROUP BY 1'),
	('SELECT sensor, k || ''x'', count(*), sum(n), max(t) FROM TABLE GROUP BY 1, 2'),
	('SELECT k, count(*) FROM TABLE WHERE i2 <> 1 GROUP BY k HAVING sum(i4) > 100 AND min(sensor) < 5'),
	('SELECT sensor % 3, date_trunc(''day'', t), sum(n) + count(*), max(length(k)) FROM TABLE GROUP BY 1, 2'),
	('SELECT DISTINCT k, sensor % 2 FROM TABLE'),
	('SELECT k FROM TABLE GROUP BY k, sensor % 2'),
	('SELECT count(*), sum(n) FROM TABLE WHERE k = ''nowhere'''),
	('SELECT k, count(*), sum(n) FROM TABLE WHERE k = ''nowhere'' GROUP BY k'),
	('SELECT x, (SELECT sum(n) FROM TABLE WHERE k <> ''x'') FROM generate_series(1, 3) x'),
	('SELECT x, c FROM generate_series(1, 3) x, LATERAL (SELECT count(*) FROM (SELECT k, sensor, count(*) FROM TABLE WHERE i2 <> 3 GROUP BY 1, 2 LIMIT 10 * x) y) y (c)'),
	('SELECT k, count(*), sum(i4 + (SELECT 5)) FROM TABLE WHERE sensor = (SELECT min(sensor) + 2 FROM TABLE) GROUP BY k HAVING count(*) > (SELECT 1)'),
	('SELECT k || (SELECT ''y''), sum(n) FROM TABLE WHERE i4 > (SELECT count(*) / 100 FROM TABLE) AND k <> ''x'' GROUP BY 1'),
	-- not in workers: no combine function, not parallel safe
	('SELECT k, array_agg(i4 ORDER BY i4) FROM TABLE GROUP BY k'),
	('SELECT count(DISTINCT k) FROM TABLE'),
	('SELECT json_array_length(json_agg(k)) FROM TABLE WHERE k <> ''x''');
SELECT id, twin.* FROM queries, twin(query) ORDER BY id;
SET parallel_leader_participation = off;
SELECT id, differ FROM queries, twin(query) WHERE differ <> 0;
RESET parallel_leader_participation;
-- no worker is to be had
SET max_parallel_workers = 0;
SELECT id, differ FROM queries, twin(query) WHERE differ <> 0;
RESET max_parallel_workers;
-- little memory: workers hand out a group more than once
SET work_mem = 64; SET hash_mem_multiplier = 1;
SELECT * FROM twin('SELECT sensor, t, count(*), sum(n), max(repeat(k, 100)) FROM TABLE GROUP BY sensor, t');
SELECT * FROM twin('SELECT t, count(*), sum(n), max(repeat(k, 100)) FROM TABLE GROUP BY t HAVING count(*) > 2');
RESET work_mem; RESET hash_mem_multiplier;
-- a function that only the leader may call
CREATE FUNCTION leader_only(int) RETURNS int LANGUAGE plpgsql IMMUTABLE PARALLEL RESTRICTED AS 'BEGIN RETURN $1; END';
SELECT * FROM twin('SELECT leader_only(i4 % 3), count(*) FROM TABLE GROUP BY 1');
SELECT * FROM twin('SELECT k, count(*) FROM TABLE WHERE leader_only(i4) > 5 GROUP BY k');
-- a user's aggregate
CREATE FUNCTION longest(text, text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
	'SELECT CASE WHEN length($2) > length($1) OR length($2) = length($1) AND $2 > $1 THEN $2 ELSE $1 END';
CREATE AGGREGATE longest(text) (SFUNC = longest, STYPE = text, INITCOND = '', COMBINEFUNC = longest, PARALLEL = SAFE);
SELECT * FROM twin('SELECT sensor, longest(k || i4) FROM TABLE GROUP BY sensor');
-- parameters reach workers
SET plan_cache_mode = force_generic_plan;
PREPARE p(text, int) AS SELECT k || $1, count(*), sum(i4 * $2) FROM v WHERE k <> $1 AND i2 < $2 GROUP BY 1 HAVING count(*) > $2 ORDER BY 1;
EXPLAIN (COSTS OFF) EXECUTE p('k1', 2);
EXECUTE p('k1', 2);
EXECUTE p('k2', 0);
EXECUTE p(NULL, 0);
RESET plan_cache_mode;
-- what it says: counters are sums of all processes
EXPLAIN (VERBOSE, COSTS OFF) SELECT sensor, avg(f8), sum(n) FROM v WHERE k <> 'x' GROUP BY sensor HAVING sum(n) > 3;
CREATE FUNCTION counters(query text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	plan json;
	node json;
BEGIN
	EXECUTE 'EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, FORMAT JSON) ' || query INTO plan;
	node := plan->0->'Plan';
	WHILE node->>'Custom Plan Provider' IS NULL LOOP
		node := node->'Plans'->0;
	END LOOP;
	RETURN QUERY SELECT key || ': ' || value FROM json_each_text(node) WHERE key LIKE 'Segments %' OR key LIKE 'Blocks %' OR key LIKE 'Rows Hot';
END $$;
SELECT counters('SELECT sensor, avg(f8) FROM v WHERE k <> ''x'' GROUP BY sensor');
SET max_parallel_workers_per_gather = 0;
SELECT counters('SELECT sensor, avg(f8) FROM v WHERE k <> ''x'' GROUP BY sensor');
-- the whole node in a worker
RESET max_parallel_workers_per_gather;
ALTER TABLE v SET (parallel_workers = 0);
CREATE FUNCTION in_worker(query text, options text DEFAULT '', pattern text DEFAULT '%Single Copy: true%') RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
	line text;
	found boolean := false;
BEGIN
	PERFORM set_config(CASE WHEN current_setting('server_version_num')::int < 160000 THEN 'force_parallel_mode' ELSE 'debug_parallel_query' END, 'on', true);
	FOR line IN EXECUTE concat_ws(' ', 'EXPLAIN', options, query) LOOP
		found := found OR line LIKE pattern;
	END LOOP;
	RETURN found;
END $$;
BEGIN;
SELECT in_worker('SELECT k, count(*) FROM v GROUP BY k');
-- which counts for itself
SELECT in_worker('SELECT k, count(*) FROM v GROUP BY k', 'ANALYZE', '%Counters: of a worker%') AS aggregate,
	in_worker('SELECT k FROM v WHERE sensor = 3 AND n > 3', 'ANALYZE', '%Counters: of a worker%') AS scan,
	in_worker('SELECT k, count(*) FROM v GROUP BY k', 'ANALYZE', '%Segments Read%') AS counted;
SELECT k, count(*), sum(n), avg(f8) FROM v WHERE sensor < 5 GROUP BY k ORDER BY k;
SELECT x, (SELECT count(*) FROM v WHERE sensor = x) FROM generate_series(1, 3) x;
ROLLBACK;
-- workers give way to no lock of their leader, and see what it wrote
ALTER TABLE v SET (parallel_workers = 2);
BEGIN;
DELETE FROM v WHERE sensor = 1;
DELETE FROM v_heap WHERE sensor = 1;
SELECT * FROM twin('SELECT k, count(*), sum(n) FROM TABLE WHERE k <> ''x'' GROUP BY k');
ROLLBACK;
DROP AGGREGATE longest(text);
DROP TABLE v, v_heap, queries;
DROP FUNCTION twin, counters, in_worker, leader_only, longest;
