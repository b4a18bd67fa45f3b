-- cells: their forms, their tree, their place on the map; what is no cell is refused
SET search_path = public, territory;
SET extra_float_digits = 0;

-- published values: Quadbin's tile 9/8 of zoom 4, and what is above, below and beside it (CARTO, quadbin-py's tests)
SELECT '4/9/8'::cell, '5209574053332910079'::cell, '0x484c1fffffffffff'::cell, ' 0X484C1FFFFFFFFFFF '::cell, cell(4, 9, 8);
SELECT * FROM cell_tile('5209574053332910079');
SELECT cell_zoom('4/9/8'), cell_parent('4/9/8', 4), cell_parent('4/9/8', 2), cell_parent('4/9/8', 0), cell_parent('4/9/8') = cell_parent('4/9/8', 3) AS parent, cell_parent('0/0/0');
SELECT array_agg(c) FROM cell_children('0/0/0', 1) c;
SELECT array_agg(c) FROM cell_children('4/9/8') c;
SELECT array_agg(c) FROM cell_children('4/9/8', 6) c;
SELECT array_agg(c ORDER BY c) FROM cell_neighbours('4/9/8') c;
SELECT count(*), count(DISTINCT c), min(c::bigint), max(c::bigint), bool_or(c = '4/9/8') AS itself FROM cell_neighbours('4/9/8', 2) c;
SELECT ST_AsText(cell_center('4/9/8'), 12), ST_SRID(cell_center('4/9/8')), ST_AsText(cell_geometry('4/9/8'), 12), ST_SRID(cell_geometry('4/9/8'));
SELECT cell(ST_Point(33.75, -11.178401873711776, 4326), 4);
SELECT y, cell(ST_Point(0, y, 4326), 26) FROM unnest('{85.05112877980659, 88, 90, -85.05112877980659, -88, -90}'::float8[]) y;
SELECT z, cell(ST_Point(-3.71219873428345, 40.413365349070865, 4326), z) FROM unnest('{0, 10, 17, 26}'::int[]) z;
SELECT z, array_agg(c) FROM unnest('{0, 10, 17, 19}'::int[]) z,
	cell_cover('SRID=4326;LINESTRING(-3.71219873428345 40.413365349070865, -3.7144088745117 40.40965661286395)', z) c GROUP BY z ORDER BY z;

-- bigint and bytes
SELECT '4/9/8'::cell::bigint, 5209574053332910079::cell, cell_send('4/9/8');
CREATE TEMP TABLE kept (c cell, b bigint);
INSERT INTO kept SELECT c, c FROM cell_children('10/512/340', 12) c;
SELECT count(*) FROM kept WHERE c::bigint = b AND b::cell = c AND c::text::cell = c;
SELECT 'territory.cell'::regtype, typlen, typbyval, typalign FROM pg_type WHERE oid = 'cell'::regtype;

SELECT current_setting('data_directory') || '/cell.bin' AS file \gset
COPY (SELECT c FROM kept) TO :'file' (FORMAT binary);
CREATE TEMP TABLE received (c cell);
COPY received FROM :'file' (FORMAT binary);
SELECT count(*) FROM (SELECT c FROM received EXCEPT ALL SELECT c FROM kept) x;
-- bytes that are none
COPY (SELECT b - 1 FROM kept) TO :'file' (FORMAT binary);
COPY received FROM :'file' (FORMAT binary);
COPY (SELECT 4::int) TO :'file' (FORMAT binary);
\set VERBOSITY sqlstate
COPY received FROM :'file' (FORMAT binary);
SELECT '7'::cell;
SELECT 7::bigint::cell;
SELECT '27/0/0'::cell;
\set VERBOSITY default

