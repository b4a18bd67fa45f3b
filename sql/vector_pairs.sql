-- corr, covar_* and regr_* inside the scan give what core's functions give
SET client_min_messages = warning;
CREATE SCHEMA vector_pairs;
SET search_path = vector_pairs, public;
CREATE TABLE plain (entity int, t timestamptz, a float8, b float8, small int2, low float4, amount numeric);
CREATE INDEX ON plain (entity, t);
INSERT INTO plain SELECT e, '2026-01-01'::timestamptz + i * interval '10 minutes', CASE WHEN i % 13 > 0 THEN sin(i / 30.0) * 20 + e END,
	   CASE WHEN i % 17 > 0 THEN cos(i / 30.0 + e) * 5 + 1000 + i % 10 END, i % 50, i / 16.0, round(i * 1.1, i % 3)
FROM generate_series(1, 5) e, generate_series(0, 2999) i;
INSERT INTO plain VALUES (7, '2026-01-01', NULL, 1, 1, 1, 1), (8, '2026-01-01', 1, 'Infinity', 1, 1, 1), (8, '2026-01-02', 2, 1, 1, 1, 1),
	(9, '2026-01-01', 1, 2, 3, 4, 5), (10, '2026-01-01', 'NaN', 2, 3, 4, 5), (10, '2026-01-02', 5, 2, 3, 4, 5),
	(11, '2026-01-01', 1e200, 1e300, 1, 1, 1), (11, '2026-01-02', -1e200, -1e300, 1, 1, 1);
CREATE TABLE sealed (LIKE plain INCLUDING ALL) USING territory;
INSERT INTO sealed SELECT * FROM plain;
SELECT rows FROM territory.seal('sealed');
INSERT INTO plain SELECT entity, t + interval '1 year', a + 1, b, small, low, amount FROM plain WHERE entity < 3;
INSERT INTO sealed SELECT entity, t + interval '1 year', a + 1, b, small, low, amount FROM sealed WHERE entity < 3;
DELETE FROM plain WHERE entity = 2 AND small % 7 = 0;
DELETE FROM sealed WHERE entity = 2 AND small % 7 = 0;
VACUUM ANALYZE plain, sealed;
CREATE VIEW figures AS SELECT * FROM (VALUES ('corr'), ('covar_pop'), ('covar_samp'), ('regr_slope'), ('regr_intercept'), ('regr_r2'),
	('regr_sxx'), ('regr_syy'), ('regr_sxy'), ('regr_avgx'), ('regr_avgy')) f(f),
	(VALUES ('b, a'), ('a, small'), ('low, b'), ('amount, 2 * a + b')) x(x);

-- how many results differ by more than rounding
CREATE FUNCTION differs(figure text, keys text, filter text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
	n bigint;
BEGIN
	EXECUTE format('SELECT count(*) FROM (SELECT %1$s AS k, %2$s AS f FROM vector_pairs.plain WHERE %3$s GROUP BY 1) h
		FULL JOIN (SELECT %1$s AS k, %2$s AS f FROM vector_pairs.sealed WHERE %3$s GROUP BY 1) o USING (k)
		WHERE (h.f IS NULL) <> (o.f IS NULL) OR (h.f <> o.f AND NOT abs(h.f - o.f) <= 1e-9 * (abs(h.f) + 1e-3))', keys, figure, filter) INTO n;
	RETURN n;
END $$;
EXPLAIN (COSTS OFF) SELECT entity, corr(a, b), regr_slope(small, low) FILTER (WHERE a > 0) FROM sealed GROUP BY entity;
SELECT f, x, differs(format('%s(%s)', f, x), 'entity', 'entity < 11') AS by_entity, differs(format('%s(%s)', f, x), '1', 'entity < 7') AS "all",
	   differs(format('%s(%s) FILTER (WHERE a > 0)', f, x), 't::date', 'entity < 7 AND b > 1002') AS filtered
FROM figures ORDER BY f, x;
-- not finite, one row, overflow
SELECT entity, corr(b, a), covar_pop(b, a), regr_sxx(b, a), regr_syy(b, a), regr_count(b, a) FROM sealed WHERE entity BETWEEN 6 AND 10 GROUP BY entity ORDER BY entity;
SELECT regr_sxx(a, a) FROM plain WHERE entity = 11;
SELECT regr_sxx(a, a) FROM sealed WHERE entity = 11;
-- a user's aggregate of the same function, which begins with something else
CREATE AGGREGATE head_start(float8, float8) (sfunc = float8_regr_accum, stype = float8[], finalfunc = float8_covar_pop, initcond = '{1,2,3,4,5,6}');
SELECT differs('head_start(b, a)', 'entity', 'entity < 7');
-- workers
SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0; SET max_parallel_workers_per_gather = 2;
ALTER TABLE sealed SET (parallel_workers = 2);
SELECT sum(differs(format('%s(%s)', f, x), 'entity', 'entity < 7')) FROM figures;
DROP SCHEMA vector_pairs CASCADE;
