-- rows to series: any order, duplicates, sections, parallel, sealed
SET search_path = public, territory;
SET timezone = 'UTC';

-- any order; nulls count for nothing; no row is null
SELECT float_series(t, v), float_series(t, v, 'step'), float_series(t, v, 'discrete')
FROM (VALUES ('2026-01-03'::timestamptz, 3::float8), ('2026-01-01', 1), ('2026-01-02', 2), ('2026-01-04', NULL), (NULL, 4)) r(t, v);
SELECT float_series(t, 1::float8), float_series(t, NULL::float8) FROM (VALUES (NULL::timestamptz)) r(t);
SELECT state_series(t, s), state_series(t, s, 'discrete'), state_series(t, s, 'step', '1 day')
FROM (VALUES ('2026-01-03'::timestamptz, 'shut'), ('2026-01-01', 'open'), ('2026-01-01 12:00', 'open'), ('2026-01-04', NULL)) r(t, s);
SELECT point_series(t, p), point_series(t, p, 'step'), point_series(t, p, NULL, '1 day')
FROM (VALUES ('2026-01-03'::timestamptz, ST_Point(3, 4, 2154)), ('2026-01-01', ST_Point(1, 2, 2154)), ('2026-01-02', 'SRID=2154;POINT EMPTY'),
	('2026-01-05', NULL)) r(t, p);
SELECT point_series(t, p) FROM (VALUES ('2026-01-03'::timestamptz, 'POINT ZM (3 4 5 6)'::geometry), ('2026-01-01', 'POINT Z (1 2 3)')) r(t, p);
SELECT point_series(t, p) FROM (VALUES ('2026-01-03'::timestamptz, 'POINT M (3 4 6)'::geometry), ('2026-01-01', 'POINT(1 2)')) r(t, p);
SELECT float_series(t, 1::float8), count(*) FROM generate_series('2026-01-01'::timestamptz, '2026-01-02', '6 h') t WHERE false;

-- an instant that comes twice: equal values are one, else the greatest stays, whatever the order
SELECT float_series(t, v), state_series(t, s), point_series(t, p), float_series(t, z)
FROM (VALUES ('2026-01-01'::timestamptz, 1::float8, 'a', ST_Point(1, 2), -0.0::float8), ('2026-01-01', 2, 'b', ST_Point(1, 3), 0), ('2026-01-01', 1, 'B', ST_Point(0, 9), -0.0),
	('2026-01-02', 5, 'é', ST_Point(1, 1), 1), ('2026-01-02', 5, 'é', ST_Point(1, 1), 1)) r(t, v, s, p, z);
SELECT count(DISTINCT f) FROM (
	SELECT (SELECT float_series(t, v ORDER BY hashint4(i + j)) FROM (SELECT i, timestamptz '2026-01-01' + i % 7 * interval '1 h' t, (i * i % 11)::float8 v FROM generate_series(1, 100) i) r) f
	FROM generate_series(1, 20) j) x;

-- sections end at gaps; an interval's days have 24 hours
SELECT float_series(t, v, 'linear', '10 min') FROM (VALUES ('2026-01-01 00:00'::timestamptz, 1::float8), ('2026-01-01 00:10', 2), ('2026-01-01 00:20:00.000001', 3)) r(t, v);
SELECT float_series(t, v, 'discrete', '1 min') FROM (VALUES ('2026-01-01 00:00'::timestamptz, 1::float8), ('2026-01-01 00:10', 2)) r(t, v);

