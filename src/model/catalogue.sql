-- The catalogue: everything known of every layer, cheaply.
--
-- What is sealed answers from summaries; what is not has to be read, so a
-- layer is measured by the view only where that is little.  layer_quality()
-- measures any layer, and counts what the view only tells of.

CREATE FUNCTION territory.layer_leaves(rel regclass) RETURNS SETOF regclass
	LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT p.relid FROM pg_catalog.pg_class c, LATERAL pg_partition_tree(c.oid) p
	WHERE c.oid = rel::oid AND c.relkind = 'p' AND p.isleaf
	UNION ALL
	SELECT c.oid::regclass FROM pg_catalog.pg_class c WHERE c.oid = rel::oid AND c.relkind <> 'p';
END;
COMMENT ON FUNCTION territory.layer_leaves(regclass) IS 'The tables that hold the rows of a relation: its partitions, or itself.';

CREATE FUNCTION territory.layer_is_measured(rel regclass) RETURNS boolean
	LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT coalesce(bool_and(c.relkind IN ('r', 'm')), false) AND coalesce(sum(pg_relation_size(c.oid)), 0) <= 64 * 1024 * 1024
		AND NOT row_security_active(rel::oid)
		AND has_table_privilege(rel::oid, 'SELECT')
		AND has_schema_privilege((SELECT r.relnamespace FROM pg_catalog.pg_class r WHERE r.oid = rel::oid), 'USAGE')
	FROM territory.layer_leaves(rel) l(leaf) JOIN pg_catalog.pg_class c ON c.oid = l.leaf::oid;
END;
COMMENT ON FUNCTION territory.layer_is_measured(regclass) IS
'Whether the catalogue measures a layer for the caller: they may read all of it, and what is not sealed of it takes at most 64 MB.';

-- the layer's time column as timestamptz, and what tells its entities apart
CREATE FUNCTION territory.layer_terms(layer territory.layers, OUT moment text, OUT entity text)
	LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT quote_ident((layer).time_column),
		(SELECT string_agg(quote_ident(e), ', ' ORDER BY i) FROM pg_catalog.unnest((layer).entity_columns) WITH ORDINALITY u(e, i));
END;
COMMENT ON FUNCTION territory.layer_terms(territory.layers) IS
'The time and the entity columns of a layer, quoted for a statement; not to be called.';

CREATE FUNCTION territory.layer_measures(rel regclass, cheaply boolean DEFAULT false, OUT entities bigint, OUT rows bigint, OUT from_time timestamptz,
	OUT to_time timestamptz, OUT late bigint, OUT missing bigint, OUT out_of_range jsonb)
	LANGUAGE plpgsql STABLE PARALLEL RESTRICTED SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	layer territory.layers;
	terms record;
	ranges text;
BEGIN
	SELECT * INTO layer FROM territory.layers l WHERE l.rel = $1;
	IF NOT FOUND THEN
		RAISE undefined_object USING MESSAGE = format('%s is not a layer', $1), HINT = 'See territory.layers.';
	END IF;
	IF cheaply AND NOT territory.layer_is_measured($1) THEN
		RETURN;
	END IF;
	SELECT * INTO terms FROM territory.layer_terms(layer);
	SELECT string_agg(format('CASE WHEN min(%1$I) < %2$L::numeric OR max(%1$I) > %3$L::numeric'
			' THEN jsonb_build_object(%1$L, jsonb_build_array(min(%1$I), max(%1$I))) ELSE %4$L END', key, value->>0, value->>1, '{}'), ' || ')
	INTO ranges FROM jsonb_each(layer.limits);
	IF terms.moment IS NULL THEN
		EXECUTE format('SELECT count(*)%s FROM %s', ', ' || ranges, $1) INTO rows, out_of_range;
	ELSE
		EXECUTE format('SELECT %1$s, sum(n)::bigint, min(a), max(b), count(*) FILTER (WHERE b < $1),'
			' sum(CASE WHEN isfinite(a) AND isfinite(b)'
			' THEN greatest(floor(extract(epoch FROM b - a) / extract(epoch FROM $2)) + 1 - timed, 0) END)::bigint'
			' FROM (SELECT count(*) AS n, count(%2$s) AS timed, min(%2$s)::timestamptz AS a, max(%2$s)::timestamptz AS b FROM %3$s%4$s) e',
			CASE WHEN terms.entity IS NULL THEN 'NULL::bigint' ELSE 'count(*)' END, terms.moment, $1, ' GROUP BY ' || terms.entity)
		INTO entities, rows, from_time, to_time, late, missing USING now() - 2 * layer.every, layer.every;
		IF ranges IS NOT NULL THEN
			EXECUTE format('SELECT %s FROM %s', ranges, $1) INTO out_of_range;
		END IF;
	END IF;
	rows := coalesce(rows, 0);
	IF layer.every IS NULL THEN
		late := NULL;
		missing := NULL;
	END IF;
END $$;
COMMENT ON FUNCTION territory.layer_measures(regclass, boolean) IS
'What the catalogue tells of a layer''s rows, from summaries where they are sealed: entities, rows, first and last time, how many entities are late (silent for twice the layer''s interval), how many rows are missing between the first and the last of each entity, and the columns whose values leave their limits, with the lowest and the highest one; nothing of it where that has to be cheap and would not be (see layer_is_measured()).';

