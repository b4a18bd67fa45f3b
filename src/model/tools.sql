-- Tools: the programs that read and write the layers of a domain, each as a role.
--
-- A tool's access is PostgreSQL's own grants, given by who owns the tables, so
-- that nothing stands between a driver and its table.  What is kept here is
-- which were given, so that remove_tool() takes back all of them, and when a
-- tool came and went: its row stays.

CREATE TABLE territory.tools
(
	code text NOT NULL CHECK (code ~ '^[A-Za-z0-9_][A-Za-z0-9_.:-]{0,62}$'),
	-- which may have gone since it was removed
	domain text NOT NULL,
	role regrole NOT NULL,
	title text NOT NULL,
	reads regclass[] NOT NULL,
	writes regclass[] NOT NULL,
	added_at timestamptz NOT NULL,
	added_by name NOT NULL,
	removed_at timestamptz,
	removed_by name,
	PRIMARY KEY (code, added_at)
);
-- one role, one tool: the access of one ends when it goes
CREATE UNIQUE INDEX ON territory.tools (code) WHERE removed_at IS NULL;
CREATE UNIQUE INDEX ON territory.tools (role) WHERE removed_at IS NULL;
COMMENT ON TABLE territory.tools IS
'The tools of each domain, those that were removed too: the role that each works as, and the layers that it was given. See territory.add_tool().';
SELECT pg_catalog.pg_extension_config_dump('territory.tools', '');
GRANT SELECT ON territory.tools TO PUBLIC;

CREATE FUNCTION territory.store_tool(code text, domain text, role regrole, title text, reads regclass[], writes regclass[]) RETURNS void
	LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'territory_for_caller';
COMMENT ON FUNCTION territory.store_tool(text, text, regrole, text, regclass[], regclass[]) IS 'Writes for add_tool(); call that.';

CREATE FUNCTION territory.store_tool_for(caller regrole, code text, domain text, role regrole, title text, reads regclass[],
	writes regclass[]) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	holder regrole;
BEGIN
	IF $2 IS NULL OR $4 IS NULL THEN
		RAISE null_value_not_allowed USING MESSAGE = 'a tool needs a code and a role';
	END IF;
	IF $2 !~ '^[A-Za-z0-9_][A-Za-z0-9_.:-]{0,62}$' THEN
		RAISE invalid_parameter_value USING MESSAGE = format('"%s" is not a code', $2),
			HINT = 'Codes are short and plain: letters, digits and _ . : -';
	END IF;
	-- one at a time works on the tools of a domain: grants on one table do not wait for each other
	SELECT d.steward INTO holder FROM territory.domains d WHERE d.code = $3 FOR NO KEY UPDATE;
	IF NOT FOUND THEN
		RAISE undefined_object USING MESSAGE = format('domain "%s" does not exist', $3), HINT = 'See territory.domains.';
	END IF;
	PERFORM territory.check_steward(caller, holder, format('domain "%s"', $3));
	IF EXISTS (SELECT FROM territory.tools t WHERE t.code = $2 AND t.removed_at IS NULL) THEN
		RAISE duplicate_object USING MESSAGE = format('tool "%s" already exists', $2),
			HINT = 'Remove it with territory.remove_tool() first, to add it with other layers.';
	END IF;
	IF EXISTS (SELECT FROM territory.tools t WHERE t.role = $4 AND t.removed_at IS NULL) THEN
		RAISE duplicate_object USING MESSAGE = format('role %s is another tool''s', $4),
			HINT = 'Give each tool a role of its own (CREATE ROLE ... LOGIN), so that its access ends when it goes.';
	END IF;
	INSERT INTO territory.tools (code, domain, role, title, reads, writes, added_at, added_by)
	VALUES ($2, $3, $4, coalesce($5, $2), $6, $7, clock_timestamp(), pg_get_userbyid(caller));
EXCEPTION WHEN unique_violation THEN
	RAISE duplicate_object USING MESSAGE = format('tool "%s" or its role is being added by another session', $2);
END $$;
COMMENT ON FUNCTION territory.store_tool_for(regrole, text, text, regrole, text, regclass[], regclass[]) IS
'What store_tool() does for its caller; not to be called.';
REVOKE EXECUTE ON FUNCTION territory.store_tool_for(regrole, text, text, regrole, text, regclass[], regclass[]) FROM PUBLIC;

