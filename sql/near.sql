-- near() gives what its plain form gives: any shapes, joins, plans, tables hot and sealed
SET timezone = 'UTC';
SET max_parallel_workers_per_gather = 0;
SET jit = off;
SET territory.segment_rows = 300;

-- p, z: on the spheroid, some at the poles and the antimeridian; l, s: the same in Lambert-93's metres; g, s: any shapes
CREATE TABLE columns (id int, t timestamptz, p geometry(Point, 4326), z geometry(PointZ, 4326), g geometry(Geometry, 4326), l geometry(Point, 2154), s geometry);
CREATE FUNCTION shape(k int, x float8, y float8, size float8, srid int) RETURNS geometry LANGUAGE sql AS $$
    SELECT ST_SetSRID(CASE k % 9 WHEN 0 THEN ST_MakeLine(ST_MakePoint(x, y), ST_MakePoint(x + size, y + size / 3)) WHEN 1 THEN ST_MakeEnvelope(x, y, x + size, y + size)
        WHEN 2 THEN ST_Collect(ST_MakePoint(x, y), ST_MakePoint(x - size, y)) WHEN 3 THEN NULL WHEN 4 THEN 'POINT EMPTY' WHEN 5 THEN 'LINESTRING EMPTY'
        WHEN 6 THEN ST_MakeLine(ARRAY[ST_MakePoint(x, y), ST_MakePoint(x - 30 * size, y + size), ST_MakePoint(x, y + 2 * size)]) ELSE ST_MakePoint(x, y) END, srid) $$;
CREATE FUNCTION rows_of(seed int, lower int, upper int) RETURNS SETOF columns LANGUAGE sql AS $$
    SELECT i, CASE WHEN i % 29 > 0 THEN '2026-03-28'::timestamptz + make_interval(secs => 259200 * r1) END,
        CASE WHEN i % 23 > 0 THEN ST_SetSRID(ST_MakePoint(x, y), 4326) WHEN i % 46 = 0 THEN ST_SetSRID('POINT EMPTY'::geometry, 4326) END,
        ST_SetSRID(ST_MakePoint(x, y, 9000 * r4), 4326), shape(i, greatest(least(x, 179.98), -179.6), least(y, 89.97), 0.003 + r4 * 0.01, 4326),
        ST_SetSRID(ST_MakePoint(770000 + 9000 * r2, 6279000 + 9000 * r3), 2154), shape(i + 5, 770000 + 9000 * r2, 6279000 + 9000 * r3, 90 + 900 * r4, 2154)
    FROM generate_series(lower, upper) i,
        LATERAL (SELECT (hashint4extended(i, seed * 10 + 1) & 1048575) / 1048576.0 r1, (hashint4extended(i, seed * 10 + 2) & 1048575) / 1048576.0 r2,
            (hashint4extended(i, seed * 10 + 3) & 1048575) / 1048576.0 r3, (hashint4extended(i, seed * 10 + 4) & 1048575) / 1048576.0 r4) r,
        LATERAL (SELECT CASE i % 8 WHEN 0 THEN 180 - 0.05 * r2 WHEN 1 THEN -180 + 0.05 * r2 WHEN 2 THEN 360 * r2 - 180 ELSE 3.8 + 0.12 * r2 END x,
            CASE i % 8 WHEN 2 THEN (90 - 0.03 * r3) * (i % 3 - 1.5) * 2 / 3 ELSE 43.55 + 0.09 * r3 END y) xy $$;
