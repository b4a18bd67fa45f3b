-- TerritoryAggregate: of the buckets that ORDER BY and LIMIT leave, only their rows are read.
SET client_min_messages = warning;
SET timezone = 'Europe/Paris';
SET territory.segment_rows = 1000;
SET enable_indexscan = off; SET enable_indexonlyscan = off; SET enable_bitmapscan = off; SET max_parallel_workers_per_gather = 0;
-- the clock is set back on 25 October 2026 at 3:00, and was set forward on 29 March
CREATE TABLE b_heap (sensor int, t timestamptz, d date, l timestamp, v int, label text, n numeric) WITH (autovacuum_enabled = off);
CREATE INDEX ON b_heap (sensor, t);
CREATE TABLE b (LIKE b_heap INCLUDING ALL) USING territory WITH (autovacuum_enabled = off);
CREATE PROCEDURE twice(command text) LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE replace(command, 'TABLE', 'b_heap');
	EXECUTE replace(command, 'TABLE', 'b');
END $$;
CALL twice($$INSERT INTO TABLE SELECT s, t, t::date, t, i * s % 100, 'k' || i % 3, i % 7 FROM generate_series(1, 6) s,
	generate_series(1, 700) i, LATERAL (SELECT '2025-10-20'::timestamptz + i * interval '13 min' * (1 + s % 2) + s * interval '1 s' AS t) x$$);
CALL twice($$INSERT INTO TABLE SELECT s, t, t::date, t, i * s % 100, 'k' || i % 3, i % 7 FROM generate_series(1, 6) s,
	generate_series(1, 700) i, LATERAL (SELECT '2025-03-26'::timestamptz + i * interval '13 min' * (1 + s % 2) + s * interval '1 s' AS t) x$$);
CREATE FUNCTION twin(query text, OUT differ boolean, OUT row_count bigint, OUT node boolean) LANGUAGE plpgsql AS $$
DECLARE
	heap text := replace(query, 'TABLE', 'b_heap');
	ours text := replace(query, 'TABLE', 'b');
	line text;
