-- Seals the table named by the variable table, shows the sizes, and checks that the table still says the same.
SELECT * FROM pg_temp.fingerprint(:'table')
\gset before_
SELECT pg_total_relation_size(:'table') AS bytes
\gset before_
\echo
\echo 'Before: all rows are hot, which is to say ordinary heap rows with their index entries.'
SELECT :before_rows AS rows, pg_size_pretty(pg_relation_size(:'table')) AS heap,
	pg_size_pretty(pg_indexes_size(:'table')) AS indexes, pg_size_pretty(:before_bytes::bigint) AS total,
	round(:before_bytes::numeric / nullif(:before_rows, 0), 1) AS bytes_a_row;
\echo 'Seal: every row goes into compressed segments, in one transaction.'
SELECT rows, segments, pg_size_pretty(heap_bytes) AS as_heap_rows, pg_size_pretty(sealed_bytes) AS sealed
FROM territory.seal(:'table');
-- gives the pages that the rows left back to the file system; autovacuum would, in time
VACUUM :"table";
\ir sealed.sql
