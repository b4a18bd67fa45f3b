-- Waste: how full a litter bin is between two collections, as a series; which are full before they are collected.
\ir ../start.sql
\set table collections
SET timezone = 'Europe/London';
SET search_path = public, territory;
\echo
\echo '== Waste: litter bins, and how full they are between collections'
\echo
\ir table.sql
\if :real
	\ir load.sql
\else
	\ir generate.sql
\endif
ANALYZE collections;
\ir ../seal.sql

\echo
\echo 'A collection tells two fill levels, before and after. Between collections a bin is taken to fill evenly: one linear'
\echo 'float_series for each bin, with the level before a second earlier than that after. A week without any collection is a gap.'
\set ECHO queries
CREATE TEMP TABLE bins AS
SELECT bin, address, float_series(t, pct, 'linear', '7 days') AS fill, counted
FROM (SELECT bin, min(address) AS address, count(*) AS counted FROM collections GROUP BY bin) b
JOIN (SELECT bin, collected_at - interval '1 second' AS t, before_pct::float8 AS pct FROM collections
	UNION ALL SELECT bin, collected_at, after_pct FROM collections) levels USING (bin)
GROUP BY bin, address, counted;
SELECT count(*) AS bins, sum(num_instants(fill)) AS instants, justify_hours(sum(duration(time_spans(fill)))) AS bin_time,
	round(sum(integral(fill, '1 day'))::numeric / sum(extract(epoch FROM duration(time_spans(fill))) / 86400), 1) AS "mean %" FROM bins;
\set ECHO none

\echo 'The bins that were 90 % full or more for the longest, of those that were collected ten times or more:'
\set ECHO queries
SELECT bin, address, counted AS collections, duration(full_periods) AS full, round(100 * extract(epoch FROM duration(full_periods))
	/ extract(epoch FROM duration(time_spans(fill)))) AS "% of the time", sparkline(fill, 40) AS "June      fill level      August"
FROM bins, when_between(fill, 90, 1000) full_periods WHERE counted >= 10 AND num_instants(fill) > 10 ORDER BY full_periods = '{}', duration(full_periods) DESC, bin LIMIT 8;
\set ECHO none
-- of each piece from one collection to the next, the part above 90, by arithmetic
WITH pieces AS (SELECT bin, after_pct AS a, lead(before_pct) OVER w AS b, extract(epoch FROM lead(collected_at) OVER w - interval '1 second' - collected_at) AS seconds
	FROM collections WINDOW w AS (PARTITION BY bin ORDER BY collected_at)),
alone AS (SELECT bin FROM collections GROUP BY bin, date_trunc('second', collected_at) HAVING count(*) > 1)
SELECT pg_temp.expect(abs(sum(extract(epoch FROM duration(when_between(fill, 90, 1000)))) / sum(e.seconds) - 1) < 0.001, 'as arithmetic on the rows has it, to a thousandth') AS checked
FROM bins JOIN (SELECT bin, sum(CASE WHEN a >= 90 AND b >= 90 THEN seconds WHEN greatest(a, b) <= 90 THEN 0 ELSE seconds * (greatest(a, b) - 90) / abs(b - a) END) AS seconds
	FROM pieces WHERE seconds > 0 AND seconds <= 7 * 86400 - 1 GROUP BY bin) e USING (bin)
WHERE bin NOT IN (SELECT bin FROM alone);

\echo 'Collected too early, half empty: how full bins were when they were collected, and what a day of filling is for the fastest.'
\set ECHO queries
SELECT count(*) AS collections, count(*) FILTER (WHERE before_pct < 50) AS below_half, round(sum(weight_kg)::numeric / 1000, 1) AS tonnes FROM collections;
SELECT bin, address, round(percentile_cont(0.5) WITHIN GROUP (ORDER BY value)::numeric) AS "median % a day"
FROM bins, unnest(derivative(fill, '1 day')) slopes WHERE value > 0 AND counted >= 10 GROUP BY bin, address ORDER BY 3 DESC, bin LIMIT 5;
\set ECHO none

\echo 'What if collections were asked for at 80 %? When each of the busiest bins reached it for the first time after a collection:'
\set ECHO queries
SELECT bin, count(p) AS reached, round(avg(extract(epoch FROM upper(p) - lower(p)) / 3600)::numeric, 1) AS hours_until_collected
FROM bins, unnest(when_between(fill, 80, 1000)) p WHERE counted >= 30 AND upper(p) > lower(p) GROUP BY bin ORDER BY 3 DESC, bin LIMIT 5;
\set ECHO none
\ir ../verify.sql
