-- float_series, state_series and point_series as values: text, binary, order, storage
SET search_path = public, territory;
SET timezone = 'UTC';
SET datestyle = 'German, DMY';

-- text: sections, several, instants alone; step; the shortest digits that come back
SELECT float_series '[1.5@2026-01-01T00:00:00+00:00, 2@2026-01-01T00:10:00+00:00]';
SELECT float_series ' { [ 1.50 @ 2026-01-01 ,2@"Jan 1, 2026 00:10"] , [-0@2026-01-02 12:00:00.123456+02]}';
SELECT float_series '{1e300@2026-01-01, 0.1@2026-01-01 00:00:00.5}';
SELECT float_series 'Interp=Step;[1@2026-01-01, 2@2026-01-02]', float_series 'interp=linear;[1@2026-01-01]',
	float_series 'Interp=Discrete;{0.30000000000000004@2026-01-01}';
SELECT state_series '["open"@2026-01-01, "a \"b\" \\ ], ü@"@2026-01-02, ""@2026-01-03, "open"@2026-01-04]';
SELECT state_series '{["open"@2026-01-01], ["shut"@2026-01-02]}', state_series '{"open"@2026-01-01}';
SELECT point_series 'SRID=2154;[POINT(652000.25 6862000)@2026-01-01, point ( 652001 6862000.125 )@2026-01-02]';
SELECT point_series 'SRID=4326;Interp=Step;[POINT Z (1 2 3)@2026-01-01, POINTZ(3 4 5)@2026-01-02]';
SELECT point_series '[SRID=4326;POINT(1 2)@2026-01-01, SRID=4326;POINT(1 3)@2026-01-02]';

-- instants are shown in the session's zone, and are what timestamptz takes
SET timezone = 'Europe/Paris';
SELECT float_series '[1@2026-10-25 02:30 CEST, 2@2026-10-25 02:30 CET]';
SELECT float_series '[1@4714-11-24 00:00+00 BC, 2@0044-03-15 12:00 BC]', float_series '[2@294276-12-31 23:59:59.999999+00]';
SET timezone = 'UTC';

-- errors say what was expected and where
SELECT float_series '';
SELECT float_series '[]';
SELECT float_series '[1@2026-01-01';
SELECT float_series '[1@2026-01-01]]';
SELECT float_series '[1@2026-01-01, 2@2026-01-02)';
SELECT float_series '{[1@2026-01-01], 2@2026-01-02}';
SELECT float_series '[1@2026-01-01, x@2026-01-02]';
SELECT float_series '[1 2026-01-01]';
SELECT float_series '[1@]';
SELECT float_series '[1@never]';
SELECT float_series '[1@2026-01-01, 2@2026-01-01]';
SELECT float_series '[1@2026-01-02, 2@2026-01-01]';
SELECT float_series '[1@infinity]';
SELECT float_series '[1@4714-11-24 BC, 2@294276-12-31]';
SELECT append(float_series '[1@0044-03-15 BC]', '294276-12-31', 1);
SELECT state_series(t, 'a') FROM unnest('{0044-03-15 BC, 294276-12-31}'::timestamptz[]) t;
SELECT float_series '[NaN@2026-01-01]';
SELECT float_series '[-Infinity@2026-01-01]';
SELECT float_series '[1e400@2026-01-01]';
SELECT float_series 'Interp=Cubic;[1@2026-01-01]';
SELECT float_series 'Interp=Step;{1@2026-01-01}';
SELECT float_series 'Interp=Discrete;[1@2026-01-01]';
SELECT float_series 'SRID=4326;[1@2026-01-01]';
SELECT state_series 'Interp=Linear;["open"@2026-01-01]';
SELECT state_series '[open@2026-01-01]';
SELECT state_series '["open@2026-01-01]';
SELECT state_series '["open\';
SELECT point_series '[POINT(1 2)@2026-01-01, POINT Z (1 2 3)@2026-01-02]';
SELECT point_series 'SRID=4326;[POINT(1 2)@2026-01-01, SRID=2154;POINT(1 2)@2026-01-02]';
SELECT point_series '[POINT EMPTY@2026-01-01]';
SELECT point_series '[LINESTRING(1 2, 3 4)@2026-01-01]';
SELECT point_series 'SRID=-5;[POINT(1 2)@2026-01-01]';
SELECT point_series '[POINT(1 NaN)@2026-01-01]';

