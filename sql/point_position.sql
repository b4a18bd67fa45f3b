-- moving points: where they are, and where they were; the other side is PostGIS's
SET search_path = public, territory;
SET timezone = 'UTC';
CREATE TEMP TABLE p (name text, s point_series);
INSERT INTO p VALUES
	('line', 'SRID=2154;[POINT(0 0)@2026-01-01 00:00, POINT(10 0)@2026-01-01 00:10, POINT(10 0)@2026-01-01 00:20, POINT(10 20)@2026-01-01 00:40]'),
	('two sections', 'SRID=2154;{[POINT(0 0)@2026-01-01 00:00, POINT(10 0)@2026-01-01 00:10], [POINT(5 5)@2026-01-01 00:20, POINT(7 5)@2026-01-01 00:21]}'),
	('line and point', '{[POINT(0 0)@2026-01-01 00:00, POINT(10 0)@2026-01-01 00:10], [POINT(5 5)@2026-01-01 00:20]}'),
	('3D', 'SRID=4326;[POINT Z(5 47 100)@2026-01-01 00:00, POINT Z(5.001 47.001 110)@2026-01-01 00:10]'),
	('step', 'SRID=2154;Interp=Step;[POINT(0 0)@2026-01-01 00:00, POINT(10 0)@2026-01-01 00:10, POINT(0 0)@2026-01-01 00:20]'),
	('discrete', 'SRID=2154;{POINT(0 0)@2026-01-01 00:00, POINT(10 0)@2026-01-01 00:10}'),
	('parked', 'SRID=2154;[POINT(3 4)@2026-01-01 00:00, POINT(3 4)@2026-01-01 00:10]'),
	('vertical', 'SRID=2154;[POINT(3 4)@2026-01-01 00:00, POINT(3 9)@2026-01-01 00:10]'),
	('instant', 'SRID=2154;[POINT(3 4)@2026-01-01 00:00]');

SELECT name, to_char(t, 'MI:SS.US') AS at, ST_AsEWKT(position_at(s, t)) AS position
FROM p, unnest('{2025-12-31 23:59:59.999999, 2026-01-01 00:00, 2026-01-01 00:05, 2026-01-01 00:10, 2026-01-01 00:15, 2026-01-01 00:20, 2026-01-01 00:40}'::timestamptz[]) t
ORDER BY name, t;
-- (PostGIS writes points of a MultiPoint in parentheses or not, by its version)
SELECT name, regexp_replace(ST_AsEWKT(trajectory(s)), '(?<=[(,])\(([-0-9. ]+)\)', '\1', 'g') AS trajectory FROM p ORDER BY name;
SELECT name, bounding_box(s) AS box, ST_AsEWKT(as_geometry(bounding_box(s))) AS rectangle FROM p ORDER BY name;
SELECT name FROM p WHERE NOT ST_Equals(as_geometry(bounding_box(s)), ST_Envelope(trajectory(s))) OR srid(bounding_box(s)) <> ST_SRID(trajectory(s));

-- over several blocks: a position is that of the line with times as its measure, the box that of the path
CREATE TEMP TABLE long AS
SELECT point_series(t, pos) AS s, ST_MakeLine(ST_SetSRID(ST_MakePointM(ST_X(pos), ST_Y(pos), extract(epoch FROM t)), 2154) ORDER BY t) AS line
FROM (SELECT '2026-01-01'::timestamptz + i * interval '7 seconds' AS t, ST_SetSRID(ST_MakePoint(850000 + 1000 * sin(i / 50.0), 6690000 + i * 3), 2154) AS pos
	FROM generate_series(1, 5000) i) fixes;
SELECT count(*) AS instants, max(ST_Distance(position_at(s, t), ST_Force2D(ST_GeometryN(ST_LocateAlong(line, extract(epoch FROM t)), 1)))) < 1e-6 AS same
FROM long, LATERAL (SELECT '2026-01-01'::timestamptz + i * interval '123.457 seconds' AS t FROM generate_series(1, 283) i) instants;
SELECT ST_OrderingEquals(trajectory(s), ST_Force2D(line)) AS same_path, ST_Equals(as_geometry(bounding_box(s)), ST_Envelope(line)) AS same_box FROM long;
-- at the two ends of a block, and between them
SELECT t, ST_AsText(position_at(s, t), 3) FROM long, LATERAL (SELECT '2026-01-01'::timestamptz + i * interval '3.5 seconds' AS t FROM generate_series(2047, 2051) i) b ORDER BY t;

-- stored out of line, NULLs, another search_path
CREATE TEMP TABLE stored AS SELECT i, CASE WHEN i < 3 THEN s END AS s FROM long, generate_series(1, 3) i;
SELECT i, ST_AsText(position_at(s, '2026-01-01 05:00+00'), 3), position_at(s, NULL) IS NULL FROM stored ORDER BY i;
SET search_path = pg_catalog;
SELECT public.ST_AsText(territory.position_at('[POINT(1 2)@2026-01-01, POINT(3 4)@2026-01-03]', '2026-01-02'));
