-- domains.sql - who may add services, organisations and layers, and what becomes of them.
BEGIN;
SELECT no_plan();

CREATE ROLE town LOGIN;
CREATE ROLE water_team;
CREATE ROLE ann LOGIN IN ROLE water_team;
CREATE ROLE eve LOGIN;
DO $$ BEGIN EXECUTE format('GRANT CREATE ON DATABASE %I TO town', current_database()); END $$;
GRANT CREATE ON SCHEMA public TO town, ann, eve;
GRANT water_team TO town;

-- organisations and domains
SET LOCAL SESSION AUTHORIZATION town;
SELECT lives_ok($$SELECT territory.add_organisation('243500139', 'Rennes Métropole', 'epci')$$, 'an organisation');
SELECT lives_ok($$SELECT territory.add_organisation('35238', 'Rennes', parent => '243500139')$$, 'a member of it');
SELECT throws_ok($$SELECT territory.add_organisation('35238', 'Again')$$, '42710', 'organisation "35238" already exists', 'twice');
SELECT throws_ok($$SELECT territory.add_organisation('1', 'X', parent => 'none')$$, '42704', 'organisation "none" does not exist', 'no such parent');
SELECT throws_ok($$SELECT territory.add_organisation('1', 'X', 'kingdom')$$, '22023', '"kingdom" is not a kind of organisation', 'no such kind');
SELECT throws_ok($$SELECT territory.add_organisation('a b', 'X')$$, '22023', '"a b" is not a code', 'no such code');
SELECT throws_ok($$SELECT territory.add_organisation(NULL, 'X')$$, '22004', NULL, 'no code');
SELECT lives_ok($$SELECT territory.add_domain('water', 'Eau', organisation => '35238', steward => 'water_team')$$, 'a domain of another team');
SELECT lives_ok($$SELECT territory.add_domain('waste', 'Déchets')$$, 'a domain of one''s own');
SELECT is(steward, 'town'::regrole, 'whose steward is who added it') FROM territory.domains WHERE code = 'waste';
SELECT throws_ok($$SELECT territory.add_domain('water', 'Again')$$, '42710', 'domain "water" already exists', 'twice');
SELECT throws_ok($$SELECT territory.add_domain('Water', 'X')$$, '22023', '"Water" is not a code', 'codes are lower case');
SELECT throws_ok($$SELECT territory.add_domain('x; DROP TABLE y', 'X')$$, '22023', NULL, 'and plain');
SELECT throws_ok($$SELECT territory.add_domain('x', 'X', organisation => 'none')$$, '42704', 'organisation "none" does not exist', 'of no organisation');
SELECT throws_ok($$SELECT territory.add_domain('x', 'X', steward => 'eve')$$, '42501', NULL, 'for a role that one is not in');
SELECT throws_ok($$SELECT territory.add_domain('x', '')$$, '22004', NULL, 'without a title');

-- what only who may CREATE in the database does
SET LOCAL SESSION AUTHORIZATION ann;
SELECT throws_ok($$SELECT territory.add_domain('ann', 'Ann')$$, '42501', format('permission denied for database %I', current_database()), 'no right to create');
SELECT throws_ok($$SELECT territory.add_organisation('ann', 'Ann')$$, '42501', NULL, 'nor an organisation');
SELECT throws_ok($$SELECT territory.remove_domain('waste')$$, '42501', 'domain "waste" belongs to role town', 'nor to remove another''s');
SELECT throws_ok($$SELECT territory.set_domain('waste', title => 'Mine')$$, '42501', NULL, 'nor to change it');
SELECT lives_ok($$SELECT territory.set_domain('water', title => 'L''eau')$$, 'a member of the steward does');
SELECT throws_ok($$SELECT territory.set_domain('water', steward => 'eve')$$, '42501', NULL, 'but does not hand it to strangers');
SELECT throws_ok($$SELECT territory.set_domain('none')$$, '42704', NULL, 'what is not there');

