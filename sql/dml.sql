-- Writing to sealed rows: update, delete, upsert, merge, foreign keys, triggers, cursors, locks, RLS.
SET client_min_messages = warning;
SET timezone = 'UTC';
SET territory.segment_rows = 500;
CREATE TABLE place (id int PRIMARY KEY, name text);
INSERT INTO place SELECT i, 'place ' || i FROM generate_series(1, 10) i;
CREATE TABLE obs (place int REFERENCES place ON DELETE CASCADE ON UPDATE CASCADE, t timestamptz, v numeric(8, 2),
	note text, PRIMARY KEY (place, t)) USING territory;
INSERT INTO obs SELECT p, '2026-01-01'::timestamptz + i * interval '10 min', i / 7.0, NULL
FROM generate_series(1, 10) p, generate_series(1, 300) i;
SELECT rows, segments FROM territory.seal('obs');
-- update, delete, upsert, merge
UPDATE obs SET note = 'seen' WHERE place = 3 AND t < '2026-01-01 01:00' RETURNING place, t, v, note;
UPDATE obs SET t = t + interval '1 year' WHERE place = 4;
DELETE FROM obs WHERE place = 5 AND t >= '2026-01-02';
INSERT INTO obs VALUES (6, '2026-01-01 00:10', 1) ON CONFLICT DO NOTHING;
INSERT INTO obs VALUES (6, '2026-01-01 00:10', 99) ON CONFLICT (place, t) DO UPDATE SET v = excluded.v, note = 'upsert'
RETURNING *;
INSERT INTO obs VALUES (6, '2026-01-01 00:10', 98) ON CONFLICT (place, t) DO UPDATE SET v = excluded.v WHERE obs.v < 0;
MERGE INTO obs USING (VALUES (7, '2026-01-01 00:10'::timestamptz), (7, '2030-01-01')) s(p, t)
ON obs.place = s.p AND obs.t = s.t
WHEN MATCHED THEN UPDATE SET note = 'merged' WHEN NOT MATCHED THEN INSERT VALUES (s.p, s.t, 0, 'new');
SELECT count(*), sum(v), count(note) FROM obs;
SELECT place, count(*), min(t), max(t) FROM obs GROUP BY place ORDER BY place;
SELECT sum(rows), sum(dead_rows) FROM territory.segments('obs');
-- foreign keys both ways
DELETE FROM place WHERE id = 8;
SELECT count(*) FROM obs WHERE place = 8;
UPDATE place SET id = 80 WHERE id = 9;
SELECT place, count(*) FROM obs WHERE place IN (9, 80) GROUP BY place;
INSERT INTO obs(place, t) VALUES (77, now());
CREATE TABLE remark (place int, t timestamptz, what text, FOREIGN KEY (place, t) REFERENCES obs);
INSERT INTO remark VALUES (3, '2026-01-01 02:00', 'on a sealed row');
INSERT INTO remark VALUES (3, '2031-01-01 02:00', 'on nothing');
DELETE FROM obs WHERE place = 3 AND t = '2026-01-01 02:00';
DROP TABLE remark;
-- triggers and transition tables
CREATE TABLE log (what text);
CREATE FUNCTION log_row() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN INSERT INTO log VALUES (TG_OP || ' ' || coalesce(old.v::text, '-') || ' -> ' || coalesce(new.v::text, '-')); RETURN coalesce(new, old); END $$;
CREATE TRIGGER log_row AFTER INSERT OR UPDATE OR DELETE ON obs FOR EACH ROW EXECUTE FUNCTION log_row();
CREATE FUNCTION log_all() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN INSERT INTO log SELECT 'was ' || sum(v) FROM was; RETURN NULL; END $$;
CREATE TRIGGER log_all AFTER UPDATE ON obs REFERENCING OLD TABLE AS was FOR EACH STATEMENT EXECUTE FUNCTION log_all();
UPDATE obs SET v = -1 WHERE place = 2 AND t <= '2026-01-01 00:20';
DELETE FROM obs WHERE place = 2 AND t = '2026-01-01 00:30';
SELECT * FROM log ORDER BY what;
SELECT rows > 0 FROM territory.seal('obs');
SELECT count(*) FROM log;
-- cursors
BEGIN;
DECLARE c SCROLL CURSOR FOR SELECT place, t, v FROM obs WHERE place = 10;
FETCH 2 FROM c;
FETCH LAST FROM c;
FETCH BACKWARD 2 FROM c;
FETCH ABSOLUTE 3 FROM c;
UPDATE obs SET v = 12345 WHERE CURRENT OF c;
SELECT place, t, v FROM obs WHERE v = 12345;
SELECT territory.seal('obs');
ROLLBACK;
CREATE TABLE small (a int) USING territory;
BEGIN;
DECLARE c CURSOR FOR SELECT * FROM small;
DELETE FROM small WHERE CURRENT OF c;
ROLLBACK;
DROP TABLE small;
-- row locks
BEGIN;
SELECT place, t FROM obs WHERE place = 10 ORDER BY t LIMIT 2 FOR UPDATE;
SAVEPOINT a;
DELETE FROM obs WHERE place = 10;
SELECT count(*) FROM obs WHERE place = 10;
ROLLBACK TO a;
SELECT count(*) FROM obs WHERE place = 10;
COMMIT;
-- row level security
CREATE ROLE regress_territory_reader;
GRANT SELECT, UPDATE ON obs TO regress_territory_reader;
GRANT ALL ON log TO regress_territory_reader;
ALTER TABLE obs ENABLE ROW LEVEL SECURITY;
CREATE POLICY p ON obs TO regress_territory_reader USING (place IN (1, 10));
SET ROLE regress_territory_reader;
SELECT place, count(*) FROM obs GROUP BY place ORDER BY place;
UPDATE obs SET note = 'mine' WHERE t = '2026-01-01 05:00';
SELECT territory.seal('obs');
RESET ROLE;
SELECT place FROM obs WHERE note = 'mine' ORDER BY place;
DROP TABLE obs, place, log CASCADE;
DROP FUNCTION log_row, log_all;
DROP ROLE regress_territory_reader;
-- one command that meets a sealed row twice changes it once
CREATE TABLE twice (a int, b text) USING territory;
INSERT INTO twice SELECT i % 5, repeat('x', 5000) || i FROM generate_series(1, 50) i;
SELECT rows FROM territory.seal('twice');
DELETE FROM twice x USING twice y WHERE x.a = 1 AND y.a = x.a;
UPDATE twice x SET b = 'y' FROM twice y WHERE x.a = 2 AND y.a = x.a;
MERGE INTO twice USING (VALUES (3), (3)) s(a) ON s.a = twice.a WHEN MATCHED THEN UPDATE SET b = 'z';
SELECT a, count(*), max(length(b)) FROM twice GROUP BY a ORDER BY a;
DROP TABLE twice;
-- what was read of a segment is forgotten when the table gets new storage
CREATE TABLE anew (id int PRIMARY KEY, a int, b text) USING territory;
INSERT INTO anew SELECT i, i, 'old ' || i FROM generate_series(1, 3) i;
SELECT rows FROM territory.seal('anew');
BEGIN;
UPDATE anew SET a = -1 WHERE id = 1 RETURNING *;
TRUNCATE anew;
INSERT INTO anew SELECT i, i * 100, 'new ' || i FROM generate_series(1, 3) i;
SELECT rows FROM territory.seal('anew');
UPDATE anew SET a = a + 1 WHERE id = 2 RETURNING *;
ROLLBACK;
BEGIN;
UPDATE anew SET a = -1 WHERE id = 1 RETURNING *;
ALTER TABLE anew ALTER a TYPE text USING 'x' || a;
UPDATE anew SET b = b || '!' WHERE id = 2 RETURNING *;
ROLLBACK;
BEGIN;
UPDATE anew SET a = -1 WHERE id = 1 RETURNING *;
ALTER TABLE anew DROP a, ADD c int DEFAULT 7;
UPDATE anew SET b = b || '!' WHERE id = 2 RETURNING *;
ROLLBACK;
DROP TABLE anew;
-- a DELETE collects its dead marks, and has them written before anybody looks: in its own subtransactions, too
CREATE TABLE many (e integer, t integer, PRIMARY KEY (e, t)) USING territory;
INSERT INTO many SELECT e, t FROM generate_series(1, 4) e, generate_series(1, 5000) t;
SELECT rows FROM territory.seal('many');
CREATE FUNCTION left_now(boolean) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
	left_then bigint;
