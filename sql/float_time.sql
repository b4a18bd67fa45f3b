-- Float and state series in time: values at instants, during periods, at regular instants; each against plain SQL over rows.
SET timezone = 'UTC';
SET search_path = territory, public;
-- 5,000 irregular instants in 9 sections, several blocks; values that rise and fall, some of them equal
CREATE TEMP TABLE rows AS
SELECT i, '2026-03-20 00:00+00'::timestamptz + i * interval '5 minutes' + (i * 7919 % 240) * interval '1 second 7 microseconds'
	+ (i / 600) * interval '3 hours' AS t,
	(i * 7919 % 1000)::float8 / 8 - 40 AS v, i / 600 AS section
FROM generate_series(0, 4999) i;
CREATE INDEX ON rows (t);
ANALYZE rows;
CREATE FUNCTION pg_temp.notation(interpolation text) RETURNS text LANGUAGE sql AS $$
	SELECT 'Interp=' || interpolation || ';{' || string_agg(part, ', ' ORDER BY section) || '}'
	FROM (SELECT section, '[' || string_agg(v || '@' || t, ', ' ORDER BY t) || ']' AS part FROM rows GROUP BY section) s $$;
CREATE TEMP TABLE series AS
SELECT 'linear' AS kind, pg_temp.notation('linear')::float_series AS s
UNION ALL SELECT 'step', pg_temp.notation('step')::float_series
UNION ALL SELECT 'discrete', set_interpolation(pg_temp.notation('step')::float_series, 'discrete');
-- what a series is at t, by rows alone
CREATE FUNCTION pg_temp.at_rows(kind text, at timestamptz) RETURNS float8 LANGUAGE sql AS $$
	SELECT CASE WHEN a.t = at THEN a.v WHEN b.section IS DISTINCT FROM a.section OR kind = 'discrete' THEN NULL WHEN kind = 'step' THEN a.v
		ELSE a.v + (b.v - a.v) * (extract(epoch FROM at - a.t) / extract(epoch FROM b.t - a.t))::float8 END
	FROM (SELECT * FROM rows WHERE t <= at ORDER BY t DESC LIMIT 1) a
	LEFT JOIN LATERAL (SELECT * FROM rows WHERE t > at ORDER BY t LIMIT 1) b ON true $$;

-- the whole
SELECT kind, start_time(s) = (SELECT min(t) FROM rows) AS starts, end_time(s) = (SELECT max(t) FROM rows) AS ends,
	num_instants(s) = 5000 AS n, time_span(s) = (SELECT tstzrange(min(t), max(t), '[]') FROM rows) AS span, interpolation(s)
FROM series;
SELECT kind, time_spans(s) = (SELECT range_agg(tstzrange(a, b, '[]')) FROM (SELECT min(t) AS a, max(t) AS b FROM rows GROUP BY section) x) AS spans,
	duration(time_spans(s)) = (SELECT sum(b - a) FROM (SELECT min(t) AS a, max(t) AS b FROM rows GROUP BY section) x) AS lasts
FROM series WHERE kind <> 'discrete';
SELECT time_spans(s) = (SELECT range_agg(tstzrange(t, t, '[]')) FROM rows), duration(time_spans(s)) FROM series WHERE kind = 'discrete';
SELECT kind, (SELECT count(*) FROM rows JOIN unnest(s) u ON u.t = rows.t AND u.value = rows.v) FROM series;

-- at instants: on them, between them, between sections, before and after all
CREATE TEMP TABLE asked AS
SELECT t FROM rows WHERE i % 97 = 0
UNION SELECT t + interval '37.123456 seconds' FROM rows WHERE i % 23 = 0
UNION SELECT t - interval '1 microsecond' FROM rows WHERE i % 41 = 0
UNION SELECT t FROM generate_series('2026-03-19'::timestamptz, '2026-04-09', interval '53 minutes') t;
SELECT kind, count(*), count(value_at(s, t)) AS known,
	count(*) FILTER (WHERE value_at(s, t) IS DISTINCT FROM pg_temp.at_rows(kind, t)
		AND NOT coalesce(abs(value_at(s, t) - pg_temp.at_rows(kind, t)) < 1e-11, false)) AS wrong
