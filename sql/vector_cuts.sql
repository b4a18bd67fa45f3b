-- Blocks that are cut into runs as others before them were: only where each run lies in its bucket, and has the same groups.
SET client_min_messages = warning;
CREATE SCHEMA vector_cuts;
SET search_path = vector_cuts, public;
SET timezone = 'UTC';
SET enable_indexscan = off; SET enable_bitmapscan = off; SET max_parallel_workers_per_gather = 0;
-- the node, whatever it costs
SET cpu_tuple_cost = 0.0001; SET cpu_operator_cost = 0.1;

-- 40 sensors of a few kinds, each with 300 rows between 00:00 and 04:59 on each of two days
CREATE TABLE plain (sensor int, name text, code numeric, t timestamptz, v int, x float8);
INSERT INTO plain
SELECT s, CASE WHEN s % 7 > 0 THEN 'street ' || s % 7 END, (s % 4)::numeric * 1.50, at, n * s, n
FROM generate_series(1, 40) s, generate_series(0, 1) day, generate_series(0, 299) n,
	LATERAL (SELECT '2026-03-28 00:00+00'::timestamptz + day * interval '1 day' + CASE
		-- jitter within the minute, and over the ends of hours
		WHEN s % 5 = 1 AND n NOT IN (0, 299) THEN n * interval '1 minute' + (s * n % 60) * interval '1 s'
		WHEN s % 5 = 2 AND n NOT IN (0, 299) THEN n * interval '1 minute' + (s * n % 120 - 60) * interval '1 s'
		-- all but the last row in the first two hours; a hole of two hours in between
		WHEN s % 5 = 3 AND n < 299 THEN n * interval '20 s'
		WHEN s % 5 = 4 AND n BETWEEN 60 AND 240 THEN CASE WHEN n < 150 THEN 60 + (n - 60) * 0.01 ELSE 240 - (240 - n) * 0.01 END * interval '1 minute'
		ELSE n * interval '1 minute' END) a(at);
-- the change to summer time in Paris, and back, within a block; and the same number of rows between the same times, elsewhere
INSERT INTO plain
SELECT s, 'change', 1, change + (CASE WHEN s % 2 = 0 AND n <> 0 AND abs(n) < 60 THEN n * 2 ELSE n END) * interval '1 minute', n, n
FROM generate_series(100, 110) s, unnest('{2026-03-29 01:00+00,2026-10-25 01:00+00}'::timestamptz[]) change, generate_series(-150, 150) n;
CREATE TABLE sealed (LIKE plain) USING territory;
SELECT territory.set_layout('sealed', entity_columns => '{sensor,name,code}', time_column => 't', time_zone => 'UTC');
INSERT INTO sealed SELECT * FROM plain;
SET territory.segment_rows = 2000;
SELECT rows FROM territory.seal('sealed');
CREATE TABLE streets (sensor int PRIMARY KEY, street text, side numeric);
INSERT INTO streets SELECT s, 'rue ' || s % 6, s % 3 FROM generate_series(1, 110) s WHERE s % 11 > 0;
ANALYZE plain, sealed, streets;

CREATE FUNCTION same(question text) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
	sealed text;
	plain text;
BEGIN
	question := format('SELECT md5(string_agg(whole::text, '','' ORDER BY whole::text)) FROM (%s) whole', question);
	EXECUTE replace(question, 'FROM source', 'FROM sealed source') INTO sealed;
	EXECUTE replace(question, 'FROM source', 'FROM plain source') INTO plain;
	RETURN sealed = plain;
END $$;
CREATE TABLE questions (id int GENERATED ALWAYS AS IDENTITY, keys text);
INSERT INTO questions (keys) VALUES
	('date_bin(''1 minute'', t, ''2000-01-01'')'), ('date_bin(''7 minutes'', t, ''2000-01-01'')'), ('date_trunc(''hour'', t)'), ('extract(hour from t)'),
	('extract(minute from t)::int / 20'), ('floor(extract(epoch from t) / 300) * 300'), ('date_trunc(''hour'', t) + interval ''5 minutes'' * floor(extract(minute from t) / 5)'),
	('date_trunc(''hour'', t AT TIME ZONE ''Europe/Paris'')'), ('to_char(t, ''HH24:MI'')'), ('t > ''2026-03-28 02:30+00'''),
	('nullif(date_trunc(''hour'', t), ''2026-03-28 02:00+00'')');
