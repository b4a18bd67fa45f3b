-- territory.time_bucket(): where buckets begin, and what it refuses.
SET timezone = 'UTC'; SET datestyle = 'ISO, YMD';
SET search_path = public, territory;
-- as Grafana sends it: the function is found by the search path, the width is a literal
SELECT time_bucket('300.000s', '2026-03-29 01:07:59.5+00'::timestamptz);
-- weeks begin on Mondays, days and hours at UTC's, months and years on their first day
SELECT w, time_bucket(w::interval, '2026-03-29 01:07:59.5+00'::timestamptz) AS tz, time_bucket(w::interval, '2026-03-29 01:07:59.5'::timestamp) AS ts
FROM unnest('{1 microsecond,7 s,15 minutes,6 hours,1 day,1 week,10 days,1 month,1 quarter,5 months,1 year,10 years}'::text[]) w WHERE w <> '1 quarter';
SELECT w, time_bucket(w::interval, '1999-12-31 23:59:59+00'::timestamptz) AS before, time_bucket(w::interval, '0044-03-15 12:00 BC'::timestamp) AS long_before
FROM unnest('{7 s,1 week,1 month,5 months,1 year}'::text[]) w;
SELECT w, time_bucket(w::interval, '2026-03-29'::date), time_bucket(w::interval, '2026-03-29'::date, '2026-02-01'::date) AS of_origin
FROM unnest('{1 day,72 hours,1 week,1 month,4 months,1 year}'::text[]) w;
-- an origin before, after and at the value
SELECT time_bucket('1 week', '2026-03-29'::timestamptz, origin => '2030-01-06'), time_bucket('1 week', '2026-03-29'::timestamptz, origin => '1900-01-07'),
	time_bucket('7 minutes', '2026-03-29 10:00'::timestamp, '2026-03-29 10:00'::timestamp), time_bucket('7 months', '2026-03-29'::timestamptz, origin => '2026-03-01');
-- of a zone: by its calendar, across both changes of the year
SET timezone = 'Europe/Paris';
SELECT h, time_bucket('1 hour', h, 'Europe/Paris') AS hour, time_bucket('2 hours', h, 'Europe/Paris') AS two, time_bucket('6 hours', h, 'Europe/Paris') AS six,
	time_bucket('1 day', h, 'Europe/Paris') AS day
FROM (SELECT generate_series('2026-03-29 00:30+01'::timestamptz, '2026-03-29 06:30+02', '1 hour') UNION ALL
	SELECT generate_series('2026-10-25 00:30+02'::timestamptz, '2026-10-25 06:30+01', '1 hour')) x(h);
SELECT time_bucket('1 month', '2026-03-31 22:30+00'::timestamptz, 'Europe/Paris') AS paris, time_bucket('1 month', '2026-03-31 22:30+00'::timestamptz) AS utc,
	time_bucket('1 week', '2026-03-29 22:30+00'::timestamptz, timezone => 'Europe/Paris', origin => '2026-01-03 23:00+00') AS from_sunday;
SET timezone = 'UTC';
-- against core, around changes of the offset
CREATE TEMP TABLE odd_times AS
	SELECT z, at::timestamptz + i * interval '7 min 13.000001 s' AS ts FROM (VALUES ('Europe/Paris', '2026-03-29 01:00+00'), ('Europe/Paris', '2026-10-25 01:00+00'),
		('America/St_Johns', '1988-04-03 03:31+00'), ('America/St_Johns', '1988-10-30 02:31+00'), ('Australia/Lord_Howe', '2026-04-04 15:00+00'),
		('Australia/Lord_Howe', '2026-10-03 15:30+00'), ('Africa/Casablanca', '2026-02-15 02:00+00'), ('Africa/Casablanca', '2026-03-22 02:00+00'),
		('Asia/Kathmandu', '1985-12-31 18:30+00'), ('Pacific/Apia', '2011-12-30 10:00+00'), ('Europe/Amsterdam', '1937-06-30 23:40:28+00'),
		('America/Sao_Paulo', '2018-11-04 03:00+00'), ('Europe/Paris', '1911-03-10 23:50:39+00'), ('UTC', '2000-01-01 00:00+00')) t(z, at), generate_series(-500, 500) i;
