-- Layers: the tables that the territory knows, of any kind.
--
-- A layer is a relation (a territory table, a plain, partitioned or foreign
-- one, a view) with its domain, what its columns mean, and who answers for it.
-- The relation is a regclass, so it may be renamed and moved; its columns are
-- kept by name, for readers and dumps, and by number, so that they may be
-- renamed, too.

CREATE TABLE territory.layers
(
	rel regclass PRIMARY KEY,
	domain text NOT NULL REFERENCES territory.domains,
	title text NOT NULL CHECK (title <> ''),
	description text,
	-- owner of the data; the domain's organisation, where nothing is said
	organisation text REFERENCES territory.organisations,
	licence text,
	keywords text[],
	-- who, when and where: as territory.layout() gives them, or as was told
	entity_columns name[],
	time_column name,
	position_column name,
	-- where the entities are, for a layer that does not say so itself
	entity_table regclass,
	entity_key name,
	entity_position name,
	-- of position_column, or else of entity_position
	srid integer,
	-- by column: UCUM units, observed properties, the lowest and highest plausible value
	units jsonb NOT NULL DEFAULT '{}',
	properties jsonb NOT NULL DEFAULT '{}',
	limits jsonb NOT NULL DEFAULT '{}',
	-- how often an entity reports
	every interval CHECK (every > interval '0'),
	created_at timestamptz NOT NULL DEFAULT now(),
	-- the relation's oid when the numbers were stored: where it differs, this
	-- comes from a dump, and names count
	stored_for oid NOT NULL,
	column_numbers jsonb NOT NULL,
	place_numbers int2[]
);
COMMENT ON TABLE territory.layers IS
'The tables that the territory knows: their domain, their layout, what their columns measure and in which unit. See territory.add_layer().';
CREATE INDEX ON territory.layers (domain);
CREATE INDEX ON territory.layers (organisation);
-- not those of relations that went without telling
SELECT pg_catalog.pg_extension_config_dump('territory.layers',
	$$WHERE EXISTS (SELECT FROM pg_catalog.pg_class c WHERE c.oid = rel)$$);
GRANT SELECT ON territory.layers TO PUBLIC;

CREATE FUNCTION territory.postgis_schema() RETURNS text
	LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT pg_catalog.quote_ident(n.nspname) FROM pg_catalog.pg_extension e
	JOIN pg_catalog.pg_namespace n ON n.oid = e.extnamespace WHERE e.extname = 'postgis';
END;
COMMENT ON FUNCTION territory.postgis_schema() IS 'The schema of PostGIS, quoted for SQL that is put together.';

CREATE FUNCTION territory.column_number(rel regclass, column_name name) RETURNS int2
	LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT a.attnum FROM pg_catalog.pg_attribute a
	WHERE a.attrelid = rel::oid AND a.attname = column_name AND a.attnum > 0 AND NOT a.attisdropped;
END;
COMMENT ON FUNCTION territory.column_number(regclass, name) IS 'The attribute number of a column; null where there is none.';

CREATE FUNCTION territory.column_srid(rel regclass, column_name name) RETURNS integer
	LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT CASE t.typname
			WHEN 'geometry' THEN nullif(postgis_typmod_srid(a.atttypmod), 0)
			WHEN 'geography' THEN coalesce(nullif(postgis_typmod_srid(a.atttypmod), 0), 4326) END
	FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
	WHERE a.attrelid = rel::oid AND a.attname = column_name AND a.attnum > 0 AND NOT a.attisdropped;
END;
COMMENT ON FUNCTION territory.column_srid(regclass, name) IS
'The SRID that a geometry or geography column declares; null where it declares none.';

CREATE FUNCTION territory.numbered_columns(rel regclass, names name[]) RETURNS jsonb
	LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT coalesce(pg_catalog.jsonb_object_agg(a.attname, a.attnum), '{}'::jsonb)
	FROM pg_catalog.pg_attribute a
	WHERE a.attrelid = rel::oid AND a.attname = ANY (names) AND a.attnum > 0 AND NOT a.attisdropped;
END;
COMMENT ON FUNCTION territory.numbered_columns(regclass, name[]) IS
'The attribute numbers of columns by name, as layers keep them.';

