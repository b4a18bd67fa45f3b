-- catalogue.sql - two communes in one database: what each sees of the other's layers, and what is published of them.
BEGIN;
SELECT no_plan();
SET LOCAL search_path = public;

CREATE ROLE rennes LOGIN;
CREATE ROLE cesson LOGIN;
CREATE ROLE portal LOGIN;
DO $$ BEGIN EXECUTE format('GRANT CREATE ON DATABASE %I TO rennes, cesson', current_database()); END $$;

SET LOCAL SESSION AUTHORIZATION rennes;
CREATE SCHEMA r;
SELECT FROM territory.add_organisation('35238', 'Rennes', homepage => 'https://rennes.example', contact => 'mailto:data@rennes.example');
SELECT FROM territory.add_domain('water_rennes', 'Eau', organisation => '35238');
CREATE TABLE r.stations (id int PRIMARY KEY, geom geometry(Point, 4326));
INSERT INTO r.stations VALUES (1, ST_SetSRID(ST_MakePoint(-1.7, 48.1), 4326)), (2, ST_SetSRID(ST_MakePoint(-1.6, 48.2), 4326));
CREATE TABLE r."flow's" (station int, t timestamptz, v float8, PRIMARY KEY (station, t)) USING territory;
INSERT INTO r."flow's" SELECT s, '2026-01-01'::timestamptz + i * interval '1 hour', s * 10 + i % 5
FROM generate_series(1, 2) s, generate_series(0, 99) i WHERE s = 1 OR i NOT BETWEEN 10 AND 19;
SELECT FROM territory.seal('r."flow''s"', '2026-01-03');
INSERT INTO r."flow's" VALUES (3, now(), 999);
SELECT FROM territory.add_layer('r.stations', 'water_rennes', 'Stations');
SELECT FROM territory.add_layer('r."flow''s"', 'water_rennes', 'Débits', every => '1 hour', limits => '{"v": [0, 100]}', keywords => '{débit}',
	entity_table => 'r.stations', entity_key => 'id', entity_position => 'geom');

SET LOCAL SESSION AUTHORIZATION cesson;
CREATE SCHEMA c;
SELECT FROM territory.add_organisation('35051', 'Cesson-Sévigné');
SELECT FROM territory.add_domain('waste_cesson', 'Déchets', organisation => '35051');
CREATE TABLE c.bins (bin text, day date, fill numeric, note text) PARTITION BY RANGE (day);
CREATE TABLE c.bins_1 PARTITION OF c.bins FOR VALUES FROM ('2026-01-01') TO ('2026-02-01') USING territory;
CREATE TABLE c.bins_2 PARTITION OF c.bins FOR VALUES FROM ('2026-02-01') TO ('2026-03-01');
INSERT INTO c.bins SELECT 'b' || i % 3, '2026-01-01'::date + i, i, '' FROM generate_series(0, 49) i;
INSERT INTO c.bins VALUES ('b0', '2026-01-01', -1, 'again'), ('b0', '2026-01-01', 500, 'and again');
SELECT FROM territory.seal('c.bins_1');
SELECT FROM territory.add_layer('c.bins', 'waste_cesson', 'Bacs', organisation => '35051', entity_columns => '{bin}', every => '3 days',
	limits => '{"fill": [0, 100]}', units => '{"fill": "%"}');
SELECT throws_ok($$SELECT territory.add_layer('c.bins_2', 'waste_cesson', 'X', organisation => '35238')$$, '42501',
	'organisation "35238" belongs to role rennes', 'no commune speaks for another');
SELECT throws_ok($$SELECT territory.add_domain('water2', 'Eau', organisation => '35238')$$, '42501', NULL, 'nor opens services in its name');

-- each its own
SELECT results_eq($$SELECT layer::text, organisation, readable, measured, entities, duplicate, missing, out_of_range FROM territory.catalogue ORDER BY layer::text$$,
	$$VALUES ('c.bins', '35051', true, true, 3::bigint, NULL::int, 0::bigint, '{"fill": [-1, 500]}'::jsonb),
		('r."flow''s"', '35238', false, false, NULL, 0, NULL, NULL), ('r.stations', '35238', false, false, NULL, 0, NULL, NULL)$$,
	'Cesson sees that Rennes has layers, and nothing of what is in them');
