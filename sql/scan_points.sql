-- conditions on places give the rows that heap's executor gives, and read what they may
SET timezone = 'UTC';
SET territory.segment_rows = 500;
SET max_parallel_workers_per_gather = 0;
SET jit = off;
CREATE DOMAIN place AS geometry(Point, 4326);
-- p: points; z: with height; d: of a domain; s: SRID 0, some empty or null; o: odd coordinates; a: any shape; fixed: one place per entity
CREATE TABLE columns (e int, t timestamptz, p geometry(Point, 4326), z geometry(PointZ, 4326), d place, s geometry(Point), o geometry,
                      a geometry, fixed geometry(Point, 4326), n int);
CREATE TABLE g (LIKE columns, PRIMARY KEY (e, t)) USING territory;
CREATE FUNCTION places(entities int[], instants int4range) RETURNS SETOF columns LANGUAGE sql AS $$
    SELECT e, '2026-03-01'::timestamptz + i * interval '10 minutes', ST_SetSRID(ST_MakePoint(x, y), 4326), ST_SetSRID(ST_MakePoint(x, y, i), 4326),
           CASE WHEN i % 7 > 0 THEN ST_SetSRID(ST_MakePoint(y, x), 4326) END,
           CASE WHEN e = 3 AND i % 10 = 0 THEN 'POINT EMPTY'::geometry WHEN e = 4 AND i % 5 = 0 THEN NULL ELSE ST_MakePoint(x, y) END,
           CASE WHEN e = 2 THEN ST_MakePoint(x, y) WHEN e = 5 THEN NULL
                ELSE ST_MakePoint((ARRAY['NaN', 'infinity', '-infinity', 3e38, -4e38, x, x, 1])[1 + i % 8],
                                  (ARRAY[y, 'NaN', 'infinity', -1, 1, y, 'NaN', 0.1])[1 + i / 8 % 8]) END,
           CASE i % 9 WHEN 0 THEN ST_MakePoint(x, y) WHEN 1 THEN ST_MakeLine(ST_MakePoint(x, y), ST_MakePoint(y, x)) WHEN 2 THEN ST_Buffer(ST_MakePoint(x, y), 1)
                WHEN 3 THEN NULL WHEN 4 THEN 'POLYGON EMPTY' WHEN 5 THEN ST_Multi(ST_MakePoint(x, y)) WHEN 6 THEN ST_MakeEnvelope(x, y, x + 2, y + 1)
                WHEN 7 THEN PostGIS_DropBBox(ST_MakeEnvelope(y, x, y + 1, x + 1)) ELSE ST_Collect(ST_MakePoint(x, y), ST_MakePoint(y, y)) END,
           ST_SetSRID(ST_MakePoint(e, -e), 4326), i * 7919 % 1000
    FROM unnest(entities) e, generate_series(lower(instants), upper(instants) - 1) i,
         LATERAL (SELECT round((10 * e + 5 * sin(i / 40.0))::numeric, 4)::float8 x, round((5 * cos(i / 30.0 + e))::numeric, 4)::float8 y) xy $$;
INSERT INTO g SELECT * FROM places('{1,2,3,4,5,6}', '[0,430)');
SELECT rows FROM territory.seal('g');
-- a column of later, which no segment holds; hot rows; deleted ones
ALTER TABLE g ADD COLUMN later geometry(Point, 4326) DEFAULT ST_SetSRID(ST_MakePoint(12, 3), 4326);
INSERT INTO g SELECT *, ST_SetSRID(ST_MakePoint(n / 100, e), 4326) FROM places('{3,4,7}', '[430,450)');
DELETE FROM g WHERE n % 37 = 0;
CREATE TABLE g_heap AS SELECT * FROM g;
ANALYZE g;
ANALYZE g_heap;

