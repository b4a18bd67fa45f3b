-- Fewer instants, or calmer ones: against the published algorithms written anew in PL/pgSQL.
SET timezone = 'UTC';
SET search_path = territory, public;
CREATE TEMP TABLE rows AS
SELECT i, '2026-01-01 00:00+00'::timestamptz + i * interval '10 minutes' + (i * 131 % 500) * interval '1 second' AS t,
	round((sin(i / 40.0) * 20 + (i * 37 % 101) / 20.0)::numeric, 2)::float8 AS v FROM generate_series(0, 1499) i;
CREATE INDEX ON rows (i);
ANALYZE rows;
CREATE TEMP TABLE series AS
SELECT interpolation AS kind, float_series(t, v, interpolation) AS s FROM rows, unnest(ARRAY['linear', 'step', 'discrete']) interpolation GROUP BY 1;

-- Douglas-Peucker, recursively
CREATE FUNCTION pg_temp.douglas_peucker(first integer, last integer, tolerance float8) RETURNS SETOF integer LANGUAGE plpgsql AS $$
DECLARE
	a rows; b rows; middle integer;
BEGIN
	SELECT * INTO a FROM rows WHERE i = first;
	SELECT * INTO b FROM rows WHERE i = last;
	SELECT r.i INTO middle FROM rows r, LATERAL (SELECT abs(r.v - (a.v + (b.v - a.v) * (extract(epoch FROM r.t - a.t) / extract(epoch FROM b.t - a.t))::float8)) AS far) d
	WHERE r.i > first AND r.i < last AND far > tolerance ORDER BY far DESC, r.i LIMIT 1;
	IF middle IS NOT NULL THEN
		RETURN QUERY SELECT * FROM pg_temp.douglas_peucker(first, middle, tolerance);
		RETURN NEXT middle;
		RETURN QUERY SELECT * FROM pg_temp.douglas_peucker(middle, last, tolerance);
	END IF;
END $$;
SELECT tolerance, num_instants(simplify(s, tolerance)),
	(SELECT array_agg(t ORDER BY t) FROM unnest(simplify(s, tolerance)))
		= (SELECT array_agg(t ORDER BY t) FROM rows WHERE i IN (0, 1499) OR i IN (SELECT * FROM pg_temp.douglas_peucker(0, 1499, tolerance))) AS same,
	(SELECT max(abs(v - value_at(simplify(s, tolerance), t))) <= tolerance FROM rows) AS within
FROM series, unnest(ARRAY[1, 5, 10, 100]) tolerance WHERE kind = 'linear';
SELECT num_instants(simplify(s, 5)) = (SELECT num_instants(simplify(s, 5)) FROM series WHERE kind = 'linear') FROM series WHERE kind = 'discrete';
-- steps: where the value is farther from the one kept before
WITH RECURSIVE k AS (SELECT i, t, v, v AS kept FROM rows WHERE i = 0
	UNION ALL SELECT r.i, r.t, r.v, CASE WHEN abs(r.v - kept) > 5 THEN r.v ELSE kept END FROM k JOIN rows r ON r.i = k.i + 1)
SELECT (SELECT array_agg(u ORDER BY u.t) FROM unnest(simplify(s, 5)) u) = (SELECT array_agg(row(t, v) ORDER BY t)
		FROM (SELECT *, lag(kept) OVER (ORDER BY i) AS before FROM k) x WHERE kept IS DISTINCT FROM before OR i = 1499) AS same
FROM series WHERE kind = 'step';
SELECT simplify(s, 0.1), simplify(s, 0) FROM (VALUES
	('{[1@2026-01-01, 2@2026-01-02, 3@2026-01-03], [3@2026-01-05], [0@2026-01-06, 0.05@2026-01-07, 0@2026-01-08]}'::float_series),
	('Interp=Step;[1@2026-01-01, 1@2026-01-02, 1.05@2026-01-03, 1.05@2026-01-04, 2@2026-01-05, 2@2026-01-06]')) v(s);
SELECT simplify(s, -1) FROM series WHERE kind = 'linear';
SELECT simplify(s, 'NaN') FROM series WHERE kind = 'linear';
SELECT num_instants(simplify(s, 'infinity')), simplify(s, NULL) FROM series WHERE kind = 'linear';

-- largest triangle three buckets, as Steinarsson 2013 has it
CREATE FUNCTION pg_temp.lttb(n integer) RETURNS timestamptz[] LANGUAGE plpgsql AS $$
DECLARE
	every float8 := (SELECT count(*) - 2 FROM rows)::float8 / (n - 2);
	total integer := (SELECT count(*) FROM rows);
	chosen integer[] := '{0}';
	a rows; x float8; y float8; next integer;
