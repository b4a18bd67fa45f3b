-- Liverpool's route 14 on an afternoon, from its operator's live feed, by the UK's Bus Open Data Service.
\echo 'The feed: 8 buses of Liverpool''s route 14, outbound, on 26 January 2026.'
CREATE TEMP TABLE told (id bigint, vehicle_id text, trip_id text, told_at text, latitude float8, longitude float8, bearing smallint, origin text,
	destination text, route_name text, direction text, operator text);
\copy told FROM PROGRAM 'cat "$TERRITORY_DATA"/liverpool_bus_route14/route14_outbound.csv' WITH (FORMAT csv, HEADER)
-- Times have no zone; in January London's clocks show UTC. Latitude comes first.
INSERT INTO bus_fixes
SELECT vehicle_id, told_at::timestamp AT TIME ZONE 'Europe/London', ST_SetSRID(ST_MakePoint(longitude, latitude), 4326), bearing FROM told;
\echo '  - times without a zone, which are London''s; latitude before longitude;'
\echo '  - fixes every 10 to 60 seconds; only the outbound trips, so that each bus is not seen for up to an hour and a half;'
\echo '  - a quarter of the fixes has no bearing: speed and bearing are those of the positions.'
SELECT pg_temp.expect((SELECT count(*) FROM bus_fixes) = (SELECT count(*) FROM told), 'a row per line')
\g /dev/null
DROP TABLE told;