CREATE TABLE conditions (id int GENERATED ALWAYS AS IDENTITY, c text);
-- boxes of all sizes, some with corners that are rows' coordinates
INSERT INTO conditions (c)
SELECT format('%s %s %s', c, op, format(CASE WHEN i % 5 = 0 THEN 'ST_MakePoint(%s, %s)' ELSE 'ST_MakeEnvelope(%s, %s, %s, %s)' END,
              round(x, i % 4), round(y, i % 4), round(x, i % 4) + w, round(y, i % 4) + h))
FROM unnest('{p,z,d,s,o,a,fixed,later}'::text[]) WITH ORDINALITY c(c, k), unnest('{&&,@,~,~=}'::text[]) WITH ORDINALITY o(op, j), generate_series(1, 3) i,
     LATERAL (SELECT (hashtext(c || op || i)::numeric % 1000) / 15 x, (hashtext(op || i || c)::numeric % 1000) / 150 y, 7 ^ (i - 1) * 0.7 w, 4 ^ (i - 1) * 0.3 h) b;
INSERT INTO conditions (c)
SELECT replace(c, 'G', format('ST_SetSRID(ST_MakePoint(%s, %s), 4326)', 10 * i + 3, 2 * i - 3))
FROM generate_series(1, 2) i, unnest(ARRAY['ST_DWithin(p, G, 1.5)', 'ST_DWithin(G, z, 0)', 'NOT ST_DWithin(d, G, 9)', 'ST_DWithin(fixed, G, n / 50.0)', 'ST_Intersects(p, ST_Buffer(G, 4))',
    'ST_Intersects(fixed, G)', 'ST_Within(d, ST_Expand(G, 3, 2))', 'ST_Contains(ST_Buffer(G, 5), later)', 'ST_Covers(ST_Expand(G, 2), p)', 'ST_CoveredBy(z, ST_Buffer(G, 1))',
    'ST_Equals(fixed, G)', 'ST_Distance(p, G) < 3', 'ST_Intersects(s, ST_SetSRID(ST_Buffer(G, 6), 0))', 'ST_DWithin(a, ST_SetSRID(G, 0), 2)', 'ST_3DDWithin(z, ST_Force3D(G), 700)',
    'ST_DFullyWithin(p, G, 2)', 'ST_Disjoint(p, ST_Buffer(G, 20))', 'p::geography && G::geography', 'ST_DWithin(p::geography, G::geography, 150000)', 'p << G', 'p <-> G < 2']) c;
