-- Buses: fixes become moving points, which are measured, met and cleaned; a timetable becomes some, too.
\ir ../start.sql
\set table bus_fixes
\echo
\echo '== Buses: fixes as moving points'
\echo
\ir table.sql
\if :real
	\ir load.sql
\else
	\ir generate.sql
\endif
ANALYZE bus_fixes;

\ir ../seal.sql
SET search_path = public, territory;
SET timezone = 'Europe/London';

\echo
\echo 'One value for each bus. A section ends where a bus was not seen for ten minutes.'
\set ECHO queries
CREATE TABLE bus_runs AS
SELECT bus, point_series(t, pos, 'linear', '10 minutes') AS run FROM bus_fixes GROUP BY bus;
SELECT bus, num_instants(run) AS fixes, cardinality(array(SELECT unnest(time_spans(run)))) AS sections, round(length(run)) AS metres,
	round((length(run) / extract(epoch FROM duration(time_spans(run))) * 3.6)::numeric, 1) AS km_h, round((max_value(speed(run)) * 3.6)::numeric, 1) AS at_most, pg_column_size(run) AS bytes
FROM bus_runs ORDER BY bus;
\set ECHO none
SELECT pg_temp.expect(sum(num_instants(run)) = (SELECT count(*) FROM bus_fixes), 'each fix is an instant') AS checked FROM bus_runs
UNION ALL
SELECT pg_temp.expect(abs(sum(length(run)) - sum(ST_Length(trajectory(run)::geography))) < 0.01, 'PostGIS finds the same metres') FROM bus_runs
UNION ALL
SELECT pg_temp.expect(bool_and(max_value(speed(run)) < 33), 'no bus is faster than 120 km/h') FROM bus_runs
UNION ALL
SELECT pg_temp.expect(bool_and(num_instants(clean(run, 33)) = num_instants(run)), 'so there is nothing to clean') FROM bus_runs
UNION ALL
SELECT pg_temp.expect(bool_and(position_at(run, t) = pos), 'a bus is where it told') FROM bus_fixes JOIN bus_runs USING (bus);

\echo
\echo 'Where were the buses at half past five? Between two fixes they are on the straight line; out of service, nowhere:'
\set ECHO queries
SELECT bus, ST_AsText(position_at(run, '2026-01-26 17:30+00'), 5) AS place, round(value_at(speed(run), '2026-01-26 17:30+00')::numeric * 3.6) AS km_h,
	round(value_at(bearing(run), '2026-01-26 17:30+00')) AS degrees
FROM bus_runs ORDER BY bus;
\set ECHO none

\echo 'The longest stands of two minutes and more, each bus within 25 m:'
\set ECHO queries
SELECT bus, lower(period)::time(0) AS since, (upper(period) - lower(period)) AS for, ST_AsText(geom, 4) AS place
FROM bus_runs, stops(run, 25, '2 minutes') ORDER BY 3 DESC, 1 LIMIT 5;
\set ECHO none

\echo 'Bunching: buses of the same line that came within 30 m of each other, on the road:'
\set ECHO queries
SELECT a.bus, b.bus AS other, n.instant::time(0) AS at, round(n.distance::numeric, 1) AS metres
FROM bus_runs a JOIN bus_runs b ON a.bus < b.bus AND ever_within(a.run, b.run, 30), nearest_approach(a.run, b.run) n ORDER BY n.distance, 1, 2;
\set ECHO none
SELECT pg_temp.expect(bool_and(ever_within(a.run, b.run, 30) = coalesce(n.distance <= 30, false)), 'those that met are those that came near') AS checked
FROM bus_runs a JOIN bus_runs b ON a.bus < b.bus, nearest_approach(a.run, b.run) n
UNION ALL
SELECT pg_temp.expect(bool_and(abs(ST_Distance(position_at(a.run, n.instant)::geography, position_at(b.run, n.instant)::geography) - n.distance) < 0.001),
	'PostGIS finds the same distance then')
FROM bus_runs a JOIN bus_runs b ON a.bus < b.bus, nearest_approach(a.run, b.run) n WHERE n.instant IS NOT NULL;

\echo 'For a map, ten metres are enough; for a film, where a bus was when counts, too:'
\set ECHO queries
SELECT sum(num_instants(run)) AS fixes, sum(num_instants(simplify(run, 10))) AS map, sum(num_instants(simplify(run, 10, 'synchronous'))) AS film FROM bus_runs;
\set ECHO none

\echo
\echo 'A timetable says where vehicles are, too.'
SET timezone = 'Europe/Paris';
\set gtfs 0
\if :real
	\set gtfs `test -r "$TERRITORY_DATA"/gtfs_montpellier_tam/TAM_MMM_GTFS.zip && command -v unzip > /dev/null && echo 1 || echo 0`
\endif
\if :gtfs
	\ir timetable_load.sql
\else
	\ir timetable_generate.sql
\endif
\echo 'Times count from noon less twelve hours, by definition: that night, summer time ends, and trams past midnight are an hour off'
\echo 'if their times are taken for those of clocks. Times are whole minutes: stops of the same minute share it.'
\set ECHO queries
CREATE TABLE tram_runs AS
WITH day AS (SELECT timestamptz '2025-10-25 12:00 Europe/Paris' - interval '12 hours' AS start),
	shared AS (
		SELECT *, (row_number() OVER same - 1) * interval '1 minute' / count(*) OVER (PARTITION BY trip, departure) AS later
		FROM timetable WINDOW same AS (PARTITION BY trip, departure ORDER BY number))
SELECT line, trip, point_series(t, pos) AS run
FROM shared, day, LATERAL (VALUES (start + arrival + later), (start + departure + later)) stay(t)
GROUP BY line, trip;
SELECT line, count(*) AS trips, round(avg(length(run))) AS metres, round((avg(length(run) / extract(epoch FROM duration(time_spans(run)))) * 3.6)::numeric, 1) AS km_h,
	min(start_time(run)) AS first, max(end_time(run)) AS last
FROM tram_runs GROUP BY line ORDER BY line;
\set ECHO none
SELECT pg_temp.expect(count(*) = (SELECT count(DISTINCT trip) FROM timetable), 'each trip is a moving point') AS checked FROM tram_runs
UNION ALL
SELECT pg_temp.expect(sum(num_instants(run)) = (SELECT sum(CASE WHEN arrival = departure THEN 1 ELSE 2 END) FROM timetable), 'no stop is lost') FROM tram_runs
UNION ALL
SELECT pg_temp.expect(max(end_time(run)) > '2025-10-26 00:00 Europe/Paris', 'some run past midnight') FROM tram_runs
UNION ALL
SELECT pg_temp.expect(bool_and(start_time(run) = timestamptz '2025-10-25 12:00 Europe/Paris' + (SELECT min(arrival) FROM timetable x WHERE x.trip = r.trip) - interval '12 hours'), 'they start when the timetable says') FROM tram_runs r;

\echo 'Trams on the way at a quarter past eight, and how many metres of the network they cover in the next minute:'
\set ECHO queries
SELECT line, count(*) AS trams, round(sum(length(at(run, '[2025-10-25 08:15 Europe/Paris, 2025-10-25 08:16 Europe/Paris]'::tstzrange)))) AS metres
FROM tram_runs WHERE position_at(run, '2025-10-25 08:15 Europe/Paris') IS NOT NULL GROUP BY line ORDER BY line;
\set ECHO none
SELECT pg_temp.expect(count(*) > 0, 'there are some') AS checked FROM tram_runs WHERE position_at(run, '2025-10-25 08:15 Europe/Paris') IS NOT NULL;
RESET search_path;
\ir ../verify.sql
