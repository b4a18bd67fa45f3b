-- TerritoryLast: one row per entity, as heap finds it, from sealed rows and hot ones.
SET client_min_messages = warning;
SET timezone = 'UTC';
SET territory.segment_rows = 2000;
-- where nothing is sealed, the plans are heap's; these tables are small for what they stand for
SET enable_indexscan = off; SET enable_indexonlyscan = off; SET enable_bitmapscan = off;
SET enable_incremental_sort = off; SET max_parallel_workers_per_gather = 0;
CREATE COLLATION any_case (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
CREATE TABLE l_heap (sensor int, t timestamptz, temp float8, n numeric(8,2), f4 float4, state int2, label text, part text,
	any_label text COLLATE any_case, u uuid, gone int) WITH (autovacuum_enabled = off);
CREATE INDEX ON l_heap (sensor, t);
CREATE TABLE l (LIKE l_heap INCLUDING ALL) USING territory WITH (autovacuum_enabled = off);
-- what follows happens to both tables, TABLE in it
CREATE PROCEDURE twice(command text) LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE replace(command, 'TABLE', 'l_heap');
	EXECUTE replace(command, 'TABLE', 'l');
END $$;
CALL twice($$INSERT INTO TABLE SELECT s, '2026-01-01'::timestamptz + i * interval '17 min' + s * interval '1 s',
	CASE WHEN i % 13 > 0 THEN i / 8.0 END, CASE WHEN i % 7 > 0 THEN i / 4.0 + s END, i / 2.0, (i * s) % 3, 'label ' || s, 'p' || s % 2,
	CASE WHEN i % 2 = 0 THEN 'Entity ' || s % 5 ELSE 'ENTITY ' || s % 5 END, md5(s || ' ' || i)::uuid, 0
	FROM generate_series(1, 20) s, generate_series(1, 1000) i$$);
CALL twice('ALTER table TABLE DROP COLUMN gone');
-- a query on both tables: the rows that differ, how many there are, and whether the node answered
CREATE FUNCTION twin(query text, OUT differ bigint, OUT row_count bigint, OUT node boolean) LANGUAGE plpgsql AS $$
DECLARE
	heap text := replace(query, 'TABLE', 'l_heap');
	ours text := replace(query, 'TABLE', 'l');
	line text;
BEGIN
	node := false;
	FOR line IN EXECUTE 'EXPLAIN ' || ours LOOP
		node := node OR line LIKE '%TerritoryLast%';
	END LOOP;
	EXECUTE format('SELECT count(*) FROM ((SELECT whole::text FROM (%1$s) whole EXCEPT ALL SELECT whole::text FROM (%2$s) whole) UNION ALL
		(SELECT whole::text FROM (%2$s) whole EXCEPT ALL SELECT whole::text FROM (%1$s) whole)) d', heap, ours) INTO differ;
	EXECUTE format('SELECT count(*) FROM (%s) x', ours) INTO row_count;
END $$;
CREATE TABLE queries (id int GENERATED ALWAYS AS IDENTITY, query text);
INSERT INTO queries (query) VALUES
	('SELECT DISTINCT ON (sensor) * FROM TABLE ORDER BY sensor, t DESC'),
	('SELECT DISTINCT ON (sensor) * FROM TABLE ORDER BY sensor DESC, t DESC'),
	('SELECT DISTINCT ON (sensor) sensor, t, temp, n, f4, state FROM TABLE ORDER BY sensor, t'),
	('SELECT DISTINCT ON (sensor) sensor, temp, n FROM TABLE ORDER BY sensor, t DESC NULLS LAST'),
	('SELECT DISTINCT ON (sensor) sensor, temp, n FROM TABLE ORDER BY sensor, t NULLS FIRST'),
	('SELECT DISTINCT ON (sensor) sensor, t, temp FROM TABLE WHERE temp > 100 ORDER BY sensor, t DESC'),
	('SELECT DISTINCT ON (sensor) sensor, t, temp FROM TABLE WHERE t < ''2026-01-05'' ORDER BY sensor, t DESC'),
	('SELECT DISTINCT ON (sensor) sensor, t, temp FROM TABLE WHERE t >= ''2026-01-05 10:00'' AND state = 1 ORDER BY sensor, t'),
	('SELECT DISTINCT ON (sensor) sensor, t FROM TABLE WHERE sensor = ANY (ARRAY[3, 5, 99]) ORDER BY sensor, t DESC'),
	('SELECT DISTINCT ON (sensor) sensor, t FROM TABLE WHERE sensor = 7 ORDER BY sensor, t DESC'),
	('SELECT DISTINCT ON (sensor) sensor, t FROM TABLE WHERE temp IS NULL ORDER BY sensor, t DESC'),
	('SELECT DISTINCT ON (sensor) sensor, t FROM TABLE WHERE label LIKE ''%7'' AND length(part) = 2 ORDER BY sensor, t DESC'),
	('SELECT DISTINCT ON (sensor) sensor, t FROM TABLE WHERE false ORDER BY sensor, t DESC'),
	('SELECT DISTINCT ON (state) state, t FROM TABLE ORDER BY state, t DESC'),
	('SELECT DISTINCT ON (sensor, state) sensor, state, t, label FROM TABLE ORDER BY state, sensor DESC, t DESC'),
	('SELECT DISTINCT ON (label) label, t, temp, u FROM TABLE ORDER BY label, t DESC'),
	('SELECT DISTINCT ON (part, label) part, label, t, n FROM TABLE ORDER BY part, label, t'),
	('SELECT DISTINCT ON (any_label) lower(any_label), t FROM TABLE ORDER BY any_label, t DESC'),
	('SELECT DISTINCT ON (sensor) sensor, n, t FROM TABLE WHERE n IS NOT NULL ORDER BY sensor, n DESC'),
	('SELECT DISTINCT ON (sensor) sensor, u, t FROM TABLE WHERE u IS NOT NULL ORDER BY sensor, u'),
	('SELECT DISTINCT ON (sensor) sensor, f4, t FROM TABLE ORDER BY sensor, f4 DESC, t'),
	('SELECT DISTINCT ON (sensor) sensor, state, label, t FROM TABLE ORDER BY sensor, state DESC, label, t DESC'),
	('SELECT DISTINCT ON (sensor) sensor * 2 AS twice, upper(label), t + interval ''1 h'', temp + n::float8, tableoid > 0 FROM TABLE ORDER BY sensor, t DESC'),
	('SELECT DISTINCT ON (sensor) r.label, to_jsonb(r) - ''u'' FROM TABLE r ORDER BY sensor, t DESC'),
	('SELECT DISTINCT ON (sensor) sensor, (SELECT max(x) + r.sensor FROM generate_series(1, 3) x) FROM TABLE r ORDER BY sensor, t DESC'),
	('SELECT DISTINCT ON (sensor) sensor, t FROM TABLE WHERE state = (SELECT min(x) FROM generate_series(1, 3) x) ORDER BY sensor, t DESC'),
	('SELECT DISTINCT ON (sensor) sensor, t FROM TABLE r WHERE EXISTS (SELECT FROM generate_series(1, 5) x WHERE x = r.sensor OR r.t IS NULL) ORDER BY sensor, t DESC'),
	('SELECT DISTINCT sensor FROM TABLE'),
	('SELECT DISTINCT sensor, label FROM TABLE WHERE t > ''2026-01-09'' ORDER BY label'),
	('SELECT DISTINCT state FROM TABLE ORDER BY state DESC'),
	('SELECT DISTINCT n FROM TABLE'),
	('SELECT DISTINCT lower(any_label) FROM (SELECT DISTINCT any_label FROM TABLE) x'),
	('SELECT sensor, t FROM (SELECT DISTINCT ON (sensor) * FROM TABLE ORDER BY sensor, t DESC) x WHERE temp > 10'),
	('SELECT s, x.* FROM generate_series(0, 5) s, LATERAL (SELECT DISTINCT ON (sensor) sensor, t FROM TABLE WHERE sensor % 6 = s AND t < ''2026-01-02''::timestamptz + s * interval ''1 day'' ORDER BY sensor, t DESC) x'),
	('SELECT s, (SELECT count(*) FROM (SELECT DISTINCT state FROM TABLE WHERE sensor = s) x) FROM generate_series(0, 3) s'),
	('SELECT x.sensor, y.t FROM (SELECT DISTINCT sensor FROM TABLE) x JOIN (SELECT DISTINCT ON (sensor) * FROM TABLE ORDER BY sensor, t) y USING (sensor)'),
	('SELECT DISTINCT ON (sensor) sensor, t FROM TABLE ORDER BY sensor, t DESC LIMIT 3 OFFSET 1'),
	('SELECT DISTINCT ON (sensor) sensor, max(t) FROM TABLE GROUP BY sensor, state ORDER BY sensor, max(t) DESC'),
	('SELECT DISTINCT ON (sensor) sensor, t FROM TABLE ORDER BY sensor, t::date DESC, t'),
	('SELECT DISTINCT ON (sensor % 4) sensor % 4, t FROM TABLE ORDER BY sensor % 4, t DESC'),
	('SELECT DISTINCT ON (sensor) sensor, count(*) OVER () FROM TABLE ORDER BY sensor, t DESC'),
	('SELECT DISTINCT ON (sensor) sensor, generate_series(1, 2) FROM TABLE ORDER BY sensor, t DESC'),
	('SELECT count(DISTINCT x) FROM (SELECT DISTINCT ON (sensor) sensor, random() AS x FROM TABLE ORDER BY sensor, t DESC) x');
SELECT query FROM queries, twin(query) WHERE node;	-- nothing is sealed
SELECT rows, segments FROM territory.seal('l', '2026-01-12 12:00');
ANALYZE l, l_heap;
-- most of it is sealed (from PostgreSQL 16 on, core plans the tenth as LIMIT 1)
SELECT id, differ, row_count, node OR id = 10 AS node FROM queries, twin(query) r ORDER BY id;
EXPLAIN (COSTS OFF) SELECT DISTINCT ON (sensor) sensor, t, temp FROM l WHERE temp > 1 AND t < '2026-02-01' ORDER BY sensor DESC, t DESC NULLS LAST, label;
-- counts of what was read
CREATE FUNCTION counts(query text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	line text;
BEGIN
	FOR line IN EXECUTE 'EXPLAIN (ANALYZE, BUFFERS OFF, COSTS OFF, TIMING OFF, SUMMARY OFF) ' || query LOOP
		IF line ~ 'Segments|Blocks|Rows Hot|Rows Removed|Passes' THEN RETURN NEXT trim(line); END IF;
	END LOOP;
END $$;
SELECT counts('SELECT DISTINCT ON (sensor) sensor, t, temp FROM l ORDER BY sensor, t DESC');
SELECT counts('SELECT DISTINCT ON (sensor) sensor, t, temp FROM l WHERE t < ''2026-01-03'' ORDER BY sensor, t DESC');
-- deleted, late and hot rows, nulls, and ends of time
CALL twice('DELETE FROM TABLE WHERE sensor IN (1, 2, 5) AND t >= ''2026-01-12 09:00''');
CALL twice('DELETE FROM TABLE WHERE sensor = 4 AND t >= ''2026-01-05''');
CALL twice('DELETE FROM TABLE WHERE sensor = 6');
CALL twice('UPDATE TABLE SET temp = -1 WHERE sensor = 3 AND t >= ''2026-01-12 14:00''');
CALL twice($$INSERT INTO TABLE (sensor, t, temp, label) VALUES (7, '2026-01-02', 5, 'late'), (8, NULL, 5, 'none'), (9, 'infinity', 5, 'end'),
	(9, NULL, 6, 'never'), (10, '-infinity', 7, 'begin'), (11, '2026-03-01', NULL, 'new'), (NULL, '2026-03-01', 1, NULL), (NULL, NULL, 2, NULL),
	(30, '2026-03-01', 1, 'other'), (30, '2026-03-02', 2, 'other')$$);
SELECT id, r.* FROM queries, twin(query) r WHERE differ > 0 ORDER BY id;
-- all of that sealed, too: several segments hold an entity
SELECT rows > 0 FROM territory.seal('l');
SELECT id, r.* FROM queries, twin(query) r WHERE differ > 0 ORDER BY id;
-- nothing of it is left of some, and a column is new
CALL twice('DELETE FROM TABLE WHERE sensor = 9 AND t IS NULL');
CALL twice('ALTER table TABLE ADD COLUMN added int DEFAULT 7');
CALL twice('UPDATE TABLE SET added = 8 WHERE sensor = 12 AND t > ''2026-01-12 13:00''');
INSERT INTO queries (query) VALUES
	('SELECT DISTINCT ON (sensor) sensor, added, t FROM TABLE ORDER BY sensor, t DESC'),
	('SELECT DISTINCT added FROM TABLE'),
	('SELECT DISTINCT ON (added) added, t FROM TABLE WHERE t IS NOT NULL ORDER BY added, t DESC');
SELECT id, r.* FROM queries, twin(query) r WHERE differ > 0 OR id > 43 ORDER BY id;
-- what comes is one row, whatever ties
CREATE TABLE ties (e int, t timestamptz, a int, b int) USING territory;
CREATE INDEX ON ties (e, t);
INSERT INTO ties SELECT e, '2026-01-01', a, a FROM generate_series(1, 3) e, generate_series(1, 1500) a;
SELECT rows FROM territory.seal('ties');
INSERT INTO ties SELECT e, '2026-01-01', a, a FROM generate_series(1, 3) e, generate_series(2001, 2010) a;
ANALYZE ties;
SELECT e, t, a = b AS one_row FROM (SELECT DISTINCT ON (e) * FROM ties ORDER BY e, t DESC) x;
SELECT DISTINCT ON (e) e, a FROM ties ORDER BY e, t DESC, a DESC;
SELECT DISTINCT ON (e) e, a FROM ties ORDER BY e, t, a;
SELECT DISTINCT ON (e) e, ctid = (SELECT y.ctid FROM ties y WHERE (y.e, y.a) = (x.e, x.a)) AS same FROM ties x ORDER BY e, t DESC, a;
-- more groups than memory holds
CREATE TABLE many (e text COLLATE "C", t timestamptz, v int) USING territory;
CREATE INDEX ON many (e, t);
INSERT INTO many SELECT 'entity number ' || e, '2026-01-01'::timestamptz + i * interval '1 min', e + i
FROM generate_series(1, 6000) e, generate_series(1, 4) i;
SELECT rows FROM territory.seal('many');
ANALYZE many;
SET work_mem = '64kB'; SET hash_mem_multiplier = 1;
SET enable_sort = off;
SELECT count(*), count(DISTINCT e), sum(v), min(t), max(t) FROM (SELECT DISTINCT ON (e) * FROM many ORDER BY e, t DESC) x;
SELECT counts ~ 'Passes: [2-9]|Passes: ..' AS several FROM counts('SELECT DISTINCT ON (e) * FROM many ORDER BY e, t DESC') WHERE counts ~ 'Passes';
RESET work_mem; RESET hash_mem_multiplier; RESET enable_sort;
-- row-level security: no row is taken that the policy hides, nor told of by a function that leaks
CREATE ROLE last_reader;
GRANT SELECT ON l TO last_reader;
ALTER TABLE l ENABLE ROW LEVEL SECURITY;
CREATE POLICY early ON l TO last_reader USING (t < '2026-01-04' AND sensor < 4);
CREATE FUNCTION leak(int, timestamptz) RETURNS boolean LANGUAGE plpgsql COST 0.0001 AS $$
BEGIN
	IF $2 >= '2026-01-04' OR $1 >= 4 THEN RAISE EXCEPTION 'saw sensor % of %', $1, $2; END IF;
	RETURN true;
END $$;
ALTER FUNCTION leak STABLE;
SET ROLE last_reader;
EXPLAIN (COSTS OFF) SELECT DISTINCT ON (sensor) sensor, t FROM l WHERE leak(sensor, t) ORDER BY sensor, t DESC;
SELECT DISTINCT ON (sensor) sensor, t FROM l WHERE leak(sensor, t) ORDER BY sensor, t DESC;
SELECT DISTINCT sensor FROM l ORDER BY 1;
RESET ROLE;
ALTER TABLE l DISABLE ROW LEVEL SECURITY;
-- prepared, with a plan for any parameters
SET plan_cache_mode = force_generic_plan;
PREPARE newest(timestamptz, int[]) AS SELECT DISTINCT ON (sensor) sensor, t, temp FROM l WHERE t < $1 AND sensor = ANY ($2) ORDER BY sensor, t DESC;
EXPLAIN (COSTS OFF) EXECUTE newest('2026-01-03', '{1,2}');
EXECUTE newest('2026-01-03', '{1,2}');
EXECUTE newest('2026-01-10', '{2,4,12}');
EXECUTE newest(NULL, '{2}');
EXECUTE newest('2026-01-10', NULL);
RESET plan_cache_mode;
-- cursors: back and forth, and none to update by, as with heap
BEGIN;
DECLARE c SCROLL CURSOR FOR SELECT DISTINCT ON (sensor) sensor, t FROM l WHERE sensor IS NOT NULL ORDER BY sensor, t DESC;
FETCH 2 FROM c;
MOVE LAST FROM c;
FETCH BACKWARD 2 FROM c;
CLOSE c;
DECLARE c CURSOR FOR SELECT DISTINCT state FROM l;
FETCH 0 FROM c;
UPDATE l SET temp = 0 WHERE CURRENT OF c;
ROLLBACK;
-- its own transaction's rows and deletes, and only those of its snapshot
BEGIN ISOLATION LEVEL REPEATABLE READ;
INSERT INTO l (sensor, t, temp) VALUES (15, '2026-04-01', 99);
DELETE FROM l WHERE sensor = 16 AND t > '2026-01-12 10:00';
SELECT DISTINCT ON (sensor) sensor, t, temp FROM l WHERE sensor IN (15, 16) ORDER BY sensor, t DESC;
ROLLBACK;
SELECT DISTINCT ON (sensor) sensor, t, temp FROM l WHERE sensor IN (15, 16) ORDER BY sensor, t DESC;
-- bytes are told where buffers are asked for
DO $$
DECLARE
	plan jsonb;
BEGIN
	EXECUTE 'EXPLAIN (COSTS OFF, ANALYZE, BUFFERS, TIMING OFF, SUMMARY OFF, FORMAT JSON) SELECT DISTINCT ON (sensor) sensor, t, temp FROM l WHERE temp > 0 ORDER BY sensor, t DESC' INTO plan;
	RAISE INFO '%', jsonb_path_exists(plan, '$.** ? (@."Custom Plan Provider" == "TerritoryLast" && @."Sealed Bytes Read" > 0)');
END $$;
-- the setting turns it off
SET territory.enable_aggregate = off;
SELECT bool_or(node) FROM queries, twin(query);
DROP TABLE l, l_heap, queries, ties, many;
DROP FUNCTION twin, counts, leak;
DROP PROCEDURE twice;
DROP ROLE last_reader;
DROP COLLATION any_case;
