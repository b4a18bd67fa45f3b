-- Meters of buildings: an ordinary table, as an application made it.
CREATE TABLE energy
(
	building text NOT NULL,
	meter text NOT NULL,
	hour timestamptz NOT NULL,
	kwh real,
	PRIMARY KEY (building, meter, hour)
);
CREATE INDEX energy_hour ON energy (hour);