-- binary: what drivers get, and what comes back of it
SELECT float_series_send('Interp=Step;{[1.5@2026-01-01], [2@2026-01-02]}');
SELECT state_series_send('["up"@2026-01-01, "down"@2026-01-02, "up"@2026-01-03]');
SELECT point_series_send('SRID=2154;{POINT Z (1 2 3)@2026-01-01}');

CREATE TEMP TABLE series_kept (f float_series, s state_series, p point_series);
INSERT INTO series_kept VALUES
	('[1@2026-01-01, 2@2026-01-02]', '["a"@2026-01-01, "b"@2026-01-02]', 'SRID=4326;[POINT(1 2)@2026-01-01, POINT(3 4)@2026-01-02]'),
	('{1@2026-01-01, 2@2026-01-02}', '{["é"@2026-01-01], [""@2026-01-02]}', '{POINT Z (1 2 3)@2026-01-01}'),
	(NULL, NULL, NULL);
SELECT current_setting('data_directory') || '/series_kept.bin' AS file \gset
COPY series_kept TO :'file' (FORMAT binary);
CREATE TEMP TABLE series_back (LIKE series_kept);
COPY series_back FROM :'file' (FORMAT binary);
SELECT * FROM series_back EXCEPT SELECT * FROM series_kept;
SELECT count(*) FROM series_back;

-- long ones come back as they were: several blocks, many states, out of line
CREATE TEMP TABLE series_long AS
SELECT (format('[%s]', string_agg(format('%s@%s', round((sin(i / 50.0) * 1000)::numeric, 2), t), ', ' ORDER BY t)))::float_series f,
	(format('{[%s]}', string_agg(format('"%s"@%s', i % 3000, t), CASE WHEN i % 700 = 0 THEN '], [' ELSE ', ' END ORDER BY t)))::state_series s,
	(format('SRID=2154;[%s]', string_agg(format('POINT(%s %s)@%s', i * sqrt(2), -i * pi(), t), ', ' ORDER BY t)))::point_series p
FROM generate_series(1, 10000) i, LATERAL (SELECT timestamptz '2026-01-01' + i * interval '10 s' t) x;
SELECT f::text::float_series = f, s::text::state_series = s, p::text::point_series = p,
	md5(float_series_send(f)), md5(state_series_send(s)), length(point_series_send(p)) FROM series_long;
SELECT pg_column_size(f) < 25000 AS f, pg_column_size(s) < 10000 AS s, pg_column_size(p) < 170000 AS p FROM series_long;

-- of a long one out of line single blocks are read, which gives what the whole gives
CREATE TEMP TABLE series_longer AS
SELECT float_series(t, i * sqrt(2)) f, state_series(t, md5((i % 1500)::text)) s, point_series(t, ST_Point(i * sqrt(2), -i * pi(), 2154), 'step') p
FROM generate_series(1, 30000) i, LATERAL (SELECT timestamptz '2026-01-01' + i * interval '10 s' t) x;
SELECT pg_column_size(f) > 8192, pg_column_size(s) > 8192, pg_column_size(p) > 8192, count(*) FROM series_longer GROUP BY 1, 2, 3;
SELECT count(*), count(*) FILTER (WHERE value_at(f, t) IS NOT DISTINCT FROM value_at(whole_f, t)), count(*) FILTER (WHERE value_at(s, t) IS NOT DISTINCT FROM value_at(whole_s, t)),
	count(*) FILTER (WHERE position_at(p, t) IS NOT DISTINCT FROM position_at(whole_p, t)), count(value_at(f, t)), count(value_at(s, t)), count(position_at(p, t))