CREATE TABLE a AS SELECT * FROM rows_of(1, 1, 1200);
CREATE TABLE b AS SELECT * FROM rows_of(2, 1, 1300);
CREATE TABLE a_territory (LIKE columns, PRIMARY KEY (id)) USING territory;
CREATE TABLE b_territory (LIKE columns, PRIMARY KEY (id)) USING territory;
INSERT INTO a_territory SELECT * FROM a WHERE id <= 1100;
INSERT INTO b_territory SELECT * FROM b WHERE id <= 1200;
SELECT rows FROM territory.seal('a_territory');
SELECT rows FROM territory.seal('b_territory');
INSERT INTO a_territory SELECT * FROM a WHERE id > 1100;
INSERT INTO b_territory SELECT * FROM b WHERE id > 1200;
DELETE FROM a WHERE id % 17 = 3;
DELETE FROM a_territory WHERE id % 17 = 3;
UPDATE b SET t = t + '1 hour' WHERE id % 19 = 3;
UPDATE b_territory SET t = t + '1 hour' WHERE id % 19 = 3;
CREATE TABLE a_index AS SELECT * FROM a;
CREATE TABLE b_index AS SELECT * FROM b;
DO $$
DECLARE r regclass;
BEGIN
    FOREACH r IN ARRAY '{a_index,b_index,a_territory,b_territory}'::regclass[] LOOP
        EXECUTE format('CREATE INDEX ON %s (t); CREATE INDEX ON %1$s USING brin (t); CREATE INDEX ON %1$s USING gist (p); CREATE INDEX ON %1$s USING gist (g);
            CREATE INDEX ON %1$s USING gist (s); CREATE INDEX ON %1$s USING spgist (l); CREATE INDEX ON %1$s USING gist (z); CREATE INDEX ON %1$s USING brin (l)', r);
    END LOOP;
END $$;
ANALYZE;

-- a query, and what NEAR stands for in it: two columns, metres, interval
CREATE TABLE queries (id int GENERATED ALWAYS AS IDENTITY, body text, c text, d text, metres text, within text, answer text, rows bigint);
INSERT INTO queries (body, c, d, metres, within)
SELECT b.body, c.c, c.d, c.metres, c.within
FROM unnest(ARRAY['SELECT a.id, b.id FROM A a JOIN B b ON NEAR', 'SELECT a.id, b.id FROM A a LEFT JOIN B b ON NEAR', 'SELECT a.id, b.id FROM A a RIGHT JOIN B b ON NEAR AND a.id % 3 > 0',
        'SELECT a.id, b.id FROM A a LEFT JOIN B b ON NEAR AND a.id < b.id WHERE b.id IS NULL OR b.id % 2 = 0', 'SELECT a.id, a.t FROM A a WHERE EXISTS (SELECT FROM B b WHERE NEAR)',
        'SELECT b.id, b.t FROM B b WHERE NOT EXISTS (SELECT FROM A a WHERE NEAR AND a.id % 2 = 0)', 'SELECT a.id, b.id FROM A a, B b WHERE NEAR AND a.id % 5 = b.id % 5',
        'SELECT a.id, count(b.id) FROM A a LEFT JOIN B b ON NEAR GROUP BY a.id', 'SELECT a.id, x.n FROM A a, LATERAL (SELECT count(*) n FROM B b WHERE NEAR) x WHERE a.id < 60',
        'SELECT a.id, b.id FROM A a JOIN B b ON NEAR LEFT JOIN (SELECT id + 0 AS other FROM A) q ON q.other = b.id AND q.other = a.id',
        'SELECT a.id, q.w FROM A a LEFT JOIN (SELECT b.*, coalesce(b.id, 7) w FROM B b WHERE b.id % 2 = 0) b ON NEAR LEFT JOIN (SELECT 7 AS w) q ON q.w = b.id % 8']) WITH ORDINALITY b(body, i)
    JOIN (VALUES ('p', 'p', '1500', '2 hours', 0), ('p', 'g', '400', '6 hours', 0), ('g', 'g', '300', '1 day', 1), ('z', 'p', '5000', '20 minutes', 1), ('l', 'l', '500', '2 hours', 0),
        ('l', 's', '120', '5 hours', 1), ('s', 's', '0', '1 month', 2), ('p', 'p', '0', '-1 hours', 3), ('p', 'z', '3e7', '30 seconds', 3), ('g', 'p', '20000', '20 minutes', 3), ('p', 'p', 'NULL', '1 hour', 5))
        c(c, d, metres, within, turn) ON (b.i + c.turn) % 2 = 0 OR c.turn = 0;
INSERT INTO queries (body, c, d, metres, within)
SELECT format('SELECT b.id FROM B b, (SELECT * FROM A WHERE id = %s) a WHERE NEAR', i), c, c, CASE WHEN c = 'l' THEN '2000' ELSE '3000' END, '12 hours'
FROM unnest('{8,9,10,12,15}'::int[]) i, unnest('{p,g,l}'::text[]) c;

-- how: plain, near with its sides in order, near with its sides turned
CREATE FUNCTION body(q queries, how text, one text, other text) RETURNS text LANGUAGE sql AS $$
    SELECT regexp_replace(regexp_replace(replace(q.body, 'NEAR', CASE how
        WHEN 'plain' THEN format('(a.t - b.t <= %2$L::interval AND b.t - a.t <= %2$L::interval AND ST_DWithin(a.%3$s%5$s, b.%4$s%5$s, %1$s))',
            q.metres, q.within, q.c, q.d, CASE WHEN q.c IN ('p', 'z', 'g') THEN '::geography' ELSE '' END)
        WHEN 'turned' THEN format('territory.near(b.%4$s, b.t, a.%3$s, a.t, %1$s, %2$L)', q.metres, q.within, q.c, q.d)
        ELSE format('territory.near(a.%3$s, a.t, b.%4$s, b.t, %1$s, %2$L)', q.metres, q.within, q.c, q.d) END),
        '\mA\M', one, 'g'), '\mB\M', other, 'g') $$;
CREATE FUNCTION answer(query text, OUT answer text, OUT rows bigint) LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('SELECT md5(string_agg(r, '' '' ORDER BY r)), count(*) FROM (SELECT ROW(q.*)::text r FROM (%s) q) x', regexp_replace(query, 'SELECT (a.id), (b.id)', 'SELECT \1 x, \2 y')) INTO answer, rows;
END $$;
-- the judge: tables without an index, and none of our plans
UPDATE queries q SET (answer, rows) = (SELECT r.answer, r.rows FROM answer(body(q, 'plain', 'a', 'b')) r);
SELECT count(*) > 50 AS many, count(*) FILTER (WHERE rows = 0) * 8 < count(*) AS few_empty FROM queries;
CREATE FUNCTION differing(one text, other text) RETURNS TABLE (query text) LANGUAGE sql AS $$
    SELECT body(q, how, one, other) FROM queries q, unnest('{near,turned}'::text[]) how, LATERAL answer(body(q, how, one, other)) r
    WHERE q.id % 2 = (how = 'near')::int AND (r.answer, r.rows) IS DISTINCT FROM (q.answer, q.rows) $$;
-- lines of EXPLAIN
CREATE FUNCTION lines(query text, wanted text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE l text;
BEGIN
    FOR l IN EXECUTE 'EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF) ' || query LOOP
        IF l ~ wanted THEN RETURN NEXT regexp_replace(trim(l), '[0-9]+', 'N', 'g'); END IF;
    END LOOP;
END $$;
-- by TerritoryNear
SELECT DISTINCT l FROM queries q, lines(body(q, 'near', 'a', 'b'), 'Join Type|Preserved|Batches: [0-9]+$') l ORDER BY 1;
SELECT * FROM differing('a', 'b');
SELECT * FROM differing('a_territory', 'b_territory');
-- its rows in batches
SET work_mem = '64kB';
SET hash_mem_multiplier = 1;
SELECT DISTINCT l FROM queries q, lines(body(q, 'near', 'a', 'b_territory'), 'Join Type|Preserved|Batches: [0-9]+$') l ORDER BY 1;
SELECT * FROM differing('a', 'b_territory');
RESET work_mem;
RESET hash_mem_multiplier;
-- by core's nested loops, over indexes where there are some
SET territory.enable_near_join = off;
SELECT * FROM differing('a_index', 'b_index');
SELECT * FROM differing('a_territory', 'b_territory');
SET enable_seqscan = off;
SELECT * FROM differing('a', 'b_index');
SET enable_bitmapscan = off;
SELECT * FROM differing('a_territory', 'b_territory');
RESET enable_seqscan;
RESET enable_bitmapscan;
RESET territory.enable_near_join;
-- by several processes
SET max_parallel_workers_per_gather = 2;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SELECT * FROM differing('a', 'b_territory');
RESET parallel_setup_cost;
RESET parallel_tuple_cost;
RESET min_parallel_table_scan_size;
SET max_parallel_workers_per_gather = 0;

-- plans
EXPLAIN (COSTS OFF) SELECT * FROM a JOIN b ON territory.near(a.p, a.t, b.p, b.t, 300, '1 hour') AND a.id < b.id;
EXPLAIN (COSTS OFF) SELECT * FROM a WHERE NOT EXISTS (SELECT FROM b WHERE territory.near(a.l, a.t, b.l, b.t, 300, '1 hour'));
EXPLAIN (COSTS OFF) SELECT * FROM a JOIN b ON territory.near_in_time(a.t, b.t, '10 seconds');
EXPLAIN (COSTS OFF) SELECT * FROM b_index WHERE territory.near(p, t, 'SRID=4326;POINT(3.85 43.6)', '2026-03-29 12:00', 300, '1 minute');
SET enable_seqscan = off;
EXPLAIN (COSTS OFF) SELECT * FROM b_index WHERE territory.near_in_space('SRID=4326;POINT(179.99 43.6)', p, 300);
-- no box holds the edges of a geography: no index on g, one on s
EXPLAIN (COSTS OFF) SELECT * FROM b_index WHERE territory.near_in_space(g, 'SRID=4326;POINT(3.85 43.6)', 300);
EXPLAIN (COSTS OFF) SELECT * FROM b_index WHERE territory.near_in_space(s, 'SRID=2154;POINT(770000 6279000)', 300);
RESET enable_seqscan;
-- both conditions prune a parameterised scan
SET territory.enable_near_join = off;
SET enable_material = off;
EXPLAIN (COSTS OFF) SELECT b.* FROM (SELECT * FROM a LIMIT 3) a JOIN b_territory b ON territory.near(a.p, a.t, b.p, b.t, 300, '1 minute');
RESET enable_material;
RESET territory.enable_near_join;
-- place and time from two tables
CREATE TABLE sensors AS SELECT id AS sensor, p AS place FROM a WHERE id % 20 = 5;
CREATE TABLE counts (sensor int, t timestamptz, n int, PRIMARY KEY (sensor, t)) USING territory;
INSERT INTO counts SELECT sensor, i, 1 FROM sensors, generate_series('2026-03-28'::timestamptz, '2026-03-30', '20 minutes') i;
SELECT rows FROM territory.seal('counts');
SELECT count(*), sum(n) FROM b JOIN sensors s ON true JOIN counts c USING (sensor) WHERE territory.near(b.p, b.t, s.place, c.t, 2000, '1 hour');
SELECT count(*), sum(n) FROM b JOIN sensors s ON true JOIN counts c USING (sensor)
WHERE ST_DWithin(b.p::geography, s.place::geography, 2000) AND b.t - c.t BETWEEN '-1 hour' AND '1 hour';

-- rescans with other parameters; a cursor; generic plans
SELECT i, n, sum FROM generate_series(0, 3) i, LATERAL (SELECT count(*) n, sum(a.id - b.id) FROM a JOIN b_territory b ON territory.near(a.p, a.t, b.p, b.t, 1000 * i, i * interval '1 hour')) x;
SELECT i, n, sum FROM generate_series(0, 3) i, LATERAL (SELECT count(*) n, sum(a.id - b.id) FROM a JOIN b ON ST_DWithin(a.p::geography, b.p::geography, 1000 * i) AND a.t - b.t BETWEEN -i * interval '1 hour' AND i * interval '1 hour') x;
SET plan_cache_mode = force_generic_plan;
PREPARE one(geometry, timestamptz, float8, interval) AS SELECT count(*), min(id) FROM b_territory WHERE territory.near(p, t, $1, $2, $3, $4);
PREPARE other(float8, interval) AS SELECT count(*), sum(a.id) FROM a JOIN b_territory b ON territory.near(a.p, a.t, b.p, b.t, $1, $2);
EXPLAIN (COSTS OFF) EXECUTE one(NULL, NULL, NULL, NULL);
EXECUTE one('SRID=4326;POINT(3.85 43.6)', '2026-03-29 12:00', 3000, '1 day');
SELECT count(*), min(id) FROM b WHERE ST_DWithin(p::geography, 'SRID=4326;POINT(3.85 43.6)', 3000) AND t BETWEEN '2026-03-28 12:00' AND '2026-03-30 12:00';
EXECUTE one('SRID=4326;POINT(3.85 43.6)', '2026-03-29 12:00', 3000, NULL);
EXECUTE one('SRID=4326;POINT EMPTY', '2026-03-29 12:00', 3000, '1 day');
EXECUTE other(1500, '2 hours');
EXECUTE other(NULL, '2 hours');
EXECUTE other(1500, NULL);
RESET plan_cache_mode;
BEGIN;
DECLARE c SCROLL CURSOR FOR SELECT a.id, b.id FROM a JOIN b ON territory.near(a.p, a.t, b.p, b.t, 1500, '2 hours') ORDER BY 1, 2;
FETCH 2 FROM c;
MOVE FORWARD ALL IN c;
FETCH FIRST FROM c;
COMMIT;
-- rows locked under a join
BEGIN;
SELECT count(*) FROM (SELECT a.id FROM a JOIN b_territory b ON territory.near(a.p, a.t, b.p, b.t, 1500, '2 hours') FOR UPDATE OF b) x;
ROLLBACK;
UPDATE b_territory b SET id = -b.id FROM a WHERE territory.near(a.p, a.t, b.p, b.t, 1500, '2 hours') AND a.id = 12;
SELECT count(*), (SELECT count(DISTINCT b.id) FROM a JOIN b ON ST_DWithin(a.p::geography, b.p::geography, 1500) AND a.t - b.t BETWEEN '-2 hours' AND '2 hours' WHERE a.id = 12) FROM b_territory WHERE id < 0;

-- three values: what is unknown does not matter where the other says no
SELECT territory.near(NULL, '2026-01-01', 'POINT(0 0)', '2026-01-02', 1, '1 hour') AS far, territory.near(NULL, '2026-01-01', 'POINT(0 0)', '2026-01-01', 1, '1 hour') AS unknown,
    territory.near('POINT(0 0)', NULL, 'POINT(2 0)', '2026-01-01', 1, '1 hour') AS apart;
-- times: the ends of time, days of 24 hours whatever the zone says, months of 30 days
SET timezone = 'Europe/Paris';
SELECT a, b, i, territory.near_in_time(a, b, i) near, territory.near_in_time(b, a, i) turned, b BETWEEN territory.near_earliest(a, i) AND territory.near_latest(a, i) ends
FROM (VALUES ('2026-03-28 12:00'::timestamptz, '2026-03-29 13:00'::timestamptz, '1 day'::interval), ('2026-03-28 12:00', '2026-03-29 13:00:00.000001', '1 day'), ('2026-01-01', '2026-01-31', '1 month'),
    ('2026-01-01', '2026-01-31 00:00:00.000001', '1 month'), ('infinity', 'infinity', '0'), ('infinity', '2026-01-01', '100000 years'), ('-infinity', 'infinity', '100000 years'),
    ('4713-01-01 BC', '294276-01-01', '299000 years'), ('4713-01-01 BC', '294276-01-01', '308000 years'), ('2026-01-01', '2026-01-01', '-1 microsecond'), ('2026-01-01', '2026-01-01', '1 month -30 days'),
    ('2026-01-01', '2027-01-01', '178000000 years'), ('2026-01-01', '2026-01-01', '-178000000 years'), ('-infinity', '-infinity', '-1 day')) v(a, b, i);
SET timezone = 'UTC';
-- places: over a pole, over the antimeridian, not on the Earth; a limit that is the distance; an area and a point inside
SELECT ST_AsText(a) a, ST_AsText(b) b, m, territory.near_in_space(ST_SetSRID(a, 4326), ST_SetSRID(b, 4326), m) near, ST_SetSRID(b, 4326) && territory.near_box(ST_SetSRID(a, 4326), m, false) box
FROM (VALUES ('POINT(0 89.99)'::geometry, 'POINT(180 89.99)'::geometry, 2300::float8), ('POINT(0 89.99)', 'POINT(180 89.99)', 2200), ('POINT(179.999 0)', 'POINT(-179.999 0)', 230), ('POINT(179.999 0)', 'POINT(-179.999 0)', 220),
    ('POINT(190 0)', 'POINT(-170 0)', 1000), ('POINT(0 91)', 'POINT(0 91)', 1000), ('POLYGON((0 0, 1 0, 1 1, 0 1, 0 0))', 'POINT(0.5 0.5)', 0), ('LINESTRING(0 60, 90 60)', 'POINT(45 67.8)', 20000),
    ('POINT(3 43)', 'POINT(4 44)', 'Infinity')) v(a, b, m);
SELECT count(*) FROM a, b, LATERAL (SELECT ST_Distance(a.p::geography, b.p::geography) d) x, unnest(ARRAY[d, d * (1 - 1e-13), d * (1 + 1e-13), d - 1e-8, d + 1e-8]) m
WHERE a.id < 60 AND b.id < 60 AND m >= 0 AND territory.near_in_space(a.p, b.p, m) IS DISTINCT FROM ST_DWithin(a.p::geography, b.p::geography, m);
-- errors
SELECT territory.near_in_space('SRID=4326;POINT(0 0)', 'SRID=2154;POINT(0 0)', 1);
SELECT territory.near_in_space('POINT(0 0)', 'POINT(0 0)', -1);
SELECT territory.near_in_space('POINT(0 0)', 'POINT(0 0)', 'NaN');
SELECT territory.near_in_space('SRID=999000;POINT(0 0)', 'SRID=999000;POINT(0 0)', 1);
SELECT count(*) FROM a JOIN b ON territory.near(a.p, a.t, b.p, b.t, -1, '1 hour');
SELECT territory.near_box('POINT(0 0)', -1, false);

-- rows that a policy hides are shown to none of these functions: of such a row near_in_space() would say that its SRID differs
CREATE ROLE near_reader;
CREATE TABLE hiding (id int PRIMARY KEY, shown boolean, t timestamptz, place geometry) USING territory;
INSERT INTO hiding SELECT id, id % 2 = 0, t, CASE WHEN id % 2 = 0 THEN l ELSE ST_SetSRID(l, 0) END FROM b WHERE l IS NOT NULL AND id < 1000;
SELECT rows FROM territory.seal('hiding');
INSERT INTO hiding SELECT id, id % 2 = 0, t, CASE WHEN id % 2 = 0 THEN l ELSE ST_SetSRID(l, 0) END FROM b WHERE l IS NOT NULL AND id >= 1000;
CREATE INDEX ON hiding USING gist (place);
CREATE INDEX ON hiding (t);
ALTER TABLE hiding ENABLE ROW LEVEL SECURITY;
CREATE POLICY shown ON hiding USING (shown);
GRANT SELECT ON hiding, a TO near_reader;
ANALYZE hiding;
SELECT count(*) FROM hiding h JOIN a ON territory.near(h.place, h.t, a.l, a.t, 500, '2 hours');
SET ROLE near_reader;
SELECT count(*) FROM hiding h JOIN a ON territory.near(h.place, h.t, a.l, a.t, 500, '2 hours');
SELECT count(*) FROM hiding h WHERE territory.near(h.place, h.t, 'SRID=2154;POINT(774000 6283000)', '2026-03-29', 2000, '12 hours');
-- the time, which leaks nothing, is a condition all the same
EXPLAIN (COSTS OFF) SELECT count(*) FROM hiding h WHERE territory.near(h.place, h.t, 'SRID=2154;POINT(774000 6283000)', '2026-03-29', 2000, '12 hours');
SET territory.enable_near_join = off;
SELECT count(*) FROM hiding h JOIN a ON territory.near(h.place, h.t, a.l, a.t, 500, '2 hours');
SET enable_seqscan = off;
SELECT count(*) FROM hiding h JOIN a ON territory.near(h.place, h.t, a.l, a.t, 500, '2 hours');
RESET enable_seqscan;
RESET territory.enable_near_join;
RESET ROLE;
SELECT count(*) FROM b JOIN a ON ST_DWithin(b.l, a.l, 500) AND b.t - a.t BETWEEN '-2 hours' AND '2 hours' WHERE b.id % 2 = 0;
SELECT count(*) FROM b WHERE ST_DWithin(l, 'SRID=2154;POINT(774000 6283000)', 2000) AND t BETWEEN '2026-03-28 12:00' AND '2026-03-29 12:00' AND b.id % 2 = 0;
DROP TABLE hiding, queries, a, b, a_index, b_index, a_territory, b_territory, sensors, counts, columns CASCADE;
DROP FUNCTION shape, answer, lines, differing(text, text);
DROP ROLE near_reader;
