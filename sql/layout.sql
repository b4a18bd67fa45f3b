-- Layouts: detected, stored, renamed, refused.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
CREATE TABLE places (code text PRIMARY KEY, geom geometry(Point, 4326));
CREATE TABLE l (code text, station int, t timestamptz, at_day date, geom geometry(Point, 4326), PRIMARY KEY (station, t)) USING territory;
SELECT * FROM territory.layout('l');
SELECT territory.set_layout('l', entity_columns => '{code,station}', time_column => 'at_day', time_zone => 'Europe/Paris',
	entity_table => 'places', entity_key => 'code', entity_position => 'geom');
SELECT * FROM territory.layout('l');
ALTER TABLE l RENAME COLUMN code TO label;
SELECT entity_columns, time_column FROM territory.layout('l');
ALTER TABLE l DROP COLUMN at_day;
SELECT entity_columns, time_column FROM territory.layout('l');
-- refusals
SELECT territory.set_layout('l', entity_columns => '{nothing}');
SELECT territory.set_layout('l', time_column => 'label');
SELECT territory.set_layout('l', time_zone => 'Europe/Nowhere');
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
