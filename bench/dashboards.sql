-- What BI tools make of a time bucket, each beside date_bin; the form is that of queries.sql.
-- :range is nothing, or a tenth of the time.

-- G0: date_bin, 5 minutes
-- at most: heap / 1
SELECT date_bin('5 minutes', t, '2000-01-01 00:00+00') AS b, avg(temp) FROM readings :range GROUP BY 1 ORDER BY 1;

-- G1: Grafana, 5 minutes
-- at most: heap / 40, 1.2 * G0
SELECT floor(extract(epoch from t)/300)*300 AS time, avg(temp) FROM readings :range GROUP BY 1 ORDER BY 1;

-- G2: Superset, 5 minutes
-- at most: heap / 40, 1.2 * G0
SELECT date_trunc('hour', t) + interval '5 minutes' * floor(extract(minute from t) / 5) AS b, avg(temp)
FROM readings :range GROUP BY 1 ORDER BY 1;

-- M0: date_bin, a day
-- at most: heap / 1
SELECT date_bin('1 day', t, '2000-01-01 00:00+00') AS d, avg(temp) FROM readings :range GROUP BY 1 ORDER BY 1;

-- M1: Metabase, date
-- at most: heap / 1
SELECT CAST(t AS date) AS d, avg(temp) FROM readings :range GROUP BY 1 ORDER BY 1;

-- M2: Metabase, hour of the day
-- at most: heap / 1
SELECT CAST(extract(hour from t) AS integer) AS h, avg(temp) FROM readings :range GROUP BY 1 ORDER BY 1;
