-- stbox: a box in space and time. Its forms outside, what makes it, its parts and operators.

CREATE TYPE territory.stbox;

CREATE FUNCTION territory.stbox_in(input cstring) RETURNS territory.stbox
	LANGUAGE C STABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_stbox_in';
COMMENT ON FUNCTION territory.stbox_in(cstring) IS
'reads an stbox; not to be called';

CREATE FUNCTION territory.stbox_out(box territory.stbox) RETURNS cstring
	LANGUAGE C STABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_stbox_out';
COMMENT ON FUNCTION territory.stbox_out(territory.stbox) IS
'writes an stbox, instants with the offset of the session''s time zone; not to be called';

CREATE FUNCTION territory.stbox_recv(input internal) RETURNS territory.stbox
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_stbox_recv';
COMMENT ON FUNCTION territory.stbox_recv(internal) IS
'reads an stbox in binary; not to be called';

CREATE FUNCTION territory.stbox_send(box territory.stbox) RETURNS bytea
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_stbox_send';
COMMENT ON FUNCTION territory.stbox_send(territory.stbox) IS
'An stbox in binary, as drivers get it: the reference describes the bytes.';

CREATE FUNCTION territory.stbox_analyze(column_stats internal) RETURNS boolean
	LANGUAGE C STABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_stbox_analyze';
COMMENT ON FUNCTION territory.stbox_analyze(internal) IS 'keeps a sample of the boxes of a column for ANALYZE; not to be called';

CREATE TYPE territory.stbox (
	INPUT = territory.stbox_in, OUTPUT = territory.stbox_out,
	RECEIVE = territory.stbox_recv, SEND = territory.stbox_send,
	ANALYZE = territory.stbox_analyze, INTERNALLENGTH = 72, ALIGNMENT = double, STORAGE = plain);
COMMENT ON TYPE territory.stbox IS 'a box in space and time: ranges of x, y and, it may be, z in an SRID, and a range of time; either part may be missing';

-- Boxes of geometries, periods and series.

CREATE FUNCTION territory.stbox(geom geometry) RETURNS territory.stbox
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 10 AS 'MODULE_PATHNAME', 'territory_stbox_of_geometry';
COMMENT ON FUNCTION territory.stbox(geometry) IS
'The box of a geometry, with z where the geometry has it, in its SRID and without time; exact, but for arcs, whose extremes are computed. NULL where the geometry is empty. Errors: a coordinate that is NaN. The cast is the same.';

CREATE FUNCTION territory.stbox(period tstzrange) RETURNS territory.stbox
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 5 AS 'MODULE_PATHNAME', 'territory_stbox_of_period';
COMMENT ON FUNCTION territory.stbox(tstzrange) IS
'The box of a period, without space. NULL where the period is empty. The cast is the same.';

CREATE FUNCTION territory.stbox(geom geometry, period tstzrange) RETURNS territory.stbox
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 15 AS 'MODULE_PATHNAME', 'territory_stbox_of_geometry_period';
COMMENT ON FUNCTION territory.stbox(geometry, tstzrange) IS
'The box of a geometry during a period. NULL where one of them is empty. Errors: a coordinate that is NaN.';

CREATE FUNCTION territory.stbox(geom geometry, t timestamptz) RETURNS territory.stbox
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 10 AS 'MODULE_PATHNAME', 'territory_stbox_of_geometry_instant';
COMMENT ON FUNCTION territory.stbox(geometry, timestamptz) IS
'The box of a geometry at an instant. NULL where the geometry is empty. Errors: a coordinate that is NaN.';

CREATE FUNCTION territory.stbox(series territory.float_series) RETURNS territory.stbox
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 5 AS 'MODULE_PATHNAME', 'territory_stbox_of_float_series';
COMMENT ON FUNCTION territory.stbox(territory.float_series) IS
'The time of a series, from its first instant to its last, both included. The cast is the same.';

CREATE FUNCTION territory.stbox(series territory.state_series) RETURNS territory.stbox
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 5 AS 'MODULE_PATHNAME', 'territory_stbox_of_state_series';
COMMENT ON FUNCTION territory.stbox(territory.state_series) IS
'The time of a series, from its first instant to its last, both included. The cast is the same.';

