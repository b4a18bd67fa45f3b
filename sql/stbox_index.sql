-- index classes of stbox: valid, and every operator gives by index what it gives by a sequential scan
SET search_path = public, territory;
SET timezone = 'UTC';
SET jit = off;
SELECT a.amname, c.opcname, amvalidate(c.oid) FROM pg_opclass c JOIN pg_am a ON a.oid = c.opcmethod
WHERE c.opcintype = 'stbox'::regtype ORDER BY 1;
-- each operator has its commutator and negator, and an estimate
SELECT o.oprname FROM pg_operator o WHERE o.oprleft = 'stbox'::regtype AND o.oprresult = 'boolean'::regtype
	AND (o.oprrest = 0 OR o.oprjoin = 0) ORDER BY 1;

-- boxes of all kinds on a small grid, where they touch, are equal and contain each other; some without an end, some NULL
SELECT setseed(0.5);
CREATE FUNCTION random_box(size int, missing float8) RETURNS stbox LANGUAGE plpgsql VOLATILE AS $$
DECLARE
	x int := random() * 40; y int := random() * 40; z int := random() * 10; t int := random() * 40;
	w int := random() * size; h int := random() * size; d int := random() * size; l int := random() * size;
	kind float8 := random();
	ends text := CASE WHEN l = 0 THEN '[]' ELSE (ARRAY['[]', '[)', '()', '(]'])[1 + floor(random() * 4)] END;
	box text := '';
BEGIN
	IF random() < 0.02 THEN
		RETURN NULL;
	END IF;
	IF kind < missing THEN
		box := format('STBOX T(%s2026-01-%s, 2026-02-%s%s)', '[', 1 + t % 28, 1 + (t + l) % 28, ']');
		RETURN box;
	END IF;
	box := format('((%s,%s%s),(%s,%s%s))', CASE WHEN random() < 0.01 THEN '-Infinity' ELSE x::text END, y, CASE WHEN kind > 0.7 THEN ',' || z ELSE '' END,
		x + w, CASE WHEN random() < 0.01 THEN 'Infinity' ELSE (y + h)::text END, CASE WHEN kind > 0.7 THEN ',' || (z + d) ELSE '' END);
	IF kind < 2 * missing THEN
		RETURN 'SRID=2154;STBOX X' || box;
	END IF;
	RETURN format('SRID=2154;STBOX %sT(%s,%s%s, %s%s)', CASE WHEN kind > 0.7 THEN 'Z' ELSE 'X' END, box, left(ends, 1),
		CASE WHEN random() < 0.01 AND left(ends, 1) = '[' THEN '-infinity' ELSE (timestamp '2026-01-01' + t * interval '1 day')::text END,
		CASE WHEN random() < 0.01 AND right(ends, 1) = ']' THEN 'infinity' ELSE (timestamp '2026-01-01' + (t + l) * interval '1 day')::text END, right(ends, 1));
END $$;
CREATE TABLE boxes (id int, b stbox);
INSERT INTO boxes SELECT i, random_box(5, 0.1) FROM generate_series(1, 2600) i;
INSERT INTO boxes SELECT 3000 + i, 'SRID=2154;STBOX XT(((7,7),(7,7)),[2026-01-08, 2026-01-08])' FROM generate_series(1, 600) i;
CREATE TABLE queries (q int, b stbox);
INSERT INTO queries SELECT i, random_box(12, 0.15) FROM generate_series(1, 30) i;
INSERT INTO queries SELECT 40 + id, b FROM boxes WHERE id % 300 = 0;
INSERT INTO queries VALUES (1000, NULL);

CREATE TABLE operators AS SELECT o.oprname AS op FROM pg_operator o WHERE o.oprleft = 'stbox'::regtype AND o.oprresult = 'boolean'::regtype
	AND o.oprname NOT IN ('<', '<=', '>', '>=', '<>');

-- the rows of each operator and query: how many, and a hash of which
CREATE FUNCTION answers(tab regclass, indexed bool, bitmap bool) RETURNS TABLE (op name, q int, n bigint, sum bigint) LANGUAGE plpgsql AS $$
DECLARE
	query text;
	line text;
	used bool;
BEGIN
	PERFORM set_config('enable_seqscan', (NOT indexed)::text, true), set_config('enable_indexscan', (indexed AND NOT bitmap)::text, true),
		set_config('enable_indexonlyscan', (indexed AND NOT bitmap)::text, true), set_config('enable_bitmapscan', (indexed AND bitmap)::text, true),
		set_config('enable_material', 'off', true), set_config('enable_hashjoin', 'off', true), set_config('enable_mergejoin', 'off', true);
	FOR op IN SELECT o.op FROM operators o ORDER BY 1 LOOP
		query := format('SELECT q.q, count(t.id), coalesce(sum(t.id::bigint * t.id), 0)::bigint FROM queries q LEFT JOIN %s t ON t.b OPERATOR(territory.%s) q.b GROUP BY q.q', tab, op);
		used := false;
		FOR line IN EXECUTE 'EXPLAIN (COSTS OFF) ' || query LOOP
			used := used OR line LIKE '%Index Cond%';
		END LOOP;
		IF used <> indexed THEN
			RAISE 'operator % on %: index used is %', op, tab, used;
		END IF;
		FOR q, n, sum IN EXECUTE query LOOP
			RETURN NEXT;
		END LOOP;
	END LOOP;
