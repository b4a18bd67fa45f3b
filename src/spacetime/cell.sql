-- cell: a cell of the quadtree of Web Mercator tiles, as Quadbin publishes it.

CREATE TYPE territory.cell;

CREATE FUNCTION territory.cell_in(input cstring) RETURNS territory.cell
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_cell_in';
COMMENT ON FUNCTION territory.cell_in(cstring) IS 'reads a cell: a Quadbin index in decimal, 0x and its hexadecimal digits, or z/x/y of its tile; not to be called';

CREATE FUNCTION territory.cell_out(cell territory.cell) RETURNS cstring
	LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE AS 'int8out';
COMMENT ON FUNCTION territory.cell_out(territory.cell) IS 'writes a cell, as its Quadbin index in decimal; not to be called';

CREATE FUNCTION territory.cell_recv(input internal) RETURNS territory.cell
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_cell_recv';
COMMENT ON FUNCTION territory.cell_recv(internal) IS 'reads a cell in binary; not to be called';

CREATE FUNCTION territory.cell_send(cell territory.cell) RETURNS bytea
	LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE AS 'int8send';
COMMENT ON FUNCTION territory.cell_send(territory.cell) IS 'A cell in binary, as drivers get it: its Quadbin index, as a bigint.';

CREATE TYPE territory.cell (
	INPUT = territory.cell_in, OUTPUT = territory.cell_out, RECEIVE = territory.cell_recv, SEND = territory.cell_send,
	LIKE = pg_catalog.int8);
COMMENT ON TYPE territory.cell IS 'a cell of the quadtree of Web Mercator tiles, zoom 0 to 26: the 64-bit index that Quadbin publishes';

-- As bigint, and back.

CREATE FUNCTION territory.cell(quadbin bigint) RETURNS territory.cell
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_cell_of_bigint';
COMMENT ON FUNCTION territory.cell(bigint) IS 'The cell of a Quadbin index. Error 22023 where it is not one of a cell.';

CREATE CAST (bigint AS territory.cell) WITH FUNCTION territory.cell(bigint);
CREATE CAST (territory.cell AS bigint) WITHOUT FUNCTION AS ASSIGNMENT;

-- Compared as bigint: by zoom, then in Morton's order.

CREATE FUNCTION territory.cell_lt(a territory.cell, b territory.cell) RETURNS boolean
	LANGUAGE internal IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE AS 'int8lt';
COMMENT ON FUNCTION territory.cell_lt(territory.cell, territory.cell) IS 'the operator < of cell';

CREATE FUNCTION territory.cell_le(a territory.cell, b territory.cell) RETURNS boolean
	LANGUAGE internal IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE AS 'int8le';
COMMENT ON FUNCTION territory.cell_le(territory.cell, territory.cell) IS 'the operator <= of cell';

CREATE FUNCTION territory.cell_eq(a territory.cell, b territory.cell) RETURNS boolean
	LANGUAGE internal IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE AS 'int8eq';
COMMENT ON FUNCTION territory.cell_eq(territory.cell, territory.cell) IS 'the operator = of cell';

CREATE FUNCTION territory.cell_ge(a territory.cell, b territory.cell) RETURNS boolean
	LANGUAGE internal IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE AS 'int8ge';
COMMENT ON FUNCTION territory.cell_ge(territory.cell, territory.cell) IS 'the operator >= of cell';

CREATE FUNCTION territory.cell_gt(a territory.cell, b territory.cell) RETURNS boolean
	LANGUAGE internal IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE AS 'int8gt';
COMMENT ON FUNCTION territory.cell_gt(territory.cell, territory.cell) IS 'the operator > of cell';

CREATE FUNCTION territory.cell_ne(a territory.cell, b territory.cell) RETURNS boolean
	LANGUAGE internal IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE AS 'int8ne';
COMMENT ON FUNCTION territory.cell_ne(territory.cell, territory.cell) IS 'the operator <> of cell';

CREATE FUNCTION territory.cell_cmp(a territory.cell, b territory.cell) RETURNS integer
	LANGUAGE internal IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE AS 'btint8cmp';
COMMENT ON FUNCTION territory.cell_cmp(territory.cell, territory.cell) IS 'the order of two cells, for indexes and sorting: by zoom, then in Morton''s order';

CREATE FUNCTION territory.cell_sortsupport(internal) RETURNS void
	LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE AS 'btint8sortsupport';
COMMENT ON FUNCTION territory.cell_sortsupport(internal) IS 'sorts cells; not to be called';

CREATE FUNCTION territory.cell_hash(cell territory.cell) RETURNS integer
	LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE AS 'hashint8';
COMMENT ON FUNCTION territory.cell_hash(territory.cell) IS 'the hash of a cell';

CREATE FUNCTION territory.cell_hash_extended(cell territory.cell, seed bigint) RETURNS bigint
	LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE AS 'hashint8extended';
COMMENT ON FUNCTION territory.cell_hash_extended(territory.cell, bigint) IS 'the hash of a cell, with a seed';

