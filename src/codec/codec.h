/*
 * codec.h
 *	  Vectors of up to 2,048 values to bytes and back, without a server.
 *
 * Every encoder picks the smallest of its candidate encodings for one vector
 * and writes one self-describing stream: the first byte names the encoding.
 * A stream decodes alone, and only to exactly the values that were encoded,
 * bit for bit (NaN payloads, -0.0, extreme integers).
 *
 * Invariants:
 *	- encoders never fail when the buffer has codec_*_bound() bytes;
 *	- decoders treat their input as hostile: they never read outside
 *	  [in, in + len), never write outside the n values they were asked for,
 *	  end in time linear in len + n, and say CODEC_CORRUPT unless the stream
 *	  holds exactly n values and is used up to its last byte.
 *
 * Streams are little-endian and need no alignment.
 */
#ifndef CODEC_H
#define CODEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CODEC_VECTOR 2048		/* most values in one vector */

typedef enum CodecStatus
{
	CODEC_OK = 0,
	CODEC_CORRUPT,				/* the stream is not what an encoder wrote */
	CODEC_NO_SPACE,				/* the caller's buffer is too small */
} CodecStatus;

/* integers, dates, timestamps, decimals of one scale */
extern size_t codec_int64_bound(int n);
extern size_t codec_int64_encode(const int64_t *values, int n, uint8_t *out, size_t cap);
extern CodecStatus codec_int64_decode(const uint8_t *in, size_t len, int n, int64_t *values);
extern bool codec_int64_stride(const uint8_t *in, size_t len, int n, int64_t *first, int64_t *stride);
extern void codec_sign_extend(int64_t *values, int n, int bits);

/* float8 and float4, as bit patterns are kept */
extern size_t codec_float64_bound(int n);
extern size_t codec_float64_encode(const double *values, int n, uint8_t *out, size_t cap);
extern CodecStatus codec_float64_decode(const uint8_t *in, size_t len, int n, double *values);
extern size_t codec_float32_bound(int n);
extern size_t codec_float32_encode(const float *values, int n, uint8_t *out, size_t cap);
extern CodecStatus codec_float32_decode(const uint8_t *in, size_t len, int n, float *values);

/* booleans and null flags: one byte, 0 or 1, per value outside the stream */
extern size_t codec_bool_bound(int n);
extern size_t codec_bool_encode(const uint8_t *values, int n, uint8_t *out, size_t cap);
extern CodecStatus codec_bool_decode(const uint8_t *in, size_t len, int n, uint8_t *values);

/*
 * Byte strings of any length (text, uuid, jsonb ...).  Value i is
 * data[offsets[i] .. offsets[i + 1]); offsets has n + 1 entries and starts at
 * 0.  Decoding is told the size first, so that the caller owns the memory.
 */
extern size_t codec_bytes_bound(int n, size_t data_len);
extern size_t codec_bytes_encode(const uint8_t *data, const uint64_t *offsets, int n,
								 uint8_t *out, size_t cap);
extern CodecStatus codec_bytes_decoded_size(const uint8_t *in, size_t len, int n, size_t *data_len);
extern CodecStatus codec_bytes_decode(const uint8_t *in, size_t len, int n,
									  uint8_t *data, size_t data_cap, uint64_t *offsets);

/* the name of the encoding that a stream uses, for advise(): "delta", "alp" ... */
extern const char *codec_int64_name(const uint8_t *in, size_t len);
extern const char *codec_float64_name(const uint8_t *in, size_t len);
extern const char *codec_float32_name(const uint8_t *in, size_t len);
extern const char *codec_bool_name(const uint8_t *in, size_t len);
extern const char *codec_bytes_name(const uint8_t *in, size_t len);

#endif
