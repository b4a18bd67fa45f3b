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
