-- moving points near and inside geometries; the other side is PostGIS's
SET search_path = public, territory;
SET timezone = 'UTC';
SET datestyle = 'ISO';
CREATE TEMP TABLE p (name text, s point_series);
INSERT INTO p VALUES
	('linear', 'SRID=2154;[POINT(0 0)@2026-01-01 00:00:00, POINT(100 0)@2026-01-01 00:01:40, POINT(100 100)@2026-01-01 00:03:20]'),
	('two sections', 'SRID=2154;{[POINT(0 0)@2026-01-01 00:00:00, POINT(40 0)@2026-01-01 00:00:40], [POINT(60 0)@2026-01-01 00:01:00, POINT(100 0)@2026-01-01 00:01:40]}'),
	('step', 'SRID=2154;Interp=Step;[POINT(0 0)@2026-01-01 00:00:00, POINT(50 0)@2026-01-01 00:01:00, POINT(100 0)@2026-01-01 00:02:00, POINT(50 0)@2026-01-01 00:03:00]'),
	('discrete', 'SRID=2154;{POINT(0 0)@2026-01-01 00:00:00, POINT(50 0)@2026-01-01 00:01:00, POINT(100 0)@2026-01-01 00:02:00}'),
	('parked', 'SRID=2154;[POINT(50 0)@2026-01-01 00:00:00, POINT(50 0)@2026-01-01 00:05:00]');
SELECT name, when_within(s, 'SRID=2154;POINT(50 0)', 10) FROM p ORDER BY name;
SELECT name, when_inside(s, 'SRID=2154;POLYGON((45 -5,55 -5,55 5,45 5,45 -5))') FROM p ORDER BY name;
SELECT name, distance(s, 'SRID=2154;POINT(50 10)'::geometry) FROM p ORDER BY name;
SELECT name, distance(s, 'SRID=2154;POLYGON((45 -5,55 -5,55 5,45 5,45 -5))'::geometry) FROM p ORDER BY name;
SELECT name, ever_within(s, 'SRID=2154;POINT(50 10)'::geometry, 10) AS ever, ever_within(s, 'SRID=2154;POINT(50 10)'::geometry, 9.9) AS nearer,
	ever_within(s, 'SRID=2154;POINT(50 0)'::geometry, 1, '[2026-01-01 00:01:00, 2026-01-01 00:01:30)') AS during,
	ever_within(s, 'SRID=2154;POINT(50 0)'::geometry, 1, '(2026-01-01 00:03:00,)') AS later
FROM p ORDER BY name;
-- kinds of geometry: within a distance of each part; in an area it is 0
SELECT k, when_within((SELECT s FROM p WHERE name = 'linear'), ST_SetSRID(k::geometry, 2154), 5)
FROM unnest('{POINT(20 3), "MULTIPOINT(20 3,100 50)", "LINESTRING(30 -20,30 20)", "MULTILINESTRING((30 -20,30 20),(90 50,110 50))",
	"POLYGON((40 -10,60 -10,60 10,40 10,40 -10))", "POLYGON((40 -20,80 -20,80 20,40 20,40 -20),(50 -10,50 10,70 10,70 -10,50 -10))",
	"GEOMETRYCOLLECTION(POINT(0 0),POLYGON((40 -10,60 -10,60 10,40 10,40 -10)),POINT EMPTY)", POINT Z(20 3 1000), POINT M(20 3 1000), POINT ZM(20 3 1000 1000)}'::text[]) k;
-- along a border, through a vertex, touching one, around a hole, from inside
SELECT k, when_inside(s::point_series, 'SRID=2154;POLYGON((0 0,10 0,10 10,0 10,0 0),(4 4,4 6,6 6,6 4,4 4))')
FROM (VALUES
	('along', 'SRID=2154;[POINT(-10 0)@2026-01-01 00:00:00, POINT(20 0)@2026-01-01 00:00:30]'),
	('through a vertex', 'SRID=2154;[POINT(-10 -10)@2026-01-01 00:00:00, POINT(20 20)@2026-01-01 00:00:30]'),
	('touching a vertex', 'SRID=2154;[POINT(-10 10)@2026-01-01 00:00:00, POINT(10 -10)@2026-01-01 00:00:20]'),
	('along the hole', 'SRID=2154;[POINT(5 4)@2026-01-01 00:00:00, POINT(15 4)@2026-01-01 00:00:10]'),
	('within the hole', 'SRID=2154;[POINT(4.5 5)@2026-01-01 00:00:00, POINT(5.5 5)@2026-01-01 00:00:10]'),
	('inside', 'SRID=2154;[POINT(1 1)@2026-01-01 00:00:00, POINT(1 2)@2026-01-01 00:00:10, POINT(2 2)@2026-01-01 00:00:20]'),
	('outside', 'SRID=2154;[POINT(11 1)@2026-01-01 00:00:00, POINT(11 2)@2026-01-01 00:00:10]')) v(k, s);
