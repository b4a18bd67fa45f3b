-- Buckets of time.

CREATE FUNCTION territory.time_bucket(bucket_width interval, ts timestamptz) RETURNS timestamptz
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_time_bucket';
COMMENT ON FUNCTION territory.time_bucket(interval, timestamptz) IS
'The beginning of the bucket that a time is in, in UTC: buckets of weeks, days or less are counted from Monday 2000-01-03, those of months or years from 2000-01-01.';

CREATE FUNCTION territory.time_bucket(bucket_width interval, ts timestamptz, origin timestamptz) RETURNS timestamptz
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_time_bucket';
COMMENT ON FUNCTION territory.time_bucket(interval, timestamptz, timestamptz) IS
'The beginning of the bucket that a time is in, in UTC, buckets being counted from origin (of months or years: the beginning of a month).';

CREATE FUNCTION territory.time_bucket(bucket_width interval, ts timestamptz, timezone text) RETURNS timestamptz
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_time_bucket_zone';
COMMENT ON FUNCTION territory.time_bucket(interval, timestamptz, text) IS
'The beginning of the bucket that a time is in, by the clocks and the calendar of a time zone, whose changes of offset are kept: a day has 23, 24 or 25 hours.';

CREATE FUNCTION territory.time_bucket(bucket_width interval, ts timestamptz, timezone text, origin timestamptz) RETURNS timestamptz
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_time_bucket_zone';
COMMENT ON FUNCTION territory.time_bucket(interval, timestamptz, text, timestamptz) IS
'The beginning of the bucket that a time is in, by the clocks and the calendar of a time zone, buckets being counted from what they show at origin (of months or years: the beginning of a month).';

CREATE FUNCTION territory.time_bucket(bucket_width interval, ts timestamp) RETURNS timestamp
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_time_bucket';
COMMENT ON FUNCTION territory.time_bucket(interval, timestamp) IS
'The beginning of the bucket that a time is in: buckets of weeks, days or less are counted from Monday 2000-01-03, those of months or years from 2000-01-01.';

CREATE FUNCTION territory.time_bucket(bucket_width interval, ts timestamp, origin timestamp) RETURNS timestamp
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_time_bucket';
COMMENT ON FUNCTION territory.time_bucket(interval, timestamp, timestamp) IS
'The beginning of the bucket that a time is in, buckets being counted from origin (of months or years: the beginning of a month).';

CREATE FUNCTION territory.time_bucket(bucket_width interval, ts date) RETURNS date
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_time_bucket_date';
COMMENT ON FUNCTION territory.time_bucket(interval, date) IS
'The first day of the bucket that a date is in: buckets of weeks or days are counted from Monday 2000-01-03, those of months or years from 2000-01-01.';

CREATE FUNCTION territory.time_bucket(bucket_width interval, ts date, origin date) RETURNS date
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_time_bucket_date';
COMMENT ON FUNCTION territory.time_bucket(interval, date, date) IS
'The first day of the bucket that a date is in, buckets being counted from origin (of months or years: the first of a month).';
