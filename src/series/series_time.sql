-- Series of every kind: when they begin and end, what they are at an instant or during periods.

CREATE FUNCTION territory.start_time(series territory.float_series) RETURNS timestamptz
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_float_series_start_time';
COMMENT ON FUNCTION territory.start_time(territory.float_series) IS
'The first instant of the series.';

CREATE FUNCTION territory.start_time(series territory.state_series) RETURNS timestamptz
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_state_series_start_time';
COMMENT ON FUNCTION territory.start_time(territory.state_series) IS
'The first instant of the series.';

CREATE FUNCTION territory.start_time(series territory.point_series) RETURNS timestamptz
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_point_series_start_time';
COMMENT ON FUNCTION territory.start_time(territory.point_series) IS
'The first instant of the series.';

CREATE FUNCTION territory.end_time(series territory.float_series) RETURNS timestamptz
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_float_series_end_time';
COMMENT ON FUNCTION territory.end_time(territory.float_series) IS
'The last instant of the series.';

CREATE FUNCTION territory.end_time(series territory.state_series) RETURNS timestamptz
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_state_series_end_time';
COMMENT ON FUNCTION territory.end_time(territory.state_series) IS
'The last instant of the series.';

CREATE FUNCTION territory.end_time(series territory.point_series) RETURNS timestamptz
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_point_series_end_time';
COMMENT ON FUNCTION territory.end_time(territory.point_series) IS
'The last instant of the series.';

CREATE FUNCTION territory.time_span(series territory.float_series) RETURNS tstzrange
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_float_series_time_span';
COMMENT ON FUNCTION territory.time_span(territory.float_series) IS
'From the first instant of the series to the last, both included, gaps between sections too (time_spans() leaves them out).';

CREATE FUNCTION territory.time_span(series territory.state_series) RETURNS tstzrange
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_state_series_time_span';
COMMENT ON FUNCTION territory.time_span(territory.state_series) IS
'From the first instant of the series to the last, both included, gaps between sections too (time_spans() leaves them out).';

CREATE FUNCTION territory.time_span(series territory.point_series) RETURNS tstzrange
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_point_series_time_span';
COMMENT ON FUNCTION territory.time_span(territory.point_series) IS
'From the first instant of the series to the last, both included, gaps between sections too (time_spans() leaves them out).';

CREATE FUNCTION territory.time_spans(series territory.float_series) RETURNS tstzmultirange
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_float_series_time_spans';
COMMENT ON FUNCTION territory.time_spans(territory.float_series) IS
'When something is known of the series: its sections, both ends included, or the instants of a discrete series.';

CREATE FUNCTION territory.time_spans(series territory.state_series) RETURNS tstzmultirange
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_state_series_time_spans';
COMMENT ON FUNCTION territory.time_spans(territory.state_series) IS
'When something is known of the series: its sections, both ends included, or the instants of a discrete series.';

CREATE FUNCTION territory.time_spans(series territory.point_series) RETURNS tstzmultirange
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_point_series_time_spans';
COMMENT ON FUNCTION territory.time_spans(territory.point_series) IS
'When something is known of the series: its sections, both ends included, or the instants of a discrete series.';

CREATE FUNCTION territory.num_instants(series territory.float_series) RETURNS integer
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_float_series_num_instants';
COMMENT ON FUNCTION territory.num_instants(territory.float_series) IS
'How many instants the series has.';

CREATE FUNCTION territory.num_instants(series territory.state_series) RETURNS integer
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_state_series_num_instants';
COMMENT ON FUNCTION territory.num_instants(territory.state_series) IS
'How many instants the series has.';

CREATE FUNCTION territory.num_instants(series territory.point_series) RETURNS integer
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_point_series_num_instants';
COMMENT ON FUNCTION territory.num_instants(territory.point_series) IS
'How many instants the series has.';

CREATE FUNCTION territory.interpolation(series territory.float_series) RETURNS text
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_float_series_interpolation';
COMMENT ON FUNCTION territory.interpolation(territory.float_series) IS
'How the series goes on between instants: discrete (nothing is known), step (the value stays) or linear.';

CREATE FUNCTION territory.interpolation(series territory.state_series) RETURNS text
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_state_series_interpolation';
COMMENT ON FUNCTION territory.interpolation(territory.state_series) IS
'How the series goes on between instants: discrete (nothing is known), step (the value stays) or linear.';

