-- Numbers that a float series comes down to, and when it is above or below: each against plain SQL over rows.
SET timezone = 'UTC';
SET search_path = territory, public;
-- 5,000 irregular instants in 9 sections, several blocks
CREATE TEMP TABLE rows AS
SELECT i, '2026-03-20 00:00+00'::timestamptz + i * interval '5 minutes' + (i * 7919 % 240) * interval '1 second 7 microseconds'
	+ (i / 600) * interval '3 hours' AS t,
	-- a slow rise with noise: only some blocks reach the extremes
	i / 50.0 + (i * 7919 % 1000)::float8 / 64 - 40 AS v, i / 600 AS section
FROM generate_series(0, 4999) i;
CREATE INDEX ON rows (t);
ANALYZE rows;
CREATE TEMP TABLE series AS
SELECT interpolation AS kind, ('Interp=' || interpolation || ';{' || string_agg(part, ', ' ORDER BY section) || '}')::float_series AS s
FROM unnest(ARRAY['linear', 'step']) interpolation,
	(SELECT section, '[' || string_agg(v || '@' || t, ', ' ORDER BY t) || ']' AS part FROM rows GROUP BY section) p
GROUP BY interpolation;
INSERT INTO series SELECT 'discrete', set_interpolation(s, 'discrete') FROM series WHERE kind = 'step';

SELECT kind, min_value(s) = e.min AS min, max_value(s) = e.max AS max, average_value(s) - e.avg < 1e-12 AS avg,
	delta(s) = (SELECT v FROM rows ORDER BY t DESC LIMIT 1) - (SELECT v FROM rows ORDER BY t LIMIT 1) AS delta
FROM series, (SELECT min(v), max(v), avg(v::numeric) AS avg FROM rows) e;
-- areas, in exact decimals
CREATE TEMP TABLE pieces AS
SELECT section, t AS a, lead(t) OVER w AS b, v::numeric AS va, lead(v) OVER w::numeric AS vb, extract(epoch FROM lead(t) OVER w - t) AS seconds
FROM rows WINDOW w AS (PARTITION BY section ORDER BY t);
SELECT kind, abs(integral(s) / area - 1) < 1e-14 AS integral, abs(integral(s, per => '1 hour') / (area / 3600) - 1) < 1e-14 AS per_hour,
	abs(time_weighted_average(s) / (area / seconds) - 1) < 1e-14 AS average
FROM series JOIN (SELECT 'step' AS kind, sum(va * seconds) AS area, sum(seconds) AS seconds FROM pieces
	UNION ALL SELECT 'linear', sum((va + vb) / 2 * seconds), sum(seconds) FROM pieces) e USING (kind);
SELECT time_weighted_average(s) = average_value(s) FROM series WHERE kind = 'discrete';
SELECT integral(s) FROM series WHERE kind = 'discrete';
SELECT integral(s, '1 month') FROM series WHERE kind = 'step';
SELECT integral(s, '0') FROM series WHERE kind = 'step';
-- single instants
SELECT s, integral(s), time_weighted_average(s), average_value(s), delta(s), rate(s), deltas(s),
	CASE WHEN interpolation(s) = 'linear' THEN derivative(s)::text END AS derivative
FROM (VALUES ('[2@2026-01-01 00:00+00]'::float_series), ('{[2@2026-01-01 00:00+00], [4@2026-01-02 00:00+00]}'),
	('Interp=Step;[2@2026-01-01 00:00+00]')) v(s);
-- sums do not lose what is small
SELECT average_value('{1e16@2026-01-01, 1@2026-01-02, 1@2026-01-03, -1e16@2026-01-04}');
SELECT time_weighted_average('[1.7e308@2026-01-01, 1.7e308@2026-01-02]') AS overflows;
SELECT time_weighted_average('Interp=Step;[1e298@2026-01-01, -1e298@2026-01-02, 0@2026-01-03]');
SELECT value_at(float_series '[-1.7e308@2026-01-01, 1.7e308@2026-01-03]', '2026-01-02');
SELECT delta('[-1.7e308@2026-01-01, 1.7e308@2026-01-03]');

