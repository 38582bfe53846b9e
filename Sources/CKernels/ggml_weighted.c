// ggml's quantizers with the importance of each column: a value's error counts by importance * sqrt(mean square + value squared), the mean
// square being that of the row (q4_0 ... q5_1) or of the super-block (q2_k ... q5_k). llama.cpp `ggml-quants.c`, `quantize_row_*_impl`;
// float32 throughout, the codes are the reference's to the bit.
#include "blocks.h"
#include "ggml_planes.h"
#include "ggml_search.h"
#include "lanes.h"

// The weights of `lanes` sub-blocks of n values.
INLINE void weights_of(floats *w, const floats *x, const byte *importance, int n, int lanes, floats mean) {
  turn(w, importance, n, lanes);
  for (int i = 0; i < n; i++) w[i] *= __builtin_elementwise_sqrt(mean + x[i] * x[i]);
}

INLINE floats sum_of(const floats *w, int n) {
  floats sum = 0;
  for (int i = 0; i < n; i++) sum += w[i];
  return sum;
}

// ---- Blocks of 32 -------------------------------------------------------------------------------------------------------------

// One scale, or a scale and a least value, and where they and the codes stand in the block.
struct form {
  int top, is_affine, has_fifth, bytes;
};

INLINE int weighed_block(
    byte *block, const byte *x, struct form form, float scale, float low, float inverse, float origin) {
  const uint16_t half = f16_of(bits_of(scale)), least = f16_of(bits_of(low));
  int32_t codes[VALUES];
  if (is_infinite(half) || (form.is_affine && is_infinite(least))) return 0;
  for (int i = 0; i < VALUES; i++) {
    const int32_t code = nearest_one(inverse * (LOAD(float, x, i) - origin));
    codes[i] = form.is_affine ? clamp_one(code, 0, form.top) : clamp_one(code, -form.top, form.top - 1) + form.top;
    // A block that counts as zero has the codes 0, not those of zero.
    if (inverse == 0) codes[i] = 0;
  }
  STORE(block, 0, half);
  block += 2;
  if (form.is_affine) {
    STORE(block, 0, least);
    block += 2;
  }
  if (form.has_fifth) {
    STORE(block, 0, fifth_bits(codes));
    block += 4;
  }
  pack_nibbles(block, codes);
  return 1;
}

// Up to sixteen blocks of a row; how many were made.
INLINE int weighed_batch(byte *blocks, const byte *values, const byte *importance, int lanes, struct form form, float mean) {
  floats x[VALUES], w[VALUES], low = 0, origin = 0, inverse, scale;
  turn(x, values, VALUES, lanes);
  weights_of(w, x, importance, VALUES, lanes, mean);
  if (form.is_affine) {
    const struct affine_fit fit = search_affine(x, w, VALUES, form.top, -0.9f, 0.05f, 36, 0);
    scale = fit.scale, low = fit.low, inverse = fit.inverse, origin = fit.origin;
  } else {
    scale = search_symmetric(x, w, VALUES, form.top, &inverse);
  }
  SPREAD(scales, scale);
  SPREAD(lows, low);
  SPREAD(inverses, inverse);
  SPREAD(origins, origin);
  for (int lane = 0; lane < lanes; lane++)
    if (!weighed_block(
            blocks + lane * form.bytes, values + lane * VALUES * 4, form, scales[lane], lows[lane], inverses[lane],
            origins[lane]))
      return lane;
  return lanes;
}

INLINE ptrdiff_t weigh_32(
    byte *blocks, const byte *values, const byte *importance, size_t rows, size_t columns, struct form form) {
  const size_t count = columns / VALUES;
  for (size_t r = 0; r < rows; r++, values += columns * 4) {
    for (size_t b = 0; b < count; b++)
      if (greatest(values + b * VALUES * 4, VALUES) >= TOO_LARGE) return (ptrdiff_t)(r * count + b);
    const float mean = sum_of_squares(values, columns) / (float)columns;
    for (size_t b = 0; b < count; b += LANES) {
      const int lanes = count - b < LANES ? (int)(count - b) : LANES;
      const size_t start = b * VALUES * 4;
      const int done = weighed_batch(blocks, values + start, importance + start, lanes, form, mean);
      if (done < lanes) return (ptrdiff_t)(r * count + b + (size_t)done);
      blocks += lanes * form.bytes;
    }
  }
  return -1;
}

