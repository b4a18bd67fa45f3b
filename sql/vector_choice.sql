-- FILTER and CASE: arguments that conditions choose give what core's nodes give
SET client_min_messages = warning;
CREATE SCHEMA vector_choice;
SET search_path = vector_choice, public;
CREATE TABLE plain (entity int, t timestamptz, small int2, whole int4, big int8, amount numeric, level float8, low float4,
	open bool, day date, state text, place geometry(Point));
CREATE INDEX ON plain (entity, t);
INSERT INTO plain
SELECT e, '2025-03-01 00:00+00'::timestamptz + i * interval '10 minutes', nullif(i % 10, 3), i * 1000 - e, (i + 1)::int8 << (i % 40),
	   CASE WHEN i % 97 = 0 THEN NULL WHEN e = 3 AND i % 500 = 1 THEN 'NaN' WHEN i % 3 = 0 THEN i / 8.0 ELSE round(i * 1.37, i % 5) END,
	   CASE WHEN i % 11 > 0 THEN (i % 400) / 4.0 - 50 END, i / 8.0, nullif(i % 7, 0) % 2 = 0, '2025-03-01'::date + i / 144,
	   (ARRAY['open', 'closed', 'in repair', NULL])[1 + i % 4], CASE WHEN i % 19 > 0 THEN ST_MakePoint((i % 400) / 4.0 - 50, i / 8.0) END
FROM generate_series(1, 5) e, generate_series(0, 2999) i;
INSERT INTO plain VALUES (7, '2025-03-01 00:00+00'), (8, '2025-03-01 00:00+00', 1, 1, 1, 1, 'NaN', '-0', true),
	(8, '2025-03-01 00:10+00', 1, 1, 1, 1, '-0', '0', true), (8, '2025-03-01 00:20+00', 1, 1, 1, 1, '0', '-0', false);
CREATE TABLE sealed (LIKE plain INCLUDING ALL) USING territory;
INSERT INTO sealed SELECT * FROM plain;
SELECT rows FROM territory.seal('sealed');
INSERT INTO plain SELECT entity, t + interval '1 year', small, whole, big, amount, level, low, open, day, state, place FROM plain WHERE entity < 3;
INSERT INTO sealed SELECT entity, t + interval '1 year', small, whole, big, amount, level, low, open, day, state, place FROM sealed WHERE entity < 3;
DELETE FROM plain WHERE entity = 2 AND whole % 7 = 0;
DELETE FROM sealed WHERE entity = 2 AND whole % 7 = 0;
VACUUM ANALYZE plain, sealed;
CREATE TABLE kinds (id int PRIMARY KEY, kind text, one int, since timestamptz, least float8);
INSERT INTO kinds SELECT i, CASE WHEN i > 2 THEN 'meter' ELSE 'counter' END, 1, '2025-03-01'::timestamptz + (10 - i) * interval '2 days', i - 5 FROM generate_series(1, 8) i;
ANALYZE kinds;

-- both sides of a question, which must agree, and whether one was answered in the scan
CREATE FUNCTION twin(question text, OUT differ bigint, OUT groups bigint, OUT node boolean) LANGUAGE plpgsql AS $$
DECLARE
	ours text := replace(question, 'SOURCE', 'vector_choice.sealed');
	heap text := replace(question, 'SOURCE', 'vector_choice.plain');
	line text;
BEGIN
	node := false;
	FOR line IN EXECUTE 'EXPLAIN ' || ours LOOP
		node := node OR line LIKE '%TerritoryAggregate%';
	END LOOP;
	EXECUTE format('SELECT count(*) FROM ((SELECT whole::text FROM (%1$s) whole EXCEPT ALL SELECT whole::text FROM (%2$s) whole) UNION ALL
		(SELECT whole::text FROM (%2$s) whole EXCEPT ALL SELECT whole::text FROM (%1$s) whole)) d', heap, ours) INTO differ;
	EXECUTE format('SELECT count(*) FROM (%s) whole', ours) INTO groups;
END $$;
CREATE TABLE lists (id int GENERATED ALWAYS AS IDENTITY, list text);
INSERT INTO lists (list) SELECT format(l, c, x) FROM (VALUES
		('count(*) FILTER (WHERE %1$s), sum(small) FILTER (WHERE %1$s), avg(whole) FILTER (WHERE %1$s), sum(big) FILTER (WHERE %1$s), avg(amount) FILTER (WHERE %1$s), min(level) FILTER (WHERE %1$s), max(low) FILTER (WHERE %1$s), sum(level) FILTER (WHERE %1$s), bool_or(open) FILTER (WHERE %1$s), max(day) FILTER (WHERE %1$s), count(state) FILTER (WHERE %1$s)'),
		('sum(CASE WHEN %1$s THEN 1 ELSE 0 END), count(CASE WHEN %1$s THEN 1 END), sum(CASE WHEN %1$s THEN level END), avg(CASE WHEN %1$s THEN amount ELSE 7.50 END), max(CASE WHEN %1$s THEN day END), min(CASE WHEN %1$s THEN whole ELSE NULL END), bool_and(CASE WHEN %1$s THEN open ELSE true END)')) f(l),
	(VALUES ('level > 10'), ('small IN (1, 2, 5)'), ('state IS NULL OR amount < 100'), ('NOT (open AND level BETWEEN -10 AND 10)'),
		('state LIKE ''%%e%%'''), ('t >= ''2025-03-10'''), ('open'), ('small = small + 0'), ('false'), ('NULL'), ('state IN (SELECT ''open'')'), ('t::date = ''2025-03-05''')) c(c), (VALUES ('x')) x(x);
