-- Street lights, made up: along the streets of a grid.
\echo 'Generated, not measured: 30,000 street lights.'
INSERT INTO street_lights (kind, place)
SELECT CASE WHEN n % 1000 > 0 THEN (ARRAY['LANTERNE', 'LANTERNE', 'LANTERNE', 'LUMINAIRE AMBIANCE', 'PROJECTEUR'])[1 + n % 7 % 5] END, place
FROM generate_series(1, 30000) n, ST_SetSRID(ST_MakePoint(3.81 + n % 300 * 0.0004, 43.57 + n / 300 * 0.0008), 4326) place
ORDER BY ST_GeoHash(place);
