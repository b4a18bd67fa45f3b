-- The access method itself.
\echo Use "CREATE EXTENSION territory" to load this file. \quit

CREATE FUNCTION territory.territory_handler(internal) RETURNS table_am_handler
	LANGUAGE C STRICT AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION territory.territory_handler(internal) IS 'the access method''s entry point; not to be called';

CREATE ACCESS METHOD territory TYPE TABLE HANDLER territory.territory_handler;
COMMENT ON ACCESS METHOD territory IS 'heap whose history is sealed in place into compressed segments';
