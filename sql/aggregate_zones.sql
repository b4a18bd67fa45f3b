-- Days of another zone than the table's, answered from summaries of both sides of a block.
SET client_min_messages = warning;
SET timezone = 'UTC';
CREATE TABLE z_heap (sensor int, t timestamptz, i2 int2, i8 int8, yes bool, f4 float4, f8 float8, gaps float8, odd float8, zero float8, dec numeric(8,2), mixed numeric, k text, hole text, day date, local timestamp);
-- a reading every three or five minutes: both changes of the clocks in Paris of 2026, each before the end of a month; those of Lord Howe, of half an hour, between
INSERT INTO z_heap SELECT s, t, i % 7 - 3, (i - 3000) * 4000000000000::bigint, i % 3 = 0, i / 4.0, sin(i * s) * 20, CASE WHEN i % 3 = 0 OR i BETWEEN 900 AND 1500 THEN NULL ELSE i / 8.0 END,
	CASE WHEN i = 700 THEN 'NaN' WHEN i = 2100 THEN 'Infinity' WHEN i = 3300 THEN '-Infinity' WHEN i % 500 = 0 THEN '1e300' ELSE i::float8 END, CASE WHEN i % 2 = 0 THEN '-0'::float8 ELSE 0 END,
	i / 3.0, CASE WHEN i % 900 = 0 THEN i / 7.0 ELSE (i / 8.0)::numeric(9, 3) END, 'k' || s, CASE WHEN i % 5 > 0 THEN 'h' END, t::date, t AT TIME ZONE 'UTC'
FROM generate_series(1, 3) s, generate_series(1, 5000) i,
	LATERAL (SELECT CASE WHEN i <= 2500 THEN '2026-03-28 00:01Z'::timestamptz + i * interval '3 min' ELSE '2026-10-24 00:01Z'::timestamptz + (i - 2500) * interval '5 min' END AS t) x;
CREATE FUNCTION make(name text, zone text, other text, entity name DEFAULT 'sensor') RETURNS SETOF text LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE format('CREATE TABLE %1$I (LIKE z_heap) USING territory WITH (autovacuum_enabled = off)', name);
	PERFORM territory.set_layout(name::regclass, entity_columns => ARRAY[entity], time_column => 't', time_zone => zone, other_zone => other);
	EXECUTE format('INSERT INTO %1$I SELECT * FROM z_heap ORDER BY k DESC, i8 %% 777', name);
	PERFORM territory.seal(name::regclass);
	EXECUTE format('ANALYZE %1$I', name);
	RETURN QUERY SELECT v.problem FROM territory.verify(name::regclass) v WHERE NOT v.ok;
END $$;
SELECT make('paris', 'Europe/Paris', NULL);
SELECT make('utc', 'UTC', 'Europe/Paris');
SELECT make('howe', 'Australia/Lord_Howe', 'Asia/Kathmandu', entity => 'k');
SELECT make('alone', 'Europe/Paris', 'Europe/Paris');
CREATE FUNCTION twin(query text, name text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
	differ bigint;
BEGIN
	EXECUTE format('SELECT count(*) FROM ((SELECT x::text FROM (%1$s) x EXCEPT ALL SELECT x::text FROM (%2$s) x) UNION ALL
		(SELECT x::text FROM (%2$s) x EXCEPT ALL SELECT x::text FROM (%1$s) x)) d',
		replace(query, 'TABLE', 'z_heap'), replace(query, 'TABLE', name)) INTO differ;
	RETURN differ;
