-- correlate() gives what plain SQL gives, for whoever asks
SET timezone = 'UTC';
\set SHOW_CONTEXT never
SELECT territory.add_domain('water', 'Water');
SELECT territory.add_domain('sewers', 'Sewers');
-- rain by gauge, whose place is in its rows; levels by pump, whose place is elsewhere, in Lambert-93, and which follow the rain nearby 30 minutes later
CREATE TABLE rain (gauge text, t timestamptz, mm float8, place geometry(Point, 4326), PRIMARY KEY (gauge, t)) USING territory;
CREATE TABLE pumps (pump int PRIMARY KEY, place geometry(Point, 2154));
CREATE TABLE "the levels" (pump int, t timestamptz, "level ""m""" numeric, note text, PRIMARY KEY (pump, t)) USING territory;
CREATE FUNCTION rain_at(g int, i int) RETURNS float8 LANGUAGE sql IMMUTABLE AS $$
    SELECT round((abs(hashint4extended(i / 7, g)) % 1000 / 100.0 + abs(hashint4extended(i, g)) % 100 / 100.0)::numeric, 3)::float8 $$;
INSERT INTO rain SELECT 'g' || g, '2026-05-01'::timestamptz + i * interval '2 minutes', rain_at(g, i), CASE WHEN i > 3 THEN ST_SetSRID(ST_MakePoint(3.80 + 0.02 * g, 43.60), 4326) END
FROM generate_series(1, 3) g, generate_series(0, 1999) i WHERE i % 211 > 8;
INSERT INTO pumps SELECT p, ST_Transform(ST_SetSRID(ST_MakePoint(3.801 + 0.02 * p, 43.601), 4326), 2154) FROM generate_series(1, 4) p;
INSERT INTO "the levels" SELECT p, '2026-05-01'::timestamptz + i * interval '5 minutes', CASE WHEN p <> 2 THEN 1 ELSE -1 END * rain_at(p, (i * 5 / 2) - 15) + abs(hashint4extended(i, p + 50)) % 100 / 70.0
FROM generate_series(1, 4) p, generate_series(6, 799) i WHERE i % 97 <> 5;
SELECT rows FROM territory.seal('rain');
SELECT rows FROM territory.seal('"the levels"');
INSERT INTO rain SELECT 'g1', '2026-05-03 18:40'::timestamptz + i * interval '2 minutes', i % 7, NULL FROM generate_series(0, 99) i;
DELETE FROM rain WHERE gauge = 'g3' AND t < '2026-05-01 04:00';
SELECT territory.add_layer('rain', 'water', 'Rain');
SELECT territory.add_layer('"the levels"', 'sewers', 'Levels', entity_table => 'pumps', entity_key => 'pump', entity_position => 'place');
SELECT entity_a, entity_b, round(distance_m::numeric, 1) AS metres, lag, round(coefficient::numeric, 9) AS r, n
FROM territory.correlate('rain', 'mm', '"the levels"', 'level "m"', '[2026-05-01, 2026-05-04)', '10 minutes', '2 hours', 2000);
-- the same in plain SQL: each lag of each pair
CREATE FUNCTION plain(period tstzrange, step interval, max_lag interval, within float8) RETURNS TABLE (entity_a text, entity_b text, lag interval, r float8, n bigint) LANGUAGE sql AS $$
    WITH a AS (SELECT gauge, date_bin(step, t, '2000-01-03') b, avg(mm) v FROM rain WHERE t <@ period GROUP BY 1, 2),
        b AS (SELECT pump, date_bin(step, t, '2000-01-03') b, avg("level ""m""")::float8 v FROM "the levels" WHERE t <@ period GROUP BY 1, 2),
        p AS (SELECT gauge, pump FROM (SELECT DISTINCT gauge, place FROM rain WHERE place IS NOT NULL) g JOIN pumps ON ST_DWithin(g.place::geography, ST_Transform(pumps.place, 4326)::geography, within)),
        c AS (SELECT a.gauge, b.pump, l, corr(a.v, b.v) r, count(*) n FROM p JOIN a USING (gauge) JOIN b USING (pump), generate_series(-round(extract(epoch FROM max_lag) / extract(epoch FROM step))::int, round(extract(epoch FROM max_lag) / extract(epoch FROM step))::int) l
            WHERE b.b = a.b + l * step GROUP BY 1, 2, 3)
    SELECT DISTINCT ON (gauge, pump) gauge, pump::text, l * step, c.r, c.n FROM (SELECT c.*, max(c.n) OVER (PARTITION BY gauge, pump) most FROM c) c
    WHERE c.n >= 3 AND c.n * 2 >= most AND c.r IS NOT NULL ORDER BY gauge, pump, abs(c.r) DESC, abs(l), l $$;
SELECT period, step, count(*), bool_and(x.lag = y.lag) AS lags, bool_and(abs(x.coefficient - y.r) < 1e-9) AS coefficients, bool_and(x.n = y.n) AS numbers
FROM (VALUES ('[2026-05-01, 2026-05-04)'::tstzrange, '10 minutes'::interval, '2 hours'::interval, 2000::float8), ('(2026-05-01 10:00, 2026-05-02 11:03]', '5 minutes', '1 hour', 6000), ('[2026-05-02,)', '1 hour', '5 hours', 1e5),
    ('(,)', '1 day', '0', 2000)) v(period, step, max_lag, within),
    LATERAL territory.correlate('rain', 'mm', '"the levels"', 'level "m"', period, step, max_lag, within) x FULL JOIN LATERAL plain(period, step, max_lag, within) y USING (entity_a, entity_b)
