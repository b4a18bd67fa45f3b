-- Reports, made up: on the way to work and back.
\echo 'Generated, not measured: 11,281 reports of citizens, 2017 to 2024.'
INSERT INTO reports
SELECT upper(substr(md5('report ' || n), 1, 8)), CASE WHEN n % 10 < 7 THEN 2 ELSE 2 + n % 9 END,
	(ARRAY['Montpellier', 'Montpellier', 'Montpellier', 'Castelnau-le-Lez', 'Lattes', 'Vendargues'])[1 + n % 6],
	CASE WHEN n > 11 THEN date_trunc('minute', '2019-01-01'::timestamptz + n % 1900 * interval '1 day'
		+ (CASE WHEN random() < 0.5 THEN 8 ELSE 17.5 END + random() * random() * 5 - 1) * interval '1 hour') END,
	ST_SetSRID(ST_MakePoint(3.81 + random() * 0.12, 43.57 + random() * 0.08), 4326)
FROM generate_series(1, 11281) n;
