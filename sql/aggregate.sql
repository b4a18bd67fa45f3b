-- TerritoryAggregate: the same results as a heap twin, and when the planner may use it.
SET client_min_messages = warning;
SET timezone = 'Europe/Paris';
SET territory.segment_rows = 500;
SET extra_float_digits = 0;
-- so that the node competes with reading everything only
SET enable_indexscan = off; SET enable_bitmapscan = off;
CREATE TABLE a_heap (sensor int NOT NULL, t timestamptz NOT NULL, i2 int2, i4 int4, i8 int8, f4 float4, f8 float8,
	n numeric, k text, nothing int, PRIMARY KEY (sensor, t)) WITH (autovacuum_enabled = off);
CREATE TABLE a (LIKE a_heap INCLUDING ALL) USING territory WITH (autovacuum_enabled = off);
INSERT INTO a_heap SELECT s, '2026-03-28 00:00+01'::timestamptz + i * interval '20 min', i % 7 - 3, i * s, 1::int8 << (i % 60),
	i / 4.0, CASE WHEN i % 11 = 0 THEN NULL ELSE i / 8.0 END, CASE WHEN i % 5 > 0 THEN i / 100.0 END, 'k' || i % 4, NULL
FROM generate_series(1, 8) s, generate_series(1, 300) i;
INSERT INTO a SELECT * FROM a_heap;
SELECT rows, segments FROM territory.seal('a', '2026-03-31 00:00');
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
	('SELECT count(*), count(n), count(f8), count(nothing), sum(nothing), avg(nothing), min(nothing) FROM TABLE'),
	('SELECT sum(i2), sum(i4), sum(i8), sum(f4), sum(f8), sum(n), avg(i2), avg(i4), avg(i8), avg(f4), avg(f8), avg(n) FROM TABLE'),
	('SELECT min(i2), max(i2), min(i4), max(i4), min(i8), max(i8), min(f4), max(f4), min(f8), max(f8), min(n), max(n), min(t), max(t), min(k), max(k), min(t::date), max(t::timestamp) FROM TABLE'),
	('SELECT stddev(i4), round(variance(f8)::numeric, 6), stddev_pop(n), round(corr(f8, f4)::numeric, 6), round(regr_slope(f8, i4)::numeric, 6), bool_and(i4 > 0), bit_or(i8), bit_and(i2) FROM TABLE'),
	('SELECT count(*), sum(i4) FROM TABLE WHERE t >= ''2026-03-29'' AND t < ''2026-03-30'''),
	('SELECT count(*), sum(i4) FROM TABLE WHERE false'),
	('SELECT count(*) + 1, sum(i4) FROM TABLE WHERE t < ''2000-01-01'''),
	('SELECT sensor, count(*), sum(f8), min(n) FROM TABLE GROUP BY sensor'),
	('SELECT k, sensor % 3, count(*), avg(f8) FROM TABLE GROUP BY 1, 2'),
	('SELECT date_trunc(''day'', t), count(*), avg(f8), min(f8), max(f8) FROM TABLE GROUP BY 1'),
	('SELECT date_trunc(''hour'', t, ''America/New_York''), sensor, max(i4) FROM TABLE GROUP BY 1, 2'),
	('SELECT t::date, extract(hour FROM t), count(*) FROM TABLE GROUP BY 1, 2'),
	('SELECT date_bin(''6 hours'', t, ''2026-01-01''), sum(i8) FROM TABLE GROUP BY 1'),
	('SELECT nothing, f8, count(*) FROM TABLE GROUP BY 1, 2'),
	('SELECT k, count(*) FILTER (WHERE i4 > 500), sum(1000 / i2) FILTER (WHERE i2 <> 0), max(k) FILTER (WHERE false) FROM TABLE GROUP BY k'),
	('SELECT k, count(*) FROM TABLE GROUP BY k HAVING count(*) > 100 AND min(sensor) < 5'),
	('SELECT k FROM TABLE GROUP BY k'),
	('SELECT 1 FROM TABLE HAVING count(*) > 5'),
	('SELECT count(*) FROM TABLE HAVING count(*) > 5000'),
	('SELECT array_length(array_agg(i4), 1), length(string_agg(k, '','')), json_array_length(json_agg(k)), count(DISTINCT k) FROM TABLE'),
	('SELECT array_length(array_agg(i4), 1), length(string_agg(k, '','')), json_array_length(json_agg(k)), count(x) FROM TABLE x'),
	('SELECT sensor, upper(k) || ''x'', max(length(k)) + sensor FROM TABLE GROUP BY sensor, upper(k) ORDER BY 1, 2'),
	('SELECT sum(c) FROM (SELECT count(*) c FROM TABLE GROUP BY sensor, t) x'),
	('SELECT * FROM (SELECT max(t) m FROM TABLE) x, LATERAL (SELECT count(*), max(f8) FROM TABLE WHERE t = x.m) y'),
	('SELECT x, (SELECT sum(i4) + x FROM TABLE WHERE sensor = x AND i4 > x * 10) FROM generate_series(0, 9) x'),
	('SELECT x, c FROM generate_series(0, 4) x, LATERAL (SELECT sensor % (x + 2) AS m, count(*) AS c FROM TABLE WHERE t > ''2026-03-30'' AND sensor > x GROUP BY 1) l'),
	('SELECT count(*) FROM TABLE UNION ALL SELECT sum(sensor) FROM TABLE WHERE k = ''k1'''),
	('WITH c AS MATERIALIZED (SELECT sensor, avg(f8) v FROM TABLE GROUP BY sensor) SELECT c1.sensor, c1.v - c2.v FROM c c1, c c2 WHERE c1.sensor = c2.sensor + 1'),
	('SELECT x FROM generate_series(1, 10) x WHERE EXISTS (SELECT sensor FROM TABLE WHERE sensor = x GROUP BY sensor HAVING count(*) > 10)'),
	('SELECT k, sum(count(*)) OVER (ORDER BY k) FROM TABLE GROUP BY k'),
	('SELECT k, sensor, count(*) FROM TABLE GROUP BY ROLLUP (k, sensor)'),
	('SELECT count(*) FROM TABLE WHERE n IS NULL AND i4 = ANY (ARRAY[5, 10, 15, 20, 600])'),
	('SELECT count(*), max(i4) FROM TABLE WHERE sensor IN (SELECT 3)'),
	('SELECT sensor, k, count(*) FROM TABLE WHERE sensor = 3 GROUP BY 1, 2'),
	('SELECT random() IS NULL, count(*) FROM TABLE GROUP BY 1'),
	-- what is checked on rows stands in the output, too
	('SELECT sensor = 3, 3, count(*) FROM TABLE WHERE sensor = 3 GROUP BY sensor'),
	('SELECT sensor + 1 > 3, k, max(sensor + 1), count(*) FILTER (WHERE sensor + 1 > 3) FROM TABLE WHERE sensor + 1 > 3 GROUP BY sensor, k'),
	('SELECT x, (SELECT count(*) + x FROM TABLE WHERE sensor = x HAVING count(*) > x) FROM generate_series(0, 9) x'),
	('SELECT x, (SELECT k || x FROM TABLE WHERE k = ''k'' || x GROUP BY k HAVING ''k'' || x = k) FROM generate_series(0, 9) x'),
	('SELECT sensor, (SELECT count(*) FROM TABLE y WHERE y.sensor = x.sensor AND y.t < ''2026-03-30'') FROM TABLE x GROUP BY sensor HAVING count(*) > (SELECT min(sensor) FROM TABLE)');