CREATE FUNCTION territory.stbox(series territory.point_series) RETURNS territory.stbox
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 5 AS 'MODULE_PATHNAME', 'territory_stbox_of_point_series';
COMMENT ON FUNCTION territory.stbox(territory.point_series) IS
'Where and when a moving point was: the box of its positions and its time, both ends included. Reads the header of the series only. The cast is the same.';

CREATE FUNCTION territory.bounding_box(series territory.point_series) RETURNS territory.stbox
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 5 AS 'MODULE_PATHNAME', 'territory_stbox_of_point_series';
COMMENT ON FUNCTION territory.bounding_box(territory.point_series) IS
'Where and when a moving point was: the box of its positions and its time, both ends included; as_geometry() gives its rectangle. Reads the header of the series only. The same as stbox(series).';

CREATE CAST (geometry AS territory.stbox) WITH FUNCTION territory.stbox(geometry);
CREATE CAST (tstzrange AS territory.stbox) WITH FUNCTION territory.stbox(tstzrange);
CREATE CAST (territory.float_series AS territory.stbox) WITH FUNCTION territory.stbox(territory.float_series);
CREATE CAST (territory.state_series AS territory.stbox) WITH FUNCTION territory.stbox(territory.state_series);
CREATE CAST (territory.point_series AS territory.stbox) WITH FUNCTION territory.stbox(territory.point_series);

-- What a box is made of.

CREATE FUNCTION territory.x_min(box territory.stbox) RETURNS double precision
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_stbox_x_min';
COMMENT ON FUNCTION territory.x_min(territory.stbox) IS
'The lowest x of a box, in the unit of its SRID; NULL where it has no x.';

CREATE FUNCTION territory.x_max(box territory.stbox) RETURNS double precision
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_stbox_x_max';
COMMENT ON FUNCTION territory.x_max(territory.stbox) IS
'The highest x of a box, in the unit of its SRID; NULL where it has no x.';

CREATE FUNCTION territory.y_min(box territory.stbox) RETURNS double precision
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_stbox_y_min';
COMMENT ON FUNCTION territory.y_min(territory.stbox) IS
'The lowest y of a box, in the unit of its SRID; NULL where it has no y.';

CREATE FUNCTION territory.y_max(box territory.stbox) RETURNS double precision
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_stbox_y_max';
COMMENT ON FUNCTION territory.y_max(territory.stbox) IS
'The highest y of a box, in the unit of its SRID; NULL where it has no y.';

CREATE FUNCTION territory.z_min(box territory.stbox) RETURNS double precision
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_stbox_z_min';
COMMENT ON FUNCTION territory.z_min(territory.stbox) IS
'The lowest z of a box, in the unit of its SRID; NULL where it has no z.';

CREATE FUNCTION territory.z_max(box territory.stbox) RETURNS double precision
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_stbox_z_max';
COMMENT ON FUNCTION territory.z_max(territory.stbox) IS
'The highest z of a box, in the unit of its SRID; NULL where it has no z.';

CREATE FUNCTION territory.t_min(box territory.stbox) RETURNS timestamptz
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_stbox_t_min';
COMMENT ON FUNCTION territory.t_min(territory.stbox) IS
'The instant at which the time of a box begins, included or not (time_span tells); NULL where it has no time.';

CREATE FUNCTION territory.t_max(box territory.stbox) RETURNS timestamptz
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_stbox_t_max';
COMMENT ON FUNCTION territory.t_max(territory.stbox) IS
'The instant at which the time of a box ends, included or not (time_span tells); NULL where it has no time.';

CREATE FUNCTION territory.srid(box territory.stbox) RETURNS integer
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_stbox_srid';
COMMENT ON FUNCTION territory.srid(territory.stbox) IS
'The SRID of a box, 0 where it is not known; NULL where the box has no space.';

CREATE FUNCTION territory.time_span(box territory.stbox) RETURNS tstzrange
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 5 AS 'MODULE_PATHNAME', 'territory_stbox_time_span';
COMMENT ON FUNCTION territory.time_span(territory.stbox) IS
'The time of a box; NULL where it has none.';

