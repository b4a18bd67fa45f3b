-- What is asked of two series of a year of minutes, temperature (1) and flow (2): the title of each, what it may take at
-- most, the statement over series; after "-- rows" the same over their rows in plain SQL, where that can be said.

-- resample: the mean of each hour
-- at most: 5 ms
SELECT num_instants(hours), average_value(hours) FROM (SELECT resample(minutes, '1 hour', 'average', to_time => '2026-01-01') AS hours FROM years WHERE sensor_id = 1 OFFSET 0) x;
-- rows
SELECT count(*), avg(mean) FROM (SELECT date_bin('1 hour', t, '2025-01-01'), avg(v) AS mean FROM minutes WHERE sensor_id = 1 AND t < '2026-01-01' GROUP BY 1) x;

-- resample: the mean of each day of Paris
-- at most: 5 ms
SELECT num_instants(days), max_value(days) FROM (SELECT resample(minutes, '1 day', 'average', 'Europe/Paris') AS days FROM years WHERE sensor_id = 1 OFFSET 0) x;
-- rows
SELECT count(*), max(mean) FROM (SELECT (t AT TIME ZONE 'Europe/Paris')::date AS day, avg(v) AS mean FROM minutes WHERE sensor_id = 1 GROUP BY 1) x;

-- resample: the value at each hour
-- at most: 5 ms
SELECT num_instants(hours), average_value(hours) FROM (SELECT resample(minutes, '1 hour', 'previous') AS hours FROM years WHERE sensor_id = 1 OFFSET 0) x;
-- rows
SELECT count(*), avg(v) FROM generate_series('2025-01-01'::timestamptz, '2026-01-01', '1 hour') h, LATERAL (SELECT v FROM minutes WHERE sensor_id = 1 AND t <= h ORDER BY t DESC LIMIT 1) x;

-- resample: a line's value at each quarter of an hour
-- at most: 5 ms
SELECT num_instants(quarters) FROM (SELECT resample(line, '15 minutes', 'linear') AS quarters FROM years WHERE sensor_id = 1 OFFSET 0) x;

-- downsample_lttb: 1,000 instants for a chart
SELECT num_instants(downsample_lttb(minutes, 1000)) FROM years WHERE sensor_id = 1;

-- downsample_minmax: 1,000 instants for a chart
SELECT num_instants(downsample_minmax(minutes, 1000)) FROM years WHERE sensor_id = 1;

-- time_weighted_average of a line
SELECT time_weighted_average(line) FROM years WHERE sensor_id = 1;
-- rows
SELECT sum((v + later) / 2 * lasts) / sum(lasts) FROM
	(SELECT v, lead(v) OVER w AS later, extract(epoch FROM lead(t) OVER w - t)::float8 AS lasts FROM minutes WHERE sensor_id = 1 WINDOW w AS (ORDER BY t)) x;

-- sum of two series, its maximum
SELECT max_value(a.minutes + b.minutes) FROM years a, years b WHERE a.sensor_id = 1 AND b.sensor_id = 2;
-- rows
SELECT max(a.v + b.v) FROM minutes a JOIN minutes b USING (t) WHERE a.sensor_id = 1 AND b.sensor_id = 2;

-- quotient of two series, its mean
SELECT average_value(b.minutes / (a.minutes + 273.15)) FROM years a, years b WHERE a.sensor_id = 1 AND b.sensor_id = 2;
-- rows
SELECT avg(b.v / (a.v + 273.15)) FROM minutes a JOIN minutes b USING (t) WHERE a.sensor_id = 1 AND b.sensor_id = 2;

-- a series times a number, its maximum
SELECT max_value(minutes * 1.8 + 32) FROM years WHERE sensor_id = 1;
-- rows
SELECT max(v * 1.8 + 32) FROM minutes WHERE sensor_id = 1;

-- smooth: moving mean of an hour, at noon of a day
SELECT value_at(smooth(minutes, '1 hour'), '2025-07-01 12:00') FROM years WHERE sensor_id = 1;
-- rows
SELECT mean FROM (SELECT t, avg(v) OVER (ORDER BY t ROWS BETWEEN 30 PRECEDING AND 29 FOLLOWING) AS mean FROM minutes WHERE sensor_id = 1) x WHERE t = '2025-07-01 12:00';

-- when_above: hours above 20
SELECT round(extract(epoch FROM duration(when_above(minutes, 20))) / 3600, 3) FROM years WHERE sensor_id = 1;
-- rows
SELECT round(sum(lasts) FILTER (WHERE v > 20) / 3600, 3) FROM (SELECT v, extract(epoch FROM lead(t) OVER (ORDER BY t) - t) AS lasts FROM minutes WHERE sensor_id = 1) x;

-- value_at: an instant
SELECT value_at(minutes, '2025-07-01 12:00:30') FROM years WHERE sensor_id = 1;
-- rows
SELECT v FROM minutes WHERE sensor_id = 1 AND t <= '2025-07-01 12:00:30' ORDER BY t DESC LIMIT 1;

-- max_value of the year
SELECT max_value(minutes) FROM years WHERE sensor_id = 1;
-- rows
SELECT max(v) FROM minutes WHERE sensor_id = 1;

-- float_series of the rows
SELECT num_instants(series) FROM (SELECT float_series(t, v, 'step') AS series FROM minutes WHERE sensor_id = 1) x;
-- rows
SELECT count(*) FROM (SELECT unnest(array_agg(v ORDER BY t)) FROM minutes WHERE sensor_id = 1) x;