-- A tool has what its tables' owner may give, or it is not added: GRANT alone would warn, and go on.
CREATE FUNCTION territory.check_tool_layers(domain text, layers regclass[]) RETURNS void
	LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	layer regclass;
BEGIN
	FOREACH layer IN ARRAY layers LOOP
		IF NOT EXISTS (SELECT FROM territory.layers l WHERE l.rel = layer AND l.domain = check_tool_layers.domain) THEN
			RAISE undefined_object USING MESSAGE = format('%s is not a layer of domain "%s"', layer, domain),
				HINT = 'A tool is given layers of its own domain; those of others are shared with the domain.';
		END IF;
		PERFORM territory.check_layer_relation(quote_ident(current_user)::regrole, layer);
	END LOOP;
END $$;
COMMENT ON FUNCTION territory.check_tool_layers(text, regclass[]) IS
'An error where a tool cannot be given a layer by the caller; not to be called.';

-- the sequences behind serial columns: who inserts needs them
CREATE FUNCTION territory.layer_sequences(rel regclass) RETURNS SETOF regclass
	LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT d.objid::regclass FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_class c ON c.oid = d.objid AND c.relkind = 'S'
	WHERE d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_class'::regclass AND d.refobjid = rel::oid AND d.deptype = 'a';
END;
COMMENT ON FUNCTION territory.layer_sequences(regclass) IS 'The sequences that belong to columns of a table.';

CREATE FUNCTION territory.grant_layer(layer regclass, role regrole, writes boolean) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	layer_schema regnamespace := (SELECT relnamespace FROM pg_class WHERE oid = layer);
	layer_sequence regclass;
BEGIN
	IF NOT has_schema_privilege(role, layer_schema, 'USAGE') THEN
		IF NOT (SELECT pg_has_role(nspowner, 'USAGE') FROM pg_namespace WHERE oid = layer_schema) THEN
			RAISE insufficient_privilege USING MESSAGE = format('role %s may not use schema %s', role, layer_schema),
				HINT = format('Its owner has to GRANT USAGE ON SCHEMA %s TO %s first.', layer_schema, role);
		END IF;
		EXECUTE format('GRANT USAGE ON SCHEMA %s TO %s', layer_schema, role);
	END IF;
	EXECUTE format('GRANT SELECT %s ON %s TO %s', CASE WHEN writes THEN ', INSERT' END, layer, role);
	IF writes THEN
		FOR layer_sequence IN SELECT territory.layer_sequences(layer) LOOP
			EXECUTE format('GRANT USAGE ON SEQUENCE %s TO %s', layer_sequence, role);
		END LOOP;
	END IF;
END $$;
COMMENT ON FUNCTION territory.grant_layer(regclass, regrole, boolean) IS
'Give a role a layer to read, or to read and add rows to, by the caller''s own right to grant it.';

CREATE FUNCTION territory.add_tool(code text, domain text, role regrole, title text DEFAULT NULL, reads regclass[] DEFAULT NULL,
	writes regclass[] DEFAULT '{}') RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_variable
DECLARE
	layer regclass;
BEGIN
	writes := ARRAY(SELECT DISTINCT w FROM unnest(coalesce(writes, '{}')) w WHERE w IS NOT NULL ORDER BY w);
	reads := ARRAY(SELECT DISTINCT r FROM (SELECT unnest(reads) UNION SELECT unnest(writes) UNION
			SELECT l.rel FROM territory.layers l WHERE reads IS NULL AND l.domain = domain) given(r)
		WHERE r IS NOT NULL ORDER BY r);
	PERFORM territory.store_tool(code, domain, role, title, reads, writes);
	PERFORM territory.check_tool_layers(domain, reads);
	FOREACH layer IN ARRAY reads LOOP
		PERFORM territory.grant_layer(layer, role, layer = ANY (writes));
	END LOOP;
END $$;
COMMENT ON FUNCTION territory.add_tool(text, text, regrole, text, regclass[], regclass[]) IS
'Add a tool to a domain: its role, which is to be no other tool''s, may read the layers given (all of the domain, when they are left out), and read and insert into those that it writes. For members of the domain''s steward who own these tables.';

