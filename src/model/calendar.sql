-- French time: public holidays, working days, ISO weeks, school holidays, and the sun.
--
-- What law and astronomy fix is computed, for any year; what a ministry decides
-- (school holidays) is a table to load, and where it says nothing of a day the
-- answer is null, not no.

-- Public holidays.

CREATE FUNCTION territory.easter(year integer) RETURNS date
	LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
BEGIN ATOMIC
	-- the anonymous Gregorian algorithm (Meeus, Astronomical Algorithms, chapter 8)
	SELECT make_date(year, (h + l - 7 * m + 114) / 31, (h + l - 7 * m + 114) % 31 + 1)
	FROM (SELECT year % 19 AS a, year / 100 AS b, year % 100 AS c) s1,
		LATERAL (SELECT (19 * a + b - b / 4 - (b - (b + 8) / 25 + 1) / 3 + 15) % 30 AS h) s2,
		LATERAL (SELECT (32 + 2 * (b % 4) + 2 * (c / 4) - h - c % 4) % 7 AS l) s3,
		LATERAL (SELECT (a + 11 * h + 22 * l) / 451 AS m) s4;
END;
COMMENT ON FUNCTION territory.easter(integer) IS
'Easter Sunday of a year of the Gregorian calendar (method: Meeus, Astronomical Algorithms).';

CREATE FUNCTION territory.check_holiday_region(region text) RETURNS void
	LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF region IS NULL OR region NOT IN ('metropole', 'alsace-moselle') THEN
		RAISE invalid_parameter_value USING MESSAGE = format('"%s" is not a region of holidays', region),
			HINT = 'Regions are metropole and alsace-moselle.';
	END IF;
END $$;
COMMENT ON FUNCTION territory.check_holiday_region(text) IS 'An error where a region has no holidays of its own; not to be called.';

CREATE FUNCTION territory.public_holiday(day date, region text DEFAULT 'metropole') RETURNS text
	LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	PERFORM territory.check_holiday_region(region);
	IF day IS NULL OR NOT isfinite(day) THEN
		RETURN NULL;
	END IF;
	RETURN nullif(concat_ws(', ',
		CASE day - territory.easter(extract(year FROM day)::integer) WHEN 1 THEN 'Lundi de Pâques' WHEN 39 THEN 'Ascension'
			WHEN 50 THEN 'Lundi de Pentecôte' WHEN -2 THEN CASE region WHEN 'alsace-moselle' THEN 'Vendredi saint' END END,
		CASE (extract(month FROM day) * 100 + extract(day FROM day))::integer WHEN 101 THEN 'Jour de l''an'
			WHEN 501 THEN 'Fête du Travail' WHEN 508 THEN 'Victoire 1945' WHEN 714 THEN 'Fête nationale' WHEN 815 THEN 'Assomption'
			WHEN 1101 THEN 'Toussaint' WHEN 1111 THEN 'Armistice 1918' WHEN 1225 THEN 'Noël'
			WHEN 1226 THEN CASE region WHEN 'alsace-moselle' THEN 'Saint-Étienne' END END), '');
END $$;
COMMENT ON FUNCTION territory.public_holiday(date, text) IS
'What public holiday of France a day is; null where it is none.';

CREATE FUNCTION territory.public_holidays(from_year integer, to_year integer DEFAULT NULL, region text DEFAULT 'metropole')
	RETURNS TABLE(day date, title text)
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT d.day, territory.public_holiday(d.day, region)
	FROM pg_catalog.generate_series(from_year, coalesce(to_year, from_year)) y,
		LATERAL (SELECT territory.easter(y) AS sunday) e,
		LATERAL (VALUES (make_date(y, 1, 1)), (sunday - 2), (sunday + 1), (make_date(y, 5, 1)), (make_date(y, 5, 8)), (sunday + 39),
			(sunday + 50), (make_date(y, 7, 14)), (make_date(y, 8, 15)), (make_date(y, 11, 1)), (make_date(y, 11, 11)),
			(make_date(y, 12, 25)), (make_date(y, 12, 26))) d(day)
	WHERE territory.public_holiday(d.day, region) IS NOT NULL GROUP BY d.day ORDER BY d.day;
END;
COMMENT ON FUNCTION territory.public_holidays(integer, integer, text) IS
'The public holidays of France in these years (Code du travail, L3133-1; with Good Friday and 26 December in region alsace-moselle, L3134-13). Two that fall on one day are one.';

-- Working days.

CREATE FUNCTION territory.is_working_day(day date, region text DEFAULT 'metropole', saturdays boolean DEFAULT false) RETURNS boolean
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT CASE WHEN isfinite(day) THEN extract(isodow FROM day) <= CASE WHEN saturdays THEN 6 ELSE 5 END
		AND territory.public_holiday(day, region) IS NULL END;