BEGIN
	BEGIN
		SELECT count(*) INTO left_then FROM many;
		IF $1 THEN
			RAISE division_by_zero;
		END IF;
	EXCEPTION WHEN division_by_zero THEN
		NULL;
	END;
	RETURN left_then;
END $$;
BEGIN;
DELETE FROM many WHERE e = 1;
SELECT count(*) FROM many;
SAVEPOINT s;
DELETE FROM many WHERE e = 2 AND t % 2 = 0;
SELECT count(*) FROM many;
ROLLBACK TO s;
SELECT count(*) FROM many;
DELETE FROM many WHERE e = 3 AND (t % 1000 <> 7 OR left_now(t > 2000) > 0);
DELETE FROM many WHERE e = 3;
SELECT e, count(*) FROM many GROUP BY e ORDER BY e;
DELETE FROM many a USING many b WHERE a.e = 4 AND b.e = 4 AND a.t / 10 = b.t / 10;
SELECT e, count(*) FROM many GROUP BY e ORDER BY e;
INSERT INTO many VALUES (4, 10), (2, 10) ON CONFLICT DO NOTHING;
SAVEPOINT s;
INSERT INTO many VALUES (2, 10);
ROLLBACK TO s;
COMMIT;
SELECT e, count(*) FROM many GROUP BY e ORDER BY e;
-- rows that have an entry of their own already are deleted one by one
BEGIN;
SELECT count(*) FROM (SELECT FROM many WHERE e = 2 AND t BETWEEN 1 AND 3 FOR SHARE) locked;
DELETE FROM many WHERE e = 2 AND t < 1000;
SELECT count(*) FROM many;
ROLLBACK;
DELETE FROM many WHERE e = 2 AND t < 1000;
SELECT count(*), sum(t) FROM many;
SELECT sum(dead_rows) FROM territory.segments('many');
SELECT bool_and(ok), sum(rows) FROM territory.verify('many');
VACUUM FULL many;
SELECT count(*), sum(t) FROM many;
SELECT rows, dead_rows FROM territory.compact('many');
SELECT count(*), sum(t) FROM many;
DROP TABLE many;
DROP FUNCTION left_now;
-- a function that a DELETE calls sees what that has deleted so far, the present row included
CREATE TABLE seen (a int) USING territory;
INSERT INTO seen SELECT generate_series(1, 6);
SELECT rows FROM territory.seal('seen');
CREATE FUNCTION left_seen() RETURNS bigint LANGUAGE sql VOLATILE AS 'SELECT count(*) FROM seen';
DELETE FROM seen WHERE left_seen() > 3 RETURNING a, left_seen();
SELECT count(*) FROM seen;
DROP FUNCTION left_seen;
DROP TABLE seen;
