-- Verifies the table named by the variable table, and fails where a segment is not sound.
\echo
\echo 'Verify: every checksum is checked, and every value decoded.'
SELECT count(*) AS segments, sum(rows) AS rows, count(*) FILTER (WHERE NOT ok) AS problems FROM territory.verify(:'table');
SELECT pg_temp.expect(count(*) > 0 AND bool_and(ok), 'every segment is sound') AS checked FROM territory.verify(:'table');
