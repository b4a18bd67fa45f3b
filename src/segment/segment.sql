-- Layouts: which columns of a table say who, when and where.

CREATE TABLE territory.layouts
(
	relation regclass PRIMARY KEY,
	-- the table's oid when this was stored: where it differs from relation,
	-- the layout was restored from a dump, and names count, not numbers
	stored_for oid NOT NULL,
	entity_columns name[],
	entity_attnums int2[],
	time_column name,
	time_attnum int2,
	position_column name,
	position_attnum int2,
	time_zone text,
	other_zone text,
	entity_table regclass,
	entity_key name,
	entity_position name
);
COMMENT ON TABLE territory.layouts IS 'what territory.set_layout() was told';
-- not those of temporary tables, nor of what such a table left when its session ended
SELECT pg_catalog.pg_extension_config_dump('territory.layouts',
	$$WHERE EXISTS (SELECT FROM pg_catalog.pg_class c WHERE c.oid = relation AND c.relpersistence <> 't')$$);
GRANT SELECT ON territory.layouts TO PUBLIC;

CREATE FUNCTION territory.detected_layout(rel regclass,
	OUT entity_columns name[], OUT time_column name, OUT position_column name)
	LANGUAGE C STABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_detected_layout';
COMMENT ON FUNCTION territory.detected_layout(regclass) IS
'The layout that a table has by itself: time is its first timestamptz, timestamp or date column, entity the other columns of its primary key (or, where that holds no time, of its first index that holds the time and another column), position its first PostGIS column.';

CREATE FUNCTION territory.resolved_column(rel regclass, stored_for oid, attnum int2, name name) RETURNS int2
	LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT a.attnum FROM pg_catalog.pg_attribute a
	WHERE a.attrelid = rel::oid AND NOT a.attisdropped AND a.attnum > 0
		AND CASE WHEN stored_for = rel::oid THEN a.attnum = resolved_column.attnum
			ELSE a.attname = resolved_column.name END;
END;
COMMENT ON FUNCTION territory.resolved_column(regclass, oid, int2, name) IS
'The attribute number of a column that a layout names, after renames (by number) and restores (by name); null where it was dropped.';

CREATE FUNCTION territory.resolved_layout(rel regclass,
	OUT entity_attnums int2[], OUT time_attnum int2, OUT position_attnum int2)
	LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT CASE WHEN l.entity_columns IS NOT NULL THEN
			ARRAY(SELECT r FROM pg_catalog.generate_subscripts(l.entity_columns, 1) i,
				LATERAL (SELECT territory.resolved_column(rel, l.stored_for, l.entity_attnums[i], l.entity_columns[i])) c(r)
				WHERE r IS NOT NULL ORDER BY i) END,
		(SELECT a.attnum FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
			WHERE a.attrelid = rel::oid AND a.attnum = territory.resolved_column(rel, l.stored_for, l.time_attnum, l.time_column)
				AND CASE WHEN t.typtype = 'd' THEN t.typbasetype ELSE t.oid END IN
					('timestamptz'::regtype::oid, 'timestamp'::regtype::oid, 'date'::regtype::oid)),
		territory.resolved_column(rel, l.stored_for, l.position_attnum, l.position_column)
	FROM territory.layouts l WHERE l.relation::oid = rel::oid;
END;
COMMENT ON FUNCTION territory.resolved_layout(regclass) IS
'The stored layout of a table as attribute numbers; nulls where nothing was stored, or the time column became something else.';

CREATE FUNCTION territory.layout(rel regclass,
	OUT entity_columns name[], OUT time_column name, OUT position_column name, OUT time_zone text, OUT other_zone text,
	OUT entity_table regclass, OUT entity_key name, OUT entity_position name)
	LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT
		CASE WHEN r.entity_attnums IS NULL THEN d.entity_columns
			ELSE ARRAY(SELECT a.attname FROM pg_catalog.unnest(r.entity_attnums) WITH ORDINALITY u(n, i)
				JOIN pg_catalog.pg_attribute a ON a.attrelid = rel::oid AND a.attnum = u.n ORDER BY i) END,
		coalesce((SELECT attname FROM pg_catalog.pg_attribute WHERE attrelid = rel::oid AND attnum = r.time_attnum), d.time_column),
		coalesce((SELECT attname FROM pg_catalog.pg_attribute WHERE attrelid = rel::oid AND attnum = r.position_attnum), d.position_column),
		l.time_zone, l.other_zone, l.entity_table, l.entity_key, l.entity_position
	FROM territory.detected_layout(rel) d
	LEFT JOIN territory.layouts l ON l.relation::oid = rel::oid
	LEFT JOIN LATERAL territory.resolved_layout(rel) r ON true;
