-- grouping by cells inside the scan gives what heap's executor gives
SET search_path = public, territory;
SET timezone = 'UTC';
SET territory.segment_rows = 500;
SET max_parallel_workers_per_gather = 0;
SET jit = off;
-- p: points in degrees; l: in Lambert 93; z: with height; a: of any SRID, some empty, some null; e: one place per entity
CREATE TABLE moved (v int, t timestamptz, p geometry(Point, 4326), l geometry(Point, 2154), z geometry(PointZ, 4326), a geometry, e geometry(Point, 4326), x float8, y float8, n int);
CREATE TABLE g (LIKE moved, PRIMARY KEY (v, t)) USING territory;
CREATE FUNCTION moves(vehicles int[], instants int4range) RETURNS SETOF moved LANGUAGE sql AS $$
	SELECT v, '2026-03-01'::timestamptz + i * interval '2 minutes', p, ST_Transform(p, 2154), ST_SetSRID(ST_MakePoint(x, y, i), 4326),
		CASE WHEN v = 3 AND i % 10 = 0 THEN 'SRID=4326;POINT EMPTY'::geometry WHEN v = 4 AND i % 5 = 0 THEN NULL
			WHEN v = 5 THEN ST_Transform(p, (ARRAY[4326, 2154, 3857])[1 + i % 3]) ELSE p END,
		ST_SetSRID(ST_MakePoint(5 + v / 100.0, 47.3), 4326), x, y, i * 7919 % 1000
	FROM unnest(vehicles) v, generate_series(lower(instants), upper(instants) - 1) i,
		LATERAL (SELECT round((5 + v / 50.0 + 0.02 * sin(i / 40.0))::numeric, 6)::float8 x, round((47.3 + 0.02 * cos(i / 30.0 + v))::numeric, 6)::float8 y) xy,
		LATERAL (SELECT CASE WHEN v = 6 AND i % 7 = 0 THEN NULL ELSE ST_SetSRID(ST_MakePoint(x, y), 4326) END p) p $$;
INSERT INTO g SELECT * FROM moves('{1,2,3,4,5,6}', '[0,1500)');
SELECT rows FROM territory.seal('g');
-- a column of later, which no segment holds; hot rows; deleted and changed ones
ALTER TABLE g ADD COLUMN later geometry(Point, 4326) DEFAULT ST_SetSRID(ST_MakePoint(5, 47), 4326);
INSERT INTO g SELECT *, ST_SetSRID(ST_MakePoint(5, 47 + v), 4326) FROM moves('{3,4,7}', '[1500,1550)');
DELETE FROM g WHERE n % 37 = 0;
UPDATE g SET p = ST_Translate(p, 1, 0) WHERE n % 41 = 0;
CREATE TABLE g_heap AS SELECT * FROM g;
ANALYZE g, g_heap;