-- slopes
SELECT count(*) AS instants, count(*) FILTER (WHERE abs(d.value - (vb - va) / seconds * 60) > 1e-9) AS wrong
FROM series, unnest(derivative(s, per => '1 minute')) d JOIN pieces p ON p.a = d.t WHERE kind = 'linear' AND p.b IS NOT NULL;
SELECT derivative('{[1@2026-01-01 00:00+00, 3@2026-01-01 02:00+00, 0@2026-01-01 03:00+00], [5@2026-01-02], [1@2026-01-03 00:00+00, 2@2026-01-03 00:30+00]}', '1 hour');
SELECT derivative(s) FROM series WHERE kind = 'step';
SELECT derivative(s) FROM series WHERE kind = 'discrete';

-- counters: set to 0, or rolled over
SELECT delta(c), counter_delta(c), counter_delta(c, maximum => 100), rate(c, '1 hour'), rate(c, per => '1 hour', maximum => 100), deltas(c), deltas(c, counter => true),
	deltas(c, true, maximum => 100)
FROM (SELECT '{10@2026-01-01 00:00+00, 60@2026-01-01 01:00+00, 95@2026-01-01 02:00+00, 15@2026-01-01 03:00+00, 15@2026-01-01 04:00+00}'::float_series AS c) x;
-- as plain SQL has it, over all of a longer one
WITH m AS (SELECT i, (i * 37 % 1009)::float8 AS v FROM generate_series(1, 3000) i),
c AS (SELECT ('{' || string_agg(v || '@' || '2026-01-01'::timestamptz + i * interval '1 minute', ', ' ORDER BY i) || '}')::float_series AS c FROM m)
SELECT counter_delta(c) = e.increase, abs(rate(c, '1 minute') / (e.increase / 2999) - 1) < 1e-15, (SELECT sum(value) FROM unnest(deltas(c, true))) = e.increase
FROM c, (SELECT sum(CASE WHEN v >= before THEN v - before ELSE v END) AS increase FROM (SELECT v, lag(v) OVER (ORDER BY i) AS before FROM m) x
	WHERE before IS NOT NULL) e;
SELECT counter_delta('{1@2026-01-01, -1@2026-01-02}');
SELECT counter_delta('{1@2026-01-01, 120@2026-01-02}', 100);
SELECT counter_delta('{1@2026-01-01}', 0);
SELECT counter_delta('{1@2026-01-01}', 'NaN'::float8);
SELECT deltas('{1@2026-01-01, 2@2026-01-02}', maximum => 100);
SELECT deltas('{1@2026-01-01, -2@2026-01-02}'), deltas(NULL), counter_delta(NULL), rate(NULL);

-- when it is above, below, between: at no microsecond around the bounds is it otherwise
CREATE TEMP TABLE found AS
SELECT kind, s, what, low, high, p
FROM series, (VALUES ('above', 20.0::float8, 'infinity'::float8), ('above', 66.75, 'infinity'), ('above', -39, 'infinity'), ('below', '-infinity', -20),
	('below', '-infinity', -41.5), ('between', 10, 12), ('between', 17.38, 17.38), ('between', -100, 1000), ('above', 500, 'infinity')) b(what, low, high),
	LATERAL (SELECT CASE what WHEN 'above' THEN when_above(s, low) WHEN 'below' THEN when_below(s, high) ELSE when_between(s, low, high) END AS p) w;
CREATE FUNCTION pg_temp.inside(what text, v float8, low float8, high float8) RETURNS boolean LANGUAGE sql AS $$
	SELECT CASE WHEN what = 'between' THEN v >= low AND v <= high ELSE v > low AND v < high END $$;
SELECT kind, what, low, high, max(n) AS periods, count(*) AS asked,
	count(*) FILTER (WHERE coalesce(pg_temp.inside(what, value_at(s, t), low, high), false) <> p @> t
		AND NOT (kind = 'linear' AND least(abs(value_at(s, t) - low), abs(value_at(s, t) - high)) < 1e-13)) AS wrong
FROM (SELECT f.*, (SELECT count(*) FROM unnest(p)) AS n FROM found f) f,
	LATERAL (SELECT bound + d * interval '1 microsecond' FROM unnest(p) WITH ORDINALITY u(r, k), unnest(ARRAY[lower(r), upper(r)]) bound,
			unnest(ARRAY[-1, 0, 1]) d WHERE k % (1 + n / 20) = 0
		UNION SELECT t FROM rows WHERE i % 163 = 0) x(t)
