-- What is asked of the readings.  :name is filled in by bench.py, from the size of the data.

-- last of each sensor, DISTINCT ON
SELECT DISTINCT ON (sensor_id) sensor_id, t, temp, flow, idx, state FROM readings ORDER BY sensor_id, t DESC;

-- last of each sensor, LATERAL
SELECT s.sensor_id, r.t, r.temp, r.flow, r.idx, r.state
FROM sensors s CROSS JOIN LATERAL
	(SELECT * FROM readings r WHERE r.sensor_id = s.sensor_id ORDER BY t DESC LIMIT 1) r
ORDER BY s.sensor_id;

-- one sensor, one day
SELECT t, temp, flow, idx, state FROM readings
WHERE sensor_id = :sensor AND t >= :day AND t < :next_day ORDER BY t;

-- one sensor, 12 hours, by minute
SELECT date_bin('1 minute', t, '2000-01-01 00:00+00') AS m, max(temp) FROM readings
WHERE sensor_id = :sensor AND t >= :morning AND t < :evening GROUP BY m ORDER BY m;

-- eight sensors, 12 hours, by hour
SELECT date_bin('1 hour', t, '2000-01-01 00:00+00') AS h, max(temp), max(flow), max(idx) FROM readings
WHERE sensor_id IN (:sensors) AND t >= :morning AND t < :evening GROUP BY h ORDER BY h;

-- sensor by hour, one day
SELECT date_bin('1 hour', t, '2000-01-01 00:00+00') AS h, sensor_id, avg(temp) FROM readings
WHERE t >= :day AND t < :next_day GROUP BY h, sensor_id ORDER BY h, sensor_id;

-- sensor by hour, all rows sent
SELECT date_bin('1 hour', t, '2000-01-01 00:00+00') AS h, sensor_id, avg(temp) FROM readings
GROUP BY h, sensor_id ORDER BY h, sensor_id;

-- sensor by hour, summed up
SELECT count(*), sum(a) FROM
	(SELECT date_bin('1 hour', t, '2000-01-01 00:00+00') AS h, sensor_id, avg(temp) AS a FROM readings
	 GROUP BY h, sensor_id) x;

-- flow by day
SELECT date_bin('1 day', t, '2000-01-01 00:00+00') AS d, avg(flow), min(flow), max(flow), count(flow) FROM readings
GROUP BY d ORDER BY d;

-- high temperatures, count
SELECT count(*) FROM readings WHERE temp > 23.5;

-- high temperatures, rows
SELECT sensor_id, t, temp, flow, idx, state FROM readings WHERE temp > 23.5;

-- sum and mean of all
SELECT sum(flow), avg(flow) FROM readings;

-- count of all
SELECT count(*) FROM readings;

-- a box by columns, 3 days, by hour
SELECT date_bin('1 hour', t, '2000-01-01 00:00+00') AS h, avg(flow), count(*) FROM readings
WHERE lon BETWEEN 5.02 AND 5.047 AND lat BETWEEN 47.305 AND 47.322 AND t >= :day AND t < :third_day
GROUP BY h ORDER BY h;

-- a box by a join, 3 days, by hour
SELECT date_bin('1 hour', t, '2000-01-01 00:00+00') AS h, avg(flow), count(*)
FROM readings r JOIN sensors s USING (sensor_id)
WHERE s.geom && ST_MakeEnvelope(5.02, 47.305, 5.047, 47.322, 4326) AND t >= :day AND t < :third_day
GROUP BY h ORDER BY h;

-- latest 10 times
SELECT t FROM readings ORDER BY t DESC LIMIT 10;

-- last 5 minutes before an instant, looked for
SELECT date_bin('1 minute', t, '2000-01-01 00:00+00') AS m, max(temp) FROM readings
WHERE t < :instant GROUP BY m ORDER BY m DESC LIMIT 5;

-- last 5 minutes before an instant, given
SELECT date_bin('1 minute', t, '2000-01-01 00:00+00') AS m, max(temp) FROM readings
WHERE t >= :before_instant AND t < :instant GROUP BY m ORDER BY m DESC;
