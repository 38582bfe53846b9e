// ggml's blocks of 32 values with one scale: q4_0, q4_1, q5_0, q5_1 and mxfp4 (formats sections 8.1 and 8.2). Float32 throughout,
// every operation rounded, no fused multiply-add: the codes are those of the reference quantizers to the bit.
#include "blocks.h"
#include "ggml_planes.h"
#include "lanes.h"

INLINE void load_block(float *x, const byte *values) { memcpy(x, values, VALUES * sizeof *x); }

// The least and the greatest value: the first of those that compare equal, which are a zero and its negative.
INLINE void range_of(const float *x, float *least, float *most) {
  float lo = x[0], hi = x[0];
  for (int i = 1; i < VALUES; i++) {
    lo = x[i] < lo ? x[i] : lo;
    hi = x[i] > hi ? x[i] : hi;
  }
  *least = lo;
  *most = hi;
}

// The first element of the largest magnitude, from the two ends of the range unless both are as large.
INLINE float signed_extreme(const float *x) {
  float lo, hi;
  range_of(x, &lo, &hi);
  if (hi == 0 && lo == 0) return 0;
  if (hi != -lo) return hi > -lo ? hi : lo;
  return extreme_one(x, VALUES);
}

// Codes 0 ... 2 * top - 1 around `top`. Where the scale is so small that its reciprocal is infinite, the half is zero and the
// reference's codes are all 0.
INLINE int symmetric(const float *x, int top, uint16_t *half, int32_t *codes) {
  const float scale = signed_extreme(x) / (float)-top;
  const float inverse = scale != 0 ? 1.0f / scale : 0;
  *half = f16_of(bits_of(scale));
  if (is_infinite(*half)) return 0;
  if ((bits_of(inverse) & 0x7FFFFFFF) == INFINITE) {
    memset(codes, 0, VALUES * sizeof *codes);
    return 1;
  }
  for (int i = 0; i < VALUES; i++) {
    const int32_t code = (int32_t)(x[i] * inverse + ((float)top + 0.5f));
    codes[i] = code < 2 * top - 1 ? code : 2 * top - 1;
  }
  return 1;
}

INLINE int affine(const float *x, int top, uint16_t *scale_half, uint16_t *least_half, int32_t *codes) {
  float lo, hi;
  range_of(x, &lo, &hi);
  const float scale = (hi - lo) / (float)top;
  const float inverse = scale != 0 ? 1.0f / scale : 0;
  *scale_half = f16_of(bits_of(scale));
  *least_half = f16_of(bits_of(lo));
  if (is_infinite(*scale_half) || is_infinite(*least_half)) return 0;
  if (bits_of(inverse) == INFINITE) {
    memset(codes, 0, VALUES * sizeof *codes);
    return 1;
  }
  for (int i = 0; i < VALUES; i++) {
    const int32_t code = (int32_t)((x[i] - lo) * inverse + 0.5f);
    codes[i] = code < top ? code : top;
  }
  return 1;
}

#define EACH_BLOCK(bytes)                                          \
  float x[VALUES];                                                 \
  int32_t codes[VALUES];                                           \
  uint16_t scale, least;                                           \
  (void)least;                                                     \
  byte *block = blocks;                                            \
  for (size_t b = 0; b < count; b++, block += bytes)

#define TAKE_BLOCK(limit)                                                       \
  if (greatest(values + b * VALUES * 4, VALUES) >= limit) return (ptrdiff_t)b;  \
  load_block(x, values + b * VALUES * 4)

INLINE ptrdiff_t q4_0_encode(byte *blocks, const byte *values, size_t count) {
  EACH_BLOCK(Q4_0_BYTES) {
    TAKE_BLOCK(TOO_LARGE);
    if (!symmetric(x, 8, &scale, codes)) return (ptrdiff_t)b;
    STORE(block, 0, scale);
    pack_nibbles(block + 2, codes);
  }
  return -1;
}

INLINE ptrdiff_t q4_1_encode(byte *blocks, const byte *values, size_t count) {
  EACH_BLOCK(Q4_1_BYTES) {
    TAKE_BLOCK(TOO_LARGE);
    if (!affine(x, 15, &scale, &least, codes)) return (ptrdiff_t)b;
    STORE(block, 0, scale);
    STORE(block, 1, least);
    pack_nibbles(block + 4, codes);
  }
  return -1;
}

INLINE ptrdiff_t q5_0_encode(byte *blocks, const byte *values, size_t count) {
  EACH_BLOCK(Q5_0_BYTES) {
    TAKE_BLOCK(TOO_LARGE);
    if (!symmetric(x, 16, &scale, codes)) return (ptrdiff_t)b;
    STORE(block, 0, scale);
    STORE(block + 2, 0, fifth_bits(codes));
    pack_nibbles(block + 6, codes);
  }
  return -1;
}

