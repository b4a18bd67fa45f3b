-- quals on vectors give the rows that heap's executor gives
SET timezone = 'UTC';
SET territory.segment_rows = 1000;
SET max_parallel_workers_per_gather = 0;
CREATE TABLE f (sensor int NOT NULL, t timestamptz, d date, i2 int2, i8 int8, r float4, v float8, n numeric, ok boolean,
                k text, c char(6), u uuid, j jsonb, o oid) USING territory;
INSERT INTO f
SELECT s, CASE WHEN i % 31 = 0 THEN NULL WHEN i % 37 = 0 THEN 'infinity' ELSE '2026-03-01'::timestamptz + i * interval '10 minutes' END,
       CASE WHEN i % 29 = 0 THEN NULL ELSE '2026-03-01'::date + i / 100 END,
       CASE WHEN i % 23 = 0 THEN NULL ELSE i % 100 - 50 END, i * 1000003 % 99991 * CASE WHEN i % 2 = 0 THEN -1 ELSE 1 END,
       CASE WHEN i % 17 = 0 THEN NULL WHEN i % 19 = 0 THEN 'NaN' ELSE i % 70 / 10.0 END,
       CASE WHEN i % 13 = 0 THEN NULL WHEN i % 47 = 0 THEN 'NaN' WHEN i % 53 = 0 THEN '-infinity' WHEN i % 59 = 0 THEN -0.0
            WHEN i % 61 = 0 THEN 0.0 ELSE (i * 7919 % 1000) / 8.0 - 50 END,
       CASE WHEN i % 41 = 0 THEN NULL WHEN i % 43 = 0 THEN 'NaN' ELSE (i * 31 % 500) / 4.0 END,
       CASE i % 3 WHEN 0 THEN NULL WHEN 1 THEN true ELSE false END,
       CASE WHEN i % 11 = 0 THEN NULL WHEN i % 97 = 0 THEN '' ELSE 'key ' || i % 13 END, 'c' || i % 5,
       md5((i % 40)::text)::uuid, jsonb_build_object('a', i % 4), 4294967200 + i % 90
FROM generate_series(1, 5) s, generate_series(1, 900) i;
SELECT rows FROM territory.seal('f');
-- columns of later, which no segment holds
ALTER TABLE f ADD COLUMN later int DEFAULT 7, ADD COLUMN never text;
INSERT INTO f SELECT s, '2026-03-05', '2026-03-05', i, i, i, i, i, i % 2 = 0, 'hot', 'c1', NULL, NULL, 7, i, 'x' FROM generate_series(4, 6) s, generate_series(1, 9) i;
DELETE FROM f WHERE i8 % 83 = 0;
CREATE TABLE f_heap AS SELECT * FROM f;
ANALYZE f;
ANALYZE f_heap;

