// ggml's super-blocks of 256 values, whose sub-blocks have scales (and minima) of few bits: q2_k ... q6_k, and q8_k to read (formats
// sections 8.1 and 8.2). The searches run sixteen sub-blocks at a time; what is stored is the reference's to the bit.
#include "blocks.h"
#include "ggml_planes.h"
#include "ggml_search.h"
#include "lanes.h"

// Scales and minima of the sub-blocks as codes 0 ... top of the largest of each. `minima` are -low.
struct steps {
  uint16_t scale_half, minimum_half;
  float scale, minimum;
  byte scales[16], minima[16];
};

INLINE float largest(const float *values, int n) {
  float most = 0;
  for (int i = 0; i < n; i++) most = values[i] > most ? values[i] : most;
  return most;
}

INLINE void codes_of(byte *codes, const float *values, int n, float most, int top) {
  const float inverse = most > 0 ? (float)top / most : 0;
  for (int i = 0; i < n; i++) codes[i] = (byte)nearest_one(inverse * values[i]);
}

INLINE struct steps steps_of(const float *scales, const float *lows, int n, int top) {
  struct steps made;
  float minima[16];
  for (int i = 0; i < n; i++) minima[i] = -lows[i];
  const float most = largest(scales, n), deepest = largest(minima, n);
  codes_of(made.scales, scales, n, most, top);
  codes_of(made.minima, minima, n, deepest, top);
  made.scale_half = f16_of(bits_of(most / (float)top));
  made.minimum_half = f16_of(bits_of(deepest / (float)top));
  made.scale = from_f16(made.scale_half);
  made.minimum = from_f16(made.minimum_half);
  return made;
}

// ---- q2_k ---------------------------------------------------------------------------------------------------------------------

INLINE int q2_k_block(byte *block, const byte *values) {
  floats x[16], w[16];
  turn(x, values, 16, 16);
  for (int i = 0; i < 16; i++) w[i] = magnitude(x[i]);
  const struct affine_fit fit = search_affine(x, w, 16, 3, -0.5f, 0.1f, 15, 1);
  SPREAD(scales, fit.scale);
  SPREAD(lows, fit.low);
  SPREAD(inverses, fit.inverse);
  SPREAD(origins, fit.origin);
  const struct steps steps = steps_of(scales, lows, 16, 15);
  if (is_infinite(steps.scale_half) || is_infinite(steps.minimum_half)) return 0;
  byte codes[SUPER];
  for (int s = 0; s < 16; s++) {
    block[s] = (byte)(steps.scales[s] | steps.minima[s] << 4);
    affine_quantize(
        codes + 16 * s, values + 64 * s, 16, 3, steps.scale * (float)(block[s] & 15),
        steps.minimum * (float)(block[s] >> 4), inverses[s], origins[s]);
  }
  pack_pairs(block + 16, codes);
  STORE(block + 80, 0, steps.scale_half);
  STORE(block + 82, 0, steps.minimum_half);
  return 1;
}

INLINE void q2_k_decode(byte *values, const byte *blocks, size_t count) {
  byte codes[SUPER];
  for (size_t b = 0; b < count; b++, blocks += Q2_K_BYTES, values += SUPER_BYTES) {
    const float d = from_f16(LOAD(uint16_t, blocks + 80, 0)), dmin = from_f16(LOAD(uint16_t, blocks + 80, 1));
    unpack_pairs(codes, blocks + 16);
    for (int s = 0; s < 16; s++) {
      const float scale = d * (float)(blocks[s] & 15), minimum = dmin * (float)(blocks[s] >> 4);
      for (int i = 16 * s; i < 16 * s + 16; i++) STORE(values, i, scale * (float)codes[i] - minimum);
    }
  }
}

// ---- q4_k and q5_k ------------------------------------------------------------------------------------------------------------