END;
COMMENT ON FUNCTION territory.layout(regclass) IS
'Which columns of a table say who (entity), when (time) and where (position): what set_layout() stored, else what was detected.';

CREATE FUNCTION territory.set_layout(rel regclass, entity_columns name[] DEFAULT NULL, time_column name DEFAULT NULL,
	position_column name DEFAULT NULL, time_zone text DEFAULT NULL, other_zone text DEFAULT NULL,
	entity_table regclass DEFAULT NULL, entity_key name DEFAULT NULL, entity_position name DEFAULT NULL) RETURNS void
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	wanted name;
	wanted_type oid;
	wanted_zone text;
	attnums int2[];
	time_number int2;
	position_number int2;
BEGIN
	IF rel IS NULL THEN
		RAISE null_value_not_allowed USING MESSAGE = 'territory.set_layout() needs a table';
	END IF;
	IF NOT EXISTS (SELECT 1 FROM pg_class WHERE oid = rel) THEN
		RAISE undefined_table USING MESSAGE = format('relation with OID %s does not exist', rel::oid);
	END IF;
	IF NOT pg_has_role((SELECT relowner FROM pg_class WHERE oid = rel), 'USAGE') THEN
		RAISE insufficient_privilege USING MESSAGE = format('must be owner of table %s', rel);
	END IF;
	IF NOT EXISTS (SELECT 1 FROM pg_class c JOIN pg_am a ON a.oid = c.relam WHERE c.oid = rel AND a.amname = 'territory') THEN
		RAISE wrong_object_type USING MESSAGE = format('%s is not a territory table', rel),
			HINT = CASE (SELECT relkind FROM pg_class WHERE oid = rel)
				WHEN 'r' THEN 'Use ALTER TABLE ... SET ACCESS METHOD territory first.'
				WHEN 'p' THEN 'Call territory.set_layout() on each of its partitions.'
				ELSE 'Layouts are of tables.' END;
	END IF;
	FOREACH wanted IN ARRAY coalesce(entity_columns, '{}') || array_remove(ARRAY[time_column, position_column], NULL) LOOP
		IF NOT EXISTS (SELECT 1 FROM pg_attribute WHERE attrelid = rel AND attname = wanted AND attnum > 0 AND NOT attisdropped) THEN
			RAISE undefined_column USING MESSAGE = format('column "%s" of %s does not exist', wanted, rel),
				HINT = 'Name columns as pg_attribute spells them.';
		END IF;
	END LOOP;
	IF cardinality(entity_columns) > 8 THEN
		RAISE program_limit_exceeded USING MESSAGE = 'an entity has at most 8 columns',
			HINT = 'Name those that tell most, the first first.';
	END IF;
	IF position_column IS NOT NULL AND NOT EXISTS (SELECT 1 FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
		WHERE attrelid = rel AND attname = position_column AND t.typname IN ('geometry', 'geography')) THEN
		RAISE datatype_mismatch USING MESSAGE = format('column "%s" of %s is not a position', position_column, rel),
			HINT = 'A position column is PostGIS''s geometry or geography.';
	END IF;
	IF time_column IS NOT NULL THEN
		SELECT CASE WHEN t.typtype = 'd' THEN t.typbasetype ELSE t.oid END INTO wanted_type
		FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid WHERE attrelid = rel AND attname = time_column;
		IF wanted_type NOT IN ('timestamptz'::regtype, 'timestamp'::regtype, 'date'::regtype) THEN
			RAISE datatype_mismatch USING MESSAGE = format('column "%s" of %s is not a time', time_column, rel),
				HINT = 'A time column is timestamptz, timestamp or date.';
		END IF;
	END IF;
	FOREACH wanted_zone IN ARRAY array_remove(ARRAY[time_zone, other_zone], NULL) LOOP
		IF NOT EXISTS (SELECT 1 FROM pg_timezone_names WHERE name = wanted_zone) THEN
			RAISE invalid_parameter_value USING MESSAGE = format('time zone "%s" is not known', wanted_zone),
				HINT = 'See pg_timezone_names.';
		END IF;
	END LOOP;
	IF (entity_table IS NULL) <> (entity_key IS NULL) OR (entity_table IS NULL) <> (entity_position IS NULL) THEN
		RAISE invalid_parameter_value USING MESSAGE = 'entity_table, entity_key and entity_position go together';
	END IF;
	FOREACH wanted IN ARRAY array_remove(ARRAY[entity_key, entity_position], NULL) LOOP
		IF NOT EXISTS (SELECT 1 FROM pg_attribute WHERE attrelid = entity_table AND attname = wanted AND attnum > 0 AND NOT attisdropped) THEN
			RAISE undefined_column USING MESSAGE = format('column "%s" of %s does not exist', wanted, entity_table);
		END IF;
	END LOOP;
	attnums := CASE WHEN entity_columns IS NOT NULL THEN
		ARRAY(SELECT (SELECT attnum FROM pg_attribute WHERE attrelid = rel AND attname = e)
			FROM unnest(entity_columns) WITH ORDINALITY u(e, i) ORDER BY i) END;
	SELECT attnum INTO time_number FROM pg_attribute WHERE attrelid = rel AND attname = time_column;
	SELECT attnum INTO position_number FROM pg_attribute WHERE attrelid = rel AND attname = position_column;
	PERFORM territory.store_layout(rel, entity_columns, attnums, time_column, time_number, position_column,
		position_number, time_zone, other_zone, entity_table, entity_key, entity_position);
