-- the first and the last row of an entity, from zone maps and summaries: bit for bit what decoding gives
SET timezone = 'UTC';
SET max_parallel_workers_per_gather = 0;
SET territory.segment_rows = 8000;
CREATE TABLE ends (sensor int, t timestamptz, i2 int2, i8 int8, f4 float4, f8 float8, n numeric, b bool, d date, o oid, s text,
	PRIMARY KEY (sensor, t)) USING territory;
INSERT INTO ends
	SELECT s, '2026-01-01'::timestamptz + i * interval '1 minute',
		(i % 7 - 3)::int2, -i * 1000000007::int8,
		CASE WHEN i % 1439 = 0 THEN 'NaN' WHEN i % 5 = 0 THEN '-0'::float4 ELSE i / 8.0::float4 END,
		CASE s % 6 WHEN 1 THEN '-0'::float8 WHEN 2 THEN 'NaN' WHEN 3 THEN '-Infinity' ELSE i / 100.0::float8 END,
		CASE s % 5 WHEN 1 THEN i / 100.0 WHEN 2 THEN i WHEN 3 THEN (i || '.' || repeat('0', i % 3 + 1))::numeric
			ELSE 'NaN' END,
		i % 2 = 0, '2026-01-01'::date + i % 400, (4000000000 + i)::oid, repeat('x', i % 50)
	FROM generate_series(1, 12) s, generate_series(0, 3000) i;
-- nulls at the ends, and of a whole entity
UPDATE ends SET f8 = NULL, n = NULL, s = NULL WHERE t = '2026-01-01' AND sensor = 4;
UPDATE ends SET i2 = NULL, f4 = NULL, b = NULL WHERE t = '2026-01-03 02:00' AND sensor = 5;
UPDATE ends SET i8 = NULL, o = NULL, s = NULL WHERE sensor = 6;
ALTER TABLE ends ADD COLUMN later int DEFAULT 7;
CREATE TABLE ends_heap AS SELECT * FROM ends;
ALTER TABLE ends_heap ADD PRIMARY KEY (sensor, t);
CREATE TABLE ends_entities AS SELECT generate_series(0, 14) AS sensor;
VACUUM ANALYZE ends, ends_heap, ends_entities;
SELECT rows FROM territory.seal('ends');

