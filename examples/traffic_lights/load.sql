-- Two hours of one junction of Oregon, as its controller logged them (event numbers: Indiana Traffic Signal Hi Resolution Data Logger Enumerations).
\echo 'The feed: 37,152 events of the junction I-5 SB at Upper Boones Ferry Road, 2024-04-15 from noon to two.'
CREATE TEMP TABLE logged (at text, junction integer, event smallint, parameter smallint);
\copy logged FROM PROGRAM 'gzip -dc "$TERRITORY_DATA"/odot_atspm_signals/fixture_hires_1signal_2024-04-15.csv.gz' WITH (FORMAT csv, HEADER)
INSERT INTO signal_events SELECT junction, at::timestamp AT TIME ZONE 'America/Los_Angeles', event, parameter FROM logged;
\echo '  - times have no offset: they are taken for those of the junction''s clock;'
\echo '  - a few events are logged twice: they stay, since a series has one state at an instant.'
SELECT pg_temp.expect((SELECT count(*) FROM signal_events) = (SELECT count(*) FROM logged), 'a row per line')
\g /dev/null
DROP TABLE logged;