INSERT INTO conditions (c) VALUES
('p && ''POINT EMPTY''::geometry'), ('NOT (s && ''POINT EMPTY''::geometry)'), ('s && NULL'), ('ST_Intersects(p, NULL)'), ('s ~= ''POINT EMPTY''::geometry'), ('ST_Equals(s, ''POINT EMPTY''::geometry)'),
('ST_DWithin(s, ''POINT EMPTY''::geometry, 5)'), ('o && ST_MakePoint(''NaN'', 1)'), ('NOT (o @ ST_MakeEnvelope(-1e39, -1e39, 1e39, 1e39))'), ('o && ST_MakeEnvelope(-1e39, -1e39, 1e39, 1e39)'),
('o && ST_MakeEnvelope(3.4028234e38, -5, 3.5e38, 5)'), ('o @ ST_MakeEnvelope(-3.4028235e38, -5, 3.4028235e38, 5)'), ('o && ST_MakePoint(''infinity'', 0.1)'), ('o ~ ST_MakePoint(1, 0.1)'), ('o && ST_MakePoint(1.00000001, 0.1)'),
('NOT (o && ST_MakeEnvelope(0, 0, 20, 5))'), ('(o && ST_MakeEnvelope(0, 0, 20, 5)) IS NULL'), ('p && ''LINESTRING(10 0, 12 3)''::geometry'), ('p && ''MULTIPOINT(10 0)''::geometry'), ('NOT (a && ''LINESTRING(10 0, 12 3)''::geometry)'),
('p && PostGIS_DropBBox(ST_MakeEnvelope(5, 0, 25, 2))'), ('p && PostGIS_AddBBox(ST_MakePoint(10, -2))'), ('ST_MakeEnvelope(5, 0, 25, 2) && p'), ('ST_MakeEnvelope(5, 0, 25, 2) ~ d'), ('ST_MakeEnvelope(5, 0, 25, 2) @ a'),
('p && d'), ('p && ST_Expand(d, 3)'), ('ST_DWithin(p, d, 4)'), ('p && ''BOX(5 0, 25 2)''::box2d'), ('p IS NULL'), ('d IS NOT NULL'), ('a IS NULL'), ('n < 500'), ('n % 3 = 0'), ('e IN (2, 5)'),
('t < ''2026-03-04'''), ('ST_X(p) > 20'), ('p && (SELECT ST_Buffer(ST_MakePoint(30, 0), 4))'), ('ST_DWithin(p, (SELECT min(fixed::text)::geometry FROM g_heap), 12)');
SELECT count(*) > 170 FROM conditions;
CREATE FUNCTION differing(every int) RETURNS TABLE (condition text) LANGUAGE plpgsql AS $$
DECLARE a text; b text; ours text; theirs text; joined text; shape text;
BEGIN
    FOR a, b IN SELECT x.c, y.c FROM conditions x JOIN conditions y ON y.id = (x.id * 37 + 11) % (SELECT count(*) FROM conditions) + 1 WHERE x.id % every = 0 LOOP
        FOREACH joined IN ARRAY ARRAY[a, format('(%s) AND (%s)', a, b), format('((%s) OR NOT (%s)) IS NOT TRUE', a, b)] LOOP
            FOREACH shape IN ARRAY ARRAY['SELECT count(*) || '' '' || coalesce(sum(hashtext(x::text)), 0) FROM (SELECT * FROM %s g WHERE %s OFFSET 0) x',
                                         'SELECT count(*) || '' '' || coalesce(sum(n), 0) FROM %s g WHERE %s',
                                         'SELECT string_agg(e || '' '' || n, '','' ORDER BY e) FROM (SELECT DISTINCT ON (e) e, n FROM %s g WHERE %s ORDER BY e, t DESC) x'] LOOP
                EXECUTE format(shape, 'g', joined) INTO ours;
                EXECUTE format(shape, 'g_heap', joined) INTO theirs;
                IF ours IS DISTINCT FROM theirs THEN condition := format(shape, '', joined) || ': ' || ours || ' for ' || theirs; RETURN NEXT; END IF;
            END LOOP;
        END LOOP;
    END LOOP;