END $$;
COMMENT ON FUNCTION territory.set_layout(regclass, name[], name, name, text, text, regclass, name, name) IS
'Say which columns hold the entity, the time and the position; what is left out is detected. time_zone is the zone of the table''s calendar; other_zone that of other days that are often asked for, which summaries tell as well: UTC, where that is not the table''s, else the session''s default; entity_table, entity_key and entity_position name the table of the entities'' places. Owner only. Segments sealed before keep their order.';

-- writes for set_layout, as the owner of layouts, where the caller owns the table
CREATE FUNCTION territory.store_layout(rel regclass, entity_columns name[], entity_attnums int2[], time_column name,
	time_attnum int2, position_column name, position_attnum int2, time_zone text, other_zone text,
	entity_table regclass, entity_key name, entity_position name) RETURNS void
	LANGUAGE C SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'territory_store_layout';
COMMENT ON FUNCTION territory.store_layout(regclass, name[], int2[], name, int2, name, int2, text, text, regclass, name, name) IS
'Stores what set_layout() checked; call set_layout().';

CREATE FUNCTION territory.forget_dropped() RETURNS event_trigger
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	DELETE FROM territory.layouts l USING pg_event_trigger_dropped_objects() d
	WHERE d.classid = 'pg_class'::regclass AND d.objsubid = 0 AND l.relation::oid = d.objid;
END $$;
COMMENT ON FUNCTION territory.forget_dropped() IS 'Forgets the layouts of dropped tables.';
CREATE EVENT TRIGGER territory_forget_dropped ON sql_drop EXECUTE FUNCTION territory.forget_dropped();

-- A dump keeps a layout by its names: they follow renames and drops at once.
CREATE FUNCTION territory.follow_columns() RETURNS event_trigger
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	-- what pg_restore --disable-triggers brought; it enables triggers afterwards
	UPDATE territory.layouts SET stored_for = stored_for WHERE stored_for <> relation::oid;
	UPDATE territory.layouts l SET entity_columns = n.entity_columns, entity_attnums = n.entity_attnums,
		time_column = n.time_column, time_attnum = CASE WHEN n.time_column IS NOT NULL THEN l.time_attnum END,
		position_column = n.position_column,
		position_attnum = CASE WHEN n.position_column IS NOT NULL THEN l.position_attnum END
	FROM territory.layouts o,
		LATERAL (SELECT array_agg(a.attname ORDER BY u.i) AS entity_columns, array_agg(u.attnum ORDER BY u.i) AS entity_attnums
			FROM unnest(o.entity_attnums) WITH ORDINALITY u(attnum, i)
			JOIN pg_attribute a ON a.attrelid = o.relation AND a.attnum = u.attnum AND NOT a.attisdropped) e,
		LATERAL (SELECT e.*,
			(SELECT attname FROM pg_attribute WHERE attrelid = o.relation AND attnum = o.time_attnum AND NOT attisdropped) AS time_column,
			(SELECT attname FROM pg_attribute WHERE attrelid = o.relation AND attnum = o.position_attnum AND NOT attisdropped) AS position_column) n
	WHERE l.relation = o.relation AND l.stored_for = l.relation::oid
		AND (l.entity_columns, l.time_column, l.position_column)
			IS DISTINCT FROM (n.entity_columns, n.time_column, n.position_column);
END $$;
COMMENT ON FUNCTION territory.follow_columns() IS 'Keeps the names that layouts know columns by.';
CREATE EVENT TRIGGER territory_follow_columns ON ddl_command_end WHEN TAG IN ('ALTER TABLE', 'ALTER MATERIALIZED VIEW')
	EXECUTE FUNCTION territory.follow_columns();

