-- bytes that a client or a damaged page gives: an error, never a crash or nonsense
SET search_path = public, territory;
SET timezone = 'UTC';

-- a type of the test's own, by which the bytes of a stored series are seen and changed
CREATE TYPE damaged;
CREATE FUNCTION damaged_in(cstring) RETURNS damaged LANGUAGE internal IMMUTABLE STRICT AS 'byteain';
CREATE FUNCTION damaged_out(damaged) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT AS 'byteaout';
CREATE TYPE damaged (INPUT = damaged_in, OUTPUT = damaged_out, ALIGNMENT = double, STORAGE = external);
CREATE CAST (float_series AS damaged) WITHOUT FUNCTION;
CREATE CAST (state_series AS damaged) WITHOUT FUNCTION;
CREATE CAST (point_series AS damaged) WITHOUT FUNCTION;
CREATE CAST (damaged AS float_series) WITHOUT FUNCTION;
CREATE CAST (damaged AS state_series) WITHOUT FUNCTION;
CREATE CAST (damaged AS point_series) WITHOUT FUNCTION;

-- single ones, with their errors
SELECT ''::damaged::float_series;
SELECT '\x01'::damaged::float_series;
SELECT (state_series '["a"@2026-01-01]'::damaged)::float_series::text;
SELECT (overlay(float_series '[1@2026-01-01]'::damaged::text::bytea PLACING '\x09' FROM 1))::text::damaged::float_series;
-- the number of instants, far beyond what is there
SELECT (overlay(float_series '[1@2026-01-01]'::damaged::text::bytea PLACING '\xffffff07' FROM 9))::text::damaged::float_series;
SELECT (overlay(float_series '[1@2026-01-01]'::damaged::text::bytea PLACING '\xffffffff' FROM 9))::text::damaged::float_series;

