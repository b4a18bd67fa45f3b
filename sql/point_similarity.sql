-- how alike two paths are; the other side is PostGIS's, or a table of distances in SQL
SET search_path = public, territory;
SET timezone = 'UTC';
CREATE TEMP TABLE walks AS
SELECT w, point_series(t, pos) AS s FROM (SELECT w, '2026-01-01'::timestamptz + i * interval '5 seconds' AS t,
	ST_SetSRID(ST_MakePoint(850000 + i * 8 + 40 * sin(i * 0.3 * w), 6690000 + 300 * sin(i * 0.02 * w)), 2154) AS pos FROM generate_series(1, 5) w, generate_series(1, 40 + 7 * w) i) fixes GROUP BY w;
SELECT a.w, b.w, round(frechet_distance(a.s, b.s)::numeric, 3) AS frechet, round(hausdorff_distance(a.s, b.s)::numeric, 3) AS hausdorff, round(dtw(a.s, b.s)::numeric, 3) AS dtw,
	abs(frechet_distance(a.s, b.s) - ST_FrechetDistance(trajectory(a.s), trajectory(b.s))) < 1e-9 AS frechet_as_postgis,
	abs(hausdorff_distance(a.s, b.s) - ST_HausdorffDistance(trajectory(a.s), trajectory(b.s))) < 1e-9 AS hausdorff_as_postgis
FROM walks a JOIN walks b ON a.w <= b.w ORDER BY 1, 2;
-- the recurrence of dynamic time warping and of the discrete Fréchet distance, in PL/pgSQL
CREATE FUNCTION pg_temp.matrix(a geometry[], b geometry[], geographic boolean, OUT warp float8, OUT frechet float8) LANGUAGE plpgsql AS $$
DECLARE
	d float8; w float8[] := '{}'; f float8[] := '{}'; nw float8[]; nf float8[];
BEGIN
	FOR i IN 1 .. cardinality(a) LOOP
		nw := '{}'; nf := '{}';
		FOR j IN 1 .. cardinality(b) LOOP
			d := CASE WHEN geographic THEN ST_Distance(a[i]::geography, b[j]::geography) ELSE ST_Distance(a[i], b[j]) END;
			nw[j] := d + coalesce(least(w[j], w[j - 1], nw[j - 1]), 0);
			nf[j] := greatest(d, least(f[j], f[j - 1], nf[j - 1]));
		END LOOP;
		w := nw; f := nf;
	END LOOP;
	warp := w[cardinality(b)]; frechet := f[cardinality(b)];
END $$;
CREATE FUNCTION pg_temp.fixes(s point_series) RETURNS geometry[] LANGUAGE sql AS $$ SELECT array_agg(geom ORDER BY path) FROM ST_DumpPoints(trajectory(s)) $$;
SELECT max(abs(dtw(a.s, b.s) - m.warp)) < 1e-6 AS same_dtw, max(abs(frechet_distance(a.s, b.s) - m.frechet)) < 1e-9 AS same_frechet
FROM walks a JOIN walks b ON a.w < b.w, pg_temp.matrix(pg_temp.fixes(a.s), pg_temp.fixes(b.s), false) m;
-- in longitude and latitude: metres on the spheroid, near and far
CREATE TEMP TABLE geo AS
SELECT w, point_series(t, pos) AS s FROM (SELECT w, '2026-01-01'::timestamptz + i * interval '5 seconds' AS t,
	ST_SetSRID(ST_MakePoint(5 + w * w * 0.01 + i * 0.001, 47 + 0.01 * sin(i * 0.2 * w)), 4326) AS pos FROM generate_series(1, 8) w, generate_series(1, 30) i) fixes GROUP BY w;
SELECT max(abs(dtw(a.s, b.s) / m.warp - 1)) < 1e-8 AS same_dtw, max(abs(frechet_distance(a.s, b.s) / m.frechet - 1)) < 1e-8 AS same_frechet, max(m.frechet) > 40000 AS far
FROM geo a JOIN geo b ON a.w < b.w, pg_temp.matrix(pg_temp.fixes(a.s), pg_temp.fixes(b.s), true) m;
-- of a path and a point the Hausdorff distance is the farthest fix
SELECT abs(hausdorff_distance(s, 'SRID=4326;[POINT(5 47)@2026-01-01]') - (SELECT max(ST_Distance(g::geography, 'POINT(5 47)'::geography)) FROM unnest(pg_temp.fixes(s)) g)) < 1e-3 FROM geo WHERE w = 3;
-- instants of discrete and step series are places, not paths
SELECT frechet_distance(a, b), hausdorff_distance(a, b), dtw(a, b)
FROM (SELECT '{POINT(0 0)@2026-01-01, POINT(10 0)@2026-01-02}'::point_series AS a, 'Interp=Step;[POINT(0 3)@2026-01-01, POINT(5 3)@2026-01-02, POINT(10 3)@2026-01-03]'::point_series AS b) x;
SELECT hausdorff_distance('[POINT(0 0)@2026-01-01, POINT(10 0)@2026-01-02]'::point_series, '[POINT(0 3)@2026-01-01, POINT(5 3)@2026-01-02, POINT(10 3)@2026-01-03]'::point_series);
-- heights
SELECT frechet_distance('[POINT Z(0 0 0)@2026-01-01]', '[POINT Z(3 4 12)@2026-01-01]'), dtw('[POINT Z(0 0 0)@2026-01-01]', '[POINT(3 4)@2026-01-01]'),
	hausdorff_distance('[POINT Z(0 0 0)@2026-01-01]', '[POINT Z(3 4 12)@2026-01-01]');
-- errors
SELECT frechet_distance('SRID=2154;[POINT(0 0)@2026-01-01]', 'SRID=4326;[POINT(0 0)@2026-01-01]');
SELECT dtw('SRID=2154;[POINT(0 0)@2026-01-01]', 'SRID=4326;[POINT(0 0)@2026-01-01]');
SELECT hausdorff_distance('SRID=2154;[POINT(0 0)@2026-01-01]', 'SRID=4326;[POINT(0 0)@2026-01-01]');
SELECT dtw('[POINT(0 0)@2026-01-01]', '[POINT(1e300 0)@2026-01-01]');
SELECT hausdorff_distance('[POINT(0 0)@2026-01-01]', '[POINT(1e300 0)@2026-01-01]');
