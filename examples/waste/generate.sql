-- Bins, made up: some fill in a day, some in a week; collected every second day, or every day in the centre.
\echo 'Generated, not measured: collections of 200 litter bins, June to August 2016.'
INSERT INTO collections
SELECT bin, day + interval '7 hours' + bin * interval '90 seconds' + random() * interval '40 minutes', row_number() OVER (ORDER BY day, bin), 'Street ' || bin % 20,
	round(least(100, 10 + (bin % 9) * 9 * CASE WHEN bin % 4 = 0 THEN 1 ELSE 1.6 END + random() * 25)::numeric), 0, round((2 + random() * 9)::numeric, 2)
FROM generate_series(1, 200) bin, generate_series('2016-06-03'::timestamptz, '2016-08-09', '1 day') WITH ORDINALITY d(day, n)
WHERE bin % 4 = 0 OR (n + bin) % 2 = 0;
