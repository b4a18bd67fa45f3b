-- Street lights: an inventory, with a place each and no time.
CREATE TABLE street_lights
(
	light integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	kind text,
	place geometry(Point, 4326) NOT NULL
) USING territory;
