-- Group keys that are columns of any type, or expressions of one: the same groups as PostgreSQL's own aggregation.
SET client_min_messages = warning; SET timezone = 'UTC'; SET extra_float_digits = 0;
SET enable_indexscan = off; SET enable_bitmapscan = off; SET max_parallel_workers_per_gather = 0;
SET territory.segment_rows = 900;
CREATE COLLATION any_case (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
CREATE TABLE v (sensor text, part uuid, t timestamp, f8 float8, f4 float4, n numeric, k varchar(9), c text COLLATE any_case, b boolean, x bytea, j jsonb, d date, i int)
	USING territory WITH (autovacuum_enabled = off);
SELECT territory.set_layout('v', entity_columns => '{sensor,part}');
INSERT INTO v SELECT CASE WHEN s < 6 THEN 'sensor ' || s END, md5((s / 2)::text)::uuid, '2026-01-01'::timestamp + i * interval '10 min',
	CASE i % 7 WHEN 0 THEN 'NaN' WHEN 1 THEN '-0' WHEN 2 THEN '0' WHEN 3 THEN NULL WHEN 4 THEN 'Infinity' ELSE (i / 100)::text END::float8, CASE WHEN s = 3 THEN '-0' WHEN s = 4 THEN '0' ELSE s::text END::float4,
	CASE i % 4 WHEN 0 THEN 1.0 WHEN 1 THEN 1.00 WHEN 2 THEN NULL ELSE i / 50 END, 'k' || i / 30 % 5, CASE WHEN (i + s) % 2 = 0 THEN 'Case' ELSE 'cASE' END, i % 3 = 0,
	decode(lpad((i / 9 % 3)::text, 2, '0'), 'hex'), jsonb_build_object('a', i % 2), '2026-01-01'::date + i / 200, i / 100
FROM generate_series(1, 7) s, generate_series(1, 600) i;
SELECT rows FROM territory.seal('v');
ANALYZE v;
CREATE FUNCTION digest_of(query text, node text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	result text;
BEGIN
	PERFORM set_config('territory.enable_aggregate', node, true);
	EXECUTE query INTO result;
	RETURN result;
END $$;
-- which of equal keys is shown is nobody's matter: they are compared by what is counted
CREATE FUNCTION twin(key text, filter text, OUT equal boolean, OUT groups bigint, OUT evaluated bigint, OUT summed bigint) LANGUAGE plpgsql AS $$
DECLARE
	query text := format('SELECT count(*) AS n, sum(i) AS i, count(f8) AS f, min(t) AS t FROM v WHERE %s GROUP BY %s', filter, key);
	digest text := format('SELECT count(*) || '' '' || md5(string_agg(whole::text, '','' ORDER BY whole::text)) FROM (%s) whole', query);
	with_node text := digest_of(digest, 'on');
	without text := digest_of(digest, 'off');
	plan jsonb;
BEGIN
	PERFORM set_config('territory.enable_aggregate', 'on', true);
	equal := with_node = without;
	groups := split_part(without, ' ', 1);
	EXECUTE 'EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF, FORMAT JSON) ' || query INTO plan;
	evaluated := plan #> '{0,Plan,Keys Evaluated}';
	summed := plan #> '{0,Plan,Blocks Answered from Summaries}';
END $$;
CREATE TABLE keys (id int GENERATED ALWAYS AS IDENTITY, key text);
INSERT INTO keys (key) VALUES ('sensor'), ('part'), ('sensor, part'), ('f8'), ('f4'), ('n'), ('k'), ('c'), ('b'), ('x'), ('j'), ('d'), ('i'), ('t'),
	('upper(sensor)'), ('sensor || part'), ('part::text'), ('length(k)'), ('f4 + 1'), ('f8::text'), ('1 / nullif(f4, 0)'), ('n * 2'), ('c || ''x'''), ('lower(c)'), ('NOT b'), ('b::int'), ('encode(x, ''hex'')'), ('j ->> ''a'''),
	('extract(month FROM d)'), ('i / 2'), ('sensor, date_trunc(''day'', t)'), ('substr(sensor, 8), date_bin(''90 min'', t, ''2026-01-01''), i'), ('coalesce(sensor, k)'), ('sensor IS NULL'), ('(sensor, part)'), ('b, sensor, i % 2');
SELECT id, key, x.* FROM keys, twin(key, 'true') x ORDER BY id;
-- less of them, and some of them dead
SELECT id, key, x.* FROM keys, twin(key, 'i <> 3') x WHERE NOT equal;
DELETE FROM v WHERE i = 4 AND sensor = 'sensor 2' OR t = '2026-01-02 10:00';
UPDATE v SET sensor = 'sensor 9' WHERE i = 1 AND b;
SELECT id, key, x.* FROM keys, twin(key, 'true') x WHERE NOT equal;
-- a type that was another, and a column that came later
ALTER TABLE v ALTER k TYPE text, ADD later text DEFAULT 'later', ADD hour int DEFAULT 5;
SELECT x.* FROM twin('k', 'true') x UNION ALL SELECT x.* FROM twin('later', 'true') x UNION ALL SELECT x.* FROM twin('later, hour', 'true') x;
-- little memory: several passes
SET work_mem = 64; SET hash_mem_multiplier = 1;
SELECT count(*), sum(n) FROM (SELECT sensor, part, t, f8, k, count(*) AS n FROM v GROUP BY 1, 2, 3, 4, 5) x;
SELECT count(*), sum(n) FROM (SELECT sensor, to_char(t, 'HH24:MI DD'), count(*) AS n FROM v GROUP BY 1, 2) x;
DROP TABLE v, keys; DROP FUNCTION twin, digest_of; DROP COLLATION any_case;
