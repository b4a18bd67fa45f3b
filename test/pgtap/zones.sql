-- zones.sql - zones that fit together, where a place is, and aggregates that equal the plain join.
BEGIN;
SELECT no_plan();
SET LOCAL search_path = public;
SET LOCAL timezone = 'UTC';

CREATE ROLE town LOGIN;
CREATE ROLE eve LOGIN;
DO $$ BEGIN EXECUTE format('GRANT CREATE ON DATABASE %I TO town', current_database()); END $$;
GRANT CREATE ON SCHEMA public TO town, eve;

SET LOCAL SESSION AUTHORIZATION town;
CREATE FUNCTION square(x float8, y float8, size float8, srid int DEFAULT 2154) RETURNS geometry LANGUAGE sql
	AS 'SELECT ST_MakeEnvelope(x, y, x + size, y + size, srid)';

-- kinds
SELECT lives_ok($$SELECT territory.add_zone_kind('district', 'Quartiers', exclusive => true)$$, 'a kind of zones');
SELECT lives_ok($$SELECT territory.add_zone_kind('noise', 'Bruit', srid => 2154)$$, 'one that may overlap');
SELECT lives_ok($$SELECT territory.add_zone_kind('commune', 'Communes', exclusive => true, srid => 2154)$$, 'another one');
SELECT throws_ok($$SELECT territory.add_zone_kind('noise', 'Again')$$, '42710', 'zones of kind "noise" are known already', 'twice');
SELECT throws_ok($$SELECT territory.add_zone_kind('x', 'X', srid => 99)$$, '22023', 'SRID 99 is not known', 'an SRID that is none');
SELECT throws_ok($$SELECT territory.add_zone_kind('X y', 'X')$$, '22023', '"X y" is not a code', 'a code that is none');
SET LOCAL SESSION AUTHORIZATION eve;
SELECT throws_ok($$SELECT territory.add_zone_kind('x', 'X')$$, '42501', NULL, 'who may not create');
SELECT throws_ok($$SELECT territory.zone('noise', 'a', 'A', square(0, 0, 1))$$, '42501', 'kind of zones "noise" belongs to role town', 'who does not look after them');
SELECT throws_ok($$SELECT territory.zone_kind_for('town', 'noise')$$, '42501', NULL, 'past the functions');
SELECT throws_ok($$INSERT INTO territory.zones VALUES ('noise', 'a', 'A', square(0, 0, 1))$$, '42501', NULL, 'into the table');

-- zones
SET LOCAL SESSION AUTHORIZATION town;
SELECT lives_ok($$SELECT territory.zone('commune', '35238', 'Rennes', square(0, 0, 40))$$, 'a commune');
SELECT lives_ok($$SELECT territory.zone('district', 'd' || x || y, 'District ' || x || y, square(x * 10, y * 10, 10), '35238', 'commune')
	FROM generate_series(0, 3) x, generate_series(0, 3) y$$, 'its districts, which share borders');
SELECT is(srid, 2154, 'the first one says the SRID') FROM territory.zone_kinds WHERE code = 'district';
SELECT throws_ok($$SELECT territory.zone('district', 'x', 'X', square(5, 5, 10))$$, '23P01', 'zone "x" of kind "district" overlaps zone "d00"', 'an overlap');
SELECT throws_ok($$SELECT territory.zone('district', 'x', 'X', square(2, 2, 1))$$, '23P01', NULL, 'one inside another');
SELECT throws_ok($$SELECT territory.zone('district', 'x', 'X', square(-5, -5, 60))$$, '23P01', NULL, 'one around others');
SELECT throws_ok($$SELECT territory.zone('district', 'x', 'X', square(0, 0, 10))$$, '23P01', NULL, 'the same place');
SELECT lives_ok($$SELECT territory.zone('district', 'd33', 'Last', square(30, 30, 9), '35238', 'commune')$$, 'a zone changes, and does not overlap itself');
SELECT throws_ok($$SELECT territory.zone('district', 'd33', 'Last', square(25, 30, 9))$$, '23P01', NULL, 'but others');
SELECT throws_ok($$SELECT territory.zone('district', 'x', 'X', square(0, 50, 1, 4326))$$, '22023', 'zone "x" has SRID 4326, zones of kind "district" have 2154', 'another SRID');
SELECT throws_ok($$SELECT territory.zone('district', 'x', 'X', square(0, 50, 1, 0))$$, '22023', 'the geometry of zone "x" of kind "district" has no SRID', 'no SRID');
SELECT throws_ok($$SELECT territory.zone('district', 'x', 'X', NULL)$$, '22023', NULL, 'no geometry');
SELECT throws_ok($$SELECT territory.zone('district', 'x', 'X', ST_SetSRID(ST_MakePoint(0, 50), 2154))$$, '22023', 'the geometry of zone "x" of kind "district" is a point', 'a point');
SELECT throws_ok($$SELECT territory.zone('district', 'x', 'X', 'SRID=2154;POLYGON((0 50, 1 51, 1 50, 0 51, 0 50))')$$, '22023', NULL, 'a polygon that crosses itself');
SELECT throws_ok($$SELECT territory.zone('district', 'x', 'X', 'SRID=2154;POLYGON EMPTY')$$, '22023', NULL, 'an empty one');
SELECT throws_ok($$SELECT territory.zone('quarter', 'x', 'X', square(0, 50, 1))$$, '42704', 'zones of kind "quarter" are not known', 'an unknown kind');
SELECT throws_ok($$SELECT territory.zone('district', 'x', 'X', square(0, 50, 1), 'none')$$, '42704', 'there is no zone "none" of kind "district"', 'an unknown parent');
SELECT throws_ok($$SELECT territory.zone('district', 'x', '', square(0, 50, 1))$$, '22004', NULL, 'no title');
SELECT throws_ok($$SELECT territory.zone('district', 'a''b', 'X', square(0, 50, 1))$$, '22023', NULL, 'no code');
SELECT is(count(*), 16::bigint, 'nothing was half done') FROM territory.zones WHERE kind = 'district';