-- what is none
SELECT ''::cell;
SELECT '1'::cell;
SELECT '-1'::cell;
SELECT '0x'::cell;
SELECT '0xzz'::cell;
SELECT '0x484c1fffffffffff0'::cell;
SELECT '484c1fffffffffff'::cell;
SELECT '99999999999999999999999'::cell;
SELECT '5209574053332910079 x'::cell;
SELECT '5209574053332910078'::cell;
SELECT '6362495557939757055'::cell;
SELECT '4/16/8'::cell;
SELECT '4/9'::cell;
SELECT '4/9/8/7'::cell;
SELECT '4/-9/8'::cell;
SELECT '27/0/0'::cell;
SELECT '4294967300/9/8'::cell;
SELECT '4/18446744073709551615/8'::cell;
SELECT 0::bigint::cell;
SELECT (-1)::bigint::cell;
SELECT 5209574053332910078::cell;
SELECT cell(4, -1, 0);
SELECT cell(-1, 0, 0);
SELECT cell(26, 67108863, 67108863), cell_tile(cell(26, 67108863, 67108863));
SELECT cell_parent('4/9/8', 5);
SELECT cell_parent('4/9/8', -1);
SELECT cell_children('4/9/8', 3);
SELECT cell_children('4/9/8', 27);
SELECT count(*) FROM cell_children('26/0/0');
SELECT cell_children('26/5/7', 26);
SELECT cell_range('4/9/8', 3);
SELECT cell_neighbours('4/9/8', -1);
SELECT cell_neighbours('4/9/8', 513);

-- any bits: a cell and its text, or an error of one of two kinds
CREATE FUNCTION what_comes(bits bigint) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	c cell;
BEGIN
	c := bits::cell;
	RETURN CASE WHEN c::text::cell = c AND c IN (SELECT cell_children(cell_parent(c, greatest(cell_zoom(c) - 2, 0)), cell_zoom(c))) AND cell_contains(cell_parent(c, cell_zoom(c) / 2), c)
		AND (SELECT cell(z, x, y) FROM cell_tile(c)) = c THEN 'cell' ELSE 'nonsense' END;
EXCEPTION
	WHEN invalid_parameter_value THEN
		BEGIN
			PERFORM bits::text::cell;
			RETURN 'accepted as text';
		EXCEPTION WHEN invalid_text_representation THEN RETURN 'refused';
		END;