CREATE TABLE conditions (id int GENERATED ALWAYS AS IDENTITY, c text);
INSERT INTO conditions (c) VALUES
('sensor = 3'), ('sensor <> 3'), ('sensor IN (1, 4, 99)'), ('sensor NOT IN (1, 4)'), ('sensor NOT IN (1, NULL)'),
('sensor = ANY (''{}''::int[])'), ('NOT sensor = ANY (''{}''::int[])'), ('sensor <> ALL (''{}''::int[])'), ('i2 = ANY (ARRAY[1, NULL, -7]::int8[])'),
('i2 > 10::int8'), ('i2 BETWEEN -3 AND 44'), ('i2 < -32768'), ('i2 >= -32768'), ('i2 = 70000'), ('i8 > 5::int2'), ('i8 % 2 = 0'),
('t > ''2026-03-03'''), ('t >= ''2026-03-02''::date'), ('t < ''2026-03-02 12:00''::timestamp'), ('t = ''infinity'''), ('t < ''infinity'''),
('t <= ''-infinity'''), ('t IS NULL'), ('t IS NOT NULL'), ('NOT (t > ''2026-03-03'')'), ('d = ''2026-03-04'''), ('d > ''2026-03-04 12:00''::timestamp'),
('d IN (''2026-03-02'', ''2026-03-05'')'), ('r = 1.5'), ('r = 0.1::float8'), ('r > 6.5::float8'), ('r = ''NaN'''), ('r < ''NaN'''),
('v > 12.5'), ('v = 0'), ('v = ''-0'''), ('v >= ''NaN'''), ('v > ''NaN'''), ('v < ''NaN'''), ('v <= ''-infinity'''), ('v IN (1.5, 0, ''NaN'')'),
('v < 3::float4'), ('v <> 0'), ('-v > 3'), ('v = n'), ('n > 100'), ('n = 12.50'), ('n IN (1, 2.5)'), ('n = ''NaN'''), ('n <> 3'),
('ok'), ('NOT ok'), ('ok IS NULL'), ('ok IS TRUE'), ('ok IS NOT TRUE'), ('ok IS FALSE'), ('ok IS NOT FALSE'), ('ok IS UNKNOWN'), ('ok = false'), ('ok IN (true)'),
('k = ''key 3'''), ('k <> ''key 3'''), ('k LIKE ''key 1%'''), ('k NOT LIKE ''%2'''), ('k ILIKE ''KEY _'''), ('k ~ ''[5-7]$'''), ('k = '''''), ('k > ''key 4'''), ('k IN (''key 1'', ''hot'')'),
('''key 5'' < k'), ('length(k) = 5'), ('c = ''c2'''), ('c LIKE ''c3%'''), ('u = md5(''7'')::uuid'), ('u > md5(''9'')::uuid'), ('u IN (md5(''1'')::uuid, md5(''2'')::uuid)'),
('j = ''{"a": 2}'''), ('j @> ''{"a": 1}'''), ('o > 4294967250'), ('o = 7'), ('later = 7'), ('later > 7'), ('later IS NULL'), ('never IS NULL'), ('never IS NOT NULL'), ('never = ''x'''), ('never IS DISTINCT FROM ''x'''),
('f.* IS NOT NULL'), ('f IS NULL'), ('ctid IS NOT NULL'), ('(SELECT 3) = sensor'), ('sensor = (SELECT max(sensor) FROM conditions, generate_series(2, 3) sensor)'),
('i2 = sensor'), ('k = c'), ('CASE WHEN ok THEN v > 0 ELSE i2 > 0 END'), ('coalesce(ok, sensor = 2)'), ('v > NULL'), ('sensor = NULL::int');
CREATE FUNCTION differing(every int) RETURNS TABLE (condition text) LANGUAGE plpgsql AS $$
DECLARE a text; b text; ours text; theirs text; joined text;
BEGIN
    FOR a, b IN SELECT x.c, y.c FROM conditions x JOIN conditions y ON y.id = (x.id * 37 + 11) % 101 + 1 WHERE x.id % every = 0 LOOP
        FOREACH joined IN ARRAY ARRAY[a, format('(%s) AND (%s)', a, b), format('(%s) OR (%s)', a, b),
                                      format('NOT ((%s) AND (%s))', a, b), format('((%s) OR (%s)) IS NOT TRUE', a, b)] LOOP
            EXECUTE format('SELECT count(*) || '' '' || coalesce(sum(hashtext(x::text)), 0) FROM (SELECT * FROM f WHERE %s OFFSET 0) x', joined) INTO ours;
            EXECUTE format('SELECT count(*) || '' '' || coalesce(sum(hashtext(x::text)), 0) FROM (SELECT * FROM f_heap f WHERE %s OFFSET 0) x', joined) INTO theirs;
            IF ours <> theirs THEN condition := joined || ': ' || ours || ' for ' || theirs; RETURN NEXT; END IF;
            EXECUTE format('SELECT count(*) || '' '' || coalesce(sum(i8), 0) FROM f WHERE %s', joined) INTO ours;
            EXECUTE format('SELECT count(*) || '' '' || coalesce(sum(i8), 0) FROM f_heap f WHERE %s', joined) INTO theirs;
            IF ours <> theirs THEN condition := 'aggregated, ' || joined || ': ' || ours || ' for ' || theirs; RETURN NEXT; END IF;
        END LOOP;
    END LOOP;
END $$;
SELECT count(*) > 90 FROM conditions;
SELECT * FROM differing(1);
SELECT rows FROM territory.seal('f');
SELECT * FROM differing(4);
-- the type of a column changes, with and without a rewrite
ALTER TABLE f ALTER sensor TYPE int8, ALTER r TYPE float8, ALTER c TYPE text, ALTER t TYPE timestamp, DROP COLUMN d;
ALTER TABLE f_heap ALTER sensor TYPE int8, ALTER r TYPE float8, ALTER c TYPE text, ALTER t TYPE timestamp, DROP COLUMN d;
DELETE FROM conditions WHERE c ~ '\md\M';
SELECT * FROM differing(4);

-- parameters: of a prepared statement, of a join, of a rescan
SET plan_cache_mode = force_generic_plan;
PREPARE few(int[], float8, text, boolean) AS SELECT count(*), sum(i8) FROM f WHERE sensor = ANY ($1) AND (v > $2 OR k LIKE $3) AND ok IS NOT DISTINCT FROM $4;
EXECUTE few('{1,2}', 30, 'key 1%', true);
EXECUTE few('{1,NULL}', 30, NULL, true);
EXECUTE few('{}', 30, 'key 1%', true);
EXECUTE few(NULL, 30, 'key 1%', true);
EXECUTE few('{3}', 'NaN', 'key 1_', NULL);
RESET plan_cache_mode;
SELECT x, (SELECT count(*) FROM f WHERE f.v > x AND f.sensor IN (x, x + 1) AND NOT f.ok) FROM generate_series(1, 5) x;
SELECT x, (SELECT count(*) FROM f_heap f WHERE f.v > x AND f.sensor IN (x, x + 1) AND NOT f.ok) FROM generate_series(1, 5) x;
-- a condition of the aggregation's own kind beside one of vectors
SELECT date_trunc('day', t) AS day, count(k), count(*) FROM f WHERE t >= '2026-03-02' AND t < '2026-03-05' AND i2 <> 3 GROUP BY 1 ORDER BY 1;
SELECT date_trunc('day', t) AS day, count(k), count(*) FROM f_heap WHERE t >= '2026-03-02' AND t < '2026-03-05' AND i2 <> 3 GROUP BY 1 ORDER BY 1;
-- an error that heap would raise
SELECT count(*) FROM f WHERE k LIKE 'key\';
DROP TABLE f, f_heap, conditions;
DROP FUNCTION differing;