-- many blocks, of which few are near
CREATE TEMP TABLE long AS
SELECT point_series(t, pos) AS s FROM (SELECT '2026-01-01'::timestamptz + i * interval '1 second' AS t, ST_SetSRID(ST_MakePoint(i * 10, 0), 2154) AS pos
	FROM generate_series(0, 9000) i) fixes;
SELECT when_within(s, ST_SetSRID(ST_MakePoint(x, 0), 2154), 15), when_inside(s, ST_SetSRID(ST_MakeEnvelope(x - 15, -1, x + 15, 1), 2154)),
	ever_within(s, ST_SetSRID(ST_MakePoint(x, 3), 2154), 3) AS ever, ever_within(s, ST_SetSRID(ST_MakePoint(x, 3.1), 2154), 3) AS never
FROM long, unnest('{0, 10235, 10240, 40960, 90000}'::float8[]) x;
-- geographic: metres on the spheroid
SELECT ends, abs(ST_Distance(position_at(s, ends)::geography, place::geography) - 30) < 1e-3 AS thirty_metres
FROM (SELECT s, place, unnest(ARRAY[lower(when_within(s, place, 30)), upper(when_within(s, place, 30))]) AS ends
	FROM (SELECT 'SRID=4326;[POINT(4.9 47.3)@2026-01-01 00:00:00, POINT(5.1 47.31)@2026-01-01 01:00:00]'::point_series AS s,
		'SRID=4326;POINT(5.0000 47.3051)'::geometry AS place) x) y;
SELECT abs(min_value(distance(s, place)) - m) < 1e-3 AS least, m BETWEEN 10 AND 30 AS about
FROM (SELECT s, place, min(ST_Distance(position_at(s, start_time(s) + i * interval '1 millisecond')::geography, place::geography)) AS m
	FROM (SELECT 'SRID=4326;[POINT(4.9 47.3)@2026-01-01 00:00:00, POINT(5.1 47.31)@2026-01-01 01:00:00]'::point_series AS s,
		'SRID=4326;POINT(5.0001 47.3052)'::geometry AS place) x, generate_series(1795000, 1805000) i GROUP BY s, place) y;
-- a target that changes from row to row, and stays
SELECT x, when_within(s, ST_SetSRID(ST_MakePoint(x, 0), 2154), 1) FROM p, unnest('{10, 20, 20, 10}'::float8[]) WITH ORDINALITY u(x, i) WHERE name = 'linear' ORDER BY i;
-- errors
\set s '''SRID=2154;[POINT(0 0)@2026-01-01, POINT(100 0)@2026-01-02]''::point_series'
SELECT when_within(:s, 'SRID=4326;POINT(5 47)', 10);
SELECT when_within(:s, 'POINT(5 47)', 10);
SELECT when_within(:s, 'SRID=2154;POINT EMPTY', 10);
SELECT when_within(:s, 'SRID=2154;POINT(0 0)', -1);
SELECT when_within(:s, 'SRID=2154;POINT(0 0)', 'NaN');
SELECT when_within(:s, 'SRID=2154;CIRCULARSTRING(0 0,1 1,2 0)', 1);
SELECT when_within('SRID=4326;[POINT(0 0)@2026-01-01, POINT(1 0)@2026-01-02]', 'SRID=4326;POINT(5 47)', 100001);
SELECT when_inside(:s, 'SRID=2154;LINESTRING(0 0,1 1)');
SELECT when_inside(:s, 'SRID=2154;GEOMETRYCOLLECTION(POLYGON((0 0,1 0,1 1,0 0)),POINT(0 0))');
SELECT when_inside(:s, 'SRID=2154;POLYGON EMPTY');
SELECT when_inside(:s, 'SRID=2154;POINT(0 0)');
SELECT distance(:s, 'SRID=2154;POINT EMPTY'::geometry);
SELECT ever_within(:s, 'SRID=2154;MULTIPOINT EMPTY'::geometry, 1);
SELECT ever_within(:s, 'SRID=2154;POINT(0 0)'::geometry, 1, 'empty');
-- it goes on after an error, GEOS included
SELECT when_inside(:s, 'SRID=2154;POLYGON((0 0,1 0,1 1,0 0))');
