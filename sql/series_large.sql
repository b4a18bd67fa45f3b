-- a value has at most 1 GB
SET search_path = public, territory;
SELECT state_series(timestamptz '2026-01-01' + i * interval '1 s', repeat('x', 540000000) || i) IS NULL FROM generate_series(1, 2) i;
