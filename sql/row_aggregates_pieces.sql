-- Aggregates over rows: instants are kept in little memory, bit for bit, whatever values and times are like.
SET client_min_messages = warning;
CREATE SCHEMA row_aggregates_pieces;
SET search_path = row_aggregates_pieces, public;
SET timezone = 'UTC';
SET max_parallel_workers_per_gather = 0;
SELECT setseed(0.5) IS NULL AS seeded;
-- of each kind of values with each kind of times
CREATE TABLE p_heap AS SELECT values_are, times_are, i, t, v FROM (SELECT values_are, times_are, i,
		CASE times_are WHEN 'regular' THEN '2026-01-01'::timestamptz + i * interval '10 min'
			WHEN 'seconds' THEN '2026-01-01'::timestamptz + (i * 60 + floor(random() * 50)) * interval '1 s'
			WHEN 'milliseconds' THEN '2026-01-01'::timestamptz + (i * 60 + floor(random() * 50)) * interval '0.017 s'
			WHEN 'microseconds' THEN '1999-01-01'::timestamptz + (i * 60 + floor(random() * 50)) * interval '0.000001 s'
			WHEN 'days' THEN '1900-01-01'::timestamptz + i * interval '97 days' + floor(random() * 50) * interval '1 s'
			ELSE '4000-01-01 BC'::timestamptz + (i * 111) * interval '1 year' + floor(random() * 1e9) * interval '0.000001 s' END AS t,
		CASE values_are WHEN 'same' THEN 21.5
			WHEN 'tenths' THEN round((20 + 30 * random())::numeric, 1)::float8
			WHEN 'cents' THEN round((900 * random() - 450)::numeric, 2)::float8
			WHEN 'micros' THEN round((5 * random())::numeric, 6)::float8
			WHEN 'doubles' THEN random()
			WHEN 'whole' THEN floor(random() * 1e6) - 5e5
			WHEN 'wholes' THEN floor(random() * 9e15) - 4.5e15
			WHEN 'edge' THEN 2251799813685248 + (i % 5 - 2) * (1 - i % 2 * 0.5)
			WHEN 'zeros' THEN CASE i % 3 WHEN 0 THEN '-0'::float8 ELSE 0 END
			WHEN 'huge' THEN 1e285 * (random() - 0.5)
			WHEN 'tiny' THEN 5e-324 * floor(random() * 1000)
			ELSE CASE WHEN i % 40 = 0 THEN random() ELSE i / 4.0 END END AS v
	FROM unnest('{same,tenths,cents,micros,doubles,whole,wholes,edge,zeros,huge,tiny,mixed}'::text[]) values_are,
		unnest('{regular,seconds,milliseconds,microseconds,days,centuries}'::text[]) times_are,
		generate_series(1, 90) i) x;
CREATE TABLE p_sealed (values_are text, times_are text, i int, t timestamptz, v float8) USING territory WITH (autovacuum_enabled = off);
INSERT INTO p_sealed SELECT * FROM p_heap ORDER BY random();
SELECT territory.set_layout('p_sealed', entity_columns => '{values_are,times_are}', time_column => 't') IS NOT NULL AS laid_out;
SELECT territory.seal('p_sealed') IS NOT NULL AS sealed;
CREATE TABLE p_shuffled AS SELECT * FROM p_heap ORDER BY random();
-- the same additions in the same order
CREATE VIEW judge AS SELECT values_are, times_are, sum(v * us ORDER BY t) / 1e6 AS step, sum((v / 2 + next_v / 2) * us ORDER BY t) / 1e6 AS linear,
		sum(abs(next_v - v) * us ORDER BY t) AS changes
	FROM (SELECT values_are, times_are, t, v, lead(v) OVER w AS next_v, (extract(epoch FROM lead(t) OVER w - t) * 1000000)::float8 AS us
		FROM p_heap WINDOW w AS (PARTITION BY values_are, times_are ORDER BY t)) x GROUP BY 1, 2;
CREATE FUNCTION check_pieces(rel regclass, OUT groups bigint, OUT step_differs bigint, OUT linear_differs bigint, OUT node boolean) LANGUAGE plpgsql AS $$
DECLARE
	line text;
	query text := format('SELECT values_are, times_are, territory.integral(v, t) AS step, territory.integral(v, t, ''linear'') AS linear FROM %s GROUP BY 1, 2', rel);
BEGIN
	node := false;
	FOR line IN EXECUTE 'EXPLAIN ' || query LOOP
		node := node OR line LIKE '%TerritoryAggregate%';
	END LOOP;
	EXECUTE format('SELECT count(*), count(*) FILTER (WHERE a.step IS DISTINCT FROM b.step), count(*) FILTER (WHERE a.linear IS DISTINCT FROM b.linear)
		FROM judge a FULL JOIN (%s) b USING (values_are, times_are)', query) INTO groups, step_differs, linear_differs;
END $$;
SELECT r AS rel, (check_pieces(r::regclass)).* FROM unnest('{p_heap,p_shuffled,p_sealed}'::text[]) r;
SET max_parallel_workers_per_gather = 2; SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0;
SELECT r AS rel, (check_pieces(r::regclass)).groups, (check_pieces(r::regclass)).step_differs, (check_pieces(r::regclass)).linear_differs
FROM unnest('{p_heap,p_shuffled,p_sealed}'::text[]) r;
EXPLAIN (COSTS OFF) SELECT values_are, territory.integral(v, t) FROM p_heap GROUP BY 1;
RESET max_parallel_workers_per_gather;
-- one group of many pieces, in any order
CREATE TABLE p_long AS SELECT '2026-01-01'::timestamptz + i * interval '1 s' AS t, (i % 977) / 8.0::float8 AS v FROM generate_series(1, 30000) i;
CREATE TABLE p_backwards AS SELECT * FROM p_long ORDER BY t DESC;
CREATE TABLE p_mixed AS SELECT * FROM p_long ORDER BY md5(t::text);
SELECT a, a = b AND b = c AS same FROM (SELECT territory.integral(v, t) AS a FROM p_long) x, (SELECT territory.integral(v, t) AS b FROM p_backwards) y,
	(SELECT territory.integral(v, t) AS c FROM p_mixed) z;
SELECT sum(v * s)::numeric FROM (SELECT v, extract(epoch FROM lead(t) OVER (ORDER BY t) - t) AS s FROM p_long) x;
SELECT territory.longest_gap(t), territory.longest_gap(t) FILTER (WHERE v <> 5) FROM p_mixed;
DROP SCHEMA row_aggregates_pieces CASCADE;