// ---- Super-blocks -------------------------------------------------------------------------------------------------------------

// The scales and minima that were stored, for the codes.
struct stored_steps {
  float scale, minimum;
  byte scales[16], minima[16];
};

// Codes of the sub-blocks' scales and minima, each fitted to its weights; 0 where they are too large.
INLINE int fit_steps(
    struct stored_steps *steps, byte *halves, const float *scales, const float *lows, const float *weights, int n, int top) {
  float minima[16];
  for (int i = 0; i < n; i++) minima[i] = -lows[i];
  const uint16_t half = f16_of(bits_of(search_positive_one(scales, weights, n, top, steps->scales)));
  const uint16_t least = f16_of(bits_of(search_positive_one(minima, weights, n, top, steps->minima)));
  STORE(halves, 0, half);
  STORE(halves, 1, least);
  steps->scale = from_f16(half);
  steps->minimum = from_f16(least);
  return !is_infinite(half) && !is_infinite(least);
}

INLINE int q2_k_weighed(byte *block, const byte *values, const byte *importance) {
  floats x[16], w[16];
  turn(x, values, 16, 16);
  weights_of(w, x, importance, 16, 16, sum_of_squares(values, SUPER) / (float)SUPER);
  const struct affine_fit fit = search_affine(x, w, 16, 3, -0.9f, 0.05f, 36, 0);
  const floats total = sum_of(w, 16);
  SPREAD(scales, fit.scale);
  SPREAD(lows, fit.low);
  SPREAD(inverses, fit.inverse);
  SPREAD(origins, fit.origin);
  SPREAD(weights, total);
  struct stored_steps steps;
  if (!fit_steps(&steps, block + 80, scales, lows, weights, 16, 15)) return 0;
  byte codes[SUPER];
  for (int s = 0; s < 16; s++) {
    block[s] = (byte)(steps.scales[s] | steps.minima[s] << 4);
    affine_quantize(
        codes + 16 * s, values + 64 * s, 16, 3, steps.scale * (float)(block[s] & 15),
        steps.minimum * (float)(block[s] >> 4), inverses[s], origins[s]);
  }
  pack_pairs(block + 16, codes);
  return 1;
}

INLINE int q3_k_weighed(byte *block, const byte *values, const byte *importance) {
  floats x[16], w[16], inverse;
  turn(x, values, 16, 16);
  weights_of(w, x, importance, 16, 16, 2.0f * sum_of_squares(values, SUPER) / (float)SUPER);
  const floats fitted = search_symmetric(x, w, 16, 4, &inverse), total = sum_of(w, 16);
  SPREAD(scales, fitted);
  SPREAD(inverses, inverse);
  SPREAD(weights, total);
  byte sixes[16], codes[SUPER];
  const uint16_t half = f16_of(bits_of(search_symmetric_one(scales, weights, 16, 32, sixes)));
  if (is_infinite(half)) return 0;
  for (int s = 0; s < 16; s++) {
    const float scale = from_f16(half) * (float)((int)sixes[s] - 32);
    for (int i = 0; i < 16; i++) {
      const float v = LOAD(float, values, 16 * s + i);
      const int32_t code = clamp_one(nearest_one(scale != 0 ? v / scale : inverses[s] * v), -4, 3) + 4;
      codes[16 * s + i] = scale == 0 && inverses[s] == 0 ? 0 : (byte)code;
    }
  }
  pack_bits(block, codes, 2);
  pack_pairs(block + 32, codes);
  pack_q3_scales(block + 96, sixes);
  STORE(block + 108, 0, half);
  return 1;
}

