-- How series go together and what is out of the ordinary, against PostgreSQL's own statistics.
SET timezone = 'UTC';
SET search_path = territory, public;
CREATE TEMP TABLE rows AS
SELECT t, extract(isodow FROM t AT TIME ZONE 'Europe/Paris')::int AS day, extract(hour FROM t AT TIME ZONE 'Europe/Paris')::int AS hour,
	sin(i / 7.0) * 10 + (i * 37 % 11) AS a, sin((i - 3) / 7.0) * 8 + (i * 53 % 7) AS b, i
FROM generate_series(0, 1999) i, LATERAL (SELECT '2026-03-01 00:00+00'::timestamptz + i * interval '1 hour') x(t);
CREATE TEMP TABLE series AS SELECT float_series(t, a, 'linear') AS a, float_series(t, b, 'linear') AS b FROM rows;

SELECT abs(correlation(a, b) - (SELECT corr(a, b) FROM rows)) < 1e-12 AS same, correlation(a, b) BETWEEN -1 AND 1 AS possible,
	abs(correlation(a, a * 3 + 7) - 1) < 1e-15 AS itself, abs(correlation(a, -a) + 1) < 1e-15 AS opposite FROM series;
-- published: Anscombe's first quartet has r = 0.81642
SELECT round(correlation(float_series(t, x, 'discrete'), float_series(t, y, 'discrete'))::numeric, 5)
FROM (SELECT '2026-01-01'::timestamptz + i * interval '1 day' AS t, x, y FROM unnest(ARRAY[10, 8, 13, 9, 11, 14, 6, 4, 12, 7, 5]::float8[],
	ARRAY[8.04, 6.95, 7.58, 8.81, 8.33, 9.96, 7.24, 4.26, 10.84, 4.82, 5.68]::float8[]) WITH ORDINALITY u(x, y, i)) q;
-- where the instants differ, each is at the union
SELECT abs(correlation('[0@2026-01-01, 10@2026-01-03, 0@2026-01-05]', '[1@2026-01-02, 4@2026-01-04, 9@2026-01-05]')
	- (SELECT corr(x, y) FROM (VALUES (5, 1), (10, 2.5), (5, 4), (0, 9)) v(x, y))) < 1e-15;
SELECT correlation('[0@2026-01-01, 10@2026-01-03]', '[1@2026-01-04, 2@2026-01-05]'), correlation('{1@2026-01-01}', '{1@2026-01-01}'),
	correlation('[1@2026-01-01, 1@2026-01-03]', '[1@2026-01-01, 2@2026-01-05]');

-- with a lag, against a join of the rows with themselves
SELECT count(*) AS lags, count(*) FILTER (WHERE c.pairs <> e.n OR abs(c.r - e.r) > 1e-12) AS wrong
FROM series, cross_correlation(a, b, '10 hours', '1 hour') c, LATERAL (SELECT count(*) AS n, corr(x.a, y.b) AS r
	FROM rows x JOIN rows y ON y.t = x.t + c.lag) e;
SELECT lag FROM series, cross_correlation(a, b, max_lag => '10 hours', step => '1 hour') ORDER BY r DESC LIMIT 1;
SELECT lag FROM series, cross_correlation(b, a, max_lag => '10 hours', step => '1 hour') ORDER BY r DESC LIMIT 1;
SELECT lag, round(r::numeric, 9) AS r, pairs FROM cross_correlation('[0@2026-01-01 00:10, 5@2026-01-01 01:10, 1@2026-01-01 02:10]', '[1@2026-01-01 00:00, 4@2026-01-01 01:00, 2@2026-01-01 03:00]',
	'40 minutes', '30 minutes');
