-- Groups that come in the query's order: the same rows in the same order as PostgreSQL's own aggregation and sort give.
SET client_min_messages = warning;
CREATE SCHEMA vector_order;
SET search_path = vector_order, public;
SET timezone = 'UTC';
SET enable_indexscan = off; SET enable_bitmapscan = off; SET max_parallel_workers_per_gather = 0;
-- the node, whatever it costs
SET cpu_tuple_cost = 0.0001; SET cpu_operator_cost = 0.1;
CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy');
CREATE TABLE o (sensor int, t timestamptz, i2 smallint, i8 bigint, f4 real, f8 float8, num numeric, b bool, d date, ts timestamp,
	name text, tag varchar(10), id uuid, m mood, o oid, v int) USING territory WITH (autovacuum_enabled = off);
SELECT territory.set_layout('o', entity_columns => '{sensor}', time_column => 't');
INSERT INTO o SELECT s, '2026-03-28 00:00+00'::timestamptz + n * interval '10 minutes', (s * n) % 50 - 25, CASE WHEN n % 17 > 0 THEN (s * n % 29 - 14) * 500000000000000000 END,
	CASE n % 19 WHEN 0 THEN 'NaN' WHEN 1 THEN '-Infinity' WHEN 2 THEN NULL WHEN 3 THEN '-0' ELSE (s * n % 23 - 11)::float4 END,
	CASE n % 19 WHEN 0 THEN 'NaN' WHEN 1 THEN 'Infinity' WHEN 3 THEN '-0' ELSE (s * n % 23 - 11) / 3.0 END,
	CASE n % 23 WHEN 0 THEN 'NaN' WHEN 1 THEN NULL WHEN 2 THEN 123456789012345678901234567890.5 ELSE (s * n % 31 - 15) * 0.25 END,
	CASE n % 5 WHEN 0 THEN NULL ELSE n % 2 = 0 END, CASE n % 41 WHEN 0 THEN 'infinity' WHEN 1 THEN '-infinity' WHEN 2 THEN NULL ELSE '2026-01-01'::date + s * n % 37 END,
	'2026-03-28 00:00'::timestamp + (n % 43) * interval '1 hour', CASE WHEN n % 13 > 0 THEN chr(65 + s * n % 26) || chr(97 + n % 5) || 'é' END, 'tag ' || s * n % 11,
	md5((s * n % 40)::text)::uuid, (enum_range(NULL::mood))[1 + n % 3], (4294967290 + s * n % 5)::oid, s * n
FROM generate_series(1, 12) s, generate_series(0, 499) n;
INSERT INTO o (sensor, i8) VALUES (13, -9223372036854775808), (13, 9223372036854775807);
SET territory.segment_rows = 1000;
SELECT rows FROM territory.seal('o');
INSERT INTO o SELECT sensor, t + interval '5 days', i2, i8, f4, f8, num, b, d, ts, name, tag, id, m, o, v FROM o WHERE sensor % 5 = 0;
DELETE FROM o WHERE sensor = 3 AND v % 7 = 0;
CREATE TABLE places (sensor int PRIMARY KEY, place text, floor numeric);
INSERT INTO places SELECT s, CASE WHEN s % 6 > 0 THEN 'place ' || 9 - s % 6 END, (s % 4) * 1.5 FROM generate_series(1, 11) s;
ANALYZE o, places;

EXPLAIN (COSTS OFF) SELECT date_trunc('hour', t), sensor, count(*) FROM o GROUP BY 1, 2 ORDER BY 1 DESC NULLS LAST, 2;
EXPLAIN (COSTS OFF) SELECT place, name, count(*) FROM o JOIN places USING (sensor) GROUP BY 1, 2 ORDER BY place, name NULLS FIRST;
-- not by group keys alone, or not as they are grouped
EXPLAIN (COSTS OFF) SELECT sensor, count(*) FROM o GROUP BY 1 ORDER BY 1, 2;
EXPLAIN (COSTS OFF) SELECT name, count(*) FROM o GROUP BY 1 ORDER BY name COLLATE "C";
EXPLAIN (COSTS OFF) SELECT sensor, count(*), rank() OVER (ORDER BY sensor) FROM o GROUP BY 1 ORDER BY 1;

