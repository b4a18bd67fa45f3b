-- Street lights: an inventory, without a time; sealed all the same, and changed when a light is.
\ir ../start.sql
\set table street_lights
\echo
\echo '== Lighting: an inventory of places'
\echo
\ir table.sql
\if :real
	\ir load.sql
\else
	\ir generate.sql
\endif
ANALYZE street_lights;

\ir ../seal.sql

\echo
\echo 'Kinds of lights:'
\set ECHO queries
SELECT kind, count(*) AS lights, repeat('█', (count(*) * 40 / max(count(*)) OVER ())::integer) AS " "
FROM street_lights GROUP BY kind ORDER BY lights DESC LIMIT 8;
\set ECHO none

\echo 'Lights near a place, with PostGIS:'
\set ECHO queries
SELECT light, kind, round(ST_Distance(place::geography, ST_MakePoint(3.8767, 43.6110)::geography)::numeric) AS metres
FROM street_lights WHERE ST_DWithin(place::geography, ST_MakePoint(3.8767, 43.6110)::geography, 500)
ORDER BY metres, light LIMIT 5;
\set ECHO none

\echo 'A street is refitted: lights change, one is taken away, one is new. Then all is undone.'
BEGIN;
SELECT count(*) AS street FROM street_lights WHERE light BETWEEN 1000 AND 1019
\gset
\set ECHO queries
UPDATE street_lights SET kind = 'LED' WHERE light BETWEEN 1000 AND 1019;
DELETE FROM street_lights WHERE light = 1020;
INSERT INTO street_lights (kind, place) VALUES ('LED', ST_SetSRID(ST_MakePoint(3.8767, 43.6110), 4326)) RETURNING kind, light;
\set ECHO none
SELECT pg_temp.expect(count(*) = :before_rows AND count(*) FILTER (WHERE kind = 'LED') = :street + 1,
	'twenty are changed, one is gone, one is new') AS checked
FROM street_lights;
ROLLBACK;
SELECT * FROM pg_temp.fingerprint('street_lights')
\gset now_
SELECT pg_temp.expect(:before_rows = :now_rows AND :before_checksum = :now_checksum, 'rolled back: the same lights as before') AS checked;
\ir ../verify.sql