-- what a plan does: lines of EXPLAIN
CREATE FUNCTION how(query text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	line text;
BEGIN
	FOR line IN EXECUTE 'EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF) ' || query LOOP
		IF line ~ 'Custom Scan|Aggregate|Group|Gather|Answered|Blocks Read|Keys Evaluated' THEN
			RETURN NEXT regexp_replace(line, ' \(actual.*', '');
		END IF;
	END LOOP;
END $$;
SELECT how('SELECT cell(p, 16), date_trunc(''hour'', t), count(*), avg(x) FROM g GROUP BY 1, 2');
SELECT how('SELECT cell(l, 16), count(*) FROM g GROUP BY 1');
-- no other form is one of these
SELECT how('SELECT cell(ST_SetSRID(ST_MakePoint(x, y), 4326), 14), count(*) FROM g GROUP BY 1');
SELECT how('SELECT cell(p, 10 + v), count(*) FROM g GROUP BY 1');

-- the same rows, and how many; a difference says which query
CREATE FUNCTION differs(query text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
	n bigint;
BEGIN
	EXECUTE format('SELECT count(*) FROM ((SELECT * FROM (%1$s) a EXCEPT ALL SELECT * FROM (%2$s) b) UNION ALL (SELECT * FROM (%2$s) b EXCEPT ALL SELECT * FROM (%1$s) a)) x',
		replace(query, '@', 'g'), replace(query, '@', 'g_heap')) INTO n;
	RETURN n;
END $$;
CREATE TABLE asked (q int, query text);
INSERT INTO asked SELECT row_number() OVER (), query FROM (
	SELECT format(query, place, zoom) AS query FROM unnest('{p,l,z,a,e,later,ST_SetSRID(ST_MakePoint(x\,y)\,4326)}'::text[]) place, unnest('{11,16,26}'::int[]) zoom, (VALUES
		('SELECT cell(%1$s, %2$s) AS c, count(*), count(%1$s), min(n), max(t), sum(n) FROM @ GROUP BY 1'),
		('SELECT cell(%1$s, %2$s) AS c, date_trunc(''hour'', t) AS h, count(*), sum(n) FROM @ WHERE n > 100 GROUP BY 1, 2'),
		('SELECT v, cell(%1$s, %2$s) AS c, date_trunc(''day'', t) AS h, count(*) FROM @ WHERE p && ST_MakeEnvelope(4.9, 47.3, 5.1, 47.31, 4326) GROUP BY 1, 2, 3'),
		('SELECT DISTINCT cell(%1$s, %2$s) AS c FROM @'),
		('SELECT cell(%1$s, %2$s) AS c, cell(p, 12) AS d, n %% 3 AS m, upper(v::text) AS w, count(*) FROM @ GROUP BY 1, 2, 3, 4'),
		('SELECT cell(%1$s, %2$s) AS c, string_agg(ST_AsText(p), '','' ORDER BY v, t) AS s, count(*) FROM @ WHERE v < 3 AND t < ''2026-03-01 03:00'' GROUP BY 1'),
		('SELECT cell(%1$s, %2$s) AS c, count(*) FROM @ GROUP BY GROUPING SETS ((1), ())'),
		('SELECT cell(%1$s, %2$s) AS c, count(*) FILTER (WHERE n > 500), avg(ST_X(p))::numeric(9,5) AS x FROM @ WHERE v IN (3, 4, 7) GROUP BY 1 HAVING count(*) > 1')) q(query)) x;
SELECT count(*) AS asked, count(*) FILTER (WHERE differs(query) > 0) AS differ, min(query) FILTER (WHERE differs(query) > 0) AS first FROM asked;
-- in workers, and with little memory: in several passes
SET work_mem = '64kB';
SELECT count(*) AS asked, count(*) FILTER (WHERE differs(query) > 0) AS differ, min(query) FILTER (WHERE differs(query) > 0) AS first FROM asked WHERE q % 5 = 0;
RESET work_mem;
SET max_parallel_workers_per_gather = 2;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
ALTER TABLE g SET (parallel_workers = 2);
SELECT line FROM how('SELECT cell(p, 11), date_trunc(''day'', t), count(*) FROM g GROUP BY 1, 2') line WHERE line !~ 'Blocks|Segments|Keys';
SELECT count(*) AS asked, count(*) FILTER (WHERE differs(query) > 0) AS differ, min(query) FILTER (WHERE differs(query) > 0) AS first FROM asked WHERE q % 5 = 1;
RESET max_parallel_workers_per_gather;
RESET parallel_setup_cost;
RESET parallel_tuple_cost;
RESET min_parallel_table_scan_size;
SET max_parallel_workers_per_gather = 0;

-- prepared: a zoom that is a parameter, null, or none
PREPARE cells(int) AS SELECT count(*), count(c), sum(k) FROM (SELECT cell(p, $1) AS c, count(*) AS k FROM g GROUP BY 1) x;
SET plan_cache_mode = force_generic_plan;
EXECUTE cells(12);
EXECUTE cells(15);
EXECUTE cells(NULL);
EXECUTE cells(27);
EXECUTE cells(12);
RESET plan_cache_mode;
-- rescanned with another one each time
SELECT zoom, k, k = (SELECT count(DISTINCT cell(p, zoom)) FROM g_heap) AS same FROM generate_series(11, 15) zoom,
	LATERAL (SELECT count(c) AS k FROM (SELECT cell(p, zoom) AS c, count(*) FROM g GROUP BY 1 OFFSET 0) y) x;
-- with a table of vehicles
CREATE TABLE fleet AS SELECT v, 'depot ' || v % 2 AS depot FROM generate_series(1, 8) v;
ANALYZE fleet;
SELECT how('SELECT depot, cell(p, 13), count(*) FROM g JOIN fleet USING (v) GROUP BY 1, 2');
SELECT differs('SELECT depot, cell(l, 13) AS c, count(*), sum(n) FROM @ JOIN fleet USING (v) GROUP BY 1, 2');
-- with conditions on the place, and by its cell
SELECT differs('SELECT depot, cell(l, 15) AS c, count(*) FROM @ JOIN fleet ON fleet.v = @.v AND ST_X(p) > 4.9 + fleet.v / 50.0 GROUP BY 1, 2'),
	differs('SELECT c, cell(l, 15) AS d, count(*) FROM @ JOIN (SELECT DISTINCT cell(p, 13) AS c FROM g_heap WHERE v < 3) few ON cell(@.p, 13) = few.c GROUP BY 1, 2');

-- a block that lies in one cell is answered from its summary, also where its time is in one bucket
CREATE TABLE stood (v int, t timestamptz, p geometry(Point, 4326), l geometry(Point, 2154), x float8, PRIMARY KEY (v, t)) USING territory;
INSERT INTO stood SELECT v, '2026-03-01'::timestamptz + i * interval '1 minute', p, ST_Transform(p, 2154), i % 7 FROM generate_series(1, 4) v, generate_series(0, 2879) i,
	LATERAL (SELECT ST_SetSRID(ST_MakePoint(5 + v / 10.0 + i % 3 / 1e6, 47.3), 4326) p) p;
SELECT rows FROM territory.seal('stood');
CREATE TABLE stood_heap AS SELECT * FROM stood;
SELECT how('SELECT cell(p, 16), date_trunc(''day'', t), count(*), sum(x) FROM stood GROUP BY 1, 2');
SELECT how('SELECT cell(l, 16), date_trunc(''day'', t), count(*), sum(x) FROM stood GROUP BY 1, 2');
SELECT count(*) FROM ((SELECT cell(l, 16), date_trunc('day', t), count(*), sum(x) FROM stood GROUP BY 1, 2) EXCEPT ALL (SELECT cell(l, 16), date_trunc('day', t), count(*), sum(x) FROM stood_heap GROUP BY 1, 2)) x;
-- keys by the hour: rows are read, points are not
SELECT how('SELECT cell(p, 16), date_trunc(''hour'', t), count(*), sum(x) FROM stood GROUP BY 1, 2');
SELECT count(*) FROM ((SELECT cell(p, 16), date_trunc('hour', t), count(*), sum(x) FROM stood GROUP BY 1, 2) EXCEPT ALL (SELECT cell(p, 16), date_trunc('hour', t), count(*), sum(x) FROM stood_heap GROUP BY 1, 2)) x;
DELETE FROM stood WHERE v = 2 AND x = 3;
DELETE FROM stood_heap WHERE v = 2 AND x = 3;
UPDATE stood SET p = NULL WHERE v = 3 AND x = 1;
UPDATE stood_heap SET p = NULL WHERE v = 3 AND x = 1;
SELECT count(*) FROM ((SELECT cell(p, 16), date_trunc('day', t), count(*), sum(x) FROM stood GROUP BY 1, 2) EXCEPT ALL (SELECT cell(p, 16), date_trunc('day', t), count(*), sum(x) FROM stood_heap GROUP BY 1, 2)) x;

-- errors are those of rows that pass
CREATE TABLE odd (v int, t timestamptz, p geometry) USING territory;
INSERT INTO odd SELECT i / 1000, '2026-03-01'::timestamptz + i * interval '1 minute', CASE WHEN i = 1500 THEN ST_Point('infinity', 0, 4326) WHEN i / 1000 = 2 THEN ST_Point(1, 1) ELSE ST_Point(5, 47, 4326) END FROM generate_series(0, 2999) i;
SELECT rows FROM territory.seal('odd');
SELECT cell(p, 10), count(*) FROM odd WHERE v = 0 GROUP BY 1;
SELECT cell(p, 10), count(*) FROM odd WHERE v = 1 GROUP BY 1;
SELECT cell(p, 10), count(*) FROM odd WHERE v = 1 AND t < '2026-03-02 00:59' GROUP BY 1;
SELECT cell(p, 10), count(*) FROM odd WHERE v = 2 GROUP BY 1;
SELECT cell(p, 30), count(*) FROM odd WHERE v = 9 GROUP BY 1;
SELECT cell(p, 30), count(*) FROM odd WHERE v = 0 GROUP BY 1;
-- no function that only looks like it
CREATE FUNCTION cell_too(geom geometry, zoom integer) RETURNS cell LANGUAGE C IMMUTABLE STRICT SET work_mem = '5MB' AS '$libdir/territory', 'territory_cell_of_point';
SELECT how('SELECT cell_too(p, 10), count(*) FROM odd WHERE v = 0 GROUP BY 1');
DROP FUNCTION cell_too, how, differs, moves;
DROP TABLE g, g_heap, moved, asked, fleet, stood, stood_heap, odd;