CREATE OPERATOR territory.< (
	FUNCTION = territory.cell_lt, LEFTARG = territory.cell, RIGHTARG = territory.cell,
	COMMUTATOR = OPERATOR(territory.>), NEGATOR = OPERATOR(territory.>=), RESTRICT = scalarltsel, JOIN = scalarltjoinsel);

CREATE OPERATOR territory.<= (
	FUNCTION = territory.cell_le, LEFTARG = territory.cell, RIGHTARG = territory.cell,
	COMMUTATOR = OPERATOR(territory.>=), NEGATOR = OPERATOR(territory.>), RESTRICT = scalarlesel, JOIN = scalarlejoinsel);

CREATE OPERATOR territory.= (
	FUNCTION = territory.cell_eq, LEFTARG = territory.cell, RIGHTARG = territory.cell,
	COMMUTATOR = OPERATOR(territory.=), NEGATOR = OPERATOR(territory.<>), RESTRICT = eqsel, JOIN = eqjoinsel, HASHES, MERGES);

CREATE OPERATOR territory.>= (
	FUNCTION = territory.cell_ge, LEFTARG = territory.cell, RIGHTARG = territory.cell,
	COMMUTATOR = OPERATOR(territory.<=), NEGATOR = OPERATOR(territory.<), RESTRICT = scalargesel, JOIN = scalargejoinsel);

CREATE OPERATOR territory.> (
	FUNCTION = territory.cell_gt, LEFTARG = territory.cell, RIGHTARG = territory.cell,
	COMMUTATOR = OPERATOR(territory.<), NEGATOR = OPERATOR(territory.<=), RESTRICT = scalargtsel, JOIN = scalargtjoinsel);

CREATE OPERATOR territory.<> (
	FUNCTION = territory.cell_ne, LEFTARG = territory.cell, RIGHTARG = territory.cell,
	COMMUTATOR = OPERATOR(territory.<>), NEGATOR = OPERATOR(territory.=), RESTRICT = neqsel, JOIN = neqjoinsel);

CREATE OPERATOR CLASS territory.cell_ops DEFAULT FOR TYPE territory.cell USING btree AS
	OPERATOR 1 territory.<,
	OPERATOR 2 territory.<=,
	OPERATOR 3 territory.=,
	OPERATOR 4 territory.>=,
	OPERATOR 5 territory.>,
	FUNCTION 1 territory.cell_cmp(territory.cell, territory.cell),
	FUNCTION 2 territory.cell_sortsupport(internal);

CREATE OPERATOR CLASS territory.cell_hash_ops DEFAULT FOR TYPE territory.cell USING hash AS
	OPERATOR 1 territory.=,
	FUNCTION 1 territory.cell_hash(territory.cell),
	FUNCTION 2 territory.cell_hash_extended(territory.cell, bigint);

-- Where a place is.

CREATE FUNCTION territory.cell(geom geometry, zoom integer) RETURNS territory.cell
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 50 AS 'MODULE_PATHNAME', 'territory_cell_of_point';
COMMENT ON FUNCTION territory.cell(geometry, integer) IS
'The cell of a point of any SRID at a zoom from 0 to 26 (a cell is 611 m wide at zoom 16 on the equator, half of it with each zoom more). A point on a border is of the cell to its east, or south. Latitudes beyond 85.0511 degrees are of the outermost cells, longitudes go around the world. Null where the point is empty. Error 22023 for other geometries, an unknown SRID, coordinates that are not finite or that PROJ cannot place.';

CREATE FUNCTION territory.cell(z integer, x integer, y integer) RETURNS territory.cell
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_cell_of_tile';
COMMENT ON FUNCTION territory.cell(integer, integer, integer) IS 'The cell of a tile: its zoom, its column from the west, its row from the north, from 0. Error 22023 where there is none.';

CREATE FUNCTION territory.cell_tile(cell territory.cell, OUT z integer, OUT x integer, OUT y integer) RETURNS record
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_cell_tile';
COMMENT ON FUNCTION territory.cell_tile(territory.cell) IS 'The tile of a cell: its zoom, its column from the west, its row from the north, from 0.';

CREATE FUNCTION territory.cell_zoom(cell territory.cell) RETURNS integer
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_cell_zoom';
COMMENT ON FUNCTION territory.cell_zoom(territory.cell) IS 'The zoom of a cell, 0 to 26.';

-- Above, below, beside.

CREATE FUNCTION territory.cell_parent(cell territory.cell) RETURNS territory.cell
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_cell_parent';
COMMENT ON FUNCTION territory.cell_parent(territory.cell) IS 'The cell of the next smaller zoom that holds a cell; null of the cell of zoom 0.';

CREATE FUNCTION territory.cell_parent(cell territory.cell, zoom integer) RETURNS territory.cell
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_cell_parent';
COMMENT ON FUNCTION territory.cell_parent(territory.cell, integer) IS 'The cell of a smaller zoom that holds a cell, itself at its own zoom. Error 22023 for a greater zoom.';

