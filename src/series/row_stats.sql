-- stats: moments of values, to keep and to add up.

CREATE TYPE territory.stats;
CREATE FUNCTION territory.stats_in(value cstring) RETURNS territory.stats
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_stats_in';
COMMENT ON FUNCTION territory.stats_in(cstring) IS 'stats from text.';
CREATE FUNCTION territory.stats_out(value territory.stats) RETURNS cstring
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_stats_out';
COMMENT ON FUNCTION territory.stats_out(territory.stats) IS 'stats as text: a JSON object.';
CREATE FUNCTION territory.stats_recv(internal) RETURNS territory.stats
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_stats_recv';
COMMENT ON FUNCTION territory.stats_recv(internal) IS 'stats from their binary form.';
CREATE FUNCTION territory.stats_send(value territory.stats) RETURNS bytea
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_stats_send';
COMMENT ON FUNCTION territory.stats_send(territory.stats) IS 'The binary form of stats: bigint num_values, then float8 sum_value, min_value, max_value, m2, m3, m4.';
CREATE TYPE territory.stats (INPUT = territory.stats_in, OUTPUT = territory.stats_out, RECEIVE = territory.stats_recv,
	SEND = territory.stats_send, INTERNALLENGTH = 56, ALIGNMENT = double, STORAGE = plain);
COMMENT ON TYPE territory.stats IS 'Number, sum, least and greatest of some values, and the sums of the second, third and fourth powers of their distances from the mean (m2, m3, m4).';

CREATE FUNCTION territory.row_stats_add(kept internal, value float8) RETURNS internal
	LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_row_stats_add';
COMMENT ON FUNCTION territory.row_stats_add(internal, float8) IS 'Transition of aggregates over rows: a value, for stats_summary().';
CREATE FUNCTION territory.row_stats_rollup(kept internal, value territory.stats) RETURNS internal
	LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_row_stats_rollup';
COMMENT ON FUNCTION territory.row_stats_rollup(internal, territory.stats) IS 'Transition of aggregates over rows: stats, for rollup().';
CREATE FUNCTION territory.row_stats_combine(internal, internal) RETURNS internal
	LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_row_stats_combine';
COMMENT ON FUNCTION territory.row_stats_combine(internal, internal) IS 'Two states of stats_summary() make one.';
CREATE FUNCTION territory.row_stats_serial(internal) RETURNS bytea
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_row_stats_serial';
COMMENT ON FUNCTION territory.row_stats_serial(internal) IS 'The state of stats_summary(), as bytes.';
CREATE FUNCTION territory.row_stats_deserial(bytea, internal) RETURNS internal
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_row_stats_deserial';
COMMENT ON FUNCTION territory.row_stats_deserial(bytea, internal) IS 'The state of stats_summary(), from its bytes.';
CREATE FUNCTION territory.row_stats(internal) RETURNS territory.stats
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_row_stats';
COMMENT ON FUNCTION territory.row_stats(internal) IS 'Result of stats_summary() and rollup().';

CREATE AGGREGATE territory.stats_summary(value float8) (SFUNC = territory.row_stats_add, STYPE = internal, SSPACE = 64,
	FINALFUNC = territory.row_stats, COMBINEFUNC = territory.row_stats_combine, SERIALFUNC = territory.row_stats_serial,
	DESERIALFUNC = territory.row_stats_deserial, PARALLEL = SAFE);
COMMENT ON AGGREGATE territory.stats_summary(float8) IS
'The stats of values, from which mean, variance, skewness and kurtosis follow, and which rollup() adds up; null of no values. Nulls are left out, NaN and infinite values refused (22023), and so is what overflows (22003). Moments are merged by Pebay''s formulas (SAND2008-6212).';
CREATE AGGREGATE territory.rollup(value territory.stats) (SFUNC = territory.row_stats_rollup, STYPE = internal, SSPACE = 64,
	FINALFUNC = territory.row_stats, COMBINEFUNC = territory.row_stats_combine, SERIALFUNC = territory.row_stats_serial,
	DESERIALFUNC = territory.row_stats_deserial, PARALLEL = SAFE);
COMMENT ON AGGREGATE territory.rollup(territory.stats) IS
'The stats of all values of several stats; null of none. Nulls are left out.';

CREATE FUNCTION territory.num_values(value territory.stats) RETURNS bigint
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_stats_num_values';
COMMENT ON FUNCTION territory.num_values(territory.stats) IS 'How many values stats hold.';
CREATE FUNCTION territory.sum_value(value territory.stats) RETURNS float8
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_stats_sum_value';
COMMENT ON FUNCTION territory.sum_value(territory.stats) IS 'The sum of the values of stats.';
CREATE FUNCTION territory.mean(value territory.stats) RETURNS float8
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_stats_mean';
COMMENT ON FUNCTION territory.mean(territory.stats) IS 'The mean of the values of stats.';
CREATE FUNCTION territory.min_value(value territory.stats) RETURNS float8
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_stats_min_value';
COMMENT ON FUNCTION territory.min_value(territory.stats) IS 'The least value of stats.';
CREATE FUNCTION territory.max_value(value territory.stats) RETURNS float8
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_stats_max_value';
COMMENT ON FUNCTION territory.max_value(territory.stats) IS 'The greatest value of stats.';
CREATE FUNCTION territory.sample_variance(value territory.stats) RETURNS float8
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_stats_sample_variance';
COMMENT ON FUNCTION territory.sample_variance(territory.stats) IS 'The variance of the values of stats as a sample (n - 1), as var_samp() of the values; null of one value.';
CREATE FUNCTION territory.sample_stddev(value territory.stats) RETURNS float8
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_stats_sample_stddev';
COMMENT ON FUNCTION territory.sample_stddev(territory.stats) IS 'The standard deviation of the values of stats as a sample (n - 1), as stddev_samp() of the values; null of one value.';
CREATE FUNCTION territory.skewness(value territory.stats) RETURNS float8
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_stats_skewness';
COMMENT ON FUNCTION territory.skewness(territory.stats) IS 'The skewness of the values of stats, m3 / m2 ^ 1.5 of their central moments (of the whole population): greater than 0 where the tail is on the right; null where all values are equal.';
CREATE FUNCTION territory.kurtosis(value territory.stats) RETURNS float8
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_stats_kurtosis';
COMMENT ON FUNCTION territory.kurtosis(territory.stats) IS 'The kurtosis of the values of stats, m4 / m2 ^ 2 of their central moments (of the whole population): 3 of a normal distribution; null where all values are equal.';
