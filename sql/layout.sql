-- Layouts: detected, stored, renamed, refused.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
CREATE TABLE places (code text PRIMARY KEY, geom geometry(Point, 4326));
CREATE TABLE l (code text, station int, t timestamptz, at_day date, geom geometry(Point, 4326), PRIMARY KEY (station, t)) USING territory;
SELECT * FROM territory.layout('l');
SELECT territory.set_layout('l', entity_columns => '{code,station}', time_column => 'at_day', time_zone => 'Europe/Paris', other_zone => 'America/Martinique',
	entity_table => 'places', entity_key => 'code', entity_position => 'geom');
SELECT * FROM territory.layout('l');
ALTER TABLE l RENAME COLUMN code TO label;
SELECT entity_columns, time_column FROM territory.layout('l');
ALTER TABLE l DROP COLUMN at_day;
SELECT entity_columns, time_column FROM territory.layout('l');
-- refusals
SELECT territory.set_layout('l', entity_columns => '{nothing}');
SELECT territory.set_layout('l', time_column => 'label');
SELECT territory.set_layout('l', position_column => 'label');
SELECT territory.set_layout('l', entity_columns => '{label,label,label,label,label,label,label,label,label}');
SELECT territory.set_layout('l', time_zone => 'Europe/Nowhere');
SELECT territory.set_layout('l', time_zone => 'Europe/Paris', other_zone => 'Mars/Olympus');
SELECT territory.set_layout('l', entity_table => 'places');
SELECT territory.set_layout('places');
SELECT territory.set_layout(NULL);
CREATE ROLE regress_territory_other;
SET ROLE regress_territory_other;
SELECT territory.set_layout('l');
RESET ROLE;
DROP ROLE regress_territory_other;
DROP TABLE l;
SELECT count(*) FROM territory.layouts;
DROP TABLE places;
-- who calls counts, not who logged in
CREATE ROLE regress_territory_other;
CREATE TABLE ours (k int, t timestamptz, v text) USING territory;
SET ROLE regress_territory_other;
SELECT territory.store_layout('ours', '{v}', '{3}', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
RESET ROLE;
CREATE ROLE regress_territory_member NOINHERIT IN ROLE regress_territory_other;
ALTER TABLE ours OWNER TO regress_territory_other;
SET SESSION AUTHORIZATION regress_territory_member;
SELECT territory.set_layout('ours', '{k}');
SET ROLE regress_territory_other;
SELECT territory.set_layout('ours', '{k}', time_column => 't');
RESET SESSION AUTHORIZATION;
SELECT entity_columns, time_column FROM territory.layout('ours');
-- a time column that became something else is none
INSERT INTO ours SELECT i, '2026-01-01'::timestamptz + i * interval '1 day', i FROM generate_series(1, 10) i;
ALTER TABLE ours ALTER t TYPE text;
SELECT entity_columns, time_column FROM territory.layout('ours');
SELECT rows FROM territory.seal('ours', '2026-01-05');
SELECT rows FROM territory.seal('ours');
DROP TABLE ours;
-- operators of others have no say in what an owner calls
CREATE FUNCTION regress_captured(regclass, regclass) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RAISE 'captured'; END $$;
CREATE OPERATOR public.= (LEFTARG = regclass, RIGHTARG = regclass, FUNCTION = regress_captured);
CREATE TABLE ours (k int, t timestamptz) USING territory;
SELECT territory.set_layout('ours', '{k}');
SELECT rows FROM territory.seal('ours');
DROP OPERATOR public.= (regclass, regclass);
DROP FUNCTION regress_captured;
DROP TABLE ours;
DROP ROLE regress_territory_member, regress_territory_other;
