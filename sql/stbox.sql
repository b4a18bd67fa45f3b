-- stbox: boxes in space and time, their forms outside, what makes them, and how they lie
SET search_path = public, territory;
SET timezone = 'UTC';

-- text: reads back as the same box, whatever settings say
CREATE TABLE forms (b stbox);
INSERT INTO forms VALUES ('STBOX X((1,2),(3,4))'), ('stbox x ( ( 1 , 2 ) , ( 3.0 , 4e0 ) ) '), ('STBOX Z((1,2,3),(4,5,6))'), ('SRID=2154;STBOX X((1,2),(1,2))'),
	('STBOX T([2026-01-01, 2026-01-02))'), ('STBOX T([2026-01-01 12:00:00.123456, 2026-01-01 12:00:00.123456])'), ('STBOX T((-infinity, infinity))'), ('STBOX T(["2026-03-29 01:30+01", 2026-03-29 03:30+02])'),
	('SRID=4326;STBOX XT(((-180,-90),(180,90)),(2026-01-01, 2026-01-02))'), ('SRID=4326;STBOX ZT(((-0,-0.0,-1e-300),(0.1,0.30000000000000004,1e300)),[4713-01-01 BC, 294276-12-31])'),
	('STBOX XT(((-Infinity,-inf),(Infinity,infinity)),[-infinity, infinity])'), ('SRID=0;STBOX X((1,2),(3,4))'), (NULL);
SELECT b FROM forms;
SET timezone = 'Europe/Paris'; SET DateStyle = 'SQL, DMY'; SET extra_float_digits = 0;
SELECT b FROM forms WHERE b @> 'STBOX T([2026-01-01 12:00, 2026-01-01 12:00])';
SELECT count(*) FILTER (WHERE b::text::stbox IS DISTINCT FROM b) AS differ FROM forms;
RESET DateStyle; RESET extra_float_digits; SET timezone = 'UTC';