CREATE FUNCTION territory.as_geometry(box territory.stbox) RETURNS geometry
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 20 AS 'MODULE_PATHNAME', 'territory_stbox_as_geometry';
COMMENT ON FUNCTION territory.as_geometry(territory.stbox) IS
'The rectangle of a box in x and y, as ST_Envelope gives it: a Polygon, or the LineString or Point that it shrinks to; NULL where it has no space. The cast is the same. Errors: a box without an end in space.';

CREATE CAST (territory.stbox AS geometry) WITH FUNCTION territory.as_geometry(territory.stbox);
CREATE CAST (territory.stbox AS tstzrange) WITH FUNCTION territory.time_span(territory.stbox);

CREATE FUNCTION territory.expand(box territory.stbox, metres double precision DEFAULT 0, duration interval DEFAULT '0') RETURNS territory.stbox
	LANGUAGE C STABLE STRICT PARALLEL SAFE COST 20 AS 'MODULE_PATHNAME', 'territory_stbox_expand';
COMMENT ON FUNCTION territory.expand(territory.stbox, double precision, interval) IS
'The box that holds whatever is within so many metres of a box and so long before or after it. Metres are the unit of a projected SRID, and counted on the spheroid where the SRID is geographic: at least as wide as the true area, all longitudes where that reaches over the date line or a pole. Height grows as x and y do; a part that the box lacks stays missing; time ends at infinity. Errors: negative or NaN metres, a negative duration or one with months, an SRID that spatial_ref_sys does not have.';

-- Operators. Boxes are compared in the dimensions that both have.

CREATE FUNCTION territory.stbox_sel(root internal, operator oid, args internal, rel_id integer) RETURNS double precision
	LANGUAGE C STABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_stbox_sel';
COMMENT ON FUNCTION territory.stbox_sel(internal, oid, internal, integer) IS 'estimates how many boxes an operator holds of; not to be called';

CREATE FUNCTION territory.stbox_joinsel(root internal, operator oid, args internal, join_type smallint, join_info internal) RETURNS double precision
	LANGUAGE C STABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_stbox_joinsel';
COMMENT ON FUNCTION territory.stbox_joinsel(internal, oid, internal, smallint, internal) IS 'estimates how many pairs of boxes an operator holds of; not to be called';

CREATE FUNCTION territory.stbox_overlaps(a territory.stbox, b territory.stbox) RETURNS boolean
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_stbox_overlaps';
COMMENT ON FUNCTION territory.stbox_overlaps(territory.stbox, territory.stbox) IS
'The operator &&: have the boxes a place and an instant in common?';

CREATE OPERATOR territory.&& (
	LEFTARG = territory.stbox, RIGHTARG = territory.stbox, FUNCTION = territory.stbox_overlaps,
	COMMUTATOR = OPERATOR(territory.&&), RESTRICT = territory.stbox_sel, JOIN = territory.stbox_joinsel);

CREATE FUNCTION territory.stbox_contains(a territory.stbox, b territory.stbox) RETURNS boolean
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_stbox_contains';
COMMENT ON FUNCTION territory.stbox_contains(territory.stbox, territory.stbox) IS
'The operator @>: does a contain b?';

CREATE OPERATOR territory.@> (
	LEFTARG = territory.stbox, RIGHTARG = territory.stbox, FUNCTION = territory.stbox_contains,
	COMMUTATOR = OPERATOR(territory.<@), RESTRICT = territory.stbox_sel, JOIN = territory.stbox_joinsel);

CREATE FUNCTION territory.stbox_contained(a territory.stbox, b territory.stbox) RETURNS boolean
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_stbox_contained';
COMMENT ON FUNCTION territory.stbox_contained(territory.stbox, territory.stbox) IS
'The operator <@: is a contained in b?';

CREATE OPERATOR territory.<@ (
	LEFTARG = territory.stbox, RIGHTARG = territory.stbox, FUNCTION = territory.stbox_contained,
	COMMUTATOR = OPERATOR(territory.@>), RESTRICT = territory.stbox_sel, JOIN = territory.stbox_joinsel);

