-- moving points straight from sealed rows: coordinates instead of geometries, arrays instead of encoded series
SET search_path = public, territory;
SET timezone = 'UTC';
SET max_parallel_workers_per_gather = 0;
CREATE TABLE sealed_fixes (id int, t timestamptz, p geometry, z geometry(PointZ, 4326), m geometry(PointM, 2154), step text) USING territory;
SELECT set_layout('sealed_fixes', ARRAY['id'], 't');
INSERT INTO sealed_fixes
SELECT id, '2026-03-01'::timestamptz + make_interval(secs => i * 10 + (i / 400) * 28800),
	-- of one vehicle some fixes are missing, some empty; another changes its SRID from one day to the next
	CASE WHEN id = 2 AND i % 7 = 0 THEN NULL WHEN id = 2 AND i % 11 = 0 THEN ST_GeomFromText('POINT EMPTY', 2154)
		ELSE ST_SetSRID(ST_MakePoint(850000 + 20 * i + 300 * sin(i * 0.01 * id), 6690000 + 400 * cos(i * 0.02 * id)), CASE WHEN id = 4 AND i > 700 THEN 4326 ELSE 2154 END) END,
	ST_SetSRID(ST_MakePoint(5 + 1e-4 * i, 47.3 + 0.01 * sin(i * 0.03 * id), 200 + i % 50), 4326),
	ST_SetSRID(ST_MakePointM(i, -i, i * 2), 2154), CASE WHEN i % 2 = 0 THEN 'linear' ELSE 'Linear' END
FROM generate_series(1, 5) id, generate_series(1, 1500) i;
SELECT rows FROM seal('sealed_fixes', '2026-03-02');
-- some rows come late, twice, or go
INSERT INTO sealed_fixes SELECT id, t + interval '3 seconds', p, z, m, step FROM sealed_fixes WHERE id = 3 AND t < '2026-03-01 04:00+00';
INSERT INTO sealed_fixes SELECT id, t, ST_Translate(p, 1, 0), z, m, step FROM sealed_fixes WHERE id = 5 AND t < '2026-03-01 01:00+00';
DELETE FROM sealed_fixes WHERE id = 1 AND extract(minute FROM t) = 30;
CREATE TABLE heap_fixes AS SELECT * FROM sealed_fixes;
-- what the aggregate gives, and what functions make of it before it is encoded
CREATE FUNCTION made(fixes text, what text, condition text DEFAULT 'true') RETURNS TABLE (id int, day date, made text) LANGUAGE plpgsql AS $$
BEGIN
	RETURN QUERY EXECUTE format('SELECT id, t::date, (%s)::text FROM %I WHERE %s GROUP BY 1, 2 ORDER BY 1, 2', what, fixes, condition);
END $$;
-- as text: whatever is done with a value, it is the one that heap gives
CREATE VIEW questions AS SELECT * FROM (VALUES
	(1, 'point_series(t, p)', 'id <> 4'),
	(2, 'point_series(t, p)', 'true'),
	(3, 'point_series(t, z)', 'true'),
	(4, 'point_series(t, m)', 'true'),
	(5, 'point_series(t, p, ''step'')', 'id <> 4'),
	(6, 'point_series(t, z, ''discrete'', ''1 min'')', 'true'),
	(7, 'point_series(t, z, ''linear'', ''1 min'', 0.5)', 'true'),
	(8, 'point_series(t, m, step)', 'true'),
	(9, 'point_series(t, p) FILTER (WHERE ST_X(m) > 300)', 'id <> 4'),
	(10, 'ROW(point_series(t, p), count(p), max(ST_X(z)))', 'id <> 4'),
	(11, 'ROW(point_series(t, p), point_series(t, z), float_series(t, ST_X(m)))', 'id <> 4'),
	(12, 'point_series(t, p)', 'id <> 4 AND t BETWEEN ''2026-03-01 01:02+00'' AND ''2026-03-01 07:00+00'''),
	(13, 'point_series(t, p)', 'id <> 4 AND extract(second FROM t) < 30'),
	(14, 'point_series(t, m)', 'm && ST_MakeEnvelope(100, -2000, 1200, 2000, 2154)'),
	(15, 'point_series(t, m)', 'ST_X(m) > 300'),
	(16, 'point_series(''2026-01-01''::timestamptz, z)', 'true'),
	(17, 'point_series(t, ST_Translate(p, 1, 1))', 'id <> 4'),
	(18, 'length(point_series(t, p))', 'id <> 4'),
	(19, 'length(point_series(t, z))', 'true'),
	(20, 'length(point_series(t, z, ''step''))', 'true'),
	(21, 'speed(point_series(t, p))', 'id <> 4'),
	(22, 'ROW(time_weighted_average(speed(point_series(t, z, ''linear'', ''1 min''))), max_value(speed(point_series(t, p))))', 'id <> 4'),
	(23, 'bearing(point_series(t, p, ''linear'', ''1 min''))', 'id <> 4'),
	(24, 'when_inside(point_series(t, p), ST_MakeEnvelope(850500, 6689900, 860000, 6690300, 2154))', 'id <> 4'),
	(25, 'when_within(point_series(t, z), ST_SetSRID(ST_MakePoint(5.05, 47.3), 4326), 800)', 'true'),
	(26, 'position_at(point_series(t, z), ''2026-03-01 02:00:05+00'')', 'true'),
	(27, 'at(point_series(t, z), ''[2026-03-01 02:00+00,2026-03-01 03:00+00]''::tstzrange)', 'true'),
	(28, 'trajectory(simplify(point_series(t, p), 10))', 'id <> 4'),
	(29, 'ROW(num_instants(point_series(t, p)), start_time(point_series(t, z)), time_span(point_series(t, m)), point_series(t, p) = point_series(t, p))', 'id <> 4')) q (id, what, condition);