// Two super-blocks at once, or the last one alone: their sixteen sub-blocks of 32 fill the lanes.
INLINE int q45_k_pair(byte *blocks, const byte *values, int pair, int top, float first, int tries, int bytes) {
  floats x[32], w[32];
  turn(x, values, 32, 8 * pair);
  floats squares = 0;
  for (int i = 0; i < 32; i++) squares += x[i] * x[i];
  const floats average = __builtin_elementwise_sqrt(squares / 32.0f);
  for (int i = 0; i < 32; i++) w[i] = average + magnitude(x[i]);
  const struct affine_fit fit = search_affine(x, w, 32, top, first, 0.1f, tries, 0);
  SPREAD(scales, fit.scale);
  SPREAD(lows, fit.low);
  SPREAD(inverses, fit.inverse);
  SPREAD(origins, fit.origin);
  for (int b = 0; b < pair; b++, blocks += bytes, values += SUPER_BYTES) {
    struct steps steps = steps_of(scales + 8 * b, lows + 8 * b, 8, 63);
    if (is_infinite(steps.scale_half) || is_infinite(steps.minimum_half)) return b;
    byte codes[SUPER];
    for (int s = 0; s < 8; s++) {
      steps.scales[s] = steps.scales[s] < 63 ? steps.scales[s] : 63;
      steps.minima[s] = steps.minima[s] < 63 ? steps.minima[s] : 63;
      affine_quantize(
          codes + 32 * s, values + 128 * s, 32, top, steps.scale * (float)steps.scales[s],
          steps.minimum * (float)steps.minima[s], inverses[8 * b + s], origins[8 * b + s]);
    }
    STORE(blocks, 0, steps.scale_half);
    STORE(blocks, 1, steps.minimum_half);
    pack_sixes(blocks + 4, steps.scales, steps.minima);
    if (top > 15) pack_bits(blocks + 16, codes, 4);
    pack_fours(blocks + bytes - 128, codes);
  }
  return pair;
}

INLINE ptrdiff_t q45_k_encode(byte *blocks, const byte *values, size_t count, int top, float first, int tries, int bytes) {
  for (size_t b = 0; b < count; b += 2) {
    const int pair = count - b < 2 ? 1 : 2;
    for (int i = 0; i < pair; i++)
      if (greatest(values + (b + i) * SUPER_BYTES, SUPER) >= TOO_LARGE) return (ptrdiff_t)(b + i);
    const int done =
        q45_k_pair(blocks + b * (size_t)bytes, values + b * SUPER_BYTES, pair, top, first, tries, bytes);
    if (done < pair) return (ptrdiff_t)(b + done);
  }
  return -1;
}

INLINE ptrdiff_t q4_k_encode(byte *blocks, const byte *values, size_t count) {
  return q45_k_encode(blocks, values, count, 15, -1.0f, 20, Q4_K_BYTES);
}

INLINE ptrdiff_t q5_k_encode(byte *blocks, const byte *values, size_t count) {
  return q45_k_encode(blocks, values, count, 31, -0.5f, 15, Q5_K_BYTES);
}

INLINE void q45_k_decode(byte *values, const byte *blocks, size_t count, int has_fifth, int bytes) {
  byte codes[SUPER], scales[8], minima[8];
  for (size_t b = 0; b < count; b++, blocks += bytes, values += SUPER_BYTES) {
    const float d = from_f16(LOAD(uint16_t, blocks, 0)), dmin = from_f16(LOAD(uint16_t, blocks, 1));
    unpack_sixes(scales, minima, blocks + 4);
    unpack_fours(codes, blocks + bytes - 128);
    if (has_fifth) unpack_bits(codes, blocks + 16, 4);
    for (int s = 0; s < 8; s++) {
      const float scale = d * (float)scales[s], minimum = dmin * (float)minima[s];
      for (int i = 32 * s; i < 32 * s + 32; i++) STORE(values, i, scale * (float)codes[i] - minimum);
    }
  }
}

INLINE void q4_k_decode(byte *values, const byte *blocks, size_t count) {
  q45_k_decode(values, blocks, count, 0, Q4_K_BYTES);
}

INLINE void q5_k_decode(byte *values, const byte *blocks, size_t count) {
  q45_k_decode(values, blocks, count, 1, Q5_K_BYTES);
}

// ---- q3_k ---------------------------------------------------------------------------------------------------------------------