SELECT id, twin.* FROM queries, twin(query) ORDER BY id;
SELECT x, (SELECT count(*) + x FROM a WHERE sensor = x HAVING count(*) > x) FROM generate_series(0, 9, 2) x;
-- dead rows in sealed blocks, and hot ones that came from there
DELETE FROM a WHERE sensor = 3 AND i4 % 2 = 0 OR i4 = 8 * 300;
DELETE FROM a_heap WHERE sensor = 3 AND i4 % 2 = 0 OR i4 = 8 * 300;
UPDATE a SET f8 = -f8, t = t + interval '1 s' WHERE i4 % 17 = 0;
UPDATE a_heap SET f8 = -f8, t = t + interval '1 s' WHERE i4 % 17 = 0;
SELECT id, differ FROM queries, twin(query) WHERE differ <> 0;
-- odd floats
UPDATE a SET f8 = 'NaN', f4 = '-0' WHERE sensor = 4 AND i2 = 0; UPDATE a_heap SET f8 = 'NaN', f4 = '-0' WHERE sensor = 4 AND i2 = 0;
UPDATE a SET f8 = 'Infinity', f4 = 0 WHERE sensor = 5 AND i2 = 1; UPDATE a_heap SET f8 = 'Infinity', f4 = 0 WHERE sensor = 5 AND i2 = 1;
UPDATE a SET f8 = CASE WHEN i2 > 0 THEN '-Infinity' ELSE 'Infinity' END::float8 WHERE sensor = 6;
UPDATE a_heap SET f8 = CASE WHEN i2 > 0 THEN '-Infinity' ELSE 'Infinity' END::float8 WHERE sensor = 6;
UPDATE a SET f8 = '-0' WHERE sensor = 7; UPDATE a_heap SET f8 = '-0' WHERE sensor = 7;
SELECT count(*) FROM territory.seal('a', '2026-04-02 00:00');
INSERT INTO queries (query) VALUES
	('SELECT sensor, sum(f8), avg(f8), min(f8), max(f8), stddev(f8), sum(f8) IS NULL FROM TABLE GROUP BY sensor'),
	('SELECT sum(f8), avg(f8), min(f8), max(f8), sum(f4), min(f4), max(f4) FROM TABLE WHERE sensor = 7'),
	('SELECT f8, count(*) FROM TABLE WHERE sensor >= 4 GROUP BY f8'),
	('SELECT max(f8) FROM TABLE WHERE f8 < ''Infinity''');