END;
COMMENT ON FUNCTION territory.is_working_day(date, text, boolean) IS
'Whether a day is worked: Monday to Friday (jours ouvrés), with Saturdays (jours ouvrables) if these count, and no public holiday.';

CREATE FUNCTION territory.working_days(from_day date, to_day date, region text DEFAULT 'metropole', saturdays boolean DEFAULT false)
	RETURNS integer LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
	-- the days of weeks are counted, the holidays among them taken off
	SELECT CASE WHEN isfinite(from_day) AND isfinite(to_day) THEN greatest(0, (SELECT (to_day - from_day) / 7 * w.length
			+ (SELECT count(*)::integer FROM generate_series(0, (to_day - from_day) % 7 - 1) i
				WHERE extract(isodow FROM from_day + i) <= w.length)
			- (SELECT count(*)::integer
				FROM territory.public_holidays(extract(year FROM from_day)::integer, extract(year FROM to_day)::integer, region) h
				WHERE h.day >= from_day AND h.day < to_day AND extract(isodow FROM h.day) <= w.length)
		FROM (SELECT CASE WHEN saturdays THEN 6 ELSE 5 END) w(length))) END;
END;
COMMENT ON FUNCTION territory.working_days(date, date, text, boolean) IS
'How many working days lie in from_day <= day < to_day; see is_working_day(). 0 where to_day is not after from_day.';

CREATE FUNCTION territory.add_working_days(day date, days integer, region text DEFAULT 'metropole', saturdays boolean DEFAULT false)
	RETURNS date LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	reached date := day;
	left_over integer := abs(days);
BEGIN
	IF days IS NULL OR day IS NULL OR NOT isfinite(day) THEN
		RETURN NULL;
	END IF;
	IF left_over > 100000 THEN
		RAISE invalid_parameter_value USING MESSAGE = 'at most 100000 working days can be added';
	END IF;
	WHILE left_over > 0 LOOP
		reached := reached + sign(days)::integer;
		IF territory.is_working_day(reached, region, saturdays) THEN
			left_over := left_over - 1;
		END IF;
	END LOOP;
	RETURN reached;
END $$;
COMMENT ON FUNCTION territory.add_working_days(date, integer, text, boolean) IS
'The day that is so many working days later (earlier, where negative): when an answer is due. See is_working_day().';

CREATE FUNCTION territory.iso_week(day date) RETURNS text
	LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
BEGIN ATOMIC
	SELECT CASE WHEN isfinite(day) THEN lpad(extract(isoyear FROM day)::text, 4, '0') || '-W' || lpad(extract(week FROM day)::text, 2, '0') END;
END;
COMMENT ON FUNCTION territory.iso_week(date) IS 'The ISO 8601 week of a day: 2026-W01.';

-- School holidays.

CREATE TABLE territory.school_holidays
(
	zone text NOT NULL CHECK (zone ~ '^[A-Z][A-Za-z ]{0,30}$'),
	-- the first day without school, and that of return
	from_day date NOT NULL,
	to_day date NOT NULL CHECK (to_day > from_day),
	title text NOT NULL CHECK (title <> ''),
	PRIMARY KEY (zone, from_day)
);
COMMENT ON TABLE territory.school_holidays IS
'School holidays by zone (A, B, C, Corse ...): from_day <= day < to_day. See territory.load_school_holidays().';
SELECT pg_catalog.pg_extension_config_dump('territory.school_holidays', '');
GRANT SELECT ON territory.school_holidays TO PUBLIC;

CREATE FUNCTION territory.load_school_holidays(holidays jsonb) RETURNS integer
	LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'territory_for_caller';
COMMENT ON FUNCTION territory.load_school_holidays(jsonb) IS
'Load school holidays: a JSON array of {"zone": "A", "from_day": "2026-02-07", "to_day": "2026-02-23", "title": "..."}, where to_day is the day of return; those of the same zone and first day are replaced. Gives how many. For who may CREATE in the database.';

