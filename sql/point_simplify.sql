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

-- a wrong fix that is just within reach does not drop what comes after it
SELECT clean('[POINT(0 0)@2026-01-01 00:00:00, POINT(10 0)@2026-01-01 00:00:01, POINT(20 0)@2026-01-01 00:00:02, POINT(29 0)@2026-01-01 00:00:03, POINT(15 0)@2026-01-01 00:00:04, POINT(5 0)@2026-01-01 00:00:05]', 10);
-- random walks with wrong fixes: none that is kept asks for more than the speed, and no chain is longer, by the recurrence in PL/pgSQL
CREATE FUNCTION pg_temp.longest_chain(p geometry[], t float8[], max_speed float8) RETURNS int LANGUAGE plpgsql AS $$
DECLARE
	longest int[] := '{}';
BEGIN
	FOR i IN 1 .. cardinality(p) LOOP
		longest[i] := 1 + coalesce((SELECT max(longest[j]) FROM generate_series(1, i - 1) j WHERE CASE ST_SRID(p[i]) WHEN 4326 THEN ST_Distance(p[j]::geography, p[i]::geography)
			ELSE sqrt(ST_Distance(p[j], p[i]) ^ 2 + coalesce(ST_Z(p[j]) - ST_Z(p[i]), 0) ^ 2) END <= max_speed * (t[i] - t[j])), 0);
	END LOOP;
	RETURN (SELECT max(l) FROM unnest(longest) l);
END $$;
SELECT setseed(0.2);
CREATE TEMP TABLE fixes AS
SELECT w, i, '2026-01-01'::timestamptz + i * interval '3 seconds' AS t, CASE w % 3 WHEN 0 THEN ST_SetSRID(ST_MakePoint(5 + x / 70000, 47 + y / 110000), 4326)
	WHEN 1 THEN ST_SetSRID(ST_MakePoint(x, y), 2154) ELSE ST_SetSRID(ST_MakePoint(x, y, i), 2154) END AS p
FROM (SELECT w, i, 20 * i + 10 * random() + CASE WHEN random() < 0.2 THEN (random() - 0.5) * 200 * (w % 5) ELSE 0 END AS x,
	100 * sin(i / 9.0) + CASE WHEN random() < 0.2 THEN (random() - 0.5) * 200 * (w % 4) ELSE 0 END AS y FROM generate_series(1, 60) w, generate_series(1, 70) i) x;
CREATE TEMP TABLE cleaned AS SELECT w, s, clean(s, speed) AS clean, speed FROM (SELECT w, point_series(t, p) AS s, 6 + w % 4 AS speed FROM fixes GROUP BY w) x;
SELECT sum(num_instants(s)) AS fixes, sum(num_instants(clean)) < 3600 AS some_left_out, max(max_value(speed(clean)) - speed) <= 1e-9 AS possible,
	count(*) FILTER (WHERE num_instants(clean) <> pg_temp.longest_chain((SELECT array_agg(p ORDER BY i) FROM fixes WHERE fixes.w = cleaned.w),
		(SELECT array_agg(i * 3 ORDER BY i) FROM fixes WHERE fixes.w = cleaned.w), speed)) AS not_longest
FROM cleaned;

-- stops: where, from when to when, weighted by time
SELECT k, period, ST_AsText(geom, 3) FROM (VALUES
	('linear', '[POINT(0 0)@2026-01-01 00:00:00, POINT(500 0)@2026-01-01 00:01:00, POINT(504 0)@2026-01-01 00:05:00, POINT(500 3)@2026-01-01 00:06:00, POINT(900 0)@2026-01-01 00:07:00, POINT(902 0)@2026-01-01 00:08:00, POINT(902 0)@2026-01-01 00:30:00]'),
	('step', 'Interp=Step;[POINT(0 0)@2026-01-01 00:00:00, POINT(500 0)@2026-01-01 00:01:00, POINT(504 0)@2026-01-01 00:05:00, POINT(900 0)@2026-01-01 00:07:00]'),
	('gap', '{[POINT(0 0)@2026-01-01 00:00:00, POINT(0 1)@2026-01-01 00:02:00], [POINT(0 0)@2026-01-01 00:03:00, POINT(0 1)@2026-01-01 00:05:00]}'),
	('geographic', 'SRID=4326;[POINT(5 47)@2026-01-01 00:00:00, POINT(5.0001 47)@2026-01-01 00:10:00, POINT(5.01 47)@2026-01-01 00:20:00]'),
	('3D', '[POINT Z(1 1 7)@2026-01-01 00:00:00, POINT Z(1 1 9)@2026-01-01 00:10:00]')) v(k, s), stops(s::point_series, 10, '3 minutes');
-- as Li and others have it, in PL/pgSQL, on walks that stand still now and then; places are the centroids of time
CREATE FUNCTION pg_temp.stay_points(walk int, radius float8, lasting interval) RETURNS TABLE (since timestamptz, until timestamptz, pos geometry) LANGUAGE plpgsql AS $$
DECLARE
	p geometry[]; t timestamptz[]; i int := 1; j int;
BEGIN
	SELECT array_agg(f.p ORDER BY f.i), array_agg(f.t ORDER BY f.i) INTO p, t FROM stands f WHERE w = walk;
	WHILE i <= cardinality(p) LOOP
		j := i + 1;
		WHILE j <= cardinality(p) AND CASE ST_SRID(p[i]) WHEN 4326 THEN ST_Distance(p[i]::geography, p[j]::geography) ELSE ST_Distance(p[i], p[j]) END <= radius LOOP
			j := j + 1;
		END LOOP;
		IF t[j - 1] - t[i] >= lasting THEN
			since := t[i]; until := t[j - 1];
			SELECT ST_SetSRID(ST_MakePoint(sum((ST_X(p[k]) + ST_X(p[k + 1])) / 2 * s) / sum(s), sum((ST_Y(p[k]) + ST_Y(p[k + 1])) / 2 * s) / sum(s)), ST_SRID(p[i])) INTO pos
			FROM generate_series(i, j - 2) k, LATERAL (SELECT extract(epoch FROM t[k + 1] - t[k])::float8 AS s) x;
			RETURN NEXT;
			i := j;
		ELSE
			i := i + 1;
		END IF;
	END LOOP;
END $$;
CREATE TEMP TABLE stands AS
SELECT w, i, '2026-01-01'::timestamptz + i * interval '1 minute' + w * i % 7 * interval '5 seconds' AS t,
	CASE w % 2 WHEN 0 THEN ST_SetSRID(ST_MakePoint(5 + x / 70000, 47 + y / 110000), 4326) ELSE ST_SetSRID(ST_MakePoint(x, y), 2154) END AS p
FROM (SELECT w, i, 200 * sum(CASE WHEN (i + w) % 23 < 9 THEN 0 ELSE 1 END) OVER (PARTITION BY w ORDER BY i) + 30 * random() AS x, 30 * random() AS y FROM generate_series(1, 10) w, generate_series(1, 300) i) x;
SELECT count(e.since) > 100 AS enough, count(*) FILTER (WHERE period IS NULL OR since IS NULL OR upper(period) <> until OR ST_Distance(geom, pos) > 1e-9 * ST_X(pos)) AS differ
FROM (SELECT w, s.* FROM (SELECT w, point_series(t, p) AS series FROM stands GROUP BY w) x, stops(series, 40, '3 minutes') s) s
FULL JOIN (SELECT w, e.* FROM generate_series(1, 10) w, pg_temp.stay_points(w, 40, '3 minutes') e) e ON e.w = s.w AND since = lower(period);
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
