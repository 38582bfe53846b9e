// ggml's four-bit codes of a table with unequal steps: iq4_nl, blocks of 32 with a half-precision scale, and iq4_xs, super-blocks of
// 256 whose eight scales have six bits (formats sections 8.1 and 8.2).
#include "blocks.h"
#include "ggml_planes.h"
#include "ggml_search.h"
#include "lanes.h"

static const float levels[16] = {-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113};

// Halfway between level k - 1 and level k; a value there takes the upper one. All are exact, and so is which side a value is on.
#define MIDDLE(k) ((levels[(k) - 1] + levels[k]) / 2)

INLINE floats level_of(floats v) {
  floats level = levels[0];
  for (int k = 1; k < 16; k++)
    level += (floats)(~(v < MIDDLE(k)) & (ints)(floats)(levels[k] - levels[k - 1]));
  return level;
}

INLINE int code_of(float v) {
  int code = 0;
  for (int k = 1; k < 16; k++) code += !(v < MIDDLE(k));
  return code;
}

// The scale of least weighted error among sixteen; zero for blocks that count as zero.
INLINE floats search_levels(const floats *x, const floats *w) {
  const floats most = extreme(x, VALUES);
  const ints live = magnitude(most) >= negligible;
  floats scale = 0, best = 0;
  for (int t = -8; t <= 7; t++) {
    // The largest value on the lowest level comes first.
    const int is_first = t == -8;
    const floats inverse = is_first ? 1.0f / (-most / levels[0]) : ((float)t + levels[0]) / most;
    floats sx = 0, s2 = 0;
    for (int i = 0; i < VALUES; i++) {
      const floats q = level_of(inverse * x[i]);
      sx += w[i] * q * x[i];
      s2 += w[i] * q * q;
    }
    const floats fitted = sx / s2;
    const ints better = (s2 > 0) & (is_first ? (ints)-1 : sx * sx > best * s2);
    scale = choose(better, fitted, scale);
    best = choose(better, fitted * sx, best);
  }
  return choose(live, scale, (floats)0);
}

INLINE floats search_unweighted(const floats *x) {
  floats w[VALUES];
  for (int i = 0; i < VALUES; i++) w[i] = x[i] * x[i];
  return search_levels(x, w);
}

INLINE void pack_levels(byte *out, const byte *x, float inverse) {
  byte codes[VALUES];
  for (int i = 0; i < VALUES; i++) codes[i] = (byte)code_of(inverse * LOAD(float, x, i));
  for (int j = 0; j < 16; j++) out[j] = (byte)(codes[j] | codes[j + 16] << 4);
}

INLINE void unpack_levels(byte *values, const byte *in, float scale) {
  for (int j = 0; j < 16; j++) {
    STORE(values, j, scale * levels[in[j] & 15]);
    STORE(values, j + 16, scale * levels[in[j] >> 4]);
  }
}

INLINE int iq4_nl_block(byte *block, const byte *values, float scale) {
  const uint16_t half = f16_of(bits_of(scale));
  STORE(block, 0, half);
  pack_levels(block + 2, values, scale != 0 ? 1.0f / scale : 0);
  return !is_infinite(half);
}

INLINE ptrdiff_t iq4_nl_encode(byte *blocks, const byte *values, size_t count) {
  floats x[VALUES];
  for (size_t b = 0; b < count; b += LANES) {
    const int lanes = count - b < LANES ? (int)(count - b) : LANES;
    const byte *own = values + b * VALUES * 4;
    for (int lane = 0; lane < lanes; lane++)
      if (greatest(own + lane * VALUES * 4, VALUES) >= TOO_LARGE) return (ptrdiff_t)(b + lane);
    turn(x, own, VALUES, lanes);
    const floats fitted = search_unweighted(x);
    SPREAD(scales, fitted);
    for (int lane = 0; lane < lanes; lane++, blocks += IQ4_NL_BYTES)
      if (!iq4_nl_block(blocks, own + lane * VALUES * 4, scales[lane])) return (ptrdiff_t)(b + lane);
  }
  return -1;
}

INLINE void iq4_nl_decode(byte *values, const byte *blocks, size_t count) {
  for (size_t b = 0; b < count; b++, blocks += IQ4_NL_BYTES, values += VALUES * 4)
    unpack_levels(values, blocks + 2, from_f16(LOAD(uint16_t, blocks, 0)));
}