CREATE FUNCTION answer(fixes text, what text, condition text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	RETURN (SELECT md5(string_agg(m::text, ' ')) FROM made(fixes, what, condition) m);
EXCEPTION WHEN OTHERS THEN
	RETURN SQLSTATE || ' ' || SQLERRM;
END $$;
SELECT id, what, condition, answer('sealed_fixes', what, condition) = answer('heap_fixes', what, condition) AS same, answer('heap_fixes', what, condition) LIKE '22023 %' AS error FROM questions ORDER BY id;
-- all sealed, and small blocks of several vehicles
SELECT rows > 0 AS more FROM seal('sealed_fixes');
SELECT id, what FROM questions WHERE answer('sealed_fixes', what, condition) IS DISTINCT FROM answer('heap_fixes', what, condition) ORDER BY id;
-- not sealed in the order of vehicles
CREATE TABLE mixed_fixes (id int, t timestamptz, p geometry, z geometry(PointZ, 4326), m geometry(PointM, 2154), step text) USING territory;
SELECT set_layout('mixed_fixes', '{}', 't');
INSERT INTO mixed_fixes SELECT * FROM heap_fixes;
SELECT rows > 0 AS more FROM seal('mixed_fixes');
SELECT id, what FROM questions WHERE answer('mixed_fixes', what, condition) IS DISTINCT FROM answer('heap_fixes', what, condition) ORDER BY id;
-- in workers, in core's nodes, once more, by parameters
SET max_parallel_workers_per_gather = 2; SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0;
SELECT id, what FROM questions WHERE answer('sealed_fixes', what, condition) IS DISTINCT FROM answer('heap_fixes', what, condition) ORDER BY id;
SET max_parallel_workers_per_gather = 0;
SET territory.enable_aggregate = off;
SELECT id, what FROM questions WHERE answer('sealed_fixes', what, condition) IS DISTINCT FROM answer('heap_fixes', what, condition) ORDER BY id;
SET enable_hashagg = off;
SELECT id, what FROM questions WHERE answer('sealed_fixes', what, condition) IS DISTINCT FROM answer('heap_fixes', what, condition) ORDER BY id;
RESET enable_hashagg; RESET territory.enable_aggregate;
PREPARE long (text, int) AS SELECT round(length(point_series(t, p, $1))::numeric, 3) FROM sealed_fixes WHERE id = $2;
SET plan_cache_mode = force_generic_plan;
EXECUTE long('linear', 1);
EXECUTE long('step', 1);
EXECUTE long('linear', 3);
EXECUTE long('linear', 99);
RESET plan_cache_mode;
SELECT v, round((SELECT length(point_series(t, p)) FROM sealed_fixes WHERE id = v AND t < '2026-03-01 06:00+00')::numeric, 3) FROM generate_series(1, 3) v;
-- kept beyond the group that it was made of
SELECT count(*), sum(num_instants(s)) FROM (SELECT id, point_series(t, z) AS s FROM sealed_fixes GROUP BY id ORDER BY s DESC OFFSET 0) x;
SELECT count(DISTINCT s), count(*) FROM (SELECT id, t::date, point_series(t, m) AS s FROM sealed_fixes GROUP BY 1, 2 UNION ALL SELECT id, t::date, point_series(t, m) FROM heap_fixes GROUP BY 1, 2) x;
SELECT a.id, sum(num_instants(a.s)) FROM (SELECT id, point_series(t, z) AS s FROM sealed_fixes GROUP BY id) a JOIN (SELECT id, point_series(t, z) AS s FROM heap_fixes GROUP BY id) b ON a.s = b.s GROUP BY 1 ORDER BY 1;
SELECT id, count(*), bool_and(num_instants(s) = n) FROM (SELECT id, point_series(t, z) OVER w AS s, count(*) OVER w AS n FROM heap_fixes WHERE id IN (1, 2) AND t < '2026-03-01 00:30+00' WINDOW w AS (PARTITION BY id ORDER BY t)) x GROUP BY id ORDER BY id;
SELECT num_instants(first(s, day)), num_instants(last(speed(s), day)), count(DISTINCT s), num_instants((array_agg(s ORDER BY day DESC))[1]) FROM (SELECT t::date AS day, point_series(t, z) AS s FROM sealed_fixes WHERE id = 1 GROUP BY 1) x;
SELECT a.id, bounding_box(a.s) = bounding_box(b.s) AS same_box, bounding_box(a.s) = bounding_box(a.s::text::point_series) AS as_text, ever_within(a.s, b.s, 0) AS met
FROM (SELECT id, point_series(t, z) AS s FROM sealed_fixes GROUP BY id) a JOIN (SELECT id, point_series(t, z) AS s FROM heap_fixes GROUP BY id) b USING (id) ORDER BY 1;
DO $$
DECLARE s point_series; r record; n int := 0;
BEGIN
	FOR r IN SELECT id, point_series(t, z) AS s FROM sealed_fixes GROUP BY id LOOP
		s := r.s;
		n := n + num_instants(s) - num_instants(r.s);
	END LOOP;
	RAISE NOTICE '%', n;
END $$;
EXPLAIN (COSTS OFF) SELECT id, length(point_series(t, p)) FROM sealed_fixes GROUP BY id;
DROP TABLE sealed_fixes, heap_fixes, mixed_fixes CASCADE;
DROP VIEW questions;
DROP FUNCTION made, answer;
