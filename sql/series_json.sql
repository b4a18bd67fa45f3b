-- OGC Moving Features JSON
SET search_path = public, territory;
SET timezone = 'Europe/Paris';

SELECT as_mfjson(float_series '[1.5@2026-01-01 00:00Z, 2@2026-01-01 00:10:00.25Z]'), float_series 'Interp=Step;{[1@2026-01-01 00:00Z], [2@2026-01-02 00:00Z, -0.1@2026-01-03 00:00Z]}'::jsonb;
SELECT state_series '["say \"open\"\\"@2026-01-01 00:00Z, "é"@2026-01-02 00:00Z]'::jsonb, state_series '{"a"@2026-01-01 00:00Z}'::jsonb;
SELECT point_series 'SRID=4326;[POINT(5.04 47.32)@2026-01-01 00:00Z, POINT(5.05 47.33)@2026-01-01 00:10Z]'::jsonb;
SELECT point_series 'SRID=2154;{[POINT Z (1 2 3)@2026-01-01 00:00Z], [POINT Z (4 5 6)@2026-01-02 00:00Z, POINT Z (7 8 9)@2026-01-03 00:00Z]}'::jsonb;
SELECT jsonb_pretty(point_series '{POINT(1 2)@2026-01-01 00:00Z, POINT(3 4)@2026-01-02 00:00Z}'::jsonb);

-- there and back
SELECT f::jsonb::float_series = f FROM (VALUES (float_series '[1.5@0044-03-15 BC, 1e-300@2026-10-25 02:30 CEST, 0.1@2026-10-25 02:30 CET]'), ('{1@2026-01-01, 2@2026-01-02}'), ('Interp=Step;{[1@2026-01-01, 2@2026-01-02], [123456789012345680@2026-02-01]}')) v(f);
SELECT s::jsonb::state_series = s FROM (VALUES (state_series '["a"@2026-01-01, ""@2026-01-02]'), ('{["a\\\"é"@2026-01-01], ["b"@2026-02-01]}'), ('{"a"@2026-01-01}')) v(s);
SELECT p::jsonb::point_series = p FROM (VALUES (point_series '[POINT(1 2)@2026-01-01, POINT(1 2.5)@2026-01-02]'), ('SRID=4326;Interp=Step;{[POINT(1 2)@2026-01-01], [POINT(1 2)@2026-01-02]}'), ('SRID=2154;{POINT Z (1 2 3)@2026-01-01}')) v(p);

-- the examples of the standard: a Feature, and an element of its temporalProperties
SELECT point_series_from_mfjson('{
	"type": "Feature",
	"crs": {"type": "Name", "properties": {"name": "urn:ogc:def:crs:OGC:1.3:CRS84"}},
	"trs": {"type": "Link", "properties": {"type": "OGCDEF", "href": "http://www.opengis.net/def/uom/ISO-8601/0/Gregorian"}},
	"temporalGeometry": {
		"type": "MovingPoint",
		"datetimes": ["2011-07-14T22:01:01Z", "2011-07-14T22:01:02Z", "2011-07-14T22:01:03Z", "2011-07-14T22:01:04Z", "2011-07-14T22:01:05Z"],
		"coordinates": [[139.757083, 35.627701, 0.5], [139.757399, 35.627701, 2.0], [139.757555, 35.627688, 4.0], [139.757651, 35.627596, 4.0], [139.757716, 35.627483, 4.0]],
		"interpolation": "Linear",
		"orientations": [{"scales": [1, 1, 1], "angles": [0, 0, 0]}, {"scales": [1, 1, 1], "angles": [0, 5, 0]}, {"scales": [1, 1, 1], "angles": [0, 0, 30]}, {"scales": [1, 1, 1], "angles": [0, 0, 60]}, {"scales": [1, 1, 1], "angles": [0, 0, 90]}],
		"base": {"type": "glTF", "href": "http://www.opengis.net/spec/movingfeatures/json/1.0/prism/example/car3dmodel.gltf"}
	}, "properties": {"name": "car1"}}');
