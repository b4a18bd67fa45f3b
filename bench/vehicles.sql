-- What is asked of the vehicles: the name and title of each, what it may take at most, the statement over stored
-- series; after "-- rows" the same over rows, in plain SQL and PostGIS, and after "-- mobilitydb" over MobilityDB's
-- trips, where there is one.
-- :place is a point of the streets, :zone the square of 2 km around it, :day the second day, filled in by vehicles.py.

-- T1: length of every trip
-- at most: 140 ms
SELECT vehicle_id, day, length(trip) FROM trips ORDER BY 1, 2;
-- rows
SELECT vehicle_id, t::date, ST_Length(ST_MakeLine(geom ORDER BY t)) FROM fixes GROUP BY 1, 2 ORDER BY 1, 2;
-- mobilitydb
SELECT vehicle_id, day, length(trip) FROM trips ORDER BY 1, 2;

-- T2: time-weighted average speed of every trip
-- at most: 612 ms
SELECT vehicle_id, day, time_weighted_average(speed(trip)) FROM trips ORDER BY 1, 2;
-- rows
SELECT vehicle_id, day, sum(metres) / sum(seconds) FROM
	(SELECT vehicle_id, t::date AS day, ST_Distance(geom, lag(geom) OVER trip) AS metres,
		extract(epoch FROM t - lag(t) OVER trip)::float8 AS seconds FROM fixes WINDOW trip AS (PARTITION BY vehicle_id, t::date ORDER BY t)) x
GROUP BY 1, 2 ORDER BY 1, 2;
-- mobilitydb
SELECT vehicle_id, day, twAvg(speed(trip)) FROM trips ORDER BY 1, 2;

-- T3: vehicles within 20 m of a place during an hour
-- at most: 65 ms
SELECT vehicle_id FROM trips
WHERE day = :day AND ever_within(trip, :place, 20, tstzrange(:day::timestamptz + interval '10 hours', :day::timestamptz + interval '11 hours', '[]')) ORDER BY 1;
-- rows
SELECT DISTINCT vehicle_id FROM
	(SELECT vehicle_id, geom, lag(geom) OVER (PARTITION BY vehicle_id ORDER BY t) AS before FROM fixes
	 WHERE t BETWEEN :day::timestamptz + interval '10 hours' AND :day::timestamptz + interval '11 hours') x
WHERE ST_DWithin(ST_MakeLine(before, geom), :place, 20) ORDER BY 1;
-- mobilitydb
SELECT vehicle_id FROM trips
WHERE day = :day AND eDwithin(atTime(trip, span(:day::timestamptz + interval '10 hours', :day::timestamptz + interval '11 hours', true, true)), :place, 20) ORDER BY 1;

-- T4: positions of all vehicles at an instant
-- at most: 5 ms
SELECT vehicle_id, ST_X(p), ST_Y(p) FROM (SELECT vehicle_id, position_at(trip, :day::timestamptz + interval '11:11:11') AS p FROM trips WHERE day = :day OFFSET 0) x ORDER BY 1;
-- rows
SELECT vehicle_id, a.x + (b.x - a.x) * u, a.y + (b.y - a.y) * u
FROM vehicles,
	LATERAL (SELECT t, ST_X(geom) AS x, ST_Y(geom) AS y FROM fixes f WHERE f.vehicle_id = vehicles.vehicle_id AND t <= :day::timestamptz + interval '11:11:11' ORDER BY t DESC LIMIT 1) a,
	LATERAL (SELECT t, ST_X(geom) AS x, ST_Y(geom) AS y FROM fixes f WHERE f.vehicle_id = vehicles.vehicle_id AND t > :day::timestamptz + interval '11:11:11' ORDER BY t LIMIT 1) b,
	LATERAL (SELECT extract(epoch FROM :day::timestamptz + interval '11:11:11' - a.t)::float8 / extract(epoch FROM b.t - a.t)::float8 AS u) u
ORDER BY 1;
-- mobilitydb
SELECT vehicle_id, ST_X(p), ST_Y(p) FROM (SELECT vehicle_id, valueAtTimestamp(trip, :day::timestamptz + interval '11:11:11') AS p FROM trips WHERE day = :day OFFSET 0) x ORDER BY 1;

