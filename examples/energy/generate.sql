-- Meters, made up: offices by day, heating in winter, a reading missing now and then.
\echo 'Generated, not measured: electricity and gas of 12 buildings, hourly, 2018.'
INSERT INTO energy
SELECT 'b' || b, meter, hour, CASE meter
	WHEN 'electricity' THEN CASE WHEN random() > 0.01 THEN
		round((b * 12 * (1 + 0.8 * exp(-((extract(hour FROM hour) - 13)::float8 ^ 2) / 20)
			* CASE WHEN extract(isodow FROM hour) < 6 THEN 1 ELSE 0.2 END) + random() * 4)::numeric, 1) END
	ELSE round(greatest(0, b * 9 * cos(extract(doy FROM hour) / 58.1)::numeric + (random() * 10)::numeric), 1) END
FROM generate_series(1, 12) b, unnest(ARRAY['electricity', 'gas']) meter,
	generate_series('2018-01-01 00:00+00'::timestamptz, '2018-12-31 23:00+00', interval '1 hour') hour;
