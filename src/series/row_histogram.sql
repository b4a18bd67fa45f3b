-- Histograms.

CREATE FUNCTION territory.row_histogram_add(kept internal, value float8, low float8, high float8, buckets integer) RETURNS internal
	LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_row_histogram_add';
COMMENT ON FUNCTION territory.row_histogram_add(internal, float8, float8, float8, integer) IS 'Transition of aggregates over rows: a value, and the buckets of histogram().';
CREATE FUNCTION territory.row_histogram_combine(internal, internal) RETURNS internal
	LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_row_histogram_combine';
COMMENT ON FUNCTION territory.row_histogram_combine(internal, internal) IS 'Two states of histogram() make one.';
CREATE FUNCTION territory.row_histogram_serial(internal) RETURNS bytea
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_row_histogram_serial';
COMMENT ON FUNCTION territory.row_histogram_serial(internal) IS 'The state of histogram(), as bytes.';
CREATE FUNCTION territory.row_histogram_deserial(bytea, internal) RETURNS internal
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_row_histogram_deserial';
COMMENT ON FUNCTION territory.row_histogram_deserial(bytea, internal) IS 'The state of histogram(), from its bytes.';
CREATE FUNCTION territory.row_histogram(internal) RETURNS bigint[]
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_row_histogram';
COMMENT ON FUNCTION territory.row_histogram(internal) IS 'Result of histogram().';

CREATE AGGREGATE territory.histogram(value float8, low float8, high float8, buckets integer) (SFUNC = territory.row_histogram_add, STYPE = internal, SSPACE = 256,
	FINALFUNC = territory.row_histogram, COMBINEFUNC = territory.row_histogram_combine, SERIALFUNC = territory.row_histogram_serial,
	DESERIALFUNC = territory.row_histogram_deserial, PARALLEL = SAFE);
COMMENT ON AGGREGATE territory.histogram(float8, float8, float8, integer) IS
'How many values fall into each of so many buckets (at most 100000) of the same width between low and high, which is not in the last one; the first element counts values below low, the last one those from high on, so element width_bucket(value, low, high, buckets) + 1 counts a value. Nulls are left out, NaN and infinite values refused (22023).';