BEGIN
	node := false;
	FOR line IN EXECUTE 'EXPLAIN ' || ours LOOP
		node := node OR line LIKE '%TerritoryAggregate%';
	END LOOP;
	EXECUTE format('SELECT count(*), (SELECT array_agg(whole::text) FROM (%1$s) whole) IS DISTINCT FROM (SELECT array_agg(whole::text) FROM (%2$s) whole)
		FROM (%2$s) x', heap, ours) INTO row_count, differ;
END $$;
CREATE TABLE queries (id int GENERATED ALWAYS AS IDENTITY, query text);
INSERT INTO queries (query) SELECT format('SELECT %1$s AS b, count(*), max(v), min(t), sum(n) FROM TABLE %2$s GROUP BY 1 ORDER BY 1 %3$s LIMIT %4$s', b, w, o, n)
FROM unnest(ARRAY['date_bin(''17 min'', t, ''2000-01-01'')', 'date_trunc(''hour'', t)', 'date_trunc(''day'', t)', 'date_trunc(''month'', t)',
		't::date', 'date_trunc(''hour'', l)', 'd', 't', 'date_trunc(''hour'', t, ''America/New_York'')', 'territory.time_bucket(''10 min'', t)',
		'floor(extract(epoch FROM t) / 600) * 600', 'sensor', 'label', 'date_trunc(''hour'', t) + interval ''5 min'' * floor(extract(minute FROM t) / 5)']) b,
	unnest(ARRAY['', 'WHERE t < ''2025-10-26 02:40+01''', 'WHERE v > 90 AND t >= ''2025-03-30 01:00''']) w,
	unnest(ARRAY['', 'DESC', 'DESC NULLS LAST', 'NULLS FIRST']) o, unnest(ARRAY[1, 7]) n;
INSERT INTO queries (query) VALUES
	('SELECT date_trunc(''hour'', t) b, sensor, count(*) FROM TABLE GROUP BY 1, 2 ORDER BY 1 DESC, 2 LIMIT 5'),
	('SELECT date_trunc(''hour'', t) b, sensor, count(*) FROM TABLE GROUP BY 1, 2 ORDER BY 2, 1 DESC LIMIT 5 OFFSET 3'),
	('SELECT * FROM (SELECT date_trunc(''hour'', t) b, sensor, count(*) FROM TABLE GROUP BY 1, 2 ORDER BY 1 DESC FETCH FIRST 4 ROWS WITH TIES) x ORDER BY 1, 2'),
	('SELECT date_trunc(''hour'', t) b, count(*) FROM TABLE GROUP BY 1 ORDER BY 1 DESC OFFSET 5'),
	('SELECT date_trunc(''hour'', t) b, count(*) FROM TABLE GROUP BY 1 ORDER BY 1 DESC LIMIT 3 OFFSET 2'),
	('SELECT date_trunc(''hour'', t) b, count(*) FROM TABLE GROUP BY 1 ORDER BY 1 DESC LIMIT 0'),
	('SELECT date_trunc(''hour'', t) b, count(*) FROM TABLE GROUP BY 1 ORDER BY 1 DESC LIMIT NULL'),
	('SELECT date_trunc(''hour'', t) b, count(*) FROM TABLE GROUP BY 1 ORDER BY 1 DESC LIMIT 100000'),
	('SELECT date_trunc(''hour'', t) b, count(*) FROM TABLE GROUP BY 1 ORDER BY 1 DESC LIMIT (SELECT max(x) FROM generate_series(1, 3) x)'),
	('SELECT date_trunc(''hour'', t) b, count(*) FROM TABLE GROUP BY 1 HAVING count(*) > 20 ORDER BY 1 DESC LIMIT 3'),
	('SELECT date_trunc(''hour'', t) b, count(*) FROM TABLE GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 3'),
	('SELECT DISTINCT date_trunc(''hour'', t) b, count(*) > 0 FROM TABLE GROUP BY 1, sensor ORDER BY 1 DESC LIMIT 3'),
	('SELECT date_trunc(''hour'', t) b, sum(count(*)) OVER (ORDER BY date_trunc(''hour'', t)) FROM TABLE GROUP BY 1 ORDER BY 1 DESC LIMIT 3'),
	('SELECT date_trunc(''hour'', t) b, generate_series(1, 2) g, count(*) FROM TABLE GROUP BY 1 ORDER BY 1 DESC, 2 LIMIT 3'),
	('SELECT date_trunc(''hour'', t) + interval ''1 h'' b, count(*) FROM TABLE GROUP BY date_trunc(''hour'', t) ORDER BY 1 DESC LIMIT 3'),
	('SELECT t + interval ''1 day'' b, count(*) FROM TABLE GROUP BY 1 ORDER BY 1 DESC LIMIT 3'),
	('SELECT upper(label) b, count(*) FROM TABLE GROUP BY 1 ORDER BY 1 DESC LIMIT 2'),
	('SELECT x, y.* FROM generate_series(1, 4) x, LATERAL (SELECT date_trunc(''hour'', t) b, count(*) FROM TABLE WHERE sensor > x GROUP BY 1 ORDER BY 1 DESC LIMIT x) y'),
	('(SELECT date_trunc(''hour'', t) b, count(*) FROM TABLE GROUP BY 1 ORDER BY 1 LIMIT 2) UNION ALL (SELECT date_trunc(''hour'', t) b, count(*) FROM TABLE GROUP BY 1 ORDER BY 1 DESC LIMIT 2)'),
	('SELECT count(*), sum(c) FROM (SELECT date_trunc(''day'', t) b, count(*) c FROM TABLE GROUP BY 1 ORDER BY 1 DESC LIMIT 3) x'),
	('SELECT date_trunc(''hour'', t) b, string_agg(label, '','' ORDER BY t, sensor), count(DISTINCT v), count(*) FILTER (WHERE v > 50) FROM TABLE GROUP BY 1 ORDER BY 1 DESC LIMIT 3');
SELECT rows FROM territory.seal('b', '2025-10-28');
ANALYZE b, b_heap;
-- most of it is sealed
SELECT count(*), count(*) FILTER (WHERE node) > 340 AS node, count(*) FILTER (WHERE differ) AS differ FROM queries, twin(query);
SELECT id, query FROM queries, twin(query) r WHERE differ;
-- deleted, hot and late rows, nulls and the ends of time
CALL twice('DELETE FROM TABLE WHERE t >= ''2025-11-01'' AND sensor IN (2, 3)');
CALL twice('DELETE FROM TABLE WHERE t < ''2025-03-26 06:00''');
CALL twice($$INSERT INTO TABLE VALUES (1, NULL, NULL, NULL, 99, NULL, 1), (2, '2025-06-01', '2025-06-01', '2025-06-01', 95, 'late', 2),
	(NULL, '2025-12-01', '2025-12-01', '2025-12-01', 91, 'new', 3), (2, 'infinity', 'infinity', 'infinity', 92, 'end', 4),
	(2, '-infinity', '-infinity', '-infinity', 92, 'begin', 4)$$);
DELETE FROM queries WHERE query LIKE '%extract(epoch%' OR query LIKE '%time_bucket%';	-- of infinity, they fail
SELECT id, query FROM queries, twin(query) r WHERE differ;
SELECT rows > 0 FROM territory.seal('b');
SELECT id, query FROM queries, twin(query) r WHERE differ;
CALL twice('DELETE FROM TABLE WHERE t IS NULL OR NOT isfinite(t)');
SELECT id, query FROM queries, twin(query) r WHERE differ;
-- keys of which no stretch is remembered
SELECT r.* FROM twin('SELECT coalesce(v, 3) b, count(*) FROM TABLE GROUP BY 1 ORDER BY 1 DESC LIMIT 3') r;
SELECT r.* FROM twin('SELECT v::int b, count(*) FROM TABLE GROUP BY 1 ORDER BY 1 LIMIT 3') r;
SELECT r.* FROM twin('SELECT floor(v) b, count(*) FROM TABLE GROUP BY 1 ORDER BY 1 DESC LIMIT 3') r;
-- how little is read
CREATE FUNCTION counts(query text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	line text;
BEGIN
	FOR line IN EXECUTE 'EXPLAIN (ANALYZE, COSTS OFF, BUFFERS OFF, TIMING OFF, SUMMARY OFF) ' || query LOOP
		IF line ~ 'Segments|Blocks|Best|Values Wanted|TerritoryAggregate' THEN RETURN NEXT replace(trim(line), '.00 loops', ' loops'); END IF;
	END LOOP;
END $$;
SELECT counts('SELECT date_bin(''10 min'', t, ''2000-01-01'') b, max(v) FROM b GROUP BY 1 ORDER BY 1 DESC LIMIT 5');
SELECT counts('SELECT date_trunc(''hour'', t) b, max(v) FROM b GROUP BY 1 ORDER BY 1 LIMIT 5');
-- in passes, each of them has a top of its own
SET work_mem = '64kB'; SET hash_mem_multiplier = 1;
SELECT id, query FROM queries, twin(query) r WHERE differ;
SELECT r.* FROM twin('SELECT date_bin(''1 min'', t, ''2000-01-01'') b, sensor, label, count(*) FROM TABLE GROUP BY 1, 2, 3 ORDER BY 1 DESC, 2, 3 LIMIT 1500') r;
SELECT r.* FROM twin('SELECT t, sensor, label, v, count(*) FROM TABLE GROUP BY 1, 2, 3, 4 ORDER BY 1 DESC, 2, 3, 4 LIMIT 2500 OFFSET 100') r;
RESET work_mem; RESET hash_mem_multiplier;
-- a key that is made of a numeric
SELECT differ, row_count FROM twin($$SELECT floor(n / 2) * 2, count(*) FROM TABLE GROUP BY 1 ORDER BY 1 LIMIT 2$$);
-- a plan for any limit
SET plan_cache_mode = force_generic_plan;
PREPARE newest(bigint, bigint, int) AS SELECT date_trunc('day', t) b, count(*) FROM b WHERE sensor <> $3 GROUP BY 1 ORDER BY 1 DESC LIMIT $1 OFFSET $2;
EXECUTE newest(2, 0, 1);
EXECUTE newest(1, 2, 2);
EXECUTE newest(NULL, 10, 3);
EXECUTE newest(1, NULL, 3);
EXECUTE newest(-1, 0, 3);
EXPLAIN (COSTS OFF) EXECUTE newest(2, 0, 1);
DROP TABLE b, b_heap, queries;
DROP FUNCTION twin, counts;
DROP PROCEDURE twice;