CREATE FUNCTION territory.layer_column_names(layer territory.layers) RETURNS name[]
	LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT coalesce((layer).entity_columns, '{}') || array_remove(ARRAY[(layer).time_column, (layer).position_column], NULL)
		|| ARRAY(SELECT k::name FROM pg_catalog.jsonb_object_keys((layer).units || (layer).properties || (layer).limits) k);
END;
COMMENT ON FUNCTION territory.layer_column_names(territory.layers) IS 'Every column that a layer names.';

-- What makes a relation a layer.

CREATE FUNCTION territory.check_layer_relation(caller regrole, rel regclass) RETURNS void
	LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	relation pg_class;
BEGIN
	IF rel IS NULL THEN
		RAISE null_value_not_allowed USING MESSAGE = 'a layer is a table', HINT = 'Name it, as in ''water.readings''.';
	END IF;
	SELECT * INTO relation FROM pg_class WHERE oid = rel;
	IF NOT FOUND THEN
		RAISE undefined_table USING MESSAGE = format('relation with OID %s does not exist', rel::oid);
	END IF;
	IF relation.relkind NOT IN ('r', 'p', 'f', 'm', 'v') THEN
		RAISE wrong_object_type USING MESSAGE = format('%s is not a table or a view', rel),
			HINT = 'Layers are tables, partitioned and foreign tables, views and materialized views.';
	END IF;
	IF relation.relpersistence = 't' OR relation.relnamespace IN ('pg_catalog'::regnamespace, 'information_schema'::regnamespace,
		'pg_toast'::regnamespace, 'territory'::regnamespace) THEN
		RAISE wrong_object_type USING MESSAGE = format('%s cannot be a layer', rel),
			HINT = 'Temporary tables, system catalogs and the territory''s own tables are no layers.';
	END IF;
	IF NOT pg_has_role(caller::oid, relation.relowner, 'USAGE') THEN
		RAISE insufficient_privilege USING MESSAGE = format('must be owner of table %s', rel);
	END IF;
END $$;
COMMENT ON FUNCTION territory.check_layer_relation(regrole, regclass) IS
'An error where a relation cannot be a layer, or the caller does not own it; not to be called.';

-- an error that names the column, where one of them does not exist
CREATE FUNCTION territory.check_columns_exist(rel regclass, names name[]) RETURNS void
	LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	wanted name;
BEGIN
	FOREACH wanted IN ARRAY names LOOP
		IF territory.column_number(rel, wanted) IS NULL THEN
			RAISE undefined_column USING MESSAGE = format('column "%s" of %s does not exist', wanted, rel),
				HINT = 'Name columns as pg_attribute spells them.';
		END IF;
	END LOOP;
END $$;
COMMENT ON FUNCTION territory.check_columns_exist(regclass, name[]) IS 'An error where a column does not exist; not to be called.';

-- what a column can be to a layer
CREATE FUNCTION territory.column_is(rel regclass, column_name name, kind text) RETURNS boolean
	LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT coalesce((SELECT CASE kind
			WHEN 'time' THEN b.base IN ('timestamptz'::regtype, 'timestamp'::regtype, 'date'::regtype)
			WHEN 'position' THEN t.typname IN ('geometry', 'geography')
			ELSE b.base IN ('int2'::regtype, 'int4'::regtype, 'int8'::regtype, 'float4'::regtype, 'float8'::regtype, 'numeric'::regtype) END
		FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_type t ON t.oid = a.atttypid,
			LATERAL (SELECT CASE WHEN t.typtype = 'd' THEN t.typbasetype ELSE t.oid END) b(base)
		WHERE a.attrelid = rel::oid AND a.attname = column_name AND a.attnum > 0 AND NOT a.attisdropped), false);
END;
COMMENT ON FUNCTION territory.column_is(regclass, name, text) IS
'Whether a column is a time, a position or a number, by its type.';

CREATE FUNCTION territory.check_layer(layer territory.layers) RETURNS void
	LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	field text;
	document jsonb;
	item record;
