/*
 * codec_stream.h
 *	  Bytes in and out of a stream, inside src/codec only.
 *
 * A Cursor never moves past its end: every take_*() says whether the stream
 * held what was asked for, and changes nothing when it did not.
 */
#ifndef CODEC_STREAM_H
#define CODEC_STREAM_H

#include <string.h>

#include "codec/codec.h"

/*
 * Loops that the compiler vectorises are built for several instruction sets
 * and chosen when the library is loaded; elsewhere the plain one is all.
 */
#if defined(__has_feature)
#define CODEC_SANITIZED (__has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || \
						 __has_feature(memory_sanitizer))
#elif defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define CODEC_SANITIZED 1
#else
#define CODEC_SANITIZED 0
#endif

/* sanitizers are not ready yet when the choice is made */
#if !defined(__x86_64__) || !defined(__GLIBC__) || CODEC_SANITIZED
#define CODEC_CLONES
#elif defined(__clang__) && __clang_major__ >= 14
#define CODEC_CLONES __attribute__((target_clones("avx512f", "avx2", "default")))
#elif defined(__GNUC__) && !defined(__clang__)
#define CODEC_CLONES __attribute__((target_clones("avx512f", "avx2", "default"), optimize("O3")))
#else
#define CODEC_CLONES
#endif

#define VARINT_MAX 10			/* bytes of a 64-bit varint */

typedef struct Cursor
{
	const uint8_t *at;
	const uint8_t *end;
} Cursor;

static inline size_t
cursor_left(const Cursor *cursor)
{
	return (size_t) (cursor->end - cursor->at);
}

static inline bool
take_byte(Cursor *cursor, uint8_t *value)
{
	if (cursor->at == cursor->end)
		return false;
	*value = *cursor->at++;
	return true;
}

static inline bool
take_varint(Cursor *cursor, uint64_t *value)
{
	uint64_t	result = 0;
	const uint8_t *at = cursor->at;

	for (int shift = 0; shift < 64; shift += 7)
	{
		uint8_t		byte;

		if (at == cursor->end)
			return false;
		byte = *at++;
		if (shift == 63 && byte > 1)
			return false;
		result |= (uint64_t) (byte & 0x7f) << shift;
		if ((byte & 0x80) == 0)
		{
			*value = result;
			cursor->at = at;
			return true;
		}
	}
	return false;
}

static inline uint8_t *
put_varint(uint8_t *out, uint64_t value)
{
	while (value >= 0x80)
	{
		*out++ = (uint8_t) value | 0x80;
		value >>= 7;
	}
	*out++ = (uint8_t) value;
	return out;
}

static inline size_t
varint_size(uint64_t value)
{
	size_t		size = 1;

	for (; value >= 0x80; value >>= 7)
		size++;
	return size;
}

static inline uint64_t
zigzag(uint64_t value)
{
	return value << 1 ^ (uint64_t) ((int64_t) value >> 63);
}

static inline uint64_t
unzigzag(uint64_t value)
{
	return value >> 1 ^ (0 - (value & 1));
}

/*
 * An integer as a double, in two operations that every instruction set has for
 * vectors: its bits below those of 1.5 * 2^52, less that.  Exact from
 * -CODEC_SMALL_LIMIT to below CODEC_SMALL_LIMIT.
 */
#define CODEC_SMALL_LIMIT (UINT64_C(1) << 51)

static inline double
codec_small_double(int64_t integer)
{
	uint64_t	bits = (uint64_t) integer + UINT64_C(0x4338000000000000);
	double		value;

	memcpy(&value, &bits, sizeof value);
	return value - 6755399441055744.0;
}

/* a stream within a stream: its length, then itself */
static inline bool
take_part(Cursor *cursor, Cursor *part)
{
	uint64_t	len;
	Cursor		start = *cursor;

	if (!take_varint(cursor, &len) || len > cursor_left(cursor))
	{
		*cursor = start;
		return false;
	}
	part->at = cursor->at;
	part->end = cursor->at + len;
	cursor->at += len;
	return true;
}

/* how every stream begins: the encoding and the number of values */
static inline uint8_t *
put_start(uint8_t *out, uint8_t encoding, int n)
{
	*out++ = encoding;
	return put_varint(out, (uint64_t) n);
}

static inline bool
take_start(Cursor *cursor, uint8_t *encoding, int n)
{
	uint64_t	count;

	return take_byte(cursor, encoding) && take_varint(cursor, &count) && count == (uint64_t) n;
}

#define STREAM_START_MAX 4		/* an encoding and a count up to 2,048 */

#endif
