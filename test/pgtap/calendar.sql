-- calendar.sql - holidays, working days, weeks, school holidays and the sun, against published ones.
BEGIN;
SELECT no_plan();
SET LOCAL search_path = public;
SET LOCAL timezone = 'UTC';

-- Easter of many years (Bureau des longitudes)
SELECT is(territory.easter(y), d, 'Easter of ' || y) FROM (VALUES (1818, '1818-03-22'::date), (1943, '1943-04-25'), (2000, '2000-04-23'), (2008, '2008-03-23'),
	(2024, '2024-03-31'), (2025, '2025-04-20'), (2026, '2026-04-05'), (2027, '2027-03-28'), (2038, '2038-04-25'), (2285, '2285-03-22')) e(y, d);

SELECT results_eq('SELECT day FROM territory.public_holidays(2026)', $$VALUES ('2026-01-01'::date), ('2026-04-06'), ('2026-05-01'), ('2026-05-08'), ('2026-05-14'),
	('2026-05-25'), ('2026-07-14'), ('2026-08-15'), ('2026-11-01'), ('2026-11-11'), ('2026-12-25')$$, 'holidays of 2026');
SELECT results_eq($$SELECT day, title FROM territory.public_holidays(2026, region => 'alsace-moselle') EXCEPT SELECT * FROM territory.public_holidays(2026) ORDER BY 1$$,
	$$VALUES ('2026-04-03'::date, 'Vendredi saint'), ('2026-12-26', 'Saint-Étienne')$$, 'those of Alsace and Moselle');
SELECT is(count(*), 55::bigint, 'eleven a year') FROM territory.public_holidays(2024, 2028);
SELECT is(territory.public_holiday('2008-05-01'), 'Ascension, Fête du Travail', 'two on one day');
SELECT is(territory.public_holiday('2026-05-02'), NULL, 'none');
SELECT is(territory.public_holiday('infinity'), NULL, 'no day');
SELECT throws_ok($$SELECT territory.public_holiday('2026-05-02', 'corse')$$, '22023', '"corse" is not a region of holidays', 'no region');

SELECT is(territory.working_days('2026-05-01', '2026-06-01'), 17, 'May 2026 has 17 days of work from Monday to Friday');
SELECT is(territory.working_days('2026-05-01', '2026-06-01', saturdays => true), 22, 'and 22 with Saturdays');
SELECT is(territory.working_days('2026-05-02', '2026-05-01'), 0, 'none backwards');
SELECT is(count(*), 0::bigint, 'counting says the same, whatever the days') FROM generate_series('2025-12-20'::date, '2026-06-20'::date, '31 days') a,
	generate_series(0, 150, 37) n, (VALUES (false, 'metropole'), (true, 'alsace-moselle')) v(saturdays, region)
WHERE territory.working_days(a::date, a::date + n, region, saturdays) <>
	(SELECT count(*) FROM generate_series(0, n - 1) i WHERE territory.is_working_day(a::date + i, region, saturdays));
SELECT is(territory.add_working_days('2026-04-30', 3), '2026-05-06'::date, 'three days after the 30th of April');
SELECT is(territory.add_working_days('2026-05-06', -3), '2026-04-30'::date, 'and back');
SELECT is(territory.add_working_days('2026-05-02', 0), '2026-05-02'::date, 'none');
SELECT is(territory.iso_week(d), w, 'week of ' || d) FROM (VALUES ('2026-01-01'::date, '2026-W01'), ('2027-01-01', '2026-W53'), ('2024-12-30', '2025-W01')) x(d, w);

