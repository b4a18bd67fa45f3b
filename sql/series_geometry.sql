-- point_series as PostGIS trajectories and back; rounding that the user asks for
SET search_path = public, territory;
SET timezone = 'UTC';

SELECT ST_AsEWKT(g), ST_IsValidTrajectory(g) FROM (SELECT (point_series 'SRID=2154;[POINT(1 2)@2026-01-01, POINT(3 4)@2026-01-01 00:00:00.5]')::geometry g) x;
SELECT ST_AsEWKT(p::geometry) FROM (VALUES
	(point_series '[POINT Z (1 2 3)@2026-01-01, POINT Z (3 4 5)@2026-01-02]'),
	('SRID=4326;{[POINT(1 2)@2026-01-01, POINT(1 3)@2026-01-02], [POINT(5 5)@2026-01-03, POINT(6 6)@2026-01-04]}'),
	('{[POINT(1 2)@2026-01-01, POINT(1 3)@2026-01-02], [POINT(5 5)@2026-01-03]}'),
	('[POINT(1 2)@2026-01-01]')) v(p);
SELECT ST_AsEWKB(p::geometry) = ST_AsEWKB(g::geometry) AS is_multipoint FROM (VALUES
	(point_series '{POINT(1 2)@2026-01-01}', 'MULTIPOINT M (1 2 1767225600)'),
	('SRID=2154;{POINT Z (1 2 3)@2026-01-01, POINT Z (1 2 4)@2026-01-02}', 'SRID=2154;MULTIPOINT ZM (1 2 3 1767225600, 1 2 4 1767312000)')) v(p, g);
SELECT as_geometry(point_series 'Interp=Step;[POINT(1 2)@2026-01-01]');

-- what PostGIS says of it
SELECT round(ST_M(ST_StartPoint(g))) = extract(epoch FROM timestamptz '2026-01-01'), ST_AsEWKT(ST_GeometryN(ST_LocateAlong(g, extract(epoch FROM timestamptz '2026-01-01 12:00')), 1))
FROM (SELECT as_geometry(point_series '[POINT(1 2)@2026-01-01, POINT(3 4)@2026-01-02]') g) x;
SELECT round(ST_ClosestPointOfApproach(a::geometry, b::geometry)::numeric) = extract(epoch FROM timestamptz '2026-01-01 12:00')
FROM (SELECT point_series '[POINT(0 0)@2026-01-01, POINT(4 0)@2026-01-02]' a, point_series '[POINT(0 3)@2026-01-01, POINT(4 -3)@2026-01-02]' b) x;

-- there and back, to the microsecond
SELECT p::geometry::point_series = p AS same FROM (VALUES
	(point_series 'SRID=2154;[POINT(1 2)@2026-01-01 00:00:00.000001, POINT(3 4)@2026-01-01 00:00:00.000002, POINT(3 4)@2099-12-31 23:59:59.999999]'),
	('[POINT Z (1 2 3)@1969-12-31 23:59:59.999999, POINT Z (3 4 5)@1999-12-31 23:59:59.999999, POINT Z (3 4 5)@2240-01-01]'),
	('SRID=4326;{[POINT(1 2)@2026-01-01, POINT(1 3)@2026-01-02], [POINT(5 5)@2026-01-03, POINT(6 6)@2026-01-04]}'),
	('{[POINT(1 2)@2026-01-01, POINT(1 3)@2026-01-02], [POINT(5 5)@2026-01-03]}'),
	('[POINT(1 2)@2026-01-01]'),
	('{POINT(1 2)@2026-01-01}'),
	('SRID=2154;{POINT Z (1 2 3)@2026-01-01, POINT Z (1 2 4)@2026-01-02}')) v(p);