CREATE FUNCTION territory.load_school_holidays_for(caller regrole, holidays jsonb) RETURNS integer
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	loaded integer;
BEGIN
	IF NOT has_database_privilege(caller::oid, current_database(), 'CREATE') THEN
		RAISE insufficient_privilege USING MESSAGE = format('permission denied for database %I', current_database()),
			HINT = format('GRANT CREATE ON DATABASE %I TO %s.', current_database(), caller);
	END IF;
	IF holidays IS NULL OR jsonb_typeof(holidays) <> 'array' THEN
		RAISE invalid_parameter_value USING MESSAGE = 'school holidays are a JSON array',
			HINT = 'As in [{"zone": "A", "from_day": "2026-02-07", "to_day": "2026-02-23", "title": "Vacances d''hiver"}].';
	END IF;
	LOCK TABLE territory.school_holidays IN SHARE ROW EXCLUSIVE MODE;
	INSERT INTO territory.school_holidays (zone, from_day, to_day, title)
	SELECT h.zone, h.from_day, h.to_day, h.title FROM jsonb_to_recordset(holidays) h(zone text, from_day date, to_day date, title text)
	ON CONFLICT (zone, from_day) DO UPDATE SET to_day = excluded.to_day, title = excluded.title;
	GET DIAGNOSTICS loaded = ROW_COUNT;
	IF EXISTS (SELECT FROM territory.school_holidays a JOIN territory.school_holidays b
			ON a.zone = b.zone AND a.from_day < b.from_day AND b.from_day < a.to_day) THEN
		RAISE exclusion_violation USING MESSAGE = 'school holidays of one zone overlap',
			HINT = 'Give the day of return as to_day, and each zone''s holidays once.';
	END IF;
	RETURN loaded;
EXCEPTION WHEN not_null_violation OR check_violation OR cardinality_violation THEN
	RAISE invalid_parameter_value USING MESSAGE = format('these are no school holidays: %s', sqlerrm),
		HINT = 'Each has a zone, a from_day, a later to_day and a title, and stands once.';
END $$;
COMMENT ON FUNCTION territory.load_school_holidays_for(regrole, jsonb) IS
'What load_school_holidays() does for its caller; not to be called.';
REVOKE EXECUTE ON FUNCTION territory.load_school_holidays_for(regrole, jsonb) FROM PUBLIC;

CREATE FUNCTION territory.is_school_holiday(day date, zone text) RETURNS boolean
	LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT CASE WHEN EXISTS (SELECT FROM territory.school_holidays h
				WHERE h.zone = is_school_holiday.zone AND h.from_day <= day AND day < h.to_day) THEN true
		WHEN EXISTS (SELECT FROM territory.school_holidays h WHERE h.zone = is_school_holiday.zone AND h.to_day <= day)
			AND EXISTS (SELECT FROM territory.school_holidays h WHERE h.zone = is_school_holiday.zone AND h.from_day > day) THEN false END;
END;
COMMENT ON FUNCTION territory.is_school_holiday(date, text) IS
'Whether a day is in the school holidays of a zone; null before the first and after the last of that zone that were loaded.';

CREATE FUNCTION territory.day_regime(day date, school_zone text DEFAULT NULL, region text DEFAULT 'metropole') RETURNS text
	LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT CASE WHEN NOT isfinite(day) OR day IS NULL THEN NULL
		WHEN territory.public_holiday(day, region) IS NOT NULL THEN 'public holiday'
		ELSE (ARRAY['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday'])[extract(isodow FROM day)::integer]
			|| CASE WHEN territory.is_school_holiday(day, school_zone) THEN ', school holidays' ELSE '' END END;
END;
COMMENT ON FUNCTION territory.day_regime(date, text, text) IS
'What kind of day it is, to group by and to compare with: its weekday, with ", school holidays" in those of the zone, or "public holiday".';

-- The sun.

CREATE FUNCTION territory.sun_terms(at_time timestamptz, OUT declination double precision, OUT equation double precision)
	LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
BEGIN ATOMIC
	SELECT asind(sind(slant) * sind(apparent)), 4 * degrees(y * sind(2 * mean_longitude) - 2 * excentricity * sind(anomaly)
			+ 4 * excentricity * y * sind(anomaly) * cosd(2 * mean_longitude) - 0.5 * y * y * sind(4 * mean_longitude)
			- 1.25 * excentricity * excentricity * sind(2 * anomaly))
	FROM (SELECT (extract(epoch FROM at_time)::float8 - 946728000) / 86400 / 36525 AS t) s1,
		LATERAL (SELECT (280.46646 + t * (36000.76983 + t * 0.0003032)) AS mean_longitude,
			357.52911 + t * (35999.05029 - 0.0001537 * t) AS anomaly,
			0.016708634 - t * (0.000042037 + 0.0000001267 * t) AS excentricity, 125.04 - 1934.136 * t AS node) s2,
		LATERAL (SELECT mean_longitude + sind(anomaly) * (1.914602 - t * (0.004817 + 0.000014 * t))
				+ sind(2 * anomaly) * (0.019993 - 0.000101 * t) + sind(3 * anomaly) * 0.000289 - 0.00569 - 0.00478 * sind(node) AS apparent,
			23 + (26 + (21.448 - t * (46.815 + t * (0.00059 - t * 0.001813))) / 60) / 60 + 0.00256 * cosd(node) AS slant) s3,
		LATERAL (SELECT tand(slant / 2) ^ 2 AS y) s4
	WHERE isfinite(at_time);
