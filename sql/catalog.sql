-- every function of ours says what it does, and nothing of ours captures a built-in's name
SELECT p.proname FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
WHERE n.nspname = 'territory' AND obj_description(p.oid, 'pg_proc') IS NULL ORDER BY 1;
SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = 'territory' AND c.relkind IN ('r', 'v', 'm', 'S') AND obj_description(c.oid, 'pg_class') IS NULL ORDER BY 1;
-- (one with a type of ours as its first argument takes no call from a built-in: see below for a literal that has no type)
SELECT p.oid::regprocedure FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace LEFT JOIN pg_type t ON t.oid = p.proargtypes[0]
WHERE n.nspname = 'territory' AND t.typnamespace IS DISTINCT FROM n.oid
	AND p.proname IN (SELECT b.proname FROM pg_proc b WHERE b.pronamespace = 'pg_catalog'::regnamespace);
SELECT unnest('{1,2}');
SET search_path = territory, public, pg_catalog;
SELECT unnest('{1,2}');
SELECT unnest('{1,2}'::int[]);
RESET search_path;
-- who may change data is volatile, who looks at a table is at most stable; a null table is an error, so what takes one is not strict
SELECT DISTINCT p.proname, p.prokind AS kind, p.provolatile AS volatility, p.proisstrict AS strict, p.proparallel AS parallel
FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
WHERE n.nspname = 'territory' ORDER BY 1, 2, 3, 4, 5;
-- arguments and result columns have names, which need no quotes
SELECT p.proname, a.name FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace,
	LATERAL unnest(p.proargnames) a(name)
WHERE n.nspname = 'territory' AND (a.name = '' OR quote_ident(a.name) <> a.name) ORDER BY 1, 2;
SELECT p.proname FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
WHERE n.nspname = 'territory' AND p.pronargs > 0 AND p.proargnames IS NULL AND 'internal'::regtype <> ALL (p.proargtypes::oid[]) ORDER BY 1;
SELECT c.relname, a.attname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_attribute a ON a.attrelid = c.oid
WHERE n.nspname = 'territory' AND c.relkind IN ('r', 'v', 'm') AND a.attnum > 0 AND quote_ident(a.attname) <> a.attname ORDER BY 1, 2;
-- a SECURITY DEFINER function has a fixed search_path
SELECT p.proname FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
WHERE n.nspname = 'territory' AND p.prosecdef AND NOT coalesce(p.proconfig::text LIKE '%search_path=pg_catalog, pg_temp%', false);
-- what users enter is dumped
SELECT c.relname, x.relname IS NOT NULL AS dumped FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN LATERAL (SELECT c.relname FROM pg_extension e WHERE e.extname = 'territory' AND c.oid = ANY (e.extconfig)) x ON true
WHERE n.nspname = 'territory' AND c.relkind IN ('r', 'S') ORDER BY 1;
