-- stbox: index classes.

-- GiST.

CREATE FUNCTION territory.stbox_gist_consistent(entry internal, query territory.stbox, strategy smallint, subtype oid, recheck internal) RETURNS boolean
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_stbox_gist_consistent';
COMMENT ON FUNCTION territory.stbox_gist_consistent(internal, territory.stbox, smallint, oid, internal) IS
'not to be called: part of the GiST class of stbox';

CREATE FUNCTION territory.stbox_gist_distance(entry internal, query territory.stbox, strategy smallint, subtype oid, recheck internal) RETURNS double precision
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_stbox_gist_distance';
COMMENT ON FUNCTION territory.stbox_gist_distance(internal, territory.stbox, smallint, oid, internal) IS
'not to be called: part of the GiST class of stbox';

CREATE FUNCTION territory.stbox_gist_union(entries internal, size internal) RETURNS territory.stbox
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_stbox_gist_union';
COMMENT ON FUNCTION territory.stbox_gist_union(internal, internal) IS
'not to be called: part of the GiST class of stbox';

CREATE FUNCTION territory.stbox_gist_penalty(entry internal, added internal, penalty internal) RETURNS internal
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_stbox_gist_penalty';
COMMENT ON FUNCTION territory.stbox_gist_penalty(internal, internal, internal) IS
'not to be called: part of the GiST class of stbox';

CREATE FUNCTION territory.stbox_gist_picksplit(entries internal, split internal) RETURNS internal
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_stbox_gist_picksplit';
COMMENT ON FUNCTION territory.stbox_gist_picksplit(internal, internal) IS
'not to be called: part of the GiST class of stbox';

CREATE FUNCTION territory.stbox_gist_same(a territory.stbox, b territory.stbox, result internal) RETURNS internal
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_stbox_gist_same';
COMMENT ON FUNCTION territory.stbox_gist_same(territory.stbox, territory.stbox, internal) IS
'not to be called: part of the GiST class of stbox';

CREATE FUNCTION territory.stbox_gist_sortsupport(support internal) RETURNS void
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_stbox_gist_sortsupport';
COMMENT ON FUNCTION territory.stbox_gist_sortsupport(internal) IS
'not to be called: part of the GiST class of stbox';

CREATE OPERATOR CLASS territory.stbox_ops DEFAULT FOR TYPE territory.stbox USING gist AS
	OPERATOR 1 territory.<<,
	OPERATOR 2 territory.&<,
	OPERATOR 3 territory.&&,
	OPERATOR 4 territory.&>,
	OPERATOR 5 territory.>>,
	OPERATOR 6 territory.~=,
	OPERATOR 7 territory.@>,
	OPERATOR 8 territory.<@,
	OPERATOR 9 territory.&<|,
	OPERATOR 10 territory.<<|,
	OPERATOR 11 territory.|>>,
	OPERATOR 12 territory.|&>,
	OPERATOR 15 territory.<-> FOR ORDER BY pg_catalog.float_ops,
	OPERATOR 17 territory.-|-,
	OPERATOR 18 territory.=,
	OPERATOR 28 territory.<<#,
	OPERATOR 29 territory.&<#,
	OPERATOR 30 territory.#>>,
	OPERATOR 31 territory.#&>,
	OPERATOR 32 territory.<</,
	OPERATOR 33 territory.&</,
	OPERATOR 34 territory./>>,
	OPERATOR 35 territory./&>,
	FUNCTION 1 territory.stbox_gist_consistent(internal, territory.stbox, smallint, oid, internal),
	FUNCTION 2 territory.stbox_gist_union(internal, internal),
	FUNCTION 5 territory.stbox_gist_penalty(internal, internal, internal),
	FUNCTION 6 territory.stbox_gist_picksplit(internal, internal),
	FUNCTION 7 territory.stbox_gist_same(territory.stbox, territory.stbox, internal),
	FUNCTION 8 territory.stbox_gist_distance(internal, territory.stbox, smallint, oid, internal),
	FUNCTION 11 territory.stbox_gist_sortsupport(internal);

-- SP-GiST: a k-d tree.

CREATE FUNCTION territory.stbox_spgist_config(given internal, result internal) RETURNS void
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_stbox_spgist_config';
COMMENT ON FUNCTION territory.stbox_spgist_config(internal, internal) IS
'not to be called: part of the SP-GiST class of stbox';

CREATE FUNCTION territory.stbox_spgist_choose(given internal, result internal) RETURNS void
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_stbox_spgist_choose';
COMMENT ON FUNCTION territory.stbox_spgist_choose(internal, internal) IS
'not to be called: part of the SP-GiST class of stbox';

CREATE FUNCTION territory.stbox_spgist_picksplit(given internal, result internal) RETURNS void
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_stbox_spgist_picksplit';
COMMENT ON FUNCTION territory.stbox_spgist_picksplit(internal, internal) IS
'not to be called: part of the SP-GiST class of stbox';

