// Tables of levels and 8-bit floats with a scale per group. Float32, every operation rounded, so that numpy gives the same bits.
#include "levels.h"
#include "lanes.h"

INLINE ptrdiff_t level_scales(byte *scales, const byte *values, size_t groups, size_t n, float most, float empty) {
  for (size_t g = 0; g < groups; g++) {
    const int32_t peak = greatest(values + g * n * 4, n);
    if (peak >= INFINITE) return (ptrdiff_t)g;
    const float scale = float_of((uint32_t)peak) / most;
    STORE(scales, g, scale > 0 ? scale : empty);
  }
  return -1;
}

INLINE void level_codes(byte *codes, const byte *values, const byte *scales, size_t groups, size_t n, const byte *levels) {
  float table[16];
  memcpy(table, levels, sizeof table);
  for (size_t g = 0; g < groups; g++) {
    const float scale = LOAD(float, scales, g);
    const byte *x = values + g * n * 4;
    byte *q = codes + g * n;
    for (size_t i = 0; i < n; i++) {
      const float value = LOAD(float, x, i), v = scale > 0 ? value / scale : 0;
      float nearest = fabsf(v - table[0]);
      int32_t code = 0;
      for (int k = 1; k < 16; k++) {
        const float distance = fabsf(v - table[k]);
        code = distance < nearest ? k : code;
        nearest = distance < nearest ? distance : nearest;
      }
      q[i] = (byte)code;
    }
    if (table[0] != 0 || table[8] != 0) continue;
    // Two zeros: a negative one is for negative values, while bitsandbytes gives its second one to positive values.
    const int below = bits_of(table[8]) != 0;
    for (size_t i = 0; i < n; i++) {
      const float value = scale > 0 ? LOAD(float, x, i) / scale : 0;
      if (q[i] == 0 && (below ? value < 0 : value > 0)) q[i] = 8;
    }
  }
}

INLINE void level_values(byte *values, const byte *codes, const byte *scales, size_t groups, size_t n, const byte *levels) {
  for (size_t g = 0; g < groups; g++) {
    const float scale = LOAD(float, scales, g);
    for (size_t i = 0; i < n; i++) STORE(values + g * n * 4, i, LOAD(float, levels, codes[g * n + i]) * scale);
  }
}

INLINE void f8_codes(byte *codes, const byte *values, const byte *scales, size_t groups, size_t n, int fraction) {
  const int bias = fraction == 3 ? 7 : 15;
  const float most = fraction == 3 ? 448.0f : 57344.0f;
  const float unit = float_of((uint32_t)(127 + bias - 1 + fraction) << 23), normal = float_of((uint32_t)(128 - bias) << 23);
  for (size_t g = 0; g < groups; g++) {
    const float scale = LOAD(float, scales, g);
    for (size_t i = 0; i < n; i++) {
      const float value = LOAD(float, values, g * n + i) / scale;
      const float magnitude = fabsf(value) < most ? fabsf(value) : most;
      const uint32_t u = bits_of(magnitude);
      const uint32_t rounded = (u + ((1u << (22 - fraction)) - 1) + (u >> (23 - fraction) & 1)) >> (23 - fraction);
      const uint32_t large = rounded - ((uint32_t)(127 - bias) << fraction);
      const uint32_t small = (uint32_t)nearest_one(magnitude < normal ? magnitude * unit : 0);
      codes[g * n + i] = (byte)((magnitude < normal ? small : large) | (bits_of(value) >> 24 & 0x80));
    }
  }
}

INLINE void swap_nibbles(byte *bytes, size_t count) {
  for (size_t i = 0; i < count; i++) bytes[i] = (byte)(bytes[i] >> 4 | bytes[i] << 4);
}

ENTRY(ptrdiff_t, level_scales, (void *scales, const void *values, size_t groups, size_t n, float most, float empty),
      (scales, values, groups, n, most, empty))
ENTRY(void, level_codes,
      (void *codes, const void *values, const void *scales, size_t groups, size_t n, const void *levels),
      (codes, values, scales, groups, n, levels))
ENTRY(void, level_values,
      (void *values, const void *codes, const void *scales, size_t groups, size_t n, const void *levels),
      (values, codes, scales, groups, n, levels))
ENTRY(void, f8_codes, (void *codes, const void *values, const void *scales, size_t groups, size_t n, int fraction),
      (codes, values, scales, groups, n, fraction))
ENTRY(void, swap_nibbles, (void *bytes, size_t count), (bytes, count))