CREATE FUNCTION territory.stbox_same(a territory.stbox, b territory.stbox) RETURNS boolean
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_stbox_same';
COMMENT ON FUNCTION territory.stbox_same(territory.stbox, territory.stbox) IS
'The operator ~=: are the boxes the same in the dimensions that both have?';

CREATE OPERATOR territory.~= (
	LEFTARG = territory.stbox, RIGHTARG = territory.stbox, FUNCTION = territory.stbox_same,
	COMMUTATOR = OPERATOR(territory.~=), RESTRICT = territory.stbox_sel, JOIN = territory.stbox_joinsel);

CREATE FUNCTION territory.stbox_adjacent(a territory.stbox, b territory.stbox) RETURNS boolean
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_stbox_adjacent';
COMMENT ON FUNCTION territory.stbox_adjacent(territory.stbox, territory.stbox) IS
'The operator -|-: do the boxes meet at their borders only?';

CREATE OPERATOR territory.-|- (
	LEFTARG = territory.stbox, RIGHTARG = territory.stbox, FUNCTION = territory.stbox_adjacent,
	COMMUTATOR = OPERATOR(territory.-|-), RESTRICT = territory.stbox_sel, JOIN = territory.stbox_joinsel);

CREATE FUNCTION territory.stbox_left(a territory.stbox, b territory.stbox) RETURNS boolean
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_stbox_left';
COMMENT ON FUNCTION territory.stbox_left(territory.stbox, territory.stbox) IS
'The operator <<: does a end left of b (x)?';

CREATE OPERATOR territory.<< (
	LEFTARG = territory.stbox, RIGHTARG = territory.stbox, FUNCTION = territory.stbox_left,
	COMMUTATOR = OPERATOR(territory.>>), RESTRICT = territory.stbox_sel, JOIN = territory.stbox_joinsel);

CREATE FUNCTION territory.stbox_right(a territory.stbox, b territory.stbox) RETURNS boolean
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_stbox_right';
COMMENT ON FUNCTION territory.stbox_right(territory.stbox, territory.stbox) IS
'The operator >>: does a begin right of b (x)?';

CREATE OPERATOR territory.>> (
	LEFTARG = territory.stbox, RIGHTARG = territory.stbox, FUNCTION = territory.stbox_right,
	COMMUTATOR = OPERATOR(territory.<<), RESTRICT = territory.stbox_sel, JOIN = territory.stbox_joinsel);

CREATE FUNCTION territory.stbox_overleft(a territory.stbox, b territory.stbox) RETURNS boolean
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_stbox_overleft';
COMMENT ON FUNCTION territory.stbox_overleft(territory.stbox, territory.stbox) IS
'The operator &<: does a end no further right than b (x)?';

CREATE OPERATOR territory.&< (
	LEFTARG = territory.stbox, RIGHTARG = territory.stbox, FUNCTION = territory.stbox_overleft,
	RESTRICT = territory.stbox_sel, JOIN = territory.stbox_joinsel);

CREATE FUNCTION territory.stbox_overright(a territory.stbox, b territory.stbox) RETURNS boolean
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_stbox_overright';
COMMENT ON FUNCTION territory.stbox_overright(territory.stbox, territory.stbox) IS
'The operator &>: does a begin no further left than b (x)?';

CREATE OPERATOR territory.&> (
	LEFTARG = territory.stbox, RIGHTARG = territory.stbox, FUNCTION = territory.stbox_overright,
	RESTRICT = territory.stbox_sel, JOIN = territory.stbox_joinsel);

CREATE FUNCTION territory.stbox_below(a territory.stbox, b territory.stbox) RETURNS boolean
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_stbox_below';
COMMENT ON FUNCTION territory.stbox_below(territory.stbox, territory.stbox) IS
'The operator <<|: does a end below b (y)?';

CREATE OPERATOR territory.<<| (
	LEFTARG = territory.stbox, RIGHTARG = territory.stbox, FUNCTION = territory.stbox_below,
	COMMUTATOR = OPERATOR(territory.|>>), RESTRICT = territory.stbox_sel, JOIN = territory.stbox_joinsel);