-- circles
SELECT lives_ok($$SELECT territory.zone('noise', 'n1', 'N1', square(0, 0, 25))$$, 'zones');
SELECT lives_ok($$SELECT territory.zone('noise', 'n2', 'N2', square(5, 5, 25), 'n1')$$, 'that overlap');
SELECT lives_ok($$SELECT territory.zone('noise', 'n3', 'N3', square(10, 0, 10), 'n2')$$, 'and are parts of others');
SELECT throws_ok($$SELECT territory.zone('noise', 'n1', 'N1', square(0, 0, 25), 'n1')$$, '22023', 'zone "n1" of kind "noise" would be a part of itself', 'a zone in itself');
SELECT throws_ok($$SELECT territory.zone('noise', 'n1', 'N1', square(0, 0, 25), 'n3')$$, '22023', 'zone "n1" of kind "noise" would be a part of itself', 'a circle of three');
SELECT throws_ok($$SELECT territory.zone('commune', '35238', 'Rennes', square(0, 0, 40), 'd00', 'district')$$, '22023', NULL, 'a circle of two kinds');
SELECT throws_ok($$SELECT territory.remove_zone('noise', 'n1')$$, '2BP01', 'zone "n1" of kind "noise" has parts', 'one with parts stays');
SELECT throws_ok($$SELECT territory.remove_zone('noise', 'n9')$$, '42704', NULL, 'one that is not there');
SELECT throws_ok($$SELECT territory.remove_zone_kind('noise')$$, '2BP01', 'there are zones of kind "noise"', 'a kind with zones');

-- where a place is
SELECT is(territory.zone_of('SRID=2154;POINT(15 25)', 'district'), 'd12', 'inside');
SELECT is(territory.zone_of('SRID=2154;POINT(10 10)', 'district'), 'd00', 'on a border, the first');
SELECT is(territory.zone_of('SRID=2154;POINT(39.5 39.5)', 'district'), NULL, 'outside');
SELECT is(territory.zone_of(NULL, 'district'), NULL, 'nowhere');
SELECT throws_ok($$SELECT territory.zone_of('SRID=4326;POINT(1 1)', 'district')$$, '22023', 'the place has SRID 4326, zones of kind "district" have 2154', 'another SRID');
SELECT throws_ok($$SELECT territory.zone_of('SRID=2154;POINT(1 1)', 'quarter')$$, '42704', 'zones of kind "quarter" are not known', 'an unknown kind');

-- aggregates: layers of entities that stand still, of three kinds of tables, and one whose entities move
SELECT FROM territory.add_domain('d', 'D');
CREATE TABLE places ("id'" int PRIMARY KEY, g geometry(Point, 2154));
INSERT INTO places SELECT i, ST_SetSRID(ST_MakePoint(i * 7 % 45, i * 5 % 43), 2154) FROM generate_series(1, 40) i;
INSERT INTO places VALUES (41, NULL), (42, ST_SetSRID(ST_MakePoint(10, 20), 2154));
CREATE TABLE fixed ("who's" int, t timestamptz, f float8, r float4, i int, n numeric, note text, PRIMARY KEY ("who's", t)) USING territory;
INSERT INTO fixed SELECT s, '2026-03-27 00:00Z'::timestamptz + k * interval '20 minutes', CASE WHEN (s + k) % 7 > 0 THEN sin(s * k) * 100 END,
	cos(s * k), s * k % 101 - 50, (s * k % 1000) / 10.0, CASE WHEN k % 3 > 0 THEN 'x' END FROM generate_series(1, 45) s, generate_series(0, 299) k;
