-- Blocks and segments answered from their summaries: the same results, and how much is read for them.
SET client_min_messages = warning;
SET timezone = 'UTC';
SET territory.segment_rows = 4000;
CREATE TABLE b_heap (sensor int, t timestamptz, local timestamp, day date, i2 int2, i4 int4, i8 int8, f4 float4, f8 float8, gaps float8, odd float8, k text);
CREATE TABLE b (LIKE b_heap INCLUDING ALL) USING territory WITH (autovacuum_enabled = off);
SELECT territory.set_layout('b', entity_columns => '{sensor}', time_column => 't');
-- the changes of the clocks in St John's of 2006, one minute after midnight, and in Paris of 2026; Lord Howe's of half an hour between
INSERT INTO b_heap SELECT s, t, t AT TIME ZONE 'UTC', t::date, i % 7 - 3, i - 3000, i * 4000000000::bigint, i / 4.0, i / 8.0,
	CASE WHEN i % 3 = 0 THEN i END, CASE WHEN s = 1 THEN '-0' WHEN i = 2000 THEN 'NaN' WHEN i = 2001 THEN '-Infinity' ELSE i::float8 END, 'k' || s
FROM generate_series(1, 2) s, generate_series(1, 5000) i,
	LATERAL (SELECT CASE WHEN i <= 2500 THEN '2006-10-28'::timestamptz ELSE '2026-03-28' END + i % 2500 * interval '2 min' AS t) x;
INSERT INTO b SELECT * FROM b_heap ORDER BY k DESC, i8 % 777;
SELECT segments FROM territory.seal('b');
ANALYZE b;
CREATE FUNCTION twin(query text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
	differ bigint;
BEGIN
	EXECUTE format('SELECT count(*) FROM ((SELECT whole::text FROM (%1$s) whole EXCEPT ALL SELECT whole::text FROM (%2$s) whole) UNION ALL
		(SELECT whole::text FROM (%2$s) whole EXCEPT ALL SELECT whole::text FROM (%1$s) whole)) d',
		replace(query, 'TABLE', 'b_heap'), replace(query, 'TABLE', 'b')) INTO differ;
	RETURN differ;
