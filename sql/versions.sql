-- What only later versions of PostgreSQL can say, tried where it can be said; the answer is the same everywhere.
SET client_min_messages = warning;
-- runs a query on versions that know it; true where it gives what is expected, or is not known
CREATE FUNCTION gives(version int, query text, expected text) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
	result text;
BEGIN
	IF current_setting('server_version_num')::int < version * 10000 THEN
		RETURN true;
	END IF;
	EXECUTE query INTO result;
	IF result IS DISTINCT FROM expected THEN
		RAISE NOTICE '% gives %', query, result;
	END IF;
	RETURN result IS NOT DISTINCT FROM expected;
EXCEPTION WHEN feature_not_supported THEN
	RETURN expected = 'refused';
END $$;
CREATE TABLE m (k int PRIMARY KEY, v int) USING territory;
INSERT INTO m SELECT i, i FROM generate_series(1, 100) i;
SELECT rows FROM territory.seal('m');
SELECT gives(17, 'WITH x AS (MERGE INTO m USING (VALUES (1, 10), (500, 5)) s(k, v) ON m.k = s.k
	WHEN MATCHED THEN UPDATE SET v = s.v
	WHEN NOT MATCHED THEN INSERT VALUES (s.k, s.v)
	RETURNING merge_action() AS action, m.*) SELECT string_agg(action || k || v, '','' ORDER BY k) FROM x', 'UPDATE110,INSERT5005');
SELECT gives(17, 'WITH x AS (MERGE INTO m USING (VALUES (1)) s(k) ON m.k = s.k
	WHEN NOT MATCHED BY SOURCE AND m.k < 5 THEN DELETE
	RETURNING merge_action() AS action, m.k) SELECT string_agg(action || k, '','' ORDER BY k) FROM x', 'DELETE2,DELETE3,DELETE4');
SELECT gives(18, 'WITH x AS (UPDATE m SET v = v + 1 WHERE k = 20 RETURNING old.v AS a, new.v AS b) SELECT a || ''-'' || b FROM x', '20-21');
SELECT gives(18, 'WITH x AS (DELETE FROM m WHERE k = 21 RETURNING old.v AS a, new.v AS b) SELECT a || coalesce(''-'' || b, ''!'') FROM x', '21!');
SELECT gives(18, 'WITH x AS (INSERT INTO m VALUES (22, 0) ON CONFLICT (k) DO UPDATE SET v = excluded.v RETURNING old.v AS a, new.v AS b) SELECT a || ''-'' || b FROM x', '22-0');
-- columns that are computed when they are read
DO $$ BEGIN
	IF current_setting('server_version_num')::int >= 180000 THEN
		EXECUTE $q$
			CREATE TABLE g (k int PRIMARY KEY, a int, b int GENERATED ALWAYS AS (a * 2) VIRTUAL, c text) USING territory;
			INSERT INTO g (k, a, c) SELECT i, i, 'x' || i FROM generate_series(1, 100) i;
			SELECT territory.seal('g');
			ALTER TABLE g ADD COLUMN d int GENERATED ALWAYS AS (a + 1) VIRTUAL;
			ALTER TABLE g ALTER COLUMN b SET EXPRESSION AS (a * 3);
		$q$;
	END IF;
END $$;
SELECT gives(18, 'SELECT sum(b) || ''-'' || sum(d) || ''-'' || min(c) FROM g WHERE b > 30', '14985-5085-x100');
SELECT gives(18, 'SELECT k || c FROM g WHERE d = 12', '11x11');
-- a key without overlaps is an exclusion constraint
DO $$ BEGIN
	IF current_setting('server_version_num')::int >= 180000 THEN
		EXECUTE $q$
			CREATE TABLE o (q int4range, r int4range, UNIQUE (q, r WITHOUT OVERLAPS)) USING territory;
			INSERT INTO o VALUES ('[1,5)', '[1,5)'), ('[1,5)', '[5,9)');
		$q$;
	END IF;
END $$;
SELECT gives(18, 'SELECT rows FROM territory.seal(''o'')', 'refused');
-- partitions have their parent's access method
DO $$ BEGIN
	IF current_setting('server_version_num')::int >= 170000 THEN
		EXECUTE $q$
			CREATE TABLE p (k int, v int) PARTITION BY LIST (k) USING territory;
			CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1);
			INSERT INTO p VALUES (1, 10), (1, 11);
			SELECT territory.seal('p1');
		$q$;
	END IF;
END $$;
SELECT gives(17, 'SELECT sum(v) || amname FROM p, pg_class c JOIN pg_am a ON a.oid = relam WHERE relname = ''p1'' GROUP BY amname', '21territory');
DROP TABLE IF EXISTS m, g, o, p;
DROP FUNCTION gives;
