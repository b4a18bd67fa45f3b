/*
 * decimal.c
 *	  numeric values that are 64-bit integers of a scale.
 *
 * The idea: numeric's on-disk form (sign, weight and display scale in a short
 * header, then base-10,000 digits without leading or trailing zeros) has been
 * frozen since PostgreSQL 9.1, so a value can be taken apart and put together
 * again without numeric arithmetic.  The display scale changes the header only:
 * 1.5 and 1.50 have the same digits.  Invariant: what decimal_from_numeric
 * accepts, decimal_to_numeric gives back byte for byte; it checks that itself.
 */
#include "postgres.h"

#include "segment/decimal.h"

#define SIGN_MASK 0xc000
#define SHORT_FORM 0x8000
#define SPECIAL_FORM 0xc000
#define SHORT_NEGATIVE 0x2000
#define SHORT_SCALE_SHIFT 7
#define SHORT_SCALE_MASK 0x1f80
#define SHORT_WEIGHT_SIGN 0x0040
#define SHORT_WEIGHT_MASK 0x003f
#define LONG_SCALE_MASK 0x3fff
#define LONG_NEGATIVE 0x4000
#define DIGIT_BASE 10000
#define DIGIT_DECIMALS 4
#define MAX_DIGITS 7

static const int64_t powers[DECIMAL_MAX_SCALE + 1] = {
	1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000, 1000000000,
	INT64CONST(10000000000), INT64CONST(100000000000), INT64CONST(1000000000000),
	INT64CONST(10000000000000), INT64CONST(100000000000000), INT64CONST(1000000000000000),
	INT64CONST(10000000000000000), INT64CONST(100000000000000000), INT64CONST(1000000000000000000)
};

/*
 * The value is an integer of the least scale that holds it, and shown with
 * *display decimals.  False where it is special, too long, or not in its
 * canonical form.
 */
bool
decimal_from_numeric(const char *payload, size_t len, int64_t *value, int *scale, int *display)
{
	uint16		header;
	int			weight;
	int			ndigits;
	bool		negative;
	const char *digits;
	int128		total = 0;
	int			exponent;
	char		again[DECIMAL_MAX_SIZE];

	if (len < sizeof header)
		return false;
	memcpy(&header, payload, sizeof header);
	if ((header & SIGN_MASK) != SHORT_FORM)
		return false;			/* NaN, infinities, and scales or weights past our reach */
	*display = (header & SHORT_SCALE_MASK) >> SHORT_SCALE_SHIFT;
	negative = (header & SHORT_NEGATIVE) != 0;
	weight = (header & SHORT_WEIGHT_MASK) - (header & SHORT_WEIGHT_SIGN ? SHORT_WEIGHT_MASK + 1 : 0);
	digits = payload + sizeof header;
	ndigits = (len - sizeof header) / sizeof(int16);
	if (ndigits > MAX_DIGITS || weight > 4)
		return false;

	for (int i = 0; i < ndigits; i++)
	{
		int16		digit;

		memcpy(&digit, digits + i * sizeof digit, sizeof digit);
		total = total * DIGIT_BASE + digit;
	}
	/* total counts units of 10 ^ exponent */
	exponent = total == 0 ? 0 : (weight - ndigits + 1) * DIGIT_DECIMALS;
	for (; exponent > 0 && total <= PG_INT64_MAX; exponent--)
		total *= 10;
	for (; exponent < 0 && total % 10 == 0; exponent++)
		total /= 10;
	if (total > PG_INT64_MAX || exponent < -DECIMAL_MAX_SCALE)
		return false;
	*value = negative ? -(int64_t) total : (int64_t) total;
	*scale = -exponent;
	return decimal_to_numeric(*value, *scale, *display, again) == len && memcmp(again, payload, len) == 0;
}

/* writes the value without a varlena header; returns its length */
size_t
decimal_to_numeric(int64_t value, int scale, int display, char *payload)
{
	uint64_t	magnitude = value < 0 ? -(uint64_t) value : (uint64_t) value;
	uint64_t	whole = magnitude / powers[scale];
	uint64_t	fraction = magnitude % powers[scale];
	int			fraction_digits = (scale + DIGIT_DECIMALS - 1) / DIGIT_DECIMALS;
	int16		digits[16];
	int			first = 8;
	int			last;
	int			weight;
	int			padding = fraction_digits * DIGIT_DECIMALS - scale;
	uint128		padded = fraction;
	uint16		header;
	size_t		len;

	/* digits[8 ..] hold the fraction, those before it the whole part */
	for (int i = 0; i < padding; i++)
		padded *= 10;
	for (int i = fraction_digits - 1; i >= 0; i--, padded /= DIGIT_BASE)
		digits[8 + i] = (int16) (padded % DIGIT_BASE);
	for (; whole > 0; whole /= DIGIT_BASE)
		digits[--first] = (int16) (whole % DIGIT_BASE);
	last = 8 + fraction_digits;
	weight = 7 - first;
	while (first < last && digits[first] == 0)
	{
		first++;
		weight--;
	}
	while (last > first && digits[last - 1] == 0)
		last--;
	if (first == last)
		weight = 0;
	header = SHORT_FORM | display << SHORT_SCALE_SHIFT | (value < 0 ? SHORT_NEGATIVE : 0) |
		(weight < 0 ? SHORT_WEIGHT_SIGN : 0) | (weight & SHORT_WEIGHT_MASK);
	memcpy(payload, &header, sizeof header);
	len = (last - first) * sizeof(int16);
	memcpy(payload + sizeof header, digits + first, len);
	return sizeof header + len;
}

/* to a greater scale; false where it does not fit */
bool
decimal_rescale(int64_t *value, int from, int to)
{
	return !__builtin_mul_overflow(*value, powers[to - from], value);
}
