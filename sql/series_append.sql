-- a series grows at its end
SET search_path = public, territory;
SET timezone = 'UTC';

SELECT append(float_series '[1@2026-01-01]', '2026-01-02', 2), append(float_series 'Interp=Step;[1@2026-01-01]', '2026-01-02', 2), append(float_series '{1@2026-01-01}', '2026-01-02', 2);
SELECT append(state_series '["a"@2026-01-01, "b"@2026-01-02]', '2026-01-03', 'a'), append(state_series '["a"@2026-01-01]', '2026-01-02', 'new');
SELECT append(point_series 'SRID=2154;[POINT(1 2)@2026-01-01]', '2026-01-02', ST_Point(3, 4, 2154)), append(point_series '[POINT Z (1 2 3)@2026-01-01]', '2026-01-02', 'POINT Z (3 4 5)');
-- a longer gap begins a section
SELECT append(float_series '[1@2026-01-01]', '2026-01-02', 2, '1 day'), append(float_series '[1@2026-01-01]', '2026-01-02 00:00:00.000001', 2, '1 day'),
	append(float_series '[1@2026-01-01]', '2026-01-02', 2, NULL);
-- nulls, and what is there already
SELECT append(NULL::float_series, '2026-01-01', 1), append(NULL::state_series, '2026-01-01', 'a', '1 h'), append(NULL::point_series, '2026-01-01', 'POINT(1 2)');
SELECT append(float_series '[1@2026-01-01]', NULL, 1), append(float_series '[1@2026-01-01]', '2026-01-02', NULL), append(NULL::float_series, NULL, 1),
	append(point_series '[POINT(1 2)@2026-01-01]', '2026-01-02', 'POINT EMPTY');
SELECT append(float_series '[1@2026-01-01]', '2026-01-01', 1), append(state_series '["a"@2026-01-01]', '2026-01-01', 'a'), append(point_series '[POINT(1 2)@2026-01-01]', '2026-01-01', 'POINT(1 2)');

-- series behind series
SELECT append(float_series '[1@2026-01-01, 2@2026-01-02]', '{[3@2026-01-03, 4@2026-01-04], [5@2026-01-05]}');
SELECT append(float_series '[1@2026-01-01, 2@2026-01-02]', '[2@2026-01-02, 4@2026-01-04]'), append(float_series '[1@2026-01-01, 2@2026-01-02]', '{[2@2026-01-02], [4@2026-01-04]}'),
	append(float_series '[1@2026-01-01, 2@2026-01-02]', '[2@2026-01-02]');
SELECT append(state_series '["a"@2026-01-01, "b"@2026-01-02]', '["c"@2026-01-03, "a"@2026-01-04]'), append(state_series '{"a"@2026-01-01}', '{"a"@2026-01-01, "b"@2026-01-02}');
SELECT append(NULL, float_series '[1@2026-01-01]'), append(float_series '[1@2026-01-01]', NULL), append(NULL::float_series, NULL::float_series);

-- errors
SELECT append(float_series '[1@2026-01-02]', '2026-01-01', 1);
SELECT append(float_series '[1@2026-01-02]', '2026-01-02', 2);
SELECT append(float_series '[1@2026-01-02]', '2026-01-03', 'NaN');
SELECT append(float_series '[1@2026-01-02]', 'infinity', 1);
SELECT append(float_series '[1@2026-01-02]', '2026-01-03', 1, '1 month');
SELECT append(float_series '[1@2026-01-01, 2@2026-01-03]', '[1@2026-01-02]');
SELECT append(float_series '[1@2026-01-01]', '{1@2026-01-02}');
SELECT append(point_series 'SRID=2154;[POINT(1 2)@2026-01-01]', '2026-01-02', ST_Point(3, 4, 4326));
SELECT append(point_series '[POINT(1 2)@2026-01-01]', '2026-01-02', 'POINT Z (3 4 5)');
SELECT append(point_series '[POINT(1 2)@2026-01-01]', '2026-01-02', 'LINESTRING(3 4, 5 6)');

-- however it grew, it is the series of all its rows: past the ends of blocks, and with new states
CREATE TEMP TABLE series_rows AS
SELECT i, timestamptz '2026-01-01' + i * interval '10 s' + i / 900 * interval '1 h' t, round((i * 7919 % 1000)::numeric / 10, 1)::float8 v, 'state ' || i / 90 % 30 s, ST_Point(i * sqrt(2), -i / 3.0, 2154) p
FROM generate_series(1, 3100) i;
CREATE FUNCTION grown(OUT f float_series, OUT s state_series, OUT p point_series) LANGUAGE plpgsql AS $$
DECLARE
	r record;
BEGIN
	FOR r IN SELECT * FROM series_rows ORDER BY t LOOP
		f := append(f, r.t, r.v, '10 min');
		s := append(s, r.t, r.s, '10 min');
		p := append(p, r.t, r.p, '10 min');
	END LOOP;
END $$;
SELECT g.f = a.f, g.s = a.s, g.p = a.p FROM grown() g,
	(SELECT float_series(t, v, 'linear', '10 min') f, state_series(t, s, 'step', '10 min') s, point_series(t, p, 'linear', '10 min') p FROM series_rows) a;
SELECT count(*) FILTER (WHERE append(fa, fb)::text = format('{%s, %s}', fa, fb)), count(*) FILTER (WHERE append(sa, sb) = s)
FROM (VALUES (1), (1023), (1024), (1025), (2047), (2048), (2049), (3099)) v(k), LATERAL (
	SELECT float_series(t, v) FILTER (WHERE i <= k) fa, float_series(t, v) FILTER (WHERE i > k) fb,
		state_series(t, s) FILTER (WHERE i <= k) sa, state_series(t, s) FILTER (WHERE i >= k) sb, state_series(t, s) s FROM series_rows) x;

-- a stored one, out of line
CREATE TABLE series_grown (id int, t timestamptz, s state_series) USING territory;
INSERT INTO series_grown SELECT 1, '2026-01-01', state_series(t, s || repeat('x', i % 100)) FROM series_rows WHERE i <= 2000;
SELECT count(*) FROM territory.seal('series_grown');
UPDATE series_grown g SET s = append(g.s, r.s) FROM (SELECT state_series(t, s || repeat('x', i % 100)) s FROM series_rows WHERE i >= 2000) r;
SELECT s = (SELECT state_series(t, s || repeat('x', i % 100)) FROM series_rows) FROM series_grown;
DROP TABLE series_grown;
DROP FUNCTION grown;
RESET timezone;