GROUP BY kind, what, low, high ORDER BY 1, 2, 3, 4;
-- and all of it adds up: each instant is in one, and what the rows say is in
SELECT kind, what, (SELECT count(*) FROM unnest(p) r JOIN rows ON r @> t) = (SELECT count(*) FROM rows WHERE pg_temp.inside(what, v, low, high)) AS instants
FROM found WHERE kind <> 'discrete' ORDER BY kind, what, low, high;
SELECT p = (SELECT range_agg(tstzrange(t, t, '[]')) FROM rows WHERE v > 20) FROM found WHERE kind = 'discrete' AND what = 'above' AND low = 20;
SELECT kind, when_above(s, x) + when_below(s, x) + when_between(s, x, x) = time_spans(s) AS whole,
	when_above(s, x) * when_below(s, x) AS both FROM series, unnest(ARRAY[0, 17.38, 30::float8]) x WHERE kind <> 'linear';
-- how long above, from the crossings of each line in decimals
SELECT abs(extract(epoch FROM duration(p)) - e.seconds) < 0.01 AS lasts, duration(p) > interval '1 day' AS long
FROM found, (SELECT sum(CASE WHEN va > 20 AND vb > 20 THEN seconds WHEN va > 20 OR vb > 20 THEN seconds * (greatest(va, vb) - 20) / abs(vb - va) ELSE 0 END) AS seconds
	FROM pieces) e
WHERE kind = 'linear' AND what = 'above' AND low = 20;
-- bounds: left out where the number is, kept where it is in
SELECT when_above(s, 2), when_below(s, 2), when_between(s, 2, 2), when_between(s, 2, 2.5) FROM (VALUES
	('[1@2026-01-01 00:00+00, 3@2026-01-01 01:00+00, 2@2026-01-01 02:00+00, 3@2026-01-01 03:00+00]'::float_series),
	('Interp=Step;[1@2026-01-01 00:00+00, 3@2026-01-01 01:00+00, 2@2026-01-01 02:00+00, 3@2026-01-01 03:00+00]'),
	('{1@2026-01-01 00:00+00, 3@2026-01-01 01:00+00, 2@2026-01-01 02:00+00, 3@2026-01-01 03:00+00}')) v(s);
-- a line is at a number where it is but for rounding
SELECT when_above(s, 2.8), when_below(s, 2.8), when_between(s, 2.8, 2.8), value_at(s, '2026-01-01 16:20+00') > 2.8 AS a_little_more
FROM (SELECT '[3.2@2026-01-01 11:00+00, 2.6@2026-01-01 19:00+00]'::float_series AS s) x;
-- crossings between two microseconds
SELECT when_above(s, 1), when_below(s, 1), when_between(s, 1, 2), when_between(s, 1.4, 1.6)
FROM (SELECT '[0@2026-01-01 00:00:00+00, 3@2026-01-01 00:00:00.000007+00]'::float_series AS s) x;
SELECT when_above(s, 0.1), when_above(s, -1), when_below(s, 0), when_between(s, 5, 4), when_between(s, '-infinity', 'infinity')
FROM (SELECT '[0@2026-01-01 00:00:00+00, 3@2026-01-01 00:00:00.000001+00]'::float_series AS s) x;
-- a line from one side to the other between two blocks that are both outside
WITH r AS (SELECT i, CASE WHEN i < 3072 THEN 0 ELSE 10 END AS v FROM generate_series(0, 6143) i)
SELECT when_between(s, 4, 6), when_above(s, 5), when_below(s, 5) = tstzmultirange(tstzrange('2026-01-01 00:00+00', lower(when_above(s, 5)), '[)')) AS rest
FROM (SELECT ('[' || string_agg(v || '@' || '2026-01-01 00:00+00'::timestamptz + i * interval '1 minute', ', ' ORDER BY i) || ']')::float_series AS s FROM r) x;
SELECT when_above(s, 'NaN') FROM series WHERE kind = 'step';
SELECT when_above(s, NULL), when_between(s, 1, NULL) FROM series WHERE kind = 'step';