INLINE int iq4_xs_block(byte *block, const byte *values, const float *scales) {
  const float unit = -extreme_one(scales, 8) / 32.0f, inverse = unit != 0 ? 1.0f / unit : 0;
  const uint16_t half = f16_of(bits_of(unit));
  if (is_infinite(half)) return 0;
  uint16_t high = 0;
  memset(block + 4, 0, 4);
  for (int s = 0; s < 8; s++) {
    const int32_t code = clamp_one(nearest_one(inverse * scales[s]), -32, 31);
    const float scale = unit * (float)code;
    pack_levels(block + 8 + 16 * s, values + s * VALUES * 4, scale != 0 ? 1.0f / scale : 0);
    block[4 + s / 2] |= (byte)((code + 32 & 15) << 4 * (s % 2));
    high |= (uint16_t)((code + 32) >> 4 << 2 * s);
  }
  STORE(block, 0, half);
  STORE(block, 1, high);
  return 1;
}

INLINE ptrdiff_t iq4_xs_encode(byte *blocks, const byte *values, size_t count) {
  floats x[VALUES];
  for (size_t b = 0; b < count; b += 2) {
    const int pair = count - b < 2 ? 1 : 2;
    const byte *own = values + b * SUPER * 4;
    for (int i = 0; i < pair; i++)
      if (greatest(own + i * SUPER * 4, SUPER) >= TOO_LARGE) return (ptrdiff_t)(b + i);
    turn(x, own, VALUES, 8 * pair);
    const floats fitted = search_unweighted(x);
    SPREAD(scales, fitted);
    for (int i = 0; i < pair; i++, blocks += IQ4_XS_BYTES)
      if (!iq4_xs_block(blocks, own + i * SUPER * 4, scales + 8 * i)) return (ptrdiff_t)(b + i);
  }
  return -1;
}

INLINE void iq4_xs_decode(byte *values, const byte *blocks, size_t count) {
  for (size_t b = 0; b < count; b++, blocks += IQ4_XS_BYTES, values += SUPER * 4) {
    const float unit = from_f16(LOAD(uint16_t, blocks, 0));
    const uint16_t high = LOAD(uint16_t, blocks, 1);
    for (int s = 0; s < 8; s++) {
      const int code = (blocks[4 + s / 2] >> 4 * (s % 2) & 15) | (high >> 2 * s & 3) << 4;
      unpack_levels(values + s * VALUES * 4, blocks + 8 + 16 * s, unit * (float)(code - 32));
    }
  }
}

BLOCKS(iq4_nl)
BLOCKS(iq4_xs)

// Up to sixteen sub-blocks of a row, each weighed by importance and by its values beside the mean square of its group of `group` values.
INLINE floats weighed_levels(const byte *values, const byte *importance, int lanes, int group) {
  floats x[VALUES], w[VALUES], mean = 0;
  turn(x, values, VALUES, lanes);
  turn(w, importance, VALUES, lanes);
  for (int lane = 0; lane < lanes; lane++) {
    const int first = lane / (group / VALUES) * group;
    mean[lane] = sum_of_squares(values + (size_t)first * 4, (size_t)group) * (2.0f / (float)group);
  }
  for (int i = 0; i < VALUES; i++) w[i] *= __builtin_elementwise_sqrt(mean + x[i] * x[i]);
  return search_levels(x, w);
}

// `size` values to a block of `bytes`.
INLINE ptrdiff_t iq4_weigh(
    byte *blocks, const byte *values, const byte *importance, size_t rows, size_t columns, int size, size_t bytes) {
  const size_t count = columns / (size_t)size, most = LANES * VALUES / (size_t)size;
  for (size_t r = 0; r < rows; r++)
    for (size_t b = 0; b < count; b += most) {
      const size_t batch = count - b < most ? count - b : most;
      const size_t start = b * (size_t)size * 4;
      const byte *own = values + r * columns * 4 + start;
      for (size_t i = 0; i < batch; i++)
        if (greatest(own + i * (size_t)size * 4, (size_t)size) >= TOO_LARGE) return (ptrdiff_t)(r * count + b + i);
      const floats fitted = weighed_levels(own, importance + start, (int)batch * size / VALUES, size);
      SPREAD(scales, fitted);
      for (size_t i = 0; i < batch; i++, blocks += bytes) {
        const byte *block_values = own + i * (size_t)size * 4;
        const int done = size == VALUES ? iq4_nl_block(blocks, block_values, scales[i])
                                        : iq4_xs_block(blocks, block_values, scales + 8 * i);
        if (!done) return (ptrdiff_t)(r * count + b + i);
      }
    }
  return -1;
}

INLINE ptrdiff_t iq4_nl_weigh(byte *blocks, const byte *values, const byte *importance, size_t rows, size_t columns) {
  return iq4_weigh(blocks, values, importance, rows, columns, VALUES, IQ4_NL_BYTES);
}

INLINE ptrdiff_t iq4_xs_weigh(byte *blocks, const byte *values, const byte *importance, size_t rows, size_t columns) {
  return iq4_weigh(blocks, values, importance, rows, columns, SUPER, IQ4_XS_BYTES);
}

WEIGHED(iq4_nl)
WEIGHED(iq4_xs)
