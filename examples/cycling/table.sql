-- Bike counters and what they count in each hour.
CREATE TABLE bike_counters
(
	counter integer PRIMARY KEY,
	label text NOT NULL,
	place geometry(Point, 4326)
);
CREATE TABLE bike_counts
(
	counter integer NOT NULL REFERENCES bike_counters,
	hour timestamptz NOT NULL,
	bikes integer NOT NULL,
	quality text NOT NULL,
	PRIMARY KEY (counter, hour)
) USING territory;
-- The columns are found by themselves; the calendar and the counters' places have to be told.
SELECT territory.set_layout('bike_counts', time_zone => 'Europe/Paris',
	entity_table => 'bike_counters', entity_key => 'counter', entity_position => 'place')
\g /dev/null
