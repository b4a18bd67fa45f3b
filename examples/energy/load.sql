-- Buildings of Cambridge University, from their published hourly readings.
\echo 'The feed: electricity and gas of 12 buildings of Cambridge University, hourly, 2018.'
CREATE TEMP TABLE readings (building text, meter text, ts text, kwh real);
\copy readings FROM PROGRAM 'gzip -dc "$TERRITORY_DATA"/cambridge_estates_energy/fixture_12buildings_2018_hourly.csv.gz' WITH (FORMAT csv, HEADER)
-- Times are UTC.  The publisher wrote missing readings as 0.  No building uses no electricity at all for an hour, so that
-- is a missing reading; a boiler that is off burns no gas, so there a 0 may be true, and stays.
INSERT INTO energy
SELECT building, meter, ts::timestamp AT TIME ZONE 'UTC', CASE WHEN meter = 'electricity' THEN nullif(kwh, 0) ELSE kwh END
FROM readings;
\echo '  - the publisher wrote missing readings as 0: for electricity they become NULL (no building uses none for an hour);'
\echo '    for gas 0 stays, since a boiler that is off cannot be told from a reading that is missing.'
SELECT pg_temp.expect((SELECT count(*) FROM energy) = (SELECT count(*) FROM readings), 'a row per line')
\g /dev/null
SELECT pg_temp.expect(count(*) FILTER (WHERE meter = 'electricity' AND kwh IS NULL) = (SELECT count(*) FROM readings
	WHERE meter = 'electricity' AND kwh = 0), 'a NULL per missing reading') FROM energy
\g /dev/null
DROP TABLE readings;
