-- Arithmetic of float series: against plain SQL on the union of instants.
SET timezone = 'UTC';
SET search_path = territory, public;
-- two sets of rows of their own times and sections, which meet at some instants
CREATE TEMP TABLE rows AS
SELECT 'a' AS name, i / 90 AS section, '2026-01-01 00:00+00'::timestamptz + i * interval '7 minutes' + (i / 90) * interval '40 minutes' AS t,
	(i * 37 % 101)::float8 / 4 AS v FROM generate_series(0, 499) i
UNION ALL
SELECT 'b', i / 130, '2026-01-01 01:00+00'::timestamptz + i * interval '5 minutes' + (i / 130) * interval '1 hour 30 minutes', (i * 53 % 97)::float8 / 8 + 1
FROM generate_series(0, 699) i;
CREATE INDEX ON rows (name, t);
ANALYZE rows;
CREATE TEMP TABLE series AS
SELECT name, interpolation, ('Interp=' || interpolation || ';{' || string_agg(part, ', ' ORDER BY section) || '}')::float_series AS s
FROM unnest(ARRAY['linear', 'step']) interpolation,
	(SELECT name, section, '[' || string_agg(v || '@' || t, ', ' ORDER BY t) || ']' AS part FROM rows GROUP BY name, section) p
GROUP BY name, interpolation;
INSERT INTO series SELECT name, 'discrete', set_interpolation(s, 'discrete') FROM series WHERE interpolation = 'step';
-- what a or b is at t, by rows alone
CREATE FUNCTION pg_temp.at_rows(which text, kind text, at timestamptz) RETURNS float8 LANGUAGE sql AS $$
	SELECT CASE WHEN a.t = at THEN a.v WHEN b.section IS DISTINCT FROM a.section OR kind = 'discrete' THEN NULL WHEN kind = 'step' THEN a.v
		ELSE a.v + (b.v - a.v) * (extract(epoch FROM at - a.t) / extract(epoch FROM b.t - a.t))::float8 END
	FROM (SELECT * FROM rows WHERE name = which AND t <= at ORDER BY t DESC LIMIT 1) a
	LEFT JOIN LATERAL (SELECT * FROM rows WHERE name = which AND t > at ORDER BY t LIMIT 1) b ON true $$;
CREATE TEMP TABLE values_at AS
SELECT kind, t, pg_temp.at_rows('a', kind, t) AS a, pg_temp.at_rows('b', kind, t) AS b
FROM unnest(ARRAY['linear', 'step', 'discrete']) kind, (SELECT DISTINCT t FROM rows) x;
CREATE INDEX ON values_at (t);
CREATE TEMP TABLE results AS
SELECT a.interpolation AS kind_a, b.interpolation AS kind_b, op, CASE op WHEN '+' THEN a.s + b.s WHEN '-' THEN a.s - b.s WHEN '*' THEN a.s * b.s ELSE a.s / b.s END AS r
FROM series a, series b, unnest(ARRAY['+', '-', '*', '/']) op WHERE a.name = 'a' AND b.name = 'b';
-- at each instant of the union where both are known; beyond these there are only ends a microsecond before a jump
SELECT kind_a, kind_b, op, interpolation(r), count(*) FILTER (WHERE e.v IS NOT NULL) AS instants,
	count(*) FILTER (WHERE e.v IS NOT NULL AND u.value IS NULL OR abs(u.value - e.v) > 1e-10
		OR e.v IS NULL AND NOT EXISTS (SELECT FROM rows WHERE rows.t = u.t + interval '1 microsecond')) AS wrong
FROM results, LATERAL (SELECT * FROM unnest(r) u FULL JOIN (SELECT a.t, CASE op WHEN '+' THEN a + b WHEN '-' THEN a - b WHEN '*' THEN a * b ELSE a / b END AS v
		FROM (SELECT t, a FROM values_at WHERE kind = kind_a AND a IS NOT NULL) a
		JOIN (SELECT t, b FROM values_at WHERE kind = kind_b AND b IS NOT NULL) b USING (t)) e USING (t)) x(t, value, v),
	LATERAL (SELECT t, value) u, LATERAL (SELECT v) e
GROUP BY kind_a, kind_b, op, r ORDER BY 1, 2, 3;
-- between instants, too, where the result is exact there
SELECT kind_a, kind_b, op, count(*) AS asked, count(value_at(r, t)) AS known,
	count(*) FILTER (WHERE (value_at(r, t) IS NULL) <> (a IS NULL OR b IS NULL) OR abs(value_at(r, t) - v) > 1e-9) AS wrong
FROM results, generate_series('2026-01-01 00:30+00'::timestamptz, '2026-01-04', interval '17 minutes 3.000001 seconds') t,
	LATERAL (SELECT pg_temp.at_rows('a', kind_a, t) AS a, pg_temp.at_rows('b', kind_b, t) AS b) v,
	LATERAL (SELECT CASE op WHEN '+' THEN a + b WHEN '-' THEN a - b WHEN '*' THEN a * b ELSE a / b END AS v) e