FROM series_longer, LATERAL (SELECT f::text::float_series whole_f, s::text::state_series whole_s, p::text::point_series whole_p OFFSET 0) w,
	(VALUES (timestamptz '2025-12-31'), ('2026-01-01 00:00:10'), ('2026-01-01 02:50:40'), ('2026-01-01 02:50:45'), ('2026-01-01 02:50:50'), ('2026-01-02 12:34:56'), ('2026-01-04 11:20:00'), ('2026-01-04 11:20:01')) v(t);

-- equal, in order, hashed
SELECT a < b, a <= b, a = b, a >= b, a > b, a <> b FROM (VALUES
	(float_series '[1@2026-01-01]', float_series '[1@2026-01-02]'),
	('[1@2026-01-01, 5@2026-01-02]', '[1@2026-01-01, 1@2026-01-03]'),
	('[1@2026-01-01]', '[1.0@2026-01-01 01:00+01]'),
	('[1@2026-01-01]', '{1@2026-01-01}')) v(a, b);
SELECT '[0@2026-01-01]'::float_series = '[-0@2026-01-01]'::float_series AS zeros_are_equal;
CREATE TEMP TABLE series_many AS
SELECT i, format('[%s@2026-01-01, %s@2026-01-%s]', i % 10, i, 2 + i % 5)::float_series f,
	format('["%s"@2026-01-01, "%s"@2026-01-%s]', i % 10, i % 20, 2 + i % 5)::state_series s,
	format('[POINT(%s 1)@2026-01-01, POINT(0 %s)@2026-01-%s]', i % 10, i % 20, 2 + i % 5)::point_series p
FROM generate_series(1, 200) i;
ANALYZE series_many;
SELECT count(DISTINCT f), count(DISTINCT s), count(DISTINCT p) FROM series_many;
SET enable_sort = off;
SELECT count(*), sum(n) FROM (SELECT s, count(*) n FROM series_many GROUP BY s) x;
SET enable_mergejoin = off; SET enable_nestloop = off;
SELECT count(*) FROM series_many a JOIN series_many b ON a.p = b.p;
RESET enable_sort; RESET enable_mergejoin; SET enable_hashjoin = off;
SELECT count(*) FROM series_many a JOIN series_many b ON a.p = b.p;
RESET enable_hashjoin; RESET enable_nestloop;
CREATE INDEX ON series_many USING btree (s);
CREATE INDEX ON series_many USING hash (p);
SET enable_seqscan = off;
SELECT count(*) FROM series_many WHERE s = '["3"@2026-01-01, "3"@2026-01-05]';
SELECT count(*) FROM series_many WHERE p = '[POINT(3 1)@2026-01-01, POINT(0 3)@2026-01-05]';
SELECT count(*) FROM series_many WHERE s < '["3"@2026-01-01, "3"@2026-01-03]';
RESET enable_seqscan;
SELECT float_series_hash(f) = float_series_hash(f::text::float_series) AND float_series_hash_extended(f, 7) <> float_series_hash_extended(f, 8)
FROM series_many WHERE i = 1;

-- in a sealed table
CREATE TABLE series_sealed (id int, t timestamptz, f float_series, s state_series, p point_series) USING territory;
INSERT INTO series_sealed SELECT i, '2026-01-01', f, s, p FROM series_many;
INSERT INTO series_sealed SELECT 1000, '2026-01-02', f, s, p FROM series_long;
SELECT rows, segments FROM territory.seal('series_sealed');
SELECT count(*) FROM series_sealed a JOIN series_many b ON b.i = a.id AND a.f = b.f AND a.s = b.s AND a.p = b.p;
SELECT a.f = b.f, a.s = b.s, a.p = b.p FROM series_sealed a, series_long b WHERE a.id = 1000;
SELECT count(*) FROM (SELECT s FROM series_sealed GROUP BY s) x;
DROP TABLE series_sealed;
RESET datestyle; RESET timezone;