END $$;
-- blocks read : answered from summaries
CREATE FUNCTION answered(query text, name text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	line text;
	result text;
BEGIN
	FOR line IN EXECUTE 'EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF) ' || replace(query, 'TABLE', name) LOOP
		IF line ~ 'Blocks (Answered|Read)' THEN
			result := concat_ws(':', result, substring(line FROM '\d+'));
		END IF;
	END LOOP;
	RETURN result;
END $$;
SET max_parallel_workers_per_gather = 0;
CREATE TABLE queries (id int GENERATED ALWAYS AS IDENTITY, query text);
INSERT INTO queries (query) VALUES
	('SELECT date_trunc(''day'', t) AS d, count(*), sum(i2), avg(i2), min(i2), max(i2), sum(i8), avg(i8), min(i8), max(i8), min(t), max(t), count(yes), min(day), max(local) FROM TABLE GROUP BY d'),
	('SELECT date_trunc(''day'', t) AS d, min(f4), max(f4), min(f8), max(f8), round(sum(f8)::numeric, 9), round(avg(f8)::numeric, 9), round(stddev(f8)::numeric, 9), round(var_pop(f4)::numeric, 6) FROM TABLE GROUP BY d'),
	('SELECT date_trunc(''day'', t) AS d, count(gaps), sum(gaps), min(gaps), max(gaps), count(k), count(hole), sum(dec), avg(dec), min(dec), max(dec) FROM TABLE GROUP BY d'),
	('SELECT date_trunc(''day'', t) AS d, sum(odd), min(odd), max(odd), count(odd) FROM TABLE GROUP BY d'),
	('SELECT date_trunc(''day'', t) AS d, sum(zero), min(zero), max(zero), sum(mixed), min(mixed), max(mixed) FROM TABLE GROUP BY d'),
	('SELECT date_trunc(''day'', t) AS d, sensor, k, count(*), max(f8) FROM TABLE GROUP BY 1, 2, 3'),
	('SELECT t::date AS d, count(*), max(f8) FROM TABLE GROUP BY d'),
	('SELECT to_char(t, ''YYYY-MM-DD'') AS d, count(*), max(f8) FROM TABLE GROUP BY d'),
	('SELECT date_trunc(''day'', t)::text AS d, sensor, count(*), max(f8) FROM TABLE GROUP BY 1, 2'),
	('SELECT date_trunc(''week'', t) AS d, count(*), max(f8) FROM TABLE GROUP BY d'),
	('SELECT date_trunc(''month'', t) AS d, count(*), max(f8) FROM TABLE GROUP BY d'),
	('SELECT date_trunc(''year'', t) AS d, count(*), max(f8) FROM TABLE GROUP BY d'),
	('SELECT count(*), max(f8), min(t) FROM TABLE WHERE t >= ''2026-03-30'' AND t < ''2026-10-25'''),
	('SELECT sensor, count(*), max(f8), min(t) FROM TABLE WHERE t >= ''2026-03-29'' AND t < ''2026-03-30'' GROUP BY sensor'),
	('SELECT count(*), max(f8), min(t) FROM TABLE WHERE t::date = ''2026-10-25'''),
	('SELECT count(*), max(f8), min(t) FROM TABLE WHERE t > ''2026-03-30'' AND f8 < 1000'),
	('SELECT date_trunc(''day'', t) AS d, count(*), max(f8) FROM TABLE WHERE i2 < 4 AND sensor IN (1, 2) GROUP BY d'),
	('SELECT s.name, date_trunc(''day'', r.t) AS d, count(*), max(f8) FROM TABLE r JOIN (VALUES (1, ''a''), (2, ''b''), (2, ''c''), (4, ''d'')) s (id, name) ON s.id = r.sensor GROUP BY 1, 2'),
	('SELECT date_trunc(''day'', t) AS d, max(f8) FROM TABLE GROUP BY d ORDER BY d DESC LIMIT 2'),
	('SELECT date_trunc(''day'', t) AS d, count(*) FROM TABLE GROUP BY d HAVING max(f8) > 19.99'),
	('SELECT date_trunc(''hour'', t) AS d, count(*), max(f8) FROM TABLE GROUP BY d');
CREATE VIEW everywhere AS
SELECT id, n.name, twin(query, n.name) AS twin, answered(query, n.name) AS answered FROM queries, (VALUES ('paris'), ('utc'), ('howe'), ('alone')) n (name);
CREATE VIEW differences AS SELECT id, name, twin FROM everywhere WHERE twin <> 0;
SELECT id, max(answered) FILTER (WHERE name = 'paris') AS paris, max(answered) FILTER (WHERE name = 'alone') AS alone, max(answered) FILTER (WHERE name = 'utc') AS utc, sum(twin) AS differences
FROM everywhere GROUP BY id ORDER BY id;
SET timezone = 'Europe/Paris';
SELECT id, max(answered) FILTER (WHERE name = 'paris') AS paris, max(answered) FILTER (WHERE name = 'utc') AS utc, sum(twin) AS differences FROM everywhere GROUP BY id ORDER BY id;
SET timezone = 'Asia/Kathmandu';
SELECT id, max(answered) FILTER (WHERE name = 'howe') AS howe, sum(twin) AS differences FROM everywhere WHERE id IN (1, 6, 7, 10, 11) GROUP BY id ORDER BY id;
SET timezone = 'Australia/Lord_Howe';
SELECT * FROM differences;
SET timezone = 'America/St_Johns';
SELECT * FROM differences;
-- a zone that the expression names
SET timezone = 'Europe/Paris';
SELECT q.query, n.name, twin(query, n.name), answered(query, n.name) FROM (VALUES ('paris'), ('utc')) n (name),
	(VALUES ('SELECT date_trunc(''day'', t, ''UTC'') AS d, count(*), max(f8) FROM TABLE GROUP BY d'),
		('SELECT date_bin(''1 day'', t, ''2000-01-01 00:00Z'') AS d, count(*), max(f8) FROM TABLE GROUP BY d'),
		('SELECT territory.time_bucket(''1 day'', t, timezone => ''UTC'') AS d, count(*), max(f8) FROM TABLE GROUP BY d'),
		('SELECT (t AT TIME ZONE ''UTC'')::date AS d, count(*), max(f8) FROM TABLE GROUP BY d'),
		('SELECT date_trunc(''month'', t AT TIME ZONE ''UTC'') AS d, count(*), max(f8) FROM TABLE GROUP BY d')) q (query) ORDER BY 1, 2;
SET timezone = 'UTC';
-- expressions that fail do so for rows that are there, and parameters
SELECT DISTINCT 1 / (date_trunc('day', t)::date - '2026-03-29'::date) FROM paris;
SET plan_cache_mode = force_generic_plan;
PREPARE q(text, timestamptz) AS SELECT date_trunc('day', t, $1) AS d, count(*), max(f8) FROM paris WHERE t >= $2 GROUP BY d ORDER BY d;
EXECUTE q('UTC', '2026-10-31');
EXECUTE q('Europe/Paris', '2026-10-31');
EXECUTE q('UTC', NULL);
RESET plan_cache_mode;
-- rows that are dead for a snapshot, on either side
CREATE TABLE dead AS SELECT t FROM z_heap WHERE sensor = 1 AND (t BETWEEN '2026-03-29 23:30Z' AND '2026-03-29 23:50Z' OR t BETWEEN '2026-10-26 02:00Z' AND '2026-10-26 02:20Z');
SELECT count(*) FROM dead;
BEGIN;
DECLARE before CURSOR FOR SELECT date_trunc('day', t) AS d, count(*), sum(i2) FROM paris WHERE t < '2026-03-31' GROUP BY d ORDER BY d;
DELETE FROM paris WHERE sensor = 1 AND t IN (SELECT t FROM dead);
SELECT date_trunc('day', t) AS d, count(*), sum(i2) FROM paris WHERE t < '2026-03-31' GROUP BY d ORDER BY d;
SELECT answered(query, 'paris') FROM queries WHERE id = 1;
FETCH ALL FROM before;
ROLLBACK;
SELECT answered(query, 'paris'), twin(query, 'paris') FROM queries WHERE id = 1;
DELETE FROM z_heap WHERE sensor = 1 AND t IN (SELECT t FROM dead);
DELETE FROM paris WHERE sensor = 1 AND t IN (SELECT t FROM dead);
DELETE FROM utc WHERE sensor = 1 AND t IN (SELECT t FROM dead);
DELETE FROM howe WHERE sensor = 1 AND t IN (SELECT t FROM dead);
DELETE FROM alone WHERE sensor = 1 AND t IN (SELECT t FROM dead);
SELECT * FROM differences;
SET timezone = 'Europe/Paris';
SELECT * FROM differences;
SET timezone = 'UTC';
-- compacted, and topped up by late rows, beside segments whose blocks have no sides
SELECT rows FROM territory.compact('paris');
SELECT answered(query, 'paris') FROM queries WHERE id = 1;
INSERT INTO z_heap SELECT sensor, t + interval '9 days', i2, i8, yes, f4, f8, gaps, odd, zero, dec, mixed, k, hole, day, local FROM z_heap WHERE t > '2026-10-26';
INSERT INTO paris SELECT * FROM z_heap WHERE t > '2026-11-03 21:00Z';
INSERT INTO utc SELECT * FROM z_heap WHERE t > '2026-11-03 21:00Z';
INSERT INTO howe SELECT * FROM z_heap WHERE t > '2026-11-03 21:00Z';
INSERT INTO alone SELECT * FROM z_heap WHERE t > '2026-11-03 21:00Z';
SELECT * FROM differences;
SELECT territory.set_layout('alone', entity_columns => '{sensor}', time_column => 't', time_zone => 'Europe/Paris', other_zone => 'UTC');
SELECT count(*) FROM (VALUES ('paris'), ('utc'), ('howe'), ('alone')) n (name), LATERAL territory.seal(name::regclass);
SELECT * FROM differences;
SELECT name, v.* FROM (VALUES ('paris'), ('utc'), ('howe'), ('alone')) n (name), LATERAL territory.verify(name::regclass) v WHERE NOT v.ok;
SELECT answered(query, 'paris') AS paris, answered(query, 'alone') AS alone FROM queries WHERE id = 1;
SET timezone = 'Europe/Paris';
SELECT * FROM differences;
SET timezone = 'UTC';
-- columns that came later, went, or changed their type
ALTER TABLE paris ADD COLUMN added int;
ALTER TABLE z_heap ADD COLUMN added int;
SELECT twin('SELECT date_trunc(''day'', t) AS d, max(f8), count(added), min(added), sum(i2) FROM TABLE GROUP BY d', 'paris') AS added,
	twin('SELECT date_trunc(''day'', t) AS d, max(f8), sum(added) FROM TABLE WHERE added IS NULL GROUP BY d', 'paris') AS asked;
ALTER TABLE paris ADD COLUMN late int DEFAULT 7, DROP COLUMN yes, ALTER COLUMN local TYPE timestamptz;
ALTER TABLE z_heap ADD COLUMN late int DEFAULT 7, DROP COLUMN yes, ALTER COLUMN local TYPE timestamptz;
SELECT twin('SELECT date_trunc(''day'', t) AS d, late, count(late), sum(late), max(local) FROM TABLE GROUP BY d, late', 'paris');
-- sides are there without the column that tells where they are
ALTER TABLE utc DROP COLUMN t;
SELECT bool_and(ok) FROM territory.verify('utc');
SELECT count(*), count(dec), min(f8), max(i8) FROM utc;
-- values at the ends of their types, which one side has and the other has not, and sides without values
CREATE TABLE edges_heap (e int, t timestamptz, i8 int8, i2 int2, f8 float8, f4 float4, tiny float8, n numeric, wide numeric, late float8, early int, at timestamptz);
INSERT INTO edges_heap SELECT e, t, CASE i % 5 WHEN 0 THEN -9223372036854775808 WHEN 1 THEN 9223372036854775807 ELSE i END, CASE WHEN (i + e) % 300 < 150 THEN -32768 ELSE 32767 END,
	CASE WHEN i % 2 = 0 THEN 1e308 ELSE -1e308 END * CASE WHEN e = 1 THEN 1 ELSE 0.5 END, CASE WHEN (i + e) % 300 < 150 THEN 3.4e38 ELSE -1e-45 END, CASE WHEN i % 700 < 600 THEN 4.9e-324 ELSE -1e-300 END,
	(i % 13 - 6) * 1000000000000.000001, CASE WHEN i % 100 = 0 THEN 1e30 ELSE i END, CASE WHEN extract(hour FROM t AT TIME ZONE 'Europe/Paris') >= 2 THEN 7 / (1.0 + i) END,
	CASE WHEN extract(hour FROM t AT TIME ZONE 'Europe/Paris') < 1 THEN i END, CASE WHEN i % 100 = 0 THEN 'infinity' WHEN i % 100 = 1 THEN '-infinity' ELSE t END
FROM generate_series(1, 2) e, generate_series(0, 999) i, LATERAL (SELECT '2026-10-24 22:00Z'::timestamptz + i * interval '4 min' AS t) x;
CREATE TABLE edges (LIKE edges_heap) USING territory;
SELECT territory.set_layout('edges', entity_columns => '{e}', time_column => 't', time_zone => 'Europe/Paris');
INSERT INTO edges SELECT * FROM edges_heap;
SELECT rows FROM territory.seal('edges');
SELECT bool_and(ok) FROM territory.verify('edges');
CREATE FUNCTION edge(query text) RETURNS text LANGUAGE plpgsql SET extra_float_digits = -3 AS $$
DECLARE
	differ bigint;
BEGIN
	EXECUTE format('SELECT count(*) FROM (SELECT x::text FROM (%s) x EXCEPT ALL SELECT x::text FROM (%s) x) d',
		replace(query, 'TABLE', 'edges_heap'), replace(query, 'TABLE', 'edges')) INTO differ;
	RETURN format('%s differ, %s', differ, answered(query, 'edges'));
EXCEPTION WHEN numeric_value_out_of_range THEN
	RETURN SQLERRM;
END $$;
SELECT c, edge(format('SELECT date_trunc(''day'', t) AS d, e, count(*), count(%1$I), min(%1$I), max(%1$I) FROM TABLE GROUP BY 1, 2', c)) AS range,
	CASE WHEN c <> 'at' THEN edge(format('SELECT date_trunc(''day'', t) AS d, e, sum(%1$I) FROM TABLE GROUP BY 1, 2', c)) END AS sum,
	CASE WHEN c <> 'at' THEN edge(format('SELECT date_trunc(''day'', t) AS d, e, avg(%1$I) FROM TABLE GROUP BY 1, 2', c)) END AS avg
FROM unnest('{i8,i2,f8,f4,tiny,n,wide,late,early,at}'::text[]) c;
-- in parallel
SET max_parallel_workers_per_gather = 2; SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0;
SELECT id, twin(query, 'paris') FROM queries WHERE id NOT IN (1, 5) AND twin(query, 'paris') <> 0;
RESET ALL;
DROP VIEW differences, everywhere;
DROP TABLE paris, utc, howe, alone, dead, queries, z_heap, edges, edges_heap;
DROP FUNCTION make, twin, answered, edge;