-- T5: pairs of vehicles ever closer than 10 m in a day
-- at most: 2138 ms
SELECT a.vehicle_id, b.vehicle_id FROM trips a JOIN trips b ON a.day = b.day AND a.vehicle_id < b.vehicle_id
WHERE a.day = :day AND ever_within(a.trip, b.trip, 10) ORDER BY 1, 2;
-- rows
WITH steps AS MATERIALIZED (SELECT vehicle_id AS v, t, ST_X(geom) AS x, ST_Y(geom) AS y, lead(ST_X(geom)) OVER w AS x1, lead(ST_Y(geom)) OVER w AS y1
	FROM fixes WHERE t >= :day AND t < :day::date + 1 WINDOW w AS (PARTITION BY vehicle_id ORDER BY t)),
	pairs AS (SELECT a.v AS a, b.v AS b, b.x - a.x AS dx, b.y - a.y AS dy, (b.x1 - a.x1) - (b.x - a.x) AS vx, (b.y1 - a.y1) - (b.y - a.y) AS vy
	FROM steps a JOIN steps b ON a.t = b.t AND a.v < b.v)
SELECT DISTINCT a, b FROM pairs, LATERAL (SELECT CASE WHEN vx = 0 AND vy = 0 THEN 0 ELSE greatest(0, least(1, -(dx * vx + dy * vy) / (vx * vx + vy * vy))) END AS u) u
WHERE (dx + u * vx) ^ 2 + (dy + u * vy) ^ 2 <= 100 ORDER BY 1, 2;
-- mobilitydb
SELECT a.vehicle_id, b.vehicle_id FROM trips a JOIN trips b ON a.day = b.day AND a.vehicle_id < b.vehicle_id
WHERE a.day = :day AND a.trip && expandSpace(b.trip, 10) AND eDwithin(a.trip, b.trip, 10) ORDER BY 1, 2;

-- T6a: Douglas-Peucker, 10 m, all trips
-- at most: 1536 ms
SELECT vehicle_id, day, num_instants(simplify(trip, 10)) FROM trips ORDER BY 1, 2;
-- rows
SELECT vehicle_id, t::date, ST_NPoints(ST_Simplify(ST_MakeLine(geom ORDER BY t), 10)) FROM fixes GROUP BY 1, 2 ORDER BY 1, 2;
-- mobilitydb
SELECT vehicle_id, day, numInstants(douglasPeuckerSimplify(trip, 10, false)) FROM trips ORDER BY 1, 2;

-- T6b: synchronous distance, 10 m, all trips
-- at most: 4099 ms
SELECT vehicle_id, day, num_instants(simplify(trip, 10, 'synchronous')) FROM trips ORDER BY 1, 2;
-- mobilitydb
SELECT vehicle_id, day, numInstants(douglasPeuckerSimplify(trip, 10, true)) FROM trips ORDER BY 1, 2;

-- T7: fixes of one trip as rows
SELECT ST_X(geom), ST_Y(geom) FROM trips, ST_DumpPoints(trajectory(trip)) WHERE vehicle_id = 17 AND day = :day ORDER BY path;
-- rows
SELECT x, y FROM (SELECT t, ST_X(geom) AS x, ST_Y(geom) AS y, lag(geom) OVER (ORDER BY t) AS before, geom FROM fixes
	WHERE vehicle_id = 17 AND t >= :day AND t < :day::date + 1) f WHERE before IS NULL OR NOT before OPERATOR(public.=) geom ORDER BY t;
-- mobilitydb
SELECT ST_X(geom), ST_Y(geom) FROM (SELECT getTimestamp(i) AS t, getValue(i) AS geom, lag(getValue(i)) OVER (ORDER BY getTimestamp(i)) AS before
	FROM trips, unnest(instants(trip)) i WHERE vehicle_id = 17 AND day = :day) f WHERE before IS NULL OR NOT before OPERATOR(public.=) geom ORDER BY t;

-- T8: seconds of each vehicle in a zone, one day
-- at most: 281 ms
SELECT vehicle_id, round(extract(epoch FROM duration(when_inside(trip, :zone))), 3) FROM trips WHERE day = :day ORDER BY 1;
-- rows
SELECT vehicle_id, round(coalesce(sum(seconds * CASE WHEN before OPERATOR(public.=) geom THEN 1 ELSE ST_Length(ST_Intersection(ST_MakeLine(before, geom), :zone)) / ST_Distance(before, geom) END)
	FILTER (WHERE ST_Intersects(ST_MakeLine(before, geom), :zone)), 0)::numeric, 3)
FROM (SELECT vehicle_id, geom, lag(geom) OVER w AS before, extract(epoch FROM t - lag(t) OVER w)::float8 AS seconds FROM fixes
	WHERE t >= :day AND t < :day::date + 1 WINDOW w AS (PARTITION BY vehicle_id ORDER BY t)) x
GROUP BY 1 ORDER BY 1;
-- mobilitydb
SELECT vehicle_id, round(extract(epoch FROM coalesce(duration(atStbox(trip, stbox(:zone))), interval '0'))::numeric, 3) FROM trips WHERE day = :day ORDER BY 1;
