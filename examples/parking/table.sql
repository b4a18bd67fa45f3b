-- Free places of car parks, as they were told.
CREATE TABLE parking
(
	car_park text NOT NULL,
	told_at timestamptz NOT NULL,
	free integer NOT NULL,
	capacity integer NOT NULL,
	state text NOT NULL,
	PRIMARY KEY (car_park, told_at)
) USING territory;
