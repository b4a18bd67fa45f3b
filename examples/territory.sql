-- All services together: what they take, that they are sound, and a question that crosses two of them.
\ir start.sql
\echo
\echo '== The territory: all services in one PostgreSQL'
\echo
\echo 'What is sealed:'
SELECT relation, hot_rows, pg_size_pretty(hot_bytes) AS hot, pg_size_pretty(index_bytes) AS indexes, segments, sealed_rows,
	pg_size_pretty(sealed_bytes) AS sealed, ratio, last_seal::timestamp(0)
FROM territory.table_status ORDER BY sealed_rows DESC;

\echo 'Two services meet: street lights within 100 m of the places with most reports after dark.'
\set ECHO queries
WITH dark AS (
	SELECT ST_SnapToGrid(place, 0.002) AS cell, count(*) AS reports
	FROM reports WHERE extract(hour FROM reported_at) NOT BETWEEN 7 AND 19
	GROUP BY 1 ORDER BY reports DESC, cell LIMIT 5)
SELECT ST_AsText(cell, 3) AS place, reports, count(light) AS lights
FROM dark LEFT JOIN street_lights ON place && ST_Expand(cell, 0.002) AND ST_DWithin(place::geography, cell::geography, 100)
GROUP BY cell, reports ORDER BY reports DESC, cell;
\set ECHO none

\echo 'Verified, all of it:'
SELECT relation, count(*) AS segments, sum(rows) AS rows, bool_and(ok) AS sound
FROM territory.table_status s, territory.verify(s.relation) GROUP BY relation ORDER BY relation::text;
SELECT pg_temp.expect(count(DISTINCT relation) = 11 AND bool_and(ok), 'eleven tables, all sound') AS checked
FROM territory.table_status s, territory.verify(s.relation);
