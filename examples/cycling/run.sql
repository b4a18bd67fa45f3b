-- Cycling: two years of hourly counts; the whole tour, from loading to a correction of a sealed row.
\ir ../start.sql
\set table bike_counts
\echo
\echo '== Cycling: hourly counts of a city''s bike counters'
\echo
\ir table.sql
\if :real
	\ir load.sql
\else
	\ir generate.sql
\endif
ANALYZE bike_counts;

\ir ../seal.sql

-- the counter with most bikes is the one to look at
SELECT counter AS busiest, label FROM bike_counts JOIN bike_counters USING (counter)
GROUP BY counter, label ORDER BY sum(bikes) DESC, counter LIMIT 1
\gset

\echo
\echo 'A month of one counter, ':busiest' (':label'). Any SQL, as on any table:'
\set ECHO queries
SELECT hour::date AS day, to_char(hour::date, 'Dy') AS " ", sum(bikes) AS bikes, max(bikes) AS busiest_hour,
	repeat('█', (sum(bikes) * 40 / max(sum(bikes)) OVER ())::integer) AS " "
FROM bike_counts
WHERE counter = :busiest AND hour >= '2020-09-01' AND hour < '2020-10-01'
GROUP BY 1 ORDER BY 1;
\set ECHO none

\echo 'How it is read. Segments and blocks that cannot hold the counter or the month are not opened:'
\pset format unaligned
\pset tuples_only on
\set ECHO queries
EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF)
SELECT * FROM bike_counts
WHERE counter = :busiest AND hour >= '2020-09-01' AND hour < '2020-10-01';
\set ECHO none
\pset format aligned
\pset tuples_only off
SELECT format('SELECT * FROM bike_counts WHERE counter = %s AND hour >= ''2020-09-01'' AND hour < ''2020-10-01''', :busiest) AS query
\gset
\echo
SELECT pg_temp.expect(pg_temp.explained(:'query', 'Segments Pruned') > 0, 'most segments were not opened') AS checked
UNION ALL
SELECT pg_temp.expect(pg_temp.explained(:'query', 'Blocks Read') < (SELECT sum(blocks) FROM territory.segments('bike_counts')) / 20,
	'less than a twentieth of the blocks was decoded');

\echo
\echo 'A daily profile over everything: bikes an hour and counter, working days and weekends, without the days in doubt:'
\set ECHO queries
SELECT extract(hour FROM hour) AS hour,
	round(avg(bikes) FILTER (WHERE extract(isodow FROM hour) < 6), 1) AS working,
	round(avg(bikes) FILTER (WHERE extract(isodow FROM hour) >= 6), 1) AS weekend,
	repeat('█', (avg(bikes) FILTER (WHERE extract(isodow FROM hour) < 6))::integer) AS working_day
FROM bike_counts WHERE quality <> 'Forte probabilité d''anomalie'
GROUP BY 1 ORDER BY 1;
\set ECHO none

\echo 'Every week of the same counter, in one line; the SQL is plain:'
\set ECHO queries
WITH weekly AS (
	SELECT date_trunc('week', hour) AS week, sum(bikes) AS bikes, max(sum(bikes)) OVER () AS most
	FROM bike_counts WHERE counter = :busiest GROUP BY 1)
SELECT min(week)::date AS first_week, max(bikes) AS most,
	string_agg(substr('▁▂▃▄▅▆▇█', 1 + least(7, bikes * 8 / most)::integer, 1), '' ORDER BY week) AS bikes_a_week
FROM weekly;
\set ECHO none

\echo 'Days are those of Europe/Paris, so two of them have 23 hours. The third has 25: the published feed has one cell for two'
\echo 'of them, the generated one has both.'
SELECT hour::date AS day, count(*) AS rows, min(hour) AS first, max(hour) AS last
FROM bike_counts WHERE counter = :busiest AND hour::date IN ('2020-03-29', '2020-10-25', '2021-03-28')
GROUP BY 1 ORDER BY 1;
SELECT pg_temp.expect(min(n) = 23, 'the days that lost an hour have 23') AS checked
FROM (SELECT count(*) AS n FROM bike_counts WHERE counter = :busiest AND hour::date = '2021-03-28') d;

\echo
\echo 'The operator corrects a sealed row. Plain UPDATE: the new version is a hot row, the sealed one is marked dead.'
SELECT sum(bikes) AS bikes FROM bike_counts
\gset before_
SELECT bikes AS was FROM bike_counts WHERE counter = :busiest AND hour = '2020-09-15 08:00'
\gset
\set ECHO queries
UPDATE bike_counts SET bikes = bikes + 100 WHERE counter = :busiest AND hour = '2020-09-15 08:00'
RETURNING counter, hour, bikes;
\set ECHO none
SELECT pg_temp.expect(sum(bikes) = :before_bikes + 100 AND count(*) = :before_rows, 'one row changed, none was lost or doubled') AS checked
FROM bike_counts;
SELECT hot_rows, sealed_rows, (SELECT sum(dead_rows) FROM territory.segments('bike_counts')) AS dead, pg_size_pretty(hot_bytes) AS hot
FROM territory.table_status WHERE relation = 'bike_counts'::regclass;

\echo 'Keys hold across hot and sealed rows: a count that is there already is not taken twice, and an unknown counter is refused.'
INSERT INTO bike_counts SELECT counter, hour, bikes, quality FROM bike_counts
WHERE counter = :busiest AND hour::date = '2020-09-14' ON CONFLICT DO NOTHING;
SELECT pg_temp.expect(count(*) = :before_rows, 'no row was taken twice') AS checked FROM bike_counts;
DO $$
BEGIN
	INSERT INTO bike_counts VALUES (-1, now(), 1, 'Fonctionnel');
	RAISE EXCEPTION 'this is not so: an unknown counter is refused';
EXCEPTION WHEN foreign_key_violation THEN
	NULL;
END $$;

UPDATE bike_counts SET bikes = :was WHERE counter = :busiest AND hour = '2020-09-15 08:00';
\echo
\echo 'Rows that a change made hot are taken by the next seal:'
SELECT rows, segments FROM territory.seal('bike_counts');
SELECT * FROM pg_temp.fingerprint('bike_counts')
\gset now_
SELECT pg_temp.expect(:before_rows = :now_rows AND :before_checksum = :now_checksum, 'the correction taken back, every row and value as loaded') AS checked;
\ir ../verify.sql