SELECT is(rows, 52::bigint, 'rows of a partitioned layer') FROM territory.catalogue WHERE layer = 'c.bins'::regclass;
SELECT results_eq($$SELECT rows, duplicate, out_of_range FROM territory.layer_quality('c.bins')$$, $$VALUES (52::bigint, 2::bigint, '{"fill": 2}'::jsonb)$$, 'its quality, counted');
SELECT throws_ok($$SELECT territory.layer_quality(rel) FROM territory.layers WHERE domain = 'water_rennes'$$, '42501', NULL, 'that of others is not theirs to measure');
SELECT throws_ok($$SELECT territory.layer_measures(rel) FROM territory.layers WHERE domain = 'water_rennes'$$, '42501', NULL, 'by no way');
SELECT throws_ok($$SELECT territory.set_layer(rel, title => 'Ours') FROM territory.layers WHERE domain = 'water_rennes'$$, '42501', NULL, 'nor to change');
SELECT throws_ok($$SELECT territory.publish(rel, 'CC0-1.0') FROM territory.layers WHERE domain = 'water_rennes'$$, '42501', NULL, 'nor to publish');
SELECT throws_ok('TABLE r.stations', '42501', NULL, 'nor to read');

SET LOCAL SESSION AUTHORIZATION rennes;
SELECT results_eq($$SELECT measured, rows, entities, from_time, late, missing, duplicate, out_of_range, kind, owner::text COLLATE "default" FROM territory.catalogue WHERE layer = 'r."flow''s"'::regclass$$,
	$$VALUES (true, 191::bigint, 3::bigint, '2026-01-01'::timestamptz, 2::bigint, 10::bigint, 0, '{"v": [10, 999]}'::jsonb, 'territory table', 'rennes')$$,
	'Rennes sees its own: two stations are late, ten rows are missing, one is out of range');
SELECT is(q, (SELECT ROW(count(DISTINCT station), count(*), 2, 10, 0, jsonb_build_object('v', count(*) FILTER (WHERE v NOT BETWEEN 0 AND 100)))::text FROM r."flow's"),
	'as counting says') FROM (SELECT q::text FROM territory.layer_quality('r."flow''s"') q) x;
SELECT ok(age < interval '1 minute', 'and it is fresh') FROM territory.catalogue WHERE layer = 'r."flow''s"'::regclass;

-- Rennes lets Cesson see
GRANT USAGE ON SCHEMA r TO cesson;
GRANT SELECT ON r."flow's" TO cesson;
SET LOCAL SESSION AUTHORIZATION cesson;
SELECT is((readable, measured, rows)::text, '(t,t,191)', 'once it is granted, the catalogue tells') FROM territory.catalogue WHERE domain = 'water_rennes' AND title = 'Débits';
SELECT is((readable, measured)::text, '(f,f)', 'and of what is not, it does not') FROM territory.catalogue WHERE title = 'Stations';
SET LOCAL SESSION AUTHORIZATION rennes;
ALTER TABLE r."flow's" ENABLE ROW LEVEL SECURITY;
CREATE POLICY cesson ON r."flow's" TO cesson USING (station = 1);
SET LOCAL SESSION AUTHORIZATION cesson;
SELECT is((readable, measured, rows)::text, format('(t,f,%s)', (SELECT nullif(reltuples, -1) FROM pg_class WHERE relname = 'flow''s')), 'where row security hides rows, nothing is told of them')
FROM territory.catalogue WHERE title = 'Débits';
SET LOCAL SESSION AUTHORIZATION rennes;
ALTER TABLE r."flow's" DISABLE ROW LEVEL SECURITY;
REVOKE ALL ON r."flow's" FROM cesson;

