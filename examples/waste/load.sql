-- Edinburgh's litter bins of summer 2016, with sensors.
\echo 'The feed: 10,000 collections of 334 litter bins of Edinburgh, June to August 2016.'
CREATE TEMP TABLE told (id integer, site integer, site_name text, address text, site_content_type text, content_type text, content_type_name text,
	collected_at text, frozen text, before_pct real, after_pct real, volume_l real, weight_kg real, partial text, slot_id text, slot_confidence real, confidence real);
\copy told FROM PROGRAM 'gzip -dc "$TERRITORY_DATA"/edinburgh_bin_sensors_2016/litter_bin_sensor_collections_2016.csv.gz' WITH (FORMAT csv, HEADER)
INSERT INTO collections SELECT site, collected_at::timestamp AT TIME ZONE 'Europe/London', id, address, before_pct, after_pct, weight_kg FROM told;
\echo '  - times are local: that is told to SQL;'
\echo '  - the sensor tells how full a bin is in percent, which can be more than 100.'
SELECT pg_temp.expect((SELECT count(*) FROM collections) = (SELECT count(*) FROM told), 'a row per line')
\g /dev/null
DROP TABLE told;
