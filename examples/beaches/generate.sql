-- Beaches, made up: a sample a week at 16 points, after rain much is in it; bans around the rains.
\echo 'Generated, not measured: samples at 16 points of five beaches, 2025, and bans of 2023.'
INSERT INTO samples
SELECT 'P' || p, taken, 'Beach ' || p % 5, greatest(10, round(exp(3 + 1.2 * random() + CASE WHEN week % 9 = 3 THEN 4 ELSE 0 END))), greatest(10, round(exp(2.4 + random()
	+ CASE WHEN week % 9 = 3 THEN 3.5 ELSE 0 END))), taken + interval '36 hours', taken + interval '5 days'
FROM generate_series(1, 16) p, generate_series(0, 11) week, LATERAL (SELECT '2025-09-22 07:30+11'::timestamptz + week * interval '7 days' + p * interval '11 minutes') t(taken);
INSERT INTO bathing_bans SELECT day, day + 9 FROM generate_series('2023-04-17'::date, '2023-12-20', '28 days') g, LATERAL (SELECT g::date) d(day);
