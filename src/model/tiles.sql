-- Tiles: layers as vector tiles (Mapbox Vector Tile 2), for pg_tileserv, Martin and any server that can ask for bytes.
--
-- One implementation, layer_tile(), makes a layer's part of a tile from one
-- statement, which runs with the caller's privileges and policies.  A tile of
-- several layers is the concatenation of theirs, as the format has it.

-- the columns of a layer that the caller may read and a tile can hold, as a list of expressions
CREATE FUNCTION territory.tile_columns(rel regclass, alias text, wanted text[], without name[]) RETURNS text
	LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	item record;
	list text := '';
BEGIN
	FOR item IN
		SELECT a.attname, t.oid AS type, t.typname, t.typcategory
		FROM pg_attribute a JOIN pg_type o ON o.oid = a.atttypid
		JOIN pg_type t ON t.oid = CASE WHEN o.typtype = 'd' THEN o.typbasetype ELSE o.oid END
		WHERE a.attrelid = rel AND a.attnum > 0 AND NOT a.attisdropped AND a.attname <> ALL (without)
			AND (wanted IS NULL OR a.attname = ANY (wanted)) AND has_column_privilege(rel, a.attnum, 'SELECT')
		ORDER BY a.attnum
	LOOP
		-- text of times is slow to make, and no map compares it
		IF item.type IN ('timestamptz'::regtype, 'timestamp'::regtype, 'date'::regtype) THEN
			list := list || format(', date_part(''epoch'', %s.%I) AS %2$I', alias, item.attname);
		ELSIF item.type = 'numeric'::regtype THEN
			list := list || format(', %s.%I::float8', alias, item.attname);
		ELSIF item.type IN ('bool'::regtype, 'int2'::regtype, 'int4'::regtype, 'int8'::regtype, 'float4'::regtype, 'float8'::regtype,
			'text'::regtype, 'varchar'::regtype) THEN
			list := list || format(', %s.%I', alias, item.attname);
		ELSIF item.typcategory IN ('S', 'E') OR item.type IN ('uuid'::regtype, 'interval'::regtype, 'inet'::regtype) THEN
			list := list || format(', %s.%I::text', alias, item.attname);
		END IF;
	END LOOP;
	RETURN list;
END $$;
COMMENT ON FUNCTION territory.tile_columns(regclass, text, text[], name[]) IS
'The columns of a layer that a tile shows, as SQL; not to be called.';

-- a tile and what is beside it, as the layer has its places; null where that cannot be told
CREATE FUNCTION territory.tile_bounds(z integer, x integer, y integer, srid integer) RETURNS geometry
	LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	postgis text := territory.postgis_schema();
	result text;
BEGIN
	-- a projection knows its country, not the world
	IF srid IS NULL OR z < 6 AND srid NOT IN (4326, 3857) THEN
		RETURN NULL;
	END IF;
	EXECUTE format('SELECT %1$s.ST_Expand(b, 0.01 * greatest(%1$s.ST_XMax(b) - %1$s.ST_XMin(b), %1$s.ST_YMax(b) - %1$s.ST_YMin(b)))::text'
		' FROM (SELECT %1$s.ST_Envelope(%1$s.ST_Transform(%1$s.ST_Segmentize(t, 0.0625 * (%1$s.ST_XMax(t) - %1$s.ST_XMin(t))), $4))'
		' FROM (SELECT %1$s.ST_TileEnvelope($1, $2, $3, margin => 0.015625)) e(t)) s(b)', postgis)
	INTO result USING z, x, y, srid;
	RETURN result;
EXCEPTION
	WHEN internal_error OR data_exception THEN
		RETURN NULL;
END $$;
COMMENT ON FUNCTION territory.tile_bounds(integer, integer, integer, integer) IS
'The bounds of a tile and its surroundings in an SRID, somewhat larger than they are; null where they cannot be told: of projections, above zoom 6.';