SELECT * FROM cross_correlation('[0@2026-01-01, 5@2026-01-02]', '[1@2027-01-01, 4@2027-01-02]', '0', '1 day');
SELECT * FROM cross_correlation('{0@2026-01-01, 5@2026-01-02}', '[1@2027-01-01, 4@2027-01-02]', '1 day', '1 day');
SELECT * FROM cross_correlation('[0@2026-01-01, 5@2026-01-02]', '[1@2026-01-01, 4@2027-01-02]', '1 day', '1 microsecond');
SELECT * FROM cross_correlation('[0@2026-01-01, 5@2026-01-02]', '[1@2026-01-01, 4@2027-01-02]', '1 month', '1 day');
SELECT * FROM cross_correlation('[0@2026-01-01, 5@2026-01-02]', '[1@2026-01-01, 4@2027-01-02]', '1 day', '1 month');
SELECT * FROM cross_correlation('[0@2026-01-01, 5@2026-01-02]', '[1@2026-01-01, 4@2027-01-02]', '-1 day', '1 day');

-- out of the ordinary, with medians by weekday and hour from percentile_cont; some hours never change but for one value
CREATE TEMP TABLE counts AS
SELECT t, day, hour, CASE WHEN i % 313 = 100 THEN 300 WHEN hour BETWEEN 2 AND 4 THEN CASE WHEN i % 517 = 27 THEN 5 ELSE 0 END
	ELSE day * hour + (i * 7919 % 23) / 4.0 END::float8 AS v FROM rows;
CREATE FUNCTION pg_temp.expected() RETURNS TABLE (t timestamptz, value float8, expected float8, score float8) LANGUAGE sql AS $$
	WITH m AS (SELECT day, hour, percentile_cont(0.5) WITHIN GROUP (ORDER BY v) AS median, count(*) AS n FROM counts GROUP BY day, hour),
	d AS (SELECT day, hour, median, n, percentile_cont(0.5) WITHIN GROUP (ORDER BY abs(v - median)) AS mad, avg(abs(v - median)) AS mean
		FROM counts JOIN m USING (day, hour) GROUP BY day, hour, median, n)
	SELECT t, v, median, s FROM counts JOIN d USING (day, hour),
		LATERAL (SELECT CASE WHEN mad > 0 THEN 0.6745 * (v - median) / mad WHEN mean > 0 THEN (v - median) / (1.253314 * mean) ELSE 0 END) x(s)
	WHERE n >= 3 AND abs(s) > 3.5 $$;
SELECT count(*) AS anomalies, count(*) FILTER (WHERE a.t IS NULL OR e.t IS NULL OR a.value <> e.value OR abs(a.expected - e.expected) > 1e-9
	OR abs(a.score / e.score - 1) > 1e-5) AS wrong, count(DISTINCT a.expected) > 5 AS varied
FROM anomalies((SELECT float_series(t, v, 'discrete') FROM counts), timezone => 'Europe/Paris') a FULL JOIN pg_temp.expected() e USING (t);
-- by hand: the median is 2.45, the median deviation from it 0.15, and 0.6745 * 5.75 / 0.15 = 25.86
SELECT t, value, expected, round(score::numeric, 2) FROM anomalies((SELECT float_series('2026-01-05'::timestamptz + i * interval '1 minute', v, 'discrete')
	FROM unnest(ARRAY[2.1, 2.6, 2.4, 2.5, 2.3, 2.1, 2.3, 2.6, 8.2, 8.3]::float8[]) WITH ORDINALITY u(v, i)));
-- Monday 1 a.m. in one zone is Sunday evening in another: groups change with it
SELECT zone, count(*) FROM unnest(ARRAY['UTC', 'America/New_York', '+03:00']) zone, anomalies((SELECT float_series(t, v, 'discrete') FROM counts), 20, zone)
GROUP BY zone ORDER BY zone;
SELECT count(*) FROM anomalies('{1@2026-01-01, 100@2026-01-08}');
SELECT * FROM anomalies('{1@2026-01-01}', 0);
SELECT * FROM anomalies('{1@2026-01-01}', timezone => 'Nowhere/Town');