CREATE FUNCTION territory.interpolation(series territory.point_series) RETURNS text
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_point_series_interpolation';
COMMENT ON FUNCTION territory.interpolation(territory.point_series) IS
'How the series goes on between instants: discrete (nothing is known), step (the value stays) or linear.';

CREATE FUNCTION territory.set_interpolation(series territory.float_series, interpolation text, max_gap interval DEFAULT NULL) RETURNS territory.float_series
	LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_float_series_set_interpolation';
COMMENT ON FUNCTION territory.set_interpolation(territory.float_series, text, interval) IS
'The same instants, going on between them in another way: ''discrete'', ''step'' or ''linear''. A discrete series becomes one section; sections end where two instants are further apart than max_gap, if one is given.';

CREATE FUNCTION territory.set_interpolation(series territory.state_series, interpolation text, max_gap interval DEFAULT NULL) RETURNS territory.state_series
	LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_state_series_set_interpolation';
COMMENT ON FUNCTION territory.set_interpolation(territory.state_series, text, interval) IS
'The same instants, going on between them in another way: ''discrete'', ''step''. A discrete series becomes one section; sections end where two instants are further apart than max_gap, if one is given.';

CREATE FUNCTION territory.set_interpolation(series territory.point_series, interpolation text, max_gap interval DEFAULT NULL) RETURNS territory.point_series
	LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_point_series_set_interpolation';
COMMENT ON FUNCTION territory.set_interpolation(territory.point_series, text, interval) IS
'The same instants, going on between them in another way: ''discrete'', ''step'' or ''linear''. A discrete series becomes one section; sections end where two instants are further apart than max_gap, if one is given.';

CREATE FUNCTION territory.value_at(series territory.float_series, t timestamptz) RETURNS float8
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_float_value_at';
COMMENT ON FUNCTION territory.value_at(territory.float_series, timestamptz) IS
'The value of the series at an instant, interpolated if it is linear; NULL where nothing is known. Reads one block, or two.';

CREATE FUNCTION territory.value_at(series territory.state_series, t timestamptz) RETURNS text
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_state_value_at';
COMMENT ON FUNCTION territory.value_at(territory.state_series, timestamptz) IS
'The state of the series at an instant; NULL where nothing is known. Reads one block, or two.';

CREATE FUNCTION territory.at(series territory.float_series, period tstzrange) RETURNS territory.float_series
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_float_series_at_range';
COMMENT ON FUNCTION territory.at(territory.float_series, tstzrange) IS
'The series during a period; NULL where nothing is known of it then. Where an end is left out, the result ends there with the value that the series comes near to (the limit from the left).';

CREATE FUNCTION territory.at(series territory.state_series, period tstzrange) RETURNS territory.state_series
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_state_series_at_range';
COMMENT ON FUNCTION territory.at(territory.state_series, tstzrange) IS
'The series during a period; NULL where nothing is known of it then. Where an end is left out, the result ends there with the value that the series comes near to (the limit from the left).';

CREATE FUNCTION territory.at(series territory.point_series, period tstzrange) RETURNS territory.point_series
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_point_series_at_range';
COMMENT ON FUNCTION territory.at(territory.point_series, tstzrange) IS
'The series during a period; NULL where nothing is known of it then. Where an end is left out, the result ends there with the value that the series comes near to (the limit from the left).';

CREATE FUNCTION territory.at(series territory.float_series, periods tstzmultirange) RETURNS territory.float_series
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_float_series_at_multirange';
COMMENT ON FUNCTION territory.at(territory.float_series, tstzmultirange) IS
'The series during periods; NULL where nothing is known of it then. Where an end is left out, the result ends there with the value that the series comes near to (the limit from the left). An instant between two periods that both leave it out belongs to the second; the first ends a microsecond before.';

CREATE FUNCTION territory.at(series territory.state_series, periods tstzmultirange) RETURNS territory.state_series
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_state_series_at_multirange';
COMMENT ON FUNCTION territory.at(territory.state_series, tstzmultirange) IS
'The series during periods; NULL where nothing is known of it then. Where an end is left out, the result ends there with the value that the series comes near to (the limit from the left). An instant between two periods that both leave it out belongs to the second; the first ends a microsecond before.';

