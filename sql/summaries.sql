-- What summaries tell is what the rows say.
SET client_min_messages = warning;
SET timezone = 'Europe/Paris';
SET extra_float_digits = 1;
CREATE TABLE s (e int, t timestamptz, i2 smallint, i int, b bigint, n numeric(8, 2), f float8, g real, ok boolean, d date,
	p geometry(Point, 4326), l geometry, txt text, PRIMARY KEY (e, t)) USING territory;
INSERT INTO s
SELECT e, t, (k % 7) - 3, CASE WHEN k % 11 <> 0 THEN e * k END, (k - 500)::bigint * 4000000000000, (k % 100) / 100.0 - e,
	sin(k) * e, (k % 13) / 8.0, k % 3 = 0, t::date, ST_SetSRID(ST_Point(e + k / 1000.0, 43.5), 4326),
	ST_MakeLine(ARRAY[ST_Point(e, k % 10), ST_Point(0, 0), ST_Point(1, 1)]), 'x' || k % 5
FROM generate_series(1, 3) e,
	LATERAL (SELECT t, row_number() OVER (ORDER BY t) AS k
		FROM generate_series('2026-03-28', '2026-03-30 23:55', interval '5 minutes') t) x;
SELECT rows, segments FROM territory.seal('s');
SELECT segment, ok, problem FROM territory.verify('s');
-- a day is a block, the one of 23 hours, too
SELECT u.block, u.rows, min_value::timestamptz AS first, max_value::timestamptz AS last
FROM territory.summaries('s') u WHERE column_name = 't' ORDER BY 1 NULLS FIRST;
-- which ends before the next day begins
CREATE FUNCTION blocks_read(query text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	line text;
BEGIN
	FOR line IN EXECUTE 'EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF) ' || query
	LOOP
		IF line LIKE '%Blocks%' THEN
			RETURN NEXT line;
		END IF;
	END LOOP;
END $$;
SELECT blocks_read($$SELECT i FROM s WHERE e = 2 AND t >= '2026-03-29' AND t < '2026-03-30'$$);
SELECT blocks_read($$SELECT i FROM s WHERE e > 1 AND e < 3 AND t > '2026-03-29 23:55'::timestamptz AND t <= '2026-03-31'::date$$);
DROP FUNCTION blocks_read;
SELECT count(*) FROM s WHERE e > 1 AND e < 3 AND t > '2026-03-29 23:55'::timestamptz AND t < '2026-03-31'::date;
SELECT count(*) FROM s WHERE f < 0 AND t >= '2026-03-30 23:55' AND e <= 1;
-- the rows of each block, found by its entity and times
CREATE VIEW blocks AS
SELECT u.block, u.min_value::int AS entity, v.min_value::timestamptz AS lo, v.max_value::timestamptz AS hi
FROM territory.summaries('s') u JOIN territory.summaries('s') v USING (segment, block)
WHERE u.column_name = 'e' AND v.column_name = 't' AND block IS NOT NULL;
CREATE FUNCTION differences(c text, type text, sums boolean DEFAULT false)
	RETURNS TABLE(block int, told text, says text) LANGUAGE plpgsql AS $$
BEGIN
	RETURN QUERY EXECUTE format($q$
		WITH says AS (SELECT k.block, count(*), count(%1$I) AS n, min(%1$I), max(%1$I),
				CASE WHEN %3$L THEN sum(%1$I::text::numeric) END, CASE WHEN %3$L THEN sum(%1$I::text::numeric * %1$I::text::numeric) END,
				(array_agg(%1$I ORDER BY t) FILTER (WHERE %1$I IS NOT NULL))[1] AS first,
				(array_agg(%1$I ORDER BY t DESC) FILTER (WHERE %1$I IS NOT NULL))[1] AS last,
				(array_agg(%1$I IS NULL ORDER BY t DESC))[1]
			FROM blocks k JOIN s ON s.e = k.entity AND s.t BETWEEN k.lo AND k.hi GROUP BY 1),
		told AS (SELECT u.block, u.rows, u.non_nulls, min_value::%2$s, max_value::%2$s,
				CASE WHEN %3$L THEN total END, CASE WHEN %3$L THEN squares END,
				first_value::%2$s, last_value::%2$s, last_is_null
			FROM territory.summaries('s') u WHERE column_name = %1$L AND u.block IS NOT NULL)
		SELECT block, told::text, says::text FROM told FULL JOIN says USING (block)
		WHERE told::text IS DISTINCT FROM says::text$q$, c, type, sums);
END $$;
SELECT * FROM differences('e', 'int', true);
SELECT * FROM differences('t', 'timestamptz');
SELECT * FROM differences('i2', 'smallint', true);
SELECT * FROM differences('i', 'int', true);
SELECT * FROM differences('b', 'bigint', true);
SELECT * FROM differences('n', 'numeric', true);
SELECT * FROM differences('f', 'float8');
SELECT * FROM differences('g', 'real');
SELECT * FROM differences('d', 'date');
-- floats: the sum and the second moment are the aggregates' but for the last digits
SELECT u.block, u.float_total, a.sum FROM territory.summaries('s') u JOIN (
	SELECT k.block, sum(f), var_pop(f) * count(f) AS m2 FROM blocks k JOIN s ON s.e = k.entity AND s.t BETWEEN k.lo AND k.hi GROUP BY 1) a
	ON a.block = u.block
WHERE u.column_name = 'f' AND (u.float_total IS NULL OR abs(u.float_total - a.sum) > 1e-12 OR abs(u.float_moment - a.m2) > 1e-9);
-- where a block lies
SELECT block, bounds FROM territory.summaries('s') WHERE column_name IN ('p', 'l') AND (block IS NULL OR block < 2) ORDER BY column_name, block NULLS FIRST;
-- the whole segment
SELECT column_name, rows, non_nulls, min_value, max_value, total, squares, round(float_total::numeric, 6) AS float_total,
	round(float_moment::numeric, 6) AS moment, first_value
FROM territory.summaries('s') WHERE block IS NULL;
DROP VIEW blocks;
DROP TABLE s;
-- what could differ from the rows is not told
CREATE TABLE odd (e int, t timestamptz, what text, f float8, g real, n numeric, b bigint, p geometry, PRIMARY KEY (e, t)) USING territory;
INSERT INTO odd
SELECT e, '2026-01-01'::timestamptz + i * interval '1 minute',
	(ARRAY['plain', 'NaN', 'infinite', 'zeros', 'negative zeros', 'overflow', 'nulls', 'scales', 'wide', 'first null'])[e],
	CASE e WHEN 1 THEN i WHEN 2 THEN CASE i WHEN 7 THEN 'NaN' ELSE i::float8 END WHEN 3 THEN CASE i WHEN 7 THEN '-Infinity' ELSE i::float8 END
		WHEN 4 THEN CASE i % 2 WHEN 0 THEN '-0' ELSE 0::float8 END WHEN 5 THEN '-0'::float8 WHEN 6 THEN 1e308
		WHEN 10 THEN CASE WHEN i BETWEEN 3 AND 290 THEN i END WHEN 7 THEN NULL ELSE 1 END,
	CASE e WHEN 2 THEN 'NaN'::float8 WHEN 6 THEN 3e38 WHEN 7 THEN NULL ELSE i END,
	CASE e WHEN 1 THEN (i / 4.0)::numeric(6, 2) WHEN 2 THEN CASE i WHEN 7 THEN 'NaN' ELSE i::numeric END WHEN 7 THEN NULL WHEN 8 THEN CASE i % 2 WHEN 0 THEN 1.5 ELSE 2.25 END
		WHEN 9 THEN 10::numeric ^ 40 ELSE -i END,
	CASE e WHEN 9 THEN CASE i % 2 WHEN 0 THEN 9223372036854775807 ELSE '-9223372036854775808'::bigint END WHEN 7 THEN NULL ELSE i END,
	CASE e WHEN 1 THEN ST_Point(i, -i) WHEN 2 THEN 'POINT EMPTY'::geometry WHEN 3 THEN ST_Point('Infinity', 1) WHEN 7 THEN NULL
		WHEN 8 THEN ST_Buffer(ST_Point(i, i), 2, 1) ELSE ST_MakePoint(i, i, 5) END
FROM generate_series(1, 10) e, generate_series(1, 300) i;
SELECT rows, segments FROM territory.seal('odd');
SELECT segment, ok, problem FROM territory.verify('odd');
CREATE VIEW told AS SELECT w.min_value AS e, u.* FROM territory.summaries('odd') u
	JOIN territory.summaries('odd') w ON w.segment = u.segment AND w.block = u.block AND w.column_name = 'e';
SELECT e, (ARRAY['plain', 'NaN', 'infinite', 'zeros', 'negative zeros', 'overflow', 'nulls', 'scales', 'wide', 'first null'])[e::int] AS what,
	non_nulls, min_value, max_value, float_total, round(float_moment::numeric, 3) AS moment, first_value, last_value, last_is_null
FROM told WHERE column_name = 'f' ORDER BY e::int;
SELECT e, min_value, max_value, float_total, first_value, last_value FROM told WHERE column_name = 'g' ORDER BY e::int;
SELECT e, non_nulls, min_value, max_value, total, squares, first_value, last_value FROM told WHERE column_name = 'n' ORDER BY e::int;
SELECT e, non_nulls, min_value, max_value, total, squares, first_value FROM told WHERE column_name = 'b' ORDER BY e::int;
SELECT e, non_nulls, bounds FROM told WHERE column_name = 'p' ORDER BY e::int;
SELECT column_name, non_nulls, min_value, max_value, total, squares, float_total, bounds FROM territory.summaries('odd') WHERE block IS NULL;
-- of the rows as they were sealed, whatever became of them and of the columns
DELETE FROM odd WHERE e = 1;
ALTER TABLE odd DROP COLUMN g, ADD COLUMN later int DEFAULT 5;
SELECT segment, rows, ok, problem FROM territory.verify('odd');
SELECT count(*), count(DISTINCT column_name) FROM territory.summaries('odd');
DROP VIEW told;
DROP TABLE odd;
-- numerics shown with more decimals or fewer come back as they were, and their sums as the aggregate shows them
CREATE TABLE shown (e int, t timestamptz, n numeric, PRIMARY KEY (e, t)) USING territory;
INSERT INTO shown
SELECT e, '2026-01-01'::timestamptz + i * interval '1 minute', CASE e
	WHEN 1 THEN (ARRAY[0.000, 1.5, 1.50, -1.5000, 10000, 0.0001, 99999999999.9999, -0.1])[1 + i % 8]
	WHEN 2 THEN (ARRAY[1e-18, 0, 2e-18])[1 + i % 3]
	WHEN 3 THEN (ARRAY[9223372036854775807, -9223372036854775807, 0.0])[1 + i % 3]
	WHEN 4 THEN -9223372036854775808
	WHEN 5 THEN 1.25::numeric(40, 30)
	WHEN 6 THEN i * 3 / 4.0
	WHEN 7 THEN 12345678.00
	WHEN 8 THEN 1e-19
	WHEN 9 THEN i::numeric(12, 4) END
FROM generate_series(1, 9) e, generate_series(1, 300) i;
CREATE TABLE shown_before AS SELECT e, t, n::text FROM shown;
SELECT rows FROM territory.seal('shown');
SELECT * FROM (SELECT e, t, n::text FROM shown EXCEPT ALL SELECT * FROM shown_before) x;
SELECT ok, problem FROM territory.verify('shown');
SELECT w.min_value AS e, u.min_value, u.max_value, u.total, s.sum, u.total::text = s.sum::text AS same, u.first_value
FROM territory.summaries('shown') u JOIN territory.summaries('shown') w USING (segment, block)
JOIN (SELECT e, sum(n) FROM shown GROUP BY e) s ON s.e = w.min_value::int
WHERE u.column_name = 'n' AND w.column_name = 'e' ORDER BY 1;
DROP TABLE shown, shown_before;
-- nothing sealed; not ours; not readable
CREATE TABLE empty (t timestamptz) USING territory;
SELECT * FROM territory.summaries('empty');
CREATE TABLE heap_table (t timestamptz) USING heap;
SELECT * FROM territory.summaries('heap_table');
SELECT * FROM territory.summaries(NULL);
CREATE ROLE nobody_here;
SET ROLE nobody_here;
SELECT * FROM territory.summaries('empty');
RESET ROLE;
DROP ROLE nobody_here;
DROP TABLE empty, heap_table;
DROP FUNCTION differences;
