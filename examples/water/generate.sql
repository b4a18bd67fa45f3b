-- Areas, made up: much at breakfast and supper, little at night, more in summer, a leak in area 7 from the autumn of 2022 on.
\echo 'Generated, not measured: inflow of ten metered areas, hourly, January 2021 to March 2023.'
INSERT INTO inflow
SELECT area, hour, round((area * 3 * (0.45 + 0.5 * exp(-((h - 8) ^ 2) / 6) + 0.45 * exp(-((h - 20) ^ 2) / 8)
	+ 0.1 * sin((extract(doy FROM hour) - 100) / 58.1) + random() * 0.05) + CASE WHEN area = 7 AND hour > '2022-10-01' THEN 4 ELSE 0 END)::numeric, 3)
FROM generate_series(1, 10) area, generate_series('2021-01-01 00:00+01'::timestamptz, '2023-03-31 23:00+02', interval '1 hour') hour,
	LATERAL (SELECT extract(hour FROM hour AT TIME ZONE 'Europe/Rome')::float8) x(h)
WHERE random() > 0.02;