-- what is no box
CREATE FUNCTION refused(input text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	detail text;
BEGIN
	RETURN 'read: ' || input::stbox;
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL;
	RETURN SQLSTATE || ' ' || SQLERRM || ' ' || detail;
END $$;
SELECT input, refused(input) FROM unnest('{"","STBOX","STBOX X","STBOX Y((1,2),(3,4))","STBOX XZ((1,2),(3,4))","STBOX X(1,2,3,4)","STBOX X((1,2),(3))","STBOX X((1,2,3),(4,5,6))","STBOX Z((1,2),(3,4))",
	"STBOX X((1,2),(3,4)) ","STBOX X((1,2),(3,4)))","STBOX X((1,2),(3,4)","STBOX X((1,2),(3,4x))","STBOX X((NaN,2),(3,4))","STBOX X((1,2),(3,nan))","STBOX X((4,2),(3,4))","STBOX X((1,5),(3,4))","STBOX Z((1,2,9),(3,4,8))","STBOX X((Infinity,2),(Infinity,4))","STBOX X((-Infinity,2),(-Infinity,4))","STBOX X((1,2),(3,1e999))","STBOX X((1,2),(3,1e-999))",
	"SRID=-1;STBOX X((1,2),(3,4))","SRID=1000000;STBOX X((1,2),(3,4))","SRID=99999999999999999999;STBOX X((1,2),(3,4))","SRID=;STBOX X((1,2),(3,4))","SRID=4326;STBOX T([2026-01-01, 2026-01-02])","SRID=4326,STBOX X((1,2),(3,4))",
	"STBOX T([2026-01-02, 2026-01-01])","STBOX T([2026-01-01, 2026-01-01))","STBOX T((2026-01-01, 2026-01-01])","STBOX T([, 2026-01-01])","STBOX T([2026-01-01])","STBOX T(2026-01-01, 2026-01-02)","STBOX T([2026-02-30, 2026-03-01])","STBOX T([yesteryear, 2026-03-01])","STBOX T([\"2026-02-01, 2026-03-01])","STBOX XT((1,2),(3,4),[2026-01-01, 2026-01-02])","STBOX XT(((1,2),(3,4)))","STBOX XT(((1,2),(3,4)),)","STBOX T([2026-01-01, 300000-01-01])"}'::text[]) input;
SELECT refused('STBOX T([' || repeat('9', 100000) || ', 2026-01-01])') AS long_instant;
SELECT 'STBOX X((1,2),(3,é))'::stbox;

-- of geometries: exact, with z, without m, arcs with their extremes
SELECT stbox('SRID=2154;POINT(1 2)'::geometry), stbox('POINT ZM(1 2 3 4)'::geometry), stbox('POINT M(1 2 3)'::geometry), stbox('LINESTRING(0.1 5, 3 0.2)'::geometry);
SELECT stbox('POLYGON((0 0, 4 0, 4 4, 0 0), (1 0.5, 2 0.5, 2 1, 1 0.5))'::geometry), stbox('GEOMETRYCOLLECTION Z(POINT Z(1 2 3), MULTIPOLYGON Z(((0 0 0, 4 0 0, 4 4 9, 0 0 0))), GEOMETRYCOLLECTION Z EMPTY)'::geometry),
	stbox('TIN(((0 0, 0 1, 1 1, 0 0)), ((0 0, 1 1, 1 7, 0 0)))'::geometry), stbox('MULTIPOINT(1 2, EMPTY, 3 4)'::geometry), stbox('POLYHEDRALSURFACE Z(((0 0 0, 0 0 1, 0 1 1, 0 1 0, 0 0 0)))'::geometry);
SELECT stbox('CIRCULARSTRING(0 0, 1 1, 2 0)'::geometry) AS upper, stbox('CIRCULARSTRING(0 0, 1 -1, 2 0)'::geometry) AS lower, stbox('CIRCULARSTRING(0 0, 4 0, 0 0)'::geometry) AS circle,
	stbox('CIRCULARSTRING(0 0, 1 1, 2 2)'::geometry) AS line, stbox('CURVEPOLYGON(COMPOUNDCURVE(CIRCULARSTRING(0 0, 1 1, 2 0), (2 0, 1 -3, 0 0)))'::geometry) AS compound, stbox('MULTICURVE((0 0, 5 5), CIRCULARSTRING(0 0, 1 1, 2 0, 3 -1, 4 0))'::geometry) AS several;
SELECT stbox('POINT EMPTY'::geometry) IS NULL AS nowhere, stbox('GEOMETRYCOLLECTION(POINT EMPTY, POLYGON EMPTY)'::geometry) IS NULL AS nowhere, stbox(NULL::geometry) IS NULL AS unknown,
	stbox('empty'::tstzrange) IS NULL AS never, stbox('POINT(1 2)'::geometry, 'empty'::tstzrange) IS NULL AS never, stbox('POINT EMPTY'::geometry, now()) IS NULL AS nowhere;
SELECT stbox(ST_MakePoint('NaN', 1));
SELECT stbox(ST_MakePoint('Infinity', 1));
-- arcs: what PostGIS says, which rounds to floats
SELECT setseed(0.3);
SELECT count(*) FILTER (WHERE NOT (ST_XMin(g) <= x_min(b) + 1e-4 AND ST_XMin(g) >= x_min(b) - 1e-4 AND abs(ST_XMax(g) - x_max(b)) < 1e-4 AND abs(ST_YMin(g) - y_min(b)) < 1e-4 AND abs(ST_YMax(g) - y_max(b)) < 1e-4)) AS differ, count(*)
FROM (SELECT g, stbox(g) AS b FROM (SELECT format('CIRCULARSTRING(%s %s, %s %s, %s %s)', random() * 10, random() * 10, random() * 10, random() * 10, random() * 10, random() * 10)::geometry g FROM generate_series(1, 2000)) x
	WHERE ST_XMax(g) - ST_XMin(g) < 100 AND ST_YMax(g) - ST_YMin(g) < 100) y;
-- large, so out of line and compressed
CREATE TEMP TABLE large AS SELECT ST_MakeLine(ST_MakePoint(i, sin(i)) ORDER BY i) AS g FROM generate_series(0, 20000) i;
SELECT stbox(g) FROM large;

-- of periods, and both
SELECT stbox('[2026-01-01, 2026-01-02)'::tstzrange), stbox('(,2026-01-02]'::tstzrange), stbox('(,)'::tstzrange), stbox('POINT(1 2)'::geometry, '(2026-01-01,)'::tstzrange), stbox('POINT(1 2)'::geometry, '2026-01-01'::timestamptz);
SELECT time_span(stbox(p)) = p AS same, time_span(stbox(p)) FROM unnest('{"[2026-01-01,2026-01-02)","(2026-01-01,2026-01-02]","(,2026-01-02)","[2026-01-01,]","(,)","[-infinity,infinity]","(-infinity,infinity)","[infinity,infinity]"}'::tstzrange[]) p;
SELECT stbox(float_series '[1@2026-01-01, 5@2026-01-03]'), stbox(state_series '["a"@2026-01-01, "b"@2026-01-02]'), stbox(point_series 'SRID=2154;[POINT(3 2)@2026-01-01, POINT(1 -0)@2026-01-02]'), stbox(point_series '[POINT Z(3 2 1)@2026-01-01]');
SELECT float_series '[1@2026-01-01]'::stbox, 'POINT(1 2)'::geometry::stbox, '[2026-01-01, 2026-01-02]'::tstzrange::stbox, ST_AsText('STBOX X((1,2),(3,4))'::stbox::geometry), 'STBOX T([2026-01-01, 2026-01-02))'::stbox::tstzrange;
SELECT ST_AsEWKT(as_geometry(b)) FROM unnest('{"SRID=2154;STBOX X((1,2),(3,4))","STBOX Z((1,2,0),(1,4,1))","STBOX X((1,2),(1,2))","STBOX T([2026-01-01, 2026-01-01])"}'::stbox[]) b;
SELECT as_geometry(stbox 'STBOX X((1,2),(Infinity,4))');
SELECT x_min(b), y_min(b), z_min(b), x_max(b), y_max(b), z_max(b), t_min(b), t_max(b), srid(b), time_span(b) FROM forms WHERE b IS NOT NULL LIMIT 9;

-- how two boxes lie: ends that touch, missing parts, nothing in common
CREATE FUNCTION lie(a stbox, b stbox) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	op text; holds bool; result text := '';
BEGIN
	FOREACH op IN ARRAY '{=,~=,&&,@>,<@,-|-,<<,&<,&>,>>,<<|,&<|,|&>,|>>,<</,&</,/&>,/>>,<<#,&<#,#&>,#>>}'::text[] LOOP
		EXECUTE format('SELECT $1 OPERATOR(territory.%s) $2', op) INTO holds USING a, b;
		IF holds THEN
			result := result || ' ' || op;
		END IF;
	END LOOP;
	RETURN result;
END $$;
SELECT a, b, lie(a::stbox, b::stbox), a::stbox <-> b::stbox AS distance FROM (VALUES
	('STBOX X((0,0),(2,2))', 'STBOX X((0,0),(2,2))'), ('STBOX X((0,0),(2,2))', 'STBOX X((2,2),(3,3))'), ('STBOX X((0,0),(2,2))', 'STBOX X((5,6),(7,8))'), ('STBOX X((0,0),(9,9))', 'STBOX X((5,6),(7,8))'),
	('STBOX X((1,1),(1,1))', 'STBOX X((0,0),(2,2))'), ('STBOX X((1,1),(1,1))', 'STBOX X((1,0),(2,2))'), ('STBOX X((1,1),(1,1))', 'STBOX X((1,1),(1,1))'),
	('STBOX Z((0,0,0),(2,2,2))', 'STBOX Z((0,0,5),(2,2,6))'), ('STBOX Z((0,0,0),(2,2,2))', 'STBOX X((0,0),(2,2))'), ('STBOX Z((0,0,0),(0,0,0))', 'STBOX Z((2,3,6),(2,3,6))'),
	('STBOX T([2026-01-01, 2026-01-02))', 'STBOX T([2026-01-02, 2026-01-03])'), ('STBOX T([2026-01-01, 2026-01-02])', 'STBOX T([2026-01-02, 2026-01-03])'), ('STBOX T([2026-01-01, 2026-01-02))', 'STBOX T((2026-01-02, 2026-01-03])'),
	('STBOX T((2026-01-01, 2026-01-02))', 'STBOX T([2026-01-01, 2026-01-02])'), ('STBOX T([2026-01-01, infinity])', 'STBOX T([2026-01-01, infinity))'),
	('STBOX XT(((0,0),(2,2)),[2026-01-01, 2026-01-02])', 'STBOX XT(((5,0),(6,2)),[2026-01-01, 2026-01-02])'), ('STBOX XT(((0,0),(2,2)),[2026-01-01, 2026-01-02])', 'STBOX XT(((0,0),(2,2)),[2026-01-03, 2026-01-04])'),
	('STBOX XT(((0,0),(2,2)),[2026-01-01, 2026-01-02])', 'STBOX X((0,0),(2,2))'), ('STBOX XT(((0,0),(2,2)),[2026-01-01, 2026-01-02])', 'STBOX T([2026-01-01, 2026-01-02])'), ('STBOX X((0,0),(2,2))', 'STBOX T([2026-01-01, 2026-01-02])'),
	('STBOX X((-Infinity,0),(Infinity,1))', 'STBOX X((-Infinity,5),(3,Infinity))')) v(a, b);
SELECT stbox 'SRID=2154;STBOX X((0,0),(2,2))' && 'SRID=4326;STBOX X((0,0),(2,2))';
SELECT stbox 'SRID=2154;STBOX X((0,0),(2,2))' <-> 'STBOX X((0,0),(2,2))';
SELECT stbox 'SRID=2154;STBOX X((0,0),(2,2))' = 'STBOX X((0,0),(2,2))' AS equal, stbox 'SRID=2154;STBOX X((0,0),(2,2))' && 'STBOX T([2026-01-01, 2026-01-02])' AS meet;

-- union, intersection
SELECT a, b, a::stbox * b::stbox AS intersection FROM (VALUES ('STBOX X((0,0),(2,2))', 'STBOX X((1,1),(3,3))'), ('STBOX X((0,0),(2,2))', 'STBOX X((2,2),(3,3))'), ('STBOX X((0,0),(2,2))', 'STBOX X((3,3),(4,4))'),
	('STBOX X((0,0),(2,2))', 'STBOX T([2026-01-01, 2026-01-02))'), ('SRID=2154;STBOX ZT(((0,0,0),(2,2,2)),[2026-01-01, 2026-01-02))', 'SRID=2154;STBOX X((1,-1),(5,1))'),
	('STBOX T([2026-01-01, 2026-01-02))', 'STBOX T([2026-01-02, 2026-01-03))'), ('STBOX T([2026-01-01, 2026-01-02])', 'STBOX T([2026-01-02, 2026-01-03))'), ('STBOX T((2026-01-01, 2026-01-04))', 'STBOX T([2026-01-01, 2026-01-04])')) v(a, b);
SELECT a, b, a::stbox + b::stbox AS together FROM (VALUES ('STBOX X((0,0),(2,2))', 'STBOX X((5,-1),(6,1))'), ('STBOX Z((0,0,0),(2,2,2))', 'STBOX X((5,-1),(6,1))'), ('STBOX XT(((0,0),(2,2)),[2026-01-01, 2026-01-02))', 'STBOX T([2026-01-02, 2026-01-03))'),
	('STBOX T((2026-01-01, 2026-01-04))', 'STBOX T([2026-01-01, 2026-01-03])')) v(a, b);
SELECT stbox 'STBOX X((0,0),(2,2))' + 'STBOX T([2026-01-01, 2026-01-02])';
SELECT stbox 'SRID=2154;STBOX X((0,0),(2,2))' + 'SRID=4326;STBOX X((0,0),(2,2))';
SELECT stbox 'SRID=2154;STBOX X((0,0),(2,2))' * 'SRID=4326;STBOX X((0,0),(2,2))';

-- expand: in the plane, in time, on the globe
SELECT expand('SRID=2154;STBOX ZT(((1,2,3),(4,5,6)),[2026-01-01, 2026-01-02))', 10, '1 hour'), expand('STBOX T((2026-01-01, infinity])', duration => '2 days'), expand('STBOX X((1,2),(3,4))', 0.1), expand('STBOX X((1,2),(3,4))', 5, '1 day');
SELECT expand('STBOX T([4713-01-01 BC, 294276-12-31])', 0, '200000000 hours'), expand('STBOX X((1,2),(3,4))', 'Infinity');
SELECT expand('SRID=4326;STBOX X((3.8,43.6),(3.9,43.7))', 1000) AS town, expand('SRID=4326;STBOX X((179.99,43.6),(179.99,43.7))', 1000) AS date_line, expand('SRID=4326;STBOX X((10,89.99),(10,89.99))', 2000) AS pole, expand('SRID=4326;STBOX X((10,-89.9),(10,-89.9))', 50) AS near_pole;
SELECT expand('STBOX X((1,2),(3,4))', -1);
SELECT expand('STBOX X((1,2),(3,4))', 'NaN');
SELECT expand('STBOX T([2026-01-01, 2026-01-02])', 0, '-1 hour');
SELECT expand('STBOX T([2026-01-01, 2026-01-02])', 0, '1 month');
SELECT expand('SRID=999999;STBOX X((1,2),(3,4))', 1);
-- no place so near is ever outside, whatever the latitude and the distance
SELECT count(*) AS places, count(*) FILTER (WHERE NOT stbox(there::geometry) <@ expand(stbox(here), metres)) AS outside, round(percentile_cont(0.5) WITHIN GROUP (ORDER BY y_max(expand(stbox(here), metres)) - y_min(expand(stbox(here), metres)))::numeric, 2) AS height
FROM (SELECT ST_SetSRID(ST_MakePoint(lon, lat), 4326) AS here, metres, ST_Project(ST_SetSRID(ST_MakePoint(lon, lat), 4326)::geography, metres * (1 - 1e-9), radians(azimuth)) AS there
	FROM generate_series(-180, 180, 20) lon, unnest('{-90,-89.9999,-89.9,-75,-45,-10,0,30,60,80,89,89.99}'::float8[]) lat, unnest('{0.5,100,30000,1000000,8000000}'::float8[]) metres, generate_series(0, 355, 5) azimuth) x;

-- extent
CREATE TABLE seen (id int, b stbox, g geometry, t timestamptz) USING territory;
INSERT INTO seen SELECT i, CASE WHEN i % 7 > 0 THEN stbox(p, t) END, CASE WHEN i % 11 > 0 THEN p WHEN i % 2 = 0 THEN 'SRID=2154;POINT EMPTY' END, CASE WHEN i % 13 > 0 THEN t END
FROM generate_series(1, 20000) i, LATERAL (SELECT ST_SetSRID(ST_MakePoint(i % 101, i % 997), 2154) p, timestamptz '2026-01-01' + i * interval '1 minute' t) x;
SELECT extent(b), extent(g, t) FROM seen;
SELECT rows FROM seal('seen', '2026-01-10');
SELECT extent(b), extent(g, t) FROM seen;
SELECT id % 3 AS third, extent(b) AS boxes, extent(g, t) AS places FROM seen GROUP BY 1 ORDER BY 1;
SELECT extent(b) FROM seen WHERE id < 0;
SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0;
CREATE TABLE seen_heap AS TABLE seen;
ALTER TABLE seen_heap SET (parallel_workers = 2);
EXPLAIN (COSTS OFF) SELECT extent(b), extent(g, t) FROM seen_heap;
SELECT (SELECT extent(b)::text || extent(g, t)::text FROM seen_heap) = (SELECT extent(b)::text || extent(g, t)::text FROM seen) AS same;
RESET parallel_setup_cost; RESET parallel_tuple_cost; RESET min_parallel_table_scan_size;
SELECT extent(b) FROM (VALUES ('STBOX X((0,0),(2,2))'::stbox), ('STBOX XT(((5,5),(6,6)),[2026-01-01, 2026-01-02])'), (NULL)) v(b);
SELECT extent(b) FROM (VALUES ('SRID=2154;STBOX X((0,0),(2,2))'::stbox), ('STBOX X((5,5),(6,6))')) v(b);

-- sealed and read back: the same boxes, sorted, grouped, joined
CREATE TABLE kept (id int, t timestamptz, b stbox) USING territory;
INSERT INTO kept SELECT row_number() OVER (), timestamptz '2026-01-01' + i * interval '1 second', b FROM generate_series(1, 300) i, forms;
SELECT rows FROM seal('kept');
SELECT count(*) AS rows, count(DISTINCT b) AS boxes, count(*) FILTER (WHERE b IS NULL) AS nulls FROM kept;
SELECT count(*) FILTER (WHERE k.b IS DISTINCT FROM f.b) AS differ FROM kept k JOIN (SELECT row_number() OVER () - 1 AS i, b FROM forms) f ON f.i = (k.id - 1) % 13;
SELECT b, count(*) FROM kept GROUP BY b ORDER BY b LIMIT 4;
SELECT count(*) FROM kept WHERE b && 'STBOX T([2026-01-01 12:00, 2026-01-01 13:00])';
UPDATE kept SET b = expand(b, 1) WHERE id = 1;
SELECT b FROM kept WHERE id IN (1, 2) ORDER BY id;
SELECT sum(rows) AS rows, bool_and(ok) AS ok FROM verify('kept');

-- estimates: within a factor of three where the data crowds
CREATE FUNCTION estimated(query text) RETURNS float8 LANGUAGE plpgsql AS $$
DECLARE
	plan json;
BEGIN
	EXECUTE 'EXPLAIN (FORMAT JSON) ' || query INTO plan;
	RETURN plan->0->'Plan'->>'Plan Rows';
END $$;
SELECT setseed(0.7);
CREATE TABLE crowd AS SELECT i AS id, CASE WHEN i % 10 > 0 THEN stbox(ST_SetSRID(ST_MakeEnvelope(x, x / 2 + y, x + w, x / 2 + y + w), 2154), tstzrange(t, t + l)) END AS b
FROM generate_series(1, 60000) i, LATERAL (SELECT 10000 * random() ^ 3 + i * 0 AS x, 500 * random() ^ 2 AS y, 100 * random() ^ 3 AS w, timestamptz '2026-01-01' + random() ^ 2 * interval '300 days' AS t, random() * interval '5 days' AS l) r;
-- (all rows are ANALYZE's sample)
SET default_statistics_target = 200;
ANALYZE crowd;
RESET default_statistics_target;
CREATE FUNCTION off_by(condition text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	rows bigint; guess float8 := estimated('SELECT * FROM crowd WHERE ' || condition);
BEGIN
	EXECUTE 'SELECT count(*) FROM crowd WHERE ' || condition INTO rows;
	RETURN CASE WHEN greatest(guess, 1) / greatest(rows, 1) BETWEEN 1 / 3.0 AND 3 THEN 'good' ELSE format('%s instead of %s', guess, rows) END;
END $$;
SELECT condition, off_by(condition) FROM unnest(ARRAY[
	'b && ''SRID=2154;STBOX X((0,0),(100,200))''', 'b && ''SRID=2154;STBOX X((2000,1000),(2500,1500))''', 'b && ''STBOX T([2026-02-01, 2026-02-02])''',
	'b && ''SRID=2154;STBOX XT(((0,0),(500,500)),[2026-02-01, 2026-02-05])''', 'b && ''SRID=2154;STBOX XT(((5000,2500),(5600,3100)),[2026-05-01, 2026-06-05])''', '''SRID=2154;STBOX XT(((0,0),(500,500)),[2026-02-01, 2026-02-05])'' && b',
	'b <@ ''SRID=2154;STBOX XT(((0,0),(1000,1000)),[2026-02-01, 2026-03-05])''', '''SRID=2154;STBOX XT(((0,0),(1000,1000)),[2026-02-01, 2026-03-05])'' @> b', 'b <@ ''STBOX T([2026-02-01, 2026-02-05])''', 'b @> ''STBOX T([2026-02-01, 2026-02-02])''', 'b @> ''SRID=2154;STBOX X((1,1),(2,2))''',
	'b << ''SRID=2154;STBOX X((100,0),(100,0))''', 'b <<# ''STBOX T([2026-03-01, 2026-03-01])''', 'b #>> ''STBOX T([2026-10-01, 2026-10-01])''', 'b && ''SRID=2154;STBOX X((90000,0),(90100,200))''', 'b && ''STBOX T([-infinity, 2026-01-05])''', 'b && NULL::stbox',
	'b && ''SRID=2154;STBOX X((-Infinity,-Infinity),(5,Infinity))''']) condition;
SELECT estimated('SELECT * FROM crowd a, crowd c WHERE a.b && c.b') / count(*) BETWEEN 1 / 3.0 AND 3 AS join_is_good FROM (SELECT b FROM crowd WHERE id <= 2000) a, crowd c, generate_series(1, 30) WHERE a.b && c.b;
SELECT estimated('SELECT * FROM crowd c WHERE EXISTS (SELECT FROM crowd a WHERE a.b && c.b AND a.id <= 30)') / count(*) BETWEEN 1 / 3.0 AND 3 AS semijoin_is_good FROM crowd c WHERE EXISTS (SELECT FROM crowd a WHERE a.b && c.b AND a.id <= 30);
-- unknown to the planner: as boxes of the column are
PREPARE by_box (stbox) AS SELECT count(*) FROM crowd WHERE b && $1;
SET plan_cache_mode = force_generic_plan;
EXECUTE by_box ('SRID=2154;STBOX XT(((0,0),(500,500)),[2026-02-01, 2026-02-05])');
RESET plan_cache_mode;
DEALLOCATE by_box;
CREATE ROLE stbox_guest;
GRANT SELECT ON crowd TO stbox_guest;
SET ROLE stbox_guest;
SELECT estimated('SELECT * FROM crowd WHERE b && ''STBOX T([2026-02-01, 2026-02-02])''') BETWEEN 300 AND 20000 AS may_read;
RESET ROLE;
DROP TABLE forms, seen, seen_heap, kept, crowd;
DROP ROLE stbox_guest;
DROP FUNCTION refused, lie, estimated, off_by;