INSERT INTO lists (list) VALUES
	('sum(CASE WHEN small = 0 THEN 0 WHEN 10 / small > 1 THEN 1 ELSE 2 END)'),
	('sum(CASE WHEN level > 20 THEN level WHEN level < -20 THEN 0 WHEN open THEN 1e300 ELSE 5 END), count(CASE state WHEN ''open'' THEN 1 END)'),
	('sum(CASE WHEN level > 20 THEN 1 END) FILTER (WHERE open)'),
	('avg(CASE WHEN open THEN level ELSE level * 2 END)'),
	('min(CASE WHEN open THEN level WHEN NOT open THEN ''-0'' END), max(CASE WHEN open THEN ''NaN'' ELSE level END)'),
	('string_agg(state, '','' ORDER BY t) FILTER (WHERE small = 1)'), ('bit_or(small) FILTER (WHERE whole < 5000), bit_and(whole) FILTER (WHERE open)');
SELECT id, (twin('SELECT ' || list || ' FROM SOURCE')).* FROM lists ORDER BY id;
SELECT id, (twin('SELECT entity, ' || list || ' FROM SOURCE WHERE small IS DISTINCT FROM 4 AND whole > 70000 GROUP BY 1')).* FROM lists ORDER BY id;
SELECT id, (twin('SELECT date_bin(''1 hour'', t, ''2000-01-01''), ' || list || ' FROM SOURCE GROUP BY 1')).* FROM lists ORDER BY id;
SELECT id, (twin('SELECT kind, ' || list || ' FROM SOURCE JOIN kinds ON entity = id GROUP BY 1')).* FROM lists ORDER BY id;
SELECT (twin('SELECT kind, count(*) FILTER (WHERE kind = ''meter'' AND level > 0), sum(CASE WHEN kind = ''meter'' THEN small END) FROM SOURCE JOIN kinds ON entity = id GROUP BY 1')).*;
SELECT (twin('SELECT entity, day, count(*) FILTER (WHERE level > 0), sum(CASE WHEN open THEN 1 ELSE 0 END) FROM SOURCE GROUP BY ROLLUP (entity, day)')).*;

-- one condition after the other asks the same block, whatever those before it left
SELECT id, (twin('SELECT entity, count(*) FILTER (WHERE ' || a || '), sum(small) FILTER (WHERE ' || b || '), count(*) FILTER (WHERE ' || a || ' AND ' || b || '), sum(CASE WHEN ' || a || ' THEN 1 WHEN ' || b || ' THEN 20 WHEN open AND ' || a || ' THEN 300 ELSE 4000 END) FROM SOURCE GROUP BY 1')).*
FROM (VALUES (1, 't < ''2025-03-10''', 'level > 10 AND small = 1'), (2, 't < ''2020-01-01''', 'level > 10 AND small = 1'),
	(3, 'small > 100 AND level > 0', 't BETWEEN ''2025-03-05'' AND ''2025-03-06'' AND level > 0'), (4, 'whole = ANY (''{2000,3000,7000}'')', 'amount > 50 AND NOT open'),
	(5, 'ST_MakePoint(level, low) && ST_MakeEnvelope(0, 0, 20, 20)', 'place && ST_MakeEnvelope(0, 0, 20, 400) AND ST_X(place) > 3'),
	(6, 'open AND ST_X(place) > 3', 'ST_Y(place) < 100 AND place && ST_MakeEnvelope(0, 0, 20, 400)')) c(id, a, b) ORDER BY id;
SELECT (twin('SELECT id, count(*), sum(small) FROM SOURCE JOIN kinds ON entity = one AND t >= since AND t < since + interval ''10 days'' AND level > least AND small < 7 GROUP BY 1')).*;
SELECT (twin('SELECT id, count(*), min(place::text) FROM SOURCE JOIN kinds ON entity = one AND place && ST_MakeEnvelope(least, 0, 40, 400) AND ST_X(place) < id AND t >= since GROUP BY 1')).*;

-- conditions see only rows that pass the query's own
SELECT (twin('SELECT count(*) FILTER (WHERE 10 / small > 1), sum(CASE WHEN 10 / small > 1 THEN 1 END) FROM SOURCE WHERE small <> 0')).*;
SELECT (twin('SELECT entity, count(*) FILTER (WHERE 10 / small > 1) FROM SOURCE WHERE abs(small) > 0 GROUP BY 1')).*;
SELECT count(*) FILTER (WHERE 10 / small > 1) FROM sealed;

-- parameters of statements that are prepared, of outer rows, of subplans
SET plan_cache_mode = force_generic_plan;
PREPARE ours(float8, text) AS SELECT count(*) FILTER (WHERE level > $1), sum(CASE WHEN state = $2 THEN small ELSE 0 END) FROM sealed;
PREPARE heap(float8, text) AS SELECT count(*) FILTER (WHERE level > $1), sum(CASE WHEN state = $2 THEN small ELSE 0 END) FROM plain;
EXECUTE ours(10, 'open'); EXECUTE heap(10, 'open');
EXECUTE ours(NULL, 'closed'); EXECUTE heap(NULL, 'closed');
EXECUTE ours(-20, NULL); EXECUTE heap(-20, NULL);
SELECT (twin('SELECT x, c.* FROM generate_series(-40, 40, 20) x, LATERAL (SELECT count(*) FILTER (WHERE level > x), sum(CASE WHEN level < x THEN level END) FROM SOURCE) c')).*;
SELECT (twin('SELECT count(*) FILTER (WHERE level > (SELECT avg(small) FROM SOURCE)) FROM SOURCE')).*;
SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0;
SELECT id, (twin('SELECT entity, ' || list || ' FROM SOURCE GROUP BY 1')).* FROM lists WHERE id IN (1, 2, 13, 14) ORDER BY id;
DROP SCHEMA vector_choice CASCADE;
