-- Aggregates over rows: what they give is what window functions give on a heap table, whatever the order of the rows and the plan.
SET client_min_messages = warning;
CREATE SCHEMA row_aggregates;
SET search_path = row_aggregates, public;
SET timezone = 'UTC';
SET territory.segment_rows = 1000;
SET max_parallel_workers_per_gather = 0;
-- the heap, which is not vacuumed here, as if it were in memory
SET seq_page_cost = 0.1;
CREATE TABLE r_heap (sensor int, t timestamptz, v float8, n numeric(10,2), f4 float4, i int, meter float8, state text, label varchar(20), u uuid)
	WITH (autovacuum_enabled = off);
-- rows come shuffled; some have no value or time, some share a time
INSERT INTO r_heap SELECT s, CASE WHEN i % 97 > 0 THEN '2026-03-01'::timestamptz + (i - (i % 10 = 3)::int) * interval '7 min 3.25 s' + s * interval '1 s' END,
	CASE WHEN i % 11 > 0 THEN round((20 + 5 * sin(i / 9.0) + s)::numeric, 2) END, i / 4.0 - s, (i % 50) / 8.0, i * s % 71 - 30,
	(i * s + 17) % 1000, CASE WHEN i % 13 > 0 THEN CASE i / 5 % 4 WHEN 0 THEN 'off' WHEN 1 THEN 'on' WHEN 2 THEN 'standby' ELSE 'fault' END END,
	'label ' || i % 9, md5(i || ' ' || s)::uuid
FROM generate_series(1, 12) s, generate_series(1, 700) i ORDER BY md5(s || ' ' || i);
INSERT INTO r_heap (sensor, t, v, meter, state) VALUES (99, '2026-03-01', 5, 7, 'on'), (98, '2026-03-01', NULL, NULL, NULL);
CREATE TABLE r (LIKE r_heap) USING territory WITH (autovacuum_enabled = off);
INSERT INTO r SELECT * FROM r_heap WHERE sensor < 99 AND (i IS NULL OR i % 10 <> 3);
SELECT territory.set_layout('r', entity_columns => '{sensor}', time_column => 't') IS NOT NULL AS laid_out;
SELECT territory.seal('r') IS NOT NULL AS sealed;
-- late rows, which fall between sealed ones
INSERT INTO r SELECT * FROM r_heap WHERE NOT (sensor < 99 AND (i IS NULL OR i % 10 <> 3));
SELECT (SELECT count(*) FROM r) = (SELECT count(*) FROM r_heap) AS same_rows;

-- a query on both tables, TABLE in it, serial and parallel: rows that differ, rows, and whether TerritoryAggregate answered
CREATE FUNCTION twin(query text, OUT differ bigint, OUT parallel_differ bigint, OUT row_count bigint, OUT node boolean) LANGUAGE plpgsql AS $$
DECLARE
	heap text := replace(query, 'TABLE', 'r_heap');
	ours text := replace(query, 'TABLE', 'r');
	line text;
BEGIN
	node := false;
	FOR line IN EXECUTE 'EXPLAIN ' || ours LOOP
		node := node OR line LIKE '%TerritoryAggregate%';
	END LOOP;
	EXECUTE 'CREATE TEMP TABLE twin_heap AS SELECT x::text FROM (' || heap || ') x';
	EXECUTE 'CREATE TEMP TABLE twin_ours AS SELECT x::text FROM (' || ours || ') x';
	SELECT count(*) INTO row_count FROM twin_heap;
	SELECT count(*) INTO differ FROM ((TABLE twin_heap EXCEPT ALL TABLE twin_ours) UNION ALL (TABLE twin_ours EXCEPT ALL TABLE twin_heap)) d;
	PERFORM set_config('max_parallel_workers_per_gather', '2', true), set_config('parallel_setup_cost', '0', true),
		set_config('parallel_tuple_cost', '0', true), set_config('min_parallel_table_scan_size', '0', true);
	DROP TABLE twin_ours;
	EXECUTE 'CREATE TEMP TABLE twin_ours AS SELECT x::text FROM (' || ours || ') x';
	SELECT count(*) INTO parallel_differ FROM ((TABLE twin_heap EXCEPT ALL TABLE twin_ours) UNION ALL (TABLE twin_ours EXCEPT ALL TABLE twin_heap)) d;
	DROP TABLE twin_ours;
	EXECUTE 'CREATE TEMP TABLE twin_ours AS SELECT x::text FROM (' || heap || ') x';
	SELECT parallel_differ + count(*) INTO parallel_differ FROM ((TABLE twin_heap EXCEPT ALL TABLE twin_ours) UNION ALL (TABLE twin_ours EXCEPT ALL TABLE twin_heap)) d;
	DROP TABLE twin_heap, twin_ours;
	PERFORM set_config('max_parallel_workers_per_gather', '0', true);
