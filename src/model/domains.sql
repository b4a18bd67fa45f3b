-- Domains: the services of a territory, and the organisations that run them.
--
-- What is registered here is readable by all, as PostgreSQL's own catalogs
-- are, and so that whoever owns the database can dump it.  Writing goes
-- through functions: store_thing(...) tells store_thing_for(caller, ...), which
-- runs as the extension's owner, who calls (src/model/caller.c).
--
-- The rule is that of schemas: who may CREATE in the database adds domains and
-- organisations; each has a steward, a role whose members look after it.

CREATE TABLE territory.organisations
(
	code text PRIMARY KEY CHECK (code ~ '^[A-Za-z0-9_][A-Za-z0-9_.:-]{0,62}$'),
	title text NOT NULL CHECK (title <> ''),
	kind text NOT NULL DEFAULT 'commune' CHECK (kind IN ('commune', 'epci', 'departement', 'region', 'operator', 'other')),
	steward regrole NOT NULL,
	parent text REFERENCES territory.organisations,
	homepage text,
	contact text,
	created_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE territory.organisations IS
'Who owns domains and layers: communes, groups of communes (EPCI), operators. See territory.add_organisation().';

CREATE TABLE territory.domains
(
	code text PRIMARY KEY CHECK (code ~ '^[a-z][a-z0-9_]{0,55}$'),
	title text NOT NULL CHECK (title <> ''),
	description text,
	organisation text REFERENCES territory.organisations,
	steward regrole NOT NULL,
	created_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE territory.domains IS
'The services of the territory (water, mobility, waste ...), each with the role that looks after it. See territory.add_domain().';

SELECT pg_catalog.pg_extension_config_dump('territory.organisations', '');
SELECT pg_catalog.pg_extension_config_dump('territory.domains', '');
GRANT SELECT ON territory.organisations, territory.domains TO PUBLIC;

-- Rules that several functions ask.

CREATE FUNCTION territory.check_steward(caller regrole, steward regrole, what text) RETURNS void
	LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF NOT pg_has_role(caller::oid, steward::oid, 'USAGE') THEN
		RAISE insufficient_privilege USING MESSAGE = format('%s belongs to role %s', what, steward),
			HINT = format('Ask a member of that role, or to be one: GRANT %s TO %s.', steward, caller);
	END IF;
END $$;
COMMENT ON FUNCTION territory.check_steward(regrole, regrole, text) IS
'An error where the caller is no member of the role that looks after something; not to be called.';

CREATE FUNCTION territory.check_adds(caller regrole, steward regrole, code text, code_rule text, title text) RETURNS void
	LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF code IS NULL OR title IS NULL OR title = '' THEN
		RAISE null_value_not_allowed USING MESSAGE = 'a code and a title are needed';
	END IF;
	IF code !~ code_rule THEN
		RAISE invalid_parameter_value USING MESSAGE = format('"%s" is not a code', code),
			HINT = format('Codes are short and plain: they match %s.', code_rule);
	END IF;
	IF NOT has_database_privilege(caller::oid, current_database(), 'CREATE') THEN
		RAISE insufficient_privilege USING MESSAGE = format('permission denied for database %I', current_database()),
			HINT = format('Who may create schemas adds domains and organisations: GRANT CREATE ON DATABASE %I TO %s.',
				current_database(), caller);
	END IF;
	PERFORM territory.check_steward(caller, steward, format('what role %s is to look after', steward));
END $$;
COMMENT ON FUNCTION territory.check_adds(regrole, regrole, text, text, text) IS
'An error where the caller may not add a domain or an organisation, or its code or title is none; not to be called.';

-- Organisations.

CREATE FUNCTION territory.store_organisation(code text, title text, kind text, steward regrole, parent text,
	homepage text, contact text) RETURNS void
	LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'territory_for_caller';
COMMENT ON FUNCTION territory.store_organisation(text, text, text, regrole, text, text, text) IS
'Writes for add_organisation(); call that.';

CREATE FUNCTION territory.store_organisation_for(caller regrole, code text, title text, kind text, steward regrole, parent text,
	homepage text, contact text) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
BEGIN
	PERFORM territory.check_adds(caller, $5, $2, '^[A-Za-z0-9_][A-Za-z0-9_.:-]{0,62}$', $3);
	INSERT INTO territory.organisations (code, title, kind, steward, parent, homepage, contact)
	VALUES ($2, $3, $4, $5, $6, $7, $8);
EXCEPTION
	WHEN unique_violation THEN
		RAISE duplicate_object USING MESSAGE = format('organisation "%s" already exists', $2);
	WHEN foreign_key_violation THEN
		RAISE undefined_object USING MESSAGE = format('organisation "%s" does not exist', $6),
			HINT = 'Add the parent first, with territory.add_organisation().';
	WHEN check_violation THEN
		RAISE invalid_parameter_value USING MESSAGE = format('"%s" is not a kind of organisation', $4),
			HINT = 'Kinds are commune, epci, departement, region, operator and other.';
END $$;
COMMENT ON FUNCTION territory.store_organisation_for(regrole, text, text, text, regrole, text, text, text) IS
'What store_organisation() does for its caller; not to be called.';
REVOKE EXECUTE ON FUNCTION territory.store_organisation_for(regrole, text, text, text, regrole, text, text, text) FROM PUBLIC;

CREATE FUNCTION territory.add_organisation(code text, title text, kind text DEFAULT 'commune', steward regrole DEFAULT NULL,
	parent text DEFAULT NULL, homepage text DEFAULT NULL, contact text DEFAULT NULL) RETURNS void
	LANGUAGE sql VOLATILE PARALLEL UNSAFE
BEGIN ATOMIC
	SELECT territory.store_organisation(code, title, kind, coalesce(steward, quote_ident(current_user)::regrole), parent,
		homepage, contact);
END;
COMMENT ON FUNCTION territory.add_organisation(text, text, text, regrole, text, text, text) IS
'Register a commune, an epci, a departement, a region, an operator or another organisation that domains and layers belong to. Members of steward (who calls, when it is left out) look after it. For who may CREATE in the database.';

CREATE FUNCTION territory.erase_organisation(code text) RETURNS void
	LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'territory_for_caller';
COMMENT ON FUNCTION territory.erase_organisation(text) IS 'Writes for remove_organisation(); call that.';

CREATE FUNCTION territory.erase_organisation_for(caller regrole, code text) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	organisation territory.organisations;
BEGIN
	SELECT * INTO organisation FROM territory.organisations o WHERE o.code = $2 FOR UPDATE;
	IF organisation.code IS NULL THEN
		RAISE undefined_object USING MESSAGE = format('organisation "%s" does not exist', $2),
			HINT = 'See territory.organisations.';
	END IF;
	PERFORM territory.check_steward(caller, organisation.steward, format('organisation "%s"', $2));
	DELETE FROM territory.organisations o WHERE o.code = $2;
EXCEPTION WHEN foreign_key_violation THEN
	RAISE dependent_objects_still_exist USING MESSAGE = format('organisation "%s" still has domains, layers or members', $2),
		HINT = 'Remove them, or give them to another organisation, first.';
END $$;
COMMENT ON FUNCTION territory.erase_organisation_for(regrole, text) IS
'What erase_organisation() does for its caller; not to be called.';
REVOKE EXECUTE ON FUNCTION territory.erase_organisation_for(regrole, text) FROM PUBLIC;

CREATE FUNCTION territory.remove_organisation(code text) RETURNS void
	LANGUAGE sql VOLATILE PARALLEL UNSAFE
BEGIN ATOMIC
	SELECT territory.erase_organisation(code);
END;
COMMENT ON FUNCTION territory.remove_organisation(text) IS
'Forget an organisation that owns no domain and no layer. For members of its steward.';

-- Domains.

CREATE FUNCTION territory.store_domain(code text, title text, description text, organisation text, steward regrole) RETURNS void
	LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'territory_for_caller';
COMMENT ON FUNCTION territory.store_domain(text, text, text, text, regrole) IS 'Writes for add_domain(); call that.';

CREATE FUNCTION territory.store_domain_for(caller regrole, code text, title text, description text, organisation text,
	steward regrole) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
	holder regrole;
BEGIN
	PERFORM territory.check_adds(caller, $6, $2, '^[a-z][a-z0-9_]{0,55}$', $3);
	IF $5 IS NOT NULL THEN
		SELECT steward INTO holder FROM territory.organisations WHERE code = $5;
		IF NOT FOUND THEN
			RAISE undefined_object USING MESSAGE = format('organisation "%s" does not exist', $5),
				HINT = 'Add it with territory.add_organisation().';
		END IF;
		PERFORM territory.check_steward(caller, holder, format('organisation "%s"', $5));
	END IF;
	INSERT INTO territory.domains (code, title, description, organisation, steward) VALUES ($2, $3, $4, $5, $6);
EXCEPTION WHEN unique_violation THEN
	RAISE duplicate_object USING MESSAGE = format('domain "%s" already exists', $2);
END $$;
COMMENT ON FUNCTION territory.store_domain_for(regrole, text, text, text, text, regrole) IS
'What store_domain() does for its caller; not to be called.';
REVOKE EXECUTE ON FUNCTION territory.store_domain_for(regrole, text, text, text, text, regrole) FROM PUBLIC;

CREATE FUNCTION territory.add_domain(code text, title text, description text DEFAULT NULL, organisation text DEFAULT NULL,
	steward regrole DEFAULT NULL) RETURNS void
	LANGUAGE sql VOLATILE PARALLEL UNSAFE
BEGIN ATOMIC
	SELECT territory.store_domain(code, title, description, organisation, coalesce(steward, quote_ident(current_user)::regrole));
END;
COMMENT ON FUNCTION territory.add_domain(text, text, text, text, regrole) IS
'Add a service to the territory: a code of lower-case letters, digits and underscores, and a title. Members of steward (who calls, when it is left out) add its layers and tools. For who may CREATE in the database.';

CREATE FUNCTION territory.erase_domain(code text) RETURNS void
	LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'territory_for_caller';
COMMENT ON FUNCTION territory.erase_domain(text) IS 'Writes for remove_domain(); call that.';

CREATE FUNCTION territory.erase_domain_for(caller regrole, code text) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	domain territory.domains;
	held text;
BEGIN
	-- waits for who is adding a layer to it
	SELECT * INTO domain FROM territory.domains d WHERE d.code = $2 FOR UPDATE;
	IF domain.code IS NULL THEN
		RAISE undefined_object USING MESSAGE = format('domain "%s" does not exist', $2), HINT = 'See territory.domains.';
	END IF;
	PERFORM territory.check_steward(caller, domain.steward, format('domain "%s"', $2));
	SELECT string_agg(l.rel::text, ', ' ORDER BY l.rel::text) INTO held FROM territory.layers l WHERE l.domain = $2;
	IF held IS NOT NULL THEN
		RAISE dependent_objects_still_exist USING MESSAGE = format('domain "%s" still has layers: %s', $2, held),
			HINT = 'Remove them from the territory with territory.remove_layer() first: the tables stay.';
	END IF;
	SELECT string_agg(t.code, ', ' ORDER BY t.code) INTO held FROM territory.tools t WHERE t.domain = $2 AND t.removed_at IS NULL;
	IF held IS NOT NULL THEN
		RAISE dependent_objects_still_exist USING MESSAGE = format('domain "%s" still has tools: %s', $2, held),
			HINT = 'Remove them with territory.remove_tool() first.';
	END IF;
	DELETE FROM territory.domains d WHERE d.code = $2;
EXCEPTION WHEN foreign_key_violation THEN
	RAISE dependent_objects_still_exist USING MESSAGE = format('domain "%s" is still in use', $2),
		HINT = 'Remove its layers and assets first.';
END $$;
COMMENT ON FUNCTION territory.erase_domain_for(regrole, text) IS 'What erase_domain() does for its caller; not to be called.';
REVOKE EXECUTE ON FUNCTION territory.erase_domain_for(regrole, text) FROM PUBLIC;

CREATE FUNCTION territory.remove_domain(code text) RETURNS void
	LANGUAGE sql VOLATILE PARALLEL UNSAFE
BEGIN ATOMIC
	SELECT territory.erase_domain(code);
END;
COMMENT ON FUNCTION territory.remove_domain(text) IS
'Take a service out of the territory; refused while layers remain. For members of its steward.';

CREATE FUNCTION territory.change_domain(code text, title text, description text, organisation text, steward regrole) RETURNS void
	LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'territory_for_caller';
COMMENT ON FUNCTION territory.change_domain(text, text, text, text, regrole) IS 'Writes for set_domain(); call that.';

CREATE FUNCTION territory.change_domain_for(caller regrole, code text, title text, description text, organisation text,
	steward regrole) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	domain territory.domains;
	holder regrole;
BEGIN
	SELECT * INTO domain FROM territory.domains d WHERE d.code = $2 FOR NO KEY UPDATE;
	IF domain.code IS NULL THEN
		RAISE undefined_object USING MESSAGE = format('domain "%s" does not exist', $2), HINT = 'See territory.domains.';
	END IF;
	PERFORM territory.check_steward(caller, domain.steward, format('domain "%s"', $2));
	IF $6 IS NOT NULL THEN
		PERFORM territory.check_steward(caller, $6, format('what role %s is to look after', $6));
	END IF;
	IF $5 IS NOT NULL THEN
		SELECT o.steward INTO holder FROM territory.organisations o WHERE o.code = $5;
		IF NOT FOUND THEN
			RAISE undefined_object USING MESSAGE = format('organisation "%s" does not exist', $5),
				HINT = 'Add it with territory.add_organisation().';
		END IF;
		PERFORM territory.check_steward(caller, holder, format('organisation "%s"', $5));
	END IF;
	UPDATE territory.domains d SET title = coalesce(nullif($3, ''), d.title), description = coalesce($4, d.description),
		organisation = coalesce($5, d.organisation), steward = coalesce($6, d.steward) WHERE d.code = $2;
END $$;
COMMENT ON FUNCTION territory.change_domain_for(regrole, text, text, text, text, regrole) IS
'What change_domain() does for its caller; not to be called.';
REVOKE EXECUTE ON FUNCTION territory.change_domain_for(regrole, text, text, text, text, regrole) FROM PUBLIC;

CREATE FUNCTION territory.set_domain(code text, title text DEFAULT NULL, description text DEFAULT NULL,
	organisation text DEFAULT NULL, steward regrole DEFAULT NULL) RETURNS void
	LANGUAGE sql VOLATILE PARALLEL UNSAFE
BEGIN ATOMIC
	SELECT territory.change_domain(code, title, description, organisation, steward);
END;
COMMENT ON FUNCTION territory.set_domain(text, text, text, text, regrole) IS
'Change what is said of a domain, or hand it over to another steward; what is left out stays. For members of its steward, who are members of the new one and of the organisation''s.';