BEGIN
	PERFORM territory.check_columns_exist(layer.rel,
		coalesce(layer.entity_columns, '{}') || array_remove(ARRAY[layer.time_column, layer.position_column], NULL));
	FOR field, document IN VALUES ('units', layer.units), ('properties', layer.properties), ('limits', layer.limits) LOOP
		IF jsonb_typeof(document) <> 'object' THEN
			RAISE invalid_parameter_value USING MESSAGE = format('%s is a JSON object by column', field),
				HINT = CASE field WHEN 'limits' THEN 'As in {"temperature": [-40, 60]}.' ELSE 'As in {"temperature": "Cel"}.' END;
		END IF;
		PERFORM territory.check_columns_exist(layer.rel, ARRAY(SELECT k::name FROM jsonb_object_keys(document) k));
		FOR item IN SELECT * FROM jsonb_each(document) LOOP
			IF (CASE WHEN field <> 'limits' THEN jsonb_typeof(item.value) <> 'string'
				WHEN jsonb_typeof(item.value) <> 'array' OR jsonb_array_length(item.value) <> 2 THEN true
				ELSE EXISTS (SELECT FROM jsonb_array_elements(item.value) v WHERE jsonb_typeof(v) NOT IN ('number', 'null'))
					OR (item.value->>0)::numeric > (item.value->>1)::numeric END) THEN
				RAISE invalid_parameter_value USING MESSAGE = format('%s of column "%s" cannot be %s', field, item.key, item.value),
					HINT = CASE field WHEN 'limits' THEN 'Give the lowest and the highest number; null where there is none.'
						WHEN 'units' THEN 'Give the UCUM code as a string, as in "Cel", "m3/h" or "%".'
						ELSE 'Give the observed property as a string.' END;
			END IF;
		END LOOP;
	END LOOP;
	IF layer.time_column IS NOT NULL AND NOT territory.column_is(layer.rel, layer.time_column, 'time') THEN
		RAISE datatype_mismatch USING MESSAGE = format('column "%s" of %s is not a time', layer.time_column, layer.rel),
			HINT = 'A time column is timestamptz, timestamp or date.';
	END IF;
	IF layer.position_column IS NOT NULL AND NOT territory.column_is(layer.rel, layer.position_column, 'position') THEN
		RAISE datatype_mismatch USING MESSAGE = format('column "%s" of %s is not a position', layer.position_column, layer.rel),
			HINT = 'A position column is PostGIS''s geometry or geography.';
	END IF;
	SELECT key INTO item FROM jsonb_object_keys(layer.limits) key WHERE NOT territory.column_is(layer.rel, key::name, 'number');
	IF FOUND THEN
		RAISE datatype_mismatch USING MESSAGE = format('column "%s" of %s is not a number', item.key, layer.rel),
			HINT = 'Limits are of integer, floating-point and numeric columns.';
	END IF;
	IF (layer.entity_table IS NULL) <> (layer.entity_key IS NULL) OR (layer.entity_table IS NULL) <> (layer.entity_position IS NULL) THEN
		RAISE invalid_parameter_value USING MESSAGE = 'entity_table, entity_key and entity_position go together',
			HINT = 'Name the table of the entities'' places, its key and its position, or none of them.';
	END IF;
	IF layer.entity_table IS NOT NULL THEN
		PERFORM territory.check_columns_exist(layer.entity_table, ARRAY[layer.entity_key, layer.entity_position]);
		IF NOT territory.column_is(layer.entity_table, layer.entity_position, 'position') THEN
			RAISE datatype_mismatch USING MESSAGE = format('column "%s" of %s is not a position', layer.entity_position,
					layer.entity_table), HINT = 'A position column is PostGIS''s geometry or geography.';
		END IF;
	END IF;
END $$;
COMMENT ON FUNCTION territory.check_layer(territory.layers) IS
'An error where what is said of a layer does not fit its table; not to be called.';

-- Restores and renames.

CREATE FUNCTION territory.number_layer_columns() RETURNS trigger
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	NEW.column_numbers := territory.numbered_columns(NEW.rel, territory.layer_column_names(NEW));
	NEW.place_numbers := CASE WHEN NEW.entity_table IS NOT NULL THEN ARRAY[territory.column_number(NEW.entity_table, NEW.entity_key),
		territory.column_number(NEW.entity_table, NEW.entity_position)] END;
	NEW.stored_for := NEW.rel::oid;
	RETURN NEW;
