-- Buses, made up: eight of them on a winding route of 30 stops, twice each, in pairs that follow close; they wait at the fifteenth.
\echo 'Generated, not measured: 8 buses on a route of 30 stops, 26 January 2026.'
CREATE TEMP TABLE route AS
SELECT s, ST_MakePoint(-2.98 + s * 0.0028 + 0.002 * sin(s * 0.9), 53.41 + s * 0.0014 + 0.002 * cos(s * 1.3)) AS pos FROM generate_series(0, 30) s;
-- stop by stop: 90 seconds on the way, 20 at the stop; a fix every 15 seconds, with a few metres of noise
INSERT INTO bus_fixes
SELECT 'bus ' || bus, timestamptz '2026-01-26 16:00+00' + interval '1 second' * (bus / 2 * 840 + bus % 2 * 40 + run * 5400 + second),
	ST_SetSRID(ST_MakePoint(ST_X(a.pos) + moved * (ST_X(b.pos) - ST_X(a.pos)) + (random() - 0.5) * 0.00004,
		ST_Y(a.pos) + moved * (ST_Y(b.pos) - ST_Y(a.pos)) + (random() - 0.5) * 0.00004), 4326), NULL
FROM generate_series(1, 8) bus, generate_series(0, 1) run, generate_series(0, 3465, 15) second,
	LATERAL (SELECT second - least(180, greatest(0, second - 1640)) AS drive) d, LATERAL (SELECT drive / 110 AS s, least(1.0, drive % 110 / 90.0) AS moved) w
JOIN route a ON a.s = w.s JOIN route b ON b.s = w.s + 1;
DROP TABLE route;
