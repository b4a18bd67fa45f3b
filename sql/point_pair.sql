-- two moving points; the other side is PostGIS's closest point of approach
SET search_path = public, territory;
SET timezone = 'UTC';
SET datestyle = 'ISO';
SELECT k, distance(a::point_series, b::point_series), (nearest_approach(a::point_series, b::point_series)).*, ever_within(a::point_series, b::point_series, 3) AS ever_3
FROM (VALUES
	('crossing', '[POINT(0 0)@2026-01-01 00:00:00, POINT(10 0)@2026-01-01 00:00:10]', '[POINT(5 5)@2026-01-01 00:00:00, POINT(5 -5)@2026-01-01 00:00:10]'),
	('together', '[POINT(0 0)@2026-01-01 00:00:00, POINT(10 0)@2026-01-01 00:00:10]', '[POINT(0 4)@2026-01-01 00:00:00, POINT(10 4)@2026-01-01 00:00:10]'),
	('other times', '[POINT(0 0)@2026-01-01 00:00:00, POINT(10 0)@2026-01-01 00:00:10]', '[POINT(0 4)@2026-01-01 00:00:11, POINT(10 4)@2026-01-01 00:00:20]'),
	('one instant', '[POINT(0 0)@2026-01-01 00:00:00, POINT(10 0)@2026-01-01 00:00:10]', '[POINT(10 4)@2026-01-01 00:00:10, POINT(20 4)@2026-01-01 00:00:20]'),
	('sections', '{[POINT(0 0)@2026-01-01 00:00:00, POINT(3 0)@2026-01-01 00:00:03], [POINT(7 0)@2026-01-01 00:00:07, POINT(10 0)@2026-01-01 00:00:10]}', '[POINT(5 5)@2026-01-01 00:00:00, POINT(5 -5)@2026-01-01 00:00:10]'),
	('steps', 'Interp=Step;[POINT(0 0)@2026-01-01 00:00:00, POINT(4 0)@2026-01-01 00:00:04, POINT(9 0)@2026-01-01 00:00:09]', 'Interp=Step;[POINT(0 0)@2026-01-01 00:00:02, POINT(5 0)@2026-01-01 00:00:05, POINT(9 0)@2026-01-01 00:00:20]'),
	('discrete', '{POINT(0 0)@2026-01-01 00:00:00, POINT(4 0)@2026-01-01 00:00:04, POINT(50 0)@2026-01-01 00:00:50}', '[POINT(5 5)@2026-01-01 00:00:00, POINT(5 -5)@2026-01-01 00:00:10]'),
	('3D', '[POINT Z(0 0 0)@2026-01-01 00:00:00, POINT Z(10 0 0)@2026-01-01 00:00:10]', '[POINT Z(5 5 12)@2026-01-01 00:00:00, POINT Z(5 -5 12)@2026-01-01 00:00:10]'),
	('2D and 3D', '[POINT(0 0)@2026-01-01 00:00:00, POINT(10 0)@2026-01-01 00:00:10]', '[POINT Z(5 5 12)@2026-01-01 00:00:00, POINT Z(5 -5 12)@2026-01-01 00:00:10]')) v(k, a, b);
-- a step and a linear series: asked, but no series of distances
SELECT (nearest_approach(a, b)).*, ever_within(a, b, 2) FROM (SELECT 'Interp=Step;[POINT(0 0)@2026-01-01 00:00:00, POINT(4 0)@2026-01-01 00:00:04]'::point_series AS a,
	'[POINT(5 5)@2026-01-01 00:00:00, POINT(5 -5)@2026-01-01 00:00:10]'::point_series AS b) x;

-- walks of several blocks, of other instants: PostGIS's lines with times as their measure
CREATE TEMP TABLE walks AS
SELECT w, point_series(t, pos) AS s, ST_MakeLine(ST_SetSRID(ST_MakePointM(ST_X(pos), ST_Y(pos), extract(epoch FROM t)), 2154) ORDER BY t) AS line
FROM (SELECT w, '2026-01-01'::timestamptz + i * (5 + w) * interval '1 second' AS t,
		ST_SetSRID(ST_MakePoint(850000 + 3000 * sin(i * 0.01 * w), 6690000 + 3000 * cos(i * 0.013 * (w + 1))), 2154) AS pos
	FROM generate_series(1, 12) w, generate_series(1, 1500) i) fixes GROUP BY w;
SELECT count(*), max(abs(d - ST_DistanceCPA(a, b))) < 1e-6 AS same_distance, count(*) FILTER (WHERE d < 1) AS close,
	max(abs(ST_Distance(position_at(sa, i), position_at(sb, i)) - d)) < 1e-2 AS there,
	bool_and(abs(min_value(distance(sa, sb)) - d) < 1e-6) AS same_minimum
FROM (SELECT a.line AS a, b.line AS b, a.s AS sa, b.s AS sb, (nearest_approach(a.s, b.s)).instant AS i, (nearest_approach(a.s, b.s)).distance AS d
	FROM walks a JOIN walks b ON a.w < b.w) x;
