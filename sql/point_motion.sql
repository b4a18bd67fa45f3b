-- moving points: length, speed and bearing; the other side is PostGIS's
SET search_path = public, territory;
SET timezone = 'UTC';
CREATE TEMP TABLE p (name text, s point_series);
INSERT INTO p VALUES
	('square', 'SRID=2154;[POINT(0 0)@2026-01-01 00:00:00, POINT(0 30)@2026-01-01 00:00:10, POINT(40 30)@2026-01-01 00:00:20, POINT(40 30)@2026-01-01 00:01:00, POINT(40 0)@2026-01-01 00:01:05, POINT(0 0)@2026-01-01 00:01:10]'),
	('two sections', 'SRID=2154;{[POINT(0 0)@2026-01-01 00:00:00, POINT(3 4)@2026-01-01 00:00:10], [POINT(50 50)@2026-01-01 00:00:20], [POINT(5 5)@2026-01-01 00:00:30, POINT(5 4)@2026-01-01 00:00:31]}'),
	('3D', 'SRID=2154;[POINT Z(0 0 0)@2026-01-01 00:00:00, POINT Z(3 4 12)@2026-01-01 00:00:10, POINT Z(3 4 0)@2026-01-01 00:00:12]'),
	('geographic', 'SRID=4326;[POINT(5 47)@2026-01-01 00:00:00, POINT(5.0001 47.0001)@2026-01-01 00:00:01, POINT(5.0001 47.0001)@2026-01-01 00:00:02, POINT(5.1 47)@2026-01-01 00:00:12]'),
	('geographic 3D', 'SRID=4326;[POINT Z(5 47 0)@2026-01-01 00:00:00, POINT Z(5.0001 47.0001 500)@2026-01-01 00:00:01]'),
	('no SRID', '[POINT(0 0)@2026-01-01 00:00:00, POINT(0 30)@2026-01-01 00:00:10]'),
	('parked', 'SRID=2154;[POINT(0 0)@2026-01-01 00:00:00, POINT(0 0)@2026-01-01 00:00:10]'),
	('step', 'SRID=2154;Interp=Step;[POINT(0 0)@2026-01-01 00:00:00, POINT(0 30)@2026-01-01 00:00:10]'),
	('discrete', 'SRID=2154;{POINT(0 0)@2026-01-01 00:00:00, POINT(0 30)@2026-01-01 00:00:10}'),
	('instant', 'SRID=4326;[POINT(0 0)@2026-01-01 00:00:00]');
SELECT name, round(length(s)::numeric, 6) AS length,
	CASE WHEN interpolation(s) <> 'linear' THEN length(s) = 0
		ELSE abs(length(s) - CASE ST_SRID(trajectory(s)) WHEN 4326 THEN ST_Length(trajectory(s)::geography) ELSE ST_3DLength(trajectory(s)) END) < 1e-6 END AS as_postgis
FROM p ORDER BY name;
SELECT name, interpolation(speed(s)), to_char(t, 'MI:SS') AS from, round(value::numeric, 6) AS speed
FROM p, unnest(speed(s)) ORDER BY name, t;
SELECT name, interpolation(bearing(s)), to_char(t, 'MI:SS') AS from, round(value::numeric, 6) AS bearing, to_char(lower(time_spans(bearing(s))), 'MI:SS') AS first
FROM p, unnest(bearing(s)) ORDER BY name, t;
SELECT name, speed(s) IS NULL AS no_speed, bearing(s) IS NULL AS no_bearing FROM p ORDER BY name;
SELECT time_spans(bearing(s)) FROM p WHERE name = 'square';
SELECT name FROM p WHERE speed(s) IS NOT NULL AND abs(integral(speed(s)) - length(s)) > 1e-9;

-- all directions, near and far, all latitudes but the poles: as geodesics of PostGIS, which are those of GeographicLib
CREATE TEMP TABLE ways AS
SELECT a, b, ('SRID=4326;[' || ST_AsText(a, 15) || '@2026-01-01 00:00:00, ' || ST_AsText(b, 15) || '@2026-01-01 00:00:01]')::point_series AS s
FROM (SELECT a, ST_Project(a::geography, metres, radians(azimuth))::geometry AS b
	FROM generate_series(-89, 89, 4) lat, unnest('{0.5, 20, 900, 2999, 3001, 50000, 3000000}'::float8[]) metres, generate_series(0, 330, 30) azimuth,
		LATERAL (SELECT ST_SetSRID(ST_MakePoint(lat / 3.0, lat), 4326) AS a) start
	WHERE abs(lat) < 60 OR metres < 100000) w;
SELECT count(*), max(abs(length(s) - ST_Distance(a::geography, b::geography))) < 1e-5 AS same_metres,
	max(abs(length(s) / ST_Distance(a::geography, b::geography) - 1)) FILTER (WHERE length(s) > 500) < 1e-9 AS same_ratio