-- limits
SELECT float_series(t, v) FROM (VALUES ('2026-01-01'::timestamptz, 'NaN'::float8)) r(t, v);
SELECT float_series(t, v) FROM (VALUES ('2026-01-01'::timestamptz, '-Infinity'::float8)) r(t, v);
SELECT float_series(t, v) FROM (VALUES ('infinity'::timestamptz, 1::float8)) r(t, v);
SELECT point_series('2026-01-01'::timestamptz, ST_MakePoint(1, 'NaN'));
SELECT point_series('2026-01-01'::timestamptz, 'LINESTRING(1 2, 3 4)'::geometry);
SELECT point_series('2026-01-01'::timestamptz, 'LINESTRING EMPTY'::geometry);
SELECT point_series(t, p) FROM (VALUES ('2026-01-01'::timestamptz, ST_Point(1, 2, 2154)), ('2026-01-02', ST_Point(1, 2, 4326))) r(t, p);
SELECT point_series(t, p) FROM (VALUES ('2026-01-01'::timestamptz, 'POINT(1 2)'::geometry), ('2026-01-02', 'POINT Z (1 2 3)')) r(t, p);
SELECT float_series('2026-01-01'::timestamptz, 1::float8, 'cubic');
SELECT state_series('2026-01-01'::timestamptz, 'open', 'linear');
SELECT float_series('2026-01-01'::timestamptz, 1::float8, 'linear', '1 month');
SELECT float_series('2026-01-01'::timestamptz, 1::float8, 'linear', '0');
SELECT float_series('2026-01-01'::timestamptz, 1::float8, 'linear', '-1 h');
SELECT float_series(t, 1::float8, i) FROM (VALUES ('2026-01-01'::timestamptz, 'step'), ('2026-01-02', 'linear')) r(t, i);
SELECT float_series(t, 1::float8, i) FROM (VALUES ('2026-01-01'::timestamptz, 'step'), ('2026-01-02', 'STEP')) r(t, i);
SELECT float_series(t, 1::float8, NULL, g) FROM (VALUES ('2026-01-01'::timestamptz, interval '1 h'), ('2026-01-02', '2 h')) r(t, g);
SELECT float_series(t, 1::float8, NULL, g) FROM (VALUES ('2026-01-01'::timestamptz, interval '1 h'), ('2026-01-02', NULL)) r(t, g);

-- as a window, and with DISTINCT and FILTER
SELECT float_series(t, v) OVER (ORDER BY t ROWS 1 PRECEDING) FROM (VALUES ('2026-01-01'::timestamptz, 1::float8), ('2026-01-02', 2), ('2026-01-03', 3)) r(t, v);
SELECT float_series(t, v) OVER (ORDER BY t DESC) FROM (VALUES ('2026-01-01'::timestamptz, 1::float8), ('2026-01-02', 2), ('2026-01-03', 3)) r(t, v);
SELECT float_series(DISTINCT t, v), float_series(t, v) FILTER (WHERE v > 1) FROM (VALUES ('2026-01-01'::timestamptz, 1::float8), ('2026-01-02', 2), ('2026-01-01', 1)) r(t, v);

-- many rows: the same from heap, in parallel, from sealed blocks with and without our aggregate node, from hot rows among them
CREATE TABLE series_rows (id int, t timestamptz, v float8, s text, p geometry(Point, 2154), note text) USING territory;
INSERT INTO series_rows
SELECT i % 23, timestamptz '2026-01-01' + i / 23 * interval '30 s' + CASE WHEN i % 5000 < 2000 THEN interval '1 day' ELSE '0' END, round((i * 7919 % 1000)::numeric / 10, 1)::float8,
	'state ' || i / 230 % 40, ST_SetSRID(ST_MakePoint(round((652000 + i * sqrt(2))::numeric, 2), round((6862000 - i / 3.0)::numeric, 2)), 2154),
	CASE WHEN i % 11 = 0 THEN NULL ELSE 'step' END
FROM generate_series(1, 30000) i;
INSERT INTO series_rows SELECT 3, NULL, 1, 'a', NULL, NULL FROM generate_series(1, 5);
INSERT INTO series_rows SELECT 40 + i, '2026-01-01', NULL, NULL, NULL, NULL FROM generate_series(1, 3) i;
CREATE TABLE series_rows_heap AS SELECT * FROM series_rows;
SELECT count(*) FROM territory.seal('series_rows');
INSERT INTO series_rows SELECT 5, t + interval '3 days', v, s, p, note FROM series_rows WHERE id = 5 AND t < '2026-01-01 01:00' ;
INSERT INTO series_rows_heap SELECT 5, t + interval '3 days', v, s, p, note FROM series_rows_heap WHERE id = 5 AND t < '2026-01-01 01:00';
DELETE FROM series_rows WHERE id = 7 AND t < '2026-01-01 00:30';
DELETE FROM series_rows_heap WHERE id = 7 AND t < '2026-01-01 00:30';
VACUUM ANALYZE series_rows;
ANALYZE series_rows_heap;

