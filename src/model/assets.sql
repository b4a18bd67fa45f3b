-- Shared equipment: one pole carries a lamp, a camera and a sensor of three services.
--
-- An asset stands at a place and is looked after by a domain; each service
-- links the entities of its own layers to it.  Who asks for its state sees of
-- each layer what their own rights let them see, and no more.

CREATE TABLE territory.assets
(
	code text PRIMARY KEY CHECK (code ~ '^[A-Za-z0-9_][A-Za-z0-9_.:-]{0,62}$'),
	kind text NOT NULL CHECK (kind <> ''),
	title text NOT NULL,
	domain text NOT NULL REFERENCES territory.domains,
	geom geometry NOT NULL,
	created_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE territory.assets IS
'Equipment of the territory that services share: poles, cabinets, stops, buildings. See territory.add_asset().';
CREATE INDEX ON territory.assets USING gist (geom);
CREATE INDEX ON territory.assets (domain);

CREATE TABLE territory.asset_links
(
	asset text NOT NULL REFERENCES territory.assets ON DELETE CASCADE,
	rel regclass NOT NULL,
	-- the values of the layer's entity columns, as text
	entity text[] NOT NULL,
	linked_at timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (asset, rel, entity)
);
COMMENT ON TABLE territory.asset_links IS
'Which entities of which layers an asset carries. See territory.link_entity().';
CREATE INDEX ON territory.asset_links (rel, entity);
SELECT pg_catalog.pg_extension_config_dump('territory.assets', '');
SELECT pg_catalog.pg_extension_config_dump('territory.asset_links',
	$$WHERE EXISTS (SELECT FROM pg_catalog.pg_class c WHERE c.oid = rel)$$);
GRANT SELECT ON territory.assets, territory.asset_links TO PUBLIC;

CREATE FUNCTION territory.geometry_problem(geom geometry, kinds text[]) RETURNS text
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT CASE WHEN geom IS NULL THEN 'is missing'
		WHEN ST_IsEmpty(geom) THEN 'is empty'
		WHEN ST_SRID(geom) = 0 THEN 'has no SRID'
		WHEN kinds IS NOT NULL AND GeometryType(geom) <> ALL (kinds) THEN 'is a ' || lower(GeometryType(geom))
		WHEN NOT ST_IsValid(geom) THEN 'is not valid: ' || ST_IsValidReason(geom) END;
END;
COMMENT ON FUNCTION territory.geometry_problem(geometry, text[]) IS
'What keeps a geometry from being a place of the territory, given the types that are allowed; null where nothing does.';

CREATE FUNCTION territory.geometry_srid(geom geometry) RETURNS integer
	LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
BEGIN ATOMIC
	SELECT ST_SRID(geom);
END;
COMMENT ON FUNCTION territory.geometry_srid(geometry) IS 'The SRID of a geometry.';

CREATE FUNCTION territory.check_domain_steward(caller regrole, code text) RETURNS void
	LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	holder regrole;
BEGIN
	SELECT d.steward INTO holder FROM territory.domains d WHERE d.code = $2;
	IF NOT FOUND THEN
		RAISE undefined_object USING MESSAGE = format('domain "%s" does not exist', $2), HINT = 'See territory.domains.';
	END IF;
	PERFORM territory.check_steward(caller, holder, format('domain "%s"', $2));
END $$;
COMMENT ON FUNCTION territory.check_domain_steward(regrole, text) IS
'An error where the caller does not look after a domain; not to be called.';

CREATE FUNCTION territory.store_asset(code text, kind text, geom geometry, domain text, title text) RETURNS void
	LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'territory_for_caller';
COMMENT ON FUNCTION territory.store_asset(text, text, geometry, text, text) IS 'Writes for add_asset(); call that.';

CREATE FUNCTION territory.store_asset_for(caller regrole, code text, kind text, geom geometry, domain text, title text) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	problem text := territory.geometry_problem($4, NULL);
	srid integer;
BEGIN
	IF $2 IS NULL OR coalesce($3, '') = '' THEN
		RAISE null_value_not_allowed USING MESSAGE = 'an asset needs a code and a kind';
	END IF;
	IF $2 !~ '^[A-Za-z0-9_][A-Za-z0-9_.:-]{0,62}$' THEN
		RAISE invalid_parameter_value USING MESSAGE = format('"%s" is not a code', $2),
			HINT = 'Codes are short and plain: letters, digits and _ . : -';
	END IF;
	PERFORM territory.check_domain_steward(caller, $5);
	IF problem IS NOT NULL THEN
		RAISE invalid_parameter_value USING MESSAGE = format('the place of asset "%s" %s', $2, problem),
			HINT = 'Give a valid geometry with its SRID, as in ST_SetSRID(ST_MakePoint(-1.68, 48.11), 4326).';
	END IF;
	SELECT territory.geometry_srid(a.geom) INTO srid FROM territory.assets a LIMIT 1;
	IF srid <> territory.geometry_srid($4) THEN
		RAISE invalid_parameter_value USING
			MESSAGE = format('the place of asset "%s" has SRID %s, the territory''s other assets have %s', $2,
				territory.geometry_srid($4), srid),
			HINT = format('Use ST_Transform(geom, %s).', srid);
	END IF;
	INSERT INTO territory.assets (code, kind, title, domain, geom) VALUES ($2, $3, coalesce($6, $3 || ' ' || $2), $5, $4);
EXCEPTION WHEN unique_violation THEN
	RAISE duplicate_object USING MESSAGE = format('asset "%s" already exists', $2);
END $$;
COMMENT ON FUNCTION territory.store_asset_for(regrole, text, text, geometry, text, text) IS
'What store_asset() does for its caller; not to be called.';
REVOKE EXECUTE ON FUNCTION territory.store_asset_for(regrole, text, text, geometry, text, text) FROM PUBLIC;

CREATE FUNCTION territory.add_asset(code text, kind text, geom geometry, domain text, title text DEFAULT NULL) RETURNS void
	LANGUAGE sql VOLATILE PARALLEL UNSAFE
BEGIN ATOMIC
	SELECT territory.store_asset(code, kind, geom, domain, title);
END;
COMMENT ON FUNCTION territory.add_asset(text, text, geometry, text, text) IS
'Register a piece of equipment that services share (a pole, a cabinet, a building), where it stands, and the domain that looks after it. All have one SRID. For members of that domain''s steward.';

CREATE FUNCTION territory.erase_asset(code text) RETURNS void
	LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'territory_for_caller';
COMMENT ON FUNCTION territory.erase_asset(text) IS 'Writes for remove_asset(); call that.';

CREATE FUNCTION territory.erase_asset_for(caller regrole, code text) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	owner text;
BEGIN
	SELECT a.domain INTO owner FROM territory.assets a WHERE a.code = $2 FOR UPDATE;
	IF NOT FOUND THEN
		RAISE undefined_object USING MESSAGE = format('asset "%s" does not exist', $2), HINT = 'See territory.assets.';
	END IF;
	PERFORM territory.check_domain_steward(caller, owner);
	DELETE FROM territory.assets a WHERE a.code = $2;
END $$;
COMMENT ON FUNCTION territory.erase_asset_for(regrole, text) IS 'What erase_asset() does for its caller; not to be called.';
REVOKE EXECUTE ON FUNCTION territory.erase_asset_for(regrole, text) FROM PUBLIC;

CREATE FUNCTION territory.remove_asset(code text) RETURNS void
	LANGUAGE sql VOLATILE PARALLEL UNSAFE
BEGIN ATOMIC
	SELECT territory.erase_asset(code);
END;
COMMENT ON FUNCTION territory.remove_asset(text) IS
'Forget a piece of equipment and what it carried; the layers keep their rows. For members of its domain''s steward.';

-- Links.

-- the condition that finds an entity's rows: $1 is the text[] of its key
CREATE FUNCTION territory.entity_condition(layer territory.layers) RETURNS text
	LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT string_agg(format('%I = $1[%s]::%s', a.attname, u.i, format_type(a.atttypid, a.atttypmod)), ' AND ' ORDER BY u.i)
	FROM pg_catalog.unnest((layer).entity_columns) WITH ORDINALITY u(column_name, i)
	JOIN pg_catalog.pg_attribute a ON a.attrelid = (layer).rel::oid AND a.attname = u.column_name AND NOT a.attisdropped;
END;
COMMENT ON FUNCTION territory.entity_condition(territory.layers) IS
'The condition by which a statement finds the rows of one entity of a layer, whose key is its first parameter, a text array.';

CREATE FUNCTION territory.store_link(asset text, layer regclass, entity text[], linked boolean) RETURNS void
	LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'territory_for_caller';
COMMENT ON FUNCTION territory.store_link(text, regclass, text[], boolean) IS
'Writes for link_entity() and unlink_entity(); call these.';

CREATE FUNCTION territory.store_link_for(caller regrole, asset text, layer regclass, entity text[], linked boolean) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	known territory.layers;
	carrier territory.assets;
	rights record;
BEGIN
	SELECT * INTO carrier FROM territory.assets a WHERE a.code = $2 FOR KEY SHARE;
	IF carrier.code IS NULL THEN
		RAISE undefined_object USING MESSAGE = format('asset "%s" does not exist', $2),
			HINT = 'Add it with territory.add_asset(); territory.assets lists them.';
	END IF;
	SELECT * INTO known FROM territory.layers l WHERE l.rel = $3 FOR KEY SHARE;
	IF known.rel IS NULL AND $5 THEN
		RAISE undefined_object USING MESSAGE = format('%s is not a layer', $3), HINT = 'Make it one with territory.add_layer().';
	END IF;
	SELECT coalesce((SELECT pg_has_role(caller::oid, c.relowner, 'USAGE') FROM pg_class c WHERE c.oid = $3), false) AS owner,
		coalesce((SELECT pg_has_role(caller::oid, d.steward::oid, 'USAGE') FROM territory.domains d WHERE d.code = known.domain), false)
			AS steward,
		coalesce((SELECT pg_has_role(caller::oid, d.steward::oid, 'USAGE') FROM territory.domains d WHERE d.code = carrier.domain),
			false) AS keeper
	INTO rights;
	IF NOT (rights.owner OR rights.steward OR (rights.keeper AND NOT $5)) THEN
		RAISE insufficient_privilege USING MESSAGE = format('must be owner of table %s', $3),
			HINT = 'The steward of its domain may link its entities, too; that of the asset''s domain may take them off.';
	END IF;
	IF NOT $5 THEN
		DELETE FROM territory.asset_links k WHERE k.asset = $2 AND k.rel = $3 AND k.entity = $4;
		IF NOT FOUND THEN
			RAISE undefined_object USING MESSAGE = format('asset "%s" does not carry entity %s of %s', $2, $4::text, $3),
				HINT = 'See territory.asset_links.';
		END IF;
		RETURN;
	END IF;
	INSERT INTO territory.asset_links (asset, rel, entity) VALUES ($2, $3, $4);
EXCEPTION WHEN unique_violation THEN
	RAISE duplicate_object USING MESSAGE = format('asset "%s" carries entity %s of %s already', $2, $4::text, $3);
END $$;
COMMENT ON FUNCTION territory.store_link_for(regrole, text, regclass, text[], boolean) IS
'What store_link() does for its caller; not to be called.';
REVOKE EXECUTE ON FUNCTION territory.store_link_for(regrole, text, regclass, text[], boolean) FROM PUBLIC;

CREATE FUNCTION territory.link_entity(asset text, layer regclass, VARIADIC entity text[]) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	known territory.layers;
	canonical text[] := '{}';
	value text;
	type_name text;
BEGIN
	SELECT * INTO known FROM territory.layers l WHERE l.rel = $2;
	IF known.rel IS NOT NULL THEN
		IF coalesce(cardinality(known.entity_columns), 0) = 0 THEN
			RAISE invalid_parameter_value USING MESSAGE = format('%s has no entity columns', $2),
				HINT = 'Name them with territory.set_layer(entity_columns => ...).';
		END IF;
		IF cardinality(entity) <> cardinality(known.entity_columns) OR array_position(entity, NULL) IS NOT NULL THEN
			RAISE invalid_parameter_value USING MESSAGE = format('an entity of %s has %s values: %s', $2,
					cardinality(known.entity_columns), array_to_string(known.entity_columns, ', ')),
				HINT = 'Give them in this order, and none that is null.';
		END IF;
		-- as their types write them, so that 017 and 17 are one number
		FOR i IN 1 .. cardinality(entity) LOOP
			SELECT format_type(a.atttypid, a.atttypmod) INTO type_name FROM pg_attribute a
			WHERE a.attrelid = $2 AND a.attname = known.entity_columns[i] AND NOT a.attisdropped;
			EXECUTE format('SELECT $1::%s::text', type_name) INTO value USING entity[i];
			canonical := canonical || value;
		END LOOP;
	END IF;
	PERFORM territory.store_link(asset, layer, canonical, true);
END $$;
COMMENT ON FUNCTION territory.link_entity(text, regclass, text[]) IS
'Say that an asset carries an entity of a layer, given by the values of the layer''s entity columns in their order. For the owner of the layer, or members of its domain''s steward.';

CREATE FUNCTION territory.unlink_entity(asset text, layer regclass, VARIADIC entity text[]) RETURNS void
	LANGUAGE sql VOLATILE PARALLEL UNSAFE
BEGIN ATOMIC
	SELECT territory.store_link(asset, layer, entity, false);
END;
COMMENT ON FUNCTION territory.unlink_entity(text, regclass, text[]) IS
'Say that an asset no longer carries an entity of a layer (as territory.asset_links has it). For who may link it, and members of the steward of the asset''s domain.';

-- State.

-- the newest row of an entity: those of its columns that the caller may read
CREATE FUNCTION territory.entity_state(layer regclass, entity text[], OUT at_time timestamptz, OUT state jsonb)
	LANGUAGE plpgsql STABLE PARALLEL RESTRICTED SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	known territory.layers;
	columns text;
	condition text;
BEGIN
	SELECT * INTO known FROM territory.layers l WHERE l.rel = $1;
	condition := territory.entity_condition(known);
	SELECT string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum) INTO columns FROM pg_attribute a
	WHERE a.attrelid = $1 AND a.attnum > 0 AND NOT a.attisdropped AND has_column_privilege(a.attrelid, a.attnum, 'SELECT')
		AND NOT a.attname = ANY (known.entity_columns);
	IF columns IS NULL OR condition IS NULL
		OR NOT has_schema_privilege((SELECT c.relnamespace FROM pg_class c WHERE c.oid = $1), 'USAGE') OR EXISTS (SELECT FROM unnest(known.entity_columns || known.time_column) c(column_name)
			WHERE column_name IS NOT NULL AND NOT has_column_privilege($1, column_name::text, 'SELECT')) THEN
		RETURN;
	END IF;
	EXECUTE format('SELECT %s, pg_catalog.to_jsonb(r) FROM (SELECT %s FROM %s WHERE %s %s LIMIT 1) r',
			coalesce(format('r.%I::timestamptz', known.time_column), 'NULL'), columns, $1, condition,
			format('AND %1$I IS NOT NULL ORDER BY %1$I DESC', known.time_column))
	INTO at_time, state USING entity;