CREATE FUNCTION territory.stbox_above(a territory.stbox, b territory.stbox) RETURNS boolean
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_stbox_above';
COMMENT ON FUNCTION territory.stbox_above(territory.stbox, territory.stbox) IS
'The operator |>>: does a begin above b (y)?';

CREATE OPERATOR territory.|>> (
	LEFTARG = territory.stbox, RIGHTARG = territory.stbox, FUNCTION = territory.stbox_above,
	COMMUTATOR = OPERATOR(territory.<<|), RESTRICT = territory.stbox_sel, JOIN = territory.stbox_joinsel);

CREATE FUNCTION territory.stbox_overbelow(a territory.stbox, b territory.stbox) RETURNS boolean
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_stbox_overbelow';
COMMENT ON FUNCTION territory.stbox_overbelow(territory.stbox, territory.stbox) IS
'The operator &<|: does a end no higher than b (y)?';

CREATE OPERATOR territory.&<| (
	LEFTARG = territory.stbox, RIGHTARG = territory.stbox, FUNCTION = territory.stbox_overbelow,
	RESTRICT = territory.stbox_sel, JOIN = territory.stbox_joinsel);

CREATE FUNCTION territory.stbox_overabove(a territory.stbox, b territory.stbox) RETURNS boolean
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_stbox_overabove';
COMMENT ON FUNCTION territory.stbox_overabove(territory.stbox, territory.stbox) IS
'The operator |&>: does a begin no lower than b (y)?';

CREATE OPERATOR territory.|&> (
	LEFTARG = territory.stbox, RIGHTARG = territory.stbox, FUNCTION = territory.stbox_overabove,
	RESTRICT = territory.stbox_sel, JOIN = territory.stbox_joinsel);

CREATE FUNCTION territory.stbox_front(a territory.stbox, b territory.stbox) RETURNS boolean
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_stbox_front';
COMMENT ON FUNCTION territory.stbox_front(territory.stbox, territory.stbox) IS
'The operator <</: does a end in front of b (z)?';

CREATE OPERATOR territory.<</ (
	LEFTARG = territory.stbox, RIGHTARG = territory.stbox, FUNCTION = territory.stbox_front,
	COMMUTATOR = OPERATOR(territory./>>), RESTRICT = territory.stbox_sel, JOIN = territory.stbox_joinsel);

CREATE FUNCTION territory.stbox_back(a territory.stbox, b territory.stbox) RETURNS boolean
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_stbox_back';
COMMENT ON FUNCTION territory.stbox_back(territory.stbox, territory.stbox) IS
'The operator />>: does a begin behind b (z)?';

CREATE OPERATOR territory./>> (
	LEFTARG = territory.stbox, RIGHTARG = territory.stbox, FUNCTION = territory.stbox_back,
	COMMUTATOR = OPERATOR(territory.<</), RESTRICT = territory.stbox_sel, JOIN = territory.stbox_joinsel);

CREATE FUNCTION territory.stbox_overfront(a territory.stbox, b territory.stbox) RETURNS boolean
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_stbox_overfront';
COMMENT ON FUNCTION territory.stbox_overfront(territory.stbox, territory.stbox) IS
'The operator &</: does a end no further back than b (z)?';

CREATE OPERATOR territory.&</ (
	LEFTARG = territory.stbox, RIGHTARG = territory.stbox, FUNCTION = territory.stbox_overfront,
	RESTRICT = territory.stbox_sel, JOIN = territory.stbox_joinsel);

CREATE FUNCTION territory.stbox_overback(a territory.stbox, b territory.stbox) RETURNS boolean
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_stbox_overback';
COMMENT ON FUNCTION territory.stbox_overback(territory.stbox, territory.stbox) IS
'The operator /&>: does a begin no further in front than b (z)?';

CREATE OPERATOR territory./&> (
	LEFTARG = territory.stbox, RIGHTARG = territory.stbox, FUNCTION = territory.stbox_overback,
	RESTRICT = territory.stbox_sel, JOIN = territory.stbox_joinsel);