SELECT id, differ FROM queries, twin(query) WHERE differ <> 0;
-- rescans: groups that depend on no parameter are handed out again, those that do are made anew
SET enable_material = off; SET enable_hashjoin = off; SET enable_mergejoin = off; SET enable_memoize = off;
SELECT * FROM twin('SELECT x, y.k, c, l FROM generate_series(1, 5) x LEFT JOIN (SELECT k, count(*) c, array_length(array_agg(i4), 1) l FROM TABLE GROUP BY k) y ON c > x * 120');
SELECT * FROM twin('SELECT x, y.* FROM generate_series(1, 5) x, (SELECT count(*) c, length(string_agg(k, '','')) FROM TABLE WHERE sensor > 2) y WHERE c > x');
SELECT * FROM twin('SELECT x, z, (SELECT sum(c) FROM (SELECT k, count(*) c FROM TABLE WHERE sensor = x GROUP BY k HAVING count(*) > z * 10) s) FROM generate_series(1, 3) x, generate_series(1, 9, 2) z');
RESET enable_material; RESET enable_hashjoin; RESET enable_mergejoin; RESET enable_memoize;
-- little memory: several passes
SET work_mem = 64; SET hash_mem_multiplier = 1;
SELECT * FROM twin('SELECT sensor, t, count(*), array_agg(k), sum(n) FROM TABLE GROUP BY sensor, t');
SELECT count(*) FROM (SELECT sensor, t, count(*), string_agg(repeat(k, 100), '') FROM a GROUP BY sensor, t) x;
RESET work_mem; RESET hash_mem_multiplier;
-- what it says
EXPLAIN (VERBOSE, COSTS OFF) SELECT k, count(*) + 1, sum(f8) FILTER (WHERE i4 > 3) FROM a WHERE sensor < 4 AND t > '2026-03-29' GROUP BY k
	HAVING count(*) > 3 ORDER BY k;
DO $$
DECLARE
	plan jsonb;
	line text;