END $$;
COMMENT ON FUNCTION territory.entity_state(regclass, text[]) IS
'The newest row of an entity of a layer, as a JSON object of the columns that the caller may read, and its time; nulls where there is none, or the caller may not read the layer.';

CREATE FUNCTION territory.asset_state(code text) RETURNS TABLE(layer regclass, domain text, title text, entity text[],
	readable boolean, at_time timestamptz, state jsonb)
	LANGUAGE plpgsql STABLE PARALLEL RESTRICTED SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
BEGIN
	IF NOT EXISTS (SELECT FROM territory.assets a WHERE a.code = $1) THEN
		RAISE undefined_object USING MESSAGE = format('asset "%s" does not exist', $1), HINT = 'See territory.assets.';
	END IF;
	RETURN QUERY SELECT l.rel, l.domain, l.title, k.entity, has_any_column_privilege(l.rel, 'SELECT')
			AND has_schema_privilege((SELECT c.relnamespace FROM pg_class c WHERE c.oid = l.rel), 'USAGE'), s.at_time, s.state
		FROM territory.asset_links k
		JOIN territory.layers l ON l.rel = k.rel
		CROSS JOIN LATERAL territory.entity_state(l.rel, k.entity) s
		WHERE k.asset = $1 ORDER BY l.domain, l.rel::text, k.entity;
END $$;
COMMENT ON FUNCTION territory.asset_state(text) IS
'Everything that an asset carries, of whichever service: a row per entity linked to it, with its newest row as the caller may read it (row security and column grants hold), or readable = false.';

CREATE FUNCTION territory.forget_dropped_links() RETURNS event_trigger
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	DELETE FROM territory.asset_links k USING pg_event_trigger_dropped_objects() d
	WHERE d.classid = 'pg_class'::regclass AND d.objsubid = 0 AND k.rel::oid = d.objid;
END $$;
COMMENT ON FUNCTION territory.forget_dropped_links() IS 'Takes entities of dropped tables off the assets.';
CREATE EVENT TRIGGER territory_forget_dropped_links ON sql_drop EXECUTE FUNCTION territory.forget_dropped_links();
