-- Aggregates over rows: what is refused, and how that is said.
SET client_min_messages = warning;
CREATE SCHEMA row_aggregates_errors;
SET search_path = row_aggregates_errors, public;
SET timezone = 'UTC';
CREATE TABLE e (t timestamptz, v float8, s text, x text, p interval) WITH (autovacuum_enabled = off);
INSERT INTO e VALUES ('2026-01-01', 1, 'on', 'linear', '1 hour'), ('2026-01-02', 2, 'off', 'step', '2 hours');
SELECT territory.time_weighted_average('NaN', t) FROM e;
SELECT territory.time_weighted_average('-Infinity', t) FROM e;
SELECT territory.time_weighted_average(v, 'infinity') FROM e;
SELECT territory.time_weighted_average(v, t, 'cubic') FROM e;
SELECT territory.time_weighted_average(v, t, NULL) FROM e;
SELECT territory.time_weighted_average(v, t, x) FROM e;
SELECT territory.integral(v, t, 'step', '1 month') FROM e;
SELECT territory.integral(v, t, 'step', '-1 hour') FROM e;
SELECT territory.integral(v, t, 'step', NULL) FROM e;
SELECT territory.integral(v, t, 'step', p) FROM e;
SELECT territory.integral(v * 1e308, t) FROM e;
SELECT territory.counter_delta(v - 2, t) FROM e;
SELECT territory.counter_delta(v, t, 2) FROM e;
SELECT territory.counter_delta(v, t, 0) FROM e;
SELECT territory.counter_rate(v, t, 'NaN') FROM e;
SELECT territory.counter_rate(v, t, NULL) FROM e;
SELECT territory.state_duration(s, t, NULL::text) FROM e;
SELECT territory.state_duration(s, t, s) FROM e;
SELECT territory.availability(s, t, NULL) FROM e;
SELECT territory.availability(s, t, '{on,NULL}') FROM e;
SELECT territory.longest_gap(t, '1 year') FROM e;
SELECT territory.longest_gap('-infinity') FROM e;
SELECT territory.exceedance(v, t, NULL) FROM e;
SELECT territory.exceedance(v, t, 'Infinity') FROM e;
SELECT territory.exceedance(v, t, v) FROM e;
SELECT territory.stats_summary('NaN') FROM e;
SELECT territory.stats_summary(v * 1e300) FROM e;
SELECT territory.histogram(v, 1, 1, 5) FROM e;
SELECT territory.histogram(v, 0, 'Infinity', 5) FROM e;
SELECT territory.histogram(v, 0, 1, 0) FROM e;
SELECT territory.histogram(v, 0, 1, 100001) FROM e;
SELECT territory.histogram(v, NULL, 1, 5) FROM e;
SELECT territory.histogram(v, 0, v, 5) FROM e;
SELECT territory.histogram('NaN', 0, 1, 5) FROM e;
SELECT 'nothing'::territory.stats;
SELECT '{"num_values": 1, "sum_value": 1, "min_value": 1, "max_value": 1, "m2": 0, "m3": 0, "m4": 0} x'::territory.stats;
SELECT '{"num_values": 0, "sum_value": 1, "min_value": 1, "max_value": 1, "m2": 0, "m3": 0, "m4": 0}'::territory.stats;
SELECT '{"num_values": 2, "sum_value": 1, "min_value": 2, "max_value": 1, "m2": 0, "m3": 0, "m4": 0}'::territory.stats;
SELECT '{"num_values": 2, "sum_value": 1e999, "min_value": 2, "max_value": 1, "m2": 0, "m3": 0, "m4": 0}'::territory.stats;
-- times so far apart that microseconds between them are no number
SELECT territory.integral(1, t) FROM unnest('{4714-11-24 BC, 294276-12-31}'::timestamptz[]) t;
SELECT territory.longest_gap(t) FROM unnest('{294276-12-31, 4714-11-24 BC}'::timestamptz[]) t;
SELECT territory.state_duration('on', t, 'on') FROM unnest('{4714-11-24 BC, 294276-12-31}'::timestamptz[]) t;
-- the same options in a sealed table, where rows come in batches
CREATE TABLE e_sealed (LIKE e) USING territory WITH (autovacuum_enabled = off);
INSERT INTO e_sealed SELECT * FROM e;
SELECT territory.seal('e_sealed') IS NOT NULL AS sealed;
SELECT territory.time_weighted_average(v, t, x) FROM e_sealed;
SELECT territory.integral(v, t, 'step', p) FROM e_sealed;
SELECT territory.exceedance(v, t, v) FROM e_sealed;
SELECT territory.state_duration(s, t, s) FROM e_sealed;
SELECT territory.histogram(v, 0, v + 1, 5) FROM e_sealed;
SELECT territory.time_weighted_average('NaN', t) FROM e_sealed;
SELECT territory.time_weighted_average(1, t), territory.integral(v, '2026-01-01') FROM e_sealed;
-- options from columns are fine where all rows of a group have the same
SELECT x, territory.time_weighted_average(v, t, x), territory.exceedance(v, t, 0, x) FROM e_sealed GROUP BY x ORDER BY x;
-- states can be combined and sent, wherever rows are
SELECT p.proname FROM pg_proc p WHERE p.pronamespace = 'territory'::regnamespace AND p.prokind = 'a' AND NOT EXISTS
	(SELECT FROM pg_aggregate a WHERE a.aggfnoid = p.oid AND a.aggcombinefn <> 0 AND (a.aggtranstype <> 'internal'::regtype OR a.aggserialfn <> 0 AND a.aggdeserialfn <> 0));
DROP SCHEMA row_aggregates_errors CASCADE;
