-- Zones: communes, districts, contract perimeters, catchments, and aggregates by them.
--
-- Zones of a kind have one SRID; those of an exclusive kind share no more than
-- borders, so that what lies in one lies in no other and sums add up: of a
-- place on a border, the zone whose code comes first counts.  zonal() writes the
-- join of rows and zones so that, where entities stand still, each is looked up
-- once inside the scan, and its blocks are answered from summaries.

CREATE TABLE territory.zone_kinds
(
	code text PRIMARY KEY CHECK (code ~ '^[a-z][a-z0-9_]{0,55}$'),
	title text NOT NULL CHECK (title <> ''),
	exclusive boolean NOT NULL,
	-- of all its zones; the first one's, where nothing was said
	srid integer CHECK (srid > 0),
	steward regrole NOT NULL,
	created_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE territory.zone_kinds IS
'The kinds of zones: whether those of a kind may overlap, their SRID, and the role that looks after them. See territory.add_zone_kind().';

CREATE TABLE territory.zones
(
	kind text NOT NULL REFERENCES territory.zone_kinds,
	code text NOT NULL CHECK (code ~ '^[A-Za-z0-9_][A-Za-z0-9_.:-]{0,62}$'),
	title text NOT NULL CHECK (title <> ''),
	geom geometry NOT NULL,
	parent_kind text,
	parent text,
	modified_at timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (kind, code),
	FOREIGN KEY (parent_kind, parent) REFERENCES territory.zones (kind, code),
	CHECK ((parent IS NULL) = (parent_kind IS NULL))
);
COMMENT ON TABLE territory.zones IS 'The zones of the territory, by kind, and the zone that each is part of. See territory.zone().';
CREATE INDEX ON territory.zones USING gist (geom);
CREATE INDEX ON territory.zones (parent_kind, parent);
SELECT pg_catalog.pg_extension_config_dump('territory.zone_kinds', '');
SELECT pg_catalog.pg_extension_config_dump('territory.zones', '');
GRANT SELECT ON territory.zone_kinds, territory.zones TO PUBLIC;

-- Kinds.

CREATE FUNCTION territory.store_zone_kind(code text, title text, exclusive boolean, srid integer, steward regrole) RETURNS void
	LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'territory_for_caller';
COMMENT ON FUNCTION territory.store_zone_kind(text, text, boolean, integer, regrole) IS 'Writes for add_zone_kind(); call that.';

CREATE FUNCTION territory.store_zone_kind_for(caller regrole, code text, title text, exclusive boolean, srid integer,
	steward regrole) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	PERFORM territory.check_adds(caller, $6, $2, '^[a-z][a-z0-9_]{0,55}$', $3);
	IF $5 IS NOT NULL AND NOT territory.srid_is_known($5) THEN
		RAISE invalid_parameter_value USING MESSAGE = format('SRID %s is not known', $5), HINT = 'See spatial_ref_sys.';
	END IF;
	INSERT INTO territory.zone_kinds (code, title, exclusive, srid, steward) VALUES ($2, $3, coalesce($4, false), $5, $6);
EXCEPTION WHEN unique_violation THEN
	RAISE duplicate_object USING MESSAGE = format('zones of kind "%s" are known already', $2);
END $$;
COMMENT ON FUNCTION territory.store_zone_kind_for(regrole, text, text, boolean, integer, regrole) IS
'What store_zone_kind() does for its caller; not to be called.';
REVOKE EXECUTE ON FUNCTION territory.store_zone_kind_for(regrole, text, text, boolean, integer, regrole) FROM PUBLIC;

CREATE FUNCTION territory.srid_is_known(srid integer) RETURNS boolean
	LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT EXISTS (SELECT FROM spatial_ref_sys s WHERE s.srid = srid_is_known.srid);
END;
COMMENT ON FUNCTION territory.srid_is_known(integer) IS 'Whether PostGIS knows a spatial reference system.';

CREATE FUNCTION territory.add_zone_kind(code text, title text, exclusive boolean DEFAULT false, srid integer DEFAULT NULL,
	steward regrole DEFAULT NULL) RETURNS void
	LANGUAGE sql VOLATILE PARALLEL UNSAFE
BEGIN ATOMIC
	SELECT territory.store_zone_kind(code, title, exclusive, srid, coalesce(steward, quote_ident(current_user)::regrole));
END;
COMMENT ON FUNCTION territory.add_zone_kind(text, text, boolean, integer, regrole) IS
'Declare a kind of zones (communes, districts, contract perimeters, catchments). Those of an exclusive kind may not overlap. All have one SRID, the first one''s when it is left out. Members of steward (who calls, when it is left out) add its zones. For who may CREATE in the database.';

CREATE FUNCTION territory.erase_zone(kind text, code text) RETURNS void
	LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'territory_for_caller';
COMMENT ON FUNCTION territory.erase_zone(text, text) IS 'Writes for remove_zone() and remove_zone_kind(); call these.';

CREATE FUNCTION territory.zone_kind_for(caller regrole, kind text) RETURNS territory.zone_kinds
	LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	found_kind territory.zone_kinds;
BEGIN
	SELECT * INTO found_kind FROM territory.zone_kinds k WHERE k.code = $2;
	IF found_kind.code IS NULL THEN
		RAISE undefined_object USING MESSAGE = format('zones of kind "%s" are not known', $2),
			HINT = 'Declare them with territory.add_zone_kind(); territory.zone_kinds lists the kinds.';
	END IF;
	PERFORM territory.check_steward(caller, found_kind.steward, format('kind of zones "%s"', $2));
	RETURN found_kind;
END $$;
COMMENT ON FUNCTION territory.zone_kind_for(regrole, text) IS
'A kind of zones; an error where there is none, or the caller does not look after it. Not to be called.';
REVOKE EXECUTE ON FUNCTION territory.zone_kind_for(regrole, text) FROM PUBLIC;

CREATE FUNCTION territory.erase_zone_for(caller regrole, kind text, code text) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	LOCK TABLE territory.zones IN SHARE ROW EXCLUSIVE MODE;
	PERFORM territory.zone_kind_for(caller, $2);
	IF $3 IS NULL THEN
		DELETE FROM territory.zone_kinds k WHERE k.code = $2;
		RETURN;
	END IF;
	DELETE FROM territory.zones z WHERE z.kind = $2 AND z.code = $3;
	IF NOT FOUND THEN
		RAISE undefined_object USING MESSAGE = format('there is no zone "%s" of kind "%s"', $3, $2), HINT = 'See territory.zones.';
	END IF;
EXCEPTION WHEN foreign_key_violation THEN
	RAISE dependent_objects_still_exist USING MESSAGE = format(CASE WHEN $3 IS NULL THEN 'there are zones of kind "%1$s"'
			ELSE 'zone "%2$s" of kind "%1$s" has parts' END, $2, $3),
		HINT = 'Remove these first, with territory.remove_zone().';
END $$;
COMMENT ON FUNCTION territory.erase_zone_for(regrole, text, text) IS 'What erase_zone() does for its caller; not to be called.';
REVOKE EXECUTE ON FUNCTION territory.erase_zone_for(regrole, text, text) FROM PUBLIC;

CREATE FUNCTION territory.remove_zone(kind text, code text) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF code IS NULL THEN
		RAISE null_value_not_allowed USING MESSAGE = 'a zone has a code';
	END IF;
	PERFORM territory.erase_zone(kind, code);
END $$;
COMMENT ON FUNCTION territory.remove_zone(text, text) IS
'Remove a zone that no other is part of. For members of its kind''s steward.';

CREATE FUNCTION territory.remove_zone_kind(code text) RETURNS void
	LANGUAGE sql VOLATILE PARALLEL UNSAFE
BEGIN ATOMIC
	SELECT territory.erase_zone(code, NULL);
END;
COMMENT ON FUNCTION territory.remove_zone_kind(text) IS
'Forget a kind of zones of which there are none. For members of its steward.';

-- Zones.

-- zones of a kind whose inside a geometry shares, and the area shared, in the SRID's units
CREATE FUNCTION territory.overlapping_zones(kind text, code text, geom geometry) RETURNS TABLE(other text, area double precision)
	LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT z.code, ST_Area(ST_Intersection(z.geom, overlapping_zones.geom))
	FROM territory.zones z
	WHERE z.geom && overlapping_zones.geom AND z.code <> overlapping_zones.code
		AND CASE WHEN z.kind = overlapping_zones.kind THEN ST_Relate(z.geom, overlapping_zones.geom, 'T********') END
	ORDER BY z.code;
END;
COMMENT ON FUNCTION territory.overlapping_zones(text, text, geometry) IS
'The other zones of a kind that overlap a geometry, and the area that they share with it, in square units of their SRID.';

CREATE FUNCTION territory.store_zone(kind text, code text, title text, geom geometry, parent text, parent_kind text) RETURNS void
	LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'territory_for_caller';
COMMENT ON FUNCTION territory.store_zone(text, text, text, geometry, text, text) IS 'Writes for zone(); call that.';

CREATE FUNCTION territory.check_zone_parent(kind text, code text, parent text, parent_kind text) RETURNS void
	LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	circle text;
BEGIN
	WITH RECURSIVE up(kind, code, path) AS (
		SELECT $4, $3, format('%s %s', $4, $3)
		UNION ALL
		SELECT z.parent_kind, z.parent, format('%s, part of %s %s', up.path, z.parent_kind, z.parent)
		FROM up JOIN territory.zones z ON z.kind = up.kind AND z.code = up.code
		WHERE z.parent IS NOT NULL AND (up.kind, up.code) <> ($1, $2))
	SELECT path INTO circle FROM up WHERE up.kind = $1 AND up.code = $2;
	IF circle IS NOT NULL THEN
		RAISE invalid_parameter_value USING MESSAGE = format('zone "%s" of kind "%s" would be a part of itself', $2, $1),
			DETAIL = format('It would be part of %s.', circle), HINT = 'Give it another parent, or none.';
	END IF;
	IF NOT EXISTS (SELECT FROM territory.zones z WHERE z.kind = $4 AND z.code = $3) THEN
		RAISE undefined_object USING MESSAGE = format('there is no zone "%s" of kind "%s"', $3, $4),
			HINT = 'Add the parent first; parent_kind names its kind, where that is another.';
	END IF;
END $$;
COMMENT ON FUNCTION territory.check_zone_parent(text, text, text, text) IS
'An error where a zone''s parent does not exist, or would make it a part of itself; not to be called.';

CREATE FUNCTION territory.store_zone_for(caller regrole, kind text, code text, title text, geom geometry, parent text,
	parent_kind text) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	known territory.zone_kinds;
	problem text := territory.geometry_problem($5, '{POLYGON,MULTIPOLYGON}');
	given_srid integer := territory.geometry_srid($5);
	overlap record;
BEGIN
	-- one writer at a time: two could make a circle, or overlap, each without seeing the other
	LOCK TABLE territory.zones IN SHARE ROW EXCLUSIVE MODE;
	known := territory.zone_kind_for(caller, $2);
	IF $3 IS NULL OR coalesce($4, '') = '' THEN
		RAISE null_value_not_allowed USING MESSAGE = 'a zone needs a code and a title';
	END IF;
	IF $3 !~ '^[A-Za-z0-9_][A-Za-z0-9_.:-]{0,62}$' THEN
		RAISE invalid_parameter_value USING MESSAGE = format('"%s" is not a code', $3),
			HINT = 'Codes are short and plain: letters, digits and _ . : -';
	END IF;
	IF problem IS NOT NULL THEN
		RAISE invalid_parameter_value USING MESSAGE = format('the geometry of zone "%s" of kind "%s" %s', $3, $2, problem),
			HINT = 'A zone is a valid polygon or multipolygon with its SRID; ST_MakeValid, ST_CollectionExtract and ST_SetSRID help.';
	END IF;
	IF known.srid <> given_srid THEN
		RAISE invalid_parameter_value USING
			MESSAGE = format('zone "%s" has SRID %s, zones of kind "%s" have %s', $3, given_srid, $2, known.srid),
			HINT = format('Use ST_Transform(geom, %s).', known.srid);
	END IF;
	IF $6 IS NOT NULL THEN
		PERFORM territory.check_zone_parent($2, $3, $6, coalesce($7, $2));
	END IF;
	IF known.exclusive THEN
		SELECT * INTO overlap FROM territory.overlapping_zones($2, $3, $5) LIMIT 1;
		IF FOUND THEN
			RAISE exclusion_violation USING MESSAGE = format('zone "%s" of kind "%s" overlaps zone "%s"', $3, $2, overlap.other),
				DETAIL = format('They share an area of %s square units of SRID %s.', overlap.area::float4, given_srid),
				HINT = 'Zones of an exclusive kind share borders only; ST_Difference or ST_Snap helps.';
		END IF;
	END IF;
	IF known.srid IS NULL THEN
		UPDATE territory.zone_kinds k SET srid = given_srid WHERE k.code = $2;
	END IF;
	INSERT INTO territory.zones (kind, code, title, geom, parent_kind, parent)
	VALUES ($2, $3, $4, $5, CASE WHEN $6 IS NOT NULL THEN coalesce($7, $2) END, $6)
	ON CONFLICT ON CONSTRAINT zones_pkey DO UPDATE SET title = excluded.title, geom = excluded.geom,
		parent_kind = excluded.parent_kind, parent = excluded.parent, modified_at = now();
END $$;
COMMENT ON FUNCTION territory.store_zone_for(regrole, text, text, text, geometry, text, text) IS
'What store_zone() does for its caller; not to be called.';
REVOKE EXECUTE ON FUNCTION territory.store_zone_for(regrole, text, text, text, geometry, text, text) FROM PUBLIC;

CREATE FUNCTION territory.zone(kind text, code text, title text, geom geometry, parent text DEFAULT NULL,
	parent_kind text DEFAULT NULL) RETURNS void
	LANGUAGE sql VOLATILE PARALLEL UNSAFE
BEGIN ATOMIC
	SELECT territory.store_zone(kind, code, title, geom, parent, parent_kind);
END;
COMMENT ON FUNCTION territory.zone(text, text, text, geometry, text, text) IS
'Add a zone of a kind, or say anew what it is: a valid polygon or multipolygon in its kind''s SRID, and the zone that it is part of (of the same kind, unless parent_kind names another). Refused where it would be part of itself, or overlaps another of an exclusive kind. For members of the kind''s steward.';

-- Where a place is.

CREATE FUNCTION territory.in_srid(pos geometry, srid integer) RETURNS geometry
	LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT CASE WHEN ST_SRID(pos) = srid THEN pos ELSE ST_Transform(pos, srid) END;
END;
COMMENT ON FUNCTION territory.in_srid(geometry, integer) IS 'A geometry in an SRID, transformed where it is in another.';

CREATE FUNCTION territory.zones_at(pos geometry, zone_kind text, single boolean) RETURNS SETOF text
	LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT z.code FROM territory.zones z
	WHERE z.geom && pos AND CASE WHEN z.kind = zone_kind THEN ST_Intersects(z.geom, pos) END
	ORDER BY z.code LIMIT CASE WHEN single THEN 1 END;
END;
COMMENT ON FUNCTION territory.zones_at(geometry, text, boolean) IS
'The zones of a kind that a geometry in their SRID touches, by code; the first one only, if single.';

CREATE FUNCTION territory.zone_of(pos geometry, zone_kind text) RETURNS text
	LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	kind_srid integer;
BEGIN
	SELECT k.srid INTO kind_srid FROM territory.zone_kinds k WHERE k.code = zone_kind;
	IF NOT FOUND THEN
		RAISE undefined_object USING MESSAGE = format('zones of kind "%s" are not known', zone_kind),
			HINT = 'territory.zone_kinds lists the kinds.';
	END IF;
	IF kind_srid <> territory.geometry_srid(pos) THEN
		RAISE invalid_parameter_value USING MESSAGE = format('the place has SRID %s, zones of kind "%s" have %s',
				territory.geometry_srid(pos), zone_kind, kind_srid),
			HINT = format('Use ST_Transform(pos, %s).', kind_srid);
	END IF;
	RETURN (SELECT z FROM territory.zones_at(pos, zone_kind, true) z);
END $$;
COMMENT ON FUNCTION territory.zone_of(geometry, text) IS
'The code of the zone of a kind that a place is in, in that kind''s SRID; of several (on a border, or where they overlap) the first one by code; null where there is none.';

-- Aggregates by zone and period.

CREATE FUNCTION territory.zonal_statement(layer territory.layers, column_name name, statistic text, kind territory.zone_kinds,
	period tstzrange, step interval) RETURNS text
	LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	zone text := quote_literal(coalesce((SELECT l.time_zone FROM territory.layout(layer.rel) l), current_setting('TimeZone')));
	moment text := CASE WHEN layer.time_column IS NOT NULL THEN format('r.%I', layer.time_column) END;
	-- a timestamp or a date is one of the layer's calendar
	at_zone boolean := coalesce((SELECT CASE WHEN t.typtype = 'd' THEN t.typbasetype ELSE t.oid END <> 'timestamptz'::regtype
		FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
		WHERE a.attrelid = layer.rel AND a.attname = layer.time_column), false);
	value text := CASE WHEN column_name IS NULL THEN '*' ELSE format('r.%I', column_name) END;
	postgis text := territory.postgis_schema();
	bucket text;
	condition text := '';
	places text;
	item record;
BEGIN
	bucket := CASE WHEN step IS NULL THEN 'NULL::timestamptz'
		WHEN at_zone THEN format('territory.time_bucket(%L::interval, %s::timestamp) AT TIME ZONE %s', step, moment, zone)
		ELSE format('territory.time_bucket(%L::interval, %s, %s)', step, moment, zone) END;
	FOR item IN SELECT * FROM (VALUES (lower(period), CASE WHEN lower_inc(period) THEN '>=' ELSE '>' END),
			(upper(period), CASE WHEN upper_inc(period) THEN '<=' ELSE '<' END)) b(bound, operator) WHERE bound IS NOT NULL LOOP
		condition := condition || format(CASE WHEN at_zone THEN ' AND %s::timestamp %s %L::timestamptz AT TIME ZONE %s'
			ELSE ' AND %s %s %L::timestamptz' END, moment, item.operator, item.bound, zone);
	END LOOP;
	places := format('territory.zones_at(territory.in_srid(%s::%s.geometry, %s), %L, %L) z(zone)',
		CASE WHEN layer.entity_table IS NOT NULL THEN format('e.%I', layer.entity_position) ELSE format('r.%I', layer.position_column) END,
		postgis, kind.srid, kind.code, kind.exclusive);
	IF layer.entity_table IS NOT NULL THEN
		places := format('JOIN (SELECT e.%I AS entity, z.zone FROM %s e, LATERAL %s) z ON z.entity = r.%I', layer.entity_key,
			layer.entity_table, places, layer.entity_columns[1]);
	ELSE
		places := 'CROSS JOIN LATERAL ' || places;
	END IF;
	RETURN format('SELECT z.zone, %s AS bucket, %s(%s)::float8 AS value, count(%4$s) AS n FROM %5$s r %6$s WHERE true%7$s GROUP BY 1, 2',
		bucket, statistic, value, value, layer.rel, places, condition);
END $$;
COMMENT ON FUNCTION territory.zonal_statement(territory.layers, name, text, territory.zone_kinds, tstzrange, interval) IS
'The join that zonal() runs, by zone and bucket; not to be called.';

CREATE FUNCTION territory.check_zonal(layer territory.layers, column_name name, statistic text, period tstzrange,
	step interval) RETURNS void
	LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF statistic IS NULL OR statistic NOT IN ('count', 'sum', 'avg', 'min', 'max', 'stddev') THEN
		RAISE invalid_parameter_value USING MESSAGE = format('"%s" is not a statistic', statistic),
			HINT = 'Statistics are count, sum, avg, min, max and stddev.';
	END IF;
	IF column_name IS NULL AND statistic <> 'count' THEN
		RAISE null_value_not_allowed USING MESSAGE = format('%s needs a column', statistic),
			HINT = 'Only count goes without, and counts rows.';
	END IF;
	IF column_name IS NOT NULL THEN
		PERFORM territory.check_columns_exist(layer.rel, ARRAY[column_name]);
		IF statistic <> 'count' AND NOT territory.column_is(layer.rel, column_name, 'number') THEN
			RAISE datatype_mismatch USING MESSAGE = format('column "%s" of %s is not a number', column_name, layer.rel),
				HINT = 'What is no number can be counted.';
		END IF;
	END IF;
	IF layer.entity_table IS NULL AND layer.position_column IS NULL THEN
		RAISE invalid_parameter_value USING MESSAGE = format('%s does not say where its rows are', layer.rel),
			HINT = 'Name the table of its entities'' places, with territory.set_layer(entity_table => ..., entity_key => ..., entity_position => ...).';
	END IF;
	IF (step IS NOT NULL OR period IS NOT NULL) AND layer.time_column IS NULL THEN
		RAISE invalid_parameter_value USING MESSAGE = format('%s has no time column', layer.rel), HINT = 'Leave period and step out.';
	END IF;
	IF step <= interval '0' THEN
		RAISE invalid_parameter_value USING MESSAGE = 'step has to be a positive interval';
	END IF;
	IF layer.entity_table IS NOT NULL AND coalesce(cardinality(layer.entity_columns), 0) = 0 THEN
		RAISE invalid_parameter_value USING MESSAGE = format('%s has no entity columns', layer.rel),
			HINT = 'Name them with territory.set_layer(entity_columns => ...).';
	END IF;
END $$;
COMMENT ON FUNCTION territory.check_zonal(territory.layers, name, text, tstzrange, interval) IS
'An error where zonal() was told what does not fit its layer; not to be called.';

CREATE FUNCTION territory.zonal(layer regclass, column_name name, statistic text, zone_kind text, period tstzrange DEFAULT NULL,
	step interval DEFAULT NULL) RETURNS TABLE(zone text, title text, bucket timestamptz, value double precision, n bigint)
	LANGUAGE plpgsql STABLE PARALLEL RESTRICTED SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
	known territory.layers;
	kind territory.zone_kinds;
BEGIN
	SELECT * INTO known FROM territory.layers l WHERE l.rel = $1;
	IF known.rel IS NULL THEN
		RAISE undefined_object USING MESSAGE = format('%s is not a layer', $1), HINT = 'Make it one with territory.add_layer().';
	END IF;
	SELECT * INTO kind FROM territory.zone_kinds k WHERE k.code = $4;
	IF kind.code IS NULL THEN
		RAISE undefined_object USING MESSAGE = format('zones of kind "%s" are not known', $4),
			HINT = 'territory.zone_kinds lists the kinds.';
	END IF;
	PERFORM territory.check_zonal(known, $2, $3, $5, $6);
	IF kind.srid IS NULL OR isempty($5) THEN
		RETURN;
	END IF;
	RETURN QUERY EXECUTE format('SELECT m.zone, z.title, m.bucket, m.value, m.n FROM (%s) m'
		' JOIN territory.zones z ON z.kind = $1 AND z.code = m.zone WHERE m.n > 0 OR $2 = ''count'' ORDER BY m.zone, m.bucket',
		territory.zonal_statement(known, $2, $3, kind, $5, $6)) USING $4, $3;
END $$;
COMMENT ON FUNCTION territory.zonal(regclass, name, text, text, tstzrange, interval) IS
'A statistic (count, sum, avg, min, max or stddev) of a column of a layer by zone of a kind and, where a step is given, by bucket of the calendar of the layer''s layout (of the session''s time zone, where it names none), with the number n of values (rows, where the column is null and rows are counted). The zones of entities that stand still are looked up once for each, so that summaries answer; those of moving ones row by row. Zones and buckets without values are left out.';
