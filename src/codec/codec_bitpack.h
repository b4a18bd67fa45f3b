/*
 * codec_bitpack.h
 *	  Unsigned integers packed at a width chosen per 128 values, the few that
 *	  are wider patched afterwards.
 *
 * A group is a byte (the width, and a flag for exceptions), the low bits of
 * every value, and with the flag: a byte with the number of exceptions, a byte
 * with the width of their high bits, their places in the group, their high
 * bits.
 */
#ifndef CODEC_BITPACK_H
#define CODEC_BITPACK_H

#include "codec/codec_stream.h"

#define PACK_GROUP 128

/* most bytes that n values take, and what bits_unpack may read past its input */
#define PACKED_BOUND(n) ((size_t) (n) * 8 + ((size_t) (n) / PACK_GROUP + 1))

extern size_t packed_size(const uint64_t *values, int n);
extern uint8_t *put_packed(uint8_t *out, const uint64_t *values, int n);
extern bool take_packed(Cursor *cursor, uint64_t *values, int n);

/* all values at one width, without groups */
extern size_t bits_size(int n, int width);
extern uint8_t *put_bits(uint8_t *out, const uint64_t *values, int n, int width);
extern bool take_bits(Cursor *cursor, uint64_t *values, int n, int width);

#endif
