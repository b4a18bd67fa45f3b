-- Beaches: bans as a state over time, samples as steps that hold until the next, and when the water was bad while nobody could know.
\ir ../start.sql
\set table samples
SET timezone = 'Pacific/Noumea';
SET search_path = public, territory;
\echo
\echo '== Beaches: bathing bans, samples, and what was known when'
\echo
\ir table.sql
\if :real
	\ir load.sql
\else
	\ir generate.sql
\endif
ANALYZE samples;
ANALYZE bathing_bans;
\ir ../seal.sql
SELECT rows FROM territory.seal('bathing_bans');

\echo
\echo 'Bans are days; as a state over the year they are one state_series, which other services can cross with theirs.'
\set ECHO queries
CREATE TEMP TABLE bathing AS
SELECT state_series(t, state, 'step') AS state FROM (
	SELECT from_day::timestamptz AS t, 'banned' AS state FROM bathing_bans
	UNION ALL SELECT to_day + 1, 'open' FROM bathing_bans
	UNION ALL SELECT '2023-01-01', 'open' UNION ALL SELECT '2024-01-01', 'open') changes;
SELECT duration(when_state(state, 'banned')) AS banned, round(100 * extract(epoch FROM duration(when_state(state, 'banned')))
	/ extract(epoch FROM duration(time_spans(state))), 1) AS "% of 2023", value_at(state, '2023-05-24 18:00') AS on_24_may_at_six, value_at(state, '2023-05-25 00:00') AS at_midnight
FROM bathing;
SELECT string_agg(CASE u.state WHEN 'banned' THEN 'x' ELSE '.' END, '' ORDER BY t) AS "2023, 3 days a character"
FROM bathing, unnest(resample(bathing.state, '3 days', timezone => 'Pacific/Noumea')) u;
\set ECHO none
SELECT pg_temp.expect(duration(when_state(state, 'banned')) = (SELECT sum(to_day + 1 - from_day) FROM bathing_bans) * interval '1 day', 'as many days as the bans count') AS checked
FROM bathing;

\echo 'Samples: a result holds until the next sample (steps). Bathing is unsafe above 1,000 E. coli or 370 enterococci in 100 ml.'
\set ECHO queries
CREATE TEMP TABLE points AS
SELECT point, min(site) AS site, float_series(taken_at, e_coli, 'step') AS e_coli, float_series(taken_at, enterococci, 'step') AS enterococci FROM samples GROUP BY point;
SELECT site, point, num_instants(e_coli) AS samples, duration(unsafe) AS unsafe, round(100 * extract(epoch FROM duration(unsafe))
	/ nullif(extract(epoch FROM duration(time_spans(e_coli))), 0)) AS "%", max_value(e_coli) AS "most E. coli", sparkline(e_coli, 24) AS "E. coli"
FROM points, LATERAL (SELECT when_above(e_coli, 1000) + when_above(enterococci, 370)) u(unsafe) ORDER BY unsafe = '{}', duration(unsafe) DESC, point LIMIT 8;
\set ECHO none
WITH next AS (SELECT point, e_coli, enterococci, lead(taken_at) OVER (PARTITION BY point ORDER BY taken_at) - taken_at AS held FROM samples)
SELECT pg_temp.expect((SELECT sum(duration(when_above(e_coli, 1000) + when_above(enterococci, 370))) FROM points)
	= (SELECT sum(held) FILTER (WHERE e_coli > 1000 OR enterococci > 370) FROM next), 'as long as the rows say, each until the next') AS checked;

\echo 'Between sampling and publication nobody could know: how long unsafe water was not yet told.'
\set ECHO queries
SELECT count(*) AS unsafe_samples, avg(first_published - taken_at) AS until_published, max(first_published - taken_at) AS longest
FROM samples WHERE e_coli > 1000 OR enterococci > 370;
\set ECHO none
\ir ../verify.sql
