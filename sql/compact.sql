-- compact(): small segments merged, dead rows left behind, nothing changed for who looks
SET TimeZone = 'UTC';
CREATE TABLE c (e integer, t timestamptz, v float8, note text, PRIMARY KEY (e, t)) USING territory;
SET territory.segment_rows = 100;
DO $$
BEGIN
	FOR i IN 1..10 LOOP
		INSERT INTO c SELECT e, '2026-01-01'::timestamptz + i * interval '1 day' + k * interval '1 hour', e + k, CASE WHEN k = 3 THEN repeat('x', 3000) END
		FROM generate_series(1, 3) e, generate_series(1, 8) k;
		PERFORM territory.seal('c');
	END LOOP;
END $$;
SELECT count(*), sum(rows) FROM territory.segments('c');
CREATE TABLE before AS SELECT * FROM c;
SELECT * FROM territory.compact('c') \gset
SELECT :rows AS rows, :dead_rows AS dead_rows, :segments_before AS before, :segments_after AS after, :bytes_after < :bytes_before AS smaller, :busy AS busy;
SELECT count(*), sum(rows), sum(dead_rows) FROM territory.segments('c');
SELECT bool_and(ok) FROM territory.verify('c');
(TABLE c EXCEPT ALL TABLE before) UNION ALL (TABLE before EXCEPT ALL TABLE c);
-- again: nothing is small but the last, nothing is dead
SELECT rows, dead_rows, segments_before, segments_after FROM territory.compact('c');
-- dead rows
DELETE FROM c WHERE e = 2;
UPDATE c SET v = -1 WHERE e = 3 AND t < '2026-01-03';
DELETE FROM before WHERE e = 2;
UPDATE before SET v = -1 WHERE e = 3 AND t < '2026-01-03';
SELECT rows, dead_rows, segments_before FROM territory.compact('c');
SELECT sum(rows), sum(dead_rows) FROM territory.segments('c');
(TABLE c EXCEPT ALL TABLE before) UNION ALL (TABLE before EXCEPT ALL TABLE c);
INSERT INTO c VALUES (1, '2026-01-02 01:00', 0);
INSERT INTO c VALUES (2, '2026-01-02 01:00', 0);
INSERT INTO before VALUES (2, '2026-01-02 01:00', 0);
-- rolled back, it leaves everything as it was
BEGIN;
DELETE FROM c WHERE e = 1;
SELECT dead_rows FROM territory.compact('c');
ROLLBACK;
(TABLE c EXCEPT ALL TABLE before) UNION ALL (TABLE before EXCEPT ALL TABLE c);
-- all rows of a segment dead: it goes
DELETE FROM c WHERE t < '2026-02-01';
SELECT rows, segments_after FROM territory.compact('c');
SELECT count(*) FROM territory.segments('c');
SELECT count(*) FROM c;
-- a seal merges small segments when there are many
SET territory.segment_rows = 32768;
DO $$
BEGIN
	FOR i IN 1..40 LOOP
		INSERT INTO c SELECT 9, '2026-03-01'::timestamptz + i * interval '1 day', i;
		PERFORM territory.seal('c');
	END LOOP;
END $$;
SELECT count(*) <= 17 AS few, sum(rows) FROM territory.segments('c');
SELECT count(*), sum(v), min(t), max(t) FROM c;
-- groups of the directory sum up what is left
SET territory.segment_rows = 1;
SELECT count(*) FROM c WHERE e = 9;
SELECT territory.unseal('c');
INSERT INTO c SELECT 8, '2026-03-01'::timestamptz + i * interval '1 day', i FROM generate_series(1, 200) i;
SELECT rows, segments FROM territory.seal('c');
SET territory.segment_rows = 100;
SELECT rows, segments_before FROM territory.compact('c');
SELECT sealed_rows, segments FROM territory.table_status WHERE relation = 'c'::regclass;
SELECT count(*), count(*) FILTER (WHERE e = 8 AND t = '2026-04-01') FROM c;
RESET territory.segment_rows;
-- refusals
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT territory.compact('c');
ROLLBACK;
SELECT territory.compact(NULL);
SELECT territory.compact('before');
CREATE ROLE regress_territory_compact;
GRANT SELECT ON c TO regress_territory_compact;
SET ROLE regress_territory_compact;
SELECT territory.compact('c');
RESET ROLE;
DROP TABLE c, before;
DROP ROLE regress_territory_compact;