CREATE FUNCTION territory.layer_is_unique(layer territory.layers) RETURNS boolean
	LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT EXISTS (SELECT FROM pg_catalog.pg_index i
		WHERE i.indrelid = (layer).rel::oid AND i.indisunique AND i.indisvalid AND i.indpred IS NULL AND i.indexprs IS NULL
			AND NOT EXISTS (SELECT FROM pg_catalog.pg_attribute a
				WHERE a.attrelid = i.indrelid AND a.attnum = ANY ((i.indkey::int2[])[0:i.indnkeyatts - 1])
					AND NOT (a.attname = ANY ((layer).entity_columns || (layer).time_column)
						AND (a.attnotnull OR a.attname = (layer).time_column))));
END;
COMMENT ON FUNCTION territory.layer_is_unique(territory.layers) IS
'Whether a unique key keeps a layer from having two rows of one entity at one time.';

CREATE FUNCTION territory.layer_quality(rel regclass, OUT entities bigint, OUT rows bigint, OUT late bigint, OUT missing bigint,
	OUT duplicate bigint, OUT out_of_range jsonb)
	LANGUAGE plpgsql STABLE PARALLEL RESTRICTED SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	layer territory.layers;
	terms record;
	item record;
	low_count bigint;
	high_count bigint;
BEGIN
	SELECT m.entities, m.rows, m.late, m.missing INTO entities, rows, late, missing FROM territory.layer_measures($1) m;
	SELECT * INTO layer FROM territory.layers l WHERE l.rel = $1;
	SELECT * INTO terms FROM territory.layer_terms(layer);
	IF territory.layer_is_unique(layer) THEN
		duplicate := 0;
	ELSIF terms.moment IS NOT NULL THEN
		EXECUTE format('SELECT coalesce(sum(n - 1), 0) FROM (SELECT count(*) AS n FROM %s WHERE %s IS NOT NULL GROUP BY %s'
			' HAVING count(*) > 1) d', $1, terms.moment, concat_ws(', ', terms.entity, terms.moment)) INTO duplicate;
	END IF;
	out_of_range := '{}';
	FOR item IN SELECT key, value->>0 AS low, value->>1 AS high FROM jsonb_each(layer.limits) LOOP
		-- one side at a time: what lies within is ruled out by zone maps
		low_count := 0;
		high_count := 0;
		IF item.low IS NOT NULL THEN
			EXECUTE format('SELECT count(*) FROM %s WHERE %I < %L', $1, item.key, item.low) INTO low_count;
		END IF;
		IF item.high IS NOT NULL THEN
			EXECUTE format('SELECT count(*) FROM %s WHERE %I > %L', $1, item.key, item.high) INTO high_count;
		END IF;
		out_of_range := out_of_range || jsonb_build_object(item.key, low_count + high_count);
	END LOOP;
END $$;
COMMENT ON FUNCTION territory.layer_quality(regclass) IS
'The quality of a layer, whatever it costs to measure: entities and rows, entities that are late, rows that are missing (both where the layer says how often they report), rows that stand twice at one time, and per column with limits the number of values that leave them. Needs SELECT on the layer.';

CREATE VIEW territory.catalogue WITH (security_invoker = true) AS
SELECT l.domain, d.title AS domain_title, coalesce(l.organisation, d.organisation) AS organisation, l.rel AS layer, l.title,
	l.description, l.licence, l.keywords, pg_catalog.pg_get_userbyid(c.relowner) AS owner,
	CASE c.relkind WHEN 'p' THEN 'partitioned table' WHEN 'f' THEN 'foreign table' WHEN 'v' THEN 'view'
		WHEN 'm' THEN 'materialized view' ELSE coalesce(a.amname::text COLLATE "default", '') || ' table' END AS kind,
	l.entity_columns, l.time_column, l.position_column, l.entity_table, l.srid, l.units, l.properties, l.every,
	has_table_privilege(l.rel, 'SELECT') AND has_schema_privilege(c.relnamespace, 'USAGE') AS readable,
	s.bytes, m.rows IS NOT NULL AS measured, coalesce(m.rows, s.estimate) AS rows, m.entities, m.from_time, m.to_time,
	now() - m.to_time AS age, m.late, m.missing, CASE WHEN territory.layer_is_unique(l) THEN 0 END AS duplicate, m.out_of_range,
	ARRAY(SELECT t.code FROM territory.tools t WHERE t.domain = l.domain AND l.rel = ANY (t.reads) AND t.removed_at IS NULL
		ORDER BY 1) AS tools
FROM territory.layers l
JOIN territory.domains d ON d.code = l.domain
JOIN pg_catalog.pg_class c ON c.oid = l.rel
LEFT JOIN pg_catalog.pg_am a ON a.oid = c.relam
CROSS JOIN LATERAL (SELECT sum(pg_total_relation_size(f.leaf))::bigint AS bytes,
		CASE WHEN bool_and(fc.reltuples >= 0) THEN sum(fc.reltuples)::bigint END AS estimate
	FROM territory.layer_leaves(l.rel) f(leaf) JOIN pg_catalog.pg_class fc ON fc.oid = f.leaf) s
CROSS JOIN LATERAL territory.layer_measures(l.rel, cheaply => true) m;
COMMENT ON VIEW territory.catalogue IS
'Everything known of every layer: its domain, what it is called, who owns it and under which licence, its columns and units; bytes; and, where the caller may read it and little of it is not sealed (measured), rows, entities, times, and quality: entities that are late, rows that are missing, duplicate (0 where a key excludes it), columns out of range. Of others rows is PostgreSQL''s estimate.';
GRANT SELECT ON territory.catalogue TO PUBLIC;