WHERE kind_a <> 'discrete' AND kind_b <> 'discrete' AND (op IN ('+', '-') OR kind_b = 'step' OR (op = '*' AND kind_a = 'step'))
GROUP BY kind_a, kind_b, op ORDER BY 1, 2, 3;
-- of a product of lines, at most a quarter of the product of the changes away
SELECT max(abs(value_at(r, t) - a * b)) > 0.1 AS curved, bool_and(abs(value_at(r, t) - a * b) <= 25.0 / 4 * 12 ) AS within
FROM results, generate_series('2026-01-01 00:30+00'::timestamptz, '2026-01-04', interval '17 minutes 3.000001 seconds') t,
	LATERAL (SELECT pg_temp.at_rows('a', kind_a, t) AS a, pg_temp.at_rows('b', kind_b, t) AS b) v
WHERE kind_a = 'linear' AND kind_b = 'linear' AND op = '*';
-- by hand
SELECT a + b, a - b, a * b, a / b FROM (SELECT
	'[0@2026-01-01 00:00+00, 4@2026-01-01 04:00+00]'::float_series AS a, '[2@2026-01-01 01:00+00, 4@2026-01-01 02:00+00, 1@2026-01-01 05:00+00]'::float_series AS b) x;
SELECT a + b, b + a, a * b FROM (SELECT
	'[0@2026-01-01 00:00+00, 4@2026-01-01 04:00+00]'::float_series AS a, 'Interp=Step;[2@2026-01-01 01:00+00, 2@2026-01-01 02:00+00, 1@2026-01-01 03:00+00]'::float_series AS b) x;
SELECT a + b FROM (VALUES ('[0@2026-01-01, 4@2026-01-02]'::float_series, '[0@2026-01-03, 4@2026-01-04]'::float_series),
	('[0@2026-01-01, 4@2026-01-02]', '[1@2026-01-02, 4@2026-01-04]'), ('{0@2026-01-01, 4@2026-01-02}', '{1@2026-01-01 12:00}'),
	('{0@2026-01-01 06:00, 4@2026-01-02}', '[1@2026-01-01, 2@2026-01-03]')) v(a, b);
-- jumps one microsecond after an instant
SELECT '[0@2026-01-01 00:00+00, 4@2026-01-01 00:00:00.000002+00]'::float_series
	+ 'Interp=Step;[0@2026-01-01 00:00+00, 10@2026-01-01 00:00:00.000001+00, 20@2026-01-01 00:00:00.000002+00]'::float_series;

-- with a number
SELECT interpolation, s + 10 = 10 + s AS plus, (SELECT bool_and(u.value = v + 10) FROM unnest(s + 10) u JOIN rows r ON r.t = u.t AND r.name = 'a') AS sum,
	(SELECT bool_and(u.value = v - 0.5) FROM unnest(s - 0.5) u JOIN rows r ON r.t = u.t AND r.name = 'a') AS difference,
	(SELECT bool_and(u.value = 2 - v) FROM unnest(2 - s) u JOIN rows r ON r.t = u.t AND r.name = 'a') AS difference_from,
	(SELECT bool_and(u.value = v * 3) FROM unnest(s * 3) u JOIN rows r ON r.t = u.t AND r.name = 'a') AS product,
	(SELECT bool_and(u.value = v / 3) FROM unnest(s / 3) u JOIN rows r ON r.t = u.t AND r.name = 'a') AS quotient,
	(SELECT bool_and(u.value = 1 / (v + 1)) FROM unnest(1 / (s + 1)) u JOIN rows r ON r.t = u.t AND r.name = 'a') AS inverse,
	(SELECT bool_and(u.value = -v) FROM unnest(-s) u JOIN rows r ON r.t = u.t AND r.name = 'a') AS negative, time_spans(s * 2) = time_spans(s) AS spans
FROM series WHERE name = 'a';
SELECT add(s, 1) = s + 1, subtract(s, s) = s - s, multiply(2, s) = 2 * s, divide(s, 2) = s / 2, negate(s) = -s FROM series WHERE interpolation = 'step' AND name = 'a';
SELECT s + NULL::float8, s + NULL::float_series FROM series WHERE interpolation = 'step' AND name = 'a';

-- refused
SELECT '[1@2026-01-01, 2@2026-01-02]'::float_series / 0;
SELECT '[1@2026-01-01, 2@2026-01-02]'::float_series / '[1@2026-01-01, 0@2026-01-02]'::float_series;
SELECT '[1@2026-01-01, 2@2026-01-02]'::float_series / '[1@2026-01-01, -1@2026-01-02]'::float_series;
SELECT 1 / '[1@2026-01-01, -1@2026-01-02]'::float_series;
SELECT 1 / 'Interp=Step;[1@2026-01-01, -1@2026-01-02]'::float_series, 1 / '{[1@2026-01-01], [-1@2026-01-02]}'::float_series;
SELECT '{1e300@2026-01-01}'::float_series * 1e300;
SELECT '{1@2026-01-01}'::float_series + 'NaN'::float8;
SELECT '{1@2026-01-01}'::float_series * 'infinity'::float8;