END $$;
CREATE TABLE queries (id int GENERATED ALWAYS AS IDENTITY, query text);
INSERT INTO queries (query) VALUES
	('SELECT sensor, territory.time_weighted_average(v, t), territory.integral(v, t), count(*) FROM TABLE GROUP BY sensor'),
	('SELECT sensor, date_trunc(''hour'', t), territory.time_weighted_average(v, t, ''linear''), territory.integral(v, t, ''linear'', ''1 hour'') FROM TABLE GROUP BY 1, 2'),
	('SELECT territory.time_weighted_average(v, t, ''step''), territory.integral(v, t, ''step'', ''1 day'') FROM TABLE'),
	('SELECT sensor, territory.time_weighted_average(n, t), territory.time_weighted_average(f4, t), territory.time_weighted_average(i, t) FROM TABLE GROUP BY sensor'),
	('SELECT sensor, territory.time_weighted_average(v * 2 + i, t + interval ''1 s'') FROM TABLE GROUP BY sensor'),
	('SELECT sensor, territory.time_weighted_average(v, t) FILTER (WHERE i > 0), territory.integral(v, t) FILTER (WHERE label LIKE ''%7'') FROM TABLE GROUP BY sensor'),
	('SELECT i % 3, territory.time_weighted_average(v, t) FROM TABLE WHERE v > 22 GROUP BY 1'),
	('SELECT state, territory.time_weighted_average(v, t) FROM TABLE GROUP BY state HAVING territory.integral(v, t) > 0'),
	('SELECT sensor, territory.counter_delta(meter, t), territory.counter_rate(meter, t), territory.counter_delta(meter, t, 1000), territory.counter_rate(meter, t, 1000) FROM TABLE GROUP BY sensor'),
	('SELECT sensor, t::date, territory.counter_delta(i + 30, t) FROM TABLE GROUP BY 1, 2'),
	('SELECT sensor, territory.state_duration(state, t, ''on''), territory.state_duration(state, t, ARRAY[''off'', ''fault'']), territory.availability(state, t, ''{on,standby}'') FROM TABLE GROUP BY sensor'),
	('SELECT label, territory.state_duration(label, t, ''label 3''), territory.availability(upper(state), t, ''{ON}'') FROM TABLE GROUP BY label'),
	('SELECT sensor, territory.longest_gap(t), territory.longest_gap(t, ''20 min''), territory.longest_gap(t, ''1 day'') FROM TABLE GROUP BY sensor'),
	('SELECT territory.longest_gap(t) FILTER (WHERE state = ''on''), territory.longest_gap(t - interval ''1 day'') FROM TABLE'),
	('SELECT sensor, territory.exceedance(v, t, 25), (territory.exceedance(v, t, 25.5, ''linear'')).* FROM TABLE GROUP BY sensor'),
	('SELECT sensor, territory.first(v, t), territory.last(v, t), territory.first(n, t), territory.last(state, t), territory.last(u, t), territory.last(label, t) FROM TABLE GROUP BY sensor'),
	('SELECT territory.first(sensor, t), territory.last(ARRAY[i, sensor], t), territory.last(ROW(i, label), t)::text, territory.last(t, t::date), territory.first(v, t::timestamp) FROM TABLE'),
	('SELECT state, territory.first(upper(label), t), territory.last(label, t) FILTER (WHERE i > 0) FROM TABLE GROUP BY state'),
	('SELECT sensor, territory.num_values(territory.stats_summary(v)), territory.max_value(territory.stats_summary(i)), round(territory.skewness(territory.stats_summary(n))::numeric, 9) FROM TABLE GROUP BY sensor'),
	('SELECT round(territory.mean(territory.rollup(s))::numeric, 9), territory.num_values(territory.rollup(s)) FROM (SELECT territory.stats_summary(v) AS s FROM TABLE GROUP BY sensor) x'),
	('SELECT sensor, territory.histogram(v, 20, 30, 10), territory.histogram(i, -10, 10, 4) FILTER (WHERE state = ''on'') FROM TABLE GROUP BY sensor'),
	('SELECT territory.histogram(n, 0, 100, 7) FROM TABLE WHERE false'),
	('SELECT a.sensor, territory.time_weighted_average(a.v, a.t), territory.last(a.state, a.t) FROM TABLE a JOIN (VALUES (1), (5), (99)) b (sensor) USING (sensor) GROUP BY 1'),
	('SELECT sensor, territory.time_weighted_average(v, t) FROM TABLE GROUP BY GROUPING SETS ((sensor), ())'),
	('SELECT sensor, t, territory.time_weighted_average(v, t) OVER (PARTITION BY sensor ORDER BY t, i ROWS BETWEEN 3 PRECEDING AND CURRENT ROW), territory.last(v, t) OVER w, territory.longest_gap(t) OVER w FROM TABLE WHERE sensor = 3 AND t < ''2026-03-02'' AND i % 10 <> 3 WINDOW w AS (ORDER BY t, i)');