-- stored out of line, with blocks that are read alone
CREATE TABLE float_value_stored (kind text, s float_series);
INSERT INTO float_value_stored SELECT kind, s FROM series;
SELECT f.kind, what, low, p = CASE what WHEN 'above' THEN when_above(d.s, low) WHEN 'below' THEN when_below(d.s, high) ELSE when_between(d.s, low, high) END AS same
FROM found f JOIN float_value_stored d USING (kind) ORDER BY 1, 2, 3, high;
SELECT count(*), count(*) FILTER (WHERE value_at(d.s, t) IS DISTINCT FROM value_at(m.s, t)) AS wrong
FROM float_value_stored d JOIN series m USING (kind), generate_series('2026-03-19'::timestamptz, '2026-04-09', interval '97 minutes') t;
SELECT d.kind, count(*) FILTER (WHERE at(d.s, r)::text IS DISTINCT FROM at(m.s, r)::text) AS wrong
FROM float_value_stored d JOIN series m USING (kind), generate_series('2026-03-19'::timestamptz, '2026-04-09', interval '11 hours') t,
	LATERAL (SELECT tstzrange(t, t + interval '2 hours')) x(r) GROUP BY d.kind ORDER BY 1;
SELECT kind, min_value(d.s) = min_value(m.s), max_value(d.s) = max_value(m.s), delta(d.s) = delta(m.s), time_span(d.s) = time_span(m.s)
FROM float_value_stored d JOIN series m USING (kind);
DROP TABLE float_value_stored;

-- more blocks than are read at once
CREATE TEMP TABLE many AS
SELECT '2026-01-01 00:00+00'::timestamptz + i * interval '1 minute' + (i / 7000) * interval '3 hours' AS t, (i * 7919 % 1000)::float8 / 8 AS v
FROM generate_series(0, 49999) i;
CREATE TEMP TABLE many_pieces AS
SELECT kind, a, CASE kind WHEN 'step' THEN v ELSE (v + next) / 2 END AS middle
FROM unnest(ARRAY['linear', 'step']) kind, (SELECT t AS a, lead(t) OVER (ORDER BY t) AS b, v, lead(v) OVER (ORDER BY t) AS next FROM many) p
WHERE b - a = interval '1 minute';
CREATE TEMP TABLE many_series AS
SELECT kind, float_series(t, v, kind, '1 hour') AS s FROM many, unnest(ARRAY['linear', 'step', 'discrete']) kind GROUP BY kind;
SELECT kind, num_instants(s), abs(integral(s, '1 minute') - e.area) < 1e-6 AS integral, abs(time_weighted_average(s) - e.mean) < 1e-10 AS mean,
	abs(average_value(s) - (SELECT avg(v) FROM many)) < 1e-10 AS average
FROM many_series JOIN (SELECT kind, sum(middle) AS area, avg(middle) AS mean FROM many_pieces GROUP BY kind) e USING (kind) ORDER BY kind;
SELECT kind, step, count(*) AS buckets, count(*) FILTER (WHERE abs(a.value - e.mean) > 1e-9 OR e.mean IS NULL) AS wrong
FROM many_series, unnest(ARRAY['1 hour', '1 day', '1 month']::interval[]) step, unnest(resample(s, step, 'average')) a,
	LATERAL (SELECT avg(middle) AS mean FROM many_pieces p WHERE p.kind = many_series.kind AND p.a >= a.t AND p.a < a.t + step) e
WHERE kind <> 'discrete' AND step <> '1 hour' GROUP BY kind, step ORDER BY 1, 2;
SELECT count(*) AS buckets, count(*) FILTER (WHERE abs(a.value - e.mean) > 1e-9) AS wrong, (SELECT count(DISTINCT date_trunc('hour', t)) FROM many) AS expected
FROM many_series, unnest(resample(s, '1 hour', 'average')) a JOIN (SELECT date_trunc('hour', t) AS t, avg(v) AS mean FROM many GROUP BY 1) e USING (t) WHERE kind = 'discrete';
SELECT kind, extract(epoch FROM duration(when_above(s, 60))) / 60 = (SELECT count(*) FROM many_pieces p WHERE p.kind = 'step' AND middle > 60) AS above
FROM many_series WHERE kind = 'step';