PREPARE made(int) AS
SELECT id, float_series(t, v) f, state_series(t, s) s, point_series(t, p) p, float_series(t, v, note) FILTER (WHERE note IS NOT NULL) AS noted,
	float_series(t, v, 'discrete', '1 h') FILTER (WHERE v > 50) AS high, point_series(t, p, 'step', '10 min') AS sections, state_series(t, s, 'step', '10 min') AS stays
FROM series_rows GROUP BY id;
SET max_parallel_workers_per_gather = 0;
CREATE TEMP TABLE from_node AS EXECUTE made(1);
EXPLAIN (COSTS OFF) EXECUTE made(1);
SET territory.enable_aggregate = off;
CREATE TEMP TABLE from_scan AS EXECUTE made(1);
RESET territory.enable_aggregate;
SET max_parallel_workers_per_gather = 2; SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0;
CREATE TEMP TABLE from_heap AS
SELECT id, float_series(t, v) f, state_series(t, s) s, point_series(t, p) p, float_series(t, v, note) FILTER (WHERE note IS NOT NULL) AS noted,
	float_series(t, v, 'discrete', '1 h') FILTER (WHERE v > 50) AS high, point_series(t, p, 'step', '10 min') AS sections, state_series(t, s, 'step', '10 min') AS stays
FROM series_rows_heap GROUP BY id;
EXPLAIN (COSTS OFF) SELECT id, float_series(t, v), state_series(t, s), point_series(t, p, 'step', '10 min') FROM series_rows_heap GROUP BY id;
-- (the same statement, with workers)
DEALLOCATE made;
PREPARE made(int) AS
SELECT id, float_series(t, v) f, state_series(t, s) s, point_series(t, p) p, float_series(t, v, note) FILTER (WHERE note IS NOT NULL) AS noted,
	float_series(t, v, 'discrete', '1 h') FILTER (WHERE v > 50) AS high, point_series(t, p, 'step', '10 min') AS sections, state_series(t, s, 'step', '10 min') AS stays
FROM series_rows GROUP BY id;
CREATE TEMP TABLE from_workers AS EXECUTE made(1);
SELECT count(*) FROM from_heap;
SELECT count(*) FROM (SELECT * FROM from_heap EXCEPT SELECT * FROM from_node) x;
SELECT count(*) FROM (SELECT * FROM from_heap EXCEPT SELECT * FROM from_scan) x;
SELECT count(*) FROM (SELECT * FROM from_heap EXCEPT SELECT * FROM from_workers) x;
-- against plain SQL
SELECT count(*) FROM from_heap h JOIN (
	SELECT id, format('[%s]', string_agg(format('%s@%s', v, t), ', ' ORDER BY t)) f FROM (SELECT id, t, max(v) v FROM series_rows_heap WHERE v IS NOT NULL AND t IS NOT NULL GROUP BY id, t) x GROUP BY id) p
	ON h.id = p.id AND h.f = p.f::float_series;
SELECT id, f, s, p FROM from_heap WHERE id > 40 ORDER BY id;
-- one group over all workers
SELECT float_series(t, v) = (SELECT float_series(t, v) FROM series_rows) FROM series_rows_heap;
SELECT state_series(t, s) = (SELECT state_series(t, s) FROM series_rows) FROM series_rows_heap;
SELECT point_series(t, p) = (SELECT point_series(t, p) FROM series_rows) FROM series_rows_heap;
RESET max_parallel_workers_per_gather; RESET parallel_setup_cost; RESET parallel_tuple_cost; RESET min_parallel_table_scan_size;
DROP TABLE series_rows, series_rows_heap;
RESET timezone;