SELECT id, (twin(query)).* FROM queries ORDER BY id;
-- by hour, in the node as well
SET cpu_operator_cost = 0.1;
SELECT id, (twin(query)).* FROM queries WHERE id IN (2, 10) ORDER BY id;
RESET cpu_operator_cost;

-- the judge: one row per sensor and time, the next row beside each
CREATE VIEW instants AS
	SELECT DISTINCT ON (sensor, t) sensor, t, v FROM r_heap WHERE v IS NOT NULL AND t IS NOT NULL ORDER BY sensor, t, v DESC;
CREATE VIEW steps AS
	SELECT sensor, t, v, lead(v) OVER w AS next_v, extract(epoch FROM lead(t) OVER w - t)::float8 AS s FROM instants WINDOW w AS (PARTITION BY sensor ORDER BY t);
CREATE FUNCTION near(a float8, b float8) RETURNS boolean RETURN abs(a - b) <= 1e-9 * greatest(abs(a), abs(b), 1e-9);
SELECT count(*), bool_and(near(step, territory_step)), bool_and(near(linear, territory_linear)), bool_and(near(area, territory_area)),
	bool_and(near(kilo, territory_kilo))
FROM (SELECT sensor, sum(v * s) / sum(s) AS step, sum((v + next_v) / 2 * s) / sum(s) AS linear, sum(v * s) AS area,
		sum((v + next_v) / 2 * s) / 3600 AS kilo FROM steps WHERE sensor < 90 GROUP BY sensor) a
JOIN (SELECT sensor, territory.time_weighted_average(v, t) AS territory_step, territory.time_weighted_average(v, t, 'linear') AS territory_linear,
		territory.integral(v, t) AS territory_area, territory.integral(v, t, 'linear', '1 hour') AS territory_kilo FROM r GROUP BY sensor) b USING (sensor);
-- above 25: steps, and lines cut where they cross, by sampling each in 200 parts
SELECT count(*), bool_and(near(duration, extract(epoch FROM (step).duration)::float8)), bool_and(near(area, (step).area)),
	max(abs(sampled_duration / extract(epoch FROM (linear).duration)::float8 - 1)) < 0.001, max(abs(sampled_area / (linear).area - 1)) < 0.001
FROM (SELECT sensor, sum(s) FILTER (WHERE v > 25) AS duration, sum((v - 25) * s) FILTER (WHERE v > 25) AS area FROM steps GROUP BY sensor) a
JOIN (SELECT sensor, sum(s / 200) FILTER (WHERE x > 25) AS sampled_duration, sum((x - 25) * s / 200) FILTER (WHERE x > 25) AS sampled_area
	FROM (SELECT sensor, s, v + (next_v - v) * (k + 0.5) / 200 AS x FROM steps, generate_series(0, 199) k) y GROUP BY sensor) c USING (sensor)