GROUP BY 1, 2 ORDER BY 1, 2;
-- a layer with itself: each pair once; other columns: an entity with itself, too
ALTER TABLE rain ADD COLUMN twice float8;
UPDATE rain SET twice = 2 * mm WHERE t < '2026-05-01 12:00';
SELECT entity_a, entity_b, round(distance_m::numeric, 1) AS metres, n FROM territory.correlate('rain', 'mm', 'rain', 'mm', '[2026-05-01, 2026-05-04)', '1 hour', '0', 5000) ORDER BY 1, 2;
SELECT entity_a, entity_b, distance_m, lag, round(coefficient::numeric, 9) AS r, n FROM territory.correlate('rain', 'mm', 'rain', 'twice', '[2026-05-01, 2026-05-04)', '10 minutes', '30 minutes', 0) ORDER BY 1, 2;
-- means come from summaries
SET jit = off;
SET max_parallel_workers_per_gather = 0;
CREATE FUNCTION nodes(query text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE l text;
BEGIN
    FOR l IN EXECUTE 'EXPLAIN (COSTS OFF) ' || query LOOP
        IF l ~ 'Custom Scan' THEN RETURN NEXT regexp_replace(l, '.*(Custom.*)', '\1'); END IF;
    END LOOP;
END $$;
SELECT n FROM territory.layers l, nodes(territory.correlated_series(l, 'level "m"', '[2026-05-01, 2026-05-04)', '1 day', 4326)) n WHERE l.rel = '"the levels"'::regclass;
-- what is not known gives nothing
INSERT INTO rain VALUES ('g8', '2026-05-02', 'NaN', ST_SetSRID(ST_MakePoint(3.82, 43.6), 4326), NULL), ('g9', '2026-05-02', 1, NULL, NULL);
SELECT count(*) FROM territory.correlate('rain', 'mm', '"the levels"', 'level "m"', '[2026-05-01, 2026-05-04)', '10 minutes', '2 hours', 2000) WHERE entity_a IN ('g8', 'g9');
SELECT count(*) FROM territory.correlate('rain', 'mm', '"the levels"', 'level "m"', 'empty', '10 minutes', '2 hours', 2000);
-- entities of several columns, times without a zone, geographies
CREATE TABLE noise (site text, mic int, at timestamp, db real, place geography(Point, 4326), PRIMARY KEY (site, mic, at)) USING territory;
INSERT INTO noise SELECT gauge, 1, t AT TIME ZONE 'UTC', mm, place FROM rain WHERE gauge IN ('g1', 'g2');
SELECT territory.add_layer('noise', 'water', 'Noise');
SELECT entity_a, entity_b, distance_m, lag, round(coefficient::numeric, 6) AS r FROM territory.correlate('noise', 'db', 'rain', 'mm', '[2026-05-01, 2026-05-03)', '10 minutes', '20 minutes', 100);
-- errors
SELECT * FROM territory.correlate('pumps', 'pump', 'rain', 'mm', '[2026-05-01, 2026-05-04)', '1 hour', '0', 100);
SELECT * FROM territory.correlate('rain', 'none', 'rain', 'mm', '[2026-05-01, 2026-05-04)', '1 hour', '0', 100);
SELECT * FROM territory.correlate('"the levels"', 'note', 'rain', 'mm', '[2026-05-01, 2026-05-04)', '1 hour', '0', 100);
SELECT * FROM territory.correlate('rain', 'mm', 'rain', 'mm', '[2026-05-01, 2026-05-04)', '1 month', '0', 100);
SELECT * FROM territory.correlate('rain', 'mm', 'rain', 'mm', '[2026-05-01, 2026-05-04)', '1 hour', '-1 hours', 100);
SELECT * FROM territory.correlate('rain', 'mm', 'rain', 'mm', '[2026-05-01, 2026-05-04)', '1 hour', '0', -1);
SELECT * FROM territory.correlate('rain', 'mm', 'rain', 'mm', '[2026-05-01, 2026-05-04)', '0', '0', 100);
SELECT * FROM territory.correlate('rain', 'mm', 'rain', 'mm', NULL, '1 hour', '0', 100);
CREATE TABLE nowhere (id int, t timestamptz, v float8, PRIMARY KEY (id, t)) USING territory;
SELECT territory.add_layer('nowhere', 'water', 'Nowhere');
SELECT * FROM territory.correlate('nowhere', 'v', 'rain', 'mm', '[2026-05-01, 2026-05-04)', '1 hour', '0', 100);
-- with the caller's privileges and row security
CREATE ROLE correlate_reader;
GRANT SELECT ON rain TO correlate_reader;
SET ROLE correlate_reader;
SELECT * FROM territory.correlate('rain', 'mm', '"the levels"', 'level "m"', '[2026-05-01, 2026-05-04)', '10 minutes', '2 hours', 2000);
RESET ROLE;
GRANT SELECT ON "the levels", pumps TO correlate_reader;
ALTER TABLE rain ENABLE ROW LEVEL SECURITY;
CREATE POLICY second ON rain TO correlate_reader USING (gauge = 'g2');
SET ROLE correlate_reader;
SELECT entity_a, entity_b, lag, round(coefficient::numeric, 9) AS r, n FROM territory.correlate('rain', 'mm', '"the levels"', 'level "m"', '[2026-05-01, 2026-05-04)', '10 minutes', '2 hours', 2000);
RESET ROLE;
SELECT territory.remove_layer(rel) FROM territory.layers WHERE domain IN ('water', 'sewers');
SELECT territory.remove_domain('water'), territory.remove_domain('sewers');
DROP TABLE rain, pumps, "the levels", noise, nowhere;
DROP FUNCTION rain_at, plain, nodes;
DROP ROLE correlate_reader;
