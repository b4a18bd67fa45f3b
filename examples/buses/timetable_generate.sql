-- A tram line, made up: 24 stops, a tram every 10 minutes each way, from five in the morning to past midnight.
\echo 'Generated, not published: the timetable of a tram line for one Saturday, 25 October 2025.'
INSERT INTO timetable
SELECT format('%s-%s', way, start), 'T' || way, 'Stop ' || s, n, start + n * 9 / 10 * interval '1 minute', start + n * 9 / 10 * interval '1 minute',
	ST_SetSRID(ST_MakePoint(3.80 + s * 0.006, 43.58 + 0.01 * sin(s * 0.5)), 4326)
FROM generate_series(0, 1) way, generate_series(300, 1590, 10) minute, generate_series(1, 24) n,
	LATERAL (SELECT minute * interval '1 minute' AS start, CASE way WHEN 0 THEN n ELSE 25 - n END AS s) x;