-- from what PostGIS makes: lines that touch are one section, empty geometries null
SELECT point_series_from_geometry('SRID=2154;MULTILINESTRING M ((1 2 0, 3 4 60), (3 4 60, 5 6 120))'), point_series_from_geometry('LINESTRING ZM (1 2 3 0, 3 4 5 1.5)'), point_series_from_geometry('POINT M (1 2 1e9)');
SELECT point_series_from_geometry(ST_AddMeasure('LINESTRING(0 0, 10 0)', extract(epoch FROM timestamptz '2026-01-01'), extract(epoch FROM timestamptz '2026-01-02')));
SELECT point_series_from_geometry('LINESTRING M EMPTY') IS NULL, point_series_from_geometry('POINT M EMPTY') IS NULL, point_series_from_geometry('GEOMETRYCOLLECTION M EMPTY') IS NULL;
SELECT point_series_from_geometry(ST_MakeLine(ST_MakePointM(i, i, 1.8e9 + i) ORDER BY i))::geometry = ST_MakeLine(ST_MakePointM(i, i, 1.8e9 + i) ORDER BY i) FROM generate_series(1, 3000) i;

-- errors
SELECT point_series_from_geometry('LINESTRING(1 2, 3 4)');
SELECT point_series_from_geometry('LINESTRING Z (1 2 3, 3 4 5)');
SELECT point_series_from_geometry('LINESTRING M (1 2 60, 3 4 60)');
SELECT point_series_from_geometry('LINESTRING M (1 2 60, 3 4 0)');
SELECT point_series_from_geometry('LINESTRING M (1 2 60, 3 4 1e300)');
SELECT point_series_from_geometry('LINESTRING M (1 2 60, 3 4 NaN)');
SELECT point_series_from_geometry(ST_MakeLine(ST_MakePointM(1, 2, 60), ST_MakePointM(3, 'Infinity', 61)));
SELECT point_series_from_geometry('POLYGON M ((0 0 1, 1 0 2, 1 1 3, 0 0 4))');
SELECT point_series_from_geometry('GEOMETRYCOLLECTION M (MULTIPOINT M (0 0 1))');

-- granularity: projected in units, geographic in metres as degrees, heights in metres
SELECT point_series(t, p, 'linear', NULL, 0.01) FROM (VALUES ('2026-01-01'::timestamptz, ST_Point(652000.123456, 6862000.98765, 2154)), ('2026-01-02', ST_Point(-0.004, 1e300, 2154))) r(t, p);
SELECT g, point_series('2026-01-01'::timestamptz, 'SRID=2154;POINT Z (652049.987654 6862050.123456 213.4567)'::geometry, NULL, NULL, g) FROM unnest('{0.001, 0.05, 0.1, 1, 9.9, 10, 250}'::float8[]) g GROUP BY g ORDER BY g;
SELECT g, point_series('2026-01-01'::timestamptz, 'SRID=4326;POINT Z (5.041234567 47.321234567 213.4567)'::geometry, NULL, NULL, g) FROM unnest('{0.001, 0.01, 0.1, 1, 2, 20000}'::float8[]) g GROUP BY g ORDER BY g;
SELECT g, max(abs(ST_X(p) - x)) <= g / 2 + 1e-9 AS within FROM unnest('{0.01, 0.02, 0.1, 1, 3, 10}'::float8[]) g, LATERAL (
	SELECT x, as_geometry(point_series('2026-01-01', ST_Point(x, 0, 2154), NULL, NULL, g)) p FROM (SELECT 650000 + i * sqrt(2) x FROM generate_series(1, 500) i) r GROUP BY x) y GROUP BY g ORDER BY g;
SELECT point_series('2026-01-01', ST_Point(1, 2), NULL, NULL, 0);
SELECT point_series('2026-01-01', ST_Point(1, 2), NULL, NULL, -1);
SELECT point_series('2026-01-01', ST_Point(1, 2), NULL, NULL, 'NaN');
SELECT point_series(t, ST_Point(1, 2), NULL, NULL, g) FROM (VALUES ('2026-01-01'::timestamptz, 0.1), ('2026-01-02', 0.2)) r(t, g);
-- points that are rounded are small
SELECT pg_column_size(point_series(t, p)) / 3000.0 BETWEEN 8 AND 14 AS exact, pg_column_size(point_series(t, p, NULL, NULL, 0.01)) / 3000.0 < 6 AS rounded
FROM (SELECT timestamptz '2026-01-01' + i * interval '10 s' t, ST_Point(652000 + 40 * i * sqrt(2) + 9 * sin(i), 6862000 - 37 * i / 3.0 + 9 * cos(i * 1.7), 2154) p FROM generate_series(1, 3000) i) r;
RESET timezone;