CREATE FUNCTION territory.stbox_before(a territory.stbox, b territory.stbox) RETURNS boolean
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_stbox_before';
COMMENT ON FUNCTION territory.stbox_before(territory.stbox, territory.stbox) IS
'The operator <<#: does a end before b begins?';

CREATE OPERATOR territory.<<# (
	LEFTARG = territory.stbox, RIGHTARG = territory.stbox, FUNCTION = territory.stbox_before,
	COMMUTATOR = OPERATOR(territory.#>>), RESTRICT = territory.stbox_sel, JOIN = territory.stbox_joinsel);

CREATE FUNCTION territory.stbox_after(a territory.stbox, b territory.stbox) RETURNS boolean
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_stbox_after';
COMMENT ON FUNCTION territory.stbox_after(territory.stbox, territory.stbox) IS
'The operator #>>: does a begin after b ends?';

CREATE OPERATOR territory.#>> (
	LEFTARG = territory.stbox, RIGHTARG = territory.stbox, FUNCTION = territory.stbox_after,
	COMMUTATOR = OPERATOR(territory.<<#), RESTRICT = territory.stbox_sel, JOIN = territory.stbox_joinsel);

CREATE FUNCTION territory.stbox_overbefore(a territory.stbox, b territory.stbox) RETURNS boolean
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_stbox_overbefore';
COMMENT ON FUNCTION territory.stbox_overbefore(territory.stbox, territory.stbox) IS
'The operator &<#: does a end no later than b?';

CREATE OPERATOR territory.&<# (
	LEFTARG = territory.stbox, RIGHTARG = territory.stbox, FUNCTION = territory.stbox_overbefore,
	RESTRICT = territory.stbox_sel, JOIN = territory.stbox_joinsel);

CREATE FUNCTION territory.stbox_overafter(a territory.stbox, b territory.stbox) RETURNS boolean
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_stbox_overafter';
COMMENT ON FUNCTION territory.stbox_overafter(territory.stbox, territory.stbox) IS
'The operator #&>: does a begin no earlier than b?';

CREATE OPERATOR territory.#&> (
	LEFTARG = territory.stbox, RIGHTARG = territory.stbox, FUNCTION = territory.stbox_overafter,
	RESTRICT = territory.stbox_sel, JOIN = territory.stbox_joinsel);

CREATE FUNCTION territory.stbox_distance(a territory.stbox, b territory.stbox) RETURNS double precision
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_stbox_distance';
COMMENT ON FUNCTION territory.stbox_distance(territory.stbox, territory.stbox) IS
'The operator <->: the distance in space of two boxes, in the unit of their SRID (degrees, where it is geographic); with z where both have it. Infinity where both have time and do not meet in it, or have no space in common.';

CREATE OPERATOR territory.<-> (
	LEFTARG = territory.stbox, RIGHTARG = territory.stbox, FUNCTION = territory.stbox_distance,
	COMMUTATOR = OPERATOR(territory.<->));

CREATE FUNCTION territory.stbox_union(a territory.stbox, b territory.stbox) RETURNS territory.stbox
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_stbox_union';
COMMENT ON FUNCTION territory.stbox_union(territory.stbox, territory.stbox) IS
'The operator +: the smallest box around two, with the parts that both have. Errors: none in common, different SRIDs.';

CREATE OPERATOR territory.+ (
	LEFTARG = territory.stbox, RIGHTARG = territory.stbox, FUNCTION = territory.stbox_union,
	COMMUTATOR = OPERATOR(territory.+));

CREATE FUNCTION territory.stbox_intersection(a territory.stbox, b territory.stbox) RETURNS territory.stbox
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_stbox_intersection';
COMMENT ON FUNCTION territory.stbox_intersection(territory.stbox, territory.stbox) IS
'The operator *: what two boxes have in common, with the parts that either has; NULL where nothing. Errors: different SRIDs.';

CREATE OPERATOR territory.* (
	LEFTARG = territory.stbox, RIGHTARG = territory.stbox, FUNCTION = territory.stbox_intersection,
	COMMUTATOR = OPERATOR(territory.*));

-- Order and equality of all that a box holds.

