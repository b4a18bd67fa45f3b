-- Traffic lights: events of a controller as states over time, one state_series for each phase.
\ir ../start.sql
\set table signal_events
SET timezone = 'America/Los_Angeles';
SET search_path = public, territory;
\echo
\echo '== Traffic lights: events become states'
\echo
\ir table.sql
\if :real
	\ir load.sql
\else
	\ir generate.sql
\endif
ANALYZE signal_events;
\ir ../seal.sql

\echo
\echo 'One state_series for each phase, of its events: 1 begins green, 8 yellow, 10 red.'
\set ECHO queries
CREATE TEMP TABLE phases AS
SELECT parameter AS phase, state_series(at, CASE event WHEN 1 THEN 'green' WHEN 8 THEN 'yellow' ELSE 'red' END) AS states
FROM signal_events WHERE event IN (1, 8, 10) GROUP BY parameter;
SELECT phase, num_instants(states) AS changes, start_time(states)::time(0) AS from_time, end_time(states)::time(0) AS to_time FROM phases ORDER BY phase;
\set ECHO none

\echo 'Green time: how long in all, how often, how much of the time, and the longest that one waited for it.'
\set ECHO queries
SELECT phase, duration(green) AS green, count(p) AS times, date_trunc('milliseconds', duration(green) / count(p)) AS each,
	round(100 * extract(epoch FROM duration(green)) / extract(epoch FROM duration(time_spans(states)))) AS "% of the time",
	(SELECT max(upper(w) - lower(w)) FROM unnest(time_spans(states) - green) w) AS longest_wait
FROM phases, when_state(states, 'green') green, unnest(green) p GROUP BY phase, states, green ORDER BY phase;
\set ECHO none
-- the same by window functions over the events
WITH states AS (SELECT parameter, event, at, lead(at) OVER (PARTITION BY parameter ORDER BY at) AS next
	FROM (SELECT DISTINCT parameter, event, at FROM signal_events WHERE event IN (1, 8, 10)) e)
SELECT pg_temp.expect(bool_and(extract(epoch FROM duration(when_state(p.states, 'green'))) = e.seconds), 'as window functions over the events have it') AS checked
FROM (SELECT parameter, sum(extract(epoch FROM next - at)) AS seconds FROM states WHERE event = 1 GROUP BY parameter) e JOIN phases p ON p.phase = e.parameter;

\echo 'Phases that are green together, and for how long; those that cross each other never are.'
\set ECHO queries
SELECT a.phase, b.phase AS with_phase, duration(when_state(a.states, 'green') * when_state(b.states, 'green')) AS both_green
FROM phases a JOIN phases b ON a.phase < b.phase ORDER BY 1, 2;
\set ECHO none
SELECT pg_temp.expect(bool_and(isempty(when_state(a.states, 'green') * when_state(b.states, 'green'))), 'phase 8 is never green with another, nor 5 with 6') AS checked
FROM phases a, phases b WHERE (a.phase IN (2, 5, 6) AND b.phase = 8) OR (a.phase = 5 AND b.phase = 6);

\echo 'Yellow lasts four seconds. Where it lasts longer, what ended it was not logged:'
\set ECHO queries
SELECT phase, lower(p)::time(1) AS yellow_from, upper(p)::time(1) AS yellow_to FROM phases, unnest(when_state(states, 'yellow')) p
WHERE upper(p) - lower(p) > '6 seconds' ORDER BY 2;
\set ECHO none

\echo 'Ten minutes of phase 2, every ten seconds: g green, y yellow, - red.'
\set ECHO queries
SELECT string_agg(CASE state WHEN 'green' THEN 'g' WHEN 'yellow' THEN 'y' ELSE '-' END, '' ORDER BY t) AS phase_2
FROM phases, unnest(resample(states, '10 seconds', from_time => '2024-04-15 12:30-07', to_time => '2024-04-15 12:40-07')) WHERE phase = 2;
\set ECHO none

\echo 'Cars that reach their detectors, a minute each character, from noon to two:'
\set ECHO queries
SELECT sparkline(float_series(minute, cars, 'step'), 120) AS "12:00  detections a minute  14:00"
FROM (SELECT date_trunc('minute', at) AS minute, count(*)::float8 AS cars FROM signal_events WHERE event = 82 GROUP BY 1) minutes;
\set ECHO none
\ir ../verify.sql
