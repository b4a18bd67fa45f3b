-- Sealed rows stand by entity, then by time, whatever the entity's type and the memory.
SET client_min_messages = warning;
SET timezone = 'UTC';
CREATE TABLE sorted (i int, name text, u uuid, f float8, n numeric, e text COLLATE "C", t timestamptz, s smallint, c "char",
	arr int[], big text, d date, gone int, p geometry) USING territory;
ALTER TABLE sorted DROP COLUMN gone;
-- in an order of nothing; some values toasted, some null
INSERT INTO sorted
SELECT k % 7 - 3, 'a long name that is the same ' || k % 5, md5((k % 11)::text)::uuid,
	(ARRAY['-Infinity', '-1.5', '2', '0', '1e-300', 'Infinity', 'NaN'])[1 + k % 7]::float8, (k % 4) * 1.0, NULLIF(k % 3, 0),
	CASE WHEN k % 100 <> 7 THEN '2026-01-01'::timestamptz - (k * 7919 % 4001) * interval '1 minute' END, k % 3, chr(65 + k % 3)::"char",
	ARRAY[k, k % 2], CASE WHEN k % 500 = 0 THEN repeat(md5(k::text), 1000) ELSE 'x' END, '2026-01-01'::date + k % 9, ST_Point(k, k)
FROM generate_series(1, 4000) k;
CREATE TABLE twin AS SELECT * FROM sorted;
-- how often the entity changes or time steps back, from row to row
CREATE FUNCTION disorder(entity text) RETURNS TABLE(entities bigint, runs bigint, back bigint) LANGUAGE plpgsql AS $$
BEGIN
	RETURN QUERY EXECUTE format('SELECT count(DISTINCT coalesce(key, ''none'')),
		count(*) FILTER (WHERE key IS DISTINCT FROM key1 OR place = 1), count(*) FILTER (WHERE key IS NOT DISTINCT FROM key1 AND t < t1)
		FROM (SELECT key, t, row_number() OVER w AS place, lag(key) OVER w AS key1, lag(t) OVER w AS t1
			FROM (SELECT %s::text AS key, t, ctid FROM sorted) r WINDOW w AS (ORDER BY ctid)) x', entity);
END $$;
CREATE FUNCTION seal_by(entity name[]) RETURNS TABLE(rows bigint, lost bigint, entities bigint, runs bigint, back bigint, ok boolean)
	LANGUAGE plpgsql AS $$
BEGIN
	PERFORM territory.unseal('sorted');
	PERFORM territory.set_layout('sorted', entity_columns => entity);
	rows := (SELECT s.rows FROM territory.seal('sorted') s);
	lost := (SELECT count(*) FROM (SELECT x::text FROM twin x EXCEPT ALL SELECT y::text FROM sorted y) z);
	SELECT * INTO entities, runs, back FROM disorder((SELECT format('ROW(%s)', string_agg(c, ',')) FROM unnest(entity) c));
	ok := (SELECT bool_and(v.ok) FROM territory.verify('sorted') v);
	RETURN NEXT;
END $$;
SELECT e, b.* FROM (VALUES ('{i}'::name[]), ('{name}'), ('{u}'), ('{f}'), ('{n}'), ('{e}'), ('{s}'), ('{c}'), ('{d}'), ('{name,i}')) x(e), seal_by(e) b;
-- in runs that are merged
SET maintenance_work_mem = '1MB';
SELECT e, b.* FROM (VALUES ('{i}'::name[]), ('{name}'), ('{name,i}')) x(e), seal_by(e) b;
RESET maintenance_work_mem;
-- rows with equal keys keep their order
CREATE TABLE equal_keys (e int, t date, n int) USING territory;
INSERT INTO equal_keys SELECT k % 3, '2026-01-01'::date + k % 2, k FROM generate_series(1, 2000) k;
SELECT territory.set_layout('equal_keys', entity_columns => '{e}');
SELECT rows FROM territory.seal('equal_keys');
SELECT count(*) FROM (SELECT e, t, n, lag(e) OVER w AS e1, lag(t) OVER w AS t1, lag(n) OVER w AS n1 FROM equal_keys WINDOW w AS (ORDER BY ctid)) x
WHERE e = e1 AND t = t1 AND n < n1;
-- arrays that a function has open when they are loaded
CREATE FUNCTION open_array(k int) RETURNS int[] LANGUAGE plpgsql AS $$
DECLARE
	a int[] := ARRAY[k];
BEGIN
	a[2] := k + 1;
	RETURN a;
END $$;
CREATE UNLOGGED TABLE loaded (e int, t timestamptz, a int[]) USING territory;
SET territory.bulk_seal = on;
INSERT INTO loaded SELECT k % 3, '2026-01-01'::timestamptz + k * interval '1 hour', open_array(k) FROM generate_series(1, 1000) k;
RESET territory.bulk_seal;
SELECT count(*), sum(a[1]), sum(a[2]), (SELECT bool_and(ok) FROM territory.verify('loaded')) FROM loaded;
DROP TABLE sorted, twin, equal_keys, loaded;
DROP FUNCTION disorder, seal_by, open_array;
