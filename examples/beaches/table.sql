-- Water samples at beaches, with the instants between which the result could be read, and the days of bathing bans.
CREATE TABLE samples
(
	point text NOT NULL,
	taken_at timestamptz NOT NULL,
	site text NOT NULL,
	e_coli double precision NOT NULL,
	enterococci double precision NOT NULL,
	first_published timestamptz,
	last_published timestamptz,
	PRIMARY KEY (point, taken_at)
) USING territory;

CREATE TABLE bathing_bans
(
	from_day date PRIMARY KEY,
	to_day date NOT NULL
) USING territory;
