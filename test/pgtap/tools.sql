-- tools.sql - what a tool's role may do while it is there, and after it left; shared equipment.
BEGIN;
SELECT no_plan();
SET LOCAL search_path = public;

CREATE ROLE lighting LOGIN;
CREATE ROLE police LOGIN;
CREATE ROLE vendor LOGIN;
CREATE ROLE "next ""vendor""" LOGIN;
CREATE ROLE readers;
CREATE ROLE hypervisor LOGIN;
DO $$ BEGIN EXECUTE format('GRANT CREATE ON DATABASE %I TO lighting, police', current_database()); END $$;

SET LOCAL SESSION AUTHORIZATION lighting;
CREATE SCHEMA lighting;
SELECT FROM territory.add_domain('lighting', 'Éclairage public');
CREATE TABLE lighting.lamps (lamp int, t timestamptz, watts float8, id serial, PRIMARY KEY (lamp, t)) USING territory;
CREATE TABLE lighting."pole's list" (pole text PRIMARY KEY, height float8);
SELECT FROM territory.add_layer('lighting.lamps', 'lighting', 'Lampes');
SELECT FROM territory.add_layer('lighting."pole''s list"', 'lighting', 'Poteaux');
INSERT INTO lighting.lamps (lamp, t, watts) SELECT l, '2026-01-01'::timestamptz + i * interval '1 hour', l + i FROM generate_series(1, 3) l, generate_series(0, 99) i;
SELECT FROM territory.seal('lighting.lamps');
SET LOCAL SESSION AUTHORIZATION police;
CREATE SCHEMA police;
SELECT FROM territory.add_domain('safety', 'Tranquillité');
CREATE TABLE police.cameras (site text, number int, t timestamptz, people int, secret text, PRIMARY KEY (site, number, t));
SELECT FROM territory.add_layer('police.cameras', 'safety', 'Comptages');
INSERT INTO police.cameras VALUES ('nord', 1, '2026-01-01', 7, 's'), ('nord', 1, '2026-01-02', 9, 's'), ('sud', 1, '2026-01-03', 1, 's');

-- a tool
SET LOCAL SESSION AUTHORIZATION vendor;
SELECT throws_ok('SELECT * FROM lighting.lamps', '42501', NULL, 'a role that is no tool reads nothing');
SET LOCAL SESSION AUTHORIZATION lighting;
SELECT lives_ok($$SELECT territory.add_tool('lux', 'lighting', 'vendor', 'Lux 3', writes => '{lighting.lamps}')$$, 'a tool');
SELECT is((reads, writes, added_by, removed_at)::text, (ARRAY['lighting.lamps', 'lighting."pole''s list"']::regclass[], '{lighting.lamps}'::regclass[], 'lighting', NULL)::text, 'is written down')
FROM territory.tools WHERE code = 'lux';
SET LOCAL SESSION AUTHORIZATION vendor;
SELECT is(count(*), 300::bigint, 'reads') FROM lighting.lamps;
SELECT is(count(*), 0::bigint, 'reads all of the domain') FROM lighting."pole's list";
SELECT lives_ok($$INSERT INTO lighting.lamps (lamp, t, watts) VALUES (9, '2026-02-01', 1)$$, 'writes, with the sequence of a serial column');
SELECT throws_ok($$INSERT INTO lighting."pole's list" VALUES ('a')$$, '42501', NULL, 'only what it was given to write');
SELECT throws_ok($$DELETE FROM lighting.lamps$$, '42501', NULL, 'and deletes nothing');
SELECT throws_ok($$SELECT * FROM police.cameras$$, '42501', NULL, 'nothing of other domains');
SELECT throws_ok($$SELECT * FROM territory.remove_tool('lux')$$, '42501', NULL, 'nor removes itself');
SELECT throws_ok($$SELECT territory.grant_layer('lighting.lamps', 'police', true)$$, '42501', NULL, 'nor passes on what it has');
SELECT ok(NOT has_table_privilege('police', 'lighting.lamps', 'SELECT'), 'which gave nothing');

-- bad input
SET LOCAL SESSION AUTHORIZATION lighting;
SELECT throws_ok($$SELECT territory.add_tool('lux', 'lighting', 'police')$$, '42710', 'tool "lux" already exists', 'twice');
SELECT throws_ok($$SELECT territory.add_tool('lux2', 'lighting', 'vendor')$$, '42710', 'role vendor is another tool''s', 'a role of two tools');
SELECT throws_ok($$SELECT territory.add_tool('lux2', 'none', '"next ""vendor"""')$$, '42704', 'domain "none" does not exist', 'no domain');
SELECT throws_ok($$SELECT territory.add_tool('lux2', 'safety', '"next ""vendor"""')$$, '42501', 'domain "safety" belongs to role police', 'another''s domain');
SELECT throws_ok($$SELECT territory.add_tool('lux2', 'lighting', '"next ""vendor"""', reads => (SELECT ARRAY[rel] FROM territory.layers WHERE domain = 'safety'))$$, '42704', NULL, 'another domain''s layer');
SELECT throws_ok($$SELECT territory.add_tool('l''x', 'lighting', '"next ""vendor"""')$$, '22023', NULL, 'a code that is none');
SELECT throws_ok($$SELECT territory.add_tool('lux2', 'lighting', NULL)$$, '22004', NULL, 'no role');
SELECT throws_ok($$SELECT territory.add_tool('lux2', 'lighting', 'nobody_at_all')$$, '42704', NULL, 'no such role');
SELECT is(count(*), 1::bigint, 'nothing was half done') FROM territory.tools;
SELECT lives_ok($$SELECT territory.add_tool('next', 'lighting', '"next ""vendor"""', reads => '{"lighting.\"pole''s list\""}')$$, 'names that need quotes');
SELECT ok(has_table_privilege('next "vendor"', 'lighting."pole''s list"', 'SELECT')
	AND NOT has_table_privilege('next "vendor"', 'lighting.lamps', 'SELECT'), 'and no more than was said');

