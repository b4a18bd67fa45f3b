-- Aggregates over rows in batches: parameters, deletes, added columns, domains, policies, cursors, joins, partitions.
SET client_min_messages = warning;
CREATE SCHEMA row_aggregates_plans;
SET search_path = row_aggregates_plans, public;
SET timezone = 'UTC';
SET territory.segment_rows = 500;
SET max_parallel_workers_per_gather = 0;
SET cpu_operator_cost = 0.1;
CREATE DOMAIN level AS float8 CHECK (VALUE > -1000);
CREATE DOMAIN moment AS timestamptz;
CREATE DOMAIN situation AS varchar(10);
CREATE TABLE b_heap (sensor int, t moment, v level, state situation, owner name, gone int) WITH (autovacuum_enabled = off);
INSERT INTO b_heap SELECT s, '2026-03-01'::timestamptz + i * interval '5 min' + s * interval '1 s', i * s % 57 + s / 8.0,
	CASE i % 7 WHEN 0 THEN NULL WHEN 1 THEN 'on' WHEN 2 THEN 'on' ELSE 'off' END, CASE s % 2 WHEN 0 THEN 'even' ELSE 'odd' END, 1
FROM generate_series(1, 8) s, generate_series(1, 600) i;
CREATE TABLE b (LIKE b_heap) USING territory WITH (autovacuum_enabled = off);
INSERT INTO b SELECT * FROM b_heap;
SELECT territory.seal('b') IS NOT NULL AS sealed;
CREATE PROCEDURE twice(command text) LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE replace(command, 'TABLE', 'b_heap');
	EXECUTE replace(command, 'TABLE', 'b');
END $$;
CALL twice('ALTER table TABLE DROP COLUMN gone');
CALL twice('ALTER table TABLE ADD COLUMN added float8 DEFAULT 2.5');
CALL twice('DELETE FROM TABLE WHERE sensor = 3 AND t < ''2026-03-01 20:00'' OR v = 7');
CALL twice('UPDATE TABLE SET v = v + 100 WHERE sensor = 4 AND state = ''on''');
CALL twice('INSERT INTO TABLE SELECT sensor, t + interval ''33 s'', v / 2, ''late'', owner, NULL FROM TABLE WHERE sensor IN (1, 5) AND v::int % 5 = 0');
CREATE FUNCTION twin(query text, OUT differ bigint, OUT row_count bigint, OUT node boolean) LANGUAGE plpgsql AS $$
DECLARE
	heap text := replace(query, 'TABLE', 'b_heap');
	ours text := replace(query, 'TABLE', 'b');
	line text;
BEGIN
	node := false;
	FOR line IN EXECUTE 'EXPLAIN ' || ours LOOP
		node := node OR line LIKE '%TerritoryAggregate%';
	END LOOP;
	EXECUTE format('SELECT count(*) FROM ((SELECT x::text FROM (%1$s) x EXCEPT ALL SELECT x::text FROM (%2$s) x) UNION ALL
		(SELECT x::text FROM (%2$s) x EXCEPT ALL SELECT x::text FROM (%1$s) x)) d', heap, ours) INTO differ;
	EXECUTE format('SELECT count(*) FROM (%s) x', ours) INTO row_count;
END $$;
CREATE TABLE queries (id int GENERATED ALWAYS AS IDENTITY, query text);
INSERT INTO queries (query) VALUES
	('SELECT sensor, territory.time_weighted_average(v, t), territory.integral(added, t), territory.first(added, t), territory.last(state, t) FROM TABLE GROUP BY sensor'),
	('SELECT sensor, territory.state_duration(state, t, ''on''), territory.availability(state, t, ''{on,late}'') FROM TABLE GROUP BY sensor'),
	('SELECT owner, territory.stats_summary(added), territory.histogram(v, 0, 60, 6), territory.longest_gap(t) FROM TABLE WHERE state IS NOT NULL GROUP BY owner'),
	('SELECT k, (SELECT territory.time_weighted_average(v, t, CASE WHEN k > 2 THEN ''linear'' ELSE ''step'' END) FROM TABLE WHERE sensor = k) FROM generate_series(0, 5) k'),
	('SELECT k, x.* FROM generate_series(1, 4) k, LATERAL (SELECT territory.exceedance(v, t, k * 10), territory.longest_gap(t, k * interval ''4 min''), territory.state_duration(state, t, CASE WHEN k > 2 THEN ''on'' ELSE ''off'' END) FROM TABLE WHERE sensor > k) x'),
	('SELECT s.k, territory.time_weighted_average(v + s.k, t), territory.last(s.k, t), territory.last(v, t) FILTER (WHERE v > s.k) FROM TABLE JOIN (VALUES (1), (2), (7)) s (k) ON s.k = sensor WHERE v < 1000 GROUP BY s.k'),
	('SELECT territory.time_weighted_average(DISTINCT v, t), territory.last(v, t ORDER BY v) FROM TABLE'),
	('SELECT sensor, territory.time_weighted_average(v, t) FROM TABLE GROUP BY CUBE (sensor, owner) HAVING territory.integral(v, t) > 10'),
	('SELECT t::date, sensor % 2, territory.integral(v, t, ''linear'', ''1 hour''), territory.counter_delta(v, t) FROM TABLE GROUP BY 1, 2'),
	('SELECT sensor, territory.time_weighted_average(v, t) FILTER (WHERE false), territory.time_weighted_average(NULL, t), territory.last(NULL::int, t) FROM TABLE GROUP BY sensor'),
	('SELECT territory.histogram(v, 0, 10, 5) FILTER (WHERE sensor = 1), territory.stats_summary(v) FILTER (WHERE sensor = 99) FROM TABLE');