CREATE FUNCTION territory.cell_children(cell territory.cell) RETURNS SETOF territory.cell
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE ROWS 4 AS 'MODULE_PATHNAME', 'territory_cell_children';
COMMENT ON FUNCTION territory.cell_children(territory.cell) IS 'The four cells of the next greater zoom that make up a cell, in their order; none of a cell of zoom 26.';

CREATE FUNCTION territory.cell_children(cell territory.cell, zoom integer) RETURNS SETOF territory.cell
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE ROWS 64 AS 'MODULE_PATHNAME', 'territory_cell_children';
COMMENT ON FUNCTION territory.cell_children(territory.cell, integer) IS 'The cells of a greater zoom that make up a cell, in their order: four times as many with each zoom. Error 22023 for a smaller zoom.';

CREATE FUNCTION territory.cell_range(cell territory.cell, zoom integer, OUT first_cell territory.cell, OUT last_cell territory.cell) RETURNS record
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_cell_range';
COMMENT ON FUNCTION territory.cell_range(territory.cell, integer) IS
'The first and the last of the cells of a zoom that make up a cell. Of this zoom, just these are between the two: a condition that an index on a column of cells answers. Error 22023 for a smaller zoom.';

CREATE FUNCTION territory.cell_contains(parent territory.cell, child territory.cell) RETURNS boolean
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_cell_contains';
COMMENT ON FUNCTION territory.cell_contains(territory.cell, territory.cell) IS 'Does a cell hold another one, or is it the same?';

CREATE FUNCTION territory.cell_neighbours(cell territory.cell) RETURNS SETOF territory.cell
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE ROWS 8 AS 'MODULE_PATHNAME', 'territory_cell_neighbours';
COMMENT ON FUNCTION territory.cell_neighbours(territory.cell) IS 'The cells of the same zoom around a cell, which is not among them: eight, around the world from east to west, fewer at the ends of the map in the north and south.';

CREATE FUNCTION territory.cell_neighbours(cell territory.cell, k integer) RETURNS SETOF territory.cell
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE ROWS 24 AS 'MODULE_PATHNAME', 'territory_cell_neighbours';
COMMENT ON FUNCTION territory.cell_neighbours(territory.cell, integer) IS 'The cells of the same zoom at most k steps (0 to 512) from a cell, diagonal ones too, without the cell itself: a square of 2k + 1 cells, row by row.';

-- On the map.

CREATE FUNCTION territory.cell_geometry(cell territory.cell) RETURNS geometry
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 10 AS 'MODULE_PATHNAME', 'territory_cell_geometry';
COMMENT ON FUNCTION territory.cell_geometry(territory.cell) IS 'A cell as a polygon in longitude and latitude (SRID 4326).';

CREATE FUNCTION territory.cell_center(cell territory.cell) RETURNS geometry
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 10 AS 'MODULE_PATHNAME', 'territory_cell_center';
COMMENT ON FUNCTION territory.cell_center(territory.cell) IS 'The middle of a cell on the Web Mercator map, as a point in longitude and latitude (SRID 4326).';

CREATE FUNCTION territory.cell_area(cell territory.cell) RETURNS float8
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_cell_area';
COMMENT ON FUNCTION territory.cell_area(territory.cell) IS 'The area of a cell in square metres, on the ellipsoid of WGS 84 between its meridians and parallels (Snyder, Map Projections, 1987, equation 3-12).';

CREATE FUNCTION territory.cell_cover(geom geometry, zoom integer, mixed boolean DEFAULT false) RETURNS SETOF territory.cell
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1000 ROWS 100 AS 'MODULE_PATHNAME', 'territory_cell_cover';
COMMENT ON FUNCTION territory.cell_cover(geometry, integer, boolean) IS
'The cells of a zoom that a geometry of any SRID intersects, borders included, in their order; its corners are transformed to longitude and latitude, where edges are straight. mixed: the largest cells instead, as far as all that make them up are among these. None of an empty geometry. Error 54000 where there would be more than 1,000,000.';

-- The statistical grid of INSPIRE: square cells of so many metres, as INSEE's carreaux.

CREATE FUNCTION territory.inspire_cell(geom geometry, size integer, srid integer DEFAULT 3035) RETURNS text
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 100 AS 'MODULE_PATHNAME', 'territory_inspire_cell';
COMMENT ON FUNCTION territory.inspire_cell(geometry, integer, integer) IS
'The identifier of the cell of INSPIRE''s grid that a point of any SRID is in: of a size in metres (200, 1000), in the SRID of the grid (3035 in Europe; INSEE''s is 5490 in Martinique, 2975 in La Reunion), by the corner in the south-west. A point on a border is of the cell to its north, or east. Null where the point is empty. Error 22023 for other geometries, a grid that is not in metres, or a point south or west of it.';

CREATE FUNCTION territory.inspire_cell_geometry(id text) RETURNS geometry
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 10 AS 'MODULE_PATHNAME', 'territory_inspire_cell_geometry';
COMMENT ON FUNCTION territory.inspire_cell_geometry(text) IS
'The square of an identifier of INSPIRE''s grid, such as CRS3035RES200mN2471400E3871200, in the SRID of the grid. Error 22P02 where it is none.';
