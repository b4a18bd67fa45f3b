-- Montpellier's car parks, from a collected feed with Spanish headers.
\echo 'The feed: free places of 24 car parks of Montpellier, January to March 2026.'
CREATE TEMP TABLE told (fecha_lectura text, nombre_parking text, plazas_libres integer, capacidad_total integer, estado text);
\copy told FROM PROGRAM 'gzip -dc "$TERRITORY_DATA"/montpellier_parkings_2026/fixture_2026-01_2026-03.csv.gz' WITH (FORMAT csv, HEADER)
-- The instants are UTC and do not say so: read in the session's zone they would be an hour or two early.
INSERT INTO parking
SELECT nombre_parking, fecha_lectura::timestamp AT TIME ZONE 'UTC', plazas_libres, capacidad_total, estado FROM told;
\echo '  - instants are in UTC without saying so: that is told to SQL, and they are shown in Europe/Paris;'
\echo '  - values come about every hour, not on the hour: they are kept at the instant they were told;'
\echo '  - a capacity changes now and then (Comedie, Foch): it stands beside each value, so that a rate is that of its time.'
SELECT pg_temp.expect((SELECT count(*) FROM parking) = (SELECT count(*) FROM told), 'a row per line')
\g /dev/null
DROP TABLE told;