FROM series, asked GROUP BY kind ORDER BY kind;
SELECT value_at(s, 'infinity'), value_at(s, '-infinity'), value_at(s, NULL) FROM series WHERE kind = 'linear';

-- during periods: inside, the series itself; outside, nothing
CREATE TEMP TABLE periods AS
SELECT n, range_agg(tstzrange('2026-03-19'::timestamptz + (n * 131 + k * 977) * interval '7 minutes 13 seconds',
	'2026-03-19'::timestamptz + (n * 131 + k * 977 + 55 + k * 41) * interval '7 minutes 13 seconds', '[]')) AS p
FROM generate_series(0, 24) n, generate_series(0, 4) k GROUP BY n;
WITH cut AS MATERIALIZED (SELECT kind, s, p, at(s, p) AS part FROM series, periods)
SELECT kind, count(*) AS asked, count(value_at(part, t)) AS known,
	count(*) FILTER (WHERE value_at(part, t) IS DISTINCT FROM CASE WHEN p @> t THEN value_at(s, t) END
		AND NOT coalesce(abs(value_at(part, t) - value_at(s, t)) < 1e-11, false)) AS wrong
FROM cut, (SELECT t FROM asked WHERE extract(minute FROM t)::int % 10 = 0) a GROUP BY kind ORDER BY kind;
SELECT kind, count(*) FILTER (WHERE time_spans(at(s, p)) <> time_spans(s) * p) AS wrong FROM series, periods GROUP BY kind ORDER BY kind;
SELECT kind, count(*) FILTER (WHERE at(s, r)::text IS DISTINCT FROM at(s, tstzmultirange(r))::text) AS wrong
FROM series, periods, unnest(p) r GROUP BY kind ORDER BY kind;
-- ends that are left out: the limit from the left; beginnings: that from the right
CREATE TEMP TABLE small AS
SELECT 'linear' AS kind, '{[1@2026-01-01 00:00+00, 3@2026-01-01 01:00+00, 2@2026-01-01 03:00+00], [7@2026-01-01 05:00+00]}'::float_series AS s
UNION ALL SELECT 'step', 'Interp=Step;{[1@2026-01-01 00:00+00, 3@2026-01-01 01:00+00, 2@2026-01-01 03:00+00], [7@2026-01-01 05:00+00]}'
UNION ALL SELECT 'discrete', '{1@2026-01-01 00:00+00, 3@2026-01-01 01:00+00, 2@2026-01-01 03:00+00, 7@2026-01-01 05:00+00}';
SELECT kind, r AS period, at(s, r) FROM small, (VALUES
	('[2026-01-01 00:30+00, 2026-01-01 01:00+00]'::tstzrange), ('(2026-01-01 00:00+00, 2026-01-01 01:00+00)'),
	('(2026-01-01 01:00+00, 2026-01-01 02:00+00)'), ('[2026-01-01 01:00+00, 2026-01-01 01:00+00]'), ('[2026-01-01 02:00+00, 2026-01-01 02:00+00]'),
	('(2026-01-01 03:00+00, 2026-01-01 05:00+00)'), ('[2026-01-01 03:00+00, 2026-01-01 05:00+00]'), ('(,2026-01-01 00:00+00]'),
	('[2026-01-01 05:00+00,)'), ('(2026-01-01 05:00+00,)'), ('(,)'), ('empty'), ('[2027-01-01,)')) v(r) ORDER BY kind, period;
