-- fewer instants, wrong ones, stops
SET search_path = public, territory;
SET timezone = 'UTC';
SET datestyle = 'ISO';
-- both methods: the path is straight, but the point waited in the middle
SELECT method, simplify(point_series 'SRID=2154;[POINT(0 0)@2026-01-01 00:00:00, POINT(50 1)@2026-01-01 00:00:10, POINT(50 1)@2026-01-01 00:01:00, POINT(100 0)@2026-01-01 00:01:10]', 5, method)
FROM unnest('{douglas_peucker, synchronous}'::text[]) method;
-- sections keep their ends, single instants stay
SELECT simplify(point_series '{[POINT(0 0)@2026-01-01 00:00:00, POINT(1 0)@2026-01-01 00:00:10, POINT(2 0)@2026-01-01 00:00:20], [POINT(9 9)@2026-01-01 00:00:30], [POINT(3 0)@2026-01-01 00:00:40, POINT(4 0)@2026-01-01 00:00:50]}', 1);
-- heights count
SELECT num_instants(simplify(point_series '[POINT Z(0 0 0)@2026-01-01 00:00:00, POINT Z(1 0 50)@2026-01-01 00:00:10, POINT Z(2 0 0)@2026-01-01 00:00:20]', 1));
-- as PostGIS's Douglas-Peucker; the synchronised distance of all that is left out, by positions
CREATE TEMP TABLE walk AS
SELECT point_series(t, pos) AS s FROM (SELECT '2026-01-01'::timestamptz + i * interval '5 seconds' AS t,
	ST_SetSRID(ST_MakePoint(850000 + i * 8 + 40 * sin(i * 0.3) + 3 * sin(i * 7.1), 6690000 + 300 * sin(i * 0.02) + 9 * cos(i * 3.3)), 2154) AS pos FROM generate_series(1, 3000) i) fixes;
SELECT metres, num_instants(simplify(s, metres)) AS instants, ST_OrderingEquals(trajectory(simplify(s, metres)), ST_Simplify(trajectory(s), metres)) AS as_postgis
FROM walk, unnest('{0, 1, 5, 10, 50, 1000}'::float8[]) metres ORDER BY 1;
SELECT metres, num_instants(simple) AS instants, max(ST_Distance(position_at(s, t), position_at(simple, t))) <= metres AS within,
	max(ST_Distance(position_at(s, t), position_at(simple, t))) > metres * 0.9 AS used
FROM (SELECT s, metres, simplify(s, metres, 'synchronous') AS simple FROM walk, unnest('{5, 20}'::float8[]) metres) x,
	LATERAL (SELECT '2026-01-01'::timestamptz + i * interval '5 seconds' AS t FROM generate_series(1, 3000) i) i GROUP BY metres, simple ORDER BY 1;
-- metres on the spheroid: the same walk in longitude and latitude loses about the same
SELECT abs(num_instants(simplify(s, 10)) - num_instants(simplify(geo, 10))) < 15 AS about_the_same
FROM walk, LATERAL (SELECT point_series(t, ST_Transform(position_at(s, t), 4326)) AS geo FROM (SELECT '2026-01-01'::timestamptz + i * interval '5 seconds' AS t FROM generate_series(1, 3000) i) i) g;

-- clean: a wrong fix in the middle, several at the beginning, nothing wrong
SELECT k, clean(s::point_series, 10) FROM (VALUES
	('middle', '[POINT(0 0)@2026-01-01 00:00:00, POINT(10 0)@2026-01-01 00:00:01, POINT(900 0)@2026-01-01 00:00:02, POINT(20 0)@2026-01-01 00:00:03]'),
	('beginning', '[POINT(900 0)@2026-01-01 00:00:00, POINT(905 0)@2026-01-01 00:00:01, POINT(0 0)@2026-01-01 00:00:02, POINT(10 0)@2026-01-01 00:00:03, POINT(15 0)@2026-01-01 00:00:04]'),
	('right', '[POINT(0 0)@2026-01-01 00:00:00, POINT(10 0)@2026-01-01 00:00:01]'),
	('sections', '{[POINT(0 0)@2026-01-01 00:00:00, POINT(900 0)@2026-01-01 00:00:01, POINT(5 0)@2026-01-01 00:00:02], [POINT(500 0)@2026-01-01 00:00:03]}'),
	('discrete', '{POINT(0 0)@2026-01-01 00:00:00, POINT(900 0)@2026-01-01 00:00:01, POINT(5 0)@2026-01-01 00:00:02}'),
	('step', 'Interp=Step;[POINT(0 0)@2026-01-01 00:00:00, POINT(900 0)@2026-01-01 00:00:01, POINT(5 0)@2026-01-01 00:00:02]'),
	('geographic', 'SRID=4326;[POINT(5 47)@2026-01-01 00:00:00, POINT(5.0001 47)@2026-01-01 00:00:01, POINT(5.001 47)@2026-01-01 00:00:02, POINT(5.0002 47)@2026-01-01 00:00:03]')) v(k, s);

-- stops: where, from when to when, weighted by time
SELECT k, period, ST_AsText(geom, 3) FROM (VALUES
	('linear', '[POINT(0 0)@2026-01-01 00:00:00, POINT(500 0)@2026-01-01 00:01:00, POINT(504 0)@2026-01-01 00:05:00, POINT(500 3)@2026-01-01 00:06:00, POINT(900 0)@2026-01-01 00:07:00, POINT(902 0)@2026-01-01 00:08:00, POINT(902 0)@2026-01-01 00:30:00]'),
	('step', 'Interp=Step;[POINT(0 0)@2026-01-01 00:00:00, POINT(500 0)@2026-01-01 00:01:00, POINT(504 0)@2026-01-01 00:05:00, POINT(900 0)@2026-01-01 00:07:00]'),
	('gap', '{[POINT(0 0)@2026-01-01 00:00:00, POINT(0 1)@2026-01-01 00:02:00], [POINT(0 0)@2026-01-01 00:03:00, POINT(0 1)@2026-01-01 00:05:00]}'),
	('geographic', 'SRID=4326;[POINT(5 47)@2026-01-01 00:00:00, POINT(5.0001 47)@2026-01-01 00:10:00, POINT(5.01 47)@2026-01-01 00:20:00]'),
	('3D', '[POINT Z(1 1 7)@2026-01-01 00:00:00, POINT Z(1 1 9)@2026-01-01 00:10:00]')) v(k, s), stops(s::point_series, 10, '3 minutes');
-- errors
SELECT simplify(point_series '{POINT(0 0)@2026-01-01}', 1);
SELECT simplify(point_series 'Interp=Step;[POINT(0 0)@2026-01-01]', 1);
SELECT simplify(point_series '[POINT(0 0)@2026-01-01]', -1);
SELECT simplify(point_series '[POINT(0 0)@2026-01-01]', 1, 'visvalingam');
SELECT clean('[POINT(0 0)@2026-01-01]', 0);
SELECT clean('[POINT(0 0)@2026-01-01]', 'NaN');
SELECT stops('{POINT(0 0)@2026-01-01}', 1, '1 minute');
SELECT stops('[POINT(0 0)@2026-01-01]', -1, '1 minute');
SELECT stops('[POINT(0 0)@2026-01-01]', 1, '-1 minute');
SELECT stops('[POINT(0 0)@2026-01-01]', 1, '1 month');