END $$;
SELECT * FROM differing(1);
-- what is read
CREATE FUNCTION reads(query text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE line text;
BEGIN
    FOR line IN EXECUTE 'EXPLAIN (ANALYZE, BUFFERS OFF, COSTS OFF, TIMING OFF, SUMMARY OFF) ' || query LOOP
        IF line ~ '(Segments|Blocks|Pruned By|Removed|->|Custom Scan|Index Cond)' THEN
            RETURN NEXT regexp_replace(regexp_replace(line, 'rows=(\d+)\.00', 'rows=\1'), '''[0-9A-F]{20,}''::geometry', 'GEOMETRY');
        END IF;
    END LOOP;
END $$;
SELECT reads('SELECT * FROM g WHERE p && ST_MakeEnvelope(14, -9, 16, 9)');
SELECT reads('SELECT count(*) FROM g WHERE ST_DWithin(p, ST_SetSRID(ST_MakePoint(60, 0), 4326), 2)');
SELECT reads('SELECT count(*), sum(n) FROM g WHERE fixed && ST_MakeEnvelope(1.5, -9, 3.5, 0)');
SELECT reads('SELECT n FROM g WHERE ST_Contains(ST_MakeEnvelope(38, 1, 40, 2), a)');
SELECT reads('SELECT DISTINCT ON (e) e, n FROM g WHERE fixed && ST_MakePoint(4, -4) ORDER BY e, t DESC');
-- of a table that lost no row, summaries answer where a block lies in the box
CREATE TABLE whole (LIKE columns, PRIMARY KEY (e, t)) USING territory;
INSERT INTO whole SELECT * FROM places('{1,2,3,4}', '[0,600)');
SELECT rows FROM territory.seal('whole');
ANALYZE whole;
SELECT reads('SELECT count(*), sum(n) FROM whole WHERE fixed && ST_MakeEnvelope(1.5, -9, 3.5, 0)');
SELECT count(*), sum(n) FROM whole WHERE fixed && ST_MakeEnvelope(1.5, -9, 3.5, 0);
SELECT count(*), sum(n) FROM whole WHERE e IN (2, 3);
SELECT reads('SELECT count(*), sum(n) FROM whole WHERE s && ST_MakeEnvelope(0, -9, 99, 9)');
SELECT count(*), sum(n) FROM whole WHERE s && ST_MakeEnvelope(0, -9, 99, 9);
SELECT count(*), sum(n) FROM whole WHERE s IS NOT NULL AND NOT ST_IsEmpty(s);
SELECT reads('SELECT count(*) FROM whole WHERE ST_Intersects(fixed, ST_MakeEnvelope(1.5, -9, 3.5, 0, 4326))');
DROP TABLE whole;
-- more segments than a group of the directory has
SET territory.segment_rows = 10;
CREATE TABLE many (LIKE columns, PRIMARY KEY (e, t)) USING territory;
INSERT INTO many SELECT * FROM places('{1,2,3,4}', '[0,200)');
SELECT segments > 64 FROM territory.seal('many');
INSERT INTO many SELECT * FROM places('{5}', '[0,100)');
SELECT rows FROM territory.seal('many');
SELECT reads('SELECT n FROM many WHERE fixed && ST_MakeEnvelope(4.5, -9, 5.5, 0)') FROM generate_series(1, 2);
SELECT (SELECT count(*) FROM many WHERE p && ST_MakeEnvelope(x, -2, x + 2, 2)) = (SELECT count(*) FROM places('{1,2,3,4,5}', '[0,200)') WHERE p && ST_MakeEnvelope(x, -2, x + 2, 2)
       AND (e < 5 OR t < '2026-03-01'::timestamptz + 100 * interval '10 minutes')), count(*) FROM generate_series(5, 60, 5) x GROUP BY 1;
DROP TABLE many;
SET territory.segment_rows = 500;

-- with an index for hot rows (not of empty shapes: of those, PostGIS's index and its operators @ and ~ say different things)
CREATE INDEX ON g USING gist (p);
CREATE INDEX ON g USING gist (z);
CREATE INDEX ON g USING gist (fixed);
SET enable_seqscan = off;
SELECT * FROM differing(3);
RESET enable_seqscan;

-- in FILTER, in order, backwards, updated and deleted
SELECT e, count(*) FILTER (WHERE p && ST_MakeEnvelope(8, -2, 33, 2)), sum(n) FILTER (WHERE NOT a && ST_MakeEnvelope(8, -2, 33, 2)) FROM g GROUP BY 1
EXCEPT SELECT e, count(*) FILTER (WHERE p && ST_MakeEnvelope(8, -2, 33, 2)), sum(n) FILTER (WHERE NOT a && ST_MakeEnvelope(8, -2, 33, 2)) FROM g_heap GROUP BY 1;
SELECT (SELECT string_agg(x::text, ' ') FROM (SELECT e, t, p, o, later FROM g WHERE p && ST_MakeEnvelope(9, -2, 13, 2) ORDER BY t DESC, e LIMIT 50) x) =
       (SELECT string_agg(x::text, ' ') FROM (SELECT e, t, p, o, later FROM g_heap WHERE p && ST_MakeEnvelope(9, -2, 13, 2) ORDER BY t DESC, e LIMIT 50) x);
BEGIN;
UPDATE g SET n = n + 1, p = ST_SetSRID(ST_MakePoint(0, 0), 4326) WHERE ST_Within(p, ST_MakeEnvelope(8, -2, 12, 2, 4326));
UPDATE g_heap SET n = n + 1, p = ST_SetSRID(ST_MakePoint(0, 0), 4326) WHERE ST_Within(p, ST_MakeEnvelope(8, -2, 12, 2, 4326));
DELETE FROM g WHERE a && ST_MakePoint(20, 1);
DELETE FROM g_heap WHERE a && ST_MakePoint(20, 1);
SELECT count(*) > 0 FROM g WHERE p && ST_MakePoint(0, 0);
SELECT count(*) FROM (SELECT * FROM g EXCEPT ALL SELECT * FROM g_heap) x;
SELECT count(*) FROM (SELECT * FROM g_heap EXCEPT ALL SELECT * FROM g) x;
ROLLBACK;
BEGIN;
DECLARE c SCROLL CURSOR FOR SELECT e, n, p FROM g WHERE fixed && ST_MakeEnvelope(1.5, -9, 2.5, 0) AND n < 30;
FETCH 3 FROM c;
FETCH BACKWARD 1 FROM c;
ROLLBACK;

-- parameters: generic plans, joins
SET plan_cache_mode = force_generic_plan;
PREPARE near(geometry, float8) AS SELECT count(*), sum(n) FROM g WHERE ST_DWithin(p, $1, $2);
PREPARE within(geometry) AS SELECT count(*), sum(n) FROM g WHERE a && $1;
EXECUTE near(ST_SetSRID(ST_MakePoint(21, 3), 4326), 2);
SELECT count(*), sum(n) FROM g_heap WHERE ST_DWithin(p, ST_SetSRID(ST_MakePoint(21, 3), 4326), 2);
EXECUTE near(ST_SetSRID(ST_MakePoint(46, 3), 4326), 1.5);
SELECT count(*), sum(n) FROM g_heap WHERE ST_DWithin(p, ST_SetSRID(ST_MakePoint(46, 3), 4326), 1.5);
EXECUTE near(NULL, 2);
EXECUTE near(ST_SetSRID('POINT EMPTY'::geometry, 4326), 2);
EXECUTE near(ST_SetSRID(ST_MakePoint(21, 3), 4326), -1);
EXECUTE near(ST_SetSRID(ST_MakePoint(46, 3), 4326), NULL);
EXECUTE within(ST_MakePoint(20, 2));
SELECT count(*), sum(n) FROM g_heap WHERE a && ST_MakePoint(20, 2);
EXECUTE within('POLYGON EMPTY');
EXECUTE within(NULL);
EXECUTE within(PostGIS_DropBBox(ST_MakeEnvelope(20, 0, 21, 4)));
SELECT count(*), sum(n) FROM g_heap WHERE a && ST_MakeEnvelope(20, 0, 21, 4);
RESET plan_cache_mode;
CREATE TABLE spots AS SELECT i id, ST_SetSRID(ST_MakePoint(i * 3, i % 5 - 2), 4326)::geometry(Point, 4326) at FROM generate_series(1, 20) i UNION ALL SELECT 21, NULL UNION ALL SELECT 22, 'SRID=4326;POINT EMPTY';
ANALYZE spots;
SET enable_hashjoin = off; SET enable_mergejoin = off; SET enable_material = off; SET enable_seqscan = off;
SELECT id, count(g), sum(n) FROM spots LEFT JOIN g ON ST_DWithin(g.p, at, 1) GROUP BY id EXCEPT SELECT id, count(g), sum(n) FROM spots LEFT JOIN g_heap g ON ST_DWithin(g.p, at, 1) GROUP BY id;
SELECT id, (SELECT count(*) FROM g WHERE g.a && at) FROM spots EXCEPT SELECT id, (SELECT count(*) FROM g_heap g WHERE g.a && at) FROM spots;
SELECT id, x.n FROM spots, LATERAL (SELECT * FROM g WHERE ST_Intersects(g.fixed, ST_Expand(at, 2)) ORDER BY t DESC, e LIMIT 1) x EXCEPT
SELECT id, x.n FROM spots, LATERAL (SELECT * FROM g_heap g WHERE ST_Intersects(g.fixed, ST_Expand(at, 2)) ORDER BY t DESC, e LIMIT 1) x;
RESET enable_hashjoin; RESET enable_mergejoin; RESET enable_material; RESET enable_seqscan;

-- SRIDs that don't match fail as with heap, as far as anything tells them
SELECT count(*) FROM g WHERE ST_Intersects(p, ST_MakeEnvelope(500, 500, 501, 501, 4327));
SELECT count(*) FROM g WHERE ST_DWithin(fixed, ST_MakePoint(500, 500), 1);
-- which of the two PostGIS names first changed
\set VERBOSITY sqlstate
SELECT count(*) FROM g WHERE ST_Within(s, ST_MakeEnvelope(0, -1, 11, 1, 4326));
\set VERBOSITY default
SELECT count(*) FROM g WHERE e = 1 AND p && ST_MakeEnvelope(0, -1, 11, 1, 2154);
SELECT count(*) FROM g_heap WHERE e = 1 AND p && ST_MakeEnvelope(0, -1, 11, 1, 2154);

-- a join's parameters prune, too
SET enable_seqscan = off;
SELECT reads('SELECT count(*) FROM spots JOIN g ON ST_DWithin(g.p, at, 0.5) WHERE id < 4');
RESET enable_seqscan;
-- a policy comes before a user's condition, also where that tells of boxes
CREATE FUNCTION is_open(int) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RETURN $1 % 2 = 0; END $$;
CREATE FUNCTION tell(int, geometry) RETURNS boolean LANGUAGE plpgsql COST 0.001 AS $$ BEGIN IF $1 % 2 = 1 THEN RAISE NOTICE '% was seen', ST_AsText($2); END IF; RETURN true; END $$;
CREATE ROLE points_reader;
GRANT SELECT ON g, g_heap TO points_reader;
CREATE POLICY open_ones ON g USING (is_open(n));
CREATE POLICY open_ones ON g_heap USING (is_open(n));
ALTER TABLE g ENABLE ROW LEVEL SECURITY;
ALTER TABLE g_heap ENABLE ROW LEVEL SECURITY;
GRANT EXECUTE ON FUNCTION reads(text) TO points_reader;
SET ROLE points_reader;
SELECT count(*), sum(n) FROM g WHERE p && ST_MakeEnvelope(8, -2, 33, 2);
SELECT count(*), sum(n) FROM g_heap WHERE p && ST_MakeEnvelope(8, -2, 33, 2);
SELECT count(*), sum(n) FROM g WHERE ST_DWithin(p, ST_SetSRID(ST_MakePoint(21, 3), 4326), 2);
SELECT count(*), sum(n) FROM g_heap WHERE ST_DWithin(p, ST_SetSRID(ST_MakePoint(21, 3), 4326), 2);
SELECT n FROM g WHERE p && ST_MakeEnvelope(14.5, -3, 15.1, -1) AND tell(n, p);
SELECT n FROM g_heap WHERE p && ST_MakeEnvelope(14.5, -3, 15.1, -1) AND tell(n, p);
SELECT reads('SELECT n FROM g WHERE p && ST_MakeEnvelope(14.5, -3, 15.1, -1)');
RESET ROLE;
SELECT reads('SELECT n FROM g WHERE p && ST_MakeEnvelope(14.5, -3, 15.1, -1) AND is_open(n)');
DROP OWNED BY points_reader;
DROP ROLE points_reader;
DROP FUNCTION places, differing, reads;
DROP TABLE g, g_heap, columns, conditions, spots;
DROP FUNCTION is_open, tell;
DROP DOMAIN place;