-- two periods that leave out the instant between them
SELECT kind, at(s, '{[2026-01-01 00:30+00, 2026-01-01 02:00+00), (2026-01-01 02:00+00, 2026-01-01 03:00+00]}'::tstzmultirange) FROM small;
SELECT kind, at(s, '{[2026-01-01 01:00+00, 2026-01-01 01:00:00.000001+00), (2026-01-01 01:00:00.000001+00, 2026-01-01 03:00+00)}'::tstzmultirange)
FROM small;
SELECT at(s, '{}'::tstzmultirange), at(s, NULL::tstzrange) FROM small WHERE kind = 'step';

-- going on in another way
SELECT kind, interpolation(set_interpolation(s, to_be)), set_interpolation(s, to_be) FROM small, unnest(ARRAY['discrete', 'step', 'linear']) to_be;
SELECT kind, set_interpolation(s, 'linear', max_gap => '1 hour') FROM small;
SELECT set_interpolation(s, 'cubic') FROM small;
SELECT set_interpolation(s, 'step', '1 month') FROM small;
SELECT set_interpolation(s, 'step', '-1 hour') FROM small;

-- states
CREATE TEMP TABLE lights AS
SELECT 'Interp=Step;{["red"@2026-01-01 00:00+00, "green"@2026-01-01 00:00:30+00, "amber"@2026-01-01 00:00:50+00, "red"@2026-01-01 00:00:53+00],
	["off"@2026-01-01 01:00+00, "red"@2026-01-01 02:00+00]}'::state_series AS s;
SELECT start_time(s), end_time(s), num_instants(s), interpolation(s), time_spans(s) FROM lights;
SELECT t, value_at(s, t) FROM lights, (VALUES ('2026-01-01 00:00+00'::timestamptz), ('2026-01-01 00:00:49.999999+00'),
	('2026-01-01 00:00:53+00'), ('2026-01-01 00:30+00'), ('2026-01-01 01:59+00'), ('2026-01-01 02:00+00')) v(t);
SELECT at(s, '[2026-01-01 00:00:40+00, 2026-01-01 01:30+00)'::tstzrange) FROM lights;
SELECT u.* FROM lights, unnest(s) u;
SELECT when_state(s, 'green'), when_state(s, 'red'), when_state(s, 'green', 'amber'), when_state(s, 'blue'), when_state(s, VARIADIC NULL) FROM lights;
SELECT duration(when_state(s, 'red')), duration(when_state(s, VARIADIC ARRAY['red', 'off', NULL])) FROM lights;
SELECT resample(s, '20 seconds', to_time => '2026-01-01 00:01:30+00') FROM lights;
SELECT resample(s, '30 minutes', 'none'), resample(s, '30 minutes', 'previous', max_gap => '40 minutes') FROM lights;
SELECT resample(s, '1 hour', 'linear') FROM lights;
SELECT resample(s, '1 hour', 'average') FROM lights;
SELECT set_interpolation(s, 'linear') FROM lights;
SELECT set_interpolation(s, 'discrete') FROM lights;

-- points share it
SELECT num_instants(p), time_span(p), at(p, '[2026-01-01 00:15+00, 2026-01-01 00:30+00)'::tstzrange), resample(p, '15 minutes')
FROM (SELECT 'SRID=4326;[POINT(0 0)@2026-01-01 00:00+00, POINT(4 8)@2026-01-01 01:00+00]'::point_series AS p) x;

SELECT u.t, ST_AsEWKT(pos) FROM unnest('SRID=2154;[POINT Z(1 2 3)@2026-01-01 00:00+00, POINT Z(4 8 0)@2026-01-01 01:00+00]'::point_series) u;

-- durations
SELECT duration('{}'), duration('{[2026-01-01, 2026-01-02 03:00), [2026-02-01, 2026-02-01]}'::tstzmultirange);
SELECT duration('{[2026-01-01,)}'::tstzmultirange);
SELECT duration('{(-infinity, 2026-01-01)}'::tstzmultirange);
SELECT duration('{[4714-11-24 BC, 294276-12-31]}');