CREATE TEMP TABLE series_properties AS SELECT '[
	{"datetimes": ["2011-07-14T22:01:01.450Z", "2011-07-14T23:01:01.450Z", "2011-07-15T00:01:01.450Z"],
		"length": {"type": "Measure", "form": "http://www.qudt.org/qudt/owl/1.0.0/quantity/Length", "values": [1.0, 2.4, 1.0], "interpolation": "Linear"},
		"message": {"type": "Text", "values": ["A", "B", "C"], "interpolation": "Discrete"}},
	{"datetimes": [1465621816590, 1465711526300],
		"discharge": {"type": "Measure", "form": "MQS", "values": [3.0, 4.0], "interpolation": "Linear"},
		"camera": {"type": "Image", "values": ["http://www.opengis.net/spec/movingfeatures/json/1.0/prism/example/image1", "iVBORw0KGgoAAAANSUhEU......"], "interpolation": "Discrete"}}]'::jsonb p;
SELECT (p->0)::float_series, (p->0)::state_series, (p->1)::float_series FROM series_properties;

-- null values, defaults, several sections that touch, MobilityDB's sequences
SELECT '{"datetimes": ["2026-01-01T00:00Z", "2026-01-02T00:00Z", "2026-01-03T00:00Z", "2026-01-04T00:00Z"], "level": {"type": "Measure", "values": [1, null, 3, 4], "interpolation": "Linear"}}'::jsonb::float_series;
SELECT '{"datetimes": ["2026-01-01T00:00Z"], "level": {"type": "Measure", "values": [1]}}'::jsonb::float_series, '{"type": "MovingFloat", "datetimes": ["2026-01-01T00:00Z"], "values": [1]}'::jsonb::float_series,
	'{"type": "MovingText", "datetimes": ["2026-01-01T00:00Z"], "values": [true]}'::jsonb::state_series, '{"type": "MovingPoint", "datetimes": ["2026-01-01T00:00"], "coordinates": [[1, 2]]}'::jsonb::point_series;
SELECT '{"type": "MovingGeometryCollection", "crs": null, "prisms": [
	{"type": "MovingPoint", "datetimes": ["2026-01-01T00:00Z", "2026-01-02T00:00Z"], "coordinates": [[1, 2], [3, 4]]},
	{"type": "MovingPoint", "datetimes": ["2026-01-02T00:00Z", "2026-01-03T00:00Z"], "coordinates": [[3, 4], [5, 6]]}]}'::jsonb::point_series;
SELECT '{"type": "MovingPoint", "crs": {"type": "Name", "properties": {"name": "EPSG:2154"}}, "sequences": [
	{"coordinates": [[1, 1], [2, 2]], "datetimes": ["2000-01-01T00:00:00+01", "2000-01-02T00:00:00+01"], "lower_inc": true, "upper_inc": true},
	{"coordinates": [[3, 3]], "datetimes": ["2000-01-03T00:00:00+01"], "lower_inc": true, "upper_inc": true}], "interpolation": "Linear"}'::jsonb::point_series;
SELECT name, (jsonb_build_object('type', 'MovingPoint', 'datetimes', '["2026-01-01T00:00Z"]'::jsonb, 'coordinates', '[[1, 2]]'::jsonb,
	'crs', jsonb_build_object('type', 'Name', 'properties', jsonb_build_object(kind, name))))::point_series
FROM (VALUES ('name', 'EPSG:2154'), ('name', 'urn:ogc:def:crs:EPSG:9.9.1:2154'), ('href', 'http://www.opengis.net/def/crs/EPSG/0/2154'), ('href', 'http://www.opengis.net/def/crs/OGC/1.3/CRS84'), ('name', 'EPSG::0')) v(kind, name);