// Codes -4 ... 3 and the scale that fits them best: up to five rounds in which each code in turn may move where that lessens the
// weighted error. A lane whose round changed nothing is done.
INLINE floats search_threes(const floats *x, ints *codes) {
  floats w[16], wx[16];
  const floats most = extreme(x, 16);
  const ints live = magnitude(most) >= negligible;
  const floats inverse = -4.0f / most;
  floats sx = 0, s2 = 0;
  for (int i = 0; i < 16; i++) {
    codes[i] = clamp(nearest(inverse * x[i]), -4, 3);
    const floats q = as_floats(codes[i]);
    w[i] = x[i] * x[i];
    wx[i] = w[i] * x[i];
    sx += wx[i] * q;
    s2 += w[i] * q * q;
  }
  ints active = live;
  for (int round = 0; round < 5; round++) {
    ints changed = 0;
    for (int i = 0; i < 16; i++) {
      const floats q = as_floats(codes[i]);
      floats ax = sx - wx[i] * q;
      floats a2 = s2 - w[i] * q * q;
      const ints found = clamp(nearest(x[i] * a2 / ax), -4, 3);
      const floats f = as_floats(found);
      ints moves = active & (ax > 0) & (found != codes[i]);
      ax += wx[i] * f;
      a2 += w[i] * f * f;
      moves &= (a2 > 0) & (ax * ax * s2 > sx * sx * a2);
      codes[i] = choose_int(moves, found, codes[i]);
      sx = choose(moves, ax, sx);
      s2 = choose(moves, a2, s2);
      changed |= moves;
    }
    active &= changed;
    if (__builtin_reduce_or(active) == 0) break;
  }
  for (int i = 0; i < 16; i++) codes[i] = choose_int(live, codes[i] + 4, (ints)0);
  return choose(live & (s2 > 0), sx / s2, (floats)0);
}

INLINE int q3_k_block(byte *block, const byte *values) {
  floats x[16];
  ints searched[16];
  turn(x, values, 16, 16);
  const floats fitted = search_threes(x, searched);
  SPREAD(scales, fitted);
  const float most = extreme_one(scales, 16);
  byte sixes[16] = {0};
  uint16_t half = 0;
  if (most != 0) {
    const float inverse = -32.0f / most;
    for (int s = 0; s < 16; s++) sixes[s] = (byte)(clamp_one((int8_t)nearest_one(inverse * scales[s]), -32, 31) + 32);
    half = f16_of(bits_of(1.0f / inverse));
  }
  if (is_infinite(half)) return 0;
  const float d = from_f16(half);
  byte codes[SUPER];
  for (int s = 0; s < 16; s++) {
    const float scale = d * (float)((int)sixes[s] - 32);
    const byte *own = values + 64 * s;
    if (scale != 0) {
      for (int i = 0; i < 16; i++)
        codes[16 * s + i] = (byte)(clamp_one(nearest_one(LOAD(float, own, i) / scale), -4, 3) + 4);
    } else {
      for (int i = 0; i < 16; i++) codes[16 * s + i] = (byte)searched[i][s];
    }
  }
  pack_bits(block, codes, 2);
  pack_pairs(block + 32, codes);
  pack_q3_scales(block + 96, sixes);
  STORE(block + 108, 0, half);
  return 1;
}

INLINE void q3_k_decode(byte *values, const byte *blocks, size_t count) {
  byte codes[SUPER];
  for (size_t b = 0; b < count; b++, blocks += Q3_K_BYTES, values += SUPER_BYTES) {
    const float d = from_f16(LOAD(uint16_t, blocks + 108, 0));
    unpack_pairs(codes, blocks + 32);
    unpack_bits(codes, blocks, 2);
    for (int s = 0; s < 16; s++) {
      const float scale = d * (float)unpack_q3_scale(blocks + 96, s);
      for (int i = 16 * s; i < 16 * s + 16; i++) STORE(values, i, scale * (float)((int)codes[i] - 4));
    }
  }
}

// ---- q6_k ---------------------------------------------------------------------------------------------------------------------