BEGIN
	FOR b IN 0..n - 3 LOOP
		SELECT * INTO a FROM rows WHERE i = chosen[b + 1];
		SELECT avg(extract(epoch FROM t - a.t)), avg(v) INTO x, y FROM rows
		WHERE i >= floor((b + 1) * every)::int + 1 AND i < least(floor((b + 2) * every)::int + 1, total);
		SELECT i INTO next FROM rows WHERE i >= floor(b * every)::int + 1 AND i < floor((b + 1) * every)::int + 1
		ORDER BY round(abs(-x * (v - a.v) + extract(epoch FROM t - a.t)::float8 * (y - a.v))::numeric, 3) DESC, i LIMIT 1;
		chosen := chosen || next;
	END LOOP;
	RETURN (SELECT array_agg(t ORDER BY t) FROM rows WHERE i = ANY (chosen || (total - 1)));
END $$;
SELECT n, num_instants(downsample_lttb(s, n)), (SELECT array_agg(t ORDER BY t) FROM unnest(downsample_lttb(s, n))) = pg_temp.lttb(n) AS same
FROM series, unnest(ARRAY[3, 10, 50, 333, 1499]) n WHERE kind = 'linear';
SELECT downsample_lttb(s, 2), downsample_lttb(s, 1500) = s FROM series WHERE kind = 'linear';
SELECT kind, bool_and(u.value = v) FROM series, unnest(downsample_lttb(s, 100)) u JOIN rows USING (t) GROUP BY kind ORDER BY kind;
SELECT downsample_lttb(s, 1) FROM series WHERE kind = 'linear';
-- sections stay apart
SELECT time_spans(downsample_lttb(s, 4)), time_spans(downsample_minmax(s, 4)), downsample_minmax(s, 4)
FROM (SELECT '{[1@2026-01-01, 2@2026-01-02, 3@2026-01-03], [3@2026-01-05], [0@2026-01-06, 0.05@2026-01-07, 0@2026-01-08]}'::float_series AS s) x;

-- extremes of stretches
SELECT n, kind, num_instants(downsample_minmax(s, n)) <= n AS few, (SELECT array_agg(u ORDER BY u.t) FROM unnest(downsample_minmax(s, n)) u) = (
		SELECT array_agg(row(t, v) ORDER BY t) FROM (SELECT *, row_number() OVER (PARTITION BY stretch ORDER BY v, t) AS low,
				row_number() OVER (PARTITION BY stretch ORDER BY v DESC, t) AS high
			FROM (SELECT *, floor(extract(epoch FROM t - min(t) OVER ()) * (n / 2) / (extract(epoch FROM max(t) OVER () - min(t) OVER ()) + 0.000001)) AS stretch FROM rows) x) x
		WHERE low = 1 OR high = 1) AS same,
	min_value(downsample_minmax(s, n)) = min_value(s) AND max_value(downsample_minmax(s, n)) = max_value(s) AS extremes
FROM series, unnest(ARRAY[2, 3, 40, 1001]) n ORDER BY 1, 2;
SELECT downsample_minmax(s, 5000) = s FROM series WHERE kind = 'step';
SELECT downsample_minmax(s, 0) FROM series WHERE kind = 'step';

-- moving averages: of instants in a window of RANGE, of time by the integral of each window
SELECT count(*) AS instants, count(*) FILTER (WHERE abs(u.value - e.mean) > 1e-12) AS wrong
FROM series, unnest(smooth(s, '3 hours')) u JOIN (SELECT t, avg(v) OVER (ORDER BY t RANGE BETWEEN interval '90 minutes' PRECEDING AND interval '90 minutes' FOLLOWING) AS mean
	FROM rows) e USING (t) WHERE kind = 'discrete';
SELECT kind, count(*) AS instants, count(*) FILTER (WHERE abs(u.value - time_weighted_average(at(s, tstzrange(u.t - interval '47.5 minutes', u.t + interval '47.5 minutes', '[]')))) > 1e-9) AS wrong
FROM (SELECT kind, CASE kind WHEN 'linear' THEN set_interpolation(s, kind, max_gap => '18 minutes 10 seconds') ELSE s END AS s FROM series) x, unnest(smooth(s, '95 minutes')) u
WHERE kind <> 'discrete' GROUP BY kind ORDER BY kind;
SELECT smooth(s, '2 days'), smooth(s, '365000 days'), smooth(s, '1 microsecond') FROM (VALUES
	('{[1@2026-01-01, 2@2026-01-02, 3@2026-01-03, 4@2026-01-04], [7@2026-01-05]}'::float_series),
	('Interp=Step;{[1@2026-01-01, 2@2026-01-02, 3@2026-01-03, 4@2026-01-04], [7@2026-01-05]}'), ('{1@2026-01-01, 2@2026-01-02, 6@2026-01-03}')) v(s);
SELECT smooth(s, '-1 day') FROM series WHERE kind = 'linear';
SELECT smooth(s, '1 month') FROM series WHERE kind = 'linear';
-- large values next to small ones lose nothing
SELECT smooth('{1e15@2026-01-01, 1@2026-01-02, 2@2026-01-03, 3@2026-01-04, 4@2026-01-05}', '2 days');