JOIN (SELECT sensor, territory.exceedance(v, t, 25) AS step, territory.exceedance(v, t, 25, 'linear') AS linear FROM r GROUP BY sensor) b USING (sensor)
WHERE duration > 0;
-- meters
SELECT count(*), bool_and(near(reset, territory_reset)), bool_and(near(rolled, territory_rolled)), bool_and(near(rate, territory_rate))
FROM (SELECT sensor, sum(CASE WHEN before IS NULL THEN 0 WHEN meter >= before THEN meter - before ELSE meter END) AS reset,
		sum(CASE WHEN before IS NULL THEN 0 WHEN meter >= before THEN meter - before ELSE 1000 - before + meter END) AS rolled,
		sum(CASE WHEN before IS NULL THEN 0 WHEN meter >= before THEN meter - before ELSE meter END) / extract(epoch FROM max(t) - min(t))::float8 AS rate
	FROM (SELECT sensor, t, meter, lag(meter) OVER (PARTITION BY sensor ORDER BY t) AS before
		FROM (SELECT DISTINCT ON (sensor, t) sensor, t, meter FROM r_heap WHERE meter IS NOT NULL AND t IS NOT NULL ORDER BY sensor, t, meter DESC) x) y
	WHERE sensor < 90 GROUP BY sensor) a
JOIN (SELECT sensor, territory.counter_delta(meter, t) AS territory_reset, territory.counter_delta(meter, t, 1000) AS territory_rolled,
		territory.counter_rate(meter, t) AS territory_rate FROM r GROUP BY sensor) b USING (sensor);
-- states
SELECT count(*), bool_and(duration = territory_duration), bool_and(near(share, territory_share))
FROM (SELECT sensor, sum(next_t - t) FILTER (WHERE is_on) AS duration,
		(extract(epoch FROM sum(next_t - t) FILTER (WHERE is_on)) / extract(epoch FROM sum(next_t - t)))::float8 AS share
	FROM (SELECT sensor, t, is_on, lead(t) OVER (PARTITION BY sensor ORDER BY t) AS next_t
		FROM (SELECT sensor, t, bool_or(state IN ('on', 'standby')) AS is_on FROM r_heap WHERE state IS NOT NULL AND t IS NOT NULL GROUP BY 1, 2) x) y
	WHERE sensor < 90 GROUP BY sensor) a
JOIN (SELECT sensor, territory.state_duration(state, t, '{on,standby}'::text[]) AS territory_duration,
		territory.availability(state, t, '{on,standby}') AS territory_share FROM r GROUP BY sensor) b USING (sensor);
-- gaps
SELECT count(*), bool_and(territory.longest_gap = tstzrange(gap.t, gap.next_t, '()'))
FROM (SELECT DISTINCT ON (sensor) sensor, t, next_t FROM (SELECT sensor, t, lead(t) OVER (PARTITION BY sensor ORDER BY t) AS next_t
		FROM (SELECT DISTINCT sensor, t FROM r_heap WHERE t IS NOT NULL) x) y WHERE next_t IS NOT NULL ORDER BY sensor, next_t - t DESC, t) gap
JOIN (SELECT sensor, territory.longest_gap(t) FROM r GROUP BY sensor) territory USING (sensor);
-- ends
SELECT count(*), bool_and(f = a.v), bool_and(l = z.v)
FROM (SELECT sensor, territory.first(v, t) AS f, territory.last(v, t) AS l FROM r GROUP BY sensor) x
JOIN (SELECT DISTINCT ON (sensor) sensor, v FROM instants ORDER BY sensor, t) a USING (sensor)
JOIN (SELECT DISTINCT ON (sensor) sensor, v FROM instants ORDER BY sensor, t DESC) z USING (sensor);
-- moments, and stats that are added up
CREATE TABLE kept AS SELECT sensor, date_trunc('day', t) AS day, territory.stats_summary(v) AS s FROM r GROUP BY 1, 2;
SELECT count(*), bool_and(territory.num_values(s) = n), bool_and(near(territory.sum_value(s), sum_v)), bool_and(near(territory.mean(s), mean)),
	bool_and(territory.min_value(s) = min_v AND territory.max_value(s) = max_v), bool_and(near(territory.sample_variance(s), variance_v)),
	bool_and(near(territory.sample_stddev(s), stddev_v)), bool_and(near(territory.skewness(s), skew)), bool_and(near(territory.kurtosis(s), kurt))
