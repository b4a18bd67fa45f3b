-- Conditions that hold for stretches of a column: the same rows as PostgreSQL's own aggregation, blocks excluded or summarised.
SET client_min_messages = warning; SET timezone = 'Europe/Paris'; SET datestyle = 'ISO, YMD';
SET enable_indexscan = off; SET enable_bitmapscan = off; SET max_parallel_workers_per_gather = 0;
SET territory.segment_rows = 3000;
CREATE TABLE q (sensor int, t timestamptz, ts timestamp, d date, i int, f float8) USING territory WITH (autovacuum_enabled = off);
SELECT territory.set_layout('q', entity_columns => '{sensor}', time_column => 't');
INSERT INTO q SELECT s, x, x AT TIME ZONE 'UTC', x::date, n, n / 8.0 FROM generate_series(1, 3) s, generate_series(0, 2200) n,
	LATERAL (SELECT '2026-03-26 00:00+01'::timestamptz + n * interval '4 min') x(x);
INSERT INTO q SELECT 4, x, x, x::date, 1, 1 FROM unnest('{infinity,-infinity,NULL,2026-03-29 01:30:00+00,2026-03-29 00:30:00+00,1969-12-31 23:59:59+00}'::timestamptz[]) x;
SELECT count(*) FROM territory.seal('q');
ANALYZE q;
CREATE FUNCTION digest_of(query text, node text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	result text;
BEGIN
	PERFORM set_config('territory.enable_aggregate', node, true);
	EXECUTE query INTO result;
	RETURN result;
EXCEPTION WHEN OTHERS THEN
	RETURN SQLERRM;
END $$;
CREATE FUNCTION twin(condition text, OUT equal boolean, OUT passed text, OUT decoded bigint, OUT pruned bigint, OUT summed bigint) LANGUAGE plpgsql AS $$
DECLARE
	query text := format('SELECT sensor, count(*) AS n, sum(i) AS s, min(t) AS t FROM q WHERE %s GROUP BY sensor', condition);
	digest text := format('SELECT sum(n) || '' rows, '' || md5(string_agg(whole::text, '','' ORDER BY whole::text)) FROM (%s) whole', query);
	with_node text := digest_of(digest, 'on');
	without text := digest_of(digest, 'off');
	plan jsonb;
BEGIN
	PERFORM set_config('territory.enable_aggregate', 'on', true);
	equal := with_node IS NOT DISTINCT FROM without;
	passed := split_part(without, ',', 1);
	IF passed !~ 'rows$' THEN
		RETURN;
	END IF;
	EXECUTE 'EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF, FORMAT JSON) ' || query INTO plan;
	decoded := plan #> '{0,Plan,Blocks Read}';
	pruned := plan #> '{0,Plan,Blocks Pruned}';
	summed := plan #> '{0,Plan,Blocks Answered from Summaries}';
END $$;
CREATE TABLE conditions (id int GENERATED ALWAYS AS IDENTITY, condition text);
INSERT INTO conditions (condition) VALUES
	('t::date = ''2026-03-29'''), ('CAST(t AS date) BETWEEN ''2026-03-27'' AND ''2026-03-28'''), ('date_trunc(''day'', t) = ''2026-03-29'''), ('CAST(t AS timestamp) >= ''2026-03-29 00:00'' AND CAST(t AS timestamp) < ''2026-03-30'''),
	('extract(epoch FROM t) BETWEEN 1774738800 AND 1774821599'), ('1774821599 >= extract(epoch FROM t)'), ('extract(epoch FROM t) < 0'), ('date_part(''epoch'', ts) > 1774821599.5'), ('extract(hour FROM t) BETWEEN 7 AND 9'), ('extract(isodow FROM t) IN (6, 7)'),
	('extract(hour FROM t) = 2'), ('to_char(t, ''YYYY-MM'') = ''2026-03'''), ('t AT TIME ZONE ''Asia/Kathmandu'' < ''2026-03-29 05:00'''), ('(t AT TIME ZONE interval ''1 hour'') <= ''2026-03-29 01:00'''), ('t + interval ''1 day'' > ''2026-03-31'''),
	('NOT (t::date = ''2026-03-29'')'), ('t::date = ''2026-03-29'' OR t::date = ''2026-03-31'''), ('(t::date = ''2026-03-29'') IS NOT TRUE'), ('t::date IS NULL'), ('coalesce(t::date, ''2026-01-01'') <= ''2026-03-27'''), ('t::date = NULL'),
	('ts::date = ''2026-03-29'' AND sensor = 2'), ('date_trunc(''week'', d) = ''2026-03-23'' AND i > 1000'), ('i / 100 = 7'), ('i % 2 = 0 AND t::date = ''2026-03-29'''), ('f > 100 AND extract(hour FROM t) = 12'), ('territory.time_bucket(''6 hours'', t, ''Europe/Paris'') = ''2026-03-29 00:00'''),
	('t >= ''2026-03-28'' AND t::date < ''2026-03-30'' AND extract(hour FROM t) < 3'), ('extract(epoch FROM t) / 0 > 1'), ('1 / extract(minute FROM t)::int > 5');
SELECT id, condition, x.* FROM conditions, twin(condition) x ORDER BY id;
SET timezone = 'America/St_Johns';
SELECT id, condition, x.* FROM conditions, twin(condition) x WHERE NOT equal;
SET timezone = 'Europe/Paris';
DELETE FROM q WHERE i % 500 = 7; UPDATE q SET t = t + interval '1 day' WHERE i = 900;
SELECT id, condition, x.* FROM conditions, twin(condition) x WHERE NOT equal;
-- parameters
SET plan_cache_mode = force_generic_plan;
PREPARE p(date) AS SELECT count(*) FROM q WHERE t::date = $1;
EXECUTE p('2026-03-29'); EXECUTE p('2026-03-30'); EXECUTE p(NULL); SET timezone = 'Asia/Tokyo'; EXECUTE p('2026-03-29'); SET timezone = 'Europe/Paris';
RESET plan_cache_mode;
SELECT day, (SELECT count(*) FROM q WHERE t::date = day) FROM generate_series('2026-03-28'::date, '2026-03-30', '1 day') x(day);
-- a condition that comes before one that may tell, or fail, keeps its place
CREATE FUNCTION tells(int, timestamptz) RETURNS boolean LANGUAGE plpgsql IMMUTABLE COST 0.0001 AS $$
BEGIN
	RAISE WARNING 'saw % of %', $1, $2;
	RETURN true;
END $$;
CREATE ROLE quals_reader;
GRANT SELECT ON q TO quals_reader;
ALTER TABLE q ENABLE ROW LEVEL SECURITY;
CREATE POLICY early ON q USING (t::date = '2026-03-26' AND i < 2);
SET ROLE quals_reader;
SELECT count(*) FROM q WHERE tells(i, t);
RESET ROLE;
DROP POLICY early ON q; ALTER TABLE q DISABLE ROW LEVEL SECURITY;
SELECT count(*) FROM q WHERE t::date = '2026-03-26' AND 1000 / (i - 1000) < 0;
SELECT count(*) FROM q WHERE extract(hour FROM t) = 5 AND 1000 / (i - 1000) < 0 AND sensor < 4;
DROP TABLE q, conditions; DROP FUNCTION twin, digest_of, tells; DROP ROLE quals_reader;
