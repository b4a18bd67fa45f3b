-- rows in order without an index: blocks as the order needs them, hot rows sorted
SET timezone = 'UTC';
SET jit = off;
SET territory.segment_rows = 2000;
SET client_min_messages = notice;
SET max_parallel_workers_per_gather = 0;
CREATE TABLE o (sensor int NOT NULL, t timestamptz, v float8, n numeric, k text, big int8) USING territory;
INSERT INTO o
SELECT s, CASE WHEN i % 97 = 0 THEN NULL WHEN i % 89 = 0 THEN 'infinity' WHEN i % 83 = 0 THEN '-infinity'
               ELSE '2026-03-01'::timestamptz + i * interval '1 minute' + s * interval '1 second' END,
       CASE WHEN i % 101 = 0 THEN NULL WHEN i % 103 = 0 THEN 'NaN' WHEN i % 107 = 0 THEN -0.0 ELSE (i * 7919 % 1000) / 8.0 END,
       (i * 31 % 500) / 4.0, 'k' || i % 13, s * 1000000000000 + i
FROM generate_series(1, 12) s, generate_series(1, 1500) i;
SELECT territory.set_layout('o', entity_columns => '{sensor}', time_column => 't');
SELECT rows FROM territory.seal('o');
-- hot rows before, between and after the sealed ones
INSERT INTO o SELECT s, '2026-03-01'::timestamptz + i * interval '53 minutes', i, i, 'hot', s * 1000000000000 + 100000 + i
FROM generate_series(1, 14) s, generate_series(-3, 40) i;
DELETE FROM o WHERE big % 211 = 0;
UPDATE o SET v = v + 1 WHERE big % 307 = 0;
CREATE TABLE o_heap AS SELECT * FROM o;
ANALYZE o;
ANALYZE o_heap;

-- the rows of a query in their order, on either table
CREATE FUNCTION rows_of(query text, name text) RETURNS text[] LANGUAGE plpgsql AS $$
DECLARE result text[];
BEGIN
    EXECUTE format('SELECT array_agg(x::text) FROM (%s) x', replace(query, '$', name)) INTO result;
    RETURN result;