SELECT z, count(*) FROM odd_times, unnest('{day,week,month,quarter,year}'::text[]) unit
WHERE time_bucket(CASE unit WHEN 'quarter' THEN '3 months' ELSE '1 ' || unit END::interval, ts, z) <> date_trunc(unit, ts, z) GROUP BY z;
SELECT z, count(*) FROM odd_times WHERE z NOT IN ('Australia/Lord_Howe', 'America/St_Johns', 'Europe/Amsterdam', 'Europe/Paris', 'Asia/Kathmandu') AND time_bucket('1 hour', ts, z) <> date_trunc('hour', ts, z) GROUP BY z;
-- buckets follow each other, and begin in themselves, where clocks change at the beginning of one
SELECT z, w, count(*) FROM odd_times, unnest('{15 min,1 hour,2 hours,90 min,6 hours,1 day,3 days,1 month}'::interval[]) w, time_bucket(w, ts, z) b
WHERE z <> 'America/St_Johns' AND (b > ts OR time_bucket(w, b, z) <> b OR b > time_bucket(w, ts + interval '1 us', z) OR b < time_bucket(w, ts - interval '11 min', z)) GROUP BY z, w ORDER BY 1, 2;
SELECT count(*) FROM odd_times, unnest('{7 s,1 hour,90 min,2 hours,1 day}'::interval[]) w, time_bucket(w, ts, z) b WHERE b > ts OR b < ts - w - interval '1 day 1 hour';
SELECT count(*) FROM odd_times, unnest('{7 s,10 min,1 hour,90 min,1 day,9 days}'::interval[]) w
WHERE time_bucket(w, ts) <> date_bin(w, ts, '2000-01-03 00:00+00') OR time_bucket(w, ts AT TIME ZONE z) <> date_bin(w, ts AT TIME ZONE z, '2000-01-03');
-- ends of time, nulls
SELECT time_bucket('1 day', 'infinity'::timestamptz), time_bucket('1 day', '-infinity'::timestamp), time_bucket('1 month', 'infinity'::date),
	time_bucket('1 day', 'infinity'::timestamptz, 'Europe/Paris'), time_bucket(NULL, now()) IS NULL, time_bucket('1 day', now(), NULL::text) IS NULL;
SELECT time_bucket('1 month', '294276-12-31 23:59:59.999999+00'::timestamptz), time_bucket('1 us', '4714-11-24 00:00:00+00 BC'::timestamptz);
CREATE FUNCTION refused(query text, OUT state text, OUT message text, OUT hint text) LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE query;
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT, hint = PG_EXCEPTION_HINT;
END $$;
SELECT r.* FROM (VALUES
	('time_bucket(''0 s'', now())'),
	('time_bucket(''-1 day'', now()::timestamp)'),
	('time_bucket(''-1 month'', current_date)'),
	('time_bucket(''1 month 1 day'', now())'),
	('time_bucket(''1 month -1 second'', now(), ''Europe/Paris'')'),
	('time_bucket(''6 hours'', current_date)'),
	('time_bucket(''1 day'', now(), origin => ''infinity'')'),
	('time_bucket(''1 month'', now(), origin => ''2000-01-02 00:00+00'')'),
	('time_bucket(''1 month'', now(), ''Europe/Paris'', ''2000-01-01 00:00+00'')'),
	('time_bucket(''1 day'', now(), ''Nowhere/Atall'')'),
	('time_bucket(''2147483647 days 9223372036854 s'', now())'),
	('time_bucket(''1000 days'', ''4714-11-24 00:00:00+00 BC''::timestamptz)'),
	('time_bucket(''1 month'', ''4714-11-24 00:00:00 BC''::timestamp)'),
	('time_bucket(''1 year'', ''4714-11-24 00:00:00+00 BC''::timestamptz, ''Europe/Paris'')')) t(call), refused('SELECT ' || call) r;
-- what it is made with holds in indexes
CREATE TABLE b (t timestamptz);
CREATE INDEX ON b (time_bucket('1 day', t), time_bucket('1 day', t, 'Europe/Paris'));
DROP TABLE b, odd_times; DROP FUNCTION refused;