END $$;
COMMENT ON FUNCTION territory.number_layer_columns() IS 'Gives a layer the numbers of the columns that it names.';
CREATE TRIGGER number_layer_columns BEFORE INSERT OR UPDATE ON territory.layers FOR EACH ROW
	WHEN (NEW.stored_for <> NEW.rel::oid) EXECUTE FUNCTION territory.number_layer_columns();

-- the object with its keys, columns by number, called as they are now; those of dropped ones go
CREATE FUNCTION territory.follow_keys(rel regclass, by_column jsonb, column_numbers jsonb) RETURNS jsonb
	LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT coalesce(pg_catalog.jsonb_object_agg(a.attname, e.value), '{}'::jsonb)
	FROM pg_catalog.jsonb_each(by_column) e
	JOIN pg_catalog.pg_attribute a ON a.attrelid = rel::oid AND a.attnum = (column_numbers->>e.key)::int2 AND NOT a.attisdropped;
END;
COMMENT ON FUNCTION territory.follow_keys(regclass, jsonb, jsonb) IS
'What is kept by column, under the columns'' names of now; not to be called.';

CREATE FUNCTION territory.follow_column(rel regclass, number integer) RETURNS name
	LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT a.attname FROM pg_catalog.pg_attribute a WHERE a.attrelid = rel::oid AND a.attnum = number AND NOT a.attisdropped;
END;
COMMENT ON FUNCTION territory.follow_column(regclass, integer) IS 'The name of a column of now; null where it was dropped.';

-- A stored layout knows the places' columns by name only.
CREATE FUNCTION territory.layers_to_layouts() RETURNS void
	LANGUAGE sql VOLATILE PARALLEL UNSAFE
BEGIN ATOMIC
	UPDATE territory.layouts o SET entity_table = l.entity_table, entity_key = l.entity_key, entity_position = l.entity_position
	FROM territory.layers l
	WHERE l.rel = o.relation AND l.stored_for = l.rel::oid AND o.entity_table IS NOT NULL
		AND (o.entity_table, o.entity_key, o.entity_position) IS DISTINCT FROM (l.entity_table, l.entity_key, l.entity_position);
END;
COMMENT ON FUNCTION territory.layers_to_layouts() IS
'Tells stored layouts what became of the tables of their entities'' places; not to be called.';

CREATE FUNCTION territory.follow_layers() RETURNS event_trigger
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	-- what pg_restore --disable-triggers brought
	UPDATE territory.layers SET stored_for = stored_for WHERE stored_for <> rel::oid;
	UPDATE territory.layers l SET entity_columns = n.entity_columns, time_column = n.time_column,
		position_column = n.position_column, units = n.units, properties = n.properties, limits = n.limits,
		entity_table = CASE WHEN n.entity_key IS NOT NULL AND n.entity_position IS NOT NULL THEN l.entity_table END,
		entity_key = CASE WHEN n.entity_position IS NOT NULL THEN n.entity_key END,
		entity_position = CASE WHEN n.entity_key IS NOT NULL THEN n.entity_position END,
		srid = CASE WHEN n.position_column IS NOT NULL OR n.entity_position IS NOT NULL THEN l.srid END,
		-- the trigger numbers them anew
		stored_for = 0
	FROM territory.layers o, LATERAL (SELECT
		(SELECT array_agg(territory.follow_column(o.rel, (o.column_numbers->>e)::int) ORDER BY i)
			FILTER (WHERE territory.follow_column(o.rel, (o.column_numbers->>e)::int) IS NOT NULL)
			FROM unnest(o.entity_columns) WITH ORDINALITY u(e, i)) AS entity_columns,
		-- a column that ALTER TYPE made something else is no longer what it was
		(SELECT c FROM territory.follow_column(o.rel, (o.column_numbers->>o.time_column)::int) c
			WHERE territory.column_is(o.rel, c, 'time')) AS time_column,
		(SELECT c FROM territory.follow_column(o.rel, (o.column_numbers->>o.position_column)::int) c
			WHERE territory.column_is(o.rel, c, 'position')) AS position_column,
		territory.follow_keys(o.rel, o.units, o.column_numbers) AS units,
		territory.follow_keys(o.rel, o.properties, o.column_numbers) AS properties,
		(SELECT coalesce(jsonb_object_agg(f.key, f.value), '{}')
			FROM jsonb_each(territory.follow_keys(o.rel, o.limits, o.column_numbers)) f
			WHERE territory.column_is(o.rel, f.key::name, 'number')) AS limits,
		territory.follow_column(o.entity_table, o.place_numbers[1]) AS entity_key,
		(SELECT c FROM territory.follow_column(o.entity_table, o.place_numbers[2]) c
			WHERE territory.column_is(o.entity_table, c, 'position')) AS entity_position) n
	WHERE l.rel = o.rel AND (l.entity_columns, l.time_column, l.position_column, l.units, l.properties, l.limits,
			l.entity_key, l.entity_position)
		IS DISTINCT FROM (n.entity_columns, n.time_column, n.position_column, n.units, n.properties, n.limits,
			n.entity_key, n.entity_position);
	PERFORM territory.layers_to_layouts();