-- a tool leaves; its role had other ways in
GRANT SELECT ON lighting.lamps TO readers;
RESET SESSION AUTHORIZATION;
GRANT readers TO vendor;
SET LOCAL SESSION AUTHORIZATION lighting;
SELECT results_eq($$SELECT remains, subject FROM territory.remove_tool('lux')$$,
	$$VALUES ('history', 'lighting."pole''s list"'), ('history', 'lighting.lamps'), ('access', 'lighting.lamps'), ('role', 'vendor')$$, 'remove_tool says what remains');
SELECT is(territory.remaining_access('vendor', 'lighting.lamps'), 'as a member of readers', 'and why');
RESET SESSION AUTHORIZATION;
REVOKE readers FROM vendor;
SET LOCAL SESSION AUTHORIZATION vendor;
SELECT throws_ok('SELECT * FROM lighting.lamps', '42501', NULL, 'the role reads nothing more');
SELECT throws_ok('SELECT * FROM lighting."pole''s list"', '42501', NULL, 'of no layer');
SELECT throws_ok($$INSERT INTO lighting.lamps (lamp, t) VALUES (9, '2026-02-02')$$, '42501', NULL, 'and writes nothing');
SET LOCAL SESSION AUTHORIZATION lighting;
SELECT is(count(*), 301::bigint, 'the history stays') FROM lighting.lamps;
SELECT is(removed_by, 'lighting', 'and so does what is known of the tool') FROM territory.tools WHERE code = 'lux';
SELECT throws_ok($$SELECT territory.remove_tool('lux')$$, '42704', 'tool "lux" does not exist', 'once');
SELECT lives_ok($$SELECT territory.add_tool('lux', 'lighting', 'vendor')$$, 'it may come again');
SELECT is(count(*), 2::bigint, 'which is another time') FROM territory.tools WHERE code = 'lux';
DROP TABLE lighting."pole's list";
SELECT is(reads, '{lighting.lamps}'::regclass[], 'a table that was dropped was given to nobody') FROM territory.tools WHERE code = 'lux' AND removed_at IS NULL;
SELECT throws_ok($$SELECT territory.remove_domain('lighting')$$, '2BP01', NULL, 'a domain with layers and tools stays');

-- shared equipment
SELECT lives_ok($$SELECT territory.add_asset('P-12', 'pole', ST_SetSRID(ST_MakePoint(-1.68, 48.11), 4326), 'lighting')$$, 'a pole');
SELECT throws_ok($$SELECT territory.add_asset('P-12', 'pole', ST_SetSRID(ST_MakePoint(-1.68, 48.11), 4326), 'lighting')$$, '42710', 'asset "P-12" already exists', 'twice');
SELECT throws_ok($$SELECT territory.add_asset('P-13', 'pole', ST_MakePoint(-1.68, 48.11), 'lighting')$$, '22023', 'the place of asset "P-13" has no SRID', 'no SRID');
SELECT throws_ok($$SELECT territory.add_asset('P-13', 'pole', NULL, 'lighting')$$, '22023', 'the place of asset "P-13" is missing', 'no place');
SELECT throws_ok($$SELECT territory.add_asset('P-13', 'pole', ST_SetSRID(ST_MakePoint(352000, 6789000), 2154), 'lighting')$$, '22023',
	'the place of asset "P-13" has SRID 2154, the territory''s other assets have 4326', 'another SRID');
