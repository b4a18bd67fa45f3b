-- What is asked of the readings: the name and title of each, what it may take at most, the statement.
-- :name is filled in by queries.py, from the size of the data.  What follows "of others" is how heap and DuckDB are asked, which have
-- no such aggregate.

-- Q1a: last of each sensor, DISTINCT ON
-- at most: heap / 1000
SELECT DISTINCT ON (sensor_id) sensor_id, t, temp, flow, idx, state FROM readings ORDER BY sensor_id, t DESC;

-- Q1b: last of each sensor, LATERAL
-- at most: heap / 1
SELECT s.sensor_id, r.t, r.temp, r.flow, r.idx, r.state
FROM sensors s CROSS JOIN LATERAL
	(SELECT * FROM readings r WHERE r.sensor_id = s.sensor_id ORDER BY t DESC LIMIT 1) r
ORDER BY s.sensor_id;

-- Q1d: last of each sensor, DISTINCT ON, backwards
-- at most: heap / 1
SELECT DISTINCT ON (sensor_id) sensor_id, t, temp, flow, idx, state FROM readings ORDER BY sensor_id DESC, t DESC;

-- Q2: one sensor, one day
-- at most: heap / 2.5
SELECT t, temp, flow, idx, state FROM readings
WHERE sensor_id = :sensor AND t >= :day AND t < :next_day ORDER BY t;

-- Q3: one sensor, 12 hours, by minute
-- at most: heap / 3
SELECT date_bin('1 minute', t, '2000-01-01 00:00+00') AS m, max(temp) FROM readings
WHERE sensor_id = :sensor AND t >= :morning AND t < :evening GROUP BY m ORDER BY m;

-- Q4: eight sensors, 12 hours, by hour
-- at most: heap / 5
SELECT date_bin('1 hour', t, '2000-01-01 00:00+00') AS h, max(temp), max(flow), max(idx) FROM readings
WHERE sensor_id IN (:sensors) AND t >= :morning AND t < :evening GROUP BY h ORDER BY h;

-- Q5: sensor by hour, all rows sent
-- at most: heap / 10
SELECT date_bin('1 hour', t, '2000-01-01 00:00+00') AS h, sensor_id, avg(temp) FROM readings
GROUP BY h, sensor_id ORDER BY h, sensor_id;

-- Q5d: sensor by hour, one day
-- at most: heap / 1
SELECT date_bin('1 hour', t, '2000-01-01 00:00+00') AS h, sensor_id, avg(temp) FROM readings
WHERE t >= :day AND t < :next_day GROUP BY h, sensor_id ORDER BY h, sensor_id;

-- Q5w: sensor by hour, summed up
-- at most: heap / 30
SELECT count(*), sum(a) FROM
	(SELECT date_bin('1 hour', t, '2000-01-01 00:00+00') AS h, sensor_id, avg(temp) AS a FROM readings
	 GROUP BY h, sensor_id) x;

-- Q6: flow by day
-- at most: heap / 100
SELECT date_bin('1 day', t, '2000-01-01 00:00+00') AS d, avg(flow), min(flow), max(flow), count(flow) FROM readings
GROUP BY d ORDER BY d;

-- Q7a: high temperatures, count
-- at most: heap / 50
SELECT count(*) FROM readings WHERE temp > 23.5;

-- Q7b: high temperatures, rows
-- at most: heap / 20
SELECT sensor_id, t, temp, flow, idx, state FROM readings WHERE temp > 23.5;

-- Q8: sum and mean of all
-- at most: 2 ms
SELECT sum(flow), avg(flow) FROM readings;

-- Q8b: count of all
-- at most: 2 ms
SELECT count(*) FROM readings;

-- Q9a: a box by columns, 3 days, by hour
-- at most: heap / 60
SELECT date_bin('1 hour', t, '2000-01-01 00:00+00') AS h, avg(flow), count(*) FROM readings
WHERE lon BETWEEN 5.02 AND 5.047 AND lat BETWEEN 47.305 AND 47.322 AND t >= :day AND t < :third_day
GROUP BY h ORDER BY h;

-- Q9b: a box by a join, 3 days, by hour
-- at most: heap / 60
SELECT date_bin('1 hour', t, '2000-01-01 00:00+00') AS h, avg(flow), count(*)
FROM readings r JOIN sensors s USING (sensor_id)
WHERE s.geom && ST_MakeEnvelope(5.02, 47.305, 5.047, 47.322, 4326) AND t >= :day AND t < :third_day
GROUP BY h ORDER BY h;

-- Q10a: latest 10 times
-- at most: heap / 200
SELECT t FROM readings ORDER BY t DESC LIMIT 10;

-- Q10b: last 5 minutes before an instant, looked for
-- at most: heap / 300
SELECT date_bin('1 minute', t, '2000-01-01 00:00+00') AS m, max(temp) FROM readings
WHERE t < :instant GROUP BY m ORDER BY m DESC LIMIT 5;

-- Q10c: last 5 minutes before an instant, given
-- at most: heap / 2
SELECT date_bin('1 minute', t, '2000-01-01 00:00+00') AS m, max(temp) FROM readings
WHERE t >= :before_instant AND t < :instant GROUP BY m ORDER BY m DESC;

-- J1: district by 10 minutes, by a join
-- at most: heap / 40
SELECT s.district, date_bin('10 minutes', t, '2000-01-01 00:00+00') AS b, avg(temp)
FROM readings r JOIN sensors s USING (sensor_id) GROUP BY 1, 2 ORDER BY 1, 2;

-- A1: time-weighted mean, sensor by hour, summed up
-- at most: heap / 20
SELECT count(*), sum(a), min(a), max(a) FROM
	(SELECT sensor_id, date_bin('1 hour', t, '2000-01-01 00:00+00') AS h, territory.time_weighted_average(temp, t) AS a FROM readings
	 GROUP BY sensor_id, h) x;
-- of others:
SELECT count(*), sum(a), min(a), max(a) FROM
	(SELECT sensor_id, h, coalesce(sum(temp * s) / sum(s), min(temp)) AS a FROM
		(SELECT sensor_id, h, temp, CAST(extract(epoch FROM lead(t) OVER (PARTITION BY sensor_id, h ORDER BY t) - t) AS float8) AS s FROM
			(SELECT sensor_id, date_bin('1 hour', t, '2000-01-01 00:00+00') AS h, t, temp FROM readings) z) y
	 GROUP BY sensor_id, h) x;