END $$;
CREATE FUNCTION plan_nodes(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE line text; result text;
BEGIN
    FOR line IN EXECUTE 'EXPLAIN (COSTS OFF) ' || replace(query, '$', 'o') LOOP
        result := concat_ws(', ', result, substring(line FROM '(Sort|Incremental Sort|TerritoryScan|TerritoryAggregate|Aggregate)'));
    END LOOP;
    RETURN result;
END $$;
CREATE TABLE queries (id int GENERATED ALWAYS AS IDENTITY, q text);
INSERT INTO queries (q)
SELECT format('SELECT t, big FROM $ %s ORDER BY t %s NULLS %s, big %s LIMIT %s', w, d, n, d, l)
FROM (VALUES (''), ('WHERE sensor = 5'), ('WHERE v > 120'), ('WHERE k LIKE ''k1_'' OR v IS NULL'), ('WHERE t IS NOT NULL AND n < 3')) a(w),
     (VALUES ('ASC'), ('DESC')) b(d), (VALUES ('FIRST'), ('LAST')) c(n), (VALUES ('7'), ('700'), ('ALL')) e(l);
INSERT INTO queries (q) VALUES
('SELECT t FROM $ ORDER BY t LIMIT 300'),
('SELECT t FROM $ ORDER BY t DESC LIMIT 300'),
('SELECT t FROM $ ORDER BY t DESC NULLS LAST LIMIT 300'),
('SELECT v FROM $ ORDER BY v DESC LIMIT 400'),
('SELECT v FROM $ WHERE sensor IN (3, 4, 13) ORDER BY v NULLS FIRST LIMIT 90'),
('SELECT n, big FROM $ ORDER BY n DESC, big LIMIT 50'),
('SELECT sensor, t, big FROM $ ORDER BY sensor DESC, t, big OFFSET 3000 LIMIT 50'),
('SELECT big FROM $ ORDER BY t NULLS FIRST, sensor + 1, big LIMIT 50'),
('SELECT t, k FROM $ ORDER BY t DESC NULLS LAST, lower(k) DESC, big LIMIT 60'),
('SELECT min(t), max(t) FROM $ WHERE v > 100'),
('SELECT max(big) FROM $ WHERE k = ''k3'' AND t < ''2026-03-01 12:00'''),
('SELECT s, x.big FROM generate_series(1, 15) s LEFT JOIN LATERAL (SELECT big FROM $ r WHERE r.sensor = s ORDER BY r.t DESC NULLS LAST, big LIMIT 2) x ON true ORDER BY 1, 2'),
('SELECT a.big, b.big AS other FROM (SELECT * FROM $ ORDER BY big LIMIT 20) a JOIN (SELECT * FROM $ ORDER BY big DESC LIMIT 20000) b ON a.sensor = b.sensor AND b.n = 4 ORDER BY 1, 2');
-- the same rows as heap gives, whatever the memory
SELECT id, q FROM queries WHERE rows_of(q, 'o') IS DISTINCT FROM rows_of(q, 'o_heap');
SET work_mem = '64kB';
SELECT id, q FROM queries WHERE rows_of(q, 'o') IS DISTINCT FROM rows_of(q, 'o_heap');
RESET work_mem;
SET enable_sort = off;
SET enable_indexscan = off;
SELECT id, q FROM queries WHERE rows_of(q, 'o') IS DISTINCT FROM rows_of(q, 'o_heap');
SET work_mem = '64kB';
SELECT id, q FROM queries WHERE rows_of(q, 'o') IS DISTINCT FROM rows_of(q, 'o_heap');
RESET work_mem;
RESET enable_sort;
RESET enable_indexscan;
SET territory.enable_aggregate = off;
SELECT id, q FROM queries WHERE rows_of(q, 'o') IS DISTINCT FROM rows_of(q, 'o_heap');
RESET territory.enable_aggregate;

-- chosen for a few rows, not for all
SELECT plan_nodes('SELECT t FROM $ ORDER BY t DESC LIMIT 10');
SELECT plan_nodes('SELECT t FROM $ ORDER BY t DESC NULLS LAST, sensor LIMIT 10');
SELECT plan_nodes('SELECT t FROM $ ORDER BY t DESC');
SELECT plan_nodes('SELECT k FROM $ ORDER BY k LIMIT 10');
SET enable_sort = off;
SELECT plan_nodes('SELECT t, k FROM $ WHERE sensor = 3 ORDER BY t, lower(k)');
RESET enable_sort;
SELECT plan_nodes('SELECT max(t) FROM $ WHERE k = ''k3''');

-- a cursor, and a generic plan
BEGIN;
DECLARE c SCROLL CURSOR FOR SELECT big FROM o ORDER BY t DESC NULLS LAST, big LIMIT 5;
FETCH 3 FROM c;
FETCH BACKWARD 2 FROM c;
FETCH ALL FROM c;
COMMIT;
SET plan_cache_mode = force_generic_plan;
PREPARE latest(int, timestamptz) AS SELECT sensor, t, big FROM o WHERE sensor = $1 AND t < $2 ORDER BY t DESC, big LIMIT 2;
EXECUTE latest(3, '2026-03-01 12:00');
EXECUTE latest(4, '2026-03-01 00:30');
EXECUTE latest(NULL, '2026-03-01 00:30');
EXECUTE latest(14, 'infinity');
RESET plan_cache_mode;

-- rows that a policy hides are shown to no function that is not leakproof, sorted or not
CREATE FUNCTION tell(text) RETURNS boolean LANGUAGE plpgsql COST 0.0001 AS $$ BEGIN RAISE NOTICE 'told of %', $1; RETURN true; END $$;
ALTER TABLE o ENABLE ROW LEVEL SECURITY;
CREATE POLICY mine ON o USING (sensor = 99 OR big = 1000000000001);
CREATE ROLE territory_order_reader;
GRANT SELECT ON o TO territory_order_reader;
SET ROLE territory_order_reader;
SELECT big FROM o WHERE tell(k) AND k LIKE '%' AND v > -1 ORDER BY t LIMIT 2;
SELECT count(*) FROM o WHERE tell(k) AND k ~~ 'k%';
RESET ROLE;
DROP TABLE o, o_heap, queries;
DROP ROLE territory_order_reader;
DROP FUNCTION rows_of, plan_nodes, tell;