CREATE FUNCTION territory.erase_tool(code text) RETURNS territory.tools
	LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'territory_for_caller';
COMMENT ON FUNCTION territory.erase_tool(text) IS 'Writes for remove_tool(); call that.';

CREATE FUNCTION territory.erase_tool_for(caller regrole, code text) RETURNS territory.tools
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	tool territory.tools;
	holder regrole;
BEGIN
	SELECT d.steward INTO holder FROM territory.tools t JOIN territory.domains d ON d.code = t.domain
	WHERE t.code = $2 AND t.removed_at IS NULL FOR NO KEY UPDATE OF d;
	IF NOT FOUND THEN
		RAISE undefined_object USING MESSAGE = format('tool "%s" does not exist', $2),
			HINT = coalesce((SELECT format('It was removed at %s.', max(t.removed_at)) FROM territory.tools t
				WHERE t.code = $2 HAVING count(*) > 0), 'See territory.tools.');
	END IF;
	PERFORM territory.check_steward(caller, holder, format('tool "%s"', $2));
	UPDATE territory.tools t SET removed_at = clock_timestamp(), removed_by = pg_get_userbyid(caller)
	WHERE t.code = $2 AND t.removed_at IS NULL RETURNING * INTO tool;
	IF NOT FOUND THEN
		RAISE undefined_object USING MESSAGE = format('tool "%s" was just removed', $2);
	END IF;
	RETURN tool;
END $$;
COMMENT ON FUNCTION territory.erase_tool_for(regrole, text) IS 'What erase_tool() does for its caller; not to be called.';
REVOKE EXECUTE ON FUNCTION territory.erase_tool_for(regrole, text) FROM PUBLIC;

-- by which way a role still comes to a relation; null where there is none
CREATE FUNCTION territory.remaining_access(role regrole, rel regclass) RETURNS text
	LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT CASE
		WHEN NOT EXISTS (SELECT FROM pg_catalog.pg_roles r WHERE r.oid = role::oid) THEN NULL
		WHEN NOT has_any_column_privilege(role::oid, rel::oid, 'SELECT, INSERT, UPDATE')
			AND NOT has_table_privilege(role::oid, rel::oid, 'DELETE, TRUNCATE') THEN NULL
		WHEN (SELECT r.rolsuper FROM pg_catalog.pg_roles r WHERE r.oid = role::oid) THEN 'it is a superuser'
		WHEN (SELECT c.relowner = role::oid FROM pg_catalog.pg_class c WHERE c.oid = rel::oid) THEN 'it owns the table'
		WHEN EXISTS (SELECT FROM pg_catalog.pg_class c, LATERAL aclexplode(c.relacl) a WHERE c.oid = rel::oid AND a.grantee = role::oid)
			THEN 'by a grant of another role: ' || (SELECT string_agg(DISTINCT a.grantor::regrole::text, ', ')
				FROM pg_catalog.pg_class c, LATERAL aclexplode(c.relacl) a WHERE c.oid = rel::oid AND a.grantee = role::oid)
		ELSE coalesce('as a member of ' || (SELECT string_agg(DISTINCT r.oid::regrole::text, ', ')
				FROM pg_catalog.pg_roles r
				WHERE r.oid <> role::oid AND pg_has_role(role::oid, r.oid, 'USAGE')
					AND (has_any_column_privilege(r.oid, rel::oid, 'SELECT, INSERT, UPDATE')
						OR has_table_privilege(r.oid, rel::oid, 'DELETE, TRUNCATE'))
					AND EXISTS (SELECT FROM pg_catalog.pg_class c LEFT JOIN LATERAL aclexplode(c.relacl) a ON true
						WHERE c.oid = rel::oid AND r.oid IN (a.grantee, c.relowner))),
			'as everybody, by a grant to PUBLIC or on some columns') END;
END;
COMMENT ON FUNCTION territory.remaining_access(regrole, regclass) IS
'How a role comes to what a relation holds; null where it may neither read nor write it.';

