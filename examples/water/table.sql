-- What flows into each metered area of a water network, an hour's mean, in litres a second.
CREATE TABLE inflow
(
	area smallint NOT NULL,
	hour timestamptz NOT NULL,
	litres_per_second double precision NOT NULL,
	PRIMARY KEY (area, hour)
) USING territory;
