-- random moving points against PostGIS, instant by instant: every count of what differs has to be 0
SET search_path = public, territory;
SET timezone = 'UTC';
SELECT setseed(0.1);
-- walks of several sections that stay now and then; on a grid edges and vertices are met exactly
CREATE FUNCTION pg_temp.walk(n int, srid int, kind text, dims int, grid float8) RETURNS point_series LANGUAGE plpgsql AS $$
DECLARE
	unit float8 := CASE srid WHEN 4326 THEN 0.001 ELSE 100 END;
	x float8 := CASE srid WHEN 4326 THEN 5 ELSE 850000 END + (random() - 0.5) * unit * 5;
	y float8 := CASE srid WHEN 4326 THEN 47.3 ELSE 6690000 END + (random() - 0.5) * unit * 5;
	z float8 := 100;
	t timestamptz := '2026-01-01 00:00+00';
	parts text := '';
BEGIN
	FOR i IN 1..n LOOP
		IF random() > 0.15 THEN
			x := x + (random() - 0.5) * unit * 4;
			y := y + (random() - 0.5) * unit * 4;
			z := z + random() * 10;
		END IF;
		IF grid > 0 THEN
			x := round(x / grid) * grid;
			y := round(y / grid) * grid;
		END IF;
		t := t + interval '1 second' * (1 + floor(random() * 20));
		parts := parts || CASE WHEN i = 1 THEN '' WHEN kind <> 'discrete' AND random() < 0.1 THEN '], [' ELSE ', ' END ||
			format('POINT%s(%s %s%s)@%s', CASE dims WHEN 3 THEN ' Z' END, x, y, CASE dims WHEN 3 THEN ' ' || z END, to_char(t, 'YYYY-MM-DD"T"HH24:MI:SS"Z"'));
	END LOOP;
	RETURN (format('SRID=%s;', srid) || CASE kind WHEN 'step' THEN 'Interp=Step;' ELSE '' END ||
		CASE WHEN kind = 'discrete' THEN '{' || parts || '}' WHEN parts LIKE '%], [%' THEN '{[' || parts || ']}' ELSE '[' || parts || ']' END)::point_series;
END $$;
CREATE TEMP TABLE s AS
SELECT i, srid, pg_temp.walk(5 + (random() * 40)::int, srid, (ARRAY['discrete', 'discrete', 'step', 'step', 'linear', 'linear', 'linear', 'linear'])[1 + i % 8], CASE WHEN i % 5 = 0 THEN 3 ELSE 2 END,
	CASE WHEN srid = 2154 AND random() < 0.5 THEN 50 ELSE 0 END) AS s
FROM (SELECT i, CASE WHEN i / 8 % 2 = 0 THEN 2154 ELSE 4326 END AS srid FROM generate_series(1, 128) i) x;
CREATE TEMP TABLE sample AS
SELECT i, t, position_at(s, t) AS p FROM s, LATERAL (SELECT '2026-01-01'::timestamptz + interval '1 microsecond' * floor(random() * 400e6) AS t FROM generate_series(1, 40)) x
WHERE position_at(s, t) IS NOT NULL;
CREATE TEMP TABLE g AS
SELECT srid, ST_SetSRID(ST_Translate(ST_Scale(geom, unit, unit), x, y), srid) AS geom
FROM (VALUES (2154, 100, 850000.0, 6690000.0), (4326, 0.001, 5, 47.3)) w(srid, unit, x, y),
	(VALUES ('POINT(0.3 0.2)'::geometry), ('MULTIPOINT(0 0,1 1,-2 1)'), ('LINESTRING(-3 -3,0 0,3 -2,3 3)'), ('POLYGON((-1 -1,2 -1.5,2 2,0.5 0.5,-1 2,-1 -1))'),
		('POLYGON((-2 -2,2 -2,2 2,-2 2,-2 -2),(-1 -1,-1 1,1 1,1 -1,-1 -1))'), ('MULTIPOLYGON(((-3 -3,-2 -3,-2 -2,-3 -3)),((1 1,3 1,3 3,1 1)))'),
		('GEOMETRYCOLLECTION(POINT(3 3),LINESTRING(0 0,1 0),POLYGON((-3 -3,-2 -3,-2 -2,-3 -3)))')) v(geom);

-- inside, as ST_Intersects says at samples; a hair from the border either may be right
WITH w AS MATERIALIZED (SELECT i, geom, when_inside(s, geom) AS w FROM s JOIN g USING (srid) WHERE ST_GeometryType(geom) IN ('ST_Polygon', 'ST_MultiPolygon'))
SELECT count(*) > 5000 AS enough, count(*) FILTER (WHERE w @> t) > 300 AS inside,
	count(*) FILTER (WHERE (w @> t) <> ST_Intersects(p, geom) AND ST_Distance(p, ST_Boundary(geom)) > 1e-8) AS differ
FROM w JOIN sample USING (i);
-- within a distance, as ST_DWithin says
WITH w AS MATERIALIZED (SELECT i, geom, m, when_within(s, geom, m) AS w FROM s JOIN g USING (srid), unnest('{5, 50, 120}'::float8[]) m),
	d AS (SELECT *, CASE ST_SRID(p) WHEN 4326 THEN ST_Distance(p::geography, geom::geography) ELSE ST_Distance(p, geom) END AS d FROM w JOIN sample USING (i))
