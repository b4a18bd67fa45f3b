-- Series drawn: lines of text, and charts that are well-formed documents of XML.
SET timezone = 'Europe/Paris';
SET search_path = territory, public;
-- eight heights, from the lowest mean to the highest
SELECT sparkline('{0@2026-01-01, 1@2026-01-02, 2@2026-01-03, 3@2026-01-04, 4@2026-01-05, 5@2026-01-06, 6@2026-01-07, 7@2026-01-08}', 8);
SELECT sparkline(s, 8), sparkline(s, width => 16), sparkline(s, 1) FROM (VALUES
	('[0@2026-01-01, 8@2026-01-09]'::float_series), ('Interp=Step;[0@2026-01-01, 8@2026-01-05, 8@2026-01-09]'),
	('{[0@2026-01-01, 0@2026-01-03], [8@2026-01-07, 4@2026-01-09]}'), ('{5@2026-01-01}'), ('[5@2026-01-01, 5@2026-01-02]'), ('{-1e308@2026-01-01, 1e308@2026-01-02}')) v(s);
-- against the means that resample() gives
SELECT sparkline(s, 30) = (SELECT string_agg(substr('▁▂▃▄▅▆▇█', 1 + least(7, floor(8 * (value - low) / (high - low)))::int, 1), '' ORDER BY t)
	FROM (SELECT *, min(value) OVER () AS low, max(value) OVER () AS high FROM unnest(resample(s, '1 day', 'average', to_time => '2026-01-31 00:00+00'))) x) AS same,
	length(sparkline(s)) AS characters
FROM (SELECT float_series('2026-01-01 00:00+00'::timestamptz + i * interval '30 days' / 1000, sin(i / 70.0) * i, 'linear') AS s FROM generate_series(0, 1000) i) x;
SELECT sparkline('{1@2026-01-01}', 0);
SELECT sparkline('{1@2026-01-01}', 10001);
SELECT sparkline(NULL), sparkline('{1@2026-01-01}', NULL);

-- charts
CREATE FUNCTION pg_temp.find(chart xml, path text) RETURNS text[] LANGUAGE sql AS $$
	SELECT xpath(path, chart, ARRAY[ARRAY['s', 'http://www.w3.org/2000/svg']])::text[] $$;
SELECT chart_svg(float_series '[1@2026-01-01 12:00+01, 3@2026-01-01 18:00+01, 2@2026-01-02 12:00+01]', title => 'Level', unit => 'm', width => 400, height => 160);
-- every text as it was given, whatever it is made of
SELECT c IS DOCUMENT AS document, pg_temp.find(c, '/s:svg/s:title/text()'), pg_temp.find(c, '//s:text[@font-weight="bold"]/text()'),
	(xpath('string(/s:svg/s:title)', c, ARRAY[ARRAY['s', 'http://www.w3.org/2000/svg']]))[1]::text AS title,
	(SELECT count(*) FROM unnest(pg_temp.find(c, '//s:text')) t WHERE t LIKE '%a &lt; b &amp; "c"%') AS labels
FROM chart_svg(ARRAY['[1@2026-01-01, 2@2026-01-02]', '{3@2026-01-01}']::float_series[], labels => ARRAY['<script>alert(1)</script>', 'a < b & "c"'],
	title => 'Température <°C> & "more" ' || chr(7) || chr(65534) || 'ñ', unit => '</svg>') c;
-- times at the ticks are those of the session's zone, across the change to summer time
CREATE TEMP TABLE night AS SELECT float_series(t, extract(minute FROM t), 'linear') AS s
FROM generate_series('2026-03-28 20:00+00'::timestamptz, '2026-03-29 08:00+00', interval '10 minutes') t;
SELECT pg_temp.find(chart_svg(s), '//s:text[@text-anchor="middle"]/text()') FROM night;
SET timezone = 'America/New_York';
SELECT pg_temp.find(chart_svg(s), '//s:text[@text-anchor="middle"]/text()') FROM night;
SET timezone = 'Europe/Paris';
-- and of every length
SELECT length, pg_temp.find(c, '//s:text[@text-anchor="middle"]/text()')
FROM unnest(ARRAY['7 microseconds', '3 seconds', '50 seconds', '1 hour', '40 hours', '12 days', '80 days', '1 year', '11 years', '900 years']::interval[]) length,
	LATERAL (SELECT format('[0@%s, 1@%s]', '2025-12-31 20:00'::timestamptz, '2025-12-31 20:00'::timestamptz + length)::float_series) s(s), chart_svg(s, width => 500) c;