-- errors
SELECT '[]'::jsonb::float_series;
SELECT '1'::jsonb::float_series;
SELECT '{}'::jsonb::float_series;
SELECT '{"type": "MovingPoint"}'::jsonb::float_series;
SELECT '{"type": "MovingFloat"}'::jsonb::float_series;
SELECT '{"type": "MovingFloat", "datetimes": [], "values": []}'::jsonb::float_series;
SELECT '{"type": "MovingFloat", "datetimes": ["2026-01-01"], "values": []}'::jsonb::float_series;
SELECT '{"type": "MovingFloat", "datetimes": ["2026-01-01"], "values": [1, 2]}'::jsonb::float_series;
SELECT '{"type": "MovingFloat", "datetimes": ["2026-01-01"], "values": ["x"]}'::jsonb::float_series;
SELECT '{"type": "MovingFloat", "datetimes": ["2026-01-01"], "values": [null]}'::jsonb::float_series;
SELECT '{"type": "MovingFloat", "datetimes": ["2026-01-01"], "values": [1e400]}'::jsonb::float_series;
SELECT '{"type": "MovingFloat", "datetimes": ["some day"], "values": [1]}'::jsonb::float_series;
SELECT '{"type": "MovingFloat", "datetimes": ["now"], "values": [1]}'::jsonb::float_series;
SELECT '{"type": "MovingFloat", "datetimes": ["01.02.2026 00:00Z"], "values": [1]}'::jsonb::float_series;
SELECT '{"type": "MovingFloat", "datetimes": ["2026-13-01T00:00:00Z"], "values": [1]}'::jsonb::float_series;
SELECT '{"type": "MovingFloat", "datetimes": [1e30], "values": [1]}'::jsonb::float_series;
SELECT '{"type": "MovingFloat", "datetimes": [null], "values": [1]}'::jsonb::float_series;
SELECT '{"type": "MovingFloat", "datetimes": ["infinity"], "values": [1]}'::jsonb::float_series;
SELECT '{"type": "MovingFloat", "datetimes": ["2026-01-02", "2026-01-01"], "values": [1, 2]}'::jsonb::float_series;
SELECT '{"type": "MovingFloat", "datetimes": ["2026-01-02"], "values": [1], "interpolation": "Regression"}'::jsonb::float_series;
SELECT '{"type": "MovingFloat", "datetimes": ["2026-01-02"], "values": [1], "upper_inc": false}'::jsonb::float_series;
SELECT '{"type": "MovingText", "datetimes": ["2026-01-02"], "values": ["a"], "interpolation": "Linear"}'::jsonb::state_series;
SELECT '{"datetimes": ["2026-01-02"], "a": {"type": "Measure", "values": [1]}, "b": {"type": "Measure", "values": [1]}}'::jsonb::float_series;
SELECT '{"datetimes": ["2026-01-02"], "a": {"type": "Measure", "values": [1]}}'::jsonb::state_series;
SELECT '{"type": "MovingPoint", "datetimes": ["2026-01-02"], "coordinates": [1, 2]}'::jsonb::point_series;
SELECT '{"type": "MovingPoint", "datetimes": ["2026-01-02"], "coordinates": [[1]]}'::jsonb::point_series;
SELECT '{"type": "MovingPoint", "datetimes": ["2026-01-02"], "coordinates": [[1, null]]}'::jsonb::point_series;
SELECT '{"type": "MovingPoint", "datetimes": ["2026-01-02", "2026-01-03"], "coordinates": [[1, 2], [1, 2, 3]]}'::jsonb::point_series;
SELECT '{"type": "MovingPolygon", "datetimes": ["2026-01-02"], "coordinates": [[[[0, 0]]]]}'::jsonb::point_series;
SELECT '{"type": "MovingPoint", "crs": {"type": "Name", "properties": {"name": "Mars"}}, "datetimes": ["2026-01-02"], "coordinates": [[1, 2]]}'::jsonb::point_series;
SELECT '{"type": "MovingPoint", "crs": "EPSG:2154", "datetimes": ["2026-01-02"], "coordinates": [[1, 2]]}'::jsonb::point_series;
SELECT '{"type": "MovingGeometryCollection", "prisms": [{"type": "MovingPolygon"}]}'::jsonb::point_series;
SELECT '{"type": "MovingGeometryCollection", "prisms": [{"type": "MovingPoint", "datetimes": ["2026-01-02"], "coordinates": [[1, 2]], "interpolation": "Step"}, {"type": "MovingPoint", "datetimes": ["2026-01-03"], "coordinates": [[1, 2]]}]}'::jsonb::point_series;
RESET timezone;