CREATE FUNCTION in_order(query text, node text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	result text := '';
	rec record;
	n int := 0;
BEGIN
	PERFORM set_config('territory.enable_aggregate', node, true);
	FOR rec IN EXECUTE query LOOP
		n := n + 1;
		result := md5(result || rec::text);
	END LOOP;
	RETURN n || ' ' || result;
END $$;
CREATE TABLE orders (id int GENERATED ALWAYS AS IDENTITY, query text);
INSERT INTO orders (query)
SELECT format('SELECT %s AS k, count(*), sum(v) FROM o GROUP BY 1 ORDER BY 1 %s', key, direction)
FROM unnest('{sensor,i2,i8,f4 + 0,f8 + 0,trim_scale(num),b,d,ts,name,tag,id,m,o,t::date,"date_trunc(''hour'', t)","floor(extract(epoch from t) / 300)::bigint","upper(name)",sensor % 3 = 1}'::text[]) key,
	unnest('{"","DESC","NULLS FIRST","DESC NULLS LAST"}'::text[]) direction;
INSERT INTO orders (query) VALUES
	('SELECT date_trunc(''hour'', t) AS h, sensor, avg(v) FROM o GROUP BY h, sensor ORDER BY h, sensor'),
	('SELECT date_trunc(''hour'', t) AS h, sensor, avg(v) FROM o GROUP BY h, sensor ORDER BY sensor DESC, h DESC NULLS LAST'),
	('SELECT name, b, sensor, max(v), min(f8) FROM o GROUP BY 1, 2, 3 ORDER BY b NULLS FIRST, name DESC, sensor'),
	('SELECT trim_scale(num) AS k, m, d, count(*) FROM o GROUP BY 1, 2, 3 ORDER BY m DESC, k, d DESC'),
	('SELECT sensor, name, count(*), sum(v) FROM o GROUP BY 1, 2 HAVING count(*) > 3 ORDER BY name, sensor'),
	('SELECT DISTINCT name, sensor FROM o ORDER BY sensor DESC, name'),
	('SELECT sensor, d FROM o GROUP BY 1, 2 ORDER BY 2, 1 LIMIT 77 OFFSET 5'),
	('SELECT date_trunc(''day'', t) AS h, count(*), sum(v) FROM o WHERE t IS NOT NULL GROUP BY h ORDER BY h DESC LIMIT 3'),
	('SELECT name, count(*) FROM o WHERE sensor < 0 GROUP BY name ORDER BY name'),
	('SELECT place, name, count(*), sum(v) FROM o JOIN places USING (sensor) GROUP BY 1, 2 ORDER BY place, name DESC'),
	('SELECT place, date_trunc(''hour'', t) AS h, count(*) FROM o LEFT JOIN places USING (sensor) GROUP BY 1, 2 ORDER BY place DESC, h'),
	('SELECT trim_scale(floor) AS k, sensor, count(*) FROM o JOIN places USING (sensor) GROUP BY 1, 2 ORDER BY k DESC, sensor'),
	('SELECT sensor, count(*), (SELECT sum(x) FROM (SELECT count(*) * row_number() OVER () AS x FROM (SELECT i2, count(*) FROM o p WHERE p.sensor = o.sensor GROUP BY 1 ORDER BY 1 DESC) q) r) FROM o GROUP BY 1 ORDER BY 1'),
	('SELECT x, q.* FROM generate_series(1, 4) x, LATERAL (SELECT sensor % x AS k, name, count(*) FROM o GROUP BY 1, 2 ORDER BY k DESC, name LIMIT 9) q ORDER BY x, k DESC, name');
CREATE VIEW differences AS
SELECT id, query FROM orders WHERE in_order(query, 'on') IS DISTINCT FROM in_order(query, 'off');
SELECT count(*) FROM orders;
SELECT * FROM differences;
-- groups that do not fit into memory: several passes, whose rows are sorted
SET work_mem = '64kB'; SET hash_mem_multiplier = 1;
SELECT * FROM differences;
EXPLAIN (COSTS OFF) SELECT t, sensor, count(*) FROM o GROUP BY 1, 2 ORDER BY 1 DESC, 2;
SELECT in_order(query, 'on') = in_order(query, 'off') FROM (VALUES ('SELECT sensor, t, count(*), sum(v) FROM o GROUP BY 1, 2 ORDER BY 2 DESC, 1')) q(query);
RESET work_mem; RESET hash_mem_multiplier;
SET enable_parallel_append = on; SET max_parallel_workers_per_gather = 2; SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0;
SELECT * FROM differences;
SET max_parallel_workers_per_gather = 0;

-- a cursor that goes back, and a plan for any parameter
BEGIN;
DECLARE c SCROLL CURSOR FOR SELECT sensor, count(*) FROM o GROUP BY 1 ORDER BY 1 DESC;
FETCH 3 FROM c;
FETCH BACKWARD 2 FROM c;
FETCH 2 FROM c;
COMMIT;
SET plan_cache_mode = force_generic_plan;
PREPARE by_minutes(interval, int) AS SELECT date_bin($1, t, '2026-01-01') AS k, sensor, count(*) FROM o WHERE sensor < $2 GROUP BY 1, 2 ORDER BY k DESC NULLS LAST, sensor LIMIT 3;
EXPLAIN (COSTS OFF) EXECUTE by_minutes('1 hour', 4);
EXECUTE by_minutes('1 hour', 4);
EXECUTE by_minutes('1 day', 3);
DROP SCHEMA vector_order CASCADE;
