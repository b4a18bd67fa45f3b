-- EXPLAIN says why a grouping is not done inside the scan.
SET client_min_messages = warning;
CREATE TABLE r (sensor int NOT NULL, t timestamptz NOT NULL, v float8, k text) USING territory WITH (autovacuum_enabled = off);
INSERT INTO r SELECT s, '2026-01-01'::timestamptz + i * interval '1 h', i, 'k' || i % 3 FROM generate_series(1, 5) s, generate_series(1, 200) i;
CREATE TABLE other (LIKE r) USING territory WITH (autovacuum_enabled = off);
INSERT INTO other SELECT * FROM r;
SELECT rows FROM territory.seal('r');
SELECT rows FROM territory.seal('other');
CREATE TABLE plain (sensor int);
INSERT INTO plain VALUES (1), (2);
ANALYZE r, other, plain;
CREATE FUNCTION why(query text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	line text;
BEGIN
	FOR line IN EXECUTE 'EXPLAIN (COSTS OFF) ' || query LOOP
		IF line LIKE '%Not vectorised%' OR line LIKE '%TerritoryAggregate%' THEN
			RETURN NEXT regexp_replace(trim(line), '^->  ', '');
		END IF;
	END LOOP;
END $$;
SELECT why('SELECT k, count(*) FROM r GROUP BY k');
SELECT why('SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY v) FROM r');
SELECT why('SELECT count(DISTINCT k), sum(v) FROM r');
SELECT why('SELECT string_agg(k, '','' ORDER BY t) FROM r');
SELECT why('SELECT k, count(*) FROM r WHERE random() < 2 GROUP BY k');
SELECT why('SELECT k, sum(random() + v) FROM r GROUP BY k');
SELECT why('SELECT k, count(*) FROM r WHERE v > (SELECT count(*) FROM plain WHERE plain.sensor = r.sensor) GROUP BY k');
SELECT why('SELECT tableoid, count(*) FROM r GROUP BY tableoid');
SELECT why('SELECT generate_series(1, sensor), count(*) FROM r GROUP BY 1');
SELECT why('SELECT m, count(*) FROM (SELECT v::numeric::money AS m FROM r) q GROUP BY m');
SELECT why('SELECT grouping(k), count(*) FROM r GROUP BY k');
-- a constant among them, which versions plan differently
SELECT left(why, 15) FROM why('SELECT ''all'', k, count(*) FROM r GROUP BY ROLLUP (1, k)');
SET enable_hashagg = off;
SELECT why('SELECT k, count(*) FROM r GROUP BY k');
SELECT why('SELECT count(*) FROM r');
RESET enable_hashagg;
SET territory.enable_aggregate = off;
SELECT why('SELECT count(*) FROM r');
RESET territory.enable_aggregate;
-- no grouping, nothing sealed, no rows: nothing to say
SELECT why('SELECT * FROM r WHERE sensor = 1');
SELECT why('SELECT v, rank() OVER (ORDER BY v) FROM r');
CREATE TABLE hot (LIKE r) USING territory;
SELECT why('SELECT count(DISTINCT k), sum(v) FROM hot');
SELECT why('SELECT count(DISTINCT k), sum(v) FROM r WHERE false');
SELECT why('SELECT count(*) FROM (SELECT * FROM r LIMIT 10) q');
-- the table is one of partitions
CREATE TABLE parts (sensor int NOT NULL, t timestamptz NOT NULL, v float8) PARTITION BY RANGE (t);
CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM ('2026-01-01') TO ('2026-01-05') USING territory;
CREATE TABLE parts_2 PARTITION OF parts FOR VALUES FROM ('2026-01-05') TO ('2026-02-01') USING territory;
INSERT INTO parts SELECT sensor, t, v FROM r;
SELECT rows FROM territory.seal('parts_1');
SELECT rows FROM territory.seal('parts_2');
ANALYZE parts;
SELECT why('SELECT DISTINCT sensor FROM parts');
SELECT why('SELECT sensor, json_agg(v) FROM parts GROUP BY sensor');
-- another format
DO $$
DECLARE
	plan jsonb;
BEGIN
	EXECUTE 'EXPLAIN (COSTS OFF, FORMAT JSON) SELECT count(DISTINCT k), sum(v) FROM r' INTO plan;
	RAISE INFO '%', jsonb_path_exists(plan, '$.** ? (@."Not vectorised" == "DISTINCT inside an aggregate")');
END $$;
-- a condition that decides about the join as a whole
SELECT why('SELECT plain.sensor, count(*) FROM r JOIN plain USING (sensor) WHERE current_user <> ''nobody'' GROUP BY 1');
DROP TABLE r, other, plain, hot, parts;
DROP FUNCTION why;