SELECT pg_temp.find(chart_svg(float_series '[0@0049-01-01 BC, 1@0030-01-01 AD]'), '//s:text[@text-anchor="middle"]/text()');
-- values at the ticks: round ones that hold all of the series
SELECT low, high, pg_temp.find(c, '//s:text[@text-anchor="end"]/text()')
FROM (VALUES (0::float8, 1::float8), (-3, 17), (0.00012, 0.00019), (1e9, 1.2e9), (-1e-9, 1e-9), (5, 5), (0, 0), (98.6, 99.9), (-1e300, 1e300)) v(low, high),
	LATERAL (SELECT format('[%s@2026-01-01, %s@2026-01-02]', low, high)::float_series) s(s), chart_svg(s) c;
-- one path a series, with a move for each section; dots for instants alone
SELECT kind, n, (SELECT count(*) FROM regexp_matches(d, 'M', 'g')) AS sections, (SELECT count(*) FROM regexp_matches(d, 'L', 'g')) AS lines,
	(SELECT count(*) FROM regexp_matches(d, 'V', 'g')) AS steps, cardinality(pg_temp.find(c, '//s:circle')) AS dots
FROM (VALUES ('line', '{[1@2026-01-01, 2@2026-01-02, 1@2026-01-03], [5@2026-01-05, 4@2026-01-06], [3@2026-01-08]}'::float_series),
	('step', 'Interp=Step;{[1@2026-01-01, 2@2026-01-02, 1@2026-01-03], [5@2026-01-05, 4@2026-01-06], [3@2026-01-08]}'), ('discrete', '{1@2026-01-01, 2@2026-01-02}'),
	('two', '[1@2026-01-01, 2@2026-01-02]')) v(kind, s),
	LATERAL (SELECT CASE kind WHEN 'two' THEN chart_svg(ARRAY[s, NULL, s * 2]) ELSE chart_svg(s) END) c(c),
	LATERAL (SELECT cardinality(pg_temp.find(c, '//s:path[@stroke-width="1.5"]/@d')), pg_temp.find(c, '//s:path[@stroke-width="1.5"]/@d')::text) d(n, d);
-- everything is within the picture
SELECT bool_and(x BETWEEN 0 AND 300 AND y BETWEEN 0 AND 120) AS inside, count(*) > 200 AS many, count(*) < 600 AS few
FROM (SELECT chart_svg(float_series('2026-01-01'::timestamptz + i * interval '1 minute', sin(i / 1000.0) * 1000 - i, 'linear'), width => 300, height => 120) AS c
	FROM generate_series(1, 100000) i) x, regexp_matches((pg_temp.find(c, '//s:path[@stroke-width="1.5"]/@d'))[1], '[ML](-?[0-9.]+) (-?[0-9.]+)', 'g') m,
	LATERAL (SELECT m[1]::float8 AS x, m[2]::float8 AS y) p;
-- a legend that needs several lines
SELECT cardinality(pg_temp.find(c, '//s:path[@stroke-width="3"]')) AS colours, (SELECT count(DISTINCT y) FROM unnest(pg_temp.find(c, '//s:text[starts-with(., "series ")]/@y')) y) > 1 AS lines
FROM (SELECT chart_svg(array_agg(s), array_agg('series ' || i), width => 300) AS c FROM (SELECT i, '[1@2026-01-01, 2@2026-01-02]'::float_series * i AS s FROM generate_series(1, 9) i) x) x;
SELECT chart_svg(NULL::float_series), chart_svg('{}'::float_series[]), chart_svg(ARRAY[NULL]::float_series[]), chart_svg(NULL::float_series[]);
-- refused
SELECT chart_svg(s, width => 10) FROM night;
SELECT chart_svg(s, height => 20000) FROM night;
SELECT chart_svg(s, height => NULL) FROM night;
SELECT chart_svg(ARRAY[s], labels => ARRAY[repeat('long ', 30), 'two']) FROM night;
SELECT chart_svg(array_agg(s), array_agg(repeat('long ', 30)), height => 100) FROM night, generate_series(1, 5);
SELECT chart_svg(array_agg(s)) FROM night, generate_series(1, 101);
SELECT chart_svg(float_series '[-1.7e308@2026-01-01, 1.7e308@2026-01-02]');
SELECT chart_svg(ARRAY['[1@4713-11-24 BC]', '[1@294276-12-31]']::float_series[]);
-- hardly any difference: no label or place is NaN, and it ends
SELECT s, sparkline(s::float_series, 4), (SELECT count(*) FROM regexp_matches(chart_svg(s::float_series)::text, 'text-anchor="end">', 'g')) AS labels,
	chart_svg(s::float_series)::text ~* '[" ]-?(nan|inf)' AS wrong
FROM unnest('{"[0@2026-01-01, 5e-324@2026-01-02]","[0@2026-01-01, 1e-310@2026-01-02]","[5e-324@2026-01-01]","[1@2026-01-01, 1.0000000000000002@2026-01-02]",
	"[1e15@2026-01-01, 1000000000000000.125@2026-01-02]","[1e308@2026-01-01]","[1@0001-01-01, 2@9999-12-31]","[1@294276-12-31 12:00]"}'::text[]) s;
