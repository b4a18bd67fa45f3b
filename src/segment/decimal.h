/*
 * decimal.h
 *	  numeric values that are 64-bit integers of a scale.
 */
#ifndef DECIMAL_H
#define DECIMAL_H

#include "compat.h"

#include <stdbool.h>
#include <stdint.h>
#include <stddef.h>

#define DECIMAL_MAX_SCALE 18
#define DECIMAL_MAX_DISPLAY 63
#define DECIMAL_MAX_SIZE 32		/* varlena header, numeric header, 6 digits; aligned */

extern bool decimal_from_numeric(const char *payload, size_t len, int64_t *value, int *scale, int *display);
extern size_t decimal_to_numeric(int64_t value, int scale, int display, char *payload);
extern bool decimal_rescale(int64_t *value, int from, int to);

/* room: DECIMAL_MAX_SIZE bytes, aligned as an int */
static inline Datum
decimal_datum(int64_t value, int scale, int display, char *room)
{
	SET_VARSIZE(room, VARHDRSZ + decimal_to_numeric(value, scale, display, room + VARHDRSZ));
	return PointerGetDatum(room);
}

#endif