CREATE VIEW answers AS
SELECT id, keys, same(format('SELECT %s, count(*), count(name), sum(v), min(v), max(t), avg(x), sum(x) FROM source GROUP BY 1', keys)) AS alone,
	same(format('SELECT sensor, %s, avg(x), sum(v), count(*) FROM source GROUP BY 1, 2', keys)) AS sensors,
	same(format('SELECT name, %s, avg(x), sum(v) FILTER (WHERE x > 100), count(*) FROM source GROUP BY 1, 2', keys)) AS names,
	same(format('SELECT code, %s, date_trunc(''hour'', t), avg(x), sum(v), count(*) FROM source GROUP BY 1, 2, 3', keys)) AS codes,
	same(format('SELECT sensor / 10, sensor %% 3, %s, avg(x), sum(v), count(*) FROM source WHERE t > ''2026-03-28 01:13+00'' GROUP BY 1, 2, 3', keys)) AS range,
	same(format('SELECT street, side, %s, avg(x), sum(v), count(*) FROM source JOIN streets USING (sensor) GROUP BY 1, 2, 3', keys)) AS joined
FROM questions;
EXPLAIN (COSTS OFF) SELECT sensor, date_trunc('hour', t), avg(x) FROM sealed GROUP BY 1, 2;
SELECT * FROM answers ORDER BY id;

-- rows that are dead, late or hot
DELETE FROM sealed WHERE sensor % 3 = 0 AND v % 17 = 0;
DELETE FROM plain WHERE sensor % 3 = 0 AND v % 17 = 0;
INSERT INTO plain SELECT sensor, name, code, t + interval '31 seconds', v, NULL FROM plain WHERE sensor % 4 = 0 AND v % 5 = 0;
INSERT INTO sealed SELECT sensor, name, code, t + interval '31 seconds', v, NULL FROM sealed WHERE sensor % 4 = 0 AND v % 5 = 0;
SELECT count(*) FILTER (WHERE alone AND sensors AND names AND codes AND range AND joined) AS equal, count(*) FROM answers;

-- groups that do not fit are met in several passes; there is little room, or none, to remember cuts
SET work_mem = '1MB'; SET hash_mem_multiplier = 2;
SELECT count(*) FILTER (WHERE alone AND sensors AND names AND codes AND range AND joined) AS equal, count(*) FROM answers WHERE id IN (1, 2);
SET work_mem = '64kB'; SET hash_mem_multiplier = 1;
SELECT count(*) FILTER (WHERE alone AND sensors AND names AND codes AND range AND joined) AS equal, count(*) FROM answers WHERE id IN (3, 6);
RESET work_mem; RESET hash_mem_multiplier;

-- the zone of the session changes between executions of a plan
PREPARE hours AS SELECT md5(string_agg(whole::text, ',' ORDER BY whole::text)) FROM (SELECT sensor % 2, date_trunc('hour', t)::timestamp, count(*), sum(v) FROM sealed GROUP BY 1, 2) whole;
PREPARE plain_hours AS SELECT md5(string_agg(whole::text, ',' ORDER BY whole::text)) FROM (SELECT sensor % 2, date_trunc('hour', t)::timestamp, count(*), sum(v) FROM plain GROUP BY 1, 2) whole;
SET plan_cache_mode = force_generic_plan;
CREATE TABLE digests (run int, side text, digest text);
CREATE PROCEDURE keep(run int, side text, question text) LANGUAGE plpgsql AS $$
DECLARE digest text;
BEGIN
	EXECUTE question INTO digest;
	INSERT INTO digests VALUES (run, side, digest);
END $$;
SET timezone = 'Asia/Kathmandu'; CALL keep(1, 'sealed', 'EXECUTE hours'); CALL keep(1, 'plain', 'EXECUTE plain_hours');
SET timezone = 'Europe/Paris'; CALL keep(2, 'sealed', 'EXECUTE hours'); CALL keep(2, 'plain', 'EXECUTE plain_hours');
SET timezone = 'UTC'; CALL keep(3, 'sealed', 'EXECUTE hours'); CALL keep(3, 'plain', 'EXECUTE plain_hours');
SELECT run, count(DISTINCT digest) FROM digests GROUP BY run ORDER BY run;
SELECT count(DISTINCT digest) FROM digests;

-- buckets that depend on a row outside are other ones each time
SELECT sum(differs) FROM (SELECT minutes, (SELECT count(*) FROM (
	(SELECT date_bin(minutes * interval '1 minute', t, '2000-01-01'), sensor, count(*), sum(v) FROM sealed GROUP BY 1, 2)
	EXCEPT ALL (SELECT date_bin(minutes * interval '1 minute', t, '2000-01-01'), sensor, count(*), sum(v) FROM plain GROUP BY 1, 2)) d) AS differs
	FROM (VALUES (1), (10), (60), (7)) m(minutes)) each;

-- workers
SET max_parallel_workers_per_gather = 2; SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0;
SELECT count(*) FILTER (WHERE alone AND sensors AND names AND codes AND range AND joined) AS equal, count(*) FROM answers WHERE id < 7;
DROP SCHEMA vector_cuts CASCADE;
