-- What citizens report, where and when.
CREATE TABLE reports
(
	token text PRIMARY KEY,
	category smallint NOT NULL,
	city text NOT NULL,
	reported_at timestamptz,
	place geometry(Point, 4326) NOT NULL
) USING territory;
-- The key is a random token: rows lie better by city and time, and the key is still unique.
SELECT territory.set_layout('reports', entity_columns => '{city}', time_zone => 'Europe/Paris')
\g /dev/null