BEGIN
	EXECUTE 'EXPLAIN (COSTS OFF, ANALYZE, BUFFERS OFF, TIMING OFF, SUMMARY OFF, FORMAT JSON) SELECT sensor, count(*) FROM a WHERE t > ''2026-03-31'' GROUP BY sensor' INTO plan;
	FOR line IN SELECT key || ' ' || regexp_replace(value::text, '\.0+$', '') FROM jsonb_each(plan #> '{0,Plan}') WHERE key <> 'Disabled' ORDER BY key COLLATE "C" LOOP
		RAISE INFO '%', line;
	END LOOP;
END $$;
SET territory.enable_aggregate = off;
SELECT * FROM twin('SELECT k, count(*) FROM TABLE GROUP BY k');
RESET territory.enable_aggregate;
SET enable_hashagg = off;
SELECT * FROM twin('SELECT k, count(*) FROM TABLE GROUP BY k');
RESET enable_hashagg;
-- generic plans, cursors both ways
SET plan_cache_mode = force_generic_plan;
PREPARE q(int, timestamptz, text) AS SELECT k || $3, count(*), max(i4 + $1) FROM a WHERE sensor = $1 AND t < $2 GROUP BY k || $3 HAVING count(*) > $1 ORDER BY 1;
PREPARE gate(boolean, int) AS SELECT k, count(*), sum(i4) FROM a WHERE $1 AND sensor < $2 GROUP BY k ORDER BY k;
EXPLAIN (COSTS OFF) EXECUTE gate(true, 3);
EXECUTE gate(true, 3);
EXECUTE gate(false, 3);
EXECUTE gate(NULL, 3);
PREPARE gate_all(boolean) AS SELECT count(*), max(t) FROM a WHERE $1;
EXECUTE gate_all(true);
EXECUTE gate_all(false);
SELECT x, (SELECT count(*) FROM a WHERE x > 1 AND sensor = 2) FROM generate_series(1, 3) x;
EXECUTE q(4, '2026-03-31', 'x');
EXECUTE q(NULL, '2026-03-29', 'x');
EXECUTE q(5, '2026-03-30', 'y');
EXPLAIN (COSTS OFF) EXECUTE q(5, '2026-03-30', 'y');
ALTER TABLE a SET ACCESS METHOD heap;
EXPLAIN (COSTS OFF) EXECUTE q(5, '2026-03-30', 'y');
EXECUTE q(5, '2026-03-30', 'y');
ALTER TABLE a SET ACCESS METHOD territory;
SELECT count(*) FROM territory.seal('a', '2026-04-02 00:00');
RESET plan_cache_mode;
BEGIN;
DECLARE c SCROLL CURSOR FOR SELECT sensor, count(*) FROM a GROUP BY sensor ORDER BY sensor;
FETCH 2 FROM c; FETCH LAST FROM c; FETCH PRIOR FROM c; FETCH FIRST FROM c;
-- what this transaction does is seen by statements after it, not by those before
DECLARE before CURSOR FOR SELECT count(*), min(sensor), sum(f8) FILTER (WHERE sensor < 3), max(t) FROM a;
DELETE FROM a WHERE sensor = 1;
FETCH before;
SELECT count(*), min(sensor) FROM a;
FETCH ABSOLUTE 1 FROM c;
ROLLBACK;
-- a row-level policy goes first: the leaky function sees only rows of sensor 2
CREATE FUNCTION leak(int, text) RETURNS boolean LANGUAGE plpgsql COST 0.0001 IMMUTABLE AS $$
BEGIN
	IF $1 <> 2 THEN
		RAISE WARNING 'saw sensor %', $1;
	END IF;
	RETURN true;
END $$;
CREATE ROLE aggregate_reader;
GRANT SELECT ON a TO aggregate_reader;
ALTER TABLE a ENABLE ROW LEVEL SECURITY;
CREATE POLICY two ON a USING (sensor = 2);
SET ROLE aggregate_reader;
EXPLAIN (COSTS OFF) SELECT k, count(*) FROM a WHERE leak(sensor, k) GROUP BY k;
SELECT k, count(*) FROM a WHERE leak(sensor, k) GROUP BY k ORDER BY k;
RESET ROLE;
ALTER TABLE a DISABLE ROW LEVEL SECURITY;
-- whoever may not run an aggregate is told so
CREATE FUNCTION no_more(int, int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $1 + $2';
CREATE AGGREGATE mine(int) (SFUNC = no_more, STYPE = int, INITCOND = '0');
CREATE AGGREGATE mine_array(anycompatible) (SFUNC = array_append, STYPE = anycompatiblearray, INITCOND = '{}');
SELECT * FROM twin('SELECT k, mine(i4), array_length(mine_array(t), 1) FROM TABLE GROUP BY k');
REVOKE EXECUTE ON FUNCTION mine(int) FROM PUBLIC;
SET ROLE aggregate_reader;
SELECT mine(i4) FROM a;
RESET ROLE;
-- partitions: each is aggregated by itself only where core plans it so
CREATE TABLE p (sensor int, t timestamptz, v int) PARTITION BY RANGE (t);
CREATE TABLE p1 PARTITION OF p FOR VALUES FROM ('2026-01-01') TO ('2026-02-01') USING territory;
CREATE TABLE p2 PARTITION OF p FOR VALUES FROM ('2026-02-01') TO ('2026-03-01') USING territory;
INSERT INTO p SELECT i % 3, '2026-01-15'::timestamptz + i * interval '1 hour', i FROM generate_series(1, 600) i;
SELECT count(*) FROM territory.seal('p1', '2026-03-01');
SELECT sensor, count(*), sum(v) FROM p GROUP BY sensor ORDER BY sensor;
SELECT count(*), sum(v) FROM p WHERE t < '2026-01-20';
-- empty tables
CREATE TABLE e (i int, f float8) USING territory;
SELECT count(*), sum(i), avg(f), max(f) FROM e;
SELECT i, count(*) FROM e GROUP BY i;
DROP TABLE a, a_heap, queries, p, e;
DROP FUNCTION twin, leak;
DROP AGGREGATE mine(int), mine_array(anycompatible);
DROP FUNCTION no_more;
DROP ROLE aggregate_reader;