END $$;
SELECT setseed(0.27);
-- the tree's own bits, one changed; random ones
SELECT what, count(*) > 1000 AS many FROM (
	SELECT what_comes(cell(ST_Point(random() * 360 - 180, random() * 170 - 85, 4326), i % 27)::bigint # (CASE WHEN i % 3 = 0 THEN 0 ELSE 1::bigint << (random() * 63)::int END)) AS what
	FROM generate_series(1, 20000) i
	UNION ALL SELECT what_comes((random() * 9e18)::bigint - (random() * 9e18)::bigint) FROM generate_series(1, 2000)) x GROUP BY 1 ORDER BY 1;
-- and any text
CREATE FUNCTION what_comes(input text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	PERFORM input::cell;
	RETURN 'cell';
EXCEPTION
	WHEN invalid_text_representation THEN RETURN 'refused';
	WHEN invalid_parameter_value THEN RETURN 'no such tile';
END $$;
SELECT what_comes(t), count(*) > 100 AS many FROM (
	SELECT (SELECT string_agg(substr('0123456789/xaF- .', 1 + (random() * 16)::int, 1), '') FROM generate_series(1, (i + random() * 21)::int % 21)) AS t
	FROM generate_series(1, 5000) i
	UNION ALL SELECT (random() * 28)::int || '/' || (random() * 40)::int || '/' || (random() * 40)::int FROM generate_series(1, 2000)) x GROUP BY 1 ORDER BY 1;
DROP FUNCTION what_comes(bigint), what_comes(text);

-- at every zoom, a point is in the tile that PostGIS draws, and in the cell's own shape
CREATE TEMP TABLE scattered AS SELECT i % 27 AS z, ST_Point(random() * 360 - 180, random() * 170.1 - 85.05, 4326) AS p FROM generate_series(1, 5400) i;
SELECT count(*) FROM scattered, cell(p, z) c, cell_tile(c) t
WHERE NOT ST_Contains(ST_TileEnvelope(t.z, t.x, t.y), ST_Transform(p, 3857)) OR NOT ST_Intersects(cell_geometry(c), p) OR t.z <> scattered.z;
SELECT count(*) FROM scattered, cell(p, z) c WHERE cell(ST_Transform(p, 3857), z) <> c OR cell(cell_center(c), z) <> c OR cell(p, z / 2) <> cell_parent(c, z / 2);
-- from other SRIDs, near and far from each other: what was asked before changes nothing
SELECT count(*) FROM scattered s, LATERAL (SELECT cell(ST_Transform(p, 2154), z) AS c, cell(ST_Transform(ST_Transform(p, 2154), 4326), z) AS d) x
WHERE ST_X(p) BETWEEN -9 AND 14 AND ST_Y(p) BETWEEN 38 AND 54 AND c <> d;
CREATE TEMP TABLE town AS SELECT ST_Point(4.98 + random() * 0.2, 47.28 + random() * 0.15, 4326) AS p FROM generate_series(1, 4000);
SELECT z, srid, count(*) FROM unnest('{0, 5, 11, 16, 19, 22, 26}'::int[]) z, unnest('{2154, 3946, 4258, 27572, 32631, 4807, 3857}'::int[]) srid, town,
	LATERAL (SELECT ST_Transform(p, srid) q OFFSET 0) x,
	LATERAL (SELECT cell(q, z) AS c, cell_tile(cell(q, z)) AS t OFFSET 0) y
WHERE NOT ST_Intersects(ST_Expand(ST_TileEnvelope((t).z, (t).x, (t).y), 1e-6), ST_Transform(q, 3857)) GROUP BY 1, 2;
-- on a border: the cell in the east, or south
SELECT cell_tile(cell(ST_Point(0, 0, 4326), 1)), cell_tile(cell(ST_Point(90, 0, 4326), 2));
-- around the world, and to its ends
SELECT x, y, cell_tile(cell(ST_Point(x, y, 4326), 3)) FROM (VALUES (-180, 0), (180, 0), (190, 0), (-190, 0), (550, 0), (0, 89), (0, -100), (1e30::float8, 0)) v(x, y);
SELECT cell_tile(cell(ST_Point(20037508.342789244, -3e7, 3857), 3)), cell_tile(cell(ST_Point(-20037508.342789244, 3e7, 3857), 3));
SELECT count(*), count(DISTINCT c) FROM cell_neighbours('2/0/0') c;
SELECT count(*), count(DISTINCT c) FROM cell_neighbours('2/0/0', 3) c;
SELECT count(*) FROM cell_neighbours('0/0/0', 5);
SELECT count(*) FROM cell_neighbours('4/9/8', 0);

-- heights, empty points, nulls, other geometries
SELECT cell(ST_SetSRID(ST_MakePoint(33.75, -11, 7), 4326), 4), cell('SRID=4326;POINTM(33.75 -11 7)', 4), cell('SRID=4326;POINT EMPTY', 4), cell(NULL::geometry, 4), cell('SRID=4326;POINT(1 1)', NULL);
SELECT cell('SRID=4326;LINESTRING(0 0, 1 1)', 4);
SELECT cell('POINT(0 0)', 4);
SELECT cell('SRID=999998;POINT(0 0)', 4);
SELECT cell('SRID=4326;POINT(0 0)', 27);
SELECT cell('SRID=4326;POINT(0 0)', -1);
SELECT cell(ST_Point('infinity', 0, 4326), 4);
SELECT cell(ST_Point(0, 'nan', 4326), 4);
SELECT cell(ST_Point(1e30, 1e30, 32631), 4);
SELECT cell(ST_Point(700000, 6600000, 4326), 4) = cell(ST_Point(mod(700000, 360), 89, 4326), 4) AS wrapped;

-- an index on cells finds what is below one
CREATE TEMP TABLE found AS SELECT cell(p, 16) AS c, p FROM town;
CREATE INDEX ON found (c);
CREATE INDEX ON found USING hash (c);
ANALYZE found;
SELECT count(*), bool_and(cell_contains(q, c)) FROM found, cell(ST_Point(5.08, 47.35, 4326), 11) q, cell_range(q, 16) r WHERE c BETWEEN r.first_cell AND r.last_cell;
SELECT count(*) FROM found, cell(ST_Point(5.08, 47.35, 4326), 11) q WHERE cell_contains(q, c);
SELECT r.first_cell::bigint = min(c::bigint) AS first, r.last_cell::bigint = max(c::bigint) AS last, count(*) FROM cell_range('9/265/180', 12) r, cell_children('9/265/180', 12) c GROUP BY r.first_cell, r.last_cell;
SET enable_seqscan = off;
EXPLAIN (COSTS OFF) SELECT c FROM found WHERE c BETWEEN '16/33692/23000' AND '16/33700/23100';
EXPLAIN (COSTS OFF) SELECT c FROM found WHERE c = '16/33692/23000';
RESET enable_seqscan;
SELECT count(*) = count(DISTINCT c) FROM (SELECT c FROM found GROUP BY c) x;
SELECT count(*) FROM (SELECT DISTINCT c FROM found) a JOIN (SELECT DISTINCT c FROM found) b USING (c) WHERE a.c < b.c OR a.c <> b.c;

-- areas: of the world's map; as PostGIS measures small ones
SELECT round(sum(cell_area(c)) / 1e6) FROM cell_children('0/0/0', 3) c;
SELECT max(abs(cell_area(c) / ST_Area(cell_geometry(c)::geography) - 1)) < 1e-8 FROM cell_children('12/2070/1409', 16) c;

-- covers: those that intersect, by sequential evaluation
CREATE TEMP TABLE shapes (id serial, g geometry);
INSERT INTO shapes (g) VALUES
	('SRID=4326;POLYGON((4.98 47.28, 5.1 47.28, 5.12 47.36, 5.0 47.4, 4.98 47.28), (5.02 47.31, 5.07 47.31, 5.06 47.35, 5.02 47.31))'),
	('SRID=4326;MULTIPOLYGON(((5 47.3, 5.05 47.3, 5.05 47.33, 5 47.3)), ((5.1 47.35, 5.13 47.35, 5.13 47.37, 5.1 47.35)))'),
	('SRID=4326;LINESTRING(5 47.3, 5.03 47.35, 5.1 47.32)'), ('SRID=4326;MULTIPOINT(5 47.3, 5.03 47.35, 5.1 47.32)'),
	('SRID=4326;GEOMETRYCOLLECTION(POINT(5 47.3), POLYGON((5.03 47.3, 5.08 47.3, 5.08 47.33, 5.03 47.3)), LINESTRING(5 47.36, 5.1 47.36))'),
	(ST_Buffer(ST_Transform('SRID=4326;POINT(5.05 47.33)'::geometry, 2154), 2500)), (cell_geometry('14/8422/5751')), ('SRID=4326;POINT EMPTY'), (NULL);
SELECT id, z, count(*) FROM shapes, unnest('{11, 13, 14, 15}'::int[]) z,
	LATERAL (SELECT c FROM (SELECT cell_cover(g, z) AS c) a FULL JOIN
		(SELECT c FROM cell_children(cell('SRID=4326;POINT(5.05 47.33)', 9), z) c WHERE ST_Intersects(cell_geometry(c), ST_Transform(g, 4326))) b USING (c)
		WHERE a.c IS NULL OR b.c IS NULL) wrong GROUP BY 1, 2 ORDER BY 1, 2;
SELECT id, count(*), count(DISTINCT c), min(cell_zoom(c)), max(cell_zoom(c)) FROM shapes, cell_cover(g, 15) c GROUP BY 1 ORDER BY 1;
-- mixed: the same area, of cells none of which four could be one
SELECT id, count(*), min(cell_zoom(c)) AS least, max(cell_zoom(c)) AS most, sum(4 ^ (15 - cell_zoom(c))) = (SELECT count(*) FROM cell_cover(g, 15)) AS same,
	(SELECT count(*) FROM (SELECT FROM cell_cover(g, 15, true) m WHERE cell_zoom(m) > 0 GROUP BY cell_parent(m), cell_zoom(m) HAVING count(*) = 4) x) AS four
FROM shapes, cell_cover(g, 15, mixed => true) c GROUP BY id, g ORDER BY 1;
SELECT array_agg(c ORDER BY c) = (SELECT array_agg(d ORDER BY d) FROM shapes, cell_cover(g, 15, true) m, cell_children(m, 15) d WHERE id = 1) FROM shapes, cell_cover(g, 15) c WHERE id = 1;
SELECT count(*) FROM cell_cover(ST_MakeEnvelope(-180, -90, 180, 90, 4326), 9, true);
SELECT count(*) FROM cell_cover(ST_MakeEnvelope(-180, -90, 180, 90, 4326), 4);
SELECT cell_cover(ST_MakeEnvelope(-180, -90, 180, 90, 4326), 10);
SELECT cell_cover(ST_MakeEnvelope(0.1, 0.1, 60, 60, 4326), 26, true);
SELECT cell_cover('POINT(0 0)', 4);
SELECT cell_cover('SRID=4326;POINT(0 0)', 27);
SELECT cell_cover(ST_MakeLine(ST_Point(0, 0, 4326), ST_Point('infinity', 0, 4326)), 4);

-- INSPIRE's grid: identifiers as INSEE writes them, there and back by their middles (no published pair of a place and its identifier is at hand)
SELECT id, inspire_cell(p, 200) = id AS same, inspire_cell(ST_Transform(p, 4326), 200) = id AS of_degrees, inspire_cell(ST_Transform(p, 2154), 1000) AS km
FROM unnest('{CRS3035RES200mN2029800E4254200,CRS3035RES200mN3079600E3834800,CRS3035RES200mN2471400E3871200}'::text[]) id, ST_Centroid(inspire_cell_geometry(id)) p;
SELECT ST_AsEWKT(inspire_cell_geometry('CRS3035RES200mN2471400E3871200'));
-- a place in Lille; on a border; grids of their own in Martinique and La Reunion
SELECT inspire_cell(ST_Point(3.0573, 50.6292, 4326), 200), inspire_cell(ST_Point(3871200, 2471400, 3035), 200), inspire_cell(ST_Point(3871199.999, 2471399.999, 3035), 200);
SELECT inspire_cell(ST_Point(-61.0742, 14.6037, 4326), 200, 5490), inspire_cell(ST_Point(55.45, -20.88, 4326), 1000, srid => 2975);
SELECT count(*) FROM town, LATERAL (SELECT inspire_cell(p, 200) AS id) x WHERE NOT ST_Intersects(inspire_cell_geometry(id), ST_Transform(p, 3035)) OR inspire_cell(ST_Centroid(inspire_cell_geometry(id)), 200) <> id;
SELECT inspire_cell('SRID=4326;POINT EMPTY', 200), inspire_cell(NULL, 200);
SELECT inspire_cell(ST_Point(5, 47, 4326), 0);
SELECT inspire_cell(ST_Point(5, 47, 4326), 1000001);
SELECT inspire_cell(ST_Point(5, 47, 4326), 200, 4326);
SELECT inspire_cell(ST_Point(5, 47, 4326), 200, 999998);
SELECT inspire_cell(ST_Point(-5, 47), 200);
SELECT inspire_cell(ST_Point(-60, 14, 4326), 200);
SELECT inspire_cell(ST_Point('nan', 14, 4326), 200);
SELECT inspire_cell('SRID=4326;LINESTRING(0 0, 1 1)', 200);
SELECT inspire_cell_geometry(id) FROM unnest('{"",CRS3035RES200mN2471400E3871201,CRS3035RES200mN2471400,CRS3035RES200mN2471400E3871200x,CRS3035RES0mN0E0,CRS3035RES200mN-200E0,CRS3035RES0200mN0E0,CRS3035RES200mN99999999999999999999E0}'::text[]) id LIMIT 1;
SELECT inspire_cell_geometry('CRS3035RES200mN2471400E3871201');
SELECT inspire_cell_geometry('CRS3035RES200mN2471400');
SELECT inspire_cell_geometry('CRS3035RES200mN2471400E3871200x');
SELECT inspire_cell_geometry('CRS3035RES0mN0E0');
SELECT inspire_cell_geometry('CRS3035RES200mN-200E0');
SELECT inspire_cell_geometry('CRS3035RES0200mN0E0');
SELECT inspire_cell_geometry('CRS3035RES200mN99999999999999999999E0');
DROP TABLE kept, received, scattered, town, found, shapes;