-- nobody writes past the functions, nor as somebody else
SELECT throws_ok($$INSERT INTO territory.domains VALUES ('x', 'X', NULL, NULL, 'ann')$$, '42501', 'permission denied for table domains', 'insert');
SELECT throws_ok($$UPDATE territory.domains SET steward = 'ann'$$, '42501', NULL, 'update');
SELECT throws_ok($$DELETE FROM territory.layers$$, '42501', NULL, 'delete');
SELECT throws_ok($$LOCK TABLE territory.domains IN ACCESS EXCLUSIVE MODE$$, '42501', NULL, 'lock');
SELECT throws_ok($$SELECT territory.store_domain_for('town', 'x', 'X', NULL, NULL, 'town')$$, '42501', 'permission denied for function store_domain_for', 'the writers of others');
SELECT throws_ok($$SELECT territory.store_domain('x', 'X', NULL, NULL, 'ann')$$, '42501', NULL, 'the writers that all may call ask, too');
SELECT is(count(*), 0::bigint, 'no writer is open to all') FROM pg_proc
WHERE pronamespace = 'territory'::regnamespace AND proname LIKE '%\_for' AND proargtypes[0] = 'regrole'::regtype
	AND has_function_privilege('ann', oid, 'EXECUTE');
SELECT is(count(*), 0::bigint, 'no table is writable by all') FROM pg_class
WHERE relnamespace = 'territory'::regnamespace AND relkind IN ('r', 'v', 'S')
	AND has_table_privilege('ann', oid, 'INSERT, UPDATE, DELETE, TRUNCATE');

-- layers of every kind, with names that need quotes
CREATE TABLE stations (id int PRIMARY KEY, "the ""place""" geometry(Point, 2154));
CREATE TABLE flows (station int, t timestamptz, flow float8, note text, PRIMARY KEY (station, t)) USING territory;
CREATE TABLE "o'dd ""name" ("who's" text, "at" timestamptz, v int, PRIMARY KEY ("who's", "at")) PARTITION BY RANGE ("at");
CREATE VIEW latest AS SELECT * FROM flows;
CREATE MATERIALIZED VIEW kept AS SELECT * FROM flows;
SELECT lives_ok($$SELECT territory.add_layer('flows', 'water', 'Débits', units => '{"flow": "m3/h"}',
	properties => '{"flow": "water flow"}', limits => '{"flow": [0, null]}', every => '15 minutes', licence => 'etalab-2.0',
	entity_table => 'stations', entity_key => 'id', entity_position => 'the "place"')$$, 'a territory table');
SELECT is((entity_columns, time_column, position_column, entity_table, entity_key, entity_position, srid)::text,
	'({station},t,,stations,id,"the ""place""",2154)', 'its layout is detected, and that of the places told') FROM territory.layers WHERE rel = 'flows'::regclass;
SELECT is(entity_position, 'the "place"', 'which is its layout, too') FROM territory.layout('flows');
SELECT lives_ok($$SELECT territory.add_layer('stations', 'water', 'Stations')$$, 'an inventory');
SELECT is((entity_columns, time_column, position_column, srid)::text, '({id},,"the ""place""",2154)', 'without a time') FROM territory.layers WHERE rel = 'stations'::regclass;
SELECT lives_ok($$SELECT territory.add_layer('"o''dd ""name"', 'water', 'Odd', units => '{"v": "%"}')$$, 'a partitioned table');
SELECT is((entity_columns, time_column)::text, '({who''s},at)', 'its layout') FROM territory.layers WHERE rel = '"o''dd ""name"'::regclass;
SELECT lives_ok($$SELECT territory.add_layer('latest', 'water', 'Latest', entity_columns => '{station}')$$, 'a view');
SELECT lives_ok($$SELECT territory.add_layer('kept', 'water', 'Kept')$$, 'a materialized view');

