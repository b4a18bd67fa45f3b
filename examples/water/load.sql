-- Ten metered areas of Ferrara, from the Battle of Water Demand Forecasting.
\echo 'The feed: net inflow of ten metered areas of Ferrara, hourly, January 2021 to March 2023.'
CREATE TEMP TABLE measured (local text, a1 float8, a2 float8, a3 float8, a4 float8, a5 float8, a6 float8, a7 float8, a8 float8, a9 float8, a10 float8);
\copy measured FROM PROGRAM 'gzip -dc "$TERRITORY_DATA"/ferrara_bwdf_dma/InflowData.csv.gz' WITH (FORMAT csv, HEADER)
-- Local time: of the hour that an autumn night has twice, the first line is summer time.
CREATE TEMP TABLE hours AS
SELECT m.*, to_timestamp_local AT TIME ZONE 'Europe/Rome' - CASE WHEN twice AND nth = 1 THEN interval '1 hour' ELSE '0' END AS hour
FROM (SELECT *, to_timestamp(local, 'DD/MM/YYYY HH24:MI')::timestamp AS to_timestamp_local, count(*) OVER (PARTITION BY local) > 1 AS twice,
		row_number() OVER (PARTITION BY local ORDER BY ctid) AS nth FROM measured) m;
INSERT INTO inflow
SELECT area, hour, v FROM hours, unnest(ARRAY[a1, a2, a3, a4, a5, a6, a7, a8, a9, a10]) WITH ORDINALITY u(v, area) WHERE v IS NOT NULL;
\echo '  - times are local, and do not say which of the two hours of an autumn night they mean: the first line is summer time;'
\echo '  - 0.5 to 10 % of the values are missing: no row, and the series has a gap there.'
SELECT pg_temp.expect(count(*) = (SELECT count(*) FROM measured) AND max(hour) - min(hour) = (count(*) - 1) * interval '1 hour',
	'every hour once, none left out by summer time') FROM hours
\g /dev/null
DROP TABLE measured, hours;
