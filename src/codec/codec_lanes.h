/*
 * codec_lanes.h
 *	  Eight values at once, inside src/codec only.
 *
 * What compilers do not find by themselves (running sums, values that share a
 * word, division by a known power) is written for eight lanes and for machines
 * that have them; all others take the plain loop, which gives the same bits.
 * CODEC_PLAIN leaves the plain loops alone, for tests of them.
 */
#ifndef CODEC_LANES_H
#define CODEC_LANES_H

#include "codec/codec_stream.h"

#if defined(__x86_64__) && !defined(CODEC_PLAIN) && (defined(__clang__) || defined(__GNUC__))
#define CODEC_LANES 1
#include <immintrin.h>

#if defined(__clang__)
#define CODEC_FOR(machine) __attribute__((target(machine)))
#else
#define CODEC_FOR(machine) __attribute__((target(machine), optimize("O3")))
#endif
#define CODEC_AVX512 CODEC_FOR("avx512f")
#define CODEC_AVX2 CODEC_FOR("avx2")
#define CODEC_AVX2_FMA CODEC_FOR("avx2,fma")
#define codec_has_avx512() (__builtin_cpu_supports("avx512f"))
#define codec_has_avx2() (__builtin_cpu_supports("avx2"))
#define codec_has_fma() (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))

typedef uint64_t Lanes __attribute__((vector_size(64)));
typedef uint64_t LanesInMemory __attribute__((vector_size(64), aligned(1), may_alias));
#else
#define CODEC_LANES 0
#endif

/* integer / 10^d, correctly rounded; d <= CODEC_MAX_DECIMALS */
#define CODEC_MAX_DECIMALS 18

extern const double codec_powers[CODEC_MAX_DECIMALS + 1];
extern void codec_decimals_to_doubles(const int64_t *integers, int n, int d, double *values);

/*
 * values[1 .. n) hold differences less the least, or zigzag; values[2 .. n) hold
 * zigzag differences of differences.  They get what these add up to, and those
 * before them what they start with.  All arithmetic wraps.
 */
extern void codec_sum_deltas(uint64_t *values, int n, uint64_t first, uint64_t least);
extern void codec_sum_delta_zigzag(uint64_t *values, int n, uint64_t first);
extern void codec_sum_delta2(uint64_t *values, int n, uint64_t first, uint64_t delta);

#endif