CREATE FUNCTION territory.remove_tool(code text) RETURNS TABLE(remains text, subject text, detail text)
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
	tool territory.tools := territory.erase_tool($1);
	given regclass;
BEGIN
	FOREACH given IN ARRAY tool.reads LOOP
		IF EXISTS (SELECT FROM pg_class WHERE oid = given) AND EXISTS (SELECT FROM pg_roles WHERE oid = tool.role) THEN
			PERFORM territory.revoke_layer(given, tool.role);
		END IF;
	END LOOP;
	RETURN QUERY SELECT 'history'::text, u.given::text, format('readable by who may read the table%s',
			CASE WHEN u.given = ANY (tool.writes) THEN '; the rows that the tool wrote stay' END)
		FROM unnest(tool.reads) u(given) JOIN pg_class c ON c.oid = u.given ORDER BY 2;
	RETURN QUERY SELECT 'access'::text, c.oid::regclass::text, territory.remaining_access(tool.role, c.oid)
		FROM pg_class c
		WHERE territory.remaining_access(tool.role, c.oid) IS NOT NULL AND c.oid IN (
			SELECT l.rel FROM territory.layers l WHERE l.domain = tool.domain UNION SELECT unnest(tool.reads) UNION
			SELECT p.relid FROM unnest(tool.reads) r, LATERAL pg_partition_tree(r) p) ORDER BY 2;
	RETURN QUERY SELECT 'session'::text, 'pid ' || s.pid, 'connected as ' || tool.role::text
		FROM pg_stat_get_activity(NULL) s WHERE s.usesysid = tool.role AND s.pid <> pg_backend_pid();
	RETURN QUERY SELECT 'role'::text, r.oid::regrole::text,
			CASE WHEN r.rolcanlogin THEN 'it may still log in; DROP ROLE, or ALTER ROLE ... NOLOGIN' ELSE 'it cannot log in' END
		FROM pg_roles r WHERE r.oid = tool.role;
END $$;
COMMENT ON FUNCTION territory.remove_tool(text) IS
'Take a tool out of its domain: its role loses what it was granted on its layers, and nothing is deleted. Gives what remains: the history that it wrote or read, access that comes by another way (membership, PUBLIC, another role''s grant), open sessions, the role itself. For members of the domain''s steward who own the tables.';

CREATE FUNCTION territory.revoke_layer(layer regclass, role regrole) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	layer_sequence regclass;
BEGIN
	-- REVOKE by another than the owner would warn, and take nothing
	IF NOT (SELECT pg_has_role(relowner, 'USAGE') FROM pg_class WHERE oid = layer) THEN
		RAISE insufficient_privilege USING MESSAGE = format('must be owner of table %s', layer);
	END IF;
	EXECUTE format('REVOKE ALL ON %s FROM %s', layer, role);
	FOR layer_sequence IN SELECT territory.layer_sequences(layer) LOOP
		EXECUTE format('REVOKE ALL ON SEQUENCE %s FROM %s', layer_sequence, role);
	END LOOP;
END $$;
COMMENT ON FUNCTION territory.revoke_layer(regclass, regrole) IS 'Take from a role what the owner of a layer granted it there.';

-- tables that were dropped were given to nobody
CREATE FUNCTION territory.forget_dropped_tool_layers() RETURNS event_trigger
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	UPDATE territory.tools t SET
		reads = ARRAY(SELECT r FROM unnest(t.reads) r WHERE r::oid NOT IN (SELECT d.objid FROM pg_event_trigger_dropped_objects() d)),
		writes = ARRAY(SELECT w FROM unnest(t.writes) w WHERE w::oid NOT IN (SELECT d.objid FROM pg_event_trigger_dropped_objects() d))
	WHERE t.reads::oid[] && ARRAY(SELECT d.objid FROM pg_event_trigger_dropped_objects() d
		WHERE d.classid = 'pg_class'::regclass AND d.objsubid = 0);
END $$;
COMMENT ON FUNCTION territory.forget_dropped_tool_layers() IS 'Takes dropped tables from what tools were given.';
CREATE EVENT TRIGGER territory_forget_dropped_tool_layers ON sql_drop EXECUTE FUNCTION territory.forget_dropped_tool_layers();
