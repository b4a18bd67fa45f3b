-- Float series: arithmetic of two on the union of their instants, and with a number.

CREATE FUNCTION territory.add(a territory.float_series, b territory.float_series) RETURNS territory.float_series
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_float_add';
COMMENT ON FUNCTION territory.add(territory.float_series, territory.float_series) IS
'The sum of two series, at the union of their instants, where both are known (of discrete ones: at those that they share). Discrete if one of them is, a step series if both are, else linear. NULL where they never meet.';

CREATE OPERATOR territory.+ (FUNCTION = territory.add, LEFTARG = territory.float_series, RIGHTARG = territory.float_series, COMMUTATOR = OPERATOR(territory.+));
COMMENT ON OPERATOR territory.+ (territory.float_series, territory.float_series) IS 'sum, as territory.add()';

CREATE FUNCTION territory.add(a territory.float_series, b float8) RETURNS territory.float_series
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_float_add_number';
COMMENT ON FUNCTION territory.add(territory.float_series, float8) IS
'The sum of a series and a number, instant by instant.';

CREATE OPERATOR territory.+ (FUNCTION = territory.add, LEFTARG = territory.float_series, RIGHTARG = float8, COMMUTATOR = OPERATOR(territory.+));
COMMENT ON OPERATOR territory.+ (territory.float_series, float8) IS 'sum, as territory.add()';

CREATE FUNCTION territory.add(a float8, b territory.float_series) RETURNS territory.float_series
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_number_add_float';
COMMENT ON FUNCTION territory.add(float8, territory.float_series) IS
'The sum of a number and a series, instant by instant.';

CREATE OPERATOR territory.+ (FUNCTION = territory.add, LEFTARG = float8, RIGHTARG = territory.float_series, COMMUTATOR = OPERATOR(territory.+));
COMMENT ON OPERATOR territory.+ (float8, territory.float_series) IS 'sum, as territory.add()';

CREATE FUNCTION territory.subtract(a territory.float_series, b territory.float_series) RETURNS territory.float_series
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_float_subtract';
COMMENT ON FUNCTION territory.subtract(territory.float_series, territory.float_series) IS
'The difference of two series, at the union of their instants, where both are known (of discrete ones: at those that they share). Discrete if one of them is, a step series if both are, else linear. NULL where they never meet.';

CREATE OPERATOR territory.- (FUNCTION = territory.subtract, LEFTARG = territory.float_series, RIGHTARG = territory.float_series);
COMMENT ON OPERATOR territory.- (territory.float_series, territory.float_series) IS 'difference, as territory.subtract()';

CREATE FUNCTION territory.subtract(a territory.float_series, b float8) RETURNS territory.float_series
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_float_subtract_number';
COMMENT ON FUNCTION territory.subtract(territory.float_series, float8) IS
'The difference of a series and a number, instant by instant.';

CREATE OPERATOR territory.- (FUNCTION = territory.subtract, LEFTARG = territory.float_series, RIGHTARG = float8);
COMMENT ON OPERATOR territory.- (territory.float_series, float8) IS 'difference, as territory.subtract()';

CREATE FUNCTION territory.subtract(a float8, b territory.float_series) RETURNS territory.float_series
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_number_subtract_float';
COMMENT ON FUNCTION territory.subtract(float8, territory.float_series) IS
'The difference of a number and a series, instant by instant.';

CREATE OPERATOR territory.- (FUNCTION = territory.subtract, LEFTARG = float8, RIGHTARG = territory.float_series);
COMMENT ON OPERATOR territory.- (float8, territory.float_series) IS 'difference, as territory.subtract()';

CREATE FUNCTION territory.multiply(a territory.float_series, b territory.float_series) RETURNS territory.float_series
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_float_multiply';
COMMENT ON FUNCTION territory.multiply(territory.float_series, territory.float_series) IS
'The product of two series, at the union of their instants, where both are known (of discrete ones: at those that they share). Discrete if one of them is, a step series if both are, else linear; between instants of two linear ones the product is a curve, and the result the lines between its values. NULL where they never meet.';

