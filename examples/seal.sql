-- Seals the table named by the variable table (rows before the time in the variable before, if it is set), shows the sizes, and checks that the table still says the same.
SELECT * FROM pg_temp.fingerprint(:'table')
\gset before_
SELECT pg_total_relation_size(:'table') AS bytes
\gset before_
\echo
\echo 'Before: all rows are hot, which is to say ordinary heap rows with their index entries.'
SELECT :before_rows AS rows, pg_size_pretty(pg_relation_size(:'table')) AS heap,
	pg_size_pretty(pg_indexes_size(:'table')) AS indexes, pg_size_pretty(:before_bytes::bigint) AS total,
	round(:before_bytes::numeric / nullif(:before_rows, 0), 1) AS bytes_a_row;
\if :{?before}
	\echo 'Seal: rows before ':before' go into compressed segments, in one transaction; newer ones stay hot.'
	SELECT rows, segments, pg_size_pretty(heap_bytes) AS as_heap_rows, pg_size_pretty(sealed_bytes) AS sealed
	FROM territory.seal(:'table', before => :'before');
\else
	\echo 'Seal: every row goes into compressed segments, in one transaction.'
	SELECT rows, segments, pg_size_pretty(heap_bytes) AS as_heap_rows, pg_size_pretty(sealed_bytes) AS sealed
	FROM territory.seal(:'table');
\endif
\echo 'Give the space back: VACUUM would leave the indexes as large as they are, VACUUM FULL makes them small, too, and takes'
\echo 'little time, since segments are copied as they are. Once, after a first seal of much; later plain VACUUM does.'
VACUUM (FULL, ANALYZE) :"table";
\ir sealed.sql
