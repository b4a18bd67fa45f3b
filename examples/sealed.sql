-- After sealing the table named by the variable table: its size, and the same rows with the same checksum as before.
SELECT * FROM pg_temp.fingerprint(:'table')
\gset after_
SELECT pg_total_relation_size(:'table') AS bytes
\gset after_
\echo 'After:'
SELECT :after_rows AS rows, pg_size_pretty(pg_relation_size(:'table')) AS heap,
	pg_size_pretty(pg_indexes_size(:'table')) AS indexes, pg_size_pretty(:after_bytes::bigint) AS total,
	round(:after_bytes::numeric / nullif(:after_rows, 0), 1) AS bytes_a_row,
	round(:before_bytes::numeric / :after_bytes, 1) AS times_smaller;
SELECT pg_temp.expect(:before_rows = :after_rows AND :before_rows > 0, 'as many rows as before: ' || :after_rows) AS checked
UNION ALL
SELECT pg_temp.expect(:before_checksum = :after_checksum, 'every value as before: the checksums are equal');
SELECT hot_rows, pg_size_pretty(hot_bytes) AS hot, pg_size_pretty(index_bytes) AS indexes, segments, sealed_rows,
	pg_size_pretty(sealed_bytes) AS sealed, ratio, last_seal::timestamp(0)
FROM territory.table_status WHERE relation = :'table'::regclass;
