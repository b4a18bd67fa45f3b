-- How observations of two layers go together, place by place.

CREATE FUNCTION territory.is_geographic(srid integer) RETURNS boolean
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_is_geographic';
COMMENT ON FUNCTION territory.is_geographic(integer) IS
'Are coordinates of an SRID angles (longitude and latitude), so that distances are metres on the spheroid, rather than units of a plane? Error for an SRID that spatial_ref_sys does not know; 0 is a plane.';

CREATE FUNCTION territory.distance_in_space(geom_a geometry, geom_b geometry) RETURNS float8
	LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE COST 200
BEGIN ATOMIC
	SELECT CASE WHEN territory.is_geographic(ST_SRID(geom_a)) THEN ST_Distance(geom_a::geography, geom_b::geography)
		ELSE ST_Distance(geom_a, geom_b) END;
END;
COMMENT ON FUNCTION territory.distance_in_space(geometry, geometry) IS
'How far apart two geometries are: metres on the spheroid where the SRID is geographic, else units of the SRID. Heights are not looked at. Null for an empty geometry; error for two SRIDs.';

CREATE FUNCTION territory.in_srid(pos geography, srid integer) RETURNS geometry
	LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT territory.in_srid(pos::geometry, srid);
END;
COMMENT ON FUNCTION territory.in_srid(geography, integer) IS 'A geography as a geometry in an SRID, transformed where it is in another.';

-- a layer that can be asked for series of a column, with the names of its columns
CREATE FUNCTION territory.correlated_layer(layer regclass, column_name name) RETURNS territory.layers
	LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	found territory.layers;
	category "char";
BEGIN
	SELECT * INTO found FROM territory.layers l WHERE l.rel = layer;
	IF found.rel IS NULL THEN
		RAISE undefined_object USING MESSAGE = format('%s is not a layer', layer), HINT = 'Make it one with territory.add_layer().';
	END IF;
	SELECT t.typcategory INTO category FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
	WHERE a.attrelid = layer AND a.attname = column_name AND a.attnum > 0 AND NOT a.attisdropped;
	IF category IS NULL THEN
		RAISE undefined_column USING MESSAGE = format('column "%s" of %s does not exist', column_name, layer);
	END IF;
	IF category <> 'N' THEN
		RAISE datatype_mismatch USING MESSAGE = format('column "%s" of %s holds no numbers', column_name, layer),
			HINT = 'Only numbers go up and down together.';
	END IF;
	IF found.time_column IS NULL THEN
		RAISE undefined_column USING MESSAGE = format('layer %s has no time', layer), HINT = 'Name its time_column with territory.set_layer().';
	END IF;
	IF coalesce(found.entity_columns, '{}') = '{}' THEN
		RAISE undefined_column USING MESSAGE = format('layer %s has no entities', layer), HINT = 'Name its entity_columns with territory.set_layer().';
	END IF;
	IF found.position_column IS NULL AND (found.entity_table IS NULL OR found.entity_key IS NULL OR found.entity_position IS NULL) THEN
		RAISE undefined_column USING MESSAGE = format('layer %s does not tell where its entities are', layer),
			HINT = 'Name its position_column, or entity_table, entity_key and entity_position, with territory.set_layer().';
	END IF;
	RETURN found;
END $$;
COMMENT ON FUNCTION territory.correlated_layer(regclass, name) IS 'A layer whose column correlate() can read, or an error that says why not. For correlate().';

-- Whose means per step come from summaries where they can, since this is the
-- query that a TerritoryAggregate answers; then they become a series with a gap
-- wherever a step has no value.
CREATE FUNCTION territory.correlated_series(layer territory.layers, column_name name, period tstzrange, step interval, srid integer)
	RETURNS text LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	instant text := format('x.%I', (layer).time_column);
	within text := '';
	keys text;
	made text;
	names text;
	same text;
	entity text;
	place text;
	source text;
	plain boolean;
