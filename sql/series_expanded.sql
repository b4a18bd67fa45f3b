-- what a function returns without encoding it is the same value, whatever is done with it
SET search_path = public, territory;
SET timezone = 'UTC';
CREATE TEMP TABLE trips AS
SELECT k, point_series(t, pos) AS trip FROM (SELECT k, '2026-01-01'::timestamptz + i * interval '10 seconds' AS t,
	ST_SetSRID(ST_MakePoint(850000 + i * k, 6690000 + 50 * sin(i * 0.1 * k)), 2154) AS pos FROM generate_series(1, 4) k, generate_series(1, 1500) i) fixes GROUP BY k;
-- stored, and asked again
CREATE TEMP TABLE speeds AS SELECT k, speed(trip) AS speed, simplify(trip, 5) AS simple FROM trips;
SELECT bool_and(time_weighted_average(speed(trip)) = time_weighted_average(speed)) AS same_mean, bool_and(max_value(speed(trip)) = max_value(speed)) AS same_max,
	bool_and(speed(trip) = speed) AS same_value, bool_and(speed(trip)::text = speed::text) AS same_text, bool_and(speed(trip)::text::float_series = speed) AS same_again,
	bool_and(float_series_send(speed(trip)) = float_series_send(speed)) AS same_bytes, bool_and(length(simplify(trip, 5)) = length(simple)) AS same_length,
	bool_and(pg_column_size(speed(trip)) > 1000) AS size
FROM trips JOIN speeds USING (k);
-- by instants, blocks and periods
SELECT bool_and(value_at(speed(trip), '2026-01-01 03:00+00') = value_at(speed, '2026-01-01 03:00+00')) AS at_an_instant,
	bool_and(at(speed(trip), '[2026-01-01 02:00+00,2026-01-01 03:00+00]'::tstzrange) = at(speed, '[2026-01-01 02:00+00,2026-01-01 03:00+00]'::tstzrange)) AS in_a_period,
	bool_and(when_above(speed(trip), 1) = when_above(speed, 1)) AS above, bool_and(num_instants(speed(trip)) = num_instants(speed)) AS instants
FROM trips JOIN speeds USING (k);
-- sorted, grouped, hashed, joined, in sets, arrays, rows, CTEs and variables
SELECT count(*), count(DISTINCT speed(trip)) FROM (SELECT trip FROM trips UNION ALL SELECT trip FROM trips) x;
SELECT count(*) FROM (SELECT speed(trip) FROM trips UNION SELECT speed FROM speeds) x;
SELECT count(*) FROM trips t JOIN speeds s ON speed(t.trip) = s.speed;
SET enable_hashjoin = off; SET enable_hashagg = off; SET enable_nestloop = off;
SELECT count(*) FROM trips t JOIN speeds s ON speed(t.trip) = s.speed;
SELECT count(*) FROM (SELECT speed(trip) AS s FROM trips GROUP BY 1) x;
RESET enable_hashjoin; RESET enable_hashagg; RESET enable_nestloop;
SELECT cardinality(array_agg(speed(trip))), bool_and(ROW(k, speed(trip)) = ROW(k, (SELECT speed FROM speeds s WHERE s.k = t.k))) FROM trips t;
WITH s AS MATERIALIZED (SELECT k, speed(trip) AS s FROM trips) SELECT sum(num_instants(a.s)) FROM s a JOIN s b USING (k) WHERE a.s = b.s;
SELECT sum(num_instants(s)) FROM (SELECT speed(trip) AS s FROM trips ORDER BY speed(trip) DESC OFFSET 0) x;
SELECT k, count(*) FILTER (WHERE same) FROM (SELECT k, speed(trip) = lag(speed(trip)) OVER (ORDER BY k) IS NOT NULL AS same FROM trips) x GROUP BY k ORDER BY k;
DO $$
DECLARE s float_series; p point_series; n int := 0;
BEGIN
	FOR i IN 1..4 LOOP
		SELECT speed(trip), simplify(trip, 1) INTO s, p FROM trips WHERE k = i;
		s := speed(p);
		p := simplify(p, 2);
		p := simplify(p, 3, 'synchronous');
		n := n + num_instants(s) + num_instants(p) - num_instants(speed(p));
	END LOOP;
	RAISE NOTICE '%', n > 0;
END $$;
PREPARE q (tstzrange) AS SELECT sum(time_weighted_average(speed(at(trip, $1)))) > 0 FROM trips;
EXECUTE q('[2026-01-01 01:00+00,2026-01-01 02:00+00]');
EXECUTE q('(,)');
-- an error comes from the function that made the series
SELECT num_instants(speed('[POINT(0 0)@2026-01-01, POINT(1e300 0)@2026-01-02]'));
