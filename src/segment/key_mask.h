/*
 * key_mask.h
 *	  Rows of a decoded block by the zone keys of one column.
 */
#ifndef KEY_MASK_H
#define KEY_MASK_H

#include "segment/segment.h"

/* flag in out, besides what is flagged already, the rows that do not pass; nulls may be NULL: there is none */
extern void key_mask_range(ZoneKind zone, const Datum *values, const bool *nulls, int n, int64 low, int64 high,
						   uint8 *out);
extern void key_mask_any(ZoneKind zone, const Datum *values, const bool *nulls, int n, const int64 *keys, int nkeys,
						 uint8 *out);
extern void key_mask_sorted(const Datum *values, int n, int64 low, int64 high, int *first, int *end);
extern int	key_mask_left(const uint8 *out, int n);

extern bool key_mask_limits(const PruneKey *key, int64 *low, int64 *high);
extern int	key_mask_among(const PruneKey *key, int64 low, int64 high, const int64 **first);

#endif