-- at regular instants, against the rows
CREATE FUNCTION pg_temp.resampled(kind text, method text, step interval, zone text, max_gap interval) RETURNS TABLE (t timestamptz, v float8)
	LANGUAGE sql AS $$
	WITH grid AS MATERIALIZED (SELECT DISTINCT time_bucket(step, at, zone) AS t
		FROM generate_series((SELECT min(t) FROM rows), (SELECT max(t) FROM rows), interval '10 minutes') at)
	SELECT g.t, r.v FROM grid g, LATERAL (SELECT CASE method
		WHEN 'none' THEN pg_temp.at_rows(kind, g.t)
		WHEN 'previous' THEN (SELECT rows.v FROM rows WHERE rows.t <= g.t AND (max_gap IS NULL OR rows.t >= g.t - max_gap) ORDER BY rows.t DESC LIMIT 1)
		WHEN 'linear' THEN (SELECT CASE WHEN a.t = g.t THEN a.v WHEN max_gap IS NULL OR b.t - a.t <= max_gap
				THEN a.v + (b.v - a.v) * (extract(epoch FROM g.t - a.t) / extract(epoch FROM b.t - a.t))::float8 END
			FROM (SELECT * FROM rows WHERE rows.t <= g.t ORDER BY t DESC LIMIT 1) a, (SELECT * FROM rows WHERE rows.t > g.t ORDER BY t LIMIT 1) b)
		END AS v) r
	WHERE r.v IS NOT NULL AND g.t >= (SELECT min(rows.t) FROM rows) $$;
SELECT kind, method, step, zone, max_gap, count(a.t) AS instants,
	count(*) FILTER (WHERE a.t IS NULL OR e.t IS NULL OR abs(a.value - e.v) > 1e-11) AS wrong
FROM series, unnest(ARRAY['previous', 'linear', 'none']) method,
	(VALUES ('17 minutes'::interval, 'UTC', NULL::interval), ('1 hour', 'Europe/Paris', '20 minutes'), ('1 day', 'Europe/Paris', NULL),
		('3 hours', 'America/New_York', NULL)) v(step, zone, max_gap),
	LATERAL (SELECT a.* FROM unnest(resample(s, step, method, timezone => zone, max_gap => max_gap)) a) a
	FULL JOIN pg_temp.resampled(kind, method, step, zone, max_gap) e USING (t)
WHERE kind <> 'discrete' OR method <> 'none' GROUP BY kind, method, step, zone, max_gap ORDER BY 1, 2, 3;
-- the mean over each bucket, weighted by time, from the pieces of rows cut at the buckets' ends
CREATE FUNCTION pg_temp.averages(kind text, step interval, zone text) RETURNS TABLE (t timestamptz, v float8) LANGUAGE sql AS $$
	WITH pieces AS (SELECT t AS a, lead(t) OVER w AS b, v AS va, lead(v) OVER w AS vb FROM rows WINDOW w AS (PARTITION BY section ORDER BY t)),
	grid AS MATERIALIZED (SELECT bucket, lead(bucket, 1, 'infinity') OVER (ORDER BY bucket) AS next FROM (SELECT DISTINCT time_bucket(step, at, zone) AS bucket
		FROM generate_series((SELECT min(t) FROM rows), (SELECT max(t) FROM rows), interval '10 minutes') at) x),
	cut AS (SELECT bucket, extract(epoch FROM least(b, next) - greatest(a, bucket)) AS seconds,
			CASE kind WHEN 'step' THEN va ELSE va + (vb - va) * (extract(epoch FROM greatest(a, bucket) - a + (least(b, next) - a)) / 2
				/ extract(epoch FROM b - a))::float8 END AS middle
		FROM pieces JOIN grid ON b > bucket AND a < next)
	SELECT bucket, sum(middle * seconds) / sum(seconds) FROM cut GROUP BY bucket $$;
