-- Nantes Métropole's bike counters, from their published files: a row per counter and day, a column per hour.
\echo 'The feed: hourly bike counts of Nantes Métropole, 2020-01 to 2021-05, a row per counter and day.'
CREATE TEMP TABLE wide
(
	id text, name text, day date,
	h0 integer, h1 integer, h2 integer, h3 integer, h4 integer, h5 integer, h6 integer, h7 integer,
	h8 integer, h9 integer, h10 integer, h11 integer, h12 integer, h13 integer, h14 integer, h15 integer,
	h16 integer, h17 integer, h18 integer, h19 integer, h20 integer, h21 integer, h22 integer, h23 integer,
	anomaly text, weekday integer
);
-- the file starts with a byte order mark, in the header, which is not read
\copy wide FROM PROGRAM 'gzip -dc "$TERRITORY_DATA"/nantes_comptages_velo/nantes_velo_horaire_2020_2021.csv.gz' WITH (FORMAT csv, HEADER)
CREATE TEMP TABLE located (id text, name text, remark text, latitude_longitude text);
\copy located FROM PROGRAM 'cat "$TERRITORY_DATA"/nantes_comptages_velo/geolocalisation_compteurs.csv' WITH (FORMAT csv, HEADER, DELIMITER ';')

-- One file writes 0665 where the other writes 665: numbers agree.  A counter that the second does not know has no place.
INSERT INTO bike_counters
SELECT c.counter, c.name, ST_SetSRID(ST_MakePoint(split_part(l.latitude_longitude, ',', 2)::float8,
	split_part(l.latitude_longitude, ',', 1)::float8), 4326)
FROM (SELECT DISTINCT id::integer AS counter, name FROM wide) c LEFT JOIN located l ON l.id::integer = c.counter;

-- Wide to long.  Hours are local: hour 2 does not exist on the day that summer time begins, and no cell of it is filled.
SELECT pg_temp.expect(count(*) = 0, 'no count in an hour that does not exist')
FROM wide WHERE day IN ('2020-03-29', '2021-03-28') AND h2 IS NOT NULL
\g /dev/null
-- Where summer time ends hour 2 comes twice, and the feed has one cell for both: AT TIME ZONE takes the second (winter time).
INSERT INTO bike_counts
SELECT id::integer, (day + make_time(h::integer - 1, 0, 0)) AT TIME ZONE 'Europe/Paris', bikes, anomaly
FROM wide, unnest(ARRAY[h0, h1, h2, h3, h4, h5, h6, h7, h8, h9, h10, h11, h12, h13, h14, h15, h16, h17, h18, h19,
	h20, h21, h22, h23]) WITH ORDINALITY cell(bikes, h)
WHERE bikes IS NOT NULL;

\echo '  - wide to long: an empty cell is no row; a counted 0 stays a 0, and the operator''s anomaly flag stays beside it;'
\echo '  - hours are those of Europe/Paris: 02:00 on 29 March 2020 and 28 March 2021 does not exist; 02:00 on 25 October 2020'
\echo '    came twice, the feed has one cell for both, and it is stored as the second (winter time).'
SELECT pg_temp.expect((SELECT count(*) FROM bike_counts) =
	(SELECT sum(num_nonnulls(h0, h1, h2, h3, h4, h5, h6, h7, h8, h9, h10, h11, h12, h13, h14, h15, h16, h17, h18, h19,
	h20, h21, h22, h23)) FROM wide), 'a row per filled cell')
\g /dev/null
SELECT pg_temp.expect(count(*) > 0 AND count(place) > 0, 'some counters are located') FROM bike_counters
\g /dev/null
DROP TABLE wide, located;
