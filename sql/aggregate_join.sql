-- TerritoryAggregate over joins: the same results as heap twins, and when the planner may use it.
CREATE SCHEMA aggregate_join;
SET search_path = aggregate_join, public;
SET client_min_messages = warning;
SET timezone = 'Europe/Paris';
SET territory.segment_rows = 500;
SET extra_float_digits = 0;
CREATE TABLE j_heap (sensor int, t timestamptz NOT NULL, big int8, small int2, code text, kind varchar, day date, n numeric, f8 float8)
	WITH (autovacuum_enabled = off, parallel_workers = 0);
CREATE TABLE j (LIKE j_heap INCLUDING ALL) USING territory WITH (autovacuum_enabled = off, parallel_workers = 2);
SELECT territory.set_layout('j', entity_columns => '{sensor}', time_column => 't');
INSERT INTO j_heap SELECT s, '2026-03-28 00:00+01'::timestamptz + i * interval '20 min', s * 10, s % 3, 'c' || s % 5, 'k' || i % 4,
	('2026-03-28 00:00+01'::timestamptz + i * interval '20 min')::date, (s % 4) + 0.0, CASE WHEN i % 11 > 0 THEN i / 8.0 END
FROM generate_series(1, 12) s, generate_series(1, 300) i;
INSERT INTO j_heap SELECT NULL, '2026-03-29 00:00+01', 5, NULL, NULL, NULL, NULL, NULL, i FROM generate_series(1, 20) i;
INSERT INTO j SELECT * FROM j_heap;
SELECT rows, segments FROM territory.seal('j', '2026-03-31 00:00');
-- late rows, deleted ones
INSERT INTO j_heap SELECT s, '2026-03-28 05:10+01', s * 10, s % 3, 'late', 'k9', '2026-03-28', 7, 7 FROM generate_series(1, 20) s;
INSERT INTO j SELECT s, '2026-03-28 05:10+01', s * 10, s % 3, 'late', 'k9', '2026-03-28', 7, 7 FROM generate_series(1, 20) s;
DELETE FROM j_heap WHERE sensor = 4 AND t BETWEEN '2026-03-29 10:00' AND '2026-03-29 12:00';
DELETE FROM j WHERE sensor = 4 AND t BETWEEN '2026-03-29 10:00' AND '2026-03-29 12:00';
ANALYZE j, j_heap;
-- dimensions: unique keys, keys that repeat, null keys, other types
CREATE TABLE d (id int PRIMARY KEY, id8 int8, id2 int2, district text, weight float8, upper_limit float8, code text, n numeric, zone int);
INSERT INTO d SELECT i, i, i, 'district ' || i % 3, i / 2.0, i * 2, 'c' || i, i + 0.00, i % 2 FROM generate_series(2, 15) i;
INSERT INTO d VALUES (100, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
CREATE TABLE z (zone int, name text);
INSERT INTO z VALUES (0, 'north'), (1, 'south'), (NULL, 'nowhere');
CREATE TABLE twice (id int8, label text);
INSERT INTO twice SELECT i % 7, 'label ' || i % 4 FROM generate_series(1, 30) i;
INSERT INTO twice VALUES (NULL, 'nothing');
CREATE TABLE days (day date, holiday boolean);
INSERT INTO days SELECT '2026-03-27'::date + i, i % 2 = 0 FROM generate_series(0, 3) i;
CREATE TABLE none (id int, label text);
ANALYZE d, z, twice, days, none;
-- a query on both tables: the rows that differ, and whether the node joined
CREATE FUNCTION twin(query text, OUT differ bigint, OUT groups bigint, OUT node boolean, OUT workers boolean) LANGUAGE plpgsql AS $$
DECLARE
	heap text := replace(query, 'TABLE', 'j_heap');
	ours text := replace(query, 'TABLE', 'j');
	line text;
BEGIN
	node := false; workers := false;
	FOR line IN EXECUTE 'EXPLAIN ' || ours LOOP
		node := node OR line LIKE '%Join Type: %';
		workers := workers OR line LIKE '%Parallel Custom Scan (TerritoryAggregate)%';
	END LOOP;
	EXECUTE format('CREATE TEMPORARY TABLE h AS SELECT whole::text FROM (%s) whole', heap);
	EXECUTE format('CREATE TEMPORARY TABLE o AS SELECT whole::text FROM (%s) whole', ours);
	SELECT count(*) INTO differ FROM ((TABLE h EXCEPT ALL TABLE o) UNION ALL (TABLE o EXCEPT ALL TABLE h)) d;
	SELECT count(*) INTO groups FROM o;
	DROP TABLE h, o;
END $$;
CREATE TABLE queries (id int GENERATED ALWAYS AS IDENTITY, query text);
INSERT INTO queries (query) VALUES
	('SELECT count(*), sum(big), avg(f8), min(t), max(small) FROM TABLE JOIN d ON sensor = id'),
	('SELECT district, count(*), avg(f8), min(f8), max(f8) FROM TABLE JOIN d ON sensor = id GROUP BY district'),
	('SELECT district, date_trunc(''day'', t), count(*), avg(f8) FROM TABLE JOIN d ON sensor = id GROUP BY 1, 2'),
	('SELECT district, date_bin(''1 hour'', t, ''2026-01-01''), sum(small), count(f8) FROM TABLE JOIN d ON sensor = id GROUP BY 1, 2'),
	('SELECT id, district, weight, count(*) FROM TABLE JOIN d ON sensor = id GROUP BY id'),
	('SELECT upper(district) || id % 2, sum(f8 * weight), string_agg(DISTINCT d.code, '','') FROM TABLE JOIN d ON sensor = id GROUP BY 1'),
	('SELECT upper(district) || id % 2, sum(f8 * weight), max(weight), count(weight), avg(weight) FILTER (WHERE small = 1) FROM TABLE JOIN d ON sensor = id GROUP BY 1'),
	('SELECT district || small, count(*) FROM TABLE JOIN d ON sensor = id GROUP BY 1 HAVING count(*) > 100 AND min(upper_limit) < 9'),
	('SELECT district, count(*) FROM TABLE JOIN d ON sensor = id WHERE f8 > 10 AND zone = 1 GROUP BY 1'),
	('SELECT district, count(*) FROM TABLE JOIN d ON sensor = id WHERE f8 > upper_limit GROUP BY 1'),
	('SELECT count(*) FROM TABLE JOIN d ON sensor = id WHERE id = 5'),
	('SELECT district, count(*) FROM TABLE JOIN d ON sensor = id WHERE id = 5 AND t > ''2026-03-30'' GROUP BY 1'),
	('SELECT label, count(*), sum(big) FROM TABLE JOIN twice ON sensor = id GROUP BY 1'),
	('SELECT label, date_trunc(''day'', t), count(*), sum(big) FROM TABLE JOIN twice ON sensor = id GROUP BY 1, 2'),
	('SELECT count(*), min(label) FROM TABLE JOIN twice ON small = id'),
	('SELECT label, sensor, count(*) FROM TABLE JOIN twice ON small = id GROUP BY 1, 2'),
	('SELECT count(*) FROM TABLE JOIN d ON big = id8 * 10'),
	('SELECT id2, count(*) FROM TABLE JOIN d ON big = id2 GROUP BY id2'),
	('SELECT district, count(*) FROM TABLE JOIN d ON sensor = id8 GROUP BY 1'),
	('SELECT district, count(*) FROM TABLE JOIN d ON sensor + 1 = id GROUP BY 1'),
	('SELECT district, count(*) FROM TABLE x JOIN d ON x.code = d.code GROUP BY 1'),
	('SELECT district, count(*) FROM TABLE x JOIN d ON x.n = d.n GROUP BY 1'),
	('SELECT district, count(*) FROM TABLE x JOIN d ON x.code = d.code AND x.sensor = d.id GROUP BY 1'),
	('SELECT district, count(*) FROM TABLE x JOIN d ON x.code = d.code COLLATE "C" AND x.small = d.zone GROUP BY 1'),
	('SELECT holiday, kind, count(*), sum(big) FROM TABLE x JOIN days USING (day) GROUP BY 1, 2'),
	('SELECT name, count(*) FROM TABLE JOIN d ON sensor = id JOIN z USING (zone) GROUP BY 1'),
	('SELECT name, district, count(*) FROM TABLE JOIN d ON sensor = id LEFT JOIN z ON z.zone = d.zone AND name > ''o'' GROUP BY 1, 2'),
	('SELECT count(*), sum(big) FROM TABLE JOIN none ON sensor = id'),
	('SELECT label, count(*) FROM TABLE JOIN none ON sensor = id GROUP BY 1'),
	('SELECT label, count(*), sum(big), avg(f8) FROM TABLE LEFT JOIN none ON sensor = id GROUP BY 1'),
	('SELECT district, count(*), count(id), avg(f8) FROM TABLE LEFT JOIN d ON sensor = id GROUP BY 1'),
	('SELECT district, date_trunc(''day'', t), count(*), count(id), avg(f8) FROM TABLE LEFT JOIN d ON sensor = id AND zone = 1 GROUP BY 1, 2'),
	('SELECT label, count(*), count(id) FROM TABLE LEFT JOIN twice ON sensor = id GROUP BY 1'),
	('SELECT label, count(*), count(id) FROM TABLE LEFT JOIN twice ON small = id WHERE label IS NULL OR label > ''label 1'' GROUP BY 1'),
	('SELECT count(*) FROM TABLE LEFT JOIN d ON sensor = id WHERE id IS NULL'),
	('SELECT count(*), count(district) FROM TABLE LEFT JOIN d ON sensor = id AND small = 1'),
	('SELECT date_trunc(''day'', t), count(*), sum(big) FROM TABLE WHERE sensor IN (SELECT id FROM d WHERE zone = 1) GROUP BY 1'),
	('SELECT sensor, count(*), sum(big) FROM TABLE WHERE sensor IN (SELECT id FROM twice) GROUP BY 1'),
	('SELECT sensor, count(*), sum(big) FROM TABLE WHERE EXISTS (SELECT FROM twice WHERE id = sensor AND label > ''label 1'') GROUP BY 1'),
	('SELECT count(*) FROM TABLE WHERE EXISTS (SELECT FROM d WHERE id = sensor AND f8 > upper_limit)'),
	('SELECT count(*) FROM TABLE WHERE sensor NOT IN (SELECT id FROM d)'),
	('SELECT count(*) FROM TABLE WHERE NOT EXISTS (SELECT FROM d WHERE id = sensor)'),
	('SELECT count(*) FROM d LEFT JOIN TABLE ON sensor = id'),
	('SELECT count(*), count(id) FROM TABLE FULL JOIN d ON sensor = id'),
	('SELECT count(*) FROM TABLE a JOIN TABLE b USING (sensor, t)'),
	('SELECT count(*), sum(big * x.i) FROM TABLE, generate_series(1, 3) x(i)'),
	('SELECT i, count(*) FROM TABLE JOIN (VALUES (1), (3), (3)) v(i) ON sensor = i GROUP BY i'),
	('SELECT m, count(*) FROM TABLE JOIN (SELECT id % 5 AS m, count(*) AS c FROM d GROUP BY 1) x ON sensor = m WHERE c > 2 GROUP BY m'),
	('SELECT count(*), count(x), count(d) FROM TABLE x JOIN d ON sensor = id'),
	('SELECT count(*), max(random()) > 2 FROM TABLE JOIN d ON sensor = id'),
	('SELECT count(*) FROM TABLE JOIN d ON sensor = id AND random() < 2'),
	('SELECT x, (SELECT count(*) FROM TABLE JOIN d ON sensor = id WHERE zone = x % 2 AND f8 > x) FROM generate_series(0, 9) x'),
	('SELECT x, y.* FROM generate_series(0, 4) x, LATERAL (SELECT district, count(*) FROM TABLE JOIN d ON sensor = id + x GROUP BY 1) y'),
	('SELECT x, y.* FROM generate_series(0, 4) x, LATERAL (SELECT zone * x, count(*) FROM TABLE JOIN d ON sensor = id WHERE f8 > x GROUP BY 1) y'),
	('SELECT x, y.* FROM generate_series(0, 4) x, LATERAL (SELECT zone, count(*), sum(big + x) FROM TABLE JOIN d ON sensor + x = id AND f8 > upper_limit - x GROUP BY 1) y'),
	('SELECT x, y.* FROM generate_series(0, 4) x, LATERAL (SELECT label, count(*), sum(big) FROM TABLE JOIN twice ON sensor = id WHERE id > x GROUP BY 1) y'),
	('SELECT sensor, count(*) FROM TABLE WHERE NOT EXISTS (SELECT FROM twice WHERE id = sensor) GROUP BY 1'),
	('SELECT count(*), count(sensor) FROM TABLE WHERE NOT EXISTS (SELECT FROM none WHERE id = sensor)'),
	('SELECT sensor, max(id), count(*) FROM TABLE LEFT JOIN d ON sensor = id AND zone = 1 WHERE id IS NULL GROUP BY 1'),
	('SELECT name, district, count(*), sum(big) FROM TABLE x JOIN d ON sensor = id JOIN z ON z.zone = x.small GROUP BY 1, 2'),
	('SELECT name, district, holiday, count(*), avg(f8) FROM TABLE x JOIN d ON sensor = id JOIN z ON z.zone = x.small JOIN days USING (day) WHERE f8 > 2 GROUP BY 1, 2, 3'),
	('SELECT name, district, label, count(*), avg(f8) FROM TABLE x JOIN d ON sensor = id JOIN z ON z.zone = d.zone JOIN twice ON twice.id = x.small GROUP BY 1, 2, 3'),
	('SELECT d.district, e.district, count(*) FROM TABLE JOIN d ON sensor = d.id JOIN d e ON sensor = e.id GROUP BY 1, 2'),
	('SELECT d.district, e.district, count(*) FROM TABLE JOIN d ON sensor = d.id JOIN d e ON small = e.id AND e.weight < d.weight AND f8 > e.upper_limit GROUP BY 1, 2'),
	('SELECT district, count(*) FROM TABLE JOIN d ON sensor = id WHERE zone IN (SELECT zone FROM z WHERE name > ''o'') GROUP BY 1'),
	('SELECT count(*) FROM TABLE WHERE 1 = (SELECT 1) AND sensor IN (SELECT id FROM d)');
SELECT id, t.*, left(query, 110) AS query FROM queries, twin(query) t ORDER BY id;
-- what EXPLAIN tells
CREATE FUNCTION plan(query text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	line text;
BEGIN
	FOR line IN EXECUTE 'EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF, BUFFERS OFF) ' || query LOOP
		line := regexp_replace(line, 'rows=(\d+)\.00', 'rows=\1');
		IF line ~ 'Join|Blocks|Segments|Hot|Rows|Filter|Cond|rows=' THEN
			RETURN NEXT line;
		END IF;
	END LOOP;
END $$;
SELECT plan('SELECT district, date_trunc(''day'', t), count(*), avg(f8) FROM j JOIN d ON sensor = id WHERE zone = 1 AND t > ''2026-03-29'' GROUP BY 1, 2');
SELECT plan('SELECT district, count(*) FROM j LEFT JOIN d ON sensor = id WHERE id IS NULL OR f8 > upper_limit GROUP BY 1');
SELECT plan('SELECT count(*) FROM j WHERE sensor IN (SELECT id FROM twice WHERE id < 3)');
EXPLAIN (COSTS OFF, VERBOSE) SELECT label, count(*) FROM j JOIN twice ON big = id * 10 AND small = id % 3 GROUP BY 1;
-- blocks of one key, answered from their summaries; rows that are dead are not
CREATE TABLE days_heap AS SELECT s AS sensor, '2026-01-01 00:00+00'::timestamptz + i * interval '1 min' AS t, i % 100 AS v
FROM generate_series(1, 4) s, generate_series(0, 1440 * 5 - 1) i;
CREATE TABLE days_sealed (LIKE days_heap) USING territory;
SELECT territory.set_layout('days_sealed', entity_columns => '{sensor}', time_column => 't');
SET territory.segment_rows = 32768; SET timezone = 'UTC';
INSERT INTO days_sealed SELECT * FROM days_heap;
SELECT rows, segments FROM territory.seal('days_sealed');
ANALYZE days_sealed;
CREATE TABLE by_day (id int, district text);
INSERT INTO by_day VALUES (1, 'a'), (2, 'b'), (2, 'a'), (2, 'b'), (3, NULL), (7, 'g'), (NULL, 'n');
ANALYZE by_day;
SELECT plan('SELECT district, date_trunc(''day'', t), count(*), sum(v) FROM days_sealed JOIN by_day ON sensor = id GROUP BY 1, 2');
SELECT plan('SELECT district, count(*), max(v) FROM days_sealed LEFT JOIN by_day ON sensor = id GROUP BY 1');
DELETE FROM days_heap WHERE t = '2026-01-02 10:00'; DELETE FROM days_sealed WHERE t = '2026-01-02 10:00';
(SELECT district, date_trunc('day', t), count(*), sum(v) FROM days_sealed LEFT JOIN by_day ON sensor = id GROUP BY 1, 2) EXCEPT ALL
SELECT district, date_trunc('day', t), count(*), sum(v) FROM days_heap LEFT JOIN by_day ON sensor = id GROUP BY 1, 2;
SELECT district, count(*), sum(v) FROM days_sealed JOIN by_day ON sensor = id GROUP BY 1 ORDER BY 1;
SELECT district, count(*), sum(v) FROM days_heap JOIN by_day ON sensor = id GROUP BY 1 ORDER BY 1;
SELECT count(*), sum(v) FROM days_sealed WHERE sensor IN (SELECT id FROM by_day);
SET timezone = 'Europe/Paris';
-- without sealed rows, with a large dimension, or with rows to lock, plans are core's
CREATE TABLE hot (LIKE j) USING territory;
EXPLAIN (COSTS OFF) SELECT count(*) FROM hot JOIN d ON sensor = id;
-- parameters: of the dimension's filter, generic; kept where nothing that it reads changes
SET plan_cache_mode = force_generic_plan;
PREPARE by_zone(int, float8) AS SELECT district, count(*), sum(big) FROM j JOIN d ON sensor = id WHERE zone = $1 AND f8 > $2 GROUP BY 1 ORDER BY 1;
EXPLAIN (COSTS OFF) EXECUTE by_zone(1, 10);
EXECUTE by_zone(1, 10);
EXECUTE by_zone(0, 20);
EXECUTE by_zone(NULL, 20);
RESET plan_cache_mode;
BEGIN;
DECLARE c SCROLL CURSOR FOR SELECT district, count(*) FROM j JOIN d ON sensor = id GROUP BY 1 ORDER BY 1;
FETCH 2 FROM c;
FETCH BACKWARD 1 FROM c;
FETCH ALL FROM c;
COMMIT;
-- a dimension that turns out larger than memory: in several batches, with groups in several passes, too
CREATE FUNCTION wide() RETURNS TABLE (id int, pad text) ROWS 10 LANGUAGE plpgsql STABLE PARALLEL SAFE AS
	$$BEGIN RETURN QUERY SELECT i, repeat('x', 40) || i % 50 FROM generate_series(-4000, 4000) i; END$$;
CREATE FUNCTION many() RETURNS TABLE (id int, i int, pad text) ROWS 10 LANGUAGE plpgsql STABLE PARALLEL SAFE AS
	$$BEGIN RETURN QUERY SELECT s % 20, s, repeat('x', 40) || s % 7 FROM generate_series(1, 4000) s; END$$;
SET work_mem = '64kB'; SET hash_mem_multiplier = 1;
CREATE TABLE large (query text);
INSERT INTO large VALUES
	('SELECT count(*), sum(big), max(pad) FROM TABLE JOIN wide() ON sensor = id'),
	('SELECT pad, count(*) FROM TABLE JOIN wide() ON big = id GROUP BY 1'),
	('SELECT pad, t, count(*) FROM TABLE JOIN wide() ON sensor = id GROUP BY 1, 2'),
	('SELECT pad, count(*), count(id) FROM TABLE LEFT JOIN wide() ON sensor = id - 3990 GROUP BY 1'),
	('SELECT count(*) FROM TABLE WHERE sensor IN (SELECT id FROM wide() WHERE pad < ''y'')'),
	('SELECT sensor, count(*) FROM TABLE WHERE NOT EXISTS (SELECT FROM wide() WHERE id = sensor - 3990) GROUP BY 1'),
	('SELECT x, y.* FROM generate_series(1, 3) x, LATERAL (SELECT pad, count(*) FROM TABLE JOIN wide() ON sensor = id + x GROUP BY 1) y'),
	('SELECT pad, count(*) FROM TABLE JOIN many() ON sensor = id WHERE i < 1000 GROUP BY 1');
SELECT t.*, query FROM large, twin(query) t;
SELECT count(*) FROM plan('SELECT pad, count(*) FROM j JOIN wide() ON sensor = id GROUP BY 1') line WHERE line ~ 'Join Batches';
RESET work_mem; RESET hash_mem_multiplier;
-- the same by several workers: each has the dimension, or where it is too large for one, one of them does all
SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0; SET max_parallel_workers_per_gather = 2;
SELECT sum(differ) AS differ, count(*) FILTER (WHERE node) > 40 AS node, count(*) FILTER (WHERE workers) > 20 AS workers FROM queries, twin(query);
SET work_mem = '64kB'; SET hash_mem_multiplier = 1;
SELECT t.*, query FROM large, twin(query) t;
SET parallel_leader_participation = off;
SELECT sum(differ) AS differ FROM large, twin(query);
RESET parallel_leader_participation;
RESET work_mem; RESET hash_mem_multiplier;
RESET parallel_setup_cost; RESET parallel_tuple_cost; RESET min_parallel_table_scan_size; RESET max_parallel_workers_per_gather;
-- policies: on the table, on the dimension; nothing that leaks before them
CREATE FUNCTION leak(anyelement) RETURNS boolean LANGUAGE plpgsql COST 0.0001 AS $$ BEGIN RAISE NOTICE 'seen: %', $1; RETURN true; END $$;
CREATE ROLE aggregate_join_reader;
GRANT USAGE ON SCHEMA territory, aggregate_join TO aggregate_join_reader;
GRANT SELECT ON j, d, twice TO aggregate_join_reader;
ALTER TABLE j ENABLE ROW LEVEL SECURITY;
CREATE POLICY only_some ON j TO aggregate_join_reader USING (sensor = 3 AND f8 > 36);
ALTER TABLE d ENABLE ROW LEVEL SECURITY;
CREATE POLICY only_some ON d TO aggregate_join_reader USING (id IN (3, 5));
SET client_min_messages = notice;
SET ROLE aggregate_join_reader;
SELECT district, count(*), sum(big) FROM j JOIN d ON sensor = id GROUP BY 1;
SELECT district, count(*), sum(big) FROM j JOIN d ON sensor = id WHERE leak(weight) GROUP BY 1;
SELECT label, count(*), sum(big) FROM j JOIN twice ON sensor = id WHERE leak(f8) GROUP BY 1 ORDER BY 1;
EXPLAIN (COSTS OFF) SELECT label, count(*), sum(big) FROM j JOIN twice ON sensor = id WHERE leak(f8) GROUP BY 1;
RESET ROLE;
DROP POLICY only_some ON j; ALTER TABLE j DISABLE ROW LEVEL SECURITY; ALTER TABLE d DISABLE ROW LEVEL SECURITY;
CREATE VIEW some_d WITH (security_barrier) AS SELECT * FROM d WHERE zone = 1;
SELECT district, count(*), sum(big) FROM j JOIN some_d ON sensor = id WHERE leak(weight) AND sensor < 6 GROUP BY 1 ORDER BY 1;
SET client_min_messages = warning;
-- collations: two names of one letter
CREATE COLLATION two_names (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
CREATE TABLE c (code text COLLATE two_names, label text COLLATE two_names);
INSERT INTO c VALUES ('C1', 'One'), ('c1', 'ONE'), ('C2', 'Two'), ('LATE', 'late');
ANALYZE c;
SELECT lower(label), count(*) FROM (SELECT label, count(*) FROM j JOIN c ON j.code COLLATE two_names = c.code GROUP BY 1) x GROUP BY 1 ORDER BY 1;
SELECT count(*), sum(n) FROM (SELECT label, count(*) AS n FROM j JOIN c ON j.code COLLATE two_names = c.code GROUP BY 1) x;
-- no error that core's join would not raise: keys are evaluated for rows that are there
SELECT 1 / (zone - 5) AS q, count(*) FROM j JOIN d ON sensor = id GROUP BY 1 ORDER BY 1;
SELECT 1 / (id - 100) AS q, count(*) FROM j JOIN d ON sensor = id GROUP BY 1 ORDER BY 1;
-- an equality of a user's own, which whoever may not call it may not join by
CREATE FUNCTION same(int, int) RETURNS boolean LANGUAGE internal IMMUTABLE STRICT AS 'int4eq';
CREATE OPERATOR ==== (FUNCTION = same, LEFTARG = int, RIGHTARG = int, COMMUTATOR = ====, HASHES);
CREATE OPERATOR CLASS same_integers FOR TYPE int USING hash AS OPERATOR 1 ====, FUNCTION 1 hashint4;
SELECT * FROM twin('SELECT district, count(*), sum(big) FROM TABLE JOIN d ON sensor ==== id GROUP BY 1');
REVOKE EXECUTE ON FUNCTION same(int, int) FROM public;
SET ROLE aggregate_join_reader;
SELECT label, count(*) FROM j JOIN twice ON sensor ==== id::int GROUP BY 1;
RESET ROLE;
DROP OWNED BY aggregate_join_reader;
DROP ROLE aggregate_join_reader;
DROP SCHEMA aggregate_join CASCADE;