SELECT kind, step, zone, count(a.t) AS instants, count(*) FILTER (WHERE a.t IS NULL OR e.t IS NULL OR abs(a.value - e.v) > 1e-9) AS wrong
FROM series, (VALUES ('47 minutes'::interval, 'UTC'), ('1 day', 'Europe/Paris'), ('1 month', 'Europe/Paris'), ('6 hours', 'Europe/Paris')) v(step, zone),
	LATERAL (SELECT a.* FROM unnest(resample(s, step, 'average', timezone => zone)) a) a FULL JOIN pg_temp.averages(kind, step, zone) e USING (t)
WHERE kind <> 'discrete' GROUP BY kind, step, zone ORDER BY 1, 2;
SELECT count(*) AS instants, count(*) FILTER (WHERE a.value IS DISTINCT FROM e.v) AS wrong
FROM unnest((SELECT resample(s, '1 hour', 'average') FROM series WHERE kind = 'discrete')) a
	FULL JOIN (SELECT time_bucket('1 hour', t) AS t, avg(v) AS v FROM rows GROUP BY 1) e USING (t);
-- hours and days around the changes of summer time: the beginnings that time_bucket() gives, each of them
CREATE TEMP TABLE minutes AS
SELECT day, (SELECT ('[' || string_agg(extract(minute FROM t) || '@' || t, ', ' ORDER BY t) || ']')::float_series
	FROM generate_series(day, day + interval '4 days', interval '5 minutes') t) AS s
FROM unnest(ARRAY['2026-03-27'::timestamptz, '2026-10-23']) day;
SELECT count(*) AS compared, count(*) FILTER (WHERE (SELECT array_agg(t ORDER BY t) FROM unnest(resample(s, step, 'average', timezone => zone)))
		IS DISTINCT FROM (SELECT array_agg(DISTINCT time_bucket(step, t, zone)) FROM unnest(s))) AS wrong
FROM minutes, unnest(ARRAY['15 minutes', '1 hour', '2 hours', '6 hours', '1 day', '1 week', '1 month']::interval[]) step,
	unnest(ARRAY['Europe/Paris', 'America/St_Johns', 'Australia/Lord_Howe', 'Pacific/Noumea', 'CET', '+05:30']) zone;
SELECT zone, resample(s, '1 day', 'average', timezone => zone) FROM minutes, (VALUES ('Europe/Paris')) v(zone);
-- from and to
SELECT kind, resample(s, '1 hour', 'previous', from_time => '2026-01-01 02:30+00', to_time => '2026-01-01 07:00+00') FROM small;
SELECT kind, resample(s, '1 hour', 'linear', from_time => '2025-12-31 02:30+00', to_time => '2026-01-01 04:00+00') FROM small;
SELECT kind, resample(s, '2 hours', 'average', from_time => '2025-12-31 02:30+00', to_time => '2026-01-01 04:00+00') FROM small;
SELECT kind, resample(s, '1 hour', 'previous', to_time => 'infinity', from_time => '2026-01-01 04:00+00') FROM small;
SELECT kind, resample(s, '1 hour', method, from_time => '2026-01-02', to_time => '2026-01-01') FROM small, unnest(ARRAY['previous', 'average']) method;
SELECT kind, resample(s, '1 hour', method, from_time => 'infinity'), resample(s, '1 hour', method, to_time => '-infinity')
FROM small, unnest(ARRAY['previous', 'average']) method;
SELECT resample(s, NULL), resample(s, '1 hour', NULL), resample(NULL::float_series, '1 hour') FROM small LIMIT 1;
SELECT resample(s, '1 hour', 'nearest') FROM small;
SELECT resample(s, '0 hours') FROM small;
SELECT resample(s, '1 month 1 day') FROM small;
SELECT resample(s, '1 hour', timezone => 'Nowhere/Town') FROM small;
SELECT resample(s, '1 microsecond', 'average') FROM small WHERE kind = 'step';
SELECT resample(s, '1 second', 'previous', to_time => '2200-01-01') FROM small WHERE kind = 'discrete';
