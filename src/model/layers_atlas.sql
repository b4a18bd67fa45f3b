-- The atlas follows what is said of layers, and what happens to their tables.

CREATE FUNCTION territory.follow_layer_in_atlas() RETURNS trigger
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF TG_OP <> 'INSERT' THEN
		PERFORM territory.atlas_follow(OLD.rel::oid);
		IF OLD.entity_table IS NOT NULL THEN
			PERFORM territory.atlas_follow(OLD.entity_table::oid);
		END IF;
	END IF;
	IF TG_OP <> 'DELETE' THEN
		PERFORM territory.atlas_follow(NEW.rel::oid);
	END IF;
	RETURN NULL;
END $$;
COMMENT ON FUNCTION territory.follow_layer_in_atlas() IS 'Tells the atlas of layers that come, change and go.';
REVOKE EXECUTE ON FUNCTION territory.follow_layer_in_atlas() FROM PUBLIC;
CREATE TRIGGER follow_layer_in_atlas AFTER INSERT OR DELETE OR
	UPDATE OF rel, entity_columns, time_column, position_column, entity_table, entity_key, entity_position, srid, stored_for
	ON territory.layers FOR EACH ROW EXECUTE FUNCTION territory.follow_layer_in_atlas();

-- What rewrites a table, makes it another access method's, or turns triggers off.
CREATE FUNCTION territory.follow_tables_in_atlas() RETURNS event_trigger
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	PERFORM territory.atlas_follow(t.rel)
	FROM (SELECT rel::oid FROM territory.layers UNION SELECT entity_table::oid FROM territory.layers) t(rel)
	WHERE t.rel IN (SELECT objid FROM pg_event_trigger_ddl_commands() WHERE classid = 'pg_class'::regclass);
END $$;
COMMENT ON FUNCTION territory.follow_tables_in_atlas() IS 'Tells the atlas of tables that were altered.';
-- after territory_follow_layers, which comes before it by name
CREATE EVENT TRIGGER territory_follow_tables_in_atlas ON ddl_command_end
	WHEN TAG IN ('ALTER TABLE', 'ALTER MATERIALIZED VIEW', 'REFRESH MATERIALIZED VIEW')
	EXECUTE FUNCTION territory.follow_tables_in_atlas();