SELECT id, (twin(query)).* FROM queries ORDER BY id;
RESET cpu_operator_cost; SET cpu_tuple_cost = 1;
SELECT id, (twin(query)).* FROM queries WHERE id = 6;
RESET cpu_tuple_cost;
-- prepared, with a plan that knows no parameter
SET plan_cache_mode = force_generic_plan;
PREPARE above (float8, text) AS SELECT sensor, territory.exceedance(v, t, $1, $2) FROM b WHERE sensor < 3 GROUP BY sensor ORDER BY sensor;
PREPARE above_heap (float8, text) AS SELECT sensor, territory.exceedance(v, t, $1, $2) FROM b_heap WHERE sensor < 3 GROUP BY sensor ORDER BY sensor;
EXECUTE above (30, 'step'); EXECUTE above_heap (30, 'step');
EXECUTE above (40, 'linear'); EXECUTE above_heap (40, 'linear');
EXECUTE above (NULL, 'step');
RESET plan_cache_mode;
-- a cursor
BEGIN;
DECLARE c SCROLL CURSOR FOR SELECT sensor, round(territory.time_weighted_average(v, t)::numeric, 6) AS mean FROM b GROUP BY sensor ORDER BY sensor;
FETCH 2 FROM c;
FETCH BACKWARD 1 FROM c;
FETCH LAST FROM c;
COMMIT;
-- what a policy hides is not counted
CREATE ROLE territory_row_reader;
GRANT SELECT ON b TO territory_row_reader;
GRANT USAGE ON SCHEMA territory, row_aggregates_plans TO territory_row_reader;
ALTER TABLE b ENABLE ROW LEVEL SECURITY;
CREATE POLICY even ON b USING (owner = 'even');
SET ROLE territory_row_reader;
SELECT owner, territory.num_values(territory.stats_summary(v)) AS n, territory.first(sensor, t) FROM b GROUP BY owner;
RESET ROLE;
ALTER TABLE b DISABLE ROW LEVEL SECURITY;
SELECT owner, territory.num_values(territory.stats_summary(v)) AS n, territory.first(sensor, t) FROM b_heap WHERE owner = 'even' GROUP BY owner;
-- groups that do not fit: several passes
SET work_mem = '64kB'; SET hash_mem_multiplier = 1; SET enable_sort = off; SET random_page_cost = 1000000;
SELECT (twin('SELECT sensor, v::float8, territory.time_weighted_average(v, t), territory.longest_gap(t), territory.last(state, t), territory.num_values(territory.stats_summary(v)) FROM TABLE GROUP BY 1, 2')).*;
RESET work_mem; RESET hash_mem_multiplier; RESET enable_sort; RESET random_page_cost;
-- values of workers, in a client's encoding that is another
CREATE TYPE mood AS ENUM ('gai', 'été', 'naïf');
CREATE TYPE pair AS (a text, m mood);
CREATE TABLE words AS SELECT i % 5 AS k, '2026-01-01'::timestamptz + i * interval '1 min' AS t, 'été ' || i AS word,
	(enum_range(NULL::mood))[1 + i / 5 % 3] AS m FROM generate_series(1, 20000) i;
SET client_encoding = 'LATIN1';
SET max_parallel_workers_per_gather = 2; SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0;
EXPLAIN (COSTS OFF) SELECT k, territory.last(word, t) FROM words GROUP BY k;
SELECT count(*), bool_and(x.word = w.word AND x.m = w.m AND x.p = ROW(w.word, w.m)::pair AND x.a = ARRAY[w.m, 'gai'] AND x.r::text = ROW(w.word, w.m)::text AND x.x = 'été')
FROM (SELECT k, territory.last(word, t) AS word, territory.last(m, t) AS m, territory.last(ROW(word, m)::pair, t) AS p, territory.last(ARRAY[m, 'gai'], t) AS a,
		territory.last(ROW(word, m), t) AS r, territory.first('été'::varchar, t) AS x FROM words GROUP BY k) x
JOIN (SELECT DISTINCT ON (k) * FROM words ORDER BY k, t DESC) w USING (k);
RESET client_encoding; RESET max_parallel_workers_per_gather; RESET parallel_setup_cost; RESET parallel_tuple_cost; RESET min_parallel_table_scan_size;
-- partitions
CREATE TABLE parts_heap (sensor int, t timestamptz, v float8) PARTITION BY RANGE (t);
CREATE TABLE parts (sensor int, t timestamptz, v float8) PARTITION BY RANGE (t);
CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM ('2026-03-01') TO ('2026-03-02') USING territory;
CREATE TABLE parts_2 PARTITION OF parts FOR VALUES FROM ('2026-03-02') TO ('2026-03-09') USING territory;
INSERT INTO parts SELECT sensor, t, v FROM b_heap WHERE t >= '2026-03-01';
SELECT territory.seal('parts_1') IS NOT NULL, territory.seal('parts_2') IS NOT NULL;
SELECT count(*), bool_and(a = b AND x = y) FROM (SELECT sensor, territory.integral(v, t) AS a, territory.last(v, t) AS x FROM parts GROUP BY sensor) p
JOIN (SELECT sensor, territory.integral(v, t) AS b, territory.last(v, t) AS y FROM b_heap WHERE t >= '2026-03-01' GROUP BY sensor) h USING (sensor);
DROP OWNED BY territory_row_reader;
DROP ROLE territory_row_reader;
DROP SCHEMA row_aggregates_plans CASCADE;
