-- Car parks: a live table, whose past is sealed while new values keep coming.
\ir ../start.sql
\set table parking
\set before 2026-03-01
\echo
\echo '== Car parks: a live feed, its past sealed and its last month hot'
\echo
\ir table.sql
\if :real
	\ir load.sql
\else
	\ir generate.sql
\endif
ANALYZE parking;

\ir ../seal.sql

\echo
\echo 'The last value of each car park (hot rows), the fullest first:'
\set ECHO queries
SELECT * FROM (
	SELECT DISTINCT ON (car_park) car_park, told_at, free, capacity, round(100.0 * (capacity - free) / capacity) AS "% used"
	FROM parking ORDER BY car_park, told_at DESC) last
ORDER BY "% used" DESC LIMIT 5;
\set ECHO none

\echo 'A day of every car park: how full it is on average in each hour of the day, over sealed and hot rows together:'
\set ECHO queries
WITH hourly AS (
	SELECT car_park, extract(hour FROM told_at) AS hour, avg(1 - free::numeric / capacity) AS used
	FROM parking WHERE extract(isodow FROM told_at) < 6 GROUP BY 1, 2)
SELECT car_park, string_agg(coalesce(substr('▁▂▃▄▅▆▇█', 1 + least(7, floor(8 * used))::integer, 1), ' '), ''
	ORDER BY hour) AS "0h       working days  23h", round(100 * max(used)) AS "% at most"
FROM (SELECT DISTINCT car_park FROM parking) p CROSS JOIN generate_series(0, 23) hour
LEFT JOIN hourly USING (car_park, hour)
GROUP BY 1 ORDER BY 3 DESC, 1;
\set ECHO none

\echo 'A new column on a table with sealed rows rewrites nothing:'
\set ECHO queries
ALTER TABLE parking ADD COLUMN source text DEFAULT 'feed';
\set ECHO none
SELECT source, count(*) FROM parking GROUP BY source;
SELECT pg_temp.expect(count(*) FILTER (WHERE source = 'feed') = :before_rows, 'every row, sealed or hot, has the new column') AS checked
FROM parking;

\echo 'A month later: March is sealed, too, a week at a time, each week committed, as one would do with years of rows.'
SET client_min_messages = notice;
\set ECHO queries
CALL territory.seal_in_batches('parking', before => '2026-04-01', batch => '7 days');
\set ECHO none
SET client_min_messages = warning;
SELECT pg_temp.expect(count(*) = 0, 'no hot row is older than April') AS checked
FROM (SELECT count(*) AS hot FROM parking WHERE told_at >= '2026-04-01') h, territory.table_totals('parking') t WHERE h.hot <> t.hot_rows;
\echo 'Weeks make small segments: they are merged, and dead rows left behind.'
\set ECHO queries
SELECT rows, segments_before, segments_after, pg_size_pretty(bytes_before) AS before, pg_size_pretty(bytes_after) AS after
FROM territory.compact('parking');
\set ECHO none
VACUUM parking;
ALTER TABLE parking DROP COLUMN source;
SELECT * FROM pg_temp.fingerprint('parking')
\gset now_
SELECT pg_temp.expect(:before_rows = :now_rows AND :before_checksum = :now_checksum, 'the same rows and values as before sealing') AS checked;
\ir ../verify.sql