-- school holidays
CREATE ROLE town LOGIN;
CREATE ROLE eve LOGIN;
DO $$ BEGIN EXECUTE format('GRANT CREATE ON DATABASE %I TO town', current_database()); END $$;
SET LOCAL SESSION AUTHORIZATION eve;
SELECT throws_ok($$SELECT territory.load_school_holidays('[]')$$, '42501', NULL, 'who may not');
SET LOCAL SESSION AUTHORIZATION town;
SELECT is(territory.load_school_holidays('[{"zone": "B", "from_day": "2026-02-14", "to_day": "2026-03-02", "title": "Hiver"},
	{"zone": "B", "from_day": "2026-04-11", "to_day": "2026-04-27", "title": "Printemps"}, {"zone": "A", "from_day": "2026-02-07", "to_day": "2026-02-23", "title": "Hiver"}]'), 3, 'loaded');
SELECT is(territory.load_school_holidays('[{"zone": "A", "from_day": "2026-02-07", "to_day": "2026-02-23", "title": "Vacances d''hiver"}]'), 1, 'loaded anew');
SELECT throws_ok($$SELECT territory.load_school_holidays('[{"zone": "B", "from_day": "2026-02-20", "to_day": "2026-03-02", "title": "X"}]')$$, '23P01', NULL, 'overlapping');
SELECT throws_ok($$SELECT territory.load_school_holidays('[{"zone": "B", "from_day": "2026-06-20", "to_day": "2026-06-02", "title": "X"}]')$$, '22023', NULL, 'backwards');
SELECT throws_ok($$SELECT territory.load_school_holidays('[{"zone": "B"}]')$$, '22023', NULL, 'without days');
SELECT throws_ok($$SELECT territory.load_school_holidays('{}')$$, '22023', 'school holidays are a JSON array', 'no array');
SELECT is(array_agg(territory.is_school_holiday(d, 'B') ORDER BY d), '{null,true,true,false,true,null}'::boolean[], 'in, between, and where nothing is known')
FROM unnest('{2026-02-13,2026-02-14,2026-03-01,2026-03-02,2026-04-26,2026-04-27}'::date[]) d;
SELECT is(territory.is_school_holiday('2026-02-14', 'Z'), NULL, 'a zone of which nothing is known');
SELECT is(array_agg(territory.day_regime(d, 'B') ORDER BY d), '{"Monday, school holidays",Monday,"public holiday",Saturday}', 'regimes')
FROM unnest('{2026-02-16,2026-03-09,2026-04-06,2026-06-13}'::date[]) d;

RESET SESSION AUTHORIZATION;

-- the sun: times of the almanac for Paris, to a minute and a half
CREATE FUNCTION near(got timestamptz, expected timestamptz) RETURNS boolean LANGUAGE sql AS 'SELECT abs(extract(epoch FROM got - expected)) <= 90';
SELECT ok(near(territory.sunrise(p, d), rise) AND near(territory.sunset(p, d), down), format('sunrise %s and sunset %s', territory.sunrise(p, d), territory.sunset(p, d)))
FROM (SELECT 'SRID=4326;POINT(2.3522 48.8566)'::geometry) g(p), (VALUES ('2026-06-21'::date, '2026-06-21 05:47+02'::timestamptz, '2026-06-21 21:58+02'::timestamptz),
	('2026-12-21', '2026-12-21 08:41+01', '2026-12-21 16:56+01'), ('2026-03-20', '2026-03-20 06:54+01', '2026-03-20 19:03+01')) a(d, rise, down);
SELECT ok(abs(territory.sun_elevation('SRID=4326;POINT(2.3522 48.8566)', '2026-06-21 11:52:30Z') - 64.58) < 0.05, 'noon at midsummer: 90 - latitude + obliquity');
SELECT is(territory.sunrise('SRID=4326;POINT(25 71)', '2026-06-21'), NULL, 'no sunrise at the North Cape in June');
SELECT ok(territory.is_daylight('SRID=4326;POINT(25 71)', '2026-06-21 00:00Z') AND NOT territory.is_daylight('SRID=4326;POINT(25 71)', '2026-12-21 12:00Z'), 'where it is day all night');
SELECT is(territory.is_daylight(p, territory.sunrise(p, d) + interval '3 minutes') AND NOT territory.is_daylight(p, territory.sunrise(p, d) - interval '3 minutes'), true,
	format('day begins at sunrise: %s', d)) FROM (SELECT ST_Transform('SRID=4326;POINT(-1.68 48.11)'::geometry, 2154)) g(p),
	(VALUES ('2026-01-15'::date), ('2026-04-15'), ('2026-07-15'), ('2026-10-15')) a(d);
RESET SESSION AUTHORIZATION;

SELECT * FROM finish();
ROLLBACK;