FROM (SELECT sensor, count(v) AS n, sum(v) AS sum_v, avg(v) AS mean, min(v) AS min_v, max(v) AS max_v, var_samp(v) AS variance_v, stddev_samp(v) AS stddev_v,
		avg((v - m) ^ 3) / avg((v - m) ^ 2) ^ 1.5 AS skew, avg((v - m) ^ 4) / avg((v - m) ^ 2) ^ 2 AS kurt
	FROM (SELECT sensor, v, avg(v) OVER (PARTITION BY sensor) AS m FROM r_heap) x WHERE sensor < 90 GROUP BY sensor) a
JOIN (SELECT sensor, territory.rollup(s) AS s FROM kept GROUP BY sensor) b USING (sensor);
-- buckets, as core's width_bucket() has them
SELECT bool_and(h[b + 1] = n) AND sum(n) = (SELECT sum(x) FROM (SELECT unnest(territory.histogram(v, 21, 29, 13)) x FROM r) y)
FROM (SELECT width_bucket(v, 21, 29, 13) AS b, count(*) AS n FROM r_heap WHERE v IS NOT NULL GROUP BY 1) x,
	(SELECT territory.histogram(v, 21, 29, 13) AS h FROM r) y;

-- one row, none, and few
SELECT sensor, territory.time_weighted_average(v, t), territory.integral(v, t), territory.counter_delta(meter, t), territory.counter_rate(meter, t),
	territory.state_duration(state, t, 'on'), territory.availability(state, t, '{on}'), territory.longest_gap(t), territory.exceedance(v, t, 4),
	territory.first(v, t), territory.stats_summary(v), territory.histogram(v, 0, 10, 2) FROM r WHERE sensor > 90 GROUP BY sensor ORDER BY sensor;
SELECT territory.time_weighted_average(v, t), territory.stats_summary(v), territory.last(v, t), territory.longest_gap(t, '1 s') FROM r WHERE sensor = 1000;
SELECT territory.skewness(s), territory.kurtosis(s), territory.sample_variance(s), territory.sample_stddev(s), territory.mean(s) FROM (SELECT territory.stats_summary(1) s) x;
-- of equal times
SELECT territory.last(v, t), territory.first(v, t) FROM (VALUES (1, '2026-01-01'::timestamptz), (3, '2026-01-01'), (2, '2026-01-01')) x (v, t);
SELECT territory.last(v, t), territory.first(v, t) FROM (VALUES (1.0, '2026-01-01'::timestamptz), (1.00, '2026-01-01'), (1, '2026-01-01')) x (v, t);
SELECT territory.last(v::point, t) FROM (VALUES ('(2,1)', '2026-01-01'::timestamptz), ('(1,1)', '2026-01-01')) x (v, t);
SELECT territory.state_duration(s, t, 'on') FROM (VALUES ('off', '2026-01-01 00:00'::timestamptz), ('on', '2026-01-01 00:00'), ('off', '2026-01-01 01:30')) x (s, t);
-- a value from infinity is fine for ends
SELECT territory.first(v, t), territory.last(v, t) FROM (VALUES ('NaN'::float8, '-infinity'::timestamptz), (1, 'infinity')) x (v, t);
-- stats in text and binary
CREATE TABLE stats_copy (s territory.stats);
SELECT current_setting('data_directory') || '/territory_stats' AS file \gset
COPY (SELECT s FROM kept) TO :'file' (FORMAT binary);
COPY stats_copy FROM :'file' (FORMAT binary);
SELECT count(*), bool_and(k.s::text::territory.stats::text = k.s::text) FROM kept k JOIN stats_copy c ON c.s::text = k.s::text;
SELECT ' { "num_values":3,"sum_value" : 6, "min_value": 1, "max_value": 3, "m2": 2, "m3": 0, "m4": 2 } '::territory.stats;
DROP SCHEMA row_aggregates CASCADE;
