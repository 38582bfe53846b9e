// Single elements: unaligned loads and stores, and the narrow float types bit by bit. Internal to this target.
#ifndef WS_ELEMENTS_H
#define WS_ELEMENTS_H
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define INLINE __attribute__((always_inline)) static inline

typedef uint8_t byte;

#define LOAD(type, pointer, index) \
  ({                               \
    type loaded;                   \
    memcpy(&loaded, (const byte *)(pointer) + (index) * sizeof loaded, sizeof loaded); \
    loaded;                        \
  })
#define STORE(pointer, index, value)                                                  \
  do {                                                                                \
    const __typeof__(value) stored = (value);                                         \
    memcpy((byte *)(pointer) + (index) * sizeof stored, &stored, sizeof stored);      \
  } while (0)

INLINE float float_of(uint32_t bits) {
  float value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

INLINE uint32_t bits_of(float value) {
  uint32_t bits;
  memcpy(&bits, &value, sizeof bits);
  return bits;
}

// Nearest even by adding half of the last place kept, less one where that place is even already.
INLINE uint16_t bf16_of(uint32_t u) {
  const uint32_t rounded = (u + 0x7FFF + ((u >> 16) & 1)) >> 16, quiet = (u >> 16) | 0x40;
  return (uint16_t)((u & 0x7FFFFFFF) > 0x7F800000 ? quiet : rounded);
}

INLINE uint16_t f16_of(uint32_t u) {
  const uint32_t sign = u >> 16 & 0x8000, magnitude = u & 0x7FFFFFFF;
  uint32_t half;
  if (magnitude > 0x7F800000) {
    half = 0x7E00 | (magnitude >> 13 & 0x3FF);
  } else if (magnitude >= 0x477FF000) {  // 65520, halfway between 65504 and 65536
    half = 0x7C00;
  } else if (magnitude >= 0x38800000) {  // 2^-14, the least normal half
    half = (magnitude - 0x38000000 + 0xFFF + (magnitude >> 13 & 1)) >> 13;
  } else {
    // Adding 0.5 leaves a multiple of 2^-24, the unit of subnormal halves, in the low bits, rounded by the addition.
    half = bits_of(float_of(magnitude) + 0.5f) - 0x3F000000;
  }
  return (uint16_t)(sign | half);
}

INLINE float from_f16(uint16_t h) {
  const uint32_t sign = (uint32_t)(h & 0x8000) << 16, exponent = h >> 10 & 0x1F, fraction = h & 0x3FF;
  if (exponent == 0x1F) return float_of(sign | 0x7F800000 | (fraction ? 0x400000 | fraction << 13 : 0));
  if (exponent == 0) return float_of(sign | bits_of((float)fraction * 0x1p-24f));
  return float_of(sign | ((exponent + 112) << 23 | fraction << 13));
}
#endif
