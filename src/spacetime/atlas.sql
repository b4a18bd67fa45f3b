-- The atlas: where and when the segments, hot rows and entities of every layer are.
--
-- Nobody has a right on its tables: they tell of rows that a caller may not
-- see. They are derived, and so in no dump.

CREATE TABLE territory.atlas_layers
(
	layer oid PRIMARY KEY,
	-- that holds its rows: where the table has another one, this says nothing
	file oid NOT NULL,
	entities boolean NOT NULL,
	-- attribute numbers; 0: none
	time_number int2 NOT NULL,
	position_number int2 NOT NULL,
	key_number int2 NOT NULL,
	srid integer NOT NULL
);
COMMENT ON TABLE territory.atlas_layers IS 'The relations of which the atlas knows everything, and by which columns.';

CREATE TABLE territory.atlas_segments
(
	layer oid NOT NULL,
	segment integer NOT NULL,
	box territory.stbox NOT NULL
);
COMMENT ON TABLE territory.atlas_segments IS 'Where and when the rows of each segment of a layer are.';
CREATE INDEX ON territory.atlas_segments (layer, segment);
CREATE INDEX ON territory.atlas_segments USING gist (box);

CREATE TABLE territory.atlas_places
(
	layer oid NOT NULL,
	entity text COLLATE "C",
	kind "char" NOT NULL,
	box territory.stbox NOT NULL,
	native territory.stbox
);
COMMENT ON TABLE territory.atlas_places IS
'Where entities are (kind e), where and when the hot rows of a layer can be (h), and its segments (x).';
CREATE INDEX ON territory.atlas_places (layer, entity);
CREATE INDEX ON territory.atlas_places USING gist (box);

CREATE FUNCTION territory.atlas_follow(rel oid) RETURNS void
	LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'territory_atlas_follow';
COMMENT ON FUNCTION territory.atlas_follow(oid) IS
'Makes the atlas know of a relation what it is to know; not to be called.';
REVOKE EXECUTE ON FUNCTION territory.atlas_follow(oid) FROM PUBLIC;

CREATE FUNCTION territory.atlas_follow_entity() RETURNS trigger
	LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'territory_atlas_follow_entity';
COMMENT ON FUNCTION territory.atlas_follow_entity() IS
'Keeps the places of entities in the atlas: add_layer() makes triggers that call it.';

CREATE FUNCTION territory.rebuild_atlas(layer regclass DEFAULT NULL) RETURNS void
	LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'territory_rebuild_atlas';
COMMENT ON FUNCTION territory.rebuild_atlas(regclass) IS
'Write anew what the atlas knows of a layer, and of the table of its entities'' places; of all layers, when it is left out. Waits for who writes to them, and keeps writers away until the end of the transaction. Owner only.';

CREATE FUNCTION territory.check_atlas(layer regclass DEFAULT NULL)
	RETURNS TABLE (relation regclass, difference text)
	LANGUAGE C STABLE PARALLEL RESTRICTED AS 'MODULE_PATHNAME', 'territory_check_atlas';
COMMENT ON FUNCTION territory.check_atlas(regclass) IS
'What of a layer (of all, when it is left out) the atlas does not know, or knows wrongly: no row where all is well. A layer that is not known completely is looked at by every question; rebuild_atlas() puts it right. Owner only.';

-- Questions. Strict in nothing: domains may be left out.

CREATE FUNCTION territory.around(center geometry, radius_m double precision, period tstzrange, domains text[] DEFAULT NULL)
	RETURNS TABLE (domain text, layer regclass, entity text, t timestamptz, place geometry, distance_m double precision, data jsonb)
	LANGUAGE C STABLE PARALLEL RESTRICTED COST 10000 AS 'MODULE_PATHNAME', 'territory_around';
COMMENT ON FUNCTION territory.around(geometry, double precision, tstzrange, text[]) IS
'What all layers (those of these domains) have within radius_m metres of a geometry (geodesic distance, as ST_DWithin on geography) during a period, nearest first: observations with their instant, and entities that have none, which are there at any time. place is in the SRID of center; data holds the other columns that the caller may read. A null period is all time. Layers that the caller may not read are left out; policies count. Errors: a center without an SRID, a radius below 0 (22023), a domain that does not exist (42704).';

CREATE FUNCTION territory.inside(area geometry, period tstzrange, domains text[] DEFAULT NULL)
	RETURNS TABLE (domain text, layer regclass, entity text, t timestamptz, place geometry, data jsonb)
	LANGUAGE C STABLE PARALLEL RESTRICTED COST 10000 AS 'MODULE_PATHNAME', 'territory_inside';
COMMENT ON FUNCTION territory.inside(geometry, tstzrange, text[]) IS
'What all layers (those of these domains) have in an area (ST_Intersects, in the SRID of the area) during a period; as territory.around() otherwise, in no order.';

CREATE FUNCTION territory.situation(area geometry, at timestamptz DEFAULT now(), domains text[] DEFAULT NULL)
	RETURNS TABLE (domain text, layer regclass, entity text, t timestamptz, place geometry, data jsonb)
	LANGUAGE C STABLE PARALLEL RESTRICTED COST 10000 AS 'MODULE_PATHNAME', 'territory_situation';
COMMENT ON FUNCTION territory.situation(geometry, timestamptz, text[]) IS
'The last state, at that instant or before, of every entity of all layers (those of these domains) that is in the area: of what moves, where the last known position is in the area; of what has its place in another table, or no time, where that place is now. As territory.inside() otherwise.';
