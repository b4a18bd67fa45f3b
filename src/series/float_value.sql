-- Float series: numbers that they come down to, and when they are above or below.

CREATE FUNCTION territory.min_value(series territory.float_series) RETURNS float8
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_float_min_value';
COMMENT ON FUNCTION territory.min_value(territory.float_series) IS
'The least value of the series. Reads its header only.';

CREATE FUNCTION territory.max_value(series territory.float_series) RETURNS float8
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_float_max_value';
COMMENT ON FUNCTION territory.max_value(territory.float_series) IS
'The greatest value of the series. Reads its header only.';

CREATE FUNCTION territory.average_value(series territory.float_series) RETURNS float8
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_float_average_value';
COMMENT ON FUNCTION territory.average_value(territory.float_series) IS
'The mean of the values of all instants, each counting as one.';

CREATE FUNCTION territory.time_weighted_average(series territory.float_series) RETURNS float8
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_float_time_weighted_average';
COMMENT ON FUNCTION territory.time_weighted_average(territory.float_series) IS
'The mean of the series over time: its integral over the length of its sections. Where it never lasts (a discrete series, single instants) the mean of its values.';

CREATE FUNCTION territory.integral(series territory.float_series, per interval DEFAULT '1 second') RETURNS float8
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_float_integral';
COMMENT ON FUNCTION territory.integral(territory.float_series, interval) IS
'The area under the series, in its unit times per: litres per second with ''1 second'' give litres, kW with ''1 hour'' kWh. Gaps between sections count nothing. Error for a discrete series.';

CREATE FUNCTION territory.derivative(series territory.float_series, per interval DEFAULT '1 second') RETURNS territory.float_series
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_float_derivative';
COMMENT ON FUNCTION territory.derivative(territory.float_series, interval) IS
'The slope of a linear series, in its unit per so much time, as steps; the last instant of a section has the slope that leads to it. NULL where all sections are single instants. Error unless the series is linear.';

CREATE FUNCTION territory.delta(series territory.float_series) RETURNS float8
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_float_delta';
COMMENT ON FUNCTION territory.delta(territory.float_series) IS
'The last value less the first.';

CREATE FUNCTION territory.deltas(series territory.float_series, counter boolean DEFAULT false, maximum float8 DEFAULT NULL) RETURNS territory.float_series
	LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_float_deltas';
COMMENT ON FUNCTION territory.deltas(territory.float_series, boolean, float8) IS
'The change at each instant since the instant before, discrete; NULL where there is one instant only. With counter => true, as counter_delta() counts.';

CREATE FUNCTION territory.counter_delta(series territory.float_series, maximum float8 DEFAULT NULL) RETURNS float8
	LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_float_counter_delta';
COMMENT ON FUNCTION territory.counter_delta(territory.float_series, float8) IS
'What a counter counted from the first instant to the last. Where a reading is less than the one before, the counter was set to 0 in between, or, if a maximum is given, which is what it counts to before it shows 0 again (100000 for five digits), rolled over there. Error for a negative reading, or one of maximum or more.';

CREATE FUNCTION territory.rate(series territory.float_series, per interval DEFAULT '1 second', maximum float8 DEFAULT NULL) RETURNS float8
	LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_float_rate';
COMMENT ON FUNCTION territory.rate(territory.float_series, interval, float8) IS
'What a counter counted, as counter_delta() tells, per so much time, on average from the first instant to the last; NULL where there is one instant only.';

CREATE FUNCTION territory.when_above(series territory.float_series, threshold float8) RETURNS tstzmultirange
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_float_when_above';
COMMENT ON FUNCTION territory.when_above(territory.float_series, float8) IS
'When the series is above a number. Lines are cut where they cross it: a microsecond is in the result if and only if value_at() is above then, by more than rounding.';

CREATE FUNCTION territory.when_below(series territory.float_series, threshold float8) RETURNS tstzmultirange
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_float_when_below';
COMMENT ON FUNCTION territory.when_below(territory.float_series, float8) IS
'When the series is below a number. Lines are cut where they cross it: a microsecond is in the result if and only if value_at() is below then, by more than rounding.';

CREATE FUNCTION territory.when_between(series territory.float_series, low float8, high float8) RETURNS tstzmultirange
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_float_when_between';
COMMENT ON FUNCTION territory.when_between(territory.float_series, float8, float8) IS
'When the series is at least low and at most high. Lines are cut where they cross them: a microsecond is in the result if and only if value_at() is between them then, but for rounding.';
