-- Buses: where they were, as they told; and where a timetable says that they are.
CREATE TABLE bus_fixes
(
	bus text NOT NULL,
	t timestamptz NOT NULL,
	pos geometry(Point, 4326) NOT NULL,
	bearing smallint,
	PRIMARY KEY (bus, t)
) USING territory;
CREATE TABLE timetable
(
	trip text NOT NULL,
	line text NOT NULL,
	stop text NOT NULL,
	number integer NOT NULL,
	arrival interval NOT NULL,
	departure interval NOT NULL,
	pos geometry(Point, 4326) NOT NULL,
	PRIMARY KEY (trip, number)
);
