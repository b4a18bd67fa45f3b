-- Float series: how two go together, and what is out of the ordinary.

CREATE FUNCTION territory.correlation(a territory.float_series, b territory.float_series) RETURNS float8
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_float_correlation';
COMMENT ON FUNCTION territory.correlation(territory.float_series, territory.float_series) IS
'Pearson''s coefficient of correlation of two series, over the union of their instants, where both are known (of discrete ones: over those that they share), each counting as one; resample both first to count time instead. NULL for fewer than two, or where a series never changes.';

CREATE FUNCTION territory.cross_correlation(a territory.float_series, b territory.float_series, max_lag interval, step interval)
	RETURNS TABLE (lag interval, r float8, pairs integer)
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_float_cross_correlation';
COMMENT ON FUNCTION territory.cross_correlation(territory.float_series, territory.float_series, interval, interval) IS
'Pearson''s coefficient of a at an instant and b so much later, for each lag from -max_lag to max_lag by step, over the instants of time_bucket(step, t) at which both are known, and how many these are. The lag with the greatest r says how much later b follows a (less than nothing: earlier). Error for discrete series, and for more than 10,000,000 instants or lags.';

CREATE FUNCTION territory.anomalies(series territory.float_series, threshold float8 DEFAULT 3.5, timezone text DEFAULT 'UTC')
	RETURNS TABLE (t timestamptz, value float8, expected float8, score float8)
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_float_anomalies';
COMMENT ON FUNCTION territory.anomalies(territory.float_series, float8, text) IS
'The instants whose value is farther than threshold from what is usual on that day of the week in that hour, by the clocks of a time zone: expected is the median then, score the modified z-score, 0.6745 times the difference over the median absolute deviation (Iglewicz and Hoaglin 1993, who advise 3.5), or, where that is 0, over the mean absolute deviation times 0.8454. An hour of the week with fewer than 3 instants says nothing.';
