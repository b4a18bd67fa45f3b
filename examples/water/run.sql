-- Water: hourly inflow as series; volumes by the day that summer time makes shorter or longer, night flow, what is unusual.
\ir ../start.sql
\set table inflow
SET timezone = 'Europe/Rome';
SET search_path = public, territory;
\echo
\echo '== Water: the inflow of metered areas, and what it tells about leaks'
\echo
\ir table.sql
\if :real
	\ir load.sql
\else
	\ir generate.sql
\endif
ANALYZE inflow;
\ir ../seal.sql

\echo
\echo 'One float_series for each area. A value is the mean of the hour that begins then: steps, which end where hours are missing.'
\set ECHO queries
CREATE TEMP TABLE areas AS
SELECT area, float_series(hour, litres_per_second, 'step', '1 hour') AS flow FROM inflow GROUP BY area;
SELECT area, num_instants(flow) AS hours, pg_size_pretty(pg_column_size(flow)::bigint) AS size, round(100 * extract(epoch FROM duration(time_spans(flow)))
	/ extract(epoch FROM upper(time_span(flow)) - lower(time_span(flow))), 1) AS "% known", round(time_weighted_average(flow)::numeric, 2) AS mean,
	round(min_value(flow)::numeric, 2) AS least, round(max_value(flow)::numeric, 2) AS most
FROM areas ORDER BY area;
\set ECHO none
SELECT pg_temp.expect(sum(num_instants(flow)) = (SELECT count(*) FROM inflow), 'an instant for each row') AS checked FROM areas;

\echo 'Volume a day, in cubic metres: the day on which summer time ended has 25 hours, that on which it began 23.'
\set ECHO queries
SELECT day::date AS day, upper(whole) - lower(whole) AS length, round((integral(at(flow, whole)) / 1000)::numeric, 1) AS "m3",
	round((time_weighted_average(at(flow, whole)) * 86.4)::numeric, 1) AS "m3 in 24 hours"
FROM areas, unnest('{2022-03-26,2022-03-27,2021-10-30,2021-10-31}'::timestamptz[]) day, LATERAL (SELECT tstzrange(day, day + interval '1 day')) d(whole)
WHERE area = 2 ORDER BY day;
\set ECHO none
SELECT pg_temp.expect(abs(integral(at(flow, '[2021-10-31 00:00,2021-11-01 00:00)'::tstzrange)) - (SELECT sum(litres_per_second) * 3600 FROM inflow
	WHERE area = 2 AND hour >= '2021-10-31' AND hour < '2021-11-01')) < 1e-6 * integral(flow), 'as the rows add up, 25 of them on that day') AS checked
FROM areas WHERE area = 2;

\echo 'Night flow: the mean from two to four in the morning is mostly leaks. By month, January 2021 to March 2023, and how it went from the first winter to the last:'
\set ECHO queries
CREATE TEMP TABLE nights AS
SELECT range_agg(tstzrange(day + interval '2 hours', day + interval '4 hours')) AS nights FROM generate_series('2021-01-01'::timestamptz, '2023-03-31', '1 day') day;
SELECT area, sparkline(resample(at(flow, nights), '1 month', 'average', 'Europe/Rome'), 27) AS "2021        2022        2023",
	round(time_weighted_average(at(at(flow, nights), '[2021-01-01,2021-04-01)'::tstzrange))::numeric, 2) AS first_winter,
	round(time_weighted_average(at(at(flow, nights), '[2023-01-01,2023-04-01)'::tstzrange))::numeric, 2) AS last_winter
FROM areas, nights ORDER BY area;
\set ECHO none

\echo 'The days of a week, by hour, of area 2; and hours of 2022 that are most unlike the same hour of the same weekday:'
\set ECHO queries
SELECT to_char(day, 'Dy') AS " ", sparkline(at(flow, tstzrange(day, day + interval '1 day')), 24) AS "0h     inflow        23h"
FROM areas, generate_series('2022-05-09'::timestamptz, '2022-05-15', '1 day') day WHERE area = 2 ORDER BY day;
SELECT t::timestamp, value, round(expected::numeric, 2) AS expected, round(score::numeric, 1) AS score
FROM areas, anomalies(at(flow, '[2022-01-01,2023-01-01)'::tstzrange), timezone => 'Europe/Rome') WHERE area = 2 ORDER BY abs(score) DESC LIMIT 5;
\set ECHO none

\echo 'How alike the areas are (correlation with area 2, hours that both have), and how long each was above twice its mean:'
\set ECHO queries
SELECT a.area, round(correlation(a.flow, b.flow)::numeric, 3) AS r, duration(when_above(a.flow, 2 * time_weighted_average(a.flow))) AS above
FROM areas a, areas b WHERE b.area = 2 AND a.area <> 2 ORDER BY r DESC;
\set ECHO none

\echo 'A chart, as a document that a browser opens:'
\set ECHO queries
SELECT chart_svg(array_agg(resample(flow, '1 day', 'average', 'Europe/Rome') ORDER BY area), array_agg('area ' || area ORDER BY area),
	title => 'Inflow, daily means', unit => 'l/s') AS chart FROM areas WHERE area IN (2, 3, 6)
\gset
\set ECHO none
SELECT length(:'chart') AS characters, pg_temp.expect(:'chart'::xml IS DOCUMENT, 'a well-formed document') AS checked;
\ir ../verify.sql
