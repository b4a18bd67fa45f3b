-- aggregates that TerritoryAggregate computes itself give what core's functions give
SET client_min_messages = warning;
CREATE SCHEMA vector_kernels;
SET search_path = vector_kernels, public;

CREATE TABLE plain (entity int, t timestamptz, small int2, whole int4, big int8, amount numeric, price numeric(10,2),
	level float8, low float4, open bool, day date);
CREATE INDEX ON plain (entity, t);
INSERT INTO plain
SELECT e, '2025-03-01 00:00+00'::timestamptz + i * interval '10 minutes', i % 100, i * 1000 - e, (i + 1)::int8 << (i % 40),
	   CASE WHEN i % 97 = 0 THEN NULL WHEN e = 3 AND i % 500 = 1 THEN 'NaN' WHEN e = 4 AND i % 700 = 1 THEN 'Infinity'
		   WHEN e = 5 AND i % 50 = 0 THEN 123456789012345678901234567890.123456789 * i
		   WHEN i % 3 = 0 THEN i / 8.0 ELSE round(i * 1.37, i % 5) END,
	   i * 0.25, sin(i / 50.0) * 40, i / 7.0, i % 1000 <> 0, '2025-03-01'::date + i / 144
FROM generate_series(1, 6) e, generate_series(0, 1999) i;
INSERT INTO plain VALUES (7, '2025-03-01 00:00+00', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
	(8, '2025-03-01 00:00+00', 1, 2147483647, 9223372036854775807, '-Infinity', NULL, '-0', '-0', true, 'infinity'),
	(8, '2025-03-01 00:10+00', 1, 2147483647, 9223372036854775807, 1e-30, NULL, '0', '0', true, '-infinity'),
	(9, '2025-03-01 00:00+00', 1, 1, 1, 1.5, 1, 'NaN', 'Infinity', false, '2000-01-01'),
	(9, '2025-03-01 00:10+00', 1, 1, 1, 1.50, 1, 'Infinity', '-Infinity', false, '2000-01-01');
CREATE TABLE sealed (LIKE plain INCLUDING ALL) USING territory;
INSERT INTO sealed SELECT * FROM plain;
SELECT rows FROM territory.seal('sealed');
INSERT INTO plain SELECT e, t + interval '1 year', small, whole, big, amount, price, level, low, open, day FROM (SELECT entity e, * FROM plain WHERE entity < 3) p;
INSERT INTO sealed SELECT e, t + interval '1 year', small, whole, big, amount, price, level, low, open, day FROM (SELECT entity e, * FROM sealed WHERE entity < 3) p;
DELETE FROM plain WHERE entity = 2 AND whole % 7 = 0;
DELETE FROM sealed WHERE entity = 2 AND whole % 7 = 0;
VACUUM ANALYZE plain, sealed;

-- both sides of a question, which must agree
CREATE FUNCTION differs(question text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE n bigint;
BEGIN
	EXECUTE format('SELECT count(*) FROM ((%1$s EXCEPT ALL %2$s) UNION ALL (%2$s EXCEPT ALL %1$s)) d',
		replace(question, 'FROM source', 'FROM vector_kernels.sealed'), replace(question, 'FROM source', 'FROM vector_kernels.plain')) INTO n;
	RETURN n;
END $$;

EXPLAIN (COSTS OFF) SELECT entity, sum(big), avg(amount) FROM sealed GROUP BY entity;
SELECT name, differs(format('SELECT %s, count(*), %s FROM source GROUP BY 1', key, list)) AS differences
FROM (VALUES ('nothing', '1'), ('entity', 'entity'), ('day', 't::date'), ('bucket', 'date_bin(''1 hour'', t, ''2000-01-01'')'),
		('number', 'amount'), ('float', 'level'), ('text', 'entity::text'), ('flag', 'open')) k(name, key),
	(VALUES ('count(small), sum(small), sum(whole), avg(small), avg(whole), sum(big), avg(big)'),
		('sum(amount), avg(amount), sum(price), avg(price), min(amount), max(amount)'),
		('min(small), max(whole), min(big), max(big), min(day), max(day), min(t), max(t)'),
		('bool_and(open), bool_or(open), every(open), bool_and(level > 0)'),
		('sum(big) FILTER (WHERE open), avg(amount) FILTER (WHERE small > 50), count(*) FILTER (WHERE level > 0), min(price) FILTER (WHERE NOT open)'),
		('sum(whole::int8 + small), sum(big % 1000), avg(amount * 2), max(price - 1), bit_or(small)')) l(list)
ORDER BY name, list;
-- numeric has no value for NaN and infinities of floats to be rounded to
SELECT name, differs(format('SELECT %s, count(*), %s FROM source WHERE entity < 8 GROUP BY 1', key, list)) AS differences
FROM (VALUES ('nothing', '1'), ('entity', 'entity'), ('day', 't::date'), ('flag', 'open')) k(name, key),
	(VALUES ('round(sum(level)::numeric, 6), round(avg(level)::numeric, 9), min(level), max(level), min(low), max(low)'),
		('round(stddev(level)::numeric, 6), round(var_pop(low)::numeric, 2), round(sum(low)::numeric, -2)')) l(list) ORDER BY name, list;
-- NaN, infinities and zeros with a sign
SELECT entity, sum(level), avg(level), min(level), max(level), stddev(level), sum(low), min(low), max(low), sum(amount), avg(amount), min(amount), max(amount), sum(big)
FROM sealed WHERE entity > 6 GROUP BY entity ORDER BY entity;
SELECT sum(amount) FROM sealed WHERE entity IN (4, 8);
SELECT sum(level * 1e308) FROM sealed WHERE entity < 7;
DROP SCHEMA vector_kernels CASCADE;