// One super-block, with the weight of each value's error; without weights it is the value's square.
INLINE int q6_k_weighted_block(byte *block, const byte *values, const byte *weights) {
  floats x[16], w[16], inverse;
  turn(x, values, 16, 16);
  if (weights) turn(w, weights, 16, 16);
  else
    for (int i = 0; i < 16; i++) w[i] = x[i] * x[i];
  const floats fitted = search_symmetric(x, w, 16, 32, &inverse);
  SPREAD(scales, fitted);
  SPREAD(inverses, inverse);
  const float most = extreme_one(scales, 16);
  if (fabsf(most) < negligible) {
    memset(block, 0, Q6_K_BYTES);
    return 1;
  }
  const float unit = -128.0f / most;
  const uint16_t half = f16_of(bits_of(1.0f / unit));
  if (is_infinite(half)) return 0;
  const float d = from_f16(half);
  byte codes[SUPER];
  for (int s = 0; s < 16; s++) {
    const int32_t rounded = nearest_one(unit * scales[s]);
    const int8_t code = (int8_t)(rounded < 127 ? rounded : 127);
    block[192 + s] = (byte)code;
    const float scale = d * (float)code;
    const byte *own = values + 64 * s;
    if (scale != 0) {
      for (int i = 0; i < 16; i++)
        codes[16 * s + i] = (byte)(clamp_one(nearest_one(LOAD(float, own, i) / scale), -32, 31) + 32);
    } else {
      // A sub-block that counts as zero has the codes 0, one under a scale of zero those of its search.
      for (int i = 0; i < 16; i++)
        codes[16 * s + i] =
            inverses[s] == 0 ? 0 : (byte)(clamp_one(nearest_one(inverses[s] * LOAD(float, own, i)), -32, 31) + 32);
    }
  }
  pack_six_bits(block, codes);
  STORE(block + 208, 0, half);
  return 1;
}

INLINE int q6_k_block(byte *block, const byte *values) { return q6_k_weighted_block(block, values, 0); }

INLINE void q6_k_decode(byte *values, const byte *blocks, size_t count) {
  byte codes[SUPER];
  for (size_t b = 0; b < count; b++, blocks += Q6_K_BYTES, values += SUPER_BYTES) {
    const float d = from_f16(LOAD(uint16_t, blocks + 208, 0));
    unpack_pairs(codes, blocks + 128);
    for (int h = 0; h < 2; h++)
      for (int l = 0; l < 64; l++) {
        byte *own = codes + 128 * h + l;
        const byte low = blocks[64 * h + l];
        own[0] = (byte)(own[0] << 4 | (low & 15));
        own[64] = (byte)(own[64] << 4 | low >> 4);
      }
    for (int s = 0; s < 16; s++) {
      const float scale = d * (float)(int8_t)blocks[192 + s];
      for (int i = 16 * s; i < 16 * s + 16; i++) STORE(values, i, scale * (float)((int)codes[i] - 32));
    }
  }
}

// ---- q8_k ---------------------------------------------------------------------------------------------------------------------

INLINE void q8_k_decode(byte *values, const byte *blocks, size_t count) {
  for (size_t b = 0; b < count; b++, blocks += Q8_K_BYTES, values += SUPER_BYTES) {
    const float d = LOAD(float, blocks, 0);
    for (int i = 0; i < SUPER; i++) STORE(values, i, d * (float)(int8_t)blocks[4 + i]);
  }
}

// ---- Entries ------------------------------------------------------------------------------------------------------------------

#define ONE_BY_ONE(name, bytes)                                                               \
  INLINE ptrdiff_t name##_encode(byte *blocks, const byte *values, size_t count) {            \
    for (size_t b = 0; b < count; b++, blocks += bytes, values += SUPER_BYTES)                \
      if (greatest(values, SUPER) >= TOO_LARGE || !name##_block(blocks, values)) return (ptrdiff_t)b; \
    return -1;                                                                                \
  }

ONE_BY_ONE(q2_k, Q2_K_BYTES)
ONE_BY_ONE(q3_k, Q3_K_BYTES)
ONE_BY_ONE(q6_k, Q6_K_BYTES)

BLOCKS(q2_k)
BLOCKS(q3_k)
BLOCKS(q4_k)
BLOCKS(q5_k)
BLOCKS(q6_k)
DECODER(q8_k)

// ---- With importance ----------------------------------------------------------------------------------------------------------

INLINE ptrdiff_t q6_k_weigh(byte *blocks, const byte *values, const byte *importance, size_t rows, size_t columns) {
  const size_t count = columns / SUPER;
  for (size_t b = 0; b < rows * count; b++, blocks += Q6_K_BYTES, values += SUPER_BYTES)
    if (greatest(values, SUPER) >= TOO_LARGE
        || !q6_k_weighted_block(blocks, values, importance + b % count * SUPER_BYTES))
      return (ptrdiff_t)b;
  return -1;
}

WEIGHED(q6_k)
