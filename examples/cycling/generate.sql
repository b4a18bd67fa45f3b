-- Bike counters, made up: two rush hours, weekends, seasons, a wet day now and then.
\echo 'Generated, not measured: 58 bike counters, an hourly count each, 2020-01 to 2021-05.'
INSERT INTO bike_counters
SELECT n, 'Counter ' || n || CASE n % 2 WHEN 0 THEN ' inbound' ELSE ' outbound' END,
	CASE WHEN n % 6 > 0 THEN ST_SetSRID(ST_MakePoint(-1.60 + n % 8 * 0.013, 47.18 + n / 8 * 0.009), 4326) END
FROM generate_series(1, 58) n;
CREATE TEMP TABLE hours AS
SELECT hour, 20 * exp(-((local_hour - 8.3) ^ 2) / 2) * working + 22 * exp(-((local_hour - 17.6) ^ 2) / 4) * working
	+ 8 * exp(-((local_hour - 15.5) ^ 2) / 20) AS usual,
	(0.7 - 0.3 * cos(extract(doy FROM hour) / 58.1)) * CASE WHEN random() < 0.002 THEN 0.2 ELSE 1 END AS season
FROM (SELECT hour, extract(hour FROM hour)::float8 AS local_hour,
		CASE WHEN extract(isodow FROM hour) < 6 THEN 1 ELSE 0.25 END AS working
	FROM generate_series('2020-01-01'::timestamptz, '2021-05-02 23:00', interval '1 hour') hour) h;
INSERT INTO bike_counts
SELECT counter, hour, (usual * season * (0.3 + counter % 7 * 0.6) * (0.6 + random() * 0.8))::integer,
	CASE WHEN (counter * 37 + extract(doy FROM hour)::integer) % 11 = 0 THEN 'Forte probabilité d''anomalie' ELSE 'Fonctionnel' END
FROM bike_counters, hours;
DROP TABLE hours;