END $$;
COMMENT ON FUNCTION territory.follow_layers() IS 'Keeps the names that layers know columns by.';
CREATE EVENT TRIGGER territory_follow_layers ON ddl_command_end
	WHEN TAG IN ('ALTER TABLE', 'ALTER MATERIALIZED VIEW', 'ALTER VIEW', 'ALTER FOREIGN TABLE')
	EXECUTE FUNCTION territory.follow_layers();

CREATE FUNCTION territory.forget_dropped_layers() RETURNS event_trigger
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	DELETE FROM territory.layers l USING pg_event_trigger_dropped_objects() d
	WHERE d.classid = 'pg_class'::regclass AND d.objsubid = 0 AND l.rel::oid = d.objid;
	UPDATE territory.layers l SET entity_table = NULL, entity_key = NULL, entity_position = NULL, place_numbers = NULL
	FROM pg_event_trigger_dropped_objects() d
	WHERE d.classid = 'pg_class'::regclass AND d.objsubid = 0 AND l.entity_table::oid = d.objid;
	PERFORM territory.layers_to_layouts();
END $$;
COMMENT ON FUNCTION territory.forget_dropped_layers() IS 'Takes dropped tables out of the territory.';
CREATE EVENT TRIGGER territory_forget_dropped_layers ON sql_drop EXECUTE FUNCTION territory.forget_dropped_layers();

-- A stored layout is the layer's, whatever was told to which of them.
CREATE FUNCTION territory.layout_to_layer() RETURNS trigger
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	UPDATE territory.layers l SET entity_columns = n.entity_columns, time_column = n.time_column,
		position_column = n.position_column, entity_table = n.entity_table, entity_key = n.entity_key,
		entity_position = n.entity_position, stored_for = 0,
		srid = coalesce(territory.column_srid(l.rel, n.position_column), territory.column_srid(n.entity_table, n.entity_position), l.srid)
	FROM territory.layout(NEW.relation) n
	WHERE l.rel = NEW.relation AND l.stored_for = l.rel::oid
		AND (l.entity_columns, l.time_column, l.position_column, l.entity_table, l.entity_key, l.entity_position)
			IS DISTINCT FROM (n.entity_columns, n.time_column, n.position_column, n.entity_table, n.entity_key, n.entity_position);
	RETURN NULL;
END $$;
COMMENT ON FUNCTION territory.layout_to_layer() IS 'Tells a layer the layout that set_layout() stored.';
CREATE TRIGGER layout_to_layer AFTER INSERT OR UPDATE ON territory.layouts FOR EACH ROW
	EXECUTE FUNCTION territory.layout_to_layer();

-- Adding and removing.

CREATE FUNCTION territory.store_layer(layer territory.layers, existing boolean) RETURNS void
	LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'territory_for_caller';
COMMENT ON FUNCTION territory.store_layer(territory.layers, boolean) IS 'Writes for add_layer() and set_layer(); call these.';