-- bad input
SELECT throws_ok($$SELECT territory.add_layer('flows', 'water', 'Again')$$, '42710', 'public.flows is a layer already', 'twice');
SELECT throws_ok($$SELECT territory.add_layer(NULL, 'water', 'X')$$, '22004', 'a layer is a table', 'no table');
SELECT throws_ok($$SELECT territory.add_layer(0, 'water', 'X')$$, '42P01', NULL, 'no such table');
SELECT throws_ok($$SELECT territory.add_layer('stations_pkey', 'water', 'X')$$, '42809', 'public.stations_pkey is not a table or a view', 'an index');
SELECT throws_ok($$SELECT territory.add_layer('pg_class', 'water', 'X')$$, '42809', NULL, 'a catalog');
CREATE TEMP TABLE passing (t timestamptz);
SELECT throws_ok($$SELECT territory.add_layer('passing', 'water', 'X')$$, '42809', NULL, 'a temporary table');
CREATE TABLE more (id int, t timestamptz, v float8, note text);
SELECT throws_ok($$SELECT territory.add_layer('more', 'none', 'X')$$, '42704', 'domain "none" does not exist', 'no such domain');
SELECT throws_ok($$SELECT territory.add_layer('more', NULL, 'X')$$, '42704', NULL, 'no domain');
SELECT throws_ok($$SELECT territory.add_layer('more', 'water', '')$$, '22004', NULL, 'no title');
SELECT throws_ok($$SELECT territory.add_layer('more', 'water', 'X', units => '{"w": "Cel"}')$$, '42703', 'column "w" of public.more does not exist', 'no such column');
SELECT throws_ok($$SELECT territory.add_layer('more', 'water', 'X', units => '{"v": 3}')$$, '22023', NULL, 'no unit');
SELECT throws_ok($$SELECT territory.add_layer('more', 'water', 'X', units => '[]')$$, '22023', 'units is a JSON object by column', 'no object');
SELECT throws_ok($$SELECT territory.add_layer('more', 'water', 'X', limits => '{"v": [3]}')$$, '22023', NULL, 'no limits');
SELECT throws_ok($$SELECT territory.add_layer('more', 'water', 'X', limits => '{"v": [3, 1]}')$$, '22023', NULL, 'limits the wrong way round');
SELECT throws_ok($$SELECT territory.add_layer('more', 'water', 'X', limits => '{"note": [1, 3]}')$$, '42804', 'column "note" of public.more is not a number', 'limits of a text');
SELECT throws_ok($$SELECT territory.add_layer('more', 'water', 'X', time_column => 'nope')$$, '42703', NULL, 'no such time column');
SELECT throws_ok($$SELECT territory.add_layer('more', 'water', 'X', entity_table => 'stations')$$, '22023', NULL, 'half a table of places');
SELECT throws_ok($$SELECT territory.add_layer('more', 'water', 'X', every => '0')$$, '22023', NULL, 'every nothing');
SELECT throws_ok($$SELECT territory.add_layer('more', 'water', 'X', organisation => '35238')$$, '42501', NULL, 'for an organisation that is another''s');
SELECT throws_ok($$SELECT territory.add_layer('more', 'waste', 'X')$$, '42501', NULL, 'in a domain that is another''s');
SELECT is(count(*), 5::bigint, 'nothing was half done') FROM territory.layers;

-- set_layer
SELECT lives_ok($$SELECT territory.set_layer('flows', title => 'Flows', units => '{"note": "1"}', limits => '{"flow": null}')$$, 'a layer is changed');
SELECT is((title, units, limits, every)::text, '(Flows,"{""flow"": ""m3/h"", ""note"": ""1""}",{},00:15:00)', 'by what was said') FROM territory.layers WHERE rel = 'flows'::regclass;
SELECT throws_ok($$SELECT territory.set_layer('more', title => 'X')$$, '42704', 'public.more is not a layer', 'one that is none');