SELECT count(*) > 30000 AS enough, count(*) FILTER (WHERE w @> t) > 2000 AS near, count(*) FILTER (WHERE (w @> t) <> (d <= m) AND abs(d - m) > 1e-4) AS differ FROM d;
-- the distance at each instant, as ST_Distance's; PostGIS's of a place and a geodesic is not exact beyond some 300 m
WITH d AS MATERIALIZED (SELECT s, geom, distance(s, geom) AS d FROM s JOIN g USING (srid)), u AS (SELECT s, geom, (unnest(d)).* FROM d)
SELECT count(*) > 10000 AS enough,
	count(*) FILTER (WHERE abs(value - CASE ST_SRID(geom) WHEN 4326 THEN ST_Distance(position_at(s, t)::geography, geom::geography) ELSE ST_Distance(position_at(s, t), geom) END)
		> CASE ST_SRID(geom) WHEN 4326 THEN CASE WHEN value > 100 AND ST_NPoints(geom) > 1 THEN 2 ELSE 0.01 END ELSE 1e-4 END) AS differ FROM u;
-- its least value is the distance of the path
SELECT count(*) FILTER (WHERE abs(min_value(distance(s, geom)) - ST_Distance(trajectory(s), geom)) > 1e-6) AS differ FROM s JOIN g USING (srid) WHERE srid = 2154 AND interpolation(s) = 'linear';
-- ever is not never
SELECT count(*) FILTER (WHERE e) > 500 AS enough, count(*) FILTER (WHERE e = isempty(w)) AS differ
FROM (SELECT ever_within(s, geom, m) AS e, when_within(s, geom, m) AS w FROM s JOIN g USING (srid), unnest('{0, 5, 50, 120}'::float8[]) m) x;
SELECT count(*) FILTER (WHERE e) > 500 AS enough, count(*) FILTER (WHERE e = isempty(w * tstzmultirange(r))) AS differ
FROM (SELECT r, ever_within(s, geom, m, r) AS e, when_within(s, geom, m) AS w FROM s JOIN g USING (srid), unnest('{5.1, 49.9}'::float8[]) m,
	(SELECT tstzrange(t, t + interval '40 seconds', b) AS r FROM (SELECT '2026-01-01'::timestamptz + interval '1 microsecond' * floor(random() * 400e6) AS t FROM generate_series(1, 6)) t, unnest('{[],(),[)}'::text[]) b) r) x;
-- pairs, at each instant of their distance, heights included
CREATE TEMP TABLE pairs AS SELECT a.s AS a, b.s AS b FROM s a JOIN s b ON a.srid = b.srid AND a.i < b.i AND (a.i + b.i * 7) % 5 = 0;
WITH d AS MATERIALIZED (SELECT a, b, distance(a, b) AS d FROM pairs WHERE interpolation(a) = interpolation(b) OR 'discrete' IN (interpolation(a), interpolation(b))),
	u AS (SELECT position_at(a, t) AS p, position_at(b, t) AS q, value FROM (SELECT a, b, (unnest(d)).* FROM d) u)
SELECT count(*) > 10000 AS enough, max(abs(value - sqrt(CASE ST_SRID(p) WHEN 4326 THEN ST_Distance(p::geography, q::geography) ELSE ST_Distance(p, q) END ^ 2 +
	CASE WHEN ST_Zmflag(p) = 2 AND ST_Zmflag(q) = 2 THEN (ST_Z(p) - ST_Z(q)) ^ 2 ELSE 0 END))) < 1e-5 AS same FROM u;
SELECT count(*) FILTER (WHERE (d IS NULL) <> (instant IS NULL)) AS differ, max(abs(min_value(d) - distance)) < 1e-6 AS same
FROM (SELECT distance(a, b) AS d, (nearest_approach(a, b)).* FROM pairs WHERE interpolation(a) = interpolation(b) OR 'discrete' IN (interpolation(a), interpolation(b)) OFFSET 0) x;
SELECT count(*) FILTER (WHERE e) > 200 AS enough, count(*) FILTER (WHERE e <> coalesce(d <= m, false)) AS differ
FROM (SELECT m, ever_within(a, b, m) AS e, (nearest_approach(a, b)).distance AS d FROM pairs, unnest('{5, 50, 120}'::float8[]) m) x;
-- lengths, boxes, Douglas-Peucker
SELECT max(abs(length(s) - CASE srid WHEN 4326 THEN ST_Length(trajectory(s)::geography) ELSE ST_3DLength(trajectory(s)) END)) < 1e-6 AS same_length FROM s WHERE interpolation(s) = 'linear';
SELECT count(*) FILTER (WHERE NOT ST_Equals(as_geometry(bounding_box(s)), ST_Envelope(trajectory(s)))) AS differ FROM s;
SELECT count(*) FILTER (WHERE NOT ST_OrderingEquals(ST_Simplify(trajectory(s), m), trajectory(simplify(s, m)))) AS differ
FROM s, unnest('{10.1, 29.9}'::float8[]) m WHERE interpolation(s) = 'linear' AND srid = 2154 AND ST_NDims(trajectory(s)) = 2 AND ST_GeometryType(trajectory(s)) = 'ST_LineString';
