-- Unique keys that rows are not sorted by: key sets know every sealed one.
SET client_min_messages = warning;
SET timezone = 'UTC';
SET territory.segment_rows = 50;
CREATE COLLATION any_case (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
CREATE DOMAIN tag AS text CHECK (length(value) < 100);
CREATE TABLE k (id uuid PRIMARY KEY, t timestamptz, code text, part int, name text COLLATE any_case UNIQUE, label tag UNIQUE,
	big numeric UNIQUE) USING territory;
CREATE UNIQUE INDEX k_active ON k (code) WHERE part = 1;
CREATE UNIQUE INDEX k_two ON k (name, id);
CREATE FUNCTION add(first int, last int) RETURNS void LANGUAGE sql AS $$
	INSERT INTO k SELECT md5('id' || i)::uuid, '2026-01-01'::timestamptz + i * interval '1 min', md5('code' || i), 1,
		'Name' || md5('name' || i), CASE WHEN i % 10 > 0 THEN md5('label' || i) END, (i * 7919 % 100003) * 1.10
	FROM generate_series(first, last) i $$;
-- every key of every fourth row is refused, and a new one is not
CREATE FUNCTION refused(OUT id int, OUT code int, OUT name int, OUT label int, OUT big int, OUT passed int) LANGUAGE plpgsql AS $$
DECLARE
	r k;
BEGIN
	id := 0; code := 0; name := 0; label := 0; big := 0; passed := 0;
	FOR r IN SELECT * FROM k WHERE part = 1 AND extract(minute FROM t)::int % 4 = 0 ORDER BY t LOOP
		BEGIN INSERT INTO k(id) VALUES (r.id); EXCEPTION WHEN unique_violation THEN id := id + 1; END;
		BEGIN INSERT INTO k(id, code, part) VALUES (gen_random_uuid(), r.code, 1); EXCEPTION WHEN unique_violation THEN code := code + 1; END;
		BEGIN INSERT INTO k(id, name) VALUES (gen_random_uuid(), lower(r.name)); EXCEPTION WHEN unique_violation THEN name := name + 1; END;
		IF r.label IS NOT NULL THEN
			BEGIN INSERT INTO k(id, label) VALUES (gen_random_uuid(), r.label); EXCEPTION WHEN unique_violation THEN label := label + 1; END;
		END IF;
		BEGIN INSERT INTO k(id, big) VALUES (gen_random_uuid(), r.big * 1.000); EXCEPTION WHEN unique_violation THEN big := big + 1; END;
		BEGIN
			INSERT INTO k(id, code, part, name, label, big) VALUES (gen_random_uuid(), r.code, 2, r.name || 'x', r.label || 'x', r.big + 1000000);
			RAISE division_by_zero;
		EXCEPTION WHEN division_by_zero THEN passed := passed + 1;
		END;
	END LOOP;
END $$;
-- every key finds its row
CREATE FUNCTION found(OUT id int, OUT code int, OUT label int, OUT big int, OUT two int) LANGUAGE plpgsql AS $$
DECLARE
	r k;
	n int;
BEGIN
	id := 0; code := 0; label := 0; big := 0; two := 0;
	FOR r IN SELECT * FROM k WHERE part = 1 AND extract(minute FROM t)::int % 4 = 0 ORDER BY t LOOP
		SELECT count(*) INTO n FROM k WHERE k.id = r.id; id := id + n;
		SELECT count(*) INTO n FROM k WHERE k.code = r.code AND part = 1; code := code + n;
		SELECT count(*) INTO n FROM k WHERE k.label = r.label; label := label + n;
		SELECT count(*) INTO n FROM k WHERE k.big = r.big * 1.0000; big := big + n;
		SELECT count(*) INTO n FROM k WHERE k.id = r.id AND k.name = upper(r.name); two := two + n;
	END LOOP;
END $$;
CREATE FUNCTION sets() RETURNS TABLE (slot oid, sets bigint) LANGUAGE plpgsql AS $$
BEGIN
	RETURN QUERY EXECUTE format('SELECT chunk_id, count(*) FROM %s WHERE chunk_id BETWEEN 8 AND 10 GROUP BY 1 ORDER BY 1',
		(SELECT reltoastrelid::regclass FROM pg_class WHERE oid = 'k'::regclass));
END $$;
SELECT add(1, 300);
SELECT rows, segments FROM territory.seal('k');
SELECT * FROM refused();
SELECT * FROM found();
-- later seals join what is there
SELECT add(301, 400);
SELECT rows, segments FROM territory.seal('k');
SELECT add(401, 500);
SELECT rows, segments FROM territory.seal('k');
SELECT add(501, 800);
SELECT rows, segments FROM territory.seal('k');
SELECT * FROM sets();
SELECT * FROM refused();
SELECT * FROM found();
DO $$
DECLARE
	line text;
BEGIN
	FOR line IN EXECUTE 'EXPLAIN (ANALYZE, COSTS OFF, BUFFERS OFF, TIMING OFF, SUMMARY OFF) SELECT t FROM k WHERE id = md5(''id77'')::uuid AND part = 1' LOOP
		IF line !~ 'Index Searches' THEN RAISE INFO '%', replace(line, '.00 loops', ' loops'); END IF;
	END LOOP;
END $$;
-- an older snapshot finds what was sealed since
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT count(*) FROM k WHERE id = md5('id78')::uuid;
SELECT add(2001, 2002);
SELECT count(*) FROM k WHERE id = md5('id2001')::uuid;
ROLLBACK;
-- a seal that is taken back, whole or in part, after what it sealed was looked for
BEGIN;
SELECT add(801, 850);
SELECT rows FROM territory.seal('k');
SELECT * FROM refused();
SELECT * FROM found();
ROLLBACK;
SELECT add(801, 850);
BEGIN;
SAVEPOINT a;
SELECT rows FROM territory.seal('k');
SELECT * FROM refused();
SELECT * FROM found();
ROLLBACK TO a;
SELECT * FROM refused();
SELECT * FROM found();
COMMIT;
SELECT rows FROM territory.seal('k');
SELECT * FROM refused();
SELECT * FROM found();
-- keys that died, and live again
DELETE FROM k WHERE id = md5('id7')::uuid;
INSERT INTO k(id, t) VALUES (md5('id7')::uuid, '2026-06-01');
INSERT INTO k(id, t) VALUES (md5('id7')::uuid, '2026-06-01');
UPDATE k SET part = part WHERE id = md5('id8')::uuid;
UPDATE k SET id = md5('id10')::uuid WHERE id = md5('id9')::uuid;
INSERT INTO k(id, t) VALUES (md5('id10')::uuid, '2026-06-01') ON CONFLICT (id) DO UPDATE SET t = excluded.t RETURNING code = md5('code10') AS same;
SELECT rows FROM territory.seal('k');
INSERT INTO k(id) VALUES (md5('id7')::uuid);
SELECT * FROM refused();
SELECT * FROM found();
-- rewrites
ALTER TABLE k ALTER part TYPE bigint;
SELECT * FROM refused();
SELECT * FROM found();
VACUUM FULL k;
SELECT * FROM refused();
SELECT * FROM found();
ALTER TABLE k ALTER code TYPE varchar(40);
SELECT * FROM refused();
SELECT * FROM found();
-- some of it, and all of it, hot again
SELECT territory.unseal('k', '2026-01-01 05:00', '2026-01-01 09:00');
SELECT * FROM refused();
SELECT * FROM found();
SELECT territory.unseal('k');
SELECT * FROM sets();
SELECT * FROM refused();
SELECT * FROM found();
-- rows that came after everything was sealed and counted are looked up in the index
CREATE TEMP TABLE grown (id uuid PRIMARY KEY, t timestamptz) USING territory;
INSERT INTO grown SELECT md5(i::text)::uuid, '2026-01-01' FROM generate_series(1, 1000) i;
SELECT rows FROM territory.seal('grown');
VACUUM ANALYZE grown;
INSERT INTO grown SELECT md5('new' || i)::uuid, '2026-01-02' FROM generate_series(1, 20000) i;
EXPLAIN (COSTS OFF) SELECT t FROM grown WHERE id = md5('77')::uuid;
-- one key very often
CREATE TABLE same (id int, t timestamptz, code text) USING territory;
CREATE UNIQUE INDEX same_code ON same (code) WHERE id < 0;
SET territory.segment_rows = 1;
INSERT INTO same SELECT i, '2026-01-01', CASE WHEN i > 5 THEN 'x' ELSE 'y' || i END FROM generate_series(1, 2500) i;
INSERT INTO same VALUES (-1, '2026-01-02', 'x');
SELECT rows FROM territory.seal('same');
INSERT INTO same VALUES (-2, '2026-01-02', 'x');
INSERT INTO same VALUES (-2, '2026-01-02', 'y3');
INSERT INTO same VALUES (-3, '2026-01-02', 'y3');
DROP TABLE k, same;
DROP FUNCTION add, refused, found, sets;
DROP DOMAIN tag;
DROP COLLATION any_case;