-- others
SET LOCAL SESSION AUTHORIZATION eve;
SELECT throws_ok($$SELECT territory.add_layer('more', 'water', 'Mine')$$, '42501', 'must be owner of table public.more', 'another''s table');
SELECT throws_ok($$SELECT territory.remove_layer('flows')$$, '42501', 'must be owner of table public.flows', 'another''s layer');
SELECT throws_ok($$SELECT territory.set_layer('flows', title => 'Mine')$$, '42501', NULL, 'is not changed');
CREATE TABLE eves (t timestamptz, v float8);
SELECT throws_ok($$SELECT territory.add_layer('eves', 'water', 'Mine')$$, '42501', 'domain "water" belongs to role water_team', 'one''s own table in another''s domain');
SELECT throws_ok($$SELECT territory.store_layer(l, true) FROM territory.layers l WHERE rel = 'flows'::regclass$$, '42501', NULL, 'nor by the writer');

-- a role that one may only SET has to be set
SET LOCAL SESSION AUTHORIZATION town;
SET LOCAL ROLE water_team;
SELECT throws_ok($$SELECT territory.remove_domain('waste')$$, '42501', NULL, 'current_user counts, not who logged in');
RESET ROLE;
SELECT throws_ok($$SELECT territory.add_layer('eves', 'waste', 'X')$$, '42501', 'must be owner of table public.eves', 'a steward does not own tables');

-- renames, drops
SET LOCAL SESSION AUTHORIZATION ann;
ALTER TABLE flows RENAME flow TO "the ""flow""";
ALTER TABLE flows RENAME station TO "sta'tion";
ALTER TABLE stations RENAME id TO number;
ALTER TABLE "o'dd ""name" RENAME TO even;
SELECT is((entity_columns, units, properties, entity_key)::text,
	'({sta''tion},"{""note"": ""1"", ""the \\""flow\\"""": ""m3/h""}","{""the \\""flow\\"""": ""water flow""}",number)', 'columns are followed') FROM territory.layers WHERE rel = 'flows'::regclass;
SELECT is(count(*), 1::bigint, 'tables are followed') FROM territory.layers WHERE rel = 'even'::regclass;
ALTER TABLE flows DROP COLUMN "the ""flow""" CASCADE;
SELECT is(units, '{"note": "1"}'::jsonb, 'a column that was dropped is forgotten') FROM territory.layers WHERE rel = 'flows'::regclass;
DROP TABLE even;
SELECT is(array_agg(rel::text ORDER BY rel::text), '{flows,stations}', 'so is a table, and a view that went with it') FROM territory.layers;
SELECT lives_ok($$SELECT territory.set_layout('flows', entity_columns => '{sta''tion,note}')$$, 'what set_layout is told');
SELECT is(entity_columns, '{sta''tion,note}'::name[], 'the layer knows') FROM territory.layers WHERE rel = 'flows'::regclass;
DROP TABLE stations;
SELECT is((entity_table, entity_key, entity_position)::text, '(,,)', 'the places went') FROM territory.layers WHERE rel = 'flows'::regclass;
SELECT is((entity_table, entity_key, entity_position)::text, '(,,)', 'from its layout, too') FROM territory.layout('flows');

-- removing
SELECT throws_ok($$SELECT territory.remove_domain('water')$$, '2BP01', 'domain "water" still has layers: public.flows', 'a domain with layers');
SELECT lives_ok($$SELECT territory.remove_layer('flows')$$, 'a layer');
SELECT throws_ok($$SELECT territory.remove_layer('flows')$$, '42704', 'public.flows is not a layer', 'once');
SELECT has_table('flows', 'whose table stays');
SELECT lives_ok($$SELECT territory.remove_domain('water')$$, 'then the domain');
SELECT throws_ok($$SELECT territory.remove_domain('water')$$, '42704', 'domain "water" does not exist', 'once');
SET LOCAL SESSION AUTHORIZATION town;
SELECT throws_ok($$SELECT territory.remove_organisation('243500139')$$, '2BP01', NULL, 'an organisation with members');
SELECT lives_ok($$SELECT territory.remove_organisation('35238')$$, 'one without');
SELECT throws_ok($$SELECT territory.remove_organisation('35238')$$, '42704', NULL, 'once');
RESET SESSION AUTHORIZATION;

SELECT * FROM finish();
ROLLBACK;