FROM ways;
SELECT max(least(d, 360 - d)) < 1e-6 AS same_bearing
FROM (SELECT abs(min_value(bearing(s)) - degrees(ST_Azimuth(a::geography, b::geography))) AS d FROM ways WHERE length(s) > 10) x;
SELECT max(abs(min_value(bearing(s)) - degrees(ST_Azimuth('POINT(0 0)', e)))) < 1e-9 AS same_bearing
FROM (SELECT e, ('[POINT(0 0)@2026-01-01 00:00:00, ' || ST_AsText(e, 15) || '@2026-01-01 00:00:01]')::point_series AS s
	FROM generate_series(0, 359) d, LATERAL (SELECT ST_MakePoint(sin(radians(d)), cos(radians(d))) AS e) w) x;

-- many motions at once are each of them alone, bit for bit: across knots of latitude, long ways and standstills, near poles, with heights, with gaps
CREATE TEMP TABLE walks AS SELECT name, point_series('2026-01-01'::timestamptz + make_interval(secs => i + i / 100 * 20 + i % 3 * 0.1), p, 'linear', '15 s') AS s
FROM generate_series(1, 1000) i, LATERAL (VALUES
	('town', ST_Point(5 + 1e-4 * i, 47.3 + 2e-4 * sin(i), 4326)), ('north', ST_Point(5 + 1e-3 * i, 30 + 0.02 * i, 4326)),
	('pole', ST_Point(0.01 * i, 79.9 + 0.0005 * i, 4326)), ('flight', ST_Point(5 + CASE WHEN i % 50 = 0 THEN 20 ELSE 0 END + 1e-4 * (i / 3), 47, 4326)),
	('south', ST_Point(-60 - 1e-4 * i, -33.5 + 1e-4 * i * cos(i), 4326)), ('heights', ST_SetSRID(ST_MakePoint(5 + 1e-4 * i, 47.3, 100 * sin(i)), 4326)),
	('plane', ST_Point(850000 + 7 * sin(i), 6690000 + 0.3 * i, 2154)), ('plane with heights', ST_SetSRID(ST_MakePoint(850000 + 7 * sin(i), 6690000 + 0.3 * i, i % 10), 2154))) w (name, p)
GROUP BY name;
CREATE TEMP TABLE motions AS SELECT name, i, t, lead(t) OVER w AS u, p, lead(p) OVER w AS q FROM walks, unnest(s) WITH ORDINALITY AS r (t, p, i) WINDOW w AS (PARTITION BY name ORDER BY i);
DELETE FROM motions WHERE u - t > interval '15 s' OR u IS NULL;
SELECT name, count(*), bool_and(value_at(speed(s), t) = max_value(speed(one))) AS same_speed, abs(min(length(s)) / sum(length(one)) - 1) < 1e-14 AS same_length,
	bool_and(length(one) = value_at(distance(one, q), t)) FILTER (WHERE name NOT LIKE '%heights') AS same_distance
FROM walks JOIN motions USING (name), LATERAL (SELECT point_series(at, place) AS one FROM (VALUES (t, p), (u, q)) v (at, place)) o GROUP BY name ORDER BY name;
SELECT name, abs(length(s) / (SELECT sum(ST_Distance(p::geography, q::geography)) FROM motions m WHERE m.name = w.name) - 1) < 1e-9 AS as_postgis FROM walks w WHERE ST_SRID(trajectory(s)) = 4326 AND name <> 'heights' ORDER BY name;

-- an SRID with another spheroid, one in grads (NTF Paris: 400 grads are a circle), one with feet
SELECT abs(length('SRID=4277;[POINT(0 52)@2026-01-01, POINT(1 52)@2026-01-02]'::point_series)
	- ST_DistanceSpheroid('SRID=4277;POINT(0 52)'::geometry, 'SRID=4277;POINT(1 52)'::geometry, 'SPHEROID["Airy 1830",6377563.396,299.3249646]')) < 1e-3 AS airy;
SELECT length('SRID=4807;[POINT(0 50)@2026-01-01, POINT(0 51)@2026-01-02]'::point_series) BETWEEN 99950 AND 100050 AS a_grad_is_100_km;
SELECT length('SRID=2263;[POINT(0 0)@2026-01-01, POINT(0 51)@2026-01-02]'::point_series) AS feet;
-- a place in metres of the plane whatever its coordinates
SELECT length('SRID=3857;[POINT(0 0)@2026-01-01, POINT(3 4)@2026-01-02]'::point_series);
-- of the user's own making
INSERT INTO spatial_ref_sys (srid, proj4text) VALUES (990001, '+proj=longlat +a=1000000 +b=1000000 +no_defs');
SELECT round(length('SRID=990001;[POINT(0 0)@2026-01-01, POINT(90 0)@2026-01-02]'::point_series)) = round(pi() / 2 * 1000000) AS a_quarter_of_a_small_planet;
DELETE FROM spatial_ref_sys WHERE srid = 990001;
-- errors
SELECT length('SRID=990002;[POINT(0 0)@2026-01-01, POINT(3 4)@2026-01-02]'::point_series);
SELECT length('SRID=4326;[POINT(47 5)@2026-01-01, POINT(0 91)@2026-01-02]'::point_series);
SELECT bearing('SRID=4326;[POINT(0 91)@2026-01-01, POINT(1 91)@2026-01-02]');
SELECT length('[POINT(0 0)@2026-01-01, POINT(1e300 0)@2026-01-02]'::point_series);