-- what set_layer() leaves out stays; a null in a JSON object takes that column out of it
CREATE FUNCTION territory.merge_layer(was territory.layers, layer territory.layers) RETURNS territory.layers
	LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	layer.domain := coalesce(layer.domain, was.domain);
	layer.title := coalesce(layer.title, was.title);
	layer.description := coalesce(layer.description, was.description);
	layer.organisation := coalesce(layer.organisation, was.organisation);
	layer.licence := coalesce(layer.licence, was.licence);
	layer.keywords := coalesce(layer.keywords, was.keywords);
	layer.units := jsonb_strip_nulls(was.units || coalesce(layer.units, '{}'));
	layer.properties := jsonb_strip_nulls(was.properties || coalesce(layer.properties, '{}'));
	layer.limits := jsonb_strip_nulls(was.limits || coalesce(layer.limits, '{}'));
	layer.every := coalesce(layer.every, was.every);
	layer.entity_columns := coalesce(layer.entity_columns, was.entity_columns);
	layer.time_column := coalesce(layer.time_column, was.time_column);
	layer.position_column := coalesce(layer.position_column, was.position_column);
	IF layer.entity_table IS NULL AND layer.entity_key IS NULL AND layer.entity_position IS NULL THEN
		layer.entity_table := was.entity_table;
		layer.entity_key := was.entity_key;
		layer.entity_position := was.entity_position;
	END IF;
	layer.srid := coalesce(layer.srid, was.srid);
	layer.created_at := was.created_at;
	RETURN layer;
END $$;
COMMENT ON FUNCTION territory.merge_layer(territory.layers, territory.layers) IS
'A layer as it was, changed by what is not null of another; not to be called.';

CREATE FUNCTION territory.check_layer_owners(caller regrole, layer territory.layers) RETURNS void
	LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	holder regrole;
BEGIN
	SELECT d.steward INTO holder FROM territory.domains d WHERE d.code = layer.domain;
	IF NOT FOUND THEN
		RAISE undefined_object USING MESSAGE = format('domain "%s" does not exist', layer.domain),
			HINT = 'Add it with territory.add_domain(); territory.domains lists them.';
	END IF;
	PERFORM territory.check_steward(caller, holder, format('domain "%s"', layer.domain));
	IF layer.organisation IS NOT NULL THEN
		SELECT o.steward INTO holder FROM territory.organisations o WHERE o.code = layer.organisation;
		IF NOT FOUND THEN
			RAISE undefined_object USING MESSAGE = format('organisation "%s" does not exist', layer.organisation),
				HINT = 'Add it with territory.add_organisation().';
		END IF;
		PERFORM territory.check_steward(caller, holder, format('organisation "%s"', layer.organisation));
	END IF;
END $$;
COMMENT ON FUNCTION territory.check_layer_owners(regrole, territory.layers) IS
'An error where the caller does not look after the domain and the organisation of a layer; not to be called.';

CREATE FUNCTION territory.store_layer_for(caller regrole, layer territory.layers, existing boolean) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	was territory.layers;
BEGIN
	PERFORM territory.check_layer_relation(caller, layer.rel);
	IF existing THEN
		SELECT * INTO was FROM territory.layers l WHERE l.rel = layer.rel FOR UPDATE;
		IF NOT FOUND THEN
			RAISE undefined_object USING MESSAGE = format('%s is not a layer', layer.rel),
				HINT = 'Make it one with territory.add_layer().';
		END IF;
		layer := territory.merge_layer(was, layer);
	ELSE
		layer.created_at := now();
	END IF;
	PERFORM territory.check_layer_owners(caller, layer);
	IF coalesce(layer.title, '') = '' THEN
		RAISE null_value_not_allowed USING MESSAGE = 'a layer needs a title';
	END IF;
	IF layer.every <= interval '0' THEN
		RAISE invalid_parameter_value USING MESSAGE = 'every has to be a positive interval';
	END IF;
	PERFORM territory.check_layer(layer);
	layer.srid := coalesce(territory.column_srid(layer.rel, layer.position_column),
		territory.column_srid(layer.entity_table, layer.entity_position), layer.srid);
	-- the trigger numbers its columns
	layer.stored_for := 0;
	INSERT INTO territory.layers SELECT layer.*
	ON CONFLICT ON CONSTRAINT layers_pkey DO UPDATE SET (domain, title, description, organisation, licence, keywords,
		entity_columns, time_column, position_column, entity_table, entity_key, entity_position, srid, units, properties,
		limits, every, stored_for) = (excluded.domain, excluded.title, excluded.description, excluded.organisation,
		excluded.licence, excluded.keywords, excluded.entity_columns, excluded.time_column, excluded.position_column,
		excluded.entity_table, excluded.entity_key, excluded.entity_position, excluded.srid, excluded.units,
		excluded.properties, excluded.limits, excluded.every, 0)
	WHERE existing;
	IF NOT FOUND THEN
		RAISE duplicate_object USING MESSAGE = format('%s is a layer already', layer.rel),
			HINT = 'Change it with territory.set_layer(), or take it out with territory.remove_layer() first.';
	END IF;