BEGIN
	SELECT a.atttypid = 'timestamptz'::regtype INTO plain FROM pg_attribute a
	WHERE a.attrelid = (layer).rel AND a.attname = (layer).time_column;
	IF NOT plain THEN
		instant := instant || '::timestamptz';
	END IF;
	IF NOT lower_inf(period) THEN
		within := format(' AND %s %s %L::timestamptz', instant, CASE WHEN lower_inc(period) THEN '>=' ELSE '>' END, lower(period));
	END IF;
	IF NOT upper_inf(period) THEN
		within := within || format(' AND %s %s %L::timestamptz', instant, CASE WHEN upper_inc(period) THEN '<=' ELSE '<' END, upper(period));
	END IF;
	SELECT string_agg(format('x.%I', c), ', ' ORDER BY i), string_agg(format('x.%I AS k%s', c, i), ', ' ORDER BY i),
		string_agg('k' || i, ', ' ORDER BY i), string_agg(format('x.%I = s.k%s', c, i), ' AND ' ORDER BY i)
	INTO keys, made, names, same FROM unnest((layer).entity_columns) WITH ORDINALITY e(c, i);
	entity := CASE WHEN cardinality((layer).entity_columns) = 1 THEN 's.k1::text' ELSE format('ROW(s.%s)::text', replace(names, ', ', ', s.')) END;
	IF (layer).position_column IS NOT NULL THEN
		place := format('(SELECT x.%1$I FROM %2$s x WHERE %3$s AND x.%1$I IS NOT NULL%4$s ORDER BY %5$s LIMIT 1)',
			(layer).position_column, (layer).rel, same, within, instant);
		source := 's';
	ELSE
		place := 'e.place';
		source := format('s JOIN (SELECT DISTINCT ON (x.%1$I) x.%1$I AS key, x.%2$I AS place FROM %3$s x WHERE x.%2$I IS NOT NULL) e ON e.key = s.k1',
			(layer).entity_key, (layer).entity_position, (layer).entity_table);
	END IF;
	IF srid IS NOT NULL THEN
		place := format('territory.in_srid(%s, %s)', place, srid);
	END IF;
	RETURN format('SELECT %1$s AS entity, %2$s AS place, s.series
		FROM (SELECT %3$s, territory.float_series(t, v, ''step'', %4$L::interval) AS series
			FROM (SELECT %5$s, territory.time_bucket(%4$L::interval, %6$s) AS t, avg(x.%7$I)::float8 AS v
				FROM %8$s x WHERE x.%7$I IS NOT NULL%9$s GROUP BY %10$s, territory.time_bucket(%4$L::interval, %6$s)) m
			WHERE t > ''-infinity'' AND t < ''infinity'' AND v > ''-infinity'' AND v < ''infinity'' GROUP BY %3$s) s',
		entity, place, names, step, made, instant, column_name, (layer).rel, within, keys) || CASE source WHEN 's' THEN '' ELSE substr(source, 2) END;
END $$;
COMMENT ON FUNCTION territory.correlated_series(territory.layers, name, tstzrange, interval, integer) IS
'The query for entity, place and series of means of a layer''s column. For correlate().';

CREATE FUNCTION territory.correlate(layer_a regclass, column_a name, layer_b regclass, column_b name, period tstzrange, step interval,
	max_lag interval, within_m float8)
	RETURNS TABLE (entity_a text, entity_b text, distance_m float8, lag interval, coefficient float8, n integer)
	LANGUAGE plpgsql STABLE PARALLEL RESTRICTED ROWS 100 COST 10000 AS $$
DECLARE
	a territory.layers;
	b territory.layers;
BEGIN
	IF layer_a IS NULL OR column_a IS NULL OR layer_b IS NULL OR column_b IS NULL OR period IS NULL OR step IS NULL OR max_lag IS NULL
		OR within_m IS NULL THEN
		RAISE null_value_not_allowed USING MESSAGE = 'correlate() needs all of its arguments';
	END IF;
	IF extract(year FROM step) <> 0 OR extract(month FROM step) <> 0 OR step <= interval '0' THEN
		RAISE invalid_parameter_value USING MESSAGE = 'step must be longer than nothing, without months or years',
			HINT = 'Say it in days, of 24 hours each, or less.';
	END IF;
	IF extract(year FROM max_lag) <> 0 OR extract(month FROM max_lag) <> 0 OR max_lag < interval '0' THEN
		RAISE invalid_parameter_value USING MESSAGE = 'max_lag must be 0 or longer, without months or years',
			HINT = 'Lags go both ways, from -max_lag to max_lag.';
	END IF;
	a := territory.correlated_layer(layer_a, column_a);
	b := territory.correlated_layer(layer_b, column_b);
	IF isempty(period) THEN
		RETURN;
	END IF;
	RETURN QUERY EXECUTE format('WITH a AS MATERIALIZED (%s), b AS MATERIALIZED (%s)
		SELECT a.entity, b.entity, territory.distance_in_space(a.place, b.place), best.lag, best.r, best.pairs
		FROM a JOIN b ON territory.near_in_space(a.place, b.place, $1)%s,
			LATERAL (SELECT c.lag, c.r, c.pairs
				FROM (SELECT c.lag, c.r, c.pairs, max(c.pairs) OVER () AS most FROM territory.cross_correlation(a.series, b.series, $2, $3) c) c
				WHERE c.r IS NOT NULL AND c.pairs >= 3 AND c.pairs * 2 >= c.most
				ORDER BY abs(c.r) DESC, greatest(c.lag, -c.lag), c.lag LIMIT 1) best
		ORDER BY abs(best.r) DESC, 1, 2',
		territory.correlated_series(a, column_a, period, step, a.srid), territory.correlated_series(b, column_b, period, step, coalesce(a.srid, b.srid)),
		CASE WHEN layer_a = layer_b AND column_a = column_b THEN ' AND a.entity < b.entity' ELSE '' END)
	USING within_m, max_lag, step;
END $$;
COMMENT ON FUNCTION territory.correlate(regclass, name, regclass, name, tstzrange, interval, interval, float8) IS
'Of each entity of one layer and each of another that are no farther apart than so many metres (units, where layer_a''s SRID is not geographic): the lag at which their means per step, by time_bucket(step, t) in the period, are most alike or most opposed, Pearson''s coefficient there, and of how many steps (n) that is. A lag above 0: what happens at entity_b follows entity_a so much later. Lags from -max_lag to max_lag by step count where at least 3 steps, and half as many as at the best covered lag, have a value on both sides; of equals the least lag is given. An entity is where its first row with a place in the period is, or where its layer''s entity_table says. With the same column of the same layer each pair comes once. Strongest first. Reads with the caller''s privileges and row security; error for what is no layer, and for steps of months or years.';
