-- Collections of litter bins: how full each was, and what was taken.
CREATE TABLE collections
(
	bin integer NOT NULL,
	collected_at timestamptz NOT NULL,
	collection integer NOT NULL,
	address text,
	before_pct real NOT NULL,
	after_pct real NOT NULL,
	weight_kg real,
	PRIMARY KEY (bin, collected_at, collection)
) USING territory;
