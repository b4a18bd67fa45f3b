-- What every example begins with: how psql prints, and the functions that check results.
\set ON_ERROR_STOP on
\set QUIET on
\encoding UTF8
\pset pager off
\pset border 1
\pset footer off
\pset null '-'
SET client_min_messages = warning;
SET timezone = 'Europe/Paris';
-- the same generated territory every time
SELECT setseed(0.34)
\g /dev/null

-- Rows of a table, and a checksum that does not depend on their order.
CREATE FUNCTION pg_temp.fingerprint(rel regclass, OUT rows bigint, OUT checksum numeric)
	LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE format('SELECT count(*), coalesce(sum(hashtextextended(r::text, 0)), 0) FROM %s r', rel) INTO rows, checksum;
END $$;

-- An example ends here when a result is not what it must be.
CREATE FUNCTION pg_temp.expect(ok boolean, what text) RETURNS text
	LANGUAGE plpgsql AS $$
BEGIN
	IF ok IS NOT TRUE THEN
		RAISE EXCEPTION 'this is not so: %', what;
	END IF;
	RETURN what;
END $$;

-- A number that EXPLAIN ANALYZE tells about a query, summed over its plan.
CREATE FUNCTION pg_temp.explained(query text, what text) RETURNS bigint
	LANGUAGE plpgsql AS $$
DECLARE
	plan jsonb;
BEGIN
	EXECUTE 'EXPLAIN (ANALYZE, FORMAT JSON) ' || query INTO plan;
	RETURN (SELECT coalesce(sum(n::numeric), 0) FROM jsonb_path_query(plan, ('$.**."' || what || '"')::jsonpath) n);
END $$;