EXCEPTION WHEN foreign_key_violation THEN
	RAISE undefined_object USING MESSAGE = format('domain "%s" was removed', layer.domain);
END $$;
COMMENT ON FUNCTION territory.store_layer_for(regrole, territory.layers, boolean) IS
'What store_layer() does for its caller; not to be called.';
REVOKE EXECUTE ON FUNCTION territory.store_layer_for(regrole, territory.layers, boolean) FROM PUBLIC;

-- What is told of a territory table's layout is told to its scans, too.
CREATE FUNCTION territory.layer_to_layout(layer_rel regclass) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	layer territory.layers;
	stored record;
BEGIN
	SELECT * INTO layer FROM territory.layers l WHERE l.rel = layer_rel;
	SELECT * INTO stored FROM territory.layout(layer_rel);
	IF (layer.entity_columns, layer.time_column, layer.position_column, layer.entity_table, layer.entity_key, layer.entity_position)
			IS DISTINCT FROM (stored.entity_columns, stored.time_column, stored.position_column, stored.entity_table,
				stored.entity_key, stored.entity_position)
		AND EXISTS (SELECT FROM pg_class c JOIN pg_am a ON a.oid = c.relam
			WHERE c.oid = layer_rel AND a.amname = 'territory' AND c.relkind IN ('r', 'm')) THEN
		PERFORM territory.set_layout(layer_rel, layer.entity_columns, layer.time_column, layer.position_column, stored.time_zone,
			stored.other_zone, layer.entity_table, layer.entity_key, layer.entity_position);
	END IF;
END $$;
COMMENT ON FUNCTION territory.layer_to_layout(regclass) IS
'Stores as the layout of a territory table what its layer says; not to be called.';

CREATE FUNCTION territory.add_layer(rel regclass, domain text, title text, description text DEFAULT NULL,
	organisation text DEFAULT NULL, licence text DEFAULT NULL, keywords text[] DEFAULT NULL, units jsonb DEFAULT NULL,
	properties jsonb DEFAULT NULL, limits jsonb DEFAULT NULL, every interval DEFAULT NULL,
	entity_columns name[] DEFAULT NULL, time_column name DEFAULT NULL, position_column name DEFAULT NULL,
	entity_table regclass DEFAULT NULL, entity_key name DEFAULT NULL, entity_position name DEFAULT NULL,
	srid integer DEFAULT NULL) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	stored record;
	layer territory.layers;
BEGIN
	PERFORM territory.check_layer_relation(quote_ident(current_user)::regrole, rel);
	-- this locks the relation, so that nobody drops it meanwhile
	SELECT * INTO stored FROM territory.layout(rel);
	IF entity_table IS NULL AND entity_key IS NULL AND entity_position IS NULL THEN
		entity_table := stored.entity_table;
		entity_key := stored.entity_key;
		entity_position := stored.entity_position;
	END IF;
	SELECT rel, domain, title, description, organisation, licence, keywords, coalesce(units, '{}'), coalesce(properties, '{}'),
		coalesce(limits, '{}'), every, coalesce(entity_columns, stored.entity_columns), coalesce(time_column, stored.time_column),
		coalesce(position_column, stored.position_column), entity_table, entity_key, entity_position, srid, '{}'
	INTO layer.rel, layer.domain, layer.title, layer.description, layer.organisation, layer.licence, layer.keywords, layer.units,
		layer.properties, layer.limits, layer.every, layer.entity_columns, layer.time_column, layer.position_column,
		layer.entity_table, layer.entity_key, layer.entity_position, layer.srid, layer.column_numbers;
	PERFORM territory.store_layer(layer, false);
	PERFORM territory.layer_to_layout(rel);