SELECT FROM territory.set_layout('fixed', time_zone => 'Europe/Paris');
SELECT FROM territory.seal('fixed', '2026-03-30');
UPDATE fixed SET f = 1e6 WHERE "who's" = 5 AND t < '2026-03-27 01:00Z';
DELETE FROM fixed WHERE "who's" = 6 AND t < '2026-03-28';
CREATE TABLE plain AS SELECT "who's" AS who, t::timestamp, f, r, i, n, note FROM fixed;
CREATE INDEX ON plain (who, t);
CREATE TABLE moving (bus int, t timestamptz, pos geometry(Point, 4326), f float8, PRIMARY KEY (bus, t)) USING territory;
INSERT INTO moving SELECT b, '2026-03-28 00:00Z'::timestamptz + k * interval '10 minutes',
	ST_Transform(ST_SetSRID(ST_MakePoint(b * k % 45 + 0.5, b * k * k % 43 + 0.25), 2154), 4326), b + k FROM generate_series(1, 5) b, generate_series(0, 299) k;
SELECT FROM territory.seal('moving');
SELECT FROM territory.add_layer('fixed', 'd', 'Fixed', entity_table => 'places', entity_key => 'id''', entity_position => 'g');
SELECT FROM territory.add_layer('plain', 'd', 'Plain', entity_columns => '{who}', entity_table => 'places', entity_key => 'id''', entity_position => 'g');
SELECT FROM territory.add_layer('moving', 'd', 'Moving');

-- rounded, since sums of floats come in another order
CREATE FUNCTION differs(layer regclass, entity text, stat text, expression text, zone_kind text, period tstzrange, step interval, wall boolean)
	RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
	different bigint;
BEGIN
	EXECUTE format('WITH ours AS (SELECT zone, bucket, round(value::numeric, 6) AS v, n FROM territory.zonal($1, $2, $3, $4, $5, $6)),
		theirs AS (SELECT z.code AS zone, %1$s AS bucket, round((%2$s)::numeric, 6) AS v, %7$s AS n FROM %3$s r %4$s JOIN territory.zones z ON z.kind = $4
			AND CASE WHEN %5$L THEN z.code = territory.zone_of(p.g, $4) ELSE ST_Intersects(z.geom, p.g) END
			WHERE $5 @> %6$s GROUP BY 1, 2 HAVING %7$s > 0 OR $3 = ''count'')
		SELECT count(*) FROM ((TABLE ours EXCEPT ALL TABLE theirs) UNION ALL (TABLE theirs EXCEPT ALL TABLE ours)) x',
		CASE WHEN step IS NULL THEN 'NULL::timestamptz'
			WHEN wall THEN format('territory.time_bucket(%L::interval, r.t::timestamp) AT TIME ZONE ''UTC''', step)
			ELSE format('territory.time_bucket(%L::interval, r.t, %L)', step, coalesce((SELECT time_zone FROM territory.layout(layer)), 'UTC')) END,
		replace(stat, 'stddev', 'stddev_samp') || '(' || coalesce('r.' || expression, '*') || ')', layer,
		CASE WHEN entity IS NULL THEN 'CROSS JOIN LATERAL (SELECT ST_Transform(r.pos, 2154) AS g) p' ELSE 'JOIN places p ON p."id''" = r.' || entity END,
		zone_kind <> 'noise', CASE WHEN wall THEN 'r.t AT TIME ZONE ''UTC''' ELSE 'r.t' END,
		'count(' || coalesce('r.' || expression, '*') || ')')
	INTO different USING layer, expression, stat, zone_kind, coalesce(period, '(,)'), step;
	RETURN different;
END $$;
SELECT is(differs('fixed', '"who''s"', stat, expression, zone_kind, period, step, false), 0::bigint,
	format('%s of %s by %s and %s in %s equals the join', stat, expression, zone_kind, step, period))
FROM unnest('{count,sum,avg,min,max,stddev}'::text[]) stat, unnest('{f,i,n,note}'::text[] || NULL::text) expression,
	(VALUES ('district', NULL::tstzrange, '1 day'::interval), ('noise', '[2026-03-28 03:00Z, 2026-03-29 12:30Z]', '1 hour'),
		('commune', '(2026-03-27 10:00Z, 2026-03-31)', NULL), ('noise', NULL, '1 month')) c(zone_kind, period, step)