-- columns: which; direction, and how many rows of each entity
CREATE FUNCTION ends_differ(columns text, direction text, n int) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
	query text := format('SELECT e.sensor AS entity, record_send(r) AS bits FROM ends_entities e, LATERAL
		(SELECT %s FROM TABLE_NAME x WHERE x.sensor = e.sensor ORDER BY t %s LIMIT %s) r', columns, direction, n);
	result bigint;
BEGIN
	EXECUTE format('SELECT count(*) FROM ((%1$s EXCEPT ALL %2$s) UNION ALL (%2$s EXCEPT ALL %1$s)) differ',
		replace(query, 'TABLE_NAME', 'ends'), replace(query, 'TABLE_NAME', 'ends_heap')) INTO result;
	RETURN result;
END $$;
SELECT columns, direction, n, ends_differ(columns, direction, n)
	FROM unnest(ARRAY['sensor, t, i2, i8, f8', '*', 'f4, n, s', 'b, d, o, later', 't']) columns,
		unnest(ARRAY['', 'DESC']) direction, unnest(ARRAY[1, 2, 5000]) n
	ORDER BY columns COLLATE "C", direction COLLATE "C", n;

-- what is read: nothing but summaries, until a second row is asked for
CREATE FUNCTION ends_read(query text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	line text;
BEGIN
	FOR line IN EXECUTE 'EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF) ' || query LOOP
		IF line ~ '(Blocks Read|Blocks Answered)' THEN
			RETURN NEXT trim(line);
		END IF;
	END LOOP;
END $$;
SELECT ends_read('SELECT sensor, t, i2, i8, f8 FROM ends WHERE sensor = 4 ORDER BY t DESC LIMIT 1');
SELECT ends_read('SELECT sensor, t, i2, i8, f8 FROM ends WHERE sensor = 4 ORDER BY t DESC LIMIT 2');
SELECT ends_read('SELECT sensor, t, s FROM ends WHERE sensor = 4 ORDER BY t DESC LIMIT 1');
SELECT ends_read('SELECT sensor, t, i2 FROM ends WHERE sensor = 4 AND f8 < 20 ORDER BY t DESC LIMIT 1');

-- more orders, a cursor that goes on, and a join that merges
SELECT sensor, t, f8 FROM ends WHERE sensor = 7 ORDER BY sensor DESC, t DESC LIMIT 2;
SELECT sensor, t, f8 FROM ends WHERE sensor IN (7, 8) ORDER BY t, sensor LIMIT 3;
BEGIN;
DECLARE c CURSOR FOR SELECT sensor, t, i8 FROM ends WHERE sensor = 8 ORDER BY t DESC;
FETCH 1 FROM c;
FETCH 2 FROM c;
MOVE ALL IN c;
COMMIT;
SET work_mem = '64kB';
SELECT count(*), md5(string_agg(record_send(r)::text, ',')) = (SELECT md5(string_agg(record_send(h)::text, ',')) FROM
		(SELECT sensor, t, f8, s FROM ends_heap ORDER BY t, sensor) h) AS equal
	FROM (SELECT sensor, t, f8, s FROM ends ORDER BY t, sensor) r;
RESET work_mem;

-- rows that are gone, or came back, for every snapshot
BEGIN ISOLATION LEVEL REPEATABLE READ;
DELETE FROM ends WHERE sensor IN (1, 2) AND t = '2026-01-03 02:00';
DELETE FROM ends_heap WHERE sensor IN (1, 2) AND t = '2026-01-03 02:00';
UPDATE ends SET f8 = 17 WHERE sensor = 3 AND t >= '2026-01-03 01:58';
UPDATE ends_heap SET f8 = 17 WHERE sensor = 3 AND t >= '2026-01-03 01:58';
SELECT ends_differ('*', 'DESC', 1), ends_differ('*', 'DESC', 3), ends_differ('*', '', 1);
SELECT sensor, t FROM ends WHERE sensor = 1 ORDER BY t DESC LIMIT 1;
ROLLBACK;
SELECT sensor, t FROM ends WHERE sensor = 1 ORDER BY t DESC LIMIT 1;
DELETE FROM ends WHERE sensor = 1 AND t > '2026-01-01 10:00';
DELETE FROM ends_heap WHERE sensor = 1 AND t > '2026-01-01 10:00';
INSERT INTO ends (sensor, t, f8) SELECT 2, '2026-01-05', 5;
INSERT INTO ends_heap (sensor, t, f8, later) SELECT 2, '2026-01-05', 5, 7;
SELECT ends_differ('*', 'DESC', 1), ends_differ('*', 'DESC', 3), ends_differ('*', '', 1);
ALTER TABLE ends ALTER i8 TYPE numeric, DROP COLUMN b;
ALTER TABLE ends_heap ALTER i8 TYPE numeric, DROP COLUMN b;
SELECT ends_differ('*', 'DESC', 1), ends_differ('*', 'DESC', 3), ends_differ('*', '', 1);
SELECT count(*) FROM ((SELECT record_send(r) FROM (SELECT DISTINCT ON (sensor) * FROM ends ORDER BY sensor, t DESC) r)
	EXCEPT (SELECT record_send(r) FROM (SELECT DISTINCT ON (sensor) * FROM ends_heap ORDER BY sensor, t DESC) r)) differ;
DROP TABLE ends, ends_heap, ends_entities;
DROP FUNCTION ends_differ, ends_read;
-- ranges of times that have a constant stride, or none, before and after this is known
CREATE TABLE strides (kind int, t timestamptz, d date, v int) USING territory;
SELECT territory.set_layout('strides', entity_columns => '{kind}', time_column => 't');
INSERT INTO strides SELECT k, CASE k WHEN 1 THEN '2026-01-01'::timestamptz + i * interval '1 minute'
		WHEN 2 THEN '2026-01-01'::timestamptz + i * interval '1 minute' + i % 3 * interval '1 second'
		WHEN 3 THEN CASE i WHEN 0 THEN '-infinity' WHEN 700 THEN 'infinity' ELSE '2026-01-01'::timestamptz + i * interval '1 minute' END
		WHEN 4 THEN '2026-01-01'
		WHEN 5 THEN '2026-01-01'::timestamptz + i * interval '7 microseconds' END, '2026-01-01'::date + i, i
	FROM generate_series(1, 5) k, generate_series(0, 700) i;
INSERT INTO strides VALUES (6, '2026-01-01 00:05', '2026-01-01', 0), (7, '2026-01-01', '2026-01-01', 0), (7, '2026-01-01 00:07', '2026-01-01', 1);
CREATE TABLE strides_heap AS SELECT * FROM strides;
SELECT rows FROM territory.seal('strides');
CREATE FUNCTION strides_differ(low timestamptz, high timestamptz) RETURNS bigint LANGUAGE sql BEGIN ATOMIC
	SELECT count(*) FROM (((SELECT kind, t, v FROM strides WHERE t >= low AND t < high) EXCEPT ALL
			(SELECT kind, t, v FROM strides_heap WHERE t >= low AND t < high))
		UNION ALL ((SELECT kind, t, v FROM strides_heap WHERE t > low AND t <= high) EXCEPT ALL
			(SELECT kind, t, v FROM strides WHERE t > low AND t <= high))
		UNION ALL ((SELECT kind, min(t), sum(v) FROM strides_heap WHERE t BETWEEN low AND high GROUP BY kind) EXCEPT ALL
			(SELECT kind, min(t), sum(v) FROM strides WHERE t BETWEEN low AND high GROUP BY kind))) differ;
END;
SELECT sum(strides_differ(low, low + width)) FROM generate_series(1, 2) again,
	unnest('{-infinity, 2025-12-31 23:59:59, 2026-01-01, 2026-01-01 00:00:00.000007, 2026-01-01 00:00:00.00001, 2026-01-01 00:05,
		2026-01-01 00:05:00.000001, 2026-01-01 11:39:59, 2026-01-01 11:40, 2026-01-01 11:40:00.000001, infinity}'::timestamptz[]) low,
	unnest('{0, 1 microsecond, 7 microseconds, 59 seconds, 1 minute, 61 seconds, 6 hours, 1 day}'::interval[]) width;
SELECT sum(strides_differ(low, 'infinity') + strides_differ('-infinity', low)) FROM generate_series(1, 2) again,
	unnest('{-infinity, 2026-01-01, 2026-01-01 00:05, 2026-01-01 11:40, infinity}'::timestamptz[]) low;
DROP FUNCTION strides_differ;
DROP TABLE strides, strides_heap;