SELECT metres, count(*) FILTER (WHERE ever_within(a.s, b.s, metres)) AS met,
	count(*) FILTER (WHERE ever_within(a.s, b.s, metres) <> ST_CPAWithin(a.line, b.line, metres)) AS other_than_postgis
FROM walks a JOIN walks b ON a.w < b.w, unnest('{1, 10, 100, 1000}'::float8[]) metres GROUP BY 1 ORDER BY 1;
-- the same where what was decoded is forgotten from pair to pair
SET work_mem = '64kB';
SELECT count(*) FILTER (WHERE ever_within(a.s, b.s, 10)) AS met FROM walks a JOIN walks b ON a.w < b.w;
RESET work_mem;
-- and where values are not stored
SELECT count(*) FILTER (WHERE ever_within(a.s, b.s, 10)) AS met
FROM (SELECT w, at(s, '[2026-01-01, 2026-01-02)'::tstzrange) AS s FROM walks OFFSET 0) a JOIN (SELECT w, at(s, '[2026-01-01, 2026-01-02)'::tstzrange) AS s FROM walks OFFSET 0) b ON a.w < b.w;
-- the same walks in longitude and latitude: metres on the spheroid
CREATE TEMP TABLE far AS
SELECT w, point_series(t, pos) AS s FROM (SELECT w, '2026-01-01'::timestamptz + i * (5 + w) * interval '1 second' AS t,
	ST_SetSRID(ST_MakePoint(5 + 0.04 * sin(i * 0.01 * w), 47 + 0.027 * cos(i * 0.013 * (w + 1))), 4326) AS pos FROM generate_series(1, 6) w, generate_series(1, 300) i) fixes GROUP BY w;
SELECT count(*), max(abs(d - ST_Distance(position_at(sa, i)::geography, position_at(sb, i)::geography))) < 1e-3 AS measured,
	bool_and(d <= least_sampled + 1e-6) AS least, max(near - d) < 1e-2 AND min(near - d) > -1e-6 AS near_it, bool_and(ever_within(sa, sb, d + 0.001) AND NOT ever_within(sa, sb, d - 0.001)) AS ever
FROM (SELECT a.s AS sa, b.s AS sb, (nearest_approach(a.s, b.s)).instant AS i, (nearest_approach(a.s, b.s)).distance AS d,
		(SELECT min(ST_Distance(position_at(a.s, t)::geography, position_at(b.s, t)::geography)) FROM generate_series('2026-01-01 00:00:11'::timestamptz, '2026-01-01 00:24:50', '1 second') t) AS least_sampled,
		(SELECT min(ST_Distance(position_at(a.s, t)::geography, position_at(b.s, t)::geography)) FROM LATERAL nearest_approach(a.s, b.s) n, generate_series(n.instant - interval '20 milliseconds', n.instant + interval '20 milliseconds', '1 millisecond') t) AS near
	FROM far a JOIN far b ON a.w < b.w) x;
-- ships: motions of hours, hundreds of kilometres apart; no sample is nearer
CREATE TEMP TABLE ships AS
SELECT w, point_series(t, pos) AS s FROM (SELECT w, '2026-01-01'::timestamptz + n * interval '1 hour' AS t,
	ST_SetSRID(ST_MakePoint(5 + 4 * sin(n * 2.1 + w), w % 4 * 20 + 3 * cos(n * 1.7 * w)), 4326) AS pos FROM generate_series(1, 12) w, generate_series(1, 10) n) fixes GROUP BY w;
SELECT count(*), count(*) FILTER (WHERE d > 100000) > 0 AS far, max(d - least) < 1e-3 AS least
FROM (SELECT n.distance AS d, (SELECT min(ST_Distance(position_at(a.s, t)::geography, position_at(b.s, t)::geography)) FROM
		(SELECT n.instant + i * interval '2 seconds' AS t FROM generate_series(-20, 20) i UNION ALL SELECT start_time(a.s) + i * interval '9 minutes' FROM generate_series(0, 60) i) t) AS least
	FROM ships a JOIN ships b ON a.w < b.w AND a.w % 4 = b.w % 4, nearest_approach(a.s, b.s) n) x;
-- half a world apart
SELECT instant, round(distance) FROM nearest_approach('SRID=4326;[POINT(0 10)@2026-01-01 00:00, POINT(20 10)@2026-01-01 02:00]', 'SRID=4326;[POINT(100 -10)@2026-01-01 00:00, POINT(60 -10)@2026-01-01 02:00]');
-- errors
SELECT distance('SRID=2154;[POINT(0 0)@2026-01-01]'::point_series, 'SRID=4326;[POINT(0 0)@2026-01-01]'::point_series);
SELECT nearest_approach('SRID=2154;[POINT(0 0)@2026-01-01]'::point_series, '[POINT(0 0)@2026-01-01]'::point_series);
SELECT distance('Interp=Step;[POINT(0 0)@2026-01-01]'::point_series, '[POINT(0 0)@2026-01-01]'::point_series);
SELECT ever_within('[POINT(0 0)@2026-01-01]'::point_series, '[POINT(0 0)@2026-01-01]'::point_series, -0.1);
SELECT nearest_approach('[POINT(0 0)@2026-01-01]'::point_series, '[POINT(1e300 0)@2026-01-01]'::point_series);
