#include "checksum.h"

// CRC-32 by carry-less multiplication, after Gopal et al., "Fast CRC Computation for Generic Polynomials Using PCLMULQDQ
// Instruction" (Intel, 2009), figures 1 and 2: a message's value does not change when its first 128 bits are taken away and
// their remainder modulo the polynomial, as it stands k bits later, is added there. Four accumulators 512 bits apart hide the
// instruction's latency; they are folded into one in the end, and that one is a message of 16 bytes for somebody with a table.

#if defined(__x86_64__)
#include <immintrin.h>

#define CARRYLESS __attribute__((target("sse4.1,pclmul")))

// x^(k-32) and x^(k+32) modulo the reflected polynomial, shifted left by one as the instruction wants it.
static const uint64_t by_512[2] = {0x154442bd4, 0x1c6e41596}, by_128[2] = {0x1751997d0, 0x0ccaa009e};

CARRYLESS static inline __m128i folded(__m128i sum, __m128i by, __m128i next) {
  __m128i low = _mm_clmulepi64_si128(sum, by, 0x00), high = _mm_clmulepi64_si128(sum, by, 0x11);
  return _mm_xor_si128(_mm_xor_si128(low, high), next);
}

CARRYLESS static inline __m128i at(const uint8_t *bytes, size_t index) {
  return _mm_loadu_si128((const __m128i *)bytes + index);
}

CARRYLESS static size_t fold(uint32_t crc, const uint8_t *bytes, size_t count, uint8_t rest[16]) {
  __m128i sums[4];
  for (size_t i = 0; i < 4; i++) sums[i] = at(bytes, i);
  sums[0] = _mm_xor_si128(sums[0], _mm_cvtsi32_si128((int)~crc));
  __m128i by = _mm_loadu_si128((const __m128i *)by_512);
  size_t done = 64;
  for (; count - done >= 64; done += 64)
    for (size_t i = 0; i < 4; i++) sums[i] = folded(sums[i], by, at(bytes + done, i));
  by = _mm_loadu_si128((const __m128i *)by_128);
  __m128i sum = sums[0];
  for (size_t i = 1; i < 4; i++) sum = folded(sum, by, sums[i]);
  _mm_storeu_si128((__m128i *)rest, sum);
  return done;
}

static int has_carryless(void) {
  __builtin_cpu_init();
  return __builtin_cpu_supports("pclmul") && __builtin_cpu_supports("sse4.1");
}

size_t ws_crc32_fold(uint32_t crc, const void *bytes, size_t count, uint8_t rest[16]) {
  return count >= 64 && has_carryless() ? fold(crc, bytes, count, rest) : 0;
}
#else
size_t ws_crc32_fold(uint32_t crc, const void *bytes, size_t count, uint8_t rest[16]) {
  (void)crc, (void)bytes, (void)count, (void)rest;
  return 0;
}
#endif
