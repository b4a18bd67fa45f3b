-- Unique keys hold across hot and sealed rows.
SET client_min_messages = warning;
SET timezone = 'UTC';
SET territory.segment_rows = 200;
CREATE TABLE k (id int PRIMARY KEY, u uuid UNIQUE, code text, part int, low text) USING territory;
CREATE UNIQUE INDEX k_part ON k (code) WHERE part = 1;
CREATE UNIQUE INDEX k_low ON k (lower(low));
INSERT INTO k SELECT i, md5(i::text)::uuid, 'c' || i % 100, CASE WHEN i <= 100 THEN 1 ELSE 2 END, 'L' || i FROM generate_series(1, 1000) i;
SELECT rows, segments FROM territory.seal('k');
INSERT INTO k(id) VALUES (500);
INSERT INTO k(id, u) VALUES (2000, md5('77')::uuid);
INSERT INTO k(id, code, part) VALUES (2000, 'c5', 1);
INSERT INTO k(id, low) VALUES (2000, 'l9');
INSERT INTO k(id, low) VALUES (2001, 'L9A');
INSERT INTO k(id, code, part) VALUES (2000, 'c5', 3);
INSERT INTO k VALUES (3000, NULL, NULL, NULL, NULL), (3001, NULL, NULL, NULL, NULL);
UPDATE k SET id = 7 WHERE id = 8;
UPDATE k SET id = 4000 WHERE id = 8;
INSERT INTO k(id) VALUES (8);
UPDATE k SET id = id + 10000;
SELECT count(*), min(id), max(id) FROM k;
BEGIN;
DELETE FROM k WHERE id = 10500;
INSERT INTO k(id) VALUES (10500);
ROLLBACK;
INSERT INTO k(id) VALUES (10500);
COPY k(id) FROM stdin;
10501
\.
SELECT rows FROM territory.seal('k');
INSERT INTO k(id) VALUES (10501) ON CONFLICT DO NOTHING;
INSERT INTO k(id, code) VALUES (10501, 'x') ON CONFLICT (id) DO UPDATE SET code = 'y' RETURNING code;
-- a new unique index is verified against sealed rows
CREATE UNIQUE INDEX k_code ON k (code);
CREATE UNIQUE INDEX CONCURRENTLY k_id2 ON k (id);
REINDEX TABLE k;
INSERT INTO k(id) VALUES (10600);
-- nulls not distinct
CREATE TABLE nn (a int, UNIQUE NULLS NOT DISTINCT (a)) USING territory;
INSERT INTO nn VALUES (1), (NULL);
SELECT rows FROM territory.seal('nn');
INSERT INTO nn VALUES (NULL);
-- what is checked through its index alone is refused
CREATE TABLE ex (a int, r int4range, EXCLUDE USING gist (r WITH &&)) USING territory;
INSERT INTO ex VALUES (1, '[1,5)');
SELECT territory.seal('ex');
CREATE TABLE de (a int UNIQUE DEFERRABLE) USING territory;
INSERT INTO de VALUES (1);
SELECT territory.seal('de');
CREATE TABLE ex2 (r int4range) USING territory;
INSERT INTO ex2 VALUES ('[1,5)');
SELECT rows FROM territory.seal('ex2');
ALTER TABLE ex2 ADD EXCLUDE USING gist (r WITH &&);
ALTER TABLE ex2 ADD UNIQUE (r) DEFERRABLE;
DROP TABLE k, nn, ex, de, ex2;
-- a rewrite that makes sealed keys equal, and an index that was never valid
CREATE TABLE rewritten (k integer CONSTRAINT rewritten_k UNIQUE, v integer) USING territory;
INSERT INTO rewritten SELECT i, i / 2 FROM generate_series(1, 10) i;
SELECT rows FROM territory.seal('rewritten');
ALTER TABLE rewritten ALTER k TYPE integer USING 0;
ALTER TABLE rewritten ALTER k TYPE bigint USING 10 - k;
CREATE UNIQUE INDEX CONCURRENTLY rewritten_v ON rewritten (v);
REINDEX TABLE rewritten;
DELETE FROM rewritten WHERE k % 2 = 0;
REINDEX TABLE rewritten;
SELECT indexrelid::regclass, indisvalid FROM pg_index WHERE indrelid = 'rewritten'::regclass ORDER BY 1;
INSERT INTO rewritten VALUES (100, 4);
-- hot rows are estimated from what is not sealed
ANALYZE rewritten;
SELECT reltuples FROM pg_class WHERE oid = 'rewritten'::regclass;
VACUUM rewritten;
SELECT reltuples FROM pg_class WHERE oid = 'rewritten'::regclass;
DROP TABLE rewritten;
-- ON CONFLICT goes by its arbiter, and DO NOTHING leaves the sealed row alone
CREATE TABLE up (a integer UNIQUE, b integer UNIQUE, c text, d integer GENERATED ALWAYS AS (a + 1) STORED) USING territory;
INSERT INTO up SELECT i, i + 100, 'sealed' FROM generate_series(1, 5) i;
SELECT rows FROM territory.seal('up');
INSERT INTO up VALUES (1, 300, 'x'), (300, 102, 'x'), (3, 103, 'x') ON CONFLICT DO NOTHING;
INSERT INTO up VALUES (1, 300, 'x') ON CONFLICT (a) DO NOTHING;
INSERT INTO up VALUES (1, 300, 'x') ON CONFLICT (b) DO NOTHING;
SELECT dead_rows, pg_relation_size('up') / current_setting('block_size')::int AS pages FROM territory.segments('up');
INSERT INTO up VALUES (3, 104, 'x') ON CONFLICT (b) DO UPDATE SET c = 'by b' RETURNING *;
INSERT INTO up VALUES (3, 104, 'x') ON CONFLICT (a) DO UPDATE SET c = 'by a' RETURNING *;
INSERT INTO up VALUES (5, 1, 'x'), (5, 2, 'x') ON CONFLICT (a) DO UPDATE SET c = 'twice';
INSERT INTO up VALUES (5, 1, 'x') ON CONFLICT (a) DO UPDATE SET c = 'never' WHERE up.c = 'no such';
INSERT INTO up VALUES (5, 1, 'x') ON CONFLICT (a) DO UPDATE SET a = 9, c = up.c || excluded.c RETURNING *;
INSERT INTO up VALUES (5, 1, 'new') ON CONFLICT (a) DO UPDATE SET c = 'never';
SELECT * FROM up ORDER BY a;
DROP TABLE up;
-- what was there before an upsert, as xmax tells it
CREATE TABLE told (a integer PRIMARY KEY, b integer) USING territory;
INSERT INTO told SELECT i, i FROM generate_series(1, 3) i;
SELECT rows FROM territory.seal('told');
INSERT INTO told VALUES (2, 20), (9, 90) ON CONFLICT (a) DO UPDATE SET b = excluded.b RETURNING a, xmax = 0 AS inserted;
DROP TABLE told;
-- an update whose keys stay as they are looks for no other row; partial and expression indexes are always asked
CREATE TABLE part (a int PRIMARY KEY, b int, active boolean, x text) USING territory;
CREATE UNIQUE INDEX part_active ON part (b) WHERE active;
CREATE UNIQUE INDEX part_lower ON part (lower(x));
INSERT INTO part SELECT i, i % 10, i <= 10, 'X' || i FROM generate_series(1, 20) i;
SELECT rows FROM territory.seal('part');
UPDATE part SET active = true WHERE a = 15;
UPDATE part SET x = 'x3' WHERE a = 15;
UPDATE part SET active = false WHERE a = 5;
UPDATE part SET active = true WHERE a = 15;
UPDATE part SET a = 16 WHERE a = 15;
UPDATE part SET a = 115 WHERE a = 15;
UPDATE part SET x = x || '!' WHERE a > 10;
SELECT count(*), count(DISTINCT a), count(DISTINCT x), sum(b) FROM part;
DROP TABLE part;