SELECT throws_ok($$SELECT territory.add_asset('P-13', '', ST_SetSRID(ST_MakePoint(-1.68, 48.11), 4326), 'lighting')$$, '22004', NULL, 'no kind');
SELECT throws_ok($$SELECT territory.add_asset('P-13', 'pole', ST_SetSRID(ST_MakePoint(-1.68, 48.11), 4326), 'safety')$$, '42501', NULL, 'another''s domain');
SELECT lives_ok($$SELECT territory.link_entity('P-12', 'lighting.lamps', '002')$$, 'a lamp on it');
SELECT is(entity, '{2}', 'as its type writes it') FROM territory.asset_links;
SELECT throws_ok($$SELECT territory.link_entity('P-12', 'lighting.lamps', '2')$$, '42710', NULL, 'twice');
SELECT throws_ok($$SELECT territory.link_entity('P-12', 'lighting.lamps', 'two')$$, '22P02', NULL, 'a lamp that can be none');
SELECT throws_ok($$SELECT territory.link_entity('P-12', 'lighting.lamps', '2', '3')$$, '22023', 'an entity of lighting.lamps has 1 values: lamp', 'too many values');
SELECT throws_ok($$SELECT territory.link_entity('P-99', 'lighting.lamps', '2')$$, '42704', 'asset "P-99" does not exist', 'no such pole');
SELECT throws_ok($$SELECT territory.link_entity('P-12', 'pg_class', '2')$$, '42704', 'pg_class is not a layer', 'no layer');
SELECT throws_ok($$SELECT territory.link_entity('P-12', 'police.cameras', 'nord', '1')$$, '42501', NULL, 'another''s camera');
SET LOCAL SESSION AUTHORIZATION police;
SELECT lives_ok($$SELECT territory.link_entity('P-12', 'police.cameras', 'nord', '1')$$, 'its owner hangs it on the pole of others');
SELECT throws_ok($$SELECT territory.remove_asset('P-12')$$, '42501', NULL, 'but does not take the pole away');

-- who sees what
SELECT results_eq($$SELECT layer::text, entity, readable, state->>'people' FROM territory.asset_state('P-12')$$,
	$$VALUES ('lighting.lamps', '{2}'::text[], false, NULL), ('police.cameras', '{nord,1}', true, '9')$$, 'the police sees its camera');
SET LOCAL SESSION AUTHORIZATION lighting;
SELECT results_eq($$SELECT layer::text, readable, state->>'watts' FROM territory.asset_state('P-12')$$,
	$$VALUES ('lighting.lamps', true, '101'), ('police.cameras', false, NULL)$$, 'lighting sees its lamp');
GRANT USAGE ON SCHEMA lighting TO hypervisor;
GRANT SELECT ON lighting.lamps TO hypervisor;
SET LOCAL SESSION AUTHORIZATION police;
GRANT USAGE ON SCHEMA police TO hypervisor;
GRANT SELECT (site, number, t, people) ON police.cameras TO hypervisor;
SET LOCAL SESSION AUTHORIZATION hypervisor;
SELECT results_eq($$SELECT layer::text, at_time, state - 't' - 'id' FROM territory.asset_state('P-12')$$,
	$$VALUES ('lighting.lamps', '2026-01-05 03:00'::timestamptz, '{"watts": 101}'::jsonb), ('police.cameras', '2026-01-02', '{"people": 9}')$$,
	'who may read both sees both, by the columns that were granted');
SET LOCAL SESSION AUTHORIZATION police;
ALTER TABLE police.cameras ENABLE ROW LEVEL SECURITY;
CREATE POLICY south ON police.cameras TO hypervisor USING (site = 'sud');
SET LOCAL SESSION AUTHORIZATION hypervisor;
SELECT results_eq($$SELECT readable, state FROM territory.asset_state('P-12') WHERE domain = 'safety'$$, 'VALUES (true, NULL::jsonb)', 'row security holds');
SELECT throws_ok($$SELECT territory.asset_state('P-99')$$, '42704', NULL, 'no such pole');
SELECT throws_ok($$SELECT territory.unlink_entity('P-12', 'lighting.lamps', '2')$$, '42501', NULL, 'who only looks takes nothing off');
SET LOCAL SESSION AUTHORIZATION lighting;
SELECT lives_ok($$SELECT territory.unlink_entity(asset, rel, VARIADIC entity) FROM territory.asset_links WHERE entity = '{nord,1}'$$, 'whose pole it is does');
SELECT throws_ok($$SELECT territory.unlink_entity('P-12', rel, 'nord', '1') FROM territory.layers WHERE domain = 'safety'$$, '42704', NULL, 'once');
SELECT lives_ok($$SELECT territory.remove_asset('P-12')$$, 'the pole goes');
SELECT is(count(*), 0::bigint, 'with what it carried') FROM territory.asset_links;
SELECT is(count(*), 301::bigint, 'and no row of any layer') FROM lighting.lamps;
SELECT lives_ok($$SELECT territory.remove_layer('lighting.lamps')$$, 'the last layer of the domain');
SELECT throws_ok($$SELECT territory.remove_domain('lighting')$$, '2BP01', 'domain "lighting" still has tools: lux, next', 'a domain with tools');
SELECT lives_ok($$SELECT territory.remove_tool('next')$$, 'a tool whose layers were dropped');
SELECT results_eq($$SELECT remains, subject FROM territory.remove_tool('lux')$$, $$VALUES ('history', 'lighting.lamps'), ('role', 'vendor')$$,
	'one whose layer left the territory');
SELECT ok(NOT has_table_privilege('vendor', 'lighting.lamps', 'SELECT'), 'loses its access all the same');
SELECT lives_ok($$SELECT territory.remove_domain('lighting')$$, 'then the domain goes');
SELECT is(count(*), 3::bigint, 'and what is known of its tools stays') FROM territory.tools WHERE domain = 'lighting';
RESET SESSION AUTHORIZATION;

SELECT * FROM finish();
ROLLBACK;