END $$;
-- what EXPLAIN ANALYZE says of summaries
CREATE FUNCTION answered(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	line text;
	result text;
BEGIN
	FOR line IN EXECUTE 'EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF) ' || replace(query, 'TABLE', 'b') LOOP
		IF line ~ '(Segments|Blocks) (Answered|Read)' THEN
			result := concat_ws(', ', result, btrim(line));
		END IF;
	END LOOP;
	RETURN result;
END $$;
CREATE TABLE queries (id int GENERATED ALWAYS AS IDENTITY, query text);
INSERT INTO queries (query) VALUES
	('SELECT count(*), count(gaps), count(k), min(t), max(t), min(local), max(day) FROM TABLE'),
	('SELECT sum(i2), sum(i4), avg(i2), avg(i4), min(i2), max(i4), min(i8), max(i8), min(f4), max(f4), min(f8), max(f8), sum(f8), round(avg(f8)::numeric, 6), round(avg(f4)::numeric, 6), round(stddev(f8)::numeric, 6), round(var_pop(f4)::numeric, 6), sum(gaps) FROM TABLE'),
	('SELECT count(*), sum(f8) FROM TABLE WHERE t >= ''2006-10-29'' AND t < ''2026-03-29'''),
	('SELECT count(*), sum(f8) FROM TABLE WHERE t::timestamptz >= ''2006-10-29''::date AND f8 < 500 AND i4 <> 4'),
	('SELECT count(*), sum(f8) FROM TABLE WHERE sensor = 1 AND i4 BETWEEN -3000 AND 5000'),
	('SELECT count(*), sum(f8) FROM TABLE WHERE gaps >= 0'),
	('SELECT count(*), sum(f8) FROM TABLE WHERE sensor IN (1, 2)'),
	('SELECT count(*), min(odd), max(odd) FROM TABLE'),
	('SELECT sum(odd), avg(odd), min(odd), max(odd), stddev(odd) FROM TABLE WHERE sensor = 1'),
	('SELECT sensor, sum(odd), min(odd), max(odd) FROM TABLE WHERE t < ''2006-10-29'' GROUP BY sensor'),
	('SELECT sensor, count(*), sum(i4), max(f8) FROM TABLE GROUP BY sensor'),
	('SELECT k, count(*) FROM TABLE GROUP BY k'),
	('SELECT day, count(*), min(f8), max(t) FROM TABLE GROUP BY day'),
	('SELECT date_trunc(''day'', t) AS d, count(*), min(f8), max(t) FROM TABLE GROUP BY d'),
	('SELECT date_trunc(''hour'', t) AS d, count(*), min(f8), max(t) FROM TABLE GROUP BY d'),
	('SELECT date_trunc(''month'', t) AS d, sensor, count(*), min(f8), max(t) FROM TABLE GROUP BY d, sensor'),
	('SELECT date_trunc(''day'', local) AS d, count(*), min(f8), max(t) FROM TABLE GROUP BY d'),
	('SELECT date_bin(''12 hours'', t, ''2020-01-01'') AS d, count(*), min(f8), max(t) FROM TABLE GROUP BY d'),
	('SELECT t::date AS d, local::date AS e, count(*), min(f8), max(t) FROM TABLE GROUP BY d, e'),
	('SELECT date_trunc(''day'', t, ''Europe/Paris'') AS d, count(*), min(f8), max(t) FROM TABLE GROUP BY d'),
	('SELECT count(*), sum(i4) FILTER (WHERE i4 > 0) FROM TABLE'),
	('SELECT sensor FROM TABLE GROUP BY sensor HAVING count(*) > 10 AND sum(i4) > 0');
SELECT id, twin(query), answered(query) FROM queries ORDER BY id;
-- every time zone
SET timezone = 'America/St_Johns';
SELECT id, twin(query), answered(query) FROM queries WHERE query LIKE '%date_trunc%' OR query LIKE '%date%' ORDER BY id;
SET timezone = 'Europe/Paris';
SELECT id, twin(query) FROM queries WHERE twin(query) <> 0;
SET timezone = 'Australia/Lord_Howe';
SELECT id, twin(query) FROM queries WHERE twin(query) <> 0;
SET timezone = 'XXX-3:30';
SELECT id, twin(query) FROM queries WHERE twin(query) <> 0;
SET timezone = 'UTC';
-- parameters
SET plan_cache_mode = force_generic_plan;
PREPARE q(timestamptz, timestamptz) AS SELECT count(*), sum(i4) FROM b WHERE t >= $1 AND t < $2;
EXECUTE q('2000-01-01', '2030-01-01');
EXECUTE q('2006-10-29', NULL);
EXECUTE q('infinity', '-infinity');
RESET plan_cache_mode;
SELECT d, (SELECT count(*) FROM b WHERE t < d + interval '1 day' AND t >= d) FROM generate_series('2006-10-28'::timestamptz, '2006-10-31', '1 day') d;
-- a deleted row is not in its block's summary; neither is one that only another snapshot sees
BEGIN;
DECLARE before CURSOR FOR SELECT count(*), sum(i4), max(i4), min(t) FROM b;
DELETE FROM b WHERE i4 IN (2000, -2999, 7);
SELECT count(*), sum(i4), max(i4), min(t) FROM b;
FETCH before;
SAVEPOINT s;
DELETE FROM b WHERE sensor = 2;
SELECT count(*), sum(i4), max(i4), min(t) FROM b;
ROLLBACK TO s;
SELECT count(*), sum(i4), max(i4), min(t) FROM b;
ROLLBACK;
SELECT count(*), sum(i4), max(i4), min(t) FROM b;
DELETE FROM b WHERE i4 IN (2000, -2999, 7); DELETE FROM b_heap WHERE i4 IN (2000, -2999, 7);
UPDATE b SET i4 = 5, t = t - interval '1 year', f8 = 8 WHERE i4 % 1000 = 1; UPDATE b_heap SET i4 = 5, t = t - interval '1 year', f8 = 8 WHERE i4 % 1000 = 1;
SELECT id, twin(query) FROM queries WHERE twin(query) <> 0;
SELECT answered(query) FROM queries WHERE id = 1;
-- locked rows are alive
SELECT count(*) FROM (SELECT FROM b WHERE i4 BETWEEN 10 AND 20 FOR UPDATE) x;
SELECT twin(query) FROM queries WHERE id = 1;
-- columns that came later, and whose type changed
ALTER TABLE b ADD COLUMN late int DEFAULT 7, ADD COLUMN later float8; ALTER TABLE b_heap ADD COLUMN late int DEFAULT 7, ADD COLUMN later float8;
SELECT twin('SELECT count(late), sum(late), avg(late), min(late), sum(later), count(later), min(later) FROM TABLE');
SELECT twin('SELECT late, count(*), sum(later) FROM TABLE WHERE late >= 7 GROUP BY late');
ALTER TABLE b ALTER COLUMN local TYPE timestamptz; ALTER TABLE b_heap ALTER COLUMN local TYPE timestamptz;
ALTER TABLE b ALTER COLUMN i4 TYPE int8; ALTER TABLE b_heap ALTER COLUMN i4 TYPE int8;
SELECT id, twin(query) FROM queries WHERE twin(query) <> 0;
SELECT segments FROM territory.seal('b');
SELECT id, twin(query) FROM queries WHERE twin(query) <> 0;
DROP TABLE b, b_heap, queries;
DROP FUNCTION twin, answered;
