-- Citizens' reports: events with a place; a random key, late corrections, and a feed that is delivered twice.
\ir ../start.sql
\set table reports
\echo
\echo '== Requests: what citizens report'
\echo
\ir table.sql
\if :real
	\ir load.sql
\else
	\ir generate.sql
\endif
ANALYZE reports;

\ir ../seal.sql

\echo
\echo 'Reports a year and city:'
\set ECHO queries
SELECT city, count(*) AS reports, count(*) FILTER (WHERE reported_at IS NULL) AS undated,
	count(*) FILTER (WHERE extract(year FROM reported_at) = 2021) AS "2021",
	count(*) FILTER (WHERE extract(year FROM reported_at) = 2022) AS "2022",
	count(*) FILTER (WHERE extract(year FROM reported_at) = 2023) AS "2023"
FROM reports GROUP BY city ORDER BY reports DESC, city LIMIT 6;
\set ECHO none

\echo 'When they come, winter and summer. Were these hours those of a clock that ignores summer time, the peaks would differ:'
\set ECHO queries
WITH hourly AS (
	SELECT extract(month FROM reported_at) IN (11, 12, 1, 2) AS winter, extract(hour FROM reported_at) AS hour, count(*) AS n
	FROM reports WHERE extract(month FROM reported_at) IN (11, 12, 1, 2, 5, 6, 7, 8) GROUP BY 1, 2),
filled AS (
	SELECT winter, hour, coalesce(n, 0) AS n, max(n) OVER (PARTITION BY winter) AS most
	FROM (VALUES (true), (false)) w(winter) CROSS JOIN generate_series(0, 23) hour LEFT JOIN hourly USING (winter, hour))
SELECT CASE WHEN winter THEN 'winter' ELSE 'summer' END AS season,
	string_agg(substr('▁▂▃▄▅▆▇█', 1 + least(7, n * 8 / most)::integer, 1), '' ORDER BY hour) AS "0h                    23h",
	min(hour) FILTER (WHERE n = most) AS peak
FROM filled GROUP BY winter ORDER BY winter DESC;
\set ECHO none

\echo 'Places with most reports, on a grid of about 300 m:'
\set ECHO queries
SELECT ST_AsText(ST_SnapToGrid(place, 0.004), 3) AS cell, count(*) AS reports
FROM reports GROUP BY 1 ORDER BY reports DESC, cell LIMIT 5;
\set ECHO none

\echo 'The feed is delivered again, with a correction: an upsert meets sealed rows like any other.'
CREATE TEMP TABLE again AS
SELECT token, category, city, reported_at, place FROM reports ORDER BY token LIMIT 200;
SELECT token AS corrected, category AS was FROM again ORDER BY token LIMIT 1
\gset
UPDATE again SET category = 99 WHERE token = :'corrected';
\set ECHO queries
INSERT INTO reports SELECT * FROM again
ON CONFLICT (token) DO UPDATE SET category = EXCLUDED.category WHERE reports.category <> EXCLUDED.category
RETURNING token, category;
\set ECHO none
SELECT pg_temp.expect(count(*) = :before_rows AND count(*) FILTER (WHERE category = 99) = 1, 'one report corrected, none twice') AS checked
FROM reports;
\echo 'An author withdraws it; the row is deleted where it is sealed, and put back for the next examples.'
CREATE TEMP TABLE withdrawn AS SELECT * FROM reports WHERE token = :'corrected';
\set ECHO queries
DELETE FROM reports WHERE token = :'corrected';
\set ECHO none
SELECT pg_temp.expect(count(*) = :before_rows - 1, 'one report less') AS checked FROM reports;
INSERT INTO reports SELECT token, :was, city, reported_at, place FROM withdrawn;
\echo 'Rows that a change made hot are taken by the next seal:'
SELECT rows, segments FROM territory.seal('reports');
SELECT * FROM pg_temp.fingerprint('reports')
\gset now_
SELECT pg_temp.expect(:before_rows = :now_rows AND :before_checksum = :now_checksum, 'the same reports as before') AS checked;
\ir ../verify.sql
