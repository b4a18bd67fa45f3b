-- Group keys that are buckets of time: the same groups as PostgreSQL's own aggregation, evaluated by stretches instead of rows.
SET client_min_messages = warning; SET datestyle = 'ISO, YMD'; SET extra_float_digits = 0;
SET enable_indexscan = off; SET enable_bitmapscan = off; SET max_parallel_workers_per_gather = 0;
SET territory.segment_rows = 1500;
-- a sensor per change of a zone's offset, three days around it; and one over years
CREATE TABLE changes (sensor int, at timestamptz, zone text);
INSERT INTO changes VALUES
	(1, '2026-03-29 01:00+00', 'Europe/Paris'), (2, '2026-10-25 01:00+00', 'Europe/Paris'),
	(3, '1988-04-03 03:31+00', 'America/St_Johns'), (4, '1988-10-30 02:31+00', 'America/St_Johns'),
	(5, '2026-04-04 15:00+00', 'Australia/Lord_Howe'), (6, '2026-10-03 15:30+00', 'Australia/Lord_Howe'),
	(7, '2026-02-15 02:00+00', 'Africa/Casablanca'), (8, '2026-03-22 02:00+00', 'Africa/Casablanca'),
	(9, '1985-12-31 18:30+00', 'Asia/Kathmandu'), (10, '2011-12-30 10:00+00', 'Pacific/Apia'),
	(11, '1937-06-30 23:40:28+00', 'Europe/Amsterdam'), (12, '1911-03-10 23:50:39+00', 'Europe/Paris'),
	(13, '2018-11-04 03:00+00', 'America/Sao_Paulo'), (14, '1969-12-31 23:50+00', 'Europe/London'),
	(15, '2037-10-25 01:00+00', 'Europe/Paris'), (16, '1883-11-18 17:00+00', 'America/New_York');