CREATE FUNCTION territory.restore_layout() RETURNS trigger
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	NEW.entity_attnums := CASE WHEN NEW.entity_columns IS NOT NULL THEN
		ARRAY(SELECT a.attnum FROM unnest(NEW.entity_columns) WITH ORDINALITY u(n, i)
			JOIN pg_attribute a ON a.attrelid = NEW.relation AND a.attname = u.n ORDER BY i) END;
	NEW.time_attnum := (SELECT attnum FROM pg_attribute WHERE attrelid = NEW.relation AND attname = NEW.time_column);
	NEW.position_attnum := (SELECT attnum FROM pg_attribute WHERE attrelid = NEW.relation AND attname = NEW.position_column);
	NEW.stored_for := NEW.relation::oid;
	RETURN NEW;
END $$;
COMMENT ON FUNCTION territory.restore_layout() IS
'Gives a layout that comes from a dump the columns'' numbers in its new table.';
CREATE TRIGGER restore_layout BEFORE INSERT OR UPDATE ON territory.layouts FOR EACH ROW
	WHEN (NEW.stored_for <> NEW.relation::oid) EXECUTE FUNCTION territory.restore_layout();

-- Sealing.

CREATE FUNCTION territory.seal(rel regclass, before timestamptz DEFAULT NULL,
	OUT rows bigint, OUT segments bigint, OUT heap_bytes bigint, OUT sealed_bytes bigint)
	LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'territory_seal';
COMMENT ON FUNCTION territory.seal(regclass, timestamptz) IS
'Move the rows whose time is before the given instant (all rows, when it is left out) into compressed segments, in this transaction. Gives the rows and segments written, what these rows took as heap tuples (bytes, estimated) and what they take now (bytes). Rows that somebody is changing stay hot. Owner only.';

CREATE PROCEDURE territory.seal_in_batches(rel regclass, before timestamptz, batch interval DEFAULT '1 day')
	LANGUAGE C AS 'MODULE_PATHNAME', 'territory_seal_in_batches';
COMMENT ON PROCEDURE territory.seal_in_batches(regclass, timestamptz, interval) IS
'Seal what is older than the given instant, a batch of the calendar at a time (in the time zone of the table''s layout, or else the session''s), oldest first. Commits each batch and says how far it is; a call that was interrupted is simply made again. Rows without a time stay hot. Owner only; not inside a transaction block.';

CREATE FUNCTION territory.adopt(rel regclass, before timestamptz DEFAULT NULL,
	OUT rows bigint, OUT segments bigint, OUT heap_bytes bigint, OUT sealed_bytes bigint)
	LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'territory_adopt';
COMMENT ON FUNCTION territory.adopt(regclass, timestamptz) IS
'Turn a heap table into a territory table in one rewrite under one exclusive lock: rows whose time is before the given instant (all rows, when it is left out) go straight into segments, the rest stays hot, indexes are built on the hot rows. Gives what seal() gives. Owner only.';

CREATE FUNCTION territory.compact(rel regclass,
	OUT rows bigint, OUT dead_rows bigint, OUT segments_before bigint, OUT segments_after bigint,
	OUT bytes_before bigint, OUT bytes_after bigint, OUT busy bigint)
	LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'territory_compact';
COMMENT ON FUNCTION territory.compact(regclass) IS
'Rewrite the segments that hold dead rows, and merge small ones (below half of territory.segment_rows), in the order of the layout of now. Gives the living rows written, the dead rows left behind, the segments and bytes rewritten and what they became, and how many segments were passed over because somebody was changing or locking their rows. At most 1,024 segments a call: repeat it while segments_before is that many. Owner only.';

CREATE FUNCTION territory.unseal(rel regclass, from_time timestamptz DEFAULT NULL, to_time timestamptz DEFAULT NULL)
	RETURNS bigint LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'territory_unseal';
COMMENT ON FUNCTION territory.unseal(regclass, timestamptz, timestamptz) IS
'Move sealed rows with from_time <= time < to_time back into the heap (all of them, when the times are left out). Gives the number of rows. Owner only.';

CREATE FUNCTION territory.segments(rel regclass) RETURNS TABLE(segment integer, rows integer, dead_rows integer,
	blocks integer, heap_bytes bigint, sealed_bytes bigint, from_time timestamptz, to_time timestamptz,
	from_entity text, to_entity text, sealed_at timestamptz)
	LANGUAGE C STABLE PARALLEL RESTRICTED AS 'MODULE_PATHNAME', 'territory_segments';