-- What a layer shows.  $1, $2, $3: z, x, y; $4: bounds; $5: since; $6: until.

-- a place in the tile's coordinates, or null
CREATE FUNCTION territory.tile_place(rel regclass, column_name name, alias text, postgis text) RETURNS text
	LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	place text := format('%s.%I', alias, column_name);
	kind text;
	type name;
BEGIN
	SELECT t.typname INTO type FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
	WHERE a.attrelid = rel AND a.attname = column_name;
	IF type = 'geography' THEN
		place := format('%s::%s.geometry', place, postgis);
	END IF;
	EXECUTE format('SELECT %s.postgis_typmod_type(atttypmod) FROM pg_attribute WHERE attrelid = $1 AND attname = $2', postgis)
	INTO kind USING rel, column_name;
	IF kind LIKE 'Point%' THEN
		RETURN format('territory.tile_point(%s, $1, $2, $3)', place);
	END IF;
	RETURN format('CASE WHEN %1$s.GeometryType(%2$s) LIKE ''POINT%%'' THEN territory.tile_point(%2$s, $1, $2, $3)'
		' ELSE %1$s.ST_AsMVTGeom(%1$s.ST_Transform(%2$s, 3857), %1$s.ST_TileEnvelope($1, $2, $3), 4096, 64) END', postgis, place);
END $$;
COMMENT ON FUNCTION territory.tile_place(regclass, name, text, text) IS 'A place in the coordinates of a tile, as SQL; not to be called.';

-- the conditions that a layer's rows are of the tile's time
CREATE FUNCTION territory.tile_times(layer territory.layers, alias text, since timestamptz) RETURNS text
	LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	type text;
BEGIN
	IF layer.time_column IS NULL THEN
		RETURN 'true';
	END IF;
	SELECT format_type(a.atttypid, NULL) INTO type FROM pg_attribute a WHERE a.attrelid = layer.rel AND a.attname = layer.time_column;
	RETURN format('%s.%I <= $6::%s', alias, layer.time_column, type)
		|| CASE WHEN since IS NOT NULL THEN format(' AND %s.%I >= $5::%s', alias, layer.time_column, type) ELSE '' END;
END $$;
COMMENT ON FUNCTION territory.tile_times(territory.layers, text, timestamptz) IS 'The time that a tile shows, as SQL; not to be called.';

-- the entity's columns, in order
CREATE FUNCTION territory.tile_entities(layer territory.layers, alias text) RETURNS text
	LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT pg_catalog.string_agg(pg_catalog.format('%s.%I', alias, e), ', ' ORDER BY i)
	FROM ROWS FROM (pg_catalog.unnest((layer).entity_columns)) WITH ORDINALITY u(e, i);
END;
COMMENT ON FUNCTION territory.tile_entities(territory.layers, text) IS 'The columns that name an entity, as SQL; not to be called.';

-- that a place may be in the tile
CREATE FUNCTION territory.tile_inside(rel regclass, column_name name, alias text, bounds geometry, postgis text) RETURNS text
	LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT CASE WHEN bounds IS NULL OR t.typname <> 'geometry' THEN 'true'
		ELSE pg_catalog.format('%s.%I OPERATOR(%s.&&) $4', alias, column_name, postgis) END
	FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
	WHERE a.attrelid = rel::oid AND a.attname = column_name;
END;
COMMENT ON FUNCTION territory.tile_inside(regclass, name, text, geometry, text) IS
'That a place may be in a tile, as SQL; not to be called.';

-- Where entities have their places in a table of their own: are few of them in the tile, to be looked up one by one?
CREATE FUNCTION territory.tile_has_few(layer territory.layers, inside text, bounds geometry) RETURNS boolean
	LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	n bigint;
BEGIN
	EXECUTE format('SELECT count(*) FROM (SELECT FROM %s e WHERE %s LIMIT 1001) e', layer.entity_table, replace(inside, '$4', '$1'))
	INTO n USING bounds;
	RETURN n <= 1000;