-- what becomes of one series with changed bytes
CREATE FUNCTION what_comes(bytes bytea, kind text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	back text;
BEGIN
	EXECUTE format('SELECT $1::text::damaged::%s::text', kind) INTO back USING bytes;
	-- whatever was read is a series, which comes back from its text
	EXECUTE format('SELECT $1::%s::text', kind) INTO back USING back;
	RETURN 'read';
EXCEPTION
	WHEN data_corrupted THEN RETURN 'refused';
	WHEN character_not_in_repertoire OR untranslatable_character THEN RETURN 'refused';
END $$;

CREATE TEMP TABLE series_whole AS
SELECT 'float_series' kind, float_series(t, round((i * i % 977)::numeric / 10, 1)::float8, 'linear', '1 min')::damaged::text::bytea bytes
FROM generate_series(1, 1500) i, LATERAL (SELECT timestamptz '2026-01-01' + i * interval '10 s' + CASE WHEN i > 700 THEN interval '1 h' ELSE '0' END t) x
UNION ALL
SELECT 'state_series', state_series(timestamptz '2026-01-01' + i * interval '7 s', (i * i % 97)::text)::damaged::text::bytea FROM generate_series(1, 300) i
UNION ALL
SELECT 'point_series', point_series(timestamptz '2026-01-01' + i * interval '7 s', ST_SetSRID(ST_MakePoint(i * sqrt(2), i % 7), 2154), 'step')::damaged::text::bytea FROM generate_series(1, 1100) i;
SELECT kind, what_comes(bytes, kind) FROM series_whole ORDER BY kind;

-- each byte of the head changed; every other of the rest, cut at each place of the head
SELECT kind, count(*) > 400 AS tried, count(*) FILTER (WHERE outcome = 'refused') > 100 AS refused, count(*) FILTER (WHERE outcome NOT IN ('read', 'refused')) other
FROM series_whole, LATERAL (
	SELECT what_comes(set_byte(bytes, place, get_byte(bytes, place) # mask), kind) outcome
	FROM generate_series(0, 199) place, (VALUES (1), (128), (255)) m(mask)
	UNION ALL
	SELECT what_comes(set_byte(bytes, place, get_byte(bytes, place) # 85), kind) FROM generate_series(200, length(bytes) - 1, 7) place
	UNION ALL
	SELECT what_comes(substr(bytes, 1, place), kind) FROM generate_series(0, 300, 3) place
	UNION ALL
	SELECT what_comes(bytes || '\x00'::bytea, kind)) x
GROUP BY kind ORDER BY kind;

-- several bytes at random, the same each time
SELECT setseed(0.4);
SELECT kind, count(*) FILTER (WHERE outcome NOT IN ('read', 'refused')) other
FROM series_whole, LATERAL (
	SELECT what_comes(set_byte(set_byte(set_byte(bytes, (random() * 160)::int, (random() * 255)::int), (random() * (length(bytes) - 1))::int, (random() * 255)::int),
		(random() * (length(bytes) - 1))::int, (random() * 255)::int), kind) outcome
	FROM generate_series(1, 500)) x
GROUP BY kind ORDER BY kind;

-- one with as many instants as there may be, all forged but for the entries of its blocks, does not grow
SELECT append(('\x0101020100000000000000080000000000000000' || string_agg(a || b || repeat('0', 96) || '1800900000000000', '' ORDER BY i))::damaged::float_series, '2026-01-01', 1) IS NULL
FROM generate_series(0, 131071) i, LATERAL (SELECT lpad(to_hex(2 * i), 8, '0') a0, lpad(to_hex(2 * i + 1), 8, '0') b0) h,
	LATERAL (SELECT substr(a0, 7, 2) || substr(a0, 5, 2) || substr(a0, 3, 2) || substr(a0, 1, 2) || '00000000' a, substr(b0, 7, 2) || substr(b0, 5, 2) || substr(b0, 3, 2) || substr(b0, 1, 2) || '00000000' b) le;

-- out of line, where single blocks are read
CREATE TEMP TABLE series_torn (b damaged);
CREATE FUNCTION what_comes_of_part(whole bytea) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	v float8[];
BEGIN
	TRUNCATE series_torn;
	INSERT INTO series_torn VALUES (whole::text::damaged);
	SELECT array_agg(value_at(b::float_series, t)) INTO v FROM series_torn, generate_series(timestamptz '2026-01-01', '2026-01-01 10:00', '1 h') t;
	RETURN 'read';
EXCEPTION WHEN data_corrupted THEN
	RETURN 'refused';
END $$;
SELECT length(bytes) > 8192 AS out_of_line, count(*) FILTER (WHERE outcome = 'refused') > 50 AS refused, count(*) FILTER (WHERE outcome NOT IN ('read', 'refused')) other
FROM (SELECT float_series(timestamptz '2026-01-01' + i * interval '10 s', i * sqrt(2) + i * i % 977 / 3.0)::damaged::text::bytea bytes FROM generate_series(1, 4000) i) x, LATERAL (
	SELECT what_comes_of_part(set_byte(bytes, place, get_byte(bytes, place) # mask)) outcome FROM generate_series(0, 319, 3) place, (VALUES (1), (255)) m(mask)
	UNION ALL
	SELECT what_comes_of_part(set_byte(bytes, place, get_byte(bytes, place) # 85)) FROM generate_series(320, length(bytes) - 1, 301) place
	UNION ALL
	SELECT what_comes_of_part(substr(bytes, 1, place)) FROM generate_series(8200, length(bytes) - 1, 1013) place) y
GROUP BY 1;

-- from a client, in binary
CREATE TEMP TABLE series_in (f float_series);
CREATE FUNCTION receive(bytes bytea, kind text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	file text := current_setting('data_directory') || '/series_hostile.bin';
	head bytea := '\x5047434f50590aff0d0a00' || '\x0000000000000000'::bytea || '\x0001'::bytea;
	handle int := lo_from_bytea(0, head || int4send(length(bytes)) || bytes || '\xffff');
	back text;
BEGIN
	PERFORM lo_export(handle, file), lo_unlink(handle);
	EXECUTE format('CREATE TEMP TABLE series_received (s %s)', kind);
	EXECUTE format('COPY series_received FROM %L (FORMAT binary)', file);
	SELECT s INTO back FROM series_received;
	DROP TABLE series_received;
	RETURN back;
EXCEPTION WHEN OTHERS THEN
	RETURN SQLSTATE || ' ' || SQLERRM;
END $$;
SELECT receive(float_series_send('[1@2026-01-01, 2@2026-01-02]'), 'float_series');
SELECT receive(state_series_send('["a"@2026-01-01, "b"@2026-01-02]'), 'state_series');
SELECT receive(point_series_send('SRID=2154;[POINT(1 2)@2026-01-01]'), 'point_series');
SELECT receive('', 'float_series');
SELECT receive('\x02', 'float_series');
SELECT receive(set_byte(float_series_send('[1@2026-01-01]'), 1, 3), 'float_series');
SELECT receive(set_byte(state_series_send('["a"@2026-01-01]'), 1, 2), 'state_series');
SELECT receive(set_byte(float_series_send('[1@2026-01-01]'), 2, 2), 'float_series');
SELECT receive(set_byte(point_series_send('[POINT(1 2)@2026-01-01]'), 2, 1), 'point_series');
SELECT receive(set_byte(point_series_send('[POINT(1 2)@2026-01-01]'), 3, 255), 'point_series');
SELECT receive(set_byte(float_series_send('[1@2026-01-01]'), 7, 127), 'float_series');
SELECT receive(set_byte(float_series_send('[1@2026-01-01]'), 7, 255), 'float_series');
SELECT receive(set_byte(float_series_send('[1@2026-01-01]'), 10, 0), 'float_series');
SELECT receive(set_byte(float_series_send('[1@2026-01-01]'), 19, 0), 'float_series');
SELECT receive(float_series_send('[1@2026-01-01]') || '\x00', 'float_series');
SELECT receive(substr(float_series_send('[1@2026-01-01]'), 1, 27), 'float_series');
SELECT receive(overlay(float_series_send('[1@2026-01-01]') PLACING '\x7fffffffffffffff' FROM 12), 'float_series');
SELECT receive(overlay(float_series_send('[1@2026-01-01]') PLACING '\x7ff0000000000000' FROM 21), 'float_series');
SELECT receive(overlay(state_series_send('["a"@2026-01-01]') PLACING '\x7fffffff' FROM 21), 'state_series');
SELECT receive(overlay(state_series_send('["a"@2026-01-01]') PLACING '\xff' FROM 25), 'state_series');
SELECT receive(float_series_send('[1@2026-01-01, 2@2026-01-02]'), 'point_series');
SET client_min_messages = warning;
DROP TYPE damaged CASCADE;
DROP FUNCTION what_comes, what_comes_of_part, receive;
