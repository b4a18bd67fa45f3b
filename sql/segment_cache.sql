-- what a session keeps of segments never outlives them
SET client_min_messages = warning;
SET timezone = 'UTC';
SET territory.segment_rows = 500;
-- numbers begin anew in the same storage
BEGIN;
CREATE TABLE kept (sensor int, t timestamptz, v float8, k text) USING territory WITH (autovacuum_enabled = off);
INSERT INTO kept SELECT s, '2026-01-01'::timestamptz + i * interval '1 min', i, 'a' || i % 7 FROM generate_series(1, 4) s, generate_series(1, 1000) i;
SELECT rows FROM territory.seal('kept');
SELECT count(*), sum(v), min(k), max(t) FROM kept WHERE sensor IN (2, 3) AND v > 10;
TRUNCATE kept;
INSERT INTO kept SELECT s, '2026-01-01'::timestamptz + i * interval '1 min', -i, 'b' || i % 5 FROM generate_series(1, 4) s, generate_series(1, 1000) i;
SELECT rows FROM territory.seal('kept');
SELECT count(*), sum(v), min(k), max(t) FROM kept WHERE sensor IN (2, 3) AND v < -10;
SAVEPOINT s;
DELETE FROM kept WHERE sensor = 2;
TRUNCATE kept;
INSERT INTO kept SELECT 9, '2026-01-01'::timestamptz + i * interval '1 min', i, 'c' FROM generate_series(1, 1000) i;
SELECT rows FROM territory.seal('kept');
SELECT count(*), sum(v), min(k), max(t) FROM kept WHERE v < -10 OR v > 10;
ROLLBACK TO s;
SELECT count(*), sum(v), min(k), max(t) FROM kept WHERE sensor IN (2, 3) AND v < -10;
COMMIT;
-- and after vacuum removed all that bore them
SELECT territory.unseal('kept');
SELECT count(*), sum(v), min(k), max(t) FROM kept WHERE sensor IN (2, 3) AND v < -10;
VACUUM kept;
UPDATE kept SET v = -v;
SELECT rows FROM territory.seal('kept');
SELECT count(*), sum(v), min(k), max(t) FROM kept WHERE sensor IN (2, 3) AND v > 10;
SELECT count(*), sum(v), min(k), max(t) FROM kept WHERE sensor IN (2, 3) AND v < -10;
-- rewritten
VACUUM FULL kept;
SELECT count(*), sum(v), min(k), max(t) FROM kept WHERE sensor IN (2, 3) AND v > 10;
ALTER TABLE kept ALTER v TYPE numeric, ALTER k TYPE varchar(9), ADD COLUMN w int DEFAULT 5;
SELECT count(*), sum(v), min(k), max(t), sum(w) FROM kept WHERE sensor IN (2, 3) AND v > 10 AND w = 5;
-- more segments than there is room for, again and again
SET territory.segment_rows = 16;
CREATE TABLE many (sensor int, t timestamptz, v float8) USING territory WITH (autovacuum_enabled = off);
INSERT INTO many SELECT i / 16, '2026-01-01'::timestamptz + i * interval '1 min', i FROM generate_series(0, 79999) i;
SELECT rows, segments FROM territory.seal('many');
DO $$ DECLARE n bigint; BEGIN FOR i IN 1 .. 4 LOOP
	SELECT sum((v + i)::bigint) INTO n FROM (SELECT * FROM many WHERE v >= 0 OFFSET 0) m;
	IF n <> 3199960000::bigint + 80000 * i THEN RAISE EXCEPTION 'wrong in round %: %', i, n; END IF;
END LOOP; END $$;
SELECT count(*), sum(v) FROM (SELECT s, (SELECT v FROM many WHERE sensor = s * 50 ORDER BY t DESC LIMIT 1) AS v FROM generate_series(0, 99) s OFFSET 0) m;
SELECT sum(total_bytes) < 40000000 AS bounded FROM pg_backend_memory_contexts WHERE name LIKE 'territory%';
SELECT sum(problems) FROM (SELECT count(*) AS problems FROM territory.verify('kept') WHERE problem IS NOT NULL) v;
DROP TABLE kept, many;
-- boxes of segments in closed groups, and behind them, are kept as well
SET territory.segment_rows = 1000;
CREATE TABLE b (id int, t timestamptz, geom geometry(Point, 4326)) USING territory;
SELECT territory.set_layout('b', entity_columns => '{id}', time_column => 't');
INSERT INTO b SELECT i / 100, '2026-01-01'::timestamptz + i % 100 * interval '1 minute', ST_SetSRID(ST_MakePoint(i / 1000.0, 1), 4326)
	FROM generate_series(0, 69999) i;
SELECT segments, rows FROM territory.seal('b');
CREATE FUNCTION b_pruned(x float8) RETURNS TABLE (rows bigint, pruned text) LANGUAGE plpgsql AS $$
DECLARE
	query text := format('FROM b WHERE geom && ST_MakeEnvelope(%s, 0, %s, 2, 4326)', x, x + 0.1);
	line text;
BEGIN
	EXECUTE 'SELECT count(*) ' || query INTO rows;
	FOR line IN EXECUTE 'EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF) SELECT * ' || query LOOP
		pruned := coalesce(substring(line FROM 'Segments Pruned: (\d+)'), pruned);
	END LOOP;
	RETURN NEXT;
END $$;
SELECT x, (b_pruned(x)).* FROM unnest('{3.5, 63.5, 64.5, 69.5}'::float8[]) x;
DROP TABLE b;
DROP FUNCTION b_pruned;
