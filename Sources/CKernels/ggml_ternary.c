// ggml's ternary super-blocks of 256 values -d, 0 and d: tq1_0 (five digits of base 3 in a byte) and tq2_0 (two bits each), formats
// sections 8.1 and 8.2.
#include "blocks.h"
#include "lanes.h"

enum { SUPER = 256, SUPER_BYTES = SUPER * 4, TQ1_0_BYTES = 54, TQ2_0_BYTES = 66 };

// Digits 0, 1, 2 of x / d rounded half away from zero, and d as a half; 0 where the block cannot be encoded.
INLINE int ternary(byte *digits, uint16_t *half, const byte *x) {
  const int32_t most = greatest(x, SUPER);
  if (most >= TOO_LARGE) return 0;
  const float scale = float_of((uint32_t)most), inverse = scale != 0 ? 1.0f / scale : 0;
  *half = f16_of((uint32_t)most);
  if (is_infinite(*half)) return 0;
  if (bits_of(inverse) == INFINITE) {  // a scale below 2^-128: the half is 0, and so are the reference's values
    memset(digits, 1, SUPER);
    return 1;
  }
  for (int i = 0; i < SUPER; i++) {
    const float v = LOAD(float, x, i) * inverse;
    digits[i] = (byte)(1 + (v >= 0.5f) - (v <= -0.5f));
  }
  return 1;
}

// Bytes of `digits` digits each, `step` apart, the first one most significant: the fraction value / 243 in 256ths, rounded up.
INLINE void pack_digits(byte *out, const byte *in, int bytes, int digits) {
  for (int m = 0; m < bytes; m++) {
    int value = 0;
    for (int n = 0; n < digits; n++) value = 3 * value + in[n * bytes + m];
    for (int n = digits; n < 5; n++) value *= 3;
    out[m] = (byte)((value * 256 + 242) / 243);
  }
}

static const byte powers[5] = {1, 3, 9, 27, 81};

INLINE void unpack_digits(byte *values, const byte *in, int bytes, int digits, float scale) {
  for (int n = 0; n < digits; n++)
    for (int m = 0; m < bytes; m++) {
      const byte rest = (byte)(in[m] * powers[n]);
      STORE(values, n * bytes + m, (float)((rest * 3 >> 8) - 1) * scale);
    }
}

INLINE ptrdiff_t tq1_0_encode(byte *blocks, const byte *values, size_t count) {
  byte digits[SUPER];
  uint16_t half;
  for (size_t b = 0; b < count; b++, blocks += TQ1_0_BYTES) {
    if (!ternary(digits, &half, values + b * SUPER_BYTES)) return (ptrdiff_t)b;
    pack_digits(blocks, digits, 32, 5);
    pack_digits(blocks + 32, digits + 160, 16, 5);
    pack_digits(blocks + 48, digits + 240, 4, 4);
    STORE(blocks + 52, 0, half);
  }
  return -1;
}

INLINE void tq1_0_decode(byte *values, const byte *blocks, size_t count) {
  for (size_t b = 0; b < count; b++, blocks += TQ1_0_BYTES, values += SUPER_BYTES) {
    const float scale = from_f16(LOAD(uint16_t, blocks + 52, 0));
    unpack_digits(values, blocks, 32, 5, scale);
    unpack_digits(values + 160 * 4, blocks + 32, 16, 5, scale);
    unpack_digits(values + 240 * 4, blocks + 48, 4, 4, scale);
  }
}

INLINE ptrdiff_t tq2_0_encode(byte *blocks, const byte *values, size_t count) {
  byte digits[SUPER];
  uint16_t half;
  for (size_t b = 0; b < count; b++, blocks += TQ2_0_BYTES) {
    if (!ternary(digits, &half, values + b * SUPER_BYTES)) return (ptrdiff_t)b;
    for (int h = 0; h < 2; h++)
      for (int l = 0; l < 32; l++) {
        const byte *own = digits + 128 * h + l;
        blocks[32 * h + l] = (byte)(own[0] | own[32] << 2 | own[64] << 4 | own[96] << 6);
      }
    STORE(blocks + 64, 0, half);
  }
  return -1;
}

INLINE void tq2_0_decode(byte *values, const byte *blocks, size_t count) {
  for (size_t b = 0; b < count; b++, blocks += TQ2_0_BYTES, values += SUPER_BYTES) {
    const float scale = from_f16(LOAD(uint16_t, blocks + 64, 0));
    for (int h = 0; h < 2; h++)
      for (int g = 0; g < 4; g++)
        for (int l = 0; l < 32; l++)
          STORE(values, 128 * h + 32 * g + l, (float)((blocks[32 * h + l] >> 2 * g & 3) - 1) * scale);
  }
}

BLOCKS(tq1_0)
BLOCKS(tq2_0)
