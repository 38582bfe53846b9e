// Quantized layouts. Float32 throughout, every operation rounded, no fused multiply-add: the codes are those of the reference
// programs to the bit (formats section 8.2).
#include "blocks.h"
#include "lanes.h"

enum { Q8_0_VALUES = 32, Q8_0_BYTES = 34 };

INLINE ptrdiff_t q8_0_encode(byte *blocks, const byte *values, size_t count) {
  for (size_t b = 0; b < count; b++) {
    byte *block = blocks + b * Q8_0_BYTES;
    const byte *x = values + b * Q8_0_VALUES * 4;
    const int32_t most = greatest(x, Q8_0_VALUES);
    if (most >= INFINITE) return (ptrdiff_t)b;
    const float scale = float_of((uint32_t)most) / 127.0f, inverse = scale != 0 ? 1.0f / scale : 0;
    const uint16_t half = f16_of(bits_of(scale));
    if (half == 0x7C00) return (ptrdiff_t)b;
    STORE(block, 0, half);
    if (bits_of(inverse) == INFINITE) {  // a scale below 2^-128: the half is 0, and so are the reference's codes
      memset(block + 2, 0, Q8_0_VALUES);
      continue;
    }
    for (size_t i = 0; i < Q8_0_VALUES; i++) {
      // C roundf: halves away from zero. At most 127.00001 in magnitude, so that the integer is exact.
      const float v = LOAD(float, x, i) * inverse;
      const int32_t whole = (int32_t)v;
      const float rest = v - (float)whole;
      block[2 + i] = (byte)(whole + (rest >= 0.5f) - (rest <= -0.5f));
    }
  }
  return -1;
}

INLINE void q8_0_decode(byte *values, const byte *blocks, size_t count) {
  for (size_t b = 0; b < count; b++) {
    const byte *block = blocks + b * Q8_0_BYTES;
    const float scale = from_f16(LOAD(uint16_t, block, 0));
    byte *x = values + b * Q8_0_VALUES * 4;
    for (size_t i = 0; i < Q8_0_VALUES; i++) STORE(x, i, (float)(int8_t)block[2 + i] * scale);
  }
}

BLOCKS(q8_0)
