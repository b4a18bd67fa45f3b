-- CALL territory.seal_in_batches(): a batch of the calendar at a time, each in its own transaction.
SET client_min_messages = warning;
SET timezone = 'UTC';
SET datestyle = 'ISO';
CREATE TABLE b (e int, t timestamptz, v int) USING territory;
CREATE INDEX ON b (e, t);
INSERT INTO b SELECT e, '2026-03-28 00:00+00'::timestamptz + i * interval '1 hour', i FROM generate_series(1, 3) e, generate_series(0, 95) i;
INSERT INTO b VALUES (9, '-infinity', 0), (9, '4713-01-01 BC', 0), (9, 'infinity', 0), (9, NULL, 0), (9, '1970-01-01', 0);
CREATE TABLE twin AS SELECT * FROM b;
CREATE VIEW different AS SELECT count(*) FROM
	((SELECT x::text FROM twin x EXCEPT ALL SELECT x::text FROM b x) UNION ALL (SELECT x::text FROM b x EXCEPT ALL SELECT x::text FROM twin x)) d;
-- the 29th has 23 hours in Paris
SELECT territory.set_layout('b', time_zone => 'Europe/Paris');
CALL territory.seal_in_batches('b', '2026-03-30 12:00');
SELECT rows, from_time, to_time FROM territory.segments('b');
SELECT * FROM different;
-- again: what came since, and nothing else
INSERT INTO b VALUES (1, '2026-03-29 00:30', -1), (1, '2026-03-30 11:59', -1);
INSERT INTO twin SELECT * FROM b WHERE v = -1;
CALL territory.seal_in_batches(rel => 'b', before => '2026-03-30 12:00', batch => '1 month');
SELECT rows, from_time, to_time FROM territory.segments('b') OFFSET 5;
CALL territory.seal_in_batches('b', '2026-03-30 12:00');
CALL territory.seal_in_batches('b', '2026-03-31 12:00', '6 hours');
SELECT rows, from_time, to_time FROM territory.segments('b') OFFSET 6;
SELECT * FROM different;
SELECT sum(rows), bool_and(ok) FROM territory.verify('b');
-- weeks from Monday, years; dates and times without zone
CREATE TABLE d (e int, t date) USING territory;
INSERT INTO d SELECT e, '2024-12-20'::date + i FROM generate_series(1, 2) e, generate_series(0, 30) i;
CALL territory.seal_in_batches('d', '2025-01-10', '7 days');
SELECT rows, from_time, to_time FROM territory.segments('d');
SELECT territory.unseal('d');
CALL territory.seal_in_batches('d', '2025-01-10', '1 year');
SELECT rows, from_time, to_time FROM territory.segments('d');
CREATE TABLE s (e int, t timestamp) USING territory;
INSERT INTO s SELECT e, '2024-12-20'::timestamp + i * interval '1 min' FROM generate_series(1, 2) e, generate_series(0, 119) i;
CALL territory.seal_in_batches('s', '2024-12-20 01:15', '30 min');
SELECT rows, from_time, to_time FROM territory.segments('s');
-- rows of many batches in every block
CREATE TABLE many (e int, t timestamptz, filler text) USING territory;
INSERT INTO many SELECT 1, '2026-01-01'::timestamptz + (i * 7919 % 400) * interval '1 day', repeat('x', 300) FROM generate_series(1, 8000) i;
CALL territory.seal_in_batches('many', '2026-11-01');
SELECT count(*), min(t), max(t), count(DISTINCT t) FROM many;
SELECT sum(rows), count(*) FROM territory.segments('many');
-- refusals
CALL territory.seal_in_batches(NULL, '2026-01-01');
CALL territory.seal_in_batches('b', NULL);
CALL territory.seal_in_batches('b', '2026-01-01', NULL);
CALL territory.seal_in_batches('b', '2026-01-01', '0');
CALL territory.seal_in_batches('b', '2026-01-01', '-1 day');
CALL territory.seal_in_batches('b', '2026-01-01', '1 month -1 day');
CALL territory.seal_in_batches('b', 'infinity');
CALL territory.seal_in_batches('twin', '2026-01-01');
CALL territory.seal_in_batches('different', '2026-01-01');
CALL territory.seal_in_batches(0, '2026-01-01');
CREATE TABLE timeless (a int) USING territory;
CALL territory.seal_in_batches('timeless', '2026-01-01');
CALL territory.seal_in_batches('many', '2026-11-02', '1 microsecond');
BEGIN;
CALL territory.seal_in_batches('b', '2026-01-01');
ROLLBACK;
DO $$ BEGIN CALL territory.seal_in_batches('b', '2026-01-01'); END $$;
CREATE FUNCTION caller() RETURNS void LANGUAGE plpgsql AS $$ BEGIN CALL territory.seal_in_batches('b', '2026-01-01'); END $$;
SELECT caller();
SET default_transaction_read_only = on;
CALL territory.seal_in_batches('b', '2026-01-01');
RESET default_transaction_read_only;
CREATE ROLE regress_territory_nobody;
SET ROLE regress_territory_nobody;
CALL territory.seal_in_batches('b', '2026-01-01');
RESET ROLE;
DROP ROLE regress_territory_nobody;
DROP TABLE b, twin, d, s, many, timeless CASCADE;
DROP FUNCTION caller;
