-- Reports of Montpellier's Vigilo, without their free text.
\echo 'The feed: 11,281 reports of citizens of Montpellier and around, 2017 to 2024.'
CREATE TEMP TABLE published (token text, latitude float8, longitude float8, published_time text, category smallint, city text);
\copy published FROM PROGRAM 'gzip -dc "$TERRITORY_DATA"/montpellier_vigilo_2024/vigilo_montpellier_sans_texte_libre.csv.gz' WITH (FORMAT csv, HEADER)
-- Times say no zone.  In winter most come at 7, in summer at 6: so do people who keep the same hours in local time only
-- if these are UTC.  The service began in 2017, eleven dates say 2009: the report is kept, its time is not known.
INSERT INTO reports
SELECT token, category, city, CASE WHEN published_time >= '2017' THEN published_time::timestamp AT TIME ZONE 'UTC' END,
	ST_SetSRID(ST_MakePoint(longitude, latitude), 4326)
FROM published;
\echo '  - times say no zone; the morning''s peak moves by an hour when summer time begins, so they are taken as UTC;'
\echo '  - eleven are dated 2009, before the service began: the reports are kept, their time becomes NULL;'
\echo '  - categories are numbers that the file does not explain: they are kept as numbers.'
SELECT pg_temp.expect((SELECT count(*) FROM reports) = (SELECT count(*) FROM published), 'a row per line')
\g /dev/null
SELECT pg_temp.expect(count(*) = 11, 'eleven reports have no time') FROM reports WHERE reported_at IS NULL
\g /dev/null
DROP TABLE published;
