-- Bad input: a clear error, and nothing changed.
SET client_min_messages = warning;
SET timezone = 'UTC';
CREATE FUNCTION try(command text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	hint text;
	detail text;
BEGIN
	EXECUTE command;
	RETURN 'done';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS hint = PG_EXCEPTION_HINT, detail = PG_EXCEPTION_DETAIL;
	RETURN concat_ws(' | ', SQLSTATE || ' ' || SQLERRM, nullif(detail, ''), nullif(hint, ''));
END $$;
CREATE TABLE plain (a int, t timestamptz);
CREATE TABLE ours (a int, t timestamptz, x text) USING territory;
INSERT INTO ours SELECT i, '2026-01-01'::timestamptz + i * interval '1 hour' FROM generate_series(1, 100) i;
CREATE INDEX ours_a ON ours (a);
CREATE VIEW some_view AS SELECT * FROM ours;
CREATE SEQUENCE some_sequence;
CREATE TYPE some_type AS (a int);
CREATE TABLE parted (a int, t timestamptz) PARTITION BY LIST (a);
CREATE FOREIGN DATA WRAPPER regress_territory_wrapper;
CREATE SERVER regress_territory_server FOREIGN DATA WRAPPER regress_territory_wrapper;
CREATE FOREIGN TABLE far (a int, t timestamptz) SERVER regress_territory_server;
CREATE TABLE empty (a int, t timestamptz) USING territory;
CREATE TABLE no_column () USING territory;
-- each function with what is not a table of its kind
CREATE TABLE wrong (nr int, relation text);
INSERT INTO wrong VALUES (1, 'NULL'), (2, '0'), (3, $$'plain'$$), (4, $$'some_view'$$), (5, $$'parted'$$), (6, $$'far'$$), (7, $$'ours_a'$$),
	(8, $$'some_sequence'$$), (9, $$'some_type'::regclass$$), (10, $$'pg_class'$$);
SELECT f, relation, try(format('SELECT territory.%s(%s)', f, relation)) AS answer
FROM unnest(ARRAY['seal', 'unseal', 'verify', 'segments', 'table_totals', 'set_layout', 'adopt', 'advise', 'layout']) WITH ORDINALITY fs(f, i), wrong
WHERE f <> 'adopt' OR nr <> 3 ORDER BY i, nr;
SELECT territory.seal('nothing');
-- times
SELECT c AS command, try(c) AS answer FROM unnest(ARRAY[
	$$SELECT territory.seal('ours', 'infinity')$$,
	$$SELECT territory.seal('ours', now() + interval '1 day')$$,
	$$SELECT territory.adopt('plain', now() + interval '1 day')$$,
	$$SELECT territory.seal('ours', 'noon maybe')$$,
	$$SELECT territory.unseal('ours', '2026-02-01', '2026-01-01')$$,
	$$SELECT territory.unseal('ours', '2026-02-01', '2026-02-01')$$,
	$$SELECT territory.unseal('ours', 'infinity')$$,
	$$SELECT territory.seal('no_column', '2026-01-01')$$,
	$$SELECT territory.unseal('no_column', '2026-01-01')$$]) c;
SELECT rows, segments FROM territory.seal('ours', '-infinity');
-- nothing to do is no error
SELECT * FROM territory.seal('empty');
SELECT * FROM territory.seal('no_column');
SELECT territory.unseal('empty');
SELECT * FROM territory.verify('empty');
SELECT count(*) FROM territory.segments('empty');
SELECT hot_rows, segments, sealed_rows FROM territory.table_totals('empty');
-- layouts
SELECT c AS command, try(c) AS answer FROM unnest(ARRAY[
	$$SELECT territory.set_layout('ours', '{nothing}')$$,
	$$SELECT territory.set_layout('ours', '{A}')$$,
	$$SELECT territory.set_layout('ours', '{ctid}')$$,
	$$SELECT territory.set_layout('ours', time_column => 'nothing')$$,
	$$SELECT territory.set_layout('ours', time_column => 'a')$$,
	$$SELECT territory.set_layout('ours', position_column => 'nothing')$$,
	$$SELECT territory.set_layout('ours', time_zone => 'Mars/Olympus')$$,
	$$SELECT territory.set_layout('ours', entity_table => 'plain')$$,
	$$SELECT territory.set_layout('ours', entity_table => 'plain', entity_key => 'a', entity_position => 'b')$$]) c;
SELECT entity_columns, time_column FROM territory.layout('ours');
-- settings
SET territory.segment_rows = 0;
SET territory.segment_rows = 100000;
SET territory.bulk_seal = perhaps;
SET territory.no_such_setting = 1;
-- read only
BEGIN READ ONLY;
SELECT c AS command, try(c) AS answer FROM unnest(ARRAY[
	$$SELECT territory.seal('ours')$$, $$SELECT territory.unseal('ours')$$, $$SELECT territory.adopt('plain')$$,
	$$SELECT territory.set_layout('ours', '{a}')$$, $$SELECT count(*) FROM territory.verify('ours')$$,
	$$SELECT count(*) FROM territory.segments('ours')$$]) c;
ROLLBACK;
-- in use
BEGIN;
DECLARE c CURSOR FOR SELECT * FROM ours;
FETCH 1 FROM c;
SELECT try($$SELECT territory.seal('ours')$$);
SELECT try($$SELECT territory.unseal('ours')$$);
ROLLBACK;
-- who is not the owner
CREATE ROLE regress_territory_nobody;
GRANT CREATE ON SCHEMA public TO regress_territory_nobody;
SET ROLE regress_territory_nobody;
SELECT c AS command, try(c) AS answer FROM unnest(ARRAY[
	$$SELECT territory.seal('ours')$$, $$SELECT territory.unseal('ours')$$, $$SELECT territory.adopt('plain')$$,
	$$SELECT territory.set_layout('ours', '{a}')$$, $$SELECT territory.verify('ours')$$,
	$$SELECT territory.segments('ours')$$, $$SELECT territory.table_totals('ours')$$, $$SELECT territory.advise('ours')$$]) c;
SELECT count(*) FROM territory.table_status WHERE relation = 'ours'::regclass;
RESET ROLE;
-- who may read only, and an owner who is no superuser
GRANT SELECT ON ours TO regress_territory_nobody;
SET ROLE regress_territory_nobody;
SELECT c AS command, try(c) AS answer FROM unnest(ARRAY[
	$$SELECT territory.seal('ours')$$, $$SELECT territory.verify('ours')$$, $$SELECT territory.segments('ours')$$]) c;
CREATE TABLE theirs (a int, t timestamptz) USING territory;
INSERT INTO theirs SELECT i, '2026-01-01' FROM generate_series(1, 10) i;
SELECT rows FROM territory.seal('theirs');
SELECT territory.unseal('theirs');
CREATE TABLE theirs_too (a int, t timestamptz);
SELECT rows FROM territory.adopt('theirs_too');
SELECT territory.set_layout('theirs', '{a}', 't');
-- what the owner's indexes compute is computed with the owner's rights, whoever unseals
CREATE FUNCTION who(a int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN RAISE WARNING 'as %', current_user; RETURN a; END $$;
SET client_min_messages = error;
CREATE INDEX ON theirs (who(a)) WHERE a = 1;
SELECT rows FROM territory.seal('theirs');
SET client_min_messages = warning;
RESET ROLE;
SELECT territory.unseal('theirs');
SELECT current_user = session_user AS back;
-- nothing changed
SELECT hot_rows, segments FROM territory.table_totals('ours');
SELECT rows FROM territory.seal('ours');
SELECT count(*) FROM ours;
DROP TABLE plain, ours, parted, empty, no_column, theirs, theirs_too, wrong CASCADE;
DROP FUNCTION who;
REVOKE CREATE ON SCHEMA public FROM regress_territory_nobody;
DROP ROLE regress_territory_nobody;
DROP FOREIGN DATA WRAPPER regress_territory_wrapper CASCADE;
DROP SEQUENCE some_sequence;
DROP TYPE some_type;
DROP FUNCTION try;
