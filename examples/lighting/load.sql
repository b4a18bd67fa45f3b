-- Montpellier's street lights, from the city's inventory.
\echo 'The inventory: 29,969 supports of street lights of Montpellier, 2013.'
-- The header names four columns, most lines have three fields, those without a kind four: each is read as one text, and
-- cut afterwards.  No field is quoted.
CREATE TEMP TABLE lines (line text);
\copy lines FROM PROGRAM 'gzip -dc "$TERRITORY_DATA"/montpellier_opendata_2014/derived/eclairage_public_wgs84.csv.gz | sed 1d' WITH (FORMAT csv, DELIMITER E'\x01', QUOTE E'\x02')
-- Sealed in the order in which they were written: neighbours together, so that a block is a small place.
INSERT INTO street_lights (kind, place)
SELECT nullif(upper(split_part(line, ',', 3)), ''), place
FROM lines, ST_SetSRID(ST_MakePoint(split_part(line, ',', 1)::float8, split_part(line, ',', 2)::float8), 4326) place
ORDER BY ST_GeoHash(place);
\echo '  - lines have three fields or four: read as text, cut in SQL; an empty kind is NULL, "Lanterne" and "LANTERNE" are one;'
\echo '  - lights at one place are two lights, not one twice: all lines are kept, and numbered.'
SELECT pg_temp.expect((SELECT count(*) FROM street_lights) = (SELECT count(*) FROM lines), 'a row per line')
\g /dev/null
DROP TABLE lines;