CREATE TABLE b (sensor int NOT NULL, t timestamptz, ts timestamp, d date, i int, i8 bigint, v int) USING territory WITH (autovacuum_enabled = off);
SELECT territory.set_layout('b', entity_columns => '{sensor}', time_column => 't', time_zone => 'Europe/Paris');
INSERT INTO b SELECT sensor, x, x AT TIME ZONE 'UTC', (x AT TIME ZONE 'UTC')::date, n, n * 1000000007::bigint, n % 100
FROM changes, LATERAL (SELECT at + interval '37 min' * n + interval '7.123457 s' * (n % 13), n FROM generate_series(-120, 120) n) g(x, n);
-- just before, at and after the change and the hours around it, in each zone's own hours
INSERT INTO b SELECT sensor, x, x AT TIME ZONE 'UTC', (x AT TIME ZONE 'UTC')::date, n, n, n
FROM changes, LATERAL (SELECT at + interval '30 min' * n + u * interval '1 us', n FROM generate_series(-8, 8) n, generate_series(-1, 1) u) g(x, n);
INSERT INTO b SELECT 20, x, x AT TIME ZONE 'UTC', (x AT TIME ZONE 'UTC')::date, n, -n, n
FROM (SELECT '2024-12-20 00:00+00'::timestamptz + n * interval '9 hours 7 min', n FROM generate_series(0, 1400) n) g(x, n);
INSERT INTO b SELECT 30, x, x, x::date, 1, 1, 1 FROM unnest('{infinity,-infinity,NULL,0044-03-15 12:00:00+00 BC,0001-01-01 00:00:00+00,4700-01-01 00:00+00 BC,294276-12-30 00:00+00,1969-12-31 23:59:59.999999+00}'::timestamptz[]) x;
SELECT count(*) FROM territory.seal('b');
ANALYZE b;
CREATE FUNCTION digest_of(query text, node text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	result text;
BEGIN
	PERFORM set_config('territory.enable_aggregate', node, true);
	EXECUTE query INTO result;
	RETURN result;
EXCEPTION WHEN OTHERS THEN
	RETURN SQLERRM;
END $$;
-- a key's groups by the node and without it: equal, and how often the key was evaluated
CREATE FUNCTION twin(key text, filter text, OUT equal boolean, OUT groups bigint) LANGUAGE plpgsql AS $$
DECLARE
	query text := format('SELECT %s AS key, count(*), sum(v), min(t), max(t) FROM b WHERE %s GROUP BY 1', key, filter);
	digest text := format('SELECT count(*) || '' '' || md5(string_agg(whole::text, '','' ORDER BY whole::text)) FROM (%s) whole', query);
	plan jsonb;
	with_node text;
	without text;
BEGIN
	with_node := digest_of(digest, 'on');
	without := digest_of(digest, 'off');
	PERFORM set_config('territory.enable_aggregate', 'on', true);
	equal := with_node = without;
	groups := CASE WHEN without ~ '^[0-9]' THEN split_part(without, ' ', 1) END;
END $$;
-- is a key evaluated for less than a fifth of the rows of a dense table?
CREATE TABLE d (sensor int, t timestamptz, ts timestamp, d date, i int, i8 bigint, v int) USING territory WITH (autovacuum_enabled = off);
INSERT INTO d SELECT s, x, x AT TIME ZONE 'UTC', (x AT TIME ZONE 'UTC')::date, n, n, n
FROM generate_series(1, 2) s, generate_series(1, 20000) n, LATERAL (SELECT '2026-03-29 00:00+00'::timestamptz + n * interval '1 s') x(x);
SELECT count(*) FROM territory.seal('d');
ANALYZE d;
CREATE FUNCTION by_stretches(key text) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
	plan jsonb;
BEGIN
	EXECUTE format('EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF, FORMAT JSON) SELECT %s, count(*), sum(v) FROM d GROUP BY 1', key) INTO plan;
	RETURN (plan #>> '{0,Plan,Keys Evaluated}')::int * 5 < (SELECT count(*) FROM d);
END $$;
CREATE TABLE keys (id int GENERATED ALWAYS AS IDENTITY, key text);
INSERT INTO keys (key) VALUES
	('date_trunc(''hour'', t)'), ('date_trunc(''Day'', t)'), ('date_trunc(''week'', t)'), ('date_trunc(''month'', t)'), ('date_trunc(''quarter'', t)'),
	('date_trunc(''year'', t)'), ('date_trunc(''decade'', t)'), ('date_trunc(''minute'', t)'), ('date_trunc(''milliseconds'', t)'),
	('date_trunc(''day'', t, ''Europe/Paris'')'), ('date_trunc(''hour'', t, ''Australia/Lord_Howe'')'), ('date_trunc(''day'', t, ''America/St_Johns'')'),
	('date_trunc(''month'', t, ''EST'')'), ('date_trunc(''day'', t, ''msk'')'), ('date_trunc(''day'', ts)'), ('date_trunc(''week'', ts)'), ('date_trunc(''month'', d)'), ('date_trunc(''day'', d)'),
	('date_bin(''5 min'', t, ''2000-01-01'')'), ('date_bin(''90 min'', t, ''2050-01-01'')'), ('date_bin(''1 day'', ts, ''2001-01-01'')'),
	('t::date'), ('ts::date'), ('t::timestamp'), ('ts::timestamptz'), ('(t AT TIME ZONE ''Europe/Paris'')::date'), ('(ts AT TIME ZONE ''Europe/Paris'')::date'),
	('date_trunc(''day'', t AT TIME ZONE ''Europe/Paris'') AT TIME ZONE ''Europe/Paris'''), ('(t AT TIME ZONE interval ''-3 hours'')::date'),
	('(ts AT TIME ZONE ''UTC'' AT TIME ZONE ''Pacific/Apia'')::date'), ('date_trunc(''hour'', ts AT TIME ZONE ''America/St_Johns'')'), ('date_trunc(''hour'', d::timestamptz)'),
	('territory.time_bucket(''300.000s'', t)'), ('territory.time_bucket(''1 day'', t, ''Europe/Paris'')'), ('territory.time_bucket(''2 hours'', t, ''Australia/Lord_Howe'')'),
	('territory.time_bucket(''1 month'', t, ''Pacific/Apia'')'), ('territory.time_bucket(''3 months'', t, origin => ''2001-02-01 00:00+00'')'), ('territory.time_bucket(''1 week'', ts)'),
	('territory.time_bucket(''7 days'', t, ''Europe/Paris'', ''2026-01-01 03:00+00'')'), ('territory.time_bucket(''1 month'', d)'), ('territory.time_bucket(''10 days'', d, ''2026-01-01''::date)'),
	-- Grafana
	('floor(extract(epoch from t)/300)*300'), ('floor(extract(epoch from ts)/3600)*3600'), ('(floor(extract(epoch from t)/300)*300)::bigint'),
	('to_timestamp(floor(extract(epoch from t)/300)*300)'), ('floor((extract(epoch from t)-600)/86400)*86400+600'), ('extract(epoch from t)::bigint/900*900'), ('floor(date_part(''epoch'', t)/60)*60'),
	('round(extract(epoch from t)/7200)'), ('timestamp ''epoch'' + floor(extract(epoch from t)/1800) * interval ''30 minutes'''), ('to_timestamp((extract(epoch from t)::bigint / 3600) * 3600) AT TIME ZONE ''UTC'''),
	-- Superset
	('date_trunc(''hour'', t) + interval ''5 minutes'' * floor(extract(minute from t) / 5)'), ('date_trunc(''hour'', t) + interval ''10 minutes'' * floor(extract(minute from t) / 10)'),
	('date_trunc(''minute'', t) + interval ''15 seconds'' * floor(extract(second from t) / 15)'), ('date_trunc(''hour'', ts) + interval ''30 minutes'' * floor(extract(minute from ts) / 30)'),
	('date_trunc(''week'', t + interval ''1 day'') - interval ''1 day'''), ('date_trunc(''week'', ts + interval ''1 day'') + interval ''5 days'''), ('date_trunc(''day'', t - interval ''2 days 03:30'')'), ('date_trunc(''day'', t + interval ''1 month'')'),
	-- Metabase, Power BI, QGIS
	('date_trunc(''month'', CAST(t AS timestamp))'), ('CAST(date_trunc(''month'', CAST(t AS timestamp)) AS date)'), ('CAST(extract(hour from t) AS integer)'), ('extract(dow from t)'), ('extract(isodow from ts)'),
	('extract(month from t)'), ('extract(day from d)'), ('extract(year from t)'), ('extract(week from t)'), ('extract(isoyear from t)'), ('extract(doy from t AT TIME ZONE ''Europe/Paris'')'), ('extract(quarter from d)'), ('extract(timezone from t)'), ('extract(century from t)'),
	('(extract(isodow from t) + 6)::integer % 7'), ('CAST(ceil(extract(doy from CAST(t AS timestamp)) / 7.0) AS integer)'), ('to_char(t, ''YYYY-MM-DD'')'), ('to_char(t, ''YYYY-MM'')'), ('to_char(ts, ''HH24:MI'')'), ('to_char(t, ''FMMonth'')'), ('to_char(t, ''IYYY-IW'')'), ('to_char(t, ''HH24 OF'')'), ('to_char(t, ''US'')'),
	-- together, and of other columns
	('CASE WHEN extract(hour from t) BETWEEN 6 AND 21 THEN ''day'' ELSE ''night'' END'), ('coalesce(nullif(extract(dow from t), 0), 7)'), ('t::date - 5'), ('t::date::text'), ('extract(hour from t) * 60 + extract(minute from t)'), ('date_trunc(''day'', t) = date_trunc(''month'', t)'),
	('i / 100'), ('i % 10'), ('i8 / 1000000'), ('floor(i / 7.5)'), ('d'), ('d - 1'), ('sensor % 3'), ('''sensor '' || sensor'), ('extract(second from t)'), ('t + interval ''1 hour''');
SET timezone = 'UTC';
SELECT id, left(key, 60) AS key, x.*, by_stretches(key) FROM keys, twin(key, 'sensor < 30') x ORDER BY id;
-- ends of time, years before Christ, before 1970, no time at all: the same groups, or the same error
SELECT id, key, x.* FROM keys, twin(key, 'true') x WHERE NOT equal ORDER BY id;
-- in other zones: what depends on the session's
DELETE FROM keys WHERE key !~ 'date_trunc|::date|::timestamp|AS timestamp|extract|to_char|date_part' OR key ~ 'ts|epoch|extract\(.* from d\)|AT TIME ZONE|, ''';
SELECT count(*) FROM keys;
SET timezone = 'Europe/Paris'; SELECT id, key, x.* FROM keys, twin(key, 'sensor < 30') x WHERE NOT equal;
SELECT key FROM keys WHERE NOT by_stretches(key) ORDER BY id;
SET timezone = 'America/St_Johns'; SELECT id, key, x.* FROM keys, twin(key, 'sensor < 30') x WHERE NOT equal;
SET timezone = 'Australia/Lord_Howe'; SELECT id, key, x.* FROM keys, twin(key, 'sensor < 30') x WHERE NOT equal;
SET timezone = 'Africa/Casablanca'; SELECT id, key, x.* FROM keys, twin(key, 'sensor < 30') x WHERE NOT equal;
SET timezone = 'Asia/Kathmandu'; SELECT id, key, x.* FROM keys, twin(key, 'sensor < 30') x WHERE NOT equal;
SET timezone = 'Pacific/Apia'; SELECT id, key, x.* FROM keys, twin(key, 'sensor < 30') x WHERE NOT equal;
SET timezone = 'Europe/Amsterdam'; SELECT id, key, x.* FROM keys, twin(key, 'sensor < 30') x WHERE NOT equal;
SET timezone = 'America/Sao_Paulo'; SELECT id, key, x.* FROM keys, twin(key, 'sensor < 30') x WHERE NOT equal;
SET timezone = 'UTC';
-- with deleted, late and changed rows
DELETE FROM b WHERE i % 17 = 3; UPDATE b SET t = t + interval '4 min' WHERE i % 19 = 4;
SELECT id, key, x.* FROM keys, twin(key, 'sensor < 30') x WHERE NOT equal;
-- several keys, of which one moves slower
CREATE TABLE several AS SELECT date_trunc('day', t) AS a, sensor, extract(hour FROM t) AS b, floor(extract(epoch FROM t) / 300) * 300 AS c, count(*) AS n FROM b WHERE sensor < 30 GROUP BY 1, 2, 3, 4;
SET territory.enable_aggregate = off;
SELECT count(*) FROM (SELECT date_trunc('day', t) AS a, sensor, extract(hour FROM t) AS b, floor(extract(epoch FROM t) / 300) * 300 AS c, count(*) AS n FROM b WHERE sensor < 30 GROUP BY 1, 2, 3, 4
	EXCEPT ALL TABLE several) x;
SELECT count(*) FROM several;
RESET territory.enable_aggregate;
-- more stretches than are remembered, of keys that are passed by reference
SELECT count(*), sum(n), min(k), max(k) FROM (SELECT to_char(t, 'YYYY-MM-DD HH24:MI:SS') AS k, count(*) AS n FROM d GROUP BY 1) x;
SELECT count(*), sum(n), min(k), max(k) FROM (SELECT floor(extract(epoch FROM t)) AS k, to_char(t, 'HH24') AS h, count(*) AS n FROM d GROUP BY 1, 2) x;
-- nothing is evaluated that no row has: the time that does not fit is deleted, or excluded
CREATE TABLE o (sensor int, t timestamptz) USING territory WITH (autovacuum_enabled = off);
INSERT INTO o SELECT 1, '2038-01-15 00:00+00'::timestamptz + n * interval '1 hour' FROM generate_series(1, 90) n;
SELECT count(*) FROM territory.seal('o');
ANALYZE o;
SELECT extract(epoch FROM t)::int / 86400 AS day, count(*) FROM o GROUP BY 1 ORDER BY 1;
SELECT extract(epoch FROM t)::int / 86400 AS day, count(*) FROM o WHERE t < '2038-01-18 22:00+00' GROUP BY 1 ORDER BY 1;
SELECT extract(epoch FROM t)::int / 86400 AS day, count(*) FROM o WHERE t >= '2038-01-18 20:30+00' AND t < '2038-01-18 21:30+00' GROUP BY 1 ORDER BY 1;
INSERT INTO o SELECT 2, '2038-01-19 03:10:00+00'::timestamptz + n * interval '1 second' FROM generate_series(1, 300) n;
SELECT count(*) FROM territory.seal('o');
SELECT extract(epoch FROM t)::int / 86400 AS day, count(*) FROM o GROUP BY 1 ORDER BY 1;
DELETE FROM o WHERE t > '2038-01-19 03:14:07+00';
SELECT extract(epoch FROM t)::int / 86400 AS day, count(*) FROM o GROUP BY 1 ORDER BY 1;
-- a divisor that is zero at a time that no row has; a branch that no row takes
SELECT 100 / extract(hour FROM t)::int AS part, count(*) FROM o WHERE extract(hour FROM t) > 21 GROUP BY 1 ORDER BY 1;
SELECT CASE WHEN t < '2000-01-01' THEN date_trunc('fortnight', t) WHEN t < '2001-01-01' THEN t + interval '290000 years' ELSE date_trunc('month', t) END AS month, count(*) FROM o GROUP BY 1;
-- parameters: the unit, the width, the zone; changed from one execution, or one row of a join, to the next
SET plan_cache_mode = force_generic_plan;
PREPARE p(text, interval, text) AS SELECT date_trunc($1, t, $3) AS a, date_bin($2, t, 'epoch') AS b, count(*) FROM b WHERE sensor = 2 GROUP BY 1, 2 ORDER BY 1, 2 LIMIT 3;
EXPLAIN (COSTS OFF) EXECUTE p('hour', '15 min', 'UTC');
EXECUTE p('hour', '15 min', 'UTC'); EXECUTE p('day', '3 hours', 'Europe/Paris'); EXECUTE p('day', '3 hours', 'Asia/Kathmandu'); EXECUTE p(NULL, '1 day', 'UTC');
PREPARE s AS SELECT t::date AS day, count(*) FROM b WHERE sensor = 20 AND t >= '2025-01-01' AND t < '2025-01-04' GROUP BY 1 ORDER BY 1;
EXECUTE s; SET timezone = 'Asia/Tokyo'; EXECUTE s; SET timezone = 'America/Los_Angeles'; EXECUTE s; RESET timezone; SET timezone = 'UTC';
RESET plan_cache_mode;
SELECT u, w, z, l.* FROM (VALUES ('hour', 600, 'UTC'), ('day', 3600, 'Europe/Paris'), ('week', -5, 'EST'), ('month', 0.5, 'Pacific/Apia')) x(u, w, z),
	LATERAL (SELECT count(*), sum(n), min(a), max(b) FROM (SELECT date_trunc(u, t, z) AS a, floor(extract(epoch FROM t) / w) * w AS b, count(*) AS n FROM b WHERE sensor = 1 GROUP BY 1, 2) y) l;
SET territory.enable_aggregate = off;
SELECT u, w, z, l.* FROM (VALUES ('hour', 600, 'UTC'), ('day', 3600, 'Europe/Paris'), ('week', -5, 'EST'), ('month', 0.5, 'Pacific/Apia')) x(u, w, z),
	LATERAL (SELECT count(*), sum(n), min(a), max(b) FROM (SELECT date_trunc(u, t, z) AS a, floor(extract(epoch FROM t) / w) * w AS b, count(*) AS n FROM b WHERE sensor = 1 GROUP BY 1, 2) y) l;
RESET territory.enable_aggregate;
-- functions of users are asked for every row, and a user's time_bucket() is not ours
CREATE FUNCTION half(numeric) RETURNS numeric LANGUAGE sql IMMUTABLE AS 'SELECT $1 / 2';
CREATE FUNCTION time_bucket(interval, timestamptz) RETURNS timestamptz LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN $2; END';
CREATE FUNCTION floor(interval) RETURNS numeric LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN 7; END';
SELECT x.*, by_stretches(key) FROM (VALUES ('time_bucket(''1 day'', t)'), ('pg_typeof(time_bucket(''1 day'', t))'), ('half(extract(hour from t))'), ('floor(t - ''2000-01-01'')')) k(key), twin(key, 'sensor < 3') x;
DROP TABLE b, d, o, keys, changes, several;
DROP FUNCTION twin, by_stretches, digest_of, half, time_bucket(interval, timestamptz), floor(interval);