INLINE ptrdiff_t q5_1_encode(byte *blocks, const byte *values, size_t count) {
  EACH_BLOCK(Q5_1_BYTES) {
    TAKE_BLOCK(TOO_LARGE);
    if (!affine(x, 31, &scale, &least, codes)) return (ptrdiff_t)b;
    STORE(block, 0, scale);
    STORE(block, 1, least);
    STORE(block + 4, 0, fifth_bits(codes));
    pack_nibbles(block + 8, codes);
  }
  return -1;
}

INLINE void q4_0_decode(byte *values, const byte *blocks, size_t count) {
  int32_t codes[VALUES];
  for (size_t b = 0; b < count; b++, blocks += Q4_0_BYTES) {
    const float scale = from_f16(LOAD(uint16_t, blocks, 0));
    unpack_nibbles(codes, blocks + 2);
    for (int i = 0; i < VALUES; i++) STORE(values, b * VALUES + i, (float)(codes[i] - 8) * scale);
  }
}

INLINE void q4_1_decode(byte *values, const byte *blocks, size_t count) {
  int32_t codes[VALUES];
  for (size_t b = 0; b < count; b++, blocks += Q4_1_BYTES) {
    const float scale = from_f16(LOAD(uint16_t, blocks, 0)), least = from_f16(LOAD(uint16_t, blocks, 1));
    unpack_nibbles(codes, blocks + 4);
    for (int i = 0; i < VALUES; i++) STORE(values, b * VALUES + i, (float)codes[i] * scale + least);
  }
}

INLINE void q5_0_decode(byte *values, const byte *blocks, size_t count) {
  int32_t codes[VALUES];
  for (size_t b = 0; b < count; b++, blocks += Q5_0_BYTES) {
    const float scale = from_f16(LOAD(uint16_t, blocks, 0));
    unpack_nibbles(codes, blocks + 6);
    add_fifth_bits(codes, LOAD(uint32_t, blocks + 2, 0));
    for (int i = 0; i < VALUES; i++) STORE(values, b * VALUES + i, (float)(codes[i] - 16) * scale);
  }
}

INLINE void q5_1_decode(byte *values, const byte *blocks, size_t count) {
  int32_t codes[VALUES];
  for (size_t b = 0; b < count; b++, blocks += Q5_1_BYTES) {
    const float scale = from_f16(LOAD(uint16_t, blocks, 0)), least = from_f16(LOAD(uint16_t, blocks, 1));
    unpack_nibbles(codes, blocks + 8);
    add_fifth_bits(codes, LOAD(uint32_t, blocks + 4, 0));
    for (int i = 0; i < VALUES; i++) STORE(values, b * VALUES + i, (float)codes[i] * scale + least);
  }
}

// Twice the values of E2M1, so that they are integers; the block's scale is then half of what its exponent says.
static const float doubled_e2m1[16] = {0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12};

// 2^(exponent - 128); the two least exponents are subnormal.
INLINE float half_of_e8m0(byte exponent) {
  return float_of(exponent < 2 ? 0x00200000u << exponent : (uint32_t)(exponent - 1) << 23);
}

INLINE ptrdiff_t mxfp4_encode(byte *blocks, const byte *values, size_t count) {
  EACH_BLOCK(MXFP4_BYTES) {
    TAKE_BLOCK(INFINITE);
    const float most = float_of((uint32_t)greatest(values + b * VALUES * 4, VALUES));
    // Below 2^-125 the exponent wraps around, as the reference's does: all codes are then 0, and so are the values.
    const byte exponent = most > 0 ? (byte)((int32_t)floorf(log2f(most)) - 2 + 127) : 0;
    const float unit = half_of_e8m0(exponent);
    float least[VALUES];
    for (int i = 0; i < VALUES; i++) {
      least[i] = fabsf(doubled_e2m1[0] * unit - x[i]);
      codes[i] = 0;
    }
    // The first code of those that are as near: never -0.
    for (int code = 1; code < 16; code++) {
      const float value = doubled_e2m1[code] * unit;
      for (int i = 0; i < VALUES; i++) {
        const float distance = fabsf(value - x[i]);
        codes[i] = distance < least[i] ? code : codes[i];
        least[i] = distance < least[i] ? distance : least[i];
      }
    }
    block[0] = exponent;
    pack_nibbles(block + 1, codes);
  }
  (void)scale;
  return -1;
}

INLINE void mxfp4_decode(byte *values, const byte *blocks, size_t count) {
  int32_t codes[VALUES];
  for (size_t b = 0; b < count; b++, blocks += MXFP4_BYTES) {
    const float unit = half_of_e8m0(blocks[0]);
    unpack_nibbles(codes, blocks + 1);
    for (int i = 0; i < VALUES; i++) STORE(values, b * VALUES + i, doubled_e2m1[codes[i]] * unit);
  }
}

BLOCKS(q4_0)
BLOCKS(q4_1)
BLOCKS(q5_0)
BLOCKS(q5_1)
BLOCKS(mxfp4)