END $$;
COMMENT ON FUNCTION territory.tile_has_few(territory.layers, text, geometry) IS
'Whether so few entities are in a tile that each is looked up; not to be called.';

CREATE FUNCTION territory.tile_entity_points(layer territory.layers, bounds geometry, since timestamptz, wanted text[]) RETURNS text
	LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	postgis text := territory.postgis_schema();
	entities text := territory.tile_entities(layer, 's');
	first text := format('%I', layer.entity_columns[1]);
	rest text := (SELECT string_agg(format(', s.%I', e), '' ORDER BY i) FROM unnest(layer.entity_columns[2:]) WITH ORDINALITY u(e, i));
	inside text := territory.tile_inside(layer.entity_table, layer.entity_position, 'e', bounds, postgis);
	places text := format('SELECT * FROM (SELECT %s AS __place, e.%I AS %s FROM %s e WHERE %s OFFSET 0) e LEFT JOIN',
		territory.tile_place(layer.entity_table, layer.entity_position, 'e', postgis), layer.entity_key, first, layer.entity_table, inside);
	shown text := coalesce(rest, '') || territory.tile_columns(layer.rel, 's', wanted, layer.entity_columns);
	last text := CASE WHEN layer.time_column IS NOT NULL AND rest IS NOT NULL THEN format('DISTINCT ON (%s)', entities) END;
	ordered text := CASE WHEN layer.time_column IS NOT NULL THEN format(' ORDER BY %s, s.%I DESC', entities, layer.time_column) END;
	rows text := format('FROM %s s WHERE %s', layer.rel, territory.tile_times(layer, 's', since));
BEGIN
	IF territory.tile_has_few(layer, inside, bounds) THEN
		RETURN format('%s LATERAL (SELECT %s %s %s AND s.%s = e.%5$s%s%s) s ON true', places, last, substr(shown, 3), rows, first, ordered,
			CASE WHEN ordered IS NOT NULL AND rest IS NULL THEN ' LIMIT 1' END);
	END IF;
	RETURN format('%s (SELECT %s s.%s%s %s%s) s USING (%3$s)', places,
		coalesce(last, CASE WHEN ordered IS NOT NULL THEN format('DISTINCT ON (%s)', entities) END), first, shown, rows, ordered);
END $$;
COMMENT ON FUNCTION territory.tile_entity_points(territory.layers, geometry, timestamptz, text[]) IS
'The last state of the entities that have their places in a table of their own, as SQL; not to be called.';

-- where an entity was last, not when it was last here
CREATE FUNCTION territory.tile_points(layer territory.layers, bounds geometry, since timestamptz, wanted text[]) RETURNS text
	LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	postgis text := territory.postgis_schema();
	entities text := territory.tile_entities(layer, 's');
	rows text;
BEGIN
	IF layer.position_column IS NULL THEN
		RETURN territory.tile_entity_points(layer, bounds, since, wanted);
	END IF;
	rows := format('%s AS __place%s%s FROM %s s WHERE %s', territory.tile_place(layer.rel, layer.position_column, 's', postgis),
		', ' || entities, territory.tile_columns(layer.rel, 's', wanted, coalesce(layer.entity_columns, '{}') || layer.position_column),
		layer.rel, territory.tile_times(layer, 's', since));
	IF entities IS NULL OR layer.time_column IS NULL THEN
		RETURN format('SELECT %s AND %s OFFSET 0', rows, territory.tile_inside(layer.rel, layer.position_column, 's', bounds, postgis));
	END IF;
	RETURN format('SELECT DISTINCT ON (%s) %s ORDER BY %1$s, s.%3$I DESC', entities, rows, layer.time_column);
END $$;
COMMENT ON FUNCTION territory.tile_points(territory.layers, geometry, timestamptz, text[]) IS
'The last state of each entity of a tile, as SQL; not to be called.';