// Two super-blocks of a row at once, or the last one alone.
INLINE int q45_k_weighed(byte *blocks, const byte *values, const byte *importance, int pair, int top, int bytes) {
  floats x[32], w[32], mean = 0;
  turn(x, values, 32, 8 * pair);
  for (int lane = 0; lane < 8 * pair; lane++)
    mean[lane] = lane % 8 ? mean[lane - 1] : 2.0f * sum_of_squares(values + lane / 8 * SUPER_BYTES, SUPER) / (float)SUPER;
  weights_of(w, x, importance, 32, 8 * pair, mean);
  const struct affine_fit fit = search_affine(x, w, 32, top, -0.9f, 0.05f, 36, 0);
  const floats total = sum_of(w, 32);
  SPREAD(scales, fit.scale);
  SPREAD(lows, fit.low);
  SPREAD(inverses, fit.inverse);
  SPREAD(origins, fit.origin);
  SPREAD(weights, total);
  for (int b = 0; b < pair; b++, blocks += bytes, values += SUPER_BYTES) {
    struct stored_steps steps;
    if (!fit_steps(&steps, blocks, scales + 8 * b, lows + 8 * b, weights + 8 * b, 8, 63)) return b;
    pack_sixes(blocks + 4, steps.scales, steps.minima);
    unpack_sixes(steps.scales, steps.minima, blocks + 4);
    byte codes[SUPER];
    for (int s = 0; s < 8; s++)
      affine_quantize(
          codes + 32 * s, values + 128 * s, 32, top, steps.scale * (float)steps.scales[s],
          steps.minimum * (float)steps.minima[s], inverses[8 * b + s], origins[8 * b + s]);
    if (top > 15) pack_bits(blocks + 16, codes, 4);
    pack_fours(blocks + bytes - 128, codes);
  }
  return pair;
}

INLINE ptrdiff_t weigh_45(
    byte *blocks, const byte *values, const byte *importance, size_t rows, size_t columns, int top, int bytes) {
  const size_t count = columns / SUPER;
  for (size_t r = 0; r < rows; r++)
    for (size_t b = 0; b < count; b += 2) {
      const int pair = count - b < 2 ? 1 : 2;
      for (int i = 0; i < pair; i++)
        if (greatest(values + i * SUPER_BYTES, SUPER) >= TOO_LARGE) return (ptrdiff_t)(r * count + b + (size_t)i);
      const int done = q45_k_weighed(blocks, values, importance + b * SUPER_BYTES, pair, top, bytes);
      if (done < pair) return (ptrdiff_t)(r * count + b + (size_t)done);
      blocks += pair * bytes;
      values += pair * SUPER_BYTES;
    }
  return -1;
}

// ---- Entries ------------------------------------------------------------------------------------------------------------------

#define ROWS byte *blocks, const byte *values, const byte *importance, size_t rows, size_t columns
#define GIVEN blocks, values, importance, rows, columns

INLINE ptrdiff_t q4_0_weigh(ROWS) { return weigh_32(GIVEN, (struct form){8, 0, 0, Q4_0_BYTES}); }
INLINE ptrdiff_t q4_1_weigh(ROWS) { return weigh_32(GIVEN, (struct form){15, 1, 0, Q4_1_BYTES}); }
INLINE ptrdiff_t q5_0_weigh(ROWS) { return weigh_32(GIVEN, (struct form){16, 0, 1, Q5_0_BYTES}); }
INLINE ptrdiff_t q5_1_weigh(ROWS) { return weigh_32(GIVEN, (struct form){31, 1, 1, Q5_1_BYTES}); }
INLINE ptrdiff_t q4_k_weigh(ROWS) { return weigh_45(GIVEN, 15, Q4_K_BYTES); }
INLINE ptrdiff_t q5_k_weigh(ROWS) { return weigh_45(GIVEN, 31, Q5_K_BYTES); }

#define ONE_BY_ONE(name, bytes)                                                                    \
  INLINE ptrdiff_t name##_weigh(ROWS) {                                                            \
    const size_t count = columns / SUPER;                                                          \
    for (size_t b = 0; b < rows * count; b++, blocks += bytes, values += SUPER_BYTES)              \
      if (greatest(values, SUPER) >= TOO_LARGE                                                     \
          || !name##_weighed(blocks, values, importance + b % count * SUPER_BYTES))                \
        return (ptrdiff_t)b;                                                                       \
    return -1;                                                                                     \
  }

ONE_BY_ONE(q2_k, Q2_K_BYTES)
ONE_BY_ONE(q3_k, Q3_K_BYTES)

WEIGHED(q4_0)
WEIGHED(q4_1)
WEIGHED(q5_0)
WEIGHED(q5_1)
WEIGHED(q2_k)
WEIGHED(q3_k)
WEIGHED(q4_k)
WEIGHED(q5_k)
