-- every function of ours says what it does, and nothing of ours captures a built-in's name
SELECT p.proname FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
WHERE n.nspname = 'territory' AND obj_description(p.oid, 'pg_proc') IS NULL ORDER BY 1;
SELECT p.proname FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
WHERE n.nspname = 'territory' AND p.proname IN (SELECT b.proname FROM pg_proc b WHERE b.pronamespace = 'pg_catalog'::regnamespace);
SELECT p.proname, p.provolatile, p.proparallel FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
WHERE n.nspname = 'territory' ORDER BY 1;
-- a SECURITY DEFINER function has a fixed search_path
SELECT p.proname FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
WHERE n.nspname = 'territory' AND p.prosecdef AND NOT coalesce(p.proconfig::text LIKE '%search_path=pg_catalog, pg_temp%', false);
-- what users enter is dumped
SELECT c.relname, x.relname IS NOT NULL AS dumped FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN LATERAL (SELECT c.relname FROM pg_extension e WHERE e.extname = 'territory' AND c.oid = ANY (e.extconfig)) x ON true
WHERE n.nspname = 'territory' AND c.relkind IN ('r', 'S') ORDER BY 1;
