-- What a traffic light's controller logs: an event, of a phase or a detector, to the tenth of a second.
CREATE TABLE signal_events
(
	junction integer NOT NULL,
	at timestamptz NOT NULL,
	event smallint NOT NULL,
	parameter smallint NOT NULL
) USING territory;
CREATE INDEX signal_events_junction ON signal_events (junction, at);