-- the cell of a place, of which $7 is the zoom
CREATE FUNCTION territory.tile_cell(rel regclass, column_name name, alias text, postgis text) RETURNS text
	LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	place text := format('%s.%I', alias, column_name);
	is_point boolean;
BEGIN
	EXECUTE format('SELECT coalesce(%s.postgis_typmod_type(atttypmod), '''') LIKE ''Point%%'' FROM pg_attribute'
		' WHERE attrelid = $1 AND attname = $2', postgis) INTO is_point USING rel, column_name;
	IF NOT is_point THEN
		place := format('%s.ST_Centroid(%s::%1$s.geometry)', postgis, place);
	END IF;
	RETURN format('territory.cell(%s::%s.geometry, $7)', place, postgis);
END $$;
COMMENT ON FUNCTION territory.tile_cell(regclass, name, text, text) IS 'The cell of a place, as SQL; not to be called.';

CREATE FUNCTION territory.tile_cells(layer territory.layers, bounds geometry, since timestamptz, value name, statistic text) RETURNS text
	LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	postgis text := territory.postgis_schema();
	times text := territory.tile_times(layer, 's', since);
	figure text;
	counted text;
	inside text;
BEGIN
	IF layer.position_column IS NULL THEN
		-- by entity first: summaries tell that, whatever the period
		inside := territory.tile_inside(layer.entity_table, layer.entity_position, 'e', bounds, postgis);
		figure := CASE statistic WHEN 'avg' THEN 'sum(s.value) / nullif(sum(s.known), 0)' WHEN 'count' THEN 'sum(s.known)'
			ELSE statistic || '(s.value)' END;
		counted := format('SELECT %s AS cell, sum(s.n)::bigint AS count, (%s)::float8 AS value FROM (SELECT s.%I AS entity, count(*) AS n, %s AS value,'
			' count(%s) AS known FROM %s s WHERE %s GROUP BY 1) s JOIN %s e ON e.%I = s.entity WHERE %s GROUP BY 1',
			territory.tile_cell(layer.entity_table, layer.entity_position, 'e', postgis), figure, layer.entity_columns[1],
			CASE WHEN value IS NULL THEN 'NULL::float8' ELSE format('%s(s.%I)', CASE statistic WHEN 'avg' THEN 'sum' ELSE statistic END, value) END,
			CASE WHEN value IS NULL THEN 'NULL' ELSE format('s.%I', value) END, layer.rel, times,
			layer.entity_table, layer.entity_key, inside);
	ELSE
		counted := format('SELECT %s AS cell, count(*) AS count, (%s)::float8 AS value FROM %s s WHERE %s AND %s GROUP BY 1',
			territory.tile_cell(layer.rel, layer.position_column, 's', postgis),
			CASE WHEN value IS NULL THEN 'NULL' ELSE format('%s(s.%I)', statistic, value) END, layer.rel,
			territory.tile_inside(layer.rel, layer.position_column, 's', bounds, postgis), times);
	END IF;
	RETURN format('SELECT %s.ST_MakeEnvelope(x0, y0, x0 + side, y0 + side) AS __place, cell::text, count, value FROM (SELECT c.*,'
		' 4096 / 2.0 ^ ($7 - $1) AS side, 4096 * ((territory.cell_tile(cell)).x / 2.0 ^ ($7 - $1) - $2) AS x0,'
		' 4096 * ((territory.cell_tile(cell)).y / 2.0 ^ ($7 - $1) - $3) AS y0 FROM (%s) c WHERE cell IS NOT NULL OFFSET 0) c'
		' WHERE x0 >= 0 AND x0 < 4096 AND y0 >= 0 AND y0 < 4096 ORDER BY c.cell', postgis, counted);
END $$;
COMMENT ON FUNCTION territory.tile_cells(territory.layers, geometry, timestamptz, name, text) IS
'The cells of a tile with what their rows amount to, as SQL; not to be called.';

CREATE FUNCTION territory.tile_traces(layer territory.layers, since timestamptz) RETURNS text
	LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	RETURN format('SELECT t.line AS __place, %s, t.times, t.start_time, t.end_time FROM (SELECT %1$s, territory.point_series(s.%I::timestamptz,'
		' s.%I::%s.geometry) AS __series FROM %s s WHERE %s AND s.%3$I IS NOT NULL GROUP BY %1$s) s,'
		' LATERAL territory.tile_trace(s.__series, $1, $2, $3) t',
		territory.tile_entities(layer, 's'), layer.time_column, layer.position_column, territory.postgis_schema(), layer.rel,
		territory.tile_times(layer, 's', since));
END $$;
COMMENT ON FUNCTION territory.tile_traces(territory.layers, timestamptz) IS 'What the moving entities of a tile drew, as SQL; not to be called.';

-- A layer's part of a tile.

CREATE FUNCTION territory.can_show(layer territory.layers, show text) RETURNS boolean
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT CASE show WHEN 'traces' THEN (layer).position_column IS NOT NULL AND (layer).time_column IS NOT NULL
			AND (layer).entity_columns[1] IS NOT NULL
		ELSE (layer).position_column IS NOT NULL OR (layer).entity_table IS NOT NULL AND (layer).entity_columns[1] IS NOT NULL END;
END;
COMMENT ON FUNCTION territory.can_show(territory.layers, text) IS
'Whether a layer has what tiles show: places for points and cells; places, times and entities in its own rows for traces.';

-- may the caller read what a tile is made of?
CREATE FUNCTION territory.may_show(layer territory.layers) RETURNS boolean
	LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT pg_catalog.bool_and(pg_catalog.has_column_privilege(c.rel, c.name, 'SELECT')) FROM (
		SELECT (layer).rel::oid, e FROM ROWS FROM (pg_catalog.unnest((layer).entity_columns)) u(e)
		UNION ALL VALUES ((layer).rel::oid, (layer).time_column), ((layer).rel::oid, (layer).position_column),
			((layer).entity_table::oid, (layer).entity_key), ((layer).entity_table::oid, (layer).entity_position)) c(rel, name)
	WHERE c.rel IS NOT NULL AND c.name IS NOT NULL;
END;
COMMENT ON FUNCTION territory.may_show(territory.layers) IS
'Whether who asks may select the columns of a layer that say who, when and where.';

CREATE FUNCTION territory.layer_tile(layer territory.layers, z integer, x integer, y integer, bounds geometry, show text, until timestamptz,
	since timestamptz, wanted text[], value name, statistic text, cell_zoom integer, max_features integer) RETURNS bytea
	LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	title text := regexp_replace(layer.rel::text, '^public\.', '');
	statement text;
	n bigint;
	result bytea;
BEGIN
	statement := CASE show
		WHEN 'points' THEN territory.tile_points(layer, bounds, since, wanted)
		WHEN 'cells' THEN territory.tile_cells(layer, bounds, since, value, statistic)
		ELSE territory.tile_traces(layer, since) END;
	EXECUTE format('SELECT %s.ST_AsMVT(q, %L, 4096, ''__place''), count(*) FROM (SELECT * FROM (%s) p WHERE __place IS NOT NULL LIMIT %s) q',
		territory.postgis_schema(), title, statement, max_features + 1)
	INTO result, n USING z, x, y, bounds, since, until, cell_zoom;
	IF n > max_features THEN
		RAISE program_limit_exceeded USING MESSAGE = format('tile %s/%s/%s has more than %s features of %s', z, x, y, max_features, layer.rel),
			HINT = 'Ask for cells (show => ''cells''), for a higher zoom, or for a larger max_features.';
	END IF;
	RETURN result;
END $$;
COMMENT ON FUNCTION territory.layer_tile(territory.layers, integer, integer, integer, geometry, text, timestamptz, timestamptz, text[], name, text, integer, integer) IS
'What one layer shows on a tile; not to be called.';

-- Which layers: found where the caller's search_path counts.

CREATE FUNCTION territory.layers_named(names text) RETURNS regclass[]
	LANGUAGE plpgsql STABLE PARALLEL SAFE AS $$
DECLARE
	item text;
	found oid[] := '{}';
BEGIN
	IF names IS NULL THEN
		RETURN NULL;
	END IF;
	FOREACH item IN ARRAY pg_catalog.string_to_array(names, ',') LOOP
		item := pg_catalog.btrim(item);
		IF EXISTS (SELECT FROM territory.domains d WHERE d.code OPERATOR(pg_catalog.=) item) THEN
			found := found OPERATOR(pg_catalog.||) ARRAY(SELECT l.rel::pg_catalog.oid FROM territory.layers l
				WHERE l.domain OPERATOR(pg_catalog.=) item ORDER BY 1);
		ELSIF EXISTS (SELECT FROM territory.layers l WHERE l.rel::pg_catalog.oid OPERATOR(pg_catalog.=) pg_catalog.to_regclass(item)::pg_catalog.oid) THEN
			found := found OPERATOR(pg_catalog.||) pg_catalog.to_regclass(item)::pg_catalog.oid;
		ELSE
			RAISE undefined_object USING MESSAGE = pg_catalog.format('"%s" is neither a domain nor a layer', item),
				HINT = 'territory.domains and territory.layers list them; layers are named like tables.';
		END IF;
	END LOOP;
	RETURN found::pg_catalog.regclass[];
END $$;
COMMENT ON FUNCTION territory.layers_named(text) IS
'The layers that a list, separated by commas, names: tables, or domains for all of theirs. Null for null.';

CREATE FUNCTION territory.tile_of(z integer, x integer, y integer, rels regclass[], show text, until timestamptz, span interval,
	columns text, value name, statistic text, cell_zoom integer, max_features integer) RETURNS bytea
	LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	layer territory.layers;
	since timestamptz;
	result bytea := '';
BEGIN
	show := coalesce(show, 'points');
	statistic := coalesce(statistic, 'avg');
	cell_zoom := coalesce(cell_zoom, least(z + 5, 26));
	max_features := coalesce(max_features, 100000);
	until := coalesce(until, now());
	IF show NOT IN ('points', 'cells', 'traces') THEN
		RAISE invalid_parameter_value USING MESSAGE = format('a tile cannot show "%s"', show),
			HINT = 'It shows points, cells or traces.';
	ELSIF statistic NOT IN ('count', 'sum', 'avg', 'min', 'max') THEN
		RAISE invalid_parameter_value USING MESSAGE = format('cells cannot tell the "%s"', statistic),
			HINT = 'They tell the count, sum, avg, min or max of a column.';
	ELSIF (z BETWEEN 0 AND 26 AND x BETWEEN 0 AND (1 << z) - 1 AND y BETWEEN 0 AND (1 << z) - 1) IS NOT TRUE THEN
		RAISE invalid_parameter_value USING MESSAGE = format('there is no tile %s/%s/%s', z, x, y),
			HINT = 'z is between 0 and 26; x and y between 0 and 2^z - 1.';
	ELSIF cell_zoom NOT BETWEEN z AND least(z + 8, 26) THEN
		RAISE invalid_parameter_value USING MESSAGE = format('a tile of zoom %s cannot show cells of zoom %s', z, cell_zoom),
			HINT = format('Their zoom is between %s and %s.', z, least(z + 8, 26));
	ELSIF max_features NOT BETWEEN 1 AND 10000000 THEN
		RAISE invalid_parameter_value USING MESSAGE = format('max_features cannot be %s', max_features),
			HINT = 'It is between 1 and 10000000.';
	ELSIF span < interval '0' THEN
		RAISE invalid_parameter_value USING MESSAGE = 'the span of a tile cannot be negative';
	END IF;
	-- of points, however old the last one is
	since := until - coalesce(span, CASE show WHEN 'cells' THEN interval '1 day' WHEN 'traces' THEN interval '1 hour' END);
	FOR layer IN SELECT * FROM territory.layers l WHERE rels IS NULL OR l.rel = ANY (rels) ORDER BY l.rel::text LOOP
		IF rels IS NULL AND NOT (territory.can_show(layer, show) AND territory.may_show(layer)
				AND (show <> 'cells' OR value IS NULL OR territory.column_number(layer.rel, value) IS NOT NULL)) THEN
			CONTINUE;
		ELSIF NOT territory.can_show(layer, show) THEN
			RAISE invalid_parameter_value USING MESSAGE = format('%s of layer %s cannot be shown', show, layer.rel),
				HINT = CASE show WHEN 'traces' THEN 'It lacks a position, a time or an entity column.'
					ELSE 'It has no position column, and no table of its entities'' places.' END;
		END IF;
		IF show = 'cells' AND value IS NOT NULL THEN
			PERFORM territory.check_columns_exist(layer.rel, ARRAY[value]);
		END IF;
		result := result || territory.layer_tile(layer, z, x, y, territory.tile_bounds(z, x, y, layer.srid), show, until, since,
			(SELECT array_agg(btrim(c)) FROM string_to_table(columns, ',') c), value, statistic, cell_zoom, max_features);
	END LOOP;
	RETURN result;
END $$;
COMMENT ON FUNCTION territory.tile_of(integer, integer, integer, regclass[], text, timestamptz, interval, text, name, text, integer, integer) IS
'What tile() and tile_etag() make a tile with; not to be called.';

-- For tile servers: parameters are named as in a URL.

CREATE FUNCTION territory.tile(z integer, x integer, y integer, layers text DEFAULT NULL, show text DEFAULT 'points',
	at timestamptz DEFAULT NULL, span interval DEFAULT NULL, columns text DEFAULT NULL, value text DEFAULT NULL,
	statistic text DEFAULT 'avg', cell_zoom integer DEFAULT NULL, max_features integer DEFAULT 100000) RETURNS bytea
	LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT territory.tile_of(z, x, y, territory.layers_named(layers), show, at, span, columns, value::name, statistic, cell_zoom, max_features);
END;
COMMENT ON FUNCTION territory.tile(integer, integer, integer, text, text, timestamptz, interval, text, text, text, integer, integer) IS
'A vector tile (MVT) of layers: a list, separated by commas, of tables and domains; all that the caller may read when it is left out. show: points (the last state of each entity at an instant, now by default, not older than span), cells (rows counted by cell over span, 1 day by default, with the statistic of a column, value), traces (lines that moving entities drew over span, 1 hour by default, with their times). Times are seconds since 1970. Runs with the caller''s privileges and policies. A function layer of pg_tileserv.';

CREATE FUNCTION territory.tile_etag(z integer, x integer, y integer, query json, OUT mvt bytea, OUT etag text) RETURNS record
	LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT t.mvt, pg_catalog.md5(t.mvt) FROM (SELECT territory.tile_of(z, x, y, territory.layers_named(query->>'layers'), query->>'show',
		(query->>'at')::timestamptz, (query->>'span')::interval, query->>'columns', (query->>'value')::name, query->>'statistic',
		(query->>'cell_zoom')::integer, (query->>'max_features')::integer)) t(mvt);
END;
-- what Martin adds to the TileJSON that it serves
COMMENT ON FUNCTION territory.tile_etag(integer, integer, integer, json) IS
'{"name": "territory", "description": "Layers of a territory: a vector tile (MVT) and its ETag, the MD5 of its content. Query parameters as the arguments of territory.tile(): layers, show (points, cells, traces), at, span, columns, value, statistic, cell_zoom, max_features.", "minzoom": 0, "maxzoom": 22}';
