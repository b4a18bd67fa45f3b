-- Nouméa: samples of 2025, bans of 2023.
\echo 'The feed: 198 samples at 16 points of Nouméa, 2025, and the days on which water sports were banned in 2023.'
CREATE TEMP TABLE told (point text, day text, hour text, e_coli float8, enterococci float8, site text, name text, first_published text, last_published text);
\copy told FROM PROGRAM 'cat "$TERRITORY_DATA"/noumea_eaux_baignade/prelevements_2025.csv' WITH (FORMAT csv, HEADER)
INSERT INTO samples
SELECT point, (day || ' ' || CASE WHEN hour LIKE '%:%' THEN hour ELSE '08:00' END)::timestamp AT TIME ZONE 'Pacific/Noumea',
	coalesce(nullif(site, ''), max(site) OVER (PARTITION BY point), ''), e_coli, enterococci, first_published::timestamptz, last_published::timestamptz
FROM told t WHERE hour LIKE '%:%' OR NOT EXISTS (SELECT FROM told o WHERE o.point = t.point AND o.day = t.day AND o.e_coli = t.e_coli
	AND o.enterococci = t.enterococci AND o.hour LIKE '%:%');
\echo '  - sampling times are local, publication times UTC;'
\echo '  - 27 lines have the E. coli count where the hour should be: 15 are samples that another line tells right, and left out;'
\echo '    the others are taken at 08:00, when most samples are;'
SELECT pg_temp.expect((SELECT count(*) FROM samples) = 183 AND (SELECT count(*) FROM told) = 198, 'a row per sample')
\g /dev/null
\copy bathing_bans FROM PROGRAM 'cat "$TERRITORY_DATA"/noumea_eaux_baignade/dates_interdiction_activites_nautiques_2023.csv' WITH (FORMAT csv, HEADER)
\echo '  - bans are days, the last one included.'
DROP TABLE told;