-- publishing
SELECT throws_ok($$SELECT territory.publish('r."flow''s"')$$, '22023', 'r."flow''s" cannot be published without a licence', 'no licence');
SELECT throws_ok($$SELECT territory.publish('r."flow''s"', 'see the town hall')$$, '22023', NULL, 'one that is none');
SELECT throws_ok($$SELECT territory.publish('r."flow''s"', 'etalab-2.0', theme => 'WATER')$$, '22023', NULL, 'no theme');
SELECT throws_ok($$SELECT territory.publish('r."flow''s"', 'etalab-2.0', access_url => 'javascript:alert(1)')$$, '22023', NULL, 'no address');
SELECT throws_ok($$SELECT territory.unpublish('r."flow''s"')$$, '42704', 'r."flow''s" is not published', 'not published');
SELECT is(licence, NULL, 'nothing was half done') FROM territory.layers WHERE title = 'Débits';
SELECT lives_ok($$SELECT territory.publish('r."flow''s"', 'etalab-2.0', theme => 'ENVI', access_url => 'https://data.example/flows')$$, 'published');
SELECT is((d->'dcat:dataset'->0) - ARRAY['dct:issued', 'dct:modified', 'dct:temporal', 'dct:description', 'dct:publisher', 'dcat:contactPoint'],
	'{"@id": "https://data.example/datasets/r.%22flow%27s%22", "@type": "dcat:Dataset", "dct:title": {"@value": "Débits", "@language": "fr"},
	"dcat:theme": {"@id": "http://publications.europa.eu/resource/authority/data-theme/ENVI"}, "dcat:keyword": ["Eau", "débit"], "dct:identifier": "r.\"flow''s\"",
	"dct:spatial": {"@type": "dct:Location", "dcat:bbox": {"@type": "geosparql:wktLiteral", "@value": "POLYGON((-1.7 48.1,-1.7 48.2,-1.6 48.2,-1.6 48.1,-1.7 48.1))"}},
	"dcat:distribution": [{"@id": "https://data.example/datasets/r.%22flow%27s%22#distribution", "@type": "dcat:Distribution",
		"dct:license": {"@id": "https://spdx.org/licenses/etalab-2.0"}, "dcat:accessURL": {"@id": "https://data.example/flows"},
		"dcat:mediaType": {"@id": "https://www.iana.org/assignments/media-types/application/json"}}],
	"dcat:temporalResolution": {"@type": "xsd:duration", "@value": "PT1H"}}'::jsonb, 'as DCAT-AP')
FROM territory.dcat('https://data.example/datasets/') d;
SELECT is(d->'dcat:dataset'->0->'dct:publisher'->>'foaf:name', 'Rennes', 'by who owns it') FROM territory.dcat('https://data.example') d;
SELECT is((d->'dcat:dataset'->0->'dct:temporal'->'dcat:startDate'->>'@value')::timestamptz, '2026-01-01'::timestamptz, 'since when') FROM territory.dcat('https://data.example') d;
SELECT throws_ok($$SELECT territory.dcat('nowhere')$$, '22023', 'a catalogue has an address', 'a catalogue without an address');
SET LOCAL SESSION AUTHORIZATION portal;
SELECT ok((d->'dcat:dataset'->0) ? 'dct:title' AND NOT (d->'dcat:dataset'->0) ? 'dct:temporal' AND NOT (d->'dcat:dataset'->0) ? 'dct:spatial',
	'who may not read the layer gets its title, and nothing of its rows') FROM territory.dcat('https://data.example') d;
SET LOCAL SESSION AUTHORIZATION rennes;
SELECT lives_ok($$SELECT territory.publish('r."flow''s"', theme => 'HEAL')$$, 'published anew');
SELECT is((p.theme, p.access_url, l.licence)::text, '(HEAL,,etalab-2.0)', 'as it was said') FROM territory.publications p JOIN territory.layers l USING (rel);
SELECT lives_ok($$SELECT territory.unpublish('r."flow''s"')$$, 'no more');
SELECT is(territory.dcat('https://data.example')->'dcat:dataset', '[]'::jsonb, 'an empty catalogue is one');
SELECT lives_ok($$SELECT territory.publish('r."flow''s"')$$, 'again');
SELECT lives_ok($$SELECT territory.remove_layer('r."flow''s"')$$, 'a layer that goes');
SELECT is(count(*), 0::bigint, 'is published no more') FROM territory.publications;
RESET SESSION AUTHORIZATION;

SELECT * FROM finish();
ROLLBACK;