END;
COMMENT ON FUNCTION territory.sun_terms(timestamptz) IS
'The declination of the sun (degrees) and the equation of time (minutes), by the formulas of NOAA''s solar calculator after Meeus.';

CREATE FUNCTION territory.lon_lat(pos geometry, OUT lon double precision, OUT lat double precision)
	LANGUAGE sql STABLE STRICT PARALLEL SAFE
BEGIN ATOMIC
	SELECT ST_X(p), ST_Y(p) FROM (SELECT ST_Centroid(territory.in_srid(pos, 4326))) c(p);
END;
COMMENT ON FUNCTION territory.lon_lat(geometry) IS 'Longitude and latitude of a geometry of any SRID: of its centroid.';

CREATE FUNCTION territory.sun_elevation(pos geometry, at_time timestamptz) RETURNS double precision
	LANGUAGE sql STABLE STRICT PARALLEL SAFE
BEGIN ATOMIC
	SELECT asind(least(1, greatest(-1, sind(lat) * sind(declination) + cosd(lat) * cosd(declination)
		* cosd(((extract(epoch FROM at_time)::float8 / 60 + equation) + 4 * lon) / 4 - 180))))
	FROM territory.sun_terms(at_time), territory.lon_lat(pos);
END;
COMMENT ON FUNCTION territory.sun_elevation(geometry, timestamptz) IS
'How high the centre of the sun stands at a place (degrees; refraction not counted), within about 0.01 degrees from 1900 to 2100 (NOAA''s formulas).';

CREATE FUNCTION territory.is_daylight(pos geometry, at_time timestamptz) RETURNS boolean
	LANGUAGE sql STABLE STRICT PARALLEL SAFE
BEGIN ATOMIC
	SELECT territory.sun_elevation(pos, at_time) > -0.833;
END;
COMMENT ON FUNCTION territory.is_daylight(geometry, timestamptz) IS
'Whether it is day at a place: the sun''s upper edge is above the horizon, as almanacs have it (elevation above -0.833 degrees).';

CREATE FUNCTION territory.sun_crossing(pos geometry, day date, direction integer) RETURNS timestamptz
	LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	midnight timestamptz := day::timestamp AT TIME ZONE 'UTC';
	place record;
	sun record;
	cosine float8;
	minutes float8;
BEGIN
	SELECT * INTO place FROM territory.lon_lat(pos);
	IF place.lon IS NULL OR NOT isfinite(day) THEN
		RETURN NULL;
	END IF;
	minutes := 720 - 4 * place.lon;
	-- where the sun is when it crosses, found by where it is at noon
	FOR i IN 1 .. 4 LOOP
		SELECT * INTO sun FROM territory.sun_terms(midnight + minutes * interval '1 minute');
		cosine := (sind(-0.833) - sind(place.lat) * sind(sun.declination)) / nullif(cosd(place.lat) * cosd(sun.declination), 0);
		IF cosine IS NULL OR cosine NOT BETWEEN -1 AND 1 THEN
			RETURN NULL;
		END IF;
		minutes := 720 - 4 * place.lon - sun.equation + direction * 4 * acosd(cosine);
	END LOOP;
	RETURN date_trunc('second', midnight + minutes * interval '1 minute' + interval '0.5 seconds', 'UTC');
END $$;
COMMENT ON FUNCTION territory.sun_crossing(geometry, date, integer) IS
'When the sun crosses the horizon of a place before (-1) or after (1) the noon of a day; what sunrise() and sunset() are made of.';

CREATE FUNCTION territory.sunrise(pos geometry, day date) RETURNS timestamptz
	LANGUAGE sql STABLE STRICT PARALLEL SAFE
BEGIN ATOMIC
	SELECT territory.sun_crossing(pos, day, -1);
END;
COMMENT ON FUNCTION territory.sunrise(geometry, date) IS
'When the sun rises at a place on a day, to about a minute (NOAA''s formulas); null where it does not.';

CREATE FUNCTION territory.sunset(pos geometry, day date) RETURNS timestamptz
	LANGUAGE sql STABLE STRICT PARALLEL SAFE
BEGIN ATOMIC
	SELECT territory.sun_crossing(pos, day, 1);
END;
COMMENT ON FUNCTION territory.sunset(geometry, date) IS
'When the sun sets at a place on a day, to about a minute (NOAA''s formulas); null where it does not.';
