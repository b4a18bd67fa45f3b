-- Float series, drawn: a line of text, a chart.

CREATE FUNCTION territory.sparkline(series territory.float_series, width integer DEFAULT 40) RETURNS text
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_float_sparkline';
COMMENT ON FUNCTION territory.sparkline(territory.float_series, integer) IS
'The series as a line of so many characters (Unicode blocks of eight heights): each is a stretch of the same length, its height the mean over time then, between the lowest and the highest of these; a blank where nothing is known. Error for a width below 1 or above 10,000, and in a database whose encoding has no such characters.';

CREATE FUNCTION territory.chart_svg(series territory.float_series, title text DEFAULT NULL, unit text DEFAULT NULL,
	width integer DEFAULT 800, height integer DEFAULT 300) RETURNS xml
	LANGUAGE C STABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_float_chart_svg';
COMMENT ON FUNCTION territory.chart_svg(territory.float_series, text, text, integer, integer) IS
'The series as a chart, a standalone SVG document that browsers open: axes with the unit of its values and with times in the session''s time zone, lines, steps or dots as it goes on between its instants, gaps between its sections. Width and height are in pixels, from 100 to 10,000. Of more instants than there are pixels the extremes are drawn.';

CREATE FUNCTION territory.chart_svg(series territory.float_series[], labels text[] DEFAULT NULL, title text DEFAULT NULL, unit text DEFAULT NULL,
	width integer DEFAULT 800, height integer DEFAULT 300) RETURNS xml
	LANGUAGE C STABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_float_chart_svg_many';
COMMENT ON FUNCTION territory.chart_svg(territory.float_series[], text[], text, text, integer, integer) IS
'Several series of one unit in a chart, at most 100, with a legend where labels are given, one for each; NULL where there is no series.';
