-- Tests drop what they make: the next one may use the same name, and counts tables.
SELECT 'relation' AS kind, c.oid::regclass::text AS left_behind FROM pg_class c
WHERE c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f', 'c') AND c.relnamespace::regnamespace::text !~ '^(pg_|information_schema)'
	AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype IN ('e', 'i'))
UNION ALL
SELECT 'function', p.oid::regprocedure::text FROM pg_proc p
WHERE p.pronamespace::regnamespace::text !~ '^(pg_|information_schema)'
	AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e')
UNION ALL
SELECT 'schema', nspname FROM pg_namespace n WHERE nspname !~ '^(pg_|information_schema$|public$|territory$)'
	AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_namespace'::regclass AND d.objid = n.oid AND d.deptype = 'e')
ORDER BY 1, 2;