WHERE stat = 'count' OR expression IN ('f', 'i', 'n');
SELECT is(differs('plain', 'who', stat, expression, 'noise', '[2026-03-28 03:00Z, 2026-03-29 12:30Z)', '6 hours', true), 0::bigint,
	format('%s of %s of a heap table whose times have no zone', stat, expression))
FROM unnest('{count,sum,avg,min,max,stddev}'::text[]) stat, unnest('{f,i,n}'::text[]) expression;
SELECT is(differs('moving', NULL, stat, 'f', zone_kind, NULL, step, false), 0::bigint, format('%s of what moves by %s and %s', stat, zone_kind, step))
FROM unnest('{count,sum,avg,min,max,stddev}'::text[]) stat, (VALUES ('district', '1 day'::interval), ('noise', NULL)) c(zone_kind, step);
SELECT ok(count(*) > 5 AND bool_and(value BETWEEN -1 AND 1), 'reals') FROM territory.zonal('fixed', 'r', 'avg', 'district');
SELECT is(count(*), 0::bigint, 'nothing in an empty period') FROM territory.zonal('fixed', 'f', 'avg', 'district', 'empty');
SELECT is(sum(n)::bigint, (SELECT count(*) FROM fixed JOIN places p ON p."id'" = "who's" WHERE territory.zone_of(g, 'district') IS NOT NULL),
	'of an exclusive kind each row counts once') FROM territory.zonal('fixed', NULL, 'count', 'district');

-- bad input
SELECT throws_ok($$SELECT territory.zonal('fixed', 'f', 'median', 'district')$$, '22023', '"median" is not a statistic', 'no statistic');
SELECT throws_ok($$SELECT territory.zonal('fixed', 'g', 'avg', 'district')$$, '42703', 'column "g" of public.fixed does not exist', 'no column');
SELECT throws_ok($$SELECT territory.zonal('fixed', 'f) FROM places; --', 'avg', 'district')$$, '42703', NULL, 'nor a statement in its place');
SELECT throws_ok($$SELECT territory.zonal('fixed', 'note', 'avg', 'district')$$, '42804', 'column "note" of public.fixed is not a number', 'no number');
SELECT throws_ok($$SELECT territory.zonal('fixed', NULL, 'avg', 'district')$$, '22004', NULL, 'the mean of nothing');
SELECT throws_ok($$SELECT territory.zonal('places', NULL, 'count', 'district')$$, '42704', 'public.places is not a layer', 'no layer');
SELECT throws_ok($$SELECT territory.zonal('fixed', 'f', 'avg', 'quarter')$$, '42704', NULL, 'no kind');
SELECT throws_ok($$SELECT territory.zonal('fixed', 'f', 'avg', 'district', step => '0')$$, '22023', 'step has to be a positive interval', 'no step');
CREATE TABLE nowhere (a int PRIMARY KEY, v int);
SELECT FROM territory.add_layer('nowhere', 'd', 'N');
SELECT throws_ok($$SELECT territory.zonal('nowhere', 'v', 'avg', 'district')$$, '22023', 'public.nowhere does not say where its rows are', 'no place');
SELECT FROM territory.add_layer('places', 'd', 'P');
SELECT lives_ok($$SELECT territory.zonal('places', NULL, 'count', 'district')$$, 'an inventory is counted');
SELECT throws_ok($$SELECT territory.zonal('places', NULL, 'count', 'district', step => '1 day')$$, '22023', 'public.places has no time column', 'but not by day');

-- who may not read the layer, or the places, gets nothing
SET LOCAL SESSION AUTHORIZATION eve;
SELECT throws_ok($$SELECT territory.zonal('fixed', 'f', 'avg', 'district')$$, '42501', NULL, 'a layer of others');
SET LOCAL SESSION AUTHORIZATION town;
GRANT SELECT ON fixed TO eve;
SET LOCAL SESSION AUTHORIZATION eve;
SELECT throws_ok($$SELECT territory.zonal('fixed', 'f', 'avg', 'district')$$, '42501', 'permission denied for table places', 'places of others');
SET LOCAL SESSION AUTHORIZATION town;
GRANT SELECT ON places TO eve;
ALTER TABLE fixed ENABLE ROW LEVEL SECURITY;
CREATE POLICY five ON fixed TO eve USING ("who's" = 5);
SET LOCAL SESSION AUTHORIZATION eve;
SELECT is(sum(n)::bigint, (SELECT count(*) FROM fixed), 'row security holds') FROM territory.zonal('fixed', NULL, 'count', 'commune');
RESET SESSION AUTHORIZATION;

SELECT * FROM finish();
ROLLBACK;