CREATE FUNCTION territory.stbox_lt(a territory.stbox, b territory.stbox) RETURNS boolean
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_stbox_lt';
COMMENT ON FUNCTION territory.stbox_lt(territory.stbox, territory.stbox) IS
'the operator < of stbox';

CREATE OPERATOR territory.< (
	LEFTARG = territory.stbox, RIGHTARG = territory.stbox, FUNCTION = territory.stbox_lt,
	COMMUTATOR = OPERATOR(territory.>), NEGATOR = OPERATOR(territory.>=), RESTRICT = scalarltsel, JOIN = scalarltjoinsel);

CREATE FUNCTION territory.stbox_le(a territory.stbox, b territory.stbox) RETURNS boolean
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_stbox_le';
COMMENT ON FUNCTION territory.stbox_le(territory.stbox, territory.stbox) IS
'the operator <= of stbox';

CREATE OPERATOR territory.<= (
	LEFTARG = territory.stbox, RIGHTARG = territory.stbox, FUNCTION = territory.stbox_le,
	COMMUTATOR = OPERATOR(territory.>=), NEGATOR = OPERATOR(territory.>), RESTRICT = scalarlesel, JOIN = scalarlejoinsel);

CREATE FUNCTION territory.stbox_eq(a territory.stbox, b territory.stbox) RETURNS boolean
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_stbox_eq';
COMMENT ON FUNCTION territory.stbox_eq(territory.stbox, territory.stbox) IS
'the operator = of stbox';

CREATE OPERATOR territory.= (
	LEFTARG = territory.stbox, RIGHTARG = territory.stbox, FUNCTION = territory.stbox_eq,
	COMMUTATOR = OPERATOR(territory.=), NEGATOR = OPERATOR(territory.<>), RESTRICT = eqsel, JOIN = eqjoinsel, HASHES, MERGES);

CREATE FUNCTION territory.stbox_ne(a territory.stbox, b territory.stbox) RETURNS boolean
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_stbox_ne';
COMMENT ON FUNCTION territory.stbox_ne(territory.stbox, territory.stbox) IS
'the operator <> of stbox';

CREATE OPERATOR territory.<> (
	LEFTARG = territory.stbox, RIGHTARG = territory.stbox, FUNCTION = territory.stbox_ne,
	COMMUTATOR = OPERATOR(territory.<>), NEGATOR = OPERATOR(territory.=), RESTRICT = neqsel, JOIN = neqjoinsel);

CREATE FUNCTION territory.stbox_ge(a territory.stbox, b territory.stbox) RETURNS boolean
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_stbox_ge';
COMMENT ON FUNCTION territory.stbox_ge(territory.stbox, territory.stbox) IS
'the operator >= of stbox';

CREATE OPERATOR territory.>= (
	LEFTARG = territory.stbox, RIGHTARG = territory.stbox, FUNCTION = territory.stbox_ge,
	COMMUTATOR = OPERATOR(territory.<=), NEGATOR = OPERATOR(territory.<), RESTRICT = scalargesel, JOIN = scalargejoinsel);

CREATE FUNCTION territory.stbox_gt(a territory.stbox, b territory.stbox) RETURNS boolean
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_stbox_gt';
COMMENT ON FUNCTION territory.stbox_gt(territory.stbox, territory.stbox) IS
'the operator > of stbox';

CREATE OPERATOR territory.> (
	LEFTARG = territory.stbox, RIGHTARG = territory.stbox, FUNCTION = territory.stbox_gt,
	COMMUTATOR = OPERATOR(territory.<), NEGATOR = OPERATOR(territory.<=), RESTRICT = scalargtsel, JOIN = scalargtjoinsel);

CREATE FUNCTION territory.stbox_cmp(a territory.stbox, b territory.stbox) RETURNS integer
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_stbox_cmp';
COMMENT ON FUNCTION territory.stbox_cmp(territory.stbox, territory.stbox) IS
'compares boxes for the btree class';

CREATE FUNCTION territory.stbox_hash(box territory.stbox) RETURNS integer
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_stbox_hash';
COMMENT ON FUNCTION territory.stbox_hash(territory.stbox) IS
'hashes a box for the hash class';