CREATE OPERATOR territory.* (FUNCTION = territory.multiply, LEFTARG = territory.float_series, RIGHTARG = territory.float_series, COMMUTATOR = OPERATOR(territory.*));
COMMENT ON OPERATOR territory.* (territory.float_series, territory.float_series) IS 'product, as territory.multiply()';

CREATE FUNCTION territory.multiply(a territory.float_series, b float8) RETURNS territory.float_series
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_float_multiply_number';
COMMENT ON FUNCTION territory.multiply(territory.float_series, float8) IS
'The product of a series and a number, instant by instant.';

CREATE OPERATOR territory.* (FUNCTION = territory.multiply, LEFTARG = territory.float_series, RIGHTARG = float8, COMMUTATOR = OPERATOR(territory.*));
COMMENT ON OPERATOR territory.* (territory.float_series, float8) IS 'product, as territory.multiply()';

CREATE FUNCTION territory.multiply(a float8, b territory.float_series) RETURNS territory.float_series
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_number_multiply_float';
COMMENT ON FUNCTION territory.multiply(float8, territory.float_series) IS
'The product of a number and a series, instant by instant.';

CREATE OPERATOR territory.* (FUNCTION = territory.multiply, LEFTARG = float8, RIGHTARG = territory.float_series, COMMUTATOR = OPERATOR(territory.*));
COMMENT ON OPERATOR territory.* (float8, territory.float_series) IS 'product, as territory.multiply()';

CREATE FUNCTION territory.divide(a territory.float_series, b territory.float_series) RETURNS territory.float_series
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_float_divide';
COMMENT ON FUNCTION territory.divide(territory.float_series, territory.float_series) IS
'The quotient of two series, at the union of their instants, where both are known (of discrete ones: at those that they share). Discrete if one of them is, a step series if both are, else linear; between instants of a linear divisor the quotient is a curve, and the result the lines between its values. Error where the divisor is 0. NULL where they never meet.';

CREATE OPERATOR territory./ (FUNCTION = territory.divide, LEFTARG = territory.float_series, RIGHTARG = territory.float_series);
COMMENT ON OPERATOR territory./ (territory.float_series, territory.float_series) IS 'quotient, as territory.divide()';

CREATE FUNCTION territory.divide(a territory.float_series, b float8) RETURNS territory.float_series
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_float_divide_number';
COMMENT ON FUNCTION territory.divide(territory.float_series, float8) IS
'The quotient of a series and a number, instant by instant. Error where the number is 0.';

CREATE OPERATOR territory./ (FUNCTION = territory.divide, LEFTARG = territory.float_series, RIGHTARG = float8);
COMMENT ON OPERATOR territory./ (territory.float_series, float8) IS 'quotient, as territory.divide()';

CREATE FUNCTION territory.divide(a float8, b territory.float_series) RETURNS territory.float_series
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_number_divide_float';
COMMENT ON FUNCTION territory.divide(float8, territory.float_series) IS
'The quotient of a number and a series, instant by instant. Error where the series is 0, or passes it.';

CREATE OPERATOR territory./ (FUNCTION = territory.divide, LEFTARG = float8, RIGHTARG = territory.float_series);
COMMENT ON OPERATOR territory./ (float8, territory.float_series) IS 'quotient, as territory.divide()';

CREATE FUNCTION territory.negate(series territory.float_series) RETURNS territory.float_series
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'territory_float_negate';
COMMENT ON FUNCTION territory.negate(territory.float_series) IS
'The series with the sign of every value changed.';

CREATE OPERATOR territory.- (FUNCTION = territory.negate, RIGHTARG = territory.float_series);
COMMENT ON OPERATOR territory.- (NONE, territory.float_series) IS 'sign changed, as territory.negate()';