CREATE FUNCTION territory.stbox_spgist_inner(given internal, result internal) RETURNS void
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_stbox_spgist_inner';
COMMENT ON FUNCTION territory.stbox_spgist_inner(internal, internal) IS
'not to be called: part of the SP-GiST class of stbox';

CREATE FUNCTION territory.stbox_spgist_leaf(given internal, result internal) RETURNS boolean
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_stbox_spgist_leaf';
COMMENT ON FUNCTION territory.stbox_spgist_leaf(internal, internal) IS
'not to be called: part of the SP-GiST class of stbox';

CREATE OPERATOR CLASS territory.stbox_ops DEFAULT FOR TYPE territory.stbox USING spgist AS
	OPERATOR 1 territory.<<,
	OPERATOR 2 territory.&<,
	OPERATOR 3 territory.&&,
	OPERATOR 4 territory.&>,
	OPERATOR 5 territory.>>,
	OPERATOR 6 territory.~=,
	OPERATOR 7 territory.@>,
	OPERATOR 8 territory.<@,
	OPERATOR 9 territory.&<|,
	OPERATOR 10 territory.<<|,
	OPERATOR 11 territory.|>>,
	OPERATOR 12 territory.|&>,
	OPERATOR 15 territory.<-> FOR ORDER BY pg_catalog.float_ops,
	OPERATOR 17 territory.-|-,
	OPERATOR 18 territory.=,
	OPERATOR 28 territory.<<#,
	OPERATOR 29 territory.&<#,
	OPERATOR 30 territory.#>>,
	OPERATOR 31 territory.#&>,
	OPERATOR 32 territory.<</,
	OPERATOR 33 territory.&</,
	OPERATOR 34 territory./>>,
	OPERATOR 35 territory./&>,
	FUNCTION 1 territory.stbox_spgist_config(internal, internal),
	FUNCTION 2 territory.stbox_spgist_choose(internal, internal),
	FUNCTION 3 territory.stbox_spgist_picksplit(internal, internal),
	FUNCTION 4 territory.stbox_spgist_inner(internal, internal),
	FUNCTION 5 territory.stbox_spgist_leaf(internal, internal);

-- BRIN: what each range of blocks holds.

CREATE FUNCTION territory.stbox_brin_opcinfo(type_id internal) RETURNS internal
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_stbox_brin_opcinfo';
COMMENT ON FUNCTION territory.stbox_brin_opcinfo(internal) IS
'not to be called: part of the BRIN class of stbox';

CREATE FUNCTION territory.stbox_brin_add_value(descriptor internal, ranged internal, added internal, missing internal) RETURNS boolean
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_stbox_brin_add_value';
COMMENT ON FUNCTION territory.stbox_brin_add_value(internal, internal, internal, internal) IS
'not to be called: part of the BRIN class of stbox';

CREATE FUNCTION territory.stbox_brin_consistent(descriptor internal, ranged internal, key internal) RETURNS boolean
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_stbox_brin_consistent';
COMMENT ON FUNCTION territory.stbox_brin_consistent(internal, internal, internal) IS
'not to be called: part of the BRIN class of stbox';

CREATE FUNCTION territory.stbox_brin_union(descriptor internal, a internal, b internal) RETURNS boolean
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_stbox_brin_union';
COMMENT ON FUNCTION territory.stbox_brin_union(internal, internal, internal) IS
'not to be called: part of the BRIN class of stbox';

CREATE OPERATOR CLASS territory.stbox_inclusion_ops DEFAULT FOR TYPE territory.stbox USING brin AS
	OPERATOR 1 territory.<<,
	OPERATOR 2 territory.&<,
	OPERATOR 3 territory.&&,
	OPERATOR 4 territory.&>,
	OPERATOR 5 territory.>>,
	OPERATOR 6 territory.~=,
	OPERATOR 7 territory.@>,
	OPERATOR 8 territory.<@,
	OPERATOR 9 territory.&<|,
	OPERATOR 10 territory.<<|,
	OPERATOR 11 territory.|>>,
	OPERATOR 12 territory.|&>,
	OPERATOR 17 territory.-|-,
	OPERATOR 18 territory.=,
	OPERATOR 28 territory.<<#,
	OPERATOR 29 territory.&<#,
	OPERATOR 30 territory.#>>,
	OPERATOR 31 territory.#&>,
	OPERATOR 32 territory.<</,
	OPERATOR 33 territory.&</,
	OPERATOR 34 territory./>>,
	OPERATOR 35 territory./&>,
	FUNCTION 1 territory.stbox_brin_opcinfo(internal),
	FUNCTION 2 territory.stbox_brin_add_value(internal, internal, internal, internal),
	FUNCTION 3 territory.stbox_brin_consistent(internal, internal, internal),
	FUNCTION 4 territory.stbox_brin_union(internal, internal, internal);
