-- Car parks, made up: full at noon, empty at night, told about every hour.
\echo 'Generated, not measured: free places of 24 car parks, January to March 2026.'
CREATE TEMP TABLE instants AS
SELECT hour + random() * interval '20 minutes' AS told_at
FROM generate_series('2026-01-12 14:00'::timestamptz, '2026-03-31 23:00', interval '1 hour') hour;
INSERT INTO parking
SELECT 'Car park ' || n, date_trunc('second', told_at), CASE WHEN used >= 1 THEN 0 ELSE round(capacity * (1 - used)) END,
	capacity, CASE WHEN used >= 1 THEN 'Full' ELSE 'Open' END
FROM (SELECT n, told_at, 200 + n % 6 * 90 AS capacity,
		0.25 + n % 5 * 0.06 + 0.55 * exp(-((extract(hour FROM told_at) - 12 - n % 4)::float8 ^ 2) / 18)
			* CASE WHEN extract(isodow FROM told_at) < 6 THEN 1 ELSE 0.5 END + random() * 0.1 AS used
	FROM generate_series(1, 24) n, instants) u;
DROP TABLE instants;
