-- A junction, made up: phases 2 and 6 together, then 2 with 5, then 8, ninety seconds a cycle, cars all the time.
\echo 'Generated, not measured: two hours of events of a junction with four phases.'
INSERT INTO signal_events
SELECT 1136, cycle + (phase.starts + e.after) * interval '1 second', e.event, phase.number
FROM generate_series('2024-04-15 12:00-07'::timestamptz, '2024-04-15 13:58:30-07', interval '90 seconds') cycle,
	(VALUES (6, 0, 35), (2, 0, 55), (5, 42, 13), (8, 62, 20)) phase(number, starts, green),
	LATERAL (VALUES (1, 0.0), (7, green), (8, green), (9, green + 4), (10, green + 4), (11, green + 5.5)) e(event, after);
-- detectors: on and off
INSERT INTO signal_events
SELECT 1136, '2024-04-15 12:00-07'::timestamptz + (n * 0.6 + off * 0.4 + sin(n / 900.0) * 200) * interval '1 second', 82 - off, 1 + n % 12
FROM generate_series(400, 11500) n, generate_series(0, 1) off;
