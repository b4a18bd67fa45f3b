-- The access method without the extension, in the database of PostgreSQL's own tests.
--
-- CREATE EXTENSION territory would bring PostGIS: a thousand functions, types and
-- operators that the sanity tests would inspect, that \d lists, and that would
-- become candidates in every ambiguous call.  What the storage engine itself
-- needs from SQL is its handler and the stored layouts, of which there are none.

CREATE SCHEMA territory;
GRANT USAGE ON SCHEMA territory TO PUBLIC;

CREATE FUNCTION territory.handler(internal) RETURNS table_am_handler
	LANGUAGE C STRICT AS '$libdir/territory', 'territory_handler';
CREATE ACCESS METHOD territory TYPE TABLE HANDLER territory.handler;

CREATE TABLE territory.layouts (relation regclass, time_zone text, other_zone text) USING heap;
GRANT SELECT ON territory.layouts TO PUBLIC;

CREATE FUNCTION territory.resolved_layout(rel regclass,
	OUT entity_attnums int2[], OUT time_attnum int2, OUT position_attnum int2) RETURNS SETOF record
	LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT NULL::int2[], NULL::int2, NULL::int2 WHERE false;
END;
