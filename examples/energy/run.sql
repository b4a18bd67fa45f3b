-- Energy: a table that an application has already, adopted in one statement, and given back.
\ir ../start.sql
\set table energy
SET timezone = 'Europe/London';
\echo
\echo '== Energy: a table that is there already'
\echo
\ir table.sql
\if :real
	\ir load.sql
\else
	\ir generate.sql
\endif
ANALYZE energy;

SELECT * FROM pg_temp.fingerprint('energy')
\gset before_
SELECT pg_total_relation_size('energy') AS bytes
\gset before_
\echo
\echo 'Before: an ordinary heap table with its indexes.'
SELECT :before_rows AS rows, pg_size_pretty(pg_relation_size('energy')) AS heap,
	pg_size_pretty(pg_indexes_size('energy')) AS indexes, pg_size_pretty(:before_bytes::bigint) AS total,
	round(:before_bytes::numeric / :before_rows, 1) AS bytes_a_row;
\echo 'What would sealing bring? Asked of a sample, without sealing anything; the last line is of whole rows:'
\set ECHO queries
SELECT * FROM territory.advise('energy');
\set ECHO none
\echo 'Adopt it: one rewrite, rows go straight into segments, nothing is left to vacuum.'
\set ECHO queries
SELECT rows, segments, pg_size_pretty(heap_bytes) AS as_heap_rows, pg_size_pretty(sealed_bytes) AS sealed
FROM territory.adopt('energy');
\set ECHO none
\ir ../sealed.sql
ANALYZE energy;
SELECT pg_temp.expect(count(*) = 5 AND bool_and(sealed_bytes_per_value IS NOT NULL), 'advise() told of each column and of the row') AS checked
FROM territory.advise('energy');

SELECT building AS largest FROM energy GROUP BY building ORDER BY sum(kwh) DESC NULLS LAST LIMIT 1
\gset
\echo
\echo 'A week of building ':largest', kWh a day:'
\set ECHO queries
SELECT hour::date AS day, to_char(hour::date, 'Dy') AS " ",
	round(sum(kwh) FILTER (WHERE meter = 'electricity')) AS electricity, round(sum(kwh) FILTER (WHERE meter = 'gas')) AS gas
FROM energy WHERE building = :'largest' AND hour >= '2018-02-05' AND hour < '2018-02-12'
GROUP BY 1 ORDER BY 1;
\set ECHO none

\echo 'A day in every month, all buildings: the hour with the highest mean, and the year of electricity as a line a month:'
\set ECHO queries
WITH profile AS (
	SELECT extract(month FROM hour) AS month, extract(hour FROM hour) AS hour, avg(kwh) AS kwh
	FROM energy WHERE meter = 'electricity' GROUP BY 1, 2)
SELECT month, string_agg(substr('▁▂▃▄▅▆▇█', 1 + least(7, floor(8 * (kwh - low) / (high - low)))::integer, 1), '' ORDER BY hour)
	AS "0h    electricity    23h", round(max(kwh)) AS most
FROM profile, (SELECT min(kwh) AS low, max(kwh) AS high FROM profile) bounds
GROUP BY month ORDER BY month;
\set ECHO none

\echo 'Readings that are missing, as NULL, count in no mean:'
SELECT building, count(*) - count(kwh) AS missing FROM energy WHERE meter = 'electricity'
GROUP BY building HAVING count(kwh) < count(*) ORDER BY missing DESC, building LIMIT 5;

\echo 'Leaving is one statement, too, and loses nothing; back again for the rest of the tour.'
\set ECHO queries
ALTER TABLE energy SET ACCESS METHOD heap;
\set ECHO none
SELECT * FROM pg_temp.fingerprint('energy')
\gset left_
SELECT pg_temp.expect(:before_rows = :left_rows AND :before_checksum = :left_checksum, 'a heap table with the same rows and values') AS checked;
SELECT rows, segments FROM territory.adopt('energy');
\ir ../verify.sql