CREATE FUNCTION territory.at(series territory.point_series, periods tstzmultirange) RETURNS territory.point_series
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_point_series_at_multirange';
COMMENT ON FUNCTION territory.at(territory.point_series, tstzmultirange) IS
'The series during periods; NULL where nothing is known of it then. Where an end is left out, the result ends there with the value that the series comes near to (the limit from the left). An instant between two periods that both leave it out belongs to the second; the first ends a microsecond before.';

CREATE FUNCTION territory.unnest(series territory.float_series) RETURNS TABLE (t timestamptz, value float8)
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE ROWS 1000 AS 'MODULE_PATHNAME', 'territory_float_series_unnest';
COMMENT ON FUNCTION territory.unnest(territory.float_series) IS
'The instants of the series, in order, a row each.';

CREATE FUNCTION territory.unnest(series territory.state_series) RETURNS TABLE (t timestamptz, state text)
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE ROWS 1000 AS 'MODULE_PATHNAME', 'territory_state_series_unnest';
COMMENT ON FUNCTION territory.unnest(territory.state_series) IS
'The instants of the series, in order, a row each.';

CREATE FUNCTION territory.unnest(series territory.point_series) RETURNS TABLE (t timestamptz, pos geometry)
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE ROWS 1000 AS 'MODULE_PATHNAME', 'territory_point_series_unnest';
COMMENT ON FUNCTION territory.unnest(territory.point_series) IS
'The instants of the series, in order, a row each.';

CREATE FUNCTION territory.duration(periods tstzmultirange) RETURNS interval
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_duration';
COMMENT ON FUNCTION territory.duration(tstzmultirange) IS
'How long the periods are together, days being of 24 hours. Error where one of them has no beginning or no end.';

CREATE FUNCTION territory.resample(series territory.float_series, step interval, method text DEFAULT 'none', timezone text DEFAULT NULL,
	from_time timestamptz DEFAULT NULL, to_time timestamptz DEFAULT NULL, max_gap interval DEFAULT NULL) RETURNS territory.float_series
	LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_float_series_resample';
COMMENT ON FUNCTION territory.resample(territory.float_series, interval, text, text, timestamptz, timestamptz, interval) IS
'The series at the beginnings of buckets of time, those of time_bucket(step, t, timezone), by UTC where no zone is given. Methods: ''previous'' (what the last instant before said; fills gaps), ''linear'' (between the instants around it; fills gaps), ''average'' (over the bucket that begins there, weighted by time unless the series is discrete; fills nothing) or ''none'' (what the series is then; fills nothing). From from_time on and before to_time (the series'' own span), up to which ''previous'' goes on after its end. Gaps longer than max_gap are not filled. NULL where there is no instant.';

CREATE FUNCTION territory.resample(series territory.state_series, step interval, method text DEFAULT 'previous', timezone text DEFAULT NULL,
	from_time timestamptz DEFAULT NULL, to_time timestamptz DEFAULT NULL, max_gap interval DEFAULT NULL) RETURNS territory.state_series
	LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_state_series_resample';
COMMENT ON FUNCTION territory.resample(territory.state_series, interval, text, text, timestamptz, timestamptz, interval) IS
'The series at the beginnings of buckets of time, those of time_bucket(step, t, timezone), by UTC where no zone is given. Methods: ''previous'' (what the last instant before said; fills gaps) or ''none'' (what the series is then; fills nothing). From from_time on and before to_time (the series'' own span), up to which ''previous'' goes on after its end. Gaps longer than max_gap are not filled. NULL where there is no instant.';

CREATE FUNCTION territory.resample(series territory.point_series, step interval, method text DEFAULT 'none', timezone text DEFAULT NULL,
	from_time timestamptz DEFAULT NULL, to_time timestamptz DEFAULT NULL, max_gap interval DEFAULT NULL) RETURNS territory.point_series
	LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_point_series_resample';
COMMENT ON FUNCTION territory.resample(territory.point_series, interval, text, text, timestamptz, timestamptz, interval) IS
'The series at the beginnings of buckets of time, those of time_bucket(step, t, timezone), by UTC where no zone is given. Methods: ''previous'' (where the last instant before was; fills gaps), ''linear'' (between the instants around it; fills gaps) or ''none'' (where the series is then; fills nothing). From from_time on and before to_time (the series'' own span), up to which ''previous'' goes on after its end. Gaps longer than max_gap are not filled. NULL where there is no instant.';