END $$;
COMMENT ON FUNCTION territory.add_layer(regclass, text, text, text, text, text, text[], jsonb, jsonb, jsonb, interval, name[], name, name, regclass, name, name, integer) IS
'Make a table, partitioned or foreign table, view or materialized view a layer of a domain. Its entity, time and position columns are detected (see layout()) or told; units (UCUM), properties (what is observed) and limits ([lowest, highest]) are JSON objects by column; every is how often an entity reports. For the owner of the table who is a member of the domain''s steward (and of the organisation''s, where one is named).';

CREATE FUNCTION territory.set_layer(rel regclass, domain text DEFAULT NULL, title text DEFAULT NULL, description text DEFAULT NULL,
	organisation text DEFAULT NULL, licence text DEFAULT NULL, keywords text[] DEFAULT NULL, units jsonb DEFAULT NULL,
	properties jsonb DEFAULT NULL, limits jsonb DEFAULT NULL, every interval DEFAULT NULL,
	entity_columns name[] DEFAULT NULL, time_column name DEFAULT NULL, position_column name DEFAULT NULL,
	entity_table regclass DEFAULT NULL, entity_key name DEFAULT NULL, entity_position name DEFAULT NULL,
	srid integer DEFAULT NULL) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	layer territory.layers;
BEGIN
	SELECT rel, domain, title, description, organisation, licence, keywords, units, properties, limits, every, entity_columns,
		time_column, position_column, entity_table, entity_key, entity_position, srid, '{}'
	INTO layer.rel, layer.domain, layer.title, layer.description, layer.organisation, layer.licence, layer.keywords, layer.units,
		layer.properties, layer.limits, layer.every, layer.entity_columns, layer.time_column, layer.position_column,
		layer.entity_table, layer.entity_key, layer.entity_position, layer.srid, layer.column_numbers;
	PERFORM territory.store_layer(layer, true);
	PERFORM territory.layer_to_layout(rel);
END $$;
COMMENT ON FUNCTION territory.set_layer(regclass, text, text, text, text, text, text[], jsonb, jsonb, jsonb, interval, name[], name, name, regclass, name, name, integer) IS
'Change what is said of a layer: what is left out stays, and a column whose value is null in units, properties or limits is taken out there. For who may add it.';

CREATE FUNCTION territory.erase_layer(rel regclass) RETURNS void
	LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'territory_for_caller';
COMMENT ON FUNCTION territory.erase_layer(regclass) IS 'Writes for remove_layer(); call that.';

CREATE FUNCTION territory.erase_layer_for(caller regrole, rel regclass) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_variable
DECLARE
	layer territory.layers;
	holder regrole;
BEGIN
	IF rel IS NULL THEN
		RAISE null_value_not_allowed USING MESSAGE = 'a layer is a table', HINT = 'Name it, as in ''water.readings''.';
	END IF;
	SELECT * INTO layer FROM territory.layers l WHERE l.rel = $2 FOR UPDATE;
	IF NOT FOUND THEN
		RAISE undefined_object USING MESSAGE = format('%s is not a layer', rel), HINT = 'See territory.layers.';
	END IF;
	SELECT d.steward INTO holder FROM territory.domains d WHERE d.code = layer.domain;
	IF NOT pg_has_role(caller::oid, holder::oid, 'USAGE')
		AND NOT EXISTS (SELECT FROM pg_class c WHERE c.oid = rel AND pg_has_role(caller::oid, c.relowner, 'USAGE')) THEN
		RAISE insufficient_privilege USING MESSAGE = format('must be owner of table %s', rel),
			HINT = format('The steward of domain "%s", %s, may remove it, too.', layer.domain, holder);
	END IF;
	DELETE FROM territory.layers l WHERE l.rel = $2;
END $$;
COMMENT ON FUNCTION territory.erase_layer_for(regrole, regclass) IS 'What erase_layer() does for its caller; not to be called.';
REVOKE EXECUTE ON FUNCTION territory.erase_layer_for(regrole, regclass) FROM PUBLIC;

CREATE FUNCTION territory.remove_layer(rel regclass) RETURNS void
	LANGUAGE sql VOLATILE PARALLEL UNSAFE
BEGIN ATOMIC
	SELECT territory.erase_layer(rel);
END;
COMMENT ON FUNCTION territory.remove_layer(regclass) IS
'Take a table out of the territory: it stays as it is, with its rows and its grants. For its owner, and members of its domain''s steward.';
