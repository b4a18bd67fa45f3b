-- Float series: fewer instants, or calmer ones.

CREATE FUNCTION territory.simplify(series territory.float_series, tolerance float8) RETURNS territory.float_series
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_float_simplify';
COMMENT ON FUNCTION territory.simplify(territory.float_series, float8) IS
'Fewer instants of the series, from whose lines those left out are not farther than tolerance, in its unit (Douglas and Peucker 1973, distances being those of values at the same time). Of a step series, an instant is left out where it is not farther than tolerance from the one kept before. Ends of sections stay.';

CREATE FUNCTION territory.downsample_lttb(series territory.float_series, n integer) RETURNS territory.float_series
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_float_downsample_lttb';
COMMENT ON FUNCTION territory.downsample_lttb(territory.float_series, integer) IS
'At most n instants of the series that look like it in a chart: largest triangle three buckets (Steinarsson 2013), buckets being of as many instants each. First and last stay. Error for n below 2.';

CREATE FUNCTION territory.downsample_minmax(series territory.float_series, n integer) RETURNS territory.float_series
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_float_downsample_minmax';
COMMENT ON FUNCTION territory.downsample_minmax(territory.float_series, integer) IS
'At most n instants of the series: the least and the greatest value, the earliest if several, of each of n / 2 stretches of the same length, so that no peak is lost. Error for n below 2.';

CREATE FUNCTION territory.smooth(series territory.float_series, width interval) RETURNS territory.float_series
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_float_smooth';
COMMENT ON FUNCTION territory.smooth(territory.float_series, interval) IS
'The series with each value replaced by the mean of the width around it, half before and half after: over time, within the section, where the series goes on between its instants, else over the instants that are no farther than half the width.';
