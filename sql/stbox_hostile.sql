-- boxes that a client sends, in text and in binary: an error, never a crash or nonsense
SET search_path = public, territory;
SET timezone = 'UTC';

-- texts with characters changed, left out, doubled: refused with an error of ours or of timestamptz, or a box that comes back from its text
CREATE TABLE whole AS SELECT b FROM unnest('{"SRID=2154;STBOX ZT(((1,-2.5,3),(4e1,5,6)),[2026-01-01 12:00:00.5+02, 2026-01-02 00:00:00+00))","STBOX X((-Infinity,2),(3,4))","SRID=4326;STBOX XT(((1,2),(3,4)),(-infinity, \"2026-01-01\"])","STBOX T([2026-01-01, infinity])"}'::text[]) b;
CREATE FUNCTION what_comes(input text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	box stbox;
BEGIN
	box := input;
	IF box::text::stbox <> box OR box::text::stbox::text <> box::text THEN
		RETURN 'not itself: ' || input;
	END IF;
	RETURN 'read';
EXCEPTION
	WHEN invalid_text_representation OR numeric_value_out_of_range OR invalid_parameter_value OR data_exception OR invalid_datetime_format OR datetime_field_overflow OR invalid_time_zone_displacement_value THEN RETURN 'refused';
END $$;
SELECT setseed(0.2);
SELECT count(*) FILTER (WHERE outcome = 'read') > 500 AS read, count(*) FILTER (WHERE outcome = 'refused') > 4000 AS refused, count(*) FILTER (WHERE outcome NOT IN ('read', 'refused')) AS other
FROM whole, LATERAL (
	SELECT what_comes(left(b, place) || substr(b, place + 2)) AS outcome FROM generate_series(0, length(b)) place
	UNION ALL
	SELECT what_comes(left(b, place)) FROM generate_series(0, length(b)) place
	UNION ALL
	SELECT what_comes(left(b, place) || c || substr(b, place + 2)) FROM generate_series(0, length(b)) place, unnest('{0,9,-,.,e,N,a,"(",")","[","]",",",";"," ",X,T,Z,"\"",é}'::text[]) c
	UNION ALL
	SELECT what_comes(left(b, (random() * length(b))::int) || substr(b, (random() * length(b))::int)) FROM generate_series(1, 500)) x;

-- binary: the bytes, and what becomes of changed ones
SELECT b, stbox_send(b) FROM unnest('{"SRID=2154;STBOX X((1,2),(3,4))","STBOX Z((1,2,3),(4,5,6))","STBOX T([2026-01-01, 2026-01-02))","SRID=4326;STBOX XT(((1,2),(3,4)),(-infinity, infinity])"}'::stbox[]) b;
CREATE FUNCTION receive(VARIADIC sent bytea[]) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	file text := current_setting('data_directory') || '/stbox_hostile.bin';
	stream bytea := '\x5047434f50590aff0d0a00' || '\x0000000000000000'::bytea;
	bytes bytea;
	handle int;
	back text;
BEGIN
	FOREACH bytes IN ARRAY sent LOOP
		stream := stream || '\x0001'::bytea || int4send(length(bytes)) || bytes;
	END LOOP;
	handle := lo_from_bytea(0, stream || '\xffff');
	PERFORM lo_export(handle, file), lo_unlink(handle);
	CREATE TEMP TABLE IF NOT EXISTS received (b stbox);
	TRUNCATE received;
	EXECUTE format('COPY received FROM %L (FORMAT binary)', file);
	SELECT string_agg(CASE WHEN b::text::stbox = b AND stbox_hash(b::text::stbox) = stbox_hash(b) THEN b::text ELSE 'not itself: ' || b::text END, ' | ') INTO back FROM received;
	RETURN back;
EXCEPTION WHEN OTHERS THEN
	RETURN SQLSTATE || ' ' || SQLERRM;
END $$;
SET client_min_messages = warning;
SELECT receive(stbox_send('SRID=2154;STBOX ZT(((1,2,3),(4,5,6)),[2026-01-01, 2026-01-02))'), stbox_send('STBOX X((-Infinity,2),(3,4))'), stbox_send('STBOX T([-infinity, infinity])'));
SELECT what, receive(bytes) FROM (SELECT stbox_send('SRID=2154;STBOX XT(((1,2),(3,4)),[2026-01-01, 2026-01-02))') whole, stbox_send('STBOX T([2026-01-01, 2026-01-02))') timed) x, LATERAL (VALUES
	('nothing', ''::bytea), ('another version', set_byte(whole, 0, 2)), ('no part', set_byte(whole, 1, 0)), ('z without x', set_byte(whole, 1, 6)), ('a flag that is none', set_byte(whole, 1, 37)), ('ends without time', set_byte(whole, 1, 9)),
	('SRID below 0', set_byte(whole, 2, 255)), ('SRID too large', set_byte(whole, 3, 255)), ('SRID without space', set_byte(timed, 5, 1)), ('too short', substr(whole, 1, length(whole) - 1)), ('too long', whole || '\x00'::bytea),
	('NaN', overlay(whole PLACING '\x7ff8000000000000'::bytea FROM 7)), ('a minimum of Infinity', overlay(whole PLACING '\x7ff0000000000000'::bytea FROM 7)), ('x ends before it begins', overlay(whole PLACING '\xc000000000000000'::bytea FROM 15)),
	('-0', overlay(whole PLACING '\x8000000000000000'::bytea FROM 7)), ('not a time', overlay(whole PLACING '\x8000000000000001'::bytea FROM 39)), ('-infinity', overlay(whole PLACING '\x8000000000000000'::bytea FROM 39)),
	('time ends before it begins', overlay(whole PLACING '\x0000000000000000'::bytea FROM 47)), ('an empty time', overlay(whole PLACING substr(whole, 39, 8) FROM 47)), ('an instant', set_byte(overlay(whole PLACING substr(whole, 39, 8) FROM 47), 1, 29))) v(what, bytes);
SELECT count(*) FILTER (WHERE outcome LIKE '%STBOX%') > 50 AS read, count(*) FILTER (WHERE outcome ~ '^(22P03|22003|22023|22000|22008|08P01)') > 50 AS refused,
	count(*) FILTER (WHERE outcome LIKE 'not itself%' OR outcome !~ '^(22P03|22003|22023|22000|22008|08P01|(SRID=\d+;)?STBOX)') AS other
FROM (SELECT stbox_send('SRID=2154;STBOX ZT(((1,2,3),(4,5,6)),[2026-01-01, 2026-01-02))') b UNION ALL SELECT stbox_send('STBOX T([2026-01-01, 2026-01-02))')) w, LATERAL (
	SELECT receive(set_byte(b, place, get_byte(b, place) # mask)) AS outcome FROM generate_series(0, length(b) - 1) place, unnest('{1,128,255}'::int[]) mask
	UNION ALL
	SELECT receive(substr(b, 1, place)) FROM generate_series(0, length(b) - 1, 3) place) x;
RESET client_min_messages;

-- a damaged geometry is an error
CREATE TYPE damaged;
SET client_min_messages = warning;
CREATE FUNCTION damaged_in(cstring) RETURNS damaged LANGUAGE internal IMMUTABLE STRICT AS 'byteain';
CREATE FUNCTION damaged_out(damaged) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT AS 'byteaout';
CREATE TYPE damaged (INPUT = damaged_in, OUTPUT = damaged_out, ALIGNMENT = double, STORAGE = main);
CREATE CAST (geometry AS damaged) WITHOUT FUNCTION;
CREATE CAST (damaged AS geometry) WITHOUT FUNCTION;
CREATE FUNCTION box_of(bytes bytea) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	RETURN coalesce(stbox(bytes::text::damaged::geometry)::text, 'nowhere');
EXCEPTION
	WHEN data_corrupted OR feature_not_supported OR numeric_value_out_of_range OR statement_too_complex OR invalid_parameter_value THEN RETURN 'refused';
END $$;
SELECT count(*) > 1500 AS tried, count(*) FILTER (WHERE outcome = 'refused') > 100 AS refused, count(*) FILTER (WHERE outcome !~ '^(refused|nowhere|(SRID=\d+;)?STBOX)') AS other
FROM (SELECT g::geometry::damaged::text::bytea AS bytes FROM unnest('{"POINT(1 2)","SRID=2154;POLYGON((0 0, 4 0, 4 4, 0 0), (1 0.5, 2 0.5, 2 1, 1 0.5))","GEOMETRYCOLLECTION Z(POINT Z(1 2 3), LINESTRING Z(1 2 3, 4 5 6), CIRCULARSTRING Z(0 0 0, 1 1 1, 2 0 2))"}'::text[]) g) w, LATERAL (
	SELECT box_of(set_byte(bytes, place, get_byte(bytes, place) # mask)) AS outcome FROM generate_series(0, length(bytes) - 1) place, unnest('{1,4,128,255}'::int[]) mask
	UNION ALL
	SELECT box_of(substr(bytes, 1, place)) FROM generate_series(0, length(bytes) - 1) place) x;
-- a collection within itself, deeper than the stack
SELECT box_of('\x00000001' || decode(repeat('0700000001000000', 2000000), 'hex'));
DROP TYPE damaged CASCADE;
DROP TABLE whole, received;
DROP FUNCTION what_comes, receive, box_of;