CREATE FUNCTION territory.stbox_hash_extended(box territory.stbox, seed bigint) RETURNS bigint
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_stbox_hash_extended';
COMMENT ON FUNCTION territory.stbox_hash_extended(territory.stbox, bigint) IS
'hashes a box with a seed for the hash class';

CREATE OPERATOR CLASS territory.stbox_ops DEFAULT FOR TYPE territory.stbox USING btree AS
	OPERATOR 1 territory.<,
	OPERATOR 2 territory.<=,
	OPERATOR 3 territory.=,
	OPERATOR 4 territory.>=,
	OPERATOR 5 territory.>,
	FUNCTION 1 territory.stbox_cmp(territory.stbox, territory.stbox);

CREATE OPERATOR CLASS territory.stbox_ops DEFAULT FOR TYPE territory.stbox USING hash AS
	OPERATOR 1 territory.=,
	FUNCTION 1 territory.stbox_hash(territory.stbox),
	FUNCTION 2 territory.stbox_hash_extended(territory.stbox, bigint);

-- The aggregate.

CREATE FUNCTION territory.stbox_extent_add(kept internal, box territory.stbox) RETURNS internal
	LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_stbox_extent_add';
COMMENT ON FUNCTION territory.stbox_extent_add(internal, territory.stbox) IS 'part of the aggregate extent; not to be called';

CREATE FUNCTION territory.stbox_extent_add_place(kept internal, geom geometry, t timestamptz) RETURNS internal
	LANGUAGE C IMMUTABLE PARALLEL SAFE COST 10 AS 'MODULE_PATHNAME', 'territory_stbox_extent_add_place';
COMMENT ON FUNCTION territory.stbox_extent_add_place(internal, geometry, timestamptz) IS 'part of the aggregate extent; not to be called';

CREATE FUNCTION territory.stbox_extent_combine(kept internal, other internal) RETURNS internal
	LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_stbox_extent_add';
COMMENT ON FUNCTION territory.stbox_extent_combine(internal, internal) IS 'part of the aggregate extent; not to be called';

CREATE FUNCTION territory.stbox_extent_serial(kept internal) RETURNS bytea
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_stbox_extent_serial';
COMMENT ON FUNCTION territory.stbox_extent_serial(internal) IS 'part of the aggregate extent; not to be called';

CREATE FUNCTION territory.stbox_extent_deserial(bytes bytea, kept internal) RETURNS internal
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_stbox_extent_deserial';
COMMENT ON FUNCTION territory.stbox_extent_deserial(bytea, internal) IS 'part of the aggregate extent; not to be called';

CREATE FUNCTION territory.stbox_extent(kept internal) RETURNS territory.stbox
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_stbox_extent';
COMMENT ON FUNCTION territory.stbox_extent(internal) IS 'part of the aggregate extent; not to be called';

CREATE AGGREGATE territory.extent(box territory.stbox) (
	SFUNC = territory.stbox_extent_add, STYPE = internal, SSPACE = 72, FINALFUNC = territory.stbox_extent,
	COMBINEFUNC = territory.stbox_extent_combine, SERIALFUNC = territory.stbox_extent_serial,
	DESERIALFUNC = territory.stbox_extent_deserial, PARALLEL = SAFE);
COMMENT ON AGGREGATE territory.extent(territory.stbox) IS
'The smallest box around all boxes, with the parts that all of them have; NULL of none. Nulls count for nothing. Errors: none in common, different SRIDs.';

CREATE AGGREGATE territory.extent(geom geometry, t timestamptz) (
	SFUNC = territory.stbox_extent_add_place, STYPE = internal, SSPACE = 72, FINALFUNC = territory.stbox_extent,
	COMBINEFUNC = territory.stbox_extent_combine, SERIALFUNC = territory.stbox_extent_serial,
	DESERIALFUNC = territory.stbox_extent_deserial, PARALLEL = SAFE);
COMMENT ON AGGREGATE territory.extent(geometry, timestamptz) IS
'The smallest box around all geometries at their instants; NULL of none. Rows without a geometry, with an empty one or without an instant count for nothing. Errors: different SRIDs, a coordinate that is NaN.';
