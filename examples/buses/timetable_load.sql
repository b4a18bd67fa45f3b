-- Montpellier's trams, from the timetable that TaM publishes (GTFS).
\echo 'The feed: the timetable of Montpellier''s tram lines for one Saturday, 25 October 2025.'
CREATE TEMP TABLE gtfs_routes (route_id text, agency_id text, route_short_name text, route_long_name text, route_type integer, route_color text, route_text_color text, route_url text);
CREATE TEMP TABLE gtfs_trips (route_id text, service_id text, trip_id text, trip_headsign text, direction_id integer, block_id text, wheelchair_accessible text, bikes_allowed text);
CREATE TEMP TABLE gtfs_stops (stop_id text, stop_code text, stop_name text, stop_lat float8, stop_lon float8, location_type text, parent_station text, wheelchair_boarding text);
CREATE TEMP TABLE gtfs_stop_times (trip_id text, arrival_time interval, departure_time interval, stop_id text, stop_sequence integer, pickup_type text, drop_off_type text, stop_headsign text);
CREATE TEMP TABLE gtfs_calendar (service_id text, mon integer, tue integer, wed integer, thu integer, fri integer, sat integer, sun integer, start_date date, end_date date);
CREATE TEMP TABLE gtfs_calendar_dates (service_id text, date date, exception_type integer);
\copy gtfs_routes FROM PROGRAM 'unzip -p "$TERRITORY_DATA"/gtfs_montpellier_tam/TAM_MMM_GTFS.zip routes.txt' WITH (FORMAT csv, HEADER)
\copy gtfs_trips FROM PROGRAM 'unzip -p "$TERRITORY_DATA"/gtfs_montpellier_tam/TAM_MMM_GTFS.zip trips.txt' WITH (FORMAT csv, HEADER)
\copy gtfs_stops FROM PROGRAM 'unzip -p "$TERRITORY_DATA"/gtfs_montpellier_tam/TAM_MMM_GTFS.zip stops.txt' WITH (FORMAT csv, HEADER)
\copy gtfs_stop_times FROM PROGRAM 'unzip -p "$TERRITORY_DATA"/gtfs_montpellier_tam/TAM_MMM_GTFS.zip stop_times.txt' WITH (FORMAT csv, HEADER)
\copy gtfs_calendar FROM PROGRAM 'unzip -p "$TERRITORY_DATA"/gtfs_montpellier_tam/TAM_MMM_GTFS.zip calendar.txt' WITH (FORMAT csv, HEADER)
\copy gtfs_calendar_dates FROM PROGRAM 'unzip -p "$TERRITORY_DATA"/gtfs_montpellier_tam/TAM_MMM_GTFS.zip calendar_dates.txt' WITH (FORMAT csv, HEADER)
-- A service runs on a day if its calendar says so and no exception takes it away, or if one adds it. Trams are of type 0.
INSERT INTO timetable
SELECT trip_id, route_short_name, stop_name, stop_sequence, arrival_time, departure_time, ST_SetSRID(ST_MakePoint(stop_lon, stop_lat), 4326)
FROM gtfs_stop_times JOIN gtfs_stops USING (stop_id) JOIN gtfs_trips USING (trip_id) JOIN gtfs_routes USING (route_id)
WHERE route_type = 0 AND service_id IN (
	SELECT service_id FROM gtfs_calendar WHERE sat = 1 AND date '2025-10-25' BETWEEN start_date AND end_date
	EXCEPT SELECT service_id FROM gtfs_calendar_dates WHERE date = '2025-10-25' AND exception_type = 2
	UNION SELECT service_id FROM gtfs_calendar_dates WHERE date = '2025-10-25' AND exception_type = 1);
\echo '  - every calendar says "every day", and exceptions take days away: both have to be read;'
\echo '  - a byte order mark, which COPY takes for a part of a header that it skips; times past 24:00, which interval reads;'
\echo '  - no shapes: between two stops a tram is taken to go straight.'
DROP TABLE gtfs_routes, gtfs_trips, gtfs_stops, gtfs_stop_times, gtfs_calendar, gtfs_calendar_dates;