END $$;
CREATE FUNCTION neighbours(tab regclass, indexed bool) RETURNS TABLE (q int, place bigint, distance float8, differs bool) LANGUAGE plpgsql AS $$
BEGIN
	PERFORM set_config('enable_seqscan', (NOT indexed)::text, true), set_config('enable_indexscan', indexed::text, true),
		set_config('enable_indexonlyscan', indexed::text, true), set_config('enable_bitmapscan', 'off', true), set_config('enable_sort', (NOT indexed)::text, true);
	RETURN QUERY EXECUTE format('SELECT q.q, n.place, n.distance, n.b <-> q.b IS DISTINCT FROM n.distance FROM queries q,
		LATERAL (SELECT row_number() OVER () AS place, t.b <-> q.b AS distance, t.b FROM (SELECT * FROM %s t ORDER BY t.b <-> q.b LIMIT 200) t) n WHERE q.b IS NOT NULL', tab);
END $$;

CREATE TABLE expected AS SELECT * FROM answers('boxes', false, false);
CREATE TABLE expected_near AS SELECT * FROM neighbours('boxes', false);
SELECT op, sum(n) AS rows FROM expected GROUP BY op ORDER BY op;
SELECT count(*) AS rows, count(*) FILTER (WHERE distance > 0) AS apart, count(*) FILTER (WHERE distance = 'Infinity') AS never FROM expected_near;

-- GiST built by sorting, GiST by insertion, SP-GiST, BRIN
CREATE FUNCTION differences(tab regclass, bitmap bool) RETURNS TABLE (answers bigint, differ bigint) LANGUAGE sql AS $$
	SELECT count(*), count(*) FILTER (WHERE a.n IS DISTINCT FROM e.n OR a.sum IS DISTINCT FROM e.sum)
	FROM expected e FULL JOIN answers(tab, true, bitmap) a USING (op, q) $$;
CREATE FUNCTION differences_near(tab regclass) RETURNS TABLE (neighbours bigint, differ bigint) LANGUAGE sql AS $$
	SELECT count(*), count(*) FILTER (WHERE a.differs OR a.distance IS DISTINCT FROM e.distance)
	FROM expected_near e FULL JOIN neighbours(tab, true) a USING (q, place) $$;

CREATE INDEX boxes_gist ON boxes USING gist (b);
VACUUM ANALYZE boxes;
SELECT * FROM differences('boxes', false);
SELECT * FROM differences('boxes', true);
SELECT * FROM differences_near('boxes');
DROP INDEX boxes_gist;

CREATE TABLE inserted (LIKE boxes);
CREATE INDEX ON inserted USING gist (b);
INSERT INTO inserted SELECT * FROM boxes;
SELECT * FROM differences('inserted', false);
SELECT * FROM differences_near('inserted');
DROP INDEX inserted_b_idx;

CREATE INDEX ON inserted USING spgist (b);
SELECT * FROM differences('inserted', false);
SELECT * FROM differences_near('inserted');
TRUNCATE inserted;
INSERT INTO inserted SELECT * FROM boxes;
SELECT * FROM differences('inserted', true);
SELECT * FROM differences_near('inserted');
DROP INDEX inserted_b_idx;

CREATE INDEX ON inserted USING brin (b) WITH (pages_per_range = 1);
SELECT * FROM differences('inserted', true);
TRUNCATE inserted;
INSERT INTO inserted SELECT * FROM boxes;
SELECT brin_summarize_new_values('inserted_b_idx') > 0 AS summarized;
SELECT * FROM differences('inserted', true);
DROP INDEX inserted_b_idx;

-- an index alone gives the boxes themselves, and keeps boxes apart
CREATE FUNCTION only_by_index(method text) RETURNS TABLE (by_index_only bool, n bigint, hashes bigint) LANGUAGE plpgsql AS $$
DECLARE
	query text := 'SELECT count(*), sum(stbox_hash(b)) FROM inserted WHERE b &< ''SRID=2154;STBOX X((0,0),(30,30))''';
	line text;
BEGIN
	EXECUTE format('CREATE INDEX only_index ON inserted USING %s (b)', method);
	PERFORM set_config('enable_seqscan', 'off', true), set_config('enable_bitmapscan', 'off', true);
	by_index_only := false;
	FOR line IN EXECUTE 'EXPLAIN ' || query LOOP
		by_index_only := by_index_only OR line LIKE '%Index Only Scan%';
	END LOOP;
	EXECUTE query INTO n, hashes;
	DROP INDEX only_index;
	RETURN NEXT;
END $$;
VACUUM inserted;
SELECT g.by_index_only AND s.by_index_only AS by_index_only, g.n > 500 AS enough, (g.n, g.hashes) = (s.n, s.hashes) AND (g.n, g.hashes) = (b.n, b.hashes) AS same
FROM only_by_index('gist') g, only_by_index('spgist') s, (SELECT count(*) AS n, sum(stbox_hash(b)) AS hashes FROM boxes WHERE b &< 'SRID=2154;STBOX X((0,0),(30,30))') b;
CREATE TABLE booked (what text, b stbox, EXCLUDE USING gist (b WITH &&));
INSERT INTO booked VALUES ('market', 'STBOX XT(((0,0),(10,10)),[2026-01-01 08:00, 2026-01-01 12:00))'), ('concert', 'STBOX XT(((0,0),(10,10)),[2026-01-01 12:00, 2026-01-01 20:00))'), ('fair', 'STBOX XT(((11,0),(20,10)),[2026-01-01 08:00, 2026-01-01 12:00))');
INSERT INTO booked VALUES ('parade', 'STBOX XT(((5,5),(30,5)),[2026-01-01 11:00, 2026-01-01 11:30])');
DROP TABLE booked;
DROP FUNCTION only_by_index;

-- btree and hash
CREATE INDEX ON inserted (b);
SELECT count(*) AS queries, count(*) FILTER (WHERE n <> (SELECT count(*) FROM boxes WHERE boxes.b = q.b)) AS differ
FROM queries q, LATERAL (SELECT count(*) AS n FROM inserted i WHERE i.b = q.b) x;
SELECT count(*) AS kinds, count(DISTINCT hashed) = count(*) AS told_apart FROM (SELECT b, stbox_hash(b) AS hashed FROM boxes WHERE b IS NOT NULL GROUP BY b) x;
SELECT bool_and((x.b < y.b) = (stbox_cmp(x.b, y.b) < 0) AND (x.b < y.b) = (y.b > x.b) AND (x.b <= y.b) = NOT (x.b > y.b)
	AND (x.b = y.b) = (x.b::text = y.b::text) AND (x.b <> y.b) = NOT (x.b = y.b) AND (x.b >= y.b) = NOT (x.b < y.b)) AS an_order FROM queries x, queries y;
DROP TABLE inserted;

-- a territory table, some of its rows sealed, with each index
CREATE TABLE placed (id int, t timestamptz, b stbox) USING territory;
INSERT INTO placed SELECT id, timestamptz '2026-01-01' + id * interval '1 minute', b FROM boxes;
SELECT rows FROM seal('placed', timestamptz '2026-01-01' + 1500 * interval '1 minute');
SELECT count(*) AS rows, count(*) FILTER (WHERE p.b IS DISTINCT FROM b.b) AS differ FROM placed p JOIN boxes b USING (id);
CREATE INDEX placed_index ON placed USING gist (b);
SELECT * FROM differences('placed', false);
SELECT * FROM differences('placed', true);
SELECT * FROM differences_near('placed');
DROP INDEX placed_index;
CREATE INDEX placed_index ON placed USING spgist (b);
SELECT * FROM differences('placed', false);
SELECT * FROM differences_near('placed');
DROP INDEX placed_index;
CREATE INDEX placed_index ON placed USING brin (b) WITH (pages_per_range = 1);
SELECT * FROM differences('placed', true);
SELECT rows FROM seal('placed');
SELECT * FROM differences('placed', true);
DROP TABLE placed;

-- SRIDs that differ: an error where they meet, none where an index holds both
INSERT INTO boxes SELECT 5000 + i, format('SRID=4326;STBOX X((%s,%s),(%s,%s))', i % 90, i % 90, i % 90, i % 90)::stbox FROM generate_series(1, 500) i;
CREATE INDEX boxes_gist ON boxes USING gist (b);
CREATE INDEX boxes_spgist ON boxes USING spgist (b);
CREATE INDEX boxes_brin ON boxes USING brin (b);
SET enable_seqscan = off;
SELECT count(*) FROM boxes WHERE b = 'SRID=4326;STBOX X((5,5),(5,5))';
SELECT count(*) FROM boxes WHERE b && 'SRID=4326;STBOX X((5,5),(5,5))';
SELECT count(*) FROM boxes WHERE b <<# 'STBOX T([2026-01-05, 2026-01-06])' AND b <@ 'STBOX T([2026-01-05, 2026-01-06])';
RESET enable_seqscan;
DROP TABLE boxes, queries, operators, expected, expected_near;
DROP FUNCTION random_box, answers, neighbours, differences, differences_near;