COMMENT ON FUNCTION territory.segments(regclass) IS
'A row per segment: its rows, how many of them were deleted or updated since, its blocks, its bytes before (estimated) and after, the first and last time in it, the first and last value of its leading entity column (as text; null where row-level security applies to the caller, as are the times), and when it was written. Needs SELECT on the table.';

CREATE FUNCTION territory.table_totals(rel regclass, OUT hot_rows bigint, OUT segments bigint, OUT sealed_rows bigint,
	OUT heap_bytes bigint, OUT sealed_bytes bigint, OUT last_seal timestamptz)
	LANGUAGE C STABLE PARALLEL RESTRICTED AS 'MODULE_PATHNAME', 'territory_table_totals';
COMMENT ON FUNCTION territory.table_totals(regclass) IS
'What a territory table holds: hot rows (counted, or estimated from 1,000 pages where it has more), segments, living sealed rows, what these took as heap tuples (bytes, estimated) and what they take now (bytes), and when the last segment was written. Needs SELECT on the table.';

CREATE FUNCTION territory.advise(rel regclass, sample_rows integer DEFAULT 65536) RETURNS TABLE(column_name name, type text,
	codec text, heap_bytes_per_value numeric, sealed_bytes_per_value numeric, ratio numeric)
	LANGUAGE C STABLE PARALLEL RESTRICTED AS 'MODULE_PATHNAME', 'territory_advise';
COMMENT ON FUNCTION territory.advise(regclass, integer) IS
'What a heap or territory table would take if all of it were sealed, judged by about so many of its rows, without sealing anything: per column its type, the encoding of its first block, bytes per row as heap stores its values and as segments would, and how many times smaller that is; the last row, without a column name, is of whole rows with all overhead but indexes. Needs SELECT on every column, and is refused where row-level security applies to the caller.';

CREATE FUNCTION territory.verify(rel regclass) RETURNS TABLE(segment integer, rows bigint, ok boolean, problem text)
	LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'territory_verify';
COMMENT ON FUNCTION territory.verify(regclass) IS
'Check every checksum, decode every value of every segment, and compute every zone map and summary anew. Gives per segment its living rows, whether it is sound, and if not the error. Needs SELECT on the table.';

CREATE FUNCTION territory.summaries(rel regclass) RETURNS TABLE(segment integer, block integer, column_name name,
	rows bigint, non_nulls bigint, min_value text, max_value text, total numeric, squares numeric,
	float_total double precision, float_moment double precision, first_value text, last_value text, last_is_null boolean,
	bounds double precision[])
	LANGUAGE C STABLE PARALLEL RESTRICTED AS 'MODULE_PATHNAME', 'territory_summaries';
COMMENT ON FUNCTION territory.summaries(regclass) IS
'What is known of sealed rows without decoding them: a row per segment (block is null) and per block and column: min_value and max_value; total and squares, the exact sums of integers and decimals and of their squares; float_total and float_moment, the sum of floats and of the squares of their distances to the mean; first_value and last_value by time, where the rows are one entity''s; bounds, a geometry''s xmin, ymin, xmax, ymax. Null where not known. Rows that were deleted since count. Needs SELECT on the table.';

CREATE VIEW territory.table_status WITH (security_invoker = true) AS
SELECT c.oid::regclass AS relation, s.hot_rows, pg_relation_size(c.oid) AS hot_bytes, pg_indexes_size(c.oid) AS index_bytes,
	s.segments, s.sealed_rows, s.sealed_bytes,
	round(s.heap_bytes::numeric / nullif(s.sealed_bytes, 0)::numeric, 1) AS ratio, s.last_seal
FROM pg_catalog.pg_class c
JOIN pg_catalog.pg_am a ON a.oid = c.relam AND a.amname = 'territory'
CROSS JOIN LATERAL territory.table_totals(c.oid) s
WHERE c.relkind IN ('r', 'm') AND pg_catalog.has_table_privilege(c.oid, 'SELECT')
	AND NOT pg_catalog.pg_is_other_temp_schema(c.relnamespace);
COMMENT ON VIEW territory.table_status IS
'A row per territory table that the caller may read: its hot rows (estimated where they fill more than 1,000 pages), bytes of these and of the indexes, segments, living sealed rows, bytes sealed, how much smaller the sealed rows became, and when it was last sealed.';
GRANT SELECT ON territory.table_status TO PUBLIC;

GRANT USAGE ON SCHEMA territory TO PUBLIC;
