/*
 * random.h
 *	  Numbers of a distribution, of the bits that the program's own random_bits()
 *	  gives.
 */
#ifndef RANDOM_H
#define RANDOM_H

#include <math.h>
#include <stdint.h>

static uint64_t random_bits(void);

/* 0 <= x < 1 */
static double
uniform(void)
{
	return (double) (random_bits() >> 11) / 9007199254740992.0;
}

/* about normal: six uniforms, centred, of variance 1 */
static double
normal(void)
{
	double		sum = 0;

	for (int i = 0; i < 6; i++)
		sum += uniform();
	return (sum - 3) * M_SQRT2;
}

#endif
